/* Equality, the canonical form and the digest: each pair is equal exactly if its canonical forms are the same bytes. */
#include "base/mem.h"
#include "json/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct lf_value
parse(struct lf_arena *arena, const char *text)
{
    struct lf_value value;
    struct lf_err err = {0};
    if (lf_json_parse(arena, lf_bytes_of(text), &value, &err) != LF_OK)
        fail_msg("%s: %s", text, err.text);
    return value;
}

static const struct {
    const char *a, *b;
    bool equal;
} pairs[] = {
    {"null", "null", true},
    {"null", "false", false},
    {"true", "true", true},
    {"true", "false", false},
    {"1", "1.0", true},
    {"1", "1e0", true},
    {"1", "10e-1", true},
    {"1", "0.1E1", true},
    {"1", "2", false},
    {"1", "-1", false},
    {"0", "-0", true},
    {"0", "0.000", true},
    {"0", "0e5", true},
    {"0", "1e-400", false},
    {"9007199254740992", "9007199254740993", false},
    {"9007199254740993", "9007199254740993.0", true},
    {"1e400", "1e401", false},
    {"1e400", "10e399", true},
    {"1e400", "-1e400", false},
    {"12345678901234567890123", "1.2345678901234567890123e22", true},
    {"12345678901234567890123", "1.2345678901234567890124e22", false},
    {"0.1", "0.10", true},
    {"0.1", "0.1000000000000000055", false},
    {"0.012", "12e-3", true},
    {"100", "1e2", true},
    {"1.5", "15", false},
    {"1.05", "1.5", false},
    {"\"a\"", "\"a\"", true},
    {"\"a\"", "\"b\"", false},
    {"\"1\"", "1", false},
    {"\"\"", "\"\"", true},
    {"[]", "[]", true},
    {"[]", "{}", false},
    {"[1,2]", "[1,2.0]", true},
    {"[1,2]", "[2,1]", false},
    {"[1]", "[1,2]", false},
    {"[[1],2]", "[1,[2]]", false},
    {"{}", "{}", true},
    {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1.0}", true},
    {"{\"a\":1}", "{\"b\":1}", false},
    {"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
    {"{\"a\":{\"x\":[{\"p\":1,\"q\":2}],\"y\":0}}", "{\"a\":{\"y\":0,\"x\":[{\"q\":2,\"p\":1}]}}", true},
    {"{\"a\":null}", "{}", false},
    {"{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}", false},
};

static void
canonical(struct lf_buf *out, const struct lf_value *value)
{
    struct lf_err err = {0};
    lf_buf_init(out, SIZE_MAX);
    if (lf_json_write_canonical(out, value, &err) != LF_OK)
        fail_msg("%s", err.text);
}

static void
equality_is_canonical_identity(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct lf_arena arena;
        struct lf_buf form_a;
        struct lf_buf form_b;
        uint8_t digest_a[32];
        uint8_t digest_b[32];
        lf_arena_init(&arena, 0, 0);
        struct lf_value a = parse(&arena, pairs[i].a);
        struct lf_value b = parse(&arena, pairs[i].b);
        canonical(&form_a, &a);
        canonical(&form_b, &b);
        if (lf_value_equal(&a, &b) != pairs[i].equal || lf_value_equal(&b, &a) != pairs[i].equal)
            fail_msg("%s and %s: equality is wrong", pairs[i].a, pairs[i].b);
        if (lf_bytes_equal(lf_buf_view(&form_a), lf_buf_view(&form_b)) != pairs[i].equal)
            fail_msg("%s and %s: %.*s and %.*s", pairs[i].a, pairs[i].b, LF_FMT(lf_buf_view(&form_a)),
                     LF_FMT(lf_buf_view(&form_b)));
        assert_int_equal(lf_json_digest(&a, digest_a, NULL), LF_OK);
        assert_int_equal(lf_json_digest(&b, digest_b, NULL), LF_OK);
        assert_int_equal(memcmp(digest_a, digest_b, 32) == 0, pairs[i].equal);
        lf_buf_release(&form_a);
        lf_buf_release(&form_b);
        lf_arena_release(&arena);
    }
}

static const struct {
    const char *text, *form;
} forms[] = {
    {"1.0", "1"},
    {"-0.0", "0"},
    {"1e3", "1000"},
    {"0.00012e2", "0.012"},
    {"1e-7", "1e-7"},
    {"12e-8", "1.2e-7"},
    {"1e20", "100000000000000000000"},
    {"1e21", "1e+21"},
    {"1.5e300", "1.5e+300"},
    {"-12.50", "-12.5"},
    {"9007199254740993", "9007199254740993"},
    {"1.000000000000000000001", "1.000000000000000000001"},
    {"{\"b\":1,\"a\":2,\"\":3,\"ab\":[ ]}", "{\"\":3,\"a\":2,\"ab\":[],\"b\":1}"},
    {"\"\\u001f\\/\\u00e9\"", "\"\\u001f/\xc3\xa9\""},
};

static void
has_one_canonical_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct lf_arena arena;
        struct lf_buf form;
        lf_arena_init(&arena, 0, 0);
        struct lf_value value = parse(&arena, forms[i].text);
        canonical(&form, &value);
        if (!lf_bytes_equal_text(lf_buf_view(&form), forms[i].form))
            fail_msg("%s: %.*s", forms[i].text, LF_FMT(lf_buf_view(&form)));
        lf_buf_release(&form);
        lf_arena_release(&arena);
    }
}

static void
digests_with_sha256(void **state)
{
    (void)state;
    static const uint8_t expected[32] = {
        /* of "{}" */
        0x44, 0x13, 0x6f, 0xa3, 0x55, 0xb3, 0x67, 0x8a, 0x11, 0x46, 0xad, 0x16, 0xf7, 0xe8, 0x64, 0x9e,
        0x94, 0xfb, 0x4f, 0xc2, 0x1f, 0xe7, 0x7e, 0x83, 0x10, 0xc0, 0x60, 0xf6, 0x1c, 0xaa, 0xff, 0x8a,
    };
    struct lf_value value = lf_value_object(NULL, 0);
    uint8_t digest[32];
    assert_int_equal(lf_json_digest(&value, digest, NULL), LF_OK);
    assert_memory_equal(digest, expected, 32);
}

static void
computed_numbers_equal_written_ones(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    struct lf_value written = parse(&arena, "[0.1, 120, 1e23, -5e-324]");
    struct lf_value computed[] = {lf_value_float(0.1), lf_value_float(120), lf_value_float(1e23),
                                  lf_value_float(-5e-324)};
    struct lf_value list = lf_value_list(computed, 4);
    assert_true(lf_value_equal(&written, &list));
    lf_arena_release(&arena);
}

static void
refuses_what_json_cannot_say(void **state)
{
    (void)state;
    struct lf_buf out;
    struct lf_err err = {0};
    struct lf_value bad[] = {lf_value_float((double)NAN), lf_value_float((double)INFINITY), lf_value_opaque(&out)};
    for (size_t i = 0; i < 3; i++) {
        struct lf_value list = lf_value_list(&bad[i], 1);
        lf_buf_init(&out, 100);
        assert_int_equal(lf_json_write_canonical(&out, &list, &err), LF_INVALID);
        assert_true(lf_value_equal(&list, &list));
        lf_buf_release(&out);
    }
    struct lf_value text = lf_value_string(LF_LIT("RED"));
    struct lf_value name = lf_value_enum(LF_LIT("RED"));
    assert_true(lf_value_equal(&text, &name));
}

/* {"k0":0,…} or the same backwards. */
static struct lf_value
big_object(struct lf_arena *arena, uint32_t count, bool backwards)
{
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, count);
    assert_non_null(members);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = backwards ? count - 1 - i : i;
        members[i] = (struct lf_member){lf_bytes_of(lf_arena_printf(arena, "k%u", k)), lf_value_int(k)};
    }
    return lf_value_object(members, count);
}

static void
compares_big_objects(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    struct lf_value a = big_object(&arena, 5000, false);
    struct lf_value b = big_object(&arena, 5000, true);
    assert_true(lf_value_equal(&a, &b));
    b.u.members[7].value = lf_value_int(-1);
    assert_false(lf_value_equal(&a, &b));
    b = big_object(&arena, 300, true);
    a.count = 300;
    lf_mem_fail_at(1, true); /* without memory it is only slower */
    assert_true(lf_value_equal(&a, &b));
    assert_true(lf_mem_fault_hit());
    lf_mem_fail_at(0, false);
    lf_arena_release(&arena);
}

static void
copies_deeply(void **state)
{
    (void)state;
    struct lf_arena arena;
    struct lf_arena other;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    lf_arena_init(&other, 16, 0);
    struct lf_value value = parse(&arena, "{\"a\":[1,2.50,\"x\",null,true,{}],\"b\":{\"c\":[]},\"\":\"\"}");
    struct lf_value copy;
    assert_true(lf_value_copy(&other, &value, &copy));
    struct lf_buf before;
    canonical(&before, &value);
    lf_arena_release(&arena);
    struct lf_buf after;
    canonical(&after, &copy);
    assert_true(lf_bytes_equal(lf_buf_view(&before), lf_buf_view(&after)));
    for (uint64_t n = 1;; n++) {
        lf_arena_init(&arena, 16, 0);
        struct lf_value again;
        lf_mem_fail_at(n, false);
        bool copied = lf_value_copy(&arena, &copy, &again);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(copied, !hit);
        lf_arena_release(&arena);
        if (!hit)
            break;
    }
    for (uint64_t n = 1;; n++) {
        uint8_t digest[32];
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_json_digest(&copy, digest, &err);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        if (!hit)
            break;
    }
    lf_buf_release(&before);
    lf_buf_release(&after);
    lf_arena_release(&other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_canonical_identity),
        cmocka_unit_test(has_one_canonical_form),
        cmocka_unit_test(digests_with_sha256),
        cmocka_unit_test(computed_numbers_equal_written_ones),
        cmocka_unit_test(refuses_what_json_cannot_say),
        cmocka_unit_test(compares_big_objects),
        cmocka_unit_test(copies_deeply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
