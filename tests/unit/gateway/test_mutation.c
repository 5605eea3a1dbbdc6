/* Mutations: receipts, refusals, failures of the log, @await, the order of fields, the end of the gateway. */
#include "world.h"
#include "base/uuid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CREATE "mutation { create(customerId: \"c1\", amount: 5) "
#define RECEIPT "{ success eventId eventType topic partition offset time status } }"

static void
a_receipt_tells_where_the_event_is(void **state)
{
    struct world *world = *state;
    struct answer answer;
    world_call(world, CREATE RECEIPT, NULL, &answer);
    assert_int_equal(answer.replies, 0); /* not before the log has acknowledged */
    world_wait(world, &answer);
    assert_int_equal(answer.kind, LF_REPLY_DATA);
    answer_has(&answer, "errors", "-");
    answer_has(&answer, "data.create.success", "true");
    answer_has(&answer, "data.create.eventType", "QuoteCreated");
    answer_has(&answer, "data.create.topic", "business");
    answer_has(&answer, "data.create.partition", "0");
    answer_has(&answer, "data.create.offset", "0");
    answer_has(&answer, "data.create.status", "LOGGED");
    assert_int_equal(strlen(answer_at(&answer, "data.create.eventId")), LF_UUID_TEXT_LEN);
    assert_int_equal(answer_at(&answer, "data.create.eventId")[14], '7');
    assert_int_equal(strlen(answer_at(&answer, "data.create.time")), strlen("2026-11-24T08:46:34.123456Z"));
    assert_false(answer.replayed || answer.partial || answer.overloaded);
    answer_release(&answer);
    world_ask(world, "mutation { note(text: \"x\") { topic offset } }", NULL, &answer);
    answer_has(&answer, "data.note", "{\"topic\":\"notes\",\"offset\":0}");
    answer_release(&answer);
}

/* What the log holds is the envelope, with CloudEvents headers and the caller's trace. */
static void
the_record_is_an_envelope_with_headers(void **state)
{
    struct world *world = *state;
    static const struct lf_bytes topic = LF_LIT_INIT("business");
    const struct lf_log_reader_options options = {.topics = &topic, .topic_count = 1, .start = LF_RESET_EARLIEST};
    const struct lf_gateway_call call = {.query = LF_LIT("mutation { createFrom(input: {customerId: \"k\", amount: 2}) "
                                                         "{ eventId } }"),
                                         .caller = LF_LIT(""),
                                         .traceparent = LF_LIT("00-trace"),
                                         .tracestate = LF_LIT("a=b")};
    struct lf_log_reader *reader = NULL;
    struct lf_log_batch batch = {0};
    struct lf_err err = {0};
    struct answer answer;
    world_send(world, &call, &answer);
    world_wait(world, &answer);
    assert_int_equal(lf_log_reader_open(world->log, &options, &reader, &err), LF_OK);
    while (batch.count == 0)
        assert_int_equal(lf_log_read(reader, 10, 1 << 20, 1000, &batch, &err), LF_OK);
    const struct lf_record *record = &batch.records[0];
    assert_true(lf_bytes_equal_text(record->key, "k"));
    char start[200];
    snprintf(
        start, sizeof(start),
        "{\"eventId\":\"%s\",\"eventType\":\"QuoteCreated\",\"payload\":{\"customerId\":\"k\",\"amount\":2,\"at\":\"",
        answer_at(&answer, "data.createFrom.eventId"));
    assert_true(lf_bytes_starts_with(record->value, lf_bytes_of(start)));
    static const char *const headers[][2] = {{"ce_type", "QuoteCreated"}, {"ce_source", "/test"},
                                             {"ce_subject", "k"},         {"content-type", "application/json"},
                                             {"traceparent", "00-trace"}, {"tracestate", "a=b"}};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        bool found = false;
        for (size_t h = 0; h < record->header_count; h++)
            found = found || (lf_bytes_equal_text(record->headers[h].name, headers[i][0]) &&
                              lf_bytes_equal_text(record->headers[h].value, headers[i][1]));
        if (!found)
            fail_msg("no header %s: %s", headers[i][0], headers[i][1]);
    }
    lf_log_reader_close(reader);
    answer_release(&answer);
}

static void
what_the_schema_forbids_is_not_logged(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *call, *path, *violations;
    } rows[] = {
        {"create(customerId: \"c\", amount: -5)", "/amount", "1"},
        {"create(customerId: \"c\", amount: 1001)", "/amount", "1"},
        {"create(customerId: \"\", amount: -1, note: \"!\")", "/customerId", "3"},
        {"maybe(customerId: \"c\", amount: 11)", "/amount", "1"}, /* of the argument: the event allows it */
        {"createFrom(input: {customerId: \"c\", amount: -1})", "/amount", "1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct answer answer;
        char text[200], field[50];
        snprintf(text, sizeof(text), "mutation { x: %s { eventId } }", rows[i].call);
        world_ask(world, text, i % 2 == 0 ? NULL : "key", &answer);
        assert_int_equal(answer.kind, LF_REPLY_DATA);
        answer_has(&answer, "errors.0.extensions.code", "EVENT_INVALID");
        answer_has(&answer, "errors.0.extensions.path", rows[i].path);
        answer_has(&answer, "errors.0.extensions.violations.0.path", rows[i].path);
        snprintf(field, sizeof(field), "errors.0.extensions.violations.%s", rows[i].violations);
        answer_has(&answer, field, "-");
        answer_has(&answer, "errors.0.path.0", "x");
        assert_non_null(strstr(answer_at(&answer, "errors.0.message"), rows[i].path));
        answer_release(&answer);
    }
    assert_int_equal(world_records(world), 0);
}

/* Method: the log's own words hold a path and a password, which must not reach the client, but the hook. */
static void
failures_of_the_log_are_codes(void **state)
{
    struct world *world = *state;
    static const struct {
        struct lf_log_fault_plan plan;
        const char *code;
        bool overloaded;
        bool trouble;
    } rows[] = {
        {{.ops = LF_LOG_FAULT_APPEND, .status = LF_UNAVAILABLE}, "LOG_UNAVAILABLE", false, true},
        {{.ops = LF_LOG_FAULT_APPEND, .status = LF_IO}, "LOG_UNAVAILABLE", false, true},
        {{.ops = LF_LOG_FAULT_APPEND, .status = LF_CLOSED}, "LOG_UNAVAILABLE", false, false},
        {{.ops = LF_LOG_FAULT_APPEND, .status = LF_AGAIN}, "OVERLOADED", true, true},
        {{.ops = LF_LOG_FAULT_APPEND, .status = LF_NO_MEMORY}, "OVERLOADED", true, true},
        {{.ops = LF_LOG_FAULT_APPEND, .status = LF_LIMIT}, "PAYLOAD_TOO_LARGE", false, false},
        {{.ops = LF_LOG_FAULT_ACK, .status = LF_UNAVAILABLE}, "LOG_UNAVAILABLE", false, true},
        {{.ops = LF_LOG_FAULT_ACK, .status = LF_LIMIT}, "PAYLOAD_TOO_LARGE", false, false},
        {{.ops = LF_LOG_FAULT_ACK, .status = LF_TIMEOUT}, "LOG_OUTCOME_UNKNOWN", false, true},
        {{.ops = LF_LOG_FAULT_ACK, .kind = LF_LOG_FAULT_LOSE_ACK}, "LOG_OUTCOME_UNKNOWN", false, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lf_log_fault_plan plan = rows[i].plan;
        struct answer answer;
        plan.at = 1;
        lf_log_fault_plan(world->log, &plan);
        world->troubles = 0;
        world_ask(world, CREATE RECEIPT, NULL, &answer);
        assert_true(lf_log_fault_hit(world->log));
        answer_has(&answer, "data", "null");
        answer_has(&answer, "errors.0.extensions.code", rows[i].code);
        assert_int_equal(strlen(answer_at(&answer, "errors.0.extensions.eventId")), LF_UUID_TEXT_LEN);
        assert_int_equal(answer.overloaded, rows[i].overloaded);
        assert_int_equal(world->troubles, rows[i].trouble);
        if (rows[i].trouble)
            assert_null(strstr(answer.body, world->trouble.text));
        answer_release(&answer);
    }
    lf_log_fault_plan(world->log, NULL);
    struct answer answer;
    world_ask(world, CREATE RECEIPT, NULL, &answer); /* and it goes on */
    answer_has(&answer, "data.create.success", "true");
    answer_release(&answer);
}

static void
an_event_beyond_the_limit_is_refused(void **state)
{
    struct world *world = *state;
    const size_t size = 1000 * 1000;
    char *note = malloc(size + 1);
    char *text = malloc(size + 200);
    struct answer answer;
    memset(note, 'x', size);
    note[size] = '\0';
    snprintf(text, size + 200, "mutation { create(customerId: \"c\", amount: 1, note: \"%s\") { eventId } }", note);
    world_ask(world, text, "k", &answer);
    answer_has(&answer, "errors.0.extensions.code", "PAYLOAD_TOO_LARGE");
    assert_true(strlen(answer.body) < 1000);
    assert_int_equal(world_records(world), 0);
    answer_release(&answer);
    free(note);
    free(text);
}

static void
mutations_of_a_document_go_one_after_the_other(void **state)
{
    struct world *world = *state;
    const struct lf_log_fault_plan second = {.ops = LF_LOG_FAULT_ACK, .at = 2, .status = LF_UNAVAILABLE};
    struct answer answer;
    lf_log_fault_plan(world->log, &second);
    world_call(world,
               "mutation { a: maybe(customerId: \"c\", amount: 1) { offset } b: maybe(customerId: \"c\", amount: 2) "
               "{ offset } c: maybe(customerId: \"c\", amount: 3) { offset } }",
               NULL, &answer);
    lf_gateway_flush(world->gateway);
    assert_int_equal(world_records(world), 1); /* the second waits for the first's answer */
    world_wait(world, &answer);
    answer_has(&answer, "data", "{\"a\":{\"offset\":0},\"b\":null,\"c\":{\"offset\":1}}");
    answer_has(&answer, "errors.0.path", "[\"b\"]");
    answer_has(&answer, "errors.1", "-");
    assert_true(answer.partial);
    answer_release(&answer);
}

static void
await_waits_for_the_store(void **state)
{
    struct world *world = *state;
    struct answer stored, logged;
    world_call(world, "mutation { create(customerId: \"c\", amount: 1) @await { status } }", NULL, &stored);
    world_ask(world, "mutation { create(customerId: \"d\", amount: 1) @await(stage: LOGGED) { status } }", NULL,
              &logged);
    answer_has(&logged, "data.create.status", "LOGGED");
    for (int i = 0; i < 10; i++)
        world_turn(world);
    assert_int_equal(stored.replies, 0);
    world_consume(world);
    world_wait(world, &stored);
    answer_has(&stored, "data.create.status", "STORED");
    answer_release(&stored);
    answer_release(&logged);
    struct answer read;
    world_ask(world, "{ quote(customerId: \"c\") { amount } }", NULL, &read);
    answer_has(&read, "data.quote.amount", "1");
    answer_release(&read);
}

static void
await_ends_with_the_status_reached(void **state)
{
    struct world *world = *state;
    struct answer answer;
    world_ask(world, "mutation { create(customerId: \"c\", amount: 1) @await(timeoutMs: 1) { status } }", NULL,
              &answer);
    answer_has(&answer, "data.create.status", "LOGGED");
    answer_has(&answer, "errors", "-");
    answer_release(&answer);
    world_ask(world, "mutation { create(customerId: \"c\", amount: 1) @await(timeoutMs: 0) { status } }", NULL,
              &answer);
    answer_has(&answer, "data.create.status", "LOGGED");
    answer_release(&answer);
    /* an event that cannot be applied: beyond the range of Int */
    world_ask(world, "mutation { count(customerId: \"c\", by: 2147483647) { status } }", NULL, &answer);
    answer_release(&answer);
    world_call(world, "mutation { count(customerId: \"c\", by: 2147483647) @await { status } }", NULL, &answer);
    world_turn(world);
    world_turn(world);
    world_consume(world);
    world_wait(world, &answer);
    answer_has(&answer, "data.count.status", "DEAD_LETTERED");
    answer_release(&answer);
}

static void
await_has_bounds(void **state)
{
    struct world *world = *state;
    static const char *const rows[] = {"timeoutMs: -1", "timeoutMs: 60001", "stage: UNKNOWN"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[200];
        struct answer answer;
        snprintf(text, sizeof(text), "mutation { create(customerId: \"c\", amount: 1) @await(%s) { status } }",
                 rows[i]);
        world_ask(world, text, NULL, &answer);
        answer_has(&answer, "errors.0.extensions.code", "BAD_USER_INPUT");
        answer_release(&answer);
    }
    assert_int_equal(world_records(world), 0);
    struct answer answer;
    world_ask(world,
              "mutation { create(customerId: \"c\", amount: 1) @await(timeoutMs: null, stage: LOGGED) { status } }",
              NULL, &answer);
    answer_has(&answer, "data.create.status", "LOGGED");
    answer_release(&answer);
}

/* Method: requests wait for the log, for the store's answer and for an @await when the gateway stops. */
static void
all_are_answered_at_the_end(void **state)
{
    struct world *world = *state;
    struct answer answers[6];
    world_call(world, "mutation { create(customerId: \"c\", amount: 1) @await(timeoutMs: 60000) { status } }", NULL,
               &answers[0]);
    for (int i = 0; i < 5; i++)
        world_turn(world); /* logged, and waits for the store */
    world_call(world,
               "mutation { a: maybe(customerId: \"c\", amount: 1) { status } b: maybe(customerId: \"c\", amount: 1) "
               "{ status } }",
               NULL, &answers[1]);
    world_turn(world);
    world_call(world, CREATE RECEIPT, "key", &answers[2]);
    world_call(world, CREATE RECEIPT, "key", &answers[3]); /* a waiter */
    world_call(world, CREATE RECEIPT, NULL, &answers[4]);  /* taken, not flushed */
    world_call(world, "{ quotes { nodes { customerId } } }", NULL, &answers[5]);
    assert_int_equal(lf_gateway_in_work(world->gateway), 6);
    lf_gateway_stop(world->gateway);
    lf_query_close(world->query);
    world->query = NULL;
    assert_int_equal(lf_gateway_in_work(world->gateway), 0);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(answers[i].replies, 1);
    answer_has(&answers[0], "data.create.status", "LOGGED");
    answer_has(&answers[1], "data.a.status", "LOGGED");
    answer_has(&answers[1], "errors.0.extensions.code", "LOG_UNAVAILABLE"); /* the second never began */
    for (size_t i = 0; i < 6; i++)
        answer_release(&answers[i]);
    struct answer late;
    world_call(world, CREATE RECEIPT, NULL, &late);
    assert_int_equal(late.replies, 1);
    assert_int_equal(late.kind, LF_REPLY_OVERLOADED);
    answer_release(&late);
}

static void
work_has_a_limit(void **state)
{
    struct world *world = *state;
    struct answer answers[3];
    world_stop(world);
    world_start(world, &(struct lf_gateway_options){.requests_max = 2});
    for (int i = 0; i < 3; i++)
        world_call(world, CREATE RECEIPT, NULL, &answers[i]);
    assert_int_equal(answers[2].kind, LF_REPLY_OVERLOADED);
    assert_true(answers[2].overloaded);
    answer_has(&answers[2], "errors.0.extensions.code", "OVERLOADED");
    world_wait(world, &answers[0]);
    world_wait(world, &answers[1]);
    for (int i = 0; i < 3; i++)
        answer_release(&answers[i]);
    static const char *const hidden[] = {"{ __schema { types { name } } }",
                                         "{ ... on Query { x: __schema { types { name } } } }",
                                         "{ ...F } fragment F on Query { __type(name: \"X\") { name } }"};
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        struct answer answer;
        world_ask(world, hidden[i], NULL, &answer);
        assert_int_equal(answer.kind, LF_REPLY_INVALID);
        assert_non_null(strstr(answer.body, "Introspection is switched off"));
        answer_release(&answer);
    }
}

static void
requests_that_are_none_say_why(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *query;
        enum lf_reply_kind kind;
        const char *code;
    } rows[] = {
        {"{", LF_REPLY_PARSE_FAILED, "GRAPHQL_PARSE_FAILED"},
        {"", LF_REPLY_PARSE_FAILED, "GRAPHQL_PARSE_FAILED"},
        {"{ nope }", LF_REPLY_INVALID, "GRAPHQL_VALIDATION_FAILED"},
        {"query A { __typename } query B { __typename }", LF_REPLY_INVALID, "GRAPHQL_VALIDATION_FAILED"},
        {"query ($id: ID!) { quote(customerId: $id) { amount } }", LF_REPLY_INVALID, "BAD_USER_INPUT"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct answer answer;
        world_ask(world, rows[i].query, NULL, &answer);
        assert_int_equal(answer.kind, rows[i].kind);
        answer_has(&answer, "errors.0.extensions.code", rows[i].code);
        answer_has(&answer, "data", "-");
        answer_release(&answer);
    }
    const struct lf_gateway_call get = {
        .query = LF_LIT(CREATE "{ eventId } }"), .caller = LF_LIT(""), .read_only = true};
    struct answer answer;
    world_send(world, &get, &answer);
    assert_int_equal(answer.kind, LF_REPLY_READ_ONLY);
    answer_release(&answer);
    assert_int_equal(world_records(world), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_receipt_tells_where_the_event_is),
        TEST(the_record_is_an_envelope_with_headers),
        TEST(what_the_schema_forbids_is_not_logged),
        TEST(failures_of_the_log_are_codes),
        TEST(an_event_beyond_the_limit_is_refused),
        TEST(mutations_of_a_document_go_one_after_the_other),
        TEST(await_waits_for_the_store),
        TEST(await_ends_with_the_status_reached),
        TEST(await_has_bounds),
        TEST(all_are_answered_at_the_end),
        TEST(work_has_a_limit),
        TEST(requests_that_are_none_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
