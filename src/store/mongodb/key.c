/* Texts that are in order bytewise, for the fields whose own form is not: Decimal by number, Time by instant. */
#include "store/mongodb/mongodb.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

bool
lf_mongo_has_key(const struct lf_field *field)
{
    return !field->is_list && (field->type == LF_T_DECIMAL || field->type == LF_T_TIME);
}

/* What is not of the type comes after all that is. */
static struct lf_bytes
unparsed(struct lf_bytes text, struct lf_arena *arena)
{
    return lf_bytes_of(lf_arena_printf(arena, "~%.*s", LF_FMT(text)));
}

static struct lf_bytes
time_key(struct lf_bytes text, struct lf_arena *arena)
{
    const char *full = lf_arena_printf(arena, "2000-01-01T%.*s", LF_FMT(text));
    int64_t us;
    if (full == NULL)
        return LF_BYTES_NONE;
    if (!lf_time_parse(lf_bytes_of(full), &us))
        return unparsed(text, arena);
    return lf_bytes_of(lf_arena_printf(arena, "%020lld", (long long)us)); /* all of them are positive */
}

/* A number in JSON's syntax as sign, digits without zeros at either end, and the place of the point before them. */
struct number {
    bool negative;
    char *digits;
    size_t count; /* 0: zero */
    int64_t exponent;
};

static int64_t
read_exponent(const char *at, const char *end)
{
    enum { EXPONENT_MAX = 1000000000 };
    bool negative = at != end && *at == '-';
    int64_t exponent = 0;
    for (at += at != end && (*at == '-' || *at == '+'); at != end && exponent < EXPONENT_MAX; at++)
        exponent = exponent * 10 + (*at - '0');
    exponent = exponent < EXPONENT_MAX ? exponent : EXPONENT_MAX; /* larger ones are equal */
    return negative ? -exponent : exponent;
}

/* digits has room for the whole text. */
static void
read_number(struct lf_bytes text, struct number *number)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    bool point = false;
    number->negative = *at == '-';
    number->count = 0;
    number->exponent = 0;
    for (at += number->negative; at != end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        bool leading = number->count == 0 && *at == '0';
        if (!leading)
            number->digits[number->count++] = *at;
        number->exponent += (point ? 0 : !leading) - (point && leading);
    }
    if (at != end)
        number->exponent += read_exponent(at + 1, end);
    while (number->count != 0 && number->digits[number->count - 1] == '0')
        number->count--;
}

/*
 * "0" and the rest upside down for negative numbers, "1" for zero, "2" and the rest for positive ones: the place of the
 * point with enough digits for any, then the digits. Upside down, a shorter one must come after a longer one that
 * begins with it.
 */
static struct lf_bytes
decimal_key(struct lf_bytes text, struct lf_arena *arena)
{
    enum { OFFSET = 2000000000 };
    double unused;
    struct number number;
    if (!lf_bytes_to_f64(text, &unused))
        return unparsed(text, arena);
    number.digits = lf_arena_alloc(arena, text.len);
    if (number.digits == NULL)
        return LF_BYTES_NONE;
    read_number(text, &number);
    if (number.count == 0)
        return LF_LIT("1");
    char *key = lf_arena_alloc(arena, number.count + 16);
    if (key == NULL)
        return LF_BYTES_NONE;
    size_t len = (size_t)snprintf(key, 16, "2%010lld", (long long)number.exponent + OFFSET);
    memcpy(key + len, number.digits, number.count);
    len += number.count;
    if (!number.negative)
        return lf_bytes(key, len);
    key[0] = '0';
    for (size_t i = 1; i < len; i++)
        key[i] = (char)('9' - key[i] + '0');
    key[len++] = '~';
    return lf_bytes(key, len);
}

struct lf_bytes
lf_mongo_key_text(const struct lf_field *field, struct lf_bytes text, struct lf_arena *arena)
{
    return field->type == LF_T_DECIMAL ? decimal_key(text, arena) : time_key(text, arena);
}
