/*
 * GraphQL over HTTP: a row a request. Method: a real server on a loop in a thread of its own, plain sockets, one
 * connection a request; the answer is read to the connection's end.
 */
#include "gateway/http.h"
#include "ask.h"
#include "world.h"

struct site {
    struct world world;
    struct lf_loop *loop;
    struct lf_gateway_http *http;
    struct lf_http_server *server;
    pthread_t thread;
    char address[LF_HTTP_ADDRESS_TEXT_SIZE];
};

static struct site site;

/* ---- the server ---- */

static void
on_wake(void *ctx)
{
    (void)ctx;
    lf_gateway_turn(site.world.gateway);
}

static void
on_turn_end(void *ctx)
{
    (void)ctx;
    lf_gateway_flush(site.world.gateway);
}

static void *
run(void *ctx)
{
    lf_loop_run(ctx);
    return NULL;
}

static int
start(void **state)
{
    (void)state;
    struct lf_err err = {0};
    struct lf_http_options options = lf_http_options_default("test");
    struct lf_wake wake;
    options.body_bytes_max = 10000;
    assert_int_equal(lf_loop_new(&site.loop, &err), LF_OK);
    assert_int_equal(lf_loop_wake(site.loop, on_wake, NULL, &wake, &err), LF_OK);
    world_open(&site.world);
    world_stop(&site.world);
    const struct lf_query_options query = {.store = site.world.store, .group = LF_LIT("group"), .wake = wake};
    assert_int_equal(lf_query_open(&query, &site.world.query, &err), LF_OK);
    const struct lf_gateway_options gateway = {.model = site.world.model,
                                               .log = site.world.log,
                                               .query = site.world.query,
                                               .codec = {.model = site.world.model, .source = LF_LIT("/test")},
                                               .topic = LF_LIT("business"),
                                               .wake = wake,
                                               .introspection = true};
    assert_int_equal(lf_gateway_new(&gateway, &site.world.gateway, &err), LF_OK);
    assert_int_equal(lf_loop_on_turn_end(site.loop, on_turn_end, NULL, &err), LF_OK);
    site.http = lf_gateway_http_new(site.world.gateway);
    assert_non_null(site.http);
    assert_int_equal(lf_http_server_open(site.loop, &options, lf_gateway_http_handle, site.http, &site.server, &err),
                     LF_OK);
    assert_int_equal(lf_http_server_listen(site.server, "127.0.0.1:0", site.address, &err), LF_OK);
    assert_int_equal(pthread_create(&site.thread, NULL, run, site.loop), 0);
    return 0;
}

static int
stop(void **state)
{
    (void)state;
    lf_loop_stop(site.loop);
    pthread_join(site.thread, NULL);
    lf_gateway_stop(site.world.gateway);
    lf_query_close(site.world.query);
    site.world.query = NULL;
    lf_http_server_close(site.server);
    world_close(&site.world);
    lf_gateway_http_free(site.http);
    lf_loop_free(site.loop);
    return 0;
}

static bool
contains(const char *answer, const char *words)
{
    return words == NULL || strcasestr(answer, words) != NULL;
}

struct row {
    const char *method, *target, *headers, *body;
    int status;
    const char *words[2]; /* somewhere in the answer, header fields included */
};

static void
check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        char *answer = ask(site.address, row->method, row->target, row->headers, row->body);
        if (ask_status(answer) != row->status || !contains(answer, row->words[0]) || !contains(answer, row->words[1]))
            fail_msg("row %zu: not %d, %s, %s: %s", i, row->status, row->words[0],
                     row->words[1] != NULL ? row->words[1] : "", answer);
        free(answer);
    }
}

#define JSON "Content-Type: application/json\r\n"
#define GRAPHQL_ONLY "Accept: application/graphql-response+json\r\n"
#define TYPENAME "{\"query\":\"{ __typename }\"}"
#define CREATE "{\"query\":\"mutation { create(customerId: \\\"c\\\", amount: 1) { success } }\"}"

static void
posts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"POST",
         "/graphql",
         JSON,
         TYPENAME,
         200,
         {"content-type: application/json; charset=utf-8", "{\"data\":{\"__typename\":\"Query\"}}"}},
        {"POST", "/graphql", JSON "Accept: */*\r\n", TYPENAME, 200, {"content-type: application/json"}},
        {"POST", "/graphql", JSON GRAPHQL_ONLY, TYPENAME, 200, {"content-type: application/graphql-response+json"}},
        {"POST", "/graphql", JSON "Accept: text/html\r\n", TYPENAME, 406, {"BAD_REQUEST"}},
        {"POST",
         "/graphql",
         JSON "Accept: text/html\r\nAccept: application/json\r\n",
         TYPENAME,
         200,
         {"application/json"}},
        {"POST", "/graphql", "", TYPENAME, 415, {"Content-Type must be"}},
        {"POST", "/graphql", "Content-Type: text/plain\r\n", TYPENAME, 415, {"BAD_REQUEST"}},
        {"POST", "/graphql", "Content-Type: application/json; charset=latin1\r\n", TYPENAME, 415, {NULL}},
        {"POST", "/graphql", JSON, CREATE, 200, {"{\"data\":{\"create\":{\"success\":true}}}"}},
        {"POST", "/graphql", JSON, "", 400, {"not acceptable JSON"}},
        {"POST", "/graphql", JSON, "{", 400, {"not acceptable JSON", "application/graphql-response+json"}},
        {"POST", "/graphql", JSON, "{\"query\":\"a\xff\"}", 400, {"UTF-8"}},
        {"POST", "/graphql", JSON, "{\"query\":\"a\",\"query\":\"b\"}", 400, {NULL}},
        {"POST", "/graphql", JSON, "[]", 422, {"Batches"}},
        {"POST", "/graphql", JSON, "7", 422, {"must be a JSON object"}},
        {"POST", "/graphql", JSON, "{}", 422, {"query"}},
        {"POST", "/graphql", JSON, "{\"query\":7}", 422, {"must be a string"}},
        {"POST", "/graphql", JSON, "{\"query\":\"{a}\",\"operationName\":1}", 422, {"operationName"}},
        {"POST", "/graphql", JSON, "{\"query\":\"{a}\",\"variables\":[]}", 422, {"variables"}},
        {"POST", "/graphql", JSON, "{\"query\":\"{a}\",\"extensions\":\"\"}", 422, {"extensions"}},
        {"POST",
         "/graphql",
         JSON,
         "{\"query\":\"{ __typename }\",\"operationName\":null,\"variables\":null,\"extensions\":{},\"more\":1}",
         200,
         {"Query"}},
        {"POST", "/graphql", JSON, "{\"query\":\"{\"}", 400, {"GRAPHQL_PARSE_FAILED"}},
        {"POST", "/graphql", JSON, "{\"query\":\"{ nope }\"}", 422, {"GRAPHQL_VALIDATION_FAILED"}},
        {"POST",
         "/graphql",
         JSON,
         "{\"query\":\"query A { __typename } query B { a: __typename }\",\"operationName\":\"B\"}",
         200,
         {"{\"a\":\"Query\"}"}},
        {"POST",
         "/graphql",
         JSON,
         "{\"query\":\"query A { __typename }\",\"operationName\":\"C\"}",
         422,
         {"Unknown operation"}},
        {"POST",
         "/graphql",
         JSON,
         "{\"query\":\"query A { __typename }\",\"operationName\":\"\"}",
         422,
         {"Unknown operation"}},
        {"POST",
         "/graphql",
         JSON,
         "{\"query\":\"query ($id: ID!) { quote(customerId: $id) { amount } }\",\"variables\":{\"id\":\"x\"}}",
         200,
         {"{\"data\":{\"quote\":null}}"}},
        {"POST",
         "/graphql",
         JSON,
         "{\"query\":\"query ($id: ID!) { quote(customerId: $id) { amount } }\"}",
         422,
         {"BAD_USER_INPUT"}},
        /* data beside errors: 294 for those who know it */
        {"POST",
         "/graphql",
         JSON,
         "{\"query\":\"mutation { maybe(customerId: \\\"c\\\", amount: -1) { success } }\"}",
         200,
         {"EVENT_INVALID"}},
        {"POST",
         "/graphql",
         JSON GRAPHQL_ONLY,
         "{\"query\":\"mutation { maybe(customerId: \\\"c\\\", amount: -1) { success } }\"}",
         294,
         {"EVENT_INVALID"}},
        {"POST", "/graphql?query=%7B__typename%7D", JSON, TYPENAME, 200, {"Query"}},
    };
    check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void
gets(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET", "/graphql?query=%7B__typename%7D", "", "", 200, {"{\"data\":{\"__typename\":\"Query\"}}"}},
        {"GET",
         "/graphql?query=%7B+a:__typename+%7D&variables=&extensions=&operationName=",
         "",
         "",
         200,
         {"\"a\":\"Query\""}},
        {"GET",
         "/graphql?x=1&query=query($id:ID!)%7Bquote(customerId:$id)%7Bamount%7D%7D"
         "&variables=%7B%22id%22:%22a%20b%22%7D",
         "",
         "",
         200,
         {"{\"quote\":null}"}},
        {"GET", "/graphql?query=%7B__typename%7D&variables=null", "", "", 200, {"Query"}},
        {"GET", "/graphql?query=%7B__typename%7D&variables=%7B", "", "", 400, {"variables is not acceptable JSON"}},
        {"GET", "/graphql?query=%7B__typename%7D&extensions=x", "", "", 400, {"extensions is not acceptable JSON"}},
        {"GET", "/graphql?query=%7B__typename%7D&variables=7", "", "", 422, {"must be JSON objects"}},
        {"GET", "/graphql?query=%7B__typename%7D&query=%7B__typename%7D", "", "", 422, {"more than once"}},
        {"GET", "/graphql?query=%7B__typename%7", "", "", 422, {"BAD_REQUEST"}},
        {"GET", "/graphql?query=%ff", "", "", 422, {"UTF-8"}},
        {"GET", "/graphql", "", "", 422, {"query is missing"}},
        {"GET", "/graphql?", "", "", 422, {"query is missing"}},
        {"GET", "/graphql?query=", "", "", 400, {"GRAPHQL_PARSE_FAILED"}},
        {"GET",
         "/graphql?query=query%20A%7Ba:__typename%7Dquery%20B%7Bb:__typename%7D&operationName=B",
         "",
         "",
         200,
         {"\"b\""}},
        {"GET",
         "/graphql?query=mutation%7Bnote(text:%22x%22)%7Bsuccess%7D%7D",
         "",
         "",
         405,
         {"allow: POST", "must be sent with POST"}},
        {"HEAD", "/graphql?query=%7B__typename%7D", "", "", 200, {"content-length: 31"}},
        {"HEAD", "/graphql?query=mutation%7Bnote(text:%22x%22)%7Bsuccess%7D%7D", "", "", 405, {"allow: POST"}},
        {"OPTIONS", "/graphql", "", "", 204, {"allow: GET, HEAD, OPTIONS, POST"}},
        {"PUT", "/graphql", JSON, TYPENAME, 405, {"allow: GET, HEAD, OPTIONS, POST"}},
        {"DELETE", "/graphql", "", "", 405, {"BAD_REQUEST"}},
        {"GET", "/", "", "", 404, {"NOT_FOUND"}},
        {"GET", "/graphql/", "", "", 404, {"NOT_FOUND"}},
        {"POST", "/graphqlx", JSON, TYPENAME, 404, {"NOT_FOUND"}},
    };
    int64_t before = world_records(&site.world);
    check_rows(rows, sizeof(rows) / sizeof(rows[0]));
    assert_int_equal(world_records(&site.world), before);
}

static void
idempotency_keys(void **state)
{
    (void)state;
    static char long_key[400];
    memset(long_key, 'x', 350);
    memcpy(long_key, "Idempotency-Key: ", 17);
    snprintf(long_key + 17 + 256, sizeof(long_key) - 17 - 256, "\r\n" JSON);
    static const struct row rows[] = {
        {"POST", "/graphql", JSON "Idempotency-Key: a1\r\n", CREATE, 200, {"success"}},
        {"POST", "/graphql", JSON "Idempotency-Key: a1\r\n", CREATE, 200, {"idempotent-replayed: true"}},
        {"POST", "/graphql", JSON "Idempotency-Key: \"a1\"\r\n", CREATE, 200, {"idempotent-replayed: true"}},
        {"POST", "/graphql", JSON "Idempotency-Key: a2\r\n", CREATE, 200, {"success"}},
        {"POST", "/graphql", JSON "Idempotency-Key:\r\n", CREATE, 400, {"1 to 255"}},
        {"POST", "/graphql", JSON "Idempotency-Key: \"\"\r\n", CREATE, 400, {"1 to 255"}},
        {"POST", "/graphql", JSON "Idempotency-Key: \xff\r\n", CREATE, 400, {NULL}},
        {"POST", "/graphql", JSON "Idempotency-Key: a\r\nIdempotency-Key: b\r\n", CREATE, 400, {"more than once"}},
        {"POST", "/graphql", long_key, CREATE, 400, {"1 to 255"}},
    };
    int64_t before = world_records(&site.world);
    check_rows(rows, sizeof(rows) / sizeof(rows[0]));
    assert_int_equal(world_records(&site.world) - before, 2);
}

/* The last record of the topic has these header values; NULL: no such header. */
static void
last_record_has(const char *traceparent, const char *tracestate)
{
    static const struct lf_bytes topic = LF_LIT_INIT("notes");
    const struct lf_log_reader_options options = {.topics = &topic, .topic_count = 1, .start = LF_RESET_EARLIEST};
    struct lf_log_reader *reader = NULL;
    struct lf_log_batch batch = {0};
    struct lf_err err = {0};
    struct lf_bytes found[2] = {LF_BYTES_NONE, LF_BYTES_NONE};
    assert_int_equal(lf_log_reader_open(site.world.log, &options, &reader, &err), LF_OK);
    while (batch.count == 0)
        assert_int_equal(lf_log_read(reader, 1000, 1 << 24, 1000, &batch, &err), LF_OK);
    const struct lf_record *record = &batch.records[batch.count - 1];
    for (size_t i = 0; i < record->header_count; i++) {
        if (lf_bytes_equal_text(record->headers[i].name, "traceparent"))
            found[0] = record->headers[i].value;
        if (lf_bytes_equal_text(record->headers[i].name, "tracestate"))
            found[1] = record->headers[i].value;
    }
    const char *wanted[2] = {traceparent, tracestate};
    for (size_t i = 0; i < 2; i++) {
        if (wanted[i] == NULL)
            assert_null(found[i].ptr);
        else if (!lf_bytes_equal_text(found[i], wanted[i]))
            fail_msg("%.*s, not %s", LF_FMT(found[i]), wanted[i]);
    }
    lf_log_reader_close(reader);
}

static void
traces_travel_with_the_event(void **state)
{
    (void)state;
#define PARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    static const struct {
        const char *headers, *parent, *trace;
    } rows[] = {
        {"", NULL, NULL},
        {"traceparent: " PARENT "\r\n", PARENT, NULL},
        {"traceparent: " PARENT "\r\ntracestate: a=1\r\n", PARENT, "a=1"},
        {"traceparent: " PARENT "\r\ntracestate: a=1\r\ntracestate: b=2\r\n", PARENT, "a=1,b=2"},
        {"tracestate: a=1\r\n", NULL, NULL}, /* nothing without its parent */
        {"traceparent: " PARENT "\r\ntraceparent: " PARENT "\r\n", NULL, NULL},
        {"traceparent: " PARENT "-more\r\n", NULL, NULL},
        {"traceparent: 01" /* a later version */ "-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x\r\n",
         "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", NULL},
        {"traceparent: ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n", NULL, NULL},
        {"traceparent: 00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n", NULL, NULL},
        {"traceparent: x\r\n", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char headers[400];
        snprintf(headers, sizeof(headers), JSON "%s", rows[i].headers);
        free(ask(site.address, "POST", "/graphql", headers,
                 "{\"query\":\"mutation { note(text: \\\"x\\\") { success } }\"}"));
        last_record_has(rows[i].parent, rows[i].trace);
    }
}

/* Refusals of the HTTP server and of the gateway do not mix; answers leave in the order of the requests. */
static void
requests_of_one_connection(void **state)
{
    (void)state;
    char text[2000];
    const char *mutation = "{\"query\":\"mutation { first: note(text: \\\"x\\\") { success } }\"}";
    const char *query = "{\"query\":\"{ second: __typename }\"}";
    snprintf(text, sizeof(text),
             "POST /graphql HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: %zu\r\n\r\n%s"
             "POST /graphql HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: %zu\r\n\r\n%s"
             "GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             strlen(mutation), mutation, strlen(query), query);
    char *answer = ask_raw(site.address, text);
    const char *first = strstr(answer, "\"first\""), *second = strstr(answer, "\"second\""),
               *third = strstr(answer, "404");
    assert_true(first != NULL && second != NULL && third != NULL && first < second && second < third);
    free(answer);
    answer = ask(site.address, "POST", "/graphql", JSON "Content-Length: 20000\r\n", "");
    assert_true(ask_status(answer) == 400 || ask_status(answer) == 413);
    free(answer);
}

/* A client that goes away is answered nowhere; the gateway goes on. */
static void
clients_may_go_away(void **state)
{
    (void)state;
    static const char text[] =
        "POST /graphql HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 99\r\n\r\n"
        "{\"query\":\"mutation { create(customerId: \\\"c\\\", amount: 1) @await(timeoutMs: 300) { success } "
        "}\"}   ";
    for (int i = 0; i < 20; i++) {
        int fd = ask_connect(site.address);
        assert_int_equal(send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL), (ssize_t)sizeof(text) - 1);
        close(fd);
    }
    char *answer = ask(site.address, "POST", "/graphql", JSON, CREATE);
    assert_int_equal(ask_status(answer), 200);
    free(answer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts),
        cmocka_unit_test(gets),
        cmocka_unit_test(idempotency_keys),
        cmocka_unit_test(traces_travel_with_the_event),
        cmocka_unit_test(requests_of_one_connection),
        cmocka_unit_test(clients_may_go_away),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
