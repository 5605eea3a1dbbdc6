/*
 * For the server's tests: a server on a loop in a thread of its own, and a client with plain sockets and deadlines.
 * Paths: /echo answers with the body, /hold keeps the request in site.held until a test answers it,
 * /batch is answered by a hook at the turn's end.
 */
#ifndef TEST_NET_SITE_H
#define TEST_NET_SITE_H

#include "net/http.h"

#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>

#include <cmocka.h>

enum { HELD_MAX = 2000 };

typedef void site_fn(void *ctx);

struct site {
    struct lf_loop *loop;
    struct lf_http_server *server;
    pthread_t thread;
    int port;
    char address[LF_HTTP_ADDRESS_TEXT_SIZE];
    /* the loop's own: tests look at them inside site_run() */
    struct lf_http_request *held[HELD_MAX];
    size_t held_count;
    struct lf_http_request *batch; /* linked by user */
    size_t requests;
    bool drained;
    /* a function to be run on the loop */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct lf_wake wake;
    site_fn *fn;
    void *ctx;
};

struct lf_http_options site_options(void); /* small limits, long time-outs */
void site_start(struct site *site, const struct lf_http_options *options);
void site_stop(struct site *site); /* answers what is held, closes */
/* Runs fn(ctx) on the loop's thread and waits for it. */
void site_run(struct site *site, site_fn *fn, void *ctx);
/* Waits until as many requests are held, or connections open. */
void site_wait_held(struct site *site, size_t wanted);
void site_wait_connections(struct site *site, size_t wanted);
size_t site_held(struct site *site);
/* Answers the held request (by index) with text and takes it out of the list by setting it to NULL. */
void site_answer(struct site *site, size_t index, const char *text);

struct client {
    int fd;
    char *in; /* received, not consumed */
    size_t in_len;
    size_t in_cap;
    bool reset; /* the connection ended with a reset */
};

struct answer {
    int status;
    char head[2000];
    char *body;
    size_t body_len;
};

void client_open(struct client *client, const struct site *site);
/* False if the server refuses or closes at once. */
bool client_try_open(struct client *client, const struct site *site);
void client_close(struct client *client);
void client_send(struct client *client, const char *bytes, size_t len);
void client_say(struct client *client, const char *text);
/* Reads one answer with a content-length (without a body if head_only). */
void client_read(struct client *client, bool head_only, struct answer *ret);
void answer_release(struct answer *answer);
/* Reads an answer and checks status and body (NULL: any). */
void client_expect(struct client *client, int status, const char *body);
/* Reads exactly these bytes. */
void client_expect_bytes(struct client *client, const char *bytes);
/* Waits for the server's end of the connection; nothing else may come. */
void client_expect_end(struct client *client);
/* Whether nothing has come for now. */
bool client_is_quiet(struct client *client);
/* More bytes into client->in; false at the end of the connection. Fails after the deadline. */
bool client_fill(struct client *client);

#endif
