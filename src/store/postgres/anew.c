/* States computed anew: alone on event_store, tables that change places, events in a plain order. */
#include "store/postgres/postgres.h"

enum { SQL_BYTES_MAX = 16 * 1024, NAME_BYTES_MAX = 1024 };

enum lf_status
lf_pg_begin_alone(struct lf_store_session *base, int64_t *ret_last, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    PGresult *result = NULL;
    enum lf_status st = lf_pg_begin_with(session, LF_PG_BEGIN_ALONE, err);
    if (st != LF_OK)
        return st;
    lf_pg_params_clear(&session->params);
    st = lf_pg_query(&session->link, session->store->fixed[LF_PG_LAST], NULL, "reading the end of the events", &result,
                     err);
    if (st == LF_OK) {
        struct lf_pg_reader reader = {.result = result, .st = LF_OK, .err = err};
        int64_t last = lf_pg_next_int(&reader);
        st = reader.st;
        if (st == LF_OK)
            *ret_last = last;
    }
    PQclear(result);
    session->untouched = false;
    if (st != LF_OK)
        lf_pg_abort(base);
    return st;
}

/* ---- tables ---- */

static void
add_table(struct lf_buf *sql, const struct lf_pg_session *session, struct lf_bytes collection)
{
    lf_buf_add_text(sql, session->store->prefix);
    lf_sql_collection(sql, collection);
}

static enum lf_status
execute(struct lf_pg_session *session, struct lf_buf *sql, const char *doing, struct lf_err *err)
{
    session->untouched = false;
    lf_buf_add_char(sql, '\0');
    enum lf_status st = lf_buf_status(sql, err);
    if (st == LF_OK && lf_pg_link_lost(&session->link))
        st = lf_fail(err, LF_UNAVAILABLE, "%s: the connection to PostgreSQL is lost", doing);
    return st == LF_OK ? lf_pg_run(&session->link, sql->ptr, doing, err) : st;
}

/* What people have made on a table stays with it where it goes, and would be missing on the other: views, rules,
 * triggers, constraints, indexes, policies. The table itself comes last; relation $2 of schema $1. */
static const char objects_sql[] =
    "WITH t AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p'))"
    " SELECT 'view', r.ev_class::regclass::text, 0 FROM t JOIN pg_depend d ON d.refobjid = t.oid"
    " AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass"
    " JOIN pg_rewrite r ON r.oid = d.objid"
    " UNION ALL SELECT 'trigger', tgname::text, 0 FROM t JOIN pg_trigger ON tgrelid = t.oid AND NOT tgisinternal"
    " UNION ALL SELECT 'constraint', conname::text, 0 FROM t JOIN pg_constraint"
    " ON (conrelid = t.oid OR confrelid = t.oid) AND contype NOT IN ('p', 'n')"
    " UNION ALL SELECT 'index', indexrelid::regclass::text, 0 FROM t JOIN pg_index"
    " ON indrelid = t.oid AND NOT indisprimary"
    " UNION ALL SELECT 'policy', polname::text, 0 FROM t JOIN pg_policy ON polrelid = t.oid"
    " UNION ALL SELECT 'table', '', 1 FROM t ORDER BY 3 LIMIT 1";

static enum lf_status
judge(const PGresult *result, const char *table, struct lf_err *err)
{
    char space[NAME_BYTES_MAX];
    struct lf_arena arena;
    if (PQntuples(result) == 0)
        return lf_fail(err, LF_NOT_FOUND, "the store has no table \"%s\"", table);
    lf_arena_init(&arena, sizeof(space), 0);
    struct lf_pg_reader reader = {.result = result, .arena = &arena, .st = LF_OK, .err = err};
    struct lf_bytes kind = lf_pg_next_text(&reader), name = lf_pg_next_text(&reader);
    enum lf_status st = reader.st;
    if (st == LF_OK && !lf_bytes_equal_text(kind, "table"))
        st = lf_fail(err, LF_CONFLICT,
                     "table \"%s\" has the %.*s \"%.*s\", which would be left behind: drop it, and make it again "
                     "afterwards",
                     table, LF_FMT(kind), LF_FMT(name));
    lf_arena_release(&arena);
    return st;
}

static enum lf_status
look(struct lf_pg_session *session, struct lf_bytes collection, struct lf_err *err)
{
    char table[NAME_BYTES_MAX];
    PGresult *result = NULL;
    size_t len = lf_store_snake_case(collection, table, sizeof(table));
    lf_pg_params_clear(&session->params);
    lf_pg_param_text(&session->params, lf_bytes_of(session->store->schema));
    lf_pg_param_text(&session->params, lf_bytes(table, len));
    enum lf_status st = lf_pg_ask(session, objects_sql, "reading the store's tables", &result, err);
    if (st == LF_OK)
        st = judge(result, table, err);
    PQclear(result);
    return st;
}

/* Whoever may do something with the one table may do it with the other, its owner first. */
static void
add_grants(struct lf_buf *sql, const struct lf_pg_session *session, struct lf_bytes from, struct lf_bytes to)
{
    lf_buf_add_text(sql, "DO $logfirst$ DECLARE g record; src regclass := $name$");
    add_table(sql, session, from);
    lf_buf_add_text(sql, "$name$; dst text := $name$");
    add_table(sql, session, to);
    lf_buf_add_text(sql, "$name$; BEGIN EXECUTE format('ALTER TABLE %s OWNER TO %I', dst, (SELECT"
                         " pg_get_userbyid(relowner) FROM pg_class WHERE oid = src));"
                         " FOR g IN SELECT (aclexplode(relacl)).* FROM pg_class WHERE oid = src LOOP"
                         " EXECUTE format('GRANT %s ON TABLE %s TO %s%s', g.privilege_type, dst,"
                         " CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,"
                         " CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);"
                         " END LOOP; END $logfirst$;");
}

static void
rename_table(struct lf_buf *sql, const struct lf_pg_session *session, struct lf_bytes from, struct lf_bytes to)
{
    lf_buf_add_text(sql, "ALTER TABLE ");
    add_table(sql, session, from);
    lf_buf_add_text(sql, " RENAME TO ");
    lf_sql_collection(sql, to);
    lf_buf_add_char(sql, ';');
}

enum lf_status
lf_pg_swap(struct lf_store_session *base, const struct lf_entity *entity, struct lf_bytes collection,
           struct lf_err *err)
{
    static const struct lf_bytes aside = LF_LIT_INIT("logfirstSwap");
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    struct lf_buf sql;
    lf_buf_init(&sql, SQL_BYTES_MAX);
    enum lf_status st = look(session, entity->collection, err);
    if (st == LF_OK)
        st = look(session, collection, err);
    if (st == LF_OK) {
        add_grants(&sql, session, entity->collection, collection);
        rename_table(&sql, session, entity->collection, aside);
        rename_table(&sql, session, collection, entity->collection);
        rename_table(&sql, session, aside, collection);
        st = execute(session, &sql, "switching tables", err);
    }
    lf_buf_release(&sql);
    return st;
}

enum lf_status
lf_pg_drop(struct lf_store_session *base, struct lf_bytes collection, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    struct lf_buf sql;
    lf_buf_init(&sql, SQL_BYTES_MAX);
    lf_buf_add_text(&sql, "DROP TABLE IF EXISTS ");
    add_table(&sql, session, collection);
    enum lf_status st = execute(session, &sql, "removing a table", err);
    lf_buf_release(&sql);
    return st;
}

/* ---- events ---- */

static enum lf_status
read_rows(const PGresult *result, struct lf_walk_page *page, struct lf_err *err)
{
    struct lf_pg_reader reader = {.result = result, .arena = page->arena, .st = LF_OK, .err = err};
    enum lf_status st = LF_OK;
    for (; st == LF_OK && reader.row < PQntuples(result); reader.row++) {
        reader.column = 0;
        struct lf_walked row = {.sequence = lf_pg_next_int(&reader)};
        row.event.id = lf_pg_next_text(&reader);
        row.event.type_name = lf_pg_next_text(&reader);
        row.entity_type = lf_pg_next_text(&reader);
        row.event.entity_key = lf_pg_next_text(&reader);
        row.event.payload = lf_pg_next_jsonb(&reader);
        row.event.place.topic = lf_pg_next_text(&reader);
        row.event.place.partition = (int32_t)lf_pg_next_int(&reader);
        row.event.place.offset = lf_pg_next_int(&reader);
        struct lf_value headers = lf_pg_next_json(&reader);
        row.event.version = lf_store_event_version(&headers);
        st = reader.st == LF_OK ? lf_walk_page_add(page, &row, err) : reader.st;
    }
    return st;
}

enum lf_status
lf_pg_walk(struct lf_store_session *base, const struct lf_walk *walk, struct lf_arena *arena, struct lf_walked **ret,
           size_t *ret_count, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    enum lf_pg_fixed which = walk->entity != NULL ? LF_PG_WALK_ENTITY : LF_PG_WALK;
    PGresult *result = NULL;
    struct lf_walk_page page;
    lf_pg_params_clear(&session->params);
    lf_pg_param_bigint(&session->params, walk->after);
    lf_pg_param_bigint(&session->params, walk->until);
    lf_pg_param_bigint(&session->params, (int64_t)walk->max);
    if (walk->entity != NULL)
        lf_pg_param_text(&session->params, walk->entity->name);
    enum lf_status st = lf_pg_ask(session, session->store->fixed[which], "reading events", &result, err);
    if (st == LF_OK)
        st = lf_walk_page_init(&page, walk, base->store->model, arena, err);
    if (st == LF_OK)
        st = read_rows(result, &page, err);
    if (st == LF_OK) {
        *ret = page.items;
        *ret_count = page.count;
    }
    PQclear(result);
    return st;
}
