/* A line of JSON becomes a record: envelope, key, headers, time. */
#include "server/import_line.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/codec.h"
#include "json/json.h"
#include "server/copy.h"
#include "store/row.h"

#include <string.h>

/* ---- text, null, or {"base64": text} ---- */

static enum lf_status
read_bytes(const struct lf_value *value, const char *what, struct lf_arena *arena, struct lf_bytes *ret,
           struct lf_err *err)
{
    *ret = LF_BYTES_NONE;
    if (value == NULL || value->type == LF_V_NULL)
        return LF_OK;
    if (value->type == LF_V_STRING) {
        *ret = value->count != 0 ? lf_value_text(value) : LF_LIT("");
        return LF_OK;
    }
    const struct lf_value *base64 = lf_value_get_text(value, "base64");
    if (base64 == NULL || base64->type != LF_V_STRING || value->count != 1)
        return lf_fail(err, LF_INVALID, "%s is neither text nor null nor {\"base64\": text}", what);
    enum lf_status st = lf_base64_read(lf_value_text(base64), arena, ret, err);
    if (st == LF_OK && ret->ptr == NULL)
        *ret = LF_LIT("");
    return st;
}

/* ---- headers ---- */

struct headers {
    struct lf_arena *arena;
    struct lf_header *items;
    size_t count, cap;
};

/* The value becomes our envelope, whatever it was; a mark of copying names another log's record. */
static bool
is_dropped(struct lf_bytes name)
{
    return lf_bytes_equal_text(name, LF_COPY_HEADER);
}

static struct lf_bytes
value_of(struct lf_bytes name, struct lf_bytes value)
{
    bool structured = lf_bytes_equal_nocase(name, LF_LIT("content-type")) && value.ptr != NULL &&
                      lf_bytes_starts_with(value, LF_LIT("application/cloudevents"));
    return structured ? LF_LIT("application/json") : value;
}

static enum lf_status
add_header(struct headers *headers, struct lf_bytes name, const struct lf_value *value, struct lf_err *err)
{
    struct lf_bytes bytes;
    enum lf_status st = read_bytes(value, "a header", headers->arena, &bytes, err);
    if (st != LF_OK || is_dropped(name))
        return st;
    struct lf_header *items =
        lf_arena_grow(headers->arena, headers->items, headers->count, &headers->cap, sizeof(*items));
    if (items == NULL)
        return lf_no_memory(err);
    headers->items = items;
    items[headers->count++] = (struct lf_header){name, value_of(name, bytes)};
    return LF_OK;
}

static enum lf_status
read_header(struct headers *headers, const struct lf_member *member, struct lf_err *err)
{
    struct lf_bytes name = member->name, prefix = LF_LIT("base64:");
    enum lf_status st = LF_OK;
    if (lf_bytes_starts_with(name, prefix))
        st = lf_base64_read(lf_bytes(name.ptr + prefix.len, name.len - prefix.len), headers->arena, &name, err);
    if (st == LF_OK && member->value.type != LF_V_LIST)
        return add_header(headers, name, &member->value, err);
    for (uint32_t i = 0; st == LF_OK && i < member->value.count; i++)
        st = add_header(headers, name, &member->value.u.items[i], err);
    return st;
}

static enum lf_status
read_headers(const struct lf_value *value, struct headers *headers, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    if (value == NULL || value->type == LF_V_NULL)
        return LF_OK;
    if (value->type != LF_V_OBJECT)
        return lf_fail(err, LF_INVALID, "headers is no object");
    for (uint32_t i = 0; st == LF_OK && i < value->count; i++)
        st = read_header(headers, &value->u.members[i], err);
    return st;
}

/* ---- the envelope ---- */

static enum lf_status
write_envelope(const struct lf_value *line, struct lf_buf *out, struct lf_err *err)
{
    static const char *const names[] = {"eventId", "eventType", "payload"};
    lf_buf_add_char(out, '{');
    for (size_t i = 0; i < 3; i++) {
        const struct lf_value *value = lf_value_get_text(line, names[i]);
        if (value == NULL)
            return lf_fail(err, LF_INVALID, "%s is missing", names[i]);
        lf_buf_printf(out, "%s\"%s\":", i == 0 ? "" : ",", names[i]);
        lf_json_write(out, value);
    }
    const struct lf_value *extra = lf_value_get_text(line, "extra");
    if (extra != NULL && extra->type != LF_V_OBJECT && extra->type != LF_V_NULL)
        return lf_fail(err, LF_INVALID, "extra is no object");
    for (uint32_t i = 0; extra != NULL && extra->type == LF_V_OBJECT && i < extra->count; i++) {
        lf_buf_add_char(out, ',');
        lf_json_write_string(out, extra->u.members[i].name);
        lf_buf_add_char(out, ':');
        lf_json_write(out, &extra->u.members[i].value);
    }
    lf_buf_add_char(out, '}');
    return lf_buf_status(out, err);
}

static enum lf_status
make_value(const struct lf_value *line, struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err)
{
    struct lf_buf out;
    lf_buf_init(&out, LF_RECORD_BYTES_MAX);
    enum lf_status st = write_envelope(line, &out, err);
    if (st == LF_OK) {
        *ret = lf_arena_copy(arena, lf_buf_view(&out));
        if (ret->ptr == NULL)
            st = lf_no_memory(err);
    }
    lf_buf_release(&out);
    return st;
}

/* ---- the record ---- */

static enum lf_status
read_time(const struct lf_value *value, int64_t *ret_ms, struct lf_err *err)
{
    int64_t us;
    *ret_ms = 0;
    if (value == NULL || value->type == LF_V_NULL)
        return LF_OK;
    if (value->type != LF_V_STRING || !lf_time_parse(lf_value_text(value), &us))
        return lf_fail(err, LF_INVALID, "time is no date-time of RFC 3339");
    *ret_ms = us > 1000 ? us / 1000 : 1; /* 0 would mean now; records have no time before 1970 */
    return LF_OK;
}

static bool
is_framed(const struct lf_record *record)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (lf_bytes_equal(record->headers[i].name, LF_SCHEMA_ID_HEADER) && record->headers[i].value.ptr != NULL)
            return true;
    }
    return lf_payload_is_framed(NULL, record->value);
}

/* As consumers see it: whatever they would not take as an event is none. */
static enum lf_status
check(const struct lf_record *record, struct lf_arena *arena, struct lf_bytes *ret_id, struct lf_err *err)
{
    static const struct lf_model no_model;
    const struct lf_codec_options codec = {.model = &no_model};
    struct lf_event event = {0};
    const struct lf_encoded encoded = {record->key, record->value, record->headers, record->header_count};
    const struct lf_place place = {record->topic, 0, 0};
    enum lf_status st = lf_codec_decode(&codec, &encoded, record->timestamp_ms, place, arena, &event, err);
    if (st == LF_INVALID && is_framed(record) && event.id.ptr != NULL && event.type_name.ptr != NULL)
        st = LF_OK; /* what its payload is only consumers with a registry can say */
    if (st == LF_OK)
        *ret_id = event.id;
    return st;
}

enum lf_status
lf_import_line(struct lf_bytes text, struct lf_bytes topic, struct lf_arena *arena, struct lf_record *ret,
               struct lf_bytes *ret_id, struct lf_err *err)
{
    struct lf_value line;
    struct lf_record record = {.topic = topic, .partition = -1};
    struct headers headers = {.arena = arena};
    enum lf_status st = lf_json_parse(arena, text, &line, err);
    if (st == LF_OK && line.type != LF_V_OBJECT)
        st = lf_fail(err, LF_INVALID, "it is no object");
    if (st != LF_OK)
        return st;
    const struct lf_value *named = lf_value_get_text(&line, "topic");
    if (named != NULL && named->type == LF_V_STRING)
        record.topic = lf_value_text(named);
    else if (named != NULL && named->type != LF_V_NULL)
        return lf_fail(err, LF_INVALID, "topic is no text");
    st = make_value(&line, arena, &record.value, err);
    if (st == LF_OK)
        st = read_bytes(lf_value_get_text(&line, "key"), "key", arena, &record.key, err);
    if (st == LF_OK)
        st = read_headers(lf_value_get_text(&line, "headers"), &headers, err);
    if (st == LF_OK)
        st = read_time(lf_value_get_text(&line, "time"), &record.timestamp_ms, err);
    record.headers = headers.items;
    record.header_count = headers.count;
    if (st == LF_OK)
        st = check(&record, arena, ret_id, err);
    if (st == LF_OK)
        *ret = record;
    return st;
}
