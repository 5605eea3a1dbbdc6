/* Section 5.2.2.1: operations have names of their own. */
#include "graphql/rules/rule.h"

struct state {
    struct lf_gql_names seen; /* name -> struct lf_gql_name of its first operation */
};

static void
operation(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation)
{
    struct lf_gql_names *seen = &((struct state *)state)->seen;
    const struct lf_gql_name *name = &operation->name;
    if (name->text.ptr == NULL)
        return;
    seen->arena = v->arena;
    const struct lf_gql_name *first = lf_gql_names_get(seen, name->text);
    if (first != NULL)
        lf_gql_error_add_loc(
            lf_gql_report(v, &first->loc, "There can be only one operation named \"%.*s\".", LF_FMT(name->text)),
            &name->loc);
    else if (!lf_gql_names_set(seen, name->text, name))
        lf_gql_out_of_memory(v);
}

const struct lf_gql_rule lf_gql_rule_unique_operation_names = {
    .name = "unique_operation_names",
    .state_size = sizeof(struct state),
    .operation = operation,
};
