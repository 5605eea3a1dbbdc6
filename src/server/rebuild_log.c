/*
 * Payloads from the log. The store says which records took effect, and in which order; the log says what they were. A
 * page of events at a time, each topic's partitions from the page's first offset to its last.
 */
#include "base/mem.h"
#include "server/rebuild_inner.h"
#include "server/scan.h"

#include <stdlib.h>

enum { RECORDS_MAX = 1000, RECORD_BYTES_MAX = 16 * 1024 * 1024 };

/* Events of one topic within the page, by partition and offset. */
struct topic {
    struct lf_rebuild *rebuild;
    struct lf_walked **events;
    size_t count;
    struct lf_arena arena; /* of one record */
};

static int
compare_places(const void *a, const void *b)
{
    const struct lf_place *x = &(*(const struct lf_walked *const *)a)->event.place;
    const struct lf_place *y = &(*(const struct lf_walked *const *)b)->event.place;
    int order = lf_bytes_compare(x->topic, y->topic);
    if (order != 0)
        return order;
    if (x->partition != y->partition)
        return x->partition < y->partition ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* The page's event of a record; NULL: the record repeats one, is a dead letter, or of no concern. */
static struct lf_walked *
find(const struct topic *topic, const struct lf_record *record)
{
    const struct lf_walked key = {
        .event = {.place = {topic->events[0]->event.place.topic, record->partition, record->offset}}};
    const struct lf_walked *wanted = &key;
    struct lf_walked **found = bsearch(&wanted, topic->events, topic->count, sizeof(*topic->events), compare_places);
    return found != NULL ? *found : NULL;
}

static enum lf_status
take_record(struct topic *topic, const struct lf_record *record, struct lf_err *err)
{
    struct lf_walked *walked = find(topic, record);
    struct lf_event event;
    struct lf_err why = {0};
    if (walked == NULL)
        return LF_OK;
    const struct lf_encoded encoded = {record->key, record->value, record->headers, record->header_count};
    lf_arena_reset(&topic->arena);
    enum lf_status st = lf_codec_decode(&topic->rebuild->options->codec, &encoded, record->timestamp_ms,
                                        walked->event.place, &topic->arena, &event, &why);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    if (st != LF_OK || !lf_bytes_equal(event.id, walked->event.id))
        return lf_fail(err, LF_CORRUPT,
                       "the record at %.*s/%d@%lld is not event \"%.*s\", which the store has from there; see logfirst "
                       "verify",
                       LF_FMT(walked->event.place.topic), record->partition, (long long)record->offset,
                       LF_FMT(walked->event.id));
    if (!lf_value_copy(&topic->rebuild->page_arena, &event.payload, &walked->event.payload))
        return lf_no_memory(err);
    walked->event.version = event.version;
    topic->rebuild->result->from_log++;
    return LF_OK;
}

static enum lf_status
take(void *ctx, const struct lf_record *records, size_t count, struct lf_err *err)
{
    struct topic *topic = ctx;
    struct lf_rebuild *rebuild = topic->rebuild;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = take_record(topic, &records[i], err);
    if (st == LF_OK)
        st = lf_progress_tell(&rebuild->options->progress, "fold", rebuild->until, rebuild->target, err);
    return st;
}

/* What of the page's events the log still has. */
static size_t
list_ranges(const struct topic *topic, const struct lf_log_range *kept, size_t kept_count, struct lf_scan_range *ranges)
{
    size_t count = 0;
    for (size_t i = 0, end; i < topic->count; i = end) {
        int32_t partition = topic->events[i]->event.place.partition;
        for (end = i; end < topic->count && topic->events[end]->event.place.partition == partition; end++) {
        }
        struct lf_scan_range range = {partition, topic->events[i]->event.place.offset,
                                      topic->events[end - 1]->event.place.offset + 1};
        for (size_t k = 0; k < kept_count; k++) {
            if (kept[k].partition != partition)
                continue;
            range.next = range.next > kept[k].first ? range.next : kept[k].first;
            range.end = range.end < kept[k].next ? range.end : kept[k].next;
            if (range.next < range.end)
                ranges[count++] = range;
        }
    }
    return count;
}

static enum lf_status
read_topic(struct topic *topic, struct lf_err *err)
{
    struct lf_rebuild *rebuild = topic->rebuild;
    struct lf_bytes name = topic->events[0]->event.place.topic;
    struct lf_log_range *kept = NULL;
    size_t kept_count = 0;
    struct lf_scan_range *ranges = LF_ARENA_ARRAY(&rebuild->page_arena, struct lf_scan_range, topic->count);
    if (ranges == NULL)
        return lf_no_memory(err);
    enum lf_status st = lf_scan_ranges(rebuild->options->log, name, &kept, &kept_count, err);
    if (st == LF_NOT_FOUND) /* the whole topic is gone */
        return LF_OK;
    if (st != LF_OK)
        return st;
    const struct lf_scan scan = {.log = rebuild->options->log,
                                 .topic = name,
                                 .ranges = ranges,
                                 .range_count = list_ranges(topic, kept, kept_count, ranges),
                                 .records_max = RECORDS_MAX,
                                 .bytes_max = RECORD_BYTES_MAX,
                                 .take = take,
                                 .ctx = topic};
    st = lf_scan(&scan, err);
    lf_free(kept);
    return st;
}

enum lf_status
lf_rebuild_log_page(struct lf_rebuild *rebuild, struct lf_err *err)
{
    size_t count = rebuild->walked_count;
    struct lf_walked **events = lf_arena_calloc(&rebuild->page_arena, count, sizeof(struct lf_walked *));
    enum lf_status st = LF_OK;
    if (events == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++)
        events[i] = &rebuild->walked[i];
    qsort(events, count, sizeof(*events), compare_places);
    for (size_t i = 0, end; st == LF_OK && i < count; i = end) {
        struct topic topic = {.rebuild = rebuild, .events = events + i};
        for (end = i; end < count && lf_bytes_equal(events[end]->event.place.topic, events[i]->event.place.topic);
             end++) {
        }
        topic.count = end - i;
        lf_arena_init(&topic.arena, 4096, 0);
        st = read_topic(&topic, err);
        lf_arena_release(&topic.arena);
    }
    return st;
}
