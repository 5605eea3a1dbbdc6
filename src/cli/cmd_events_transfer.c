/* logfirst events export|import: events as JSON Lines. */
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/store_open.h"
#include "json/json.h"
#include "server/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 64 * 1024 };

struct transfer {
    const struct lf_config *config;
    struct lf_parts parts;
    struct lf_bar bar;
    FILE *file;
};

static void
open_transfer(struct transfer *transfer, const struct lf_cli *cli)
{
    *transfer = (struct transfer){.config = cli->config};
    lf_bar_start(&transfer->bar);
    lf_parts_init(&transfer->parts, cli->config);
    transfer->parts.model = lf_cli_no_model();
}

static void
close_transfer(struct transfer *transfer)
{
    if (transfer->file != NULL && transfer->file != stdin && transfer->file != stdout)
        (void)fclose(transfer->file); /* what matters was flushed */
    transfer->parts.model = NULL;     /* not ours to free */
    lf_parts_release(&transfer->parts);
}

static enum lf_status
open_file(struct transfer *transfer, bool writing, struct lf_err *err)
{
    const char *path = transfer->config->file;
    if (strcmp(path, "-") == 0) {
        transfer->file = writing ? stdout : stdin;
        return LF_OK;
    }
    transfer->file = fopen(path, writing ? "we" : "re");
    if (transfer->file != NULL)
        return LF_OK;
    return lf_fail(err, errno == EACCES ? LF_DENIED : LF_NOT_FOUND, "cannot open %s: %s", path, strerror(errno));
}

/* To stderr, as text or JSON: stdout may be the events. */
static void
tell(const struct transfer *transfer, struct lf_buf *text, struct lf_buf *json)
{
    struct lf_buf *out = transfer->config->output == 1 ? json : text;
    lf_buf_add_char(out, '\n');
    if (out->failed == LF_OK)
        fwrite(out->ptr, 1, out->len, stderr);
    lf_buf_release(text);
    lf_buf_release(json);
}

/* ---- export ---- */

static enum lf_status
sync_file(struct transfer *transfer, struct lf_err *err)
{
    struct stat info;
    int fd = fileno(transfer->file);
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && fsync(fd) != 0)
        return lf_fail(err, LF_IO, "cannot write %s: %s", transfer->config->file, strerror(errno));
    return LF_OK;
}

int
lf_cmd_events_export(const struct lf_cli *cli)
{
    struct transfer transfer;
    struct lf_err err = {0};
    int64_t count = 0;
    open_transfer(&transfer, cli);
    enum lf_status st = lf_parts_open_store(&transfer.parts, LF_ROLE_READ, &err);
    if (st == LF_OK)
        st = open_file(&transfer, true, &err);
    const struct lf_progress progress = {lf_bar_tell, &transfer.bar};
    if (st == LF_OK)
        st = lf_export(transfer.parts.store, transfer.file, &progress, &count, &err);
    if (st == LF_OK)
        st = sync_file(&transfer, &err);
    lf_bar_clear(&transfer.bar);
    int status = st == LF_OK ? LF_EXIT_DONE : lf_cli_fail(cli->config, &err);
    if (st == LF_OK && transfer.file != stdout) {
        struct lf_buf text, json;
        lf_buf_init(&text, LINE_BYTES_MAX);
        lf_buf_init(&json, LINE_BYTES_MAX);
        lf_buf_printf(&text, "%lld events", (long long)count);
        lf_buf_printf(&json, "{\"events\":%lld}", (long long)count);
        tell(&transfer, &text, &json);
    }
    close_transfer(&transfer);
    return status;
}

/* ---- import ---- */

static void
tell_invalid(void *ctx, int64_t line, const char *why)
{
    struct transfer *transfer = ctx;
    struct lf_buf text, json;
    lf_buf_init(&text, LINE_BYTES_MAX);
    lf_buf_init(&json, LINE_BYTES_MAX);
    lf_buf_printf(&text, "line %lld: %s", (long long)line, why);
    lf_buf_printf(&json, "{\"line\":%lld,\"reason\":", (long long)line);
    lf_json_write_string(&json, lf_bytes_of(why));
    lf_buf_add_char(&json, '}');
    lf_bar_clear(&transfer->bar);
    tell(transfer, &text, &json);
}

/* "120 events imported, 3 were there, 1 line was no event; go on with --after 124" */
static void
tell_result(const struct transfer *transfer, const struct lf_import_result *result, bool done)
{
    struct lf_buf text, json;
    lf_buf_init(&text, LINE_BYTES_MAX);
    lf_buf_init(&json, LINE_BYTES_MAX);
    lf_buf_printf(&text, "%lld events imported", (long long)result->imported);
    if (transfer->config->skip_present)
        lf_buf_printf(&text, ", %lld were there", (long long)result->present);
    if (result->invalid != 0)
        lf_buf_printf(&text, ", %lld %s no event", (long long)result->invalid,
                      result->invalid == 1 ? "line is" : "lines are");
    if (!done)
        lf_buf_printf(&text, "; go on with --after %lld", (long long)result->after);
    lf_buf_printf(&json, "{\"imported\":%lld,\"present\":%lld,\"invalid\":%lld,\"after\":%lld}",
                  (long long)result->imported, (long long)result->present, (long long)result->invalid,
                  (long long)result->after);
    tell(transfer, &text, &json);
}

static int64_t
size_of(FILE *file)
{
    struct stat info;
    return fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode) ? (int64_t)info.st_size : -1;
}

static enum lf_status
import(struct transfer *transfer, struct lf_err *err)
{
    const struct lf_config *config = transfer->config;
    struct lf_import_result result = {0};
    enum lf_status st = open_file(transfer, false, err);
    if (st == LF_OK)
        st = lf_parts_open_log(&transfer->parts, LF_ROLE_GATEWAY, err);
    if (st == LF_OK && config->skip_present)
        st = lf_parts_open_store(&transfer->parts, LF_ROLE_READ, err);
    if (st != LF_OK)
        return st;
    const struct lf_import_options options = {
        .file = transfer->file,
        .file_bytes = size_of(transfer->file),
        .log = transfer->parts.log,
        .topic = lf_bytes_of(config->topic),
        .store = transfer->parts.store,
        .after = config->after__line,
        .skip_invalid = config->skip_invalid,
        .invalid = tell_invalid,
        .ctx = transfer,
        .progress = {lf_bar_tell, &transfer->bar},
    };
    st = lf_import(&options, &result, err);
    lf_bar_clear(&transfer->bar);
    tell_result(transfer, &result, st == LF_OK);
    return st;
}

int
lf_cmd_events_import(const struct lf_cli *cli)
{
    struct transfer transfer;
    struct lf_err err = {0};
    open_transfer(&transfer, cli);
    enum lf_status st = import(&transfer, &err);
    int status = st == LF_OK ? LF_EXIT_DONE : lf_cli_fail(cli->config, &err);
    close_transfer(&transfer);
    return status;
}
