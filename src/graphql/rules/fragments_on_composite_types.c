/* Section 5.5.1.3: fragments are on objects, interfaces and unions. */
#include "graphql/rules/rule.h"

static bool
is_leaf_condition(const struct lf_gql_validator *v, const struct lf_gql_name *on)
{
    const struct lf_gql_type *type = on->text.ptr != NULL ? lf_gql_schema_type(v->schema, on->text) : NULL;
    return type != NULL && !lf_gql_type_is_composite(type);
}

static void
inline_fragment(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *fragment)
{
    (void)state;
    if (is_leaf_condition(v, &fragment->on))
        lf_gql_report(v, &fragment->on.loc, "Fragment cannot condition on non composite type \"%.*s\".",
                      LF_FMT(fragment->on.text));
}

static void
fragment(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *fragment)
{
    (void)state;
    if (is_leaf_condition(v, &fragment->on))
        lf_gql_report(v, &fragment->on.loc, "Fragment \"%.*s\" cannot condition on non composite type \"%.*s\".",
                      LF_FMT(fragment->name.text), LF_FMT(fragment->on.text));
}

const struct lf_gql_rule lf_gql_rule_fragments_on_composite_types = {
    .name = "fragments_on_composite_types",
    .inline_fragment = inline_fragment,
    .fragment = fragment,
};
