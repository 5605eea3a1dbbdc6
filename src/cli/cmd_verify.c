/* logfirst verify: log, event store, entity state and dead letters agree, or where they do not. */
#include "base/report.h"
#include "cli/cli.h"
#include "cli/finding_print.h"
#include "cli/progress.h"
#include "server/parts.h"
#include "server/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PROBLEMS_BYTES_MAX = 4 * 1024 * 1024,
    LINE_BYTES_MAX = 1024 * 1024,
    PATH_SIZE = 4096,
    UNKNOWN_SKIP = 1,
    SCHEMA_WAIT_MS = 30000
};

struct verify {
    const struct lf_config *config;
    struct lf_parts parts;
    struct lf_payload_pins pins; /* of all schemas met */
    struct lf_bar bar;
    char folder[PATH_SIZE]; /* for the scratch store; "" before it is made */
    bool closed;            /* stdout takes nothing more */
};

/* ---- what is printed ---- */

static void
print(struct verify *verify, const struct lf_buf *out)
{
    lf_bar_clear(&verify->bar);
    verify->closed = verify->closed || out->failed != LF_OK || !lf_cli_print(lf_buf_view(out));
}

static void
found(void *ctx, const struct lf_finding *finding)
{
    struct verify *verify = ctx;
    struct lf_buf out;
    lf_buf_init(&out, LINE_BYTES_MAX);
    lf_finding_write(&out, "violation", finding, verify->config->output == 1);
    print(verify, &out);
    lf_buf_release(&out);
}

static bool
tell(void *ctx, const char *what, int64_t done, int64_t total)
{
    struct verify *verify = ctx;
    return lf_bar_tell(&verify->bar, what, done, total) && !verify->closed;
}

struct line {
    const char *name; /* in JSON */
    int64_t count;
    const char *text; /* "%lld …"; shown where the count is not 0, or always */
    bool always;
};

static void
summarize(struct verify *verify, const struct lf_verify_result *r)
{
    const struct line lines[] = {
        {"partitions", r->partitions, "partitions with a position of the group", true},
        {"records", r->records, "records of the log below the positions, of which", true},
        {"stored", r->stored, "  are in the event store,", true},
        {"repeated", r->repeated, "  repeat an event that is,", true},
        {"deadLetters", r->dead, "  are dead letters,", true},
        {"skipped", r->skipped, "  are of unknown types and skipped by policy", false},
        {"events", r->events, "events in the store, folded", true},
        {"entities", r->entities, "entities compared with the fold of their events", true},
        {"unread", r->unread, "partitions with records were not looked at: the group has no position there", false},
        {"beyond", r->beyond, "events and dead letters at or above the positions: only folded", false},
        {"gone", r->gone, "events and dead letters older than what the log has kept: only folded", false},
        {"elsewhere", r->elsewhere, "events and dead letters of topics or partitions that are not in the schema or log",
         false},
        {"unbound", r->unbound, "events of an entity or type that the schema knows only now, or no more: not folded",
         false},
        {"unsettled", r->unsettled, "entities changed too fast to be judged: run again when there is less load", false},
        {"violations", r->violations, r->violations == 1 ? "violation" : "violations", true},
    };
    struct lf_buf out;
    lf_buf_init(&out, LINE_BYTES_MAX);
    bool json = verify->config->output == 1;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (json)
            lf_buf_printf(&out, "%s\"%s\":%lld", i == 0 ? "{" : ",", lines[i].name, (long long)lines[i].count);
        else if (lines[i].always || lines[i].count != 0)
            lf_buf_printf(&out, "%10lld %s\n", (long long)lines[i].count, lines[i].text);
    }
    lf_buf_add_text(&out, json ? "}\n" : "");
    print(verify, &out);
    lf_buf_release(&out);
}

/* ---- the scratch store's folder ---- */

static enum lf_status
make_folder(struct verify *verify, struct lf_err *err)
{
    const char *below = verify->config->scratch;
    if (below[0] == '\0')
        below = getenv("TMPDIR");
    if (below == NULL || below[0] == '\0')
        below = "/tmp";
    int len = snprintf(verify->folder, sizeof(verify->folder), "%s/logfirst-verify-XXXXXX", below);
    if (len < 0 || (size_t)len >= sizeof(verify->folder) || mkdtemp(verify->folder) == NULL) {
        verify->folder[0] = '\0';
        return lf_fail(err, LF_IO, "cannot make a folder for temporary files below %s: %s; see --scratch", below,
                       strerror(errno));
    }
    return LF_OK;
}

static void
remove_folder(struct verify *verify)
{
    DIR *folder = verify->folder[0] != '\0' ? opendir(verify->folder) : NULL;
    if (folder == NULL)
        return;
    int fd = dirfd(folder);
    LF_ASSERT(fd >= 0);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(fd, entry->d_name, 0);
    }
    closedir(folder);
    if (rmdir(verify->folder) != 0)
        lf_report(LF_WARN, "temporary files stay", "folder", verify->folder, "why", strerror(errno), NULL);
}

/* ---- the command ---- */

static enum lf_status
check(struct verify *verify, const char *const *files, struct lf_verify_result *ret, struct lf_err *err)
{
    const struct lf_config *config = verify->config;
    struct lf_parts *parts = &verify->parts;
    enum lf_status st = lf_parts_open_payloads(parts, files, LF_ROLE_READ, SCHEMA_WAIT_MS, err);
    if (st == LF_OK)
        st = lf_parts_open_log(parts, LF_ROLE_READ, err);
    if (st == LF_OK)
        st = lf_parts_open_store(parts, LF_ROLE_READ, err);
    if (st == LF_OK)
        st = make_folder(verify, err);
    if (st != LF_OK)
        return st;
    const struct lf_verify_options options = {
        .model = parts->model,
        .log = parts->log,
        .store = parts->store,
        .codec = {.model = parts->model, .payloads = parts->payloads, .pins = &verify->pins},
        .topics = parts->topics,
        .topic_count = parts->topic_count,
        .group = config->group,
        .unknown_skipped = config->unknown_events == UNKNOWN_SKIP,
        .scratch_url = lf_arena_printf(&parts->arena, "sqlite:%s/states.db", verify->folder),
        .found = found,
        .ctx = verify,
        .progress = {tell, verify},
    };
    if (options.scratch_url == NULL)
        return lf_no_memory(err);
    st = lf_verify(&options, ret, err);
    lf_bar_clear(&verify->bar);
    return st;
}

int
lf_cmd_verify(const struct lf_cli *cli)
{
    struct verify verify = {.config = cli->config};
    struct lf_verify_result result = {0};
    struct lf_err err = {0};
    struct lf_buf problems;
    int status = LF_EXIT_FAILED;
    lf_buf_init(&problems, PROBLEMS_BYTES_MAX);
    lf_bar_start(&verify.bar);
    lf_parts_init(&verify.parts, cli->config);
    if (lf_parts_load_model(&verify.parts, cli->operands, cli->operand_count, &problems, &err) != LF_OK) {
        status = lf_cli_fail_with(cli->config->output == 1, &problems, &err);
    } else if (check(&verify, cli->operands, &result, &err) != LF_OK) {
        status = verify.closed ? LF_EXIT_FAILED : lf_cli_fail(cli->config, &err);
    } else {
        summarize(&verify, &result);
        status = result.violations == 0 && !verify.closed ? LF_EXIT_DONE : LF_EXIT_FAILED;
    }
    lf_payload_pins_release(verify.parts.payloads, &verify.pins);
    lf_parts_release(&verify.parts);
    remove_folder(&verify);
    lf_buf_release(&problems);
    return status;
}
