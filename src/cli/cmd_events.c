/* logfirst events list|show|tail: look at events in the store and in the log. */
#include "cli/cli.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/report.h"
#include "cli/event_print.h"
#include "cli/store_open.h"
#include "codec/codec.h"

#include <signal.h>
#include <string.h>

enum { FROM_START, FROM_END, FROM_GROUP }; /* --from */
enum { LIST_DEFAULT = 50, TAIL_WAIT_MS = 250, SCHEMA_WAIT_MS = 30000, PRINTED_BYTES_MAX = 1024 * 1024 * 1024 };

/* ---- list ---- */

static const struct lf_field *
event_field(const char *name)
{
    size_t count;
    const struct lf_field *fields = lf_event_fields(&count);
    for (size_t i = 0; i < count; i++) {
        if (lf_bytes_equal_text(fields[i].name, name))
            return &fields[i];
    }
    return NULL;
}

static void
add_condition(struct lf_filter *all, struct lf_filter *one, const struct lf_filter **parts, const char *field,
              const char *value)
{
    if (value[0] == '\0')
        return;
    *one = (struct lf_filter){.kind = LF_FILTER_COMPARE,
                              .field = event_field(field),
                              .op = LF_CMP_EQ,
                              .value = lf_value_string(lf_bytes_of(value))};
    parts[all->part_count++] = one;
}

static bool
print_page(const struct lf_list_result *page, bool json)
{
    struct lf_buf out;
    lf_buf_init(&out, PRINTED_BYTES_MAX);
    for (size_t i = 0; i < page->count; i++) {
        if (json)
            lf_event_print_json(&out, &page->events[i], page->cursors[i]);
        else
            lf_event_print_row(&out, &page->events[i]);
    }
    struct lf_err err = {0};
    bool good = lf_buf_status(&out, &err) == LF_OK;
    if (!good)
        (void)lf_cli_fail_with(json, NULL, &err);
    good = good && (out.len == 0 || lf_cli_print(lf_buf_view(&out)));
    lf_buf_release(&out);
    return good;
}

/* Page after page; each in an arena of its own, as the next one begins with a cursor of the one before. */
static enum lf_status
list_pages(struct lf_cli_store *s, struct lf_list_query *query, const struct lf_config *config, bool *ret_good,
           struct lf_err *err)
{
    int64_t left = config->first != 0 ? config->first : LIST_DEFAULT;
    struct lf_arena before;
    enum lf_status st = LF_OK;
    bool more = true;
    lf_arena_init(&before, 64 * 1024, 0);
    while (more && *ret_good && left > 0) {
        struct lf_list_result page = {0};
        query->first = left < LF_PAGE_MAX ? (size_t)left : LF_PAGE_MAX;
        st = lf_store_list(s->session, query, &s->arena, &page, err);
        if (st != LF_OK)
            break;
        *ret_good = print_page(&page, config->output == 1);
        left -= (int64_t)page.count;
        more = page.has_next && page.count != 0;
        if (more)
            query->after = page.cursors[page.count - 1];
        struct lf_arena old = before;
        before = s->arena;
        s->arena = old;
        lf_arena_reset(&s->arena);
    }
    lf_arena_release(&before);
    return st;
}

static int
list(const struct lf_cli *cli)
{
    const struct lf_config *config = cli->config;
    struct lf_cli_store s = {0};
    struct lf_err err = {0};
    struct lf_filter parts_store[2];
    const struct lf_filter *parts[2];
    struct lf_filter all = {.kind = LF_FILTER_AND, .parts = parts};
    add_condition(&all, &parts_store[0], parts, "eventType", config->type);
    add_condition(&all, &parts_store[1], parts, "entityKey", config->entity_key);
    struct lf_list_query query = {.filter = &all};
    if (config->after[0] != '\0')
        query.after = lf_bytes_of(config->after);
    if (config->newest) { /* events of one batch are stored at the same time: the later record is the newer one */
        query.order[query.order_count++] = (struct lf_order){.field = event_field("storedAt"), .descending = true};
        query.order[query.order_count++] = (struct lf_order){.field = event_field("offset"), .descending = true};
    }
    bool good = true;
    enum lf_status st = lf_cli_store_open(&s, cli, &err);
    if (st == LF_OK)
        st = list_pages(&s, &query, config, &good, &err);
    int status = st != LF_OK ? lf_cli_fail(config, &err) : good ? LF_EXIT_DONE : LF_EXIT_FAILED;
    lf_cli_store_close(&s);
    return status;
}

/* ---- show ---- */

static int
show(const struct lf_cli *cli)
{
    struct lf_cli_store s = {0};
    struct lf_err err = {0};
    struct lf_stored_event event = {0};
    struct lf_buf out;
    lf_buf_init(&out, PRINTED_BYTES_MAX);
    int status = LF_EXIT_DONE;
    enum lf_status st = lf_cli_store_open(&s, cli, &err);
    if (st == LF_OK) {
        st = lf_store_event(s.session, lf_bytes_of(cli->operands[0]), &s.arena, &event, &err);
        if (st == LF_NOT_FOUND)
            lf_fail(&err, LF_NOT_FOUND, "no event %s in the store; it may still be on its way", cli->operands[0]);
    }
    if (st != LF_OK) {
        status = lf_cli_fail(cli->config, &err);
    } else {
        if (cli->config->output == 1)
            lf_event_print_json(&out, &event, LF_BYTES_NONE);
        else
            lf_event_print_full(&out, &event);
        if (out.failed != LF_OK || !lf_cli_print(lf_buf_view(&out)))
            status = LF_EXIT_FAILED;
    }
    lf_buf_release(&out);
    lf_cli_store_close(&s);
    return status;
}

/* ---- tail ---- */

static volatile sig_atomic_t interrupted;

static void
on_signal(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

struct tail {
    const struct lf_config *config;
    struct lf_log_reader *reader;
    struct lf_payloads *payloads; /* NULL: no registry */
    struct lf_payload_pins pins;  /* of all schemas met */
    struct lf_arena arena;
    int64_t left;                   /* -1: no end */
    struct lf_store_session *store; /* of --from group; NULL: none */
};

/* Every partition from its start, from its end, or from the group's position. */
static enum lf_status
tail_assigned(void *ctx, struct lf_bytes topic, int32_t partition, int64_t *next, struct lf_err *err)
{
    struct tail *tail = ctx;
    int64_t stored = -1;
    enum lf_status st = LF_OK;
    if (tail->store != NULL)
        st = lf_store_position(tail->store, lf_bytes_of(tail->config->group), topic, partition, &stored, err);
    *next = stored >= 0 ? stored : LF_OFFSET_NONE;
    return st;
}

static bool
print_record(struct tail *tail, const struct lf_record *record, struct lf_buf *out)
{
    const struct lf_codec_options codec = {.model = lf_cli_no_model(), .payloads = tail->payloads, .pins = &tail->pins};
    const struct lf_encoded encoded = {record->key, record->value, record->headers, record->header_count};
    const struct lf_place place = {record->topic, record->partition, record->offset};
    struct lf_err err = {0};
    struct lf_stored_event shown = {.status = LF_EVENT_LOGGED};
    enum lf_status st =
        lf_codec_decode(&codec, &encoded, record->timestamp_ms, place, &tail->arena, &shown.event, &err);
    if (st == LF_NO_MEMORY)
        return false;
    const char *type = tail->config->type;
    if (type[0] != '\0' && !lf_bytes_equal_text(shown.event.type_name, type))
        return true;
    if (tail->left > 0)
        tail->left--;
    if (st != LF_OK) { /* no event: say so and show where */
        lf_event_print_garbage(out, record, err.text, tail->config->output == 1);
        return true;
    }
    shown.headers = lf_event_headers_value(shown.event.headers, shown.event.header_count, &tail->arena);
    if (tail->config->output == 1)
        lf_event_print_json(out, &shown, LF_BYTES_NONE);
    else
        lf_event_print_row(out, &shown);
    return true;
}

static enum lf_status
print_batch(struct tail *tail, const struct lf_log_batch *batch, bool *ret_good, struct lf_err *err)
{
    struct lf_buf out;
    lf_buf_init(&out, PRINTED_BYTES_MAX);
    bool memory = true;
    for (size_t i = 0; memory && i < batch->count && tail->left != 0; i++) {
        lf_arena_reset(&tail->arena);
        memory = print_record(tail, &batch->records[i], &out);
    }
    enum lf_status st = memory ? lf_buf_status(&out, err) : lf_no_memory(err);
    if (st == LF_OK && out.len != 0)
        *ret_good = lf_cli_print(lf_buf_view(&out));
    lf_buf_release(&out);
    return st;
}

static enum lf_status
tail_loop(struct tail *tail, bool *ret_good, struct lf_err *err)
{
    bool told = false;
    while (!interrupted && tail->left != 0 && *ret_good) {
        struct lf_log_batch batch = {0};
        enum lf_status st =
            lf_log_read(tail->reader, LF_BATCH_RECORDS_MAX, LF_BATCH_BYTES_MAX, TAIL_WAIT_MS, &batch, err);
        if (st == LF_OK)
            st = print_batch(tail, &batch, ret_good, err);
        if (st != LF_OK && err->fate != LF_FATE_RETRY)
            return st;
        if (st != LF_OK && !told)
            lf_report_err(LF_WARN, "waiting for the log", err, NULL);
        told = st != LF_OK;
        if (st != LF_OK)
            lf_clock_sleep_ms(TAIL_WAIT_MS);
    }
    return LF_OK;
}

/* Opens what tail reads: the log, and the store where the group's positions are asked for. */
static enum lf_status
open_tail(struct tail *tail, struct lf_parts *parts, struct lf_err *err)
{
    const struct lf_config *config = tail->config;
    struct lf_bytes topic = lf_bytes_of(config->topic);
    const struct lf_log_reader_options options = {
        .topics = &topic,
        .topic_count = 1,
        .start = config->from == FROM_END ? LF_RESET_LATEST : LF_RESET_EARLIEST,
        .assigned = tail_assigned,
        .ctx = tail,
    };
    enum lf_status st = lf_parts_open_payloads(parts, NULL, LF_ROLE_READ, SCHEMA_WAIT_MS, err);
    tail->payloads = parts->payloads;
    if (st == LF_OK)
        st = lf_parts_open_log(parts, LF_ROLE_READ, err);
    if (st == LF_OK && config->from == FROM_GROUP) {
        parts->model = lf_cli_no_model();
        st = lf_parts_open_store(parts, LF_ROLE_READ, err);
    }
    if (st == LF_OK && parts->store != NULL)
        st = lf_store_session_open(parts->store, false, &tail->store, err);
    return st == LF_OK ? lf_log_reader_open(parts->log, &options, &tail->reader, err) : st;
}

static void
close_tail(struct tail *tail, struct lf_parts *parts)
{
    lf_log_reader_close(tail->reader);
    if (tail->store != NULL)
        lf_store_session_close(tail->store);
    parts->model = NULL; /* not ours to free */
    lf_payload_pins_release(tail->payloads, &tail->pins);
    lf_arena_release(&tail->arena);
    lf_parts_release(parts);
}

static int
tail(const struct lf_cli *cli)
{
    const struct lf_config *config = cli->config;
    struct lf_parts parts;
    struct lf_err err = {0};
    struct tail t = {.config = config, .left = config->first != 0 ? config->first : -1};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}; /* the second one ends it */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    lf_parts_init(&parts, config);
    lf_arena_init(&t.arena, 64 * 1024, 0);
    bool good = true;
    enum lf_status st = open_tail(&t, &parts, &err);
    if (st == LF_OK)
        st = tail_loop(&t, &good, &err);
    int status = st != LF_OK ? lf_cli_fail(config, &err) : good ? LF_EXIT_DONE : LF_EXIT_FAILED;
    close_tail(&t, &parts);
    return status;
}

int
lf_cmd_events(const struct lf_cli *cli)
{
    static const struct lf_cli_use uses[] = {
        {"first", "list|tail"}, {"type", "list|tail"}, {"after", "list"},
        {"entity-key", "list"}, {"newest", "list"},    {"from", "tail"},
    };
    struct lf_err usage = {0};
    if (lf_cli_check_uses(cli, "events", uses, sizeof(uses) / sizeof(uses[0]), &usage) != LF_OK)
        return lf_cli_fail(cli->config, &usage);
    bool is_show = strcmp(cli->verb, "show") == 0;
    if (is_show != (cli->operand_count == 1)) {
        lf_fail(&usage, LF_USAGE, is_show ? "events show needs an EVENT_ID" : "events %s takes no operand", cli->verb);
        return lf_cli_fail(cli->config, &usage);
    }
    if (is_show)
        return show(cli);
    return strcmp(cli->verb, "list") == 0 ? list(cli) : tail(cli);
}
