/* Percent-encoding and query strings. */
#include "net/url.h"

static bool
is_encoded(struct lf_bytes text, bool plus)
{
    return lf_bytes_index(text, '%') != SIZE_MAX || (plus && lf_bytes_index(text, '+') != SIZE_MAX);
}

enum lf_status
lf_url_decode(struct lf_arena *arena, struct lf_bytes text, bool plus, struct lf_bytes *ret, struct lf_err *err)
{
    if (!is_encoded(text, plus)) {
        *ret = text;
        return LF_OK;
    }
    char *out = lf_arena_alloc(arena, text.len);
    if (out == NULL)
        return lf_no_memory(err);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = text.len - i > 2 ? lf_hex_digit(text.ptr[i + 1]) : -1;
            int low = high >= 0 ? lf_hex_digit(text.ptr[i + 2]) : -1;
            if (low < 0)
                return lf_fail(err, LF_INVALID, "'%%' must be followed by two hexadecimal digits");
            c = (char)(high * 16 + low);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        out[len++] = c;
    }
    *ret = lf_bytes(out, len);
    return LF_OK;
}

bool
lf_url_query_next(struct lf_bytes *query, struct lf_bytes *ret_name, struct lf_bytes *ret_value)
{
    while (query->len != 0) {
        size_t end = lf_bytes_index(*query, '&');
        struct lf_bytes pair = lf_bytes(query->ptr, end != SIZE_MAX ? end : query->len);
        size_t used = end != SIZE_MAX ? end + 1 : query->len;
        *query = lf_bytes(query->ptr + used, query->len - used);
        if (pair.len == 0)
            continue;
        size_t equals = lf_bytes_index(pair, '=');
        if (equals == SIZE_MAX)
            equals = pair.len;
        size_t value_at = equals < pair.len ? equals + 1 : equals;
        *ret_name = lf_bytes(pair.ptr, equals);
        *ret_value = lf_bytes(pair.ptr + value_at, pair.len - value_at);
        return true;
    }
    return false;
}

enum lf_status
lf_url_query_get(struct lf_arena *arena, struct lf_bytes query, const char *name, struct lf_bytes *ret,
                 struct lf_err *err)
{
    struct lf_bytes pair_name;
    struct lf_bytes pair_value;
    struct lf_bytes found = LF_BYTES_NONE;
    bool seen = false;
    while (lf_url_query_next(&query, &pair_name, &pair_value)) {
        enum lf_status st = lf_url_decode(arena, pair_name, true, &pair_name, err);
        if (st != LF_OK)
            return st;
        if (!lf_bytes_equal_text(pair_name, name))
            continue;
        if (seen)
            return lf_fail(err, LF_INVALID, "the query parameter '%s' is given more than once", name);
        seen = true;
        found = pair_value;
    }
    if (!seen)
        return lf_fail(err, LF_NOT_FOUND, "there is no query parameter '%s'", name);
    enum lf_status st = lf_url_decode(arena, found, true, &found, err);
    if (st != LF_OK)
        return st;
    if (!lf_utf8_valid(found, NULL))
        return lf_fail(err, LF_INVALID, "the query parameter '%s' is no UTF-8", name);
    *ret = found;
    return LF_OK;
}
