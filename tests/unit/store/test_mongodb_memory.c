/* The n-th allocation of ours fails, for n = 1, 2, …, on MongoDB: the call says so, nothing leaks, and going on from
 * the position gives what would have been without. */
#include "workload.h"

#include "base/mem.h"
#include "mongo_server.h"

#include <stdio.h>

static struct mongo_server server;
static char url[200];

enum { STEPS = 2 };

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

/* What the failed try has left behind can be gone on from. */
static void
go_on(const struct lf_model *model)
{
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    struct lf_store *store = mongo_server_store(server.port, "m", model);
    OK(lf_store_session_open(store, true, &session, &err));
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
    mongo_server_drop(&server, "m");
    OK(session_of_work(model, &err)); /* what is allocated once in a process is by now */
    int64_t live = lf_mem_live();
    uint64_t n = 1;
    for (; hit; n += n < 20 ? 1 : 3) {
        struct lf_err error = {0};
        mongo_server_drop(&server, "m");
        lf_mem_fail_at(n, sticky);
        enum lf_status st = session_of_work(model, &error);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        if (st != LF_OK && (!hit || st != LF_NO_MEMORY))
            fail_msg("allocation %llu: %s: %s", (unsigned long long)n, lf_status_name(st), error.text);
        assert_int_equal(lf_mem_live(), live);
        if (n % 4 == 0)
            go_on(model);
    }
    assert_true(n > 100); /* that many there are */
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
    mongo_server_new(&server);
    snprintf(url, sizeof(url), "%s", mongo_server_url(server.port, "m"));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mongo_server_free(&server);
    return failed;
}
