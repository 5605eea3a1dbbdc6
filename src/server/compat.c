/* Versions of schemas, wherever they are kept. */
#include "server/compat.h"
#include "base/file.h"

bool
lf_schema_type_of(enum lf_event_format format, enum lf_schema_type *ret)
{
    switch (format) {
    case LF_FORMAT_JSON:
    case LF_FORMAT_JSON_SCHEMA: *ret = LF_SCHEMA_JSON; return true;
    case LF_FORMAT_AVRO: *ret = LF_SCHEMA_AVRO; return true;
    case LF_FORMAT_PROTOBUF: *ret = LF_SCHEMA_PROTOBUF; return true;
    case LF_FORMAT_DEFAULT: break;
    }
    return false;
}

/* A zeroed one more; NULL out of memory. */
static struct lf_schema_version *
add_version(struct lf_versions *versions, struct lf_arena *arena, const char *name)
{
    struct lf_schema_version *items =
        lf_arena_grow(arena, versions->items, versions->count, &versions->cap, sizeof(*items));
    if (items == NULL || name == NULL)
        return NULL;
    versions->items = items;
    items[versions->count] = (struct lf_schema_version){.name = lf_bytes_of(name)};
    return &items[versions->count++];
}

/* JSON is checked by a JSON Schema too. */
static bool
are_alike(enum lf_event_format a, enum lf_event_format b)
{
    enum lf_schema_type x, y;
    return lf_schema_type_of(a, &x) && lf_schema_type_of(b, &y) && x == y;
}

enum lf_status
lf_versions_locked(const struct lf_schema_lock *lock, const struct lf_event_type *event, enum lf_event_format format,
                   struct lf_arena *arena, struct lf_versions *ret, struct lf_err *err)
{
    struct lf_versions versions = {0};
    struct lf_locked_schema *locked;
    size_t count;
    enum lf_status st = lf_schema_lock_versions(lock, event->name, arena, &locked, &count, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        if (!are_alike(locked[i].format, format)) {
            versions.others++;
            continue;
        }
        struct lf_schema_version *version =
            add_version(&versions, arena, lf_arena_printf(arena, "locked version %d", locked[i].version));
        if (version == NULL)
            return lf_no_memory(err);
        version->text = locked[i].text;
    }
    if (st == LF_OK)
        *ret = versions;
    return st;
}

enum lf_status
lf_versions_file(const char *path, struct lf_arena *arena, struct lf_versions *ret, struct lf_err *err)
{
    struct lf_versions versions = {0};
    struct lf_buf text;
    lf_buf_init(&text, LF_SCHEMA_TEXT_MAX);
    enum lf_status st = lf_file_read(path, &text, err);
    struct lf_schema_version *version =
        st == LF_OK ? add_version(&versions, arena, lf_arena_printf(arena, "%s", path)) : NULL;
    if (version != NULL)
        version->text = lf_arena_copy(arena, lf_buf_view(&text));
    if (st == LF_OK && (version == NULL || version->text.ptr == NULL))
        st = lf_no_memory(err);
    lf_buf_release(&text);
    if (st == LF_OK)
        *ret = versions;
    return st;
}

static enum lf_status
add_registered(struct lf_registry *registry, struct lf_bytes subject, int32_t number, enum lf_schema_type type,
               struct lf_arena *arena, struct lf_versions *versions, struct lf_err *err)
{
    struct lf_registered registered;
    struct lf_schema_part *parts = NULL;
    size_t part_count = 0;
    enum lf_status st = lf_registry_version(registry, subject, number, arena, &registered, err);
    if (st != LF_OK)
        return st;
    if (registered.schema.type != type) {
        versions->others++;
        return LF_OK;
    }
    st = lf_registry_parts(registry, &registered.schema, arena, &parts, &part_count, err);
    if (st != LF_OK)
        return st;
    struct lf_schema_version *version =
        add_version(versions, arena, lf_arena_printf(arena, "version %d of %.*s", number, LF_FMT(subject)));
    if (version == NULL)
        return lf_no_memory(err);
    version->text = registered.schema.text;
    version->parts = parts;
    version->part_count = part_count;
    return LF_OK;
}

enum lf_status
lf_versions_registered(struct lf_registry *registry, struct lf_bytes subject, enum lf_event_format format,
                       struct lf_arena *arena, struct lf_versions *ret, struct lf_err *err)
{
    struct lf_versions versions = {0};
    enum lf_schema_type type = LF_SCHEMA_JSON;
    int32_t *numbers = NULL;
    size_t count = 0;
    (void)lf_schema_type_of(format, &type);
    enum lf_status st = lf_registry_versions(registry, subject, arena, &numbers, &count, err);
    if (st == LF_NOT_FOUND) /* nothing was registered yet */
        st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = add_registered(registry, subject, numbers[i], type, arena, &versions, err);
    if (st == LF_OK)
        *ret = versions;
    return st;
}

/* --- at the start ------------------------------------------------------------------------------------------------- */

struct lf_bytes
lf_subject_of(const struct lf_config *config, const struct lf_event_type *event, struct lf_bytes full_name,
              struct lf_arena *arena)
{
    struct lf_bytes topic = event->topic.ptr != NULL ? event->topic : lf_bytes_of(config->topic);
    return lf_registry_subject((enum lf_subject_strategy)config->registry_subject_strategy, topic, full_name, arena);
}

void
lf_compat_write(struct lf_buf *out, const struct lf_schema_break *found)
{
    lf_buf_add(out, found->path.len != 0 ? found->path : LF_LIT("(root)"));
    lf_buf_printf(out,
                  found->forward ? ": readers with %.*s cannot read new events: "
                                 : ": new readers cannot read events of %.*s: ",
                  LF_FMT(found->version));
    lf_buf_add(out, found->text);
}

static enum lf_event_format
format_of_type(enum lf_schema_type type)
{
    return type == LF_SCHEMA_AVRO       ? LF_FORMAT_AVRO
           : type == LF_SCHEMA_PROTOBUF ? LF_FORMAT_PROTOBUF
                                        : LF_FORMAT_JSON_SCHEMA;
}

static enum lf_status
refuse(const struct lf_event_type *event, const struct lf_schema_verdict *verdict, struct lf_err *err)
{
    struct lf_buf text;
    lf_buf_init(&text, 4096);
    lf_compat_write(&text, &verdict->breaks[0]);
    enum lf_status st =
        lf_fail(err, LF_CONFLICT,
                "the schema of %.*s has %zu incompatible change%s (logfirst schema compat lists them, "
                "--allow-incompatible starts all the same): %.*s",
                LF_FMT(event->name), verdict->count, verdict->count == 1 ? "" : "s", LF_FMT(lf_buf_view(&text)));
    lf_buf_release(&text);
    return st;
}

static enum lf_status
check_event(const struct lf_parts *parts, const struct lf_event_type *event, const struct lf_payload_own *own,
            struct lf_arena *arena, struct lf_err *err)
{
    const struct lf_schema_text schema = {.type = own->type, .text = own->text};
    const struct lf_schema_version now = {.name = LF_LIT("the new schema"), .text = own->text};
    const enum lf_event_format format = format_of_type(own->type);
    struct lf_versions versions = {0};
    struct lf_schema_verdict verdict = {0};
    enum lf_compat_level level = LF_COMPAT_NONE;
    uint32_t id;
    int32_t version;
    struct lf_bytes subject = lf_subject_of(parts->config, event, own->record, arena);
    if (subject.ptr == NULL)
        return lf_no_memory(err);
    enum lf_status st = lf_registry_lookup(parts->registry, subject, &schema, &id, &version, err);
    if (st != LF_NOT_FOUND)
        return st;
    st = lf_registry_level(parts->registry, subject, &level, err);
    if (st == LF_OK)
        st = lf_versions_registered(parts->registry, subject, format, arena, &versions, err);
    if (st == LF_OK)
        st = lf_schema_compare(format, level, versions.items, versions.count, &now, arena, &verdict, err);
    return st == LF_OK && verdict.count != 0 ? refuse(event, &verdict, err) : st;
}

enum lf_status
lf_compat_check(const struct lf_parts *parts, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && parts->own != NULL && i < parts->model->event_count; i++) {
        struct lf_arena arena;
        lf_arena_init(&arena, 64 * 1024, 0);
        if (parts->own[i].has_schema)
            st = check_event(parts, &parts->model->events[i], &parts->own[i], &arena, err);
        lf_arena_release(&arena);
    }
    return st;
}
