/* A parsed schema: files, messages, fields, enums. All of it lives in the schema's arena and never changes again. */
#ifndef LF_CODEC_PROTOBUF_SCHEMA_H
#define LF_CODEC_PROTOBUF_SCHEMA_H

#include "base/map.h"
#include "codec/protobuf.h"

enum { LF_PROTO_NUMBER_MAX = 536870911, LF_PROTO_RESERVED_FIRST = 19000, LF_PROTO_RESERVED_LAST = 19999 };

/* Where something stands in its file; from 1, columns in characters. */
struct lf_proto_place {
    uint32_t line;
    uint32_t column;
};

enum lf_proto_type {
    LF_PROTO_NAMED, /* not resolved yet */
    LF_PROTO_DOUBLE,
    LF_PROTO_FLOAT,
    LF_PROTO_INT32,
    LF_PROTO_INT64,
    LF_PROTO_UINT32,
    LF_PROTO_UINT64,
    LF_PROTO_SINT32,
    LF_PROTO_SINT64,
    LF_PROTO_FIXED32,
    LF_PROTO_FIXED64,
    LF_PROTO_SFIXED32,
    LF_PROTO_SFIXED64,
    LF_PROTO_BOOL,
    LF_PROTO_STRING,
    LF_PROTO_BYTES,
    LF_PROTO_ENUM,
    LF_PROTO_MESSAGE,
};

/* What syntax, edition and features.… options decide; 0 is "as the surrounding declaration has it". */
struct lf_proto_features {
    enum { LF_PROTO_PRESENCE_INHERITED, LF_PROTO_EXPLICIT, LF_PROTO_IMPLICIT, LF_PROTO_REQUIRED } presence;
    enum { LF_PROTO_ENUM_INHERITED, LF_PROTO_OPEN, LF_PROTO_CLOSED } enums;
    enum { LF_PROTO_REPEATED_INHERITED, LF_PROTO_PACKED, LF_PROTO_EXPANDED } repeated;
    enum { LF_PROTO_MESSAGES_INHERITED, LF_PROTO_LENGTH_PREFIXED, LF_PROTO_DELIMITED } messages;
};

/* The well-known types that have a JSON form of their own. */
enum lf_proto_kind {
    LF_PROTO_PLAIN,
    LF_PROTO_TIMESTAMP,
    LF_PROTO_DURATION,
    LF_PROTO_FIELD_MASK,
    LF_PROTO_STRUCT,
    LF_PROTO_VALUE,
    LF_PROTO_LIST_VALUE,
    LF_PROTO_ANY,
    LF_PROTO_WRAPPER,
};

/* Numbers [from, to]: reserved, or of extensions. */
struct lf_proto_range {
    int64_t from;
    int64_t to;
    bool extensions;
};

struct lf_proto_reserved {
    struct lf_proto_range *ranges;
    size_t range_count, range_cap;
    struct lf_bytes *names;
    size_t name_count, name_cap;
};

struct lf_proto_enum_value {
    struct lf_bytes name;       /* "STATUS_ACTIVE" */
    struct lf_bytes short_name; /* "ACTIVE", where all values of the enum have the prefix; else name */
    int32_t number;
    struct lf_proto_place place;
};

struct lf_proto_enum {
    struct lf_bytes name;
    struct lf_bytes full_name;
    const struct lf_proto_file *file;
    const struct lf_proto_message *parent; /* NULL: of the file */
    struct lf_proto_enum_value *values;    /* as declared */
    size_t count;
    size_t cap;
    const struct lf_proto_enum_value **by_number; /* ascending; of aliases the first declared; distinct of them */
    size_t distinct;
    const struct lf_proto_enum_value **by_short_name; /* count of them, sorted */
    const struct lf_proto_enum_value **by_name;       /* the same; NULL where short names are the names */
    struct lf_proto_reserved reserved;
    struct lf_proto_features features;
    struct lf_proto_place place;
    bool allow_alias;
    bool closed;
    bool is_null; /* google.protobuf.NullValue */
};

struct lf_proto_oneof {
    struct lf_bytes name;
    uint32_t index; /* among the oneofs of its message */
    uint32_t field_count;
    struct lf_proto_features features;
    struct lf_proto_place place;
};

enum lf_proto_label { LF_PROTO_NO_LABEL, LF_PROTO_LABEL_OPTIONAL, LF_PROTO_LABEL_REQUIRED, LF_PROTO_LABEL_REPEATED };

struct lf_proto_field {
    struct lf_bytes name;
    struct lf_bytes json_name;
    uint32_t number;
    uint32_t index; /* among the fields of its message, as declared */
    enum lf_proto_type type;
    enum lf_proto_label label;
    bool repeated; /* maps are repeated entries */
    bool map;
    bool packed;
    bool required;
    bool presence;  /* absent differs from zero */
    bool delimited; /* a message between group tags */
    struct lf_proto_oneof *oneof;
    const struct lf_proto_message *message; /* of LF_PROTO_MESSAGE; of a map its entry */
    const struct lf_proto_enum *enumeration;
    struct lf_value default_value; /* LF_V_NULL: none declared */
    /* as written, for linking */
    struct lf_bytes type_name;
    struct lf_proto_features features;
    enum { LF_PROTO_PACKED_UNSAID, LF_PROTO_PACKED_NO, LF_PROTO_PACKED_YES } packed_option;
    const struct lf_proto_constant *default_constant;
    struct lf_proto_place place;
    struct lf_proto_place type_place;
};

struct lf_proto_message {
    struct lf_bytes name;
    struct lf_bytes full_name;
    const struct lf_proto_file *file;
    struct lf_proto_message *parent; /* NULL: of the file */
    uint32_t index;                  /* among the messages beside it, without the entries of maps */
    enum lf_proto_kind kind;
    bool map_entry;
    struct lf_proto_field **fields; /* as declared */
    size_t field_count, field_cap;
    const struct lf_proto_field **by_number; /* field_count of them, ascending */
    bool has_required;
    struct lf_proto_oneof **oneofs;
    size_t oneof_count, oneof_cap;
    struct lf_proto_message **messages;
    size_t message_count, message_cap;
    struct lf_proto_enum **enums;
    size_t enum_count, enum_cap;
    struct lf_proto_reserved reserved;
    struct lf_proto_features features;
    struct lf_proto_place place;
};

struct lf_proto_import {
    struct lf_bytes name;
    struct lf_proto_file *file;
    struct lf_proto_place place;
    bool is_public;
    bool is_option; /* only for options: nothing of it is needed */
};

enum lf_proto_syntax { LF_PROTO_PROTO2, LF_PROTO_PROTO3, LF_PROTO_EDITION };

struct lf_proto_file {
    const struct lf_proto_schema *schema;
    struct lf_bytes name; /* "" of the schema's own file */
    struct lf_bytes package;
    enum lf_proto_syntax syntax;
    struct lf_proto_features features;
    struct lf_proto_message **messages;
    size_t message_count, message_cap;
    struct lf_proto_enum **enums;
    size_t enum_count, enum_cap;
    struct lf_proto_import *imports;
    size_t import_count, import_cap;
    struct lf_proto_place package_place;
    bool built_in;
    uint32_t mark; /* as the schema's: seen by the file that is being linked */
    enum { LF_PROTO_FILE_NEW, LF_PROTO_FILE_OPEN, LF_PROTO_FILE_DONE } state; /* of the search for circles */
};

enum lf_proto_symbol_kind {
    LF_PROTO_S_PACKAGE,
    LF_PROTO_S_MESSAGE,
    LF_PROTO_S_ENUM,
    LF_PROTO_S_OTHER, /* a field, a oneof, an enum's value */
};

/* What a full name stands for. */
struct lf_proto_symbol {
    enum lf_proto_symbol_kind kind;
    const struct lf_proto_file *file;
    const struct lf_proto_message *message;
    const struct lf_proto_enum *enumeration;
};

struct lf_proto_schema {
    struct lf_arena arena;
    struct lf_map symbols;        /* full name -> struct lf_proto_symbol */
    struct lf_proto_file **files; /* the schema's own first */
    size_t file_count, file_cap;
    struct lf_proto_file **queue; /* of lf_proto_mark_visible(); room for all files */
    uint32_t mark;
};

/* Fails with "[FILE:]LINE:COLUMN: …". */
#define lf_proto_fail_at(err, file, place, status, ...)                                                                \
    lf_proto_fail_set((err), (file), (place), (status), __func__, __VA_ARGS__)
enum lf_status lf_proto_fail_set(struct lf_err *err, const struct lf_proto_file *file, struct lf_proto_place place,
                                 enum lf_status status, const char *where, const char *fmt, ...) LF_PRINTF(6, 7);

/* The field with that number; guess is where in by_number it probably is. NULL if there is none. */
const struct lf_proto_field *lf_proto_field_of(const struct lf_proto_message *message, uint32_t number, size_t *guess);
/* The message that an Any's "type.googleapis.com/a.B" names; NULL: the schema has none of that name. */
const struct lf_proto_message *lf_proto_type_of_url(const struct lf_proto_schema *schema, struct lf_bytes url);
/* The value with that number, or NULL; with that short or full name, or NULL. */
const struct lf_proto_enum_value *lf_proto_enum_by_number(const struct lf_proto_enum *enumeration, int32_t number);
const struct lf_proto_enum_value *lf_proto_enum_by_name(const struct lf_proto_enum *enumeration, struct lf_bytes name);
/* "int32", "enum", "message" …, as .proto files have it. */
const char *lf_proto_type_text(enum lf_proto_type type);

/* Room for one more item in an array of an arena; false out of memory (the array is lost then, with the schema). */
#define LF_PROTO_ROOM(arena, items, count, cap)                                                                        \
    (((items) = lf_arena_grow((arena), (items), (count), &(cap), sizeof(*(items)))) != NULL)

#endif
