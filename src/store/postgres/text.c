/* What PostgreSQL's types cannot hold as it is: U+0000 in text; that and extreme numbers in jsonb. */
#include "store/postgres/postgres.h"

#include "base/limits.h"
#include "json/json.h"

#include <string.h>

bool
lf_pg_text_is_plain(struct lf_bytes text)
{
    return text.len == 0 || (memchr(text.ptr, '\0', text.len) == NULL && memchr(text.ptr, '\1', text.len) == NULL);
}

void
lf_pg_text_write(struct lf_buf *out, struct lf_bytes text)
{
    if (lf_pg_text_is_plain(text)) {
        lf_buf_add(out, text);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\0')
            lf_buf_add(out, LF_LIT("\1\1"));
        else if (text.ptr[i] == '\1')
            lf_buf_add(out, LF_LIT("\1\2"));
        else
            lf_buf_add_char(out, text.ptr[i]);
    }
}

size_t
lf_pg_text_read(char *text, size_t len)
{
    if (len == 0 || memchr(text, '\1', len) == NULL)
        return len;
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        bool pair = text[i] == '\1' && i + 1 < len && (text[i + 1] == '\1' || text[i + 1] == '\2');
        text[at++] = !pair ? text[i] : text[i + 1] == '\1' ? '\0' : '\1';
        i += pair;
    }
    return at;
}

/* Written out, as jsonb gives it back, the number must not be longer than may be read. */
static bool
number_fits(const struct lf_value *number)
{
    if (number->raw == NULL)
        return true;
    struct lf_bytes raw = lf_bytes(number->raw, number->count);
    size_t e = 0;
    while (e < raw.len && raw.ptr[e] != 'e' && raw.ptr[e] != 'E')
        e++;
    size_t digits = e + 1 < raw.len && (raw.ptr[e + 1] == '+' || raw.ptr[e + 1] == '-') ? e + 2 : e + 1;
    size_t exponent = 0;
    for (size_t i = digits; i < raw.len; i++) {
        exponent = exponent * 10 + (size_t)(raw.ptr[i] - '0');
        if (exponent >= LF_JSON_NUMBER_CHARS_MAX)
            return false;
    }
    return e + exponent + 4 < LF_JSON_NUMBER_CHARS_MAX;
}

static bool
text_fits(struct lf_bytes text)
{
    return text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL;
}

/* Nesting is limited where JSON is read. */
static bool
fits(const struct lf_value *value)
{
    switch (value->type) {
    case LF_V_FLOAT: return number_fits(value);
    case LF_V_STRING:
    case LF_V_ENUM: return text_fits(lf_value_text(value));
    case LF_V_LIST:
        for (uint32_t i = 0; i < value->count; i++) {
            if (!fits(&value->u.items[i]))
                return false;
        }
        return true;
    case LF_V_OBJECT:
        for (uint32_t i = 0; i < value->count; i++) {
            if (!text_fits(value->u.members[i].name) || !fits(&value->u.members[i].value))
                return false;
        }
        return true;
    default: return true;
    }
}

/* What has been written to out from there on becomes a string. */
static void
make_string(struct lf_buf *out, size_t from)
{
    struct lf_buf copy;
    lf_buf_init(&copy, out->max);
    lf_buf_add(&copy, lf_bytes(out->ptr + from, out->len - from));
    out->len = from;
    if (copy.failed == LF_OK)
        lf_json_write_string(out, lf_buf_view(&copy));
    else
        out->failed = copy.failed;
    lf_buf_release(&copy);
}

void
lf_pg_jsonb_write(struct lf_buf *out, const struct lf_value *value)
{
    size_t from = out->len;
    lf_json_write(out, value);
    if (out->failed == LF_OK && (value->type == LF_V_STRING || value->type == LF_V_ENUM || !fits(value)))
        make_string(out, from);
}

enum lf_status
lf_pg_jsonb_read(struct lf_bytes text, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    struct lf_value value;
    enum lf_status st = lf_json_parse(arena, text, &value, err);
    if (st == LF_OK && value.type == LF_V_STRING)
        st = lf_json_parse(arena, lf_value_text(&value), &value, err);
    if (st == LF_OK)
        *ret = value;
    return st;
}
