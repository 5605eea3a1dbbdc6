/* Decimals, with a magnitude of base 2^32 limbs, the lowest first: a thousand digits are 104 of them. */
#include "codec/avro/decimal.h"
#include "json/number.h"
#include "model/decimal.h"

#include <string.h>

enum { LIMBS_MAX = LF_AVRO_DECIMAL_BYTES_MAX / 4, CHUNK_DIGITS = 9, CHUNK = 1000000000 };

struct magnitude {
    uint32_t limbs[LIMBS_MAX + 1];
    size_t count;
};

/* a = a * factor + addend; there is room. */
static void
multiply_add(struct magnitude *a, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (size_t i = 0; i < a->count; i++) {
        carry += (uint64_t)a->limbs[i] * factor;
        a->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0)
        a->limbs[a->count++] = (uint32_t)carry;
}

/* a = a / divisor; returns the remainder. */
static uint32_t
divide(struct magnitude *a, uint32_t divisor)
{
    uint64_t rest = 0;
    for (size_t i = a->count; i > 0; i--) {
        rest = rest << 32 | a->limbs[i - 1];
        a->limbs[i - 1] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    while (a->count > 0 && a->limbs[a->count - 1] == 0)
        a->count--;
    return (uint32_t)rest;
}

static void
subtract_one(struct magnitude *a)
{
    for (size_t i = 0; i < a->count && a->limbs[i]-- == 0; i++)
        ;
    while (a->count > 0 && a->limbs[a->count - 1] == 0)
        a->count--;
}

size_t
lf_avro_decimal_digits(size_t size)
{
    /* log10(2); no power of two is a power of ten, so that rounding down is right */
    return size == 0 ? 0 : (size_t)((8 * (uint64_t)size - 1) * UINT64_C(30102999566) / UINT64_C(100000000000));
}

/* --- encoding ----------------------------------------------------------------------------------------------------- */

static bool
read_decimal(const struct lf_value *value, char space[LF_NUMBER_TEXT_SIZE], struct lf_decimal *ret)
{
    switch (value->type) {
    case LF_V_STRING:
        if (!lf_decimal_valid(lf_value_text(value)))
            return false;
        *ret = lf_decimal_of_text(lf_value_text(value));
        return true;
    case LF_V_INT:
    case LF_V_FLOAT:
        if (!lf_number_is_finite(value))
            return false;
        *ret = lf_decimal_of(value, space);
        return true;
    default: return false;
    }
}

/* The digits, and as many zeros behind them as make count digits. */
static void
load_digits(struct magnitude *a, const struct lf_decimal *decimal, size_t count)
{
    const char *at = decimal->first;
    for (size_t done = 0; done < count;) {
        const size_t len = count - done < CHUNK_DIGITS ? count - done : CHUNK_DIGITS;
        uint32_t chunk = 0, factor = 1;
        for (size_t i = 0; i < len; i++, factor *= 10) {
            at += at < decimal->end && *at == '.' ? 1 : 0;
            chunk = chunk * 10 + (at < decimal->end ? (uint32_t)(*at++ - '0') : 0);
        }
        multiply_add(a, factor, chunk);
        done += len;
    }
}

/* Two's complement at the end of space. */
static struct lf_bytes
write_bytes(struct magnitude *a, bool negative, char space[LF_AVRO_DECIMAL_BYTES_MAX])
{
    char *end = space + LF_AVRO_DECIMAL_BYTES_MAX;
    char *at = end;
    if (negative)
        subtract_one(a); /* -n is the complement of n - 1 */
    for (size_t i = 0; i < a->count * 4 && at > space; i++)
        *--at = (char)(a->limbs[i / 4] >> (8 * (i % 4)));
    while (at < end && *at == 0)
        at++;
    if (at == end || ((unsigned char)*at & 0x80) != 0)
        *--at = 0;
    for (char *byte = at; negative && byte < end; byte++)
        *byte = (char)~*byte;
    return lf_bytes(at, (size_t)(end - at));
}

struct lf_bytes
lf_avro_decimal_encode(const struct lf_value *value, uint32_t precision, uint32_t scale,
                       char space[LF_AVRO_DECIMAL_BYTES_MAX])
{
    char text[LF_NUMBER_TEXT_SIZE];
    struct lf_decimal decimal;
    struct magnitude magnitude;
    magnitude.count = 0;
    if (!read_decimal(value, text, &decimal))
        return LF_BYTES_NONE;
    const int64_t digits = decimal.count != 0 ? decimal.point + (int64_t)scale : 0;
    if (digits > (int64_t)precision || digits < (int64_t)decimal.count) /* the second: too many behind the point */
        return LF_BYTES_NONE;
    load_digits(&magnitude, &decimal, (size_t)digits);
    return write_bytes(&magnitude, decimal.negative, space);
}

/* --- decoding ----------------------------------------------------------------------------------------------------- */

/* Two's complement -> magnitude; false if it is too large. */
static bool
load_bytes(struct magnitude *a, struct lf_bytes bytes, bool negative)
{
    const unsigned char flip = negative ? 0xff : 0;
    while (bytes.len > 0 && (unsigned char)*bytes.ptr == flip)
        bytes = lf_bytes(bytes.ptr + 1, bytes.len - 1);
    if (bytes.len > LF_AVRO_DECIMAL_BYTES_MAX)
        return false;
    a->count = (bytes.len + 3) / 4;
    memset(a->limbs, 0, sizeof(a->limbs));
    for (size_t i = 0; i < bytes.len; i++) {
        const uint32_t byte = (unsigned char)bytes.ptr[bytes.len - 1 - i] ^ flip;
        a->limbs[i / 4] |= byte << (8 * (i % 4));
    }
    if (negative)
        multiply_add(a, 1, 1);
    return true;
}

/* All digits at the end of space, the last ones first; "0" has none. ptr NULL: more than digits_max. */
static struct lf_bytes
write_digits(struct magnitude *a, size_t digits_max, char space[LF_AVRO_DECIMAL_TEXT_MAX + CHUNK_DIGITS])
{
    char *end = space + LF_AVRO_DECIMAL_TEXT_MAX + CHUNK_DIGITS;
    char *at = end;
    while (a->count > 0) {
        uint32_t chunk = divide(a, CHUNK);
        if ((size_t)(end - at) > digits_max)
            return LF_BYTES_NONE;
        for (int i = 0; i < CHUNK_DIGITS; i++, chunk /= 10)
            *--at = (char)('0' + chunk % 10);
    }
    while (at < end && *at == '0')
        at++;
    const size_t len = (size_t)(end - at);
    return len <= digits_max ? lf_bytes(at, len) : LF_BYTES_NONE;
}

/* Sign, digits, point; scale digits behind it but for the zeros at their end. */
static size_t
layout(struct lf_bytes digits, bool negative, size_t scale, char *out)
{
    char *at = out;
    if (negative)
        *at++ = '-';
    const size_t whole = digits.len > scale ? digits.len - scale : 0;
    if (whole == 0)
        *at++ = '0';
    memcpy(at, digits.ptr, whole);
    at += whole;
    *at++ = '.';
    for (size_t i = digits.len - whole; i < scale; i++)
        *at++ = '0';
    memcpy(at, digits.ptr + whole, digits.len - whole);
    at += digits.len - whole;
    while (at[-1] == '0')
        at--;
    if (at[-1] == '.')
        at--;
    *at = '\0';
    return (size_t)(at - out);
}

size_t
lf_avro_decimal_decode(struct lf_bytes bytes, uint32_t precision, uint32_t scale, char out[LF_AVRO_DECIMAL_TEXT_MAX])
{
    char space[LF_AVRO_DECIMAL_TEXT_MAX + CHUNK_DIGITS];
    struct magnitude magnitude;
    if (bytes.len == 0)
        return 0;
    const bool negative = ((unsigned char)*bytes.ptr & 0x80) != 0;
    if (!load_bytes(&magnitude, bytes, negative))
        return 0;
    struct lf_bytes digits = write_digits(&magnitude, precision, space);
    return digits.ptr != NULL ? layout(digits, negative, scale, out) : 0;
}
