/* Dead letters: gathered, and looked for. */
#include "store/mongodb/mongodb.h"

#include "base/clock.h"

#include <string.h>

static void
put_letter(struct lf_buf *out, const struct lf_dead_letter *letter, size_t *ret_id_at)
{
    char time[LF_TIME_TEXT_SIZE];
    struct lf_buf headers;
    size_t start = lf_bson_begin(out);
    lf_bson_int64(out, LF_LIT("_id"), 0);
    *ret_id_at = lf_bson_last_int64(out);
    lf_bson_text(out, LF_LIT("topic"), letter->place.topic);
    lf_bson_int32(out, LF_LIT("partition"), letter->place.partition);
    lf_bson_int64(out, LF_LIT("offset"), letter->place.offset);
    lf_bson_text(out, LF_LIT("eventId"), letter->event_id);
    lf_bson_text(out, LF_LIT("eventType"), letter->event_type);
    lf_bson_bytes(out, LF_LIT("messageKey"), letter->key);
    lf_bson_bytes(out, LF_LIT("value"), letter->value);
    lf_buf_init(&headers, LF_MONGO_DOCUMENT_MAX);
    lf_store_write_header_list(&headers, letter->headers, letter->header_count);
    if (headers.failed != LF_OK)
        out->failed = headers.failed;
    lf_bson_text(out, LF_LIT("headers"), lf_buf_view(&headers));
    lf_buf_release(&headers);
    lf_bson_text(out, LF_LIT("stage"), letter->stage);
    lf_bson_text(out, LF_LIT("code"), letter->code);
    lf_bson_text(out, LF_LIT("reason"), letter->reason);
    lf_bson_date(out, LF_LIT("recordTime"), letter->record_time_ms);
    lf_bson_date(out, LF_LIT("deadAt"), letter->dead_at_us / 1000);
    size_t own = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("_lf"));
    lf_bson_text(out, LF_LIT("dead"), lf_bytes(time, lf_store_time_text(letter->dead_at_us, time)));
    lf_bson_end(out, own);
    lf_bson_end(out, start);
}

static enum lf_status
gather(struct lf_mongo_tx *tx, const struct lf_dead_letter *letter, struct lf_err *err)
{
    struct lf_mongo_letter *graves =
        lf_arena_grow(&tx->arena, tx->graves, tx->grave_count, &tx->grave_cap, sizeof(*graves));
    if (graves == NULL)
        return lf_no_memory(err);
    tx->graves = graves;
    struct lf_mongo_letter *grave = &graves[tx->grave_count];
    *grave = (struct lf_mongo_letter){.place = letter->place, .event_id = letter->event_id, .at = tx->letters.len};
    grave->place.topic = lf_arena_copy(&tx->arena, letter->place.topic);
    if (letter->event_id.ptr != NULL)
        grave->event_id = lf_arena_copy(&tx->arena, letter->event_id);
    if (grave->place.topic.ptr == NULL || (letter->event_id.ptr != NULL && grave->event_id.ptr == NULL))
        return lf_no_memory(err);
    put_letter(&tx->letters, letter, &grave->id_at);
    grave->len = tx->letters.len - grave->at;
    enum lf_status st = lf_buf_status(&tx->letters, err);
    /* not the letter's fault, and nothing that could be done with it instead */
    if (st == LF_LIMIT || (st == LF_OK && grave->len > LF_MONGO_DOCUMENT_MAX))
        return lf_fail(err, LF_UNSUPPORTED, "a dead letter is too large for MongoDB: %.*s[%d]@%lld",
                       LF_FMT(letter->place.topic), (int)letter->place.partition, (long long)letter->place.offset);
    tx->grave_count += st == LF_OK;
    return st;
}

static bool
is_gathered(const struct lf_mongo_tx *tx, const struct lf_place *place)
{
    for (size_t i = 0; i < tx->grave_count; i++) {
        if (lf_mongo_same_place(&tx->graves[i].place, place))
            return true;
    }
    return false;
}

const struct lf_mongo_letter *
lf_mongo_own_letter(const struct lf_mongo_tx *tx, struct lf_bytes event_id)
{
    for (size_t i = tx->grave_count; i > 0; i--) {
        const struct lf_mongo_letter *grave = &tx->graves[i - 1];
        if (grave->event_id.ptr != NULL && lf_bytes_equal(grave->event_id, event_id))
            return grave;
    }
    return NULL;
}

/* ---- those that are there ---- */

struct search {
    const struct lf_place *places;
    size_t count;
    bool *buried;
};

static enum lf_status
note_place(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct search *search = ctx;
    (void)err;
    const struct lf_place place = {.topic = lf_bson_get_text(document, "topic"),
                                   .partition = (int32_t)lf_bson_get_int(document, "partition", -1),
                                   .offset = lf_bson_get_int(document, "offset", -1)};
    for (size_t i = 0; i < search->count; i++)
        search->buried[i] |= lf_mongo_same_place(&search->places[i], &place);
    return LF_OK;
}

static void
write_places_query(struct lf_mongo_session *session, const struct lf_place *places, size_t count)
{
    struct lf_buf *filter = &session->filter, *opts = &session->opts;
    lf_buf_clear(filter);
    size_t start = lf_bson_begin(filter), any = lf_bson_open(filter, LF_BSON_ARRAY, LF_LIT("$or"));
    lf_mongo_filter_places(filter, places, count, 0, &session->tx.arena);
    lf_bson_end(filter, any);
    lf_bson_end(filter, start);
    lf_buf_clear(opts);
    start = lf_bson_begin(opts);
    size_t projection = lf_bson_open(opts, LF_BSON_DOCUMENT, LF_LIT("projection"));
    lf_bson_int32(opts, LF_LIT("topic"), 1);
    lf_bson_int32(opts, LF_LIT("partition"), 1);
    lf_bson_int32(opts, LF_LIT("offset"), 1);
    lf_bson_end(opts, projection);
    lf_bson_end(opts, start);
}

enum lf_status
lf_mongo_buried(struct lf_mongo_session *session, const struct lf_place *places, size_t count, bool *ret_buried,
                struct lf_err *err)
{
    struct search search = {.places = places, .count = count, .buried = ret_buried};
    memset(ret_buried, 0, count * sizeof(*ret_buried));
    write_places_query(session, places, count);
    return lf_mongo_ask(session, LF_MONGO_LETTERS, "looking for dead letters", note_place, &search, err);
}

enum lf_status
lf_mongo_bury(struct lf_store_session *base, const struct lf_dead_letter *letters, size_t count, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    struct lf_mongo_tx *tx = &session->tx;
    if (count == 0)
        return LF_OK;
    struct lf_place *places = LF_ARENA_ARRAY(&tx->arena, struct lf_place, count);
    bool *buried = LF_ARENA_ARRAY(&tx->arena, bool, count);
    if (places == NULL || buried == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++)
        places[i] = letters[i].place;
    enum lf_status st = lf_mongo_buried(session, places, count, buried, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        if (!buried[i] && !is_gathered(tx, &places[i]))
            st = gather(tx, &letters[i], err);
    }
    return st;
}
