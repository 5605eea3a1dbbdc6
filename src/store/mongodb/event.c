/* Events as documents of event_store, and back. */
#include "store/mongodb/mongodb.h"

#include "base/clock.h"
#include "base/limits.h"
#include "json/json.h"

/* ---- writing ---- */

/* Headers of the usual kind: few names, distinct and plain, with text. */
static bool
are_plain(const struct lf_header *headers, size_t count)
{
    enum { FEW = 16 };
    if (count > FEW)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct lf_header *one = &headers[i];
        if (!lf_mongo_plain_name(one->name) || !lf_utf8_valid(one->name, NULL) || one->value.ptr == NULL ||
            !lf_utf8_valid(one->value, NULL))
            return false;
        for (size_t k = 0; k < i; k++) {
            if (lf_bytes_equal(headers[k].name, one->name))
                return false;
        }
    }
    return true;
}

static enum lf_status
put_headers(struct lf_buf *out, const struct lf_event *event, struct lf_err *err)
{
    const struct lf_bytes key = LF_LIT("headers");
    if (are_plain(event->headers, event->header_count)) {
        size_t start = lf_bson_open(out, LF_BSON_DOCUMENT, key);
        for (size_t i = 0; i < event->header_count; i++)
            lf_bson_text(out, event->headers[i].name, event->headers[i].value);
        lf_bson_end(out, start);
        return LF_OK;
    }
    struct lf_buf json;
    struct lf_arena arena;
    struct lf_value value;
    lf_buf_init(&json, LF_RECORD_BYTES_MAX * 2u);
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = lf_store_write_headers(&json, event->headers, event->header_count, err);
    if (st == LF_OK)
        st = lf_buf_status(&json, err);
    if (st == LF_OK)
        st = lf_json_parse(&arena, lf_buf_view(&json), &value, err);
    if (st == LF_OK)
        lf_mongo_put_json(out, key, &value, false);
    lf_arena_release(&arena);
    lf_buf_release(&json);
    return st;
}

/* What is exact, and what is null: BSON's dates have milliseconds only, and nulls would come first in orders. */
static void
put_own(struct lf_buf *out, const struct lf_event *event, bool has_entity, int64_t now_us)
{
    char time[LF_TIME_TEXT_SIZE];
    size_t own = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("_lf"));
    lf_bson_text(out, LF_LIT("time"), lf_bytes(time, lf_store_time_text(event->time_us, time)));
    lf_bson_text(out, LF_LIT("stored"), lf_bytes(time, lf_store_time_text(now_us, time)));
    if (!has_entity || event->entity_key.ptr == NULL) {
        size_t null = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("null"));
        if (!has_entity)
            lf_bson_bool(out, LF_LIT("entityType"), true);
        if (event->entity_key.ptr == NULL)
            lf_bson_bool(out, LF_LIT("entityKey"), true);
        lf_bson_end(out, null);
    }
    lf_bson_end(out, own);
}

static int64_t
us_to_ms(int64_t us)
{
    us = lf_store_clamp_time(us);
    return us >= 0 ? us / 1000 : -((-us + 999) / 1000);
}

static enum lf_status
put_event(struct lf_buf *out, const struct lf_event *event, size_t *ret_sequence_at, struct lf_err *err)
{
    const struct lf_entity *entity = event->type != NULL ? event->type->entity : NULL;
    int64_t now_us = lf_clock_real_us();
    lf_bson_text(out, LF_LIT("_id"), event->id);
    lf_bson_text(out, LF_LIT("eventType"), event->type_name);
    lf_bson_text(out, LF_LIT("entityType"), entity != NULL ? entity->name : LF_BYTES_NONE);
    lf_bson_text(out, LF_LIT("entityKey"), event->entity_key);
    lf_mongo_put_json(out, LF_LIT("payload"), &event->payload, false);
    enum lf_status st = put_headers(out, event, err);
    if (st != LF_OK)
        return st;
    lf_bson_text(out, LF_LIT("topic"), event->place.topic);
    lf_bson_int32(out, LF_LIT("partition"), event->place.partition);
    lf_bson_int64(out, LF_LIT("offset"), event->place.offset);
    lf_bson_date(out, LF_LIT("time"), us_to_ms(event->time_us));
    lf_bson_date(out, LF_LIT("storedAt"), us_to_ms(now_us));
    lf_bson_bytes(out, LF_LIT("messageKey"), event->key);
    if (event->extra.type != LF_V_NULL)
        lf_mongo_put_json(out, LF_LIT("extra"), &event->extra, false);
    lf_bson_int64(out, LF_LIT("sequence"), 0);
    *ret_sequence_at = lf_bson_last_int64(out);
    put_own(out, event, entity != NULL, now_us);
    return LF_OK;
}

enum lf_status
lf_mongo_write_event(struct lf_buf *out, const struct lf_event *event, size_t *ret_sequence_at, struct lf_err *err)
{
    size_t start = lf_bson_begin(out);
    enum lf_status st = put_event(out, event, ret_sequence_at, err);
    lf_bson_end(out, start);
    if (st == LF_OK)
        st = lf_buf_status(out, err);
    if (st == LF_OK && out->len - start > LF_MONGO_DOCUMENT_MAX)
        st = lf_fail(err, LF_LIMIT, "event \"%.*s\" is a document of %zu bytes, MongoDB takes at most %d",
                     LF_FMT(event->id), out->len - start, LF_MONGO_DOCUMENT_MAX);
    return st;
}

/* ---- reading ---- */

static bool
copy(struct lf_arena *arena, struct lf_bytes *text)
{
    if (text->ptr != NULL)
        *text = lf_arena_copy(arena, *text);
    return text->ptr != NULL;
}

/* Copies a text or bytes; a null stays one. False: out of memory. */
static bool
take(const bson_t *document, const char *path, struct lf_arena *arena, struct lf_bytes *ret)
{
    *ret = lf_bson_get_text(document, path);
    return ret->ptr == NULL || copy(arena, ret);
}

static int64_t
take_time(const bson_t *document, const char *path)
{
    int64_t us = 0;
    struct lf_bytes text = lf_bson_get_text(document, path);
    return text.ptr != NULL && lf_time_parse(text, &us) ? us : 0;
}

static bool
take_place(const bson_t *document, struct lf_arena *arena, struct lf_place *ret)
{
    ret->partition = (int32_t)lf_bson_get_int(document, "partition", -1);
    ret->offset = lf_bson_get_int(document, "offset", -1);
    return take(document, "topic", arena, &ret->topic);
}

enum lf_status
lf_mongo_read_event(const bson_t *document, const struct lf_model *model, struct lf_arena *arena,
                    struct lf_stored_event *ret, struct lf_err *err)
{
    struct lf_stored_event stored = {.status = LF_EVENT_STORED};
    struct lf_event *event = &stored.event;
    if (!take(document, "_id", arena, &event->id) || !take(document, "eventType", arena, &event->type_name) ||
        !take(document, "entityType", arena, &stored.entity_type) ||
        !take(document, "entityKey", arena, &event->entity_key) || !take(document, "messageKey", arena, &event->key) ||
        !take_place(document, arena, &event->place))
        return lf_no_memory(err);
    event->time_us = take_time(document, "_lf.time");
    stored.stored_at_us = take_time(document, "_lf.stored");
    enum lf_status st = lf_mongo_get_json(document, "payload", arena, &event->payload, err);
    if (st == LF_OK)
        st = lf_mongo_get_json(document, "headers", arena, &stored.headers, err);
    if (st == LF_OK)
        st = lf_mongo_get_json(document, "extra", arena, &event->extra, err);
    if (st != LF_OK)
        return st;
    if (event->id.ptr == NULL || event->type_name.ptr == NULL || event->place.topic.ptr == NULL)
        return lf_fail(err, LF_CORRUPT, "a document of " LF_MONGO_EVENTS " is none of the store's");
    event->type = lf_model_event(model, event->type_name);
    event->version = lf_store_event_version(&stored.headers);
    *ret = stored;
    return LF_OK;
}

enum lf_status
lf_mongo_read_letter(const bson_t *document, struct lf_arena *arena, struct lf_dead_letter *ret, struct lf_err *err)
{
    struct lf_dead_letter letter = {.id = lf_bson_get_int(document, "_id", 0)};
    struct lf_bytes headers;
    if (!take_place(document, arena, &letter.place) || !take(document, "eventId", arena, &letter.event_id) ||
        !take(document, "eventType", arena, &letter.event_type) || !take(document, "messageKey", arena, &letter.key) ||
        !take(document, "value", arena, &letter.value) || !take(document, "headers", arena, &headers) ||
        !take(document, "stage", arena, &letter.stage) || !take(document, "code", arena, &letter.code) ||
        !take(document, "reason", arena, &letter.reason))
        return lf_no_memory(err);
    letter.record_time_ms = lf_bson_get_int(document, "recordTime", 0);
    letter.dead_at_us = take_time(document, "_lf.dead");
    enum lf_status st = lf_store_read_header_list(headers, arena, &letter.headers, &letter.header_count, err);
    if (st == LF_OK)
        *ret = letter;
    return st;
}

bool
lf_mongo_same_place(const struct lf_place *a, const struct lf_place *b)
{
    return a->offset == b->offset && a->partition == b->partition && lf_bytes_equal(a->topic, b->topic);
}
