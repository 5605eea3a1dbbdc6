/* JSON Pointers, written from their end. */
#include "json/pointer.h"

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
