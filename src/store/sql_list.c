/* SQL from list queries: filters, keyset pagination, order. Values are parameters, names are quoted. */
#include "store/sql.h"

#include "base/clock.h"

enum { NAME_BYTES_MAX = 1024 };

void
lf_sql_quote(struct lf_buf *out, struct lf_bytes name)
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
lf_sql_collection(struct lf_buf *out, struct lf_bytes collection)
{
    char table[NAME_BYTES_MAX];
    size_t len = lf_store_snake_case(collection, table, sizeof(table));
    lf_sql_quote(out, lf_bytes(table, len)); /* too long a name is refused when tables are planned */
}

void
lf_sql_table(struct lf_buf *out, const struct lf_entity *entity)
{
    lf_sql_collection(out, entity->collection);
}

void
lf_sql_columns(struct lf_buf *out, const struct lf_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        if (i != 0)
            lf_buf_add_text(out, ", ");
        lf_sql_quote(out, entity->fields[i].column);
    }
}

void
lf_sql_update_excluded(struct lf_buf *out, const struct lf_entity *entity)
{
    const char *before = "UPDATE SET ";
    for (size_t i = 0; i < entity->field_count; i++) {
        if (i == entity->key)
            continue;
        lf_buf_add_text(out, before);
        lf_sql_quote(out, entity->fields[i].column);
        lf_buf_add_text(out, " = excluded.");
        lf_sql_quote(out, entity->fields[i].column);
        before = ", ";
    }
    if (entity->field_count == 1)
        lf_buf_add_text(out, "NOTHING");
}

static void
fail(struct lf_sql_list *sql, enum lf_status st)
{
    if (sql->failed == LF_OK)
        sql->failed = st;
}

/* Appends a parameter with its value, brought to the column's form. */
static void
add_param(struct lf_sql_list *sql, const struct lf_field *field, const struct lf_value *value)
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
    sql->dialect->param(&sql->text, sql->query->entity, field, sql->param_count);
    enum lf_status st = lf_store_normalize(field, value, sql->arena, param, sql->err);
    int64_t us;
    if (st == LF_OK && sql->query->entity == NULL && field->type == LF_T_DATETIME && param->type == LF_V_STRING &&
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

static void
add_column(struct lf_sql_list *sql, const struct lf_field *field)
{
    sql->dialect->column(&sql->text, sql->query->entity, field);
}

static void
add_search(struct lf_sql_list *sql, const struct lf_filter *filter, enum lf_sql_search search)
{
    lf_buf_add_text(&sql->text, sql->dialect->search[search].before);
    lf_sql_quote(&sql->text, filter->field->column);
    lf_buf_add_text(&sql->text, sql->dialect->search[search].between);
    add_param(sql, filter->field, &filter->value);
    lf_buf_add_text(&sql->text, sql->dialect->search[search].after);
}

/* With an empty list the answer is known, but for nulls it stays unknown. */
static void
add_in(struct lf_sql_list *sql, const struct lf_filter *filter)
{
    bool not_in = filter->op == LF_CMP_NOT_IN;
    if (filter->value.count == 0) {
        lf_sql_quote(&sql->text, filter->field->column);
        lf_buf_add_text(&sql->text, not_in ? " IS NOT NULL OR NULL" : " IS NULL AND NULL");
        return;
    }
    add_column(sql, filter->field);
    lf_buf_add_text(&sql->text, not_in ? " NOT IN (" : " IN (");
    for (size_t i = 0; i < filter->value.count; i++) {
        if (i != 0)
            lf_buf_add_char(&sql->text, ',');
        add_param(sql, filter->field, &filter->value.u.items[i]);
    }
    lf_buf_add_char(&sql->text, ')');
}

static void
add_compare(struct lf_sql_list *sql, const struct lf_filter *filter)
{
    static const char *const operators[] = {
        [LF_CMP_EQ] = " = ",   [LF_CMP_NE] = " <> ", [LF_CMP_LT] = " < ",
        [LF_CMP_LTE] = " <= ", [LF_CMP_GT] = " > ",  [LF_CMP_GTE] = " >= ",
    };
    switch (filter->op) {
    case LF_CMP_IS_NULL:
        lf_sql_quote(&sql->text, filter->field->column);
        lf_buf_add_text(&sql->text, filter->value.u.boolean ? " IS NULL" : " IS NOT NULL");
        break;
    case LF_CMP_IN:
    case LF_CMP_NOT_IN: add_in(sql, filter); break;
    case LF_CMP_CONTAINS: add_search(sql, filter, LF_SQL_CONTAINS); break;
    case LF_CMP_STARTS_WITH: add_search(sql, filter, LF_SQL_STARTS); break;
    case LF_CMP_ENDS_WITH: add_search(sql, filter, LF_SQL_ENDS); break;
    default:
        add_column(sql, filter->field);
        lf_buf_add_text(&sql->text, operators[filter->op]);
        add_param(sql, filter->field, &filter->value);
        break;
    }
}

/* Depth is limited by lf_list_check(). */
static void
add_filter(struct lf_sql_list *sql, const struct lf_filter *filter)
{
    lf_buf_add_char(&sql->text, '(');
    switch (filter->kind) {
    case LF_FILTER_COMPARE: add_compare(sql, filter); break;
    case LF_FILTER_NOT:
        lf_buf_add_text(&sql->text, "NOT ");
        add_filter(sql, filter->parts[0]);
        break;
    case LF_FILTER_AND:
    case LF_FILTER_OR:
        if (filter->part_count == 0)
            lf_buf_add_text(&sql->text, filter->kind == LF_FILTER_AND ? sql->dialect->yes : sql->dialect->no);
        for (size_t i = 0; i < filter->part_count; i++) {
            if (i != 0)
                lf_buf_add_text(&sql->text, filter->kind == LF_FILTER_AND ? " AND " : " OR ");
            add_filter(sql, filter->parts[i]);
        }
        break;
    }
    lf_buf_add_char(&sql->text, ')');
}

/* What breaks ties: the key, or the order in which events were stored. */
static const struct lf_field *
last_field(const struct lf_sql_list *sql)
{
    return sql->query->entity != NULL ? &sql->query->entity->fields[sql->query->entity->key] : &sql->sequence;
}

/* The i-th criterion of the order; the last is the tie-breaker. */
static struct lf_order
criterion(const struct lf_sql_list *sql, size_t i)
{
    return i < sql->query->order_count ? sql->query->order[i] : (struct lf_order){.field = last_field(sql)};
}

static void
add_after_one(struct lf_sql_list *sql, size_t i, const struct lf_value *value)
{
    struct lf_order order = criterion(sql, i);
    if (value->type == LF_V_NULL) { /* nothing comes after the nulls */
        lf_buf_add_text(&sql->text, sql->dialect->no);
        return;
    }
    lf_buf_add_char(&sql->text, '(');
    add_column(sql, order.field);
    lf_buf_add_text(&sql->text, order.descending ? " < " : " > ");
    add_param(sql, order.field, value);
    if (!order.field->non_null) {
        lf_buf_add_text(&sql->text, " OR ");
        lf_sql_quote(&sql->text, order.field->column);
        lf_buf_add_text(&sql->text, " IS NULL");
    }
    lf_buf_add_char(&sql->text, ')');
}

static void
add_same_one(struct lf_sql_list *sql, size_t i, const struct lf_value *value)
{
    struct lf_order order = criterion(sql, i);
    if (value->type == LF_V_NULL) {
        lf_sql_quote(&sql->text, order.field->column);
        lf_buf_add_text(&sql->text, " IS NULL");
        return;
    }
    add_column(sql, order.field);
    lf_buf_add_text(&sql->text, " = ");
    add_param(sql, order.field, value);
}

/* (a after x) OR (a = x AND b after y) OR … */
static void
add_after(struct lf_sql_list *sql, const struct lf_value *after)
{
    lf_buf_add_char(&sql->text, '(');
    for (size_t i = 0; i < after->count; i++) {
        lf_buf_add_text(&sql->text, i == 0 ? "(" : " OR (");
        for (size_t k = 0; k < i; k++) {
            add_same_one(sql, k, &after->u.items[k]);
            lf_buf_add_text(&sql->text, " AND ");
        }
        add_after_one(sql, i, &after->u.items[i]);
        lf_buf_add_char(&sql->text, ')');
    }
    lf_buf_add_char(&sql->text, ')');
}

static void
add_order(struct lf_sql_list *sql)
{
    for (size_t i = 0; i <= sql->query->order_count; i++) {
        struct lf_order order = criterion(sql, i);
        lf_buf_add_text(&sql->text, i == 0 ? " ORDER BY " : ", ");
        add_column(sql, order.field);
        if (order.descending)
            lf_buf_add_text(&sql->text, " DESC");
        if (!order.field->non_null)
            lf_buf_add_text(&sql->text, " NULLS LAST");
    }
}

enum lf_status
lf_sql_list_write(struct lf_sql_list *list, const struct lf_value *after)
{
    const struct lf_value limit = lf_value_int((int64_t)list->query->first + 1);
    list->sequence = (struct lf_field){.name = LF_LIT("sequence"),
                                       .column = lf_bytes_of(list->dialect->sequence),
                                       .type = LF_T_BIGINT,
                                       .non_null = true};
    list->dialect->select(&list->text, list->query->entity, list->ctx);
    const char *before = " WHERE ";
    if (list->query->filter != NULL) {
        lf_buf_add_text(&list->text, before);
        add_filter(list, list->query->filter);
        before = " AND ";
    }
    if (after != NULL) {
        lf_buf_add_text(&list->text, before);
        add_after(list, after);
    }
    add_order(list);
    lf_buf_add_text(&list->text, " LIMIT ");
    add_param(list, &list->sequence, &limit);
    if (list->failed == LF_OK)
        list->failed = lf_buf_status(&list->text, list->err);
    return list->failed;
}
