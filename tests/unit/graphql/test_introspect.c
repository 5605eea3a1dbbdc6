/* Introspection: each field of the introspection types, and the query that tools send, against graphql-js's answers. */
#include "kit.h"

/* clang-format off */
static const char sdl[] =
    "\"about\" schema { query: Root mutation: Change }\n"
    "type Root implements Node { id: ID! \"find\" thing(id: ID!, in: In = {a: [1], c: RED}, old: Int "
    "@deprecated(reason: \"x\")): [Thing!]! gone: Own @deprecated }\n"
    "type Change { do: Int }\n"
    "interface Node { id: ID! }\n"
    "interface Named implements Node { id: ID! name: String }\n"
    "\"a thing\" type Thing implements Node & Named { id: ID! name: String }\n"
    "union All = Thing | Root\n"
    "enum Color { \"like blood\" RED GREEN @deprecated(reason: \"no\") }\n"
    "input In { \"n\" a: [Int] = [3] b: String @deprecated c: Color = RED }\n"
    "input Only @oneOf { a: Int b: String }\n"
    "\"mine\" scalar Own @specifiedBy(url: \"https://example.com\")\n"
    "\"d\" directive @tag(\"n\" name: String! = \"x\", old: Int @deprecated) repeatable on FIELD | OB"
    "JECT\n";

static const struct {
    const char *query;
    const char *data;
} rows[] = {
    {
        "{ __typename __schema { __typename description queryType { name } mutationType { name } subscrip"
        "tionType { name } } }",
        "{\"__typename\":\"Root\",\"__schema\":{\"__typename\":\"__Schema\",\"description\":\"about\",\"q"
        "ueryType\":{\"name\":\"Root\"},\"mutationType\":{\"name\":\"Change\"},\"subscriptionType\":null}"
        "}",
    },
    {
        "{ __type(name: \"Root\") { __typename kind name description fields { name description args { nam"
        "e type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } defaultValue"
        " } type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } isDeprecate"
        "d deprecationReason } interfaces { name } possibleTypes { name } enumValues { name } inputFields"
        " { name } ofType { name } specifiedByURL isOneOf } }",
        "{\"__type\":{\"__typename\":\"__Type\",\"kind\":\"OBJECT\",\"name\":\"Root\",\"description\":nul"
        "l,\"fields\":[{\"name\":\"id\",\"description\":null,\"args\":[],\"type\":{\"kind\":\"NON_NULL\","
        "\"name\":null,\"ofType\":{\"kind\":\"SCALAR\",\"name\":\"ID\",\"ofType\":null}},\"isDeprecated\""
        ":false,\"deprecationReason\":null},{\"name\":\"thing\",\"description\":\"find\",\"args\":[{\"nam"
        "e\":\"id\",\"type\":{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"kind\":\"SCALAR\",\"name"
        "\":\"ID\",\"ofType\":null}},\"defaultValue\":null},{\"name\":\"in\",\"type\":{\"kind\":\"INPUT_O"
        "BJECT\",\"name\":\"In\",\"ofType\":null},\"defaultValue\":\"{ a: [1], c: RED }\"}],\"type\":{\"k"
        "ind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"kind\":\"LIST\",\"name\":null,\"ofType\":{\"kind"
        "\":\"NON_NULL\",\"name\":null,\"ofType\":{\"kind\":\"OBJECT\",\"name\":\"Thing\"}}}},\"isDepreca"
        "ted\":false,\"deprecationReason\":null}],\"interfaces\":[{\"name\":\"Node\"}],\"possibleTypes\":"
        "null,\"enumValues\":null,\"inputFields\":null,\"ofType\":null,\"specifiedByURL\":null,\"isOneOf"
        "\":null}}",
    },
    {
        "{ __type(name: \"Root\") { fields(includeDeprecated: true) { name isDeprecated deprecationReason"
        " args(includeDeprecated: true) { name isDeprecated deprecationReason } } } }",
        "{\"__type\":{\"fields\":[{\"name\":\"id\",\"isDeprecated\":false,\"deprecationReason\":null,\"ar"
        "gs\":[]},{\"name\":\"thing\",\"isDeprecated\":false,\"deprecationReason\":null,\"args\":[{\"name"
        "\":\"id\",\"isDeprecated\":false,\"deprecationReason\":null},{\"name\":\"in\",\"isDeprecated\":f"
        "alse,\"deprecationReason\":null},{\"name\":\"old\",\"isDeprecated\":true,\"deprecationReason\":"
        "\"x\"}]},{\"name\":\"gone\",\"isDeprecated\":true,\"deprecationReason\":\"No longer supported\","
        "\"args\":[]}]}}",
    },
    {
        "{ __type(name: \"Named\") { kind fields { name } interfaces { name } possibleTypes { name kind }"
        " } }",
        "{\"__type\":{\"kind\":\"INTERFACE\",\"fields\":[{\"name\":\"id\"},{\"name\":\"name\"}],\"interfa"
        "ces\":[{\"name\":\"Node\"}],\"possibleTypes\":[{\"name\":\"Thing\",\"kind\":\"OBJECT\"}]}}",
    },
    {
        "{ __type(name: \"Node\") { kind description interfaces { name } possibleTypes { name } } }",
        "{\"__type\":{\"kind\":\"INTERFACE\",\"description\":null,\"interfaces\":[],\"possibleTypes\":[{"
        "\"name\":\"Root\"},{\"name\":\"Thing\"}]}}",
    },
    {
        "{ __type(name: \"Thing\") { description interfaces { name } } }",
        "{\"__type\":{\"description\":\"a thing\",\"interfaces\":[{\"name\":\"Node\"},{\"name\":\"Named\""
        "}]}}",
    },
    {
        "{ __type(name: \"All\") { kind name possibleTypes { name } fields { name } } }",
        "{\"__type\":{\"kind\":\"UNION\",\"name\":\"All\",\"possibleTypes\":[{\"name\":\"Thing\"},{\"name"
        "\":\"Root\"}],\"fields\":null}}",
    },
    {
        "{ __type(name: \"Color\") { kind enumValues { __typename name description isDeprecated deprecati"
        "onReason } all: enumValues(includeDeprecated: true) { name isDeprecated deprecationReason } inpu"
        "tFields { name } } }",
        "{\"__type\":{\"kind\":\"ENUM\",\"enumValues\":[{\"__typename\":\"__EnumValue\",\"name\":\"RED\","
        "\"description\":\"like blood\",\"isDeprecated\":false,\"deprecationReason\":null}],\"all\":[{\"n"
        "ame\":\"RED\",\"isDeprecated\":false,\"deprecationReason\":null},{\"name\":\"GREEN\",\"isDepreca"
        "ted\":true,\"deprecationReason\":\"no\"}],\"inputFields\":null}}",
    },
    {
        "{ __type(name: \"In\") { kind isOneOf inputFields { __typename name description type { kind name"
        " ofType { kind name ofType { kind name ofType { kind name } } } } defaultValue isDeprecated } al"
        "l: inputFields(includeDeprecated: true) { name deprecationReason } } }",
        "{\"__type\":{\"kind\":\"INPUT_OBJECT\",\"isOneOf\":false,\"inputFields\":[{\"__typename\":\"__In"
        "putValue\",\"name\":\"a\",\"description\":\"n\",\"type\":{\"kind\":\"LIST\",\"name\":null,\"ofTy"
        "pe\":{\"kind\":\"SCALAR\",\"name\":\"Int\",\"ofType\":null}},\"defaultValue\":\"[3]\",\"isDeprec"
        "ated\":false},{\"__typename\":\"__InputValue\",\"name\":\"c\",\"description\":null,\"type\":{\"k"
        "ind\":\"ENUM\",\"name\":\"Color\",\"ofType\":null},\"defaultValue\":\"RED\",\"isDeprecated\":fal"
        "se}],\"all\":[{\"name\":\"a\",\"deprecationReason\":null},{\"name\":\"b\",\"deprecationReason\":"
        "\"No longer supported\"},{\"name\":\"c\",\"deprecationReason\":null}]}}",
    },
    {
        "{ __type(name: \"Only\") { kind isOneOf inputFields { name } } }",
        "{\"__type\":{\"kind\":\"INPUT_OBJECT\",\"isOneOf\":true,\"inputFields\":[{\"name\":\"a\"},{\"nam"
        "e\":\"b\"}]}}",
    },
    {
        "{ __type(name: \"Own\") { kind name description specifiedByURL fields { name } isOneOf } }",
        "{\"__type\":{\"kind\":\"SCALAR\",\"name\":\"Own\",\"description\":\"mine\",\"specifiedByURL\":\""
        "https://example.com\",\"fields\":null,\"isOneOf\":null}}",
    },
    {
        "{ nope: __type(name: \"Nope\") { name } float: __type(name: \"Float\") { name } string: __type(n"
        "ame: \"String\") { kind name } own: __type(name: \"__Type\") { kind fields { name } } }",
        "{\"nope\":null,\"float\":null,\"string\":{\"kind\":\"SCALAR\",\"name\":\"String\"},\"own\":{\"ki"
        "nd\":\"OBJECT\",\"fields\":[{\"name\":\"kind\"},{\"name\":\"name\"},{\"name\":\"description\"},{"
        "\"name\":\"specifiedByURL\"},{\"name\":\"fields\"},{\"name\":\"interfaces\"},{\"name\":\"possibl"
        "eTypes\"},{\"name\":\"enumValues\"},{\"name\":\"inputFields\"},{\"name\":\"ofType\"},{\"name\":"
        "\"isOneOf\"}]}}",
    },
    {
        "query ($n: String!) { __type(name: $n) { name } }",
        "{\"__type\":{\"name\":\"Thing\"}}",
    },
    {
        "{ __schema { directives { __typename name isRepeatable locations args { name type { kind name of"
        "Type { name } } defaultValue } } } }",
        "{\"__schema\":{\"directives\":[{\"__typename\":\"__Directive\",\"name\":\"include\",\"isRepeatab"
        "le\":false,\"locations\":[\"FIELD\",\"FRAGMENT_SPREAD\",\"INLINE_FRAGMENT\"],\"args\":[{\"name\""
        ":\"if\",\"type\":{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"name\":\"Boolean\"}},\"defau"
        "ltValue\":null}]},{\"__typename\":\"__Directive\",\"name\":\"skip\",\"isRepeatable\":false,\"loc"
        "ations\":[\"FIELD\",\"FRAGMENT_SPREAD\",\"INLINE_FRAGMENT\"],\"args\":[{\"name\":\"if\",\"type\""
        ":{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"name\":\"Boolean\"}},\"defaultValue\":null}]"
        "},{\"__typename\":\"__Directive\",\"name\":\"deprecated\",\"isRepeatable\":false,\"locations\":["
        "\"FIELD_DEFINITION\",\"ARGUMENT_DEFINITION\",\"INPUT_FIELD_DEFINITION\",\"ENUM_VALUE\"],\"args\""
        ":[{\"name\":\"reason\",\"type\":{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"name\":\"Stri"
        "ng\"}},\"defaultValue\":\"\\\"No longer supported\\\"\"}]},{\"__typename\":\"__Directive\",\"nam"
        "e\":\"specifiedBy\",\"isRepeatable\":false,\"locations\":[\"SCALAR\"],\"args\":[{\"name\":\"url"
        "\",\"type\":{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"name\":\"String\"}},\"defaultValu"
        "e\":null}]},{\"__typename\":\"__Directive\",\"name\":\"oneOf\",\"isRepeatable\":false,\"location"
        "s\":[\"INPUT_OBJECT\"],\"args\":[]},{\"__typename\":\"__Directive\",\"name\":\"tag\",\"isRepeata"
        "ble\":true,\"locations\":[\"FIELD\",\"OBJECT\"],\"args\":[{\"name\":\"name\",\"type\":{\"kind\":"
        "\"NON_NULL\",\"name\":null,\"ofType\":{\"name\":\"String\"}},\"defaultValue\":\"\\\"x\\\"\"}]}]}"
        "}",
    },
    {
        "{ __type(name: \"__TypeKind\") { enumValues { name } } }",
        "{\"__type\":{\"enumValues\":[{\"name\":\"SCALAR\"},{\"name\":\"OBJECT\"},{\"name\":\"INTERFACE\""
        "},{\"name\":\"UNION\"},{\"name\":\"ENUM\"},{\"name\":\"INPUT_OBJECT\"},{\"name\":\"LIST\"},{\"na"
        "me\":\"NON_NULL\"}]}}",
    },
    {
        "{ ... on Root { __schema { ...S } } } fragment S on __Schema { queryType { fields { type { name "
        "} } } }",
        "{\"__schema\":{\"queryType\":{\"fields\":[{\"type\":{\"name\":null}},{\"type\":{\"name\":null}}]"
        "}}}",
    },
};

/* What graphql-js's getIntrospectionQuery() gives with all its options. */
static const char introspection_query[] =
    " query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name k"
    "ind } subscriptionType { name kind } types { ...FullType } directives { name description isRepea"
    "table locations args(includeDeprecated: true) { ...InputValue } } } } fragment FullType on __Typ"
    "e { kind name description specifiedByURL isOneOf fields(includeDeprecated: true) { name descript"
    "ion args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecation"
    "Reason } inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef } enumVa"
    "lues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes "
    "{ ...TypeRef } } fragment InputValue on __InputValue { name description type { ...TypeRef } defa"
    "ultValue isDeprecated deprecationReason } fragment TypeRef on __Type { kind name ofType { name k"
    "ind ofType { name kind ofType { name kind ofType { name kind ofType { name kind ofType { name ki"
    "nd ofType { name kind ofType { name kind ofType { name kind } } } } } } } } } } ";
/* clang-format on */

static void
write_response(struct lf_gql_exec *exec, void *user)
{
    lf_gql_exec_write(exec, user);
}

/* The response to a query, in page's buffer. */
static const char *
respond(struct page *page, const struct lf_gql_schema *schema)
{
    static struct lf_member members[1] = {
        {.name = {"n", 1}, .value = {.type = LF_V_STRING, .count = 5, .u.text = "Thing"}}};
    const struct lf_gql_document *document = page_parse(page);
    const struct lf_gql_definition *operation = lf_gql_find_operation(document, LF_BYTES_NONE, &page->errors);
    struct lf_gql_request request = {.schema = schema,
                                     .document = document,
                                     .variables = lf_value_object(members, 1),
                                     .root = lf_value_object(NULL, 0),
                                     .arena = &page->arena};
    struct lf_arena scratch;
    lf_arena_init(&scratch, 0, 0);
    if (!lf_gql_validate(schema, document, &scratch, &page->errors))
        print_error("%s\n", page_errors(page));
    lf_arena_release(&scratch);
    assert_int_equal(page->errors.count, 0);
    lf_buf_clear(&page->out);
    assert_true(lf_gql_execute(&request, operation, write_response, &page->out));
    lf_buf_add(&page->out, lf_bytes("", 1));
    return page->out.ptr;
}

static void
test_fields(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, sdl);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct page page;
        char *expected = lf_malloc(strlen(rows[i].data) + 20);
        assert_non_null(expected);
        snprintf(expected, strlen(rows[i].data) + 20, "{\"data\":%s}", rows[i].data);
        page_open(&page, rows[i].query);
        assert_string_equal(respond(&page, kit.schema), expected);
        page_close(&page);
        lf_free(expected);
    }
    kit_close(&kit);
}

static const struct lf_value *
find_named(const struct lf_value *list, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (lf_bytes_equal_text(lf_value_text(lf_value_get_text(&list->u.items[i], "name")), name))
            return &list->u.items[i];
    }
    return NULL;
}

/* Everything that is listed refers only to what is listed. */
static void
test_the_query_of_tools(void **state)
{
    (void)state;
    static const char *const listed[] = {"Root",         "Change",
                                         "Node",         "Named",
                                         "Thing",        "All",
                                         "Color",        "In",
                                         "Only",         "Own",
                                         "ID",           "Int",
                                         "String",       "Boolean",
                                         "__Schema",     "__Type",
                                         "__TypeKind",   "__Field",
                                         "__InputValue", "__EnumValue",
                                         "__Directive",  "__DirectiveLocation"};
    struct kit kit;
    struct page page;
    kit_open(&kit, sdl);
    page_open(&page, introspection_query);
    struct lf_value response = page_json(&page, respond(&page, kit.schema));
    assert_null(lf_value_get_text(&response, "errors"));
    const struct lf_value *schema = lf_value_get_text(lf_value_get_text(&response, "data"), "__schema");
    const struct lf_value *types = lf_value_get_text(schema, "types");
    assert_int_equal(types->count, sizeof(listed) / sizeof(listed[0]));
    for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++)
        assert_non_null(find_named(types, listed[i]));
    assert_int_equal(lf_value_get_text(schema, "directives")->count, 6);
    page_close(&page);
    kit_close(&kit);
}

static void
test_hidden_directives_are_not_listed(void **state)
{
    (void)state;
    struct kit kit;
    struct page page;
    kit_open(&kit, sdl);
    struct lf_gql_directive_def *tag = lf_map_get_text(&kit.schema->directives, "tag");
    tag->hidden = true;
    page_open(&page, "{ __schema { directives { name } } }");
    assert_null(strstr(respond(&page, kit.schema), "tag"));
    page_close(&page);
    kit_close(&kit);
}

static void
test_meta_fields(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, sdl);
    const struct lf_gql_schema *s = kit.schema;
    const struct lf_gql_type *thing = lf_gql_schema_type(s, LF_LIT("Thing"));
    assert_non_null(lf_gql_meta_field(s, thing, LF_LIT("__typename")));
    assert_non_null(lf_gql_meta_field(s, lf_gql_schema_type(s, LF_LIT("All")), LF_LIT("__typename")));
    assert_non_null(lf_gql_meta_field(s, s->query, LF_LIT("__schema")));
    assert_non_null(lf_gql_meta_field(s, s->query, LF_LIT("__type")));
    assert_null(lf_gql_meta_field(s, thing, LF_LIT("__schema")));
    assert_null(lf_gql_meta_field(s, s->mutation, LF_LIT("__type")));
    assert_null(lf_gql_meta_field(s, s->query, LF_LIT("__nope")));
    assert_null(lf_gql_meta_field(s, s->query, LF_LIT("thing")));
    kit_close(&kit);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_the_query_of_tools),
        cmocka_unit_test(test_hidden_directives_are_not_listed),
        cmocka_unit_test(test_meta_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
