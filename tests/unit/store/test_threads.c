/* One thread writes, others read through sessions of their own, on every back end: nobody sees half a batch. */
#include "workload.h"

#include "base/mem.h"
#include "store/fault.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { BATCHES = 60, READERS = 3 };

struct shared {
    struct lf_model *model;
    struct lf_store *store;
    atomic_int failures; /* cmocka's assertions belong to the main thread */
    atomic_bool done;
};

static void *
write_batches(void *arg)
{
    struct shared *shared = arg;
    struct lf_store_session *session = NULL;
    struct lf_err error = {0};
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    if (lf_store_session_open(shared->store, true, &session, &error) != LF_OK)
        atomic_fetch_add(&shared->failures, 1);
    for (int64_t n = 0; session != NULL && n < BATCHES; n++) {
        if (workload_write(shared->model, session, n, &arena, &error) != LF_OK)
            atomic_fetch_add(&shared->failures, 1);
        lf_arena_reset(&arena);
    }
    lf_store_session_close(session);
    lf_arena_release(&arena);
    atomic_store(&shared->done, true);
    return NULL;
}

/* The position read before, the list, the position read after: the list is of a moment between them. */
static bool
look(struct shared *shared, struct lf_store_session *session, struct lf_arena *arena)
{
    struct lf_list_query query = {.first = 1000};
    struct lf_list_result list;
    struct lf_err error = {0};
    int64_t before, after;
    bool ok = lf_store_position(session, LF_LIT("g"), LF_LIT("t"), 0, &before, &error) == LF_OK &&
              lf_store_list(session, &query, arena, &list, &error) == LF_OK &&
              lf_store_position(session, LF_LIT("g"), LF_LIT("t"), 0, &after, &error) == LF_OK &&
              lf_store_health(shared->store, &error) == LF_OK;
    if (!ok || list.count % WORKLOAD_BATCH != 0)
        return false;
    int64_t seen = (int64_t)list.count / WORKLOAD_BATCH;
    return seen >= (before < 0 ? 0 : before) && seen <= (after < 0 ? 0 : after);
}

static void *
read_batches(void *arg)
{
    struct shared *shared = arg;
    struct lf_store_session *session = NULL;
    struct lf_err error = {0};
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    if (lf_store_session_open(shared->store, false, &session, &error) != LF_OK)
        atomic_fetch_add(&shared->failures, 1);
    for (bool last = false; session != NULL && !last;) {
        last = atomic_load(&shared->done);
        if (!look(shared, session, &arena))
            atomic_fetch_add(&shared->failures, 1);
        lf_arena_reset(&arena);
    }
    lf_store_session_close(session);
    lf_arena_release(&arena);
    return NULL;
}

static void
run(struct shared *shared)
{
    pthread_t writer, readers[READERS];
    assert_int_equal(pthread_create(&writer, NULL, write_batches, shared), 0);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_batches, shared), 0);
    pthread_join(writer, NULL);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    assert_int_equal(atomic_load(&shared->failures), 0);
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    OK(lf_store_session_open(shared->store, false, &session, &err));
    assert_int_equal(workload_check(shared->model, session, &arena), BATCHES);
    lf_store_session_close(session);
    lf_arena_release(&arena);
}

static void
run_on(const char *url, bool wrapped)
{
    struct shared shared = {.model = fixture_model()};
    struct lf_store_options options = {.url = url, .model = shared.model};
    OK(lf_store_open(&options, &shared.store, &err));
    if (wrapped)
        shared.store = lf_store_fault_new(shared.store);
    assert_non_null(shared.store);
    run(&shared);
    lf_store_close(shared.store);
    lf_model_free(shared.model);
}

static void
test_threads_on_memory(void **state)
{
    (void)state;
    run_on("memory:", false);
    run_on("memory:", true);
}

static void
test_threads_on_sqlite(void **state)
{
    (void)state;
    char url[600], *folder = fixture_folder();
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    run_on(url, false);
    fixture_remove(folder);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_on_memory),
        cmocka_unit_test(test_threads_on_sqlite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
