/* Lists: one generated statement a page. */
#include "store/sqlite/sqlite.h"

#include <string.h>

enum { LIST_SQL_BYTES_MAX = 1024 * 1024 };

/* A page being filled. */
struct page {
    const struct lf_list_query *query;
    struct lf_arena *arena;
    struct lf_list_result result;
    size_t cap_rows, cap_cursors;
};

static const struct lf_value *
ordering_value(const struct page *page, size_t i)
{
    const struct lf_list_query *query = page->query;
    size_t index =
        i < query->order_count ? (size_t)(query->order[i].field - query->entity->fields) : query->entity->key;
    return lf_store_member(query->entity, &page->result.items[page->result.count], index);
}

/* Fills in the cursor of the row that was read last. */
static enum lf_status
add_cursor(struct page *page, int64_t sequence, struct lf_err *err)
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

static bool
make_room(struct page *page)
{
    struct lf_list_result *result = &page->result;
    bool entities = page->query->entity != NULL;
    void *rows = lf_arena_grow(page->arena, entities ? (void *)result->items : (void *)result->events, result->count,
                               &page->cap_rows, entities ? sizeof(*result->items) : sizeof(*result->events));
    struct lf_bytes *cursors =
        lf_arena_grow(page->arena, result->cursors, result->count, &page->cap_cursors, sizeof(*result->cursors));
    if (rows == NULL || cursors == NULL)
        return false;
    if (entities)
        result->items = rows;
    else
        result->events = rows;
    result->cursors = cursors;
    return true;
}

static enum lf_status
add_row(struct page *page, sqlite3_stmt *stmt, const struct lf_model *model, struct lf_err *err)
{
    struct lf_list_result *result = &page->result;
    int64_t sequence = 0;
    enum lf_status st;
    if (!make_room(page))
        return lf_no_memory(err);
    if (page->query->entity != NULL)
        st = lf_sqlite_read_state(stmt, page->query->entity, page->arena, &result->items[result->count], err);
    else
        st = lf_sqlite_read_event(stmt, model, page->arena, &result->events[result->count], &sequence, err);
    if (st == LF_OK)
        st = add_cursor(page, sequence, err);
    if (st == LF_OK)
        result->count++;
    return st;
}

/* One row more than asked for was selected: it only says that there is a next page. */
static enum lf_status
read_page(struct lf_sqlite_session *session, struct lf_sqlite_binder *binder, struct page *page, struct lf_err *err)
{
    for (;;) {
        bool row;
        enum lf_status st = lf_sqlite_step(session, binder, "reading a list", &row, err);
        if (st != LF_OK || !row)
            return st;
        if (page->result.count == page->query->first) {
            page->result.has_next = true;
            sqlite3_reset(binder->stmt);
            return LF_OK;
        }
        st = add_row(page, binder->stmt, session->store->base.model, err);
        if (st != LF_OK) {
            sqlite3_reset(binder->stmt);
            return st;
        }
    }
}

enum lf_status
lf_sqlite_list(struct lf_store_session *base, const struct lf_list_query *query, struct lf_arena *arena,
               struct lf_list_result *ret, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    struct lf_sqlite_sql sql = {.arena = arena, .err = err};
    struct lf_sqlite_binder binder = {0};
    struct page page = {.query = query, .arena = arena};
    struct lf_value after;
    enum lf_status st = LF_OK;
    lf_buf_init(&sql.text, LIST_SQL_BYTES_MAX);
    if (query->after.ptr != NULL)
        st = lf_cursor_decode(query, query->after, arena, &after, err);
    if (st != LF_OK)
        goto out;
    lf_sqlite_write_list(&sql, query, query->after.ptr != NULL ? &after : NULL);
    st = sql.failed;
    if (st == LF_OK)
        st = lf_sqlite_list_stmt(session, lf_buf_view(&sql.text), &binder.stmt, err);
    if (st != LF_OK)
        goto out;
    for (size_t i = 0; i < sql.param_count; i++)
        lf_sqlite_bind_value(&binder, &sql.params[i]);
    lf_sqlite_bind_int(&binder, (int64_t)query->first + 1);
    st = read_page(session, &binder, &page, err);
    if (st == LF_OK)
        *ret = page.result;
out:
    lf_buf_release(&sql.text);
    return st;
}
