/* The consumer's thread: ready, at work while others append, stopped at once whatever it waits for. */
#include "fixture.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct signals {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ready;
    bool failed;
    int64_t next;
    enum lf_status status;
};

static void
signal_ready(void *ctx)
{
    struct signals *signals = ctx;
    pthread_mutex_lock(&signals->lock);
    signals->ready = true;
    pthread_cond_broadcast(&signals->changed);
    pthread_mutex_unlock(&signals->lock);
}

static void
signal_failed(void *ctx, const struct lf_err *err)
{
    struct signals *signals = ctx;
    pthread_mutex_lock(&signals->lock);
    signals->failed = true;
    signals->status = err->status;
    pthread_cond_broadcast(&signals->changed);
    pthread_mutex_unlock(&signals->lock);
}

static void
signal_committed(void *ctx, struct lf_bytes topic, int32_t partition, int64_t next)
{
    struct signals *signals = ctx;
    (void)topic;
    (void)partition;
    pthread_mutex_lock(&signals->lock);
    signals->next = next;
    pthread_cond_broadcast(&signals->changed);
    pthread_mutex_unlock(&signals->lock);
}

static void
await(struct signals *signals, const bool *flag, int64_t next)
{
    pthread_mutex_lock(&signals->lock);
    while (!(*flag && signals->next >= next))
        pthread_cond_wait(&signals->changed, &signals->lock);
    pthread_mutex_unlock(&signals->lock);
}

static void
start(struct fixture *fixture, struct signals *signals)
{
    struct lf_err err = {0};
    *signals = (struct signals){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    fixture->options.committed = signal_committed;
    fixture->options.ctx = signals;
    fixture_start(fixture);
    assert_int_equal(lf_consumer_start(fixture->consumer, signal_ready, signal_failed, signals, &err), LF_OK);
}

static void
test_works_off_what_others_append(void **state)
{
    struct fixture fixture;
    struct signals signals;
    struct lf_consumer_state seen;
    (void)state;
    fixture_open(&fixture);
    start(&fixture, &signals);
    await(&signals, &signals.ready, 0);
    fixture_open_account(&fixture, "e0", "a");
    for (int i = 1; i < 200; i++) {
        char id[16];
        snprintf(id, sizeof(id), "e%d", i);
        fixture_deposit(&fixture, id, "a", 1);
    }
    await(&signals, &signals.ready, 200);
    lf_consumer_state(fixture.consumer, &seen);
    assert_true(seen.running);
    assert_int_equal(seen.applied, 200);
    lf_consumer_stop(fixture.consumer);
    lf_consumer_stop(fixture.consumer);
    lf_consumer_state(fixture.consumer, &seen);
    assert_false(seen.running);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void
test_waits_for_the_store_and_goes_on(void **state)
{
    struct fixture fixture;
    struct signals signals;
    (void)state;
    fixture_open(&fixture);
    fixture_open_account(&fixture, "e1", "a");
    lf_store_fault_arm(fixture.store,
                       (struct lf_store_fault){.ops = LF_FAULT_ANY, .nth = 1, .times = 15, .status = LF_UNAVAILABLE});
    start(&fixture, &signals);
    await(&signals, &signals.ready, 1);
    assert_int_equal(lf_store_fault_hits(fixture.store), 15);
    lf_consumer_stop(fixture.consumer);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* The backoff is an hour: the stop must not wait for it. */
static void
test_stops_at_once_while_it_waits(void **state)
{
    static const unsigned ops[] = {LF_FAULT_SESSION_OPEN, LF_FAULT_BEGIN, LF_FAULT_READ};
    (void)state;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        struct fixture fixture;
        struct signals signals;
        struct lf_consumer_state seen = {0};
        fixture_open(&fixture);
        fixture_open_account(&fixture, "e1", "a");
        fixture.options.retry_min_ms = fixture.options.retry_max_ms = 3600000;
        lf_store_fault_arm(
            fixture.store,
            (struct lf_store_fault){.ops = ops[i], .nth = 1, .times = UINT64_MAX / 2, .status = LF_UNAVAILABLE});
        start(&fixture, &signals);
        while (lf_store_fault_hits(fixture.store) == 0)
            sched_yield();
        lf_consumer_stop(fixture.consumer);
        lf_consumer_state(fixture.consumer, &seen);
        assert_false(seen.running);
        assert_false(signals.failed);
        fixture_close(&fixture);
    }
}

static void
test_tells_when_a_person_is_needed(void **state)
{
    struct fixture fixture;
    struct signals signals;
    struct lf_consumer_state seen;
    (void)state;
    fixture_open(&fixture);
    fixture_open_account(&fixture, "e1", "a");
    lf_store_fault_arm(fixture.store, (struct lf_store_fault){.ops = LF_FAULT_COMMIT, .nth = 1, .status = LF_CORRUPT});
    start(&fixture, &signals);
    await(&signals, &signals.failed, 0);
    lf_consumer_stop(fixture.consumer);
    assert_int_equal(signals.status, LF_CORRUPT);
    lf_consumer_state(fixture.consumer, &seen);
    assert_false(seen.running);
    assert_int_equal(fixture_position(&fixture, 0), -1);
    fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_works_off_what_others_append),
        cmocka_unit_test(test_waits_for_the_store_and_goes_on),
        cmocka_unit_test(test_stops_at_once_while_it_waits),
        cmocka_unit_test(test_tells_when_a_person_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
