/* The grammar, its errors, its limits; trees of the right shape; running out of memory. */
#include "kit.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static void
expect_error(const char *text, const char *message)
{
    struct page page;
    char whole[1000];
    page_open(&page, text);
    assert_null(lf_gql_parse(&page.arena, &page.source, NULL, &page.errors));
    const char *space = strchr(message, ' ');
    snprintf(whole, sizeof(whole), "%.*s Syntax Error: %s\n", (int)(space - message), message, space + 1);
    assert_string_equal(page_errors(&page), whole);
    assert_int_equal(page.errors.count, 1);
    page_close(&page);
}

static void
test_syntax_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"", "1:1 Unexpected <EOF>."},
        {"# only a comment", "1:17 Unexpected <EOF>."},
        {"{", "1:2 Expected Name, found <EOF>."},
        {"{}", "1:2 Expected Name, found \"}\"."},
        {"{ a ", "1:5 Expected Name, found <EOF>."},
        {"{ a {} }", "1:6 Expected Name, found \"}\"."},
        {"{ a: }", "1:6 Expected Name, found \"}\"."},
        {"{ a() }", "1:5 Expected Name, found \")\"."},
        {"{ a(b) }", "1:6 Expected \":\", found \")\"."},
        {"{ a(b: ) }", "1:8 Unexpected \")\"."},
        {"{ a(b: [1 }", "1:11 Unexpected \"}\"."},
        {"{ a(b: {c}) }", "1:10 Expected \":\", found \"}\"."},
        {"{ a(b: $) }", "1:9 Expected Name, found \")\"."},
        {"{ a @ }", "1:7 Expected Name, found \"}\"."},
        {"{ ... on }", "1:10 Expected Name, found \"}\"."},
        {"{ ...on T }", "1:11 Expected \"{\", found \"}\"."},
        {"{ ...F { a } }", "1:8 Expected Name, found \"{\"."},
        {"notAnOperation Foo { field }", "1:1 Unexpected Name \"notAnOperation\"."},
        {"...", "1:1 Unexpected \"...\"."},
        {"\"x\"", "1:4 Unexpected <EOF>."},
        {"\"x\" { a }", "1:1 Unexpected description, descriptions are not supported on shorthand queries."},
        {"\"x\" extend type A @a", "1:1 Unexpected description, only GraphQL definitions support descriptions."},
        {"query", "1:6 Expected \"{\", found <EOF>."},
        {"query () { a }", "1:8 Expected \"$\", found \")\"."},
        {"query ($a) { a }", "1:10 Expected \":\", found \")\"."},
        {"query ($a: ) { a }", "1:12 Expected Name, found \")\"."},
        {"query ($a: [Int) { a }", "1:16 Expected \"]\", found \")\"."},
        {"query ($a: Int!!) { a }", "1:16 Expected \"$\", found \"!\"."},
        {"query ($a: Int = $b) { a }", "1:18 Unexpected variable \"$b\" in constant value."},
        {"query ($a: Int = [$b]) { a }", "1:19 Unexpected variable \"$b\" in constant value."},
        {"query ($a: Int @d(x: $b)) { a }", "1:22 Unexpected variable \"$b\" in constant value."},
        {"query ($a: Int = $) { a }", "1:18 Unexpected \"$\"."},
        {"fragment on on on { on }", "1:10 Unexpected Name \"on\"."},
        {"fragment F { a }", "1:12 Expected \"on\", found \"{\"."},
        {"fragment F on T", "1:16 Expected \"{\", found <EOF>."},
        {"{ a(b: 1x) }", "1:9 Invalid number, expected digit but got: \"x\"."},
        {"type", "1:5 Expected Name, found <EOF>."},
        {"type A {}", "1:9 Expected Name, found \"}\"."},
        {"type A { b }", "1:12 Expected \":\", found \"}\"."},
        {"type A { b(): C }", "1:12 Expected Name, found \")\"."},
        {"type A implements { b: C }", "1:19 Expected Name, found \"{\"."},
        {"type A implements & & B", "1:21 Expected Name, found \"&\"."},
        {"type A implements B C", "1:21 Unexpected Name \"C\"."},
        {"union A =", "1:10 Expected Name, found <EOF>."},
        {"union A = | B |", "1:16 Expected Name, found <EOF>."},
        {"enum A { true }", "1:10 Name \"true\" is reserved and cannot be used for an enum value."},
        {"enum A {}", "1:9 Expected Name, found \"}\"."},
        {"input A { b(c: D): E }", "1:12 Expected \":\", found \"(\"."},
        {"input A { b: C = $d }", "1:18 Unexpected variable \"$d\" in constant value."},
        {"directive a on FIELD", "1:11 Expected \"@\", found Name \"a\"."},
        {"directive @a", "1:13 Expected \"on\", found <EOF>."},
        {"directive @a on FIELD | INCORRECT", "1:25 Unexpected Name \"INCORRECT\"."},
        {"directive @a on field", "1:17 Unexpected Name \"field\"."},
        {"schema {}", "1:9 Expected Name, found \"}\"."},
        {"schema { a: B }", "1:10 Unexpected Name \"a\"."},
        {"schema", "1:7 Expected \"{\", found <EOF>."},
        {"extend", "1:7 Unexpected <EOF>."},
        {"extend type A", "1:14 Unexpected <EOF>."},
        {"extend scalar A", "1:16 Unexpected <EOF>."},
        {"extend union A", "1:15 Unexpected <EOF>."},
        {"extend enum A", "1:14 Unexpected <EOF>."},
        {"extend input A", "1:15 Unexpected <EOF>."},
        {"extend schema", "1:14 Unexpected <EOF>."},
        {"extend directive @a on FIELD", "1:8 Unexpected Name \"directive\"."},
        {"extend query { a }", "1:8 Unexpected Name \"query\"."},
        {"type A { \"\"\"x\"\"\" }", "1:18 Expected Name, found \"}\"."},
        {"{ a }\n\n  }", "3:3 Unexpected \"}\"."},
        {"{ a \"\"\"b\"\"\" }", "1:5 Expected Name, found BlockString \"b\"."},
        {"{ a 1.5 }", "1:5 Expected Name, found Float \"1.5\"."},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        expect_error(rows[i].text, rows[i].message);
}

/* Keywords are names wherever a name may stand. */
static void
test_keywords_are_names(void **state)
{
    (void)state;
    static const char *const words[] = {"on",   "fragment", "query",      "mutation", "subscription", "true",
                                        "null", "type",     "implements", "extend",   "repeatable",   "schema"};
    for (size_t i = 0; i < ROWS(words); i++) {
        const char *w = words[i];
        const char *fragment = strcmp(w, "on") == 0 ? "a" : w;
        struct page page;
        char text[500];
        snprintf(text, sizeof(text),
                 "query %s($%s: %s = %s) { %s: %s(%s: $%s) @%s(%s: %s) ...%s ... on %s { %s } }\n"
                 "fragment %s on %s { %s }\ntype %s implements %s { %s(%s: %s): %s @%s }\ndirective @%s on FIELD",
                 w, w, w, "1", w, w, w, w, w, w, "[1]", fragment, w, w, fragment, w, w, w, w, w, w, w, w, w, w);
        page_open(&page, text);
        assert_int_equal(page_parse(&page)->count, 4);
        page_close(&page);
    }
}

static void
test_operation_tree(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "\"about\" mutation Do(\"var\" $a: [Int!]! = [1, -2.5] @v) @op {\n"
                     "  first: make(in: {s: \"x\\ty\", e: RED, b: true, n: null, v: $a}) @skip(if: false) {\n"
                     "    ...F @f\n    ... on T { x }\n    ... @i { y }\n  }\n}");
    const struct lf_gql_document *document = page_parse(&page);
    const struct lf_gql_definition *op = document->definitions[0];
    assert_int_equal(document->count, 1);
    assert_int_equal(op->kind, LF_GQL_DEF_OPERATION);
    assert_int_equal(op->operation, LF_GQL_MUTATION);
    assert_false(op->shorthand);
    assert_true(lf_bytes_equal_text(op->description, "about"));
    assert_true(lf_bytes_equal_text(op->name.text, "Do"));
    assert_int_equal(op->directives.count, 1);
    assert_int_equal(op->loc.column, 9);

    assert_int_equal(op->variable_count, 1);
    const struct lf_gql_variable_def *variable = &op->variables[0];
    assert_true(lf_bytes_equal_text(variable->description, "var"));
    assert_int_equal(variable->type->kind, LF_GQL_REF_NON_NULL);
    assert_int_equal(variable->type->of->kind, LF_GQL_REF_LIST);
    assert_true(lf_bytes_equal_text(variable->type->of->of->of->name.text, "Int"));
    assert_int_equal(variable->default_value->count, 2);
    assert_int_equal(variable->default_value->items[1]->kind, LF_GQL_FLOAT);
    assert_true(lf_bytes_equal_text(variable->default_value->items[1]->text, "-2.5"));
    assert_int_equal(variable->directives.count, 1);

    const struct lf_gql_selection *field = &op->set.items[0];
    assert_true(lf_bytes_equal_text(lf_gql_response_key(field), "first"));
    assert_true(lf_bytes_equal_text(field->name.text, "make"));
    assert_int_equal(field->loc.line, 2);
    assert_int_equal(field->loc.column, 3);
    const struct lf_gql_value_node *in = field->args[0].value;
    static const enum lf_gql_node_kind kinds[] = {LF_GQL_STRING, LF_GQL_ENUM, LF_GQL_BOOLEAN, LF_GQL_NULL,
                                                  LF_GQL_VARIABLE};
    assert_int_equal(in->count, ROWS(kinds));
    for (size_t i = 0; i < ROWS(kinds); i++)
        assert_int_equal(in->fields[i].value->kind, kinds[i]);
    assert_true(lf_bytes_equal_text(in->fields[0].value->text, "x\ty"));
    assert_true(in->fields[2].value->boolean);
    assert_true(lf_bytes_equal_text(in->fields[4].value->text, "a"));
    const struct lf_gql_directive *skip = lf_gql_find_directive(field->directives, "skip");
    assert_non_null(skip);
    assert_int_equal(lf_gql_directive_arg(skip, "if")->kind, LF_GQL_BOOLEAN);
    assert_null(lf_gql_directive_arg(skip, "unless"));
    assert_null(lf_gql_find_directive(field->directives, "include"));

    assert_int_equal(field->set.count, 3);
    assert_int_equal(field->set.items[0].kind, LF_GQL_SPREAD);
    assert_true(lf_bytes_equal_text(field->set.items[1].on.text, "T"));
    assert_int_equal(field->set.items[2].kind, LF_GQL_INLINE);
    assert_null(field->set.items[2].on.text.ptr);
    page_close(&page);
}

static void
test_type_system_trees(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "\"d\" type A implements & I & J @x { \"f\" b(\"g\" c: D = 1 @y): [E!] @z }\n"
                     "extend schema @s { mutation: M }\n"
                     "directive @r(a: B) repeatable on | FIELD | VARIABLE_DEFINITION\n"
                     "enum N { A @deprecated B }\nunion U = | A | B\ninput K { a: B = {c: [ENUM]} }\nscalar S @t\n"
                     "interface W\n{ a: B }");
    const struct lf_gql_document *document = page_parse(&page);
    const struct lf_gql_definition *const *defs = (const struct lf_gql_definition *const *)document->definitions;
    assert_int_equal(document->count, 8);
    assert_int_equal(defs[0]->kind, LF_GQL_DEF_OBJECT);
    assert_int_equal(defs[0]->interface_count, 2);
    assert_true(lf_bytes_equal_text(defs[0]->fields[0].args[0].description, "g"));
    assert_int_equal(defs[0]->fields[0].args[0].directives.count, 1);
    assert_int_equal(defs[0]->loc.column, 5);
    assert_true(defs[1]->extend);
    assert_int_equal(defs[1]->roots[0].operation, LF_GQL_MUTATION);
    assert_true(defs[2]->repeatable);
    assert_int_equal(defs[2]->name_count, 2);
    assert_int_equal(defs[3]->value_count, 2);
    assert_int_equal(defs[4]->name_count, 2);
    assert_int_equal(defs[5]->inputs[0].default_value->kind, LF_GQL_OBJECT);
    assert_int_equal(defs[6]->directives.count, 1);
    assert_int_equal(defs[7]->field_count, 1);
    assert_int_equal(defs[7]->loc.line, 8);
    page_close(&page);
}

static void
test_values_and_types_alone(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "[1, {a: $b}]");
    assert_int_equal(lf_gql_parse_value(&page.arena, &page.source, &page.errors)->count, 2);
    page.source.text = LF_LIT("1 2");
    assert_null(lf_gql_parse_value(&page.arena, &page.source, &page.errors));
    page.source.text = LF_LIT("[ID!]!");
    assert_int_equal(lf_gql_parse_type(&page.arena, &page.source, &page.errors)->kind, LF_GQL_REF_NON_NULL);
    page.source.text = LF_LIT("[ID");
    assert_null(lf_gql_parse_type(&page.arena, &page.source, &page.errors));
    assert_string_equal(page_errors(&page), "1:3 Syntax Error: Expected <EOF>, found Int \"2\".\n"
                                            "1:4 Syntax Error: Expected \"]\", found <EOF>.\n");
    page_close(&page);
}

/* text, repeated */
static char *
many(const char *text, size_t count)
{
    size_t len = strlen(text);
    char *all = lf_malloc(len * count + 1);
    assert_non_null(all);
    for (size_t i = 0; i < count; i++)
        memcpy(all + i * len, text, len);
    all[len * count] = '\0';
    return all;
}

static void
expect_too_complex(const char *start, const char *text, size_t count, size_t depth)
{
    struct page page;
    char *rest = many(text, count);
    char *whole = lf_malloc(strlen(start) + strlen(rest) + 1);
    assert_non_null(whole);
    snprintf(whole, strlen(start) + strlen(rest) + 1, "%s%s", start, rest);
    page_open(&page, whole);
    struct lf_gql_limits limits = {.depth = depth};
    assert_null(lf_gql_parse(&page.arena, &page.source, &limits, &page.errors));
    assert_int_equal(page.errors.count, 1);
    assert_string_equal(page.errors.first->code, "TOO_COMPLEX");
    page_close(&page);
    lf_free(whole);
    lf_free(rest);
}

static void
test_depth_limits(void **state)
{
    (void)state;
    static const size_t depths[] = {0, 1000000}; /* the default, and more than is ever allowed */
    static const size_t counts[] = {10000, 1000000};
    for (size_t i = 0; i < ROWS(depths) * ROWS(counts); i++) {
        size_t depth = depths[i % 2];
        size_t count = counts[i / 2];
        expect_too_complex("", "{a", count, depth);
        expect_too_complex("{", "...{", count, depth);
        expect_too_complex("{a(b:", "[", count, depth);
        expect_too_complex("{a(b:", "{c:", count, depth);
        expect_too_complex("query($a:", "[", count, depth);
        expect_too_complex("input A{a:", "[", count, depth);
    }
}

static void
test_depth_is_counted_exactly(void **state)
{
    (void)state;
    struct page page;
    struct lf_gql_limits limits = {.depth = 3};
    page_open(&page, "{a{b{c}}} query($a:[[[A]]]=[[[1]]]){b}");
    assert_non_null(lf_gql_parse(&page.arena, &page.source, &limits, &page.errors));
    page.source.text = LF_LIT("{a{b{c(d:[1])}}}");
    assert_null(lf_gql_parse(&page.arena, &page.source, &limits, &page.errors));
    assert_string_equal(page_errors(&page),
                        "1:10 Syntax Error: Document is nested deeper than 3 levels. Parsing aborted.\n");
    page_close(&page);
}

static void
test_token_limit(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "{ a b c }");
    struct lf_gql_limits limits = {.tokens = 5};
    assert_non_null(lf_gql_parse(&page.arena, &page.source, &limits, &page.errors));
    limits.tokens = 4;
    assert_null(lf_gql_parse(&page.arena, &page.source, &limits, &page.errors));
    assert_string_equal(page.errors.first->code, "TOO_COMPLEX");
    page_close(&page);
}

/* Lists longer than what fits the parser's own room, nested in each other. */
static void
test_long_lists(void **state)
{
    (void)state;
    struct page page;
    char *fields = many("a{b c}", 3000);
    char *values = many("[1 2]", 3000);
    size_t len = strlen(fields) + strlen(values) + 100;
    char *text = lf_malloc(len);
    assert_non_null(text);
    snprintf(text, len, "{ x(l: [%s]) %s }", values, fields);
    page_open(&page, text);
    const struct lf_gql_definition *op = page_parse(&page)->definitions[0];
    assert_int_equal(op->set.count, 3001);
    assert_int_equal(op->set.items[0].args[0].value->count, 3000);
    assert_true(lf_bytes_equal_text(op->set.items[0].args[0].value->items[2999]->items[1]->text, "2"));
    assert_true(lf_bytes_equal_text(op->set.items[3000].set.items[1].name.text, "c"));
    page_close(&page);
    lf_free(text);
    lf_free(fields);
    lf_free(values);
}

static void
test_out_of_memory(void **state)
{
    (void)state;
    static const char text[] = "query Q($a: [In] = [{b: \"x\\n\"}]) @d(a: 1) { a(b: $c) { ...F } }\n"
                               "type A implements B { c(d: E = \"\"\"\n x\n y\"\"\"): F }\nunion U = A | B";
    int64_t live = lf_mem_live();
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        struct lf_arena arena;
        struct lf_gql_errors errors;
        struct lf_gql_source source = {"x", lf_bytes_of(text)};
        lf_arena_init(&arena, 16, 0); /* small chunks: many places where memory may run out */
        lf_gql_errors_init(&errors, &arena, 10);
        lf_mem_fail_at(n, true);
        const struct lf_gql_document *document = lf_gql_parse(&arena, &source, NULL, &errors);
        done = !lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(document != NULL, done);
        assert_int_equal(errors.no_memory, !done);
        lf_arena_release(&arena);
    }
    assert_int_equal(lf_mem_live(), live);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax_errors),
        cmocka_unit_test(test_keywords_are_names),
        cmocka_unit_test(test_operation_tree),
        cmocka_unit_test(test_type_system_trees),
        cmocka_unit_test(test_values_and_types_alone),
        cmocka_unit_test(test_depth_limits),
        cmocka_unit_test(test_depth_is_counted_exactly),
        cmocka_unit_test(test_token_limit),
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
