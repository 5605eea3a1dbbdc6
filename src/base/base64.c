/* Base64. */
#include "base/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
lf_base64_write(struct lf_buf *out, struct lf_bytes bytes, bool url)
{
    const char *digits = url ? url_safe : standard;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t word = 0;
        for (size_t k = 0; k < 3; k++)
            word = word << 8 | (k < n ? (unsigned char)bytes.ptr[i + k] : 0u);
        char text[4];
        for (size_t k = 0; k < 4; k++)
            text[k] = k <= n ? digits[word >> (18 - 6 * k) & 63] : '=';
        lf_buf_add(out, lf_bytes(text, url ? n + 1 : 4));
    }
}

static int
base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

enum lf_status
lf_base64_read(struct lf_bytes text, struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err)
{
    while (text.len != 0 && text.ptr[text.len - 1] == '=')
        text.len--;
    if (text.len % 4 == 1)
        return lf_fail(err, LF_INVALID, "%zu characters cannot be base64", text.len);
    char *out = lf_arena_alloc(arena, text.len + 1);
    if (out == NULL)
        return lf_no_memory(err);
    uint32_t word = 0;
    unsigned bits = 0;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = base64_digit(text.ptr[i]);
        if (digit < 0)
            return lf_fail(err, LF_INVALID, "character %zu is not of base64", i);
        word = word << 6 | (uint32_t)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[len++] = (char)(word >> bits & 0xff);
        }
    }
    out[len] = '\0';
    *ret = lf_bytes(out, len);
    return LF_OK;
}
