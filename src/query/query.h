/*
 * Reading, off the gateway's loop: jobs run on a few threads with sessions of their own; results come back through a
 * wake and lf_query_poll() on the owner's thread.
 */
#ifndef LF_QUERY_QUERY_H
#define LF_QUERY_QUERY_H

#include "base/wake.h"
#include "store/store.h"

struct lf_query;

enum lf_query_kind {
    LF_QUERY_ENTITY,
    LF_QUERY_LIST,
    LF_QUERY_EVENT,
    LF_QUERY_AWAIT,
    LF_QUERY_AS_OF,   /* an entity as it was */
    LF_QUERY_HISTORY, /* its events, each with the state after it */
    LF_QUERY_KINDS
};

/* A question and its answer. Made by lf_query_job_new(), owned by the caller, lent to lf_query between submit and done.
 * Everything in the answer lives in arena, which goes with the job. */
struct lf_query_job {
    enum lf_query_kind kind;
    struct lf_arena arena; /* for the question's parts too; not touched by the owner while lent */
    /* question */
    const struct lf_entity *entity; /* ENTITY, AS_OF, HISTORY; LIST (in list) */
    struct lf_bytes key;            /* ENTITY, AS_OF, HISTORY */
    struct lf_list_query list;      /* LIST; HISTORY: its first and after */
    struct lf_bytes event_id;       /* EVENT, AWAIT; AS_OF: up to and with this one; ptr NULL: up to until_us */
    int64_t until_us;               /* AS_OF: before the first event that happened later */
    struct lf_place place;          /* AWAIT: where the event was logged */
    int64_t timeout_ms;             /* AWAIT */
    /* answer */
    enum lf_status status;
    struct lf_err err;
    struct lf_value value;             /* ENTITY, AS_OF; LF_V_NULL: there is, or was, none (status LF_OK) */
    struct lf_list_result result;      /* LIST, HISTORY */
    struct lf_value *states;           /* HISTORY: after each event of the result; LF_V_NULL: none */
    struct lf_stored_event stored;     /* EVENT; status LF_NOT_FOUND: none */
    enum lf_event_status event_status; /* AWAIT: what was reached: LOGGED, STORED or DEAD_LETTERED */
    /* the owner's */
    void (*done)(struct lf_query_job *job, void *user); /* on the owner's thread, from lf_query_poll() */
    void *user;
    struct lf_query_job *next; /* private */
    int64_t submitted_ns;      /* private */
    int64_t deadline_ns;       /* private */
};

struct lf_query_options {
    struct lf_store *store;
    struct lf_bytes group; /* whose position LF_QUERY_AWAIT looks at */
    size_t threads;        /* 0: 2 */
    size_t queue_max;      /* waiting jobs at most; 0: 10,000 */
    struct lf_wake wake;   /* there is something to poll */
};

LF_NODISCARD enum lf_status lf_query_open(const struct lf_query_options *options, struct lf_query **ret,
                                          struct lf_err *err);
/* Jobs not done get status LF_CLOSED, in this call. */
void lf_query_close(struct lf_query *query);

struct lf_query_job *lf_query_job_new(enum lf_query_kind kind); /* NULL: out of memory */
void lf_query_job_free(struct lf_query_job *job);

/* Lends the job; done comes later, exactly once, from lf_query_poll(). LF_AGAIN: too many waiting. A store that is away
 * gives status LF_UNAVAILABLE after a short retry, never a hang; a shortage of memory that lasts as long, LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_query_submit(struct lf_query *query, struct lf_query_job *job, struct lf_err *err);
/* Runs done of what is finished, and of AWAITs whose time is over. Returns how many. On the owner's thread. */
size_t lf_query_poll(struct lf_query *query);

/* The consumer of the same process has committed: AWAITs look again. Thread-safe, cheap when none wait. Without it (a
 * consumer elsewhere) AWAITs look every few milliseconds. */
void lf_query_committed(struct lf_query *query, struct lf_bytes topic, int32_t partition, int64_t next);

#endif
