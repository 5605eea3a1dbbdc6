/* Tokens, strings, places, and every way in which a text can be wrong. */
#include "graphql/lexer.h"
#include "kit.h"

/* "1:1 {|1:2 Name a|…" for each token, or "1:1 message" of the error. */
static const char *
tokens_of(struct page *page, struct lf_bytes text)
{
    struct lf_gql_lexer lx;
    struct lf_gql_token token;
    page->source.text = text;
    lf_buf_clear(&page->out);
    bool ok = lf_gql_lexer_init(&lx, &page->arena, &page->source, 0, &page->errors);
    while (ok && (ok = lf_gql_lexer_next(&lx, &token)) && token.kind != LF_GQL_T_EOF) {
        lf_buf_printf(&page->out, "%u:%u ", token.loc.line, token.loc.column);
        if (token.kind < LF_GQL_T_NAME)
            lf_buf_add(&page->out, lf_bytes(lf_gql_token_kind_name(token.kind) + 1,
                                            strlen(lf_gql_token_kind_name(token.kind)) - 2));
        else
            lf_buf_printf(&page->out, "%s ", lf_gql_token_kind_name(token.kind));
        lf_buf_add(&page->out, token.text);
        lf_buf_add_char(&page->out, '|');
    }
    if (!ok)
        return page_errors(page);
    lf_buf_printf(&page->out, "%u:%u", token.loc.line, token.loc.column);
    lf_buf_add(&page->out, lf_bytes("", 1));
    return page->out.ptr;
}

static void
expect(struct lf_bytes text, const char *tokens)
{
    struct page page;
    page_open(&page, "");
    assert_string_equal(tokens_of(&page, text), tokens);
    assert_int_equal(page.errors.count, 0);
    page_close(&page);
}

static void
expect_error(struct lf_bytes text, const char *message)
{
    struct page page;
    char whole[600];
    page_open(&page, "");
    const char *got = tokens_of(&page, text);
    const char *space = strchr(message, ' ');
    snprintf(whole, sizeof(whole), "%.*s Syntax Error: %s\n", (int)(space - message), message, space + 1);
    assert_string_equal(got, whole);
    assert_int_equal(page.errors.count, 1);
    assert_string_equal(page.errors.first->code, "GRAPHQL_PARSE_FAILED");
    page_close(&page);
}

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))
struct row {
    const char *text;
    const char *result;
};

static void
test_ignored(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "1:1"},
        {" \t,, \n", "2:1"},
        {"# a comment", "1:12"},
        {"a #c\nb#", "1:1 Name a|2:1 Name b|2:3"},
        {"\r\na\rb\n\rc\n", "2:1 Name a|3:1 Name b|5:1 Name c|6:1"},
        {"\xef\xbb\xbf{", "1:2 {|1:3"},
        {"a\xef\xbb\xbf\xef\xbb\xbf b", "1:1 Name a|1:5 Name b|1:6"},
        {"# \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n a", "2:2 Name a|2:3"},
        {"!$&()...:=@[]{|}", "1:1 !|1:2 $|1:3 &|1:4 (|1:5 )|1:6 ...|1:9 :|1:10 =|1:11 @|1:12 [|1:13 ]|1:14 {|1:15 ||"
                             "1:16 }|1:17"},
        {"_a1B __typename A", "1:1 Name _a1B|1:6 Name __typename|1:17 Name A|1:18"},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        expect(lf_bytes_of(rows[i].text), rows[i].result);
}

static void
test_numbers(void **state)
{
    (void)state;
    static const struct row good[] = {
        {"4 -4 0 -0 9007199254740993", "1:1 Int 4|1:3 Int -4|1:6 Int 0|1:8 Int -0|1:11 Int 9007199254740993|1:27"},
        {"4.123 -4.0 0.5", "1:1 Float 4.123|1:7 Float -4.0|1:12 Float 0.5|1:15"},
        {"1e4 1E-4 1.5e+40", "1:1 Float 1e4|1:5 Float 1E-4|1:10 Float 1.5e+40|1:17"},
        {"1,2", "1:1 Int 1|1:3 Int 2|1:4"},
        {"1\"a\"", "1:1 Int 1|1:2 String a|1:5"},
    };
    static const struct row bad[] = {
        {"00", "1:2 Invalid number, unexpected digit after 0: \"0\"."},
        {"-01", "1:3 Invalid number, unexpected digit after 0: \"1\"."},
        {"+1", "1:1 Unexpected character: \"+\"."},
        {"1.", "1:3 Invalid number, expected digit but got: <EOF>."},
        {"1e", "1:3 Invalid number, expected digit but got: <EOF>."},
        {"1e+", "1:4 Invalid number, expected digit but got: <EOF>."},
        {"1.A", "1:3 Invalid number, expected digit but got: \"A\"."},
        {"-A", "1:2 Invalid number, expected digit but got: \"A\"."},
        {"1.2.3", "1:4 Invalid number, expected digit but got: \".\"."},
        {"1a", "1:2 Invalid number, expected digit but got: \"a\"."},
        {"0xF1", "1:2 Invalid number, expected digit but got: \"x\"."},
        {"1_000", "1:2 Invalid number, expected digit but got: \"_\"."},
        {"1.2e3e", "1:6 Invalid number, expected digit but got: \"e\"."},
        {"1.\"", "1:3 Invalid number, expected digit but got: '\"'."},
        {"1.\xc3\xa9", "1:3 Invalid number, expected digit but got: U+00E9."},
        {".123", "1:1 Invalid number, expected digit before \".\", did you mean \"0.123\"?"},
        {"..", "1:1 Unexpected \"..\", did you mean \"...\"?"},
        {"a .", "1:3 Unexpected character: \".\"."},
    };
    for (size_t i = 0; i < ROWS(good); i++)
        expect(lf_bytes_of(good[i].text), good[i].result);
    for (size_t i = 0; i < ROWS(bad); i++)
        expect_error(lf_bytes_of(bad[i].text), bad[i].result);
}

static void
test_long_numbers_are_refused(void **state)
{
    (void)state;
    static char digits[LF_JSON_NUMBER_CHARS_MAX + 1];
    memset(digits, '7', sizeof(digits));
    struct page page;
    page_open(&page, "");
    assert_non_null(strstr(tokens_of(&page, lf_bytes(digits, sizeof(digits) - 1)), "1:1 Int 777"));
    page_close(&page);
    expect_error(lf_bytes(digits, sizeof(digits)), "1:1 Invalid number, longer than 1024 characters.");
}

static void
test_strings(void **state)
{
    (void)state;
    static const struct row good[] = {
        {"\"\"", "1:1 String |1:3"},
        {"\" x \" a", "1:1 String  x |1:7 Name a|1:8"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "1:1 String \"\\/\b\f\n\r\t|1:19"},
        {"\"\\u0041\\u00e9\\u20AC\"", "1:1 String A\xc3\xa9\xe2\x82\xac|1:21"},
        {"\"\\u{41}\\u{1F600}\\u{00000041}\\u{10FFFF}\"", "1:1 String A\xf0\x9f\x98\x80"
                                                          "A\xf4\x8f\xbf\xbf|1:40"},
        {"\"\\uD83D\\uDE00\" x", "1:1 String \xf0\x9f\x98\x80|1:16 Name x|1:17"},
        {"\"\xc3\xa9\xf0\x9f\x98\x80\" x", "1:1 String \xc3\xa9\xf0\x9f\x98\x80|1:6 Name x|1:7"},
        {"\"tab\there\x07\"", "1:1 String tab\there\x07|1:12"},
        {"\"a\"\"b\"", "1:1 String a|1:4 String b|1:7"},
        {"\"# , {\"", "1:1 String # , {|1:8"},
    };
    static const struct row bad[] = {
        {"\"", "1:2 Unterminated string."},
        {"\"a\nb\"", "1:3 Unterminated string."},
        {"\"a\rb\"", "1:3 Unterminated string."},
        {"\"\xc3\xa9", "1:3 Unterminated string."},
        {"\"\\", "1:2 Invalid character escape sequence: \"\\\"."},
        {"\"\\z\"", "1:2 Invalid character escape sequence: \"\\z\"."},
        {"\"\\x41\"", "1:2 Invalid character escape sequence: \"\\x\"."},
        {"\"\\\xc3\xa9\"", "1:2 Invalid character escape sequence: \"\\\xc3\xa9\"."},
        {"\"\\u12\"", "1:2 Invalid Unicode escape sequence: \"\\u12\"\"."},
        {"\"\\uXXXX\"", "1:2 Invalid Unicode escape sequence: \"\\uXXXX\"."},
        {"\"\\uD800\"", "1:2 Invalid Unicode escape sequence: \"\\uD800\"."},
        {"\"\\uDC00\"", "1:2 Invalid Unicode escape sequence: \"\\uDC00\"."},
        {"\"\\uD83D\\u0041\"", "1:2 Invalid Unicode escape sequence: \"\\uD83D\"."},
        {"\"\\uD83D\\uD83D\"", "1:2 Invalid Unicode escape sequence: \"\\uD83D\"."},
        {"\"\\u{}\"", "1:2 Invalid Unicode escape sequence: \"\\u{}\"."},
        {"\"\\u{110000}\"", "1:2 Invalid Unicode escape sequence: \"\\u{110000}\"."},
        {"\"\\u{D800}\"", "1:2 Invalid Unicode escape sequence: \"\\u{D800}\"."},
        {"\"\\u{FFFFFFFFFFFF}\"", "1:2 Invalid Unicode escape sequence: \"\\u{FFFFFFFFF\"."},
        {"\"\\u{12", "1:2 Invalid Unicode escape sequence: \"\\u{12\"."},
        {"\"\\u{1 2}\"", "1:2 Invalid Unicode escape sequence: \"\\u{1 \"."},
        {"'a'", "1:1 Unexpected single quote character ('), did you mean to use a double quote (\")?"},
    };
    for (size_t i = 0; i < ROWS(good); i++)
        expect(lf_bytes_of(good[i].text), good[i].result);
    for (size_t i = 0; i < ROWS(bad); i++)
        expect_error(lf_bytes_of(bad[i].text), bad[i].result);
}

static void
test_block_strings(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\"\"\"\"\"\"", "1:1 BlockString |1:7"},
        {"\"\"\"a\"\"\" b", "1:1 BlockString a|1:9 Name b|1:10"},
        {"\"\"\" a \"\"\"", "1:1 BlockString  a |1:10"},
        {"\"\"\"   \"\"\"", "1:1 BlockString |1:10"},
        {"\"\"\"a\"b\"\"c\"\"\"", "1:1 BlockString a\"b\"\"c|1:13"},
        {"\"\"\"a \\\"\"\" b\"\"\"", "1:1 BlockString a \"\"\" b|1:15"},
        {"\"\"\"\\n \\u0041 \\\\ \"\"\"", "1:1 BlockString \\n \\u0041 \\\\ |1:20"},
        {"\"\"\"a\r\nb\rc\nd\"\"\" x", "1:1 BlockString a\nb\nc\nd|4:6 Name x|4:7"},
        {"\"\"\"\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n  \"\"\"",
         "1:1 BlockString Hello,\n  World!\n\nYours,\n  GraphQL.|7:6"},
        {"\"\"\"  first\n    second\n   \n  third\n\"\"\"", "1:1 BlockString   first\n  second\n \nthird|5:4"},
        {"\"\"\"\n\ta\n\t b\n\"\"\"", "1:1 BlockString a\n b|4:4"},
        {"\"\"\"\n\n  a\n \n\n\"\"\"", "1:1 BlockString a|6:4"},
        {"\"\"\"\xc3\xa9\n\xe2\x82\xac \"\"\" x", "1:1 BlockString \xc3\xa9\n\xe2\x82\xac |2:7 Name x|2:8"},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        expect(lf_bytes_of(rows[i].text), rows[i].result);
    expect_error(LF_LIT("\"\"\""), "1:4 Unterminated string.");
    expect_error(LF_LIT("\"\"\"a\n\"\""), "2:3 Unterminated string.");
    expect_error(LF_LIT("\"\"\"a\\\"\"\""), "1:9 Unterminated string.");
}

static void
test_what_is_no_token(void **state)
{
    (void)state;
    static const struct row bad[] = {
        {"?", "1:1 Unexpected character: \"?\"."},
        {"a\n  ^", "2:3 Unexpected character: \"^\"."},
        {"\xc3\xa9", "1:1 Unexpected character: U+00E9."},
        {"{ \xf0\x9f\x98\x80 }", "1:3 Unexpected character: U+1F600."},
        {"\x07", "1:1 Unexpected character: U+0007."},
        {"\x7f", "1:1 Unexpected character: U+007F."},
        {"\xe2\x80\x8b", "1:1 Unexpected character: U+200B."},
        {"\"\xc3\xa9\" \xc3\xa9", "1:5 Unexpected character: U+00E9."},
    };
    for (size_t i = 0; i < ROWS(bad); i++)
        expect_error(lf_bytes_of(bad[i].text), bad[i].result);
    expect_error(lf_bytes("a\0b", 3), "1:2 Unexpected character: U+0000.");
    expect(lf_bytes("\"\0\"", 3), "1:1 String "); /* cut by C; the value has its NUL */
}

static void
test_invalid_utf8(void **state)
{
    (void)state;
    static const struct row bad[] = {
        {"\xff", "1:1 Invalid UTF-8: unexpected byte 0xFF."},
        {"{ a \n # \xc3", "2:4 Invalid UTF-8: unexpected byte 0xC3."},
        {"\"\xc3\xa9\xed\xa0\x80\"", "1:3 Invalid UTF-8: unexpected byte 0xED."}, /* a surrogate */
        {"\"\xc0\xaf\"", "1:2 Invalid UTF-8: unexpected byte 0xC0."},             /* overlong */
        {"\"\xf4\x90\x80\x80\"", "1:2 Invalid UTF-8: unexpected byte 0xF4."},     /* beyond U+10FFFF */
    };
    for (size_t i = 0; i < ROWS(bad); i++)
        expect_error(lf_bytes_of(bad[i].text), bad[i].result);
}

static void
test_token_limit(void **state)
{
    (void)state;
    struct page page;
    struct lf_gql_lexer lx;
    struct lf_gql_token token;
    page_open(&page, "{ a # c\n }");
    assert_true(lf_gql_lexer_init(&lx, &page.arena, &page.source, 2, &page.errors));
    assert_true(lf_gql_lexer_next(&lx, &token));
    assert_true(lf_gql_lexer_next(&lx, &token));
    assert_false(lf_gql_lexer_next(&lx, &token));
    assert_string_equal(page.errors.first->code, "TOO_COMPLEX");
    assert_string_equal(page_errors(&page),
                        "2:2 Syntax Error: Document contains more than 2 tokens. Parsing aborted.\n");
    page_close(&page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ignored),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_long_numbers_are_refused),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_block_strings),
        cmocka_unit_test(test_what_is_no_token),
        cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_token_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
