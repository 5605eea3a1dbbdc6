/* How long work tells how far it has come, and hears that it should stop. */
#ifndef LF_SERVER_PROGRESS_H
#define LF_SERVER_PROGRESS_H

#include "base/err.h"

#include <stdint.h>

struct lf_progress {
    /* what: the phase, static text. total -1: not known. Called often, on the worker's thread. False: stop. */
    bool (*fn)(void *ctx, const char *what, int64_t done, int64_t total);
    void *ctx;
};

/* LF_CLOSED: the work is to stop. fn NULL: nobody listens. */
LF_NODISCARD static inline enum lf_status
lf_progress_tell(const struct lf_progress *progress, const char *what, int64_t done, int64_t total, struct lf_err *err)
{
    if (progress->fn == NULL || progress->fn(progress->ctx, what, done, total))
        return LF_OK;
    return lf_fail(err, LF_CLOSED, "stopped before it was done");
}

#endif
