/* Crash points: read the environment once, count down, raise. Not part of the product. */
#include "base/crash.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *wanted; /* "point:n"; NULL: none */
static size_t wanted_len;  /* of the point's name */
static atomic_long left;   /* times to come */
static const char *by = "kill";

void (*lf_crash_prepare)(void);

static void
read_environment(void)
{
    const char *text = getenv("LOGFIRST_CRASH_AT");
    const char *how = getenv("LOGFIRST_CRASH_BY");
    const char *colon = text != NULL ? strrchr(text, ':') : NULL;
    if (how != NULL)
        by = how;
    if (colon == NULL)
        return;
    wanted = text;
    wanted_len = (size_t)(colon - text);
    atomic_store(&left, strtol(colon + 1, NULL, 10));
}

bool
lf_crash_by_power(void)
{
    pthread_once(&once, read_environment);
    return strcmp(by, "power") == 0;
}

void
lf_crash_point(const char *name)
{
    pthread_once(&once, read_environment);
    if (wanted == NULL || strncmp(wanted, name, wanted_len) != 0 || name[wanted_len] != '\0')
        return;
    if (atomic_fetch_sub(&left, 1) != 1)
        return;
    if (lf_crash_by_power() && lf_crash_prepare != NULL)
        lf_crash_prepare();
    raise(strcmp(by, "stop") == 0 ? SIGSTOP : SIGKILL);
}
