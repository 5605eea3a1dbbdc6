/* The consumer's own parts, between loop.c (one turn) and thread.c (turn after turn). */
#ifndef LF_CONSUMER_LOOP_H
#define LF_CONSUMER_LOOP_H

#include "consumer/batch.h"

struct lf_consumer {
    struct lf_consumer_options options; /* its texts are copies in texts */
    struct lf_arena texts;
    struct lf_gate gate; /* opened by stop */
    struct lf_meter meter;
    struct lf_positions positions;
    struct lf_dlq dlq;
    struct lf_batch batch;
    struct lf_backoff backoff;
    struct lf_store_session *session; /* NULL: not open yet */
    struct lf_log_reader *reader;     /* NULL: not open yet; set under lock */
    size_t topics_ensured;
    size_t records_max;           /* of the next batch: less while memory is short */
    int64_t lag_due_ns;           /* when to ask for the end of the log again */
    int64_t told_ns[LF_PARTNERS]; /* when the operator was told last that it is waited for; 0: it is not */
    size_t dead_untold;           /* dead letters that the operator does not know of yet */
    int64_t dead_told_ns;         /* when the operator was told of dead letters last */
    bool log_answers;             /* the latest read went well */
    size_t *partitions_seen;      /* of each topic */
    int corrupt_reads;            /* in a row, and nothing of this consumer's was found to be the reason */
    bool cannot_assign;           /* the store did not answer when the log asked for a position */
    enum lf_partner away;         /* who it is when something is being waited for */
    uint64_t held_answers;        /* of the registry, when held partitions were last looked at */
    /* thread.c */
    pthread_mutex_t lock;    /* reader */
    struct lf_gate finished; /* opened by the thread's end */
    bool started;
    pthread_t thread;
    void (*ready)(void *ctx);
    void (*failed)(void *ctx, const struct lf_err *err);
    void *ctx;
};

/* Tells the operator, at most once a minute, that the partner is waited for, and where. place may be NULL. */
void lf_consumer_tell_wait(struct lf_consumer *consumer, enum lf_partner partner, const char *place,
                           const struct lf_err *err);

/* ---- lag.c ---- */

/* Asks where the partitions begin and end: in oldest and end of those that are assigned. */
LF_NODISCARD enum lf_status lf_lag_ask(struct lf_consumer *consumer, int64_t timeout_ms, struct lf_err *err);
/* The same when it is due, and publishes it. */
void lf_lag_measure(struct lf_consumer *consumer);
void lf_lag_publish(struct lf_consumer *consumer);

/* ---- surprise.c ---- */

/* A partition has been assigned, to go on at *next: looks for an event stored from shortly before, whose record is to
 * be read first, and moves *next back to it. */
LF_NODISCARD enum lf_status lf_surprise_watch(struct lf_consumer *consumer, struct lf_bytes topic, int32_t number,
                                              int64_t *next, struct lf_err *err);
/* The log has said LF_CORRUPT, in err: are positions outside the log? LF_OK: the policy has dealt with it. */
LF_NODISCARD enum lf_status lf_surprise_meet(struct lf_consumer *consumer, struct lf_err *err);
/* A log that ends at or before the witness brings neither a record nor an error: call now and then. */
LF_NODISCARD enum lf_status lf_surprise_silence(struct lf_consumer *consumer, struct lf_err *err);
/* Records have come: are they those that the store knows? Of partitions in doubt afterwards the batch takes nothing. */
LF_NODISCARD enum lf_status lf_surprise_check(struct lf_consumer *consumer, const struct lf_log_batch *read,
                                              struct lf_err *err);

#endif
