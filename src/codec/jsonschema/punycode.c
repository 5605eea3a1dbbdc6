/* RFC 3492, section 6: generalized integers with adapting bias. */
#include "codec/jsonschema/punycode.h"

#include <string.h>

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST_CODE = 128 };

bool
lf_js_code_points(struct lf_bytes text, uint32_t *codes, size_t max, size_t *ret_count)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; count++) {
        const unsigned char *at = (const unsigned char *)text.ptr + i;
        size_t size = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
        uint32_t code = size == 1 ? at[0] : at[0] & (0x7fU >> size);
        if (count == max || size > text.len - i)
            return false;
        for (size_t k = 1; k < size; k++)
            code = code << 6 | (at[k] & 0x3fU);
        codes[count] = code;
        i += size;
    }
    *ret_count = count;
    return true;
}

static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t
threshold(uint32_t k, uint32_t bias)
{
    return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

struct output {
    char *text;
    size_t len;
};

static bool
put(struct output *out, char c)
{
    if (out->len == LF_JS_LABEL_MAX)
        return false;
    out->text[out->len++] = c;
    return true;
}

static bool
put_integer(struct output *out, uint32_t number, uint32_t bias)
{
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = threshold(k, bias);
        uint32_t digit = number < t ? number : t + (number - t) % (BASE - t);
        if (!put(out, (char)(digit < 26 ? 'a' + digit : '0' + digit - 26)))
            return false;
        if (number < t)
            return true;
        number = (number - t) / (BASE - t);
    }
}

/* The least code point that is not below least. */
static uint32_t
next_code(const uint32_t *codes, size_t count, uint32_t least)
{
    uint32_t next = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        if (codes[i] >= least && codes[i] < next)
            next = codes[i];
    }
    return next;
}

bool
lf_js_punycode_encode(const uint32_t *codes, size_t count, char text[LF_JS_LABEL_MAX], size_t *ret_len)
{
    struct output out = {text, 0};
    uint32_t done = 0;
    for (size_t i = 0; i < count; i++) {
        if (codes[i] < FIRST_CODE && !put(&out, (char)codes[i]))
            return false;
        done += codes[i] < FIRST_CODE ? 1 : 0;
    }
    const uint32_t basic = done;
    if (basic > 0 && !put(&out, '-'))
        return false;
    uint32_t code = FIRST_CODE;
    uint32_t bias = FIRST_BIAS;
    uint32_t delta = 0; /* count is small: it cannot overflow */
    while (done < count) {
        uint32_t next = next_code(codes, count, code);
        delta += (next - code) * (done + 1);
        code = next;
        for (size_t i = 0; i < count; i++) {
            if (codes[i] == code) {
                if (!put_integer(&out, delta, bias))
                    return false;
                bias = adapt(delta, done + 1, done == basic);
                delta = 0;
                done++;
            } else if (codes[i] < code) {
                delta++;
            }
        }
        delta++;
        code++;
    }
    *ret_len = out.len;
    return true;
}

static uint32_t
digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 26;
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a');
    return c >= 'A' && c <= 'Z' ? (uint32_t)(c - 'A') : BASE;
}

static bool
take_integer(struct lf_bytes text, size_t *at, uint32_t bias, uint64_t *number)
{
    uint64_t weight = 1;
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t digit = *at < text.len ? digit_of(text.ptr[(*at)++]) : BASE;
        uint32_t t = threshold(k, bias);
        if (digit == BASE || weight > UINT32_MAX)
            return false;
        *number += digit * weight;
        if (*number > UINT32_MAX)
            return false;
        if (digit < t)
            return true;
        weight *= BASE - t;
    }
}

bool
lf_js_punycode_decode(struct lf_bytes text, uint32_t codes[LF_JS_LABEL_MAX], size_t *ret_count)
{
    size_t count = 0;
    size_t basic = text.len;
    while (basic > 0 && text.ptr[basic - 1] != '-')
        basic--;
    for (size_t i = 0; i + 1 < basic; i++) {
        if ((unsigned char)text.ptr[i] >= FIRST_CODE || count == LF_JS_LABEL_MAX)
            return false;
        codes[count++] = (unsigned char)text.ptr[i];
    }
    uint64_t code = FIRST_CODE;
    uint64_t at = 0;
    uint32_t bias = FIRST_BIAS;
    for (size_t i = basic; i < text.len;) {
        uint64_t before = at;
        if (count == LF_JS_LABEL_MAX || !take_integer(text, &i, bias, &at))
            return false;
        bias = adapt((uint32_t)(at - before), (uint32_t)count + 1, before == 0);
        code += at / (count + 1);
        at %= count + 1;
        if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return false;
        memmove(codes + at + 1, codes + at, (count - at) * sizeof(*codes));
        codes[at++] = (uint32_t)code;
        count++;
    }
    *ret_count = count;
    return true;
}
