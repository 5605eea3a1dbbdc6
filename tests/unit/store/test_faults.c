/* Every call fails once, in memory and on SQLite. */
#include "fixture.h"

#include <stdio.h>
#include <unistd.h>

static char *folder;

/* ctx is the URL. */
static struct lf_store *
open_url(void *ctx, const struct lf_model *model)
{
    struct lf_store *store = NULL;
    struct lf_store_options options = {.url = ctx, .model = model};
    OK(lf_store_open(&options, &store, &err));
    return store;
}

static void
reset_nothing(void *ctx)
{
    (void)ctx;
}

static void
reset_sqlite(void *ctx)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    (void)ctx;
    for (int i = 0; i < 3; i++) {
        char path[600];
        snprintf(path, sizeof(path), "%s/store.db%s", folder, suffixes[i]);
        unlink(path);
    }
}

static char memory_url[] = "memory:";
static char sqlite_url[600];
static const struct backend memory = {.name = "memory", .open = open_url, .reset = reset_nothing, .ctx = memory_url};
static const struct backend sqlite = {.name = "sqlite", .open = open_url, .reset = reset_sqlite, .ctx = sqlite_url};

static void
test_every_call_fails_once_in_memory(void **state)
{
    (void)state;
    faults_run(&memory);
}

static void
test_every_call_fails_once_on_sqlite(void **state)
{
    (void)state;
    faults_run(&sqlite);
}

static void
test_a_store_that_is_away_for_a_while(void **state)
{
    (void)state;
    faults_run_away(&memory);
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
    snprintf(sqlite_url, sizeof(sqlite_url), "sqlite:%s/store.db", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_remove(folder);
    return failed;
}
