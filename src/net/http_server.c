/* The server: listening, accepting, looking after time-outs, draining, closing; its metrics. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/address.h"
#include "net/http_inner.h"

#include <stdio.h>
#include <string.h>

enum { BACKLOG = 1024, SWEEP_MIN_MS = 5, SWEEP_MAX_MS = 1000, DRAIN_SWEEP_MS = 20 };

struct lf_http_listener {
    uv_tcp_t tcp; /* first: handles are cast back */
    struct lf_http_listener *next;
    struct lf_http_server *server;
    bool waiting; /* a connection waits that could not be taken for lack of memory */
};

struct lf_http_options
lf_http_options_default(const char *name)
{
    return (struct lf_http_options){
        .name = name,
        .header_bytes_max = LF_HTTP_HEADER_BYTES_MAX,
        .headers_max = LF_HTTP_HEADERS_MAX,
        .body_bytes_max = LF_HTTP_BODY_BYTES_MAX,
        .output_bytes_max = LF_HTTP_OUTPUT_BYTES_MAX,
        .connections_max = LF_HTTP_CONNECTIONS_MAX,
        .pipeline_max = LF_HTTP_PIPELINE_MAX,
        .header_timeout_ms = LF_HTTP_HEADER_TIMEOUT_MS,
        .body_timeout_ms = LF_HTTP_BODY_TIMEOUT_MS,
        .idle_timeout_ms = LF_HTTP_IDLE_TIMEOUT_MS,
        .write_timeout_ms = LF_HTTP_WRITE_TIMEOUT_MS,
    };
}

/* --- life --------------------------------------------------------------------------------------------------------- */

void
lf_http_server_ref(struct lf_http_server *server)
{
    server->refs++;
}

void
lf_http_server_unref(struct lf_http_server *server)
{
    LF_ASSERT(server->refs > 0);
    if (--server->refs != 0)
        return;
    LF_ASSERT(server->conn_count == 0 && server->working == 0);
    while (server->pool != NULL) {
        struct lf_http_exchange *exchange = server->pool;
        server->pool = exchange->next;
        lf_http_exchange_free(exchange);
    }
    lf_free(server);
}

static struct lf_metric *
counter(const char *name, const struct lf_http_server *server, const char *more, const char *help)
{
    char labels[96];
    snprintf(labels, sizeof(labels), "listener=\"%s\"%s", server->options.name, more);
    return lf_metrics_counter(name, labels, help);
}

static void
register_metrics(struct lf_http_server *server)
{
    struct lf_http_metrics *metrics = &server->metrics;
    char labels[96];
    snprintf(labels, sizeof(labels), "listener=\"%s\"", server->options.name);
    metrics->open = lf_metrics_gauge("logfirst_http_connections", labels, "HTTP connections open now.");
    metrics->accepted = counter("logfirst_http_connections_total", server, "", "HTTP connections accepted.");
    metrics->refused = counter("logfirst_http_connections_refused_total", server, "",
                               "HTTP connections closed at once: too many, or draining.");
    metrics->received_bytes = counter("logfirst_http_received_bytes_total", server, "", "Bytes received over HTTP.");
    metrics->sent_bytes = counter("logfirst_http_sent_bytes_total", server, "", "Bytes sent over HTTP.");
    for (int digit = 0; digit < 6; digit++) {
        char more[24];
        snprintf(more, sizeof(more), ",code=\"%dxx\"", digit);
        if (digit >= 2) /* no other final status exists */
            metrics->requests[digit] =
                counter("logfirst_http_requests_total", server, more, "HTTP requests answered, by status class.");
    }
}

/* The end of a turn: all that is ready goes out. */
static void
flush_dirty(void *ctx)
{
    struct lf_http_server *server = ctx;
    while (!lf_link_alone(&server->dirty)) {
        struct lf_link *link = server->dirty.next;
        lf_http_conn_flush((struct lf_http_conn *)((char *)link - offsetof(struct lf_http_conn, dirty)));
    }
}

enum lf_status
lf_http_server_open(struct lf_loop *loop, const struct lf_http_options *options, lf_http_handler_fn *handler, void *ctx,
                    struct lf_http_server **ret, struct lf_err *err)
{
    struct lf_http_server *server = lf_calloc(1, sizeof(*server));
    if (server == NULL)
        return lf_no_memory(err);
    server->loop = loop;
    server->options = options != NULL ? *options : lf_http_options_default("http");
    server->handler = handler;
    server->ctx = ctx;
    server->refs = 2; /* the owner's and the timer's */
    server->date_second = -1;
    lf_link_init(&server->conns);
    lf_link_init(&server->dirty);
    enum lf_status st = lf_loop_on_turn_last(loop, flush_dirty, server, err);
    if (st != LF_OK) {
        lf_free(server);
        return st;
    }
    uv_timer_init(lf_loop_uv(loop), &server->sweep); /* cannot fail */
    server->sweep.data = server;
    register_metrics(server);
    *ret = server;
    return LF_OK;
}

static void
on_sweep_closed(uv_handle_t *handle)
{
    lf_http_server_unref(handle->data);
}

static void
on_listener_closed(uv_handle_t *handle)
{
    struct lf_http_listener *listener = (struct lf_http_listener *)handle;
    struct lf_http_server *server = listener->server;
    lf_free(listener);
    lf_http_server_unref(server);
}

static void
stop_listening(struct lf_http_server *server)
{
    while (server->listeners != NULL) {
        struct lf_http_listener *listener = server->listeners;
        server->listeners = listener->next;
        uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
    }
}

static struct lf_http_conn *
conn_at(struct lf_link *link)
{
    return (struct lf_http_conn *)((char *)link - offsetof(struct lf_http_conn, link));
}

void
lf_http_server_close(struct lf_http_server *server)
{
    if (server == NULL)
        return;
    LF_ASSERT(!server->closed);
    server->closed = true;
    stop_listening(server);
    for (struct lf_link *link = server->conns.next; link != &server->conns; link = link->next)
        lf_http_conn_close(conn_at(link)); /* leaves the list later */
    lf_loop_off_turn_end(server->loop, flush_dirty, server);
    uv_close((uv_handle_t *)&server->sweep, on_sweep_closed);
    lf_http_server_unref(server);
}

size_t
lf_http_server_connections(const struct lf_http_server *server)
{
    return server->conn_count;
}

struct lf_bytes
lf_http_server_date(struct lf_http_server *server)
{
    const int64_t second = lf_clock_real_us() / 1000000;
    if (second != server->date_second) {
        server->date_second = second;
        lf_http_write_date(second, server->date);
    }
    return lf_bytes_of(server->date);
}

/* --- accepting ---------------------------------------------------------------------------------------------------- */

static void
accept_one(struct lf_http_listener *listener)
{
    enum lf_status st = lf_http_conn_accept(listener->server, &listener->tcp);
    listener->waiting = st == LF_NO_MEMORY;
    if (listener->waiting)
        lf_http_server_sweep_on(listener->server); /* tries again; until then the system keeps the others waiting */
}

/* When file descriptors run out, libuv accepts and closes what waits, with one kept in reserve: no spinning here. */
static void
on_connection(uv_stream_t *handle, int code)
{
    struct lf_http_listener *listener = (struct lf_http_listener *)handle;
    if (code == 0)
        accept_one(listener);
    else
        lf_metric_add(listener->server->metrics.refused, 1);
}

static int
bind_and_listen(struct lf_http_listener *listener, struct sockaddr_storage *address)
{
    int code = uv_tcp_bind(&listener->tcp, (const struct sockaddr *)address, 0);
    if (code == 0)
        code = uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection);
    int size = (int)sizeof(*address);
    if (code == 0)
        code = uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)address, &size);
    return code;
}

enum lf_status
lf_http_server_listen(struct lf_http_server *server, const char *address, char ret_address[LF_HTTP_ADDRESS_TEXT_SIZE],
                      struct lf_err *err)
{
    struct sockaddr_storage where;
    enum lf_status st = lf_address_parse(address, &where, err);
    if (st != LF_OK)
        return st;
    struct lf_http_listener *listener = lf_calloc(1, sizeof(*listener));
    if (listener == NULL)
        return lf_no_memory(err);
    uv_tcp_init(lf_loop_uv(server->loop), &listener->tcp); /* opens nothing yet: cannot fail */
    listener->server = server;
    lf_http_server_ref(server);
    int code = bind_and_listen(listener, &where);
    if (code != 0) {
        uv_close((uv_handle_t *)&listener->tcp, on_listener_closed);
        char what[128];
        snprintf(what, sizeof(what), "cannot listen on %s", address);
        return lf_uv_fail(err, code, what);
    }
    listener->next = server->listeners;
    server->listeners = listener;
    if (ret_address != NULL)
        lf_address_format(&where, ret_address, LF_HTTP_ADDRESS_TEXT_SIZE);
    return LF_OK;
}

/* --- time-outs ---------------------------------------------------------------------------------------------------- */

static int64_t
min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A quarter of the shortest time-out, so that none is exceeded by much; one timer for all connections. */
static uint64_t
sweep_interval(const struct lf_http_server *server)
{
    const struct lf_http_options *options = &server->options;
    int64_t shortest = min_i64(min_i64(options->header_timeout_ms, options->body_timeout_ms),
                               min_i64(options->idle_timeout_ms, options->write_timeout_ms));
    int64_t interval = min_i64(shortest / 4, SWEEP_MAX_MS);
    return (uint64_t)(interval < SWEEP_MIN_MS ? SWEEP_MIN_MS : interval);
}

static bool
accept_waiting(struct lf_http_server *server)
{
    bool waiting = false;
    for (struct lf_http_listener *listener = server->listeners; listener != NULL; listener = listener->next) {
        if (listener->waiting)
            accept_one(listener);
        waiting = waiting || listener->waiting;
    }
    return waiting;
}

static void
drain_step(struct lf_http_server *server)
{
    for (struct lf_link *link = server->conns.next; link != &server->conns; link = link->next)
        lf_http_conn_drain(conn_at(link));
    if (server->conn_count != 0 || server->working != 0)
        return;
    uv_timer_stop(&server->sweep);
    lf_loop_fn *drained = server->drained;
    server->drained = NULL;
    if (drained != NULL)
        drained(server->drained_ctx);
}

static void
on_sweep(uv_timer_t *timer)
{
    struct lf_http_server *server = timer->data;
    const int64_t now_ms = lf_loop_now_ms(server->loop);
    for (struct lf_link *link = server->conns.next; link != &server->conns; link = link->next)
        lf_http_conn_sweep(conn_at(link), now_ms);
    const bool waiting = accept_waiting(server);
    if (server->draining) {
        drain_step(server);
    } else if (server->conn_count == 0 && !waiting) {
        uv_timer_stop(timer); /* an idle server does not wake up */
        server->sweeping = false;
    }
}

void
lf_http_server_sweep_on(struct lf_http_server *server)
{
    if (server->sweeping || server->closed)
        return;
    server->sweeping = true;
    const uint64_t interval = sweep_interval(server);
    uv_timer_start(&server->sweep, on_sweep, interval, interval);
}

void
lf_http_server_drain(struct lf_http_server *server, lf_loop_fn *done, void *ctx)
{
    LF_ASSERT(!server->draining && !server->closed);
    server->draining = true;
    server->drained = done;
    server->drained_ctx = ctx;
    stop_listening(server);
    server->sweeping = true; /* faster from now on, and idle connections get one interval to bring what is on its way */
    uv_timer_start(&server->sweep, on_sweep, DRAIN_SWEEP_MS, DRAIN_SWEEP_MS);
}
