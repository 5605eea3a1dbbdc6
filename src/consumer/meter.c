/* Metrics of the consumer. */
#include "consumer/meter.h"

#include <inttypes.h>
#include <stdio.h>

void
lf_meter_init(struct lf_meter *meter)
{
    *meter = (struct lf_meter){
        .events = lf_metrics_counter("logfirst_consumer_events_total", "", "Events stored."),
        .duplicate_events =
            lf_metrics_counter("logfirst_consumer_duplicates_total", "", "Records whose event was stored already."),
        .skipped = lf_metrics_counter("logfirst_consumer_skipped_total", "",
                                      "Records of event types unknown to the schema, skipped as configured."),
        .records = lf_metrics_counter("logfirst_consumer_records_total", "", "Records read from the log."),
        .batches = lf_metrics_counter("logfirst_consumer_batches_total", "", "Batches committed."),
        .batch_records = lf_metrics_gauge("logfirst_consumer_batch_records", "", "Records in the latest batch."),
        .retries = lf_metrics_counter("logfirst_consumer_retries_total", "",
                                      "Times that the log or the store was waited for."),
        .fenced = lf_metrics_counter("logfirst_consumer_fenced_total", "",
                                     "Batches given up because another consumer had moved the position."),
        .assigned =
            lf_metrics_counter("logfirst_consumer_assignments_total", "", "Partitions that came to be worked off."),
        .revoked = lf_metrics_counter("logfirst_consumer_revocations_total", "", "Partitions that were taken away."),
        .store_gauge = lf_metrics_gauge("logfirst_consumer_store_away", "", "Workers that wait for the store."),
        .log_gauge = lf_metrics_gauge("logfirst_consumer_log_away", "", "Workers that wait for the log."),
        .held_gauge = lf_metrics_gauge("logfirst_consumer_held_partitions", "",
                                       "Partitions whose next record waits for its schema, or as a dead letter for "
                                       "the log to take it."),
        .commit = lf_metrics_histogram("logfirst_consumer_commit_seconds", "", "Time of one commit in the store."),
        .batch = lf_metrics_histogram("logfirst_consumer_batch_seconds", "",
                                      "Time of one batch, from its records to the commit."),
        .visible = lf_metrics_histogram("logfirst_event_stored_seconds", "",
                                        "Time from an event's being logged to its being stored."),
    };
    atomic_store_explicit(&meter->lag, -1, memory_order_relaxed);
}

static void
add(_Atomic(int64_t) *total, size_t n)
{
    atomic_fetch_add_explicit(total, (int64_t)n, memory_order_relaxed);
}

void
lf_meter_batch(struct lf_meter *meter, const struct lf_tally *tally)
{
    add(&meter->applied, tally->stored);
    add(&meter->duplicates, tally->duplicates);
    add(&meter->dead_letters, tally->dead);
    lf_metric_add(meter->events, (int64_t)tally->stored);
    lf_metric_add(meter->duplicate_events, (int64_t)tally->duplicates);
    lf_metric_add(meter->skipped, (int64_t)tally->skipped);
    lf_metric_add(meter->records, (int64_t)tally->records);
    lf_metric_add(meter->batches, 1);
    lf_metric_set(meter->batch_records, (int64_t)tally->records);
}

void
lf_meter_dead(const char *code)
{
    char labels[64];
    snprintf(labels, sizeof(labels), "code=\"%s\"", code);
    lf_metric_add(
        lf_metrics_counter("logfirst_consumer_dead_letters_total", labels, "Records dead-lettered, by cause."), 1);
}

void
lf_meter_away(struct lf_meter *meter, bool log, bool store)
{
    bool log_was = atomic_exchange_explicit(&meter->log_away, log, memory_order_relaxed);
    bool store_was = atomic_exchange_explicit(&meter->store_away, store, memory_order_relaxed);
    lf_metric_add(meter->log_gauge, (int64_t)log - log_was);
    lf_metric_add(meter->store_gauge, (int64_t)store - store_was);
}

void
lf_meter_held(struct lf_meter *meter, size_t partitions)
{
    int64_t were = atomic_exchange_explicit(&meter->held, (int64_t)partitions, memory_order_relaxed);
    lf_metric_add(meter->held_gauge, (int64_t)partitions - were);
}

void
lf_meter_release(struct lf_meter *meter)
{
    lf_meter_away(meter, false, false);
    lf_meter_held(meter, 0);
}

struct lf_metric *
lf_meter_lag(struct lf_bytes topic, int32_t partition)
{
    char labels[320];
    snprintf(labels, sizeof(labels), "topic=\"%.*s\",partition=\"%" PRId32 "\"", LF_FMT(topic), partition);
    return lf_metrics_gauge("logfirst_consumer_lag", labels, "Records between the position and the end of the log.");
}

void
lf_meter_state(struct lf_meter *meter, struct lf_consumer_state *ret)
{
    *ret = (struct lf_consumer_state){
        .running = atomic_load_explicit(&meter->running, memory_order_relaxed),
        .store_away = atomic_load_explicit(&meter->store_away, memory_order_relaxed),
        .log_away = atomic_load_explicit(&meter->log_away, memory_order_relaxed),
        .applied = atomic_load_explicit(&meter->applied, memory_order_relaxed),
        .duplicates = atomic_load_explicit(&meter->duplicates, memory_order_relaxed),
        .dead_letters = atomic_load_explicit(&meter->dead_letters, memory_order_relaxed),
        .lag = atomic_load_explicit(&meter->lag, memory_order_relaxed),
    };
}
