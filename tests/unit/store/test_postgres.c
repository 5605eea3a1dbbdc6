/* The contract on PostgreSQL. */
#include "postgres_server.h"

#include <stdio.h>

static struct pg_server server;

static struct lf_store *
open_postgres(void *ctx, const struct lf_model *model)
{
    (void)ctx;
    char url[800];
    struct lf_store *store = NULL;
    snprintf(url, sizeof(url), "%s&schema=contract", server.url);
    struct lf_store_options options = {.url = url, .model = model};
    OK(lf_store_open(&options, &store, &err));
    return store;
}

static void
reset_postgres(void *ctx)
{
    (void)ctx;
    pg_server_sql(&server, "DROP SCHEMA IF EXISTS contract CASCADE");
}

int
main(void)
{
    static const struct backend backend = {
        .name = "postgres", .durable = true, .concurrent = true, .open = open_postgres, .reset = reset_postgres};
    pg_server_new(&server);
    int failed = contract_run(&backend);
    pg_server_free(&server);
    return failed;
}
