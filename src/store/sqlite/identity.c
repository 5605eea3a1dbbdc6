/* Whose file is it? A database says so itself: application_id and user_version. */
#include "store/sqlite/sqlite.h"

/* The one integer that a query gives. */
static int
query_int(sqlite3 *db, const char *sql, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        *ret = sqlite3_column_int64(stmt, 0);
        rc = SQLITE_OK;
    }
    int end = sqlite3_finalize(stmt);
    return rc == SQLITE_OK || rc == SQLITE_DONE ? end : rc;
}

enum lf_status
lf_sqlite_identify(sqlite3 *db, const char *path, bool *ret_new, struct lf_err *err)
{
    int64_t application = 0, format = 0, tables = 0;
    int rc = query_int(db, "PRAGMA application_id", &application);
    if (rc == SQLITE_OK)
        rc = query_int(db, "PRAGMA user_version", &format);
    if (rc == SQLITE_OK)
        rc = query_int(db, "SELECT count(*) FROM sqlite_master", &tables);
    if (rc != SQLITE_OK)
        return lf_sqlite_fail(db, rc, "opening the store", err);
    bool fresh = application == 0 && format == 0 && tables == 0;
    if (!fresh && application != LF_SQLITE_APPLICATION_ID)
        return lf_fail(err, LF_UNSUPPORTED,
                       "\"%s\" is the database of another application (application_id %lld): give the store a file of "
                       "its own",
                       path, (long long)application);
    if (!fresh && format != LF_SQLITE_FORMAT)
        return lf_fail(err, LF_UNSUPPORTED,
                       "\"%s\" has the store's format %lld, this program knows format %d: use the version of logfirst "
                       "that made it",
                       path, (long long)format, LF_SQLITE_FORMAT);
    *ret_new = fresh;
    return LF_OK;
}
