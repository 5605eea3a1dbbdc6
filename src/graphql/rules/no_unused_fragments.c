/* Section 5.5.1.4: an operation uses every fragment. */
#include "graphql/rules/rule.h"

struct state {
    bool *used; /* a definition of the document each */
};

static void
document(struct lf_gql_validator *v, void *state)
{
    bool *used = LF_ARENA_ARRAY(v->arena, bool, v->document->count);
    if (used == NULL)
        lf_gql_out_of_memory(v);
    ((struct state *)state)->used = used;
}

static void
leave_operation(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation)
{
    bool *used = ((struct state *)state)->used;
    struct lf_gql_reach reach;
    (void)operation;
    if (!lf_gql_reach(v, v->here, &reach))
        return;
    for (size_t i = 0; i < reach.count; i++)
        used[reach.items[i] - v->facts] = true;
}

static void
leave_document(struct lf_gql_validator *v, void *state)
{
    const bool *used = ((struct state *)state)->used;
    for (size_t i = 0; i < v->document->count && !v->stop; i++) {
        const struct lf_gql_definition *definition = v->document->definitions[i];
        if (definition->kind != LF_GQL_DEF_FRAGMENT)
            continue;
        /* of several with one name, that one stands for all */
        const struct lf_gql_facts *facts = lf_gql_fragment_facts(v, definition->name.text);
        if (!used[facts - v->facts])
            lf_gql_report(v, &definition->loc, "Fragment \"%.*s\" is never used.", LF_FMT(definition->name.text));
    }
}

const struct lf_gql_rule lf_gql_rule_no_unused_fragments = {
    .name = "no_unused_fragments",
    .state_size = sizeof(struct state),
    .document = document,
    .leave_operation = leave_operation,
    .leave_document = leave_document,
};
