/* What each scalar reads and writes, and the words with which it refuses. */
#include "kit.h"

#include <math.h>

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* JSON in; JSON out, or the reason of the refusal. */
struct row {
    const char *scalar;
    const char *in;
    const char *out;
};

static void
expect_rows(const struct row *rows, size_t count, bool result)
{
    for (size_t i = 0; i < count; i++) {
        struct page page;
        page_open(&page, "");
        const struct lf_gql_scalar_ops *ops = lf_gql_scalar_find(lf_bytes_of(rows[i].scalar));
        assert_non_null(ops);
        struct lf_value in = page_json(&page, rows[i].in);
        struct lf_value out = LF_VALUE_NULL;
        const char *why = "(no reason)";
        bool ok = (result ? ops->serialize : ops->coerce_input)(&page.arena, &in, &out, &why);
        assert_string_equal(ok ? page_text(&page, &out) : why, rows[i].out);
        page_close(&page);
    }
}

static void
test_built_in_input(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Int", "0", "0"},
        {"Int", "2147483647", "2147483647"},
        {"Int", "-2147483648", "-2147483648"},
        {"Int", "2147483648", "Int cannot represent non 32-bit signed integer value: 2147483648"},
        {"Int", "-2147483649", "Int cannot represent non 32-bit signed integer value: -2147483649"},
        {"Int", "99999999999999999999", "Int cannot represent non 32-bit signed integer value: 99999999999999999999"},
        {"Int", "1.5", "Int cannot represent non-integer value: 1.5"},
        {"Int", "\"1\"", "Int cannot represent non-integer value: \"1\""},
        {"Int", "true", "Int cannot represent non-integer value: true"},
        {"Int", "[1]", "Int cannot represent non-integer value: [1]"},
        {"Int", "{\"a\": 1}", "Int cannot represent non-integer value: { a: 1 }"},
        {"Float", "1", "1"},
        {"Float", "-1.50e3", "-1.50e3"},
        {"Float", "123456789012345678901234567890", "123456789012345678901234567890"},
        {"Float", "1e400", "Float cannot represent non numeric value: 1e400"},
        {"Float", "\"1.5\"", "Float cannot represent non numeric value: \"1.5\""},
        {"Float", "false", "Float cannot represent non numeric value: false"},
        {"String", "\"\"", "\"\""},
        {"String", "\"\\u00e9\"", "\"\xc3\xa9\""},
        {"String", "1", "String cannot represent a non string value: 1"},
        {"String", "[\"a\"]", "String cannot represent a non string value: [\"a\"]"},
        {"Boolean", "true", "true"},
        {"Boolean", "1", "Boolean cannot represent a non boolean value: 1"},
        {"Boolean", "\"true\"", "Boolean cannot represent a non boolean value: \"true\""},
        {"ID", "\"abc\"", "\"abc\""},
        {"ID", "\"\"", "\"\""},
        {"ID", "42", "\"42\""},
        {"ID", "-1", "\"-1\""},
        {"ID", "99999999999999999999", "\"99999999999999999999\""},
        {"ID", "1.5", "ID cannot represent value: 1.5"},
        {"ID", "1e3", "ID cannot represent value: 1e3"},
        {"ID", "true", "ID cannot represent value: true"},
    };
    expect_rows(rows, ROWS(rows), false);
}

static void
test_date_and_time_input(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"DateTime", "\"2026-11-24T08:46:34Z\"", "\"2026-11-24T08:46:34Z\""},
        {"DateTime", "\"2026-11-24t08:46:34.123456789+05:30\"", "\"2026-11-24t08:46:34.123456789+05:30\""},
        {"DateTime", "\"2024-02-29T23:59:60Z\"", "\"2024-02-29T23:59:60Z\""},
        {"DateTime", "\"2026-11-24T08:46:34\"",
         "DateTime cannot represent value that is no RFC 3339 date-time: \"2026-11-24T08:46:34\""},
        {"DateTime", "\"2026-02-29T00:00:00Z\"",
         "DateTime cannot represent value that is no RFC 3339 date-time: \"2026-02-29T00:00:00Z\""},
        {"DateTime", "\"2026-11-24T24:00:00Z\"",
         "DateTime cannot represent value that is no RFC 3339 date-time: \"2026-11-24T24:00:00Z\""},
        {"DateTime", "1732000000", "DateTime cannot represent value that is no RFC 3339 date-time: 1732000000"},
        {"Date", "\"2024-02-29\"", "\"2024-02-29\""},
        {"Date", "\"2023-02-29\"", "Date cannot represent value that is no RFC 3339 full-date: \"2023-02-29\""},
        {"Date", "\"2024-2-9\"", "Date cannot represent value that is no RFC 3339 full-date: \"2024-2-9\""},
        {"Date", "20240229", "Date cannot represent value that is no RFC 3339 full-date: 20240229"},
        {"Time", "\"08:46:34.5-08:00\"", "\"08:46:34.5-08:00\""},
        {"Time", "\"08:46\"", "Time cannot represent value that is no RFC 3339 full-time: \"08:46\""},
        {"Time", "\"25:00:00Z\"", "Time cannot represent value that is no RFC 3339 full-time: \"25:00:00Z\""},
    };
    expect_rows(rows, ROWS(rows), false);
}

static void
test_other_input(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"UUID", "\"0190F5C6-7E5A-7ABC-8DEF-0123456789aB\"", "\"0190f5c6-7e5a-7abc-8def-0123456789ab\""},
        {"UUID", "\"0190f5c67e5a7abc8def0123456789ab\"",
         "UUID cannot represent value that is no UUID: \"0190f5c67e5a7abc8def0123456789ab\""},
        {"UUID", "1", "UUID cannot represent value that is no UUID: 1"},
        {"Decimal", "\"10.00\"", "\"10.00\""},
        {"Decimal", "10.00", "\"10.00\""},
        {"Decimal", "-7", "\"-7\""},
        {"Decimal", "0.1000000000000000055511151231257827", "\"0.1000000000000000055511151231257827\""},
        {"Decimal", "123456789012345678901234567890.5", "\"123456789012345678901234567890.5\""},
        {"Decimal", "1.5e-10", "\"1.5e-10\""},
        {"Decimal", "1e1000", "\"1e1000\""},
        {"Decimal", "1e1001", "Decimal cannot represent value that is no decimal number: 1e1001"},
        {"Decimal", "\"1e999999999999999999999\"",
         "Decimal cannot represent value that is no decimal number: \"1e999999999999999999999\""},
        {"Decimal", "\"1,5\"", "Decimal cannot represent value that is no decimal number: \"1,5\""},
        {"Decimal", "\"+1\"", "Decimal cannot represent value that is no decimal number: \"+1\""},
        {"Decimal", "\"01\"", "Decimal cannot represent value that is no decimal number: \"01\""},
        {"Decimal", "\"NaN\"", "Decimal cannot represent value that is no decimal number: \"NaN\""},
        {"Decimal", "\"\"", "Decimal cannot represent value that is no decimal number: \"\""},
        {"Decimal", "true", "Decimal cannot represent value that is no decimal number: true"},
        {"BigInt", "9223372036854775807", "9223372036854775807"},
        {"BigInt", "\"-9223372036854775808\"", "-9223372036854775808"},
        {"BigInt", "\"42\"", "42"},
        {"BigInt", "9223372036854775808",
         "BigInt cannot represent value that is no 64-bit integer: 9223372036854775808"},
        {"BigInt", "1.0", "BigInt cannot represent value that is no 64-bit integer: 1.0"},
        {"BigInt", "\"4x\"", "BigInt cannot represent value that is no 64-bit integer: \"4x\""},
        {"JSON", "{\"a\": [1, 2.50, null, \"x\"]}", "{\"a\":[1,2.50,null,\"x\"]}"},
    };
    expect_rows(rows, ROWS(rows), false);
}

static void
test_results(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Int", "7", "7"},
        {"Int", "7.0", "7"},
        {"Int", "7.5", "Int cannot represent non-integer value: 7.5"},
        {"Int", "3000000000", "Int cannot represent non 32-bit signed integer value: 3000000000"},
        {"Float", "7", "7"},
        {"ID", "7", "\"7\""},
        {"Decimal", "7.10", "\"7.10\""},
        {"BigInt", "9007199254740991", "9007199254740991"},
        {"BigInt", "-9007199254740991", "-9007199254740991"},
        {"BigInt", "9007199254740992", "\"9007199254740992\""},
        {"BigInt", "-9223372036854775808", "\"-9223372036854775808\""},
        {"BigInt", "\"9007199254740993\"", "\"9007199254740993\""},
        {"String", "1", "String cannot represent a non string value: 1"},
    };
    expect_rows(rows, ROWS(rows), true);
}

/* Numbers without a text of their own, names of enum values, and what cannot be written. */
static void
test_computed_results(void **state)
{
    (void)state;
    const struct {
        const char *scalar;
        struct lf_value in;
        const char *out; /* NULL: refused */
    } rows[] = {
        {"Decimal", lf_value_float(0.1), "\"0.1\""},
        {"Decimal", lf_value_float(NAN), NULL},
        {"Float", lf_value_float(INFINITY), NULL},
        {"Float", lf_value_float(1.25), "1.25"},
        {"Int", lf_value_float(-2147483648.0), "-2147483648"},
        {"Int", lf_value_float(2147483648.0), NULL},
        {"Int", lf_value_float(1e300), NULL},
        {"Int", lf_value_float(12.0), "12"},
        {"String", lf_value_enum(LF_LIT("RED")), "\"RED\""},
        {"JSON", lf_value_opaque(NULL), NULL},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct page page;
        struct lf_value out;
        const char *why = NULL;
        page_open(&page, "");
        const struct lf_gql_scalar_ops *ops = lf_gql_scalar_find(lf_bytes_of(rows[i].scalar));
        bool ok = ops->serialize(&page.arena, &rows[i].in, &out, &why);
        if (rows[i].out == NULL)
            assert_false(ok);
        else
            assert_string_equal(page_text(&page, &out), rows[i].out);
        page_close(&page);
    }
}

static void
test_the_list(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct lf_gql_scalar_ops *const *at = lf_gql_scalars(); *at != NULL; at++, count++) {
        assert_ptr_equal(lf_gql_scalar_find(lf_bytes_of((*at)->name)), *at);
        assert_non_null((*at)->description);
        assert_int_equal((*at)->specified_by != NULL, count >= 5);
    }
    assert_int_equal(count, 12);
    assert_null(lf_gql_scalar_find(LF_LIT("Nope")));
    assert_null(lf_gql_scalar_find(LF_LIT("int")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in_input),   cmocka_unit_test(test_date_and_time_input),
        cmocka_unit_test(test_other_input),      cmocka_unit_test(test_results),
        cmocka_unit_test(test_computed_results), cmocka_unit_test(test_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
