/* SQLite's result codes as statuses. */
#include "store/sqlite/sqlite.h"

#include <errno.h>
#include <string.h>

static enum lf_status
status_of_open(int system_error)
{
    switch (system_error) {
    case ENOENT:
    case ENOTDIR: return LF_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return LF_UNAVAILABLE;
    default: return LF_DENIED;
    }
}

/* A store that is away or full is waited for; one that is damaged or forbidden needs a person. */
static enum lf_status
status_of(sqlite3 *db, int rc)
{
    switch (rc) {
    case SQLITE_READONLY_DBMOVED: return LF_IO;
    case SQLITE_IOERR_NOMEM: return LF_NO_MEMORY;
    case SQLITE_IOERR_CORRUPTFS: return LF_CORRUPT;
    default: break;
    }
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_FULL:
    case SQLITE_IOERR: return LF_UNAVAILABLE;
    case SQLITE_CANTOPEN: return status_of_open(db != NULL ? sqlite3_system_errno(db) : 0);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return LF_DENIED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return LF_CORRUPT;
    case SQLITE_NOMEM: return LF_NO_MEMORY;
    case SQLITE_TOOBIG: return LF_LIMIT;
    case SQLITE_CONSTRAINT: return LF_CONFLICT;
    default: return LF_INTERNAL;
    }
}

enum lf_status
lf_sqlite_fail(sqlite3 *db, int rc, const char *doing, struct lf_err *err)
{
    enum lf_status st = status_of(db, rc);
    const char *words = (rc & 0xff) == SQLITE_FULL ? "disk full" : db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
    int system_error = db != NULL ? sqlite3_system_errno(db) : 0;
    bool with_cause = system_error != 0 && ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_IOERR);
    return lf_fail(err, st, "%s: %s%s%s", doing, words, with_cause ? ": " : "",
                   with_cause ? strerrordesc_np(system_error) : "");
}
