/* logfirst schema json-schema|avro|protobuf: schemas of payloads, to standard output or into files. */
#include "base/file.h"
#include "cli/schema_open.h"
#include "json/json.h"

#include <string.h>

struct generating {
    const struct lf_config *config;
    struct lf_cli_schemas *s;
    enum lf_event_format format;
    bool changed;
};

static enum lf_event_format
format_of(const char *verb)
{
    return strcmp(verb, "avro") == 0       ? LF_FORMAT_AVRO
           : strcmp(verb, "protobuf") == 0 ? LF_FORMAT_PROTOBUF
                                           : LF_FORMAT_JSON_SCHEMA;
}

/* --- which events ------------------------------------------------------------------------------------------------- */

static enum lf_status
check_choice(const struct generating *g, struct lf_err *err)
{
    size_t chosen = 0;
    enum lf_status st = lf_cli_events_check(g->config, g->s->parts.model, &chosen, err);
    if (st != LF_OK)
        return st;
    if (g->config->out[0] == '\0' && g->config->check)
        return lf_fail(err, LF_USAGE, "--check looks at files: say where they are with --out");
    if (g->config->out[0] == '\0' && chosen > 1)
        return lf_fail(err, LF_USAGE, "the schema has %zu events: choose one with --event, or a folder with --out",
                       chosen);
    return LF_OK;
}

/* --- what becomes of them ----------------------------------------------------------------------------------------- */

static enum lf_status
print_schema(const struct generating *g, const struct lf_event_type *event, struct lf_bytes text, struct lf_err *err)
{
    struct lf_buf out;
    lf_buf_init(&out, 8 * (size_t)LF_SCHEMA_TEXT_MAX);
    if (g->config->output == 1) {
        lf_buf_add_text(&out, "{\"event\":");
        lf_json_write_string(&out, event->name);
        lf_buf_printf(&out, ",\"version\":%d,\"format\":\"%s\",\"schema\":", event->version,
                      lf_schema_format_name(g->format));
        lf_json_write_string(&out, text);
        lf_buf_add_text(&out, "}\n");
    } else {
        lf_buf_add(&out, text);
    }
    enum lf_status st = lf_buf_status(&out, err);
    if (st == LF_OK && !lf_cli_print(lf_buf_view(&out)))
        st = lf_fail(err, LF_IO, "standard output is closed or full");
    lf_buf_release(&out);
    return st;
}

static enum lf_status
write_file(struct generating *g, const struct lf_event_type *event, struct lf_bytes text, struct lf_err *err)
{
    struct lf_arena *arena = &g->s->parts.arena;
    bool changed = false;
    struct lf_bytes name = lf_schema_record_name(event, arena);
    const char *path = name.ptr == NULL ? NULL
                                        : lf_arena_printf(arena, "%s/%.*s%s", g->config->out, LF_FMT(name),
                                                          lf_schema_file_ending(g->format));
    if (path == NULL)
        return lf_no_memory(err);
    enum lf_status st = lf_cli_file_update(g->config, path, text, &changed, err);
    g->changed = g->changed || changed;
    return st;
}

static enum lf_status
generate_one(struct generating *g, const struct lf_event_type *event, struct lf_err *err)
{
    struct lf_buf text;
    lf_buf_init(&text, LF_SCHEMA_TEXT_MAX);
    enum lf_status st = lf_schema_write(&g->s->schemas.options, event, g->format, &text, err);
    if (st == LF_OK && g->config->out[0] == '\0')
        st = print_schema(g, event, lf_buf_view(&text), err);
    else if (st == LF_OK)
        st = write_file(g, event, lf_buf_view(&text), err);
    lf_buf_release(&text);
    return st;
}

/* Two eventTypes may look the same once they are names of files. */
static enum lf_status
check_names(const struct generating *g, struct lf_err *err)
{
    const struct lf_model *model = g->s->parts.model;
    struct lf_arena *arena = &g->s->parts.arena;
    struct lf_map names;
    enum lf_status st = LF_OK;
    lf_map_init(&names);
    for (size_t i = 0; i < model->event_count && st == LF_OK; i++) {
        struct lf_bytes name = lf_schema_record_name(&model->events[i], arena);
        const struct lf_event_type *other = name.ptr != NULL ? lf_map_get(&names, name) : NULL;
        if (other != NULL)
            st = lf_fail(err, LF_INVALID, "events \"%.*s\" and \"%.*s\" would both be %.*s: rename one",
                         LF_FMT(other->name), LF_FMT(model->events[i].name), LF_FMT(name));
        else if (name.ptr == NULL || lf_map_add(&names, name, &model->events[i]) != LF_OK)
            st = lf_no_memory(err);
    }
    lf_map_release(&names);
    return st;
}

static enum lf_status
generate(struct generating *g, struct lf_err *err)
{
    const struct lf_model *model = g->s->parts.model;
    enum lf_status st = check_choice(g, err);
    if (st == LF_OK)
        st = check_names(g, err);
    if (st == LF_OK && g->config->out[0] != '\0' && !g->config->check)
        st = lf_folder_make(g->config->out, err);
    for (size_t i = 0; i < model->event_count && st == LF_OK; i++) {
        if (lf_cli_event_chosen(g->config, &model->events[i]))
            st = generate_one(g, &model->events[i], err);
    }
    return st;
}

int
lf_cmd_schema_generate(const struct lf_cli *cli)
{
    struct lf_cli_schemas s;
    struct lf_err err = {0};
    struct generating g = {.config = cli->config, .s = &s, .format = format_of(cli->verb)};
    enum lf_status st = lf_cli_schemas_open(cli, &s, &err);
    if (st == LF_OK)
        st = generate(&g, &err);
    return lf_cli_schemas_close(cli, &s, st, &err, g.changed && cli->config->check ? LF_EXIT_FAILED : LF_EXIT_DONE);
}
