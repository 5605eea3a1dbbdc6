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
    size_t records_max;   /* of the next batch: less while memory is short */
    int64_t lag_due_ns;   /* when to ask for the end of the log again */
    int64_t told_ns;      /* when the operator was told last that something is away */
    size_t dead_untold;   /* dead letters that the operator does not know of yet */
    int64_t dead_told_ns; /* when the operator was told of dead letters last */
    bool log_answers;     /* the latest read went well */
    bool cannot_assign;   /* the store did not answer when the log asked for a position */
    enum lf_partner away; /* who it is when something is being waited for */
    /* thread.c */
    pthread_mutex_t lock;    /* reader */
    struct lf_gate finished; /* opened by the thread's end */
    bool started;
    pthread_t thread;
    void (*ready)(void *ctx);
    void (*failed)(void *ctx, const struct lf_err *err);
    void *ctx;
};

#endif
