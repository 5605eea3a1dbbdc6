/* PostgreSQL goes away: between transactions, at every step within one, for good, to another host. */
#include "workload.h"

#include "base/clock.h"
#include "postgres_server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct pg_server server;

struct world {
    struct lf_model *model;
    struct lf_store *store;
    struct lf_store_session *writer, *reader;
    struct lf_arena arena;
};

static void
open_world(struct world *w, const char *schema)
{
    w->model = fixture_model();
    lf_arena_init(&w->arena, 0, 0);
    w->store = pg_server_store(&server, schema, w->model);
    OK(lf_store_session_open(w->store, true, &w->writer, &err));
    OK(lf_store_session_open(w->store, false, &w->reader, &err));
}

static void
close_world(struct world *w)
{
    lf_store_session_close(w->writer);
    lf_store_session_close(w->reader);
    lf_store_close(w->store);
    lf_arena_release(&w->arena);
    lf_model_free(w->model);
}

static void
work(struct world *w, int64_t batches)
{
    OK(workload_run(w->model, w->writer, batches, &w->arena, &err));
    assert_int_equal(workload_check(w->model, w->reader, &w->arena), batches);
}

/* Whoever is between two questions does not notice. */
static void
test_a_restart_between_transactions(void **state)
{
    (void)state;
    struct world w = {0};
    open_world(&w, "between");
    work(&w, 2);
    pg_server_stop(&server);
    pg_server_start(&server);
    OK(lf_store_health(w.store, &err));
    OK(workload_write(w.model, w.writer, 2, &w.arena, &err)); /* the first thing it does is to begin */
    assert_int_equal(workload_check(w.model, w.reader, &w.arena), 3);
    pg_server_disconnect(&server);
    work(&w, 4); /* the first thing it does is to read */
    pg_server_kill(&server);
    pg_server_start(&server);
    OK(lf_store_health(w.store, &err));
    work(&w, 5);
    close_world(&w);
}

enum { STEPS = 6, EVENTS = 20 }; /* as many events as are copied */

/* Batch number n, the connection being cut before the step; the first failure. */
static enum lf_status
write_cut(struct world *w, int64_t n, int cut_before, struct lf_err *error)
{
    struct lf_store_session *session = w->writer;
    struct lf_bytes key = LF_LIT("1");
    struct lf_value value;
    struct workload_event made[EVENTS];
    const struct lf_event *events[EVENTS];
    enum lf_append_outcome outcomes[EVENTS];
    for (int i = 0; i < EVENTS; i++) {
        workload_event(w->model, n * WORKLOAD_BATCH + i, &made[i]);
        events[i] = &made[i].event;
    }
    struct lf_member members[] = {{LF_LIT("number"), lf_value_int(1)}, {LF_LIT("value"), lf_value_int(-1)}};
    struct lf_state_change change = {.key = key, .state = lf_value_object(members, 2)};
    struct lf_dead_letter letter = fixture_letter(7);
    OK(lf_store_begin(session, &err));
    enum lf_status st = LF_OK;
    for (int step = 0; st == LF_OK && step < STEPS; step++) {
        if (step == cut_before)
            pg_server_disconnect(&server);
        switch (step) {
        case 0: st = lf_store_append(session, events, EVENTS, outcomes, error); break;
        case 1: st = lf_store_load(session, &w->model->entities[COUNTER], &key, 1, &w->arena, &value, error); break;
        case 2: st = lf_store_save(session, &w->model->entities[COUNTER], &change, 1, error); break;
        case 3: st = lf_store_bury(session, &letter, 1, error); break;
        case 4: st = lf_store_advance(session, LF_LIT("g"), LF_LIT("t"), 0, n, n + 1, error); break;
        default: st = lf_store_commit(session, error); break;
        }
    }
    lf_store_abort(session);
    return st;
}

static void
test_a_cut_at_every_step_of_a_transaction(void **state)
{
    (void)state;
    struct world w = {0};
    open_world(&w, "within");
    work(&w, 1);
    for (int step = 0; step < STEPS; step++) {
        struct lf_err error = {0};
        assert_int_equal(write_cut(&w, 1 + step, step, &error), LF_UNAVAILABLE);
        assert_int_equal(error.fate, LF_FATE_RETRY);
        assert_int_equal(workload_check(w.model, w.reader, &w.arena), 1 + step);
        work(&w, 2 + step);
    }
    close_world(&w);
}

static void
test_a_server_that_is_away(void **state)
{
    (void)state;
    struct world w = {0};
    struct lf_store_session *session = NULL;
    struct lf_store *store = NULL;
    int64_t next;
    struct lf_err error = {0};
    open_world(&w, "away");
    work(&w, 1);
    OK(lf_store_begin(w.writer, &err));
    pg_server_kill(&server);
    FAILS(LF_UNAVAILABLE, lf_store_advance(w.writer, LF_LIT("g"), LF_LIT("t"), 0, 1, 2, &err));
    lf_store_abort(w.writer);
    for (int i = 0; i < 3; i++) {
        FAILS(LF_UNAVAILABLE, lf_store_begin(w.writer, &err));
        FAILS(LF_UNAVAILABLE, lf_store_position(w.reader, LF_LIT("g"), LF_LIT("t"), 0, &next, &err));
        FAILS(LF_UNAVAILABLE, lf_store_health(w.store, &err));
        FAILS(LF_UNAVAILABLE, lf_store_session_open(w.store, true, &session, &err));
    }
    struct lf_store_options options = {.url = server.url, .model = w.model};
    assert_int_equal(lf_store_open(&options, &store, &error), LF_UNAVAILABLE);
    pg_server_start(&server);
    OK(lf_store_health(w.store, &err));
    work(&w, 3);
    close_world(&w);
}

/* A server that is there but says no: that is for people, at the start. */
static void
test_a_server_that_refuses(void **state)
{
    (void)state;
    struct lf_model *model = fixture_model();
    struct lf_store *store = NULL;
    char url[800];
    snprintf(url, sizeof(url), "postgresql:///nowhere?user=postgres&host=%s", server.folder);
    struct lf_store_options options = {.url = url, .model = model};
    FAILS(LF_DENIED, lf_store_open(&options, &store, &err));
    assert_non_null(strstr(err.text, "nowhere"));
    lf_model_free(model);
}

/* A server that comes up, and goes away again: what it says to each connection. */
enum { GREETINGS = 3, GREETING_MAX = 200 };
struct greeter {
    int listener;
    char greetings[GREETINGS][GREETING_MAX];
    size_t lens[GREETINGS];
};

static void *
greet(void *ctx)
{
    struct greeter *greeter = ctx;
    char startup[1024];
    for (int i = 0; i < GREETINGS; i++) {
        int client = accept4(greeter->listener, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0)
            return NULL;
        if (recv(client, startup, sizeof(startup), 0) > 0)
            send(client, greeter->greetings[i], greeter->lens[i], MSG_NOSIGNAL);
        close(client);
    }
    return NULL;
}

static void
add_greeting(struct greeter *greeter, int i, const char *type, const char *body, size_t body_len)
{
    char *out = greeter->greetings[i];
    uint32_t len = htonl((uint32_t)body_len + 4);
    memcpy(out, type, 1);
    memcpy(out + 1, &len, 4);
    memcpy(out + 5, body, body_len);
    greeter->lens[i] = body_len + 5;
}

static void
test_a_server_that_comes_up_meanwhile(void **state)
{
    (void)state;
    static const char starting[] = "SFATAL\0VFATAL\0C57P03\0Mthe database system is not yet accepting connections\0";
    static const char password[] = {0, 0, 0, 3};
    struct greeter greeter = {.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    add_greeting(&greeter, 0, "E", starting, sizeof(starting));
    add_greeting(&greeter, 1, "R", password,
                 sizeof(password));                       /* now it answers: to the one who looks for the reason */
    struct sockaddr_un address = {.sun_family = AF_UNIX}; /* and to the third it says nothing */
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.7777", server.folder);
    assert_int_equal(bind(greeter.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(greeter.listener, 8), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, greet, &greeter), 0);

    struct lf_model *model = fixture_model();
    struct lf_store *store = NULL;
    struct lf_err error = {0};
    char url[800];
    snprintf(url, sizeof(url), "postgresql:///postgres?user=postgres&port=7777&host=%s", server.folder);
    struct lf_store_options options = {.url = url, .model = model};
    assert_int_equal(lf_store_open(&options, &store, &error), LF_UNAVAILABLE);
    assert_int_equal(error.fate, LF_FATE_RETRY);
    shutdown(greeter.listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(greeter.listener);
    lf_model_free(model);
}

/* All of the primary's are there as well. */
static void
wait_for_standby(struct pg_server *primary)
{
    static const char sql[] = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()";
    int64_t until = lf_clock_mono_ms() + 30000;
    while (strcmp(pg_server_sql(primary, sql), "1") != 0) {
        assert_true(lf_clock_mono_ms() < until);
        lf_clock_sleep_ms(20);
    }
}

static void
test_the_other_host_takes_over(void **state)
{
    (void)state;
    struct world w = {0};
    struct pg_server standby;
    char url[1600];
    w.model = fixture_model();
    lf_arena_init(&w.arena, 0, 0);
    pg_server_new_standby(&standby, &server);
    /* nobody, one that only reads, and the one that is written */
    snprintf(url, sizeof(url), "postgresql:///postgres?user=postgres&host=/nowhere,%s,%s&schema=failover",
             standby.folder, server.folder);
    struct lf_store_options options = {.url = url, .model = w.model};
    OK(lf_store_open(&options, &w.store, &err));
    OK(lf_store_session_open(w.store, true, &w.writer, &err));
    OK(lf_store_session_open(w.store, false, &w.reader, &err));
    work(&w, 3);
    wait_for_standby(&server);

    OK(lf_store_begin(w.writer, &err));
    pg_server_kill(&server);
    FAILS(LF_UNAVAILABLE, lf_store_advance(w.writer, LF_LIT("g"), LF_LIT("t"), 0, 3, 4, &err));
    lf_store_abort(w.writer);
    FAILS(LF_UNAVAILABLE, lf_store_begin(w.writer, &err)); /* the standby is none yet */
    FAILS(LF_UNAVAILABLE, lf_store_health(w.store, &err));
    pg_server_sql(&standby, "SELECT pg_promote()");
    OK(lf_store_health(w.store, &err));
    assert_int_equal(workload_check(w.model, w.reader, &w.arena), 3);
    work(&w, 6);
    close_world(&w);
    pg_server_free(&standby);
    pg_server_start(&server);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_restart_between_transactions),
        cmocka_unit_test(test_a_cut_at_every_step_of_a_transaction),
        cmocka_unit_test(test_a_server_that_is_away),
        cmocka_unit_test(test_a_server_that_refuses),
        cmocka_unit_test(test_a_server_that_comes_up_meanwhile),
        cmocka_unit_test(test_the_other_host_takes_over),
    };
    pg_server_new(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pg_server_free(&server);
    return failed;
}
