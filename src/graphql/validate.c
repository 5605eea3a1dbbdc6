/*
 * The walk. The document is walked twice: once to gather what fragments and operations refer to, once to apply the
 * rules. Recursion is bounded by the parser's depth; nothing here follows a fragment spread.
 */
#include "graphql/rules/rule.h"
#include "base/limits.h"

enum { WORK_MAX = 3000000 }; /* steps of searches over fragments and fields: some 300 ms */

static const struct lf_gql_rule *const all_rules[] = {
#define LF_GQL_RULE(name) &lf_gql_rule_##name,
#include "graphql/rules/rules.def"
#undef LF_GQL_RULE
};
enum { RULE_COUNT = sizeof(all_rules) / sizeof(*all_rules) };

/* --- what rules call --- */

struct lf_gql_error *
lf_gql_reported(struct lf_gql_validator *v, struct lf_gql_error *error)
{
    v->found++;
    if (v->errors->count >= v->errors->max || v->errors->no_memory)
        v->stop = true;
    return error;
}

void
lf_gql_out_of_memory(struct lf_gql_validator *v)
{
    if (!v->stop)
        lf_gql_reported(v, lf_gql_errors_add(v->errors, NULL, NULL, "Out of memory."));
    v->errors->no_memory = true;
    v->stop = true;
}

bool
lf_gql_spend(struct lf_gql_validator *v, size_t work)
{
    v->work += work;
    if (v->work <= WORK_MAX)
        return !v->stop;
    if (!v->stop)
        lf_gql_reported(v,
                        lf_gql_errors_add(v->errors, "TOO_COMPLEX", NULL,
                                          "The document is too complex: its fragments and fields overlap too often."));
    v->stop = true;
    return false;
}

const struct lf_gql_type *
lf_gql_ref_type(struct lf_gql_validator *v, const struct lf_gql_type_ref *ref)
{
    const struct lf_gql_type *type = lf_gql_type_of_ref(v->schema, v->arena, ref);
    if (type != NULL)
        return type;
    while (ref->kind != LF_GQL_REF_NAMED)
        ref = ref->of;
    if (lf_gql_schema_type(v->schema, ref->name.text) != NULL)
        lf_gql_out_of_memory(v);
    return NULL;
}

struct lf_gql_facts *
lf_gql_fragment_facts(const struct lf_gql_validator *v, struct lf_bytes name)
{
    return lf_gql_names_get_mut(&v->fragments, name);
}

static bool
reach_one(struct lf_gql_validator *v, struct lf_gql_facts *facts)
{
    struct lf_gql_reach *reach = &v->reach;
    if (facts == NULL || facts->seen == v->searches)
        return true;
    facts->seen = v->searches;
    struct lf_gql_facts **items = lf_arena_grow(v->arena, reach->items, reach->count, &v->reach_cap, sizeof(*items));
    if (items == NULL) {
        lf_gql_out_of_memory(v);
        return false;
    }
    reach->items = items;
    items[reach->count++] = facts;
    return true;
}

bool
lf_gql_reach(struct lf_gql_validator *v, struct lf_gql_facts *from, struct lf_gql_reach *ret)
{
    if (v->reach_from != from) {
        v->searches++;
        v->reach.count = 0;
        v->reach_from = NULL;
        if (!reach_one(v, from))
            return false;
        for (size_t i = 0; i < v->reach.count; i++) {
            const struct lf_gql_facts *facts = v->reach.items[i];
            if (!lf_gql_spend(v, facts->spread_count + facts->usage_count + 1))
                return false;
            for (size_t j = 0; j < facts->spread_count; j++) {
                if (!reach_one(v, lf_gql_fragment_facts(v, facts->spreads[j]->name.text)))
                    return false;
            }
        }
        v->reach_from = from;
    }
    *ret = v->reach;
    return true;
}

/* --- the walk --- */

#define CALL(v, slot, ...)                                                                                             \
    do {                                                                                                               \
        for (size_t rule_ = 0; rule_ < (v)->rule_count && !(v)->stop; rule_++) {                                       \
            if ((v)->rules[rule_]->slot != NULL)                                                                       \
                (v)->rules[rule_]->slot((v), (v)->states[rule_], __VA_ARGS__);                                         \
        }                                                                                                              \
    } while (0)

static const struct lf_gql_type *
input_type(const struct lf_gql_type *type)
{
    return type != NULL && lf_gql_type_is_input(type) ? type : NULL;
}

static const struct lf_gql_type *
composite_type(const struct lf_gql_type *type)
{
    return type != NULL && lf_gql_type_is_composite(type) ? type : NULL;
}

static void
gather_usage(struct lf_gql_validator *v, const struct lf_gql_value_node *node, bool has_default)
{
    struct lf_gql_facts *here = v->here;
    struct lf_gql_usage *usages =
        lf_arena_grow(v->arena, here->usages, here->usage_count, &here->usage_cap, sizeof(*usages));
    if (usages == NULL) {
        lf_gql_out_of_memory(v);
        return;
    }
    here->usages = usages;
    usages[here->usage_count++] =
        (struct lf_gql_usage){.node = node, .type = v->input, .parent = v->input_parent, .has_default = has_default};
}

static void
gather_spread(struct lf_gql_validator *v, const struct lf_gql_selection *spread)
{
    struct lf_gql_facts *here = v->here;
    const struct lf_gql_selection **spreads =
        lf_arena_grow(v->arena, here->spreads, here->spread_count, &here->spread_cap, sizeof(*spreads));
    if (spreads == NULL) {
        lf_gql_out_of_memory(v);
        return;
    }
    here->spreads = spreads;
    spreads[here->spread_count++] = spread;
}

static void walk_value(struct lf_gql_validator *v, const struct lf_gql_value_node *value, bool has_default);

/* The items of a list. Where no list is expected, nothing is known of them. */
static void
walk_list(struct lf_gql_validator *v, const struct lf_gql_value_node *list)
{
    const struct lf_gql_type *outer = v->input;
    const struct lf_gql_type *type = outer != NULL ? lf_gql_type_nullable(outer) : NULL;
    v->input_parent = outer;
    v->input = type != NULL && type->kind == LF_GQL_LIST_TYPE ? type->of : NULL;
    for (size_t i = 0; i < list->count && !v->stop; i++)
        walk_value(v, list->items[i], false);
    v->input = outer;
}

static void
walk_object(struct lf_gql_validator *v, const struct lf_gql_value_node *object)
{
    const struct lf_gql_type *outer = v->input;
    const struct lf_gql_type *type = outer != NULL ? lf_gql_type_named(outer) : NULL;
    bool known = type != NULL && type->kind == LF_GQL_INPUT_TYPE;
    for (size_t i = 0; i < object->count && !v->stop; i++) {
        const struct lf_gql_argument *field = &object->fields[i];
        const struct lf_gql_input *def = known ? lf_map_get(&type->input_map, field->name.text) : NULL;
        v->input_parent = known ? type : NULL;
        v->input = def != NULL ? def->type : NULL;
        CALL(v, object_field, field);
        walk_value(v, field->value, def != NULL && def->has_default);
    }
    v->input = outer;
}

static void
walk_value(struct lf_gql_validator *v, const struct lf_gql_value_node *value, bool has_default)
{
    const struct lf_gql_type *parent = v->input_parent;
    if (v->gathering && value->kind == LF_GQL_VARIABLE)
        gather_usage(v, value, has_default);
    CALL(v, value, value);
    if (value->kind == LF_GQL_LIST)
        walk_list(v, value);
    else if (value->kind == LF_GQL_OBJECT)
        walk_object(v, value);
    v->input_parent = parent;
}

static void
walk_arguments(struct lf_gql_validator *v, const struct lf_gql_argument *args, size_t count, struct lf_gql_input *defs,
               size_t def_count)
{
    CALL(v, arguments, args, count);
    for (size_t i = 0; i < count && !v->stop; i++) {
        v->argument = lf_gql_find_input(defs, def_count, args[i].name.text);
        v->input = v->argument != NULL ? input_type(v->argument->type) : NULL;
        v->input_parent = NULL;
        CALL(v, argument, &args[i]);
        walk_value(v, args[i].value, v->argument != NULL && v->argument->has_default);
    }
    v->argument = NULL;
    v->input = NULL;
}

static void
walk_directives(struct lf_gql_validator *v, const struct lf_gql_directives *directives, const char *location)
{
    if (directives->count == 0)
        return;
    CALL(v, directives, directives);
    for (size_t i = 0; i < directives->count && !v->stop; i++) {
        const struct lf_gql_directive *directive = &directives->items[i];
        const struct lf_gql_directive_def *def = lf_map_get(&v->schema->directives, directive->name.text);
        v->directive = def;
        v->in_directive = true;
        CALL(v, directive, directive, location);
        walk_arguments(v, directive->args, directive->arg_count, def != NULL ? def->args : NULL,
                       def != NULL ? def->arg_count : 0);
        CALL(v, leave_directive, directive);
        v->directive = NULL;
        v->in_directive = false;
    }
}

static void walk_selections(struct lf_gql_validator *v, const struct lf_gql_selection_set *set,
                            const struct lf_gql_type *parent);

static void
walk_field(struct lf_gql_validator *v, const struct lf_gql_selection *selection)
{
    const struct lf_gql_field *outer_field = v->field;
    const struct lf_gql_type *outer_type = v->type;
    const struct lf_gql_field *field = NULL;
    if (v->parent != NULL) {
        field = lf_gql_meta_field(v->schema, v->parent, selection->name.text);
        if (field == NULL)
            field = lf_gql_type_field(v->parent, selection->name.text);
    }
    v->field = field;
    v->type = field != NULL ? field->type : NULL;
    CALL(v, field, selection);
    walk_arguments(v, selection->args, selection->arg_count, field != NULL ? field->args : NULL,
                   field != NULL ? field->arg_count : 0);
    walk_directives(v, &selection->directives, "FIELD");
    if (selection->set.count != 0) {
        const struct lf_gql_type *parent = v->parent;
        v->parent = v->type != NULL ? composite_type(lf_gql_type_named(v->type)) : NULL;
        CALL(v, selection_set, &selection->set);
        walk_selections(v, &selection->set, v->parent);
        v->parent = parent;
    }
    CALL(v, leave_field, selection);
    v->field = outer_field;
    v->type = outer_type;
}

static void
walk_inline(struct lf_gql_validator *v, const struct lf_gql_selection *selection)
{
    const struct lf_gql_type *outer_type = v->type;
    bool conditional = selection->on.text.ptr != NULL;
    v->type = conditional ? lf_gql_schema_type(v->schema, selection->on.text) : v->parent;
    if (v->type != NULL && !lf_gql_type_is_output(v->type))
        v->type = NULL;
    CALL(v, inline_fragment, selection);
    if (conditional)
        CALL(v, type_name, &selection->on);
    walk_directives(v, &selection->directives, "INLINE_FRAGMENT");
    walk_selections(v, &selection->set, composite_type(v->type));
    v->type = outer_type;
}

static void
walk_selections(struct lf_gql_validator *v, const struct lf_gql_selection_set *set, const struct lf_gql_type *parent)
{
    const struct lf_gql_type *outer = v->parent;
    v->parent = parent;
    for (size_t i = 0; i < set->count && !v->stop; i++) {
        const struct lf_gql_selection *selection = &set->items[i];
        if (selection->kind == LF_GQL_FIELD) {
            walk_field(v, selection);
        } else if (selection->kind == LF_GQL_INLINE) {
            walk_inline(v, selection);
        } else {
            if (v->gathering)
                gather_spread(v, selection);
            CALL(v, spread, selection);
            walk_directives(v, &selection->directives, "FRAGMENT_SPREAD");
        }
    }
    v->parent = outer;
}

static void
walk_variable(struct lf_gql_validator *v, const struct lf_gql_variable_def *variable)
{
    const struct lf_gql_type_ref *ref = variable->type;
    v->input = input_type(lf_gql_ref_type(v, ref));
    v->input_parent = NULL;
    CALL(v, variable, variable);
    while (ref->kind != LF_GQL_REF_NAMED)
        ref = ref->of;
    CALL(v, type_name, &ref->name);
    if (variable->default_value != NULL)
        walk_value(v, variable->default_value, false);
    v->input = NULL;
    walk_directives(v, &variable->directives, "VARIABLE_DEFINITION");
}

static const struct lf_gql_type *
root_type(const struct lf_gql_schema *schema, enum lf_gql_operation_type operation)
{
    switch (operation) {
    case LF_GQL_QUERY: return schema->query;
    case LF_GQL_MUTATION: return schema->mutation;
    case LF_GQL_SUBSCRIPTION: return schema->subscription;
    }
    return NULL;
}

static void
walk_operation(struct lf_gql_validator *v, const struct lf_gql_definition *operation)
{
    static const char *const locations[] = {"QUERY", "MUTATION", "SUBSCRIPTION"};
    v->type = root_type(v->schema, operation->operation);
    v->parent = v->type;
    CALL(v, operation, operation);
    for (size_t i = 0; i < operation->variable_count && !v->stop; i++)
        walk_variable(v, &operation->variables[i]);
    walk_directives(v, &operation->directives, locations[operation->operation]);
    CALL(v, selection_set, &operation->set);
    walk_selections(v, &operation->set, v->type);
    CALL(v, leave_operation, operation);
}

static void
walk_fragment(struct lf_gql_validator *v, const struct lf_gql_definition *fragment)
{
    v->type = lf_gql_schema_type(v->schema, fragment->on.text);
    if (v->type != NULL && !lf_gql_type_is_output(v->type))
        v->type = NULL;
    v->parent = composite_type(v->type);
    CALL(v, fragment, fragment);
    CALL(v, type_name, &fragment->on);
    walk_directives(v, &fragment->directives, "FRAGMENT_DEFINITION");
    CALL(v, selection_set, &fragment->set);
    walk_selections(v, &fragment->set, v->parent);
}

static void
walk_document(struct lf_gql_validator *v)
{
    for (size_t i = 0; i < v->rule_count && !v->stop; i++) {
        if (v->rules[i]->document != NULL)
            v->rules[i]->document(v, v->states[i]);
    }
    for (size_t i = 0; i < v->document->count && !v->stop; i++) {
        const struct lf_gql_definition *definition = v->document->definitions[i];
        v->here = &v->facts[i];
        v->field = NULL;
        if (definition->kind == LF_GQL_DEF_OPERATION)
            walk_operation(v, definition);
        else if (definition->kind == LF_GQL_DEF_FRAGMENT)
            walk_fragment(v, definition);
    }
    for (size_t i = 0; i < v->rule_count && !v->stop; i++) {
        if (v->rules[i]->leave_document != NULL)
            v->rules[i]->leave_document(v, v->states[i]);
    }
}

/* --- set-up --- */

static bool
make_facts(struct lf_gql_validator *v)
{
    lf_gql_names_init(&v->fragments, v->arena);
    v->facts = LF_ARENA_ARRAY(v->arena, struct lf_gql_facts, v->document->count);
    if (v->facts == NULL)
        return false;
    for (size_t i = 0; i < v->document->count; i++) {
        const struct lf_gql_definition *definition = v->document->definitions[i];
        v->facts[i].definition = definition;
        if (definition->kind != LF_GQL_DEF_FRAGMENT)
            continue;
        v->facts[i].type = composite_type(lf_gql_schema_type(v->schema, definition->on.text));
        if (!lf_gql_names_set_mut(&v->fragments, definition->name.text, &v->facts[i]))
            return false;
    }
    return true;
}

static bool
make_states(struct lf_gql_validator *v)
{
    v->states = LF_ARENA_ARRAY(v->arena, void *, RULE_COUNT);
    for (size_t i = 0; v->states != NULL && i < RULE_COUNT; i++) {
        v->states[i] = lf_arena_calloc(v->arena, 1, all_rules[i]->state_size);
        if (v->states[i] == NULL)
            return false;
    }
    return v->states != NULL;
}

bool
lf_gql_validate(const struct lf_gql_schema *schema, const struct lf_gql_document *document, struct lf_arena *scratch,
                struct lf_gql_errors *errors)
{
    struct lf_gql_validator v = {
        .schema = schema, .document = document, .arena = scratch, .errors = errors, .rules = all_rules};
    if (!make_facts(&v) || !make_states(&v)) {
        lf_gql_out_of_memory(&v);
        return false;
    }
    v.gathering = true;
    walk_document(&v);
    v.gathering = false;
    v.rule_count = RULE_COUNT;
    walk_document(&v);
    return v.found == 0;
}
