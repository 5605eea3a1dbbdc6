/* Backoff grows, stays in its bounds, never ends; the gate lets a waiting thread through at once. */
#include "base/clock.h"
#include "base/rand.h"
#include "base/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
test_delays_double_up_to_the_maximum(void **state)
{
    static const int64_t ceilings[] = {50, 100, 200, 400, 800, 1000, 1000, 1000};
    (void)state;
    for (int round = 0; round < 100; round++) {
        struct lf_backoff backoff;
        lf_backoff_init(&backoff, 50, 1000);
        for (size_t i = 0; i < sizeof(ceilings) / sizeof(ceilings[0]); i++) {
            int64_t delay = lf_backoff_next(&backoff);
            assert_in_range(delay, ceilings[i] / 2, ceilings[i]);
        }
        assert_int_equal(backoff.tries, 8);
        lf_backoff_reset(&backoff);
        assert_in_range(lf_backoff_next(&backoff), 25, 50);
    }
}

static void
test_delays_are_jittered(void **state)
{
    (void)state;
    struct lf_backoff backoff;
    int64_t least = INT64_MAX, most = 0;
    lf_backoff_init(&backoff, 1000, 1000);
    for (int i = 0; i < 200; i++) {
        int64_t delay = lf_backoff_next(&backoff);
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
    }
    assert_true(most - least > 250);
}

static void
test_defaults_and_odd_limits(void **state)
{
    (void)state;
    struct lf_backoff backoff;
    lf_backoff_init(&backoff, 0, 0);
    assert_int_equal(backoff.min_ms, 50);
    assert_int_equal(backoff.max_ms, 5000);
    lf_backoff_init(&backoff, 300, 100);
    for (int i = 0; i < 10; i++)
        assert_in_range(lf_backoff_next(&backoff), 150, 300);
    lf_backoff_init(&backoff, 1, INT64_MAX);
    for (int i = 0; i < 200; i++)
        assert_true(lf_backoff_next(&backoff) >= 0);
}

static void
test_a_closed_gate_waits_for_its_time(void **state)
{
    (void)state;
    struct lf_gate gate;
    struct lf_err err = {0};
    assert_int_equal(lf_gate_init(&gate, &err), LF_OK);
    int64_t before = lf_clock_mono_ns();
    assert_false(lf_gate_wait(&gate, 5));
    assert_true(lf_clock_mono_ns() - before >= 5000000);
    lf_gate_open(&gate);
    assert_true(lf_gate_wait(&gate, 1000000));
    lf_gate_release(&gate);
}

static void *
open_gate(void *arg)
{
    lf_gate_open(arg);
    return NULL;
}

static void
test_an_opened_gate_frees_the_thread_that_waits(void **state)
{
    (void)state;
    struct lf_gate gate;
    struct lf_err err = {0};
    pthread_t thread;
    assert_int_equal(lf_gate_init(&gate, &err), LF_OK);
    assert_int_equal(pthread_create(&thread, NULL, open_gate, &gate), 0);
    assert_true(lf_gate_wait(&gate, 60000));
    pthread_join(thread, NULL);
    lf_gate_release(&gate);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delays_double_up_to_the_maximum),
        cmocka_unit_test(test_delays_are_jittered),
        cmocka_unit_test(test_defaults_and_odd_limits),
        cmocka_unit_test(test_a_closed_gate_waits_for_its_time),
        cmocka_unit_test(test_an_opened_gate_frees_the_thread_that_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
