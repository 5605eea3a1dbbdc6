/* The cases of the log's contract. Each opens a log of its own and uses a topic of its own. */
#include "log_contract.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "log/log_backend.h"

enum { PATIENCE_MS = 60000 }; /* a slow machine is no failure */

/* ---- helpers ---- */

void
acks_init(struct acks *acks, size_t size)
{
    *acks = (struct acks){.size = size};
    acks->by_token = calloc(size, sizeof(*acks->by_token));
    acks->times = calloc(size, sizeof(*acks->times));
    assert_non_null(acks->by_token);
    assert_non_null(acks->times);
}

void
acks_release(struct acks *acks)
{
    free(acks->by_token);
    free(acks->times);
}

void
take_ack(void *ctx, const struct lf_log_ack *ack)
{
    struct acks *acks = ctx;
    size_t i = (size_t)(uintptr_t)ack->token - 1;
    assert_true(i < acks->size);
    assert_true((ack->status == LF_OK) == (ack->err == NULL));
    if (ack->err != NULL) {
        assert_int_equal(ack->err->status, ack->status);
        snprintf(acks->last_error, sizeof(acks->last_error), "%s", ack->err->text);
    }
    acks->by_token[i] = *ack;
    acks->times[i]++;
    acks->count++;
    acks->ok += ack->status == LF_OK;
}

void
assert_ok_at(enum lf_status status, const struct lf_err *err, const char *file, int line)
{
    if (status != LF_OK)
        print_error("%s:%d: %s: %s\n", file, line, lf_status_name(status), err->text);
    _assert_int_equal(status, LF_OK, file, line);
}

struct lf_record
record_of(const char *topic, const char *key, const char *value)
{
    return (struct lf_record){.topic = lf_bytes_of(topic), .key = lf_bytes_of(key), .value = lf_bytes_of(value)};
}

struct lf_log_writer *
open_writer(struct lf_log *log, struct acks *acks)
{
    struct lf_err err = {0};
    struct lf_log_writer *writer = NULL;
    assert_ok(lf_log_writer_open(log, (struct lf_wake){0}, take_ack, acks, &writer, &err));
    return writer;
}

void
append_some(struct lf_log_writer *writer, const char *topic, size_t first, size_t count)
{
    struct lf_err err = {0};
    for (size_t i = first; i < first + count; i++) {
        char value[32];
        snprintf(value, sizeof(value), "value-%zu", i);
        struct lf_record record = record_of(topic, "key", value);
        assert_ok(lf_log_append(writer, &record, token_of(i), &err));
        if (i % 10 == 9)
            lf_log_flush(writer);
    }
    while (lf_log_flush(writer) >= 0) /* it works in groups: kept until the one before is there */
        lf_clock_sleep_ms(1);
}

void
assert_drained(struct lf_log_writer *writer)
{
    assert_true(lf_log_drain(writer, PATIENCE_MS));
    assert_int_equal(lf_log_in_flight(writer), 0);
}

struct lf_log_reader *
open_reader(struct lf_log *log, const char *topic, enum lf_log_reset start)
{
    struct lf_err err = {0};
    struct lf_bytes name = lf_bytes_of(topic);
    struct lf_log_reader_options options = {.topics = &name, .topic_count = 1, .start = start};
    struct lf_log_reader *reader = NULL;
    assert_ok(lf_log_reader_open(log, &options, &reader, &err));
    return reader;
}

/* One read; what may be tried again counts as nothing read. */
static struct lf_log_batch
read_once(struct lf_log_reader *reader, size_t records_max, size_t bytes_max, int64_t timeout_ms)
{
    struct lf_err err = {0};
    struct lf_log_batch batch = {0};
    enum lf_status st = lf_log_read(reader, records_max, bytes_max, timeout_ms, &batch, &err);
    if (lf_status_fate(st) != LF_FATE_RETRY)
        assert_ok(st);
    return batch;
}

/* One batch that is not empty. */
static struct lf_log_batch
read_batch(struct lf_log_reader *reader, size_t records_max, size_t bytes_max)
{
    struct lf_log_batch batch = {0};
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (batch.count == 0) {
        batch = read_once(reader, records_max, bytes_max, 1000);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    return batch;
}

void
expect_some(struct lf_log_reader *reader, size_t first, size_t count)
{
    int64_t offset = -1;
    for (size_t i = first; i < first + count;) {
        struct lf_log_batch batch = read_batch(reader, first + count - i, LF_BATCH_BYTES_MAX);
        for (size_t k = 0; k < batch.count; k++, i++) {
            const struct lf_record *record = &batch.records[k];
            char value[32];
            snprintf(value, sizeof(value), "value-%zu", i);
            assert_true(lf_bytes_equal_text(record->value, value));
            assert_true(lf_bytes_equal_text(record->key, "key"));
            assert_true(record->offset > offset);
            offset = record->offset;
        }
    }
}

/* ---- the cases ---- */

struct fixture {
    const struct log_contract *contract;
    struct lf_log *log;
    struct acks acks;
    char topic[64];
};

static void
open_fixture(struct fixture *fixture, void **state, bool create)
{
    static int number;
    *fixture = (struct fixture){.contract = *state};
    snprintf(fixture->topic, sizeof(fixture->topic), "topic-%lld-%d", (long long)fixture->contract->topic_prefix,
             number++);
    struct lf_log_options options = {.create_topics = create, .partitions = fixture->contract->partitions};
    fixture->log = fixture->contract->open(&options);
    assert_non_null(fixture->log);
    acks_init(&fixture->acks, ACKS_MAX);
}

/* A log with a topic in it. */
static void
set_up(struct fixture *fixture, void **state)
{
    struct lf_err err = {0};
    open_fixture(fixture, state, true);
    assert_ok(lf_log_ensure_topic(fixture->log, lf_bytes_of(fixture->topic), PATIENCE_MS, &err));
}

static void
tear_down(struct fixture *fixture)
{
    lf_log_close(fixture->log);
    if (fixture->contract->closed != NULL)
        fixture->contract->closed();
    acks_release(&fixture->acks);
}

static void
records_come_back_in_order_with_their_offsets(void **state)
{
    enum { COUNT = 1000 };
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, COUNT);
    assert_drained(writer);
    assert_int_equal(f.acks.count, COUNT);
    assert_int_equal(f.acks.ok, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(f.acks.times[i], 1);
        assert_int_equal(f.acks.by_token[i].offset, (int64_t)i);
        assert_int_equal(f.acks.by_token[i].partition, 0);
    }
    struct lf_log_reader *reader = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    expect_some(reader, 0, COUNT);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
append_one(struct lf_log_writer *writer, const struct lf_record *record)
{
    struct lf_err err = {0};
    struct lf_log_ack ack;
    assert_ok(lf_log_append_wait(writer, record, &ack, &err));
    assert_int_equal(ack.status, LF_OK);
}

static void
assert_same_bytes(struct lf_bytes a, struct lf_bytes b)
{
    assert_true((a.ptr == NULL) == (b.ptr == NULL));
    assert_true(lf_bytes_equal(a, b));
}

static void
null_and_empty_and_binary_are_kept_apart(void **state)
{
    static const char bytes[] = "a\0b\xff\xfe";
    const struct lf_header headers[] = {
        {LF_LIT("ce_id"), LF_LIT("1")},        {LF_LIT("empty"), LF_LIT("")},    {LF_LIT("null"), LF_BYTES_NONE},
        {LF_LIT("ce_id"), lf_bytes(bytes, 5)}, {LF_LIT(""), LF_LIT("nameless")},
    };
    const struct lf_record records[] = {
        {.key = LF_BYTES_NONE, .value = LF_LIT("v")},
        {.key = LF_LIT(""), .value = LF_BYTES_NONE},
        {.key = LF_LIT("k"), .value = LF_LIT("")},
        {.key = lf_bytes(bytes, 5), .value = lf_bytes(bytes, 5), .headers = headers, .header_count = 5},
        {.key = LF_BYTES_NONE, .value = LF_BYTES_NONE, .headers = headers + 2, .header_count = 1},
    };
    enum { COUNT = sizeof(records) / sizeof(records[0]) };
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    for (size_t i = 0; i < COUNT; i++) {
        struct lf_record record = records[i];
        record.topic = lf_bytes_of(f.topic);
        append_one(writer, &record);
    }
    struct lf_log_reader *reader = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    for (size_t i = 0; i < COUNT; i++) {
        struct lf_log_batch batch = read_batch(reader, 1, LF_BATCH_BYTES_MAX);
        const struct lf_record *record = &batch.records[0];
        assert_same_bytes(record->key, records[i].key);
        assert_same_bytes(record->value, records[i].value);
        assert_int_equal(record->header_count, records[i].header_count);
        for (size_t h = 0; h < record->header_count; h++) {
            assert_true(lf_bytes_equal(record->headers[h].name, records[i].headers[h].name));
            assert_same_bytes(record->headers[h].value, records[i].headers[h].value);
        }
        assert_true(lf_bytes_equal_text(record->topic, f.topic));
    }
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
times_are_kept_or_given(void **state)
{
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    struct lf_record record = record_of(f.topic, "key", "value");
    record.timestamp_ms = 1234567890123;
    append_one(writer, &record);
    record.timestamp_ms = 0;
    int64_t before = lf_clock_real_us() / 1000;
    append_one(writer, &record);
    int64_t after = lf_clock_real_us() / 1000;
    struct lf_log_reader *reader = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    struct lf_log_batch batch = read_batch(reader, 1, LF_BATCH_BYTES_MAX);
    assert_int_equal(batch.records[0].timestamp_ms, 1234567890123);
    batch = read_batch(reader, 1, LF_BATCH_BYTES_MAX);
    assert_true(batch.records[0].timestamp_ms >= before && batch.records[0].timestamp_ms <= after);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static char *
big_text(size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + i % 23);
    text[len] = '\0';
    return text;
}

static void
a_big_record_passes(void **state)
{
    struct fixture f;
    set_up(&f, state);
    char *value = big_text(LF_EVENT_BYTES_MAX);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    struct lf_record record = record_of(f.topic, "key", value);
    append_one(writer, &record);
    struct lf_log_reader *reader = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    struct lf_log_batch batch = read_batch(reader, 10, 100); /* larger than the batch may be: it comes all the same */
    assert_int_equal(batch.count, 1);
    assert_true(lf_bytes_equal_text(batch.records[0].value, value));
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    free(value);
    tear_down(&f);
}

static void
too_large_a_record_is_refused_and_its_neighbours_pass(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    char *value = big_text(f.contract->record_bytes_max + 1);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 3);
    struct lf_record record = record_of(f.topic, "key", value);
    enum lf_status st = lf_log_append(writer, &record, token_of(1000), &err);
    if (st == LF_OK) {
        append_some(writer, f.topic, 3, 3);
        assert_drained(writer);
        assert_int_equal(f.acks.times[1000], 1);
        st = f.acks.by_token[1000].status;
    } else {
        append_some(writer, f.topic, 3, 3);
        assert_drained(writer);
    }
    assert_int_equal(st, LF_LIMIT);
    assert_int_equal(f.acks.ok, 6);
    lf_log_writer_close(writer);
    free(value);
    tear_down(&f);
}

static void
several_readers_each_get_everything(void **state)
{
    enum { COUNT = 300 };
    struct fixture f;
    set_up(&f, state);
    struct lf_log_reader *first = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, COUNT / 2);
    expect_some(first, 0, COUNT / 2);
    struct lf_log_reader *second = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    append_some(writer, f.topic, COUNT / 2, COUNT / 2);
    expect_some(second, 0, COUNT);
    expect_some(first, COUNT / 2, COUNT / 2);
    assert_drained(writer);
    lf_log_reader_close(first);
    lf_log_reader_close(second);
    lf_log_writer_close(writer);
    tear_down(&f);
}

/* ---- positions ---- */

struct owner { /* the caller's side of a reader */
    int64_t next;
    unsigned asked;
    unsigned refuse; /* how many times it cannot say */
};

static enum lf_status
on_assigned(void *ctx, struct lf_bytes topic, int32_t partition, int64_t *next, struct lf_err *err)
{
    (void)topic;
    struct owner *owner = ctx;
    assert_int_equal(*next, LF_OFFSET_NONE);
    if (partition != 0)
        return LF_OK;
    owner->asked++;
    if (owner->asked <= owner->refuse)
        return lf_fail(err, LF_UNAVAILABLE, "the store is away");
    *next = owner->next;
    return LF_OK;
}

static struct lf_log_reader *
open_owned(struct fixture *f, struct owner *owner)
{
    struct lf_err err = {0};
    struct lf_bytes name = lf_bytes_of(f->topic);
    struct lf_log_reader_options options = {.topics = &name, .topic_count = 1, .assigned = on_assigned, .ctx = owner};
    struct lf_log_reader *reader = NULL;
    assert_ok(lf_log_reader_open(f->log, &options, &reader, &err));
    return reader;
}

static void
reading_goes_on_from_the_callers_position(void **state)
{
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 50);
    assert_drained(writer);
    struct owner owner = {.next = 20};
    struct lf_log_reader *reader = open_owned(&f, &owner);
    expect_some(reader, 20, 30);
    assert_int_equal(owner.asked, 1);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
a_caller_without_position_is_asked_again(void **state)
{
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 50);
    assert_drained(writer);
    struct owner owner = {.next = 10, .refuse = 2};
    struct lf_log_reader *reader = open_owned(&f, &owner);
    expect_some(reader, 10, 40);
    assert_int_equal(owner.asked, 3);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

/* Reads until something other than an empty batch comes. */
static enum lf_status
read_until_failure(struct lf_log_reader *reader, struct lf_err *err)
{
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    for (;;) {
        struct lf_log_batch batch = {0};
        enum lf_status st = lf_log_read(reader, 100, LF_BATCH_BYTES_MAX, 1000, &batch, err);
        assert_int_equal(batch.count, 0);
        if (st != LF_OK && lf_status_fate(st) != LF_FATE_RETRY)
            return st;
        assert_true(lf_clock_mono_ms() < deadline);
    }
}

static void
a_position_beyond_the_end_is_told_and_nothing_skipped(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 10);
    assert_drained(writer);
    struct owner owner = {.next = 99};
    struct lf_log_reader *reader = open_owned(&f, &owner);
    assert_int_equal(read_until_failure(reader, &err), LF_CORRUPT);
    assert_non_null(strstr(err.text, f.topic));
    assert_non_null(strstr(err.text, "99"));
    assert_int_equal(read_until_failure(reader, &err), LF_CORRUPT); /* and again, until somebody acts */
    assert_ok(lf_log_seek(reader, lf_bytes_of(f.topic), 0, 4, &err));
    expect_some(reader, 4, 6);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
seeking_goes_both_ways(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 100);
    assert_drained(writer);
    struct lf_log_reader *reader = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    expect_some(reader, 0, 60);
    assert_ok(lf_log_seek(reader, lf_bytes_of(f.topic), 0, 5, &err));
    expect_some(reader, 5, 20);
    assert_ok(lf_log_seek(reader, lf_bytes_of(f.topic), 0, 90, &err));
    expect_some(reader, 90, 10);
    assert_int_equal(lf_log_seek(reader, LF_LIT("another"), 0, 0, &err), LF_NOT_FOUND);
    assert_int_equal(lf_log_seek(reader, lf_bytes_of(f.topic), 0, -1, &err), LF_INVALID);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
starting_at_the_end_skips_what_is_there(void **state)
{
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 10);
    assert_drained(writer);
    struct lf_log_reader *reader = open_reader(f.log, f.topic, LF_RESET_LATEST);
    /* Where the end is shows only once the reader is there: records from some point on, and without a gap. */
    struct lf_log_batch batch = {0};
    size_t next = 10;
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (batch.count == 0) {
        append_some(writer, f.topic, next++, 1);
        batch = read_once(reader, 1, LF_BATCH_BYTES_MAX, 100);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    assert_true(batch.records[0].offset >= 10);
    size_t first = (size_t)batch.records[0].offset + 1;
    append_some(writer, f.topic, next, 5);
    assert_drained(writer);
    expect_some(reader, first, next + 5 - first);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

/* ---- batches, pause, wakes ---- */

static void
batches_keep_to_their_limits(void **state)
{
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 100);
    assert_drained(writer);
    struct lf_log_reader *reader = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    struct lf_log_batch batch = read_batch(reader, 7, LF_BATCH_BYTES_MAX);
    assert_true(batch.count <= 7);
    size_t read = batch.count;
    batch = read_batch(reader, 100, 1); /* one at least */
    assert_int_equal(batch.count, 1);
    expect_some(reader, read + 1, 100 - read - 1);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
while_paused_nothing_comes_and_nothing_is_lost(void **state)
{
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 20);
    assert_drained(writer);
    struct lf_log_reader *reader = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    expect_some(reader, 0, 5);
    lf_log_pause(reader, true);
    append_some(writer, f.topic, 20, 20);
    assert_drained(writer);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(read_once(reader, 100, LF_BATCH_BYTES_MAX, 20).count, 0);
    }
    lf_log_pause(reader, false);
    expect_some(reader, 5, 35);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
a_held_partition_goes_on_where_it_is_told(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 20);
    assert_drained(writer);
    struct lf_log_reader *reader = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    expect_some(reader, 0, 5);
    lf_log_hold(reader, lf_bytes_of(f.topic), 0, true);
    lf_log_hold(reader, LF_LIT("another"), 0, true); /* nobody's: nothing */
    append_some(writer, f.topic, 20, 20);
    assert_drained(writer);
    for (int i = 0; i < 3; i++)
        (void)read_once(reader, 100, LF_BATCH_BYTES_MAX, 20);
    assert_int_equal(read_once(reader, 100, LF_BATCH_BYTES_MAX, 20).count, 0);
    lf_log_hold(reader, lf_bytes_of(f.topic), 0, false);
    assert_ok(lf_log_seek(reader, lf_bytes_of(f.topic), 0, 5, &err));
    expect_some(reader, 5, 35);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
count_wake(void *ctx)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
}

static void
wait_for_wake(atomic_int *wakes)
{
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (atomic_load(wakes) == 0) {
        assert_true(lf_clock_mono_ms() < deadline);
        lf_clock_sleep_ms(1);
    }
}

static void
acknowledgements_and_records_are_announced(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    atomic_int acked = 0;
    atomic_int news = 0;
    struct lf_bytes name = lf_bytes_of(f.topic);
    struct lf_log_reader_options options = {.topics = &name, .topic_count = 1, .wake = {count_wake, &news}};
    struct lf_log_reader *reader = NULL;
    assert_ok(lf_log_reader_open(f.log, &options, &reader, &err));
    for (int i = 0; i < 20; i++) /* long enough for the reader to be at the end of its partitions */
        assert_int_equal(read_once(reader, 1, LF_BATCH_BYTES_MAX, 20).count, 0);
    atomic_store(&news, 0);
    struct lf_log_writer *writer = NULL;
    assert_ok(lf_log_writer_open(f.log, (struct lf_wake){count_wake, &acked}, take_ack, &f.acks, &writer, &err));
    struct lf_record record = record_of(f.topic, "key", "value-0");
    assert_ok(lf_log_append(writer, &record, token_of(0), &err));
    lf_log_flush(writer);
    while (f.acks.count == 0) { /* librdkafka may wake for other things first */
        wait_for_wake(&acked);
        atomic_store(&acked, 0);
        lf_log_poll(writer);
    }
    wait_for_wake(&news);
    expect_some(reader, 0, 1);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

struct blocked {
    struct lf_log_reader *reader;
    atomic_bool done;
};

static void *
read_long(void *arg)
{
    struct blocked *blocked = arg;
    struct lf_err err = {0};
    struct lf_log_batch batch = {0};
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    enum lf_status st = LF_OK;
    /* An early empty return is allowed; only the interrupt ends the loop in time, by way of done. */
    while (st == LF_OK && batch.count == 0 && !atomic_load(&blocked->done) && lf_clock_mono_ms() < deadline)
        st = lf_log_read(blocked->reader, 1, LF_BATCH_BYTES_MAX, 10 * PATIENCE_MS, &batch, &err);
    return NULL;
}

static void
an_interrupt_ends_a_blocked_read(void **state)
{
    struct fixture f;
    set_up(&f, state);
    struct blocked blocked = {.reader = open_reader(f.log, f.topic, LF_RESET_EARLIEST)};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_long, &blocked), 0);
    lf_clock_sleep_ms(20); /* likely inside lf_log_read(); correct either way */
    atomic_store(&blocked.done, true);
    lf_log_interrupt(blocked.reader);
    assert_int_equal(pthread_join(thread, NULL), 0);
    lf_log_reader_close(blocked.reader);
    tear_down(&f);
}

/* ---- flow of appends ---- */

static void
nothing_is_logged_before_a_flush(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    for (size_t i = 0; i < 5; i++) {
        struct lf_record record = record_of(f.topic, "key", "value");
        assert_ok(lf_log_append(writer, &record, token_of(i), &err));
    }
    assert_int_equal(lf_log_poll(writer), 0);
    assert_int_equal(lf_log_in_flight(writer), 5);
    assert_drained(writer);
    assert_int_equal(f.acks.ok, 5);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
too_many_in_flight_are_refused_until_some_are_acknowledged(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    struct lf_record record = record_of(f.topic, NULL, "v");
    for (size_t i = 0; i < LF_LOG_IN_FLIGHT_MAX; i++)
        assert_ok(lf_log_append(writer, &record, token_of(i), &err));
    assert_int_equal(lf_log_append(writer, &record, token_of(LF_LOG_IN_FLIGHT_MAX), &err), LF_AGAIN);
    assert_drained(writer);
    assert_int_equal(f.acks.ok, LF_LOG_IN_FLIGHT_MAX);
    assert_ok(lf_log_append(writer, &record, token_of(LF_LOG_IN_FLIGHT_MAX), &err));
    assert_drained(writer);
    for (size_t i = 0; i <= LF_LOG_IN_FLIGHT_MAX; i++)
        assert_int_equal(f.acks.times[i], 1);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
closing_a_writer_acknowledges_everything_once(void **state)
{
    enum { COUNT = 500 };
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, COUNT);
    struct lf_record record = record_of(f.topic, "key", "never flushed");
    assert_ok(lf_log_append(writer, &record, token_of(COUNT), &err));
    lf_log_writer_close(writer);
    for (size_t i = 0; i <= COUNT; i++) {
        enum lf_status status = f.acks.by_token[i].status;
        assert_int_equal(f.acks.times[i], 1);
        assert_true(status == LF_OK || status == LF_TIMEOUT || status == LF_UNAVAILABLE);
    }
    assert_int_not_equal(f.acks.by_token[COUNT].status, LF_OK);
    tear_down(&f);
}

struct chain { /* appends its next record from the acknowledgement of the one before */
    struct lf_log_writer *writer;
    const char *topic;
    size_t left;
    size_t done;
};

static void
append_next(void *ctx, const struct lf_log_ack *ack)
{
    struct chain *chain = ctx;
    struct lf_err err = {0};
    assert_int_equal(ack->status, LF_OK);
    chain->done++;
    if (chain->left == 0)
        return;
    chain->left--;
    struct lf_record record = record_of(chain->topic, "key", "value");
    assert_ok(lf_log_append(chain->writer, &record, NULL, &err));
}

static void
an_acknowledgement_may_append(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    struct chain chain = {.topic = f.topic, .left = 50};
    assert_ok(lf_log_writer_open(f.log, (struct lf_wake){0}, append_next, &chain, &chain.writer, &err));
    struct lf_record record = record_of(f.topic, "key", "value");
    assert_ok(lf_log_append(chain.writer, &record, NULL, &err));
    assert_drained(chain.writer);
    assert_int_equal(chain.done, 51);
    lf_log_writer_close(chain.writer);
    tear_down(&f);
}

static void
several_writers_share_a_topic(void **state)
{
    enum { COUNT = 200 };
    struct fixture f;
    set_up(&f, state);
    struct acks others;
    acks_init(&others, COUNT);
    struct lf_log_writer *first = open_writer(f.log, &f.acks);
    struct lf_log_writer *second = open_writer(f.log, &others);
    for (size_t i = 0; i < COUNT; i += 20) {
        append_some(first, f.topic, i, 20);
        append_some(second, f.topic, i, 20);
    }
    assert_drained(first);
    assert_drained(second);
    char seen[2 * COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++) {
        seen[f.acks.by_token[i].offset]++;
        seen[others.by_token[i].offset]++;
        if (i != 0) { /* each writer's own order holds */
            assert_true(f.acks.by_token[i].offset > f.acks.by_token[i - 1].offset);
            assert_true(others.by_token[i].offset > others.by_token[i - 1].offset);
        }
    }
    for (size_t i = 0; i < 2 * COUNT; i++)
        assert_int_equal(seen[i], 1);
    lf_log_writer_close(first);
    lf_log_writer_close(second);
    acks_release(&others);
    tear_down(&f);
}

/* ---- topics ---- */

static void
ranges_tell_first_and_next(void **state)
{
    struct lf_err err = {0};
    struct lf_log_range ranges[16];
    size_t count = 0;
    struct fixture f;
    set_up(&f, state);
    assert_ok(lf_log_ranges(f.log, lf_bytes_of(f.topic), ranges, 16, &count, PATIENCE_MS, &err));
    assert_int_equal(count, f.contract->partitions);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ranges[i].partition, (int32_t)i);
        assert_int_equal(ranges[i].first, 0);
        assert_int_equal(ranges[i].next, 0);
    }
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 12);
    assert_drained(writer);
    assert_ok(lf_log_ranges(f.log, lf_bytes_of(f.topic), ranges, 1, &count, PATIENCE_MS, &err));
    assert_int_equal(ranges[0].first, 0);
    assert_int_equal(ranges[0].next, 12);
    assert_ok(lf_log_health(f.log, &err));
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
unknown_topics_are_told(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    open_fixture(&f, state, false);
    if (!f.contract->creates_by_itself) {
        struct lf_log_range range;
        size_t count;
        struct lf_bytes name = lf_bytes_of(f.topic);
        assert_int_equal(lf_log_ensure_topic(f.log, name, PATIENCE_MS, &err), LF_NOT_FOUND);
        assert_non_null(strstr(err.text, f.topic));
        assert_int_equal(lf_log_ranges(f.log, name, &range, 1, &count, PATIENCE_MS, &err), LF_NOT_FOUND);
        struct lf_log_writer *writer = open_writer(f.log, &f.acks);
        struct lf_record record = record_of(f.topic, "key", "value");
        enum lf_status st = lf_log_append(writer, &record, token_of(0), &err);
        if (f.contract->told_late) {
            assert_ok(st);
            assert_drained(writer);
            st = f.acks.by_token[0].status;
        }
        assert_int_equal(st, LF_NOT_FOUND);
        assert_int_equal(lf_log_in_flight(writer), 0);
        lf_log_writer_close(writer);
    }
    tear_down(&f);
}

static void
unfit_arguments_are_refused(void **state)
{
    static const char *const names[] = {"", ".", "..", "a b", "a/b", "\xc3\xa9"};
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct lf_record record = record_of(names[i], "key", "value");
        assert_int_equal(lf_log_append(writer, &record, NULL, &err), LF_INVALID);
        assert_int_equal(lf_log_ensure_topic(f.log, lf_bytes_of(names[i]), 1000, &err), LF_INVALID);
    }
    struct lf_record record = record_of(f.topic, "key", "value");
    record.partition = -2;
    assert_int_equal(lf_log_append(writer, &record, NULL, &err), LF_INVALID);
    record.partition = 99;
    enum lf_status st = lf_log_append(writer, &record, token_of(0), &err);
    if (st == LF_OK) {
        assert_drained(writer);
        st = f.acks.by_token[0].status;
    }
    assert_int_equal(st, LF_NOT_FOUND);
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
the_key_chooses_the_partition_as_java_clients_do(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    set_up(&f, state);
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    for (size_t i = 0; i < 40; i++) {
        char key[32];
        snprintf(key, sizeof(key), "customer-%zu", i);
        struct lf_record record = record_of(f.topic, key, "value");
        record.partition = -1;
        assert_ok(lf_log_append(writer, &record, token_of(i), &err));
    }
    assert_drained(writer);
    for (size_t i = 0; i < 40; i++) {
        char key[32];
        snprintf(key, sizeof(key), "customer-%zu", i);
        assert_int_equal(f.acks.by_token[i].partition, lf_log_partition_of(lf_bytes_of(key), f.contract->partitions));
    }
    lf_log_writer_close(writer);
    tear_down(&f);
}

static void
a_topic_that_comes_later_is_read(void **state)
{
    struct lf_err err = {0};
    struct fixture f;
    open_fixture(&f, state, true);
    struct lf_log_reader *reader = open_reader(f.log, f.topic, LF_RESET_EARLIEST);
    assert_int_equal(read_once(reader, 1, LF_BATCH_BYTES_MAX, 20).count, 0);
    assert_ok(lf_log_ensure_topic(f.log, lf_bytes_of(f.topic), PATIENCE_MS, &err));
    struct lf_log_writer *writer = open_writer(f.log, &f.acks);
    append_some(writer, f.topic, 0, 10);
    expect_some(reader, 0, 10);
    assert_drained(writer);
    lf_log_reader_close(reader);
    lf_log_writer_close(writer);
    tear_down(&f);
}

int
run_log_contract(const struct log_contract *contract)
{
    /* Every case gets the contract as its state; cmocka wants it writable. */
    struct log_contract copy = *contract;
#define CASE(name)                                                                                                     \
    {                                                                                                                  \
        #name, name, NULL, NULL, &copy                                                                                 \
    }
    const struct CMUnitTest cases[] = {
        CASE(records_come_back_in_order_with_their_offsets),
        CASE(null_and_empty_and_binary_are_kept_apart),
        CASE(times_are_kept_or_given),
        CASE(a_big_record_passes),
        CASE(too_large_a_record_is_refused_and_its_neighbours_pass),
        CASE(several_readers_each_get_everything),
        CASE(reading_goes_on_from_the_callers_position),
        CASE(a_caller_without_position_is_asked_again),
        CASE(a_position_beyond_the_end_is_told_and_nothing_skipped),
        CASE(seeking_goes_both_ways),
        CASE(starting_at_the_end_skips_what_is_there),
        CASE(batches_keep_to_their_limits),
        CASE(while_paused_nothing_comes_and_nothing_is_lost),
        CASE(a_held_partition_goes_on_where_it_is_told),
        CASE(acknowledgements_and_records_are_announced),
        CASE(an_interrupt_ends_a_blocked_read),
        CASE(nothing_is_logged_before_a_flush),
        CASE(too_many_in_flight_are_refused_until_some_are_acknowledged),
        CASE(closing_a_writer_acknowledges_everything_once),
        CASE(an_acknowledgement_may_append),
        CASE(several_writers_share_a_topic),
        CASE(ranges_tell_first_and_next),
        CASE(unknown_topics_are_told),
        CASE(unfit_arguments_are_refused),
        CASE(the_key_chooses_the_partition_as_java_clients_do),
        CASE(a_topic_that_comes_later_is_read),
    };
#undef CASE
    return cmocka_run_group_tests_name(contract->name, cases, NULL, NULL);
}
