/* Memory running out in the memory store and in SQLite, the memory of SQLite included. */
#include "shortage.h"

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
static char sqlite_url[600];

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

static void
nothing(void)
{
}

static const struct shortage in_memory = {
    .url = "memory:", .gone_at_once = true, .each_until = UINT64_MAX, .least = 50, .empty = nothing};
/* Each try costs a file: only some of the later ones. */
static const struct shortage in_sqlite = {
    .url = sqlite_url, .each_until = 150, .step = 23, .look_each = 1, .least = 150, .empty = remove_store};

static void
test_memory_runs_out_in_memory(void **state)
{
    (void)state;
    shortage_run(&in_memory, false);
    shortage_run(&in_memory, true);
}

static void
test_memory_runs_out_in_sqlite(void **state)
{
    (void)state;
    shortage_run(&in_sqlite, false);
}

static void
test_memory_stays_out_in_sqlite(void **state)
{
    (void)state;
    shortage_run(&in_sqlite, true);
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
    snprintf(sqlite_url, sizeof(sqlite_url), "sqlite:%s/store.db", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_remove(folder);
    return failed;
}
