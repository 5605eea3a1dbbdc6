/* Section 5.5.2.3: some object may be of the fragment's type and the type around it. */
#include "graphql/rules/rule.h"

static void
inline_fragment(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *fragment)
{
    (void)state;
    if (v->type == NULL || v->parent == NULL || !lf_gql_type_is_composite(v->type) ||
        lf_gql_types_overlap(v->type, v->parent))
        return;
    lf_gql_report(v, &fragment->loc,
                  "Fragment cannot be spread here as objects of type \"%.*s\" can never be of type \"%.*s\".",
                  LF_FMT(v->parent->name), LF_FMT(v->type->name));
}

static void
spread(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *spread)
{
    (void)state;
    const struct lf_gql_facts *facts = lf_gql_fragment_facts(v, spread->name.text);
    if (facts == NULL || facts->type == NULL || v->parent == NULL || lf_gql_types_overlap(facts->type, v->parent))
        return;
    lf_gql_report(v, &spread->loc,
                  "Fragment \"%.*s\" cannot be spread here as objects of type \"%.*s\""
                  " can never be of type \"%.*s\".",
                  LF_FMT(spread->name.text), LF_FMT(v->parent->name), LF_FMT(facts->type->name));
}

const struct lf_gql_rule lf_gql_rule_possible_fragment_spreads = {
    .name = "possible_fragment_spreads",
    .inline_fragment = inline_fragment,
    .spread = spread,
};
