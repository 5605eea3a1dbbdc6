/* The consumer's thread: turn after turn until stopped. */
#include "base/clock.h"
#include "consumer/loop.h"

#include <string.h>

enum {
    STEP_TIMEOUT_MS = 1000,
    STANDBY_READY_MS = 10000, /* a group may have more members than partitions: such a one is ready too */
    NUDGE_EVERY_MS = 20,
};

/* Calls ready once: when the log has answered and partitions are here, or have not come for a while. */
static bool
tell_ready(struct lf_consumer *consumer, int64_t since_ms)
{
    if (!consumer->log_answers)
        return false;
    if (lf_positions_assigned(&consumer->positions) == 0 && lf_clock_mono_ms() - since_ms < STANDBY_READY_MS)
        return false;
    if (consumer->ready != NULL)
        consumer->ready(consumer->ctx);
    return true;
}

static void
run(struct lf_consumer *consumer)
{
    struct lf_err err = {0};
    int64_t since_ms = lf_clock_mono_ms();
    bool ready = false;
    while (!lf_gate_is_open(&consumer->gate)) {
        enum lf_status st = lf_consumer_step(consumer, ready ? STEP_TIMEOUT_MS : NUDGE_EVERY_MS, false, &err);
        if (st == LF_OK) {
            ready = ready || tell_ready(consumer, since_ms);
            continue;
        }
        if (lf_status_fate(st) != LF_FATE_RETRY && consumer->failed != NULL)
            consumer->failed(consumer->ctx, &err);
        return; /* with fate RETRY: stopped while it waited */
    }
}

static void *
thread_main(void *arg)
{
    struct lf_consumer *consumer = arg;
    run(consumer);
    atomic_store_explicit(&consumer->meter.running, false, memory_order_relaxed);
    lf_gate_open(&consumer->finished);
    return NULL;
}

enum lf_status
lf_consumer_start(struct lf_consumer *consumer, void (*ready)(void *ctx),
                  void (*failed)(void *ctx, const struct lf_err *err), void *ctx, struct lf_err *err)
{
    LF_ASSERT(!consumer->started);
    consumer->ready = ready;
    consumer->failed = failed;
    consumer->ctx = ctx;
    atomic_store_explicit(&consumer->meter.running, true, memory_order_relaxed);
    int rc = pthread_create(&consumer->thread, NULL, thread_main, consumer);
    if (rc != 0) {
        atomic_store_explicit(&consumer->meter.running, false, memory_order_relaxed);
        return lf_fail(err, LF_UNAVAILABLE, "cannot start the consumer's thread: %s", strerror(rc));
    }
    consumer->started = true;
    return LF_OK;
}

static void
interrupt(struct lf_consumer *consumer)
{
    pthread_mutex_lock(&consumer->lock);
    if (consumer->reader != NULL)
        lf_log_interrupt(consumer->reader);
    pthread_mutex_unlock(&consumer->lock);
}

void
lf_consumer_stop(struct lf_consumer *consumer)
{
    if (!consumer->started)
        return;
    lf_gate_open(&consumer->gate);
    do
        interrupt(consumer); /* again and again: one may come just before the thread begins to read, and be lost */
    while (!lf_gate_wait(&consumer->finished, NUDGE_EVERY_MS));
    pthread_join(consumer->thread, NULL);
    consumer->started = false;
}
