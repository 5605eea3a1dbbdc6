/* logfirst dlq list|show: look at dead letters. */
#include "cli/cli.h"
#include "base/limits.h"
#include "cli/letter_print.h"
#include "cli/store_open.h"
#include "server/letters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PRINTED_BYTES_MAX = 1024 * 1024 * 1024 };

static struct lf_bytes
text_or_none(const char *text)
{
    return text[0] != '\0' ? lf_bytes_of(text) : LF_BYTES_NONE;
}

/* Prints what was written, unless memory was short. */
static bool
print_out(const struct lf_cli *cli, struct lf_buf *out)
{
    struct lf_err err = {0};
    bool good = lf_buf_status(out, &err) == LF_OK;
    if (!good)
        (void)lf_cli_fail(cli->config, &err);
    return good && (out->len == 0 || lf_cli_print(lf_buf_view(out)));
}

/* ---- list ---- */

/* The cursor is the id of a dead letter. */
static enum lf_status
read_cursor(const char *text, int64_t *ret, struct lf_err *err)
{
    char *end;
    errno = 0;
    long long id = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        return lf_fail(err, LF_USAGE, "--after: \"%.40s\" is no cursor that dlq list has printed", text);
    *ret = id;
    return LF_OK;
}

static bool
print_page(const struct lf_cli *cli, const struct lf_letters *page)
{
    struct lf_buf out;
    lf_buf_init(&out, PRINTED_BYTES_MAX);
    for (size_t i = 0; i < page->count; i++) {
        bool healed = lf_letter_is_healed(&page->items[i], page->stored[i]);
        if (cli->config->output == 1)
            lf_letter_print_json(&out, &page->items[i], healed, NULL);
        else
            lf_letter_print_row(&out, &page->items[i], healed);
    }
    bool good = print_out(cli, &out);
    lf_buf_release(&out);
    return good;
}

static enum lf_status
list_pages(const struct lf_cli *cli, struct lf_letters *letters, bool *ret_good, struct lf_err *err)
{
    int64_t left = cli->config->limit;
    enum lf_status st = LF_OK;
    while (st == LF_OK && *ret_good && left > 0) {
        st = lf_letters_next(letters, left < LF_PAGE_MAX ? (size_t)left : LF_PAGE_MAX, err);
        if (st != LF_OK || letters->count == 0)
            break;
        *ret_good = print_page(cli, letters);
        left -= (int64_t)letters->count;
    }
    return st;
}

static int
list(const struct lf_cli *cli)
{
    const struct lf_config *config = cli->config;
    struct lf_letter_query query = {
        .newest = config->newest, .code = text_or_none(config->code), .event_type = text_or_none(config->type)};
    struct lf_cli_store store;
    struct lf_letters letters;
    struct lf_err err = {0};
    bool good = true;
    if (config->after[0] != '\0' && read_cursor(config->after, &query.after, &err) != LF_OK)
        return lf_cli_fail(config, &err);
    enum lf_status st = lf_cli_store_open(&store, cli, &err);
    if (st == LF_OK) {
        lf_letters_init(&letters, store.session, &query);
        st = list_pages(cli, &letters, &good, &err);
        lf_letters_release(&letters);
    }
    int status = st != LF_OK ? lf_cli_fail(config, &err) : good ? LF_EXIT_DONE : LF_EXIT_FAILED;
    lf_cli_store_close(&store);
    return status;
}

/* ---- show ---- */

static enum lf_status
write_letter(const struct lf_cli *cli, struct lf_letters *page, size_t i, struct lf_buf *out, struct lf_err *err)
{
    const struct lf_dead_letter *letter = &page->items[i];
    bool healed = lf_letter_is_healed(letter, page->stored[i]);
    struct lf_value headers;
    enum lf_status st = lf_letter_headers(letter, &page->arena, &headers, err);
    if (st != LF_OK)
        return st;
    if (cli->config->output == 1) {
        lf_letter_print_json(out, letter, healed, &headers);
        return LF_OK;
    }
    if (out->len != 0)
        lf_buf_add_char(out, '\n');
    lf_letter_print_full(out, letter, healed, &headers);
    return LF_OK;
}

/* Those of one place or eventId, oldest first. */
static enum lf_status
show_found(const struct lf_cli *cli, struct lf_letters *letters, bool *ret_good, struct lf_err *err)
{
    struct lf_buf out;
    enum lf_status st = lf_letters_find(letters, cli->operands[0], err);
    if (st == LF_OK && letters->count == 0)
        return lf_fail(err, LF_NOT_FOUND, "no dead letter has the place or eventId %s", cli->operands[0]);
    lf_buf_init(&out, PRINTED_BYTES_MAX);
    while (st == LF_OK && *ret_good && letters->count != 0) {
        for (size_t i = 0; st == LF_OK && i < letters->count; i++)
            st = write_letter(cli, letters, i, &out, err);
        if (st == LF_OK) {
            *ret_good = print_out(cli, &out);
            lf_buf_clear(&out);
            st = lf_letters_next(letters, LF_PAGE_MAX, err);
        }
    }
    lf_buf_release(&out);
    return st;
}

static int
show(const struct lf_cli *cli)
{
    const struct lf_letter_query query = {0};
    struct lf_cli_store store;
    struct lf_letters letters;
    struct lf_err err = {0};
    bool good = true;
    enum lf_status st = lf_cli_store_open(&store, cli, &err);
    if (st == LF_OK) {
        lf_letters_init(&letters, store.session, &query);
        st = show_found(cli, &letters, &good, &err);
        lf_letters_release(&letters);
    }
    int status = st != LF_OK ? lf_cli_fail(cli->config, &err) : good ? LF_EXIT_DONE : LF_EXIT_FAILED;
    lf_cli_store_close(&store);
    return status;
}

int
lf_cmd_dlq(const struct lf_cli *cli)
{
    static const struct lf_cli_use uses[] = {
        {"limit", "list"}, {"after", "list"}, {"type", "list"}, {"code", "list"}, {"newest", "list"}};
    struct lf_err usage = {0};
    if (lf_cli_check_uses(cli, "dlq", uses, sizeof(uses) / sizeof(uses[0]), &usage) != LF_OK)
        return lf_cli_fail(cli->config, &usage);
    bool is_show = strcmp(cli->verb, "show") == 0;
    if (is_show != (cli->operand_count == 1)) {
        lf_fail(&usage, LF_USAGE, is_show ? "dlq show needs a PLACE or an EVENT_ID" : "dlq list takes no operand");
        return lf_cli_fail(cli->config, &usage);
    }
    return is_show ? show(cli) : list(cli);
}
