/* A parsed schema: a graph of types, in which a named type stands once. For the files of this folder. */
#ifndef LF_CODEC_AVRO_SCHEMA_H
#define LF_CODEC_AVRO_SCHEMA_H

#include "codec/avro.h"

enum lf_avro_kind {
    LF_AVRO_NULL,
    LF_AVRO_BOOLEAN,
    LF_AVRO_INT,
    LF_AVRO_LONG,
    LF_AVRO_FLOAT,
    LF_AVRO_DOUBLE,
    LF_AVRO_BYTES,
    LF_AVRO_STRING,
    LF_AVRO_PRIMITIVES, /* the number of those before */
    LF_AVRO_RECORD = LF_AVRO_PRIMITIVES,
    LF_AVRO_ENUM,
    LF_AVRO_FIXED,
    LF_AVRO_ARRAY,
    LF_AVRO_MAP,
    LF_AVRO_UNION,
};

enum lf_avro_logical {
    LF_AVRO_PLAIN,
    LF_AVRO_DATE,
    LF_AVRO_TIME,
    LF_AVRO_TIMESTAMP,
    LF_AVRO_LOCAL_TIMESTAMP,
    LF_AVRO_UUID,
    LF_AVRO_DECIMAL,
    LF_AVRO_JSON, /* "logfirst.type": "json" */
};

/* What the bytes of a type mean. */
struct lf_avro_meaning {
    enum lf_avro_logical logical;
    uint32_t unit_ns;          /* of times and timestamps */
    uint32_t precision, scale; /* of decimals */
};

struct lf_avro_type;

enum lf_avro_default {
    LF_AVRO_NO_DEFAULT,
    LF_AVRO_DEFAULT_PENDING, /* only while the schema is parsed, as the next one */
    LF_AVRO_DEFAULT_AT_WORK,
    LF_AVRO_DEFAULT_READY,
};

struct lf_avro_field {
    struct lf_bytes name;
    const struct lf_bytes *aliases;
    uint32_t alias_count;
    const struct lf_avro_type *type;
    enum lf_avro_default state;
    const struct lf_value *json;   /* the default as it is written */
    struct lf_bytes default_bytes; /* and encoded */
};

struct lf_avro_type {
    enum lf_avro_kind kind;
    struct lf_avro_meaning meaning;
    uint32_t id;                    /* its number in its schema */
    struct lf_bytes name;           /* full, of named types; else ptr NULL */
    struct lf_bytes last_name;      /* without namespace */
    const struct lf_bytes *aliases; /* full names */
    uint32_t alias_count;
    uint32_t count; /* fields, symbols, branches; of fixed the size */
    union {
        struct lf_avro_field *fields;
        const struct lf_bytes *symbols;
        const struct lf_avro_type *const *branches;
        const struct lf_avro_type *item; /* of arrays and maps */
    } u;
    int32_t default_symbol; /* of enums; -1: none */
};

struct lf_avro_schema {
    struct lf_arena arena; /* owns all */
    const struct lf_avro_type *root;
    uint32_t type_count;
};

/* The name of a kind as schemas have it. */
const char *lf_avro_kind_name(enum lf_avro_kind kind);
/* A type in a few words for messages: "record shop.Order", "a union", "long (timestamp-micros)". */
struct lf_bytes lf_avro_type_words(const struct lf_avro_type *type, char space[LF_ERR_TEXT_MAX / 2]);
/* What logicalType says, or ptr NULL. */
const char *lf_avro_meaning_name(const struct lf_avro_meaning *meaning);
/* Whether a value may be null: the type is null, or a union with it. */
bool lf_avro_is_nullable(const struct lf_avro_type *type);
/* Whether an arena of LF_AVRO_SCHEMA_MEMORY_MAX that had no memory was rather at its limit. */
bool lf_avro_arena_is_full(const struct lf_arena *arena);
static inline bool
lf_avro_is_named(const struct lf_avro_type *type)
{
    return type->name.ptr != NULL;
}

#endif
