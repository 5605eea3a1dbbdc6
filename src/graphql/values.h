/* Coercion of input values (sections 3.x "Input Coercion", 6.1.2, 6.4.1). Pure. */
#ifndef LF_GRAPHQL_VALUES_H
#define LF_GRAPHQL_VALUES_H

#include "graphql/schema.h"

/* CoerceVariableValues: for each variable of the operation. given: LF_V_OBJECT or LF_V_NULL. *ret is an object with a
 * member for each variable that has a value. Adds errors with code BAD_USER_INPUT whose messages name the variable and
 * the path inside it (as graphql-js: `Variable "$x" got invalid value "a" at "x.y"; Int cannot represent …`). */
bool lf_gql_coerce_variables(const struct lf_gql_schema *schema, const struct lf_gql_definition *operation,
                             const struct lf_value *given, struct lf_arena *arena, struct lf_value *ret,
                             struct lf_gql_errors *errors);

/* CoerceArgumentValues for a field or directive. variables: coerced. *ret has a member for each argument with a value
 * (given or default). Errors carry path (may be NULL). */
bool lf_gql_coerce_arguments(const struct lf_gql_input *defs, size_t def_count, const struct lf_gql_argument *args,
                             size_t arg_count, const struct lf_gql_loc *loc, const struct lf_value *variables,
                             struct lf_arena *arena, const struct lf_gql_path *path, struct lf_value *ret,
                             struct lf_gql_errors *errors);

/* One value against an input type, from a value (JSON) or a literal. On failure *ret_why is an arena text that names
 * the place. A literal's variables must be in variables (NULL: none allowed). */
bool lf_gql_coerce_value(const struct lf_gql_type *type, const struct lf_value *in, struct lf_arena *arena,
                         struct lf_value *ret, const char **ret_why);
bool lf_gql_coerce_literal(const struct lf_gql_type *type, const struct lf_gql_value_node *literal,
                           const struct lf_value *variables, struct lf_arena *arena, struct lf_value *ret,
                           const char **ret_why);
/* A literal as an untyped value (enum values become LF_V_ENUM; variables LF_V_NULL): for schema directives. */
bool lf_gql_literal_value(const struct lf_gql_value_node *literal, struct lf_arena *arena, struct lf_value *ret);

#endif
