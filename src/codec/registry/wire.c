/* Confluent's wire format. */
#include "codec/registry/wire.h"

#include <string.h>

enum { BY_ID = 0, BY_GUID = 1, GUID_BYTES = 16 };

enum lf_status
lf_wire_read_name(struct lf_bytes bytes, struct lf_schema_name *ret, struct lf_bytes *ret_rest, struct lf_err *err)
{
    struct lf_schema_name name = {0};
    size_t used = 0;
    if (bytes.len == 0)
        return lf_fail(err, LF_INVALID, "no magic byte");
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    if (at[0] == BY_ID && bytes.len >= LF_WIRE_PREFIX_BYTES) {
        name.id = (uint32_t)at[1] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 8 | at[4];
        used = LF_WIRE_PREFIX_BYTES;
    } else if (at[0] == BY_GUID && bytes.len >= 1 + GUID_BYTES) {
        name.by_guid = 1;
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

void
lf_wire_write_id(struct lf_buf *out, uint32_t id)
{
    const char bytes[LF_WIRE_PREFIX_BYTES] = {BY_ID, (char)(id >> 24), (char)(id >> 16), (char)(id >> 8), (char)id};
    lf_buf_add(out, lf_bytes(bytes, sizeof(bytes)));
}
