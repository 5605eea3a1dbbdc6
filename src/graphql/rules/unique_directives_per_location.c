/* Section 5.7.3: a directive that is not repeatable is applied once. */
#include "graphql/rules/rule.h"

static void
directives(struct lf_gql_validator *v, void *state, const struct lf_gql_directives *directives)
{
    (void)state;
    struct lf_gql_names seen; /* name -> its first use here */
    if (directives->count < 2)
        return;
    lf_gql_names_init(&seen, v->arena);
    for (size_t i = 0; i < directives->count && !v->stop; i++) {
        const struct lf_gql_directive *directive = &directives->items[i];
        const struct lf_gql_directive_def *def = lf_map_get(&v->schema->directives, directive->name.text);
        if (def == NULL || def->repeatable)
            continue;
        const struct lf_gql_directive *first = lf_gql_names_get(&seen, directive->name.text);
        if (first != NULL)
            lf_gql_error_add_loc(lf_gql_report(v, &first->loc,
                                               "The directive \"@%.*s\" can only be used once at this location.",
                                               LF_FMT(directive->name.text)),
                                 &directive->loc);
        else if (!lf_gql_names_set(&seen, directive->name.text, directive))
            lf_gql_out_of_memory(v);
    }
}

const struct lf_gql_rule lf_gql_rule_unique_directives_per_location = {
    .name = "unique_directives_per_location",
    .directives = directives,
};
