/*
 * A commit that is cut short between any two of its steps, on a server without transactions: going on from the position
 * gives what would have been without, and what was decided stands.
 */
#include "mongo_proxy.h"
#include "mongo_server.h"
#include "workload.h"

#include <string.h>

enum { BATCHES = 2, TRIES_MAX = 20 };

static struct mongo_server server;
static struct mongo_proxy proxy;

struct world {
    struct lf_model *model;
    struct lf_store *store;
    struct lf_store_session *session;
    struct lf_arena arena;
};

static void
open_world(struct world *w)
{
    w->model = fixture_model();
    lf_arena_init(&w->arena, 0, 0);
    mongo_server_drop(&server, "cut");
    w->store = mongo_server_store(proxy.port, "cut", w->model);
    OK(lf_store_session_open(w->store, true, &w->session, &err));
}

static void
close_world(struct world *w)
{
    mongo_proxy_arm(&proxy, (struct mongo_cut){0});
    lf_store_session_close(w->session);
    lf_store_close(w->store);
    lf_arena_release(&w->arena);
    lf_model_free(w->model);
}

/* Once, with the n-th request or its answer lost; then on from the position until all is there. */
static bool
run_with_loss(int nth, bool after)
{
    struct world w = {0};
    struct lf_err error = {0};
    enum lf_status st = LF_AGAIN;
    open_world(&w);
    mongo_proxy_arm(&proxy, (struct mongo_cut){.nth = nth, .after = after});
    for (int i = 0; st != LF_OK; i++) {
        st = workload_run(w.model, w.session, BATCHES, &w.arena, &error);
        if (st != LF_OK && (error.fate != LF_FATE_RETRY || i == TRIES_MAX))
            fail_msg("request %d, %s: %s: %s", nth, after ? "answer" : "all of it", lf_status_name(st), error.text);
    }
    bool hit = mongo_proxy_hit(&proxy);
    assert_int_equal(workload_check(w.model, w.session, &w.arena), BATCHES);
    close_world(&w);
    return hit;
}

static void
test_every_message_is_lost_once(void **state)
{
    (void)state;
    int nth[2] = {1, 1};
    for (int after = 0; after < 2; after++) {
        while (run_with_loss(nth[after], after != 0))
            nth[after]++;
        assert_true(nth[after] > BATCHES * 5); /* numbers, letters, events, states, positions */
    }
}

/* ---- what was decided stands ---- */

/* The commit's last command but for "logfirst"'s. */
#define FIRST_POSITION "\2insert\0\16\0\0\0log_positions"
#define FIRST_STATE "\2insert\0\7\0\0\0quotes"

static struct mongo_cut
at(const char *pattern, size_t len, bool after)
{
    return (struct mongo_cut){.nth = 1, .pattern = pattern, .pattern_len = len, .after = after};
}

static struct lf_event *
quote_event(struct world *w, int n, const char *id)
{
    static const char payload[] = "{\"customerId\":\"q\",\"amount\":1}";
    struct lf_event *event = fixture_event(w->model, &w->arena, n, "QuoteCreated", payload);
    event->entity_key = LF_LIT("q");
    event->id = lf_bytes_of(id);
    return event;
}

static void
save_quote(struct world *w, const char *state)
{
    struct lf_state_change change = {.key = LF_LIT("q"),
                                     .state = state != NULL ? fixture_json(&w->arena, state) : LF_VALUE_NULL};
    OK(lf_store_save(w->session, &w->model->entities[QUOTE], &change, 1, &err));
}

static const char *
quote(struct world *w)
{
    struct lf_value value;
    enum lf_status st = lf_store_get(w->session, &w->model->entities[QUOTE], LF_LIT("q"), &w->arena, &value, &err);
    return st == LF_OK ? fixture_text(&w->arena, &value) : "none";
}

/* Appends in the open transaction; the outcomes as letters. */
static const char *
outcomes_of(struct world *w, const struct lf_event *const *events, size_t count)
{
    enum lf_append_outcome outcomes[8];
    char *text = lf_arena_alloc(&w->arena, count + 1);
    OK(lf_store_append(w->session, events, count, outcomes, &err));
    for (size_t i = 0; i < count; i++)
        text[i] = "ADCB"[outcomes[i]];
    text[count] = '\0';
    return text;
}

static void
advance(struct world *w, int64_t next)
{
    OK(lf_store_advance(w->session, LF_LIT("g"), LF_LIT("t"), 0, -1, next, &err));
}

static void
lose_commit(struct world *w, struct mongo_cut cut)
{
    mongo_proxy_arm(&proxy, cut);
    enum lf_status st = lf_store_commit(w->session, &err);
    assert_true(st == LF_UNAVAILABLE || st == LF_TIMEOUT);
    assert_true(mongo_proxy_hit(&proxy));
    lf_store_abort(w->session);
}

/* Of three events of an entity the second is refused; and its id comes again behind the third. */
static void
test_a_refused_event_stays_dead(void **state)
{
    (void)state;
    for (int step = 0; step < 2; step++) {
        struct world w = {0};
        open_world(&w);
        const struct lf_event *first[] = {quote_event(&w, 0, "a"), quote_event(&w, 2, "c"), quote_event(&w, 3, "b")};
        struct lf_dead_letter letter = fixture_letter(1);
        OK(lf_store_begin(w.session, &err));
        assert_string_equal(outcomes_of(&w, first, 3), "AAA");
        save_quote(&w, "{\"customerId\":\"q\",\"amount\":3}");
        OK(lf_store_bury(w.session, &letter, 1, &err));
        advance(&w, 4);
        if (step == 0)
            lose_commit(&w, at(FIRST_STATE, sizeof(FIRST_STATE) - 1, false));
        else
            lose_commit(&w, at(FIRST_POSITION, sizeof(FIRST_POSITION) - 1, false));
        /* read again: the record of the second comes before the one that took its id */
        const struct lf_event *again[] = {first[0], quote_event(&w, 1, "b"), first[1]};
        OK(lf_store_begin(w.session, &err));
        assert_string_equal(outcomes_of(&w, again, 3), step == 0 ? "ABA" : "DBD");
        lf_store_abort(w.session);
        OK(lf_store_begin(w.session, &err));
        assert_string_equal(outcomes_of(&w, first, 3), step == 0 ? "AAA" : "DDD");
        OK(lf_store_bury(w.session, &letter, 1, &err));
        if (step == 0)
            save_quote(&w, "{\"customerId\":\"q\",\"amount\":3}");
        advance(&w, 4);
        OK(lf_store_commit(w.session, &err));
        assert_string_equal(quote(&w), "{\"customerId\":\"q\",\"amount\":3}");
        assert_int_equal(mongo_server_count(&server, "cut", "event_store", "{}"), 3);
        assert_int_equal(mongo_server_count(&server, "cut", "dead_letters", "{}"), 1);
        /* whoever reads it all again finds nothing but duplicates, and events that were not stored are not applied */
        OK(lf_store_begin(w.session, &err));
        assert_string_equal(outcomes_of(&w, first, 3), "DDD");
        lf_store_abort(w.session);
        close_world(&w);
    }
}

/* What a killed consumer's insert still stores, while its successor is at what comes before it. */
static void
test_events_are_numbered_in_the_order_of_the_log(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    const struct lf_event *events[] = {quote_event(&w, 0, "a"), quote_event(&w, 1, "b"), quote_event(&w, 2, "c")};
    OK(lf_store_begin(w.session, &err));
    assert_string_equal(outcomes_of(&w, &events[2], 1), "A");
    save_quote(&w, "{\"customerId\":\"q\",\"amount\":3}");
    lose_commit(&w, at(FIRST_STATE, sizeof(FIRST_STATE) - 1, false));
    OK(lf_store_begin(w.session, &err));
    assert_string_equal(outcomes_of(&w, events, 3), "AAA");
    save_quote(&w, "{\"customerId\":\"q\",\"amount\":3}");
    advance(&w, 3);
    OK(lf_store_commit(w.session, &err));
    const struct lf_list_query query = {.first = 10};
    struct lf_list_result list;
    OK(lf_store_list(w.session, &query, &w.arena, &list, &err));
    assert_int_equal(list.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(list.events[i].event.place.offset, i);
    close_world(&w);
}

/* A deleted entity says what has been applied as well. */
static void
test_a_deletion_is_not_applied_twice(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    const struct lf_event *events[] = {quote_event(&w, 0, "a"), quote_event(&w, 1, "b")};
    OK(lf_store_begin(w.session, &err));
    assert_string_equal(outcomes_of(&w, events, 2), "AA");
    save_quote(&w, NULL);
    advance(&w, 2);
    lose_commit(&w, at(FIRST_POSITION, sizeof(FIRST_POSITION) - 1, false));
    assert_string_equal(quote(&w), "none");
    assert_int_equal(mongo_server_count(&server, "cut", "quotes", "{}"), 1); /* what it leaves behind */
    OK(lf_store_begin(w.session, &err));
    assert_string_equal(outcomes_of(&w, events, 2), "DD");
    advance(&w, 2);
    OK(lf_store_commit(w.session, &err));
    struct lf_list_query query = {.entity = &w.model->entities[QUOTE], .first = 10};
    struct lf_list_result list;
    OK(lf_store_list(w.session, &query, &w.arena, &list, &err));
    assert_int_equal(list.count, 0);
    close_world(&w);
}

/* Two that have read the same: the later one begins anew, whichever entity it is about, deleted ones as well. */
static void
test_a_consumer_that_was_overtaken_changes_nothing(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        bool deleted = round % 2 != 0, there = round >= 2;
        struct world w = {0};
        struct lf_store_session *zombie = NULL;
        struct lf_value value;
        struct lf_bytes key = LF_LIT("q");
        open_world(&w);
        if (there) {
            OK(lf_store_begin(w.session, &err));
            save_quote(&w, "{\"customerId\":\"q\",\"amount\":0}");
            OK(lf_store_commit(w.session, &err));
        }
        OK(lf_store_session_open(w.store, true, &zombie, &err));
        OK(lf_store_begin(zombie, &err));
        OK(lf_store_load(zombie, &w.model->entities[QUOTE], &key, 1, &w.arena, &value, &err));
        struct lf_state_change change = {.key = key,
                                         .state = fixture_json(&w.arena, "{\"customerId\":\"q\",\"amount\":1}")};
        OK(lf_store_save(zombie, &w.model->entities[QUOTE], &change, 1, &err));
        OK(lf_store_begin(w.session, &err));
        save_quote(&w, "{\"customerId\":\"q\",\"amount\":2}");
        if (deleted)
            save_quote(&w, NULL);
        OK(lf_store_commit(w.session, &err));
        FAILS(LF_AGAIN, lf_store_commit(zombie, &err));
        assert_string_equal(quote(&w), deleted ? "none" : "{\"customerId\":\"q\",\"amount\":2}");
        lf_store_session_close(zombie);
        close_world(&w);
    }
}

/* After a while nobody looks whether events are there: who repeats one is told at commit, and is told right next. */
static void
test_a_repetition_is_found_without_looking(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    for (int n = 0; n < 10; n++) {
        const struct lf_event *event = fixture_event(w.model, &w.arena, n, "Noted", "{\"v\":1}");
        OK(lf_store_begin(w.session, &err));
        assert_string_equal(outcomes_of(&w, &event, 1), "A");
        OK(lf_store_commit(w.session, &err));
    }
    struct lf_event *repeated = fixture_event(w.model, &w.arena, 3, "Noted", "{\"v\":1}");
    repeated->place.offset = 10;
    const struct lf_event *events[] = {repeated};
    OK(lf_store_begin(w.session, &err));
    assert_string_equal(outcomes_of(&w, events, 1), "A");
    FAILS(LF_AGAIN, lf_store_commit(w.session, &err));
    lf_store_abort(w.session);
    OK(lf_store_begin(w.session, &err));
    assert_string_equal(outcomes_of(&w, events, 1), "D");
    lf_store_abort(w.session);
    assert_int_equal(mongo_server_count(&server, "cut", "event_store", "{}"), 10);
    close_world(&w);
}

/* ---- places that are freed ---- */

/* Of the places 0 to 3, which q has in it, 2 and 3 are given out again; and so is a dead letter's. */
static void
begin_aside(struct world *w)
{
    const struct lf_event *events[] = {quote_event(w, 0, "a"), quote_event(w, 1, "b"), quote_event(w, 2, "c"),
                                       quote_event(w, 3, "d")};
    struct lf_dead_letter letter = fixture_letter(4);
    OK(lf_store_begin(w->session, &err));
    assert_string_equal(outcomes_of(w, events, 4), "AAAA");
    save_quote(w, "{\"customerId\":\"q\",\"amount\":4}");
    OK(lf_store_bury(w->session, &letter, 1, &err));
    advance(w, 5);
    OK(lf_store_commit(w->session, &err));
}

static enum lf_status
free_places(struct lf_store_session *session, struct lf_err *error)
{
    int64_t next = -1;
    enum lf_status st = lf_store_position(session, LF_LIT("g"), LF_LIT("t"), 0, &next, error);
    if (st != LF_OK || next == 2)
        return st;
    assert_int_equal(next, 5);
    st = lf_store_begin(session, error);
    if (st == LF_OK)
        st = lf_store_set_aside(session, LF_LIT("t"), 0, 2, LF_LIT("t~then"), error);
    if (st == LF_OK)
        st = lf_store_advance(session, LF_LIT("g"), LF_LIT("t"), 0, 5, 2, error);
    if (st == LF_OK)
        st = lf_store_commit(session, error);
    lf_store_abort(session);
    return st;
}

static void
check_aside(struct world *w)
{
    const struct lf_event *again[] = {quote_event(w, 0, "a"), quote_event(w, 1, "b"), quote_event(w, 2, "e"),
                                      quote_event(w, 3, "f"), quote_event(w, 4, "c")};
    assert_int_equal(mongo_server_count(&server, "cut", "event_store", "{\"topic\":\"t\"}"), 2);
    assert_int_equal(mongo_server_count(&server, "cut", "event_store", "{\"topic\":\"t~then\"}"), 2);
    assert_int_equal(mongo_server_count(&server, "cut", "dead_letters", "{\"topic\":\"t~then\"}"), 1);
    assert_int_equal(mongo_server_count(&server, "cut", "quotes", "{\"_lf.at.topic\":\"t~then\"}"), 1);
    OK(lf_store_begin(w->session, &err));
    /* what is new there is applied; what has its id elsewhere is not */
    assert_string_equal(outcomes_of(w, again, 5), "DDAAD");
    save_quote(w, "{\"customerId\":\"q\",\"amount\":6}");
    OK(lf_store_advance(w->session, LF_LIT("g"), LF_LIT("t"), 0, 2, 5, &err));
    OK(lf_store_commit(w->session, &err));
    OK(lf_store_begin(w->session, &err));
    assert_string_equal(outcomes_of(w, &again[2], 3), "DDD");
    lf_store_abort(w->session);
}

/* OTHER: whoever goes on is another process. */
static bool
free_with_loss(int nth, bool after, bool other)
{
    struct world w = {0};
    struct lf_err error = {0};
    enum lf_status st = LF_AGAIN;
    open_world(&w);
    begin_aside(&w);
    mongo_proxy_arm(&proxy, (struct mongo_cut){.nth = nth, .after = after});
    for (int i = 0; st != LF_OK; i++) {
        st = free_places(w.session, &error);
        if (st != LF_OK && i == TRIES_MAX)
            fail_msg("request %d, %s: %s: %s", nth, after ? "answer" : "all of it", lf_status_name(st), error.text);
        if (st != LF_OK && other) {
            lf_store_session_close(w.session);
            OK(lf_store_session_open(w.store, true, &w.session, &err));
        }
    }
    bool hit = mongo_proxy_hit(&proxy);
    check_aside(&w);
    close_world(&w);
    return hit;
}

static void
test_freed_places_with_every_message_lost_once(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        int nth = 1;
        while (free_with_loss(nth, round != 0, nth % 2 != round))
            nth++;
        assert_true(nth > 10); /* positions, numbers, states, events, letters */
    }
}

/* It does nothing else. */
static void
test_places_are_freed_alone(void **state)
{
    struct world w = {0};
    (void)state;
    open_world(&w);
    begin_aside(&w);
    for (int what = 0; what < 3; what++) {
        OK(lf_store_begin(w.session, &err));
        OK(lf_store_set_aside(w.session, LF_LIT("t"), 0, 2, LF_LIT("t~then"), &err));
        if (what == 1)
            OK(lf_store_advance(w.session, LF_LIT("g"), LF_LIT("t"), 1, -1, 2, &err));
        if (what == 2)
            save_quote(&w, NULL);
        FAILS(LF_USAGE, lf_store_commit(w.session, &err));
        lf_store_abort(w.session);
    }
    close_world(&w);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_refused_event_stays_dead),
        cmocka_unit_test(test_events_are_numbered_in_the_order_of_the_log),
        cmocka_unit_test(test_a_deletion_is_not_applied_twice),
        cmocka_unit_test(test_a_consumer_that_was_overtaken_changes_nothing),
        cmocka_unit_test(test_a_repetition_is_found_without_looking),
        cmocka_unit_test(test_places_are_freed_alone),
        cmocka_unit_test(test_every_message_is_lost_once),
        cmocka_unit_test(test_freed_places_with_every_message_lost_once),
    };
    mongo_server_new(&server);
    mongo_proxy_start(&proxy, server.port);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mongo_proxy_stop(&proxy);
    mongo_server_free(&server);
    return failed;
}
