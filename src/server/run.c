/*
 * Wiring of a running server. In order: the schema, the log, the store, the loop, the query room, the gateway, the
 * listeners, the watch (which makes sure of the topics), the consumer, the ready line. Down in the opposite order.
 */
#include "server/run.h"
#include "base/redact.h"
#include "base/report.h"
#include "consumer/crew.h"
#include "gateway/http.h"
#include "server/admin.h"
#include "server/watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SCHEMA_WAIT_MS = 300 }; /* the consumer goes on with others' events after that */

struct server {
    const struct lf_config *config;
    unsigned roles;
    struct lf_parts parts;
    struct lf_loop *loop;
    struct lf_query *query;
    struct lf_gateway *gateway;
    struct lf_gateway_http *gateway_http;
    struct lf_http_server *api;
    struct lf_http_server *operators;
    struct lf_admin admin;
    struct lf_watch *watch;
    struct lf_crew *consumer;
    struct lf_timer *grace;
    struct lf_timer *flush; /* makes a turn, at whose end the log gets what it has not taken yet */
    struct lf_wake changed; /* something below may have changed: look at it on the loop */
    char api_address[LF_HTTP_ADDRESS_TEXT_SIZE];
    char admin_address[LF_HTTP_ADDRESS_TEXT_SIZE];
    bool ready;
    bool consumer_started;
    bool stopping;
    bool flush_set;     /* the timer runs */
    int64_t trouble_ms; /* when trouble was reported last */
    int64_t troubles;   /* since then */
    atomic_bool consumer_ready;
    atomic_bool consumer_failed;
    struct lf_err consumer_err; /* written before consumer_failed */
    enum lf_status outcome;
    struct lf_err outcome_err;
};

static bool
has_role(const struct server *s, unsigned role)
{
    return (s->roles & role) != 0;
}

/* ---- stop ---- */

static void
on_drained(void *ctx)
{
    struct server *s = ctx;
    lf_loop_stop(s->loop);
}

static void
on_grace_over(void *ctx)
{
    struct server *s = ctx;
    lf_report(LF_WARN, "grace time is over; stopping with requests in work", NULL);
    lf_loop_stop(s->loop);
}

/* Takes nothing new; ends the loop when all that is in work is answered, or the grace time is over. */
static void
begin_stop(struct server *s)
{
    s->stopping = true;
    lf_report(LF_INFO, "stopping", NULL);
    if (s->api == NULL) {
        lf_loop_stop(s->loop);
        return;
    }
    lf_timer_start(s->grace, s->config->grace, 0);
    lf_http_server_drain(s->api, on_drained, s);
}

static void
on_stop_signal(void *ctx)
{
    struct server *s = ctx;
    if (!s->stopping) {
        begin_stop(s);
        return;
    }
    lf_report(LF_WARN, "second signal; stopping at once", NULL);
    lf_loop_stop(s->loop);
}

/* A person is needed. What is in work is answered all the same. */
static void
stop_with(struct server *s, const struct lf_err *err)
{
    if (s->outcome == LF_OK) {
        s->outcome = err->status;
        s->outcome_err = *err;
    }
    lf_report_err(LF_ERROR, "cannot go on", err, NULL);
    if (!s->stopping)
        begin_stop(s);
}

/* ---- what the loop reacts to ---- */

/* At most a line a second: with a log or store away every request may have the same trouble. */
static void
on_trouble(void *ctx, const char *what, const struct lf_err *err)
{
    enum { TROUBLE_EVERY_MS = 1000 };
    struct server *s = ctx;
    int64_t now_ms = lf_loop_now_ms(s->loop);
    s->troubles++;
    if (s->trouble_ms != 0 && now_ms - s->trouble_ms < TROUBLE_EVERY_MS)
        return;
    char times[24];
    snprintf(times, sizeof(times), "%lld", (long long)s->troubles);
    lf_report_err(LF_WARN, what, err, "times", times, NULL);
    s->trouble_ms = now_ms;
    s->troubles = 0;
}

static void
on_gateway_wake(void *ctx)
{
    struct server *s = ctx;
    if (s->gateway != NULL)
        lf_gateway_turn(s->gateway);
}

static void
on_turn_end(void *ctx)
{
    struct server *s = ctx;
    int64_t within_ms = lf_gateway_flush(s->gateway);
    if (within_ms < 0 || s->flush_set)
        return;
    s->flush_set = true;
    lf_timer_start(s->flush, within_ms, 0);
}

static void
on_flush_due(void *ctx)
{
    struct server *s = ctx;
    s->flush_set = false; /* the turn's end does the rest */
}

static void
on_consumer_ready(void *ctx)
{
    struct server *s = ctx;
    atomic_store(&s->consumer_ready, true);
    lf_wake_call(&s->changed);
}

static void
on_consumer_failed(void *ctx, const struct lf_err *err)
{
    struct server *s = ctx;
    s->consumer_err = *err;
    atomic_store(&s->consumer_failed, true);
    lf_wake_call(&s->changed);
}

static void
start_consumer(struct server *s)
{
    struct lf_err err = {0};
    s->consumer_started = true;
    if (lf_crew_start(s->consumer, on_consumer_ready, on_consumer_failed, s, &err) != LF_OK)
        stop_with(s, &err);
}

static void
say_ready(struct server *s)
{
    s->ready = true;
    char pid[16];
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    lf_report(LF_INFO, "ready", "listen", has_role(s, LF_ROLE_GATEWAY) ? s->api_address : NULL, "admin",
              s->admin_address, "log", lf_log_backend_name(s->parts.log), "store",
              s->parts.store != NULL ? lf_store_backend_name(s->parts.store) : NULL, "topic", s->config->topic, "group",
              has_role(s, LF_ROLE_CONSUMER) ? s->config->group : NULL, "pid", pid, NULL);
}

static void
on_changed(void *ctx)
{
    struct server *s = ctx;
    struct lf_watch_state watch;
    if (s->watch == NULL || s->stopping)
        return;
    lf_watch_state(s->watch, &watch);
    if (watch.failed || atomic_load(&s->consumer_failed)) {
        stop_with(s, watch.failed ? &watch.err : &s->consumer_err);
        return;
    }
    if (watch.topics_ready && s->consumer != NULL && !s->consumer_started)
        start_consumer(s);
    bool all = watch.topics_ready && (s->consumer == NULL || atomic_load(&s->consumer_ready));
    if (all && !s->ready && s->outcome == LF_OK)
        say_ready(s);
}

/* ---- health ---- */

static size_t
add_check(struct lf_admin_check *checks, size_t count, const char *name, bool ok, const char *why)
{
    checks[count].name = name;
    checks[count].ok = ok;
    snprintf(checks[count].text, sizeof(checks[count].text), "%.511s", why);
    lf_redact(checks[count].text);
    return count + 1;
}

static size_t
checks(void *ctx, struct lf_admin_check ret[LF_ADMIN_CHECKS_MAX])
{
    struct server *s = ctx;
    struct lf_watch_state watch = {0};
    size_t count = 0;
    if (s->watch != NULL)
        lf_watch_state(s->watch, &watch);
    count = add_check(ret, count, "started", s->ready && !s->stopping, s->stopping ? "stopping" : "starting");
    count = add_check(ret, count, "log", watch.log_ok, watch.log_err.text);
    count = add_check(ret, count, "store", watch.store_ok, watch.store_err.text);
    if (s->consumer != NULL) {
        struct lf_consumer_state state;
        lf_crew_state(s->consumer, &state);
        count = add_check(ret, count, "consumer", state.running && !state.store_away && !state.log_away,
                          state.store_away ? "waiting for the store"
                          : state.log_away ? "waiting for the log"
                                           : "not running");
    }
    return count;
}

/* ---- start ---- */

static void
on_committed(void *ctx, struct lf_bytes topic, int32_t partition, int64_t next)
{
    struct server *s = ctx;
    if (s->query != NULL)
        lf_query_committed(s->query, topic, partition, next);
}

static struct lf_codec_options
codec_options(const struct server *s)
{
    return (struct lf_codec_options){
        .model = s->parts.model,
        .rules = s->parts.rules,
        .source = lf_bytes_of(s->config->source),
        .payloads = s->parts.payloads,
    };
}

static enum lf_status
open_gateway(struct server *s, struct lf_err *err)
{
    struct lf_wake wake;
    enum lf_status st = lf_loop_wake(s->loop, on_gateway_wake, s, &wake, err);
    const struct lf_query_options query = {
        .store = s->parts.store, .group = lf_bytes_of(s->config->group), .wake = wake};
    if (st == LF_OK)
        st = lf_query_open(&query, &s->query, err);
    if (st != LF_OK)
        return st;
    const struct lf_gateway_options options = {.model = s->parts.model,
                                               .log = s->parts.log,
                                               .query = s->query,
                                               .codec = codec_options(s),
                                               .topic = lf_bytes_of(s->config->topic),
                                               .wake = wake,
                                               .introspection = s->config->introspection,
                                               .trouble = on_trouble,
                                               .trouble_ctx = s};
    st = lf_gateway_new(&options, &s->gateway, err);
    if (st == LF_OK)
        st = lf_loop_on_turn_end(s->loop, on_turn_end, s, err);
    if (st != LF_OK)
        return st;
    s->gateway_http = lf_gateway_http_new(s->gateway);
    struct lf_http_options http = lf_http_options_default("api");
    http.body_bytes_max = (size_t)s->config->max_body;
    http.connections_max = (size_t)s->config->max_connections;
    http.idle_timeout_ms = s->config->idle_timeout;
    http.refusal = lf_gateway_http_refusal;
    if (s->gateway_http == NULL)
        return lf_no_memory(err);
    st = lf_http_server_open(s->loop, &http, lf_gateway_http_handle, s->gateway_http, &s->api, err);
    if (st == LF_OK)
        st = lf_http_server_listen(s->api, s->config->listen, s->api_address, err);
    return st;
}

static enum lf_status
open_operators(struct server *s, struct lf_err *err)
{
    s->admin = (struct lf_admin){.checks = checks, .ctx = s};
    struct lf_http_options http = lf_http_options_default("admin");
    enum lf_status st = lf_http_server_open(s->loop, &http, lf_admin_handle, &s->admin, &s->operators, err);
    if (st == LF_OK)
        st = lf_http_server_listen(s->operators, s->config->admin, s->admin_address, err);
    return st;
}

static enum lf_status
make_consumer(struct server *s, struct lf_err *err)
{
    enum { WORKERS_MAX = 256 };
    if (s->config->workers < 1 || s->config->workers > WORKERS_MAX)
        return lf_fail(err, LF_USAGE, "--workers must be 1 to %d", WORKERS_MAX);
    const struct lf_consumer_options options = {
        .model = s->parts.model,
        .log = s->parts.log,
        .store = s->parts.store,
        .codec = codec_options(s),
        .topics = s->parts.topics,
        .topic_count = s->parts.topic_count,
        .group = s->config->group,
        .instance_id = s->config->instance_id[0] != '\0' ? s->config->instance_id : NULL,
        .unknown_events = (enum lf_unknown_events)s->config->unknown_events,
        .on_deleted = (enum lf_surprise_policy)s->config->on_deleted,
        .on_truncated = (enum lf_surprise_policy)s->config->on_truncated,
        .on_recreated = (enum lf_surprise_policy)s->config->on_recreated,
        .batch_records = (size_t)s->config->batch,
        .committed = on_committed,
        .ctx = s,
    };
    return lf_crew_new(&options, (size_t)s->config->workers, &s->consumer, err);
}

static void
on_try_again(void *ctx)
{
    struct server *s = ctx;
    lf_loop_stop(s->loop);
}

/*
 * A store that is away is waited for at the start as well: machines start in any order. LF_CLOSED: asked to stop
 * meanwhile. The operators' listener answers while the loop runs.
 */
static enum lf_status
await_store(struct server *s, struct lf_err *err)
{
    enum { FIRST_MS = 100, LAST_MS = 3000 };
    struct lf_timer *again = NULL;
    enum lf_status st = lf_timer_new(s->loop, on_try_again, s, &again, err);
    if (st != LF_OK)
        return st;
    for (int64_t wait_ms = FIRST_MS;; wait_ms = wait_ms * 2 < LAST_MS ? wait_ms * 2 : LAST_MS) {
        st = lf_parts_open_store(&s->parts, s->roles, err);
        if (st == LF_OK || err->fate != LF_FATE_RETRY)
            break;
        if (wait_ms == FIRST_MS)
            lf_report_err(LF_WARN, "waiting for the store", err, NULL);
        lf_timer_start(again, wait_ms, 0);
        lf_loop_run(s->loop);
        if (s->stopping) {
            st = lf_fail(err, LF_CLOSED, "stopped while waiting for the store");
            break;
        }
    }
    lf_timer_free(again);
    return st;
}

static enum lf_status
open_loop(struct server *s, struct lf_err *err)
{
    enum lf_status st = lf_loop_new(&s->loop, err);
    if (st == LF_OK)
        st = lf_loop_on_signal(s->loop, SIGTERM, on_stop_signal, s, err);
    if (st == LF_OK)
        st = lf_loop_on_signal(s->loop, SIGINT, on_stop_signal, s, err);
    if (st == LF_OK)
        st = lf_loop_wake(s->loop, on_changed, s, &s->changed, err);
    if (st == LF_OK)
        st = lf_timer_new(s->loop, on_grace_over, s, &s->grace, err);
    if (st == LF_OK)
        st = lf_timer_new(s->loop, on_flush_due, s, &s->flush, err);
    return st;
}

static enum lf_status
open_all(struct server *s, const char *const *files, size_t file_count, struct lf_buf *problems, struct lf_err *err)
{
    enum lf_status st = lf_parts_load_model(&s->parts, files, file_count, problems, err);
    if (st == LF_OK)
        st = lf_parts_open_payloads(&s->parts, files, s->roles, SCHEMA_WAIT_MS, err);
    if (st == LF_OK)
        st = lf_parts_open_log(&s->parts, s->roles, err);
    if (st == LF_OK)
        st = open_loop(s, err);
    if (st == LF_OK)
        st = open_operators(s, err);
    if (st == LF_OK)
        st = await_store(s, err);
    if (st == LF_OK && has_role(s, LF_ROLE_CONSUMER))
        lf_report(LF_INFO, "store opened", "store", lf_store_backend_name(s->parts.store), "transactions",
                  lf_store_has_transactions(s->parts.store) ? "yes" : "no", NULL);
    if (st == LF_OK && has_role(s, LF_ROLE_GATEWAY))
        st = open_gateway(s, err);
    if (st == LF_OK && has_role(s, LF_ROLE_CONSUMER))
        st = make_consumer(s, err);
    if (st == LF_OK)
        st = lf_watch_start(&s->parts, s->changed, &s->watch, err);
    return st;
}

/* Every request is answered before its server's memory goes, every thread joined before what it uses. */
static void
close_all(struct server *s)
{
    s->stopping = true;
    if (s->parts.registry != NULL) /* nobody waits for it any more */
        lf_registry_stop(s->parts.registry);
    if (s->consumer != NULL && s->consumer_started)
        lf_crew_stop(s->consumer);
    if (atomic_load(&s->consumer_failed) && s->outcome == LF_OK) /* while stopping: no event is lost by it */
        lf_report_err(LF_WARN, "the consumer failed on the way down", &s->consumer_err, NULL);
    lf_crew_free(s->consumer);
    lf_watch_stop(s->watch);
    s->watch = NULL;
    if (s->gateway != NULL)
        lf_gateway_stop(s->gateway);
    lf_query_close(s->query);
    s->query = NULL;
    lf_http_server_close(s->api);
    lf_http_server_close(s->operators);
    lf_gateway_free(s->gateway);
    s->gateway = NULL;
    lf_gateway_http_free(s->gateway_http);
    lf_timer_free(s->grace);
    lf_timer_free(s->flush);
    lf_loop_free(s->loop);
    lf_parts_release(&s->parts);
}

enum lf_status
lf_server_run(const struct lf_config *config, unsigned roles, const char *const *files, size_t file_count,
              struct lf_buf *problems, struct lf_err *err)
{
    struct server s = {.config = config, .roles = roles};
    lf_report_configure((enum lf_level)config->log_level, config->log_format == 1);
    lf_parts_init(&s.parts, config);
    enum lf_status st = open_all(&s, files, file_count, problems, err);
    if (st == LF_OK) {
        lf_loop_run(s.loop);
        st = s.outcome;
        if (st != LF_OK)
            *err = s.outcome_err;
    } else if (s.stopping) {
        st = LF_OK; /* asked to, before there was anything to serve */
    }
    close_all(&s);
    if (st == LF_OK)
        lf_report(LF_INFO, "stopped", NULL);
    return st;
}
