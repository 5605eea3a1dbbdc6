/* What must change so that the tables fit the model: only additions, or a refusal with the statement to run. */
#include "store/sqlite/sqlite.h"

#include "base/limits.h"
#include "base/mem.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *sql;
} own_tables[] = {
    {"event_store", "CREATE TABLE event_store ("
                    "event_id TEXT NOT NULL PRIMARY KEY, event_type TEXT NOT NULL, entity_type TEXT, entity_key TEXT, "
                    "payload TEXT NOT NULL, headers TEXT NOT NULL, topic TEXT NOT NULL, "
                    "log_partition INTEGER NOT NULL, log_offset INTEGER NOT NULL, occurred_at TEXT NOT NULL, "
                    "stored_at TEXT NOT NULL, message_key BLOB, extra TEXT, "
                    "UNIQUE (topic, log_partition, log_offset));\n"},
    {"log_positions", "CREATE TABLE log_positions ("
                      "consumer_group TEXT NOT NULL, topic TEXT NOT NULL, log_partition INTEGER NOT NULL, "
                      "next_offset INTEGER NOT NULL, PRIMARY KEY (consumer_group, topic, log_partition)) "
                      "WITHOUT ROWID;\n"},
    {"dead_letters", "CREATE TABLE dead_letters ("
                     "id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, log_partition INTEGER NOT NULL, "
                     "log_offset INTEGER NOT NULL, event_id TEXT, event_type TEXT, message_key BLOB, value BLOB, "
                     "headers TEXT NOT NULL, stage TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, "
                     "record_time TEXT NOT NULL, dead_at TEXT NOT NULL, "
                     "UNIQUE (topic, log_partition, log_offset));\n"
                     "CREATE INDEX dead_letters_event_id ON dead_letters (event_id);\n"},
};

enum { TABLE_NAME_MAX = 512 };

/* A column as the database has it. */
struct column {
    struct lf_bytes name;
    struct lf_bytes type;
    bool not_null;
    bool has_default;
    bool in_key;
};

struct plan {
    sqlite3 *db;
    struct lf_arena arena;
    struct lf_buf *out;
    struct lf_err *err;
    /* the entity in work */
    const struct lf_entity *entity;
    struct column *columns; /* NULL: no such table */
    size_t column_count;
};

static enum lf_status
read_columns(struct plan *plan, const char *table)
{
    static const char sql[] = "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk FROM pragma_table_info(?)";
    sqlite3_stmt *stmt = NULL;
    size_t cap = 0;
    plan->columns = NULL;
    plan->column_count = 0;
    enum lf_status st = LF_OK;
    int rc = sqlite3_prepare_v2(plan->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
    while (rc == SQLITE_OK && st == LF_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        struct column *grown =
            lf_arena_grow(&plan->arena, plan->columns, plan->column_count, &cap, sizeof(*plan->columns));
        if (grown == NULL) {
            st = lf_no_memory(plan->err);
            break;
        }
        plan->columns = grown;
        struct column *column = &grown[plan->column_count++];
        column->not_null = sqlite3_column_int(stmt, 2) != 0;
        column->has_default = sqlite3_column_int(stmt, 3) != 0;
        column->in_key = sqlite3_column_int(stmt, 4) != 0;
        st = lf_sqlite_column_bytes(stmt, 0, &plan->arena, &column->name, plan->err);
        if (st == LF_OK)
            st = lf_sqlite_column_bytes(stmt, 1, &plan->arena, &column->type, plan->err);
    }
    sqlite3_finalize(stmt);
    if (st == LF_OK && rc != SQLITE_OK && rc != SQLITE_DONE)
        st = lf_sqlite_fail(plan->db, rc, "reading the store's tables", plan->err);
    return st;
}

static const struct column *
find_column(const struct plan *plan, struct lf_bytes name)
{
    for (size_t i = 0; i < plan->column_count; i++) {
        if (lf_bytes_equal_nocase(plan->columns[i].name, name))
            return &plan->columns[i];
    }
    return NULL;
}

static const struct lf_field *
find_field(const struct lf_entity *entity, struct lf_bytes column)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        if (lf_bytes_equal_nocase(entity->fields[i].column, column))
            return &entity->fields[i];
    }
    return NULL;
}

/* Does this query have a row? */
static enum lf_status
has_row(struct plan *plan, struct lf_buf *sql, bool *ret)
{
    sqlite3_stmt *stmt = NULL;
    enum lf_status st = lf_buf_status(sql, plan->err);
    if (st != LF_OK)
        return st;
    int rc = sqlite3_prepare_v2(plan->db, sql->ptr, (int)sql->len, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    *ret = rc == SQLITE_ROW;
    sqlite3_finalize(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return lf_sqlite_fail(plan->db, rc, "reading the store's tables", plan->err);
    return LF_OK;
}

/* Has the entity's table any row, or (column not NULL) any without a value there? */
static enum lf_status
has_rows(struct plan *plan, const struct lf_field *without, bool *ret)
{
    struct lf_buf sql;
    lf_buf_init(&sql, TABLE_NAME_MAX * 8);
    lf_buf_add_text(&sql, "SELECT 1 FROM ");
    lf_sql_table(&sql, plan->entity);
    if (without != NULL) {
        lf_buf_add_text(&sql, " WHERE ");
        lf_sql_quote(&sql, without->column);
        lf_buf_add_text(&sql, " IS NULL");
    }
    lf_buf_add_text(&sql, " LIMIT 1");
    enum lf_status st = has_row(plan, &sql, ret);
    lf_buf_release(&sql);
    return st;
}

static void
add_quoted_text(struct lf_buf *out, struct lf_bytes text)
{
    lf_buf_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            lf_buf_add_char(out, '\'');
        lf_buf_add_char(out, text.ptr[i]);
    }
    lf_buf_add_char(out, '\'');
}

/* The value of @initial as a literal: DDL knows no parameters. */
static enum lf_status
add_literal(struct plan *plan, struct lf_buf *out, const struct lf_field *field)
{
    struct lf_value value;
    enum lf_status st = lf_store_normalize(field, &field->initial, &plan->arena, &value, plan->err);
    if (st != LF_OK)
        return st;
    struct lf_buf json;
    switch (lf_column_of(field)) {
    case LF_COLUMN_INTEGER: lf_buf_add_i64(out, value.u.integer); break;
    case LF_COLUMN_BOOLEAN: lf_buf_add_text(out, value.u.boolean ? "1" : "0"); break;
    case LF_COLUMN_REAL: lf_json_write_double(out, value.u.number); break;
    case LF_COLUMN_TEXT:
        if (value.count != 0 && memchr(value.u.text, '\0', value.count) != NULL)
            return lf_fail(plan->err, LF_INVALID, "@initial of \"%.*s\" holds a NUL: a column cannot begin with it",
                           LF_FMT(field->name));
        add_quoted_text(out, lf_value_text(&value));
        break;
    case LF_COLUMN_JSON:
        lf_buf_init(&json, out->max);
        lf_json_write(&json, &value);
        st = lf_buf_status(&json, plan->err);
        if (st == LF_OK)
            add_quoted_text(out, lf_buf_view(&json));
        lf_buf_release(&json);
        break;
    }
    return st;
}

static void
add_alter(struct plan *plan, struct lf_buf *out, const char *what, struct lf_bytes column)
{
    lf_buf_add_text(out, "ALTER TABLE ");
    lf_sql_table(out, plan->entity);
    lf_buf_add_char(out, ' ');
    lf_buf_add_text(out, what);
    lf_buf_add_char(out, ' ');
    lf_sql_quote(out, column);
}

/* Refuses: why (with the field's name), and a statement, which is taken from sql. */
static enum lf_status
refuse(struct plan *plan, const struct lf_field *field, const char *why, struct lf_buf *sql)
{
    enum lf_status st = lf_buf_status(sql, plan->err);
    if (st == LF_OK)
        st = lf_fail(plan->err, LF_CONFLICT, "field \"%.*s\" of %.*s: %s. Decide and run: %.*s", LF_FMT(field->name),
                     LF_FMT(plan->entity->name), why, LF_FMT(lf_buf_view(sql)));
    return st;
}

static const char *
example_literal(const struct lf_field *field)
{
    switch (lf_column_of(field)) {
    case LF_COLUMN_TEXT: return "''";
    case LF_COLUMN_JSON: return field->is_list ? "'[]'" : "'{}'";
    default: return "0";
    }
}

/* A column that the table lacks. */
static enum lf_status
plan_add(struct plan *plan, const struct lf_field *field)
{
    bool rows = false;
    bool with_default = field->has_initial && field->initial.type != LF_V_NULL;
    if (field == &plan->entity->fields[plan->entity->key]) {
        struct lf_buf sql;
        lf_buf_init(&sql, TABLE_NAME_MAX * 8);
        add_alter(plan, &sql, "RENAME TO", plan->entity->collection);
        sql.len--; /* into the closing quote */
        lf_buf_add_text(&sql, "_old\";");
        enum lf_status refused = refuse(plan, field, "it is the key, but the table has another one", &sql);
        lf_buf_release(&sql);
        return refused;
    }
    if (field->non_null && !with_default) {
        enum lf_status st = has_rows(plan, NULL, &rows);
        if (st != LF_OK)
            return st;
    }
    struct lf_buf sql;
    lf_buf_init(&sql, LF_GQL_DOCUMENT_BYTES_MAX * 4);
    add_alter(plan, &sql, "ADD COLUMN", field->column);
    lf_buf_printf(&sql, " %s%s", lf_sqlite_type(field), field->non_null ? " NOT NULL" : "");
    enum lf_status st = LF_OK;
    if (with_default || rows)
        lf_buf_add_text(&sql, " DEFAULT ");
    if (with_default)
        st = add_literal(plan, &sql, field);
    else if (rows)
        lf_buf_add_text(&sql, example_literal(field));
    lf_buf_add_text(&sql, ";\n");
    if (st == LF_OK && rows)
        st = refuse(plan, field, "it is new, not null and has no @initial, but there are entities already", &sql);
    if (st == LF_OK)
        st = lf_buf_status(&sql, plan->err);
    if (st == LF_OK)
        lf_buf_add(plan->out, lf_buf_view(&sql));
    lf_buf_release(&sql);
    return st;
}

/* NOT NULL goes: the column is copied to one without it. */
static void
plan_relax(struct plan *plan, struct lf_bytes column, struct lf_bytes type)
{
    static const struct lf_bytes copy = {"logfirst_copy", 13};
    add_alter(plan, plan->out, "ADD COLUMN", copy);
    lf_buf_printf(plan->out, " %.*s;\nUPDATE ", LF_FMT(type));
    lf_sql_table(plan->out, plan->entity);
    lf_buf_add_text(plan->out, " SET logfirst_copy = ");
    lf_sql_quote(plan->out, column);
    lf_buf_add_text(plan->out, ";\n");
    add_alter(plan, plan->out, "DROP COLUMN", column);
    lf_buf_add_text(plan->out, ";\n");
    add_alter(plan, plan->out, "RENAME COLUMN logfirst_copy TO", column);
    lf_buf_add_text(plan->out, ";\n");
}

static enum lf_status
refuse_rename(struct plan *plan, const struct lf_field *field, const char *why)
{
    struct lf_buf sql;
    lf_buf_init(&sql, TABLE_NAME_MAX * 8);
    add_alter(plan, &sql, "RENAME COLUMN", field->column);
    lf_buf_add_text(&sql, " TO ");
    lf_sql_quote(&sql, field->column);
    sql.len--; /* into the closing quote */
    lf_buf_add_text(&sql, "_old\";");
    enum lf_status st = refuse(plan, field, why, &sql);
    lf_buf_release(&sql);
    return st;
}

static enum lf_status
refuse_nulls(struct plan *plan, const struct lf_field *field)
{
    struct lf_buf sql;
    lf_buf_init(&sql, TABLE_NAME_MAX * 8);
    lf_buf_add_text(&sql, "UPDATE ");
    lf_sql_table(&sql, plan->entity);
    lf_buf_add_text(&sql, " SET ");
    lf_sql_quote(&sql, field->column);
    lf_buf_printf(&sql, " = %s WHERE ", example_literal(field));
    lf_sql_quote(&sql, field->column);
    lf_buf_add_text(&sql, " IS NULL;");
    enum lf_status st = refuse(plan, field, "it is not null now, but some entities have no value", &sql);
    lf_buf_release(&sql);
    return st;
}

/* A column that is there already. */
static enum lf_status
plan_compare(struct plan *plan, const struct lf_field *field, const struct column *column)
{
    bool is_key = field == &plan->entity->fields[plan->entity->key];
    if (!lf_bytes_equal_nocase(column->type, lf_bytes_of(lf_sqlite_type(field)))) {
        char why[160];
        snprintf(why, sizeof(why), "its column is %.*s, the schema needs %s", LF_FMT(column->type),
                 lf_sqlite_type(field));
        return refuse_rename(plan, field, why);
    }
    if (is_key != column->in_key)
        return refuse_rename(plan, field,
                             is_key ? "it is the key, but the table has another one"
                                    : "it is the table's key, but no longer the entity's");
    if (is_key || field->non_null == column->not_null)
        return LF_OK;
    if (column->not_null) {
        plan_relax(plan, column->name, column->type);
        return LF_OK;
    }
    bool nulls;
    enum lf_status st = has_rows(plan, field, &nulls);
    return st == LF_OK && nulls ? refuse_nulls(plan, field) : st;
}

static void
plan_create(struct plan *plan)
{
    const struct lf_entity *entity = plan->entity;
    lf_buf_add_text(plan->out, "CREATE TABLE ");
    lf_sql_table(plan->out, entity);
    lf_buf_add_text(plan->out, " (");
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct lf_field *field = &entity->fields[i];
        if (i != 0)
            lf_buf_add_text(plan->out, ", ");
        lf_sql_quote(plan->out, field->column);
        lf_buf_printf(plan->out, " %s%s%s", lf_sqlite_type(field),
                      field->non_null || i == entity->key ? " NOT NULL" : "", i == entity->key ? " PRIMARY KEY" : "");
    }
    lf_buf_add_text(plan->out, ");\n");
}

/* Names that SQL cannot tell apart, or that are taken. */
static enum lf_status
check_names(struct plan *plan, const struct lf_model *model, struct lf_bytes table)
{
    const struct lf_entity *entity = plan->entity;
    if (table.len == 0)
        return lf_fail(plan->err, LF_INVALID,
                       "the collection of %.*s has no name, or a longer one than a table may have",
                       LF_FMT(entity->name));
    bool taken = lf_bytes_equal_text(table, "outbox") || lf_bytes_starts_with(table, LF_LIT("sqlite_"));
    for (size_t i = 0; i < sizeof(own_tables) / sizeof(own_tables[0]); i++)
        taken = taken || lf_bytes_equal_text(table, own_tables[i].name);
    if (taken)
        return lf_fail(plan->err, LF_INVALID,
                       "the table of %.*s would be \"%.*s\", which is taken: give "
                       "@entity(collection: …) another name",
                       LF_FMT(entity->name), LF_FMT(table));
    for (size_t i = 0; i < entity->index; i++) {
        char other[TABLE_NAME_MAX];
        size_t len = lf_store_snake_case(model->entities[i].collection, other, sizeof(other));
        if (lf_bytes_equal_nocase(table, lf_bytes(other, len)))
            return lf_fail(plan->err, LF_INVALID,
                           "%.*s and %.*s would share the table \"%.*s\": give "
                           "@entity(collection: …) another name",
                           LF_FMT(model->entities[i].name), LF_FMT(entity->name), LF_FMT(table));
    }
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct lf_field *field = &entity->fields[i];
        if (find_field(entity, field->column) != field)
            return lf_fail(plan->err, LF_INVALID, "two fields of %.*s would share the column \"%.*s\"",
                           LF_FMT(entity->name), LF_FMT(field->column));
    }
    return LF_OK;
}

static enum lf_status
plan_entity(struct plan *plan, const struct lf_model *model)
{
    char table[TABLE_NAME_MAX];
    size_t len = lf_store_snake_case(plan->entity->collection, table, sizeof(table));
    enum lf_status st = check_names(plan, model, lf_bytes(table, len));
    if (st == LF_OK)
        st = read_columns(plan, table);
    if (st != LF_OK)
        return st;
    if (plan->columns == NULL) {
        plan_create(plan);
        return LF_OK;
    }
    for (size_t i = 0; st == LF_OK && i < plan->entity->field_count; i++) {
        const struct lf_field *field = &plan->entity->fields[i];
        const struct column *column = find_column(plan, field->column);
        st = column != NULL ? plan_compare(plan, field, column) : plan_add(plan, field);
    }
    /* fields that the schema no longer has keep their columns, which must not stand in the way of new rows */
    for (size_t i = 0; st == LF_OK && i < plan->column_count; i++) {
        const struct column *column = &plan->columns[i];
        if (column->not_null && !column->has_default && find_field(plan->entity, column->name) == NULL)
            plan_relax(plan, column->name, column->type);
    }
    return st;
}

enum lf_status
lf_sqlite_plan(sqlite3 *db, const struct lf_model *model, struct lf_buf *ret_sql, struct lf_err *err)
{
    struct plan plan = {.db = db, .out = ret_sql, .err = err};
    enum lf_status st = LF_OK;
    lf_arena_init(&plan.arena, 0, 0);
    for (size_t i = 0; st == LF_OK && i < sizeof(own_tables) / sizeof(own_tables[0]); i++) {
        st = read_columns(&plan, own_tables[i].name);
        if (st == LF_OK && plan.columns == NULL)
            lf_buf_add_text(ret_sql, own_tables[i].sql);
    }
    for (size_t i = 0; st == LF_OK && i < model->entity_count; i++) {
        plan.entity = &model->entities[i];
        st = plan_entity(&plan, model);
    }
    lf_arena_release(&plan.arena);
    return st == LF_OK ? lf_buf_status(ret_sql, err) : st;
}
