/* What is PostgreSQL's own in the SQL that is generated, and the statements that do not change. */
#include "store/postgres/postgres.h"

#include "base/limits.h"

#include <string.h>

enum { STATEMENT_BYTES_MAX = 4 * 1024 * 1024 };

const struct lf_pg_kind *
lf_pg_kind(const struct lf_field *field)
{
    static const struct lf_pg_kind text = {"text COLLATE \"C\"", "text", LF_PG_TEXT, "", ""},
                                   integer = {"integer", "integer", LF_PG_INT4, "", ""},
                                   bigint = {"bigint", "bigint", LF_PG_INT8, "", ""},
                                   boolean = {"boolean", "boolean", LF_PG_BOOL, "", ""},
                                   real = {"double precision", "double precision", LF_PG_FLOAT8, "", ""},
                                   numeric = {"numeric", "numeric", LF_PG_TEXT, "::numeric", "::text"},
                                   instant = {"timestamp with time zone", "timestamptz", LF_PG_TIMESTAMPTZ, "", ""},
                                   date = {"date", "date", LF_PG_DATE, "", ""},
                                   uuid = {"uuid", "uuid", LF_PG_UUID, "", ""},
                                   json = {"json", "json", LF_PG_JSON, "", ""};
    switch (lf_column_of(field)) {
    case LF_COLUMN_INTEGER: return field->type == LF_T_INT ? &integer : &bigint;
    case LF_COLUMN_BOOLEAN: return &boolean;
    case LF_COLUMN_REAL: return &real;
    case LF_COLUMN_JSON: return &json;
    default: break;
    }
    switch (field->type) {
    case LF_T_DECIMAL: return &numeric;
    case LF_T_DATETIME: return &instant;
    case LF_T_DATE: return &date;
    case LF_T_UUID: return &uuid;
    default: return &text; /* Time too: time with time zone orders by the zone as well */
    }
}

void
lf_pg_table(struct lf_buf *out, const struct lf_entity *entity, const char *prefix)
{
    lf_buf_add_text(out, prefix);
    lf_sql_table(out, entity);
}

/* ---- lists ---- */

/* The entity's columns as they are read. */
static void
add_columns(struct lf_buf *out, const struct lf_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        if (i != 0)
            lf_buf_add_text(out, ", ");
        lf_buf_add_text(out, "t.");
        lf_sql_quote(out, entity->fields[i].column);
        lf_buf_add_text(out, lf_pg_kind(&entity->fields[i])->read);
    }
}

static void
add_select(struct lf_buf *out, const struct lf_entity *entity, const void *ctx)
{
    lf_buf_add_text(out, "SELECT ");
    if (entity == NULL) {
        lf_buf_add_text(out, LF_PG_EVENT_COLUMNS " FROM ");
        lf_buf_add_text(out, ctx);
        lf_buf_add_text(out, "event_store");
        return;
    }
    add_columns(out, entity);
    lf_buf_add_text(out, " FROM ");
    lf_pg_table(out, entity, ctx);
    lf_buf_add_text(out, " t");
}

static bool
is_time(const struct lf_field *field)
{
    return field->type == LF_T_TIME && !field->is_list;
}

/* Times of day are text; they compare as instants of one day. "t.": not what is selected under the same name, cast. */
static void
add_column(struct lf_buf *out, const struct lf_entity *entity, const struct lf_field *field)
{
    if (is_time(field))
        lf_buf_add_text(out, "('2000-01-01 ' || ");
    if (entity != NULL)
        lf_buf_add_text(out, "t.");
    lf_sql_quote(out, field->column);
    if (is_time(field))
        lf_buf_add_text(out, ")::timestamptz");
}

static void
add_param(struct lf_buf *out, const struct lf_entity *entity, const struct lf_field *field, size_t number)
{
    (void)entity;
    if (is_time(field))
        lf_buf_printf(out, "('2000-01-01 ' || $%zu::text)::timestamptz", number);
    else
        lf_buf_printf(out, "$%zu::%s", number, lf_pg_kind(field)->compared);
}

const struct lf_sql_list_dialect lf_pg_lists = {
    .yes = "TRUE",
    .no = "FALSE",
    .sequence = "sequence",
    .search = {[LF_SQL_CONTAINS] = {"strpos(", "::text, ", "::text) > 0"},
               [LF_SQL_STARTS] = {"starts_with(", "::text, ", "::text)"},
               [LF_SQL_ENDS] = {"starts_with(reverse(", "::text), reverse(", "::text))"}},
    .select = add_select,
    .column = add_column,
    .param = add_param,
};

/* ---- statements; @ is the schema ---- */

/* Nobody waits for one who has stopped, be it a process that was frozen or a lock that is held. In seconds, below
 * LF_PG_STATEMENT_MS. What a batch changes is looked up by its keys, and no table is read whole for it. A lock comes
 * before the snapshot, which the first query takes. */
#define BEGIN(LOCK_TIME, MODE)                                                                                         \
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE; SET LOCAL lock_timeout = '" LOCK_TIME "';"                      \
    "SET LOCAL statement_timeout = '28s'; SET LOCAL idle_in_transaction_session_timeout = '60s';"                      \
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"                                               \
    "LOCK TABLE @event_store IN " MODE " MODE"
#define WALK(CONDITION)                                                                                                \
    "SELECT sequence, event_id, event_type, entity_type, entity_key, payload, topic, log_partition, log_offset,"       \
    " CASE WHEN headers::text LIKE '%\"ce_dataversion\"%' THEN headers END"                                            \
    " FROM @event_store WHERE sequence > $1 AND sequence <= $2 AND entity_key IS NOT NULL AND " CONDITION              \
    " ORDER BY sequence LIMIT $3"

static const char *const fixed_sql[LF_PG_FIXED_COUNT] = {
    [LF_PG_BEGIN] = BEGIN("10s", "ROW EXCLUSIVE"),
    [LF_PG_BEGIN_AGAIN] = "ROLLBACK; " BEGIN("10s", "ROW EXCLUSIVE"),
    /* those who come later wait behind it: not for long */
    [LF_PG_BEGIN_ALONE] = BEGIN("2s", "SHARE ROW EXCLUSIVE"),
    [LF_PG_COPY] = "COPY @event_store (event_id, event_type, entity_type, entity_key, payload, headers, topic,"
                   " log_partition, log_offset, occurred_at, message_key, extra, stored_at)"
                   " FROM STDIN (FORMAT binary)",
    [LF_PG_APPEND] = "INSERT INTO @event_store (event_id, event_type, entity_type, entity_key, payload, headers, topic,"
                     " log_partition, log_offset, occurred_at, message_key, extra, stored_at)"
                     " SELECT unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6), unnest($7),"
                     " unnest($8), unnest($9), unnest($10), unnest($11), unnest($12), $13"
                     " ON CONFLICT DO NOTHING RETURNING event_id",
    [LF_PG_MET] = "WITH p AS (SELECT * FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS p(id, topic, part, off, i))"
                  " SELECT i, NULL, NULL FROM p JOIN @event_store e"
                  " ON e.topic = p.topic AND e.log_partition = p.part AND e.log_offset = p.off"
                  " UNION ALL SELECT i, e.event_type, e.payload FROM p JOIN @event_store e ON e.event_id = p.id",
    [LF_PG_BURY] = "INSERT INTO @dead_letters (topic, log_partition, log_offset, event_id, event_type, message_key,"
                   " value, headers, stage, code, reason, record_time, dead_at)"
                   " SELECT unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6), unnest($7),"
                   " unnest($8), unnest($9), unnest($10), unnest($11), unnest($12), unnest($13)"
                   " ON CONFLICT (topic, log_partition, log_offset) DO NOTHING",
    [LF_PG_POSITION] =
        "SELECT next_offset FROM @log_positions WHERE consumer_group = $1 AND topic = $2 AND log_partition = $3",
    [LF_PG_FIRST_POSITION] = "INSERT INTO @log_positions (consumer_group, topic, log_partition, next_offset)"
                             " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    [LF_PG_NEXT_POSITION] = "UPDATE @log_positions SET next_offset = $4 WHERE consumer_group = $1 AND topic = $2"
                            " AND log_partition = $3 AND next_offset = $5",
    [LF_PG_SET_EVENTS_ASIDE] =
        "UPDATE @event_store SET topic = $4 WHERE topic = $1 AND log_partition = $2 AND log_offset >= $3",
    [LF_PG_SET_LETTERS_ASIDE] =
        "UPDATE @dead_letters SET topic = $4 WHERE topic = $1 AND log_partition = $2 AND log_offset >= $3",
    [LF_PG_EVENT] = "SELECT " LF_PG_EVENT_COLUMNS " FROM @event_store WHERE event_id = $1",
    [LF_PG_LETTER_OF_EVENT] =
        "SELECT " LF_SQL_LETTER_COLUMNS " FROM @dead_letters WHERE event_id = $1 ORDER BY id DESC LIMIT 1",
    [LF_PG_LAST] = "SELECT COALESCE(max(sequence), 0) FROM @event_store",
    [LF_PG_WALK] = WALK("entity_type IS NOT NULL"),
    [LF_PG_WALK_ENTITY] = WALK("entity_type = $4"),
};

static void
write_fixed(struct lf_buf *out, const char *sql, const char *prefix)
{
    for (; *sql != '\0'; sql++) {
        if (*sql == '@')
            lf_buf_add_text(out, prefix);
        else
            lf_buf_add_char(out, *sql);
    }
}

static void
write_load(struct lf_buf *out, const struct lf_entity *entity, const char *prefix)
{
    const struct lf_field *key = &entity->fields[entity->key];
    lf_buf_add_text(out, "SELECT k.i, ");
    add_columns(out, entity);
    /* OFFSET 0: each key is looked up in the index, where the planner might read the whole table */
    lf_buf_add_text(out, " FROM unnest($1) WITH ORDINALITY AS k(key, i) CROSS JOIN LATERAL (SELECT * FROM ");
    lf_pg_table(out, entity, prefix);
    lf_buf_add_text(out, " r WHERE r.");
    lf_sql_quote(out, key->column);
    lf_buf_printf(out, " = k.key%s OFFSET 0) t", lf_pg_kind(key)->cast);
}

static void
write_delete(struct lf_buf *out, const struct lf_entity *entity, const char *prefix)
{
    lf_buf_add_text(out, "DELETE FROM ");
    lf_pg_table(out, entity, prefix);
    lf_buf_add_text(out, " WHERE ");
    lf_sql_quote(out, entity->fields[entity->key].column);
    lf_buf_add_text(out, " = ANY ($1)");
}

static void
write_save(struct lf_buf *out, const struct lf_entity *entity, const char *prefix)
{
    lf_buf_add_text(out, "INSERT INTO ");
    lf_pg_table(out, entity, prefix);
    lf_buf_add_text(out, " (");
    lf_sql_columns(out, entity);
    lf_buf_add_text(out, ") SELECT ");
    for (size_t i = 0; i < entity->field_count; i++)
        lf_buf_printf(out, "%sunnest($%zu)%s", i == 0 ? "" : ", ", i + 1, lf_pg_kind(&entity->fields[i])->cast);
    lf_buf_add_text(out, " ON CONFLICT (");
    lf_sql_quote(out, entity->fields[entity->key].column);
    lf_buf_add_text(out, ") DO ");
    lf_sql_update_excluded(out, entity);
}

/* Rows that the transaction has read. An upsert would make one anew that was deleted since; this fails with 40001. */
static void
write_change(struct lf_buf *out, const struct lf_entity *entity, const char *prefix)
{
    lf_buf_add_text(out, "UPDATE ");
    lf_pg_table(out, entity, prefix);
    lf_buf_add_text(out, " t SET ");
    size_t set = 0;
    for (size_t i = 0; i < entity->field_count; i++) {
        if (i == entity->key && entity->field_count > 1)
            continue;
        lf_buf_add_text(out, set++ == 0 ? "" : ", ");
        lf_sql_quote(out, entity->fields[i].column);
        lf_buf_printf(out, " = v.c%zu", i);
    }
    lf_buf_add_text(out, " FROM (SELECT ");
    for (size_t i = 0; i < entity->field_count; i++)
        lf_buf_printf(out, "%sunnest($%zu)%s AS c%zu", i == 0 ? "" : ", ", i + 1, lf_pg_kind(&entity->fields[i])->cast,
                      i);
    lf_buf_add_text(out, ") v WHERE t.");
    lf_sql_quote(out, entity->fields[entity->key].column);
    lf_buf_printf(out, " = v.c%zu", entity->key);
}

/* What has been written so far, as text that lasts. */
static enum lf_status
keep(struct lf_pg_store *store, struct lf_buf *sql, const char **ret, struct lf_err *err)
{
    enum lf_status st = lf_buf_status(sql, err);
    if (st != LF_OK)
        return st;
    *ret = lf_arena_text(&store->arena, lf_buf_view(sql));
    lf_buf_clear(sql);
    return *ret != NULL ? LF_OK : lf_no_memory(err);
}

static enum lf_status
write_all(struct lf_pg_store *store, const struct lf_model *model, struct lf_buf *sql, struct lf_err *err)
{
    static void (*const writers[])(struct lf_buf *, const struct lf_entity *,
                                   const char *) = {[LF_PG_LOAD] = write_load,
                                                    [LF_PG_SAVE] = write_save,
                                                    [LF_PG_CHANGE] = write_change,
                                                    [LF_PG_DELETE] = write_delete};
    lf_sql_quote(sql, lf_bytes_of(store->schema));
    lf_buf_add_char(sql, '.');
    enum lf_status st = keep(store, sql, &store->prefix, err);
    for (size_t i = 0; st == LF_OK && i < LF_PG_FIXED_COUNT; i++) {
        write_fixed(sql, fixed_sql[i], store->prefix);
        st = keep(store, sql, &store->fixed[i], err);
    }
    for (size_t i = 0; st == LF_OK && i < model->entity_count * LF_PG_OF_ENTITY_COUNT; i++) {
        writers[i % LF_PG_OF_ENTITY_COUNT](sql, &model->entities[i / LF_PG_OF_ENTITY_COUNT], store->prefix);
        st = keep(store, sql, &store->of_entity[i], err);
    }
    return st;
}

enum lf_status
lf_pg_write_statements(struct lf_pg_store *store, const struct lf_model *model, struct lf_err *err)
{
    struct lf_buf sql;
    store->of_entity = lf_arena_calloc(&store->arena, model->entity_count * LF_PG_OF_ENTITY_COUNT + 1, sizeof(char *));
    if (store->of_entity == NULL)
        return lf_no_memory(err);
    lf_buf_init(&sql, STATEMENT_BYTES_MAX);
    enum lf_status st = write_all(store, model, &sql, err);
    lf_buf_release(&sql);
    return st;
}

const char *
lf_pg_entity_sql(const struct lf_pg_session *session, const struct lf_entity *entity, enum lf_pg_of_entity which)
{
    LF_ASSERT(entity == &session->store->base.model->entities[entity->index]);
    return session->store->of_entity[entity->index * LF_PG_OF_ENTITY_COUNT + (size_t)which];
}
