/* Texts for messages. Sizes are bounded: a value of a megabyte must not come back a hundred times. */
#include "graphql/text.h"
#include "graphql/parse.h"
#include "json/json.h"

enum { INSPECT_ITEMS_MAX = 10, INSPECT_DEPTH_MAX = 2 };
enum { COMPARED_CHARS_MAX = 64 }; /* longer names have no neighbours worth their time */

struct lf_bytes
lf_gql_text_cut(struct lf_bytes text)
{
    if (text.len <= LF_GQL_TEXT_MAX)
        return text;
    text.len = LF_GQL_TEXT_MAX;
    while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xC0) == 0x80)
        text.len--;
    return text;
}

const char *
lf_gql_text_take(struct lf_buf *buf, struct lf_arena *arena)
{
    struct lf_bytes view = lf_buf_view(buf);
    const char *text;
    if (buf->failed == LF_OK) {
        text = lf_arena_text(arena, view);
    } else {
        size_t whole; /* a run of bytes may have been cut inside a character */
        if (!lf_utf8_valid(view, &whole))
            view.len = whole;
        text = lf_arena_printf(arena, "%.*s...", LF_FMT(view));
    }
    lf_buf_release(buf);
    return text != NULL ? text : "...";
}

const char *
lf_gql_text_type(struct lf_arena *arena, const struct lf_gql_type *type)
{
    struct lf_buf buf;
    lf_buf_init(&buf, LF_GQL_TEXT_MAX);
    lf_gql_type_write(&buf, type);
    return lf_gql_text_take(&buf, arena);
}

const char *
lf_gql_text_ref(struct lf_arena *arena, const struct lf_gql_type_ref *ref)
{
    struct lf_buf buf;
    lf_buf_init(&buf, LF_GQL_TEXT_MAX);
    lf_gql_print_type_ref(&buf, ref);
    return lf_gql_text_take(&buf, arena);
}

const char *
lf_gql_text_literal(struct lf_arena *arena, const struct lf_gql_value_node *literal)
{
    struct lf_buf buf;
    lf_buf_init(&buf, LF_GQL_TEXT_MAX);
    lf_gql_print_value(&buf, literal);
    return lf_gql_text_take(&buf, arena);
}

static void inspect(struct lf_buf *out, const struct lf_value *value, unsigned depth);

static void
inspect_list(struct lf_buf *out, const struct lf_value *value, unsigned depth)
{
    if (value->count != 0 && depth >= INSPECT_DEPTH_MAX) {
        lf_buf_add_text(out, "[Array]");
        return;
    }
    lf_buf_add_char(out, '[');
    uint32_t shown = value->count < INSPECT_ITEMS_MAX ? value->count : INSPECT_ITEMS_MAX;
    for (uint32_t i = 0; i < shown; i++) {
        if (i != 0)
            lf_buf_add_text(out, ", ");
        inspect(out, &value->u.items[i], depth + 1);
    }
    uint32_t more = value->count - shown;
    if (more != 0)
        lf_buf_printf(out, ", ... %u more item%s", (unsigned)more, more == 1 ? "" : "s");
    lf_buf_add_char(out, ']');
}

static void
inspect_object(struct lf_buf *out, const struct lf_value *value, unsigned depth)
{
    if (value->count == 0) {
        lf_buf_add_text(out, "{}");
        return;
    }
    if (depth >= INSPECT_DEPTH_MAX) {
        lf_buf_add_text(out, "[Object]");
        return;
    }
    lf_buf_add_text(out, "{ ");
    for (uint32_t i = 0; i < value->count && out->failed == LF_OK; i++) {
        if (i != 0)
            lf_buf_add_text(out, ", ");
        lf_buf_add(out, value->u.members[i].name);
        lf_buf_add_text(out, ": ");
        inspect(out, &value->u.members[i].value, depth + 1);
    }
    lf_buf_add_text(out, " }");
}

static void
inspect(struct lf_buf *out, const struct lf_value *value, unsigned depth)
{
    if (value->type == LF_V_LIST)
        inspect_list(out, value, depth);
    else if (value->type == LF_V_OBJECT)
        inspect_object(out, value, depth);
    else if (value->type == LF_V_ENUM)
        lf_buf_add(out, lf_value_text(value));
    else
        lf_json_write(out, value);
}

const char *
lf_gql_text_value(struct lf_arena *arena, const struct lf_value *value)
{
    struct lf_buf buf;
    lf_buf_init(&buf, LF_GQL_TEXT_MAX);
    inspect(&buf, value, 0);
    return lf_gql_text_take(&buf, arena);
}

static unsigned char
lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein distance without regard to case (optimal string alignment); both at most COMPARED_CHARS_MAX. */
static size_t
edit_distance(struct lf_bytes a, struct lf_bytes b)
{
    size_t rows[3][COMPARED_CHARS_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *now = rows[i % 3];
        const size_t *up = rows[(i - 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = lower(a.ptr[i - 1]) == lower(b.ptr[j - 1]);
            now[j] = least(least(up[j], now[j - 1]) + 1, up[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && lower(a.ptr[i - 1]) == lower(b.ptr[j - 2]) &&
                lower(a.ptr[i - 2]) == lower(b.ptr[j - 1]))
                now[j] = least(now[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

/* SIZE_MAX: too far away to be meant. */
static size_t
lexical_distance(struct lf_bytes input, struct lf_bytes name)
{
    if (lf_bytes_equal(input, name))
        return 0;
    if (lf_bytes_equal_nocase(input, name))
        return 1;
    if (input.len > COMPARED_CHARS_MAX || name.len > COMPARED_CHARS_MAX)
        return SIZE_MAX;
    size_t limit = input.len * 2 / 5 + 1;
    size_t gap = input.len > name.len ? input.len - name.len : name.len - input.len;
    if (gap > limit)
        return SIZE_MAX;
    size_t distance = edit_distance(input, name);
    return distance <= limit ? distance : SIZE_MAX;
}

static bool
is_digit(struct lf_bytes text, size_t at)
{
    return at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9';
}

/* The number at *at, which moves behind it. */
static uint64_t
read_number(struct lf_bytes text, size_t *at)
{
    uint64_t number = 0;
    for (; is_digit(text, *at); ++*at)
        number = number < UINT64_MAX / 16 ? number * 10 + (uint64_t)(text.ptr[*at] - '0') : number;
    return number;
}

int
lf_gql_natural_compare(struct lf_bytes a, struct lf_bytes b)
{
    size_t i = 0;
    size_t j = 0;
    while (i < a.len && j < b.len) {
        if (is_digit(a, i) && is_digit(b, j)) {
            uint64_t left = read_number(a, &i);
            uint64_t right = read_number(b, &j);
            if (left != right)
                return left < right ? -1 : 1;
        } else if (a.ptr[i] != b.ptr[j]) {
            return (unsigned char)a.ptr[i] < (unsigned char)b.ptr[j] ? -1 : 1;
        } else {
            i++;
            j++;
        }
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

void
lf_gql_suggest_init(struct lf_gql_suggest *suggest, struct lf_bytes input)
{
    *suggest = (struct lf_gql_suggest){.input = input};
}

void
lf_gql_suggest_offer(struct lf_gql_suggest *suggest, struct lf_bytes name)
{
    size_t distance = lexical_distance(suggest->input, name);
    if (distance == SIZE_MAX)
        return;
    size_t at = suggest->count;
    while (at > 0 &&
           (suggest->distances[at - 1] > distance ||
            (suggest->distances[at - 1] == distance && lf_gql_natural_compare(suggest->names[at - 1], name) > 0)))
        at--;
    if (at == LF_GQL_SUGGESTIONS_MAX)
        return;
    if (suggest->count < LF_GQL_SUGGESTIONS_MAX)
        suggest->count++;
    for (size_t i = suggest->count - 1; i > at; i--) {
        suggest->names[i] = suggest->names[i - 1];
        suggest->distances[i] = suggest->distances[i - 1];
    }
    suggest->names[at] = name;
    suggest->distances[at] = distance;
}

const char *
lf_gql_suggest_text(const struct lf_gql_suggest *suggest, struct lf_arena *arena, const char *words)
{
    return lf_gql_did_you_mean(arena, words, suggest->names, suggest->count);
}

const char *
lf_gql_did_you_mean(struct lf_arena *arena, const char *words, const struct lf_bytes *names, size_t count)
{
    if (count == 0)
        return "";
    if (count > LF_GQL_SUGGESTIONS_MAX)
        count = LF_GQL_SUGGESTIONS_MAX;
    struct lf_buf buf;
    lf_buf_init(&buf, LF_GQL_TEXT_MAX);
    lf_buf_printf(&buf, " Did you mean %s%s", words != NULL ? words : "", words != NULL ? " " : "");
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            lf_buf_add_text(&buf, i + 1 < count ? ", " : count == 2 ? " or " : ", or ");
        lf_buf_printf(&buf, "\"%.*s\"", LF_FMT(names[i]));
    }
    lf_buf_add_char(&buf, '?');
    return lf_gql_text_take(&buf, arena);
}
