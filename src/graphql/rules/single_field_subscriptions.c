/* Section 5.2.4.1: a subscription has one root field, which no condition may remove and which is no introspection. */
#include "graphql/rules/rule.h"

struct set_walk { /* a selection set on the way */
    const struct lf_gql_selection_set *set;
    size_t at;
};

struct collected {
    const struct lf_gql_selection **fields; /* in order */
    size_t field_count;
    size_t field_cap;
    const struct lf_gql_directive **conditions; /* @skip and @include */
    size_t condition_count;
    size_t condition_cap;
    struct set_walk *stack;
    size_t depth;
    size_t stack_cap;
};

static void
push(struct lf_gql_validator *v, struct collected *c, const struct lf_gql_selection_set *set)
{
    struct set_walk *stack = lf_arena_grow(v->arena, c->stack, c->depth, &c->stack_cap, sizeof(*stack));
    if (stack == NULL) {
        lf_gql_out_of_memory(v);
        return;
    }
    c->stack = stack;
    stack[c->depth++] = (struct set_walk){.set = set};
}

static void
add_field(struct lf_gql_validator *v, struct collected *c, const struct lf_gql_selection *field)
{
    const struct lf_gql_selection **fields =
        lf_arena_grow(v->arena, c->fields, c->field_count, &c->field_cap, sizeof(*fields));
    if (fields == NULL) {
        lf_gql_out_of_memory(v);
        return;
    }
    c->fields = fields;
    fields[c->field_count++] = field;
}

static bool
is_conditional(struct lf_gql_validator *v, struct collected *c, const struct lf_gql_selection *selection)
{
    const struct lf_gql_directive *directive = lf_gql_find_directive(selection->directives, "skip");
    if (directive == NULL)
        directive = lf_gql_find_directive(selection->directives, "include");
    if (directive == NULL)
        return false;
    const struct lf_gql_directive **conditions =
        lf_arena_grow(v->arena, c->conditions, c->condition_count, &c->condition_cap, sizeof(*conditions));
    if (conditions == NULL) {
        lf_gql_out_of_memory(v);
        return true;
    }
    c->conditions = conditions;
    conditions[c->condition_count++] = directive;
    return true;
}

static bool
applies(const struct lf_gql_validator *v, struct lf_bytes on)
{
    const struct lf_gql_type *type = lf_gql_schema_type(v->schema, on);
    return type != NULL && lf_gql_type_is_composite(type) && lf_gql_type_includes(type, v->schema->subscription);
}

static void
collect_one(struct lf_gql_validator *v, struct collected *c, const struct lf_gql_selection *selection)
{
    if (is_conditional(v, c, selection))
        return;
    if (selection->kind == LF_GQL_FIELD) {
        add_field(v, c, selection);
    } else if (selection->kind == LF_GQL_INLINE) {
        if (selection->on.text.ptr == NULL || applies(v, selection->on.text))
            push(v, c, &selection->set);
    } else {
        struct lf_gql_facts *facts = lf_gql_fragment_facts(v, selection->name.text);
        if (facts == NULL || facts->seen == v->searches || !applies(v, facts->definition->on.text))
            return;
        facts->seen = v->searches;
        push(v, c, &facts->definition->set);
    }
}

static void
collect(struct lf_gql_validator *v, struct collected *c, const struct lf_gql_selection_set *set)
{
    v->searches++;
    push(v, c, set);
    while (c->depth > 0 && !v->stop) {
        struct set_walk *top = &c->stack[c->depth - 1];
        if (top->at < top->set->count)
            collect_one(v, c, &top->set->items[top->at++]);
        else
            c->depth--;
    }
}

/* `Subscription "S"` or `Anonymous Subscription`. */
static const char *
title(struct lf_gql_validator *v, const struct lf_gql_definition *operation)
{
    if (operation->name.text.ptr == NULL)
        return "Anonymous Subscription";
    const char *text = lf_arena_printf(v->arena, "Subscription \"%.*s\"", LF_FMT(operation->name.text));
    return text != NULL ? text : "Subscription";
}

static void
check_fields(struct lf_gql_validator *v, const struct lf_gql_definition *operation, const struct collected *c)
{
    struct lf_gql_error *error = NULL;
    bool several = false;
    for (size_t i = 1; i < c->field_count; i++) {
        if (lf_bytes_equal(lf_gql_response_key(c->fields[i]), lf_gql_response_key(c->fields[0])))
            continue;
        if (!several)
            error =
                lf_gql_report(v, &c->fields[i]->loc, "%s must select only one top level field.", title(v, operation));
        else
            lf_gql_error_add_loc(error, &c->fields[i]->loc);
        several = true;
    }
    for (size_t i = 0; i < c->field_count && !v->stop; i++) {
        if (!lf_bytes_starts_with(c->fields[i]->name.text, LF_LIT("__")))
            continue;
        lf_gql_report(v, &c->fields[i]->loc, "%s must not select an introspection top level field.",
                      title(v, operation));
        break;
    }
}

static void
operation(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation)
{
    struct collected c = {0};
    (void)state;
    if (operation->operation != LF_GQL_SUBSCRIPTION || v->schema->subscription == NULL)
        return;
    collect(v, &c, &operation->set);
    if (v->stop)
        return;
    if (c.condition_count == 0) {
        check_fields(v, operation, &c);
        return;
    }
    struct lf_gql_error *error = lf_gql_report(
        v, &c.conditions[0]->loc, "%s must not use `@skip` or `@include` directives in the top level selection.",
        title(v, operation));
    for (size_t i = 1; i < c.condition_count; i++)
        lf_gql_error_add_loc(error, &c.conditions[i]->loc);
}

const struct lf_gql_rule lf_gql_rule_single_field_subscriptions = {
    .name = "single_field_subscriptions",
    .operation = operation,
};
