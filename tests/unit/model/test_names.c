/* Names made from names. */
#include "base/mem.h"
#include "model/compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *type, *single, *plural, *column;
} rows[] = {
    {"Quote", "quote", "quotes", "quote"},
    {"Entry", "entry", "entries", "entry"},
    {"Day", "day", "days", "day"},
    {"Box", "box", "boxes", "box"},
    {"Address", "address", "addresses", "address"},
    {"Match", "match", "matches", "match"},
    {"Dish", "dish", "dishes", "dish"},
    {"OrderLine", "orderLine", "orderLines", "order_line"},
    {"URL", "url", "urls", "url"},
    {"URLEntry", "urlEntry", "urlEntries", "url_entry"},
    {"IDCard", "idCard", "idCards", "id_card"},
    {"A", "a", "as", "a"},
    {"customerId", "customerId", "customerIds", "customer_id"},
    {"pageURL", "pageURL", "pageURLs", "page_url"},
    {"line2Text", "line2Text", "line2Texts", "line2_text"},
    {"snake_case", "snake_case", "snake_cases", "snake_case"},
    {"Odd_Name", "odd_Name", "odd_Names", "odd_name"},
    {"_private", "_private", "_privates", "_private"},
};

static void
test_names(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_bytes single = lf_name_lower_camel(lf_bytes_of(rows[i].type), &arena);
        assert_string_equal(single.ptr, rows[i].single);
        assert_string_equal(lf_name_plural(single, &arena).ptr, rows[i].plural);
        struct lf_bytes column = lf_name_snake(lf_bytes_of(rows[i].type), &arena);
        assert_string_equal(column.ptr, rows[i].column);
        assert_int_equal(column.len, strlen(rows[i].column));
    }
    lf_arena_release(&arena);
}

static void
test_without_memory(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    lf_mem_fail_at(1, true);
    assert_null(lf_name_lower_camel(LF_LIT("Quote"), &arena).ptr);
    assert_null(lf_name_plural(LF_LIT("quote"), &arena).ptr);
    assert_null(lf_name_snake(LF_LIT("quote"), &arena).ptr);
    lf_mem_fail_at(0, false);
    lf_arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
