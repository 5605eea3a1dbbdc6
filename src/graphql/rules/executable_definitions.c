/* Section 5.1.1: an executable document holds no type system definitions. */
#include "graphql/rules/rule.h"

static void
document(struct lf_gql_validator *v, void *state)
{
    (void)state;
    for (size_t i = 0; i < v->document->count; i++) {
        const struct lf_gql_definition *definition = v->document->definitions[i];
        if (definition->kind == LF_GQL_DEF_SCHEMA)
            lf_gql_report(v, &definition->loc, "The schema definition is not executable.");
        else if (definition->kind != LF_GQL_DEF_OPERATION && definition->kind != LF_GQL_DEF_FRAGMENT)
            lf_gql_report(v, &definition->loc, "The \"%.*s\" definition is not executable.",
                          LF_FMT(definition->name.text));
    }
}

const struct lf_gql_rule lf_gql_rule_executable_definitions = {
    .name = "executable_definitions",
    .document = document,
};
