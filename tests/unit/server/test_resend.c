/* Dead letters into the log again: which, where to, how; and what becomes of the others when one is refused. */
#include "base/mem.h"
#include "log/fault.h"
#include "server/copy.h"
#include "server/letters.h"
#include "server/resend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TOLD_MAX = 64 };

struct world {
    struct lf_log *log;
    struct lf_store *store;
    struct lf_store_session *session;
    struct lf_model model;
    struct lf_resend_result result;
    struct lf_err err;
    char told[TOLD_MAX][160]; /* "t/0@3 -> t/0@0" or "t/0@3: why" */
    size_t told_count;
    int stop_at;      /* progress */
    int64_t grows_at; /* a dead letter of this place is added while another is told of; 0: none */
};

static struct world world;

static int
setup(void **state)
{
    struct lf_err err = {0};
    struct lf_log *inner = NULL;
    const struct lf_log_options log = {.url = "memory:", .create_topics = true, .partitions = 2};
    world = (struct world){0};
    const struct lf_store_options store = {.url = "memory:", .model = &world.model};
    assert_int_equal(lf_log_open(&log, &inner, &err), LF_OK);
    assert_int_equal(lf_log_fault_open(inner, NULL, &world.log, &err), LF_OK);
    assert_int_equal(lf_log_ensure_topic(world.log, LF_LIT("t"), 0, &err), LF_OK);
    assert_int_equal(lf_store_open(&store, &world.store, &err), LF_OK);
    assert_int_equal(lf_store_session_open(world.store, true, &world.session, &err), LF_OK);
    *state = &world;
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    lf_store_session_close(world.session);
    lf_store_close(world.store);
    lf_log_close(world.log);
    return 0;
}

static struct lf_dead_letter
letter(int64_t offset, const char *id)
{
    return (struct lf_dead_letter){.place = {LF_LIT("t"), 0, offset},
                                   .event_id = id != NULL ? lf_bytes_of(id) : LF_BYTES_NONE,
                                   .event_type = LF_LIT("Made"),
                                   .key = LF_LIT("k"),
                                   .value = LF_LIT("{}"),
                                   .stage = LF_LIT("validate"),
                                   .code = LF_LIT("EVENT_INVALID"),
                                   .reason = LF_LIT("no"),
                                   .record_time_ms = 1000,
                                   .dead_at_us = 1};
}

static void
bury(const struct lf_dead_letter *letters, size_t count)
{
    struct lf_err err = {0};
    assert_int_equal(lf_store_begin(world.session, &err), LF_OK);
    assert_int_equal(lf_store_bury(world.session, letters, count, &err), LF_OK);
    assert_int_equal(lf_store_commit(world.session, &err), LF_OK);
}

static void
store_event(const char *id, int64_t offset)
{
    struct lf_err err = {0};
    const struct lf_event event = {.id = lf_bytes_of(id),
                                   .type_name = LF_LIT("Made"),
                                   .payload = LF_VALUE_NULL,
                                   .place = {LF_LIT("t"), 1, offset}};
    const struct lf_event *events[] = {&event};
    enum lf_append_outcome outcome;
    assert_int_equal(lf_store_begin(world.session, &err), LF_OK);
    assert_int_equal(lf_store_append(world.session, events, 1, &outcome, &err), LF_OK);
    assert_int_equal(lf_store_commit(world.session, &err), LF_OK);
}

static void
note(void *ctx, const struct lf_resent *one)
{
    struct world *w = ctx;
    if (w->grows_at != 0) {
        char id[16];
        snprintf(id, sizeof(id), "n%lld", (long long)w->grows_at);
        const struct lf_dead_letter more = letter(w->grows_at++, id);
        bury(&more, 1);
    }
    char *text = w->told[w->told_count++];
    size_t size = sizeof(w->told[0]);
    assert_true(w->told_count <= TOLD_MAX);
    int len = one->letter == NULL ? snprintf(text, size, "%s", one->name)
                                  : snprintf(text, size, "%.*s/%d@%lld", LF_FMT(one->letter->place.topic),
                                             one->letter->place.partition, (long long)one->letter->place.offset);
    if (one->why != NULL)
        snprintf(text + len, size - (size_t)len, ": %s", one->why);
    else if (one->place.topic.ptr != NULL)
        snprintf(text + len, size - (size_t)len, " -> %.*s/%d@%lld", LF_FMT(one->place.topic), one->place.partition,
                 (long long)one->place.offset);
}

static bool
note_progress(void *ctx, const char *what, int64_t done, int64_t total)
{
    struct world *w = ctx;
    assert_string_equal(what, "replay");
    assert_true(done > 0 && total == -1);
    return --w->stop_at != 0;
}

static struct lf_resend_options
options(void)
{
    return (struct lf_resend_options){
        .store = world.store, .log = world.log, .told = note, .ctx = &world, .progress = {note_progress, &world}};
}

static enum lf_status
resend(const struct lf_resend_options *wanted)
{
    world.told_count = 0;
    world.err = (struct lf_err){0};
    enum lf_status st = lf_resend(wanted, &world.result, &world.err);
    assert_int_equal(st, world.err.status);
    return st;
}

static enum lf_status
resend_all(void)
{
    const struct lf_resend_options wanted = options();
    return resend(&wanted);
}

static enum lf_status
resend_named(const char *name)
{
    struct lf_resend_options wanted = options();
    wanted.names = &name;
    wanted.name_count = 1;
    return resend(&wanted);
}

static void
assert_counts(int64_t replayed, int64_t failed, int64_t healed, int64_t repeated, int64_t nameless, int64_t lost)
{
    const struct lf_resend_result *r = &world.result;
    assert_int_equal(r->replayed, replayed);
    assert_int_equal(r->failed, failed);
    assert_int_equal(r->healed, healed);
    assert_int_equal(r->repeated, repeated);
    assert_int_equal(r->nameless, nameless);
    assert_int_equal(r->lost, lost);
}

/* The records of a partition, and a reader that keeps them. */
static struct lf_log_reader *
read_log(struct lf_log_batch *ret)
{
    static struct lf_bytes topic = {"t", 1};
    const struct lf_log_reader_options reading = {.topics = &topic, .topic_count = 1};
    struct lf_log_reader *reader = NULL;
    struct lf_err err = {0};
    assert_int_equal(lf_log_reader_open(world.log, &reading, &reader, &err), LF_OK);
    assert_int_equal(lf_log_read(reader, 1000, 1000000, 0, ret, &err), LF_OK);
    return reader;
}

static void
assert_header(const struct lf_record *record, size_t i, const char *name, struct lf_bytes value)
{
    assert_true(i < record->header_count);
    assert_true(lf_bytes_equal_text(record->headers[i].name, name));
    assert_true(lf_bytes_equal(record->headers[i].value, value));
}

/* ---- tests ---- */

static void
test_the_record_is_what_it_was(void **state)
{
    (void)state;
    const struct lf_header headers[] = {{LF_LIT("a"), LF_LIT("1")},
                                        {LF_LIT(LF_REPLAY_HEADER), LF_LIT("t/0/1")},
                                        {LF_LIT("a"), {"\xff\0", 2}},
                                        {LF_LIT(LF_COPY_HEADER), LF_LIT("t/0/7")},
                                        {LF_LIT("__connect.errors.topic"), LF_LIT("another's")}};
    struct lf_dead_letter letters[2] = {letter(7, "e1"), letter(8, NULL)};
    letters[0].headers = headers;
    letters[0].header_count = 5;
    letters[0].place.partition = 1;
    letters[0].value = (struct lf_bytes){"\0\xff", 2};
    letters[1].key = letters[1].value = LF_BYTES_NONE;
    letters[1].record_time_ms = 0;
    bury(letters, 2);
    assert_int_equal(resend_named("e1"), LF_OK);
    assert_string_equal(world.told[0], "t/1@7 -> t/1@0");
    assert_int_equal(resend_named("t/0@8"), LF_OK);
    assert_string_equal(world.told[0], "t/0@8 -> t/0@0");
    assert_counts(1, 0, 0, 0, 0, 0);

    struct lf_log_batch batch;
    struct lf_log_reader *reader = read_log(&batch);
    assert_int_equal(batch.count, 2);
    const struct lf_record *first = &batch.records[batch.records[0].partition == 1 ? 0 : 1];
    const struct lf_record *second = &batch.records[batch.records[0].partition == 1 ? 1 : 0];
    assert_true(lf_bytes_equal(first->value, letters[0].value));
    assert_int_equal(first->timestamp_ms, 1000);
    assert_int_equal(first->header_count, 4);
    assert_header(first, 0, "a", LF_LIT("1"));
    assert_header(first, 1, "a", headers[2].value);
    assert_header(first, 2, "__connect.errors.topic", LF_LIT("another's"));
    assert_header(first, 3, LF_REPLAY_HEADER, LF_LIT("t/1/7"));
    assert_null(second->key.ptr);
    assert_null(second->value.ptr);
    assert_int_equal(second->timestamp_ms, 1);
    assert_header(second, 0, LF_REPLAY_HEADER, LF_LIT("t/0/8"));
    lf_log_reader_close(reader);
}

/* e1 twice, e2 stored, e3 in conflict with what is stored, two without an id of which one was replayed, lost ones. */
static void
bury_of_each(void)
{
    const struct lf_header again[] = {{LF_LIT(LF_REPLAY_HEADER), LF_LIT("t/0/5")}};
    struct lf_dead_letter letters[] = {letter(1, "e1"), letter(2, "e1"), letter(3, "e2"), letter(4, "e3"),
                                       letter(5, NULL), letter(6, NULL), letter(7, NULL), letter(8, "e4")};
    letters[3].code = LF_LIT("EVENT_CONFLICT");
    letters[4].code = letters[5].code = LF_LIT("NOT_AN_EVENT");
    letters[5].headers = again;
    letters[5].header_count = 1;
    letters[6].code = LF_LIT(LF_LETTER_LOST);
    letters[7].event_type = LF_LIT("Other");
    letters[7].place.topic = LF_LIT("t~20261124T080000Z");
    bury(letters, sizeof(letters) / sizeof(letters[0]));
    store_event("e2", 1);
    store_event("e3", 2);
}

static void
test_all_are_chosen_among(void **state)
{
    (void)state;
    bury_of_each();
    assert_int_equal(resend_all(), LF_OK);
    assert_counts(2, 0, 2, 1, 2, 1);
    assert_string_equal(world.told[0], "t/0@1 -> t/0@0");
    assert_string_equal(world.told[1], "t~20261124T080000Z/0@8 -> t/0@1"); /* its own topic has no time */

    struct lf_resend_options wanted = options();
    wanted.code = LF_LIT("NOT_AN_EVENT");
    assert_int_equal(resend(&wanted), LF_OK);
    assert_counts(1, 0, 0, 1, 0, 0);
    assert_string_equal(world.told[0], "t/0@5 -> t/0@2");
    wanted.code = LF_LIT(LF_LETTER_LOST);
    assert_int_equal(resend(&wanted), LF_OK);
    assert_counts(0, 0, 0, 0, 0, 1);
    wanted.code = LF_BYTES_NONE;
    wanted.event_type = LF_LIT("Other");
    wanted.log = NULL;
    assert_int_equal(resend(&wanted), LF_OK);
    assert_counts(1, 0, 0, 0, 0, 0);
    assert_string_equal(world.told[0], "t~20261124T080000Z/0@8");
}

static void
test_names_that_cannot_be_replayed(void **state)
{
    (void)state;
    bury_of_each();
    assert_int_equal(resend_named("t/0@99"), LF_OK);
    assert_counts(0, 1, 0, 0, 0, 0);
    assert_string_equal(world.told[0], "t/0@99: no dead letter has this place or eventId");
    assert_int_equal(resend_named("t/0@7"), LF_OK);
    assert_counts(0, 1, 0, 0, 0, 0);
    assert_string_equal(world.told[0], "t/0@7: there is no record: no");
    assert_int_equal(resend_named("e2"), LF_OK); /* healed, but asked for */
    assert_counts(1, 0, 0, 0, 0, 0);
}

static void
test_an_event_id_may_look_like_a_place(void **state)
{
    (void)state;
    struct lf_dead_letter letters[] = {letter(1, "t/0@9"), letter(2, "t/0@1")};
    bury(letters, 2);
    assert_int_equal(resend_named("t/0@9"), LF_OK);
    assert_string_equal(world.told[0], "t/0@1 -> t/0@0");
    assert_int_equal(resend_named("t/0@1"), LF_OK); /* the place goes first */
    assert_string_equal(world.told[0], "t/0@1 -> t/0@1");
}

static void
test_a_partition_that_is_no_more(void **state)
{
    (void)state;
    struct lf_dead_letter one = letter(1, "e1");
    one.place.partition = 5;
    bury(&one, 1);
    assert_int_equal(resend_all(), LF_OK);
    assert_counts(1, 0, 0, 0, 0, 0);
    int32_t partition = lf_log_partition_of(one.key, 2);
    char text[64];
    snprintf(text, sizeof(text), "t/5@1 -> t/%d@0", partition);
    assert_string_equal(world.told[0], text);
}

static void
bury_three(void)
{
    const struct lf_dead_letter letters[] = {letter(1, "e1"), letter(2, "e2"), letter(3, "e3")};
    bury(letters, 3);
}

static void
test_one_that_is_refused_does_not_stop_the_others(void **state)
{
    (void)state;
    bury_three();
    for (unsigned op = LF_LOG_FAULT_APPEND; op <= LF_LOG_FAULT_ACK; op <<= 1) {
        const struct lf_log_fault_plan plan = {.ops = op, .at = 2, .status = LF_LIMIT};
        lf_log_fault_plan(world.log, &plan);
        assert_int_equal(resend_all(), LF_OK);
        assert_counts(2, 1, 0, 0, 0, 0);
        assert_int_equal(strncmp(world.told[1], "t/0@2: ", 7), 0);
        assert_int_equal(strncmp(world.told[2], "t/0@3 -> ", 9), 0);
    }
}

static void
test_a_log_that_is_away_ends_it(void **state)
{
    (void)state;
    bury_three();
    for (unsigned op = LF_LOG_FAULT_APPEND; op <= LF_LOG_FAULT_ACK; op <<= 1) {
        const struct lf_log_fault_plan plan = {.ops = op, .at = 2, .status = LF_UNAVAILABLE};
        lf_log_fault_plan(world.log, &plan);
        assert_int_equal(resend_all(), LF_UNAVAILABLE);
        assert_int_equal(world.result.failed, 0);
        assert_true(world.result.replayed >= 1 && world.result.replayed <= 2);
        assert_int_equal(world.told_count, world.result.replayed);
    }
    const struct lf_log_fault_plan writer = {.ops = LF_LOG_FAULT_WRITER_OPEN, .at = 1};
    lf_log_fault_plan(world.log, &writer);
    assert_int_equal(resend_all(), LF_UNAVAILABLE);
    assert_int_equal(world.told_count, 0);
}

static void
test_another_log(void **state)
{
    (void)state;
    struct lf_dead_letter one = letter(1, "e1");
    one.place.topic = LF_LIT("nowhere");
    bury(&one, 1);
    assert_int_equal(resend_all(), LF_NOT_FOUND);
    assert_non_null(strstr(world.err.text, "nowhere"));
    assert_int_equal(world.told_count, 0);
}

static void
test_a_stop_is_heard_after_what_was_sent(void **state)
{
    (void)state;
    bury_three();
    world.stop_at = 1;
    assert_int_equal(resend_all(), LF_CLOSED);
    assert_counts(3, 0, 0, 0, 0, 0);
    assert_int_equal(world.told_count, 3);
}

static void
test_those_that_come_meanwhile_are_left(void **state)
{
    (void)state;
    bury_three();
    world.grows_at = 10;
    assert_int_equal(resend_all(), LF_OK);
    assert_counts(3, 0, 0, 0, 0, 0);
    assert_int_equal(world.grows_at, 13);
}

static void
test_no_memory(void **state)
{
    (void)state;
    bury_of_each();
    uint64_t n = 0;
    enum lf_status st;
    do {
        lf_mem_fail_at(++n, false);
        st = resend_all();
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        if (st != LF_OK)
            assert_true(st == LF_NO_MEMORY || st == LF_UNAVAILABLE || st == LF_TIMEOUT);
        if (!hit)
            break;
    } while (n < 10000);
    assert_int_equal(st, LF_OK);
    assert_true(n > 5 && n < 10000);
}

static void
test_places(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *topic; /* NULL: none */
        int32_t partition;
        int64_t offset;
    } rows[] = {
        {"t/0@3", "t", 0, 3},
        {"a.b-c_d/12@9223372036854775807", "a.b-c_d", 12, INT64_MAX},
        {"a@b/c/1@2", "a@b/c", 1, 2},
        {"t~20261124T080000Z/0@3", "t~20261124T080000Z", 0, 3},
        {"", NULL, 0, 0},
        {"t/0", NULL, 0, 0},
        {"t@3", NULL, 0, 0},
        {"/0@3", NULL, 0, 0},
        {"t/@3", NULL, 0, 0},
        {"t/0@", NULL, 0, 0},
        {"t/-1@3", NULL, 0, 0},
        {"t/0@+3", NULL, 0, 0},
        {"t/0@3 ", NULL, 0, 0},
        {"t/0x@3", NULL, 0, 0},
        {"t/2147483648@3", NULL, 0, 0},
        {"t/0@9223372036854775808", NULL, 0, 0},
        {"0@3/4", NULL, 0, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_place place;
        bool found = lf_letter_place(rows[i].text, &place);
        if (found != (rows[i].topic != NULL))
            fail_msg("%s", rows[i].text);
        if (found) {
            assert_true(lf_bytes_equal_text(place.topic, rows[i].topic));
            assert_int_equal(place.partition, rows[i].partition);
            assert_int_equal(place.offset, rows[i].offset);
        }
    }
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_record_is_what_it_was),
        CASE(test_all_are_chosen_among),
        CASE(test_names_that_cannot_be_replayed),
        CASE(test_an_event_id_may_look_like_a_place),
        CASE(test_a_partition_that_is_no_more),
        CASE(test_one_that_is_refused_does_not_stop_the_others),
        CASE(test_a_log_that_is_away_ends_it),
        CASE(test_another_log),
        CASE(test_a_stop_is_heard_after_what_was_sent),
        CASE(test_those_that_come_meanwhile_are_left),
        CASE(test_no_memory),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
