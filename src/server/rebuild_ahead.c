/*
 * The next page while the one before is folded: a thread with a session of its own, since what it reads will not change
 * any more (lf_rebuild_fold). Where it cannot read, the rebuild reads itself, and knows what to do when it fails.
 */
#include "base/mem.h"
#include "base/sync.h"
#include "server/rebuild_inner.h"

enum { PAGE_CHUNK = 1024 * 1024 };

struct lf_rebuild_ahead {
    struct lf_store *store;
    struct lf_store_session *session; /* the thread's; NULL: not open */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool asked, done, stop;   /* guarded by lock, and with done the page too */
    struct lf_walk walk;      /* the thread's while asked and not done */
    struct lf_arena pages[2]; /* of the page being read, and of the one given out last */
    size_t reading;           /* which is which */
    struct lf_walked *walked;
    size_t count;
    enum lf_status st;
};

static void
read_page(struct lf_rebuild_ahead *ahead)
{
    struct lf_arena *arena = &ahead->pages[ahead->reading];
    lf_arena_reset(arena);
    ahead->st = LF_OK;
    if (ahead->session == NULL)
        ahead->st = lf_store_session_open(ahead->store, false, &ahead->session, NULL);
    if (ahead->st == LF_OK)
        ahead->st = lf_store_walk(ahead->session, &ahead->walk, arena, &ahead->walked, &ahead->count, NULL);
    if (ahead->st == LF_OK)
        return;
    lf_store_session_close(ahead->session);
    ahead->session = NULL;
}

static void *
run(void *ctx)
{
    struct lf_rebuild_ahead *ahead = ctx;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->stop) {
        if (!ahead->asked || ahead->done) {
            pthread_cond_wait(&ahead->changed, &ahead->lock);
            continue;
        }
        pthread_mutex_unlock(&ahead->lock);
        read_page(ahead);
        pthread_mutex_lock(&ahead->lock);
        ahead->done = true;
        pthread_cond_broadcast(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

static struct lf_rebuild_ahead *
start(struct lf_store *store)
{
    struct lf_rebuild_ahead *ahead = lf_calloc(1, sizeof(*ahead));
    if (ahead == NULL)
        return NULL;
    ahead->store = store;
    lf_arena_init(&ahead->pages[0], PAGE_CHUNK, 0);
    lf_arena_init(&ahead->pages[1], PAGE_CHUNK, 0);
    pthread_mutex_init(&ahead->lock, NULL);
    bool waits = lf_cond_init(&ahead->changed);
    if (waits && pthread_create(&ahead->thread, NULL, run, ahead) == 0)
        return ahead;
    if (waits)
        pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->lock);
    lf_free(ahead);
    return NULL;
}

void
lf_rebuild_ahead_ask(struct lf_rebuild *rebuild, const struct lf_walk *walk)
{
    if (rebuild->ahead == NULL)
        rebuild->ahead = start(rebuild->shadow);
    struct lf_rebuild_ahead *ahead = rebuild->ahead;
    if (ahead == NULL)
        return;
    pthread_mutex_lock(&ahead->lock);
    LF_ASSERT(!ahead->asked);
    ahead->walk = *walk;
    ahead->asked = true;
    ahead->done = false;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
}

bool
lf_rebuild_ahead_take(struct lf_rebuild *rebuild, size_t *ret_bytes)
{
    struct lf_rebuild_ahead *ahead = rebuild->ahead;
    if (ahead == NULL)
        return false;
    pthread_mutex_lock(&ahead->lock);
    bool asked = ahead->asked;
    while (asked && !ahead->done)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    ahead->asked = false;
    pthread_mutex_unlock(&ahead->lock);
    if (!asked || ahead->st != LF_OK)
        return false;
    rebuild->walked = ahead->walked;
    rebuild->walked_count = ahead->count;
    *ret_bytes = ahead->pages[ahead->reading].used;
    ahead->reading = 1 - ahead->reading;
    return true;
}

void
lf_rebuild_ahead_end(struct lf_rebuild *rebuild)
{
    struct lf_rebuild_ahead *ahead = rebuild->ahead;
    if (ahead == NULL)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->stop = true;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    lf_store_session_close(ahead->session);
    lf_arena_release(&ahead->pages[0]);
    lf_arena_release(&ahead->pages[1]);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->lock);
    lf_free(ahead);
    rebuild->ahead = NULL;
}
