/* The n-th allocation fails, for n = 1, 2, …, on PostgreSQL: the call says so, nothing leaks, no half is written. */
#include "workload.h"

#include "base/mem.h"
#include "postgres_server.h"

#include <stdio.h>

static struct pg_server server;
static char url[800];

enum { STEPS = 2, MANY = 20 };

/* As many as are copied, rolled back; the second time one of them is there, so that they are inserted after all. */
static enum lf_status
append_many(const struct lf_model *model, struct lf_store_session *session, int64_t first, struct lf_err *error)
{
    struct workload_event made[MANY];
    const struct lf_event *events[MANY];
    enum lf_append_outcome outcomes[MANY];
    for (int i = 0; i < MANY; i++) {
        workload_event(model, first + i, &made[i]);
        events[i] = &made[i].event;
    }
    enum lf_status st = lf_store_begin(session, error);
    if (st == LF_OK)
        st = lf_store_append(session, events, MANY, outcomes, error);
    lf_store_abort(session);
    return st;
}

/* Opens, writes two batches, reads, closes. */
static enum lf_status
session_of_work(const struct lf_model *model, struct lf_err *error)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 64, 0); /* nearly each piece counts */
    struct lf_store_options options = {.url = url, .model = model};
    enum lf_status st = lf_store_open(&options, &store, error);
    if (st == LF_OK)
        st = lf_store_session_open(store, true, &session, error);
    if (st == LF_OK)
        st = workload_run(model, session, STEPS, &arena, error);
    if (st == LF_OK)
        st = append_many(model, session, 1000, error);
    if (st == LF_OK)
        st = append_many(model, session, 3, error);
    if (st == LF_OK)
        st = workload_append_duplicate(model, session, error);
    if (st == LF_OK)
        st = workload_read_all(model, session, &arena, error);
    if (st == LF_OK)
        st = lf_store_health(store, error);
    lf_store_session_close(session);
    lf_store_close(store);
    lf_arena_release(&arena);
    return st;
}

/* What the failed try has left behind is whole, and can be gone on from. */
static void
check_and_go_on(const struct lf_model *model)
{
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    struct lf_store *store = pg_server_store(&server, "m", model);
    OK(lf_store_session_open(store, true, &session, &err));
    assert_true(workload_check(model, session, &arena) <= STEPS);
    OK(workload_run(model, session, STEPS, &arena, &err));
    assert_int_equal(workload_check(model, session, &arena), STEPS);
    lf_store_session_close(session);
    lf_store_close(store);
    lf_arena_release(&arena);
}

static void
run_loop(bool sticky)
{
    struct lf_model *model = fixture_model();
    bool hit = true;
    pg_server_sql(&server, "DROP SCHEMA IF EXISTS m CASCADE");
    OK(session_of_work(model, &err)); /* what is allocated once in a process is by now */
    int64_t live = lf_mem_live();
    uint64_t n = 1;
    for (; hit; n += n < 40 ? 1 : 3) {
        struct lf_err error = {0};
        pg_server_sql(&server, "DROP SCHEMA IF EXISTS m CASCADE");
        lf_mem_fail_at(n, sticky);
        enum lf_status st = session_of_work(model, &error);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        if (st != LF_OK && (!hit || st != LF_NO_MEMORY))
            fail_msg("allocation %llu: %s: %s", (unsigned long long)n, lf_status_name(st), error.text);
        assert_int_equal(lf_mem_live(), live);
        if (n % 4 == 0)
            check_and_go_on(model);
    }
    assert_true(n > 150); /* that many there are */
    lf_model_free(model);
}

static void
test_memory_runs_out(void **state)
{
    (void)state;
    run_loop(false);
}

static void
test_memory_stays_out(void **state)
{
    (void)state;
    run_loop(true);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_memory_stays_out),
    };
    pg_server_new(&server);
    snprintf(url, sizeof(url), "%s&schema=m", server.url);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pg_server_free(&server);
    return failed;
}
