/* Waiting with a deadline on the monotonic clock, for the back ends that have threads of their own. */
#ifndef LF_LOG_SYNC_H
#define LF_LOG_SYNC_H

#include "base/err.h"

#include <pthread.h>
#include <stdint.h>

/* A condition for lf_cond_wait_ns(). False: the system has no resources for one. */
bool lf_cond_init(pthread_cond_t *cond);
/* Waits for at most ns nanoseconds (negative: for ever); false when the time is over. May return early. */
bool lf_cond_wait_ns(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t ns);

#endif
