/* Asking, and reading rows back: states, events, dead letters. */
#include "store/postgres/postgres.h"

enum { LETTERS_SQL_BYTES_MAX = 4096 };

#include "base/limits.h"

#include <stdlib.h>

enum lf_status
lf_pg_ask(struct lf_pg_session *session, const char *sql, const char *doing, PGresult **ret, struct lf_err *err)
{
    struct lf_pg_link *link = &session->link;
    bool in_tx = session->base.in_tx, fresh = lf_pg_link_lost(link);
    session->untouched = false;
    if (in_tx && fresh)
        return lf_fail(err, LF_UNAVAILABLE, "%s: the connection to PostgreSQL is lost", doing);
    enum lf_status st = lf_pg_params_status(&session->params, err);
    if (st == LF_OK)
        st = lf_pg_link_up(link, err);
    if (st == LF_OK)
        st = lf_pg_query(link, sql, &session->params, doing, ret, err);
    if (st != LF_UNAVAILABLE || in_tx || fresh || !lf_pg_link_lost(link))
        return st;
    st = lf_pg_link_up(link, err); /* it had gone unnoticed, and nothing depends on it */
    return st == LF_OK ? lf_pg_query(link, sql, &session->params, doing, ret, err) : st;
}

enum lf_status
lf_pg_do(struct lf_pg_session *session, const char *sql, const char *doing, int64_t *ret_changed, struct lf_err *err)
{
    PGresult *result = NULL;
    enum lf_status st = lf_pg_ask(session, sql, doing, &result, err);
    if (st == LF_OK && ret_changed != NULL)
        *ret_changed = strtoll(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return st;
}

enum lf_status
lf_pg_read_state(struct lf_pg_reader *reader, const struct lf_entity *entity, struct lf_value *ret)
{
    struct lf_member *members = LF_ARENA_ARRAY(reader->arena, struct lf_member, entity->field_count);
    if (members == NULL)
        return lf_no_memory(reader->err);
    for (size_t i = 0; i < entity->field_count; i++) {
        members[i].name = entity->fields[i].name;
        members[i].value = lf_pg_next_field(reader, &entity->fields[i]);
    }
    if (reader->st == LF_OK)
        *ret = lf_value_object(members, entity->field_count);
    return reader->st;
}

enum lf_status
lf_pg_read_event(struct lf_pg_reader *reader, const struct lf_model *model, struct lf_stored_event *ret,
                 int64_t *ret_sequence)
{
    struct lf_stored_event stored = {.status = LF_EVENT_STORED};
    reader->column = 0;
    stored.event.id = lf_pg_next_text(reader);
    stored.event.type_name = lf_pg_next_text(reader);
    stored.entity_type = lf_pg_next_text(reader);
    stored.event.entity_key = lf_pg_next_text(reader);
    stored.event.payload = lf_pg_next_jsonb(reader);
    stored.headers = lf_pg_next_json(reader);
    stored.event.place.topic = lf_pg_next_text(reader);
    stored.event.place.partition = (int32_t)lf_pg_next_int(reader);
    stored.event.place.offset = lf_pg_next_int(reader);
    stored.event.time_us = lf_pg_next_time(reader);
    stored.stored_at_us = lf_pg_next_time(reader);
    stored.event.key = lf_pg_next_bytes(reader);
    stored.event.extra = lf_pg_next_json(reader);
    stored.event.version = lf_store_event_version(&stored.headers);
    int64_t sequence = lf_pg_next_int(reader);
    if (reader->st != LF_OK)
        return reader->st;
    stored.event.type = lf_model_event(model, stored.event.type_name);
    if (ret_sequence != NULL)
        *ret_sequence = sequence;
    *ret = stored;
    return LF_OK;
}

/* Milliseconds, rounded down also before 1970. */
static int64_t
us_to_ms(int64_t us)
{
    return us >= 0 ? us / 1000 : -((-us + 999) / 1000);
}

static enum lf_status
read_letter(struct lf_pg_reader *reader, struct lf_dead_letter *ret)
{
    struct lf_dead_letter letter = {0};
    reader->column = 0;
    letter.id = lf_pg_next_int(reader);
    letter.place.topic = lf_pg_next_text(reader);
    letter.place.partition = (int32_t)lf_pg_next_int(reader);
    letter.place.offset = lf_pg_next_int(reader);
    letter.event_id = lf_pg_next_text(reader);
    letter.event_type = lf_pg_next_text(reader);
    letter.key = lf_pg_next_bytes(reader);
    letter.value = lf_pg_next_bytes(reader);
    struct lf_bytes headers = lf_pg_next_bytes(reader);
    letter.stage = lf_pg_next_text(reader);
    letter.code = lf_pg_next_text(reader);
    letter.reason = lf_pg_next_text(reader);
    letter.record_time_ms = us_to_ms(lf_pg_next_time(reader));
    letter.dead_at_us = lf_pg_next_time(reader);
    if (reader->st == LF_OK)
        reader->st =
            lf_store_read_header_list(headers, reader->arena, &letter.headers, &letter.header_count, reader->err);
    if (reader->st == LF_OK)
        *ret = letter;
    return reader->st;
}

static enum lf_status
find_letter(struct lf_pg_session *session, struct lf_bytes id, struct lf_arena *arena, struct lf_stored_event *ret,
            struct lf_err *err)
{
    PGresult *result = NULL;
    struct lf_dead_letter letter;
    enum lf_status st =
        lf_pg_ask(session, session->store->fixed[LF_PG_LETTER_OF_EVENT], "reading a dead letter", &result, err);
    if (st != LF_OK)
        return st;
    struct lf_pg_reader reader = {.result = result, .arena = arena, .st = LF_OK, .err = err};
    if (PQntuples(result) == 0)
        st = lf_fail(err, LF_NOT_FOUND, "there is no event with id \"%.*s\"", LF_FMT(id));
    else
        st = read_letter(&reader, &letter);
    PQclear(result);
    return st == LF_OK ? lf_store_letter_as_event(&letter, session->store->base.model, arena, ret, err) : st;
}

enum lf_status
lf_pg_event(struct lf_store_session *base, struct lf_bytes id, struct lf_arena *arena, struct lf_stored_event *ret,
            struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    PGresult *result = NULL;
    lf_pg_params_clear(&session->params);
    lf_pg_param_text(&session->params, id.ptr != NULL ? id : LF_LIT(""));
    enum lf_status st = lf_pg_ask(session, session->store->fixed[LF_PG_EVENT], "reading an event", &result, err);
    if (st != LF_OK)
        return st;
    struct lf_pg_reader reader = {.result = result, .arena = arena, .st = LF_OK, .err = err};
    bool found = PQntuples(result) != 0;
    if (found)
        st = lf_pg_read_event(&reader, session->store->base.model, ret, NULL);
    PQclear(result);
    return found ? st : find_letter(session, id, arena, ret, err);
}

static enum lf_status
ask_for_letters(struct lf_pg_session *session, const struct lf_letter_query *query, PGresult **ret, struct lf_err *err)
{
    struct lf_sql_letters sql = {0};
    lf_buf_init(&sql.text, LETTERS_SQL_BYTES_MAX);
    lf_sql_letters_write(&sql, query, session->store->prefix, '$');
    lf_buf_add_char(&sql.text, '\0');
    lf_pg_params_clear(&session->params);
    for (size_t i = 0; i < sql.param_count; i++)
        lf_pg_param_value(&session->params, &sql.params[i]);
    enum lf_status st = lf_buf_status(&sql.text, err);
    if (st == LF_OK)
        st = lf_pg_ask(session, sql.text.ptr, "reading dead letters", ret, err);
    lf_buf_release(&sql.text);
    return st;
}

enum lf_status
lf_pg_dead_letters(struct lf_store_session *base, const struct lf_letter_query *query, struct lf_arena *arena,
                   struct lf_dead_letter **ret, size_t *ret_count, struct lf_err *err)
{
    PGresult *result = NULL;
    enum lf_status st = ask_for_letters((struct lf_pg_session *)base, query, &result, err);
    if (st != LF_OK)
        return st;
    struct lf_pg_reader reader = {.result = result, .arena = arena, .st = LF_OK, .err = err};
    size_t count = (size_t)PQntuples(result);
    struct lf_dead_letter *letters = LF_ARENA_ARRAY(arena, struct lf_dead_letter, count);
    if (letters == NULL)
        st = lf_no_memory(err);
    for (; st == LF_OK && (size_t)reader.row < count; reader.row++)
        st = read_letter(&reader, &letters[reader.row]);
    PQclear(result);
    if (st == LF_OK) {
        *ret = letters;
        *ret_count = count;
    }
    return st;
}
