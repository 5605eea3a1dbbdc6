/* Whose schema is it, and its tables brought up to the model in one transaction that others may race for. */
#include "store/postgres/postgres.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { PLAN_BYTES_MAX = 64 * 1024 * 1024 };

static enum lf_status
query_text(struct lf_pg_store *store, const char *sql, struct lf_bytes parameter, char **ret, struct lf_err *err)
{
    PGresult *result = NULL;
    struct lf_pg_params params;
    lf_pg_params_init(&params);
    if (parameter.ptr != NULL)
        lf_pg_param_text(&params, parameter);
    enum lf_status st = lf_pg_params_status(&params, err);
    if (st == LF_OK)
        st = lf_pg_query(&store->health, sql, &params, "opening the store", &result, err);
    *ret = NULL;
    if (st == LF_OK && PQntuples(result) != 0 && !PQgetisnull(result, 0, 0)) {
        *ret = lf_strdup(PQgetvalue(result, 0, 0)); /* text is the same in either format */
        st = *ret != NULL ? LF_OK : lf_no_memory(err);
    }
    PQclear(result);
    lf_pg_params_release(&params);
    return st;
}

enum lf_status
lf_pg_find_schema(struct lf_pg_store *store, struct lf_err *err)
{
    if (store->url.schema != NULL) {
        store->schema = lf_strdup(store->url.schema);
        return store->schema != NULL ? LF_OK : lf_no_memory(err);
    }
    enum lf_status st = query_text(store, "SELECT current_schema()::text", LF_BYTES_NONE, &store->schema, err);
    if (st == LF_OK && store->schema == NULL)
        st = lf_fail(err, LF_NOT_FOUND,
                     "no schema of the search path exists: name one with ?schema=NAME in the store's URL");
    return st;
}

/* Whose event_store it is, by its comment. */
static enum lf_status
check_mark(const struct lf_pg_store *store, const char *comment, struct lf_err *err)
{
    if (!lf_bytes_starts_with(lf_bytes_of(comment), LF_LIT(LF_PG_MARK_FORMAT)))
        return lf_fail(err, LF_UNSUPPORTED,
                       "schema \"%s\" has an event_store of another application: give the store a schema of its own "
                       "with ?schema=NAME in its URL",
                       store->schema);
    const char *format = comment + sizeof(LF_PG_MARK_FORMAT) - 1;
    if (strtol(format, NULL, 10) != LF_PG_FORMAT)
        return lf_fail(err, LF_UNSUPPORTED,
                       "schema \"%s\" has the store's format %s, this program knows format %d: use the version of "
                       "logfirst that made it",
                       store->schema, format, LF_PG_FORMAT);
    return LF_OK;
}

/* Is there a store, and is it of our format? Within a transaction. */
static enum lf_status
identify(struct lf_pg_store *store, bool *ret_fresh, struct lf_err *err)
{
    static const char sql[] = "SELECT COALESCE(obj_description(c.oid, 'pg_class'), '') FROM pg_class c"
                              " JOIN pg_namespace n ON n.oid = c.relnamespace"
                              " WHERE n.nspname = $1 AND c.relname = 'event_store'";
    char *comment = NULL;
    enum lf_status st = query_text(store, sql, lf_bytes_of(store->schema), &comment, err);
    if (st != LF_OK)
        return st;
    if (comment != NULL)
        st = check_mark(store, comment, err);
    if (st == LF_OK)
        *ret_fresh = comment == NULL;
    lf_free(comment);
    return st;
}

static enum lf_status
run(struct lf_pg_store *store, const char *sql, struct lf_err *err)
{
    return lf_pg_run(&store->health, sql, "changing the store's tables", err);
}

static void
roll_back(struct lf_pg_store *store)
{
    if (!lf_pg_link_lost(&store->health) && lf_pg_run(&store->health, "ROLLBACK", "rolling back", NULL) != LF_OK)
        lf_pg_link_drop(&store->health);
}

/* What is there and what it lacks, as of one moment: others may be making it just now. */
static enum lf_status
look(struct lf_pg_store *store, const struct lf_model *model, bool must_only, bool *ret_fresh, struct lf_buf *ret_sql,
     struct lf_err *err)
{
    enum lf_status st =
        lf_pg_run(&store->health, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "opening the store", err);
    if (st != LF_OK)
        return st;
    st = identify(store, ret_fresh, err);
    if (st == LF_OK)
        st = lf_pg_plan(store, model, must_only, ret_sql, err);
    roll_back(store);
    return st;
}

static enum lf_status
make_schema(struct lf_pg_store *store, struct lf_err *err)
{
    struct lf_buf sql;
    char *there = NULL;
    enum lf_status st = query_text(store, "SELECT nspname::text FROM pg_namespace WHERE nspname = $1",
                                   lf_bytes_of(store->schema), &there, err);
    lf_buf_init(&sql, 1024);
    lf_buf_add_text(&sql, "CREATE SCHEMA ");
    lf_sql_quote(&sql, lf_bytes_of(store->schema));
    lf_buf_add_char(&sql, '\0');
    if (st == LF_OK && there == NULL) {
        st = lf_buf_status(&sql, err);
        if (st == LF_OK)
            st = run(store, sql.ptr, err);
    }
    lf_buf_release(&sql);
    lf_free(there);
    return st;
}

/* Plans again under the lock, since another process may have been first. */
static enum lf_status
change_locked(struct lf_pg_store *store, const struct lf_model *model, struct lf_buf *sql, struct lf_err *err)
{
    bool fresh = false;
    enum lf_status st = make_schema(store, err);
    if (st == LF_OK)
        st = identify(store, &fresh, err);
    lf_buf_clear(sql);
    if (st == LF_OK)
        st = lf_pg_plan(store, model, false, sql, err);
    if (st != LF_OK || sql->len == 0)
        return st;
    lf_buf_add_char(sql, '\0');
    st = lf_buf_status(sql, err);
    return st == LF_OK ? run(store, sql->ptr, err) : st;
}

static enum lf_status
change(struct lf_pg_store *store, const struct lf_model *model, struct lf_buf *sql, struct lf_err *err)
{
    /* the lock is the store's alone in the whole database; READ COMMITTED sees what was committed meanwhile */
    static const char begin[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
                                "SET LOCAL standard_conforming_strings = on;"
                                "SELECT pg_advisory_xact_lock(1280729972)"; /* "LFst" */
    enum lf_status st = run(store, begin, err);
    if (st == LF_OK)
        st = change_locked(store, model, sql, err);
    if (st == LF_OK)
        st = run(store, "COMMIT", err);
    if (st != LF_OK)
        roll_back(store);
    return st;
}

enum lf_status
lf_pg_prepare(struct lf_pg_store *store, const struct lf_model *model, bool read_only, struct lf_err *err)
{
    bool fresh = false;
    struct lf_buf sql;
    lf_buf_init(&sql, PLAN_BYTES_MAX);
    enum lf_status st = look(store, model, read_only, &fresh, &sql, err);
    bool fits = st == LF_OK && !fresh && sql.len == 0;
    if (st == LF_OK && read_only && fresh)
        st = lf_fail(err, LF_NOT_FOUND, "there is no store in schema \"%s\"", store->schema);
    else if (st == LF_OK && read_only && !fits)
        st = lf_fail(err, LF_NOT_FOUND,
                     "tables or columns are missing in schema \"%s\": open the store once for writing with this schema",
                     store->schema);
    else if (st == LF_OK && !fits)
        st = change(store, model, &sql, err);
    lf_buf_release(&sql);
    return st;
}
