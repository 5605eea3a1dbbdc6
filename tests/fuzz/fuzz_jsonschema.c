/*
 * Fuzz target: a schema on the first line, another document that it may refer to as "other" on the second, a value on
 * the rest. Any schema is refused with a reason or compiled; a verdict does not depend on whether errors are asked
 * for, and every error has its words.
 */
#include "codec/jsonschema.h"
#include "json/json.h"

enum { ERRORS_MAX = 10, STEPS_MAX = 100000, MEMORY_MAX = 8 * 1024 * 1024 };

static struct lf_bytes
take_line(struct lf_bytes *text)
{
    size_t end = lf_bytes_index(*text, '\n');
    struct lf_bytes line = end != SIZE_MAX ? lf_bytes(text->ptr, end) : *text;
    *text = end != SIZE_MAX ? lf_bytes(text->ptr + end + 1, text->len - end - 1) : LF_BYTES_NONE;
    return line;
}

static enum lf_status
other(void *user, struct lf_bytes uri, struct lf_arena *arena, struct lf_bytes *ret_text, struct lf_err *err)
{
    (void)arena;
    if (!lf_bytes_equal_text(uri, "https://example.com/other"))
        return lf_fail(err, LF_NOT_FOUND, "there is one other");
    *ret_text = *(const struct lf_bytes *)user;
    return LF_OK;
}

static void
check_value(const struct lf_jsonschema *schema, struct lf_bytes text)
{
    struct lf_arena arena;
    struct lf_value value;
    struct lf_jsonschema_error errors[ERRORS_MAX];
    struct lf_err err = {0};
    size_t count, none;
    lf_arena_init(&arena, 0, 0);
    if (lf_json_parse(&arena, text, &value, NULL) == LF_OK) {
        enum lf_status st = lf_jsonschema_validate(schema, &value, &arena, errors, ERRORS_MAX, &count, &err);
        enum lf_status quiet = lf_jsonschema_validate(schema, &value, &arena, NULL, 0, &none, NULL);
        LF_ASSERT(st == quiet || st == LF_LIMIT || quiet == LF_LIMIT);
        LF_ASSERT(st == LF_OK || err.text[0] != '\0');
        LF_ASSERT(st != LF_INVALID || count > 0);
        for (size_t i = 0; i < count; i++)
            LF_ASSERT(lf_utf8_valid(errors[i].message, &none) && errors[i].message.len != 0 &&
                      errors[i].schema.len != 0);
    }
    lf_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lf_bytes value = lf_bytes((const char *)data, size);
    struct lf_bytes text = take_line(&value);
    struct lf_bytes document = take_line(&value);
    struct lf_jsonschema *schema = NULL;
    struct lf_err err = {0};
    const struct lf_jsonschema_options options = {
        .base_uri = LF_LIT("https://example.com/root"),
        .draft = size % 2 == 0 ? LF_JSONSCHEMA_2020_12 : LF_JSONSCHEMA_07,
        .assert_formats = true,
        .resolve = other,
        .user = &document,
        .memory_max = MEMORY_MAX,
        .steps_max = STEPS_MAX,
    };
    enum lf_status st = lf_jsonschema_compile(&options, text, &schema, &err);
    LF_ASSERT((st == LF_OK) == (schema != NULL));
    LF_ASSERT(st == LF_OK || err.text[0] != '\0');
    if (schema != NULL)
        check_value(schema, value);
    lf_jsonschema_free(schema);
    return 0;
}
