/* Section 5.2.1.1: the schema has a root type for the kind of operation. */
#include "graphql/rules/rule.h"

static void
operation(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation)
{
    static const char *const words[] = {"query", "mutation", "subscription"};
    (void)state;
    if (v->type == NULL)
        lf_gql_report(v, &operation->loc, "The %s operation is not supported by the schema.",
                      words[operation->operation]);
}

const struct lf_gql_rule lf_gql_rule_known_operation_types = {
    .name = "known_operation_types",
    .operation = operation,
};
