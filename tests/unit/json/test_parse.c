/* JSON text to values: what is accepted, what is refused and why, limits, lack of memory. */
#include "base/limits.h"
#include "base/mem.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct case_ {
    struct lf_bytes text;
    enum lf_status status;
    const char *rewritten; /* of accepted ones; NULL: the same text */
    const char *words;     /* that the error has; NULL: any */
};
#define GOOD(text) {{"" text, sizeof(text) - 1}, LF_OK, NULL, NULL}
#define GOOD_AS(text, rewritten) {{"" text, sizeof(text) - 1}, LF_OK, rewritten, NULL}
#define BAD(text, status, words) {{"" text, sizeof(text) - 1}, status, NULL, words}

static const struct case_ cases[] = {
    GOOD("null"),
    GOOD("true"),
    GOOD("false"),
    GOOD("\"\""),
    GOOD("[]"),
    GOOD("{}"),
    GOOD("0"),
    GOOD("-0"),
    GOOD("-0.0"),
    GOOD("1.10"),
    GOOD("1E+2"),
    GOOD("9223372036854775807"),
    GOOD("-9223372036854775808"),
    GOOD("9223372036854775808"),
    GOOD("123456789012345678901234567890.123"),
    GOOD("1e400"),
    GOOD_AS(" \t\r\n[ 1 , 2 ] \n", "[1,2]"),
    GOOD("{\"a\":1,\"b\":[{\"c\":null}],\"A\":\"x\"}"),
    GOOD_AS("\"\\u0041\\n\\/\\u00e9\"", "\"A\\n/\xc3\xa9\""),
    GOOD_AS("\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""),
    GOOD("\"\\u0000\""),
    GOOD("{\"\":1}"),
    BAD("", LF_INVALID, "empty"),
    BAD(" ", LF_INVALID, NULL),
    BAD("nul", LF_INVALID, NULL),
    BAD("NaN", LF_INVALID, NULL),
    BAD("Infinity", LF_INVALID, NULL),
    BAD("-", LF_INVALID, NULL),
    BAD("01", LF_INVALID, NULL),
    BAD("1.", LF_INVALID, NULL),
    BAD(".5", LF_INVALID, NULL),
    BAD("+1", LF_INVALID, NULL),
    BAD("1e", LF_INVALID, NULL),
    BAD("0x10", LF_INVALID, NULL),
    BAD("'a'", LF_INVALID, NULL),
    BAD("\"a", LF_INVALID, NULL),
    BAD("\"\\x\"", LF_INVALID, NULL),
    BAD("\"\\u12g4\"", LF_INVALID, NULL),
    BAD("\"a\nb\"", LF_INVALID, NULL),
    BAD("\"\\ud800\"", LF_INVALID, NULL),
    BAD("\"\\udc00\\ud800\"", LF_INVALID, NULL),
    BAD("\"\\ud800\\u0041\"", LF_INVALID, NULL),
    BAD("\"\xff\"", LF_INVALID, NULL),
    BAD("\"\xc0\x80\"", LF_INVALID, NULL),
    BAD("\"\xed\xa0\x80\"", LF_INVALID, NULL),
    BAD("\"\xf4\x90\x80\x80\"", LF_INVALID, NULL),
    BAD("\xef\xbb\xbf{}", LF_INVALID, NULL),
    BAD("[1,]", LF_INVALID, NULL),
    BAD("[,1]", LF_INVALID, NULL),
    BAD("[1 2]", LF_INVALID, NULL),
    BAD("{\"a\":1,}", LF_INVALID, NULL),
    BAD("{a:1}", LF_INVALID, NULL),
    BAD("{\"a\" 1}", LF_INVALID, NULL),
    BAD("{1:1}", LF_INVALID, NULL),
    BAD("[1]]", LF_INVALID, NULL),
    BAD("{} {}", LF_INVALID, "byte 3"),
    BAD("[1]\0", LF_INVALID, NULL),
    BAD("/**/1", LF_INVALID, NULL),
    BAD("[1}", LF_INVALID, NULL),
    BAD("[", LF_INVALID, NULL),
    BAD("{\"a\":", LF_INVALID, NULL),
    BAD("}", LF_INVALID, NULL),
    BAD("{\"a\":1,\"b\":2,\"a\":3}", LF_INVALID, "two members named \"a\""),
    BAD("{\"a\":1,\"\\u0061\":3}", LF_INVALID, "two members named \"a\""),
    BAD("[{\"x\":{\"\":1,\"\":1}}]", LF_INVALID, "byte 13"),
    BAD("1e999999999999999999999", LF_LIMIT, "exponent"),
    GOOD("0e999999999999999999999"),
};

static void
accepts_and_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct case_ *c = &cases[i];
        struct lf_arena arena;
        struct lf_buf out;
        struct lf_err err = {0};
        struct lf_value value = lf_value_int(42);
        lf_arena_init(&arena, 0, 0);
        lf_buf_init(&out, 1000);
        enum lf_status st = lf_json_parse(&arena, c->text, &value, &err);
        if (st != c->status)
            fail_msg("%.*s: %s, expected %s (%s)", LF_FMT(c->text), lf_status_name(st), lf_status_name(c->status),
                     err.text);
        if (st == LF_OK) {
            lf_json_write(&out, &value);
            struct lf_bytes expected = c->rewritten != NULL ? lf_bytes_of(c->rewritten) : c->text;
            if (!lf_bytes_equal(lf_buf_view(&out), expected))
                fail_msg("%.*s: written as %.*s", LF_FMT(c->text), LF_FMT(lf_buf_view(&out)));
        } else {
            assert_int_equal(value.u.integer, 42); /* unchanged */
            if (c->words != NULL && strstr(err.text, c->words) == NULL)
                fail_msg("%.*s: error \"%s\" lacks \"%s\"", LF_FMT(c->text), err.text, c->words);
        }
        lf_buf_release(&out);
        lf_arena_release(&arena);
    }
}

static struct lf_value
parse(struct lf_arena *arena, struct lf_bytes text)
{
    struct lf_value value;
    struct lf_err err = {0};
    if (lf_json_parse(arena, text, &value, &err) != LF_OK)
        fail_msg("%s", err.text);
    return value;
}

static void
keeps_numbers_exact(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    struct lf_value value = parse(&arena, LF_LIT("[1, -7, 1.5, 0.1, -2.5e-3, 9007199254740993, 1e22, 1e23, -0, 1e400, "
                                                 "12345678901234567890, 123456789012345.678]"));
    const struct lf_value *items = value.u.items;
    assert_int_equal(items[0].type, LF_V_INT);
    assert_int_equal(items[1].u.integer, -7);
    assert_int_equal(items[2].type, LF_V_FLOAT);
    assert_true(items[2].u.number == 1.5 && items[3].u.number == 0.1 && items[4].u.number == -2.5e-3);
    assert_true(items[5].type == LF_V_INT && items[5].u.integer == INT64_C(9007199254740993));
    assert_true(items[6].u.number == 1e22 && items[7].u.number == 1e23);
    assert_true(items[8].type == LF_V_FLOAT && items[8].u.number == 0 && __builtin_signbit(items[8].u.number) != 0);
    assert_true(items[9].u.number > 1e308);
    assert_true(items[10].type == LF_V_FLOAT && items[10].u.number == 12345678901234567890.0);
    assert_true(items[11].u.number == 123456789012345.678);
    assert_true(lf_bytes_equal(lf_bytes(items[11].raw, items[11].count), LF_LIT("123456789012345.678")));
    lf_arena_release(&arena);
}

static void
does_not_need_the_text_any_more(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    char text[] = "{\"name\":\"value\",\"n\":1.25}";
    struct lf_value value = parse(&arena, lf_bytes(text, sizeof(text) - 1));
    memset(text, 'x', sizeof(text));
    const struct lf_value *name = lf_value_get_text(&value, "name");
    assert_non_null(name);
    assert_true(lf_bytes_equal(lf_value_text(name), LF_LIT("value")));
    assert_int_equal(memcmp(lf_value_get_text(&value, "n")->raw, "1.25", 4), 0);
    assert_null(lf_value_get_text(&value, "nam"));
    assert_null(lf_value_get_text(name, "name"));
    lf_arena_release(&arena);
}

/* depth times open, then the middle, then depth times close. */
static void
nest(struct lf_buf *text, const char *open, const char *middle, const char *close, int depth)
{
    lf_buf_clear(text);
    for (int i = 0; i < depth; i++)
        lf_buf_add_text(text, open);
    lf_buf_add_text(text, middle);
    for (int i = 0; i < depth; i++)
        lf_buf_add_text(text, close);
}

static enum lf_status
parse_status(struct lf_bytes text)
{
    struct lf_arena arena;
    struct lf_value value;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = lf_json_parse(&arena, text, &value, &err);
    lf_arena_release(&arena);
    return st;
}

static void
limits_depth(void **state)
{
    (void)state;
    struct lf_buf text;
    lf_buf_init(&text, 16 * 1024 * 1024);
    nest(&text, "[", "1", "]", LF_JSON_DEPTH_MAX);
    assert_int_equal(parse_status(lf_buf_view(&text)), LF_OK);
    nest(&text, "[", "1", "]", LF_JSON_DEPTH_MAX + 1);
    assert_int_equal(parse_status(lf_buf_view(&text)), LF_LIMIT);
    nest(&text, "{\"a\":", "1", "}", LF_JSON_DEPTH_MAX);
    assert_int_equal(parse_status(lf_buf_view(&text)), LF_OK);
    nest(&text, "{\"a\":", "{}", "}", LF_JSON_DEPTH_MAX);
    assert_int_equal(parse_status(lf_buf_view(&text)), LF_LIMIT);
    nest(&text, "[", "1", "]", 1000000);
    assert_int_equal(parse_status(lf_buf_view(&text)), LF_LIMIT);
    nest(&text, "[", "", "", 1000000);
    assert_int_equal(parse_status(lf_buf_view(&text)), LF_INVALID);
    lf_buf_release(&text);
}

static void
limits_numbers(void **state)
{
    (void)state;
    struct lf_buf text;
    lf_buf_init(&text, 10000);
    for (int i = 0; i < LF_JSON_NUMBER_CHARS_MAX; i++)
        lf_buf_add_char(&text, '7');
    assert_int_equal(parse_status(lf_buf_view(&text)), LF_OK);
    lf_buf_add_char(&text, '7');
    assert_int_equal(parse_status(lf_buf_view(&text)), LF_LIMIT);
    lf_buf_release(&text);
}

static void
finds_repeated_names_in_big_objects(void **state)
{
    (void)state;
    for (int count = 2; count < 3000; count = count * 3 / 2 + 1) {
        struct lf_buf text;
        lf_buf_init(&text, 100000);
        for (int i = 0; i < count; i++)
            lf_buf_printf(&text, "%c\"k%d\":0", i == 0 ? '{' : ',', i);
        size_t len = text.len;
        lf_buf_add_char(&text, '}');
        assert_int_equal(parse_status(lf_buf_view(&text)), LF_OK);
        text.len = len;
        lf_buf_printf(&text, ",\"k%d\":0}", count / 2);
        assert_int_equal(parse_status(lf_buf_view(&text)), LF_INVALID);
        lf_buf_release(&text);
    }
}

static void
survives_lack_of_memory(void **state)
{
    (void)state;
    struct lf_buf text;
    lf_buf_init(&text, 100000);
    for (int i = 0; i < 400; i++)
        lf_buf_printf(&text, "%c\"name%d\":[%d,123456789.123456789012345678901234567890123456789012345678901234567890]",
                      i == 0 ? '{' : ',', i, i);
    lf_buf_add_char(&text, '}');
    int64_t live = lf_mem_live();
    for (uint64_t n = 1;; n++) {
        lf_mem_fail_at(n, false);
        enum lf_status st = parse_status(lf_buf_view(&text));
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(lf_mem_live(), live);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        if (!hit)
            break;
    }
    lf_buf_release(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_refuses),
        cmocka_unit_test(keeps_numbers_exact),
        cmocka_unit_test(does_not_need_the_text_any_more),
        cmocka_unit_test(limits_depth),
        cmocka_unit_test(limits_numbers),
        cmocka_unit_test(finds_repeated_names_in_big_objects),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
