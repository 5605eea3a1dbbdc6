/* @emits: which event a mutation makes, and what fills each of its fields. */
#include "model/compile.h"

/* One mutation while it is compiled. */
struct emitting {
    struct lf_compiler *c;
    const struct lf_gql_field_def *def;
    const struct lf_event_type *event;
    struct lf_draft *draft;
};

/* --- what it returns ---------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *type;
} receipt_fields[] = {
    {"success", "Boolean"}, {"eventId", "ID"},    {"eventType", "String"}, {"topic", "String"},
    {"partition", "Int"},   {"offset", "BigInt"}, {"time", "DateTime"},    {"status", "EventStatus"},
};

static bool
is_receipt_field(const struct lf_gql_field_def *field)
{
    const struct lf_gql_type_ref *type = field->type->kind == LF_GQL_REF_NON_NULL ? field->type->of : field->type;
    for (size_t i = 0; i < sizeof(receipt_fields) / sizeof(receipt_fields[0]); i++) {
        if (lf_bytes_equal_text(field->name.text, receipt_fields[i].name))
            return type->kind == LF_GQL_REF_NAMED && field->arg_count == 0 &&
                   lf_bytes_equal_text(type->name.text, receipt_fields[i].type);
    }
    return false;
}

static void
check_return_fields(struct lf_compiler *c, const struct lf_gql_field_def *def, const struct lf_decl *decl)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        if (!is_receipt_field(&decl->fields[i]))
            lf_compile_error(c, &decl->fields[i].name.loc,
                             "mutation \"%.*s\" returns \"%.*s\", whose \"%.*s\" is no field of Receipt: only success: "
                             "Boolean, eventId: ID, eventType: String, topic: String, partition: Int, offset: BigInt, "
                             "time: DateTime and status: EventStatus can be answered",
                             LF_FMT(def->name.text), LF_FMT(decl->name.text), LF_FMT(decl->fields[i].name.text));
    }
}

static void
check_return(struct lf_compiler *c, const struct lf_gql_field_def *def)
{
    const struct lf_gql_type_ref *type = def->type->kind == LF_GQL_REF_NON_NULL ? def->type->of : def->type;
    const struct lf_decl *decl = type->kind == LF_GQL_REF_NAMED ? lf_compile_decl(c, type->name.text) : NULL;
    if (type->kind == LF_GQL_REF_NAMED && lf_bytes_equal_text(type->name.text, "Receipt"))
        return;
    if (decl != NULL && decl->kind == LF_GQL_DEF_OBJECT && decl->role == LF_ROLE_PLAIN)
        check_return_fields(c, def, decl);
    else
        lf_compile_error(c, &def->type->loc,
                         "mutation \"%.*s\" returns %s, but what it has to tell is a receipt: write Receipt!, or an "
                         "object type with some of its fields",
                         LF_FMT(def->name.text), lf_gql_text_ref(c->arena, def->type));
}

/* --- what fills the event ----------------------------------------------------------------------------------------- */

/* Who filled an event field first. */
static const char *
filler_text(const struct emitting *e, const struct lf_field *arg, const struct lf_field *inner)
{
    if (inner == NULL)
        return lf_compile_printf(e->c, "argument \"%.*s\"", LF_FMT(arg->name));
    return lf_compile_printf(e->c, "\"%.*s\" of argument \"%.*s\"", LF_FMT(inner->name), LF_FMT(arg->name));
}

/* from is an argument, or (inner) a field of an input argument; may_be_null: what fills may be absent or null. */
static void
check_fill(const struct emitting *e, const struct lf_field *target, const struct lf_field *arg,
           const struct lf_field *inner)
{
    const struct lf_field *from = inner != NULL ? inner : arg;
    const bool may_be_null = !arg->non_null || (inner != NULL && !inner->non_null);
    if (target->generated != LF_GENERATED_NOT)
        lf_compile_error(e->c, &from->loc,
                         "%s would fill \"%.*s\" of \"%.*s\", which is @generated: remove one of the two",
                         filler_text(e, arg, inner), LF_FMT(target->name), LF_FMT(e->event->type_name));
    else if (!lf_compatible(from, target))
        lf_compile_error(e->c, &from->loc, "%s is %s, but fills \"%.*s\" of \"%.*s\", which is %s: use one type",
                         filler_text(e, arg, inner), lf_compile_type_text(e->c, from), LF_FMT(target->name),
                         LF_FMT(e->event->type_name), lf_compile_type_text(e->c, target));
    else if (target->non_null && may_be_null && from->type != LF_T_BROKEN)
        lf_compile_error(e->c, &from->loc, "%s may be null, but fills \"%.*s\" of \"%.*s\", which may not: %s",
                         filler_text(e, arg, inner), LF_FMT(target->name), LF_FMT(e->event->type_name),
                         from->non_null ? "make the argument non-null"
                                        : lf_compile_printf(e->c, "write %s!", lf_compile_type_text(e->c, from)));
}

static void
fill(const struct emitting *e, size_t target, size_t arg, size_t inner)
{
    struct lf_fill_source *source = &e->draft->sources[target];
    const struct lf_field *arg_field = &e->draft->args[arg];
    const struct lf_field *inner_field = inner != SIZE_MAX ? &arg_field->object->fields[inner] : NULL;
    if (source->arg != SIZE_MAX) {
        lf_compile_error(e->c, inner_field != NULL ? &inner_field->loc : &arg_field->loc,
                         "%s fills \"%.*s\" of \"%.*s\" a second time: remove one of the two",
                         filler_text(e, arg_field, inner_field), LF_FMT(e->event->fields[target].name),
                         LF_FMT(e->event->type_name));
        return;
    }
    *source = (struct lf_fill_source){arg, inner};
    check_fill(e, &e->event->fields[target], arg_field, inner_field);
}

static size_t
find_target(const struct emitting *e, struct lf_bytes name)
{
    const struct lf_field *field = lf_find_field(e->event->fields, e->event->field_count, name);
    return field != NULL ? (size_t)(field - e->event->fields) : SIZE_MAX;
}

/* A value that would be dropped in silence. */
static void
fills_nothing(const struct emitting *e, const struct lf_field *arg, const struct lf_field *inner)
{
    const struct lf_field *from = inner != NULL ? inner : arg;
    lf_compile_error(e->c, &from->loc,
                     "%s fills no field of event \"%.*s\": add the field to the event, or remove it%s",
                     filler_text(e, arg, inner), LF_FMT(e->event->type_name),
                     lf_compile_suggest_field(e->c, e->event->fields, e->event->field_count, from->name));
}

/* An input object that is no field of the event itself: its fields are. */
static void
spread(const struct emitting *e, size_t arg)
{
    const struct lf_field *field = &e->draft->args[arg];
    for (size_t i = 0; i < field->object->field_count; i++) {
        size_t target = find_target(e, field->object->fields[i].name);
        if (target != SIZE_MAX)
            fill(e, target, arg, i);
        else
            fills_nothing(e, field, &field->object->fields[i]);
    }
}

static void
fill_from_arguments(const struct emitting *e)
{
    size_t spread_arg = SIZE_MAX;
    for (size_t i = 0; i < e->draft->arg_count; i++) {
        const struct lf_field *arg = &e->draft->args[i];
        size_t target = find_target(e, arg->name);
        bool object = arg->type == LF_T_OBJECT && !arg->is_list && arg->object != NULL;
        if (target != SIZE_MAX) {
            fill(e, target, i, SIZE_MAX);
        } else if (object && spread_arg == SIZE_MAX) {
            spread_arg = i;
            spread(e, i);
        } else if (object) {
            lf_compile_error(e->c, &arg->loc,
                             "mutation \"%.*s\" has two input objects whose fields are the event's: make them one",
                             LF_FMT(e->def->name.text));
        } else if (arg->type != LF_T_BROKEN) {
            fills_nothing(e, arg, NULL);
        }
    }
}

static void
check_all_filled(const struct emitting *e)
{
    for (size_t i = 0; i < e->event->field_count; i++) {
        const struct lf_field *field = &e->event->fields[i];
        if (!field->non_null || field->generated != LF_GENERATED_NOT || e->draft->sources[i].arg != SIZE_MAX ||
            field->type == LF_T_BROKEN)
            continue;
        lf_compile_error(e->c, &e->def->name.loc,
                         "mutation \"%.*s\" leaves \"%.*s\" of event \"%.*s\" empty, which may not be null: add an "
                         "argument \"%.*s: %s\", or @generated to the event's field",
                         LF_FMT(e->def->name.text), LF_FMT(field->name), LF_FMT(e->event->type_name),
                         LF_FMT(field->name), lf_compile_type_text(e->c, field));
    }
}

/* --- one mutation ------------------------------------------------------------------------------------------------- */

static const char *
suggest_event(struct lf_compiler *c, struct lf_bytes name)
{
    struct lf_gql_suggest suggest;
    lf_gql_suggest_init(&suggest, name);
    for (size_t i = 0; i < c->model->event_count; i++)
        lf_gql_suggest_offer(&suggest, c->model->events[i].type_name);
    return lf_compile_hint(c, &suggest);
}

static const struct lf_event_type *
find_emitted(struct lf_compiler *c, const struct lf_gql_field_def *def)
{
    struct lf_bytes name;
    const struct lf_gql_directive *directive = lf_gql_find_directive(def->directives, "emits");
    if (directive == NULL) {
        lf_compile_error(c, &def->name.loc, "mutation \"%.*s\" makes no event: say which with @emits(event: \"…\")",
                         LF_FMT(def->name.text));
        return NULL;
    }
    if (!lf_compile_text_arg(directive, "event", &name))
        return NULL;
    const struct lf_decl *decl = lf_compile_decl(c, name);
    if (decl != NULL && decl->event != NULL)
        return decl->event;
    lf_compile_error(c, lf_compile_arg_loc(directive, "event"), "unknown event \"%.*s\": %s%s", LF_FMT(name),
                     decl != NULL ? "its type lacks @event" : "no type of that name has @event",
                     suggest_event(c, name));
    return NULL;
}

static void
compile_arguments(struct lf_compiler *c, const struct lf_gql_field_def *def, struct lf_draft *draft)
{
    draft->args = LF_COMPILE_ARRAY(c, struct lf_field, def->arg_count);
    draft->arg_count = draft->args != NULL ? def->arg_count : 0;
    for (size_t i = 0; i < draft->arg_count; i++) {
        const struct lf_field_source source = {def->args[i].name, def->args[i].type, def->args[i].directives};
        lf_compile_field(c, &source, true, &draft->args[i]);
        draft->args[i].has_default = def->args[i].default_value != NULL;
    }
}

static void
compile_mutation(struct lf_compiler *c, const struct lf_gql_field_def *def, struct lf_mutation *mutation,
                 struct lf_draft *draft)
{
    mutation->name = def->name.text;
    check_return(c, def);
    compile_arguments(c, def, draft);
    mutation->event = find_emitted(c, def);
    if (mutation->event == NULL)
        return;
    mutation->fill_count = mutation->event->field_count;
    mutation->fills = LF_COMPILE_ARRAY(c, struct lf_fill, mutation->fill_count);
    draft->sources = LF_COMPILE_ARRAY(c, struct lf_fill_source, mutation->fill_count);
    if (mutation->fills == NULL || draft->sources == NULL)
        return;
    for (size_t i = 0; i < mutation->fill_count; i++) {
        mutation->fills[i].target = i;
        draft->sources[i] = (struct lf_fill_source){SIZE_MAX, SIZE_MAX};
    }
    const struct emitting emitting = {c, def, mutation->event, draft};
    fill_from_arguments(&emitting);
    check_all_filled(&emitting);
}

void
lf_compile_mutations(struct lf_compiler *c)
{
    struct lf_model *model = c->model;
    const struct lf_decl *decl = lf_compile_decl(c, c->root_names[LF_GQL_MUTATION]);
    if (decl == NULL || decl->role != LF_ROLE_MUTATION)
        return;
    model->mutations = LF_COMPILE_ARRAY(c, struct lf_mutation, decl->field_count);
    c->drafts = LF_COMPILE_ARRAY(c, struct lf_draft, decl->field_count);
    if (model->mutations == NULL || c->drafts == NULL)
        return;
    for (size_t i = 0; i < decl->field_count; i++) {
        struct lf_mutation *mutation = &model->mutations[i];
        mutation->index = i;
        model->mutation_count = i + 1;
        compile_mutation(c, &decl->fields[i], mutation, &c->drafts[i]);
        enum lf_status st = lf_map_add(&model->mutation_map, mutation->name, mutation);
        if (st == LF_NO_MEMORY) /* a second field of one name is reported where the schema is built */
            lf_compile_no_memory(c);
    }
}
