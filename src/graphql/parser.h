/* What the parts of the parser share: parse.c (core, values, types), parse_exec.c and parse_sdl.c. */
#ifndef LF_GRAPHQL_PARSER_H
#define LF_GRAPHQL_PARSER_H

#include "graphql/lexer.h"
#include "graphql/parse.h"

enum { LF_GQL_PARSER_FIRST = 4096 };

/*
 * Items of lists are collected on a stack and copied to the arena once their number is known: arrays of exactly the
 * right size, whatever the nesting. The stack's first part is on the caller's stack, the rest in the arena.
 */
struct lf_gql_parser {
    struct lf_gql_lexer lexer;
    struct lf_gql_token token; /* the next one, not yet consumed */
    struct lf_arena *arena;
    struct lf_gql_errors *errors;
    size_t depth;
    size_t depth_max;
    char *stack;
    size_t stack_used;
    size_t stack_cap;
    _Alignas(max_align_t) char first[LF_GQL_PARSER_FIRST];
};

/* All functions below return false when the parse has failed; the one error has been added then. */

bool lf_gql_parser_advance(struct lf_gql_parser *p);
static inline bool
lf_gql_parser_at(const struct lf_gql_parser *p, enum lf_gql_token_kind kind)
{
    return p->token.kind == kind;
}
bool lf_gql_parser_at_keyword(const struct lf_gql_parser *p, const char *keyword);
bool lf_gql_parser_expect(struct lf_gql_parser *p, enum lf_gql_token_kind kind);
bool lf_gql_parser_expect_keyword(struct lf_gql_parser *p, const char *keyword);
/* Consumes the token if it is there; *ret_found says so. */
bool lf_gql_parser_skip(struct lf_gql_parser *p, enum lf_gql_token_kind kind, bool *ret_found);
bool lf_gql_parser_name(struct lf_gql_parser *p, struct lf_gql_name *ret);

bool lf_gql_parser_unexpected(struct lf_gql_parser *p); /* the current token */
bool lf_gql_parser_fail(struct lf_gql_parser *p, const struct lf_gql_loc *loc, const char *fmt, ...) LF_PRINTF(3, 4);
bool lf_gql_parser_no_memory(struct lf_gql_parser *p);
/* One level deeper; parser_leave() comes back up. Failed parses need not. */
bool lf_gql_parser_enter(struct lf_gql_parser *p);
static inline void
lf_gql_parser_leave(struct lf_gql_parser *p)
{
    p->depth--;
}

bool lf_gql_parser_push(struct lf_gql_parser *p, const void *item, size_t size);
/* Moves what was pushed since the stack stood at mark to the arena; *ret_items stays as it is if there is nothing. */
bool lf_gql_parser_pop(struct lf_gql_parser *p, size_t mark, size_t item_size, void *ret_items, size_t *ret_count);

/* Parses one item into ret, which is zeroed. */
typedef bool lf_gql_item_fn(struct lf_gql_parser *p, void *ret);
enum { LF_GQL_ITEM_MAX = 256 }; /* bytes of the largest item */
/* open item+ close */
bool lf_gql_parser_many(struct lf_gql_parser *p, enum lf_gql_token_kind open, lf_gql_item_fn *item,
                        enum lf_gql_token_kind close, size_t item_size, void *ret_items, size_t *ret_count);
/* Nothing, or open item+ close */
bool lf_gql_parser_optional_many(struct lf_gql_parser *p, enum lf_gql_token_kind open, lf_gql_item_fn *item,
                                 enum lf_gql_token_kind close, size_t item_size, void *ret_items, size_t *ret_count);
/* delimiter? item (delimiter item)* */
bool lf_gql_parser_delimited(struct lf_gql_parser *p, enum lf_gql_token_kind delimiter, lf_gql_item_fn *item,
                             size_t item_size, void *ret_items, size_t *ret_count);

bool lf_gql_parser_value(struct lf_gql_parser *p, bool constant, const struct lf_gql_value_node **ret);
bool lf_gql_parser_type(struct lf_gql_parser *p, const struct lf_gql_type_ref **ret);
bool lf_gql_parser_arguments(struct lf_gql_parser *p, bool constant, const struct lf_gql_argument **ret_args,
                             size_t *ret_count);
bool lf_gql_parser_directives(struct lf_gql_parser *p, bool constant, struct lf_gql_directives *ret);
/* An optional description. */
bool lf_gql_parser_description(struct lf_gql_parser *p, struct lf_bytes *ret);
bool lf_gql_parser_operation_type(struct lf_gql_parser *p, enum lf_gql_operation_type *ret);

/* parse_exec.c and parse_sdl.c: the token is the definition's keyword (or a brace). */
bool lf_gql_parser_operation(struct lf_gql_parser *p, struct lf_gql_definition *def);
bool lf_gql_parser_fragment(struct lf_gql_parser *p, struct lf_gql_definition *def);
/* *ret_found is false if the keyword starts no type system definition; nothing is consumed then. */
bool lf_gql_parser_type_system(struct lf_gql_parser *p, struct lf_gql_definition *def, bool *ret_found);
bool lf_gql_parser_extension(struct lf_gql_parser *p, struct lf_gql_definition *def);

#endif
