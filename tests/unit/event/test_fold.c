/* The fold: each operation in rows, what is refused, and random histories against a fold written in plain C. */
#include "event/fold.h"
#include "../model/kit.h"
#include "base/mem.h"

#include <stdlib.h>

static const char sdl[] =
    "enum Color { RED GREEN }\n"
    "type Thing @entity(key: \"id\") {\n"
    "  id: ID!\n"
    "  count: Int! @initial(value: 0) @apply(event: \"Changed\", add: \"count\")\n"
    "    @apply(event: \"Ticked\", increment: -2)\n"
    "  big: BigInt @apply(event: \"Changed\", subtract: \"count\") @apply(event: \"Grown\", add: \"big\")\n"
    "  ratio: Float @apply(event: \"Changed\", add: \"ratio\")\n"
    "  total: Decimal @apply(event: \"Changed\", add: \"amount\") @apply(event: \"Spent\", subtract: \"amount\")\n"
    "  tags: [String!]! @initial(value: [\"new\"]) @apply(event: \"Changed\", append: \"tag\")\n"
    "    @apply(event: \"Untagged\", remove: \"tag\") @apply(event: \"Cleared\", clear: true)\n"
    "  note: String @apply(event: \"Changed\", set: \"tag\") @apply(event: \"Cleared\", clear: true)\n"
    "  color: Color! @initial(value: RED) @apply(event: \"Changed\", value: GREEN)\n"
    "  flags: [Int] @apply(event: \"Cleared\", value: [1, null])\n"
    "  u: UUID @apply(event: \"Changed\", set: \"u\")\n"
    "  label: ID @apply(event: \"Changed\", set: \"label\")\n"
    "}\n"
    "type Changed @event(entity: \"Thing\") { id: ID! count: Int ratio: Float amount: Decimal tag: String u: UUID\n"
    "  label: ID }\n"
    "type Ticked @event(entity: \"Thing\") { id: ID! }\n"
    "type Grown @event(entity: \"Thing\") { id: ID! big: BigInt! }\n"
    "type Spent @event(entity: \"Thing\") { id: ID! amount: Decimal! }\n"
    "type Untagged @event(entity: \"Thing\") { id: ID! tag: String! }\n"
    "type Cleared @event(entity: \"Thing\") { id: ID! }\n"
    "type Gone @event(entity: \"Thing\", deletes: true) { id: ID! }\n"
    "type Plain @entity(key: \"id\") { id: BigInt!, name: String!, note: String, size: Float, price: Decimal }\n"
    "type Made @event(entity: \"Plain\") { id: BigInt!, name: String, note: String, size: Int, other: Int,\n"
    "  price: Decimal }\n";

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
    lf_arena_release(&world->arena);
    lf_model_free(world->model);
    return 0;
}

static struct lf_event
make_event(struct world *world, const char *type, const char *payload)
{
    struct lf_event event = {
        .id = LF_LIT("e1"),
        .type = kit_event(world->model, type),
        .payload = kit_json(&world->arena, payload),
    };
    event.type_name = event.type->name;
    assert_int_equal(lf_event_bind_entity(&event, &world->arena, NULL), LF_OK);
    return event;
}

static enum lf_status
apply(struct world *world, const char *type, const char *payload, struct lf_value *state, struct lf_err *err)
{
    struct lf_event event = make_event(world, type, payload);
    return lf_fold(&event, state, &world->arena, state, err);
}

static const struct {
    const char *type, *payload, *state; /* the whole state after it; "" : unchanged from the row before, refused */
} history[] = {
    {"Ticked", "{\"id\":1}",
     "{\"id\":\"1\",\"count\":-2,\"big\":null,\"ratio\":null,\"total\":null,\"tags\":[\"new\"],\"note\":null,"
     "\"color\":\"RED\",\"flags\":null,\"u\":null,\"label\":null}"},
    {"Changed",
     "{\"id\":\"1\",\"count\":5,\"ratio\":0.5,\"amount\":0.10,\"tag\":\"a\",\"u\":"
     "\"0190163D-8694-739B-AEA5-966C26F8AD91\",\"label\":7}",
     "{\"id\":\"1\",\"count\":3,\"big\":-5,\"ratio\":0.5,\"total\":\"0.10\",\"tags\":[\"new\",\"a\"],\"note\":\"a\","
     "\"color\":\"GREEN\",\"flags\":null,\"u\":\"0190163d-8694-739b-aea5-966c26f8ad91\",\"label\":\"7\"}"},
    {"Changed", "{\"id\":\"1\",\"count\":null,\"ratio\":null,\"tag\":null,\"label\":null}",
     "{\"id\":\"1\",\"count\":3,\"big\":-5,\"ratio\":0.5,\"total\":\"0.10\",\"tags\":[\"new\",\"a\"],\"note\":null,"
     "\"color\":\"GREEN\",\"flags\":null,\"u\":\"0190163d-8694-739b-aea5-966c26f8ad91\",\"label\":null}"},
    {"Spent", "{\"id\":\"1\",\"amount\":\"1e1\"}",
     "{\"id\":\"1\",\"count\":3,\"big\":-5,\"ratio\":0.5,\"total\":\"-9.90\",\"tags\":[\"new\",\"a\"],\"note\":null,"
     "\"color\":\"GREEN\",\"flags\":null,\"u\":\"0190163d-8694-739b-aea5-966c26f8ad91\",\"label\":null}"},
    {"Grown", "{\"id\":\"1\",\"big\":\"9223372036854775807\"}",
     "{\"id\":\"1\",\"count\":3,\"big\":9223372036854775802,\"ratio\":0.5,\"total\":\"-9.90\",\"tags\":[\"new\","
     "\"a\"],\"note\":null,\"color\":\"GREEN\",\"flags\":null,\"u\":\"0190163d-8694-739b-aea5-966c26f8ad91\","
     "\"label\":null}"},
    {"Grown", "{\"id\":\"1\",\"big\":6}", ""},
    {"Changed", "{\"id\":\"1\",\"count\":2147483647}", ""},
    {"Changed", "{\"id\":\"1\",\"ratio\":1e308,\"tag\":\"a\"}",
     "{\"id\":\"1\",\"count\":3,\"big\":9223372036854775802,\"ratio\":1e308,\"total\":\"-9.90\",\"tags\":[\"new\","
     "\"a\",\"a\"],\"note\":\"a\",\"color\":\"GREEN\",\"flags\":null,\"u\":\"0190163d-8694-739b-aea5-966c26f8ad91\","
     "\"label\":null}"},
    {"Changed", "{\"id\":\"1\",\"ratio\":1e308}", ""},
    {"Untagged", "{\"id\":\"1\",\"tag\":\"a\"}",
     "{\"id\":\"1\",\"count\":3,\"big\":9223372036854775802,\"ratio\":1e308,\"total\":\"-9.90\",\"tags\":[\"new\"],"
     "\"note\":\"a\",\"color\":\"GREEN\",\"flags\":null,\"u\":\"0190163d-8694-739b-aea5-966c26f8ad91\",\"label\":"
     "null}"},
    {"Cleared", "{\"id\":\"1\"}",
     "{\"id\":\"1\",\"count\":3,\"big\":9223372036854775802,\"ratio\":1e308,\"total\":\"-9.90\",\"tags\":[],"
     "\"note\":null,\"color\":\"GREEN\",\"flags\":[1,null],\"u\":\"0190163d-8694-739b-aea5-966c26f8ad91\","
     "\"label\":null}"},
    {"Gone", "{\"id\":\"1\"}", "null"},
    {"Gone", "{\"id\":\"1\"}", "null"},
    {"Cleared", "{\"id\":\"1\"}",
     "{\"id\":\"1\",\"count\":0,\"big\":null,\"ratio\":null,\"total\":null,\"tags\":[],\"note\":null,\"color\":\"RED\","
     "\"flags\":[1,null],\"u\":null,\"label\":null}"},
};

static void
test_history(void **state)
{
    struct world *world = *state;
    struct lf_value thing = LF_VALUE_NULL;
    for (size_t i = 0; i < sizeof(history) / sizeof(history[0]); i++) {
        struct lf_err err = {0};
        struct lf_value before = thing;
        enum lf_status st = apply(world, history[i].type, history[i].payload, &thing, &err);
        if (history[i].state[0] == '\0') {
            assert_int_equal(st, LF_INVALID);
            assert_int_equal(err.fate, LF_FATE_REJECT);
            assert_non_null(strstr(err.text, "Thing \"1\": field \""));
            assert_memory_equal(&before, &thing, sizeof(thing));
            continue;
        }
        if (st != LF_OK)
            fail_msg("%zu: %s", i, err.text);
        struct lf_value want = kit_json(&world->arena, history[i].state);
        if (!lf_value_equal(&thing, &want))
            fail_msg("%zu: %s", i, kit_text(&world->arena, &thing));
    }
}

/* Without @apply: absent leaves, null nulls where it may, unknown fields are nobody's business. */
static void
test_copy(void **state)
{
    struct world *world = *state;
    struct lf_value plain = LF_VALUE_NULL;
    struct lf_err err = {0};
    assert_int_equal(apply(world, "Made", "{\"id\":\"12\",\"note\":\"n\"}", &plain, &err), LF_INVALID);
    assert_string_equal(err.text, "Plain \"12\": non-null field \"name\" would be null after Made; give it an @initial "
                                  "value or have the first event set it");
    assert_int_equal(plain.type, LF_V_NULL);
    assert_int_equal(apply(world, "Made",
                           "{\"id\":\"12\",\"name\":\"a\",\"note\":\"n\",\"size\":3,\"price\":1.50,\"other\":1}",
                           &plain, &err),
                     LF_OK);
    assert_string_equal(kit_text(&world->arena, &plain),
                        "{\"id\":12,\"name\":\"a\",\"note\":\"n\",\"size\":3,\"price\":\"1.50\"}");
    assert_int_equal(plain.u.members[3].value.type, LF_V_FLOAT);
    assert_null(plain.u.members[3].value.raw);
    assert_int_equal(apply(world, "Made", "{\"id\":12,\"name\":null,\"note\":null}", &plain, &err), LF_OK);
    assert_string_equal(kit_text(&world->arena, &plain),
                        "{\"id\":12,\"name\":\"a\",\"note\":null,\"size\":3,\"price\":\"1.50\"}");
}

/* A state of an older schema lacks fields, and may have them in another order. */
static void
test_old_state(void **state)
{
    struct world *world = *state;
    struct lf_err err = {0};
    struct lf_value thing = kit_json(&world->arena, "{\"count\":4,\"id\":\"1\",\"retired\":true}");
    assert_int_equal(apply(world, "Ticked", "{\"id\":\"1\"}", &thing, &err), LF_OK);
    assert_string_equal(kit_text(&world->arena, &thing),
                        "{\"id\":\"1\",\"count\":2,\"big\":null,\"ratio\":null,\"total\":null,\"tags\":[\"new\"],"
                        "\"note\":null,\"color\":\"RED\",\"flags\":null,\"u\":null,\"label\":null}");
}

static void
test_without_memory(void **state)
{
    struct world *world = *state;
    struct lf_event event =
        make_event(world, "Changed",
                   "{\"id\":1,\"count\":5,\"ratio\":0.5,\"amount\":0.10,\"tag\":\"a\",\"label\":7,\"u\":"
                   "\"0190163D-8694-739B-AEA5-966C26F8AD91\"}");
    for (uint64_t n = 1;; n++) {
        struct lf_arena arena;
        struct lf_err err = {0};
        struct lf_value thing = LF_VALUE_NULL;
        lf_arena_init(&arena, 64, 0);
        lf_mem_fail_at(n, false);
        enum lf_status st = lf_fold(&event, &thing, &arena, &thing, &err);
        bool hit = lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_int_equal(st, hit ? LF_NO_MEMORY : LF_OK);
        assert_int_equal(err.fate, hit ? LF_FATE_RETRY : LF_FATE_NONE);
        lf_arena_release(&arena);
        if (!hit)
            break;
    }
}

/* --- random histories --------------------------------------------------------------------------------------------- */

enum { TAGS_MAX = 64 };

/* What a Thing is, in plain C. */
struct plain {
    bool exists;
    int64_t count, big, cents;
    bool has_big, has_cents, has_note, green;
    int note;
    int tags[TAGS_MAX];
    int tag_count;
};

static void
plain_begin(struct plain *p)
{
    if (!p->exists)
        *p = (struct plain){.exists = true, .tags = {-1}, .tag_count = 1};
}

static void
plain_changed(struct plain *p, int count, int cents, int tag)
{
    plain_begin(p);
    p->count += count;
    p->big -= count;
    p->cents += cents;
    p->has_big = p->has_cents = p->has_note = p->green = true;
    p->note = tag;
    p->tags[p->tag_count++] = tag;
}

static void
plain_untagged(struct plain *p, int tag)
{
    plain_begin(p);
    int kept = 0;
    for (int i = 0; i < p->tag_count; i++) {
        if (p->tags[i] != tag)
            p->tags[kept++] = p->tags[i];
    }
    p->tag_count = kept;
}

static void
check_plain(struct world *world, const struct plain *p, const struct lf_value *thing)
{
    char want[4096];
    if (!p->exists) {
        assert_int_equal(thing->type, LF_V_NULL);
        return;
    }
    assert_int_equal(lf_value_get_text(thing, "count")->u.integer, p->count);
    assert_int_equal(lf_value_get_text(thing, "big")->type, p->has_big ? LF_V_INT : LF_V_NULL);
    if (p->has_big)
        assert_int_equal(lf_value_get_text(thing, "big")->u.integer, p->big);
    long long cents = p->cents < 0 ? -p->cents : p->cents;
    snprintf(want, sizeof(want), "\"%s%lld.%02lld\"", p->cents < 0 ? "-" : "", cents / 100, cents % 100);
    assert_string_equal(kit_text(&world->arena, lf_value_get_text(thing, "total")), p->has_cents ? want : "null");
    snprintf(want, sizeof(want), "\"t%d\"", p->note);
    assert_string_equal(kit_text(&world->arena, lf_value_get_text(thing, "note")), p->has_note ? want : "null");
    size_t len = (size_t)snprintf(want, sizeof(want), "[");
    for (int i = 0; i < p->tag_count; i++) {
        const char *form = p->tags[i] < 0 ? "%s\"new\"" : "%s\"t%d\"";
        len += (size_t)snprintf(want + len, sizeof(want) - len, form, i != 0 ? "," : "", p->tags[i]);
    }
    snprintf(want + len, sizeof(want) - len, "]");
    assert_string_equal(kit_text(&world->arena, lf_value_get_text(thing, "tags")), want);
    assert_string_equal(kit_text(&world->arena, lf_value_get_text(thing, "color")), p->green ? "\"GREEN\"" : "\"RED\"");
}

/* Applies one random event to both. */
static void
step_both(struct world *world, uint64_t *seed, struct plain *p, struct lf_value *thing)
{
    char payload[256];
    struct lf_err err = {0};
    const char *type = "Ticked";
    int tag = (int)(kit_random(seed) % 5);
    int cents = (int)(kit_random(seed) % 20001) - 10000;
    int count = (int)(kit_random(seed) % 2001) - 1000;
    snprintf(payload, sizeof(payload), "{\"id\":1,\"tag\":\"t%d\"}", tag);
    switch (kit_random(seed) % 10) {
    case 0:
        type = "Gone";
        *p = (struct plain){0};
        break;
    case 1:
        type = "Cleared";
        plain_begin(p);
        p->tag_count = 0;
        p->has_note = false;
        break;
    case 2:
    case 3:
        type = "Untagged";
        plain_untagged(p, tag);
        break;
    case 4:
        plain_begin(p);
        p->count -= 2;
        break;
    default:
        if (p->tag_count == TAGS_MAX)
            return;
        type = "Changed";
        snprintf(payload, sizeof(payload), "{\"id\":1,\"tag\":\"t%d\",\"count\":%d,\"amount\":\"%s%d.%02d\"}", tag,
                 count, cents < 0 ? "-" : "", abs(cents) / 100, abs(cents) % 100);
        plain_changed(p, count, cents, tag);
        break;
    }
    if (apply(world, type, payload, thing, &err) != LF_OK)
        fail_msg("%s %s: %s", type, payload, err.text);
}

static void
test_random_histories(void **state)
{
    struct world *world = *state;
    uint64_t seed = 0x9e3779b97f4a7c15u;
    for (int run = 0; run < 50; run++) {
        struct plain plain = {0};
        struct lf_value thing = LF_VALUE_NULL;
        for (int i = 0; i < 100; i++) {
            step_both(world, &seed, &plain, &thing);
            check_plain(world, &plain, &thing);
        }
        lf_arena_reset(&world->arena);
    }
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

static void
test_keys(void **state)
{
    struct world *world = *state;
    struct lf_event event = make_event(world, "Ticked", "{\"id\":42}");
    assert_string_equal(event.entity_key.ptr, "42");
    assert_string_equal(lf_event_message_key(&event, &world->arena).ptr, "42");
    event = make_event(world, "Made", "{\"id\":\"7\"}");
    assert_string_equal(event.entity_key.ptr, "7");
    struct lf_err err = {0};
    event.payload = kit_json(&world->arena, "{\"name\":\"a\"}");
    assert_int_equal(lf_event_bind_entity(&event, &world->arena, &err), LF_INVALID);
    assert_string_equal(err.text, "payload of Made lacks \"id\", the key of its entity Plain");
    assert_null(lf_event_message_key(&event, &world->arena).ptr);
    struct lf_event unknown = {.id = LF_LIT("e9")};
    assert_int_equal(lf_event_bind_entity(&unknown, &world->arena, NULL), LF_OK);
    assert_null(unknown.entity_key.ptr);
    assert_string_equal(lf_event_message_key(&unknown, &world->arena).ptr, "e9");
}

/* A point in time has one text in states, whatever its offset; what is none stays as it is. */
static void
test_points_in_time(void **state)
{
    struct world *world = *state;
    static const struct lf_field field = {.type = LF_T_DATETIME};
    static const char *const rows[][2] = {
        {"2026-11-24T08:46:34.5+02:00", "2026-11-24T06:46:34.500000Z"},
        {"2026-11-24t08:46:34z", "2026-11-24T08:46:34.000000Z"},
        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000000Z"},
        {"2026-11-24T08:46:34.1234567Z", "2026-11-24T08:46:34.123456Z"},
        {"0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00.000000Z"},
        {"9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.999999Z"},
        {"today", "today"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_value value = lf_value_string(lf_bytes_of(rows[i][0])), normal;
        assert_true(lf_fold_normal(&field, &value, &world->arena, &normal));
        assert_true(lf_bytes_equal_text(lf_value_text(&normal), rows[i][1]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_history, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_points_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_old_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random_histories, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
