/* Text -> syntax tree, and back. Iterative where depth is the client's choice, or limited by it. */
#ifndef LF_GRAPHQL_PARSE_H
#define LF_GRAPHQL_PARSE_H

#include "graphql/ast.h"
#include "graphql/error.h"

struct lf_gql_limits {
    size_t tokens; /* 0: no limit */
    size_t depth;  /* nesting of selection sets, lists, objects, list types; 0: LF_GQL_DEPTH_MAX; at most 1000 */
};

/* Parses any document (executable and type system definitions) by the September 2025 grammar. Everything lives in
 * arena; source must outlive the tree. On a syntax error adds exactly one error, code GRAPHQL_PARSE_FAILED (limits:
 * code TOO_COMPLEX), and returns NULL. Messages as graphql-js: `Syntax Error: Expected Name, found "}".` */
struct lf_gql_document *lf_gql_parse(struct lf_arena *arena, const struct lf_gql_source *source,
                                     const struct lf_gql_limits *limits, struct lf_gql_errors *errors);
/* Parses one value literal with nothing after it (for defaults and tests). */
const struct lf_gql_value_node *lf_gql_parse_value(struct lf_arena *arena, const struct lf_gql_source *source,
                                                   struct lf_gql_errors *errors);
/* Parses one type reference ("[ID!]!"). */
const struct lf_gql_type_ref *lf_gql_parse_type(struct lf_arena *arena, const struct lf_gql_source *source,
                                                struct lf_gql_errors *errors);

/* Appends the document in the canonical layout of graphql-js's print(), without a line end behind it. Descriptions are
 * block strings wherever they can be. print(parse(print(x))) is print(x). */
void lf_gql_print(struct lf_buf *out, const struct lf_gql_document *document);
void lf_gql_print_value(struct lf_buf *out, const struct lf_gql_value_node *value);
void lf_gql_print_type_ref(struct lf_buf *out, const struct lf_gql_type_ref *ref);

#endif
