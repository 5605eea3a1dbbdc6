/*
 * From the model to schemas of payloads: JSON Schema (draft 2020-12), Avro and Protobuf (proto3), one document an
 * event. The same model, options and lock give the same bytes. docs/schemas.md has the table of types.
 */
#ifndef LF_CODEC_SCHEMA_H
#define LF_CODEC_SCHEMA_H

#include "base/buf.h"
#include "codec/schema_lock.h"

#define LF_SCHEMA_PACKAGE "logfirst.events"

struct lf_schema_options {
    const struct lf_model *model;
    struct lf_bytes package;           /* namespace of Avro, package of Protobuf; ptr NULL: LF_SCHEMA_PACKAGE */
    const struct lf_schema_lock *lock; /* numbers of Protobuf; NULL: only those that @field declares */
    bool closed;                       /* JSON Schema: "additionalProperties": false */
};

/*
 * Appends the schema of the event's payload: LF_FORMAT_JSON_SCHEMA (also for LF_FORMAT_JSON), LF_FORMAT_AVRO (JSON
 * text) or LF_FORMAT_PROTOBUF (a .proto file whose first message is the payload). LF_INVALID with the place in
 * the model: the format has no form for it, or a number is missing; LF_LIMIT; LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_schema_write(const struct lf_schema_options *options, const struct lf_event_type *event,
                                            enum lf_event_format format, struct lf_buf *out, struct lf_err *err);

/* The event's name as record and message: its eventType, with '_' for what may not stand in a name. ptr NULL: no
 * memory. */
struct lf_bytes lf_schema_record_name(const struct lf_event_type *event, struct lf_arena *arena);

/* What a schema is called as a whole, and subjects by record with it: package and record name, or the title of a JSON
 * Schema. ptr NULL: no memory. */
struct lf_bytes lf_schema_full_name(const struct lf_schema_options *options, const struct lf_event_type *event,
                                    enum lf_event_format format, struct lf_arena *arena);

/* Whether a text is a dotted name as packages and namespaces have it. */
bool lf_schema_package_valid(struct lf_bytes package);

/* "json-schema", "avro", "protobuf" and back (LF_FORMAT_DEFAULT: none of them); endings of files: ".schema.json" … */
const char *lf_schema_format_name(enum lf_event_format format);
const char *lf_schema_file_ending(enum lf_event_format format);

#endif
