/* One reader for several threads: on the log in memory, and on one that gives and takes partitions as it is told. */
#include "log_contract.h"

#include "base/clock.h"
#include "log/log_backend.h"
#include "log/share.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { PARTITIONS = 4, PATIENCE_MS = 30000 };

static const char topic[] = "events";

/* ---- what a caller of a lane notes ---- */

struct owner {
    struct lf_log_reader *reader;
    int64_t next[PARTITIONS]; /* answered when asked; moved on with each record */
    bool mine[PARTITIONS];
    bool was_mine[PARTITIONS];
    bool lost;
    int refusals; /* answers still to be refused */
    size_t records;
};

static enum lf_status
assigned(void *ctx, struct lf_bytes name, int32_t partition, int64_t *next, struct lf_err *err)
{
    struct owner *owner = ctx;
    (void)name;
    if (owner->refusals > 0) {
        owner->refusals--;
        return lf_fail(err, LF_UNAVAILABLE, "not now");
    }
    owner->mine[partition] = owner->was_mine[partition] = true;
    *next = owner->next[partition];
    return LF_OK;
}

static void
revoked(void *ctx, struct lf_bytes name, int32_t partition, bool lost)
{
    struct owner *owner = ctx;
    (void)name;
    assert_true(owner->mine[partition]);
    owner->mine[partition] = false;
    owner->lost = lost;
}

static void
open_lane(struct lf_log *log, struct owner *owner)
{
    struct lf_err err = {0};
    struct lf_bytes name = lf_bytes_of(topic);
    const struct lf_log_reader_options options = {
        .topics = &name, .topic_count = 1, .group = "group", .assigned = assigned, .revoked = revoked, .ctx = owner};
    assert_ok(lf_log_reader_open(log, &options, &owner->reader, &err));
}

/* One read: what comes is the owner's, and in order without a gap. */
static enum lf_status
read_one(struct owner *owner, int64_t timeout_ms, struct lf_err *err)
{
    struct lf_log_batch batch = {0};
    enum lf_status st = lf_log_read(owner->reader, 100, LF_BATCH_BYTES_MAX, timeout_ms, &batch, err);
    for (size_t i = 0; i < batch.count; i++) {
        const struct lf_record *record = &batch.records[i];
        assert_true(owner->mine[record->partition]);
        assert_int_equal(record->offset, owner->next[record->partition]);
        assert_true(lf_bytes_equal_text(record->topic, topic));
        owner->next[record->partition]++;
        owner->records++;
        lf_log_committed(owner->reader, record->topic, record->partition, record->offset + 1);
    }
    return st;
}

static void
read_until(struct owner *owner, size_t records)
{
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (owner->records < records) {
        struct lf_err err = {0};
        assert_ok(read_one(owner, 20, &err));
        assert_true(lf_clock_mono_ms() < deadline);
    }
}

/* ---- on the log in memory ---- */

static struct lf_log *
open_memory(void)
{
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    const struct lf_log_options options = {.url = "memory:", .create_topics = true, .partitions = PARTITIONS};
    assert_ok(lf_log_open(&options, &log, &err));
    return log;
}

static struct lf_log *
share(struct lf_log *inner, struct lf_log_share_options options)
{
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    assert_ok(lf_log_share_open(inner, &options, &log, &err));
    return log;
}

/* count records, round robin over the partitions. */
static void
append(struct lf_log *log, size_t count)
{
    struct lf_err err = {0};
    struct acks acks;
    acks_init(&acks, count);
    struct lf_log_writer *writer = open_writer(log, &acks);
    const struct lf_header header = {LF_LIT("name"), LF_LIT("value")};
    for (size_t i = 0; i < count; i++) {
        struct lf_record record = record_of(topic, "key", "value");
        record.partition = (int32_t)(i % PARTITIONS);
        record.headers = &header;
        record.header_count = 1;
        assert_ok(lf_log_append(writer, &record, token_of(i), &err));
    }
    assert_drained(writer);
    lf_log_writer_close(writer);
    acks_release(&acks);
}

struct lane_thread {
    struct owner owner;
    atomic_size_t *total;
    size_t wanted;
};

static void *
run_lane(void *arg)
{
    struct lane_thread *lane = arg;
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (atomic_load(lane->total) < lane->wanted) {
        struct lf_err err = {0};
        size_t before = lane->owner.records;
        assert_ok(read_one(&lane->owner, 5, &err));
        atomic_fetch_add(lane->total, lane->owner.records - before);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    return NULL;
}

static void
each_partition_is_one_lanes_and_each_record_comes_once(void **state)
{
    enum { LANES = 3, COUNT = 8000 };
    struct lane_thread lanes[LANES];
    pthread_t threads[LANES];
    atomic_size_t total = 0;
    (void)state;
    struct lf_log *inner = open_memory();
    struct lf_log *log = share(inner, (struct lf_log_share_options){.lanes = LANES, .records_max = 50, .hold_ms = 1});
    append(log, COUNT / 2);
    for (size_t i = 0; i < LANES; i++) {
        lanes[i] = (struct lane_thread){.owner = {.refusals = (int)i}, .total = &total, .wanted = COUNT};
        open_lane(log, &lanes[i].owner);
    }
    for (size_t i = 0; i < LANES; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_lane, &lanes[i]), 0);
    append(log, COUNT / 2);
    size_t owned = 0;
    for (size_t i = 0; i < LANES; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < LANES; i++) {
        for (int p = 0; p < PARTITIONS; p++)
            owned += lanes[i].owner.mine[p];
        assert_true(lanes[i].owner.records > 0);
        lf_log_reader_close(lanes[i].owner.reader);
    }
    assert_int_equal(owned, PARTITIONS);
    assert_int_equal(atomic_load(&total), COUNT);
    lf_log_close(log);
    lf_log_close(inner);
}

static void
a_full_lane_does_not_stop_the_others(void **state)
{
    struct owner slow = {0}, quick = {0};
    (void)state;
    struct lf_log *inner = open_memory();
    struct lf_log *log = share(inner, (struct lf_log_share_options){.lanes = 2, .records_max = 10, .hold_ms = 1});
    append(log, 4000);
    open_lane(log, &slow);
    open_lane(log, &quick);
    while (slow.records == 0) { /* it has its partitions, and no time for more */
        struct lf_err err = {0};
        assert_ok(read_one(&slow, 1, &err));
        assert_ok(read_one(&quick, 1, &err));
    }
    read_until(&quick, 2000);
    read_until(&slow, 2000);
    lf_log_reader_close(slow.reader);
    lf_log_reader_close(quick.reader);
    lf_log_close(log);
    lf_log_close(inner);
}

static void
seeks_go_both_ways_and_nothing_from_before_comes(void **state)
{
    struct owner owner = {0};
    struct lf_err err = {0};
    (void)state;
    struct lf_log *inner = open_memory();
    struct lf_log *log = share(inner, (struct lf_log_share_options){.lanes = 1});
    append(log, 400);
    open_lane(log, &owner);
    read_until(&owner, 100);
    for (int round = 0; round < 20; round++) {
        for (int32_t p = 0; p < PARTITIONS; p++) {
            owner.next[p] = (round * 7 + p * 11) % 90;
            assert_ok(lf_log_seek(owner.reader, lf_bytes_of(topic), p, owner.next[p], &err));
        }
        read_until(&owner, owner.records + 1);
    }
    while (owner.next[0] + owner.next[1] + owner.next[2] + owner.next[3] < 400)
        assert_ok(read_one(&owner, 5, &err));
    assert_int_equal(lf_log_seek(owner.reader, LF_LIT("another"), 0, 0, &err), LF_NOT_FOUND);
    lf_log_reader_close(owner.reader);
    lf_log_close(log);
    lf_log_close(inner);
}

static void
a_held_partition_goes_on_where_it_is_told(void **state)
{
    struct owner owner = {0};
    struct lf_err err = {0};
    (void)state;
    struct lf_log *inner = open_memory();
    struct lf_log *log = share(inner, (struct lf_log_share_options){.lanes = 1, .records_max = 20});
    append(log, 400);
    open_lane(log, &owner);
    read_until(&owner, 40);
    int64_t stands = owner.next[1];
    lf_log_hold(owner.reader, lf_bytes_of(topic), 1, true);
    while (owner.next[0] + owner.next[2] + owner.next[3] < 300)
        assert_ok(read_one(&owner, 5, &err));
    assert_int_equal(owner.next[1], stands);
    lf_log_hold(owner.reader, lf_bytes_of(topic), 1, false);
    assert_ok(lf_log_seek(owner.reader, lf_bytes_of(topic), 1, owner.next[1] = 3, &err));
    while (owner.next[1] < 100)
        assert_ok(read_one(&owner, 5, &err));
    lf_log_reader_close(owner.reader);
    lf_log_close(log);
    lf_log_close(inner);
}

static void
while_paused_nothing_comes(void **state)
{
    struct owner owner = {0};
    struct lf_err err = {0};
    (void)state;
    struct lf_log *inner = open_memory();
    struct lf_log *log = share(inner, (struct lf_log_share_options){.lanes = 1});
    append(log, 40);
    open_lane(log, &owner);
    read_until(&owner, 4);
    size_t before = owner.records;
    lf_log_pause(owner.reader, true);
    for (int i = 0; i < 3; i++)
        assert_ok(read_one(&owner, 5, &err));
    assert_int_equal(owner.records, before);
    lf_log_pause(owner.reader, false);
    read_until(&owner, 40);
    assert_int_equal(
        lf_log_reader_open(log,
                           &(struct lf_log_reader_options){.topics = &(struct lf_bytes){"events", 6}, .topic_count = 1},
                           &(struct lf_log_reader *){NULL}, &err),
        LF_USAGE);
    lf_log_reader_close(owner.reader);
    lf_log_close(log);
    lf_log_close(inner);
}

/* ---- on a log that does as it is told ---- */

enum order { NOTHING, GIVE, TAKE, FAIL, OUT_OF_RANGE };

struct puppet { /* log and reader */
    struct lf_log log;
    struct lf_log_reader reader;
    struct lf_log_reader_options options;
    pthread_mutex_t lock;
    enum order order;
    bool lost;
    bool taken;   /* what TAKE asked for has been given away */
    bool given;   /* partition 0 is the reader's, from next on */
    int64_t next; /* -1: nothing flows */
    int64_t end;  /* exclusive */
    int64_t committed;
    struct lf_record record;
};

static void
puppet_close(struct lf_log *log)
{
    (void)log;
}

static enum lf_status
puppet_open(struct lf_log *base, const struct lf_log_reader_options *options, struct lf_log_reader **ret,
            struct lf_err *err)
{
    struct puppet *puppet = (struct puppet *)base;
    (void)err;
    puppet->options = *options;
    puppet->reader.log = base;
    *ret = &puppet->reader;
    return LF_OK;
}

static struct puppet *
of_reader(struct lf_log_reader *reader)
{
    return (struct puppet *)reader->log;
}

static enum order
next_order(struct puppet *puppet)
{
    pthread_mutex_lock(&puppet->lock);
    enum order order = puppet->order;
    if (order == TAKE)
        puppet->order = NOTHING;
    pthread_mutex_unlock(&puppet->lock);
    return order;
}

static enum lf_status
puppet_read(struct lf_log_reader *reader, size_t records_max, size_t bytes_max, int64_t timeout_ms,
            struct lf_log_batch *ret, struct lf_err *err)
{
    struct puppet *puppet = of_reader(reader);
    (void)records_max, (void)bytes_max, (void)timeout_ms;
    enum order order = next_order(puppet);
    if (order == FAIL)
        return lf_fail(err, LF_UNAVAILABLE, "a fault on purpose");
    if (order == OUT_OF_RANGE)
        return lf_fail(err, LF_CORRUPT, "a position on purpose");
    if (order == GIVE && !puppet->given)
        puppet->given =
            puppet->options.assigned(puppet->options.ctx, lf_bytes_of(topic), 0, &puppet->next, err) == LF_OK;
    if (order == TAKE) {
        puppet->given = false;
        puppet->options.revoked(puppet->options.ctx, lf_bytes_of(topic), 0, puppet->lost);
        pthread_mutex_lock(&puppet->lock);
        puppet->taken = true;
        pthread_mutex_unlock(&puppet->lock);
    }
    if (!puppet->given || puppet->next >= puppet->end) {
        lf_clock_sleep_ms(1);
        return LF_OK;
    }
    puppet->record = record_of(topic, "k", "v");
    puppet->record.offset = puppet->next++;
    *ret = (struct lf_log_batch){.records = &puppet->record, .count = 1};
    return LF_OK;
}

static void
puppet_committed(struct lf_log_reader *reader, struct lf_bytes name, int32_t partition, int64_t next)
{
    (void)name, (void)partition;
    pthread_mutex_lock(&of_reader(reader)->lock);
    of_reader(reader)->committed = next;
    pthread_mutex_unlock(&of_reader(reader)->lock);
}

static enum lf_status
puppet_seek(struct lf_log_reader *reader, struct lf_bytes name, int32_t partition, int64_t offset, struct lf_err *err)
{
    (void)name, (void)partition, (void)err;
    of_reader(reader)->next = offset;
    return LF_OK;
}

static void
puppet_interrupt(struct lf_log_reader *reader)
{
    (void)reader;
}

static void
puppet_reader_close(struct lf_log_reader *reader)
{
    (void)reader;
}

static const struct lf_log_ops puppet_ops = {.name = "puppet",
                                             .groups = true,
                                             .close = puppet_close,
                                             .reader_open = puppet_open,
                                             .read = puppet_read,
                                             .seek = puppet_seek,
                                             .committed = puppet_committed,
                                             .interrupt = puppet_interrupt,
                                             .reader_close = puppet_reader_close};

static void
command(struct puppet *puppet, enum order order)
{
    pthread_mutex_lock(&puppet->lock);
    puppet->order = order;
    puppet->taken = false;
    pthread_mutex_unlock(&puppet->lock);
}

static bool
is_taken(struct puppet *puppet)
{
    pthread_mutex_lock(&puppet->lock);
    bool taken = puppet->taken;
    pthread_mutex_unlock(&puppet->lock);
    return taken;
}

static void
await_taken(struct puppet *puppet)
{
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (!is_taken(puppet)) {
        assert_true(lf_clock_mono_ms() < deadline);
        lf_clock_sleep_ms(1);
    }
}

#define PUPPET {.log = {.ops = &puppet_ops}, .lock = PTHREAD_MUTEX_INITIALIZER, .end = 1000, .committed = -1}

/* What the lane works on is finished before the partition is given away, and the group hears how far it came. */
static void
a_batch_is_finished_before_its_partition_is_given_away(void **state)
{
    struct puppet puppet = PUPPET;
    struct owner owner = {.next = {7}};
    struct lf_err err = {0};
    (void)state;
    struct lf_log *log = share(&puppet.log, (struct lf_log_share_options){.lanes = 1, .revoke_ms = PATIENCE_MS});
    open_lane(log, &owner);
    command(&puppet, GIVE);
    read_until(&owner, 3); /* now in work */
    int64_t stands = owner.next[0];
    command(&puppet, TAKE);
    for (int i = 0; i < 30; i++) {
        lf_clock_sleep_ms(1);
        assert_false(is_taken(&puppet));
    }
    lf_log_committed(owner.reader, lf_bytes_of(topic), 0, stands);
    assert_ok(read_one(&owner, 0, &err));
    await_taken(&puppet);
    assert_false(owner.mine[0]);
    assert_false(owner.lost);
    assert_int_equal(owner.next[0], stands); /* nothing of it came after */
    assert_int_equal(puppet.committed, stands);
    command(&puppet, GIVE); /* and back again */
    read_until(&owner, owner.records + 3);
    lf_log_reader_close(owner.reader);
    lf_log_close(log);
}

static void
a_lane_that_does_not_come_back_is_not_waited_for_for_ever(void **state)
{
    struct puppet puppet = PUPPET;
    struct owner owner = {0};
    struct lf_err err = {0};
    (void)state;
    struct lf_log *log = share(&puppet.log, (struct lf_log_share_options){.lanes = 1, .revoke_ms = 20});
    open_lane(log, &owner);
    command(&puppet, GIVE);
    read_until(&owner, 3);
    puppet.lost = true;
    command(&puppet, TAKE);
    await_taken(&puppet);
    assert_true(owner.mine[0]);
    command(&puppet, GIVE);
    owner.next[0] = 500; /* somebody else went on meanwhile */
    read_until(&owner, owner.records + 2);
    assert_true(owner.lost);
    assert_true(owner.mine[0]);
    assert_true(owner.next[0] > 500);
    command(&puppet, TAKE);
    await_taken(&puppet);
    lf_log_reader_close(owner.reader); /* without having heard */
    (void)err;
    lf_log_close(log);
}

static void
failures_are_told_and_forgotten(void **state)
{
    struct puppet puppet = PUPPET;
    struct owner one = {0}, two = {0};
    struct lf_err err = {0};
    (void)state;
    struct lf_log *log = share(&puppet.log, (struct lf_log_share_options){.lanes = 2});
    command(&puppet, FAIL);
    open_lane(log, &one);
    open_lane(log, &two);
    while (read_one(&one, 10, &err) == LF_OK)
        ;
    assert_int_equal(err.status, LF_UNAVAILABLE);
    while (read_one(&two, 10, &err) == LF_OK)
        ;
    command(&puppet, GIVE);
    int64_t deadline = lf_clock_mono_ms() + PATIENCE_MS;
    while (one.records < 3) {
        enum lf_status st = read_one(&one, 10, &err);
        assert_true(st == LF_OK || st == LF_UNAVAILABLE);
        assert_true(lf_clock_mono_ms() < deadline);
    }
    assert_ok(read_one(&two, 10, &err)); /* though the log failed in the meantime */
    command(&puppet, OUT_OF_RANGE);
    while (read_one(&one, 10, &err) == LF_OK)
        ;
    assert_int_equal(err.status, LF_CORRUPT);
    lf_log_reader_close(one.reader);
    lf_log_reader_close(two.reader);
    lf_log_close(log);
}

/* ---- without memory ---- */

static void
opening_without_memory(void **state)
{
    (void)state;
    struct lf_log *inner = open_memory();
    for (uint64_t n = 1;; n++) {
        struct lf_err err = {0};
        struct lf_log *log = NULL;
        const struct lf_log_share_options options = {.lanes = 3};
        int64_t live = lf_mem_live();
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_log_share_open(inner, &options, &log, &err);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        if (st == LF_OK)
            lf_log_close(log);
        assert_int_equal(lf_mem_live(), live);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        if (!hit)
            break;
    }
    lf_log_close(inner);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_partition_is_one_lanes_and_each_record_comes_once),
        cmocka_unit_test(a_full_lane_does_not_stop_the_others),
        cmocka_unit_test(seeks_go_both_ways_and_nothing_from_before_comes),
        cmocka_unit_test(a_held_partition_goes_on_where_it_is_told),
        cmocka_unit_test(while_paused_nothing_comes),
        cmocka_unit_test(a_batch_is_finished_before_its_partition_is_given_away),
        cmocka_unit_test(a_lane_that_does_not_come_back_is_not_waited_for_for_ever),
        cmocka_unit_test(failures_are_told_and_forgotten),
        cmocka_unit_test(opening_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
