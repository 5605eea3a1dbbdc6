/* Payloads against event types: presence, null, types; constraints are in constraint.c. One walk, in schema order. */
#include "event/check.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "event/checker.h"
#include "event/number.h"
#include "model/decimal.h"

#include <math.h>

static bool
is_string(const struct lf_value *value)
{
    return value->type == LF_V_STRING;
}

static bool
is_int64(const struct lf_value *value)
{
    int64_t integer;
    return value->type == LF_V_INT || (is_string(value) && lf_bytes_to_i64(lf_value_text(value), &integer));
}

static bool
is_int32(const struct lf_value *value)
{
    return value->type == LF_V_INT && value->u.integer >= INT32_MIN && value->u.integer <= INT32_MAX;
}

static bool
is_float(const struct lf_value *value)
{
    return value->type == LF_V_INT || (value->type == LF_V_FLOAT && isfinite(value->u.number));
}

static bool
is_decimal(const struct lf_value *value)
{
    switch (value->type) {
    case LF_V_INT: return true;
    case LF_V_FLOAT:
        return value->raw != NULL ? lf_decimal_valid(lf_bytes(value->raw, value->count)) : isfinite(value->u.number);
    case LF_V_STRING: return lf_decimal_valid(lf_value_text(value));
    default: return false;
    }
}

static bool
is_datetime(const struct lf_value *value)
{
    int64_t us;
    return is_string(value) && lf_time_parse(lf_value_text(value), &us);
}

static bool
is_uuid(const struct lf_value *value)
{
    struct lf_uuid uuid;
    return is_string(value) && lf_uuid_parse(lf_value_text(value), &uuid);
}

static bool
has_type(const struct lf_field *field, const struct lf_value *value)
{
    switch (field->type) {
    case LF_T_ID: return is_string(value) || value->type == LF_V_INT;
    case LF_T_STRING: return is_string(value);
    case LF_T_INT: return is_int32(value);
    case LF_T_FLOAT: return is_float(value);
    case LF_T_BOOLEAN: return value->type == LF_V_BOOL;
    case LF_T_DATETIME: return is_datetime(value);
    case LF_T_DATE: return is_string(value) && lf_date_valid(lf_value_text(value));
    case LF_T_TIME: return is_string(value) && lf_fulltime_valid(lf_value_text(value));
    case LF_T_UUID: return is_uuid(value);
    case LF_T_DECIMAL: return is_decimal(value);
    case LF_T_BIGINT: return is_int64(value);
    case LF_T_JSON: return value->type != LF_V_OPAQUE;
    case LF_T_ENUM:
        return (is_string(value) || value->type == LF_V_ENUM) && lf_model_enum_has(field, lf_value_text(value));
    case LF_T_OBJECT: return value->type == LF_V_OBJECT;
    }
    return false;
}

static const char *
type_words(const struct lf_field *field)
{
    switch (field->type) {
    case LF_T_ID: return "a string or an integer";
    case LF_T_STRING: return "a string";
    case LF_T_INT: return "an integer of 32 bits";
    case LF_T_FLOAT: return "a finite number";
    case LF_T_BOOLEAN: return "true or false";
    case LF_T_DATETIME: return "a date and time with offset (RFC 3339)";
    case LF_T_DATE: return "a date (YYYY-MM-DD)";
    case LF_T_TIME: return "a time with offset (RFC 3339)";
    case LF_T_UUID: return "a UUID";
    case LF_T_DECIMAL: return "a decimal number of at most 1000 digits, as a string or number";
    case LF_T_BIGINT: return "an integer of 64 bits, as a number or string";
    case LF_T_JSON: return "a JSON value";
    case LF_T_ENUM: return "a value of its enum type";
    case LF_T_OBJECT: return "an object";
    }
    return "of its type";
}

static void check_object(struct lf_checker *checker, const struct lf_field *fields, size_t count,
                         const struct lf_value *object, const struct lf_json_step *step);

/* A value that is neither null nor the list of a list field. */
static void
check_item(struct lf_checker *checker, const struct lf_field *field, const struct lf_value *value,
           const struct lf_json_step *step)
{
    if (!has_type(field, value)) {
        lf_checker_add(checker, step, "must be %s, is %s", type_words(field), lf_checker_words(checker, value));
        return;
    }
    if (field->type == LF_T_OBJECT && field->object != NULL)
        check_object(checker, field->object->fields, field->object->field_count, value, step);
    if (field->constraint != NULL)
        lf_check_item_constraint(checker, field, value, step);
}

static void
check_list(struct lf_checker *checker, const struct lf_field *field, const struct lf_value *list,
           const struct lf_json_step *step)
{
    if (list->type != LF_V_LIST) {
        lf_checker_add(checker, step, "must be a list, is %s", lf_checker_words(checker, list));
        return;
    }
    for (uint32_t i = 0; i < list->count && checker->count < LF_VIOLATIONS_MAX; i++) {
        const struct lf_json_step at = {.outer = step, .index = i};
        if (list->u.items[i].type != LF_V_NULL)
            check_item(checker, field, &list->u.items[i], &at);
        else if (field->item_non_null)
            lf_checker_add(checker, &at, "must not be null");
    }
    if (field->constraint != NULL)
        lf_check_list_constraint(checker, field, list, step);
}

/* value NULL: the member is absent. */
static void
check_field(struct lf_checker *checker, const struct lf_field *field, const struct lf_value *value,
            const struct lf_json_step *parent)
{
    const struct lf_json_step step = {.outer = parent, .name = field->name};
    if (value == NULL || value->type == LF_V_NULL) {
        if (field->non_null)
            lf_checker_add(checker, &step, value == NULL ? "is missing" : "must not be null");
    } else if (field->is_list) {
        check_list(checker, field, value, &step);
    } else {
        check_item(checker, field, value, &step);
    }
}

/* Recursion follows the payload's depth, which the readers of JSON and GraphQL bound. */
static void
check_object(struct lf_checker *checker, const struct lf_field *fields, size_t count, const struct lf_value *object,
             const struct lf_json_step *step)
{
    uint32_t next = 0; /* members mostly stand in schema order */
    for (size_t i = 0; i < count && checker->count < LF_VIOLATIONS_MAX; i++) {
        const struct lf_value *value = NULL;
        if (next < object->count && lf_bytes_equal(object->u.members[next].name, fields[i].name))
            value = &object->u.members[next++].value;
        else
            value = lf_value_get(object, fields[i].name);
        check_field(checker, &fields[i], value, step);
    }
}

static enum lf_status
finish(const struct lf_checker *checker, size_t *ret_count, struct lf_err *err)
{
    if (checker->no_memory)
        return lf_no_memory(err);
    *ret_count = checker->count;
    if (checker->count == 0)
        return LF_OK;
    const struct lf_violation *first = &checker->violations[0];
    if (first->path.len == 0)
        return lf_fail(err, LF_INVALID, "payload %.*s", LF_FMT(first->reason));
    return lf_fail(err, LF_INVALID, "%.*s: %.*s", LF_FMT(first->path), LF_FMT(first->reason));
}

enum lf_status
lf_event_check(const struct lf_event_type *type, const struct lf_value *payload, struct lf_arena *arena,
               struct lf_violation ret[LF_VIOLATIONS_MAX], size_t *ret_count, struct lf_err *err)
{
    struct lf_checker checker = {.arena = arena, .violations = ret};
    if (payload->type != LF_V_OBJECT)
        lf_checker_add(&checker, NULL, "must be an object, is %s", lf_checker_words(&checker, payload));
    else
        check_object(&checker, type->fields, type->field_count, payload, NULL);
    return finish(&checker, ret_count, err);
}

enum lf_status
lf_event_check_argument(const struct lf_gql_input *argument, const struct lf_value *value, struct lf_arena *arena,
                        struct lf_violation ret[LF_VIOLATIONS_MAX], size_t *ret_count, struct lf_err *err)
{
    struct lf_checker checker = {.arena = arena, .violations = ret};
    const struct lf_field *field = argument->user;
    if (field != NULL)
        check_field(&checker, field, value, NULL);
    return finish(&checker, ret_count, err);
}
