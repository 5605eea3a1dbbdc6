/* logfirst copy: topics from one log to another. */
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "json/json.h"
#include "log/log.h"
#include "server/copy.h"
#include "server/parts.h"
#include "server/scan.h"

#include <stdio.h>
#include <string.h>

enum { PROBLEMS_BYTES_MAX = 4 * 1024 * 1024, LINE_BYTES_MAX = 64 * 1024 };

struct copy {
    const struct lf_config *config;
    struct lf_parts parts;
    struct lf_bar bar;
    struct lf_log *from;
};

static enum lf_status
check_urls(const struct lf_config *config, struct lf_err *err)
{
    if (config->from__log[0] == '\0' || config->to[0] == '\0')
        return lf_fail(err, LF_USAGE, "copy needs --from URL and --to URL");
    if (strcmp(config->from__log, config->to) == 0)
        return lf_fail(err, LF_USAGE, "copy: --from and --to are the same log");
    return LF_OK;
}

/* Of the command line, else of the schema, else the default one; each is followed by its dead letters' topic. */
static enum lf_status
list_topics(struct copy *copy, const struct lf_bytes **ret, size_t *ret_count, struct lf_err *err)
{
    const struct lf_texts *given = &copy->config->topic__each;
    struct lf_arena *arena = &copy->parts.arena;
    const struct lf_bytes *named = copy->parts.topics;
    struct lf_bytes one = lf_bytes_of(copy->config->topic);
    size_t count = given->count;
    if (count == 0)
        count = named != NULL ? copy->parts.topic_count : 1;
    struct lf_bytes *topics = LF_ARENA_ARRAY(arena, struct lf_bytes, count * 2);
    if (topics == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        struct lf_bytes topic = one;
        if (given->count != 0)
            topic = lf_bytes_of(given->items[i]);
        else if (named != NULL)
            topic = named[i];
        topics[2 * i] = topic;
        topics[2 * i + 1] = lf_bytes_of(lf_arena_printf(arena, "%.*s.dlq", LF_FMT(topic)));
        if (topics[2 * i + 1].ptr == NULL)
            return lf_no_memory(err);
    }
    *ret = topics;
    *ret_count = count * 2;
    return LF_OK;
}

static bool
print_result(const struct lf_config *config, struct lf_bytes topic, const struct lf_copy_result *result)
{
    struct lf_buf out;
    long long there = (long long)result->present + (long long)result->before;
    lf_buf_init(&out, LINE_BYTES_MAX);
    if (config->output == 1) {
        lf_buf_add_text(&out, "{\"topic\":");
        lf_json_write_string(&out, topic);
        lf_buf_printf(&out, ",\"copied\":%lld,\"present\":%lld}\n", (long long)result->copied, there);
    } else {
        lf_buf_printf(&out, "%.*s: %lld copied, %lld were there\n", LF_FMT(topic), (long long)result->copied, there);
    }
    bool good = out.failed == LF_OK && lf_cli_print(lf_buf_view(&out));
    lf_buf_release(&out);
    return good;
}

/* A topic that is made in Kafka for one of Kafka has as many partitions, unless it is said how many. */
static enum lf_status
partitions_for(struct copy *copy, struct lf_bytes topic, int64_t *ret, struct lf_err *err)
{
    struct lf_log_range *ranges = NULL;
    size_t count = 0;
    enum lf_status st = lf_scan_ranges(copy->from, topic, &ranges, &count, err);
    bool both = strncmp(copy->config->from__log, "kafka:", 6) == 0 && strncmp(copy->config->to, "kafka:", 6) == 0;
    *ret = copy->config->partitions != 0 || !both ? copy->config->partitions : (int64_t)count;
    lf_free(ranges);
    return st;
}

static enum lf_status
copy_topic(struct copy *copy, struct lf_bytes topic, struct lf_copy_result *ret, struct lf_err *err)
{
    struct lf_log *to = NULL;
    int64_t partitions = 0;
    enum lf_status st = partitions_for(copy, topic, &partitions, err);
    if (st == LF_OK)
        st = lf_parts_log_at(&copy->parts, copy->config->to, LF_ROLE_GATEWAY, partitions, &to, err);
    if (st != LF_OK)
        return st;
    const struct lf_copy_options options = {
        .from = copy->from, .to = to, .topic = topic, .progress = {lf_bar_tell, &copy->bar}};
    st = lf_copy(&options, ret, err);
    lf_log_close(to);
    lf_bar_clear(&copy->bar);
    return st;
}

static enum lf_status
copy_all(struct copy *copy, bool *ret_good, struct lf_err *err)
{
    const struct lf_bytes *topics = NULL;
    size_t count = 0;
    enum lf_status st = list_topics(copy, &topics, &count, err);
    if (st == LF_OK)
        st = lf_parts_log_at(&copy->parts, copy->config->from__log, LF_ROLE_READ, 0, &copy->from, err);
    for (size_t i = 0; st == LF_OK && *ret_good && i < count; i++) {
        struct lf_copy_result result = {0};
        st = copy_topic(copy, topics[i], &result, err);
        if (st == LF_NOT_FOUND && i % 2 == 1) { /* no dead letters: fine */
            st = LF_OK;
            continue;
        }
        if (st == LF_OK || result.copied != 0)
            *ret_good = print_result(copy->config, topics[i], &result);
    }
    return st;
}

int
lf_cmd_copy(const struct lf_cli *cli)
{
    struct copy copy = {.config = cli->config};
    struct lf_err err = {0};
    struct lf_buf problems;
    bool good = true;
    lf_buf_init(&problems, PROBLEMS_BYTES_MAX);
    lf_bar_start(&copy.bar);
    lf_parts_init(&copy.parts, cli->config);
    enum lf_status st = check_urls(cli->config, &err);
    if (st == LF_OK && cli->operand_count != 0)
        st = lf_parts_load_model(&copy.parts, cli->operands, cli->operand_count, &problems, &err);
    if (st == LF_OK)
        st = copy_all(&copy, &good, &err);
    int status = st != LF_OK ? lf_cli_fail_with(cli->config->output == 1, &problems, &err)
                 : good      ? LF_EXIT_DONE
                             : LF_EXIT_FAILED;
    lf_log_close(copy.from);
    lf_parts_release(&copy.parts);
    lf_buf_release(&problems);
    return status;
}
