/* Opening and closing: the store, its sessions, their connections. */
#include "store/sqlite/sqlite.h"

#include "base/limits.h"
#include "base/mem.h"

#include <string.h>
#include <unistd.h>

/* SQLite tries to open for reading what it may not make, and then says that it is not there: look at the folder. */
static enum lf_status
explain_open(const char *path, struct lf_err *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? lf_strdup(".") : lf_strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (folder == NULL)
        return lf_no_memory(err);
    enum lf_status st;
    if (access(folder, F_OK) != 0)
        st = lf_fail(err, LF_NOT_FOUND, "the store's folder \"%s\" does not exist", folder);
    else if (access(path, F_OK) != 0 && access(folder, W_OK) != 0)
        st = lf_fail(err, LF_DENIED, "no file may be made in the store's folder \"%s\"", folder);
    else
        st = lf_fail(err, LF_DENIED, "\"%s\" cannot be opened", path);
    lf_free(folder);
    return st;
}

enum lf_status
lf_sqlite_connect(const char *path, bool read_only, sqlite3 **ret, struct lf_err *err)
{
    /* trusted_schema: nothing in the file may call functions with side effects */
    static const char settings[] = "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
                                   "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -8192;";
    sqlite3 *db = NULL;
    int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(db, LF_SQLITE_BUSY_MS);
    if (rc == SQLITE_OK)
        rc = lf_sqlite_register(db);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, settings, NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        *ret = db;
        return LF_OK;
    }
    enum lf_status st = lf_sqlite_fail(db, rc, path, err);
    if (st == LF_NOT_FOUND)
        st = explain_open(path, err);
    sqlite3_close_v2(db);
    return st;
}

static void
sqlite_close(struct lf_store *base)
{
    struct lf_sqlite_store *store = (struct lf_sqlite_store *)base;
    lf_sqlite_checkpointer_stop(store->checkpointer);
    sqlite3_close_v2(store->health);
    pthread_mutex_destroy(&store->writing);
    pthread_mutex_destroy(&store->lock);
    lf_free(store->path);
    lf_free(store);
}

static enum lf_status
check_path(const char *path, bool read_only, struct lf_err *err)
{
    if (path[0] == '\0')
        return lf_fail(err, LF_INVALID, "the store's URL names no file: use sqlite:FILE");
    if (path[0] == ':')
        return lf_fail(err, LF_INVALID,
                       "sqlite%s is no file: for a store that is gone with the process use memory:", path);
    if (read_only && access(path, F_OK) != 0)
        return lf_fail(err, LF_NOT_FOUND, "there is no store \"%s\"", path);
    return LF_OK;
}

static enum lf_status
sqlite_open(const struct lf_store_options *options, const char *rest, struct lf_store **ret, struct lf_err *err)
{
    enum lf_status st = check_path(rest, options->read_only, err);
    if (st != LF_OK)
        return st;
    struct lf_sqlite_store *store = lf_calloc(1, sizeof(*store));
    if (store == NULL)
        return lf_no_memory(err);
    pthread_mutex_init(&store->lock, NULL);
    pthread_mutex_init(&store->writing, NULL);
    store->path = lf_strdup(rest);
    st = store->path != NULL ? lf_sqlite_connect(rest, options->read_only, &store->health, err) : lf_no_memory(err);
    if (st == LF_OK && !options->read_only && sqlite3_db_readonly(store->health, "main") == 1)
        st = lf_fail(err, LF_DENIED, "\"%s\" may not be written", rest);
    if (st == LF_OK)
        st = lf_sqlite_prepare_file(store->health, rest, options->model, options->read_only, err);
    if (st == LF_OK)
        (void)sqlite3_busy_timeout(store->health, 0); /* from now on only for health, which does not wait */
    if (st == LF_OK)
        *ret = &store->base;
    else
        sqlite_close(&store->base);
    return st;
}

/* Takes and gives back the lock for writing; another writer who has it is a sign of health. */
static enum lf_status
sqlite_health(struct lf_store *base, struct lf_err *err)
{
    struct lf_sqlite_store *store = (struct lf_sqlite_store *)base;
    int moved = 0;
    pthread_mutex_lock(&store->lock);
    sqlite3_file_control(store->health, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    const char *sql = base->read_only ? "SELECT 1 FROM log_positions LIMIT 1" : "BEGIN IMMEDIATE; ROLLBACK";
    int rc = sqlite3_exec(store->health, sql, NULL, NULL, NULL);
    enum lf_status st = LF_OK;
    if (moved)
        st = lf_fail(err, LF_IO, "the store's file \"%s\" has been moved or deleted", store->path);
    else if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
        st = lf_sqlite_fail(store->health, rc, "asking the store", err);
    pthread_mutex_unlock(&store->lock);
    return st;
}

static void
sqlite_session_close(struct lf_store_session *base)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    lf_sqlite_statements_release(session);
    LF_ASSERT(!session->writes);
    sqlite3_close_v2(session->db);
    lf_buf_release(&session->scratch);
    lf_arena_release(&session->arena);
    lf_free(session);
}

static enum lf_status
start_checkpointer(struct lf_sqlite_store *store, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&store->lock);
    if (store->checkpointer == NULL)
        st = lf_sqlite_checkpointer_start(store->path, &store->checkpointer, err);
    pthread_mutex_unlock(&store->lock);
    return st;
}

static enum lf_status
sqlite_session_open(struct lf_store *base, bool writer, struct lf_store_session **ret, struct lf_err *err)
{
    struct lf_sqlite_store *store = (struct lf_sqlite_store *)base;
    struct lf_sqlite_session *session = lf_calloc(1, sizeof(*session));
    if (session == NULL)
        return lf_no_memory(err);
    session->store = store;
    session->time_second = -1;
    lf_buf_init(&session->scratch, LF_RECORD_BYTES_MAX * 4u);
    lf_arena_init(&session->arena, 0, 0);
    session->entity = lf_calloc(base->model->entity_count * LF_SQL_ENTITY_COUNT, sizeof(sqlite3_stmt *));
    enum lf_status st =
        session->entity != NULL ? lf_sqlite_connect(store->path, !writer, &session->db, err) : lf_no_memory(err);
    if (st == LF_OK && writer)
        st = start_checkpointer(store, err);
    if (st == LF_OK && writer)
        lf_sqlite_checkpoint_watch(session);
    if (st == LF_OK)
        *ret = &session->base;
    else
        sqlite_session_close(&session->base);
    return st;
}

const struct lf_store_ops lf_store_sqlite = {
    .name = "sqlite",
    .scheme = "sqlite:",
    .open = sqlite_open,
    .close = sqlite_close,
    .health = sqlite_health,
    .session_open = sqlite_session_open,
    .session_close = sqlite_session_close,
    .begin = lf_sqlite_begin,
    .append = lf_sqlite_append,
    .load = lf_sqlite_load,
    .save = lf_sqlite_save,
    .bury = lf_sqlite_bury,
    .advance = lf_sqlite_advance,
    .set_aside = lf_sqlite_set_aside,
    .commit = lf_sqlite_commit,
    .abort = lf_sqlite_abort,
    .begin_alone = lf_sqlite_begin_alone,
    .swap = lf_sqlite_swap,
    .drop = lf_sqlite_drop,
    .walk = lf_sqlite_walk,
    .position = lf_sqlite_position,
    .get = lf_sqlite_get,
    .event = lf_sqlite_event,
    .list = lf_sqlite_list,
    .dead_letters = lf_sqlite_dead_letters,
};
