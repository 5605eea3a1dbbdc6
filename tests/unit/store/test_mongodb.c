/* The contract on FerretDB, which has no transactions, and every call failing once. */
#include "mongo_server.h"

static struct mongo_server server;

static struct lf_store *
open_mongodb(void *ctx, const struct lf_model *model)
{
    (void)ctx;
    return mongo_server_store(server.port, "contract", model);
}

static void
reset_mongodb(void *ctx)
{
    (void)ctx;
    mongo_server_drop(&server, "contract");
}

static const struct backend backend = {.name = "mongodb",
                                       .durable = true,
                                       .concurrent = true,
                                       .gathers = true,
                                       .fixed = true,
                                       .open = open_mongodb,
                                       .reset = reset_mongodb};

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
    mongo_server_new(&server);
    int failed = contract_run(&backend);
    failed += cmocka_run_group_tests(faults, NULL, NULL);
    mongo_server_free(&server);
    return failed;
}
