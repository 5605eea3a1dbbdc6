/* How far a review of states has come: a document of "logfirst" for each entity. */
#include "store/mongodb/mongodb.h"

static struct lf_bytes
id_of(struct lf_arena *arena, const struct lf_entity *entity)
{
    return lf_bytes_of(lf_arena_printf(arena, "rebuild:%.*s", LF_FMT(entity->name)));
}

/* ---- reading ---- */

struct reading {
    struct lf_arena *arena;
    struct lf_review_note *note;
};

static enum lf_status
note_one(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct reading *reading = ctx;
    struct lf_review_note *note = reading->note;
    struct lf_bytes after = lf_bson_get_text(document, "after");
    if (after.ptr == NULL)
        return LF_OK;
    note->after = lf_arena_copy(reading->arena, after);
    note->digest = lf_bson_get_int(document, "digest", -1);
    note->events = lf_bson_get_int(document, "events", 0);
    note->differences = lf_bson_get_int(document, "differences", 0);
    return note->after.ptr != NULL ? LF_OK : lf_no_memory(err);
}

/* How many events there are, by the collection's own count. */
static enum lf_status
count_events(struct lf_mongo_session *session, int64_t *ret, struct lf_err *err)
{
    struct lf_buf *out = &session->command;
    bson_t reply;
    lf_buf_clear(out);
    size_t start = lf_bson_begin(out);
    lf_bson_text(out, LF_LIT("count"), LF_LIT(LF_MONGO_EVENTS));
    lf_bson_end(out, start);
    enum lf_status st = lf_buf_status(out, err);
    if (st == LF_OK)
        st = lf_mongo_command(&session->link, lf_buf_view(out), "counting events", &reply, err);
    if (st != LF_OK)
        return st;
    *ret = lf_bson_get_int(&reply, "n", -1);
    bson_destroy(&reply);
    return LF_OK;
}

enum lf_status
lf_mongo_review_read(struct lf_store_session *base, const struct lf_entity *entity, struct lf_arena *arena,
                     struct lf_review_note *ret, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    struct reading reading = {.arena = arena, .note = ret};
    struct lf_bytes id = id_of(arena, entity);
    if (id.ptr == NULL)
        return lf_no_memory(err);
    *ret = (struct lf_review_note){.total = -1};
    lf_mongo_filter_texts(session, LF_LIT("_id"), &id, 1);
    enum lf_status st = lf_mongo_ask(session, LF_MONGO_META, "reading how far a rebuild is", note_one, &reading, err);
    return st == LF_OK ? count_events(session, &ret->total, err) : st;
}

/* ---- writing ---- */

static void
put_note(struct lf_buf *out, const struct lf_review_note *note)
{
    size_t update = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("u"));
    size_t set = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("$set"));
    lf_bson_text(out, LF_LIT("after"), note->after);
    lf_bson_int64(out, LF_LIT("digest"), note->digest);
    lf_bson_int64(out, LF_LIT("events"), note->events);
    lf_bson_int64(out, LF_LIT("differences"), note->differences);
    lf_bson_end(out, set);
    lf_bson_end(out, update);
    lf_bson_bool(out, LF_LIT("upsert"), true);
}

enum lf_status
lf_mongo_review_note(struct lf_store_session *base, const struct lf_entity *entity, const struct lf_review_note *note,
                     struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    struct lf_buf *out = &session->command;
    struct lf_mongo_done done;
    lf_mongo_tx_clear(session);
    struct lf_bytes id = id_of(&session->tx.arena, entity);
    if (id.ptr == NULL)
        return lf_no_memory(err);
    size_t start = lf_bson_begin(out);
    lf_bson_text(out, note != NULL ? LF_LIT("update") : LF_LIT("delete"), LF_LIT(LF_MONGO_META));
    size_t list = lf_bson_open(out, LF_BSON_ARRAY, note != NULL ? LF_LIT("updates") : LF_LIT("deletes"));
    size_t one = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("0"));
    size_t query = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("q"));
    lf_bson_text(out, LF_LIT("_id"), id);
    lf_bson_end(out, query);
    if (note != NULL)
        put_note(out, note);
    else
        lf_bson_int32(out, LF_LIT("limit"), 1);
    lf_bson_end(out, one);
    lf_bson_end(out, list);
    lf_bson_end(out, start);
    enum lf_status st = lf_buf_status(out, err);
    return st == LF_OK ? lf_mongo_write(&session->link, lf_buf_view(out), "noting how far a rebuild is", &done, err)
                       : st;
}
