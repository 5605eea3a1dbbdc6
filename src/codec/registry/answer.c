/* Answers of registries. */
#include "codec/registry/answer.h"
#include "json/json.h"

#include <inttypes.h>
#include <stdlib.h>

enum { WORDS_MAX = 80 };

static enum lf_status
no_answer(struct lf_err *err, const char *what, struct lf_bytes body)
{
    return lf_fail(err, LF_UNAVAILABLE, "the answer is none of a registry: %s: %.*s", what,
                   (int)(body.len < WORDS_MAX ? body.len : WORDS_MAX), body.ptr != NULL ? body.ptr : "");
}

static enum lf_status
parse(struct lf_bytes body, struct lf_arena *arena, enum lf_value_type type, struct lf_value *ret, struct lf_err *err)
{
    struct lf_err why = {0};
    enum lf_status st = lf_json_parse(arena, body, ret, &why);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    if (st != LF_OK)
        return no_answer(err, why.text, body);
    if (ret->type != type)
        return no_answer(err, type == LF_V_LIST ? "no list" : "no object", body);
    return LF_OK;
}

/* A member that is an integer from least to most; false where it is absent or something else. */
static bool
read_integer(const struct lf_value *object, const char *name, int64_t least, int64_t most, int64_t *ret)
{
    const struct lf_value *value = lf_value_get_text(object, name);
    if (value == NULL || value->type != LF_V_INT || value->u.integer < least || value->u.integer > most)
        return false;
    *ret = value->u.integer;
    return true;
}

static bool
read_text(const struct lf_value *object, const char *name, struct lf_bytes *ret)
{
    const struct lf_value *value = lf_value_get_text(object, name);
    if (value == NULL || value->type != LF_V_STRING)
        return false;
    *ret = lf_value_text(value);
    return true;
}

int64_t
lf_answer_error(struct lf_bytes body, struct lf_arena *arena, struct lf_bytes *ret_message)
{
    struct lf_value value;
    int64_t code = 0;
    *ret_message = LF_LIT("");
    if (parse(body, arena, LF_V_OBJECT, &value, NULL) != LF_OK)
        return 0;
    (void)read_text(&value, "message", ret_message);
    return read_integer(&value, "error_code", 1, INT32_MAX, &code) ? code : 0;
}

/* ---- schemas ---- */

static bool
read_reference(const struct lf_value *value, struct lf_schema_reference *ret)
{
    int64_t version;
    if (!read_text(value, "name", &ret->name) || !read_text(value, "subject", &ret->subject) ||
        !read_integer(value, "version", 1, INT32_MAX, &version))
        return false;
    ret->version = (int32_t)version;
    return true;
}

enum lf_status
lf_answer_read_references(const struct lf_value *value, struct lf_arena *arena, struct lf_schema_text *ret,
                          struct lf_err *err)
{
    ret->references = NULL;
    ret->reference_count = 0;
    if (value == NULL || value->type == LF_V_NULL || (value->type == LF_V_LIST && value->count == 0))
        return LF_OK;
    if (value->type != LF_V_LIST)
        return lf_fail(err, LF_INVALID, "references are no list");
    if (value->count > LF_REGISTRY_REFERENCES_MAX)
        return lf_fail(err, LF_LIMIT, "more than %d references", LF_REGISTRY_REFERENCES_MAX);
    struct lf_schema_reference *references = LF_ARENA_ARRAY(arena, struct lf_schema_reference, value->count);
    if (references == NULL)
        return lf_no_memory(err);
    for (uint32_t i = 0; i < value->count; i++) {
        if (!read_reference(&value->u.items[i], &references[i]))
            return lf_fail(err, LF_INVALID, "a reference lacks name, subject or version");
    }
    ret->references = references;
    ret->reference_count = value->count;
    return LF_OK;
}

static enum lf_status
read_type(const struct lf_value *object, enum lf_schema_type *ret, struct lf_err *err)
{
    const struct lf_value *type = lf_value_get_text(object, "schemaType");
    *ret = LF_SCHEMA_AVRO; /* servers that know nothing else do not say it */
    if (type == NULL || type->type == LF_V_NULL)
        return LF_OK;
    if (type->type != LF_V_STRING || !lf_schema_type_parse(lf_value_text(type), ret))
        return lf_fail(err, LF_INVALID, "the schema is of a type that is not known: %.*s",
                       LF_FMT(type->type == LF_V_STRING ? lf_value_text(type) : LF_LIT("no text")));
    return LF_OK;
}

enum lf_status
lf_answer_schema(struct lf_bytes body, struct lf_arena *arena, struct lf_registered *ret, struct lf_err *err)
{
    struct lf_value value;
    struct lf_registered found = {0};
    int64_t number;
    enum lf_status st = parse(body, arena, LF_V_OBJECT, &value, err);
    if (st != LF_OK)
        return st;
    if (!read_text(&value, "schema", &found.schema.text))
        return no_answer(err, "no schema", body);
    if (read_integer(&value, "id", 1, UINT32_MAX, &number))
        found.id = (uint32_t)number;
    if (read_integer(&value, "version", 1, INT32_MAX, &number))
        found.version = (int32_t)number;
    st = read_type(&value, &found.schema.type, err);
    if (st == LF_OK)
        st = lf_answer_read_references(lf_value_get_text(&value, "references"), arena, &found.schema, err);
    if (st == LF_OK)
        *ret = found;
    return st;
}

enum lf_status
lf_answer_id(struct lf_bytes body, struct lf_arena *arena, uint32_t *ret_id, int32_t *ret_version, struct lf_err *err)
{
    struct lf_value value;
    int64_t id, version = 0;
    enum lf_status st = parse(body, arena, LF_V_OBJECT, &value, err);
    if (st != LF_OK)
        return st;
    if (!read_integer(&value, "id", 1, UINT32_MAX, &id))
        return no_answer(err, "no id", body);
    (void)read_integer(&value, "version", 1, INT32_MAX, &version);
    *ret_id = (uint32_t)id;
    if (ret_version != NULL)
        *ret_version = (int32_t)version;
    return LF_OK;
}

/* ---- the rest ---- */

static int
compare_versions(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

enum lf_status
lf_answer_versions(struct lf_bytes body, struct lf_arena *arena, int32_t **ret, size_t *ret_count, struct lf_err *err)
{
    struct lf_value value;
    enum lf_status st = parse(body, arena, LF_V_LIST, &value, err);
    if (st != LF_OK)
        return st;
    if (value.count > LF_REGISTRY_VERSIONS_MAX)
        return lf_fail(err, LF_LIMIT, "more than %d versions", LF_REGISTRY_VERSIONS_MAX);
    int32_t *versions = LF_ARENA_ARRAY(arena, int32_t, value.count + 1);
    if (versions == NULL)
        return lf_no_memory(err);
    for (uint32_t i = 0; i < value.count; i++) {
        const struct lf_value *item = &value.u.items[i];
        if (item->type != LF_V_INT || item->u.integer < 1 || item->u.integer > INT32_MAX)
            return no_answer(err, "a version is no number", body);
        versions[i] = (int32_t)item->u.integer;
    }
    qsort(versions, value.count, sizeof(*versions), compare_versions);
    *ret = versions;
    *ret_count = value.count;
    return LF_OK;
}

enum lf_status
lf_answer_level(struct lf_bytes body, struct lf_arena *arena, enum lf_compat_level *ret, struct lf_err *err)
{
    struct lf_value value;
    struct lf_bytes name;
    enum lf_status st = parse(body, arena, LF_V_OBJECT, &value, err);
    if (st != LF_OK)
        return st;
    if (!read_text(&value, "compatibilityLevel", &name) && !read_text(&value, "compatibility", &name))
        return no_answer(err, "no level", body);
    if (!lf_compat_level_parse(name, ret))
        return lf_fail(err, LF_UNSUPPORTED, "the level of compatibility \"%.*s\" is not known", LF_FMT(name));
    return LF_OK;
}

/* The messages as lines, those that are texts. */
static enum lf_status
join_messages(const struct lf_value *messages, struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err)
{
    struct lf_buf out;
    lf_buf_init(&out, LF_REGISTRY_ANSWER_BYTES_MAX);
    for (uint32_t i = 0; messages != NULL && messages->type == LF_V_LIST && i < messages->count; i++) {
        if (messages->u.items[i].type != LF_V_STRING)
            continue;
        if (out.len != 0)
            lf_buf_add_char(&out, '\n');
        lf_buf_add(&out, lf_value_text(&messages->u.items[i]));
    }
    enum lf_status st = lf_buf_status(&out, err);
    if (st == LF_OK) {
        *ret = lf_arena_copy(arena, lf_buf_view(&out));
        st = ret->ptr != NULL ? LF_OK : lf_no_memory(err);
    }
    lf_buf_release(&out);
    return st;
}

enum lf_status
lf_answer_compatible(struct lf_bytes body, struct lf_arena *arena, bool *ret, struct lf_bytes *ret_why,
                     struct lf_err *err)
{
    struct lf_value value;
    enum lf_status st = parse(body, arena, LF_V_OBJECT, &value, err);
    if (st != LF_OK)
        return st;
    const struct lf_value *verdict = lf_value_get_text(&value, "is_compatible");
    if (verdict == NULL || verdict->type != LF_V_BOOL)
        return no_answer(err, "no verdict", body);
    st = join_messages(lf_value_get_text(&value, "messages"), arena, ret_why, err);
    if (st == LF_OK)
        *ret = verdict->u.boolean;
    return st;
}

/* ---- writing ---- */

void
lf_answer_write_references(struct lf_buf *out, const struct lf_schema_text *schema)
{
    lf_buf_add_char(out, '[');
    for (size_t i = 0; i < schema->reference_count; i++) {
        const struct lf_schema_reference *reference = &schema->references[i];
        lf_buf_add_text(out, i == 0 ? "{\"name\":" : ",{\"name\":");
        lf_json_write_string(out, reference->name);
        lf_buf_add_text(out, ",\"subject\":");
        lf_json_write_string(out, reference->subject);
        lf_buf_printf(out, ",\"version\":%" PRId32 "}", reference->version);
    }
    lf_buf_add_char(out, ']');
}

void
lf_answer_write_schema(struct lf_buf *out, const struct lf_schema_text *schema)
{
    lf_buf_add_text(out, "{\"schema\":");
    lf_json_write_string(out, schema->text);
    if (schema->type != LF_SCHEMA_AVRO) /* servers that know nothing else do not know the member */
        lf_buf_printf(out, ",\"schemaType\":\"%s\"", lf_schema_type_name(schema->type));
    if (schema->reference_count != 0) {
        lf_buf_add_text(out, ",\"references\":");
        lf_answer_write_references(out, schema);
    }
    lf_buf_add_char(out, '}');
}
