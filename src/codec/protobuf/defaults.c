/* Declared defaults, and how names are written in JSON and in enums. */
#include "codec/protobuf/link.h"

#include "codec/protobuf/scalar.h"

#include <math.h>

size_t
lf_proto_camel_case(struct lf_bytes name, char *out)
{
    size_t len = 0;
    bool upper = false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '_') {
            upper = true;
            continue;
        }
        out[len++] = upper && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        upper = false;
    }
    return len;
}

/* A new word begins at a capital after a small letter or digit, and at the last capital of several: HTTPState. */
size_t
lf_proto_upper_snake_case(struct lf_bytes name, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i], before = i != 0 ? name.ptr[i - 1] : '_',
                   after = i + 1 < name.len ? name.ptr[i + 1] : 0;
        const bool capital = c >= 'A' && c <= 'Z';
        if (capital && before != '_' && (!(before >= 'A' && before <= 'Z') || (after >= 'a' && after <= 'z')))
            out[len++] = '_';
        out[len++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    out[len++] = '_';
    return len;
}

/* --- defaults ----------------------------------------------------------------------------------------------------- */

static bool
integer_of(const struct lf_proto_constant *constant, uint64_t max, uint64_t max_negative, struct lf_arena *arena,
           struct lf_value *ret)
{
    uint64_t value;
    if (constant->kind != LF_PROTO_C_INTEGER || !lf_proto_integer_of(constant->text, &value) ||
        value > (constant->negative ? max_negative : max))
        return false;
    if (constant->negative)
        *ret = lf_value_int(value == (uint64_t)INT64_MAX + 1 ? INT64_MIN : -(int64_t)value);
    else if (value <= (uint64_t)INT64_MAX)
        *ret = lf_value_int((int64_t)value);
    else
        return lf_proto_value_of_u64(value, arena, ret);
    return true;
}

static bool
number_of(const struct lf_proto_constant *constant, bool is_float, struct lf_arena *arena, struct lf_value *ret)
{
    double number;
    uint64_t integer;
    if (constant->kind == LF_PROTO_C_NAME && lf_bytes_equal_text(constant->text, "inf"))
        number = HUGE_VAL;
    else if (constant->kind == LF_PROTO_C_NAME && lf_bytes_equal_text(constant->text, "nan"))
        number = (double)NAN;
    else if (constant->kind == LF_PROTO_C_INTEGER && lf_proto_integer_of(constant->text, &integer))
        number = (double)integer;
    else if (constant->kind != LF_PROTO_C_FLOAT || !lf_proto_float_of(constant->text, &number))
        return false;
    number = constant->negative ? -number : number;
    if (!is_float) {
        *ret = lf_proto_value_of_double(number);
        return true;
    }
    return lf_proto_value_of_float((float)number, arena, ret);
}

static bool
bytes_of(const struct lf_proto_constant *constant, struct lf_arena *arena, struct lf_value *ret)
{
    return constant->kind == LF_PROTO_C_STRING && lf_proto_value_of_bytes(constant->text, arena, ret);
}

static bool
string_of(const struct lf_proto_constant *constant, struct lf_value *ret)
{
    *ret = lf_value_string(constant->text);
    return constant->kind == LF_PROTO_C_STRING && lf_utf8_valid(constant->text, NULL);
}

static bool
enum_of(const struct lf_proto_constant *constant, const struct lf_proto_enum *enumeration, struct lf_value *ret)
{
    for (size_t i = 0; constant->kind == LF_PROTO_C_NAME && !constant->negative && i < enumeration->count; i++) {
        if (lf_bytes_equal(enumeration->values[i].name, constant->text)) {
            *ret = lf_value_string(enumeration->values[i].short_name);
            return true;
        }
    }
    return false;
}

static bool
bool_of(const struct lf_proto_constant *constant, struct lf_value *ret)
{
    const bool yes = lf_bytes_equal_text(constant->text, "true");
    *ret = lf_value_bool(yes);
    return constant->kind == LF_PROTO_C_NAME && (yes || lf_bytes_equal_text(constant->text, "false"));
}

static bool
default_of(const struct lf_proto_field *field, struct lf_arena *arena, struct lf_value *ret)
{
    const struct lf_proto_constant *constant = field->default_constant;
    switch (field->type) {
    case LF_PROTO_DOUBLE: return number_of(constant, false, arena, ret);
    case LF_PROTO_FLOAT: return number_of(constant, true, arena, ret);
    case LF_PROTO_INT32:
    case LF_PROTO_SINT32:
    case LF_PROTO_SFIXED32: return integer_of(constant, INT32_MAX, (uint64_t)INT32_MAX + 1, arena, ret);
    case LF_PROTO_INT64:
    case LF_PROTO_SINT64:
    case LF_PROTO_SFIXED64: return integer_of(constant, INT64_MAX, (uint64_t)INT64_MAX + 1, arena, ret);
    case LF_PROTO_UINT32:
    case LF_PROTO_FIXED32: return integer_of(constant, UINT32_MAX, 0, arena, ret);
    case LF_PROTO_UINT64:
    case LF_PROTO_FIXED64: return integer_of(constant, UINT64_MAX, 0, arena, ret);
    case LF_PROTO_BOOL: return bool_of(constant, ret);
    case LF_PROTO_STRING: return string_of(constant, ret);
    case LF_PROTO_BYTES: return bytes_of(constant, arena, ret);
    case LF_PROTO_ENUM: return enum_of(constant, field->enumeration, ret);
    default: return false;
    }
}

enum lf_status
lf_proto_link_default(struct lf_proto_schema *schema, struct lf_proto_field *field, const struct lf_proto_file *file,
                      struct lf_err *err)
{
    const struct lf_proto_place place = field->default_constant->place;
    if (file->syntax == LF_PROTO_PROTO3)
        return lf_proto_fail_at(err, file, place, LF_INVALID, "proto3 has no declared defaults");
    if (field->repeated || field->type == LF_PROTO_MESSAGE || !field->presence)
        return lf_proto_fail_at(err, file, place, LF_INVALID, "\"%.*s\" cannot have a default", LF_FMT(field->name));
    if (!default_of(field, &schema->arena, &field->default_value))
        return lf_proto_fail_at(err, file, place, LF_INVALID, "\"%.*s\" is no value of the type %s",
                                LF_FMT(field->default_constant->text), lf_proto_type_text(field->type));
    return LF_OK;
}
