/* Names made from names: queries, collections, columns. */
#include "model/names.h"

#include <string.h>

static bool
is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool
is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

static char
lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

/* The leading capitals become small, but for one that starts a word of small letters ("URLEntry"). */
struct lf_bytes
lf_name_lower_camel(struct lf_bytes name, struct lf_arena *arena)
{
    char *text = lf_arena_text(arena, name);
    if (text == NULL)
        return LF_BYTES_NONE;
    for (size_t i = 0; i < name.len && is_upper(name.ptr[i]); i++) {
        if (i != 0 && i + 1 < name.len && is_small(name.ptr[i + 1]))
            break;
        text[i] = lower(name.ptr[i]);
    }
    return lf_bytes(text, name.len);
}

static bool
ends_in_consonant_y(struct lf_bytes name)
{
    return name.len >= 2 && lower(name.ptr[name.len - 1]) == 'y' &&
           strchr("aeiou", lower(name.ptr[name.len - 2])) == NULL;
}

static bool
ends_in_hiss(struct lf_bytes name)
{
    static const char *const endings[] = {"s", "x", "z", "ch", "sh"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (lf_bytes_ends_with(name, lf_bytes_of(endings[i])))
            return true;
    }
    return false;
}

/* The regular plural; @entity(collection:) is for the others. */
struct lf_bytes
lf_name_plural(struct lf_bytes name, struct lf_arena *arena)
{
    const char *text;
    if (ends_in_consonant_y(name))
        text = lf_arena_printf(arena, "%.*sies", (int)name.len - 1, name.ptr);
    else
        text = lf_arena_printf(arena, "%.*s%s", (int)name.len, name.ptr, ends_in_hiss(name) ? "es" : "s");
    return lf_bytes_of(text);
}

/* A word starts at a capital after a small letter or digit, and at the last capital of a run before a small letter. */
static bool
starts_word(struct lf_bytes name, size_t i)
{
    if (i == 0 || !is_upper(name.ptr[i]) || name.ptr[i - 1] == '_')
        return false;
    if (!is_upper(name.ptr[i - 1]))
        return true;
    return i + 1 < name.len && is_small(name.ptr[i + 1]);
}

struct lf_bytes
lf_name_snake(struct lf_bytes name, struct lf_arena *arena)
{
    char *text = lf_arena_alloc(arena, name.len * 2 + 1);
    if (text == NULL)
        return LF_BYTES_NONE;
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (starts_word(name, i))
            text[len++] = '_';
        text[len++] = lower(name.ptr[i]);
    }
    text[len] = '\0';
    return lf_bytes(text, len);
}
