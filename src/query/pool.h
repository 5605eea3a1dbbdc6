/* The inside of struct lf_query: its queue, its workers, its waiting AWAITs. Everything shared is under lock. */
#ifndef LF_QUERY_POOL_H
#define LF_QUERY_POOL_H

#include "base/metrics.h"
#include "query/query.h"

#include <pthread.h>
#include <stdatomic.h>

enum { LF_QUERY_THREADS_MAX = 64 };

/* A queue of jobs, first in, first out. */
struct lf_jobs {
    struct lf_query_job *first;
    struct lf_query_job **last; /* points into itself while empty: never copy */
    size_t count;
};
void lf_jobs_init(struct lf_jobs *jobs);
void lf_jobs_add(struct lf_jobs *jobs, struct lf_query_job *job);
struct lf_query_job *lf_jobs_take(struct lf_jobs *jobs); /* NULL: empty */
/* Moves all of from to the end of jobs. */
void lf_jobs_move(struct lf_jobs *jobs, struct lf_jobs *from);

/*
 * AWAITs that wait, by partition: from submit on each lies on its partition's shelf. Workers look at the positions of
 * shelves that are not empty; the consumer's commits are heard directly. A job comes down when the position has
 * passed it, to be looked up by a worker, or when its time is over.
 */
struct lf_shelf {
    struct lf_bytes topic; /* own copy */
    int32_t partition;
    struct lf_jobs jobs;
    int64_t next; /* the highest position known; never back: what has been reached stays reached */
};
struct lf_shelves {
    struct lf_shelf **items;
    size_t count;
    size_t cap;
    size_t waiting;      /* jobs on all shelves */
    int64_t earliest_ns; /* no deadline is before; INT64_MAX when none waits */
};
void lf_shelves_init(struct lf_shelves *shelves);
void lf_shelves_release(struct lf_shelves *shelves); /* must be empty */
/* Is the job's event known to be below its partition's position? */
bool lf_shelves_reached(const struct lf_shelves *shelves, const struct lf_place *place);
/* Makes the shelf of a partition, if there is none. False: out of memory. */
bool lf_shelves_make(struct lf_shelves *shelves, struct lf_bytes topic, int32_t partition);
/* The shelf must be there. */
void lf_shelves_put(struct lf_shelves *shelves, struct lf_query_job *job);
/* The position of a partition is next: moves the jobs that this reaches to the end of ready. */
void lf_shelves_moved(struct lf_shelves *shelves, struct lf_bytes topic, int32_t partition, int64_t next,
                      struct lf_jobs *ready);
/* Moves the jobs whose deadline is not after now to the end of expired (INT64_MAX: all). */
void lf_shelves_expire(struct lf_shelves *shelves, int64_t now_ns, struct lf_jobs *expired);

struct lf_query {
    struct lf_store *store;
    struct lf_bytes group; /* own copy */
    struct lf_wake wake;
    size_t queue_max;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct lf_jobs queue;   /* questions to be worked, in order */
    struct lf_jobs reached; /* AWAITs whose event the position has passed: what became of it? */
    struct lf_shelves shelves;
    struct lf_jobs done; /* to be handed back by lf_query_poll() */
    bool reached_next;   /* whose turn it is, of queue and reached */
    bool closing;
    bool looking;          /* a worker is looking at positions */
    int64_t look_due_ns;   /* when positions are to be looked at again */
    int64_t heard_ns;      /* when lf_query_committed() was called last; INT64_MIN: never */
    int64_t away_until_ns; /* the store does not answer: jobs fail at once until then */

    atomic_size_t awaiting; /* AWAITs between submit and done; seq_cst: see lf_query_committed() */

    pthread_t threads[LF_QUERY_THREADS_MAX];
    size_t thread_count;
    struct lf_histogram *latency[LF_QUERY_KINDS]; /* by kind */
};

/* The thread of one worker; arg is the struct lf_query. */
void *lf_query_worker(void *arg);
/* Under lock: AWAITs whose time is over are done: logged is what they have reached. */
void lf_query_expire(struct lf_query *query, int64_t now_ns);
/* Under lock: a position was heard of. */
void lf_query_moved(struct lf_query *query, struct lf_bytes topic, int32_t partition, int64_t next);
/* Under lock: the job goes to the done. */
void lf_query_finish(struct lf_query *query, struct lf_query_job *job);

#endif
