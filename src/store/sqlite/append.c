/* Writing what only grows: events and dead letters. */
#include "store/sqlite/sqlite.h"

#include "base/clock.h"
#include "json/json.h"

#include <string.h>

/* The text of a time; most events of a batch share their second. */
static struct lf_bytes
time_text(struct lf_sqlite_session *session, int64_t us, char out[LF_TIME_TEXT_SIZE])
{
    enum { FRACTION_AT = 20 }; /* in "2026-11-24T08:46:34.123456Z" */
    if (us < 0 || us / 1000000 != session->time_second) {
        size_t len = lf_store_time_text(us, out);
        if (us >= 0 && len == FRACTION_AT + 7) {
            session->time_second = us / 1000000;
            memcpy(session->time_text, out, len + 1);
        }
        return lf_bytes(out, len);
    }
    memcpy(out, session->time_text, FRACTION_AT + 8);
    int64_t fraction = us % 1000000;
    for (int i = 5; i >= 0; i--) {
        out[FRACTION_AT + i] = (char)('0' + fraction % 10);
        fraction /= 10;
    }
    return lf_bytes(out, FRACTION_AT + 7);
}

/* A part of scratch, by offsets: scratch may move while it grows. */
struct span {
    size_t from, to;
};

static struct lf_bytes
span_view(const struct lf_buf *buf, struct span span)
{
    return lf_bytes(buf->ptr + span.from, span.to - span.from);
}

static enum lf_status
insert_event(struct lf_sqlite_session *session, sqlite3_stmt *stmt, const struct lf_event *event,
             struct lf_bytes stored_at, struct lf_err *err)
{
    struct lf_buf *scratch = &session->scratch;
    struct span payload, headers, extra;
    char occurred_at[LF_TIME_TEXT_SIZE];
    lf_buf_clear(scratch);
    payload.from = 0;
    lf_json_write(scratch, &event->payload);
    payload.to = headers.from = scratch->len;
    enum lf_status st = lf_store_write_headers(scratch, event->headers, event->header_count, err);
    headers.to = extra.from = scratch->len;
    if (event->extra.type != LF_V_NULL)
        lf_json_write(scratch, &event->extra);
    extra.to = scratch->len;
    if (st == LF_OK)
        st = lf_buf_status(scratch, err);
    if (st != LF_OK)
        return st;
    const struct lf_entity *entity = event->type != NULL ? event->type->entity : NULL;
    struct lf_sqlite_binder binder = {.stmt = stmt};
    lf_sqlite_bind_text(&binder, event->id);
    lf_sqlite_bind_text(&binder, event->type_name);
    lf_sqlite_bind_text(&binder, entity != NULL ? entity->name : LF_BYTES_NONE);
    lf_sqlite_bind_text(&binder, event->entity_key);
    lf_sqlite_bind_text(&binder, span_view(scratch, payload));
    lf_sqlite_bind_text(&binder, span_view(scratch, headers));
    lf_sqlite_bind_text(&binder, event->place.topic);
    lf_sqlite_bind_int(&binder, event->place.partition);
    lf_sqlite_bind_int(&binder, event->place.offset);
    lf_sqlite_bind_text(&binder, time_text(session, event->time_us, occurred_at));
    lf_sqlite_bind_text(&binder, stored_at);
    lf_sqlite_bind_bytes(&binder, event->key);
    lf_sqlite_bind_text(&binder, event->extra.type != LF_V_NULL ? span_view(scratch, extra) : LF_BYTES_NONE);
    return lf_sqlite_run(session, &binder, "storing an event", err);
}

static enum lf_status
is_same_place(struct lf_sqlite_session *session, const struct lf_place *place, bool *ret, struct lf_err *err)
{
    struct lf_sqlite_binder binder = {0};
    enum lf_status st = lf_sqlite_fixed(session, LF_SQL_SAME_PLACE, &binder.stmt, err);
    if (st != LF_OK)
        return st;
    lf_sqlite_bind_text(&binder, place->topic);
    lf_sqlite_bind_int(&binder, place->partition);
    lf_sqlite_bind_int(&binder, place->offset);
    st = lf_sqlite_step(session, &binder, "looking for an event", ret, err);
    if (st == LF_OK)
        sqlite3_reset(binder.stmt);
    return st;
}

/* The insert met a row: is it this event, or another with its id? */
static enum lf_status
judge(struct lf_sqlite_session *session, const struct lf_event *event, enum lf_append_outcome *ret, struct lf_err *err)
{
    bool row;
    enum lf_status st = is_same_place(session, &event->place, &row, err);
    if (st != LF_OK)
        return st;
    *ret = LF_APPEND_DUPLICATE;
    if (row)
        return LF_OK;
    struct lf_sqlite_binder binder = {0};
    st = lf_sqlite_fixed(session, LF_SQL_SAME_ID, &binder.stmt, err);
    if (st != LF_OK)
        return st;
    lf_sqlite_bind_text(&binder, event->id);
    st = lf_sqlite_step(session, &binder, "looking for an event", &row, err);
    if (st != LF_OK)
        return st;
    if (!row)
        return lf_fail(err, LF_INTERNAL, "event \"%.*s\" was neither stored nor found", LF_FMT(event->id));
    struct lf_arena *arena = &session->arena;
    struct lf_bytes type, text;
    struct lf_value payload;
    st = lf_sqlite_column_bytes(binder.stmt, 0, arena, &type, err);
    if (st == LF_OK)
        st = lf_sqlite_column_bytes(binder.stmt, 1, arena, &text, err);
    if (st == LF_OK)
        st = lf_json_parse(arena, text, &payload, err);
    if (st == LF_OK)
        *ret = lf_store_judge(event, type, &payload);
    lf_arena_reset(arena);
    sqlite3_reset(binder.stmt);
    return st;
}

enum lf_status
lf_sqlite_append(struct lf_store_session *base, const struct lf_event *const *events, size_t count,
                 enum lf_append_outcome *ret_outcomes, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    sqlite3_stmt *stmt;
    enum lf_status st = lf_sqlite_fixed(session, LF_SQL_APPEND, &stmt, err);
    char now[LF_TIME_TEXT_SIZE];
    struct lf_bytes stored_at = lf_bytes(now, lf_store_time_text(lf_clock_real_us(), now));
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        st = insert_event(session, stmt, events[i], stored_at, err);
        if (st != LF_OK)
            break;
        if (sqlite3_changes(session->db) == 1)
            ret_outcomes[i] = LF_APPENDED;
        else
            st = judge(session, events[i], &ret_outcomes[i], err);
    }
    return st;
}

static enum lf_status
bury_one(struct lf_sqlite_session *session, sqlite3_stmt *stmt, const struct lf_dead_letter *letter, struct lf_err *err)
{
    struct lf_buf *scratch = &session->scratch;
    char record_time[LF_TIME_TEXT_SIZE], dead_at[LF_TIME_TEXT_SIZE];
    lf_buf_clear(scratch);
    lf_store_write_header_list(scratch, letter->headers, letter->header_count);
    enum lf_status st = lf_buf_status(scratch, err);
    if (st != LF_OK)
        return st;
    struct lf_sqlite_binder binder = {.stmt = stmt};
    lf_sqlite_bind_text(&binder, letter->place.topic);
    lf_sqlite_bind_int(&binder, letter->place.partition);
    lf_sqlite_bind_int(&binder, letter->place.offset);
    lf_sqlite_bind_text(&binder, letter->event_id);
    lf_sqlite_bind_text(&binder, letter->event_type);
    lf_sqlite_bind_bytes(&binder, letter->key);
    lf_sqlite_bind_bytes(&binder, letter->value);
    lf_sqlite_bind_text(&binder, lf_buf_view(scratch));
    lf_sqlite_bind_text(&binder, letter->stage);
    lf_sqlite_bind_text(&binder, letter->code);
    lf_sqlite_bind_text(&binder, letter->reason);
    size_t len = lf_store_time_text(lf_store_ms_to_us(letter->record_time_ms), record_time);
    lf_sqlite_bind_text(&binder, lf_bytes(record_time, len));
    len = lf_store_time_text(letter->dead_at_us, dead_at);
    lf_sqlite_bind_text(&binder, lf_bytes(dead_at, len));
    return lf_sqlite_run(session, &binder, "storing a dead letter", err);
}

enum lf_status
lf_sqlite_bury(struct lf_store_session *base, const struct lf_dead_letter *letters, size_t count, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    sqlite3_stmt *stmt;
    enum lf_status st = lf_sqlite_fixed(session, LF_SQL_BURY, &stmt, err);
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = bury_one(session, stmt, &letters[i], err);
    return st;
}

enum lf_status
lf_sqlite_set_aside(struct lf_store_session *base, struct lf_bytes topic, int32_t partition, int64_t from,
                    struct lf_bytes name, struct lf_err *err)
{
    static const enum lf_sqlite_fixed statements[] = {LF_SQL_SET_EVENTS_ASIDE, LF_SQL_SET_LETTERS_ASIDE};
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < 2; i++) {
        struct lf_sqlite_binder binder = {0};
        st = lf_sqlite_fixed(session, statements[i], &binder.stmt, err);
        if (st != LF_OK)
            break;
        lf_sqlite_bind_text(&binder, name);
        lf_sqlite_bind_text(&binder, topic);
        lf_sqlite_bind_int(&binder, partition);
        lf_sqlite_bind_int(&binder, from);
        st = lf_sqlite_run(session, &binder, "freeing places of the log", err);
    }
    return st;
}
