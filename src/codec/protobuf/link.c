/* Linking: types resolved, features inherited, presence and packing decided, JSON names given. */
#include "codec/protobuf/link.h"

#include "base/mem.h"

struct linker {
    struct lf_proto_schema *schema;
    const struct lf_proto_file *file;
    struct lf_err *err;
};

struct lf_proto_features
lf_proto_features_within(struct lf_proto_features child, struct lf_proto_features parent)
{
    if (child.presence == LF_PROTO_PRESENCE_INHERITED)
        child.presence = parent.presence;
    if (child.enums == LF_PROTO_ENUM_INHERITED)
        child.enums = parent.enums;
    if (child.repeated == LF_PROTO_REPEATED_INHERITED)
        child.repeated = parent.repeated;
    if (child.messages == LF_PROTO_MESSAGES_INHERITED)
        child.messages = parent.messages;
    return child;
}

#define wrong(linker, place, ...) lf_proto_fail_at((linker)->err, (linker)->file, (place), LF_INVALID, __VA_ARGS__)

static enum lf_status
resolve_type(struct linker *linker, struct lf_proto_field *field, const struct lf_proto_message *message)
{
    const struct lf_proto_symbol *symbol = NULL;
    if (field->type != LF_PROTO_NAMED)
        return LF_OK;
    enum lf_status st = lf_proto_resolve(linker->schema, field, linker->file, message->full_name, &symbol, linker->err);
    if (st != LF_OK)
        return st;
    if (symbol->kind == LF_PROTO_S_MESSAGE && symbol->message->map_entry)
        return wrong(linker, field->type_place, "\"%.*s\" is the entry of a map", LF_FMT(field->type_name));
    field->type = symbol->kind == LF_PROTO_S_MESSAGE ? LF_PROTO_MESSAGE : LF_PROTO_ENUM;
    field->message = symbol->message;
    field->enumeration = symbol->enumeration;
    return LF_OK;
}

/* Whether "absent" differs from "zero": https://protobuf.dev/programming-guides/field_presence/ */
static void
decide_presence(struct lf_proto_field *field, const struct lf_proto_file *file)
{
    field->required = field->label == LF_PROTO_LABEL_REQUIRED ||
                      (field->features.presence == LF_PROTO_REQUIRED && !field->repeated && field->oneof == NULL);
    field->presence =
        !field->repeated && (field->oneof != NULL || field->type == LF_PROTO_MESSAGE || field->required ||
                             field->features.presence == LF_PROTO_EXPLICIT ||
                             (field->label == LF_PROTO_LABEL_OPTIONAL && file->syntax != LF_PROTO_EDITION));
}

static enum lf_status
decide_packing(struct linker *linker, struct lf_proto_field *field)
{
    const bool may = field->repeated && field->type != LF_PROTO_STRING && field->type != LF_PROTO_BYTES &&
                     field->type != LF_PROTO_MESSAGE;
    if (field->packed_option == LF_PROTO_PACKED_YES && !may)
        return wrong(linker, field->place, "only repeated numbers, bools and enums can be packed");
    field->packed =
        may && (field->packed_option == LF_PROTO_PACKED_UNSAID ? field->features.repeated == LF_PROTO_PACKED
                                                               : field->packed_option == LF_PROTO_PACKED_YES);
    return LF_OK;
}

static enum lf_status
give_json_name(struct linker *linker, struct lf_proto_field *field)
{
    if (field->json_name.ptr != NULL)
        return LF_OK;
    char *text = lf_arena_alloc(&linker->schema->arena, field->name.len + 1);
    if (text == NULL)
        return lf_no_memory(linker->err);
    field->json_name = lf_bytes(text, lf_proto_camel_case(field->name, text));
    return LF_OK;
}

static enum lf_status
link_field(struct linker *linker, struct lf_proto_field *field, const struct lf_proto_message *message)
{
    struct lf_proto_features around = message->features;
    if (field->oneof != NULL)
        around = lf_proto_features_within(field->oneof->features, around);
    field->features = lf_proto_features_within(field->features, around);
    enum lf_status st = resolve_type(linker, field, message);
    if (st != LF_OK)
        return st;
    decide_presence(field, linker->file);
    field->delimited = field->type == LF_PROTO_MESSAGE && !field->map && !message->map_entry &&
                       field->features.messages == LF_PROTO_DELIMITED;
    if (field->enumeration != NULL && !field->presence && !field->repeated && !message->map_entry &&
        field->enumeration->closed)
        return wrong(linker, field->type_place,
                     "\"%.*s\" is a closed enum, which has no zero that could stand for an absent value",
                     LF_FMT(field->type_name));
    if (field->enumeration != NULL && message->map_entry && field->enumeration->values[0].number != 0)
        return wrong(linker, field->type_place, "the first value of an enum in a map is 0");
    st = decide_packing(linker, field);
    if (st == LF_OK)
        st = give_json_name(linker, field);
    if (st == LF_OK && field->default_constant != NULL)
        st = lf_proto_link_default(linker->schema, field, linker->file, linker->err);
    return st;
}

/* Members of the JSON shape are told apart by these names. */
static enum lf_status
check_json_names(struct linker *linker, const struct lf_proto_message *message)
{
    struct lf_map names;
    enum lf_status st = LF_OK;
    lf_map_init(&names);
    for (size_t i = 0; st == LF_OK && i < message->field_count; i++) {
        struct lf_proto_field *field = message->fields[i];
        st = lf_map_add(&names, field->json_name, field);
        if (st == LF_DUPLICATE)
            st = wrong(linker, field->place, "the fields \"%.*s\" and \"%.*s\" have the same JSON name \"%.*s\"",
                       LF_FMT(((const struct lf_proto_field *)lf_map_get(&names, field->json_name))->name),
                       LF_FMT(field->name), LF_FMT(field->json_name));
        else if (st != LF_OK)
            st = lf_no_memory(linker->err);
    }
    lf_map_release(&names);
    return st;
}

/* First all enums: whether one is closed matters to the fields of other files. */
static enum lf_status
link_enums(struct linker *linker, struct lf_proto_message *message, struct lf_proto_features around)
{
    enum lf_status st = LF_OK;
    message->features = lf_proto_features_within(message->features, around);
    for (size_t i = 0; st == LF_OK && i < message->enum_count; i++)
        st = lf_proto_link_enum(linker->schema, message->enums[i], message->features, linker->err);
    for (size_t i = 0; st == LF_OK && i < message->message_count; i++)
        st = link_enums(linker, message->messages[i], message->features);
    return st;
}

static enum lf_status
link_message(struct linker *linker, struct lf_proto_message *message)
{
    enum lf_status st = LF_OK;
    uint32_t index = 0;
    if (message->file->built_in)
        message->kind = lf_proto_kind_of(message->full_name);
    for (size_t i = 0; st == LF_OK && i < message->field_count; i++) {
        st = link_field(linker, message->fields[i], message);
        message->has_required = message->has_required || message->fields[i]->required;
    }
    if (st == LF_OK)
        st = lf_proto_link_numbers(linker->schema, message, linker->err);
    if (st == LF_OK)
        st = check_json_names(linker, message);
    for (size_t i = 0; st == LF_OK && i < message->message_count; i++) {
        message->messages[i]->index = index;
        index += message->messages[i]->map_entry ? 0 : 1;
        st = link_message(linker, message->messages[i]);
    }
    return st;
}

static enum lf_status
link_file_enums(struct linker *linker, struct lf_proto_file *file)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < file->enum_count; i++)
        st = lf_proto_link_enum(linker->schema, file->enums[i], file->features, linker->err);
    for (size_t i = 0; st == LF_OK && i < file->message_count; i++)
        st = link_enums(linker, file->messages[i], file->features);
    return st;
}

static enum lf_status
link_file(struct linker *linker, struct lf_proto_file *file)
{
    enum lf_status st = lf_proto_mark_visible(linker->schema, file) ? LF_OK : lf_no_memory(linker->err);
    for (size_t i = 0; st == LF_OK && i < file->message_count; i++) {
        file->messages[i]->index = (uint32_t)i;
        st = link_message(linker, file->messages[i]);
    }
    return st;
}

enum lf_status
lf_proto_link(struct lf_proto_schema *schema, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < schema->file_count; i++) {
        struct linker linker = {schema, schema->files[i], err};
        st = link_file_enums(&linker, schema->files[i]);
    }
    for (size_t i = 0; st == LF_OK && i < schema->file_count; i++) {
        struct linker linker = {schema, schema->files[i], err};
        st = link_file(&linker, schema->files[i]);
    }
    return st;
}
