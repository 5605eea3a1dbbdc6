/* Opening and closing: the store, its sessions, health; and the transaction that is gathered. */
#include "store/mongodb/mongodb.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Distributions build libmongoc so that it starts by itself when it is loaded, in every command. It then has counters
 * in a shared file with the process's id in its name, which kill -9 would leave behind, and a later process of that id
 * would complain of on stderr. The counters work without the name.
 */
__attribute__((constructor)) static void
forget_counters(void)
{
    char name[32];
    snprintf(name, sizeof(name), "/mongoc-%ld", (long)getpid());
    (void)shm_unlink(name);
}

static void
initialise(void)
{
    mongoc_log_set_handler(NULL, NULL); /* libraries do not print */
    mongoc_init();
}

static void
mongo_close(struct lf_store *base)
{
    struct lf_mongo_store *store = (struct lf_mongo_store *)base;
    lf_mongo_link_drop(&store->health);
    if (store->uri != NULL)
        mongoc_uri_destroy(store->uri);
    if (store->health_uri != NULL)
        mongoc_uri_destroy(store->health_uri);
    pthread_mutex_destroy(&store->lock);
    lf_free(store);
}

static enum lf_status
open_store(struct lf_mongo_store *store, const struct lf_store_options *options, struct lf_err *err)
{
    enum lf_status st = lf_mongo_url_read(options->url, LF_MONGO_ANSWER_MS, &store->uri, err);
    if (st == LF_OK)
        st = lf_mongo_url_read(options->url, LF_MONGO_HEALTH_MS, &store->health_uri, err);
    if (st != LF_OK)
        return st;
    struct lf_mongo_link link = {.uri = store->uri, .primary = !options->read_only};
    store->health = (struct lf_mongo_link){.uri = store->health_uri, .primary = !options->read_only};
    st = lf_mongo_prepare(store, &link, options->model, options->read_only, err);
    lf_mongo_link_drop(&link);
    store->base.stepwise = !store->transactions;
    return st;
}

static enum lf_status
mongo_open(const struct lf_store_options *options, const char *rest, struct lf_store **ret, struct lf_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)rest;
    pthread_once(&once, initialise);
    struct lf_mongo_store *store = lf_calloc(1, sizeof(*store));
    if (store == NULL)
        return lf_no_memory(err);
    pthread_mutex_init(&store->lock, NULL);
    enum lf_status st = open_store(store, options, err);
    if (st == LF_OK)
        *ret = &store->base;
    else
        mongo_close(&store->base);
    return st;
}

static enum lf_status
ping(struct lf_mongo_link *link, struct lf_err *err)
{
    static const char command[] = "\x0f\0\0\0\x10ping\0\1\0\0\0"; /* {"ping": 1} */
    return lf_mongo_command(link, lf_bytes(command, sizeof(command)), "asking the store", NULL, err);
}

static enum lf_status
mongo_health(struct lf_store *base, struct lf_err *err)
{
    struct lf_mongo_store *store = (struct lf_mongo_store *)base;
    pthread_mutex_lock(&store->lock);
    bool fresh = store->health.client == NULL;
    enum lf_status st = ping(&store->health, err);
    if (st == LF_UNAVAILABLE && !fresh && store->health.client == NULL) /* it had gone unnoticed */
        st = ping(&store->health, err);
    pthread_mutex_unlock(&store->lock);
    return st;
}

/* ---- sessions ---- */

static void
mongo_session_close(struct lf_store_session *base)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    lf_mongo_link_drop(&session->link);
    for (size_t i = 0; session->tx.states != NULL && i < session->store->base.model->entity_count; i++)
        lf_map_release(&session->tx.states[i]);
    lf_free(session->tx.states);
    lf_buf_release(&session->tx.events);
    lf_buf_release(&session->tx.letters);
    lf_arena_release(&session->tx.arena);
    lf_buf_release(&session->filter);
    lf_buf_release(&session->opts);
    lf_buf_release(&session->command);
    lf_free(session);
}

static enum lf_status
mongo_session_open(struct lf_store *base, bool writer, struct lf_store_session **ret, struct lf_err *err)
{
    struct lf_mongo_store *store = (struct lf_mongo_store *)base;
    struct lf_mongo_session *session = lf_calloc(1, sizeof(*session));
    if (session == NULL)
        return lf_no_memory(err);
    session->store = store;
    session->link = (struct lf_mongo_link){.uri = store->uri, .primary = writer};
    lf_arena_init(&session->tx.arena, 64 * 1024, 0);
    lf_buf_init(&session->tx.events, LF_MONGO_BUFFER_MAX);
    lf_buf_init(&session->tx.letters, LF_MONGO_BUFFER_MAX);
    lf_buf_init(&session->filter, LF_MONGO_DOCUMENT_MAX);
    lf_buf_init(&session->opts, LF_MONGO_DOCUMENT_MAX);
    lf_buf_init(&session->command, LF_MONGO_BUFFER_MAX);
    session->tx.states = lf_calloc(base->model->entity_count, sizeof(*session->tx.states));
    enum lf_status st = session->tx.states != NULL ? ping(&session->link, err) : lf_no_memory(err);
    if (st == LF_OK)
        *ret = &session->base;
    else
        mongo_session_close(&session->base);
    return st;
}

/* ---- what a transaction gathers ---- */

static void
clear_buf(struct lf_buf *buf)
{
    if (buf->cap > LF_MONGO_SCRATCH_KEEP)
        lf_buf_release(buf);
    lf_buf_clear(buf);
}

void
lf_mongo_tx_clear(struct lf_mongo_session *session)
{
    struct lf_mongo_tx *tx = &session->tx;
    for (size_t i = 0; i < session->store->base.model->entity_count; i++)
        lf_map_clear(&tx->states[i]);
    clear_buf(&tx->events);
    clear_buf(&tx->letters);
    clear_buf(&session->command);
    clear_buf(&session->filter);
    tx->rows = NULL;
    tx->graves = NULL;
    tx->positions = NULL;
    tx->aside = NULL;
    tx->row_count = tx->row_cap = tx->new_rows = 0;
    tx->grave_count = tx->grave_cap = 0;
    tx->position_count = tx->position_cap = 0;
    lf_arena_reset(&tx->arena);
}

enum lf_status
lf_mongo_begin(struct lf_store_session *base, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    lf_mongo_tx_clear(session);
    session->tx.since_ms = lf_clock_mono_ms();
    session->tx.looked_up = session->smooth < LF_MONGO_SMOOTH_MIN;
    enum lf_status st = session->unfinished ? lf_mongo_finish_asides(session, err) : LF_OK;
    session->tx.reviewed = false;
    return st == LF_OK ? lf_mongo_sweep(session, err) : st;
}

void
lf_mongo_abort(struct lf_store_session *base)
{
    lf_mongo_tx_clear(lf_mongo_session(base));
}

const struct lf_store_ops lf_store_mongodb = {
    .name = "mongodb",
    .scheme = "mongodb", /* mongodb:// and mongodb+srv:// */
    .open = mongo_open,
    .close = mongo_close,
    .health = mongo_health,
    .session_open = mongo_session_open,
    .session_close = mongo_session_close,
    .begin = lf_mongo_begin,
    .append = lf_mongo_append,
    .load = lf_mongo_load,
    .save = lf_mongo_save,
    .bury = lf_mongo_bury,
    .advance = lf_mongo_advance,
    .set_aside = lf_mongo_set_aside,
    .commit = lf_mongo_commit,
    .abort = lf_mongo_abort,
    .review = lf_mongo_review,
    .review_settle = lf_mongo_review_settle,
    .review_read = lf_mongo_review_read,
    .review_note = lf_mongo_review_note,
    .position = lf_mongo_position,
    .get = lf_mongo_get,
    .event = lf_mongo_event,
    .list = lf_mongo_list,
    .dead_letters = lf_mongo_dead_letters,
};
