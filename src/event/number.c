/* Numbers in payloads as exact texts. */
#include "event/number.h"
#include "json/json.h"

#include <math.h>

struct lf_bytes
lf_integer_text(int64_t integer, char space[LF_INTEGER_TEXT_SIZE])
{
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    char *end = space + LF_INTEGER_TEXT_SIZE;
    char *at = end;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (integer < 0)
        *--at = '-';
    return lf_bytes(at, (size_t)(end - at));
}

/* A computed double has no text yet: the shortest one that reads back the same. */
static struct lf_bytes
double_text(double number, struct lf_arena *arena)
{
    struct lf_buf buf;
    lf_buf_init(&buf, 64);
    lf_json_write_double(&buf, number);
    struct lf_bytes text = LF_BYTES_NONE;
    if (isfinite(number) && lf_buf_status(&buf, NULL) == LF_OK)
        text = lf_arena_copy(arena, lf_buf_view(&buf));
    lf_buf_release(&buf);
    return text;
}

struct lf_bytes
lf_number_text(const struct lf_value *value, char space[LF_INTEGER_TEXT_SIZE], struct lf_arena *arena)
{
    switch (value->type) {
    case LF_V_STRING: return lf_value_text(value);
    case LF_V_INT: return lf_integer_text(value->u.integer, space);
    case LF_V_FLOAT:
        return value->raw != NULL ? lf_bytes(value->raw, value->count) : double_text(value->u.number, arena);
    default: return LF_BYTES_NONE;
    }
}
