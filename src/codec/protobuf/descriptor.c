/*
 * A FileDescriptorProto in base64 is what some clients register instead of a .proto file. It is read by a schema of its
 * own and written as the .proto file that says the same: then one parser and one linker check both. The file is written
 * in edition 2023, to which proto2 and proto3 are sets of features, and in which groups, labels and optional fields are
 * features too (https://protobuf.dev/editions/features/). Services, extensions and other options are left out, as the
 * parser leaves them out.
 */
#include "codec/protobuf/descriptor.h"

#include "base/base64.h"
#include "base/map.h"
#include "codec/protobuf/descriptor_words.h"
#include "codec/protobuf/schema.h"

#include <inttypes.h>
#include <string.h>

/* What matters of google/protobuf/descriptor.proto, by its numbers; the names are ours. */
static const char form[] =
    "syntax=\"proto2\";"
    "message File{optional string name=1;optional string package=2;repeated string imports=3;"
    "repeated int32 publics=10;repeated Message messages=4;repeated Enum enums=5;optional Options options=8;"
    "optional string syntax=12;message Options{optional Features features=50;}}"
    "message Message{optional string name=1;repeated Field fields=2;repeated Message messages=3;repeated Enum enums=4;"
    "repeated Range extensions=5;repeated Oneof oneofs=8;repeated Range reserved=9;repeated string names=10;"
    "optional Options options=7;message Options{optional bool map=7;optional Features features=12;}}"
    "message Range{optional int32 from=1;optional int32 to=2;}"
    "message Oneof{optional string name=1;optional Options options=2;message Options{optional Features features=1;}}"
    "message Field{optional string name=1;optional int32 number=3;optional Label label=4;optional Type type=5;"
    "optional string named=6;optional string preset=7;optional int32 oneof=9;optional string json=10;"
    "optional bool alone=17;optional Options options=8;"
    "message Options{optional bool packed=2;optional Features features=21;}"
    "enum Label{optional=1;required=2;repeated=3;}"
    "enum Type{double=1;float=2;int64=3;uint64=4;int32=5;fixed64=6;fixed32=7;bool=8;string=9;group=10;message=11;"
    "bytes=12;uint32=13;enum=14;sfixed32=15;sfixed64=16;sint32=17;sint64=18;}}"
    "message Enum{optional string name=1;repeated Value values=2;repeated Range reserved=4;repeated string names=5;"
    "optional Options options=3;message Options{optional bool alias=2;optional Features features=7;}}"
    "message Value{optional string name=1;optional int32 number=2;}"
    "message Features{optional Presence presence=1;optional Kind kind=2;optional Coding coding=3;"
    "optional Framing framing=5;"
    "enum Presence{EXPLICIT=1;IMPLICIT=2;LEGACY_REQUIRED=3;}enum Kind{OPEN=1;CLOSED=2;}"
    "enum Coding{PACKED=1;EXPANDED=2;}enum Framing{LENGTH_PREFIXED=1;DELIMITED=2;}}";

/* --- fields ------------------------------------------------------------------------------------------------------- */

static void
add_type(struct lf_proto_printer *p, const struct lf_value *field)
{
    const struct lf_bytes named = lf_proto_text_of(field, "named");
    const struct lf_bytes type = lf_proto_text_of(field, "type");
    if (named.len != 0)
        lf_proto_add_path(p, named, true);
    else if (type.len == 0 || lf_bytes_equal_text(type, "message") || lf_bytes_equal_text(type, "enum") ||
             lf_bytes_equal_text(type, "group"))
        lf_proto_wrong_descriptor(p, "no type for", lf_proto_text_of(field, "name"));
    else
        lf_buf_add(&p->out, type);
}

static void
add_default(struct lf_proto_printer *p, const struct lf_value *field)
{
    const struct lf_bytes preset = lf_proto_text_of(field, "preset");
    const struct lf_bytes type = lf_proto_text_of(field, "type");
    const bool is_bytes = lf_bytes_equal_text(type, "bytes");
    lf_proto_add(p, p->options++ == 0 ? " [default = " : ", default = ");
    if (is_bytes || lf_bytes_equal_text(type, "string"))
        lf_proto_add_string(p, preset, is_bytes);
    else
        lf_proto_add_word(p, preset);
}

static void
add_json_name(struct lf_proto_printer *p, const struct lf_value *field)
{
    const struct lf_value *json = lf_value_get_text(field, "json");
    if (json == NULL)
        return;
    lf_proto_add(p, p->options++ == 0 ? " [json_name = " : ", json_name = ");
    lf_proto_add_string(p, lf_value_text(json), false);
}

/* What labels, packed and groups mean, and the features that are said. */
static void
add_field_features(struct lf_proto_printer *p, const struct lf_value *field)
{
    const struct lf_value *options = lf_value_get_text(field, "options");
    if (lf_proto_is_set(field, "alone"))
        lf_proto_add_feature(p, true, "field_presence", LF_LIT("EXPLICIT"));
    if (lf_bytes_equal_text(lf_proto_text_of(field, "label"), "required"))
        lf_proto_add_feature(p, true, "field_presence", LF_LIT("LEGACY_REQUIRED"));
    if (lf_bytes_equal_text(lf_proto_text_of(field, "type"), "group"))
        lf_proto_add_feature(p, true, "message_encoding", LF_LIT("DELIMITED"));
    if (options != NULL && lf_value_get_text(options, "packed") != NULL)
        lf_proto_add_feature(p, true, "repeated_field_encoding",
                             lf_proto_is_set(options, "packed") ? LF_LIT("PACKED") : LF_LIT("EXPANDED"));
    lf_proto_add_features(p, true, field);
}

/* " NAME = NUMBER [OPTIONS];" */
static void
add_field_rest(struct lf_proto_printer *p, const struct lf_value *field)
{
    p->options = 0;
    lf_buf_add_char(&p->out, ' ');
    lf_proto_add_name(p, lf_proto_text_of(field, "name"));
    lf_buf_printf(&p->out, " = %" PRId64, lf_proto_number_of(field, "number"));
    add_field_features(p, field);
    add_json_name(p, field);
    if (lf_value_get_text(field, "preset") != NULL)
        add_default(p, field);
    lf_proto_add(p, p->options != 0 ? "];\n" : ";\n");
}

/* The entry of a map has two fields, key and value. */
static void
add_map(struct lf_proto_printer *p, const struct lf_value *field, const struct lf_value *entry)
{
    const struct lf_value fields = lf_proto_list_of(entry, "fields");
    if (fields.count != 2 || lf_proto_number_of(&fields.u.items[0], "number") != 1) {
        lf_proto_wrong_descriptor(p, "the entry of a map", lf_proto_text_of(entry, "name"));
        return;
    }
    lf_proto_add(p, "map<");
    add_type(p, &fields.u.items[0]);
    lf_proto_add(p, ", ");
    add_type(p, &fields.u.items[1]);
    lf_proto_add(p, ">");
    add_field_rest(p, field);
}

/* entries: of the maps of the field's message, by name. */
static void
add_field(struct lf_proto_printer *p, const struct lf_value *field, const struct lf_map *entries)
{
    const bool repeated = lf_bytes_equal_text(lf_proto_text_of(field, "label"), "repeated");
    struct lf_bytes type = lf_proto_text_of(field, "named");
    const char *point = type.len != 0 ? memrchr(type.ptr, '.', type.len) : NULL;
    if (point != NULL)
        type = lf_bytes(point + 1, (size_t)(type.ptr + type.len - point - 1));
    const struct lf_value *entry = repeated ? lf_map_get(entries, type) : NULL;
    if (entry != NULL) {
        add_map(p, field, entry);
        return;
    }
    lf_proto_add(p, repeated ? "repeated " : "");
    add_type(p, field);
    add_field_rest(p, field);
}

/* --- oneofs ------------------------------------------------------------------------------------------------------- */

/* The fields of each oneof as a chain of places plus one, in the order of the fields. */
struct chains {
    uint32_t *first; /* of a oneof */
    uint32_t *next;  /* of a field */
};

/* A field that is alone in its oneof because it is "optional" in proto3 is none of a oneof that anybody wrote. */
static bool
is_in_oneof(const struct lf_value *field)
{
    return lf_value_get_text(field, "oneof") != NULL && !lf_proto_is_set(field, "alone");
}

static bool
make_chains(struct lf_proto_printer *p, const struct lf_value *fields, const struct lf_value *oneofs,
            struct chains *ret)
{
    ret->first = LF_ARENA_ARRAY(p->arena, uint32_t, oneofs->count);
    ret->next = LF_ARENA_ARRAY(p->arena, uint32_t, fields->count);
    if (ret->first == NULL || ret->next == NULL) {
        p->failed = p->failed != LF_OK ? p->failed : lf_no_memory(p->err);
        return false;
    }
    for (uint32_t i = fields->count; i > 0; i--) {
        const struct lf_value *field = &fields->u.items[i - 1];
        const int64_t at = lf_proto_number_of(field, "oneof");
        if (!is_in_oneof(field))
            continue;
        if (at < 0 || at >= oneofs->count) {
            lf_proto_wrong_descriptor(p, "no oneof for", lf_proto_text_of(field, "name"));
            return false;
        }
        ret->next[i - 1] = ret->first[at];
        ret->first[at] = i;
    }
    return true;
}

/* "message Name {" and its features; the brace is the caller's to close. */
static void
open_block(struct lf_proto_printer *p, const char *keyword, const struct lf_value *named)
{
    lf_proto_add(p, keyword);
    lf_proto_add_name(p, lf_proto_text_of(named, "name"));
    lf_proto_add(p, " {\n");
    lf_proto_add_features(p, false, named);
}

/* A oneof without fields is that of an optional one. */
static void
add_oneof(struct lf_proto_printer *p, const struct lf_value *oneof, const struct lf_value *fields,
          const struct chains *chains, uint32_t first)
{
    struct lf_map none;
    if (first == 0)
        return;
    lf_map_init(&none);
    open_block(p, "oneof ", oneof);
    for (uint32_t at = first; at != 0; at = chains->next[at - 1])
        add_field(p, &fields->u.items[at - 1], &none);
    lf_proto_add(p, "}\n");
    lf_map_release(&none);
}

/* Fields and oneofs of a message. */
static void
add_fields(struct lf_proto_printer *p, const struct lf_value *message, const struct lf_map *entries)
{
    const struct lf_value fields = lf_proto_list_of(message, "fields");
    const struct lf_value oneofs = lf_proto_list_of(message, "oneofs");
    struct chains chains;
    if (!make_chains(p, &fields, &oneofs, &chains))
        return;
    for (uint32_t i = 0; i < fields.count; i++) {
        if (!is_in_oneof(&fields.u.items[i]))
            add_field(p, &fields.u.items[i], entries);
    }
    for (uint32_t i = 0; i < oneofs.count; i++)
        add_oneof(p, &oneofs.u.items[i], &fields, &chains, chains.first[i]);
}

/* --- messages and enums ------------------------------------------------------------------------------------------- */

/* Ranges whose last number is to - beyond. */
static void
add_ranges(struct lf_proto_printer *p, const char *keyword, const struct lf_value *message, const char *name,
           int beyond)
{
    const struct lf_value ranges = lf_proto_list_of(message, name);
    for (uint32_t i = 0; i < ranges.count; i++)
        lf_buf_printf(&p->out, "%s %" PRId64 " to %" PRId64 ";\n", keyword,
                      lf_proto_number_of(&ranges.u.items[i], "from"),
                      lf_proto_number_of(&ranges.u.items[i], "to") - beyond);
}

static void
add_reserved_names(struct lf_proto_printer *p, const struct lf_value *message)
{
    const struct lf_value names = lf_proto_list_of(message, "names");
    for (uint32_t i = 0; i < names.count; i++) {
        lf_proto_add(p, "reserved ");
        lf_proto_add_string(p, lf_value_text(&names.u.items[i]), false);
        lf_proto_add(p, ";\n");
    }
}

static void
add_enum(struct lf_proto_printer *p, const struct lf_value *enumeration)
{
    const struct lf_value values = lf_proto_list_of(enumeration, "values");
    const struct lf_value *options = lf_value_get_text(enumeration, "options");
    open_block(p, "enum ", enumeration);
    lf_proto_add(p, options != NULL && lf_proto_is_set(options, "alias") ? "option allow_alias = true;\n" : "");
    for (uint32_t i = 0; i < values.count; i++) {
        lf_proto_add_name(p, lf_proto_text_of(&values.u.items[i], "name"));
        lf_buf_printf(&p->out, " = %" PRId64 ";\n", lf_proto_number_of(&values.u.items[i], "number"));
    }
    add_ranges(p, "reserved", enumeration, "reserved", 0);
    add_reserved_names(p, enumeration);
    lf_proto_add(p, "}\n");
}

static void
add_enums(struct lf_proto_printer *p, const struct lf_value *message)
{
    const struct lf_value enums = lf_proto_list_of(message, "enums");
    for (uint32_t i = 0; i < enums.count; i++)
        add_enum(p, &enums.u.items[i]);
}

static bool
is_entry(const struct lf_value *message)
{
    const struct lf_value *options = lf_value_get_text(message, "options");
    return options != NULL && lf_proto_is_set(options, "map");
}

static bool
collect_entries(struct lf_proto_printer *p, const struct lf_value *messages, struct lf_map *ret)
{
    for (uint32_t i = 0; i < messages->count; i++) {
        struct lf_value *message = &messages->u.items[i];
        if (is_entry(message) && lf_map_set(ret, lf_proto_text_of(message, "name"), message) != LF_OK) {
            p->failed = p->failed != LF_OK ? p->failed : lf_no_memory(p->err);
            return false;
        }
    }
    return true;
}

/* As deep as the decoder let it become. The order of messages is that of their indexes. */
static void
add_message(struct lf_proto_printer *p, const struct lf_value *message)
{
    const struct lf_value messages = lf_proto_list_of(message, "messages");
    struct lf_map entries;
    lf_map_init(&entries);
    open_block(p, "message ", message);
    if (collect_entries(p, &messages, &entries))
        add_fields(p, message, &entries);
    lf_map_release(&entries);
    for (uint32_t i = 0; i < messages.count && p->failed == LF_OK; i++) {
        if (!is_entry(&messages.u.items[i]))
            add_message(p, &messages.u.items[i]);
    }
    add_enums(p, message);
    add_ranges(p, "reserved", message, "reserved", 1);
    add_ranges(p, "extensions", message, "extensions", 1);
    add_reserved_names(p, message);
    lf_proto_add(p, "}\n");
}

/* --- files -------------------------------------------------------------------------------------------------------- */

/* proto2 and proto3 as features: what differs from those of the edition. */
static void
add_syntax(struct lf_proto_printer *p, const struct lf_value *file)
{
    const struct lf_bytes syntax = lf_proto_text_of(file, "syntax");
    lf_proto_add(p, "edition = \"2023\";\n");
    if (syntax.len == 0 || lf_bytes_equal_text(syntax, "proto2")) {
        lf_proto_add_feature(p, false, "enum_type", LF_LIT("CLOSED"));
        lf_proto_add_feature(p, false, "repeated_field_encoding", LF_LIT("EXPANDED"));
    } else if (lf_bytes_equal_text(syntax, "proto3")) {
        lf_proto_add_feature(p, false, "field_presence", LF_LIT("IMPLICIT"));
    } else if (!lf_bytes_equal_text(syntax, "editions")) {
        lf_proto_wrong_descriptor(p, "the syntax", syntax);
    }
    lf_proto_add_features(p, false, file);
}

static void
add_imports(struct lf_proto_printer *p, const struct lf_value *file)
{
    const struct lf_value imports = lf_proto_list_of(file, "imports");
    const struct lf_value publics = lf_proto_list_of(file, "publics");
    if (imports.count > LF_PROTO_FILES_MAX || publics.count > imports.count) {
        lf_proto_wrong_descriptor(p, "too many imports in", lf_proto_text_of(file, "name"));
        return;
    }
    for (uint32_t i = 0; i < imports.count; i++) {
        bool is_public = false;
        for (uint32_t k = 0; k < publics.count; k++)
            is_public = is_public || publics.u.items[k].u.integer == (int64_t)i;
        lf_proto_add(p, is_public ? "import public " : "import ");
        lf_proto_add_string(p, lf_value_text(&imports.u.items[i]), false);
        lf_proto_add(p, ";\n");
    }
}

static void
add_file(struct lf_proto_printer *p, const struct lf_value *file)
{
    const struct lf_bytes package = lf_proto_text_of(file, "package");
    const struct lf_value messages = lf_proto_list_of(file, "messages");
    add_syntax(p, file);
    if (package.len != 0) {
        lf_proto_add(p, "package ");
        lf_proto_add_path(p, package, false);
        lf_proto_add(p, ";\n");
    }
    add_imports(p, file);
    for (uint32_t i = 0; i < messages.count && p->failed == LF_OK; i++)
        add_message(p, &messages.u.items[i]);
    add_enums(p, file);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

bool
lf_proto_is_descriptor(struct lf_bytes text)
{
    while (text.len != 0 && text.ptr[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '+' && c != '/')
            return false;
    }
    return text.len != 0;
}

/* The descriptor as a value, in arena and of the schema. */
static enum lf_status
read_descriptor(struct lf_bytes base64, const struct lf_proto_schema *schema, struct lf_arena *arena,
                struct lf_value *ret, struct lf_err *err)
{
    struct lf_bytes bytes = LF_BYTES_NONE;
    struct lf_err why = {0};
    enum lf_status st = lf_base64_read(base64, arena, &bytes, &why);
    if (st == LF_OK)
        st = lf_proto_decode(lf_proto_schema_first(schema), bytes, 0, arena, ret, &why);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    return st == LF_OK ? st : lf_fail(err, st, "neither a .proto file nor a descriptor in base64: %s", why.text);
}

static enum lf_status
print(const struct lf_value *file, struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err)
{
    struct lf_proto_printer p = {.arena = arena, .err = err};
    lf_buf_init(&p.out, LF_PROTO_TEXT_BYTES_MAX);
    add_file(&p, file);
    enum lf_status st = p.failed != LF_OK ? p.failed : lf_buf_status(&p.out, err);
    if (st == LF_OK) {
        *ret = lf_arena_copy(arena, lf_buf_view(&p.out));
        st = ret->ptr != NULL ? LF_OK : lf_no_memory(err);
    }
    lf_buf_release(&p.out);
    return st;
}

enum lf_status
lf_proto_descriptor_text(struct lf_bytes base64, struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err)
{
    struct lf_proto_schema *schema = NULL;
    struct lf_value file;
    if (base64.len > LF_PROTO_TEXT_BYTES_MAX)
        return lf_fail(err, LF_LIMIT, "a descriptor of %zu bytes: %d are allowed", base64.len, LF_PROTO_TEXT_BYTES_MAX);
    enum lf_status st = lf_proto_schema_parse(lf_bytes_of(form), NULL, 0, &schema, err);
    if (st == LF_OK)
        st = read_descriptor(base64, schema, arena, &file, err);
    if (st == LF_OK)
        st = print(&file, arena, ret, err);
    lf_proto_schema_free(schema); /* the value has names of it */
    return st;
}
