/*
 * The inside of an execution: the response as a tree of slots. Private to execute.c, complete.c, response.c and
 * subscribe.c.
 */
#ifndef LF_GRAPHQL_EXEC_H
#define LF_GRAPHQL_EXEC_H

#include "graphql/plan.h"

enum lf_gql_slot_state {
    LF_GQL_SLOT_WAITING, /* for its resolver, or for its turn */
    LF_GQL_SLOT_NULL,
    LF_GQL_SLOT_LEAF,   /* value is written as it is */
    LF_GQL_SLOT_LIST,   /* children are the items */
    LF_GQL_SLOT_OBJECT, /* value is the source; children are the fields, once expanded */
};

/* A place in the response: a field of an object, an item of a list, or the root object. */
struct lf_gql_slot {
    struct lf_gql_exec *exec;
    struct lf_gql_slot *parent;      /* NULL: the root */
    struct lf_gql_plan_field *field; /* of an item: its list's; of the root: NULL */
    const struct lf_gql_type *type;  /* expected here; of the root: NULL */
    struct lf_value value;           /* LEAF, OBJECT, LIST */
    const struct lf_gql_path *path;  /* made when first asked for */
    union {
        struct lf_gql_slot *children; /* LIST; OBJECT once expanded */
        struct lf_gql_slot *next;     /* OBJECT in the queue */
    } u;
    const struct lf_gql_type *object; /* OBJECT: its type */
    uint32_t count;                   /* of children */
    uint32_t index;                   /* of an item */
    uint8_t state;                    /* enum lf_gql_slot_state */
    bool item;                        /* of a list */
    bool finished;                    /* by its resolver */
    bool dead;                        /* in a part of the response that has become null */
};

struct lf_gql_exec {
    struct lf_gql_request request;
    const struct lf_gql_definition *operation;
    struct lf_gql_plans *plans;
    struct lf_value variables;      /* coerced */
    struct lf_gql_names large_args; /* &entry.field -> struct entry (execute.c) */
    struct lf_gql_errors errors;
    struct lf_gql_error spare; /* for running out of memory */
    struct lf_gql_slot root;
    struct lf_gql_slot *queue; /* objects whose fields are not executed yet, first in first out */
    struct lf_gql_slot **queue_end;
    size_t outstanding;            /* slots that resolvers have not finished */
    size_t nodes;                  /* of the response, and selections looked at for it */
    struct lf_gql_plan *root_plan; /* mutations */
    size_t next_root;              /* mutations: root field whose turn is next */
    bool serial;
    bool running;
    bool aborted;
    bool has_data;
    lf_gql_done_fn *done;
    void *user;
};

/* execute.c */

/* An exec with coerced variables. NULL out of memory; without data (has_data false) when a request error was found. */
struct lf_gql_exec *lf_gql_exec_new(const struct lf_gql_request *request, const struct lf_gql_definition *operation);
/* The object type of an operation's root, or NULL. */
const struct lf_gql_type *lf_gql_root_type(const struct lf_gql_schema *schema, enum lf_gql_operation_type operation);
/* Coerces the arguments of a field. False after adding an error. */
bool lf_gql_exec_arguments(struct lf_gql_exec *exec, const struct lf_gql_plan_field *field,
                           const struct lf_gql_path *path, struct lf_value *ret);

/* complete.c */

/* CompleteValue (section 6.4.3): the slot is finished with this value, or becomes null with an error. */
void lf_gql_complete(struct lf_gql_slot *slot, const struct lf_value *value);
/* Makes the slot null, and what cannot be without it; an error has been added before. */
void lf_gql_nullify(struct lf_gql_slot *slot);
/* Adds an error at the slot's place; message in the arena, NULL: out of memory. */
struct lf_gql_error *lf_gql_slot_report(struct lf_gql_slot *slot, const char *code, const char *message);
/* The slot's path; NULL for the root, and out of memory. */
const struct lf_gql_path *lf_gql_slot_path(struct lf_gql_slot *slot);
/* Room for children, all waiting; false when that is too much for one response or for the memory (null by then). */
bool lf_gql_slot_children(struct lf_gql_slot *slot, size_t count);
/* Notes that the response needs so much more; false when it has become too much (the root is null by then). */
bool lf_gql_exec_spend(struct lf_gql_slot *slot, size_t nodes);

#endif
