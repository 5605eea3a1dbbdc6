/* Coercion of input: tables of type, value or literal, and what comes of it. */
#include "kit.h"

static const char toy_sdl[] =
    "type Query { f(a: Int!, b: Int = 2, c: [Int!], d: Point, e: Color!, g: Int! = 3): Int }\n"
    "enum Color { RED GREEN BLUE }\n"
    "input Point { x: Int! y: Int! = 7 label: String color: Color tags: [String!] next: Point }\n"
    "input Choice @oneOf { a: Int b: String }\n"
    "scalar JSON\n"
    "scalar Plain\n";

static struct kit kit;

static int
open_kit(void **state)
{
    (void)state;
    kit_open(&kit, toy_sdl);
    return 0;
}

static int
close_kit(void **state)
{
    (void)state;
    kit_close(&kit);
    return 0;
}

static const struct lf_gql_type *
type_of(struct page *page, const char *text)
{
    struct lf_gql_source *source = LF_ARENA_NEW(&page->arena, struct lf_gql_source);
    *source = (struct lf_gql_source){.name = "type", .text = lf_bytes_of(text)};
    const struct lf_gql_type_ref *ref = lf_gql_parse_type(&page->arena, source, &page->errors);
    assert_non_null(ref);
    const struct lf_gql_type *type = lf_gql_type_of_ref(kit.schema, &page->arena, ref);
    assert_non_null(type);
    return type;
}

struct row {
    const char *type;
    const char *in;
    const char *out; /* JSON; NULL: refused */
    const char *why;
};

static void
check(struct page *page, const struct row *row, bool ok, const struct lf_value *out, const char *why, size_t *wrong)
{
    const char *text = ok ? page_text(page, out) : NULL;
    bool right = row->out != NULL ? ok && strcmp(text, row->out) == 0 : !ok && strcmp(why, row->why) == 0;
    if (right)
        return;
    print_error("%s <- %s\n  expected: %s\n  found:    %s\n", row->type, row->in,
                row->out != NULL ? row->out : row->why, ok ? text : why);
    ++*wrong;
}

static void
test_values(void **state)
{
    static const struct row rows[] = {
        {"Int", "5", "5", NULL},
        {"Int", "null", "null", NULL},
        {"Int!", "null", NULL, "Invalid value null: Expected non-nullable type \"Int!\" not to be null."},
        {"Int", "\"5\"", NULL, "Invalid value \"5\": Int cannot represent non-integer value: \"5\""},
        {"Int", "2147483648", NULL,
         "Invalid value 2147483648: Int cannot represent non 32-bit signed integer value: 2147483648"},
        {"Float", "5", "5", NULL},
        {"Float", "1.5", "1.5", NULL},
        {"String", "\"a\"", "\"a\"", NULL},
        {"ID", "5", "\"5\"", NULL},
        {"Boolean", "true", "true", NULL},
        {"[Int]", "5", "[5]", NULL},
        {"[Int]", "[1,null,3]", "[1,null,3]", NULL},
        {"[Int]", "null", "null", NULL},
        {"[Int!]", "[1,null]", NULL,
         "Invalid value null at \"value[1]\": Expected non-nullable type \"Int!\" not to be null."},
        {"[[Int]]", "[1,[2],null]", "[[1],[2],null]", NULL},
        {"[[Int]]", "1", "[[1]]", NULL},
        {"Color", "\"RED\"", "\"RED\"", NULL},
        {"Color", "\"REDD\"", NULL,
         "Invalid value \"REDD\": Value \"REDD\" does not exist in \"Color\" enum. Did you mean the enum value "
         "\"RED\"?"},
        {"Color", "1", NULL, "Invalid value 1: Enum \"Color\" cannot represent non-string value: 1."},
        {"Point", "{\"x\":1}", "{\"x\":1,\"y\":7}", NULL},
        {"Point", "{\"label\":\"a\",\"x\":1,\"y\":2,\"color\":null}",
         "{\"x\":1,\"y\":2,\"label\":\"a\",\"color\":null}", NULL},
        {"Point", "{\"x\":1,\"tags\":\"t\",\"next\":{\"x\":2,\"color\":\"BLUE\"}}",
         "{\"x\":1,\"y\":7,\"tags\":[\"t\"],\"next\":{\"x\":2,\"y\":7,\"color\":\"BLUE\"}}", NULL},
        {"Point", "{}", NULL, "Invalid value {}: Field \"x\" of required type \"Int!\" was not provided."},
        {"Point", "{\"x\":1,\"y\":null}", NULL,
         "Invalid value null at \"value.y\": Expected non-nullable type \"Int!\" not to be null."},
        {"Point", "{\"x\":1,\"next\":{\"x\":1,\"next\":{\"x\":\"a\"}}}", NULL,
         "Invalid value \"a\" at \"value.next.next.x\": Int cannot represent non-integer value: \"a\""},
        {"Point", "{\"x\":1,\"labl\":1}", NULL,
         "Invalid value { x: 1, labl: 1 }: Field \"labl\" is not defined by type \"Point\". Did you mean \"label\"?"},
        {"Point", "5", NULL, "Invalid value 5: Expected type \"Point\" to be an object."},
        {"Point", "[]", NULL, "Invalid value []: Expected type \"Point\" to be an object."},
        {"Choice", "{\"a\":1}", "{\"a\":1}", NULL},
        {"Choice", "{\"a\":1,\"b\":\"c\"}", NULL,
         "Invalid value { a: 1, b: \"c\" }: Exactly one key must be specified for OneOf type \"Choice\"."},
        {"Choice", "{}", NULL, "Invalid value {}: Exactly one key must be specified for OneOf type \"Choice\"."},
        {"Choice", "{\"b\":null}", NULL, "Invalid value null at \"value.b\": Field \"b\" must be non-null."},
        {"JSON", "{\"a\":[1,{\"b\":null}]}", "{\"a\":[1,{\"b\":null}]}", NULL},
        {"Plain", "[1]", "[1]", NULL},
        {"[Int]", "[[1,[2,[3,[4]]]],2]", NULL,
         "Invalid value [1, [2, [Array]]] at \"value[0]\": Int cannot represent non-integer value: [1, [2, [Array]]]"},
        {"Int", "[0,1,2,3,4,5,6,7,8,9,10,11]", NULL,
         "Invalid value [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... 2 more items]: Int cannot represent non-integer value: "
         "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... 2 more items]"},
    };
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct page page;
        const char *why = "";
        page_open(&page, "");
        struct lf_value in = page_json(&page, rows[i].in);
        struct lf_value out = LF_VALUE_NULL;
        bool ok = lf_gql_coerce_value(type_of(&page, rows[i].type), &in, &page.arena, &out, &why);
        check(&page, &rows[i], ok, &out, why, &wrong);
        page_close(&page);
    }
    assert_int_equal(wrong, 0);
}

static void
test_literals(void **state)
{
    static const struct row rows[] = {
        {"Int", "5", "5", NULL},
        {"Int", "null", "null", NULL},
        {"Int!", "null", NULL, "Expected value of type \"Int!\", found null."},
        {"Int", "5.0", NULL, "Int cannot represent non-integer value: 5.0"},
        {"Float", "5", "5", NULL},
        {"Float", "-0.5e3", "-0.5e3", NULL},
        {"ID", "123456789012345678901234567890", "\"123456789012345678901234567890\"", NULL},
        {"String", "\"a\\u0062\"", "\"ab\"", NULL},
        {"[Int]", "1", "[1]", NULL},
        {"[Int!]", "[1, null]", NULL, "Invalid value at \"value[1]\": Expected value of type \"Int!\", found null."},
        {"[Int]", "[1, $n, $absent]", "[1,5,null]", NULL},
        {"[Int!]", "[$absent]", NULL, "Invalid value at \"value[0]\": Expected value of type \"Int!\", found $absent."},
        {"[Int!]", "[$null]", NULL, "Invalid value at \"value[0]\": Expected value of type \"Int!\", found $null."},
        {"Int", "$n", "5", NULL},
        {"Int", "$absent", NULL, "Variable \"$absent\" has no value here."},
        {"Color", "RED", "\"RED\"", NULL},
        {"Color", "\"RED\"", NULL,
         "Enum \"Color\" cannot represent non-enum value: \"RED\". Did you mean the enum value \"RED\" or \"GREEN\"?"},
        {"Color", "GREY", NULL,
         "Value \"GREY\" does not exist in \"Color\" enum. Did you mean the enum value \"GREEN\" or \"RED\"?"},
        {"Point", "{x: 1}", "{\"x\":1,\"y\":7}", NULL},
        {"Point", "{x: $n, label: $absent, y: $absent}", "{\"x\":5,\"y\":7}", NULL},
        {"Point", "{x: $absent}", NULL, "Field \"x\" of required type \"Int!\" was not provided."},
        {"Point", "{x: 1, y: null}", NULL,
         "Invalid value at \"value.y\": Expected value of type \"Int!\", found null."},
        {"Point", "{x: 1, z: 2}", NULL, "Field \"z\" is not defined by type \"Point\"."},
        {"Point", "{x: 1, x: 2}", NULL, "There can be only one input field named \"x\"."},
        {"Point", "[1]", NULL, "Expected value of type \"Point\", found [1]."},
        {"Point", "{x: 1, next: {x: 2, color: RED, tags: \"t\"}}",
         "{\"x\":1,\"y\":7,\"next\":{\"x\":2,\"y\":7,\"color\":\"RED\",\"tags\":[\"t\"]}}", NULL},
        {"Choice", "{a: 1}", "{\"a\":1}", NULL},
        {"Choice", "{a: 1, b: \"c\"}", NULL, "OneOf Input Object \"Choice\" must specify exactly one key."},
        {"Choice", "{a: 1, b: $absent}", NULL, "OneOf Input Object \"Choice\" must specify exactly one key."},
        {"Choice", "{a: null}", NULL, "Field \"Choice.a\" must be non-null."},
        {"Choice", "{a: $null}", NULL, "Field \"Choice.a\" must be non-null."},
        {"JSON", "{a: [1, 2.50, \"x\", RED, true, null, $n, {b: $absent}]}",
         "{\"a\":[1,2.50,\"x\",\"RED\",true,null,5,{\"b\":null}]}", NULL},
    };
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct page page;
        const char *why = "";
        page_open(&page, rows[i].in);
        struct lf_value variables = page_json(&page, "{\"n\":5,\"null\":null}");
        const struct lf_gql_value_node *node = lf_gql_parse_value(&page.arena, &page.source, &page.errors);
        assert_non_null(node);
        struct lf_value out = LF_VALUE_NULL;
        bool ok = lf_gql_coerce_literal(type_of(&page, rows[i].type), node, &variables, &page.arena, &out, &why);
        check(&page, &rows[i], ok, &out, why, &wrong);
        page_close(&page);
    }
    assert_int_equal(wrong, 0);
}

static void
test_untyped_literals(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "{a: [1, -9223372036854775808, 9223372036854775808, 1e2, \"s\", E, true, null, $v]}");
    const struct lf_gql_value_node *node = lf_gql_parse_value(&page.arena, &page.source, &page.errors);
    assert_non_null(node);
    struct lf_value out;
    assert_true(lf_gql_literal_value(node, &page.arena, &out));
    assert_string_equal(page_text(&page, &out),
                        "{\"a\":[1,-9223372036854775808,9223372036854775808,1e2,\"s\",\"E\",true,null,null]}");
    assert_int_equal(out.u.members[0].value.u.items[1].type, LF_V_INT);
    assert_int_equal(out.u.members[0].value.u.items[2].type, LF_V_FLOAT);
    assert_int_equal(out.u.members[0].value.u.items[5].type, LF_V_ENUM);
    page_close(&page);
}

struct variables_row {
    const char *definitions;
    const char *given;
    const char *out;    /* NULL: refused */
    const char *errors; /* "line:column message\n" each */
};

static void
test_variables(void **state)
{
    static const struct variables_row rows[] = {
        {"$a: Int, $b: [String!]! = [\"x\"], $c: Point", "{}", "{\"b\":[\"x\"]}", ""},
        {"$a: Int, $b: Int = 5", "{\"a\":null,\"b\":null}", "{\"a\":null,\"b\":null}", ""},
        {"$a: Int", "{\"a\":1,\"unknown\":2}", "{\"a\":1}", ""},
        {"$a: Int", NULL, "{}", ""},
        {"$p: Point = {x: 2}", "{}", "{\"p\":{\"x\":2,\"y\":7}}", ""},
        {"$a: Int!", "{}", NULL, "1:9 Variable \"$a\" of required type \"Int!\" was not provided.\n"},
        {"$a: Int!", NULL, NULL, "1:9 Variable \"$a\" of required type \"Int!\" was not provided.\n"},
        {"$a: Int! = 5", "{\"a\":null}", NULL, "1:9 Variable \"$a\" of non-null type \"Int!\" must not be null.\n"},
        {"$a: Int = \"x\"", "{}", NULL,
         "1:19 Variable \"$a\" has an invalid default value; "
         "Int cannot represent non-integer value: \"x\"\n"},
        {"$a: Query", "{\"a\":1}", NULL,
         "1:13 Variable \"$a\" expected value of type \"Query\" which cannot be used as an input type.\n"},
        {"$a: [Nope!]", "{}", NULL,
         "1:13 Variable \"$a\" expected value of type \"[Nope!]\" which cannot be used as an input type.\n"},
        {"$a: Int, $b: Int", "{\"a\":\"x\",\"b\":true}", NULL,
         "1:9 Variable \"$a\" got invalid value \"x\"; Int cannot represent non-integer value: \"x\"\n"
         "1:18 Variable \"$b\" got invalid value true; Int cannot represent non-integer value: true\n"},
        {"$p: Point", "{\"p\":{\"x\":\"a\",\"y\":null,\"tags\":[\"t\",1],\"next\":{\"x\":1,\"z\":1}}}", NULL,
         "1:9 Variable \"$p\" got invalid value \"a\" at \"p.x\"; Int cannot represent non-integer value: \"a\"\n"
         "1:9 Variable \"$p\" got invalid value null at \"p.y\"; Expected non-nullable type \"Int!\" not to be null.\n"
         "1:9 Variable \"$p\" got invalid value 1 at \"p.tags[1]\"; String cannot represent a non string value: 1\n"
         "1:9 Variable \"$p\" got invalid value { x: 1, z: 1 } at \"p.next\"; Field \"z\" is not defined by type "
         "\"Point\". Did you mean \"x\" or \"y\"?\n"},
        {"$c: Choice", "{\"c\":{\"a\":null}}", NULL,
         "1:9 Variable \"$c\" got invalid value null at \"c.a\"; Field \"a\" must be non-null.\n"},
        {"$c: Color", "{\"c\":\"rad\"}", NULL,
         "1:9 Variable \"$c\" got invalid value \"rad\"; Value \"rad\" does not exist in \"Color\" enum. Did you "
         "mean the "
         "enum value \"RED\"?\n"},
    };
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct page page;
        char text[200];
        snprintf(text, sizeof(text), "query q(%s) { f(a: 1, e: RED) }", rows[i].definitions);
        page_open(&page, text);
        const struct lf_gql_definition *operation = page_parse(&page)->definitions[0];
        struct lf_value given = LF_VALUE_NULL;
        struct lf_value out;
        if (rows[i].given != NULL)
            given = page_json(&page, rows[i].given);
        bool ok = lf_gql_coerce_variables(kit.schema, operation, &given, &page.arena, &out, &page.errors);
        for (const struct lf_gql_error *error = page.errors.first; error != NULL; error = error->next)
            assert_string_equal(error->code, "BAD_USER_INPUT");
        const char *errors = lf_arena_text(&page.arena, lf_bytes_of(page_errors(&page)));
        const char *found = ok ? page_text(&page, &out) : "refused";
        const char *expected = rows[i].out != NULL ? rows[i].out : "refused";
        if (strcmp(found, expected) != 0 || strcmp(errors, rows[i].errors) != 0) {
            print_error("%s <- %s\n  expected: %s %s  found: %s %s", rows[i].definitions, rows[i].given, expected,
                        rows[i].errors, found, errors);
            wrong++;
        }
        page_close(&page);
    }
    assert_int_equal(wrong, 0);
}

static void
test_arguments(void **state)
{
    static const struct variables_row rows[] = {
        {"a: 1, e: RED", "{}", "{\"a\":1,\"b\":2,\"e\":\"RED\",\"g\":3}", ""},
        {"a: $x, b: null, c: 4, d: {x: $x}, e: $e, g: $absent", "{\"x\":9,\"e\":\"BLUE\"}",
         "{\"a\":9,\"b\":null,\"c\":[4],\"d\":{\"x\":9,\"y\":7},\"e\":\"BLUE\",\"g\":3}", ""},
        {"a: 1, b: $absent, c: $absent, e: RED", "{}", "{\"a\":1,\"b\":2,\"e\":\"RED\",\"g\":3}", ""},
        {"e: RED", "{}", NULL, "1:3 Argument \"a\" of required type \"Int!\" was not provided.\n"},
        {"a: $x, e: RED", "{}", NULL,
         "1:8 Argument \"a\" of required type \"Int!\" was provided the variable \"$x\" which was not provided a "
         "runtime "
         "value.\n"},
        {"a: $x, e: RED", "{\"x\":null}", NULL, "1:8 Argument \"a\" of non-null type \"Int!\" must not be null.\n"},
        {"a: null, e: RED", "{}", NULL, "1:8 Argument \"a\" of non-null type \"Int!\" must not be null.\n"},
        {"a: 1, c: [1, null], e: RED", "{}", NULL, "1:14 Argument \"c\" has invalid value [1, null].\n"},
    };
    (void)state;
    const struct lf_gql_field *field = lf_gql_type_field(kit.schema->query, LF_LIT("f"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct page page;
        char text[200];
        struct lf_gql_path path = {.key = LF_LIT("f")};
        snprintf(text, sizeof(text), "{ f(%s) }", rows[i].definitions);
        page_open(&page, text);
        const struct lf_gql_selection *node = &page_parse(&page)->definitions[0]->set.items[0];
        struct lf_value variables = page_json(&page, rows[i].given);
        struct lf_value out;
        bool ok = lf_gql_coerce_arguments(field->args, field->arg_count, node->args, node->arg_count, &node->loc,
                                          &variables, &page.arena, &path, &out, &page.errors);
        assert_int_equal(ok, rows[i].out != NULL);
        if (ok)
            assert_string_equal(page_text(&page, &out), rows[i].out);
        assert_string_equal(page_errors(&page), rows[i].errors);
        if (!ok)
            assert_ptr_equal(page.errors.first->path, &path);
        page_close(&page);
    }
}

/* However long the input, what is said of it is short and well-formed. */
static void
test_long_values(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "query q($p: Point, $c: Color) { f(a: 1, e: RED) }");
    const struct lf_gql_definition *operation = page_parse(&page)->definitions[0];
    char *text = lf_arena_alloc(&page.arena, 30001);
    for (size_t i = 0; i < 30000; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3);
    struct lf_member fields[2] = {{LF_LIT("x"), lf_value_int(1)},
                                  {lf_bytes(text, 30000), lf_value_string(lf_bytes(text, 30000))}};
    struct lf_member members[2] = {{LF_LIT("p"), lf_value_object(fields, 2)},
                                   {LF_LIT("c"), lf_value_string(lf_bytes(text, 30000))}};
    struct lf_value given = lf_value_object(members, 2);
    struct lf_value out;
    assert_false(lf_gql_coerce_variables(kit.schema, operation, &given, &page.arena, &out, &page.errors));
    assert_int_equal(page.errors.count, 2);
    for (const struct lf_gql_error *error = page.errors.first; error != NULL; error = error->next) {
        assert_true(error->message.len < 4000);
        assert_true(lf_utf8_valid(error->message, NULL));
    }
    page_close(&page);
}

/* What is wrong a hundred thousand times is said as often as the error list can hold, in bounded time and memory. */
static void
test_many_mistakes(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct page page;
    page_open(&page, "query q($p: Point, $l: [Int!]) { f(a: 1, e: RED) }");
    const struct lf_gql_definition *operation = page_parse(&page)->definitions[0];
    struct lf_member *fields = LF_ARENA_ARRAY(&page.arena, struct lf_member, MANY);
    struct lf_value *items = LF_ARENA_ARRAY(&page.arena, struct lf_value, MANY);
    for (size_t i = 0; i < MANY; i++)
        fields[i].name = lf_bytes_of(lf_arena_printf(&page.arena, "unknown%zu", i));
    struct lf_member members[2] = {{LF_LIT("p"), lf_value_object(fields, MANY)},
                                   {LF_LIT("l"), lf_value_list(items, MANY)}};
    struct lf_value given = lf_value_object(members, 2);
    struct lf_value out;
    size_t before = page.arena.used;
    assert_false(lf_gql_coerce_variables(kit.schema, operation, &given, &page.arena, &out, &page.errors));
    assert_int_equal(page.errors.count, LF_GQL_ERRORS_MAX);
    assert_true(page.arena.used - before < 1000 * 1000);
    const char *why;
    before = page.arena.used;
    assert_false(lf_gql_coerce_value(type_of(&page, "Point"), &members[0].value, &page.arena, &out, &why));
    assert_true(page.arena.used - before < 100 * 1000);
    page_close(&page);
}

/* Many variables are found by name, however many there are. */
static void
test_many_variables(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    struct page page;
    struct lf_buf text;
    lf_buf_init(&text, 1000000);
    lf_buf_add_text(&text, "query q(");
    for (int i = 0; i < MANY; i++)
        lf_buf_printf(&text, "$v%d: Int ", i);
    lf_buf_add_text(&text, ") { f(a: 1, e: RED) }");
    lf_buf_add(&text, lf_bytes("", 1));
    page_open(&page, text.ptr);
    const struct lf_gql_definition *operation = page_parse(&page)->definitions[0];
    struct lf_member *members = LF_ARENA_ARRAY(&page.arena, struct lf_member, MANY);
    for (int i = 0; i < MANY; i++)
        members[MANY - 1 - i] =
            (struct lf_member){lf_bytes_of(lf_arena_printf(&page.arena, "v%d", i)), lf_value_int(i)};
    struct lf_value given = lf_value_object(members, MANY);
    struct lf_value out;
    assert_true(lf_gql_coerce_variables(kit.schema, operation, &given, &page.arena, &out, &page.errors));
    assert_int_equal(out.count, MANY);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(out.u.members[i].value.u.integer, i);
    lf_buf_release(&text);
    page_close(&page);
}

/* Out of memory nothing is accepted that was not coerced. */
static void
test_no_memory(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "query q($p: Point, $l: [Int] = [1, 2], $bad: Point) { f(a: 1, e: RED) }");
    const struct lf_gql_definition *operation = page_parse(&page)->definitions[0];
    struct lf_value good = page_json(&page, "{\"p\":{\"x\":1,\"tags\":[\"t\"],\"next\":{\"x\":2}}}");
    struct lf_value bad = page_json(&page, "{\"bad\":{\"x\":\"a\",\"z\":[1,2]}}");
    for (size_t max = 16, enough = 0; enough < 2; max += 16) {
        enough = 0;
        for (int i = 0; i < 2; i++) {
            struct lf_arena arena;
            struct lf_gql_errors errors;
            struct lf_value out;
            lf_arena_init(&arena, 64, max);
            lf_gql_errors_init(&errors, &arena, 10);
            bool ok = lf_gql_coerce_variables(kit.schema, operation, i == 0 ? &good : &bad, &arena, &out, &errors);
            if (ok)
                assert_int_equal(i, 0);
            else
                assert_true(errors.count > 0);
            enough += i == 0 ? ok : !errors.no_memory && errors.count == 2;
            lf_arena_release(&arena);
        }
    }
    page_close(&page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),           cmocka_unit_test(test_literals),
        cmocka_unit_test(test_untyped_literals), cmocka_unit_test(test_variables),
        cmocka_unit_test(test_arguments),        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_many_mistakes),    cmocka_unit_test(test_many_variables),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, open_kit, close_kit);
}
