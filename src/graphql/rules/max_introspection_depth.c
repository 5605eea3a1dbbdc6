/*
 * Introspection must not go around in circles: lists of types, fields or input fields may nest less than three deep.
 * A schema's types refer to each other, so that each further level multiplies the answer.
 */
#include "graphql/rules/rule.h"

#include <string.h>

enum { LISTS_MAX = 3 };

struct frame {
    const struct lf_gql_selection_set *set;
    size_t at;
    unsigned lists; /* around the set */
};

struct state {
    unsigned *entered; /* per definition: 1 + the greatest number of lists around it, of the searches so far */
    struct frame *stack;
    size_t depth;
    size_t cap;
};

static void
document(struct lf_gql_validator *v, void *state)
{
    struct state *s = state;
    s->entered = LF_ARENA_ARRAY(v->arena, unsigned, v->document->count);
    if (s->entered == NULL)
        lf_gql_out_of_memory(v);
}

static bool
is_list(struct lf_bytes name)
{
    return lf_bytes_equal(name, LF_LIT("fields")) || lf_bytes_equal(name, LF_LIT("interfaces")) ||
           lf_bytes_equal(name, LF_LIT("possibleTypes")) || lf_bytes_equal(name, LF_LIT("inputFields"));
}

static void
push(struct lf_gql_validator *v, struct state *s, const struct lf_gql_selection_set *set, unsigned lists)
{
    struct frame *stack = lf_arena_grow(v->arena, s->stack, s->depth, &s->cap, sizeof(*stack));
    if (stack == NULL) {
        lf_gql_out_of_memory(v);
        return;
    }
    s->stack = stack;
    stack[s->depth++] = (struct frame){.set = set, .lists = lists};
}

/* False when the selection is too deep. */
static bool
step(struct lf_gql_validator *v, struct state *s, const struct lf_gql_selection *selection, unsigned lists)
{
    if (selection->kind == LF_GQL_SPREAD) {
        const struct lf_gql_facts *facts = lf_gql_fragment_facts(v, selection->name.text);
        if (facts == NULL || s->entered[facts - v->facts] > lists)
            return true;
        s->entered[facts - v->facts] = lists + 1;
        push(v, s, &facts->definition->set, lists);
        return true;
    }
    if (selection->kind == LF_GQL_FIELD && is_list(selection->name.text) && ++lists >= LISTS_MAX)
        return false;
    if (selection->set.count != 0)
        push(v, s, &selection->set, lists);
    return true;
}

static bool
is_shallow(struct lf_gql_validator *v, struct state *s, const struct lf_gql_selection *root)
{
    s->depth = 0;
    push(v, s, &root->set, 0);
    while (s->depth > 0 && !v->stop) {
        struct frame *top = &s->stack[s->depth - 1];
        if (top->at == top->set->count)
            s->depth--;
        else if (!step(v, s, &top->set->items[top->at++], top->lists))
            return false;
    }
    return true;
}

static void
field(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *field)
{
    struct state *s = state;
    if (!lf_bytes_equal(field->name.text, LF_LIT("__schema")) && !lf_bytes_equal(field->name.text, LF_LIT("__type")))
        return;
    if (is_shallow(v, s, field))
        return;
    lf_gql_report(v, &field->loc, "Maximum introspection depth exceeded");
    /* fragments entered by a search that stopped early have not been seen to their end */
    memset(s->entered, 0, v->document->count * sizeof(*s->entered));
}

const struct lf_gql_rule lf_gql_rule_max_introspection_depth = {
    .name = "max_introspection_depth",
    .state_size = sizeof(struct state),
    .document = document,
    .field = field,
};
