/* The server over real sockets: what is answered, in which order, and how connections end. */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct site site;
static struct client client;

static int
set_up(void **state)
{
    (void)state;
    struct lf_http_options options = site_options();
    site_start(&site, &options);
    client_open(&client, &site);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    client_close(&client);
    site_stop(&site);
    return 0;
}

static void
answers_and_keeps_the_connection(void **state)
{
    (void)state;
    struct answer got;
    client_say(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    client_read(&client, false, &got);
    assert_int_equal(got.status, 200);
    assert_string_equal(got.body, "hello");
    assert_non_null(strstr(got.head, "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\ndate: "));
    assert_null(strstr(got.head, "connection:"));
    answer_release(&got);
    client_say(&client, GET("/none"));
    client_expect(&client, 404, "");
    client_say(&client,
               "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
    client_expect(&client, 200, "abc");
}

static void
takes_a_request_byte_by_byte(void **state)
{
    (void)state;
    const char *text = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" GET("/none");
    for (; *text != '\0'; text++)
        client_send(&client, text, 1);
    client_expect(&client, 200, "abc");
    client_expect(&client, 404, "");
}

static void
closes_when_asked(void **state)
{
    (void)state;
    struct answer got;
    client_say(&client, "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET("/echo"));
    client_read(&client, false, &got);
    assert_non_null(strstr(got.head, "connection: close\r\n"));
    answer_release(&got);
    client_expect_end(&client);
}

static void
speaks_http_1_0(void **state)
{
    (void)state;
    struct answer got;
    client_say(&client, "GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client_read(&client, false, &got);
    assert_non_null(strstr(got.head, "connection: keep-alive\r\n"));
    answer_release(&got);
    client_say(&client, "GET /echo HTTP/1.0\r\n\r\n");
    client_expect(&client, 200, "");
    client_expect_end(&client);
}

static void
leaves_the_body_out_for_head(void **state)
{
    (void)state;
    struct answer got;
    client_say(&client, "HEAD /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    client_read(&client, true, &got);
    assert_non_null(strstr(got.head, "content-length: 5\r\n"));
    answer_release(&got);
    client_say(&client, GET("/none"));
    client_expect(&client, 404, "");
}

static void
answers_in_order(void **state)
{
    (void)state;
    client_say(&client, GET("/hold") GET("/hold") GET("/echo") GET("/hold"));
    site_wait_held(&site, 3);
    site_answer(&site, 2, "third");
    site_answer(&site, 1, "second");
    assert_true(client_is_quiet(&client));
    site_answer(&site, 0, "first");
    client_expect(&client, 200, "first");
    client_expect(&client, 200, "second");
    client_expect(&client, 200, "");
    client_expect(&client, 200, "third");
}

static void
bounds_the_pipeline(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        client_say(&client, GET("/hold"));
    site_wait_held(&site, 8);
    assert_int_equal(site_held(&site), 8);
    for (size_t i = 0; i < 20; i++) {
        char text[20];
        snprintf(text, sizeof(text), "answer %zu", i);
        site_wait_held(&site, i + 1);
        assert_true(site_held(&site) <= i + 8);
        site_answer(&site, i, text);
        client_expect(&client, 200, text);
    }
}

static void
answers_many_pipelined(void **state)
{
    (void)state;
    struct lf_buf text;
    lf_buf_init(&text, 10000000);
    for (int i = 0; i < 2000; i++)
        lf_buf_printf(&text, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n%04d", i);
    client_send(&client, text.ptr, text.len);
    lf_buf_release(&text);
    for (int i = 0; i < 2000; i++) {
        char body[20];
        snprintf(body, sizeof(body), "%04d", i);
        client_expect(&client, 200, body);
    }
}

/* Handlers that run when reading goes on, at the turn's end, may need hooks that have run already. */
static void
answers_batches_at_the_end_of_the_turn(void **state)
{
    (void)state;
    struct lf_buf text;
    lf_buf_init(&text, 100000);
    for (int i = 0; i < 100; i++)
        lf_buf_printf(&text, "GET /batch?%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
    client_send(&client, text.ptr, text.len);
    lf_buf_release(&text);
    for (int i = 0; i < 100; i++) {
        char body[20];
        snprintf(body, sizeof(body), "%d", i);
        client_expect(&client, 200, body);
    }
}

static void
invites_a_body(void **state)
{
    (void)state;
    client_say(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    client_expect_bytes(&client, "HTTP/1.1 100 Continue\r\n\r\n");
    client_say(&client, "hi");
    client_expect(&client, 200, "hi");
    client_say(&client, GET("/hold") "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                                     "Content-Length: 2\r\n\r\n");
    site_wait_held(&site, 1);
    assert_true(client_is_quiet(&client)); /* the invitation waits behind the answer */
    site_answer(&site, 0, "first");
    client_expect(&client, 200, "first");
    client_expect_bytes(&client, "HTTP/1.1 100 Continue\r\n\r\n");
    client_say(&client, "ho");
    client_expect(&client, 200, "ho");
    client_say(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nyo");
    client_expect(&client, 200, "yo"); /* no invitation: the body was there */
    client_say(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
    client_expect(&client, 413, NULL);
    client_expect_end(&client);
}

static void
answers_a_client_that_closed_its_side(void **state)
{
    (void)state;
    client_say(&client, GET("/hold") "GET /hold HTT");
    site_wait_held(&site, 1);
    shutdown(client.fd, SHUT_WR);
    site_answer(&site, 0, "late");
    client_expect(&client, 200, "late");
    client_expect_end(&client);
}

static void
look_connected(void *ctx)
{
    *(bool *)ctx = lf_http_is_connected(site.held[0]);
}

static void
keeps_requests_of_clients_that_left(void **state)
{
    (void)state;
    bool connected = false;
    client_say(&client, GET("/hold") GET("/hold"));
    site_wait_held(&site, 2);
    site_run(&site, look_connected, &connected);
    assert_true(connected);
    struct linger reset = {.l_onoff = 1};
    setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    client_close(&client);
    site_wait_connections(&site, 0);
    site_run(&site, look_connected, &connected);
    assert_false(connected);
    site_answer(&site, 1, "nobody reads this");
    site_answer(&site, 0, "nor this");
    client_open(&client, &site);
    client_say(&client, GET("/echo"));
    client_expect(&client, 200, "");
}

static void
forgets_half_requests(void **state)
{
    (void)state;
    static const char body[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel";
    static const char *const halves[] = {"G", "GET / HTTP/1.1\r\nHo", body};
    for (size_t i = 0; i < 3; i++) {
        struct client other;
        client_open(&other, &site);
        client_say(&other, halves[i]);
        client_close(&other);
    }
    client_say(&client, GET("/echo"));
    client_expect(&client, 200, "");
    site_wait_connections(&site, 1);
}

static const struct {
    const char *text;
    int status;
} refused[] = {
    {"nonsense\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417},
    {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
};

static void
refuses_and_closes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct client other;
        struct answer got;
        client_open(&other, &site);
        client_say(&other, GET("/echo"));
        client_say(&other, refused[i].text);
        client_say(&other, GET("/echo"));
        client_expect(&other, 200, "");
        client_read(&other, false, &got);
        assert_int_equal(got.status, refused[i].status);
        assert_non_null(strstr(got.head, "connection: close\r\n"));
        answer_release(&got);
        client_expect_end(&other);
        client_close(&other);
    }
}

static void
refuses_behind_requests_in_work(void **state)
{
    (void)state;
    client_say(&client, GET("/hold") "bad\r\n\r\n");
    site_wait_held(&site, 1);
    site_answer(&site, 0, "good");
    client_expect(&client, 200, "good");
    client_expect(&client, 400, "400 Bad Request\n");
    client_expect_end(&client);
}

/* The refusal must be readable although the client is still sending what nobody reads. */
static void
lets_a_refusal_be_read(void **state)
{
    (void)state;
    char *junk = calloc(1, 3000000);
    assert_non_null(junk);
    memset(junk, 'a', 3000000);
    client_say(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c0\r\n");
    client_send(&client, junk, 3000000);
    client_expect(&client, 413, "413 Content Too Large\n");
    client_expect_end(&client);
    assert_false(client.reset); /* which on some systems would have taken the answer with it */
    free(junk);
}

static void
limits_heads(void **state)
{
    (void)state;
    char filler[3001];
    memset(filler, 'a', 3000);
    filler[3000] = '\0';
    client_say(&client, "GET /");
    client_say(&client, filler);
    client_expect(&client, 414, NULL);
    client_expect_end(&client);
    client_close(&client);
    client_open(&client, &site);
    client_say(&client, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    client_say(&client, filler);
    client_expect(&client, 431, NULL);
    client_expect_end(&client);
}

static void
declines_upgrades(void **state)
{
    (void)state;
    client_say(&client, "GET /hold HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n" GET("/echo"));
    site_wait_held(&site, 1);
    size_t before = site.requests;
    site_answer(&site, 0, "no");
    client_expect(&client, 200, "no");
    client_expect(&client, 200, "");
    assert_int_equal(before, 1); /* the bytes behind were left alone until the answer */
}

static void
listens_where_told(void **state)
{
    (void)state;
    struct lf_err err = {0};
    struct lf_loop *loop = NULL;
    struct lf_http_server *server = NULL;
    char address[LF_HTTP_ADDRESS_TEXT_SIZE];
    assert_int_equal(lf_loop_new(&loop, &err), LF_OK);
    assert_int_equal(lf_http_server_open(loop, NULL, NULL, NULL, &server, &err), LF_OK);
    assert_int_equal(lf_http_server_listen(server, site.address, address, &err), LF_BUSY);
    assert_non_null(strstr(err.text, site.address));
    assert_int_equal(lf_http_server_listen(server, "localhost:0", address, &err), LF_OK);
    assert_int_equal(strncmp(address, "127.0.0.1:", 10), 0);
    assert_true(strtol(address + 10, NULL, 10) > 0);
    enum lf_status st = lf_http_server_listen(server, "[::1]:0", address, &err);
    if (st == LF_OK) /* not every machine has IPv6 */
        assert_int_equal(strncmp(address, "[::1]:", 6), 0);
    static const char *const bad[] = {
        "",       "127.0.0.1", "127.0.0.1:",     ":80",        "127.0.0.1:65536", "127.0.0.1:+1",
        "::1:80", "[::1]",     "[127.0.0.1]:80", "example:80", "127.0.0.1:80x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(lf_http_server_listen(server, bad[i], address, &err), LF_USAGE);
    assert_int_equal(lf_http_server_listen(server, "192.0.2.1:80", address, &err), LF_UNSUPPORTED);
    lf_http_server_close(server);
    lf_loop_free(loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_and_keeps_the_connection),
        TEST(takes_a_request_byte_by_byte),
        TEST(closes_when_asked),
        TEST(speaks_http_1_0),
        TEST(leaves_the_body_out_for_head),
        TEST(answers_in_order),
        TEST(bounds_the_pipeline),
        TEST(answers_many_pipelined),
        TEST(answers_batches_at_the_end_of_the_turn),
        TEST(invites_a_body),
        TEST(answers_a_client_that_closed_its_side),
        TEST(keeps_requests_of_clients_that_left),
        TEST(forgets_half_requests),
        TEST(refuses_and_closes),
        TEST(refuses_behind_requests_in_work),
        TEST(lets_a_refusal_be_read),
        TEST(limits_heads),
        TEST(declines_upgrades),
        TEST(listens_where_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
