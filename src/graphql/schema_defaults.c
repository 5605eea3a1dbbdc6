/*
 * Default values, coerced once (section 3.10): those of input fields first and by need, since a default may be an object
 * whose own fields have defaults. Then input types must not need themselves through non-null fields.
 */
#include "graphql/schema_build.h"
#include "graphql/values.h"

enum visit { NEW, OPEN, DONE };

struct defaults {
    struct lf_gql_builder *b;
    struct lf_map states; /* input type name -> &marks[…] */
};

static const enum visit marks[] = {NEW, OPEN, DONE};

static void
coerce_default(struct lf_gql_builder *b, struct lf_gql_input *input)
{
    const char *why = NULL;
    if (!input->has_default || !lf_gql_type_is_input(input->type))
        return;
    if (!lf_gql_coerce_literal(input->type, input->default_literal, NULL, b->arena, &input->default_value, &why))
        lf_gql_build_error(b, &input->default_literal->loc, "Invalid default value of \"%.*s\": %s",
                           LF_FMT(input->name), why != NULL ? why : "it does not fit the type");
}

static enum visit
state_of(const struct defaults *d, const struct lf_gql_type *type)
{
    const enum visit *mark = lf_map_get(&d->states, type->name);
    return mark != NULL ? *mark : NEW;
}

static void
set_state(struct defaults *d, const struct lf_gql_type *type, enum visit state)
{
    union {
        const enum visit *read;
        void *write; /* the map never writes through it */
    } mark = {.read = &marks[state]};
    if (lf_map_set(&d->states, type->name, mark.write) != LF_OK)
        d->b->no_memory = d->b->errors->no_memory = true;
}

static bool
holds_object(const struct lf_gql_value_node *literal)
{
    if (literal->kind == LF_GQL_OBJECT)
        return true;
    for (size_t i = 0; literal->kind == LF_GQL_LIST && i < literal->count; i++) {
        if (holds_object(literal->items[i]))
            return true;
    }
    return false;
}

static void
coerce_input_type(struct defaults *d, const struct lf_gql_type *type)
{
    if (d->b->no_memory || state_of(d, type) != NEW)
        return;
    set_state(d, type, OPEN);
    for (size_t i = 0; i < type->input_count; i++) {
        struct lf_gql_input *input = &type->inputs[i];
        const struct lf_gql_type *inner = lf_gql_type_named(input->type);
        if (input->has_default && inner->kind == LF_GQL_INPUT_TYPE && holds_object(input->default_literal)) {
            if (state_of(d, inner) == OPEN)
                lf_gql_build_error(d->b, &input->loc,
                                   "Invalid circular reference. The default value of Input Object field %.*s.%.*s "
                                   "references itself.",
                                   LF_FMT(type->name), LF_FMT(input->name));
            coerce_input_type(d, inner);
        }
        coerce_default(d->b, input);
    }
    set_state(d, type, DONE);
}

static void
coerce_args(struct lf_gql_builder *b, struct lf_gql_input *args, size_t count)
{
    for (size_t i = 0; i < count; i++)
        coerce_default(b, &args[i]);
}

/* ---- circles ---- */

struct step {
    const struct step *below;
    const struct lf_gql_type *type;
    const struct lf_gql_input *input;
};

static void
report_circle(struct lf_gql_builder *b, const struct step *top, const struct lf_gql_type *start)
{
    struct lf_buf path;
    lf_buf_init(&path, 1000);
    const struct step *steps[64];
    size_t count = 0;
    for (const struct step *at = top; at != NULL && count < 64; at = at->below) {
        steps[count++] = at;
        if (at->type == start)
            break;
    }
    while (count-- > 0) {
        if (path.len != 0)
            lf_buf_add_char(&path, '.');
        lf_buf_add(&path, steps[count]->input->name);
    }
    lf_gql_build_error(b, &top->input->loc,
                       "Cannot reference Input Object \"%.*s\" within itself through a series of non-null fields: "
                       "\"%.*s\".",
                       LF_FMT(start->name), LF_FMT(lf_buf_view(&path)));
    lf_buf_release(&path);
}

static void
find_circles(struct defaults *d, const struct lf_gql_type *type, const struct step *below)
{
    if (d->b->no_memory || state_of(d, type) != NEW)
        return;
    set_state(d, type, OPEN);
    for (size_t i = 0; i < type->input_count; i++) {
        const struct lf_gql_input *input = &type->inputs[i];
        const struct lf_gql_type *inner = input->type->of;
        if (input->type->kind != LF_GQL_NON_NULL_TYPE || inner->kind != LF_GQL_INPUT_TYPE)
            continue;
        const struct step here = {below, type, input};
        if (state_of(d, inner) == OPEN)
            report_circle(d->b, &here, inner);
        else
            find_circles(d, inner, &here);
    }
    set_state(d, type, DONE);
}

static void
each_input_type(struct defaults *d, bool circles)
{
    lf_map_init(&d->states);
    for (size_t i = 0; i < d->b->origin_count; i++) {
        const struct lf_gql_type *type = d->b->origins[i]->type;
        if (type->kind != LF_GQL_INPUT_TYPE)
            continue;
        if (circles)
            find_circles(d, type, NULL);
        else
            coerce_input_type(d, type);
    }
    lf_map_release(&d->states);
}

void
lf_gql_check_defaults(struct lf_gql_builder *b)
{
    struct defaults d = {.b = b};
    each_input_type(&d, false);
    for (size_t i = 0; i < b->origin_count; i++) {
        const struct lf_gql_type *type = b->origins[i]->type;
        for (size_t k = 0; k < type->field_count; k++)
            coerce_args(b, type->fields[k].args, type->fields[k].arg_count);
    }
    size_t at = 0;
    const struct lf_map *map = &b->schema->directives;
    for (const struct lf_map_entry *e = lf_map_next(map, &at); e != NULL; e = lf_map_next(map, &at)) {
        struct lf_gql_directive_def *directive = e->value;
        coerce_args(b, directive->args, directive->arg_count);
    }
    each_input_type(&d, true);
}
