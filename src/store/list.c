/* Lists, as far as they are the same for every back end: the fields of events, and what may be asked. */
#include "store/list.h"

#include "base/limits.h"
#include "store/row.h"

#define EVENT_FIELD(NAME, COLUMN, TYPE, NON_NULL)                                                                      \
    {.name = {NAME, sizeof(NAME) - 1}, .column = {COLUMN, sizeof(COLUMN) - 1}, .type = TYPE, .non_null = NON_NULL}

static const struct lf_field event_fields[] = {
    EVENT_FIELD("eventId", "event_id", LF_T_ID, true),
    EVENT_FIELD("eventType", "event_type", LF_T_STRING, true),
    EVENT_FIELD("entityType", "entity_type", LF_T_STRING, false),
    EVENT_FIELD("entityKey", "entity_key", LF_T_STRING, false),
    EVENT_FIELD("topic", "topic", LF_T_STRING, true),
    EVENT_FIELD("partition", "log_partition", LF_T_INT, true),
    EVENT_FIELD("offset", "log_offset", LF_T_BIGINT, true),
    EVENT_FIELD("time", "occurred_at", LF_T_DATETIME, true),
    EVENT_FIELD("storedAt", "stored_at", LF_T_DATETIME, true),
};

const struct lf_field *
lf_event_fields(size_t *ret_count)
{
    *ret_count = sizeof(event_fields) / sizeof(event_fields[0]);
    return event_fields;
}

/* What has been counted so far of one filter. */
struct tally {
    const struct lf_list_query *query;
    struct lf_arena arena; /* scratch */
    size_t nodes;
    size_t values;
};

static enum lf_status
check_field(const struct lf_list_query *query, const struct lf_field *field, struct lf_err *err)
{
    size_t count;
    const struct lf_field *fields = lf_event_fields(&count);
    if (query->entity != NULL) {
        fields = query->entity->fields;
        count = query->entity->field_count;
    }
    for (size_t i = 0; i < count; i++) {
        if (field == &fields[i])
            return LF_OK;
    }
    return lf_fail(err, LF_INVALID, "a list is asked for by a field that it does not have");
}

static enum lf_status
check_value(struct tally *tally, const struct lf_field *field, const struct lf_value *value, struct lf_err *err)
{
    struct lf_value unused;
    return lf_store_normalize(field, value, &tally->arena, &unused, err);
}

static enum lf_status
check_values(struct tally *tally, const struct lf_filter *filter, struct lf_err *err)
{
    if (filter->value.type != LF_V_LIST)
        return lf_fail(err, LF_INVALID, "the filter on \"%.*s\" needs a list of values", LF_FMT(filter->field->name));
    tally->values += filter->value.count;
    if (tally->values > LF_FILTER_VALUES_MAX)
        return lf_fail(err, LF_LIMIT, "the filter has more than %d values", LF_FILTER_VALUES_MAX);
    for (size_t i = 0; i < filter->value.count; i++) {
        enum lf_status st = check_value(tally, filter->field, &filter->value.u.items[i], err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

static enum lf_status
check_compare(struct tally *tally, const struct lf_filter *filter, struct lf_err *err)
{
    const struct lf_field *field = filter->field;
    enum lf_status st = check_field(tally->query, field, err);
    if (st != LF_OK)
        return st;
    enum lf_column column = lf_column_of(field);
    switch (filter->op) {
    case LF_CMP_IS_NULL:
        if (filter->value.type == LF_V_BOOL)
            return LF_OK;
        return lf_fail(err, LF_INVALID, "isNull on \"%.*s\" needs true or false", LF_FMT(field->name));
    case LF_CMP_CONTAINS:
    case LF_CMP_STARTS_WITH:
    case LF_CMP_ENDS_WITH:
        if (column == LF_COLUMN_TEXT)
            return check_value(tally, field, &filter->value, err);
        return lf_fail(err, LF_INVALID, "\"%.*s\" is not text: it cannot be searched in", LF_FMT(field->name));
    default: break;
    }
    if (column == LF_COLUMN_JSON)
        return lf_fail(err, LF_INVALID, "\"%.*s\" is a list, an object or JSON: only isNull can be asked",
                       LF_FMT(field->name));
    if (filter->op == LF_CMP_IN || filter->op == LF_CMP_NOT_IN)
        return check_values(tally, filter, err);
    return check_value(tally, field, &filter->value, err);
}

static enum lf_status
check_filter(struct tally *tally, const struct lf_filter *filter, size_t depth, struct lf_err *err)
{
    if (depth > LF_FILTER_DEPTH_MAX)
        return lf_fail(err, LF_LIMIT, "the filter is nested deeper than %d", LF_FILTER_DEPTH_MAX);
    if (++tally->nodes > LF_FILTER_NODES_MAX)
        return lf_fail(err, LF_LIMIT, "the filter has more than %d parts", LF_FILTER_NODES_MAX);
    if (filter->kind == LF_FILTER_COMPARE)
        return check_compare(tally, filter, err);
    if (filter->kind == LF_FILTER_NOT && filter->part_count != 1)
        return lf_fail(err, LF_INVALID, "a negation has one part");
    for (size_t i = 0; i < filter->part_count; i++) {
        enum lf_status st = check_filter(tally, filter->parts[i], depth + 1, err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

static enum lf_status
check_order(const struct lf_list_query *query, struct lf_err *err)
{
    if (query->order_count > LF_ORDER_MAX)
        return lf_fail(err, LF_LIMIT, "a list is ordered by %d fields at most", LF_ORDER_MAX);
    for (size_t i = 0; i < query->order_count; i++) {
        const struct lf_field *field = query->order[i].field;
        enum lf_status st = check_field(query, field, err);
        if (st != LF_OK)
            return st;
        if (lf_column_of(field) == LF_COLUMN_JSON)
            return lf_fail(err, LF_INVALID, "\"%.*s\" is a list, an object or JSON: it has no order",
                           LF_FMT(field->name));
    }
    return LF_OK;
}

enum lf_status
lf_list_check(const struct lf_list_query *query, struct lf_err *err)
{
    if (query->first > LF_PAGE_MAX)
        return lf_fail(err, LF_LIMIT, "first: at most %d, is %zu", LF_PAGE_MAX, query->first);
    enum lf_status st = check_order(query, err);
    if (st != LF_OK || query->filter == NULL)
        return st;
    struct tally tally = {.query = query};
    lf_arena_init(&tally.arena, 0, 0);
    st = check_filter(&tally, query->filter, 1, err);
    lf_arena_release(&tally.arena);
    return st;
}
