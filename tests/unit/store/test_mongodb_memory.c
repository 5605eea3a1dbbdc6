/* Memory running out on MongoDB: ours, not that of its driver. */
#include "shortage.h"

#include "mongo_server.h"

#include <stdio.h>

static struct mongo_server server;
static char url[200];

static void
empty(void)
{
    mongo_server_drop(&server, "m");
}

static const struct shortage shortage = {
    .url = url, .stepwise = true, .each_until = 20, .step = 3, .look_each = 4, .least = 100, .empty = empty};

static void
test_memory_runs_out(void **state)
{
    (void)state;
    shortage_run(&shortage, false);
}

static void
test_memory_stays_out(void **state)
{
    (void)state;
    shortage_run(&shortage, true);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_memory_stays_out),
    };
    mongo_server_new(&server);
    snprintf(url, sizeof(url), "%s", mongo_server_url(server.port, "m"));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mongo_server_free(&server);
    return failed;
}
