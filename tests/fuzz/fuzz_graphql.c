/*
 * Fuzz target: what parses is printed, parsed again and printed as the same text. Type system documents are also built
 * into a schema, whose printed form must build again.
 */
#include "graphql/parse.h"
#include "graphql/schema.h"

static struct lf_gql_document *
parse(struct lf_arena *arena, struct lf_gql_source *source)
{
    struct lf_gql_errors errors;
    lf_gql_errors_init(&errors, arena, 10);
    struct lf_gql_document *document = lf_gql_parse(arena, source, NULL, &errors);
    LF_ASSERT((document == NULL) == (errors.count == 1));
    return document;
}

static void
check_print(struct lf_arena *arena, const struct lf_gql_document *document)
{
    struct lf_buf one;
    struct lf_buf two;
    lf_buf_init(&one, SIZE_MAX);
    lf_buf_init(&two, SIZE_MAX);
    lf_gql_print(&one, document);
    struct lf_gql_source source = {"printed", lf_buf_view(&one)};
    const struct lf_gql_document *again = parse(arena, &source);
    LF_ASSERT(again != NULL);
    lf_gql_print(&two, again);
    LF_ASSERT(lf_buf_status(&one, NULL) == LF_OK && lf_buf_status(&two, NULL) == LF_OK);
    LF_ASSERT(lf_bytes_equal(lf_buf_view(&one), lf_buf_view(&two)));
    lf_buf_release(&one);
    lf_buf_release(&two);
}

static void
check_schema(struct lf_arena *arena, const struct lf_gql_document *document)
{
    struct lf_gql_errors errors;
    lf_gql_errors_init(&errors, arena, 10);
    struct lf_gql_schema *schema = lf_gql_schema_build(&document, 1, &errors);
    LF_ASSERT((schema == NULL) == (errors.count != 0));
    if (schema == NULL)
        return;
    struct lf_buf text;
    lf_buf_init(&text, SIZE_MAX);
    lf_gql_schema_print(&text, schema);
    struct lf_gql_source source = {"printed", lf_buf_view(&text)};
    const struct lf_gql_document *printed = parse(arena, &source);
    LF_ASSERT(printed != NULL);
    struct lf_gql_schema *again = lf_gql_schema_build(&printed, 1, &errors);
    LF_ASSERT(again != NULL);
    lf_gql_schema_free(again);
    lf_gql_schema_free(schema);
    lf_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lf_arena arena;
    struct lf_gql_source source = {"input", lf_bytes((const char *)data, size)};
    lf_arena_init(&arena, 0, 0);
    const struct lf_gql_document *document = parse(&arena, &source);
    if (document != NULL) {
        check_print(&arena, document);
        check_schema(&arena, document);
    }
    lf_arena_release(&arena);
    return 0;
}
