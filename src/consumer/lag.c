/* How far the log goes beyond the positions: asked from time to time, for health and metrics. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/report.h"
#include "consumer/loop.h"

#include <stdio.h>

enum {
    LAG_EVERY_MS = 1000,
    LAG_EVERY_MS_FAILED = 10000,
    LAG_TIMEOUT_MS = 1000,
    LAG_PARTITIONS_MAX = 1024, /* of one topic */
};

static void
note_end(struct lf_consumer *consumer, struct lf_bytes topic, const struct lf_log_range *range)
{
    struct lf_partition *partition = lf_positions_find(&consumer->positions, topic, range->partition);
    if (partition == NULL)
        return;
    partition->oldest = range->first;
    partition->end = range->next;
}

/* Keys may have another partition from now on than before: a person may want to know. The first worker says it. */
static void
note_count(struct lf_consumer *consumer, size_t topic, size_t count)
{
    size_t *seen = &consumer->partitions_seen[topic];
    char from[24], to[24];
    snprintf(from, sizeof(from), "%zu", *seen);
    snprintf(to, sizeof(to), "%zu", count);
    if (*seen != 0 && count > *seen && consumer->options.worker == 0)
        lf_report(LF_WARN, "partitions were added: new events of a key may be worked off before its older ones",
                  "topic", consumer->options.topics[topic].ptr, "from", from, "to", to, NULL);
    *seen = count;
}

static enum lf_status
ask_topic(struct lf_consumer *consumer, size_t topic, int64_t timeout_ms, struct lf_err *err)
{
    size_t count = 0;
    struct lf_log_range *ranges = lf_calloc(LAG_PARTITIONS_MAX, sizeof(*ranges));
    if (ranges == NULL)
        return lf_no_memory(err);
    enum lf_status st = lf_log_ranges(consumer->options.log, consumer->options.topics[topic], ranges,
                                      LAG_PARTITIONS_MAX, &count, timeout_ms, err);
    for (size_t i = 0; st == LF_OK && i < count && i < LAG_PARTITIONS_MAX; i++)
        note_end(consumer, consumer->options.topics[topic], &ranges[i]);
    if (st == LF_OK)
        note_count(consumer, topic, count);
    lf_free(ranges);
    return st;
}

enum lf_status
lf_lag_ask(struct lf_consumer *consumer, int64_t timeout_ms, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < consumer->options.topic_count; i++)
        st = ask_topic(consumer, i, timeout_ms, err);
    return st;
}

/* -1: the end is not known. */
static int64_t
lag_of(const struct lf_partition *partition)
{
    int64_t at = partition->stored >= 0 ? partition->stored : partition->oldest;
    if (partition->end < 0)
        return -1;
    return partition->end > at ? partition->end - at : 0;
}

void
lf_lag_publish(struct lf_consumer *consumer)
{
    int64_t total = 0;
    for (size_t i = 0; i < consumer->positions.count; i++) {
        struct lf_partition *partition = consumer->positions.items[i];
        if (!partition->assigned)
            continue;
        int64_t lag = lag_of(partition);
        total = lag < 0 || total < 0 ? -1 : total + lag;
        if (partition->lag == NULL)
            partition->lag = lf_meter_lag(partition->topic, partition->number);
        lf_metric_set(partition->lag, lag);
    }
    atomic_store_explicit(&consumer->meter.lag, total, memory_order_relaxed);
}

void
lf_lag_measure(struct lf_consumer *consumer)
{
    struct lf_err ignored;
    int64_t now = lf_clock_mono_ns();
    if (now < consumer->lag_due_ns)
        return;
    bool ok = lf_lag_ask(consumer, LAG_TIMEOUT_MS, &ignored) == LF_OK;
    consumer->lag_due_ns = lf_clock_mono_ns() + (int64_t)(ok ? LAG_EVERY_MS : LAG_EVERY_MS_FAILED) * 1000000;
    if (ok)
        lf_lag_publish(consumer);
    else
        atomic_store_explicit(&consumer->meter.lag, -1, memory_order_relaxed);
}
