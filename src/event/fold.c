/* The fold: applies an event's steps to the state of its entity. */
#include "event/fold.h"
#include "event/number.h"

#include <math.h>
#include <string.h>

struct folder {
    const struct lf_event *event;
    const struct lf_entity *entity;
    struct lf_arena *arena;
    struct lf_value *values; /* one a field of the entity: the state to be */
    struct lf_err *err;
};

static const struct lf_field *
target_of(const struct folder *folder, const struct lf_apply_step *step)
{
    return &folder->entity->fields[step->target];
}

static enum lf_status
out_of_range(const struct folder *folder, const struct lf_field *field, const char *type)
{
    return lf_fail(folder->err, LF_INVALID, "%.*s \"%.*s\": field \"%.*s\" would leave the range of %s",
                   LF_FMT(folder->entity->name), LF_FMT(folder->event->entity_key), LF_FMT(field->name), type);
}

/* --- arithmetic --------------------------------------------------------------------------------------------------- */

static enum lf_status
add_integers(const struct folder *folder, const struct lf_field *field, int64_t a, int64_t b, bool subtract,
             struct lf_value *target)
{
    int64_t sum;
    bool overflow = subtract ? __builtin_sub_overflow(a, b, &sum) : __builtin_add_overflow(a, b, &sum);
    if (field->type == LF_T_INT && (overflow || sum < INT32_MIN || sum > INT32_MAX))
        return out_of_range(folder, field, "Int");
    if (overflow)
        return out_of_range(folder, field, "BigInt");
    *target = lf_value_int(sum);
    return LF_OK;
}

static double
double_of(const struct lf_value *value)
{
    return value->type == LF_V_INT ? (double)value->u.integer : value->type == LF_V_FLOAT ? value->u.number : 0.0;
}

static enum lf_status
add_floats(const struct folder *folder, const struct lf_field *field, double a, double b, struct lf_value *target)
{
    double sum = a + b;
    if (!isfinite(sum))
        return out_of_range(folder, field, "Float");
    *target = lf_value_float(sum + 0.0);
    return LF_OK;
}

static enum lf_status
add_decimals(const struct folder *folder, const struct lf_field *field, const struct lf_value *amount, bool subtract,
             struct lf_value *target)
{
    char space_a[LF_INTEGER_TEXT_SIZE], space_b[LF_INTEGER_TEXT_SIZE];
    struct lf_bytes a = lf_number_text(target, space_a, folder->arena);
    struct lf_bytes b = lf_number_text(amount, space_b, folder->arena);
    if (a.ptr == NULL || b.ptr == NULL)
        return lf_no_memory(folder->err);
    struct lf_bytes sum;
    switch (lf_decimal_sum(a, b, subtract, folder->arena, &sum)) {
    case LF_OK: *target = lf_value_string(sum); return LF_OK;
    case LF_NO_MEMORY: return lf_no_memory(folder->err);
    default: return out_of_range(folder, field, "Decimal (1000 digits)");
    }
}

/* *target + amount or *target - amount; both in normal form. */
static enum lf_status
add(const struct folder *folder, const struct lf_field *field, const struct lf_value *amount, bool subtract,
    struct lf_value *target)
{
    if (target->type == LF_V_NULL)
        *target = lf_value_int(0);
    switch (field->type) {
    case LF_T_INT:
    case LF_T_BIGINT: return add_integers(folder, field, target->u.integer, amount->u.integer, subtract, target);
    case LF_T_FLOAT:
        return add_floats(folder, field, double_of(target), subtract ? -double_of(amount) : double_of(amount), target);
    default: return add_decimals(folder, field, amount, subtract, target);
    }
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

static enum lf_status
append(const struct folder *folder, const struct lf_value *item, struct lf_value *target)
{
    uint32_t count = target->type == LF_V_LIST ? target->count : 0;
    struct lf_value *items = LF_ARENA_ARRAY(folder->arena, struct lf_value, (size_t)count + 1);
    if (items == NULL)
        return lf_no_memory(folder->err);
    if (count != 0)
        memcpy(items, target->u.items, count * sizeof(*items));
    items[count] = *item;
    *target = lf_value_list(items, (size_t)count + 1);
    return LF_OK;
}

static enum lf_status
remove_equal(const struct folder *folder, const struct lf_value *item, struct lf_value *target)
{
    if (target->type != LF_V_LIST || target->count == 0)
        return LF_OK;
    struct lf_value *items = LF_ARENA_ARRAY(folder->arena, struct lf_value, target->count);
    if (items == NULL)
        return lf_no_memory(folder->err);
    size_t count = 0;
    for (uint32_t i = 0; i < target->count; i++) {
        if (!lf_value_equal(&target->u.items[i], item))
            items[count++] = target->u.items[i];
    }
    *target = lf_value_list(items, count);
    return LF_OK;
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

/* The payload's value for a step in the form of its target; NULL in *ret_value where the member is absent. */
static enum lf_status
read_source(const struct folder *folder, const struct lf_apply_step *step, struct lf_value *space,
            const struct lf_value **ret_value)
{
    const struct lf_field *source = &folder->event->type->fields[step->source];
    const struct lf_value *value = lf_value_get(&folder->event->payload, source->name);
    *ret_value = NULL;
    if (value == NULL)
        return LF_OK;
    if (!lf_fold_normal(source, value, folder->arena, space) ||
        !lf_fold_normal(target_of(folder, step), space, folder->arena, space))
        return lf_no_memory(folder->err);
    *ret_value = space;
    return LF_OK;
}

static enum lf_status
apply_source(const struct folder *folder, const struct lf_apply_step *step, struct lf_value *target)
{
    const struct lf_field *field = target_of(folder, step);
    const bool replaces = step->op == LF_APPLY_COPY || step->op == LF_APPLY_SET;
    struct lf_value space;
    const struct lf_value *value;
    enum lf_status st = read_source(folder, step, &space, &value);
    if (st != LF_OK || value == NULL)
        return st;
    if (value->type == LF_V_NULL && (!replaces || field->non_null))
        return LF_OK;
    switch (step->op) {
    case LF_APPLY_ADD: return add(folder, field, value, false, target);
    case LF_APPLY_SUBTRACT: return add(folder, field, value, true, target);
    case LF_APPLY_APPEND: return append(folder, value, target);
    case LF_APPLY_REMOVE: return remove_equal(folder, value, target);
    default: *target = *value; return LF_OK;
    }
}

static enum lf_status
increment(const struct folder *folder, const struct lf_apply_step *step, struct lf_value *target)
{
    const struct lf_value by = lf_value_int(step->increment);
    return add(folder, target_of(folder, step), &by, false, target);
}

static enum lf_status
set_constant(const struct folder *folder, const struct lf_apply_step *step, struct lf_value *target)
{
    return lf_fold_normal(target_of(folder, step), &step->value, folder->arena, target) ? LF_OK
                                                                                        : lf_no_memory(folder->err);
}

static enum lf_status
apply_step(const struct folder *folder, const struct lf_apply_step *step)
{
    struct lf_value *target = &folder->values[step->target];
    switch (step->op) {
    case LF_APPLY_VALUE: return set_constant(folder, step, target);
    case LF_APPLY_INCREMENT: return increment(folder, step, target);
    case LF_APPLY_CLEAR:
        *target = target_of(folder, step)->is_list ? lf_value_list(NULL, 0) : LF_VALUE_NULL;
        return LF_OK;
    default: return apply_source(folder, step, target);
    }
}

/* --- states ------------------------------------------------------------------------------------------------------- */

static const struct lf_value *
old_value(const struct lf_value *state, const struct lf_field *field, size_t index)
{
    if (state->type == LF_V_OBJECT && index < state->count && lf_bytes_equal(state->u.members[index].name, field->name))
        return &state->u.members[index].value;
    return lf_value_get(state, field->name);
}

/* Starts from the old state, member by member; where there is none, from initial values. */
static enum lf_status
start_values(const struct folder *folder, const struct lf_value *state)
{
    for (size_t i = 0; i < folder->entity->field_count; i++) {
        const struct lf_field *field = &folder->entity->fields[i];
        const struct lf_value *old = old_value(state, field, i);
        folder->values[i] = old != NULL ? *old : LF_VALUE_NULL;
        if (old == NULL && field->has_initial &&
            !lf_fold_normal(field, &field->initial, folder->arena, &folder->values[i]))
            return lf_no_memory(folder->err);
    }
    return LF_OK;
}

static enum lf_status
set_key(const struct folder *folder)
{
    const struct lf_event_type *type = folder->event->type;
    const struct lf_field *from = &type->fields[type->entity_key];
    const struct lf_field *key = &folder->entity->fields[folder->entity->key];
    const struct lf_value *value = lf_value_get(&folder->event->payload, from->name);
    struct lf_value normal;
    if (value == NULL || value->type == LF_V_NULL)
        return lf_fail(folder->err, LF_INVALID, "payload of %.*s lacks \"%.*s\", the key of its entity %.*s",
                       LF_FMT(type->name), LF_FMT(from->name), LF_FMT(folder->entity->name));
    if (!lf_fold_normal(from, value, folder->arena, &normal) ||
        !lf_fold_normal(key, &normal, folder->arena, &folder->values[folder->entity->key]))
        return lf_no_memory(folder->err);
    return LF_OK;
}

static enum lf_status
finish(const struct folder *folder, struct lf_value *ret)
{
    const size_t count = folder->entity->field_count;
    struct lf_member *members = LF_ARENA_ARRAY(folder->arena, struct lf_member, count);
    if (members == NULL)
        return lf_no_memory(folder->err);
    for (size_t i = 0; i < count; i++) {
        const struct lf_field *field = &folder->entity->fields[i];
        if (field->non_null && folder->values[i].type == LF_V_NULL)
            return lf_fail(folder->err, LF_INVALID,
                           "%.*s \"%.*s\": non-null field \"%.*s\" would be null after %.*s; give it an @initial value "
                           "or have the first event set it",
                           LF_FMT(folder->entity->name), LF_FMT(folder->event->entity_key), LF_FMT(field->name),
                           LF_FMT(folder->event->type->name));
        members[i] = (struct lf_member){field->name, folder->values[i]};
    }
    *ret = lf_value_object(members, count);
    return LF_OK;
}

enum lf_status
lf_fold(const struct lf_event *event, const struct lf_value *state, struct lf_arena *arena, struct lf_value *ret,
        struct lf_err *err)
{
    LF_ASSERT(event->type != NULL && event->type->entity != NULL);
    const struct lf_event_type *type = event->type;
    struct folder folder = {event, type->entity, arena, NULL, err};
    if (type->deletes) {
        *ret = LF_VALUE_NULL;
        return LF_OK;
    }
    folder.values = LF_ARENA_ARRAY(arena, struct lf_value, type->entity->field_count);
    if (folder.values == NULL)
        return lf_no_memory(err);
    enum lf_status st = start_values(&folder, state);
    if (st == LF_OK)
        st = set_key(&folder);
    for (size_t i = 0; st == LF_OK && i < type->step_count; i++)
        st = apply_step(&folder, &type->steps[i]);
    return st == LF_OK ? finish(&folder, ret) : st;
}
