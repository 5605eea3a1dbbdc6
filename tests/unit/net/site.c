/* The server under test and its client. Every wait has a deadline of some seconds, generous for slow machines. */
#include "site.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 20000 };

/* --- the server --------------------------------------------------------------------------------------------------- */

static void
on_request(void *ctx, struct lf_http_request *request)
{
    struct site *site = ctx;
    site->requests++;
    if (lf_bytes_equal_text(request->path, "/echo")) {
        const struct lf_http_response response = {.status = 200, .content_type = "text/plain", .body = request->body};
        lf_http_respond(request, &response);
    } else if (lf_bytes_equal_text(request->path, "/hold")) {
        if (site->held_count == HELD_MAX)
            abort();
        site->held[site->held_count++] = request;
    } else if (lf_bytes_equal_text(request->path, "/batch")) {
        request->user = site->batch;
        site->batch = request;
    } else {
        const struct lf_http_response response = {.status = 404};
        lf_http_respond(request, &response);
    }
}

static void
answer_batch(void *ctx)
{
    struct site *site = ctx;
    while (site->batch != NULL) {
        struct lf_http_request *request = site->batch;
        const struct lf_http_response response = {.status = 200, .body = request->query};
        site->batch = request->user;
        lf_http_respond(request, &response);
    }
}

static void
on_wake(void *ctx)
{
    struct site *site = ctx;
    pthread_mutex_lock(&site->mutex);
    if (site->fn != NULL) {
        site->fn(site->ctx);
        site->fn = NULL;
        pthread_cond_broadcast(&site->changed);
    }
    pthread_mutex_unlock(&site->mutex);
}

void
site_run(struct site *site, site_fn *fn, void *ctx)
{
    pthread_mutex_lock(&site->mutex);
    site->fn = fn;
    site->ctx = ctx;
    lf_wake_call(&site->wake);
    while (site->fn != NULL)
        pthread_cond_wait(&site->changed, &site->mutex);
    pthread_mutex_unlock(&site->mutex);
}

static void *
run(void *ctx)
{
    struct site *site = ctx;
    lf_loop_run(site->loop);
    return NULL;
}

struct lf_http_options
site_options(void)
{
    struct lf_http_options options = lf_http_options_default("test");
    options.header_bytes_max = 2000;
    options.headers_max = 20;
    options.pipeline_max = 8;
    return options;
}

void
site_start(struct site *site, const struct lf_http_options *options)
{
    struct lf_err err = {0};
    memset(site, 0, sizeof(*site));
    pthread_mutex_init(&site->mutex, NULL);
    pthread_cond_init(&site->changed, NULL);
    assert_int_equal(lf_loop_new(&site->loop, &err), LF_OK);
    assert_int_equal(lf_loop_wake(site->loop, on_wake, site, &site->wake, &err), LF_OK);

    assert_int_equal(lf_loop_on_turn_end(site->loop, answer_batch, site, &err), LF_OK);
    assert_int_equal(lf_http_server_open(site->loop, options, on_request, site, &site->server, &err), LF_OK);
    assert_int_equal(lf_http_server_listen(site->server, "127.0.0.1:0", site->address, &err), LF_OK);
    site->port = (int)strtol(strrchr(site->address, ':') + 1, NULL, 10);
    assert_int_equal(pthread_create(&site->thread, NULL, run, site), 0);
}

static void
close_all(void *ctx)
{
    struct site *site = ctx;
    const struct lf_http_response response = {.status = 503};
    for (size_t i = 0; i < site->held_count; i++) {
        if (site->held[i] != NULL)
            lf_http_respond(site->held[i], &response);
    }
    lf_http_server_close(site->server);
    lf_loop_stop(site->loop);
}

void
site_stop(struct site *site)
{
    site_run(site, close_all, site);
    pthread_join(site->thread, NULL);
    lf_loop_free(site->loop);
    pthread_mutex_destroy(&site->mutex);
    pthread_cond_destroy(&site->changed);
}

struct counts {
    struct site *site;
    size_t held;
    size_t connections;
};

static void
count(void *ctx)
{
    struct counts *counts = ctx;
    counts->held = counts->site->held_count;
    counts->connections = lf_http_server_connections(counts->site->server);
}

size_t
site_held(struct site *site)
{
    struct counts counts = {.site = site};
    site_run(site, count, &counts);
    return counts.held;
}

void
site_wait_held(struct site *site, size_t wanted)
{
    const int64_t deadline = lf_clock_mono_ms() + DEADLINE_MS;
    while (site_held(site) < wanted) {
        assert_true(lf_clock_mono_ms() < deadline);
        poll(NULL, 0, 1);
    }
}

void
site_wait_connections(struct site *site, size_t wanted)
{
    const int64_t deadline = lf_clock_mono_ms() + DEADLINE_MS;
    for (;;) {
        struct counts counts = {.site = site};
        site_run(site, count, &counts);
        if (counts.connections == wanted)
            return;
        assert_true(lf_clock_mono_ms() < deadline);
        poll(NULL, 0, 1);
    }
}

struct answering {
    struct site *site;
    size_t index;
    const char *text;
};

static void
answer(void *ctx)
{
    struct answering *answering = ctx;
    struct lf_http_request *request = answering->site->held[answering->index];
    const struct lf_http_response response = {.status = 200, .body = lf_bytes_of(answering->text)};
    assert_non_null(request);
    answering->site->held[answering->index] = NULL;
    lf_http_respond(request, &response);
}

void
site_answer(struct site *site, size_t index, const char *text)
{
    struct answering answering = {site, index, text};
    site_run(site, answer, &answering);
}

/* --- the client --------------------------------------------------------------------------------------------------- */

bool
client_try_open(struct client *client, const struct site *site)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)site->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(client, 0, sizeof(*client));
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (client->fd < 0) {
        fail_msg("no socket");
        return false;
    }
    if (connect(client->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return true;
    close(client->fd);
    client->fd = -1;
    return false;
}

void
client_open(struct client *client, const struct site *site)
{
    assert_true(client_try_open(client, site));
}

void
client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    free(client->in);
    memset(client, 0, sizeof(*client));
    client->fd = -1;
}

static short
wait_for(struct client *client, short events)
{
    struct pollfd pollfd = {.fd = client->fd, .events = events};
    if (poll(&pollfd, 1, DEADLINE_MS) != 1)
        fail_msg("nothing happened on the connection");
    return pollfd.revents;
}

void
client_send(struct client *client, const char *bytes, size_t len)
{
    while (len != 0) {
        wait_for(client, POLLOUT);
        ssize_t n = send(client->fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
            return; /* the server has closed: reading shows what it said */
        assert_true(n > 0);
        bytes += n;
        len -= (size_t)n;
    }
}

void
client_say(struct client *client, const char *text)
{
    client_send(client, text, strlen(text));
}

bool
client_fill(struct client *client)
{
    if (client->in_cap - client->in_len < 65536) {
        client->in_cap = client->in_cap * 2 + 131072;
        char *moved = realloc(client->in, client->in_cap);
        assert_non_null(moved);
        client->in = moved;
    }
    wait_for(client, POLLIN);
    ssize_t n = recv(client->fd, client->in + client->in_len, client->in_cap - client->in_len, 0);
    if (n <= 0) {
        client->reset = n < 0;
        return false;
    }
    client->in_len += (size_t)n;
    return true;
}

static void
consume(struct client *client, size_t len)
{
    memmove(client->in, client->in + len, client->in_len - len);
    client->in_len -= len;
}

static size_t
head_length(const struct client *client)
{
    if (client->in_len == 0)
        return 0;
    const char *end = memmem(client->in, client->in_len, "\r\n\r\n", 4);
    return end != NULL ? (size_t)(end - client->in) + 4 : 0;
}

void
client_read(struct client *client, bool head_only, struct answer *ret)
{
    size_t head;
    while ((head = head_length(client)) == 0) {
        if (!client_fill(client))
            fail_msg("the connection ended before an answer: '%.*s'", (int)client->in_len, client->in);
    }
    assert_true(head < sizeof(ret->head));
    memset(ret, 0, sizeof(*ret));
    memcpy(ret->head, client->in, head);
    assert_int_equal(strncmp(ret->head, "HTTP/1.1 ", 9), 0);
    ret->status = (int)strtol(ret->head + 9, NULL, 10);
    consume(client, head);
    const char *length = strstr(ret->head, "content-length: ");
    ret->body_len = length != NULL && !head_only ? strtoul(length + 16, NULL, 10) : 0;
    while (client->in_len < ret->body_len)
        assert_true(client_fill(client));
    ret->body = calloc(1, ret->body_len + 1);
    assert_non_null(ret->body);
    if (ret->body_len != 0)
        memcpy(ret->body, client->in, ret->body_len);
    consume(client, ret->body_len);
}

void
answer_release(struct answer *answer)
{
    free(answer->body);
    answer->body = NULL;
}

void
client_expect(struct client *client, int status, const char *body)
{
    struct answer got;
    client_read(client, false, &got);
    if (got.status != status || (body != NULL && strcmp(got.body, body) != 0))
        fail_msg("got %d '%s', expected %d '%s'", got.status, got.body, status, body != NULL ? body : "(any)");
    answer_release(&got);
}

void
client_expect_bytes(struct client *client, const char *bytes)
{
    size_t len = strlen(bytes);
    while (client->in_len < len)
        assert_true(client_fill(client));
    if (memcmp(client->in, bytes, len) != 0)
        fail_msg("got '%.*s', expected '%s'", (int)client->in_len, client->in, bytes);
    consume(client, len);
}

void
client_expect_end(struct client *client)
{
    while (client_fill(client)) {
    }
    if (client->in_len != 0)
        fail_msg("unexpected: '%.*s'", (int)client->in_len, client->in);
}

bool
client_is_quiet(struct client *client)
{
    struct pollfd pollfd = {.fd = client->fd, .events = POLLIN};
    return client->in_len == 0 && poll(&pollfd, 1, 0) == 0;
}
