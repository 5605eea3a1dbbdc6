/* Scalars on the wire: what their values are as bits, their order, reading and writing. */
#include "codec/protobuf/scalar.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum lf_status
lf_proto_fail(struct lf_err *err, const struct lf_json_step *step, const char *fmt, ...)
{
    char space[LF_JSON_POINTER_MAX], text[LF_ERR_TEXT_MAX];
    const struct lf_bytes pointer = lf_json_pointer(step, space);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return lf_fail(err, LF_INVALID, "%.*s: %s", LF_FMT(pointer.len != 0 ? pointer : LF_LIT("the message")), text);
}

static bool
is_signed(enum lf_proto_type type)
{
    switch (type) {
    case LF_PROTO_INT32:
    case LF_PROTO_INT64:
    case LF_PROTO_SINT32:
    case LF_PROTO_SINT64:
    case LF_PROTO_SFIXED32:
    case LF_PROTO_SFIXED64:
    case LF_PROTO_ENUM: return true;
    default: return false;
    }
}

static bool
has_bytes(enum lf_proto_type type)
{
    return type == LF_PROTO_STRING || type == LF_PROTO_BYTES;
}

/* -0.0 is not zero: its bits are not. */
bool
lf_proto_scalar_is_zero(const struct lf_proto_field *field, const struct lf_proto_scalar *scalar)
{
    return has_bytes(field->type) ? scalar->bytes.len == 0 : scalar->bits == 0;
}

int
lf_proto_scalar_compare(const struct lf_proto_field *field, const struct lf_proto_scalar *a,
                        const struct lf_proto_scalar *b)
{
    if (has_bytes(field->type))
        return lf_bytes_compare(a->bytes, b->bytes);
    if (is_signed(field->type))
        return ((int64_t)a->bits > (int64_t)b->bits) - ((int64_t)a->bits < (int64_t)b->bits);
    return (a->bits > b->bits) - (a->bits < b->bits);
}

void
lf_proto_scalar_write(struct lf_buf *out, const struct lf_proto_field *field, const struct lf_proto_scalar *scalar)
{
    if (has_bytes(field->type)) {
        lf_proto_write_varint(out, scalar->bytes.len);
        lf_buf_add(out, scalar->bytes);
        return;
    }
    switch (lf_proto_wire_of(field)) {
    case LF_PROTO_W_I64: lf_proto_write_fixed64(out, scalar->bits); break;
    case LF_PROTO_W_I32: lf_proto_write_fixed32(out, (uint32_t)scalar->bits); break;
    default:
        if (field->type == LF_PROTO_SINT32 || field->type == LF_PROTO_SINT64)
            lf_proto_write_varint(out, lf_proto_zigzag((int64_t)scalar->bits));
        else
            lf_proto_write_varint(out, scalar->bits);
    }
}

/* The bits of a varint as its type has them: 32-bit types take the low half. */
static uint64_t
bits_of_varint(enum lf_proto_type type, uint64_t varint)
{
    switch (type) {
    case LF_PROTO_INT32:
    case LF_PROTO_ENUM: return (uint64_t)(int64_t)(int32_t)(uint32_t)varint;
    case LF_PROTO_UINT32: return (uint32_t)varint;
    case LF_PROTO_SINT32: return (uint64_t)lf_proto_unzigzag((uint32_t)varint);
    case LF_PROTO_SINT64: return (uint64_t)lf_proto_unzigzag(varint);
    case LF_PROTO_BOOL: return varint != 0;
    default: return varint;
    }
}

bool
lf_proto_scalar_read(struct lf_proto_reader *reader, const struct lf_proto_field *field, struct lf_proto_scalar *ret)
{
    uint32_t word;
    switch (lf_proto_wire_of(field)) {
    case LF_PROTO_W_LEN:
        return lf_proto_read_length(reader, &ret->bytes) &&
               (field->type != LF_PROTO_STRING || lf_utf8_valid(ret->bytes, NULL));
    case LF_PROTO_W_I64: return lf_proto_read_fixed64(reader, &ret->bits);
    case LF_PROTO_W_I32:
        if (!lf_proto_read_fixed32(reader, &word))
            return false;
        ret->bits = field->type == LF_PROTO_SFIXED32 ? (uint64_t)(int64_t)(int32_t)word : word;
        return true;
    default:
        if (!lf_proto_read_varint(reader, &ret->bits))
            return false;
        ret->bits = bits_of_varint(field->type, ret->bits);
        return true;
    }
}
