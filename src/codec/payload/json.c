/*
 * JSON under a JSON Schema: the payload is JSON text, and valid under the schema that it was written with. Who reads it
 * with another schema gets that one's defaults for properties that are absent.
 */
#include "base/mem.h"
#include "codec/jsonschema.h"
#include "codec/payload/format.h"
#include "json/json.h"

#include <string.h>

enum { DEPTH_MAX = 64 };

struct schema {
    struct lf_jsonschema *compiled; /* NULL: a draft that is not known; values are not checked */
    struct lf_arena arena;
    struct lf_value document;
};

struct view {
    const struct schema *writer;
    const struct schema *reader; /* NULL: none */
};

/* ---- schemas ---- */

struct parts {
    const struct lf_schema_part *list;
    size_t count;
};

/* A part is found by its name, which is the URI or the end of it. */
static enum lf_status
resolve(void *user, struct lf_bytes uri, struct lf_arena *arena, struct lf_bytes *ret_text, struct lf_err *err)
{
    const struct parts *parts = user;
    (void)arena;
    for (size_t i = 0; i < parts->count; i++) {
        struct lf_bytes name = parts->list[i].name;
        bool whole = lf_bytes_equal(uri, name);
        bool end = uri.len > name.len && lf_bytes_ends_with(uri, name) && uri.ptr[uri.len - name.len - 1] == '/';
        if (whole || end) {
            *ret_text = parts->list[i].text;
            return LF_OK;
        }
    }
    return lf_fail(err, LF_NOT_FOUND, "%.*s is none of the schema's references", LF_FMT(uri));
}

static void
json_schema_free(void *ptr)
{
    struct schema *schema = ptr;
    if (schema == NULL)
        return;
    lf_jsonschema_free(schema->compiled);
    lf_arena_release(&schema->arena);
    lf_free(schema);
}

static enum lf_status
compile(struct schema *schema, struct lf_bytes text, const struct lf_schema_part *list, size_t count,
        struct lf_err *err)
{
    struct parts parts = {list, count};
    const struct lf_jsonschema_options options = {
        .base_uri = LF_LIT("registry:/"),
        .draft = LF_JSONSCHEMA_07, /* as Confluent's serializers take schemas that do not say */
        .resolve = resolve,
        .user = &parts,
    };
    struct lf_bytes copy = lf_arena_copy(&schema->arena, text);
    if (copy.ptr == NULL)
        return lf_no_memory(err);
    enum lf_status st = lf_json_parse(&schema->arena, copy, &schema->document, err);
    if (st == LF_OK)
        st = lf_jsonschema_compile(&options, text, &schema->compiled, err);
    return st == LF_UNSUPPORTED ? LF_OK : st;
}

static enum lf_status
json_parse(struct lf_bytes text, const struct lf_schema_part *parts, size_t count, void **ret, struct lf_err *err)
{
    struct schema *schema = lf_calloc(1, sizeof(*schema));
    if (schema == NULL)
        return lf_no_memory(err);
    lf_arena_init(&schema->arena, 0, LF_JSONSCHEMA_MEMORY_MAX);
    enum lf_status st = compile(schema, text, parts, count, err);
    if (st != LF_OK) {
        json_schema_free(schema);
        return st;
    }
    *ret = schema;
    return LF_OK;
}

static enum lf_status
check(const struct schema *schema, const struct lf_value *value, struct lf_arena *arena, struct lf_err *err)
{
    size_t count;
    struct lf_jsonschema_error first;
    if (schema->compiled == NULL)
        return LF_OK;
    enum lf_status st = lf_jsonschema_validate(schema->compiled, value, arena, &first, 1, &count, err);
    if (st == LF_INVALID)
        return lf_fail(err, st, "%.*s: %.*s (%.*s)", LF_FMT(first.instance.len != 0 ? first.instance : LF_LIT("/")),
                       LF_FMT(first.message), LF_FMT(first.schema));
    return st;
}

/* ---- writing ---- */

static enum lf_status
json_encode(const void *ptr, const struct lf_value *payload, struct lf_buf *out, struct lf_arena *arena,
            struct lf_err *err)
{
    enum lf_status st = check(ptr, payload, arena, err);
    if (st != LF_OK)
        return st;
    lf_json_write(out, payload);
    return lf_buf_status(out, err);
}

/* ---- defaults ---- */

static enum lf_status fill(const struct lf_value *root, const struct lf_value *schema, struct lf_arena *arena,
                           int depth, struct lf_value *value, struct lf_err *err);

/* The schema itself, or the definition that it is a reference to. */
static const struct lf_value *
follow(const struct lf_value *root, const struct lf_value *schema)
{
    static const char *const sections[] = {"$defs", "definitions"};
    const struct lf_value *reference = lf_value_get_text(schema, "$ref");
    if (reference == NULL || reference->type != LF_V_STRING)
        return schema;
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        struct lf_bytes text = lf_value_text(reference);
        size_t len = strlen(sections[i]);
        if (text.len > len + 3 && memcmp(text.ptr, "#/", 2) == 0 && memcmp(text.ptr + 2, sections[i], len) == 0 &&
            text.ptr[len + 2] == '/')
            return lf_value_get(lf_value_get_text(root, sections[i]), lf_bytes(text.ptr + len + 3, text.len - len - 3));
    }
    return NULL;
}

/* The value with the members that it lacks and that have defaults behind its own. */
static enum lf_status
add_defaults(const struct lf_value *properties, struct lf_arena *arena, struct lf_value *value, struct lf_err *err)
{
    struct lf_member *members = NULL;
    size_t count = value->count;
    for (uint32_t i = 0; i < properties->count; i++) {
        const struct lf_member *property = &properties->u.members[i];
        const struct lf_value *fallback = lf_value_get_text(&property->value, "default");
        if (fallback == NULL || lf_value_get(value, property->name) != NULL)
            continue;
        if (members == NULL) {
            members = LF_ARENA_ARRAY(arena, struct lf_member, (size_t)value->count + properties->count);
            if (members == NULL)
                return lf_no_memory(err);
            if (count != 0)
                memcpy(members, value->u.members, count * sizeof(*members));
        }
        members[count].name = lf_arena_copy(arena, property->name);
        if (members[count].name.ptr == NULL || !lf_value_copy(arena, fallback, &members[count].value))
            return lf_no_memory(err);
        count++;
    }
    if (members != NULL)
        *value = lf_value_object(members, count);
    return LF_OK;
}

static enum lf_status
fill_object(const struct lf_value *root, const struct lf_value *schema, struct lf_arena *arena, int depth,
            struct lf_value *value, struct lf_err *err)
{
    const struct lf_value *properties = lf_value_get_text(schema, "properties");
    if (properties == NULL || properties->type != LF_V_OBJECT)
        return LF_OK;
    enum lf_status st = add_defaults(properties, arena, value, err);
    for (uint32_t i = 0; st == LF_OK && i < value->count; i++) {
        struct lf_member *member = &value->u.members[i];
        const struct lf_value *property = lf_value_get(properties, member->name);
        if (property != NULL)
            st = fill(root, property, arena, depth + 1, &member->value, err);
    }
    return st;
}

/* The value is the decoder's own: filled in place. */
static enum lf_status
fill(const struct lf_value *root, const struct lf_value *schema, struct lf_arena *arena, int depth,
     struct lf_value *value, struct lf_err *err)
{
    if (depth > DEPTH_MAX || (value->type != LF_V_OBJECT && value->type != LF_V_LIST))
        return LF_OK;
    schema = follow(root, schema);
    if (schema == NULL || schema->type != LF_V_OBJECT)
        return LF_OK;
    if (value->type == LF_V_OBJECT)
        return fill_object(root, schema, arena, depth, value, err);
    const struct lf_value *items = lf_value_get_text(schema, "items");
    enum lf_status st = LF_OK;
    for (uint32_t i = 0; items != NULL && st == LF_OK && i < value->count; i++)
        st = fill(root, items, arena, depth + 1, &value->u.items[i], err);
    return st;
}

/* ---- reading ---- */

static enum lf_status
json_view_new(const void *writer, const void *reader, void **ret, struct lf_err *err)
{
    struct view *view = lf_calloc(1, sizeof(*view));
    if (view == NULL)
        return lf_no_memory(err);
    *view = (struct view){writer, reader};
    *ret = view;
    return LF_OK;
}

static enum lf_status
json_decode(const void *ptr, struct lf_bytes header, struct lf_bytes bytes, struct lf_arena *arena,
            struct lf_value *ret, struct lf_err *err)
{
    const struct view *view = ptr;
    struct lf_value value;
    (void)header;
    enum lf_status st = lf_json_parse(arena, bytes, &value, err);
    if (st == LF_OK)
        st = check(view->writer, &value, arena, err);
    if (st == LF_OK && view->reader != NULL)
        st = fill(&view->reader->document, &view->reader->document, arena, 0, &value, err);
    if (st == LF_OK)
        *ret = value;
    return st;
}

const struct lf_payload_ops lf_payload_json = {
    .content_type = "application/json",
    .parse = json_parse,
    .schema_free = json_schema_free,
    .encode = json_encode,
    .view_new = json_view_new,
    .view_free = lf_free,
    .decode = json_decode,
};
