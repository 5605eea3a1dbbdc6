/* What the consumer counts: metrics of the process, and the consumer's own totals for lf_consumer_state(). */
#ifndef LF_CONSUMER_METER_H
#define LF_CONSUMER_METER_H

#include "base/metrics.h"
#include "consumer/consumer.h"

struct lf_meter {
    /* this consumer's; written by its thread, read by any */
    atomic_bool running, store_away, log_away;
    _Atomic(int64_t) applied, duplicates, dead_letters, lag, held;
    /* the process's */
    struct lf_metric *events, *duplicate_events, *skipped, *records, *batches, *batch_records, *retries, *fenced;
    struct lf_metric *assigned, *revoked;
    struct lf_metric *store_gauge, *log_gauge, *held_gauge;
    struct lf_histogram *commit, *batch, *visible;
};

/* What one batch came to. */
struct lf_tally {
    size_t records; /* handed out by the log */
    size_t stored;
    size_t duplicates;
    size_t skipped; /* unknown, by policy */
    size_t dead;
    const char *dead_code; /* of the last dead one */
    struct lf_place dead_place;
};

void lf_meter_init(struct lf_meter *meter);
/* Takes back what the process's gauges have of this consumer. */
void lf_meter_release(struct lf_meter *meter);
void lf_meter_batch(struct lf_meter *meter, const struct lf_tally *tally);
void lf_meter_dead(const char *code);
void lf_meter_away(struct lf_meter *meter, bool log, bool store);
void lf_meter_held(struct lf_meter *meter, size_t partitions);
struct lf_metric *lf_meter_lag(struct lf_bytes topic, int32_t partition);
void lf_meter_state(struct lf_meter *meter, struct lf_consumer_state *ret);

#endif
