/* The watching thread. */
#include "server/watch.h"
#include "server/compat.h"
#include "base/mem.h"
#include "base/report.h"
#include "base/retry.h"

#include <pthread.h>

enum { LOOK_EVERY_MS = 1000, TOPIC_TIMEOUT_MS = 5000, TOPIC_RETRY_MS = 500 };

struct lf_watch {
    const struct lf_parts *parts;
    struct lf_wake changed;
    pthread_t thread;
    struct lf_gate stop;  /* open: asked to */
    pthread_mutex_t lock; /* of the state */
    struct lf_watch_state state;
};

static bool
differs(const struct lf_watch_state *a, const struct lf_watch_state *b)
{
    return a->topics_ready != b->topics_ready || a->failed != b->failed || a->log_ok != b->log_ok ||
           a->store_ok != b->store_ok;
}

/* One line when a part goes away, one when it is back. */
static void
tell(bool was, bool is, const char *away, const char *back, const struct lf_err *err)
{
    if (was && !is)
        lf_report_err(LF_WARN, away, err, NULL);
    else if (!was && is)
        lf_report(LF_INFO, back, NULL);
}

static void
publish(struct lf_watch *watch, const struct lf_watch_state *state)
{
    pthread_mutex_lock(&watch->lock);
    bool changed = differs(&watch->state, state);
    watch->state = *state;
    pthread_mutex_unlock(&watch->lock);
    if (changed)
        lf_wake_call(&watch->changed);
}

/* Makes sure of all topics; a fate other than RETRY: it never will be. */
static enum lf_status
ensure_topics(const struct lf_parts *parts, struct lf_err *err)
{
    for (size_t i = 0; i < parts->topic_count; i++) {
        enum lf_status st = lf_log_ensure_topic(parts->log, parts->topics[i], TOPIC_TIMEOUT_MS, err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

/* And of the schemas: compatible with those before, and registered where events are written with them. */
static enum lf_status
ensure_schemas(const struct lf_parts *parts, struct lf_err *err)
{
    enum lf_status st = parts->own != NULL && !parts->config->allow_incompatible ? lf_compat_check(parts, err) : LF_OK;
    if (!parts->enrolls && lf_status_fate(st) == LF_FATE_RETRY)
        return LF_OK; /* who only reads goes on with the schemas that are known */
    return st == LF_OK && parts->enrolls ? lf_payloads_enroll(parts->payloads, err) : st;
}

static void
look(const struct lf_parts *parts, struct lf_watch_state *state)
{
    state->log_ok = parts->log == NULL || lf_log_health(parts->log, &state->log_err) == LF_OK;
    state->store_ok = parts->store == NULL || lf_store_health(parts->store, &state->store_err) == LF_OK;
}

static void *
run(void *ctx)
{
    struct lf_watch *watch = ctx;
    struct lf_watch_state state = {0};
    bool told = false;
    bool log_ok = true, store_ok = true; /* as told: good news at the start is none */
    int64_t wait_ms;
    do {
        if (!state.topics_ready && !state.failed) {
            struct lf_err err = {0};
            const char *what = "waiting for the log";
            enum lf_status st = ensure_topics(watch->parts, &err);
            if (st == LF_OK) {
                what = "waiting for the schema registry";
                st = ensure_schemas(watch->parts, &err);
            }
            state.topics_ready = st == LF_OK;
            if (st != LF_OK && err.fate != LF_FATE_RETRY) {
                state.failed = true;
                state.err = err;
            } else if (st != LF_OK && !told) {
                lf_report_err(LF_WARN, what, &err, NULL);
                told = true;
            }
        }
        look(watch->parts, &state);
        if (state.topics_ready) { /* before that "waiting for the log" has been said */
            tell(log_ok, state.log_ok, "the log does not answer", "the log answers again", &state.log_err);
            log_ok = state.log_ok;
        }
        tell(store_ok, state.store_ok, "the store does not answer", "the store answers again", &state.store_err);
        store_ok = state.store_ok;
        publish(watch, &state);
        wait_ms = state.topics_ready || state.failed ? LOOK_EVERY_MS : TOPIC_RETRY_MS;
    } while (!lf_gate_wait(&watch->stop, wait_ms));
    return NULL;
}

static void
destroy(struct lf_watch *watch)
{
    pthread_mutex_destroy(&watch->lock);
    lf_gate_release(&watch->stop);
    lf_free(watch);
}

enum lf_status
lf_watch_start(const struct lf_parts *parts, struct lf_wake changed, struct lf_watch **ret, struct lf_err *err)
{
    struct lf_watch *watch = lf_calloc(1, sizeof(*watch));
    if (watch == NULL)
        return lf_no_memory(err);
    watch->parts = parts;
    watch->changed = changed;
    enum lf_status st = lf_gate_init(&watch->stop, err);
    if (st != LF_OK) {
        lf_free(watch);
        return st;
    }
    pthread_mutex_init(&watch->lock, NULL);
    if (pthread_create(&watch->thread, NULL, run, watch) != 0) {
        destroy(watch);
        return lf_fail(err, LF_AGAIN, "cannot start a thread");
    }
    *ret = watch;
    return LF_OK;
}

void
lf_watch_state(struct lf_watch *watch, struct lf_watch_state *ret)
{
    pthread_mutex_lock(&watch->lock);
    *ret = watch->state;
    pthread_mutex_unlock(&watch->lock);
}

void
lf_watch_stop(struct lf_watch *watch)
{
    if (watch == NULL)
        return;
    lf_gate_open(&watch->stop);
    pthread_join(watch->thread, NULL);
    destroy(watch);
}
