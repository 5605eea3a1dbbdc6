/* Connections to the log's database: how they are set up, whether the database is ours, what SQLite's errors mean. */
#include "log/embedded/embedded.h"

#include "base/clock.h"
#include "base/defect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    int rc;
    enum lf_status status;
    const char *words;
} meanings[] = {
    {SQLITE_FULL, LF_UNAVAILABLE, "the disk is full; free some space"},
    {SQLITE_BUSY, LF_UNAVAILABLE, "another process holds the log for too long"},
    {SQLITE_LOCKED, LF_UNAVAILABLE, "the log is locked"},
    {SQLITE_READONLY, LF_DENIED, "the log may not be written; check owner and permissions"},
    {SQLITE_PERM, LF_DENIED, "no permission"},
    {SQLITE_CANTOPEN, LF_DENIED, "cannot be opened; check owner and permissions of the directory"},
    {SQLITE_CORRUPT, LF_CORRUPT, "the database is damaged; restore the directory from a backup"},
    {SQLITE_NOTADB, LF_CORRUPT, "the file is no database; restore the directory from a backup"},
    {SQLITE_NOMEM, LF_NO_MEMORY, "out of memory"},
    {SQLITE_TOOBIG, LF_LIMIT, "too large"},
    {SQLITE_IOERR, LF_IO, "input/output error"},
};

enum lf_status
lf_emb_fail(struct lf_err *err, sqlite3 *db, int rc, const char *what, const char *file)
{
    int code = rc & 0xff;
    int system = db != NULL ? sqlite3_system_errno(db) : 0;
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].rc != code)
            continue;
        bool tell = system != 0 && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN);
        char words[128] = "";
        return lf_fail(err, meanings[i].status, "%s '%.200s': %s%s%s%s", what, file, meanings[i].words,
                       tell ? " (" : "", tell ? strerror_r(system, words, sizeof(words)) : "", tell ? ")" : "");
    }
    return lf_fail(err, LF_INTERNAL, "%s '%.200s': %.200s", what, file,
                   db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
}

int
lf_emb_one_integer(sqlite3_stmt *stmt, bool *ret_some, int64_t *ret)
{
    int rc = sqlite3_step(stmt);
    *ret_some = rc == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_INTEGER;
    if (*ret_some)
        *ret = sqlite3_column_int64(stmt, 0);
    int after = sqlite3_reset(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? after : rc;
}

static int
query_integer(sqlite3 *db, const char *sql, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    bool some = false;
    *ret = 0;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = lf_emb_one_integer(stmt, &some, ret);
    sqlite3_finalize(stmt);
    return rc;
}

/* ---- connections ---- */

enum lf_status
lf_emb_connect(const struct lf_emb_log *log, bool write, sqlite3 **ret, struct lf_err *err)
{
    static const char settings[] = "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cell_size_check=ON;"
                                   "PRAGMA trusted_schema=OFF; PRAGMA journal_size_limit=268435456";
    sqlite3 *db = NULL;
    int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    int rc = sqlite3_open_v2(log->file, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(db, LF_EMB_BUSY_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, settings, NULL, NULL, NULL);
    if (rc == SQLITE_OK && LF_DEFECT(no_sync))
        rc = sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
    if (rc == SQLITE_OK && write && sqlite3_db_readonly(db, "main") == 1)
        rc = SQLITE_READONLY; /* SQLite falls back to reading without a word */
    if (rc != SQLITE_OK) {
        enum lf_status st = lf_emb_fail(err, db, rc, "log", log->file);
        sqlite3_close(db);
        return st;
    }
    *ret = db;
    return LF_OK;
}

/* ---- is it ours? ---- */

static const char schema[] = "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
                             " created_ms INTEGER NOT NULL) STRICT;"
                             "CREATE TABLE state(id INTEGER PRIMARY KEY, barrier INTEGER NOT NULL) STRICT;"
                             "INSERT INTO state(id, barrier) VALUES(1, 0);";

/* *ret_empty: a database in which nobody has made anything yet. */
static enum lf_status
check_version(const struct lf_emb_log *log, sqlite3 *db, bool *ret_empty, struct lf_err *err)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t objects = 0;
    int rc = query_integer(db, "PRAGMA application_id", &application);
    if (rc == SQLITE_OK)
        rc = query_integer(db, "PRAGMA user_version", &version);
    if (rc == SQLITE_OK)
        rc = query_integer(db, "SELECT count(*) FROM sqlite_schema", &objects);
    if (rc != SQLITE_OK)
        return lf_emb_fail(err, db, rc, "log", log->file);
    *ret_empty = application == 0 && version == 0 && objects == 0;
    if (*ret_empty)
        return LF_OK;
    if (application != LF_EMB_APPLICATION_ID)
        return lf_fail(err, LF_UNSUPPORTED,
                       "'%.200s' is a database, but not of a Logfirst log: choose another directory", log->file);
    if (version != LF_EMB_VERSION)
        return lf_fail(err, LF_UNSUPPORTED,
                       "log '%.200s' has version %lld, this program reads and writes version %d: use the program that"
                       " made it, or copy the log with that program",
                       log->file, (long long)version, LF_EMB_VERSION);
    return LF_OK;
}

/* Switching to WAL needs the file alone for a moment and does not wait by itself. */
static int
use_wal(sqlite3 *db)
{
    int64_t deadline = lf_clock_mono_ms() + LF_EMB_BUSY_MS;
    for (;;) {
        int rc = sqlite3_exec(db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
        if ((rc & 0xff) != SQLITE_BUSY || lf_clock_mono_ms() >= deadline)
            return rc;
        lf_clock_sleep_ms(1);
    }
}

static enum lf_status
create_schema(const struct lf_emb_log *log, sqlite3 *db, struct lf_err *err)
{
    char sql[sizeof(schema) + 128];
    snprintf(sql, sizeof(sql), "%s PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", schema,
             LF_EMB_APPLICATION_ID, LF_EMB_VERSION);
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? LF_OK : lf_emb_fail(err, db, rc, "creating log", log->file);
}

/* Two processes may come at the same time: the second finds the tables made. */
static enum lf_status
create_database(const struct lf_emb_log *log, sqlite3 *db, struct lf_err *err)
{
    int rc = use_wal(db);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return lf_emb_fail(err, db, rc, "creating log", log->file);
    bool empty = false;
    enum lf_status st = check_version(log, db, &empty, err);
    if (st == LF_OK && empty)
        st = create_schema(log, db, err);
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

enum lf_status
lf_emb_prepare_database(struct lf_emb_log *log, struct lf_err *err)
{
    if (log->read_only && access(log->file, R_OK) != 0) {
        int code = errno;
        return lf_fail(err, code == ENOENT ? LF_NOT_FOUND : LF_DENIED, "log '%.200s' cannot be read: %s", log->file,
                       strerror(code));
    }
    enum lf_status st = lf_emb_connect(log, !log->read_only, &log->meta, err);
    if (st != LF_OK)
        return st;
    bool empty = false;
    st = check_version(log, log->meta, &empty, err);
    if (st != LF_OK)
        return st;
    if (empty && log->read_only)
        return lf_fail(err, LF_NOT_FOUND, "log '%.200s' is empty: nothing was ever logged there", log->file);
    return log->read_only ? LF_OK : create_database(log, log->meta, err);
}
