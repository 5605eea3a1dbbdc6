/* Scans: a reader of all partitions, from which only the ranges asked for are handed on. */
#include "server/scan.h"
#include "base/clock.h"
#include "base/mem.h"

enum {
    READ_MS = 500,
    QUIET_MS = 5000,
    PATIENCE_MS = 60000,
    PARTITIONS_MAX = 100000,
};

static struct lf_scan_range *
range_of(const struct lf_scan *scan, int32_t partition)
{
    for (size_t i = 0; i < scan->range_count; i++) {
        if (scan->ranges[i].partition == partition)
            return &scan->ranges[i];
    }
    return NULL;
}

/* Partitions that are not asked for begin at their end. */
static enum lf_status
assigned(void *ctx, struct lf_bytes topic, int32_t partition, int64_t *next, struct lf_err *err)
{
    const struct lf_scan_range *range = range_of(ctx, partition);
    (void)topic;
    (void)err;
    if (range != NULL && range->next < range->end)
        *next = range->next;
    return LF_OK;
}

static bool
is_done(const struct lf_scan *scan)
{
    for (size_t i = 0; i < scan->range_count; i++) {
        if (scan->ranges[i].next < scan->ranges[i].end)
            return false;
    }
    return true;
}

/* Leaves the records of the ranges in the batch. */
static void
sift(const struct lf_scan *scan, struct lf_log_batch *batch)
{
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct lf_record *record = &batch->records[i];
        struct lf_scan_range *range = range_of(scan, record->partition);
        if (range == NULL || record->offset < range->next || range->next >= range->end)
            continue;
        range->next = record->offset + 1;
        if (record->offset < range->end)
            batch->records[kept++] = *record;
    }
    batch->count = kept;
}

static enum lf_status
read_all(const struct lf_scan *scan, struct lf_log_reader *reader, struct lf_err *err)
{
    int64_t heard_ms = lf_clock_mono_ms(), answered_ms = heard_ms;
    while (!is_done(scan)) {
        struct lf_log_batch batch = {0};
        struct lf_err why = {0};
        enum lf_status st = lf_log_read(reader, scan->records_max, scan->bytes_max, READ_MS, &batch, &why);
        int64_t now_ms = lf_clock_mono_ms();
        bool away = st != LF_OK && lf_status_fate(st) == LF_FATE_RETRY && now_ms - answered_ms < PATIENCE_MS;
        if (st != LF_OK && !away)
            return lf_fail(err, st, "%s", why.text);
        sift(scan, &batch);
        if (away)
            lf_clock_sleep_ms(READ_MS);
        else
            answered_ms = now_ms;
        if (away || batch.count != 0)
            heard_ms = now_ms;
        else if (now_ms - heard_ms >= QUIET_MS)
            return LF_OK;
        st = scan->take(scan->ctx, batch.records, batch.count, err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

enum lf_status
lf_scan(const struct lf_scan *scan, struct lf_err *err)
{
    union {
        const struct lf_scan *scan;
        void *ctx; /* the callback only looks */
    } self = {.scan = scan};
    const struct lf_log_reader_options options = {
        .topics = &scan->topic, .topic_count = 1, .start = LF_RESET_LATEST, .assigned = assigned, .ctx = self.ctx};
    struct lf_log_reader *reader = NULL;
    if (is_done(scan))
        return LF_OK;
    enum lf_status st = lf_log_reader_open(scan->log, &options, &reader, err);
    if (st == LF_OK)
        st = read_all(scan, reader, err);
    lf_log_reader_close(reader);
    return st;
}

/* A topic made just now, or a broker that moves, is waited for. */
static enum lf_status
ask_ranges(struct lf_log *log, struct lf_bytes topic, struct lf_log_range *ranges, size_t room, size_t *ret_count,
           struct lf_err *err)
{
    int64_t deadline_ms = lf_clock_mono_ms() + PATIENCE_MS;
    for (;;) {
        struct lf_err why = {0};
        int64_t left_ms = deadline_ms - lf_clock_mono_ms();
        enum lf_status st =
            lf_log_ranges(log, topic, ranges, room, ret_count, left_ms > READ_MS ? left_ms : READ_MS, &why);
        if (st == LF_OK)
            return LF_OK;
        if (lf_status_fate(st) != LF_FATE_RETRY || lf_clock_mono_ms() + READ_MS >= deadline_ms)
            return lf_fail(err, st, "%s", why.text);
        lf_clock_sleep_ms(READ_MS);
    }
}

enum lf_status
lf_scan_ranges(struct lf_log *log, struct lf_bytes topic, struct lf_log_range **ret, size_t *ret_count,
               struct lf_err *err)
{
    for (size_t room = 64;;) {
        size_t count = 0;
        struct lf_log_range *ranges = lf_calloc(room, sizeof(*ranges));
        if (ranges == NULL)
            return lf_no_memory(err);
        enum lf_status st = ask_ranges(log, topic, ranges, room, &count, err);
        if (st == LF_OK && count <= room) {
            *ret = ranges;
            *ret_count = count;
            return LF_OK;
        }
        lf_free(ranges);
        if (st == LF_OK && count > PARTITIONS_MAX)
            st = lf_fail(err, LF_LIMIT, "topic %.*s has more than %d partitions", LF_FMT(topic), PARTITIONS_MAX);
        if (st != LF_OK)
            return st;
        room = count;
    }
}
