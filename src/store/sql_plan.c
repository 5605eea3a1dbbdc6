/* What must change so that the tables fit the model: only additions, or a refusal with the statement to run. */
#include "store/sql.h"

#include "base/limits.h"
#include "base/mem.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>

enum { TABLE_NAME_MAX = 512 };

struct lf_sql_column *
lf_sql_plan_column(struct lf_sql_plan *plan)
{
    struct lf_sql_column *grown =
        lf_arena_grow(&plan->arena, plan->columns, plan->column_count, &plan->column_cap, sizeof(*plan->columns));
    if (grown == NULL)
        return NULL;
    plan->columns = grown;
    grown[plan->column_count] = (struct lf_sql_column){0};
    return &grown[plan->column_count++];
}

static enum lf_status
read_columns(struct lf_sql_plan *plan, const char *table)
{
    plan->columns = NULL;
    plan->column_count = plan->column_cap = 0;
    return plan->dialect->columns(plan, table);
}

static const struct lf_sql_column *
find_column(const struct lf_sql_plan *plan, struct lf_bytes name)
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

/* Has the entity's table any row, or (column not NULL) any without a value there? */
static enum lf_status
has_rows(struct lf_sql_plan *plan, const struct lf_field *without, bool *ret)
{
    struct lf_buf sql;
    lf_buf_init(&sql, TABLE_NAME_MAX * 8);
    lf_buf_add_text(&sql, "SELECT 1 FROM ");
    plan->dialect->table(&sql, plan->entity, plan->ctx);
    if (without != NULL) {
        lf_buf_add_text(&sql, " WHERE ");
        lf_sql_quote(&sql, without->column);
        lf_buf_add_text(&sql, " IS NULL");
    }
    lf_buf_add_text(&sql, " LIMIT 1");
    enum lf_status st = lf_buf_status(&sql, plan->err);
    if (st == LF_OK)
        st = plan->dialect->has_row(plan, lf_buf_view(&sql), ret);
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
add_literal(struct lf_sql_plan *plan, struct lf_buf *out, const struct lf_field *field)
{
    struct lf_value value;
    enum lf_status st = lf_store_normalize(field, &field->initial, &plan->arena, &value, plan->err);
    if (st != LF_OK)
        return st;
    struct lf_buf json;
    switch (lf_column_of(field)) {
    case LF_COLUMN_INTEGER: lf_buf_add_i64(out, value.u.integer); break;
    case LF_COLUMN_BOOLEAN: lf_buf_add_text(out, value.u.boolean ? plan->dialect->yes : plan->dialect->no); break;
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

void
lf_sql_plan_alter(struct lf_sql_plan *plan, struct lf_buf *out, const char *what, struct lf_bytes column)
{
    lf_buf_add_text(out, "ALTER TABLE ");
    plan->dialect->table(out, plan->entity, plan->ctx);
    lf_buf_add_char(out, ' ');
    lf_buf_add_text(out, what);
    lf_buf_add_char(out, ' ');
    lf_sql_quote(out, column);
}

/* Refuses: why (with the field's name), and a statement, which is taken from sql. */
static enum lf_status
refuse(struct lf_sql_plan *plan, const struct lf_field *field, const char *why, struct lf_buf *sql)
{
    enum lf_status st = lf_buf_status(sql, plan->err);
    if (st == LF_OK)
        st = lf_fail(plan->err, LF_CONFLICT, "field \"%.*s\" of %.*s: %s. Decide and run: %.*s", LF_FMT(field->name),
                     LF_FMT(plan->entity->name), why, LF_FMT(lf_buf_view(sql)));
    return st;
}

/* A column that the table lacks. */
static enum lf_status
plan_add(struct lf_sql_plan *plan, const struct lf_field *field)
{
    bool rows = false;
    bool with_default = field->has_initial && field->initial.type != LF_V_NULL;
    if (field == &plan->entity->fields[plan->entity->key]) {
        struct lf_buf sql;
        lf_buf_init(&sql, TABLE_NAME_MAX * 8);
        lf_sql_plan_alter(plan, &sql, "RENAME TO", plan->entity->collection);
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
    lf_sql_plan_alter(plan, &sql, "ADD COLUMN", field->column);
    lf_buf_printf(&sql, " %s%s", plan->dialect->type(field), field->non_null ? " NOT NULL" : "");
    enum lf_status st = LF_OK;
    if (with_default || rows)
        lf_buf_add_text(&sql, " DEFAULT ");
    if (with_default)
        st = add_literal(plan, &sql, field);
    else if (rows)
        lf_buf_add_text(&sql, plan->dialect->example(field));
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

static enum lf_status
refuse_rename(struct lf_sql_plan *plan, const struct lf_field *field, const char *why)
{
    struct lf_buf sql;
    lf_buf_init(&sql, TABLE_NAME_MAX * 8);
    lf_sql_plan_alter(plan, &sql, "RENAME COLUMN", field->column);
    lf_buf_add_text(&sql, " TO ");
    lf_sql_quote(&sql, field->column);
    sql.len--; /* into the closing quote */
    lf_buf_add_text(&sql, "_old\";");
    enum lf_status st = refuse(plan, field, why, &sql);
    lf_buf_release(&sql);
    return st;
}

static enum lf_status
refuse_nulls(struct lf_sql_plan *plan, const struct lf_field *field)
{
    struct lf_buf sql;
    lf_buf_init(&sql, TABLE_NAME_MAX * 8);
    lf_buf_add_text(&sql, "UPDATE ");
    plan->dialect->table(&sql, plan->entity, plan->ctx);
    lf_buf_add_text(&sql, " SET ");
    lf_sql_quote(&sql, field->column);
    lf_buf_printf(&sql, " = %s WHERE ", plan->dialect->example(field));
    lf_sql_quote(&sql, field->column);
    lf_buf_add_text(&sql, " IS NULL;");
    enum lf_status st = refuse(plan, field, "it is not null now, but some entities have no value", &sql);
    lf_buf_release(&sql);
    return st;
}

/* A column that is there already. */
static enum lf_status
plan_compare(struct lf_sql_plan *plan, const struct lf_field *field, const struct lf_sql_column *column)
{
    bool is_key = field == &plan->entity->fields[plan->entity->key];
    if (!lf_bytes_equal_nocase(column->type, lf_bytes_of(plan->dialect->type(field)))) {
        char why[160];
        snprintf(why, sizeof(why), "its column is %.*s, the schema needs %s", LF_FMT(column->type),
                 plan->dialect->type(field));
        return refuse_rename(plan, field, why);
    }
    if (is_key != column->in_key)
        return refuse_rename(plan, field,
                             is_key ? "it is the key, but the table has another one"
                                    : "it is the table's key, but no longer the entity's");
    if (is_key || field->non_null == column->not_null)
        return LF_OK;
    if (column->not_null) {
        plan->dialect->relax(plan, column->name, column->type);
        return LF_OK;
    }
    bool nulls;
    enum lf_status st = has_rows(plan, field, &nulls);
    if (st == LF_OK && nulls)
        return refuse_nulls(plan, field);
    if (st == LF_OK && plan->dialect->tighten != NULL)
        plan->dialect->tighten(plan, column->name);
    return st;
}

static void
plan_create(struct lf_sql_plan *plan)
{
    const struct lf_entity *entity = plan->entity;
    lf_buf_add_text(plan->out, "CREATE TABLE ");
    plan->dialect->table(plan->out, entity, plan->ctx);
    lf_buf_add_text(plan->out, " (");
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct lf_field *field = &entity->fields[i];
        if (i != 0)
            lf_buf_add_text(plan->out, ", ");
        lf_sql_quote(plan->out, field->column);
        lf_buf_printf(plan->out, " %s%s%s", plan->dialect->type(field),
                      field->non_null || i == entity->key ? " NOT NULL" : "", i == entity->key ? " PRIMARY KEY" : "");
    }
    lf_buf_add_text(plan->out, ");\n");
    if (plan->dialect->created != NULL)
        plan->dialect->created(plan);
}

/* Names that SQL cannot tell apart, or that are taken. */
static enum lf_status
check_names(struct lf_sql_plan *plan, const struct lf_model *model, struct lf_bytes table)
{
    const struct lf_entity *entity = plan->entity;
    size_t name_max = plan->dialect->name_max;
    if (table.len == 0 || (name_max != 0 && table.len > name_max))
        return lf_fail(plan->err, LF_INVALID,
                       "the collection of %.*s has no name, or a longer one than a table may have",
                       LF_FMT(entity->name));
    const char *prefix = plan->dialect->reserved_prefix;
    bool taken =
        lf_bytes_equal_text(table, "outbox") || (prefix != NULL && lf_bytes_starts_with(table, lf_bytes_of(prefix)));
    for (size_t i = 0; i < plan->dialect->own_count; i++)
        taken = taken || lf_bytes_equal_text(table, plan->dialect->own_tables[i]);
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
        if (name_max != 0 && field->column.len > name_max)
            return lf_fail(plan->err, LF_INVALID,
                           "the column of field \"%.*s\" of %.*s would have a name of more than %zu bytes",
                           LF_FMT(field->name), LF_FMT(entity->name), name_max);
        if (find_field(entity, field->column) != field)
            return lf_fail(plan->err, LF_INVALID, "two fields of %.*s would share the column \"%.*s\"",
                           LF_FMT(entity->name), LF_FMT(field->column));
    }
    return LF_OK;
}

static enum lf_status
plan_entity(struct lf_sql_plan *plan, const struct lf_model *model)
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
        const struct lf_sql_column *column = find_column(plan, field->column);
        st = column != NULL ? plan_compare(plan, field, column) : plan_add(plan, field);
    }
    /* fields that the schema no longer has keep their columns, which must not stand in the way of new rows */
    for (size_t i = 0; st == LF_OK && i < plan->column_count; i++) {
        const struct lf_sql_column *column = &plan->columns[i];
        if (column->not_null && !column->has_default && find_field(plan->entity, column->name) == NULL)
            plan->dialect->relax(plan, column->name, column->type);
    }
    return st;
}

enum lf_status
lf_sql_plan_write(struct lf_sql_plan *plan, const struct lf_model *model)
{
    enum lf_status st = LF_OK;
    lf_arena_init(&plan->arena, 0, 0);
    for (size_t i = 0; st == LF_OK && i < plan->dialect->own_count; i++) {
        st = read_columns(plan, plan->dialect->own_tables[i]);
        if (st == LF_OK && plan->columns == NULL)
            plan->dialect->create(plan, i);
    }
    if (st == LF_OK && !plan->without_extras)
        st = plan->dialect->extras(plan);
    for (size_t i = 0; st == LF_OK && i < model->entity_count; i++) {
        plan->entity = &model->entities[i];
        st = plan_entity(plan, model);
    }
    lf_arena_release(&plan->arena);
    return st == LF_OK ? lf_buf_status(plan->out, plan->err) : st;
}
