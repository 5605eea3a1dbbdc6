/* Section 5.3.3: leaves have no selections, everything else has. */
#include "graphql/rules/rule.h"

static void
field(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *field)
{
    (void)state;
    if (v->type == NULL)
        return;
    bool leaf = lf_gql_type_is_leaf(lf_gql_type_named(v->type));
    if (leaf && field->set.count != 0)
        lf_gql_report(v, &field->set.loc,
                      "Field \"%.*s\" must not have a selection since type \"%s\" has no subfields.",
                      LF_FMT(field->name.text), lf_gql_text_type(v->arena, v->type));
    else if (!leaf && field->set.count == 0)
        lf_gql_report(v, &field->loc,
                      "Field \"%.*s\" of type \"%s\" must have a selection of subfields."
                      " Did you mean \"%.*s { ... }\"?",
                      LF_FMT(field->name.text), lf_gql_text_type(v->arena, v->type), LF_FMT(field->name.text));
}

const struct lf_gql_rule lf_gql_rule_scalar_leafs = {
    .name = "scalar_leafs",
    .field = field,
};
