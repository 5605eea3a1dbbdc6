/*
 * Named points between the steps of a batch and of an append, at which a test ends or freezes the process. Built with
 * -Dcrash_points=true alone; in the product LF_CRASH_POINT() is nothing.
 *
 * LOGFIRST_CRASH_AT=point:n in the environment: the n-th time that the process comes to the point it gets a signal.
 * LOGFIRST_CRASH_BY says which: kill (SIGKILL, the default), stop (SIGSTOP), or power: SIGKILL after
 * lf_crash_prepare has taken back what no fsync has made durable.
 */
#ifndef LF_BASE_CRASH_H
#define LF_BASE_CRASH_H

#ifdef LF_CRASH_POINTS
#include <stdbool.h>

/* The process is at the point called name. Returns unless it ends here. Thread-safe. */
void lf_crash_point(const char *name);
/* Whether this process is to end by a power cut. Thread-safe. */
bool lf_crash_by_power(void);
/* Called before a power cut; may be NULL. Set it before threads start. */
extern void (*lf_crash_prepare)(void);
#define LF_CRASH_POINT(name) lf_crash_point(name)
#else
#define LF_CRASH_POINT(name) ((void)0)
#endif

#endif
