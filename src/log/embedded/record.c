/*
 * A record as it stands in a row of its topic's table:
 *
 *   +--------+-----------+-------+-----------+-------------+---------------+
 *   | offset | timestamp |  crc  | key       | value       | headers       |
 *   | rowid  | ms        | u32   | blob/null | blob/null   | blob/null     |
 *   +--------+-----------+-------+-----------+-------------+---------------+
 *   headers: for each  varint name length, name, varint value length + 1 (0: null), value
 *   crc:     CRC-32C of  topic 0xff offset timestamp (8 bytes each, little-endian)  and, for key, value and headers
 *            each,  the length + 1 (8 bytes, 0: null) and the bytes
 */
#include "log/embedded/embedded.h"

#include "log/crc32c.h"

#include <string.h>

static size_t
varint_size(uint64_t value)
{
    size_t size = 1;
    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

static char *
varint_write(char *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (char)(unsigned char)(value | 0x80);
    *at++ = (char)value;
    return at;
}

static bool
varint_read(struct lf_bytes *from, uint64_t *ret)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 35 && from->len != 0; shift += 7) {
        unsigned char byte = (unsigned char)*from->ptr;
        from->ptr++;
        from->len--;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = value;
            return true;
        }
    }
    return false;
}

/* ---- headers ---- */

bool
lf_emb_headers_size(const struct lf_record *record, size_t *ret)
{
    size_t size = 0;
    for (size_t i = 0; i < record->header_count; i++) {
        const struct lf_header *header = &record->headers[i];
        size_t value = header->value.ptr != NULL ? header->value.len + 1 : 0;
        size += varint_size(header->name.len) + header->name.len + varint_size(value) + header->value.len;
    }
    *ret = size;
    return size <= UINT32_MAX;
}

static char *
bytes_write(char *at, struct lf_bytes bytes)
{
    if (bytes.ptr != NULL)
        memcpy(at, bytes.ptr, bytes.len);
    return at + bytes.len;
}

void
lf_emb_headers_write(const struct lf_record *record, char *out)
{
    for (size_t i = 0; i < record->header_count; i++) {
        const struct lf_header *header = &record->headers[i];
        out = varint_write(out, header->name.len);
        out = bytes_write(out, header->name);
        out = varint_write(out, header->value.ptr != NULL ? header->value.len + 1 : 0);
        out = bytes_write(out, header->value);
    }
}

static bool
bytes_read(struct lf_bytes *from, uint64_t len, struct lf_bytes *ret)
{
    if (len > from->len)
        return false;
    *ret = lf_bytes(from->ptr, (size_t)len);
    from->ptr += len;
    from->len -= (size_t)len;
    return true;
}

static bool
header_read(struct lf_bytes *from, struct lf_header *ret)
{
    uint64_t len;
    if (!varint_read(from, &len) || !bytes_read(from, len, &ret->name) || !varint_read(from, &len))
        return false;
    ret->value = LF_BYTES_NONE;
    return len == 0 || bytes_read(from, len - 1, &ret->value);
}

enum lf_status
lf_emb_headers_read(struct lf_bytes bytes, struct lf_arena *arena, struct lf_record *record, struct lf_err *err)
{
    size_t count = 0;
    struct lf_header header;
    for (struct lf_bytes rest = bytes; rest.len != 0; count++) {
        if (!header_read(&rest, &header))
            return lf_fail(err, LF_CORRUPT, "the headers cannot be decoded");
    }
    struct lf_header *headers = NULL;
    if (count != 0) {
        headers = LF_ARENA_ARRAY(arena, struct lf_header, count);
        if (headers == NULL)
            return lf_no_memory(err);
    }
    for (size_t i = 0; i < count; i++)
        LF_ASSERT(header_read(&bytes, &headers[i]));
    record->headers = headers;
    record->header_count = count;
    return LF_OK;
}

/* ---- checksum ---- */

static void
number_write(unsigned char *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t
add_field(uint32_t crc, struct lf_bytes field)
{
    unsigned char len[8];
    number_write(len, field.ptr != NULL ? (uint64_t)field.len + 1 : 0);
    crc = lf_crc32c(crc, len, sizeof(len));
    return field.len != 0 ? lf_crc32c(crc, field.ptr, field.len) : crc;
}

uint32_t
lf_emb_checksum(struct lf_bytes topic, int64_t offset, int64_t timestamp_ms, struct lf_bytes key, struct lf_bytes value,
                struct lf_bytes headers)
{
    unsigned char place[17] = {0xff};
    number_write(place + 1, (uint64_t)offset);
    number_write(place + 9, (uint64_t)timestamp_ms);
    uint32_t crc = lf_crc32c(0, topic.ptr, topic.len);
    crc = lf_crc32c(crc, place, sizeof(place));
    crc = add_field(crc, key);
    crc = add_field(crc, value);
    return add_field(crc, headers);
}
