/*
 * A connection's output: at the end of a turn all answers at the head of the queue that are ready go out in one
 * write. What the socket does not take at once is left to libuv; until that is through nothing else is written.
 */
#include "net/http_inner.h"

enum { BUFS_MAX = 64 };

void
lf_http_conn_mark(struct lf_http_conn *conn)
{
    if (lf_link_alone(&conn->dirty) && conn->state != LF_CONN_CLOSED)
        lf_link_append(&conn->server->dirty, &conn->dirty);
}

/* The unsent rest of buf, of which skip bytes are gone. */
static unsigned
add_buf(uv_buf_t *bufs, unsigned count, const struct lf_buf *buf, size_t skip)
{
    if (skip >= buf->len)
        return count;
    size_t len = buf->len - skip;
    bufs[count] = uv_buf_init(buf->ptr + skip, (unsigned)(len < 1U << 30 ? len : 1U << 30));
    return count + 1;
}

/* What may be sent now, in order. */
static unsigned
gather(const struct lf_http_conn *conn, uv_buf_t bufs[BUFS_MAX], size_t *ret_total)
{
    unsigned count = 0;
    for (const struct lf_http_exchange *exchange = conn->head; exchange != NULL && count + 2 <= BUFS_MAX;
         exchange = exchange->next) {
        const size_t first_len = exchange->first.len;
        count = add_buf(bufs, count, &exchange->first, exchange->sent);
        if (exchange->state != LF_EXCHANGE_DONE)
            break;
        count = add_buf(bufs, count, &exchange->second, exchange->sent > first_len ? exchange->sent - first_len : 0);
        if (exchange->close_after)
            break;
    }
    *ret_total = 0;
    for (unsigned i = 0; i < count; i++)
        *ret_total += bufs[i].len;
    return count;
}

/* first is sent: second takes its place, if the answer may still grow. */
static void
turn_buffers(struct lf_http_exchange *exchange)
{
    struct lf_buf sent = exchange->first;
    exchange->first = exchange->second;
    exchange->second = sent;
    lf_buf_clear(&exchange->second);
    exchange->sent = 0;
}

static void
count_request(const struct lf_http_exchange *exchange)
{
    lf_metric_add(exchange->server->metrics.requests[exchange->status / 100], 1);
}

static void
pop(struct lf_http_conn *conn)
{
    struct lf_http_exchange *exchange = conn->head;
    conn->head = exchange->next;
    if (conn->head == NULL)
        conn->tail = NULL;
    conn->queued--;
    count_request(exchange);
    lf_http_exchange_recycle(exchange);
}

/* A client that waits for "100 Continue" gets it when all before its request is answered. */
static void
invite_body(struct lf_http_conn *conn)
{
    struct lf_http_exchange *exchange = conn->head;
    if (exchange == NULL || exchange != conn->receiving || !exchange->message.wants_continue)
        return;
    exchange->message.wants_continue = false;
    lf_buf_add(&exchange->first, LF_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
    conn->output_bytes += exchange->first.len; /* out of memory: the client will not wait for ever */
    exchange->first.failed = LF_OK;
}

/* n bytes of what gather() showed are gone. */
static void
advance(struct lf_http_conn *conn, size_t n)
{
    conn->output_bytes -= n;
    lf_metric_add(conn->server->metrics.sent_bytes, (int64_t)n);
    while (conn->head != NULL) {
        struct lf_http_exchange *exchange = conn->head;
        const bool done = exchange->state == LF_EXCHANGE_DONE;
        const size_t sendable = done ? lf_http_exchange_unsent(exchange) : exchange->first.len - exchange->sent;
        const size_t step = n < sendable ? n : sendable;
        exchange->sent += step;
        n -= step;
        if (step < sendable)
            return;
        if (!done) {
            turn_buffers(exchange);
            return;
        }
        const bool last = exchange->close_after;
        pop(conn);
        if (last) {
            lf_http_conn_drop_queue(conn);
            conn->state = LF_CONN_FINISHING;
        }
    }
}

/* Tells the writer of a stream that all it wrote is gone. */
static void
tell_drained(struct lf_http_conn *conn, size_t sent)
{
    struct lf_http_exchange *exchange = conn->head;
    if (sent != 0 && exchange != NULL && exchange->state == LF_EXCHANGE_STREAMING && exchange->drained != NULL &&
        lf_http_exchange_unsent(exchange) == 0)
        exchange->drained(&exchange->message.request);
}

/* Hands over to libuv what the socket did not take. */
static void
write_rest(struct lf_http_conn *conn)
{
    uv_buf_t bufs[BUFS_MAX];
    unsigned count = gather(conn, bufs, &conn->flying);
    if (lf_stream_write(&conn->stream, bufs, count) != LF_OK) {
        lf_http_conn_close(conn);
        return;
    }
    conn->write_unsent = conn->flying;
    conn->write_until_ms = lf_loop_now_ms(conn->server->loop) + conn->server->options.write_timeout_ms;
}

/* Nothing is left to send for now. */
static void
after_output(struct lf_http_conn *conn)
{
    if (conn->head == NULL) {
        if (conn->state == LF_CONN_FINISHING || (conn->server->draining && conn->state == LF_CONN_OPEN))
            lf_http_conn_finish(conn);
        else if (conn->state == LF_CONN_OPEN)
            lf_http_conn_idle(conn);
    }
    lf_http_conn_resume(conn);
}

void
lf_http_conn_flush(struct lf_http_conn *conn)
{
    lf_link_remove(&conn->dirty);
    size_t all_sent = 0;
    while (!conn->stream.writing && conn->state < LF_CONN_LINGERING) {
        uv_buf_t bufs[BUFS_MAX];
        size_t total;
        size_t sent = 0;
        invite_body(conn);
        unsigned count = gather(conn, bufs, &total);
        if (count == 0 && (conn->head == NULL || conn->head->state != LF_EXCHANGE_DONE))
            break;
        if (count != 0 && lf_stream_try_write(&conn->stream, bufs, count, &sent) != LF_OK) {
            lf_http_conn_close(conn);
            return;
        }
        all_sent += sent;
        advance(conn, sent);
        if (sent < total)
            write_rest(conn);
    }
    if (conn->stream.writing || conn->state >= LF_CONN_LINGERING)
        return;
    tell_drained(conn, all_sent);
    if (conn->state < LF_CONN_LINGERING)
        after_output(conn);
}

void
lf_http_conn_written(struct lf_http_conn *conn, enum lf_status status)
{
    if (status != LF_OK) {
        lf_http_conn_close(conn);
        return;
    }
    conn->write_until_ms = 0;
    advance(conn, conn->flying);
    tell_drained(conn, conn->flying);
    lf_http_conn_mark(conn);
}
