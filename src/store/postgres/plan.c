/* Tables in PostgreSQL's words: what is there, and how to make and change them. */
#include "store/postgres/postgres.h"

#include <string.h>

static const char *const own_tables[] = {"event_store", "log_positions", "dead_letters"};
enum { OWN_COUNT = sizeof(own_tables) / sizeof(own_tables[0]) };

#define TEXT "text COLLATE \"C\""

/* @ is the schema. */
static const char *const own_sql[OWN_COUNT] = {
    "CREATE TABLE @event_store (sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE, event_id " TEXT " PRIMARY KEY,"
    " event_type " TEXT " NOT NULL, entity_type " TEXT ", entity_key " TEXT ", payload jsonb NOT NULL,"
    " headers json NOT NULL, topic " TEXT " NOT NULL, log_partition integer NOT NULL, log_offset bigint NOT NULL,"
    " occurred_at timestamptz NOT NULL, stored_at timestamptz NOT NULL, message_key bytea, extra json,"
    " UNIQUE (topic, log_partition, log_offset));\n"
    "COMMENT ON TABLE @event_store IS '" LF_PG_MARK_FORMAT "1';\n",
    "CREATE TABLE @log_positions (consumer_group " TEXT " NOT NULL, topic " TEXT " NOT NULL,"
    " log_partition integer NOT NULL, next_offset bigint NOT NULL,"
    " PRIMARY KEY (consumer_group, topic, log_partition));\n"
    "COMMENT ON TABLE @log_positions IS '" LF_PG_MARK " log positions';\n",
    "CREATE TABLE @dead_letters (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic " TEXT " NOT NULL,"
    " log_partition integer NOT NULL, log_offset bigint NOT NULL, event_id " TEXT ", event_type " TEXT ","
    " message_key bytea, value bytea, headers json NOT NULL, stage " TEXT " NOT NULL, code " TEXT " NOT NULL,"
    " reason " TEXT " NOT NULL, record_time timestamptz NOT NULL, dead_at timestamptz NOT NULL,"
    " UNIQUE (topic, log_partition, log_offset));\n"
    "CREATE INDEX ON @dead_letters (event_id);\n"
    "COMMENT ON TABLE @dead_letters IS '" LF_PG_MARK " dead letters';\n",
};

static const char *
type_of(const struct lf_field *field)
{
    return lf_pg_kind(field)->column;
}

static const char *
example_of(const struct lf_field *field)
{
    switch (lf_pg_kind(field)->sent) {
    case LF_PG_BOOL: return "false";
    case LF_PG_JSON: return field->is_list ? "'[]'" : "'{}'";
    case LF_PG_UUID: return "'00000000-0000-0000-0000-000000000000'";
    case LF_PG_DATE:
    case LF_PG_TIMESTAMPTZ: return "'1970-01-01T00:00:00Z'";
    case LF_PG_TEXT: return field->type == LF_T_DECIMAL ? "0" : "''";
    default: return "0";
    }
}

static void
add_table(struct lf_buf *out, const struct lf_entity *entity, const void *ctx)
{
    const struct lf_pg_store *store = ctx;
    lf_pg_table(out, entity, store->prefix);
}

/* A column a row: name, type, not null, default, in the key; and what the table's comment says. */
static const char columns_sql[] =
    "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod)"
    " || CASE WHEN a.atttypid = 'text'::regtype AND k.collname = 'C' THEN ' COLLATE \"C\"' ELSE '' END,"
    " a.attnotnull::int, (a.atthasdef OR a.attidentity <> '')::int, (i.indexrelid IS NOT NULL)::int,"
    " COALESCE(obj_description(c.oid, 'pg_class'), '')"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " LEFT JOIN pg_collation k ON k.oid = a.attcollation"
    " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)"
    " WHERE n.nspname = $1 AND c.relname = $2 ORDER BY a.attnum";

static enum lf_status
read_column(struct lf_sql_plan *plan, struct lf_pg_reader *reader, const char *table)
{
    struct lf_sql_column *column = lf_sql_plan_column(plan);
    if (column == NULL)
        return lf_no_memory(plan->err);
    reader->column = 0;
    column->name = lf_pg_next_text(reader);
    column->type = lf_pg_next_text(reader);
    column->not_null = lf_pg_next_int(reader) != 0;
    column->has_default = lf_pg_next_int(reader) != 0;
    column->in_key = lf_pg_next_int(reader) != 0;
    struct lf_bytes comment = lf_pg_next_text(reader);
    if (reader->st == LF_OK && !lf_bytes_starts_with(comment, LF_LIT(LF_PG_MARK)))
        return lf_fail(plan->err, LF_UNSUPPORTED,
                       "there is a table \"%s\" of another application: give the store a schema of its own with "
                       "?schema=NAME in its URL",
                       table);
    return reader->st;
}

static enum lf_status
ask(struct lf_pg_store *store, const char *sql, const char *table, PGresult **ret, struct lf_err *err)
{
    struct lf_pg_params params;
    lf_pg_params_init(&params);
    if (table != NULL) {
        lf_pg_param_text(&params, lf_bytes_of(store->schema));
        lf_pg_param_text(&params, lf_bytes_of(table));
    }
    enum lf_status st = lf_pg_params_status(&params, err);
    if (st == LF_OK)
        st = lf_pg_query(&store->health, sql, &params, "reading the store's tables", ret, err);
    lf_pg_params_release(&params);
    return st;
}

static enum lf_status
read_columns(struct lf_sql_plan *plan, const char *table)
{
    PGresult *result = NULL;
    enum lf_status st = ask(plan->ctx, columns_sql, table, &result, plan->err);
    struct lf_pg_reader reader = {.result = result, .arena = &plan->arena, .st = LF_OK, .err = plan->err};
    for (; st == LF_OK && reader.row < PQntuples(result); reader.row++)
        st = read_column(plan, &reader, table);
    PQclear(result);
    return st;
}

static enum lf_status
has_row(struct lf_sql_plan *plan, struct lf_bytes sql, bool *ret)
{
    PGresult *result = NULL;
    const char *text = lf_arena_text(&plan->arena, sql);
    enum lf_status st = text != NULL ? ask(plan->ctx, text, NULL, &result, plan->err) : lf_no_memory(plan->err);
    if (st == LF_OK)
        *ret = PQntuples(result) != 0;
    PQclear(result);
    return st;
}

static void
create(struct lf_sql_plan *plan, size_t own)
{
    const struct lf_pg_store *store = plan->ctx;
    for (const char *sql = own_sql[own]; *sql != '\0'; sql++) {
        if (*sql == '@')
            lf_buf_add_text(plan->out, store->prefix);
        else
            lf_buf_add_char(plan->out, *sql);
    }
}

static void
created(struct lf_sql_plan *plan)
{
    lf_buf_add_text(plan->out, "COMMENT ON TABLE ");
    add_table(plan->out, plan->entity, plan->ctx);
    lf_buf_printf(plan->out, " IS '" LF_PG_MARK " entity %.*s';\n", LF_FMT(plan->entity->name)); /* a GraphQL name */
}

static void
relax(struct lf_sql_plan *plan, struct lf_bytes column, struct lf_bytes type)
{
    (void)type;
    lf_sql_plan_alter(plan, plan->out, "ALTER COLUMN", column);
    lf_buf_add_text(plan->out, " DROP NOT NULL;\n");
}

static void
tighten(struct lf_sql_plan *plan, struct lf_bytes column)
{
    lf_sql_plan_alter(plan, plan->out, "ALTER COLUMN", column);
    lf_buf_add_text(plan->out, " SET NOT NULL;\n");
}

/* The way to one entity's events, in their order. */
static enum lf_status
extras(struct lf_sql_plan *plan)
{
    static const char sql[] = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                              " WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'i'";
    const struct lf_pg_store *store = plan->ctx;
    PGresult *result = NULL;
    enum lf_status st = ask(plan->ctx, sql, "event_store_entity", &result, plan->err);
    if (st == LF_OK && PQntuples(result) == 0)
        lf_buf_printf(plan->out, "CREATE INDEX event_store_entity ON %sevent_store (entity_key, sequence);\n",
                      store->prefix);
    PQclear(result);
    return st;
}

static const struct lf_sql_plan_dialect dialect = {
    .own_tables = own_tables,
    .own_count = OWN_COUNT,
    .name_max = LF_PG_NAME_MAX,
    .yes = "true",
    .no = "false",
    .type = type_of,
    .example = example_of,
    .table = add_table,
    .columns = read_columns,
    .has_row = has_row,
    .create = create,
    .created = created,
    .extras = extras,
    .relax = relax,
    .tighten = tighten,
};

enum lf_status
lf_pg_plan(struct lf_pg_store *store, const struct lf_model *model, bool must_only, struct lf_buf *ret_sql,
           struct lf_err *err)
{
    struct lf_sql_plan plan = {
        .dialect = &dialect, .ctx = store, .without_extras = must_only, .out = ret_sql, .err = err};
    return lf_sql_plan_write(&plan, model);
}
