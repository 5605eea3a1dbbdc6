/* Reading rows back: states, events, dead letters, positions. */
#include "store/sqlite/sqlite.h"

#include "base/limits.h"
#include "json/json.h"

enum { LETTERS_SQL_BYTES_MAX = 4096 };

enum lf_status
lf_sqlite_column_json(sqlite3_stmt *stmt, int column, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    struct lf_bytes text;
    enum lf_status st = lf_sqlite_column_bytes(stmt, column, arena, &text, err);
    if (st != LF_OK || text.ptr == NULL) {
        *ret = LF_VALUE_NULL;
        return st;
    }
    st = lf_json_parse(arena, text, ret, err);
    if (st == LF_OK || st == LF_NO_MEMORY)
        return st;
    return lf_fail(err, LF_CORRUPT, "column \"%s\" does not hold JSON", sqlite3_column_name(stmt, column));
}

static enum lf_status
read_field(sqlite3_stmt *stmt, int column, const struct lf_field *field, struct lf_arena *arena, struct lf_value *ret,
           struct lf_err *err)
{
    struct lf_bytes text;
    enum lf_status st = LF_OK;
    *ret = LF_VALUE_NULL;
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return LF_OK;
    switch (lf_column_of(field)) {
    case LF_COLUMN_TEXT:
        st = lf_sqlite_column_bytes(stmt, column, arena, &text, err);
        if (st == LF_OK)
            *ret = lf_value_string(text);
        return st;
    case LF_COLUMN_INTEGER: *ret = lf_value_int(sqlite3_column_int64(stmt, column)); return LF_OK;
    case LF_COLUMN_BOOLEAN: *ret = lf_value_bool(sqlite3_column_int(stmt, column) != 0); return LF_OK;
    case LF_COLUMN_REAL: *ret = lf_value_float(sqlite3_column_double(stmt, column)); return LF_OK;
    case LF_COLUMN_JSON: return lf_sqlite_column_json(stmt, column, arena, ret, err);
    }
    return st;
}

enum lf_status
lf_sqlite_read_state(sqlite3_stmt *stmt, const struct lf_entity *entity, struct lf_arena *arena, struct lf_value *ret,
                     struct lf_err *err)
{
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, entity->field_count);
    if (members == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < entity->field_count; i++) {
        members[i].name = entity->fields[i].name;
        enum lf_status st = read_field(stmt, (int)i, &entity->fields[i], arena, &members[i].value, err);
        if (st != LF_OK)
            return st;
    }
    *ret = lf_value_object(members, entity->field_count);
    return LF_OK;
}

/* One column after the other; the first failure stays. */
struct reader {
    sqlite3_stmt *stmt;
    int column;
    struct lf_arena *arena;
    enum lf_status st;
    struct lf_err *err;
};

static struct lf_bytes
next_bytes(struct reader *reader)
{
    struct lf_bytes bytes = LF_BYTES_NONE;
    int column = reader->column++;
    if (reader->st == LF_OK)
        reader->st = lf_sqlite_column_bytes(reader->stmt, column, reader->arena, &bytes, reader->err);
    return bytes;
}

static int64_t
next_time(struct reader *reader)
{
    int64_t us = 0;
    int column = reader->column++;
    if (reader->st == LF_OK)
        reader->st = lf_sqlite_column_time(reader->stmt, column, &us, reader->err);
    return us;
}

static int64_t
next_int(struct reader *reader)
{
    return sqlite3_column_int64(reader->stmt, reader->column++);
}

static struct lf_value
next_json(struct reader *reader)
{
    struct lf_value value = LF_VALUE_NULL;
    int column = reader->column++;
    if (reader->st == LF_OK)
        reader->st = lf_sqlite_column_json(reader->stmt, column, reader->arena, &value, reader->err);
    return value;
}

enum lf_status
lf_sqlite_read_event(sqlite3_stmt *stmt, const struct lf_model *model, struct lf_arena *arena,
                     struct lf_stored_event *ret, int64_t *ret_sequence, struct lf_err *err)
{
    struct reader reader = {.stmt = stmt, .arena = arena, .st = LF_OK, .err = err};
    struct lf_stored_event stored = {.status = LF_EVENT_STORED};
    stored.event.id = next_bytes(&reader);
    stored.event.type_name = next_bytes(&reader);
    stored.entity_type = next_bytes(&reader);
    stored.event.entity_key = next_bytes(&reader);
    stored.event.payload = next_json(&reader);
    stored.headers = next_json(&reader);
    stored.event.place.topic = next_bytes(&reader);
    stored.event.place.partition = (int32_t)next_int(&reader);
    stored.event.place.offset = next_int(&reader);
    stored.event.time_us = next_time(&reader);
    stored.stored_at_us = next_time(&reader);
    stored.event.key = next_bytes(&reader);
    stored.event.extra = next_json(&reader);
    if (reader.st != LF_OK)
        return reader.st;
    stored.event.version = lf_store_event_version(&stored.headers);
    stored.event.type = lf_model_event(model, stored.event.type_name);
    if (ret_sequence != NULL)
        *ret_sequence = next_int(&reader);
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
read_letter(sqlite3_stmt *stmt, struct lf_arena *arena, struct lf_dead_letter *ret, struct lf_err *err)
{
    struct reader reader = {.stmt = stmt, .arena = arena, .st = LF_OK, .err = err};
    struct lf_dead_letter letter = {0};
    letter.id = next_int(&reader);
    letter.place.topic = next_bytes(&reader);
    letter.place.partition = (int32_t)next_int(&reader);
    letter.place.offset = next_int(&reader);
    letter.event_id = next_bytes(&reader);
    letter.event_type = next_bytes(&reader);
    letter.key = next_bytes(&reader);
    letter.value = next_bytes(&reader);
    struct lf_bytes headers = next_bytes(&reader);
    letter.stage = next_bytes(&reader);
    letter.code = next_bytes(&reader);
    letter.reason = next_bytes(&reader);
    letter.record_time_ms = us_to_ms(next_time(&reader));
    letter.dead_at_us = next_time(&reader);
    if (reader.st == LF_OK)
        reader.st = lf_store_read_header_list(headers, arena, &letter.headers, &letter.header_count, err);
    if (reader.st == LF_OK)
        *ret = letter;
    return reader.st;
}

static enum lf_status
find_letter(struct lf_sqlite_session *session, struct lf_bytes id, struct lf_arena *arena, struct lf_stored_event *ret,
            struct lf_err *err)
{
    struct lf_sqlite_binder binder = {0};
    enum lf_status st = lf_sqlite_fixed(session, LF_SQL_LETTER_OF_EVENT, &binder.stmt, err);
    if (st != LF_OK)
        return st;
    bool row;
    struct lf_dead_letter letter;
    lf_sqlite_bind_text(&binder, id);
    st = lf_sqlite_step(session, &binder, "reading a dead letter", &row, err);
    if (st != LF_OK)
        return st;
    if (!row)
        return lf_fail(err, LF_NOT_FOUND, "there is no event with id \"%.*s\"", LF_FMT(id));
    st = read_letter(binder.stmt, arena, &letter, err);
    sqlite3_reset(binder.stmt);
    return st == LF_OK ? lf_store_letter_as_event(&letter, session->store->base.model, arena, ret, err) : st;
}

enum lf_status
lf_sqlite_event(struct lf_store_session *base, struct lf_bytes id, struct lf_arena *arena, struct lf_stored_event *ret,
                struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    struct lf_sqlite_binder binder = {0};
    enum lf_status st = lf_sqlite_fixed(session, LF_SQL_EVENT, &binder.stmt, err);
    if (st != LF_OK)
        return st;
    bool row;
    lf_sqlite_bind_text(&binder, id);
    st = lf_sqlite_step(session, &binder, "reading an event", &row, err);
    if (st != LF_OK)
        return st;
    if (!row)
        return find_letter(session, id, arena, ret, err);
    st = lf_sqlite_read_event(binder.stmt, session->store->base.model, arena, ret, NULL, err);
    sqlite3_reset(binder.stmt);
    return st;
}

/* Reads the rows of a statement into an array of at most max. */
static enum lf_status
read_letters(struct lf_sqlite_session *session, struct lf_sqlite_binder *binder, struct lf_arena *arena,
             struct lf_dead_letter **ret, size_t *ret_count, struct lf_err *err)
{
    struct lf_dead_letter *letters = NULL;
    size_t count = 0, cap = 0;
    for (;;) {
        bool row;
        enum lf_status st = lf_sqlite_step(session, binder, "reading dead letters", &row, err);
        if (st != LF_OK)
            return st;
        if (!row)
            break;
        struct lf_dead_letter *grown = lf_arena_grow(arena, letters, count, &cap, sizeof(*letters));
        st = grown != NULL ? read_letter(binder->stmt, arena, &grown[count], err) : lf_no_memory(err);
        if (st != LF_OK) {
            sqlite3_reset(binder->stmt);
            return st;
        }
        letters = grown;
        count++;
    }
    *ret = letters;
    *ret_count = count;
    return LF_OK;
}

enum lf_status
lf_sqlite_dead_letters(struct lf_store_session *base, const struct lf_letter_query *query, struct lf_arena *arena,
                       struct lf_dead_letter **ret, size_t *ret_count, struct lf_err *err)
{
    struct lf_sqlite_session *session = (struct lf_sqlite_session *)base;
    struct lf_sql_letters sql = {0};
    struct lf_sqlite_binder binder = {0};
    lf_buf_init(&sql.text, LETTERS_SQL_BYTES_MAX);
    lf_sql_letters_write(&sql, query, "", '?');
    enum lf_status st = lf_buf_status(&sql.text, err);
    if (st == LF_OK)
        st = lf_sqlite_list_stmt(session, lf_buf_view(&sql.text), &binder.stmt, err);
    for (size_t i = 0; st == LF_OK && i < sql.param_count; i++)
        lf_sqlite_bind_value(&binder, &sql.params[i]);
    if (st == LF_OK)
        st = read_letters(session, &binder, arena, ret, ret_count, err);
    lf_buf_release(&sql.text);
    return st;
}
