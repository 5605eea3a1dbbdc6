/* Source text -> tokens (section 2.1 and appendix B of the September 2025 specification). Private to the parser. */
#ifndef LF_GRAPHQL_LEXER_H
#define LF_GRAPHQL_LEXER_H

#include "graphql/ast.h"
#include "graphql/error.h"

enum lf_gql_token_kind {
    LF_GQL_T_EOF,
    LF_GQL_T_BANG,
    LF_GQL_T_DOLLAR,
    LF_GQL_T_AMP,
    LF_GQL_T_PAREN_L,
    LF_GQL_T_PAREN_R,
    LF_GQL_T_SPREAD,
    LF_GQL_T_COLON,
    LF_GQL_T_EQUALS,
    LF_GQL_T_AT,
    LF_GQL_T_BRACKET_L,
    LF_GQL_T_BRACKET_R,
    LF_GQL_T_BRACE_L,
    LF_GQL_T_PIPE,
    LF_GQL_T_BRACE_R,
    LF_GQL_T_NAME,
    LF_GQL_T_INT,
    LF_GQL_T_FLOAT,
    LF_GQL_T_STRING,
    LF_GQL_T_BLOCK_STRING,
};

struct lf_gql_token {
    enum lf_gql_token_kind kind;
    struct lf_bytes text; /* NAME, INT, FLOAT: as written; STRING, BLOCK_STRING: the decoded value */
    struct lf_gql_loc loc;
};

struct lf_gql_lexer {
    struct lf_arena *arena; /* for decoded strings */
    const struct lf_gql_source *source;
    struct lf_gql_errors *errors;
    const char *at;
    const char *end;
    const char *line_start;
    uint32_t line;
    uint32_t extra; /* continuation bytes of UTF-8 between line_start and at: bytes that are not columns */
    size_t tokens;
    size_t tokens_max; /* 0: no limit */
};

/* Starts at the beginning of source. False with an error if its text is not well-formed UTF-8 or too long to count. */
bool lf_gql_lexer_init(struct lf_gql_lexer *lx, struct lf_arena *arena, const struct lf_gql_source *source,
                       size_t tokens_max, struct lf_gql_errors *errors);
/* The next token. False with an error (or errors->no_memory) when there is none; do not call again then. */
bool lf_gql_lexer_next(struct lf_gql_lexer *lx, struct lf_gql_token *ret);

/* `Name "x"`, `"{"`, `<EOF>`: how messages name a token, and a kind of token. */
void lf_gql_token_describe(struct lf_buf *out, const struct lf_gql_token *token);
const char *lf_gql_token_kind_name(enum lf_gql_token_kind kind);

/* For strings.c: an error at a place in the source; always false. */
bool lf_gql_lexer_fail(struct lf_gql_lexer *lx, const char *at, const char *fmt, ...) LF_PRINTF(3, 4);
/* `"a"`, `'"'`, U+00E9 or <EOF> for what stands at a place of the source. */
enum { LF_GQL_SHOWN_MAX = 16 };
void lf_gql_lexer_show(const struct lf_gql_lexer *lx, const char *at, char ret[LF_GQL_SHOWN_MAX]);
/* strings.c: lx->at stands on the opening quote; afterwards behind the closing one. */
bool lf_gql_lexer_string(struct lf_gql_lexer *lx, struct lf_bytes *ret_value);
bool lf_gql_lexer_block_string(struct lf_gql_lexer *lx, struct lf_bytes *ret_value);

#endif
