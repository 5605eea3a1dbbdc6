/* logfirst schema validate: JSON documents against a JSON Schema. */
#include "cli/cli.h"
#include "base/file.h"
#include "base/limits.h"
#include "codec/jsonschema_files.h"
#include "json/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ERRORS_MAX = 100, OUTPUT_BYTES_MAX = 16 * 1024 * 1024, FLUSH_BYTES = 64 * 1024, READ_BYTES = 64 * 1024 };

struct validating {
    const struct lf_jsonschema *schema;
    bool json;
    struct lf_arena arena; /* of one instance */
    struct lf_buf out;
    uint64_t valid, invalid;
    bool closed; /* nobody reads what we print */
};

/* What one instance is called: a file, and a line of it if it holds many. */
struct source {
    const char *file;
    uint64_t line; /* 0: the file is one document */
};

/* --- what is printed ---------------------------------------------------------------------------------------------- */

static void
add_error_text(struct lf_buf *out, const struct source *source, const struct lf_jsonschema_error *error)
{
    lf_buf_add_text(out, source->file);
    if (source->line != 0)
        lf_buf_printf(out, ":%llu", (unsigned long long)source->line);
    lf_buf_add_text(out, ": ");
    lf_buf_add(out, error->instance.len != 0 ? error->instance : LF_LIT("(root)"));
    if (error->keyword.len != 0) {
        lf_buf_add_text(out, ": ");
        lf_buf_add(out, error->keyword);
    }
    lf_buf_add_text(out, ": ");
    lf_buf_add(out, error->message);
    lf_buf_add_char(out, '\n');
}

static void
add_member(struct lf_buf *out, const char *name, struct lf_bytes text)
{
    lf_buf_printf(out, "\"%s\":", name);
    lf_json_write_string(out, text);
}

static void
add_error_json(struct lf_buf *out, const struct lf_jsonschema_error *error)
{
    lf_buf_add_char(out, '{');
    add_member(out, "path", error->instance);
    lf_buf_add_char(out, ',');
    add_member(out, "keyword", error->keyword);
    lf_buf_add_char(out, ',');
    add_member(out, "schema", error->schema);
    lf_buf_add_char(out, ',');
    add_member(out, "message", error->message);
    lf_buf_add_char(out, '}');
}

static void
add_verdict(struct validating *v, const struct source *source, const struct lf_jsonschema_error *errors, size_t count)
{
    struct lf_buf *out = &v->out;
    for (size_t i = 0; !v->json && i < count; i++)
        add_error_text(out, source, &errors[i]);
    if (v->json) {
        lf_buf_add_char(out, '{');
        add_member(out, "file", lf_bytes_of(source->file));
        if (source->line != 0)
            lf_buf_printf(out, ",\"line\":%llu", (unsigned long long)source->line);
        lf_buf_printf(out, ",\"valid\":%s,\"errors\":[", count == 0 ? "true" : "false");
        for (size_t i = 0; i < count; i++) {
            lf_buf_add_text(out, i > 0 ? "," : "");
            add_error_json(out, &errors[i]);
        }
        lf_buf_add_text(out, "]}\n");
    }
}

static enum lf_status
flush(struct validating *v, struct lf_err *err)
{
    enum lf_status st = lf_buf_status(&v->out, err);
    if (st == LF_OK && v->out.len != 0)
        v->closed = !lf_cli_print(lf_buf_view(&v->out));
    lf_buf_clear(&v->out);
    return st;
}

/* --- instances ---------------------------------------------------------------------------------------------------- */

/* LF_OK: there is a verdict, whichever. */
static enum lf_status
validate_text(struct validating *v, const struct source *source, struct lf_bytes text, struct lf_err *err)
{
    struct lf_jsonschema_error errors[ERRORS_MAX];
    struct lf_err why = {0};
    struct lf_value value;
    size_t count = 0;
    lf_arena_reset(&v->arena);
    enum lf_status st = lf_json_parse(&v->arena, text, &value, &why);
    if (st == LF_OK)
        st = lf_jsonschema_validate(v->schema, &value, &v->arena, errors, ERRORS_MAX, &count, &why);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    if (st != LF_OK && (count == 0 || st == LF_LIMIT)) /* no JSON, or too much work: it counts as not valid */
        errors[count < ERRORS_MAX ? count++ : ERRORS_MAX - 1] =
            (struct lf_jsonschema_error){.message = lf_bytes_of(why.text)};
    *(st == LF_OK ? &v->valid : &v->invalid) += 1;
    add_verdict(v, source, errors, count);
    return v->out.len < FLUSH_BYTES ? LF_OK : flush(v, err);
}

static enum lf_status
validate_file(struct validating *v, const char *path, struct lf_err *err)
{
    struct lf_buf text;
    const struct source source = {path, 0};
    lf_buf_init(&text, LF_RECORD_BYTES_MAX);
    enum lf_status st = lf_file_read(path, &text, err);
    if (st == LF_OK)
        st = validate_text(v, &source, lf_buf_view(&text), err);
    lf_buf_release(&text);
    return st;
}

/* Takes the whole lines out of text; at the end of input the rest is one as well. */
static enum lf_status
take_lines(struct validating *v, struct lf_buf *text, bool end, uint64_t *line, struct lf_err *err)
{
    struct lf_bytes rest = lf_buf_view(text);
    enum lf_status st = LF_OK;
    while (st == LF_OK && rest.len != 0 && !v->closed) {
        size_t len = lf_bytes_index(rest, '\n');
        if (len == SIZE_MAX && !end)
            break;
        struct lf_bytes whole = len != SIZE_MAX ? lf_bytes(rest.ptr, len) : rest;
        rest = len != SIZE_MAX ? lf_bytes(rest.ptr + len + 1, rest.len - len - 1) : LF_BYTES_NONE;
        const struct source source = {"-", ++*line};
        if (whole.len != 0 && whole.ptr[whole.len - 1] == '\r')
            whole.len--;
        if (lf_bytes_trim(whole).len != 0)
            st = validate_text(v, &source, whole, err);
    }
    if (rest.len != 0)
        memmove(text->ptr, rest.ptr, rest.len);
    text->len = rest.len;
    return st;
}

static enum lf_status
validate_lines(struct validating *v, struct lf_err *err)
{
    struct lf_buf text;
    uint64_t line = 0;
    enum lf_status st = LF_OK;
    lf_buf_init(&text, LF_RECORD_BYTES_MAX);
    for (bool more = true; more && st == LF_OK && !v->closed;) {
        char *room = lf_buf_reserve(&text, READ_BYTES);
        ssize_t n = room != NULL ? read(STDIN_FILENO, room, READ_BYTES) : 0;
        if (room == NULL) {
            st = lf_buf_status(&text, err);
        } else if (n >= 0) {
            lf_buf_commit(&text, (size_t)n);
            more = n > 0;
            st = take_lines(v, &text, !more, &line, err);
        } else if (errno != EINTR) {
            st = lf_fail(err, LF_IO, "cannot read standard input: %s", strerror(errno));
        }
    }
    lf_buf_release(&text);
    return st;
}

static enum lf_status
validate_all(struct validating *v, const struct lf_cli *cli, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 1; i < cli->operand_count && st == LF_OK && !v->closed; i++) {
        const char *path = cli->operands[i];
        st = strcmp(path, "-") == 0 ? validate_lines(v, err) : validate_file(v, path, err);
    }
    enum lf_status flushed = flush(v, st == LF_OK ? err : NULL);
    return st == LF_OK ? flushed : st;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

/* A schema or file that is no good is a mistake in the call. */
static int
fail(const struct lf_cli *cli, const struct lf_err *err)
{
    int status = lf_cli_fail(cli->config, err);
    return err->status == LF_NO_MEMORY || err->status == LF_IO ? status : LF_EXIT_USAGE;
}

int
lf_cmd_schema_validate(const struct lf_cli *cli)
{
    struct lf_err err = {0};
    struct lf_jsonschema *schema = NULL;
    const struct lf_jsonschema_files files = {
        .maps = cli->config->map.items,
        .map_count = cli->config->map.count,
        .draft = cli->config->draft == 1 ? LF_JSONSCHEMA_07 : LF_JSONSCHEMA_2020_12,
        .assert_formats = cli->config->format_assertion,
    };
    if (lf_jsonschema_load(&files, cli->operands[0], &schema, &err) != LF_OK)
        return fail(cli, &err);
    struct validating v = {.schema = schema, .json = cli->config->output == 1};
    lf_arena_init(&v.arena, 64 * 1024, 0);
    lf_buf_init(&v.out, OUTPUT_BYTES_MAX);
    int status = LF_EXIT_DONE;
    if (validate_all(&v, cli, &err) != LF_OK)
        status = fail(cli, &err);
    else if (v.invalid != 0 || v.closed)
        status = LF_EXIT_FAILED;
    if (!v.json && status != LF_EXIT_USAGE)
        fprintf(stderr, "%llu valid, %llu invalid\n", (unsigned long long)v.valid, (unsigned long long)v.invalid);
    lf_buf_release(&v.out);
    lf_arena_release(&v.arena);
    lf_jsonschema_free(schema);
    return status;
}
