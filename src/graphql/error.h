/* GraphQL errors (section 7.1.2): results, collected in a list, not struct lf_err. Lists and texts live in an arena. */
#ifndef LF_GRAPHQL_ERROR_H
#define LF_GRAPHQL_ERROR_H

#include "base/buf.h"
#include "graphql/ast.h"
#include "json/value.h"

/* A step of a response path, innermost first; key.ptr NULL means a list index. */
struct lf_gql_path {
    const struct lf_gql_path *parent;
    struct lf_bytes key;
    size_t index;
};

enum { LF_GQL_ERROR_LOCS_MAX = 4 };

struct lf_gql_error {
    struct lf_gql_error *next;
    struct lf_bytes message;
    struct lf_gql_loc locs[LF_GQL_ERROR_LOCS_MAX];
    size_t loc_count;
    const struct lf_gql_path *path; /* NULL: none */
    const char *code;               /* extensions.code; static text; NULL: none */
    struct lf_value extensions;     /* further members of extensions: LF_V_OBJECT or LF_V_NULL */
};

struct lf_gql_errors {
    struct lf_arena *arena;
    struct lf_gql_error *first;
    struct lf_gql_error **last;
    size_t count;
    size_t max;     /* further ones are counted, not kept */
    bool no_memory; /* an error could not be kept */
};

void lf_gql_errors_init(struct lf_gql_errors *errors, struct lf_arena *arena, size_t max);
/* Adds an error with a formatted message; loc may be NULL. Returns it for more details, or NULL: it was not kept. */
struct lf_gql_error *lf_gql_errors_add(struct lf_gql_errors *errors, const char *code, const struct lf_gql_loc *loc,
                                       const char *fmt, ...) LF_PRINTF(4, 5);
void lf_gql_error_add_loc(struct lf_gql_error *error, const struct lf_gql_loc *loc); /* error may be NULL */

/* Appends the JSON array of errors: message, locations, path, extensions, in that order, absent ones left out. */
void lf_gql_errors_write(struct lf_buf *out, const struct lf_gql_errors *errors);
/* Appends "file:line:column: error: message\n" for each, in order of place: the form for schema files. */
void lf_gql_errors_print(struct lf_buf *out, const struct lf_gql_errors *errors);

#endif
