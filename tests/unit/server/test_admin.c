/* The operators' listener, and the watch that its answers come from. Method: a server on a loop in a thread. */
#include "ask.h"
#include "base/clock.h"
#include "base/report.h"
#include "log/fault.h"
#include "server/admin.h"
#include "server/watch.h"
#include "store/fault.h"

#include <pthread.h>

static struct lf_admin_check checks[3];
static size_t check_count;
static char address[LF_HTTP_ADDRESS_TEXT_SIZE];
static struct lf_loop *loop;
static struct lf_http_server *server;
static pthread_t thread;

static size_t
give_checks(void *ctx, struct lf_admin_check ret[LF_ADMIN_CHECKS_MAX])
{
    (void)ctx;
    memcpy(ret, checks, check_count * sizeof(checks[0]));
    return check_count;
}

static void *
run(void *ctx)
{
    lf_loop_run(ctx);
    return NULL;
}

static int
start(void **state)
{
    (void)state;
    static struct lf_admin admin = {.checks = give_checks};
    struct lf_err err = {0};
    assert_int_equal(lf_loop_new(&loop, &err), LF_OK);
    assert_int_equal(lf_http_server_open(loop, NULL, lf_admin_handle, &admin, &server, &err), LF_OK);
    assert_int_equal(lf_http_server_listen(server, "127.0.0.1:0", address, &err), LF_OK);
    assert_int_equal(pthread_create(&thread, NULL, run, loop), 0);
    return 0;
}

static int
stop(void **state)
{
    (void)state;
    lf_loop_stop(loop);
    pthread_join(thread, NULL);
    lf_http_server_close(server);
    lf_loop_free(loop);
    return 0;
}

static void
expect(const char *method, const char *target, int status, const char *words)
{
    char *answer = ask(address, method, target, "", "");
    if (ask_status(answer) != status || (words != NULL && strcasestr(answer, words) == NULL))
        fail_msg("%s %s: not %d, %s: %s", method, target, status, words != NULL ? words : "", answer);
    free(answer);
}

static void
paths_and_methods(void **state)
{
    (void)state;
    check_count = 0;
    expect("GET", "/health/live", 200, "{\"status\":\"live\"}");
    expect("HEAD", "/health/live", 200, "cache-control: no-store");
    expect("POST", "/health/live", 405, "allow: GET, HEAD");
    expect("GET", "/health/ready", 200, "{\"status\":\"ready\",\"checks\":{}}");
    expect("GET", "/health", 200, "ready");
    expect("GET", "/", 404, "/metrics");
    expect("GET", "/metrics", 200, "process_resident_memory_bytes ");
    expect("GET", "/metrics", 200, "logfirst_build_info{version=");
    expect("GET", "/metrics", 200, "text/plain; version=0.0.4");
}

static void
readiness_names_what_is_missing(void **state)
{
    (void)state;
    checks[0] = (struct lf_admin_check){.name = "log", .ok = true};
    checks[1] = (struct lf_admin_check){.name = "store", .ok = false, .text = "\"away\"\n"};
    check_count = 2;
    expect("GET", "/health/ready", 503,
           "{\"status\":\"not ready\",\"checks\":{\"log\":{\"ok\":true},"
           "\"store\":{\"ok\":false,\"error\":\"\\\"away\\\"\\n\"}}}");
    memset(checks[1].text, '"', sizeof(checks[1].text) - 1); /* the longest text there is */
    checks[1].text[sizeof(checks[1].text) - 1] = '\0';
    expect("GET", "/health/ready", 503, "\\\"\\\"\"}}}");
}

/* ---- the watch ---- */

struct changes {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t count;
    char lines[4000];
};

static void
on_change(void *ctx)
{
    struct changes *changes = ctx;
    pthread_mutex_lock(&changes->lock);
    changes->count++;
    pthread_cond_signal(&changes->changed);
    pthread_mutex_unlock(&changes->lock);
}

static void
take_line(void *ctx, const char *line, size_t len)
{
    struct changes *changes = ctx;
    pthread_mutex_lock(&changes->lock);
    size_t used = strlen(changes->lines);
    if (used + len < sizeof(changes->lines)) {
        memcpy(changes->lines + used, line, len);
        changes->lines[used + len] = '\0';
    }
    pthread_mutex_unlock(&changes->lock);
}

/* Waits until the watch has found what is wanted. */
static void
wait_for(struct changes *changes, struct lf_watch *watch, bool (*wanted)(const struct lf_watch_state *state))
{
    struct lf_watch_state state;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&changes->lock);
    for (;;) {
        pthread_mutex_unlock(&changes->lock);
        lf_watch_state(watch, &state);
        pthread_mutex_lock(&changes->lock);
        if (wanted(&state))
            break;
        size_t before = changes->count;
        while (changes->count == before)
            assert_int_equal(pthread_cond_timedwait(&changes->changed, &changes->lock, &until), 0);
    }
    pthread_mutex_unlock(&changes->lock);
}

static bool
all_well(const struct lf_watch_state *state)
{
    return state->topics_ready && state->log_ok && state->store_ok && !state->failed;
}

static bool
no_topics(const struct lf_watch_state *state)
{
    return !state->topics_ready && state->store_ok && !state->failed;
}

static bool
both_away(const struct lf_watch_state *state)
{
    return !state->log_ok && !state->store_ok && state->topics_ready;
}

static bool
failed(const struct lf_watch_state *state)
{
    return state->failed && state->err.status == LF_DENIED;
}

static struct lf_model no_model;

static void
the_watch_tells_what_changes(void **state)
{
    (void)state;
    static struct changes changes = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    static const struct lf_bytes topics[] = {LF_LIT_INIT("a"), LF_LIT_INIT("b")};
    const struct lf_log_options log_options = {.url = "memory:", .create_topics = true, .partitions = 1};
    const struct lf_store_options store_options = {.url = "memory:", .model = &no_model};
    struct lf_parts parts = {.topics = topics, .topic_count = 2};
    struct lf_log *log = NULL;
    struct lf_store *store = NULL;
    struct lf_watch *watch = NULL;
    struct lf_err err = {0};
    lf_report_redirect(take_line, &changes);
    assert_int_equal(lf_log_open(&log_options, &log, &err), LF_OK);
    assert_int_equal(lf_log_fault_open(log, NULL, &parts.log, &err), LF_OK);
    assert_int_equal(lf_store_open(&store_options, &store, &err), LF_OK);
    parts.store = lf_store_fault_new(store);
    assert_non_null(parts.store);
    const struct lf_log_fault_plan no_topic = {.ops = LF_LOG_FAULT_ENSURE_TOPIC, .at = 2, .count = 1};
    lf_log_fault_plan(parts.log, &no_topic);
    const struct lf_wake wake = {on_change, &changes};
    assert_int_equal(lf_watch_start(&parts, wake, &watch, &err), LF_OK);
    wait_for(&changes, watch, no_topics);
    wait_for(&changes, watch, all_well); /* tried again */
    const struct lf_log_fault_plan away = {.ops = LF_LOG_FAULT_HEALTH, .at = 1, .count = 1000};
    lf_log_fault_plan(parts.log, &away);
    lf_store_fault_arm(parts.store,
                       (struct lf_store_fault){.ops = LF_FAULT_HEALTH, .nth = 1, .times = 1000, .status = LF_IO});
    wait_for(&changes, watch, both_away);
    lf_log_fault_plan(parts.log, NULL);
    lf_store_fault_arm(parts.store, (struct lf_store_fault){0});
    wait_for(&changes, watch, all_well);
    lf_watch_stop(watch);
    /* a log that will never have the topics needs a person */
    const struct lf_log_fault_plan denied = {
        .ops = LF_LOG_FAULT_ENSURE_TOPIC, .at = 1, .count = 1000, .status = LF_DENIED};
    lf_log_fault_plan(parts.log, &denied);
    assert_int_equal(lf_watch_start(&parts, wake, &watch, &err), LF_OK);
    wait_for(&changes, watch, failed);
    lf_watch_stop(watch);
    lf_watch_stop(NULL);
    lf_report_redirect(NULL, NULL);
    static const char *const lines[] = {"waiting for the log", "the log does not answer", "the store does not answer",
                                        "the log answers again", "the store answers again"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *found = strstr(changes.lines, lines[i]);
        if (found == NULL || strstr(found + 1, lines[i]) != NULL)
            fail_msg("not once: %s in %s", lines[i], changes.lines);
    }
    lf_store_close(parts.store);
    lf_log_close(parts.log);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_and_methods),
        cmocka_unit_test(readiness_names_what_is_missing),
        cmocka_unit_test(the_watch_tells_what_changes),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
