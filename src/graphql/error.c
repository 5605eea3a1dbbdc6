/* The list of GraphQL errors, and its two written forms: JSON for responses, lines for schema files. */
#include "graphql/error.h"
#include "base/mem.h"
#include "json/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
lf_gql_errors_init(struct lf_gql_errors *errors, struct lf_arena *arena, size_t max)
{
    *errors = (struct lf_gql_errors){.arena = arena, .max = max};
    errors->last = &errors->first;
}

/* Quoted input may have been cut within a character: a message is well-formed UTF-8 all the same. */
static void
repair_utf8(char *text, size_t len)
{
    size_t from = 0;
    size_t at;
    while (from < len && !lf_utf8_valid(lf_bytes(text + from, len - from), &at)) {
        text[from + at] = '?';
        from += at + 1;
    }
}

static struct lf_bytes
format(struct lf_arena *arena, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int need = vsnprintf(NULL, 0, fmt, ap);
    char *text = need >= 0 ? lf_arena_alloc(arena, (size_t)need + 1) : NULL;
    if (text != NULL) {
        vsnprintf(text, (size_t)need + 1, fmt, again);
        repair_utf8(text, (size_t)need);
    }
    va_end(again);
    return text != NULL ? lf_bytes(text, (size_t)need) : LF_BYTES_NONE;
}

struct lf_gql_error *
lf_gql_errors_add(struct lf_gql_errors *errors, const char *code, const struct lf_gql_loc *loc, const char *fmt, ...)
{
    if (++errors->count > errors->max)
        return NULL;
    va_list ap;
    va_start(ap, fmt);
    struct lf_bytes message = format(errors->arena, fmt, ap);
    va_end(ap);
    struct lf_gql_error *error = message.ptr != NULL ? LF_ARENA_NEW(errors->arena, struct lf_gql_error) : NULL;
    if (error == NULL) {
        errors->no_memory = true;
        return NULL;
    }
    error->message = message;
    error->code = code;
    lf_gql_error_add_loc(error, loc);
    *errors->last = error;
    errors->last = &error->next;
    return error;
}

void
lf_gql_error_add_loc(struct lf_gql_error *error, const struct lf_gql_loc *loc)
{
    if (error != NULL && loc != NULL && loc->line != 0 && error->loc_count < LF_GQL_ERROR_LOCS_MAX)
        error->locs[error->loc_count++] = *loc;
}

static void
write_locations(struct lf_buf *out, const struct lf_gql_error *error)
{
    lf_buf_add_text(out, ",\"locations\":[");
    for (size_t i = 0; i < error->loc_count; i++) {
        lf_buf_add_text(out, i != 0 ? ",{\"line\":" : "{\"line\":");
        lf_buf_add_u64(out, error->locs[i].line);
        lf_buf_add_text(out, ",\"column\":");
        lf_buf_add_u64(out, error->locs[i].column);
        lf_buf_add_char(out, '}');
    }
    lf_buf_add_char(out, ']');
}

static void
write_step(struct lf_buf *out, const struct lf_gql_path *step)
{
    if (step->key.ptr != NULL)
        lf_json_write_string(out, step->key);
    else
        lf_buf_add_u64(out, step->index);
}

/* Steps are linked from the innermost outwards; a path has as many as the response is deep, so counting up is cheap. */
static void
write_path(struct lf_buf *out, const struct lf_gql_path *path)
{
    size_t depth = 0;
    for (const struct lf_gql_path *step = path; step != NULL; step = step->parent)
        depth++;
    lf_buf_add_text(out, ",\"path\":[");
    for (size_t i = 0; i < depth; i++) {
        const struct lf_gql_path *step = path;
        for (size_t up = depth - 1 - i; up != 0; up--)
            step = step->parent;
        if (i != 0)
            lf_buf_add_char(out, ',');
        write_step(out, step);
    }
    lf_buf_add_char(out, ']');
}

static void
write_extensions(struct lf_buf *out, const struct lf_gql_error *error)
{
    const struct lf_value *more = &error->extensions;
    bool first = true;
    lf_buf_add_text(out, ",\"extensions\":{");
    if (error->code != NULL) {
        lf_buf_add_text(out, "\"code\":");
        lf_json_write_string(out, lf_bytes_of(error->code));
        first = false;
    }
    for (uint32_t i = 0; more->type == LF_V_OBJECT && i < more->count; i++) {
        if (!first)
            lf_buf_add_char(out, ',');
        lf_json_write_string(out, more->u.members[i].name);
        lf_buf_add_char(out, ':');
        lf_json_write(out, &more->u.members[i].value);
        first = false;
    }
    lf_buf_add_char(out, '}');
}

static void
write_error(struct lf_buf *out, const struct lf_gql_error *error)
{
    lf_buf_add_text(out, "{\"message\":");
    lf_json_write_string(out, error->message);
    if (error->loc_count != 0)
        write_locations(out, error);
    if (error->path != NULL)
        write_path(out, error->path);
    if (error->code != NULL || (error->extensions.type == LF_V_OBJECT && error->extensions.count != 0))
        write_extensions(out, error);
    lf_buf_add_char(out, '}');
}

void
lf_gql_errors_write(struct lf_buf *out, const struct lf_gql_errors *errors)
{
    lf_buf_add_char(out, '[');
    for (const struct lf_gql_error *error = errors->first; error != NULL; error = error->next) {
        if (error != errors->first)
            lf_buf_add_char(out, ',');
        write_error(out, error);
    }
    lf_buf_add_char(out, ']');
}

static void
print_error(struct lf_buf *out, const struct lf_gql_error *error)
{
    if (error->loc_count != 0) {
        const struct lf_gql_loc *loc = &error->locs[0];
        lf_buf_add_text(out, loc->source != NULL && loc->source->name != NULL ? loc->source->name : "-");
        lf_buf_printf(out, ":%u:%u: ", loc->line, loc->column);
    }
    lf_buf_add_text(out, "error: ");
    lf_buf_add(out, error->message);
    lf_buf_add_char(out, '\n');
}

struct ranked {
    const struct lf_gql_error *error;
    size_t rank; /* keeps the order of reports for one place */
};

static int
compare_files(const struct lf_gql_source *a, const struct lf_gql_source *b)
{
    if (a == b || a == NULL || b == NULL)
        return (a == NULL) - (b == NULL);
    int order = strcmp(a->name != NULL ? a->name : "", b->name != NULL ? b->name : "");
    return order != 0 ? order : a < b ? -1 : 1;
}

static int
compare_places(const void *left, const void *right)
{
    const struct ranked *a = left;
    const struct ranked *b = right;
    const struct lf_gql_loc *x = &a->error->locs[0];
    const struct lf_gql_loc *y = &b->error->locs[0];
    if (a->error->loc_count == 0 || b->error->loc_count == 0) { /* errors without a place come last */
        if (a->error->loc_count != b->error->loc_count)
            return a->error->loc_count == 0 ? 1 : -1;
        return a->rank < b->rank ? -1 : 1;
    }
    int order = compare_files(x->source, y->source);
    if (order != 0)
        return order;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return a->rank < b->rank ? -1 : a->rank > b->rank;
}

void
lf_gql_errors_print(struct lf_buf *out, const struct lf_gql_errors *errors)
{
    size_t count = 0;
    for (const struct lf_gql_error *error = errors->first; error != NULL; error = error->next)
        count++;
    struct ranked *sorted = count != 0 ? lf_calloc(count, sizeof(*sorted)) : NULL;
    size_t i = 0;
    for (const struct lf_gql_error *error = errors->first; error != NULL; error = error->next, i++) {
        if (sorted == NULL) /* no memory to sort: unsorted is better than silent */
            print_error(out, error);
        else
            sorted[i] = (struct ranked){error, i};
    }
    if (sorted != NULL) {
        qsort(sorted, count, sizeof(*sorted), compare_places);
        for (i = 0; i < count; i++)
            print_error(out, sorted[i].error);
    }
    lf_free(sorted);
}
