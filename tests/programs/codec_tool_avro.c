/* Avro for tests in other languages. */
#include "codec/avro.h"
#include "codec_tool.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

enum { REFERENCES_MAX = 16 };

/* The schema in member name, with those in "references"; *ret NULL: there is no such member. */
static enum lf_status
parse(const struct lf_value *command, const char *name, struct lf_avro_schema **ret, struct lf_err *err)
{
    struct lf_bytes texts[REFERENCES_MAX];
    struct lf_avro_options options = {.references = texts};
    const struct lf_value *list = lf_value_get_text(command, "references");
    const struct lf_value *lenient = lf_value_get_text(command, "lenient");
    struct lf_bytes text = tool_text(command, name);
    for (uint32_t i = 0; list != NULL && i < list->count && i < REFERENCES_MAX; i++)
        texts[options.reference_count++] = lf_value_text(&list->u.items[i]);
    options.lenient = lenient != NULL && lenient->u.boolean;
    return text.ptr != NULL ? lf_avro_schema_parse(&options, text, ret, err) : LF_OK;
}

static enum lf_status
run_encode(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    (void)arena;
    struct lf_avro_schema *schema = NULL;
    struct lf_buf bytes;
    lf_buf_init(&bytes, TOOL_BYTES_MAX);
    enum lf_status st = parse(command, "schema", &schema, err);
    if (st == LF_OK)
        st = lf_avro_encode(schema, lf_value_get_text(command, "value"), &bytes, err);
    if (st == LF_OK)
        tool_add_hex(out, "bytes", lf_buf_view(&bytes));
    lf_buf_release(&bytes);
    lf_avro_schema_free(schema);
    return st;
}

static enum lf_status
make_reader(const struct lf_value *command, struct lf_avro_reader **ret, struct lf_err *err)
{
    struct lf_avro_schema *writer = NULL, *reader = NULL;
    enum lf_status st = parse(command, "writer", &writer, err);
    if (st == LF_OK)
        st = parse(command, "reader", &reader, err);
    if (st == LF_OK)
        st = lf_avro_reader_new(writer, reader, ret, err);
    lf_avro_schema_free(writer); /* a reader stands on its own */
    lf_avro_schema_free(reader);
    return st;
}

static enum lf_status
run_decode(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    struct lf_avro_reader *reader = NULL;
    struct lf_value value;
    struct lf_bytes bytes = tool_bytes(command, "bytes");
    enum lf_status st = make_reader(command, &reader, err);
    if (st == LF_OK)
        st = lf_avro_decode(reader, bytes, arena, &value, err);
    if (st == LF_OK)
        tool_add_value(out, "value", &value);
    lf_avro_reader_free(reader);
    free((char *)(uintptr_t)bytes.ptr);
    return st;
}

/* Decodes damaged bytes, in memory of exactly their size. What is a value still has to be one that can be encoded. */
static bool
is_refused(const struct lf_avro_reader *reader, const struct lf_avro_schema *schema, struct lf_bytes bytes)
{
    struct lf_arena arena;
    struct lf_value value;
    struct lf_buf again;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&again, TOOL_BYTES_MAX);
    enum lf_status st = lf_avro_decode(reader, bytes, &arena, &value, &err);
    LF_ASSERT(st == LF_OK || ((st == LF_INVALID || st == LF_LIMIT) && err.text[0] != '\0'));
    LF_ASSERT(st != LF_OK || lf_avro_encode(schema, &value, &again, &err) == LF_OK);
    lf_buf_release(&again);
    lf_arena_release(&arena);
    return st != LF_OK;
}

static size_t
count_refused(const struct lf_avro_reader *reader, const struct lf_avro_schema *schema, struct lf_bytes bytes)
{
    size_t refused = 0;
    for (size_t len = 0; len < bytes.len; len++) {
        char *part = malloc(len);
        LF_ASSERT(part != NULL || len == 0);
        if (len != 0)
            memcpy(part, bytes.ptr, len);
        refused += is_refused(reader, schema, lf_bytes(part, len)) ? 1 : 0;
        free(part);
    }
    char *copy = malloc(bytes.len);
    LF_ASSERT(copy != NULL || bytes.len == 0);
    if (bytes.len != 0)
        memcpy(copy, bytes.ptr, bytes.len);
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        refused += is_refused(reader, schema, lf_bytes(copy, bytes.len)) ? 1 : 0;
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
    }
    free(copy);
    return refused;
}

/* Every truncation and every bit flip. */
static enum lf_status
run_damage(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    (void)arena;
    struct lf_avro_schema *schema = NULL;
    struct lf_avro_reader *reader = NULL;
    struct lf_bytes bytes = tool_bytes(command, "bytes");
    enum lf_status st = parse(command, "schema", &schema, err);
    if (st == LF_OK)
        st = lf_avro_reader_new(schema, NULL, &reader, err);
    if (st == LF_OK)
        lf_buf_printf(out, "\"refused\":%zu,", count_refused(reader, schema, bytes));
    lf_avro_reader_free(reader);
    lf_avro_schema_free(schema);
    free((char *)(uintptr_t)bytes.ptr);
    return st;
}

static enum lf_status
run_compat(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    struct lf_avro_schema *reader = NULL, *writer = NULL;
    struct lf_compat_report report;
    lf_compat_init(&report, arena);
    enum lf_status st = parse(command, "reader", &reader, err);
    if (st == LF_OK)
        st = parse(command, "writer", &writer, err);
    if (st == LF_OK)
        st = lf_avro_compat(reader, writer, &report, err);
    lf_buf_add_text(out, "\"breaks\":[");
    for (size_t i = 0; st == LF_OK && i < report.count; i++) {
        lf_buf_add_char(out, i > 0 ? ',' : ' ');
        lf_buf_add_char(out, '[');
        lf_json_write_string(out, report.breaks[i].path);
        lf_buf_add_char(out, ',');
        lf_json_write_string(out, report.breaks[i].text);
        lf_buf_add_char(out, ']');
    }
    lf_buf_add_text(out, "],");
    lf_avro_schema_free(reader);
    lf_avro_schema_free(writer);
    return st;
}

static enum lf_status
run_canonical(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    (void)arena;
    struct lf_avro_schema *schema = NULL;
    struct lf_buf text;
    lf_buf_init(&text, TOOL_BYTES_MAX);
    enum lf_status st = parse(command, "schema", &schema, err);
    if (st == LF_OK)
        st = lf_avro_canonical(schema, &text, err);
    if (st == LF_OK) {
        tool_add_text(out, "canonical", lf_buf_view(&text));
        lf_buf_printf(out, "\"fingerprint\":\"%016llx\",", (unsigned long long)lf_avro_fingerprint(lf_buf_view(&text)));
    }
    lf_buf_release(&text);
    lf_avro_schema_free(schema);
    return st;
}

const struct tool_command tool_avro[] = {
    {"avro.encode", run_encode}, {"avro.decode", run_decode},       {"avro.damage", run_damage},
    {"avro.compat", run_compat}, {"avro.canonical", run_canonical}, {NULL, NULL},
};
