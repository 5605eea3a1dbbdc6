/*
 * Folds of an entity's events: pages, as of a time and of an event, what was deleted and made anew. Each read of the
 * store fails once, each allocation too.
 */
#include "bank.h"
#include "base/limits.h"
#include "base/mem.h"
#include "endless.h"
#include "json/json.h"
#include "query/history.h"
#include "store/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum type { OPENED, DEPOSITED, CLOSED }; /* indexes of the bank's events */

static const struct row {
    enum type type;
    const char *id;
    int amount;
    const char *state; /* after it */
} rows[] = {
    {OPENED, "a0", 0, "{\"id\":\"a\",\"owner\":\"o\",\"balance\":0,\"last\":null,\"deposits\":0}"},
    {DEPOSITED, "a1", 5, "{\"id\":\"a\",\"owner\":\"o\",\"balance\":5,\"last\":5,\"deposits\":1}"},
    {DEPOSITED, "a2", 7, "{\"id\":\"a\",\"owner\":\"o\",\"balance\":12,\"last\":7,\"deposits\":2}"},
    {CLOSED, "a3", 0, "null"},
    {OPENED, "a4", 0, "{\"id\":\"a\",\"owner\":\"o\",\"balance\":0,\"last\":null,\"deposits\":0}"},
    {DEPOSITED, "a5", 1, "{\"id\":\"a\",\"owner\":\"o\",\"balance\":1,\"last\":1,\"deposits\":1}"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

struct fixture {
    struct lf_store *store; /* a fault store */
    struct lf_store_session *writer, *reader;
    int64_t next; /* offset */
};

static void
add(struct fixture *fixture, const char *account, enum type type, const char *id, int amount, int64_t time_us)
{
    const struct lf_bytes key = lf_bytes_of(account);
    struct lf_member members[] = {{LF_LIT("id"), lf_value_string(key)},
                                  {LF_LIT("owner"), lf_value_string(LF_LIT("o"))}};
    if (type == DEPOSITED)
        members[1] = (struct lf_member){LF_LIT("amount"), lf_value_int(amount)};
    const struct lf_event event = {.id = lf_bytes_of(id),
                                   .type_name = bank.events[type].type_name,
                                   .type = &bank.events[type],
                                   .payload = lf_value_object(members, bank.events[type].field_count),
                                   .entity_key = key,
                                   .time_us = time_us,
                                   .place = {LF_LIT("t"), 0, fixture->next++}};
    const struct lf_event *const events[] = {&event};
    enum lf_append_outcome outcome;
    struct lf_err err = {0};
    assert_int_equal(lf_store_begin(fixture->writer, &err), LF_OK);
    assert_int_equal(lf_store_append(fixture->writer, events, 1, &outcome, &err), LF_OK);
    assert_int_equal(outcome, LF_APPENDED);
    assert_int_equal(lf_store_commit(fixture->writer, &err), LF_OK);
}

/* The rows as account "a", the n-th at the time 10 n, between those of another account. */
static int
set_up(void **state)
{
    static struct fixture fixture;
    const struct lf_store_options options = {.url = "memory:", .model = &bank};
    struct lf_store *store = NULL;
    struct lf_err err = {0};
    bank_init();
    fixture = (struct fixture){0};
    assert_int_equal(lf_store_open(&options, &store, &err), LF_OK);
    fixture.store = lf_store_fault_new(store);
    assert_non_null(fixture.store);
    assert_int_equal(lf_store_session_open(store, true, &fixture.writer, &err), LF_OK);
    assert_int_equal(lf_store_session_open(fixture.store, false, &fixture.reader, &err), LF_OK);
    add(&fixture, "b", OPENED, "b0", 0, 5);
    for (int i = 0; i < ROWS; i++) {
        char id[20];
        snprintf(id, sizeof(id), "b%d", i + 1);
        add(&fixture, "a", rows[i].type, rows[i].id, rows[i].amount, 10 * i);
        add(&fixture, "b", DEPOSITED, id, 100, 10 * i + 5);
    }
    *state = &fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    lf_store_session_close(fixture->reader);
    lf_store_session_close(fixture->writer);
    lf_store_close(fixture->store);
    bank_release();
    return 0;
}

/* ---- questions ---- */

static struct lf_query_job *
about(const char *account, enum lf_query_kind kind)
{
    struct lf_query_job *job = lf_query_job_new(kind);
    assert_non_null(job);
    job->entity = &bank.entities[0];
    job->key = lf_bytes_of(account);
    return job;
}

static struct lf_query_job *
page_of(const char *account, size_t first, struct lf_bytes after)
{
    struct lf_query_job *job = about(account, LF_QUERY_HISTORY);
    job->list.first = first;
    job->list.after = after;
    return job;
}

static struct lf_query_job *
at_event(const char *account, const char *id)
{
    struct lf_query_job *job = about(account, LF_QUERY_AS_OF);
    job->event_id = lf_bytes_of(id);
    return job;
}

static struct lf_query_job *
at_time(const char *account, int64_t until_us)
{
    struct lf_query_job *job = about(account, LF_QUERY_AS_OF);
    job->until_us = until_us;
    return job;
}

/* What the job is expected to end with; its error is of the same status. */
static void
ask(struct lf_store_session *session, struct lf_query_job *job, enum lf_status expected)
{
    enum lf_status st = job->kind == LF_QUERY_AS_OF ? lf_query_as_of(session, job) : lf_query_history(session, job);
    if (st != expected)
        fail_msg("status %d, not %d: %s", (int)st, (int)expected, job->err.text);
    if (st != LF_OK)
        assert_int_equal(job->err.status, st);
}

static void
is_state(const struct lf_value *state, const char *expected)
{
    struct lf_buf text;
    lf_buf_init(&text, 1000);
    lf_json_write(&text, state);
    if (!lf_bytes_equal_text(lf_buf_view(&text), expected))
        fail_msg("%.*s is not %s", LF_FMT(lf_buf_view(&text)), expected);
    lf_buf_release(&text);
}

/* Asks for the value alone. */
static void
gives(struct lf_store_session *session, struct lf_query_job *job, const char *expected)
{
    ask(session, job, LF_OK);
    is_state(&job->value, expected);
    lf_query_job_free(job);
}

static void
fails(struct lf_store_session *session, struct lf_query_job *job, enum lf_status expected, const char *part)
{
    ask(session, job, expected);
    if (strstr(job->err.text, part) == NULL)
        fail_msg("\"%s\" does not say %s", job->err.text, part);
    lf_query_job_free(job);
}

/* The page's events and states are the rows from the given one on. */
static void
is_page(const struct lf_query_job *job, size_t from, size_t count)
{
    assert_int_equal(job->result.count, count);
    assert_int_equal(job->result.has_next, from + count < ROWS);
    for (size_t i = 0; i < count; i++) {
        assert_true(lf_bytes_equal_text(job->result.events[i].event.id, rows[from + i].id));
        is_state(&job->states[i], rows[from + i].state);
    }
}

/* ---- history ---- */

static void
each_event_has_the_state_after_it(void **state)
{
    struct fixture *fixture = *state;
    struct lf_query_job *job = page_of("a", 100, LF_BYTES_NONE);
    ask(fixture->reader, job, LF_OK);
    is_page(job, 0, ROWS);
    lf_query_job_free(job);
}

static void
pages_follow_each_other(void **state)
{
    struct fixture *fixture = *state;
    for (size_t first = 1; first <= ROWS + 1; first++) {
        struct lf_query_job *before = NULL;
        struct lf_bytes after = LF_BYTES_NONE;
        for (size_t from = 0; from < ROWS; from += first) {
            struct lf_query_job *job = page_of("a", first, after);
            ask(fixture->reader, job, LF_OK);
            is_page(job, from, first < ROWS - from ? first : ROWS - from);
            after = job->result.cursors[job->result.count - 1];
            lf_query_job_free(before);
            before = job;
        }
        struct lf_query_job *beyond = page_of("a", first, after);
        ask(fixture->reader, beyond, LF_OK);
        is_page(beyond, ROWS, 0);
        lf_query_job_free(beyond);
        lf_query_job_free(before);
    }
}

static void
a_page_may_be_empty(void **state)
{
    struct fixture *fixture = *state;
    struct lf_query_job *none = page_of("a", 0, LF_BYTES_NONE), *nobody = page_of("c", 10, LF_BYTES_NONE);
    ask(fixture->reader, none, LF_OK);
    is_page(none, 0, 0);
    ask(fixture->reader, nobody, LF_OK);
    assert_int_equal(nobody->result.count, 0);
    assert_false(nobody->result.has_next);
    lf_query_job_free(none);
    lf_query_job_free(nobody);
}

static void
a_cursor_is_one_of_this_history(void **state)
{
    struct fixture *fixture = *state;
    struct lf_query_job *other = page_of("b", 1, LF_BYTES_NONE);
    ask(fixture->reader, other, LF_OK);
    fails(fixture->reader, page_of("a", 5, other->result.cursors[0]), LF_INVALID, "no cursor of this history");
    fails(fixture->reader, page_of("a", 5, LF_LIT("nonsense")), LF_INVALID, "nonsense");
    fails(fixture->reader, page_of("a", 5, LF_LIT("")), LF_INVALID, "no cursor");
    fails(fixture->reader, page_of("c", 5, other->result.cursors[0]), LF_INVALID, "no cursor of this history");
    lf_query_job_free(other);
}

static void
a_page_has_its_limit(void **state)
{
    struct fixture *fixture = *state;
    fails(fixture->reader, page_of("a", LF_PAGE_MAX + 1, LF_BYTES_NONE), LF_LIMIT, "1000");
}

/* ---- as of ---- */

static void
as_of_an_event_it_is_included(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ROWS; i++)
        gives(fixture->reader, at_event("a", rows[i].id), rows[i].state);
}

static void
as_of_an_event_of_another_there_is_nothing(void **state)
{
    struct fixture *fixture = *state;
    fails(fixture->reader, at_event("a", "b1"), LF_INVALID, "\"b1\" is no stored event of Account \"a\"");
    fails(fixture->reader, at_event("a", "unknown"), LF_INVALID, "\"unknown\"");
    fails(fixture->reader, at_event("a", ""), LF_INVALID, "\"\"");
    fails(fixture->reader, at_event("c", "a0"), LF_INVALID, "Account \"c\"");
}

static void
as_of_a_time_its_events_are_included(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < ROWS; i++) {
        gives(fixture->reader, at_time("a", 10 * i), rows[i].state);
        gives(fixture->reader, at_time("a", 10 * i + 9), rows[i].state);
    }
    gives(fixture->reader, at_time("a", INT64_MAX), rows[ROWS - 1].state);
    gives(fixture->reader, at_time("a", -1), "null");
    gives(fixture->reader, at_time("a", INT64_MIN), "null");
    gives(fixture->reader, at_time("c", INT64_MAX), "null");
}

/* Clocks differ: what was stored behind a later event had not been applied by then. */
static void
as_of_a_time_the_order_of_storing_counts(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "d", OPENED, "d0", 0, 100);
    add(fixture, "d", DEPOSITED, "d1", 1, 300);
    add(fixture, "d", DEPOSITED, "d2", 2, 200);
    gives(fixture->reader, at_time("d", 250),
          "{\"id\":\"d\",\"owner\":\"o\",\"balance\":0,\"last\":null,\"deposits\":0}");
    gives(fixture->reader, at_time("d", 300), "{\"id\":\"d\",\"owner\":\"o\",\"balance\":3,\"last\":2,\"deposits\":2}");
}

/* ---- today's schema ---- */

/* Behind such an event there is no state, before it there is. */
static void
an_event_that_cannot_be_applied_is_named(void **state)
{
    struct fixture *fixture = *state;
    static const char opened[] = "{\"id\":\"d\",\"owner\":\"o\",\"balance\":0,\"last\":null,\"deposits\":0}";
    add(fixture, "d", OPENED, "d0", 0, 0);
    add(fixture, "d", DEPOSITED, "d1", -1, 1); /* against its constraint */
    add(fixture, "e", DEPOSITED, "e0", 1, 0);  /* on an account that is not open */
    struct lf_query_job *job = page_of("d", 1, LF_BYTES_NONE);
    ask(fixture->reader, job, LF_OK);
    is_state(&job->states[0], opened);
    gives(fixture->reader, at_event("d", "d0"), opened);
    gives(fixture->reader, at_time("d", 0), opened);
    fails(fixture->reader, page_of("d", 1, job->result.cursors[0]), LF_UNSUPPORTED, "event \"d1\"");
    fails(fixture->reader, page_of("d", 2, LF_BYTES_NONE), LF_UNSUPPORTED, "event \"d1\"");
    fails(fixture->reader, at_event("d", "d1"), LF_UNSUPPORTED, "event \"d1\"");
    fails(fixture->reader, at_time("d", 1), LF_UNSUPPORTED, "event \"d1\"");
    fails(fixture->reader, page_of("e", 1, LF_BYTES_NONE), LF_UNSUPPORTED, "event \"e0\"");
    lf_query_job_free(job);
}

static void
an_event_that_applies_to_nothing_any_more_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct lf_entity *entity = bank.events[DEPOSITED].entity;
    bank.events[DEPOSITED].entity = NULL;
    struct lf_query_job *job = page_of("a", 3, LF_BYTES_NONE);
    ask(fixture->reader, job, LF_OK);
    assert_int_equal(job->result.count, 3);
    for (size_t i = 0; i < 3; i++)
        is_state(&job->states[i], rows[0].state);
    lf_query_job_free(job);
    gives(fixture->reader, at_event("a", "a2"), rows[0].state);
    bank.events[DEPOSITED].entity = entity;
}

/* ---- many events, and too many ---- */

static const char *
deposits(int count)
{
    static char text[200];
    snprintf(text, sizeof(text), "{\"id\":\"a\",\"owner\":\"o\",\"balance\":%d,\"last\":1,\"deposits\":%d}", count,
             count);
    return text;
}

static void
states_outlive_the_pages_they_are_folded_from(void **state)
{
    (void)state;
    struct endless endless;
    struct lf_store_session *session = endless_open(&endless, 1501);
    gives(session, at_time("a", INT64_MAX), deposits(1500));
    gives(session, at_event("a", "e499"), deposits(499)); /* the last of a page, and the first */
    gives(session, at_event("a", "e500"), deposits(500));
    gives(session, at_time("a", 1000), deposits(1000));
    struct lf_query_job *job = page_of("a", 2, LF_LIT("1499"));
    ask(session, job, LF_OK);
    is_state(&job->states[0], deposits(1499));
    is_state(&job->states[1], deposits(1500));
    lf_query_job_free(job);
    fails(session, page_of("a", 2, LF_LIT("2000")), LF_INVALID, "no cursor of this history");
    lf_store_session_close(session);
}

static void
too_many_events_are_refused(void **state)
{
    (void)state;
    struct endless endless;
    const int most = LF_HISTORY_EVENTS_MAX;
    char last[20], before_last[20], id[20];
    snprintf(last, sizeof(last), "%d", most);
    snprintf(before_last, sizeof(before_last), "%d", most - 1);
    snprintf(id, sizeof(id), "e%d", most - 1);
    struct lf_store_session *session = endless_open(&endless, (size_t)most + 1);
    gives(session, at_event("a", id), deposits(most - 1));
    fails(session, at_time("a", INT64_MAX), LF_LIMIT, "more than 100000 events");
    struct lf_query_job *job = page_of("a", 1, lf_bytes_of(before_last));
    ask(session, job, LF_OK);
    is_state(&job->states[0], deposits(most - 1));
    lf_query_job_free(job);
    fails(session, page_of("a", 1, lf_bytes_of(last)), LF_LIMIT, "Account \"a\" has more than 100000 events");
    lf_store_session_close(session);
}

/* ---- failures ---- */

/* The questions whose every step is made to fail: pages before the answer's, one and none. */
static struct lf_query_job *
question(size_t number)
{
    switch (number) {
    case 0: return page_of("a", 3, LF_LIT("1200"));
    case 1: return page_of("a", 3, LF_BYTES_NONE);
    case 2: return at_event("a", "e1200");
    case 3: return at_time("a", INT64_MAX);
    default: return NULL;
    }
}

static void
each_read_may_fail(void **state)
{
    (void)state;
    static const uint64_t reads[] = {4, 1, 3, 3};
    static const enum lf_status statuses[] = {LF_UNAVAILABLE, LF_CORRUPT, LF_NO_MEMORY};
    for (size_t i = 0; i < 4; i++) {
        for (uint64_t n = 1; n <= reads[i] + 1; n++) {
            struct endless endless;
            struct lf_store_session *inner = endless_open(&endless, 1300), *session = NULL;
            struct lf_err err = {0};
            struct lf_store *faulty = lf_store_fault_new(&endless.store);
            assert_non_null(faulty);
            assert_int_equal(lf_store_session_open(faulty, false, &session, &err), LF_OK);
            lf_store_fault_arm(faulty,
                               (struct lf_store_fault){.ops = LF_FAULT_READ, .nth = n, .status = statuses[n % 3]});
            struct lf_query_job *job = question(i);
            ask(session, job, n <= reads[i] ? statuses[n % 3] : LF_OK);
            assert_int_equal(lf_store_fault_hits(faulty), n <= reads[i]);
            lf_query_job_free(job);
            lf_store_session_close(session);
            lf_store_session_close(inner);
            lf_store_close(faulty);
        }
    }
}

static void
each_allocation_may_fail_of(struct lf_store_session *session, struct lf_query_job *(*make)(size_t number))
{
    for (size_t i = 0; i < 4; i++) {
        bool hit = true;
        for (uint64_t n = 1; hit; n++) {
            int64_t live = lf_mem_live();
            struct lf_query_job *job = make(i);
            lf_mem_fail_at(n, n % 2 == 0);
            enum lf_status st =
                job->kind == LF_QUERY_AS_OF ? lf_query_as_of(session, job) : lf_query_history(session, job);
            hit = lf_mem_fault_hit();
            lf_mem_fail_at(0, false);
            assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
            assert_int_equal(job->err.status, hit ? LF_NO_MEMORY : 0);
            lf_query_job_free(job);
            assert_int_equal(lf_mem_live(), live);
            assert_true(n < 2000);
        }
    }
}

static struct lf_query_job *
question_of_few(size_t number)
{
    switch (number) {
    case 0: return page_of("a", 3, LF_BYTES_NONE);
    case 1: return page_of("a", 100, LF_BYTES_NONE);
    case 2: return at_event("a", "a5");
    case 3: return at_time("a", INT64_MAX);
    default: return NULL;
    }
}

static void
each_allocation_may_fail(void **state)
{
    struct fixture *fixture = *state;
    struct endless endless;
    struct lf_store_session *session = endless_open(&endless, 1300);
    each_allocation_may_fail_of(session, question);
    each_allocation_may_fail_of(fixture->reader, question_of_few);
    lf_store_session_close(session);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_event_has_the_state_after_it),
        TEST(pages_follow_each_other),
        TEST(a_page_may_be_empty),
        TEST(a_cursor_is_one_of_this_history),
        TEST(a_page_has_its_limit),
        TEST(as_of_an_event_it_is_included),
        TEST(as_of_an_event_of_another_there_is_nothing),
        TEST(as_of_a_time_its_events_are_included),
        TEST(as_of_a_time_the_order_of_storing_counts),
        TEST(an_event_that_cannot_be_applied_is_named),
        TEST(an_event_that_applies_to_nothing_any_more_changes_nothing),
        TEST(states_outlive_the_pages_they_are_folded_from),
        TEST(too_many_events_are_refused),
        TEST(each_read_may_fail),
        TEST(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
