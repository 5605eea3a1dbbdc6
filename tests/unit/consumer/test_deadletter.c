/* The way of a dead letter against a log that fails: it is in the topic before the position moves, or the position
 * stays. */
#include "consumer/deadletter.h"
#include "fixture.h"
#include "shaky.h"

#include <stdio.h>
#include <string.h>

/* The fixture's consumer gets its log with faults. */
static struct lf_log *
shake(struct fixture *fixture)
{
    fixture_open(fixture);
    fixture->log = fixture->options.log = shaky_open(fixture->log); /* closed by fixture_close() */
    return fixture->log;
}

static void
fail_each(enum shaky_call call, uint64_t times, enum lf_status status)
{
    for (uint64_t n = 1;; n++) {
        struct fixture fixture;
        struct lf_log *log = shake(&fixture);
        for (int32_t p = 0; p < ORACLE_PARTITIONS; p++)
            fixture_send_to(&fixture, p, "k", "garbage");
        fixture_open_account(&fixture, "e1", "a");
        fixture_send(&fixture, "k", "{}");
        fixture.options.batch_records = n % 2 == 0 ? 2 : 100;
        fixture_start(&fixture);
        shaky_arm(log, call, n, times, status);
        for (int i = 0; i < 8; i++) {
            struct lf_err err = {0};
            enum lf_status st = lf_consumer_step(fixture.consumer, 0, true, &err);
            assert_true(st == LF_OK || lf_status_fate(st) == LF_FATE_RETRY);
        }
        bool hit = shaky_hit(log);
        shaky_disarm(log);
        fixture_settle(&fixture);
        fixture_check(&fixture);
        fixture_close(&fixture);
        assert_true(n < 100);
        if (!hit)
            return;
    }
}

static void
test_each_call_of_the_log_fails(void **state)
{
    (void)state;
    for (int call = 0; call < SHAKY_CALLS; call++) {
        fail_each((enum shaky_call)call, 1, LF_UNAVAILABLE);
        fail_each((enum shaky_call)call, 3, LF_TIMEOUT);
    }
}

/* No refusal of the log may look like a fault of the record. */
static void
test_refusals_of_the_log_move_nothing(void **state)
{
    static const enum lf_status statuses[] = {LF_LIMIT, LF_INVALID, LF_NOT_FOUND, LF_CONFLICT};
    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct fixture fixture;
        struct lf_err err = {0};
        struct lf_log *log = shake(&fixture);
        fixture_send(&fixture, "k", "garbage");
        fixture_start(&fixture);
        shaky_arm(log, i % 2 == 0 ? SHAKY_ACK : SHAKY_APPEND, 1, 1, statuses[i]);
        assert_int_equal(lf_consumer_step(fixture.consumer, 0, true, &err), LF_UNAVAILABLE);
        assert_true(shaky_hit(log));
        assert_int_equal(err.fate, LF_FATE_RETRY);
        assert_int_equal(fixture_position(&fixture, 0), -1);
        shaky_disarm(log);
        fixture_settle(&fixture);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

/* A log that says that it needs a person stops the consumer, with nothing moved. */
static void
test_a_log_that_denies_stops(void **state)
{
    struct fixture fixture;
    struct lf_err err = {0};
    (void)state;
    struct lf_log *log = shake(&fixture);
    fixture_send(&fixture, "k", "garbage");
    fixture_start(&fixture);
    shaky_arm(log, SHAKY_ACK, 1, 1, LF_DENIED);
    assert_int_equal(lf_consumer_step(fixture.consumer, 0, true, &err), LF_DENIED);
    assert_int_equal(err.fate, LF_FATE_STOP);
    assert_int_equal(fixture_position(&fixture, 0), -1);
    fixture_close(&fixture);
}

/* What the log has said of each is kept, whatever the whole came to. */
static void
test_send_says_which_are_durable(void **state)
{
    struct fixture fixture;
    struct lf_gate gate;
    struct lf_dlq dlq;
    struct lf_arena arena;
    struct lf_err err = {0};
    (void)state;
    struct lf_log *log = shake(&fixture);
    lf_arena_init(&arena, 0, 0);
    assert_int_equal(lf_gate_init(&gate, &err), LF_OK);
    lf_dlq_init(&dlq, log, &gate);
    const struct lf_record record = {.topic = fixture_topic, .partition = 1, .offset = 7, .value = LF_LIT("v")};
    const struct lf_cause cause = {"decode", "NOT_AN_EVENT", LF_LIT("because")};
    struct lf_dead letters[3];
    struct lf_dead *const pointers[3] = {&letters[0], &letters[1], &letters[2]};
    for (size_t i = 0; i < 3; i++)
        letters[i] = (struct lf_dead){.record = &record, .cause = cause};
    shaky_arm(log, SHAKY_ACK, 2, 1, LF_UNAVAILABLE);
    assert_int_equal(lf_dlq_send(&dlq, pointers, 3, &arena, &err), LF_UNAVAILABLE);
    assert_true(letters[0].durable && !letters[1].durable && letters[2].durable);
    shaky_disarm(log);
    assert_int_equal(lf_dlq_send(&dlq, pointers, 3, &arena, &err), LF_OK);
    assert_true(letters[1].durable);
    struct lf_log_range ranges[ORACLE_PARTITIONS];
    size_t count = 0;
    int64_t sent = 0;
    assert_int_equal(lf_log_ranges(log, LF_LIT("business.dlq"), ranges, ORACLE_PARTITIONS, &count, 1000, &err), LF_OK);
    for (size_t i = 0; i < count; i++)
        sent += ranges[i].next;
    assert_int_equal(sent, 3);
    lf_dlq_release(&dlq);
    lf_gate_release(&gate);
    lf_arena_release(&arena);
    fixture_close(&fixture);
}

/* A stop does not wait for a log that does not answer: this would take a minute. */
static void
test_an_open_gate_ends_the_wait(void **state)
{
    struct fixture fixture;
    struct lf_gate gate;
    struct lf_dlq dlq;
    struct lf_arena arena;
    struct lf_err err = {0};
    (void)state;
    struct lf_log *log = shake(&fixture);
    lf_arena_init(&arena, 0, 0);
    assert_int_equal(lf_gate_init(&gate, &err), LF_OK);
    lf_dlq_init(&dlq, log, &gate);
    const struct lf_record record = {.topic = fixture_topic, .value = LF_LIT("v")};
    struct lf_dead letter = {.record = &record, .cause = {"decode", "NOT_AN_EVENT", LF_LIT("because")}};
    struct lf_dead *const pointer = &letter;
    lf_gate_open(&gate);
    shaky_arm_slow(log);
    enum lf_status st = lf_dlq_send(&dlq, &pointer, 1, &arena, &err);
    assert_true(letter.durable ? st == LF_OK : lf_status_fate(st) == LF_FATE_RETRY);
    lf_dlq_release(&dlq);
    lf_gate_release(&gate);
    lf_arena_release(&arena);
    fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_of_the_log_fails), cmocka_unit_test(test_refusals_of_the_log_move_nothing),
        cmocka_unit_test(test_a_log_that_denies_stops),    cmocka_unit_test(test_send_says_which_are_durable),
        cmocka_unit_test(test_an_open_gate_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
