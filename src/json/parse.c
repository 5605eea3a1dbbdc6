/*
 * JSON text -> values. yyjson parses a copy of the text in place; one walk over its flat tree makes our values, whose
 * strings and numbers point into the copy. yyjson's own nodes live on the stack (small texts) or for the call only.
 */
#include "base/limits.h"
#include "base/mem.h"
#include "json/json.h"
#include "json/names.h"
#include "json/number.h"

#include <string.h>
#include <yyjson.h>

struct parsing {
    struct lf_arena *arena;
    const char *text; /* the copy, for offsets */
    struct lf_err *err;
};

/* --- yyjson's memory: the first block comes from the stack if it fits --------------------------------------------- */

struct scratch {
    bool taken;
    _Alignas(16) char bytes[4096];
};

static void *
scratch_malloc(void *ctx, size_t size)
{
    struct scratch *scratch = ctx;
    if (scratch->taken || size > sizeof(scratch->bytes))
        return lf_malloc(size);
    scratch->taken = true;
    return scratch->bytes;
}

static void
scratch_free(void *ctx, void *ptr)
{
    struct scratch *scratch = ctx;
    if (ptr == scratch->bytes)
        scratch->taken = false;
    else
        lf_free(ptr);
}

static void *
scratch_realloc(void *ctx, void *ptr, size_t old_size, size_t size)
{
    struct scratch *scratch = ctx;
    if (ptr != scratch->bytes)
        return lf_realloc(ptr, size);
    if (size <= sizeof(scratch->bytes))
        return ptr;
    void *moved = lf_malloc(size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, ptr, old_size < size ? old_size : size);
    scratch->taken = false;
    return moved;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static size_t
offset_of(const struct parsing *parsing, yyjson_val *node)
{
    const char *at = unsafe_yyjson_get_str(node);
    return (size_t)(at - parsing->text);
}

static struct lf_bytes
text_of(yyjson_val *node)
{
    return lf_bytes(unsafe_yyjson_get_str(node), unsafe_yyjson_get_len(node));
}

static enum lf_status
make_number(struct parsing *parsing, yyjson_val *node, struct lf_value *ret)
{
    struct lf_bytes text = text_of(node);
    if (text.len > LF_JSON_NUMBER_CHARS_MAX)
        return lf_fail(parsing->err, LF_LIMIT, "JSON at byte %zu: a number of %zu characters, %d are allowed",
                       offset_of(parsing, node), text.len, LF_JSON_NUMBER_CHARS_MAX);
    if (text.len > 16) { /* shorter ones have no room for such an exponent */
        struct lf_decimal decimal = lf_decimal_of_text(text);
        if (lf_decimal_is_saturated(&decimal))
            return lf_fail(parsing->err, LF_LIMIT, "JSON at byte %zu: the exponent of %.*s is out of all bounds",
                           offset_of(parsing, node), LF_FMT(text));
    }
    return lf_number_read(text, ret) ? LF_OK : lf_no_memory(parsing->err);
}

static enum lf_status make_value(struct parsing *parsing, yyjson_val *node, int depth, struct lf_value *ret);

static enum lf_status
make_list(struct parsing *parsing, yyjson_val *node, int depth, struct lf_value *ret)
{
    size_t count = unsafe_yyjson_get_len(node);
    struct lf_value *items = NULL;
    if (count != 0) {
        items = lf_arena_alloc(parsing->arena, count * sizeof(*items));
        if (items == NULL)
            return lf_no_memory(parsing->err);
    }
    yyjson_val *child = unsafe_yyjson_get_first(node);
    for (size_t i = 0; i < count; i++, child = unsafe_yyjson_get_next(child)) {
        enum lf_status st = make_value(parsing, child, depth + 1, &items[i]);
        if (st != LF_OK)
            return st;
    }
    *ret = lf_value_list(items, count);
    return LF_OK;
}

static enum lf_status
check_names(struct parsing *parsing, const struct lf_member *members, size_t count)
{
    const struct lf_member *again = NULL;
    if (!lf_names_find_repeated(members, count, &again))
        return lf_no_memory(parsing->err);
    if (again == NULL)
        return LF_OK;
    return lf_fail(parsing->err, LF_INVALID, "JSON at byte %zu: the object has two members named \"%.*s\"",
                   (size_t)(again->name.ptr - parsing->text), LF_FMT(again->name));
}

static enum lf_status
make_object(struct parsing *parsing, yyjson_val *node, int depth, struct lf_value *ret)
{
    size_t count = unsafe_yyjson_get_len(node);
    struct lf_member *members = NULL;
    if (count != 0) {
        members = lf_arena_alloc(parsing->arena, count * sizeof(*members));
        if (members == NULL)
            return lf_no_memory(parsing->err);
    }
    yyjson_val *child = unsafe_yyjson_get_first(node);
    for (size_t i = 0; i < count; i++) {
        members[i].name = text_of(child);
        child = unsafe_yyjson_get_next(child);
        enum lf_status st = make_value(parsing, child, depth + 1, &members[i].value);
        if (st != LF_OK)
            return st;
        child = unsafe_yyjson_get_next(child);
    }
    *ret = lf_value_object(members, count);
    return check_names(parsing, members, count);
}

/* Recursion goes LF_JSON_DEPTH_MAX deep at most. */
static enum lf_status
make_value(struct parsing *parsing, yyjson_val *node, int depth, struct lf_value *ret)
{
    switch (unsafe_yyjson_get_type(node)) {
    case YYJSON_TYPE_NULL: *ret = LF_VALUE_NULL; return LF_OK;
    case YYJSON_TYPE_BOOL: *ret = lf_value_bool(unsafe_yyjson_get_bool(node)); return LF_OK;
    case YYJSON_TYPE_STR: *ret = lf_value_string(text_of(node)); return LF_OK;
    case YYJSON_TYPE_RAW: return make_number(parsing, node, ret);
    case YYJSON_TYPE_ARR:
    case YYJSON_TYPE_OBJ:
        if (depth >= LF_JSON_DEPTH_MAX)
            return lf_fail(parsing->err, LF_LIMIT, "JSON nests more than the allowed %d levels", LF_JSON_DEPTH_MAX);
        if (unsafe_yyjson_is_arr(node))
            return make_list(parsing, node, depth, ret);
        return make_object(parsing, node, depth, ret);
    default: return lf_fail(parsing->err, LF_INTERNAL, "JSON parser gave a node of no known type");
    }
}

/* --- the door ----------------------------------------------------------------------------------------------------- */

static enum lf_status
parse_failed(const yyjson_read_err *failure, struct lf_err *err)
{
    if (failure->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return lf_no_memory(err);
    return lf_fail(err, LF_INVALID, "JSON at byte %zu: %s", failure->pos, failure->msg);
}

enum lf_status
lf_json_parse(struct lf_arena *arena, struct lf_bytes text, struct lf_value *ret, struct lf_err *err)
{
    if (text.len == 0)
        return lf_fail(err, LF_INVALID, "JSON text is empty");
    if (text.len > UINT32_MAX - YYJSON_PADDING_SIZE)
        return lf_fail(err, LF_LIMIT, "JSON text of %zu bytes: less than 4 GiB are allowed", text.len);
    char *copy = lf_arena_alloc(arena, text.len + YYJSON_PADDING_SIZE);
    if (copy == NULL)
        return lf_no_memory(err);
    memcpy(copy, text.ptr, text.len);
    memset(copy + text.len, 0, YYJSON_PADDING_SIZE);

    struct scratch scratch;
    scratch.taken = false;
    const yyjson_alc alc = {scratch_malloc, scratch_realloc, scratch_free, &scratch};
    yyjson_read_err failure = {0};
    yyjson_doc *doc = yyjson_read_opts(copy, text.len, YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW, &alc, &failure);
    if (doc == NULL)
        return parse_failed(&failure, err);
    struct parsing parsing = {arena, copy, err};
    struct lf_value value;
    enum lf_status st = make_value(&parsing, yyjson_doc_get_root(doc), 0, &value);
    if (st == LF_OK)
        *ret = value;
    yyjson_doc_free(doc);
    return st;
}
