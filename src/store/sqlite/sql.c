/* What is SQLite's own in the SQL that is generated. */
#include "store/sqlite/sqlite.h"

const char *
lf_sqlite_type(const struct lf_field *field)
{
    switch (lf_column_of(field)) {
    case LF_COLUMN_INTEGER:
    case LF_COLUMN_BOOLEAN: return "INTEGER";
    case LF_COLUMN_REAL: return "REAL";
    default: return "TEXT";
    }
}

static void
add_select(struct lf_buf *out, const struct lf_entity *entity, const void *ctx)
{
    (void)ctx;
    lf_buf_add_text(out, "SELECT ");
    if (entity == NULL) {
        lf_buf_add_text(out, LF_SQLITE_EVENT_COLUMNS " FROM event_store");
        return;
    }
    lf_sql_columns(out, entity);
    lf_buf_add_text(out, " FROM ");
    lf_sql_table(out, entity);
}

/* With the collation that gives its type's order; times of events are all written one way. */
static void
add_column(struct lf_buf *out, const struct lf_entity *entity, const struct lf_field *field)
{
    lf_sql_quote(out, field->column);
    if (entity == NULL || field->is_list)
        return;
    switch (field->type) {
    case LF_T_DECIMAL: lf_buf_add_text(out, " COLLATE lf_decimal"); break;
    case LF_T_DATETIME: lf_buf_add_text(out, " COLLATE lf_datetime"); break;
    case LF_T_TIME: lf_buf_add_text(out, " COLLATE lf_time"); break;
    case LF_T_UUID: lf_buf_add_text(out, " COLLATE lf_uuid"); break;
    default: break;
    }
}

static void
add_param(struct lf_buf *out, const struct lf_entity *entity, const struct lf_field *field, size_t number)
{
    (void)entity;
    (void)field;
    (void)number; /* they are bound in order */
    lf_buf_add_char(out, '?');
}

const struct lf_sql_list_dialect lf_sqlite_lists = {
    .yes = "1",
    .no = "0",
    .sequence = "rowid",
    .search = {[LF_SQL_CONTAINS] = {"lf_contains(", ", ", ")"},
               [LF_SQL_STARTS] = {"lf_starts(", ", ", ")"},
               [LF_SQL_ENDS] = {"lf_ends(", ", ", ")"}},
    .select = add_select,
    .column = add_column,
    .param = add_param,
};
