/* What the parts of the printer share, and what the schema's printer takes from it. Private to the room. */
#ifndef LF_GRAPHQL_PRINT_H
#define LF_GRAPHQL_PRINT_H

#include "graphql/parse.h"

struct lf_gql_printer {
    struct lf_buf *out;
    unsigned indent;
};

void lf_gql_print_newline(struct lf_gql_printer *p);
/* print_string.c: a literal with quotes and escapes; as a block string; as whichever suits a description. */
void lf_gql_print_string(struct lf_buf *out, struct lf_bytes text);
void lf_gql_print_block_string(struct lf_gql_printer *p, struct lf_bytes text);
/* A description and a new line with that many indents; nothing if it is absent. */
void lf_gql_print_description(struct lf_buf *out, struct lf_bytes text, unsigned indent);

void lf_gql_print_node(struct lf_gql_printer *p, const struct lf_gql_value_node *value);
void lf_gql_print_directives(struct lf_gql_printer *p, struct lf_gql_directives directives);
/* print_sdl.c */
void lf_gql_print_type_system(struct lf_gql_printer *p, const struct lf_gql_definition *def);

/* Prints a list's items, separated by separator or, if lines, each on a line of its own. */
typedef void lf_gql_print_items_fn(struct lf_gql_printer *p, const void *items, size_t count, bool lines);
/* (a, b) on one line; one a line, indented by indent, if that line would hold a line end. Nothing for no items. */
void lf_gql_print_parenthesized(struct lf_gql_printer *p, lf_gql_print_items_fn *print, const void *items, size_t count,
                                unsigned indent);

#endif
