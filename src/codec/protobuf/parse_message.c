/* Declarations: messages, enums, reserved numbers and names. Fields are in parse_field.c. */
#include "codec/protobuf/parser.h"

struct lf_proto_message *
lf_proto_add_message(struct lf_proto_parser *p, struct lf_proto_message *parent, struct lf_bytes name,
                     struct lf_proto_place place)
{
    struct lf_arena *arena = &p->schema->arena;
    struct lf_proto_message *message = LF_ARENA_NEW(arena, struct lf_proto_message);
    struct lf_proto_file *file = p->file;
    if (message == NULL ||
        !(parent != NULL ? LF_PROTO_ROOM(arena, parent->messages, parent->message_count, parent->message_cap)
                         : LF_PROTO_ROOM(arena, file->messages, file->message_count, file->message_cap))) {
        lf_proto_parser_no_memory(p);
        return NULL;
    }
    message->name = name;
    message->full_name = lf_proto_join(p->schema, parent != NULL ? parent->full_name : file->package, name);
    message->file = file;
    message->parent = parent;
    message->place = place;
    if (parent != NULL)
        parent->messages[parent->message_count++] = message;
    else
        file->messages[file->message_count++] = message;
    if (message->full_name.ptr == NULL) {
        lf_proto_parser_no_memory(p);
        return NULL;
    }
    return message;
}

/* --- reserved ----------------------------------------------------------------------------------------------------- */

static bool
add_range(struct lf_proto_parser *p, struct lf_proto_reserved *reserved, struct lf_proto_range range)
{
    if (!LF_PROTO_ROOM(&p->schema->arena, reserved->ranges, reserved->range_count, reserved->range_cap))
        return lf_proto_parser_no_memory(p);
    reserved->ranges[reserved->range_count++] = range;
    return true;
}

/* "4", "4 to 9" or "4 to max", with commas between. */
static bool
parse_ranges(struct lf_proto_parser *p, struct lf_proto_reserved *reserved, bool extensions, int64_t min, int64_t max)
{
    do {
        const struct lf_proto_place place = p->token.place;
        struct lf_proto_range range = {.extensions = extensions};
        if (!lf_proto_expect_integer(p, min, max, &range.from))
            return false;
        range.to = range.from;
        if (lf_proto_accept(p, "to")) {
            if (lf_proto_accept(p, "max"))
                range.to = max;
            else if (!lf_proto_expect_integer(p, min, max, &range.to))
                return false;
        }
        if (range.to < range.from)
            return lf_proto_wrong(p, place, "this range ends before it begins");
        if (!add_range(p, reserved, range))
            return false;
    } while (lf_proto_accept(p, ","));
    return p->failed == LF_OK;
}

bool
lf_proto_parse_reserved(struct lf_proto_parser *p, struct lf_proto_reserved *reserved, int64_t min, int64_t max)
{
    if (p->token.kind == LF_PROTO_TOKEN_INTEGER || lf_proto_at(p, "-"))
        return parse_ranges(p, reserved, false, min, max) && lf_proto_expect(p, ";");
    do {
        struct lf_bytes name;
        if (p->token.kind == LF_PROTO_TOKEN_STRING ? !lf_proto_expect_string(p, &name)
                                                   : !lf_proto_expect_name(p, "numbers or names", &name))
            return false;
        if (!LF_PROTO_ROOM(&p->schema->arena, reserved->names, reserved->name_count, reserved->name_cap))
            return lf_proto_parser_no_memory(p);
        reserved->names[reserved->name_count++] = name;
    } while (lf_proto_accept(p, ","));
    return lf_proto_expect(p, ";");
}

static bool
ignore_option(struct lf_proto_parser *p, void *target, const struct lf_proto_option *option)
{
    (void)p;
    (void)target;
    (void)option;
    return true;
}

bool
lf_proto_parse_extensions(struct lf_proto_parser *p, struct lf_proto_reserved *reserved)
{
    return parse_ranges(p, reserved, true, 1, LF_PROTO_NUMBER_MAX) && lf_proto_parse_options(p, ignore_option, NULL) &&
           lf_proto_expect(p, ";");
}

/* --- enums -------------------------------------------------------------------------------------------------------- */

static struct lf_proto_enum *
add_enum(struct lf_proto_parser *p, struct lf_proto_message *parent, struct lf_bytes name, struct lf_proto_place place)
{
    struct lf_arena *arena = &p->schema->arena;
    struct lf_proto_enum *found = LF_ARENA_NEW(arena, struct lf_proto_enum);
    struct lf_proto_file *file = p->file;
    if (found == NULL || !(parent != NULL ? LF_PROTO_ROOM(arena, parent->enums, parent->enum_count, parent->enum_cap)
                                          : LF_PROTO_ROOM(arena, file->enums, file->enum_count, file->enum_cap))) {
        lf_proto_parser_no_memory(p);
        return NULL;
    }
    found->name = name;
    found->full_name = lf_proto_join(p->schema, parent != NULL ? parent->full_name : file->package, name);
    found->file = file;
    found->parent = parent;
    found->place = place;
    if (parent != NULL)
        parent->enums[parent->enum_count++] = found;
    else
        file->enums[file->enum_count++] = found;
    if (found->full_name.ptr == NULL) {
        lf_proto_parser_no_memory(p);
        return NULL;
    }
    return found;
}

static bool
take_enum_option(struct lf_proto_parser *p, void *target, const struct lf_proto_option *option)
{
    struct lf_proto_enum *found = target;
    if (lf_bytes_equal_text(option->name, "allow_alias") && option->sub.len == 0)
        return lf_proto_option_bool(p, option, &found->allow_alias);
    return lf_proto_take_feature(p, option, &found->features);
}

static bool
parse_enum_value(struct lf_proto_parser *p, struct lf_proto_enum *found)
{
    struct lf_proto_enum_value value = {.place = p->token.place};
    int64_t number;
    if (!lf_proto_expect_name(p, "the name of a value", &value.name) || !lf_proto_expect(p, "=") ||
        !lf_proto_expect_integer(p, INT32_MIN, INT32_MAX, &number) || !lf_proto_parse_options(p, ignore_option, NULL) ||
        !lf_proto_expect(p, ";"))
        return false;
    value.short_name = value.name;
    value.number = (int32_t)number;
    if (!LF_PROTO_ROOM(&p->schema->arena, found->values, found->count, found->cap))
        return lf_proto_parser_no_memory(p);
    found->values[found->count++] = value;
    return true;
}

/* What begins a statement may be the name of a value as well: "option = 1;". */
static bool
parse_enum_statement(struct lf_proto_parser *p, struct lf_proto_enum *found)
{
    if (lf_proto_accept(p, ";"))
        return true;
    if (!lf_proto_at(p, "option") && !lf_proto_at(p, "reserved"))
        return parse_enum_value(p, found);
    const struct lf_proto_lexer before = p->lexer;
    const struct lf_proto_token keyword = p->token;
    if (!lf_proto_advance(p))
        return false;
    if (lf_proto_at(p, "=")) {
        p->lexer = before;
        p->token = keyword;
        return parse_enum_value(p, found);
    }
    return lf_bytes_equal_text(keyword.text, "option")
               ? lf_proto_parse_option(p, take_enum_option, found)
               : lf_proto_parse_reserved(p, &found->reserved, INT32_MIN, INT32_MAX);
}

bool
lf_proto_parse_enum(struct lf_proto_parser *p, struct lf_proto_message *parent)
{
    struct lf_bytes name;
    const struct lf_proto_place place = p->token.place;
    if (!lf_proto_expect_name(p, "the name of an enum", &name) || !lf_proto_expect(p, "{"))
        return false;
    struct lf_proto_enum *found = add_enum(p, parent, name, place);
    while (found != NULL && p->failed == LF_OK && !lf_proto_at(p, "}"))
        parse_enum_statement(p, found);
    return p->failed == LF_OK && lf_proto_expect(p, "}");
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

static bool
take_message_option(struct lf_proto_parser *p, void *target, const struct lf_proto_option *option)
{
    struct lf_proto_message *message = target;
    return lf_proto_take_feature(p, option, &message->features);
}

/* An "extend" block within a message; its fields are unknown ones here. */
static bool
skip_extend(struct lf_proto_parser *p)
{
    struct lf_bytes name;
    return lf_proto_expect_path(p, true, &name) && lf_proto_skip_block(p);
}

/* A statement after its keyword; NULL keyword: none of them, a field. */
static bool
parse_keyword(struct lf_proto_parser *p, struct lf_proto_message *message, struct lf_bytes keyword)
{
    if (lf_bytes_equal_text(keyword, "message"))
        return lf_proto_parse_message(p, message);
    if (lf_bytes_equal_text(keyword, "enum"))
        return lf_proto_parse_enum(p, message);
    if (lf_bytes_equal_text(keyword, "oneof"))
        return lf_proto_parse_oneof(p, message);
    if (lf_bytes_equal_text(keyword, "option"))
        return lf_proto_parse_option(p, take_message_option, message);
    if (lf_bytes_equal_text(keyword, "reserved"))
        return lf_proto_parse_reserved(p, &message->reserved, 1, LF_PROTO_NUMBER_MAX);
    if (lf_bytes_equal_text(keyword, "extensions"))
        return lf_proto_parse_extensions(p, &message->reserved);
    return skip_extend(p);
}

static bool
is_keyword(const struct lf_proto_parser *p)
{
    static const char *const keywords[] = {"message", "enum", "oneof", "option", "reserved", "extensions", "extend"};
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (lf_proto_at(p, keywords[i]))
            return true;
    }
    return false;
}

static bool
parse_statement(struct lf_proto_parser *p, struct lf_proto_message *message)
{
    if (p->file->syntax == LF_PROTO_EDITION && (lf_proto_at(p, "export") || lf_proto_at(p, "local"))) {
        const struct lf_proto_lexer before = p->lexer;
        const struct lf_proto_token word = p->token;
        if (lf_proto_advance(p) && !lf_proto_at(p, "message") && !lf_proto_at(p, "enum")) { /* a type of that name */
            p->lexer = before;
            p->token = word;
        }
    }
    if (lf_proto_accept(p, ";"))
        return true;
    if (!is_keyword(p))
        return lf_proto_parse_field(p, message, NULL);
    const struct lf_bytes keyword = p->token.text;
    return lf_proto_advance(p) && parse_keyword(p, message, keyword);
}

bool
lf_proto_parse_body(struct lf_proto_parser *p, struct lf_proto_message *message)
{
    if (++p->depth > LF_PROTO_NESTING_MAX)
        return lf_proto_parser_fail(p, p->token.place, LF_LIMIT, "messages nested deeper than %d",
                                    LF_PROTO_NESTING_MAX);
    if (!lf_proto_expect(p, "{"))
        return false;
    while (p->failed == LF_OK && !lf_proto_at(p, "}"))
        parse_statement(p, message);
    p->depth--;
    return p->failed == LF_OK && lf_proto_expect(p, "}");
}

bool
lf_proto_parse_message(struct lf_proto_parser *p, struct lf_proto_message *parent)
{
    struct lf_bytes name;
    const struct lf_proto_place place = p->token.place;
    if (!lf_proto_expect_name(p, "the name of a message", &name))
        return false;
    struct lf_proto_message *message = lf_proto_add_message(p, parent, name, place);
    return message != NULL && lf_proto_parse_body(p, message);
}
