/* The front of the registries: which back end a URL means, and what holds for all of them. */
#include "base/mem.h"
#include "base/redact.h"
#include "base/uuid.h"
#include "codec/registry/backend.h"

#include <string.h>

static const struct {
    const char *scheme;
    const struct lf_registry_ops *ops;
} backends[] = {
    {"http://", &lf_registry_rest},
    {"https://", &lf_registry_rest},
    {"files:", &lf_registry_files},
};

/* ---- names ---- */

static const char *const type_names[] = {
    [LF_SCHEMA_AVRO] = "AVRO", [LF_SCHEMA_JSON] = "JSON", [LF_SCHEMA_PROTOBUF] = "PROTOBUF"};

static const char *const level_names[] = {
    [LF_COMPAT_NONE] = "NONE",
    [LF_COMPAT_BACKWARD] = "BACKWARD",
    [LF_COMPAT_BACKWARD_TRANSITIVE] = "BACKWARD_TRANSITIVE",
    [LF_COMPAT_FORWARD] = "FORWARD",
    [LF_COMPAT_FORWARD_TRANSITIVE] = "FORWARD_TRANSITIVE",
    [LF_COMPAT_FULL] = "FULL",
    [LF_COMPAT_FULL_TRANSITIVE] = "FULL_TRANSITIVE",
};

/* The index of name in names, or count. */
static size_t
find_name(const char *const *names, size_t count, struct lf_bytes name)
{
    size_t i = 0;
    while (i < count && !lf_bytes_equal_text(name, names[i]))
        i++;
    return i;
}

const char *
lf_schema_type_name(enum lf_schema_type type)
{
    return type_names[type];
}

bool
lf_schema_type_parse(struct lf_bytes name, enum lf_schema_type *ret)
{
    size_t count = sizeof(type_names) / sizeof(type_names[0]);
    size_t found = find_name(type_names, count, name);
    if (found < count)
        *ret = (enum lf_schema_type)found;
    return found < count;
}

const char *
lf_compat_level_name(enum lf_compat_level level)
{
    return level_names[level];
}

bool
lf_compat_level_parse(struct lf_bytes name, enum lf_compat_level *ret)
{
    size_t count = sizeof(level_names) / sizeof(level_names[0]);
    size_t found = find_name(level_names, count, name);
    if (found < count)
        *ret = (enum lf_compat_level)found;
    return found < count;
}

struct lf_bytes
lf_registry_subject(enum lf_subject_strategy strategy, struct lf_bytes topic, struct lf_bytes record,
                    struct lf_arena *arena)
{
    char *text = NULL;
    switch (strategy) {
    case LF_SUBJECT_TOPIC: text = lf_arena_printf(arena, "%.*s-value", LF_FMT(topic)); break;
    case LF_SUBJECT_RECORD: text = lf_arena_text(arena, record); break;
    case LF_SUBJECT_TOPIC_RECORD: text = lf_arena_printf(arena, "%.*s-%.*s", LF_FMT(topic), LF_FMT(record)); break;
    }
    return lf_bytes_of(text);
}

/* ---- opening ---- */

static enum lf_status
init_base(struct lf_registry *registry, const char *url, struct lf_err *err)
{
    enum lf_status st = lf_gate_init(&registry->gate, err);
    if (st != LF_OK)
        return st;
    registry->name = lf_strdup(url);
    if (registry->name == NULL) {
        lf_gate_release(&registry->gate);
        return lf_no_memory(err);
    }
    lf_redact(registry->name);
    return LF_OK;
}

enum lf_status
lf_registry_open(const struct lf_registry_options *options, struct lf_registry **ret, struct lf_err *err)
{
    const struct lf_registry_ops *ops = NULL;
    for (size_t i = 0; ops == NULL && i < sizeof(backends) / sizeof(backends[0]); i++) {
        if (strncasecmp(options->url, backends[i].scheme, strlen(backends[i].scheme)) == 0)
            ops = backends[i].ops;
    }
    if (ops == NULL)
        return lf_fail(err, LF_INVALID, "a registry is http://…, https://… or files:DIR");
    struct lf_registry *registry = NULL;
    enum lf_status st = ops->open(options, &registry, err);
    if (st != LF_OK)
        return st;
    st = init_base(registry, options->url, err);
    if (st != LF_OK) {
        ops->close(registry);
        return st;
    }
    registry->ops = ops;
    *ret = registry;
    return LF_OK;
}

void
lf_registry_stop(struct lf_registry *registry)
{
    lf_gate_open(&registry->gate);
}

void
lf_registry_close(struct lf_registry *registry)
{
    if (registry == NULL)
        return;
    lf_gate_release(&registry->gate);
    lf_free(registry->name);
    registry->ops->close(registry);
}

const char *
lf_registry_name(const struct lf_registry *registry)
{
    return registry->name;
}

/* ---- dispatch ---- */

static enum lf_status
check_open(struct lf_registry *registry, struct lf_err *err)
{
    return lf_gate_is_open(&registry->gate) ? lf_fail(err, LF_CLOSED, "the registry's client has stopped") : LF_OK;
}

static enum lf_status
check_subject(struct lf_registry *registry, struct lf_bytes subject, struct lf_err *err)
{
    size_t at;
    if (subject.len == 0 || subject.len > LF_REGISTRY_NAME_BYTES_MAX || lf_bytes_index(subject, '\0') != SIZE_MAX ||
        !lf_utf8_valid(subject, &at))
        return lf_fail(err, LF_INVALID, "a subject has 1 to %d bytes of UTF-8 without NUL", LF_REGISTRY_NAME_BYTES_MAX);
    return check_open(registry, err);
}

enum lf_status
lf_registry_by_id(struct lf_registry *registry, uint32_t id, struct lf_arena *arena, struct lf_schema_text *ret,
                  struct lf_err *err)
{
    enum lf_status st = check_open(registry, err);
    return st == LF_OK ? registry->ops->by_id(registry, id, arena, ret, err) : st;
}

enum lf_status
lf_registry_by_guid(struct lf_registry *registry, const uint8_t guid[16], struct lf_arena *arena,
                    struct lf_schema_text *ret, struct lf_err *err)
{
    struct lf_uuid uuid;
    char text[LF_UUID_TEXT_LEN + 1];
    memcpy(uuid.bytes, guid, sizeof(uuid.bytes));
    lf_uuid_format(&uuid, text);
    enum lf_status st = check_open(registry, err);
    return st == LF_OK ? registry->ops->by_guid(registry, text, arena, ret, err) : st;
}

enum lf_status
lf_registry_version(struct lf_registry *registry, struct lf_bytes subject, int32_t version, struct lf_arena *arena,
                    struct lf_registered *ret, struct lf_err *err)
{
    enum lf_status st = check_subject(registry, subject, err);
    if (st == LF_OK && version < 1 && version != LF_REGISTRY_LATEST)
        st = lf_fail(err, LF_INVALID, "versions count from 1");
    return st == LF_OK ? registry->ops->version(registry, subject, version, arena, ret, err) : st;
}

enum lf_status
lf_registry_versions(struct lf_registry *registry, struct lf_bytes subject, struct lf_arena *arena,
                     int32_t **ret_versions, size_t *ret_count, struct lf_err *err)
{
    enum lf_status st = check_subject(registry, subject, err);
    return st == LF_OK ? registry->ops->versions(registry, subject, arena, ret_versions, ret_count, err) : st;
}

enum lf_status
lf_registry_lookup(struct lf_registry *registry, struct lf_bytes subject, const struct lf_schema_text *schema,
                   uint32_t *ret_id, int32_t *ret_version, struct lf_err *err)
{
    enum lf_status st = check_subject(registry, subject, err);
    return st == LF_OK ? registry->ops->lookup(registry, subject, schema, ret_id, ret_version, err) : st;
}

enum lf_status
lf_registry_level(struct lf_registry *registry, struct lf_bytes subject, enum lf_compat_level *ret, struct lf_err *err)
{
    enum lf_status st = check_subject(registry, subject, err);
    return st == LF_OK ? registry->ops->level(registry, subject, ret, err) : st;
}

enum lf_status
lf_registry_compatible(struct lf_registry *registry, struct lf_bytes subject, int32_t version,
                       const struct lf_schema_text *schema, struct lf_arena *arena, bool *ret_compatible,
                       struct lf_bytes *ret_why, struct lf_err *err)
{
    enum lf_status st = check_subject(registry, subject, err);
    if (st == LF_OK && version < LF_REGISTRY_LATEST)
        st = lf_fail(err, LF_INVALID, "versions count from 1");
    return st == LF_OK
               ? registry->ops->compatible(registry, subject, version, schema, arena, ret_compatible, ret_why, err)
               : st;
}

enum lf_status
lf_registry_register(struct lf_registry *registry, struct lf_bytes subject, const struct lf_schema_text *schema,
                     uint32_t *ret_id, struct lf_err *err)
{
    enum lf_status st = check_subject(registry, subject, err);
    return st == LF_OK ? registry->ops->enroll(registry, subject, schema, ret_id, err) : st;
}

enum lf_status
lf_registry_set_level(struct lf_registry *registry, struct lf_bytes subject, enum lf_compat_level level,
                      struct lf_err *err)
{
    enum lf_status st = check_subject(registry, subject, err);
    return st == LF_OK ? registry->ops->set_level(registry, subject, level, err) : st;
}
