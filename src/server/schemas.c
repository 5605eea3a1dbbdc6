/* lf_schemas_load(): options and the lock file. */
#include "server/schemas.h"
#include "base/file.h"

#include <string.h>

/* "orders/schema.graphql" -> "orders/schema.lock.json" */
static const char *
default_lock_path(const char *file, struct lf_arena *arena)
{
    const char *slash = strrchr(file, '/');
    const char *point = strrchr(slash != NULL ? slash : file, '.');
    size_t len = point != NULL && point != file && point[-1] != '/' ? (size_t)(point - file) : strlen(file);
    return lf_arena_printf(arena, "%.*s.lock.json", (int)len, file);
}

static enum lf_status
read_lock(struct lf_schemas *schemas, struct lf_err *err)
{
    struct lf_err why = {0};
    enum lf_status st = lf_file_read(schemas->lock_path, &schemas->lock_text, &why);
    if (st == LF_NOT_FOUND)
        return LF_OK;
    if (st == LF_OK) {
        st = lf_schema_lock_parse(lf_buf_view(&schemas->lock_text), &schemas->lock, &why);
        if (st != LF_OK)
            lf_err_context(&why, "lock file %s", schemas->lock_path);
    }
    return st == LF_OK ? LF_OK : lf_fail(err, st, "%s", why.text);
}

enum lf_status
lf_schemas_load(struct lf_schemas *schemas, struct lf_parts *parts, const char *const *files, struct lf_err *err)
{
    const struct lf_config *config = parts->config;
    *schemas = (struct lf_schemas){.options = {.model = parts->model, .closed = config->closed}};
    lf_buf_init(&schemas->lock_text, LF_SCHEMA_LOCK_BYTES_MAX);
    schemas->options.package = lf_bytes_of(config->package);
    if (!lf_schema_package_valid(schemas->options.package))
        return lf_fail(err, LF_INVALID, "\"%s\" is no package: names with points between them", config->package);
    schemas->lock_path = config->lock[0] != '\0' ? config->lock : default_lock_path(files[0], &parts->arena);
    if (schemas->lock_path == NULL)
        return lf_no_memory(err);
    enum lf_status st = read_lock(schemas, err);
    schemas->options.lock = schemas->lock;
    return st;
}

void
lf_schemas_release(struct lf_schemas *schemas)
{
    lf_schema_lock_free(schemas->lock);
    lf_buf_release(&schemas->lock_text);
    *schemas = (struct lf_schemas){0};
}
