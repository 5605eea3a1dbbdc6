/* States computed anew: SQLite has one writer at a time, so that alone is what every transaction is. */
#include "store/sqlite/sqlite.h"

enum { SQL_BYTES_MAX = 16 * 1024, NAME_MAX_BYTES = 1024 };

enum lf_status
lf_sqlite_begin_alone(struct lf_store_session *base, int64_t *ret_last, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    struct lf_sqlite_binder binder = {0};
    bool row = false;
    enum lf_status st = lf_sqlite_begin(base, err);
    if (st != LF_OK)
        return st;
    st = lf_sqlite_fixed(session, LF_SQL_LAST, &binder.stmt, err);
    if (st == LF_OK)
        st = lf_sqlite_step(session, &binder, "reading the end of the events", &row, err);
    if (st == LF_OK) {
        *ret_last = sqlite3_column_int64(binder.stmt, 0);
        sqlite3_reset(binder.stmt);
    } else {
        lf_sqlite_abort(base);
    }
    return st;
}

/* ---- tables ---- */

static enum lf_status
execute(struct lf_sqlite_session *session, struct lf_buf *sql, const char *doing, struct lf_err *err)
{
    lf_buf_add_char(sql, '\0');
    enum lf_status st = lf_buf_status(sql, err);
    if (st != LF_OK)
        return st;
    int rc = sqlite3_exec(session->db, sql->ptr, NULL, NULL, NULL);
    return rc == SQLITE_OK ? LF_OK : lf_sqlite_fail(session->db, rc, doing, err);
}

/* Whether there is such a table, and what people have made on it, which would go with it. */
static enum lf_status
look(struct lf_sqlite_session *session, struct lf_bytes collection, struct lf_err *err)
{
    static const char sql[] = "SELECT type, name FROM sqlite_master WHERE tbl_name = ?1 COLLATE NOCASE"
                              " AND (type = 'table' OR sql IS NOT NULL) ORDER BY type = 'table' LIMIT 1";
    char table[NAME_MAX_BYTES];
    sqlite3_stmt *stmt = NULL;
    size_t len = lf_store_snake_case(collection, table, sizeof(table));
    int rc = sqlite3_prepare_v2(session->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(stmt, 1, table, (int)len, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    enum lf_status st = LF_OK;
    const char *type = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : "";
    if (rc == SQLITE_DONE)
        st = lf_fail(err, LF_NOT_FOUND, "the store has no table \"%s\"", table);
    else if (rc != SQLITE_ROW)
        st = lf_sqlite_fail(session->db, rc, "reading the store's tables", err);
    else if (type == NULL || !lf_bytes_equal_text(lf_bytes_of(type), "table"))
        st = lf_fail(err, LF_CONFLICT,
                     "table \"%s\" has the %s \"%s\", which would go with it: drop it, and make it again afterwards",
                     table, type, (const char *)sqlite3_column_text(stmt, 1));
    sqlite3_finalize(stmt);
    return st;
}

static void
rename_table(struct lf_buf *sql, struct lf_bytes from, struct lf_bytes to)
{
    lf_buf_add_text(sql, "ALTER TABLE ");
    lf_sql_collection(sql, from);
    lf_buf_add_text(sql, " RENAME TO ");
    lf_sql_collection(sql, to);
    lf_buf_add_char(sql, ';');
}

enum lf_status
lf_sqlite_swap(struct lf_store_session *base, const struct lf_entity *entity, struct lf_bytes collection,
               struct lf_err *err)
{
    static const struct lf_bytes aside = LF_LIT_INIT("logfirstSwap");
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    struct lf_buf sql;
    lf_buf_init(&sql, SQL_BYTES_MAX);
    enum lf_status st = look(session, entity->collection, err);
    if (st == LF_OK)
        st = look(session, collection, err);
    if (st == LF_OK) {
        /* views stay with the name, not with the table */
        sqlite3_db_config(session->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 1, (int *)NULL);
        rename_table(&sql, entity->collection, aside);
        rename_table(&sql, collection, entity->collection);
        rename_table(&sql, aside, collection);
        st = execute(session, &sql, "switching tables", err);
    }
    lf_buf_release(&sql);
    return st;
}

enum lf_status
lf_sqlite_drop(struct lf_store_session *base, struct lf_bytes collection, struct lf_err *err)
{
    struct lf_buf sql;
    lf_buf_init(&sql, SQL_BYTES_MAX);
    lf_buf_add_text(&sql, "DROP TABLE IF EXISTS ");
    lf_sql_collection(&sql, collection);
    enum lf_status st = execute((struct lf_sqlite_session *)base, &sql, "removing a table", err);
    lf_buf_release(&sql);
    return st;
}

/* ---- events ---- */

static enum lf_status
add_row(struct lf_walk_page *page, sqlite3_stmt *stmt, struct lf_err *err)
{
    enum { SEQUENCE, ID, TYPE, ENTITY_TYPE, ENTITY_KEY, PAYLOAD, TOPIC, PARTITION, OFFSET, HEADERS };
    struct lf_walked row = {.sequence = sqlite3_column_int64(stmt, SEQUENCE)};
    struct lf_event *event = &row.event;
    /* names are looked at before the next step */
    const struct {
        int column;
        struct lf_bytes *text;
    } names[] = {{TYPE, &event->type_name}, {ENTITY_TYPE, &row.entity_type}, {TOPIC, &event->place.topic}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *text = (const char *)sqlite3_column_text(stmt, names[i].column);
        if (text == NULL)
            return lf_no_memory(err);
        *names[i].text = lf_bytes(text, (size_t)sqlite3_column_bytes(stmt, names[i].column));
    }
    event->place.partition = sqlite3_column_int(stmt, PARTITION);
    event->place.offset = sqlite3_column_int64(stmt, OFFSET);
    enum lf_status st = lf_sqlite_column_bytes(stmt, ID, page->arena, &event->id, err);
    if (st == LF_OK)
        st = lf_sqlite_column_bytes(stmt, ENTITY_KEY, page->arena, &event->entity_key, err);
    if (st == LF_OK)
        st = lf_sqlite_column_json(stmt, PAYLOAD, page->arena, &event->payload, err);
    struct lf_value headers = LF_VALUE_NULL;
    if (st == LF_OK && sqlite3_column_type(stmt, HEADERS) != SQLITE_NULL)
        st = lf_sqlite_column_json(stmt, HEADERS, page->arena, &headers, err);
    event->version = lf_store_event_version(&headers);
    return st == LF_OK ? lf_walk_page_add(page, &row, err) : st;
}

static enum lf_status
read_rows(struct lf_sqlite_session *session, struct lf_sqlite_binder *binder, struct lf_walk_page *page,
          struct lf_err *err)
{
    for (;;) {
        bool row;
        enum lf_status st = lf_sqlite_step(session, binder, "reading events", &row, err);
        if (st != LF_OK || !row)
            return st;
        st = add_row(page, binder->stmt, err);
        if (st != LF_OK) {
            sqlite3_reset(binder->stmt);
            return st;
        }
    }
}

enum lf_status
lf_sqlite_walk(struct lf_store_session *base, const struct lf_walk *walk, struct lf_arena *arena,
               struct lf_walked **ret, size_t *ret_count, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    struct lf_sqlite_binder binder = {0};
    struct lf_walk_page page;
    enum lf_status st = lf_walk_page_init(&page, walk, base->store->model, arena, err);
    if (st == LF_OK)
        st = lf_sqlite_fixed(session, LF_SQL_WALK, &binder.stmt, err);
    if (st != LF_OK)
        return st;
    lf_sqlite_bind_int(&binder, walk->after);
    lf_sqlite_bind_int(&binder, walk->until);
    lf_sqlite_bind_text(&binder, walk->entity != NULL ? walk->entity->name : LF_BYTES_NONE);
    lf_sqlite_bind_int(&binder, (int64_t)walk->max);
    st = read_rows(session, &binder, &page, err);
    if (st == LF_OK) {
        *ret = page.items;
        *ret_count = page.count;
    }
    return st;
}
