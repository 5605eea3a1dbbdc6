/* Copying: look at the target, then walk the source from the first record in question to its end. */
#include "server/copy.h"
#include "base/buf.h"
#include "base/mem.h"
#include "server/copy_mark.h"
#include "server/outlet.h"
#include "server/scan.h"

#include <stdio.h>
#include <string.h>

enum { BATCH_BYTES = 16 * 1024 * 1024, ENSURE_TIMEOUT_MS = 60000 };

struct copy {
    const struct lf_copy_options *options;
    struct lf_copy_result *result;
    struct lf_log_range *sources, *targets; /* the index is the partition's number */
    size_t source_count, target_count;
    size_t batch_records;
    struct lf_copy_marks marks;
    struct lf_outlet outlet;
    struct lf_place_mark mark;
    int64_t met, total;
};

/* ---- the partitions of both ---- */

static enum lf_status
check_numbers(const struct lf_log_range *ranges, size_t count, struct lf_bytes topic, struct lf_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].partition != (int32_t)i)
            return lf_fail(err, LF_UNSUPPORTED, "topic %.*s: partition %d stands in the place of %zu", LF_FMT(topic),
                           ranges[i].partition, i);
    }
    return LF_OK;
}

static enum lf_status
look_at_both(struct copy *copy, struct lf_err *err)
{
    const struct lf_copy_options *options = copy->options;
    enum lf_status st = lf_scan_ranges(options->from, options->topic, &copy->sources, &copy->source_count, err);
    if (st != LF_OK)
        return st;
    st = lf_log_ensure_topic(options->to, options->topic, ENSURE_TIMEOUT_MS, err);
    if (st == LF_OK)
        st = lf_scan_ranges(options->to, options->topic, &copy->targets, &copy->target_count, err);
    if (st != LF_OK) {
        lf_err_context(err, "the target");
        return st == LF_NOT_FOUND ? lf_fail(err, LF_CONFLICT, "%s", err->text) : st; /* not the source's lack */
    }
    st = check_numbers(copy->sources, copy->source_count, options->topic, err);
    return st == LF_OK ? check_numbers(copy->targets, copy->target_count, options->topic, err) : st;
}

static bool
is_one_to_one(const struct copy *copy)
{
    return copy->source_count == copy->target_count;
}

/* Where the record goes. */
static int32_t
target_of(const struct copy *copy, const struct lf_record *record)
{
    if (is_one_to_one(copy))
        return record->partition;
    if (record->key.ptr != NULL)
        return lf_log_partition_of(record->key, (int32_t)copy->target_count);
    return record->partition % (int32_t)copy->target_count;
}

/* ---- what the target has ---- */

static enum lf_status
take_target(void *ctx, const struct lf_record *records, size_t count, struct lf_err *err)
{
    struct copy *copy = ctx;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = lf_copy_mark(&copy->marks, &records[i], copy->sources, err);
    copy->met += (int64_t)count;
    return st == LF_OK ? lf_progress_tell(&copy->options->progress, "target", copy->met, copy->total, err) : st;
}

static void
set_whole(struct copy *copy, size_t target)
{
    for (size_t i = 0; i < copy->source_count; i++)
        copy->marks.marks[target * copy->source_count + i].whole = true;
}

/* The whole target, or of each partition the end that holds the last batch. */
static enum lf_status
scan_target(struct copy *copy, bool whole, struct lf_err *err)
{
    struct lf_scan_range *ranges = lf_calloc(copy->target_count, sizeof(*ranges));
    if (ranges == NULL)
        return lf_no_memory(err);
    copy->met = copy->total = 0;
    for (size_t i = 0; i < copy->target_count; i++) {
        const struct lf_log_range *target = &copy->targets[i];
        int64_t from = target->next - (int64_t)copy->batch_records;
        if (whole || from < target->first)
            from = target->first;
        if (from == 0)
            set_whole(copy, i);
        ranges[i] = (struct lf_scan_range){target->partition, from, target->next};
        copy->total += target->next - from;
    }
    const struct lf_scan scan = {.log = copy->options->to,
                                 .topic = copy->options->topic,
                                 .ranges = ranges,
                                 .range_count = copy->target_count,
                                 .records_max = copy->batch_records,
                                 .bytes_max = BATCH_BYTES,
                                 .take = take_target,
                                 .ctx = copy};
    enum lf_status st = lf_scan(&scan, err);
    lf_free(ranges);
    return st;
}

/*
 * One partition of the target has copies of one partition of the source at most, or there is only one source: the ends
 * tell all. Otherwise, or where others have written to the target, each record is looked at.
 */
static enum lf_status
look_at_target(struct copy *copy, struct lf_err *err)
{
    bool whole = !is_one_to_one(copy) && copy->source_count != 1;
    for (;;) {
        enum lf_status st = lf_copy_marks_init(&copy->marks, copy->options->topic, copy->sources, copy->source_count,
                                               copy->target_count, err);
        if (st == LF_OK)
            st = scan_target(copy, whole, err);
        if (st != LF_OK || whole || !copy->marks.foreign)
            return st;
        lf_copy_marks_release(&copy->marks);
        whole = true;
    }
}

/* ---- appending ---- */

static enum lf_status
settle(struct copy *copy, struct lf_err *err)
{
    enum lf_status st = lf_outlet_settle(&copy->outlet, err);
    copy->result->copied = copy->outlet.durable;
    if (st != LF_OK)
        lf_err_context(err, "the target");
    return st;
}

static enum lf_status
append(struct copy *copy, const struct lf_record *record, int32_t target, struct lf_err *err)
{
    struct lf_record fresh = *record;
    fresh.partition = target;
    fresh.timestamp_ms = lf_outlet_time(record->timestamp_ms);
    enum lf_status st = lf_place_mark(&copy->mark, record, LF_COPY_HEADER, err);
    if (st != LF_OK)
        return st;
    fresh.headers = copy->mark.headers;
    fresh.header_count = copy->mark.count;
    st = lf_outlet_append(&copy->outlet, &fresh, NULL, err);
    if (st != LF_OK)
        lf_err_context(err, "copying %.*s/%d@%lld", LF_FMT(record->topic), record->partition,
                       (long long)record->offset);
    return st;
}

/* ---- walking the source ---- */

static enum lf_status
take_record(struct copy *copy, const struct lf_record *record, struct lf_err *err)
{
    int32_t target = target_of(copy, record);
    switch (lf_copy_judge(&copy->marks, target, record->partition, record->offset)) {
    case LF_COPY_NEEDED: return append(copy, record, target, err);
    case LF_COPY_PRESENT: copy->result->present++; return LF_OK;
    case LF_COPY_HOLE: break;
    }
    return lf_fail(
        err, LF_CONFLICT,
        "%.*s/%d@%lld is missing in the target, which has later records: order can no longer be kept; delete "
        "the topic there and copy again",
        LF_FMT(record->topic), record->partition, (long long)record->offset);
}

static enum lf_status
take_source(void *ctx, const struct lf_record *records, size_t count, struct lf_err *err)
{
    struct copy *copy = ctx;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = take_record(copy, &records[i], err);
    enum lf_status settled = settle(copy, st == LF_OK ? err : NULL);
    if (st == LF_OK)
        st = settled;
    copy->met += (int64_t)count;
    return st == LF_OK ? lf_progress_tell(&copy->options->progress, "copy", copy->met, copy->total, err) : st;
}

/* Where the source's partition is to be read from, for all partitions of the target that its records can go to. */
static int64_t
begin_of(const struct copy *copy, const struct lf_log_range *source)
{
    if (is_one_to_one(copy))
        return lf_copy_begin(&copy->marks, source->partition, source->partition, source->first);
    int64_t from = source->next;
    for (size_t i = 0; i < copy->target_count; i++) {
        int64_t begin = lf_copy_begin(&copy->marks, (int32_t)i, source->partition, source->first);
        if (begin < from)
            from = begin;
    }
    return from;
}

static enum lf_status
walk_source(struct copy *copy, struct lf_err *err)
{
    struct lf_scan_range *ranges = lf_calloc(copy->source_count, sizeof(*ranges));
    if (ranges == NULL)
        return lf_no_memory(err);
    copy->met = copy->total = 0;
    for (size_t i = 0; i < copy->source_count; i++) {
        const struct lf_log_range *source = &copy->sources[i];
        int64_t from = begin_of(copy, source);
        ranges[i] = (struct lf_scan_range){source->partition, from, source->next};
        copy->total += source->next - from;
        copy->result->before += from - source->first;
    }
    const struct lf_scan scan = {.log = copy->options->from,
                                 .topic = copy->options->topic,
                                 .ranges = ranges,
                                 .range_count = copy->source_count,
                                 .records_max = copy->batch_records,
                                 .bytes_max = BATCH_BYTES,
                                 .take = take_source,
                                 .ctx = copy};
    enum lf_status st = lf_scan(&scan, err);
    lf_free(ranges);
    return st;
}

static enum lf_status
run(struct copy *copy, struct lf_err *err)
{
    const struct lf_copy_options *options = copy->options;
    enum lf_status st = look_at_both(copy, err);
    if (st == LF_OK)
        st = look_at_target(copy, err);
    if (st == LF_OK)
        st = lf_outlet_open(&copy->outlet, options->to, err);
    return st == LF_OK ? walk_source(copy, err) : st;
}

enum lf_status
lf_copy(const struct lf_copy_options *options, struct lf_copy_result *ret, struct lf_err *err)
{
    struct lf_copy_result result = {0};
    struct copy copy = {.options = options,
                        .result = &result,
                        .batch_records = options->batch_records != 0 ? options->batch_records : LF_COPY_BATCH_RECORDS};
    enum lf_status st = run(&copy, err);
    lf_outlet_close(&copy.outlet);
    result.copied = copy.outlet.durable;
    lf_copy_marks_release(&copy.marks);
    lf_place_mark_release(&copy.mark);
    lf_free(copy.sources);
    lf_free(copy.targets);
    *ret = result; /* after a failure too: so much was done */
    return st;
}
