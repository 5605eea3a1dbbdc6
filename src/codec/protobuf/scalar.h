/* Scalars: from values to what stands on the wire, and back. For the files of this folder. */
#ifndef LF_CODEC_PROTOBUF_SCALAR_H
#define LF_CODEC_PROTOBUF_SCALAR_H

#include "codec/protobuf/wire.h"
#include "json/pointer.h"

/* LF_INVALID with the place of step. */
enum lf_status lf_proto_fail(struct lf_err *err, const struct lf_json_step *step, const char *fmt, ...) LF_PRINTF(3, 4);

/* A scalar as it is written: bits of numbers, bools and enums, bytes of strings and bytes. */
struct lf_proto_scalar {
    uint64_t bits; /* of floats their pattern, of signed types in 64 bits; not in zigzag */
    struct lf_bytes bytes;
};

/* What a value is as the field's type; bytes in arena. False: the type cannot hold it; or memory has run out: no_memory
 * says so. */
bool lf_proto_scalar_of(const struct lf_proto_field *field, const struct lf_value *value, struct lf_arena *arena,
                        struct lf_proto_scalar *ret, bool *no_memory);
/* What a field's type holds, for "must be …". */
const char *lf_proto_scalar_words(const struct lf_proto_field *field);
/* The key of a map from the name of a member. */
bool lf_proto_key_of(const struct lf_proto_field *field, struct lf_bytes name, struct lf_proto_scalar *ret);
bool lf_proto_scalar_is_zero(const struct lf_proto_field *field, const struct lf_proto_scalar *scalar);
/* The order of keys in maps. */
int lf_proto_scalar_compare(const struct lf_proto_field *field, const struct lf_proto_scalar *a,
                            const struct lf_proto_scalar *b);
void lf_proto_scalar_write(struct lf_buf *out, const struct lf_proto_field *field,
                           const struct lf_proto_scalar *scalar);
/* Takes one off the front, without its tag; bytes are a view. False: cut off or malformed, or no UTF-8. */
bool lf_proto_scalar_read(struct lf_proto_reader *reader, const struct lf_proto_field *field,
                          struct lf_proto_scalar *ret);
/* The value of a scalar, in arena; false out of memory. Numbers of enums that have no name stay numbers. */
bool lf_proto_value_of(const struct lf_proto_field *field, const struct lf_proto_scalar *scalar, struct lf_arena *arena,
                       struct lf_value *ret);
/* The key of a map as the name of a member. */
bool lf_proto_name_of_key(const struct lf_proto_field *field, const struct lf_proto_scalar *scalar,
                          struct lf_arena *arena, struct lf_bytes *ret);

bool lf_proto_value_of_u64(uint64_t number, struct lf_arena *arena, struct lf_value *ret);
struct lf_value lf_proto_value_of_double(double number);
bool lf_proto_value_of_float(float number, struct lf_arena *arena, struct lf_value *ret);
bool lf_proto_value_of_bytes(struct lf_bytes bytes, struct lf_arena *arena, struct lf_value *ret);

#endif
