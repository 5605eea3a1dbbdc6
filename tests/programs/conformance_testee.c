/*
 * The Protobuf codec under the public conformance test runner: requests and answers on standard input and output, each
 * behind four bytes of length, least first. conformance_testee DIR: the folder of conformance/conformance.proto and
 * google/protobuf/test_messages_….proto. Requests are read and answers written with the codec itself.
 *
 * Text format is skipped, and so is reading JSON with members that no field has: the codec always refuses those.
 */
#include "base/base64.h"
#include "codec/protobuf.h"
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1024 * 1024, MESSAGE_BYTES_MAX = 64 * 1024 * 1024 };

static const char *const test_files[] = {
    "google/protobuf/test_messages_proto2.proto",          "google/protobuf/test_messages_proto3.proto",
    "google/protobuf/test_messages_proto2_editions.proto", "google/protobuf/test_messages_proto3_editions.proto",
    "google/protobuf/test_messages_edition2023.proto",
};
enum { TEST_FILES = sizeof(test_files) / sizeof(test_files[0]) };

struct testee {
    struct lf_proto_schema *frames; /* conformance.proto */
    struct lf_proto_schema *tests[TEST_FILES];
};

static struct lf_proto_schema *
load(const char *folder, const char *name)
{
    static char text[FILE_BYTES_MAX];
    char path[1000];
    struct lf_proto_schema *schema = NULL;
    struct lf_err err = {0};
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    const size_t len = file != NULL ? fread(text, 1, sizeof(text), file) : 0;
    if (file != NULL)
        fclose(file);
    if (len == 0 || lf_proto_schema_parse(lf_bytes(text, len), NULL, 0, &schema, &err) != LF_OK) {
        fprintf(stderr, "%s: %s\n", path, err.text);
        exit(1);
    }
    return schema;
}

static const struct lf_proto_message *
find_message(const struct testee *testee, struct lf_bytes name)
{
    const struct lf_proto_message *found = NULL;
    for (size_t i = 0; found == NULL && i < TEST_FILES; i++)
        found = lf_proto_schema_message(testee->tests[i], name);
    return found;
}

static struct lf_value
text_of(const struct lf_value *request, const char *name)
{
    const struct lf_value *value = lf_value_get_text(request, name);
    return value != NULL ? *value : lf_value_string(LF_LIT(""));
}

/* JSON has no place for unknown fields. Values of an arena of ours are ours to change. */
static void
drop_unknown(struct lf_value *value)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; value->type == LF_V_LIST && i < value->count; i++)
        drop_unknown(&value->u.items[i]);
    if (value->type != LF_V_OBJECT)
        return;
    for (uint32_t i = 0; i < value->count; i++) {
        struct lf_member *member = &value->u.members[i];
        drop_unknown(&member->value);
        if (!lf_bytes_equal(member->name, LF_PROTO_UNKNOWN))
            value->u.members[kept++] = *member;
    }
    value->count = kept;
}

struct answer {
    const char *name; /* of the member of ConformanceResponse */
    struct lf_value value;
};

static struct answer
failed(const char *name, struct lf_arena *arena, const struct lf_err *err)
{
    return (struct answer){name, lf_value_string(lf_arena_copy(arena, lf_bytes_of(err->text)))};
}

static struct lf_value
base64_of(struct lf_arena *arena, struct lf_bytes bytes)
{
    struct lf_buf text;
    lf_buf_init(&text, MESSAGE_BYTES_MAX);
    lf_base64_write(&text, bytes, false);
    const struct lf_bytes copy = lf_arena_copy(arena, lf_buf_view(&text));
    lf_buf_release(&text);
    return lf_value_string(copy);
}

static struct answer
write_json(struct lf_value *value, struct lf_arena *arena)
{
    struct lf_buf text;
    lf_buf_init(&text, MESSAGE_BYTES_MAX);
    drop_unknown(value);
    lf_json_write(&text, value);
    const struct lf_bytes copy = lf_arena_copy(arena, lf_buf_view(&text));
    lf_buf_release(&text);
    return (struct answer){"jsonPayload", lf_value_string(copy)};
}

static struct answer
write_bytes(const struct lf_proto_message *message, const struct lf_value *value, const char *failure,
            struct lf_arena *arena)
{
    struct lf_buf bytes;
    struct lf_err err = {0};
    lf_buf_init(&bytes, MESSAGE_BYTES_MAX);
    struct answer answer = {"protobufPayload", LF_VALUE_NULL};
    if (lf_proto_encode(message, value, &bytes, &err) == LF_OK)
        answer.value = base64_of(arena, lf_buf_view(&bytes));
    else
        answer = failed(failure, arena, &err);
    lf_buf_release(&bytes);
    return answer;
}

/* A JSON input has to become bytes, whatever is asked for: that is where it is checked. */
static struct answer
from_json(const struct lf_proto_message *message, struct lf_bytes text, bool to_json, struct lf_arena *arena)
{
    struct lf_value value;
    struct lf_bytes bytes;
    struct lf_err err = {0};
    if (lf_json_parse(arena, text, &value, &err) != LF_OK)
        return failed("parseError", arena, &err);
    struct answer answer = write_bytes(message, &value, "parseError", arena);
    if (!to_json || strcmp(answer.name, "parseError") == 0)
        return answer;
    if (lf_base64_read(lf_value_text(&answer.value), arena, &bytes, &err) != LF_OK ||
        lf_proto_decode(message, bytes, 0, arena, &value, &err) != LF_OK)
        return failed("serializeError", arena, &err);
    return write_json(&value, arena);
}

/* Values of well-known types that JSON cannot say are found when a value is made: with JSON that is its output. */
static struct answer
from_bytes(const struct lf_proto_message *message, struct lf_bytes bytes, bool to_json, struct lf_arena *arena)
{
    struct lf_value value;
    struct lf_err err = {0};
    if (lf_proto_decode(message, bytes, 0, arena, &value, &err) != LF_OK)
        return failed(to_json ? "serializeError" : "parseError", arena, &err);
    return to_json ? write_json(&value, arena) : write_bytes(message, &value, "serializeError", arena);
}

static struct answer
answer_request(const struct testee *testee, const struct lf_value *request, struct lf_arena *arena)
{
    const struct lf_value format = text_of(request, "requestedOutputFormat"), type = text_of(request, "messageType");
    const struct lf_value category = text_of(request, "testCategory"), json = text_of(request, "jsonPayload");
    const struct lf_value *payload = lf_value_get_text(request, "protobufPayload");
    const struct lf_proto_message *message = find_message(testee, lf_value_text(&type));
    const bool to_json = lf_bytes_equal_text(lf_value_text(&format), "JSON");
    struct lf_bytes bytes = LF_LIT("");
    if (lf_bytes_equal_text(lf_value_text(&type), "conformance.FailureSet")) /* asked for first: none are expected */
        return (struct answer){"protobufPayload", lf_value_string(LF_LIT(""))};
    if (message == NULL || (!to_json && !lf_bytes_equal_text(lf_value_text(&format), "PROTOBUF")) ||
        lf_bytes_equal_text(lf_value_text(&category), "JSON_IGNORE_UNKNOWN_PARSING_TEST"))
        return (struct answer){"skipped", lf_value_string(LF_LIT("not what the codec is for"))};
    if (payload == NULL && lf_value_get_text(request, "jsonPayload") == NULL)
        return (struct answer){"skipped", lf_value_string(LF_LIT("text format"))};
    if (payload == NULL)
        return from_json(message, lf_value_text(&json), to_json, arena);
    if (lf_base64_read(lf_value_text(payload), arena, &bytes, NULL) != LF_OK)
        exit(1);
    return from_bytes(message, bytes, to_json, arena);
}

static bool
read_frame(struct lf_arena *arena, struct lf_bytes *ret)
{
    unsigned char size[4];
    if (fread(size, 1, sizeof(size), stdin) != sizeof(size))
        return false;
    const size_t len = size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 | (size_t)size[3] << 24;
    char *bytes = lf_arena_alloc(arena, len);
    *ret = lf_bytes(bytes, len);
    return bytes != NULL && fread(bytes, 1, len, stdin) == len;
}

static void
write_frame(struct lf_bytes bytes)
{
    for (unsigned shift = 0; shift < 32; shift += 8)
        putchar((int)(bytes.len >> shift & 0xff));
    fwrite(bytes.ptr, 1, bytes.len, stdout);
    fflush(stdout);
}

/* One request and its answer; false at the end of the input. */
static bool
serve(const struct testee *testee)
{
    struct lf_arena arena;
    struct lf_bytes frame;
    struct lf_value request;
    struct lf_buf out;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    lf_buf_init(&out, MESSAGE_BYTES_MAX);
    const bool more = read_frame(&arena, &frame);
    if (more) {
        if (lf_proto_decode(lf_proto_schema_message(testee->frames, LF_LIT("ConformanceRequest")), frame, 0, &arena,
                            &request, &err) != LF_OK)
            exit(1);
        const struct answer answer = answer_request(testee, &request, &arena);
        struct lf_member member = {lf_bytes_of(answer.name), answer.value};
        const struct lf_value response = lf_value_object(&member, 1);
        if (lf_proto_encode(lf_proto_schema_message(testee->frames, LF_LIT("ConformanceResponse")), &response, &out,
                            &err) != LF_OK)
            exit(1);
        write_frame(lf_buf_view(&out));
    }
    lf_buf_release(&out);
    lf_arena_release(&arena);
    return more;
}

int
main(int argc, char **argv)
{
    struct testee testee;
    if (argc != 2)
        return 2;
    testee.frames = load(argv[1], "conformance/conformance.proto");
    for (size_t i = 0; i < TEST_FILES; i++)
        testee.tests[i] = load(argv[1], test_files[i]);
    while (serve(&testee))
        ;
    lf_proto_schema_free(testee.frames);
    for (size_t i = 0; i < TEST_FILES; i++)
        lf_proto_schema_free(testee.tests[i]);
    return 0;
}
