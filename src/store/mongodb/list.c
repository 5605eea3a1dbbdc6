/* Lists: one find a page. */
#include "store/mongodb/mongodb.h"

#include "store/sql.h" /* pages */

struct reading {
    struct lf_page page;
    const struct lf_model *model;
};

static enum lf_status
add_row(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct reading *reading = ctx;
    struct lf_page *page = &reading->page;
    struct lf_list_result *result = &page->result;
    if (result->count == page->query->first) {
        result->has_next = true;
        return LF_OK;
    }
    enum lf_status st = lf_page_room(page, err);
    if (st != LF_OK)
        return st;
    if (page->query->entity != NULL)
        st = lf_mongo_read_state(document, page->query->entity, page->arena, &result->items[result->count], err);
    else
        st = lf_mongo_read_event(document, reading->model, page->arena, &result->events[result->count], err);
    return st == LF_OK ? lf_page_add(page, lf_bson_get_int(document, "sequence", 0), err) : st;
}

enum lf_status
lf_mongo_list(struct lf_store_session *base, const struct lf_list_query *query, struct lf_arena *arena,
              struct lf_list_result *ret, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    struct reading reading = {.page = {.query = query, .arena = arena}, .model = session->store->base.model};
    struct lf_value after;
    const char *collection = LF_MONGO_EVENTS;
    enum lf_status st = LF_OK;
    if (query->entity != NULL)
        collection = lf_arena_text(arena, query->entity->collection);
    if (collection == NULL)
        return lf_no_memory(err);
    if (query->after.ptr != NULL)
        st = lf_cursor_decode(query, query->after, arena, &after, err);
    lf_buf_clear(&session->filter);
    if (st == LF_OK)
        st = lf_mongo_filter_write(&session->filter, query, query->after.ptr != NULL ? &after : NULL, arena, err);
    if (st != LF_OK)
        return st;
    lf_buf_clear(&session->opts);
    size_t start = lf_bson_begin(&session->opts);
    lf_mongo_order_write(&session->opts, query);
    lf_bson_int64(&session->opts, LF_LIT("limit"), (int64_t)query->first + 1);
    lf_bson_end(&session->opts, start);
    st = lf_mongo_ask(session, collection, "reading a list", add_row, &reading, err);
    if (st == LF_OK)
        *ret = reading.page.result;
    return st;
}
