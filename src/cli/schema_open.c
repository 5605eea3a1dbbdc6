/* Models, lock files and generated files, for the commands about schemas. */
#include "cli/schema_open.h"
#include "base/file.h"
#include "json/json.h"
#include "server/compat.h"

enum { PROBLEMS_BYTES_MAX = 4 * 1024 * 1024, FILE_BYTES_MAX = LF_SCHEMA_LOCK_BYTES_MAX };

enum lf_status
lf_cli_schemas_open(const struct lf_cli *cli, struct lf_cli_schemas *ret, struct lf_err *err)
{
    *ret = (struct lf_cli_schemas){0};
    lf_buf_init(&ret->problems, PROBLEMS_BYTES_MAX);
    lf_parts_init(&ret->parts, cli->config);
    enum lf_status st = lf_parts_load_model(&ret->parts, cli->operands, cli->operand_count, &ret->problems, err);
    return st == LF_OK ? lf_schemas_load(&ret->schemas, &ret->parts, cli->operands, err) : st;
}

int
lf_cli_schemas_close(const struct lf_cli *cli, struct lf_cli_schemas *schemas, enum lf_status st,
                     const struct lf_err *err, int status)
{
    if (st != LF_OK)
        status = lf_cli_fail_with(cli->config->output == 1, &schemas->problems, err);
    lf_schemas_release(&schemas->schemas);
    lf_parts_release(&schemas->parts);
    lf_buf_release(&schemas->problems);
    return status;
}

bool
lf_cli_event_chosen(const struct lf_config *config, const struct lf_event_type *event)
{
    for (size_t i = 0; i < config->event.count; i++) {
        if (lf_bytes_equal_text(event->name, config->event.items[i]))
            return true;
    }
    return config->event.count == 0;
}

enum lf_status
lf_cli_events_check(const struct lf_config *config, const struct lf_model *model, size_t *ret_count, struct lf_err *err)
{
    size_t count = 0;
    for (size_t i = 0; i < config->event.count; i++) {
        if (lf_model_event(model, lf_bytes_of(config->event.items[i])) == NULL)
            return lf_fail(err, LF_USAGE, "--event: the schema has no event \"%s\"", config->event.items[i]);
    }
    for (size_t i = 0; i < model->event_count; i++)
        count += lf_cli_event_chosen(config, &model->events[i]);
    *ret_count = count;
    return LF_OK;
}

enum lf_event_format
lf_cli_format(const struct lf_config *config, const struct lf_event_type *event)
{
    return event->format != LF_FORMAT_DEFAULT ? event->format : lf_schemas_fallback(config);
}

enum lf_status
lf_cli_schema_text(const struct lf_schema_options *options, const struct lf_event_type *event,
                   enum lf_event_format format, struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err)
{
    struct lf_buf text;
    lf_buf_init(&text, LF_SCHEMA_TEXT_MAX);
    enum lf_status st = lf_schema_write(options, event, format, &text, err);
    if (st == LF_OK) {
        *ret = lf_arena_copy(arena, lf_buf_view(&text));
        st = ret->ptr != NULL ? LF_OK : lf_no_memory(err);
    }
    lf_buf_release(&text);
    return st;
}

enum lf_status
lf_cli_registry_open(struct lf_cli_schemas *schemas, unsigned roles, struct lf_err *err)
{
    if (schemas->parts.config->registry[0] == '\0')
        return lf_fail(err, LF_USAGE, "which registry? Say it with --registry URL");
    return lf_parts_open_registry(&schemas->parts, roles, err);
}

struct lf_bytes
lf_cli_subject(const struct lf_cli_schemas *schemas, const struct lf_event_type *event, enum lf_event_format format,
               struct lf_arena *arena)
{
    struct lf_bytes name = lf_schema_full_name(&schemas->schemas.options, event, format, arena);
    return name.ptr != NULL ? lf_subject_of(schemas->parts.config, event, name, arena) : name;
}

enum lf_status
lf_cli_level(const struct lf_cli_schemas *schemas, const struct lf_event_type *event, enum lf_event_format format,
             struct lf_arena *arena, enum lf_compat_level *ret, struct lf_err *err)
{
    const int chosen = schemas->parts.config->compatibility;
    *ret = chosen == 0 ? LF_COMPAT_BACKWARD : (enum lf_compat_level)(chosen - 1);
    if (chosen != 0 || schemas->parts.registry == NULL)
        return LF_OK;
    struct lf_bytes subject = lf_cli_subject(schemas, event, format, arena);
    return subject.ptr != NULL ? lf_registry_level(schemas->parts.registry, subject, ret, err) : lf_no_memory(err);
}

static enum lf_status
is_same(const char *path, struct lf_bytes content, bool *ret, struct lf_err *err)
{
    struct lf_buf old;
    lf_buf_init(&old, FILE_BYTES_MAX);
    enum lf_status st = lf_file_read(path, &old, err);
    *ret = st == LF_OK && lf_bytes_equal(lf_buf_view(&old), content);
    lf_buf_release(&old);
    return st == LF_NOT_FOUND ? LF_OK : st;
}

static enum lf_status
print_file(const struct lf_config *config, const char *path, bool changed, struct lf_err *err)
{
    struct lf_buf out;
    lf_buf_init(&out, FILE_BYTES_MAX);
    if (config->output == 1) {
        lf_buf_add_text(&out, "{\"file\":");
        lf_json_write_string(&out, lf_bytes_of(path));
        lf_buf_printf(&out, ",\"changed\":%s}\n", changed ? "true" : "false");
    } else if (changed) {
        lf_buf_printf(&out, "%s%s\n", path, config->check ? ": out of date" : "");
    }
    enum lf_status st = lf_buf_status(&out, err);
    if (st == LF_OK && !lf_cli_print(lf_buf_view(&out)))
        st = lf_fail(err, LF_IO, "standard output is closed or full");
    lf_buf_release(&out);
    return st;
}

enum lf_status
lf_cli_file_update(const struct lf_config *config, const char *path, struct lf_bytes content, bool *ret_changed,
                   struct lf_err *err)
{
    bool same;
    enum lf_status st = is_same(path, content, &same, err);
    if (st == LF_OK && !same && !config->check)
        st = lf_file_write(path, content, err);
    if (st == LF_OK)
        st = print_file(config, path, !same, err);
    *ret_changed = !same;
    return st;
}
