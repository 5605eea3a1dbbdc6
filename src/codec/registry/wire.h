/*
 * How a record says which schema its value was written with, as Confluent's serializers do it:
 *
 *   in the value    | 0 | id, 4 bytes, big-endian | payload …            the usual form
 *                   | 1 | GUID, 16 bytes          | payload …
 *   in the header   "__value_schema_id" holds the same bytes, and the value is the payload alone
 *
 * With Protobuf, indexes follow the id: which message of the file it is (lf_proto_indexes_read()). Pure.
 */
#ifndef LF_CODEC_REGISTRY_WIRE_H
#define LF_CODEC_REGISTRY_WIRE_H

#include "base/arena.h"
#include "base/buf.h"

enum { LF_WIRE_PREFIX_BYTES = 5 };

/* Which schema; usable as a key, for it has no padding: two names are equal if their bytes are. */
struct lf_schema_name {
    uint32_t by_guid; /* 0 or 1 */
    uint32_t id;      /* 0 by GUID */
    uint8_t guid[16];
};

/* Reads the name in front of bytes; *ret_rest is what follows it. LF_INVALID: no such thing, with words. */
LF_NODISCARD enum lf_status lf_wire_read_name(struct lf_bytes bytes, struct lf_schema_name *ret,
                                              struct lf_bytes *ret_rest, struct lf_err *err);
/* Appends the usual form of a name. */
void lf_wire_write_id(struct lf_buf *out, uint32_t id);

#endif
