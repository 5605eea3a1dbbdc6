/* Parts of the printer that the schema's printer shares. Private to the room. */
#ifndef LF_GRAPHQL_PRINT_H
#define LF_GRAPHQL_PRINT_H

#include "base/buf.h"

/* A string literal with quotes and escapes. */
void lf_gql_print_string(struct lf_buf *out, struct lf_bytes text);
/* A description as a block string where it can be one, and a new line with that many indents. Nothing if absent. */
void lf_gql_print_description(struct lf_buf *out, struct lf_bytes text, int indent);

#endif
