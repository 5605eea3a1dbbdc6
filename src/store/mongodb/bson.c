/* BSON, written to a buffer: what libbson does, but running out of memory is an answer here, not the end. */
#include "store/mongodb/mongodb.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

static void
put_32(struct lf_buf *out, uint32_t value)
{
    value = htole32(value);
    lf_buf_add(out, lf_bytes((const char *)&value, sizeof(value)));
}

static void
put_64(struct lf_buf *out, uint64_t value)
{
    value = htole64(value);
    lf_buf_add(out, lf_bytes((const char *)&value, sizeof(value)));
}

static void
put_key(struct lf_buf *out, enum lf_bson_type type, struct lf_bytes key)
{
    lf_buf_add_char(out, (char)type);
    lf_buf_add(out, key);
    lf_buf_add_char(out, '\0');
}

size_t
lf_bson_begin(struct lf_buf *out)
{
    size_t start = out->len;
    put_32(out, 0);
    return start;
}

size_t
lf_bson_open(struct lf_buf *out, enum lf_bson_type type, struct lf_bytes key)
{
    put_key(out, type, key);
    return lf_bson_begin(out);
}

void
lf_bson_end(struct lf_buf *out, size_t start)
{
    lf_buf_add_char(out, '\0');
    if (out->failed != LF_OK)
        return;
    uint32_t size = htole32((uint32_t)(out->len - start));
    memcpy(out->ptr + start, &size, sizeof(size));
}

void
lf_bson_embed(struct lf_buf *out, enum lf_bson_type type, struct lf_bytes key, struct lf_bytes document)
{
    put_key(out, type, key);
    lf_buf_add(out, document);
}

struct lf_bytes
lf_bson_index(size_t index, char out[24])
{
    return lf_bytes(out, (size_t)snprintf(out, 24, "%zu", index));
}

void
lf_bson_text(struct lf_buf *out, struct lf_bytes key, struct lf_bytes text)
{
    if (text.ptr == NULL) {
        lf_bson_null(out, key);
        return;
    }
    put_key(out, LF_BSON_TEXT, key);
    put_32(out, (uint32_t)text.len + 1);
    lf_buf_add(out, text);
    lf_buf_add_char(out, '\0');
}

void
lf_bson_bytes(struct lf_buf *out, struct lf_bytes key, struct lf_bytes bytes)
{
    if (bytes.ptr == NULL || lf_utf8_valid(bytes, NULL)) {
        lf_bson_text(out, key, bytes);
        return;
    }
    put_key(out, LF_BSON_BINARY, key);
    put_32(out, (uint32_t)bytes.len);
    lf_buf_add_char(out, '\0'); /* subtype: generic */
    lf_buf_add(out, bytes);
}

void
lf_bson_int32(struct lf_buf *out, struct lf_bytes key, int32_t integer)
{
    put_key(out, LF_BSON_INT32, key);
    put_32(out, (uint32_t)integer);
}

void
lf_bson_int64(struct lf_buf *out, struct lf_bytes key, int64_t integer)
{
    put_key(out, LF_BSON_INT64, key);
    put_64(out, (uint64_t)integer);
}

void
lf_bson_double(struct lf_buf *out, struct lf_bytes key, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    put_key(out, LF_BSON_DOUBLE, key);
    put_64(out, bits);
}

void
lf_bson_bool(struct lf_buf *out, struct lf_bytes key, bool yes)
{
    put_key(out, LF_BSON_BOOL, key);
    lf_buf_add_char(out, yes ? 1 : 0);
}

void
lf_bson_null(struct lf_buf *out, struct lf_bytes key)
{
    put_key(out, LF_BSON_NULL, key);
}

void
lf_bson_date(struct lf_buf *out, struct lf_bytes key, int64_t ms)
{
    put_key(out, LF_BSON_DATE, key);
    put_64(out, (uint64_t)ms);
}

size_t
lf_bson_last_int64(const struct lf_buf *out)
{
    return out->len >= sizeof(int64_t) ? out->len - sizeof(int64_t) : 0;
}

void
lf_bson_patch_int64(struct lf_buf *out, size_t at, int64_t integer)
{
    LF_ASSERT(out->failed == LF_OK && at + sizeof(integer) <= out->len);
    uint64_t bytes = htole64((uint64_t)integer);
    memcpy(out->ptr + at, &bytes, sizeof(bytes));
}

/* ---- reading ---- */

static bool
find(const bson_t *document, const char *path, bson_iter_t *ret)
{
    bson_iter_t iter;
    return bson_iter_init(&iter, document) && bson_iter_find_descendant(&iter, path, ret);
}

struct lf_bytes
lf_bson_get_text(const bson_t *document, const char *path)
{
    bson_iter_t iter;
    uint32_t len = 0;
    if (!find(document, path, &iter))
        return LF_BYTES_NONE;
    if (BSON_ITER_HOLDS_UTF8(&iter)) {
        const char *text = bson_iter_utf8(&iter, &len);
        return lf_bytes(text, len);
    }
    if (BSON_ITER_HOLDS_BINARY(&iter)) {
        const uint8_t *bytes = NULL;
        bson_iter_binary(&iter, NULL, &len, &bytes);
        return lf_bytes((const char *)bytes, len);
    }
    return LF_BYTES_NONE;
}

int64_t
lf_bson_get_int(const bson_t *document, const char *path, int64_t none)
{
    bson_iter_t iter;
    if (!find(document, path, &iter))
        return none;
    switch (bson_iter_type(&iter)) {
    case BSON_TYPE_INT32: return bson_iter_int32(&iter);
    case BSON_TYPE_INT64: return bson_iter_int64(&iter);
    case BSON_TYPE_DATE_TIME: return bson_iter_date_time(&iter);
    default: return none;
    }
}
