/* CompleteValue, and how nulls and errors travel (sections 6.4.3 and 6.4.4). */
#include "graphql/exec.h"
#include "graphql/text.h"

static const char OUT_OF_MEMORY[] = "Out of memory.";

const struct lf_gql_path *
lf_gql_slot_path(struct lf_gql_slot *slot)
{
    /* from the slot up to the nearest place whose path is known, then down again: no recursion, depth is unbounded */
    struct lf_gql_path *below = NULL;
    const struct lf_gql_path *innermost = slot->path;
    for (struct lf_gql_slot *at = slot; at->parent != NULL && at->path == NULL; at = at->parent) {
        struct lf_gql_path *path = LF_ARENA_NEW(slot->exec->request.arena, struct lf_gql_path);
        if (path == NULL) {
            for (; slot != at; slot = slot->parent) /* no half paths */
                slot->path = NULL;
            return NULL;
        }
        if (at->item) {
            path->index = at->index;
        } else {
            LF_ASSERT(at->field != NULL);
            path->key = at->field->key;
        }
        at->path = path;
        path->parent = at->parent->path;
        if (below != NULL)
            below->parent = path;
        else
            innermost = path;
        below = path;
    }
    return innermost;
}

struct lf_gql_error *
lf_gql_slot_report(struct lf_gql_slot *slot, const char *code, const char *message)
{
    struct lf_gql_exec *exec = slot->exec;
    const struct lf_gql_plan_field *field = slot->field;
    const struct lf_gql_loc *loc = field != NULL ? &field->nodes[0]->loc : &exec->operation->loc;
    struct lf_gql_error *error =
        lf_gql_errors_add(&exec->errors, code, loc, "%s", message != NULL ? message : OUT_OF_MEMORY);
    if (error == NULL)
        return NULL;
    for (size_t i = 1; field != NULL && i < field->node_count; i++)
        lf_gql_error_add_loc(error, &field->nodes[i]->loc);
    error->path = lf_gql_slot_path(slot);
    if (error->path == NULL && slot->parent != NULL)
        exec->errors.no_memory = true;
    return error;
}

/* Marks everything below the slot dead. Nothing is marked twice: what was cut off before has no children any more. */
static void
cut_off(struct lf_gql_slot *top)
{
    struct lf_gql_slot *at = top;
    for (;;) {
        if (at->count != 0) {
            at = at->u.children;
        } else {
            while (at != top && at + 1 == at->parent->u.children + at->parent->count)
                at = at->parent;
            if (at == top)
                break;
            at++;
        }
        at->dead = true;
    }
    top->count = 0;
}

void
lf_gql_nullify(struct lf_gql_slot *slot)
{
    cut_off(slot);
    slot->state = LF_GQL_SLOT_NULL;
    while (slot->type != NULL && slot->type->kind == LF_GQL_NON_NULL_TYPE && slot->parent != NULL) {
        slot = slot->parent;
        cut_off(slot);
        slot->state = LF_GQL_SLOT_NULL;
    }
}

static void
fail(struct lf_gql_slot *slot, const char *message)
{
    lf_gql_slot_report(slot, NULL, message);
    lf_gql_nullify(slot);
}

bool
lf_gql_exec_spend(struct lf_gql_slot *slot, size_t nodes)
{
    struct lf_gql_exec *exec = slot->exec;
    exec->nodes += nodes;
    if (exec->nodes <= LF_GQL_RESULT_NODES_MAX)
        return true;
    if (!exec->aborted) {
        exec->aborted = true;
        lf_gql_slot_report(slot, "TOO_COMPLEX", "The response has too many values.");
        lf_gql_nullify(&exec->root);
    }
    return false;
}

bool
lf_gql_slot_children(struct lf_gql_slot *slot, size_t count)
{
    if (count > LF_GQL_RESULT_NODES_MAX)
        count = LF_GQL_RESULT_NODES_MAX + 1;
    if (!lf_gql_exec_spend(slot, count))
        return false;
    slot->u.children = LF_ARENA_ARRAY(slot->exec->request.arena, struct lf_gql_slot, count);
    if (slot->u.children == NULL) {
        fail(slot, NULL);
        return false;
    }
    slot->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        slot->u.children[i].exec = slot->exec;
        slot->u.children[i].parent = slot;
    }
    return true;
}

/* "T.f" of the slot's field. */
static const char *
field_text(const struct lf_gql_slot *slot)
{
    const struct lf_gql_slot *object = slot->parent;
    while (object->state == LF_GQL_SLOT_LIST)
        object = object->parent;
    const char *text = lf_arena_printf(slot->exec->request.arena, "%.*s.%.*s", LF_FMT(object->object->name),
                                       LF_FMT(slot->field->def->name));
    return text != NULL ? text : "the field";
}

static void
complete_list(struct lf_gql_slot *slot, const struct lf_gql_type *type, const struct lf_value *value)
{
    if (value->type != LF_V_LIST) {
        fail(slot, lf_arena_printf(slot->exec->request.arena,
                                   "Expected Iterable, but did not find one for field \"%s\".", field_text(slot)));
        return;
    }
    slot->state = LF_GQL_SLOT_LIST;
    if (!lf_gql_slot_children(slot, value->count))
        return;
    for (uint32_t i = 0; i < value->count && slot->state == LF_GQL_SLOT_LIST && !slot->dead; i++) {
        struct lf_gql_slot *item = &slot->u.children[i];
        item->field = slot->field;
        item->type = type->of;
        item->item = true;
        item->index = i;
        lf_gql_complete(item, &value->u.items[i]); /* recursion as deep as the type has lists */
    }
}

static void
complete_enum(struct lf_gql_slot *slot, const struct lf_gql_type *type, const struct lf_value *value)
{
    struct lf_arena *arena = slot->exec->request.arena;
    const struct lf_gql_enum_value *found = NULL;
    if (value->type == LF_V_ENUM || value->type == LF_V_STRING)
        found = lf_map_get(&type->value_map, lf_value_text(value));
    if (found == NULL) {
        fail(slot, lf_arena_printf(arena, "Enum \"%.*s\" cannot represent value: %s", LF_FMT(type->name),
                                   lf_gql_text_value(arena, value)));
        return;
    }
    slot->value = lf_value_enum(found->name);
    slot->state = LF_GQL_SLOT_LEAF;
}

static void
complete_scalar(struct lf_gql_slot *slot, const struct lf_gql_type *type, const struct lf_value *value)
{
    struct lf_arena *arena = slot->exec->request.arena;
    const char *why = NULL;
    if (type->scalar == NULL && value->type == LF_V_OPAQUE) {
        fail(slot, lf_arena_printf(arena, "\"%.*s\" cannot represent this value.", LF_FMT(type->name)));
        return;
    }
    if (type->scalar == NULL) {
        slot->value = *value;
    } else if (!type->scalar->serialize(arena, value, &slot->value, &why)) {
        if (why == NULL)
            why = lf_arena_printf(arena, "%.*s cannot represent value: %s", LF_FMT(type->name),
                                  lf_gql_text_value(arena, value));
        fail(slot, why);
        return;
    }
    slot->state = LF_GQL_SLOT_LEAF;
}

static void
queue_object(struct lf_gql_slot *slot, const struct lf_gql_type *object, const struct lf_value *value)
{
    struct lf_gql_exec *exec = slot->exec;
    slot->state = LF_GQL_SLOT_OBJECT;
    slot->object = object;
    slot->value = *value;
    slot->u.next = NULL;
    *exec->queue_end = slot;
    exec->queue_end = &slot->u.next;
}

/* The object type of a value of an interface or union, or NULL after an error. */
static const struct lf_gql_type *
resolve_type(struct lf_gql_slot *slot, const struct lf_gql_type *type, const struct lf_value *value)
{
    const struct lf_gql_schema *schema = slot->exec->request.schema;
    struct lf_arena *arena = slot->exec->request.arena;
    const struct lf_gql_type *object = NULL;
    if (type->resolve_type != NULL) {
        object = type->resolve_type(type, value);
    } else {
        const struct lf_value *name = lf_value_get_text(value, "__typename");
        if (name != NULL && (name->type == LF_V_STRING || name->type == LF_V_ENUM))
            object = lf_gql_schema_type(schema, lf_value_text(name));
    }
    if (object == NULL || object->kind != LF_GQL_OBJECT_TYPE) {
        fail(slot, lf_arena_printf(arena,
                                   "Abstract type \"%.*s\" must resolve to an Object type at runtime for field \"%s\".",
                                   LF_FMT(type->name), field_text(slot)));
        return NULL;
    }
    if (!lf_gql_type_includes(type, object)) {
        fail(slot, lf_arena_printf(arena, "Runtime Object type \"%.*s\" is not a possible type for \"%.*s\".",
                                   LF_FMT(object->name), LF_FMT(type->name)));
        return NULL;
    }
    return object;
}

static void
complete_abstract(struct lf_gql_slot *slot, const struct lf_gql_type *type, const struct lf_value *value)
{
    const struct lf_gql_type *object = resolve_type(slot, type, value);
    if (object != NULL)
        queue_object(slot, object, value);
}

void
lf_gql_complete(struct lf_gql_slot *slot, const struct lf_value *value)
{
    const struct lf_gql_type *type = lf_gql_type_nullable(slot->type);
    if (value->type == LF_V_NULL) {
        if (type != slot->type)
            fail(slot, lf_arena_printf(slot->exec->request.arena, "Cannot return null for non-nullable field %s.",
                                       field_text(slot)));
        else
            slot->state = LF_GQL_SLOT_NULL;
        return;
    }
    switch (type->kind) {
    case LF_GQL_LIST_TYPE: complete_list(slot, type, value); break;
    case LF_GQL_ENUM_TYPE: complete_enum(slot, type, value); break;
    case LF_GQL_SCALAR_TYPE: complete_scalar(slot, type, value); break;
    case LF_GQL_OBJECT_TYPE: queue_object(slot, type, value); break;
    case LF_GQL_INTERFACE_TYPE:
    case LF_GQL_UNION_TYPE: complete_abstract(slot, type, value); break;
    default: fail(slot, "The field has no output type."); break;
    }
}
