/* JSON Pointers, written from their end. */
#include "json/pointer.h"

#include <string.h>

enum { INDEX_TEXT_SIZE = 20 };

static struct lf_bytes
index_text(size_t index, char space[INDEX_TEXT_SIZE])
{
    char *end = space + INDEX_TEXT_SIZE;
    char *at = end;
    do {
        *--at = (char)('0' + index % 10);
        index /= 10;
    } while (index != 0);
    return lf_bytes(at, (size_t)(end - at));
}

struct lf_bytes
lf_json_pointer(const struct lf_json_step *step, char space[LF_JSON_POINTER_MAX])
{
    size_t at = LF_JSON_POINTER_MAX;
    for (; step != NULL; step = step->outer) {
        char index[INDEX_TEXT_SIZE];
        struct lf_bytes name = step->name.ptr != NULL ? step->name : index_text(step->index, index);
        if (name.len >= LF_JSON_POINTER_MAX / 2 || name.len * 2 + 1 > at) /* each byte may take two */
            break;
        for (size_t i = name.len; i > 0; i--) {
            char c = name.ptr[i - 1];
            space[--at] = c == '~' ? '0' : c == '/' ? '1' : c;
            if (c == '~' || c == '/')
                space[--at] = '~';
        }
        space[--at] = '/';
    }
    return lf_bytes(space + at, LF_JSON_POINTER_MAX - at);
}

/* Undoes "~1" and "~0" in place; false for another '~'. */
static bool
unescape(char *text, size_t *len)
{
    size_t out = 0;
    for (size_t i = 0; i < *len; i++) {
        char c = text[i];
        if (c == '~') {
            char code = i + 1 < *len ? text[i + 1] : '\0';
            if (code != '0' && code != '1')
                return false;
            c = code == '0' ? '~' : '/';
            i++;
        }
        text[out++] = c;
    }
    *len = out;
    return true;
}

static const struct lf_value *
member_at(const struct lf_value *value, struct lf_bytes name)
{
    if (value->type == LF_V_OBJECT)
        return lf_value_get(value, name);
    uint64_t index;
    if (value->type != LF_V_LIST || !lf_bytes_to_u64(name, &index) || index >= value->count)
        return NULL;
    return &value->u.items[index];
}

const struct lf_value *
lf_json_pointer_follow(const struct lf_value *value, struct lf_bytes *pointer, char *space)
{
    struct lf_bytes rest = lf_bytes(pointer->ptr + 1, pointer->len - 1);
    size_t slash = lf_bytes_index(rest, '/');
    size_t len = slash != SIZE_MAX ? slash : rest.len;
    *pointer = lf_bytes(rest.ptr + len, rest.len - len);
    memcpy(space, rest.ptr, len);
    return unescape(space, &len) ? member_at(value, lf_bytes(space, len)) : NULL;
}
