/* A schema being parsed. For the files of this folder that do it. */
#ifndef LF_CODEC_AVRO_PARSE_H
#define LF_CODEC_AVRO_PARSE_H

#include "base/map.h"
#include "codec/avro/schema.h"

struct lf_avro_parse {
    struct lf_avro_schema *schema;
    struct lf_map names;                                       /* full name -> struct lf_avro_type */
    const struct lf_avro_type *primitives[LF_AVRO_PRIMITIVES]; /* those without attributes; NULL: not yet needed */
    struct lf_avro_type **records;                             /* in the order of their beginning */
    size_t record_count, record_cap;
    struct lf_err *err;
};

/* Parses the type that a JSON value describes. space is the enclosing namespace ("" for none). */
LF_NODISCARD enum lf_status lf_avro_parse_type(struct lf_avro_parse *parse, const struct lf_value *value,
                                               struct lf_bytes space, const struct lf_json_step *step,
                                               const struct lf_avro_type **ret);
/* The same for {"type": "record" | "enum" | "fixed", …}. */
LF_NODISCARD enum lf_status lf_avro_parse_named(struct lf_avro_parse *parse, enum lf_avro_kind kind,
                                                const struct lf_value *value, struct lf_bytes space,
                                                const struct lf_json_step *step, const struct lf_avro_type **ret);
/* A new type; NULL when there are too many, or no memory (then err says which). */
struct lf_avro_type *lf_avro_parse_new(struct lf_avro_parse *parse, enum lf_avro_kind kind);
/* LF_INVALID with the place of step in the schema. */
#define lf_avro_parse_fail(parse, step, ...) (lf_avro_parse_error((parse), (step), __VA_ARGS__), LF_INVALID)
void lf_avro_parse_error(struct lf_avro_parse *parse, const struct lf_json_step *step, const char *fmt, ...)
    LF_PRINTF(3, 4);
/* The member name, which has to be a string, a list, a number without fraction. *ret NULL: there is none. */
LF_NODISCARD enum lf_status lf_avro_parse_member(struct lf_avro_parse *parse, const struct lf_value *value,
                                                 const char *name, enum lf_value_type type,
                                                 const struct lf_json_step *step, const struct lf_value **ret);

/* Sets the meaning of a type from the attributes logicalType, precision, scale and logfirst.type. A logical type that
 * is not known, or does not fit the type, is ignored, as the specification has it. LF_LIMIT for a decimal of more
 * digits than we can hold. */
LF_NODISCARD enum lf_status lf_avro_parse_meaning(struct lf_avro_parse *parse, struct lf_avro_type *type,
                                                  const struct lf_value *value, const struct lf_json_step *step);
/* Encodes all defaults of records; those that do not fit are an error, or dropped if lenient. */
LF_NODISCARD enum lf_status lf_avro_parse_defaults(struct lf_avro_parse *parse, bool lenient);

#endif
