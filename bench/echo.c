/*
 * The limit that the gateway is measured against: the project's own HTTP layer, bare. Every request is completed by
 * a worker thread with a JSON body of some 80 bytes, as a log's acknowledgement would be: handed over in batches, woken
 * up once.
 *
 *   echo [ADDR:PORT]      prints "ready ADDR:PORT" and serves until SIGTERM or SIGINT
 */
#include "base/err.h"
#include "net/http.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

/* A chain of requests, linked through request->user. */
struct chain {
    struct lf_http_request *first;
    struct lf_http_request *last;
};

struct echo {
    struct lf_loop *loop;
    struct lf_http_server *server;
    struct chain gathered; /* of this turn; the loop's own */
    pthread_mutex_t mutex; /* over what follows */
    pthread_cond_t more;
    struct chain todo;
    struct chain done;
    bool stopping;
    struct lf_wake wake;
};

static void
append(struct chain *chain, struct lf_http_request *request)
{
    request->user = NULL;
    if (chain->last != NULL)
        chain->last->user = request;
    else
        chain->first = request;
    chain->last = request;
}

/* Moves all of from behind to. */
static void
move(struct chain *to, struct chain *from)
{
    if (from->first == NULL)
        return;
    if (to->last != NULL)
        to->last->user = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    *from = (struct chain){0};
}

static void
on_request(void *ctx, struct lf_http_request *request)
{
    struct echo *echo = ctx;
    append(&echo->gathered, request);
}

static void
hand_over(void *ctx)
{
    struct echo *echo = ctx;
    if (echo->gathered.first == NULL)
        return;
    pthread_mutex_lock(&echo->mutex);
    move(&echo->todo, &echo->gathered);
    pthread_cond_signal(&echo->more);
    pthread_mutex_unlock(&echo->mutex);
}

static void *
work(void *ctx)
{
    struct echo *echo = ctx;
    pthread_mutex_lock(&echo->mutex);
    while (!echo->stopping) {
        if (echo->todo.first == NULL) {
            pthread_cond_wait(&echo->more, &echo->mutex);
            continue;
        }
        move(&echo->done, &echo->todo);
        pthread_mutex_unlock(&echo->mutex);
        lf_wake_call(&echo->wake);
        pthread_mutex_lock(&echo->mutex);
    }
    pthread_mutex_unlock(&echo->mutex);
    return NULL;
}

static void
answer_done(void *ctx)
{
    static const char body[] =
        "{\"data\":{\"echo\":{\"success\":true,\"eventId\":\"0197f2a4-7b1c-7000-8000-0123456789ab\"}}}";
    static const struct lf_http_response response = {
        .status = 200, .content_type = "application/json", .body = {body, sizeof(body) - 1}};
    struct echo *echo = ctx;
    pthread_mutex_lock(&echo->mutex);
    struct chain done = echo->done;
    echo->done = (struct chain){0};
    pthread_mutex_unlock(&echo->mutex);
    while (done.first != NULL) {
        struct lf_http_request *request = done.first;
        done.first = request->user;
        lf_http_respond(request, &response);
    }
}

static void
stop(void *ctx)
{
    struct echo *echo = ctx;
    lf_loop_stop(echo->loop);
}

static void
drain(void *ctx)
{
    struct echo *echo = ctx;
    lf_http_server_drain(echo->server, stop, echo);
}

static enum lf_status
start(struct echo *echo, const char *address, struct lf_err *err)
{
    char bound[LF_HTTP_ADDRESS_TEXT_SIZE];
    enum lf_status st = lf_loop_new(&echo->loop, err);
    if (st == LF_OK)
        st = lf_loop_wake(echo->loop, answer_done, echo, &echo->wake, err);
    if (st == LF_OK)
        st = lf_loop_on_turn_end(echo->loop, hand_over, echo, err);
    if (st == LF_OK)
        st = lf_loop_on_signal(echo->loop, SIGTERM, drain, echo, err);
    if (st == LF_OK)
        st = lf_loop_on_signal(echo->loop, SIGINT, drain, echo, err);
    if (st == LF_OK)
        st = lf_http_server_open(echo->loop, NULL, on_request, echo, &echo->server, err);
    if (st == LF_OK)
        st = lf_http_server_listen(echo->server, address, bound, err);
    if (st == LF_OK) {
        printf("ready %s\n", bound);
        fflush(stdout);
    }
    return st;
}

static void
stop_worker(struct echo *echo, pthread_t worker)
{
    pthread_mutex_lock(&echo->mutex);
    echo->stopping = true;
    pthread_cond_signal(&echo->more);
    pthread_mutex_unlock(&echo->mutex);
    pthread_join(worker, NULL);
}

int
main(int argc, char **argv)
{
    static struct echo echo = {.mutex = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};
    struct lf_err err = {0};
    pthread_t worker;
    enum lf_status st = start(&echo, argc > 1 ? argv[1] : "127.0.0.1:0", &err);
    if (st != LF_OK) {
        fprintf(stderr, "echo: %s\n", err.text);
    } else if (pthread_create(&worker, NULL, work, &echo) != 0) {
        fprintf(stderr, "echo: cannot start a thread\n");
        st = LF_UNAVAILABLE;
    } else {
        lf_loop_run(echo.loop);
        stop_worker(&echo, worker);
    }
    lf_http_server_close(echo.server);
    lf_loop_free(echo.loop);
    return st == LF_OK ? 0 : 1;
}
