/*
 * The n-th allocation fails, for n = 1, 2, …, SQLite's own included: the call says so, nothing leaks, nothing is half
 * written, and the next try goes on.
 */
#include "workload.h"

#include "base/mem.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- SQLite's memory through ours: the size stands in front ---- */

enum { PREFIX = 16 };

static void *
memory_alloc(int size)
{
    char *block = lf_malloc((size_t)size + PREFIX);
    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof(size));
    return block + PREFIX;
}

static void
memory_free(void *ptr)
{
    lf_free((char *)ptr - PREFIX);
}

static void *
memory_realloc(void *ptr, int size)
{
    char *block = lf_realloc((char *)ptr - PREFIX, (size_t)size + PREFIX);
    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof(size));
    return block + PREFIX;
}

static int
memory_size(void *ptr)
{
    int size;
    memcpy(&size, (char *)ptr - PREFIX, sizeof(size));
    return size;
}

static int
memory_roundup(int size)
{
    return (size + 7) & ~7;
}

static int
memory_init(void *ctx)
{
    (void)ctx;
    return SQLITE_OK;
}

static void
memory_shutdown(void *ctx)
{
    (void)ctx;
}

/* ---- the loops ---- */

static char *folder;

static const char *
store_url(bool sqlite)
{
    static char url[600];
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    return sqlite ? url : "memory:";
}

static void
remove_store(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        char path[600];
        snprintf(path, sizeof(path), "%s/store.db%s", folder, suffixes[i]);
        unlink(path);
    }
}

enum { STEPS = 2 };

/* Opens, writes two batches, reads, closes. */
static enum lf_status
session_of_work(const struct lf_model *model, bool sqlite, struct lf_err *error)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 64, 0); /* nearly each piece counts */
    struct lf_store_options options = {.url = store_url(sqlite), .model = model};
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

/* What the failed try has left behind is whole, and can be gone on from. */
static void
check_and_go_on(const struct lf_model *model)
{
    struct lf_store *store = NULL;
    struct lf_store_session *session = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    struct lf_store_options options = {.url = store_url(true), .model = model};
    OK(lf_store_open(&options, &store, &err));
    OK(lf_store_session_open(store, true, &session, &err));
    assert_true(workload_check(model, session, &arena) <= STEPS);
    OK(workload_run(model, session, STEPS, &arena, &err));
    assert_int_equal(workload_check(model, session, &arena), STEPS);
    lf_store_session_close(session);
    lf_store_close(store);
    lf_arena_release(&arena);
}

/* Fails allocation 1, 2, …; with SQLite, where each try costs a file, only some of the later ones. */
static void
run_loop(bool sqlite, bool sticky)
{
    struct lf_model *model = fixture_model();
    bool hit = true;
    OK(session_of_work(model, sqlite, &err)); /* what is allocated once in a process is by now */
    remove_store();
    int64_t live = lf_mem_live();
    for (uint64_t n = 1; hit; n += n < 150 || !sqlite ? 1 : 23) {
        struct lf_err error = {0};
        lf_mem_fail_at(n, sticky);
        enum lf_status st = session_of_work(model, sqlite, &error);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        if (st != LF_OK && (!hit || st != LF_NO_MEMORY))
            fail_msg("allocation %llu: %s: %s", (unsigned long long)n, lf_status_name(st), error.text);
        assert_int_equal(lf_mem_live(), live);
        if (sqlite)
            check_and_go_on(model);
        remove_store();
    }
    lf_model_free(model);
}

static void
test_memory_runs_out_in_memory(void **state)
{
    (void)state;
    run_loop(false, false);
    run_loop(false, true);
}

static void
test_memory_runs_out_in_sqlite(void **state)
{
    (void)state;
    run_loop(true, false);
}

static void
test_memory_stays_out_in_sqlite(void **state)
{
    (void)state;
    run_loop(true, true);
}

int
main(void)
{
    static const sqlite3_mem_methods methods = {.xMalloc = memory_alloc,
                                                .xFree = memory_free,
                                                .xRealloc = memory_realloc,
                                                .xSize = memory_size,
                                                .xRoundup = memory_roundup,
                                                .xInit = memory_init,
                                                .xShutdown = memory_shutdown};
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_runs_out_in_memory),
        cmocka_unit_test(test_memory_runs_out_in_sqlite),
        cmocka_unit_test(test_memory_stays_out_in_sqlite),
    };
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* each small block counts */
    folder = fixture_folder();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_remove(folder);
    return failed;
}
