/* From scalars to values. */
#include "codec/protobuf/scalar.h"

#include "base/base64.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_TEXT_SIZE = 32 };

/* A number beyond int64 keeps its digits. */
bool
lf_proto_value_of_u64(uint64_t number, struct lf_arena *arena, struct lf_value *ret)
{
    if (number <= (uint64_t)INT64_MAX) {
        *ret = lf_value_int((int64_t)number);
        return true;
    }
    const char *text = lf_arena_printf(arena, "%" PRIu64, number);
    if (text == NULL)
        return false;
    *ret = lf_value_float((double)number);
    ret->raw = text;
    ret->count = (uint32_t)strlen(text);
    return true;
}

/* JSON has no text for these; and a computed zero would lose its sign in it. */
static bool
value_of_special(double number, struct lf_value *ret)
{
    if (number == 0 && signbit(number)) {
        *ret = lf_value_float(number);
        ret->raw = "-0.0";
        ret->count = sizeof("-0.0") - 1;
        return true;
    }
    if (isfinite(number))
        return false;
    *ret = lf_value_string(isnan(number) ? LF_LIT("NaN") : number > 0 ? LF_LIT("Infinity") : LF_LIT("-Infinity"));
    return true;
}

struct lf_value
lf_proto_value_of_double(double number)
{
    struct lf_value value;
    return value_of_special(number, &value) ? value : lf_value_float(number);
}

/* The shortest text that reads back as the same float: 0.1, not 0.10000000149011612. */
bool
lf_proto_value_of_float(float number, struct lf_arena *arena, struct lf_value *ret)
{
    char text[NUMBER_TEXT_SIZE];
    double exact = 0;
    if (value_of_special((double)number, ret))
        return true;
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)number);
        if (lf_bytes_to_f64(lf_bytes_of(text), &exact) && (float)exact == number)
            break;
    }
    const struct lf_bytes copy = lf_arena_copy(arena, lf_bytes_of(text));
    *ret = lf_value_float(exact);
    ret->raw = copy.ptr;
    ret->count = (uint32_t)copy.len;
    return copy.ptr != NULL;
}

bool
lf_proto_value_of_bytes(struct lf_bytes bytes, struct lf_arena *arena, struct lf_value *ret)
{
    struct lf_buf text;
    lf_buf_init(&text, SIZE_MAX);
    lf_base64_write(&text, bytes, false);
    const struct lf_bytes copy = lf_arena_copy(arena, lf_buf_view(&text));
    const bool done = lf_buf_status(&text, NULL) == LF_OK && copy.ptr != NULL && copy.len <= UINT32_MAX;
    lf_buf_release(&text);
    *ret = lf_value_string(copy);
    return done;
}

static struct lf_bytes
text_of(const struct lf_proto_scalar *scalar)
{
    return scalar->bytes.ptr != NULL ? scalar->bytes : LF_LIT("");
}

static struct lf_value
value_of_enum(const struct lf_proto_enum *enumeration, int32_t number)
{
    if (enumeration->is_null)
        return LF_VALUE_NULL;
    const struct lf_proto_enum_value *found = lf_proto_enum_by_number(enumeration, number);
    return found != NULL ? lf_value_string(found->short_name) : lf_value_int(number);
}

bool
lf_proto_value_of(const struct lf_proto_field *field, const struct lf_proto_scalar *scalar, struct lf_arena *arena,
                  struct lf_value *ret)
{
    double number;
    float single;
    uint32_t word;
    switch (field->type) {
    case LF_PROTO_DOUBLE:
        memcpy(&number, &scalar->bits, sizeof(number));
        *ret = lf_proto_value_of_double(number);
        return true;
    case LF_PROTO_FLOAT:
        word = (uint32_t)scalar->bits;
        memcpy(&single, &word, sizeof(single));
        return lf_proto_value_of_float(single, arena, ret);
    case LF_PROTO_UINT64:
    case LF_PROTO_FIXED64: return lf_proto_value_of_u64(scalar->bits, arena, ret);
    case LF_PROTO_BOOL: *ret = lf_value_bool(scalar->bits != 0); return true;
    case LF_PROTO_STRING: *ret = lf_value_string(text_of(scalar)); return true;
    case LF_PROTO_BYTES: return lf_proto_value_of_bytes(scalar->bytes, arena, ret);
    case LF_PROTO_ENUM: *ret = value_of_enum(field->enumeration, (int32_t)(int64_t)scalar->bits); return true;
    default: *ret = lf_value_int((int64_t)scalar->bits); return true;
    }
}

bool
lf_proto_name_of_key(const struct lf_proto_field *field, const struct lf_proto_scalar *scalar, struct lf_arena *arena,
                     struct lf_bytes *ret)
{
    char text[NUMBER_TEXT_SIZE];
    if (field->type == LF_PROTO_STRING) {
        *ret = text_of(scalar);
        return true;
    }
    if (field->type == LF_PROTO_BOOL) {
        *ret = scalar->bits != 0 ? LF_LIT("true") : LF_LIT("false");
        return true;
    }
    if (field->type == LF_PROTO_UINT64 || field->type == LF_PROTO_FIXED64)
        snprintf(text, sizeof(text), "%" PRIu64, scalar->bits);
    else
        snprintf(text, sizeof(text), "%" PRId64, (int64_t)scalar->bits);
    *ret = lf_arena_copy(arena, lf_bytes_of(text));
    return ret->ptr != NULL;
}
