/*
 * JSON Schemas against each other: rows with each break to the letter; random pairs, where no value may pass the
 * writer's schema and fail the reader's although they are called compatible; levels and their directions.
 */
#include "codec/schema_compat.h"
#include "../model/kit.h"
#include "base/mem.h"
#include "codec/jsonschema.h"

#include <stdlib.h>

/* The breaks of one pair, "path: text\n" each, in the arena. */
static const char *
breaks_of(struct lf_arena *arena, enum lf_event_format format, const char *reader, const char *writer)
{
    struct lf_schema_verdict verdict;
    struct lf_err err = {0};
    const struct lf_schema_version now = {LF_LIT("now"), lf_bytes_of(reader), NULL, 0};
    const struct lf_schema_version before = {LF_LIT("before"), lf_bytes_of(writer), NULL, 0};
    if (lf_schema_compare(format, LF_COMPAT_BACKWARD, &before, 1, &now, arena, &verdict, &err) != LF_OK)
        return lf_arena_printf(arena, "%s: %s\n", lf_status_name(err.status), err.text);
    const char *text = "";
    for (size_t i = 0; i < verdict.count; i++)
        text = lf_arena_printf(arena, "%s%.*s: %.*s\n", text, LF_FMT(verdict.breaks[i].path),
                               LF_FMT(verdict.breaks[i].text));
    return text;
}

static const struct {
    const char *reader, *writer, *breaks;
} rows[] = {
    {"true", "{}", ""},
    {"{}", "true", ""},
    {"false", "{}", ": the reader takes nothing here\n"},
    {"false", "false", ""},
    {"{\"type\":\"string\"}", "{\"type\":[\"string\",\"null\"]}",
     ": the writer may write null, the reader takes string only\n"},
    {"{\"type\":\"number\"}", "{\"type\":\"integer\"}", ""},
    {"{\"type\":\"integer\"}", "{\"type\":\"number\"}",
     ": the writer may write number with a fraction, the reader takes integer only\n"},
    {"{\"type\":\"string\"}", "{\"enum\":[\"a\",\"b\"]}", ""},
    {"{\"enum\":[\"a\"]}", "{\"enum\":[\"a\",\"b\"]}",
     ": the writer may write \"b\", which the reader does not know\n"},
    {"{\"enum\":[\"a\",\"b\"]}", "{\"const\":\"a\"}", ""},
    {"{\"const\":1}", "{\"const\":1.0}", ""},
    {"{\"enum\":[\"a\"]}", "{\"type\":\"string\"}",
     ": the reader takes [\"a\"] only, the writer may write other values\n"},
    {"{\"minimum\":1}", "{\"type\":\"integer\",\"minimum\":1}", ""},
    {"{\"minimum\":1}", "{\"type\":\"string\"}", ""},
    {"{\"minimum\":2}", "{\"type\":\"integer\",\"minimum\":1}",
     ": the reader takes numbers from 2 only, the writer has no such bound (minimum)\n"},
    {"{\"minimum\":2}", "{\"type\":\"number\",\"exclusiveMinimum\":2}", ""},
    {"{\"exclusiveMinimum\":2}", "{\"type\":\"number\",\"minimum\":2}",
     ": the reader takes numbers above 2 only, the writer has no such bound (exclusiveMinimum)\n"},
    {"{\"exclusiveMinimum\":2}", "{\"type\":\"number\",\"minimum\":2.5}", ""},
    {"{\"maximum\":1e3}", "{\"type\":\"integer\",\"maximum\":1000}", ""},
    {"{\"multipleOf\":0.5}", "{\"type\":\"number\",\"multipleOf\":1.5}", ""},
    {"{\"multipleOf\":2}", "{\"type\":\"number\",\"multipleOf\":3}",
     ": the reader takes multiples of 2 only, the writer writes others too (multipleOf)\n"},
    {"{\"minLength\":0,\"maxLength\":5}", "{\"type\":\"string\",\"maxLength\":4}", ""},
    {"{\"maxLength\":5}", "{\"type\":\"string\"}",
     ": the reader takes texts of a length up to 5 only, the writer has no such bound (maxLength)\n"},
    {"{\"pattern\":\"^a\"}", "{\"type\":\"string\",\"pattern\":\"^a\"}", ""},
    {"{\"pattern\":\"^a\"}", "{\"type\":\"string\",\"pattern\":\"^ab\"}",
     ": the reader takes texts of another pattern (pattern: \"^a\")\n"},
    {"{\"format\":\"date\"}", "{\"type\":\"string\"}",
     ": the reader takes texts of another format (format: \"date\")\n"},
    {"{\"items\":{\"type\":\"string\"}}", "{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"null\"]}}",
     "/*: the writer may write null, the reader takes string only\n"},
    {"{\"prefixItems\":[{\"type\":\"string\"}]}", "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}",
     "/0: the writer may write integer, the reader takes string only\n"},
    {"{\"items\":{\"type\":\"integer\"}}",
     "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}",
     "/0: the writer may write string, the reader takes integer only\n"},
    {"{\"uniqueItems\":true}", "{\"type\":\"array\"}",
     ": the reader takes lists without repetitions only (uniqueItems: true)\n"},
    {"{\"uniqueItems\":false}", "{\"type\":\"array\"}", ""},
    /* objects */
    {"{\"required\":[\"a\"]}", "{\"type\":\"object\",\"required\":[\"a\",\"b\"]}", ""},
    {"{\"required\":[\"a\",\"b\"]}", "{\"type\":\"object\",\"required\":[\"a\"]}",
     "/b: the reader needs it and has no default, the writer may leave it out\n"},
    {"{\"required\":[\"a\"],\"properties\":{\"a\":{\"default\":1}}}", "{\"type\":\"object\"}", ""},
    {"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"type\":\"object\"}", ""},
    {"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"type\":\"object\",\"properties\":{\"a\":{}}}",
     "/a: the writer may write null, boolean, number, array, object, the reader takes string only\n"},
    {"{\"properties\":{\"a\":{\"type\":\"string\"}}}",
     "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}",
     "/a: the writer may write integer, the reader takes string only\n"},
    {"{\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"a\":{},\"b\":false},\"additionalProperties\":false}",
     "/a: the writer may write it, the reader takes no such property (additionalProperties)\n"},
    {"{\"additionalProperties\":false}", "{\"type\":\"object\"}",
     ": the reader takes no further properties, the writer's schema is open (additionalProperties)\n"},
    {"{\"additionalProperties\":{\"type\":\"string\"}}",
     "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}",
     "/a: the writer may write integer, the reader takes string only\n"},
    /* references, alternatives */
    {"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"type\":\"string\"}}}",
     "{\"$ref\":\"#/definitions/b\",\"definitions\":{\"b\":{\"type\":\"integer\"}}}",
     ": the writer may write integer, the reader takes string only\n"},
    {"{\"$ref\":\"#/$defs/t\",\"$defs\":{\"t\":{\"type\":\"object\",\"properties\":{\"n\":{\"$ref\":\"#/$defs/t\"},"
     "\"v\":{\"type\":\"integer\"}}}}}",
     "{\"$ref\":\"#/$defs/t\",\"$defs\":{\"t\":{\"type\":\"object\",\"properties\":{\"n\":{\"$ref\":\"#/$defs/t\"},"
     "\"v\":{\"type\":\"string\"}}}}}",
     "/n/v: the writer may write string, the reader takes integer only\n"
     "/v: the writer may write string, the reader takes integer only\n"},
    {"{\"$ref\":\"other.json\"}", "{\"$ref\":\"other.json\"}", ""},
    {"{\"$ref\":\"other.json\"}", "{}", ": the reader refers to \"other.json\", which is no part of its document\n"},
    {"{\"anyOf\":[{\"type\":\"string\",\"maxLength\":3},{\"type\":\"null\"}]}",
     "{\"anyOf\":[{\"type\":\"string\",\"maxLength\":2},{\"type\":\"null\"}]}", ""},
    {"{\"anyOf\":[{\"type\":\"string\",\"maxLength\":3},{\"type\":\"null\"}]}",
     "{\"type\":[\"string\",\"null\"],\"maxLength\":2}", ""},
    {"{\"anyOf\":[{\"type\":\"string\",\"maxLength\":3},{\"type\":\"null\"}]}", "{\"type\":[\"string\",\"null\"]}",
     ": the reader takes texts of a length up to 3 only, the writer has no such bound (maxLength)\n"},
    {"{\"oneOf\":[{\"const\":1},{\"const\":2}]}", "{\"type\":\"integer\"}",
     ": the reader's alternatives exclude each other, which cannot be compared (oneOf)\n"},
    {"{\"anyOf\":[{\"const\":1},{\"const\":2}]}", "{\"type\":\"integer\"}",
     ": none of the reader's 2 alternatives takes all that the writer may write\n"},
    {"{\"oneOf\":[{\"const\":1},{\"const\":2}]}", "{\"oneOf\":[{\"const\":1},{\"const\":2}],\"minimum\":0}", ""},
    {"{\"oneOf\":[{\"type\":\"null\"},{\"type\":\"string\"}]}", "{\"const\":\"a\"}", ""},
    {"{\"type\":\"string\"}", "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}",
     ": the writer may write null, the reader takes string only\n"},
    {"{\"minimum\":1,\"maximum\":9}", "{\"type\":\"integer\",\"allOf\":[{\"minimum\":2},{\"maximum\":8}]}", ""},
    {"{\"allOf\":[{\"minimum\":1},{\"maximum\":9}]}", "{\"type\":\"integer\",\"minimum\":1}",
     ": the reader takes numbers up to 9 only, the writer has no such bound (maximum)\n"},
    {"{\"not\":{\"type\":\"string\"}}", "{\"type\":\"string\"}",
     ": the reader excludes other values (not: {\"type\":\"string\"})\n"},
    {"{\"not\":{\"type\":\"string\"}}", "{\"type\":\"string\",\"not\":{\"type\":\"string\"}}", ""},
    {"[]", "{}", "INVALID: now: a JSON Schema is an object, true or false\n"},
};

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_arena arena;
        lf_arena_init(&arena, 0, 0);
        const char *got = breaks_of(&arena, LF_FORMAT_JSON_SCHEMA, rows[i].reader, rows[i].writer);
        if (strcmp(got, rows[i].breaks) != 0)
            fail_msg("%s reads %s:\n%sinstead of\n%s", rows[i].reader, rows[i].writer, got, rows[i].breaks);
        lf_arena_release(&arena);
    }
}

/* --- random pairs ------------------------------------------------------------------------------------------------- */

static const char *const leaves[] = {
    "{}",
    "true",
    "false",
    "{\"type\":\"string\"}",
    "{\"type\":\"integer\"}",
    "{\"type\":\"number\"}",
    "{\"type\":[\"string\",\"null\"]}",
    "{\"enum\":[1,\"a\",null]}",
    "{\"enum\":[\"a\"]}",
    "{\"const\":2}",
    "{\"minimum\":1}",
    "{\"type\":\"integer\",\"minimum\":2}",
    "{\"exclusiveMinimum\":1}",
    "{\"maximum\":2}",
    "{\"type\":\"number\",\"exclusiveMaximum\":2}",
    "{\"multipleOf\":0.5}",
    "{\"multipleOf\":2}",
    "{\"minLength\":1}",
    "{\"type\":\"string\",\"maxLength\":1}",
    "{\"pattern\":\"^a\"}",
    "{\"uniqueItems\":true}",
    "{\"minItems\":1}",
    "{\"maxItems\":1}",
    "{\"required\":[\"a\"]}",
    "{\"required\":[\"a\",\"b\"]}",
    "{\"minProperties\":1}",
    "{\"maxProperties\":1}",
    "{\"type\":\"object\"}",
    "{\"type\":\"array\"}",
};
static const char *const values[] = {
    "null",
    "true",
    "0",
    "1",
    "2",
    "3",
    "1.5",
    "0.5",
    "\"\"",
    "\"a\"",
    "\"ab\"",
    "\"b\"",
    "[]",
    "[1]",
    "[1,1]",
    "[\"a\",2]",
    "[null]",
    "{\"a\":1,\"b\":1}",
    "{\"a\":\"a\",\"b\":null}",
    "{\"a\":[1],\"b\":{}}",
    "{\"a\":1.5,\"b\":2}",
    "{\"a\":{\"a\":1,\"b\":2},\"b\":\"ab\"}",
};
enum { LEAVES = sizeof(leaves) / sizeof(leaves[0]), VALUES = sizeof(values) / sizeof(values[0]) };

static const char *
random_schema(struct lf_arena *arena, uint64_t *seed, unsigned depth)
{
    if (depth == 0 || kit_random(seed) % 4 == 0)
        return leaves[kit_random(seed) % LEAVES];
    const char *a = random_schema(arena, seed, depth - 1), *b = random_schema(arena, seed, depth - 1);
    switch (kit_random(seed) % 9) {
    case 0: return lf_arena_printf(arena, "{\"anyOf\":[%s,%s]}", a, b);
    case 1: return lf_arena_printf(arena, "{\"allOf\":[%s,%s]}", a, b);
    case 2: return lf_arena_printf(arena, "{\"items\":%s}", a);
    case 3: return lf_arena_printf(arena, "{\"prefixItems\":[%s],\"items\":%s}", a, b);
    case 4:
        return lf_arena_printf(arena,
                               "{\"allOf\":[{\"anyOf\":[%s,{\"type\":\"null\"}]},{\"type\":[\"null\","
                               "\"string\",\"number\"]}],\"not\":%s}",
                               a, b);
    case 5: return lf_arena_printf(arena, "{\"if\":%s,\"then\":%s}", a, b);
    case 6: return lf_arena_printf(arena, "{\"oneOf\":[%s,%s]}", a, b);
    default: return a;
    }
}

/* Both schemas declare all properties that are written: those that only one knows are another matter. */
static const char *
random_object(struct lf_arena *arena, uint64_t *seed)
{
    const char *a = random_schema(arena, seed, 2), *b = random_schema(arena, seed, 2);
    return lf_arena_printf(arena, "{\"type\":\"object\",\"properties\":{\"a\":%s,\"b\":%s}%s}", a, b,
                           kit_random(seed) % 2 ? ",\"required\":[\"a\"]" : "");
}

static bool
takes(const char *schema, const char *value)
{
    struct lf_arena arena;
    struct lf_jsonschema *compiled = NULL;
    struct lf_jsonschema_options options = {0};
    lf_arena_init(&arena, 0, 0);
    assert_int_equal(lf_jsonschema_compile(&options, lf_bytes_of(schema), &compiled, NULL), LF_OK);
    struct lf_value parsed = kit_json(&arena, value);
    size_t count = 0;
    bool valid = lf_jsonschema_validate(compiled, &parsed, &arena, NULL, 0, &count, NULL) == LF_OK;
    lf_jsonschema_free(compiled);
    lf_arena_release(&arena);
    return valid;
}

static void
test_what_is_called_compatible_is(void **state)
{
    (void)state;
    uint64_t seed = 20261124;
    size_t compatible = 0;
    for (size_t i = 0; i < 6000; i++) {
        struct lf_arena arena;
        lf_arena_init(&arena, 0, 0);
        bool object = kit_random(&seed) % 4 == 0, same = kit_random(&seed) % 3 == 0;
        const char *writer = object ? random_object(&arena, &seed) : random_schema(&arena, &seed, 3);
        const char *reader = same ? writer : object ? random_object(&arena, &seed) : random_schema(&arena, &seed, 2);
        if (breaks_of(&arena, LF_FORMAT_JSON_SCHEMA, reader, writer)[0] == '\0') {
            compatible++;
            for (size_t k = 0; k < VALUES; k++) {
                if (takes(writer, values[k]) && !takes(reader, values[k]))
                    fail_msg("%s is called to read %s, but not %s", reader, writer, values[k]);
            }
        } else if (reader == writer) {
            fail_msg("%s does not read itself: %s", reader, breaks_of(&arena, LF_FORMAT_JSON_SCHEMA, reader, writer));
        }
        lf_arena_release(&arena);
    }
    assert_true(compatible > 2000 && compatible < 5000);
}

/* --- levels ------------------------------------------------------------------------------------------------------- */

static void
test_levels(void **state)
{
    (void)state;
    static const struct lf_schema_version before[] = {
        {LF_LIT_INIT("1"), LF_LIT_INIT("{\"type\":[\"integer\",\"null\"]}"), NULL, 0},
        {LF_LIT_INIT("2"), LF_LIT_INIT("{\"type\":\"integer\",\"minimum\":1}"), NULL, 0},
    };
    static const struct lf_schema_version now = {LF_LIT_INIT("3"), LF_LIT_INIT("{\"type\":\"integer\"}"), NULL, 0};
    static const struct {
        enum lf_compat_level level;
        const char *breaks; /* the version, and whether forward */
    } levels[] = {{LF_COMPAT_NONE, ""},
                  {LF_COMPAT_BACKWARD, ""},
                  {LF_COMPAT_FORWARD, "2f"},
                  {LF_COMPAT_FULL, "2f"},
                  {LF_COMPAT_BACKWARD_TRANSITIVE, "1b"},
                  {LF_COMPAT_FORWARD_TRANSITIVE, "2f"},
                  {LF_COMPAT_FULL_TRANSITIVE, "1b2f"}};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        struct lf_arena arena;
        struct lf_schema_verdict verdict;
        const char *text = "";
        lf_arena_init(&arena, 0, 0);
        assert_int_equal(lf_schema_compare(LF_FORMAT_JSON, levels[i].level, before, 2, &now, &arena, &verdict, NULL),
                         LF_OK);
        for (size_t k = 0; k < verdict.count; k++)
            text = lf_arena_printf(&arena, "%s%.*s%c", text, LF_FMT(verdict.breaks[k].version),
                                   verdict.breaks[k].forward ? 'f' : 'b');
        assert_string_equal(text, levels[i].breaks);
        assert_int_equal(lf_schema_compare(LF_FORMAT_JSON, levels[i].level, NULL, 0, &now, &arena, &verdict, NULL),
                         LF_OK);
        assert_int_equal(verdict.count, 0);
        lf_arena_release(&arena);
    }
}

static void
test_avro(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    assert_string_equal(breaks_of(&arena, LF_FORMAT_AVRO, "\"long\"", "\"int\""), "");
    assert_true(breaks_of(&arena, LF_FORMAT_AVRO, "\"int\"", "\"long\"")[0] == ':');
    assert_non_null(strstr(breaks_of(&arena, LF_FORMAT_AVRO, "\"int\"", "{}"), "INVALID: before: "));
    lf_arena_release(&arena);
}

/* What explodes ends. */
static void
test_limits(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    const char *wide = "{\"type\":\"string\",\"allOf\":[{}";
    for (int i = 0; i < 40; i++)
        wide = lf_arena_printf(&arena, "%s,{\"anyOf\":[{\"minLength\":%d},{\"maxLength\":%d}]}", wide, i, i);
    wide = lf_arena_printf(&arena, "%s]}", wide);
    assert_non_null(strstr(breaks_of(&arena, LF_FORMAT_JSON, "{\"pattern\":\"x\"}", wide), "LIMIT: "));
    lf_arena_release(&arena);
}

static void
test_memory_runs_out(void **state)
{
    (void)state;
    static const struct lf_schema_version before = {
        LF_LIT_INIT("1"),
        LF_LIT_INIT("{\"properties\":{\"a\":{\"enum\":[1,2]},\"b\":{\"$ref\":\"#/$defs/x\"}},\"$defs\":"
                    "{\"x\":{\"type\":\"string\"}}}"),
        NULL, 0};
    static const struct lf_schema_version now = {
        LF_LIT_INIT("2"),
        LF_LIT_INIT("{\"properties\":{\"a\":{\"enum\":[1]},\"b\":{\"anyOf\":[{\"maxLength\":1},{\"type\":"
                    "\"null\"}]}},\"required\":[\"c\"]}"),
        NULL, 0};
    const int64_t live = lf_mem_live();
    bool hit = true;
    for (uint64_t n = 1; hit; n++) {
        struct lf_arena arena;
        struct lf_schema_verdict verdict = {0};
        lf_arena_init(&arena, 16, 0);
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_schema_compare(LF_FORMAT_JSON, LF_COMPAT_FULL, &before, 1, &now, &arena, &verdict, NULL);
        hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_true(st == LF_OK || (hit && st == LF_NO_MEMORY));
        assert_true(st != LF_OK || verdict.count > 3); /* never called compatible */
        lf_arena_release(&arena);
        assert_int_equal(lf_mem_live(), live);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),   cmocka_unit_test(test_what_is_called_compatible_is),
        cmocka_unit_test(test_levels), cmocka_unit_test(test_avro),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
