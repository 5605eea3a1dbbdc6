/* Numbers of any size, exactly: order, and division without rest. */
#include "codec/jsonschema/check.h"

#include <string.h>

enum { SMALL_DIGITS = 18, LIMB_DIGITS = 9, LIMBS_MAX = LF_JS_DIVISOR_DIGITS_MAX / LIMB_DIGITS + 2 };
#define LIMB UINT32_C(1000000000)

/* The next digit of a decimal; at stands on one, or on the point in front of one. */
static unsigned
next_digit(const char **at)
{
    if (**at == '.')
        ++*at;
    return (unsigned)(*(*at)++ - '0');
}

static int
compare_digits(const struct lf_decimal *a, const struct lf_decimal *b)
{
    const char *p = a->first;
    const char *q = b->first;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        unsigned x = next_digit(&p);
        unsigned y = next_digit(&q);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return a->count == b->count ? 0 : a->count < b->count ? -1 : 1;
}

static int
compare_sizes(const struct lf_decimal *a, const struct lf_decimal *b)
{
    if (a->count == 0 || b->count == 0)
        return (int)(a->count != 0) - (int)(b->count != 0);
    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    return compare_digits(a, b);
}

int
lf_js_number_compare(const struct lf_decimal *a, const struct lf_decimal *b)
{
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    int order = compare_sizes(a, b);
    return a->negative ? -order : order;
}

/* A number below the divisor, in limbs of nine digits, the lowest first. */
struct rest {
    uint32_t limbs[LIMBS_MAX];
};

static void
rest_push(struct rest *rest, size_t count, uint32_t digit)
{
    uint64_t carry = digit;
    for (size_t i = 0; i < count; i++) {
        carry += (uint64_t)rest->limbs[i] * 10;
        rest->limbs[i] = (uint32_t)(carry % LIMB);
        carry /= LIMB;
    }
}

static bool
rest_reaches(const struct rest *rest, const struct rest *divisor, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (rest->limbs[i] != divisor->limbs[i])
            return rest->limbs[i] > divisor->limbs[i];
    }
    return true;
}

static void
rest_subtract(struct rest *rest, const struct rest *divisor, size_t count)
{
    uint32_t borrow = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t take = divisor->limbs[i] + borrow;
        borrow = rest->limbs[i] < take;
        rest->limbs[i] += (borrow ? LIMB : 0) - take;
    }
}

/* Whether digits, and zeros behind them, are a number that the divisor's digits divide. As at school. */
static bool
divides_large(const struct lf_decimal *divisor, const struct lf_decimal *digits, int64_t zeros)
{
    struct rest by = {0};
    struct rest rest = {0};
    size_t count = divisor->count / LIMB_DIGITS + 2;
    const char *at = divisor->first;
    for (size_t i = 0; i < divisor->count; i++)
        rest_push(&by, count, next_digit(&at));
    at = digits->first;
    for (int64_t i = 0; i < (int64_t)digits->count + zeros; i++) {
        rest_push(&rest, count, i < (int64_t)digits->count ? next_digit(&at) : 0);
        while (rest_reaches(&rest, &by, count))
            rest_subtract(&rest, &by, count);
    }
    for (size_t i = 0; i < count; i++) {
        if (rest.limbs[i] != 0)
            return false;
    }
    return true;
}

static bool
divides_small(const struct lf_decimal *divisor, const struct lf_decimal *digits, int64_t zeros)
{
    uint64_t by = 0;
    uint64_t rest = 0; /* below 10^18: ten times it fits */
    const char *at = divisor->first;
    for (size_t i = 0; i < divisor->count; i++)
        by = by * 10 + next_digit(&at);
    LF_ASSERT(by != 0);
    at = digits->first;
    for (size_t i = 0; i < digits->count; i++)
        rest = (rest * 10 + next_digit(&at)) % by;
    for (int64_t i = 0; i < zeros && rest != 0; i++)
        rest = rest * 10 % by;
    return rest == 0;
}

/*
 * With number = n * 10^p and divisor = d * 10^q, neither n nor d ending in 0: if p < q, no multiple of d * 10^(q-p) is
 * n. Otherwise d has to divide n * 10^(p-q); as powers of ten only meet the factors 2 and 5 of d, of which there are at
 * most log2(d), more zeros than that change nothing.
 */
bool
lf_js_number_is_multiple(const struct lf_decimal *number, const struct lf_decimal *divisor)
{
    if (number->count == 0)
        return true;
    int64_t p = number->point - (int64_t)number->count;
    int64_t q = divisor->point - (int64_t)divisor->count;
    if (p < q)
        return false;
    int64_t zeros = p - q;
    int64_t enough = (int64_t)divisor->count * 4;
    if (zeros > enough)
        zeros = enough;
    return divisor->count <= SMALL_DIGITS ? divides_small(divisor, number, zeros)
                                          : divides_large(divisor, number, zeros);
}
