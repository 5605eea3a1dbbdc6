/*
 * Record -> event. Three shapes are read: our envelope {"eventId","eventType","payload"}; CloudEvents structured mode,
 * where the value is {"id","type","data", …}; CloudEvents binary mode, where identity is in headers and the value is
 * the payload itself: JSON of other producers, or whatever a schema in a registry says.
 */
#include "base/clock.h"
#include "codec/codec.h"
#include "codec/envelope.h"
#include "codec/registry/wire.h"
#include "json/json.h"

/* Where a shape of record keeps what. */
struct shape {
    struct lf_bytes id, type, payload, time; /* members; time.ptr NULL: not in the value */
    const char *words;
};

static const struct lf_bytes *
find_header(const struct lf_encoded *encoded, struct lf_bytes name)
{
    for (size_t i = 0; i < encoded->header_count; i++) {
        if (encoded->headers[i].value.ptr != NULL && lf_bytes_equal_nocase(encoded->headers[i].name, name))
            return &encoded->headers[i].value;
    }
    return NULL;
}

static bool
is_structured(const struct lf_encoded *encoded)
{
    const struct lf_bytes prefix = LF_LIT("application/cloudevents+json");
    const struct lf_bytes *type = find_header(encoded, LF_CONTENT_TYPE);
    return type != NULL && type->len >= prefix.len && lf_bytes_equal_nocase(lf_bytes(type->ptr, prefix.len), prefix) &&
           (type->len == prefix.len || type->ptr[prefix.len] == ';' || type->ptr[prefix.len] == ' ');
}

/* No member of the envelope, and the attributes that CloudEvents requires are all in headers. */
static bool
is_binary(const struct lf_encoded *encoded, const struct lf_value *value)
{
    return lf_value_get(value, LF_ENVELOPE_ID) == NULL && lf_value_get(value, LF_ENVELOPE_TYPE) == NULL &&
           find_header(encoded, LF_CE_SPECVERSION) != NULL && find_header(encoded, LF_CE_ID) != NULL &&
           find_header(encoded, LF_CE_TYPE) != NULL;
}

/* --- identity ----------------------------------------------------------------------------------------------------- */

/* Whether text can be an eventId or eventType: 1 to 255 bytes, no NUL (stores could not keep it). */
static bool
is_name(struct lf_bytes text)
{
    return text.len != 0 && text.len <= LF_EVENT_NAME_BYTES_MAX && lf_bytes_index(text, '\0') == SIZE_MAX;
}

static enum lf_status
check_name(struct lf_bytes what, struct lf_bytes text, struct lf_err *err)
{
    if (text.len == 0)
        return lf_fail(err, LF_INVALID, "\"%.*s\" is empty", LF_FMT(what));
    if (text.len > LF_EVENT_NAME_BYTES_MAX)
        return lf_fail(err, LF_INVALID, "\"%.*s\" has %zu bytes, at most %d are allowed", LF_FMT(what), text.len,
                       LF_EVENT_NAME_BYTES_MAX);
    if (!is_name(text))
        return lf_fail(err, LF_INVALID, "\"%.*s\" contains a NUL character", LF_FMT(what));
    return LF_OK;
}

static enum lf_status
read_name(const struct lf_value *value, struct lf_bytes member, const struct shape *shape, struct lf_bytes *ret,
          struct lf_err *err)
{
    const struct lf_value *found = lf_value_get(value, member);
    if (found == NULL)
        return lf_fail(err, LF_INVALID, "%s lacks \"%.*s\"", shape->words, LF_FMT(member));
    if (found->type != LF_V_STRING)
        return lf_fail(err, LF_INVALID, "\"%.*s\" is no string", LF_FMT(member));
    enum lf_status st = check_name(member, lf_value_text(found), err);
    if (st == LF_OK)
        *ret = lf_value_text(found);
    return st;
}

/* What the headers say, for dead letters of records whose value says nothing. */
static void
read_identity_of_headers(const struct lf_encoded *encoded, struct lf_event *event)
{
    size_t at;
    const struct lf_bytes *id = find_header(encoded, LF_CE_ID);
    const struct lf_bytes *type = find_header(encoded, LF_CE_TYPE);
    if (event->id.ptr == NULL && id != NULL && is_name(*id) && lf_utf8_valid(*id, &at))
        event->id = *id;
    if (event->type_name.ptr == NULL && type != NULL && is_name(*type) && lf_utf8_valid(*type, &at))
        event->type_name = *type;
}

static enum lf_status
check_header_id(const struct lf_encoded *encoded, struct lf_bytes id, struct lf_err *err)
{
    const struct lf_bytes *header = find_header(encoded, LF_CE_ID);
    if (header == NULL || lf_bytes_equal(*header, id))
        return LF_OK;
    return lf_fail(err, LF_INVALID, "header ce_id (%.*s) and the value's id (%.*s) contradict each other",
                   LF_FMT(*header), LF_FMT(id));
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

/* The members that the shape does not use; shares the values. */
static enum lf_status
keep_extra(const struct lf_value *value, const struct shape *shape, struct lf_arena *arena, struct lf_value *ret,
           struct lf_err *err)
{
    struct lf_member *members = NULL;
    size_t count = 0;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct lf_member *member = &value->u.members[i];
        if (lf_bytes_equal(member->name, shape->id) || lf_bytes_equal(member->name, shape->type) ||
            lf_bytes_equal(member->name, shape->payload))
            continue;
        if (members == NULL)
            members = LF_ARENA_ARRAY(arena, struct lf_member, value->count);
        if (members == NULL)
            return lf_no_memory(err);
        members[count++] = *member;
    }
    *ret = count != 0 ? lf_value_object(members, count) : LF_VALUE_NULL;
    return LF_OK;
}

/* An attribute that cannot be read is no reason to lose the event: the record's own time stands in. */
static int64_t
read_time(const struct lf_encoded *encoded, const struct lf_value *member, int64_t timestamp_ms)
{
    int64_t us;
    const struct lf_bytes *header = find_header(encoded, LF_CE_TIME);
    if (member != NULL && member->type == LF_V_STRING && lf_time_parse(lf_value_text(member), &us))
        return us;
    if (header != NULL && lf_time_parse(*header, &us))
        return us;
    if (__builtin_mul_overflow(timestamp_ms, 1000, &us))
        return 0;
    return us;
}

static enum lf_status
read_members(const struct lf_encoded *encoded, const struct lf_value *value, const struct shape *shape,
             struct lf_arena *arena, struct lf_event *event, struct lf_err *err)
{
    struct lf_err type_err = {0};
    enum lf_status st = read_name(value, shape->id, shape, &event->id, err);
    enum lf_status type_st = read_name(value, shape->type, shape, &event->type_name, &type_err);
    if (st == LF_OK)
        st = check_header_id(encoded, event->id, err);
    if (st == LF_OK && type_st != LF_OK)
        st = lf_fail(err, type_st, "%s", type_err.text);
    if (st != LF_OK)
        return st;
    const struct lf_value *payload = lf_value_get(value, shape->payload);
    if (payload == NULL)
        return lf_fail(err, LF_INVALID, "%s lacks \"%.*s\"", shape->words, LF_FMT(shape->payload));
    event->payload = *payload;
    return keep_extra(value, shape, arena, &event->extra, err);
}

static enum lf_status
read_binary(const struct lf_encoded *encoded, const struct lf_value *value, struct lf_event *event, struct lf_err *err)
{
    size_t at;
    const struct lf_bytes *id = find_header(encoded, LF_CE_ID);
    const struct lf_bytes *type = find_header(encoded, LF_CE_TYPE);
    enum lf_status st = check_name(LF_CE_ID, *id, err);
    if (st == LF_OK)
        st = check_name(LF_CE_TYPE, *type, err);
    if (st != LF_OK)
        return st;
    if (!lf_utf8_valid(*id, &at) || !lf_utf8_valid(*type, &at))
        return lf_fail(err, LF_INVALID, "header ce_id or ce_type is not well-formed UTF-8");
    event->id = *id;
    event->type_name = *type;
    event->payload = *value;
    return LF_OK;
}

static const struct shape envelope = {{"eventId", 7}, {"eventType", 9}, {"payload", 7}, {NULL, 0}, "the envelope"};
static const struct shape structured = {{"id", 2}, {"type", 4}, {"data", 4}, {"time", 4}, "the CloudEvent"};

static enum lf_status
read_object(const struct lf_encoded *encoded, const struct lf_value *value, int64_t timestamp_ms,
            struct lf_arena *arena, struct lf_event *event, struct lf_err *err)
{
    if (value->type != LF_V_OBJECT)
        return lf_fail(err, LF_INVALID, "value is no JSON object: no event");
    const struct shape *shape = is_structured(encoded) ? &structured : &envelope;
    const struct lf_value *time = shape->time.ptr != NULL ? lf_value_get(value, shape->time) : NULL;
    event->time_us = read_time(encoded, time, timestamp_ms);
    if (shape == &envelope && is_binary(encoded, value))
        return read_binary(encoded, value, event, err);
    return read_members(encoded, value, shape, arena, event, err);
}

/* The type whose own schema the payload is read by; NULL: as it was written. A payload of an older version keeps what
 * the own schema lacks, for @upcast to move it. */
static const struct lf_event_type *
reader_type(const struct lf_codec_options *options, const struct lf_bytes *name, int32_t version)
{
    const struct lf_event_type *type = name != NULL ? lf_model_event(options->model, *name) : NULL;
    bool old = type != NULL && type->upcast_count != 0 && (version != 0 ? version : 1) < type->version;
    return old ? NULL : type;
}

/* A value that says which schema it was written with. Where the headers say who it is, it is the payload. */
static enum lf_status
read_framed(const struct lf_codec_options *options, const struct lf_encoded *encoded, const struct lf_bytes *schema_id,
            int64_t timestamp_ms, struct lf_arena *arena, struct lf_event *event, struct lf_err *err)
{
    const struct lf_bytes *id = find_header(encoded, LF_CE_ID);
    const struct lf_bytes *name = find_header(encoded, LF_CE_TYPE);
    const struct lf_event_type *type = reader_type(options, name, event->version);
    struct lf_value value;
    enum lf_status st =
        lf_payload_decode(options->payloads, options->pins, schema_id, encoded->value, type, arena, &value, err);
    if (st != LF_OK)
        return st;
    if (id != NULL && name != NULL)
        return read_binary(encoded, &value, event, err);
    st = read_object(encoded, &value, timestamp_ms, arena, event, err);
    if (st == LF_INVALID)
        lf_err_context(err, "no headers ce_id and ce_type, and");
    return st;
}

static enum lf_status
read_json(const struct lf_encoded *encoded, int64_t timestamp_ms, struct lf_arena *arena, struct lf_event *event,
          struct lf_err *err)
{
    struct lf_value value;
    struct lf_err why = {0};
    enum lf_status st = lf_json_parse(arena, encoded->value, &value, &why);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    if (st != LF_OK) /* beyond the limits of JSON texts counts as well */
        return lf_fail(err, LF_INVALID, "value is no JSON: %s; nor is its first byte, 0x%02x, one of a schema's id",
                       why.text, (unsigned char)encoded->value.ptr[0]);
    return read_object(encoded, &value, timestamp_ms, arena, event, err);
}

static enum lf_status
read_value(const struct lf_codec_options *options, const struct lf_encoded *encoded, int64_t timestamp_ms,
           struct lf_arena *arena, struct lf_event *event, struct lf_err *err)
{
    const struct lf_bytes *schema_id = find_header(encoded, LF_SCHEMA_ID_HEADER);
    if (encoded->value.ptr == NULL)
        return lf_fail(err, LF_INVALID, "null value: no event");
    if (lf_payload_is_framed(schema_id, encoded->value))
        return read_framed(options, encoded, schema_id, timestamp_ms, arena, event, err);
    if (encoded->value.len == 0)
        return lf_fail(err, LF_INVALID, "empty value: no event");
    return read_json(encoded, timestamp_ms, arena, event, err);
}

/* Told by exactly one header, under just that name: so the store finds it again. */
static int32_t
read_version(const struct lf_encoded *encoded)
{
    const struct lf_bytes *text = NULL;
    for (size_t i = 0; i < encoded->header_count; i++) {
        if (!lf_bytes_equal(encoded->headers[i].name, LF_CE_DATAVERSION))
            continue;
        if (text != NULL || encoded->headers[i].value.ptr == NULL)
            return 0;
        text = &encoded->headers[i].value;
    }
    return text != NULL ? lf_event_version_read(*text) : 0;
}

enum lf_status
lf_codec_decode(const struct lf_codec_options *options, const struct lf_encoded *encoded, int64_t timestamp_ms,
                struct lf_place place, struct lf_arena *arena, struct lf_event *ret, struct lf_err *err)
{
    struct lf_event event = {
        .key = encoded->key,
        .headers = encoded->headers,
        .header_count = encoded->header_count,
        .place = place,
        .time_us = read_time(encoded, NULL, timestamp_ms),
        .version = read_version(encoded),
    };
    enum lf_status st = read_value(options, encoded, timestamp_ms, arena, &event, err);
    if (st != LF_OK)
        read_identity_of_headers(encoded, &event);
    if (event.type_name.ptr != NULL)
        event.type = lf_model_event(options->model, event.type_name);
    *ret = event;
    return st;
}
