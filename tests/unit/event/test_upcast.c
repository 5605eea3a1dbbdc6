/* Old events in today's form: rows of payloads before and after, what is refused, and memory that runs out. */
#include "event/upcast.h"
#include "../model/kit.h"
#include "base/mem.h"
#include "event/replay.h"

static const char sdl[] =
    "type Order @entity(key: \"id\") { id: ID! total: Int! }\n"
    "type Placed @event(entity: \"Order\", version: 4)\n"
    "  @upcast(from: 1, rename: {amount: \"sum\"}, move: [{from: \"street\", to: \"at.street\"}, {from: \"zip\", to: "
    "\"at.zip\"}])\n"
    "  @upcast(from: 2, rename: {sum: \"total\"}, drop: [\"old\", \"more.inner\"])\n"
    "  @upcast(from: 3, move: {from: \"more.kept\", to: \"kept\"}, default: {currency: \"EUR\", note: \"none\"})\n"
    "{ id: ID! total: Int! at: Place currency: String! note: String kept: JSON more: JSON }\n"
    "type Place { street: String zip: String }\n";

struct world {
    struct lf_model *model;
    struct lf_arena arena;
};

static int
set_up(void **state)
{
    static struct world world;
    world.model = kit_model(sdl);
    lf_arena_init(&world.arena, 0, 0);
    *state = &world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    lf_model_free(world->model);
    lf_arena_release(&world->arena);
    return 0;
}

static const struct {
    int32_t version;
    const char *before, *after; /* after NULL: refused */
} rows[] = {
    {0, "{\"id\":\"a\",\"amount\":5,\"street\":\"Main\",\"zip\":\"1\",\"other\":true}",
     "{\"id\":\"a\",\"other\":true,\"at\":{\"street\":\"Main\",\"zip\":\"1\"},\"total\":5,\"currency\":\"EUR\","
     "\"note\":\"none\"}"},
    {1, "{\"id\":\"a\",\"amount\":5,\"currency\":\"USD\",\"note\":null}",
     "{\"id\":\"a\",\"currency\":\"USD\",\"note\":null,\"total\":5}"},
    {2, "{\"id\":\"a\",\"sum\":5,\"amount\":6,\"old\":1,\"more\":{\"inner\":2,\"kept\":[3],\"x\":4},\"currency\":null}",
     "{\"id\":\"a\",\"amount\":6,\"more\":{\"x\":4},\"currency\":\"EUR\",\"total\":5,\"kept\":[3],\"note\":\"none\"}"},
    {3, "{\"id\":\"a\",\"total\":5,\"old\":1,\"more\":{}}",
     "{\"id\":\"a\",\"total\":5,\"old\":1,\"more\":{},\"currency\":\"EUR\",\"note\":\"none\"}"},
    {4, "{\"id\":\"a\",\"amount\":5}", "{\"id\":\"a\",\"amount\":5}"},
    {5, "{\"id\":\"a\",\"amount\":5}", "{\"id\":\"a\",\"amount\":5}"},
    /* the new name wins; null on the way is an object that is not there yet */
    {1, "{\"amount\":5,\"total\":6,\"sum\":7,\"street\":\"s\",\"at\":null,\"currency\":\"\",\"note\":\"\"}",
     "{\"total\":6,\"at\":{\"street\":\"s\"},\"currency\":\"\",\"note\":\"\"}"},
    {1, "{\"street\":\"s\",\"at\":{\"street\":\"t\",\"door\":1},\"currency\":\"\",\"note\":\"\"}",
     "{\"at\":{\"street\":\"t\",\"door\":1},\"currency\":\"\",\"note\":\"\"}"},
    {1, "{\"street\":\"s\",\"at\":\"there\"}", NULL},
    {1, "[1]", "[1]"},
    {1, "{}", "{\"currency\":\"EUR\",\"note\":\"none\"}"},
};

static struct lf_event
event_of(struct world *world, int32_t version, const char *payload)
{
    return (struct lf_event){.type = kit_event(world->model, "Placed"),
                             .version = version,
                             .entity_key = LF_LIT("a"),
                             .payload = kit_json(&world->arena, payload)};
}

static void
test_rows(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_err err = {0};
        struct lf_value payload;
        const struct lf_event event = event_of(world, rows[i].version, rows[i].before);
        enum lf_status st = lf_event_upcast(&event, &world->arena, &payload, &err);
        assert_int_equal(st, rows[i].after != NULL ? LF_OK : LF_INVALID);
        if (st == LF_OK)
            assert_string_equal(kit_text(&world->arena, &payload), rows[i].after);
        else
            assert_string_equal(err.text,
                                "version 1 of Placed cannot become version 4: \"street\" stands in no object");
        assert_string_equal(kit_text(&world->arena, &event.payload), rows[i].before);
    }
}

static void
test_unknown_types_stay(void **state)
{
    struct world *world = *state;
    struct lf_value payload;
    const struct lf_event event = {.version = 1, .payload = kit_json(&world->arena, "{\"amount\":1}")};
    assert_int_equal(lf_event_upcast(&event, &world->arena, &payload, NULL), LF_OK);
    assert_string_equal(kit_text(&world->arena, &payload), "{\"amount\":1}");
}

static void
test_replay_folds_old_events(void **state)
{
    struct world *world = *state;
    struct lf_err err = {0};
    struct lf_value after;
    const struct lf_value nothing = LF_VALUE_NULL;
    const struct lf_event event = event_of(world, 1, "{\"id\":\"a\",\"amount\":5}");
    assert_int_equal(lf_replay(&event, &nothing, &world->arena, &after, &err), LF_OK);
    assert_string_equal(kit_text(&world->arena, &after), "{\"id\":\"a\",\"total\":5}");
}

static void
test_version_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t version;
    } texts[] = {
        {"1", 1},  {"2", 2}, {"2147483647", INT32_MAX}, {"2147483648", 0}, {"0", 0}, {"-1", 0}, {"1.0", 0}, {"", 0},
        {" 1", 0}, {"v1", 0}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(lf_event_version_read(lf_bytes_of(texts[i].text)), texts[i].version);
}

static void
test_memory_runs_out(void **state)
{
    struct world *world = *state;
    const struct lf_event event = event_of(world, 1, rows[0].before);
    for (uint64_t n = 1;; n++) {
        struct lf_arena arena;
        struct lf_value payload;
        struct lf_err err = {0};
        lf_arena_init(&arena, 16, 0);
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_event_upcast(&event, &arena, &payload, &err);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        if (st == LF_OK)
            assert_string_equal(kit_text(&world->arena, &payload), rows[0].after);
        lf_arena_release(&arena);
        if (!hit)
            break;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_types_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replay_folds_old_events, set_up, tear_down),
        cmocka_unit_test(test_version_texts),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
