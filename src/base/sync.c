/* Conditions on the monotonic clock. */
#include "base/sync.h"

bool
lf_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    bool done = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(cond, &attr) == 0;
    pthread_condattr_destroy(&attr);
    return done;
}

struct timespec
lf_deadline(int64_t ns)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ns / 1000000000;
    until.tv_nsec += ns % 1000000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

bool
lf_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
    return pthread_cond_timedwait(cond, mutex, until) == 0;
}

bool
lf_cond_wait_ns(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t ns)
{
    if (ns < 0)
        return pthread_cond_wait(cond, mutex) == 0;
    const struct timespec until = lf_deadline(ns);
    return lf_cond_wait_until(cond, mutex, &until);
}
