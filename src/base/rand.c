/* Randomness from the kernel, fetched in blocks per thread. */
#include "base/rand.h"
#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static void (*replacement)(void *ctx, void *out, size_t len);
static void *replacement_ctx;

static void
kernel_bytes(void *out, size_t len)
{
    unsigned char *at = out;
    while (len != 0) {
        ssize_t n = getrandom(at, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        LF_ASSERT(n > 0);
        at += n;
        len -= (size_t)n;
    }
}

void
lf_rand_bytes(void *out, size_t len)
{
    static _Thread_local unsigned char pool[512];
    static _Thread_local size_t left;
    if (replacement != NULL) {
        replacement(replacement_ctx, out, len);
        return;
    }
    if (len > sizeof(pool)) {
        kernel_bytes(out, len);
        return;
    }
    if (left < len) {
        kernel_bytes(pool, sizeof(pool));
        left = sizeof(pool);
    }
    left -= len;
    memcpy(out, pool + left, len);
    memset(pool + left, 0, len); /* never hand out the same bytes twice, never leave them lying about */
}

uint64_t
lf_rand_below(uint64_t below)
{
    LF_ASSERT(below > 0);
    uint64_t limit = UINT64_MAX - UINT64_MAX % below;
    uint64_t value;
    do
        lf_rand_bytes(&value, sizeof(value));
    while (value >= limit);
    return value % below;
}

void
lf_rand_replace(void (*fn)(void *ctx, void *out, size_t len), void *ctx)
{
    replacement = fn;
    replacement_ctx = ctx;
}
