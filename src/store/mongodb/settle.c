/*
 * Waiting for commits in work. Whoever commits states has stored their events before, at or beyond the position, which
 * moves last. So a partition whose position has moved, or that has no event there, has no commit in work that was so
 * when the waiting began. One that was cut short for good looks like one in work: it is not waited for without end.
 */
#include "store/mongodb/mongodb.h"

#include "base/clock.h"

enum { WAIT_MS = 20000, POLL_MS = 50 };

static enum lf_status
note_any(void *ctx, const bson_t *document, struct lf_err *err)
{
    (void)document;
    (void)err;
    *(bool *)ctx = true;
    return LF_OK;
}

/* Is there an event behind the place? */
static enum lf_status
has_more(struct lf_mongo_session *session, const struct lf_mongo_place *place, bool *ret, struct lf_err *err)
{
    *ret = false;
    lf_buf_clear(&session->filter);
    size_t start = lf_bson_begin(&session->filter);
    lf_bson_text(&session->filter, LF_LIT("topic"), place->topic);
    lf_bson_int32(&session->filter, LF_LIT("partition"), place->partition);
    size_t range = lf_bson_open(&session->filter, LF_BSON_DOCUMENT, LF_LIT("offset"));
    lf_bson_int64(&session->filter, LF_LIT("$gt"), place->offset);
    lf_bson_end(&session->filter, range);
    lf_bson_end(&session->filter, start);
    lf_buf_clear(&session->opts);
    start = lf_bson_begin(&session->opts);
    lf_bson_int64(&session->opts, LF_LIT("limit"), 1);
    lf_bson_end(&session->opts, start);
    return lf_mongo_ask(session, LF_MONGO_EVENTS, "waiting for commits", note_any, ret, err);
}

/* Has the position moved since, or is there nothing that it could move over? */
static enum lf_status
has_settled(struct lf_mongo_session *session, const struct lf_mongo_place *before, struct lf_mongo_place *now,
            size_t now_count, bool *ret, struct lf_err *err)
{
    const struct lf_mongo_place *place = lf_mongo_place_of(now, now_count, before->topic, before->partition);
    bool more = false;
    *ret = true;
    if (place == NULL || place->offset != before->offset)
        return LF_OK;
    enum lf_status st = has_more(session, before, &more, err);
    *ret = !more;
    return st;
}

enum lf_status
lf_mongo_review_settle(struct lf_store_session *base, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    struct lf_arena arena;
    struct lf_mongo_place *before, *now;
    size_t count = 0, now_count = 0, at = 0;
    int64_t deadline_ms = lf_clock_mono_ms() + WAIT_MS;
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = lf_mongo_passed(session, &arena, &before, &count, err);
    while (st == LF_OK && at < count) {
        bool settled = false;
        st = lf_mongo_passed(session, &arena, &now, &now_count, err);
        while (st == LF_OK && at < count) {
            st = has_settled(session, &before[at], now, now_count, &settled, err);
            if (st != LF_OK || !settled)
                break;
            at++;
        }
        if (lf_clock_mono_ms() >= deadline_ms)
            break;
        if (st == LF_OK && at < count)
            lf_clock_sleep_ms(POLL_MS);
    }
    lf_arena_release(&arena);
    return st;
}
