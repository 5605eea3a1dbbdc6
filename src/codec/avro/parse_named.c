/* Records, enums and fixed types: their names, their parts. */
#include "codec/avro/parse.h"

#include <string.h>

static bool
is_name_part(struct lf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return text.len != 0;
}

/* Names with dots between them. */
static bool
is_dotted(struct lf_bytes text)
{
    for (;;) {
        const size_t dot = lf_bytes_index(text, '.');
        if (dot == SIZE_MAX)
            return is_name_part(text);
        if (!is_name_part(lf_bytes(text.ptr, dot)))
            return false;
        text = lf_bytes(text.ptr + dot + 1, text.len - dot - 1);
    }
}

static struct lf_bytes
last_part(struct lf_bytes full)
{
    const char *dot = memrchr(full.ptr, '.', full.len);
    return dot != NULL ? lf_bytes(dot + 1, (size_t)(full.ptr + full.len - dot - 1)) : full;
}

static struct lf_bytes
space_of(const struct lf_avro_type *type)
{
    const size_t len = type->name.len - type->last_name.len;
    return lf_bytes(type->name.ptr, len > 0 ? len - 1 : 0);
}

/* name in space, unless it is full already; ends in NUL. ptr NULL out of memory. */
static struct lf_bytes
full_name(struct lf_avro_parse *parse, struct lf_bytes name, struct lf_bytes space)
{
    if (space.len == 0 || lf_bytes_index(name, '.') != SIZE_MAX)
        return lf_arena_copy(&parse->schema->arena, name);
    const size_t len = space.len + 1 + name.len;
    char *full = lf_arena_alloc(&parse->schema->arena, len + 1);
    if (full == NULL)
        return LF_BYTES_NONE;
    memcpy(full, space.ptr, space.len);
    full[space.len] = '.';
    memcpy(full + space.len + 1, name.ptr, name.len);
    full[len] = '\0';
    return lf_bytes(full, len);
}

/* The list of names in member "aliases"; without it none. space NULL: they are names of fields. */
static enum lf_status
parse_aliases(struct lf_avro_parse *parse, const struct lf_value *value, const struct lf_bytes *space,
              const struct lf_json_step *step, const struct lf_bytes **ret, uint32_t *ret_count)
{
    const struct lf_value *list = NULL;
    enum lf_status st = lf_avro_parse_member(parse, value, "aliases", LF_V_LIST, step, &list);
    if (st != LF_OK || list == NULL || list->count == 0)
        return st;
    struct lf_bytes *names = LF_ARENA_ARRAY(&parse->schema->arena, struct lf_bytes, list->count);
    if (names == NULL)
        return lf_no_memory(parse->err);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct lf_value *name = &list->u.items[i];
        if (name->type != LF_V_STRING || !is_dotted(lf_value_text(name)))
            return lf_avro_parse_fail(parse, step, "alias %u is no name", i + 1);
        names[i] = space != NULL ? full_name(parse, lf_value_text(name), *space) : lf_value_text(name);
        if (names[i].ptr == NULL)
            return lf_no_memory(parse->err);
    }
    *ret = names;
    *ret_count = list->count;
    return LF_OK;
}

/* Sets the names of a type and makes it known under its full one. */
static enum lf_status
parse_name(struct lf_avro_parse *parse, const struct lf_value *value, struct lf_bytes space,
           const struct lf_json_step *step, struct lf_avro_type *type)
{
    const struct lf_value *name = NULL, *own_space = NULL;
    enum lf_status st = lf_avro_parse_member(parse, value, "name", LF_V_STRING, step, &name);
    if (st == LF_OK)
        st = lf_avro_parse_member(parse, value, "namespace", LF_V_STRING, step, &own_space);
    if (st != LF_OK)
        return st;
    if (name == NULL || !is_dotted(lf_value_text(name)))
        return lf_avro_parse_fail(parse, step, name == NULL ? "\"name\" is missing" : "\"name\" is no name");
    if (own_space != NULL)
        space = lf_value_text(own_space);
    if (space.len != 0 && !is_dotted(space))
        return lf_avro_parse_fail(parse, step, "\"namespace\" is no name");
    type->name = full_name(parse, lf_value_text(name), space);
    if (type->name.ptr == NULL)
        return lf_no_memory(parse->err);
    type->last_name = last_part(type->name);
    for (enum lf_avro_kind kind = LF_AVRO_NULL; kind < LF_AVRO_PRIMITIVES; kind++) {
        if (lf_bytes_equal_text(type->name, lf_avro_kind_name(kind)))
            return lf_avro_parse_fail(parse, step, "a type may not be named \"%s\"", type->name.ptr);
    }
    st = lf_map_add(&parse->names, type->name, type);
    if (st == LF_DUPLICATE)
        return lf_avro_parse_fail(parse, step, "\"%s\" is defined twice", type->name.ptr);
    if (st != LF_OK)
        return lf_no_memory(parse->err);
    const struct lf_bytes inner = space_of(type);
    return parse_aliases(parse, value, &inner, step, &type->aliases, &type->alias_count);
}

/* --- enums and fixed ---------------------------------------------------------------------------------------------- */

/* Adds to names; what is twice has the error's words. */
static enum lf_status
add_once(struct lf_avro_parse *parse, struct lf_map *names, struct lf_bytes name, const char *what,
         const struct lf_json_step *step)
{
    if (!is_name_part(name))
        return lf_avro_parse_fail(parse, step, "%s \"%.*s\" is no name", what, LF_FMT(name));
    enum lf_status st = lf_map_add(names, name, names);
    if (st == LF_DUPLICATE)
        return lf_avro_parse_fail(parse, step, "%s \"%.*s\" stands twice", what, LF_FMT(name));
    return st == LF_OK ? LF_OK : lf_no_memory(parse->err);
}

static enum lf_status
parse_symbols(struct lf_avro_parse *parse, const struct lf_value *list, const struct lf_json_step *step,
              struct lf_avro_type *type)
{
    struct lf_bytes *symbols = LF_ARENA_ARRAY(&parse->schema->arena, struct lf_bytes, list->count);
    if (symbols == NULL)
        return lf_no_memory(parse->err);
    struct lf_map names;
    lf_map_init(&names);
    enum lf_status st = LF_OK;
    for (uint32_t i = 0; st == LF_OK && i < list->count; i++) {
        const struct lf_value *symbol = &list->u.items[i];
        symbols[i] = symbol->type == LF_V_STRING ? lf_value_text(symbol) : LF_BYTES_NONE;
        st = add_once(parse, &names, symbols[i], "symbol", step);
    }
    lf_map_release(&names);
    type->u.symbols = symbols;
    type->count = list->count;
    return st;
}

static enum lf_status
parse_enum(struct lf_avro_parse *parse, const struct lf_value *value, const struct lf_json_step *step,
           struct lf_avro_type *type)
{
    const struct lf_value *list = NULL, *wanted = NULL;
    enum lf_status st = lf_avro_parse_member(parse, value, "symbols", LF_V_LIST, step, &list);
    if (st == LF_OK)
        st = lf_avro_parse_member(parse, value, "default", LF_V_STRING, step, &wanted);
    if (st == LF_OK && (list == NULL || list->count == 0))
        return lf_avro_parse_fail(parse, step, "\"symbols\" is missing or empty");
    if (st == LF_OK)
        st = parse_symbols(parse, list, step, type);
    if (st != LF_OK || wanted == NULL)
        return st;
    for (uint32_t i = 0; i < type->count; i++) {
        if (lf_bytes_equal(type->u.symbols[i], lf_value_text(wanted)))
            type->default_symbol = (int32_t)i;
    }
    if (type->default_symbol < 0)
        return lf_avro_parse_fail(parse, step, "the default \"%.*s\" is none of the symbols",
                                  LF_FMT(lf_value_text(wanted)));
    return LF_OK;
}

static enum lf_status
parse_fixed(struct lf_avro_parse *parse, const struct lf_value *value, const struct lf_json_step *step,
            struct lf_avro_type *type)
{
    const struct lf_value *size = NULL;
    enum lf_status st = lf_avro_parse_member(parse, value, "size", LF_V_INT, step, &size);
    if (st != LF_OK)
        return st;
    if (size == NULL || size->u.integer < 0 || size->u.integer > LF_AVRO_FIXED_BYTES_MAX)
        return lf_avro_parse_fail(parse, step, "\"size\" has to be an integer of 0 to %d", LF_AVRO_FIXED_BYTES_MAX);
    type->count = (uint32_t)size->u.integer;
    return lf_avro_parse_meaning(parse, type, value, step);
}

/* --- records ------------------------------------------------------------------------------------------------------ */

static enum lf_status
parse_field(struct lf_avro_parse *parse, const struct lf_value *value, struct lf_bytes space,
            const struct lf_json_step *step, struct lf_map *names, struct lf_avro_field *field)
{
    const struct lf_value *name = NULL, *type = NULL;
    if (value->type != LF_V_OBJECT)
        return lf_avro_parse_fail(parse, step, "a field is an object");
    enum lf_status st = lf_avro_parse_member(parse, value, "name", LF_V_STRING, step, &name);
    if (st != LF_OK)
        return st;
    type = lf_value_get_text(value, "type");
    if (name == NULL || type == NULL)
        return lf_avro_parse_fail(parse, step, "\"%s\" is missing", name == NULL ? "name" : "type");
    field->name = lf_value_text(name);
    st = add_once(parse, names, field->name, "field", step);
    if (st == LF_OK)
        st = parse_aliases(parse, value, NULL, step, &field->aliases, &field->alias_count);
    if (st != LF_OK)
        return st;
    const struct lf_json_step at = {.outer = step, .name = LF_LIT("type")};
    st = lf_avro_parse_type(parse, type, space, &at, &field->type);
    field->json = lf_value_get_text(value, "default");
    field->state = field->json != NULL ? LF_AVRO_DEFAULT_PENDING : LF_AVRO_NO_DEFAULT;
    return st;
}

static enum lf_status
keep_record(struct lf_avro_parse *parse, struct lf_avro_type *type)
{
    struct lf_avro_type **records = lf_arena_grow(&parse->schema->arena, parse->records, parse->record_count,
                                                  &parse->record_cap, sizeof(struct lf_avro_type *));
    if (records == NULL)
        return lf_no_memory(parse->err);
    records[parse->record_count++] = type;
    parse->records = records;
    return LF_OK;
}

static enum lf_status
parse_record(struct lf_avro_parse *parse, const struct lf_value *value, const struct lf_json_step *step,
             struct lf_avro_type *type)
{
    const struct lf_value *list = NULL;
    enum lf_status st = lf_avro_parse_member(parse, value, "fields", LF_V_LIST, step, &list);
    if (st == LF_OK && list == NULL)
        return lf_avro_parse_fail(parse, step, "\"fields\" is missing");
    if (st == LF_OK)
        st = keep_record(parse, type);
    if (st != LF_OK)
        return st;
    struct lf_avro_field *fields =
        LF_ARENA_ARRAY(&parse->schema->arena, struct lf_avro_field, list->count != 0 ? list->count : 1);
    if (fields == NULL)
        return lf_no_memory(parse->err);
    const struct lf_json_step at = {.outer = step, .name = LF_LIT("fields")};
    struct lf_map names;
    lf_map_init(&names);
    for (uint32_t i = 0; st == LF_OK && i < list->count; i++) {
        const struct lf_json_step field = {.outer = &at, .index = i};
        st = parse_field(parse, &list->u.items[i], space_of(type), &field, &names, &fields[i]);
    }
    lf_map_release(&names);
    type->u.fields = fields;
    type->count = list->count;
    return st;
}

enum lf_status
lf_avro_parse_named(struct lf_avro_parse *parse, enum lf_avro_kind kind, const struct lf_value *value,
                    struct lf_bytes space, const struct lf_json_step *step, const struct lf_avro_type **ret)
{
    struct lf_avro_type *type = lf_avro_parse_new(parse, kind);
    if (type == NULL)
        return parse->err->status;
    enum lf_status st = parse_name(parse, value, space, step, type);
    if (st != LF_OK)
        return st;
    *ret = type;
    switch (kind) {
    case LF_AVRO_ENUM: return parse_enum(parse, value, step, type);
    case LF_AVRO_FIXED: return parse_fixed(parse, value, step, type);
    default: return parse_record(parse, value, step, type);
    }
}
