/* Pages of lists: rows and their cursors. */
#include "store/sql.h"

static const struct lf_value *
ordering_value(const struct lf_page *page, size_t i)
{
    const struct lf_list_query *query = page->query;
    size_t index =
        i < query->order_count ? (size_t)(query->order[i].field - query->entity->fields) : query->entity->key;
    return lf_store_member(query->entity, &page->result.items[page->result.count], index);
}

/* Fills in the cursor of the row that was read last. */
static enum lf_status
add_cursor(struct lf_page *page, int64_t sequence, struct lf_err *err)
{
    const struct lf_list_query *query = page->query;
    struct lf_list_result *result = &page->result;
    struct lf_value values[LF_ORDER_MAX + 1];
    for (size_t i = 0; i <= query->order_count; i++) {
        if (query->entity != NULL)
            values[i] = *ordering_value(page, i);
        else if (i == query->order_count)
            values[i] = lf_value_int(sequence);
        else if (!lf_store_event_value(&result->events[result->count], query->order[i].field, page->arena, &values[i]))
            return lf_no_memory(err);
    }
    struct lf_value list = lf_value_list(values, query->order_count + 1);
    return lf_cursor_encode(query, &list, page->arena, &result->cursors[result->count], err);
}

enum lf_status
lf_page_room(struct lf_page *page, struct lf_err *err)
{
    struct lf_list_result *result = &page->result;
    bool entities = page->query->entity != NULL;
    void *rows = lf_arena_grow(page->arena, entities ? (void *)result->items : (void *)result->events, result->count,
                               &page->cap_rows, entities ? sizeof(*result->items) : sizeof(*result->events));
    struct lf_bytes *cursors =
        lf_arena_grow(page->arena, result->cursors, result->count, &page->cap_cursors, sizeof(*result->cursors));
    if (rows == NULL || cursors == NULL)
        return lf_no_memory(err);
    if (entities)
        result->items = rows;
    else
        result->events = rows;
    result->cursors = cursors;
    return LF_OK;
}

enum lf_status
lf_page_add(struct lf_page *page, int64_t sequence, struct lf_err *err)
{
    enum lf_status st = add_cursor(page, sequence, err);
    if (st == LF_OK)
        page->result.count++;
    return st;
}
