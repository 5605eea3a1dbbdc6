/* Headers of records as JSON. */
#include "store/row.h"

#include "base/base64.h"
#include "base/limits.h"
#include "base/mem.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

static void
write_bytes(struct lf_buf *out, struct lf_bytes bytes)
{
    if (bytes.ptr == NULL) {
        lf_buf_add(out, LF_LIT("null"));
    } else if (lf_utf8_valid(bytes, NULL)) {
        lf_json_write_string(out, bytes);
    } else {
        lf_buf_add(out, LF_LIT("{\"base64\":\""));
        lf_base64_write(out, bytes, false);
        lf_buf_add(out, LF_LIT("\"}"));
    }
}

static void
write_name(struct lf_buf *out, struct lf_bytes name)
{
    if (lf_utf8_valid(name, NULL)) {
        lf_json_write_string(out, name);
        return;
    }
    lf_buf_add(out, LF_LIT("\"base64:"));
    lf_base64_write(out, name, false);
    lf_buf_add_char(out, '"');
}

/* By name; equal names in their order. */
static int
compare_headers(const void *a, const void *b)
{
    const struct lf_header *x = *(const struct lf_header *const *)a, *y = *(const struct lf_header *const *)b;
    int order = lf_bytes_compare(x->name, y->name);
    return order != 0 ? order : (x > y) - (x < y);
}

static void
write_group(struct lf_buf *out, const struct lf_header *const *group, size_t count)
{
    write_name(out, group[0]->name);
    lf_buf_add_char(out, ':');
    if (count == 1) {
        write_bytes(out, group[0]->value);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        lf_buf_add_char(out, i == 0 ? '[' : ',');
        write_bytes(out, group[i]->value);
    }
    lf_buf_add_char(out, ']');
}

/* Members of one name are brought together. */
static enum lf_status
write_sorted(struct lf_buf *out, const struct lf_header *headers, size_t count, struct lf_err *err)
{
    size_t size;
    const struct lf_header **sorted = lf_size_mul(count, sizeof(*sorted), &size) ? lf_malloc(size) : NULL;
    if (sorted == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &headers[i];
    qsort(sorted, count, sizeof(*sorted), compare_headers);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && lf_bytes_equal(sorted[i]->name, sorted[next]->name);)
            next++;
        if (i != 0)
            lf_buf_add_char(out, ',');
        write_group(out, sorted + i, next - i);
    }
    lf_free(sorted);
    return LF_OK;
}

enum { FEW_HEADERS = 16 };

static bool
few_and_distinct(const struct lf_header *headers, size_t count)
{
    if (count > FEW_HEADERS)
        return false;
    for (size_t i = 1; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (lf_bytes_equal(headers[i].name, headers[k].name))
                return false;
        }
    }
    return true;
}

enum lf_status
lf_store_write_headers(struct lf_buf *out, const struct lf_header *headers, size_t count, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    lf_buf_add_char(out, '{');
    if (few_and_distinct(headers, count)) {
        for (size_t i = 0; i < count; i++) {
            const struct lf_header *one = &headers[i];
            if (i != 0)
                lf_buf_add_char(out, ',');
            write_group(out, &one, 1);
        }
    } else {
        st = write_sorted(out, headers, count, err);
    }
    lf_buf_add_char(out, '}');
    return st;
}

enum lf_status
lf_store_headers_value(const struct lf_header *headers, size_t count, struct lf_arena *arena, struct lf_value *ret,
                       struct lf_err *err)
{
    struct lf_buf json;
    lf_buf_init(&json, LF_RECORD_BYTES_MAX * 2u);
    enum lf_status st = lf_store_write_headers(&json, headers, count, err);
    if (st == LF_OK)
        st = lf_buf_status(&json, err);
    if (st == LF_OK) {
        struct lf_bytes copy = lf_arena_copy(arena, lf_buf_view(&json));
        st = copy.ptr != NULL ? lf_json_parse(arena, copy, ret, err) : lf_no_memory(err);
    }
    lf_buf_release(&json);
    return st;
}

void
lf_store_write_header_list(struct lf_buf *out, const struct lf_header *headers, size_t count)
{
    lf_buf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        lf_buf_add_text(out, i == 0 ? "[" : ",[");
        write_bytes(out, headers[i].name);
        lf_buf_add_char(out, ',');
        write_bytes(out, headers[i].value);
        lf_buf_add_char(out, ']');
    }
    lf_buf_add_char(out, ']');
}

static enum lf_status
read_bytes(const struct lf_value *value, struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err)
{
    const struct lf_value *encoded = lf_value_get(value, LF_LIT("base64"));
    if (value->type == LF_V_NULL) {
        *ret = LF_BYTES_NONE;
    } else if (value->type == LF_V_STRING) {
        *ret = lf_value_text(value);
    } else if (encoded != NULL && encoded->type == LF_V_STRING) {
        enum lf_status st = lf_base64_read(lf_value_text(encoded), arena, ret, err);
        return st == LF_INVALID ? lf_fail(err, LF_CORRUPT, "stored headers hold text that is not base64") : st;
    } else {
        return lf_fail(err, LF_CORRUPT, "stored headers hold something that is not text");
    }
    return LF_OK;
}

enum lf_status
lf_store_read_header_list(struct lf_bytes text, struct lf_arena *arena, const struct lf_header **ret, size_t *ret_count,
                          struct lf_err *err)
{
    struct lf_value list;
    enum lf_status st = lf_json_parse(arena, text, &list, err);
    if (st != LF_OK)
        return st;
    size_t count = list.type == LF_V_LIST ? list.count : 0;
    struct lf_header *headers = LF_ARENA_ARRAY(arena, struct lf_header, count);
    if (headers == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const struct lf_value *pair = &list.u.items[i];
        if (pair->type != LF_V_LIST || pair->count != 2)
            return lf_fail(err, LF_CORRUPT, "stored headers are not a list of pairs");
        st = read_bytes(&pair->u.items[0], arena, &headers[i].name, err);
        if (st == LF_OK)
            st = read_bytes(&pair->u.items[1], arena, &headers[i].value, err);
        if (st != LF_OK)
            return st;
    }
    *ret = headers;
    *ret_count = count;
    return LF_OK;
}
