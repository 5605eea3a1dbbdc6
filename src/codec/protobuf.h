/*
 * Protocol Buffers: .proto files (proto2, proto3, editions 2023 and 2024) are parsed once; messages of such a schema
 * turn values into bytes and back. Values have the JSON shape of ProtoJSON (docs/protobuf.md has the mapping): members
 * by JSON name, 64-bit integers as integers, bytes as base64, enums by name without the prefix that all values of the
 * enum share, the well-known types in their own forms.
 *
 * Both sides may be hostile: texts, bytes and values are bounded in size and depth, nothing recurses without end.
 */
#ifndef LF_CODEC_PROTOBUF_H
#define LF_CODEC_PROTOBUF_H

#include "base/buf.h"
#include "codec/compat.h"
#include "json/value.h"

enum {
    LF_PROTO_TEXT_BYTES_MAX = 1024 * 1024,         /* of one .proto file */
    LF_PROTO_FILES_MAX = 1000,                     /* of one schema, built-in ones included */
    LF_PROTO_SCHEMA_MEMORY_MAX = 64 * 1024 * 1024, /* of a parsed schema */
    LF_PROTO_NESTING_MAX = 32,                     /* of message declarations within one another */
    LF_PROTO_DEPTH_MAX = 100,              /* of messages within one another in bytes, as other readers have it */
    LF_PROTO_VALUES_MAX = 4 * 1000 * 1000, /* members and items that one message may unfold to */
};

/* The member that holds fields that the schema does not know: their bytes, as base64. */
#define LF_PROTO_UNKNOWN LF_LIT("@unknown")

struct lf_proto_schema;  /* immutable: share it between threads */
struct lf_proto_message; /* a message type; lives as long as its schema */

/*
 * A file that others import under its name ("common/money.proto"). As registries have it, text is a .proto file or the
 * base64 of its FileDescriptorProto (https://protobuf.dev/reference/protobuf/google.protobuf/).
 */
struct lf_proto_file_text {
    struct lf_bytes name;
    struct lf_bytes text;
};

/*
 * Parses a .proto file, or its descriptor as above, and what it imports: from references, or else from the files that
 * need none (those of google/protobuf/, google/type/ and confluent/ that registries know). Texts are copied. LF_INVALID
 * with "[FILE:]LINE:COLUMN: reason" (of a descriptor: in the .proto file that declares the same); LF_LIMIT;
 * LF_NO_MEMORY. Services, extensions and options that change nothing in the bytes are read over.
 */
LF_NODISCARD enum lf_status lf_proto_schema_parse(struct lf_bytes text, const struct lf_proto_file_text *references,
                                                  size_t count, struct lf_proto_schema **ret, struct lf_err *err);
void lf_proto_schema_free(struct lf_proto_schema *schema); /* NULL is fine */

/* The message with that full name ("logfirst.events.QuoteCreated"; nested: "pkg.Outer.Inner") of any file of the
 * schema; a name without dots is also looked for in the package of the schema's own file. NULL if there is none. */
const struct lf_proto_message *lf_proto_schema_message(const struct lf_proto_schema *schema, struct lf_bytes name);
/* The first message of the schema's own file; NULL if it declares none. */
const struct lf_proto_message *lf_proto_schema_first(const struct lf_proto_schema *schema);
/* The full name, and the name of the package ("" if none) of the schema's own file. Borrowed from the schema. */
struct lf_bytes lf_proto_message_name(const struct lf_proto_message *message);
struct lf_bytes lf_proto_schema_package(const struct lf_proto_schema *schema);

/*
 * Where a message stands in its file: its index among the messages of the file, then among those nested in that one,
 * and so on, as the Confluent wire format names it. Entries of maps do not count.
 */
struct lf_proto_indexes {
    uint32_t count; /* at least 1 */
    int32_t at[LF_PROTO_NESTING_MAX];
};
void lf_proto_message_indexes(const struct lf_proto_message *message, struct lf_proto_indexes *ret);
/* The message of the schema's own file at that place; NULL if there is none. */
const struct lf_proto_message *lf_proto_message_at(const struct lf_proto_schema *schema,
                                                   const struct lf_proto_indexes *indexes);
/* Appends the indexes as they stand between schema id and message: zigzag varints, the count first; [0] is one 0. */
void lf_proto_indexes_write(struct lf_buf *out, const struct lf_proto_indexes *indexes);
/* Takes them off the front of *bytes. LF_INVALID (bytes unchanged): cut off, negative, or more than fit. */
LF_NODISCARD enum lf_status lf_proto_indexes_read(struct lf_bytes *bytes, struct lf_proto_indexes *ret,
                                                  struct lf_err *err);

/*
 * Appends the value as a message, deterministically: fields by number, maps by key, repeated scalars packed where the
 * schema says so, unknown fields (LF_PROTO_UNKNOWN) last. null stands for an absent member. LF_INVALID with the place
 * as a JSON Pointer: a member that the message does not have, a value that its type cannot hold, two members of one
 * oneof, a required field absent, messages nested deeper than LF_PROTO_DEPTH_MAX; or what the buffer fails with
 * (LF_LIMIT, LF_NO_MEMORY). On failure the buffer's content is what it was.
 */
LF_NODISCARD enum lf_status lf_proto_encode(const struct lf_proto_message *message, const struct lf_value *value,
                                            struct lf_buf *out, struct lf_err *err);

enum {
    /* Absent fields without presence are filled in (0, "", [], {} …), absent ones with a declared default get that:
     * what a payload of JSON would have. Without it they are absent, as in ProtoJSON. */
    LF_PROTO_FILL = 1,
};

/*
 * Reads a message into a value, in arena. Texts may point into bytes, names belong to the schema: both have to outlive
 * the value. Members stand in the order of the schema. Fields that the schema does not know, or that come with another
 * wire type, are kept in LF_PROTO_UNKNOWN of their message. As everywhere in Protocol Buffers the last one of repeated
 * singular fields wins, and messages merge. LF_INVALID: no such message: cut off, a bad tag, text that is not UTF-8, a
 * required field absent, too deep, or a well-known type out of its range; LF_LIMIT: it unfolds to more than
 * LF_PROTO_VALUES_MAX; LF_NO_MEMORY. flags: LF_PROTO_FILL or 0.
 */
LF_NODISCARD enum lf_status lf_proto_decode(const struct lf_proto_message *message, struct lf_bytes bytes,
                                            unsigned flags, struct lf_arena *arena, struct lf_value *ret,
                                            struct lf_err *err);

/*
 * Can reader read what writer wrote? Adds to report a sentence for each reason why not, by the rules of the Confluent
 * registry: a message removed; a field's type changed beyond what the wire format allows; a required field added or
 * removed; a field of a oneof removed; fields moved together into a oneof. LF_OK whether there are any or not;
 * LF_NO_MEMORY: not compared to the end.
 */
LF_NODISCARD enum lf_status lf_proto_compat(const struct lf_proto_schema *reader, const struct lf_proto_schema *writer,
                                            struct lf_compat_report *report, struct lf_err *err);

#endif
