/* The wire format: https://protobuf.dev/programming-guides/encoding/ For the files of this folder. */
#ifndef LF_CODEC_PROTOBUF_WIRE_H
#define LF_CODEC_PROTOBUF_WIRE_H

#include "base/buf.h"
#include "codec/protobuf/schema.h"

enum lf_proto_wire {
    LF_PROTO_W_VARINT = 0,
    LF_PROTO_W_I64 = 1,
    LF_PROTO_W_LEN = 2,
    LF_PROTO_W_START = 3, /* of a group */
    LF_PROTO_W_END = 4,
    LF_PROTO_W_I32 = 5,
};

/* What is left to read. */
struct lf_proto_reader {
    const char *at;
    const char *end;
};

/*
 * Each takes something off the front; false if it is cut off or malformed. As the reference readers have it a varint
 * may be longer than it needs to be, up to 10 bytes; tags and lengths up to 5 and within their range.
 */
bool lf_proto_read_varint(struct lf_proto_reader *reader, uint64_t *ret);
bool lf_proto_read_tag(struct lf_proto_reader *reader, uint32_t *ret_number, enum lf_proto_wire *ret_wire);
bool lf_proto_read_length(struct lf_proto_reader *reader, struct lf_bytes *ret); /* and the bytes that it counts */
bool lf_proto_read_fixed32(struct lf_proto_reader *reader, uint32_t *ret);
bool lf_proto_read_fixed64(struct lf_proto_reader *reader, uint64_t *ret);
/* The value after a tag, groups with all that is in them, nested at most depth deep. */
bool lf_proto_skip(struct lf_proto_reader *reader, uint32_t number, enum lf_proto_wire wire, unsigned depth);

void lf_proto_write_varint(struct lf_buf *out, uint64_t value);
void lf_proto_write_tag(struct lf_buf *out, uint32_t number, enum lf_proto_wire wire);
void lf_proto_write_fixed32(struct lf_buf *out, uint32_t value);
void lf_proto_write_fixed64(struct lf_buf *out, uint64_t value);
/* A length, written when what it counts is there: begin returns where, end puts it there. */
size_t lf_proto_begin_length(struct lf_buf *out);
void lf_proto_end_length(struct lf_buf *out, size_t begin);

/* The wire type of one value of a type; delimited messages are groups. */
enum lf_proto_wire lf_proto_wire_of(const struct lf_proto_field *field);

static inline uint64_t
lf_proto_zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}
static inline int64_t
lf_proto_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

#endif
