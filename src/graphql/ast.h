/*
 * Syntax trees of GraphQL documents (September 2025, section 2 and appendix B). Nodes live in the arena given to the
 * parser and never change after it. Names and number texts point into the source text, which must outlive the tree.
 */
#ifndef LF_GRAPHQL_AST_H
#define LF_GRAPHQL_AST_H

#include "base/arena.h"

/* One text with a name for messages ("schema.graphql", "GraphQL request"). Several files make one document. */
struct lf_gql_source {
    const char *name;
    struct lf_bytes text;
};

/* Lines and columns count from 1; a column counts code points. */
struct lf_gql_loc {
    const struct lf_gql_source *source;
    uint32_t line;
    uint32_t column;
};

struct lf_gql_name {
    struct lf_bytes text; /* ptr NULL: absent */
    struct lf_gql_loc loc;
};

/* Type references: Named, [T], T! */
enum lf_gql_ref_kind { LF_GQL_REF_NAMED, LF_GQL_REF_LIST, LF_GQL_REF_NON_NULL };
struct lf_gql_type_ref {
    enum lf_gql_ref_kind kind;
    struct lf_gql_name name;          /* NAMED */
    const struct lf_gql_type_ref *of; /* LIST, NON_NULL */
    struct lf_gql_loc loc;
};

enum lf_gql_node_kind {
    LF_GQL_VARIABLE,
    LF_GQL_INT,
    LF_GQL_FLOAT,
    LF_GQL_STRING,
    LF_GQL_BOOLEAN,
    LF_GQL_NULL,
    LF_GQL_ENUM,
    LF_GQL_LIST,
    LF_GQL_OBJECT,
};
struct lf_gql_argument;
struct lf_gql_value_node {
    enum lf_gql_node_kind kind;
    bool boolean;         /* BOOLEAN */
    bool block;           /* STRING: written as a block string */
    struct lf_bytes text; /* VARIABLE and ENUM: name; INT and FLOAT: as written; STRING: its decoded value */
    size_t count;
    const struct lf_gql_value_node *const *items; /* LIST */
    const struct lf_gql_argument *fields;         /* OBJECT */
    struct lf_gql_loc loc;
};

/* name: value, in arguments and in object literals */
struct lf_gql_argument {
    struct lf_gql_name name;
    const struct lf_gql_value_node *value;
};

struct lf_gql_directive {
    struct lf_gql_name name;
    const struct lf_gql_argument *args;
    size_t arg_count;
    struct lf_gql_loc loc; /* of the @ */
};
struct lf_gql_directives {
    const struct lf_gql_directive *items;
    size_t count;
};

enum lf_gql_selection_kind { LF_GQL_FIELD, LF_GQL_SPREAD, LF_GQL_INLINE };
struct lf_gql_selection;
struct lf_gql_selection_set {
    const struct lf_gql_selection *items;
    size_t count;          /* 0: no selection set */
    struct lf_gql_loc loc; /* of the { */
};
struct lf_gql_selection {
    enum lf_gql_selection_kind kind;
    struct lf_gql_name alias; /* FIELD, may be absent */
    struct lf_gql_name name;  /* FIELD: field name; SPREAD: fragment name */
    struct lf_gql_name on;    /* INLINE: type condition, may be absent */
    const struct lf_gql_argument *args;
    size_t arg_count;
    struct lf_gql_directives directives;
    struct lf_gql_selection_set set; /* FIELD, INLINE */
    struct lf_gql_loc loc;
    void *cache; /* for the executor: what it has prepared for this selection */
};
/* The key of a field in the response: alias, or name. */
static inline struct lf_bytes
lf_gql_response_key(const struct lf_gql_selection *field)
{
    return field->alias.text.ptr != NULL ? field->alias.text : field->name.text;
}

struct lf_gql_variable_def {
    struct lf_gql_name name;
    const struct lf_gql_type_ref *type;
    const struct lf_gql_value_node *default_value; /* NULL: none */
    struct lf_gql_directives directives;
    struct lf_bytes description; /* ptr NULL: none */
    struct lf_gql_loc loc;
};

enum lf_gql_operation_type { LF_GQL_QUERY, LF_GQL_MUTATION, LF_GQL_SUBSCRIPTION };

/* Definitions of both worlds: executable ones first, then type system ones, then extensions. */
enum lf_gql_definition_kind {
    LF_GQL_DEF_OPERATION,
    LF_GQL_DEF_FRAGMENT,
    LF_GQL_DEF_SCHEMA,
    LF_GQL_DEF_SCALAR,
    LF_GQL_DEF_OBJECT,
    LF_GQL_DEF_INTERFACE,
    LF_GQL_DEF_UNION,
    LF_GQL_DEF_ENUM,
    LF_GQL_DEF_INPUT,
    LF_GQL_DEF_DIRECTIVE,
};

/* Arguments of fields and directives, and fields of input objects. */
struct lf_gql_input_def {
    struct lf_gql_name name;
    struct lf_bytes description;
    const struct lf_gql_type_ref *type;
    const struct lf_gql_value_node *default_value;
    struct lf_gql_directives directives;
};
struct lf_gql_field_def {
    struct lf_gql_name name;
    struct lf_bytes description;
    const struct lf_gql_input_def *args;
    size_t arg_count;
    const struct lf_gql_type_ref *type;
    struct lf_gql_directives directives;
};
struct lf_gql_enum_value_def {
    struct lf_gql_name name;
    struct lf_bytes description;
    struct lf_gql_directives directives;
};
struct lf_gql_root_def { /* query: Name, in schema { } */
    enum lf_gql_operation_type operation;
    struct lf_gql_name type;
};

struct lf_gql_definition {
    enum lf_gql_definition_kind kind;
    bool extend;                 /* extend type … */
    bool shorthand;              /* OPERATION written as { … } */
    struct lf_bytes description; /* ptr NULL: none */
    struct lf_gql_name name;     /* absent for anonymous operations and schema */
    struct lf_gql_directives directives;
    struct lf_gql_loc loc;
    /* OPERATION, FRAGMENT */
    enum lf_gql_operation_type operation;
    const struct lf_gql_variable_def *variables;
    size_t variable_count;
    struct lf_gql_name on; /* FRAGMENT: type condition */
    struct lf_gql_selection_set set;
    /* OBJECT, INTERFACE */
    const struct lf_gql_name *interfaces;
    size_t interface_count;
    const struct lf_gql_field_def *fields;
    size_t field_count;
    /* INPUT: fields; DIRECTIVE: arguments */
    const struct lf_gql_input_def *inputs;
    size_t input_count;
    /* UNION: member types; DIRECTIVE: locations */
    const struct lf_gql_name *names;
    size_t name_count;
    bool repeatable; /* DIRECTIVE */
    /* ENUM */
    const struct lf_gql_enum_value_def *values;
    size_t value_count;
    /* SCHEMA */
    const struct lf_gql_root_def *roots;
    size_t root_count;
};

struct lf_gql_document {
    struct lf_gql_definition *const *definitions;
    size_t count;
};

/* The directive of that name, or NULL. */
const struct lf_gql_directive *lf_gql_find_directive(struct lf_gql_directives directives, const char *name);
/* The value of an argument of a directive, or NULL. */
const struct lf_gql_value_node *lf_gql_directive_arg(const struct lf_gql_directive *directive, const char *name);

#endif
