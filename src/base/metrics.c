/* The metrics registry. */
#include "base/metrics.h"
#include "base/mem.h"

#include <pthread.h>
#include <string.h>

enum kind { COUNTER, GAUGE, HISTOGRAM };

struct entry {
    struct entry *next;
    enum kind kind;
    const char *help;
    char *name;
    char *labels;
    struct lf_metric metric;
    struct lf_histogram histogram;
};

static const double latency_bounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                        0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *first, **last = &first;
static struct entry fallback = {.histogram = {.bounds = latency_bounds}};

static struct entry *
make_entry(enum kind kind, const char *name, const char *labels, const char *help)
{
    struct entry *entry = lf_calloc(1, sizeof(*entry));
    char *name_copy = lf_strdup(name);
    char *labels_copy = lf_strdup(labels);
    if (entry == NULL || name_copy == NULL || labels_copy == NULL) {
        lf_free(entry);
        lf_free(name_copy);
        lf_free(labels_copy);
        return &fallback;
    }
    entry->kind = kind;
    entry->help = help;
    entry->name = name_copy;
    entry->labels = labels_copy;
    entry->histogram.bounds = latency_bounds;
    entry->histogram.bound_count = sizeof(latency_bounds) / sizeof(latency_bounds[0]);
    *last = entry;
    last = &entry->next;
    return entry;
}

static struct entry *
find_or_make(enum kind kind, const char *name, const char *labels, const char *help)
{
    if (labels == NULL)
        labels = "";
    pthread_mutex_lock(&lock);
    struct entry *entry = first;
    while (entry != NULL && (strcmp(entry->name, name) != 0 || strcmp(entry->labels, labels) != 0))
        entry = entry->next;
    if (entry == NULL)
        entry = make_entry(kind, name, labels, help);
    pthread_mutex_unlock(&lock);
    return entry;
}

struct lf_metric *
lf_metrics_counter(const char *name, const char *labels, const char *help)
{
    return &find_or_make(COUNTER, name, labels, help)->metric;
}

struct lf_metric *
lf_metrics_gauge(const char *name, const char *labels, const char *help)
{
    return &find_or_make(GAUGE, name, labels, help)->metric;
}

struct lf_histogram *
lf_metrics_histogram(const char *name, const char *labels, const char *help)
{
    return &find_or_make(HISTOGRAM, name, labels, help)->histogram;
}

void
lf_histogram_observe_us(struct lf_histogram *histogram, int64_t us)
{
    size_t i = 0;
    if (us < 0)
        us = 0;
    while (i < histogram->bound_count && (double)us > histogram->bounds[i] * 1e6)
        i++;
    atomic_fetch_add_explicit(&histogram->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)us, memory_order_relaxed);
}

static void
render_histogram(struct lf_buf *out, const struct entry *entry)
{
    const struct lf_histogram *h = &entry->histogram;
    const char *comma = entry->labels[0] != '\0' ? "," : "";
    uint64_t total = 0;
    for (size_t i = 0; i <= h->bound_count; i++) {
        total += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
        if (i < h->bound_count)
            lf_buf_printf(out, "%s_bucket{%s%sle=\"%g\"} ", entry->name, entry->labels, comma, h->bounds[i]);
        else
            lf_buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} ", entry->name, entry->labels, comma);
        lf_buf_add_u64(out, total);
        lf_buf_add_char(out, '\n');
    }
    const char *open = entry->labels[0] != '\0' ? "{" : "";
    const char *close = entry->labels[0] != '\0' ? "}" : "";
    double sum = (double)atomic_load_explicit(&h->sum_us, memory_order_relaxed) / 1e6;
    lf_buf_printf(out, "%s_sum%s%s%s %.6f\n", entry->name, open, entry->labels, close, sum);
    lf_buf_printf(out, "%s_count%s%s%s %llu\n", entry->name, open, entry->labels, close, (unsigned long long)total);
}

static void
render_entry(struct lf_buf *out, const struct entry *entry)
{
    if (entry->kind == HISTOGRAM) {
        render_histogram(out, entry);
        return;
    }
    lf_buf_add_text(out, entry->name);
    if (entry->labels[0] != '\0')
        lf_buf_printf(out, "{%s}", entry->labels);
    lf_buf_add_char(out, ' ');
    lf_buf_add_i64(out, lf_metric_get(&entry->metric));
    lf_buf_add_char(out, '\n');
}

static bool
is_first_of_name(const struct entry *entry)
{
    for (const struct entry *other = first; other != entry; other = other->next) {
        if (strcmp(other->name, entry->name) == 0)
            return false;
    }
    return true;
}

void
lf_metrics_render(struct lf_buf *out)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    pthread_mutex_lock(&lock);
    for (const struct entry *entry = first; entry != NULL; entry = entry->next) {
        if (!is_first_of_name(entry))
            continue;
        lf_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", entry->name, entry->help, entry->name, kinds[entry->kind]);
        for (const struct entry *same = entry; same != NULL; same = same->next) {
            if (strcmp(same->name, entry->name) == 0)
                render_entry(out, same);
        }
    }
    pthread_mutex_unlock(&lock);
}
