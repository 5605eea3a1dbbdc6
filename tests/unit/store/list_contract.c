/* Lists, on every back end: each operator on each type, orders, cursors; and random data against a plain sort. */
#include "fixture.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/clock.h"
#include "event/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct lf_entity *
thing(const struct contract *c)
{
    return &c->model->entities[THING];
}

static void
save_things(struct contract *c, const char *const *states, size_t count)
{
    OK(lf_store_begin(c->session, &err));
    for (size_t i = 0; i < count; i++) {
        struct lf_state_change change = {.state = fixture_json(&c->arena, states[i])};
        change.key = lf_value_text(lf_value_get_text(&change.state, "id"));
        OK(lf_store_save(c->session, thing(c), &change, 1, &err));
    }
    OK(lf_store_commit(c->session, &err));
}

static struct lf_filter
compare(const struct lf_entity *entity, const char *field, enum lf_compare_op op, struct lf_value value)
{
    return (struct lf_filter){
        .kind = LF_FILTER_COMPARE, .field = fixture_field(entity, field), .op = op, .value = value};
}

/* The ids of a list's items, one after the other. */
static const char *
ids_of(struct contract *c, const struct lf_list_result *list)
{
    char *text = lf_arena_printf(&c->arena, "%s", "");
    for (size_t i = 0; i < list->count; i++) {
        struct lf_bytes id = list->items != NULL ? lf_value_text(lf_value_get_text(&list->items[i], "id"))
                                                 : lf_bytes(list->events[i].event.id.ptr + 35, 1);
        text = lf_arena_printf(&c->arena, "%s%.*s", text, LF_FMT(id));
    }
    return text;
}

static const char *
ids(struct contract *c, const struct lf_list_query *query)
{
    struct lf_list_result list;
    OK(lf_store_list(c->session, query, &c->arena, &list, &err));
    return ids_of(c, &list);
}

static const char *
filtered(struct contract *c, const struct lf_entity *entity, const struct lf_filter *filter)
{
    struct lf_list_query query = {.entity = entity, .filter = filter, .first = 100};
    return ids(c, &query);
}

/* Six things a to f; f is all nulls. a < b < c = d < e in every type. */
static const char *const ladder[] = {
    "{\"id\":\"a\",\"name\":\"\",\"count\":-2147483648,\"ratio\":-1e300,\"open\":false,"
    "\"at\":\"2026-01-01T00:30:00+02:00\",\"day\":\"0001-01-01\",\"clock\":\"00:00:00+02:00\","
    "\"uuid\":\"0192F3C4-7b6a-7d5e-8f00-123456789ABC\",\"price\":\"-10000000000000000000000.5\","
    "\"big\":-9223372036854775808,\"kind\":\"A\",\"tags\":[\"x\"]}",
    "{\"id\":\"b\",\"name\":\"B%_\",\"count\":0,\"ratio\":0.1,\"open\":false,"
    "\"at\":\"2025-12-31T22:30:00.000001Z\",\"day\":\"2024-02-28\",\"clock\":\"00:00:00Z\","
    "\"uuid\":\"0192f3c4-7b6a-7d5e-8f00-123456789abd\",\"price\":\"0.10\",\"big\":9007199254740992,\"kind\":\"B\"}",
    "{\"id\":\"c\",\"name\":\"b\",\"count\":7,\"ratio\":2,\"open\":true,"
    "\"at\":\"2026-01-01T00:00:00.000Z\",\"day\":\"2024-02-29\",\"clock\":\"10:00:00.0Z\","
    "\"uuid\":\"ffffffff-7b6a-7d5e-8f00-123456789abd\",\"price\":\"0.2\",\"big\":9007199254740993,\"kind\":\"C\"}",
    "{\"id\":\"d\",\"name\":\"b\",\"count\":7,\"ratio\":2.0,\"open\":true,"
    "\"at\":\"2026-01-01T01:00:00+01:00\",\"day\":\"2024-02-29\",\"clock\":\"12:00:00+02:00\","
    "\"uuid\":\"FFFFFFFF-7B6A-7D5E-8F00-123456789ABD\",\"price\":\"0.20\",\"big\":9007199254740993,\"kind\":\"C\"}",
    "{\"id\":\"e\",\"name\":\"\xc3\xa4\",\"count\":2147483647,\"ratio\":1e300,\"open\":true,"
    "\"at\":\"9999-12-31T23:59:59Z\",\"day\":\"9999-12-31\",\"clock\":\"23:59:59Z\","
    "\"uuid\":\"ffffffff-ffff-ffff-ffff-ffffffffffff\",\"price\":\"10000000000000000000000.5\","
    "\"big\":9223372036854775807,\"kind\":\"D\"}",
    "{\"id\":\"f\"}",
};

static const char *const ladder_fields[] = {"name",  "count", "ratio", "at",  "day",
                                            "clock", "uuid",  "price", "big", "kind"};

static void
test_every_comparison_of_every_type(void **state)
{
    struct contract *c = *state;
    save_things(c, ladder, 6);
    for (size_t i = 0; i < sizeof(ladder_fields) / sizeof(ladder_fields[0]); i++) {
        const char *field = ladder_fields[i];
        struct lf_value d = fixture_json(&c->arena, ladder[3]), value = *lf_value_get_text(&d, field);
        static const struct {
            enum lf_compare_op op;
            const char *ids;
        } cases[] = {{LF_CMP_EQ, "cd"},    {LF_CMP_NE, "abe"}, {LF_CMP_LT, "ab"},
                     {LF_CMP_LTE, "abcd"}, {LF_CMP_GT, "e"},   {LF_CMP_GTE, "cde"}};
        for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
            struct lf_filter filter = compare(thing(c), field, cases[k].op, value);
            const char *found = filtered(c, thing(c), &filter);
            if (strcmp(found, cases[k].ids) != 0)
                fail_msg("%s, operator %d: %s instead of %s", field, (int)cases[k].op, found, cases[k].ids);
        }
        struct lf_value a = fixture_json(&c->arena, ladder[0]), other = *lf_value_get_text(&a, field);
        struct lf_value both[] = {value, other, LF_VALUE_NULL};
        struct lf_filter in = compare(thing(c), field, LF_CMP_IN, lf_value_list(both, 2));
        assert_string_equal(filtered(c, thing(c), &in), "acd");
        in.value = lf_value_list(both, 3);
        assert_string_equal(filtered(c, thing(c), &in), "acd");
        in.value = lf_value_list(both, 0);
        assert_string_equal(filtered(c, thing(c), &in), "");
        in.op = LF_CMP_NOT_IN;
        assert_string_equal(filtered(c, thing(c), &in), "abcde");
        in.value = lf_value_list(both, 2);
        assert_string_equal(filtered(c, thing(c), &in), "be");
        in.value = lf_value_list(both, 3);
        assert_string_equal(filtered(c, thing(c), &in), ""); /* unknown, as in SQL */
    }
}

static void
test_booleans_and_nulls(void **state)
{
    struct contract *c = *state;
    save_things(c, ladder, 6);
    struct lf_filter open = compare(thing(c), "open", LF_CMP_EQ, lf_value_bool(true));
    assert_string_equal(filtered(c, thing(c), &open), "cde");
    open.op = LF_CMP_NE;
    assert_string_equal(filtered(c, thing(c), &open), "ab");
    open.op = LF_CMP_LT;
    assert_string_equal(filtered(c, thing(c), &open), "ab");
    struct lf_filter null = compare(thing(c), "open", LF_CMP_IS_NULL, lf_value_bool(true));
    assert_string_equal(filtered(c, thing(c), &null), "f");
    null.value = lf_value_bool(false);
    assert_string_equal(filtered(c, thing(c), &null), "abcde");
    null.field = fixture_field(thing(c), "tags");
    assert_string_equal(filtered(c, thing(c), &null), "a");
    struct lf_filter none = compare(thing(c), "count", LF_CMP_EQ, LF_VALUE_NULL);
    assert_string_equal(filtered(c, thing(c), &none), "");
    const struct lf_filter *parts[] = {&none};
    struct lf_filter negated = {.kind = LF_FILTER_NOT, .parts = parts, .part_count = 1};
    assert_string_equal(filtered(c, thing(c), &negated), "");
}

static void
test_searches_take_every_character_as_it_is(void **state)
{
    struct contract *c = *state;
    static const char *const states[] = {
        "{\"id\":\"a\",\"name\":\"100%\"}",      "{\"id\":\"b\",\"name\":\"a_b*[x]?\"}",
        "{\"id\":\"c\",\"name\":\"ABC\"}",       "{\"id\":\"d\",\"name\":\"abc\"}",
        "{\"id\":\"e\",\"name\":\"\"}",          "{\"id\":\"f\"}",
        "{\"id\":\"g\",\"name\":\"x\\u0000y\"}", "{\"id\":\"h\",\"name\":\"\xc3\xa4\xc3\x84'\\\\\"}",
    };
    static const struct {
        enum lf_compare_op op;
        struct lf_bytes text;
        const char *ids;
    } cases[] = {
        {LF_CMP_CONTAINS, {"%", 1}, "a"},
        {LF_CMP_CONTAINS, {"_", 1}, "b"},
        {LF_CMP_CONTAINS, {"*[", 2}, "b"},
        {LF_CMP_CONTAINS, {"b", 1}, "bd"},
        {LF_CMP_CONTAINS, {"", 0}, "abcdegh"},
        {LF_CMP_CONTAINS, {"\0y", 2}, "g"},
        {LF_CMP_CONTAINS, {"'\\", 2}, "h"},
        {LF_CMP_STARTS_WITH, {"AB", 2}, "c"},
        {LF_CMP_STARTS_WITH, {"", 0}, "abcdegh"},
        {LF_CMP_STARTS_WITH, {"x\0", 2}, "g"},
        {LF_CMP_ENDS_WITH, {"c", 1}, "d"},
        {LF_CMP_ENDS_WITH, {"%", 1}, "a"},
        {LF_CMP_ENDS_WITH, {"xx100%", 6}, ""},
        {LF_CMP_STARTS_WITH, {"\xc3\xa4", 2}, "h"},
        {LF_CMP_ENDS_WITH, {"?", 1}, "b"},
        {LF_CMP_EQ, {"x\0y", 3}, "g"},
        {LF_CMP_EQ, {"x", 1}, ""},
        {LF_CMP_GT, {"x", 1}, "gh"},
    };
    save_things(c, states, 8);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lf_filter filter = compare(thing(c), "name", cases[i].op, lf_value_string(cases[i].text));
        assert_string_equal(filtered(c, thing(c), &filter), cases[i].ids);
    }
}

static void
test_and_or_not(void **state)
{
    struct contract *c = *state;
    save_things(c, ladder, 6);
    struct lf_filter low = compare(thing(c), "count", LF_CMP_LTE, lf_value_int(0));
    struct lf_filter high = compare(thing(c), "ratio", LF_CMP_GTE, lf_value_float(2));
    struct lf_filter end = compare(thing(c), "id", LF_CMP_EQ, lf_value_string(LF_LIT("e")));
    const struct lf_filter *both[] = {&low, &high}, *ends[] = {&high, &end};
    struct lf_filter and = {.kind = LF_FILTER_AND, .parts = both, .part_count = 2};
    struct lf_filter or = {.kind = LF_FILTER_OR, .parts = both, .part_count = 2};
    assert_string_equal(filtered(c, thing(c), &and), "");
    assert_string_equal(filtered(c, thing(c), &or), "abcde");
    and.parts = ends;
    assert_string_equal(filtered(c, thing(c), &and), "e");
    const struct lf_filter *inner[] = {&and};
    struct lf_filter not = {.kind = LF_FILTER_NOT, .parts = inner, .part_count = 1};
    assert_string_equal(filtered(c, thing(c), &not), "abcdf"); /* f: the id alone decides */
    and.part_count = or.part_count = 0;
    assert_string_equal(filtered(c, thing(c), &and), "abcdef");
    assert_string_equal(filtered(c, thing(c), &or), "");
}

static void
test_questions_that_cannot_be_answered(void **state)
{
    struct contract *c = *state;
    struct lf_list_result list;
    struct lf_filter filter = compare(thing(c), "tags", LF_CMP_EQ, lf_value_string(LF_LIT("x")));
    struct lf_list_query query = {.entity = thing(c), .filter = &filter, .first = 1};
    FAILS(LF_INVALID, lf_store_list(c->session, &query, &c->arena, &list, &err));
    filter = compare(thing(c), "count", LF_CMP_CONTAINS, lf_value_string(LF_LIT("1")));
    FAILS(LF_INVALID, lf_store_list(c->session, &query, &c->arena, &list, &err));
    filter = compare(thing(c), "count", LF_CMP_EQ, lf_value_string(LF_LIT("x")));
    FAILS(LF_INVALID, lf_store_list(c->session, &query, &c->arena, &list, &err));
    filter = compare(NULL, "topic", LF_CMP_EQ, lf_value_string(LF_LIT("x")));
    FAILS(LF_INVALID, lf_store_list(c->session, &query, &c->arena, &list, &err));
    struct lf_list_query bad_order = {.entity = thing(c), .first = 1, .order_count = 1};
    bad_order.order[0].field = fixture_field(thing(c), "any");
    FAILS(LF_INVALID, lf_store_list(c->session, &bad_order, &c->arena, &list, &err));
    query = (struct lf_list_query){.entity = thing(c), .first = LF_PAGE_MAX + 1};
    FAILS(LF_LIMIT, lf_store_list(c->session, &query, &c->arena, &list, &err));

    struct lf_filter nested[LF_FILTER_DEPTH_MAX + 1];
    const struct lf_filter *parts[LF_FILTER_DEPTH_MAX + 1];
    nested[0] = compare(thing(c), "id", LF_CMP_EQ, lf_value_string(LF_LIT("x")));
    for (size_t i = 1; i <= LF_FILTER_DEPTH_MAX; i++) {
        parts[i] = &nested[i - 1];
        nested[i] =
            (struct lf_filter){.kind = i % 2 ? LF_FILTER_AND : LF_FILTER_NOT, .parts = &parts[i], .part_count = 1};
    }
    query = (struct lf_list_query){.entity = thing(c), .first = 1, .filter = &nested[LF_FILTER_DEPTH_MAX]};
    FAILS(LF_LIMIT, lf_store_list(c->session, &query, &c->arena, &list, &err));
    query.filter = &nested[LF_FILTER_DEPTH_MAX - 1];
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
}

/* As many parts and values as are allowed: no limit of the back end's own comes first. */
static void
test_the_largest_filter_allowed(void **state)
{
    struct contract *c = *state;
    save_things(c, ladder, 6);
    enum { PARTS = LF_FILTER_NODES_MAX - 2, VALUES = LF_FILTER_VALUES_MAX };
    struct lf_filter leaf = compare(thing(c), "count", LF_CMP_NE, lf_value_int(5));
    struct lf_value *values = LF_ARENA_ARRAY(&c->arena, struct lf_value, VALUES);
    const struct lf_filter **parts = LF_ARENA_ARRAY(&c->arena, const struct lf_filter *, PARTS + 1);
    for (size_t i = 0; i < VALUES; i++)
        values[i] = lf_value_int((int64_t)i);
    struct lf_filter in = compare(thing(c), "count", LF_CMP_IN, lf_value_list(values, VALUES));
    for (size_t i = 0; i < PARTS; i++)
        parts[i] = &leaf;
    parts[PARTS] = &in;
    struct lf_filter all = {.kind = LF_FILTER_AND, .parts = parts, .part_count = PARTS + 1};
    assert_string_equal(filtered(c, thing(c), &all), "bcd");
}

static void
test_orders_and_pages(void **state)
{
    struct contract *c = *state;
    save_things(c, ladder, 6);
    struct lf_list_query query = {.entity = thing(c), .first = 100};
    assert_string_equal(ids(c, &query), "abcdef");
    query.order_count = 1;
    for (size_t i = 0; i < sizeof(ladder_fields) / sizeof(ladder_fields[0]); i++) {
        query.order[0] = (struct lf_order){.field = fixture_field(thing(c), ladder_fields[i])};
        assert_string_equal(ids(c, &query), "abcdef");
        query.order[0].descending = true;
        assert_string_equal(ids(c, &query), "ecdbaf"); /* nulls last, ties by key */
    }
    query.order_count = 2;
    query.order[0] = (struct lf_order){.field = fixture_field(thing(c), "open")};
    query.order[1] = (struct lf_order){.field = fixture_field(thing(c), "id"), .descending = true};
    assert_string_equal(ids(c, &query), "baedcf");
    query.first = 0;
    struct lf_list_result list;
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    assert_int_equal(list.count, 0);
    assert_true(list.has_next);
    query.first = 6;
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    assert_int_equal(list.count, 6);
    assert_false(list.has_next);
    query.after = list.cursors[5];
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    assert_int_equal(list.count, 0);
    assert_false(list.has_next);
}

static void
test_cursors_of_other_lists_are_refused(void **state)
{
    struct contract *c = *state;
    struct lf_list_result list;
    save_things(c, ladder, 6);
    struct lf_list_query query = {.entity = thing(c), .first = 2, .order_count = 1};
    query.order[0].field = fixture_field(thing(c), "count");
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    query.after = list.cursors[0];
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    query.order[0].descending = true;
    FAILS(LF_INVALID, lf_store_list(c->session, &query, &c->arena, &list, &err));
    query.order[0] = (struct lf_order){.field = fixture_field(thing(c), "ratio")};
    FAILS(LF_INVALID, lf_store_list(c->session, &query, &c->arena, &list, &err));
    query.order_count = 0;
    FAILS(LF_INVALID, lf_store_list(c->session, &query, &c->arena, &list, &err));
    query.entity = NULL;
    FAILS(LF_INVALID, lf_store_list(c->session, &query, &c->arena, &list, &err));
    static const char *const bad[] = {"", "x", "!!!!", "e30", "W10", "W251bGxd", "bnVsbA", "WzEsMiwzXQ=="};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        query.after = lf_bytes_of(bad[i]);
        FAILS(LF_INVALID, lf_store_list(c->session, &query, &c->arena, &list, &err));
    }
}

/* ---- events ---- */

static void
append_events(struct contract *c, int count)
{
    OK(lf_store_begin(c->session, &err));
    for (int i = 0; i < count; i++) {
        const struct lf_event *event =
            fixture_event(c->model, &c->arena, i, i % 3 ? "ThingChanged" : "Noted", "{\"v\": 1}");
        enum lf_append_outcome outcome;
        OK(lf_store_append(c->session, &event, 1, &outcome, &err));
        assert_int_equal(outcome, LF_APPENDED);
    }
    OK(lf_store_commit(c->session, &err));
}

static void
test_lists_of_events(void **state)
{
    struct contract *c = *state;
    append_events(c, 9);
    struct lf_list_query query = {.first = 4};
    struct lf_list_result list;
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    assert_string_equal(ids_of(c, &list), "0123");
    assert_true(list.has_next);
    query.after = list.cursors[3];
    query.first = 100;
    assert_string_equal(ids(c, &query), "45678");
    query = (struct lf_list_query){.first = 100, .order_count = 2};
    query.order[0] = (struct lf_order){.field = fixture_field(NULL, "entityType")};
    query.order[1] = (struct lf_order){.field = fixture_field(NULL, "offset"), .descending = true};
    assert_string_equal(ids(c, &query), "875421630");
    struct lf_filter type = compare(NULL, "eventType", LF_CMP_EQ, lf_value_string(LF_LIT("Noted")));
    assert_string_equal(filtered(c, NULL, &type), "036");
    struct lf_filter key = compare(NULL, "entityKey", LF_CMP_EQ, lf_value_string(LF_LIT("key-1")));
    assert_string_equal(filtered(c, NULL, &key), "18");
    struct lf_filter offset = compare(NULL, "offset", LF_CMP_GTE, lf_value_int(7));
    assert_string_equal(filtered(c, NULL, &offset), "78");
    /* event n happened n seconds and n microseconds after 2027-01-15T08:00:00Z */
    struct lf_filter time =
        compare(NULL, "time", LF_CMP_LT, lf_value_string(LF_LIT("2027-01-15T10:00:02.000003+02:00")));
    assert_string_equal(filtered(c, NULL, &time), "012");
    time.op = LF_CMP_EQ;
    time.value = lf_value_string(LF_LIT("2027-01-15T08:00:03.0000030Z"));
    assert_string_equal(filtered(c, NULL, &time), "3");
    struct lf_filter stored = compare(NULL, "storedAt", LF_CMP_GT, lf_value_string(LF_LIT("2020-01-01T00:00:00Z")));
    assert_string_equal(filtered(c, NULL, &stored), "012345678");
    struct lf_filter id = compare(NULL, "eventId", LF_CMP_ENDS_WITH, lf_value_string(LF_LIT("5")));
    assert_string_equal(filtered(c, NULL, &id), "5");
    struct lf_filter partition = compare(NULL, "partition", LF_CMP_NE, lf_value_int(0));
    assert_string_equal(filtered(c, NULL, &partition), "");
}

/* The way of whoever goes through a partition: an index of its places is all that it needs. */
static void
test_events_of_a_partition(void **state)
{
    struct contract *c = *state;
    append_events(c, 9);
    const struct lf_filter topic = compare(NULL, "topic", LF_CMP_EQ, lf_value_string(LF_LIT("t")));
    const struct lf_filter partition = compare(NULL, "partition", LF_CMP_EQ, lf_value_int(0));
    const struct lf_filter from = compare(NULL, "offset", LF_CMP_GTE, lf_value_int(2));
    const struct lf_filter *const parts[] = {&topic, &partition, &from};
    const struct lf_filter all = {.kind = LF_FILTER_AND, .parts = parts, .part_count = 3};
    for (int descending = 0; descending < 2; descending++) {
        struct lf_list_query query = {.filter = &all, .order_count = 1, .first = 3};
        struct lf_list_result list;
        query.order[0] = (struct lf_order){.field = fixture_field(NULL, "offset"), .descending = descending != 0};
        OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
        assert_string_equal(ids_of(c, &list), descending ? "876" : "234");
        assert_true(list.has_next);
        query.after = list.cursors[2];
        query.first = 100;
        assert_string_equal(ids(c, &query), descending ? "5432" : "5678");
    }
}

/* ---- random data ---- */

static const char *const random_fields[] = {"name", "count", "ratio", "open", "at", "price", "big", "kind"};
enum { RANDOM_FIELDS = sizeof(random_fields) / sizeof(random_fields[0]), RANDOM_ROWS = 120 };

struct oracle_row {
    char id[8];
    struct lf_value state;
};

static const char *
random_value(struct lf_arena *arena, uint64_t *seed, const char *field)
{
    static const char *const decimals[] = {"\"1\"", "\"1.0\"", "\"-1\"", "\"10\"", "\"9.99\"", "\"1e1\"", "\"0\""};
    static const char *const times[] = {"\"2026-01-01T00:00:00Z\"", "\"2026-01-01T01:00:00+01:00\"",
                                        "\"2025-12-31T23:59:59.9Z\"", "\"2026-06-01T00:00:00.000001Z\""};
    static const char *const texts[] = {"\"\"", "\"a\"", "\"A\"", "\"b\"", "\"ab\"", "\"\xc3\xa4\"", "\"z\"", "\"Z%\""};
    if (fixture_random(seed, 5) == 0)
        return "null";
    if (strcmp(field, "price") == 0)
        return decimals[fixture_random(seed, 7)];
    if (strcmp(field, "at") == 0)
        return times[fixture_random(seed, 4)];
    if (strcmp(field, "open") == 0)
        return fixture_random(seed, 2) ? "true" : "false";
    if (strcmp(field, "name") == 0 || strcmp(field, "kind") == 0)
        return texts[fixture_random(seed, 8)];
    if (strcmp(field, "ratio") == 0)
        return lf_arena_printf(arena, "%d.%u", (int)fixture_random(seed, 5) - 2, fixture_random(seed, 4));
    if (strcmp(field, "big") == 0)
        return lf_arena_printf(arena, "90071992547409%u", 90 + fixture_random(seed, 6));
    return lf_arena_printf(arena, "%d", (int)fixture_random(seed, 7) - 3);
}

static void
make_rows(struct contract *c, uint64_t *seed, struct oracle_row *rows)
{
    OK(lf_store_begin(c->session, &err));
    for (size_t i = 0; i < RANDOM_ROWS; i++) {
        snprintf(rows[i].id, sizeof(rows[i].id), "k%03u", (unsigned)(i * 37 % RANDOM_ROWS));
        char *text = lf_arena_printf(&c->arena, "{\"id\":\"%s\"", rows[i].id);
        for (size_t k = 0; k < RANDOM_FIELDS; k++)
            text = lf_arena_printf(&c->arena, "%s,\"%s\":%s", text, random_fields[k],
                                   random_value(&c->arena, seed, random_fields[k]));
        rows[i].state = fixture_json(&c->arena, lf_arena_printf(&c->arena, "%s}", text));
        struct lf_state_change change = {.key = lf_bytes_of(rows[i].id), .state = rows[i].state};
        OK(lf_store_save(c->session, thing(c), &change, 1, &err));
    }
    OK(lf_store_commit(c->session, &err));
}

/* The oracle's own idea of order: independent of the store's code. */
static int
oracle_compare(const struct lf_field *field, const struct lf_value *a, const struct lf_value *b)
{
    struct lf_bytes x, y;
    int64_t p = 0, q = 0;
    switch (field->type) {
    case LF_T_BOOLEAN: return (int)a->u.boolean - (int)b->u.boolean;
    case LF_T_INT:
    case LF_T_BIGINT: return a->u.integer < b->u.integer ? -1 : a->u.integer > b->u.integer;
    case LF_T_FLOAT: {
        double m = a->type == LF_V_INT ? (double)a->u.integer : a->u.number;
        double n = b->type == LF_V_INT ? (double)b->u.integer : b->u.number;
        return m < n ? -1 : m > n;
    }
    case LF_T_DECIMAL: return lf_decimal_compare(lf_value_text(a), lf_value_text(b));
    case LF_T_DATETIME:
        assert_true(lf_time_parse(lf_value_text(a), &p) && lf_time_parse(lf_value_text(b), &q));
        return p < q ? -1 : p > q;
    default:
        x = lf_value_text(a);
        y = lf_value_text(b);
        return lf_bytes_compare(x, y);
    }
}

static int
oracle_order(const void *a, const void *b, void *ctx)
{
    const struct lf_list_query *query = ctx;
    const struct oracle_row *x = a, *y = b;
    for (size_t i = 0; i < query->order_count; i++) {
        const struct lf_field *field = query->order[i].field;
        const struct lf_value *v = lf_value_get(&x->state, field->name), *w = lf_value_get(&y->state, field->name);
        bool v_null = v->type == LF_V_NULL, w_null = w->type == LF_V_NULL;
        if (v_null != w_null)
            return v_null ? 1 : -1;
        int order = v_null ? 0 : oracle_compare(field, v, w);
        if (order != 0)
            return query->order[i].descending ? -order : order;
    }
    return strcmp(x->id, y->id);
}

static bool
oracle_matches(const struct lf_filter *filter, const struct oracle_row *row)
{
    if (filter == NULL)
        return true;
    const struct lf_value *value = lf_value_get(&row->state, filter->field->name);
    if (value->type == LF_V_NULL)
        return false;
    int order = oracle_compare(filter->field, value, &filter->value);
    return filter->op == LF_CMP_EQ    ? order == 0
           : filter->op == LF_CMP_NE  ? order != 0
           : filter->op == LF_CMP_LT  ? order < 0
           : filter->op == LF_CMP_LTE ? order <= 0
           : filter->op == LF_CMP_GT  ? order > 0
                                      : order >= 0;
}

/* Walks the whole list page by page and compares it with the sorted, filtered rows. */
static void
walk_pages(struct contract *c, struct lf_list_query *query, struct oracle_row *rows)
{
    qsort_r(rows, RANDOM_ROWS, sizeof(*rows), oracle_order, query);
    size_t at = 0;
    bool more = true;
    query->after = LF_BYTES_NONE;
    while (more) {
        struct lf_list_result list;
        OK(lf_store_list(c->session, query, &c->arena, &list, &err));
        for (size_t i = 0; i < list.count; i++, at++) {
            while (at < RANDOM_ROWS && !oracle_matches(query->filter, &rows[at]))
                at++;
            assert_true(at < RANDOM_ROWS);
            assert_true(lf_bytes_equal_text(lf_value_text(lf_value_get_text(&list.items[i], "id")), rows[at].id));
        }
        more = list.has_next;
        assert_true(!more || list.count == query->first);
        if (list.count != 0)
            query->after = list.cursors[list.count - 1];
    }
    while (at < RANDOM_ROWS)
        assert_false(oracle_matches(query->filter, &rows[at++]));
}

static void
test_random_lists_against_a_sort(void **state)
{
    struct contract *c = *state;
    struct oracle_row rows[RANDOM_ROWS];
    for (uint64_t seed_number = 1; seed_number <= 3; seed_number++) {
        uint64_t seed = seed_number;
        make_rows(c, &seed, rows);
        for (int round = 0; round < 30; round++) {
            struct lf_list_query query = {.entity = thing(c), .first = 1 + fixture_random(&seed, 40)};
            query.order_count = fixture_random(&seed, 4);
            for (size_t i = 0; i < query.order_count; i++) {
                const char *field = random_fields[fixture_random(&seed, RANDOM_FIELDS)];
                query.order[i] = (struct lf_order){fixture_field(thing(c), field), fixture_random(&seed, 2) != 0};
            }
            struct lf_filter filter;
            const char *field = random_fields[fixture_random(&seed, RANDOM_FIELDS)];
            const char *text = random_value(&c->arena, &seed, field);
            if (fixture_random(&seed, 2) != 0 && strcmp(text, "null") != 0) {
                enum lf_compare_op op = (enum lf_compare_op)fixture_random(&seed, LF_CMP_GTE + 1);
                filter = compare(thing(c), field, op, fixture_json(&c->arena, text));
                query.filter = &filter;
            }
            walk_pages(c, &query, rows);
        }
    }
}

/* Rows that come and go between two pages neither repeat nor hide the others. */
static void
test_pages_hold_while_rows_change(void **state)
{
    struct contract *c = *state;
    save_things(c, ladder, 6);
    struct lf_list_query query = {.entity = thing(c), .first = 3, .order_count = 1};
    query.order[0].field = fixture_field(thing(c), "count");
    struct lf_list_result list;
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    assert_string_equal(ids_of(c, &list), "abc");
    OK(lf_store_begin(c->session, &err));
    struct lf_state_change gone[] = {{.key = LF_LIT("c")}, {.key = LF_LIT("a")}};
    OK(lf_store_save(c->session, thing(c), gone, 2, &err));
    OK(lf_store_commit(c->session, &err));
    query.after = list.cursors[2];
    assert_string_equal(ids(c, &query), "def");
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, contract_setup, contract_teardown)

const struct CMUnitTest contract_list_tests[] = {
    CASE(test_every_comparison_of_every_type),
    CASE(test_booleans_and_nulls),
    CASE(test_searches_take_every_character_as_it_is),
    CASE(test_and_or_not),
    CASE(test_questions_that_cannot_be_answered),
    CASE(test_the_largest_filter_allowed),
    CASE(test_orders_and_pages),
    CASE(test_cursors_of_other_lists_are_refused),
    CASE(test_lists_of_events),
    CASE(test_events_of_a_partition),
    CASE(test_random_lists_against_a_sort),
    CASE(test_pages_hold_while_rows_change),
};
const size_t contract_list_test_count = sizeof(contract_list_tests) / sizeof(contract_list_tests[0]);
