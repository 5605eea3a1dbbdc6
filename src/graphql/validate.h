/* Validation (section 5): one rule a file under rules/, listed in rules.def. Pure; thread-safe on a shared schema. */
#ifndef LF_GRAPHQL_VALIDATE_H
#define LF_GRAPHQL_VALIDATE_H

#include "graphql/schema.h"

/* Applies every rule; adds errors with code GRAPHQL_VALIDATION_FAILED and graphql-js's messages; true if there were
 * none. Stops after errors->max. Time is bounded: about linear, with OverlappingFields limited by a comparison budget
 * (beyond it: TOO_COMPLEX). scratch may be reset afterwards. */
bool lf_gql_validate(const struct lf_gql_schema *schema, const struct lf_gql_document *document,
                     struct lf_arena *scratch, struct lf_gql_errors *errors);

#endif
