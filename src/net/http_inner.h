/*
 * How the server's parts see each other. A server has connections; a connection has a queue of exchanges, one for each
 * request, in the order received; an exchange is a request with its answer:
 *
 *   RECEIVING -> WORKING (the handler has it) [-> STREAMING] -> DONE -> sent -> back to the server's pool
 *
 * When a connection closes, exchanges that the handler still has lose their conn and go on alone until answered.
 */
#ifndef LF_NET_HTTP_INNER_H
#define LF_NET_HTTP_INNER_H

#include "base/metrics.h"
#include "net/http_parse.h"
#include "net/stream.h"

/* --- intrusive lists ---------------------------------------------------------------------------------------------- */

struct lf_link {
    struct lf_link *prev;
    struct lf_link *next;
};

static inline void
lf_link_init(struct lf_link *link)
{
    link->prev = link;
    link->next = link;
}

static inline void
lf_link_append(struct lf_link *list, struct lf_link *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

/* Out of its list, if in one; becomes a list of its own. */
static inline void
lf_link_remove(struct lf_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    lf_link_init(link);
}

static inline bool
lf_link_alone(const struct lf_link *link)
{
    return link->next == link;
}

/* --- exchanges (http_exchange.c, http_answer.c) ------------------------------------------------------------------- */

enum lf_exchange_state {
    LF_EXCHANGE_RECEIVING,
    LF_EXCHANGE_WORKING,
    LF_EXCHANGE_STREAMING,
    LF_EXCHANGE_DONE,
};

struct lf_http_exchange {
    struct lf_http_message message; /* first: requests are cast back */
    struct lf_http_server *server;
    struct lf_http_conn *conn; /* NULL: the client is gone */
    struct lf_http_exchange *next;
    enum lf_exchange_state state;
    int status;
    bool chunked;      /* the stream is */
    bool without_body; /* HEAD, 204, 304 */
    bool close_after;  /* the connection ends with this answer */
    /*
     * Bytes to send: those of first, then those of second; sent of them are gone. While the answer is not DONE only
     * first may be under way to the socket, so that second can grow (and move) meanwhile; they change places when first
     * is sent.
     */
    struct lf_buf first;
    struct lf_buf second;
    size_t sent;
    lf_http_request_fn *drained;
    lf_http_request_fn *gone;
};

/* From the pool or new; belongs to conn, not in its queue yet. NULL out of memory. */
struct lf_http_exchange *lf_http_exchange_new(struct lf_http_conn *conn);
/* Back to the pool. */
void lf_http_exchange_recycle(struct lf_http_exchange *exchange);
void lf_http_exchange_free(struct lf_http_exchange *exchange);
static inline size_t
lf_http_exchange_unsent(const struct lf_http_exchange *exchange)
{
    return exchange->first.len + exchange->second.len - exchange->sent;
}
/* The buffer that may grow now. */
struct lf_buf *lf_http_exchange_out(struct lf_http_exchange *exchange);
/* Makes it the server's own answer to what is no acceptable request, with a short text; ends the connection. */
void lf_http_exchange_refuse(struct lf_http_exchange *exchange, int status);

/* --- connections (http_conn.c: input, http_output.c: output) ------------------------------------------------------ */

enum lf_conn_state {
    LF_CONN_OPEN,
    LF_CONN_FINISHING, /* no further requests; what is in the queue is still answered */
    LF_CONN_LINGERING, /* all is sent and the end announced; waits a little for the client's end */
    LF_CONN_CLOSED,    /* waits for on_closed */
};

struct lf_http_conn {
    struct lf_stream stream; /* first: streams are cast back */
    struct lf_link link;     /* in server->conns */
    struct lf_link dirty;    /* in server->dirty when there is something to send */
    struct lf_http_server *server;
    struct lf_http_parser parser;
    struct lf_http_exchange *head; /* the queue */
    struct lf_http_exchange *tail;
    struct lf_http_exchange *receiving; /* the tail, or NULL */
    size_t queued;
    size_t output_bytes;    /* unsent, of all exchanges in the queue */
    struct lf_buf unread;   /* received, but reading is paused */
    int64_t read_until_ms;  /* 0: no limit */
    int64_t write_until_ms; /* while stream.writing */
    size_t write_unsent;    /* when last looked at */
    size_t flying;          /* bytes of lf_stream_write() */
    enum lf_conn_state state;
    bool paused;
    bool in_body; /* of the request being received */
    bool eof;
};

/* Takes the connection waiting at listener. LF_NO_MEMORY if it still waits there, LF_LIMIT if it was closed. */
LF_NODISCARD enum lf_status lf_http_conn_accept(struct lf_http_server *server, uv_tcp_t *listener);
void lf_http_conn_close(struct lf_http_conn *conn);
/* Ends a connection that has nothing to do; others end when they have not. */
void lf_http_conn_drain(struct lf_http_conn *conn);
/* Enforces the time-outs. */
void lf_http_conn_sweep(struct lf_http_conn *conn, int64_t now_ms);
/* Goes on reading where it was paused and may be no longer. */
void lf_http_conn_resume(struct lf_http_conn *conn);
/* All answers are out: says goodbye. */
void lf_http_conn_finish(struct lf_http_conn *conn);
/* Sets the reading time-out of a connection that waits for a request. */
void lf_http_conn_idle(struct lf_http_conn *conn);

/* There is something to send at the end of this turn. */
void lf_http_conn_mark(struct lf_http_conn *conn);
/* Sends what can be sent. */
void lf_http_conn_flush(struct lf_http_conn *conn);
/* lf_stream_write() has ended. */
void lf_http_conn_written(struct lf_http_conn *conn, enum lf_status status);
/* Takes all exchanges out of the queue, unanswered ones too. */
void lf_http_conn_drop_queue(struct lf_http_conn *conn);

/* --- the server (http_server.c) ----------------------------------------------------------------------------------- */

enum { LF_HTTP_POOL_MAX = 512, LF_HTTP_DATE_TEXT_SIZE = 40 };

struct lf_http_metrics {
    struct lf_metric *open;
    struct lf_metric *accepted;
    struct lf_metric *refused;
    struct lf_metric *received_bytes;
    struct lf_metric *sent_bytes;
    struct lf_metric *requests[6]; /* by the status's first digit */
};

struct lf_http_listener;

struct lf_http_server {
    struct lf_loop *loop;
    struct lf_http_options options;
    lf_http_handler_fn *handler;
    void *ctx;
    struct lf_link conns;
    struct lf_link dirty;
    size_t conn_count;
    size_t working; /* exchanges that the handler has */
    struct lf_http_exchange *pool;
    size_t pool_count;
    struct lf_http_listener *listeners;
    uv_timer_t sweep;
    bool sweeping;
    bool draining;
    bool closed;
    lf_loop_fn *drained;
    void *drained_ctx;
    size_t refs; /* the owner, handles, connections, working exchanges */
    int64_t date_second;
    char date[LF_HTTP_DATE_TEXT_SIZE]; /* "date: …\r\n" */
    struct lf_http_metrics metrics;
};

void lf_http_server_ref(struct lf_http_server *server);
void lf_http_server_unref(struct lf_http_server *server);
/* The time-outs need looking after. */
void lf_http_server_sweep_on(struct lf_http_server *server);
struct lf_bytes lf_http_server_date(struct lf_http_server *server);

/* --- heads of answers (http_write.c) ------------------------------------------------------------------------------ */

struct lf_http_head {
    int status;
    struct lf_bytes date;
    const struct lf_http_response *response;
    bool has_length;
    uint64_t length;
    bool chunked;
    bool close;
    bool keep_alive; /* said to HTTP/1.0 */
};

void lf_http_write_head(struct lf_buf *out, const struct lf_http_head *head);
const char *lf_http_status_text(int status); /* "" if unknown */
/* "date: Tue, 24 Nov 2026 08:46:34 GMT\r\n" and a NUL; returns the length. */
size_t lf_http_write_date(int64_t second, char out[LF_HTTP_DATE_TEXT_SIZE]);

#endif
