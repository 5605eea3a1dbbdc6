/* Exact decimals: rows by hand, then random ones against 128-bit integers. */
#include "base/mem.h"
#include "model/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *a, *b, *sum, *difference;
} sums[] = {
    {"0", "0", "0", "0"},
    {"1", "2", "3", "-1"},
    {"0.1", "0.2", "0.3", "-0.1"},
    {"10.00", "5", "15.00", "5.00"},
    {"-0", "0", "0", "0"},
    {"-1", "1", "0", "-2"},
    {"-1.50", "1.5", "0.00", "-3.00"},
    {"999", "1", "1000", "998"},
    {"1e3", "1", "1001", "999"},
    {"1E+3", "1e-3", "1000.001", "999.999"},
    {"12.50", "-2.5", "10.00", "15.00"},
    {"0.001", "-0.0010", "0.0000", "0.0020"},
    {"9007199254740993", "0.1", "9007199254740993.1", "9007199254740992.9"},
    {"123456789012345678901234567890.123456789", "0.000000001", "123456789012345678901234567890.123456790",
     "123456789012345678901234567890.123456788"},
};

static void
test_sums(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        struct lf_bytes a = lf_bytes_of(sums[i].a);
        struct lf_bytes b = lf_bytes_of(sums[i].b);
        assert_string_equal(lf_decimal_add(a, b, false, &arena).ptr, sums[i].sum);
        assert_string_equal(lf_decimal_add(b, a, false, &arena).ptr, sums[i].sum);
        assert_string_equal(lf_decimal_add(a, b, true, &arena).ptr, sums[i].difference);
    }
    lf_arena_release(&arena);
}

static void
test_not_decimals(void **state)
{
    (void)state;
    static const char *const texts[] = {"",    "-",  "+1", "01",  "1.",       ".5",  "1e",    "1e+",
                                        "0x1", " 1", "1 ", "NaN", "Infinity", "--1", "1.2.3", "1e5.5"};
    struct lf_arena arena;
    struct lf_bytes unused;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(lf_decimal_valid(lf_bytes_of(texts[i])));
        assert_int_equal(lf_decimal_sum(lf_bytes_of(texts[i]), LF_LIT("1"), false, &arena, &unused), LF_INVALID);
        assert_null(lf_decimal_add(LF_LIT("1"), lf_bytes_of(texts[i]), false, &arena).ptr);
    }
    lf_arena_release(&arena);
}

static void
test_limits(void **state)
{
    (void)state;
    struct lf_arena arena;
    struct lf_bytes sum;
    char nines[LF_DECIMAL_DIGITS_MAX + 1];
    memset(nines, '9', sizeof(nines));
    lf_arena_init(&arena, 0, 0);
    assert_true(lf_decimal_valid(lf_bytes(nines, LF_DECIMAL_DIGITS_MAX)));
    assert_false(lf_decimal_valid(lf_bytes(nines, LF_DECIMAL_DIGITS_MAX + 1)));
    assert_true(lf_decimal_valid(LF_LIT("1e999")));
    assert_false(lf_decimal_valid(LF_LIT("1e1000")));
    assert_true(lf_decimal_valid(LF_LIT("1e-999")));
    assert_false(lf_decimal_valid(LF_LIT("1e-1000")));
    assert_false(lf_decimal_valid(LF_LIT("1e99999999999999999999999999")));
    assert_int_equal(lf_decimal_sum(lf_bytes(nines, LF_DECIMAL_DIGITS_MAX), LF_LIT("0"), false, &arena, &sum), LF_OK);
    assert_int_equal(sum.len, LF_DECIMAL_DIGITS_MAX);
    assert_int_equal(lf_decimal_sum(lf_bytes(nines, LF_DECIMAL_DIGITS_MAX), LF_LIT("1"), false, &arena, &sum),
                     LF_LIMIT);
    assert_int_equal(lf_decimal_sum(LF_LIT("1e600"), LF_LIT("1e-600"), false, &arena, &sum), LF_LIMIT);
    lf_mem_fail_at(1, true);
    struct lf_arena dry;
    lf_arena_init(&dry, 0, 0);
    assert_int_equal(lf_decimal_sum(LF_LIT("1"), LF_LIT("1"), false, &dry, &sum), LF_NO_MEMORY);
    lf_mem_fail_at(0, false);
    lf_arena_release(&dry);
    lf_arena_release(&arena);
}

static const struct {
    const char *a, *b;
    int order;
} orders[] = {
    {"1", "1.000", 0},
    {"0", "-0.0e7", 0},
    {"1e2", "100", 0},
    {"2", "10", -1},
    {"-2", "-10", 1},
    {"-1", "1", -1},
    {"0", "1e-400", -1},
    {"0", "-1e-400", 1},
    {"9007199254740992", "9007199254740993", -1},
    {"0.1", "0.1000000000000000055511151231257827", -1},
    {"1e400", "1e401", -1},
    {"1e99999999999999999999", "1", 1},
    {"123", "122.999", 1},
};

static void
test_orders(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        struct lf_bytes a = lf_bytes_of(orders[i].a);
        struct lf_bytes b = lf_bytes_of(orders[i].b);
        assert_int_equal(lf_decimal_compare(a, b), orders[i].order);
        assert_int_equal(lf_decimal_compare(b, a), -orders[i].order);
    }
}

static const struct {
    const char *text, *divisor;
    bool multiple;
} multiples[] = {
    {"0", "0.01", true},
    {"1", "0.01", true},
    {"0.3", "0.1", true},
    {"0.35", "0.1", false},
    {"-0.3", "0.1", true},
    {"7.5", "2.5", true},
    {"1e300", "7", false},
    {"7e300", "7", true},
    {"1e-300", "1", false},
    {"4.35", "0.01", true},
    {"10", "3", false},
    {"12", "3", true},
    {"123456789012345678901234567890", "10", true},
    {"123456789012345678901234567891", "10", false},
};

static void
test_multiples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(multiples) / sizeof(multiples[0]); i++)
        assert_int_equal(lf_decimal_is_multiple(lf_bytes_of(multiples[i].text), lf_bytes_of(multiples[i].divisor)),
                         multiples[i].multiple);
    assert_true(lf_decimal_is_divisor(LF_LIT("0.000001")));
    assert_true(lf_decimal_is_divisor(LF_LIT("123456789012345678")));
    assert_false(lf_decimal_is_divisor(LF_LIT("1234567890123456789")));
    assert_false(lf_decimal_is_divisor(LF_LIT("0")));
    assert_false(lf_decimal_is_divisor(LF_LIT("-1")));
}

/* --- random ones -------------------------------------------------------------------------------------------------- */

__extension__ typedef __int128 wide;

static uint64_t
next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* number * 10^-scale as a decimal text, in plain form. */
static void
write_scaled(wide number, int scale, char out[80])
{
    char digits[64];
    int count = 0;
    bool negative = number < 0;
    for (wide rest = negative ? -number : number; rest != 0 || count <= scale; rest /= 10)
        digits[count++] = (char)('0' + (int)(rest % 10));
    char *at = out;
    if (negative)
        *at++ = '-';
    while (count > 0) {
        if (count == scale)
            *at++ = '.';
        *at++ = digits[--count];
    }
    *at = '\0';
}

static void
test_random(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (int i = 0; i < 20000; i++) {
        int scale = (int)(next_random(&seed) % 12);
        wide a = (wide)(int64_t)(next_random(&seed) >> (next_random(&seed) % 60)) * (next_random(&seed) & 1 ? 1 : -1);
        wide b = (wide)(int64_t)(next_random(&seed) >> (next_random(&seed) % 60)) * (next_random(&seed) & 1 ? 1 : -1);
        char x[80], y[80], sum[80], difference[80];
        write_scaled(a, scale, x);
        write_scaled(b, scale, y);
        write_scaled(a + b, scale, sum);
        write_scaled(a - b, scale, difference);
        assert_string_equal(lf_decimal_add(lf_bytes_of(x), lf_bytes_of(y), false, &arena).ptr, sum);
        assert_string_equal(lf_decimal_add(lf_bytes_of(x), lf_bytes_of(y), true, &arena).ptr, difference);
        assert_int_equal(lf_decimal_compare(lf_bytes_of(x), lf_bytes_of(y)), a < b ? -1 : a > b);
        uint64_t m = next_random(&seed) % 1000 + 1;
        char divisor[80];
        write_scaled((wide)m, scale, divisor);
        assert_int_equal(lf_decimal_is_multiple(lf_bytes_of(x), lf_bytes_of(divisor)), a % (wide)m == 0);
        lf_arena_reset(&arena);
    }
    lf_arena_release(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),   cmocka_unit_test(test_not_decimals), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_orders), cmocka_unit_test(test_multiples),    cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
