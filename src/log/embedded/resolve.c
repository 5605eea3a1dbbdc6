/*
 * After a COMMIT that failed with an error of the disk: is the transaction in the log?
 *
 * Its frames may stand whole in the write-ahead log although SQLite counts them out, and a crash now would count them
 * in again. And after a failed fsync the kernel may take pages for written that are not (PostgreSQL's fsync trouble of
 * 2018), so nothing that was written since the last good fsync can be trusted to be on disk. Therefore, before anything
 * else: a new connection; everything that counts is copied into the database and synced (checkpoint), the write-ahead
 * log is cut to nothing; one small transaction is committed durably, so that no remains of the old file can ever be
 * replayed; then the table says what is in it. Until all of this has worked the log takes no records.
 */
#include "log/embedded/embedded.h"

#include "base/clock.h"

enum { RESOLVE_BUSY_NS = 1000000000 }; /* how long readers may delay it at a time */

enum lf_status
lf_emb_probe(struct lf_emb_log *log, struct lf_err *err)
{
    struct lf_emb_committer *committer = &log->committer;
    committer->busy_until_ns = lf_clock_mono_ns() + RESOLVE_BUSY_NS;
    int rc = sqlite3_exec(committer->db, "BEGIN IMMEDIATE; UPDATE state SET barrier = barrier + 1; COMMIT", NULL, NULL,
                          NULL);
    if (rc == SQLITE_OK)
        return LF_OK;
    enum lf_status st = lf_emb_fail(err, committer->db, rc, "log", log->file);
    if (!sqlite3_get_autocommit(committer->db))
        sqlite3_exec(committer->db, "ROLLBACK", NULL, NULL, NULL);
    if ((rc & 0xff) == SQLITE_IOERR)
        committer->must_resolve = true;
    return st;
}

static enum lf_status
cut_wal(struct lf_emb_log *log, struct lf_err *err)
{
    struct lf_emb_committer *committer = &log->committer;
    committer->busy_until_ns = lf_clock_mono_ns() + RESOLVE_BUSY_NS;
    int left = -1;
    int rc = sqlite3_wal_checkpoint_v2(committer->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, NULL);
    if (rc != SQLITE_OK)
        return lf_emb_fail(err, committer->db, rc, "log", log->file);
    LF_ASSERT(left <= 0);
    return LF_OK;
}

/* Is the record that the failed transaction gave this topic first in the table? Another process's may be there
 * instead. */
static enum lf_status
is_present(struct lf_emb_log *log, const struct lf_emb_slot *slot, bool *ret, struct lf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum lf_status st =
        lf_emb_prepare(log->committer.db, "SELECT crc FROM records_%lld WHERE \"offset\" = ?", slot->topic, &stmt, err);
    if (st != LF_OK)
        return st;
    bool some = false;
    int64_t crc = 0;
    int rc = sqlite3_bind_int64(stmt, 1, slot->first);
    if (rc == SQLITE_OK)
        rc = lf_emb_one_integer(stmt, &some, &crc);
    sqlite3_finalize(stmt);
    if (rc != SQLITE_OK)
        return lf_emb_fail(err, log->committer.db, rc, "log", log->file);
    *ret = some && crc == (int64_t)slot->first_crc;
    return LF_OK;
}

static enum lf_status
look(struct lf_emb_log *log, bool *ret_present, struct lf_err *err)
{
    struct lf_emb_committer *committer = &log->committer;
    bool present = false;
    for (size_t i = 0; i < committer->slot_count && !present; i++) {
        const struct lf_emb_slot *slot = &committer->slots[i];
        if (!slot->touched || slot->first == LF_OFFSET_NONE)
            continue;
        enum lf_status st = is_present(log, slot, &present, err);
        if (st != LF_OK)
            return st;
    }
    *ret_present = present;
    return LF_OK;
}

enum lf_status
lf_emb_resolve(struct lf_emb_log *log, bool *ret_present, struct lf_err *err)
{
    lf_emb_committer_disconnect(&log->committer);
    enum lf_status st = lf_emb_committer_connect(log, err);
    if (st == LF_OK)
        st = cut_wal(log, err);
    if (st == LF_OK)
        st = lf_emb_probe(log, err);
    if (st == LF_OK)
        st = look(log, ret_present, err);
    if (st != LF_OK) {
        lf_err_context(err, "the log takes no records until the disk works again");
        return st;
    }
    log->committer.must_resolve = false;
    return LF_OK;
}
