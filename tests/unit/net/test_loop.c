/* The loop: wakes from many threads, turn-end hooks, timers, signals, stopping. */
#include "base/mem.h"
#include "net/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

static struct lf_loop *loop;

static int
set_up(void **state)
{
    (void)state;
    return lf_loop_new(&loop, NULL) == LF_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    lf_loop_free(loop);
    return lf_mem_live() == 0 ? 0 : -1;
}

static void
stop_loop(void *ctx)
{
    (void)ctx;
    lf_loop_stop(loop);
}

/* --- wakes -------------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, PER_THREAD = 5000 };

struct mailbox {
    atomic_int sent;
    int seen; /* the loop's own */
    struct lf_wake wake;
};

static void
on_mail(void *ctx)
{
    struct mailbox *mailbox = ctx;
    mailbox->seen = atomic_load(&mailbox->sent);
    if (mailbox->seen == THREADS * PER_THREAD)
        lf_loop_stop(loop);
}

static void *
send_mail(void *ctx)
{
    struct mailbox *mailbox = ctx;
    for (int i = 0; i < PER_THREAD; i++) {
        atomic_fetch_add(&mailbox->sent, 1);
        lf_wake_call(&mailbox->wake);
    }
    return NULL;
}

static void
no_wake_is_lost(void **state)
{
    (void)state;
    struct mailbox mailbox = {0};
    pthread_t threads[THREADS];
    assert_int_equal(lf_loop_wake(loop, on_mail, &mailbox, &mailbox.wake, NULL), LF_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_mail, &mailbox), 0);
    lf_loop_run(loop); /* ends only if the last wake was followed by a run */
    assert_int_equal(mailbox.seen, THREADS * PER_THREAD);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void *
stop_from_outside(void *ctx)
{
    lf_loop_stop(ctx);
    return NULL;
}

static void
stops(void **state)
{
    (void)state;
    pthread_t thread;
    lf_loop_stop(loop); /* before the run */
    lf_loop_run(loop);
    assert_int_equal(pthread_create(&thread, NULL, stop_from_outside, loop), 0);
    lf_loop_run(loop);
    pthread_join(thread, NULL);
}

/* --- hooks -------------------------------------------------------------------------------------------------------- */

static char trace[64];
static size_t trace_len;

static void
note(char c)
{
    if (trace_len < sizeof(trace) - 1) /* the rest is zero */
        trace[trace_len++] = c;
}

static void
hook_a(void *ctx)
{
    (void)ctx;
    note('a');
}

static void
hook_b(void *ctx)
{
    (void)ctx;
    note('b');
    if (trace_len < 5)
        lf_loop_again(loop);
}

static void
hook_removed(void *ctx)
{
    (void)ctx;
    note('c');
    lf_loop_off_turn_end(loop, hook_removed, NULL);
}

static void
work_then_stop(void *ctx)
{
    (void)ctx;
    note('w');
    lf_loop_stop(loop);
}

static void
hooks_run_at_the_end_of_a_turn(void **state)
{
    (void)state;
    struct lf_timer *timer = NULL;
    memset(trace, 0, sizeof(trace));
    trace_len = 0;
    assert_int_equal(lf_loop_on_turn_end(loop, hook_a, NULL, NULL), LF_OK);
    assert_int_equal(lf_loop_on_turn_end(loop, hook_removed, NULL, NULL), LF_OK);
    assert_int_equal(lf_loop_on_turn_end(loop, hook_b, NULL, NULL), LF_OK);
    assert_int_equal(lf_timer_new(loop, work_then_stop, NULL, &timer, NULL), LF_OK);
    lf_timer_start(timer, 0, 0);
    lf_loop_run(loop);
    assert_int_equal(strncmp(trace, "wacbab", 6), 0); /* once more because b asked, without the removed one */
}

static int rounds;

static void
always_again(void *ctx)
{
    (void)ctx;
    if (++rounds < 1000)
        lf_loop_again(loop);
    else
        lf_loop_stop(loop);
}

static void
a_hook_that_always_has_work_does_not_block_the_loop(void **state)
{
    (void)state;
    rounds = 0;
    assert_int_equal(lf_loop_on_turn_end(loop, always_again, NULL, NULL), LF_OK);
    lf_loop_run(loop);
    assert_true(rounds >= 1000);
}

/* --- timers and signals ------------------------------------------------------------------------------------------- */

struct ticking {
    struct lf_timer *timer;
    int ticks;
};

static void
tick(void *ctx)
{
    struct ticking *ticking = ctx;
    if (++ticking->ticks == 3) {
        lf_timer_free(ticking->timer);
        lf_loop_stop(loop);
    }
}

static void
timers_repeat_and_stop(void **state)
{
    (void)state;
    struct ticking ticking = {0};
    struct lf_timer *never = NULL;
    assert_int_equal(lf_timer_new(loop, tick, &ticking, &ticking.timer, NULL), LF_OK);
    assert_int_equal(lf_timer_new(loop, stop_loop, NULL, &never, NULL), LF_OK);
    lf_timer_start(never, 0, 0);
    lf_timer_stop(never);
    lf_timer_start(ticking.timer, 1, 1);
    int64_t before = lf_loop_now_ms(loop);
    lf_loop_run(loop);
    assert_int_equal(ticking.ticks, 3);
    assert_true(lf_loop_now_ms(loop) > before);
    lf_timer_free(never);
    lf_timer_free(NULL);
}

static void
signals_arrive(void **state)
{
    (void)state;
    assert_int_equal(lf_loop_on_signal(loop, SIGTERM, stop_loop, NULL, NULL), LF_OK);
    assert_int_equal(lf_loop_on_signal(loop, SIGINT, stop_loop, NULL, NULL), LF_OK);
    raise(SIGTERM);
    lf_loop_run(loop);
    raise(SIGINT);
    lf_loop_run(loop);
}

static void
lack_of_memory_is_reported(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct lf_loop *other = NULL;
        struct lf_timer *timer = NULL;
        struct lf_wake wake;
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_loop_new(&other, NULL);
        if (st == LF_OK)
            st = lf_timer_new(other, stop_loop, NULL, &timer, NULL);
        if (st == LF_OK)
            st = lf_loop_wake(other, stop_loop, NULL, &wake, NULL);
        if (st == LF_OK)
            st = lf_loop_on_turn_end(other, stop_loop, NULL, NULL);
        if (st == LF_OK)
            st = lf_loop_on_signal(other, SIGHUP, stop_loop, NULL, NULL);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        lf_loop_free(other);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        if (!hit)
            break;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_wake_is_lost),
        TEST(stops),
        TEST(hooks_run_at_the_end_of_a_turn),
        TEST(a_hook_that_always_has_work_does_not_block_the_loop),
        TEST(timers_repeat_and_stop),
        TEST(signals_arrive),
        TEST(lack_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
