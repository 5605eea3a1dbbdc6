/*
 * Fuzz target: any request is refused by validation, or executed to a response that is JSON, has data and errors where
 * the executor says so, and is the same whether plans are kept or not. The input is a document, or a document, the line
 * "---" and variables as JSON.
 */
#include "graphql/execute.h"
#include "graphql/parse.h"
#include "graphql/validate.h"
#include "json/json.h"

#include <string.h>

static const char toy_sdl[] =
    "type Query { hello(name: String = \"world\"): String me: User must: User! users: [User!]! some: [User]\n"
    "  node: Node found: [Result] number: Int color: Color matrix: [[Int!]] any: JSON echo(in: In, list: [Int!],\n"
    "  one: Only): JSON broken: String mustBreak: String! later: User laterMust: User! wait: String }\n"
    "type Mutation { create(amount: Float!, customerId: ID!): Receipt! step(name: String!): Receipt }\n"
    "type Subscription { changed(customerId: ID): Receipt! }\n"
    "type Receipt { success: Boolean! eventId: ID! time: DateTime offset: BigInt }\n"
    "interface Node { id: ID! }\n"
    "type User implements Node { id: ID! name: String boss: User mustBoss: User! friends: [User!]! tags: [String!]! }\n"
    "type Robot implements Node { id: ID! model: String! user: User }\n"
    "union Result = User | Robot\n"
    "enum Color { RED GREEN }\n"
    "input In { a: Int! = 1 b: [In!] c: Color d: String }\n"
    "input Only @oneOf { a: Int b: String }\n"
    "scalar JSON scalar DateTime scalar BigInt\n"
    "directive @await(stage: Color! = GREEN, timeoutMs: Int = 5000) on FIELD\n";

static const char root_json[] =
    "{\"me\":{\"id\":1,\"name\":\"A\",\"boss\":{\"id\":2,\"tags\":[\"x\",null]},\"friends\":[{\"id\":3},"
    "{\"id\":null}]},\"users\":[{\"id\":1},{\"id\":2,\"tags\":[]}],\"some\":[null,{\"id\":1},5],"
    "\"node\":{\"__typename\":\"Robot\",\"id\":\"r\",\"model\":\"T\",\"user\":{\"id\":7}},"
    "\"found\":[{\"__typename\":\"User\",\"id\":1},{\"__typename\":\"Robot\",\"model\":\"T\"},"
    "{\"__typename\":\"Query\"},{}],\"number\":2147483648,\"color\":\"BLUE\",\"matrix\":[[1,2],[],null,[null]],"
    "\"any\":{\"k\":[1,{\"z\":1.50}]},\"success\":true,\"eventId\":\"e\",\"offset\":9007199254740993}";

enum { WAITING_MAX = 256 };

static struct lf_arena schema_arena;
static struct lf_gql_schema *schema;
static struct lf_gql_source schema_source = {.name = "toy.graphql"};
static struct lf_value root;

/* Slots that are finished only after lf_gql_execute() has returned, the last one first. */
static struct lf_gql_slot *waiting[WAITING_MAX];
static size_t waiting_count;

static void
resolve_echo(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    lf_gql_slot_value(slot, *info->args);
}

static void
resolve_broken(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    lf_gql_slot_error(slot, "FORBIDDEN", LF_VALUE_NULL, "No %.*s here.", LF_FMT(info->field->name));
}

static void
resolve_later(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    (void)info;
    if (waiting_count == WAITING_MAX)
        lf_gql_slot_error(slot, NULL, LF_VALUE_NULL, "too many");
    else
        waiting[waiting_count++] = slot;
}

/* The arguments of @await. */
static void
resolve_wait(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    struct lf_value args;
    struct lf_buf text;
    const char *why = NULL;
    lf_buf_init(&text, SIZE_MAX);
    if (lf_gql_resolve_directive(info, "await", &args, &why))
        lf_json_write(&text, &args);
    else
        lf_buf_add_text(&text, why != NULL ? why : "absent");
    lf_gql_slot_value(slot, lf_value_string(lf_arena_copy(info->arena, lf_buf_view(&text))));
    lf_buf_release(&text);
}

static void
resolve_receipt(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    (void)info;
    lf_gql_slot_value(slot, root);
}

static void
bind(const char *type, const char *field, lf_gql_resolve_fn *resolve)
{
    lf_gql_type_field(lf_gql_schema_type(schema, lf_bytes_of(type)), lf_bytes_of(field))->resolve = resolve;
}

static void
make_schema(void)
{
    struct lf_gql_errors errors;
    lf_arena_init(&schema_arena, 0, 0);
    lf_gql_errors_init(&errors, &schema_arena, 10);
    schema_source.text = lf_bytes_of(toy_sdl);
    const struct lf_gql_document *document = lf_gql_parse(&schema_arena, &schema_source, NULL, &errors);
    LF_ASSERT(document != NULL);
    schema = lf_gql_schema_build(&document, 1, &errors);
    LF_ASSERT(schema != NULL);
    LF_ASSERT(lf_json_parse(&schema_arena, lf_bytes_of(root_json), &root, NULL) == LF_OK);
    bind("Query", "hello", resolve_echo); /* an object is no String */
    bind("Query", "echo", resolve_echo);
    bind("Query", "broken", resolve_broken);
    bind("Query", "mustBreak", resolve_broken);
    bind("Query", "later", resolve_later);
    bind("Query", "laterMust", resolve_later);
    bind("Query", "wait", resolve_wait);
    bind("User", "mustBoss", resolve_later);
    bind("Mutation", "create", resolve_receipt);
    bind("Mutation", "step", resolve_later);
}

static void
finish_waiting(void)
{
    while (waiting_count > 0) {
        struct lf_gql_slot *slot = waiting[--waiting_count];
        const struct lf_value *user = lf_value_get_text(&root, "me");
        if (waiting_count % 3 == 2)
            lf_gql_slot_value(slot, LF_VALUE_NULL);
        else
            lf_gql_slot_value(slot, *user);
    }
}

static void
check_response(const struct lf_gql_exec *exec, struct lf_bytes text, struct lf_arena *arena)
{
    struct lf_value response;
    enum lf_status st = lf_json_parse(arena, text, &response, NULL);
    LF_ASSERT(st == LF_OK || st == LF_LIMIT);
    if (st != LF_OK)
        return;
    LF_ASSERT((lf_value_get_text(&response, "data") != NULL) == lf_gql_exec_has_data(exec));
    LF_ASSERT((lf_value_get_text(&response, "errors") != NULL) == (lf_gql_exec_errors(exec)->count != 0));
}

static void
take_exec(struct lf_gql_exec *exec, void *user)
{
    struct lf_gql_exec **ret = user;
    LF_ASSERT(*ret == NULL);
    *ret = exec;
}

static void
run(struct lf_gql_request request, const struct lf_gql_definition *operation, struct lf_buf *out)
{
    struct lf_arena arena;
    struct lf_gql_exec *exec = NULL;
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(out, SIZE_MAX);
    request.arena = &arena;
    LF_ASSERT(lf_gql_execute(&request, operation, take_exec, &exec));
    finish_waiting();
    LF_ASSERT(exec != NULL);
    lf_gql_exec_write(exec, out);
    LF_ASSERT(lf_buf_status(out, NULL) == LF_OK);
    check_response(exec, lf_buf_view(out), &arena);
    lf_arena_release(&arena);
}

static void
check_subscription(struct lf_gql_request request, const struct lf_gql_definition *operation, struct lf_arena *arena)
{
    struct lf_gql_errors errors;
    struct lf_gql_resolve_info info;
    lf_gql_errors_init(&errors, arena, 10);
    request.arena = arena;
    LF_ASSERT(lf_gql_subscribe(&request, operation, &info, &errors) == (errors.count == 0));
}

static void
check_request(const struct lf_gql_document *document, struct lf_value variables, struct lf_arena *arena)
{
    struct lf_gql_errors errors;
    struct lf_buf texts[3];
    lf_gql_errors_init(&errors, arena, 10);
    const struct lf_gql_definition *operation = lf_gql_find_operation(document, LF_BYTES_NONE, &errors);
    if (operation == NULL)
        return;
    struct lf_gql_request request = {.schema = schema, .document = document, .variables = variables, .root = root};
    if (operation->operation == LF_GQL_SUBSCRIPTION)
        check_subscription(request, operation, arena);
    struct lf_gql_plans *plans = lf_gql_plans_new(arena, schema, document);
    LF_ASSERT(plans != NULL);
    for (int i = 0; i < 3; i++) { /* without plans, with plans that are made, with plans that are there */
        request.plans = i == 0 ? NULL : plans;
        run(request, operation, &texts[i]);
        LF_ASSERT(lf_bytes_equal(lf_buf_view(&texts[0]), lf_buf_view(&texts[i])));
    }
    for (int i = 0; i < 3; i++)
        lf_buf_release(&texts[i]);
}

/* Cuts off what follows the line "---". */
static struct lf_bytes
split_variables(struct lf_bytes *document)
{
    static const char mark[] = "\n---\n";
    const char *at = document->len != 0 ? memmem(document->ptr, document->len, mark, sizeof(mark) - 1) : NULL;
    if (at == NULL)
        return LF_BYTES_NONE;
    const char *rest = at + sizeof(mark) - 1;
    struct lf_bytes variables = lf_bytes(rest, (size_t)(document->ptr + document->len - rest));
    document->len = (size_t)(at - document->ptr);
    return variables;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lf_arena arena;
    struct lf_gql_errors errors;
    struct lf_bytes text = lf_bytes((const char *)data, size);
    struct lf_bytes json = split_variables(&text);
    struct lf_gql_source source = {"input", text};
    struct lf_value variables = LF_VALUE_NULL;
    if (schema == NULL)
        make_schema();
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 10);
    const struct lf_gql_document *document = lf_gql_parse(&arena, &source, NULL, &errors);
    bool readable = json.ptr == NULL || (lf_json_parse(&arena, json, &variables, NULL) == LF_OK &&
                                         (variables.type == LF_V_OBJECT || variables.type == LF_V_NULL));
    if (document != NULL && readable) {
        bool valid = lf_gql_validate(schema, document, &arena, &errors);
        LF_ASSERT(valid == (errors.count == 0));
        if (valid)
            check_request(document, variables, &arena);
    }
    lf_arena_release(&arena);
    return 0;
}
