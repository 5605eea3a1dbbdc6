/* Queries through the gateway: entities, lists, events, dead letters; failures of the store as codes. */
#include "world.h"

#include <stdio.h>
#include <string.h>

static void
make_quotes(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char text[200];
        struct answer answer;
        snprintf(text, sizeof(text), "mutation { create(customerId: \"c%d\", amount: %d, note: \"n%d\") { eventId } }",
                 i, i, i % 2);
        world_ask(world, text, NULL, &answer);
        answer_has(&answer, "data.create.success", "-");
        answer_release(&answer);
    }
    world_consume(world);
}

static void
entities_are_found_by_key(void **state)
{
    struct world *world = *state;
    make_quotes(world, 2);
    world_expect(world, "{ quote(customerId: \"c1\") { customerId amount note count kind } }", "data.quote",
                 "{\"customerId\":\"c1\",\"amount\":1,\"note\":\"n1\",\"count\":0,\"kind\":null}");
    world_expect(world, "{ quote(customerId: \"none\") { amount } }", "data.quote", "null");
    world_expect(world, "{ quote(customerId: \"none\") { amount } }", "errors", "-");
    world_expect(world, "{ a: quote(customerId: \"c0\") { amount } b: quote(customerId: \"c1\") { amount } }", "data",
                 "{\"a\":{\"amount\":0},\"b\":{\"amount\":1}}");
    world_expect(world, "{ quote(customerId: \"\") { amount } }", "data.quote", "null");
}

static void
lists_have_pages(void **state)
{
    struct world *world = *state;
    make_quotes(world, 5);
    struct answer first;
    char text[400];
    world_ask(world,
              "{ quotes(first: 2) { nodes { customerId } edges { cursor node { amount } } "
              "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
              NULL, &first);
    answer_has(&first, "data.quotes.nodes", "[{\"customerId\":\"c0\"},{\"customerId\":\"c1\"}]");
    answer_has(&first, "data.quotes.edges.1.node.amount", "1");
    answer_has(&first, "data.quotes.pageInfo.hasNextPage", "true");
    answer_has(&first, "data.quotes.pageInfo.hasPreviousPage", "false");
    char cursor[300];
    snprintf(cursor, sizeof(cursor), "%s", answer_at(&first, "data.quotes.pageInfo.endCursor"));
    answer_has(&first, "data.quotes.edges.1.cursor", cursor);
    snprintf(text, sizeof(text),
             "{ quotes(after: \"%s\") { nodes { customerId } pageInfo { hasNextPage hasPreviousPage } } }", cursor);
    world_expect(world, text, "data.quotes",
                 "{\"nodes\":[{\"customerId\":\"c2\"},{\"customerId\":\"c3\"},{\"customerId\":\"c4\"}],"
                 "\"pageInfo\":{\"hasNextPage\":false,\"hasPreviousPage\":true}}");
    answer_release(&first);
    world_expect(
        world,
        "{ quotes(first: 0) { nodes { amount } edges { cursor } pageInfo { hasNextPage startCursor endCursor } } }",
        "data.quotes",
        "{\"nodes\":[],\"edges\":[],\"pageInfo\":{\"hasNextPage\":true,\"startCursor\":null,\"endCursor\":null}}");
    world_expect(world,
                 "{ quotes(where: {amount: {gte: 2, lt: 4}}, orderBy: [{field: amount, direction: DESC}]) "
                 "{ nodes { amount } } }",
                 "data.quotes.nodes", "[{\"amount\":3},{\"amount\":2}]");
    world_expect(world,
                 "{ quotes(where: {or: [{note: {eq: \"n1\"}}, {not: {amount: {ne: 4}}}]}) { nodes { amount } } }",
                 "data.quotes.nodes", "[{\"amount\":1},{\"amount\":3},{\"amount\":4}]");
    world_expect(world, "{ quotes(first: null, where: null, orderBy: null, after: null) { nodes { amount } } }",
                 "data.quotes.nodes.4.amount", "4");
}

static void
events_are_shown_with_their_place(void **state)
{
    struct world *world = *state;
    struct answer made, shown;
    char text[600];
    world_ask(world, "mutation { create(customerId: \"c\", amount: 5) { eventId } }", NULL, &made);
    world_consume(world);
    snprintf(
        text, sizeof(text),
        "{ event(eventId: \"%s\") { eventType payload source key entityType entityKey topic partition offset headers "
        "status reason } }",
        answer_at(&made, "data.create.eventId"));
    world_ask(world, text, NULL, &shown);
    answer_has(&shown, "data.event.eventType", "QuoteCreated");
    answer_has(&shown, "data.event.payload.amount", "5");
    answer_has(&shown, "data.event.source", "/test");
    answer_has(&shown, "data.event.key", "c");
    answer_has(&shown, "data.event.entityType", "Quote");
    answer_has(&shown, "data.event.entityKey", "c");
    answer_has(&shown, "data.event.topic", "business");
    answer_has(&shown, "data.event.offset", "0");
    answer_has(&shown, "data.event.headers.ce_type", "QuoteCreated");
    answer_has(&shown, "data.event.status", "STORED");
    answer_has(&shown, "data.event.reason", "null");
    answer_release(&shown);
    answer_release(&made);
    world_expect(world, "{ event(eventId: \"none\") { eventId } }", "errors", "-");
    world_expect(world, "{ event(eventId: \"none\") { eventId } }", "data.event", "null");
    world_expect(
        world,
        "{ events(where: {eventType: {eq: \"QuoteCreated\"}}) { nodes { entityKey } pageInfo { hasNextPage } } }",
        "data.events", "{\"nodes\":[{\"entityKey\":\"c\"}],\"pageInfo\":{\"hasNextPage\":false}}");
}

/* Records of other producers: headers that repeat or are no text, and one that is no event at all. */
static void
dead_letters_are_shown_with_their_reason(void **state)
{
    struct world *world = *state;
    const struct lf_header headers[] = {
        {LF_LIT("ce_source"), LF_LIT("a")}, {LF_LIT("ce_source"), LF_LIT("b")}, {LF_LIT("raw"), LF_LIT("\xff")}};
    struct lf_record record = {.topic = LF_LIT("business"),
                               .partition = 0,
                               .key = LF_LIT("\xff\x01"),
                               .value = LF_LIT("{\"eventId\":\"dead\",\"eventType\":\"QuoteCreated\",\"payload\":{}}"),
                               .headers = headers,
                               .header_count = 3};
    world_log(world, &record);
    record.value = LF_LIT("{\"eventId\":\"odd\",\"eventType\":\"Strange\",\"payload\":{\"x\":1}}");
    world_log(world, &record);
    world_consume(world);
    struct answer answer;
    world_ask(world,
              "{ event(eventId: \"dead\") { eventId eventType payload status code stage reason key source offset } }",
              NULL, &answer);
    answer_has(&answer, "errors", "-");
    answer_has(&answer, "data.event.status", "DEAD_LETTERED");
    answer_has(&answer, "data.event.code", "EVENT_INVALID");
    answer_has(&answer, "data.event.payload", "null");
    answer_has(&answer, "data.event.key", "null"); /* no text */
    answer_has(&answer, "data.event.source", "null");
    assert_true(strlen(answer_at(&answer, "data.event.reason")) > 10);
    answer_release(&answer);
    world_ask(world, "{ event(eventId: \"odd\") { status source key headers } }", NULL, &answer);
    answer_has(&answer, "errors", "-");
    answer_has(&answer, "data.event.status", "STORED");
    answer_has(&answer, "data.event.source", "null");
    answer_has(&answer, "data.event.headers.ce_source", "[\"a\",\"b\"]");
    answer_release(&answer);
}

static void
wrong_lists_are_the_callers_fault(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *args, *code;
    } rows[] = {
        {"first: -1", "BAD_USER_INPUT"},
        {"first: 1001", "BAD_USER_INPUT"},
        {"after: \"x\"", "BAD_USER_INPUT"},
        {"after: \"\"", "BAD_USER_INPUT"},
        {"orderBy: [{field: amount}, {field: note}, {field: count}, {field: kind}, {field: ref}, {field: price}, "
         "{field: at}, {field: customerId}, {field: amount}]",
         "BAD_USER_INPUT"},
        {"where: {not: {not: {not: {not: {not: {not: {not: {not: {not: {not: {not: {not: {not: {not: {not: {not: {not: "
         "{amount: {eq: 1}}}}}}}}}}}}}}}}}}}",
         "TOO_COMPLEX"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[600];
        snprintf(text, sizeof(text), "{ quotes(%s) { nodes { amount } } }", rows[i].args);
        world_expect(world, text, "errors.0.extensions.code", rows[i].code);
    }
    assert_int_equal(world->troubles, 0);
}

static void
failures_of_the_store_are_codes(void **state)
{
    struct world *world = *state;
    static const struct {
        enum lf_status status;
        const char *code;
        bool overloaded, trouble;
    } rows[] = {
        {LF_UNAVAILABLE, "STORE_UNAVAILABLE", false, true},
        {LF_TIMEOUT, "STORE_UNAVAILABLE", false, true},
        {LF_IO, "INTERNAL", false, true},
        {LF_CORRUPT, "INTERNAL", false, true},
    };
    static const char *const queries[] = {"{ x: quote(customerId: \"c\") { amount } }",
                                          "{ x: event(eventId: \"e\") { key } }", "{ x: quotes { nodes { amount } } }"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t q = 0; q < 3; q++) {
            struct answer answer;
            world->troubles = 0;
            lf_store_fault_arm(
                world->store,
                (struct lf_store_fault){.ops = LF_FAULT_READ, .nth = 1, .times = 1000, .status = rows[i].status});
            world_ask(world, queries[q], NULL, &answer);
            answer_has(&answer, "errors.0.extensions.code", rows[i].code);
            answer_has(&answer, "errors.0.path.0", "x");
            assert_int_equal(answer.overloaded, rows[i].overloaded);
            assert_int_equal(world->troubles, rows[i].trouble);
            assert_null(strstr(answer.body, world->trouble.text));
            answer_release(&answer);
        }
    }
    lf_store_fault_arm(world->store, (struct lf_store_fault){0});
    world_expect(world, "{ quotes { nodes { amount } } }", "data.quotes.nodes", "[]");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(entities_are_found_by_key),         TEST(lists_have_pages),
        TEST(events_are_shown_with_their_place), TEST(dead_letters_are_shown_with_their_reason),
        TEST(wrong_lists_are_the_callers_fault), TEST(failures_of_the_store_are_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
