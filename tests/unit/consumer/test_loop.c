/*
 * The consumer against a store that fails: whichever call fails, however often, the end is the same. And what it does
 * when it is not alone, when its position makes no sense, when memory is short.
 */
#include "fixture.h"

#include "base/limits.h"
#include "base/mem.h"
#include "consumer/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A bit of everything, over three partitions. */
static void
send_mixture(struct fixture *fixture)
{
    fixture_open_account(fixture, "e1", "a");
    fixture_deposit(fixture, "e2", "a", 5);
    fixture_send(fixture, "a", "garbage");
    fixture_deposit(fixture, "e2", "a", 5);  /* duplicate */
    fixture_deposit(fixture, "e2", "a", 6);  /* conflict */
    fixture_deposit(fixture, "e3", "a", -1); /* invalid */
    fixture_deposit(fixture, "e4", "b", 1);  /* cannot be folded */
    fixture_send_to(fixture, 1, "c", "{\"eventId\":\"f1\",\"eventType\":\"Noted\",\"payload\":{\"text\":\"t\"}}");
    fixture_send_to(fixture, 2, NULL, NULL);
    fixture_deposit(fixture, "e5", "a", 7);
}

/* The n-th call of those fails, for n = 1, 2, … until none is left to fail. */
static void
fail_each(unsigned ops, enum lf_status status, bool after, size_t batch_records)
{
    for (uint64_t n = 1;; n++) {
        struct fixture fixture;
        fixture_open(&fixture);
        fixture.options.batch_records = batch_records;
        send_mixture(&fixture);
        fixture_start(&fixture);
        lf_store_fault_arm(fixture.store,
                           (struct lf_store_fault){.ops = ops, .nth = n, .status = status, .after = after});
        fixture_settle(&fixture);
        bool hit = lf_store_fault_hits(fixture.store) != 0;
        lf_store_fault_arm(fixture.store, (struct lf_store_fault){0});
        fixture_check(&fixture);
        fixture_close(&fixture);
        assert_true(n < 200);
        if (!hit)
            return;
    }
}

static void
test_each_call_of_the_store_fails_once(void **state)
{
    static const unsigned ops[] = {LF_FAULT_SESSION_OPEN, LF_FAULT_BEGIN, LF_FAULT_APPEND,  LF_FAULT_LOAD,
                                   LF_FAULT_SAVE,         LF_FAULT_BURY,  LF_FAULT_ADVANCE, LF_FAULT_COMMIT,
                                   LF_FAULT_READ,         LF_FAULT_ANY};
    (void)state;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        for (size_t batch_records = 1; batch_records <= 16; batch_records *= 4) {
            fail_each(ops[i], LF_UNAVAILABLE, false, batch_records);
            fail_each(ops[i], LF_TIMEOUT, false, batch_records);
        }
    }
}

static void
test_a_commit_whose_outcome_is_unknown(void **state)
{
    (void)state;
    for (size_t batch_records = 1; batch_records <= 16; batch_records *= 2) {
        fail_each(LF_FAULT_COMMIT, LF_TIMEOUT, true, batch_records);
        fail_each(LF_FAULT_COMMIT, LF_UNAVAILABLE, true, batch_records);
    }
}

static void
test_nothing_is_dead_lettered_for_an_outage(void **state)
{
    struct fixture fixture;
    struct lf_consumer_state seen;
    (void)state;
    fixture_open(&fixture);
    fixture_open_account(&fixture, "e1", "a");
    fixture_start(&fixture);
    for (int i = 0; i < 50; i++) {
        struct lf_err err = {0};
        lf_store_fault_arm(fixture.store, (struct lf_store_fault){.ops = LF_FAULT_ANY & ~LF_FAULT_SESSION_OPEN,
                                                                  .nth = 1,
                                                                  .times = 1000,
                                                                  .status = LF_UNAVAILABLE});
        (void)!lf_consumer_step(fixture.consumer, 0, true, &err);
    }
    lf_consumer_state(fixture.consumer, &seen);
    assert_true(seen.store_away);
    assert_int_equal(seen.dead_letters, 0);
    lf_store_fault_arm(fixture.store, (struct lf_store_fault){0});
    fixture_settle(&fixture);
    lf_consumer_state(fixture.consumer, &seen);
    assert_false(seen.store_away);
    assert_int_equal(seen.applied, 1);
    assert_int_equal(seen.dead_letters, 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* A batch that has to be tried again and again does not fill the dead letter topic. */
static void
test_a_dead_letter_is_sent_once_while_the_store_fails(void **state)
{
    struct fixture fixture;
    struct lf_err err = {0};
    size_t count = 0;
    int64_t sent = 0;
    struct lf_log_range ranges[ORACLE_PARTITIONS];
    (void)state;
    fixture_open(&fixture);
    send_mixture(&fixture);
    fixture_start(&fixture);
    lf_store_fault_arm(fixture.store, (struct lf_store_fault){
                                          .ops = LF_FAULT_COMMIT, .nth = 1, .times = 20, .status = LF_UNAVAILABLE});
    fixture_settle(&fixture);
    assert_int_equal(lf_store_fault_hits(fixture.store), 20);
    assert_int_equal(lf_log_ranges(fixture.log, LF_LIT("business.dlq"), ranges, ORACLE_PARTITIONS, &count, 1000, &err),
                     LF_OK);
    for (size_t i = 0; i < count; i++)
        sent += ranges[i].next;
    assert_int_equal(sent, 5);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* Two of one group that do not know of each other: each batch is committed by one of them, the other is fenced. */
static void
test_two_consumers_of_one_partition(void **state)
{
    struct fixture fixture;
    struct lf_consumer *other = NULL;
    struct lf_err err = {0};
    (void)state;
    fixture_open(&fixture);
    fixture.options.batch_records = 2;
    fixture_start(&fixture);
    assert_int_equal(lf_consumer_new(&fixture.options, &other, &err), LF_OK);
    for (int round = 0; round < 20; round++) {
        char id[16];
        snprintf(id, sizeof(id), "o%d", round);
        fixture_open_account(&fixture, id, "a");
        snprintf(id, sizeof(id), "d%d", round);
        fixture_deposit(&fixture, id, "a", 1);
        fixture_step(&fixture);
        assert_int_equal(lf_consumer_step(other, 0, true, &err), LF_OK);
        assert_int_equal(lf_consumer_step(round % 3 == 0 ? other : fixture.consumer, 0, true, &err), LF_OK);
    }
    fixture_settle(&fixture);
    struct lf_consumer_state mine, others;
    lf_consumer_state(fixture.consumer, &mine);
    lf_consumer_state(other, &others);
    assert_int_equal(mine.applied + others.applied, 40);
    assert_int_equal(mine.duplicates + others.duplicates, 0);
    fixture_assert_account(&fixture, "a", "{\"id\":\"a\",\"owner\":\"o\",\"balance\":20,\"last\":1,\"deposits\":20}");
    fixture_check(&fixture);
    lf_consumer_free(other);
    fixture_close(&fixture);
}

static void
set_position(struct fixture *fixture, int64_t next)
{
    struct lf_store_session *session = NULL;
    struct lf_err err = {0};
    assert_int_equal(lf_store_session_open(lf_store_fault_inner(fixture->store), true, &session, &err), LF_OK);
    assert_int_equal(lf_store_begin(session, &err), LF_OK);
    assert_int_equal(lf_store_advance(session, LF_LIT("group"), fixture_topic, 0, -1, next, &err), LF_OK);
    assert_int_equal(lf_store_commit(session, &err), LF_OK);
    lf_store_session_close(session);
}

/* Never reset in silence. */
static void
test_a_position_outside_of_the_log_stops_with_words(void **state)
{
    struct fixture fixture;
    struct lf_err err = {0};
    (void)state;
    fixture_open(&fixture);
    fixture_open_account(&fixture, "e1", "a");
    set_position(&fixture, 77);
    fixture_start(&fixture);
    assert_int_equal(lf_consumer_step(fixture.consumer, 0, true, &err), LF_CORRUPT);
    assert_int_equal(err.fate, LF_FATE_STOP);
    assert_non_null(strstr(err.text, "77"));
    assert_int_equal(fixture_position(&fixture, 0), 77);
    fixture_close(&fixture);
}

static void
test_goes_on_from_the_position_of_the_store(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    fixture_open_account(&fixture, "e1", "a");
    fixture_open_account(&fixture, "e2", "b");
    set_position(&fixture, 1);
    fixture_start(&fixture);
    fixture_settle(&fixture);
    fixture_assert_outcomes(&fixture, (const char *const[]){"none", "stored"}, 2);
    fixture_close(&fixture);
}

struct heard {
    size_t calls;
    int64_t next[ORACLE_PARTITIONS];
};

static void
hear(void *ctx, struct lf_bytes topic, int32_t partition, int64_t next)
{
    struct heard *heard = ctx;
    assert_true(lf_bytes_equal(topic, fixture_topic));
    heard->calls++;
    heard->next[partition] = next;
}

static void
test_commits_are_announced(void **state)
{
    struct fixture fixture;
    struct heard heard = {0};
    (void)state;
    fixture_open(&fixture);
    fixture.options.committed = hear;
    fixture.options.ctx = &heard;
    send_mixture(&fixture);
    fixture_start(&fixture);
    fixture_settle(&fixture);
    assert_int_equal(heard.next[0], 8);
    assert_int_equal(heard.next[1], 1);
    assert_int_equal(heard.next[2], 1);
    size_t calls = heard.calls;
    fixture_step(&fixture);
    assert_int_equal(heard.calls, calls);
    fixture_close(&fixture);
}

static void
test_state_counts(void **state)
{
    struct fixture fixture;
    struct lf_consumer_state seen;
    (void)state;
    fixture_open(&fixture);
    send_mixture(&fixture);
    fixture_start(&fixture);
    lf_consumer_state(fixture.consumer, &seen);
    assert_int_equal(seen.lag, -1);
    assert_false(seen.running);
    fixture_settle(&fixture);
    lf_consumer_state(fixture.consumer, &seen);
    assert_int_equal(seen.applied, 4);
    assert_int_equal(seen.duplicates, 1);
    assert_int_equal(seen.dead_letters, 5);
    assert_int_equal(seen.lag, 0);
    fixture_close(&fixture);
}

/* With times off, until it goes through: each n-th allocation fails, then the consumer is let go on. */
static void
test_each_allocation_fails_once(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct fixture fixture;
        fixture_open(&fixture);
        send_mixture(&fixture);
        fixture_start(&fixture);
        lf_mem_fail_at(n, false);
        for (int i = 0; i < 4; i++) {
            struct lf_err err = {0};
            enum lf_status st = lf_consumer_step(fixture.consumer, 0, true, &err);
            if (st != LF_OK && lf_status_fate(st) != LF_FATE_RETRY)
                fail_msg("allocation %" PRIu64 ": %s", n, err.text);
        }
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        fixture_settle(&fixture);
        fixture_check(&fixture);
        fixture_close(&fixture);
        if (!hit)
            return;
    }
}

static void
test_each_allocation_of_new_fails(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture);
    for (uint64_t n = 1;; n++) {
        struct lf_consumer *consumer = NULL;
        struct lf_err err = {0};
        int64_t live = lf_mem_live();
        fixture.options.codec.source = LF_LIT("/test");
        fixture.options.instance_id = "one";
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_consumer_new(&fixture.options, &consumer, &err);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        lf_consumer_free(consumer);
        if (hit)
            assert_true(st == LF_NO_MEMORY || st == LF_OK); /* metrics do without */
        if (!hit)
            break;
        assert_true(lf_mem_live() <= live + 3 * 16);
    }
    fixture_close(&fixture);
}

/* A dead letter that the log does not take: the record is nowhere else, so the position stays, and words say why. */
static void
refuse_a_dead_letter(size_t batch_records)
{
    struct fixture fixture;
    struct lf_err err = {0};
    struct lf_consumer_state seen;
    struct lf_log_ack ack;
    fixture_open(&fixture);
    char *large = lf_calloc(1, LF_RECORD_BYTES_MAX);
    assert_non_null(large);
    const struct lf_record record = {
        .topic = fixture_topic, .partition = 1, .value = lf_bytes(large, LF_RECORD_BYTES_MAX)};
    fixture_open_account(&fixture, "e1", "a");
    assert_int_equal(lf_log_append_wait(fixture.writer, &record, &ack, &err), LF_OK);
    lf_free(large);
    fixture.options.batch_records = batch_records;
    fixture_start(&fixture);
    for (int i = 0; i < 6; i++) {
        if (i == 4)
            fixture_open_account(&fixture, "e2", "b"); /* and on it goes */
        enum lf_status st = lf_consumer_step(fixture.consumer, 0, true, &err);
        assert_true(st == LF_OK || st == LF_UNAVAILABLE);
    }
    assert_int_equal(fixture_position(&fixture, 0), 2); /* the other partition goes on */
    assert_int_equal(fixture_position(&fixture, 1), -1);
    assert_non_null(strstr(err.text, "max.message.bytes"));
    lf_consumer_state(fixture.consumer, &seen);
    assert_true(seen.log_away);
    assert_int_equal(lf_metric_get(fixture.consumer->meter.held_gauge), 1);
    fixture_close(&fixture);
}

static void
test_a_dead_letter_too_large_for_its_topic(void **state)
{
    (void)state;
    refuse_a_dead_letter(1);
    refuse_a_dead_letter(100); /* those that came in one batch with it, too */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_of_the_store_fails_once),
        cmocka_unit_test(test_a_commit_whose_outcome_is_unknown),
        cmocka_unit_test(test_nothing_is_dead_lettered_for_an_outage),
        cmocka_unit_test(test_a_dead_letter_is_sent_once_while_the_store_fails),
        cmocka_unit_test(test_two_consumers_of_one_partition),
        cmocka_unit_test(test_a_position_outside_of_the_log_stops_with_words),
        cmocka_unit_test(test_goes_on_from_the_position_of_the_store),
        cmocka_unit_test(test_commits_are_announced),
        cmocka_unit_test(test_state_counts),
        cmocka_unit_test(test_each_allocation_fails_once),
        cmocka_unit_test(test_each_allocation_of_new_fails),
        cmocka_unit_test(test_a_dead_letter_too_large_for_its_topic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
