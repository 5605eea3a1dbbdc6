/* Texts under JSON Schema: patterns as ECMA-262 has them, formats as their RFCs. */
#include "jsonschema_kit.h"

struct row {
    const char *name; /* of a format, or a pattern */
    const char *text;
    bool valid;
};

static void
check_rows(const char *keyword, const struct row *rows, size_t count)
{
    static const struct lf_jsonschema_options options = {.assert_formats = true};
    for (size_t i = 0; i < count; i++) {
        struct lf_member member = {lf_bytes_of(keyword), lf_value_string(lf_bytes_of(rows[i].name))};
        const struct lf_value schema_value = lf_value_object(&member, 1);
        const struct lf_value value = lf_value_string(lf_bytes_of(rows[i].text));
        struct lf_jsonschema *schema = NULL;
        struct lf_err err = {0};
        struct lf_arena arena;
        size_t errors;
        lf_arena_init(&arena, 0, 0);
        if (lf_jsonschema_compile_value(&options, &schema_value, &schema, &err) != LF_OK)
            fail_msg("%s: %s", rows[i].name, err.text);
        enum lf_status st = lf_jsonschema_validate(schema, &value, &arena, NULL, 0, &errors, &err);
        if (st != (rows[i].valid ? LF_OK : LF_INVALID))
            fail_msg("%s %s on \"%s\": %s", keyword, rows[i].name, rows[i].text, lf_status_name(st));
        lf_jsonschema_free(schema);
        lf_arena_release(&arena);
    }
}

static void
test_patterns(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"b", "abc", true},
        {"^b$", "a\nb\nc", false},
        {"^a$", "a\n", false},
        {"^\\d\\w$", "1a", true},
        {"^\\d$", "\xd9\xa1", false},
        {"^\\w$", "\xc3\xa9", false},
        {"^\\s$", "\xc2\xa0", true},
        {"^[\\s]$", "\xef\xbb\xbf", true},
        {"^\\S$", "\xe2\x80\x89", false},
        {"^[^\\s]$", "x", true},
        {"^[\\S]$", " ", false},
        {"^.$", "\xe2\x80\xa8", false},
        {"^.$", "\r", false},
        {"^.$", "\xf0\x9f\x98\x80", true},
        {"^[.]$", "x", false},
        {"^\\p{Letter}$", "\xc3\xa9", true},
        {"^\\p{L}\\P{L}$", "a1", true},
        {"^\\p{Script=Greek}+$", "\xce\xb1\xce\xb2", true},
        {"^\\p{General_Category=Uppercase_Letter}$", "a", false},
        {"^[\\p{Nd}_]+$", "1_\xd9\xa1", true},
        {"^\\u0041\\x42\\cJ$", "AB\n", true},
        {"^\\u{1F600}$", "\xf0\x9f\x98\x80", true},
        {"^\\uD83D\\uDE00$", "\xf0\x9f\x98\x80", true},
        {"^[]$", "", false},
        {"^[^]$", "\n", true},
        {"^[[a]$", "[", true},
        {"^[\\b]$", "\b", true},
        {"\\bfoo\\b", "a foo.", true},
        {"^(a)(?:b)\\1$", "aba", true},
        {"^(?<x>a)\\k<x>$", "aa", true},
        {"^(?=ab)a(?!c)b(?<=b)$", "ab", true},
        {"^a{2,3}?$", "aa", true},
        {"^(?:(a)|b)\\1$", "b", true},
        {"^\\/\\-$", "/-", true},
        {"^#[ ]x$", "# x", true},
        {"^\\p{ASCII}+$", "az~", true},
        {"^\\0$", "", false},
    };
    check_rows("pattern", rows, sizeof(rows) / sizeof(rows[0]));
}

static void
test_patterns_that_are_none(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "(",    ")",           "[",     "*",        "a++",   "a*+",         "\\",  "\\a",  "\\Z",
        "\\c1", "\\u12",       "\\xg1", "(?i)a",    "(?>a)", "(*F)",        "\\p", "\\p{", "\\p{nope}",
        "\\k",  "\\p{a}{b}|(", "(?#x)", "(?P<a>b)", "[b-a]", "\\u{110000}", "\\Q", "\\R"};
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct lf_member member = {LF_LIT("pattern"), lf_value_string(lf_bytes_of(patterns[i]))};
        const struct lf_value value = lf_value_object(&member, 1);
        struct lf_jsonschema *schema = NULL;
        struct lf_err err = {0};
        if (lf_jsonschema_compile_value(&kit_plain, &value, &schema, &err) != LF_INVALID)
            fail_msg("%s: taken", patterns[i]);
    }
}

static void
test_formats(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"date-time", "2026-11-24T09:00:00.5Z", true},
        {"date-time", "2026-11-24t09:00:00+01:00", true},
        {"date-time", "2026-11-24 09:00:00Z", false},
        {"date-time", "2026-02-30T09:00:00Z", false},
        {"date-time", "2016-12-31T23:59:60Z", true},
        {"date-time", "2016-12-31T23:58:60Z", false},
        {"date", "2024-02-29", true},
        {"date", "2023-02-29", false},
        {"time", "23:59:60Z", true},
        {"time", "15:59:60-08:00", true},
        {"time", "12:00:00", false},
        {"time", "24:00:00Z", false},
        {"duration", "P4DT12H30M5S", true},
        {"duration", "P2W", true},
        {"duration", "P1YT", false},
        {"duration", "P1D2H", false},
        {"duration", "P1Y2W", false},
        {"duration", "PT1H5S", false},
        {"duration", "P", false},
        {"email", "joe@example.com", true},
        {"email", "\"joe b\"@example.com", true},
        {"email", "joe@[IPv6:::1]", true},
        {"email", ".joe@example.com", false},
        {"email", "joe", false},
        {"email", "@example.com", false},
        {"email", "\xc3\xa9@example.com", false},
        {"idn-email", "\xc3\xa9@ex\xc3\xa4mple.com", true},
        {"hostname", "a.b-c.example", true},
        {"hostname", "-a.example", false},
        {"hostname", "a..b", false},
        {"hostname", "xn--ihqwcrb4cv8a8dqg056pqjye", true},
        {"hostname", "xn--X", false},
        {"hostname", "ab--c", false},
        {"idn-hostname", "\xec\x8b\xa4\xeb\xa1\x80.\xed\x85\x8c\xec\x8a\xa4\xed\x8a\xb8", true},
        {"idn-hostname",
         "a\xe3\x80\x82"
         "b",
         true},
        {"idn-hostname", "l\xc2\xb7l", true},
        {"idn-hostname", "a\xc2\xb7l", false},
        {"ipv4", "192.0.2.1", true},
        {"ipv4", "192.0.2.01", false},
        {"ipv6", "::ffff:192.0.2.1", true},
        {"ipv6", "fe80::1%eth0", false},
        {"uri", "https://u:p@example.com:8080/a;b?c=d#e%20f", true},
        {"uri", "urn:isbn:123", true},
        {"uri", "//example.com", false},
        {"uri", "http://a b", false},
        {"uri", "http://[::1]/", true},
        {"uri", "http://[::1/", false},
        {"uri", "https://example.com/\xc3\xa9", false},
        {"uri-reference", "../a?b#c", true},
        {"uri-reference", "a\\b", false},
        {"iri", "https://example.com/\xc3\xa9", true},
        {"iri-reference", "\xc3\xa9", true},
        {"uri-template", "https://example.com/{a,b*,c:3}{?q}", true},
        {"uri-template", "{a", false},
        {"uri-template", "{}", false},
        {"uuid", "2EB8AA08-aa98-11ea-b4aa-73b441d16380", true},
        {"uuid", "2eb8aa08aa9811eab4aa73b441d16380", false},
        {"json-pointer", "/a~0b/~1", true},
        {"json-pointer", "a", false},
        {"json-pointer", "/~2", false},
        {"relative-json-pointer", "1/a", true},
        {"relative-json-pointer", "0#", true},
        {"relative-json-pointer", "01/a", false},
        {"regex", "^a+$", true},
        {"regex", "^(a", false},
        {"no-such-format", "anything", true},
    };
    check_rows("format", rows, sizeof(rows) / sizeof(rows[0]));
}

static void
test_formats_are_annotations_unless_asked(void **state)
{
    (void)state;
    assert_int_equal(kit_check(&kit_plain, "{\"format\":\"ipv4\"}", "\"x\""), LF_OK);
    assert_true(lf_jsonschema_format_known(LF_LIT("uri-template")));
    assert_false(lf_jsonschema_format_known(LF_LIT("color")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_patterns_that_are_none),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_formats_are_annotations_unless_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
