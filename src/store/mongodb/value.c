/* Values as BSON and back. */
#include "store/mongodb/mongodb.h"

#include "base/limits.h"
#include "event/fold.h"
#include "json/json.h"

#include <math.h>
#include <string.h>

enum { NATIVE_DEPTH_MAX = 80 }; /* the server nests 100 deep, and the value is not at the top */

/* ---- JSON ---- */

bool
lf_mongo_plain_name(struct lf_bytes name)
{
    return name.len != 0 && name.ptr[0] != '$' && memchr(name.ptr, '.', name.len) == NULL &&
           memchr(name.ptr, '\0', name.len) == NULL;
}

static bool
is_double(const struct lf_value *value, bool to_the_digit)
{
    if (!isfinite(value->u.number) || (value->u.number == 0 && signbit(value->u.number)))
        return false;
    if (value->raw == NULL)
        return true;
    if (!to_the_digit) {
        struct lf_value computed = lf_value_float(value->u.number);
        return lf_value_equal(value, &computed);
    }
    struct lf_buf text;
    lf_buf_init(&text, 64);
    lf_json_write_double(&text, value->u.number);
    bool same = text.failed == LF_OK && lf_bytes_equal(lf_buf_view(&text), lf_bytes(value->raw, value->count));
    lf_buf_release(&text);
    return same;
}

static bool
is_native(const struct lf_value *value, bool to_the_digit, int depth)
{
    if (depth > NATIVE_DEPTH_MAX)
        return false;
    switch (value->type) {
    case LF_V_FLOAT: return is_double(value, to_the_digit);
    case LF_V_LIST:
        for (size_t i = 0; i < value->count; i++) {
            if (!is_native(&value->u.items[i], to_the_digit, depth + 1))
                return false;
        }
        return true;
    case LF_V_OBJECT:
        for (size_t i = 0; i < value->count; i++) {
            const struct lf_member *member = &value->u.members[i];
            if (!lf_mongo_plain_name(member->name) || !is_native(&member->value, to_the_digit, depth + 1))
                return false;
        }
        return true;
    default: return true;
    }
}

static struct lf_bytes
text_of(const struct lf_value *value)
{
    struct lf_bytes text = lf_value_text(value);
    return text.ptr != NULL ? text : LF_LIT("");
}

static void
put_native(struct lf_buf *out, struct lf_bytes key, const struct lf_value *value)
{
    char index[24];
    size_t start;
    switch (value->type) {
    case LF_V_BOOL: lf_bson_bool(out, key, value->u.boolean); break;
    case LF_V_INT: lf_bson_int64(out, key, value->u.integer); break;
    case LF_V_FLOAT: lf_bson_double(out, key, value->u.number); break;
    case LF_V_STRING:
    case LF_V_ENUM: lf_bson_text(out, key, text_of(value)); break;
    case LF_V_LIST:
        start = lf_bson_open(out, LF_BSON_ARRAY, key);
        for (size_t i = 0; i < value->count; i++)
            put_native(out, lf_bson_index(i, index), &value->u.items[i]);
        lf_bson_end(out, start);
        break;
    case LF_V_OBJECT:
        start = lf_bson_open(out, LF_BSON_DOCUMENT, key);
        for (size_t i = 0; i < value->count; i++)
            put_native(out, value->u.members[i].name, &value->u.members[i].value);
        lf_bson_end(out, start);
        break;
    default: lf_bson_null(out, key); break;
    }
}

static void
put_text(struct lf_buf *out, struct lf_bytes key, const struct lf_value *value)
{
    struct lf_buf text;
    lf_buf_init(&text, LF_MONGO_DOCUMENT_MAX);
    lf_json_write(&text, value);
    if (text.failed != LF_OK)
        out->failed = text.failed;
    else
        lf_bson_text(out, key, lf_buf_view(&text));
    lf_buf_release(&text);
}

void
lf_mongo_put_json(struct lf_buf *out, struct lf_bytes key, const struct lf_value *value, bool to_the_digit)
{
    bool text = value->type == LF_V_STRING || value->type == LF_V_ENUM;
    if (!text && is_native(value, to_the_digit, 0))
        put_native(out, key, value);
    else
        put_text(out, key, value);
}

static enum lf_status get_native(bson_iter_t *iter, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);

static enum lf_status
get_list(bson_iter_t *items, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    struct lf_value *values = NULL;
    size_t count = 0, cap = 0;
    while (bson_iter_next(items)) {
        struct lf_value *grown = lf_arena_grow(arena, values, count, &cap, sizeof(*values));
        if (grown == NULL)
            return lf_no_memory(err);
        values = grown;
        enum lf_status st = get_native(items, arena, &values[count++], err);
        if (st != LF_OK)
            return st;
    }
    *ret = lf_value_list(values, count);
    return LF_OK;
}

static enum lf_status
get_object(bson_iter_t *items, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    struct lf_member *members = NULL;
    size_t count = 0, cap = 0;
    while (bson_iter_next(items)) {
        struct lf_member *grown = lf_arena_grow(arena, members, count, &cap, sizeof(*members));
        if (grown == NULL)
            return lf_no_memory(err);
        members = grown;
        members[count].name = lf_arena_copy(arena, lf_bytes_of(bson_iter_key(items)));
        if (members[count].name.ptr == NULL)
            return lf_no_memory(err);
        enum lf_status st = get_native(items, arena, &members[count++].value, err);
        if (st != LF_OK)
            return st;
    }
    *ret = lf_value_object(members, count);
    return LF_OK;
}

static enum lf_status
get_text(const bson_iter_t *iter, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    uint32_t len = 0;
    const char *text = bson_iter_utf8(iter, &len);
    struct lf_bytes copy = lf_arena_copy(arena, lf_bytes(text, len));
    if (copy.ptr == NULL)
        return lf_no_memory(err);
    *ret = lf_value_string(copy);
    return LF_OK;
}

static enum lf_status
get_native(bson_iter_t *iter, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    bson_iter_t items;
    switch (bson_iter_type(iter)) {
    case BSON_TYPE_NULL: *ret = LF_VALUE_NULL; return LF_OK;
    case BSON_TYPE_BOOL: *ret = lf_value_bool(bson_iter_bool(iter)); return LF_OK;
    case BSON_TYPE_INT32: *ret = lf_value_int(bson_iter_int32(iter)); return LF_OK;
    case BSON_TYPE_INT64: *ret = lf_value_int(bson_iter_int64(iter)); return LF_OK;
    case BSON_TYPE_DOUBLE: *ret = lf_value_float(bson_iter_double(iter)); return LF_OK;
    case BSON_TYPE_UTF8: return get_text(iter, arena, ret, err);
    case BSON_TYPE_ARRAY:
        if (bson_iter_recurse(iter, &items))
            return get_list(&items, arena, ret, err);
        break;
    case BSON_TYPE_DOCUMENT:
        if (bson_iter_recurse(iter, &items))
            return get_object(&items, arena, ret, err);
        break;
    default: break;
    }
    return lf_fail(err, LF_CORRUPT, "\"%s\" of a document is of a type that the store does not write",
                   bson_iter_key(iter));
}

enum lf_status
lf_mongo_get_json(const bson_t *document, const char *key, struct lf_arena *arena, struct lf_value *ret,
                  struct lf_err *err)
{
    bson_iter_t iter;
    struct lf_value text = LF_VALUE_NULL;
    *ret = LF_VALUE_NULL;
    if (!bson_iter_init_find(&iter, document, key))
        return LF_OK;
    if (!BSON_ITER_HOLDS_UTF8(&iter))
        return get_native(&iter, arena, ret, err);
    enum lf_status st = get_text(&iter, arena, &text, err);
    return st == LF_OK ? lf_json_parse(arena, lf_value_text(&text), ret, err) : st;
}

/* ---- fields ---- */

enum lf_status
lf_mongo_field_form(const struct lf_field *field, const struct lf_value *value, struct lf_arena *arena,
                    struct lf_value *ret, struct lf_err *err)
{
    bool one_form = field->type == LF_T_DATETIME || field->type == LF_T_UUID;
    *ret = *value;
    if (value->type != LF_V_STRING || !one_form || field->is_list)
        return LF_OK;
    return lf_fold_normal(field, value, arena, ret) ? LF_OK : lf_no_memory(err);
}

void
lf_mongo_put_field(struct lf_buf *out, struct lf_bytes key, const struct lf_field *field, const struct lf_value *value)
{
    if (value->type == LF_V_NULL) {
        lf_bson_null(out, key);
        return;
    }
    switch (lf_column_of(field)) {
    case LF_COLUMN_TEXT: lf_bson_text(out, key, text_of(value)); break;
    case LF_COLUMN_INTEGER:
        if (field->type == LF_T_INT && value->u.integer >= INT32_MIN && value->u.integer <= INT32_MAX)
            lf_bson_int32(out, key, (int32_t)value->u.integer);
        else
            lf_bson_int64(out, key, value->u.integer);
        break;
    case LF_COLUMN_BOOLEAN: lf_bson_bool(out, key, value->u.boolean); break;
    case LF_COLUMN_REAL: lf_bson_double(out, key, value->u.number); break;
    case LF_COLUMN_JSON: lf_mongo_put_json(out, key, value, true); break;
    }
}
