/*
 * Counters: documents of "logfirst" that are increased, which is no part of a transaction, since others would wait for
 * it.
 *
 * A server whose updates are two steps would give the same numbers to two who come at once, and may even set the
 * counter back. There a document that one of them can insert, and the others cannot, says whose turn it is. Whoever is
 * killed with it leaves it behind, and it is taken away when it has been there for some seconds.
 */
#include "base/clock.h"
#include "base/rand.h"
#include "store/mongodb/mongodb.h"

enum {
    STALE_MS = 5000,
    PATIENCE_MS = 30000,
    POLL_MS = 5,
};

static const char doing[] = "numbering events";

static enum lf_status
increase(struct lf_mongo_session *session, const char *counter, size_t count, int64_t *ret_last, struct lf_err *err)
{
    struct lf_buf *out = &session->command;
    struct lf_mongo_done done = {0};
    lf_buf_clear(out);
    size_t start = lf_bson_begin(out);
    lf_bson_text(out, LF_LIT("findAndModify"), LF_LIT(LF_MONGO_META));
    size_t query = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("query"));
    lf_bson_text(out, LF_LIT("_id"), lf_bytes_of(counter));
    lf_bson_end(out, query);
    size_t update = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("update"));
    size_t increment = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("$inc"));
    lf_bson_int64(out, LF_LIT("next"), (int64_t)count);
    lf_bson_end(out, increment);
    lf_bson_end(out, update);
    lf_bson_bool(out, LF_LIT("new"), true);
    lf_bson_end(out, start);
    enum lf_status st = lf_buf_status(out, err);
    if (st == LF_OK)
        st = lf_mongo_write(&session->link, lf_buf_view(out), doing, &done, err);
    if (st == LF_OK && done.next < (int64_t)count)
        st = lf_fail(err, LF_CORRUPT, "the counter \"%s\" in collection " LF_MONGO_META " is gone", counter);
    if (st == LF_OK)
        *ret_last = done.next;
    return st;
}

/* ---- turns ---- */

struct turn {
    struct lf_mongo_session *session;
    char id[64];
    int64_t whose, since_ms; /* whose it is, and since when that is known; whose 0: nobody's */
};

/* {"insert"|"delete": "logfirst", list: [ … */
static size_t
begin(struct turn *turn, const char *verb, const char *list, size_t *ret_list, size_t *ret_one)
{
    struct lf_buf *out = &turn->session->command;
    lf_buf_clear(out);
    size_t start = lf_bson_begin(out);
    lf_bson_text(out, lf_bytes_of(verb), LF_LIT(LF_MONGO_META));
    *ret_list = lf_bson_open(out, LF_BSON_ARRAY, lf_bytes_of(list));
    *ret_one = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("0"));
    return start;
}

static void
put_turn(struct turn *turn, int64_t whose)
{
    lf_bson_text(&turn->session->command, LF_LIT("_id"), lf_bytes_of(turn->id));
    lf_bson_int64(&turn->session->command, LF_LIT("turn"), whose);
}

static enum lf_status
run(struct turn *turn, size_t start, size_t list, size_t one, struct lf_mongo_done *ret, struct lf_err *err)
{
    struct lf_buf *out = &turn->session->command;
    lf_bson_end(out, one);
    lf_bson_end(out, list);
    lf_bson_end(out, start);
    enum lf_status st = lf_buf_status(out, err);
    return st == LF_OK ? lf_mongo_write(&turn->session->link, lf_buf_view(out), doing, ret, err) : st;
}

static enum lf_status
insert_turn(struct turn *turn, bool *ret_mine, struct lf_err *err)
{
    size_t list, one, start = begin(turn, "insert", "documents", &list, &one);
    struct lf_mongo_done done = {0};
    put_turn(turn, turn->session->turn);
    enum lf_status st = run(turn, start, list, one, &done, err);
    *ret_mine = st == LF_OK && !done.duplicate;
    return st;
}

static enum lf_status
delete_turn(struct turn *turn, int64_t whose, struct lf_err *err)
{
    size_t list, one, start = begin(turn, "delete", "deletes", &list, &one);
    struct lf_mongo_done done = {0};
    size_t query = lf_bson_open(&turn->session->command, LF_BSON_DOCUMENT, LF_LIT("q"));
    put_turn(turn, whose);
    lf_bson_end(&turn->session->command, query);
    lf_bson_int32(&turn->session->command, LF_LIT("limit"), 1);
    return run(turn, start, list, one, &done, err);
}

static enum lf_status
note_turn(void *ctx, const bson_t *document, struct lf_err *err)
{
    (void)err;
    *(int64_t *)ctx = lf_bson_get_int(document, "turn", 0);
    return LF_OK;
}

/* Whose is it now? What has been another's for too long is taken away. */
static enum lf_status
look_at_turn(struct turn *turn, struct lf_err *err)
{
    const struct lf_bytes id = lf_bytes_of(turn->id);
    int64_t whose = 0, now_ms = lf_clock_mono_ms();
    lf_mongo_filter_texts(turn->session, LF_LIT("_id"), &id, 1);
    enum lf_status st = lf_mongo_ask(turn->session, LF_MONGO_META, doing, note_turn, &whose, err);
    if (st != LF_OK)
        return st;
    if (whose != turn->whose)
        turn->since_ms = now_ms;
    turn->whose = whose;
    return whose != 0 && now_ms - turn->since_ms >= STALE_MS ? delete_turn(turn, whose, err) : LF_OK;
}

static enum lf_status
take_turn(struct turn *turn, struct lf_err *err)
{
    int64_t deadline_ms = lf_clock_mono_ms() + PATIENCE_MS;
    bool mine = false;
    for (;;) {
        enum lf_status st = turn->whose == 0 ? insert_turn(turn, &mine, err) : LF_OK;
        if (st == LF_OK && !mine)
            st = look_at_turn(turn, err);
        if (st != LF_OK || mine || turn->whose == turn->session->turn) /* which had not heard of it */
            return st;
        if (lf_clock_mono_ms() >= deadline_ms)
            return lf_fail(err, LF_UNAVAILABLE, "%s: others have had their turn for %d s", doing, PATIENCE_MS / 1000);
        if (turn->whose != 0)
            lf_clock_sleep_ms(POLL_MS);
    }
}

enum lf_status
lf_mongo_reserve(struct lf_mongo_session *session, const char *counter, size_t count, int64_t *ret_last,
                 struct lf_err *err)
{
    struct turn turn = {.session = session};
    if (!session->store->two_steps)
        return increase(session, counter, count, ret_last, err);
    snprintf(turn.id, sizeof(turn.id), "turn:%s", counter);
    while (session->turn == 0)
        lf_rand_bytes(&session->turn, sizeof(session->turn));
    enum lf_status st = take_turn(&turn, err);
    if (st != LF_OK)
        return st;
    st = increase(session, counter, count, ret_last, err);
    enum lf_status left = delete_turn(&turn, session->turn, st == LF_OK ? err : NULL);
    return st == LF_OK ? left : st;
}
