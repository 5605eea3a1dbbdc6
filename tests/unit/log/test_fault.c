/* The fault-injecting log: each kind of fault, on the log in memory; and memory running out in both. */
#include "log_contract.h"

#include "log/fault.h"

static const char topic[] = "events";

static struct lf_log *
open_log(void)
{
    struct lf_err err = {0};
    struct lf_log *inner = NULL;
    struct lf_log *log = NULL;
    const struct lf_log_options options = {.url = "memory:", .create_topics = true};
    assert_ok(lf_log_open(&options, &inner, &err));
    assert_ok(lf_log_fault_open(inner, NULL, &log, &err));
    return log;
}

static int64_t
end_of_log(struct lf_log *log)
{
    struct lf_err err = {0};
    struct lf_log_range range;
    size_t count;
    assert_ok(lf_log_ranges(log, lf_bytes_of(topic), &range, 1, &count, 1000, &err));
    return range.next;
}

static void
plan(struct lf_log *log, unsigned ops, enum lf_log_fault_kind kind, uint64_t at)
{
    const struct lf_log_fault_plan plan = {.ops = ops, .kind = kind, .at = at};
    lf_log_fault_plan(log, &plan);
}

static void
the_nth_call_fails_and_no_other(void **state)
{
    (void)state;
    struct lf_err err = {0};
    struct lf_log *log = open_log();
    const struct lf_log_fault_plan two = {
        .ops = LF_LOG_FAULT_ENSURE_TOPIC | LF_LOG_FAULT_HEALTH, .at = 2, .count = 2, .status = LF_TIMEOUT};
    lf_log_fault_plan(log, &two);
    assert_ok(lf_log_ensure_topic(log, lf_bytes_of(topic), 1000, &err));
    assert_false(lf_log_fault_hit(log));
    assert_int_equal(lf_log_health(log, &err), LF_TIMEOUT);
    assert_int_equal(lf_log_ensure_topic(log, lf_bytes_of(topic), 1000, &err), LF_TIMEOUT);
    assert_true(lf_log_fault_hit(log));
    assert_int_equal(end_of_log(log), 0); /* is not counted */
    assert_ok(lf_log_health(log, &err));
    assert_int_equal(lf_log_fault_calls(log), 4);
    lf_log_close(log);
}

static void
appends_fail_at_the_call_or_at_the_acknowledgement(void **state)
{
    (void)state;
    struct lf_err err = {0};
    struct acks acks;
    acks_init(&acks, 10);
    struct lf_log *log = open_log();
    struct lf_log_writer *writer = open_writer(log, &acks);
    plan(log, LF_LOG_FAULT_APPEND, LF_LOG_FAULT_FAIL, 1);
    struct lf_record record = record_of(topic, "key", "value");
    assert_int_equal(lf_log_append(writer, &record, token_of(0), &err), LF_UNAVAILABLE);
    assert_int_equal(lf_log_in_flight(writer), 0);
    plan(log, LF_LOG_FAULT_ACK, LF_LOG_FAULT_FAIL, 2);
    append_some(writer, topic, 0, 3);
    assert_drained(writer);
    assert_int_equal(acks.ok, 2);
    assert_int_equal(acks.by_token[1].status, LF_UNAVAILABLE);
    assert_int_equal(end_of_log(log), 2);
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

static void
acknowledgements_are_lost_doubled_and_late(void **state)
{
    (void)state;
    struct acks acks;
    acks_init(&acks, 10);
    struct lf_log *log = open_log();
    struct lf_log_writer *writer = open_writer(log, &acks);
    plan(log, LF_LOG_FAULT_ACK, LF_LOG_FAULT_LOSE_ACK, 1);
    append_some(writer, topic, 0, 1);
    assert_drained(writer);
    assert_int_equal(acks.by_token[0].status, LF_TIMEOUT);
    assert_int_equal(end_of_log(log), 1);
    plan(log, LF_LOG_FAULT_ACK, LF_LOG_FAULT_DUPLICATE, 1);
    append_some(writer, topic, 1, 1);
    assert_drained(writer);
    assert_int_equal(acks.times[1], 1);
    assert_int_equal(end_of_log(log), 3);
    const struct lf_log_fault_plan late = {.ops = LF_LOG_FAULT_ACK, .kind = LF_LOG_FAULT_DELAY, .at = 1, .delay = 3};
    lf_log_fault_plan(log, &late);
    append_some(writer, topic, 2, 2);
    assert_int_equal(lf_log_poll(writer), 1);
    assert_int_equal(acks.times[2], 0);
    assert_int_equal(acks.times[3], 1);
    assert_drained(writer);
    assert_int_equal(acks.by_token[2].status, LF_OK);
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

static void
reads_fail_come_late_and_come_twice(void **state)
{
    (void)state;
    struct lf_err err = {0};
    struct acks acks;
    acks_init(&acks, 10);
    struct lf_log *log = open_log();
    struct lf_log_writer *writer = open_writer(log, &acks);
    append_some(writer, topic, 0, 6);
    assert_drained(writer);
    struct lf_log_reader *reader = open_reader(log, topic, LF_RESET_EARLIEST);
    struct lf_log_batch batch = {0};
    plan(log, LF_LOG_FAULT_READ, LF_LOG_FAULT_FAIL, 1);
    assert_int_equal(lf_log_read(reader, 2, 1000, 1000, &batch, &err), LF_UNAVAILABLE);
    expect_some(reader, 0, 2);
    plan(log, LF_LOG_FAULT_READ, LF_LOG_FAULT_DELAY, 1);
    assert_ok(lf_log_read(reader, 2, 1000, 1000, &batch, &err));
    assert_int_equal(batch.count, 0);
    plan(log, LF_LOG_FAULT_READ, LF_LOG_FAULT_DUPLICATE, 1);
    expect_some(reader, 2, 2);
    expect_some(reader, 2, 2);
    expect_some(reader, 4, 2);
    plan(log, LF_LOG_FAULT_SEEK, LF_LOG_FAULT_FAIL, 1);
    assert_int_equal(lf_log_seek(reader, lf_bytes_of(topic), 0, 0, &err), LF_UNAVAILABLE);
    plan(log, LF_LOG_FAULT_READER_OPEN | LF_LOG_FAULT_WRITER_OPEN, LF_LOG_FAULT_FAIL, 1);
    struct lf_log_writer *none = NULL;
    assert_int_equal(lf_log_writer_open(log, (struct lf_wake){0}, take_ack, &acks, &none, &err), LF_UNAVAILABLE);
    assert_null(none);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    lf_log_close(log);
    acks_release(&acks);
}

static bool
live(struct acks *acks)
{
    struct lf_err err = {0};
    struct lf_log *inner = NULL;
    struct lf_log *log = NULL;
    struct lf_log_writer *writer = NULL;
    struct lf_log_reader *reader = NULL;
    struct lf_bytes name = lf_bytes_of(topic);
    const struct lf_log_options options = {.url = "memory:", .create_topics = true, .partitions = 2};
    const struct lf_log_reader_options reading = {.topics = &name, .topic_count = 1};
    struct lf_record record = record_of(topic, "key", "value");
    bool good = lf_log_open(&options, &inner, &err) == LF_OK;
    if (good && lf_log_fault_open(inner, NULL, &log, &err) != LF_OK) {
        lf_log_close(inner);
        good = false;
    }
    good = good && lf_log_writer_open(log, (struct lf_wake){0}, take_ack, acks, &writer, &err) == LF_OK;
    size_t ok_before = acks->ok;
    for (size_t i = 0; good && i < 3; i++)
        good = lf_log_append(writer, &record, token_of(i), &err) == LF_OK;
    if (writer != NULL)
        assert_true(lf_log_drain(writer, 60000));
    good = good && acks->ok == ok_before + 3 && lf_log_reader_open(log, &reading, &reader, &err) == LF_OK;
    struct lf_log_batch batch = {0};
    good = good && lf_log_read(reader, 100, 10000, 1000, &batch, &err) == LF_OK && batch.count == 3;
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    lf_log_close(log);
    return good;
}

static void
running_out_of_memory_anywhere_is_survived(void **state)
{
    (void)state;
    struct acks acks;
    acks_init(&acks, 16);
    int64_t before = lf_mem_live();
    bool hit = true;
    for (uint64_t n = 1; hit; n++) {
        lf_mem_fail_at(n, false);
        bool good = live(&acks);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_true(good != hit);
        assert_int_equal(lf_mem_live(), before);
        assert_true(n < 1000);
    }
    acks_release(&acks);
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_nth_call_fails_and_no_other),
        cmocka_unit_test(appends_fail_at_the_call_or_at_the_acknowledgement),
        cmocka_unit_test(acknowledgements_are_lost_doubled_and_late),
        cmocka_unit_test(reads_fail_come_late_and_come_twice),
        cmocka_unit_test(running_out_of_memory_anywhere_is_survived),
    };
    return cmocka_run_group_tests_name("log, faults", cases, NULL, NULL);
}
