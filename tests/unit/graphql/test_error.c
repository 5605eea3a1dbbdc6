/* Lists of errors, and their written forms. */
#include "kit.h"

static const char *
written(struct page *page)
{
    lf_buf_clear(&page->out);
    lf_gql_errors_write(&page->out, &page->errors);
    lf_buf_add(&page->out, lf_bytes("", 1));
    return page->out.ptr;
}

static void
test_json(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "");
    assert_string_equal(written(&page), "[]");
    const struct lf_gql_loc here = {&page.source, 3, 7};
    const struct lf_gql_loc there = {&page.source, 4, 1};
    const struct lf_gql_loc nowhere = {0};
    struct lf_gql_path root = {.key = LF_LIT("list")};
    struct lf_gql_path item = {.parent = &root, .index = 2};
    struct lf_gql_path leaf = {.parent = &item, .key = LF_LIT("a\"b")};

    lf_gql_errors_add(&page.errors, NULL, NULL, "%s", "bare");
    lf_gql_error_add_loc(lf_gql_errors_add(&page.errors, "SOME_CODE", &here, "two \"places\""), &there);
    struct lf_gql_error *error = lf_gql_errors_add(&page.errors, "BAD_USER_INPUT", &nowhere, "deep");
    error->path = &leaf;
    error->extensions = page_json(&page, "{\"eventId\": \"e\", \"more\": [1]}");
    error = lf_gql_errors_add(&page.errors, NULL, NULL, "only extensions");
    error->extensions = page_json(&page, "{\"a\": null}");
    lf_gql_error_add_loc(NULL, &here);
    assert_string_equal(written(&page),
                        "[{\"message\":\"bare\"},"
                        "{\"message\":\"two \\\"places\\\"\",\"locations\":[{\"line\":3,\"column\":7},{\"line\":4,"
                        "\"column\":1}],\"extensions\":{\"code\":\"SOME_CODE\"}},"
                        "{\"message\":\"deep\",\"path\":[\"list\",2,\"a\\\"b\"],\"extensions\":{\"code\":"
                        "\"BAD_USER_INPUT\",\"eventId\":\"e\",\"more\":[1]}},"
                        "{\"message\":\"only extensions\",\"extensions\":{\"a\":null}}]");
    page_close(&page);
}

static void
test_more_than_the_maximum_is_counted(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "");
    lf_gql_errors_init(&page.errors, &page.arena, 2);
    for (int i = 0; i < 5; i++)
        assert_int_equal(lf_gql_errors_add(&page.errors, NULL, NULL, "%d", i) != NULL, i < 2);
    assert_int_equal(page.errors.count, 5);
    assert_string_equal(written(&page), "[{\"message\":\"0\"},{\"message\":\"1\"}]");
    page_close(&page);
}

/* Input quoted in a message is cut after a number of bytes, perhaps inside a character. */
static void
test_messages_are_well_formed(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "");
    lf_gql_errors_add(&page.errors, NULL, NULL, "%.*s and %.*s", 3, "a\xc3\xa9", 2, "\xe2\x82\xac");
    assert_string_equal(written(&page), "[{\"message\":\"a\xc3\xa9 and ??\"}]");
    page_close(&page);
}

static void
test_lines(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "");
    const struct lf_gql_source a = {"a.graphql", LF_LIT("")};
    const struct lf_gql_source b = {"b.graphql", LF_LIT("")};
    const struct lf_gql_loc locs[] = {{&b, 1, 1}, {&a, 10, 2}, {&a, 9, 3}, {&a, 9, 1}, {&a, 9, 3}};
    lf_gql_errors_add(&page.errors, NULL, NULL, "nowhere");
    for (size_t i = 0; i < sizeof(locs) / sizeof(locs[0]); i++)
        lf_gql_errors_add(&page.errors, NULL, &locs[i], "number %zu", i);
    lf_gql_errors_print(&page.out, &page.errors);
    lf_buf_add(&page.out, lf_bytes("", 1));
    assert_string_equal(page.out.ptr, "a.graphql:9:1: error: number 3\n"
                                      "a.graphql:9:3: error: number 2\n"
                                      "a.graphql:9:3: error: number 4\n"
                                      "a.graphql:10:2: error: number 1\n"
                                      "b.graphql:1:1: error: number 0\n"
                                      "error: nowhere\n");
    page_close(&page);
}

static void
test_out_of_memory(void **state)
{
    (void)state;
    struct lf_arena arena;
    struct lf_gql_errors errors;
    lf_arena_init(&arena, 16, 0);
    lf_gql_errors_init(&errors, &arena, 10);
    lf_mem_fail_at(1, true);
    assert_null(lf_gql_errors_add(&errors, NULL, NULL, "a message that is longer than the arena's first chunk"));
    lf_mem_fail_at(0, false);
    assert_true(errors.no_memory);
    assert_int_equal(errors.count, 1);
    lf_arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_more_than_the_maximum_is_counted),
        cmocka_unit_test(test_messages_are_well_formed),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
