/*
 * Records whose schema is not here yet: their partition waits where it stands, order kept and nothing dead-lettered,
 * while other partitions and known schemas go on; whatever the registry says in the end is done.
 */
#include "fixture.h"

#include "../codec/fake_registry.h"
#include "base/clock.h"
#include "consumer/held.h"

#include <stdio.h>
#include <string.h>

struct world {
    struct fixture fixture;
    struct fake_registry registry;
    struct lf_payloads *payloads;
};

enum { GIVE_UP_MS = 60000 };

static int
set_up(void **state)
{
    static struct world world;
    struct lf_err err = {0};
    fixture_open(&world.fixture);
    fake_init(&world.registry);
    const struct lf_payloads_options options = {
        .model = &bank, .registry = &world.registry.base, .topic = fixture_topic, .wait_ms = 0};
    assert_int_equal(lf_payloads_new(&options, &world.payloads, &err), LF_OK);
    world.fixture.options.codec.payloads = world.payloads;
    *state = &world;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *world = *state;
    fixture_close(&world->fixture);
    lf_gate_open(&world->registry.base.gate);
    lf_payloads_free(world->payloads);
    fake_release(&world->registry);
    return 0;
}

/* A "Noted" in the frame of schema id. */
static void
send_framed(struct world *world, int32_t partition, const char *event_id, char schema_id)
{
    char value[32] = {0, 0, 0, 0, schema_id};
    memcpy(value + 5, "{\"text\":\"t\"}", 12);
    const struct lf_header headers[] = {{LF_LIT("ce_id"), lf_bytes_of(event_id)}, {LF_LIT("ce_type"), LF_LIT("Noted")}};
    const struct lf_record record = {.topic = fixture_topic,
                                     .partition = partition,
                                     .value = lf_bytes(value, 17),
                                     .headers = headers,
                                     .header_count = 2};
    struct lf_log_ack ack;
    struct lf_err err = {0};
    assert_int_equal(lf_log_append_wait(world->fixture.writer, &record, &ack, &err), LF_OK);
}

static void
send_plain(struct world *world, int32_t partition, const char *event_id)
{
    char text[128];
    snprintf(text, sizeof(text), "{\"eventId\":\"%s\",\"eventType\":\"Noted\",\"payload\":{\"text\":\"t\"}}", event_id);
    fixture_send_to(&world->fixture, partition, NULL, text);
}

static void
step_until(struct world *world, int32_t partition, int64_t position)
{
    int64_t until = lf_clock_mono_ms() + GIVE_UP_MS;
    while (fixture_position(&world->fixture, partition) != position) {
        fixture_step(&world->fixture);
        assert_true(lf_clock_mono_ms() < until);
    }
}

static int64_t
held_partitions(const struct world *world)
{
    return lf_metric_get(world->fixture.consumer->meter.held_gauge);
}

static int64_t
dead_letters(struct world *world)
{
    struct lf_consumer_state state;
    lf_consumer_state(world->fixture.consumer, &state);
    return state.dead_letters;
}

static void
others_go_on_while_a_schema_is_waited_for(void **state)
{
    struct world *world = *state;
    struct fixture *fixture = &world->fixture;
    fake_put(&world->registry, 7, LF_SCHEMA_JSON, "true");
    fake_fail(&world->registry, LF_UNAVAILABLE);
    send_plain(world, 0, "a0");
    send_framed(world, 0, "a1", 7);
    send_plain(world, 0, "a2");
    send_framed(world, 0, "a3", 7);
    send_framed(world, 1, "b0", 7);
    send_plain(world, 2, "c0");
    fixture_start(fixture);
    step_until(world, 0, 1);
    step_until(world, 2, 1);
    assert_true(fixture_position(fixture, 1) <= 0);
    assert_int_equal(held_partitions(world), 2);
    for (int i = 0; i < 20; i++) { /* nothing moves there, and what is new elsewhere is not kept waiting */
        char id[16];
        snprintf(id, sizeof(id), "c%d", i + 1);
        send_plain(world, 2, id);
        step_until(world, 2, i + 2);
    }
    assert_int_equal(fixture_position(fixture, 0), 1);
    assert_int_equal(dead_letters(world), 0);
    fake_fail(&world->registry, LF_OK);
    step_until(world, 0, 4);
    step_until(world, 1, 1);
    assert_int_equal(held_partitions(world), 0);
    assert_int_equal(dead_letters(world), 0);
    const char *const outcomes[] = {"stored", "stored", "stored", "stored"};
    fixture_assert_outcomes(fixture, outcomes, 4);
}

static void
what_does_not_exist_is_dead_and_the_rest_goes_on(void **state)
{
    struct world *world = *state;
    struct fixture *fixture = &world->fixture;
    fake_put(&world->registry, 8, LF_SCHEMA_JSON, "{\"type\":7}");
    send_framed(world, 0, "a0", 7);
    send_plain(world, 0, "a1");
    send_framed(world, 0, "a2", 8);
    send_plain(world, 0, "a3");
    fixture_start(fixture);
    step_until(world, 0, 4);
    const char *const outcomes[] = {"dead UNKNOWN_SCHEMA", "stored", "dead NOT_AN_EVENT", "stored"};
    fixture_assert_outcomes(fixture, outcomes, 4);
}

static void
a_consumer_that_starts_again_waits_again(void **state)
{
    struct world *world = *state;
    struct fixture *fixture = &world->fixture;
    fake_put(&world->registry, 7, LF_SCHEMA_JSON, "true");
    fake_fail(&world->registry, LF_UNAVAILABLE);
    send_framed(world, 0, "a0", 7);
    send_plain(world, 1, "b0");
    fixture_start(fixture);
    step_until(world, 1, 1);
    fixture_start(fixture);
    send_plain(world, 1, "b1");
    step_until(world, 1, 2);
    assert_true(fixture_position(fixture, 0) <= 0);
    fake_fail(&world->registry, LF_OK);
    step_until(world, 0, 1);
}

static void
held_partitions_outlive_a_failing_store(void **state)
{
    struct world *world = *state;
    struct fixture *fixture = &world->fixture;
    fake_put(&world->registry, 7, LF_SCHEMA_JSON, "true");
    fake_fail(&world->registry, LF_UNAVAILABLE);
    send_plain(world, 0, "a0");
    send_framed(world, 0, "a1", 7);
    send_plain(world, 1, "b0");
    fixture_start(fixture);
    lf_store_fault_arm(fixture->store,
                       (struct lf_store_fault){.ops = LF_FAULT_COMMIT, .nth = 1, .status = LF_UNAVAILABLE});
    struct lf_err err = {0};
    int64_t until = lf_clock_mono_ms() + GIVE_UP_MS;
    while (fixture_position(fixture, 1) != 1 || fixture_position(fixture, 0) != 1) {
        enum lf_status st = lf_consumer_step(fixture->consumer, 0, true, &err);
        assert_true(st == LF_OK || st == LF_UNAVAILABLE);
        assert_true(lf_clock_mono_ms() < until);
    }
    lf_store_fault_arm(fixture->store, (struct lf_store_fault){0});
    fake_fail(&world->registry, LF_OK);
    step_until(world, 0, 2);
    assert_int_equal(dead_letters(world), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(others_go_on_while_a_schema_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_exist_is_dead_and_the_rest_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_consumer_that_starts_again_waits_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(held_partitions_outlive_a_failing_store, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
