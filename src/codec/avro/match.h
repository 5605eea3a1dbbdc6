/* Which types of a reader can take what a writer wrote: the rules that compiling and comparing share. Pure. */
#ifndef LF_CODEC_AVRO_MATCH_H
#define LF_CODEC_AVRO_MATCH_H

#include "codec/avro/schema.h"

/* How two types match, without a look at fields, symbols and branches; best last. Neither is a union. */
enum lf_avro_match {
    LF_AVRO_MATCH_NOT,
    LF_AVRO_MATCH_PROMOTED, /* int as long, string as bytes … */
    LF_AVRO_MATCH_NAMED,    /* the same kind, and the same name without the namespace or by an alias */
    LF_AVRO_MATCH_EXACT,    /* the same kind, and the same full name */
};

enum lf_avro_match lf_avro_match(const struct lf_avro_type *writer, const struct lf_avro_type *reader);
/* The type that reads what the writer wrote: reader, or the branch of it that matches best, the first of equals; NULL:
 * none. writer is no union. */
const struct lf_avro_type *lf_avro_branch_for(const struct lf_avro_type *writer, const struct lf_avro_type *reader);
/* For each field of the reader's record the one of the writer's that it takes, by name, then by alias; NULL: none. Each
 * is taken once. ret has room for all fields of the reader. False: out of memory. */
bool lf_avro_match_fields(const struct lf_avro_type *writer, const struct lf_avro_type *reader,
                          const struct lf_avro_field **ret);
/* What the writer's bytes mean to the reader: times keep the writer's unit; a meaning that only one of them has is the
 * reader's. False: decimals of different precision or scale, which do not match. */
bool lf_avro_match_meaning(const struct lf_avro_type *writer, const struct lf_avro_type *reader,
                           struct lf_avro_meaning *ret);

/* Compiled pairs of types are kept under this key. */
struct lf_avro_pair {
    const struct lf_avro_type *writer, *reader;
};

#endif
