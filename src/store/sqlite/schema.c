/* Brings a file's tables up to the model, in one transaction that others may race for. */
#include "store/sqlite/sqlite.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { PLAN_BYTES_MAX = 64 * 1024 * 1024, WAL_TRIES = 40, WAL_RETRY_MS = 25 };

static enum lf_status
execute(sqlite3 *db, const char *sql, const char *doing, struct lf_err *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? LF_OK : lf_sqlite_fail(db, rc, doing, err);
}

/* Switching needs the file alone; others who open it at the same time make it busy without SQLite waiting for them. */
static enum lf_status
switch_to_wal(sqlite3 *db, struct lf_err *err)
{
    int rc = SQLITE_OK;
    bool is_wal = false;
    for (int i = 0; i < WAL_TRIES; i++) {
        sqlite3_stmt *stmt = NULL;
        rc = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW) {
            const char *mode = (const char *)sqlite3_column_text(stmt, 0);
            is_wal = mode != NULL && strcmp(mode, "wal") == 0;
        }
        sqlite3_finalize(stmt);
        if ((rc & 0xff) != SQLITE_BUSY)
            break;
        lf_clock_sleep_ms(WAL_RETRY_MS);
    }
    if (rc != SQLITE_ROW)
        return lf_sqlite_fail(db, rc, "switching the store to WAL", err);
    if (!is_wal)
        return lf_fail(err, LF_UNSUPPORTED,
                       "the store's file system cannot share memory between processes, which WAL "
                       "needs: use a local disk");
    return LF_OK;
}

static enum lf_status
mark(sqlite3 *db, struct lf_err *err)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d;", LF_SQLITE_APPLICATION_ID,
             LF_SQLITE_FORMAT);
    return execute(db, sql, "marking the store's file", err);
}

/* Plans again inside the transaction, since another process may have been first. */
static enum lf_status
change_locked(sqlite3 *db, const char *path, const struct lf_model *model, struct lf_buf *sql, struct lf_err *err)
{
    bool fresh = false;
    enum lf_status st = lf_sqlite_identify(db, path, &fresh, err);
    if (st == LF_OK && fresh)
        st = mark(db, err);
    lf_buf_clear(sql);
    if (st == LF_OK)
        st = lf_sqlite_plan(db, model, false, sql, err);
    if (st != LF_OK || sql->len == 0)
        return st;
    lf_buf_add_char(sql, '\0');
    st = lf_buf_status(sql, err);
    return st == LF_OK ? execute(db, sql->ptr, "changing the store's tables", err) : st;
}

static enum lf_status
change(sqlite3 *db, const char *path, const struct lf_model *model, struct lf_buf *sql, struct lf_err *err)
{
    enum lf_status st = execute(db, "BEGIN IMMEDIATE", "locking the store's tables", err);
    if (st != LF_OK)
        return st;
    st = change_locked(db, path, model, sql, err);
    if (st == LF_OK)
        st = execute(db, "COMMIT", "changing the store's tables", err);
    if (st != LF_OK && !sqlite3_get_autocommit(db))
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

/* What the file is and what it lacks, as of one moment: others may be making it just now. */
static enum lf_status
look(sqlite3 *db, const char *path, const struct lf_model *model, bool must_only, bool *ret_fresh,
     struct lf_buf *ret_sql, struct lf_err *err)
{
    enum lf_status st = execute(db, "BEGIN", "opening the store", err);
    if (st != LF_OK)
        return st;
    st = lf_sqlite_identify(db, path, ret_fresh, err);
    if (st == LF_OK && !*ret_fresh)
        st = lf_sqlite_plan(db, model, must_only, ret_sql, err);
    if (!sqlite3_get_autocommit(db))
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

enum lf_status
lf_sqlite_prepare_file(sqlite3 *db, const char *path, const struct lf_model *model, bool read_only, struct lf_err *err)
{
    bool fresh = false;
    struct lf_buf sql;
    lf_buf_init(&sql, PLAN_BYTES_MAX);
    enum lf_status st = look(db, path, model, read_only, &fresh, &sql, err);
    bool fits = !fresh && sql.len == 0;
    if (st == LF_OK && !read_only)
        st = switch_to_wal(db, err);
    if (st == LF_OK && read_only && fresh)
        st = lf_fail(err, LF_NOT_FOUND, "the store \"%s\" is empty", path);
    else if (st == LF_OK && read_only && !fits)
        st = lf_fail(err, LF_NOT_FOUND,
                     "tables or columns are missing in the store \"%s\": open it once for writing with this schema",
                     path);
    else if (st == LF_OK && !fits)
        st = change(db, path, model, &sql, err);
    lf_buf_release(&sql);
    return st;
}
