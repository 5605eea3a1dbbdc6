/* @apply: the steps of the fold, type-checked. Without any for an event, fields of the same name are copied. */
#include "model/compile.h"

static const struct {
    const char *name;
    enum lf_apply_op op;
} ops[] = {
    {"set", LF_APPLY_SET},           {"value", LF_APPLY_VALUE},         {"add", LF_APPLY_ADD},
    {"subtract", LF_APPLY_SUBTRACT}, {"increment", LF_APPLY_INCREMENT}, {"append", LF_APPLY_APPEND},
    {"remove", LF_APPLY_REMOVE},     {"clear", LF_APPLY_CLEAR},
};

enum { OP_COUNT = sizeof(ops) / sizeof(ops[0]) };

/* What is known of an event while its steps are gathered. */
struct gathering {
    size_t cap;
    bool applied; /* some @apply names it */
};

/* One @apply while it is compiled. */
struct applying {
    struct lf_compiler *c;
    const struct lf_gql_directive *directive;
    const struct lf_field *target;
    const struct lf_event_type *event;
    const char *op_name;
};

static const struct lf_gql_loc *
op_loc(const struct applying *a)
{
    return lf_compile_arg_loc(a->directive, a->op_name);
}

/* --- one operation ------------------------------------------------------------------------------------------------ */

/* Whether a value of the event's field can be applied to the target so. */
static bool
fits(const struct applying *a, enum lf_apply_op op, const struct lf_field *source)
{
    const struct lf_field *target = a->target;
    if (target->type == LF_T_BROKEN || source->type == LF_T_BROKEN)
        return true;
    switch (op) {
    case LF_APPLY_SET: return lf_compatible(source, target);
    case LF_APPLY_ADD:
    case LF_APPLY_SUBTRACT:
        return !target->is_list && !source->is_list && lf_field_is_numeric(target) && lf_field_is_numeric(source) &&
               lf_compatible_item(source, target);
    default: return target->is_list && !source->is_list && lf_compatible_item(source, target);
    }
}

static const char *
needs(enum lf_apply_op op)
{
    switch (op) {
    case LF_APPLY_SET: return "both must be of one type";
    case LF_APPLY_ADD:
    case LF_APPLY_SUBTRACT: return "both must be numbers of one type (an Int may go into a Float, BigInt or Decimal)";
    default: return "the entity's field must be a list of what the event's field is";
    }
}

static void
compile_source(const struct applying *a, struct lf_apply_step *step)
{
    struct lf_bytes name;
    if (!lf_compile_text_arg(a->directive, a->op_name, &name))
        return;
    const struct lf_field *source = lf_find_field(a->event->fields, a->event->field_count, name);
    if (source == NULL) {
        lf_compile_error(a->c, op_loc(a), "@apply(%s:): event \"%.*s\" has no field \"%.*s\"%s", a->op_name,
                         LF_FMT(a->event->type_name), LF_FMT(name),
                         lf_compile_suggest_field(a->c, a->event->fields, a->event->field_count, name));
        return;
    }
    step->source = (size_t)(source - a->event->fields);
    if (!fits(a, step->op, source))
        lf_compile_error(a->c, op_loc(a), "@apply(%s:): \"%.*s\" (%s) cannot be applied to \"%.*s\" (%s): %s",
                         a->op_name, LF_FMT(name), lf_compile_type_text(a->c, source), LF_FMT(a->target->name),
                         lf_compile_type_text(a->c, a->target), needs(step->op));
}

static void
compile_increment(const struct applying *a, struct lf_apply_step *step)
{
    bool fine = a->target->type == LF_T_BROKEN || (!a->target->is_list && lf_field_is_numeric(a->target));
    (void)lf_compile_int_arg(a->directive, "increment", &step->increment);
    if (!fine)
        lf_compile_error(a->c, op_loc(a), "@apply(increment:) needs a number, but \"%.*s\" is %s",
                         LF_FMT(a->target->name), lf_compile_type_text(a->c, a->target));
    else if (a->target->type == LF_T_INT && (step->increment > INT32_MAX || step->increment < INT32_MIN))
        lf_compile_error(a->c, op_loc(a), "@apply(increment:) of \"%.*s\" is beyond the range of Int",
                         LF_FMT(a->target->name));
}

static void
compile_clear(const struct applying *a)
{
    bool clear;
    if (!lf_compile_bool_arg(a->directive, "clear", &clear))
        return;
    if (!clear)
        lf_compile_error(a->c, op_loc(a), "@apply(clear: false) says nothing: write clear: true, or another operation");
    else if (a->target->non_null && !a->target->is_list && a->target->type != LF_T_BROKEN)
        lf_compile_error(a->c, op_loc(a),
                         "@apply(clear:) would make \"%.*s\" null, but it is %s: use value:, or drop "
                         "the !",
                         LF_FMT(a->target->name), lf_compile_type_text(a->c, a->target));
}

static void
compile_value(const struct applying *a, struct lf_apply_step *step)
{
    const char *why;
    const struct lf_gql_value_node *node = lf_gql_directive_arg(a->directive, "value");
    if (node->kind != LF_GQL_VARIABLE && !lf_compile_literal(a->c, a->target, node, &step->value, &why))
        lf_compile_error(a->c, &node->loc, "@apply(value:) of \"%.*s\" (%s): %s", LF_FMT(a->target->name),
                         lf_compile_type_text(a->c, a->target), why);
}

static bool
is_given(const struct lf_gql_directive *directive, const char *name)
{
    const struct lf_gql_value_node *node = lf_gql_directive_arg(directive, name);
    return node != NULL && (node->kind != LF_GQL_NULL || lf_bytes_equal_text(lf_bytes_of(name), "value"));
}

/* Finds the one operation; reports none or several. */
static bool
find_op(struct applying *a, enum lf_apply_op *ret)
{
    size_t given = 0;
    for (size_t i = 0; i < OP_COUNT; i++) {
        if (!is_given(a->directive, ops[i].name))
            continue;
        given++;
        *ret = ops[i].op;
        a->op_name = ops[i].name;
    }
    if (given == 1)
        return true;
    lf_compile_error(a->c, &a->directive->loc,
                     "@apply needs exactly one of set, value, add, subtract, increment, append, remove and clear, has "
                     "%zu: write one @apply for each",
                     given);
    return false;
}

static void
compile_op(struct applying *a, struct lf_apply_step *step)
{
    if (!find_op(a, &step->op))
        return;
    switch (step->op) {
    case LF_APPLY_VALUE: compile_value(a, step); break;
    case LF_APPLY_INCREMENT: compile_increment(a, step); break;
    case LF_APPLY_CLEAR: compile_clear(a); break;
    default: compile_source(a, step); break;
    }
}

/* --- whose step? -------------------------------------------------------------------------------------------------- */

static const char *
suggest_event(struct lf_compiler *c, const struct lf_entity *entity, struct lf_bytes name)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, name);
    for (size_t i = 0; i < c->model->event_count; i++) {
        if (c->model->events[i].entity == entity)
            lf_gql_suggest_offer(&suggest, c->model->events[i].type_name);
    }
    return lf_compile_hint(c, &suggest);
}

/* The event that a @apply names, if it may change the entity. */
static struct lf_event_type *
find_event(struct lf_compiler *c, const struct lf_entity *entity, const struct lf_gql_directive *directive)
{
    struct lf_bytes name;
    if (!lf_compile_text_arg(directive, "event", &name))
        return NULL;
    const struct lf_gql_loc *loc = lf_compile_arg_loc(directive, "event");
    const struct lf_decl *decl = lf_compile_decl(c, name);
    if (decl == NULL || decl->event == NULL) {
        lf_compile_error(c, loc, "unknown event \"%.*s\": %s%s", LF_FMT(name),
                         decl != NULL ? "its type lacks @event" : "no type of that name has @event",
                         suggest_event(c, entity, name));
        return NULL;
    }
    struct lf_event_type *event = decl->event;
    if (event->entity == entity)
        return event;
    if (event->entity != NULL)
        lf_compile_error(c, loc,
                         "event \"%.*s\" is one of entity \"%.*s\" and cannot change \"%.*s\": use an event with "
                         "@event(entity: \"%.*s\")",
                         LF_FMT(name), LF_FMT(event->entity->name), LF_FMT(entity->name), LF_FMT(entity->name));
    else if (lf_gql_find_directive(decl->directives, "event") != NULL &&
             lf_gql_directive_arg(lf_gql_find_directive(decl->directives, "event"), "entity") == NULL)
        lf_compile_error(c, loc, "event \"%.*s\" changes no entity: add @event(entity: \"%.*s\")", LF_FMT(name),
                         LF_FMT(entity->name));
    return NULL;
}

static struct lf_apply_step *
add_step(struct lf_compiler *c, struct lf_event_type *event, struct gathering *gathering, size_t target)
{
    struct lf_apply_step *steps =
        lf_arena_grow(c->arena, event->steps, event->step_count, &gathering->cap, sizeof(*steps));
    if (steps == NULL) {
        lf_compile_no_memory(c);
        return NULL;
    }
    event->steps = steps;
    struct lf_apply_step *step = &steps[event->step_count++];
    *step = (struct lf_apply_step){.target = target, .source = SIZE_MAX};
    return step;
}

static void
compile_apply(struct lf_compiler *c, struct lf_entity *entity, size_t target, const struct lf_gql_directive *directive,
              struct gathering *gatherings)
{
    struct lf_event_type *event = find_event(c, entity, directive);
    if (event == NULL)
        return;
    struct gathering *gathering = &gatherings[event->index];
    gathering->applied = true;
    if (event->deletes) {
        lf_compile_error(c, &directive->loc, "event \"%.*s\" deletes the entity: there is nothing to apply to",
                         LF_FMT(event->type_name));
        return;
    }
    if (target == entity->key) {
        lf_compile_error(c, &directive->loc, "\"%.*s\" is the key, which never changes: remove @apply",
                         LF_FMT(entity->fields[target].name));
        return;
    }
    struct lf_apply_step *step = add_step(c, event, gathering, target);
    struct applying applying = {c, directive, &entity->fields[target], event, "event"};
    if (step != NULL)
        compile_op(&applying, step);
}

static void
gather_applies(struct lf_compiler *c, const struct lf_decl *decl, struct gathering *gatherings)
{
    for (size_t i = 0; i < decl->entity->field_count; i++) {
        const struct lf_gql_directives all = decl->fields[i].directives;
        for (size_t j = 0; j < all.count; j++) {
            if (lf_bytes_equal_text(all.items[j].name.text, "apply"))
                compile_apply(c, decl->entity, i, &all.items[j], gatherings);
        }
    }
}

/* The seed's update: every field of the entity that the event has as well. */
static void
copy_fields(struct lf_compiler *c, struct lf_event_type *event, struct gathering *gathering)
{
    for (size_t i = 0; i < event->entity->field_count; i++) {
        const struct lf_field *target = &event->entity->fields[i];
        const struct lf_field *source = lf_find_field(event->fields, event->field_count, target->name);
        if (source == NULL || i == event->entity->key)
            continue;
        struct lf_apply_step *step = add_step(c, event, gathering, i);
        if (step == NULL)
            return;
        step->op = LF_APPLY_COPY;
        step->source = (size_t)(source - event->fields);
        if (!lf_compatible(source, target))
            lf_compile_error(c, &source->loc,
                             "\"%.*s\" (%s) cannot be copied into \"%.*s\" of \"%.*s\" (%s): use one type, another "
                             "name, or say with @apply(event: \"%.*s\", …) how the entity changes",
                             LF_FMT(source->name), lf_compile_type_text(c, source), LF_FMT(target->name),
                             LF_FMT(event->entity->name), lf_compile_type_text(c, target), LF_FMT(event->type_name));
    }
}

/* --- can the entity come to be? ----------------------------------------------------------------------------------- */

static bool
is_ever_set(const struct lf_model *model, const struct lf_entity *entity, size_t field, bool *ret_any_event)
{
    for (size_t i = 0; i < model->event_count; i++) {
        const struct lf_event_type *event = &model->events[i];
        if (event->entity != entity || event->deletes)
            continue;
        *ret_any_event = true;
        for (size_t j = 0; j < event->step_count; j++) {
            if (event->steps[j].target == field)
                return true;
        }
    }
    return false;
}

/* A first event may still leave such a field null, which the fold refuses; but one that nothing sets is a mistake. */
static void
check_ever_set(struct lf_compiler *c, const struct lf_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct lf_field *field = &entity->fields[i];
        bool any_event = false;
        if (!field->non_null || field->has_initial || i == entity->key || field->type == LF_T_BROKEN ||
            is_ever_set(c->model, entity, i, &any_event) || !any_event)
            continue;
        lf_compile_error(c, &field->loc,
                         "\"%.*s\" of \"%.*s\" may not be null, but no event sets it: add @initial(value:), @apply, a "
                         "field of that name to an event, or drop the !",
                         LF_FMT(field->name), LF_FMT(entity->name));
    }
}

void
lf_compile_steps(struct lf_compiler *c)
{
    struct gathering *gatherings = LF_COMPILE_ARRAY(c, struct gathering, c->model->event_count);
    if (gatherings == NULL)
        return;
    size_t at = 0;
    for (const struct lf_decl *decl; (decl = lf_compile_next(c, &at)) != NULL;) {
        if (decl->entity != NULL)
            gather_applies(c, decl, gatherings);
    }
    for (size_t i = 0; i < c->model->event_count; i++) {
        struct lf_event_type *event = &c->model->events[i];
        if (event->entity != NULL && !event->deletes && !gatherings[i].applied)
            copy_fields(c, event, &gatherings[i]);
    }
    for (size_t i = 0; i < c->model->entity_count; i++)
        check_ever_set(c, &c->model->entities[i]);
}
