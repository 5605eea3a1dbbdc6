/* The server under strain: large bodies, slow and absent readers, streams, time-outs, draining, many connections, no
 * file descriptors, no memory. */
#include "base/clock.h"
#include "base/mem.h"
#include "site.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct site site;
static struct client client;

static void
start(const struct lf_http_options *options)
{
    site_start(&site, options);
    client_open(&client, &site);
}

static void
stop(void)
{
    client_close(&client);
    site_stop(&site);
}

static char *
junk_of(size_t len)
{
    char *junk = malloc(len + 1);
    assert_non_null(junk);
    for (size_t i = 0; i < len; i++)
        junk[i] = (char)('a' + i * 7 % 26);
    junk[len] = '\0';
    return junk;
}

static void
takes_and_gives_large_bodies(void **state)
{
    (void)state;
    start(NULL);
    char *junk = junk_of(1024 * 1024);
    for (int i = 0; i < 3; i++) {
        char head[100];
        snprintf(head, sizeof(head), "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", 1024 * 1024);
        client_say(&client, head);
        client_say(&client, junk);
        client_expect(&client, 200, junk);
    }
    free(junk);
    stop();
}

static void
answer_big(void *ctx)
{
    struct lf_buf body;
    lf_buf_init(&body, 100000000);
    lf_buf_add_text(&body, ctx);
    const struct lf_http_response response = {.status = 200};
    lf_http_respond_with(site.held[0], &response, &body);
    assert_int_equal(body.len, 0);
    lf_buf_release(&body);
    site.held[0] = NULL;
}

static void
sends_to_a_slow_reader(void **state)
{
    (void)state;
    start(NULL);
    char *junk = junk_of(8 * 1024 * 1024);
    client_say(&client, GET("/hold") GET("/echo"));
    site_wait_held(&site, 1);
    site_run(&site, answer_big, junk);
    client_expect(&client, 200, junk);
    client_expect(&client, 200, "");
    free(junk);
    stop();
}

/* --- streams ------------------------------------------------------------------------------------------------------ */

struct streaming {
    enum lf_status status;
    size_t written;
    size_t pending;
    int drained;
    int gone;
};
static struct streaming streaming;

static void
on_drained(struct lf_http_request *request)
{
    assert_int_equal(lf_http_stream_pending(request), 0);
    streaming.drained++;
}

static void
on_gone(struct lf_http_request *request)
{
    assert_false(lf_http_is_connected(request));
    streaming.gone++;
}

static void
stream_begin(void *ctx)
{
    (void)ctx;
    const struct lf_http_response response = {.status = 200, .content_type = "text/event-stream"};
    memset(&streaming, 0, sizeof(streaming));
    lf_http_watch(site.held[0], on_drained, on_gone);
    lf_http_stream_begin(site.held[0], &response);
}

static void
stream_write(void *ctx)
{
    streaming.status = lf_http_stream_write(site.held[0], lf_bytes_of(ctx), NULL);
    streaming.pending = lf_http_stream_pending(site.held[0]);
}

static void
stream_end(void *ctx)
{
    (void)ctx;
    lf_http_stream_end(site.held[0]);
    site.held[0] = NULL;
}

static void
stream_abort(void *ctx)
{
    (void)ctx;
    lf_http_stream_abort(site.held[0]);
    site.held[0] = NULL;
}

static void
look(void *ctx)
{
    *(struct streaming *)ctx = streaming;
}

static void
streams_in_chunks(void **state)
{
    (void)state;
    static char one[] = "one";
    static char two[] = "and two";
    struct answer got;
    start(NULL);
    client_say(&client, GET("/hold") GET("/echo"));
    site_wait_held(&site, 1);
    site_run(&site, stream_begin, NULL);
    client_read(&client, true, &got);
    assert_non_null(strstr(got.head, "transfer-encoding: chunked\r\n"));
    assert_null(strstr(got.head, "content-length"));
    answer_release(&got);
    site_run(&site, stream_write, one);
    client_expect_bytes(&client, "3\r\none\r\n");
    site_run(&site, stream_write, two);
    client_expect_bytes(&client, "7\r\nand two\r\n");
    struct streaming seen;
    site_run(&site, look, &seen);
    assert_int_equal(seen.drained, 3); /* the head counts */
    assert_int_equal(seen.gone, 0);
    site_run(&site, stream_end, NULL);
    client_expect_bytes(&client, "0\r\n\r\n");
    client_expect(&client, 200, "");
    stop();
}

static void
streams_to_http_1_0(void **state)
{
    (void)state;
    static char one[] = "one";
    struct answer got;
    start(NULL);
    client_say(&client, "GET /hold HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    site_wait_held(&site, 1);
    site_run(&site, stream_begin, NULL);
    site_run(&site, stream_write, one);
    site_run(&site, stream_end, NULL);
    client_read(&client, true, &got);
    assert_null(strstr(got.head, "transfer-encoding"));
    assert_non_null(strstr(got.head, "connection: close\r\n"));
    answer_release(&got);
    client_expect_bytes(&client, "one");
    client_expect_end(&client);
    stop();
}

static void
stream_waits_its_turn(void **state)
{
    (void)state;
    static char one[] = "one";
    start(NULL);
    client_say(&client, GET("/hold") GET("/hold"));
    site_wait_held(&site, 2);
    struct lf_http_request *first = site.held[0];
    site.held[0] = site.held[1];
    site.held[1] = first;
    site_run(&site, stream_begin, NULL);
    site_run(&site, stream_write, one);
    site_run(&site, stream_write, one);
    assert_true(streaming.pending > 16);
    assert_true(client_is_quiet(&client));
    site_answer(&site, 1, "before");
    client_expect(&client, 200, "before");
    struct answer got;
    client_read(&client, true, &got);
    answer_release(&got);
    client_expect_bytes(&client, "3\r\none\r\n3\r\none\r\n");
    site_run(&site, stream_end, NULL);
    client_expect_bytes(&client, "0\r\n\r\n");
    stop();
}

static void
stream_shows_back_pressure(void **state)
{
    (void)state;
    start(NULL);
    char *junk = junk_of(100000);
    client_say(&client, GET("/hold"));
    site_wait_held(&site, 1);
    site_run(&site, stream_begin, NULL);
    int written = 0;
    do { /* nobody reads: the socket's buffers fill, then ours */
        site_run(&site, stream_write, junk);
        assert_true(streaming.pending <= LF_HTTP_OUTPUT_BYTES_MAX + 1000);
        assert_true(written < 1000);
        written += streaming.status == LF_OK ? 1 : 0;
    } while (streaming.status == LF_OK);
    assert_int_equal(streaming.status, LF_LIMIT);
    struct answer got;
    client_read(&client, true, &got);
    answer_release(&got);
    size_t total = (size_t)written * (100000 + 9); /* "186a0\r\n" and "\r\n" */
    while (client.in_len < total)
        assert_true(client_fill(&client));
    for (int i = 0; i < written; i++)
        assert_memory_equal(client.in + (size_t)i * 100009 + 7, junk, 100000);
    client.in_len = 0;
    site_run(&site, stream_end, NULL);
    client_expect_bytes(&client, "0\r\n\r\n");
    free(junk);
    stop();
}

static void
stream_learns_that_the_client_left(void **state)
{
    (void)state;
    static char one[] = "one";
    start(NULL);
    client_say(&client, GET("/hold"));
    site_wait_held(&site, 1);
    site_run(&site, stream_begin, NULL);
    client_close(&client);
    site_wait_connections(&site, 0);
    struct streaming seen;
    site_run(&site, look, &seen);
    assert_int_equal(seen.gone, 1);
    site_run(&site, stream_write, one);
    assert_int_equal(streaming.status, LF_CLOSED);
    site_run(&site, stream_end, NULL);
    stop();
}

static void
breaks_a_stream_off(void **state)
{
    (void)state;
    struct answer got;
    start(NULL);
    client_say(&client, GET("/hold") GET("/echo"));
    site_wait_held(&site, 1);
    site_run(&site, stream_begin, NULL);
    client_read(&client, true, &got);
    answer_release(&got);
    site_run(&site, stream_abort, NULL);
    client_expect_end(&client);
    stop();
}

/* --- time-outs ---------------------------------------------------------------------------------------------------- */

static struct lf_http_options
hasty(void)
{
    struct lf_http_options options = lf_http_options_default("test");
    options.header_timeout_ms = 60;
    options.body_timeout_ms = 60;
    options.idle_timeout_ms = 60;
    options.write_timeout_ms = 60;
    return options;
}

static void
times_out(void **state)
{
    (void)state;
    static const char *const halves[] = {"G", "GET / HTTP/1.1\r\nHost: a\r\n", "\r\n",
                                         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
                                         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na"};
    struct lf_http_options options = hasty();
    start(&options);
    client_expect_end(&client); /* idle: closed without a word */
    for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
        struct client other;
        client_open(&other, &site);
        client_say(&other, halves[i]);
        client_expect(&other, 408, "408 Request Timeout\n");
        client_expect_end(&other);
        client_close(&other);
    }
    struct client other;
    client_open(&other, &site);
    client_say(&other, GET("/echo"));
    client_expect(&other, 200, "");
    client_expect_end(&other); /* idle between requests */
    client_close(&other);
    stop();
}

static void
does_not_time_out_the_handler(void **state)
{
    (void)state;
    struct lf_http_options options = hasty();
    start(&options);
    client_say(&client, GET("/hold"));
    site_wait_held(&site, 1);
    struct client other;
    client_open(&other, &site);
    client_expect_end(&other); /* a whole time-out has passed */
    client_close(&other);
    site_answer(&site, 0, "slow");
    client_expect(&client, 200, "slow");
    stop();
}

static void
gives_up_an_absent_reader(void **state)
{
    (void)state;
    struct lf_http_options options = hasty();
    options.idle_timeout_ms = 60000;
    start(&options);
    char *junk = junk_of(32 * 1024 * 1024);
    client_say(&client, GET("/hold"));
    site_wait_held(&site, 1);
    site_run(&site, answer_big, junk);
    site_wait_connections(&site, 0);
    free(junk);
    stop();
}

/* --- draining ----------------------------------------------------------------------------------------------------- */

static void
on_drain_done(void *ctx)
{
    (void)ctx;
    site.drained = true;
}

static void
drain(void *ctx)
{
    (void)ctx;
    lf_http_server_drain(site.server, on_drain_done, NULL);
}

static void
look_drained(void *ctx)
{
    *(bool *)ctx = site.drained;
}

static void
drains(void **state)
{
    (void)state;
    struct client idle;
    struct client half;
    struct answer got;
    bool drained = true;
    start(NULL);
    client_open(&idle, &site);
    client_open(&half, &site);
    client_say(&half, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    client_say(&client, GET("/hold"));
    site_wait_held(&site, 1);
    site_wait_connections(&site, 3);
    site_run(&site, drain, NULL);
    client_expect_end(&idle);
    struct client late;
    assert_false(client_try_open(&late, &site));
    site_run(&site, look_drained, &drained);
    assert_false(drained);
    client_say(&half, "cd");
    client_read(&half, false, &got);
    assert_string_equal(got.body, "abcd");
    assert_non_null(strstr(got.head, "connection: close\r\n"));
    answer_release(&got);
    client_expect_end(&half);
    client_close(&half);
    site_answer(&site, 0, "last");
    client_expect(&client, 200, "last");
    client_expect_end(&client);
    client_close(&client);
    const int64_t deadline = lf_clock_mono_ms() + 20000;
    while (!drained) {
        assert_true(lf_clock_mono_ms() < deadline);
        site_run(&site, look_drained, &drained);
    }
    client_close(&idle);
    stop();
}

/* --- many, and too many ------------------------------------------------------------------------------------------- */

static void
serves_a_thousand_connections(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    struct client *clients = calloc(COUNT, sizeof(*clients));
    assert_non_null(clients);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 2 * COUNT + 100; /* both ends are ours */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    start(NULL);
    for (int i = 0; i < COUNT; i++)
        client_open(&clients[i], &site);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++)
            client_say(&clients[i], GET("/echo"));
        for (int i = 0; i < COUNT; i++)
            client_expect(&clients[i], 200, "");
    }
    for (int i = 0; i < COUNT; i++)
        client_close(&clients[i]);
    site_wait_connections(&site, 1);
    free(clients);
    stop();
    limit.rlim_cur = before;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void
closes_what_is_too_many(void **state)
{
    (void)state;
    struct lf_http_options options = site_options();
    options.connections_max = 3;
    start(&options);
    struct client others[3];
    for (int i = 0; i < 3; i++)
        client_open(&others[i], &site);
    client_expect_end(&others[2]);
    client_say(&others[1], GET("/echo"));
    client_expect(&others[1], 200, "");
    client_close(&others[0]);
    site_wait_connections(&site, 2);
    client_close(&others[2]);
    client_open(&others[2], &site);
    client_say(&others[2], GET("/echo"));
    client_expect(&others[2], 200, "");
    client_close(&others[1]);
    client_close(&others[2]);
    stop();
}

static void
survives_without_file_descriptors(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    struct client others[COUNT];
    int fillers[64];
    int filled = 0;
    struct rlimit limit;
    start(NULL);
    client_say(&client, GET("/echo"));
    client_expect(&client, 200, "");
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t before = limit.rlim_cur;
    for (int i = 0; i < COUNT; i++) { /* sockets for our side, before they run out */
        others[i] = (struct client){.fd = socket(AF_INET, SOCK_STREAM, 0)};
        assert_true(others[i].fd >= 0);
    }
    limit.rlim_cur = (rlim_t)others[COUNT - 1].fd + 1;
    setrlimit(RLIMIT_NOFILE, &limit);
    while (filled < 64 && (fillers[filled] = dup(0)) >= 0)
        filled++;
    struct sockaddr_storage to;
    socklen_t size = sizeof(to);
    getpeername(client.fd, (struct sockaddr *)&to, &size);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(connect(others[i].fd, (const struct sockaddr *)&to, size), 0);
    for (int i = 0; i < COUNT; i++)
        client_expect_end(&others[i]); /* accepted with the descriptor in reserve, and closed */
    client_say(&client, GET("/echo"));
    client_expect(&client, 200, "");
    while (filled > 0)
        close(fillers[--filled]);
    limit.rlim_cur = before;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < COUNT; i++)
        client_close(&others[i]);
    client_open(&others[0], &site);
    client_say(&others[0], GET("/echo"));
    client_expect(&others[0], 200, "");
    client_close(&others[0]);
    stop();
}

/* Method: the n-th allocation after the connection's start fails; the client sees an answer, a refusal or the end. */
static void
survives_without_memory(void **state)
{
    (void)state;
    bool hit = true;
    start(NULL);
    for (uint64_t n = 1; hit; n++) {
        struct client other;
        lf_mem_fail_at(n, false);
        client_open(&other, &site);
        client_say(&other, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n");
        char *junk = junk_of(20000);
        client_say(&other, junk);
        free(junk);
        client_say(&other, GET("/echo"));
        shutdown(other.fd, SHUT_WR);
        while (client_fill(&other)) {
        }
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        if (!hit)
            assert_true(other.in_len > 20000);
        client_close(&other);
        client_say(&client, GET("/echo"));
        client_expect(&client, 200, "");
    }
    stop();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_and_gives_large_bodies),
        cmocka_unit_test(sends_to_a_slow_reader),
        cmocka_unit_test(streams_in_chunks),
        cmocka_unit_test(streams_to_http_1_0),
        cmocka_unit_test(stream_waits_its_turn),
        cmocka_unit_test(stream_shows_back_pressure),
        cmocka_unit_test(stream_learns_that_the_client_left),
        cmocka_unit_test(breaks_a_stream_off),
        cmocka_unit_test(times_out),
        cmocka_unit_test(does_not_time_out_the_handler),
        cmocka_unit_test(gives_up_an_absent_reader),
        cmocka_unit_test(drains),
        cmocka_unit_test(serves_a_thousand_connections),
        cmocka_unit_test(closes_what_is_too_many),
        cmocka_unit_test(survives_without_file_descriptors),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
