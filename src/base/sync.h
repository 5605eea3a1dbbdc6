/* Waiting with a deadline on the monotonic clock: a jump of the wall clock neither prolongs nor cuts a wait. */
#ifndef LF_BASE_SYNC_H
#define LF_BASE_SYNC_H

#include "base/err.h"

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* A condition for the waits below. False: the system has no resources for one. */
bool lf_cond_init(pthread_cond_t *cond);
/* The moment in ns nanoseconds, for lf_cond_wait_until(). */
struct timespec lf_deadline(int64_t ns);
/* Waits until then; false when the time is over. May return early. */
bool lf_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);
/* Waits for at most ns nanoseconds (negative: for ever); false when the time is over. May return early. */
bool lf_cond_wait_ns(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t ns);

#endif
