/*
 * What validation rules are made of: one walk over the document that knows the types (validate.c), and a table of
 * functions a rule, called at the nodes it asks for. Private to validate.c and rules/.
 */
#ifndef LF_GRAPHQL_RULES_RULE_H
#define LF_GRAPHQL_RULES_RULE_H

#include "graphql/names.h"
#include "graphql/text.h"
#include "graphql/validate.h"

/* A variable where it is used. */
struct lf_gql_usage {
    const struct lf_gql_value_node *node;
    const struct lf_gql_type *type;   /* expected there; NULL: unknown, an error reported elsewhere */
    const struct lf_gql_type *parent; /* the input object type whose field it fills, or NULL */
    bool has_default;                 /* the argument or input field has one */
};

/* What one operation or fragment refers to, gathered in a first walk. */
struct lf_gql_facts {
    const struct lf_gql_definition *definition;
    const struct lf_gql_type *type; /* of its selection set; NULL: not a composite type */
    struct lf_gql_usage *usages;
    size_t usage_count;
    size_t usage_cap;
    const struct lf_gql_selection **spreads; /* in order of the document */
    size_t spread_count;
    size_t spread_cap;
    size_t seen; /* number of the search that has been here */
};

/* The definitions that one reaches. */
struct lf_gql_reach {
    struct lf_gql_facts **items;
    size_t count;
};

struct lf_gql_rule;

struct lf_gql_validator {
    const struct lf_gql_schema *schema;
    const struct lf_gql_document *document;
    struct lf_arena *arena;
    struct lf_gql_errors *errors;
    bool stop;    /* enough errors, too complex, or out of memory */
    size_t found; /* errors */
    size_t work;  /* of searches whose cost is not linear */

    struct lf_gql_facts *facts;    /* one a definition of the document */
    struct lf_gql_names fragments; /* name -> struct lf_gql_facts *; the last of that name */
    size_t searches;
    bool gathering;
    struct lf_gql_facts *reach_from; /* whose reach is in reach */
    struct lf_gql_reach reach;
    size_t reach_cap;

    const struct lf_gql_rule *const *rules;
    void **states;
    size_t rule_count;

    /* Where the walk is. */
    struct lf_gql_facts *here;                    /* definition */
    const struct lf_gql_type *parent;             /* composite type of the selection set, or NULL */
    const struct lf_gql_field *field;             /* definition of the field, or NULL */
    const struct lf_gql_type *type;               /* output type of the field or fragment, or NULL */
    const struct lf_gql_directive_def *directive; /* in a directive: its definition, or NULL */
    bool in_directive;
    const struct lf_gql_input *argument;    /* in an argument: its definition, or NULL */
    const struct lf_gql_type *input;        /* expected of the value, or NULL */
    const struct lf_gql_type *input_parent; /* of the list or object around the value, or NULL */
};

/* Every member may be NULL. state is the rule's own: state_size zeroed bytes a validation. */
struct lf_gql_rule {
    const char *name;
    size_t state_size;
    void (*document)(struct lf_gql_validator *v, void *state);
    void (*operation)(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation);
    void (*leave_operation)(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *operation);
    void (*fragment)(struct lf_gql_validator *v, void *state, const struct lf_gql_definition *fragment);
    void (*leave_document)(struct lf_gql_validator *v, void *state);
    void (*variable)(struct lf_gql_validator *v, void *state, const struct lf_gql_variable_def *variable);
    /* A named type in a type reference or type condition. */
    void (*type_name)(struct lf_gql_validator *v, void *state, const struct lf_gql_name *name);
    /* Selection sets of operations, fields and fragment definitions (inline fragments belong to the one around). */
    void (*selection_set)(struct lf_gql_validator *v, void *state, const struct lf_gql_selection_set *set);
    void (*field)(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *field);
    void (*leave_field)(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *field);
    void (*spread)(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *spread);
    void (*inline_fragment)(struct lf_gql_validator *v, void *state, const struct lf_gql_selection *fragment);
    /* All directives of one node, and each; location as "FIELD". */
    void (*directives)(struct lf_gql_validator *v, void *state, const struct lf_gql_directives *directives);
    void (*directive)(struct lf_gql_validator *v, void *state, const struct lf_gql_directive *directive,
                      const char *location);
    void (*leave_directive)(struct lf_gql_validator *v, void *state, const struct lf_gql_directive *directive);
    /* All arguments of a field or directive, and each. */
    void (*arguments)(struct lf_gql_validator *v, void *state, const struct lf_gql_argument *args, size_t count);
    void (*argument)(struct lf_gql_validator *v, void *state, const struct lf_gql_argument *arg);
    /* Values of every kind, outer before inner; variables in them too. */
    void (*value)(struct lf_gql_validator *v, void *state, const struct lf_gql_value_node *value);
    void (*object_field)(struct lf_gql_validator *v, void *state, const struct lf_gql_argument *field);
};

#define LF_GQL_RULE(name) extern const struct lf_gql_rule lf_gql_rule_##name;
#include "graphql/rules/rules.def"
#undef LF_GQL_RULE

/* Adds an error; returns it for further places, or NULL. */
#define lf_gql_report(v, loc, ...)                                                                                     \
    lf_gql_reported((v), lf_gql_errors_add((v)->errors, "GRAPHQL_VALIDATION_FAILED", (loc), __VA_ARGS__))
struct lf_gql_error *lf_gql_reported(struct lf_gql_validator *v, struct lf_gql_error *error);
/* Stops the validation for lack of memory. */
void lf_gql_out_of_memory(struct lf_gql_validator *v);
/* Notes work of a search; false (and a TOO_COMPLEX error, once) when there has been too much of it. */
bool lf_gql_spend(struct lf_gql_validator *v, size_t work);

/* The type that a reference names, in the scratch arena. NULL: unknown, or out of memory (the walk stops). */
const struct lf_gql_type *lf_gql_ref_type(struct lf_gql_validator *v, const struct lf_gql_type_ref *ref);
/* What is known of a fragment, or NULL. */
struct lf_gql_facts *lf_gql_fragment_facts(const struct lf_gql_validator *v, struct lf_bytes name);

/* All definitions that a definition reaches through spreads, itself first, each once. Valid until the next call for
 * another definition. False when the validation has to stop. */
bool lf_gql_reach(struct lf_gql_validator *v, struct lf_gql_facts *from, struct lf_gql_reach *ret);

#endif
