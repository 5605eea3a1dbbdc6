/* How a thread tells another that something waits for it: a function that is safe to call from any thread. */
#ifndef LF_BASE_WAKE_H
#define LF_BASE_WAKE_H

#include <stddef.h>

struct lf_wake {
    /* Thread-safe, must not block; many calls may collapse into one wake-up. NULL: nobody waits. */
    void (*fn)(void *ctx);
    void *ctx;
};

static inline void
lf_wake_call(const struct lf_wake *wake)
{
    if (wake->fn != NULL)
        wake->fn(wake->ctx);
}

#endif
