/* Opening and closing: the store, its sessions, health. */
#include "store/postgres/postgres.h"

#include "base/mem.h"

static void
pg_close(struct lf_store *base)
{
    struct lf_pg_store *store = (struct lf_pg_store *)base;
    lf_pg_link_drop(&store->health);
    pthread_mutex_destroy(&store->lock);
    lf_arena_release(&store->arena);
    lf_pg_url_release(&store->url);
    lf_free(store->schema);
    lf_free(store);
}

static struct lf_pg_link
new_link(const struct lf_pg_store *store, bool read_only, int timeout_ms)
{
    return (struct lf_pg_link){.conninfo = store->url.conninfo, .writes = !read_only, .timeout_ms = timeout_ms};
}

static enum lf_status
open_store(struct lf_pg_store *store, const struct lf_store_options *options, struct lf_err *err)
{
    enum lf_status st = lf_pg_url_read(options->url, &store->url, err);
    if (st != LF_OK)
        return st;
    store->health = new_link(store, options->read_only, LF_PG_CHANGE_MS);
    st = lf_pg_link_first(&store->health, err);
    if (st == LF_OK)
        st = lf_pg_find_schema(store, err);
    if (st == LF_OK)
        st = lf_pg_write_statements(store, options->model, err);
    if (st == LF_OK)
        st = lf_pg_prepare(store, options->model, options->read_only, err);
    store->health.timeout_ms = LF_PG_HEALTH_MS; /* from now on */
    return st;
}

static enum lf_status
pg_open(const struct lf_store_options *options, const char *rest, struct lf_store **ret, struct lf_err *err)
{
    (void)rest;
    struct lf_pg_store *store = lf_calloc(1, sizeof(*store));
    if (store == NULL)
        return lf_no_memory(err);
    pthread_mutex_init(&store->lock, NULL);
    lf_arena_init(&store->arena, 0, 0);
    enum lf_status st = open_store(store, options, err);
    if (st == LF_OK)
        *ret = &store->base;
    else
        pg_close(&store->base);
    return st;
}

static enum lf_status
ask_health(struct lf_pg_link *link, bool read_only, struct lf_err *err)
{
    static const char doing[] = "asking the store";
    PGresult *result = NULL;
    enum lf_status st = lf_pg_link_up(link, err);
    if (st == LF_OK)
        st = lf_pg_query(link, "SELECT pg_is_in_recovery()::int", NULL, doing, &result, err);
    if (st != LF_OK)
        return st;
    struct lf_pg_reader reader = {.result = result, .st = LF_OK, .err = err};
    bool standby = PQntuples(result) != 0 && lf_pg_next_int(&reader) != 0;
    PQclear(result);
    if (!standby || read_only)
        return LF_OK;
    lf_pg_link_drop(link); /* another host may be the one to write to */
    return lf_fail(err, LF_UNAVAILABLE, "%s: the PostgreSQL server is a standby, it cannot be written", doing);
}

static enum lf_status
pg_health(struct lf_store *base, struct lf_err *err)
{
    struct lf_pg_store *store = (struct lf_pg_store *)base;
    struct lf_err first = {0};
    pthread_mutex_lock(&store->lock);
    bool fresh = lf_pg_link_lost(&store->health);
    enum lf_status st = ask_health(&store->health, base->read_only, &first);
    if (st == LF_UNAVAILABLE && !fresh && lf_pg_link_lost(&store->health)) /* it had gone unnoticed */
        st = ask_health(&store->health, base->read_only, &first);
    pthread_mutex_unlock(&store->lock);
    if (st != LF_OK && err != NULL)
        *err = first;
    return st;
}

static void
pg_session_close(struct lf_store_session *base)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    lf_pg_link_drop(&session->link);
    lf_pg_params_release(&session->params);
    lf_arena_release(&session->arena);
    lf_free(session);
}

static enum lf_status
pg_session_open(struct lf_store *base, bool writer, struct lf_store_session **ret, struct lf_err *err)
{
    (void)writer;
    struct lf_pg_store *store = (struct lf_pg_store *)base;
    struct lf_pg_session *session = lf_calloc(1, sizeof(*session));
    if (session == NULL)
        return lf_no_memory(err);
    session->store = store;
    /* readers too read where it is written, lest they miss what was just stored */
    session->link = new_link(store, base->read_only, LF_PG_STATEMENT_MS);
    lf_pg_params_init(&session->params);
    lf_arena_init(&session->arena, 0, 0);
    enum lf_status st = lf_pg_link_up(&session->link, err);
    if (st == LF_OK)
        *ret = &session->base;
    else
        pg_session_close(&session->base);
    return st;
}

const struct lf_store_ops lf_store_postgres = {
    .name = "postgres",
    .scheme = "postgres", /* postgresql:// and postgres:// */
    .open = pg_open,
    .close = pg_close,
    .health = pg_health,
    .session_open = pg_session_open,
    .session_close = pg_session_close,
    .begin = lf_pg_begin,
    .append = lf_pg_append,
    .load = lf_pg_load,
    .save = lf_pg_save,
    .bury = lf_pg_bury,
    .advance = lf_pg_advance,
    .set_aside = lf_pg_set_aside,
    .commit = lf_pg_commit,
    .abort = lf_pg_abort,
    .begin_alone = lf_pg_begin_alone,
    .swap = lf_pg_swap,
    .drop = lf_pg_drop,
    .walk = lf_pg_walk,
    .position = lf_pg_position,
    .get = lf_pg_get,
    .event = lf_pg_event,
    .list = lf_pg_list,
    .dead_letters = lf_pg_dead_letters,
};
