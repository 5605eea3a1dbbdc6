/*
 * A growing byte buffer that knows its maximum. Owner of its memory; one thread at a time.
 * Appending past the maximum or out of memory sets a sticky failure and leaves the content as it was: write a whole
 * message, then ask lf_buf_status() once.
 */
#ifndef LF_BASE_BUF_H
#define LF_BASE_BUF_H

#include "base/bytes.h"
#include "base/err.h"

struct lf_buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max;
    enum lf_status failed; /* LF_OK, LF_LIMIT or LF_NO_MEMORY */
};

/* An empty buffer that may hold at most max bytes. Allocates nothing yet. */
void lf_buf_init(struct lf_buf *buf, size_t max);
void lf_buf_release(struct lf_buf *buf); /* twice is fine; leaves it empty with the same maximum */
void lf_buf_clear(struct lf_buf *buf);   /* empty again, keeps the memory, forgets a failure */

void lf_buf_add(struct lf_buf *buf, struct lf_bytes bytes);
void lf_buf_add_text(struct lf_buf *buf, const char *text);
void lf_buf_add_char(struct lf_buf *buf, char c);
void lf_buf_add_i64(struct lf_buf *buf, int64_t value);
void lf_buf_add_u64(struct lf_buf *buf, uint64_t value);
void lf_buf_printf(struct lf_buf *buf, const char *fmt, ...) LF_PRINTF(2, 3);
/* Room for len more bytes to write into directly, or NULL (failure set). Commit with lf_buf_commit(). */
char *lf_buf_reserve(struct lf_buf *buf, size_t len);
void lf_buf_commit(struct lf_buf *buf, size_t len);

/* Borrowed view; valid until the next change. */
static inline struct lf_bytes
lf_buf_view(const struct lf_buf *buf)
{
    return (struct lf_bytes){buf->ptr, buf->len};
}

/* LF_OK, or what went wrong since init or clear, with the text in err. */
LF_NODISCARD enum lf_status lf_buf_status(const struct lf_buf *buf, struct lf_err *err);

#endif
