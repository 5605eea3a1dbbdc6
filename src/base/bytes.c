/* Views of bytes: comparison, numbers, hashing, UTF-8. */
#include "base/bytes.h"
#include "base/mem.h"
#include "base/rand.h"

#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct lf_bytes
lf_bytes_of(const char *text)
{
    return text != NULL ? (struct lf_bytes){text, strlen(text)} : LF_BYTES_NONE;
}

bool
lf_bytes_equal(struct lf_bytes a, struct lf_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
lf_bytes_equal_text(struct lf_bytes a, const char *text)
{
    return lf_bytes_equal(a, lf_bytes_of(text));
}

bool
lf_bytes_equal_nocase(struct lf_bytes a, struct lf_bytes b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

bool
lf_bytes_starts_with(struct lf_bytes a, struct lf_bytes prefix)
{
    return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.ptr, prefix.ptr, prefix.len) == 0);
}

bool
lf_bytes_ends_with(struct lf_bytes a, struct lf_bytes suffix)
{
    return a.len >= suffix.len && (suffix.len == 0 || memcmp(a.ptr + a.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

int
lf_bytes_compare(struct lf_bytes a, struct lf_bytes b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n != 0 ? memcmp(a.ptr, b.ptr, n) : 0;
    if (order != 0)
        return order < 0 ? -1 : 1;
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

size_t
lf_bytes_index(struct lf_bytes a, char c)
{
    const char *at = a.len != 0 ? memchr(a.ptr, c, a.len) : NULL;
    return at != NULL ? (size_t)(at - a.ptr) : SIZE_MAX;
}

struct lf_bytes
lf_bytes_trim(struct lf_bytes a)
{
    while (a.len != 0 && (a.ptr[0] == ' ' || a.ptr[0] == '\t')) {
        a.ptr++;
        a.len--;
    }
    while (a.len != 0 && (a.ptr[a.len - 1] == ' ' || a.ptr[a.len - 1] == '\t'))
        a.len--;
    return a;
}

int
lf_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
lf_bytes_to_u64(struct lf_bytes a, uint64_t *ret)
{
    uint64_t value = 0;
    if (a.len == 0 || a.len > 20 || (a.ptr[0] == '0' && a.len > 1))
        return false;
    for (size_t i = 0; i < a.len; i++) {
        char c = a.ptr[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
            return false;
    }
    *ret = value;
    return true;
}

bool
lf_bytes_to_i64(struct lf_bytes a, int64_t *ret)
{
    uint64_t magnitude;
    bool negative = a.len != 0 && a.ptr[0] == '-';
    if (!lf_bytes_to_u64(negative ? lf_bytes(a.ptr + 1, a.len - 1) : a, &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1u : 0u))
        return false;
    *ret = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

static bool
is_json_number(struct lf_bytes a)
{
    size_t i = 0;
    if (i < a.len && a.ptr[i] == '-')
        i++;
    size_t digits = i;
    while (i < a.len && a.ptr[i] >= '0' && a.ptr[i] <= '9')
        i++;
    if (i == digits || (a.ptr[digits] == '0' && i - digits > 1))
        return false;
    if (i < a.len && a.ptr[i] == '.') {
        size_t fraction = ++i;
        while (i < a.len && a.ptr[i] >= '0' && a.ptr[i] <= '9')
            i++;
        if (i == fraction)
            return false;
    }
    if (i < a.len && (a.ptr[i] == 'e' || a.ptr[i] == 'E')) {
        i++;
        if (i < a.len && (a.ptr[i] == '+' || a.ptr[i] == '-'))
            i++;
        size_t exponent = i;
        while (i < a.len && a.ptr[i] >= '0' && a.ptr[i] <= '9')
            i++;
        if (i == exponent)
            return false;
    }
    return i == a.len;
}

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void
open_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool
lf_bytes_to_f64(struct lf_bytes a, double *ret)
{
    char text[64];
    if (!is_json_number(a))
        return false;
    pthread_once(&c_locale_once, open_c_locale);
    if (a.len < sizeof(text)) {
        memcpy(text, a.ptr, a.len);
        text[a.len] = '\0';
        *ret = c_locale != (locale_t)0 ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
        return true;
    }
    char *copy = lf_strndup(a.ptr, a.len); /* long numbers are rare */
    if (copy == NULL)
        return false;
    *ret = c_locale != (locale_t)0 ? strtod_l(copy, NULL, c_locale) : strtod(copy, NULL);
    lf_free(copy);
    return true;
}

static uint64_t hash_key[2];
static pthread_once_t hash_once = PTHREAD_ONCE_INIT;

static void
draw_hash_key(void)
{
    lf_rand_bytes(hash_key, sizeof(hash_key));
}

static inline uint64_t
rotl(uint64_t x, int b)
{
    return (x << b) | (x >> (64 - b));
}

#define SIP_ROUND(v)                                                                                                   \
    do {                                                                                                               \
        (v)[0] += (v)[1];                                                                                              \
        (v)[1] = rotl((v)[1], 13) ^ (v)[0];                                                                            \
        (v)[0] = rotl((v)[0], 32);                                                                                     \
        (v)[2] += (v)[3];                                                                                              \
        (v)[3] = rotl((v)[3], 16) ^ (v)[2];                                                                            \
        (v)[0] += (v)[3];                                                                                              \
        (v)[3] = rotl((v)[3], 21) ^ (v)[0];                                                                            \
        (v)[2] += (v)[1];                                                                                              \
        (v)[1] = rotl((v)[1], 17) ^ (v)[2];                                                                            \
        (v)[2] = rotl((v)[2], 32);                                                                                     \
    } while (0)

uint64_t
lf_bytes_hash(struct lf_bytes a)
{
    pthread_once(&hash_once, draw_hash_key);
    uint64_t v[4] = {hash_key[0] ^ UINT64_C(0x736f6d6570736575), hash_key[1] ^ UINT64_C(0x646f72616e646f6d),
                     hash_key[0] ^ UINT64_C(0x6c7967656e657261), hash_key[1] ^ UINT64_C(0x7465646279746573)};
    size_t i = 0;
    for (; i + 8 <= a.len; i += 8) {
        uint64_t m;
        memcpy(&m, a.ptr + i, 8);
        v[3] ^= m;
        SIP_ROUND(v);
        v[0] ^= m;
    }
    uint64_t last = (uint64_t)a.len << 56;
    if (i < a.len)
        memcpy(&last, a.ptr + i, a.len - i); /* little-endian tail; the length keeps the top byte */
    v[3] ^= last;
    SIP_ROUND(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    SIP_ROUND(v);
    SIP_ROUND(v);
    SIP_ROUND(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Length of the well-formed sequence at p (1 to 4), or 0. */
static size_t
utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char lead = p[0];
    if (lead < 0x80)
        return 1;
    size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < need)
        return 0;
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    return need;
}

bool
lf_utf8_valid(struct lf_bytes a, size_t *ret_at)
{
    const unsigned char *p = (const unsigned char *)a.ptr;
    size_t i = 0;
    while (i < a.len) {
        uint64_t word;
        if (a.len - i >= 8) { /* eight ASCII bytes at a time */
            memcpy(&word, p + i, 8);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                i += 8;
                continue;
            }
        }
        size_t n = utf8_sequence(p + i, a.len - i);
        if (n == 0) {
            if (ret_at != NULL)
                *ret_at = i;
            return false;
        }
        i += n;
    }
    return true;
}

size_t
lf_utf8_count(struct lf_bytes a)
{
    size_t count = 0;
    for (size_t i = 0; i < a.len; i++)
        count += ((unsigned char)a.ptr[i] & 0xc0) != 0x80;
    return count;
}

size_t
lf_utf8_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code >= 0xd800 && code <= 0xdfff)
        return 0;
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    if (code > 0x10ffff)
        return 0;
    out[0] = (char)(0xf0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}
