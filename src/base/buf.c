/* The growing buffer. */
#include "base/buf.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
lf_buf_init(struct lf_buf *buf, size_t max)
{
    *buf = (struct lf_buf){.max = max};
}

void
lf_buf_release(struct lf_buf *buf)
{
    lf_free(buf->ptr);
    *buf = (struct lf_buf){.max = buf->max};
}

void
lf_buf_clear(struct lf_buf *buf)
{
    buf->len = 0;
    buf->failed = LF_OK;
}

char *
lf_buf_reserve(struct lf_buf *buf, size_t len)
{
    if (buf->failed != LF_OK)
        return NULL;
    if (len > buf->max || buf->len > buf->max - len) {
        buf->failed = LF_LIMIT;
        return NULL;
    }
    size_t need = buf->len + len;
    if (need > buf->cap || buf->ptr == NULL) {
        size_t cap = buf->cap < 64 ? 64 : buf->cap;
        while (cap < need)
            cap = cap > buf->max / 2 ? buf->max : cap * 2;
        if (cap < need)
            cap = need;
        char *ptr = lf_realloc(buf->ptr, cap);
        if (ptr == NULL) {
            buf->failed = LF_NO_MEMORY;
            return NULL;
        }
        buf->ptr = ptr;
        buf->cap = cap;
    }
    return buf->ptr + buf->len;
}

void
lf_buf_commit(struct lf_buf *buf, size_t len)
{
    LF_ASSERT(buf->cap - buf->len >= len);
    buf->len += len;
}

void
lf_buf_add(struct lf_buf *buf, struct lf_bytes bytes)
{
    if (bytes.len == 0)
        return;
    char *at = lf_buf_reserve(buf, bytes.len);
    if (at == NULL)
        return;
    memcpy(at, bytes.ptr, bytes.len);
    buf->len += bytes.len;
}

void
lf_buf_add_text(struct lf_buf *buf, const char *text)
{
    lf_buf_add(buf, lf_bytes_of(text));
}

void
lf_buf_add_char(struct lf_buf *buf, char c)
{
    lf_buf_add(buf, lf_bytes(&c, 1));
}

void
lf_buf_add_u64(struct lf_buf *buf, uint64_t value)
{
    char text[20];
    size_t at = sizeof(text);
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    lf_buf_add(buf, lf_bytes(text + at, sizeof(text) - at));
}

void
lf_buf_add_i64(struct lf_buf *buf, int64_t value)
{
    if (value < 0)
        lf_buf_add_char(buf, '-');
    lf_buf_add_u64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void
lf_buf_printf(struct lf_buf *buf, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int need = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *at = need >= 0 ? lf_buf_reserve(buf, (size_t)need + 1) : NULL;
    if (at != NULL) {
        vsnprintf(at, (size_t)need + 1, fmt, again);
        buf->len += (size_t)need;
    }
    va_end(again);
}

enum lf_status
lf_buf_status(const struct lf_buf *buf, struct lf_err *err)
{
    if (buf->failed == LF_LIMIT)
        return lf_fail(err, LF_LIMIT, "more than the allowed %zu bytes", buf->max);
    if (buf->failed != LF_OK)
        return lf_no_memory(err);
    return LF_OK;
}
