/* logfirst schema compat: would a schema break readers or what was written before? */
#include "cli/schema_open.h"
#include "cli/verdict_print.h"
#include "server/compat.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { OUTPUT_BYTES_MAX = 64 * 1024 * 1024 };

/* Where the versions to compare with come from. */
enum source { LOCK, FOLDER, SCHEMA_FILE, SDL, REGISTRY };

struct comparing {
    const struct lf_cli *cli;
    struct lf_cli_schemas *s;
    enum source source;
    struct lf_parts old; /* SDL: the schema before */
    struct lf_schemas old_schemas;
    struct lf_buf old_problems;
    size_t events, broken;
};

/* --- what is compared with ---------------------------------------------------------------------------------------- */

static bool
is_sdl(const char *path)
{
    static const char *const endings[] = {".graphql", ".graphqls", ".gql"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (lf_bytes_ends_with(lf_bytes_of(path), lf_bytes_of(endings[i])))
            return true;
    }
    return false;
}

static enum source
source_of(const char *against)
{
    struct stat info;
    if (strcmp(against, "lock") == 0)
        return LOCK;
    if (strcmp(against, "registry") == 0)
        return REGISTRY;
    if (stat(against, &info) == 0 && S_ISDIR(info.st_mode))
        return FOLDER;
    return is_sdl(against) ? SDL : SCHEMA_FILE;
}

/* The schema of an SDL file before, with its own lock where it has one. */
static enum lf_status
open_old(struct comparing *c, struct lf_err *err)
{
    const char *file = c->cli->config->against;
    lf_parts_init(&c->old, c->cli->config);
    enum lf_status st = lf_parts_load_model(&c->old, &file, 1, &c->old_problems, err);
    if (st == LF_OK)
        st = lf_schemas_load(&c->old_schemas, &c->old, &file, err);
    if (st == LF_OK && c->old_schemas.lock == NULL)
        c->old_schemas.options.lock = c->s->schemas.lock;
    return st;
}

static enum lf_status
old_version(struct comparing *c, const struct lf_event_type *event, enum lf_event_format format, struct lf_arena *arena,
            struct lf_versions *ret, struct lf_err *err)
{
    const struct lf_event_type *old = lf_model_event(c->old.model, event->name);
    if (old == NULL)
        return LF_OK;
    ret->items = LF_ARENA_NEW(arena, struct lf_schema_version);
    if (ret->items == NULL)
        return lf_no_memory(err);
    ret->items->name = lf_bytes_of(c->cli->config->against);
    ret->count = 1;
    return lf_cli_schema_text(&c->old_schemas.options, old, format, arena, &ret->items->text, err);
}

static enum lf_status
versions_of(struct comparing *c, const struct lf_event_type *event, enum lf_event_format format, struct lf_arena *arena,
            struct lf_versions *ret, struct lf_err *err)
{
    const char *path = c->cli->config->against;
    struct lf_bytes name;
    switch (c->source) {
    case LOCK: return lf_versions_locked(c->s->schemas.lock, event, format, arena, ret, err);
    case SDL: return old_version(c, event, format, arena, ret, err);
    case SCHEMA_FILE: return lf_versions_file(path, arena, ret, err);
    case REGISTRY:
        name = lf_cli_subject(c->s, event, format, arena);
        if (name.ptr == NULL)
            return lf_no_memory(err);
        return lf_versions_registered(c->s->parts.registry, name, format, arena, ret, err);
    case FOLDER: break;
    }
    name = lf_schema_record_name(event, arena);
    path = name.ptr != NULL ? lf_arena_printf(arena, "%s/%.*s%s", path, LF_FMT(name), lf_schema_file_ending(format))
                            : NULL;
    if (path == NULL)
        return lf_no_memory(err);
    enum lf_status st = lf_versions_file(path, arena, ret, err);
    return st == LF_NOT_FOUND ? LF_OK : st; /* an event that was not there yet */
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static enum lf_status
compare_event(struct comparing *c, const struct lf_event_type *event, struct lf_err *err)
{
    struct lf_arena arena;
    struct lf_versions versions = {0};
    struct lf_schema_verdict verdict = {0};
    struct lf_schema_version now = {.name = LF_LIT("the new schema")};
    enum lf_compat_level level = LF_COMPAT_BACKWARD;
    enum lf_event_format format = lf_cli_format(c->cli->config, event);
    lf_arena_init(&arena, 64 * 1024, 0);
    enum lf_status st = lf_cli_schema_text(&c->s->schemas.options, event, format, &arena, &now.text, err);
    if (st == LF_OK)
        st = versions_of(c, event, format, &arena, &versions, err);
    if (st == LF_OK)
        st = lf_cli_level(c->s, event, format, &arena, &level, err);
    if (st == LF_OK)
        st = lf_schema_compare(format, level, versions.items, versions.count, &now, &arena, &verdict, err);
    if (st == LF_OK)
        st = lf_cli_verdict_print(c->cli->config, event, format, versions.count, &verdict, err);
    else if (st != LF_NO_MEMORY)
        lf_err_context(err, "event %.*s", LF_FMT(event->name));
    c->events++;
    c->broken += verdict.count != 0;
    lf_arena_release(&arena);
    return st;
}

static enum lf_status
compare_all(struct comparing *c, struct lf_err *err)
{
    const struct lf_model *model = c->s->parts.model;
    size_t chosen = 0;
    enum lf_status st = lf_cli_events_check(c->cli->config, model, &chosen, err);
    c->source = source_of(c->cli->config->against);
    if (st == LF_OK && c->source == SCHEMA_FILE && chosen > 1)
        return lf_fail(err, LF_USAGE, "the schema has %zu events, %s is the schema of one: choose it with --event",
                       chosen, c->cli->config->against);
    if (st == LF_OK && c->source == LOCK && c->s->schemas.lock == NULL)
        return lf_fail(err, LF_NOT_FOUND, "there is no lock file %s: run logfirst schema lock",
                       c->s->schemas.lock_path);
    if (st == LF_OK && c->source == SDL)
        st = open_old(c, err);
    if (st == LF_OK && c->source == REGISTRY)
        st = lf_cli_registry_open(c->s, LF_ROLE_READ, err);
    for (size_t i = 0; i < model->event_count && st == LF_OK; i++) {
        if (lf_cli_event_chosen(c->cli->config, &model->events[i]))
            st = compare_event(c, &model->events[i], err);
    }
    return st;
}

/* 1 is for what was compared and found incompatible; whatever else is wrong is 2. */
int
lf_cmd_schema_compat(const struct lf_cli *cli)
{
    struct lf_cli_schemas s;
    struct lf_err err = {0};
    struct comparing c = {.cli = cli, .s = &s};
    lf_buf_init(&c.old_problems, OUTPUT_BYTES_MAX);
    enum lf_status st = lf_cli_schemas_open(cli, &s, &err);
    if (st == LF_OK)
        st = compare_all(&c, &err);
    if (st == LF_OK && cli->config->output != 1)
        fprintf(stderr, "%zu event%s compared, %zu incompatible\n", c.events, c.events == 1 ? "" : "s", c.broken);
    if (c.old_problems.len != 0)
        lf_buf_add(&s.problems, lf_buf_view(&c.old_problems));
    int status = lf_cli_schemas_close(cli, &s, st, &err, c.broken != 0 ? LF_EXIT_FAILED : LF_EXIT_DONE);
    lf_schemas_release(&c.old_schemas);
    lf_parts_release(&c.old);
    lf_buf_release(&c.old_problems);
    return st != LF_OK ? LF_EXIT_USAGE : status;
}
