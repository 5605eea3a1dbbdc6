/*
 * Checkpoints on a thread of their own: commits do not wait for the database file to be written. PASSIVE, so that
 * neither readers nor the writer are held up; once the log is long the writer copies the rest itself between two
 * transactions, so that the log starts over and cannot grow without end.
 */
#include "store/sqlite/sqlite.h"

#include "base/mem.h"

enum {
    FRAMES_TO_WAKE = 1000, /* new pages in the log that are worth a checkpoint */
    FRAMES_TO_HELP = 4000, /* pages in the log that the writer copies itself, if the thread is not at it */
    FRAMES_TO_WAIT = 8000, /* pages in the log for which the writer waits for the thread, and then helps */
};

struct lf_sqlite_checkpointer {
    sqlite3 *db;
    pthread_t thread;
    pthread_mutex_t working; /* held during a checkpoint: SQLite refuses a second one at the same time */
    pthread_mutex_t lock;    /* over the rest */
    pthread_cond_t wake;
    bool wanted;
    bool stopping;
};

/* Called with the lock "working". A failure (disk full …) loses nothing: the log keeps it, the next one tries again. */
static void
copy_pages(struct lf_sqlite_checkpointer *checkpointer, sqlite3 *db)
{
    (void)sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    pthread_mutex_unlock(&checkpointer->working);
}

static void *
run(void *arg)
{
    struct lf_sqlite_checkpointer *checkpointer = arg;
    pthread_mutex_lock(&checkpointer->lock);
    while (!checkpointer->stopping) {
        if (!checkpointer->wanted) {
            pthread_cond_wait(&checkpointer->wake, &checkpointer->lock);
            continue;
        }
        checkpointer->wanted = false;
        pthread_mutex_unlock(&checkpointer->lock);
        pthread_mutex_lock(&checkpointer->working);
        copy_pages(checkpointer, checkpointer->db);
        pthread_mutex_lock(&checkpointer->lock);
    }
    pthread_mutex_unlock(&checkpointer->lock);
    return NULL;
}

enum lf_status
lf_sqlite_checkpointer_start(const char *path, struct lf_sqlite_checkpointer **ret, struct lf_err *err)
{
    struct lf_sqlite_checkpointer *checkpointer = lf_calloc(1, sizeof(*checkpointer));
    if (checkpointer == NULL)
        return lf_no_memory(err);
    enum lf_status st = lf_sqlite_connect(path, false, &checkpointer->db, err);
    if (st != LF_OK) {
        lf_free(checkpointer);
        return st;
    }
    pthread_mutex_init(&checkpointer->working, NULL);
    pthread_mutex_init(&checkpointer->lock, NULL);
    pthread_cond_init(&checkpointer->wake, NULL);
    if (pthread_create(&checkpointer->thread, NULL, run, checkpointer) != 0) {
        pthread_cond_destroy(&checkpointer->wake);
        pthread_mutex_destroy(&checkpointer->lock);
        pthread_mutex_destroy(&checkpointer->working);
        sqlite3_close_v2(checkpointer->db);
        lf_free(checkpointer);
        return lf_fail(err, LF_UNAVAILABLE, "no thread for checkpoints of the store");
    }
    *ret = checkpointer;
    return LF_OK;
}

void
lf_sqlite_checkpointer_stop(struct lf_sqlite_checkpointer *checkpointer)
{
    if (checkpointer == NULL)
        return;
    pthread_mutex_lock(&checkpointer->lock);
    checkpointer->stopping = true;
    pthread_cond_signal(&checkpointer->wake);
    pthread_mutex_unlock(&checkpointer->lock);
    pthread_join(checkpointer->thread, NULL);
    pthread_cond_destroy(&checkpointer->wake);
    pthread_mutex_destroy(&checkpointer->lock);
    pthread_mutex_destroy(&checkpointer->working);
    sqlite3_close_v2(checkpointer->db);
    lf_free(checkpointer);
}

/* In the place of SQLite's own automatic checkpoint. */
static int
count_frames(void *ctx, sqlite3 *db, const char *name, int frames)
{
    (void)db;
    (void)name;
    struct lf_sqlite_session *session = ctx;
    session->wal_frames = frames;
    return SQLITE_OK;
}

void
lf_sqlite_checkpoint_watch(struct lf_sqlite_session *session)
{
    sqlite3_wal_hook(session->db, count_frames, session);
}

void
lf_sqlite_checkpoint_after_commit(struct lf_sqlite_session *session)
{
    struct lf_sqlite_checkpointer *checkpointer = session->store->checkpointer;
    if (session->wal_frames < session->wal_reported) /* it has started over */
        session->wal_reported = 0;
    if (session->wal_frames - session->wal_reported < FRAMES_TO_WAKE)
        return;
    session->wal_reported = session->wal_frames;
    if (session->wal_frames >= FRAMES_TO_WAIT) {
        pthread_mutex_lock(&checkpointer->working);
        copy_pages(checkpointer, session->db);
    } else if (session->wal_frames >= FRAMES_TO_HELP && pthread_mutex_trylock(&checkpointer->working) == 0) {
        copy_pages(checkpointer, session->db);
    }
    pthread_mutex_lock(&checkpointer->lock);
    checkpointer->wanted = true;
    pthread_cond_signal(&checkpointer->wake);
    pthread_mutex_unlock(&checkpointer->lock);
}
