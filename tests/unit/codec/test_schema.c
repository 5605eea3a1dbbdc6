/* Schemas from the model and the lock file: small models to the letter, and memory that runs out. What the documents
 * mean to others, tests/e2e/test_schema_generate.py asks their own implementations. */
#include "codec/schema.h"
#include "../model/kit.h"
#include "base/mem.h"

static const char sdl[] = "\"An event.\"\n"
                          "type Made @event(name: \"shop.made-2\", version: 2) @upcast(from: 1, default: {n: 7})\n"
                          "{ id: ID! n: Int! @constraint(min: 0, exclusiveMax: 9) color: Color at: Place }\n"
                          "enum Color { RED } type Place { x: Float! in: Place }";

static const char avro[] =
    "{\"type\":\"record\",\"name\":\"shop_made_2\",\"namespace\":\"logfirst.events\",\"doc\":\"An event.\",\"fields\":["
    "{\"name\":\"id\",\"type\":\"string\"},"
    "{\"name\":\"n\",\"doc\":\"min 0, exclusiveMax 9\",\"type\":\"int\",\"default\":7},"
    "{\"name\":\"color\",\"type\":[\"null\",{\"type\":\"enum\",\"name\":\"Color\",\"symbols\":[\"RED\"]}],\"default\":"
    "null},"
    "{\"name\":\"at\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"Place\",\"fields\":[{\"name\":\"x\",\"type\":"
    "\"double\"},{\"name\":\"in\",\"type\":[\"null\",\"Place\"],\"default\":null}]}],\"default\":null}]}";

static const char json_schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"shop.made-2\",\"description\":\"An "
    "event.\",\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\","
    "\"minimum\":0,\"exclusiveMaximum\":9,\"default\":7},\"color\":{\"anyOf\":[{\"$ref\":\"#/$defs/Color\"},{\"type\":"
    "\"null\"}],\"default\":null},\"at\":{\"anyOf\":[{\"$ref\":\"#/$defs/Place\"},{\"type\":\"null\"}],\"default\":"
    "null}},\"required\":[\"id\",\"n\"],\"additionalProperties\":false,\"$defs\":{\"Color\":{\"type\":\"string\","
    "\"enum\":[\"RED\"]},\"Place\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"number\"},\"in\":{\"anyOf\":"
    "[{\"$ref\":\"#/$defs/Place\"},{\"type\":\"null\"}],\"default\":null}},\"required\":[\"x\"],"
    "\"additionalProperties\":false}}}";

static const char proto[] = "syntax = \"proto3\";\n\n"
                            "package a.b;\n\n"
                            "// An event.\n"
                            "message shop_made_2 {\n"
                            "  string id = 1;\n"
                            "  // min 0, exclusiveMax 9\n"
                            "  int32 n = 2;\n"
                            "  optional Color color = 3;\n"
                            "  Place at = 4;\n\n"
                            "  enum Color {\n"
                            "    COLOR_UNSPECIFIED = 0;\n"
                            "    COLOR_RED = 1;\n"
                            "  }\n\n"
                            "  message Place {\n"
                            "    double x = 1;\n"
                            "    Place in = 2;\n"
                            "  }\n"
                            "}\n";

struct world {
    struct lf_model *model;
    struct lf_arena arena;
    struct lf_schema_lock *lock;
};

static int
set_up(void **state)
{
    static struct world world;
    struct lf_buf text;
    world.model = kit_model(sdl);
    lf_arena_init(&world.arena, 0, 0);
    const struct lf_schema_options options = {.model = world.model};
    lf_buf_init(&text, 1 << 20);
    assert_int_equal(lf_schema_lock_update(&options, LF_FORMAT_AVRO, &text, NULL), LF_OK);
    assert_int_equal(lf_schema_lock_parse(lf_buf_view(&text), &world.lock, NULL), LF_OK);
    lf_buf_release(&text);
    *state = &world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    lf_schema_lock_free(world->lock);
    lf_model_free(world->model);
    lf_arena_release(&world->arena);
    return 0;
}

static const char *
schema_of(struct world *world, const struct lf_schema_options *options, enum lf_event_format format)
{
    struct lf_buf text;
    struct lf_err err = {0};
    lf_buf_init(&text, 1 << 20);
    if (lf_schema_write(options, &world->model->events[0], format, &text, &err) != LF_OK)
        fail_msg("%s", err.text);
    const char *copy = lf_arena_text(&world->arena, lf_buf_view(&text));
    lf_buf_release(&text);
    return copy;
}

static const char *
compact(struct world *world, const char *text)
{
    struct lf_value value = kit_json(&world->arena, text);
    return kit_text(&world->arena, &value);
}

static void
test_to_the_letter(void **state)
{
    struct world *world = *state;
    struct lf_schema_options options = {.model = world->model, .closed = true, .lock = world->lock};
    assert_string_equal(compact(world, schema_of(world, &options, LF_FORMAT_JSON)), json_schema);
    assert_string_equal(compact(world, schema_of(world, &options, LF_FORMAT_JSON_SCHEMA)), json_schema);
    assert_string_equal(compact(world, schema_of(world, &options, LF_FORMAT_AVRO)), avro);
    options.package = LF_LIT("a.b");
    assert_string_equal(schema_of(world, &options, LF_FORMAT_PROTOBUF), proto);
}

static void
test_lock(void **state)
{
    struct world *world = *state;
    struct lf_locked_schema *versions;
    size_t count;
    assert_int_equal(lf_schema_lock_number(world->lock, LF_LOCK_EVENTS, LF_LIT("shop.made-2"), LF_LIT("color")), 3);
    assert_int_equal(lf_schema_lock_number(world->lock, LF_LOCK_OBJECTS, LF_LIT("Place"), LF_LIT("in")), 2);
    assert_int_equal(lf_schema_lock_number(world->lock, LF_LOCK_ENUMS, LF_LIT("Color"), LF_LIT("RED")), 1);
    assert_int_equal(lf_schema_lock_number(world->lock, LF_LOCK_ENUMS, LF_LIT("Color"), LF_LIT("BLUE")), 0);
    assert_int_equal(lf_schema_lock_number(NULL, LF_LOCK_ENUMS, LF_LIT("Color"), LF_LIT("RED")), 0);
    assert_int_equal(
        lf_schema_lock_versions(world->lock, LF_LIT("shop.made-2"), &world->arena, &versions, &count, NULL), LF_OK);
    assert_int_equal(count, 1);
    assert_int_equal(versions[0].version, 2);
    assert_int_equal(versions[0].format, LF_FORMAT_AVRO);
    assert_string_equal(compact(world, versions[0].text.ptr), avro);
}

static void
test_packages(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool valid;
    } rows[] = {{"a", true},   {"a.b_c.D1", true}, {"", false},   {".", false},   {"a.", false},
                {".a", false}, {"a..b", false},    {"1a", false}, {"a.1", false}, {"a-b", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(lf_schema_package_valid(lf_bytes_of(rows[i].name)), rows[i].valid);
}

/* Each format, and the lock, with the n-th allocation failing. */
static void
test_memory_runs_out(void **state)
{
    struct world *world = *state;
    const struct lf_schema_options options = {.model = world->model, .lock = world->lock};
    const int64_t live = lf_mem_live();
    for (int what = LF_FORMAT_JSON_SCHEMA; what <= LF_FORMAT_PROTOBUF + 1; what++) {
        bool hit = true;
        for (uint64_t n = 1; hit; n++) {
            struct lf_buf text;
            lf_buf_init(&text, 1 << 20);
            lf_mem_fail_at(n, false);
            enum lf_status st =
                what <= LF_FORMAT_PROTOBUF
                    ? lf_schema_write(&options, &world->model->events[0], (enum lf_event_format)what, &text, NULL)
                    : lf_schema_lock_update(&options, LF_FORMAT_PROTOBUF, &text, NULL);
            hit = lf_mem_fault_hit();
            lf_mem_fail_at(0, false);
            assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
            lf_buf_release(&text);
            assert_int_equal(lf_mem_live(), live);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_to_the_letter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lock, set_up, tear_down),
        cmocka_unit_test(test_packages),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
