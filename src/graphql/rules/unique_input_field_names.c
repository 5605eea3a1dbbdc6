/* Section 5.6.3: an object literal gives a field once. */
#include "graphql/rules/rule.h"

static void
value(struct lf_gql_validator *v, void *state, const struct lf_gql_value_node *value)
{
    (void)state;
    struct lf_gql_names seen; /* name -> its first use */
    if (value->kind != LF_GQL_OBJECT || value->count < 2)
        return;
    lf_gql_names_init(&seen, v->arena);
    for (size_t i = 0; i < value->count && !v->stop; i++) {
        const struct lf_gql_name *name = &value->fields[i].name;
        const struct lf_gql_name *first = lf_gql_names_get(&seen, name->text);
        if (first != NULL)
            lf_gql_error_add_loc(
                lf_gql_report(v, &first->loc, "There can be only one input field named \"%.*s\".", LF_FMT(name->text)),
                &name->loc);
        else if (!lf_gql_names_set(&seen, name->text, name))
            lf_gql_out_of_memory(v);
    }
}

const struct lf_gql_rule lf_gql_rule_unique_input_field_names = {
    .name = "unique_input_field_names",
    .value = value,
};
