/* logfirst dlq replay: dead letters to the end of their topics again. */
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/store_open.h"
#include "cli/write.h"
#include "json/json.h"
#include "server/resend.h"

#include <string.h>

enum { LINE_BYTES_MAX = 1024 * 1024 };

struct replay {
    const struct lf_config *config;
    struct lf_parts parts;
    struct lf_bar bar;
    bool good; /* stdout takes more */
};

static void
print(struct replay *replay, struct lf_buf *out)
{
    struct lf_err err = {0};
    lf_bar_clear(&replay->bar);
    if (lf_buf_status(out, &err) != LF_OK)
        (void)lf_cli_fail(replay->config, &err);
    else if (!replay->good || lf_cli_print(lf_buf_view(out)))
        return;
    replay->good = false;
}

/* "business-events/0@3  QuoteCreated  <eventId>  replayed as business-events/0@17\n" */
static void
write_text(const struct replay *replay, struct lf_buf *out, const struct lf_resent *one)
{
    const struct lf_dead_letter *letter = one->letter;
    if (letter != NULL) {
        lf_cli_add_place(out, &letter->place);
        lf_buf_add_text(out, "  ");
        lf_cli_add_safe(out, letter->event_type.ptr != NULL ? letter->event_type : LF_LIT("-"));
        lf_buf_add_text(out, "  ");
        lf_cli_add_safe(out, letter->event_id.ptr != NULL ? letter->event_id : LF_LIT("-"));
    } else {
        lf_cli_add_safe(out, lf_bytes_of(one->name));
    }
    lf_buf_add_text(out, "  ");
    if (one->why != NULL) {
        lf_buf_add_text(out, "not replayed: ");
        lf_cli_add_safe(out, lf_bytes_of(one->why));
    } else if (replay->config->dry_run__replay) {
        lf_buf_add_text(out, "would be replayed");
    } else {
        lf_buf_add_text(out, "replayed as ");
        lf_cli_add_place(out, &one->place);
    }
    lf_buf_add_char(out, '\n');
}

static void
write_json(struct lf_buf *out, const struct lf_resent *one)
{
    const struct lf_dead_letter *letter = one->letter;
    lf_buf_add_text(out, "{\"eventId\":");
    lf_cli_add_text_or_null(out, letter != NULL ? letter->event_id : LF_BYTES_NONE);
    if (letter != NULL) {
        lf_cli_add_member(out, "eventType", letter->event_type);
        lf_cli_add_place_members(out, letter->place.topic, letter->place.partition, letter->place.offset);
    }
    if (one->name != NULL)
        lf_cli_add_member(out, "asked", lf_bytes_of(one->name));
    lf_buf_add_text(out, ",\"replayed\":");
    if (one->place.topic.ptr != NULL) {
        lf_buf_add_text(out, "{\"topic\":");
        lf_cli_add_text_or_null(out, one->place.topic);
        lf_buf_printf(out, ",\"partition\":%d,\"offset\":%lld}", one->place.partition, (long long)one->place.offset);
    } else {
        lf_buf_add_text(out, "null");
    }
    if (one->why != NULL)
        lf_cli_add_member(out, "reason", lf_bytes_of(one->why));
    lf_buf_add_text(out, "}\n");
}

static void
tell(void *ctx, const struct lf_resent *one)
{
    struct replay *replay = ctx;
    struct lf_buf out;
    lf_buf_init(&out, LINE_BYTES_MAX);
    if (replay->config->output == 1)
        write_json(&out, one);
    else
        write_text(replay, &out, one);
    print(replay, &out);
    lf_buf_release(&out);
}

/* What came of it, and what was left out: "2 replayed, 1 healed already". */
static void
tell_result(struct replay *replay, const struct lf_resend_result *result)
{
    const struct {
        const char *name, *text;
        int64_t count;
        bool always;
    } parts[] = {
        {"replayed", replay->config->dry_run__replay ? "would be replayed" : "replayed", result->replayed, true},
        {"failed", "not replayed", result->failed, false},
        {"healed", "left out: the eventId is in the store", result->healed, false},
        {"repeated", "left out: another dead letter of the same event is there", result->repeated, false},
        {"nameless", "left out: no eventId (name their --code)", result->nameless, false},
        {"lost", "left out: records that were lost before they were read", result->lost, false},
    };
    bool json = replay->config->output == 1;
    struct lf_buf out;
    lf_buf_init(&out, LINE_BYTES_MAX);
    if (!json && result->replayed + result->failed == 0)
        lf_buf_add_text(&out, "nothing to replay\n");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (json)
            lf_buf_printf(&out, "%s\"%s\":%lld", i == 0 ? "{" : ",", parts[i].name, (long long)parts[i].count);
        else if (parts[i].always || parts[i].count != 0)
            lf_buf_printf(&out, "%10lld %s\n", (long long)parts[i].count, parts[i].text);
    }
    lf_buf_add_text(&out, json ? "}\n" : "");
    print(replay, &out);
    lf_buf_release(&out);
}

static enum lf_status
check_usage(const struct lf_cli *cli, struct lf_err *err)
{
    const struct lf_config *config = cli->config;
    bool filtered = config->code[0] != '\0' || config->type[0] != '\0';
    if (config->all__letters == (cli->operand_count != 0))
        return lf_fail(err, LF_USAGE, "dlq replay needs either PLACE or EVENT_ID, or --all");
    if (filtered && !config->all__letters)
        return lf_fail(err, LF_USAGE, "--code and --type are options of dlq replay --all");
    return LF_OK;
}

static enum lf_status
replay_letters(struct replay *replay, const struct lf_cli *cli, struct lf_resend_result *ret, struct lf_err *err)
{
    const struct lf_config *config = cli->config;
    enum lf_status st = lf_parts_open_store(&replay->parts, LF_ROLE_READ, err);
    if (st == LF_OK && !config->dry_run__replay)
        st = lf_parts_open_log(&replay->parts, LF_ROLE_GATEWAY, err);
    if (st != LF_OK)
        return st;
    const struct lf_resend_options options = {
        .store = replay->parts.store,
        .log = replay->parts.log,
        .names = cli->operands,
        .name_count = cli->operand_count,
        .code = config->code[0] != '\0' ? lf_bytes_of(config->code) : LF_BYTES_NONE,
        .event_type = config->type[0] != '\0' ? lf_bytes_of(config->type) : LF_BYTES_NONE,
        .told = tell,
        .ctx = replay,
        .progress = {lf_bar_tell, &replay->bar},
    };
    st = lf_resend(&options, ret, err);
    tell_result(replay, ret);
    return st;
}

int
lf_cmd_dlq_replay(const struct lf_cli *cli)
{
    struct replay replay = {.config = cli->config, .good = true};
    struct lf_resend_result result = {0};
    struct lf_err err = {0};
    if (check_usage(cli, &err) != LF_OK)
        return lf_cli_fail(cli->config, &err);
    lf_bar_start(&replay.bar);
    lf_parts_init(&replay.parts, cli->config);
    replay.parts.model = lf_cli_no_model();
    enum lf_status st = replay_letters(&replay, cli, &result, &err);
    int status = st != LF_OK ? lf_cli_fail(cli->config, &err) : LF_EXIT_DONE;
    if (result.failed != 0 || !replay.good)
        status = LF_EXIT_FAILED;
    replay.parts.model = NULL; /* not ours to free */
    lf_parts_release(&replay.parts);
    return status;
}
