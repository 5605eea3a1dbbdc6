/*
 * Scalars: how each reads input and writes results. The built-in five (section 3.5) with graphql-js's messages, and the
 * common custom ones. DateTime, Date, Time and Decimal pass as texts, as given; BigInt has 64 bits and is written as a
 * number where a double holds it exactly, else as a string.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "graphql/schema.h"
#include "graphql/text.h"
#include "json/json.h"

#include <math.h>
#include <string.h>

enum { EXPONENT_MAX = 1000 }; /* of a Decimal: 1e1000000000 must not become a text of that length */

static bool
refuse(struct lf_arena *arena, const struct lf_value *in, const char *words, const char **ret_why)
{
    *ret_why = lf_arena_printf(arena, "%s: %s", words, lf_gql_text_value(arena, in));
    return false;
}

/* A number written without fraction and exponent. */
static bool
is_integer_text(const struct lf_value *in)
{
    for (uint32_t i = 0; in->raw != NULL && i < in->count; i++) {
        if (in->raw[i] != '-' && (in->raw[i] < '0' || in->raw[i] > '9'))
            return false;
    }
    return in->raw != NULL;
}

static bool
int_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    bool integer = in->type == LF_V_INT || (in->type == LF_V_FLOAT && is_integer_text(in));
    if (!integer)
        return refuse(arena, in, "Int cannot represent non-integer value", ret_why);
    if (in->type != LF_V_INT || in->u.integer > INT32_MAX || in->u.integer < INT32_MIN)
        return refuse(arena, in, "Int cannot represent non 32-bit signed integer value", ret_why);
    *ret = *in;
    return true;
}

static bool
int_out(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    double number = in->type == LF_V_FLOAT ? in->u.number : (double)NAN;
    if (number >= INT32_MIN && number <= INT32_MAX && number == trunc(number)) {
        *ret = lf_value_int((int64_t)number);
        return true;
    }
    return int_in(arena, in, ret, ret_why);
}

static bool
float_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    if (in->type != LF_V_INT && (in->type != LF_V_FLOAT || !isfinite(in->u.number)))
        return refuse(arena, in, "Float cannot represent non numeric value", ret_why);
    *ret = *in;
    return true;
}

static bool
string_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    if (in->type != LF_V_STRING)
        return refuse(arena, in, "String cannot represent a non string value", ret_why);
    *ret = *in;
    return true;
}

static bool
bool_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    if (in->type != LF_V_BOOL)
        return refuse(arena, in, "Boolean cannot represent a non boolean value", ret_why);
    *ret = *in;
    return true;
}

/* An integer of any size as its text. */
static bool
integer_text(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret)
{
    const char *text = NULL;
    if (in->type == LF_V_INT)
        text = lf_arena_printf(arena, "%lld", (long long)in->u.integer);
    else if (in->type == LF_V_FLOAT && is_integer_text(in))
        text = lf_arena_text(arena, lf_bytes(in->raw, in->count));
    if (text == NULL)
        return false;
    *ret = lf_value_string(lf_bytes_of(text));
    return true;
}

static bool
id_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    if (in->type == LF_V_STRING) {
        *ret = *in;
        return true;
    }
    return integer_text(arena, in, ret) || refuse(arena, in, "ID cannot represent value", ret_why);
}

static bool
string_out(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    if (in->type == LF_V_ENUM) {
        *ret = lf_value_string(lf_value_text(in));
        return true;
    }
    return string_in(arena, in, ret, ret_why);
}

static bool
bigint_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    int64_t integer;
    if (in->type == LF_V_INT)
        *ret = *in;
    else if (in->type == LF_V_STRING && lf_bytes_to_i64(lf_value_text(in), &integer))
        *ret = lf_value_int(integer);
    else
        return refuse(arena, in, "BigInt cannot represent value that is no 64-bit integer", ret_why);
    return true;
}

static bool
bigint_out(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    const int64_t exact = (INT64_C(1) << 53) - 1;
    struct lf_value integer;
    if (!bigint_in(arena, in, &integer, ret_why))
        return false;
    if (integer.u.integer > exact || integer.u.integer < -exact)
        return integer_text(arena, &integer, ret);
    *ret = integer;
    return true;
}

/* JSON number syntax with an exponent that stays within bounds. */
static bool
is_decimal(struct lf_bytes text)
{
    double ignored;
    int64_t exponent = 0;
    if (text.len > LF_JSON_NUMBER_CHARS_MAX || !lf_bytes_to_f64(text, &ignored))
        return false;
    size_t e = 0;
    while (e < text.len && text.ptr[e] != 'e' && text.ptr[e] != 'E')
        e++;
    for (size_t i = e + 1; i < text.len; i++) {
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
            exponent = exponent * 10 + (text.ptr[i] - '0');
        if (exponent > EXPONENT_MAX)
            return false;
    }
    return true;
}

static bool
decimal_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    struct lf_value text = *in;
    if (in->type == LF_V_FLOAT && in->raw != NULL)
        text = lf_value_string(lf_bytes(in->raw, in->count));
    else if (in->type == LF_V_INT && !integer_text(arena, in, &text))
        return false;
    if (text.type != LF_V_STRING || !is_decimal(lf_value_text(&text)))
        return refuse(arena, in, "Decimal cannot represent value that is no decimal number", ret_why);
    *ret = text;
    return true;
}

/* A result may have been computed, and then has no text of its own. */
static bool
decimal_out(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    if (in->type != LF_V_FLOAT || in->raw != NULL || !isfinite(in->u.number))
        return decimal_in(arena, in, ret, ret_why);
    struct lf_buf text;
    lf_buf_init(&text, 64);
    lf_json_write_double(&text, in->u.number);
    struct lf_bytes kept = text.failed == LF_OK ? lf_arena_copy(arena, lf_buf_view(&text)) : LF_BYTES_NONE;
    lf_buf_release(&text);
    *ret = lf_value_string(kept);
    return kept.ptr != NULL;
}

static bool
datetime_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    int64_t us;
    if (in->type != LF_V_STRING || !lf_time_parse(lf_value_text(in), &us))
        return refuse(arena, in, "DateTime cannot represent value that is no RFC 3339 date-time", ret_why);
    *ret = *in;
    return true;
}

static bool
date_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    if (in->type != LF_V_STRING || !lf_date_valid(lf_value_text(in)))
        return refuse(arena, in, "Date cannot represent value that is no RFC 3339 full-date", ret_why);
    *ret = *in;
    return true;
}

static bool
time_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    if (in->type != LF_V_STRING || !lf_fulltime_valid(lf_value_text(in)))
        return refuse(arena, in, "Time cannot represent value that is no RFC 3339 full-time", ret_why);
    *ret = *in;
    return true;
}

static bool
uuid_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    struct lf_uuid uuid;
    char text[LF_UUID_TEXT_LEN + 1];
    if (in->type != LF_V_STRING || !lf_uuid_parse(lf_value_text(in), &uuid))
        return refuse(arena, in, "UUID cannot represent value that is no UUID", ret_why);
    lf_uuid_format(&uuid, text);
    struct lf_bytes lower = lf_arena_copy(arena, lf_bytes(text, LF_UUID_TEXT_LEN));
    *ret = lf_value_string(lower);
    return lower.ptr != NULL;
}

static bool
json_in(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why)
{
    if (in->type == LF_V_OPAQUE)
        return refuse(arena, in, "JSON cannot represent value", ret_why);
    *ret = *in;
    return true;
}

#define BUILT_IN(name, text, in, out) {name, text, NULL, in, out}
#define CUSTOM(name, text, url, in, out) {name, text, url, in, out}
static const struct lf_gql_scalar_ops ops[] = {
    BUILT_IN("Int",
             "The `Int` scalar type represents non-fractional signed whole numeric values. Int can represent values "
             "between -(2^31) and 2^31 - 1.",
             int_in, int_out),
    BUILT_IN("Float",
             "The `Float` scalar type represents signed double-precision fractional values as specified by IEEE 754.",
             float_in, float_in),
    BUILT_IN("String", "The `String` scalar type represents textual data, as UTF-8 character sequences.", string_in,
             string_out),
    BUILT_IN("Boolean", "The `Boolean` scalar type represents `true` or `false`.", bool_in, bool_in),
    BUILT_IN("ID",
             "The `ID` scalar type represents a unique identifier. It is written as a String and read from a String or "
             "an integer.",
             id_in, id_in),
    CUSTOM("DateTime", "A date and time with an offset, as RFC 3339 has it: `2026-11-24T08:46:34.5Z`.",
           "https://scalars.graphql.org/andimarek/date-time.html", datetime_in, datetime_in),
    CUSTOM("Date", "A date, as RFC 3339 has it: `2026-11-24`.", "https://scalars.graphql.org/andimarek/local-date.html",
           date_in, date_in),
    CUSTOM("Time", "A time of day with an offset, as RFC 3339 has it: `08:46:34.5Z`.",
           "https://www.rfc-editor.org/rfc/rfc3339#section-5.6", time_in, time_in),
    CUSTOM("UUID", "A UUID, as RFC 9562 has it.", "https://www.rfc-editor.org/rfc/rfc9562", uuid_in, uuid_in),
    CUSTOM("Decimal", "An exact decimal number. Written as a String, read from a String or a number.",
           "https://scalars.graphql.org/chillicream/decimal.html", decimal_in, decimal_out),
    CUSTOM("BigInt",
           "An integer of 64 bits. Written as a number, beyond 2^53 as a String; read from a String or an integer.",
           "https://scalars.graphql.org/chillicream/long.html", bigint_in, bigint_out),
    CUSTOM("JSON", "Any JSON value.", "https://www.rfc-editor.org/rfc/rfc8259", json_in, json_in),
};
enum { SCALARS = sizeof(ops) / sizeof(ops[0]) };
_Static_assert(SCALARS == 12, "lf_gql_scalars() lists them all");

const struct lf_gql_scalar_ops *
lf_gql_scalar_find(struct lf_bytes name)
{
    for (size_t i = 0; i < SCALARS; i++) {
        if (lf_bytes_equal_text(name, ops[i].name))
            return &ops[i];
    }
    return NULL;
}

const struct lf_gql_scalar_ops *const *
lf_gql_scalars(void)
{
    static const struct lf_gql_scalar_ops *const all[SCALARS + 1] = {&ops[0],  &ops[1],  &ops[2], &ops[3], &ops[4],
                                                                     &ops[5],  &ops[6],  &ops[7], &ops[8], &ops[9],
                                                                     &ops[10], &ops[11], NULL};
    return all;
}
