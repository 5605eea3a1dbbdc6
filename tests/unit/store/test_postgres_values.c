/* What PostgreSQL's types cannot hold comes back all the same; what none of ours may be is refused. */
#include "fixture.h"

#include "base/limits.h"
#include "base/mem.h"
#include "postgres_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pg_server server;

struct world {
    struct lf_model *model;
    struct lf_store *store;
    struct lf_store_session *session;
    struct lf_arena arena;
};

static int
setup(void **state)
{
    struct world *w = lf_calloc(1, sizeof(*w));
    pg_server_sql(&server, "DROP SCHEMA IF EXISTS v CASCADE");
    w->model = fixture_model();
    lf_arena_init(&w->arena, 0, 0);
    w->store = pg_server_store(&server, "v", w->model);
    OK(lf_store_session_open(w->store, true, &w->session, &err));
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;
    lf_store_session_close(w->session);
    lf_store_close(w->store);
    lf_arena_release(&w->arena);
    lf_model_free(w->model);
    lf_free(w);
    return 0;
}

static const char *const payloads[] = {
    "{\"a\":\"\\u0000\"}",
    "{\"\\u0000\":1}",
    "{\"a\":\"\\\\u0000\"}",
    "\"a string\"",
    "\"{}\"",
    "\"\\u0000\"",
    "null",
    "true",
    "[]",
    "-0.0",
    "1e400",
    "[1e-400,-1e999999,1.5E+9999999999]",
    "{\"n\":123456789012345678901234567890.123456789012345678901234567890}",
    "{\"b\":1,\"a\":{\"\xf0\x9f\x98\x80\":[1,2.50,\"\\u0001\\u0002\"]}}",
};
enum { PAYLOADS = sizeof(payloads) / sizeof(payloads[0]), COPIES = 2 };

/* Copied, and inserted: the first of each batch is there already. */
static void
append_all(struct world *w, int batch)
{
    const struct lf_event *events[PAYLOADS * COPIES + 1];
    enum lf_append_outcome outcomes[PAYLOADS * COPIES + 1];
    size_t count = 0;
    for (size_t i = 0; i < PAYLOADS * COPIES; i++)
        events[count++] = fixture_event(w->model, &w->arena, batch * 1000 + (int)i, "Noted", payloads[i % PAYLOADS]);
    if (batch != 0)
        events[count++] = fixture_event(w->model, &w->arena, 0, "Noted", payloads[0]);
    OK(lf_store_begin(w->session, &err));
    OK(lf_store_append(w->session, events, count, outcomes, &err));
    OK(lf_store_commit(w->session, &err));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(outcomes[i], i < PAYLOADS * COPIES ? LF_APPENDED : LF_APPEND_DUPLICATE);
}

static void
test_payloads(void **state)
{
    struct world *w = *state;
    for (int batch = 0; batch < 3; batch++) {
        append_all(w, batch);
        for (size_t i = 0; i < PAYLOADS; i++) {
            struct lf_event *event = fixture_event(w->model, &w->arena, batch * 1000 + (int)i, "Noted", payloads[i]);
            struct lf_stored_event stored;
            enum lf_append_outcome outcome;
            const struct lf_event *again = event;
            OK(lf_store_event(w->session, event->id, &w->arena, &stored, &err));
            if (!lf_value_equal(&stored.event.payload, &event->payload))
                fail_msg("%s has become %s", payloads[i], fixture_text(&w->arena, &stored.event.payload));
            event->place.offset += 500;
            OK(lf_store_begin(w->session, &err));
            OK(lf_store_append(w->session, &again, 1, &outcome, &err));
            assert_int_equal(outcome, LF_APPEND_DUPLICATE);
            lf_store_abort(w->session);
        }
    }
    /* people who query see JSON wherever it is JSON that jsonb can hold */
    assert_string_equal(pg_server_sql(&server, "SELECT payload->'a'->'\xf0\x9f\x98\x80'->>1 FROM v.event_store WHERE "
                                               "payload ? 'b' LIMIT 1"),
                        "2.50");
}

static void
test_texts_with_every_character(void **state)
{
    struct world *w = *state;
    static const struct lf_bytes texts[] = {
        {"\0", 1}, {"\1", 1}, {"\2", 1}, {"\0\0", 2}, {"\1\1", 2}, {"\1\2", 2}, {"a\0b\1c", 5}, {"\1", 1}, {"", 0},
    };
    enum { N = sizeof(texts) / sizeof(texts[0]) };
    for (int i = 0; i < N; i++) {
        struct lf_event *event = fixture_event(w->model, &w->arena, i, "Noted", "{}");
        const struct lf_event *one = event;
        enum lf_append_outcome outcome;
        struct lf_stored_event stored;
        char space[16] = {(char)('A' + i)};
        if (texts[i].len != 0)
            memcpy(space + 1, texts[i].ptr, texts[i].len);
        event->id = event->type_name = event->entity_key = lf_bytes(space, texts[i].len + 1);
        struct lf_dead_letter letter = fixture_letter(i + 100);
        letter.event_id = letter.event_type = letter.reason = event->id;
        OK(lf_store_begin(w->session, &err));
        OK(lf_store_append(w->session, &one, 1, &outcome, &err));
        OK(lf_store_bury(w->session, &letter, 1, &err));
        OK(lf_store_commit(w->session, &err));
        OK(lf_store_event(w->session, event->id, &w->arena, &stored, &err));
        assert_true(lf_bytes_equal(stored.event.id, event->id));
        assert_true(lf_bytes_equal(stored.event.type_name, event->id));
        assert_true(lf_bytes_equal(stored.event.entity_key, event->id));
        struct lf_dead_letter *letters;
        size_t count;
        OK(lf_store_dead_letters(w->session, &(struct lf_letter_query){.max = 100}, &w->arena, &letters, &count, &err));
        assert_int_equal(count, i + 1);
        assert_true(lf_bytes_equal(letters[i].reason, event->id));
    }
}

/* Order and equality are those of the texts themselves. */
static void
test_texts_keep_their_order(void **state)
{
    struct world *w = *state;
    static const struct lf_bytes texts[] = {{"", 0},   {"\0", 1},   {"\0\0", 2}, {"\0\1", 2}, {"\0a", 2},
                                            {"\1", 1}, {"\1\0", 2}, {"\1\1", 2}, {"\1a", 2},  {"\2", 1},
                                            {"a", 1},  {"a\0", 2},  {"a\1", 2},  {"aa", 2}};
    enum { N = sizeof(texts) / sizeof(texts[0]) };
    const struct lf_entity *thing = &w->model->entities[THING];
    OK(lf_store_begin(w->session, &err));
    for (int i = 0; i < N; i++) {
        struct lf_member members[] = {{LF_LIT("id"), lf_value_string(texts[i])}};
        struct lf_state_change change = {.key = texts[i], .state = lf_value_object(members, 1)};
        OK(lf_store_save(w->session, thing, &change, 1, &err));
    }
    OK(lf_store_commit(w->session, &err));
    struct lf_list_query query = {.entity = thing, .first = 3};
    int at = 0;
    for (bool more = true; more;) {
        struct lf_list_result list;
        OK(lf_store_list(w->session, &query, &w->arena, &list, &err));
        for (size_t i = 0; i < list.count; i++)
            assert_true(lf_bytes_equal(lf_value_text(lf_value_get_text(&list.items[i], "id")), texts[at++]));
        more = list.has_next;
        query.after = list.cursors[list.count - 1];
    }
    assert_int_equal(at, N);
}

/* Not of its type: an error of this event alone, in our words, and the connection goes on. */
static void
test_values_that_are_refused(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {
        "{\"id\":\"x\",\"at\":\"yesterday\"}", "{\"id\":\"x\",\"day\":\"2023-02-29\"}",
        "{\"id\":\"x\",\"uuid\":\"1\"}",       "{\"id\":\"x\",\"price\":\"one\"}",
        "{\"id\":\"x\",\"price\":\"NaN\"}",    "{\"id\":\"x\",\"count\":2147483648}",
        "{\"id\":\"x\",\"big\":1.5}",          "{\"id\":\"x\",\"open\":1}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct lf_state_change change = {.key = LF_LIT("x"), .state = fixture_json(&w->arena, bad[i])};
        OK(lf_store_begin(w->session, &err));
        FAILS(LF_INVALID, lf_store_save(w->session, &w->model->entities[THING], &change, 1, &err));
        assert_int_equal(err.fate, LF_FATE_REJECT);
        lf_store_abort(w->session);
    }
    OK(lf_store_health(w->store, &err));
}

/* An entity whose key is longer than an index may have: refused for good, as is its event by the consumer. */
static void
test_a_key_that_is_too_long(void **state)
{
    struct world *w = *state;
    uint64_t seed = 1;
    char *key = lf_arena_alloc(&w->arena, 20000);
    for (size_t i = 0; i < 20000; i++)
        key[i] = (char)('!' + fixture_random(&seed, 90)); /* it must not be compressible */
    struct lf_member members[] = {{LF_LIT("id"), LF_VALUE_NULL}};
    struct lf_state_change change = {.key = lf_bytes(key, 20000), .state = lf_value_object(members, 1)};
    OK(lf_store_begin(w->session, &err));
    FAILS(LF_LIMIT, lf_store_save(w->session, &w->model->entities[THING], &change, 1, &err));
    assert_int_equal(err.fate, LF_FATE_REJECT);
    lf_store_abort(w->session);
}

/* What people have added to the tables may say no to an event, not to all. */
static void
test_rules_that_people_have_added(void **state)
{
    struct world *w = *state;
    pg_server_sql(&server, "ALTER TABLE v.quotes ADD CHECK (amount < 100)");
    struct lf_state_change change = {.key = LF_LIT("q"),
                                     .state = fixture_json(&w->arena, "{\"customerId\":\"q\",\"amount\":100}")};
    OK(lf_store_begin(w->session, &err));
    FAILS(LF_CONFLICT, lf_store_save(w->session, &w->model->entities[QUOTE], &change, 1, &err));
    assert_int_equal(err.fate, LF_FATE_REJECT);
    lf_store_abort(w->session);
    pg_server_sql(&server, "DROP TABLE v.quotes");
    OK(lf_store_begin(w->session, &err));
    FAILS(LF_INTERNAL, lf_store_save(w->session, &w->model->entities[QUOTE], &change, 1, &err));
    assert_int_equal(err.fate, LF_FATE_STOP);
    lf_store_abort(w->session);
}

/* Larger than any buffer on the way. */
static void
test_large_events(void **state)
{
    struct world *w = *state;
    enum { COUNT = 20, SIZE = 2 * 1000 * 1000 };
    const struct lf_event *events[COUNT];
    enum lf_append_outcome outcomes[COUNT];
    char *text = lf_arena_alloc(&w->arena, SIZE);
    memset(text, 'x', SIZE);
    struct lf_member members[] = {{LF_LIT("text"), lf_value_string(lf_bytes(text, SIZE))}};
    for (int i = 0; i < COUNT; i++) {
        struct lf_event *event = fixture_event(w->model, &w->arena, i, "Noted", "{}");
        event->payload = lf_value_object(members, 1);
        events[i] = event;
    }
    for (int round = 0; round < 2; round++) { /* copied, then inserted in vain */
        OK(lf_store_begin(w->session, &err));
        OK(lf_store_append(w->session, events, COUNT, outcomes, &err));
        OK(lf_store_commit(w->session, &err));
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(outcomes[i], round == 0 ? LF_APPENDED : LF_APPEND_DUPLICATE);
    }
}

#define CASE(FN) cmocka_unit_test_setup_teardown(FN, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(test_payloads),
        CASE(test_texts_with_every_character),
        CASE(test_texts_keep_their_order),
        CASE(test_values_that_are_refused),
        CASE(test_a_key_that_is_too_long),
        CASE(test_rules_that_people_have_added),
        CASE(test_large_events),
    };
    pg_server_new(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pg_server_free(&server);
    return failed;
}
