/* Idempotency keys: one key, one event, however it is sent again: in flight, afterwards, after a restart, after a
 * failure. Method: requests by hand, records counted in the log, the store looked at after the consumer. */
#include "world.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#define CREATE "mutation { create(customerId: \"c1\", amount: 5) { eventId status offset } }"
#define OTHER "mutation { create(customerId: \"c1\", amount: 6) { eventId status offset } }"

static const char *
event_id_of(const struct answer *answer)
{
    static char text[2][64];
    static int at;
    at = 1 - at;
    snprintf(text[at], sizeof(text[at]), "%s", answer_at(answer, "data.create.eventId"));
    assert_int_equal(strlen(text[at]), 36);
    return text[at];
}

static void
same_event(const struct answer *a, const struct answer *b)
{
    assert_string_equal(event_id_of(a), event_id_of(b));
}

static void
restart(struct world *world)
{
    world_stop(world);
    world_start(world, NULL);
}

static void
a_retry_gets_the_first_answer(void **state)
{
    struct world *world = *state;
    struct answer first, again, other;
    world_ask(world, CREATE, "k", &first);
    assert_int_equal(event_id_of(&first)[14], '5');
    assert_false(first.replayed);
    world_call(world, CREATE, "k", &again);
    assert_int_equal(again.replies, 1); /* from memory, at once */
    assert_true(again.replayed);
    assert_string_equal(first.body, again.body);
    world_ask(world, CREATE, "l", &other);
    assert_string_not_equal(event_id_of(&first), event_id_of(&other));
    assert_int_equal(world_records(world), 2);
    answer_release(&first);
    answer_release(&again);
    answer_release(&other);
}

static void
retries_in_flight_share_one_record(void **state)
{
    enum { MANY = 100 };
    struct world *world = *state;
    static struct answer answers[MANY];
    size_t replayed = 0;
    for (int i = 0; i < MANY; i++)
        world_call(world, CREATE, "k", &answers[i]);
    for (int i = 0; i < MANY; i++) {
        world_wait(world, &answers[i]);
        same_event(&answers[0], &answers[i]);
        replayed += answers[i].replayed;
    }
    assert_int_equal(replayed, MANY - 1);
    assert_int_equal(world_records(world), 1);
    for (int i = 0; i < MANY; i++)
        answer_release(&answers[i]);
}

/* The response path is part of what a key belongs to: two fields of one document are two events. */
static void
fields_of_one_document_are_events_of_their_own(void **state)
{
    struct world *world = *state;
    static const char text[] = "mutation { a: create(customerId: \"c\", amount: 1) { eventId } "
                               "b: create(customerId: \"c\", amount: 1) { eventId } }";
    struct answer first, again;
    world_ask(world, text, "k", &first);
    char a[64];
    snprintf(a, sizeof(a), "%s", answer_at(&first, "data.a.eventId"));
    assert_string_not_equal(a, answer_at(&first, "data.b.eventId"));
    world_ask(world, text, "k", &again);
    assert_string_equal(first.body, again.body);
    assert_true(again.replayed);
    assert_int_equal(world_records(world), 2);
    answer_release(&again);
    /* one known, one new: not a replay as a whole */
    world_ask(world,
              "mutation { a: create(customerId: \"c\", amount: 1) { eventId } d: create(customerId: \"c\", amount: 1) "
              "{ eventId } }",
              "k", &again);
    assert_string_equal(a, answer_at(&again, "data.a.eventId"));
    assert_false(again.replayed);
    answer_release(&first);
    answer_release(&again);
}

static void
another_caller_or_mutation_has_keys_of_its_own(void **state)
{
    struct world *world = *state;
    struct lf_gateway_call call = {.query = LF_LIT(CREATE), .caller = LF_LIT("ann"), .idempotency_key = LF_LIT("k")};
    struct answer answers[3];
    world_send(world, &call, &answers[0]);
    call.caller = LF_LIT("bob");
    world_send(world, &call, &answers[1]);
    call.query = LF_LIT("mutation { create: maybe(customerId: \"c1\", amount: 5) { eventId } }");
    world_send(world, &call, &answers[2]);
    for (int i = 0; i < 3; i++)
        world_wait(world, &answers[i]);
    assert_string_not_equal(event_id_of(&answers[0]), event_id_of(&answers[1]));
    assert_string_not_equal(event_id_of(&answers[1]), event_id_of(&answers[2]));
    for (int i = 0; i < 3; i++)
        answer_release(&answers[i]);
}

static void
is_reused(struct answer *answer)
{
    answer_has(answer, "errors.0.extensions.code", "IDEMPOTENCY_KEY_REUSED");
    assert_false(answer->replayed);
    answer_release(answer);
}

static void
a_key_for_something_else_is_refused(void **state)
{
    struct world *world = *state;
    struct answer first, other, waiter;
    world_call(world, CREATE, "k", &first);
    world_call(world, OTHER, "k", &other); /* while the first is in flight */
    assert_int_equal(other.replies, 1);
    is_reused(&other);
    world_wait(world, &first);
    world_ask(world, OTHER, "k", &other); /* afterwards */
    is_reused(&other);
    world_consume(world);
    restart(world);
    world_call(world, OTHER, "k", &other); /* after a restart, with one that waits */
    world_call(world, OTHER, "k", &waiter);
    world_wait(world, &other);
    world_wait(world, &waiter);
    is_reused(&other);
    is_reused(&waiter);
    assert_int_equal(world_records(world), 1);
    struct answer again;
    world_ask(world, CREATE, "k", &again); /* the refusals have not spoilt it */
    same_event(&first, &again);
    answer_release(&first);
    answer_release(&again);
}

static void
a_failure_is_everyones_and_a_retry_starts_anew(void **state)
{
    struct world *world = *state;
    const struct lf_log_fault_plan plan = {.ops = LF_LOG_FAULT_ACK, .at = 1, .status = LF_UNAVAILABLE};
    struct answer answers[4];
    lf_log_fault_plan(world->log, &plan);
    for (int i = 0; i < 4; i++)
        world_call(world, CREATE, "k", &answers[i]);
    char id[64] = "";
    for (int i = 0; i < 4; i++) {
        world_wait(world, &answers[i]);
        answer_has(&answers[i], "errors.0.extensions.code", "LOG_UNAVAILABLE");
        assert_false(answers[i].replayed);
        if (i == 0)
            snprintf(id, sizeof(id), "%s", answer_at(&answers[i], "errors.0.extensions.eventId"));
        answer_has(&answers[i], "errors.0.extensions.eventId", id);
        answer_release(&answers[i]);
    }
    struct answer again;
    world_ask(world, CREATE, "k", &again);
    assert_string_equal(event_id_of(&again), id);
    assert_false(again.replayed);
    assert_int_equal(world_records(world), 1);
    answer_release(&again);
}

/* The record is there, its acknowledgement is not: the retry sends a second one, the consumer stores one. */
static void
an_unknown_outcome_can_be_retried(void **state)
{
    struct world *world = *state;
    const struct lf_log_fault_plan plan = {.ops = LF_LOG_FAULT_ACK, .kind = LF_LOG_FAULT_LOSE_ACK, .at = 1};
    struct answer first, again, count;
    lf_log_fault_plan(world->log, &plan);
    world_ask(world, CREATE, "k", &first);
    answer_has(&first, "errors.0.extensions.code", "LOG_OUTCOME_UNKNOWN");
    assert_non_null(strstr(answer_at(&first, "errors.0.message"), "same Idempotency-Key is safe"));
    world_ask(world, CREATE, "k", &again);
    assert_string_equal(event_id_of(&again), answer_at(&first, "errors.0.extensions.eventId"));
    assert_int_equal(world_records(world), 2);
    world_consume(world);
    world_ask(world, "{ events { nodes { eventId status } } }", NULL, &count);
    answer_has(&count, "data.events.nodes.0.status", "STORED");
    answer_has(&count, "data.events.nodes.1", "-");
    answer_release(&first);
    answer_release(&again);
    answer_release(&count);
}

static void
a_stored_event_is_found_after_a_restart(void **state)
{
    struct world *world = *state;
    struct answer first, again, waiter;
    world_ask(world, CREATE, "k", &first);
    world_consume(world);
    restart(world);
    world_call(world, CREATE, "k", &again);
    world_call(world, CREATE, "k", &waiter);
    world_wait(world, &again);
    world_wait(world, &waiter);
    same_event(&first, &again);
    same_event(&first, &waiter);
    answer_has(&again, "data.create.status", "STORED");
    answer_has(&again, "data.create.offset", "0");
    assert_true(again.replayed && waiter.replayed);
    assert_int_equal(world_records(world), 1);
    answer_release(&first);
    answer_release(&again);
    answer_release(&waiter);
}

static void
a_dead_letter_is_found_after_a_restart(void **state)
{
    struct world *world = *state;
    static const char text[] = "mutation { count(customerId: \"c\", by: 2147483647) { eventId status } }";
    struct answer first, again;
    world_ask(world, CREATE, NULL, &first);
    answer_release(&first);
    world_ask(world, "mutation { count(customerId: \"c\", by: 1) { status } }", NULL, &first);
    answer_release(&first);
    world_ask(world, text, "k", &first);
    answer_has(&first, "data.count.status", "LOGGED");
    world_consume(world);
    restart(world);
    int64_t records = world_records(world);
    world_ask(world, text, "k", &again);
    answer_has(&again, "data.count.status", "DEAD_LETTERED");
    char id[64];
    snprintf(id, sizeof(id), "%s", answer_at(&first, "data.count.eventId"));
    answer_has(&again, "data.count.eventId", id);
    assert_true(again.replayed);
    assert_int_equal(world_records(world), records);
    answer_release(&first);
    answer_release(&again);
}

/* In the log, not yet in the store, and the gateway has forgotten: a second record, the same but for the time. */
static void
an_event_on_its_way_is_sent_again_after_a_restart(void **state)
{
    struct world *world = *state;
    struct answer first, again;
    world_ask(world, CREATE, "k", &first);
    restart(world);
    world_ask(world, CREATE, "k", &again);
    same_event(&first, &again);
    assert_false(again.replayed);
    assert_int_equal(world_records(world), 2);
    world_consume(world);
    struct lf_consumer_state consumed;
    lf_consumer_state(world->consumer, &consumed);
    assert_int_equal(consumed.applied, 1);
    assert_int_equal(consumed.duplicates, 1);
    assert_int_equal(consumed.dead_letters, 0);
    answer_release(&first);
    answer_release(&again);
}

static void
a_store_that_is_away_stops_no_mutation(void **state)
{
    struct world *world = *state;
    struct answer answer;
    lf_store_fault_arm(world->store,
                       (struct lf_store_fault){.ops = LF_FAULT_ANY, .nth = 1, .times = 1000, .status = LF_UNAVAILABLE});
    world_ask(world, CREATE, "k", &answer);
    answer_has(&answer, "data.create.status", "LOGGED");
    answer_release(&answer);
    lf_store_fault_arm(world->store, (struct lf_store_fault){0});
    lf_store_fault_arm(world->store,
                       (struct lf_store_fault){.ops = LF_FAULT_ANY, .nth = 1, .times = 1000, .status = LF_IO});
    world_ask(world, CREATE, "l", &answer);
    answer_has(&answer, "data.create.status", "LOGGED");
    answer_release(&answer);
}

/* Retries that wait for the store as well as the first one does. */
static void
retries_may_await(void **state)
{
    struct world *world = *state;
    static const char text[] = "mutation { create(customerId: \"c1\", amount: 5) @await { eventId status } }";
    struct answer answers[3];
    for (int i = 0; i < 3; i++)
        world_call(world, text, "k", &answers[i]);
    while (world_records(world) == 0) {
        world_turn(world);
        sched_yield();
    }
    for (int i = 0; i < 5; i++)
        world_turn(world);
    for (int i = 0; i < 3; i++)
        assert_int_equal(answers[i].replies, 0);
    world_consume(world);
    for (int i = 0; i < 3; i++) {
        world_wait(world, &answers[i]);
        answer_has(&answers[i], "data.create.status", "STORED");
        answer_release(&answers[i]);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_retry_gets_the_first_answer),
        TEST(retries_in_flight_share_one_record),
        TEST(fields_of_one_document_are_events_of_their_own),
        TEST(another_caller_or_mutation_has_keys_of_its_own),
        TEST(a_key_for_something_else_is_refused),
        TEST(a_failure_is_everyones_and_a_retry_starts_anew),
        TEST(an_unknown_outcome_can_be_retried),
        TEST(a_stored_event_is_found_after_a_restart),
        TEST(a_dead_letter_is_found_after_a_restart),
        TEST(an_event_on_its_way_is_sent_again_after_a_restart),
        TEST(a_store_that_is_away_stops_no_mutation),
        TEST(retries_may_await),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
