/* The one form of a value that states have. */
#include "base/clock.h"
#include "event/fold.h"
#include "event/number.h"

static bool
copy_string(struct lf_bytes text, struct lf_arena *arena, struct lf_value *ret)
{
    struct lf_bytes copy = lf_arena_copy(arena, text);
    if (copy.ptr == NULL)
        return false;
    *ret = lf_value_string(copy);
    return true;
}

static bool
normal_id(const struct lf_value *value, struct lf_arena *arena, struct lf_value *ret)
{
    char space[LF_INTEGER_TEXT_SIZE];
    if (value->type == LF_V_INT)
        return copy_string(lf_integer_text(value->u.integer, space), arena, ret);
    *ret = *value;
    return true;
}

static bool
normal_float(const struct lf_value *value, struct lf_value *ret)
{
    *ret = *value;
    if (value->type == LF_V_INT)
        *ret = lf_value_float((double)value->u.integer);
    else if (value->type == LF_V_FLOAT)
        *ret = lf_value_float(value->u.number + 0.0); /* -0.0 becomes 0.0 */
    return true;
}

static bool
normal_bigint(const struct lf_value *value, struct lf_value *ret)
{
    int64_t integer;
    *ret = *value;
    if (value->type == LF_V_STRING && lf_bytes_to_i64(lf_value_text(value), &integer))
        *ret = lf_value_int(integer);
    return true;
}

static bool
normal_decimal(const struct lf_value *value, struct lf_arena *arena, struct lf_value *ret)
{
    char space[LF_INTEGER_TEXT_SIZE];
    struct lf_bytes text = lf_number_text(value, space, arena);
    *ret = *value;
    if (text.ptr == NULL)
        return value->type != LF_V_FLOAT; /* else out of memory, for payloads hold finite numbers only */
    if (!lf_decimal_valid(text))
        return true;
    text = lf_decimal_plain(text, arena);
    if (text.ptr == NULL)
        return false;
    *ret = lf_value_string(text);
    return true;
}

static bool
normal_uuid(const struct lf_value *value, struct lf_arena *arena, struct lf_value *ret)
{
    *ret = *value;
    if (value->type != LF_V_STRING)
        return true;
    char *text = lf_arena_text(arena, lf_value_text(value));
    if (text == NULL)
        return false;
    for (uint32_t i = 0; i < value->count; i++) {
        if (text[i] >= 'A' && text[i] <= 'F')
            text[i] = (char)(text[i] - 'A' + 'a');
    }
    *ret = lf_value_string(lf_bytes(text, value->count));
    return true;
}

/* A point in time has many texts; states have one. */
static bool
normal_datetime(const struct lf_value *value, struct lf_arena *arena, struct lf_value *ret)
{
    static const int64_t min_us = INT64_C(-62135596800000000), max_us = INT64_C(253402300799999999); /* years 1, 9999 */
    int64_t us;
    *ret = *value;
    if (value->type != LF_V_STRING || !lf_time_parse(lf_value_text(value), &us))
        return true;
    char *text = lf_arena_alloc(arena, LF_TIME_TEXT_SIZE);
    if (text == NULL)
        return false;
    us = us < min_us ? min_us : us > max_us ? max_us : us; /* an offset may lead out of them */
    *ret = lf_value_string(lf_bytes(text, lf_time_format(us, 6, text)));
    return true;
}

static bool
normal_item(const struct lf_field *field, const struct lf_value *value, struct lf_arena *arena, struct lf_value *ret)
{
    switch (field->type) {
    case LF_T_ID: return normal_id(value, arena, ret);
    case LF_T_FLOAT: return normal_float(value, ret);
    case LF_T_BIGINT: return normal_bigint(value, ret);
    case LF_T_DECIMAL: return normal_decimal(value, arena, ret);
    case LF_T_UUID: return normal_uuid(value, arena, ret);
    case LF_T_DATETIME: return normal_datetime(value, arena, ret);
    default:
        *ret = *value;
        if (value->type == LF_V_ENUM && field->type == LF_T_ENUM)
            ret->type = LF_V_STRING;
        return true;
    }
}

bool
lf_fold_normal(const struct lf_field *field, const struct lf_value *value, struct lf_arena *arena, struct lf_value *ret)
{
    if (!field->is_list || value->type != LF_V_LIST)
        return normal_item(field, value, arena, ret);
    struct lf_value *items = LF_ARENA_ARRAY(arena, struct lf_value, value->count != 0 ? value->count : 1);
    if (items == NULL)
        return false;
    for (uint32_t i = 0; i < value->count; i++) {
        if (!normal_item(field, &value->u.items[i], arena, &items[i]))
            return false;
    }
    *ret = lf_value_list(items, value->count);
    return true;
}
