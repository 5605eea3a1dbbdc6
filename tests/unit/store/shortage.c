#include "shortage.h"

#include "base/mem.h"

enum { STEPS = 2 };

/* Opens, writes two batches, reads, closes. */
static enum lf_status
session_of_work(const struct shortage *shortage, const struct lf_model *model, struct lf_err *error)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 64, 0); /* nearly each piece counts */
    struct lf_store_options options = {.url = shortage->url, .model = model};
    enum lf_status st = lf_store_open(&options, &store, error);
    if (st == LF_OK)
        st = lf_store_session_open(store, true, &session, error);
    if (st == LF_OK)
        st = workload_run(model, session, STEPS, &arena, error);
    if (st == LF_OK && shortage->more != NULL)
        st = shortage->more(model, session, error);
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
check_and_go_on(const struct shortage *shortage, const struct lf_model *model)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    struct lf_store_options options = {.url = shortage->url, .model = model};
    OK(lf_store_open(&options, &store, &err));
    OK(lf_store_session_open(store, true, &session, &err));
    if (!shortage->stepwise)
        assert_true(workload_check(model, session, &arena) <= STEPS);
    OK(workload_run(model, session, STEPS, &arena, &err));
    assert_int_equal(workload_check(model, session, &arena), STEPS);
    lf_store_session_close(session);
    lf_store_close(store);
    lf_arena_release(&arena);
}

/* Whether the n-th allocation was met. */
static bool
try_without(const struct shortage *shortage, const struct lf_model *model, uint64_t n, bool sticky)
{
    struct lf_err error = {0};
    lf_mem_fail_at(n, sticky);
    enum lf_status st = session_of_work(shortage, model, &error);
    bool hit = lf_mem_fault_hit();
    lf_mem_fail_at(0, false);
    if (st != LF_OK && (!hit || st != LF_NO_MEMORY))
        fail_msg("allocation %llu: %s: %s", (unsigned long long)n, lf_status_name(st), error.text);
    return hit;
}

void
shortage_run(const struct shortage *shortage, bool sticky)
{
    struct lf_model *model = fixture_model();
    bool hit = true;
    shortage->empty();
    OK(session_of_work(shortage, model, &err)); /* what is allocated once in a process is by now */
    int64_t live = lf_mem_live();
    uint64_t n = 1;
    for (; hit; n += n < shortage->each_until ? 1 : shortage->step) {
        shortage->empty();
        hit = try_without(shortage, model, n, sticky);
        assert_int_equal(lf_mem_live(), live);
        if (!shortage->gone_at_once && n % shortage->look_each == 0)
            check_and_go_on(shortage, model);
    }
    assert_true(n > shortage->least);
    shortage->empty();
    lf_model_free(model);
}
