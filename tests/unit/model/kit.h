/* What tests of events need: a model from SDL, values from JSON, texts from values. */
#ifndef LF_TESTS_MODEL_KIT_H
#define LF_TESTS_MODEL_KIT_H

#include "json/json.h"
#include "model/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The model of one file "test.graphql"; the test fails with its errors if there are any. */
static inline struct lf_model *
kit_model(const char *sdl)
{
    struct lf_arena arena;
    struct lf_gql_errors errors;
    struct lf_buf text;
    const struct lf_model_file file = {"test.graphql", lf_bytes_of(sdl)};
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 100);
    lf_buf_init(&text, 1 << 20);
    struct lf_model *model = lf_model_compile(&file, 1, &errors);
    if (model == NULL) {
        lf_gql_errors_print(&text, &errors);
        fail_msg("%.*s", (int)text.len, text.ptr);
    }
    lf_buf_release(&text);
    lf_arena_release(&arena);
    return model;
}

/* The errors of one file "a.graphql" that must fail, printed. */
static inline const char *
kit_errors(struct lf_arena *arena, const char *sdl)
{
    struct lf_gql_errors errors;
    struct lf_buf text;
    const struct lf_model_file file = {"a.graphql", lf_bytes_of(sdl)};
    lf_gql_errors_init(&errors, arena, 1000);
    lf_buf_init(&text, 1 << 20);
    struct lf_model *model = lf_model_compile(&file, 1, &errors);
    if (model != NULL)
        fail_msg("no errors in %s", sdl);
    assert_false(errors.no_memory);
    lf_gql_errors_print(&text, &errors);
    const char *copy = lf_arena_text(arena, lf_buf_view(&text));
    assert_non_null(copy);
    lf_buf_release(&text);
    return copy;
}

static inline const struct lf_event_type *
kit_event(const struct lf_model *model, const char *name)
{
    const struct lf_event_type *event = lf_model_event(model, lf_bytes_of(name));
    assert_non_null(event);
    return event;
}

static inline struct lf_value
kit_json(struct lf_arena *arena, const char *text)
{
    struct lf_value value;
    struct lf_err err = {0};
    if (lf_json_parse(arena, lf_bytes_of(text), &value, &err) != LF_OK)
        fail_msg("%s: %s", text, err.text);
    return value;
}

static inline const char *
kit_text(struct lf_arena *arena, const struct lf_value *value)
{
    struct lf_buf buf;
    lf_buf_init(&buf, 1 << 20);
    lf_json_write(&buf, value);
    assert_int_equal(lf_buf_status(&buf, NULL), LF_OK);
    const char *text = lf_arena_text(arena, lf_buf_view(&buf));
    lf_buf_release(&buf);
    assert_non_null(text);
    return text;
}

static inline uint64_t
kit_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

#endif
