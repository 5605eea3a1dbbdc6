/* Section 5.7.1 and 5.7.2: directives exist and stand where they may. */
#include "graphql/rules/rule.h"

#include <string.h>

static void
directive(struct lf_gql_validator *v, void *state, const struct lf_gql_directive *directive, const char *location)
{
    (void)state;
    if (v->directive == NULL) {
        lf_gql_report(v, &directive->loc, "Unknown directive \"@%.*s\".", LF_FMT(directive->name.text));
        return;
    }
    for (size_t i = 0; i < v->directive->location_count; i++) {
        if (strcmp(v->directive->locations[i], location) == 0)
            return;
    }
    lf_gql_report(v, &directive->loc, "Directive \"@%.*s\" may not be used on %s.", LF_FMT(directive->name.text),
                  location);
}

const struct lf_gql_rule lf_gql_rule_known_directives = {
    .name = "known_directives",
    .directive = directive,
};
