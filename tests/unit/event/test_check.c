/* Payloads against event types: each row is a payload and the first violation, or none. */
#include "event/check.h"
#include "../model/kit.h"
#include "base/mem.h"

static const char sdl[] =
    "enum Color { RED GREEN }\n"
    "type Line { sku: String! @constraint(minLength: 2), count: Int, next: Line }\n"
    "type Thing @event {\n"
    "  id: ID!\n"
    "  s: String\n  i: Int\n  f: Float\n  b: Boolean\n  at: DateTime\n  day: Date\n  clock: Time\n  u: UUID\n"
    "  d: Decimal\n  big: BigInt\n  j: JSON\n  color: Color\n  line: Line\n"
    "  list: [Int!]\n  loose: [String]\n  lines: [Line!]\n"
    "  ranged: Int @constraint(min: 1, max: 10)\n"
    "  open: Float @constraint(exclusiveMin: 0, exclusiveMax: 1)\n"
    "  exact: Decimal @constraint(max: 0.1)\n"
    "  huge: BigInt @constraint(min: 9007199254740993)\n"
    "  cents: Decimal @constraint(multipleOf: 0.01)\n"
    "  short: String @constraint(minLength: 2, maxLength: 3)\n"
    "  slug: String @constraint(pattern: \"^[a-z]+$\")\n"
    "  slow: String @constraint(pattern: \"^(a+)+$\")\n"
    "  mail: String @constraint(format: \"email\")\n"
    "  code: ID @constraint(maxLength: 3)\n"
    "  few: [Int] @constraint(minItems: 1, maxItems: 2, min: 5)\n"
    "  set: [JSON] @constraint(uniqueItems: true)\n"
    "}\n"
    "type Mutation { make(id: ID! @constraint(maxLength: 3), j: JSON, in: In): Receipt! @emits(event: \"Thing\") }\n"
    "input In { s: String @constraint(minLength: 2), line: LineIn }\n"
    "input LineIn { sku: String!, count: Int @constraint(max: 3) }\n";

static const struct {
    const char *payload;
    const char *violation; /* NULL: none */
} rows[] = {
    {"{\"id\":\"a\"}", NULL},
    {"{\"id\":7}", NULL},
    {"{\"id\":\"a\",\"unknown\":[1,{}]}", NULL},
    {"{}", "/id: is missing"},
    {"{\"id\":null}", "/id: must not be null"},
    {"{\"id\":true}", "/id: must be a string or an integer, is true"},
    {"{\"id\":1.5}", "/id: must be a string or an integer, is 1.5"},
    {"[]", "payload must be an object, is a list"},
    {"null", "payload must be an object, is null"},
    {"\"x\"", "payload must be an object, is \"x\""},
    {"{\"id\":1,\"s\":\"\"}", NULL},
    {"{\"id\":1,\"s\":null}", NULL},
    {"{\"id\":1,\"s\":5}", "/s: must be a string, is 5"},
    {"{\"id\":1,\"i\":2147483647}", NULL},
    {"{\"id\":1,\"i\":2147483648}", "/i: must be an integer of 32 bits, is 2147483648"},
    {"{\"id\":1,\"i\":1.0}", "/i: must be an integer of 32 bits, is 1.0"},
    {"{\"id\":1,\"i\":\"1\"}", "/i: must be an integer of 32 bits, is \"1\""},
    {"{\"id\":1,\"f\":1}", NULL},
    {"{\"id\":1,\"f\":-1.5e300}", NULL},
    {"{\"id\":1,\"f\":1e400}", "/f: must be a finite number, is 1e400"},
    {"{\"id\":1,\"f\":\"1\"}", "/f: must be a finite number, is \"1\""},
    {"{\"id\":1,\"b\":false}", NULL},
    {"{\"id\":1,\"b\":0}", "/b: must be true or false, is 0"},
    {"{\"id\":1,\"at\":\"2026-11-24T08:46:34Z\"}", NULL},
    {"{\"id\":1,\"at\":\"2026-11-24\"}", "/at: must be a date and time with offset (RFC 3339), is \"2026-11-24\""},
    {"{\"id\":1,\"at\":1700000000}", "/at: must be a date and time with offset (RFC 3339), is 1700000000"},
    {"{\"id\":1,\"day\":\"2024-02-29\",\"clock\":\"08:00:00Z\"}", NULL},
    {"{\"id\":1,\"day\":\"2023-02-29\"}", "/day: must be a date (YYYY-MM-DD), is \"2023-02-29\""},
    {"{\"id\":1,\"clock\":\"8:00\"}", "/clock: must be a time with offset (RFC 3339), is \"8:00\""},
    {"{\"id\":1,\"u\":\"0190163D-8694-739B-AEA5-966C26F8AD91\"}", NULL},
    {"{\"id\":1,\"u\":\"0190163D\"}", "/u: must be a UUID, is \"0190163D\""},
    {"{\"id\":1,\"d\":\"12.50\"}", NULL},
    {"{\"id\":1,\"d\":12.50}", NULL},
    {"{\"id\":1,\"d\":12}", NULL},
    {"{\"id\":1,\"d\":\"1,5\"}",
     "/d: must be a decimal number of at most 1000 digits, as a string or number, is \"1,5\""},
    {"{\"id\":1,\"d\":1e5000}",
     "/d: must be a decimal number of at most 1000 digits, as a string or number, is 1e5000"},
    {"{\"id\":1,\"big\":9223372036854775807}", NULL},
    {"{\"id\":1,\"big\":\"-9223372036854775808\"}", NULL},
    {"{\"id\":1,\"big\":9223372036854775808}",
     "/big: must be an integer of 64 bits, as a number or string, is 9223372036854775808"},
    {"{\"id\":1,\"big\":\"12x\"}", "/big: must be an integer of 64 bits, as a number or string, is \"12x\""},
    {"{\"id\":1,\"j\":[{\"a\":1e999}]}", NULL},
    {"{\"id\":1,\"color\":\"RED\"}", NULL},
    {"{\"id\":1,\"color\":\"BLUE\"}", "/color: must be a value of its enum type, is \"BLUE\""},
    {"{\"id\":1,\"line\":{\"sku\":\"ab\",\"next\":{\"sku\":\"cd\"}}}", NULL},
    {"{\"id\":1,\"line\":{\"sku\":\"ab\",\"next\":{\"sku\":\"c\"}}}",
     "/line/next/sku: must have at least 2 characters, has 1"},
    {"{\"id\":1,\"line\":{\"count\":1}}", "/line/sku: is missing"},
    {"{\"id\":1,\"line\":[]}", "/line: must be an object, is a list"},
    {"{\"id\":1,\"list\":[1,2]}", NULL},
    {"{\"id\":1,\"list\":[]}", NULL},
    {"{\"id\":1,\"list\":[1,null]}", "/list/1: must not be null"},
    {"{\"id\":1,\"list\":[1,\"2\"]}", "/list/1: must be an integer of 32 bits, is \"2\""},
    {"{\"id\":1,\"list\":1}", "/list: must be a list, is 1"},
    {"{\"id\":1,\"loose\":[null,\"a\"]}", NULL},
    {"{\"id\":1,\"lines\":[{\"sku\":\"ab\"},{\"sku\":\"ab\",\"count\":\"x\"}]}",
     "/lines/1/count: must be an integer of 32 bits, is \"x\""},
    {"{\"id\":1,\"ranged\":1}", NULL},
    {"{\"id\":1,\"ranged\":0}", "/ranged: must be at least 1, is 0"},
    {"{\"id\":1,\"ranged\":11}", "/ranged: must be at most 10, is 11"},
    {"{\"id\":1,\"open\":0.5}", NULL},
    {"{\"id\":1,\"open\":0}", "/open: must be greater than 0, is 0"},
    {"{\"id\":1,\"open\":1.0}", "/open: must be less than 1, is 1.0"},
    {"{\"id\":1,\"exact\":0.1}", NULL},
    {"{\"id\":1,\"exact\":\"0.10\"}", NULL},
    {"{\"id\":1,\"exact\":\"0.1000000000000000000001\"}", "/exact: must be at most 0.1, is 0.1000000000000000000001"},
    {"{\"id\":1,\"huge\":9007199254740993}", NULL},
    {"{\"id\":1,\"huge\":\"9007199254740992\"}", "/huge: must be at least 9007199254740993, is 9007199254740992"},
    {"{\"id\":1,\"cents\":0.07}", NULL},
    {"{\"id\":1,\"cents\":\"4.35\"}", NULL},
    {"{\"id\":1,\"cents\":\"4.355\"}", "/cents: must be a multiple of 0.01, is 4.355"},
    {"{\"id\":1,\"short\":\"\xc3\xa4\xc3\xb6\xc3\xbc\"}", NULL}, /* three characters, six bytes */
    {"{\"id\":1,\"short\":\"a\"}", "/short: must have at least 2 characters, has 1"},
    {"{\"id\":1,\"short\":\"abcd\"}", "/short: must have at most 3 characters, has 4"},
    {"{\"id\":1,\"slug\":\"abc\"}", NULL},
    {"{\"id\":1,\"slug\":\"abc\\n\"}", "/slug: must match the pattern ^[a-z]+$, is \"abc\n\""},
    {"{\"id\":1,\"slow\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"}",
     "/slow: takes too much work to match against the pattern ^(a+)+$"},
    {"{\"id\":1,\"mail\":\"a@b.example\"}", NULL},
    {"{\"id\":1,\"mail\":\"a\"}", "/mail: must have the format \"email\", is \"a\""},
    {"{\"id\":1,\"code\":999}", NULL},
    {"{\"id\":1,\"code\":1000}", "/code: must have at most 3 characters, has 4"},
    {"{\"id\":1,\"few\":[5]}", NULL},
    {"{\"id\":1,\"few\":[5,null]}", NULL},
    {"{\"id\":1,\"few\":[]}", "/few: must have at least 1 items, has 0"},
    {"{\"id\":1,\"few\":[5,6,7]}", "/few: must have at most 2 items, has 3"},
    {"{\"id\":1,\"few\":[4]}", "/few/0: must be at least 5, is 4"},
    {"{\"id\":1,\"set\":[1,\"1\",[1],{\"a\":1},{\"a\":2}]}", NULL},
    {"{\"id\":1,\"set\":[1,2,1.0]}", "/set/2: must be unique in its list, equals item 0"},
    {"{\"id\":1,\"set\":[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]}", "/set/1: must be unique in its list, equals item 0"},
};

static void
test_rows(void **state)
{
    (void)state;
    struct lf_model *model = kit_model(sdl);
    const struct lf_event_type *type = kit_event(model, "Thing");
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_violation violations[LF_VIOLATIONS_MAX];
        struct lf_err err = {0};
        size_t count = 0;
        struct lf_value payload = kit_json(&arena, rows[i].payload);
        enum lf_status st = lf_event_check(type, &payload, &arena, violations, &count, &err);
        if (rows[i].violation == NULL && st != LF_OK)
            fail_msg("%s: %s", rows[i].payload, err.text);
        if (rows[i].violation != NULL) {
            if (st != LF_INVALID || count != 1)
                fail_msg("%s: status %d, %zu violations", rows[i].payload, (int)st, count);
            assert_string_equal(err.text, rows[i].violation);
            assert_int_equal(err.fate, LF_FATE_REJECT);
        }
    }
    lf_arena_release(&arena);
    lf_model_free(model);
}

/* Numbers without a text, as binary formats have them, against bounds: the same verdicts as of their texts. */
static void
test_computed_numbers(void **state)
{
    (void)state;
    static const struct {
        double number;
        bool valid;
    } numbers[] = {
        {0.0, false}, {-0.0, false}, {5e-324, true}, {0.5, true},     {0.9999999999999999, true},
        {1.0, false}, {-0.1, false}, {1e300, false}, {-1e300, false}, {1.0000000000000002, false},
    };
    struct lf_model *model = kit_model(sdl);
    const struct lf_event_type *type = kit_event(model, "Thing");
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct lf_violation violations[LF_VIOLATIONS_MAX];
        struct lf_member members[] = {{LF_LIT("id"), lf_value_int(1)},
                                      {LF_LIT("open"), lf_value_float(numbers[i].number)}};
        const struct lf_value payload = lf_value_object(members, 2);
        size_t count = 0;
        enum lf_status st = lf_event_check(type, &payload, &arena, violations, &count, NULL);
        if (st != (numbers[i].valid ? LF_OK : LF_INVALID))
            fail_msg("%g: %s", numbers[i].number, lf_status_name(st));
    }
    lf_arena_release(&arena);
    lf_model_free(model);
}

static void
test_all_violations(void **state)
{
    (void)state;
    struct lf_model *model = kit_model(sdl);
    struct lf_arena arena;
    struct lf_violation violations[LF_VIOLATIONS_MAX];
    size_t count = 0;
    lf_arena_init(&arena, 0, 0);
    struct lf_value payload = kit_json(&arena, "{\"s\":1,\"i\":\"x\",\"list\":[null,null]}");
    assert_int_equal(lf_event_check(kit_event(model, "Thing"), &payload, &arena, violations, &count, NULL), LF_INVALID);
    assert_int_equal(count, 5);
    assert_string_equal(violations[0].path.ptr, "/id");
    assert_string_equal(violations[1].path.ptr, "/s");
    assert_string_equal(violations[2].path.ptr, "/i");
    assert_string_equal(violations[3].path.ptr, "/list/0");
    assert_string_equal(violations[4].path.ptr, "/list/1");
    payload = kit_json(&arena, "{\"id\":1,\"list\":[null,null,null,null,null,null,null,null,null,null,null,null,null,"
                               "null,null,null,null,null,null,null,null,null,null,null,null]}");
    assert_int_equal(lf_event_check(kit_event(model, "Thing"), &payload, &arena, violations, &count, NULL), LF_INVALID);
    assert_int_equal(count, LF_VIOLATIONS_MAX);
    lf_arena_release(&arena);
    lf_model_free(model);
}

static void
test_long_unique_list(void **state)
{
    (void)state;
    struct lf_model *model = kit_model("type Set @event { set: [Int] @constraint(uniqueItems: true) }");
    enum { COUNT = 20000 };
    struct lf_arena arena;
    struct lf_violation violations[LF_VIOLATIONS_MAX];
    size_t count = 0;
    lf_arena_init(&arena, 0, 0);
    struct lf_value *items = LF_ARENA_ARRAY(&arena, struct lf_value, COUNT);
    for (int i = 0; i < COUNT; i++)
        items[i] = lf_value_int(i);
    struct lf_member member = {LF_LIT("set"), lf_value_list(items, COUNT)};
    struct lf_value payload = lf_value_object(&member, 1);
    const struct lf_event_type *type = kit_event(model, "Set");
    assert_int_equal(lf_event_check(type, &payload, &arena, violations, &count, NULL), LF_OK);
    items[COUNT - 1] = lf_value_int(3);
    assert_int_equal(lf_event_check(type, &payload, &arena, violations, &count, NULL), LF_INVALID);
    assert_string_equal(violations[0].path.ptr, "/set/19999");
    lf_arena_release(&arena);
    lf_model_free(model);
}

/* The constraints of arguments and of input fields; what GraphQL has coerced already is only described. */
static const struct {
    const char *argument, *value, *violation;
} arguments[] = {
    {"id", "\"abc\"", NULL},
    {"id", "\"abcd\"", "/id: must have at most 3 characters, has 4"},
    {"j", "[1]", NULL},
    {"in", "null", NULL},
    {"in", "{\"s\":\"ab\",\"line\":{\"sku\":\"x\"}}", NULL},
    {"in", "{\"s\":\"a\"}", "/in/s: must have at least 2 characters, has 1"},
    {"in", "{\"line\":{\"sku\":\"x\",\"count\":4}}", "/in/line/count: must be at most 3, is 4"},
};

static void
test_arguments(void **state)
{
    (void)state;
    struct lf_model *model = kit_model(sdl);
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    const struct lf_gql_field *make = model->mutations[0].gql;
    for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        struct lf_violation violations[LF_VIOLATIONS_MAX];
        struct lf_err err = {0};
        size_t count = 0;
        struct lf_value value = kit_json(&arena, arguments[i].value);
        const struct lf_gql_input *argument =
            lf_gql_find_input(make->args, make->arg_count, lf_bytes_of(arguments[i].argument));
        enum lf_status st = lf_event_check_argument(argument, &value, &arena, violations, &count, &err);
        assert_int_equal(st, arguments[i].violation != NULL ? LF_INVALID : LF_OK);
        assert_string_equal(err.text, arguments[i].violation != NULL ? arguments[i].violation : "");
    }
    lf_arena_release(&arena);
    lf_model_free(model);
}

static void
test_without_memory(void **state)
{
    (void)state;
    struct lf_model *model = kit_model(sdl);
    const struct lf_event_type *type = kit_event(model, "Thing");
    struct lf_arena texts;
    lf_arena_init(&texts, 0, 0);
    struct lf_value payload =
        kit_json(&texts, "{\"slug\":\"ABC\",\"set\":[1,1],\"cents\":\"0.001\",\"mail\":\"x\",\"open\":5}");
    for (uint64_t n = 1;; n++) {
        struct lf_arena arena;
        struct lf_violation violations[LF_VIOLATIONS_MAX];
        struct lf_err err = {0};
        size_t count = 0;
        lf_arena_init(&arena, 64, 0);
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_event_check(type, &payload, &arena, violations, &count, &err);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        lf_arena_release(&arena);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_INVALID);
        assert_int_equal(err.fate, hit ? LF_FATE_RETRY : LF_FATE_REJECT);
        if (!hit) {
            assert_int_equal(count, 6);
            break;
        }
    }
    lf_arena_release(&texts);
    lf_model_free(model);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),           cmocka_unit_test(test_computed_numbers),
        cmocka_unit_test(test_all_violations), cmocka_unit_test(test_long_unique_list),
        cmocka_unit_test(test_arguments),      cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
