/* Lists of the memory store: filter every row, sort, cut. */
#include "base/mem.h"
#include "store/memory.h"

#include <stdlib.h>
#include <string.h>

/* SQL's three answers. */
enum truth { NO, UNKNOWN, YES };

/* A row that passed the filter. */
struct row {
    const struct lf_value *state;             /* entities */
    const struct lf_stored_event *stored;     /* events */
    struct lf_value values[LF_ORDER_MAX + 1]; /* what it is ordered by, the tie-breaker last */
};

struct walk {
    const struct lf_list_query *query;
    struct lf_arena *arena;
    struct lf_err *err;
    enum lf_status st;
    const struct lf_value *after; /* NULL: from the start */
    struct row *rows;
    size_t count, cap;
};

static struct lf_value
field_value(struct walk *walk, const struct row *row, const struct lf_field *field)
{
    const struct lf_entity *entity = walk->query->entity;
    if (entity != NULL)
        return *lf_store_member(entity, row->state, (size_t)(field - entity->fields));
    struct lf_value value = LF_VALUE_NULL;
    if (!lf_store_event_value(row->stored, field, walk->arena, &value))
        walk->st = lf_no_memory(walk->err);
    return value;
}

static enum truth
truth_of(bool yes)
{
    return yes ? YES : NO;
}

static enum truth
search(enum lf_compare_op op, struct lf_bytes text, struct lf_bytes part)
{
    switch (op) {
    case LF_CMP_STARTS_WITH: return truth_of(lf_bytes_starts_with(text, part));
    case LF_CMP_ENDS_WITH: return truth_of(lf_bytes_ends_with(text, part));
    default: return truth_of(part.len == 0 || (text.len != 0 && memmem(text.ptr, text.len, part.ptr, part.len)));
    }
}

static enum truth
compare(struct walk *walk, const struct lf_field *field, enum lf_compare_op op, const struct lf_value *value,
        const struct lf_value *asked)
{
    struct lf_value other;
    if (lf_store_normalize(field, asked, walk->arena, &other, walk->err) != LF_OK) {
        walk->st = LF_NO_MEMORY; /* lf_list_check() has seen that it fits */
        return UNKNOWN;
    }
    if (value->type == LF_V_NULL || other.type == LF_V_NULL)
        return UNKNOWN;
    if (op == LF_CMP_CONTAINS || op == LF_CMP_STARTS_WITH || op == LF_CMP_ENDS_WITH)
        return search(op, lf_value_text(value), lf_value_text(&other));
    int order = lf_store_compare(field->type, value, &other);
    switch (op) {
    case LF_CMP_EQ: return truth_of(order == 0);
    case LF_CMP_NE: return truth_of(order != 0);
    case LF_CMP_LT: return truth_of(order < 0);
    case LF_CMP_LTE: return truth_of(order <= 0);
    case LF_CMP_GT: return truth_of(order > 0);
    default: return truth_of(order >= 0);
    }
}

static enum truth
is_in(struct walk *walk, const struct lf_filter *filter, const struct lf_value *value)
{
    enum truth found = value->type == LF_V_NULL ? UNKNOWN : NO;
    for (size_t i = 0; i < filter->value.count; i++) {
        enum truth one = compare(walk, filter->field, LF_CMP_EQ, value, &filter->value.u.items[i]);
        if (one > found)
            found = one;
    }
    return found;
}

static enum truth
negate(enum truth truth)
{
    return truth == YES ? NO : truth == NO ? YES : UNKNOWN;
}

static enum truth
matches(struct walk *walk, const struct row *row, const struct lf_filter *filter)
{
    enum truth all = filter->kind == LF_FILTER_AND ? YES : NO;
    switch (filter->kind) {
    case LF_FILTER_COMPARE: break;
    case LF_FILTER_NOT: return negate(matches(walk, row, filter->parts[0]));
    case LF_FILTER_AND:
    case LF_FILTER_OR:
        for (size_t i = 0; i < filter->part_count; i++) {
            enum truth one = matches(walk, row, filter->parts[i]);
            if (filter->kind == LF_FILTER_AND ? one < all : one > all)
                all = one;
        }
        return all;
    }
    struct lf_value value = field_value(walk, row, filter->field);
    switch (filter->op) {
    case LF_CMP_IS_NULL: return truth_of((value.type == LF_V_NULL) == filter->value.u.boolean);
    case LF_CMP_IN: return is_in(walk, filter, &value);
    case LF_CMP_NOT_IN: return negate(is_in(walk, filter, &value));
    default: return compare(walk, filter->field, filter->op, &value, &filter->value);
    }
}

/* Order of two rows' values under the query; nulls come last either way. */
static int
compare_values(const struct lf_list_query *query, const struct lf_value *a, const struct lf_value *b)
{
    for (size_t i = 0; i <= query->order_count; i++) {
        bool a_null = a[i].type == LF_V_NULL, b_null = b[i].type == LF_V_NULL;
        if (a_null && b_null)
            continue;
        if (a_null || b_null)
            return a_null ? 1 : -1;
        enum lf_field_type type = i < query->order_count  ? query->order[i].field->type
                                  : query->entity != NULL ? query->entity->fields[query->entity->key].type
                                                          : LF_T_BIGINT;
        int order = lf_store_compare(type, &a[i], &b[i]);
        if (order != 0)
            return i < query->order_count && query->order[i].descending ? -order : order;
    }
    return 0;
}

static int
compare_rows(const void *a, const void *b, void *query)
{
    return compare_values(query, ((const struct row *)a)->values, ((const struct row *)b)->values);
}

/* Keeps the row if it passes the filter and comes after the cursor. */
static void
visit(struct walk *walk, struct row row, int64_t sequence)
{
    const struct lf_list_query *query = walk->query;
    if (walk->st != LF_OK || (query->filter != NULL && matches(walk, &row, query->filter) != YES))
        return;
    for (size_t i = 0; i < query->order_count; i++)
        row.values[i] = field_value(walk, &row, query->order[i].field);
    row.values[query->order_count] = query->entity != NULL
                                         ? field_value(walk, &row, &query->entity->fields[query->entity->key])
                                         : lf_value_int(sequence);
    if (walk->after != NULL && compare_values(query, row.values, walk->after->u.items) <= 0)
        return;
    struct row *grown = lf_arena_grow(walk->arena, walk->rows, walk->count, &walk->cap, sizeof(row));
    if (grown == NULL) {
        walk->st = lf_no_memory(walk->err);
        return;
    }
    walk->rows = grown;
    walk->rows[walk->count++] = row;
}

static void
visit_all(struct walk *walk, const struct memory_store *store, const struct lf_store_session *session)
{
    const struct lf_entity *entity = walk->query->entity;
    if (entity == NULL) {
        size_t count = lf_memory_sees_pending(store, session) ? store->event_count : store->event_committed;
        for (size_t i = 0; i < count; i++)
            visit(walk, (struct row){.stored = &store->events[i]->stored}, (int64_t)i + 1);
        return;
    }
    size_t at = 0;
    const struct lf_map_entry *entry;
    while ((entry = lf_map_next(&store->tables[entity->index], &at)) != NULL) {
        const struct memory_state *state = lf_memory_state(store, session, entry->value);
        if (state != NULL)
            visit(walk, (struct row){.state = &state->value}, 0);
    }
}

static enum lf_status
copy_row(struct walk *walk, const struct memory_store *store, size_t i, struct lf_list_result *result)
{
    struct row *row = &walk->rows[i];
    struct lf_value values = lf_value_list(row->values, walk->query->order_count + 1);
    enum lf_status st = LF_OK;
    if (walk->query->entity == NULL)
        st = lf_memory_copy_event(row->stored, store->base.model, walk->arena, &result->events[i], walk->err);
    else if (!lf_value_copy(walk->arena, row->state, &result->items[i]))
        st = lf_no_memory(walk->err);
    return st == LF_OK ? lf_cursor_encode(walk->query, &values, walk->arena, &result->cursors[i], walk->err) : st;
}

/* The first rows, copied out of the store. */
static enum lf_status
cut(struct walk *walk, const struct memory_store *store, struct lf_list_result *ret)
{
    const struct lf_list_query *query = walk->query;
    struct lf_list_result result = {.count = walk->count < query->first ? walk->count : query->first};
    result.has_next = walk->count > result.count;
    if (walk->count > 1)
        qsort_r(walk->rows, walk->count, sizeof(*walk->rows), compare_rows, (void *)(uintptr_t)query);
    result.cursors = LF_ARENA_ARRAY(walk->arena, struct lf_bytes, result.count);
    if (query->entity != NULL)
        result.items = LF_ARENA_ARRAY(walk->arena, struct lf_value, result.count);
    else
        result.events = LF_ARENA_ARRAY(walk->arena, struct lf_stored_event, result.count);
    if (result.cursors == NULL || (result.items == NULL && result.events == NULL))
        return lf_no_memory(walk->err);
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < result.count; i++)
        st = copy_row(walk, store, i, &result);
    if (st == LF_OK)
        *ret = result;
    return st;
}

enum lf_status
lf_memory_list(struct lf_store_session *session, const struct lf_list_query *query, struct lf_arena *arena,
               struct lf_list_result *ret, struct lf_err *err)
{
    struct memory_store *store = (struct memory_store *)session->store;
    struct walk walk = {.query = query, .arena = arena, .err = err};
    struct lf_value after;
    if (query->after.ptr != NULL) {
        enum lf_status st = lf_cursor_decode(query, query->after, arena, &after, err);
        if (st != LF_OK)
            return st;
        walk.after = &after;
    }
    pthread_mutex_lock(&store->lock);
    visit_all(&walk, store, session);
    enum lf_status st = walk.st == LF_OK ? cut(&walk, store, ret) : walk.st;
    pthread_mutex_unlock(&store->lock);
    return st;
}
