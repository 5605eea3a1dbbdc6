/*
 * The executor: a queue of objects whose fields are to be executed, fed by completed values. Resolvers that finish at
 * once and those that finish later take the same way; nothing recurses with the depth of the response.
 */
#include "graphql/exec.h"
#include "graphql/text.h"
#include "graphql/values.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>

static const struct lf_value no_arguments = {.type = LF_V_OBJECT};

/* --- operations --- */

const struct lf_gql_definition *
lf_gql_find_operation(const struct lf_gql_document *document, struct lf_bytes name, struct lf_gql_errors *errors)
{
    static const char code[] = "GRAPHQL_VALIDATION_FAILED";
    const struct lf_gql_definition *found = NULL;
    for (size_t i = 0; i < document->count; i++) {
        const struct lf_gql_definition *definition = document->definitions[i];
        if (definition->kind != LF_GQL_DEF_OPERATION)
            continue;
        if (name.ptr == NULL && found != NULL) {
            lf_gql_errors_add(errors, code, NULL, "Must provide operation name if query contains multiple operations.");
            return NULL;
        }
        if (name.ptr == NULL)
            found = definition;
        else if (lf_bytes_equal(definition->name.text, name) && definition->name.text.ptr != NULL)
            return definition;
    }
    if (found == NULL && name.ptr != NULL)
        lf_gql_errors_add(errors, code, NULL, "Unknown operation named \"%.*s\".", LF_FMT(lf_gql_text_cut(name)));
    else if (found == NULL)
        lf_gql_errors_add(errors, code, NULL, "Must provide an operation.");
    return found;
}

const struct lf_gql_type *
lf_gql_root_type(const struct lf_gql_schema *schema, enum lf_gql_operation_type operation)
{
    switch (operation) {
    case LF_GQL_QUERY: return schema->query;
    case LF_GQL_MUTATION: return schema->mutation;
    case LF_GQL_SUBSCRIPTION: return schema->subscription;
    }
    return NULL;
}

/* --- fields --- */

static bool
coerce_arguments(struct lf_gql_exec *exec, const struct lf_gql_plan_field *field, const struct lf_gql_path *path,
                 struct lf_value *ret)
{
    const struct lf_gql_selection *node = field->nodes[0];
    return lf_gql_coerce_arguments(field->def->args, field->def->arg_count, node->args, node->arg_count, &node->loc,
                                   &exec->variables, exec->request.arena, path, ret, &exec->errors);
}

/* Arguments are the same for every object of a request. Large ones are kept, or a long list would multiply them. */
struct entry {
    const struct lf_gql_plan_field *field;
    struct lf_value args;
};

static struct lf_bytes
entry_key(const struct lf_gql_plan_field *const *field)
{
    return lf_bytes((const char *)field, sizeof(*field));
}

bool
lf_gql_exec_arguments(struct lf_gql_exec *exec, const struct lf_gql_plan_field *field, const struct lf_gql_path *path,
                      struct lf_value *ret)
{
    if (!field->has_large_args)
        return coerce_arguments(exec, field, path, ret);
    const struct entry *known = lf_gql_names_get(&exec->large_args, entry_key(&field));
    if (known != NULL) {
        *ret = known->args;
        return true;
    }
    if (!coerce_arguments(exec, field, path, ret))
        return false;
    struct entry *entry = lf_arena_alloc(exec->request.arena, sizeof(*entry));
    if (entry != NULL) {
        *entry = (struct entry){.field = field, .args = *ret};
        if (lf_gql_names_set(&exec->large_args, entry_key(&entry->field), entry))
            return true;
    }
    exec->errors.no_memory = true;
    return false;
}

/* What a resolver is given, in one piece. */
struct call {
    struct lf_gql_resolve_info info;
    struct lf_value args;
};

/* Path and coerced arguments; false when the slot has become null instead. */
static bool
prepare(struct lf_gql_slot *slot, struct lf_value *ret_args, const struct lf_gql_path **ret_path)
{
    *ret_args = no_arguments;
    *ret_path = lf_gql_slot_path(slot);
    if (*ret_path == NULL) {
        lf_gql_slot_report(slot, NULL, NULL);
        lf_gql_nullify(slot);
        return false;
    }
    if (slot->field->def->arg_count == 0 || lf_gql_exec_arguments(slot->exec, slot->field, *ret_path, ret_args))
        return true;
    lf_gql_nullify(slot);
    return false;
}

static void
call_resolver(struct lf_gql_slot *slot)
{
    struct lf_gql_exec *exec = slot->exec;
    const struct lf_gql_path *path;
    struct call *call = lf_arena_alloc(exec->request.arena, sizeof(*call));
    if (call == NULL) {
        lf_gql_slot_report(slot, NULL, NULL);
        lf_gql_nullify(slot);
        return;
    }
    if (!prepare(slot, &call->args, &path))
        return;
    call->info = (struct lf_gql_resolve_info){
        .exec = exec,
        .field = slot->field->def,
        .parent = slot->parent->object,
        .source = &slot->parent->value,
        .args = &call->args,
        .selection = slot->field->nodes[0],
        .path = path,
        .arena = exec->request.arena,
        .ctx = exec->request.ctx,
        .planned = slot->field,
    };
    exec->outstanding++;
    slot->field->def->resolve(slot, &call->info);
}

/* A field without a resolver: the member of its name. */
static void
take_member(struct lf_gql_slot *slot)
{
    static const struct lf_value absent = {.type = LF_V_NULL};
    struct lf_value args;
    const struct lf_gql_path *path;
    if (slot->field->def->arg_count != 0 && !prepare(slot, &args, &path))
        return;
    const struct lf_value *member = lf_value_get(&slot->parent->value, slot->field->def->name);
    lf_gql_complete(slot, member != NULL ? member : &absent);
}

static void
execute_field(struct lf_gql_slot *slot, struct lf_gql_plan_field *field)
{
    slot->field = field;
    slot->type = field->def->type;
    if (field->is_type_name) {
        slot->value = lf_value_string(slot->parent->object->name);
        slot->state = LF_GQL_SLOT_LEAF;
    } else if (field->def->resolve == NULL) {
        take_member(slot);
    } else {
        call_resolver(slot);
    }
}

static struct lf_gql_plan *
plan_of(struct lf_gql_slot *slot)
{
    struct lf_gql_exec *exec = slot->exec;
    struct lf_gql_plan *plan;
    size_t work = 0;
    if (slot == &exec->root)
        plan =
            lf_gql_plan_root(exec->plans, exec->operation, slot->object, &exec->variables, exec->request.arena, &work);
    else
        plan = lf_gql_plan_below(exec->plans, slot->field, slot->object, &exec->variables, exec->request.arena, &work);
    if (!lf_gql_exec_spend(slot, work))
        return NULL;
    if (plan == NULL) {
        lf_gql_slot_report(slot, NULL, NULL);
        lf_gql_nullify(slot);
    }
    return plan;
}

static bool
is_open(const struct lf_gql_slot *slot)
{
    return slot->state == LF_GQL_SLOT_OBJECT && !slot->dead;
}

/* ExecuteFields (section 6.3.3). */
static void
execute_object(struct lf_gql_slot *slot)
{
    struct lf_gql_plan *plan = plan_of(slot);
    if (plan == NULL || !lf_gql_slot_children(slot, plan->count))
        return;
    for (size_t i = 0; i < plan->count && is_open(slot); i++)
        execute_field(&slot->u.children[i], &plan->fields[i]);
}

/* The next root field of a mutation, when all before it is done; false at the end. */
static bool
execute_next_root(struct lf_gql_exec *exec)
{
    struct lf_gql_slot *root = &exec->root;
    if (!exec->serial || !is_open(root))
        return false;
    if (exec->root_plan == NULL) {
        exec->root_plan = plan_of(root);
        if (exec->root_plan == NULL || !lf_gql_slot_children(root, exec->root_plan->count))
            return false;
    }
    if (exec->next_root == exec->root_plan->count)
        return false;
    size_t i = exec->next_root++;
    execute_field(&root->u.children[i], &exec->root_plan->fields[i]);
    return true;
}

static struct lf_gql_slot *
take_queued(struct lf_gql_exec *exec)
{
    struct lf_gql_slot *slot = exec->queue;
    if (slot == NULL)
        return NULL;
    exec->queue = slot->u.next;
    if (exec->queue == NULL)
        exec->queue_end = &exec->queue;
    slot->u.next = NULL;
    return slot;
}

/* There was no memory for an error: the one kept for that says so. */
static void
report_no_memory(struct lf_gql_exec *exec)
{
    exec->spare = (struct lf_gql_error){.message = LF_LIT("Out of memory.")};
    *exec->errors.last = &exec->spare;
    exec->errors.last = &exec->spare.next;
    exec->errors.count++;
}

static void
finish(struct lf_gql_exec *exec)
{
    if (exec->errors.no_memory)
        report_no_memory(exec);
    exec->done(exec, exec->user); /* the exec may be gone after this */
}

/* Goes on until everything is done or waits for a resolver. */
static void
run(struct lf_gql_exec *exec)
{
    exec->running = true;
    do {
        for (struct lf_gql_slot *slot; (slot = take_queued(exec)) != NULL;) {
            if (is_open(slot))
                execute_object(slot);
        }
        if (exec->outstanding != 0) {
            exec->running = false;
            return;
        }
    } while (execute_next_root(exec));
    exec->running = false;
    finish(exec);
}

/* --- slots --- */

/* Takes the slot back from its resolver; false when nobody wants its result any more. */
static bool
take_back(struct lf_gql_slot *slot)
{
    LF_ASSERT(slot->state == LF_GQL_SLOT_WAITING && !slot->finished);
    slot->finished = true;
    slot->exec->outstanding--;
    return !slot->dead;
}

void
lf_gql_slot_value(struct lf_gql_slot *slot, struct lf_value value)
{
    struct lf_gql_exec *exec = slot->exec;
    if (take_back(slot))
        lf_gql_complete(slot, &value);
    if (!exec->running)
        run(exec);
}

static const char *
format(struct lf_arena *arena, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int need = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *text = need >= 0 ? lf_arena_alloc(arena, (size_t)need + 1) : NULL;
    if (text != NULL)
        vsnprintf(text, (size_t)need + 1, fmt, ap);
    return text;
}

void
lf_gql_slot_error(struct lf_gql_slot *slot, const char *code, struct lf_value extensions, const char *fmt, ...)
{
    struct lf_gql_exec *exec = slot->exec;
    if (take_back(slot)) {
        va_list ap;
        va_start(ap, fmt);
        struct lf_gql_error *error = lf_gql_slot_report(slot, code, format(exec->request.arena, fmt, ap));
        va_end(ap);
        if (error != NULL)
            error->extensions = extensions;
        lf_gql_nullify(slot);
    }
    if (!exec->running)
        run(exec);
}

/* --- the whole --- */

/* Coerces variables and finds the root type; false after a request error. */
static bool
start(struct lf_gql_exec *exec)
{
    static const char *const words[] = {"query", "mutation", "subscription"};
    const struct lf_gql_request *request = &exec->request;
    if (!lf_gql_coerce_variables(request->schema, exec->operation, &request->variables, request->arena,
                                 &exec->variables, &exec->errors))
        return false;
    exec->root.object = lf_gql_root_type(request->schema, exec->operation->operation);
    if (exec->root.object != NULL)
        return true;
    lf_gql_errors_add(&exec->errors, "GRAPHQL_VALIDATION_FAILED", &exec->operation->loc,
                      "Schema is not configured to execute %s operation.", words[exec->operation->operation]);
    return false;
}

struct lf_gql_exec *
lf_gql_exec_new(const struct lf_gql_request *request, const struct lf_gql_definition *operation)
{
    struct lf_gql_exec *exec = LF_ARENA_NEW(request->arena, struct lf_gql_exec);
    if (exec == NULL)
        return NULL;
    exec->request = *request;
    exec->operation = operation;
    exec->plans = request->plans;
    if (exec->plans == NULL)
        exec->plans = lf_gql_plans_new(request->arena, request->schema, request->document);
    if (exec->plans == NULL)
        return NULL;
    lf_gql_errors_init(&exec->errors, request->arena, LF_GQL_ERRORS_MAX);
    lf_gql_names_init(&exec->large_args, request->arena);
    exec->queue_end = &exec->queue;
    exec->root.exec = exec;
    exec->root.value = request->root;
    exec->has_data = start(exec);
    return exec;
}

bool
lf_gql_execute(const struct lf_gql_request *request, const struct lf_gql_definition *operation, lf_gql_done_fn *done,
               void *user)
{
    struct lf_gql_exec *exec = lf_gql_exec_new(request, operation);
    if (exec == NULL)
        return false;
    exec->done = done;
    exec->user = user;
    if (!exec->has_data) {
        finish(exec);
        return true;
    }
    exec->root.state = LF_GQL_SLOT_OBJECT;
    exec->serial = operation->operation == LF_GQL_MUTATION;
    if (!exec->serial) {
        *exec->queue_end = &exec->root;
        exec->queue_end = &exec->root.u.next;
    }
    run(exec);
    return true;
}

/* --- what resolvers ask --- */

/* The arguments of the directive; NULL in *ret_why if it is absent. */
bool
lf_gql_resolve_directive(const struct lf_gql_resolve_info *info, const char *name, struct lf_value *ret_args,
                         const char **ret_why)
{
    const struct lf_gql_directive *directive = lf_gql_find_directive(info->selection->directives, name);
    const struct lf_gql_directive_def *def = lf_map_get_text(&info->exec->request.schema->directives, name);
    struct lf_gql_errors errors;
    if (ret_why != NULL)
        *ret_why = NULL;
    if (directive == NULL || def == NULL)
        return false;
    lf_gql_errors_init(&errors, info->arena, 1);
    if (lf_gql_coerce_arguments(def->args, def->arg_count, directive->args, directive->arg_count, &directive->loc,
                                &info->exec->variables, info->arena, info->path, ret_args, &errors))
        return true;
    const char *why = errors.first != NULL ? lf_arena_text(info->arena, errors.first->message) : NULL;
    if (ret_why != NULL)
        *ret_why = why != NULL ? why : "Out of memory.";
    return false;
}

static bool
plan_selects(const struct lf_gql_resolve_info *info, const struct lf_gql_type *object, struct lf_bytes name)
{
    struct lf_gql_exec *exec = info->exec;
    size_t work = 0;
    const struct lf_gql_plan *plan =
        lf_gql_plan_below(exec->plans, info->planned, object, &exec->variables, info->arena, &work);
    if (plan == NULL) /* out of memory: then a look-up too many is no harm */
        return true;
    for (size_t i = 0; i < plan->count; i++) {
        if (lf_bytes_equal(plan->fields[i].def->name, name))
            return true;
    }
    return false;
}

bool
lf_gql_resolve_selects(const struct lf_gql_resolve_info *info, const char *field_name)
{
    const struct lf_gql_type *type = lf_gql_type_named(info->field->type);
    struct lf_bytes name = lf_bytes_of(field_name);
    if (type->kind == LF_GQL_OBJECT_TYPE)
        return plan_selects(info, type, name);
    for (size_t i = 0; i < type->possible_count; i++) {
        if (plan_selects(info, type->possible[i], name))
            return true;
    }
    return false;
}

bool
lf_gql_exec_has_data(const struct lf_gql_exec *exec)
{
    return exec->has_data;
}

const struct lf_gql_errors *
lf_gql_exec_errors(const struct lf_gql_exec *exec)
{
    return &exec->errors;
}

void *
lf_gql_exec_ctx(const struct lf_gql_exec *exec)
{
    return exec->request.ctx;
}
