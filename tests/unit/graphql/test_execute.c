/*
 * Execution on a toy schema. Method: tables of document, variables, root value and the whole response; fields named
 * later… finish when the test says so, in any order.
 */
#include "kit.h"

static const char toy_sdl[] =
    "type Query {\n"
    "  hello(name: String = \"world\", times: Int): String\n"
    "  me: User\n"
    "  must: User!\n"
    "  users: [User!]!\n"
    "  some: [User]\n"
    "  few: [User!]\n"
    "  node: Node\n"
    "  found: [Result]\n"
    "  number: Int\n"
    "  color: Color\n"
    "  colors: [Color!]\n"
    "  matrix: [[Int!]]\n"
    "  any: JSON\n"
    "  echo(in: In, list: [Int], one: Only): JSON\n"
    "  broken: String\n"
    "  mustBreak: String!\n"
    "  later: String\n"
    "  laterUser: User\n"
    "  laterMust: String!\n"
    "  selects: Node\n"
    "  peek: String\n"
    "}\n"
    "type Mutation {\n"
    "  createQuote(amount: Float!, customerId: ID!): Receipt!\n"
    "  laterStep(name: String!): Step\n"
    "  laterMustStep(name: String!): Step!\n"
    "}\n"
    "type Subscription { quoteChanged(customerId: ID): Receipt! }\n"
    "type Receipt { success: Boolean! eventId: ID! time: String }\n"
    "type Step { name: String laterName: String }\n"
    "interface Node { id: ID! }\n"
    "type User implements Node { id: ID! name: String boss: User mustBoss: User! friends: [User!]! laterName: String\n"
    "  laterMustName: String! tags: [String!]! echo(list: [Int], d: String): JSON }\n"
    "type Robot implements Node { id: ID! model: String! user: User }\n"
    "union Result = User | Robot\n"
    "enum Color { RED GREEN }\n"
    "input In { a: Int! = 1 b: [In!] c: Color d: String }\n"
    "input Only @oneOf { a: Int b: String }\n"
    "scalar JSON\n"
    "directive @await(stage: Color! = GREEN, timeoutMs: Int = 5000) on FIELD\n";

enum { LATER_MAX = 64 };

/* Slots that wait for the test, and what happened so far. */
struct world {
    struct lf_gql_slot *slots[LATER_MAX];
    const struct lf_gql_resolve_info *infos[LATER_MAX];
    size_t slot_count;
    struct lf_buf trail; /* names of fields as they were called */
    size_t done;
    struct lf_gql_exec *exec;
};

static struct kit kit;
static struct world world;

/* --- resolvers --- */

static void
resolve_hello(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    const struct lf_value *name = lf_value_get_text(info->args, "name");
    if (name == NULL || name->type == LF_V_NULL) {
        lf_gql_slot_value(slot, LF_VALUE_NULL);
        return;
    }
    const char *text = lf_arena_printf(info->arena, "Hello %.*s", LF_FMT(lf_value_text(name)));
    if (text == NULL)
        lf_gql_slot_error(slot, NULL, LF_VALUE_NULL, "Out of memory.");
    else
        lf_gql_slot_value(slot, lf_value_string(lf_bytes_of(text)));
}

static void
resolve_echo(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    lf_gql_slot_value(slot, *info->args);
}

static void
resolve_broken(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    static struct lf_member members[1] = {{.name = {"eventId", 7}, .value = {.type = LF_V_INT, .u.integer = 7}}};
    (void)info;
    lf_gql_slot_error(slot, "FORBIDDEN", lf_value_object(members, 1), "No %s here.", "entry");
}

static void
resolve_later(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    lf_buf_printf(&world.trail, "%.*s ", LF_FMT(info->field->name));
    if (world.slot_count == LATER_MAX) {
        lf_gql_slot_error(slot, NULL, LF_VALUE_NULL, "too many");
        return;
    }
    world.slots[world.slot_count] = slot;
    world.infos[world.slot_count++] = info;
}

static void
resolve_receipt(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    struct lf_member *members = LF_ARENA_ARRAY(info->arena, struct lf_member, 2);
    const struct lf_value *customer = lf_value_get_text(info->args, "customerId");
    if (members == NULL) {
        lf_gql_slot_error(slot, NULL, LF_VALUE_NULL, "Out of memory.");
        return;
    }
    members[0] = (struct lf_member){LF_LIT("success"), lf_value_bool(true)};
    members[1] = (struct lf_member){LF_LIT("eventId"), *customer};
    lf_gql_slot_value(slot, lf_value_object(members, 2));
}

/* Which of its fields are selected, and how @await is applied. */
static void
resolve_selects(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    lf_buf_printf(&world.trail, "id:%d model:%d name:%d boss:%d ", lf_gql_resolve_selects(info, "id"),
                  lf_gql_resolve_selects(info, "model"), lf_gql_resolve_selects(info, "name"),
                  lf_gql_resolve_selects(info, "boss"));
    lf_gql_slot_value(slot, LF_VALUE_NULL);
}

static void
resolve_peek(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    struct lf_value args;
    const char *why = "unset";
    if (lf_gql_resolve_directive(info, "await", &args, &why)) {
        lf_json_write(&world.trail, &args);
        lf_buf_add_char(&world.trail, ' ');
    } else {
        lf_buf_printf(&world.trail, "(%s) ", why != NULL ? why : "absent");
    }
    lf_gql_slot_value(slot, LF_VALUE_NULL);
}

static void
bind(const char *type, const char *field, lf_gql_resolve_fn *resolve)
{
    struct lf_gql_field *found =
        lf_gql_type_field(lf_gql_schema_type(kit.schema, lf_bytes_of(type)), lf_bytes_of(field));
    assert_non_null(found);
    found->resolve = resolve;
}

static int
open_kit(void **state)
{
    (void)state;
    kit_open(&kit, toy_sdl);
    bind("Query", "hello", resolve_hello);
    bind("Query", "echo", resolve_echo);
    bind("Query", "broken", resolve_broken);
    bind("Query", "mustBreak", resolve_broken);
    bind("Query", "selects", resolve_selects);
    bind("Query", "peek", resolve_peek);
    bind("Query", "later", resolve_later);
    bind("Query", "laterUser", resolve_later);
    bind("Query", "laterMust", resolve_later);
    bind("User", "echo", resolve_echo);
    bind("User", "laterName", resolve_later);
    bind("User", "laterMustName", resolve_later);
    bind("Step", "laterName", resolve_later);
    bind("Mutation", "laterStep", resolve_later);
    bind("Mutation", "laterMustStep", resolve_later);
    bind("Mutation", "createQuote", resolve_receipt);
    return 0;
}

static int
close_kit(void **state)
{
    (void)state;
    kit_close(&kit);
    return 0;
}

/* --- running --- */

static void
note_done(struct lf_gql_exec *exec, void *user)
{
    struct world *w = user;
    w->done++;
    w->exec = exec;
}

static void
world_open(void)
{
    memset(&world, 0, sizeof(world));
    lf_buf_init(&world.trail, 100000);
}

static void
world_close(void)
{
    lf_buf_release(&world.trail);
}

static const char *
trail(void)
{
    lf_buf_add(&world.trail, lf_bytes("", 1));
    const char *text = world.trail.ptr;
    world.trail.len = 0;
    return text;
}

/* Parses, validates and starts; NULL variables or root for none. */
static void
start(struct page *page, const char *variables, const char *root)
{
    const struct lf_gql_document *document = page_parse(page);
    if (!lf_gql_validate(kit.schema, document, &page->arena, &page->errors))
        fail_msg("%.*s: %s", LF_FMT(page->source.text), page_errors(page));
    struct lf_gql_request request = {.schema = kit.schema, .document = document, .arena = &page->arena, .ctx = page};
    if (variables != NULL)
        request.variables = page_json(page, variables);
    if (root != NULL)
        request.root = page_json(page, root);
    const struct lf_gql_definition *operation = lf_gql_find_operation(document, LF_BYTES_NONE, &page->errors);
    assert_non_null(operation);
    assert_true(lf_gql_execute(&request, operation, note_done, &world));
}

static const char *
response(struct page *page)
{
    assert_int_equal(world.done, 1);
    lf_buf_clear(&page->out);
    lf_gql_exec_write(world.exec, &page->out);
    assert_int_equal(page->out.failed, LF_OK);
    lf_buf_add(&page->out, lf_bytes("", 1));
    return page->out.ptr;
}

struct row {
    const char *document;
    const char *variables;
    const char *root;
    const char *response;
};

static void
run_rows(const struct row *rows, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct page page;
        page_open(&page, rows[i].document);
        world_open();
        start(&page, rows[i].variables, rows[i].root);
        const char *found = response(&page);
        if (strcmp(found, rows[i].response) != 0) {
            print_error("%s\n  expected: %s\n  found:    %s\n", rows[i].document, rows[i].response, found);
            wrong++;
        }
        world_close();
        page_close(&page);
    }
    assert_int_equal(wrong, 0);
}
#define RUN_ROWS(rows) run_rows((rows), sizeof(rows) / sizeof(*(rows)))

/* --- tables --- */

static void
test_fields(void **state)
{
    static const struct row rows[] = {
        {"{ hello number }", NULL, "{\"number\":5}", "{\"data\":{\"hello\":\"Hello world\",\"number\":5}}"},
        {"{ b: number a: number __typename x: hello(name: \"x\") }", NULL, "{\"number\":5}",
         "{\"data\":{\"b\":5,\"a\":5,\"__typename\":\"Query\",\"x\":\"Hello x\"}}"},
        {"{ me { id name boss { name tags } } }", NULL,
         "{\"me\":{\"id\":1,\"name\":\"A\",\"boss\":{\"name\":\"B\",\"tags\":[\"x\",\"y\"]}}}",
         "{\"data\":{\"me\":{\"id\":\"1\",\"name\":\"A\",\"boss\":{\"name\":\"B\",\"tags\":[\"x\",\"y\"]}}}}"},
        {"{ me { id } me { name } ...f ... on Query { me { boss { id } } } } fragment f on Query { me { boss { name "
         "} } }",
         NULL, "{\"me\":{\"id\":1,\"name\":\"A\",\"boss\":{\"id\":2,\"name\":\"B\"}}}",
         "{\"data\":{\"me\":{\"id\":\"1\",\"name\":\"A\",\"boss\":{\"name\":\"B\",\"id\":\"2\"}}}}"},
        {"{ me { id } users { id } some { id } any }", NULL,
         "{\"users\":[],\"some\":[{\"id\":1},null],\"any\":{\"k\":[1,{\"z\":null}]}}",
         "{\"data\":{\"me\":null,\"users\":[],\"some\":[{\"id\":\"1\"},null],\"any\":{\"k\":[1,{\"z\":null}]}}}"},
        {"{ matrix colors color }", NULL,
         "{\"matrix\":[[1,2],[],null],\"colors\":[\"RED\",\"GREEN\"],\"color\":\"RED\"}",
         "{\"data\":{\"matrix\":[[1,2],[],null],\"colors\":[\"RED\",\"GREEN\"],\"color\":\"RED\"}}"},
    };
    (void)state;
    RUN_ROWS(rows);
}

static void
test_abstract_types(void **state)
{
    static const struct row rows[] = {
        {"{ node { __typename id ... on User { name } ... on Robot { model } } }", NULL,
         "{\"node\":{\"__typename\":\"Robot\",\"id\":\"r\",\"model\":\"T\"}}",
         "{\"data\":{\"node\":{\"__typename\":\"Robot\",\"id\":\"r\",\"model\":\"T\"}}}"},
        {"{ found { ...u ... on Robot { t: __typename model } } } fragment u on User { name ... on Node { id } }", NULL,
         "{\"found\":[{\"__typename\":\"User\",\"id\":1,\"name\":\"A\"},{\"__typename\":\"Robot\",\"model\":\"T\"},"
         "null]}",
         "{\"data\":{\"found\":[{\"name\":\"A\",\"id\":\"1\"},{\"t\":\"Robot\",\"model\":\"T\"},null]}}"},
        {"{ node { id } }", NULL, "{\"node\":{\"id\":\"r\"}}",
         "{\"errors\":[{\"message\":\"Abstract type \\\"Node\\\" must resolve to an Object type at runtime for field"
         " \\\"Query.node\\\".\",\"locations\":[{\"line\":1,\"column\":3}],\"path\":[\"node\"]}],"
         "\"data\":{\"node\":null}}"},
        {"{ node { id } }", NULL, "{\"node\":{\"__typename\":\"Step\"}}",
         "{\"errors\":[{\"message\":\"Runtime Object type \\\"Step\\\" is not a possible type for \\\"Node\\\".\","
         "\"locations\":[{\"line\":1,\"column\":3}],\"path\":[\"node\"]}],\"data\":{\"node\":null}}"},
    };
    (void)state;
    RUN_ROWS(rows);
}

static void
test_conditions(void **state)
{
    static const struct row rows[] = {
        {"{ a: number @skip(if: true) b: number @skip(if: false) c: number @include(if: false) d: number @include(if: "
         "true) }",
         NULL, "{\"number\":1}", "{\"data\":{\"b\":1,\"d\":1}}"},
        {"query ($y: Boolean!, $n: Boolean = false) { a: number @include(if: $y) b: number @include(if: $n) ... "
         "@skip(if: $y) { c: number } ...f @include(if: $y) } fragment f on Query { d: number }",
         "{\"y\":true}", "{\"number\":1}", "{\"data\":{\"a\":1,\"d\":1}}"},
        {"query ($y: Boolean!) { me { id @include(if: $y) } }", "{\"y\":false}", "{\"me\":{}}",
         "{\"data\":{\"me\":{}}}"},
        {"{ a: number @skip(if: true) @include(if: true) }", NULL, NULL, "{\"data\":{}}"},
    };
    (void)state;
    RUN_ROWS(rows);
}

#define AT(column, path) "\"locations\":[{\"line\":1,\"column\":" #column "}],\"path\":[" path "]"
#define NO_NULL(field, column, path)                                                                                   \
    "{\"message\":\"Cannot return null for non-nullable field " field ".\"," AT(column, path) "}"

static void
test_nulls(void **state)
{
    static const struct row rows[] = {
        /* a nullable field keeps the null */
        {"{ me { id name } }", NULL, "{\"me\":{\"name\":\"A\"}}",
         "{\"errors\":[" NO_NULL("User.id", 8, "\"me\",\"id\"") "],\"data\":{\"me\":null}}"},
        /* a non-null one passes it on, up to the data */
        {"{ must { id } }", NULL, "{\"must\":{}}",
         "{\"errors\":[" NO_NULL("User.id", 10, "\"must\",\"id\"") "],\"data\":null}"},
        {"{ must { id } number }", NULL, "{\"number\":1}",
         "{\"errors\":[" NO_NULL("Query.must", 3, "\"must\"") "],\"data\":null}"},
        {"{ me { mustBoss { mustBoss { id } } } }", NULL, "{\"me\":{\"mustBoss\":{\"mustBoss\":{}}}}",
         "{\"errors\":[" NO_NULL("User.id", 30, "\"me\",\"mustBoss\",\"mustBoss\",\"id\"") "],\"data\":{\"me\":null}}"},
        /* lists: of nullable items, of non-null items, non-null itself */
        {"{ some { id } }", NULL, "{\"some\":[{\"id\":1},{},{\"id\":3}]}",
         "{\"errors\":[" NO_NULL("User.id", 10,
                                 "\"some\",1,\"id\"") "],\"data\":{\"some\":[{\"id\":\"1\"},null,{\"id\":\"3\"}]}}"},
        {"{ few { id } }", NULL, "{\"few\":[{\"id\":1},{}]}",
         "{\"errors\":[" NO_NULL("User.id", 9, "\"few\",1,\"id\"") "],\"data\":{\"few\":null}}"},
        {"{ few { id } }", NULL, "{\"few\":[{\"id\":1},null]}",
         "{\"errors\":[" NO_NULL("Query.few", 3, "\"few\",1") "],\"data\":{\"few\":null}}"},
        {"{ users { id } }", NULL, "{\"users\":[null]}",
         "{\"errors\":[" NO_NULL("Query.users", 3, "\"users\",0") "],\"data\":null}"},
        {"{ matrix }", NULL, "{\"matrix\":[[1],[null],[3]]}",
         "{\"errors\":[" NO_NULL("Query.matrix", 3, "\"matrix\",1,0") "],\"data\":{\"matrix\":[[1],null,[3]]}}"},
        /* one error for each place that became null */
        {"{ a: me { id } b: me { id } }", NULL, "{\"me\":{}}",
         "{\"errors\":[" NO_NULL("User.id", 11, "\"a\",\"id\"") "," NO_NULL(
             "User.id", 24, "\"b\",\"id\"") "],\"data\":{\"a\":null,\"b\":null}}"},
        /* once an object is null, its other fields are not looked at */
        {"{ me { id tags friends { id } } }", NULL, "{\"me\":{\"friends\":[{}]}}",
         "{\"errors\":[" NO_NULL("User.id", 8, "\"me\",\"id\"") "],\"data\":{\"me\":null}}"},
    };
    (void)state;
    RUN_ROWS(rows);
}

static void
test_result_errors(void **state)
{
    static const struct row rows[] = {
        {"{ broken }", NULL, NULL,
         "{\"errors\":[{\"message\":\"No entry here.\"," AT(
             3, "\"broken\"") ",\"extensions\":{\"code\":\"FORBIDDEN\",\"eventId\":7}}],\"data\":{\"broken\":null}}"},
        {"{ mustBreak number }", NULL, "{\"number\":1}",
         "{\"errors\":[{\"message\":\"No entry here.\"," AT(
             3, "\"mustBreak\"") ",\"extensions\":{\"code\":\"FORBIDDEN\",\"eventId\":7}}],\"data\":null}"},
        {"{ broken ... { broken } }", NULL, NULL,
         "{\"errors\":[{\"message\":\"No entry here.\",\"locations\":[{\"line\":1,\"column\":3},{\"line\":1,"
         "\"column\":16}"
         "],\"path\":[\"broken\"],\"extensions\":{\"code\":\"FORBIDDEN\",\"eventId\":7}}],\"data\":{\"broken\":null}}"},
        {"{ number }", NULL, "{\"number\":\"x\"}",
         "{\"errors\":[{\"message\":\"Int cannot represent non-integer value: \\\"x\\\"\"," AT(
             3, "\"number\"") "}],\"data\":{\"number\":null}}"},
        {"{ color }", NULL, "{\"color\":\"BLUE\"}",
         "{\"errors\":[{\"message\":\"Enum \\\"Color\\\" cannot represent value: \\\"BLUE\\\"\"," AT(
             3, "\"color\"") "}],\"data\":{\"color\":null}}"},
        {"{ some { id } }", NULL, "{\"some\":{\"id\":1}}",
         "{\"errors\":[{\"message\":\"Expected Iterable, but did not find one for field \\\"Query.some\\\".\"," AT(
             3, "\"some\"") "}],\"data\":{\"some\":null}}"},
    };
    (void)state;
    RUN_ROWS(rows);
}

static void
test_arguments(void **state)
{
    static const struct row rows[] = {
        {"query ($n: String) { a: hello(name: $n) b: hello(name: null) }", "{}", NULL,
         "{\"data\":{\"a\":\"Hello world\",\"b\":null}}"},
        {"query ($i: Int) { echo(in: {b: {a: 2, c: RED}, d: \"x\"}, list: $i) }", NULL, NULL, NULL},
        {"query ($x: In) { echo(in: $x, list: 5) }", "{\"x\":{\"c\":\"GREEN\",\"b\":[{}]}}", NULL,
         "{\"data\":{\"echo\":{\"in\":{\"a\":1,\"b\":[{\"a\":1}],\"c\":\"GREEN\"},\"list\":[5]}}}"},
        {"query ($a: Int, $d: String) { echo(in: {b: {a: 2, c: RED}, d: $d}, list: [1, $a]) }", NULL, NULL,
         "{\"data\":{\"echo\":{\"in\":{\"a\":1,\"b\":[{\"a\":2,\"c\":\"RED\"}]},\"list\":[1,null]}}}"},
        {"query ($b: String!) { echo(one: {b: $b}) }", "{\"b\":\"y\"}", NULL,
         "{\"data\":{\"echo\":{\"one\":{\"b\":\"y\"}}}}"},
        {"query ($n: Int!) { number echo(list: [$n]) }", "{\"n\":\"x\"}", NULL,
         "{\"errors\":[{\"message\":\"Variable \\\"$n\\\" got invalid value \\\"x\\\"; Int cannot represent non-integer"
         " value: \\\"x\\\"\",\"locations\":[{\"line\":1,\"column\":8}],"
         "\"extensions\":{\"code\":\"BAD_USER_INPUT\"}}]}"},
    };
    (void)state;
    run_rows(rows, 1);
    run_rows(rows + 2, 4);
}

/* A variable that may be null where null is not allowed, because the position has a default. */
static void
test_argument_errors(void **state)
{
    static const struct row rows[] = {
        {"query ($a: Int = 3) { echo(in: {a: $a}) }", "{\"a\":null}", NULL,
         "{\"errors\":[{\"message\":\"Argument \\\"in\\\" has invalid value { a: $a }.\"," AT(
             32, "\"echo\"") ",\"extensions\":{\"code\":\"BAD_USER_INPUT\"}}],\"data\":{\"echo\":null}}"},
    };
    (void)state;
    RUN_ROWS(rows);
}

static void
test_mutation(void **state)
{
    static const struct row rows[] = {
        {"mutation ($a: Float!, $c: ID!) { createQuote(amount: $a, customerId: $c) { success eventId } }",
         "{\"a\":1.5,\"c\":\"k\"}", NULL, "{\"data\":{\"createQuote\":{\"success\":true,\"eventId\":\"k\"}}}"},
        {"mutation { a: createQuote(amount: 1, customerId: 5) { eventId time } b: createQuote(amount: 2, customerId: "
         "\"6\") { eventId } }",
         NULL, NULL, "{\"data\":{\"a\":{\"eventId\":\"5\",\"time\":null},\"b\":{\"eventId\":\"6\"}}}"},
    };
    (void)state;
    RUN_ROWS(rows);
}

static void
test_introspection(void **state)
{
    static const struct row rows[] = {
        {"{ __type(name: \"Color\") { kind name enumValues { name } } }", NULL, NULL,
         "{\"data\":{\"__type\":{\"kind\":\"ENUM\",\"name\":\"Color\",\"enumValues\":[{\"name\":\"RED\"},{\"name\":"
         "\"GREEN\"}]}}}"},
        {"{ __schema { queryType { name } } }", NULL, NULL,
         "{\"data\":{\"__schema\":{\"queryType\":{\"name\":\"Query\"}}}}"},
        {"{ __type(name: \"Nope\") { name } }", NULL, NULL, "{\"data\":{\"__type\":null}}"},
    };
    (void)state;
    RUN_ROWS(rows);
}

/* --- slots that finish later --- */

static struct lf_value
text_value(const char *text)
{
    return lf_value_string(lf_bytes_of(text));
}

static void
test_later_in_any_order(void **state)
{
    static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const char *const texts[] = {"one", "two", "three"};
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct page page;
        page_open(&page, "{ a: later hello b: later c: later }");
        world_open();
        start(&page, NULL, NULL);
        assert_int_equal(world.slot_count, 3);
        for (size_t j = 0; j < 3; j++) {
            assert_int_equal(world.done, 0);
            lf_gql_slot_value(world.slots[orders[i][j]], text_value(texts[orders[i][j]]));
        }
        assert_string_equal(response(&page),
                            "{\"data\":{\"a\":\"one\",\"hello\":\"Hello world\",\"b\":\"two\",\"c\":\"three\"}}");
        world_close();
        page_close(&page);
    }
}

static void
test_later_below_later(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "{ laterUser { name laterName friends { laterName } } }");
    world_open();
    start(&page, NULL, NULL);
    assert_int_equal(world.slot_count, 1);
    lf_gql_slot_value(world.slots[0], page_json(&page, "{\"name\":\"A\",\"friends\":[{},{}]}"));
    assert_int_equal(world.slot_count, 4);
    lf_gql_slot_value(world.slots[3], text_value("x"));
    lf_gql_slot_error(world.slots[2], "OVERLOADED", LF_VALUE_NULL, "not %d", 5);
    assert_int_equal(world.done, 0);
    lf_gql_slot_value(world.slots[1], text_value("y"));
    assert_string_equal(response(&page),
                        "{\"errors\":[{\"message\":\"not 5\",\"locations\":[{\"line\":1,\"column\":40}],\"path\":["
                        "\"laterUser\",\"friends\",0,\"laterName\"],\"extensions\":{\"code\":\"OVERLOADED\"}}],"
                        "\"data\":{\"laterUser\":{\"name\":\"A\",\"laterName\":\"y\",\"friends\":[{\"laterName\":null},"
                        "{\"laterName\":\"x\"}]}}}");
    world_close();
    page_close(&page);
}

/* Parts that have become null still wait for their resolvers, but take nothing from them. */
static void
test_later_in_nulled_parts(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "{ me { laterMustName laterName friends { laterName } } number }");
    world_open();
    start(&page, NULL, "{\"me\":{\"friends\":[{},{}]},\"number\":1}");
    assert_int_equal(world.slot_count, 4);
    lf_gql_slot_value(world.slots[0], LF_VALUE_NULL);
    lf_gql_slot_value(world.slots[2], text_value("too late"));
    lf_gql_slot_error(world.slots[3], NULL, LF_VALUE_NULL, "nobody hears this");
    assert_int_equal(world.done, 0);
    lf_gql_slot_error(world.slots[1], NULL, LF_VALUE_NULL, "nor this");
    assert_string_equal(response(&page),
                        "{\"errors\":[" NO_NULL("User.laterMustName", 8,
                                                "\"me\",\"laterMustName\"") "],\"data\":{\"me\":null,\"number\":1}}");
    world_close();
    page_close(&page);
}

static void
test_serial_mutations(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "mutation { a: laterStep(name: \"a\") { laterName } b: laterStep(name: \"b\") { name } c: "
                     "laterStep(name: \"c\") { name } }");
    world_open();
    start(&page, NULL, NULL);
    assert_string_equal(trail(), "laterStep ");
    lf_gql_slot_value(world.slots[0], page_json(&page, "{}"));
    assert_string_equal(trail(), "laterName "); /* b waits for all of a */
    lf_gql_slot_value(world.slots[1], text_value("x"));
    assert_string_equal(trail(), "laterStep ");
    lf_gql_slot_error(world.slots[2], NULL, LF_VALUE_NULL, "no b");
    assert_string_equal(trail(), "laterStep "); /* an error does not stop the next */
    lf_gql_slot_value(world.slots[3], LF_VALUE_NULL);
    assert_string_equal(response(&page),
                        "{\"errors\":[{\"message\":\"no b\"," AT(
                            50, "\"b\"") "}],\"data\":{\"a\":{\"laterName\":\"x\"},\"b\":null,\"c\":null}}");
    world_close();
    page_close(&page);
}

static void
test_serial_mutation_stops(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "mutation { a: laterMustStep(name: \"a\") { name } b: laterStep(name: \"b\") { name } }");
    world_open();
    start(&page, NULL, NULL);
    lf_gql_slot_error(world.slots[0], NULL, LF_VALUE_NULL, "no a");
    assert_int_equal(world.slot_count, 1); /* data is null: what follows is not executed */
    assert_string_equal(response(&page), "{\"errors\":[{\"message\":\"no a\"," AT(12, "\"a\"") "}],\"data\":null}");
    world_close();
    page_close(&page);
}

/* --- what resolvers are told --- */

static void
test_resolve_info(void **state)
{
    (void)state;
    struct page page;
    page_open(&page,
              "query ($c: Color!) { x: laterUser { friends { n: laterName } } selects { id ...r } p: peek q: peek "
              "@await r: peek @await(stage: $c, timeoutMs: 7) } fragment r on Robot { model ... @skip(if: true) { "
              "user { boss { id } } } }");
    world_open();
    start(&page, "{\"c\":\"RED\"}", NULL);
    assert_string_equal(trail(),
                        "laterUser id:1 model:1 name:0 boss:0 (absent) {\"stage\":\"GREEN\",\"timeoutMs\":5000} "
                        "{\"stage\":\"RED\",\"timeoutMs\":7} ");
    lf_gql_slot_value(world.slots[0], page_json(&page, "{\"friends\":[{\"id\":1},{\"id\":2}]}"));
    const struct lf_gql_resolve_info *info = world.infos[2];
    assert_string_equal(page_text(&page, info->source), "{\"id\":2}");
    assert_true(lf_bytes_equal_text(info->parent->name, "User"));
    assert_ptr_equal(info->ctx, &page);
    assert_ptr_equal(lf_gql_exec_ctx(info->exec), &page);
    const struct lf_gql_path *path = info->path;
    assert_true(lf_bytes_equal_text(path->key, "n"));
    path = path->parent;
    assert_null(path->key.ptr);
    assert_int_equal(path->index, 1);
    assert_true(lf_bytes_equal_text(path->parent->key, "friends"));
    assert_true(lf_bytes_equal_text(path->parent->parent->key, "x"));
    assert_null(path->parent->parent->parent);
    lf_gql_slot_value(world.slots[1], LF_VALUE_NULL);
    lf_gql_slot_value(world.slots[2], LF_VALUE_NULL);
    assert_int_equal(world.done, 1);
    world_close();
    page_close(&page);
}

static void
test_find_operation(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "query a { number } query b { number }");
    const struct lf_gql_document *document = page_parse(&page);
    const struct lf_gql_definition *found = lf_gql_find_operation(document, LF_LIT("b"), &page.errors);
    assert_ptr_equal(found, document->definitions[1]);
    assert_null(lf_gql_find_operation(document, LF_BYTES_NONE, &page.errors));
    assert_null(lf_gql_find_operation(document, LF_LIT("c"), &page.errors));
    assert_string_equal(page_errors(&page), "Must provide operation name if query contains multiple operations.\n"
                                            "Unknown operation named \"c\".\n");
    page_close(&page);
}

static void
test_subscription(void **state)
{
    (void)state;
    struct page page;
    page_open(&page, "subscription s($id: ID) { change: quoteChanged(customerId: $id) { eventId } }");
    world_open();
    const struct lf_gql_document *document = page_parse(&page);
    struct lf_gql_request request = {.schema = kit.schema, .document = document, .arena = &page.arena};
    struct lf_gql_resolve_info info;
    request.variables = page_json(&page, "{\"id\":5}");
    assert_true(lf_gql_subscribe(&request, document->definitions[0], &info, &page.errors));
    assert_true(lf_bytes_equal_text(info.field->name, "quoteChanged"));
    assert_string_equal(page_text(&page, info.args), "{\"customerId\":\"5\"}");
    assert_true(lf_gql_resolve_selects(&info, "eventId"));
    assert_false(lf_gql_resolve_selects(&info, "time"));
    request.root = page_json(&page, "{\"quoteChanged\":{\"eventId\":\"e\"}}");
    assert_true(lf_gql_execute(&request, document->definitions[0], note_done, &world));
    assert_string_equal(response(&page), "{\"data\":{\"change\":{\"eventId\":\"e\"}}}");
    request.variables = page_json(&page, "{\"id\":[]}");
    assert_false(lf_gql_subscribe(&request, document->definitions[0], &info, &page.errors));
    assert_string_equal(page_errors(&page),
                        "1:16 Variable \"$id\" got invalid value []; ID cannot represent value: []\n");
    world_close();
    page_close(&page);
}

/* --- plans, limits, memory --- */

static void
execute_again_and_again(const struct lf_gql_document *document, struct lf_gql_plans *plans)
{
    static const char root[] =
        "{\"number\":1,\"found\":[{\"__typename\":\"User\",\"name\":\"A\",\"boss\":{\"name\":\"B\"}},"
        "{\"__typename\":\"Robot\",\"model\":\"T\"}]}";
    static const char *const responses[] = {
        ("{\"data\":{\"found\":[{\"__typename\":\"User\",\"name\":\"A\",\"boss\":{\"name\":\"B\"}},"
         "{\"__typename\":\"Robot\",\"model\":\"T\"}]}}"),
        "{\"data\":{\"number\":1,\"hello\":\"Hello world\"}}",
        "{\"data\":{\"hello\":\"Hello world\"}}",
    };
    for (size_t i = 0; i < 9; i++) {
        struct page page;
        page_open(&page, "");
        world_open();
        struct lf_gql_request request = {
            .schema = kit.schema, .document = document, .arena = &page.arena, .plans = plans};
        request.root = page_json(&page, root);
        request.variables = page_json(&page, i % 3 == 1 ? "{\"y\":true}" : "{\"y\":false}");
        assert_true(lf_gql_execute(&request, document->definitions[i % 3 == 0 ? 0 : 2], note_done, &world));
        assert_string_equal(response(&page), responses[i % 3]);
        world_close();
        page_close(&page);
    }
}

/* One document, many requests: without kept plans, with them, and with room for some of them only. */
static void
test_kept_plans(void **state)
{
    (void)state;
    struct page page;
    page_open(&page,
              "query q($y: Boolean!) { found { __typename ... on User { name ...f } ... on Robot { model @include("
              "if: true) } } } fragment f on User { boss { name } } query c($y: Boolean!) { number @include(if: "
              "$y) hello }");
    const struct lf_gql_document *document = page_parse(&page);
    execute_again_and_again(document, NULL);
    for (size_t max = 256; max < 6000; max += 64) {
        struct lf_arena arena;
        lf_arena_init(&arena, 256, max);
        struct lf_gql_plans *plans = lf_gql_plans_new(&arena, kit.schema, document);
        if (plans != NULL)
            execute_again_and_again(document, plans);
        assert_true(plans != NULL || max < 3000);
        lf_arena_release(&arena);
    }
    page_close(&page);
}

/* A long list of objects times a long list of arguments must not take memory for the product. */
static void
test_large_arguments(void **state)
{
    (void)state;
    enum { USERS = 1000, ITEMS = 500 };
    struct page page;
    struct lf_buf text;
    lf_buf_init(&text, 100000);
    lf_buf_add_text(&text, "query ($x: Int = 7) { some { echo(d: \"e\", list: [$x");
    for (int i = 1; i < ITEMS; i++)
        lf_buf_printf(&text, ",%d", i);
    lf_buf_add_text(&text, "]) } }");
    lf_buf_add(&text, lf_bytes("", 1));
    page_open(&page, text.ptr);
    world_open();
    struct lf_member root = {LF_LIT("some"), lf_value_list(LF_ARENA_ARRAY(&page.arena, struct lf_value, USERS), USERS)};
    for (size_t i = 0; i < USERS; i++)
        root.value.u.items[i] = lf_value_object(NULL, 0);
    const struct lf_gql_document *document = page_parse(&page);
    struct lf_gql_request request = {.schema = kit.schema, .document = document, .arena = &page.arena};
    request.root = lf_value_object(&root, 1);
    size_t before = page.arena.used;
    assert_true(lf_gql_execute(&request, document->definitions[0], note_done, &world));
    assert_true(page.arena.used - before < 2 * 1000 * 1000);
    const char *written = response(&page);
    static const char start[] = "{\"data\":{\"some\":[{\"echo\":{\"list\":[7,1,2,";
    assert_memory_equal(written, start, sizeof(start) - 1);
    assert_non_null(strstr(written, "498,499],\"d\":\"e\"}}]}}"));
    lf_buf_release(&text);
    world_close();
    page_close(&page);
}

/* A valid document whose response has 2^30 values. */
static void
test_too_many_values(void **state)
{
    (void)state;
    struct page page;
    struct lf_buf text;
    lf_buf_init(&text, 100000);
    lf_buf_add_text(&text, "{ me { ...f0 } number }");
    for (size_t i = 0; i < 30; i++)
        lf_buf_printf(&text, "fragment f%zu on User { a: boss { ...f%zu } b: boss { ...f%zu } }", i, i + 1, i + 1);
    lf_buf_add_text(&text, "fragment f30 on User { id }");
    lf_buf_add(&text, lf_bytes("", 1));
    page_open(&page, text.ptr);
    world_open();
    struct lf_value me = LF_VALUE_NULL;
    for (size_t i = 0; i < 32; i++) { /* everyone is the boss of the one before */
        struct lf_member *members = LF_ARENA_ARRAY(&page.arena, struct lf_member, 2);
        members[0] = (struct lf_member){LF_LIT("boss"), me};
        members[1] = (struct lf_member){LF_LIT("id"), lf_value_int(1)};
        me = lf_value_object(members, 2);
    }
    struct lf_member root = {LF_LIT("me"), me};
    const struct lf_gql_document *document = page_parse(&page);
    struct lf_gql_request request = {.schema = kit.schema, .document = document, .arena = &page.arena};
    request.root = lf_value_object(&root, 1);
    assert_true(lf_gql_execute(&request, document->definitions[0], note_done, &world));
    assert_int_equal(lf_gql_exec_errors(world.exec)->count, 1);
    assert_string_equal(lf_gql_exec_errors(world.exec)->first->code, "TOO_COMPLEX");
    assert_non_null(strstr(response(&page), "\"data\":null}"));
    lf_buf_release(&text);
    world_close();
    page_close(&page);
}

/* Fragments nested 2,000 deep, and a value as deep: no recursion anywhere. */
static void
test_deep_response(void **state)
{
    (void)state;
    enum { DEPTH = 2000 };
    struct page page;
    struct lf_buf text;
    lf_buf_init(&text, 1000000);
    lf_buf_add_text(&text, "{ me { ...f0 } }");
    for (size_t i = 0; i < DEPTH; i++)
        lf_buf_printf(&text, "fragment f%zu on User { boss { ...f%zu } }", i, i + 1);
    lf_buf_printf(&text, "fragment f%d on User { id }", DEPTH);
    lf_buf_add(&text, lf_bytes("", 1));
    page_open(&page, text.ptr);
    world_open();
    struct lf_member *members = LF_ARENA_ARRAY(&page.arena, struct lf_member, 1);
    members[0] = (struct lf_member){LF_LIT("id"), lf_value_string(LF_LIT("end"))};
    struct lf_value me = lf_value_object(members, 1);
    for (size_t i = 0; i < DEPTH; i++) {
        members = LF_ARENA_ARRAY(&page.arena, struct lf_member, 1);
        members[0] = (struct lf_member){LF_LIT("boss"), me};
        me = lf_value_object(members, 1);
    }
    struct lf_member root = {LF_LIT("me"), me};
    const struct lf_gql_document *document = page_parse(&page);
    struct lf_gql_request request = {.schema = kit.schema, .document = document, .arena = &page.arena};
    request.root = lf_value_object(&root, 1);
    assert_true(lf_gql_execute(&request, document->definitions[0], note_done, &world));
    assert_non_null(strstr(response(&page), "{\"boss\":{\"id\":\"end\"}}}"));
    lf_buf_release(&text);
    world_close();
    page_close(&page);
}

/*
 * Whatever allocation fails, the executor finishes: without having begun, or with a response that says so, or with the
 * right one; every slot is asked for and finished, nothing is read that is not there.
 */
static void
execute_short_of_memory(const char *text, uint64_t n, size_t max, bool *ret_enough, size_t *ret_done)
{
    struct page page;
    struct lf_arena arena;
    page_open(&page, text);
    world_open();
    lf_arena_init(&arena, 64, max);
    const struct lf_gql_document *document = page_parse(&page);
    struct lf_gql_request request = {.schema = kit.schema, .document = document, .arena = &arena};
    request.variables = page_json(&page, "{\"c\":\"k\",\"y\":true}");
    request.root = page_json(&page, "{\"me\":{\"id\":1,\"friends\":[{\"id\":2},{\"id\":3}]},\"node\":{\"__typename\":"
                                    "\"User\",\"id\":1}}");
    assert_true(lf_buf_reserve(&world.trail, 4096) != NULL); /* the test's own memory is not at stake */
    lf_mem_fail_at(n, false);
    bool began = lf_gql_execute(&request, document->definitions[0], note_done, &world);
    for (size_t i = 0; i < world.slot_count; i++)
        lf_gql_slot_value(world.slots[i], text_value("late"));
    bool hit = lf_mem_fault_hit();
    lf_mem_fail_at(0, false);
    assert_int_equal(world.done, began ? 1 : 0);
    size_t errors = 0;
    if (began) {
        errors = lf_gql_exec_errors(world.exec)->count;
        const char *written = response(&page);
        struct lf_value parsed = page_json(&page, written);
        const struct lf_value *list = lf_value_get_text(&parsed, "errors");
        assert_int_equal(errors != 0, list != NULL);
        assert_true(list == NULL || list->count > 0);
        *ret_done += 1;
    }
    if (n != 0)
        *ret_enough = !hit;
    else
        *ret_enough = began && errors == 0;
    if (!hit && n != 0)
        assert_true(began && errors == 0);
    lf_arena_release(&arena);
    world_close();
    page_close(&page);
}

static void
test_no_memory(void **state)
{
    static const char *const documents[] = {
        "query ($c: ID, $y: Boolean!) { hello(name: \"x\") me { id friends { id laterName ...f @include(if: $y) } } "
        "node "
        "{ id } later echo(in: {a: 2}) x: echo(in: {a: 3}) any } fragment f on User { boss { id } }",
        "mutation ($c: ID!) { a: createQuote(amount: 1, customerId: $c) { eventId } b: laterStep(name: \"n\") { name } "
        "c: createQuote(amount: 1, customerId: $c) { success } }",
    };
    (void)state;
    for (size_t d = 0; d < 2; d++) {
        bool enough = false;
        size_t done = 0;
        for (uint64_t n = 1; !enough; n++)
            execute_short_of_memory(documents[d], n, 0, &enough, &done);
        enough = false;
        for (size_t max = 16; !enough; max += 16)
            execute_short_of_memory(documents[d], 0, max, &enough, &done);
        assert_true(done > 10);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_abstract_types),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_nulls),
        cmocka_unit_test(test_result_errors),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_argument_errors),
        cmocka_unit_test(test_mutation),
        cmocka_unit_test(test_introspection),
        cmocka_unit_test(test_later_in_any_order),
        cmocka_unit_test(test_later_below_later),
        cmocka_unit_test(test_later_in_nulled_parts),
        cmocka_unit_test(test_serial_mutations),
        cmocka_unit_test(test_serial_mutation_stops),
        cmocka_unit_test(test_resolve_info),
        cmocka_unit_test(test_find_operation),
        cmocka_unit_test(test_subscription),
        cmocka_unit_test(test_kept_plans),
        cmocka_unit_test(test_large_arguments),
        cmocka_unit_test(test_too_many_values),
        cmocka_unit_test(test_deep_response),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, open_kit, close_kit);
}
