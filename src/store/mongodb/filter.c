/*
 * Filters and orders as MongoDB has them, with SQL's meaning for nulls: negations are taken inwards, and every
 * comparison is one that a null fails.
 */
#include "store/mongodb/mongodb.h"

#include "base/limits.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_BYTES = 300 };

struct writing {
    struct lf_buf *out;
    const struct lf_list_query *query;
    struct lf_arena *arena;
    struct lf_err *err;
    enum lf_status st; /* sticky */
};

static const struct lf_field sequence = {.name = LF_LIT_INIT("sequence"), .type = LF_T_BIGINT, .non_null = true};

/* ---- where a field is ---- */

/* Is the document's _id the same, and in the same order? */
static bool
is_id(const struct lf_list_query *query, const struct lf_field *field)
{
    if (query->entity == NULL)
        return lf_bytes_equal_text(field->name, "eventId");
    return field == &query->entity->fields[query->entity->key] &&
           (field->type == LF_T_ID || field->type == LF_T_STRING || field->type == LF_T_ENUM);
}

/* The path of the field itself. */
static struct lf_bytes
plain_path(const struct lf_list_query *query, const struct lf_field *field)
{
    if (is_id(query, field))
        return LF_LIT("_id");
    if (query->entity == NULL && lf_bytes_equal_text(field->name, "time"))
        return LF_LIT("_lf.time");
    if (query->entity == NULL && lf_bytes_equal_text(field->name, "storedAt"))
        return LF_LIT("_lf.stored");
    return field->name;
}

static struct lf_bytes
path_below(const char *below, const struct lf_field *field, char out[PATH_MAX_BYTES])
{
    int len = snprintf(out, PATH_MAX_BYTES, "%s.%.*s", below, LF_FMT(field->name));
    return lf_bytes(out, (size_t)len < PATH_MAX_BYTES ? (size_t)len : PATH_MAX_BYTES - 1);
}

/* The path of what it is compared by. */
static struct lf_bytes
compared_path(const struct lf_list_query *query, const struct lf_field *field, char out[PATH_MAX_BYTES])
{
    return lf_mongo_has_key(field) ? path_below("_lf.key", field, out) : plain_path(query, field);
}

/* ---- values ---- */

/* The value in the form that the field is compared in. */
static struct lf_value
form_of(struct writing *writing, const struct lf_field *field, const struct lf_value *value)
{
    struct lf_value normal = LF_VALUE_NULL, form = LF_VALUE_NULL;
    enum lf_status st = lf_store_normalize(field, value, writing->arena, &normal, writing->err);
    if (st == LF_OK)
        st = lf_mongo_field_form(field, &normal, writing->arena, &form, writing->err);
    if (st == LF_OK && form.type == LF_V_STRING && lf_mongo_has_key(field)) {
        struct lf_bytes key = lf_mongo_key_text(field, lf_value_text(&form), writing->arena);
        if (key.ptr == NULL)
            st = lf_no_memory(writing->err);
        form = lf_value_string(key);
    }
    if (st != LF_OK)
        writing->st = st;
    return form;
}

static void
put_value(struct writing *writing, struct lf_bytes key, const struct lf_field *field, const struct lf_value *form)
{
    lf_mongo_put_field(writing->out, key, field, form);
}

/* ---- comparisons, each a document's content ---- */

static void
put_nothing(struct writing *writing)
{
    size_t id = lf_bson_open(writing->out, LF_BSON_DOCUMENT, LF_LIT("_id"));
    lf_bson_bool(writing->out, LF_LIT("$exists"), false);
    lf_bson_end(writing->out, id);
}

static void
put_null(struct writing *writing, const struct lf_field *field, bool null)
{
    char path[PATH_MAX_BYTES];
    bool json = lf_column_of(field) == LF_COLUMN_JSON; /* a list is null to MongoDB if one of its items is */
    struct lf_bytes key = json ? path_below("_lf.null", field, path) : plain_path(writing->query, field);
    if (!null) {
        size_t not = lf_bson_open(writing->out, LF_BSON_DOCUMENT, key);
        if (json)
            lf_bson_bool(writing->out, LF_LIT("$ne"), true);
        else
            lf_bson_null(writing->out, LF_LIT("$ne"));
        lf_bson_end(writing->out, not);
    } else if (json) {
        lf_bson_bool(writing->out, key, true);
    } else {
        lf_bson_null(writing->out, key);
    }
}

static void
put_operator(struct writing *writing, const struct lf_field *field, const char *operator, const struct lf_value *form)
{
    char path[PATH_MAX_BYTES];
    size_t one = lf_bson_open(writing->out, LF_BSON_DOCUMENT, compared_path(writing->query, field, path));
    put_value(writing, lf_bytes_of(operator), field, form);
    lf_bson_end(writing->out, one);
}

/* In the list, or (not) in the list and not null. */
static void
put_list(struct writing *writing, const struct lf_field *field, bool in, const struct lf_value *forms, size_t count)
{
    char path[PATH_MAX_BYTES], index[24];
    size_t one = lf_bson_open(writing->out, LF_BSON_DOCUMENT, compared_path(writing->query, field, path));
    size_t list = lf_bson_open(writing->out, LF_BSON_ARRAY, in ? LF_LIT("$in") : LF_LIT("$nin"));
    for (size_t i = 0; i < count; i++)
        put_value(writing, lf_bson_index(i, index), field, &forms[i]);
    if (!in)
        lf_bson_null(writing->out, lf_bson_index(count, index));
    lf_bson_end(writing->out, list);
    lf_bson_end(writing->out, one);
}

static void
put_in(struct writing *writing, const struct lf_filter *filter, bool in)
{
    struct lf_value *forms = LF_ARENA_ARRAY(writing->arena, struct lf_value, filter->value.count + 1);
    size_t count = 0;
    if (forms == NULL) {
        writing->st = lf_no_memory(writing->err);
        return;
    }
    for (size_t i = 0; i < filter->value.count; i++) {
        if (filter->value.u.items[i].type != LF_V_NULL)
            forms[count++] = form_of(writing, filter->field, &filter->value.u.items[i]);
    }
    if (in ? count == 0 : count != filter->value.count) /* a null in the list: unknown, unless it is found */
        put_nothing(writing);
    else
        put_list(writing, filter->field, in, forms, count);
}

/* The text as a regular expression (PCRE, RE2) for itself. */
static void
put_pattern(struct lf_buf *out, struct lf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\0') {
            lf_buf_add(out, LF_LIT("\\x00"));
            continue;
        }
        if (c < 0x80 && ispunct(c) && c != '_')
            lf_buf_add_char(out, '\\');
        lf_buf_add_char(out, (char)c);
    }
}

static void
put_search(struct writing *writing, const struct lf_filter *filter)
{
    struct lf_value normal = LF_VALUE_NULL;
    struct lf_buf pattern;
    enum lf_status st = lf_store_normalize(filter->field, &filter->value, writing->arena, &normal, writing->err);
    if (st != LF_OK)
        writing->st = st;
    lf_buf_init(&pattern, LF_MONGO_DOCUMENT_MAX);
    if (filter->op == LF_CMP_STARTS_WITH)
        lf_buf_add_char(&pattern, '^');
    put_pattern(&pattern, lf_value_text(&normal));
    if (filter->op == LF_CMP_ENDS_WITH)
        lf_buf_add(&pattern, LF_LIT("\\z"));
    if (pattern.failed != LF_OK)
        writing->out->failed = pattern.failed;
    size_t one = lf_bson_open(writing->out, LF_BSON_DOCUMENT, plain_path(writing->query, filter->field));
    lf_bson_text(writing->out, LF_LIT("$regex"), pattern.ptr != NULL ? lf_buf_view(&pattern) : LF_LIT(""));
    lf_bson_end(writing->out, one);
    lf_buf_release(&pattern);
}

/* Not null, and not found. */
static void
put_no_search(struct writing *writing, const struct lf_filter *filter)
{
    size_t nor = lf_bson_open(writing->out, LF_BSON_ARRAY, LF_LIT("$nor"));
    size_t one = lf_bson_open(writing->out, LF_BSON_DOCUMENT, LF_LIT("0"));
    put_search(writing, filter);
    lf_bson_end(writing->out, one);
    one = lf_bson_open(writing->out, LF_BSON_DOCUMENT, LF_LIT("1"));
    put_null(writing, filter->field, true);
    lf_bson_end(writing->out, one);
    lf_bson_end(writing->out, nor);
}

static enum lf_compare_op
opposite(enum lf_compare_op op)
{
    static const enum lf_compare_op opposites[] = {
        [LF_CMP_EQ] = LF_CMP_NE,  [LF_CMP_NE] = LF_CMP_EQ,  [LF_CMP_LT] = LF_CMP_GTE,    [LF_CMP_LTE] = LF_CMP_GT,
        [LF_CMP_GT] = LF_CMP_LTE, [LF_CMP_GTE] = LF_CMP_LT, [LF_CMP_IN] = LF_CMP_NOT_IN, [LF_CMP_NOT_IN] = LF_CMP_IN,
    };
    return opposites[op];
}

static void
put_order(struct writing *writing, const struct lf_filter *filter, enum lf_compare_op op)
{
    static const char *const operators[] = {
        [LF_CMP_EQ] = "$eq", [LF_CMP_LT] = "$lt", [LF_CMP_LTE] = "$lte", [LF_CMP_GT] = "$gt", [LF_CMP_GTE] = "$gte"};
    struct lf_value form = form_of(writing, filter->field, &filter->value);
    if (form.type == LF_V_NULL)
        put_nothing(writing); /* unknown */
    else if (op == LF_CMP_NE)
        put_list(writing, filter->field, false, &form, 1);
    else
        put_operator(writing, filter->field, operators[op], &form);
}

static void
put_compare(struct writing *writing, const struct lf_filter *filter, bool negated)
{
    switch (filter->op) {
    case LF_CMP_IS_NULL: put_null(writing, filter->field, filter->value.u.boolean != negated); return;
    case LF_CMP_CONTAINS:
    case LF_CMP_STARTS_WITH:
    case LF_CMP_ENDS_WITH:
        if (filter->value.type == LF_V_NULL)
            put_nothing(writing);
        else if (negated)
            put_no_search(writing, filter);
        else
            put_search(writing, filter);
        return;
    default: break;
    }
    enum lf_compare_op op = negated ? opposite(filter->op) : filter->op;
    if (op == LF_CMP_IN || op == LF_CMP_NOT_IN)
        put_in(writing, filter, op == LF_CMP_IN);
    else
        put_order(writing, filter, op);
}

/* Depth is limited by lf_list_check(). */
static void
put_filter(struct writing *writing, const struct lf_filter *filter, bool negated)
{
    char index[24];
    if (filter->kind == LF_FILTER_COMPARE) {
        put_compare(writing, filter, negated);
        return;
    }
    if (filter->kind == LF_FILTER_NOT) {
        put_filter(writing, filter->parts[0], !negated);
        return;
    }
    bool all = (filter->kind == LF_FILTER_AND) != negated;
    if (filter->part_count == 0) {
        if (!all)
            put_nothing(writing);
        return;
    }
    size_t list = lf_bson_open(writing->out, LF_BSON_ARRAY, all ? LF_LIT("$and") : LF_LIT("$or"));
    for (size_t i = 0; i < filter->part_count; i++) {
        size_t one = lf_bson_open(writing->out, LF_BSON_DOCUMENT, lf_bson_index(i, index));
        put_filter(writing, filter->parts[i], negated);
        lf_bson_end(writing->out, one);
    }
    lf_bson_end(writing->out, list);
}

/* ---- after a cursor, and in which order ---- */

/* The i-th criterion of the order; the last is the tie-breaker. */
static struct lf_order
criterion(const struct lf_list_query *query, size_t i)
{
    if (i < query->order_count)
        return query->order[i];
    return (struct lf_order){.field = query->entity != NULL ? &query->entity->fields[query->entity->key] : &sequence};
}

static void
put_after_one(struct writing *writing, struct lf_order order, const struct lf_value *value)
{
    if (value->type == LF_V_NULL) { /* nothing comes after the nulls */
        put_nothing(writing);
        return;
    }
    struct lf_value form = form_of(writing, order.field, value);
    const char *operator = order.descending ? "$lt" : "$gt";
    if (order.field->non_null) {
        put_operator(writing, order.field, operator, &form);
        return;
    }
    size_t any = lf_bson_open(writing->out, LF_BSON_ARRAY, LF_LIT("$or"));
    size_t one = lf_bson_open(writing->out, LF_BSON_DOCUMENT, LF_LIT("0"));
    put_operator(writing, order.field, operator, &form);
    lf_bson_end(writing->out, one);
    one = lf_bson_open(writing->out, LF_BSON_DOCUMENT, LF_LIT("1"));
    put_null(writing, order.field, true);
    lf_bson_end(writing->out, one);
    lf_bson_end(writing->out, any);
}

static void
put_same_one(struct writing *writing, struct lf_order order, const struct lf_value *value)
{
    struct lf_value form = form_of(writing, order.field, value);
    if (form.type == LF_V_NULL)
        put_null(writing, order.field, true);
    else
        put_operator(writing, order.field, "$eq", &form);
}

/* (a after x) or (a = x and b after y) or … */
static void
put_after(struct writing *writing, const struct lf_value *after)
{
    char index[24];
    size_t any = lf_bson_open(writing->out, LF_BSON_ARRAY, LF_LIT("$or"));
    for (size_t i = 0; i < after->count; i++) {
        size_t one = lf_bson_open(writing->out, LF_BSON_DOCUMENT, lf_bson_index(i, index));
        size_t all = lf_bson_open(writing->out, LF_BSON_ARRAY, LF_LIT("$and"));
        for (size_t k = 0; k <= i; k++) {
            size_t part = lf_bson_open(writing->out, LF_BSON_DOCUMENT, lf_bson_index(k, index));
            if (k < i)
                put_same_one(writing, criterion(writing->query, k), &after->u.items[k]);
            else
                put_after_one(writing, criterion(writing->query, k), &after->u.items[k]);
            lf_bson_end(writing->out, part);
        }
        lf_bson_end(writing->out, all);
        lf_bson_end(writing->out, one);
    }
    lf_bson_end(writing->out, any);
}

enum lf_status
lf_mongo_filter_write(struct lf_buf *out, const struct lf_list_query *query, const struct lf_value *after,
                      struct lf_arena *arena, struct lf_err *err)
{
    struct writing writing = {.out = out, .query = query, .arena = arena, .err = err};
    char index[24];
    size_t parts = 0;
    size_t start = lf_bson_begin(out), all = lf_bson_open(out, LF_BSON_ARRAY, LF_LIT("$and")), one;
    if (query->entity != NULL) {
        one = lf_bson_open(out, LF_BSON_DOCUMENT, lf_bson_index(parts++, index));
        lf_bson_null(out, LF_LIT("_lf.gone"));
        lf_bson_end(out, one);
    }
    if (query->filter != NULL) {
        one = lf_bson_open(out, LF_BSON_DOCUMENT, lf_bson_index(parts++, index));
        put_filter(&writing, query->filter, false);
        lf_bson_end(out, one);
    }
    if (after != NULL) {
        one = lf_bson_open(out, LF_BSON_DOCUMENT, lf_bson_index(parts++, index));
        put_after(&writing, after);
        lf_bson_end(out, one);
    }
    if (parts == 0)
        lf_bson_end(out, lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("0")));
    lf_bson_end(out, all);
    lf_bson_end(out, start);
    return writing.st == LF_OK ? lf_buf_status(out, err) : writing.st;
}

/* Must a field of events have one value? */
static bool
is_fixed(const struct lf_filter *filter, const char *name)
{
    if (filter->kind == LF_FILTER_COMPARE)
        return filter->op == LF_CMP_EQ && lf_bytes_equal_text(filter->field->name, name);
    for (size_t i = 0; filter->kind == LF_FILTER_AND && i < filter->part_count; i++) {
        if (is_fixed(filter->parts[i], name))
            return true;
    }
    return false;
}

/* Events of one partition by offset: there are no ties, and the index of places has them in that order alone. */
static bool
has_no_ties(const struct lf_list_query *query)
{
    return query->entity == NULL && query->order_count == 1 && query->filter != NULL &&
           lf_bytes_equal_text(query->order[0].field->name, "offset") && is_fixed(query->filter, "topic") &&
           is_fixed(query->filter, "partition");
}

void
lf_mongo_order_write(struct lf_buf *out, const struct lf_list_query *query)
{
    char path[PATH_MAX_BYTES];
    size_t count = query->order_count + (has_no_ties(query) ? 0 : 1);
    size_t sort = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("sort"));
    for (size_t i = 0; i < count; i++) {
        struct lf_order order = criterion(query, i);
        bool again = false; /* a field that comes twice: MongoDB takes each name once */
        for (size_t k = 0; k < i; k++)
            again |= criterion(query, k).field == order.field;
        if (again)
            continue;
        if (!order.field->non_null) /* nulls, which are marked so, come last */
            lf_bson_int32(out, path_below("_lf.null", order.field, path), 1);
        lf_bson_int32(out, compared_path(query, order.field, path), order.descending ? -1 : 1);
    }
    lf_bson_end(out, sort);
}
