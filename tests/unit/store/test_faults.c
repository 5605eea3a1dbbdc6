/*
 * Every call that a consumer makes fails once, at every place, in every way: what is in the store afterwards is what a
 * number of whole batches left there, and going on from the position gives the same as if nothing had happened.
 */
#include "fixture.h"

#include "base/mem.h"
#include "store/fault.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BATCHES = 4, BATCH = 3 };

struct world {
    struct lf_model *model;
    struct lf_store *store; /* fault-injecting */
    struct lf_store_session *session;
    struct lf_arena arena;
};

/* One batch, as a consumer writes it: events, one of them a dead letter, a count of them as state, the position. */
static enum lf_status
write_batch(struct world *w, int64_t from, struct lf_err *error)
{
    const struct lf_event *events[BATCH];
    enum lf_append_outcome outcomes[BATCH];
    const struct lf_entity *counter = &w->model->entities[COUNTER];
    struct lf_bytes key = LF_LIT("1");
    struct lf_value state = LF_VALUE_NULL;
    for (int i = 0; i < BATCH; i++)
        events[i] = fixture_event(w->model, &w->arena, (int)from * BATCH + i, "CounterMoved", "{\"number\":1}");
    enum lf_status st = lf_store_begin(w->session, error);
    if (st == LF_OK)
        st = lf_store_append(w->session, events, BATCH, outcomes, error);
    if (st == LF_OK)
        st = lf_store_load(w->session, counter, &key, 1, &w->arena, &state, error);
    if (st != LF_OK)
        return st;
    const struct lf_value *value = lf_value_get_text(&state, "value");
    int64_t count = value != NULL ? value->u.integer : 0;
    for (int i = 0; i < BATCH; i++) {
        assert_int_equal(outcomes[i], LF_APPENDED);
        count++;
    }
    const char *text = lf_arena_printf(&w->arena, "{\"number\":1,\"value\":%lld}", (long long)count);
    struct lf_state_change change = {.key = key, .state = fixture_json(&w->arena, text)};
    struct lf_dead_letter letter = fixture_letter((int)from + 1000);
    st = lf_store_save(w->session, counter, &change, 1, error);
    if (st == LF_OK)
        st = lf_store_bury(w->session, &letter, 1, error);
    if (st == LF_OK)
        st = lf_store_advance(w->session, LF_LIT("g"), LF_LIT("t"), 0, from == 0 ? -1 : from, from + 1, error);
    if (st == LF_OK)
        st = lf_store_commit(w->session, error);
    return st;
}

/* Reads the position and works off what is left; returns the first failure. */
static enum lf_status
work(struct world *w, struct lf_err *error)
{
    int64_t next;
    enum lf_status st = lf_store_position(w->session, LF_LIT("g"), LF_LIT("t"), 0, &next, error);
    if (st != LF_OK)
        return st;
    for (int64_t batch = next < 0 ? 0 : next; st == LF_OK && batch < BATCHES; batch++)
        st = write_batch(w, batch, error);
    if (st != LF_OK)
        lf_store_abort(w->session);
    return st;
}

/* Whole batches only, everywhere the same number of them. Returns how many. */
static int64_t
assert_whole(struct world *w)
{
    struct lf_list_query query = {.first = 100};
    struct lf_list_result list;
    struct lf_dead_letter *letters;
    struct lf_value state;
    size_t letter_count;
    int64_t next;
    OK(lf_store_position(w->session, LF_LIT("g"), LF_LIT("t"), 0, &next, &err));
    int64_t batches = next < 0 ? 0 : next;
    OK(lf_store_list(w->session, &query, &w->arena, &list, &err));
    assert_int_equal(list.count, batches * BATCH);
    OK(lf_store_dead_letters(w->session, 0, 100, &w->arena, &letters, &letter_count, &err));
    assert_int_equal(letter_count, batches);
    enum lf_status st = lf_store_get(w->session, &w->model->entities[COUNTER], LF_LIT("1"), &w->arena, &state, &err);
    assert_int_equal(st, batches == 0 ? LF_NOT_FOUND : LF_OK);
    if (batches != 0)
        assert_int_equal(lf_value_get_text(&state, "value")->u.integer, batches * BATCH);
    return batches;
}

static void
open_world(struct world *w, const char *url)
{
    struct lf_store *inner = NULL;
    w->model = fixture_model();
    lf_arena_init(&w->arena, 0, 0);
    struct lf_store_options options = {.url = url, .model = w->model};
    OK(lf_store_open(&options, &inner, &err));
    w->store = lf_store_fault_new(inner);
    assert_non_null(w->store);
    OK(lf_store_session_open(w->store, true, &w->session, &err));
}

static void
close_world(struct world *w)
{
    lf_store_session_close(w->session);
    lf_store_close(w->store);
    lf_arena_release(&w->arena);
    lf_model_free(w->model);
}

static char *folder;

/* A fresh store of either kind. */
static const char *
fresh_url(bool sqlite)
{
    static char url[600];
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    if (!sqlite)
        return "memory:";
    for (int i = 0; i < 3; i++) {
        snprintf(url, sizeof(url), "%s/store.db%s", folder, suffixes[i]);
        unlink(url);
    }
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    return url;
}

static void
run_fault(bool sqlite, struct lf_store_fault fault, bool *ret_hit)
{
    struct world w = {0};
    struct lf_err error = {0};
    open_world(&w, fresh_url(sqlite));
    lf_store_fault_arm(w.store, fault);
    enum lf_status st = work(&w, &error);
    *ret_hit = lf_store_fault_hits(w.store) != 0;
    if (*ret_hit) {
        assert_int_equal(st, fault.status);
        assert_int_equal(error.status, fault.status);
    } else {
        assert_int_equal(st, LF_OK);
    }
    lf_store_fault_arm(w.store, (struct lf_store_fault){0});
    int64_t before = assert_whole(&w);
    if (*ret_hit && fault.ops == LF_FAULT_COMMIT)
        assert_int_equal(before, (int64_t)fault.nth - (fault.after ? 0 : 1));
    OK(work(&w, &err)); /* goes on from there */
    assert_int_equal(assert_whole(&w), BATCHES);
    close_world(&w);
}

static void
run_all(bool sqlite)
{
    static const unsigned ops[] = {LF_FAULT_BEGIN, LF_FAULT_APPEND,  LF_FAULT_LOAD,   LF_FAULT_SAVE,
                                   LF_FAULT_BURY,  LF_FAULT_ADVANCE, LF_FAULT_COMMIT, LF_FAULT_READ};
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        for (int after = 0; after <= (ops[i] == LF_FAULT_COMMIT); after++) {
            bool hit = true;
            uint64_t nth = 1;
            for (; hit; nth++)
                run_fault(
                    sqlite,
                    (struct lf_store_fault){
                        .ops = ops[i], .nth = nth, .status = after ? LF_TIMEOUT : LF_UNAVAILABLE, .after = after != 0},
                    &hit);
            assert_true(nth > (ops[i] == LF_FAULT_READ ? 2 : BATCHES)); /* each call was made to fail */
        }
    }
}

static void
test_every_call_fails_once_in_memory(void **state)
{
    (void)state;
    run_all(false);
}

static void
test_every_call_fails_once_on_sqlite(void **state)
{
    (void)state;
    run_all(true);
}

/* Failures in a row: the store is away for a while. */
static void
test_a_store_that_is_away_for_a_while(void **state)
{
    (void)state;
    struct world w = {0};
    open_world(&w, "memory:");
    lf_store_fault_arm(w.store,
                       (struct lf_store_fault){.ops = LF_FAULT_ANY, .nth = 9, .times = 20, .status = LF_UNAVAILABLE});
    struct lf_err error = {0};
    int tries = 0;
    while (work(&w, &error) != LF_OK) {
        assert_int_equal(error.fate, LF_FATE_RETRY);
        tries++;
    }
    assert_int_equal(lf_store_fault_hits(w.store), 20);
    assert_int_equal(tries, 20);
    assert_int_equal(assert_whole(&w), BATCHES);
    assert_string_equal(lf_store_backend_name(lf_store_fault_inner(w.store)), "memory");
    lf_store_fault_arm(w.store, (struct lf_store_fault){.ops = LF_FAULT_HEALTH, .nth = 1, .status = LF_UNAVAILABLE});
    FAILS(LF_UNAVAILABLE, lf_store_health(w.store, &err));
    OK(lf_store_health(w.store, &err));
    close_world(&w);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_fails_once_in_memory),
        cmocka_unit_test(test_every_call_fails_once_on_sqlite),
        cmocka_unit_test(test_a_store_that_is_away_for_a_while),
    };
    folder = fixture_folder();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_remove(folder);
    return failed;
}
