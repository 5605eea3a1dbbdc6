/* Fields: labels, types, maps, groups, oneofs and the options that matter. */
#include "codec/protobuf/parser.h"

#include <string.h>

static const struct {
    const char *name;
    enum lf_proto_type type;
} scalars[] = {
    {"double", LF_PROTO_DOUBLE},   {"float", LF_PROTO_FLOAT},       {"int32", LF_PROTO_INT32},
    {"int64", LF_PROTO_INT64},     {"uint32", LF_PROTO_UINT32},     {"uint64", LF_PROTO_UINT64},
    {"sint32", LF_PROTO_SINT32},   {"sint64", LF_PROTO_SINT64},     {"fixed32", LF_PROTO_FIXED32},
    {"fixed64", LF_PROTO_FIXED64}, {"sfixed32", LF_PROTO_SFIXED32}, {"sfixed64", LF_PROTO_SFIXED64},
    {"bool", LF_PROTO_BOOL},       {"string", LF_PROTO_STRING},     {"bytes", LF_PROTO_BYTES},
};

const char *
lf_proto_type_text(enum lf_proto_type type)
{
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        if (scalars[i].type == type)
            return scalars[i].name;
    }
    return type == LF_PROTO_ENUM ? "enum" : "message";
}

static struct lf_proto_field *
new_field(struct lf_proto_parser *p, struct lf_proto_message *message)
{
    struct lf_arena *arena = &p->schema->arena;
    struct lf_proto_field *field = LF_ARENA_NEW(arena, struct lf_proto_field);
    if (field == NULL || !LF_PROTO_ROOM(arena, message->fields, message->field_count, message->field_cap)) {
        lf_proto_parser_no_memory(p);
        return NULL;
    }
    field->place = field->type_place = p->token.place;
    field->index = (uint32_t)message->field_count;
    field->default_value = LF_VALUE_NULL;
    message->fields[message->field_count++] = field;
    return field;
}

static bool
parse_type(struct lf_proto_parser *p, struct lf_proto_field *field)
{
    field->type_place = p->token.place;
    if (!lf_proto_expect_path(p, true, &field->type_name))
        return false;
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        if (lf_bytes_equal_text(field->type_name, scalars[i].name))
            field->type = scalars[i].type;
    }
    return true;
}

static bool
take_field_option(struct lf_proto_parser *p, void *target, const struct lf_proto_option *option)
{
    struct lf_proto_field *field = target;
    const struct lf_proto_constant *value = &option->value;
    bool packed;
    if (option->sub.len != 0)
        return lf_proto_take_feature(p, option, &field->features);
    if (lf_bytes_equal_text(option->name, "json_name")) {
        if (value->kind != LF_PROTO_C_STRING || memchr(value->text.ptr, 0, value->text.len) != NULL ||
            !lf_utf8_valid(value->text, NULL) || lf_bytes_starts_with(value->text, LF_LIT("@")))
            return lf_proto_wrong(p, value->place, "a json_name is a string that does not begin with @");
        field->json_name = value->text;
        return true;
    }
    if (lf_bytes_equal_text(option->name, "packed")) {
        if (!lf_proto_option_bool(p, option, &packed))
            return false;
        field->packed_option = packed ? LF_PROTO_PACKED_YES : LF_PROTO_PACKED_NO;
        return true;
    }
    if (lf_bytes_equal_text(option->name, "default")) {
        struct lf_proto_constant *copy = LF_ARENA_NEW(&p->schema->arena, struct lf_proto_constant);
        if (copy == NULL)
            return lf_proto_parser_no_memory(p);
        *copy = *value;
        field->default_constant = copy;
    }
    return true;
}

/* "NAME = NUMBER [OPTIONS]" after the type. */
static bool
parse_rest(struct lf_proto_parser *p, struct lf_proto_field *field)
{
    int64_t number;
    field->place = p->token.place;
    if (!lf_proto_expect_name(p, "the name of a field", &field->name) || !lf_proto_expect(p, "="))
        return false;
    const struct lf_proto_place place = p->token.place;
    if (!lf_proto_expect_integer(p, 1, LF_PROTO_NUMBER_MAX, &number))
        return false;
    if (number >= LF_PROTO_RESERVED_FIRST && number <= LF_PROTO_RESERVED_LAST)
        return lf_proto_wrong(p, place, "the numbers from %d to %d belong to Protocol Buffers itself",
                              LF_PROTO_RESERVED_FIRST, LF_PROTO_RESERVED_LAST);
    field->number = (uint32_t)number;
    return lf_proto_parse_options(p, take_field_option, field);
}

/* "quote_lines" -> "QuoteLinesEntry" */
static struct lf_bytes
entry_name(struct lf_proto_parser *p, struct lf_bytes name)
{
    char *text = lf_arena_alloc(&p->schema->arena, name.len + sizeof("Entry"));
    size_t len = 0;
    if (text == NULL)
        return LF_BYTES_NONE;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '_')
            continue;
        if ((i == 0 || name.ptr[i - 1] == '_') && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        text[len++] = c;
    }
    memcpy(text + len, "Entry", sizeof("Entry"));
    return lf_bytes(text, len + sizeof("Entry") - 1);
}

/* A map is a repeated message of two fields, which nobody wrote. */
static bool
make_entry(struct lf_proto_parser *p, struct lf_proto_message *message, struct lf_proto_field *field,
           const struct lf_proto_field *key, const struct lf_proto_field *value)
{
    const struct lf_bytes name = entry_name(p, field->name);
    if (name.ptr == NULL)
        return lf_proto_parser_no_memory(p);
    struct lf_proto_message *entry = lf_proto_add_message(p, message, name, field->place);
    struct lf_proto_field *fields[2];
    for (size_t i = 0; i < 2; i++) {
        fields[i] = entry != NULL ? new_field(p, entry) : NULL;
        if (fields[i] == NULL)
            return false;
        const uint32_t index = fields[i]->index;
        *fields[i] = i == 0 ? *key : *value;
        fields[i]->name = i == 0 ? LF_LIT("key") : LF_LIT("value");
        fields[i]->number = (uint32_t)i + 1;
        fields[i]->index = index;
        fields[i]->place = field->place;
    }
    entry->map_entry = true;
    field->message = entry;
    return true;
}

static bool
parse_map(struct lf_proto_parser *p, struct lf_proto_message *message, struct lf_proto_field *field)
{
    struct lf_proto_field key = {0}, value = {0};
    if (!lf_proto_expect(p, "<") || !parse_type(p, &key) || !lf_proto_expect(p, ",") || !parse_type(p, &value) ||
        !lf_proto_expect(p, ">"))
        return false;
    if (key.type == LF_PROTO_NAMED || key.type == LF_PROTO_DOUBLE || key.type == LF_PROTO_FLOAT ||
        key.type == LF_PROTO_BYTES)
        return lf_proto_wrong(p, key.type_place, "the key of a map is a string, a bool or an integer");
    field->map = field->repeated = true;
    field->type = LF_PROTO_MESSAGE;
    return parse_rest(p, field) && make_entry(p, message, field, &key, &value) && lf_proto_expect(p, ";");
}

/* "group Name = 1 { … }": a field "name" of the message Name, framed by tags. */
static bool
parse_group(struct lf_proto_parser *p, struct lf_proto_message *message, struct lf_proto_field *field)
{
    if (p->file->syntax != LF_PROTO_PROTO2)
        return lf_proto_wrong(p, field->type_place, "groups are of proto2 only");
    if (!parse_rest(p, field))
        return false;
    if (field->name.ptr[0] < 'A' || field->name.ptr[0] > 'Z')
        return lf_proto_wrong(p, field->place, "the name of a group begins with a capital letter");
    struct lf_proto_message *group = lf_proto_add_message(p, message, field->name, field->place);
    char *lower = lf_arena_text(&p->schema->arena, field->name);
    if (group == NULL || lower == NULL)
        return lf_proto_parser_no_memory(p);
    for (size_t i = 0; i < field->name.len; i++)
        lower[i] = lower[i] >= 'A' && lower[i] <= 'Z' ? (char)(lower[i] - 'A' + 'a') : lower[i];
    field->name = lf_bytes(lower, field->name.len);
    field->type = LF_PROTO_MESSAGE;
    field->message = group;
    field->features.messages = LF_PROTO_DELIMITED;
    return lf_proto_parse_body(p, group);
}

static enum lf_proto_label
take_label(struct lf_proto_parser *p)
{
    if (lf_proto_accept(p, "optional"))
        return LF_PROTO_LABEL_OPTIONAL;
    if (lf_proto_accept(p, "required"))
        return LF_PROTO_LABEL_REQUIRED;
    return lf_proto_accept(p, "repeated") ? LF_PROTO_LABEL_REPEATED : LF_PROTO_NO_LABEL;
}

static bool
check_label(struct lf_proto_parser *p, const struct lf_proto_field *field, bool plain)
{
    switch (p->file->syntax) {
    case LF_PROTO_PROTO2:
        if (field->label == LF_PROTO_NO_LABEL && plain)
            return lf_proto_wrong(p, field->place, "a field of proto2 is optional, required or repeated");
        break;
    case LF_PROTO_PROTO3:
        if (field->label == LF_PROTO_LABEL_REQUIRED)
            return lf_proto_wrong(p, field->place, "required is not of proto3");
        break;
    case LF_PROTO_EDITION:
        if (field->label == LF_PROTO_LABEL_REQUIRED || field->label == LF_PROTO_LABEL_OPTIONAL)
            return lf_proto_wrong(p, field->place, "editions say features.field_presence instead of a label");
        break;
    }
    if (field->label != LF_PROTO_NO_LABEL && !plain)
        return lf_proto_wrong(p, field->place, "maps and the fields of a oneof have no label");
    return true;
}

bool
lf_proto_parse_field(struct lf_proto_parser *p, struct lf_proto_message *message, struct lf_proto_oneof *oneof)
{
    struct lf_proto_field *field = new_field(p, message);
    if (field == NULL)
        return false;
    field->oneof = oneof;
    if (oneof != NULL)
        oneof->field_count++;
    field->label = take_label(p);
    field->repeated = field->label == LF_PROTO_LABEL_REPEATED;
    if (!parse_type(p, field))
        return false;
    const bool map = lf_bytes_equal_text(field->type_name, "map") && lf_proto_at(p, "<");
    if (!check_label(p, field, oneof == NULL && !map))
        return false;
    if (map)
        return oneof == NULL ? parse_map(p, message, field)
                             : lf_proto_wrong(p, field->type_place, "a map cannot be in a oneof");
    if (lf_bytes_equal_text(field->type_name, "group") && p->token.kind == LF_PROTO_TOKEN_NAME)
        return parse_group(p, message, field);
    return parse_rest(p, field) && lf_proto_expect(p, ";");
}

static bool
take_oneof_option(struct lf_proto_parser *p, void *target, const struct lf_proto_option *option)
{
    struct lf_proto_oneof *oneof = target;
    return lf_proto_take_feature(p, option, &oneof->features);
}

bool
lf_proto_parse_oneof(struct lf_proto_parser *p, struct lf_proto_message *message)
{
    struct lf_arena *arena = &p->schema->arena;
    struct lf_proto_oneof *oneof = LF_ARENA_NEW(arena, struct lf_proto_oneof);
    if (oneof == NULL || !LF_PROTO_ROOM(arena, message->oneofs, message->oneof_count, message->oneof_cap))
        return lf_proto_parser_no_memory(p);
    oneof->index = (uint32_t)message->oneof_count;
    oneof->place = p->token.place;
    message->oneofs[message->oneof_count++] = oneof;
    if (!lf_proto_expect_name(p, "the name of a oneof", &oneof->name) || !lf_proto_expect(p, "{"))
        return false;
    while (p->failed == LF_OK && !lf_proto_at(p, "}")) {
        if (lf_proto_accept(p, ";"))
            continue;
        if (lf_proto_accept(p, "option"))
            lf_proto_parse_option(p, take_oneof_option, oneof);
        else
            lf_proto_parse_field(p, message, oneof);
    }
    if (p->failed == LF_OK && oneof->field_count == 0)
        return lf_proto_wrong(p, oneof->place, "a oneof has at least one field");
    return p->failed == LF_OK && lf_proto_expect(p, "}");
}
