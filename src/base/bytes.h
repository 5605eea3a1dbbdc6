/* A view of bytes: pointer and length, passed by value, owns nothing, need not end in NUL. */
#ifndef LF_BASE_BYTES_H
#define LF_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lf_bytes {
    const char *ptr;
    size_t len;
};

#define LF_BYTES_NONE ((struct lf_bytes){NULL, 0})
/* A view of a string literal. */
#define LF_LIT(text) ((struct lf_bytes){"" text, sizeof(text) - 1})
/* The same as an initialiser of something static. */
#define LF_LIT_INIT(text) {"" text, sizeof(text) - 1}
/* Arguments for printf's "%.*s". */
#define LF_FMT(bytes) (int)((bytes).len < 4096 ? (bytes).len : 4096), ((bytes).ptr != NULL ? (bytes).ptr : "")

/* A view of a NUL-terminated string (NULL gives the empty view with a NULL pointer). */
struct lf_bytes lf_bytes_of(const char *text);
static inline struct lf_bytes
lf_bytes(const char *ptr, size_t len)
{
    return (struct lf_bytes){ptr, len};
}

bool lf_bytes_equal(struct lf_bytes a, struct lf_bytes b);
bool lf_bytes_equal_text(struct lf_bytes a, const char *text);
bool lf_bytes_equal_nocase(struct lf_bytes a, struct lf_bytes b); /* ASCII letters only */
bool lf_bytes_starts_with(struct lf_bytes a, struct lf_bytes prefix);
bool lf_bytes_ends_with(struct lf_bytes a, struct lf_bytes suffix);
/* Order as memcmp, then by length. */
int lf_bytes_compare(struct lf_bytes a, struct lf_bytes b);
/* Index of the first c, or SIZE_MAX. */
size_t lf_bytes_index(struct lf_bytes a, char c);
/* Without leading and trailing spaces and tabs. */
struct lf_bytes lf_bytes_trim(struct lf_bytes a);
/* The value of a hexadecimal digit of either case; -1 for anything else. */
int lf_hex_digit(char c);

/* Whole view as a decimal integer without leading zeros or plus; false if it is not one or does not fit. */
bool lf_bytes_to_i64(struct lf_bytes a, int64_t *ret);
bool lf_bytes_to_u64(struct lf_bytes a, uint64_t *ret);
/* Whole view as a JSON number; false if it is not one. Overflow gives an infinity. Independent of the locale. */
bool lf_bytes_to_f64(struct lf_bytes a, double *ret);

/* Keyed hash (SipHash-1-3 with a key drawn at start-up): safe against chosen keys; differs between processes. */
uint64_t lf_bytes_hash(struct lf_bytes a);

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). If not, *ret_at is the offset. */
bool lf_utf8_valid(struct lf_bytes a, size_t *ret_at);
/* Number of code points of well-formed UTF-8. */
size_t lf_utf8_count(struct lf_bytes a);
/* Appends a code point to out (4 bytes of room); returns bytes written, 0 for a surrogate or beyond U+10FFFF. */
size_t lf_utf8_encode(uint32_t code, char out[4]);

#endif
