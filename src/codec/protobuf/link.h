/* From parsed files to a schema. For the files of this folder. */
#ifndef LF_CODEC_PROTOBUF_LINK_H
#define LF_CODEC_PROTOBUF_LINK_H

#include "codec/protobuf/parser.h"

/* The text of a file that needs no reference; only_options: nothing of it is needed but that it is there. */
struct lf_proto_built_in {
    const char *name;
    const char *text;
    bool only_options;
};
const struct lf_proto_built_in *lf_proto_built_in_find(struct lf_bytes name);
/* The kind of a message of a built-in file. */
enum lf_proto_kind lf_proto_kind_of(struct lf_bytes full_name);

/* Puts every name of the schema's files into schema->symbols. LF_INVALID: one is declared twice. */
LF_NODISCARD enum lf_status lf_proto_register(struct lf_proto_schema *schema, struct lf_err *err);
/* Marks what a file sees: itself, what it imports and what that imports publicly. False out of memory. */
bool lf_proto_mark_visible(struct lf_proto_schema *schema, struct lf_proto_file *file);
/* What a field's type means to the marked files, within the message (or package) scope. LF_INVALID: nothing. */
LF_NODISCARD enum lf_status lf_proto_resolve(const struct lf_proto_schema *schema, const struct lf_proto_field *field,
                                             const struct lf_proto_file *file, struct lf_bytes scope,
                                             const struct lf_proto_symbol **ret, struct lf_err *err);
/* Resolves, checks and orders all that the files declare. */
LF_NODISCARD enum lf_status lf_proto_link(struct lf_proto_schema *schema, struct lf_err *err);
/* The same for one enum (features: of what surrounds it), and for the numbers and names of one message. */
LF_NODISCARD enum lf_status lf_proto_link_enum(struct lf_proto_schema *schema, struct lf_proto_enum *enumeration,
                                               struct lf_proto_features features, struct lf_err *err);
LF_NODISCARD enum lf_status lf_proto_link_numbers(struct lf_proto_schema *schema, struct lf_proto_message *message,
                                                  struct lf_err *err);
/* Sorts the ranges; LF_INVALID: two overlap. Whether one of the sorted ranges holds number. */
LF_NODISCARD enum lf_status lf_proto_sort_ranges(struct lf_proto_reserved *reserved, const struct lf_proto_file *file,
                                                 struct lf_proto_place place, struct lf_err *err);
bool lf_proto_is_reserved(const struct lf_proto_reserved *reserved, int64_t number);
bool lf_proto_is_reserved_name(const struct lf_proto_reserved *reserved, struct lf_bytes name);
/* What child does not say is as parent has it. */
struct lf_proto_features lf_proto_features_within(struct lf_proto_features child, struct lf_proto_features parent);
/* Reads the declared default of a field whose type is known into its default_value. */
LF_NODISCARD enum lf_status lf_proto_link_default(struct lf_proto_schema *schema, struct lf_proto_field *field,
                                                  const struct lf_proto_file *file, struct lf_err *err);

/* "quote_line" -> "quoteLine", into out (name.len bytes of room); returns the length. */
size_t lf_proto_camel_case(struct lf_bytes name, char *out);
/* "QuoteState" -> "QUOTE_STATE_", into out (2 * name.len + 1 bytes of room); returns the length. */
size_t lf_proto_upper_snake_case(struct lf_bytes name, char *out);

#endif
