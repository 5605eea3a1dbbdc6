/*
 * One thread's event loop (libuv inside). All functions belong to the thread that runs the loop, but for
 * lf_loop_stop() and the wakes, which any thread may call. Making a loop sets SIGPIPE to ignored, process-wide.
 */
#ifndef LF_NET_LOOP_H
#define LF_NET_LOOP_H

#include "base/err.h"
#include "base/wake.h"

#include <stdint.h>

struct lf_loop;
struct lf_timer;

typedef void lf_loop_fn(void *ctx);

LF_NODISCARD enum lf_status lf_loop_new(struct lf_loop **ret, struct lf_err *err);
/* Frees the loop with its wakes, signals, hooks and timers. Servers on it must be closed and their requests answered.
 * Not while it runs. NULL is fine. */
void lf_loop_free(struct lf_loop *loop);

/* Runs until lf_loop_stop(); may be run again afterwards. */
void lf_loop_run(struct lf_loop *loop);
/* Makes lf_loop_run() return soon, also a run that has not begun yet. Any thread; safe inside any callback. */
void lf_loop_stop(struct lf_loop *loop);
/* Milliseconds of a clock that never goes back, read once a turn: cheap and coarse. */
int64_t lf_loop_now_ms(const struct lf_loop *loop);

/* A wake that runs fn(ctx) on the loop. Many calls may collapse into one; every call made is followed by a run of fn.
 * It lives as long as the loop: nobody may call it after lf_loop_free() began. */
LF_NODISCARD enum lf_status lf_loop_wake(struct lf_loop *loop, lf_loop_fn *fn, void *ctx, struct lf_wake *ret,
                                         struct lf_err *err);

/* fn(ctx) runs on the loop when the process receives the signal (SIGTERM, SIGINT …). */
LF_NODISCARD enum lf_status lf_loop_on_signal(struct lf_loop *loop, int signal, lf_loop_fn *fn, void *ctx,
                                              struct lf_err *err);

/*
 * fn(ctx) runs once a turn of the loop: after all that was ready has been handled and before the loop waits again. The
 * place to send off what the turn has gathered. Hooks run in the order they were added; answers to HTTP requests
 * leave after all of them.
 */
LF_NODISCARD enum lf_status lf_loop_on_turn_end(struct lf_loop *loop, lf_loop_fn *fn, void *ctx, struct lf_err *err);
void lf_loop_off_turn_end(struct lf_loop *loop, lf_loop_fn *fn, void *ctx);
/* Inside a turn-end hook: there is new work for other hooks, run them all once more before the loop waits. */
void lf_loop_again(struct lf_loop *loop);

/* A timer, not running yet. */
LF_NODISCARD enum lf_status lf_timer_new(struct lf_loop *loop, lf_loop_fn *fn, void *ctx, struct lf_timer **ret,
                                         struct lf_err *err);
/* fn(ctx) runs delay_ms from now and, if repeat_ms is not 0, every repeat_ms after that. Restarts a running timer. */
void lf_timer_start(struct lf_timer *timer, int64_t delay_ms, int64_t repeat_ms);
void lf_timer_stop(struct lf_timer *timer);
/* NULL is fine; also inside its own fn. */
void lf_timer_free(struct lf_timer *timer);

#endif
