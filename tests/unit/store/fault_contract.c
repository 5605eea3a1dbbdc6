/*
 * Every call that a consumer makes fails once, at every place, in every way: what is in the store afterwards is what a
 * number of whole batches left there, and going on from the position gives the same as if nothing had happened.
 */
#include "workload.h"

#include "store/fault.h"

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
open_world(struct world *w, const struct backend *backend)
{
    w->model = fixture_model();
    lf_arena_init(&w->arena, 0, 0);
    backend->reset(backend->ctx);
    w->store = lf_store_fault_new(backend->open(backend->ctx, w->model));
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

static void
run_fault(const struct backend *backend, struct lf_store_fault fault, bool *ret_hit)
{
    struct world w = {0};
    struct lf_err error = {0};
    open_world(&w, backend);
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

void
faults_run(const struct backend *backend)
{
    static const unsigned ops[] = {LF_FAULT_BEGIN, LF_FAULT_APPEND,  LF_FAULT_LOAD,   LF_FAULT_SAVE,
                                   LF_FAULT_BURY,  LF_FAULT_ADVANCE, LF_FAULT_COMMIT, LF_FAULT_READ};
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        for (int after = 0; after < (ops[i] == LF_FAULT_COMMIT ? 2 : 1); after++) {
            bool hit = true;
            uint64_t nth = 1;
            for (; hit; nth++)
                run_fault(
                    backend,
                    (struct lf_store_fault){
                        .ops = ops[i], .nth = nth, .status = after ? LF_TIMEOUT : LF_UNAVAILABLE, .after = after != 0},
                    &hit);
            assert_true(nth > (ops[i] == LF_FAULT_READ ? 2 : BATCHES)); /* each call was made to fail */
        }
    }
}

/* Failures in a row: the store is away for a while. */
void
faults_run_away(const struct backend *backend)
{
    struct world w = {0};
    open_world(&w, backend);
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
    assert_string_equal(lf_store_backend_name(lf_store_fault_inner(w.store)), backend->name);
    lf_store_fault_arm(w.store, (struct lf_store_fault){.ops = LF_FAULT_HEALTH, .nth = 1, .status = LF_UNAVAILABLE});
    FAILS(LF_UNAVAILABLE, lf_store_health(w.store, &err));
    OK(lf_store_health(w.store, &err));
    close_world(&w);
}
