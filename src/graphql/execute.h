/*
 * Execution (section 6). Resolvers may finish at once or later, on the executor's one thread; mutations' root fields
 * run one after the other. The response is a tree in the request's arena; nulls travel upwards as section 6.4.4 says.
 */
#ifndef LF_GRAPHQL_EXECUTE_H
#define LF_GRAPHQL_EXECUTE_H

#include "graphql/schema.h"

struct lf_gql_exec;

/* What a resolver sees. Valid until its slot is finished. */
struct lf_gql_resolve_info {
    struct lf_gql_exec *exec;
    const struct lf_gql_field *field;
    const struct lf_gql_type *parent;
    const struct lf_value *source;            /* the parent's value; the root value at the top */
    const struct lf_value *args;              /* coerced: LF_V_OBJECT */
    const struct lf_gql_selection *selection; /* the first of its nodes: directives of the caller's document */
    const struct lf_gql_path *path;
    struct lf_arena *arena; /* the request's: values handed to the slot must live here or longer */
    void *ctx;              /* the request's context */
};
/* The coerced arguments of an executable directive on the field (@await, @asOf), with defaults; false if absent.
 * Errors in it (impossible after validation except for variables) finish nothing: *ret_why says why, if not NULL. */
bool lf_gql_resolve_directive(const struct lf_gql_resolve_info *info, const char *name, struct lf_value *ret_args,
                              const char **ret_why);
/* Whether the response selects a field of that name below this one (fragments included): spares a store look-up. */
bool lf_gql_resolve_selects(const struct lf_gql_resolve_info *info, const char *field_name);

/* Finish a slot: exactly one of these, exactly once, on the executor's thread. */
void lf_gql_slot_value(struct lf_gql_slot *slot, struct lf_value value);
/* code: static text for extensions.code; extensions: LF_V_OBJECT with more, or LF_V_NULL. */
void lf_gql_slot_error(struct lf_gql_slot *slot, const char *code, struct lf_value extensions, const char *fmt, ...)
    LF_PRINTF(4, 5);

struct lf_gql_request {
    const struct lf_gql_schema *schema;
    const struct lf_gql_document *document; /* parsed and validated */
    struct lf_bytes operation_name;         /* ptr NULL: none given */
    struct lf_value variables;              /* LF_V_OBJECT or LF_V_NULL, as received */
    struct lf_value root;                   /* source of the root fields */
    struct lf_arena *arena;                 /* lives until lf_gql_exec_write() has been called */
    void *ctx;
};

/* Called once, on the executor's thread, maybe before lf_gql_execute() returns: the response may be written now. */
typedef void lf_gql_done_fn(struct lf_gql_exec *exec, void *user);

/*
 * GetOperation: the operation the request names. NULL with an error (code GRAPHQL_VALIDATION_FAILED, "Must provide
 * operation name if query contains multiple operations." or "Unknown operation named …").
 */
const struct lf_gql_definition *lf_gql_find_operation(const struct lf_gql_document *document, struct lf_bytes name,
                                                      struct lf_gql_errors *errors);

/*
 * Runs the operation. Variables are coerced first; if that fails the response has errors and no data and
 * lf_gql_exec_has_data() is false. The exec lives in request->arena: no free. Returns false only out of memory (done is
 * not called then).
 */
bool lf_gql_execute(const struct lf_gql_request *request, const struct lf_gql_definition *operation,
                    lf_gql_done_fn *done, void *user);

/* After done: whether the response has a data member (not a request error), and how many errors. */
bool lf_gql_exec_has_data(const struct lf_gql_exec *exec);
const struct lf_gql_errors *lf_gql_exec_errors(const struct lf_gql_exec *exec);
/* Appends {"errors":[…],"data":…}; members in the order errors, data (a reader sees the trouble first). */
void lf_gql_exec_write(const struct lf_gql_exec *exec, struct lf_buf *out);
/* The context given in the request. */
void *lf_gql_exec_ctx(const struct lf_gql_exec *exec);

#endif
