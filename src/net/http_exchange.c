/* Exchanges: their memory, and the pool they come from. */
#include "base/mem.h"
#include "net/http_inner.h"

enum { KEEP_BYTES_MAX = 8 * 1024 }; /* of a buffer in the pool */

struct lf_http_exchange *
lf_http_exchange_new(struct lf_http_conn *conn)
{
    struct lf_http_server *server = conn->server;
    struct lf_http_exchange *exchange = server->pool;
    if (exchange != NULL) {
        server->pool = exchange->next;
        server->pool_count--;
    } else {
        exchange = lf_calloc(1, sizeof(*exchange));
        if (exchange == NULL)
            return NULL;
        exchange->server = server;
        lf_http_message_init(&exchange->message);
        lf_buf_init(&exchange->first, SIZE_MAX); /* what may wait is limited where it is written */
        lf_buf_init(&exchange->second, SIZE_MAX);
    }
    exchange->conn = conn;
    exchange->next = NULL;
    exchange->state = LF_EXCHANGE_RECEIVING;
    return exchange;
}

void
lf_http_exchange_free(struct lf_http_exchange *exchange)
{
    lf_http_message_release(&exchange->message);
    lf_buf_release(&exchange->first);
    lf_buf_release(&exchange->second);
    lf_free(exchange);
}

static void
empty(struct lf_buf *buf)
{
    if (buf->cap > KEEP_BYTES_MAX)
        lf_buf_release(buf);
    else
        lf_buf_clear(buf);
}

void
lf_http_exchange_recycle(struct lf_http_exchange *exchange)
{
    struct lf_http_server *server = exchange->server;
    if (server->pool_count >= LF_HTTP_POOL_MAX || server->closed) {
        lf_http_exchange_free(exchange);
        return;
    }
    lf_http_message_clear(&exchange->message);
    empty(&exchange->first);
    empty(&exchange->second);
    exchange->conn = NULL;
    exchange->status = 0;
    exchange->chunked = false;
    exchange->without_body = false;
    exchange->close_after = false;
    exchange->sent = 0;
    exchange->drained = NULL;
    exchange->gone = NULL;
    exchange->next = server->pool;
    server->pool = exchange;
    server->pool_count++;
}

struct lf_buf *
lf_http_exchange_out(struct lf_http_exchange *exchange)
{
    return exchange->first.len == 0 ? &exchange->first : &exchange->second;
}
