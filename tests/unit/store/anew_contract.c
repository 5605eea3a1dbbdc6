/* What a rebuild asks of a store, on every back end: alone, walks, states that change places. */
#include "fixture.h"

#include "base/mem.h"

#include <string.h>

static const struct lf_entity *
entity(const struct contract *c, size_t index)
{
    return &c->model->entities[index];
}

static struct lf_store_session *
another(const struct contract *c, bool writer)
{
    struct lf_store_session *session = NULL;
    OK(lf_store_session_open(c->store, writer, &session, &err));
    return session;
}

/* Stores events of the types from the n-th offset on, in the open transaction; the key is the n-th letter's. */
static void
append(struct contract *c, struct lf_store_session *session, int n, const char *const *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct lf_event *event = fixture_event(c->model, &c->arena, n + (int)i, types[i], "{\"amount\": 1.50}");
        if (event->type != NULL && event->type->entity != NULL)
            event->entity_key = lf_bytes_of(lf_arena_printf(&c->arena, "k%d", n + (int)i));
        const struct lf_event *one = event;
        enum lf_append_outcome outcome;
        OK(lf_store_append(session, &one, 1, &outcome, &err));
        assert_int_equal(outcome, LF_APPENDED);
    }
}

static void
store(struct contract *c, int n, const char *const *types, size_t count)
{
    OK(lf_store_begin(c->session, &err));
    append(c, c->session, n, types, count);
    OK(lf_store_commit(c->session, &err));
}

static int64_t
last(struct contract *c)
{
    int64_t sequence = -1;
    OK(lf_store_begin_alone(c->session, &sequence, &err));
    lf_store_abort(c->session);
    return sequence;
}

/* The offsets of a walk's events, a digit each. */
static const char *
offsets(struct contract *c, struct lf_store_session *session, struct lf_walk walk)
{
    struct lf_walked *items = NULL;
    size_t count = 99;
    char *text = lf_arena_printf(&c->arena, "%s", "");
    OK(lf_store_walk(session, &walk, &c->arena, &items, &count, &err));
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || items[i].sequence > items[i - 1].sequence);
        text = lf_arena_printf(&c->arena, "%s%d", text, (int)items[i].event.place.offset);
    }
    return text;
}

static const char *const mixed[] = {"QuoteCreated", "Noted", "CounterMoved", "QuoteCreated", "Of others"};

static void
test_walk_goes_through_events_of_entities_in_order(void **state)
{
    struct contract *c = *state;
    assert_int_equal(last(c), 0);
    assert_string_equal(offsets(c, c->session, (struct lf_walk){.until = INT64_MAX, .max = 9}), "");
    store(c, 0, mixed, 5);
    store(c, 5, mixed, 4);
    int64_t end = last(c);
    assert_string_equal(offsets(c, c->session, (struct lf_walk){.until = INT64_MAX, .max = 99}), "023578");
    assert_string_equal(offsets(c, c->session, (struct lf_walk){.until = end, .max = 4}), "0235");
    assert_string_equal(offsets(c, c->session, (struct lf_walk){.until = INT64_MAX, .max = 0}), "");
    const struct lf_walk quotes = {.entity = entity(c, QUOTE), .until = INT64_MAX, .max = 99};
    assert_string_equal(offsets(c, c->session, quotes), "0358");

    struct lf_walked *items;
    size_t count;
    OK(lf_store_walk(c->session, &quotes, &c->arena, &items, &count, &err));
    assert_string_equal(
        offsets(c, c->session, (struct lf_walk){.after = items[1].sequence, .until = INT64_MAX, .max = 99}), "578");
    assert_string_equal(
        offsets(c, c->session, (struct lf_walk){.after = items[0].sequence, .until = items[2].sequence, .max = 99}),
        "235");
    assert_int_equal(items[3].sequence, end);
}

static void
test_walk_gives_what_a_fold_needs(void **state)
{
    struct contract *c = *state;
    store(c, 0, mixed, 5);
    const struct lf_walk walk = {.until = INT64_MAX, .max = 99};
    struct lf_walked *items;
    size_t count;
    OK(lf_store_walk(c->session, &walk, &c->arena, &items, &count, &err));
    assert_int_equal(count, 3);
    const struct lf_event *event = &items[2].event;
    struct lf_value payload = fixture_json(&c->arena, "{\"amount\": 1.50}");
    assert_true(lf_bytes_equal(event->id, fixture_event(c->model, &c->arena, 3, "QuoteCreated", "{}")->id));
    assert_ptr_equal(event->type, lf_model_event(c->model, LF_LIT("QuoteCreated")));
    assert_true(lf_bytes_equal_text(event->type_name, "QuoteCreated"));
    assert_true(lf_bytes_equal_text(items[1].entity_type, "Counter"));
    assert_true(lf_bytes_equal_text(event->entity_key, "k3"));
    assert_true(lf_bytes_equal_text(event->place.topic, "t"));
    assert_int_equal(event->place.partition, 0);
    assert_true(lf_value_equal(&event->payload, &payload));
    assert_int_equal(event->extra.type, LF_V_NULL);
}

/* The version of an event's form rests in its headers, whatever else they hold. */
static void
test_versions_of_events_are_found_again(void **state)
{
    struct contract *c = *state;
    static const struct lf_header headers[][2] = {
        {{LF_LIT_INIT("ce_dataversion"), LF_LIT_INIT("3")}, {LF_LIT_INIT("a"), {"\0\"", 2}}},
        {{LF_LIT_INIT("a"), LF_LIT_INIT("\"ce_dataversion\"")}, {LF_LIT_INIT("b"), {NULL, 0}}},
        {{LF_LIT_INIT("ce_dataversion"), LF_LIT_INIT("two")}, {LF_LIT_INIT("b"), LF_LIT_INIT("2")}},
    };
    OK(lf_store_begin(c->session, &err));
    for (int i = 0; i < 3; i++) {
        struct lf_event *event = fixture_event(c->model, &c->arena, i, "QuoteCreated", "{}");
        event->entity_key = LF_LIT("k");
        event->headers = headers[i];
        event->header_count = 2;
        event->version = i == 0 ? 3 : 0; /* as the codec reads it */
        const struct lf_event *one = event;
        enum lf_append_outcome outcome;
        OK(lf_store_append(c->session, &one, 1, &outcome, &err));
    }
    OK(lf_store_commit(c->session, &err));
    const struct lf_walk walk = {.until = INT64_MAX, .max = 99};
    struct lf_walked *items;
    size_t count;
    OK(lf_store_walk(c->session, &walk, &c->arena, &items, &count, &err));
    assert_int_equal(count, 3);
    const struct lf_list_query query = {.first = 3};
    struct lf_list_result list;
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    assert_int_equal(list.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(items[i].event.version, i == 0 ? 3 : 0);
        assert_int_equal(list.events[i].event.version, i == 0 ? 3 : 0);
    }
    struct lf_stored_event stored;
    OK(lf_store_event(c->session, items[0].event.id, &c->arena, &stored, &err));
    assert_int_equal(stored.event.version, 3);
}

static void
test_alone_waits_for_those_who_write(void **state)
{
    struct contract *c = *state;
    struct lf_store_session *other = another(c, true);
    int64_t end = -1;
    store(c, 0, mixed, 1);
    OK(lf_store_begin(other, &err));
    append(c, other, 1, mixed, 1);
    FAILS(LF_UNAVAILABLE, lf_store_begin_alone(c->session, &end, &err));
    assert_int_equal(err.fate, LF_FATE_RETRY);
    FAILS(LF_USAGE, lf_store_commit(c->session, &err)); /* nothing has begun */
    OK(lf_store_commit(other, &err));
    OK(lf_store_begin_alone(c->session, &end, &err));
    assert_string_equal(offsets(c, c->session, (struct lf_walk){.until = end, .max = 9}), "01");
    FAILS(LF_USAGE, lf_store_begin_alone(c->session, &end, &err));
    append(c, c->session, 2, mixed, 1); /* it writes as any other */
    OK(lf_store_commit(c->session, &err));
    OK(lf_store_begin(other, &err));
    lf_store_abort(other);
    assert_true(last(c) > end);
    lf_store_session_close(other);
    other = another(c, false);
    FAILS(LF_USAGE, lf_store_begin_alone(other, &end, &err));
    lf_store_session_close(other);
}

/* ---- states that change places ---- */

/* Counter gets the fields of Quote: what can change places is alike. */
static void
make_twins(struct contract *c)
{
    static const char *const fields[] = {"customerId:ID!", "amount:Float!"};
    lf_store_session_close(c->session);
    lf_store_close(c->store);
    c->backend->reset(c->backend->ctx);
    fixture_redefine(c->model, COUNTER, fields, 2);
    c->model->entities[COUNTER].key = 0;
    c->store = c->backend->open(c->backend->ctx, c->model);
    OK(lf_store_session_open(c->store, true, &c->session, &err));
}

static void
save(struct contract *c, size_t index, const char *key, double amount)
{
    struct lf_state_change change = {.key = lf_bytes_of(key), .place = {LF_LIT("t"), 0, 1}};
    struct lf_member *member = LF_ARENA_ARRAY(&c->arena, struct lf_member, 1);
    member[0] = (struct lf_member){LF_LIT("amount"), lf_value_float(amount)};
    change.state = lf_value_object(member, 1);
    OK(lf_store_save(c->session, entity(c, index), &change, 1, &err));
}

/* The amount of a key; 0: none. */
static double
amount(struct contract *c, struct lf_store_session *session, size_t index, const char *key)
{
    struct lf_value value = LF_VALUE_NULL;
    enum lf_status st = lf_store_get(session, entity(c, index), lf_bytes_of(key), &c->arena, &value, &err);
    if (st == LF_NOT_FOUND)
        return 0;
    assert_int_equal(st, LF_OK);
    return lf_value_get_text(&value, "amount")->u.number;
}

static void
assert_amounts(struct contract *c, struct lf_store_session *session, double quote, double counter)
{
    assert_true(amount(c, session, QUOTE, "a") == quote);
    assert_true(amount(c, session, COUNTER, "a") == counter);
}

static void
test_states_change_places_with_the_commit(void **state)
{
    struct contract *c = *state;
    make_twins(c);
    struct lf_store_session *reader = another(c, false);
    struct lf_bytes counters = entity(c, COUNTER)->collection;
    OK(lf_store_begin(c->session, &err));
    save(c, QUOTE, "a", 1);
    OK(lf_store_commit(c->session, &err));
    assert_amounts(c, reader, 1, 0);

    OK(lf_store_begin(c->session, &err));
    save(c, COUNTER, "a", 2);
    OK(lf_store_swap(c->session, entity(c, QUOTE), counters, &err));
    lf_store_abort(c->session);
    assert_amounts(c, reader, 1, 0);

    OK(lf_store_begin(c->session, &err));
    save(c, COUNTER, "a", 2);
    OK(lf_store_swap(c->session, entity(c, QUOTE), counters, &err));
    OK(lf_store_advance(c->session, LF_LIT("g"), LF_LIT("t"), 0, -1, 7, &err));
    OK(lf_store_commit(c->session, &err));
    assert_amounts(c, reader, 2, 1); /* a session that knew the old ones */
    assert_amounts(c, c->session, 2, 1);

    OK(lf_store_begin(c->session, &err)); /* and writes where the states are now */
    save(c, QUOTE, "b", 3);
    OK(lf_store_commit(c->session, &err));
    assert_true(amount(c, reader, QUOTE, "b") == 3);
    assert_true(amount(c, reader, COUNTER, "b") == 0);

    OK(lf_store_begin(c->session, &err));
    FAILS(LF_NOT_FOUND, lf_store_swap(c->session, entity(c, QUOTE), LF_LIT("noSuch"), &err));
    lf_store_abort(c->session);
    FAILS(LF_USAGE, lf_store_swap(c->session, entity(c, QUOTE), counters, &err));
    FAILS(LF_USAGE, lf_store_drop(c->session, counters, &err));
    lf_store_session_close(reader);
}

static void
test_dropped_states_are_gone_with_the_commit(void **state)
{
    struct contract *c = *state;
    make_twins(c);
    OK(lf_store_begin(c->session, &err));
    save(c, QUOTE, "a", 1);
    save(c, COUNTER, "a", 2);
    OK(lf_store_commit(c->session, &err));
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_drop(c->session, entity(c, COUNTER)->collection, &err));
    lf_store_abort(c->session);
    assert_amounts(c, c->session, 1, 2);
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_drop(c->session, entity(c, COUNTER)->collection, &err));
    OK(lf_store_drop(c->session, LF_LIT("noSuch"), &err));
    OK(lf_store_commit(c->session, &err));
    if (c->backend->durable) { /* a table that is missing is made again */
        lf_store_session_close(c->session);
        lf_store_close(c->store);
        c->store = c->backend->open(c->backend->ctx, c->model);
        OK(lf_store_session_open(c->store, true, &c->session, &err));
    }
    assert_amounts(c, c->session, 1, 0);
}

/* ---- what else it asks ---- */

static void
test_states_are_loaded_without_a_transaction(void **state)
{
    struct contract *c = *state;
    make_twins(c);
    OK(lf_store_begin(c->session, &err));
    save(c, QUOTE, "a", 1);
    OK(lf_store_commit(c->session, &err));
    struct lf_store_session *reader = another(c, false);
    const struct lf_bytes keys[] = {LF_LIT("none"), LF_LIT("a")};
    struct lf_value states[2];
    OK(lf_store_load(reader, entity(c, QUOTE), keys, 2, &c->arena, states, &err));
    assert_int_equal(states[0].type, LF_V_NULL);
    assert_int_equal(states[1].type, LF_V_OBJECT);
    lf_store_session_close(reader);
}

static void
test_an_entity_of_a_copied_model_is_the_same(void **state)
{
    struct contract *c = *state;
    make_twins(c);
    struct lf_entity copy = *entity(c, QUOTE);
    copy.collection = LF_LIT("elsewhere");
    OK(lf_store_begin(c->session, &err));
    save(c, QUOTE, "a", 1);
    OK(lf_store_commit(c->session, &err));
    struct lf_value value;
    OK(lf_store_get(c->session, &copy, LF_LIT("a"), &c->arena, &value, &err));
    const struct lf_list_query query = {.entity = &copy, .first = 10};
    struct lf_list_result list;
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    assert_int_equal(list.count, 1);
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, contract_setup, contract_teardown)

const struct CMUnitTest contract_anew_tests[] = {
    CASE(test_walk_goes_through_events_of_entities_in_order),
    CASE(test_walk_gives_what_a_fold_needs),
    CASE(test_versions_of_events_are_found_again),
    CASE(test_alone_waits_for_those_who_write),
    CASE(test_states_change_places_with_the_commit),
    CASE(test_dropped_states_are_gone_with_the_commit),
    CASE(test_states_are_loaded_without_a_transaction),
    CASE(test_an_entity_of_a_copied_model_is_the_same),
};
const size_t contract_anew_test_count = sizeof(contract_anew_tests) / sizeof(contract_anew_tests[0]);
