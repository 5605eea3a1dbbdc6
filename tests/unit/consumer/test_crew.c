/* Several workers on one log: the same end as one, with a store that fails meanwhile, and stopped at once. */
#include "fixture.h"

#include "base/clock.h"
#include "consumer/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 60000 };

struct heard {
    atomic_int ready, failed;
    _Atomic(int64_t) next[ORACLE_PARTITIONS];
    _Atomic(int) status;
};

static void
hear_ready(void *ctx)
{
    atomic_fetch_add(&((struct heard *)ctx)->ready, 1);
}

static void
hear_failed(void *ctx, const struct lf_err *err)
{
    atomic_store(&((struct heard *)ctx)->status, (int)err->status);
    atomic_fetch_add(&((struct heard *)ctx)->failed, 1);
}

static void
hear_committed(void *ctx, struct lf_bytes topic, int32_t partition, int64_t next)
{
    (void)topic;
    atomic_store(&((struct heard *)ctx)->next[partition], next);
}

static struct lf_crew *
start_crew(struct fixture *fixture, struct heard *heard, size_t workers)
{
    struct lf_crew *crew = NULL;
    struct lf_err err = {0};
    fixture->options.committed = hear_committed;
    fixture->options.ctx = heard;
    assert_int_equal(lf_crew_new(&fixture->options, workers, &crew, &err), LF_OK);
    assert_int_equal(lf_crew_start(crew, hear_ready, hear_failed, heard, &err), LF_OK);
    return crew;
}

/* Accounts of their own in each partition, opened and then paid into. */
static void
send_events(struct fixture *fixture, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        char text[256], key[32];
        int32_t partition = i % ORACLE_PARTITIONS;
        int account = i / ORACLE_PARTITIONS % 3;
        snprintf(key, sizeof(key), "a%d-%d", partition, account);
        if (i < 3 * ORACLE_PARTITIONS)
            snprintf(text, sizeof(text),
                     "{\"eventId\":\"e%d\",\"eventType\":\"Opened\",\"payload\":{\"id\":\"%s\",\"owner\":\"o\"}}", i,
                     key);
        else if (i % 17 == 0)
            snprintf(text, sizeof(text), "garbage %d", i);
        else
            snprintf(text, sizeof(text),
                     "{\"eventId\":\"e%d\",\"eventType\":\"Deposited\",\"payload\":{\"id\":\"%s\",\"amount\":1}}",
                     i % 13 == 0 ? i - ORACLE_PARTITIONS * 3 : i, key);
        fixture_send_to(fixture, partition, key, text);
    }
}

static void
await_ends(const struct heard *heard, int64_t each)
{
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    for (int p = 0; p < ORACLE_PARTITIONS; p++) {
        while (atomic_load(&heard->next[p]) < each) {
            assert_true(lf_clock_mono_ms() < deadline);
            assert_int_equal(atomic_load(&heard->failed), 0);
            lf_clock_sleep_ms(1);
        }
    }
}

static void
test_workers_come_to_the_same_end(void **state)
{
    (void)state;
    for (size_t workers = 1; workers <= 5; workers += 2) {
        struct fixture fixture;
        struct heard heard = {0};
        struct lf_consumer_state seen;
        fixture_open(&fixture);
        fixture.options.batch_records = 7;
        send_events(&fixture, 0, 150);
        struct lf_crew *crew = start_crew(&fixture, &heard, workers);
        send_events(&fixture, 150, 150);
        await_ends(&heard, 300 / ORACLE_PARTITIONS);
        lf_crew_state(crew, &seen);
        assert_true(seen.running);
        assert_int_equal(atomic_load(&heard.ready), 1);
        lf_crew_stop(crew);
        lf_crew_state(crew, &seen);
        assert_false(seen.running);
        assert_int_equal(seen.applied + seen.duplicates + seen.dead_letters, 300);
        lf_crew_free(crew);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

/* Whatever fails, and however often: each worker waits for itself. */
static void
test_workers_outlive_a_store_that_fails(void **state)
{
    static const unsigned ops[] = {LF_FAULT_SESSION_OPEN, LF_FAULT_BEGIN, LF_FAULT_APPEND, LF_FAULT_SAVE,
                                   LF_FAULT_ADVANCE,      LF_FAULT_READ,  LF_FAULT_COMMIT, LF_FAULT_ANY};
    (void)state;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        struct fixture fixture;
        struct heard heard = {0};
        fixture_open(&fixture);
        fixture.options.batch_records = 5;
        send_events(&fixture, 0, 90);
        lf_store_fault_arm(
            fixture.store,
            (struct lf_store_fault){.ops = ops[i], .nth = 2, .times = 10, .status = LF_TIMEOUT, .after = i % 2 == 0});
        struct lf_crew *crew = start_crew(&fixture, &heard, 3);
        send_events(&fixture, 90, 90);
        await_ends(&heard, 180 / ORACLE_PARTITIONS);
        lf_crew_free(crew);
        lf_store_fault_arm(fixture.store, (struct lf_store_fault){0});
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void
test_stops_at_once_while_workers_wait(void **state)
{
    struct fixture fixture;
    struct heard heard = {0};
    (void)state;
    fixture_open(&fixture);
    fixture.options.retry_min_ms = fixture.options.retry_max_ms = 3600000;
    send_events(&fixture, 0, 30);
    lf_store_fault_arm(fixture.store, (struct lf_store_fault){
                                          .ops = LF_FAULT_BEGIN, .nth = 1, .times = 1000000, .status = LF_UNAVAILABLE});
    struct lf_crew *crew = start_crew(&fixture, &heard, 3);
    while (lf_store_fault_hits(fixture.store) < 2)
        lf_clock_sleep_ms(1);
    lf_crew_stop(crew);
    assert_int_equal(atomic_load(&heard.failed), 0);
    lf_crew_free(crew);
    fixture_close(&fixture);
}

static void
test_one_failure_is_told_once(void **state)
{
    struct fixture fixture;
    struct heard heard = {0};
    (void)state;
    fixture_open(&fixture);
    send_events(&fixture, 0, 30);
    lf_store_fault_arm(fixture.store, (struct lf_store_fault){
                                          .ops = LF_FAULT_COMMIT, .nth = 1, .times = 1000000, .status = LF_CORRUPT});
    struct lf_crew *crew = start_crew(&fixture, &heard, 3);
    while (lf_store_fault_hits(fixture.store) < 3)
        lf_clock_sleep_ms(1);
    lf_crew_stop(crew);
    assert_int_equal(atomic_load(&heard.failed), 1);
    assert_int_equal(atomic_load(&heard.status), LF_CORRUPT);
    lf_crew_free(crew);
    fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_workers_come_to_the_same_end),
        cmocka_unit_test(test_workers_outlive_a_store_that_fails),
        cmocka_unit_test(test_stops_at_once_while_workers_wait),
        cmocka_unit_test(test_one_failure_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
