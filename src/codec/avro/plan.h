/* A compiled reader: what to do with the writer's bytes, one op after the other. For the files of this folder. */
#ifndef LF_CODEC_AVRO_PLAN_H
#define LF_CODEC_AVRO_PLAN_H

#include "codec/avro/schema.h"

/* What an op makes of what it has read. */
enum lf_avro_make {
    LF_AVRO_SKIP, /* nothing: the reader has no place for it */
    LF_AVRO_MAKE_NULL,
    LF_AVRO_MAKE_BOOLEAN,
    LF_AVRO_MAKE_INTEGER,
    LF_AVRO_MAKE_NUMBER,  /* floating-point */
    LF_AVRO_MAKE_TEXT,    /* UTF-8; of enums the reader's symbol */
    LF_AVRO_MAKE_LATIN,   /* bytes as code points */
    LF_AVRO_MAKE_MEANING, /* what the op's meaning says */
    LF_AVRO_MAKE_PARTS,   /* a list or an object */
};

struct lf_avro_op;

/* A field of the writer's record. */
struct lf_avro_take {
    struct lf_bytes name; /* the reader's where it has one */
    const struct lf_avro_op *op;
    uint32_t member; /* of the reader's record, unless it is skipped */
};

struct lf_avro_record_plan {
    const struct lf_avro_take *takes; /* in the writer's order */
    uint32_t take_count;
    uint32_t member_count;
    struct lf_member *members; /* in the reader's order: names, and the defaults of what the writer lacks */
    uint32_t default_weight;   /* values in all defaults */
};

struct lf_avro_symbol_plan {
    struct lf_bytes name; /* the writer's */
    struct lf_bytes made; /* the reader's symbol; ptr NULL: it has none */
};

struct lf_avro_op {
    enum lf_avro_kind wire; /* how the writer wrote it */
    enum lf_avro_make make;
    struct lf_avro_meaning meaning;
    const char *failure; /* not NULL: the reader cannot read this, and why */
    uint32_t count;      /* bytes of a fixed, symbols, branches */
    union {
        struct lf_avro_record_plan *record;
        const struct lf_avro_symbol_plan *symbols;
        const struct lf_avro_op **branches;
        const struct lf_avro_op *item;
    } u;
};

struct lf_avro_reader {
    struct lf_arena arena; /* owns all */
    const struct lf_avro_op *root;
};

/* Decodes all of bytes. *values is how many may be made, and how many are left. */
LF_NODISCARD enum lf_status lf_avro_run(const struct lf_avro_op *op, struct lf_bytes bytes, struct lf_arena *arena,
                                        int64_t *values, struct lf_value *ret, struct lf_err *err);

#endif
