/* SQL from list queries: filters, keyset pagination, order. Values are parameters, names are quoted. */
#include "store/sqlite/sqlite.h"

#include "base/clock.h"

#include <string.h>

enum { NAME_BYTES_MAX = 1024 };

void
lf_sqlite_quote(struct lf_buf *out, struct lf_bytes name)
{
    lf_buf_add_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"')
            lf_buf_add_char(out, '"');
        lf_buf_add_char(out, name.ptr[i]);
    }
    lf_buf_add_char(out, '"');
}

void
lf_sqlite_table(struct lf_buf *out, const struct lf_entity *entity)
{
    char table[NAME_BYTES_MAX];
    size_t len = lf_store_snake_case(entity->collection, table, sizeof(table));
    lf_sqlite_quote(out, lf_bytes(table, len)); /* too long a name is refused when tables are planned */
}

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

void
lf_sqlite_columns(struct lf_buf *out, const struct lf_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        if (i != 0)
            lf_buf_add_text(out, ", ");
        lf_sqlite_quote(out, entity->fields[i].column);
    }
}

static void
fail(struct lf_sqlite_sql *sql, enum lf_status st)
{
    if (sql->failed == LF_OK)
        sql->failed = st;
}

/* Appends a parameter with its value, brought to the column's form. */
static void
add_param(struct lf_sqlite_sql *sql, const struct lf_list_query *query, const struct lf_field *field,
          const struct lf_value *value)
{
    struct lf_value *params =
        lf_arena_grow(sql->arena, sql->params, sql->param_count, &sql->param_cap, sizeof(*sql->params));
    if (params == NULL) {
        fail(sql, lf_no_memory(sql->err));
        return;
    }
    sql->params = params;
    struct lf_value *param = &params[sql->param_count++];
    *param = LF_VALUE_NULL;
    lf_buf_add_char(&sql->text, '?');
    enum lf_status st = lf_store_normalize(field, value, sql->arena, param, sql->err);
    int64_t us;
    if (st == LF_OK && query->entity == NULL && field->type == LF_T_DATETIME && param->type == LF_V_STRING &&
        lf_time_parse(lf_value_text(param), &us)) {
        /* the times of event_store are all written one way: bytes compare as instants */
        char *text = lf_arena_alloc(sql->arena, LF_TIME_TEXT_SIZE);
        if (text != NULL)
            *param = lf_value_string(lf_bytes(text, lf_store_time_text(us, text)));
        else
            st = lf_no_memory(sql->err);
    }
    if (st != LF_OK)
        fail(sql, st);
}

/* The column with the collation that gives its type's order. */
static void
add_column(struct lf_sqlite_sql *sql, const struct lf_list_query *query, const struct lf_field *field)
{
    lf_sqlite_quote(&sql->text, field->column);
    if (query->entity == NULL || field->is_list)
        return;
    switch (field->type) {
    case LF_T_DECIMAL: lf_buf_add_text(&sql->text, " COLLATE lf_decimal"); break;
    case LF_T_DATETIME: lf_buf_add_text(&sql->text, " COLLATE lf_datetime"); break;
    case LF_T_TIME: lf_buf_add_text(&sql->text, " COLLATE lf_time"); break;
    case LF_T_UUID: lf_buf_add_text(&sql->text, " COLLATE lf_uuid"); break;
    default: break;
    }
}

static void
add_search(struct lf_sqlite_sql *sql, const struct lf_list_query *query, const struct lf_filter *filter,
           const char *function)
{
    lf_buf_add_text(&sql->text, function);
    lf_buf_add_char(&sql->text, '(');
    lf_sqlite_quote(&sql->text, filter->field->column);
    lf_buf_add_text(&sql->text, ", ");
    add_param(sql, query, filter->field, &filter->value);
    lf_buf_add_char(&sql->text, ')');
}

/* With an empty list the answer is known, but for nulls it stays unknown. */
static void
add_in(struct lf_sqlite_sql *sql, const struct lf_list_query *query, const struct lf_filter *filter)
{
    bool not_in = filter->op == LF_CMP_NOT_IN;
    if (filter->value.count == 0) {
        lf_sqlite_quote(&sql->text, filter->field->column);
        lf_buf_add_text(&sql->text, not_in ? " IS NOT NULL OR NULL" : " IS NULL AND NULL");
        return;
    }
    add_column(sql, query, filter->field);
    lf_buf_add_text(&sql->text, not_in ? " NOT IN (" : " IN (");
    for (size_t i = 0; i < filter->value.count; i++) {
        if (i != 0)
            lf_buf_add_char(&sql->text, ',');
        add_param(sql, query, filter->field, &filter->value.u.items[i]);
    }
    lf_buf_add_char(&sql->text, ')');
}

static void
add_compare(struct lf_sqlite_sql *sql, const struct lf_list_query *query, const struct lf_filter *filter)
{
    static const char *const operators[] = {
        [LF_CMP_EQ] = " = ",   [LF_CMP_NE] = " <> ", [LF_CMP_LT] = " < ",
        [LF_CMP_LTE] = " <= ", [LF_CMP_GT] = " > ",  [LF_CMP_GTE] = " >= ",
    };
    switch (filter->op) {
    case LF_CMP_IS_NULL:
        lf_sqlite_quote(&sql->text, filter->field->column);
        lf_buf_add_text(&sql->text, filter->value.u.boolean ? " IS NULL" : " IS NOT NULL");
        break;
    case LF_CMP_IN:
    case LF_CMP_NOT_IN: add_in(sql, query, filter); break;
    case LF_CMP_CONTAINS: add_search(sql, query, filter, "lf_contains"); break;
    case LF_CMP_STARTS_WITH: add_search(sql, query, filter, "lf_starts"); break;
    case LF_CMP_ENDS_WITH: add_search(sql, query, filter, "lf_ends"); break;
    default:
        add_column(sql, query, filter->field);
        lf_buf_add_text(&sql->text, operators[filter->op]);
        add_param(sql, query, filter->field, &filter->value);
        break;
    }
}

/* Depth is limited by lf_list_check(). */
static void
add_filter(struct lf_sqlite_sql *sql, const struct lf_list_query *query, const struct lf_filter *filter)
{
    lf_buf_add_char(&sql->text, '(');
    switch (filter->kind) {
    case LF_FILTER_COMPARE: add_compare(sql, query, filter); break;
    case LF_FILTER_NOT:
        lf_buf_add_text(&sql->text, "NOT ");
        add_filter(sql, query, filter->parts[0]);
        break;
    case LF_FILTER_AND:
    case LF_FILTER_OR:
        if (filter->part_count == 0)
            lf_buf_add_text(&sql->text, filter->kind == LF_FILTER_AND ? "1" : "0");
        for (size_t i = 0; i < filter->part_count; i++) {
            if (i != 0)
                lf_buf_add_text(&sql->text, filter->kind == LF_FILTER_AND ? " AND " : " OR ");
            add_filter(sql, query, filter->parts[i]);
        }
        break;
    }
    lf_buf_add_char(&sql->text, ')');
}

/* The i-th criterion of the order; the last is the tie-breaker. */
static struct lf_order
criterion(const struct lf_list_query *query, size_t i)
{
    static const struct lf_field sequence = {
        .name = {"sequence", 8}, .column = {"rowid", 5}, .type = LF_T_BIGINT, .non_null = true};
    if (i < query->order_count)
        return query->order[i];
    const struct lf_field *field = query->entity != NULL ? &query->entity->fields[query->entity->key] : &sequence;
    return (struct lf_order){.field = field};
}

static void
add_after_one(struct lf_sqlite_sql *sql, const struct lf_list_query *query, size_t i, const struct lf_value *value)
{
    struct lf_order order = criterion(query, i);
    if (value->type == LF_V_NULL) { /* nothing comes after the nulls */
        lf_buf_add_text(&sql->text, "0");
        return;
    }
    lf_buf_add_char(&sql->text, '(');
    add_column(sql, query, order.field);
    lf_buf_add_text(&sql->text, order.descending ? " < " : " > ");
    add_param(sql, query, order.field, value);
    if (!order.field->non_null) {
        lf_buf_add_text(&sql->text, " OR ");
        lf_sqlite_quote(&sql->text, order.field->column);
        lf_buf_add_text(&sql->text, " IS NULL");
    }
    lf_buf_add_char(&sql->text, ')');
}

static void
add_same_one(struct lf_sqlite_sql *sql, const struct lf_list_query *query, size_t i, const struct lf_value *value)
{
    struct lf_order order = criterion(query, i);
    if (value->type == LF_V_NULL) {
        lf_sqlite_quote(&sql->text, order.field->column);
        lf_buf_add_text(&sql->text, " IS NULL");
        return;
    }
    add_column(sql, query, order.field);
    lf_buf_add_text(&sql->text, " = ");
    add_param(sql, query, order.field, value);
}

/* (a after x) OR (a = x AND b after y) OR … */
static void
add_after(struct lf_sqlite_sql *sql, const struct lf_list_query *query, const struct lf_value *after)
{
    lf_buf_add_char(&sql->text, '(');
    for (size_t i = 0; i < after->count; i++) {
        lf_buf_add_text(&sql->text, i == 0 ? "(" : " OR (");
        for (size_t k = 0; k < i; k++) {
            add_same_one(sql, query, k, &after->u.items[k]);
            lf_buf_add_text(&sql->text, " AND ");
        }
        add_after_one(sql, query, i, &after->u.items[i]);
        lf_buf_add_char(&sql->text, ')');
    }
    lf_buf_add_char(&sql->text, ')');
}

static void
add_order(struct lf_sqlite_sql *sql, const struct lf_list_query *query)
{
    for (size_t i = 0; i <= query->order_count; i++) {
        struct lf_order order = criterion(query, i);
        lf_buf_add_text(&sql->text, i == 0 ? " ORDER BY " : ", ");
        add_column(sql, query, order.field);
        if (order.descending)
            lf_buf_add_text(&sql->text, " DESC");
        if (!order.field->non_null)
            lf_buf_add_text(&sql->text, " NULLS LAST");
    }
}

void
lf_sqlite_write_list(struct lf_sqlite_sql *sql, const struct lf_list_query *query, const struct lf_value *after)
{
    lf_buf_add_text(&sql->text, "SELECT ");
    if (query->entity != NULL) {
        lf_sqlite_columns(&sql->text, query->entity);
        lf_buf_add_text(&sql->text, " FROM ");
        lf_sqlite_table(&sql->text, query->entity);
    } else {
        lf_buf_add_text(&sql->text, LF_SQLITE_EVENT_COLUMNS " FROM event_store");
    }
    const char *before = " WHERE ";
    if (query->filter != NULL) {
        lf_buf_add_text(&sql->text, before);
        add_filter(sql, query, query->filter);
        before = " AND ";
    }
    if (after != NULL) {
        lf_buf_add_text(&sql->text, before);
        add_after(sql, query, after);
    }
    add_order(sql, query);
    lf_buf_add_text(&sql->text, " LIMIT ?"); /* bound by the caller, after the others */
    if (sql->failed == LF_OK)
        sql->failed = lf_buf_status(&sql->text, sql->err);
}
