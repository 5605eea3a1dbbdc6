/* The owner's side: open, submit, poll, close. */
#include "query/query.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sync.h"
#include "query/pool.h"

#include <string.h>

enum { THREADS_DEFAULT = 2, QUEUE_MAX_DEFAULT = 10000, JOB_CHUNK = 2048 };

/* ---- jobs ---- */

struct lf_query_job *
lf_query_job_new(enum lf_query_kind kind)
{
    struct lf_query_job *job = lf_calloc(1, sizeof(*job));
    if (job == NULL)
        return NULL;
    job->kind = kind;
    lf_arena_init(&job->arena, JOB_CHUNK, 0);
    return job;
}

void
lf_query_job_free(struct lf_query_job *job)
{
    if (job == NULL)
        return;
    lf_arena_release(&job->arena);
    lf_free(job);
}

/* ---- open and close ---- */

static enum lf_status
init_locks(struct lf_query *query, struct lf_err *err)
{
    int rc = pthread_mutex_init(&query->lock, NULL);
    if (rc != 0)
        return lf_fail(err, LF_INTERNAL, "cannot make a mutex: %s", strerror(rc));
    if (lf_cond_init(&query->changed))
        return LF_OK;
    pthread_mutex_destroy(&query->lock);
    return lf_fail(err, LF_INTERNAL, "cannot make a condition variable");
}

static void
init_metrics(struct lf_query *query)
{
    static const char *const labels[] = {
        [LF_QUERY_ENTITY] = "kind=\"entity\"", [LF_QUERY_LIST] = "kind=\"list\"",
        [LF_QUERY_EVENT] = "kind=\"event\"",   [LF_QUERY_AWAIT] = "kind=\"await\"",
        [LF_QUERY_AS_OF] = "kind=\"as_of\"",   [LF_QUERY_HISTORY] = "kind=\"history\"",
    };
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        query->latency[i] = lf_metrics_histogram("logfirst_query_seconds", labels[i],
                                                 "Time of a query from its submission to its answer.");
}

static void
stop_threads(struct lf_query *query)
{
    pthread_mutex_lock(&query->lock);
    query->closing = true;
    pthread_cond_broadcast(&query->changed);
    pthread_mutex_unlock(&query->lock);
    for (size_t i = 0; i < query->thread_count; i++)
        pthread_join(query->threads[i], NULL);
}

static void
free_query(struct lf_query *query)
{
    lf_shelves_release(&query->shelves);
    pthread_cond_destroy(&query->changed);
    pthread_mutex_destroy(&query->lock);
    lf_free(query);
}

static enum lf_status
start_threads(struct lf_query *query, size_t count, struct lf_err *err)
{
    for (; query->thread_count < count; query->thread_count++) {
        int rc = pthread_create(&query->threads[query->thread_count], NULL, lf_query_worker, query);
        if (rc != 0)
            return lf_fail(err, LF_UNAVAILABLE, "cannot start a thread for queries: %s", strerror(rc));
    }
    return LF_OK;
}

static void
init(struct lf_query *query, const struct lf_query_options *options)
{
    char *group = (char *)(query + 1);
    memcpy(group, options->group.ptr, options->group.len);
    query->group = lf_bytes(group, options->group.len);
    query->store = options->store;
    query->wake = options->wake;
    query->queue_max = options->queue_max != 0 ? options->queue_max : QUEUE_MAX_DEFAULT;
    query->heard_ns = query->away_until_ns = INT64_MIN;
    lf_jobs_init(&query->queue);
    lf_jobs_init(&query->reached);
    lf_jobs_init(&query->done);
    lf_shelves_init(&query->shelves);
    init_metrics(query);
}

enum lf_status
lf_query_open(const struct lf_query_options *options, struct lf_query **ret, struct lf_err *err)
{
    LF_ASSERT(options->store != NULL && options->group.ptr != NULL);
    size_t threads = options->threads != 0 ? options->threads : THREADS_DEFAULT;
    if (threads > LF_QUERY_THREADS_MAX)
        return lf_fail(err, LF_LIMIT, "%zu query threads are asked for, at most %d are possible", threads,
                       (int)LF_QUERY_THREADS_MAX);
    struct lf_query *query = lf_calloc(1, sizeof(*query) + options->group.len + 1);
    if (query == NULL)
        return lf_no_memory(err);
    enum lf_status st = init_locks(query, err);
    if (st != LF_OK) {
        lf_free(query);
        return st;
    }
    init(query, options);
    st = start_threads(query, threads, err);
    if (st != LF_OK) {
        stop_threads(query);
        free_query(query);
        return st;
    }
    *ret = query;
    return LF_OK;
}

static void
close_jobs(struct lf_query *query, struct lf_jobs *jobs)
{
    for (struct lf_query_job *job; (job = lf_jobs_take(jobs)) != NULL;) {
        job->status = lf_fail(&job->err, LF_CLOSED, "queries are being closed");
        lf_query_finish(query, job);
    }
}

void
lf_query_close(struct lf_query *query)
{
    if (query == NULL)
        return;
    stop_threads(query);
    pthread_mutex_lock(&query->lock);
    struct lf_jobs waiting;
    lf_jobs_init(&waiting);
    lf_shelves_expire(&query->shelves, INT64_MAX, &waiting);
    close_jobs(query, &query->queue);
    close_jobs(query, &query->reached);
    close_jobs(query, &waiting);
    pthread_mutex_unlock(&query->lock);
    (void)lf_query_poll(query);
    free_query(query);
}

/* ---- submit and poll ---- */

static enum lf_status
queue_await(struct lf_query *query, struct lf_query_job *job, struct lf_err *err)
{
    const struct lf_place *place = &job->place;
    if (!lf_shelves_make(&query->shelves, place->topic, place->partition))
        return lf_no_memory(err);
    atomic_fetch_add(&query->awaiting, 1);
    if (lf_shelves_reached(&query->shelves, place)) {
        lf_jobs_add(&query->reached, job);
        return LF_OK;
    }
    lf_shelves_put(&query->shelves, job);
    query->look_due_ns = INT64_MIN; /* the commit may have been before anybody listened */
    return LF_OK;
}

static enum lf_status
queue_job(struct lf_query *query, struct lf_query_job *job, struct lf_err *err)
{
    if (query->closing)
        return lf_fail(err, LF_CLOSED, "queries are being closed");
    if (query->queue.count + query->reached.count + query->shelves.waiting >= query->queue_max)
        return lf_fail(err, LF_AGAIN, "%zu queries are waiting already", query->queue_max);
    if (job->kind == LF_QUERY_AWAIT)
        return queue_await(query, job, err);
    lf_jobs_add(&query->queue, job);
    return LF_OK;
}

enum lf_status
lf_query_submit(struct lf_query *query, struct lf_query_job *job, struct lf_err *err)
{
    LF_ASSERT(job->done != NULL);
    int64_t wait_ns = 0;
    if (job->kind == LF_QUERY_AWAIT && job->timeout_ms > 0)
        wait_ns = job->timeout_ms < INT64_MAX / 2000000 ? job->timeout_ms * 1000000 : INT64_MAX / 2;
    job->submitted_ns = lf_clock_mono_ns();
    job->deadline_ns = job->submitted_ns + wait_ns;
    job->status = LF_OK;
    job->event_status = LF_EVENT_LOGGED;
    job->value = LF_VALUE_NULL;
    pthread_mutex_lock(&query->lock);
    enum lf_status st = queue_job(query, job, err);
    if (st == LF_OK)
        pthread_cond_signal(&query->changed);
    pthread_mutex_unlock(&query->lock);
    return st;
}

void
lf_query_finish(struct lf_query *query, struct lf_query_job *job)
{
    if (job->kind == LF_QUERY_AWAIT)
        atomic_fetch_sub(&query->awaiting, 1);
    lf_histogram_observe_us(query->latency[job->kind], (lf_clock_mono_ns() - job->submitted_ns) / 1000);
    lf_jobs_add(&query->done, job);
    if (query->done.count == 1)
        lf_wake_call(&query->wake);
}

void
lf_query_expire(struct lf_query *query, int64_t now_ns)
{
    struct lf_jobs expired;
    lf_jobs_init(&expired);
    lf_shelves_expire(&query->shelves, now_ns, &expired);
    for (struct lf_query_job *job; (job = lf_jobs_take(&expired)) != NULL;)
        lf_query_finish(query, job); /* with LF_OK: the event is logged, that much is known */
}

/* AWAITs that the position has passed, but that nobody could look up in time. */
static void
expire_reached(struct lf_query *query, int64_t now_ns)
{
    struct lf_jobs all;
    lf_jobs_init(&all);
    lf_jobs_move(&all, &query->reached);
    for (struct lf_query_job *job; (job = lf_jobs_take(&all)) != NULL;) {
        if (job->deadline_ns <= now_ns)
            lf_query_finish(query, job);
        else
            lf_jobs_add(&query->reached, job);
    }
}

size_t
lf_query_poll(struct lf_query *query)
{
    struct lf_jobs done;
    lf_jobs_init(&done);
    pthread_mutex_lock(&query->lock);
    int64_t now_ns = lf_clock_mono_ns();
    lf_query_expire(query, now_ns);
    expire_reached(query, now_ns);
    lf_jobs_move(&done, &query->done);
    pthread_mutex_unlock(&query->lock);
    size_t count = done.count;
    for (struct lf_query_job *job; (job = lf_jobs_take(&done)) != NULL;)
        job->done(job, job->user); /* the job may be gone now */
    return count;
}

/* ---- commits ---- */

void
lf_query_moved(struct lf_query *query, struct lf_bytes topic, int32_t partition, int64_t next)
{
    size_t before = query->reached.count;
    lf_shelves_moved(&query->shelves, topic, partition, next, &query->reached);
    if (query->reached.count != before)
        pthread_cond_signal(&query->changed);
}

/*
 * An AWAIT that is submitted while this looks at the count, and missed, is no harm: it was counted after the commit, so
 * the look at the position that follows its submission sees the commit.
 */
void
lf_query_committed(struct lf_query *query, struct lf_bytes topic, int32_t partition, int64_t next)
{
    if (atomic_load(&query->awaiting) == 0)
        return;
    pthread_mutex_lock(&query->lock);
    query->heard_ns = lf_clock_mono_ns();
    lf_query_moved(query, topic, partition, next);
    pthread_mutex_unlock(&query->lock);
}
