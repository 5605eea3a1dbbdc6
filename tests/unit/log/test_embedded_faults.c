/* The embedded log on a disk that is full, broken or slow: what is acknowledged, and what is there afterwards. */
#include "log_contract.h"
#include "fault_vfs.h"
#include "temp_dir.h"

#include <sqlite3.h>

#include "base/clock.h"

static const char topic[] = "events";

struct setting {
    struct temp_dir dir;
    struct lf_log *log;
    struct acks acks;
    struct lf_log_writer *writer;
};

static void
open_log(struct setting *setting, int64_t delivery_timeout_ms)
{
    struct lf_err err = {0};
    struct lf_log_options options = {
        .url = setting->dir.url, .create_topics = true, .exclusive = true, .delivery_timeout_ms = delivery_timeout_ms};
    assert_ok(lf_log_open(&options, &setting->log, &err));
    assert_ok(lf_log_ensure_topic(setting->log, lf_bytes_of(topic), 1000, &err));
    setting->writer = open_writer(setting->log, &setting->acks);
}

static void
set_up(struct setting *setting, int64_t delivery_timeout_ms)
{
    fault_vfs_install();
    setting->dir = make_temp_dir();
    acks_init(&setting->acks, 10000);
    open_log(setting, delivery_timeout_ms);
}

static void
close_log(struct setting *setting)
{
    lf_log_writer_close(setting->writer);
    lf_log_close(setting->log);
}

static void
tear_down(struct setting *setting)
{
    close_log(setting);
    acks_release(&setting->acks);
    remove_tree(setting->dir.path);
}

/* One record, its acknowledgement's status. */
static enum lf_status
append_one(struct setting *setting, size_t number, struct lf_log_ack *ret, struct lf_err *err)
{
    char value[32];
    snprintf(value, sizeof(value), "value-%zu", number);
    struct lf_record record = record_of(topic, "key", value);
    return lf_log_append_wait(setting->writer, &record, ret, err);
}

static void
expect_number(struct lf_log_reader *reader, size_t number)
{
    char value[32];
    struct lf_err err = {0};
    struct lf_log_batch batch = {0};
    while (batch.count == 0)
        assert_ok(lf_log_read(reader, 1, 1000, 1000, &batch, &err));
    snprintf(value, sizeof(value), "value-%zu", number);
    assert_true(lf_bytes_equal_text(batch.records[0].value, value));
}

static int64_t
end_of_log(struct setting *setting)
{
    struct lf_err err = {0};
    struct lf_log_range range;
    size_t count;
    assert_ok(lf_log_ranges(setting->log, lf_bytes_of(topic), &range, 1, &count, 1000, &err));
    return range.next;
}

static void
wait_until_healthy(struct setting *setting)
{
    struct lf_err err = {0};
    int64_t deadline = lf_clock_mono_ms() + 60000;
    while (lf_log_health(setting->log, &err) != LF_OK) {
        assert_true(lf_clock_mono_ms() < deadline);
        lf_clock_sleep_ms(5);
    }
}

static void
a_full_disk_refuses_and_resumes(void **state)
{
    (void)state;
    struct setting s;
    struct lf_err err = {0};
    struct lf_log_ack ack;
    set_up(&s, 0);
    assert_ok(append_one(&s, 0, &ack, &err));
    fault_vfs_fail_writes(1, SQLITE_FULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(append_one(&s, 99, &ack, &err), LF_UNAVAILABLE);
        assert_non_null(strstr(err.text, "disk is full"));
        assert_int_equal(err.fate, LF_FATE_RETRY);
    }
    assert_int_equal(lf_log_health(s.log, &err), LF_UNAVAILABLE);
    assert_int_equal(end_of_log(&s), 1); /* readable, and without what was refused */
    fault_vfs_fail_writes(0, 0);
    wait_until_healthy(&s); /* by itself: nobody may be sending any more */
    assert_ok(append_one(&s, 1, &ack, &err));
    assert_int_equal(ack.offset, 1);
    close_log(&s);
    open_log(&s, 0);
    struct lf_log_reader *reader = open_reader(s.log, topic, LF_RESET_EARLIEST);
    expect_number(reader, 0);
    expect_number(reader, 1);
    lf_log_reader_close(reader);
    tear_down(&s);
}

/* Fails every write of a transaction in turn: each time all or nothing, and the truth about it. */
static void
a_disk_that_fills_at_any_write_loses_nothing(void **state)
{
    (void)state;
    struct setting s;
    struct lf_err err = {0};
    struct lf_log_ack ack;
    int64_t next = 0;
    set_up(&s, 0);
    for (int n = 1; n <= 12; n++) {
        fault_vfs_fail_writes(n, SQLITE_FULL);
        enum lf_status st = append_one(&s, (size_t)next, &ack, &err);
        fault_vfs_fail_writes(0, 0);
        if (st == LF_OK) {
            assert_int_equal(ack.offset, next);
            next++;
        } else {
            assert_int_equal(st, LF_UNAVAILABLE);
        }
        assert_int_equal(end_of_log(&s), next);
    }
    assert_true(next > 0);
    tear_down(&s);
}

static void
a_failed_fsync_is_never_acknowledged(void **state)
{
    (void)state;
    struct setting s;
    struct lf_err err = {0};
    struct lf_log_ack ack;
    set_up(&s, 0);
    assert_ok(append_one(&s, 0, &ack, &err));
    fault_vfs_fail_syncs(1, SQLITE_IOERR_FSYNC);
    enum lf_status st = append_one(&s, 99, &ack, &err);
    assert_true(st == LF_TIMEOUT || st == LF_UNAVAILABLE);
    /* Nothing is taken until the disk works again. */
    assert_int_equal(append_one(&s, 99, &ack, &err), LF_UNAVAILABLE);
    assert_int_equal(lf_log_health(s.log, &err), LF_UNAVAILABLE);
    fault_vfs_fail_syncs(0, 0);
    wait_until_healthy(&s);
    int64_t end = end_of_log(&s);
    assert_true(end == 1 || (end == 2 && st == LF_TIMEOUT));
    assert_ok(append_one(&s, 1, &ack, &err));
    assert_int_equal(ack.offset, end);
    tear_down(&s);
}

/* A single error, and the disk is well again at once: the log finds out by itself what became of the record. */
static void
a_passing_disk_error_is_resolved(void **state)
{
    (void)state;
    struct setting s;
    struct lf_err err = {0};
    struct lf_log_ack ack;
    set_up(&s, 0);
    assert_ok(append_one(&s, 0, &ack, &err));
    fault_vfs_fail_writes(1, SQLITE_IOERR_WRITE);
    enum lf_status st = append_one(&s, 99, &ack, &err);
    assert_true(st == LF_TIMEOUT || st == LF_UNAVAILABLE);
    fault_vfs_fail_writes(0, 0);
    int64_t deadline = lf_clock_mono_ms() + 60000;
    while ((st = append_one(&s, 1, &ack, &err)) == LF_UNAVAILABLE)
        assert_true(lf_clock_mono_ms() < deadline);
    assert_ok(st);
    assert_int_equal(ack.offset, 1);
    wait_until_healthy(&s);
    tear_down(&s);
}

static void
a_hanging_disk_is_answered_in_time_and_only_once(void **state)
{
    (void)state;
    struct setting s;
    struct lf_err err = {0};
    set_up(&s, 100);
    fault_vfs_hang_syncs(1);
    append_some(s.writer, topic, 0, 1); /* hangs in the sync */
    int64_t deadline = lf_clock_mono_ms() + 60000;
    while (s.acks.count < 1) {
        (void)lf_log_drain(s.writer, 10);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    assert_int_equal(s.acks.by_token[0].status, LF_TIMEOUT);
    append_some(s.writer, topic, 1, 1); /* never gets to the disk */
    assert_true(lf_log_drain(s.writer, 60000));
    assert_int_equal(s.acks.by_token[1].status, LF_UNAVAILABLE);
    fault_vfs_hang_syncs(0);
    append_some(s.writer, topic, 2, 1);
    assert_true(lf_log_drain(s.writer, 60000));
    assert_int_equal(s.acks.by_token[2].status, LF_OK);
    assert_int_equal(s.acks.by_token[2].offset, 1); /* the first one did come to be logged */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(s.acks.times[i], 1);
    assert_int_equal(lf_log_in_flight(s.writer), 0);
    struct lf_log_reader *reader = open_reader(s.log, topic, LF_RESET_EARLIEST);
    expect_number(reader, 0);
    expect_number(reader, 2);
    lf_log_reader_close(reader);
    assert_ok(lf_log_health(s.log, &err));
    tear_down(&s);
}

static void
closing_a_writer_does_not_wait_for_a_hanging_disk(void **state)
{
    (void)state;
    struct setting s;
    set_up(&s, 0);
    fault_vfs_hang_syncs(1);
    append_some(s.writer, topic, 0, 3);
    lf_log_writer_close(s.writer);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(s.acks.times[i], 1);
        assert_int_not_equal(s.acks.by_token[i].status, LF_OK);
    }
    fault_vfs_hang_syncs(0);
    lf_log_close(s.log);
    open_log(&s, 0);
    tear_down(&s);
}

/* ---- out of memory ---- */

/* The whole life of a log; false at the first failure, everything released either way. */
static bool
live(const char *url, struct acks *acks)
{
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    struct lf_log_writer *writer = NULL;
    struct lf_log_reader *reader = NULL;
    struct lf_bytes name = lf_bytes_of(topic);
    const struct lf_log_options options = {.url = url, .create_topics = true, .exclusive = true};
    const struct lf_header header = {LF_LIT("name"), LF_LIT("value")};
    const struct lf_log_reader_options reading = {.topics = &name, .topic_count = 1};
    struct lf_record record = record_of(topic, "key", "value");
    record.headers = &header;
    record.header_count = 1;
    bool good = lf_log_open(&options, &log, &err) == LF_OK && lf_log_ensure_topic(log, name, 1000, &err) == LF_OK &&
                lf_log_writer_open(log, (struct lf_wake){0}, take_ack, acks, &writer, &err) == LF_OK;
    size_t ok_before = acks->ok;
    for (size_t i = 0; good && i < 3; i++)
        good = lf_log_append(writer, &record, token_of(i), &err) == LF_OK;
    if (writer != NULL)
        assert_true(lf_log_drain(writer, 60000));
    good = good && acks->ok == ok_before + 3 && lf_log_reader_open(log, &reading, &reader, &err) == LF_OK;
    struct lf_log_batch batch = {0};
    good = good && lf_log_read(reader, 100, 10000, 1000, &batch, &err) == LF_OK && batch.count >= 3;
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    lf_log_close(log);
    return good;
}

static void
running_out_of_memory_anywhere_is_survived(void **state)
{
    (void)state;
    for (int sticky = 0; sticky <= 1; sticky++) {
        struct temp_dir dir = make_temp_dir();
        struct acks acks;
        acks_init(&acks, 16);
        int64_t before = lf_mem_live();
        bool hit = true;
        for (uint64_t n = 1; hit; n++) {
            lf_mem_fail_at(n, sticky != 0);
            bool good = live(dir.url, &acks);
            hit = lf_mem_fault_hit();
            lf_mem_fail_at(0, false);
            assert_true(good || hit);
            assert_int_equal(lf_mem_live(), before);
            assert_true(n < 1000);
        }
        assert_true(live(dir.url, &acks));
        acks_release(&acks);
        remove_tree(dir.path);
    }
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_full_disk_refuses_and_resumes),
        cmocka_unit_test(a_disk_that_fills_at_any_write_loses_nothing),
        cmocka_unit_test(a_failed_fsync_is_never_acknowledged),
        cmocka_unit_test(a_passing_disk_error_is_resolved),
        cmocka_unit_test(a_hanging_disk_is_answered_in_time_and_only_once),
        cmocka_unit_test(closing_a_writer_does_not_wait_for_a_hanging_disk),
        cmocka_unit_test(running_out_of_memory_anywhere_is_survived),
    };
    return cmocka_run_group_tests_name("embedded, on a bad disk", cases, NULL, NULL);
}
