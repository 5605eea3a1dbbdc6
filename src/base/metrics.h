/*
 * Counters, gauges and histograms in the Prometheus text format (version 0.0.4). Rooms register what they count once
 * and keep the pointer; updates are atomic and cheap from any thread. Registered metrics live as long as the process.
 */
#ifndef LF_BASE_METRICS_H
#define LF_BASE_METRICS_H

#include "base/buf.h"

#include <stdatomic.h>

enum { LF_HISTOGRAM_BUCKETS_MAX = 20 };

struct lf_metric {
    _Atomic(int64_t) value; /* counter or gauge */
};

struct lf_histogram {
    const double *bounds; /* upper bounds in seconds, ascending; static */
    size_t bound_count;
    _Atomic(uint64_t) counts[LF_HISTOGRAM_BUCKETS_MAX + 1]; /* the last is +Inf */
    _Atomic(uint64_t) sum_us;
};

/* Finds or makes a metric by name and labels (labels: "topic=\"t\",partition=\"0\"" or ""). Never NULL: when memory
 * runs out a shared, unrendered metric is returned. help is static text. */
struct lf_metric *lf_metrics_counter(const char *name, const char *labels, const char *help);
struct lf_metric *lf_metrics_gauge(const char *name, const char *labels, const char *help);
/* Latency buckets from 100 us to 10 s. */
struct lf_histogram *lf_metrics_histogram(const char *name, const char *labels, const char *help);

static inline void
lf_metric_add(struct lf_metric *metric, int64_t n)
{
    atomic_fetch_add_explicit(&metric->value, n, memory_order_relaxed);
}
static inline void
lf_metric_set(struct lf_metric *metric, int64_t value)
{
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}
static inline int64_t
lf_metric_get(const struct lf_metric *metric)
{
    return atomic_load_explicit(&metric->value, memory_order_relaxed);
}
void lf_histogram_observe_us(struct lf_histogram *histogram, int64_t us);

/* Appends the whole registry, grouped by name with # HELP and # TYPE lines. */
void lf_metrics_render(struct lf_buf *out);

#endif
