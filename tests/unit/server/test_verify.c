/* A good store passes; a store damaged in each way is found out, with the event and its place. */
#include "fixture.h"
#include "server/verify.h"

#include <stdio.h>
#include <string.h>

enum { FOUND_MAX = 16 };

struct check {
    struct fixture fixture;
    struct lf_store_session *session; /* for damage */
    struct lf_verify_result result;
    char found[FOUND_MAX][64]; /* "kind place event" */
    size_t count;
    int64_t calls, stop_at; /* of progress */
    void (*meanwhile)(struct check *check);
};

static void
take_finding(void *ctx, const struct lf_finding *finding)
{
    struct check *check = ctx;
    assert_true(check->count < FOUND_MAX);
    assert_true(finding->expected.len != 0 && finding->seen.len != 0);
    struct lf_bytes what = finding->place.partition >= 0 ? finding->event_id : finding->entity_key;
    if (what.ptr == NULL)
        what = LF_LIT("-");
    snprintf(check->found[check->count++], sizeof(check->found[0]), "%s %d/%d %.*s", finding->kind,
             finding->place.partition, (int)finding->place.offset, LF_FMT(what));
}

static bool
take_progress(void *ctx, const char *what, int64_t done, int64_t total)
{
    struct check *check = ctx;
    assert_non_null(what);
    assert_true(total == -1 || done <= total);
    if (check->meanwhile != NULL)
        check->meanwhile(check);
    return ++check->calls != check->stop_at;
}

static enum lf_status
run(struct check *check)
{
    const struct lf_verify_options options = {
        .model = &bank,
        .log = check->fixture.log,
        .store = check->fixture.store,
        .codec = {.model = &bank},
        .topics = &fixture_topic,
        .topic_count = 1,
        .group = "group",
        .scratch_url = "memory:",
        .unknown_skipped = check->fixture.options.unknown_events == LF_UNKNOWN_SKIP,
        .found = take_finding,
        .ctx = check,
        .progress = {take_progress, check},
    };
    struct lf_err err = {0};
    check->count = 0;
    check->calls = 0;
    return lf_verify(&options, &check->result, &err);
}

static void
expect(struct check *check, const char *const *found, size_t count)
{
    assert_int_equal(run(check), LF_OK);
    for (size_t i = 0; i < count && i < check->count; i++)
        assert_string_equal(check->found[i], found[i]);
    assert_int_equal(check->count, count);
    assert_int_equal(check->result.violations, count);
}

static void
expect_one(struct check *check, const char *found)
{
    expect(check, &found, 1);
}

/* Partition 0: 0 Opened a, 1 Deposited a, 2 garbage, 3 = 1 again, 4 Deposited a, 5 Opened b, 6 Closed b. Partition 1:
 * one that the schema does not know. */
static void
open_check(struct check *check)
{
    struct lf_err err = {0};
    memset(check, 0, sizeof(*check));
    fixture_open(&check->fixture);
    fixture_start(&check->fixture);
    fixture_open_account(&check->fixture, "e0", "a");
    fixture_deposit(&check->fixture, "e1", "a", 5);
    fixture_send(&check->fixture, "a", "garbage");
    fixture_deposit(&check->fixture, "e1", "a", 5);
    fixture_deposit(&check->fixture, "e4", "a", 7);
    fixture_open_account(&check->fixture, "e5", "b");
    fixture_send(&check->fixture, "b", "{\"eventId\":\"e6\",\"eventType\":\"Closed\",\"payload\":{\"id\":\"b\"}}");
    fixture_send_to(&check->fixture, 1, "x", "{\"eventId\":\"x0\",\"eventType\":\"Foreign\",\"payload\":{}}");
    fixture_settle(&check->fixture);
    assert_int_equal(lf_store_session_open(check->fixture.store, true, &check->session, &err), LF_OK);
}

static void
close_check(struct check *check)
{
    lf_store_session_close(check->session);
    fixture_close(&check->fixture);
}

/* ---- damage ---- */

static void
begin(struct check *check)
{
    struct lf_err err = {0};
    assert_int_equal(lf_store_begin(check->session, &err), LF_OK);
}

static void
commit(struct check *check)
{
    struct lf_err err = {0};
    assert_int_equal(lf_store_commit(check->session, &err), LF_OK);
}

static void
store_event(struct check *check, const char *id, int64_t offset, int amount)
{
    struct lf_member members[] = {{LF_LIT("id"), lf_value_string(LF_LIT("a"))},
                                  {LF_LIT("amount"), lf_value_int(amount)}};
    const struct lf_event event = {.id = lf_bytes_of(id),
                                   .type_name = LF_LIT("Deposited"),
                                   .type = lf_model_event(&bank, LF_LIT("Deposited")),
                                   .payload = lf_value_object(members, 2),
                                   .extra = LF_VALUE_NULL,
                                   .key = LF_LIT("a"),
                                   .entity_key = LF_LIT("a"),
                                   .place = {fixture_topic, 0, offset}};
    const struct lf_event *list = &event;
    enum lf_append_outcome outcome;
    struct lf_err err = {0};
    assert_int_equal(lf_store_append(check->session, &list, 1, &outcome, &err), LF_OK);
    assert_int_equal(outcome, LF_APPENDED);
}

static void
bury(struct check *check, int64_t offset, const char *value)
{
    const struct lf_header header = {LF_LIT("origin"), LF_LIT("test")};
    const struct lf_dead_letter letter = {.place = {fixture_topic, 0, offset},
                                          .key = LF_LIT("a"),
                                          .value = lf_bytes_of(value),
                                          .headers = &header,
                                          .header_count = 1,
                                          .stage = LF_LIT("decode"),
                                          .code = LF_LIT("NOT_AN_EVENT"),
                                          .reason = LF_LIT("test")};
    struct lf_err err = {0};
    assert_int_equal(lf_store_bury(check->session, &letter, 1, &err), LF_OK);
}

static void
advance(struct check *check, int32_t partition, int64_t expected, int64_t next)
{
    struct lf_err err = {0};
    assert_int_equal(lf_store_advance(check->session, LF_LIT("group"), fixture_topic, partition, expected, next, &err),
                     LF_OK);
}

static void
save(struct check *check, const char *key, int balance, int deposits)
{
    struct lf_member members[] = {{LF_LIT("id"), lf_value_string(lf_bytes_of(key))},
                                  {LF_LIT("owner"), lf_value_string(LF_LIT("o"))},
                                  {LF_LIT("balance"), lf_value_int(balance)},
                                  {LF_LIT("last"), lf_value_int(7)},
                                  {LF_LIT("deposits"), lf_value_int(deposits)}};
    const struct lf_state_change change = {.key = lf_bytes_of(key),
                                           .state = balance >= 0 ? lf_value_object(members, 5) : LF_VALUE_NULL,
                                           .place = {fixture_topic, 0, 4}};
    struct lf_err err = {0};
    assert_int_equal(lf_store_save(check->session, &bank.entities[0], &change, 1, &err), LF_OK);
}

/* ---- tests ---- */

static void
a_good_store_passes(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    expect(&check, NULL, 0);
    assert_int_equal(check.result.records, 8);
    assert_int_equal(check.result.stored, 6);
    assert_int_equal(check.result.repeated, 1);
    assert_int_equal(check.result.dead, 1);
    assert_int_equal(check.result.events, 6);
    assert_int_equal(check.result.entities, 1);
    assert_int_equal(check.result.partitions, 2);
    assert_int_equal(check.result.beyond + check.result.gone + check.result.elsewhere + check.result.unbound, 0);
    close_check(&check);
}

static void
records_above_the_position_are_not_looked_at(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    fixture_deposit(&check.fixture, "e7", "a", 1);
    fixture_send_to(&check.fixture, 2, "x", "nobody has read this partition");
    expect(&check, NULL, 0);
    assert_int_equal(check.result.records, 8);
    assert_int_equal(check.result.unread, 1);
    close_check(&check);
}

static void
skipped_events_are_none_by_policy(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    fixture_send_to(&check.fixture, 1, "x", "{\"eventId\":\"x1\",\"eventType\":\"Foreign\",\"payload\":{}}");
    begin(&check);
    advance(&check, 1, 1, 2);
    commit(&check);
    expect_one(&check, "missing 1/1 x1");
    check.fixture.options.unknown_events = LF_UNKNOWN_SKIP;
    expect(&check, NULL, 0);
    assert_int_equal(check.result.skipped, 1);
    close_check(&check);
}

static void
a_record_that_is_nowhere(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    fixture_deposit(&check.fixture, "e7", "a", 1);
    fixture_send(&check.fixture, "a", "more garbage");
    begin(&check);
    advance(&check, 0, 7, 9);
    commit(&check);
    static const char *const found[] = {"missing 0/7 e7", "missing 0/8 -"};
    expect(&check, found, 2);
    close_check(&check);
}

static void
a_conflict_that_is_nowhere(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    fixture_deposit(&check.fixture, "e1", "a", 6);
    begin(&check);
    advance(&check, 0, 7, 8);
    commit(&check);
    expect_one(&check, "missing 0/7 e1");
    close_check(&check);
}

static void
a_record_that_is_stored_and_dead(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    begin(&check);
    bury(&check, 4, "{\"eventId\":\"e4\",\"eventType\":\"Deposited\",\"payload\":{\"id\":\"a\",\"amount\":7}}");
    commit(&check);
    expect_one(&check, "both 0/4 e4");
    close_check(&check);
}

static void
an_event_that_the_log_does_not_have(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    begin(&check);
    store_event(&check, "z", 20, 1);
    bury(&check, 21, "z");
    save(&check, "a", 13, 3);
    commit(&check);
    static const char *const found[] = {"not_in_log 0/20 z", "not_in_log 0/21 -", "state_differs -1/0 a"};
    expect(&check, found, 3); /* the state lacks what the event has set as the last amount */
    assert_int_equal(check.result.beyond, 2);
    close_check(&check);
}

static void
an_event_that_is_not_the_logged_one(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    fixture_deposit(&check.fixture, "e7", "a", 7);
    begin(&check);
    store_event(&check, "e7", 7, 8);
    advance(&check, 0, 7, 8);
    commit(&check);
    static const char *const found[] = {"differs 0/7 e7", "state_differs -1/0 a"};
    expect(&check, found, 2);
    close_check(&check);
}

static void
a_dead_letter_with_other_bytes(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    fixture_send(&check.fixture, "a", "more garbage");
    begin(&check);
    bury(&check, 7, "less garbage");
    advance(&check, 0, 7, 8);
    commit(&check);
    expect_one(&check, "letter_differs 0/7 -");
    close_check(&check);
}

static void
an_event_with_the_place_of_its_repetition(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    fixture_deposit(&check.fixture, "e7", "a", 7);
    fixture_deposit(&check.fixture, "e7", "a", 7);
    begin(&check);
    store_event(&check, "e7", 8, 7);
    save(&check, "a", 19, 3);
    advance(&check, 0, 7, 9);
    commit(&check);
    expect_one(&check, "misplaced 0/7 e7");
    close_check(&check);
}

static void
a_position_beyond_the_log(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    begin(&check);
    advance(&check, 0, 7, 9);
    commit(&check);
    expect_one(&check, "position 0/9 -");
    close_check(&check);
}

static void
events_out_of_order(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    fixture_deposit(&check.fixture, "e7", "a", 7);
    fixture_deposit(&check.fixture, "e8", "a", 7);
    begin(&check);
    store_event(&check, "e8", 8, 7);
    store_event(&check, "e7", 7, 7);
    save(&check, "a", 26, 4);
    advance(&check, 0, 7, 9);
    commit(&check);
    expect_one(&check, "order 0/7 e7");
    close_check(&check);
}

static void
an_event_that_cannot_be_applied(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    fixture_deposit(&check.fixture, "e7", "a", -1);
    begin(&check);
    store_event(&check, "e7", 7, -1);
    advance(&check, 0, 7, 8);
    commit(&check);
    expect_one(&check, "unfoldable 0/7 e7");
    close_check(&check);
}

static void
a_state_that_is_not_the_fold(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    begin(&check);
    save(&check, "a", 13, 2);
    save(&check, "c", 1, 1);
    commit(&check);
    static const char *const found[] = {"state_differs -1/0 a", "state_without_events -1/0 c"};
    expect(&check, found, 2);
    close_check(&check);
}

static void
a_state_that_is_missing(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    begin(&check);
    save(&check, "a", -1, 0);
    commit(&check);
    expect_one(&check, "state_missing -1/0 a");
    close_check(&check);
}

/* Each progress is followed by more events for the same entities, and for new ones. */
static void
write_more(struct check *check)
{
    char id[32], account[32];
    for (int i = 0; i < 3; i++) {
        snprintf(id, sizeof(id), "m%d-%d", (int)check->calls, i);
        snprintf(account, sizeof(account), "m%d", (int)check->calls);
        if (i == 0)
            fixture_open_account(&check->fixture, id, account);
        else
            fixture_deposit(&check->fixture, id, i == 1 ? "a" : account, 1);
        fixture_step(&check->fixture);
    }
    if (check->calls == 20)
        check->meanwhile = NULL; /* a check that tells of each page would never end */
}

static void
consumers_may_go_on(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    check.meanwhile = write_more;
    expect(&check, NULL, 0);
    assert_int_equal(check.result.records, 8);
    assert_true(check.result.beyond > 0);
    fixture_settle(&check.fixture);
    expect(&check, NULL, 0);
    close_check(&check);
}

static void
many_events_and_many_faults(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    char id[32], account[32];
    for (int i = 0; i < 1500; i++) {
        snprintf(id, sizeof(id), "o%d", i);
        snprintf(account, sizeof(account), "k%d", i);
        fixture_open_account(&check.fixture, id, account);
    }
    fixture_settle(&check.fixture);
    expect(&check, NULL, 0);
    assert_int_equal(check.result.entities, 1501);
    begin(&check);
    save(&check, "k7", -1, 0);
    save(&check, "k1407", 2, 0);
    commit(&check);
    static const char *const found[] = {"state_differs -1/0 k1407", "state_missing -1/0 k7"};
    expect(&check, found, 2);
    close_check(&check);
}

static void
it_stops_when_asked(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    assert_int_equal(run(&check), LF_OK);
    for (int64_t calls = check.calls; calls > 0; calls--) {
        check.stop_at = calls;
        assert_int_equal(run(&check), LF_CLOSED);
    }
    close_check(&check);
}

static void
a_store_that_fails_is_no_violation(void **state)
{
    (void)state;
    struct check check;
    open_check(&check);
    for (uint64_t n = 1;; n++) {
        const struct lf_store_fault fault = {
            .ops = LF_FAULT_SESSION_OPEN | LF_FAULT_READ, .nth = n, .status = LF_UNAVAILABLE};
        lf_store_fault_arm(check.fixture.store, fault);
        enum lf_status st = run(&check);
        assert_int_equal(check.count, 0);
        if (lf_store_fault_hits(check.fixture.store) == 0)
            break;
        assert_int_equal(st, LF_UNAVAILABLE);
    }
    close_check(&check);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_store_passes),
        cmocka_unit_test(records_above_the_position_are_not_looked_at),
        cmocka_unit_test(skipped_events_are_none_by_policy),
        cmocka_unit_test(a_record_that_is_nowhere),
        cmocka_unit_test(a_conflict_that_is_nowhere),
        cmocka_unit_test(a_record_that_is_stored_and_dead),
        cmocka_unit_test(an_event_that_the_log_does_not_have),
        cmocka_unit_test(an_event_that_is_not_the_logged_one),
        cmocka_unit_test(a_dead_letter_with_other_bytes),
        cmocka_unit_test(an_event_with_the_place_of_its_repetition),
        cmocka_unit_test(a_position_beyond_the_log),
        cmocka_unit_test(events_out_of_order),
        cmocka_unit_test(an_event_that_cannot_be_applied),
        cmocka_unit_test(a_state_that_is_not_the_fold),
        cmocka_unit_test(a_state_that_is_missing),
        cmocka_unit_test(consumers_may_go_on),
        cmocka_unit_test(many_events_and_many_faults),
        cmocka_unit_test(it_stops_when_asked),
        cmocka_unit_test(a_store_that_fails_is_no_violation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
