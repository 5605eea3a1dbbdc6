/* logfirst rebuild: states again from the stored events, and what was different. */
#include "cli/cli.h"
#include "cli/finding_print.h"
#include "cli/progress.h"
#include "server/parts.h"
#include "server/rebuild.h"

#include <stdio.h>
#include <string.h>

enum {
    PROBLEMS_BYTES_MAX = 4 * 1024 * 1024,
    LINE_BYTES_MAX = 1024 * 1024,
    SCHEMA_WAIT_MS = 60000,
    FROM_LOG = 1,
    JSON = 1,
    US_PER_MS = 1000
};

struct rebuild {
    const struct lf_config *config;
    struct lf_parts parts;
    struct lf_bar bar;
    struct lf_payload_pins pins; /* of all schemas met in the log */
    const struct lf_entity **entities;
    size_t entity_count;
    int64_t shown; /* findings */
    bool closed;   /* stdout takes nothing more */
};

/* ---- what is printed ---- */

static void
print(struct rebuild *rebuild, const struct lf_buf *out)
{
    lf_bar_clear(&rebuild->bar);
    rebuild->closed = rebuild->closed || out->failed != LF_OK || !lf_cli_print(lf_buf_view(out));
}

static void
found(void *ctx, const struct lf_finding *finding)
{
    struct rebuild *rebuild = ctx;
    struct lf_buf out;
    if (rebuild->shown++ >= rebuild->config->show)
        return;
    lf_buf_init(&out, LINE_BYTES_MAX);
    lf_finding_write(&out, "difference", finding, rebuild->config->output == JSON);
    print(rebuild, &out);
    lf_buf_release(&out);
}

static bool
tell(void *ctx, const char *what, int64_t done, int64_t total)
{
    struct rebuild *rebuild = ctx;
    return lf_bar_tell(&rebuild->bar, what, done, total) && !rebuild->closed;
}

struct line {
    const char *name; /* in JSON */
    int64_t count;
    const char *text; /* shown where the count is not 0, or always */
    bool always;
};

static void
write_lines(struct lf_buf *out, const struct line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (lines[i].always || lines[i].count != 0)
            lf_buf_printf(out, "%10lld %s\n", (long long)lines[i].count, lines[i].text);
    }
}

static void
write_members(struct lf_buf *out, const struct line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        lf_buf_printf(out, ",\"%s\":%lld", lines[i].name, (long long)lines[i].count);
}

static const char *
truth(bool yes)
{
    return yes ? "true" : "false";
}

static void
summarize(struct rebuild *rebuild, const struct lf_rebuild_result *r)
{
    const struct line lines[] = {
        {"events", r->events, r->resumed ? "events folded, going on from an earlier run" : "events folded", true},
        {"fromLog", r->from_log, "  of them with the log's payload", rebuild->config->from__source == FROM_LOG},
        {"unbound", r->unbound, "events of an entity or type that the schema knows only now, or no more: not folded",
         false},
        {"entities", r->entities, "entities compared", true},
        {"differences", r->differences, r->differences == 1 ? "difference" : "differences", true},
        {"unsettled", r->unsettled, "entities changed too fast to be compared", false},
        {"switchEvents", r->alone_events, "events folded while consumers waited", r->switched},
        {"switchMs", r->alone_us / US_PER_MS, "ms that took", r->switched},
    };
    enum { COUNT = sizeof(lines) / sizeof(lines[0]) };
    struct lf_buf out;
    lf_buf_init(&out, LINE_BYTES_MAX);
    if (rebuild->config->output == JSON) {
        lf_buf_printf(&out, "{\"switched\":%s,\"resumed\":%s", truth(r->switched), truth(r->resumed));
        write_members(&out, lines, COUNT);
        lf_buf_add_text(&out, "}\n");
    } else {
        write_lines(&out, lines, COUNT);
        lf_buf_add_text(&out, r->switched ? "the new states are in force\n" : "nothing was changed\n");
    }
    print(rebuild, &out);
    lf_buf_release(&out);
}

/* ---- the command ---- */

static enum lf_status
choose_entities(struct rebuild *rebuild, const char *name, struct lf_err *err)
{
    const struct lf_model *model = rebuild->parts.model;
    rebuild->entities = lf_arena_calloc(&rebuild->parts.arena, model->entity_count + 1, sizeof(*rebuild->entities));
    if (rebuild->entities == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < model->entity_count; i++) {
        if (name == NULL || lf_bytes_equal_text(model->entities[i].name, name))
            rebuild->entities[rebuild->entity_count++] = &model->entities[i];
    }
    if (rebuild->entity_count == 0 && name != NULL)
        return lf_fail(err, LF_NOT_FOUND, "the schema has no entity \"%s\"", name);
    if (rebuild->entity_count == 0)
        return lf_fail(err, LF_NOT_FOUND, "the schema has no entity");
    return LF_OK;
}

/* A store that is not there must not be made; one that is there is opened for writing by the rebuild itself. */
static enum lf_status
find_store(struct rebuild *rebuild, struct lf_err *err)
{
    struct lf_parts *parts = &rebuild->parts;
    enum lf_status st = lf_parts_open_store(parts, LF_ROLE_READ, err);
    if (st == LF_OK) {
        lf_store_close(parts->store);
        parts->store = NULL;
    }
    return st;
}

static enum lf_status
open_log(struct rebuild *rebuild, const char *const *files, struct lf_err *err)
{
    if (rebuild->config->from__source != FROM_LOG)
        return LF_OK;
    enum lf_status st = lf_parts_open_payloads(&rebuild->parts, files, LF_ROLE_READ, SCHEMA_WAIT_MS, err);
    return st == LF_OK ? lf_parts_open_log(&rebuild->parts, LF_ROLE_READ, err) : st;
}

static enum lf_status
run(struct rebuild *rebuild, const char *const *files, struct lf_rebuild_result *ret, struct lf_err *err)
{
    const struct lf_parts *parts = &rebuild->parts;
    enum lf_status st = open_log(rebuild, files, err);
    if (st == LF_OK)
        st = find_store(rebuild, err);
    if (st != LF_OK)
        return st;
    const struct lf_rebuild_options options = {
        .model = parts->model,
        .store_url = parts->store_url,
        .schema_digest = parts->schema_digest,
        .entities = rebuild->entities,
        .entity_count = rebuild->entity_count,
        .log = parts->log,
        .codec = {.model = parts->model, .payloads = parts->payloads, .pins = &rebuild->pins},
        .dry_run = rebuild->config->dry_run,
        .found = found,
        .ctx = rebuild,
        .progress = {tell, rebuild},
    };
    st = lf_rebuild(&options, ret, err);
    lf_bar_clear(&rebuild->bar);
    return st;
}

static enum lf_status
check_usage(const struct lf_cli *cli, struct lf_err *err)
{
    if (!cli->config->all && cli->operand_count < 2)
        return lf_fail(err, LF_USAGE, "rebuild needs the name of an entity, or --all, and the schema");
    return LF_OK;
}

int
lf_cmd_rebuild(const struct lf_cli *cli)
{
    struct rebuild rebuild = {.config = cli->config};
    struct lf_rebuild_result result = {0};
    struct lf_err err = {0};
    struct lf_buf problems;
    size_t named = cli->config->all ? 0 : 1;
    lf_buf_init(&problems, PROBLEMS_BYTES_MAX);
    lf_bar_start(&rebuild.bar);
    lf_parts_init(&rebuild.parts, cli->config);
    enum lf_status st = check_usage(cli, &err);
    if (st == LF_OK)
        st = lf_parts_load_model(&rebuild.parts, cli->operands + named, cli->operand_count - named, &problems, &err);
    if (st == LF_OK)
        st = choose_entities(&rebuild, named == 1 ? cli->operands[0] : NULL, &err);
    if (st == LF_OK)
        st = run(&rebuild, cli->operands + named, &result, &err);
    if (st == LF_OK)
        summarize(&rebuild, &result);
    int status = st != LF_OK && !rebuild.closed   ? lf_cli_fail_with(cli->config->output == JSON, &problems, &err)
                 : st == LF_OK && !rebuild.closed ? LF_EXIT_DONE
                                                  : LF_EXIT_FAILED;
    lf_payload_pins_release(rebuild.parts.payloads, &rebuild.pins);
    lf_parts_release(&rebuild.parts);
    lf_buf_release(&problems);
    return status;
}
