/* Schemas that work: what the model says of them, and the schema that is served. */
#include "base/mem.h"
#include "kit.h"

#include <stdlib.h>

/* The text of a file below the project's root, to be freed. */
static char *
read_file(const char *name)
{
    char path[4096];
    const char *root = getenv("LF_TEST_ROOT");
    snprintf(path, sizeof(path), "%s/%s", root != NULL ? root : ".", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static struct lf_model *
model_of_file(const char *name)
{
    char *sdl = read_file(name);
    struct lf_model *model = kit_model(sdl);
    free(sdl); /* the model has its own copy */
    return model;
}

static void
assert_bytes(struct lf_bytes got, const char *want)
{
    if (!lf_bytes_equal_text(got, want))
        fail_msg("\"%.*s\" is not \"%s\"", LF_FMT(got), want);
}

static void
test_quotes(void **state)
{
    (void)state;
    struct lf_model *model = model_of_file("examples/quotes/schema.graphql");
    assert_int_equal(model->entity_count, 1);
    const struct lf_entity *quote = lf_model_entity(model, LF_LIT("Quote"));
    assert_bytes(quote->collection, "quotes");
    assert_bytes(quote->single, "quote");
    assert_int_equal(quote->key, 0);
    assert_bytes(quote->fields[0].column, "customer_id");
    assert_int_equal(quote->fields[0].type, LF_T_ID);
    assert_true(quote->fields[0].non_null);
    assert_ptr_equal(quote->gql, lf_gql_schema_type(model->schema, LF_LIT("Quote")));
    assert_int_equal(quote->fields[1].gql->kind, LF_GQL_NON_NULL_TYPE);

    const struct lf_event_type *created = kit_event(model, "QuoteCreated");
    assert_ptr_equal(created->entity, quote);
    assert_null(created->topic.ptr);
    assert_int_equal(created->version, 1);
    assert_int_equal(created->entity_key, 1);
    assert_int_equal(created->message_key, 1);
    assert_int_equal(created->step_count, 1); /* the key is no step */
    assert_int_equal(created->steps[0].op, LF_APPLY_COPY);
    assert_int_equal(created->steps[0].target, 1);
    assert_int_equal(created->steps[0].source, 0);
    assert_int_equal(created->fields[0].constraint->min.u.integer, 0);
    assert_int_equal(created->fields[0].constraint->max.type, LF_V_NULL);
    assert_null(created->fields[1].constraint);

    assert_int_equal(model->mutation_count, 1);
    const struct lf_mutation *create = lf_map_get_text(&model->mutation_map, "createQuote");
    assert_ptr_equal(create->event, created);
    assert_ptr_equal(create->gql, lf_gql_type_field(model->schema->mutation, LF_LIT("createQuote")));
    assert_int_equal(create->fill_count, 2);
    assert_bytes(create->fills[0].arg->name, "amount");
    assert_bytes(create->fills[1].arg->name, "customerId");
    assert_null(create->fills[0].inner);
    lf_model_free(model);
}

static void
test_bank(void **state)
{
    (void)state;
    struct lf_model *model = model_of_file("examples/bank/schema.graphql");
    const struct lf_entity *account = lf_model_entity(model, LF_LIT("Account"));
    assert_bytes(account->collection, "accounts");
    const struct lf_event_type *deposited = kit_event(model, "MoneyDeposited");
    assert_int_equal(deposited->step_count, 3);
    assert_int_equal(deposited->steps[0].op, LF_APPLY_ADD);
    assert_int_equal(deposited->steps[1].op, LF_APPLY_INCREMENT);
    assert_int_equal(deposited->steps[1].increment, 1);
    assert_int_equal(deposited->steps[2].op, LF_APPLY_APPEND);
    const struct lf_event_type *opened = kit_event(model, "AccountOpened");
    assert_int_equal(opened->step_count, 3); /* owner, email, openedAt */
    assert_int_equal(opened->fields[0].generated, LF_GENERATED_UUID);
    assert_int_equal(opened->fields[3].generated, LF_GENERATED_EVENT_TIME);
    const struct lf_event_type *frozen = kit_event(model, "AccountFrozen");
    assert_int_equal(frozen->steps[0].op, LF_APPLY_VALUE);
    assert_bytes(lf_value_text(&frozen->steps[0].value), "FROZEN");
    assert_true(kit_event(model, "AccountClosed")->deletes);
    assert_int_equal(kit_event(model, "AccountClosed")->step_count, 0);

    const struct lf_mutation *deposit = lf_map_get_text(&model->mutation_map, "deposit");
    for (size_t i = 0; i < deposit->fill_count; i++) {
        assert_bytes(deposit->fills[i].arg->name, "transfer");
        assert_true(lf_bytes_equal(deposit->fills[i].inner->name, deposit->event->fields[i].name));
    }
    const struct lf_mutation *open = lf_map_get_text(&model->mutation_map, "openAccount");
    assert_null(open->fills[0].arg);
    assert_bytes(open->fills[1].arg->name, "owner");
    assert_true(lf_model_enum_has(&account->fields[8], LF_LIT("OPEN")));
    assert_false(lf_model_enum_has(&account->fields[8], LF_LIT("Open")));
    assert_false(lf_model_enum_has(&account->fields[0], LF_LIT("OPEN")));
    lf_model_free(model);
}

/* Wire names, topics, keys, several files, extensions, and what the user declared for his editor. */
static void
test_the_rest(void **state)
{
    (void)state;
    static const char first[] =
        "directive @entity(key: String!, collection: String) on OBJECT\n"
        "scalar Decimal\n"
        "type Order @entity(key: \"id\", collection: \"all_orders\") { id: Int! }\n"
        "extend type Order { total: Decimal, lines: [Line!], tint: Tint @initial(value: DARK) }\n"
        "type Line { sku: String!, parent: Line }\n"
        "enum Tint { LIGHT DARK }\n";
    static const char second[] =
        "type OrderPlaced @event(topic: \"orders\", entity: \"Order\", key: \"eventId\", name: \"order.placed\",\n"
        "  version: 3) { id: Int!, total: Decimal, lines: [Line!] }\n"
        "type Noted @event(topic: \"notes\", key: \"about\") { about: UUID!, by: ID! @generated(by: EVENT_ID) }\n"
        "type Heard @event(topic: \"notes\") { what: JSON }\n"
        "input LineIn { sku: String!, parent: LineIn }\n"
        "type Done { success: Boolean!, eventId: ID }\n"
        "type Mutation\n"
        "extend type Mutation {\n"
        "  place(id: Int!, lines: [LineIn!]): Done! @emits(event: \"OrderPlaced\")\n"
        "  note(about: UUID!): Receipt @emits(event: \"Noted\")\n"
        "}\n";
    const struct lf_model_file files[] = {{"a.graphql", lf_bytes_of(first)}, {"b.graphql", lf_bytes_of(second)}};
    struct lf_arena arena;
    struct lf_gql_errors errors;
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 10);
    struct lf_model *model = lf_model_compile(files, 2, &errors);
    if (model == NULL)
        fail_msg("%.*s", LF_FMT(errors.first->message));
    const struct lf_event_type *placed = kit_event(model, "order.placed");
    assert_bytes(placed->type_name, "OrderPlaced");
    assert_bytes(placed->topic, "orders");
    assert_int_equal(placed->version, 3);
    assert_int_equal(placed->message_key, SIZE_MAX);
    assert_int_equal(placed->entity_key, 0);
    assert_null(lf_model_event(model, LF_LIT("OrderPlaced")));
    const struct lf_field *lines = &placed->fields[2];
    assert_true(lines->is_list && lines->item_non_null && !lines->non_null);
    assert_ptr_equal(lines->object->fields[1].object, lines->object);
    assert_int_equal(kit_event(model, "Noted")->message_key, 0);
    assert_int_equal(kit_event(model, "Heard")->message_key, SIZE_MAX);
    const struct lf_entity *order = lf_model_entity(model, LF_LIT("Order"));
    assert_bytes(order->collection, "all_orders");
    assert_int_equal(order->field_count, 4);
    assert_bytes(lf_value_text(&order->fields[3].initial), "DARK");
    size_t count;
    const struct lf_bytes *topics = lf_model_topics(model, LF_LIT("business-events"), &arena, &count);
    assert_int_equal(count, 3);
    assert_bytes(topics[0], "business-events");
    assert_bytes(topics[1], "orders");
    assert_bytes(topics[2], "notes");
    lf_model_free(model);
    lf_arena_release(&arena);
}

static void
test_served(void **state)
{
    (void)state;
    struct lf_model *model = model_of_file("examples/bank/schema.graphql");
    char *want = read_file("tests/unit/model/data/bank.served.graphql");
    struct lf_buf out;
    lf_buf_init(&out, 1 << 20);
    lf_gql_schema_print(&out, model->schema);
    assert_int_equal(lf_buf_status(&out, NULL), LF_OK);
    if (!lf_bytes_equal_text(lf_buf_view(&out), want))
        fail_msg("the served schema is not that of data/bank.served.graphql, but\n%.*s", (int)out.len, out.ptr);
    lf_buf_release(&out);
    free(want);
    lf_model_free(model);
}

/* Every allocation fails once: no model, no leak, and the errors say that it was memory. */
static void
test_without_memory(void **state)
{
    (void)state;
    char *sdl = read_file("examples/bank/schema.graphql");
    const struct lf_model_file file = {"bank.graphql", lf_bytes_of(sdl)};
    const int64_t live = lf_mem_live();
    for (uint64_t n = 1;; n++) {
        struct lf_arena arena;
        struct lf_gql_errors errors;
        lf_arena_init(&arena, 0, 0);
        lf_gql_errors_init(&errors, &arena, 10);
        lf_mem_fail_at(n, false);
        struct lf_model *model = lf_model_compile(&file, 1, &errors);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        if (hit && model == NULL)
            assert_true(errors.no_memory);
        if (!hit)
            assert_non_null(model);
        lf_model_free(model);
        lf_arena_release(&arena);
        assert_int_equal(lf_mem_live(), live);
        if (!hit)
            break;
    }
    free(sdl);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotes), cmocka_unit_test(test_bank),           cmocka_unit_test(test_the_rest),
        cmocka_unit_test(test_served), cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
