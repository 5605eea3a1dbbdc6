/* lf_model_compile(): reads the files, takes the steps in order, and hands over a model or every problem. */
#include "model/compile.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *
lf_compile_array(struct lf_compiler *c, size_t count, size_t size)
{
    void *items = lf_arena_calloc(c->arena, count != 0 ? count : 1, size);
    if (items == NULL)
        lf_compile_no_memory(c);
    return items;
}

static const char *
format(struct lf_compiler *c, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    char *text = len >= 0 ? lf_arena_alloc(c->arena, (size_t)len + 1) : NULL;
    if (text != NULL)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    else
        lf_compile_no_memory(c);
    va_end(again);
    return text != NULL ? text : "";
}

const char *
lf_compile_printf(struct lf_compiler *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *text = format(c, fmt, ap);
    va_end(ap);
    return text;
}

static bool
is_same_place(const struct lf_gql_error *error, const struct lf_gql_loc *loc)
{
    if (loc == NULL || error->loc_count == 0)
        return loc == NULL && error->loc_count == 0;
    return error->locs[0].source == loc->source && error->locs[0].line == loc->line &&
           error->locs[0].column == loc->column;
}

void
lf_compile_error(struct lf_compiler *c, const struct lf_gql_loc *loc, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *text = format(c, fmt, ap);
    va_end(ap);
    for (const struct lf_gql_error *error = c->errors->first; error != NULL; error = error->next) {
        if (is_same_place(error, loc) && lf_bytes_equal_text(error->message, text))
            return;
    }
    (void)lf_gql_errors_add(c->errors, NULL, loc, "%s", text);
}

const char *
lf_compile_hint(struct lf_compiler *c, const struct lf_gql_suggest *suggest)
{
    const char *text = lf_gql_suggest_text(suggest, c->arena, NULL);
    return text[0] != '\0' ? lf_compile_printf(c, ".%s", text) : "";
}

struct lf_bytes
lf_compile_copy(struct lf_compiler *c, struct lf_bytes text)
{
    struct lf_bytes copy = lf_arena_copy(c->arena, text);
    if (copy.ptr == NULL)
        lf_compile_no_memory(c);
    return copy;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* Nothing but white space, commas and comments. */
static bool
is_blank(struct lf_bytes text)
{
    bool comment = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\n' || c == '\r')
            comment = false;
        else if (c == '#')
            comment = true;
        else if (!comment && c != ' ' && c != '\t' && c != ',')
            return false;
    }
    return true;
}

static const struct lf_gql_document *
read_source(struct lf_compiler *c, const struct lf_gql_source *source)
{
    size_t at;
    const struct lf_gql_loc start = {source, 1, 1};
    const struct lf_gql_limits limits = {.tokens = LF_GQL_SDL_TOKENS_MAX};
    if (is_blank(source->text)) {
        lf_compile_error(c, &start, "the schema file is empty: declare at least one event (a type with @event)");
        return NULL;
    }
    if (!lf_utf8_valid(source->text, &at)) {
        lf_compile_error(c, &start, "the schema file is not well-formed UTF-8, from byte %zu on", at);
        return NULL;
    }
    const size_t before = c->errors->count;
    const struct lf_gql_document *document = lf_gql_parse(c->arena, source, &limits, c->errors);
    return c->errors->count == before && !c->errors->no_memory ? document : NULL;
}

/* Copies and parses the files. False if any cannot be read: then nothing can be said of the whole. */
static bool
read_files(struct lf_compiler *c, const struct lf_model_file *files, size_t count)
{
    bool fine = true;
    c->sources = LF_COMPILE_ARRAY(c, struct lf_gql_source, count);
    c->documents = LF_COMPILE_ARRAY(c, const struct lf_gql_document *, count);
    if (c->sources == NULL || c->documents == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        c->sources[i].name = lf_compile_copy(c, lf_bytes_of(files[i].name)).ptr;
        c->sources[i].text = lf_compile_copy(c, files[i].text);
        c->document_count = i + 1;
        if (c->sources[i].text.ptr != NULL)
            c->documents[i] = read_source(c, &c->sources[i]);
        fine = fine && c->documents[i] != NULL;
    }
    return fine;
}

/* --- the steps ---------------------------------------------------------------------------------------------------- */

static bool
failed(const struct lf_compiler *c, size_t errors_before)
{
    return c->errors->no_memory || c->errors->count != errors_before;
}

static void
check_not_empty(struct lf_compiler *c)
{
    const struct lf_gql_loc start = {&c->sources[0], 1, 1};
    if (c->model->event_count == 0)
        lf_compile_error(c, &start,
                         "the schema has no events: declare at least one (a type with @event), and a "
                         "mutation with @emits to make it");
}

static void
build_schema(struct lf_compiler *c)
{
    size_t count;
    const struct lf_gql_document **documents = lf_compile_served(c, &count);
    if (documents != NULL && !c->errors->no_memory) /* which may have left holes in them */
        c->model->schema = lf_gql_schema_build(documents, count, c->errors);
}

static void
compile(struct lf_compiler *c, const struct lf_model_file *files, size_t count)
{
    const size_t before = c->errors->count;
    if (count == 0)
        lf_compile_error(c, NULL, "no schema file was given");
    if (count == 0 || !read_files(c, files, count))
        return;
    lf_compile_declare(c);
    lf_compile_check_directives(c);
    lf_compile_entities(c);
    lf_compile_events(c);
    lf_compile_steps(c);
    lf_compile_mutations(c);
    check_not_empty(c);
    build_schema(c);
    if (!failed(c, before) && c->model->schema != NULL)
        lf_compile_link(c);
}

static bool
is_generated(const struct lf_compiler *c, const struct lf_gql_error *error)
{
    return error->loc_count != 0 && c->generated != NULL && error->locs[0].source == c->generated;
}

/* What is wrong with the generated part follows from what is wrong with the user's; only if he is told nothing else, he
 * must be told that. */
static void
drop_consequences(struct lf_compiler *c)
{
    struct lf_gql_errors *errors = c->errors;
    size_t generated = 0;
    size_t kept = 0;
    for (const struct lf_gql_error *error = errors->first; error != NULL; error = error->next) {
        generated += is_generated(c, error);
        kept++;
    }
    if (generated == kept)
        return;
    struct lf_gql_error **at = &errors->first;
    while (*at != NULL) {
        if (is_generated(c, *at))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
    errors->last = at;
    errors->count -= generated;
}

/* Errors outlive a model that could not be: what they point to must not be the model's. */
static void
keep_places(struct lf_compiler *c)
{
    static const struct lf_gql_source generated = {"(generated)", {NULL, 0}};
    struct lf_arena *arena = c->errors->arena;
    struct lf_gql_source *kept = LF_ARENA_ARRAY(arena, struct lf_gql_source, c->document_count + 1);
    for (size_t i = 0; kept != NULL && i < c->document_count; i++) {
        kept[i].name = c->sources[i].name != NULL ? lf_arena_text(arena, lf_bytes_of(c->sources[i].name)) : NULL;
        kept[i].text = LF_LIT("");
    }
    for (struct lf_gql_error *error = c->errors->first; error != NULL; error = error->next) {
        for (size_t i = 0; i < error->loc_count; i++) {
            const struct lf_gql_source *source = error->locs[i].source;
            bool ours = source != NULL && source >= c->sources && source < c->sources + c->document_count;
            if (ours)
                error->locs[i].source = kept != NULL ? &kept[source - c->sources] : NULL;
            else if (source != NULL && source == c->generated)
                error->locs[i].source = &generated;
        }
    }
    if (kept == NULL)
        lf_compile_no_memory(c);
}

static struct lf_model *
model_new(void)
{
    struct lf_model *model = lf_calloc(1, sizeof(*model));
    if (model == NULL)
        return NULL;
    lf_arena_init(&model->arena, 16 * 1024, 0);
    lf_map_init(&model->entity_map);
    lf_map_init(&model->event_map);
    lf_map_init(&model->mutation_map);
    return model;
}

struct lf_model *
lf_model_compile(const struct lf_model_file *files, size_t count, struct lf_gql_errors *errors)
{
    const size_t before = errors->count;
    struct lf_compiler c = {.errors = errors,
                            .root_names = {LF_LIT("Query"), LF_LIT("Mutation"), LF_LIT("Subscription")}};
    c.model = model_new();
    if (c.model == NULL) {
        errors->no_memory = true;
        return NULL;
    }
    c.arena = &c.model->arena;
    lf_map_init(&c.decls);
    lf_map_init(&c.directive_names);
    compile(&c, files, count);
    lf_map_release(&c.decls);
    lf_map_release(&c.directive_names);
    if (!failed(&c, before) && c.model->schema != NULL)
        return c.model;
    drop_consequences(&c);
    keep_places(&c);
    lf_model_free(c.model);
    return NULL;
}
