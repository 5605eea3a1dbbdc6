/* The wire format. */
#include "codec/protobuf/wire.h"

#include <string.h>

bool
lf_proto_read_varint(struct lf_proto_reader *reader, uint64_t *ret)
{
    uint64_t value = 0;
    const char *at = reader->at;
    for (unsigned shift = 0; shift < 70 && at < reader->end; shift += 7) {
        const uint64_t byte = (unsigned char)*at++;
        value |= (byte & 0x7f) << shift; /* of the tenth byte only one bit counts */
        if (byte < 0x80) {
            reader->at = at;
            *ret = value;
            return true;
        }
    }
    return false;
}

/* One of at most 5 bytes and max. */
static bool
read_short_varint(struct lf_proto_reader *reader, uint64_t max, uint64_t *ret)
{
    const char *start = reader->at;
    if (lf_proto_read_varint(reader, ret) && reader->at - start <= 5 && *ret <= max)
        return true;
    reader->at = start;
    return false;
}

bool
lf_proto_read_tag(struct lf_proto_reader *reader, uint32_t *ret_number, enum lf_proto_wire *ret_wire)
{
    uint64_t tag;
    if (!read_short_varint(reader, UINT32_MAX, &tag) || tag >> 3 == 0 || (tag & 7) > LF_PROTO_W_I32)
        return false;
    *ret_number = (uint32_t)(tag >> 3);
    *ret_wire = (enum lf_proto_wire)(tag & 7);
    return true;
}

bool
lf_proto_read_length(struct lf_proto_reader *reader, struct lf_bytes *ret)
{
    const char *start = reader->at;
    uint64_t len;
    if (!read_short_varint(reader, INT32_MAX, &len))
        return false;
    if (len > (uint64_t)(reader->end - reader->at)) {
        reader->at = start;
        return false;
    }
    *ret = lf_bytes(reader->at, (size_t)len);
    reader->at += len;
    return true;
}

bool
lf_proto_read_fixed32(struct lf_proto_reader *reader, uint32_t *ret)
{
    if (reader->end - reader->at < 4)
        return false;
    uint32_t value = 0;
    for (int i = 3; i >= 0; i--)
        value = value << 8 | (unsigned char)reader->at[i];
    reader->at += 4;
    *ret = value;
    return true;
}

bool
lf_proto_read_fixed64(struct lf_proto_reader *reader, uint64_t *ret)
{
    if (reader->end - reader->at < 8)
        return false;
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | (unsigned char)reader->at[i];
    reader->at += 8;
    *ret = value;
    return true;
}

static bool
skip_one(struct lf_proto_reader *reader, enum lf_proto_wire wire)
{
    uint64_t number;
    uint32_t word;
    struct lf_bytes bytes;
    switch (wire) {
    case LF_PROTO_W_VARINT: return lf_proto_read_varint(reader, &number);
    case LF_PROTO_W_I64: return lf_proto_read_fixed64(reader, &number);
    case LF_PROTO_W_I32: return lf_proto_read_fixed32(reader, &word);
    case LF_PROTO_W_LEN: return lf_proto_read_length(reader, &bytes);
    default: return false;
    }
}

/* Up to the end of the group with that number, and of all that begin in it. */
static bool
skip_group(struct lf_proto_reader *reader, uint32_t number, unsigned depth)
{
    uint32_t open[LF_PROTO_DEPTH_MAX] = {number};
    enum lf_proto_wire wire;
    for (unsigned count = 1; count != 0;) {
        if (!lf_proto_read_tag(reader, &number, &wire))
            return false;
        if (wire == LF_PROTO_W_START) {
            if (count == depth || count == LF_PROTO_DEPTH_MAX)
                return false;
            open[count++] = number;
        } else if (wire == LF_PROTO_W_END) {
            if (open[--count] != number)
                return false;
        } else if (!skip_one(reader, wire)) {
            return false;
        }
    }
    return true;
}

bool
lf_proto_skip(struct lf_proto_reader *reader, uint32_t number, enum lf_proto_wire wire, unsigned depth)
{
    return wire == LF_PROTO_W_START ? depth != 0 && skip_group(reader, number, depth) : skip_one(reader, wire);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static size_t
put_varint(char out[10], uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        out[len++] = (char)(value | 0x80);
    out[len++] = (char)value;
    return len;
}

void
lf_proto_write_varint(struct lf_buf *out, uint64_t value)
{
    char bytes[10];
    lf_buf_add(out, lf_bytes(bytes, put_varint(bytes, value)));
}

void
lf_proto_write_tag(struct lf_buf *out, uint32_t number, enum lf_proto_wire wire)
{
    lf_proto_write_varint(out, (uint64_t)number << 3 | (uint64_t)wire);
}

void
lf_proto_write_fixed32(struct lf_buf *out, uint32_t value)
{
    char bytes[4];
    for (size_t i = 0; i < 4; i++, value >>= 8)
        bytes[i] = (char)(value & 0xff);
    lf_buf_add(out, lf_bytes(bytes, 4));
}

void
lf_proto_write_fixed64(struct lf_buf *out, uint64_t value)
{
    char bytes[8];
    for (size_t i = 0; i < 8; i++, value >>= 8)
        bytes[i] = (char)(value & 0xff);
    lf_buf_add(out, lf_bytes(bytes, 8));
}

size_t
lf_proto_begin_length(struct lf_buf *out)
{
    lf_buf_add_char(out, 0); /* most are shorter than 128 bytes */
    return out->len;
}

void
lf_proto_end_length(struct lf_buf *out, size_t begin)
{
    char bytes[10];
    if (out->failed != LF_OK)
        return;
    const size_t len = out->len - begin;
    const size_t more = put_varint(bytes, len) - 1;
    if (more != 0) {
        if (lf_buf_reserve(out, more) == NULL)
            return;
        memmove(out->ptr + begin + more, out->ptr + begin, len);
        lf_buf_commit(out, more);
    }
    memcpy(out->ptr + begin - 1, bytes, more + 1);
}

enum lf_proto_wire
lf_proto_wire_of(const struct lf_proto_field *field)
{
    switch (field->type) {
    case LF_PROTO_DOUBLE:
    case LF_PROTO_FIXED64:
    case LF_PROTO_SFIXED64: return LF_PROTO_W_I64;
    case LF_PROTO_FLOAT:
    case LF_PROTO_FIXED32:
    case LF_PROTO_SFIXED32: return LF_PROTO_W_I32;
    case LF_PROTO_STRING:
    case LF_PROTO_BYTES: return LF_PROTO_W_LEN;
    case LF_PROTO_MESSAGE: return field->delimited ? LF_PROTO_W_START : LF_PROTO_W_LEN;
    default: return LF_PROTO_W_VARINT;
    }
}
