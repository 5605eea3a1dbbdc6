/*
 * Circles: an input object of which no finite value can be written (section 3.10), and a directive definition that uses
 * itself (section 3.13).
 */
#include "graphql/schema_build.h"

/* ---- input objects ---- */

/* The input object that a value of the field must hold, or NULL if it can do without. */
static const struct lf_gql_type *
must_hold(const struct lf_gql_type *owner, const struct lf_gql_input *field)
{
    const struct lf_gql_type *type = field->type;
    if (type->kind == LF_GQL_NON_NULL_TYPE)
        type = type->of;
    else if (!owner->one_of) /* there, one field has to have a value */
        return NULL;
    return type->kind == LF_GQL_INPUT_TYPE ? type : NULL;
}

/* The first field that leads to an input object not known to be finite; NULL if the type itself is finite by now. */
static const struct lf_gql_input *
endless_field(const struct lf_gql_type *type)
{
    const struct lf_gql_input *found = NULL;
    for (size_t i = 0; i < type->input_count; i++) {
        const struct lf_gql_type *target = must_hold(type, &type->inputs[i]);
        bool endless = target != NULL && !lf_gql_origin_of(target)->finite;
        if (!endless && type->one_of)
            return NULL; /* one way out is enough */
        if (endless && found == NULL)
            found = &type->inputs[i];
    }
    return found;
}

/* Marks what is finite, from the leaves upwards, until nothing changes. */
static void
mark_finite(struct lf_gql_builder *b)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < b->origin_count; i++) {
            struct lf_gql_origin *origin = b->origins[i];
            if (!origin->finite && (origin->type->kind != LF_GQL_INPUT_TYPE || endless_field(origin->type) == NULL))
                origin->finite = changed = true;
        }
    }
}

/* Follows endless fields from a type of a circle once around. */
static void
report_circle(struct lf_gql_builder *b, const struct lf_gql_type *start)
{
    struct lf_buf path;
    const struct lf_gql_type *type = start;
    lf_buf_init(&path, 1000);
    do {
        const struct lf_gql_input *field = endless_field(type);
        if (path.len != 0)
            lf_buf_add_text(&path, ", ");
        lf_buf_printf(&path, "%.*s.%.*s", LF_FMT(type->name), LF_FMT(field->name));
        lf_gql_origin_of(type)->reported = true;
        type = must_hold(type, field);
    } while (type != start);
    lf_gql_build_error(b, &start->loc,
                       "Input Object %.*s cannot be provided a finite value because it references itself through "
                       "fields: %.*s.",
                       LF_FMT(start->name), LF_FMT(lf_buf_view(&path)));
    lf_buf_release(&path);
}

static const struct lf_gql_type *
next_endless(const struct lf_gql_type *type)
{
    return must_hold(type, endless_field(type));
}

/* An endless type leads into a circle. Goes there, or stays where it is if it is part of it. */
static const struct lf_gql_type *
enter_circle(const struct lf_gql_type *type, size_t steps)
{
    const struct lf_gql_type *inside = type;
    while (steps-- != 0)
        inside = next_endless(inside);
    const struct lf_gql_type *at = inside;
    do {
        at = next_endless(at);
        if (at == type)
            return type;
    } while (at != inside);
    return inside;
}

static void
check_input_objects(struct lf_gql_builder *b)
{
    mark_finite(b);
    for (size_t i = 0; i < b->origin_count; i++) {
        struct lf_gql_origin *origin = b->origins[i];
        if (origin->finite || origin->reported)
            continue;
        const struct lf_gql_type *inside = enter_circle(origin->type, b->origin_count);
        if (!lf_gql_origin_of(inside)->reported)
            report_circle(b, inside);
    }
}

/* ---- directives ---- */

struct search {
    struct lf_gql_builder *b;
    const struct lf_gql_directive_def *start;
    struct lf_map directives; /* seen ones, by name */
    struct lf_map types;
    bool found;
};

static void search_directive(struct search *s, const struct lf_gql_directive_def *directive);

/* True the first time. */
static bool
first_visit(struct search *s, struct lf_map *seen, struct lf_bytes name)
{
    enum lf_status st = lf_map_add(seen, name, s);
    if (st == LF_NO_MEMORY)
        s->b->no_memory = s->b->errors->no_memory = true;
    return st == LF_OK;
}

static void
search_applied(struct search *s, struct lf_gql_directives applied)
{
    for (size_t i = 0; i < applied.count; i++) {
        const struct lf_gql_directive_def *used = lf_map_get(&s->b->schema->directives, applied.items[i].name.text);
        if (used == s->start)
            s->found = true;
        else if (used != NULL)
            search_directive(s, used);
    }
}

static void search_type(struct search *s, const struct lf_gql_type *type);

static void
search_inputs(struct search *s, const struct lf_gql_input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        search_applied(s, inputs[i].directives);
        search_type(s, lf_gql_type_named(inputs[i].type));
    }
}

static void
search_type(struct search *s, const struct lf_gql_type *type)
{
    if (s->found || !first_visit(s, &s->types, type->name))
        return;
    search_applied(s, type->directives);
    for (size_t i = 0; i < type->value_count; i++)
        search_applied(s, type->values[i].directives);
    search_inputs(s, type->inputs, type->input_count);
}

static void
search_directive(struct search *s, const struct lf_gql_directive_def *directive)
{
    if (!s->found && first_visit(s, &s->directives, directive->name))
        search_inputs(s, directive->args, directive->arg_count);
}

static void
check_directive(struct lf_gql_builder *b, const struct lf_gql_directive_def *directive)
{
    struct search s = {.b = b, .start = directive};
    lf_map_init(&s.directives);
    lf_map_init(&s.types);
    search_directive(&s, directive);
    if (s.found)
        lf_gql_build_error(b, &directive->loc,
                           "Directive \"@%.*s\" must not use itself, neither directly nor through the types and "
                           "directives of its arguments.",
                           LF_FMT(directive->name));
    lf_map_release(&s.directives);
    lf_map_release(&s.types);
}

void
lf_gql_check_circles(struct lf_gql_builder *b)
{
    size_t at = 0;
    check_input_objects(b);
    for (const struct lf_map_entry *e; (e = lf_map_next(&b->schema->directives, &at)) != NULL && !b->no_memory;)
        check_directive(b, e->value);
}
