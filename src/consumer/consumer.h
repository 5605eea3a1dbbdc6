/*
 * Stage 2: record -> decode -> check -> deduplicate -> apply -> commit. Reads the log in batches from the position that
 * the store holds, and commits events, entity state, dead letters and the new position in one transaction.
 */
#ifndef LF_CONSUMER_CONSUMER_H
#define LF_CONSUMER_CONSUMER_H

#include "codec/codec.h"
#include "log/log.h"
#include "store/store.h"

struct lf_consumer;

/* What to do when the log is not what the position says. */
enum lf_surprise_policy {
    LF_SURPRISE_STOP,  /* a person decides */
    LF_SURPRISE_GO_ON, /* as each case says; it is told and recorded */
};

enum lf_unknown_events { LF_UNKNOWN_STORE, LF_UNKNOWN_SKIP, LF_UNKNOWN_DEAD_LETTER };

struct lf_consumer_options {
    const struct lf_model *model;
    struct lf_log *log;
    struct lf_store *store;
    struct lf_codec_options codec;
    const struct lf_bytes *topics;
    size_t topic_count;
    const char *group;
    const char *instance_id; /* NULL: none */
    enum lf_unknown_events unknown_events;
    enum lf_surprise_policy on_deleted;   /* records deleted before they were read; go on: with the oldest kept */
    enum lf_surprise_policy on_truncated; /* the log ends before the position; go on: with what comes after its end */
    enum lf_surprise_policy on_recreated; /* other records than were stored; go on: with the first of them */
    size_t worker, workers;               /* which of how many that share the log's reader; workers 0: alone */
    size_t batch_records;                 /* 0: lf_consumer_batch_records() */
    size_t batch_bytes;                   /* 0: LF_BATCH_BYTES_MAX */
    int64_t retry_min_ms;                 /* 0: 50 */
    int64_t retry_max_ms;                 /* 0: 5,000 */
    /* After each commit, once a partition moved: on the consumer's thread; must be quick. NULL: nobody listens. */
    void (*committed)(void *ctx, struct lf_bytes topic, int32_t partition, int64_t next);
    void *ctx;
};

/* How many records a transaction takes at most: LF_BATCH_RECORDS_MAX where the options do not say. */
size_t lf_consumer_batch_records(const struct lf_consumer_options *options);

/* One consumer. Runs nothing yet. */
LF_NODISCARD enum lf_status lf_consumer_new(const struct lf_consumer_options *options, struct lf_consumer **ret,
                                            struct lf_err *err);
/* One turn: read a batch (waiting at most timeout_ms), work it off whole. LF_OK also when there was nothing. A failure
 * with fate RETRY has changed nothing and is waited for inside, with backoff and jitter, the log's group served
 * meanwhile, unless single is true (simulation, tests): then it is returned. Others stop the consumer. */
LF_NODISCARD enum lf_status lf_consumer_step(struct lf_consumer *consumer, int64_t timeout_ms, bool single,
                                             struct lf_err *err);
/* A thread of its own that steps until stopped. ready (may be NULL) is called on that thread once the log answers and
 * partitions are assigned or found; failed (may be NULL) when it has stopped for a reason that needs a person. */
LF_NODISCARD enum lf_status lf_consumer_start(struct lf_consumer *consumer, void (*ready)(void *ctx),
                                              void (*failed)(void *ctx, const struct lf_err *err), void *ctx,
                                              struct lf_err *err);
/* Finishes the batch in work, joins the thread. */
void lf_consumer_stop(struct lf_consumer *consumer);
void lf_consumer_free(struct lf_consumer *consumer);

/* What health and metrics ask; thread-safe. */
struct lf_consumer_state {
    bool running;
    bool store_away; /* waiting for the store */
    bool log_away;
    int64_t applied; /* events stored since the start */
    int64_t duplicates;
    int64_t dead_letters;
    int64_t lag; /* records behind the end of the log in assigned partitions; -1: unknown */
};
void lf_consumer_state(struct lf_consumer *consumer, struct lf_consumer_state *ret);

#endif
