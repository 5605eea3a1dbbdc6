/* The lock file of a folder of schemas: read strictly, written for people. */
#include "codec/registry/shelf.h"
#include "codec/registry/answer.h"
#include "json/json.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

enum { FORMAT = 1 };

void
lf_shelf_init(struct lf_shelf *shelf, struct lf_arena *arena)
{
    *shelf = (struct lf_shelf){.arena = arena, .next_id = 1, .level = LF_COMPAT_BACKWARD};
}

/* ---- finding and adding ---- */

const struct lf_shelf_schema *
lf_shelf_schema(const struct lf_shelf *shelf, uint32_t id)
{
    for (size_t i = 0; i < shelf->schema_count; i++) {
        if (shelf->schemas[i].id == id)
            return &shelf->schemas[i];
    }
    return NULL;
}

struct lf_shelf_subject *
lf_shelf_subject(const struct lf_shelf *shelf, struct lf_bytes name)
{
    for (size_t i = 0; i < shelf->subject_count; i++) {
        if (lf_bytes_equal(shelf->subjects[i].name, name))
            return &shelf->subjects[i];
    }
    return NULL;
}

static bool
same_references(const struct lf_schema_text *a, const struct lf_schema_text *b)
{
    if (a->reference_count != b->reference_count)
        return false;
    for (size_t i = 0; i < a->reference_count; i++) {
        const struct lf_schema_reference *left = &a->references[i], *right = &b->references[i];
        if (!lf_bytes_equal(left->name, right->name) || !lf_bytes_equal(left->subject, right->subject) ||
            left->version != right->version)
            return false;
    }
    return true;
}

const struct lf_shelf_schema *
lf_shelf_same(const struct lf_shelf *shelf, const struct lf_schema_text *schema, struct lf_bytes digest)
{
    for (size_t i = 0; i < shelf->schema_count; i++) {
        const struct lf_shelf_schema *found = &shelf->schemas[i];
        if (found->schema.type == schema->type && lf_bytes_equal(found->digest, digest) &&
            same_references(&found->schema, schema))
            return found;
    }
    return NULL;
}

static struct lf_shelf_schema *
new_schema(struct lf_shelf *shelf)
{
    struct lf_shelf_schema *grown =
        lf_arena_grow(shelf->arena, shelf->schemas, shelf->schema_count, &shelf->schema_cap, sizeof(*shelf->schemas));
    if (grown == NULL)
        return NULL;
    shelf->schemas = grown;
    memset(&grown[shelf->schema_count], 0, sizeof(*grown));
    return &grown[shelf->schema_count++];
}

struct lf_shelf_schema *
lf_shelf_add_schema(struct lf_shelf *shelf, const struct lf_schema_text *schema, struct lf_bytes digest)
{
    static const char *const endings[] = {
        [LF_SCHEMA_AVRO] = "avsc", [LF_SCHEMA_JSON] = "json", [LF_SCHEMA_PROTOBUF] = "proto"};
    char *file = lf_arena_printf(shelf->arena, "schemas/%" PRIu32 ".%s", shelf->next_id, endings[schema->type]);
    struct lf_shelf_schema *added = file != NULL ? new_schema(shelf) : NULL;
    if (added == NULL)
        return NULL;
    *added = (struct lf_shelf_schema){shelf->next_id++, lf_bytes_of(file), digest, *schema};
    return added;
}

struct lf_shelf_subject *
lf_shelf_add_subject(struct lf_shelf *shelf, struct lf_bytes name)
{
    struct lf_shelf_subject *grown = lf_arena_grow(shelf->arena, shelf->subjects, shelf->subject_count,
                                                   &shelf->subject_cap, sizeof(*shelf->subjects));
    if (grown == NULL)
        return NULL;
    shelf->subjects = grown;
    grown[shelf->subject_count] = (struct lf_shelf_subject){.name = name};
    return &grown[shelf->subject_count++];
}

static bool
push_version(struct lf_shelf *shelf, struct lf_shelf_subject *subject, int32_t version, uint32_t id)
{
    struct lf_shelf_version *grown = lf_arena_grow(shelf->arena, subject->versions, subject->version_count,
                                                   &subject->version_cap, sizeof(*subject->versions));
    if (grown == NULL)
        return false;
    subject->versions = grown;
    grown[subject->version_count++] = (struct lf_shelf_version){version, id};
    return true;
}

bool
lf_shelf_add_version(struct lf_shelf *shelf, struct lf_shelf_subject *subject, uint32_t id)
{
    size_t count = subject->version_count;
    return push_version(shelf, subject, count != 0 ? subject->versions[count - 1].version + 1 : 1, id);
}

/* ---- digests ---- */

static enum lf_status
digest_json(struct lf_bytes text, uint8_t ret[32], struct lf_err *err)
{
    struct lf_arena arena;
    struct lf_value value;
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = lf_json_parse(&arena, text, &value, err);
    if (st == LF_OK)
        st = lf_json_digest(&value, ret, err);
    else if (st != LF_NO_MEMORY)
        st = lf_fail(err, LF_INVALID, "the schema is no JSON: %s", err != NULL ? err->text : "");
    lf_arena_release(&arena);
    return st;
}

enum lf_status
lf_shelf_digest(const struct lf_schema_text *schema, struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[32];
    enum lf_status st = LF_OK;
    if (schema->type != LF_SCHEMA_PROTOBUF)
        st = digest_json(schema->text, digest, err);
    else if (EVP_Digest(schema->text.ptr, schema->text.len, digest, NULL, EVP_sha256(), NULL) != 1)
        st = lf_fail(err, LF_INTERNAL, "libcrypto cannot compute SHA-256");
    char *text = st == LF_OK ? lf_arena_alloc(arena, LF_SHELF_DIGEST_LEN) : NULL;
    if (st != LF_OK || text == NULL)
        return st != LF_OK ? st : lf_no_memory(err);
    for (size_t i = 0; i < sizeof(digest); i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    *ret = lf_bytes(text, LF_SHELF_DIGEST_LEN);
    return LF_OK;
}

/* ---- reading ---- */

static bool
text_of(const struct lf_value *object, const char *name, struct lf_bytes *ret)
{
    const struct lf_value *value = lf_value_get_text(object, name);
    if (value == NULL || value->type != LF_V_STRING || value->count == 0)
        return false;
    *ret = lf_value_text(value);
    return true;
}

static bool
number_of(const struct lf_value *object, const char *name, int64_t most, int64_t *ret)
{
    const struct lf_value *value = lf_value_get_text(object, name);
    if (value == NULL || value->type != LF_V_INT || value->u.integer < 1 || value->u.integer > most)
        return false;
    *ret = value->u.integer;
    return true;
}

/* "schemas/…" without a step out of it. */
static bool
is_file(struct lf_bytes name)
{
    struct lf_bytes prefix = LF_LIT("schemas/");
    return lf_bytes_starts_with(name, prefix) && name.len > prefix.len && name.len <= 255 &&
           lf_bytes_index(lf_bytes(name.ptr + prefix.len, name.len - prefix.len), '/') == SIZE_MAX &&
           lf_bytes_index(name, '\0') == SIZE_MAX;
}

static enum lf_status
read_schema(struct lf_shelf *shelf, const struct lf_value *value, struct lf_err *err)
{
    struct lf_shelf_schema read = {0};
    struct lf_bytes type;
    int64_t id;
    if (!number_of(value, "id", UINT32_MAX - 1, &id) || !text_of(value, "type", &type) ||
        !lf_schema_type_parse(type, &read.schema.type) || !text_of(value, "file", &read.file) || !is_file(read.file) ||
        !text_of(value, "sha256", &read.digest) || read.digest.len != LF_SHELF_DIGEST_LEN)
        return lf_fail(err, LF_CORRUPT, "schema %zu: id, type, file or sha256 is absent or wrong", shelf->schema_count);
    read.id = (uint32_t)id;
    if (lf_shelf_schema(shelf, read.id) != NULL)
        return lf_fail(err, LF_CORRUPT, "id %" PRIu32 " is there twice", read.id);
    if (read.id >= shelf->next_id)
        return lf_fail(err, LF_CORRUPT, "id %" PRIu32 " is not below nextId", read.id);
    enum lf_status st =
        lf_answer_read_references(lf_value_get_text(value, "references"), shelf->arena, &read.schema, err);
    if (st != LF_OK)
        return st == LF_NO_MEMORY ? st
                                  : lf_fail(err, LF_CORRUPT, "the references of id %" PRIu32 " are wrong", read.id);
    struct lf_shelf_schema *added = new_schema(shelf);
    if (added == NULL)
        return lf_no_memory(err);
    *added = read;
    return LF_OK;
}

static enum lf_status
read_version(struct lf_shelf *shelf, struct lf_shelf_subject *subject, const struct lf_value *value, struct lf_err *err)
{
    int64_t version, id;
    size_t count = subject->version_count;
    if (!number_of(value, "version", INT32_MAX - 1, &version) || !number_of(value, "id", UINT32_MAX, &id) ||
        lf_shelf_schema(shelf, (uint32_t)id) == NULL ||
        (count != 0 && subject->versions[count - 1].version >= (int32_t)version))
        return lf_fail(err, LF_CORRUPT, "subject %.*s: a version is absent, out of order or of no schema",
                       LF_FMT(subject->name));
    return push_version(shelf, subject, (int32_t)version, (uint32_t)id) ? LF_OK : lf_no_memory(err);
}

static enum lf_status
read_subject(struct lf_shelf *shelf, const struct lf_value *value, struct lf_err *err)
{
    struct lf_bytes name, level;
    const struct lf_value *versions = lf_value_get_text(value, "versions");
    if (!text_of(value, "subject", &name) || versions == NULL || versions->type != LF_V_LIST)
        return lf_fail(err, LF_CORRUPT, "subject %zu: subject or versions are absent or wrong", shelf->subject_count);
    if (lf_shelf_subject(shelf, name) != NULL)
        return lf_fail(err, LF_CORRUPT, "subject %.*s is there twice", LF_FMT(name));
    struct lf_shelf_subject *subject = lf_shelf_add_subject(shelf, name);
    if (subject == NULL)
        return lf_no_memory(err);
    subject->has_level = text_of(value, "level", &level);
    if (subject->has_level && !lf_compat_level_parse(level, &subject->level))
        return lf_fail(err, LF_CORRUPT, "subject %.*s: level \"%.*s\" is not known", LF_FMT(name), LF_FMT(level));
    enum lf_status st = LF_OK;
    for (uint32_t i = 0; st == LF_OK && i < versions->count; i++)
        st = read_version(shelf, subject, &versions->u.items[i], err);
    return st;
}

static enum lf_status
read_head(struct lf_shelf *shelf, const struct lf_value *value, struct lf_err *err)
{
    int64_t format, next_id;
    struct lf_bytes level;
    if (!number_of(value, "format", INT32_MAX, &format))
        return lf_fail(err, LF_CORRUPT, "it is no lock file: \"format\" is absent");
    if (format != FORMAT)
        return lf_fail(err, LF_UNSUPPORTED, "it has format %" PRId64 ", %d is known: a newer version wrote it", format,
                       FORMAT);
    if (!number_of(value, "nextId", UINT32_MAX, &next_id) || !text_of(value, "level", &level) ||
        !lf_compat_level_parse(level, &shelf->level))
        return lf_fail(err, LF_CORRUPT, "nextId or level is absent or wrong");
    shelf->next_id = (uint32_t)next_id;
    return LF_OK;
}

static enum lf_status
read_lists(struct lf_shelf *shelf, const struct lf_value *value, struct lf_err *err)
{
    const struct lf_value *schemas = lf_value_get_text(value, "schemas");
    const struct lf_value *subjects = lf_value_get_text(value, "subjects");
    enum lf_status st = LF_OK;
    if (schemas == NULL || schemas->type != LF_V_LIST || subjects == NULL || subjects->type != LF_V_LIST)
        return lf_fail(err, LF_CORRUPT, "schemas or subjects are no lists");
    for (uint32_t i = 0; st == LF_OK && i < schemas->count; i++)
        st = read_schema(shelf, &schemas->u.items[i], err);
    for (uint32_t i = 0; st == LF_OK && i < subjects->count; i++)
        st = read_subject(shelf, &subjects->u.items[i], err);
    return st;
}

enum lf_status
lf_shelf_read(struct lf_shelf *shelf, struct lf_arena *arena, struct lf_bytes text, struct lf_err *err)
{
    struct lf_value value;
    struct lf_err why = {0};
    lf_shelf_init(shelf, arena);
    enum lf_status st = lf_json_parse(arena, text, &value, &why);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    if (st != LF_OK)
        return lf_fail(err, LF_CORRUPT, "it is no JSON: %s", why.text);
    st = read_head(shelf, &value, err);
    return st == LF_OK ? read_lists(shelf, &value, err) : st;
}

/* ---- writing ---- */

static void
write_schema(struct lf_buf *out, const struct lf_shelf_schema *schema)
{
    lf_buf_printf(out, "    {\"id\": %" PRIu32 ", \"type\": \"%s\", \"file\": ", schema->id,
                  lf_schema_type_name(schema->schema.type));
    lf_json_write_string(out, schema->file);
    lf_buf_printf(out, ", \"sha256\": \"%.*s\"", LF_FMT(schema->digest));
    if (schema->schema.reference_count != 0) {
        lf_buf_add_text(out, ", \"references\": ");
        lf_answer_write_references(out, &schema->schema);
    }
    lf_buf_add_char(out, '}');
}

static void
write_subject(struct lf_buf *out, const struct lf_shelf_subject *subject)
{
    lf_buf_add_text(out, "    {\"subject\": ");
    lf_json_write_string(out, subject->name);
    if (subject->has_level)
        lf_buf_printf(out, ", \"level\": \"%s\"", lf_compat_level_name(subject->level));
    lf_buf_add_text(out, ", \"versions\": [");
    for (size_t i = 0; i < subject->version_count; i++)
        lf_buf_printf(out, "%s{\"version\": %" PRId32 ", \"id\": %" PRIu32 "}", i == 0 ? "" : ", ",
                      subject->versions[i].version, subject->versions[i].id);
    lf_buf_add_text(out, "]}");
}

void
lf_shelf_write(struct lf_buf *out, const struct lf_shelf *shelf)
{
    lf_buf_printf(out, "{\n  \"format\": %d,\n  \"nextId\": %" PRIu32 ",\n  \"level\": \"%s\",\n  \"schemas\": [",
                  FORMAT, shelf->next_id, lf_compat_level_name(shelf->level));
    for (size_t i = 0; i < shelf->schema_count; i++) {
        lf_buf_add_text(out, i == 0 ? "\n" : ",\n");
        write_schema(out, &shelf->schemas[i]);
    }
    lf_buf_add_text(out, shelf->schema_count != 0 ? "\n  ],\n  \"subjects\": [" : "],\n  \"subjects\": [");
    for (size_t i = 0; i < shelf->subject_count; i++) {
        lf_buf_add_text(out, i == 0 ? "\n" : ",\n");
        write_subject(out, &shelf->subjects[i]);
    }
    lf_buf_add_text(out, shelf->subject_count != 0 ? "\n  ]\n}\n" : "]\n}\n");
}
