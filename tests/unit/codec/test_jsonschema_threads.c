/* One compiled schema, many threads: nothing is written after compiling. */
#include "jsonschema_kit.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 200 };

static const char schema_text[] =
    "{\"properties\":{\"a\":{\"pattern\":\"^x+$\"},\"n\":{\"multipleOf\":0.01}},\"unevaluatedProperties\":false,"
    "\"anyOf\":[{\"properties\":{\"b\":{\"format\":\"uuid\"}}},{\"required\":[\"c\"]}]}";

static void *
judge(void *schema)
{
    struct lf_arena arena;
    struct kit_verdict v;
    intptr_t wrong = 0;
    lf_arena_init(&arena, 0, 0);
    for (int i = 0; i < ROUNDS; i++) {
        lf_arena_reset(&arena);
        kit_judge(schema, "{\"a\":\"xxx\",\"n\":1.25,\"b\":\"-\"}", &arena, &v);
        wrong += v.status != LF_OK;
        kit_judge(schema, "{\"a\":\"y\",\"n\":1.255,\"z\":1}", &arena, &v);
        wrong +=
            v.status != LF_INVALID || v.count != 2; /* unevaluated properties are known only if the rest is valid */
    }
    lf_arena_release(&arena);
    return (void *)wrong;
}

static void
test_threads_share_a_schema(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct lf_jsonschema *schema = kit_compile(&kit_plain, schema_text);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, judge, schema), 0);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    lf_jsonschema_free(schema);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads_share_a_schema)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
