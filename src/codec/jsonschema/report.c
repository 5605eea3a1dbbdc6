/* What is wrong, in words: the way to the value, the keyword's place, the value itself cut short. */
#include "codec/jsonschema/check.h"
#include "json/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES_MAX = 4096, PATH_STEPS_MAX = 256, VALUE_BYTES_MAX = 120, TEXT_BYTES_MAX = 60, WORDS_MAX = 600 };

/* --- values ------------------------------------------------------------------------------------------------------- */

/* At most TEXT_BYTES_MAX bytes of it, not ending inside a character. */
static void
add_text(struct lf_buf *out, struct lf_bytes text)
{
    if (text.len <= TEXT_BYTES_MAX) {
        lf_json_write_string(out, text);
        return;
    }
    size_t len = TEXT_BYTES_MAX;
    while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    lf_json_write_string(out, lf_bytes(text.ptr, len));
    out->len--; /* the quote */
    lf_buf_add_text(out, "\xe2\x80\xa6\"");
}

static void add_value(struct lf_buf *out, const struct lf_value *value, int depth);

static void
add_container(struct lf_buf *out, const struct lf_value *value, int depth)
{
    bool list = value->type == LF_V_LIST;
    lf_buf_add_char(out, list ? '[' : '{');
    for (uint32_t i = 0; i < value->count; i++) {
        if (i > 0)
            lf_buf_add_char(out, ',');
        if (out->len > VALUE_BYTES_MAX || depth > 3) {
            lf_buf_add_text(out, "\xe2\x80\xa6");
            break;
        }
        if (!list) {
            add_text(out, value->u.members[i].name);
            lf_buf_add_char(out, ':');
        }
        add_value(out, list ? &value->u.items[i] : &value->u.members[i].value, depth + 1);
    }
    lf_buf_add_char(out, list ? ']' : '}');
}

static void
add_value(struct lf_buf *out, const struct lf_value *value, int depth)
{
    switch (value->type) {
    case LF_V_STRING:
    case LF_V_ENUM: add_text(out, lf_value_text(value)); break;
    case LF_V_LIST:
    case LF_V_OBJECT: add_container(out, value, depth); break;
    case LF_V_FLOAT:
        if (value->raw != NULL && value->count > TEXT_BYTES_MAX) {
            lf_buf_add(out, lf_bytes(value->raw, TEXT_BYTES_MAX));
            lf_buf_add_text(out, "\xe2\x80\xa6");
            break;
        }
        lf_json_write(out, value);
        break;
    default: lf_json_write(out, value); break;
    }
}

/* --- places ------------------------------------------------------------------------------------------------------- */

static void
add_place(struct lf_buf *out, const struct lf_js_place *place)
{
    const struct lf_js_place *way[PATH_STEPS_MAX];
    size_t steps = 0;
    for (; place != NULL && steps < PATH_STEPS_MAX; place = place->outer)
        way[steps++] = place;
    while (steps > 0 && out->len < PATH_BYTES_MAX) {
        place = way[--steps];
        if (place->name == NULL)
            lf_buf_printf(out, "/%u", place->index);
        else
            lf_js_pointer_add(out, place->name->len < PATH_BYTES_MAX ? *place->name
                                                                     : lf_bytes(place->name->ptr, PATH_BYTES_MAX));
    }
}

/* --- errors ------------------------------------------------------------------------------------------------------- */

/* Moves what is in buf to the arena. */
static struct lf_bytes
keep(struct lf_js_run *run, struct lf_buf *buf)
{
    struct lf_bytes kept = buf->failed == LF_OK ? lf_arena_copy(run->arena, lf_buf_view(buf)) : LF_BYTES_NONE;
    if (kept.ptr == NULL)
        lf_js_stop(run, LF_NO_MEMORY, "out of memory");
    lf_buf_clear(buf);
    return kept;
}

struct subject {
    const struct lf_js_node *node;
    const struct lf_value *value;
    const struct lf_js_place *place;
};

/* The place of the keyword goes behind the node's, unless the node itself (false) is what failed. */
static bool
add_error(struct lf_js_run *run, const struct subject *about, const char *keyword, bool below, const char *words)
{
    if (run->quiet > 0 || run->failed != LF_OK || run->count >= run->max)
        return false;
    struct lf_buf buf;
    struct lf_jsonschema_error error = {.keyword = lf_bytes_of(keyword)};
    lf_buf_init(&buf, 1024 * 1024);
    add_place(&buf, about->place);
    error.instance = keep(run, &buf);
    lf_js_location(&buf, run->schema, about->node);
    if (below)
        lf_js_pointer_add(&buf, error.keyword);
    error.schema = keep(run, &buf);
    add_value(&buf, about->value, 0);
    lf_buf_printf(&buf, " %s", words);
    error.message = keep(run, &buf);
    lf_buf_release(&buf);
    if (run->failed == LF_OK)
        run->errors[run->count++] = error;
    return false;
}

bool
lf_js_report(struct lf_js_run *run, const char *keyword, const struct lf_js_frame *frame, const char *fmt, ...)
{
    char words[WORDS_MAX];
    if (run->quiet > 0)
        return false;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    const struct subject about = {frame->node, frame->value, frame->place};
    return add_error(run, &about, keyword, true, words);
}

static const char *
false_words(struct lf_bytes keyword)
{
    static const struct {
        const char *keyword, *words;
    } known[] = {
        {"additionalProperties", "is in a property that is not allowed"},
        {"unevaluatedProperties", "is in a property that is not allowed"},
        {"properties", "is in a property that is not allowed"},
        {"patternProperties", "is in a property that is not allowed"},
        {"propertyNames", "is a name that is not allowed"},
        {"items", "is one item too many"},
        {"prefixItems", "is an item that is not allowed"},
        {"additionalItems", "is one item too many"},
        {"unevaluatedItems", "is one item too many"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (lf_bytes_equal_text(keyword, known[i].keyword))
            return known[i].words;
    }
    return "is not allowed here, nothing is";
}

bool
lf_js_report_false(struct lf_js_run *run, const struct lf_js_node *node, const struct lf_value *value,
                   const struct lf_js_place *place)
{
    if (run->quiet > 0)
        return false;
    const struct subject about = {node, value, place};
    bool nested = node->parent != NULL;
    char *keyword = nested ? lf_arena_text(run->arena, node->keyword) : NULL;
    if (nested && keyword == NULL)
        return lf_js_stop(run, LF_NO_MEMORY, "out of memory");
    return add_error(run, &about, nested ? keyword : "false", false,
                     false_words(nested ? node->keyword : LF_LIT("false")));
}
