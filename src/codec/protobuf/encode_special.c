/* The well-known types, from their JSON forms. */
#include "codec/protobuf/encode.h"

#include "base/base64.h"
#include "codec/protobuf/times.h"

#include <math.h>

static void
write_number(struct lf_buf *out, uint32_t number, int64_t value)
{
    if (value == 0)
        return;
    lf_proto_write_tag(out, number, LF_PROTO_W_VARINT);
    lf_proto_write_varint(out, (uint64_t)value);
}

static void
write_text(struct lf_buf *out, uint32_t number, struct lf_bytes text)
{
    lf_proto_write_tag(out, number, LF_PROTO_W_LEN);
    lf_proto_write_varint(out, text.len);
    lf_buf_add(out, text);
}

static enum lf_status
encode_time(struct lf_proto_encoding *run, bool duration, const struct lf_value *value, const struct lf_json_step *step)
{
    struct lf_proto_time time;
    const struct lf_bytes text = value->type == LF_V_STRING ? lf_value_text(value) : LF_LIT("");
    if (duration ? !lf_proto_duration_of_text(text, &time) : !lf_proto_timestamp_of_text(text, &time))
        return lf_proto_fail(run->err, step, "must be %s",
                             duration ? "a duration in seconds, as \"1.5s\""
                                      : "a date and time with offset (RFC 3339), in nanoseconds at most");
    write_number(run->out, 1, time.seconds);
    write_number(run->out, 2, time.nanos);
    return LF_OK;
}

static enum lf_status
encode_mask(struct lf_proto_encoding *run, const struct lf_value *value, const struct lf_json_step *step)
{
    struct lf_buf path;
    bool good = value->type == LF_V_STRING;
    struct lf_bytes rest = good ? lf_value_text(value) : LF_BYTES_NONE;
    lf_buf_init(&path, SIZE_MAX);
    while (good && rest.len != 0) {
        const size_t comma = lf_bytes_index(rest, ',');
        const size_t len = comma != SIZE_MAX ? comma : rest.len;
        lf_buf_clear(&path);
        good = lf_proto_path_of_mask(lf_bytes(rest.ptr, len), &path);
        write_text(run->out, 1, lf_buf_view(&path));
        rest = comma != SIZE_MAX ? lf_bytes(rest.ptr + len + 1, rest.len - len - 1) : LF_BYTES_NONE;
    }
    const enum lf_status st = lf_buf_status(&path, run->err);
    lf_buf_release(&path);
    return good ? st : lf_proto_fail(run->err, step, "must be names with commas between");
}

/* A double holds it as it is: another integer must not take its place. */
static bool
is_exact(const struct lf_value *value)
{
    if (value->type == LF_V_FLOAT)
        return isfinite(value->u.number);
    const double number = (double)value->u.integer;
    return number < 0x1p63 && (int64_t)number == value->u.integer;
}

/* google.protobuf.Value: the field of its oneof that holds a value of that type. */
static enum lf_status
encode_value(struct lf_proto_encoding *run, const struct lf_proto_message *message, const struct lf_value *value,
             const struct lf_json_step *step, unsigned depth)
{
    size_t which;
    switch (value->type) {
    case LF_V_NULL: which = 0; break;
    case LF_V_INT:
    case LF_V_FLOAT:
        if (!is_exact(value))
            return lf_proto_fail(run->err, step, "must be a number that a double holds");
        which = 1;
        break;
    case LF_V_STRING:
    case LF_V_ENUM: which = 2; break;
    case LF_V_BOOL: which = 3; break;
    case LF_V_OBJECT: which = 4; break;
    case LF_V_LIST: which = 5; break;
    default: return lf_proto_fail(run->err, step, "must be a JSON value");
    }
    return lf_proto_encode_field(run, message->by_number[which], value, step, depth);
}

/* --- Any ---------------------------------------------------------------------------------------------------------- */

/* Of a type that the schema does not know: {"@type": …, "@value": base64}, as it was read. */
static enum lf_status
encode_foreign(struct lf_proto_encoding *run, const struct lf_value *value, const struct lf_json_step *step)
{
    const struct lf_value *inner = lf_value_get_text(value, "@value");
    struct lf_bytes bytes;
    if (inner == NULL || inner->type != LF_V_STRING || value->count != 2)
        return lf_proto_fail(run->err, step, "is of a type that the schema does not know");
    const enum lf_status st = lf_base64_read(lf_value_text(inner), &run->arena, &bytes, NULL);
    if (st != LF_OK)
        return st == LF_NO_MEMORY ? lf_no_memory(run->err) : lf_proto_fail(run->err, step, "has no base64 in @value");
    lf_buf_add(run->out, bytes);
    return LF_OK;
}

static enum lf_status
encode_content(struct lf_proto_encoding *run, const struct lf_proto_message *message, const struct lf_value *value,
               const struct lf_json_step *step, unsigned depth)
{
    if (message == NULL)
        return encode_foreign(run, value, step);
    if (message->kind == LF_PROTO_PLAIN)
        return lf_proto_encode_members(run, message, value, LF_LIT("@type"), step, depth);
    const struct lf_json_step at = {.outer = step, .name = LF_LIT("value")};
    const struct lf_value *inner = lf_value_get_text(value, "value");
    if (inner == NULL || value->count != 2)
        return lf_proto_fail(run->err, &at, "must be there, with @type alone");
    return lf_proto_encode_message(run, message, inner, &at, depth);
}

static enum lf_status
encode_any(struct lf_proto_encoding *run, const struct lf_value *value, const struct lf_json_step *step, unsigned depth)
{
    if (value->type != LF_V_OBJECT)
        return lf_proto_fail(run->err, step, "must be an object");
    if (value->count == 0)
        return LF_OK;
    const struct lf_value *url = lf_value_get_text(value, "@type");
    if (url == NULL || url->type != LF_V_STRING)
        return lf_proto_fail(run->err, step, "must have a @type");
    if (url->count != 0) /* one without a type has nothing but bytes */
        write_text(run->out, 1, lf_value_text(url));
    const size_t before = run->out->len;
    lf_proto_write_tag(run->out, 2, LF_PROTO_W_LEN);
    const size_t begin = lf_proto_begin_length(run->out);
    enum lf_status st =
        depth < LF_PROTO_DEPTH_MAX
            ? encode_content(run, lf_proto_type_of_url(run->schema, lf_value_text(url)), value, step, depth + 1)
            : lf_proto_fail(run->err, step, "messages nested deeper than %d", LF_PROTO_DEPTH_MAX);
    if (run->out->failed == LF_OK && run->out->len == begin)
        run->out->len = before; /* no bytes are not written */
    else
        lf_proto_end_length(run->out, begin);
    return st;
}

enum lf_status
lf_proto_encode_special(struct lf_proto_encoding *run, const struct lf_proto_message *message,
                        const struct lf_value *value, const struct lf_json_step *step, unsigned depth)
{
    switch (message->kind) {
    case LF_PROTO_TIMESTAMP: return encode_time(run, false, value, step);
    case LF_PROTO_DURATION: return encode_time(run, true, value, step);
    case LF_PROTO_FIELD_MASK: return encode_mask(run, value, step);
    case LF_PROTO_VALUE: return encode_value(run, message, value, step, depth);
    case LF_PROTO_ANY: return encode_any(run, value, step, depth);
    default: /* Struct, ListValue and wrappers are their only field */
        return lf_proto_encode_field(run, message->by_number[0], value, step, depth);
    }
}
