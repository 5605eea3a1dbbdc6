/*
 * CollectFields (section 6.3.2). The walk follows fragments without recursion: their chains are as long as the document
 * allows. Its findings are gathered in the request's arena and then packed, so that what is kept has no waste.
 */
#include "graphql/plan.h"

#include <string.h>

struct fragment {
    const struct lf_gql_definition *definition;
    const struct lf_gql_type *on;
    size_t seen; /* number of the walk that has been here */
};

struct operation {
    const struct lf_gql_definition *definition;
    bool examined;
    bool conditional; /* @skip or @include with a variable: the plan is one request's */
    struct lf_gql_plan *root;
};

struct lf_gql_plans {
    struct lf_arena *arena;
    const struct lf_gql_schema *schema;
    struct lf_gql_names fragments; /* name -> struct fragment */
    size_t walks;
    struct operation *operations;
    size_t operation_count;
};

/* A selection set on the way. */
struct frame {
    const struct lf_gql_selection_set *set;
    size_t at;
};

struct group {
    const struct lf_gql_field *def;
    struct lf_bytes key;
    const struct lf_gql_selection **nodes;
    size_t count;
    size_t cap;
};

struct walk {
    struct lf_gql_plans *plans;
    struct lf_arena *arena; /* for the walk itself */
    const struct lf_gql_type *object;
    const struct lf_value *variables;
    struct frame *stack;
    size_t depth;
    size_t stack_cap;
    struct group **groups;
    size_t group_count;
    size_t group_cap;
    struct lf_gql_names by_key;
    size_t node_count;
    size_t key_bytes;
    size_t work;
    bool no_memory;
};

static bool
add_fragment(struct lf_gql_plans *plans, const struct lf_gql_definition *definition)
{
    struct fragment *fragment = LF_ARENA_NEW(plans->arena, struct fragment);
    if (fragment == NULL)
        return false;
    fragment->definition = definition;
    fragment->on = lf_gql_schema_type(plans->schema, definition->on.text);
    return lf_gql_names_set_mut(&plans->fragments, definition->name.text, fragment);
}

struct lf_gql_plans *
lf_gql_plans_new(struct lf_arena *arena, const struct lf_gql_schema *schema, const struct lf_gql_document *document)
{
    struct lf_gql_plans *plans = LF_ARENA_NEW(arena, struct lf_gql_plans);
    if (plans == NULL)
        return NULL;
    plans->arena = arena;
    plans->schema = schema;
    lf_gql_names_init(&plans->fragments, arena);
    plans->operations = LF_ARENA_ARRAY(arena, struct operation, document->count);
    if (plans->operations == NULL)
        return NULL;
    for (size_t i = 0; i < document->count; i++) {
        const struct lf_gql_definition *definition = document->definitions[i];
        if (definition->kind == LF_GQL_DEF_OPERATION)
            plans->operations[plans->operation_count++].definition = definition;
        else if (definition->kind == LF_GQL_DEF_FRAGMENT && !add_fragment(plans, definition))
            return NULL;
    }
    return plans;
}

/* --- the walk --- */

static void
push(struct walk *w, const struct lf_gql_selection_set *set)
{
    struct frame *stack = lf_arena_grow(w->arena, w->stack, w->depth, &w->stack_cap, sizeof(*stack));
    if (stack == NULL) {
        w->no_memory = true;
        return;
    }
    w->stack = stack;
    stack[w->depth++] = (struct frame){.set = set};
}

/* The next selection in order of the document, or NULL at the end. */
static const struct lf_gql_selection *
next(struct walk *w)
{
    while (w->depth > 0 && !w->no_memory) {
        struct frame *top = &w->stack[w->depth - 1];
        if (top->at < top->set->count) {
            w->work++;
            return &top->set->items[top->at++];
        }
        w->depth--;
    }
    return NULL;
}

/* The fragment that a spread names, if this walk has not been there yet. */
static struct fragment *
enter_fragment(struct lf_gql_plans *plans, const struct lf_gql_selection *spread)
{
    struct fragment *fragment = lf_gql_names_get_mut(&plans->fragments, spread->name.text);
    if (fragment == NULL || fragment->seen == plans->walks)
        return NULL;
    return fragment;
}

/* The if argument of @skip or @include, or NULL. */
static const struct lf_gql_value_node *
condition(const struct lf_gql_selection *selection, const char *name)
{
    if (selection->directives.count == 0)
        return NULL;
    const struct lf_gql_directive *directive = lf_gql_find_directive(selection->directives, name);
    return directive != NULL ? lf_gql_directive_arg(directive, "if") : NULL;
}

static bool
is_true(const struct walk *w, const struct lf_gql_value_node *node)
{
    if (node->kind == LF_GQL_BOOLEAN)
        return node->boolean;
    const struct lf_value *value = node->kind == LF_GQL_VARIABLE ? lf_value_get(w->variables, node->text) : NULL;
    return value != NULL && value->type == LF_V_BOOL && value->u.boolean;
}

static bool
is_included(const struct walk *w, const struct lf_gql_selection *selection)
{
    const struct lf_gql_value_node *skip = condition(selection, "skip");
    if (skip != NULL && is_true(w, skip))
        return false;
    const struct lf_gql_value_node *include = condition(selection, "include");
    return include == NULL || is_true(w, include);
}

static struct group *
add_group(struct walk *w, const struct lf_gql_field *def, struct lf_bytes key)
{
    struct group **groups = lf_arena_grow(w->arena, w->groups, w->group_count, &w->group_cap, sizeof(*groups));
    struct group *group = LF_ARENA_NEW(w->arena, struct group);
    if (groups == NULL || group == NULL || !lf_gql_names_set_mut(&w->by_key, key, group)) {
        w->no_memory = true;
        return NULL;
    }
    group->def = def;
    group->key = key;
    w->groups = groups;
    groups[w->group_count++] = group;
    w->key_bytes += key.len + 3;
    return group;
}

static void
add_field(struct walk *w, const struct lf_gql_selection *node)
{
    struct lf_bytes key = lf_gql_response_key(node);
    struct group *group = lf_gql_names_get_mut(&w->by_key, key);
    if (group == NULL) {
        const struct lf_gql_field *def = lf_gql_meta_field(w->plans->schema, w->object, node->name.text);
        if (def == NULL)
            def = lf_gql_type_field(w->object, node->name.text);
        if (def == NULL) /* validation has let none pass */
            return;
        group = add_group(w, def, key);
    }
    if (group == NULL)
        return;
    const struct lf_gql_selection **nodes =
        lf_arena_grow(w->arena, group->nodes, group->count, &group->cap, sizeof(*nodes));
    if (nodes == NULL) {
        w->no_memory = true;
        return;
    }
    group->nodes = nodes;
    nodes[group->count++] = node;
    w->node_count++;
}

static void
visit(struct walk *w, const struct lf_gql_selection *selection)
{
    if (!is_included(w, selection))
        return;
    if (selection->kind == LF_GQL_FIELD) {
        add_field(w, selection);
    } else if (selection->kind == LF_GQL_SPREAD) {
        struct fragment *fragment = enter_fragment(w->plans, selection);
        if (fragment == NULL)
            return;
        fragment->seen = w->plans->walks;
        if (fragment->on != NULL && lf_gql_type_includes(fragment->on, w->object))
            push(w, &fragment->definition->set);
    } else {
        const struct lf_gql_type *on = NULL;
        if (selection->on.text.ptr != NULL)
            on = lf_gql_schema_type(w->plans->schema, selection->on.text);
        if (on == NULL || lf_gql_type_includes(on, w->object))
            push(w, &selection->set);
    }
}

static void
visit_all(struct walk *w, const struct lf_gql_selection_set *set)
{
    push(w, set);
    for (const struct lf_gql_selection *selection; (selection = next(w)) != NULL;)
        visit(w, selection);
}

/* --- packing --- */

static struct lf_bytes
quote(char **at, struct lf_bytes key)
{
    struct lf_bytes quoted = {*at, key.len + 3};
    *(*at)++ = '"';
    memcpy(*at, key.ptr, key.len);
    *at += key.len;
    *(*at)++ = '"';
    *(*at)++ = ':';
    return quoted;
}

static bool
has_large_args(const struct lf_gql_selection *node)
{
    for (size_t i = 0; i < node->arg_count; i++) {
        if (node->args[i].value->kind == LF_GQL_LIST || node->args[i].value->kind == LF_GQL_OBJECT)
            return true;
    }
    return false;
}

static struct lf_gql_plan *
pack(const struct walk *w, struct lf_arena *arena, bool shared)
{
    struct lf_gql_plan *plan =
        lf_arena_calloc(arena, 1, sizeof(*plan) + w->group_count * sizeof(struct lf_gql_plan_field));
    const struct lf_gql_selection **nodes = lf_arena_alloc(arena, w->node_count * sizeof(*nodes));
    char *text = lf_arena_alloc(arena, w->key_bytes);
    if (plan == NULL || nodes == NULL || text == NULL)
        return NULL;
    plan->object = w->object;
    plan->shared = shared;
    plan->count = w->group_count;
    for (size_t i = 0; i < w->group_count; i++) {
        const struct group *group = w->groups[i];
        struct lf_gql_plan_field *field = &plan->fields[i];
        memcpy(nodes, group->nodes, group->count * sizeof(*nodes));
        field->def = group->def;
        field->quoted = quote(&text, group->key);
        field->key = lf_bytes(field->quoted.ptr + 1, group->key.len);
        field->nodes = nodes;
        field->node_count = group->count;
        field->is_type_name = lf_bytes_equal(group->def->name, LF_LIT("__typename"));
        field->has_large_args = has_large_args(group->nodes[0]);
        field->shared = shared;
        nodes += group->count;
    }
    return plan;
}

/* Packs for the document if it is to be shared and there is room, or else for the request. */
static struct lf_gql_plan *
finish(const struct walk *w, bool share, size_t *work)
{
    struct lf_gql_plan *plan = NULL;
    *work += w->work;
    if (w->no_memory)
        return NULL;
    if (share)
        plan = pack(w, w->plans->arena, true);
    return plan != NULL ? plan : pack(w, w->arena, false);
}

static void
init_walk(struct walk *w, struct lf_gql_plans *plans, struct lf_arena *arena, const struct lf_gql_type *object,
          const struct lf_value *variables)
{
    *w = (struct walk){.plans = plans, .arena = arena, .object = object, .variables = variables};
    lf_gql_names_init(&w->by_key, arena);
    plans->walks++;
}

/* --- plans --- */

static bool
has_variable_condition(const struct lf_gql_selection *selection)
{
    const struct lf_gql_value_node *skip = condition(selection, "skip");
    const struct lf_gql_value_node *include = condition(selection, "include");
    return (skip != NULL && skip->kind == LF_GQL_VARIABLE) || (include != NULL && include->kind == LF_GQL_VARIABLE);
}

/* Whether anything that the operation reaches depends on variables. */
static void
examine(struct lf_gql_plans *plans, struct operation *operation, struct lf_arena *arena)
{
    struct walk w;
    init_walk(&w, plans, arena, NULL, NULL);
    push(&w, &operation->definition->set);
    for (const struct lf_gql_selection *selection; (selection = next(&w)) != NULL && !operation->conditional;) {
        operation->conditional = has_variable_condition(selection);
        if (selection->kind != LF_GQL_SPREAD) {
            if (selection->set.count != 0)
                push(&w, &selection->set);
            continue;
        }
        struct fragment *fragment = enter_fragment(plans, selection);
        if (fragment != NULL) {
            fragment->seen = plans->walks;
            push(&w, &fragment->definition->set);
        }
    }
    operation->conditional |= w.no_memory; /* not known: then a plan of one request is right in any case */
    operation->examined = !w.no_memory;
}

struct lf_gql_plan *
lf_gql_plan_root(struct lf_gql_plans *plans, const struct lf_gql_definition *operation,
                 const struct lf_gql_type *object, const struct lf_value *variables, struct lf_arena *arena,
                 size_t *work)
{
    struct operation *known = plans->operations;
    while (known->definition != operation)
        known++;
    if (known->root != NULL)
        return known->root;
    bool share = plans->arena != arena;
    if (share && !known->examined) {
        known->conditional = false;
        examine(plans, known, arena);
    }
    share = share && !known->conditional;
    struct walk w;
    init_walk(&w, plans, arena, object, variables);
    visit_all(&w, &operation->set);
    struct lf_gql_plan *plan = finish(&w, share, work);
    if (plan != NULL && plan->shared)
        known->root = plan;
    return plan;
}

struct lf_gql_plan *
lf_gql_plan_below(struct lf_gql_plans *plans, struct lf_gql_plan_field *field, const struct lf_gql_type *object,
                  const struct lf_value *variables, struct lf_arena *arena, size_t *work)
{
    for (struct lf_gql_plan *plan = field->below; plan != NULL; plan = plan->next) {
        if (plan->object == object)
            return plan;
    }
    struct walk w;
    init_walk(&w, plans, arena, object, variables);
    for (size_t i = 0; i < field->node_count; i++)
        visit_all(&w, &field->nodes[i]->set);
    struct lf_gql_plan *plan = finish(&w, field->shared, work);
    if (plan == NULL || (field->shared && !plan->shared))
        return plan; /* a document's plan must not point to a request's */
    plan->next = field->below;
    field->below = plan;
    return plan;
}
