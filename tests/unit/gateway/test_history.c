/* An entity's past through the gateway: history and @asOf, where they may stand, failures of the store as codes. */
#include "world.h"

#include <stdio.h>
#include <string.h>

static const char dropped_twice[] = "[{\"event\":{\"eventId\":\"q0\"},\"state\":{\"amount\":1,\"count\":0}},"
                                    "{\"event\":{\"eventId\":\"q1\"},\"state\":{\"amount\":1,\"count\":3}},"
                                    "{\"event\":{\"eventId\":\"q2\"},\"state\":null},"
                                    "{\"event\":{\"eventId\":\"q3\"},\"state\":{\"amount\":2,\"count\":0}},"
                                    "{\"event\":{\"eventId\":\"q4\"},\"state\":{\"amount\":2,\"count\":5}}]";

static void
log_event(struct world *world, const char *id, const char *type, const char *time, const char *payload)
{
    char value[300];
    const struct lf_header header = {LF_LIT("ce_time"), lf_bytes_of(time)};
    snprintf(value, sizeof(value), "{\"eventId\":\"%s\",\"eventType\":\"%s\",\"payload\":{\"customerId\":%s}}", id,
             type, payload);
    const struct lf_record record = {.topic = LF_LIT("business"),
                                     .key = LF_LIT("key"),
                                     .value = lf_bytes_of(value),
                                     .headers = &header,
                                     .header_count = 1};
    world_log(world, &record);
}

/* Quote "q" is made, counted, dropped, made anew and counted, one step a day; quote "other" is made in between. */
static int
set_up(void **state)
{
    world_set_up(state);
    struct world *world = *state;
    log_event(world, "q0", "QuoteCreated", "2026-01-01T00:00:00Z", "\"q\",\"amount\":1");
    log_event(world, "q1", "Counted", "2026-01-02T00:00:00Z", "\"q\",\"by\":3");
    log_event(world, "q2", "Dropped", "2026-01-03T00:00:00Z", "\"q\"");
    log_event(world, "o0", "QuoteCreated", "2026-01-03T12:00:00Z", "\"other\",\"amount\":9");
    log_event(world, "q3", "QuoteCreated", "2026-01-04T00:00:00Z", "\"q\",\"amount\":2");
    log_event(world, "q4", "Counted", "2026-01-05T00:00:00Z", "\"q\",\"by\":5");
    world_consume(world);
    return 0;
}

/* ---- history ---- */

static void
each_event_is_shown_with_the_state_after_it(void **state)
{
    struct world *world = *state;
    world_expect(world,
                 "{ quote(customerId: \"q\") { history { nodes { event { eventId } state { amount count } } } } }",
                 "data.quote.history.nodes", dropped_twice);
    world_expect(world,
                 "{ quote(customerId: \"q\") { history(first: 1) { nodes { event { eventType key entityKey time status "
                 "payload } } } } }",
                 "data.quote.history.nodes.0.event",
                 "{\"eventType\":\"QuoteCreated\",\"key\":\"key\",\"entityKey\":\"q\","
                 "\"time\":\"2026-01-01T00:00:00.000Z\",\"status\":\"STORED\","
                 "\"payload\":{\"customerId\":\"q\",\"amount\":1}}");
}

static void
a_history_has_pages(void **state)
{
    struct world *world = *state;
    struct answer answer;
    char text[600];
    world_ask(world,
              "{ quote(customerId: \"q\") { history(first: 2) { edges { cursor node { event { eventId } } } "
              "pageInfo { hasNextPage hasPreviousPage endCursor } } } }",
              NULL, &answer);
    answer_has(&answer, "data.quote.history.edges.1.node.event.eventId", "q1");
    answer_has(&answer, "data.quote.history.pageInfo.hasNextPage", "true");
    answer_has(&answer, "data.quote.history.pageInfo.hasPreviousPage", "false");
    char cursor[300];
    snprintf(cursor, sizeof(cursor), "%s", answer_at(&answer, "data.quote.history.edges.1.cursor"));
    answer_has(&answer, "data.quote.history.pageInfo.endCursor", cursor);
    answer_release(&answer);
    snprintf(text, sizeof(text),
             "{ quote(customerId: \"q\") { history(after: \"%s\") { nodes { state { count } } "
             "pageInfo { hasNextPage hasPreviousPage } } } }",
             cursor);
    world_expect(world, text, "data.quote.history",
                 "{\"nodes\":[{\"state\":null},{\"state\":{\"count\":0}},{\"state\":{\"count\":5}}],"
                 "\"pageInfo\":{\"hasNextPage\":false,\"hasPreviousPage\":true}}");
    snprintf(text, sizeof(text),
             "{ quote(customerId: \"other\") { history(after: \"%s\") { nodes { state { count } } } } }", cursor);
    world_expect(world, text, "errors.0.extensions.code", "BAD_USER_INPUT");
    world_expect(world,
                 "{ quote(customerId: \"q\") { history(first: 0) { nodes { state { count } } pageInfo { hasNextPage "
                 "startCursor } } } }",
                 "data.quote.history", "{\"nodes\":[],\"pageInfo\":{\"hasNextPage\":true,\"startCursor\":null}}");
}

/* In lists, twice under two names, and in the states of a history. */
static void
histories_stand_wherever_an_entity_does(void **state)
{
    struct world *world = *state;
    world_expect(world,
                 "{ quotes { nodes { customerId a: history(first: 1) { nodes { state { amount } } } "
                 "b: history { nodes { event { eventId } } pageInfo { hasNextPage } } } } }",
                 "data.quotes.nodes.0",
                 "{\"customerId\":\"other\",\"a\":{\"nodes\":[{\"state\":{\"amount\":9}}]},"
                 "\"b\":{\"nodes\":[{\"event\":{\"eventId\":\"o0\"}}],\"pageInfo\":{\"hasNextPage\":false}}}");
    world_expect(world,
                 "{ quote(customerId: \"q\") { history(first: 1) { nodes { state { history { nodes { event { eventId } "
                 "state { amount count } } } } } } } }",
                 "data.quote.history.nodes.0.state.history.nodes", dropped_twice);
    world_expect(world, "{ quote(customerId: \"nobody\") { history { nodes { state { amount } } } } }", "data.quote",
                 "null");
}

/* ---- as of ---- */

static void
an_entity_is_shown_as_it_was(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *as_of, *quote;
    } rows[] = {
        {"eventId: \"q0\"", "{\"amount\":1,\"count\":0}"},
        {"eventId: \"q1\"", "{\"amount\":1,\"count\":3}"},
        {"eventId: \"q2\"", "null"},
        {"eventId: \"q4\"", "{\"amount\":2,\"count\":5}"},
        {"time: null, eventId: \"q3\"", "{\"amount\":2,\"count\":0}"},
        {"time: \"2025-12-31T23:59:59.999999Z\"", "null"},
        {"time: \"2026-01-01T00:00:00Z\"", "{\"amount\":1,\"count\":0}"},
        {"time: \"2026-01-02T23:00:00Z\", eventId: null", "{\"amount\":1,\"count\":3}"},
        {"time: \"2026-01-02T01:00:00+02:00\"", "{\"amount\":1,\"count\":0}"},
        {"time: \"2026-01-03T00:00:00Z\"", "null"},
        {"time: \"2999-01-01T00:00:00Z\"", "{\"amount\":2,\"count\":5}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[300];
        snprintf(text, sizeof(text), "{ quote(customerId: \"q\") @asOf(%s) { amount count } }", rows[i].as_of);
        world_expect(world, text, "data.quote", rows[i].quote);
        world_expect(world, text, "errors", "-");
    }
}

static void
the_past_of_what_is_gone_is_still_there(void **state)
{
    struct world *world = *state;
    log_event(world, "o1", "Dropped", "2026-01-06T00:00:00Z", "\"other\"");
    world_consume(world);
    world_expect(world, "{ quote(customerId: \"other\") { amount } }", "data.quote", "null");
    world_expect(world,
                 "{ quote(customerId: \"other\") @asOf(eventId: \"o0\") { amount history { nodes { event { eventId } "
                 "state { amount } } } } }",
                 "data.quote",
                 "{\"amount\":9,\"history\":{\"nodes\":[{\"event\":{\"eventId\":\"o0\"},\"state\":{\"amount\":9}},"
                 "{\"event\":{\"eventId\":\"o1\"},\"state\":null}]}}");
}

static void
as_of_takes_variables(void **state)
{
    struct world *world = *state;
    struct lf_member members[] = {{LF_LIT("e"), lf_value_string(LF_LIT("q1"))}, {LF_LIT("t"), LF_VALUE_NULL}};
    struct lf_value variables = lf_value_object(members, 2);
    const struct lf_gateway_call call = {
        .query =
            LF_LIT("query($e: ID, $t: DateTime) { quote(customerId: \"q\") @asOf(eventId: $e, time: $t) { count } }"),
        .variables = &variables,
        .caller = LF_LIT("")};
    struct answer answer;
    world_send(world, &call, &answer);
    world_wait(world, &answer);
    answer_has(&answer, "data.quote.count", "3");
    answer_release(&answer);
    members[0].value = LF_VALUE_NULL;
    world_send(world, &call, &answer);
    world_wait(world, &answer);
    answer_has(&answer, "errors.0.message", "@asOf: give either time or eventId");
    answer_release(&answer);
}

static void
wrong_questions_are_the_callers_fault(void **state)
{
    struct world *world = *state;
    static const char *const fields[] = {
        "x: quote(customerId: \"q\") @asOf { count }",
        "x: quote(customerId: \"q\") @asOf(eventId: null) { count }",
        "x: quote(customerId: \"q\") @asOf(eventId: \"q0\", time: \"2026-01-01T00:00:00Z\") { count }",
        "x: quote(customerId: \"q\") @asOf(eventId: \"o0\") { count }",
        "x: quote(customerId: \"q\") @asOf(eventId: \"none\") { count }",
        "x: quote(customerId: \"q\") @asOf(eventId: \"\") { count }",
        "x: quote(customerId: \"nobody\") @asOf(eventId: \"q0\") { count }",
        "quote(customerId: \"q\") { x: history(first: -1) { nodes { state { count } } } }",
        "quote(customerId: \"q\") { x: history(first: 1001) { nodes { state { count } } } }",
        "quote(customerId: \"q\") { x: history(after: \"x\") { nodes { state { count } } } }",
        "quote(customerId: \"q\") { x: history(after: \"\") { nodes { state { count } } } }",
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        char text[300];
        struct answer answer;
        snprintf(text, sizeof(text), "{ %s }", fields[i]);
        world_ask(world, text, NULL, &answer);
        assert_int_equal(answer.kind, LF_REPLY_DATA);
        answer_has(&answer, "errors.0.extensions.code", "BAD_USER_INPUT");
        answer_has(&answer, fields[i][0] == 'x' ? "errors.0.path.0" : "errors.0.path.1", "x");
        answer_release(&answer);
    }
    world_expect(world, "{ quote(customerId: \"q\") @asOf(time: \"yesterday\") { count } }", "errors.0.extensions.code",
                 "GRAPHQL_VALIDATION_FAILED");
    assert_int_equal(world->troubles, 0);
}

/* ---- where @asOf has a meaning ---- */

static void
elsewhere_as_of_is_refused(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *document, *column; /* of the directive */
    } rows[] = {
        {"{ quotes @asOf(eventId: \"q0\") { nodes { count } } }", "10"},
        {"{ quote(customerId: \"q\") { count @asOf(eventId: \"q0\") } }", "34"},
        {"{ quote(customerId: \"q\") { history @asOf(eventId: \"q0\") { nodes { state { count } } } } }", "36"},
        {"{ event(eventId: \"q0\") @asOf(eventId: \"q0\") { eventId } }", "24"},
        {"{ __typename @asOf(eventId: \"q0\") }", "14"},
        {"{ quote(customerId: \"q\") { ... on Quote { count @asOf(eventId: \"q0\") } } }", "49"},
        {"{ quote(customerId: \"q\") { ... { count @asOf(eventId: \"q0\") } } }", "40"},
        {"fragment f on Quote { count @asOf(eventId: \"q0\") } { quote(customerId: \"q\") { ...f } }", "29"},
        {"mutation { count(customerId: \"q\", by: 1) @asOf(eventId: \"q0\") { eventId } }", "42"},
        {"mutation { quote(customerId: \"q\", amount: 1) @asOf(eventId: \"q0\") { eventId } }", "46"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct answer answer;
        world_ask(world, rows[i].document, NULL, &answer);
        assert_int_equal(answer.kind, LF_REPLY_INVALID);
        answer_has(&answer, "errors.0.extensions.code", "GRAPHQL_VALIDATION_FAILED");
        answer_has(&answer, "errors.0.locations.0.column", rows[i].column);
        answer_has(&answer, "errors.1", "-");
        answer_release(&answer);
    }
    assert_int_equal(world_records(world), 6);
}

static void
within_fragments_on_the_query_it_is_not(void **state)
{
    struct world *world = *state;
    world_expect(world,
                 "{ ...f ... on Query { b: quote(customerId: \"q\") @asOf(eventId: \"q1\") { count } } "
                 "... @include(if: true) { c: quote(customerId: \"q\") @asOf(eventId: \"q2\") { count } } } "
                 "fragment f on Query { a: quote(customerId: \"q\") @asOf(eventId: \"q0\") { count } }",
                 "data", "{\"a\":{\"count\":0},\"b\":{\"count\":3},\"c\":null}");
    world_expect(world, "{ quote(customerId: \"@asOf\") { count } }", "data.quote",
                 "null"); /* a word is no directive */
}

/* ---- failures of the store ---- */

static const char *const past[] = {"{ quote(customerId: \"q\") @asOf(eventId: \"q1\") { count } }",
                                   "{ quote(customerId: \"q\") { history { nodes { state { count } } } } }"};

static void
failures_of_the_store_are_codes(void **state)
{
    struct world *world = *state;
    static const struct {
        enum lf_status status;
        const char *code;
        bool trouble;
    } rows[] = {
        {LF_UNAVAILABLE, "STORE_UNAVAILABLE", true}, {LF_LIMIT, "TOO_COMPLEX", false},
        {LF_UNSUPPORTED, "INTERNAL", true},          {LF_CORRUPT, "INTERNAL", true},
        {LF_NO_MEMORY, "OVERLOADED", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (uint64_t q = 0; q < 2; q++) { /* the history's own read is the second of its query */
            const struct lf_store_fault fault = {
                .ops = LF_FAULT_READ, .nth = q + 1, .times = 1000, .status = rows[i].status};
            struct answer answer;
            world->troubles = 0;
            lf_store_fault_arm(world->store, fault);
            world_ask(world, past[q], NULL, &answer);
            answer_has(&answer, "errors.0.extensions.code", rows[i].code);
            answer_has(&answer, "errors.0.path.1", q == 0 ? "-" : "history");
            answer_has(&answer, "errors.1", "-");
            assert_int_equal(world->troubles, rows[i].trouble);
            answer_release(&answer);
        }
    }
    lf_store_fault_arm(world->store, (struct lf_store_fault){0});
    world_expect(world, past[0], "data.quote.count", "3");
}

static void
a_short_outage_is_bridged(void **state)
{
    struct world *world = *state;
    for (uint64_t q = 0; q < 2; q++) {
        lf_store_fault_arm(world->store,
                           (struct lf_store_fault){.ops = LF_FAULT_READ, .nth = q + 1, .status = LF_UNAVAILABLE});
        world_expect(world, past[q], q == 0 ? "data.quote.count" : "data.quote.history.nodes.1.state.count", "3");
        assert_int_equal(lf_store_fault_hits(world->store), 1);
    }
    assert_int_equal(world->troubles, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_event_is_shown_with_the_state_after_it),
        TEST(a_history_has_pages),
        TEST(histories_stand_wherever_an_entity_does),
        TEST(an_entity_is_shown_as_it_was),
        TEST(the_past_of_what_is_gone_is_still_there),
        TEST(as_of_takes_variables),
        TEST(wrong_questions_are_the_callers_fault),
        TEST(elsewhere_as_of_is_refused),
        TEST(within_fragments_on_the_query_it_is_not),
        TEST(failures_of_the_store_are_codes),
        TEST(a_short_outage_is_bridged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
