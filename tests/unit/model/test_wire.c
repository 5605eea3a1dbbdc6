/* @field, @event(format:), @schema and @upcast: what the model knows of them, and what it refuses. */
#include "kit.h"

static void
test_fields(void **state)
{
    (void)state;
    struct lf_model *model = kit_model(
        "type E @event { id: ID! @field(number: 3) a: Decimal @field(precision: 10) b: Decimal\n"
        "  c: Decimal! @field(number: 536870911, precision: 12, scale: 4) d: Decimal @field(scale: 2) o: O }\n"
        "type O { x: Int @field(number: 3) y: Decimal }");
    const struct lf_event_type *event = kit_event(model, "E");
    assert_int_equal(event->fields[0].number, 3);
    assert_int_equal(event->fields[1].number, 0);
    assert_int_equal(event->fields[1].precision, 10);
    assert_int_equal(event->fields[1].scale, 0);
    assert_int_equal(event->fields[2].precision, 38);
    assert_int_equal(event->fields[2].scale, 9);
    assert_int_equal(event->fields[3].number, 536870911);
    assert_int_equal(event->fields[3].precision, 12);
    assert_int_equal(event->fields[3].scale, 4);
    assert_int_equal(event->fields[4].precision, 38);
    assert_int_equal(event->fields[4].scale, 2);
    assert_int_equal(event->fields[5].object->fields[0].number, 3);
    assert_int_equal(event->fields[5].object->fields[1].precision, 38);
    lf_model_free(model);
}

static void
test_formats_and_files(void **state)
{
    (void)state;
    const struct lf_model_file files[] = {
        {"orders/v1/a.graphql", LF_LIT("type A @event(format: AVRO) @schema(file: \"more/a.json\") { id: ID! }")},
        {"b.graphql", LF_LIT("type B @event(format: PROTOBUF) @schema(file: \"/etc/b.json\") { id: ID! }\n"
                             "type C @event(format: JSON_SCHEMA) @schema(file: \"c.json\") { id: ID! }\n"
                             "type D @event(format: JSON) { id: ID! }\ntype E @event { id: ID! }")},
    };
    struct lf_arena arena;
    struct lf_gql_errors errors;
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 10);
    struct lf_model *model = lf_model_compile(files, 2, &errors);
    assert_non_null(model);
    assert_int_equal(kit_event(model, "A")->format, LF_FORMAT_AVRO);
    assert_string_equal(kit_event(model, "A")->schema_file.ptr, "orders/v1/more/a.json");
    assert_int_equal(kit_event(model, "A")->schema_loc.column, 43);
    assert_int_equal(kit_event(model, "B")->format, LF_FORMAT_PROTOBUF);
    assert_string_equal(kit_event(model, "B")->schema_file.ptr, "/etc/b.json");
    assert_int_equal(kit_event(model, "C")->format, LF_FORMAT_JSON_SCHEMA);
    assert_string_equal(kit_event(model, "C")->schema_file.ptr, "c.json");
    assert_int_equal(kit_event(model, "D")->format, LF_FORMAT_JSON);
    assert_int_equal(kit_event(model, "E")->format, LF_FORMAT_DEFAULT);
    assert_null(kit_event(model, "E")->schema_file.ptr);
    lf_model_free(model);
    lf_arena_release(&arena);
}

static void
test_upcasts(void **state)
{
    (void)state;
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    struct lf_model *model =
        kit_model("type E @event(version: 3)\n"
                  "  @upcast(from: 2, default: {currency: EUR, at: {street: \"?\"}}, drop: [\"a.b\", \"c\"])\n"
                  "  @upcast(from: 1, rename: {amount: \"sum\"}, move: {from: \"street\", to: \"at.street\"})\n"
                  "  @upcast(from: 1, rename: {sum: \"total\"}, default: {total: \"1.50\"})\n"
                  "{ total: Decimal! currency: Currency! at: Place note: JSON }\n"
                  "enum Currency { EUR USD } type Place { street: String! }");
    const struct lf_event_type *event = kit_event(model, "E");
    static const char *const wanted[] = {"1 move amount sum",
                                         "1 move street at.street",
                                         "1 move sum total",
                                         "1 default total \"1.50\"",
                                         "2 drop a.b",
                                         "2 drop c",
                                         "2 default currency \"EUR\"",
                                         "2 default at {\"street\":\"?\"}"};
    assert_int_equal(event->upcast_count, 8);
    for (size_t i = 0; i < event->upcast_count; i++) {
        static const char *const ops[] = {"move", "drop", "default"};
        const struct lf_upcast_step *step = &event->upcasts[i];
        char text[200];
        int len = snprintf(text, sizeof(text), "%d %s ", step->from, ops[step->op]);
        for (size_t k = 0; k < step->path.count; k++)
            len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%.*s", k > 0 ? "." : "",
                            LF_FMT(step->path.names[k]));
        for (size_t k = 0; step->op == LF_UPCAST_MOVE && k < step->to.count; k++)
            len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%.*s", k > 0 ? "." : " ",
                            LF_FMT(step->to.names[k]));
        if (step->op == LF_UPCAST_DEFAULT)
            snprintf(text + len, sizeof(text) - (size_t)len, " %s", kit_text(&arena, &step->value));
        assert_string_equal(text, wanted[i]);
    }
    assert_true(event->fields[0].has_fallback);
    assert_string_equal(kit_text(&arena, &event->fields[0].fallback), "\"1.50\"");
    assert_string_equal(kit_text(&arena, &event->fields[1].fallback), "\"EUR\"");
    assert_false(event->fields[3].has_fallback);
    lf_model_free(model);
    lf_arena_release(&arena);
}

static const struct {
    const char *sdl, *errors;
} rows[] = {
    {"type E @event { id: ID! @field(number: 0) a: Int @field(number: 19000) b: Int @field(number: 536870912)\n"
     "c: Int @field(number: 7) d: Int @field(number: 7) }",
     "a.graphql:1:40: error: @field(number:) must be from 1 to 536870911\n"
     "a.graphql:1:65: error: @field(number:): Protobuf keeps 19000 to 19999 to itself, take another number\n"
     "a.graphql:1:94: error: @field(number:) must be from 1 to 536870911\n"
     "a.graphql:2:26: error: \"d\" and \"c\" have one @field(number:), 7: give it another\n"},
    {"type E @event { a: Int @field(scale: 2) b: Decimal @field(precision: 0) c: Decimal @field(precision: 2, scale: "
     "3) }",
     "a.graphql:1:38: error: @field(scale:) is for Decimal, but \"a\" is Int: remove it\n"
     "a.graphql:1:70: error: @field(precision:) must be from 1 to 1000\n"
     "a.graphql:1:112: error: @field(scale:) must be from 0 to the precision, 2\n"},
    {"type E @event(format: XML) @schema(file: \"\") { a: Int }\ntype A @entity(key: \"id\") @schema(file: \"x\") "
     "{ id: ID! @field(number: 1) }",
     "a.graphql:1:23: error: @event(format:) must be JSON, JSON_SCHEMA, AVRO or PROTOBUF, is XML\n"
     "a.graphql:1:42: error: @schema(file:) must be the path of a JSON Schema\n"
     "a.graphql:2:27: error: @schema may not stand here: it belongs on an @event type\n"
     "a.graphql:2:56: error: @field may not stand here: it belongs on a field of an @event type, or of an object type "
     "inside it\n"},
    {"type E @event(version: 2) @upcast(from: 2, drop: \"a\") @upcast(from: 1) @upcast(from: 1, rename: \"a\")\n"
     "@upcast(from: 1, rename: {a: 1}) @upcast(from: 1, move: {from: \"a\"}) @upcast(from: 1, drop: [\"a..b\", 1])\n"
     "{ a: Int }",
     "a.graphql:1:41: error: @upcast(from: 2) leads nowhere: the version of \"E\" is 2, older ones count from 1; raise "
     "@event(version:) when the form of an event changes\n"
     "a.graphql:1:55: error: @upcast says nothing: give rename, move, drop or default\n"
     "a.graphql:1:97: error: @upcast(rename:) must be an object, as in {oldName: \"newName\"}\n"
     "a.graphql:2:30: error: @upcast(rename:): the new name of \"a\" must be a string\n"
     "a.graphql:2:57: error: @upcast(move:) must be {from: \"place\", to: \"place\"}, or a list of these\n"
     "a.graphql:2:94: error: @upcast(drop:): a place in the payload is a string of names with points between them, as "
     "in \"address.street\"\n"
     "a.graphql:2:102: error: @upcast(drop:): a place in the payload is a string of names with points between them, as "
     "in \"address.street\"\n"},
    {"type E @event(version: 3) @upcast(from: 1, rename: {x: \"total\"}, default: {totl: 1, total: \"no\"})\n"
     "@upcast(from: 2, rename: {note: \"nte\"}, move: {from: \"y\", to: \"at.road\"}, default: {at: {}})\n"
     "{ total: Int! note: String at: Place }\ntype Place { street: String! }",
     "a.graphql:1:76: error: @upcast(default:) makes \"totl\", which \"E\" does not have in version 3. Did you mean "
     "\"total\" or \"note\"?\n"
     "a.graphql:1:92: error: @upcast(default:) for \"total\": Int cannot represent non-integer value: \"no\"\n"
     "a.graphql:2:27: error: @upcast(rename:) makes \"nte\", which \"E\" does not have in version 3. Did you mean "
     "\"note\" or \"at\"?\n"
     "a.graphql:2:47: error: @upcast(move:) makes \"at.road\", which \"E\" does not have in version 3. Did you mean "
     "\"at\"?\n"
     "a.graphql:2:89: error: @upcast(default:) for \"at\": lacks \"street\"\n"},
};

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_arena arena;
        lf_arena_init(&arena, 0, 0);
        assert_string_equal(kit_errors(&arena, rows[i].sdl), rows[i].errors);
        lf_arena_release(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_formats_and_files),
        cmocka_unit_test(test_upcasts),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
