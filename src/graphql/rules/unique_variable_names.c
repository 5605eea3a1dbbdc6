/* Section 5.8.1: an operation defines a variable once. */
#include "graphql/rules/rule.h"

static void
report(struct lf_gql_validator *v, const struct lf_gql_definition *operation, size_t first)
{
    const struct lf_gql_name *name = &operation->variables[first].name;
    struct lf_gql_error *error =
        lf_gql_report(v, &name->loc, "There can be only one variable named \"$%.*s\".", LF_FMT(name->text));
    for (size_t i = first + 1; i < operation->variable_count; i++) {
        if (lf_bytes_equal(operation->variables[i].name.text, name->text))
            lf_gql_error_add_loc(error, &operation->variables[i].name.loc);
    }
}

static void
operation(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation)
{
    static const struct lf_gql_variable_def reported;
    struct lf_gql_names seen; /* name -> its first definition, or &reported */
    (void)state;
    lf_gql_names_init(&seen, v->arena);
    for (size_t i = 0; i < operation->variable_count && !v->stop; i++) {
        const struct lf_gql_variable_def *variable = &operation->variables[i];
        const struct lf_gql_variable_def *first = lf_gql_names_get(&seen, variable->name.text);
        if (first == &reported)
            continue;
        if (first != NULL)
            report(v, operation, (size_t)(first - operation->variables));
        if (!lf_gql_names_set(&seen, variable->name.text, first == NULL ? variable : &reported))
            lf_gql_out_of_memory(v);
    }
}

const struct lf_gql_rule lf_gql_rule_unique_variable_names = {
    .name = "unique_variable_names",
    .operation = operation,
};
