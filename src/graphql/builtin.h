/* What every schema has without saying so: scalars, directives, the introspection types. Private to the room. */
#ifndef LF_GRAPHQL_BUILTIN_H
#define LF_GRAPHQL_BUILTIN_H

#include "graphql/schema.h"

/* Its definitions as SDL; also the type __Meta, whose fields are the meta fields (section 4.2, 4.3). */
extern const struct lf_gql_source lf_gql_builtin_source;
#define LF_GQL_META_TYPE "__Meta"

/* Whether a directive or type of that name is one of these. */
bool lf_gql_is_builtin_directive(struct lf_bytes name);
bool lf_gql_is_builtin_type(struct lf_bytes name);

#endif
