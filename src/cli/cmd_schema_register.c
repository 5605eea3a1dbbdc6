/* logfirst schema register: the schemas of events, put into a registry where they are compatible. */
#include "cli/schema_open.h"
#include "cli/verdict_print.h"
#include "json/json.h"
#include "server/compat.h"

#include <stdio.h>

struct registering {
    const struct lf_config *config;
    struct lf_cli_schemas *s;
    size_t events, broken;
};

/* An event's schema on its way. */
struct entry {
    const struct lf_event_type *event;
    enum lf_event_format format;
    struct lf_bytes subject;
    struct lf_schema_text schema;
};

static enum lf_status
print_entry(const struct registering *r, const struct entry *entry, uint32_t id, struct lf_err *err)
{
    struct lf_buf out;
    lf_buf_init(&out, 64 * 1024);
    if (r->config->output == 1) {
        lf_buf_add_text(&out, "{\"event\":");
        lf_json_write_string(&out, entry->event->name);
        lf_buf_add_text(&out, ",\"subject\":");
        lf_json_write_string(&out, entry->subject);
        lf_buf_printf(&out, ",\"id\":%u}\n", id);
    } else {
        lf_buf_printf(&out, "%.*s: %.*s: id %u\n", LF_FMT(entry->event->name), LF_FMT(entry->subject), id);
    }
    enum lf_status st = lf_buf_status(&out, err);
    if (st == LF_OK && !lf_cli_print(lf_buf_view(&out)))
        st = lf_fail(err, LF_IO, "standard output is closed or full");
    lf_buf_release(&out);
    return st;
}

/* A registry on a server has a word of its own; one that is a folder has not. */
static enum lf_status
compare(struct registering *r, const struct entry *entry, struct lf_arena *arena, struct lf_schema_verdict *ret,
        struct lf_err *err)
{
    struct lf_versions versions = {0};
    enum lf_compat_level level = LF_COMPAT_BACKWARD;
    const struct lf_schema_version now = {.name = LF_LIT("the new schema"), .text = entry->schema.text};
    enum lf_status st =
        lf_versions_registered(r->s->parts.registry, entry->subject, entry->format, arena, &versions, err);
    if (st == LF_OK)
        st = lf_cli_level(r->s, entry->event, entry->format, arena, &level, err);
    if (st == LF_OK)
        st = lf_schema_compare(entry->format, level, versions.items, versions.count, &now, arena, ret, err);
    if (st == LF_OK && ret->count != 0)
        st = lf_cli_verdict_print(r->config, entry->event, entry->format, versions.count, ret, err);
    return st;
}

static enum lf_status
put(struct registering *r, const struct entry *entry, struct lf_arena *arena, struct lf_err *err)
{
    struct lf_schema_verdict verdict = {0};
    uint32_t id = 0;
    int32_t version;
    enum lf_status st = lf_registry_lookup(r->s->parts.registry, entry->subject, &entry->schema, &id, &version, err);
    if (st == LF_OK) /* it is there */
        return print_entry(r, entry, id, err);
    if (st == LF_NOT_FOUND)
        st = compare(r, entry, arena, &verdict, err);
    if (st == LF_OK && verdict.count != 0) {
        r->broken++;
        return LF_OK;
    }
    if (st == LF_OK)
        st = lf_registry_register(r->s->parts.registry, entry->subject, &entry->schema, &id, err);
    return st == LF_OK ? print_entry(r, entry, id, err) : st;
}

static enum lf_status
register_event(struct registering *r, const struct lf_event_type *event, struct lf_err *err)
{
    struct lf_arena arena;
    struct entry entry = {.event = event, .format = lf_cli_format(r->config, event)};
    if (entry.format == LF_FORMAT_JSON || !lf_schema_type_of(entry.format, &entry.schema.type))
        return LF_OK;
    lf_arena_init(&arena, 64 * 1024, 0);
    enum lf_status st =
        lf_cli_schema_text(&r->s->schemas.options, event, entry.format, &arena, &entry.schema.text, err);
    entry.subject = lf_cli_subject(r->s, event, entry.format, &arena);
    if (st == LF_OK && entry.subject.ptr == NULL)
        st = lf_no_memory(err);
    if (st == LF_OK)
        st = put(r, &entry, &arena, err);
    if (st != LF_OK && st != LF_NO_MEMORY)
        lf_err_context(err, "event %.*s", LF_FMT(event->name));
    r->events++;
    lf_arena_release(&arena);
    return st;
}

static enum lf_status
register_all(struct registering *r, struct lf_err *err)
{
    const struct lf_model *model = r->s->parts.model;
    size_t chosen;
    enum lf_status st = lf_cli_events_check(r->config, model, &chosen, err);
    if (st == LF_OK)
        st = lf_cli_registry_open(r->s, LF_ROLE_GATEWAY, err);
    for (size_t i = 0; i < model->event_count && st == LF_OK; i++) {
        if (lf_cli_event_chosen(r->config, &model->events[i]))
            st = register_event(r, &model->events[i], err);
    }
    if (st == LF_OK && r->events == 0)
        st = lf_fail(err, LF_USAGE,
                     "the events are written as plain JSON, which needs no registry: give them "
                     "@event(format:), or say --format");
    return st;
}

/* 1 is for what is incompatible, by our word or the registry's; whatever else is wrong is 2. */
int
lf_cmd_schema_register(const struct lf_cli *cli)
{
    struct lf_cli_schemas s;
    struct lf_err err = {0};
    struct registering r = {.config = cli->config, .s = &s};
    enum lf_status st = lf_cli_schemas_open(cli, &s, &err);
    if (st == LF_OK)
        st = register_all(&r, &err);
    if (st == LF_OK && r.broken != 0 && cli->config->output != 1)
        fprintf(stderr, "%zu incompatible: not registered\n", r.broken);
    int status = lf_cli_schemas_close(cli, &s, st, &err, r.broken != 0 ? LF_EXIT_FAILED : LF_EXIT_DONE);
    return st == LF_OK ? status : st == LF_CONFLICT ? LF_EXIT_FAILED : LF_EXIT_USAGE;
}
