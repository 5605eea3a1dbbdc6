/* Consumers who write to PostgreSQL at once: the later one fails as a whole, nothing is lost, nothing counted twice. */
#include "workload.h"

#include "base/mem.h"
#include "postgres_server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct pg_server server;

struct world {
    struct lf_model *model;
    struct lf_store *store;
    struct lf_store_session *a, *b;
    struct lf_arena arena;
};

static int
setup(void **state)
{
    struct world *w = lf_calloc(1, sizeof(*w));
    pg_server_sql(&server, "DROP SCHEMA IF EXISTS race CASCADE");
    w->model = fixture_model();
    lf_arena_init(&w->arena, 0, 0);
    w->store = pg_server_store(&server, "race", w->model);
    OK(lf_store_session_open(w->store, true, &w->a, &err));
    OK(lf_store_session_open(w->store, true, &w->b, &err));
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;
    lf_store_session_close(w->a);
    lf_store_session_close(w->b);
    lf_store_close(w->store);
    lf_arena_release(&w->arena);
    lf_model_free(w->model);
    lf_free(w);
    return 0;
}

/* ---- one row ---- */

static int64_t
load_count(struct world *w, struct lf_store_session *session)
{
    struct lf_bytes key = LF_LIT("1");
    struct lf_value state = LF_VALUE_NULL;
    OK(lf_store_load(session, &w->model->entities[COUNTER], &key, 1, &w->arena, &state, &err));
    const struct lf_value *value = lf_value_get_text(&state, "value");
    return value != NULL ? value->u.integer : 0;
}

static enum lf_status
save_count(struct world *w, struct lf_store_session *session, bool existed, int64_t count, struct lf_err *error)
{
    struct lf_member members[] = {{LF_LIT("number"), lf_value_int(1)}, {LF_LIT("value"), lf_value_int(count)}};
    struct lf_state_change change = {.key = LF_LIT("1"), .state = lf_value_object(members, 2), .existed = existed};
    return lf_store_save(session, &w->model->entities[COUNTER], &change, 1, error);
}

/* In a transaction of its own, by the first of them. */
static void
commit_count(struct world *w, bool existed, int64_t count)
{
    OK(lf_store_begin(w->a, &err));
    OK(save_count(w, w->a, existed, count, &err));
    OK(lf_store_commit(w->a, &err));
}

/* Both begin, and have read the same. */
static void
both_read(struct world *w, int64_t count)
{
    OK(lf_store_begin(w->a, &err));
    OK(lf_store_begin(w->b, &err));
    assert_int_equal(load_count(w, w->a), count);
    assert_int_equal(load_count(w, w->b), count);
}

/* An entity that two of them have read: the later writer would undo the other's. First it is not there, then it is. */
static void
test_two_fold_one_entity(void **state)
{
    struct world *w = *state;
    for (int64_t round = 0; round < 3; round++) {
        struct lf_err error = {0};
        both_read(w, round * 2);
        OK(save_count(w, w->a, round != 0, round * 2 + 1, &err));
        OK(lf_store_commit(w->a, &err));
        assert_int_equal(save_count(w, w->b, round != 0, round * 2 + 1, &error), LF_AGAIN);
        assert_int_equal(error.fate, LF_FATE_RETRY);
        lf_store_abort(w->b);
        OK(lf_store_begin(w->b, &err));
        assert_int_equal(load_count(w, w->b), round * 2 + 1);
        OK(save_count(w, w->b, true, round * 2 + 2, &err));
        OK(lf_store_commit(w->b, &err));
    }
}

static enum lf_status
delete_count(struct world *w, struct lf_store_session *session, struct lf_err *error)
{
    const struct lf_state_change change = {.key = LF_LIT("1"), .state = LF_VALUE_NULL};
    return lf_store_save(session, &w->model->entities[COUNTER], &change, 1, error);
}

/* One deletes what the other has read, and perhaps makes it anew: what the other makes of it must not come back. */
static void
test_one_deletes_what_the_other_has_read(void **state)
{
    struct world *w = *state;
    for (int anew = 0; anew < 2; anew++) {
        struct lf_err error = {0};
        commit_count(w, false, 5);
        both_read(w, 5);
        OK(delete_count(w, w->a, &err));
        OK(lf_store_commit(w->a, &err));
        if (anew)
            commit_count(w, false, 1);
        assert_int_equal(save_count(w, w->b, true, 6, &error), LF_AGAIN);
        lf_store_abort(w->b);
        OK(lf_store_begin(w->b, &err));
        assert_int_equal(load_count(w, w->b), anew);
        lf_store_abort(w->b);
    }
}

/* Both delete it; and one deletes what the other has changed. */
static void
test_what_is_deleted_was_changed_meanwhile(void **state)
{
    struct world *w = *state;
    for (int deleted = 0; deleted < 2; deleted++) {
        struct lf_err error = {0};
        commit_count(w, false, 5);
        both_read(w, 5);
        OK(deleted ? delete_count(w, w->a, &err) : save_count(w, w->a, true, 6, &err));
        OK(lf_store_commit(w->a, &err));
        assert_int_equal(delete_count(w, w->b, &error), LF_AGAIN);
        lf_store_abort(w->b);
    }
}

static void
test_a_position_that_moves_meanwhile(void **state)
{
    struct world *w = *state;
    for (int64_t was = -1; was < 10; was = was < 0 ? 5 : was + 5) {
        OK(lf_store_begin(w->a, &err));
        OK(lf_store_begin(w->b, &err));
        (void)load_count(w, w->b); /* sees the world as it is now */
        OK(lf_store_advance(w->a, LF_LIT("g"), LF_LIT("t"), 0, was, was < 0 ? 5 : was + 5, &err));
        OK(lf_store_commit(w->a, &err));
        FAILS(LF_FENCED, lf_store_advance(w->b, LF_LIT("g"), LF_LIT("t"), 0, was, was < 0 ? 5 : was + 5, &err));
        lf_store_abort(w->b);
    }
}

/* ---- one event ---- */

struct appending {
    struct world *world;
    struct lf_event *event;
    enum lf_append_outcome outcome;
    enum lf_status status;
    struct lf_err error;
};

/* In a thread: waits in the server for whoever has inserted it. */
static void *
append_in_b(void *arg)
{
    struct appending *appending = arg;
    const struct lf_event *event = appending->event;
    appending->status = lf_store_append(appending->world->b, &event, 1, &appending->outcome, &appending->error);
    return NULL;
}

static void
wait_until_blocked(void)
{
    while (strcmp(pg_server_sql(&server, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"), "1"))
        ;
}

static void
append_at_once(struct world *w, bool commit, struct appending *ret)
{
    pthread_t thread;
    enum lf_append_outcome outcome;
    struct lf_event *event = fixture_event(w->model, &w->arena, 1, "Noted", "{}");
    const struct lf_event *one = event;
    *ret = (struct appending){.world = w, .event = event};
    OK(lf_store_begin(w->a, &err));
    OK(lf_store_append(w->a, &one, 1, &outcome, &err));
    assert_int_equal(outcome, LF_APPENDED);
    OK(lf_store_begin(w->b, &err));
    assert_int_equal(pthread_create(&thread, NULL, append_in_b, ret), 0);
    wait_until_blocked();
    if (commit)
        OK(lf_store_commit(w->a, &err));
    else
        lf_store_abort(w->a);
    pthread_join(thread, NULL);
}

static void
test_two_append_one_event(void **state)
{
    struct world *w = *state;
    struct appending appending;
    append_at_once(w, false, &appending);
    assert_int_equal(appending.status, LF_OK); /* the other one had not, after all */
    assert_int_equal(appending.outcome, LF_APPENDED);
    lf_store_abort(w->b);
    append_at_once(w, true, &appending);
    assert_int_equal(appending.status, LF_AGAIN);
    lf_store_abort(w->b);
    OK(lf_store_begin(w->b, &err));
    append_in_b(&appending);
    assert_int_equal(appending.status, LF_OK);
    assert_int_equal(appending.outcome, LF_APPEND_DUPLICATE);
    lf_store_abort(w->b);
}

/* ---- many ---- */

enum { THREADS = 4, EACH = 40 };

struct counting {
    struct world *world;
    int number; /* partition */
    atomic_int *again;
    enum lf_status status;
    struct lf_err error;
};

static enum lf_status
count_one(struct counting *c, struct lf_store_session *session, int64_t n, struct lf_arena *arena)
{
    struct workload_event made;
    struct lf_bytes key = LF_LIT("1");
    struct lf_value state = LF_VALUE_NULL;
    enum lf_append_outcome outcome;
    workload_event(c->world->model, n * THREADS + c->number, &made);
    made.event.place.partition = c->number;
    made.event.place.offset = n;
    const struct lf_event *event = &made.event;
    enum lf_status st = lf_store_begin(session, &c->error);
    if (st == LF_OK)
        st = lf_store_append(session, &event, 1, &outcome, &c->error);
    if (st == LF_OK)
        st = lf_store_load(session, &c->world->model->entities[COUNTER], &key, 1, arena, &state, &c->error);
    const struct lf_value *value = st == LF_OK ? lf_value_get_text(&state, "value") : NULL;
    if (st == LF_OK)
        st = save_count(c->world, session, value != NULL, value != NULL ? value->u.integer + 1 : 1, &c->error);
    if (st == LF_OK)
        st = lf_store_advance(session, LF_LIT("g"), LF_LIT("t"), c->number, n == 0 ? -1 : n, n + 1, &c->error);
    if (st == LF_OK)
        st = lf_store_commit(session, &c->error);
    lf_store_abort(session);
    return st;
}

/* A consumer of one partition, whose events all change one entity that the others change as well. */
static void *
count_all(void *arg)
{
    struct counting *c = arg;
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    c->status = lf_store_session_open(c->world->store, true, &session, &c->error);
    for (int64_t n = 0; c->status == LF_OK && n < EACH;) {
        enum lf_status st = count_one(c, session, n, &arena);
        if (st == LF_OK)
            n++;
        else if (st == LF_AGAIN)
            atomic_fetch_add(c->again, 1);
        else
            c->status = st;
    }
    lf_store_session_close(session);
    lf_arena_release(&arena);
    return NULL;
}

static void
test_many_fold_one_entity(void **state)
{
    struct world *w = *state;
    pthread_t threads[THREADS];
    struct counting counting[THREADS];
    atomic_int again = 0;
    for (int i = 0; i < THREADS; i++) {
        counting[i] = (struct counting){.world = w, .number = i, .again = &again};
        assert_int_equal(pthread_create(&threads[i], NULL, count_all, &counting[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        if (counting[i].status != LF_OK)
            fail_msg("%s", counting[i].error.text);
    }
    OK(lf_store_begin(w->a, &err));
    assert_int_equal(load_count(w, w->a), THREADS * EACH);
    assert_true(atomic_load(&again) > 0); /* they did meet */
}

static void *
open_and_close(void *arg)
{
    struct counting *c = arg;
    char url[800];
    struct lf_store *store = NULL;
    snprintf(url, sizeof(url), "%s&schema=at_once", server.url);
    struct lf_store_options options = {.url = url, .model = c->world->model};
    c->status = lf_store_open(&options, &store, &c->error);
    lf_store_close(store);
    return NULL;
}

static void
test_many_make_the_tables(void **state)
{
    struct world *w = *state;
    pthread_t threads[THREADS];
    struct counting openings[THREADS];
    pg_server_sql(&server, "DROP SCHEMA IF EXISTS at_once CASCADE");
    for (int i = 0; i < THREADS; i++) {
        openings[i] = (struct counting){.world = w};
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, &openings[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        if (openings[i].status != LF_OK)
            fail_msg("%s", openings[i].error.text);
    }
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(test_two_fold_one_entity),
        CASE(test_a_position_that_moves_meanwhile),
        CASE(test_one_deletes_what_the_other_has_read),
        CASE(test_what_is_deleted_was_changed_meanwhile),
        CASE(test_two_append_one_event),
        CASE(test_many_fold_one_entity),
        CASE(test_many_make_the_tables),
    };
    pg_server_new(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pg_server_free(&server);
    return failed;
}
