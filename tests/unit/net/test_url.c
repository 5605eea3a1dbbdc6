/* Percent-decoding, query strings, and heads of answers: the pure parts. */
#include "net/http_inner.h"
#include "net/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text;
    bool plus;
    const char *decoded; /* NULL: refused */
} encoded[] = {
    {"", false, ""},       {"abc", false, "abc"}, {"a%20b", false, "a b"}, {"%41%6a%6A", false, "Ajj"},
    {"a+b", false, "a+b"}, {"a+b", true, "a b"},  {"a%2Bb", true, "a+b"},  {"%C3%A9", false, "\xc3\xa9"},
    {"%", false, NULL},    {"%4", false, NULL},   {"a%4", false, NULL},    {"%zz", false, NULL},
    {"%4g", false, NULL},  {"%%41", false, NULL}, {"%u0041", false, NULL}, {"%2541", false, "%41"},
};

static void
decodes(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(encoded) / sizeof(encoded[0]); i++) {
        struct lf_bytes out = LF_LIT("untouched");
        enum lf_status st = lf_url_decode(&arena, lf_bytes_of(encoded[i].text), encoded[i].plus, &out, NULL);
        assert_int_equal(st, encoded[i].decoded != NULL ? LF_OK : LF_INVALID);
        if (!lf_bytes_equal_text(out, encoded[i].decoded != NULL ? encoded[i].decoded : "untouched"))
            fail_msg("%s: %.*s", encoded[i].text, LF_FMT(out));
    }
    lf_arena_release(&arena);
}

static const struct {
    const char *query;
    enum lf_status status;
    const char *value;
} queries[] = {
    {"", LF_NOT_FOUND, NULL},
    {"q=1", LF_OK, "1"},
    {"a=2&q=1&b", LF_OK, "1"},
    {"&&q=&", LF_OK, ""},
    {"q", LF_OK, ""},
    {"%71=a+b%26c%3D", LF_OK, "a b&c="},
    {"q=a=b", LF_OK, "a=b"},
    {"qq=1&Q=2", LF_NOT_FOUND, NULL},
    {"q=1&q=1", LF_INVALID, NULL},
    {"q=%", LF_INVALID, NULL},
    {"q=%ff", LF_INVALID, NULL},
    {"%=1&q=1", LF_INVALID, NULL},
};

static void
finds_parameters(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct lf_bytes value = LF_BYTES_NONE;
        enum lf_status st = lf_url_query_get(&arena, lf_bytes_of(queries[i].query), "q", &value, NULL);
        if (st != queries[i].status || (st == LF_OK && !lf_bytes_equal_text(value, queries[i].value)))
            fail_msg("%s: %s %.*s", queries[i].query, lf_status_name(st), LF_FMT(value));
    }
    lf_arena_release(&arena);
}

static void
writes_dates(void **state)
{
    (void)state;
    char text[LF_HTTP_DATE_TEXT_SIZE];
    assert_int_equal(lf_http_write_date(784111777, text), 37);
    assert_string_equal(text, "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}

static void
writes_heads(void **state)
{
    (void)state;
    const struct lf_http_header headers[] = {{LF_LIT("x-evil"), LF_LIT("a\r\nb: c\0d")}};
    const struct lf_http_response response = {.content_type = "a/b", .headers = headers, .header_count = 1};
    struct lf_buf out;
    lf_buf_init(&out, 1000);
    struct lf_http_head head = {.status = 294, .response = &response, .has_length = true, .length = 12, .close = true};
    lf_http_write_head(&out, &head);
    assert_true(lf_bytes_equal_text(lf_buf_view(&out), "HTTP/1.1 294 \r\ncontent-type: a/b\r\nx-evil: a  b: c d\r\n"
                                                       "content-length: 12\r\nconnection: close\r\n\r\n"));
    lf_buf_clear(&out);
    const struct lf_http_response bare = {.status = 503};
    head = (struct lf_http_head){.status = 503, .response = &bare, .chunked = true, .keep_alive = true};
    lf_http_write_head(&out, &head);
    assert_true(lf_bytes_equal_text(lf_buf_view(&out), "HTTP/1.1 503 Service Unavailable\r\n"
                                                       "transfer-encoding: chunked\r\n"
                                                       "connection: keep-alive\r\n\r\n"));
    lf_buf_release(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(finds_parameters),
        cmocka_unit_test(writes_dates),
        cmocka_unit_test(writes_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
