#include "herd.h"
#include "log/log_backend.h"

#include <stdlib.h>

struct herd_log {
    struct lf_log base;
    struct lf_log *inner;
    struct herd *herd;
    size_t member;
};

struct herd_reader {
    struct lf_log_reader base;
    struct lf_log_reader *inner;
    struct lf_log_reader_options options;
    bool mine[HERD_PARTITIONS];    /* the member has been told that it has it */
    bool started[HERD_PARTITIONS]; /* the inner reader delivers it */
    int64_t from[HERD_PARTITIONS];
    struct lf_record *records;
    size_t cap;
};

void
herd_rebalance(struct herd *herd)
{
    for (size_t p = 0; p < HERD_PARTITIONS; p++)
        herd->owner[p] = sim_below(herd->rand, HERD_MEMBERS);
}

/* ---- what only passes ---- */

static struct lf_log *
inner_of(struct lf_log *log)
{
    return ((struct herd_log *)log)->inner;
}

static struct lf_log_reader *
inner_reader(struct lf_log_reader *reader)
{
    return ((struct herd_reader *)reader)->inner;
}

static void
herd_close(struct lf_log *log)
{
    free(log);
}

static enum lf_status
herd_ensure_topic(struct lf_log *log, struct lf_bytes topic, struct lf_bytes like, int64_t timeout_ms,
                  struct lf_err *err)
{
    return lf_log_ensure_topic_like(inner_of(log), topic, like, timeout_ms, err);
}

static enum lf_status
herd_ranges(struct lf_log *log, struct lf_bytes topic, struct lf_log_range *ret, size_t max, size_t *ret_count,
            int64_t timeout_ms, struct lf_err *err)
{
    return lf_log_ranges(inner_of(log), topic, ret, max, ret_count, timeout_ms, err);
}

static enum lf_status
herd_health(struct lf_log *log, struct lf_err *err)
{
    return lf_log_health(inner_of(log), err);
}

/* The inner log's own writer: it knows its log. */
static enum lf_status
herd_writer_open(struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx, struct lf_log_writer **ret,
                 struct lf_err *err)
{
    return lf_log_writer_open(inner_of(log), wake, ack, ctx, ret, err);
}

static void
herd_pause(struct lf_log_reader *reader, bool paused)
{
    lf_log_pause(inner_reader(reader), paused);
}

static enum lf_status
herd_seek(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t offset, struct lf_err *err)
{
    return lf_log_seek(inner_reader(reader), topic, partition, offset, err);
}

static void
herd_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next)
{
    lf_log_committed(inner_reader(reader), topic, partition, next);
}

static void
herd_interrupt(struct lf_log_reader *reader)
{
    lf_log_interrupt(inner_reader(reader));
}

static void
herd_reader_close(struct lf_log_reader *base)
{
    struct herd_reader *reader = (struct herd_reader *)base;
    lf_log_reader_close(reader->inner);
    free(reader->records);
    free(reader);
}

/* ---- the group ---- */

/* The inner reader asks where a partition begins; until it is the member's it gets no answer. */
static enum lf_status
begin(void *ctx, struct lf_bytes topic, int32_t partition, int64_t *next, struct lf_err *err)
{
    struct herd_reader *reader = ctx;
    (void)topic;
    if (!reader->mine[partition])
        return lf_fail(err, LF_AGAIN, "not mine");
    reader->started[partition] = true;
    *next = reader->from[partition];
    return LF_OK;
}

static enum lf_status
herd_reader_open(struct lf_log *base, const struct lf_log_reader_options *options, struct lf_log_reader **ret,
                 struct lf_err *err)
{
    struct herd_log *log = (struct herd_log *)base;
    struct herd_reader *reader = calloc(1, sizeof(*reader));
    LF_ASSERT(reader != NULL && options->topic_count == 1);
    reader->base.log = base;
    reader->options = *options;
    struct lf_log_reader_options inner = *options;
    inner.assigned = begin;
    inner.revoked = NULL;
    inner.ctx = reader;
    enum lf_status st = lf_log_reader_open(log->inner, &inner, &reader->inner, err);
    if (st != LF_OK) {
        free(reader);
        return st;
    }
    *ret = (struct lf_log_reader *)reader;
    return LF_OK;
}

static void
take_away(struct herd_reader *reader, int32_t partition, bool lost)
{
    reader->mine[partition] = false;
    reader->options.revoked(reader->options.ctx, reader->options.topics[0], partition, lost);
}

static void
give(struct herd_reader *reader, int32_t partition)
{
    const struct lf_log_reader_options *options = &reader->options;
    struct lf_err ignored;
    int64_t next = LF_OFFSET_NONE;
    if (options->assigned(options->ctx, options->topics[0], partition, &next, &ignored) != LF_OK)
        return; /* again with the next read */
    reader->mine[partition] = true;
    reader->from[partition] = next;
    if (reader->started[partition] &&
        lf_log_seek(reader->inner, options->topics[0], partition, next == LF_OFFSET_NONE ? 0 : next, &ignored) != LF_OK)
        take_away(reader, partition, true);
}

static void
hear(struct herd_log *log, struct herd_reader *reader)
{
    for (int32_t p = 0; p < HERD_PARTITIONS; p++) {
        bool mine = log->herd->owner[p] == log->member;
        if (reader->mine[p] && !mine)
            take_away(reader, p, sim_chance(log->herd->rand, 50));
        else if (!reader->mine[p] && mine)
            give(reader, p);
    }
}

/* ---- reading ---- */

static void
make_room(struct herd_reader *reader, size_t count)
{
    if (count <= reader->cap)
        return;
    free(reader->records);
    reader->records = calloc(count, sizeof(*reader->records));
    LF_ASSERT(reader->records != NULL);
    reader->cap = count;
}

/* The next record of the partition from at on; count: none. */
static size_t
next_of(const struct lf_log_batch *batch, int32_t partition, size_t at)
{
    while (at < batch->count && batch->records[at].partition != partition)
        at++;
    return at;
}

/* Copies the member's records, partitions mixed as the dice say, in order within each. */
static size_t
deal(struct herd_log *log, struct herd_reader *reader, const struct lf_log_batch *batch)
{
    size_t at[HERD_PARTITIONS], count = 0, left = 0;
    make_room(reader, batch->count);
    for (int32_t p = 0; p < HERD_PARTITIONS; p++) {
        at[p] = reader->mine[p] ? next_of(batch, p, 0) : batch->count;
        left += at[p] < batch->count;
    }
    while (left != 0) {
        int32_t p = (int32_t)sim_below(log->herd->rand, HERD_PARTITIONS);
        if (at[p] == batch->count)
            continue;
        reader->records[count++] = batch->records[at[p]];
        at[p] = next_of(batch, p, at[p] + 1);
        left -= at[p] == batch->count;
    }
    return count;
}

static enum lf_status
herd_read(struct lf_log_reader *base, size_t records_max, size_t bytes_max, int64_t timeout_ms,
          struct lf_log_batch *ret, struct lf_err *err)
{
    struct herd_reader *reader = (struct herd_reader *)base;
    struct herd_log *log = (struct herd_log *)base->log;
    struct lf_log_batch batch = {0};
    if (!log->herd->deaf[log->member])
        hear(log, reader);
    enum lf_status st = lf_log_read(reader->inner, records_max, bytes_max, timeout_ms, &batch, err);
    if (st != LF_OK)
        return st;
    *ret = (struct lf_log_batch){.count = deal(log, reader, &batch)};
    ret->records = reader->records;
    if (ret->count != 0)
        log->herd->meanwhile(log->herd->ctx, log->member);
    return LF_OK;
}

static const struct lf_log_ops herd_ops = {
    .name = "herd",
    .close = herd_close,
    .ensure_topic = herd_ensure_topic,
    .ranges = herd_ranges,
    .health = herd_health,
    .writer_open = herd_writer_open,
    .reader_open = herd_reader_open,
    .read = herd_read,
    .pause = herd_pause,
    .seek = herd_seek,
    .committed = herd_committed,
    .interrupt = herd_interrupt,
    .reader_close = herd_reader_close,
};

struct lf_log *
herd_join(struct herd *herd, size_t member, struct lf_log *inner)
{
    struct herd_log *log = calloc(1, sizeof(*log));
    LF_ASSERT(log != NULL);
    log->base.ops = &herd_ops;
    log->inner = inner;
    log->herd = herd;
    log->member = member;
    return (struct lf_log *)log;
}
