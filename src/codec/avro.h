/*
 * Avro 1.12: schemas, the binary encoding, schema resolution. Values are payloads in JSON shape (json/value.h); what
 * stands for what is in docs/avro.md. Nothing is known here of containers, of registries and of events.
 *
 * Schemas and messages may both be hostile. Parsing and compiling are bounded in memory and depth, encoding and
 * decoding in values and depth; a count that a message claims is not believed before its items are there.
 */
#ifndef LF_CODEC_AVRO_H
#define LF_CODEC_AVRO_H

#include "base/buf.h"
#include "codec/compat.h"
#include "json/value.h"

enum {
    LF_AVRO_DEPTH_MAX = 100,                      /* lists, maps and records within one another, in a value */
    LF_AVRO_SCHEMA_BYTES_MAX = 1024 * 1024,       /* of one schema's text */
    LF_AVRO_SCHEMA_MEMORY_MAX = 64 * 1024 * 1024, /* of a parsed schema, and of a reader */
    LF_AVRO_TYPES_MAX = 200 * 1000,               /* types in a schema; pairs of types in a reader */
    LF_AVRO_DEFAULT_BYTES_MAX = 64 * 1024,        /* of one default, encoded */
    LF_AVRO_FIXED_BYTES_MAX = 64 * 1024 * 1024,   /* size of a fixed type */
    LF_AVRO_VALUES_MIN = 100 *
        1000, /* a message may become so many values, and LF_AVRO_VALUES_PER_BYTE for each byte */
    LF_AVRO_VALUES_PER_BYTE = 8,
    LF_AVRO_STEPS_MAX = 10 * 1000 * 1000, /* of encoding one value, looking for branches of unions included */
};

struct lf_avro_schema; /* immutable: share it between threads */
struct lf_avro_reader; /* immutable: share it between threads */

struct lf_avro_options {
    const struct lf_bytes *references; /* schemas whose named types may be used, each after those that it uses itself */
    size_t reference_count;
    bool lenient; /* a default that does not fit its type counts as none: for what others have registered */
};

/* Parses a schema (JSON text, or the bare name of a type). options NULL: no references, strict. The texts are not
 * needed afterwards. LF_INVALID: no schema, its place is in the text; LF_LIMIT; LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_avro_schema_parse(const struct lf_avro_options *options, struct lf_bytes text,
                                                 struct lf_avro_schema **ret, struct lf_err *err);
void lf_avro_schema_free(struct lf_avro_schema *schema); /* NULL is fine */

/* The full name of the type, if it is a record, an enum or a fixed; else ptr NULL. Borrowed from the schema. */
struct lf_bytes lf_avro_schema_name(const struct lf_avro_schema *schema);
/* Appends the Parsing Canonical Form (specification, "Transforming into Parsing Canonical Form"), with what was taken
 * from references in it. Schemas with the same one read the same bytes alike, but for logical types and defaults. */
LF_NODISCARD enum lf_status lf_avro_canonical(const struct lf_avro_schema *schema, struct lf_buf *out,
                                              struct lf_err *err);
/* CRC-64-AVRO, the Rabin fingerprint of the specification. */
uint64_t lf_avro_fingerprint(struct lf_bytes canonical);

/*
 * Appends the binary encoding of a value. A missing member takes its field's default, or null where the field may be
 * null; a member that no field has is refused. A branch of a union is chosen by the value. On failure out is as long
 * as before. LF_INVALID: the schema cannot hold the value, with the JSON Pointer of the place; LF_LIMIT: nested too
 * deeply, too much work, or more bytes than out may hold; LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_avro_encode(const struct lf_avro_schema *schema, const struct lf_value *value,
                                           struct lf_buf *out, struct lf_err *err);

/*
 * Compiles how what was written with one schema is read as the other says (specification, "Schema Resolution");
 * reader NULL: as it was written. Neither schema is needed afterwards. What cannot be resolved fails when a message
 * has it: ask lf_avro_compat() before. LF_LIMIT, LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_avro_reader_new(const struct lf_avro_schema *writer, const struct lf_avro_schema *reader,
                                               struct lf_avro_reader **ret, struct lf_err *err);
void lf_avro_reader_free(struct lf_avro_reader *reader); /* NULL is fine */

/*
 * Decodes a message, whole, into arena. Texts may point into bytes; names of members, symbols and defaults belong to
 * the reader: both have to outlive the value. Members stand in the order of the reader's schema. LF_INVALID: no value
 * of the writer's schema, or one that the reader's cannot hold, with the JSON Pointer of the place and the offset;
 * LF_LIMIT: nested too deeply or too many values; LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_avro_decode(const struct lf_avro_reader *reader, struct lf_bytes bytes,
                                           struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);

/* Adds to report each reason why a reader could not read what the writer may have written. LF_OK whether there are any
 * or not; LF_LIMIT, LF_NO_MEMORY: not compared to the end. */
LF_NODISCARD enum lf_status lf_avro_compat(const struct lf_avro_schema *reader, const struct lf_avro_schema *writer,
                                           struct lf_compat_report *report, struct lf_err *err);

#endif
