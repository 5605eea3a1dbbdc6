/* Values to JSON text: strings, doubles, layout, depth, lack of room. */
#include "base/mem.h"
#include "base/rand.h"
#include "json/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
assert_double(double number, const char *expected)
{
    struct lf_buf out;
    lf_buf_init(&out, 100);
    lf_json_write_double(&out, number);
    if (!lf_bytes_equal_text(lf_buf_view(&out), expected))
        fail_msg("%.17g: written as %.*s, expected %s", number, LF_FMT(lf_buf_view(&out)), expected);
    lf_buf_release(&out);
}

static void
writes_doubles_as_ecmascript_does(void **state)
{
    (void)state;
    assert_double(120.0, "120");
    assert_double(-120.0, "-120");
    assert_double(0.0, "0");
    assert_double(-0.0, "0");
    assert_double(0.1, "0.1");
    assert_double(120.5, "120.5");
    assert_double(1.0 / 3, "0.3333333333333333");
    assert_double(9007199254740992.0, "9007199254740992");
    assert_double(9007199254740994.0, "9007199254740994");
    assert_double(1e20, "100000000000000000000");
    assert_double(1e21, "1e+21");
    assert_double(1.5e21, "1.5e+21");
    assert_double(1e-6, "0.000001");
    assert_double(1e-7, "1e-7");
    assert_double(-1.25e-9, "-1.25e-9");
    assert_double(5e-324, "5e-324");
    assert_double(1.7976931348623157e308, "1.7976931348623157e+308");
    assert_double(123456789.125, "123456789.125");
    assert_double(4.35, "4.35");
    assert_double((double)INFINITY, "null");
    assert_double((double)-INFINITY, "null");
    assert_double((double)NAN, "null");
}

static void
reads_back_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits;
        double number;
        lf_rand_bytes(&bits, sizeof(bits));
        memcpy(&number, &bits, sizeof(number));
        if (!isfinite(number))
            continue;
        struct lf_buf out;
        lf_buf_init(&out, 100);
        lf_json_write_double(&out, number);
        double again;
        assert_true(lf_bytes_to_f64(lf_buf_view(&out), &again));
        assert_true(again == number);
        lf_buf_release(&out);
    }
}

static void
assert_string(struct lf_bytes text, const char *expected)
{
    struct lf_buf out;
    lf_buf_init(&out, 1000);
    lf_json_write_string(&out, text);
    if (!lf_bytes_equal_text(lf_buf_view(&out), expected))
        fail_msg("written as %.*s, expected %s", LF_FMT(lf_buf_view(&out)), expected);
    lf_buf_release(&out);
}

static void
escapes_what_must_be(void **state)
{
    (void)state;
    assert_string(LF_BYTES_NONE, "\"\"");
    assert_string(LF_LIT("plain /text'"), "\"plain /text'\"");
    assert_string(LF_LIT("\"\\"), "\"\\\"\\\\\"");
    assert_string(LF_LIT("\b\f\n\r\t\v\x1f\x01 \x7f"), "\"\\b\\f\\n\\r\\t\\u000b\\u001f\\u0001 \x7f\"");
    assert_string(LF_LIT("a\0b"), "\"a\\u0000b\"");
    assert_string(LF_LIT("\xc3\xa9\xf0\x9f\x98\x80\""), "\"\xc3\xa9\xf0\x9f\x98\x80\\\"\"");
}

static struct lf_value
sample(void)
{
    static struct lf_value items[4];
    static struct lf_member members[4];
    items[0] = lf_value_int(INT64_MIN);
    items[1] = lf_value_float(2.0);
    items[2] = lf_value_list(NULL, 0);
    items[3] = lf_value_opaque(items);
    members[0] = (struct lf_member){LF_LIT("a\n"), lf_value_list(items, 4)};
    members[1] = (struct lf_member){LF_LIT("b"), lf_value_object(NULL, 0)};
    members[2] = (struct lf_member){LF_LIT("c"), lf_value_enum(LF_LIT("RED"))};
    members[3] = (struct lf_member){LF_LIT("d"), lf_value_bool(true)};
    return lf_value_object(members, 4);
}

static void
lays_out(void **state)
{
    (void)state;
    struct lf_value value = sample();
    struct lf_buf out;
    lf_buf_init(&out, 1000);
    lf_json_write(&out, &value);
    assert_true(lf_bytes_equal_text(lf_buf_view(&out), "{\"a\\n\":[-9223372036854775808,2,[],null],\"b\":{},"
                                                       "\"c\":\"RED\",\"d\":true}"));
    lf_buf_clear(&out);
    lf_json_write_pretty(&out, &value);
    assert_true(lf_bytes_equal_text(lf_buf_view(&out), "{\n  \"a\\n\": [\n    -9223372036854775808,\n    2,\n    [],\n"
                                                       "    null\n  ],\n  \"b\": {},\n  \"c\": \"RED\",\n"
                                                       "  \"d\": true\n}"));
    lf_buf_release(&out);
}

static void
reports_lack_of_room(void **state)
{
    (void)state;
    struct lf_value value = sample();
    for (size_t max = 0; max < 60; max++) {
        struct lf_buf out;
        struct lf_err err = {0};
        lf_buf_init(&out, max);
        lf_json_write(&out, &value);
        assert_int_equal(lf_buf_status(&out, &err), LF_LIMIT);
        lf_buf_release(&out);
    }
}

static void
writes_any_depth(void **state)
{
    (void)state;
    enum { DEPTH = 300000 };
    struct lf_value *nested = calloc(DEPTH, sizeof(*nested));
    assert_non_null(nested);
    for (int i = 0; i + 1 < DEPTH; i++)
        nested[i] = lf_value_list(&nested[i + 1], 1);
    struct lf_buf out;
    struct lf_err err = {0};
    lf_buf_init(&out, SIZE_MAX);
    lf_json_write(&out, nested);
    assert_int_equal(lf_buf_status(&out, &err), LF_OK);
    assert_int_equal(out.len, (DEPTH - 1) * 2 + 4);
    lf_buf_clear(&out);
    assert_int_equal(lf_json_write_canonical(&out, nested, &err), LF_OK);
    assert_int_equal(out.len, (DEPTH - 1) * 2 + 4);
    lf_buf_release(&out);

    int64_t live = lf_mem_live();
    for (uint64_t n = 1;; n++) {
        lf_buf_init(&out, SIZE_MAX);
        lf_mem_fail_at(n, false);
        lf_json_write(&out, nested);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(lf_buf_status(&out, &err), hit ? LF_NO_MEMORY : LF_OK);
        lf_buf_release(&out);
        assert_int_equal(lf_mem_live(), live);
        if (!hit)
            break;
    }
    free(nested);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_doubles_as_ecmascript_does),
        cmocka_unit_test(reads_back_the_same),
        cmocka_unit_test(escapes_what_must_be),
        cmocka_unit_test(lays_out),
        cmocka_unit_test(reports_lack_of_room),
        cmocka_unit_test(writes_any_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
