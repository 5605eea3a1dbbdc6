/* Section 5.5.2.1: a spread names a fragment of the document. */
#include "graphql/rules/rule.h"

static void
spread(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *spread)
{
    (void)state;
    if (lf_gql_fragment_facts(v, spread->name.text) == NULL)
        lf_gql_report(v, &spread->name.loc, "Unknown fragment \"%.*s\".", LF_FMT(spread->name.text));
}

const struct lf_gql_rule lf_gql_rule_known_fragment_names = {
    .name = "known_fragment_names",
    .spread = spread,
};
