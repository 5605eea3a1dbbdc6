/* The contract on SQLite. */
#include "fixture.h"

#include <stdio.h>
#include <unistd.h>

static char *folder;

static struct lf_store *
open_sqlite(void *ctx, const struct lf_model *model)
{
    (void)ctx;
    char url[600];
    struct lf_store *store = NULL;
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    struct lf_store_options options = {.url = url, .model = model};
    OK(lf_store_open(&options, &store, &err));
    return store;
}

static void
reset_sqlite(void *ctx)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
    (void)ctx;
    for (int i = 0; i < 3; i++) {
        char path[600];
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
}

int
main(void)
{
    static const struct backend backend = {
        .name = "sqlite", .durable = true, .open = open_sqlite, .reset = reset_sqlite};
    folder = fixture_folder();
    int failed = contract_run(&backend);
    fixture_remove(folder);
    return failed;
}
