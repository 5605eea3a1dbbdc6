/* The event loop: wakes, signals, timers and turn-end hooks around libuv. */
#include "base/mem.h"
#include "net/loop_uv.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

enum { ROUNDS_MAX = 16 }; /* of hooks in one turn; a turn that does not wait follows if there is still work */

/* A callback of a user. Hooks and handles are both kept in lists, freed with the loop. */
struct hook {
    struct hook *next;
    lf_loop_fn *fn; /* NULL: removed */
    void *ctx;
    bool last;
};

struct wake {
    struct wake *next;
    uv_async_t async;
    lf_loop_fn *fn;
    void *ctx;
};

struct watched_signal {
    struct watched_signal *next;
    uv_signal_t handle;
    lf_loop_fn *fn;
    void *ctx;
};

struct lf_timer {
    struct lf_timer *prev;
    struct lf_timer *next;
    uv_timer_t handle;
    struct lf_loop *loop;
    lf_loop_fn *fn;
    void *ctx;
};

struct lf_loop {
    uv_loop_t uv;
    uv_prepare_t prepare; /* the end of a turn */
    uv_idle_t busy;       /* while active, the loop does not wait */
    uv_async_t stop;
    atomic_bool stopping;
    bool again;
    struct hook *hooks;
    struct wake *wakes;
    struct watched_signal *signals;
    struct lf_timer *timers;
    char *read_space;
};

enum lf_status
lf_uv_fail(struct lf_err *err, int code, const char *what)
{
    switch (code) {
    case UV_ENOMEM: return lf_no_memory(err);
    case UV_EADDRINUSE: return lf_fail(err, LF_BUSY, "%s: the address is in use", what);
    case UV_EACCES:
    case UV_EPERM: return lf_fail(err, LF_DENIED, "%s: not permitted", what);
    case UV_EADDRNOTAVAIL: return lf_fail(err, LF_UNSUPPORTED, "%s: this machine has no such address", what);
    default: return lf_fail(err, LF_IO, "%s: %s", what, uv_strerror(code));
    }
}

uv_loop_t *
lf_loop_uv(struct lf_loop *loop)
{
    return &loop->uv;
}

char *
lf_loop_read_space(struct lf_loop *loop)
{
    return loop->read_space;
}

int64_t
lf_loop_now_ms(const struct lf_loop *loop)
{
    return (int64_t)uv_now(&loop->uv);
}

/* --- turn-end hooks ----------------------------------------------------------------------------------------------- */

static void
drop_removed_hooks(struct lf_loop *loop)
{
    struct hook **at = &loop->hooks;
    while (*at != NULL) {
        struct hook *hook = *at;
        if (hook->fn == NULL) {
            *at = hook->next;
            lf_free(hook);
        } else {
            at = &hook->next;
        }
    }
}

static void
on_turn_end(uv_prepare_t *prepare)
{
    struct lf_loop *loop = prepare->data;
    drop_removed_hooks(loop);
    loop->again = true;
    for (int round = 0; loop->again && round < ROUNDS_MAX; round++) {
        loop->again = false;
        for (struct hook *hook = loop->hooks; hook != NULL; hook = hook->next) {
            if (hook->fn != NULL)
                hook->fn(hook->ctx);
        }
    }
    if (!loop->again)
        uv_idle_stop(&loop->busy);
}

static void
stay_busy(uv_idle_t *idle)
{
    (void)idle; /* being active is its whole job */
}

void
lf_loop_again(struct lf_loop *loop)
{
    loop->again = true;
    uv_idle_start(&loop->busy, stay_busy);
}

static enum lf_status
add_hook(struct lf_loop *loop, lf_loop_fn *fn, void *ctx, bool last, struct lf_err *err)
{
    struct hook *hook = lf_calloc(1, sizeof(*hook));
    if (hook == NULL)
        return lf_no_memory(err);
    *hook = (struct hook){.fn = fn, .ctx = ctx, .last = last};
    struct hook **at = &loop->hooks;
    while (*at != NULL && (last || !(*at)->last))
        at = &(*at)->next;
    hook->next = *at;
    *at = hook;
    return LF_OK;
}

enum lf_status
lf_loop_on_turn_end(struct lf_loop *loop, lf_loop_fn *fn, void *ctx, struct lf_err *err)
{
    return add_hook(loop, fn, ctx, false, err);
}

enum lf_status
lf_loop_on_turn_last(struct lf_loop *loop, lf_loop_fn *fn, void *ctx, struct lf_err *err)
{
    return add_hook(loop, fn, ctx, true, err);
}

void
lf_loop_off_turn_end(struct lf_loop *loop, lf_loop_fn *fn, void *ctx)
{
    for (struct hook *hook = loop->hooks; hook != NULL; hook = hook->next) {
        if (hook->fn == fn && hook->ctx == ctx) {
            hook->fn = NULL; /* freed at the next turn's end: the list may be being walked */
            return;
        }
    }
}

/* --- wakes and signals -------------------------------------------------------------------------------------------- */

static void
on_async(uv_async_t *async)
{
    struct wake *wake = async->data;
    wake->fn(wake->ctx);
}

static void
send_wake(void *ctx)
{
    struct wake *wake = ctx;
    uv_async_send(&wake->async);
}

enum lf_status
lf_loop_wake(struct lf_loop *loop, lf_loop_fn *fn, void *ctx, struct lf_wake *ret, struct lf_err *err)
{
    struct wake *wake = lf_calloc(1, sizeof(*wake));
    if (wake == NULL)
        return lf_no_memory(err);
    wake->fn = fn;
    wake->ctx = ctx;
    wake->async.data = wake;
    int code = uv_async_init(&loop->uv, &wake->async, on_async);
    if (code != 0) {
        lf_free(wake);
        return lf_uv_fail(err, code, "cannot make a wake");
    }
    wake->next = loop->wakes;
    loop->wakes = wake;
    *ret = (struct lf_wake){send_wake, wake};
    return LF_OK;
}

static void
on_signal(uv_signal_t *handle, int signal)
{
    (void)signal;
    struct watched_signal *watched = handle->data;
    watched->fn(watched->ctx);
}

static void
free_signal(uv_handle_t *handle)
{
    lf_free(handle->data);
}

enum lf_status
lf_loop_on_signal(struct lf_loop *loop, int signal, lf_loop_fn *fn, void *ctx, struct lf_err *err)
{
    struct watched_signal *watched = lf_calloc(1, sizeof(*watched));
    if (watched == NULL)
        return lf_no_memory(err);
    watched->fn = fn;
    watched->ctx = ctx;
    watched->handle.data = watched;
    int code = uv_signal_init(&loop->uv, &watched->handle);
    if (code != 0) {
        lf_free(watched);
        return lf_uv_fail(err, code, "cannot watch a signal");
    }
    code = uv_signal_start(&watched->handle, on_signal, signal);
    if (code != 0) {
        uv_close((uv_handle_t *)&watched->handle, free_signal);
        return lf_uv_fail(err, code, "cannot watch a signal");
    }
    watched->next = loop->signals;
    loop->signals = watched;
    return LF_OK;
}

/* --- timers ------------------------------------------------------------------------------------------------------- */

static void
on_timer(uv_timer_t *handle)
{
    struct lf_timer *timer = handle->data;
    timer->fn(timer->ctx);
}

enum lf_status
lf_timer_new(struct lf_loop *loop, lf_loop_fn *fn, void *ctx, struct lf_timer **ret, struct lf_err *err)
{
    struct lf_timer *timer = lf_calloc(1, sizeof(*timer));
    if (timer == NULL)
        return lf_no_memory(err);
    timer->loop = loop;
    timer->fn = fn;
    timer->ctx = ctx;
    timer->handle.data = timer;
    uv_timer_init(&loop->uv, &timer->handle); /* cannot fail */
    timer->next = loop->timers;
    if (loop->timers != NULL)
        loop->timers->prev = timer;
    loop->timers = timer;
    *ret = timer;
    return LF_OK;
}

void
lf_timer_start(struct lf_timer *timer, int64_t delay_ms, int64_t repeat_ms)
{
    LF_ASSERT(delay_ms >= 0 && repeat_ms >= 0);
    uv_timer_start(&timer->handle, on_timer, (uint64_t)delay_ms, (uint64_t)repeat_ms);
}

void
lf_timer_stop(struct lf_timer *timer)
{
    uv_timer_stop(&timer->handle);
}

static void
free_timer(uv_handle_t *handle)
{
    lf_free(handle->data);
}

void
lf_timer_free(struct lf_timer *timer)
{
    if (timer == NULL)
        return;
    if (timer->prev != NULL)
        timer->prev->next = timer->next;
    else
        timer->loop->timers = timer->next;
    if (timer->next != NULL)
        timer->next->prev = timer->prev;
    uv_close((uv_handle_t *)&timer->handle, free_timer);
}

/* --- the loop itself ---------------------------------------------------------------------------------------------- */

static void
on_stop(uv_async_t *async)
{
    struct lf_loop *loop = async->data;
    if (atomic_exchange(&loop->stopping, false))
        uv_stop(&loop->uv);
}

/* Opens the loop's own handles. On failure all is closed again. */
static int
open_handles(struct lf_loop *loop)
{
    int code = uv_loop_init(&loop->uv);
    if (code != 0)
        return code;
    uv_prepare_init(&loop->uv, &loop->prepare); /* these two cannot fail */
    uv_idle_init(&loop->uv, &loop->busy);
    loop->prepare.data = loop;
    uv_prepare_start(&loop->prepare, on_turn_end);
    loop->stop.data = loop;
    code = uv_async_init(&loop->uv, &loop->stop, on_stop);
    if (code == 0)
        return 0;
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->busy, NULL);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    uv_loop_close(&loop->uv);
    return code;
}

enum lf_status
lf_loop_new(struct lf_loop **ret, struct lf_err *err)
{
    struct lf_loop *loop = lf_calloc(1, sizeof(*loop));
    if (loop == NULL)
        return lf_no_memory(err);
    loop->read_space = lf_malloc(LF_LOOP_READ_BYTES);
    if (loop->read_space == NULL) {
        lf_free(loop);
        return lf_no_memory(err);
    }
    signal(SIGPIPE, SIG_IGN); /* a closed connection is an error of that connection, no end of the program */
    int code = open_handles(loop);
    if (code != 0) {
        lf_free(loop->read_space);
        lf_free(loop);
        return lf_uv_fail(err, code, "cannot make an event loop");
    }
    *ret = loop;
    return LF_OK;
}

static void
free_wake(uv_handle_t *handle)
{
    lf_free(handle->data);
}

static void
close_handles(struct lf_loop *loop)
{
    for (struct wake *wake = loop->wakes; wake != NULL; wake = wake->next)
        uv_close((uv_handle_t *)&wake->async, free_wake);
    for (struct watched_signal *watched = loop->signals; watched != NULL; watched = watched->next)
        uv_close((uv_handle_t *)&watched->handle, free_signal);
    while (loop->timers != NULL)
        lf_timer_free(loop->timers);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->busy, NULL);
    uv_close((uv_handle_t *)&loop->stop, NULL);
}

void
lf_loop_free(struct lf_loop *loop)
{
    if (loop == NULL)
        return;
    close_handles(loop);
    int code = UV_EBUSY;
    for (int turn = 0; turn < 8 && code == UV_EBUSY; turn++) { /* closing takes a turn, what it leads to another */
        uv_run(&loop->uv, UV_RUN_NOWAIT);
        code = uv_loop_close(&loop->uv);
    }
    LF_ASSERT(code == 0); /* else a server on this loop is still open */
    for (struct hook *hook = loop->hooks; hook != NULL; hook = hook->next)
        hook->fn = NULL;
    drop_removed_hooks(loop);
    lf_free(loop->read_space);
    lf_free(loop);
}

void
lf_loop_run(struct lf_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void
lf_loop_stop(struct lf_loop *loop)
{
    atomic_store(&loop->stopping, true);
    uv_async_send(&loop->stop);
}
