/*
 * The request parser. Method: a table of byte strings with what must come of them; every row is fed whole, one byte at
 * a time and in two pieces cut at each place, and must end the same way.
 */
#include "base/limits.h"
#include "base/mem.h"
#include "net/http_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct lf_http_parse_limits small = {.header_bytes_max = 300, .headers_max = 8, .body_bytes_max = 20};

struct row {
    const char *name;
    const char *bytes;
    size_t len;
    int refusal;         /* 0: accepted */
    const char *summary; /* of the accepted requests; NULL: any */
};
#define ROW(name, text, refusal, summary) {name, "" text, sizeof(text) - 1, refusal, summary}
#define GOOD(name, text, summary) ROW(name, text, 0, summary)
#define BAD(name, text, refusal) ROW(name, text, refusal, NULL)
#define H "Host: a\r\n"
#define POST "POST / HTTP/1.1\r\n" H

/* A summary is "METHOD PATH?QUERY VERSION [name=value,…] {body}" and flags: K keep-alive, C continue, U upgrade. */
static const struct row rows[] = {
    GOOD("simple", "GET /a/b?x=1&y HTTP/1.1\r\n" H "\r\n", "GET /a/b?x=1&y 1 [Host=a] {}K"),
    GOOD("no query", "GET / HTTP/1.1\r\n" H "\r\n", "GET /? 1 [Host=a] {}K"),
    GOOD("body", POST "Content-Length: 5\r\n\r\nhello", "POST /? 1 [Host=a,Content-Length=5] {hello}K"),
    GOOD("empty body", POST "Content-Length: 0\r\n\r\n", "POST /? 1 [Host=a,Content-Length=0] {}K"),
    GOOD("no length", POST "\r\n", "POST /? 1 [Host=a] {}K"),
    GOOD("get with body", "GET / HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nhi",
         "GET /? 1 [Host=a,Content-Length=2] {hi}K"),
    GOOD("chunked", POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
         "POST /? 1 [Host=a,Transfer-Encoding=chunked] {abcde}K"),
    GOOD("chunked, other case", POST "transfer-ENCODING:CHUNKED\r\n\r\nA\r\n0123456789\r\n00\r\n\r\n",
         "POST /? 1 [Host=a,transfer-ENCODING=CHUNKED] {0123456789}K"),
    GOOD("trailers", POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\nHost: evil\r\n\r\n",
         "POST /? 1 [Host=a,Transfer-Encoding=chunked] {a}K"),
    GOOD("pipelined",
         "GET /1 HTTP/1.1\r\n" H "\r\nPOST /2 HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\nx"
         "GET /3 HTTP/1.1\r\n" H "\r\n",
         "GET /1? 1 [Host=a] {}K|POST /2? 1 [Host=a,Content-Length=1] {x}K|GET /3? 1 [Host=a] {}K"),
    GOOD("close", "GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", "GET /? 1 [Host=a,Connection=close] {}"),
    GOOD("1.0", "GET / HTTP/1.0\r\n\r\n", "GET /? 0 [] {}"),
    GOOD("1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /? 0 [Connection=keep-alive] {}K"),
    GOOD("1.0 ignores expect", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
         "POST /? 0 [Expect=100-continue,Content-Length=1] {x}"),
    GOOD("two spaces", "GET  / HTTP/1.1\r\n" H "\r\n", "GET /? 1 [Host=a] {}K"),
    GOOD("empty line first", "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET /? 1 [Host=a] {}K"),
    GOOD("spaces around value", "GET / HTTP/1.1\r\nHost: \t a \t \r\nX:  b c \r\n\r\n", "GET /? 1 [Host=a,X=b c] {}K"),
    GOOD("empty value", "GET / HTTP/1.1\r\n" H "X:\r\nY: \r\nZ: 1\r\n\r\n", "GET /? 1 [Host=a,X=,Y=,Z=1] {}K"),
    GOOD("high bytes in value", "GET / HTTP/1.1\r\n" H "X: \xc3\xa9\r\n\r\n", "GET /? 1 [Host=a,X=\xc3\xa9] {}K"),
    GOOD("repeated field", "GET / HTTP/1.1\r\n" H "A: 1\r\na: 2\r\n\r\n", "GET /? 1 [Host=a,A=1,a=2] {}K"),
    GOOD("absolute form", "GET http://h:80/p?q HTTP/1.1\r\n" H "\r\n", "GET /p?q 1 [Host=a] {}K"),
    GOOD("absolute form, no path", "GET http://h?q HTTP/1.1\r\n" H "\r\n", "GET /?q 1 [Host=a] {}K"),
    GOOD("options *", "OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS *? 1 [Host=a] {}K"),
    GOOD("empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET /? 1 [Host=] {}K"),
    GOOD("ipv6 host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET /? 1 [Host=[::1]:80] {}K"),
    GOOD("expect", POST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
         "POST /? 1 [Host=a,Expect=100-Continue,Content-Length=1] {x}KC"),
    GOOD("upgrade",
         "GET / HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET /2 HTTP/1.1\r\n" H "\r\n",
         "GET /? 1 [Host=a,Connection=Upgrade,Upgrade=websocket] {}KU|GET /2? 1 [Host=a] {}K"),
    GOOD("head", "HEAD / HTTP/1.1\r\n" H "\r\n", "HEAD /? 1 [Host=a] {}K"),
    GOOD("incomplete", "GET / HTTP/1.1\r\nHos", ""),
    GOOD("incomplete body", POST "Content-Length: 5\r\n\r\nhel", ""),

    BAD("nonsense", "hello\r\n\r\n", 400),
    BAD("tls", "\x16\x03\x01\x02\x00\x01", 400),
    BAD("lower-case method", "get / HTTP/1.1\r\n" H "\r\n", 400),
    BAD("no target", "GET  HTTP/1.1\r\n" H "\r\n", 400),
    BAD("no version", "GET /\r\n" H "\r\n", 400),
    BAD("second without version", "GET / HTTP/1.1\r\n" H "\r\nGET /\r\n" H "\r\n", 400),
    BAD("tab", "GET\t/ HTTP/1.1\r\n" H "\r\n", 400),
    BAD("relative target", "GET a HTTP/1.1\r\n" H "\r\n", 400),
    BAD("fragment", "GET /a#b HTTP/1.1\r\n" H "\r\n", 400),
    BAD("high byte in target", "GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n", 400),
    BAD("nul in target", "GET /a\0b HTTP/1.1\r\n" H "\r\n", 400),
    BAD("get *", "GET * HTTP/1.1\r\n" H "\r\n", 400),
    BAD("user in authority", "GET http://u@h/ HTTP/1.1\r\n" H "\r\n", 400),
    BAD("another scheme", "GET ftp://h/ HTTP/1.1\r\n" H "\r\n", 400),
    BAD("connect", "CONNECT h:80 HTTP/1.1\r\n" H "\r\n", 501),
    BAD("2.0", "GET / HTTP/2.0\r\n" H "\r\n", 505),
    BAD("preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    BAD("1.2", "GET / HTTP/1.2\r\n" H "\r\n", 505),
    BAD("0.9", "GET / HTTP/0.9\r\n\r\n", 505),
    BAD("another protocol", "GET / HTPP/1.1\r\n" H "\r\n", 400),

    BAD("no host", "GET / HTTP/1.1\r\n\r\n", 400),
    BAD("two hosts", "GET / HTTP/1.1\r\n" H H "\r\n", 400),
    BAD("two hosts in 1.0", "GET / HTTP/1.0\r\n" H "host: b\r\n\r\n", 400),
    BAD("list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
    BAD("path in host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    BAD("user in host", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),

    BAD("length and chunked", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    BAD("chunked and length", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    BAD("two lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
    BAD("the same length twice", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
    BAD("list of lengths", POST "Content-Length: 5, 5\r\n\r\nhello", 400),
    BAD("plus", POST "Content-Length: +5\r\n\r\nhello", 400),
    BAD("minus", POST "Content-Length: -5\r\n\r\nhello", 400),
    BAD("hexadecimal length", POST "Content-Length: 0x5\r\n\r\nhello", 400),
    BAD("empty length", POST "Content-Length:\r\n\r\nhello", 400),
    BAD("length with words", POST "Content-Length: 5 bytes\r\n\r\nhello", 400),
    BAD("fraction", POST "Content-Length: 5.0\r\n\r\nhello", 400),
    BAD("space in length", POST "Content-Length: 1 2\r\n\r\nhello", 400),
    BAD("overflow", POST "Content-Length: 18446744073709551617\r\n\r\nhello", 400),
    BAD("space before colon", POST "Content-Length : 5\r\n\r\nhello", 400),
    BAD("tab before colon", POST "Content-Length\t: 5\r\n\r\nhello", 400),
    BAD("space before field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    BAD("no field name", POST ": 5\r\n\r\n", 400),
    BAD("no colon", POST "Abc\r\n\r\n", 400),
    BAD("odd character in name", POST "A(b: 5\r\n\r\n", 400),
    BAD("high byte in name", POST "A\xc3: 5\r\n\r\n", 400),
    BAD("fold", POST "X: a\r\n b\r\n\r\n", 400),
    BAD("folded encoding", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
    BAD("folded with tab", POST "Transfer-Encoding: chunked\r\n\tx\r\n\r\n0\r\n\r\n", 400),
    BAD("folded length", POST "Content-Length: 5\r\n 1\r\n\r\nhello", 400),
    BAD("bare lf in line", "GET / HTTP/1.1\n" H "\r\n", 400),
    BAD("bare lf in header", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
    BAD("bare lf at the end", "GET / HTTP/1.1\r\nHost: a\r\n\nGET / HTTP/1.1", 400),
    BAD("bare cr in header", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
    BAD("bare cr at the end", "GET / HTTP/1.1\r\nHost: a\r\n\rGET / HTTP/1.1", 400),
    BAD("nul in value", POST "X: a\0b\r\n\r\n", 400),
    BAD("nul in name", POST "X\0: a\r\n\r\n", 400),
    BAD("control in value", POST "X: a\x01\r\n\r\n", 400),
    BAD("delete in value", POST "X: a\x7f\r\n\r\n", 400),
    BAD("identity", POST "Transfer-Encoding: identity\r\n\r\n", 400),
    BAD("unknown coding", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    BAD("prefix", POST "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n", 400),
    BAD("twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    BAD("twice, other", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400),
    BAD("list of codings", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    BAD("chunked not last", POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    BAD("chunked twice in a list", POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    BAD("quoted", POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400),
    BAD("vertical tab",
        POST "Transfer-Encoding: \x0b"
             "chunked\r\n\r\n0\r\n\r\n",
        400),
    BAD("parameter", POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", 400),
    BAD("empty coding", POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n", 400),
    BAD("chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    BAD("bad chunk size", POST "Transfer-Encoding: chunked\r\n\r\nz\r\n", 400),
    BAD("signed chunk size", POST "Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n", 400),
    BAD("0x chunk size", POST "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", 400),
    BAD("space before chunk size", POST "Transfer-Encoding: chunked\r\n\r\n 1\r\na\r\n0\r\n\r\n", 400),
    BAD("space after chunk size", POST "Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n", 400),
    BAD("empty chunk size", POST "Transfer-Encoding: chunked\r\n\r\n\r\na\r\n0\r\n\r\n", 400),
    BAD("chunk too long", POST "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400),
    BAD("chunk with bare lf", POST "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n", 400),
    BAD("chunk data with bare lf", POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n", 400),
    BAD("lf in extension", POST "Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\na\r\n0\r\n\r\n", 400),
    BAD("last chunk with bare lf", POST "Transfer-Encoding: chunked\r\n\r\n0\n\r\n", 400),
    BAD("chunk size overflow", POST "Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\na", 400),

    BAD("expectation", POST "Expect: miracles\r\nContent-Length: 1\r\n\r\nx", 417),
    BAD("two expectations", POST "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx", 417),
    BAD("announced body", POST "Content-Length: 21\r\n\r\n", 413),
    BAD("announced huge body", POST "Content-Length: 18446744073709551615\r\n\r\n", 413),
    BAD("chunked body", POST "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\na\r\n0123456789\r\n", 413),
    BAD("many fields", "GET / HTTP/1.1\r\n" H "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\nG: 1\r\nI: 1\r\n\r\n",
        431),
    BAD("many trailers",
        POST "Transfer-Encoding: chunked\r\n\r\n0\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\n"
             "G: 1\r\n\r\n",
        431),
};

static void
summarise(struct lf_buf *out, const struct lf_http_message *message)
{
    const struct lf_http_request *request = &message->request;
    lf_buf_printf(out, "%s%.*s %.*s?%.*s %u [", out->len != 0 ? "|" : "", LF_FMT(request->method),
                  LF_FMT(request->path), LF_FMT(request->query), request->minor_version);
    for (size_t i = 0; i < lf_http_header_count(request); i++) {
        struct lf_http_header header = lf_http_header_at(request, i);
        lf_buf_printf(out, "%s%.*s=%.*s", i != 0 ? "," : "", LF_FMT(header.name), LF_FMT(header.value));
    }
    lf_buf_printf(out, "] {%.*s}%s%s%s", LF_FMT(request->body), message->keep_alive ? "K" : "",
                  message->wants_continue ? "C" : "", request->upgrade ? "U" : "");
}

/* A parser at work: what it has found so far. */
struct run {
    struct lf_http_parser parser;
    struct lf_http_message message;
    struct lf_buf summary;
    int refusal;
};

static void
run_init(struct run *run, const struct lf_http_parse_limits *limits)
{
    run->refusal = 0;
    lf_http_parser_init(&run->parser, limits);
    lf_http_message_init(&run->message);
    lf_buf_init(&run->summary, 100000);
}

static void
run_release(struct run *run)
{
    lf_http_message_release(&run->message);
    lf_buf_release(&run->summary);
}

/* Feeds a copy of just these bytes, so that reading beyond them is found. */
static void
run_feed(struct run *run, const char *bytes, size_t len)
{
    char *copy = malloc(len != 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    size_t at = 0;
    while (at < len && run->refusal == 0) {
        size_t used = 0;
        enum lf_http_parsed parsed = lf_http_parse(&run->parser, &run->message, lf_bytes(copy + at, len - at), &used);
        assert_true(used <= len - at);
        at += used;
        if (parsed == LF_HTTP_REFUSED)
            run->refusal = run->parser.refusal;
        if (parsed == LF_HTTP_DONE) {
            summarise(&run->summary, &run->message);
            lf_http_message_clear(&run->message);
        }
    }
    free(copy);
}

/* Prints what is wrong; returns the number of wrong rows. */
static int
check_run(const struct row *row, const struct run *run, const char *how)
{
    bool good = run->refusal == row->refusal;
    if (row->summary != NULL && !lf_bytes_equal_text(lf_buf_view(&run->summary), row->summary))
        good = false;
    if (!good)
        print_error("%s, %s: refused with %d, expected %d; found %.*s\n", row->name, how, run->refusal, row->refusal,
                    LF_FMT(lf_buf_view(&run->summary)));
    return good ? 0 : 1;
}

static void
whole(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run run;
        run_init(&run, &small);
        run_feed(&run, rows[i].bytes, rows[i].len);
        wrong += check_run(&rows[i], &run, "whole");
        run_release(&run);
    }
    assert_int_equal(wrong, 0);
}

static void
one_byte_at_a_time(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run run;
        run_init(&run, &small);
        for (size_t at = 0; at < rows[i].len; at++)
            run_feed(&run, rows[i].bytes + at, 1);
        wrong += check_run(&rows[i], &run, "byte by byte");
        run_release(&run);
    }
    assert_int_equal(wrong, 0);
}

static void
cut_anywhere(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t cut = 1; cut < rows[i].len; cut++) {
            struct run run;
            run_init(&run, &small);
            run_feed(&run, rows[i].bytes, cut);
            run_feed(&run, rows[i].bytes + cut, rows[i].len - cut);
            wrong += check_run(&rows[i], &run, "in two pieces");
            run_release(&run);
        }
    }
    assert_int_equal(wrong, 0);
}

/* text, then filler up to total bytes, then tail. */
static int
refusal_of_filled(const char *text, char filler, size_t total, const char *tail)
{
    struct run run;
    struct lf_buf bytes;
    lf_buf_init(&bytes, 100000);
    lf_buf_add_text(&bytes, text);
    while (bytes.len < total)
        lf_buf_add_char(&bytes, filler);
    lf_buf_add_text(&bytes, tail);
    run_init(&run, &small);
    run_feed(&run, bytes.ptr, bytes.len);
    int refusal = run.refusal;
    run_release(&run);
    lf_buf_release(&bytes);
    return refusal;
}

static void
limits_the_head(void **state)
{
    (void)state;
    assert_int_equal(refusal_of_filled("GET /", 'a', 250, " HTTP/1.1\r\n" H "\r\n"), 0);
    assert_int_equal(refusal_of_filled("GET /", 'a', 350, ""), 414);
    assert_int_equal(refusal_of_filled("GET / HTTP/1.1\r\n" H "X: ", 'a', 280, "\r\n\r\n"), 0);
    assert_int_equal(refusal_of_filled("GET / HTTP/1.1\r\n" H "X: ", 'a', 350, ""), 431);
    assert_int_equal(refusal_of_filled("GET / HTTP/1.1\r\n" H, 'a', 350, ""), 431);
    assert_int_equal(refusal_of_filled(POST "Transfer-Encoding: chunked\r\n\r\n1;", 'a', 400, ""), 413);
    assert_int_equal(refusal_of_filled(POST "Transfer-Encoding: chunked\r\n\r\n1;a=", 'a', 400, ""), 413);
    assert_int_equal(refusal_of_filled(POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", 'a', 400, ""), 431);
}

static void
finds_header_fields(void **state)
{
    (void)state;
    struct run run;
    size_t used;
    run_init(&run, &small);
    struct lf_bytes bytes = LF_LIT("GET / HTTP/1.1\r\nHost: a\r\nAccept: x\r\naccept: y\r\nEmpty:\r\n\r\n");
    assert_int_equal(lf_http_parse(&run.parser, &run.message, bytes, &used), LF_HTTP_DONE);
    const struct lf_http_request *request = &run.message.request;
    assert_true(lf_bytes_equal_text(lf_http_header(request, "ACCEPT"), "x"));
    assert_int_equal(lf_http_header_repeats(request, "accept"), 2);
    assert_int_equal(lf_http_header_repeats(request, "host"), 1);
    assert_int_equal(lf_http_header_repeats(request, "hos"), 0);
    assert_true(lf_http_header(request, "empty").ptr != NULL && lf_http_header(request, "empty").len == 0);
    assert_null(lf_http_header(request, "none").ptr);
    run_release(&run);
}

static void
refuses_for_lack_of_memory(void **state)
{
    (void)state;
    static const char text[] = POST "A: 1\r\nContent-Length: 5\r\n\r\nhello";
    int64_t live = lf_mem_live();
    for (uint64_t n = 1;; n++) {
        struct run run;
        run_init(&run, &small);
        lf_http_parser_init(&run.parser, &small);
        lf_mem_fail_at(n, false);
        size_t used;
        enum lf_http_parsed parsed = lf_http_parse(&run.parser, &run.message, lf_bytes(text, sizeof(text) - 1), &used);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(parsed, hit ? LF_HTTP_REFUSED : LF_HTTP_DONE);
        assert_int_equal(run.parser.refusal, hit ? 503 : 0);
        run_release(&run);
        assert_int_equal(lf_mem_live(), live);
        if (!hit)
            break;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(one_byte_at_a_time),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(limits_the_head),
        cmocka_unit_test(finds_header_fields),
        cmocka_unit_test(refuses_for_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
