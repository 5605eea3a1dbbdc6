/* Prepared statements: cached by session, bound without copies. */
#include "store/sqlite/sqlite.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

static const char *const fixed_sql[LF_SQL_FIXED_COUNT] = {
    [LF_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [LF_SQL_COMMIT] = "COMMIT",
    [LF_SQL_ROLLBACK] = "ROLLBACK",
    [LF_SQL_APPEND] = "INSERT INTO event_store (event_id, event_type, entity_type, entity_key, payload, headers, topic,"
                      " log_partition, log_offset, occurred_at, stored_at, message_key, extra)"
                      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    [LF_SQL_SAME_ID] = "SELECT event_type, payload FROM event_store WHERE event_id = ?",
    [LF_SQL_SAME_PLACE] = "SELECT 1 FROM event_store WHERE topic = ? AND log_partition = ? AND log_offset = ?",
    [LF_SQL_BURY] = "INSERT INTO dead_letters (topic, log_partition, log_offset, event_id, event_type, message_key,"
                    " value, headers, stage, code, reason, record_time, dead_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (topic, log_partition, log_offset) DO NOTHING",
    [LF_SQL_POSITION] =
        "SELECT next_offset FROM log_positions WHERE consumer_group = ? AND topic = ? AND log_partition = ?",
    [LF_SQL_FIRST_POSITION] = "INSERT INTO log_positions (next_offset, consumer_group, topic, log_partition)"
                              " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    [LF_SQL_NEXT_POSITION] = "UPDATE log_positions SET next_offset = ? WHERE consumer_group = ? AND topic = ?"
                             " AND log_partition = ? AND next_offset = ?",
    [LF_SQL_SET_EVENTS_ASIDE] =
        "UPDATE event_store SET topic = ? WHERE topic = ? AND log_partition = ? AND log_offset >= ?",
    [LF_SQL_SET_LETTERS_ASIDE] =
        "UPDATE dead_letters SET topic = ? WHERE topic = ? AND log_partition = ? AND log_offset >= ?",
    [LF_SQL_EVENT] = "SELECT " LF_SQLITE_EVENT_COLUMNS " FROM event_store WHERE event_id = ?",
    [LF_SQL_LETTER_OF_EVENT] =
        "SELECT " LF_SQL_LETTER_COLUMNS " FROM dead_letters WHERE event_id = ? ORDER BY id DESC LIMIT 1",
    [LF_SQL_LAST] = "SELECT ifnull(max(rowid), 0) FROM event_store",
    /* not by the index of entities: in the order of storing there is nothing to sort */
    [LF_SQL_WALK] = "SELECT rowid, event_id, event_type, entity_type, entity_key, payload, topic, log_partition,"
                    " log_offset, CASE WHEN instr(headers, '\"ce_dataversion\"') THEN headers END"
                    " FROM event_store NOT INDEXED WHERE rowid > ?1 AND rowid <= ?2"
                    " AND entity_key IS NOT NULL AND entity_type IS NOT NULL AND (?3 IS NULL OR entity_type = ?3)"
                    " ORDER BY rowid LIMIT ?4",
};

static enum lf_status
prepare(struct lf_sqlite_session *session, struct lf_bytes sql, unsigned flags, sqlite3_stmt **ret, struct lf_err *err)
{
    int rc = sqlite3_prepare_v3(session->db, sql.ptr, (int)sql.len, flags, ret, NULL);
    return rc == SQLITE_OK ? LF_OK : lf_sqlite_fail(session->db, rc, "preparing a statement", err);
}

enum lf_status
lf_sqlite_fixed(struct lf_sqlite_session *session, enum lf_sqlite_fixed which, sqlite3_stmt **ret, struct lf_err *err)
{
    sqlite3_stmt **slot = &session->fixed[which];
    if (*slot == NULL) {
        enum lf_status st = prepare(session, lf_bytes_of(fixed_sql[which]), SQLITE_PREPARE_PERSISTENT, slot, err);
        if (st != LF_OK)
            return st;
    }
    *ret = *slot;
    return LF_OK;
}

static void
write_load(struct lf_buf *out, const struct lf_entity *entity)
{
    lf_buf_add_text(out, "SELECT ");
    lf_sql_columns(out, entity);
    lf_buf_add_text(out, " FROM ");
    lf_sql_table(out, entity);
    lf_buf_add_text(out, " WHERE ");
    lf_sql_quote(out, entity->fields[entity->key].column);
    lf_buf_add_text(out, " = ?");
}

static void
write_delete(struct lf_buf *out, const struct lf_entity *entity)
{
    lf_buf_add_text(out, "DELETE FROM ");
    lf_sql_table(out, entity);
    lf_buf_add_text(out, " WHERE ");
    lf_sql_quote(out, entity->fields[entity->key].column);
    lf_buf_add_text(out, " = ?");
}

static void
write_save(struct lf_buf *out, const struct lf_entity *entity)
{
    lf_buf_add_text(out, "INSERT INTO ");
    lf_sql_table(out, entity);
    lf_buf_add_text(out, " (");
    lf_sql_columns(out, entity);
    lf_buf_add_text(out, ") VALUES (");
    for (size_t i = 0; i < entity->field_count; i++)
        lf_buf_add_text(out, i == 0 ? "?" : ", ?");
    lf_buf_add_text(out, ") ON CONFLICT (");
    lf_sql_quote(out, entity->fields[entity->key].column);
    lf_buf_add_text(out, ") DO ");
    lf_sql_update_excluded(out, entity);
}

enum { STATEMENT_BYTES_MAX = 4 * 1024 * 1024 };

enum lf_status
lf_sqlite_entity(struct lf_sqlite_session *session, const struct lf_entity *entity, enum lf_sqlite_entity_sql which,
                 sqlite3_stmt **ret, struct lf_err *err)
{
    static void (*const writers[])(struct lf_buf *, const struct lf_entity *) = {
        [LF_SQL_LOAD] = write_load, [LF_SQL_SAVE] = write_save, [LF_SQL_DELETE] = write_delete};
    LF_ASSERT(entity == &session->store->base.model->entities[entity->index]);
    sqlite3_stmt **slot = &session->entity[entity->index * LF_SQL_ENTITY_COUNT + (size_t)which];
    if (*slot == NULL) {
        struct lf_buf sql;
        lf_buf_init(&sql, STATEMENT_BYTES_MAX);
        writers[which](&sql, entity);
        enum lf_status st = lf_buf_status(&sql, err);
        if (st == LF_OK)
            st = prepare(session, lf_buf_view(&sql), SQLITE_PREPARE_PERSISTENT, slot, err);
        lf_buf_release(&sql);
        if (st != LF_OK)
            return st;
    }
    *ret = *slot;
    return LF_OK;
}

static void
forget(struct lf_sqlite_cached *cached)
{
    sqlite3_finalize(cached->stmt);
    lf_free(cached->sql);
    *cached = (struct lf_sqlite_cached){0};
}

enum lf_status
lf_sqlite_list_stmt(struct lf_sqlite_session *session, struct lf_bytes sql, sqlite3_stmt **ret, struct lf_err *err)
{
    struct lf_sqlite_cached *oldest = &session->lists[0];
    for (size_t i = 0; i < LF_SQLITE_LISTS_MAX; i++) {
        struct lf_sqlite_cached *cached = &session->lists[i];
        if (cached->stmt != NULL && lf_bytes_equal(sql, lf_bytes(cached->sql, cached->len))) {
            cached->used = ++session->list_clock;
            *ret = cached->stmt;
            return LF_OK;
        }
        if (cached->used < oldest->used)
            oldest = cached;
    }
    struct lf_sqlite_cached fresh = {.sql = lf_strndup(sql.ptr, sql.len), .len = sql.len};
    if (fresh.sql == NULL)
        return lf_no_memory(err);
    enum lf_status st = prepare(session, sql, SQLITE_PREPARE_PERSISTENT, &fresh.stmt, err);
    if (st != LF_OK) {
        forget(&fresh);
        return st;
    }
    forget(oldest);
    fresh.used = ++session->list_clock;
    *oldest = fresh;
    *ret = fresh.stmt;
    return LF_OK;
}

void
lf_sqlite_statements_release(struct lf_sqlite_session *session)
{
    for (size_t i = 0; i < LF_SQL_FIXED_COUNT; i++)
        sqlite3_finalize(session->fixed[i]);
    size_t entity_count = session->entity != NULL ? session->store->base.model->entity_count : 0;
    for (size_t i = 0; i < entity_count * LF_SQL_ENTITY_COUNT; i++)
        sqlite3_finalize(session->entity[i]);
    for (size_t i = 0; i < LF_SQLITE_LISTS_MAX; i++)
        forget(&session->lists[i]);
    lf_free(session->entity);
}

static void
note(struct lf_sqlite_binder *binder, int rc)
{
    if (binder->rc == SQLITE_OK)
        binder->rc = rc;
}

void
lf_sqlite_bind_text(struct lf_sqlite_binder *binder, struct lf_bytes text)
{
    int at = ++binder->at;
    if (text.ptr == NULL)
        note(binder, sqlite3_bind_null(binder->stmt, at));
    else
        note(binder, sqlite3_bind_text64(binder->stmt, at, text.ptr, text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void
lf_sqlite_bind_bytes(struct lf_sqlite_binder *binder, struct lf_bytes bytes)
{
    if (bytes.ptr == NULL || lf_utf8_valid(bytes, NULL))
        lf_sqlite_bind_text(binder, bytes);
    else
        note(binder, sqlite3_bind_blob64(binder->stmt, ++binder->at, bytes.ptr, bytes.len, SQLITE_STATIC));
}

void
lf_sqlite_bind_int(struct lf_sqlite_binder *binder, int64_t integer)
{
    note(binder, sqlite3_bind_int64(binder->stmt, ++binder->at, integer));
}

void
lf_sqlite_bind_null(struct lf_sqlite_binder *binder)
{
    note(binder, sqlite3_bind_null(binder->stmt, ++binder->at));
}

void
lf_sqlite_bind_value(struct lf_sqlite_binder *binder, const struct lf_value *value)
{
    switch (value->type) {
    case LF_V_BOOL: lf_sqlite_bind_int(binder, value->u.boolean ? 1 : 0); break;
    case LF_V_INT: lf_sqlite_bind_int(binder, value->u.integer); break;
    case LF_V_FLOAT: note(binder, sqlite3_bind_double(binder->stmt, ++binder->at, value->u.number)); break;
    case LF_V_STRING: lf_sqlite_bind_text(binder, value->count != 0 ? lf_value_text(value) : LF_LIT("")); break;
    default: lf_sqlite_bind_null(binder); break;
    }
}

enum lf_status
lf_sqlite_step(struct lf_sqlite_session *session, const struct lf_sqlite_binder *binder, const char *doing,
               bool *ret_row, struct lf_err *err)
{
    int rc = binder->rc == SQLITE_OK ? sqlite3_step(binder->stmt) : binder->rc;
    if (rc == SQLITE_ROW) {
        *ret_row = true;
        return LF_OK;
    }
    enum lf_status st = rc == SQLITE_DONE ? LF_OK : lf_sqlite_fail(session->db, rc, doing, err);
    sqlite3_reset(binder->stmt);
    if (st == LF_OK)
        *ret_row = false;
    return st;
}

enum lf_status
lf_sqlite_run(struct lf_sqlite_session *session, const struct lf_sqlite_binder *binder, const char *doing,
              struct lf_err *err)
{
    bool row;
    enum lf_status st = lf_sqlite_step(session, binder, doing, &row, err);
    LF_ASSERT(st != LF_OK || !row);
    return st;
}

enum lf_status
lf_sqlite_column_bytes(sqlite3_stmt *stmt, int column, struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err)
{
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL) {
        *ret = LF_BYTES_NONE;
        return LF_OK;
    }
    const char *bytes = sqlite3_column_blob(stmt, column); /* NULL where it is empty, and out of memory */
    int len = sqlite3_column_bytes(stmt, column);
    if (bytes == NULL && len != 0)
        return lf_no_memory(err);
    struct lf_bytes copy = lf_arena_copy(arena, lf_bytes(bytes, (size_t)len));
    if (copy.ptr == NULL)
        return lf_no_memory(err);
    *ret = copy;
    return LF_OK;
}

enum lf_status
lf_sqlite_column_time(sqlite3_stmt *stmt, int column, int64_t *ret_us, struct lf_err *err)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    struct lf_bytes view = lf_bytes((const char *)text, (size_t)sqlite3_column_bytes(stmt, column));
    if (text == NULL || !lf_time_parse(view, ret_us))
        return lf_fail(err, LF_CORRUPT, "column \"%s\" does not hold a time: \"%.*s\"",
                       sqlite3_column_name(stmt, column), LF_FMT(view));
    return LF_OK;
}
