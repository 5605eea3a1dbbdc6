/*
 * Execution (section 6). Resolvers may finish at once or later, on the executor's one thread; mutations' root fields
 * run one after the other. The response is a tree in the request's arena; nulls travel upwards as section 6.4.4 says.
 */
#ifndef LF_GRAPHQL_EXECUTE_H
#define LF_GRAPHQL_EXECUTE_H

#include "graphql/schema.h"

/* Values of one response, lists and objects included: beyond it the response is null with an error, TOO_COMPLEX. */
enum { LF_GQL_RESULT_NODES_MAX = 500000 };

struct lf_gql_exec;
struct lf_gql_plan_field;

/*
 * How a document is executed (which fields of which objects, in which order), worked out when first needed and kept for
 * further requests. Lives in arena; when that is full (max), what does not fit is worked out for each request. One
 * thread at a time. NULL out of memory.
 */
struct lf_gql_plans;
struct lf_gql_plans *lf_gql_plans_new(struct lf_arena *arena, const struct lf_gql_schema *schema,
                                      const struct lf_gql_document *document);

/* What a resolver sees. Valid until its slot is finished. */
struct lf_gql_resolve_info {
    struct lf_gql_exec *exec;
    const struct lf_gql_field *field;
    const struct lf_gql_type *parent;
    const struct lf_value *source;            /* the parent's value; the root value at the top */
    const struct lf_value *args;              /* coerced: LF_V_OBJECT */
    const struct lf_gql_selection *selection; /* the first of its nodes: directives of the caller's document */
    const struct lf_gql_path *path;
    struct lf_arena *arena;            /* the request's: values handed to the slot must live here or longer */
    void *ctx;                         /* the request's context */
    struct lf_gql_plan_field *planned; /* private to the executor */
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
    struct lf_gql_plans *plans; /* of this document (lf_gql_cached has them); NULL: worked out for this request alone */
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
 * lf_gql_exec_has_data() is false. The exec lives in request->arena: no free. Returns false only out of memory (done
 * is not called then). Resolvers are called without recursion: deep responses do not need a deep stack. done is called
 * when every slot is finished, those in parts of the response that have become null meanwhile included.
 */
bool lf_gql_execute(const struct lf_gql_request *request, const struct lf_gql_definition *operation,
                    lf_gql_done_fn *done, void *user);

/*
 * CreateSourceEventStream (section 6.2.3.1) as far as the language goes: coerces variables and arguments of the
 * subscription's one root field and fills *ret_info, with which the caller opens its stream (selection, arguments,
 * directives). False with errors: a request error. Each event of the stream is then executed by lf_gql_execute() with
 * a root value that has the event under the field's name, or that the field's resolver understands.
 */
bool lf_gql_subscribe(const struct lf_gql_request *request, const struct lf_gql_definition *operation,
                      struct lf_gql_resolve_info *ret_info, struct lf_gql_errors *errors);

/* After done: whether the response has a data member (not a request error), and how many errors. */
bool lf_gql_exec_has_data(const struct lf_gql_exec *exec);
const struct lf_gql_errors *lf_gql_exec_errors(const struct lf_gql_exec *exec);
/* Appends {"errors":[…],"data":…}; members in the order errors, data (a reader sees the trouble first). */
void lf_gql_exec_write(const struct lf_gql_exec *exec, struct lf_buf *out);
/* The context given in the request. */
void *lf_gql_exec_ctx(const struct lf_gql_exec *exec);

#endif
