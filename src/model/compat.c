/* Which values may be taken over by which fields, as they are. */
#include "model/compile.h"

enum { NESTING_MAX = 64 };

/* A pair of object types that is being compared; types may contain themselves. */
struct pair {
    const struct pair *outer;
    const struct lf_object *from;
    const struct lf_object *to;
};

static bool compatible(const struct lf_field *from, const struct lf_field *to, const struct pair *outer);

/* Every field given is known, and every field that must be there is given. */
static bool
objects_compatible(const struct lf_object *from, const struct lf_object *to, const struct pair *outer)
{
    if (from == NULL || to == NULL || from == to)
        return true;
    size_t depth = 0;
    for (const struct pair *at = outer; at != NULL; at = at->outer, depth++) {
        if ((at->from == from && at->to == to) || depth == NESTING_MAX)
            return true; /* under way already */
    }
    const struct pair pair = {outer, from, to};
    for (size_t i = 0; i < from->field_count; i++) {
        const struct lf_field *field = lf_find_field(to->fields, to->field_count, from->fields[i].name);
        if (field == NULL || !compatible(&from->fields[i], field, &pair))
            return false;
    }
    for (size_t i = 0; i < to->field_count; i++) {
        const struct lf_field *field = lf_find_field(from->fields, from->field_count, to->fields[i].name);
        if (to->fields[i].non_null && (field == NULL || !field->non_null))
            return false;
    }
    return true;
}

/* Widening that loses nothing and that the readers of payloads accept. */
static bool
widens(enum lf_field_type from, enum lf_field_type to)
{
    switch (to) {
    case LF_T_JSON: return true;
    case LF_T_FLOAT: return from == LF_T_INT;
    case LF_T_BIGINT: return from == LF_T_INT;
    case LF_T_DECIMAL: return from == LF_T_INT || from == LF_T_BIGINT;
    case LF_T_ID:
        return from == LF_T_STRING || from == LF_T_UUID || from == LF_T_INT || from == LF_T_BIGINT || from == LF_T_ENUM;
    case LF_T_STRING:
        return from == LF_T_ID || from == LF_T_UUID || from == LF_T_ENUM || from == LF_T_DATETIME ||
               from == LF_T_DATE || from == LF_T_TIME || from == LF_T_DECIMAL;
    default: return false;
    }
}

static bool
items_compatible(const struct lf_field *from, const struct lf_field *to, const struct pair *outer)
{
    if (from->type == LF_T_BROKEN || to->type == LF_T_BROKEN)
        return true;
    if (from->type != to->type)
        return widens(from->type, to->type);
    if (to->type == LF_T_ENUM)
        return lf_bytes_equal(from->type_name, to->type_name);
    return to->type != LF_T_OBJECT || objects_compatible(from->object, to->object, outer);
}

static bool
compatible(const struct lf_field *from, const struct lf_field *to, const struct pair *outer)
{
    if (to->type == LF_T_JSON && !to->is_list)
        return true;
    if (from->is_list != to->is_list)
        return from->type == LF_T_BROKEN || to->type == LF_T_BROKEN;
    if (to->is_list && to->item_non_null && !from->item_non_null)
        return false;
    return items_compatible(from, to, outer);
}

bool
lf_compatible(const struct lf_field *from, const struct lf_field *to)
{
    return compatible(from, to, NULL);
}

bool
lf_compatible_item(const struct lf_field *from, const struct lf_field *to)
{
    return items_compatible(from, to, NULL);
}

bool
lf_field_is_numeric(const struct lf_field *field)
{
    return field->type == LF_T_INT || field->type == LF_T_FLOAT || field->type == LF_T_DECIMAL ||
           field->type == LF_T_BIGINT;
}
