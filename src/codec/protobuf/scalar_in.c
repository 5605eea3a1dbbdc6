/* From values to scalars: what ProtoJSON lets stand for what. https://protobuf.dev/programming-guides/json/ */
#include "codec/protobuf/scalar.h"

#include "base/base64.h"
#include "json/number.h"

#include <math.h>
#include <string.h>

/* The magnitude of a decimal without fraction; false if it has one, or beyond 64 bits. */
static bool
magnitude_of(const struct lf_decimal *decimal, uint64_t *ret)
{
    uint64_t value = 0;
    const char *at = decimal->first;
    if (decimal->count != 0 && (decimal->point < (int64_t)decimal->count || decimal->point > 20))
        return false;
    for (int64_t i = 0; i < (decimal->count != 0 ? decimal->point : 0); i++) {
        uint64_t digit = 0;
        if ((size_t)i < decimal->count) {
            at += *at == '.' ? 1 : 0;
            digit = (uint64_t)(*at++ - '0');
        }
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

/* A number, or a string that is one. */
static bool
decimal_of(const struct lf_value *value, char space[LF_NUMBER_TEXT_SIZE], struct lf_decimal *ret)
{
    double number;
    if (value->type == LF_V_STRING) {
        if (!lf_bytes_to_f64(lf_value_text(value), &number))
            return false;
        *ret = lf_decimal_of_text(lf_value_text(value));
        return true;
    }
    if (value->type != LF_V_INT && (value->type != LF_V_FLOAT || !lf_number_is_finite(value)))
        return false;
    *ret = lf_decimal_of(value, space);
    return true;
}

static bool
signed_of(const struct lf_value *value, int64_t min, int64_t max, uint64_t *ret)
{
    char space[LF_NUMBER_TEXT_SIZE];
    struct lf_decimal decimal;
    uint64_t magnitude;
    int64_t integer;
    if (value->type == LF_V_INT) {
        integer = value->u.integer;
    } else {
        if (!decimal_of(value, space, &decimal) || !magnitude_of(&decimal, &magnitude) ||
            magnitude > (uint64_t)INT64_MAX + (decimal.negative ? 1 : 0))
            return false;
        integer = (int64_t)(decimal.negative ? 0 - magnitude : magnitude);
    }
    *ret = (uint64_t)integer;
    return integer >= min && integer <= max;
}

static bool
unsigned_of(const struct lf_value *value, uint64_t max, uint64_t *ret)
{
    char space[LF_NUMBER_TEXT_SIZE];
    struct lf_decimal decimal;
    if (value->type == LF_V_INT) {
        *ret = (uint64_t)value->u.integer;
        return value->u.integer >= 0 && *ret <= max;
    }
    return decimal_of(value, space, &decimal) && magnitude_of(&decimal, ret) && *ret <= max &&
           !(decimal.negative && *ret != 0);
}

static bool
double_of(const struct lf_value *value, double *ret)
{
    const struct lf_bytes text = value->type == LF_V_STRING ? lf_value_text(value) : LF_LIT("");
    if (value->type == LF_V_INT)
        *ret = (double)value->u.integer;
    else if (value->type == LF_V_FLOAT)
        *ret = value->u.number;
    else if (lf_bytes_equal_text(text, "NaN"))
        *ret = (double)NAN;
    else if (lf_bytes_equal_text(text, "Infinity"))
        *ret = HUGE_VAL;
    else if (lf_bytes_equal_text(text, "-Infinity"))
        *ret = -HUGE_VAL;
    else if (value->type != LF_V_STRING || !lf_bytes_to_f64(text, ret) || isinf(*ret))
        return false;
    /* written with digits, but beyond what a double holds */
    return value->type != LF_V_FLOAT || value->raw == NULL || !isinf(*ret);
}

static bool
float_bits_of(const struct lf_value *value, uint64_t *ret)
{
    double number;
    if (!double_of(value, &number))
        return false;
    const float single = (float)number;
    uint32_t bits;
    memcpy(&bits, &single, sizeof(bits));
    *ret = bits;
    return !isinf(single) || isinf(number);
}

static bool
double_bits_of(const struct lf_value *value, uint64_t *ret)
{
    double number;
    if (!double_of(value, &number))
        return false;
    memcpy(ret, &number, sizeof(number));
    return true;
}

/* A name of the enum, with or without the common prefix, or a number: of a closed enum one that it has. */
static bool
enum_of(const struct lf_proto_enum *enumeration, const struct lf_value *value, uint64_t *ret)
{
    const struct lf_proto_enum_value *found = NULL;
    if (value->type == LF_V_NULL && enumeration->is_null) {
        *ret = 0;
        return true;
    }
    if (value->type == LF_V_STRING || value->type == LF_V_ENUM) {
        found = lf_proto_enum_by_name(enumeration, lf_value_text(value));
        *ret = found != NULL ? (uint64_t)(int64_t)found->number : 0;
        return found != NULL;
    }
    return signed_of(value, INT32_MIN, INT32_MAX, ret) &&
           (!enumeration->closed || lf_proto_enum_by_number(enumeration, (int32_t)(int64_t)*ret) != NULL);
}

static bool
text_of(const struct lf_value *value, struct lf_bytes *ret)
{
    *ret = value->type == LF_V_STRING || value->type == LF_V_ENUM ? lf_value_text(value) : LF_BYTES_NONE;
    return value->type == LF_V_STRING || value->type == LF_V_ENUM;
}

static bool
bytes_of(const struct lf_value *value, struct lf_arena *arena, struct lf_bytes *ret, bool *no_memory)
{
    if (value->type != LF_V_STRING)
        return false;
    const enum lf_status st = lf_base64_read(lf_value_text(value), arena, ret, NULL);
    *no_memory = st == LF_NO_MEMORY;
    return st == LF_OK;
}

bool
lf_proto_scalar_of(const struct lf_proto_field *field, const struct lf_value *value, struct lf_arena *arena,
                   struct lf_proto_scalar *ret, bool *no_memory)
{
    *no_memory = false;
    switch (field->type) {
    case LF_PROTO_DOUBLE: return double_bits_of(value, &ret->bits);
    case LF_PROTO_FLOAT: return float_bits_of(value, &ret->bits);
    case LF_PROTO_INT32:
    case LF_PROTO_SINT32:
    case LF_PROTO_SFIXED32: return signed_of(value, INT32_MIN, INT32_MAX, &ret->bits);
    case LF_PROTO_INT64:
    case LF_PROTO_SINT64:
    case LF_PROTO_SFIXED64: return signed_of(value, INT64_MIN, INT64_MAX, &ret->bits);
    case LF_PROTO_UINT32:
    case LF_PROTO_FIXED32: return unsigned_of(value, UINT32_MAX, &ret->bits);
    case LF_PROTO_UINT64:
    case LF_PROTO_FIXED64: return unsigned_of(value, UINT64_MAX, &ret->bits);
    case LF_PROTO_BOOL: ret->bits = value->type == LF_V_BOOL && value->u.boolean; return value->type == LF_V_BOOL;
    case LF_PROTO_STRING: return text_of(value, &ret->bytes);
    case LF_PROTO_BYTES: return bytes_of(value, arena, &ret->bytes, no_memory);
    case LF_PROTO_ENUM: return enum_of(field->enumeration, value, &ret->bits);
    default: return false;
    }
}

const char *
lf_proto_scalar_words(const struct lf_proto_field *field)
{
    switch (field->type) {
    case LF_PROTO_DOUBLE: return "a number";
    case LF_PROTO_FLOAT: return "a number in the range of 32-bit floats";
    case LF_PROTO_INT32:
    case LF_PROTO_SINT32:
    case LF_PROTO_SFIXED32: return "an integer of 32 bits";
    case LF_PROTO_INT64:
    case LF_PROTO_SINT64:
    case LF_PROTO_SFIXED64: return "an integer of 64 bits";
    case LF_PROTO_UINT32:
    case LF_PROTO_FIXED32: return "an integer from 0 of 32 bits";
    case LF_PROTO_UINT64:
    case LF_PROTO_FIXED64: return "an integer from 0 of 64 bits";
    case LF_PROTO_BOOL: return "true or false";
    case LF_PROTO_STRING: return "a string";
    case LF_PROTO_BYTES: return "bytes as base64";
    case LF_PROTO_ENUM: return "a value of its enum";
    default: return "an object";
    }
}

bool
lf_proto_key_of(const struct lf_proto_field *field, struct lf_bytes name, struct lf_proto_scalar *ret)
{
    const struct lf_value text = lf_value_string(name);
    bool no_memory;
    int64_t integer;
    if (field->type == LF_PROTO_STRING) {
        ret->bytes = name;
        return true;
    }
    if (field->type == LF_PROTO_BOOL) {
        ret->bits = lf_bytes_equal_text(name, "true");
        return ret->bits != 0 || lf_bytes_equal_text(name, "false");
    }
    /* one spelling a key: "1", not "1.0" or "1e0" */
    return (lf_bytes_to_i64(name, &integer) || lf_bytes_to_u64(name, &(uint64_t){0})) &&
           lf_proto_scalar_of(field, &text, NULL, ret, &no_memory);
}
