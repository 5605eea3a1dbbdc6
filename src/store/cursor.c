/* Cursors of lists: where a page ended, as text that clients hand back. */
#include "store/list.h"

#include "base/base64.h"
#include "json/json.h"
#include "store/row.h"

enum { CURSOR_BYTES_MAX = 64 * 1024 };

/* The tie-breaker of events is the store's sequence. */
static const struct lf_field sequence_field = {.name = {"sequence", 8}, .type = LF_T_BIGINT, .non_null = true};

static const struct lf_field *
field_of(const struct lf_list_query *query, size_t index)
{
    if (index < query->order_count)
        return query->order[index].field;
    return query->entity != NULL ? &query->entity->fields[query->entity->key] : &sequence_field;
}

static uint32_t
hash_more(uint32_t hash, struct lf_bytes bytes) /* FNV-1a: the same in every process, not for secrets */
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * 16777619u;
    return hash;
}

/* A number that tells orders apart: the list, its fields, their directions. */
static int64_t
order_tag(const struct lf_list_query *query)
{
    uint32_t hash = hash_more(2166136261u, query->entity != NULL ? query->entity->name : LF_LIT("="));
    for (size_t i = 0; i <= query->order_count; i++) {
        bool descending = i < query->order_count && query->order[i].descending;
        hash = hash_more(hash, descending ? LF_LIT(">") : LF_LIT("<"));
        hash = hash_more(hash, field_of(query, i)->name);
    }
    return (int64_t)hash;
}

enum lf_status
lf_cursor_encode(const struct lf_list_query *query, const struct lf_value *values, struct lf_arena *arena,
                 struct lf_bytes *ret, struct lf_err *err)
{
    LF_ASSERT(values->type == LF_V_LIST && values->count == query->order_count + 1);
    struct lf_buf json, text;
    lf_buf_init(&json, CURSOR_BYTES_MAX);
    lf_buf_init(&text, CURSOR_BYTES_MAX * 2);
    lf_buf_add_char(&json, '[');
    lf_buf_add_i64(&json, order_tag(query));
    for (size_t i = 0; i < values->count; i++) {
        lf_buf_add_char(&json, ',');
        lf_json_write(&json, &values->u.items[i]);
    }
    lf_buf_add_char(&json, ']');
    enum lf_status st = lf_buf_status(&json, err);
    if (st == LF_OK) {
        lf_base64_write(&text, lf_buf_view(&json), true);
        st = lf_buf_status(&text, err);
    }
    if (st == LF_OK) {
        struct lf_bytes copy = lf_arena_copy(arena, lf_buf_view(&text));
        st = copy.ptr != NULL ? LF_OK : lf_no_memory(err);
        if (st == LF_OK)
            *ret = copy;
    }
    lf_buf_release(&json);
    lf_buf_release(&text);
    return st;
}

static enum lf_status
not_a_cursor(struct lf_err *err)
{
    return lf_fail(err, LF_INVALID, "\"after\" is not a cursor of this list in this order");
}

enum lf_status
lf_cursor_decode(const struct lf_list_query *query, struct lf_bytes cursor, struct lf_arena *arena,
                 struct lf_value *ret_values, struct lf_err *err)
{
    struct lf_value list;
    if (cursor.len > CURSOR_BYTES_MAX * 2)
        return not_a_cursor(err);
    struct lf_bytes json;
    enum lf_status st = lf_base64_read(cursor, arena, &json, NULL);
    if (st == LF_OK)
        st = lf_json_parse(arena, json, &list, NULL);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    size_t count = query->order_count + 1;
    if (st != LF_OK || list.type != LF_V_LIST || list.count != count + 1 || list.u.items[0].type != LF_V_INT ||
        list.u.items[0].u.integer != order_tag(query))
        return not_a_cursor(err);
    for (size_t i = 0; i < count; i++) {
        const struct lf_field *field = field_of(query, i);
        struct lf_value *value = &list.u.items[i + 1];
        st = lf_store_normalize(field, value, arena, value, NULL);
        if (st == LF_NO_MEMORY)
            return lf_no_memory(err);
        if (st != LF_OK || (value->type == LF_V_NULL && field->non_null))
            return not_a_cursor(err);
    }
    *ret_values = lf_value_list(list.u.items + 1, count);
    return LF_OK;
}
