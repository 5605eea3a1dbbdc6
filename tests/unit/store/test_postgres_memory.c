/* Memory running out on PostgreSQL: ours, not that of its library. */
#include "shortage.h"

#include "postgres_server.h"

#include <stdio.h>

static struct pg_server server;
static char url[800];

enum { MANY = 20 };

/* As many as are copied, rolled back; the second time one of them is there, so that they are inserted after all. */
static enum lf_status
append_many(const struct lf_model *model, struct lf_store_session *session, int64_t first, struct lf_err *error)
{
    struct workload_event made[MANY];
    const struct lf_event *events[MANY];
    enum lf_append_outcome outcomes[MANY];
    for (int i = 0; i < MANY; i++) {
        workload_event(model, first + i, &made[i]);
        events[i] = &made[i].event;
    }
    enum lf_status st = lf_store_begin(session, error);
    if (st == LF_OK)
        st = lf_store_append(session, events, MANY, outcomes, error);
    lf_store_abort(session);
    return st;
}

static enum lf_status
append_many_twice(const struct lf_model *model, struct lf_store_session *session, struct lf_err *error)
{
    enum lf_status st = append_many(model, session, 1000, error);
    return st == LF_OK ? append_many(model, session, 3, error) : st;
}

static void
empty(void)
{
    pg_server_sql(&server, "DROP SCHEMA IF EXISTS m CASCADE");
}

static const struct shortage shortage = {
    .url = url, .each_until = 40, .step = 3, .look_each = 4, .least = 150, .empty = empty, .more = append_many_twice};

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
    pg_server_new(&server);
    snprintf(url, sizeof(url), "%s&schema=m", server.url);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pg_server_free(&server);
    return failed;
}
