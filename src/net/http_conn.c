/* A connection: bytes in, requests to the handler; time-outs, refusals, the ways to end. */
#include "base/limits.h"
#include "base/mem.h"
#include "net/http_inner.h"

enum { LINGER_MS = 1000 }; /* for the client to read a refusal before a reset could overtake it */

static struct lf_http_conn *
conn_of(struct lf_stream *stream)
{
    return (struct lf_http_conn *)stream;
}

static int64_t
from_now(const struct lf_http_conn *conn, int64_t ms)
{
    return lf_loop_now_ms(conn->server->loop) + ms;
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

/* The handler keeps what it has, without a connection. */
static void
let_go(struct lf_http_exchange *exchange)
{
    exchange->conn = NULL;
    exchange->next = NULL;
    lf_http_request_fn *gone = exchange->gone;
    exchange->gone = NULL;
    if (gone != NULL)
        gone(&exchange->message.request);
}

void
lf_http_conn_drop_queue(struct lf_http_conn *conn)
{
    conn->receiving = NULL;
    conn->tail = NULL;
    conn->queued = 0;
    conn->output_bytes = 0;
    while (conn->head != NULL) {
        struct lf_http_exchange *exchange = conn->head;
        conn->head = exchange->next;
        if (exchange->state == LF_EXCHANGE_WORKING || exchange->state == LF_EXCHANGE_STREAMING)
            let_go(exchange);
        else
            lf_http_exchange_recycle(exchange);
    }
}

void
lf_http_conn_close(struct lf_http_conn *conn)
{
    if (conn->state == LF_CONN_CLOSED)
        return;
    conn->state = LF_CONN_CLOSED;
    conn->eof = true;
    lf_link_remove(&conn->dirty);
    lf_stream_close(&conn->stream); /* before the buffers go that it may be writing from */
    lf_http_conn_drop_queue(conn);
    lf_buf_release(&conn->unread);
}

void
lf_http_conn_finish(struct lf_http_conn *conn)
{
    if (conn->eof) {
        lf_http_conn_close(conn);
        return;
    }
    conn->state = LF_CONN_LINGERING;
    conn->read_until_ms = from_now(conn, LINGER_MS);
    lf_buf_release(&conn->unread);
    lf_stream_finish(&conn->stream);
    lf_stream_read_start(&conn->stream);
}

void
lf_http_conn_drain(struct lf_http_conn *conn)
{
    if (conn->state == LF_CONN_OPEN && conn->head == NULL)
        lf_http_conn_close(conn);
}

/* Answers with a status of our own and ends the connection. */
static void
refuse(struct lf_http_conn *conn, int status)
{
    struct lf_http_exchange *exchange = conn->receiving;
    LF_ASSERT(exchange != NULL && exchange == conn->tail);
    conn->receiving = NULL;
    conn->read_until_ms = 0;
    conn->state = LF_CONN_FINISHING;
    lf_http_exchange_refuse(exchange, status);
}

/* --- input -------------------------------------------------------------------------------------------------------- */

void
lf_http_conn_idle(struct lf_http_conn *conn)
{
    conn->read_until_ms = from_now(conn, conn->server->options.idle_timeout_ms);
}

static bool
must_pause(const struct lf_http_conn *conn)
{
    const struct lf_http_options *options = &conn->server->options;
    if (conn->receiving != NULL)
        return false; /* its request is within the limit already */
    if (conn->queued >= options->pipeline_max || conn->output_bytes > options->output_bytes_max)
        return true;
    /* bytes behind a wish to upgrade may be of another protocol: its answer decides */
    return conn->tail != NULL && conn->tail->message.request.upgrade && conn->tail->state == LF_EXCHANGE_WORKING;
}

/* Keeps the bytes and stops reading until there is room. */
static void
pause_reading(struct lf_http_conn *conn, struct lf_bytes rest)
{
    conn->paused = true;
    lf_stream_read_stop(&conn->stream);
    lf_buf_add(&conn->unread, rest);
    if (conn->unread.failed != LF_OK)
        lf_http_conn_close(conn);
}

static bool
begin_request(struct lf_http_conn *conn)
{
    struct lf_http_exchange *exchange = lf_http_exchange_new(conn);
    if (exchange == NULL)
        return false;
    if (conn->tail != NULL)
        conn->tail->next = exchange;
    else
        conn->head = exchange;
    conn->tail = exchange;
    conn->receiving = exchange;
    conn->queued++;
    conn->in_body = false;
    conn->read_until_ms = from_now(conn, conn->server->options.header_timeout_ms);
    return true;
}

/* A whole request is there: the handler's turn. */
static void
dispatch(struct lf_http_conn *conn)
{
    struct lf_http_exchange *exchange = conn->receiving;
    struct lf_http_server *server = conn->server;
    conn->receiving = NULL;
    conn->read_until_ms = 0;
    if (!exchange->message.keep_alive)
        conn->state = LF_CONN_FINISHING;
    exchange->state = LF_EXCHANGE_WORKING;
    server->working++;
    lf_http_server_ref(server);
    server->handler(server->ctx, &exchange->message.request);
}

static void
after_more(struct lf_http_conn *conn)
{
    const struct lf_http_message *message = &conn->receiving->message;
    if (!message->headers_complete || conn->in_body)
        return;
    conn->in_body = true;
    conn->read_until_ms = from_now(conn, conn->server->options.body_timeout_ms);
    if (message->wants_continue)
        lf_http_conn_mark(conn);
}

static void
consume(struct lf_http_conn *conn, struct lf_bytes bytes)
{
    while (bytes.len != 0 && conn->state == LF_CONN_OPEN) {
        if (must_pause(conn)) {
            pause_reading(conn, bytes);
            return;
        }
        if (conn->receiving == NULL && !begin_request(conn)) {
            lf_http_conn_close(conn);
            return;
        }
        size_t used = 0;
        enum lf_http_parsed parsed = lf_http_parse(&conn->parser, &conn->receiving->message, bytes, &used);
        bytes = lf_bytes(bytes.ptr + used, bytes.len - used);
        switch (parsed) {
        case LF_HTTP_MORE: after_more(conn); break;
        case LF_HTTP_DONE: dispatch(conn); break;
        case LF_HTTP_REFUSED: refuse(conn, conn->parser.refusal); break;
        }
    }
}

void
lf_http_conn_resume(struct lf_http_conn *conn)
{
    if (!conn->paused || conn->state != LF_CONN_OPEN || must_pause(conn))
        return;
    conn->paused = false;
    struct lf_buf unread = conn->unread;
    lf_buf_init(&conn->unread, SIZE_MAX);
    lf_loop_again(conn->server->loop); /* handlers may have made work for hooks that already ran this turn */
    consume(conn, lf_buf_view(&unread));
    lf_buf_release(&unread);
    if (!conn->paused && conn->state != LF_CONN_CLOSED)
        lf_stream_read_start(&conn->stream);
}

static void
on_data(struct lf_stream *stream, struct lf_bytes bytes)
{
    struct lf_http_conn *conn = conn_of(stream);
    lf_metric_add(conn->server->metrics.received_bytes, (int64_t)bytes.len);
    consume(conn, bytes); /* unless it is open no more: then nobody wants them */
}

static bool
has_stream(const struct lf_http_conn *conn)
{
    for (const struct lf_http_exchange *exchange = conn->head; exchange != NULL; exchange = exchange->next) {
        if (exchange->state == LF_EXCHANGE_STREAMING)
            return true;
    }
    return false;
}

/* Takes the unfinished request off the queue's end. */
static void
drop_receiving(struct lf_http_conn *conn)
{
    struct lf_http_exchange *exchange = conn->receiving;
    struct lf_http_exchange *before = NULL;
    for (struct lf_http_exchange *at = conn->head; at != exchange; at = at->next)
        before = at;
    if (before != NULL)
        before->next = NULL;
    else
        conn->head = NULL;
    conn->tail = before;
    conn->receiving = NULL;
    conn->queued--;
    conn->output_bytes -= lf_http_exchange_unsent(exchange);
    lf_http_exchange_recycle(exchange);
}

static void
on_end(struct lf_stream *stream, enum lf_status why)
{
    struct lf_http_conn *conn = conn_of(stream);
    conn->eof = true;
    conn->read_until_ms = 0;
    const bool broken = why != LF_END || conn->state == LF_CONN_LINGERING;
    /* the invitation to send a body may be under way to a client that does not send it any more */
    const bool half_invited = conn->receiving != NULL && conn->stream.writing;
    if (broken || half_invited || has_stream(conn)) {
        lf_http_conn_close(conn);
        return;
    }
    if (conn->receiving != NULL)
        drop_receiving(conn);
    if (conn->head == NULL)
        lf_http_conn_close(conn);
    else
        conn->state = LF_CONN_FINISHING; /* it may have closed its side only, and still read the answers */
}

/* --- time-outs ---------------------------------------------------------------------------------------------------- */

static void
on_read_timeout(struct lf_http_conn *conn)
{
    if (conn->state == LF_CONN_OPEN && conn->receiving != NULL)
        refuse(conn, 408);
    else
        lf_http_conn_close(conn); /* idle, or lingering long enough */
}

/* A client that takes none of its answer for the whole time-out is given up; one that takes any gets more time. */
static void
check_writing(struct lf_http_conn *conn, int64_t now_ms)
{
    size_t unsent = lf_stream_unsent(&conn->stream);
    if (unsent != conn->write_unsent) {
        conn->write_unsent = unsent;
        conn->write_until_ms = now_ms + conn->server->options.write_timeout_ms;
    } else if (now_ms >= conn->write_until_ms) {
        lf_http_conn_close(conn);
    }
}

void
lf_http_conn_sweep(struct lf_http_conn *conn, int64_t now_ms)
{
    if (conn->state == LF_CONN_CLOSED)
        return;
    if (conn->stream.writing)
        check_writing(conn, now_ms);
    if (conn->state != LF_CONN_CLOSED && conn->read_until_ms != 0 && now_ms >= conn->read_until_ms)
        on_read_timeout(conn);
}

/* --- the beginning ------------------------------------------------------------------------------------------------ */

static void
on_written(struct lf_stream *stream, enum lf_status status)
{
    lf_http_conn_written(conn_of(stream), status);
}

static void
on_closed(struct lf_stream *stream)
{
    struct lf_http_conn *conn = conn_of(stream);
    struct lf_http_server *server = conn->server;
    lf_link_remove(&conn->link);
    server->conn_count--;
    lf_metric_add(server->metrics.open, -1);
    lf_free(conn);
    lf_http_server_unref(server);
}

static const struct lf_stream_events events = {
    .on_data = on_data,
    .on_end = on_end,
    .on_written = on_written,
    .on_closed = on_closed,
};

static void
conn_init(struct lf_http_conn *conn, struct lf_http_server *server)
{
    const struct lf_http_options *options = &server->options;
    const struct lf_http_parse_limits limits = {options->header_bytes_max, options->headers_max,
                                                options->body_bytes_max};
    conn->server = server;
    lf_link_init(&conn->dirty);
    lf_link_init(&conn->link);
    lf_link_append(&server->conns, &conn->link);
    lf_buf_init(&conn->unread, SIZE_MAX); /* one read at most: reading stops when it is filled */
    lf_http_parser_init(&conn->parser, &limits);
    lf_http_server_ref(server);
    server->conn_count++;
    lf_metric_add(server->metrics.open, 1);
    lf_metric_add(server->metrics.accepted, 1);
}

enum lf_status
lf_http_conn_accept(struct lf_http_server *server, uv_tcp_t *listener)
{
    struct lf_http_conn *conn = lf_calloc(1, sizeof(*conn));
    if (conn == NULL)
        return LF_NO_MEMORY;
    enum lf_status st = lf_stream_accept(&conn->stream, server->loop, listener, &events, NULL);
    conn_init(conn, server);
    if (st != LF_OK || server->conn_count > server->options.connections_max || server->draining) {
        lf_metric_add(server->metrics.refused, 1);
        lf_http_conn_close(conn);
        return LF_LIMIT;
    }
    lf_http_conn_idle(conn);
    lf_stream_read_start(&conn->stream);
    lf_http_server_sweep_on(server);
    return LF_OK;
}
