/* Section 5.8.2: variables have input types. */
#include "graphql/rules/rule.h"

static void
variable(struct lf_gql_validator *v, void *state, const struct lf_gql_variable_def *variable)
{
    (void)state;
    const struct lf_gql_type *type = lf_gql_ref_type(v, variable->type);
    if (type != NULL && !lf_gql_type_is_input(type))
        lf_gql_report(v, &variable->type->loc, "Variable \"$%.*s\" cannot be non-input type \"%s\".",
                      LF_FMT(variable->name.text), lf_gql_text_ref(v->arena, variable->type));
}

const struct lf_gql_rule lf_gql_rule_variables_are_input_types = {
    .name = "variables_are_input_types",
    .variable = variable,
};
