/*
 * Can a reader read whatever a writer may have written? Both schemas are walked together, each pair of records once.
 * Beyond the specification a changed logical type is a break: lf_avro_decode() would get it right where both are times,
 * but readers of other makes take the number as it is.
 */
#include "base/map.h"
#include "codec/avro/match.h"

#include <stdio.h>

enum { DEPTH_MAX = 500, WORDS_MAX = LF_ERR_TEXT_MAX / 2, LISTED_MAX = 5 };

struct comparing {
    struct lf_compat_report *report;
    struct lf_arena keys;
    struct lf_map seen; /* struct lf_avro_pair of records */
    unsigned depth;
    uint32_t pairs;
    struct lf_err *err;
};

static enum lf_status compare(struct comparing *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
                              const struct lf_json_step *step);

/* --- records ------------------------------------------------------------------------------------------------------ */

static enum lf_status
compare_fields(struct comparing *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
               const struct lf_json_step *step)
{
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    const struct lf_avro_field **matched = LF_ARENA_ARRAY(&arena, const struct lf_avro_field *, reader->count);
    enum lf_status st = LF_OK;
    if (matched == NULL || !lf_avro_match_fields(writer, reader, matched))
        st = lf_no_memory(c->err);
    for (uint32_t i = 0; st == LF_OK && i < reader->count; i++) {
        const struct lf_avro_field *field = &reader->u.fields[i];
        const struct lf_json_step at = {.outer = step, .name = field->name};
        if (matched[i] != NULL)
            st = compare(c, matched[i]->type, field->type, &at);
        else if (field->state == LF_AVRO_NO_DEFAULT)
            lf_compat_add(c->report, &at, "the reader's field has no default, and the writer's record %.*s lacks it",
                          LF_FMT(writer->name));
    }
    lf_arena_release(&arena);
    return st;
}

static enum lf_status
compare_records(struct comparing *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
                const struct lf_json_step *step)
{
    struct lf_avro_pair *pair = LF_ARENA_NEW(&c->keys, struct lf_avro_pair);
    if (pair == NULL)
        return lf_no_memory(c->err);
    *pair = (struct lf_avro_pair){writer, reader};
    enum lf_status st = lf_map_add(&c->seen, lf_bytes((const char *)pair, sizeof(*pair)), pair);
    if (st == LF_DUPLICATE)
        return LF_OK;
    return st == LF_OK ? compare_fields(c, writer, reader, step) : lf_no_memory(c->err);
}

/* --- enums and leaves --------------------------------------------------------------------------------------------- */

static bool
has_symbol(const struct lf_avro_type *type, struct lf_bytes symbol)
{
    for (uint32_t i = 0; i < type->count; i++) {
        if (lf_bytes_equal(type->u.symbols[i], symbol))
            return true;
    }
    return false;
}

static void
compare_symbols(struct comparing *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
                const struct lf_json_step *step)
{
    struct lf_buf list;
    uint32_t missing = 0;
    if (reader->default_symbol >= 0)
        return;
    lf_buf_init(&list, WORDS_MAX);
    for (uint32_t i = 0; i < writer->count; i++) {
        if (has_symbol(reader, writer->u.symbols[i]))
            continue;
        if (missing++ < LISTED_MAX)
            lf_buf_printf(&list, "%s%.*s", missing > 1 ? ", " : "", LF_FMT(writer->u.symbols[i]));
    }
    if (missing > 0)
        lf_compat_add(c->report, step,
                      "the reader's enum %.*s has no default, and lacks %u of the writer's symbols: "
                      "%.*s%s",
                      LF_FMT(reader->name), missing, LF_FMT(lf_buf_view(&list)),
                      missing > LISTED_MAX ? ", \xe2\x80\xa6" : "");
    lf_buf_release(&list);
}

static void
compare_meanings(struct comparing *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
                 const struct lf_json_step *step)
{
    char from[WORDS_MAX], to[WORDS_MAX];
    const struct lf_avro_meaning *a = &writer->meaning, *b = &reader->meaning;
    if (a->logical == LF_AVRO_PLAIN || b->logical == LF_AVRO_PLAIN)
        return;
    if (a->logical == b->logical && a->unit_ns == b->unit_ns && a->precision == b->precision && a->scale == b->scale)
        return;
    lf_compat_add(c->report, step, "the writer's %s would be read as %s", lf_avro_type_words(writer, from).ptr,
                  lf_avro_type_words(reader, to).ptr);
}

/* --- unions ------------------------------------------------------------------------------------------------------- */

static void
add_mismatch(struct comparing *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
             const struct lf_json_step *step)
{
    char from[WORDS_MAX], to[WORDS_MAX];
    struct lf_bytes words = lf_avro_type_words(writer, from);
    if (reader->kind != LF_AVRO_UNION) {
        lf_compat_add(c->report, step, "the writer's %.*s cannot be read as %s", LF_FMT(words),
                      lf_avro_type_words(reader, to).ptr);
        return;
    }
    struct lf_buf list;
    lf_buf_init(&list, WORDS_MAX);
    for (uint32_t i = 0; i < reader->count && i < LISTED_MAX; i++)
        lf_buf_printf(&list, "%s%s", i > 0 ? ", " : "", lf_avro_type_words(reader->u.branches[i], to).ptr);
    lf_compat_add(c->report, step, "the writer's %.*s cannot be read as any of the reader's union: %.*s%s",
                  LF_FMT(words), LF_FMT(lf_buf_view(&list)), reader->count > LISTED_MAX ? ", \xe2\x80\xa6" : "");
    lf_buf_release(&list);
}

static enum lf_status
compare_branches(struct comparing *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
                 const struct lf_json_step *step)
{
    enum lf_status st = LF_OK;
    for (uint32_t i = 0; st == LF_OK && i < writer->count; i++)
        st = compare(c, writer->u.branches[i], reader, step);
    return st;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

/* The list or map of the reader whose items do not match the writer's: the break is at the items. NULL: none. */
static const struct lf_avro_type *
find_container(const struct lf_avro_type *writer, const struct lf_avro_type *reader)
{
    if (writer->kind != LF_AVRO_ARRAY && writer->kind != LF_AVRO_MAP)
        return NULL;
    if (reader->kind != LF_AVRO_UNION)
        return reader->kind == writer->kind ? reader : NULL;
    for (uint32_t i = 0; i < reader->count; i++) {
        if (reader->u.branches[i]->kind == writer->kind)
            return reader->u.branches[i];
    }
    return NULL;
}

/* writer is no union, and branch the type that takes it. */
static enum lf_status
compare_matched(struct comparing *c, const struct lf_avro_type *writer, const struct lf_avro_type *branch,
                const struct lf_json_step *step)
{
    const struct lf_json_step item = {.outer = step, .name = LF_LIT("*")};
    switch (writer->kind) {
    case LF_AVRO_RECORD: return compare_records(c, writer, branch, step);
    case LF_AVRO_ARRAY:
    case LF_AVRO_MAP: return compare(c, writer->u.item, branch->u.item, &item);
    case LF_AVRO_ENUM: compare_symbols(c, writer, branch, step); return LF_OK;
    default: compare_meanings(c, writer, branch, step); return LF_OK;
    }
}

static enum lf_status
compare(struct comparing *c, const struct lf_avro_type *writer, const struct lf_avro_type *reader,
        const struct lf_json_step *step)
{
    if (c->depth == DEPTH_MAX || c->pairs == LF_AVRO_TYPES_MAX)
        return lf_fail(c->err, LF_LIMIT, "the two Avro schemas nest too deeply, or have too many pairs of types");
    c->depth++;
    c->pairs++;
    enum lf_status st = LF_OK;
    if (writer->kind == LF_AVRO_UNION) {
        st = compare_branches(c, writer, reader, step);
    } else {
        const struct lf_avro_type *branch = lf_avro_branch_for(writer, reader);
        if (branch == NULL)
            branch = find_container(writer, reader);
        if (branch == NULL)
            add_mismatch(c, writer, reader, step);
        else
            st = compare_matched(c, writer, branch, step);
    }
    c->depth--;
    return st;
}

enum lf_status
lf_avro_compat(const struct lf_avro_schema *reader, const struct lf_avro_schema *writer,
               struct lf_compat_report *report, struct lf_err *err)
{
    struct comparing c = {.report = report, .err = err};
    lf_arena_init(&c.keys, 0, 0);
    lf_map_init(&c.seen);
    enum lf_status st = compare(&c, writer->root, reader->root, NULL);
    lf_map_release(&c.seen);
    lf_arena_release(&c.keys);
    return st == LF_OK ? lf_compat_status(report, err) : st;
}
