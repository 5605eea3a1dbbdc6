/* Lists: one generated statement a page. */
#include "store/sqlite/sqlite.h"

enum { LIST_SQL_BYTES_MAX = 1024 * 1024 };

static enum lf_status
add_row(struct lf_page *page, sqlite3_stmt *stmt, const struct lf_model *model, struct lf_err *err)
{
    struct lf_list_result *result = &page->result;
    int64_t sequence = 0;
    enum lf_status st = lf_page_room(page, err);
    if (st != LF_OK)
        return st;
    if (page->query->entity != NULL)
        st = lf_sqlite_read_state(stmt, page->query->entity, page->arena, &result->items[result->count], err);
    else
        st = lf_sqlite_read_event(stmt, model, page->arena, &result->events[result->count], &sequence, err);
    return st == LF_OK ? lf_page_add(page, sequence, err) : st;
}

static enum lf_status
read_page(struct lf_sqlite_session *session, struct lf_sqlite_binder *binder, struct lf_page *page, struct lf_err *err)
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
    struct lf_sql_list list = {.dialect = &lf_sqlite_lists, .query = query, .arena = arena, .err = err};
    struct lf_sqlite_binder binder = {0};
    struct lf_page page = {.query = query, .arena = arena};
    struct lf_value after;
    enum lf_status st = LF_OK;
    lf_buf_init(&list.text, LIST_SQL_BYTES_MAX);
    if (query->after.ptr != NULL)
        st = lf_cursor_decode(query, query->after, arena, &after, err);
    if (st != LF_OK)
        goto out;
    st = lf_sql_list_write(&list, query->after.ptr != NULL ? &after : NULL);
    if (st == LF_OK)
        st = lf_sqlite_list_stmt(session, lf_buf_view(&list.text), &binder.stmt, err);
    if (st != LF_OK)
        goto out;
    for (size_t i = 0; i < list.param_count; i++)
        lf_sqlite_bind_value(&binder, &list.params[i]);
    st = read_page(session, &binder, &page, err);
    if (st == LF_OK)
        *ret = page.result;
out:
    lf_buf_release(&list.text);
    return st;
}
