/* Tokens of .proto files. For the files of this folder. */
#ifndef LF_CODEC_PROTOBUF_LEXER_H
#define LF_CODEC_PROTOBUF_LEXER_H

#include "codec/protobuf/schema.h"

enum lf_proto_token_kind {
    LF_PROTO_TOKEN_END,
    LF_PROTO_TOKEN_NAME,
    LF_PROTO_TOKEN_INTEGER,
    LF_PROTO_TOKEN_FLOAT,
    LF_PROTO_TOKEN_STRING, /* text with its quotes */
    LF_PROTO_TOKEN_SYMBOL, /* one character */
};

struct lf_proto_token {
    enum lf_proto_token_kind kind;
    struct lf_bytes text; /* a view of the file */
    struct lf_proto_place place;
};

struct lf_proto_lexer {
    const struct lf_proto_file *file;
    const char *at;
    const char *end;
    struct lf_proto_place place; /* of at */
};

/* text must be well-formed UTF-8 and outlive the lexer. */
void lf_proto_lexer_init(struct lf_proto_lexer *lexer, const struct lf_proto_file *file, struct lf_bytes text);
/* The next token. LF_INVALID: a character that begins none, a comment or string without end. */
LF_NODISCARD enum lf_status lf_proto_lexer_next(struct lf_proto_lexer *lexer, struct lf_proto_token *ret,
                                                struct lf_err *err);

/* The value of an integer token (decimal, 0x…, 0…); false if it is none or does not fit. */
bool lf_proto_integer_of(struct lf_bytes text, uint64_t *ret);
/* The value of a float token (or of an integer token); false if it is none. */
bool lf_proto_float_of(struct lf_bytes text, double *ret);
/* Appends the bytes of a string token. False: an escape that there is not. */
bool lf_proto_unquote(struct lf_buf *out, struct lf_bytes text);

#endif
