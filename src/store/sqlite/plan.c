/* Tables in SQLite's words: what is there, and how to make and change them. */
#include "store/sqlite/sqlite.h"

static const char *const own_tables[] = {"event_store", "log_positions", "dead_letters"};
static const char *const own_sql[] = {
    "CREATE TABLE event_store ("
    "event_id TEXT NOT NULL PRIMARY KEY, event_type TEXT NOT NULL, entity_type TEXT, entity_key TEXT, "
    "payload TEXT NOT NULL, headers TEXT NOT NULL, topic TEXT NOT NULL, "
    "log_partition INTEGER NOT NULL, log_offset INTEGER NOT NULL, occurred_at TEXT NOT NULL, "
    "stored_at TEXT NOT NULL, message_key BLOB, extra TEXT, "
    "UNIQUE (topic, log_partition, log_offset));\n",
    "CREATE TABLE log_positions ("
    "consumer_group TEXT NOT NULL, topic TEXT NOT NULL, log_partition INTEGER NOT NULL, "
    "next_offset INTEGER NOT NULL, PRIMARY KEY (consumer_group, topic, log_partition)) "
    "WITHOUT ROWID;\n",
    "CREATE TABLE dead_letters ("
    "id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, log_partition INTEGER NOT NULL, "
    "log_offset INTEGER NOT NULL, event_id TEXT, event_type TEXT, message_key BLOB, value BLOB, "
    "headers TEXT NOT NULL, stage TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, "
    "record_time TEXT NOT NULL, dead_at TEXT NOT NULL, "
    "UNIQUE (topic, log_partition, log_offset));\n"
    "CREATE INDEX dead_letters_event_id ON dead_letters (event_id);\n",
};

enum { OWN_COUNT = sizeof(own_tables) / sizeof(own_tables[0]) };

static enum lf_status
read_columns(struct lf_sql_plan *plan, const char *table)
{
    static const char sql[] = "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk FROM pragma_table_info(?)";
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = plan->ctx;
    enum lf_status st = LF_OK;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
    while (rc == SQLITE_OK && st == LF_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        struct lf_sql_column *column = lf_sql_plan_column(plan);
        if (column == NULL) {
            st = lf_no_memory(plan->err);
            break;
        }
        column->not_null = sqlite3_column_int(stmt, 2) != 0;
        column->has_default = sqlite3_column_int(stmt, 3) != 0;
        column->in_key = sqlite3_column_int(stmt, 4) != 0;
        st = lf_sqlite_column_bytes(stmt, 0, &plan->arena, &column->name, plan->err);
        if (st == LF_OK)
            st = lf_sqlite_column_bytes(stmt, 1, &plan->arena, &column->type, plan->err);
    }
    sqlite3_finalize(stmt);
    if (st == LF_OK && rc != SQLITE_OK && rc != SQLITE_DONE)
        st = lf_sqlite_fail(db, rc, "reading the store's tables", plan->err);
    return st;
}

/* Does this query have a row? */
static enum lf_status
has_row(struct lf_sql_plan *plan, struct lf_bytes sql, bool *ret)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = plan->ctx;
    int rc = sqlite3_prepare_v2(db, sql.ptr, (int)sql.len, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    *ret = rc == SQLITE_ROW;
    sqlite3_finalize(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return lf_sqlite_fail(db, rc, "reading the store's tables", plan->err);
    return LF_OK;
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

/* NOT NULL goes: the column is copied to one without it. */
static void
plan_relax(struct lf_sql_plan *plan, struct lf_bytes column, struct lf_bytes type)
{
    static const struct lf_bytes copy = {"logfirst_copy", 13};
    lf_sql_plan_alter(plan, plan->out, "ADD COLUMN", copy);
    lf_buf_printf(plan->out, " %.*s;\nUPDATE ", LF_FMT(type));
    lf_sql_table(plan->out, plan->entity);
    lf_buf_add_text(plan->out, " SET logfirst_copy = ");
    lf_sql_quote(plan->out, column);
    lf_buf_add_text(plan->out, ";\n");
    lf_sql_plan_alter(plan, plan->out, "DROP COLUMN", column);
    lf_buf_add_text(plan->out, ";\n");
    lf_sql_plan_alter(plan, plan->out, "RENAME COLUMN logfirst_copy TO", column);
    lf_buf_add_text(plan->out, ";\n");
}

static void
add_table(struct lf_buf *out, const struct lf_entity *entity, const void *ctx)
{
    (void)ctx;
    lf_sql_table(out, entity);
}

static void
create(struct lf_sql_plan *plan, size_t own)
{
    lf_buf_add_text(plan->out, own_sql[own]);
}

/* The way to one entity's events; the rowid, which is the order, comes with every index. */
static enum lf_status
extras(struct lf_sql_plan *plan)
{
    bool there = false;
    enum lf_status st = has_row(
        plan, LF_LIT("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = 'event_store_entity'"), &there);
    if (st == LF_OK && !there)
        lf_buf_add_text(plan->out, "CREATE INDEX event_store_entity ON event_store (entity_type, entity_key)"
                                   " WHERE entity_key IS NOT NULL;\n");
    return st;
}

static const struct lf_sql_plan_dialect dialect = {
    .own_tables = own_tables,
    .own_count = OWN_COUNT,
    .reserved_prefix = "sqlite_",
    .yes = "1",
    .no = "0",
    .type = lf_sqlite_type,
    .example = example_literal,
    .table = add_table,
    .columns = read_columns,
    .has_row = has_row,
    .create = create,
    .extras = extras,
    .relax = plan_relax,
};

enum lf_status
lf_sqlite_plan(sqlite3 *db, const struct lf_model *model, bool must_only, struct lf_buf *ret_sql, struct lf_err *err)
{
    struct lf_sql_plan plan = {.dialect = &dialect, .ctx = db, .without_extras = must_only, .out = ret_sql, .err = err};
    return lf_sql_plan_write(&plan, model);
}
