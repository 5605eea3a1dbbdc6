/* What several threads may do at once: ids, metrics, allocation counts. Method: many threads, then count. */
#include "base/mem.h"
#include "base/metrics.h"
#include "base/uuid.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 4, EACH = 5000 };

static struct lf_uuid made[THREADS][EACH];

static void *
make_ids(void *ctx)
{
    struct lf_uuid *out = ctx;
    struct lf_metric *count = lf_metrics_counter("test_ids_total", "", "ids made");
    for (int i = 0; i < EACH; i++) {
        out[i] = lf_uuid_v7();
        lf_metric_add(count, 1);
        lf_free(lf_malloc(16));
    }
    return NULL;
}

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct lf_uuid));
}

static void
ids_of_many_threads_are_distinct_and_ascend_in_each(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    int64_t live = lf_mem_live();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_ids, made[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        for (int k = 1; k < EACH; k++)
            assert_true(compare(&made[i][k - 1], &made[i][k]) < 0);
    }
    qsort(made, (size_t)THREADS * EACH, sizeof(struct lf_uuid), compare);
    const struct lf_uuid *all = &made[0][0];
    for (int i = 1; i < THREADS * EACH; i++)
        assert_int_not_equal(compare(&all[i - 1], &all[i]), 0);
    assert_int_equal(lf_metric_get(lf_metrics_counter("test_ids_total", "", "ids made")), THREADS * EACH);
    assert_in_range(lf_mem_live() - live, 0, 16); /* the metric's own */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_many_threads_are_distinct_and_ascend_in_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
