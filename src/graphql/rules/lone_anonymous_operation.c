/* Section 5.2.3.1: an operation without a name stands alone. */
#include "graphql/rules/rule.h"

static void
operation(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation)
{
    (void)state;
    size_t operations = 0;
    if (operation->name.text.ptr != NULL)
        return;
    for (size_t i = 0; i < v->document->count && operations < 2; i++)
        operations += v->document->definitions[i]->kind == LF_GQL_DEF_OPERATION;
    if (operations > 1)
        lf_gql_report(v, &operation->loc, "This anonymous operation must be the only defined operation.");
}

const struct lf_gql_rule lf_gql_rule_lone_anonymous_operation = {
    .name = "lone_anonymous_operation",
    .operation = operation,
};
