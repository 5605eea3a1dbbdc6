/* Regular expressions: what is compiled and where it goes wrong, limits of a match, memory. */
#include "base/mem.h"
#include "base/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 10000 };

static struct lf_regex *
compile(struct lf_arena *arena, const char *pattern, bool js_escapes)
{
    struct lf_regex *regex = NULL;
    struct lf_err err = {0};
    if (lf_regex_compile(lf_bytes_of(pattern), js_escapes, arena, &regex, NULL, &err) != LF_OK)
        fail_msg("%s: %s", pattern, err.text);
    return regex;
}

static void
test_what_matches(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool js_escapes;
        enum lf_status status;
    } rows[] = {
        {"b", "abc", false, LF_OK},
        {"", "", false, LF_OK},
        {"^b", "abc", false, LF_NOT_FOUND},
        {"c$", "abc\n", false, LF_NOT_FOUND},
        {"[]", "a", false, LF_NOT_FOUND},
        {"^(a)?\\1$", "", false, LF_OK},
        {"^.$", "\u00e4", false, LF_OK},
        {"^\\u00e4$", "\u00e4", true, LF_OK},
        {"^\\x{e4}$", "\u00e4", false, LF_OK},
        {"^\\u{1f600}$", "\U0001f600", true, LF_OK},
        {"a", "\xff", false, LF_LIMIT},
        {"^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false, LF_LIMIT},
    };
    struct lf_arena arena;
    struct lf_regex_matcher matcher = {0}; /* shared by all */
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct lf_regex *regex = compile(&arena, rows[i].pattern, rows[i].js_escapes);
        enum lf_status st = lf_regex_match(regex, lf_bytes_of(rows[i].text), STEPS, &matcher);
        if (st != rows[i].status)
            fail_msg("%s on %s: %d", rows[i].pattern, rows[i].text, (int)st);
    }
    lf_regex_matcher_release(&matcher);
    lf_regex_matcher_release(&matcher);
    lf_arena_release(&arena);
}

static void
test_a_match_has_its_limit(void **state)
{
    (void)state;
    struct lf_arena arena;
    struct lf_regex_matcher matcher = {0};
    lf_arena_init(&arena, 0, 0);
    const struct lf_regex *regex = compile(&arena, "^(a+)+$", false);
    const struct lf_bytes text = LF_LIT("aaaaaaaaaaaab");
    assert_int_equal(lf_regex_match(regex, text, 1000, &matcher), LF_LIMIT);
    assert_int_equal(lf_regex_match(regex, text, 1000000, &matcher), LF_NOT_FOUND);
    assert_int_equal(lf_regex_match(regex, text, 1000, &matcher), LF_LIMIT);
    lf_regex_matcher_release(&matcher);
    lf_arena_release(&arena);
}

static void
test_where_a_pattern_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        size_t offset;
    } rows[] = {{"ab(c", 4}, {"[z-a]", 3}, {"a\\C", 3}, {"\xff", 0}};
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_regex *regex = NULL;
        struct lf_err err = {0};
        size_t offset = 99;
        assert_int_equal(lf_regex_compile(lf_bytes_of(rows[i].pattern), false, &arena, &regex, &offset, &err),
                         LF_INVALID);
        assert_int_equal(offset, rows[i].offset);
        assert_true(strlen(err.text) > 5);
        assert_null(regex);
    }
    lf_arena_release(&arena);
}

static void
test_no_memory(void **state)
{
    (void)state;
    int64_t live = lf_mem_live();
    bool hit = true;
    for (uint64_t n = 1; hit; n++) {
        struct lf_arena arena;
        struct lf_regex *regex = NULL;
        struct lf_regex_matcher matcher = {0};
        lf_arena_init(&arena, 16, 0); /* nearly each piece counts */
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_regex_compile(LF_LIT("^(a|b)*c"), true, &arena, &regex, NULL, NULL);
        if (st == LF_OK)
            st = lf_regex_match(regex, LF_LIT("abac"), STEPS, &matcher);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        if (regex != NULL) /* what is missing is made up for */
            assert_int_equal(lf_regex_match(regex, LF_LIT("abac"), STEPS, &matcher), LF_OK);
        lf_regex_matcher_release(&matcher);
        lf_arena_release(&arena);
        assert_int_equal(lf_mem_live(), live);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_matches),
        cmocka_unit_test(test_a_match_has_its_limit),
        cmocka_unit_test(test_where_a_pattern_is_wrong),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
