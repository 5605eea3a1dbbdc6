/* Section 5.3.1: a field is one of its type. */
#include "graphql/rules/rule.h"

/* Types below an abstract one that have the field, and interfaces that several of them share. */
struct candidate {
    const struct lf_gql_type *type;
    size_t uses;
};
struct candidates {
    struct candidate *items;
    size_t count;
    size_t cap;
};

static void
count_candidate(struct lf_gql_validator *v, struct candidates *c, const struct lf_gql_type *type)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].type == type) {
            c->items[i].uses++;
            return;
        }
    }
    struct candidate *items = lf_arena_grow(v->arena, c->items, c->count, &c->cap, sizeof(*items));
    if (items == NULL) {
        lf_gql_out_of_memory(v);
        return;
    }
    c->items = items;
    items[c->count++] = (struct candidate){.type = type, .uses = 1};
}

/* Most shared first, then super types, then by name. */
static bool
goes_before(const struct candidate *a, const struct candidate *b)
{
    if (a->uses != b->uses)
        return a->uses > b->uses;
    if (a->type->kind == LF_GQL_INTERFACE_TYPE && lf_gql_type_is_subtype(b->type, a->type))
        return true;
    if (b->type->kind == LF_GQL_INTERFACE_TYPE && lf_gql_type_is_subtype(a->type, b->type))
        return false;
    return lf_gql_natural_compare(a->type->name, b->type->name) < 0;
}

static void
collect_candidates(struct lf_gql_validator *v, struct candidates *c, struct lf_bytes name)
{
    for (size_t i = 0; i < v->parent->possible_count && !v->stop; i++) {
        const struct lf_gql_type *object = v->parent->possible[i];
        if (lf_gql_type_field(object, name) == NULL)
            continue;
        count_candidate(v, c, object);
        for (size_t j = 0; j < object->interface_count && !v->stop; j++) {
            if (lf_gql_type_field(object->interfaces[j], name) != NULL)
                count_candidate(v, c, object->interfaces[j]);
        }
    }
}

static const char *
suggest_types(struct lf_gql_validator *v, struct lf_bytes name)
{
    struct candidates c = {0};
    struct lf_bytes names[LF_GQL_SUGGESTIONS_MAX];
    size_t count = 0;
    if (v->parent->kind != LF_GQL_OBJECT_TYPE)
        collect_candidates(v, &c, name);
    for (; count < LF_GQL_SUGGESTIONS_MAX && count < c.count; count++) {
        size_t best = count;
        for (size_t i = count + 1; i < c.count; i++) {
            if (goes_before(&c.items[i], &c.items[best]))
                best = i;
        }
        struct candidate chosen = c.items[best];
        c.items[best] = c.items[count];
        c.items[count] = chosen;
        names[count] = chosen.type->name;
    }
    return lf_gql_did_you_mean(v->arena, "to use an inline fragment on", names, count);
}

static const char *
suggest_fields(struct lf_gql_validator *v, struct lf_bytes name)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, name);
    for (size_t i = 0; i < v->parent->field_count; i++) {
        if (!lf_bytes_starts_with(v->parent->fields[i].name, LF_LIT("__")))
            lf_gql_suggest_offer(&suggest, v->parent->fields[i].name);
    }
    return lf_gql_suggest_text(&suggest, v->arena, NULL);
}

static void
field(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *field)
{
    (void)state;
    if (v->parent == NULL || v->field != NULL)
        return;
    const char *hint = suggest_types(v, field->name.text);
    if (*hint == '\0')
        hint = suggest_fields(v, field->name.text);
    lf_gql_report(v, &field->loc, "Cannot query field \"%.*s\" on type \"%.*s\".%s", LF_FMT(field->name.text),
                  LF_FMT(v->parent->name), hint);
}

const struct lf_gql_rule lf_gql_rule_fields_on_correct_type = {
    .name = "fields_on_correct_type",
    .field = field,
};
