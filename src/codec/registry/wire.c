/* Confluent's wire format. */
#include "codec/registry/wire.h"

#include <string.h>

enum { BY_ID = 0, BY_GUID = 1, GUID_BYTES = 16 };

enum lf_status
lf_wire_read_name(struct lf_bytes bytes, struct lf_schema_name *ret, struct lf_bytes *ret_rest, struct lf_err *err)
{
    struct lf_schema_name name;
    memset(&name, 0, sizeof(name));
    size_t used = 0;
    if (bytes.len == 0)
        return lf_fail(err, LF_INVALID, "no magic byte");
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    if (at[0] == BY_ID && bytes.len >= LF_WIRE_PREFIX_BYTES) {
        name.id = (uint32_t)at[1] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 8 | at[4];
        used = LF_WIRE_PREFIX_BYTES;
    } else if (at[0] == BY_GUID && bytes.len >= 1 + GUID_BYTES) {
        name.by_guid = true;
        memcpy(name.guid, at + 1, GUID_BYTES);
        used = 1 + GUID_BYTES;
    } else if (at[0] == BY_ID || at[0] == BY_GUID) {
        return lf_fail(err, LF_INVALID, "a magic byte without a whole schema id");
    } else {
        return lf_fail(err, LF_INVALID, "the first byte, 0x%02x, is no magic byte of a schema id", at[0]);
    }
    *ret = name;
    *ret_rest = lf_bytes(bytes.ptr + used, bytes.len - used);
    return LF_OK;
}

/* A zigzag varint that is no negative int32 and not longer than need be. */
static bool
read_varint(struct lf_bytes *bytes, int32_t *ret)
{
    uint64_t zigzag = 0;
    for (unsigned shift = 0; shift < 35 && bytes->len > 0; shift += 7) {
        unsigned char byte = (unsigned char)bytes->ptr[0];
        *bytes = lf_bytes(bytes->ptr + 1, bytes->len - 1);
        zigzag |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) != 0)
            continue;
        if ((zigzag & 1) != 0 || zigzag >> 1 > INT32_MAX)
            return false;
        *ret = (int32_t)(zigzag >> 1);
        return true;
    }
    return false;
}

enum lf_status
lf_wire_read_indexes(struct lf_bytes bytes, int32_t ret[LF_WIRE_INDEXES_MAX], size_t *ret_count,
                     struct lf_bytes *ret_rest, struct lf_err *err)
{
    int32_t count = 0;
    bool good = read_varint(&bytes, &count) && count <= LF_WIRE_INDEXES_MAX;
    ret[0] = 0;
    for (int32_t i = 0; good && i < count; i++)
        good = read_varint(&bytes, &ret[i]);
    if (!good)
        return lf_fail(err, LF_INVALID, "the message indexes behind the schema id are damaged");
    *ret_count = count == 0 ? 1 : (size_t)count;
    *ret_rest = bytes;
    return LF_OK;
}

void
lf_wire_write_id(struct lf_buf *out, uint32_t id)
{
    const char bytes[LF_WIRE_PREFIX_BYTES] = {BY_ID, (char)(id >> 24), (char)(id >> 16), (char)(id >> 8), (char)id};
    lf_buf_add(out, lf_bytes(bytes, sizeof(bytes)));
}

static void
write_varint(struct lf_buf *out, int32_t number)
{
    uint64_t zigzag = (uint64_t)number << 1;
    for (; zigzag > 0x7f; zigzag >>= 7)
        lf_buf_add_char(out, (char)(zigzag | 0x80));
    lf_buf_add_char(out, (char)zigzag);
}

void
lf_wire_write_indexes(struct lf_buf *out, const int32_t *indexes, size_t count)
{
    if (count == 1 && indexes[0] == 0) {
        write_varint(out, 0);
        return;
    }
    write_varint(out, (int32_t)count);
    for (size_t i = 0; i < count; i++)
        write_varint(out, indexes[i]);
}
