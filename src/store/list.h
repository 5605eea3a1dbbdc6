/*
 * A list query, independent of the back end: which rows, in which order, from where. Made by the gateway from GraphQL
 * arguments, turned into SQL (or into a walk) by the back end; values travel as parameters only.
 */
#ifndef LF_STORE_LIST_H
#define LF_STORE_LIST_H

#include "json/value.h"
#include "model/model.h"

struct lf_stored_event;

enum lf_compare_op {
    LF_CMP_EQ,
    LF_CMP_NE,
    LF_CMP_LT,
    LF_CMP_LTE,
    LF_CMP_GT,
    LF_CMP_GTE,
    LF_CMP_IN,          /* value: list */
    LF_CMP_NOT_IN,      /* value: list */
    LF_CMP_CONTAINS,    /* text, case-sensitive */
    LF_CMP_STARTS_WITH, /* text, case-sensitive */
    LF_CMP_ENDS_WITH,   /* text, case-sensitive */
    LF_CMP_IS_NULL,     /* value: bool */
};
enum lf_filter_kind { LF_FILTER_AND, LF_FILTER_OR, LF_FILTER_NOT, LF_FILTER_COMPARE };

/* SQL's meaning for nulls: a comparison with an absent value is unknown, neither true nor false (NE and NOT_IN too).
 * Empty AND is true, empty OR is false, IN and NOT_IN of an empty list are false and true of any value. */
struct lf_filter {
    enum lf_filter_kind kind;
    const struct lf_filter *const *parts; /* AND, OR; NOT has one */
    size_t part_count;
    const struct lf_field *field; /* COMPARE: a field of the entity, or of lf_event_fields() */
    enum lf_compare_op op;
    struct lf_value value; /* coerced to the field's type */
};

struct lf_order {
    const struct lf_field *field;
    bool descending; /* nulls come last either way */
};

/* The columns of event_store that can be filtered and ordered by, as fields: eventId, eventType, entityType, entityKey,
 * topic, partition, offset, time, storedAt. */
const struct lf_field *lf_event_fields(size_t *ret_count);

enum {
    LF_ORDER_MAX = 8,
    LF_FILTER_DEPTH_MAX = 16,    /* nesting */
    LF_FILTER_NODES_MAX = 256,   /* ANDs, ORs, NOTs and comparisons */
    LF_FILTER_VALUES_MAX = 5000, /* items of all IN and NOT_IN lists together */
};

struct lf_list_query {
    const struct lf_entity *entity;      /* NULL: events */
    const struct lf_filter *filter;      /* NULL: all */
    struct lf_order order[LF_ORDER_MAX]; /* the key (or the store's sequence) is added as the last criterion */
    size_t order_count;
    size_t first;          /* at most LF_PAGE_MAX */
    struct lf_bytes after; /* cursor; ptr NULL: from the start */
};

struct lf_list_result {
    size_t count;
    struct lf_value *items;         /* entities */
    struct lf_stored_event *events; /* events */
    struct lf_bytes *cursors;       /* one an item */
    bool has_next;
};

/*
 * Is the query one that a store can answer? lf_store_list() asks this first. LF_INVALID: a field that is not the
 * entity's, an operator that does not fit the field's type (JSON, objects and lists know IS_NULL only), a value of
 * another type; LF_LIMIT: beyond the maxima above or LF_PAGE_MAX.
 */
LF_NODISCARD enum lf_status lf_list_check(const struct lf_list_query *query, struct lf_err *err);

/* Cursors: base64url of a JSON array of a tag of the order, the ordering values and the tie-breaker. decode: LF_INVALID
 * when it is not one, or was made for another order. values: LF_V_LIST of order_count + 1 items. */
LF_NODISCARD enum lf_status lf_cursor_encode(const struct lf_list_query *query, const struct lf_value *values,
                                             struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err);
LF_NODISCARD enum lf_status lf_cursor_decode(const struct lf_list_query *query, struct lf_bytes cursor,
                                             struct lf_arena *arena, struct lf_value *ret_values, struct lf_err *err);

#endif
