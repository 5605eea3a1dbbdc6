/* Reading .proto files: one token ahead, the first problem ends it. For the files of this folder. */
#ifndef LF_CODEC_PROTOBUF_PARSER_H
#define LF_CODEC_PROTOBUF_PARSER_H

#include "codec/protobuf/lexer.h"

/* The value of an option, or a default. */
struct lf_proto_constant {
    enum { LF_PROTO_C_NAME, LF_PROTO_C_INTEGER, LF_PROTO_C_FLOAT, LF_PROTO_C_STRING, LF_PROTO_C_AGGREGATE } kind;
    bool negative;
    struct lf_bytes text; /* as written; of strings the bytes, in the schema's arena */
    struct lf_proto_place place;
};

struct lf_proto_parser {
    struct lf_proto_schema *schema;
    struct lf_proto_file *file;
    struct lf_proto_lexer lexer;
    struct lf_proto_token token;
    unsigned depth; /* of messages */
    enum lf_status failed;
    struct lf_err *err;
};

/* Parses text into file, which is empty but for its name. */
LF_NODISCARD enum lf_status lf_proto_parse_file(struct lf_proto_schema *schema, struct lf_proto_file *file,
                                                struct lf_bytes text, struct lf_err *err);

/* --- what the files of the parser share: false is a failure, which p->failed and p->err tell ---------------------- */

/* Reports at place unless something has failed already; returns false. */
#define lf_proto_wrong(p, place, ...) lf_proto_parser_fail((p), (place), LF_INVALID, __VA_ARGS__)
bool lf_proto_parser_fail(struct lf_proto_parser *p, struct lf_proto_place place, enum lf_status status,
                          const char *fmt, ...) LF_PRINTF(4, 5);
bool lf_proto_parser_no_memory(struct lf_proto_parser *p);
bool lf_proto_advance(struct lf_proto_parser *p);
/* Whether the token is this name or symbol; the same, and past it. */
bool lf_proto_at(const struct lf_proto_parser *p, const char *text);
bool lf_proto_accept(struct lf_proto_parser *p, const char *text);
bool lf_proto_expect(struct lf_proto_parser *p, const char *text);
bool lf_proto_expect_name(struct lf_proto_parser *p, const char *what, struct lf_bytes *ret);
/* "a.b.C", with a leading point if that is allowed. */
bool lf_proto_expect_path(struct lf_proto_parser *p, bool rooted, struct lf_bytes *ret);
/* An integer of [min, max], with a minus sign if min is below zero. */
bool lf_proto_expect_integer(struct lf_proto_parser *p, int64_t min, int64_t max, int64_t *ret);
bool lf_proto_expect_string(struct lf_proto_parser *p, struct lf_bytes *ret);
/* Past a block in braces that is read over: a service, an extension. The token is its "{". */
bool lf_proto_skip_block(struct lf_proto_parser *p);

/* An option; sub is the second part of "features.x", "" otherwise; name is "" of options in parentheses. */
struct lf_proto_option {
    struct lf_bytes name;
    struct lf_bytes sub;
    struct lf_proto_place place;
    struct lf_proto_constant value;
};
typedef bool lf_proto_option_fn(struct lf_proto_parser *p, void *target, const struct lf_proto_option *option);
/* "NAME = VALUE ;" after the word option; "[NAME = VALUE, …]" if the token is "[". Each goes to take. */
bool lf_proto_parse_option(struct lf_proto_parser *p, lf_proto_option_fn *take, void *target);
bool lf_proto_parse_options(struct lf_proto_parser *p, lf_proto_option_fn *take, void *target);
/* Sets the feature if the option is one that matters. */
bool lf_proto_take_feature(struct lf_proto_parser *p, const struct lf_proto_option *option,
                           struct lf_proto_features *features);
bool lf_proto_option_bool(struct lf_proto_parser *p, const struct lf_proto_option *option, bool *ret);

/* Declarations, after their keyword. parent NULL: of the file. */
bool lf_proto_parse_message(struct lf_proto_parser *p, struct lf_proto_message *parent);
bool lf_proto_parse_enum(struct lf_proto_parser *p, struct lf_proto_message *parent);
/* The body of a message, from its "{". */
bool lf_proto_parse_body(struct lf_proto_parser *p, struct lf_proto_message *message);
/* An empty message of that name beside the others of its parent. */
struct lf_proto_message *lf_proto_add_message(struct lf_proto_parser *p, struct lf_proto_message *parent,
                                              struct lf_bytes name, struct lf_proto_place place);
/* A field, oneof or group of a message; the token is its first. oneof NULL: none. */
bool lf_proto_parse_field(struct lf_proto_parser *p, struct lf_proto_message *message, struct lf_proto_oneof *oneof);
bool lf_proto_parse_oneof(struct lf_proto_parser *p, struct lf_proto_message *message);
/* "reserved …;" and "extensions …;" after their keyword. */
bool lf_proto_parse_reserved(struct lf_proto_parser *p, struct lf_proto_reserved *reserved, int64_t min, int64_t max);
bool lf_proto_parse_extensions(struct lf_proto_parser *p, struct lf_proto_reserved *reserved);
/* "PARENT.NAME" in the schema's arena; name alone if parent is empty. ptr NULL out of memory. */
struct lf_bytes lf_proto_join(struct lf_proto_schema *schema, struct lf_bytes parent, struct lf_bytes name);

#endif
