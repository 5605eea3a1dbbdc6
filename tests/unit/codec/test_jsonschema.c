/*
 * JSON Schema beyond the official suite: what errors tell, exact numbers, what is wrong with schemas, references, and
 * the bounds on hostile schemas and values.
 */
#include "jsonschema_kit.h"

#include "base/mem.h"

/* --- errors ------------------------------------------------------------------------------------------------------- */

static void
assert_error(const struct lf_jsonschema_error *error, const char *instance, const char *keyword, const char *schema,
             const char *words)
{
    if (!lf_bytes_equal_text(error->instance, instance) || !lf_bytes_equal_text(error->keyword, keyword) ||
        !lf_bytes_equal_text(error->schema, schema) ||
        memmem(error->message.ptr, error->message.len, words, strlen(words)) == NULL)
        fail_msg("%.*s | %.*s | %.*s | %.*s, wanted %s", LF_FMT(error->instance), LF_FMT(error->keyword),
                 LF_FMT(error->schema), LF_FMT(error->message), words);
}

static void
test_errors_tell_place_keyword_and_value(void **state)
{
    (void)state;
    struct lf_arena arena;
    struct kit_verdict v;
    struct lf_jsonschema *schema =
        kit_compile(&kit_plain, "{\"$defs\":{\"n\":{\"$id\":\"https://example.com/n\",\"minimum\":5}},"
                                "\"required\":[\"x\"],\"properties\":{\"a/b\":{\"items\":{\"maxLength\":2}},"
                                "\"~\":{\"$ref\":\"#/$defs/n\"}},\"additionalProperties\":false}");
    lf_arena_init(&arena, 0, 0);
    kit_judge(schema, "{\"a/b\":[\"ab\",\"abc\"],\"~\":4.5,\"more\":null}", &arena, &v);
    assert_int_equal(v.status, LF_INVALID);
    assert_int_equal(v.count, 4);
    assert_error(&v.errors[0], "/a~1b/1", "maxLength", "#/properties/a~1b/items/maxLength",
                 "\"abc\" has 3 characters, at most 2 are allowed");
    assert_error(&v.errors[1], "/~0", "minimum", "https://example.com/n#/minimum", "4.5 is not at least 5");
    assert_error(&v.errors[2], "/more", "additionalProperties", "#/additionalProperties", "not allowed");
    assert_error(&v.errors[3], "", "required", "#/required", "lacks the property \"x\"");
    assert_string_equal(v.err.text, "/a~1b/1: \"abc\" has 3 characters, at most 2 are allowed");
    lf_arena_release(&arena);
    lf_jsonschema_free(schema);
}

static void
test_alternatives_are_explained(void **state)
{
    (void)state;
    struct lf_arena arena;
    struct kit_verdict v;
    struct lf_jsonschema *schema =
        kit_compile(&kit_plain, "{\"oneOf\":[{\"type\":\"string\"},{\"anyOf\":[{\"minimum\":3},{\"const\":1}]}]}");
    lf_arena_init(&arena, 0, 0);
    kit_judge(schema, "2", &arena, &v);
    assert_int_equal(v.count, 5);
    assert_error(&v.errors[0], "", "oneOf", "#/oneOf", "matches none of 2 schemas");
    assert_error(&v.errors[1], "", "type", "#/oneOf/0/type", "2 is not of type string");
    assert_error(&v.errors[2], "", "anyOf", "#/oneOf/1/anyOf", "none of 2");
    assert_error(&v.errors[4], "", "const", "#/oneOf/1/anyOf/1/const", "2 is not the one value");
    kit_judge(schema, "\"s\"", &arena, &v);
    assert_error(&v.errors[0], "", "oneOf", "#/oneOf", "matches the schemas 0 and 1");
    lf_arena_release(&arena);
    lf_jsonschema_free(schema);
}

static void
test_errors_are_bounded(void **state)
{
    (void)state;
    struct lf_arena arena;
    struct lf_value value;
    struct lf_jsonschema_error errors[3];
    size_t count;
    struct lf_jsonschema *schema = kit_compile(&kit_plain, "{\"items\":{\"type\":\"string\"}}");
    lf_arena_init(&arena, 0, 0);
    assert_int_equal(lf_json_parse(&arena, LF_LIT("[1,2,3,4,5]"), &value, NULL), LF_OK);
    assert_int_equal(lf_jsonschema_validate(schema, &value, &arena, errors, 3, &count, NULL), LF_INVALID);
    assert_int_equal(count, 3);
    assert_error(&errors[2], "/2", "type", "#/items/type", "3 is not");
    assert_int_equal(lf_jsonschema_validate(schema, &value, &arena, NULL, 0, &count, NULL), LF_INVALID);
    assert_int_equal(count, 0);
    lf_arena_release(&arena);
    lf_jsonschema_free(schema);
}

/* Values in messages are cut: a megabyte must not come back a hundred times. */
static void
test_long_values_are_cut(void **state)
{
    (void)state;
    static char text[200000];
    struct lf_arena arena;
    struct kit_verdict v;
    struct lf_jsonschema *schema = kit_compile(&kit_plain, "{\"type\":\"null\",\"items\":{\"maxLength\":1}}");
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "[\"", 2);
    memcpy(text + sizeof(text) - 3, "\"]", 2);
    lf_arena_init(&arena, 0, 0);
    kit_judge(schema, text, &arena, &v);
    assert_int_equal(v.count, 2);
    assert_true(v.errors[0].message.len < 400 && v.errors[1].message.len < 400);
    lf_arena_release(&arena);
    lf_jsonschema_free(schema);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static void
test_numbers_are_exact(void **state)
{
    (void)state;
    static const struct kit_row rows[] = {
        {"{\"maximum\":9007199254740992}", "9007199254740993", false},
        {"{\"maximum\":9007199254740992}", "9007199254740992.0", true},
        {"{\"exclusiveMinimum\":0.1}", "0.1000", false},
        {"{\"exclusiveMinimum\":0.1}", "0.10000000000000000000000000001", true},
        {"{\"minimum\":-1e-400}", "-1e-399", false},
        {"{\"minimum\":-1e-400}", "-0", true},
        {"{\"maximum\":1e400}", "1e401", false},
        {"{\"maximum\":1e400}", "99e398", true},
        {"{\"multipleOf\":0.1}", "0.3", true},
        {"{\"multipleOf\":0.1}", "0.35", false},
        {"{\"multipleOf\":0.01}", "1e300", true},
        {"{\"multipleOf\":3}", "1e30000", false},
        {"{\"multipleOf\":8}", "1e30000", true},
        {"{\"multipleOf\":3}", "123456789012345678901234567890", true},
        {"{\"multipleOf\":123456789012345678901234567}", "246913578024691357802469134", true},
        {"{\"multipleOf\":123456789012345678901234567}", "246913578024691357802469135", false},
        {"{\"multipleOf\":1.23456789012345678901234567}", "1234567890123456789012345670000", true},
        {"{\"multipleOf\":262144e-30}", "1", true},
        {"{\"multipleOf\":786432e-30}", "1", false},
        {"{\"multipleOf\":3.0000000000000000000000000000000000001}", "6", false},
        {"{\"multipleOf\":1}", "-9223372036854775808", true},
        {"{\"type\":\"integer\"}", "1e3", true},
        {"{\"type\":\"integer\"}", "1.50e1", true},
        {"{\"type\":\"integer\"}", "1.05e1", false},
        {"{\"const\":18014398509481985}", "18014398509481984", false},
        {"{\"enum\":[1.50]}", "15e-1", true},
        {"{\"uniqueItems\":true}", "[1,1.0]", false},
        {"{\"maxLength\":2.0}", "\"abc\"", false},
        {"{\"maxLength\":1e99}", "\"abc\"", true},
    };
    kit_rows(&kit_plain, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
test_many_items(void **state)
{
    (void)state;
    static const struct kit_row rows[] = {
        {"{\"uniqueItems\":true}", "[1,2,3,4,5,6,7,8,9,10,\"1\",[1],{\"a\":1},{\"a\":2},null,false]", true},
        {"{\"uniqueItems\":true}", "[1,2,3,4,5,6,7,8,9,{\"a\":1,\"b\":[2.0]},{\"b\":[2],\"a\":1e0}]", false},
        {"{\"uniqueItems\":true}", "[[\"a\"],[\"b\"],[\"c\"],[\"d\"],[\"e\"],[\"f\"],[\"g\"],[\"h\"],[\"a\"]]", false},
        {"{\"enum\":[\"a\",\"b\",\"cc\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"\"]}", "\"cc\"", true},
        {"{\"enum\":[\"a\",\"b\",\"cc\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"\"]}", "\"\"", true},
        {"{\"enum\":[\"a\",\"b\",\"cc\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"\"]}", "\"dd\"", false},
        {"{\"enum\":[\"a\",\"b\",\"cc\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"\"]}", "1", false},
        {"{\"properties\":{\"a\":true,\"b\":true,\"c\":true,\"d\":true,\"e\":true,\"f\":true,\"g\":true,\"h\":true,"
         "\"ii\":false},\"required\":[\"a\",\"z\",\"a\"]}",
         "{\"z\":1,\"c\":2,\"a\":3}", true},
        {"{\"properties\":{\"a\":true,\"b\":true,\"c\":true,\"d\":true,\"e\":true,\"f\":true,\"g\":true,\"h\":true,"
         "\"ii\":false},\"required\":[\"a\",\"z\",\"a\"]}",
         "{\"z\":1,\"ii\":2,\"a\":3}", false},
        {"{\"required\":[\"a\",\"z\"]}", "{\"z\":1,\"b\":2}", false},
    };
    kit_rows(&kit_plain, rows, sizeof(rows) / sizeof(rows[0]));
}

/* More members than the marks have room for on the stack. */
static void
test_many_unevaluated(void **state)
{
    (void)state;
    char text[4096] = "{";
    size_t len = 1;
    for (int i = 0; i < 200; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "\"p%d\":%d,", i, i);
    snprintf(text + len, sizeof(text) - len, "\"q\":1}");
    const char *schema = "{\"anyOf\":[{\"patternProperties\":{\"^p\":true}},{\"required\":[\"none\"]}],"
                         "\"properties\":{\"q\":true},\"unevaluatedProperties\":false}";
    assert_int_equal(kit_check(&kit_plain, schema, text), LF_OK);
    snprintf(text + len, sizeof(text) - len, "\"r\":1}");
    assert_int_equal(kit_check(&kit_plain, schema, text), LF_INVALID);
}

/* --- schemas that are wrong --------------------------------------------------------------------------------------- */

static void
test_wrong_schemas(void **state)
{
    (void)state;
    static const struct {
        const char *schema;
        enum lf_status status;
        const char *words;
    } rows[] = {
        {"", LF_INVALID, "empty"},
        {"{", LF_INVALID, "JSON at byte"},
        {"[]", LF_INVALID, "#: a schema is an object"},
        {"{\"type\":\"strin\"}", LF_INVALID, "#/type: the name of a type"},
        {"{\"type\":[]}", LF_INVALID, "#/type: "},
        {"{\"properties\":{\"a\":{\"type\":[\"null\",\"null\"]}}}", LF_INVALID, "#/properties/a/type: "},
        {"{\"$defs\":{\"unused\":{\"minLength\":-1}}}", LF_INVALID, "#/$defs/unused/minLength: an integer"},
        {"{\"minLength\":1.5}", LF_INVALID, "#/minLength"},
        {"{\"multipleOf\":0}", LF_INVALID, "#/multipleOf: a number greater than 0"},
        {"{\"required\":[1]}", LF_INVALID, "#/required"},
        {"{\"properties\":{\"a\":1}}", LF_INVALID, "#/properties"},
        {"{\"items\":[{}]}", LF_INVALID, "prefixItems"},
        {"{\"allOf\":[]}", LF_INVALID, "#/allOf"},
        {"{\"not\":{\"enum\":1}}", LF_INVALID, "#/not/enum"},
        {"{\"pattern\":\"a(\"}", LF_INVALID, "#/pattern: "},
        {"{\"patternProperties\":{\"[\":true}}", LF_INVALID, "#/patternProperties: "},
        {"{\"format\":1}", LF_INVALID, "#/format"},
        {"{\"title\":1}", LF_INVALID, "#/title"},
        {"{\"$id\":\"https://a/b#c\"}", LF_INVALID, "use $anchor"},
        {"{\"$anchor\":\"1\"}", LF_INVALID, "#/$anchor"},
        {"{\"$ref\":\"#/$defs/none\"}", LF_INVALID, "#/$ref: \"#/$defs/none\": there is nothing at #/$defs/none"},
        {"{\"$ref\":\"#none\"}", LF_INVALID, "there is no anchor \"none\""},
        {"{\"$ref\":\"#/%zz\"}", LF_INVALID, "escape"},
        {"{\"$ref\":\"#/~2\"}", LF_INVALID, "there is nothing"},
        {"{\"$ref\":\"#/enum\",\"enum\":[]}", LF_INVALID, "a schema is an object"},
        {"{\"$ref\":\"https://example.com/none\"}", LF_NOT_FOUND, "there is no schema https://example.com/none"},
        {"{\"$schema\":\"http://json-schema.org/draft-04/schema#\"}", LF_UNSUPPORTED, "2020-12 and 07"},
        {"{\"$schema\":\"https://json-schema.org/draft/2019-09/schema\"}", LF_UNSUPPORTED, "2020-12 and 07"},
        {"{\"$schema\":\"https://example.com/mine\"}", LF_NOT_FOUND, "metaschema"},
        {"{\"$schema\":1}", LF_INVALID, "#/$schema"},
        {"{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\"b\":{\"$anchor\":\"x\"}}}", LF_INVALID, "another schema"},
        {"{\"$defs\":{\"a\":{\"$id\":\"x\"},\"b\":{\"$id\":\"x\"}}}", LF_INVALID, "another schema has the URI x"},
        {"{\"$ref\":\"#\"}", LF_INVALID, "without end"},
        {"{\"anyOf\":[{\"type\":\"null\"},{\"not\":{\"$ref\":\"#\"}}]}", LF_INVALID, "without end"},
        {"{\"$defs\":{\"a\":{\"$ref\":\"#b\"},\"b\":{\"$anchor\":\"b\",\"allOf\":[true,{\"$ref\":\"#/$defs/a\"}]}}}",
         LF_INVALID, "without end"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_jsonschema *schema = NULL;
        struct lf_err err = {0};
        enum lf_status st = lf_jsonschema_compile(&kit_plain, lf_bytes_of(rows[i].schema), &schema, &err);
        if (st != rows[i].status || strstr(err.text, rows[i].words) == NULL)
            fail_msg("%s: %s: %s", rows[i].schema, lf_status_name(st), err.text);
        assert_null(schema);
    }
}

/* Draft 07 reads some of the same texts in another way. */
static void
test_drafts_differ(void **state)
{
    (void)state;
    static const struct lf_jsonschema_options old = {.draft = LF_JSONSCHEMA_07};
    static const struct kit_row rows[] = {
        {"{\"items\":[{\"type\":\"null\"}],\"additionalItems\":false}", "[null]", true},
        {"{\"items\":[{\"type\":\"null\"}],\"additionalItems\":false}", "[null,1]", false},
        {"{\"definitions\":{\"a\":true},\"$ref\":\"#/definitions/a\",\"type\":\"null\"}", "1", true},
        {"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", true},
        {"{\"dependencies\":{\"a\":[\"b\"],\"c\":{\"required\":[\"d\"]}}}", "{\"a\":1}", false},
        {"{\"unevaluatedProperties\":false}", "{\"a\":1}", true},
        {"{\"$id\":\"http://example.com/\",\"definitions\":{\"x\":{\"$id\":\"#x\",\"type\":\"null\"}},"
         "\"properties\":{\"a\":{\"$ref\":\"#x\"}}}",
         "{\"a\":1}", false},
        {"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"unevaluatedProperties\":false}", "{\"a\":1}",
         false},
    };
    kit_rows(&old, rows, sizeof(rows) / sizeof(rows[0]));
    assert_int_equal(kit_check(&kit_plain,
                               "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"prefixItems\":[false]}",
                               "[1]"),
                     LF_OK);
}

/* --- documents ---------------------------------------------------------------------------------------------------- */

static const char *const library[][2] = {
    {"https://example.com/a.json", "{\"type\":\"object\",\"properties\":{\"b\":{\"$ref\":\"b.json#/$defs/b\"}}}"},
    {"https://example.com/b.json", "{\"$defs\":{\"b\":{\"$ref\":\"a.json\"},\"bad\":{\"$ref\":\"gone.json\"}}}"},
    {"https://example.com/broken.json", "{"},
    {"https://example.com/meta.json",
     "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$vocabulary\":{"
     "\"https://json-schema.org/draft/2020-12/vocab/core\":true,"
     "\"https://json-schema.org/draft/2020-12/vocab/format-assertion\":true,\"https://example.com/own\":false}}"},
    {"https://example.com/strict.json",
     "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$vocabulary\":{\"https://example.com/v\":true}}"},
    {"https://example.com/self.json", "{\"$schema\":\"https://example.com/self.json\"}"},
};

static enum lf_status
from_library(void *user, struct lf_bytes uri, struct lf_arena *arena, struct lf_bytes *ret_text, struct lf_err *err)
{
    size_t *calls = user;
    (void)arena;
    ++*calls;
    for (size_t i = 0; i < sizeof(library) / sizeof(library[0]); i++) {
        if (lf_bytes_equal_text(uri, library[i][0])) {
            *ret_text = lf_bytes_of(library[i][1]);
            return LF_OK;
        }
    }
    return lf_fail(err, LF_UNAVAILABLE, "the library is closed");
}

static void
test_other_documents(void **state)
{
    (void)state;
    size_t calls = 0;
    const struct lf_jsonschema_options options = {
        .base_uri = LF_LIT("https://example.com/root.json"), .resolve = from_library, .user = &calls};
    static const struct kit_row rows[] = {
        {"{\"$ref\":\"a.json\"}", "{\"b\":{\"b\":{}}}", true},
        {"{\"$ref\":\"a.json\"}", "{\"b\":{\"b\":1}}", false},
        {"{\"$schema\":\"https://example.com/meta.json\",\"format\":\"ipv4\",\"type\":\"null\"}", "\"1.2.3.4\"", true},
        {"{\"$schema\":\"https://example.com/meta.json\",\"format\":\"ipv4\",\"type\":\"null\"}", "\"1.2.3\"", false},
        {"{\"$schema\":\"https://example.com/self.json\",\"type\":\"null\"}", "1", false},
        {"{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}", "{\"items\":{\"type\":\"object\"}}", true},
        {"{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}", "{\"items\":{\"type\":\"objec\"}}", false},
        {"{\"$ref\":\"http://json-schema.org/draft-07/schema#\"}", "{\"items\":[{\"minItems\":-1}]}", false},
    };
    kit_rows(&options, rows, sizeof(rows) / sizeof(rows[0]));
    assert_int_equal(calls, 7);
    static const struct {
        const char *schema;
        enum lf_status status;
        const char *words;
    } wrong[] = {
        {"{\"$ref\":\"gone.json\"}", LF_UNAVAILABLE, "the library is closed"},
        {"{\"$ref\":\"b.json#/$defs/bad\"}", LF_UNAVAILABLE, "https://example.com/b.json#/$defs/bad/$ref"},
        {"{\"$ref\":\"broken.json\"}", LF_INVALID, "https://example.com/broken.json: JSON at byte"},
        {"{\"$schema\":\"https://example.com/strict.json\"}", LF_UNSUPPORTED, "vocabulary https://example.com/v"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct lf_jsonschema *schema = NULL;
        struct lf_err err = {0};
        enum lf_status st = lf_jsonschema_compile(&options, lf_bytes_of(wrong[i].schema), &schema, &err);
        if (st != wrong[i].status || strstr(err.text, wrong[i].words) == NULL)
            fail_msg("%s: %s: %s", wrong[i].schema, lf_status_name(st), err.text);
    }
}

static void
test_values_as_schemas(void **state)
{
    (void)state;
    struct lf_arena arena;
    struct lf_value value;
    struct lf_jsonschema *schema;
    struct kit_verdict v;
    lf_arena_init(&arena, 0, 0);
    assert_int_equal(lf_json_parse(&arena, LF_LIT("{\"maxLength\":1}"), &value, NULL), LF_OK);
    assert_int_equal(lf_jsonschema_compile_value(&kit_plain, &value, &schema, NULL), LF_OK);
    lf_arena_reset(&arena); /* the schema has its own copy */
    kit_judge(schema, "\"ab\"", &arena, &v);
    assert_int_equal(v.status, LF_INVALID);
    lf_jsonschema_free(schema);
    lf_arena_release(&arena);
}

/* --- bounds ------------------------------------------------------------------------------------------------------- */

static void
test_recursion_ends(void **state)
{
    (void)state;
    /* the circle is closed by a condition, which only a value can tell */
    assert_int_equal(kit_check(&kit_plain, "{\"if\":true,\"then\":{\"$ref\":\"#\"}}", "1"), LF_LIMIT);
    assert_int_equal(kit_check(&kit_plain, "{\"$dynamicAnchor\":\"x\",\"$dynamicRef\":\"#x\"}", "1"), LF_LIMIT);
    /* a schema of trees is no circle */
    assert_int_equal(
        kit_check(&kit_plain, "{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#\"}}", "{\"a\":{\"b\":{}}}"),
        LF_OK);
}

/* 2^40 ways through 40 definitions. */
static void
test_work_is_bounded(void **state)
{
    (void)state;
    char text[8192] = "{\"$ref\":\"#/$defs/d0\",\"$defs\":{";
    size_t len = strlen(text);
    for (int i = 0; i < 40; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "\"d%d\":{\"allOf\":[{\"$ref\":\"#/$defs/d%d\"},{\"$ref\":\"#/$defs/d%d\"}]},", i,
                                i + 1, i + 1);
    snprintf(text + len, sizeof(text) - len, "\"d40\":{\"minimum\":1}}}");
    assert_int_equal(kit_check(&kit_plain, text, "1"), LF_LIMIT);
    assert_int_equal(kit_check(&kit_plain, text, "0"), LF_INVALID); /* the first errors are enough */
    const struct lf_jsonschema_options few = {.steps_max = 100};
    assert_int_equal(kit_check(&few, "{\"items\":{\"type\":\"null\"}}",
                               "[null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,"
                               "null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,"
                               "null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null]"),
                     LF_LIMIT);
}

static void
test_patterns_are_bounded(void **state)
{
    (void)state;
    const char *text = "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"";
    assert_int_equal(kit_check(&kit_plain, "{\"pattern\":\"^(a|aa|a)+$\"}", text), LF_LIMIT);
    assert_int_equal(kit_check(&kit_plain, "{\"not\":{\"pattern\":\"^(a|aa|a)+$\"}}", text), LF_LIMIT);
    assert_int_equal(kit_check(&kit_plain, "{\"anyOf\":[{\"pattern\":\"^(a|aa|a)+$\"},true]}", text), LF_LIMIT);
}

static void
test_memory_is_bounded(void **state)
{
    (void)state;
    static char text[300000];
    struct lf_jsonschema *schema = NULL;
    struct lf_err err = {0};
    const struct lf_jsonschema_options little = {.memory_max = 500000};
    size_t len = (size_t)snprintf(text, sizeof(text), "{\"allOf\":[");
    while (len < sizeof(text) - 30)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "{\"minimum\":1},");
    snprintf(text + len, sizeof(text) - len, "true]}");
    assert_int_equal(lf_jsonschema_compile(&little, lf_bytes_of(text), &schema, &err), LF_LIMIT);
    assert_non_null(strstr(err.text, "500000"));
    assert_int_equal(lf_jsonschema_compile(&kit_plain, lf_bytes_of(text), &schema, &err), LF_OK);
    lf_jsonschema_free(schema);
}

static void
test_depth_is_bounded(void **state)
{
    (void)state;
    char text[4096];
    size_t len = 0;
    struct lf_jsonschema *schema = NULL;
    for (int i = 0; i < 130; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "{\"not\":");
    len += (size_t)snprintf(text + len, sizeof(text) - len, "true");
    for (int i = 0; i < 130; i++)
        text[len++] = '}';
    assert_int_equal(lf_jsonschema_compile(&kit_plain, lf_bytes(text, len), &schema, NULL), LF_LIMIT);
}

/* --- memory that runs out ----------------------------------------------------------------------------------------- */

static const char whole[] =
    "{\"$id\":\"https://example.com/whole\",\"$defs\":{\"a\":{\"$anchor\":\"a\",\"type\":[\"string\",\"null\"],"
    "\"pattern\":\"^\\\\p{Letter}+$\"},\"m\":{\"$ref\":\"https://json-schema.org/draft/2020-12/meta/validation\"}},"
    "\"properties\":{\"a\":{\"$ref\":\"#a\"},\"l\":{\"uniqueItems\":true,\"prefixItems\":[{\"const\":{\"x\":1}}],"
    "\"items\":{\"enum\":[1,2,3,4,5,6,7,8,9,10,11,12,\"x\"]}},\"n\":{\"multipleOf\":0.5,\"maximum\":7},"
    "\"h\":{\"format\":\"idn-hostname\"}},"
    "\"patternProperties\":{\"^p\":{\"anyOf\":[{\"type\":\"null\"},{\"$dynamicRef\":\"#d\"}]}},"
    "\"$dynamicAnchor\":\"d\",\"dependentRequired\":{\"l\":[\"n\"]},\"if\":{\"required\":[\"n\"]},"
    "\"then\":{\"minProperties\":1},\"unevaluatedProperties\":false}";

static enum lf_status
compile_and_judge(const char *text, bool *ret_compiled)
{
    const struct lf_jsonschema_options options = {.assert_formats = true};
    struct lf_jsonschema *schema = NULL;
    struct lf_jsonschema_error errors[KIT_ERRORS_MAX];
    struct lf_arena arena;
    struct lf_value value;
    struct lf_err err = {0};
    size_t count;
    *ret_compiled = false;
    enum lf_status st = lf_jsonschema_compile(&options, lf_bytes_of(whole), &schema, &err);
    if (st != LF_OK) {
        assert_int_equal(err.status, st);
        return st;
    }
    *ret_compiled = true;
    lf_arena_init(&arena, 0, 0);
    st = lf_json_parse(&arena, lf_bytes_of(text), &value, &err);
    if (st == LF_OK)
        st = lf_jsonschema_validate(schema, &value, &arena, errors, KIT_ERRORS_MAX, &count, &err);
    lf_arena_release(&arena);
    lf_jsonschema_free(schema);
    return st;
}

static void
fail_every_allocation(const char *text, enum lf_status expected)
{
    int64_t live = lf_mem_live();
    bool compiled;
    for (uint64_t n = 1;; n++) {
        lf_mem_fail_at(n, false);
        enum lf_status st = compile_and_judge(text, &compiled);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(lf_mem_live(), live);
        if (!hit) {
            assert_int_equal(st, expected);
            assert_true(n > 20);
            return;
        }
        /* equality of large objects falls back to a slower way: a verdict is fine, if it is the right one */
        if (st != LF_NO_MEMORY && st != expected)
            fail_msg("allocation %llu: %s", (unsigned long long)n, lf_status_name(st));
    }
}

static void
test_memory_runs_out(void **state)
{
    (void)state;
    fail_every_allocation("{\"a\":\"x\",\"l\":[{\"x\":1},1,2,3,4,5,6,7,8,9],\"n\":1.5,\"p\":{\"a\":null}}", LF_OK);
    fail_every_allocation("{\"a\":\"1\",\"l\":[{\"x\":1},1,2,3,4,5,6,7,8,1],\"n\":1.7,\"p\":{\"a\":7},\"z\":1}",
                          LF_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_tell_place_keyword_and_value),
        cmocka_unit_test(test_alternatives_are_explained),
        cmocka_unit_test(test_errors_are_bounded),
        cmocka_unit_test(test_long_values_are_cut),
        cmocka_unit_test(test_numbers_are_exact),
        cmocka_unit_test(test_many_items),
        cmocka_unit_test(test_many_unevaluated),
        cmocka_unit_test(test_wrong_schemas),
        cmocka_unit_test(test_drafts_differ),
        cmocka_unit_test(test_other_documents),
        cmocka_unit_test(test_values_as_schemas),
        cmocka_unit_test(test_recursion_ends),
        cmocka_unit_test(test_work_is_bounded),
        cmocka_unit_test(test_patterns_are_bounded),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
