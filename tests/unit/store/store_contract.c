/* What every back end promises, as tests: store.h and list.h line by line. */
#include "fixture.h"

#include "base/limits.h"
#include "base/mem.h"
#include "store/row.h"

#include <stdio.h>
#include <string.h>

static const struct backend *under_test; /* of this program */

int
contract_setup(void **state)
{
    struct contract *c = lf_calloc(1, sizeof(*c));
    assert_non_null(c);
    c->backend = under_test;
    c->model = fixture_model();
    lf_arena_init(&c->arena, 0, 0);
    c->backend->reset(c->backend->ctx);
    c->store = c->backend->open(c->backend->ctx, c->model);
    OK(lf_store_session_open(c->store, true, &c->session, &err));
    *state = c;
    return 0;
}

int
contract_teardown(void **state)
{
    struct contract *c = *state;
    lf_store_session_close(c->session);
    lf_store_close(c->store);
    lf_arena_release(&c->arena);
    lf_model_free(c->model);
    lf_free(c);
    return 0;
}

/* ---- helpers ---- */

static const struct lf_entity *
entity(const struct contract *c, size_t index)
{
    return &c->model->entities[index];
}

/* Appends one event within the open transaction. */
static enum lf_append_outcome
append(struct contract *c, const struct lf_event *event)
{
    enum lf_append_outcome outcome = LF_APPEND_CONFLICT;
    OK(lf_store_append(c->session, &event, 1, &outcome, &err));
    return outcome;
}

static void
save(struct contract *c, size_t index, const char *key, const char *state)
{
    struct lf_state_change change = {.key = lf_bytes_of(key),
                                     .state = state != NULL ? fixture_json(&c->arena, state) : LF_VALUE_NULL,
                                     .place = {LF_LIT("t"), 0, 1}};
    OK(lf_store_save(c->session, entity(c, index), &change, 1, &err));
}

/* The state as this session sees it, as JSON text; "none". */
static const char *
get(struct contract *c, struct lf_store_session *session, size_t index, const char *key)
{
    struct lf_value value;
    enum lf_status st = lf_store_get(session, entity(c, index), lf_bytes_of(key), &c->arena, &value, &err);
    if (st == LF_NOT_FOUND)
        return "none";
    if (st != LF_OK)
        fail_msg("%s", err.text);
    return fixture_text(&c->arena, &value);
}

static int64_t
position(struct lf_store_session *session, int32_t partition)
{
    int64_t next = -2;
    OK(lf_store_position(session, LF_LIT("g"), LF_LIT("t"), partition, &next, &err));
    return next;
}

static enum lf_status
find_event(struct contract *c, struct lf_store_session *session, struct lf_bytes id, struct lf_stored_event *ret)
{
    return lf_store_event(session, id, &c->arena, ret, &err);
}

static struct lf_store_session *
reader(struct contract *c)
{
    struct lf_store_session *session = NULL;
    OK(lf_store_session_open(c->store, false, &session, &err));
    return session;
}

/* ---- events ---- */

static void
assert_bytes(struct lf_bytes a, struct lf_bytes b)
{
    assert_int_equal(a.ptr == NULL, b.ptr == NULL);
    assert_int_equal(a.len, b.len);
    assert_true(lf_bytes_equal(a, b));
}

static void
test_event_comes_back_whole(void **state)
{
    struct contract *c = *state;
    static const struct lf_header headers[] = {{{"ce_id", 5}, {"x", 1}}, {{"bin", 3}, {"\xff", 1}},
                                               {{"none", 4}, {NULL, 0}}, {{"twice", 5}, {"1", 1}},
                                               {{"twice", 5}, {"2", 1}}, {{"ce_dataversion", 14}, {"7", 1}}};
    struct lf_event *event = fixture_event(
        c->model, &c->arena, 1, "QuoteCreated",
        "{\"amount\": 12.50, \"big\": 123456789012345678901234567890, \"s\": \"ä\\u0000\\n\", \"n\": null}");
    event->extra = fixture_json(&c->arena, "{\"trace\": [1, 2]}");
    event->headers = headers;
    event->header_count = 6;
    event->version = 7; /* as the codec reads it from the headers */
    event->entity_key = LF_LIT("c1");
    event->key = lf_bytes("k\xff\0", 3);
    OK(lf_store_begin(c->session, &err));
    assert_int_equal(append(c, event), LF_APPENDED);
    OK(lf_store_commit(c->session, &err));

    struct lf_stored_event stored;
    assert_int_equal(find_event(c, c->session, event->id, &stored), LF_OK);
    assert_int_equal(stored.status, LF_EVENT_STORED);
    assert_bytes(stored.event.id, event->id);
    assert_bytes(stored.event.type_name, LF_LIT("QuoteCreated"));
    assert_ptr_equal(stored.event.type, event->type);
    assert_true(lf_value_equal(&stored.event.payload, &event->payload));
    assert_true(lf_value_equal(&stored.event.extra, &event->extra));
    assert_int_equal(stored.event.version, 7);
    assert_bytes(stored.event.key, event->key);
    assert_bytes(stored.event.entity_key, LF_LIT("c1"));
    assert_bytes(stored.entity_type, LF_LIT("Quote"));
    assert_int_equal(stored.event.time_us, event->time_us);
    assert_bytes(stored.event.place.topic, LF_LIT("t"));
    assert_int_equal(stored.event.place.partition, 0);
    assert_int_equal(stored.event.place.offset, 1);
    assert_true(stored.stored_at_us > 1600000000000000);
    struct lf_value expected =
        fixture_json(&c->arena, "{\"ce_id\":\"x\",\"bin\":{\"base64\":\"/w==\"},\"none\":null,\"twice\":[\"1\",\"2\"],"
                                "\"ce_dataversion\":\"7\"}");
    assert_true(lf_value_equal(&stored.headers, &expected));
}

static void
test_event_of_unknown_type_without_key(void **state)
{
    struct contract *c = *state;
    struct lf_event *event = fixture_event(c->model, &c->arena, 1, "Of other teams", "[1]");
    event->key = LF_BYTES_NONE;
    event->time_us = -1;
    OK(lf_store_begin(c->session, &err));
    assert_int_equal(append(c, event), LF_APPENDED);
    OK(lf_store_commit(c->session, &err));
    struct lf_stored_event stored;
    assert_int_equal(find_event(c, c->session, event->id, &stored), LF_OK);
    assert_null(stored.event.type);
    assert_null(stored.event.key.ptr);
    assert_null(stored.event.entity_key.ptr);
    assert_null(stored.entity_type.ptr);
    assert_int_equal(stored.event.extra.type, LF_V_NULL);
    assert_int_equal(stored.event.time_us, -1);
    assert_int_equal(stored.headers.type, LF_V_OBJECT);
    assert_int_equal(find_event(c, c->session, LF_LIT("no such id"), &stored), LF_NOT_FOUND);
    assert_int_equal(find_event(c, c->session, LF_LIT(""), &stored), LF_NOT_FOUND);
}

static void
test_times_of_any_size_are_kept_within_bounds(void **state)
{
    struct contract *c = *state;
    static const int64_t times[] = {INT64_MIN, INT64_MAX, 0, 253402300799999999, -62135596800000000};
    static const int64_t expected[] = {-62135596800000000, 253402300799999999, 0, 253402300799999999,
                                       -62135596800000000};
    OK(lf_store_begin(c->session, &err));
    for (int i = 0; i < 5; i++) {
        struct lf_event *event = fixture_event(c->model, &c->arena, i, "Noted", "{}");
        event->time_us = times[i];
        assert_int_equal(append(c, event), LF_APPENDED);
    }
    OK(lf_store_commit(c->session, &err));
    for (int i = 0; i < 5; i++) {
        struct lf_stored_event stored;
        struct lf_event *event = fixture_event(c->model, &c->arena, i, "Noted", "{}");
        assert_int_equal(find_event(c, c->session, event->id, &stored), LF_OK);
        int64_t us = stored.event.time_us;
        assert_int_equal(us < expected[0] ? expected[0] : us > expected[1] ? expected[1] : us, expected[i]);
    }
}

static void
test_duplicates_and_conflicts(void **state)
{
    struct contract *c = *state;
    static const char first[] = "{\"a\": 1.50, \"b\": [1e2], \"c\": {\"x\": 1, \"y\": 2}}";
    static const char spelled[] = "{\"b\": [100], \"c\": {\"y\": 2.0, \"x\": 1}, \"a\": 1.5}";
    static const char other[] = "{\"b\": [100], \"c\": {\"y\": 2.0, \"x\": 1}, \"a\": 1.51}";
    for (int commit_between = 0; commit_between < 2; commit_between++) {
        int n = commit_between * 1000;
        OK(lf_store_begin(c->session, &err));
        assert_int_equal(append(c, fixture_event(c->model, &c->arena, n + 1, "Noted", first)), LF_APPENDED);
        if (commit_between) {
            OK(lf_store_commit(c->session, &err));
            OK(lf_store_begin(c->session, &err));
        }
        struct lf_event *again = fixture_event(c->model, &c->arena, n + 1, "Noted", spelled);
        again->place.offset = n + 2; /* sent twice */
        assert_int_equal(append(c, again), LF_APPEND_DUPLICATE);
        again->payload = fixture_json(&c->arena, other);
        assert_int_equal(append(c, again), LF_APPEND_CONFLICT);
        again->payload = fixture_json(&c->arena, first);
        again->type_name = LF_LIT("Of another type");
        assert_int_equal(append(c, again), LF_APPEND_CONFLICT);
        struct lf_event *same_place = fixture_event(c->model, &c->arena, n + 1, "Noted", other);
        assert_int_equal(append(c, same_place), LF_APPEND_DUPLICATE); /* read twice */
        same_place->id = LF_LIT("another id");
        assert_int_equal(append(c, same_place), LF_APPEND_DUPLICATE);
        /* the transaction goes on */
        assert_int_equal(append(c, fixture_event(c->model, &c->arena, n + 3, "Noted", first)), LF_APPENDED);
        OK(lf_store_commit(c->session, &err));
    }
    struct lf_list_query query = {.first = 10};
    struct lf_list_result list;
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    assert_int_equal(list.count, 4);
    struct lf_value kept = fixture_json(&c->arena, first);
    assert_true(lf_value_equal(&list.events[0].event.payload, &kept)); /* the first stays */
}

static void
test_many_events_at_once_with_their_outcomes(void **state)
{
    struct contract *c = *state;
    enum { N = 100 };
    const struct lf_event *events[N];
    enum lf_append_outcome outcomes[N];
    for (int i = 0; i < N; i++)
        events[i] = fixture_event(c->model, &c->arena, i, "Noted", "{\"v\": 1}");
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_append(c->session, events, N / 2, outcomes, &err));
    OK(lf_store_commit(c->session, &err));
    struct lf_event *changed = fixture_event(c->model, &c->arena, 7, "Noted", "{\"v\": 2}");
    changed->place.offset = 1007;
    events[7] = changed;
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_append(c->session, events, N, outcomes, &err));
    OK(lf_store_append(c->session, events, 0, outcomes, &err));
    OK(lf_store_commit(c->session, &err));
    for (int i = 0; i < N; i++)
        assert_int_equal(outcomes[i], i == 7 ? LF_APPEND_CONFLICT : i < N / 2 ? LF_APPEND_DUPLICATE : LF_APPENDED);
}

/* A log that gives places out again: what was stored from them stays, and what comes from them now is stored too. */
static void
test_places_that_are_given_out_again(void **state)
{
    struct contract *c = *state;
    struct lf_stored_event stored;
    struct lf_dead_letter letter = fixture_letter(8);
    OK(lf_store_begin(c->session, &err));
    for (int n = 1; n <= 4; n++)
        assert_int_equal(append(c, fixture_event(c->model, &c->arena, n, "Noted", "{}")), LF_APPENDED);
    letter.place = (struct lf_place){LF_LIT("t"), 0, 5};
    OK(lf_store_bury(c->session, &letter, 1, &err));
    OK(lf_store_advance(c->session, LF_LIT("g"), LF_LIT("t"), 0, -1, 6, &err));
    OK(lf_store_commit(c->session, &err));
    OK(lf_store_begin(c->session, &err));
    enum lf_status st = lf_store_set_aside(c->session, LF_LIT("t"), 0, 3, LF_LIT("t~then"), &err);
    if (st == LF_UNSUPPORTED) { /* then consumers stop instead */
        lf_store_abort(c->session);
        return;
    }
    assert_int_equal(st, LF_OK);
    OK(lf_store_advance(c->session, LF_LIT("g"), LF_LIT("t"), 0, 6, 3, &err));
    OK(lf_store_commit(c->session, &err));
    assert_int_equal(position(c->session, 0), 3);
    OK(lf_store_begin(c->session, &err));
    struct lf_event *other = fixture_event(c->model, &c->arena, 103, "Noted", "{}");
    other->place.offset = 3;
    assert_int_equal(append(c, other), LF_APPENDED);
    other = fixture_event(c->model, &c->arena, 102, "Noted", "{}");
    other->place.offset = 2;
    assert_int_equal(append(c, other), LF_APPEND_DUPLICATE);
    letter.event_id = LF_LIT("another");
    OK(lf_store_bury(c->session, &letter, 1, &err));
    OK(lf_store_commit(c->session, &err));
    const char *topics[] = {"t", "t", "t~then", "t~then"};
    for (int n = 1; n <= 4; n++) {
        struct lf_event *event = fixture_event(c->model, &c->arena, n, "Noted", "{}");
        assert_int_equal(find_event(c, c->session, event->id, &stored), LF_OK);
        assert_bytes(stored.event.place.topic, lf_bytes_of(topics[n - 1]));
        assert_int_equal(stored.event.place.offset, event->place.offset);
    }
    struct lf_dead_letter *letters;
    size_t count;
    OK(lf_store_dead_letters(c->session, &(struct lf_letter_query){.max = 10}, &c->arena, &letters, &count, &err));
    assert_int_equal(count, 2);
    assert_bytes(letters[0].place.topic, LF_LIT("t~then"));
    assert_bytes(letters[1].place.topic, LF_LIT("t"));
}

/* ---- transactions ---- */

static void
write_everything(struct contract *c, int n)
{
    assert_int_equal(append(c, fixture_event(c->model, &c->arena, n, "Noted", "{}")), LF_APPENDED);
    save(c, QUOTE, "q", n == 1 ? "{\"customerId\":\"q\",\"amount\":1}" : "{\"customerId\":\"q\",\"amount\":2}");
    struct lf_dead_letter letter = fixture_letter(n);
    letter.event_id = lf_bytes_of(lf_arena_printf(&c->arena, "dead-%d", n));
    OK(lf_store_bury(c->session, &letter, 1, &err));
    OK(lf_store_advance(c->session, LF_LIT("g"), LF_LIT("t"), 0, n == 1 ? -1 : n, n + 1, &err));
}

static void
assert_sees(struct contract *c, struct lf_store_session *session, int n, bool there)
{
    struct lf_stored_event stored;
    enum lf_status expected = there ? LF_OK : LF_NOT_FOUND;
    struct lf_event *event = fixture_event(c->model, &c->arena, n, "Noted", "{}");
    assert_int_equal(find_event(c, session, event->id, &stored), expected);
    struct lf_bytes dead = lf_bytes_of(lf_arena_printf(&c->arena, "dead-%d", n));
    assert_int_equal(find_event(c, session, dead, &stored), expected);
    const char *states[] = {"none", "{\"customerId\":\"q\",\"amount\":1}", "{\"customerId\":\"q\",\"amount\":2}"};
    assert_string_equal(get(c, session, QUOTE, "q"), states[there ? n : n - 1]);
    int64_t before = n == 1 ? -1 : n;
    assert_int_equal(position(session, 0), there ? n + 1 : before);
    if (c->backend->gathers && session == c->session && c->in_tx)
        return;
    struct lf_dead_letter *letters;
    size_t count;
    OK(lf_store_dead_letters(session, &(struct lf_letter_query){.max = 10}, &c->arena, &letters, &count, &err));
    assert_int_equal(count, there ? n : n - 1);
    struct lf_list_query query = {.first = 10}, quotes = {.entity = entity(c, QUOTE), .first = 10};
    struct lf_list_result list;
    OK(lf_store_list(session, &query, &c->arena, &list, &err));
    assert_int_equal(list.count, there ? n : n - 1);
    OK(lf_store_list(session, &quotes, &c->arena, &list, &err));
    assert_int_equal(list.count, there || n > 1);
}

static void
test_only_the_writer_sees_before_commit(void **state)
{
    struct contract *c = *state;
    struct lf_store_session *other = reader(c);
    for (int n = 1; n <= 2; n++) {
        OK(lf_store_begin(c->session, &err));
        write_everything(c, n);
        c->in_tx = true;
        assert_sees(c, c->session, n, true);
        c->in_tx = false;
        assert_sees(c, other, n, false);
        OK(lf_store_commit(c->session, &err));
        assert_sees(c, c->session, n, true);
        assert_sees(c, other, n, true);
    }
    lf_store_session_close(other);
}

static void
test_abort_leaves_nothing(void **state)
{
    struct contract *c = *state;
    for (int n = 1; n <= 2; n++) {
        for (int i = 0; i < 2; i++) {
            OK(lf_store_begin(c->session, &err));
            write_everything(c, n);
            lf_store_abort(c->session);
            assert_sees(c, c->session, n, false);
        }
        OK(lf_store_begin(c->session, &err));
        write_everything(c, n);
        OK(lf_store_commit(c->session, &err));
        lf_store_abort(c->session); /* without a transaction: nothing */
        assert_sees(c, c->session, n, true);
    }
}

static void
test_closing_a_session_aborts(void **state)
{
    struct contract *c = *state;
    OK(lf_store_begin(c->session, &err));
    write_everything(c, 1);
    lf_store_session_close(c->session);
    OK(lf_store_session_open(c->store, true, &c->session, &err));
    assert_sees(c, c->session, 1, false);
}

static void
test_what_was_committed_stays(void **state)
{
    struct contract *c = *state;
    if (!c->backend->durable)
        return;
    OK(lf_store_begin(c->session, &err));
    write_everything(c, 1);
    OK(lf_store_commit(c->session, &err));
    OK(lf_store_begin(c->session, &err));
    write_everything(c, 2);
    lf_store_session_close(c->session);
    lf_store_close(c->store);
    c->store = c->backend->open(c->backend->ctx, c->model);
    OK(lf_store_session_open(c->store, true, &c->session, &err));
    assert_sees(c, c->session, 2, false);
    OK(lf_store_begin(c->session, &err));
    write_everything(c, 2);
    OK(lf_store_commit(c->session, &err));
    assert_sees(c, c->session, 2, true);
}

static void
test_calls_out_of_order_are_refused(void **state)
{
    struct contract *c = *state;
    struct lf_store_session *other = reader(c);
    const struct lf_event *event = fixture_event(c->model, &c->arena, 1, "Noted", "{}");
    enum lf_append_outcome outcome;
    const struct lf_state_change change = {.key = LF_LIT("q")};
    FAILS(LF_USAGE, lf_store_begin(other, &err));
    FAILS(LF_USAGE, lf_store_append(c->session, &event, 1, &outcome, &err));
    FAILS(LF_USAGE, lf_store_commit(c->session, &err));
    FAILS(LF_USAGE, lf_store_save(c->session, entity(c, QUOTE), &change, 1, &err));
    FAILS(LF_USAGE, lf_store_advance(c->session, LF_LIT("g"), LF_LIT("t"), 0, -1, 1, &err));
    OK(lf_store_begin(c->session, &err));
    FAILS(LF_USAGE, lf_store_begin(c->session, &err));
    assert_int_equal(append(c, event), LF_APPENDED); /* none of this harmed the transaction */
    OK(lf_store_commit(c->session, &err));
    lf_store_session_close(other);
}

static void
test_a_failed_transaction_can_only_be_aborted(void **state)
{
    struct contract *c = *state;
    struct lf_state_change bad = {.key = LF_LIT("q"), .state = fixture_json(&c->arena, "{\"customerId\": \"q\"}")};
    OK(lf_store_begin(c->session, &err));
    assert_int_equal(append(c, fixture_event(c->model, &c->arena, 1, "Noted", "{}")), LF_APPENDED);
    FAILS(LF_INVALID, lf_store_save(c->session, entity(c, QUOTE), &bad, 1, &err));
    assert_non_null(strstr(err.text, "amount"));
    FAILS(LF_USAGE, lf_store_commit(c->session, &err));
    struct lf_stored_event stored;
    assert_int_equal(find_event(c, c->session, LF_LIT("x"), &stored), LF_USAGE);
    lf_store_abort(c->session);
    assert_int_equal(find_event(c, c->session, fixture_event(c->model, &c->arena, 1, "Noted", "{}")->id, &stored),
                     LF_NOT_FOUND);
}

/* ---- positions ---- */

static void
test_positions_move_one_by_one(void **state)
{
    struct contract *c = *state;
    assert_int_equal(position(c->session, 0), -1);
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_advance(c->session, LF_LIT("g"), LF_LIT("t"), 0, -1, 5, &err));
    OK(lf_store_advance(c->session, LF_LIT("g"), LF_LIT("t"), 0, 5, 9, &err));
    OK(lf_store_advance(c->session, LF_LIT("g"), LF_LIT("t"), 1, -1, 0, &err));
    OK(lf_store_advance(c->session, LF_LIT("g2"), LF_LIT("t"), 0, -1, 77, &err));
    OK(lf_store_advance(c->session, LF_LIT("g"), LF_LIT("t2"), 0, -1, INT64_MAX, &err));
    OK(lf_store_commit(c->session, &err));
    assert_int_equal(position(c->session, 0), 9);
    assert_int_equal(position(c->session, 1), 0);
    int64_t next;
    OK(lf_store_position(c->session, LF_LIT("g"), LF_LIT("t2"), 0, &next, &err));
    assert_int_equal(next, INT64_MAX);
    OK(lf_store_position(c->session, LF_LIT("g2"), LF_LIT("t"), 0, &next, &err));
    assert_int_equal(next, 77);
}

static void
test_a_second_consumer_fences_the_first(void **state)
{
    struct contract *c = *state;
    struct lf_store_session *second = NULL;
    OK(lf_store_session_open(c->store, true, &second, &err));
    for (int64_t was = -1; was < 20; was = was < 0 ? 10 : was + 10) {
        assert_int_equal(position(c->session, 0), was);
        OK(lf_store_begin(second, &err));
        OK(lf_store_advance(second, LF_LIT("g"), LF_LIT("t"), 0, was, was < 0 ? 10 : was + 10, &err));
        OK(lf_store_commit(second, &err));
        /* the first still believes in what it has read */
        OK(lf_store_begin(c->session, &err));
        assert_int_equal(append(c, fixture_event(c->model, &c->arena, 1, "Noted", "{}")), LF_APPENDED);
        FAILS(LF_FENCED, lf_store_advance(c->session, LF_LIT("g"), LF_LIT("t"), 0, was, was + 5, &err));
        assert_int_equal(err.fate, LF_FATE_STOP);
        FAILS(LF_USAGE, lf_store_commit(c->session, &err));
        lf_store_abort(c->session);
    }
    struct lf_list_query query = {.first = 10};
    struct lf_list_result list;
    OK(lf_store_list(c->session, &query, &c->arena, &list, &err));
    assert_int_equal(list.count, 0);
    assert_int_equal(position(c->session, 0), 20);
    lf_store_session_close(second);
}

static void
test_two_writers_wait_for_each_other(void **state)
{
    struct contract *c = *state;
    if (c->backend->concurrent)
        return;
    struct lf_store_session *second = NULL;
    OK(lf_store_session_open(c->store, true, &second, &err));
    OK(lf_store_begin(c->session, &err));
    FAILS(LF_UNAVAILABLE, lf_store_begin(second, &err));
    assert_int_equal(err.fate, LF_FATE_RETRY);
    OK(lf_store_commit(c->session, &err));
    OK(lf_store_begin(second, &err));
    lf_store_session_close(second);
}

/* ---- states ---- */

/* In the form that folds give them. */
static const char full_state[] =
    "{\"id\":\"x\",\"name\":\"\xc3\xa4 \xf0\x9f\x98\x80 \\u0000'\\\"%_\",\"count\":-2147483648,\"ratio\":1.25e-300,"
    "\"open\":true,\"at\":\"2026-11-24T06:46:34.500000Z\",\"day\":\"2024-02-29\",\"clock\":\"08:46:34Z\","
    "\"uuid\":\"0192f3c4-7b6a-7d5e-8f00-123456789abc\",\"price\":\"123456789012345678901234567890.10\","
    "\"big\":9223372036854775807,\"any\":{\"b\":[1.10,null,{}],\"a\":12345678901234567890123},\"kind\":\"RED\","
    "\"place\":{\"x\":1,\"y\":null},\"tags\":[\"\",\"b\",\"\xc3\xa4\"],\"sums\":[\"0.10\",null],\"shoeSize\":0}";
static const char null_state[] =
    "{\"id\":\"y\",\"name\":null,\"count\":null,\"ratio\":null,\"open\":null,\"at\":null,\"day\":null,\"clock\":null,"
    "\"uuid\":null,\"price\":null,\"big\":null,\"any\":null,\"kind\":null,\"place\":null,\"tags\":null,\"sums\":null,"
    "\"shoeSize\":null}";
static const char empty_state[] =
    "{\"id\":\"\",\"name\":\"\",\"count\":0,\"ratio\":0,\"open\":false,\"at\":\"0001-01-01T00:00:00.000000Z\","
    "\"day\":\"0001-01-01\",\"clock\":\"00:00:00-00:00\",\"uuid\":\"00000000-0000-0000-0000-000000000000\","
    "\"price\":\"0\",\"big\":-9223372036854775808,\"any\":\"\",\"kind\":\"\",\"place\":{},\"tags\":[],"
    "\"sums\":[],\"shoeSize\":2147483647}";

static void
test_every_type_comes_back(void **state)
{
    struct contract *c = *state;
    static const struct {
        const char *key, *state;
    } cases[] = {{"x", full_state}, {"y", null_state}, {"", empty_state}};
    OK(lf_store_begin(c->session, &err));
    for (int i = 0; i < 3; i++)
        save(c, THING, cases[i].key, cases[i].state);
    struct lf_bytes keys[] = {LF_LIT("x"), LF_LIT("nobody"), LF_LIT("y"), LF_LIT("")};
    struct lf_value states[4];
    OK(lf_store_load(c->session, entity(c, THING), keys, 4, &c->arena, states, &err));
    assert_string_equal(fixture_text(&c->arena, &states[0]), full_state);
    assert_int_equal(states[1].type, LF_V_NULL);
    assert_string_equal(fixture_text(&c->arena, &states[2]), null_state);
    assert_string_equal(fixture_text(&c->arena, &states[3]), empty_state);
    OK(lf_store_commit(c->session, &err));
    struct lf_store_session *other = reader(c);
    for (int i = 0; i < 3; i++)
        assert_string_equal(get(c, other, THING, cases[i].key), cases[i].state);
    lf_store_session_close(other);
}

static void
test_states_change_and_go(void **state)
{
    struct contract *c = *state;
    OK(lf_store_begin(c->session, &err));
    save(c, THING, "x", full_state);
    save(c, THING, "x", "{\"id\":\"x\",\"name\":\"short\"}"); /* what is missing is null */
    save(c, QUOTE, "x", "{\"amount\":1,\"customerId\":\"x\"}");
    OK(lf_store_commit(c->session, &err));
    OK(lf_store_begin(c->session, &err));
    save(c, THING, "y", null_state);
    save(c, QUOTE, "x", NULL);
    save(c, QUOTE, "never there", NULL);
    assert_string_equal(get(c, c->session, QUOTE, "x"), "none");
    struct lf_store_session *other = reader(c);
    assert_string_equal(get(c, other, QUOTE, "x"), "{\"customerId\":\"x\",\"amount\":1}");
    lf_store_abort(c->session);
    assert_string_equal(get(c, other, QUOTE, "x"), "{\"customerId\":\"x\",\"amount\":1}");
    assert_string_equal(get(c, other, THING, "y"), "none");
    OK(lf_store_begin(c->session, &err));
    save(c, QUOTE, "x", NULL);
    OK(lf_store_commit(c->session, &err));
    assert_string_equal(get(c, other, QUOTE, "x"), "none");
    OK(lf_store_begin(c->session, &err));
    save(c, QUOTE, "x", "{\"customerId\":\"x\",\"amount\":2}");
    save(c, QUOTE, "x", NULL);
    save(c, QUOTE, "x", "{\"customerId\":\"x\",\"amount\":3}");
    OK(lf_store_commit(c->session, &err));
    assert_string_equal(get(c, other, QUOTE, "x"), "{\"customerId\":\"x\",\"amount\":3}");
    lf_store_session_close(other);
    struct lf_value thing = fixture_json(&c->arena, get(c, c->session, THING, "x"));
    assert_int_equal(lf_value_get_text(&thing, "tags")->type, LF_V_NULL);
    assert_int_equal(thing.count, entity(c, THING)->field_count);
}

static void
test_keys_that_are_numbers(void **state)
{
    struct contract *c = *state;
    OK(lf_store_begin(c->session, &err));
    save(c, COUNTER, "-7", "{\"number\":-7,\"value\":\"12\"}"); /* a BigInt may come as text */
    OK(lf_store_commit(c->session, &err));
    assert_string_equal(get(c, c->session, COUNTER, "-7"), "{\"number\":-7,\"value\":12}");
    assert_string_equal(get(c, c->session, COUNTER, "7"), "none");
    assert_string_equal(get(c, c->session, COUNTER, "no number"), "none");
    OK(lf_store_begin(c->session, &err));
    struct lf_state_change bad = {.key = LF_LIT("x"), .state = fixture_json(&c->arena, "{\"number\":1,\"value\":1}")};
    FAILS(LF_INVALID, lf_store_save(c->session, entity(c, COUNTER), &bad, 1, &err));
    lf_store_abort(c->session);
    OK(lf_store_begin(c->session, &err));
    bad = (struct lf_state_change){.key = LF_LIT("1"),
                                   .state = fixture_json(&c->arena, "{\"number\":1,\"value\":9223372036854775808}")};
    FAILS(LF_INVALID, lf_store_save(c->session, entity(c, COUNTER), &bad, 1, &err));
    lf_store_abort(c->session);
}

static void
test_many_states_at_once(void **state)
{
    struct contract *c = *state;
    enum { N = 500 };
    struct lf_state_change changes[N];
    struct lf_bytes keys[N];
    struct lf_value states[N];
    for (int i = 0; i < N; i++) {
        keys[i] = lf_bytes_of(lf_arena_printf(&c->arena, "customer-%d", i));
        const char *text = lf_arena_printf(&c->arena, "{\"customerId\":\"customer-%d\",\"amount\":%d.5}", i, i);
        changes[i] = (struct lf_state_change){.key = keys[i], .state = fixture_json(&c->arena, text)};
    }
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_save(c->session, entity(c, QUOTE), changes, N, &err));
    OK(lf_store_load(c->session, entity(c, QUOTE), keys, N, &c->arena, states, &err));
    OK(lf_store_commit(c->session, &err));
    for (int i = 0; i < N; i++)
        assert_true(lf_value_equal(&states[i], &changes[i].state));
}

/* ---- dead letters ---- */

static void
assert_letter(const struct lf_dead_letter *a, const struct lf_dead_letter *b)
{
    assert_bytes(a->place.topic, b->place.topic);
    assert_int_equal(a->place.partition, b->place.partition);
    assert_int_equal(a->place.offset, b->place.offset);
    assert_bytes(a->event_id, b->event_id);
    assert_bytes(a->event_type, b->event_type);
    assert_bytes(a->key, b->key);
    assert_bytes(a->value, b->value);
    assert_bytes(a->stage, b->stage);
    assert_bytes(a->code, b->code);
    assert_bytes(a->reason, b->reason);
    assert_int_equal(a->record_time_ms, b->record_time_ms);
    assert_int_equal(a->dead_at_us, b->dead_at_us);
    assert_int_equal(a->header_count, b->header_count);
    for (size_t i = 0; i < a->header_count; i++) {
        assert_bytes(a->headers[i].name, b->headers[i].name);
        assert_bytes(a->headers[i].value, b->headers[i].value);
    }
}

static void
test_dead_letters_come_back_byte_for_byte(void **state)
{
    struct contract *c = *state;
    struct lf_dead_letter letters[3] = {fixture_letter(1), fixture_letter(2), fixture_letter(3)};
    letters[1].event_id = letters[1].event_type = letters[1].key = letters[1].value = LF_BYTES_NONE;
    letters[1].headers = NULL;
    letters[1].header_count = 0;
    letters[1].record_time_ms = -1;
    letters[2].key = letters[2].value = letters[2].reason = LF_LIT("");
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_bury(c->session, letters, 3, &err));
    struct lf_dead_letter again = letters[0];
    again.reason = LF_LIT("another");
    again.event_id = LF_LIT("another");
    OK(lf_store_bury(c->session, &again, 1, &err)); /* there already: left alone */
    OK(lf_store_commit(c->session, &err));
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_bury(c->session, letters, 3, &err));
    OK(lf_store_commit(c->session, &err));

    struct lf_dead_letter *read;
    size_t count;
    OK(lf_store_dead_letters(c->session, &(struct lf_letter_query){.max = 100}, &c->arena, &read, &count, &err));
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_letter(&read[i], &letters[i]);
        assert_true(read[i].id > (i == 0 ? 0 : read[i - 1].id));
    }
    int64_t first = read[0].id;
    OK(lf_store_dead_letters(c->session, &(struct lf_letter_query){.after = first, .max = 1}, &c->arena, &read, &count,
                             &err));
    assert_int_equal(count, 1);
    assert_int_equal(read[0].place.offset, 2);
    OK(lf_store_dead_letters(c->session, &(struct lf_letter_query){.after = INT64_MAX, .max = 5}, &c->arena, &read,
                             &count, &err));
    assert_int_equal(count, 0);
}

/* The offsets of the dead letters that a query finds, as text. */
static void
assert_found(struct contract *c, const struct lf_letter_query *query, const char *offsets)
{
    struct lf_dead_letter *read;
    size_t count;
    char text[64] = "";
    OK(lf_store_dead_letters(c->session, query, &c->arena, &read, &count, &err));
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%lld", i == 0 ? "" : " ",
                 (long long)read[i].place.offset);
    assert_string_equal(text, offsets);
}

static void
test_dead_letters_are_found_by_what_they_are(void **state)
{
    struct contract *c = *state;
    struct lf_dead_letter letters[4] = {fixture_letter(1), fixture_letter(2), fixture_letter(3), fixture_letter(4)};
    letters[1].code = LF_LIT("APPLY_FAILED");
    letters[1].event_type = LF_LIT("Other");
    letters[2].event_id = letters[2].event_type = LF_BYTES_NONE;
    letters[3].place.partition = 7;
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_bury(c->session, letters, 4, &err));
    OK(lf_store_commit(c->session, &err));
    struct lf_dead_letter *read;
    size_t count;
    OK(lf_store_dead_letters(c->session, &(struct lf_letter_query){.max = 10}, &c->arena, &read, &count, &err));
    assert_int_equal(count, 4);
    int64_t third = read[2].id;

    const struct {
        struct lf_letter_query query;
        const char *offsets;
    } rows[] = {
        {{.newest = true, .max = 10}, "4 3 2 1"},
        {{.newest = true, .max = 2}, "4 3"},
        {{.newest = true, .after = third, .max = 10}, "2 1"},
        {{.event_id = LF_LIT("dead-1"), .max = 10}, "1 2 4"},
        {{.event_id = LF_LIT("dead-1"), .newest = true, .max = 1}, "4"},
        {{.event_id = LF_LIT(""), .max = 10}, ""},
        {{.event_type = LF_LIT("Noted"), .max = 10}, "1 4"},
        {{.code = LF_LIT("NOT_AN_EVENT"), .max = 10}, "1 3 4"},
        {{.code = LF_LIT("NOT_AN_EVENT"), .after = third, .max = 10}, "4"},
        {{.code = LF_LIT("APPLY_FAILED"), .event_type = LF_LIT("Other"), .event_id = LF_LIT("dead-1"), .max = 10}, "2"},
        {{.code = LF_LIT("APPLY_FAILED"), .event_type = LF_LIT("Noted"), .max = 10}, ""},
        {{.place = {LF_LIT("t"), 7, 4}, .max = 10}, "4"},
        {{.place = {LF_LIT("t"), 0, 4}, .max = 10}, ""},
        {{.place = {LF_LIT("t"), 0, 2}, .event_id = LF_LIT("dead-1"), .newest = true, .max = 10}, "2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_found(c, &rows[i].query, rows[i].offsets);
}

static void
test_an_event_is_found_in_the_dead_letters(void **state)
{
    struct contract *c = *state;
    struct lf_dead_letter letter = fixture_letter(5);
    struct lf_stored_event stored;
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_bury(c->session, &letter, 1, &err));
    OK(lf_store_commit(c->session, &err));
    assert_int_equal(find_event(c, c->session, LF_LIT("dead-1"), &stored), LF_OK);
    assert_int_equal(stored.status, LF_EVENT_DEAD_LETTERED);
    assert_bytes(stored.event.id, LF_LIT("dead-1"));
    assert_bytes(stored.event.type_name, LF_LIT("Noted"));
    assert_non_null(stored.event.type);
    assert_int_equal(stored.event.payload.type, LF_V_NULL);
    assert_int_equal(stored.event.place.offset, 5);
    assert_int_equal(stored.stored_at_us, letter.dead_at_us);
    assert_int_equal(stored.event.time_us, letter.record_time_ms * 1000);
    struct lf_value headers =
        fixture_json(&c->arena, "{\"a\":[\"1\",{\"base64\":\"/wA=\"}],\"b\":null,\"base64:/g==\":\"\"}");
    assert_true(lf_value_equal(&stored.headers, &headers));
    assert_letter(&stored.letter, &letter);
    /* one that is stored after all is stored */
    struct lf_event *event = fixture_event(c->model, &c->arena, 9, "Noted", "{}");
    event->id = LF_LIT("dead-1");
    OK(lf_store_begin(c->session, &err));
    assert_int_equal(append(c, event), LF_APPENDED);
    OK(lf_store_commit(c->session, &err));
    assert_int_equal(find_event(c, c->session, LF_LIT("dead-1"), &stored), LF_OK);
    assert_int_equal(stored.status, LF_EVENT_STORED);
}

static void
test_health_and_name(void **state)
{
    struct contract *c = *state;
    OK(lf_store_health(c->store, &err));
    assert_string_equal(lf_store_backend_name(c->store), c->backend->name);
    OK(lf_store_begin(c->session, &err));
    OK(lf_store_health(c->store, &err)); /* while one writes */
    OK(lf_store_commit(c->session, &err));
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, contract_setup, contract_teardown)

int
contract_run(const struct backend *backend)
{
    static const struct CMUnitTest tests[] = {
        CASE(test_event_comes_back_whole),
        CASE(test_event_of_unknown_type_without_key),
        CASE(test_times_of_any_size_are_kept_within_bounds),
        CASE(test_duplicates_and_conflicts),
        CASE(test_many_events_at_once_with_their_outcomes),
        CASE(test_places_that_are_given_out_again),
        CASE(test_only_the_writer_sees_before_commit),
        CASE(test_abort_leaves_nothing),
        CASE(test_closing_a_session_aborts),
        CASE(test_what_was_committed_stays),
        CASE(test_calls_out_of_order_are_refused),
        CASE(test_a_failed_transaction_can_only_be_aborted),
        CASE(test_positions_move_one_by_one),
        CASE(test_a_second_consumer_fences_the_first),
        CASE(test_two_writers_wait_for_each_other),
        CASE(test_every_type_comes_back),
        CASE(test_states_change_and_go),
        CASE(test_keys_that_are_numbers),
        CASE(test_many_states_at_once),
        CASE(test_dead_letters_come_back_byte_for_byte),
        CASE(test_dead_letters_are_found_by_what_they_are),
        CASE(test_an_event_is_found_in_the_dead_letters),
        CASE(test_health_and_name),
    };
    under_test = backend;
    int failed = _cmocka_run_group_tests("contract", tests, sizeof(tests) / sizeof(tests[0]), NULL, NULL);
    failed += _cmocka_run_group_tests("lists", contract_list_tests, contract_list_test_count, NULL, NULL);
    if (!backend->fixed)
        failed += _cmocka_run_group_tests("anew", contract_anew_tests, contract_anew_test_count, NULL, NULL);
    return failed;
}
