/* Section 5.5.1.2 and 5.8.2: named types exist. */
#include "graphql/rules/rule.h"

static void
type_name(struct lf_gql_validator *v, void *state, const struct lf_gql_name *name)
{
    (void)state;
    if (lf_gql_schema_type(v->schema, name->text) != NULL)
        return;
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, name->text);
    size_t at = 0;
    for (const struct lf_map_entry *entry; (entry = lf_map_next(&v->schema->types, &at)) != NULL;)
        lf_gql_suggest_offer(&suggest, entry->key);
    lf_gql_report(v, &name->loc, "Unknown type \"%.*s\".%s", LF_FMT(name->text),
                  lf_gql_suggest_text(&suggest, v->arena, NULL));
}

const struct lf_gql_rule lf_gql_rule_known_type_names = {
    .name = "known_type_names",
    .type_name = type_name,
};
