/* Section 5.8.4: an operation or its fragments use every variable that it defines. */
#include "graphql/rules/rule.h"

static void
report(struct lf_gql_validator *v, const struct lf_gql_definition *operation,
       const struct lf_gql_variable_def *variable)
{
    if (operation->name.text.ptr != NULL)
        lf_gql_report(v, &variable->loc, "Variable \"$%.*s\" is never used in operation \"%.*s\".",
                      LF_FMT(variable->name.text), LF_FMT(operation->name.text));
    else
        lf_gql_report(v, &variable->loc, "Variable \"$%.*s\" is never used.", LF_FMT(variable->name.text));
}

static void
leave_operation(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation)
{
    (void)state;
    struct lf_gql_names used;
    struct lf_gql_reach reach;
    if (operation->variable_count == 0 || !lf_gql_reach(v, v->here, &reach))
        return;
    lf_gql_names_init(&used, v->arena);
    for (size_t i = 0; i < reach.count; i++) {
        const struct lf_gql_facts *facts = reach.items[i];
        for (size_t j = 0; j < facts->usage_count; j++) {
            if (!lf_gql_names_set(&used, facts->usages[j].node->text, facts->usages[j].node)) {
                lf_gql_out_of_memory(v);
                return;
            }
        }
    }
    for (size_t i = 0; i < operation->variable_count && !v->stop; i++) {
        if (lf_gql_names_get(&used, operation->variables[i].name.text) == NULL)
            report(v, operation, &operation->variables[i]);
    }
}

const struct lf_gql_rule lf_gql_rule_no_unused_variables = {
    .name = "no_unused_variables",
    .leave_operation = leave_operation,
};
