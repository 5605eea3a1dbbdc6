/* A copy has every record of the source once and in order, however often it was broken off. */
#include "log/fault.h"
#include "server/copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 60, PARTITIONS_MAX = 5, SEEN_MAX = 400 };

static const struct lf_bytes topic = {"orders", 6};

struct world {
    struct lf_log *from, *to;
    struct lf_log_writer *source, *target;
    int sources, targets;
    struct lf_copy_result result;
    int calls, stop_at; /* of progress */
};

static struct lf_log *
open_log(int partitions)
{
    const struct lf_log_options options = {.url = "memory:", .create_topics = true, .partitions = partitions};
    struct lf_log *log = NULL;
    struct lf_err err = {0};
    assert_int_equal(lf_log_open(&options, &log, &err), LF_OK);
    return log;
}

static void
no_ack(void *ctx, const struct lf_log_ack *ack)
{
    (void)ctx;
    (void)ack;
}

static struct lf_log_writer *
open_writer(struct lf_log *log)
{
    struct lf_log_writer *writer = NULL;
    struct lf_err err = {0};
    assert_int_equal(lf_log_writer_open(log, (struct lf_wake){0}, no_ack, NULL, &writer, &err), LF_OK);
    return writer;
}

static void
open_world(struct world *world, int sources, int targets)
{
    *world = (struct world){.sources = sources, .targets = targets};
    world->from = open_log(sources);
    world->to = open_log(targets);
    world->source = open_writer(world->from);
    world->target = open_writer(world->to);
}

static void
close_world(struct world *world)
{
    lf_log_writer_close(world->source);
    lf_log_writer_close(world->target);
    lf_log_close(world->from);
    lf_log_close(world->to);
}

static void
append(struct lf_log_writer *writer, const struct lf_record *record)
{
    struct lf_log_ack ack;
    struct lf_err err = {0};
    assert_int_equal(lf_log_append_wait(writer, record, &ack, &err), LF_OK);
}

/* Records number from to from + count - 1, each told by its value; keys and partitions change from one to the next. */
static void
fill(struct world *world, int from, int count)
{
    for (int i = from; i < from + count; i++) {
        char value[32], key[32];
        snprintf(value, sizeof(value), "value %d", i);
        snprintf(key, sizeof(key), "key %d", i % 7);
        const struct lf_header headers[] = {{LF_LIT("a"), lf_bytes_of(value)}, {LF_LIT("a"), LF_BYTES_NONE}};
        append(world->source, &(struct lf_record){.topic = topic,
                                                  .partition = world->sources > 1 ? i % 7 % world->sources : 0,
                                                  .timestamp_ms = 1000 + i,
                                                  .key = i % 11 == 0 ? LF_BYTES_NONE : lf_bytes_of(key),
                                                  .value = i % 13 == 0 ? LF_BYTES_NONE : lf_bytes_of(value),
                                                  .headers = headers,
                                                  .header_count = 2});
    }
}

static bool
tell(void *ctx, const char *what, int64_t done, int64_t total)
{
    struct world *world = ctx;
    assert_non_null(what);
    assert_true(done <= total);
    return ++world->calls != world->stop_at;
}

static enum lf_status
copy(struct world *world, size_t batch)
{
    const struct lf_copy_options options = {
        .from = world->from, .to = world->to, .topic = topic, .batch_records = batch, .progress = {tell, world}};
    struct lf_err err = {0};
    world->calls = 0;
    enum lf_status st = lf_copy(&options, &world->result, &err);
    assert_int_equal(st, err.status);
    return st;
}

/* ---- looking at a log ---- */

struct seen {
    char text[192]; /* "key|value|time|headers" */
    int partition;
};
struct look {
    struct seen seen[SEEN_MAX];
    size_t count;
    bool with_mark;
};

static void
add_part(char *out, size_t size, struct lf_bytes part)
{
    size_t len = strlen(out);
    if (part.ptr == NULL)
        snprintf(out + len, size - len, "null|");
    else
        snprintf(out + len, size - len, "%.*s|", LF_FMT(part));
}

static void
see(struct look *look, const struct lf_record *record)
{
    assert_true(look->count < SEEN_MAX);
    struct seen *seen = &look->seen[look->count++];
    snprintf(seen->text, sizeof(seen->text), "%d|", (int)record->timestamp_ms);
    seen->partition = record->partition;
    add_part(seen->text, sizeof(seen->text), record->key);
    add_part(seen->text, sizeof(seen->text), record->value);
    size_t count = record->header_count;
    if (look->with_mark) {
        assert_true(count > 0);
        assert_true(lf_bytes_equal_text(record->headers[--count].name, LF_COPY_HEADER));
    }
    for (size_t i = 0; i < count; i++) {
        add_part(seen->text, sizeof(seen->text), record->headers[i].name);
        add_part(seen->text, sizeof(seen->text), record->headers[i].value);
    }
}

static void
look_at(struct lf_log *log, struct look *look)
{
    const struct lf_log_reader_options options = {.topics = &topic, .topic_count = 1};
    struct lf_log_reader *reader = NULL;
    struct lf_log_batch batch = {0};
    struct lf_err err = {0};
    assert_int_equal(lf_log_reader_open(log, &options, &reader, &err), LF_OK);
    do {
        assert_int_equal(lf_log_read(reader, 100, 100000, 0, &batch, &err), LF_OK);
        for (size_t i = 0; i < batch.count; i++)
            see(look, &batch.records[i]);
    } while (batch.count != 0);
    lf_log_reader_close(reader);
}

static size_t
find(const struct look *look, const char *text)
{
    size_t at = SEEN_MAX;
    for (size_t i = 0; i < look->count; i++) {
        if (strcmp(look->seen[i].text, text) == 0) {
            assert_int_equal(at, SEEN_MAX); /* once only */
            at = i;
        }
    }
    assert_int_not_equal(at, SEEN_MAX);
    return at;
}

static bool
same_key(const struct seen *a, const struct seen *b)
{
    const char *x = strchr(a->text, '|'), *y = strchr(b->text, '|');
    size_t len = strcspn(x + 1, "|") + 2;
    return strncmp(x, y, len) == 0;
}

/* Both logs are open for looking only when no copy runs. All records, once, those of a key in order. */
static void
expect_all(struct world *world, size_t count)
{
    static struct look from, to;
    from.count = to.count = 0;
    to.with_mark = true;
    look_at(world->from, &from);
    look_at(world->to, &to);
    assert_int_equal(from.count, count);
    assert_int_equal(to.count, count);
    static size_t places[SEEN_MAX];
    for (size_t i = 0; i < count; i++) {
        places[i] = find(&to, from.seen[i].text);
        const struct seen *copied = &to.seen[places[i]];
        if (world->sources == world->targets)
            assert_int_equal(copied->partition, from.seen[i].partition);
        for (size_t k = 0; k < i; k++) {
            if (from.seen[k].partition == from.seen[i].partition && same_key(&from.seen[k], &from.seen[i])) {
                assert_int_equal(to.seen[places[k]].partition, copied->partition);
                assert_true(places[k] < places[i]);
            }
        }
    }
}

/* ---- tests ---- */

static const int shapes[][2] = {{1, 1}, {3, 3}, {1, 4}, {3, 1}, {2, 5}, {5, 2}};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

static void
everything_is_copied_once(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        struct world world;
        open_world(&world, shapes[i][0], shapes[i][1]);
        fill(&world, 0, COUNT);
        assert_int_equal(copy(&world, 7), LF_OK);
        assert_int_equal(world.result.copied, COUNT);
        expect_all(&world, COUNT);
        assert_int_equal(copy(&world, 7), LF_OK);
        assert_int_equal(world.result.copied, 0);
        assert_int_equal(world.result.present + world.result.before, COUNT);
        fill(&world, COUNT, COUNT);
        assert_int_equal(copy(&world, 7), LF_OK);
        assert_int_equal(world.result.copied, COUNT);
        expect_all(&world, 2 * COUNT);
        close_world(&world);
    }
}

static void
one_that_was_broken_off_goes_on(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES; i++) {
        struct world world;
        open_world(&world, shapes[i][0], shapes[i][1]);
        fill(&world, 0, COUNT);
        enum lf_status st = LF_CLOSED;
        int times = 0;
        for (world.stop_at = 1; st == LF_CLOSED && times < 200; times++, world.stop_at += times % 2) {
            st = copy(&world, 7);
            assert_true(st == LF_OK || st == LF_CLOSED);
        }
        assert_int_equal(st, LF_OK);
        assert_true(times > 3);
        expect_all(&world, COUNT);
        close_world(&world);
    }
}

/* Fails the n-th append so; true if the copy could be gone on with. */
static bool
go_on_after(unsigned op, enum lf_log_fault_kind kind, uint64_t n, bool *ret_hit)
{
    struct world world;
    struct lf_err err = {0};
    const struct lf_log_fault_plan plan = {.ops = op, .kind = kind, .at = n};
    open_world(&world, 1, 3);
    fill(&world, 0, 30);
    struct lf_log *faulty = NULL;
    assert_int_equal(lf_log_fault_open(world.to, &plan, &faulty, &err), LF_OK);
    world.to = faulty;
    enum lf_status st = copy(&world, 7);
    *ret_hit = lf_log_fault_hit(faulty);
    assert_int_equal(st == LF_OK, !*ret_hit);
    lf_log_fault_plan(faulty, NULL);
    st = copy(&world, 7);
    assert_true(st == LF_OK || st == LF_CONFLICT);
    if (st == LF_OK)
        expect_all(&world, 30);
    close_world(&world);
    return st == LF_OK;
}

static void
one_whose_log_failed_goes_on_or_says_that_it_cannot(void **state)
{
    (void)state;
    bool hit = true;
    for (uint64_t n = 1; hit; n++)
        assert_true(go_on_after(LF_LOG_FAULT_APPEND, LF_LOG_FAULT_FAIL, n, &hit));
    hit = true;
    for (uint64_t n = 1; hit; n++)
        assert_true(go_on_after(LF_LOG_FAULT_ACK, LF_LOG_FAULT_LOSE_ACK, n, &hit));
    int whole = 0, holes = 0;
    hit = true;
    for (uint64_t n = 1; hit; n++) {
        bool good = go_on_after(LF_LOG_FAULT_ACK, LF_LOG_FAULT_FAIL, n, &hit);
        whole += good;
        holes += !good;
    }
    assert_true(whole > 1);
    assert_true(holes > 1); /* this fault lets later records of the batch through */
}

static void
mark_as_copied(struct world *world, const char *mark, const char *value)
{
    const struct lf_header header = {LF_LIT(LF_COPY_HEADER), lf_bytes_of(mark)};
    append(world->target,
           &(struct lf_record){
               .topic = topic, .partition = 0, .value = lf_bytes_of(value), .headers = &header, .header_count = 1});
}

static void
a_hole_is_not_filled(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, 1, 1);
    fill(&world, 0, 10);
    mark_as_copied(&world, "orders/0/0", "0");
    mark_as_copied(&world, "orders/0/2", "2");
    assert_int_equal(copy(&world, 7), LF_CONFLICT);
    assert_int_equal(world.result.copied, 0);
    close_world(&world);
}

static void
the_copy_of_another_log_is_not_gone_on_with(void **state)
{
    (void)state;
    static const char *const marks[] = {"orders/0/10", "orders/1/0"};
    for (size_t i = 0; i < 2; i++) {
        struct world world;
        open_world(&world, 1, 1);
        fill(&world, 0, 10);
        mark_as_copied(&world, marks[i], "x");
        assert_int_equal(copy(&world, 7), LF_CONFLICT);
        close_world(&world);
    }
}

static void
what_others_wrote_does_no_harm(void **state)
{
    (void)state;
    static const char *const marks[] = {"order/0/1", "orders", "orders/0", "orders/x/1", "orders/0/-1", "ordersx/0/1"};
    struct world world;
    open_world(&world, 1, 1);
    fill(&world, 0, 10);
    for (size_t i = 0; i < 6; i++)
        mark_as_copied(&world, marks[i], "x");
    assert_int_equal(copy(&world, 3), LF_OK);
    assert_int_equal(world.result.copied, 10);
    for (int i = 0; i < 5; i++)
        append(world.target, &(struct lf_record){.topic = topic, .value = LF_LIT("x")});
    fill(&world, 10, 10);
    assert_int_equal(copy(&world, 3), LF_OK);
    assert_int_equal(world.result.copied, 10);
    close_world(&world);
}

/* A copy of a copy has one mark, its own. */
static void
marks_do_not_pile_up(void **state)
{
    (void)state;
    struct world there, back;
    open_world(&there, 1, 2);
    open_world(&back, 2, 1);
    fill(&there, 0, 20);
    assert_int_equal(copy(&there, 7), LF_OK);
    struct lf_log *own = back.from;
    back.from = there.to;
    assert_int_equal(copy(&back, 7), LF_OK);
    struct world both = {.from = there.from, .to = back.to, .sources = 1, .targets = 1};
    static struct look from, to;
    to.with_mark = true;
    look_at(both.from, &from);
    look_at(both.to, &to);
    assert_int_equal(to.count, 20);
    for (size_t i = 0; i < from.count; i++)
        (void)find(&to, from.seen[i].text);
    back.from = own;
    close_world(&back);
    close_world(&there);
}

static void
a_topic_that_is_not_there(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, 1, 1);
    assert_int_equal(copy(&world, 7), LF_NOT_FOUND);
    close_world(&world);
}

static void
an_empty_topic(void **state)
{
    (void)state;
    struct world world;
    struct lf_err err = {0};
    open_world(&world, 2, 3);
    assert_int_equal(lf_log_ensure_topic(world.from, topic, 1000, &err), LF_OK);
    assert_int_equal(copy(&world, 7), LF_OK);
    assert_int_equal(world.result.copied, 0);
    close_world(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_copied_once),
        cmocka_unit_test(one_that_was_broken_off_goes_on),
        cmocka_unit_test(one_whose_log_failed_goes_on_or_says_that_it_cannot),
        cmocka_unit_test(a_hole_is_not_filled),
        cmocka_unit_test(the_copy_of_another_log_is_not_gone_on_with),
        cmocka_unit_test(what_others_wrote_does_no_harm),
        cmocka_unit_test(marks_do_not_pile_up),
        cmocka_unit_test(a_topic_that_is_not_there),
        cmocka_unit_test(an_empty_topic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
