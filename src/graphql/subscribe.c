/* The start of a subscription: which stream its one root field asks for. */
#include "graphql/exec.h"

static bool
refuse(struct lf_gql_errors *errors, const struct lf_gql_definition *operation, const char *message)
{
    lf_gql_errors_add(errors, NULL, &operation->loc, "%s", message);
    return false;
}

/* Request errors of an exec, into the caller's list. */
static bool
hand_over(const struct lf_gql_exec *exec, struct lf_gql_errors *errors)
{
    for (const struct lf_gql_error *from = exec->errors.first; from != NULL; from = from->next) {
        struct lf_gql_error *to = lf_gql_errors_add(errors, from->code, from->loc_count != 0 ? &from->locs[0] : NULL,
                                                    "%.*s", LF_FMT(from->message));
        for (size_t i = 1; i < from->loc_count; i++)
            lf_gql_error_add_loc(to, &from->locs[i]);
        if (to != NULL)
            to->path = from->path;
    }
    if (exec->errors.no_memory)
        errors->no_memory = true;
    return false;
}

static bool
fill_info(struct lf_gql_exec *exec, struct lf_gql_plan_field *field, struct lf_gql_resolve_info *ret_info,
          struct lf_gql_errors *errors)
{
    struct lf_arena *arena = exec->request.arena;
    struct lf_gql_path *path = LF_ARENA_NEW(arena, struct lf_gql_path);
    struct lf_value *args = LF_ARENA_NEW(arena, struct lf_value);
    if (path == NULL || args == NULL)
        return refuse(errors, exec->operation, "Out of memory.");
    path->key = field->key;
    if (!lf_gql_exec_arguments(exec, field, path, args))
        return hand_over(exec, errors);
    *ret_info = (struct lf_gql_resolve_info){
        .exec = exec,
        .field = field->def,
        .parent = exec->root.object,
        .source = &exec->root.value,
        .args = args,
        .selection = field->nodes[0],
        .path = path,
        .arena = arena,
        .ctx = exec->request.ctx,
        .planned = field,
    };
    return true;
}

bool
lf_gql_subscribe(const struct lf_gql_request *request, const struct lf_gql_definition *operation,
                 struct lf_gql_resolve_info *ret_info, struct lf_gql_errors *errors)
{
    size_t work = 0;
    struct lf_gql_exec *exec = lf_gql_exec_new(request, operation);
    if (exec == NULL)
        return refuse(errors, operation, "Out of memory.");
    if (!exec->has_data)
        return hand_over(exec, errors);
    struct lf_gql_plan *plan =
        lf_gql_plan_root(exec->plans, operation, exec->root.object, &exec->variables, request->arena, &work);
    if (plan == NULL)
        return refuse(errors, operation, "Out of memory.");
    if (plan->count != 1) /* validation has let none pass */
        return refuse(errors, operation, "A subscription must select one top level field.");
    return fill_info(exec, &plan->fields[0], ret_info, errors);
}
