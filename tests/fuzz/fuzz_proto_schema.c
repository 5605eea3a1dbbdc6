/*
 * Fuzz target: any .proto file, or any descriptor (its bytes behind a 0; they become base64), is refused with its place
 * and a reason, or gives a schema that is whole: each of its messages is found by name and by place, reads nothing as
 * an empty message, and is compatible with itself.
 */
#include "base/base64.h"
#include "codec/protobuf.h"

#include <string.h>

static const char shared[] =
    "syntax = 'proto2'; package o; message O { optional group G = 1 { optional int32 a = 2; } }"
    "enum E { A = 1; B = -1; }";

static void
check_message(const struct lf_proto_schema *schema, const struct lf_proto_message *message)
{
    struct lf_arena arena;
    struct lf_value value;
    struct lf_proto_indexes indexes;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    lf_proto_message_indexes(message, &indexes);
    LF_ASSERT(lf_proto_message_at(schema, &indexes) == message);
    LF_ASSERT(lf_proto_schema_message(schema, lf_proto_message_name(message)) == message);
    enum lf_status st = lf_proto_decode(message, LF_LIT(""), LF_PROTO_FILL, &arena, &value, &err);
    LF_ASSERT(st == LF_OK || st == LF_INVALID); /* required fields are missing */
    lf_arena_release(&arena);
}

static void
check_schema(const struct lf_proto_schema *schema)
{
    struct lf_arena arena;
    struct lf_compat_report report;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    lf_compat_init(&report, &arena);
    LF_ASSERT(lf_proto_compat(schema, schema, &report, &err) == LF_OK && report.total == 0);
    lf_arena_release(&arena);
    struct lf_proto_indexes indexes = {.count = 1};
    const struct lf_proto_message *message;
    for (; (message = lf_proto_message_at(schema, &indexes)) != NULL; indexes.at[0]++)
        check_message(schema, message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct lf_proto_file_text reference = {LF_LIT("o.proto"), lf_bytes_of(shared)};
    struct lf_bytes text = lf_bytes((const char *)data, size);
    struct lf_proto_schema *schema = NULL;
    struct lf_err err = {0};
    struct lf_buf base64;
    lf_buf_init(&base64, 2 * LF_PROTO_TEXT_BYTES_MAX);
    if (size > 1 && data[0] == 0) {
        lf_base64_write(&base64, lf_bytes(text.ptr + 1, size - 1), false);
        text = lf_buf_view(&base64);
    }
    enum lf_status st = lf_proto_schema_parse(text, &reference, 1, &schema, &err);
    LF_ASSERT(st == LF_OK || ((st == LF_INVALID || st == LF_LIMIT) && err.text[0] != '\0'));
    if (st == LF_OK)
        check_schema(schema);
    lf_proto_schema_free(schema);
    lf_buf_release(&base64);
    return 0;
}
