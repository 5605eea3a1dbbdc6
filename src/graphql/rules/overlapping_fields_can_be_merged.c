/*
 * Section 5.3.2: fields with one response name must merge: the same field with the same arguments, unless no object has
 * both, and in any case the same shape. Selection sets are collected once each; pairs of fragments, and of sets and
 * fragments, are compared once; what remains is metered, so that the time has a bound.
 */
#include "graphql/rules/rule.h"

enum { DEPTH_MAX = 500 };  /* of nested comparisons */
enum { MEMORY_WORK = 16 }; /* what remembering something costs, in steps: bounds the memory as well */
enum { NODES_MAX = LF_GQL_ERROR_LOCS_MAX };

/* One field as it stands in one set. */
struct use {
    const struct lf_gql_selection *node;
    const struct lf_gql_type *parent;
    const struct lf_gql_field *def; /* NULL: unknown */
};

/* All of one response name. */
struct group {
    struct lf_bytes key;
    struct use *uses;
    size_t count;
    size_t cap;
};

struct pair {
    const void *a;
    const void *b;
};

/* A selection set (inline fragments dissolved): its fields by response name, and the fragments it spreads. */
struct fields {
    struct pair id; /* set, parent type */
    struct group **groups;
    size_t count;
    size_t cap;
    struct lf_gql_names by_key;
    struct lf_gql_facts **fragments;
    size_t fragment_count;
    size_t fragment_cap;
};

struct conflict {
    struct lf_bytes key;
    const char *reason;
    const struct lf_gql_selection *nodes[2][NODES_MAX]; /* of either side, outer before inner */
    size_t counts[2];
};
struct conflicts {
    struct conflict *items;
    size_t count;
    size_t cap;
};

struct state {
    struct lf_gql_validator *v;
    struct lf_gql_names collected; /* struct pair -> struct fields */
    struct lf_gql_names compared;  /* struct pair of fragments, or of fields and fragment -> &exclusively or &fully */
    size_t depth;
};
static const char exclusively; /* compared under types that no object shares */
static const char fully;

static void find_between_sets(struct state *s, bool exclusive, struct fields *a, struct fields *b,
                              struct conflicts *out);

static bool
is_stopped(const struct state *s)
{
    return s->v->stop;
}

static struct lf_bytes
pair_bytes(const struct pair *pair)
{
    return lf_bytes((const char *)pair, sizeof(*pair));
}

/* Whether the pair has been compared as thoroughly before; if not, notes that it is now. */
static bool
compared_before(struct state *s, const void *a, const void *b, bool exclusive)
{
    struct pair pair = {a, b};
    const void *before = lf_gql_names_get(&s->compared, pair_bytes(&pair));
    if (before == &fully || (before == &exclusively && exclusive) || !lf_gql_spend(s->v, MEMORY_WORK))
        return true;
    struct pair *key = lf_arena_alloc(s->v->arena, sizeof(*key));
    if (key != NULL)
        *key = pair;
    if (key == NULL || !lf_gql_names_set(&s->compared, pair_bytes(key), exclusive ? &exclusively : &fully))
        lf_gql_out_of_memory(s->v);
    return false;
}

/* --- collecting --- */

static struct group *
group_of(struct state *s, struct fields *fields, struct lf_bytes key)
{
    struct group *group = lf_gql_names_get_mut(&fields->by_key, key);
    if (group != NULL)
        return group;
    struct lf_arena *arena = s->v->arena;
    struct group **groups = lf_arena_grow(arena, fields->groups, fields->count, &fields->cap, sizeof(*groups));
    group = LF_ARENA_NEW(arena, struct group);
    if (groups == NULL || group == NULL || !lf_gql_names_set_mut(&fields->by_key, key, group)) {
        lf_gql_out_of_memory(s->v);
        return NULL;
    }
    group->key = key;
    fields->groups = groups;
    groups[fields->count++] = group;
    return group;
}

static bool
is_simple(const struct use *use)
{
    return use->node->arg_count == 0 && use->node->set.count == 0;
}

/* Repetitions of one plain field say nothing new. */
static bool
is_repetition(const struct use *a, const struct use *b)
{
    return is_simple(a) && is_simple(b) && a->parent == b->parent && a->def == b->def &&
           lf_bytes_equal(a->node->name.text, b->node->name.text);
}

static void
add_field(struct state *s, struct fields *fields, const struct lf_gql_selection *node, const struct lf_gql_type *parent)
{
    struct use use = {.node = node, .parent = parent};
    if (parent != NULL)
        use.def = lf_gql_meta_field(s->v->schema, parent, node->name.text);
    if (parent != NULL && use.def == NULL)
        use.def = lf_gql_type_field(parent, node->name.text);
    struct group *group = group_of(s, fields, lf_gql_response_key(node));
    if (group == NULL || (group->count != 0 && is_repetition(&group->uses[group->count - 1], &use)))
        return;
    struct use *uses = lf_arena_grow(s->v->arena, group->uses, group->count, &group->cap, sizeof(*uses));
    if (uses == NULL) {
        lf_gql_out_of_memory(s->v);
        return;
    }
    group->uses = uses;
    uses[group->count++] = use;
}

static void
add_fragment(struct state *s, struct fields *fields, struct lf_bytes name)
{
    struct lf_gql_facts *facts = lf_gql_fragment_facts(s->v, name);
    if (facts == NULL || facts->seen == s->v->searches)
        return;
    facts->seen = s->v->searches;
    struct lf_gql_facts **fragments = lf_arena_grow(s->v->arena, fields->fragments, fields->fragment_count,
                                                    &fields->fragment_cap, sizeof(*fragments));
    if (fragments == NULL) {
        lf_gql_out_of_memory(s->v);
        return;
    }
    fields->fragments = fragments;
    fragments[fields->fragment_count++] = facts;
}

/* Recursion over inline fragments: bounded by the parser's depth. */
static void
collect_into(struct state *s, struct fields *fields, const struct lf_gql_selection_set *set,
             const struct lf_gql_type *parent)
{
    for (size_t i = 0; i < set->count && !is_stopped(s); i++) {
        const struct lf_gql_selection *selection = &set->items[i];
        if (selection->kind == LF_GQL_FIELD) {
            add_field(s, fields, selection, parent);
        } else if (selection->kind == LF_GQL_SPREAD) {
            add_fragment(s, fields, selection->name.text);
        } else {
            const struct lf_gql_type *on = parent;
            if (selection->on.text.ptr != NULL)
                on = lf_gql_schema_type(s->v->schema, selection->on.text);
            collect_into(s, fields, &selection->set, on != NULL && lf_gql_type_is_composite(on) ? on : NULL);
        }
    }
}

/* NULL when the validation has to stop. */
static struct fields *
collect(struct state *s, const struct lf_gql_selection_set *set, const struct lf_gql_type *parent)
{
    struct pair id = {set, parent};
    struct fields *fields = lf_gql_names_get_mut(&s->collected, pair_bytes(&id));
    if (fields != NULL)
        return fields;
    fields = LF_ARENA_NEW(s->v->arena, struct fields);
    if (fields == NULL) {
        lf_gql_out_of_memory(s->v);
        return NULL;
    }
    fields->id = id;
    lf_gql_names_init(&fields->by_key, s->v->arena);
    s->v->searches++;
    collect_into(s, fields, set, parent);
    if (!lf_gql_names_set_mut(&s->collected, pair_bytes(&fields->id), fields))
        lf_gql_out_of_memory(s->v);
    return is_stopped(s) ? NULL : fields;
}

static struct fields *
collect_fragment(struct state *s, const struct lf_gql_facts *facts)
{
    return collect(s, &facts->definition->set, facts->type);
}

/* --- one pair of fields --- */

static bool same_value(struct state *s, const struct lf_gql_value_node *a, const struct lf_gql_value_node *b);

/* Arguments, or fields of an object literal, in any order. */
static bool
same_arguments(struct state *s, const struct lf_gql_argument *a, size_t a_count, const struct lf_gql_argument *b,
               size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++) {
        size_t j = i; /* mostly in the same order */
        for (size_t tried = 0; !lf_bytes_equal(a[i].name.text, b[j].name.text); tried++) {
            if (tried == b_count || !lf_gql_spend(s->v, 1))
                return false;
            j = j + 1 < b_count ? j + 1 : 0;
        }
        if (!same_value(s, a[i].value, b[j].value))
            return false;
    }
    return true;
}

static bool
same_value(struct state *s, const struct lf_gql_value_node *a, const struct lf_gql_value_node *b)
{
    if (a->kind != b->kind || !lf_gql_spend(s->v, 1))
        return false;
    switch (a->kind) {
    case LF_GQL_NULL: return true;
    case LF_GQL_BOOLEAN: return a->boolean == b->boolean;
    case LF_GQL_OBJECT: return same_arguments(s, a->fields, a->count, b->fields, b->count);
    case LF_GQL_LIST:
        if (a->count != b->count)
            return false;
        for (size_t i = 0; i < a->count; i++) {
            if (!same_value(s, a->items[i], b->items[i]))
                return false;
        }
        return true;
    default: return lf_bytes_equal(a->text, b->text);
    }
}

static bool
types_conflict(const struct lf_gql_type *a, const struct lf_gql_type *b)
{
    while (a->kind == LF_GQL_LIST_TYPE || a->kind == LF_GQL_NON_NULL_TYPE || b->kind == LF_GQL_LIST_TYPE ||
           b->kind == LF_GQL_NON_NULL_TYPE) {
        if (a->kind != b->kind)
            return true;
        a = a->of;
        b = b->of;
    }
    return (lf_gql_type_is_leaf(a) || lf_gql_type_is_leaf(b)) && a != b;
}

static void
add_conflict(struct state *s, struct conflicts *out, const struct conflict *conflict)
{
    if (!lf_gql_spend(s->v, MEMORY_WORK) || out->count >= s->v->errors->max) /* nobody would hear of more */
        return;
    struct conflict *items = lf_arena_grow(s->v->arena, out->items, out->count, &out->cap, sizeof(*items));
    if (items == NULL || conflict->reason == NULL) {
        lf_gql_out_of_memory(s->v);
        return;
    }
    out->items = items;
    items[out->count++] = *conflict;
}

static void
add_nodes(struct conflict *to, const struct conflict *from, int side)
{
    for (size_t i = 0; i < from->counts[side] && to->counts[side] < NODES_MAX; i++)
        to->nodes[side][to->counts[side]++] = from->nodes[side][i];
}

/* The conflicts of the fields below become the reason of the ones above. */
static void
merge_conflicts(struct state *s, struct conflict *conflict, const struct conflicts *below, struct conflicts *out)
{
    struct lf_buf reason;
    lf_buf_init(&reason, LF_GQL_TEXT_MAX);
    for (size_t i = 0; i < below->count && reason.failed == LF_OK; i++) {
        lf_buf_printf(&reason, "%ssubfields \"%.*s\" conflict because %s", i == 0 ? "" : " and ",
                      LF_FMT(below->items[i].key), below->items[i].reason);
        add_nodes(conflict, &below->items[i], 0);
        add_nodes(conflict, &below->items[i], 1);
    }
    conflict->reason = lf_gql_text_take(&reason, s->v->arena);
    add_conflict(s, out, conflict);
}

/* Why two fields cannot be one, or NULL. */
static const char *
find_difference(struct state *s, const struct use *a, const struct use *b, bool exclusive)
{
    struct lf_arena *arena = s->v->arena;
    const char *text = NULL;
    if (!exclusive && !lf_bytes_equal(a->node->name.text, b->node->name.text))
        text = lf_arena_printf(arena, "\"%.*s\" and \"%.*s\" are different fields", LF_FMT(a->node->name.text),
                               LF_FMT(b->node->name.text));
    else if (!exclusive && !same_arguments(s, a->node->args, a->node->arg_count, b->node->args, b->node->arg_count))
        text = "they have differing arguments";
    else if (a->def != NULL && b->def != NULL && types_conflict(a->def->type, b->def->type))
        text = lf_arena_printf(arena, "they return conflicting types \"%s\" and \"%s\"",
                               lf_gql_text_type(arena, a->def->type), lf_gql_text_type(arena, b->def->type));
    else
        return NULL;
    if (text == NULL)
        lf_gql_out_of_memory(s->v);
    return is_stopped(s) ? NULL : text;
}

static const struct lf_gql_type *
type_below(const struct use *use)
{
    const struct lf_gql_type *type = use->def != NULL ? lf_gql_type_named(use->def->type) : NULL;
    return type != NULL && lf_gql_type_is_composite(type) ? type : NULL;
}

/* One level deeper; false when that is too deep. */
static bool
descend(struct state *s)
{
    if (s->depth >= DEPTH_MAX) {
        lf_gql_spend(s->v, SIZE_MAX / 2);
        return false;
    }
    s->depth++;
    return true;
}

static void
find_conflict(struct state *s, bool exclusive, struct lf_bytes key, const struct use *a, const struct use *b,
              struct conflicts *out)
{
    struct conflict conflict = {.key = key, .nodes = {{a->node}, {b->node}}, .counts = {1, 1}};
    if (!lf_gql_spend(s->v, 2) || is_repetition(a, b))
        return;
    exclusive = exclusive || (a->parent != b->parent && a->parent != NULL && b->parent != NULL &&
                              a->parent->kind == LF_GQL_OBJECT_TYPE && b->parent->kind == LF_GQL_OBJECT_TYPE);
    conflict.reason = find_difference(s, a, b, exclusive);
    if (conflict.reason != NULL) {
        add_conflict(s, out, &conflict);
        return;
    }
    if (a->node->set.count == 0 || b->node->set.count == 0 || is_stopped(s) || !descend(s))
        return;
    struct conflicts below = {0};
    struct fields *fields_a = collect(s, &a->node->set, type_below(a));
    struct fields *fields_b = collect(s, &b->node->set, type_below(b));
    if (fields_a != NULL && fields_b != NULL)
        find_between_sets(s, exclusive, fields_a, fields_b, &below);
    if (below.count != 0 && !is_stopped(s))
        merge_conflicts(s, &conflict, &below, out);
    s->depth--;
}

/* --- sets and fragments --- */

static void
find_between(struct state *s, bool exclusive, const struct fields *a, const struct fields *b, struct conflicts *out)
{
    if (b->count == 0)
        return;
    for (size_t i = 0; i < a->count && lf_gql_spend(s->v, 1); i++) {
        const struct group *left = a->groups[i];
        const struct group *right = lf_gql_names_get(&b->by_key, left->key);
        for (size_t j = 0; right != NULL && j < left->count; j++) {
            for (size_t k = 0; k < right->count && !is_stopped(s); k++)
                find_conflict(s, exclusive, left->key, &left->uses[j], &right->uses[k], out);
        }
    }
}

static void
find_with_fragment(struct state *s, bool exclusive, struct fields *fields, struct lf_gql_facts *fragment,
                   struct conflicts *out)
{
    if (!lf_gql_spend(s->v, 1) || fields->count == 0 || compared_before(s, fields, fragment, exclusive))
        return;
    struct fields *other = collect_fragment(s, fragment);
    if (other == NULL || other == fields || !descend(s))
        return;
    find_between(s, exclusive, fields, other, out);
    for (size_t i = 0; i < other->fragment_count && !is_stopped(s); i++)
        find_with_fragment(s, exclusive, fields, other->fragments[i], out);
    s->depth--;
}

static void
find_between_fragments(struct state *s, bool exclusive, struct lf_gql_facts *a, struct lf_gql_facts *b,
                       struct conflicts *out)
{
    if (!lf_gql_spend(s->v, 2) || a == b)
        return;
    bool ordered = a < b; /* one entry for both orders */
    if (compared_before(s, ordered ? a : b, ordered ? b : a, exclusive))
        return;
    struct fields *fields_a = collect_fragment(s, a);
    struct fields *fields_b = collect_fragment(s, b);
    if (fields_a == NULL || fields_b == NULL || !descend(s))
        return;
    find_between(s, exclusive, fields_a, fields_b, out);
    for (size_t i = 0; i < fields_b->fragment_count && !is_stopped(s); i++)
        find_between_fragments(s, exclusive, a, fields_b->fragments[i], out);
    for (size_t i = 0; i < fields_a->fragment_count && !is_stopped(s); i++)
        find_between_fragments(s, exclusive, fields_a->fragments[i], b, out);
    s->depth--;
}

static void
find_between_sets(struct state *s, bool exclusive, struct fields *a, struct fields *b, struct conflicts *out)
{
    find_between(s, exclusive, a, b, out);
    for (size_t i = 0; i < b->fragment_count && !is_stopped(s); i++)
        find_with_fragment(s, exclusive, a, b->fragments[i], out);
    for (size_t i = 0; i < a->fragment_count && !is_stopped(s); i++)
        find_with_fragment(s, exclusive, b, a->fragments[i], out);
    for (size_t i = 0; i < a->fragment_count; i++) {
        for (size_t j = 0; j < b->fragment_count && !is_stopped(s); j++)
            find_between_fragments(s, exclusive, a->fragments[i], b->fragments[j], out);
    }
}

static void
find_within(struct state *s, const struct fields *fields, struct conflicts *out)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct group *group = fields->groups[i];
        for (size_t j = 0; j < group->count; j++) {
            for (size_t k = j + 1; k < group->count && !is_stopped(s); k++)
                find_conflict(s, false, group->key, &group->uses[j], &group->uses[k], out);
        }
    }
}

static void
report(struct state *s, const struct conflict *conflict)
{
    struct lf_gql_error *error =
        lf_gql_report(s->v, &conflict->nodes[0][0]->loc,
                      "Fields \"%.*s\" conflict because %s. Use different aliases on the fields to fetch both if this"
                      " was intentional.",
                      LF_FMT(conflict->key), conflict->reason);
    for (int side = 0; side < 2; side++) {
        for (size_t i = side == 0 ? 1 : 0; i < conflict->counts[side]; i++)
            lf_gql_error_add_loc(error, &conflict->nodes[side][i]->loc);
    }
}

static void
selection_set(struct lf_gql_validator *v, void *state, const struct lf_gql_selection_set *set)
{
    struct state *s = state;
    struct conflicts found = {0};
    if (set->count == 1 && set->items[0].kind != LF_GQL_INLINE)
        return;
    s->v = v;
    s->collected.arena = s->compared.arena = v->arena;
    struct fields *fields = collect(s, set, v->parent);
    if (fields == NULL)
        return;
    find_within(s, fields, &found);
    bool alone = fields->count == 0 && fields->fragment_count == 1;
    for (size_t i = 0; !alone && i < fields->fragment_count && !is_stopped(s); i++) {
        find_with_fragment(s, false, fields, fields->fragments[i], &found);
        for (size_t j = i + 1; j < fields->fragment_count && !is_stopped(s); j++)
            find_between_fragments(s, false, fields->fragments[i], fields->fragments[j], &found);
    }
    for (size_t i = 0; i < found.count && !v->stop; i++)
        report(s, &found.items[i]);
}

const struct lf_gql_rule lf_gql_rule_overlapping_fields_can_be_merged = {
    .name = "overlapping_fields_can_be_merged",
    .state_size = sizeof(struct state),
    .selection_set = selection_set,
};
