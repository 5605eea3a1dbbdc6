/*
 * States beside what their events make of them: what differs is written, what consumers do meanwhile is not lost, and
 * what is not theirs yet is left to them.
 */
#include "mongo_server.h"

#include <string.h>

static struct mongo_server server;

struct world {
    struct lf_model *model;
    struct lf_store *store;
    struct lf_store_session *session, *consumer;
    struct lf_arena arena, scratch;
    char seen[256];      /* events of the review, and what differed, in order */
    const char *becomes; /* what the fold makes of each entity; NULL: nothing is known */
};

static void
open_world(struct world *w)
{
    *w = (struct world){.model = fixture_model(), .becomes = "{\"customerId\":\"q\",\"amount\":1}"};
    lf_arena_init(&w->arena, 0, 0);
    lf_arena_init(&w->scratch, 0, 0);
    mongo_server_drop(&server, "review");
    w->store = mongo_server_store(server.port, "review", w->model);
    assert_true(lf_store_reviews(w->store));
    OK(lf_store_session_open(w->store, true, &w->session, &err));
    OK(lf_store_session_open(w->store, true, &w->consumer, &err));
}

static void
close_world(struct world *w)
{
    lf_store_session_close(w->consumer);
    lf_store_session_close(w->session);
    lf_store_close(w->store);
    lf_arena_release(&w->scratch);
    lf_arena_release(&w->arena);
    lf_model_free(w->model);
}

static const struct lf_entity *
quotes(const struct world *w)
{
    return &w->model->entities[QUOTE];
}

/* Within the consumer's transaction: as a fold would leave it after an event. */
static void
save(struct world *w, const char *key, const char *state, const struct lf_event *event)
{
    struct lf_state_change change = {.key = lf_bytes_of(key), .state = fixture_json(&w->arena, state)};
    if (event != NULL)
        change.place = event->place;
    OK(lf_store_save(w->consumer, quotes(w), &change, 1, &err));
}

static struct lf_event *
append(struct world *w, int n, const char *id)
{
    struct lf_event *event =
        fixture_event(w->model, &w->arena, n, "QuoteCreated", "{\"customerId\":\"q\",\"amount\":1}");
    enum lf_append_outcome outcome;
    event->entity_key = LF_LIT("q");
    event->id = lf_bytes_of(id);
    OK(lf_store_append(w->consumer, (const struct lf_event *const[]){event}, 1, &outcome, &err));
    assert_int_equal(outcome, LF_APPENDED);
    return event;
}

/* One event, which q has in it, and the position behind it; q says AMOUNT. */
static void
store_quote(struct world *w, const char *state)
{
    OK(lf_store_begin(w->consumer, &err));
    save(w, "q", state, append(w, 0, "a"));
    OK(lf_store_advance(w->consumer, LF_LIT("g"), LF_LIT("t"), 0, -1, 1, &err));
    OK(lf_store_commit(w->consumer, &err));
}

static const char *
quote(struct world *w, const char *key)
{
    struct lf_value value;
    enum lf_status st = lf_store_get(w->consumer, quotes(w), lf_bytes_of(key), &w->arena, &value, &err);
    return st == LF_OK ? fixture_text(&w->arena, &value) : "none";
}

/* ---- a review ---- */

static void
note(struct world *w, struct lf_bytes text)
{
    size_t len = strlen(w->seen);
    snprintf(w->seen + len, sizeof(w->seen) - len, "%.*s ", LF_FMT(text));
}

static enum lf_status
fold(void *ctx, const struct lf_stored_event *stored, struct lf_err *error)
{
    (void)error;
    note(ctx, stored->event.id);
    return LF_OK;
}

static enum lf_status
state(void *ctx, struct lf_value *ret, bool *ret_known, struct lf_err *error)
{
    struct world *w = ctx;
    (void)error;
    bool any = w->seen[0] != '\0';
    *ret_known = w->becomes != NULL;
    *ret = any && *ret_known ? fixture_json(&w->scratch, w->becomes) : LF_VALUE_NULL;
    return LF_OK;
}

static enum lf_status
differs(void *ctx, struct lf_bytes key, const struct lf_value *expected, const struct lf_value *seen,
        struct lf_err *error)
{
    (void)expected;
    (void)seen;
    (void)error;
    note(ctx, LF_LIT("!"));
    note(ctx, key);
    return LF_OK;
}

/* Begins a transaction and reviews in it. */
static struct lf_reviewed
review(struct world *w)
{
    const struct lf_review asked = {.entity = quotes(w),
                                    .max = 10,
                                    .arena = &w->scratch,
                                    .ctx = w,
                                    .fold = fold,
                                    .state = state,
                                    .differs = differs};
    struct lf_reviewed reviewed;
    w->seen[0] = '\0';
    OK(lf_store_begin(w->session, &err));
    OK(lf_store_review(w->session, &asked, &reviewed, &err));
    return reviewed;
}

static void
expect_nothing(struct world *w)
{
    assert_int_equal(review(w).differences, 0);
    lf_store_abort(w->session);
}

/* ---- what is asked ---- */

static void
test_what_differs_is_written(void **unused)
{
    struct world w;
    (void)unused;
    open_world(&w);
    store_quote(&w, "{\"customerId\":\"q\",\"amount\":7}");
    struct lf_reviewed reviewed = review(&w);
    assert_string_equal(w.seen, "a ! q ");
    assert_int_equal(reviewed.entities, 1);
    assert_int_equal(reviewed.differences, 1);
    assert_true(lf_bytes_equal(reviewed.last, LF_LIT("q")) && !reviewed.more);
    OK(lf_store_commit(w.session, &err));
    assert_string_equal(quote(&w, "q"), "{\"customerId\":\"q\",\"amount\":1}");
    expect_nothing(&w);
    close_world(&w);
}

/* Nothing is known of an entity whose events cannot be applied. */
static void
test_what_is_not_known_is_left(void **unused)
{
    struct world w;
    (void)unused;
    open_world(&w);
    store_quote(&w, "{\"customerId\":\"q\",\"amount\":7}");
    w.becomes = NULL;
    assert_int_equal(review(&w).differences, 0);
    OK(lf_store_commit(w.session, &err));
    assert_string_equal(quote(&w, "q"), "{\"customerId\":\"q\",\"amount\":7}");
    close_world(&w);
}

/* A document that people have made. */
static void
insert_ghost(void)
{
    bson_t reply;
    mongo_server_run(&server, "review",
                     "{\"insert\":\"quotes\",\"documents\":[{\"_id\":\"ghost\",\"customerId\":\"ghost\"}]}", &reply);
    bson_destroy(&reply);
}

static void
test_a_state_without_events_goes(void **unused)
{
    struct world w;
    (void)unused;
    open_world(&w);
    insert_ghost();
    assert_int_equal(review(&w).differences, 1);
    OK(lf_store_commit(w.session, &err));
    assert_string_equal(quote(&w, "ghost"), "none");
    expect_nothing(&w);
    close_world(&w);
}

/* A consumer that had loaded what was wrong cannot carry it on. */
static void
test_a_consumer_is_overtaken(void **unused)
{
    struct world w;
    struct lf_value value;
    (void)unused;
    open_world(&w);
    store_quote(&w, "{\"customerId\":\"q\",\"amount\":7}");
    OK(lf_store_begin(w.consumer, &err));
    OK(lf_store_load(w.consumer, quotes(&w), (struct lf_bytes[]){LF_LIT("q")}, 1, &w.arena, &value, &err));
    assert_int_equal(review(&w).differences, 1);
    OK(lf_store_commit(w.session, &err));
    save(&w, "q", "{\"customerId\":\"q\",\"amount\":8}", NULL);
    FAILS(LF_AGAIN, lf_store_commit(w.consumer, &err));
    lf_store_abort(w.consumer);
    assert_string_equal(quote(&w, "q"), "{\"customerId\":\"q\",\"amount\":1}");
    close_world(&w);
}

/* And what a consumer has written meanwhile is not written over. */
static void
test_a_review_is_overtaken(void **unused)
{
    struct world w;
    (void)unused;
    open_world(&w);
    store_quote(&w, "{\"customerId\":\"q\",\"amount\":7}");
    assert_int_equal(review(&w).differences, 1);
    OK(lf_store_begin(w.consumer, &err));
    save(&w, "q", "{\"customerId\":\"q\",\"amount\":2}", append(&w, 1, "b"));
    OK(lf_store_commit(w.consumer, &err));
    FAILS(LF_AGAIN, lf_store_commit(w.session, &err));
    lf_store_abort(w.session);
    assert_string_equal(quote(&w, "q"), "{\"customerId\":\"q\",\"amount\":2}");
    assert_int_equal(review(&w).differences, 1);
    assert_string_equal(w.seen, "a b ! q ");
    lf_store_abort(w.session);
    close_world(&w);
}

/* What is as it was read is written all the same. */
static void
test_a_review_is_overtaken_in_part(void **unused)
{
    struct world w;
    (void)unused;
    open_world(&w);
    store_quote(&w, "{\"customerId\":\"q\",\"amount\":7}");
    insert_ghost();
    assert_int_equal(review(&w).differences, 2);
    OK(lf_store_begin(w.consumer, &err));
    save(&w, "q", "{\"customerId\":\"q\",\"amount\":2}", append(&w, 1, "b"));
    OK(lf_store_commit(w.consumer, &err));
    FAILS(LF_AGAIN, lf_store_commit(w.session, &err));
    lf_store_abort(w.session);
    assert_string_equal(quote(&w, "q"), "{\"customerId\":\"q\",\"amount\":2}");
    assert_string_equal(quote(&w, "ghost"), "none");
    close_world(&w);
}

/* Stored by a commit that was cut short: not in the state, and not passed. */
static void
test_what_is_not_applied_yet_is_left(void **unused)
{
    struct world w;
    (void)unused;
    open_world(&w);
    store_quote(&w, "{\"customerId\":\"q\",\"amount\":1}");
    OK(lf_store_begin(w.consumer, &err));
    append(&w, 1, "b");
    OK(lf_store_commit(w.consumer, &err));
    assert_int_equal(review(&w).differences, 0);
    assert_string_equal(w.seen, "a ");
    lf_store_abort(w.session);
    close_world(&w);
}

/* A position has no event behind it: nobody is waited for. (What would be, the tests of rebuild beside load show.) */
static void
test_settled(void **unused)
{
    struct world w;
    (void)unused;
    open_world(&w);
    OK(lf_store_review_settle(w.session, &err));
    store_quote(&w, "{\"customerId\":\"q\",\"amount\":1}");
    OK(lf_store_review_settle(w.session, &err));
    OK(lf_store_begin(w.session, &err));
    FAILS(LF_USAGE, lf_store_review_settle(w.session, &err));
    lf_store_abort(w.session);
    close_world(&w);
}

static void
test_notes(void **unused)
{
    struct world w;
    struct lf_review_note note = {.after = LF_LIT("q"), .digest = 5, .events = 6, .differences = 7}, read;
    (void)unused;
    open_world(&w);
    OK(lf_store_review_read(w.session, quotes(&w), &w.arena, &read, &err));
    assert_null(read.after.ptr);
    OK(lf_store_review_note(w.session, quotes(&w), &note, &err));
    OK(lf_store_review_read(w.session, quotes(&w), &w.arena, &read, &err));
    assert_true(lf_bytes_equal(read.after, LF_LIT("q")));
    assert_int_equal(read.digest, 5);
    assert_int_equal(read.events, 6);
    assert_int_equal(read.differences, 7);
    OK(lf_store_review_note(w.session, quotes(&w), NULL, &err));
    OK(lf_store_review_read(w.session, quotes(&w), &w.arena, &read, &err));
    assert_null(read.after.ptr);
    close_world(&w);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_differs_is_written),
        cmocka_unit_test(test_what_is_not_known_is_left),
        cmocka_unit_test(test_a_state_without_events_goes),
        cmocka_unit_test(test_a_consumer_is_overtaken),
        cmocka_unit_test(test_a_review_is_overtaken),
        cmocka_unit_test(test_a_review_is_overtaken_in_part),
        cmocka_unit_test(test_what_is_not_applied_yet_is_left),
        cmocka_unit_test(test_settled),
        cmocka_unit_test(test_notes),
    };
    mongo_server_new(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mongo_server_free(&server);
    return failed;
}
