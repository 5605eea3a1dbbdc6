/* Columns of results, from PostgreSQL's binary formats. */
#include "store/postgres/postgres.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "json/json.h"

#include <endian.h>
#include <string.h>

static const int64_t epoch_us = INT64_C(946684800000000); /* 2000-01-01 */
static const int64_t day_us = INT64_C(86400000000);

/* The next column as it came; ptr NULL: null. */
static struct lf_bytes
next_raw(struct lf_pg_reader *reader)
{
    int column = reader->column++;
    if (reader->st != LF_OK || PQgetisnull(reader->result, reader->row, column))
        return LF_BYTES_NONE;
    return lf_bytes(PQgetvalue(reader->result, reader->row, column),
                    (size_t)PQgetlength(reader->result, reader->row, column));
}

static void
damaged(struct lf_pg_reader *reader, const char *what)
{
    reader->st = lf_fail(reader->err, LF_CORRUPT, "column \"%s\" does not hold %s",
                         PQfname(reader->result, reader->column - 1), what);
}

bool
lf_pg_is_null(const struct lf_pg_reader *reader)
{
    return PQgetisnull(reader->result, reader->row, reader->column);
}

struct lf_bytes
lf_pg_next_bytes(struct lf_pg_reader *reader)
{
    struct lf_bytes raw = next_raw(reader);
    if (raw.ptr == NULL)
        return raw;
    struct lf_bytes copy = lf_arena_copy(reader->arena, raw);
    if (copy.ptr == NULL)
        reader->st = lf_no_memory(reader->err);
    return copy;
}

struct lf_bytes
lf_pg_next_text(struct lf_pg_reader *reader)
{
    struct lf_bytes raw = next_raw(reader);
    if (raw.ptr == NULL)
        return raw;
    char *copy = lf_arena_text(reader->arena, raw);
    if (copy == NULL) {
        reader->st = lf_no_memory(reader->err);
        return LF_BYTES_NONE;
    }
    return lf_bytes(copy, lf_pg_text_read(copy, raw.len));
}

static int64_t
read_64(struct lf_bytes raw)
{
    uint64_t big;
    memcpy(&big, raw.ptr, sizeof(big));
    return (int64_t)be64toh(big);
}

int64_t
lf_pg_next_int(struct lf_pg_reader *reader)
{
    struct lf_bytes raw = next_raw(reader);
    uint32_t big;
    switch (raw.len) {
    case 8: return read_64(raw);
    case 4: memcpy(&big, raw.ptr, sizeof(big)); return (int32_t)be32toh(big);
    default:
        if (raw.ptr != NULL)
            damaged(reader, "an integer");
        return 0;
    }
}

int64_t
lf_pg_next_time(struct lf_pg_reader *reader)
{
    struct lf_bytes raw = next_raw(reader);
    if (raw.ptr != NULL && raw.len != 8)
        damaged(reader, "a time");
    if (raw.ptr == NULL || raw.len != 8)
        return 0;
    int64_t us;
    bool beyond = __builtin_add_overflow(read_64(raw), epoch_us, &us); /* infinity */
    return beyond ? INT64_MAX : us;
}

struct lf_value
lf_pg_next_jsonb(struct lf_pg_reader *reader)
{
    struct lf_value value = LF_VALUE_NULL;
    struct lf_bytes raw = lf_pg_next_bytes(reader);
    if (raw.ptr == NULL)
        return value;
    if (raw.len == 0 || raw.ptr[0] != 1) { /* the format's version */
        damaged(reader, "jsonb");
        return value;
    }
    enum lf_status st = lf_pg_jsonb_read(lf_bytes(raw.ptr + 1, raw.len - 1), reader->arena, &value, reader->err);
    if (st == LF_NO_MEMORY)
        reader->st = st;
    else if (st != LF_OK)
        damaged(reader, "JSON that can be read");
    return value;
}

struct lf_value
lf_pg_next_json(struct lf_pg_reader *reader)
{
    struct lf_value value = LF_VALUE_NULL;
    struct lf_bytes raw = lf_pg_next_bytes(reader);
    if (raw.ptr == NULL)
        return value;
    enum lf_status st = lf_json_parse(reader->arena, raw, &value, reader->err);
    if (st == LF_NO_MEMORY)
        reader->st = st;
    else if (st != LF_OK)
        damaged(reader, "JSON that can be read");
    return value;
}

/* Room for a text that is made here. */
static char *
room(struct lf_pg_reader *reader, size_t size)
{
    char *text = lf_arena_alloc(reader->arena, size);
    if (text == NULL)
        reader->st = lf_no_memory(reader->err);
    return text;
}

static struct lf_value
next_time_text(struct lf_pg_reader *reader)
{
    int64_t us = lf_pg_next_time(reader);
    char *text = reader->st == LF_OK ? room(reader, LF_TIME_TEXT_SIZE) : NULL;
    return text != NULL ? lf_value_string(lf_bytes(text, lf_store_time_text(us, text))) : LF_VALUE_NULL;
}

static struct lf_value
next_date_text(struct lf_pg_reader *reader)
{
    enum { DATE_LEN = 10, DAYS_MAX = 10000000 };
    int64_t days = lf_pg_next_int(reader);
    char *text = reader->st == LF_OK ? room(reader, LF_TIME_TEXT_SIZE) : NULL;
    if (text == NULL)
        return LF_VALUE_NULL;
    bool beyond = days > DAYS_MAX || days < -DAYS_MAX; /* infinity */
    lf_store_time_text(beyond ? INT64_MAX : days * day_us + epoch_us, text);
    return lf_value_string(lf_bytes(text, DATE_LEN));
}

static struct lf_value
next_uuid_text(struct lf_pg_reader *reader)
{
    struct lf_bytes raw = next_raw(reader);
    struct lf_uuid uuid;
    if (raw.len != sizeof(uuid.bytes)) {
        damaged(reader, "a UUID");
        return LF_VALUE_NULL;
    }
    char *text = room(reader, LF_UUID_TEXT_LEN + 1);
    if (text == NULL)
        return LF_VALUE_NULL;
    memcpy(uuid.bytes, raw.ptr, sizeof(uuid.bytes));
    lf_uuid_format(&uuid, text);
    return lf_value_string(lf_bytes(text, LF_UUID_TEXT_LEN));
}

static struct lf_value
next_float(struct lf_pg_reader *reader)
{
    int64_t bits = lf_pg_next_int(reader);
    double number;
    memcpy(&number, &bits, sizeof(number));
    return lf_value_float(number);
}

static struct lf_value
next_boolean(struct lf_pg_reader *reader)
{
    struct lf_bytes raw = next_raw(reader);
    return lf_value_bool(raw.len == 1 && raw.ptr[0] != 0);
}

struct lf_value
lf_pg_next_field(struct lf_pg_reader *reader, const struct lf_field *field)
{
    struct lf_bytes text;
    if (reader->st != LF_OK || lf_pg_is_null(reader)) {
        reader->column++;
        return LF_VALUE_NULL;
    }
    switch (lf_column_of(field)) {
    case LF_COLUMN_INTEGER: return lf_value_int(lf_pg_next_int(reader));
    case LF_COLUMN_BOOLEAN: return next_boolean(reader);
    case LF_COLUMN_REAL: return next_float(reader);
    case LF_COLUMN_JSON: return lf_pg_next_json(reader);
    default: break;
    }
    switch (field->type) {
    case LF_T_DATETIME: return next_time_text(reader);
    case LF_T_DATE: return next_date_text(reader);
    case LF_T_UUID: return next_uuid_text(reader);
    default: text = lf_pg_next_text(reader); return reader->st == LF_OK ? lf_value_string(text) : LF_VALUE_NULL;
    }
}
