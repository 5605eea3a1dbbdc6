/* Protocol Buffers for tests in other languages. */
#include "codec/protobuf.h"
#include "codec_tool.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

enum { REFERENCES_MAX = 16 };

/* The schema in member name, with {"NAME": "TEXT"} of "references". */
static enum lf_status
parse(const struct lf_value *command, const char *name, struct lf_proto_schema **ret, struct lf_err *err)
{
    struct lf_proto_file_text files[REFERENCES_MAX];
    const struct lf_value *references = lf_value_get_text(command, "references");
    size_t count = 0;
    for (uint32_t i = 0; references != NULL && i < references->count && i < REFERENCES_MAX; i++) {
        files[count].name = references->u.members[i].name;
        files[count++].text = lf_value_text(&references->u.members[i].value);
    }
    return lf_proto_schema_parse(tool_text(command, name), files, count, ret, err);
}

/* The schema, and the message of it that the member "message" names. */
static enum lf_status
parse_message(const struct lf_value *command, struct lf_proto_schema **ret_schema, const struct lf_proto_message **ret,
              struct lf_err *err)
{
    const struct lf_bytes name = tool_text(command, "message");
    enum lf_status st = parse(command, "schema", ret_schema, err);
    if (st != LF_OK)
        return st;
    *ret = name.ptr != NULL ? lf_proto_schema_message(*ret_schema, name) : lf_proto_schema_first(*ret_schema);
    return *ret != NULL ? LF_OK : lf_fail(err, LF_NOT_FOUND, "no such message");
}

static enum lf_status
run_encode(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    (void)arena;
    struct lf_proto_schema *schema = NULL;
    const struct lf_proto_message *message = NULL;
    struct lf_buf bytes;
    lf_buf_init(&bytes, TOOL_BYTES_MAX);
    enum lf_status st = parse_message(command, &schema, &message, err);
    if (st == LF_OK)
        st = lf_proto_encode(message, lf_value_get_text(command, "value"), &bytes, err);
    if (st == LF_OK)
        tool_add_hex(out, "bytes", lf_buf_view(&bytes));
    lf_buf_release(&bytes);
    lf_proto_schema_free(schema);
    return st;
}

static unsigned
flags_of(const struct lf_value *command)
{
    const struct lf_value *fill = lf_value_get_text(command, "fill");
    return fill != NULL && fill->u.boolean ? LF_PROTO_FILL : 0;
}

static enum lf_status
run_decode(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    struct lf_proto_schema *schema = NULL;
    const struct lf_proto_message *message = NULL;
    struct lf_value value;
    struct lf_bytes bytes = tool_bytes(command, "bytes");
    enum lf_status st = parse_message(command, &schema, &message, err);
    if (st == LF_OK)
        st = lf_proto_decode(message, bytes, flags_of(command), arena, &value, err);
    if (st == LF_OK)
        tool_add_value(out, "value", &value);
    lf_proto_schema_free(schema);
    free((char *)(uintptr_t)bytes.ptr);
    return st;
}

/* Decodes damaged bytes, in memory of exactly their size. What is a value still has to be one that can be encoded. */
static bool
is_refused(const struct lf_proto_message *message, struct lf_bytes bytes)
{
    struct lf_arena arena;
    struct lf_value value;
    struct lf_buf again;
    struct lf_err err = {0};
    char *copy = malloc(bytes.len);
    LF_ASSERT(copy != NULL || bytes.len == 0);
    if (bytes.len != 0)
        memcpy(copy, bytes.ptr, bytes.len);
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&again, TOOL_BYTES_MAX);
    enum lf_status st = lf_proto_decode(message, lf_bytes(copy, bytes.len), 0, &arena, &value, &err);
    LF_ASSERT(st == LF_OK || st == LF_INVALID || st == LF_LIMIT);
    LF_ASSERT(st == LF_OK || err.text[0] != '\0');
    LF_ASSERT(st != LF_OK || lf_proto_encode(message, &value, &again, &err) == LF_OK);
    lf_buf_release(&again);
    lf_arena_release(&arena);
    free(copy);
    return st != LF_OK;
}

/* Every truncation and every flip of one bit of the member "bytes". */
static enum lf_status
run_damage(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    struct lf_proto_schema *schema = NULL;
    const struct lf_proto_message *message = NULL;
    struct lf_bytes bytes = tool_bytes(command, "bytes");
    char *text = lf_arena_text(arena, bytes);
    size_t refused = 0, tried = 0;
    enum lf_status st = parse_message(command, &schema, &message, err);
    for (size_t len = 0; st == LF_OK && len < bytes.len; len++, tried++)
        refused += is_refused(message, lf_bytes(text, len)) ? 1 : 0;
    for (size_t bit = 0; st == LF_OK && bit < bytes.len * 8; bit++, tried++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        refused += is_refused(message, lf_bytes(text, bytes.len)) ? 1 : 0;
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
    if (st == LF_OK)
        lf_buf_printf(out, "\"tried\":%zu,\"refused\":%zu,", tried, refused);
    lf_proto_schema_free(schema);
    free((char *)(uintptr_t)bytes.ptr);
    return st;
}

/* Parses only; tells the place of "message" in its file as it stands before messages of the registry. */
static enum lf_status
run_parse(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    (void)arena;
    struct lf_proto_schema *schema = NULL;
    const struct lf_proto_message *message = NULL;
    struct lf_proto_indexes indexes;
    struct lf_buf bytes;
    enum lf_status st = parse_message(command, &schema, &message, err);
    if (st == LF_OK) {
        lf_buf_init(&bytes, 1000);
        lf_proto_message_indexes(message, &indexes);
        lf_proto_indexes_write(&bytes, &indexes);
        LF_ASSERT(lf_proto_message_at(schema, &indexes) == message || indexes.count > 1);
        tool_add_text(out, "name", lf_proto_message_name(message));
        tool_add_hex(out, "indexes", lf_buf_view(&bytes));
        lf_buf_release(&bytes);
    }
    lf_proto_schema_free(schema);
    return st;
}

/* "reader" and "writer" -> "breaks": a list of "PATH: TEXT". */
static enum lf_status
run_compat(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out, struct lf_err *err)
{
    struct lf_proto_schema *reader = NULL, *writer = NULL;
    struct lf_compat_report report;
    lf_compat_init(&report, arena);
    enum lf_status st = parse(command, "reader", &reader, err);
    if (st == LF_OK)
        st = parse(command, "writer", &writer, err);
    if (st == LF_OK)
        st = lf_proto_compat(reader, writer, &report, err);
    if (st == LF_OK) {
        lf_buf_add_text(out, "\"breaks\":[");
        for (size_t i = 0; i < report.count; i++) {
            const char *text =
                lf_arena_printf(arena, "%.*s: %.*s", LF_FMT(report.breaks[i].path), LF_FMT(report.breaks[i].text));
            lf_buf_add_text(out, i != 0 ? "," : "");
            lf_json_write_string(out, lf_bytes_of(text));
        }
        lf_buf_add_text(out, "],");
    }
    lf_proto_schema_free(reader);
    lf_proto_schema_free(writer);
    return st;
}

const struct tool_command tool_protobuf[] = {
    {"protobuf.encode", run_encode}, {"protobuf.decode", run_decode}, {"protobuf.damage", run_damage},
    {"protobuf.parse", run_parse},   {"protobuf.compat", run_compat}, {NULL, NULL},
};
