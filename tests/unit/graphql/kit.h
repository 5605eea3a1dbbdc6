/* What the tests of this room share: a schema from SDL, documents, values, errors as text. */
#ifndef LF_TESTS_UNIT_GRAPHQL_KIT_H
#define LF_TESTS_UNIT_GRAPHQL_KIT_H

#include "base/limits.h"
#include "base/mem.h"
#include "graphql/execute.h"
#include "graphql/parse.h"
#include "graphql/validate.h"
#include "graphql/values.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A schema and what must outlive it. */
struct kit {
    struct lf_arena arena;
    struct lf_gql_source source;
    struct lf_gql_schema *schema;
};

static inline void
kit_open(struct kit *kit, const char *sdl)
{
    struct lf_gql_errors errors;
    struct lf_gql_limits limits = {.tokens = 0};
    lf_arena_init(&kit->arena, 0, 0);
    lf_gql_errors_init(&errors, &kit->arena, 10);
    kit->source = (struct lf_gql_source){.name = "toy.graphql", .text = lf_bytes_of(sdl)};
    const struct lf_gql_document *document = lf_gql_parse(&kit->arena, &kit->source, &limits, &errors);
    if (document != NULL)
        kit->schema = lf_gql_schema_build(&document, 1, &errors);
    if (errors.count != 0) {
        struct lf_buf out;
        lf_buf_init(&out, 100000);
        lf_gql_errors_print(&out, &errors);
        print_error("%.*s\n", (int)out.len, out.ptr);
        lf_buf_release(&out);
    }
    assert_int_equal(errors.count, 0);
    assert_non_null(kit->schema);
}

static inline void
kit_close(struct kit *kit)
{
    lf_gql_schema_free(kit->schema);
    lf_arena_release(&kit->arena);
}

/* One document or value, with an arena of its own. */
struct page {
    struct lf_arena arena;
    struct lf_gql_source source;
    struct lf_gql_errors errors;
    struct lf_buf out;
};

static inline void
page_open(struct page *page, const char *text)
{
    lf_arena_init(&page->arena, 0, 0);
    lf_gql_errors_init(&page->errors, &page->arena, LF_GQL_ERRORS_MAX);
    lf_buf_init(&page->out, LF_GQL_RESPONSE_BYTES_MAX);
    page->source = (struct lf_gql_source){.name = "GraphQL request", .text = lf_bytes_of(text)};
}

static inline void
page_close(struct page *page)
{
    lf_buf_release(&page->out);
    lf_arena_release(&page->arena);
}

static inline const struct lf_gql_document *
page_parse(struct page *page)
{
    struct lf_gql_limits limits = {.tokens = 0};
    const struct lf_gql_document *document = lf_gql_parse(&page->arena, &page->source, &limits, &page->errors);
    assert_non_null(document);
    return document;
}

/* "1:2 1:3 message\n" for each error. */
static inline const char *
page_errors(struct page *page)
{
    lf_buf_clear(&page->out);
    for (const struct lf_gql_error *error = page->errors.first; error != NULL; error = error->next) {
        for (size_t i = 0; i < error->loc_count; i++)
            lf_buf_printf(&page->out, "%u:%u ", error->locs[i].line, error->locs[i].column);
        lf_buf_printf(&page->out, "%.*s\n", LF_FMT(error->message));
    }
    lf_buf_add(&page->out, lf_bytes("", 1));
    return page->out.ptr;
}

/* The JSON text as a value in the page's arena. */
static inline struct lf_value
page_json(struct page *page, const char *text)
{
    struct lf_value value;
    struct lf_err err = {0};
    assert_int_equal(lf_json_parse(&page->arena, lf_bytes_of(text), &value, &err), LF_OK);
    return value;
}

/* The value as JSON text. */
static inline const char *
page_text(struct page *page, const struct lf_value *value)
{
    lf_buf_clear(&page->out);
    lf_json_write(&page->out, value);
    lf_buf_add(&page->out, lf_bytes("", 1));
    return page->out.ptr;
}

#endif
