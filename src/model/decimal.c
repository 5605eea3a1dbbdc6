/*
 * Exact decimals. A number is a window over its text that answers one question: which digit stands at 10^place? Sums,
 * orders and remainders are then the rules of school.
 */
#include "model/decimal.h"
#include "base/ascii.h"

#include <string.h>

#define EXPONENT_MAX INT64_C(1000000000000000) /* more is taken for that: no text is long enough to make up for it */

struct number {
    bool negative;
    struct lf_bytes whole;    /* digits before the point, without leading zeros but for "0" */
    struct lf_bytes fraction; /* digits after it */
    int64_t exponent;
    bool zero;
    int64_t top;  /* place of the first digit that is not 0 */
    int64_t last; /* place of the last digit that is not 0 */
    int64_t low;  /* place of the last digit written */
};

static struct lf_bytes
take_digits(struct lf_bytes text, size_t *at)
{
    size_t start = *at;
    while (*at < text.len && lf_is_digit(text.ptr[*at]))
        ++*at;
    return lf_bytes(text.ptr + start, *at - start);
}

static bool
take_exponent(struct lf_bytes text, size_t *at, int64_t *ret)
{
    bool negative = *at < text.len && text.ptr[*at] == '-';
    if (*at < text.len && (text.ptr[*at] == '-' || text.ptr[*at] == '+'))
        ++*at;
    struct lf_bytes digits = take_digits(text, at);
    int64_t exponent = 0;
    for (size_t i = 0; i < digits.len && exponent < EXPONENT_MAX; i++)
        exponent = exponent * 10 + (digits.ptr[i] - '0');
    if (exponent > EXPONENT_MAX)
        exponent = EXPONENT_MAX;
    *ret = negative ? -exponent : exponent;
    return digits.len != 0;
}

static char
digit_at(const struct number *number, int64_t place)
{
    int64_t at = place - number->exponent;
    if (at >= 0)
        return at < (int64_t)number->whole.len ? number->whole.ptr[(int64_t)number->whole.len - 1 - at] : '0';
    return -at <= (int64_t)number->fraction.len ? number->fraction.ptr[-at - 1] : '0';
}

/* Finds the places of the outermost digits that are not 0. */
static void
measure(struct number *number)
{
    int64_t high = (int64_t)number->whole.len - 1 + number->exponent;
    number->low = number->exponent - (int64_t)number->fraction.len;
    number->top = high;
    while (number->top >= number->low && digit_at(number, number->top) == '0')
        number->top--;
    number->zero = number->top < number->low;
    if (number->zero) {
        number->negative = false;
        number->top = number->last = 0;
        return;
    }
    number->last = number->low;
    while (digit_at(number, number->last) == '0')
        number->last++;
}

static bool
read_number(struct lf_bytes text, struct number *ret)
{
    struct number number = {0};
    size_t at = 0;
    if (at < text.len && text.ptr[at] == '-') {
        number.negative = true;
        at++;
    }
    number.whole = take_digits(text, &at);
    if (number.whole.len == 0 || (number.whole.len > 1 && number.whole.ptr[0] == '0'))
        return false;
    if (at < text.len && text.ptr[at] == '.') {
        at++;
        number.fraction = take_digits(text, &at);
        if (number.fraction.len == 0)
            return false;
    }
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        at++;
        if (!take_exponent(text, &at, &number.exponent))
            return false;
    }
    if (at != text.len)
        return false;
    measure(&number);
    *ret = number;
    return true;
}

static int64_t
max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Places that a number takes when written out. */
static int64_t
plain_high(const struct number *number)
{
    return number->zero ? 0 : max_i64(number->top, 0);
}

static int64_t
plain_low(const struct number *number)
{
    return min_i64(number->low, 0);
}

static bool
fits(int64_t high, int64_t low)
{
    return high - low < LF_DECIMAL_DIGITS_MAX;
}

bool
lf_decimal_valid(struct lf_bytes text)
{
    struct number number;
    return read_number(text, &number) && fits(plain_high(&number), plain_low(&number));
}

/* -> -1, 0, 1 by absolute value */
static int
compare_sizes(const struct number *a, const struct number *b)
{
    if (a->zero || b->zero)
        return (int)b->zero - (int)a->zero;
    if (a->top != b->top)
        return a->top < b->top ? -1 : 1;
    int64_t last = min_i64(a->last, b->last);
    for (int64_t place = a->top; place >= last; place--) {
        char x = digit_at(a, place);
        char y = digit_at(b, place);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

int
lf_decimal_compare(struct lf_bytes a, struct lf_bytes b)
{
    struct number x = {.zero = true};
    struct number y = {.zero = true};
    (void)read_number(a, &x); /* what is no number stays zero */
    (void)read_number(b, &y);
    if (x.negative != y.negative)
        return x.negative ? -1 : 1;
    int order = compare_sizes(&x, &y);
    return x.negative ? -order : order;
}

/* Writes the digits of places high … low, which stand in digits, as plain text. */
static struct lf_bytes
write_plain(bool negative, const char *digits, int64_t high, int64_t low, struct lf_arena *arena)
{
    char *text = lf_arena_alloc(arena, (size_t)(high - low) + 4);
    if (text == NULL)
        return LF_BYTES_NONE;
    char *at = text;
    bool zero = true;
    for (int64_t i = 0; i <= high - low; i++)
        zero = zero && digits[i] == '0';
    if (negative && !zero)
        *at++ = '-';
    while (high > 0 && *digits == '0') {
        digits++;
        high--;
    }
    for (int64_t place = high; place >= low; place--) {
        if (place == -1)
            *at++ = '.';
        *at++ = *digits++;
    }
    *at = '\0';
    return lf_bytes(text, (size_t)(at - text));
}

struct lf_bytes
lf_decimal_plain(struct lf_bytes text, struct lf_arena *arena)
{
    return lf_decimal_add(text, LF_LIT("0"), false, arena);
}

/* digits[high … low] = a + b, or a - b where a is the larger one. */
static void
combine(const struct number *a, const struct number *b, bool minus, char *digits, int64_t high, int64_t low)
{
    int carry = 0;
    for (int64_t place = low; place <= high; place++) {
        int x = digit_at(a, place) - '0';
        int y = digit_at(b, place) - '0';
        int sum = minus ? x - y - carry : x + y + carry;
        carry = sum < 0 || sum > 9;
        if (carry)
            sum += minus ? 10 : -10;
        digits[high - place] = (char)('0' + sum);
    }
}

enum lf_status
lf_decimal_sum(struct lf_bytes a, struct lf_bytes b, bool subtract, struct lf_arena *arena, struct lf_bytes *ret)
{
    struct number x, y;
    if (!read_number(a, &x) || !read_number(b, &y))
        return LF_INVALID;
    int64_t high = max_i64(plain_high(&x), plain_high(&y));
    int64_t low = min_i64(plain_low(&x), plain_low(&y));
    if (!fits(high, low))
        return LF_LIMIT;
    high++; /* the carry */
    char digits[LF_DECIMAL_DIGITS_MAX + 1];
    if (subtract && !y.zero)
        y.negative = !y.negative;
    bool minus = x.negative != y.negative;
    bool swap = minus && compare_sizes(&x, &y) < 0;
    combine(swap ? &y : &x, swap ? &x : &y, minus, digits, high, low);
    if (!fits(high, low) && digits[0] != '0')
        return LF_LIMIT;
    struct lf_bytes sum = write_plain((swap ? &y : &x)->negative, digits, high, low, arena);
    if (sum.ptr == NULL)
        return LF_NO_MEMORY;
    *ret = sum;
    return LF_OK;
}

struct lf_bytes
lf_decimal_add(struct lf_bytes a, struct lf_bytes b, bool subtract, struct lf_arena *arena)
{
    struct lf_bytes sum = LF_BYTES_NONE;
    return lf_decimal_sum(a, b, subtract, arena, &sum) == LF_OK ? sum : LF_BYTES_NONE;
}

bool
lf_decimal_is_divisor(struct lf_bytes text)
{
    struct number number;
    return lf_decimal_valid(text) && read_number(text, &number) && !number.zero && !number.negative &&
           number.top - number.last < LF_DECIMAL_DIVISOR_DIGITS;
}

bool
lf_decimal_is_multiple(struct lf_bytes text, struct lf_bytes divisor)
{
    struct number number, by;
    if (!read_number(text, &number) || !lf_decimal_is_divisor(divisor) || !read_number(divisor, &by))
        return false;
    if (number.zero)
        return true;
    if (number.last < by.last || number.top - by.last > 10 * LF_DECIMAL_DIGITS_MAX)
        return false; /* a digit below the divisor's last one; or beyond any number that gets here */
    uint64_t modulus = 0;
    for (int64_t place = by.top; place >= by.last; place--)
        modulus = modulus * 10 + (uint64_t)(digit_at(&by, place) - '0');
    LF_ASSERT(modulus != 0);
    uint64_t rest = 0; /* below 10^18: ten times it fits */
    for (int64_t place = number.top; place >= by.last; place--)
        rest = (rest * 10 + (uint64_t)(digit_at(&number, place) - '0')) % modulus;
    return rest == 0;
}
