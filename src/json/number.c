/* Numbers: text to values, and values to a decimal that can be compared and written without loss. */
#include "json/number.h"
#include "base/ascii.h"
#include "json/json.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <yyjson.h>

#define EXPONENT_MAX INT64_C(100000000000000000) /* no text is long enough to make this overflow with its digits */

/* The exponent after 'e'; saturates. */
static int64_t
read_exponent(const char *at, const char *end)
{
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    int64_t exponent = 0;
    for (; at < end && exponent < EXPONENT_MAX; at++)
        exponent = exponent * 10 + (*at - '0');
    if (exponent > EXPONENT_MAX)
        exponent = EXPONENT_MAX;
    return negative ? -exponent : exponent;
}

struct lf_decimal
lf_decimal_of_text(struct lf_bytes text)
{
    struct lf_decimal decimal = {.negative = text.len != 0 && text.ptr[0] == '-'};
    const char *at = text.ptr + (decimal.negative ? 1 : 0);
    const char *end = text.ptr + text.len;
    const char *last = NULL; /* the last digit that is not zero */
    size_t whole = 0;        /* digits before the point */
    size_t zeros = 0;        /* leading zeros */
    size_t seen = 0;
    bool fraction = false;
    for (; at < end && (lf_is_digit(*at) || *at == '.'); at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        seen++;
        if (!fraction)
            whole++;
        if (*at == '0') {
            zeros += decimal.first == NULL ? 1 : 0;
            continue;
        }
        if (decimal.first == NULL)
            decimal.first = at;
        last = at;
        decimal.count = seen - zeros;
    }
    if (decimal.first == NULL)
        return (struct lf_decimal){0};
    decimal.end = last + 1;
    decimal.point = (int64_t)whole - (int64_t)zeros + (at < end ? read_exponent(at + 1, end) : 0);
    return decimal;
}

bool
lf_decimal_is_saturated(const struct lf_decimal *decimal)
{
    return decimal->point >= EXPONENT_MAX / 2 || decimal->point <= -EXPONENT_MAX / 2;
}

/* A pool on the stack for yyjson, whose writer is the shortest-digits printer we trust. */
static struct lf_bytes
shortest_text(double number, char space[LF_NUMBER_TEXT_SIZE])
{
    _Alignas(16) char pool[512];
    yyjson_alc alc;
    yyjson_val value = {0};
    if (!yyjson_alc_pool_init(&alc, pool, sizeof(pool)))
        return LF_BYTES_NONE;
    unsafe_yyjson_set_real(&value, number);
    size_t len = 0;
    const char *text = yyjson_val_write_opts(&value, YYJSON_WRITE_NOFLAG, &alc, &len, NULL);
    if (text == NULL || len >= LF_NUMBER_TEXT_SIZE)
        return LF_BYTES_NONE;
    memcpy(space, text, len);
    return lf_bytes(space, len);
}

static struct lf_decimal
decimal_of_double(double number, char space[LF_NUMBER_TEXT_SIZE])
{
    struct lf_bytes text = shortest_text(number, space);
    LF_ASSERT(text.len != 0); /* the pool is larger than any number's text */
    return lf_decimal_of_text(text);
}

struct lf_decimal
lf_decimal_of(const struct lf_value *number, char space[LF_NUMBER_TEXT_SIZE])
{
    if (number->type == LF_V_FLOAT) {
        if (number->raw != NULL)
            return lf_decimal_of_text(lf_bytes(number->raw, number->count));
        return decimal_of_double(number->u.number, space);
    }
    uint64_t rest = number->u.integer < 0 ? 0 - (uint64_t)number->u.integer : (uint64_t)number->u.integer;
    char *at = space + LF_NUMBER_TEXT_SIZE;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number->u.integer < 0)
        *--at = '-';
    return lf_decimal_of_text(lf_bytes(at, (size_t)(space + LF_NUMBER_TEXT_SIZE - at)));
}

bool
lf_decimal_equal(const struct lf_decimal *a, const struct lf_decimal *b)
{
    if (a->negative != b->negative || a->count != b->count || a->point != b->point)
        return false;
    const char *p = a->first;
    const char *q = b->first;
    for (size_t i = 0; i < a->count; i++, p++, q++) {
        p += *p == '.' ? 1 : 0;
        q += *q == '.' ? 1 : 0;
        if (*p != *q)
            return false;
    }
    return true;
}

/* Appends count digits, starting at at; returns where the next one is. */
static const char *
add_digits(struct lf_buf *out, const char *at, size_t count)
{
    for (; count > 0; count--, at++) {
        at += *at == '.' ? 1 : 0;
        lf_buf_add_char(out, *at);
    }
    return at;
}

static void
add_zeros(struct lf_buf *out, int64_t count)
{
    for (; count > 0; count--)
        lf_buf_add_char(out, '0');
}

static void
write_with_exponent(struct lf_buf *out, const struct lf_decimal *decimal)
{
    const char *at = add_digits(out, decimal->first, 1);
    if (decimal->count > 1) {
        lf_buf_add_char(out, '.');
        add_digits(out, at, decimal->count - 1);
    }
    lf_buf_add_char(out, 'e');
    if (decimal->point > 0)
        lf_buf_add_char(out, '+');
    lf_buf_add_i64(out, decimal->point - 1);
}

void
lf_decimal_write(struct lf_buf *out, const struct lf_decimal *decimal)
{
    const int64_t count = (int64_t)decimal->count;
    const int64_t point = decimal->point;
    if (count == 0) {
        lf_buf_add_char(out, '0');
        return;
    }
    if (decimal->negative)
        lf_buf_add_char(out, '-');
    if (count <= point && point <= LF_DECIMAL_PLAIN_MAX) {
        add_digits(out, decimal->first, decimal->count);
        add_zeros(out, point - count);
    } else if (0 < point && point <= LF_DECIMAL_PLAIN_MAX) {
        const char *at = add_digits(out, decimal->first, (size_t)point);
        lf_buf_add_char(out, '.');
        add_digits(out, at, (size_t)(count - point));
    } else if (-6 < point && point <= 0) {
        lf_buf_add(out, LF_LIT("0."));
        add_zeros(out, -point);
        add_digits(out, decimal->first, decimal->count);
    } else {
        write_with_exponent(out, decimal);
    }
}

void
lf_json_write_double(struct lf_buf *out, double number)
{
    if (!isfinite(number)) {
        lf_buf_add(out, LF_LIT("null"));
    } else if (fabs(number) <= 9007199254740992.0 && number == trunc(number)) { /* 2^53: every integer is exact */
        lf_buf_add_i64(out, (int64_t)number);
    } else {
        char space[LF_NUMBER_TEXT_SIZE];
        struct lf_decimal decimal = decimal_of_double(number, space);
        lf_decimal_write(out, &decimal);
    }
}

bool
lf_number_is_finite(const struct lf_value *number)
{
    return number->type == LF_V_INT || number->raw != NULL || isfinite(number->u.number);
}

/* -> an int64, if text is one without fraction or exponent; "-0" is none, for an integer cannot keep its sign. */
static bool
read_integer(struct lf_bytes text, int64_t *ret)
{
    const bool negative = text.ptr[0] == '-';
    const size_t start = negative ? 1 : 0;
    if (text.len - start > 19 || (negative && text.ptr[start] == '0'))
        return false;
    uint64_t sum = 0; /* 19 digits fit */
    for (size_t i = start; i < text.len; i++) {
        if (!lf_is_digit(text.ptr[i]))
            return false;
        sum = sum * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    if (sum > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *ret = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

/* Few digits and a small power of ten: one correctly rounded operation on two exact doubles. */
static bool
read_short_double(struct lf_bytes text, double *ret)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (FLT_EVAL_METHOD != 0 || text.len > 24)
        return false;
    struct lf_decimal decimal = lf_decimal_of_text(text);
    int64_t power = decimal.point - (int64_t)decimal.count;
    if (decimal.count == 0 || decimal.count > 15 || power < -22 || power > 22)
        return false;
    uint64_t digits = 0;
    for (const char *at = decimal.first; at < decimal.end; at++)
        digits = *at == '.' ? digits : digits * 10 + (uint64_t)(*at - '0');
    double number = power < 0 ? (double)digits / powers[-power] : (double)digits * powers[power];
    *ret = decimal.negative ? -number : number;
    return true;
}

bool
lf_number_read(struct lf_bytes text, struct lf_value *ret)
{
    int64_t integer;
    if (read_integer(text, &integer)) {
        *ret = lf_value_int(integer);
        return true;
    }
    double number;
    if (!read_short_double(text, &number) && !lf_bytes_to_f64(text, &number))
        return false;
    *ret = lf_value_float(number);
    ret->raw = text.ptr;
    ret->count = (uint32_t)text.len;
    return true;
}
