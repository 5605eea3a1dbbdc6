/*
 * What becomes of the records of one batch, whatever their mixture. Each case runs once as one batch and once record by
 * record: the outcome must be the same.
 */
#include "fixture.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define EVENT(id, type, payload) "{\"eventId\":\"" id "\",\"eventType\":\"" type "\",\"payload\":" payload "}"
#define OPENED(id) EVENT(id, "Opened", "{\"id\":\"a\",\"owner\":\"o\"}")
#define DEPOSITED(id, amount) EVENT(id, "Deposited", "{\"id\":\"a\",\"amount\":" amount "}")
#define CLOSED(id) EVENT(id, "Closed", "{\"id\":\"a\"}")
#define ACCOUNT(balance, last, deposits)                                                                               \
    "{\"id\":\"a\",\"owner\":\"o\",\"balance\":" balance ",\"last\":" last ",\"deposits\":" deposits "}"

enum { RECORDS_MAX = 10 };

static const struct {
    const char *what;
    const char *values[RECORDS_MAX]; /* up to the first NULL; "~" is a null value */
    const char *outcomes[RECORDS_MAX];
    const char *account;
} cases[] = {
    {"events are folded in order",
     {OPENED("1"), DEPOSITED("2", "5"), DEPOSITED("3", "7")},
     {"stored", "stored", "stored"},
     ACCOUNT("12", "7", "2")},
    {"a duplicate is stored and applied once",
     {OPENED("1"), DEPOSITED("2", "5"), DEPOSITED("2", "5"), DEPOSITED("2", "5")},
     {"stored", "stored", "none", "none"},
     ACCOUNT("5", "5", "1")},
    {"a duplicate is one by its data, not by its bytes",
     {OPENED("1"), DEPOSITED("2", "5"), EVENT("2", "Deposited", "{\"amount\": 5, \"id\" : \"\\u0061\"}")},
     {"stored", "stored", "none"},
     ACCOUNT("5", "5", "1")},
    {"the same id with another payload is dead",
     {OPENED("1"), DEPOSITED("2", "5"), DEPOSITED("2", "6"), DEPOSITED("3", "1")},
     {"stored", "stored", "dead EVENT_CONFLICT", "stored"},
     ACCOUNT("6", "1", "2")},
    {"the same id with another type is dead",
     {OPENED("1"), EVENT("1", "Noted", "{\"text\":\"t\"}")},
     {"stored", "dead EVENT_CONFLICT"},
     ACCOUNT("0", "null", "0")},
    {"what cannot be folded is dead and not stored",
     {DEPOSITED("1", "5"), OPENED("2"), DEPOSITED("3", "5")},
     {"dead APPLY_FAILED", "stored", "stored"},
     ACCOUNT("5", "5", "1")},
    {"a twin of an event that could not be folded has its own chance",
     {DEPOSITED("1", "5"), OPENED("2"), DEPOSITED("1", "5"), DEPOSITED("1", "5")},
     {"dead APPLY_FAILED", "stored", "stored", "none"},
     ACCOUNT("5", "5", "1")},
    {"an event that could not be folded does not hold its id",
     {DEPOSITED("1", "5"), OPENED("2"), DEPOSITED("1", "6"), DEPOSITED("1", "5")},
     {"dead APPLY_FAILED", "stored", "stored", "dead EVENT_CONFLICT"},
     ACCOUNT("6", "6", "1")},
    {"many twins that cannot be folded",
     {DEPOSITED("1", "5"), DEPOSITED("1", "5"), DEPOSITED("1", "5"), DEPOSITED("1", "5")},
     {"dead APPLY_FAILED", "dead APPLY_FAILED", "dead APPLY_FAILED", "dead APPLY_FAILED"},
     "null"},
    {"an account closed and opened again",
     {OPENED("1"), DEPOSITED("2", "5"), CLOSED("3"), DEPOSITED("4", "5"), OPENED("5"), DEPOSITED("6", "1")},
     {"stored", "stored", "stored", "dead APPLY_FAILED", "stored", "stored"},
     ACCOUNT("1", "1", "1")},
    {"an account closed stays closed", {OPENED("1"), CLOSED("2"), CLOSED("3")}, {"stored", "stored", "stored"}, "null"},
    {"an invalid payload is dead, its neighbours are not",
     {OPENED("1"), DEPOSITED("2", "-5"), DEPOSITED("3", "\"x\""), DEPOSITED("4", "1")},
     {"stored", "dead EVENT_INVALID", "dead EVENT_INVALID", "stored"},
     ACCOUNT("1", "1", "1")},
    {"an event without its entity's key is dead",
     {EVENT("1", "Closed", "{}"), EVENT("2", "Closed", "{\"id\":null}")},
     {"dead EVENT_INVALID", "dead EVENT_INVALID"},
     "null"},
    {"garbage is dead",
     {"~", "", "{", "[]", "\xff\xff", "{\"eventId\":\"1\"}", OPENED("2")},
     {"dead NOT_AN_EVENT", "dead NOT_AN_EVENT", "dead NOT_AN_EVENT", "dead NOT_AN_EVENT", "dead NOT_AN_EVENT",
      "dead NOT_AN_EVENT", "stored"},
     ACCOUNT("0", "null", "0")},
    {"an unknown type is stored and applied to nothing",
     {OPENED("1"), EVENT("2", "Foreign", "{\"id\":\"a\"}"), EVENT("3", "Foreign", "[1]")},
     {"stored", "stored", "stored"},
     ACCOUNT("0", "null", "0")},
    {"an event without entity is stored",
     {EVENT("1", "Noted", "{\"text\":\"t\"}"), EVENT("1", "Noted", "{\"text\":\"t\"}")},
     {"stored", "none"},
     "null"},
    {"overflow is refused",
     {OPENED("1"), DEPOSITED("2", "2147483647"), DEPOSITED("3", "1")},
     {"stored", "stored", "dead APPLY_FAILED"},
     ACCOUNT("2147483647", "2147483647", "1")},
};

static void
run_case(size_t index, size_t batch_records)
{
    struct fixture fixture;
    size_t count = 0;
    fixture_open(&fixture);
    fixture.options.batch_records = batch_records;
    for (; count < RECORDS_MAX && cases[index].values[count] != NULL; count++) {
        const char *value = cases[index].values[count];
        fixture_send(&fixture, "a", strcmp(value, "~") == 0 ? NULL : value);
    }
    fixture_start(&fixture);
    fixture_settle(&fixture);
    fixture_assert_outcomes(&fixture, cases[index].outcomes, count);
    fixture_assert_account(&fixture, "a", cases[index].account);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t batch_records = 1; batch_records <= RECORDS_MAX; batch_records++) {
            print_message("  %s, batches of %zu\n", cases[i].what, batch_records);
            run_case(i, batch_records);
        }
    }
}

static void
test_unknown_types_by_policy(void **state)
{
    static const struct {
        enum lf_unknown_events policy;
        const char *outcome;
    } rows[] = {
        {LF_UNKNOWN_STORE, "stored"}, {LF_UNKNOWN_SKIP, "none"}, {LF_UNKNOWN_DEAD_LETTER, "dead UNKNOWN_EVENT"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture fixture;
        fixture_open(&fixture);
        fixture.options.unknown_events = rows[i].policy;
        fixture_send(&fixture, "a", EVENT("1", "Foreign", "{}"));
        fixture_open_account(&fixture, "2", "a");
        fixture_start(&fixture);
        fixture_settle(&fixture);
        fixture_assert_outcomes(&fixture, (const char *const[]){rows[i].outcome, "stored"}, 2);
        assert_int_equal(fixture_position(&fixture, 0), 2);
        fixture_close(&fixture);
    }
}

static void
test_a_state_is_loaded_and_saved_once_a_batch(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    fixture_open_account(&fixture, "e0", "a");
    for (int i = 1; i < 100; i++) {
        char id[16];
        snprintf(id, sizeof(id), "e%d", i);
        fixture_deposit(&fixture, id, "a", i);
    }
    fixture_start(&fixture);
    lf_store_fault_arm(
        fixture.store,
        (struct lf_store_fault){.ops = LF_FAULT_LOAD | LF_FAULT_SAVE | LF_FAULT_COMMIT, .nth = 4, .status = LF_IO});
    fixture_step(&fixture);
    assert_int_equal(lf_store_fault_hits(fixture.store), 0);
    fixture_assert_account(&fixture, "a", ACCOUNT("4950", "99", "99"));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* One transaction over three partitions. */
static void
test_a_batch_spans_partitions(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    for (int32_t p = 0; p < ORACLE_PARTITIONS; p++) {
        char text[128];
        snprintf(text, sizeof(text), EVENT("e%d", "Opened", "{\"id\":\"a%d\",\"owner\":\"o\"}"), p, p);
        fixture_send_to(&fixture, p, "k", text);
        fixture_send_to(&fixture, p, "k", "garbage");
    }
    fixture_start(&fixture);
    lf_store_fault_arm(fixture.store, (struct lf_store_fault){.ops = LF_FAULT_COMMIT, .nth = 2, .status = LF_IO});
    fixture_step(&fixture);
    for (int32_t p = 0; p < ORACLE_PARTITIONS; p++)
        assert_int_equal(fixture_position(&fixture, p), 2);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* Across partitions the same id is one event, too: who comes second is the duplicate or the conflict. */
static void
test_the_same_id_in_two_partitions(void **state)
{
    struct fixture fixture;
    struct lf_consumer_state total;
    (void)state;
    fixture_open(&fixture);
    fixture_send_to(&fixture, 0, "k", EVENT("1", "Noted", "{\"text\":\"t\"}"));
    fixture_send_to(&fixture, 1, "k", EVENT("1", "Noted", "{\"text\":\"t\"}"));
    fixture_send_to(&fixture, 2, "k", EVENT("1", "Noted", "{\"text\":\"u\"}"));
    fixture_start(&fixture);
    fixture_settle(&fixture);
    lf_consumer_state(fixture.consumer, &total);
    assert_int_equal(total.applied, 1);
    assert_int_equal(total.applied + total.duplicates + total.dead_letters, 3);
    assert_in_range(total.dead_letters, 1, 2);
    fixture_close(&fixture);
}

/* The store refuses one event of a batch for good: only that one is dead. */
static void
test_an_event_that_the_store_refuses(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    fixture_open_account(&fixture, "1", "a");
    fixture_deposit(&fixture, "2", "a", 5);
    fixture_deposit(&fixture, "3", "a", 6);
    fixture_start(&fixture);
    lf_store_fault_arm(fixture.store,
                       (struct lf_store_fault){.ops = LF_FAULT_APPEND, .nth = 1, .times = 1, .status = LF_LIMIT});
    fixture_step(&fixture); /* refused as a whole: comes again one by one */
    assert_int_equal(fixture_position(&fixture, 0), -1);
    fixture_step(&fixture);
    assert_int_equal(fixture_position(&fixture, 0), 1);
    lf_store_fault_arm(fixture.store,
                       (struct lf_store_fault){.ops = LF_FAULT_APPEND, .nth = 1, .times = 3, .status = LF_LIMIT});
    fixture_step(&fixture); /* a batch of two */
    fixture_step(&fixture); /* alone */
    lf_store_fault_arm(fixture.store, (struct lf_store_fault){0});
    fixture_settle(&fixture);
    fixture_assert_outcomes(&fixture, (const char *const[]){"stored", "dead APPLY_FAILED", "stored"}, 3);
    fixture_assert_account(&fixture, "a", ACCOUNT("6", "6", "1"));
    fixture_close(&fixture);
}

static void
test_dead_letters_keep_everything(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_open(&fixture);
    fixture_send(&fixture, "key", "no event");
    fixture_start(&fixture);
    fixture_settle(&fixture);
    oracle_read(&fixture.oracle);
    const struct lf_record *dead = lf_map_get_text(&fixture.oracle.dead_topic, "0/0");
    static const char *const headers[][2] = {
        {"origin", "test"},
        {"__connect.errors.topic", "business"},
        {"__connect.errors.partition", "0"},
        {"__connect.errors.offset", "0"},
        {"__connect.errors.connector.name", "logfirst"},
        {"__connect.errors.task.id", "0"},
        {"__connect.errors.stage", "decode"},
        {"__connect.errors.class.name", "logfirst.consumer"},
        {"__connect.errors.exception.class.name", "NOT_AN_EVENT"},
    };
    assert_non_null(dead);
    assert_true(lf_bytes_equal_text(dead->key, "key"));
    assert_true(lf_bytes_equal_text(dead->value, "no event"));
    assert_int_equal(dead->header_count, 10);
    for (size_t i = 0; i < 9; i++) {
        assert_true(lf_bytes_equal_text(dead->headers[i].name, headers[i][0]));
        assert_true(lf_bytes_equal_text(dead->headers[i].value, headers[i][1]));
    }
    assert_true(lf_bytes_equal_text(dead->headers[9].name, "__connect.errors.exception.message"));
    assert_true(dead->headers[9].value.len != 0);
    fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_unknown_types_by_policy),
        cmocka_unit_test(test_a_state_is_loaded_and_saved_once_a_batch),
        cmocka_unit_test(test_a_batch_spans_partitions),
        cmocka_unit_test(test_the_same_id_in_two_partitions),
        cmocka_unit_test(test_an_event_that_the_store_refuses),
        cmocka_unit_test(test_dead_letters_keep_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
