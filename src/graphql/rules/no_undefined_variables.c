/* Section 5.8.3: operations define the variables that they and their fragments use. */
#include "graphql/rules/rule.h"

static void
report(struct lf_gql_validator *v, const struct lf_gql_definition *operation, const struct lf_gql_value_node *node)
{
    struct lf_gql_error *error;
    if (operation->name.text.ptr != NULL)
        error = lf_gql_report(v, &node->loc, "Variable \"$%.*s\" is not defined by operation \"%.*s\".",
                              LF_FMT(node->text), LF_FMT(operation->name.text));
    else
        error = lf_gql_report(v, &node->loc, "Variable \"$%.*s\" is not defined.", LF_FMT(node->text));
    lf_gql_error_add_loc(error, &operation->loc);
}

static void
leave_operation(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation)
{
    (void)state;
    struct lf_gql_names defined;
    struct lf_gql_reach reach;
    lf_gql_names_init(&defined, v->arena);
    for (size_t i = 0; i < operation->variable_count; i++) {
        if (!lf_gql_names_set(&defined, operation->variables[i].name.text, &operation->variables[i])) {
            lf_gql_out_of_memory(v);
            return;
        }
    }
    if (!lf_gql_reach(v, v->here, &reach))
        return;
    for (size_t i = 0; i < reach.count; i++) {
        const struct lf_gql_facts *facts = reach.items[i];
        for (size_t j = 0; j < facts->usage_count && !v->stop; j++) {
            if (lf_gql_names_get(&defined, facts->usages[j].node->text) == NULL)
                report(v, operation, facts->usages[j].node);
        }
    }
}

const struct lf_gql_rule lf_gql_rule_no_undefined_variables = {
    .name = "no_undefined_variables",
    .leave_operation = leave_operation,
};
