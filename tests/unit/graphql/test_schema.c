/* Building schemas: what is put together, what is refused (with every problem told at once), what is printed. */
#include "kit.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Builds from one text; NULL and page's errors, or a schema. */
static struct lf_gql_schema *
build(struct page *page)
{
    const struct lf_gql_document *document = page_parse(page);
    return lf_gql_schema_build(&document, 1, &page->errors);
}

static void
expect_errors(const char *sdl, const char *errors)
{
    struct page page;
    page_open(&page, sdl);
    struct lf_gql_schema *schema = build(&page);
    assert_null(schema);
    assert_string_equal(page_errors(&page), errors);
    for (const struct lf_gql_error *error = page.errors.first; error != NULL; error = error->next)
        assert_string_equal(error->code, "GRAPHQL_VALIDATION_FAILED");
    page_close(&page);
}

struct row {
    const char *sdl; /* with "type Query { a: Int }" in front */
    const char *errors;
};

static void
expect_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char sdl[2000];
        snprintf(sdl, sizeof(sdl), "type Query { a: Int }\n%s", rows[i].sdl);
        expect_errors(sdl, rows[i].errors);
    }
}

static void
test_roots(void **state)
{
    (void)state;
    expect_errors("type A { a: Int }", "Query root type must be provided.\n");
    expect_errors("schema { mutation: M } type M { a: Int }", "1:1 Query root type must be provided.\n");
    expect_errors("schema { query: Q } schema { query: Q } type Q { a: Int }",
                  "1:21 Must provide only one schema definition.\n");
    expect_errors("schema { query: Q query: Q } type Q { a: Int }",
                  "1:26 There can be only one query type in schema.\n");
    expect_errors("schema { query: Q } extend schema { query: Q } type Q { a: Int }",
                  "1:44 There can be only one query type in schema.\n");
    expect_errors("schema { query: E mutation: I subscription: S } enum E { A } input I { a: Int } union S = Q "
                  "type Q { a: Int }",
                  "1:54 Query root type must be Object type, it cannot be E.\n"
                  "1:68 Mutation root type must be Object type if provided, it cannot be I.\n"
                  "1:87 Subscription root type must be Object type if provided, it cannot be S.\n");
    expect_errors("schema { query: Q mutation: Q subscription: Nope } type Q { a: Int }",
                  "1:45 Unknown type \"Nope\".\n"
                  "1:57 All root types must be different, \"Q\" type is used as query and mutation root types.\n");
    expect_errors("query { a } fragment F on Q { a } type Query { a: Int }",
                  "1:1 A schema consists of type system definitions; this is an operation.\n"
                  "1:13 A schema consists of type system definitions; this is a fragment.\n");
}

static void
test_names(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"type A { a: Int } enum A { B }", "2:24 There can be only one type named \"A\".\n"},
        {"scalar Int", "2:8 There can be only one type named \"Int\".\n"},
        {"type A { a: Int a: Int } extend type A { a: ID }",
         "2:17 Field \"A.a\" can only be defined once.\n2:42 Field \"A.a\" can only be defined once.\n"},
        {"type A { a(b: Int b: Int): Int }", "2:19 Argument \"A.a(b:)\" can only be defined once.\n"},
        {"input A { a: Int a: Int }", "2:18 Field \"A.a\" can only be defined once.\n"},
        {"enum A { B B } extend enum A { B }",
         "2:12 Enum value \"A.B\" can only be defined once.\n2:32 Enum value \"A.B\" can only be defined once.\n"},
        {"directive @a on FIELD directive @a on FIELD", "2:34 There can be only one directive named \"@a\".\n"},
        {"directive @a(b: Int b: Int) on FIELD", "2:21 Argument \"@a(b:)\" can only be defined once.\n"},
        {"type __A { __b(__c: Int): Int } enum B { __C } input D { __e: Int } directive @__f(__g: Int) on FIELD",
         "2:69 Name \"__f\" must not begin with \"__\", which is reserved by GraphQL introspection.\n"
         "2:84 Name \"__g\" must not begin with \"__\", which is reserved by GraphQL introspection.\n"
         "2:6 Name \"__A\" must not begin with \"__\", which is reserved by GraphQL introspection.\n"
         "2:12 Name \"__b\" must not begin with \"__\", which is reserved by GraphQL introspection.\n"
         "2:16 Name \"__c\" must not begin with \"__\", which is reserved by GraphQL introspection.\n"
         "2:42 Name \"__C\" must not begin with \"__\", which is reserved by GraphQL introspection.\n"
         "2:58 Name \"__e\" must not begin with \"__\", which is reserved by GraphQL introspection.\n"},
        {"type Quote { a: Qoute b(c: [Strin!]!): Int }", "2:17 Unknown type \"Qoute\". Did you mean \"Quote\"?\n"
                                                         "2:29 Unknown type \"Strin\". Did you mean \"String\"?\n"},
        {"type A implements Nope { a: Int } union U = Nope | A",
         "2:19 Unknown type \"Nope\".\n2:45 Unknown type \"Nope\".\n"},
        {"extend type Qery { a: Int } extend enum Query { A }",
         "2:13 Cannot extend type \"Qery\" because it is not defined. Did you mean \"Query\"?\n"
         "2:41 Cannot extend non-enum type \"Query\".\n"},
    };
    expect_rows(rows, ROWS(rows));
}

static void
test_kinds(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"type A interface B union C enum D input E",
         "2:6 Type A must define one or more fields.\n2:18 Type B must define one or more fields.\n"
         "2:26 Union type C must define one or more member types.\n"
         "2:33 Enum type D must define one or more values.\n"
         "2:41 Input Object type E must define one or more fields.\n"},
        {"input I { a: Int } type A { b: [I!] c(d: A!): Int } directive @d(e: A) on FIELD",
         "2:66 The type of @d(e:) must be Input Type but got: A.\n"
         "2:29 The type of A.b must be Output Type but got: [I!].\n"
         "2:39 The type of A.c(d:) must be Input Type but got: A!.\n"},
        {"interface N { a: Int } input I { a: [N] b: Query! }",
         "2:34 The type of I.a must be Input Type but got: [N].\n"
         "2:41 The type of I.b must be Input Type but got: Query!.\n"},
        {"interface N { a: Int } union U = N | Query | Query | Int",
         "2:34 Union type U can only include Object types, it cannot include N.\n"
         "2:46 Union type U can only include type Query once.\n"
         "2:54 Union type U can only include Object types, it cannot include Int.\n"},
        {"type A { b(c: Int! @deprecated): Int } input I { a: Int! @deprecated b: Int! = 1 @deprecated }",
         "2:12 Required argument A.b(c:) cannot be deprecated.\n"
         "2:50 Required input field I.a cannot be deprecated.\n"},
        {"input I @oneOf { a: Int! b: Int = 1 c: Int }", "2:18 OneOf input field I.a must be nullable.\n"
                                                         "2:26 OneOf input field I.b cannot have a default value.\n"},
    };
    expect_rows(rows, ROWS(rows));
}

static void
test_interfaces(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"interface I { a: Int b(c: Int, d: Int!): Int } type A implements I { b(d: Int, e: Int!, f: Int! = 1): Int }",
         "2:53 Interface field I.a expected but A does not provide it.\n"
         "2:70 Interface field argument I.b(c:) expected but A.b does not provide it.\n"
         "2:72 Interface field argument I.b(d:) expects type Int! but A.b(d:) is type Int.\n"
         "2:80 Argument \"A.b(e:)\" must not be required type \"Int!\" if not provided by the Interface field "
         "\"I.b\".\n"},
        {"interface I { a: [I]! } type A implements I { a: [A] } type B implements I { a: A! }",
         "2:47 Interface field I.a expects type [I]! but A.a is type [A].\n"
         "2:78 Interface field I.a expects type [I]! but B.a is type A!.\n"},
        {"interface I { a: U } union U = A | B type A implements I { a: A } type B implements I { a: C } "
         "type C { a: Int }",
         "2:89 Interface field I.a expects type U but B.a is type C.\n"},
        {"interface I { a: Int } interface J implements I { a: Int } type A implements J { a: Int }",
         "2:65 Type A must implement I because it is implemented by J.\n"},
        {"interface I implements J { a: Int } interface J implements I { a: Int }",
         "2:11 Type I cannot implement J because it would create a circular reference.\n"
         "2:47 Type J cannot implement I because it would create a circular reference.\n"},
        {"interface I implements I { a: Int }",
         "2:24 Type I cannot implement itself because it would create a circular reference.\n"},
        {"interface I { a: Int } type A implements I & I { a: Int } extend type A implements I",
         "2:46 Type A can only implement I once.\n2:84 Type A can only implement I once.\n"},
        {"type A implements Query { a: Int }",
         "2:19 Type A must only implement Interface types, it cannot implement Query.\n"},
        {"interface I { a: Int } type A implements I { a: Int @deprecated }",
         "2:46 Interface field I.a is not deprecated, so implementation field A.a must not be deprecated.\n"},
    };
    expect_rows(rows, ROWS(rows));
}

static void
test_applied_directives(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"type A @nope { a: Int @nope }", "2:8 Unknown directive \"@nope\".\n2:23 Unknown directive \"@nope\".\n"},
        {"type A @deprecated { a(b: Int @oneOf): Int @skip(if: true) }",
         "2:8 Directive \"@deprecated\" may not be used on OBJECT.\n"
         "2:44 Directive \"@skip\" may not be used on FIELD_DEFINITION.\n"
         "2:31 Directive \"@oneOf\" may not be used on ARGUMENT_DEFINITION.\n"},
        {"directive @x on OBJECT | SCHEMA type A @x { a: Int } extend type A @x schema @x { query: Query } "
         "extend schema @x",
         "2:112 The directive \"@x\" can only be used once at this location.\n"
         "2:68 The directive \"@x\" can only be used once at this location.\n"},
        {"directive @y(a: Int!, b: [String!] = [\"c\"]) repeatable on ENUM_VALUE "
         "enum E { A @y @y(a: \"x\") B @y(a: 1, a: 2, c: 3, b: null) C @y(a: 1, b: [null]) }",
         "2:81 Directive \"@y\" argument \"a\" of type \"Int!\" is required, but it was not provided.\n"
         "2:90 Argument \"@y(a:)\" has invalid value: Int cannot represent non-integer value: \"x\"\n"
         "2:106 There can be only one argument named \"a\".\n"
         "2:112 Unknown argument \"c\" on directive \"@y\". Did you mean \"a\" or \"b\"?\n"
         "2:141 Argument \"@y(b:)\" has invalid value at \"value[0]\": Expected value of type "
         "\"String!\", found null.\n"},
        {"type A { a: Int @deprecated(reason: null) } scalar S @specifiedBy",
         "2:37 Argument \"@deprecated(reason:)\" has invalid value: Expected value of type \"String!\", found null.\n"
         "2:54 Directive \"@specifiedBy\" argument \"url\" of type \"String!\" is required, but it was not "
         "provided.\n"},
        {"directive @a(b: Int @a) on ARGUMENT_DEFINITION",
         "2:1 Directive \"@a\" must not use itself, neither directly nor through the types and directives of its "
         "arguments.\n"},
        {"directive @a(b: I) on ENUM_VALUE input I { e: E } enum E { A @a }",
         "2:1 Directive \"@a\" must not use itself, neither directly nor through the types and directives of its "
         "arguments.\n"},
    };
    expect_rows(rows, ROWS(rows));
}

static void
test_defaults(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"type A { b(c: Int = \"x\", d: [Int!] = [1, null], e: E = X): Int } enum E { Y } "
         "directive @d(f: Int = 3000000000) on FIELD",
         "2:21 A.b(c:) has invalid default value: Int cannot represent non-integer value: \"x\"\n"
         "2:38 A.b(d:) has invalid default value at \"value[1]\": Expected value of type \"Int!\", found null.\n"
         "2:56 A.b(e:) has invalid default value: Value \"X\" does not exist in \"E\" enum. Did you mean the enum "
         "value \"Y\"?\n"
         "2:101 @d(f:) has invalid default value: Int cannot represent non 32-bit signed integer value: "
         "3000000000\n"},
        {"input I { a: Int! b: I = {a: \"x\", b: null} }",
         "2:26 I.b has invalid default value at \"value.a\": Int cannot represent non-integer value: \"x\"\n"},
        {"input I { a: I = {} }",
         "2:11 Invalid circular reference. The default value of Input Object field I.a references itself.\n"},
        {"input I { a: J = {c: 1} } input J { b: [I] = [{}] c: Int }",
         "2:11 Invalid circular reference. The default value of Input Object field I.a references itself via the "
         "default values of: J.b.\n"},
        {"input I { a: J! } input J { b: K! } input K { c: I! d: L } input L { a: I! }",
         "2:7 Input Object I cannot be provided a finite value because it references itself through fields: I.a, "
         "J.b, K.c.\n"},
        {"input I { i: I! } input J { j: J! }",
         "2:7 Input Object I cannot be provided a finite value because it references itself through fields: I.i.\n"
         "2:25 Input Object J cannot be provided a finite value because it references itself through fields: J.j.\n"},
        {"input I @oneOf { i: J k: I } input J @oneOf { i: I }",
         "2:7 Input Object I cannot be provided a finite value because it references itself through fields: I.i, "
         "J.i.\n"},
    };
    expect_rows(rows, ROWS(rows));
}

/* Circles that end: through lists, null, defaults that are complete, or another way out. */
static void
test_finite_circles(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, "type Query { a(i: I = {l: []}): Int }\n"
                   "input I { i: I l: [I!]! j: J = {k: 1, i: {l: [], j: null}} }\n"
                   "input J { k: Int! = 2 i: I = {l: [], j: {i: null}} }\n"
                   "input O @oneOf { o: O s: String }\n"
                   "directive @tag(name: String @once) on OBJECT\n"
                   "directive @once on ARGUMENT_DEFINITION\n");
    const struct lf_gql_type *query = kit.schema->query;
    struct page page;
    page_open(&page, "");
    assert_string_equal(page_text(&page, &query->fields[0].args[0].default_value),
                        "{\"l\":[],\"j\":{\"k\":1,\"i\":{\"l\":[],\"j\":null}}}");
    page_close(&page);
    kit_close(&kit);
}

static void
test_what_is_built(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, "extend type Thing implements Node @b { more: Int }\n"
                   "\"about\" schema { query: Root }\n"
                   "extend schema { mutation: Change }\n"
                   "type Root { thing(id: ID!, n: Int = 3, in: In = {}): Thing }\n"
                   "type Change { do: Int }\n"
                   "\"a thing\" type Thing @a(n: 1) { id: ID! @deprecated(reason: \"old\") old: Int @deprecated }\n"
                   "interface Node { id: ID! @deprecated }\n"
                   "union All = Thing\nextend union All = | Root\n"
                   "enum Color { RED GREEN }\nextend enum Color { BLUE @deprecated(reason: \"\") }\n"
                   "input In { color: Color = GREEN list: [Int] = 7 }\nextend input In { x: Float! = 1.50 }\n"
                   "scalar DateTime scalar Own @specifiedBy(url: \"u\")\nextend scalar DateTime @b\n"
                   "directive @a(n: Int) on OBJECT\ndirective @b repeatable on OBJECT | SCALAR\n");
    const struct lf_gql_schema *schema = kit.schema;
    const struct lf_gql_type *thing = lf_gql_schema_type(schema, LF_LIT("Thing"));
    const struct lf_gql_type *node = lf_gql_schema_type(schema, LF_LIT("Node"));
    assert_true(lf_bytes_equal_text(schema->description, "about"));
    assert_true(lf_bytes_equal_text(schema->query->name, "Root"));
    assert_true(lf_bytes_equal_text(schema->mutation->name, "Change"));
    assert_null(schema->subscription);
    assert_int_equal(thing->field_count, 3);
    assert_true(lf_bytes_equal_text(thing->description, "a thing"));
    assert_int_equal(thing->directives.count, 2);
    assert_true(lf_bytes_equal_text(thing->directives.items[1].name.text, "b"));
    assert_int_equal(thing->loc.line, 6);
    assert_true(lf_bytes_equal_text(lf_gql_type_field(thing, LF_LIT("id"))->deprecated, "old"));
    assert_true(lf_bytes_equal_text(lf_gql_type_field(thing, LF_LIT("old"))->deprecated, "No longer supported"));
    assert_null(lf_gql_type_field(thing, LF_LIT("more"))->deprecated.ptr);
    assert_true(node->possible_count == 1 && node->possible[0] == thing);
    assert_int_equal(lf_gql_schema_type(schema, LF_LIT("All"))->possible_count, 2);

    const struct lf_gql_type *color = lf_gql_schema_type(schema, LF_LIT("Color"));
    assert_int_equal(color->value_count, 3);
    assert_true(color->values[2].deprecated.ptr != NULL && color->values[2].deprecated.len == 0);
    assert_int_equal(color->values[2].loc.line, 11);
    assert_null(lf_gql_schema_type(schema, LF_LIT("Own"))->scalar);
    assert_true(lf_bytes_equal_text(lf_gql_schema_type(schema, LF_LIT("Own"))->specified_by, "u"));
    assert_ptr_equal(lf_gql_schema_type(schema, LF_LIT("DateTime"))->scalar, lf_gql_scalar_find(LF_LIT("DateTime")));

    struct page page;
    page_open(&page, "");
    const struct lf_gql_field *field = &schema->query->fields[0];
    assert_true(field->args[1].has_default);
    assert_string_equal(page_text(&page, &field->args[2].default_value),
                        "{\"color\":\"GREEN\",\"list\":[7],\"x\":1.50}");
    page_close(&page);
    kit_close(&kit);
}

static void
test_questions_about_types(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, "type Query { a: A b: B c: U l: [A!]! m: [I] n: [[Int]] }\n"
                   "interface I { a: Int } interface J { x: Int }\n"
                   "type A implements I { a: Int } type B implements I & J { a: Int x: Int } type C { c: Int }\n"
                   "union U = A | C union V = B");
    const struct lf_gql_schema *s = kit.schema;
    const struct lf_gql_type *a = lf_gql_schema_type(s, LF_LIT("A"));
    const struct lf_gql_type *b = lf_gql_schema_type(s, LF_LIT("B"));
    const struct lf_gql_type *c = lf_gql_schema_type(s, LF_LIT("C"));
    const struct lf_gql_type *i = lf_gql_schema_type(s, LF_LIT("I"));
    const struct lf_gql_type *j = lf_gql_schema_type(s, LF_LIT("J"));
    const struct lf_gql_type *u = lf_gql_schema_type(s, LF_LIT("U"));
    const struct lf_gql_type *v = lf_gql_schema_type(s, LF_LIT("V"));
    const struct lf_gql_type *list_a = lf_gql_type_field(s->query, LF_LIT("l"))->type;
    const struct lf_gql_type *list_i = lf_gql_type_field(s->query, LF_LIT("m"))->type;
    assert_true(lf_gql_type_includes(i, a) && lf_gql_type_includes(u, c) && lf_gql_type_includes(a, a));
    assert_false(lf_gql_type_includes(j, a) || lf_gql_type_includes(u, b) || lf_gql_type_includes(a, b));
    assert_true(lf_gql_types_overlap(i, j) && lf_gql_types_overlap(i, u) && lf_gql_types_overlap(j, v));
    assert_false(lf_gql_types_overlap(j, u) || lf_gql_types_overlap(u, v) || lf_gql_types_overlap(a, c));
    assert_true(lf_gql_type_is_subtype(list_a, list_i));
    assert_false(lf_gql_type_is_subtype(list_i, list_a) || lf_gql_type_is_subtype(a, list_i) ||
                 lf_gql_type_is_subtype(list_a, i));
    assert_true(lf_gql_type_equal(list_a, list_a) && !lf_gql_type_equal(list_a, list_i));
    assert_ptr_equal(lf_gql_type_named(list_a), a);
    assert_int_equal(lf_gql_type_nullable(list_a)->kind, LF_GQL_LIST_TYPE);

    struct page page;
    page_open(&page, "[[ID!]]!");
    const struct lf_gql_type_ref *ref = lf_gql_parse_type(&page.arena, &page.source, &page.errors);
    lf_gql_type_write(&page.out, lf_gql_type_of_ref(s, &page.arena, ref));
    assert_true(lf_bytes_equal_text(lf_buf_view(&page.out), "[[ID!]]!"));
    page.source.text = LF_LIT("[Nope]");
    assert_null(lf_gql_type_of_ref(s, &page.arena, lf_gql_parse_type(&page.arena, &page.source, &page.errors)));
    page_close(&page);
    kit_close(&kit);
}

/* Printed by graphql-js 17 from this text, it is the same. */
static const char printed_sdl[] = "\"\"\"about\"\"\"\n"
                                  "schema {\n"
                                  "  query: Root\n"
                                  "}\n\n"
                                  "\"\"\"a directive\"\"\"\n"
                                  "directive @tag(\n"
                                  "  \"\"\"an argument\"\"\"\n"
                                  "  name: String! = \"x\"\n"
                                  "  color: Color = RED @deprecated(reason: \"no\")\n"
                                  ") repeatable on FIELD | OBJECT\n\n"
                                  "type Root implements Node & Named {\n"
                                  "  id(short: Boolean = false, in: In = { a: [1, 2] }): ID!\n"
                                  "\n"
                                  "  \"\"\"\n"
                                  "  two\n"
                                  "    lines\n"
                                  "  \"\"\"\n"
                                  "  name(\n"
                                  "    \"\"\"described\"\"\"\n"
                                  "    a: Int\n"
                                  "\n"
                                  "    \"\"\"as well\"\"\"\n"
                                  "    b: [[Int!]!]!\n"
                                  "  ): String @deprecated\n"
                                  "}\n\n"
                                  "interface Node {\n  id: ID!\n}\n\n"
                                  "interface Named implements Node {\n  id: ID!\n}\n\n"
                                  "union All = Root\n\n"
                                  "enum Color {\n"
                                  "  \"\"\"like blood\"\"\"\n"
                                  "  RED\n"
                                  "  GREEN @deprecated(reason: \"a \\\"b\\\"\")\n"
                                  "\n"
                                  "  \"\"\"like the sky\"\"\"\n"
                                  "  BLUE\n"
                                  "}\n\n"
                                  "input In {\n  a: [Int] = [3]\n  b: Only\n}\n\n"
                                  "input Only @oneOf {\n  a: Int\n  b: String @deprecated\n}\n\n"
                                  "\"\"\"mine\"\"\"\n"
                                  "scalar Own @specifiedBy(url: \"https://example.com\")\n";

static void
test_printing(void **state)
{
    (void)state;
    struct kit kit;
    struct page page;
    kit_open(&kit, printed_sdl);
    page_open(&page, "");
    lf_gql_schema_print(&page.out, kit.schema);
    lf_buf_add(&page.out, lf_bytes("", 1));
    assert_string_equal(page.out.ptr, printed_sdl);
    page_close(&page);
    kit_close(&kit);
}

static void
test_hidden_and_built_in_parts_are_not_printed(void **state)
{
    (void)state;
    struct kit kit;
    struct page page;
    kit_open(&kit, "directive @own on OBJECT type Query @own { a: Int }");
    struct lf_gql_directive_def *own = lf_map_get_text(&kit.schema->directives, "own");
    own->hidden = true;
    page_open(&page, "");
    lf_gql_schema_print(&page.out, kit.schema);
    lf_buf_add(&page.out, lf_bytes("", 1));
    assert_string_equal(page.out.ptr, "type Query {\n  a: Int\n}\n");
    page_close(&page);
    kit_close(&kit);
}

/* Several files: each error names its own; lines come in order of place. */
static void
test_errors_as_lines(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "");
    struct lf_gql_source sources[] = {{"b.graphql", LF_LIT("type Query {\n  a: Nope\n}")},
                                      {"a.graphql", LF_LIT("type Query { a: Int }\ntype B\nextend type C @d")}};
    const struct lf_gql_document *documents[2];
    for (int i = 0; i < 2; i++)
        documents[i] = lf_gql_parse(&page.arena, &sources[i], NULL, &page.errors);
    assert_null(lf_gql_schema_build(documents, 2, &page.errors));
    lf_gql_errors_print(&page.out, &page.errors);
    lf_buf_add(&page.out, lf_bytes("", 1));
    assert_string_equal(page.out.ptr,
                        "a.graphql:1:6: error: There can be only one type named \"Query\".\n"
                        "a.graphql:2:6: error: Type B must define one or more fields.\n"
                        "a.graphql:3:13: error: Cannot extend type \"C\" because it is not defined. Did you mean "
                        "\"B\"?\n"
                        "b.graphql:2:6: error: Unknown type \"Nope\".\n");
    page_close(&page);
}

static void
test_out_of_memory(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, printed_sdl);
    const struct lf_gql_document *document = page_parse(&page);
    int64_t live = lf_mem_live();
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        struct lf_arena arena;
        struct lf_gql_errors errors;
        lf_arena_init(&arena, 16, 0);
        lf_gql_errors_init(&errors, &arena, 10);
        lf_mem_fail_at(n, true);
        struct lf_gql_schema *schema = lf_gql_schema_build(&document, 1, &errors);
        done = !lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(schema != NULL, done);
        assert_int_equal(errors.no_memory, !done);
        lf_gql_schema_free(schema);
        lf_arena_release(&arena);
        assert_int_equal(lf_mem_live(), live);
    }
    page_close(&page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_interfaces),
        cmocka_unit_test(test_applied_directives),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_finite_circles),
        cmocka_unit_test(test_what_is_built),
        cmocka_unit_test(test_questions_about_types),
        cmocka_unit_test(test_printing),
        cmocka_unit_test(test_hidden_and_built_in_parts_are_not_printed),
        cmocka_unit_test(test_errors_as_lines),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
