/*
 * How a record says which schema its value was written with, as Confluent's serializers do it:
 *
 *   in the value    | 0 | id, 4 bytes, big-endian | payload …            the usual form
 *                   | 1 | GUID, 16 bytes          | payload …
 *   in the header   "__value_schema_id" holds the same bytes, and the value is the payload alone
 *
 * With Protobuf, indexes follow the id: which message of the file it is, and which one within that: their number and
 * each of them as a zigzag varint; a single 0 stands for "the first message". Pure.
 */
#ifndef LF_CODEC_REGISTRY_WIRE_H
#define LF_CODEC_REGISTRY_WIRE_H

#include "base/arena.h"
#include "base/buf.h"

#define LF_SCHEMA_ID_HEADER LF_LIT("__value_schema_id")

enum { LF_WIRE_PREFIX_BYTES = 5, LF_WIRE_INDEXES_MAX = 32 };

/* Which schema; usable as a key: two names are equal if their bytes are. */
struct lf_schema_name {
    bool by_guid;
    uint32_t id; /* 0 by GUID */
    uint8_t guid[16];
};

/* Reads the name in front of bytes; *ret_rest is what follows it. LF_INVALID: no such thing, with words. */
LF_NODISCARD enum lf_status lf_wire_read_name(struct lf_bytes bytes, struct lf_schema_name *ret,
                                              struct lf_bytes *ret_rest, struct lf_err *err);
/* Reads Protobuf's indexes in front of bytes, at most LF_WIRE_INDEXES_MAX; LF_INVALID. */
LF_NODISCARD enum lf_status lf_wire_read_indexes(struct lf_bytes bytes, int32_t ret[LF_WIRE_INDEXES_MAX],
                                                 size_t *ret_count, struct lf_bytes *ret_rest, struct lf_err *err);
/* Appends the usual form of a name, and indexes. */
void lf_wire_write_id(struct lf_buf *out, uint32_t id);
void lf_wire_write_indexes(struct lf_buf *out, const int32_t *indexes, size_t count);

#endif
