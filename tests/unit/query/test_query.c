/* Questions to a pool of workers: answers, failures, waits, limits and the end, with a store that fails on demand. */
#include "bank.h"
#include "base/clock.h"
#include "base/mem.h"
#include "query/query.h"
#include "store/fault.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct lf_bytes topic = {"t", 1};

struct fixture {
    struct lf_store *store;
    struct lf_store_session *writer;
    struct lf_query *query;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool awake;
    size_t done;
    struct lf_query_job *order[64]; /* as they came back */
};

static void
wake(void *ctx)
{
    struct fixture *fixture = ctx;
    pthread_mutex_lock(&fixture->lock);
    fixture->awake = true;
    pthread_cond_signal(&fixture->woken);
    pthread_mutex_unlock(&fixture->lock);
}

static void
start(struct fixture *fixture, size_t threads, size_t queue_max)
{
    const struct lf_query_options options = {.store = fixture->store,
                                             .group = LF_LIT("g"),
                                             .threads = threads,
                                             .queue_max = queue_max,
                                             .wake = {wake, fixture}};
    struct lf_err err = {0};
    assert_int_equal(lf_query_open(&options, &fixture->query, &err), LF_OK);
}

static void
open_fixture(struct fixture *fixture)
{
    const struct lf_store_options options = {.url = "memory:", .model = &bank};
    struct lf_store *store = NULL;
    struct lf_err err = {0};
    *fixture = (struct fixture){.lock = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER};
    bank_init();
    assert_int_equal(lf_store_open(&options, &store, &err), LF_OK);
    fixture->store = lf_store_fault_new(store);
    assert_non_null(fixture->store);
    assert_int_equal(lf_store_session_open(store, true, &fixture->writer, &err), LF_OK);
}

static void
close_fixture(struct fixture *fixture)
{
    lf_query_close(fixture->query);
    lf_store_session_close(fixture->writer);
    lf_store_close(fixture->store);
    bank_release();
}

/* Stores event "e<offset>" of account "a" and its state, or a dead letter; moves the position behind it. */
static void
commit(struct fixture *fixture, int64_t offset, bool dead)
{
    char id[32];
    struct lf_member members[] = {{LF_LIT("id"), lf_value_string(LF_LIT("a"))},
                                  {LF_LIT("owner"), lf_value_string(LF_LIT("o"))},
                                  {LF_LIT("balance"), lf_value_int(offset)},
                                  {LF_LIT("last"), LF_VALUE_NULL},
                                  {LF_LIT("deposits"), lf_value_int(0)}};
    snprintf(id, sizeof(id), "e%d", (int)offset);
    const struct lf_place place = {topic, 0, offset};
    const struct lf_event event = {.id = lf_bytes_of(id),
                                   .type_name = LF_LIT("Opened"),
                                   .type = &bank.events[0],
                                   .payload = lf_value_object(members, 2),
                                   .entity_key = LF_LIT("a"),
                                   .place = place};
    const struct lf_event *const events[] = {&event};
    const struct lf_state_change change = {.key = LF_LIT("a"), .state = lf_value_object(members, 5), .place = place};
    const struct lf_dead_letter letter = {.place = place,
                                          .event_id = event.id,
                                          .stage = LF_LIT("apply"),
                                          .code = LF_LIT("APPLY_FAILED"),
                                          .reason = LF_LIT("because")};
    enum lf_append_outcome outcome;
    struct lf_err err = {0};
    struct lf_store_session *session = fixture->writer;
    assert_int_equal(lf_store_begin(session, &err), LF_OK);
    if (dead) {
        assert_int_equal(lf_store_bury(session, &letter, 1, &err), LF_OK);
    } else {
        assert_int_equal(lf_store_append(session, events, 1, &outcome, &err), LF_OK);
        assert_int_equal(lf_store_save(session, &bank.entities[0], &change, 1, &err), LF_OK);
    }
    int64_t before = -1;
    assert_int_equal(lf_store_position(session, LF_LIT("g"), topic, 0, &before, &err), LF_OK);
    assert_int_equal(lf_store_advance(session, LF_LIT("g"), topic, 0, before, offset + 1, &err), LF_OK);
    assert_int_equal(lf_store_commit(session, &err), LF_OK);
}

static void
done(struct lf_query_job *job, void *user)
{
    struct fixture *fixture = user;
    if (fixture->done < 64)
        fixture->order[fixture->done] = job;
    fixture->done++;
}

static struct lf_query_job *
ask(struct fixture *fixture, enum lf_query_kind kind)
{
    struct lf_query_job *job = lf_query_job_new(kind);
    assert_non_null(job);
    job->done = done;
    job->user = fixture;
    job->entity = job->list.entity = &bank.entities[0];
    job->list.first = 10;
    return job;
}

static void
submit(struct fixture *fixture, struct lf_query_job *job)
{
    struct lf_err err = {0};
    assert_int_equal(lf_query_submit(fixture->query, job, &err), LF_OK);
}

static struct lf_query_job *
ask_await(struct fixture *fixture, int64_t offset, int64_t timeout_ms)
{
    struct lf_query_job *job = ask(fixture, LF_QUERY_AWAIT);
    job->event_id = lf_bytes_of(lf_arena_printf(&job->arena, "e%d", (int)offset));
    job->place = (struct lf_place){topic, 0, offset};
    job->timeout_ms = timeout_ms;
    submit(fixture, job);
    return job;
}

static void
until_done(struct fixture *fixture, size_t count)
{
    while (fixture->done < count) {
        pthread_mutex_lock(&fixture->lock);
        while (!fixture->awake)
            pthread_cond_wait(&fixture->woken, &fixture->lock);
        fixture->awake = false;
        pthread_mutex_unlock(&fixture->lock);
        lf_query_poll(fixture->query);
    }
}

static void
test_an_entity_a_list_and_an_event(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    commit(&fixture, 0, false);
    start(&fixture, 0, 0);
    struct lf_query_job *there = ask(&fixture, LF_QUERY_ENTITY), *absent = ask(&fixture, LF_QUERY_ENTITY);
    struct lf_query_job *list = ask(&fixture, LF_QUERY_LIST);
    struct lf_query_job *event = ask(&fixture, LF_QUERY_EVENT), *unknown = ask(&fixture, LF_QUERY_EVENT);
    there->key = LF_LIT("a");
    absent->key = LF_LIT("b");
    event->event_id = LF_LIT("e0");
    unknown->event_id = LF_LIT("e1");
    struct lf_query_job *const jobs[] = {there, absent, list, event, unknown};
    for (size_t i = 0; i < 5; i++)
        submit(&fixture, jobs[i]);
    until_done(&fixture, 5);
    assert_int_equal(there->status, LF_OK);
    assert_int_equal(lf_value_get_text(&there->value, "balance")->u.integer, 0);
    assert_int_equal(absent->status, LF_OK);
    assert_int_equal(absent->value.type, LF_V_NULL);
    assert_int_equal(list->status, LF_OK);
    assert_int_equal(list->result.count, 1);
    assert_int_equal(event->status, LF_OK);
    assert_int_equal(event->stored.status, LF_EVENT_STORED);
    assert_int_equal(unknown->status, LF_NOT_FOUND);
    for (size_t i = 0; i < 5; i++)
        lf_query_job_free(jobs[i]);
    close_fixture(&fixture);
}

static void
test_one_worker_keeps_the_order(void **state)
{
    struct fixture fixture;
    struct lf_query_job *jobs[50];
    (void)state;
    open_fixture(&fixture);
    start(&fixture, 1, 0);
    for (size_t i = 0; i < 50; i++) {
        jobs[i] = ask(&fixture, LF_QUERY_ENTITY);
        jobs[i]->key = LF_LIT("a");
        submit(&fixture, jobs[i]);
    }
    until_done(&fixture, 50);
    for (size_t i = 0; i < 50; i++) {
        assert_ptr_equal(fixture.order[i], jobs[i]);
        lf_query_job_free(jobs[i]);
    }
    close_fixture(&fixture);
}

static void
test_await_sees_what_was_committed_before(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    commit(&fixture, 0, false);
    commit(&fixture, 1, true);
    start(&fixture, 0, 0);
    struct lf_query_job *stored = ask_await(&fixture, 0, 3600000), *dead = ask_await(&fixture, 1, 3600000);
    until_done(&fixture, 2);
    assert_int_equal(stored->status, LF_OK);
    assert_int_equal(stored->event_status, LF_EVENT_STORED);
    assert_int_equal(dead->status, LF_OK);
    assert_int_equal(dead->event_status, LF_EVENT_DEAD_LETTERED);
    lf_query_job_free(stored);
    lf_query_job_free(dead);
    close_fixture(&fixture);
}

/* With the consumer's word and without it. */
static void
test_await_waits_for_the_commit(void **state)
{
    (void)state;
    for (int told = 0; told < 2; told++) {
        struct fixture fixture;
        open_fixture(&fixture);
        start(&fixture, 0, 0);
        struct lf_query_job *first = ask_await(&fixture, 0, 3600000), *second = ask_await(&fixture, 1, 3600000);
        commit(&fixture, 0, false);
        if (told)
            lf_query_committed(fixture.query, topic, 0, 1);
        until_done(&fixture, 1);
        assert_ptr_equal(fixture.order[0], first);
        assert_int_equal(first->event_status, LF_EVENT_STORED);
        commit(&fixture, 1, false);
        if (told)
            lf_query_committed(fixture.query, topic, 0, 2);
        until_done(&fixture, 2);
        assert_int_equal(second->event_status, LF_EVENT_STORED);
        lf_query_job_free(first);
        lf_query_job_free(second);
        close_fixture(&fixture);
    }
}

static void
test_await_gives_what_was_reached_when_its_time_is_over(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    start(&fixture, 0, 0);
    int64_t before = lf_clock_mono_ms();
    struct lf_query_job *later = ask_await(&fixture, 0, 20), *at_once = ask_await(&fixture, 1, 0);
    struct lf_query_job *negative = ask_await(&fixture, 1, -5);
    until_done(&fixture, 3);
    assert_true(lf_clock_mono_ms() - before >= 19);
    assert_ptr_equal(fixture.order[2], later);
    struct lf_query_job *const jobs[] = {later, at_once, negative};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(jobs[i]->status, LF_OK);
        assert_int_equal(jobs[i]->event_status, LF_EVENT_LOGGED);
        lf_query_job_free(jobs[i]);
    }
    close_fixture(&fixture);
}

/* Thousands wait, and the workers still answer. */
static void
test_awaits_occupy_no_worker(void **state)
{
    struct fixture fixture;
    struct lf_query_job *waiting[1000];
    (void)state;
    open_fixture(&fixture);
    start(&fixture, 1, 0);
    for (int i = 0; i < 1000; i++)
        waiting[i] = ask_await(&fixture, 0, 3600000);
    struct lf_query_job *job = ask(&fixture, LF_QUERY_ENTITY);
    job->key = LF_LIT("a");
    submit(&fixture, job);
    until_done(&fixture, 1);
    assert_ptr_equal(fixture.order[0], job);
    lf_query_job_free(job);
    commit(&fixture, 0, false);
    lf_query_committed(fixture.query, topic, 0, 1);
    until_done(&fixture, 1001);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(waiting[i]->event_status, LF_EVENT_STORED);
        lf_query_job_free(waiting[i]);
    }
    close_fixture(&fixture);
}

/* An event that the consumer passes without a trace (unknown, skipped) is logged, and the answer comes at once. */
static void
test_await_of_a_skipped_event(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    commit(&fixture, 5, false);
    start(&fixture, 0, 0);
    struct lf_query_job *job = ask_await(&fixture, 3, 3600000);
    until_done(&fixture, 1);
    assert_int_equal(job->status, LF_OK);
    assert_int_equal(job->event_status, LF_EVENT_LOGGED);
    lf_query_job_free(job);
    close_fixture(&fixture);
}

static void
test_a_short_outage_is_bridged(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    commit(&fixture, 0, false);
    lf_store_fault_arm(fixture.store, (struct lf_store_fault){.ops = LF_FAULT_READ | LF_FAULT_SESSION_OPEN,
                                                              .nth = 1,
                                                              .times = 2,
                                                              .status = LF_UNAVAILABLE});
    start(&fixture, 1, 0);
    struct lf_query_job *job = ask(&fixture, LF_QUERY_ENTITY);
    job->key = LF_LIT("a");
    submit(&fixture, job);
    until_done(&fixture, 1);
    assert_int_equal(job->status, LF_OK);
    assert_int_equal(lf_store_fault_hits(fixture.store), 2);
    lf_query_job_free(job);
    close_fixture(&fixture);
}

static void
test_a_store_that_is_away_is_said_to_be(void **state)
{
    struct fixture fixture;
    struct lf_query_job *jobs[40];
    (void)state;
    open_fixture(&fixture);
    lf_store_fault_arm(fixture.store,
                       (struct lf_store_fault){.ops = LF_FAULT_ANY, .nth = 1, .times = 1000000, .status = LF_TIMEOUT});
    start(&fixture, 2, 0);
    struct lf_query_job *waiting = ask_await(&fixture, 0, 3600000);
    for (size_t i = 0; i < 40; i++) {
        jobs[i] = ask(&fixture, (enum lf_query_kind)(i % 3));
        jobs[i]->key = jobs[i]->event_id = LF_LIT("a");
        submit(&fixture, jobs[i]);
    }
    until_done(&fixture, 40);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(jobs[i]->status, LF_UNAVAILABLE);
        assert_int_equal(jobs[i]->err.status, LF_UNAVAILABLE);
        lf_query_job_free(jobs[i]);
    }
    lf_store_fault_arm(fixture.store, (struct lf_store_fault){0});
    commit(&fixture, 0, false);
    until_done(&fixture, 41);
    assert_int_equal(waiting->event_status, LF_EVENT_STORED);
    lf_query_job_free(waiting);
    close_fixture(&fixture);
}

/* Whichever read fails, the AWAIT waits on and gets its answer. */
static void
test_await_survives_each_failing_call(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 6; n++) {
        struct fixture fixture;
        open_fixture(&fixture);
        commit(&fixture, 0, false);
        lf_store_fault_arm(fixture.store, (struct lf_store_fault){.ops = LF_FAULT_ANY,
                                                                  .nth = n,
                                                                  .times = n,
                                                                  .status = n % 2 == 0 ? LF_UNAVAILABLE : LF_CORRUPT});
        start(&fixture, 1 + n % 2, 0);
        struct lf_query_job *job = ask_await(&fixture, 0, 3600000);
        until_done(&fixture, 1);
        assert_int_equal(job->status, LF_OK);
        assert_int_equal(job->event_status, LF_EVENT_STORED);
        lf_query_job_free(job);
        close_fixture(&fixture);
    }
}

static void
test_too_many_are_refused(void **state)
{
    struct fixture fixture;
    struct lf_query_job *jobs[3];
    struct lf_err err = {0};
    (void)state;
    open_fixture(&fixture);
    start(&fixture, 1, 2);
    for (size_t i = 0; i < 2; i++)
        jobs[i] = ask_await(&fixture, 0, 3600000);
    jobs[2] = ask(&fixture, LF_QUERY_ENTITY);
    jobs[2]->key = LF_LIT("a");
    assert_int_equal(lf_query_submit(fixture.query, jobs[2], &err), LF_AGAIN);
    commit(&fixture, 0, false);
    until_done(&fixture, 2);
    submit(&fixture, jobs[2]);
    until_done(&fixture, 3);
    for (size_t i = 0; i < 3; i++)
        lf_query_job_free(jobs[i]);
    close_fixture(&fixture);
}

static void
test_close_gives_every_job_back_once(void **state)
{
    struct fixture fixture;
    struct lf_query_job *jobs[60];
    (void)state;
    open_fixture(&fixture);
    start(&fixture, 2, 0);
    for (size_t i = 0; i < 60; i++) {
        if (i % 2 == 0) {
            jobs[i] = ask_await(&fixture, 0, 3600000);
            continue;
        }
        jobs[i] = ask(&fixture, LF_QUERY_ENTITY);
        jobs[i]->key = LF_LIT("a");
        submit(&fixture, jobs[i]);
    }
    lf_query_close(fixture.query);
    fixture.query = NULL;
    assert_int_equal(fixture.done, 60);
    for (size_t i = 0; i < 60; i++) {
        assert_true(jobs[i]->status == LF_CLOSED || (i % 2 == 1 && jobs[i]->status == LF_OK));
        lf_query_job_free(jobs[i]);
    }
    close_fixture(&fixture);
}

static void
submit_more(struct lf_query_job *job, void *user)
{
    struct fixture *fixture = user;
    struct lf_err err = {0};
    fixture->done++;
    if (fixture->done == 1)
        assert_int_equal(lf_query_submit(fixture->query, job, &err), LF_OK);
    else
        assert_int_equal(lf_query_submit(fixture->query, job, &err), LF_CLOSED);
}

static void
test_done_may_submit(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    start(&fixture, 1, 0);
    struct lf_query_job *job = ask(&fixture, LF_QUERY_AWAIT);
    job->done = submit_more;
    job->event_id = LF_LIT("e0");
    job->place = (struct lf_place){topic, 0, 0};
    submit(&fixture, job);
    until_done(&fixture, 1);
    job->timeout_ms = 3600000;
    lf_query_close(fixture.query);
    fixture.query = NULL;
    assert_int_equal(fixture.done, 2);
    lf_query_job_free(job);
    close_fixture(&fixture);
}

/* A committer and an asker, each on its own thread: no wake-up is lost. */
static void *
commit_many(void *arg)
{
    struct fixture *fixture = arg;
    for (int64_t i = 0; i < 200; i++) {
        commit(fixture, i, i % 7 == 0);
        lf_query_committed(fixture->query, topic, 0, i + 1);
    }
    return NULL;
}

static void
test_commits_and_questions_at_once(void **state)
{
    struct fixture fixture;
    struct lf_query_job *jobs[200];
    pthread_t thread;
    (void)state;
    open_fixture(&fixture);
    start(&fixture, 2, 0);
    assert_int_equal(pthread_create(&thread, NULL, commit_many, &fixture), 0);
    for (int64_t i = 0; i < 200; i++) {
        jobs[i] = ask_await(&fixture, i, 3600000);
        lf_query_poll(fixture.query);
    }
    until_done(&fixture, 200);
    pthread_join(thread, NULL);
    for (int64_t i = 0; i < 200; i++) {
        assert_int_equal(jobs[i]->event_status, i % 7 == 0 ? LF_EVENT_DEAD_LETTERED : LF_EVENT_STORED);
        lf_query_job_free(jobs[i]);
    }
    close_fixture(&fixture);
}

static void
test_open_fails_cleanly(void **state)
{
    struct fixture fixture;
    struct lf_err err = {0};
    struct lf_query *query = NULL;
    (void)state;
    open_fixture(&fixture);
    struct lf_query_options options = {.store = fixture.store, .group = LF_LIT("g"), .threads = 100000};
    assert_int_equal(lf_query_open(&options, &query, &err), LF_LIMIT);
    options.threads = 1;
    lf_mem_fail_at(1, false);
    assert_int_equal(lf_query_open(&options, &query, &err), LF_NO_MEMORY);
    lf_mem_fail_at(0, false);
    assert_null(query);
    close_fixture(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_entity_a_list_and_an_event),
        cmocka_unit_test(test_one_worker_keeps_the_order),
        cmocka_unit_test(test_await_sees_what_was_committed_before),
        cmocka_unit_test(test_await_waits_for_the_commit),
        cmocka_unit_test(test_await_gives_what_was_reached_when_its_time_is_over),
        cmocka_unit_test(test_awaits_occupy_no_worker),
        cmocka_unit_test(test_await_of_a_skipped_event),
        cmocka_unit_test(test_a_short_outage_is_bridged),
        cmocka_unit_test(test_a_store_that_is_away_is_said_to_be),
        cmocka_unit_test(test_await_survives_each_failing_call),
        cmocka_unit_test(test_too_many_are_refused),
        cmocka_unit_test(test_close_gives_every_job_back_once),
        cmocka_unit_test(test_done_may_submit),
        cmocka_unit_test(test_commits_and_questions_at_once),
        cmocka_unit_test(test_open_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
