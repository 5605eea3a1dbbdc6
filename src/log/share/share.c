/* The log around the log: everything but reading goes through; opening and closing. */
#include "log/share/share.h"

#include "base/mem.h"
#include "base/sync.h"

enum { RECORDS_MAX = 2000, BYTES_MAX = 4 * 1024 * 1024, HOLD_MS = 500, REVOKE_MS = 5000 };

static struct lf_log *
inner_of(struct lf_log *log)
{
    return ((struct lf_share *)log)->inner;
}

static enum lf_status
ensure_topic(struct lf_log *log, struct lf_bytes topic, struct lf_bytes like, int64_t timeout_ms, struct lf_err *err)
{
    return lf_log_ensure_topic_like(inner_of(log), topic, like, timeout_ms, err);
}

static enum lf_status
ranges(struct lf_log *log, struct lf_bytes topic, struct lf_log_range *ret, size_t max, size_t *ret_count,
       int64_t timeout_ms, struct lf_err *err)
{
    return lf_log_ranges(inner_of(log), topic, ret, max, ret_count, timeout_ms, err);
}

static enum lf_status
health(struct lf_log *log, struct lf_err *err)
{
    return lf_log_health(inner_of(log), err);
}

/* The writer is the inner log's, so that nothing of this one stands between it and its owner. */
static enum lf_status
writer_open(struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx, struct lf_log_writer **ret,
            struct lf_err *err)
{
    return lf_log_writer_open(inner_of(log), wake, ack, ctx, ret, err);
}

static void
free_share(struct lf_share *share, size_t lanes)
{
    for (size_t i = 0; i < lanes; i++)
        pthread_cond_destroy(&share->lanes[i].news);
    lf_free(share->lanes);
    lf_free(share->rest_parts);
    lf_free(share);
}

static void
close_share(struct lf_log *log)
{
    struct lf_share *share = (struct lf_share *)log;
    LF_ASSERT(share->open_lanes == 0);
    pthread_cond_destroy(&share->room);
    pthread_mutex_destroy(&share->lock);
    free_share(share, share->options.lanes);
}

static const struct lf_log_ops share_ops = {
    .name = "shared",
    .scheme = "",
    .close = close_share,
    .ensure_topic = ensure_topic,
    .ranges = ranges,
    .health = health,
    .writer_open = writer_open,
    .reader_open = lf_share_reader_open,
    .read = lf_share_read,
    .pause = lf_share_pause,
    .hold = lf_share_hold,
    .seek = lf_share_seek,
    .committed = lf_share_committed,
    .interrupt = lf_share_interrupt,
    .reader_close = lf_share_reader_close,
};

static enum lf_status
init_lanes(struct lf_share *share, size_t *ret_count, struct lf_err *err)
{
    for (*ret_count = 0; *ret_count < share->options.lanes; (*ret_count)++) {
        struct lf_share_lane *lane = &share->lanes[*ret_count];
        lane->base.log = &share->base;
        lane->share = share;
        lane->end = &lane->first;
        if (!lf_cond_init(&lane->news))
            return lf_fail(err, LF_INTERNAL, "cannot make a condition variable");
    }
    return LF_OK;
}

static enum lf_status
init_locks(struct lf_share *share, struct lf_err *err)
{
    if (pthread_mutex_init(&share->lock, NULL) != 0)
        return lf_fail(err, LF_INTERNAL, "cannot make a mutex");
    if (lf_cond_init(&share->room))
        return LF_OK;
    pthread_mutex_destroy(&share->lock);
    return lf_fail(err, LF_INTERNAL, "cannot make a condition variable");
}

static void
set_options(struct lf_share *share, const struct lf_log_share_options *options)
{
    struct lf_log_share_options *own = &share->options;
    *own = *options;
    if (own->records_max == 0)
        own->records_max = RECORDS_MAX;
    if (own->bytes_max == 0)
        own->bytes_max = BYTES_MAX;
    if (own->hold_ms == 0)
        own->hold_ms = HOLD_MS;
    if (own->revoke_ms == 0)
        own->revoke_ms = REVOKE_MS;
}

enum lf_status
lf_log_share_open(struct lf_log *inner, const struct lf_log_share_options *options, struct lf_log **ret,
                  struct lf_err *err)
{
    LF_ASSERT(options->lanes != 0);
    struct lf_share *share = lf_calloc(1, sizeof(*share));
    if (share == NULL)
        return lf_no_memory(err);
    share->base.ops = &share_ops;
    share->inner = inner;
    set_options(share, options);
    size_t lanes = 0;
    share->lanes = lf_calloc(options->lanes, sizeof(*share->lanes));
    enum lf_status st = share->lanes != NULL ? init_lanes(share, &lanes, err) : lf_no_memory(err);
    if (st == LF_OK)
        st = init_locks(share, err);
    if (st != LF_OK) {
        free_share(share, lanes);
        return st;
    }
    *ret = &share->base;
    return LF_OK;
}
