/*
 * Default values, coerced once (section 3.10). A default that is an object leaves out fields which have defaults of
 * their own: those are coerced before it, which also finds defaults that need themselves.
 */
#include "graphql/schema_build.h"
#include "graphql/values.h"

enum pass { NEW, OPEN, DONE };

/* Defaults that wait for each other, innermost first; coordinate: "Type.field(arg:)". */
struct open_default {
    const struct open_default *outer;
    const struct lf_gql_input *input;
    const char *coordinate;
};

static void need_default(struct lf_gql_builder *b, struct lf_gql_input *input, const char *coordinate,
                         const struct open_default *outer);

static const char *
coordinate_of(struct lf_gql_builder *b, const struct lf_gql_type *type, const struct lf_gql_input *input)
{
    const char *text = lf_arena_printf(b->arena, "%.*s.%.*s", LF_FMT(type->name), LF_FMT(input->name));
    return text != NULL ? text : "";
}

static bool
gives(const struct lf_gql_value_node *object, struct lf_bytes name)
{
    for (size_t i = 0; i < object->count; i++) {
        if (lf_bytes_equal(object->fields[i].name.text, name))
            return true;
    }
    return false;
}

/* Coerces the defaults that stand in for what a literal leaves out. */
static void
need_what_is_left_out(struct lf_gql_builder *b, const struct lf_gql_type *type, const struct lf_gql_value_node *literal,
                      const struct open_default *open)
{
    type = lf_gql_type_named(type);
    if (type->kind != LF_GQL_INPUT_TYPE)
        return;
    for (size_t i = 0; literal->kind == LF_GQL_LIST && i < literal->count; i++)
        need_what_is_left_out(b, type, literal->items[i], open);
    if (literal->kind != LF_GQL_OBJECT)
        return;
    for (size_t i = 0; i < literal->count; i++) {
        const struct lf_gql_input *field = lf_map_get(&type->input_map, literal->fields[i].name.text);
        if (field != NULL)
            need_what_is_left_out(b, field->type, literal->fields[i].value, open);
    }
    for (size_t i = 0; i < type->input_count; i++) {
        struct lf_gql_input *field = &type->inputs[i];
        if (field->has_default && field->pass != DONE && !gives(literal, field->name))
            need_default(b, field, coordinate_of(b, type, field), open);
    }
}

static void
report_circle(struct lf_gql_builder *b, const struct lf_gql_input *input, const char *coordinate,
              const struct open_default *open)
{
    struct lf_buf via;
    lf_buf_init(&via, 1000);
    for (const struct open_default *at = open; at != NULL && at->input != input; at = at->outer) {
        lf_buf_add_text(&via, via.len == 0 ? " via the default values of: " : ", ");
        lf_buf_add_text(&via, at->coordinate);
    }
    lf_gql_build_error(b, &input->loc,
                       "Invalid circular reference. The default value of Input Object field %s references itself%.*s.",
                       coordinate, LF_FMT(lf_buf_view(&via)));
    lf_buf_release(&via);
}

static void
coerce_default(struct lf_gql_builder *b, struct lf_gql_input *input, const char *coordinate)
{
    const char *why = NULL;
    if (lf_gql_coerce_literal(input->type, input->default_literal, NULL, b->arena, &input->default_value, &why))
        return;
    const char *words = lf_arena_printf(b->arena, "%s has invalid default value", coordinate);
    lf_gql_bad_value(b, &input->default_literal->loc, words, why);
}

static void
need_default(struct lf_gql_builder *b, struct lf_gql_input *input, const char *coordinate,
             const struct open_default *outer)
{
    if (!input->has_default || input->pass == DONE || !lf_gql_type_is_input(input->type))
        return;
    if (input->pass == OPEN) {
        report_circle(b, input, coordinate, outer);
        return;
    }
    struct open_default here = {.outer = outer, .input = input, .coordinate = coordinate};
    size_t errors = b->errors->count;
    input->pass = OPEN;
    need_what_is_left_out(b, input->type, input->default_literal, &here);
    if (b->errors->count == errors) /* else some of its parts are missing, and that has been told */
        coerce_default(b, input, coordinate);
    input->pass = DONE;
}

static void
coerce_args(struct lf_gql_builder *b, const char *owner, struct lf_gql_input *args, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!args[i].has_default)
            continue;
        const char *coordinate = lf_arena_printf(b->arena, "%s(%.*s:)", owner, LF_FMT(args[i].name));
        need_default(b, &args[i], coordinate != NULL ? coordinate : "", NULL);
    }
}

static void
coerce_type(struct lf_gql_builder *b, const struct lf_gql_type *type)
{
    for (size_t i = 0; i < type->input_count; i++)
        need_default(b, &type->inputs[i], coordinate_of(b, type, &type->inputs[i]), NULL);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct lf_gql_field *field = &type->fields[i];
        const char *owner = lf_arena_printf(b->arena, "%.*s.%.*s", LF_FMT(type->name), LF_FMT(field->name));
        coerce_args(b, owner != NULL ? owner : "", field->args, field->arg_count);
    }
}

void
lf_gql_check_defaults(struct lf_gql_builder *b)
{
    for (size_t i = 0; i < b->origin_count; i++)
        coerce_type(b, b->origins[i]->type);
    size_t at = 0;
    for (const struct lf_map_entry *e; (e = lf_map_next(&b->schema->directives, &at)) != NULL;) {
        struct lf_gql_directive_def *directive = e->value;
        const char *owner = lf_arena_printf(b->arena, "@%.*s", LF_FMT(directive->name));
        coerce_args(b, owner != NULL ? owner : "", directive->args, directive->arg_count);
    }
}
