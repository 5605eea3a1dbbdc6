/* A consumer in small. */
#include "workload.h"

#include "base/limits.h"

#include <stdio.h>

void
workload_event(const struct lf_model *model, int64_t n, struct workload_event *ret)
{
    *ret = (struct workload_event){.members = {{LF_LIT("number"), lf_value_int(1)}}};
    snprintf(ret->id, sizeof(ret->id), "00000000-0000-7000-8000-%012lld", (long long)n);
    ret->event = (struct lf_event){.id = lf_bytes_of(ret->id),
                                   .type_name = LF_LIT("CounterMoved"),
                                   .type = lf_model_event(model, LF_LIT("CounterMoved")),
                                   .payload = lf_value_object(ret->members, 1),
                                   .key = LF_LIT("1"),
                                   .entity_key = LF_LIT("1"),
                                   .time_us = INT64_C(1800000000000000) + n,
                                   .place = {.topic = LF_LIT("t"), .partition = 0, .offset = n}};
}

static enum lf_status
write_in_transaction(const struct lf_model *model, struct lf_store_session *session, int64_t n, struct lf_arena *arena,
                     struct lf_err *error)
{
    const struct lf_event *events[WORKLOAD_BATCH];
    enum lf_append_outcome outcomes[WORKLOAD_BATCH];
    const struct lf_entity *counter = &model->entities[COUNTER];
    struct lf_bytes key = LF_LIT("1");
    struct lf_value state = LF_VALUE_NULL;
    struct workload_event made[WORKLOAD_BATCH];
    for (int i = 0; i < WORKLOAD_BATCH; i++) {
        workload_event(model, n * WORKLOAD_BATCH + i, &made[i]);
        events[i] = &made[i].event;
    }
    enum lf_status st = lf_store_append(session, events, WORKLOAD_BATCH, outcomes, error);
    if (st == LF_OK)
        st = lf_store_load(session, counter, &key, 1, arena, &state, error);
    if (st != LF_OK)
        return st;
    const struct lf_value *value = lf_value_get_text(&state, "value");
    int64_t count = value != NULL ? value->u.integer : 0;
    for (int i = 0; i < WORKLOAD_BATCH; i++)
        count += outcomes[i] == LF_APPENDED;
    struct lf_member members[] = {{LF_LIT("number"), lf_value_int(1)}, {LF_LIT("value"), lf_value_int(count)}};
    struct lf_state_change change = {.key = key, .state = lf_value_object(members, 2)};
    struct lf_dead_letter letter = fixture_letter((int)n + 1000000);
    st = lf_store_save(session, counter, &change, 1, error);
    if (st == LF_OK)
        st = lf_store_bury(session, &letter, 1, error);
    if (st == LF_OK)
        st = lf_store_advance(session, LF_LIT("g"), LF_LIT("t"), 0, n == 0 ? -1 : n, n + 1, error);
    return st;
}

enum lf_status
workload_write(const struct lf_model *model, struct lf_store_session *session, int64_t n, struct lf_arena *arena,
               struct lf_err *error)
{
    enum lf_status st = lf_store_begin(session, error);
    if (st == LF_OK)
        st = write_in_transaction(model, session, n, arena, error);
    if (st == LF_OK)
        st = lf_store_commit(session, error);
    lf_store_abort(session);
    return st;
}

enum lf_status
workload_run(const struct lf_model *model, struct lf_store_session *session, int64_t count, struct lf_arena *arena,
             struct lf_err *error)
{
    int64_t next;
    enum lf_status st = lf_store_position(session, LF_LIT("g"), LF_LIT("t"), 0, &next, error);
    for (int64_t n = st == LF_OK && next >= 0 ? next : 0; st == LF_OK && n < count; n++)
        st = workload_write(model, session, n, arena, error);
    return st;
}

/* All events, a page at a time. */
static int64_t
count_events(struct lf_store_session *session, struct lf_arena *arena)
{
    struct lf_list_query query = {.first = LF_PAGE_MAX};
    struct lf_list_result list = {.has_next = true};
    int64_t count = 0;
    while (list.has_next) {
        OK(lf_store_list(session, &query, arena, &list, &err));
        for (size_t i = 0; i < list.count; i++)
            assert_int_equal(list.events[i].event.place.offset, count++);
        if (list.has_next)
            query.after = list.cursors[list.count - 1];
    }
    return count;
}

int64_t
workload_check(const struct lf_model *model, struct lf_store_session *session, struct lf_arena *arena)
{
    struct lf_dead_letter *letters;
    struct lf_value state;
    int64_t next, letter_count = 0, last = 0;
    size_t page = 1;
    OK(lf_store_position(session, LF_LIT("g"), LF_LIT("t"), 0, &next, &err));
    int64_t batches = next < 0 ? 0 : next;
    assert_int_equal(count_events(session, arena), batches * WORKLOAD_BATCH);
    while (page != 0) {
        OK(lf_store_dead_letters(session, &(struct lf_letter_query){.after = last, .max = LF_PAGE_MAX}, arena, &letters,
                                 &page, &err));
        letter_count += (int64_t)page;
        last = page != 0 ? letters[page - 1].id : last;
    }
    assert_int_equal(letter_count, batches);
    enum lf_status st = lf_store_get(session, &model->entities[COUNTER], LF_LIT("1"), arena, &state, &err);
    assert_int_equal(st, batches == 0 ? LF_NOT_FOUND : LF_OK);
    if (batches != 0)
        assert_int_equal(lf_value_get_text(&state, "value")->u.integer, batches * WORKLOAD_BATCH);
    return batches;
}

enum lf_status
workload_read_all(const struct lf_model *model, struct lf_store_session *session, struct lf_arena *arena,
                  struct lf_err *error)
{
    const struct lf_entity *counter = &model->entities[COUNTER];
    struct lf_filter filter = {
        .kind = LF_FILTER_COMPARE, .field = fixture_field(counter, "value"), .op = LF_CMP_GT, .value = lf_value_int(0)};
    struct lf_list_query query = {.entity = counter, .filter = &filter, .first = 1, .order_count = 1};
    query.order[0].field = filter.field;
    struct lf_list_result list;
    struct lf_stored_event stored;
    struct lf_value value;
    struct lf_dead_letter *letters;
    size_t count;
    enum lf_status st = lf_store_list(session, &query, arena, &list, error);
    if (st == LF_OK) {
        query.after = list.cursors[0];
        st = lf_store_list(session, &query, arena, &list, error);
    }
    if (st == LF_OK)
        st = lf_store_get(session, counter, LF_LIT("1"), arena, &value, error);
    if (st == LF_OK)
        st = lf_store_event(session, LF_LIT("00000000-0000-7000-8000-000000000001"), arena, &stored, error);
    if (st == LF_OK)
        st = lf_store_event(session, LF_LIT("dead-1"), arena, &stored, error);
    if (st == LF_OK)
        st = lf_store_dead_letters(session, &(struct lf_letter_query){.max = 10}, arena, &letters, &count, error);
    return st;
}

enum lf_status
workload_append_duplicate(const struct lf_model *model, struct lf_store_session *session, struct lf_err *error)
{
    struct workload_event event;
    const struct lf_event *events[] = {&event.event};
    enum lf_append_outcome outcome = LF_APPENDED;
    workload_event(model, 1, &event);
    event.members[0].value = lf_value_float(1.0);
    event.event.place.offset = 999999;
    enum lf_status st = lf_store_begin(session, error);
    if (st == LF_OK)
        st = lf_store_append(session, events, 1, &outcome, error);
    assert_true(st != LF_OK || outcome == LF_APPEND_DUPLICATE);
    lf_store_abort(session);
    return st;
}
