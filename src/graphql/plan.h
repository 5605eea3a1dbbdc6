/*
 * Plans: for a set of selection sets and an object type, the fields to execute with their merged nodes (CollectFields
 * and CollectSubfields, section 6.3.2). A plan is made once an object type and field; private to the executor.
 */
#ifndef LF_GRAPHQL_PLAN_H
#define LF_GRAPHQL_PLAN_H

#include "graphql/execute.h"
#include "graphql/names.h"

struct lf_gql_plan;

struct lf_gql_plan_field {
    const struct lf_gql_field *def;
    struct lf_bytes key;                         /* in the response */
    struct lf_bytes quoted;                      /* "key": as it is written */
    const struct lf_gql_selection *const *nodes; /* all that merge into this field; at least one */
    size_t node_count;
    struct lf_gql_plan *below; /* what has been planned of its selection sets so far, an object type each */
    bool is_type_name;         /* __typename */
    bool has_large_args;       /* lists or objects: coerced once a request, not once an object */
    bool shared;               /* lives with the document, not with one request */
};

struct lf_gql_plan {
    struct lf_gql_plan *next; /* of the same field, another object type */
    const struct lf_gql_type *object;
    bool shared; /* as its fields */
    size_t count;
    struct lf_gql_plan_field fields[];
};

/* The plan of an operation's root, or of what is below a field for an object type. variables are the request's; memory
 * that is not kept with the document comes from its arena. *work grows by the selections looked at. NULL out of memory.
 */
struct lf_gql_plan *lf_gql_plan_root(struct lf_gql_plans *plans, const struct lf_gql_definition *operation,
                                     const struct lf_gql_type *object, const struct lf_value *variables,
                                     struct lf_arena *arena, size_t *work);
struct lf_gql_plan *lf_gql_plan_below(struct lf_gql_plans *plans, struct lf_gql_plan_field *field,
                                      const struct lf_gql_type *object, const struct lf_value *variables,
                                      struct lf_arena *arena, size_t *work);

#endif
