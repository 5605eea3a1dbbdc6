/* A tiny HTTP server for tests of the registry's client: answers a script, one step a request, and keeps what came. */
#ifndef LF_TEST_CODEC_REGISTRY_SERVER_H
#define LF_TEST_CODEC_REGISTRY_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { SERVER_STEPS_MAX = 16, SERVER_REQUEST_MAX = 65536 };

enum server_way {
    SERVER_ANSWER, /* status and body */
    SERVER_CLOSE,  /* reads the request and closes */
    SERVER_HANG,   /* reads the request and says nothing until the server ends */
    SERVER_CUT,    /* promises ten bytes more than there are */
    SERVER_RAW,    /* body is the whole answer */
};

struct server_step {
    enum server_way way;
    int status;
    const char *body;
};

struct server {
    int listener;
    int port;
    pthread_t thread;
    atomic_bool stop;
    struct server_step steps[SERVER_STEPS_MAX]; /* the last is repeated */
    size_t step_count;
    pthread_mutex_t lock;
    pthread_cond_t asked;
    char requests[SERVER_STEPS_MAX][SERVER_REQUEST_MAX]; /* whole, as they came */
    size_t request_count;
    char url[64];
};

/* Whether the whole request is there. */
static inline bool
server_is_whole(const char *text, size_t len)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "\r\ncontent-length:");
    if (end == NULL)
        return false;
    size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return len >= (size_t)(end - text) + 4 + body;
}

static inline bool
server_read(struct server *server, int fd, char *text)
{
    size_t len = 0;
    while (len + 1 < SERVER_REQUEST_MAX) {
        ssize_t n = read(fd, text + len, SERVER_REQUEST_MAX - 1 - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        text[len] = '\0';
        if (server_is_whole(text, len))
            return true;
    }
    (void)server;
    return false;
}

static inline void
server_write(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

static inline void
server_answer(struct server *server, int fd, const struct server_step *step)
{
    char head[256];
    size_t len = strlen(step->body);
    size_t promised = len + (step->way == SERVER_CUT ? 10 : 0);
    switch (step->way) {
    case SERVER_CLOSE: return;
    case SERVER_HANG:
        while (!atomic_load(&server->stop)) {
            char byte;
            if (recv(fd, &byte, 1, 0) == 0) /* the client has gone */
                return;
        }
        return;
    case SERVER_RAW: server_write(fd, step->body, len); return;
    default: break;
    }
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %d X\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\n"
                     "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                     step->status, promised);
    server_write(fd, head, (size_t)n);
    server_write(fd, step->body, len);
}

static inline void
server_serve(struct server *server, int fd)
{
    struct timeval slice = {.tv_usec = 20000};
    char *text = server->requests[server->request_count % SERVER_STEPS_MAX];
    if (!server_read(server, fd, text))
        return;
    pthread_mutex_lock(&server->lock);
    size_t step = server->request_count < server->step_count ? server->request_count : server->step_count - 1;
    server->request_count++;
    pthread_cond_broadcast(&server->asked);
    pthread_mutex_unlock(&server->lock);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof(slice));
    server_answer(server, fd, &server->steps[step]);
}

static inline void *
server_run(void *arg)
{
    struct server *server = arg;
    while (!atomic_load(&server->stop)) {
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0)
            continue;
        server_serve(server, fd);
        close(fd);
    }
    return NULL;
}

static inline void
server_start(struct server *server, const struct server_step *steps, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    struct timeval slice = {.tv_usec = 20000};
    memset(server, 0, sizeof(*server));
    assert_true(count > 0 && count <= SERVER_STEPS_MAX);
    memcpy(server->steps, steps, count * sizeof(*steps));
    server->step_count = count;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->asked, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    setsockopt(server->listener, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof(slice));
    server->port = ntohs(address.sin_port);
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d/v7/", server->port);
    assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static inline size_t
server_count(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->request_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

/* Waits until so many requests have come. */
static inline void
server_await(struct server *server, size_t count)
{
    pthread_mutex_lock(&server->lock);
    while (server->request_count < count)
        pthread_cond_wait(&server->asked, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

static inline void
server_stop(struct server *server)
{
    atomic_store(&server->stop, true);
    pthread_join(server->thread, NULL);
    close(server->listener);
    pthread_cond_destroy(&server->asked);
    pthread_mutex_destroy(&server->lock);
}

#endif
