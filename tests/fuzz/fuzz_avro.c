/*
 * Fuzz target: a writer's schema on the first line, a reader's on the second, a message on the rest. Any schema is
 * refused with a reason or parsed; a message that is a value can be encoded, and is then the same value for ever; what
 * lf_avro_compat() finds fine does not fail for want of a type or a field.
 */
#include "codec/avro.h"
#include "json/json.h"

#include <string.h>

enum { BYTES_MAX = 16 * 1024 * 1024, SCHEMA_MAX = 20000, MESSAGE_MAX = 4000 };

static struct lf_bytes
take_line(struct lf_bytes *text)
{
    size_t end = lf_bytes_index(*text, '\n');
    struct lf_bytes line = end != SIZE_MAX ? lf_bytes(text->ptr, end) : *text;
    *text = end != SIZE_MAX ? lf_bytes(text->ptr + end + 1, text->len - end - 1) : LF_BYTES_NONE;
    return line;
}

static struct lf_avro_schema *
parse(struct lf_bytes text, bool lenient)
{
    const struct lf_avro_options options = {.lenient = lenient};
    struct lf_avro_schema *schema = NULL;
    struct lf_err err = {0};
    enum lf_status st = lf_avro_schema_parse(&options, text, &schema, &err);
    LF_ASSERT((st == LF_OK) == (schema != NULL));
    LF_ASSERT(st == LF_OK || err.text[0] != '\0');
    LF_ASSERT(st == LF_OK || !lenient || st != LF_NO_MEMORY);
    return schema;
}

/* The canonical form is a schema, and its own canonical form. */
static void
check_canonical(const struct lf_avro_schema *schema)
{
    struct lf_buf first, second;
    lf_buf_init(&first, BYTES_MAX);
    lf_buf_init(&second, BYTES_MAX);
    if (lf_avro_canonical(schema, &first, NULL) == LF_OK && first.len <= LF_AVRO_SCHEMA_BYTES_MAX) {
        struct lf_avro_schema *again = parse(lf_buf_view(&first), false);
        if (again != NULL) { /* else it nests deeper than a text may, without its references */
            LF_ASSERT(lf_avro_canonical(again, &second, NULL) == LF_OK);
            LF_ASSERT(lf_bytes_equal(lf_buf_view(&first), lf_buf_view(&second)));
        }
        lf_avro_schema_free(again);
    }
    lf_buf_release(&first);
    lf_buf_release(&second);
}

/* value -> bytes -> *ret; false if it takes too much work. */
static bool
there_and_back(const struct lf_avro_schema *schema, const struct lf_avro_reader *reader, const struct lf_value *value,
               struct lf_arena *arena, struct lf_value *ret)
{
    struct lf_buf bytes;
    struct lf_err err = {0};
    lf_buf_init(&bytes, BYTES_MAX);
    enum lf_status st = lf_avro_encode(schema, value, &bytes, &err);
    LF_ASSERT(st == LF_OK || st == LF_LIMIT);
    struct lf_bytes copy = lf_arena_copy(arena, lf_buf_view(&bytes)); /* texts of the value point into it */
    if (st == LF_OK)
        st = lf_avro_decode(reader, copy, arena, ret, &err);
    LF_ASSERT(st == LF_OK || st == LF_LIMIT);
    lf_buf_release(&bytes);
    return st == LF_OK;
}

static bool
check_message(const struct lf_avro_schema *schema, struct lf_bytes message)
{
    struct lf_avro_reader *reader = NULL;
    struct lf_arena arena;
    struct lf_value value, once, twice;
    struct lf_err err = {0};
    bool valid = false;
    lf_arena_init(&arena, 0, 0);
    enum lf_status st = lf_avro_reader_new(schema, NULL, &reader, &err);
    LF_ASSERT(st == LF_OK || st == LF_LIMIT);
    if (st == LF_OK) {
        st = lf_avro_decode(reader, message, &arena, &value, &err);
        LF_ASSERT(st == LF_OK || ((st == LF_INVALID || st == LF_LIMIT) && err.text[0] != '\0'));
        valid = st == LF_OK;
    }
    if (valid && there_and_back(schema, reader, &value, &arena, &once) &&
        there_and_back(schema, reader, &once, &arena, &twice))
        LF_ASSERT(lf_value_equal(&once, &twice));
    lf_avro_reader_free(reader);
    lf_arena_release(&arena);
    return valid;
}

static void
check_resolution(const struct lf_avro_schema *writer, const struct lf_avro_schema *wanted, struct lf_bytes message,
                 bool valid)
{
    struct lf_avro_reader *reader = NULL;
    struct lf_compat_report report;
    struct lf_arena arena;
    struct lf_value value;
    struct lf_err err = {0};
    lf_arena_init(&arena, 0, 0);
    lf_compat_init(&report, &arena);
    const bool compared = lf_avro_compat(wanted, writer, &report, &err) == LF_OK;
    enum lf_status st = lf_avro_reader_new(writer, wanted, &reader, &err);
    LF_ASSERT(st == LF_OK || st == LF_LIMIT);
    if (st == LF_OK)
        st = lf_avro_decode(reader, message, &arena, &value, &err);
    LF_ASSERT(st == LF_OK || ((st == LF_INVALID || st == LF_LIMIT) && err.text[0] != '\0'));
    if (valid && compared && report.total == 0 && st == LF_INVALID)
        LF_ASSERT(strstr(err.text, ": the writer") == NULL);
    lf_avro_reader_free(reader);
    lf_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lf_bytes message = lf_bytes((const char *)data, size);
    struct lf_bytes text = take_line(&message);
    struct lf_bytes other = take_line(&message);
    if (text.len > SCHEMA_MAX || other.len > SCHEMA_MAX || message.len > MESSAGE_MAX)
        return 0;
    struct lf_avro_schema *writer = parse(text, false);
    struct lf_avro_schema *reader = parse(other, true);
    if (writer != NULL) {
        check_canonical(writer);
        const bool valid = check_message(writer, message);
        if (reader != NULL)
            check_resolution(writer, reader, message, valid);
    }
    lf_avro_schema_free(writer);
    lf_avro_schema_free(reader);
    return 0;
}
