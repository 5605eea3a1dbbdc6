/* Applied directives of a schema: known, at a place they are made for, not repeated, with right arguments. */
#include "graphql/schema_build.h"
#include "graphql/text.h"
#include "graphql/values.h"

#include <string.h>

static bool
may_stand(const struct lf_gql_directive_def *def, const char *place)
{
    for (size_t i = 0; i < def->location_count; i++) {
        if (strcmp(def->locations[i], place) == 0)
            return true;
    }
    return false;
}

static bool
given_before(const struct lf_gql_directive *directive, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (lf_bytes_equal(directive->args[i].name.text, directive->args[index].name.text))
            return true;
    }
    return false;
}

static void
unknown_argument(struct lf_gql_builder *b, const struct lf_gql_argument *given, const struct lf_gql_directive_def *def)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, given->name.text);
    for (size_t i = 0; i < def->arg_count; i++)
        lf_gql_suggest_offer(&suggest, def->args[i].name);
    lf_gql_build_error(b, &given->name.loc, "Unknown argument \"%.*s\" on directive \"@%.*s\".%s",
                       LF_FMT(given->name.text), LF_FMT(def->name), lf_gql_suggest_text(&suggest, b->arena, NULL));
}

static void
check_argument(struct lf_gql_builder *b, const struct lf_gql_directive *directive, size_t index,
               const struct lf_gql_directive_def *def)
{
    const struct lf_gql_argument *given = &directive->args[index];
    const struct lf_gql_input *arg = lf_gql_find_input(def->args, def->arg_count, given->name.text);
    const char *why = NULL;
    struct lf_value value;
    if (given_before(directive, index))
        lf_gql_build_error(b, &given->name.loc, "There can be only one argument named \"%.*s\".",
                           LF_FMT(given->name.text));
    if (arg == NULL)
        unknown_argument(b, given, def);
    else if (lf_gql_type_is_input(arg->type) &&
             !lf_gql_coerce_literal(arg->type, given->value, NULL, b->arena, &value, &why))
        lf_gql_bad_value(b, &given->value->loc,
                         lf_arena_printf(b->arena, "Argument \"@%.*s(%.*s:)\" has invalid value", LF_FMT(def->name),
                                         LF_FMT(given->name.text)),
                         why);
}

static bool
is_given(const struct lf_gql_directive *directive, struct lf_bytes name)
{
    for (size_t i = 0; i < directive->arg_count; i++) {
        if (lf_bytes_equal(directive->args[i].name.text, name))
            return true;
    }
    return false;
}

static void
check_arguments(struct lf_gql_builder *b, const struct lf_gql_directive *directive,
                const struct lf_gql_directive_def *def)
{
    for (size_t i = 0; i < directive->arg_count; i++)
        check_argument(b, directive, i, def);
    for (size_t i = 0; i < def->arg_count; i++) {
        const struct lf_gql_input *arg = &def->args[i];
        if (arg->type->kind == LF_GQL_NON_NULL_TYPE && !arg->has_default && !is_given(directive, arg->name))
            lf_gql_build_error(
                b, &directive->loc,
                "Directive \"@%.*s\" argument \"%.*s\" of type \"%s\" is required, but it was not provided.",
                LF_FMT(def->name), LF_FMT(arg->name), lf_gql_text_type(b->arena, arg->type));
    }
}

static bool
applied_before(struct lf_gql_directives list, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (lf_bytes_equal(list.items[i].name.text, list.items[index].name.text))
            return true;
    }
    return false;
}

static void
check_list(struct lf_gql_builder *b, struct lf_gql_directives list, const char *place)
{
    for (size_t i = 0; i < list.count && !b->no_memory; i++) {
        const struct lf_gql_directive *directive = &list.items[i];
        const struct lf_gql_directive_def *def = lf_map_get(&b->schema->directives, directive->name.text);
        if (def == NULL) {
            lf_gql_build_error(b, &directive->loc, "Unknown directive \"@%.*s\".", LF_FMT(directive->name.text));
            continue;
        }
        if (!may_stand(def, place))
            lf_gql_build_error(b, &directive->loc, "Directive \"@%.*s\" may not be used on %s.", LF_FMT(def->name),
                               place);
        if (!def->repeatable && applied_before(list, i))
            lf_gql_build_error(b, &directive->loc, "The directive \"@%.*s\" can only be used once at this location.",
                               LF_FMT(def->name));
        check_arguments(b, directive, def);
    }
}

static void
check_inputs(struct lf_gql_builder *b, const struct lf_gql_input *inputs, size_t count, const char *place)
{
    for (size_t i = 0; i < count; i++)
        check_list(b, inputs[i].directives, place);
}

static void
check_type(struct lf_gql_builder *b, const struct lf_gql_type *type)
{
    static const char *const places[] = {
        [LF_GQL_SCALAR_TYPE] = "SCALAR", [LF_GQL_OBJECT_TYPE] = "OBJECT", [LF_GQL_INTERFACE_TYPE] = "INTERFACE",
        [LF_GQL_UNION_TYPE] = "UNION",   [LF_GQL_ENUM_TYPE] = "ENUM",     [LF_GQL_INPUT_TYPE] = "INPUT_OBJECT",
    };
    check_list(b, type->directives, places[type->kind]);
    for (size_t i = 0; i < type->field_count; i++) {
        check_list(b, type->fields[i].directives, "FIELD_DEFINITION");
        check_inputs(b, type->fields[i].args, type->fields[i].arg_count, "ARGUMENT_DEFINITION");
    }
    for (size_t i = 0; i < type->value_count; i++)
        check_list(b, type->values[i].directives, "ENUM_VALUE");
    check_inputs(b, type->inputs, type->input_count, "INPUT_FIELD_DEFINITION");
}

void
lf_gql_check_directives(struct lf_gql_builder *b)
{
    size_t at = 0;
    check_list(b, b->schema->applied, "SCHEMA");
    for (size_t i = 0; i < b->origin_count; i++)
        check_type(b, b->origins[i]->type);
    for (const struct lf_map_entry *e; (e = lf_map_next(&b->schema->directives, &at)) != NULL;) {
        const struct lf_gql_directive_def *directive = e->value;
        check_inputs(b, directive->args, directive->arg_count, "ARGUMENT_DEFINITION");
    }
}
