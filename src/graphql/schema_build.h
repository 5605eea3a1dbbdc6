/* What the parts of the schema builder share. Private to schema_*.c. */
#ifndef LF_GRAPHQL_SCHEMA_BUILD_H
#define LF_GRAPHQL_SCHEMA_BUILD_H

#include "graphql/schema.h"

/* A named type and all that defines it. */
struct lf_gql_origin {
    struct lf_gql_type *type;
    const struct lf_gql_definition **defs; /* the definition, then its extensions */
    size_t count;
    size_t cap;
    bool used;     /* something refers to it */
    bool finite;   /* an input object of which a value can be written down */
    bool reported; /* part of a circle that has been reported */
};

struct lf_gql_builder {
    struct lf_gql_schema *schema;
    struct lf_arena *arena; /* the schema's */
    struct lf_gql_errors *errors;
    const struct lf_gql_document *const *documents; /* the built-in one first */
    size_t document_count;
    struct lf_gql_origin **origins; /* in definition order */
    size_t origin_count;
    size_t origin_cap;
    const struct lf_gql_definition **schema_defs;
    size_t schema_def_count;
    size_t schema_def_cap;
    bool no_memory;
};

/* An error at a place (NULL: none), with graphql-js's words. */
#define lf_gql_build_error(b, loc, ...)                                                                                \
    ((void)lf_gql_errors_add((b)->errors, "GRAPHQL_VALIDATION_FAILED", (loc), __VA_ARGS__))

/* schema_fill.c: fields, members and values of all types; directives; root types. */
void lf_gql_fill(struct lf_gql_builder *b);
/* schema_check.c: the rules of section 3. */
void lf_gql_check(struct lf_gql_builder *b);
/* schema_directives.c: applied directives are known, fit their place, and have right arguments. */
void lf_gql_check_directives(struct lf_gql_builder *b);
/* schema_circles.c: input objects have finite values; directives do not use themselves. */
void lf_gql_check_circles(struct lf_gql_builder *b);
/* schema_defaults.c: default values are coerced. */
void lf_gql_check_defaults(struct lf_gql_builder *b);

/* The origin of a named type. */
struct lf_gql_origin *lf_gql_origin_of(const struct lf_gql_type *type);
/* "<words>: <why>", or "<words> at <place inside the value>: <why>". */
void lf_gql_bad_value(struct lf_gql_builder *b, const struct lf_gql_loc *loc, const char *words, const char *why);
/* ` Did you mean the type …?` or "": names of the schema like this one. */
const char *lf_gql_suggest_types(struct lf_gql_builder *b, struct lf_bytes name);

#endif
