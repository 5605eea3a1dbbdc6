/*
 * The type system (section 3): built from SDL documents, then read-only and shared between threads.
 * Knows nothing of events: applied directives stay in the tree for whoever gives them meaning, and every type and field
 * has a user pointer and a resolver for its owner to set before the schema is served.
 */
#ifndef LF_GRAPHQL_SCHEMA_H
#define LF_GRAPHQL_SCHEMA_H

#include "base/map.h"
#include "graphql/ast.h"
#include "graphql/error.h"
#include "json/value.h"

enum lf_gql_kind {
    LF_GQL_SCALAR_TYPE,
    LF_GQL_OBJECT_TYPE,
    LF_GQL_INTERFACE_TYPE,
    LF_GQL_UNION_TYPE,
    LF_GQL_ENUM_TYPE,
    LF_GQL_INPUT_TYPE,
    LF_GQL_LIST_TYPE,
    LF_GQL_NON_NULL_TYPE,
};

struct lf_gql_type;
struct lf_gql_field;
struct lf_gql_exec;
struct lf_gql_slot;
struct lf_gql_resolve_info; /* execute.h */

/*
 * Finds the value of a field. Must finish the slot exactly once with one of lf_gql_slot_value(), lf_gql_slot_error()
 * (execute.h), now or later, on the executor's thread.
 */
typedef void lf_gql_resolve_fn(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info);

/* The concrete type of a source value of an interface or union. NULL: the error is the field's. */
typedef const struct lf_gql_type *lf_gql_resolve_type_fn(const struct lf_gql_type *abstract,
                                                         const struct lf_value *source);

/* How a scalar reads input and writes results. On failure the functions return false and, if they like, a static or
 * arena text in *ret_why ("Int cannot represent non 32-bit signed integer value: 2147483648"). */
struct lf_gql_scalar_ops {
    const char *name;
    const char *description;
    const char *specified_by; /* URL or NULL */
    /* Input, from JSON variables and from literals converted to values (enum literals arrive as LF_V_ENUM). */
    bool (*coerce_input)(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why);
    /* Result. */
    bool (*serialize)(struct lf_arena *arena, const struct lf_value *in, struct lf_value *ret, const char **ret_why);
};
/*
 * The built-in five and DateTime, Date, Time, UUID, Decimal, BigInt, JSON; NULL if there is none of that name.
 *   DateTime, Date, Time   RFC 3339 (times with an offset), kept as given
 *   UUID                   in either case; lower case from then on
 *   Decimal                from a string or a number, digits as written; a string
 *   BigInt                 64 bits, from an integer or a string of digits; written as a number within +-(2^53 - 1),
 *                          where every reader gets it exactly, and as a string beyond
 *   JSON                   any value
 */
const struct lf_gql_scalar_ops *lf_gql_scalar_find(struct lf_bytes name);
/* All of them, ended by NULL. */
const struct lf_gql_scalar_ops *const *lf_gql_scalars(void);

struct lf_gql_input { /* argument or input field */
    struct lf_bytes name;
    struct lf_bytes description; /* ptr NULL: none */
    const struct lf_gql_type *type;
    bool has_default;
    uint8_t pass;                                    /* private to the builder */
    struct lf_value default_value;                   /* coerced */
    const struct lf_gql_value_node *default_literal; /* as written */
    struct lf_bytes deprecated;                      /* reason; ptr NULL: not deprecated */
    struct lf_gql_directives directives;
    struct lf_gql_loc loc;
    void *user;
};

struct lf_gql_field {
    struct lf_bytes name;
    struct lf_bytes description;
    struct lf_gql_input *args;
    size_t arg_count;
    const struct lf_gql_type *type;
    struct lf_bytes deprecated;
    struct lf_gql_directives directives;
    struct lf_gql_loc loc;
    lf_gql_resolve_fn *resolve; /* NULL: the member of that name of an LF_V_OBJECT source */
    void *user;
};

struct lf_gql_enum_value {
    struct lf_bytes name;
    struct lf_bytes description;
    struct lf_bytes deprecated;
    struct lf_gql_directives directives;
    struct lf_gql_loc loc;
};

struct lf_gql_type {
    enum lf_gql_kind kind;
    struct lf_bytes name; /* of named types */
    struct lf_bytes description;
    struct lf_gql_directives directives; /* of the definition and of its extensions */
    struct lf_gql_loc loc;
    bool unlisted; /* a built-in scalar that nothing refers to: introspection leaves it out (section 3.5) */
    const struct lf_gql_type *of; /* LIST, NON_NULL */
    /* OBJECT, INTERFACE */
    struct lf_gql_field *fields;
    size_t field_count;
    struct lf_map field_map; /* name -> struct lf_gql_field * */
    const struct lf_gql_type **interfaces;
    size_t interface_count;
    /* UNION members; for an INTERFACE the objects that implement it */
    const struct lf_gql_type **possible;
    size_t possible_count;
    lf_gql_resolve_type_fn *resolve_type; /* NULL: by the "__typename" member of the source */
    /* ENUM */
    struct lf_gql_enum_value *values;
    size_t value_count;
    struct lf_map value_map; /* name -> struct lf_gql_enum_value * */
    /* INPUT */
    struct lf_gql_input *inputs;
    size_t input_count;
    struct lf_map input_map; /* name -> struct lf_gql_input * */
    bool one_of;             /* @oneOf */
    /* SCALAR */
    const struct lf_gql_scalar_ops *scalar; /* NULL: any value passes as it is */
    struct lf_bytes specified_by;
    void *user;
};

struct lf_gql_directive_def {
    struct lf_bytes name;
    struct lf_bytes description;
    struct lf_gql_input *args;
    size_t arg_count;
    const char **locations; /* "FIELD", "OBJECT", … */
    size_t location_count;
    bool repeatable;
    bool hidden; /* not shown by introspection and not printed: for the server's own schema directives */
    struct lf_gql_loc loc;
};

struct lf_gql_schema {
    struct lf_arena arena; /* owns everything below */
    struct lf_bytes description;
    struct lf_gql_directives applied; /* directives of the schema definition and its extensions */
    struct lf_map types;      /* name -> struct lf_gql_type *, named types incl. built-in scalars and __Schema … */
    struct lf_map directives; /* name -> struct lf_gql_directive_def * */
    struct lf_gql_type *query;
    struct lf_gql_type *mutation;     /* NULL: none */
    struct lf_gql_type *subscription; /* NULL: none */
    struct lf_gql_type *meta;         /* its fields are the meta fields; not one of types */
};

/*
 * Builds a schema from documents taken together (definitions and extensions, section 3.3 and each "Type Validation").
 * All problems are added to errors, with their places; NULL if there were any. Built-in scalars, directives (@skip,
 * @include, @deprecated, @specifiedBy, @oneOf) and introspection types are added. The documents' trees and sources must
 * outlive the schema. A scalar of a name known to lf_gql_scalar_find() gets its ops. Free with lf_gql_schema_free().
 */
struct lf_gql_schema *lf_gql_schema_build(const struct lf_gql_document *const *documents, size_t count,
                                          struct lf_gql_errors *errors);
void lf_gql_schema_free(struct lf_gql_schema *schema);

struct lf_gql_type *lf_gql_schema_type(const struct lf_gql_schema *schema, struct lf_bytes name);
struct lf_gql_field *lf_gql_type_field(const struct lf_gql_type *type, struct lf_bytes name);
struct lf_gql_input *lf_gql_find_input(struct lf_gql_input *inputs, size_t count, struct lf_bytes name);
/* The innermost named type. */
const struct lf_gql_type *lf_gql_type_named(const struct lf_gql_type *type);
/* The type without one outer non-null. */
const struct lf_gql_type *lf_gql_type_nullable(const struct lf_gql_type *type);
bool lf_gql_type_is_input(const struct lf_gql_type *type);
bool lf_gql_type_is_output(const struct lf_gql_type *type);
bool lf_gql_type_is_leaf(const struct lf_gql_type *type);
bool lf_gql_type_is_composite(const struct lf_gql_type *type);
bool lf_gql_type_equal(const struct lf_gql_type *a, const struct lf_gql_type *b);
/* AreTypesCompatible / IsValidImplementation's covariance: may a value of sub stand where super is expected? */
bool lf_gql_type_is_subtype(const struct lf_gql_type *sub, const struct lf_gql_type *super);
/* Whether two composite types have a possible object type in common. */
bool lf_gql_types_overlap(const struct lf_gql_type *a, const struct lf_gql_type *b);
/* The object type is this type, or a member or implementer of it. */
bool lf_gql_type_includes(const struct lf_gql_type *type, const struct lf_gql_type *object);
/* Resolves a reference against the schema's types, making list and non-null wrappers in the schema's arena on demand
 * (only while the schema is not shared yet) or in the given arena. NULL if a name is unknown. */
const struct lf_gql_type *lf_gql_type_of_ref(const struct lf_gql_schema *schema, struct lf_arena *arena,
                                             const struct lf_gql_type_ref *ref);
/* Appends "[ID!]!". */
void lf_gql_type_write(struct lf_buf *out, const struct lf_gql_type *type);

/* Appends the schema as SDL, types in definition order, without built-in and hidden parts: what clients' tools get.
 * Applied directives other than @deprecated, @specifiedBy and @oneOf are not shown (as graphql-js's printSchema). */
void lf_gql_schema_print(struct lf_buf *out, const struct lf_gql_schema *schema);

/* For lf_gql_schema_build(): installs __schema, __type, __typename and the introspection types (section 4). */
enum lf_status lf_gql_introspection_install(struct lf_gql_schema *schema, struct lf_err *err);
/* The meta fields: __typename of any composite type; __schema and __type of the query type. NULL if name is none. */
const struct lf_gql_field *lf_gql_meta_field(const struct lf_gql_schema *schema, const struct lf_gql_type *parent,
                                             struct lf_bytes name);

#endif
