/* Answers: whole ones and streams, written into their exchange's buffers. The connection sends them (http_output.c). */
#include "net/http_inner.h"

#include <stdio.h>

enum { REFUSAL_BYTES_MAX = 4096 };

static struct lf_http_exchange *
exchange_of(struct lf_http_request *request)
{
    return (struct lf_http_exchange *)request;
}

static const struct lf_http_exchange *
const_exchange_of(const struct lf_http_request *request)
{
    return (const struct lf_http_exchange *)request;
}

bool
lf_http_is_connected(const struct lf_http_request *request)
{
    const struct lf_http_conn *conn = const_exchange_of(request)->conn;
    return conn != NULL && !conn->eof;
}

void
lf_http_watch(struct lf_http_request *request, lf_http_request_fn *drained, lf_http_request_fn *gone)
{
    exchange_of(request)->drained = drained;
    exchange_of(request)->gone = gone;
}

/* Whether the connection ends with this answer, as far as the request, the handler and the server say. */
static bool
must_close(const struct lf_http_exchange *exchange, const struct lf_http_response *response)
{
    const struct lf_http_conn *conn = exchange->conn;
    bool last = conn->tail == exchange; /* a request behind it shall still be answered */
    return !exchange->message.keep_alive || response->close || (exchange->server->draining && last);
}

static void
write_head(struct lf_http_exchange *exchange, const struct lf_http_response *response, struct lf_http_head head)
{
    LF_ASSERT(response->status >= 200 && response->status <= 599);
    exchange->status = response->status;
    exchange->without_body = exchange->message.is_head || response->status == 204 || response->status == 304;
    exchange->close_after = exchange->close_after || must_close(exchange, response);
    head.status = response->status;
    head.response = response;
    head.date = lf_http_server_date(exchange->server);
    head.has_length = head.has_length && response->status != 204 && response->status != 304;
    head.close = exchange->close_after;
    head.keep_alive = exchange->message.request.minor_version == 0;
    lf_http_write_head(lf_http_exchange_out(exchange), &head);
}

/* The handler has no more to do with it. */
static void
leave_handler(struct lf_http_exchange *exchange)
{
    struct lf_http_server *server = exchange->server;
    struct lf_http_conn *conn = exchange->conn;
    server->working--;
    exchange->state = LF_EXCHANGE_DONE;
    if (conn == NULL)
        lf_http_exchange_recycle(exchange); /* nobody is there to read it */
    else if (exchange->first.failed != LF_OK || exchange->second.failed != LF_OK)
        lf_http_conn_close(conn); /* no memory for the answer: half of one would be worse */
    else
        lf_http_conn_mark(conn);
    lf_http_server_unref(server);
}

/* Moves the bytes of body behind an answer's head. */
static void
take_body(struct lf_http_exchange *exchange, struct lf_buf *body)
{
    struct lf_buf empty = exchange->second;
    exchange->second = *body;
    exchange->second.max = empty.max;
    empty.max = body->max;
    *body = empty;
    lf_buf_clear(body);
}

static void
respond(struct lf_http_exchange *exchange, const struct lf_http_response *response, struct lf_bytes body,
        struct lf_buf *taken)
{
    LF_ASSERT(exchange->state == LF_EXCHANGE_WORKING);
    if (exchange->conn == NULL) {
        leave_handler(exchange);
        return;
    }
    const size_t before = lf_http_exchange_unsent(exchange);
    write_head(exchange, response, (struct lf_http_head){.has_length = true, .length = body.len});
    if (!exchange->without_body && taken != NULL && exchange->second.len == 0)
        take_body(exchange, taken);
    else if (!exchange->without_body)
        lf_buf_add(exchange->second.len != 0 ? &exchange->second : &exchange->first, body);
    exchange->conn->output_bytes += lf_http_exchange_unsent(exchange) - before;
    leave_handler(exchange);
}

void
lf_http_respond(struct lf_http_request *request, const struct lf_http_response *response)
{
    respond(exchange_of(request), response, response->body, NULL);
}

void
lf_http_respond_with(struct lf_http_request *request, const struct lf_http_response *response, struct lf_buf *body)
{
    respond(exchange_of(request), response, lf_buf_view(body), body);
    lf_buf_release(body);
}

void
lf_http_exchange_refuse(struct lf_http_exchange *exchange, int status)
{
    char text[64];
    struct lf_buf words;
    lf_buf_init(&words, REFUSAL_BYTES_MAX);
    lf_http_refusal_fn *refusal = exchange->conn->server->options.refusal;
    const char *type = refusal != NULL ? refusal(status, &words) : NULL;
    if (type == NULL || words.failed != LF_OK) {
        type = "text/plain; charset=utf-8";
        lf_buf_release(&words);
        lf_buf_init(&words, REFUSAL_BYTES_MAX);
        int len = snprintf(text, sizeof(text), "%d %s\n", status, lf_http_status_text(status));
        lf_buf_add(&words, lf_bytes(text, (size_t)len));
    }
    const struct lf_http_response response = {
        .status = status, .content_type = type, .body = lf_buf_view(&words), .close = true};
    const size_t before = lf_http_exchange_unsent(exchange);
    write_head(exchange, &response, (struct lf_http_head){.has_length = true, .length = response.body.len});
    if (!exchange->without_body)
        lf_buf_add(exchange->second.len != 0 ? &exchange->second : &exchange->first, response.body);
    lf_buf_release(&words);
    exchange->state = LF_EXCHANGE_DONE;
    exchange->conn->output_bytes += lf_http_exchange_unsent(exchange) - before;
    if (exchange->first.failed != LF_OK || exchange->second.failed != LF_OK)
        lf_http_conn_close(exchange->conn);
    else
        lf_http_conn_mark(exchange->conn);
}

/* --- streams ------------------------------------------------------------------------------------------------------ */

/* Accounts for what a change of the buffers added and has it sent. */
static void
stream_grew(struct lf_http_exchange *exchange, size_t before)
{
    exchange->conn->output_bytes += lf_http_exchange_unsent(exchange) - before;
    lf_http_conn_mark(exchange->conn);
}

void
lf_http_stream_begin(struct lf_http_request *request, const struct lf_http_response *response)
{
    struct lf_http_exchange *exchange = exchange_of(request);
    LF_ASSERT(exchange->state == LF_EXCHANGE_WORKING);
    exchange->state = LF_EXCHANGE_STREAMING;
    if (exchange->conn == NULL)
        return;
    const size_t before = lf_http_exchange_unsent(exchange);
    exchange->chunked = request->minor_version != 0;
    exchange->close_after = !exchange->chunked; /* the end of the connection is the end of the answer */
    write_head(exchange, response, (struct lf_http_head){.chunked = exchange->chunked});
    stream_grew(exchange, before);
}

static void
add_chunk(struct lf_http_exchange *exchange, struct lf_bytes bytes)
{
    struct lf_buf *out = lf_http_exchange_out(exchange);
    const size_t len = out->len;
    if (exchange->chunked)
        lf_buf_printf(out, "%zx\r\n", bytes.len);
    lf_buf_add(out, bytes);
    if (exchange->chunked)
        lf_buf_add(out, LF_LIT("\r\n"));
    if (out->failed != LF_OK)
        out->len = len; /* no half chunks */
}

enum lf_status
lf_http_stream_write(struct lf_http_request *request, struct lf_bytes bytes, struct lf_err *err)
{
    struct lf_http_exchange *exchange = exchange_of(request);
    LF_ASSERT(exchange->state == LF_EXCHANGE_STREAMING);
    if (exchange->conn == NULL)
        return lf_fail(err, LF_CLOSED, "the client has gone");
    if (bytes.len == 0 || exchange->without_body)
        return LF_OK;
    const size_t before = lf_http_exchange_unsent(exchange);
    if (before > 0 && bytes.len > exchange->server->options.output_bytes_max - before)
        return lf_fail(err, LF_LIMIT, "the client reads too slowly: %zu bytes wait for it", before);
    add_chunk(exchange, bytes);
    struct lf_buf *out = lf_http_exchange_out(exchange);
    if (exchange->first.failed != LF_OK || out->failed != LF_OK) {
        exchange->first.failed = LF_OK;
        out->failed = LF_OK;
        return lf_no_memory(err);
    }
    stream_grew(exchange, before);
    return LF_OK;
}

size_t
lf_http_stream_pending(const struct lf_http_request *request)
{
    const struct lf_http_exchange *exchange = const_exchange_of(request);
    return exchange->conn != NULL ? lf_http_exchange_unsent(exchange) : 0;
}

void
lf_http_stream_end(struct lf_http_request *request)
{
    struct lf_http_exchange *exchange = exchange_of(request);
    LF_ASSERT(exchange->state == LF_EXCHANGE_STREAMING);
    if (exchange->conn != NULL && exchange->chunked && !exchange->without_body) {
        const size_t before = lf_http_exchange_unsent(exchange);
        lf_buf_add(lf_http_exchange_out(exchange), LF_LIT("0\r\n\r\n"));
        stream_grew(exchange, before);
    }
    leave_handler(exchange);
}

void
lf_http_stream_abort(struct lf_http_request *request)
{
    struct lf_http_exchange *exchange = exchange_of(request);
    LF_ASSERT(exchange->state == LF_EXCHANGE_STREAMING);
    exchange->gone = NULL; /* it is the handler that goes */
    if (exchange->conn != NULL)
        lf_http_conn_close(exchange->conn);
    leave_handler(exchange);
}
