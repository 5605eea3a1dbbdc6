/* Writing what only grows: events and dead letters, a statement a batch. */
#include "store/postgres/postgres.h"

#include "base/clock.h"
#include "base/map.h"
#include "json/json.h"

/* ---- events, an array a column ---- */

/* One column of all events. */
typedef enum lf_status add_event_fn(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err);

static enum lf_status
add_id(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    lf_pg_item_text(&session->params, event->id);
    return LF_OK;
}

static enum lf_status
add_type(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    lf_pg_item_text(&session->params, event->type_name);
    return LF_OK;
}

static enum lf_status
add_entity_type(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    const struct lf_entity *entity = event->type != NULL ? event->type->entity : NULL;
    lf_pg_item_text(&session->params, entity != NULL ? entity->name : LF_BYTES_NONE);
    return LF_OK;
}

static enum lf_status
add_entity_key(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    lf_pg_item_text(&session->params, event->entity_key);
    return LF_OK;
}

static enum lf_status
add_payload(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    struct lf_buf *out = lf_pg_item_begin(&session->params);
    lf_buf_add_char(out, 1); /* the format's version */
    lf_pg_jsonb_write(out, &event->payload);
    lf_pg_item_end(&session->params);
    return LF_OK;
}

static enum lf_status
add_headers(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    struct lf_buf *out = lf_pg_item_begin(&session->params);
    enum lf_status st = lf_store_write_headers(out, event->headers, event->header_count, err);
    lf_pg_item_end(&session->params);
    return st;
}

static enum lf_status
add_topic(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    lf_pg_item_text(&session->params, event->place.topic);
    return LF_OK;
}

static enum lf_status
add_partition(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    lf_pg_item_int(&session->params, event->place.partition);
    return LF_OK;
}

static enum lf_status
add_offset(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    lf_pg_item_bigint(&session->params, event->place.offset);
    return LF_OK;
}

static enum lf_status
add_time(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    lf_pg_item_time(&session->params, event->time_us);
    return LF_OK;
}

static enum lf_status
add_key(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    lf_pg_item_bytes(&session->params, event->key);
    return LF_OK;
}

static enum lf_status
add_extra(struct lf_pg_session *session, const struct lf_event *event, struct lf_err *err)
{
    (void)err;
    if (event->extra.type == LF_V_NULL) {
        lf_pg_item_null(&session->params);
        return LF_OK;
    }
    lf_json_write(lf_pg_item_begin(&session->params), &event->extra);
    lf_pg_item_end(&session->params);
    return LF_OK;
}

enum { EVENT_COLUMNS = 12 };
struct event_column {
    enum lf_pg_type type;
    add_event_fn *add;
};

/* In the order of LF_PG_APPEND's parameters and LF_PG_COPY's columns; stored_at comes after them. */
static const struct event_column event_columns[EVENT_COLUMNS] = {
    {LF_PG_TEXT, add_id},          {LF_PG_TEXT, add_type},      {LF_PG_TEXT, add_entity_type},
    {LF_PG_TEXT, add_entity_key},  {LF_PG_JSONB, add_payload},  {LF_PG_JSON, add_headers},
    {LF_PG_TEXT, add_topic},       {LF_PG_INT4, add_partition}, {LF_PG_INT8, add_offset},
    {LF_PG_TIMESTAMPTZ, add_time}, {LF_PG_BYTEA, add_key},      {LF_PG_JSON, add_extra},
};
/* In the order of LF_PG_MET's. */
static const struct event_column place_columns[] = {
    {LF_PG_TEXT, add_id}, {LF_PG_TEXT, add_topic}, {LF_PG_INT4, add_partition}, {LF_PG_INT8, add_offset}};

static enum lf_status
add_events(struct lf_pg_session *session, const struct event_column *columns, size_t column_count,
           const struct lf_event *const *events, size_t count, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    lf_pg_params_clear(&session->params);
    for (size_t c = 0; c < column_count; c++) {
        lf_pg_array_begin(&session->params, columns[c].type);
        for (size_t i = 0; st == LF_OK && i < count; i++)
            st = columns[c].add(session, events[i], err);
        lf_pg_array_end(&session->params);
    }
    return st;
}

/* ---- what became of them ---- */

/* Marks the events whose ids were returned. */
static enum lf_status
note_appended(const PGresult *result, const struct lf_event *const *events, size_t count,
              enum lf_append_outcome *outcomes, struct lf_err *err)
{
    struct lf_map ids;
    lf_map_init(&ids);
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = lf_map_add(&ids, events[i]->id, &outcomes[i]);
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    struct lf_pg_reader reader = {.result = result, .arena = &arena, .st = st, .err = err};
    for (reader.row = 0; reader.st == LF_OK && reader.row < PQntuples(result); reader.row++) {
        reader.column = 0;
        enum lf_append_outcome *outcome = lf_map_get(&ids, lf_pg_next_text(&reader));
        if (outcome != NULL)
            *outcome = LF_APPENDED;
    }
    lf_arena_release(&arena);
    lf_map_release(&ids);
    return st == LF_OK ? reader.st : st == LF_NO_MEMORY ? lf_no_memory(err) : lf_fail(err, st, "an id comes twice");
}

/* One row that an event has met: of the same place (no type), or with the same id. */
static enum lf_status
judge_one(struct lf_pg_reader *reader, const struct lf_event *const *met, size_t count, bool *judged,
          enum lf_append_outcome *const *outcomes)
{
    reader->column = 0;
    size_t i = (size_t)lf_pg_next_int(reader) - 1;
    LF_ASSERT(i < count);
    bool same_place = lf_pg_is_null(reader);
    struct lf_bytes type = lf_pg_next_text(reader);
    struct lf_value payload = lf_pg_next_jsonb(reader);
    if (reader->st != LF_OK || (judged[i] && !same_place))
        return reader->st;
    *outcomes[i] = same_place ? LF_APPEND_DUPLICATE : lf_store_judge(met[i], type, &payload);
    judged[i] = true;
    return LF_OK;
}

static enum lf_status
judge_rows(struct lf_pg_session *session, const PGresult *result, const struct lf_event *const *met, size_t count,
           enum lf_append_outcome *const *outcomes, struct lf_err *err)
{
    bool *judged = LF_ARENA_ARRAY(&session->arena, bool, count);
    if (judged == NULL)
        return lf_no_memory(err);
    struct lf_pg_reader reader = {.result = result, .arena = &session->arena, .st = LF_OK, .err = err};
    for (reader.row = 0; reader.row < PQntuples(result); reader.row++) {
        enum lf_status st = judge_one(&reader, met, count, judged, outcomes);
        if (st != LF_OK)
            return st;
    }
    for (size_t i = 0; i < count; i++) {
        if (!judged[i]) /* it went between two statements, or is not ours to see */
            return lf_fail(err, LF_AGAIN, "event \"%.*s\" was neither stored nor found", LF_FMT(met[i]->id));
    }
    return LF_OK;
}

/* Which rows kept these events out? */
static enum lf_status
judge(struct lf_pg_session *session, const struct lf_event *const *met, size_t count,
      enum lf_append_outcome *const *outcomes, struct lf_err *err)
{
    PGresult *result = NULL;
    enum lf_status st =
        add_events(session, place_columns, sizeof(place_columns) / sizeof(place_columns[0]), met, count, err);
    if (st == LF_OK)
        st = lf_pg_ask(session, session->store->fixed[LF_PG_MET], "looking for events", &result, err);
    if (st == LF_OK)
        st = judge_rows(session, result, met, count, outcomes, err);
    PQclear(result);
    return st;
}

static enum lf_status
judge_others(struct lf_pg_session *session, const struct lf_event *const *events, size_t count,
             enum lf_append_outcome *outcomes, struct lf_err *err)
{
    const struct lf_event **met = lf_arena_calloc(&session->arena, count, sizeof(*met));
    enum lf_append_outcome **theirs = lf_arena_calloc(&session->arena, count, sizeof(*theirs));
    size_t met_count = 0;
    if (met == NULL || theirs == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (outcomes[i] == LF_APPENDED)
            continue;
        met[met_count] = events[i];
        theirs[met_count++] = &outcomes[i];
    }
    return judge(session, met, met_count, theirs, err);
}

static enum lf_status
note_outcomes(struct lf_pg_session *session, const PGresult *result, const struct lf_event *const *events, size_t count,
              enum lf_append_outcome *outcomes, struct lf_err *err)
{
    bool all = (size_t)PQntuples(result) == count;
    for (size_t i = 0; i < count; i++)
        outcomes[i] = all ? LF_APPENDED : LF_APPEND_DUPLICATE;
    if (all)
        return LF_OK;
    enum lf_status st = note_appended(result, events, count, outcomes, err);
    if (st == LF_OK)
        st = judge_others(session, events, count, outcomes, err);
    lf_arena_reset(&session->arena);
    return st;
}

/* The events as COPY's binary format has them (its documentation: "Binary Format"). */
static enum lf_status
write_copy(struct lf_pg_session *session, const struct lf_event *const *events, size_t count, struct lf_err *err)
{
    static const char head[19] = "PGCOPY\n\377\r\n"; /* a signature that ends in NUL, no flags, no extension */
    struct lf_buf *out = &session->params.bytes;
    int64_t now_us = lf_clock_real_us();
    enum lf_status st = LF_OK;
    lf_pg_params_clear(&session->params);
    lf_buf_add(out, lf_bytes(head, sizeof(head)));
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        lf_pg_put_16(out, EVENT_COLUMNS + 1);
        for (size_t c = 0; st == LF_OK && c < EVENT_COLUMNS; c++)
            st = event_columns[c].add(session, events[i], err);
        lf_pg_item_time(&session->params, now_us);
    }
    lf_pg_put_16(out, -1);
    return st == LF_OK ? lf_pg_params_status(&session->params, err) : st;
}

enum {
    COPY_MIN = 16,         /* events: fewer are inserted, which takes one journey less */
    COPY_PAUSE_AFTER = 50, /* batches, after one that had to be inserted after all */
};

/*
 * Copying takes less than inserting, but fails as a whole where one event is there already. That is rare, and seen when
 * nothing has been done in the transaction: it begins anew, and the events are inserted. *ret_copied: they are there.
 */
static enum lf_status
copy(struct lf_pg_session *session, const struct lf_event *const *events, size_t count, bool *ret_copied,
     struct lf_err *err)
{
    *ret_copied = false;
    if (count < COPY_MIN || !session->untouched)
        return LF_OK;
    if (session->copy_pause != 0) {
        session->copy_pause--;
        return LF_OK;
    }
    struct lf_err local = {0};
    enum lf_status st = write_copy(session, events, count, &local);
    session->untouched = false;
    if (st == LF_OK)
        st = lf_pg_copy(&session->link, session->store->fixed[LF_PG_COPY], lf_buf_view(&session->params.bytes),
                        "storing events", &local);
    *ret_copied = st == LF_OK;
    if (st == LF_CONFLICT || st == LF_UNSUPPORTED) { /* row-level security does not go with COPY */
        session->copy_pause = COPY_PAUSE_AFTER;
        return lf_pg_begin_again(session, err);
    }
    if (st != LF_OK && err != NULL)
        *err = local;
    return st;
}

static enum lf_status
insert(struct lf_pg_session *session, const struct lf_event *const *events, size_t count,
       enum lf_append_outcome *outcomes, struct lf_err *err)
{
    PGresult *result = NULL;
    enum lf_status st = add_events(session, event_columns, EVENT_COLUMNS, events, count, err);
    if (st != LF_OK)
        return st;
    lf_pg_param_time(&session->params, lf_clock_real_us());
    st = lf_pg_ask(session, session->store->fixed[LF_PG_APPEND], "storing events", &result, err);
    if (st == LF_OK)
        st = note_outcomes(session, result, events, count, outcomes, err);
    PQclear(result);
    return st;
}

enum lf_status
lf_pg_append(struct lf_store_session *base, const struct lf_event *const *events, size_t count,
             enum lf_append_outcome *ret_outcomes, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    bool copied;
    if (count == 0)
        return LF_OK;
    enum lf_status st = copy(session, events, count, &copied, err);
    if (st == LF_OK && !copied)
        return insert(session, events, count, ret_outcomes, err);
    for (size_t i = 0; st == LF_OK && i < count; i++)
        ret_outcomes[i] = LF_APPENDED;
    return st;
}

/* ---- dead letters ---- */

static void
add_letters_place(struct lf_pg_params *params, const struct lf_dead_letter *letters, size_t count)
{
    lf_pg_array_begin(params, LF_PG_TEXT);
    for (size_t i = 0; i < count; i++)
        lf_pg_item_text(params, letters[i].place.topic);
    lf_pg_array_end(params);
    lf_pg_array_begin(params, LF_PG_INT4);
    for (size_t i = 0; i < count; i++)
        lf_pg_item_int(params, letters[i].place.partition);
    lf_pg_array_end(params);
    lf_pg_array_begin(params, LF_PG_INT8);
    for (size_t i = 0; i < count; i++)
        lf_pg_item_bigint(params, letters[i].place.offset);
    lf_pg_array_end(params);
}

/* A member of all letters that is bytes, as text or as it is. */
static void
add_letters_bytes(struct lf_pg_params *params, const struct lf_dead_letter *letters, size_t count, size_t offset,
                  enum lf_pg_type type)
{
    lf_pg_array_begin(params, type);
    for (size_t i = 0; i < count; i++) {
        const struct lf_bytes *bytes = (const void *)((const char *)&letters[i] + offset);
        if (type == LF_PG_TEXT)
            lf_pg_item_text(params, *bytes);
        else
            lf_pg_item_bytes(params, *bytes);
    }
    lf_pg_array_end(params);
}

static void
add_letters_headers(struct lf_pg_params *params, const struct lf_dead_letter *letters, size_t count)
{
    lf_pg_array_begin(params, LF_PG_JSON);
    for (size_t i = 0; i < count; i++) {
        lf_store_write_header_list(lf_pg_item_begin(params), letters[i].headers, letters[i].header_count);
        lf_pg_item_end(params);
    }
    lf_pg_array_end(params);
}

static void
add_letters_times(struct lf_pg_params *params, const struct lf_dead_letter *letters, size_t count)
{
    lf_pg_array_begin(params, LF_PG_TIMESTAMPTZ);
    for (size_t i = 0; i < count; i++)
        lf_pg_item_time(params, lf_store_ms_to_us(letters[i].record_time_ms));
    lf_pg_array_end(params);
    lf_pg_array_begin(params, LF_PG_TIMESTAMPTZ);
    for (size_t i = 0; i < count; i++)
        lf_pg_item_time(params, letters[i].dead_at_us);
    lf_pg_array_end(params);
}

enum lf_status
lf_pg_bury(struct lf_store_session *base, const struct lf_dead_letter *letters, size_t count, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    struct lf_pg_params *params = &session->params;
    if (count == 0)
        return LF_OK;
    lf_pg_params_clear(params);
    add_letters_place(params, letters, count);
    add_letters_bytes(params, letters, count, offsetof(struct lf_dead_letter, event_id), LF_PG_TEXT);
    add_letters_bytes(params, letters, count, offsetof(struct lf_dead_letter, event_type), LF_PG_TEXT);
    add_letters_bytes(params, letters, count, offsetof(struct lf_dead_letter, key), LF_PG_BYTEA);
    add_letters_bytes(params, letters, count, offsetof(struct lf_dead_letter, value), LF_PG_BYTEA);
    add_letters_headers(params, letters, count);
    add_letters_bytes(params, letters, count, offsetof(struct lf_dead_letter, stage), LF_PG_TEXT);
    add_letters_bytes(params, letters, count, offsetof(struct lf_dead_letter, code), LF_PG_TEXT);
    add_letters_bytes(params, letters, count, offsetof(struct lf_dead_letter, reason), LF_PG_TEXT);
    add_letters_times(params, letters, count);
    return lf_pg_do(session, session->store->fixed[LF_PG_BURY], "storing dead letters", NULL, err);
}

enum lf_status
lf_pg_set_aside(struct lf_store_session *base, struct lf_bytes topic, int32_t partition, int64_t from,
                struct lf_bytes name, struct lf_err *err)
{
    static const enum lf_pg_fixed statements[] = {LF_PG_SET_EVENTS_ASIDE, LF_PG_SET_LETTERS_ASIDE};
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    struct lf_pg_params *params = &session->params;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < 2; i++) {
        lf_pg_params_clear(params);
        lf_pg_param_text(params, topic);
        lf_pg_param_int(params, partition);
        lf_pg_param_bigint(params, from);
        lf_pg_param_text(params, name);
        st = lf_pg_do(session, session->store->fixed[statements[i]], "freeing places of the log", NULL, err);
    }
    return st;
}
