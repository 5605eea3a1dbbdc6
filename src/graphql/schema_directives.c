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

static void
check_given(struct lf_gql_builder *b, const struct lf_gql_directive *directive, const struct lf_gql_directive_def *def)
{
    for (size_t i = 0; i < directive->arg_count; i++) {
        const struct lf_gql_argument *given = &directive->args[i];
        const struct lf_gql_input *arg = lf_gql_find_input(def->args, def->arg_count, given->name.text);
        const char *why = NULL;
        struct lf_value value;
        for (size_t k = 0; k < i; k++) {
            if (lf_bytes_equal(directive->args[k].name.text, given->name.text))
                lf_gql_build_error(b, &given->name.loc, "There can be only one argument named \"%.*s\".",
                                   LF_FMT(given->name.text));
        }
        if (arg == NULL)
            lf_gql_build_error(b, &given->name.loc, "Unknown argument \"%.*s\" on directive \"@%.*s\".",
                               LF_FMT(given->name.text), LF_FMT(def->name));
        else if (!lf_gql_coerce_literal(arg->type, given->value, NULL, b->arena, &value, &why))
            lf_gql_build_error(b, &given->value->loc, "Argument \"%.*s\" of directive \"@%.*s\": %s",
                               LF_FMT(given->name.text), LF_FMT(def->name), why != NULL ? why : "invalid value");
    }
    for (size_t i = 0; i < def->arg_count; i++) {
        const struct lf_gql_input *arg = &def->args[i];
        bool required = arg->type->kind == LF_GQL_NON_NULL_TYPE && !arg->has_default;
        char *name = lf_arena_text(b->arena, arg->name);
        if (required && (name == NULL || lf_gql_directive_arg(directive, name) == NULL))
            lf_gql_build_error(
                b, &directive->loc,
                "Directive \"@%.*s\" argument \"%.*s\" of type \"%s\" is required, but it was not provided.",
                LF_FMT(def->name), LF_FMT(arg->name), lf_gql_text_type(b->arena, arg->type));
    }
}

static void
check_list(struct lf_gql_builder *b, struct lf_gql_directives list, const char *place)
{
    for (size_t i = 0; i < list.count; i++) {
        const struct lf_gql_directive *directive = &list.items[i];
        const struct lf_gql_directive_def *def = lf_map_get(&b->schema->directives, directive->name.text);
        if (def == NULL) {
            lf_gql_build_error(b, &directive->loc, "Unknown directive \"@%.*s\".", LF_FMT(directive->name.text));
            continue;
        }
        if (!may_stand(def, place))
            lf_gql_build_error(b, &directive->loc, "Directive \"@%.*s\" may not be used on %s.", LF_FMT(def->name),
                               place);
        for (size_t k = 0; k < i && !def->repeatable; k++) {
            if (lf_bytes_equal(list.items[k].name.text, directive->name.text)) {
                lf_gql_build_error(b, &directive->loc,
                                   "The directive \"@%.*s\" can only be used once at this location.",
                                   LF_FMT(def->name));
                break;
            }
        }
        check_given(b, directive, def);
    }
}

static void
check_inputs(struct lf_gql_builder *b, const struct lf_gql_input_def *inputs, size_t count, const char *place)
{
    for (size_t i = 0; i < count; i++)
        check_list(b, inputs[i].directives, place);
}

static void
check_definition(struct lf_gql_builder *b, const struct lf_gql_definition *def)
{
    static const char *const places[] = {
        [LF_GQL_DEF_SCHEMA] = "SCHEMA",       [LF_GQL_DEF_SCALAR] = "SCALAR", [LF_GQL_DEF_OBJECT] = "OBJECT",
        [LF_GQL_DEF_INTERFACE] = "INTERFACE", [LF_GQL_DEF_UNION] = "UNION",   [LF_GQL_DEF_ENUM] = "ENUM",
        [LF_GQL_DEF_INPUT] = "INPUT_OBJECT",
    };
    if (def->kind == LF_GQL_DEF_OPERATION || def->kind == LF_GQL_DEF_FRAGMENT)
        return;
    if (def->kind == LF_GQL_DEF_DIRECTIVE) {
        check_inputs(b, def->inputs, def->input_count, "ARGUMENT_DEFINITION");
        return;
    }
    check_list(b, def->directives, places[def->kind]);
    for (size_t i = 0; i < def->field_count; i++) {
        check_list(b, def->fields[i].directives, "FIELD_DEFINITION");
        check_inputs(b, def->fields[i].args, def->fields[i].arg_count, "ARGUMENT_DEFINITION");
    }
    for (size_t i = 0; i < def->value_count; i++)
        check_list(b, def->values[i].directives, "ENUM_VALUE");
    check_inputs(b, def->inputs, def->input_count, "INPUT_FIELD_DEFINITION");
}

void
lf_gql_check_directives(struct lf_gql_builder *b)
{
    for (size_t d = 0; d < b->document_count; d++) {
        for (size_t i = 0; i < b->documents[d]->count; i++)
            check_definition(b, b->documents[d]->definitions[i]);
    }
}
