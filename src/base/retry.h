/*
 * When again: exponential backoff with jitter, for as long as it takes. And the gate at which a thread waits, which a
 * stop opens at once.
 */
#ifndef LF_BASE_RETRY_H
#define LF_BASE_RETRY_H

#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct lf_backoff {
    int64_t min_ms;
    int64_t max_ms;
    int64_t ceiling_ms; /* of the next delay; 0: the first */
    int64_t tries;      /* since the last success */
};

void lf_backoff_init(struct lf_backoff *backoff, int64_t min_ms, int64_t max_ms);
/* The next delay: uniform between half the ceiling and the ceiling, which doubles from min_ms to max_ms. */
int64_t lf_backoff_next(struct lf_backoff *backoff);
void lf_backoff_reset(struct lf_backoff *backoff); /* it went through */

struct lf_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_bool open;
};

LF_NODISCARD enum lf_status lf_gate_init(struct lf_gate *gate, struct lf_err *err);
void lf_gate_release(struct lf_gate *gate);
/* Lets everybody through from now on. Thread-safe. */
void lf_gate_open(struct lf_gate *gate);
static inline bool
lf_gate_is_open(struct lf_gate *gate)
{
    return atomic_load_explicit(&gate->open, memory_order_acquire);
}
/* Waits until the gate is open, at most ms of real time; true if it is open. */
bool lf_gate_wait(struct lf_gate *gate, int64_t ms);

#endif
