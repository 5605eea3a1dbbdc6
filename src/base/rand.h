/* Randomness. One door, so that a simulation can own it. Thread-safe, except lf_rand_replace. */
#ifndef LF_BASE_RAND_H
#define LF_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/* Fills out with unpredictable bytes (getrandom(2)); stops the program if the system has none. */
void lf_rand_bytes(void *out, size_t len);
/* Uniform in [0, below); below > 0. */
uint64_t lf_rand_below(uint64_t below);
/* For tests: fn fills the bytes from now on (NULL: the system again). Call before threads start. */
void lf_rand_replace(void (*fn)(void *ctx, void *out, size_t len), void *ctx);

#endif
