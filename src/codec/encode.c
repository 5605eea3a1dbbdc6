/* Event -> record: {"eventId":…,"eventType":…,"payload":{…}}, or the payload as its schema says; and CloudEvents
 * attributes in headers. */
#include "base/clock.h"
#include "base/limits.h"
#include "codec/codec.h"
#include "codec/envelope.h"
#include "json/json.h"

#include <string.h>

enum { CE_HEADERS_MAX = 8, RECORD_BYTES_MAX = LF_EVENT_BYTES_MAX + 40 * 1000 };
#define TIME_US_MIN INT64_C(-62135596800000000) /* 0001-01-01T00:00:00Z */
#define TIME_US_MAX INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */

/* The member at *at if it has the name (then *at moves on), else wherever it is, else NULL. */
static const struct lf_member *
find_member(const struct lf_value *object, struct lf_bytes name, uint32_t *at)
{
    if (*at < object->count && lf_bytes_equal(object->u.members[*at].name, name))
        return &object->u.members[(*at)++];
    for (uint32_t i = 0; i < object->count; i++) {
        if (lf_bytes_equal(object->u.members[i].name, name))
            return &object->u.members[i];
    }
    return NULL;
}

static bool
in_schema_order(const struct lf_event_type *type, const struct lf_value *payload)
{
    uint32_t next = 0;
    for (size_t i = 0; i < type->field_count && next < payload->count; i++)
        next += lf_bytes_equal(payload->u.members[next].name, type->fields[i].name);
    return next == payload->count;
}

static bool
is_field(const struct lf_event_type *type, struct lf_bytes name)
{
    for (size_t i = 0; i < type->field_count; i++) {
        if (lf_bytes_equal(type->fields[i].name, name))
            return true;
    }
    return false;
}

/* The payload with its members in the order of the schema, those that the schema does not know after them. */
static enum lf_status
order_payload(const struct lf_event *event, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    const struct lf_value *payload = &event->payload;
    *ret = *payload;
    if (payload->type != LF_V_OBJECT || event->type == NULL || in_schema_order(event->type, payload))
        return LF_OK;
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, payload->count);
    if (members == NULL)
        return lf_no_memory(err);
    size_t count = 0;
    uint32_t at = 0;
    for (size_t i = 0; i < event->type->field_count; i++) {
        const struct lf_member *member = find_member(payload, event->type->fields[i].name, &at);
        if (member != NULL)
            members[count++] = *member;
    }
    for (uint32_t i = 0; i < payload->count; i++) {
        if (!is_field(event->type, payload->u.members[i].name))
            members[count++] = payload->u.members[i];
    }
    *ret = lf_value_object(members, count);
    return LF_OK;
}

static bool
is_envelope_member(struct lf_bytes name)
{
    return lf_bytes_equal(name, LF_ENVELOPE_ID) || lf_bytes_equal(name, LF_ENVELOPE_TYPE) ||
           lf_bytes_equal(name, LF_ENVELOPE_PAYLOAD);
}

/* Of an event that came in another envelope, members may have the names of ours: there is room for one of each. */
static void
write_extra(struct lf_buf *out, const struct lf_value *extra)
{
    for (uint32_t i = 0; extra->type == LF_V_OBJECT && i < extra->count; i++) {
        if (is_envelope_member(extra->u.members[i].name))
            continue;
        lf_buf_add_char(out, ',');
        lf_json_write_string(out, extra->u.members[i].name);
        lf_buf_add_char(out, ':');
        lf_json_write(out, &extra->u.members[i].value);
    }
}

static void
write_envelope(struct lf_buf *out, const struct lf_event *event, const struct lf_value *payload)
{
    lf_buf_add(out, LF_LIT("{\"eventId\":"));
    lf_json_write_string(out, event->id);
    lf_buf_add(out, LF_LIT(",\"eventType\":"));
    lf_json_write_string(out, event->type_name);
    lf_buf_add(out, LF_LIT(",\"payload\":"));
    lf_json_write(out, payload);
    write_extra(out, &event->extra);
    lf_buf_add_char(out, '}');
}

/* Appends the value; schema: as its schema says. */
static enum lf_status
write_value(const struct lf_codec_options *options, const struct lf_event *event, bool schema, struct lf_arena *arena,
            struct lf_buf *out, struct lf_err *err)
{
    struct lf_value payload;
    enum lf_status st = order_payload(event, arena, &payload, err);
    if (st != LF_OK)
        return st;
    if (schema)
        return lf_payload_encode(options->payloads, event->type, &payload, arena, out, err);
    write_envelope(out, event, &payload);
    return lf_buf_status(out, err);
}

static enum lf_status
encode_value(const struct lf_codec_options *options, const struct lf_event *event, bool schema, struct lf_arena *arena,
             struct lf_bytes *ret, struct lf_err *err)
{
    struct lf_buf out;
    lf_buf_init(&out, LF_EVENT_BYTES_MAX);
    enum lf_status st = write_value(options, event, schema, arena, &out, err);
    if (st == LF_LIMIT) {
        st = lf_fail(err, LF_LIMIT, "event %.*s (%.*s) is larger than %d bytes", LF_FMT(event->id),
                     LF_FMT(event->type_name), LF_EVENT_BYTES_MAX);
    } else if (st == LF_OK) {
        *ret = lf_arena_copy(arena, lf_buf_view(&out));
        st = ret->ptr != NULL ? LF_OK : lf_no_memory(err);
    }
    lf_buf_release(&out);
    return st;
}

/* RFC 3339 has years 1 to 9999; a time beyond (of a record with an odd timestamp) is left out. */
static bool
write_time(int64_t time_us, struct lf_arena *arena, struct lf_bytes *ret)
{
    char text[LF_TIME_TEXT_SIZE];
    *ret = LF_BYTES_NONE;
    if (time_us < TIME_US_MIN || time_us > TIME_US_MAX)
        return true;
    *ret = lf_arena_copy(arena, lf_bytes(text, lf_time_format(time_us, 6, text)));
    return ret->ptr != NULL;
}

/* The first version tells nothing, as events did before there were versions. */
static struct lf_header
version_header(int32_t version, struct lf_arena *arena)
{
    const char *text = lf_arena_printf(arena, "%d", version);
    return (struct lf_header){LF_CE_DATAVERSION, lf_bytes_of(text)};
}

static enum lf_status
encode_headers(const struct lf_codec_options *options, const struct lf_event *event, struct lf_bytes content_type,
               struct lf_arena *arena, struct lf_encoded *ret, struct lf_err *err)
{
    struct lf_bytes time;
    struct lf_header *headers = LF_ARENA_ARRAY(arena, struct lf_header, CE_HEADERS_MAX + event->header_count);
    if (headers == NULL || !write_time(event->time_us, arena, &time))
        return lf_no_memory(err);
    size_t count = 0;
    headers[count++] = (struct lf_header){LF_CE_SPECVERSION, LF_LIT("1.0")};
    headers[count++] = (struct lf_header){LF_CE_ID, event->id};
    headers[count++] =
        (struct lf_header){LF_CE_SOURCE, options->source.ptr != NULL ? options->source : LF_LIT("/logfirst")};
    headers[count++] = (struct lf_header){LF_CE_TYPE, event->type_name};
    if (time.ptr != NULL)
        headers[count++] = (struct lf_header){LF_CE_TIME, time};
    if (event->entity_key.ptr != NULL)
        headers[count++] = (struct lf_header){LF_CE_SUBJECT, event->entity_key};
    if (event->version > 1)
        headers[count++] = version_header(event->version, arena);
    if (headers[count - 1].value.ptr == NULL)
        return lf_no_memory(err);
    headers[count++] =
        (struct lf_header){LF_CONTENT_TYPE, content_type.ptr != NULL ? content_type : LF_LIT("application/json")};
    if (event->header_count != 0)
        memcpy(headers + count, event->headers, event->header_count * sizeof(*headers));
    ret->headers = headers;
    ret->header_count = count + event->header_count;
    return LF_OK;
}

/* A record that a topic's default limit refuses would hold its neighbours up: it must not leave. */
static enum lf_status
check_size(const struct lf_event *event, const struct lf_encoded *encoded, struct lf_err *err)
{
    size_t size = encoded->key.len + encoded->value.len;
    for (size_t i = 0; i < encoded->header_count; i++)
        size += encoded->headers[i].name.len + encoded->headers[i].value.len;
    if (size <= RECORD_BYTES_MAX)
        return LF_OK;
    return lf_fail(err, LF_LIMIT, "event %.*s (%.*s) is larger than %d bytes with its key and headers",
                   LF_FMT(event->id), LF_FMT(event->type_name), RECORD_BYTES_MAX);
}

enum lf_status
lf_codec_encode(const struct lf_codec_options *options, const struct lf_event *event, struct lf_arena *arena,
                struct lf_encoded *ret, struct lf_err *err)
{
    struct lf_encoded encoded = {.key = event->key};
    struct lf_bytes content_type = lf_payload_content_type(options->payloads, event->type);
    enum lf_status st = encode_value(options, event, content_type.ptr != NULL, arena, &encoded.value, err);
    if (st == LF_OK)
        st = encode_headers(options, event, content_type, arena, &encoded, err);
    if (st == LF_OK)
        st = check_size(event, &encoded, err);
    if (st == LF_OK)
        *ret = encoded;
    return st;
}
