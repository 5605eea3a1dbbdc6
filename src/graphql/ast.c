/* Look-ups in syntax trees. */
#include "graphql/ast.h"

const struct lf_gql_directive *
lf_gql_find_directive(struct lf_gql_directives directives, const char *name)
{
    for (size_t i = 0; i < directives.count; i++) {
        if (lf_bytes_equal_text(directives.items[i].name.text, name))
            /* cppcheck-suppress returnDanglingLifetime; the list is a view */
            return &directives.items[i];
    }
    return NULL;
}

const struct lf_gql_value_node *
lf_gql_directive_arg(const struct lf_gql_directive *directive, const char *name)
{
    for (size_t i = 0; i < directive->arg_count; i++) {
        if (lf_bytes_equal_text(directive->args[i].name.text, name))
            return directive->args[i].value;
    }
    return NULL;
}
