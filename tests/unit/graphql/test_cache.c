/* The document cache: hits, limits, documents that outlive their place, errors, and every allocation failing once. */
#include "kit.h"

#include "graphql/cache.h"

static struct kit kit;

static int
open_kit(void **state)
{
    (void)state;
    kit_open(&kit, "type Query { a: Int b: Int }");
    return 0;
}

static int
close_kit(void **state)
{
    (void)state;
    kit_close(&kit);
    return 0;
}

static struct lf_gql_cached *
get(struct lf_gql_cache *cache, const char *text)
{
    struct page page;
    page_open(&page, "");
    struct lf_gql_cached *cached = lf_gql_cache_get(cache, lf_bytes_of(text), &page.errors);
    assert_int_equal(page.errors.count, 0);
    assert_non_null(cached);
    assert_non_null(cached->plans);
    page_close(&page);
    return cached;
}

static void
test_hits(void **state)
{
    (void)state;
    char text[] = "{ a }";
    struct lf_gql_cache *cache = lf_gql_cache_new(kit.schema, 10, 1000000);
    struct lf_gql_cached *first = get(cache, text);
    struct lf_gql_cached *again = get(cache, text);
    struct lf_gql_cached *other = get(cache, "{ b }");
    assert_ptr_equal(first, again);
    assert_ptr_not_equal(first, other);
    memset(text, 'x', sizeof(text) - 1); /* the caller's text may go */
    struct lf_bytes name = first->document->definitions[0]->set.items[0].name.text;
    assert_true(lf_bytes_equal_text(name, "a"));
    lf_gql_cached_unref(cache, first);
    lf_gql_cached_unref(cache, again);
    lf_gql_cached_unref(cache, other);
    lf_gql_cache_free(cache);
}

static void
test_least_recently_used(void **state)
{
    (void)state;
    struct lf_gql_cache *cache = lf_gql_cache_new(kit.schema, 2, 1000000);
    struct lf_gql_cached *a = get(cache, "{ a }");
    struct lf_gql_cached *b = get(cache, "{ b }");
    lf_gql_cached_unref(cache, b);
    lf_gql_cached_unref(cache, get(cache, "{ a }"));
    lf_gql_cached_unref(cache, get(cache, "{ a b }")); /* drops { b } */
    struct lf_gql_cached *same = get(cache, "{ a }");
    assert_ptr_equal(a, same);
    lf_gql_cached_unref(cache, same);
    lf_gql_cached_unref(cache, get(cache, "{ x: a }"));
    lf_gql_cached_unref(cache, get(cache, "{ y: a }")); /* drops { a }, which is in use */
    assert_int_equal(a->document->count, 1);
    struct lf_gql_cached *anew = get(cache, "{ a }");
    assert_ptr_not_equal(a, anew);
    lf_gql_cached_unref(cache, a);
    lf_gql_cached_unref(cache, anew);
    lf_gql_cached_unref(cache, NULL);
    lf_gql_cache_free(cache);
    lf_gql_cache_free(NULL);
}

static void
test_bytes(void **state)
{
    (void)state;
    int64_t live = lf_mem_live();
    struct lf_gql_cache *cache = lf_gql_cache_new(kit.schema, 1000, 20000);
    for (int i = 0; i < 500; i++) {
        char text[64];
        snprintf(text, sizeof(text), "{ alias%d: a }", i);
        lf_gql_cached_unref(cache, get(cache, text));
    }
    assert_true(lf_mem_live() - live < 150); /* a handful of blocks an entry, some ten entries */
    lf_gql_cache_free(cache);
    cache = lf_gql_cache_new(kit.schema, 1000, 10); /* too small for any */
    struct lf_gql_cached *a = get(cache, "{ a }");
    struct lf_gql_cached *b = get(cache, "{ a }");
    assert_ptr_not_equal(a, b);
    lf_gql_cached_unref(cache, a);
    lf_gql_cached_unref(cache, b);
    lf_gql_cache_free(cache);
    assert_int_equal(lf_mem_live(), live);
}

/* Failures are not kept, and what they say stays readable. */
static void
test_errors(void **state)
{
    static const char *const texts[] = {"{ a", "{ c }", "{ a } { b }"};
    (void)state;
    struct lf_gql_cache *cache = lf_gql_cache_new(kit.schema, 10, 1000000);
    int64_t live = lf_mem_live();
    for (size_t i = 0; i < 3; i++) {
        struct page page;
        page_open(&page, "");
        assert_null(lf_gql_cache_get(cache, lf_bytes_of(texts[i]), &page.errors));
        assert_true(page.errors.count > 0);
        for (const struct lf_gql_error *error = page.errors.first; error != NULL; error = error->next)
            assert_string_equal(error->locs[0].source->name, "GraphQL request");
        lf_buf_clear(&page.out);
        lf_gql_errors_print(&page.out, &page.errors);
        lf_gql_errors_write(&page.out, &page.errors);
        assert_int_equal(page.out.failed, LF_OK);
        page_close(&page);
    }
    assert_true(lf_mem_live() - live <= 1); /* the scratch arena keeps a chunk */
    lf_gql_cache_free(cache);
}

static void
test_no_memory(void **state)
{
    (void)state;
    bool enough = false;
    for (uint64_t n = 1; !enough; n++) {
        int64_t live = lf_mem_live();
        struct page page;
        page_open(&page, "");
        lf_mem_fail_at(n, false);
        struct lf_gql_cache *cache = lf_gql_cache_new(kit.schema, 10, 1000000);
        struct lf_gql_cached *cached = NULL;
        if (cache != NULL)
            cached = lf_gql_cache_get(
                cache, LF_LIT("query q($v: Boolean!) { a @skip(if: $v) ...f } fragment f on Query { b }"),
                &page.errors);
        enough = !lf_mem_fault_hit();
        lf_mem_fail_at(0, false);
        assert_true(cached == NULL || enough || page.errors.count == 0);
        lf_gql_cached_unref(cache, cached);
        if (cache != NULL) /* it still works */
            lf_gql_cached_unref(cache, get(cache, "{ a }"));
        lf_gql_cache_free(cache);
        page_close(&page);
        assert_int_equal(lf_mem_live(), live);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hits),   cmocka_unit_test(test_least_recently_used), cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_errors), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, open_kit, close_kit);
}
