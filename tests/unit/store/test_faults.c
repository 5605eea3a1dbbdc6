/*
 * Every call that a consumer makes fails once, at every place, in every way: what is in the store afterwards is what a
 * number of whole batches left there, and going on from the position gives the same as if nothing had happened.
 */
#include "workload.h"

#include "base/mem.h"
#include "store/fault.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BATCHES = 4 };

struct world {
    struct lf_model *model;
    struct lf_store *store; /* fault-injecting */
    struct lf_store_session *session;
    struct lf_arena arena;
};

static enum lf_status
work(struct world *w, struct lf_err *error)
{
    return workload_run(w->model, w->session, BATCHES, &w->arena, error);
}

static int64_t
assert_whole(struct world *w)
{
    return workload_check(w->model, w->session, &w->arena);
}

static void
open_world(struct world *w, const char *url)
{
    struct lf_store *inner = NULL;
    w->model = fixture_model();
    lf_arena_init(&w->arena, 0, 0);
    struct lf_store_options options = {.url = url, .model = w->model};
    OK(lf_store_open(&options, &inner, &err));
    w->store = lf_store_fault_new(inner);
    assert_non_null(w->store);
    OK(lf_store_session_open(w->store, true, &w->session, &err));
}

static void
close_world(struct world *w)
{
    lf_store_session_close(w->session);
    lf_store_close(w->store);
    lf_arena_release(&w->arena);
    lf_model_free(w->model);
}

static char *folder;

/* A fresh store of either kind. */
static const char *
fresh_url(bool sqlite)
{
    static char url[600];
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    if (!sqlite)
        return "memory:";
    for (int i = 0; i < 3; i++) {
        snprintf(url, sizeof(url), "%s/store.db%s", folder, suffixes[i]);
        unlink(url);
    }
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    return url;
}

static void
run_fault(bool sqlite, struct lf_store_fault fault, bool *ret_hit)
{
    struct world w = {0};
    struct lf_err error = {0};
    open_world(&w, fresh_url(sqlite));
    lf_store_fault_arm(w.store, fault);
    enum lf_status st = work(&w, &error);
    *ret_hit = lf_store_fault_hits(w.store) != 0;
    if (*ret_hit) {
        assert_int_equal(st, fault.status);
        assert_int_equal(error.status, fault.status);
    } else {
        assert_int_equal(st, LF_OK);
    }
    lf_store_fault_arm(w.store, (struct lf_store_fault){0});
    int64_t before = assert_whole(&w);
    if (*ret_hit && fault.ops == LF_FAULT_COMMIT)
        assert_int_equal(before, (int64_t)fault.nth - (fault.after ? 0 : 1));
    OK(work(&w, &err)); /* goes on from there */
    assert_int_equal(assert_whole(&w), BATCHES);
    close_world(&w);
}

static void
run_all(bool sqlite)
{
    static const unsigned ops[] = {LF_FAULT_BEGIN, LF_FAULT_APPEND,  LF_FAULT_LOAD,   LF_FAULT_SAVE,
                                   LF_FAULT_BURY,  LF_FAULT_ADVANCE, LF_FAULT_COMMIT, LF_FAULT_READ};
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        for (int after = 0; after <= (ops[i] == LF_FAULT_COMMIT); after++) {
            bool hit = true;
            uint64_t nth = 1;
            for (; hit; nth++)
                run_fault(
                    sqlite,
                    (struct lf_store_fault){
                        .ops = ops[i], .nth = nth, .status = after ? LF_TIMEOUT : LF_UNAVAILABLE, .after = after != 0},
                    &hit);
            assert_true(nth > (ops[i] == LF_FAULT_READ ? 2 : BATCHES)); /* each call was made to fail */
        }
    }
}

static void
test_every_call_fails_once_in_memory(void **state)
{
    (void)state;
    run_all(false);
}

static void
test_every_call_fails_once_on_sqlite(void **state)
{
    (void)state;
    run_all(true);
}

/* Failures in a row: the store is away for a while. */
static void
test_a_store_that_is_away_for_a_while(void **state)
{
    (void)state;
    struct world w = {0};
    open_world(&w, "memory:");
    lf_store_fault_arm(w.store,
                       (struct lf_store_fault){.ops = LF_FAULT_ANY, .nth = 9, .times = 20, .status = LF_UNAVAILABLE});
    struct lf_err error = {0};
    int tries = 0;
    while (work(&w, &error) != LF_OK) {
        assert_int_equal(error.fate, LF_FATE_RETRY);
        tries++;
    }
    assert_int_equal(lf_store_fault_hits(w.store), 20);
    assert_int_equal(tries, 20);
    assert_int_equal(assert_whole(&w), BATCHES);
    assert_string_equal(lf_store_backend_name(lf_store_fault_inner(w.store)), "memory");
    lf_store_fault_arm(w.store, (struct lf_store_fault){.ops = LF_FAULT_HEALTH, .nth = 1, .status = LF_UNAVAILABLE});
    FAILS(LF_UNAVAILABLE, lf_store_health(w.store, &err));
    OK(lf_store_health(w.store, &err));
    close_world(&w);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_fails_once_in_memory),
        cmocka_unit_test(test_every_call_fails_once_on_sqlite),
        cmocka_unit_test(test_a_store_that_is_away_for_a_while),
    };
    folder = fixture_folder();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_remove(folder);
    return failed;
}
