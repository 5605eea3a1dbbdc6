/* For tests of JSON Schema: compile, judge, say why not. */
#ifndef LF_TEST_CODEC_JSONSCHEMA_KIT_H
#define LF_TEST_CODEC_JSONSCHEMA_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/jsonschema.h"
#include "json/json.h"

enum { KIT_ERRORS_MAX = 20 };

static const struct lf_jsonschema_options kit_plain = {.draft = LF_JSONSCHEMA_2020_12};

static inline struct lf_jsonschema *
kit_compile(const struct lf_jsonschema_options *options, const char *text)
{
    struct lf_jsonschema *schema = NULL;
    struct lf_err err = {0};
    if (lf_jsonschema_compile(options, lf_bytes_of(text), &schema, &err) != LF_OK)
        fail_msg("%s: %s", text, err.text);
    return schema;
}

struct kit_verdict {
    enum lf_status status;
    size_t count;
    struct lf_jsonschema_error errors[KIT_ERRORS_MAX];
    struct lf_err err;
};

static inline void
kit_judge(const struct lf_jsonschema *schema, const char *text, struct lf_arena *arena, struct kit_verdict *verdict)
{
    struct lf_value value;
    *verdict = (struct kit_verdict){0};
    if (lf_json_parse(arena, lf_bytes_of(text), &value, &verdict->err) != LF_OK)
        fail_msg("%s: %s", text, verdict->err.text);
    verdict->status =
        lf_jsonschema_validate(schema, &value, arena, verdict->errors, KIT_ERRORS_MAX, &verdict->count, &verdict->err);
}

/* Compiles, judges one value and forgets both. */
static inline enum lf_status
kit_check(const struct lf_jsonschema_options *options, const char *schema_text, const char *text)
{
    struct lf_arena arena;
    struct kit_verdict verdict;
    struct lf_jsonschema *schema = kit_compile(options, schema_text);
    lf_arena_init(&arena, 0, 0);
    kit_judge(schema, text, &arena, &verdict);
    lf_arena_release(&arena);
    lf_jsonschema_free(schema);
    return verdict.status;
}

/* A row of a table: a schema, a value, and whether it is valid. */
struct kit_row {
    const char *schema, *value;
    bool valid;
};

static inline void
kit_rows(const struct lf_jsonschema_options *options, const struct kit_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum lf_status st = kit_check(options, rows[i].schema, rows[i].value);
        if (st != (rows[i].valid ? LF_OK : LF_INVALID))
            fail_msg("%s on %s: %s", rows[i].schema, rows[i].value, lf_status_name(st));
    }
}

#endif
