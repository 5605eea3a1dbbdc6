/* AWAITs on their shelves: they come down when their position is passed or their time is over, in order, and never
 * twice. */
#include "base/mem.h"
#include "query/pool.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct lf_bytes topic = {"t", 1};

static struct lf_query_job *
await(int32_t partition, int64_t offset, int64_t deadline_ns)
{
    struct lf_query_job *job = lf_query_job_new(LF_QUERY_AWAIT);
    assert_non_null(job);
    job->place = (struct lf_place){topic, partition, offset};
    job->deadline_ns = deadline_ns;
    return job;
}

static void
put(struct lf_shelves *shelves, struct lf_query_job *job)
{
    assert_true(lf_shelves_make(shelves, topic, job->place.partition));
    lf_shelves_put(shelves, job);
}

static void
expect(struct lf_jobs *jobs, struct lf_query_job *job)
{
    assert_ptr_equal(lf_jobs_take(jobs), job);
    lf_query_job_free(job);
}

static void
test_jobs_come_in_order(void **state)
{
    struct lf_jobs jobs, more;
    struct lf_query_job *a = await(0, 1, 0), *b = await(0, 2, 0), *c = await(0, 3, 0);
    (void)state;
    lf_jobs_init(&jobs);
    lf_jobs_init(&more);
    assert_null(lf_jobs_take(&jobs));
    lf_jobs_add(&jobs, a);
    lf_jobs_add(&more, b);
    lf_jobs_add(&more, c);
    lf_jobs_move(&jobs, &more);
    assert_int_equal(jobs.count, 3);
    assert_int_equal(more.count, 0);
    lf_jobs_move(&jobs, &more);
    expect(&jobs, a);
    expect(&jobs, b);
    expect(&jobs, c);
    assert_null(lf_jobs_take(&jobs));
    assert_int_equal(jobs.count, 0);
}

static void
test_a_position_takes_down_what_it_has_passed(void **state)
{
    struct lf_shelves shelves;
    struct lf_jobs ready;
    struct lf_query_job *five = await(0, 5, 100), *seven = await(0, 7, 100), *other = await(1, 5, 100);
    (void)state;
    lf_shelves_init(&shelves);
    lf_jobs_init(&ready);
    put(&shelves, seven);
    put(&shelves, five);
    put(&shelves, other);
    lf_shelves_moved(&shelves, topic, 0, 5, &ready); /* 5 is the next: not passed */
    assert_int_equal(ready.count, 0);
    lf_shelves_moved(&shelves, LF_LIT("u"), 0, 100, &ready);
    assert_int_equal(ready.count, 0);
    lf_shelves_moved(&shelves, topic, 0, 6, &ready);
    expect(&ready, five);
    assert_true(lf_shelves_reached(&shelves, &(struct lf_place){topic, 0, 5}));
    assert_false(lf_shelves_reached(&shelves, &(struct lf_place){topic, 0, 6}));
    assert_false(lf_shelves_reached(&shelves, &(struct lf_place){topic, 1, 0}));
    lf_shelves_moved(&shelves, topic, 0, 100, &ready);
    expect(&ready, seven);
    assert_int_equal(shelves.waiting, 1);
    lf_shelves_moved(&shelves, topic, 1, 6, &ready);
    expect(&ready, other);
    assert_int_equal(shelves.waiting, 0);
    lf_shelves_release(&shelves);
}

static void
test_time_takes_down_what_is_over(void **state)
{
    struct lf_shelves shelves;
    struct lf_jobs expired;
    struct lf_query_job *early = await(0, 1, 10), *late = await(0, 2, 30), *middle = await(1, 1, 20);
    (void)state;
    lf_shelves_init(&shelves);
    lf_jobs_init(&expired);
    put(&shelves, late);
    put(&shelves, early);
    put(&shelves, middle);
    assert_int_equal(shelves.earliest_ns, 10);
    lf_shelves_expire(&shelves, 9, &expired);
    assert_int_equal(expired.count, 0);
    lf_shelves_expire(&shelves, 10, &expired);
    expect(&expired, early);
    assert_int_equal(shelves.earliest_ns, 20);
    lf_shelves_expire(&shelves, 25, &expired);
    expect(&expired, middle);
    assert_int_equal(shelves.waiting, 1);
    lf_shelves_expire(&shelves, INT64_MAX, &expired);
    expect(&expired, late);
    assert_int_equal(shelves.earliest_ns, INT64_MAX);
    lf_shelves_release(&shelves);
}

static void
test_out_of_memory(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 2; n++) {
        struct lf_shelves shelves;
        lf_shelves_init(&shelves);
        lf_mem_fail_at(n, false);
        assert_false(lf_shelves_make(&shelves, topic, 0));
        lf_mem_fail_at(0, false);
        assert_true(lf_shelves_make(&shelves, topic, 0));
        lf_shelves_release(&shelves);
    }
    lf_mem_fail_at(1, false);
    assert_null(lf_query_job_new(LF_QUERY_LIST));
    lf_mem_fail_at(0, false);
    lf_query_job_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs_come_in_order),
        cmocka_unit_test(test_a_position_takes_down_what_it_has_passed),
        cmocka_unit_test(test_time_takes_down_what_is_over),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
