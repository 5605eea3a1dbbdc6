/* Entity states and positions, and the transaction around them. */
#include "store/sqlite/sqlite.h"

#include "json/json.h"

/* One writer of this process at a time; those of other processes are SQLite's to order. By the clock on the wall, for
 * ThreadSanitizer does not know pthread_mutex_clocklock(): if that is set anew, the wait is shorter or longer once. */
static enum lf_status
take_turn(struct lf_sqlite_session *session, struct lf_err *err)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LF_SQLITE_BUSY_MS / 1000;
    if (pthread_mutex_timedlock(&session->store->writing, &until) != 0)
        return lf_fail(err, LF_UNAVAILABLE, "beginning a transaction: another one of this process takes too long");
    session->writes = true;
    return LF_OK;
}

static void
end_turn(struct lf_sqlite_session *session)
{
    if (session->writes)
        pthread_mutex_unlock(&session->store->writing);
    session->writes = false;
}

enum lf_status
lf_sqlite_begin(struct lf_store_session *base, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    struct lf_sqlite_binder binder = {0};
    int moved = 0;
    sqlite3_file_control(session->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved)
        return lf_fail(err, LF_IO, "the store's file \"%s\" has been moved or deleted", session->store->path);
    enum lf_status st = lf_sqlite_fixed(session, LF_SQL_BEGIN, &binder.stmt, err);
    if (st == LF_OK)
        st = take_turn(session, err);
    if (st == LF_OK)
        st = lf_sqlite_run(session, &binder, "beginning a transaction", err);
    if (st != LF_OK)
        end_turn(session);
    return st;
}

static void
shrink_scratch(struct lf_sqlite_session *session)
{
    if (session->scratch.cap > LF_SQLITE_SCRATCH_KEEP)
        lf_buf_release(&session->scratch);
}

enum lf_status
lf_sqlite_commit(struct lf_store_session *base, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    struct lf_sqlite_binder binder = {0};
    enum lf_status st = lf_sqlite_fixed(session, LF_SQL_COMMIT, &binder.stmt, err);
    if (st == LF_OK)
        st = lf_sqlite_run(session, &binder, "committing a transaction", err);
    shrink_scratch(session);
    if (st != LF_OK)
        return st; /* to be aborted */
    end_turn(session);
    lf_sqlite_checkpoint_after_commit(session);
    return LF_OK;
}

void
lf_sqlite_abort(struct lf_store_session *base)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    shrink_scratch(session);
    /* Not from the cache: it must work without memory. A rollback does not fail; it may report an earlier failure. */
    if (!sqlite3_get_autocommit(session->db)) /* a failure may have rolled back already */
        (void)sqlite3_exec(session->db, "ROLLBACK", NULL, NULL, NULL);
    end_turn(session);
}

static enum lf_status
load_one(struct lf_sqlite_session *session, sqlite3_stmt *stmt, const struct lf_entity *entity, struct lf_bytes key,
         struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    struct lf_sqlite_binder binder = {.stmt = stmt};
    struct lf_value value;
    bool row;
    *ret = LF_VALUE_NULL;
    if (lf_store_key_value(entity, key, &value, NULL) != LF_OK)
        return LF_OK; /* nothing can have this key */
    lf_sqlite_bind_value(&binder, &value);
    enum lf_status st = lf_sqlite_step(session, &binder, "reading a state", &row, err);
    if (st != LF_OK || !row)
        return st;
    st = lf_sqlite_read_state(stmt, entity, arena, ret, err);
    sqlite3_reset(stmt);
    return st;
}

enum lf_status
lf_sqlite_load(struct lf_store_session *base, const struct lf_entity *entity, const struct lf_bytes *keys, size_t count,
               struct lf_arena *arena, struct lf_value *ret_states, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    sqlite3_stmt *stmt;
    /* many states are one reading: of one moment, and locked once */
    bool together = count > 1 && sqlite3_get_autocommit(session->db) != 0;
    enum lf_status st = lf_sqlite_entity(session, entity, LF_SQL_LOAD, &stmt, err);
    int rc = st == LF_OK && together ? sqlite3_exec(session->db, "BEGIN", NULL, NULL, NULL) : SQLITE_OK;
    if (rc != SQLITE_OK)
        return lf_sqlite_fail(session->db, rc, "reading states", err);
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = load_one(session, stmt, entity, keys[i], arena, &ret_states[i], err);
    if (together && sqlite3_get_autocommit(session->db) == 0)
        (void)sqlite3_exec(session->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

enum lf_status
lf_sqlite_get(struct lf_store_session *base, const struct lf_entity *entity, struct lf_bytes key,
              struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    struct lf_value state = LF_VALUE_NULL;
    enum lf_status st = lf_sqlite_load(base, entity, &key, 1, arena, &state, err);
    if (st != LF_OK)
        return st;
    if (state.type == LF_V_NULL)
        return lf_fail(err, LF_NOT_FOUND, "there is no %.*s with key \"%.*s\"", LF_FMT(entity->name), LF_FMT(key));
    *ret = state;
    return LF_OK;
}

static enum lf_status
delete_one(struct lf_sqlite_session *session, const struct lf_entity *entity, const struct lf_value *key,
           struct lf_err *err)
{
    struct lf_sqlite_binder binder = {0};
    enum lf_status st = lf_sqlite_entity(session, entity, LF_SQL_DELETE, &binder.stmt, err);
    if (st != LF_OK)
        return st;
    lf_sqlite_bind_value(&binder, key);
    return lf_sqlite_run(session, &binder, "deleting a state", err);
}

/* Binds a field; lists, objects and JSON are written to scratch and copied by SQLite. */
static enum lf_status
bind_field(struct lf_sqlite_session *session, struct lf_sqlite_binder *binder, const struct lf_field *field,
           const struct lf_value *value, struct lf_err *err)
{
    if (value->type == LF_V_NULL || lf_column_of(field) != LF_COLUMN_JSON) {
        lf_sqlite_bind_value(binder, value);
        return LF_OK;
    }
    lf_buf_clear(&session->scratch);
    lf_json_write(&session->scratch, value);
    enum lf_status st = lf_buf_status(&session->scratch, err);
    if (st != LF_OK)
        return st;
    int rc = sqlite3_bind_text64(binder->stmt, ++binder->at, session->scratch.ptr, session->scratch.len,
                                 SQLITE_TRANSIENT, SQLITE_UTF8);
    return rc == SQLITE_OK ? LF_OK : lf_sqlite_fail(session->db, rc, "storing a state", err);
}

static enum lf_status
save_one(struct lf_sqlite_session *session, const struct lf_entity *entity, const struct lf_state_change *change,
         struct lf_err *err)
{
    struct lf_value key, value;
    enum lf_status st = lf_store_key_value(entity, change->key, &key, err);
    if (st != LF_OK)
        return st;
    if (change->state.type == LF_V_NULL)
        return delete_one(session, entity, &key, err);
    struct lf_sqlite_binder binder = {0};
    st = lf_sqlite_entity(session, entity, LF_SQL_SAVE, &binder.stmt, err);
    for (size_t i = 0; st == LF_OK && i < entity->field_count; i++) {
        st = lf_store_field_value(entity, &change->state, &key, i, &session->arena, &value, err);
        if (st == LF_OK)
            st = bind_field(session, &binder, &entity->fields[i], &value, err);
    }
    if (st == LF_OK)
        st = lf_sqlite_run(session, &binder, "storing a state", err);
    if (session->arena.used != 0)
        lf_arena_reset(&session->arena);
    return st;
}

enum lf_status
lf_sqlite_save(struct lf_store_session *base, const struct lf_entity *entity, const struct lf_state_change *changes,
               size_t count, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = save_one(session, entity, &changes[i], err);
    return st;
}

enum lf_status
lf_sqlite_position(struct lf_store_session *base, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
                   int64_t *ret_next, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    struct lf_sqlite_binder binder = {0};
    bool row;
    enum lf_status st = lf_sqlite_fixed(session, LF_SQL_POSITION, &binder.stmt, err);
    if (st != LF_OK)
        return st;
    lf_sqlite_bind_text(&binder, group);
    lf_sqlite_bind_text(&binder, topic);
    lf_sqlite_bind_int(&binder, partition);
    st = lf_sqlite_step(session, &binder, "reading a position", &row, err);
    if (st != LF_OK)
        return st;
    *ret_next = row ? sqlite3_column_int64(binder.stmt, 0) : -1;
    sqlite3_reset(binder.stmt);
    return LF_OK;
}

enum lf_status
lf_sqlite_advance(struct lf_store_session *base, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
                  int64_t expected, int64_t next, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    struct lf_sqlite_binder binder = {0};
    enum lf_sqlite_fixed which = expected < 0 ? LF_SQL_FIRST_POSITION : LF_SQL_NEXT_POSITION;
    enum lf_status st = lf_sqlite_fixed(session, which, &binder.stmt, err);
    if (st != LF_OK)
        return st;
    lf_sqlite_bind_int(&binder, next);
    lf_sqlite_bind_text(&binder, group);
    lf_sqlite_bind_text(&binder, topic);
    lf_sqlite_bind_int(&binder, partition);
    if (expected >= 0)
        lf_sqlite_bind_int(&binder, expected);
    st = lf_sqlite_run(session, &binder, "moving a position", err);
    if (st == LF_OK && sqlite3_changes(session->db) != 1)
        st = lf_store_fenced(topic, partition, expected, err);
    return st;
}
