/* where, orderBy, first, after. */
#include "gateway/filter.h"
#include "base/limits.h"
#include "event/fold.h"

#include <string.h>

struct scope {
    const struct lf_field *fields;
    size_t field_count;
    struct lf_arena *arena;
};

static const struct lf_field *
find_field(const struct scope *scope, struct lf_bytes name)
{
    for (size_t i = 0; i < scope->field_count; i++) {
        if (lf_bytes_equal(scope->fields[i].name, name))
            return &scope->fields[i];
    }
    return NULL;
}

static const struct {
    const char *name;
    enum lf_compare_op op;
} operators[] = {
    {"eq", LF_CMP_EQ},
    {"ne", LF_CMP_NE},
    {"lt", LF_CMP_LT},
    {"lte", LF_CMP_LTE},
    {"gt", LF_CMP_GT},
    {"gte", LF_CMP_GTE},
    {"in", LF_CMP_IN},
    {"notIn", LF_CMP_NOT_IN},
    {"contains", LF_CMP_CONTAINS},
    {"startsWith", LF_CMP_STARTS_WITH},
    {"endsWith", LF_CMP_ENDS_WITH},
    {"isNull", LF_CMP_IS_NULL},
};

/* The value in the form that states have; the items of in and notIn one by one. */
static bool
normalise(const struct scope *scope, const struct lf_field *field, struct lf_filter *filter)
{
    const struct lf_value given = filter->value;
    if (filter->op == LF_CMP_IS_NULL)
        return true;
    if (filter->op != LF_CMP_IN && filter->op != LF_CMP_NOT_IN)
        return lf_fold_normal(field, &given, scope->arena, &filter->value);
    struct lf_value *items = LF_ARENA_ARRAY(scope->arena, struct lf_value, given.count);
    bool ok = items != NULL;
    for (uint32_t i = 0; ok && i < given.count; i++)
        ok = lf_fold_normal(field, &given.u.items[i], scope->arena, &items[i]);
    filter->value = lf_value_list(items, given.count);
    return ok;
}

/* One operator of one field: amount: {gte: 5}. eq: null and ne: null ask for absence and presence; other nulls say
 * nothing (the caller left a variable empty). */
static bool
set_compare(struct lf_filter *filter, const struct lf_field *field, const struct lf_member *member)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (!lf_bytes_equal_text(member->name, operators[i].name))
            continue;
        *filter = (struct lf_filter){
            .kind = LF_FILTER_COMPARE, .field = field, .op = operators[i].op, .value = member->value};
        if (member->value.type != LF_V_NULL)
            return true;
        if (filter->op != LF_CMP_EQ && filter->op != LF_CMP_NE)
            return false;
        filter->value = lf_value_bool(filter->op == LF_CMP_EQ);
        filter->op = LF_CMP_IS_NULL;
        return true;
    }
    return false;
}

static const struct lf_filter *read_filter(const struct scope *scope, const struct lf_value *where, bool *ok);

/* A filter of the given kind with room for count parts, or NULL. */
static struct lf_filter *
new_group(const struct scope *scope, enum lf_filter_kind kind, size_t count, const struct lf_filter ***ret_parts)
{
    struct lf_filter *group = LF_ARENA_NEW(scope->arena, struct lf_filter);
    *ret_parts = LF_ARENA_ARRAY(scope->arena, const struct lf_filter *, count);
    if (group == NULL || *ret_parts == NULL)
        return NULL;
    *group = (struct lf_filter){.kind = kind, .parts = *ret_parts};
    return group;
}

/* and: [...], or: [...], not: {...} */
static const struct lf_filter *
read_group(const struct scope *scope, enum lf_filter_kind kind, const struct lf_value *value, bool *ok)
{
    bool list = value->type == LF_V_LIST;
    const struct lf_value *items = list ? value->u.items : value;
    size_t count = list ? value->count : 1;
    const struct lf_filter **parts;
    struct lf_filter *group = new_group(scope, kind, count, &parts);
    *ok = *ok && group != NULL;
    for (size_t i = 0; *ok && i < count; i++)
        parts[i] = read_filter(scope, &items[i], ok);
    if (*ok)
        group->part_count = count;
    return group;
}

static const struct lf_filter *
read_field(const struct scope *scope, const struct lf_field *field, const struct lf_value *value, bool *ok)
{
    const struct lf_filter **parts;
    struct lf_filter *group = new_group(scope, LF_FILTER_AND, value->count, &parts);
    *ok = *ok && group != NULL;
    for (uint32_t i = 0; *ok && i < value->count; i++) {
        struct lf_filter *compare = LF_ARENA_NEW(scope->arena, struct lf_filter);
        *ok = compare != NULL;
        if (!*ok || !set_compare(compare, field, &value->u.members[i]))
            continue;
        *ok = normalise(scope, field, compare);
        parts[group->part_count++] = compare;
    }
    return group;
}

static const struct lf_filter *
read_filter(const struct scope *scope, const struct lf_value *where, bool *ok)
{
    const struct lf_filter **parts;
    struct lf_filter *group = new_group(scope, LF_FILTER_AND, where->count, &parts);
    *ok = *ok && group != NULL;
    for (uint32_t i = 0; *ok && i < where->count; i++) {
        const struct lf_member *member = &where->u.members[i];
        const struct lf_filter *part;
        const struct lf_field *field = find_field(scope, member->name);
        if (member->value.type == LF_V_NULL)
            continue;
        if (field != NULL)
            part = read_field(scope, field, &member->value, ok);
        else if (lf_bytes_equal_text(member->name, "and"))
            part = read_group(scope, LF_FILTER_AND, &member->value, ok);
        else if (lf_bytes_equal_text(member->name, "or"))
            part = read_group(scope, LF_FILTER_OR, &member->value, ok);
        else
            part = read_group(scope, LF_FILTER_NOT, &member->value, ok);
        parts[group->part_count++] = part;
    }
    return group;
}

static enum lf_status
read_order(const struct scope *scope, const struct lf_value *list, struct lf_list_query *query, struct lf_err *err)
{
    if (list == NULL || list->type != LF_V_LIST)
        return LF_OK;
    if (list->count > LF_ORDER_MAX)
        return lf_fail(err, LF_INVALID, "orderBy: at most %d criteria", LF_ORDER_MAX);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct lf_value *name = lf_value_get_text(&list->u.items[i], "field");
        const struct lf_value *direction = lf_value_get_text(&list->u.items[i], "direction");
        struct lf_order *order = &query->order[query->order_count];
        order->field = name != NULL ? find_field(scope, lf_value_text(name)) : NULL;
        if (order->field == NULL)
            return lf_fail(err, LF_INVALID, "orderBy: no such field");
        order->descending =
            direction != NULL && direction->type != LF_V_NULL && lf_bytes_equal_text(lf_value_text(direction), "DESC");
        query->order_count++;
    }
    return LF_OK;
}

enum lf_status
lf_gateway_list_query(const struct lf_entity *entity, const struct lf_value *args, struct lf_arena *arena,
                      struct lf_list_query *ret, struct lf_err *err)
{
    struct lf_list_query query = {.entity = entity, .first = 50};
    struct scope scope = {.arena = arena};
    if (entity != NULL) {
        scope.fields = entity->fields;
        scope.field_count = entity->field_count;
    } else {
        scope.fields = lf_event_fields(&scope.field_count);
    }
    const struct lf_value *first = lf_value_get_text(args, "first");
    if (first != NULL && first->type == LF_V_INT) {
        if (first->u.integer < 0 || first->u.integer > LF_PAGE_MAX)
            return lf_fail(err, LF_INVALID, "first: must be from 0 to %d", LF_PAGE_MAX);
        query.first = (size_t)first->u.integer;
    }
    const struct lf_value *after = lf_value_get_text(args, "after");
    if (after != NULL && after->type == LF_V_STRING)
        query.after = lf_value_text(after);
    const struct lf_value *where = lf_value_get_text(args, "where");
    bool ok = true;
    if (where != NULL && where->type == LF_V_OBJECT)
        query.filter = read_filter(&scope, where, &ok);
    if (!ok)
        return lf_no_memory(err);
    enum lf_status st = read_order(&scope, lf_value_get_text(args, "orderBy"), &query, err);
    if (st == LF_OK)
        *ret = query;
    return st;
}
