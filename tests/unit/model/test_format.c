/* Formats and patterns of @constraint: what each accepts, what it refuses. */
#include "base/mem.h"
#include "model/format.h"
#include "model/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *format, *text;
    bool valid;
} formats[] = {
    {"email", "ada@example.com", true},
    {"email", "a.b+c@x-y.example", true},
    {"email", "a@localhost", true},
    {"email", "a@[192.0.2.1]", true},
    {"email", "a@[IPv6:2001:db8::1]", true},
    {"email", "", false},
    {"email", "ada", false},
    {"email", "@example.com", false},
    {"email", "ada@", false},
    {"email", "a..b@example.com", false},
    {"email", ".a@example.com", false},
    {"email", "a.@example.com", false},
    {"email", "a b@example.com", false},
    {"email", "a@b@example.com", false},
    {"email", "a@-example.com", false},
    {"email", "a@example..com", false},
    {"email", "ä@example.com", false},
    {"email", "a@[999.0.2.1]", false},
    {"uri", "https://example.com/a?b=c#d", true},
    {"uri", "http://user:pw@[2001:db8::1]:8080/x", true},
    {"uri", "urn:isbn:0451450523", true},
    {"uri", "mailto:a@example.com", true},
    {"uri", "file:///etc/hosts", true},
    {"uri", "http://a/%20", true},
    {"uri", "", false},
    {"uri", "/relative", false},
    {"uri", "example.com", false},
    {"uri", "1http://a", false},
    {"uri", "http://a b", false},
    {"uri", "http://a/%2", false},
    {"uri", "http://a/%zz", false},
    {"uri", "http://a:port/", false},
    {"uri", "http://[::1", false},
    {"uri", "http://a/{x}", false},
    {"uri", "http://a/#b#c", false},
    {"uuid", "0190163d-8694-739b-aea5-966c26f8ad91", true},
    {"uuid", "0190163D-8694-739B-AEA5-966C26F8AD91", true},
    {"uuid", "0190163d8694739baea5966c26f8ad91", false},
    {"uuid", "x", false},
    {"date-time", "2026-11-24T08:46:34Z", true},
    {"date-time", "2026-11-24T08:46:34.123456+01:00", true},
    {"date-time", "2026-11-24T08:46:34", false},
    {"date-time", "2026-02-30T08:46:34Z", false},
    {"date", "2024-02-29", true},
    {"date", "2023-02-29", false},
    {"date", "2023-2-1", false},
    {"time", "08:46:34Z", true},
    {"time", "08:46:34.5-07:00", true},
    {"time", "08:46", false},
    {"time", "24:00:00Z", false},
    {"ipv4", "192.0.2.1", true},
    {"ipv4", "192.0.2", false},
    {"ipv4", "192.0.2.256", false},
    {"ipv4", "192.0.2.01", false},
    {"ipv4", " 192.0.2.1", false},
    {"ipv6", "2001:db8::1", true},
    {"ipv6", "::ffff:192.0.2.1", true},
    {"ipv6", "::", true},
    {"ipv6", "2001:db8::1::2", false},
    {"ipv6", "fe80::1%eth0", false},
    {"ipv6", "12345::", false},
    {"hostname", "a-b.example", true},
    {"hostname", "127.0.0.1", true},
    {"hostname", "a_b.example", false},
    {"hostname", "-a.example", false},
    {"hostname", "a-.example", false},
    {"hostname", "a..example", false},
    {"hostname", "example.", false},
    {"hostname", "", false},
};

static void
test_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        assert_true(lf_format_known(lf_bytes_of(formats[i].format)));
        bool valid = lf_format_valid(lf_bytes_of(formats[i].format), lf_bytes_of(formats[i].text));
        if (valid != formats[i].valid)
            fail_msg("%s \"%s\": %d", formats[i].format, formats[i].text, valid);
    }
    assert_false(lf_format_known(LF_LIT("phone")));
}

static void
test_format_with_nul(void **state)
{
    (void)state;
    assert_false(lf_format_valid(LF_LIT("ipv4"), lf_bytes("192.0.2.1\0", 10)));
    assert_false(lf_format_valid(LF_LIT("uri"), lf_bytes("http://a\0", 9)));
    assert_false(lf_format_valid(LF_LIT("email"), lf_bytes("a\0@example.com", 14)));
    assert_false(lf_format_valid(LF_LIT("hostname"), lf_bytes("a\0", 2)));
}

static const struct {
    const char *pattern, *text;
    enum lf_status status;
} patterns[] = {
    {"^[a-z]+$", "abc", LF_OK},
    {"^[a-z]+$", "abc\n", LF_NOT_FOUND}, /* $ is the very end, as in JavaScript */
    {"b", "abc", LF_OK},                 /* not anchored */
    {"^\\u00e4$", "ä", LF_OK},
    {"^\\u{1F600}$", "\xf0\x9f\x98\x80", LF_OK},
    {"^.$", "\xf0\x9f\x98\x80", LF_OK}, /* a character, not a byte */
    {"^\\d{3}$", "\xd9\xa1\xd9\xa2\xd9\xa3", LF_NOT_FOUND},
    {"^$", "", LF_OK},
    {"(?<=a)b", "ab", LF_OK},
    {"^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", LF_LIMIT},
};

static void
test_patterns(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        void *code;
        struct lf_err err = {0};
        assert_int_equal(lf_pattern_compile(lf_bytes_of(patterns[i].pattern), &arena, &code, &err), LF_OK);
        assert_int_equal(lf_pattern_match(code, lf_bytes_of(patterns[i].text)), patterns[i].status);
    }
    lf_arena_release(&arena);
}

static void
test_bad_patterns(void **state)
{
    (void)state;
    static const char *const bad[] = {"(", "[", "a{2,1}", "*", "\\C"};
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        void *code;
        struct lf_err err = {0};
        assert_int_equal(lf_pattern_compile(lf_bytes_of(bad[i]), &arena, &code, &err), LF_INVALID);
        assert_non_null(strstr(err.text, "at offset"));
    }
    lf_arena_release(&arena);
}

static void
test_pattern_without_memory(void **state)
{
    (void)state;
    const int64_t live = lf_mem_live();
    for (uint64_t n = 1;; n++) {
        struct lf_arena arena;
        void *code = NULL;
        lf_arena_init(&arena, 0, 0);
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_pattern_compile(LF_LIT("^(a|b)*c$"), &arena, &code, NULL);
        if (st == LF_OK)
            st = lf_pattern_match(code, LF_LIT("ababababc"));
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        lf_arena_release(&arena);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        if (!hit)
            break;
    }
    assert_int_equal(lf_mem_live(), live);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_format_with_nul),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_bad_patterns),
        cmocka_unit_test(test_pattern_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
