/* Lists: one generated statement a page. */
#include "store/postgres/postgres.h"

enum { LIST_SQL_BYTES_MAX = 1024 * 1024 };

static enum lf_status
add_row(struct lf_page *page, struct lf_pg_reader *reader, const struct lf_model *model)
{
    struct lf_list_result *result = &page->result;
    int64_t sequence = 0;
    enum lf_status st = lf_page_room(page, reader->err);
    if (st != LF_OK)
        return st;
    reader->column = 0;
    if (page->query->entity != NULL)
        st = lf_pg_read_state(reader, page->query->entity, &result->items[result->count]);
    else
        st = lf_pg_read_event(reader, model, &result->events[result->count], &sequence);
    return st == LF_OK ? lf_page_add(page, sequence, reader->err) : st;
}

static enum lf_status
read_page(struct lf_page *page, const PGresult *result, const struct lf_model *model, struct lf_err *err)
{
    struct lf_pg_reader reader = {.result = result, .arena = page->arena, .st = LF_OK, .err = err};
    size_t rows = (size_t)PQntuples(result);
    enum lf_status st = LF_OK;
    page->result.has_next = rows > page->query->first;
    for (; st == LF_OK && (size_t)reader.row < rows && page->result.count < page->query->first; reader.row++)
        st = add_row(page, &reader, model);
    return st;
}

static enum lf_status
ask(struct lf_pg_session *session, struct lf_sql_list *list, PGresult **ret, struct lf_err *err)
{
    lf_pg_params_clear(&session->params);
    for (size_t i = 0; i < list->param_count; i++)
        lf_pg_param_value(&session->params, &list->params[i]);
    lf_buf_add_char(&list->text, '\0');
    enum lf_status st = lf_buf_status(&list->text, err);
    return st == LF_OK ? lf_pg_ask(session, list->text.ptr, "reading a list", ret, err) : st;
}

enum lf_status
lf_pg_list(struct lf_store_session *base, const struct lf_list_query *query, struct lf_arena *arena,
           struct lf_list_result *ret, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    struct lf_sql_list list = {
        .dialect = &lf_pg_lists, .ctx = session->store->prefix, .query = query, .arena = arena, .err = err};
    struct lf_page page = {.query = query, .arena = arena};
    struct lf_value after;
    PGresult *result = NULL;
    enum lf_status st = LF_OK;
    lf_buf_init(&list.text, LIST_SQL_BYTES_MAX);
    if (query->after.ptr != NULL)
        st = lf_cursor_decode(query, query->after, arena, &after, err);
    if (st == LF_OK)
        st = lf_sql_list_write(&list, query->after.ptr != NULL ? &after : NULL);
    if (st == LF_OK)
        st = ask(session, &list, &result, err);
    if (st == LF_OK)
        st = read_page(&page, result, session->store->base.model, err);
    if (st == LF_OK)
        *ret = page.result;
    PQclear(result);
    lf_buf_release(&list.text);
    return st;
}
