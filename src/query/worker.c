/*
 * The workers: each takes a question, asks the store in its own session, hands the answer back. Between questions,
 * one of them looks at positions for the AWAITs.
 */
#include "base/clock.h"
#include "base/sync.h"
#include "query/history.h"
#include "query/pool.h"

enum {
    TRIES = 3,
    RETRY_MS = 10,
    AWAY_MS = 100,      /* after a store has not answered, others do not wait for it either */
    LOOK_MS = 4,        /* between looks at positions, when no commit is heard */
    LOOK_MS_HEARD = 50, /* when commits are heard, as a precaution */
    HEARD_MS = 10000,   /* so long a commit counts as heard */
};

struct worker {
    struct lf_query *query;
    struct lf_store_session *session; /* NULL: not open yet */
};

/* ---- waiting, under lock ---- */

static void
wait_until(struct lf_query *query, int64_t ns)
{
    int64_t left = ns == INT64_MAX ? -1 : ns - lf_clock_mono_ns();
    if (ns == INT64_MAX || left > 0)
        (void)lf_cond_wait_ns(&query->changed, &query->lock, left);
}

/* ---- asking the store, without lock ---- */

static enum lf_status
open_session(struct worker *worker, struct lf_err *err)
{
    if (worker->session != NULL)
        return LF_OK;
    return lf_store_session_open(worker->query->store, false, &worker->session, err);
}

static enum lf_status
ask_entity(struct worker *worker, struct lf_query_job *job)
{
    enum lf_status st = lf_store_get(worker->session, job->entity, job->key, &job->arena, &job->value, &job->err);
    if (st != LF_NOT_FOUND)
        return st;
    job->value = LF_VALUE_NULL;
    return LF_OK;
}

/* What became of an event below the position. Neither stored nor dead: skipped, and logged is all it is. */
static enum lf_status
ask_await(struct worker *worker, struct lf_query_job *job)
{
    enum lf_status st = lf_store_event(worker->session, job->event_id, &job->arena, &job->stored, &job->err);
    if (st == LF_OK)
        job->event_status = job->stored.status;
    return st == LF_NOT_FOUND ? LF_OK : st;
}

static enum lf_status
ask(struct worker *worker, struct lf_query_job *job)
{
    enum lf_status st = open_session(worker, &job->err);
    if (st != LF_OK)
        return st;
    switch (job->kind) {
    case LF_QUERY_ENTITY: return ask_entity(worker, job);
    case LF_QUERY_LIST: return lf_store_list(worker->session, &job->list, &job->arena, &job->result, &job->err);
    case LF_QUERY_EVENT: return lf_store_event(worker->session, job->event_id, &job->arena, &job->stored, &job->err);
    case LF_QUERY_AWAIT: return ask_await(worker, job);
    case LF_QUERY_AS_OF: return lf_query_as_of(worker->session, job);
    case LF_QUERY_HISTORY: return lf_query_history(worker->session, job);
    case LF_QUERY_KINDS: break;
    }
    return lf_fail(&job->err, LF_INTERNAL, "no such kind of query: %d", (int)job->kind);
}

static bool
may_pass(enum lf_status st)
{
    return lf_status_fate(st) == LF_FATE_RETRY;
}

/* A shortage of memory is this process's own. */
static bool
is_away(enum lf_status st)
{
    return may_pass(st) && st != LF_NO_MEMORY;
}

/* ---- a job, under lock but while asking ---- */

static enum lf_status
try_once(struct worker *worker, struct lf_query_job *job)
{
    pthread_mutex_unlock(&worker->query->lock);
    enum lf_status st = ask(worker, job);
    pthread_mutex_lock(&worker->query->lock);
    return st;
}

/* A store that is away may be back in a moment; the first to find it away finds out, the others believe it. */
static enum lf_status
try_shortly(struct worker *worker, struct lf_query_job *job)
{
    struct lf_query *query = worker->query;
    enum lf_status st = try_once(worker, job);
    for (int i = 1; i < TRIES && may_pass(st) && !query->closing; i++) {
        if (lf_clock_mono_ns() < query->away_until_ns)
            return st;
        int64_t until = lf_clock_mono_ns() + RETRY_MS * 1000000;
        while (!query->closing && lf_clock_mono_ns() < until)
            wait_until(query, until);
        st = try_once(worker, job);
    }
    if (is_away(st))
        query->away_until_ns = lf_clock_mono_ns() + AWAY_MS * 1000000;
    return st;
}

static void
work(struct worker *worker, struct lf_query_job *job)
{
    job->status = try_shortly(worker, job);
    if (is_away(job->status) && job->kind != LF_QUERY_AWAIT)
        job->status = lf_fail(&job->err, LF_UNAVAILABLE, "the store does not answer: %s", job->err.text);
    if (job->kind == LF_QUERY_AWAIT && job->status != LF_OK && !worker->query->closing) {
        job->status = LF_OK; /* the event is safe in the log: an answer can wait until the time is over */
        lf_shelves_put(&worker->query->shelves, job);
        return;
    }
    lf_query_finish(worker->query, job);
}

/* Questions and AWAITs in turn, so that neither starves. */
static struct lf_query_job *
take(struct lf_query *query)
{
    struct lf_jobs *one = query->reached_next ? &query->reached : &query->queue;
    struct lf_jobs *other = query->reached_next ? &query->queue : &query->reached;
    struct lf_query_job *job = lf_jobs_take(one);
    query->reached_next = !query->reached_next;
    return job != NULL ? job : lf_jobs_take(other);
}

/* ---- positions for AWAITs ---- */

static int64_t
look_interval_ns(const struct lf_query *query, int64_t now_ns)
{
    bool heard = query->heard_ns != INT64_MIN && now_ns - query->heard_ns < (int64_t)HEARD_MS * 1000000;
    return (int64_t)(heard ? LOOK_MS_HEARD : LOOK_MS) * 1000000;
}

static bool
look_at(struct worker *worker, const struct lf_shelf *shelf)
{
    struct lf_query *query = worker->query;
    struct lf_err ignored;
    int64_t next = -1;
    pthread_mutex_unlock(&query->lock);
    enum lf_status st = open_session(worker, &ignored);
    if (st == LF_OK)
        st = lf_store_position(worker->session, query->group, shelf->topic, shelf->partition, &next, &ignored);
    pthread_mutex_lock(&query->lock);
    if (st == LF_OK)
        lf_query_moved(query, shelf->topic, shelf->partition, next);
    return st == LF_OK;
}

/* Under lock, but while asking. Shelves neither move nor go while this runs. */
static void
look(struct worker *worker, int64_t now_ns)
{
    struct lf_query *query = worker->query;
    query->looking = true;
    query->look_due_ns = now_ns + look_interval_ns(query, now_ns);
    for (size_t i = 0; i < query->shelves.count && !query->closing; i++) {
        const struct lf_shelf *shelf = query->shelves.items[i];
        if (shelf->jobs.count == 0 || look_at(worker, shelf))
            continue;
        query->look_due_ns = lf_clock_mono_ns() + (int64_t)AWAY_MS * 1000000;
        break;
    }
    query->looking = false;
}

/* ---- the thread ---- */

static bool
must_look(const struct lf_query *query, int64_t now_ns)
{
    return query->shelves.waiting != 0 && !query->looking && now_ns >= query->look_due_ns;
}

/* When an idle worker must wake: for a deadline, or for a look that nobody else is at. */
static int64_t
next_ns(const struct lf_query *query)
{
    if (query->shelves.waiting == 0)
        return INT64_MAX;
    if (query->looking || query->shelves.earliest_ns < query->look_due_ns)
        return query->shelves.earliest_ns;
    return query->look_due_ns;
}

static void
turn(struct worker *worker)
{
    struct lf_query *query = worker->query;
    int64_t now_ns = lf_clock_mono_ns();
    lf_query_expire(query, now_ns);
    if (must_look(query, now_ns)) {
        look(worker, now_ns);
        return;
    }
    struct lf_query_job *job = take(query);
    if (job == NULL) {
        wait_until(query, next_ns(query));
        return;
    }
    if (query->shelves.waiting != 0)
        pthread_cond_signal(&query->changed); /* somebody else may have to look meanwhile */
    work(worker, job);
}

void *
lf_query_worker(void *arg)
{
    struct worker worker = {.query = arg};
    pthread_mutex_lock(&worker.query->lock);
    while (!worker.query->closing)
        turn(&worker);
    pthread_mutex_unlock(&worker.query->lock);
    if (worker.session != NULL)
        lf_store_session_close(worker.session);
    return NULL;
}
