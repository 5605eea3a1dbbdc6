/*
 * Section 5.5.2.2: no fragment spreads itself, directly or through others. A depth-first search without recursion:
 * chains of fragments are as long as the document allows.
 */
#include "graphql/rules/rule.h"

struct mark { /* of one definition of the document */
    bool visited;
    bool on_path;
    size_t at; /* if on_path: length of the spread path when it was entered */
};

struct frame {
    struct lf_gql_facts *facts;
    size_t next; /* spread */
};

struct state {
    struct mark *marks;
    struct frame *stack;
    size_t depth;
    size_t stack_cap;
    const struct lf_gql_selection **path; /* the spreads that led here: one less than frames, or as many */
    size_t path_cap;
};

static void
document(struct lf_gql_validator *v, void *state)
{
    struct state *s = state;
    s->marks = LF_ARENA_ARRAY(v->arena, struct mark, v->document->count);
    if (s->marks == NULL)
        lf_gql_out_of_memory(v);
}

static void
enter(struct lf_gql_validator *v, struct state *s, struct lf_gql_facts *facts)
{
    struct mark *mark = &s->marks[facts - v->facts];
    struct frame *stack = lf_arena_grow(v->arena, s->stack, s->depth, &s->stack_cap, sizeof(*stack));
    if (stack != NULL)
        s->stack = stack;
    const struct lf_gql_selection **path = lf_arena_grow(v->arena, s->path, s->depth, &s->path_cap, sizeof(*path));
    if (path != NULL)
        s->path = path;
    if (stack == NULL || path == NULL) {
        lf_gql_out_of_memory(v);
        return;
    }
    *mark = (struct mark){.visited = true, .on_path = true, .at = s->depth};
    s->stack[s->depth++] = (struct frame){.facts = facts};
}

/* path[from, to) closes a cycle: its last spread names the fragment that path[from - 1] led to. */
static void
report(struct lf_gql_validator *v, const struct state *s, size_t from, size_t to)
{
    struct lf_buf via;
    lf_buf_init(&via, LF_GQL_TEXT_MAX);
    for (size_t i = from; i + 1 < to; i++)
        lf_buf_printf(&via, "%s\"%.*s\"", i == from ? " via " : ", ", LF_FMT(s->path[i]->name.text));
    struct lf_gql_error *error =
        lf_gql_report(v, &s->path[from]->loc, "Cannot spread fragment \"%.*s\" within itself%s.",
                      LF_FMT(s->path[to - 1]->name.text), lf_gql_text_take(&via, v->arena));
    for (size_t i = from + 1; i < to; i++)
        lf_gql_error_add_loc(error, &s->path[i]->loc);
}

static void
follow(struct lf_gql_validator *v, struct state *s, const struct lf_gql_selection *spread)
{
    struct lf_gql_facts *target = lf_gql_fragment_facts(v, spread->name.text);
    s->path[s->depth - 1] = spread;
    if (target == NULL)
        return;
    const struct mark *mark = &s->marks[target - v->facts];
    if (mark->on_path)
        report(v, s, mark->at, s->depth);
    else if (!mark->visited)
        enter(v, s, target);
}

static void
fragment(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *fragment)
{
    struct state *s = state;
    struct lf_gql_facts *facts = lf_gql_fragment_facts(v, fragment->name.text);
    if (s->marks[facts - v->facts].visited)
        return;
    s->depth = 0;
    enter(v, s, facts);
    while (s->depth > 0 && !v->stop) {
        struct frame *top = &s->stack[s->depth - 1];
        if (top->next < top->facts->spread_count) {
            follow(v, s, top->facts->spreads[top->next++]);
        } else {
            s->marks[top->facts - v->facts].on_path = false;
            s->depth--;
        }
    }
}

const struct lf_gql_rule lf_gql_rule_no_fragment_cycles = {
    .name = "no_fragment_cycles",
    .state_size = sizeof(struct state),
    .document = document,
    .fragment = fragment,
};
