/* Dynamic values: look up, compare, copy. Recursion follows a value's depth, which every producer bounds. */
#include "json/value.h"
#include "json/names.h"
#include "json/number.h"

#include <math.h>
#include <string.h>

const struct lf_value *
lf_value_get(const struct lf_value *value, struct lf_bytes name)
{
    if (value->type != LF_V_OBJECT)
        return NULL;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct lf_member *member = &value->u.members[i];
        if (member->name.len == name.len && (name.len == 0 || memcmp(member->name.ptr, name.ptr, name.len) == 0))
            return &member->value;
    }
    return NULL;
}

const struct lf_value *
lf_value_get_text(const struct lf_value *value, const char *name)
{
    return lf_value_get(value, lf_bytes_of(name));
}

static bool
is_text(const struct lf_value *value)
{
    return value->type == LF_V_STRING || value->type == LF_V_ENUM;
}

static bool
is_number(const struct lf_value *value)
{
    return value->type == LF_V_INT || value->type == LF_V_FLOAT;
}

static bool
numbers_equal(const struct lf_value *a, const struct lf_value *b)
{
    if (a->type == LF_V_INT && b->type == LF_V_INT)
        return a->u.integer == b->u.integer;
    if (!lf_number_is_finite(a) || !lf_number_is_finite(b)) {
        if (lf_number_is_finite(a) || lf_number_is_finite(b))
            return false;
        return isnan(a->u.number) ? isnan(b->u.number) : a->u.number == b->u.number;
    }
    char space_a[LF_NUMBER_TEXT_SIZE];
    char space_b[LF_NUMBER_TEXT_SIZE];
    struct lf_decimal decimal_a = lf_decimal_of(a, space_a);
    struct lf_decimal decimal_b = lf_decimal_of(b, space_b);
    return lf_decimal_equal(&decimal_a, &decimal_b);
}

static bool
lists_equal(const struct lf_value *a, const struct lf_value *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (!lf_value_equal(&a->u.items[i], &b->u.items[i]))
            return false;
    }
    return true;
}

static bool
objects_equal(const struct lf_value *a, const struct lf_value *b)
{
    if (a->count != b->count)
        return false;
    struct lf_names_index index;
    lf_names_index_init(&index, b->u.members, b->count);
    bool equal = true;
    for (uint32_t i = 0; i < a->count && equal; i++) {
        const struct lf_member *member = &a->u.members[i];
        const struct lf_member *other = lf_names_index_find(&index, member->name, i);
        equal = other != NULL && lf_value_equal(&member->value, &other->value);
    }
    lf_names_index_release(&index);
    return equal;
}

bool
lf_value_equal(const struct lf_value *a, const struct lf_value *b)
{
    if (is_text(a) && is_text(b))
        return lf_bytes_equal(lf_value_text(a), lf_value_text(b));
    if (is_number(a) && is_number(b))
        return numbers_equal(a, b);
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case LF_V_NULL: return true;
    case LF_V_BOOL: return a->u.boolean == b->u.boolean;
    case LF_V_LIST: return lists_equal(a, b);
    case LF_V_OBJECT: return objects_equal(a, b);
    case LF_V_OPAQUE: return a->u.opaque == b->u.opaque;
    default: return false; /* numbers and texts are done */
    }
}

static bool
copy_text(struct lf_arena *arena, struct lf_bytes text, const char **ret)
{
    *ret = lf_arena_text(arena, text);
    return *ret != NULL;
}

static bool
copy_list(struct lf_arena *arena, const struct lf_value *list, struct lf_value *ret)
{
    struct lf_value *items = NULL;
    if (list->count != 0) {
        items = LF_ARENA_ARRAY(arena, struct lf_value, list->count);
        if (items == NULL)
            return false;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (!lf_value_copy(arena, &list->u.items[i], &items[i]))
            return false;
    }
    *ret = lf_value_list(items, list->count);
    return true;
}

static bool
copy_object(struct lf_arena *arena, const struct lf_value *object, struct lf_value *ret)
{
    struct lf_member *members = NULL;
    if (object->count != 0) {
        members = LF_ARENA_ARRAY(arena, struct lf_member, object->count);
        if (members == NULL)
            return false;
    }
    for (uint32_t i = 0; i < object->count; i++) {
        const struct lf_member *from = &object->u.members[i];
        members[i].name.len = from->name.len;
        if (!copy_text(arena, from->name, &members[i].name.ptr) ||
            !lf_value_copy(arena, &from->value, &members[i].value))
            return false;
    }
    *ret = lf_value_object(members, object->count);
    return true;
}

bool
lf_value_copy(struct lf_arena *arena, const struct lf_value *value, struct lf_value *ret)
{
    if (value->type == LF_V_LIST)
        return copy_list(arena, value, ret);
    if (value->type == LF_V_OBJECT)
        return copy_object(arena, value, ret);
    struct lf_value copy = *value;
    if (is_text(value) && !copy_text(arena, lf_value_text(value), &copy.u.text))
        return false;
    if (value->type == LF_V_FLOAT && value->raw != NULL &&
        !copy_text(arena, lf_bytes(value->raw, value->count), &copy.raw))
        return false;
    *ret = copy;
    return true;
}
