/*
 * The keeper: a thread with a connection of its own that does what must not delay the committer. It checkpoints, so
 * that the committer hardly ever has to; it tells writers that an append is overdue while the committer hangs in the
 * disk; it looks for other processes' records on behalf of readers that sleep elsewhere.
 */
#include "log/embedded/embedded.h"

#include "base/clock.h"
#include "base/sync.h"

enum { OVERDUE_AGAIN_NS = 100000000 }; /* between two reminders of an overdue append */

void
lf_emb_keeper_wake(struct lf_emb_log *log)
{
    log->keeper_sleeps_deep = false;
    pthread_cond_signal(&log->keep);
}

static void
checkpoint(struct lf_emb_log *log)
{
    log->checkpoint_due = false;
    pthread_mutex_unlock(&log->lock);
    /* Failure is harmless: what was not copied is copied the next time. A full or broken disk shows in the
     * committer. */
    (void)sqlite3_wal_checkpoint_v2(log->keeper_db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    pthread_mutex_lock(&log->lock);
}

/* Tells writers of overdue appends; returns the time until the next is due, negative for none. The lock is held. */
static int64_t
watch_deadlines(struct lf_emb_log *log)
{
    int64_t now = lf_clock_mono_ns();
    int64_t next = -1;
    for (struct lf_emb_writer *writer = log->writers; writer != NULL; writer = writer->next) {
        if (writer->sent == NULL || writer->sent->state == LF_EMB_DONE)
            continue;
        int64_t left = writer->sent->deadline_ns - now;
        if (left <= 0) {
            lf_emb_make_ready(writer);
            lf_wake_call(&writer->base.wake);
            left = OVERDUE_AGAIN_NS;
        }
        if (next < 0 || left < next)
            next = left;
    }
    return next;
}

static int64_t
poll_ns(const struct lf_emb_log *log)
{
    return log->exclusive ? LF_EMB_OWNER_POLL_NS : LF_EMB_FOREIGN_POLL_NS;
}

/* Wakes readers when the database has changed. The lock is held; the look goes without it. */
static void
watch_others(struct lf_emb_log *log, sqlite3_stmt *stmt, int64_t *version)
{
    int64_t now = *version;
    bool some;
    pthread_mutex_unlock(&log->lock);
    int rc = lf_emb_one_integer(stmt, &some, &now);
    pthread_mutex_lock(&log->lock);
    if (rc == SQLITE_OK && now != *version) {
        *version = now;
        lf_emb_wake_readers(log);
    }
}

static void
sleep_until_due(struct lf_emb_log *log, int64_t deadline_ns)
{
    int64_t wait = deadline_ns;
    if (log->readers != NULL && (wait < 0 || wait > poll_ns(log)))
        wait = poll_ns(log);
    log->keeper_sleeps_deep = wait < 0;
    lf_cond_wait_ns(&log->keep, &log->lock, wait);
    log->keeper_sleeps_deep = false;
}

static void *
keeper_main(void *arg)
{
    struct lf_emb_log *log = arg;
    pthread_setname_np(pthread_self(), "log-keep");
    sqlite3_stmt *stmt = NULL;
    int64_t version = 0;
    bool can_watch = sqlite3_prepare_v2(log->keeper_db, "PRAGMA data_version", -1, &stmt, NULL) == SQLITE_OK;
    pthread_mutex_lock(&log->lock);
    while (!log->stopping) {
        if (log->checkpoint_due)
            checkpoint(log);
        if (can_watch && log->readers != NULL)
            watch_others(log, stmt, &version);
        int64_t deadline = watch_deadlines(log);
        if (!log->stopping && !log->checkpoint_due)
            sleep_until_due(log, deadline);
    }
    pthread_mutex_unlock(&log->lock);
    sqlite3_finalize(stmt);
    return NULL;
}

enum lf_status
lf_emb_keeper_start(struct lf_emb_log *log, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&log->lock);
    if (!log->keeper_started) {
        st = lf_emb_connect(log, !log->read_only, &log->keeper_db, err);
        if (st == LF_OK && pthread_create(&log->keeper_thread, NULL, keeper_main, log) != 0) {
            sqlite3_close(log->keeper_db);
            log->keeper_db = NULL;
            st = lf_fail(err, LF_NO_MEMORY, "no thread to keep the log with can be had");
        }
        log->keeper_started = st == LF_OK;
    }
    pthread_mutex_unlock(&log->lock);
    return st;
}

void
lf_emb_keeper_stop(struct lf_emb_log *log)
{
    pthread_mutex_lock(&log->lock);
    log->stopping = true;
    pthread_cond_broadcast(&log->keep);
    pthread_mutex_unlock(&log->lock);
    if (log->keeper_started)
        pthread_join(log->keeper_thread, NULL);
    log->keeper_started = false;
    sqlite3_close(log->keeper_db);
    log->keeper_db = NULL;
}
