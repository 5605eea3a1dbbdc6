/*
 * Schema texts -> types. Definitions nest as deeply as JSON may (LF_JSON_DEPTH_MAX); a named type that is referred to
 * is linked, so that types form a graph.
 */
#include "codec/avro/parse.h"
#include "base/mem.h"
#include "json/json.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const kind_names[] = {
    [LF_AVRO_NULL] = "null",     [LF_AVRO_BOOLEAN] = "boolean", [LF_AVRO_INT] = "int",     [LF_AVRO_LONG] = "long",
    [LF_AVRO_FLOAT] = "float",   [LF_AVRO_DOUBLE] = "double",   [LF_AVRO_BYTES] = "bytes", [LF_AVRO_STRING] = "string",
    [LF_AVRO_RECORD] = "record", [LF_AVRO_ENUM] = "enum",       [LF_AVRO_FIXED] = "fixed", [LF_AVRO_ARRAY] = "array",
    [LF_AVRO_MAP] = "map",       [LF_AVRO_UNION] = "union",
};

const char *
lf_avro_kind_name(enum lf_avro_kind kind)
{
    return kind_names[kind];
}

bool
lf_avro_is_nullable(const struct lf_avro_type *type)
{
    if (type->kind != LF_AVRO_UNION)
        return type->kind == LF_AVRO_NULL;
    for (uint32_t i = 0; i < type->count; i++) {
        if (type->u.branches[i]->kind == LF_AVRO_NULL)
            return true;
    }
    return false;
}

struct lf_bytes
lf_avro_type_words(const struct lf_avro_type *type, char space[LF_ERR_TEXT_MAX / 2])
{
    const size_t size = LF_ERR_TEXT_MAX / 2;
    const char *meaning = lf_avro_meaning_name(&type->meaning);
    int len;
    if (type->kind == LF_AVRO_FIXED)
        len = snprintf(space, size, "fixed %.*s of %u bytes", LF_FMT(type->name), type->count);
    else if (lf_avro_is_named(type))
        len = snprintf(space, size, "%s %.*s", kind_names[type->kind], LF_FMT(type->name));
    else if (type->meaning.logical == LF_AVRO_DECIMAL)
        len = snprintf(space, size, "decimal(%u, %u)", type->meaning.precision, type->meaning.scale);
    else if (meaning != NULL)
        len = snprintf(space, size, "%s (%s)", kind_names[type->kind], meaning);
    else
        len = snprintf(space, size, "%s", kind_names[type->kind]);
    return lf_bytes(space, len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1); /* names are ASCII */
}

/* --- shared by the files that parse ------------------------------------------------------------------------------- */

void
lf_avro_parse_error(struct lf_avro_parse *parse, const struct lf_json_step *step, const char *fmt, ...)
{
    char text[LF_ERR_TEXT_MAX], space[LF_JSON_POINTER_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    struct lf_bytes pointer = lf_json_pointer(step, space);
    (void)lf_fail(parse->err, LF_INVALID, "Avro schema%s%.*s: %s", step != NULL ? ", " : "", LF_FMT(pointer), text);
}

struct lf_avro_type *
lf_avro_parse_new(struct lf_avro_parse *parse, enum lf_avro_kind kind)
{
    struct lf_avro_schema *schema = parse->schema;
    if (schema->type_count == LF_AVRO_TYPES_MAX) {
        (void)lf_fail(parse->err, LF_LIMIT, "Avro schema: more than the allowed %d types", LF_AVRO_TYPES_MAX);
        return NULL;
    }
    struct lf_avro_type *type = LF_ARENA_NEW(&schema->arena, struct lf_avro_type);
    if (type == NULL) {
        (void)lf_no_memory(parse->err);
        return NULL;
    }
    type->kind = kind;
    type->id = schema->type_count++;
    type->default_symbol = -1;
    return type;
}

enum lf_status
lf_avro_parse_member(struct lf_avro_parse *parse, const struct lf_value *value, const char *name,
                     enum lf_value_type type, const struct lf_json_step *step, const struct lf_value **ret)
{
    const char *words = type == LF_V_STRING ? "a string" : type == LF_V_LIST ? "a list" : "an integer";
    *ret = lf_value_get_text(value, name);
    if (*ret != NULL && (*ret)->type != type)
        return lf_avro_parse_fail(parse, step, "\"%s\" is not %s", name, words);
    return LF_OK;
}

/* --- types -------------------------------------------------------------------------------------------------------- */

/* The kind that a word names; false: it may be the name of a type that is defined somewhere. */
static bool
find_kind(struct lf_bytes word, enum lf_avro_kind *ret)
{
    for (enum lf_avro_kind kind = LF_AVRO_NULL; kind < LF_AVRO_UNION; kind++) { /* no word means a union */
        if (lf_bytes_equal_text(word, kind_names[kind])) {
            *ret = kind;
            return true;
        }
    }
    *ret = LF_AVRO_RECORD;
    return lf_bytes_equal_text(word, "error");
}

static struct lf_avro_type *
find_name(struct lf_avro_parse *parse, struct lf_bytes name, struct lf_bytes space)
{
    char full[512];
    if (space.len == 0 || lf_bytes_index(name, '.') != SIZE_MAX || space.len + name.len + 1 > sizeof(full))
        return lf_map_get(&parse->names, name);
    const int len = snprintf(full, sizeof(full), "%.*s.%.*s", (int)space.len, space.ptr, (int)name.len, name.ptr);
    struct lf_avro_type *type = lf_map_get(&parse->names, lf_bytes(full, (size_t)len));
    return type != NULL ? type : lf_map_get(&parse->names, name); /* a type without a namespace is seen everywhere */
}

/* A word: a primitive type, or a type that has been defined. */
static enum lf_status
parse_word(struct lf_avro_parse *parse, struct lf_bytes word, struct lf_bytes space, const struct lf_json_step *step,
           const struct lf_avro_type **ret)
{
    enum lf_avro_kind kind;
    if (find_kind(word, &kind)) {
        if (kind >= LF_AVRO_PRIMITIVES)
            return lf_avro_parse_fail(parse, step, "\"%.*s\" needs an object with its attributes", LF_FMT(word));
        if (parse->primitives[kind] == NULL)
            parse->primitives[kind] = lf_avro_parse_new(parse, kind);
        *ret = parse->primitives[kind];
        return *ret != NULL ? LF_OK : parse->err->status;
    }
    *ret = find_name(parse, word, space);
    if (*ret == NULL)
        return lf_avro_parse_fail(parse, step, "no type \"%.*s\" is defined before this place", LF_FMT(word));
    return LF_OK;
}

static enum lf_status
check_branch(struct lf_avro_parse *parse, const struct lf_avro_type *const *branches, uint32_t count,
             const struct lf_json_step *step)
{
    const struct lf_avro_type *branch = branches[count];
    if (branch->kind == LF_AVRO_UNION)
        return lf_avro_parse_fail(parse, step, "a union stands directly in a union");
    for (uint32_t i = 0; i < count; i++) {
        const struct lf_avro_type *other = branches[i];
        const bool same = lf_avro_is_named(branch) ? other == branch : other->kind == branch->kind;
        if (same)
            return lf_avro_parse_fail(parse, step, "the union has %s twice",
                                      lf_avro_is_named(branch) ? branch->name.ptr : kind_names[branch->kind]);
    }
    return LF_OK;
}

static enum lf_status
parse_union(struct lf_avro_parse *parse, const struct lf_value *value, struct lf_bytes space,
            const struct lf_json_step *step, const struct lf_avro_type **ret)
{
    enum { BRANCHES_MAX = 1000 };
    if (value->count == 0 || value->count > BRANCHES_MAX)
        return lf_avro_parse_fail(parse, step, "a union of %u types: 1 to %d are allowed", value->count, BRANCHES_MAX);
    struct lf_avro_type *type = lf_avro_parse_new(parse, LF_AVRO_UNION);
    if (type == NULL)
        return parse->err->status;
    const struct lf_avro_type **branches =
        LF_ARENA_ARRAY(&parse->schema->arena, const struct lf_avro_type *, value->count);
    if (branches == NULL)
        return lf_no_memory(parse->err);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct lf_json_step at = {.outer = step, .index = i};
        enum lf_status st = lf_avro_parse_type(parse, &value->u.items[i], space, &at, &branches[i]);
        if (st == LF_OK)
            st = check_branch(parse, branches, i, &at);
        if (st != LF_OK)
            return st;
    }
    type->u.branches = branches;
    type->count = value->count;
    *ret = type;
    return LF_OK;
}

static enum lf_status
parse_container(struct lf_avro_parse *parse, enum lf_avro_kind kind, const struct lf_value *value,
                struct lf_bytes space, const struct lf_json_step *step, const struct lf_avro_type **ret)
{
    const char *member = kind == LF_AVRO_ARRAY ? "items" : "values";
    const struct lf_value *item = lf_value_get_text(value, member);
    if (item == NULL)
        return lf_avro_parse_fail(parse, step, "\"%s\" is missing", member);
    struct lf_avro_type *type = lf_avro_parse_new(parse, kind);
    if (type == NULL)
        return parse->err->status;
    const struct lf_json_step at = {.outer = step, .name = lf_bytes_of(member)};
    *ret = type;
    return lf_avro_parse_type(parse, item, space, &at, &type->u.item);
}

static enum lf_status
parse_object(struct lf_avro_parse *parse, const struct lf_value *value, struct lf_bytes space,
             const struct lf_json_step *step, const struct lf_avro_type **ret)
{
    const struct lf_value *word = lf_value_get_text(value, "type");
    const struct lf_json_step at = {.outer = step, .name = LF_LIT("type")};
    if (word == NULL)
        return lf_avro_parse_fail(parse, step, "\"type\" is missing");
    if (word->type != LF_V_STRING) /* {"type": {"type": "string"}}: seen in the wild, and clear */
        return lf_avro_parse_type(parse, word, space, &at, ret);
    enum lf_avro_kind kind;
    if (!find_kind(lf_value_text(word), &kind))
        return parse_word(parse, lf_value_text(word), space, &at, ret);
    if (kind == LF_AVRO_ARRAY || kind == LF_AVRO_MAP)
        return parse_container(parse, kind, value, space, step, ret);
    if (kind >= LF_AVRO_PRIMITIVES)
        return lf_avro_parse_named(parse, kind, value, space, step, ret);
    struct lf_avro_type *type = lf_avro_parse_new(parse, kind);
    if (type == NULL)
        return parse->err->status;
    *ret = type;
    return lf_avro_parse_meaning(parse, type, value, step);
}

enum lf_status
lf_avro_parse_type(struct lf_avro_parse *parse, const struct lf_value *value, struct lf_bytes space,
                   const struct lf_json_step *step, const struct lf_avro_type **ret)
{
    switch (value->type) {
    case LF_V_STRING: return parse_word(parse, lf_value_text(value), space, step, ret);
    case LF_V_LIST: return parse_union(parse, value, space, step, ret);
    case LF_V_OBJECT: return parse_object(parse, value, space, step, ret);
    default: return lf_avro_parse_fail(parse, step, "a type is a name, a list (union) or an object");
    }
}

/* --- the door ----------------------------------------------------------------------------------------------------- */

static bool
is_bare_name(struct lf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.'))
            return false;
    }
    return text.len != 0;
}

static enum lf_status
parse_text(struct lf_avro_parse *parse, struct lf_bytes text, const struct lf_avro_type **ret)
{
    struct lf_value value;
    if (text.len > LF_AVRO_SCHEMA_BYTES_MAX)
        return lf_fail(parse->err, LF_LIMIT, "Avro schema of %zu bytes: %d are allowed", text.len,
                       LF_AVRO_SCHEMA_BYTES_MAX);
    enum lf_avro_kind kind;
    if (find_kind(text, &kind) || (is_bare_name(text) && lf_map_get(&parse->names, text) != NULL))
        return parse_word(parse, text, LF_BYTES_NONE, NULL, ret);
    enum lf_status st = lf_json_parse(&parse->schema->arena, text, &value, parse->err);
    if (st != LF_OK) {
        lf_err_context(parse->err, "Avro schema");
        return st;
    }
    return lf_avro_parse_type(parse, &value, LF_BYTES_NONE, NULL, ret);
}

static enum lf_status
parse_all(struct lf_avro_parse *parse, const struct lf_avro_options *options, struct lf_bytes text)
{
    const struct lf_avro_type *type = NULL;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < options->reference_count; i++) {
        st = parse_text(parse, options->references[i], &type);
        if (st != LF_OK)
            lf_err_context(parse->err, "reference %zu", i + 1);
    }
    if (st == LF_OK)
        st = parse_text(parse, text, &parse->schema->root);
    return st == LF_OK ? lf_avro_parse_defaults(parse, options->lenient) : st;
}

bool
lf_avro_arena_is_full(const struct lf_arena *arena)
{
    return arena->max - arena->used < LF_AVRO_SCHEMA_MEMORY_MAX / 4;
}

enum lf_status
lf_avro_schema_parse(const struct lf_avro_options *options, struct lf_bytes text, struct lf_avro_schema **ret,
                     struct lf_err *err)
{
    static const struct lf_avro_options plain = {0};
    struct lf_err own = {0};
    struct lf_avro_schema *schema = lf_calloc(1, sizeof(*schema));
    if (schema == NULL)
        return lf_no_memory(err);
    lf_arena_init(&schema->arena, 0, LF_AVRO_SCHEMA_MEMORY_MAX);
    struct lf_avro_parse parse = {.schema = schema, .err = err != NULL ? err : &own};
    lf_map_init(&parse.names);
    enum lf_status st = parse_all(&parse, options != NULL ? options : &plain, text);
    lf_map_release(&parse.names);
    if (st == LF_NO_MEMORY && lf_avro_arena_is_full(&schema->arena))
        st = lf_fail(err, LF_LIMIT, "Avro schema: it takes more than the allowed %d bytes", LF_AVRO_SCHEMA_MEMORY_MAX);
    if (st == LF_OK)
        *ret = schema;
    else
        lf_avro_schema_free(schema);
    return st;
}

void
lf_avro_schema_free(struct lf_avro_schema *schema)
{
    if (schema == NULL)
        return;
    lf_arena_release(&schema->arena);
    lf_free(schema);
}

struct lf_bytes
lf_avro_schema_name(const struct lf_avro_schema *schema)
{
    return schema->root->name;
}
