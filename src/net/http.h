/*
 * An HTTP/1.1 server (RFC 9110, RFC 9112) on a loop: bytes in, whole requests out; answers in, bytes out. Everything
 * here belongs to the loop's thread. It answers by itself what is no acceptable request:
 *   400 malformed or ambiguous (each known smuggling form), 408 too slow, 413 body, 414 target and 431 headers too
 *   large, 417 unknown expectation, 501 CONNECT, 503 out of memory, 505 another version; then it closes.
 */
#ifndef LF_NET_HTTP_H
#define LF_NET_HTTP_H

#include "base/buf.h"
#include "net/loop.h"

/* --- requests ----------------------------------------------------------------------------------------------------- */

struct lf_http_header {
    struct lf_bytes name;
    struct lf_bytes value;
};

/* A whole request. It and its views stay valid until it is answered, also if the client goes away meanwhile. */
struct lf_http_request {
    struct lf_bytes method; /* "POST" */
    struct lf_bytes path;   /* as sent, still percent-encoded; begins with '/', or is "*" */
    struct lf_bytes query;  /* what follows '?' */
    struct lf_bytes body;
    unsigned minor_version; /* of HTTP/1.x: 0 or 1 */
    bool upgrade;           /* the client asks for another protocol; answering it as HTTP declines */
    void *user;             /* the handler's own; NULL at first */
};

size_t lf_http_header_count(const struct lf_http_request *request);
/* The i-th header field, in the order sent. */
struct lf_http_header lf_http_header_at(const struct lf_http_request *request, size_t i);
/* The value of the first field called name (letter case does not matter) without surrounding spaces; NULL pointer if
 * there is none. */
struct lf_bytes lf_http_header(const struct lf_http_request *request, const char *name);
/* How many fields are called so. */
size_t lf_http_header_repeats(const struct lf_http_request *request, const char *name);

/* False once the client has closed its side or the connection broke. Answering is required all the same. */
bool lf_http_is_connected(const struct lf_http_request *request);

/* --- answers ------------------------------------------------------------------------------------------------------ */

struct lf_http_response {
    int status;                           /* 200 to 599 */
    const char *content_type;             /* NULL: no such field */
    const struct lf_http_header *headers; /* further fields; control characters in values become spaces */
    size_t header_count;
    struct lf_bytes body;
    bool close; /* end the connection after this answer */
};

/* Answers; response is copied and the request is gone afterwards. Each request is answered exactly once, by this or
 * one of the next two, during the handler's call or any time later. Answers leave in the order of their requests, at
 * the end of the loop's turn, in one write a connection. For HEAD the body is left out. */
void lf_http_respond(struct lf_http_request *request, const struct lf_http_response *response);
/* The same, with the bytes of body (in place of response->body), which are taken: body is empty afterwards. */
void lf_http_respond_with(struct lf_http_request *request, const struct lf_http_response *response,
                          struct lf_buf *body);

/*
 * An answer of unknown length: begin, any number of writes, end. The request is gone after the end. HTTP/1.0 clients
 * get it without chunks, up to the close. response->body is ignored.
 */
void lf_http_stream_begin(struct lf_http_request *request, const struct lf_http_response *response);
/* LF_CLOSED when the client is gone, LF_LIMIT when it reads too slowly (more than options.output_bytes_max would wait;
 * nothing was taken), LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_http_stream_write(struct lf_http_request *request, struct lf_bytes bytes,
                                                 struct lf_err *err);
/* Bytes written and not yet taken by the operating system: the writer's back-pressure. */
size_t lf_http_stream_pending(const struct lf_http_request *request);
void lf_http_stream_end(struct lf_http_request *request);
/* Breaks the stream off: the connection is closed without a proper end, so that the client sees the failure. */
void lf_http_stream_abort(struct lf_http_request *request);

/* drained(request) runs each time all that was written is gone; gone(request) once if the client goes away before the
 * answer's end (it must be ended all the same, then or later). Either may be NULL. */
typedef void lf_http_request_fn(struct lf_http_request *request);
void lf_http_watch(struct lf_http_request *request, lf_http_request_fn *drained, lf_http_request_fn *gone);

/* --- the server --------------------------------------------------------------------------------------------------- */

enum {
    LF_HTTP_OUTPUT_BYTES_MAX = 1024 * 1024, /* waiting for one client: streams are refused more, reading pauses */
    LF_HTTP_ADDRESS_TEXT_SIZE = 96,
};

/* Words for an answer that the server gives itself, in place of the handler (400, 408, 413, 414, 431, 503 …): fills
 * body and returns its content type (static text), or NULL: plain text will do. On the loop's thread. */
typedef const char *lf_http_refusal_fn(int status, struct lf_buf *body);

struct lf_http_options {
    const char *name; /* value of the label "listener" of its metrics; static text */
    size_t header_bytes_max;
    size_t headers_max;
    size_t body_bytes_max;
    size_t output_bytes_max;
    size_t connections_max;
    size_t pipeline_max;
    int64_t header_timeout_ms;
    int64_t body_timeout_ms;
    int64_t idle_timeout_ms;
    int64_t write_timeout_ms;
    lf_http_refusal_fn *refusal; /* NULL: plain text */
};

/* The defaults of base/limits.h. */
struct lf_http_options lf_http_options_default(const char *name);

struct lf_http_server;
typedef void lf_http_handler_fn(void *ctx, struct lf_http_request *request);

/* A server that listens nowhere yet. options NULL: the defaults. */
LF_NODISCARD enum lf_status lf_http_server_open(struct lf_loop *loop, const struct lf_http_options *options,
                                                lf_http_handler_fn *handler, void *ctx, struct lf_http_server **ret,
                                                struct lf_err *err);
/* Listens on "127.0.0.1:8080", "[::1]:8080" or "localhost:8080"; port 0 takes a free one. ret_address gets the
 * address in force in the same form (NULL: not wanted). May be called for several addresses. LF_USAGE, LF_BUSY,
 * LF_DENIED, LF_UNSUPPORTED, LF_IO. */
LF_NODISCARD enum lf_status lf_http_server_listen(struct lf_http_server *server, const char *address,
                                                  char ret_address[LF_HTTP_ADDRESS_TEXT_SIZE], struct lf_err *err);
/* Stops accepting, lets the requests in work (and those half received) finish, closes each connection when it has
 * nothing left to do, then calls done(ctx), later. Once. Streams go on until their writers end them. */
void lf_http_server_drain(struct lf_http_server *server, lf_loop_fn *done, void *ctx);
/* Ends it at once: no new requests, all connections are closed. Requests in work must still be answered (their answers
 * go nowhere); the memory goes with the last of them. A drain's done is not called any more. NULL is fine. */
void lf_http_server_close(struct lf_http_server *server);
size_t lf_http_server_connections(const struct lf_http_server *server);

#endif
