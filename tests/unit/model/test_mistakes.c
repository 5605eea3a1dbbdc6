/*
 * Schemas that cannot work. data/mistakes.graphql has one of nearly every mistake; the errors, printed, must be those
 * of data/mistakes.expected, all at once and each at its place. Small schemas do the rest.
 */
#include "base/mem.h"
#include "kit.h"

#include <stdlib.h>

static char *
read_file(const char *name)
{
    char path[4096];
    const char *root = getenv("LF_TEST_ROOT");
    snprintf(path, sizeof(path), "%s/tests/unit/model/data/%s", root != NULL ? root : ".", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    size_t len = fread(text, 1, (1 << 20) - 1, file);
    assert_true(len > 0);
    fclose(file);
    return text;
}

/* Compiles files that must fail; the printed errors, to be freed. */
static char *
errors_of(const struct lf_model_file *files, size_t count)
{
    struct lf_arena arena;
    struct lf_gql_errors errors;
    struct lf_buf text;
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 1000);
    lf_buf_init(&text, 1 << 20);
    struct lf_model *model = lf_model_compile(files, count, &errors);
    assert_null(model);
    assert_false(errors.no_memory);
    lf_gql_errors_print(&text, &errors);
    char *copy = strndup(text.ptr != NULL ? text.ptr : "", text.len);
    assert_non_null(copy);
    lf_buf_release(&text);
    lf_arena_release(&arena);
    return copy;
}

/* Shows the first line that differs. */
static void
assert_same_lines(const char *got, const char *want)
{
    for (size_t line = 1; *got != '\0' || *want != '\0'; line++) {
        size_t got_len = strcspn(got, "\n");
        size_t want_len = strcspn(want, "\n");
        if (got_len != want_len || memcmp(got, want, got_len) != 0)
            fail_msg("line %zu: got\n%.*s\nexpected\n%.*s", line, (int)got_len, got, (int)want_len, want);
        got += got_len + (got[got_len] == '\n');
        want += want_len + (want[want_len] == '\n');
    }
}

static void
test_mistakes(void **state)
{
    (void)state;
    char *sdl = read_file("mistakes.graphql");
    char *want = read_file("mistakes.expected");
    const struct lf_model_file file = {"mistakes.graphql", lf_bytes_of(sdl)};
    char *got = errors_of(&file, 1);
    if (getenv("LF_TEST_PRINT") != NULL)
        printf("%s", got);
    assert_same_lines(got, want);
    free(got);
    free(want);
    free(sdl);
}

static const struct {
    const char *sdl, *errors;
} rows[] = {
    {"", "a.graphql:1:1: error: the schema file is empty: declare at least one event (a type with @event)\n"},
    {" \n# nothing\n,\t", "a.graphql:1:1: error: the schema file is empty: declare at least one event (a type with "
                          "@event)\n"},
    {"type A @entity(key: \"id\") { id: ID! }",
     "a.graphql:1:1: error: the schema has no events: declare at least one (a type with @event), and a mutation with "
     "@emits to make it\n"},
    {"type A @event { id: ID! ", "a.graphql:1:25: error: Syntax Error: Expected Name, found <EOF>.\n"},
    {"\xff", "a.graphql:1:1: error: the schema file is not well-formed UTF-8, from byte 0 on\n"},
    {"schema { query: Q mutation: M }\ntype Q { a: Int }\ntype M { b: Receipt! }\ntype E @event { id: ID }",
     "a.graphql:2:10: error: field \"a\" of \"Q\" has nothing to answer it: the fields of queries follow from the "
     "@entity types; remove this one\n"
     "a.graphql:3:10: error: mutation \"b\" makes no event: say which with @emits(event: \"…\")\n"},
    {"type E @event { a: EventStatus, b: [Receipt], c: O, d: Nope }\ntype O { x: PageInfo!, y: IDFilter }\n"
     "type Mutation { m(a: EventStatus, c: I): Receipt @emits(event: \"E\") }\ninput I { x: EFilter, y: StringFilter }",
     "a.graphql:1:17: error: the type of \"a\" is EventStatus, which is provided for answers and filters and cannot "
     "be part of an event or entity: use a type of your own\n"
     "a.graphql:1:33: error: the type of \"b\" is Receipt, which is provided for answers and filters and cannot be "
     "part of an event or entity: use a type of your own\n"
     "a.graphql:1:56: error: Unknown type \"Nope\".\n"
     "a.graphql:2:10: error: the type of \"x\" is PageInfo, which is provided for answers and filters and cannot be "
     "part of an event or entity: use a type of your own\n"
     "a.graphql:2:24: error: The type of O.y must be Output Type but got: IDFilter.\n"
     "a.graphql:3:19: error: the type of \"a\" is EventStatus, which is provided for answers and filters and cannot "
     "be part of an event or entity: use a type of your own\n"
     "a.graphql:3:35: error: argument \"c\" is I, but fills \"c\" of \"E\", which is O: use one type\n"
     "a.graphql:4:14: error: Unknown type \"EFilter\". Did you mean \"IDFilter\" or \"IntFilter\"?\n"
     "a.graphql:4:23: error: the type of \"y\" is StringFilter, which is provided for answers and filters and cannot "
     "be part of an event or entity: use a type of your own\n"},
    {"type Time @entity(key: \"id\") { id: ID! }\ntype E @event(entity: \"Time\") { id: ID! }",
     "a.graphql:1:6: error: type \"Time\" has the name of one that is provided or follows from an entity: rename "
     "yours\n"},
    {"type A @entity(key: \"id\", collection: \"event\") { id: ID! }\ntype E @event(entity: \"A\") { id: ID! }",
     "a.graphql:1:6: error: collection \"event\" of \"A\" is also that of \"Event\": rename one, or choose "
     "@entity(collection:)\n"},
    {"type Event @entity(key: \"id\") { id: ID! }\ntype E @event(entity: \"Event\") { id: ID! }",
     "a.graphql:1:6: error: type \"Event\" has the name of one that is provided or follows from an entity: rename "
     "yours\n"},
};

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct lf_model_file file = {"a.graphql", lf_bytes_of(rows[i].sdl)};
        char *got = errors_of(&file, 1);
        assert_same_lines(got, rows[i].errors);
        free(got);
    }
    char *got = errors_of(NULL, 0);
    assert_string_equal(got, "error: no schema file was given\n");
    free(got);
}

/* Which types of event fields may be copied into which of entity fields. */
static const struct {
    const char *from, *to;
    bool fine;
} pairs[] = {
    {"Int", "Int", true},         {"Int", "Float", true},        {"Int", "BigInt", true},
    {"Int", "Decimal", true},     {"Int", "ID", true},           {"Int", "String", false},
    {"Float", "Int", false},      {"Float", "Decimal", false},   {"Float", "BigInt", false},
    {"Decimal", "Float", false},  {"BigInt", "Float", false},    {"BigInt", "Int", false},
    {"BigInt", "Decimal", true},  {"String", "Float", false},    {"String", "ID", true},
    {"ID", "String", true},       {"UUID", "ID", true},          {"String", "UUID", false},
    {"DateTime", "String", true}, {"String", "DateTime", false}, {"Date", "DateTime", false},
    {"Tint", "String", true},     {"String", "Tint", false},     {"Tint", "Tint", true},
    {"Tint", "Hue", false},       {"Boolean", "Int", false},     {"Boolean", "JSON", true},
    {"[Int]", "JSON", true},      {"JSON", "Int", false},        {"[Int]", "[Int]", true},
    {"[Int]", "Int", false},      {"Int", "[Int]", false},       {"[Int]", "[Int!]", false},
    {"[Int!]", "[Float]", true},  {"Int", "Int!", true},         {"Int!", "Int", true},
    {"Point", "Point", true},     {"Point", "Wider", true},      {"Wider", "Point", false},
    {"Point", "Strict", false},   {"Strict", "Point", true},     {"Tree", "Tree2", true},
    {"[Point]", "[Wider]", true}, {"Point", "Int", false},
};

static void
test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char sdl[1024];
        struct lf_arena arena;
        struct lf_gql_errors errors;
        snprintf(sdl, sizeof(sdl),
                 "enum Tint { A } enum Hue { A } type Point { x: Int } type Wider { x: Float, y: Int }\n"
                 "type Strict { x: Int! } type Tree { of: [Tree], x: Int } type Tree2 { of: [Tree2], x: Float }\n"
                 "type A @entity(key: \"id\") { id: ID!, v: %s } type E @event(entity: \"A\") { id: ID!, v: %s }",
                 pairs[i].to, pairs[i].from);
        const struct lf_model_file file = {"a.graphql", lf_bytes_of(sdl)};
        lf_arena_init(&arena, 0, 0);
        lf_gql_errors_init(&errors, &arena, 10);
        struct lf_model *model = lf_model_compile(&file, 1, &errors);
        if ((model != NULL) != pairs[i].fine)
            fail_msg("%s to %s: %zu errors", pairs[i].from, pairs[i].to, errors.count);
        lf_model_free(model);
        lf_arena_release(&arena);
    }
}

/* Files are merged; each error has the name of its own. */
static void
test_two_files(void **state)
{
    (void)state;
    const struct lf_model_file files[] = {
        {"a.graphql", LF_LIT("type A @entity(key: \"id\") { id: ID! }\ntype Mutation { a(id: ID!): Receipt }")},
        {"b.graphql", LF_LIT("type E @event(entity: \"A\") { id: ID }\nextend type A { id2: Nope }")},
    };
    char *got = errors_of(files, 2);
    assert_non_null(strstr(got, "a.graphql:2:17: error: mutation \"a\" makes no event"));
    assert_non_null(strstr(got, "b.graphql:1:30: error: \"id\" is the key of \"A\" and may not be null: write ID!\n"));
    assert_non_null(strstr(got, "b.graphql:2:22: error: "));
    free(got);
    const struct lf_model_file broken[] = {{"a.graphql", LF_LIT("type {")}, {"b.graphql", LF_LIT("type }")}};
    got = errors_of(broken, 2);
    assert_same_lines(got, "a.graphql:1:6: error: Syntax Error: Expected Name, found \"{\".\n"
                           "b.graphql:1:6: error: Syntax Error: Expected Name, found \"}\".\n");
    free(got);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_two_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
