/* The contract on PostgreSQL, and every call failing once. */
#include "postgres_server.h"

static struct pg_server server;

static struct lf_store *
open_postgres(void *ctx, const struct lf_model *model)
{
    (void)ctx;
    return pg_server_store(&server, "contract", model);
}

static void
reset_postgres(void *ctx)
{
    (void)ctx;
    pg_server_sql(&server, "DROP SCHEMA IF EXISTS contract CASCADE");
}

static const struct backend backend = {
    .name = "postgres", .durable = true, .concurrent = true, .open = open_postgres, .reset = reset_postgres};

static void
test_every_call_fails_once(void **state)
{
    (void)state;
    faults_run(&backend);
    faults_run_away(&backend);
}

int
main(void)
{
    static const struct CMUnitTest faults[] = {cmocka_unit_test(test_every_call_fails_once)};
    pg_server_new(&server);
    int failed = contract_run(&backend);
    failed += cmocka_run_group_tests(faults, NULL, NULL);
    pg_server_free(&server);
    return failed;
}
