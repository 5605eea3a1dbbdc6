/* Backoff with jitter, and the gate. */
#include "base/retry.h"
#include "base/rand.h"
#include "base/sync.h"

#include <string.h>

enum { RETRY_MIN_MS = 50, RETRY_MAX_MS = 5000 };

void
lf_backoff_init(struct lf_backoff *backoff, int64_t min_ms, int64_t max_ms)
{
    *backoff = (struct lf_backoff){
        .min_ms = min_ms > 0 ? min_ms : RETRY_MIN_MS,
        .max_ms = max_ms > 0 ? max_ms : RETRY_MAX_MS,
    };
    if (backoff->max_ms < backoff->min_ms)
        backoff->max_ms = backoff->min_ms;
}

int64_t
lf_backoff_next(struct lf_backoff *backoff)
{
    if (backoff->ceiling_ms == 0)
        backoff->ceiling_ms = backoff->min_ms;
    else if (backoff->ceiling_ms > backoff->max_ms / 2)
        backoff->ceiling_ms = backoff->max_ms;
    else
        backoff->ceiling_ms *= 2;
    backoff->tries++;
    int64_t half = backoff->ceiling_ms / 2;
    return half + (int64_t)lf_rand_below((uint64_t)(backoff->ceiling_ms - half) + 1);
}

void
lf_backoff_reset(struct lf_backoff *backoff)
{
    backoff->ceiling_ms = 0;
    backoff->tries = 0;
}

enum lf_status
lf_gate_init(struct lf_gate *gate, struct lf_err *err)
{
    atomic_init(&gate->open, false);
    int rc = pthread_mutex_init(&gate->lock, NULL);
    if (rc != 0)
        return lf_fail(err, LF_INTERNAL, "cannot make a mutex: %s", strerror(rc));
    if (!lf_cond_init(&gate->changed)) {
        pthread_mutex_destroy(&gate->lock);
        return lf_fail(err, LF_INTERNAL, "cannot make a condition variable");
    }
    return LF_OK;
}

void
lf_gate_release(struct lf_gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

void
lf_gate_open(struct lf_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    atomic_store_explicit(&gate->open, true, memory_order_release);
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

bool
lf_gate_wait(struct lf_gate *gate, int64_t ms)
{
    const struct timespec until = lf_deadline(ms * 1000000);
    pthread_mutex_lock(&gate->lock);
    while (!lf_gate_is_open(gate) && lf_cond_wait_until(&gate->changed, &gate->lock, &until))
        ;
    pthread_mutex_unlock(&gate->lock);
    return lf_gate_is_open(gate);
}
