/* A log that is not the one that was read: told apart by what is stored, and never gone on with in silence. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static void
no_ack(void *ctx, const struct lf_log_ack *ack)
{
    (void)ctx, (void)ack;
}

/* Puts another log in the place of the fixture's: the first count records of partition 0 are those, numbered from
 * first on. */
static struct lf_log *
other_log(struct fixture *fixture, int first, int count)
{
    const struct lf_log_options options = {.url = "memory:", .create_topics = true, .partitions = ORACLE_PARTITIONS};
    struct lf_log *log = NULL;
    struct lf_log_writer *writer = NULL;
    struct lf_log_writer *kept = fixture->writer;
    struct lf_err err = {0};
    assert_int_equal(lf_log_open(&options, &log, &err), LF_OK);
    assert_int_equal(lf_log_ensure_topic(log, fixture_topic, 1000, &err), LF_OK);
    assert_int_equal(lf_log_writer_open(log, (struct lf_wake){0}, no_ack, NULL, &writer, &err), LF_OK);
    fixture->writer = writer;
    for (int i = first; i < first + count; i++) {
        char id[16];
        snprintf(id, sizeof(id), "e%d", i);
        fixture_open_account(fixture, id, "a");
    }
    fixture->writer = kept;
    lf_log_writer_close(writer);
    fixture->options.log = log;
    return log;
}

/* Events e0 to e9 are stored. */
static void
store_ten(struct fixture *fixture)
{
    fixture_open(fixture);
    for (int i = 0; i < 10; i++) {
        char id[16];
        snprintf(id, sizeof(id), "e%d", i);
        fixture_open_account(fixture, id, "a");
    }
    fixture_start(fixture);
    fixture_settle(fixture);
}

/* What the consumer says on the other log; LF_OK after some turns: nothing. */
static enum lf_status
step_on(struct fixture *fixture, struct lf_err *err)
{
    fixture_start(fixture);
    for (int i = 0; i < 5; i++) {
        enum lf_status st = lf_consumer_step(fixture->consumer, 0, true, err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

static void
end(struct fixture *fixture, struct lf_log *log)
{
    lf_consumer_free(fixture->consumer);
    fixture->consumer = NULL;
    fixture_close(fixture);
    lf_log_close(log);
}

static void
test_a_log_made_anew_is_noticed_however_long_it_is(void **state)
{
    static const struct {
        int count;
        const char *words;
    } cases[] = {{10, "--on-recreated start"}, {25, "--on-recreated start"}, {4, "ends at 4"}, {0, "ends at 0"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture fixture;
        struct lf_err err = {0};
        store_ten(&fixture);
        struct lf_log *log = other_log(&fixture, 100, cases[i].count);
        assert_int_equal(step_on(&fixture, &err), LF_CORRUPT);
        assert_int_equal(err.fate, LF_FATE_STOP);
        assert_non_null(strstr(err.text, cases[i].words));
        assert_int_equal(fixture_position(&fixture, 0), 10);
        end(&fixture, log);
    }
}

static void
test_the_same_records_in_another_log_are_no_surprise(void **state)
{
    struct fixture fixture;
    struct lf_err err = {0};
    (void)state;
    store_ten(&fixture);
    struct lf_log *log = other_log(&fixture, 0, 12);
    assert_int_equal(step_on(&fixture, &err), LF_OK);
    assert_int_equal(fixture_position(&fixture, 0), 12);
    fixture_assert_outcomes(&fixture, (const char *const[]){"stored", "stored"}, 2);
    end(&fixture, log);
}

/* A log that was cut and one that was made anew have the same end; each policy is for its own case. */
static void
test_which_of_the_two_it_is_decides(void **state)
{
    (void)state;
    for (int anew = 0; anew < 2; anew++) {
        struct fixture fixture;
        struct lf_err err = {0};
        store_ten(&fixture);
        struct lf_log *log = other_log(&fixture, anew ? 100 : 0, 4);
        fixture.options.on_truncated = anew ? LF_SURPRISE_GO_ON : LF_SURPRISE_STOP;
        fixture.options.on_recreated = anew ? LF_SURPRISE_STOP : LF_SURPRISE_GO_ON;
        assert_int_equal(step_on(&fixture, &err), LF_CORRUPT);
        assert_non_null(strstr(err.text, anew ? "--on-recreated start" : "--on-truncated end"));
        fixture.options.on_truncated = fixture.options.on_recreated = LF_SURPRISE_GO_ON;
        assert_int_equal(step_on(&fixture, &err), LF_UNSUPPORTED); /* the store in memory frees no places */
        assert_int_equal(fixture_position(&fixture, 0), 10);
        end(&fixture, log);
    }
}

/* Reading for the witness fails in turn, like all else: nothing is missed. */
static void
test_the_witness_is_looked_for_again(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 12; n++) {
        struct fixture fixture;
        store_ten(&fixture);
        fixture_start(&fixture);
        for (int i = 10; i < 20; i++) {
            char id[16];
            snprintf(id, sizeof(id), "e%d", i);
            fixture_open_account(&fixture, id, "a");
        }
        lf_store_fault_arm(fixture.store,
                           (struct lf_store_fault){.ops = LF_FAULT_READ, .nth = n, .status = LF_TIMEOUT});
        fixture_settle(&fixture);
        lf_store_fault_arm(fixture.store, (struct lf_store_fault){0});
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_log_made_anew_is_noticed_however_long_it_is),
        cmocka_unit_test(test_the_same_records_in_another_log_are_no_surprise),
        cmocka_unit_test(test_which_of_the_two_it_is_decides),
        cmocka_unit_test(test_the_witness_is_looked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
