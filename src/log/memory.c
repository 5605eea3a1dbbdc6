/*
 * The log in memory, for tests: same contract, several partitions, nothing survives lf_log_close(). Records are never
 * freed or moved before that, so readers borrow them. Groups mean nothing here: each reader gets every partition.
 */
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "log/log_backend.h"
#include "log/sync.h"

#include <string.h>

struct mem_partition {
    struct lf_record **records;
    size_t count;
    size_t cap;
};

struct mem_topic {
    struct lf_bytes name; /* in the same block, behind the partitions */
    int32_t partition_count;
    struct mem_partition partitions[];
};

struct mem_reader;

struct mem_log {
    struct lf_log base;
    bool create_topics;
    bool read_only;
    int32_t partition_count; /* of new topics */
    pthread_mutex_t lock;    /* for all below */
    pthread_cond_t news;
    struct lf_map topics; /* struct mem_topic */
    struct mem_reader *readers;
    uint64_t version; /* counts flushes */
    int32_t next_partition;
};

struct mem_item { /* an append on its way: taken, then flushed, then delivered */
    struct mem_item *next;
    struct mem_topic *topic;
    struct lf_record *record; /* the log's once flushed */
    void *token;
    size_t bytes;
    enum lf_status status;
};

struct mem_items {
    struct mem_item *first;
    struct mem_item **end;
};

struct mem_writer {
    struct lf_log_writer base;
    struct mem_items taken;
    struct mem_items flushed;
};

struct mem_feed { /* one partition of a reader */
    struct mem_topic *topic;
    int32_t partition;
    bool assigned;
    int64_t next;
};

struct mem_reader {
    struct lf_log_reader base;
    struct mem_reader *next;
    struct lf_log_reader_options options; /* topics point into names */
    struct lf_bytes *topics;
    struct mem_feed *feeds;
    size_t feed_count;
    size_t turn; /* which feed comes first next time, so that none starves */
    struct lf_record *batch;
    size_t batch_cap;
    bool paused;
    bool interrupted; /* under the log's lock */
};

/* ---- topics ---- */

static struct mem_topic *
new_topic(struct lf_bytes name, int32_t partition_count)
{
    size_t partitions = (size_t)partition_count * sizeof(struct mem_partition);
    struct mem_topic *topic = lf_calloc(1, sizeof(*topic) + partitions + name.len);
    if (topic == NULL)
        return NULL;
    char *text = (char *)topic + sizeof(*topic) + partitions;
    memcpy(text, name.ptr, name.len);
    topic->name = lf_bytes(text, name.len);
    topic->partition_count = partition_count;
    return topic;
}

static void
free_topic(struct mem_topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++) {
        for (size_t k = 0; k < topic->partitions[i].count; k++)
            lf_free(topic->partitions[i].records[k]);
        lf_free(topic->partitions[i].records);
    }
    lf_free(topic);
}

/* The topic, made if it may be. The log is locked. */
static enum lf_status
find_topic(struct mem_log *log, struct lf_bytes name, struct mem_topic **ret, struct lf_err *err)
{
    struct mem_topic *topic = lf_map_get(&log->topics, name);
    if (topic == NULL) {
        if (!log->create_topics || log->read_only)
            return lf_fail(err, LF_NOT_FOUND, "topic '%.*s' does not exist and may not be created", LF_FMT(name));
        topic = new_topic(name, log->partition_count);
        if (topic == NULL || lf_map_add(&log->topics, topic->name, topic) != LF_OK) {
            lf_free(topic);
            return lf_no_memory(err);
        }
    }
    *ret = topic;
    return LF_OK;
}

static enum lf_status
memory_ensure_topic(struct lf_log *base, struct lf_bytes name, int64_t timeout_ms, struct lf_err *err)
{
    (void)timeout_ms;
    struct mem_log *log = (struct mem_log *)base;
    struct mem_topic *topic;
    pthread_mutex_lock(&log->lock);
    enum lf_status st = find_topic(log, name, &topic, err);
    pthread_mutex_unlock(&log->lock);
    return st;
}

static enum lf_status
memory_ranges(struct lf_log *base, struct lf_bytes name, struct lf_log_range *ret, size_t max, size_t *ret_count,
              int64_t timeout_ms, struct lf_err *err)
{
    (void)timeout_ms;
    struct mem_log *log = (struct mem_log *)base;
    pthread_mutex_lock(&log->lock);
    const struct mem_topic *topic = lf_map_get(&log->topics, name);
    for (int32_t i = 0; topic != NULL && i < topic->partition_count && (size_t)i < max; i++)
        ret[i] = (struct lf_log_range){.partition = i, .next = (int64_t)topic->partitions[i].count};
    if (topic != NULL)
        *ret_count = (size_t)topic->partition_count;
    pthread_mutex_unlock(&log->lock);
    return topic != NULL ? LF_OK : lf_fail(err, LF_NOT_FOUND, "topic '%.*s' does not exist", LF_FMT(name));
}

static enum lf_status
memory_health(struct lf_log *log, struct lf_err *err)
{
    (void)log;
    (void)err;
    return LF_OK;
}

/* ---- open and close ---- */

static enum lf_status
memory_open(const struct lf_log_options *options, const char *rest, struct lf_log **ret, struct lf_err *err)
{
    if (rest[0] != '\0')
        return lf_fail(err, LF_INVALID, "log 'memory:%.100s': nothing may follow the colon", rest);
    struct mem_log *log = lf_calloc(1, sizeof(*log));
    if (log == NULL || !lf_cond_init(&log->news)) {
        lf_free(log);
        return lf_no_memory(err);
    }
    pthread_mutex_init(&log->lock, NULL);
    lf_map_init(&log->topics);
    log->base.ops = &lf_log_memory;
    log->create_topics = options->create_topics;
    log->read_only = options->read_only;
    log->partition_count = options->partitions != 0 ? options->partitions : 1;
    *ret = (struct lf_log *)log;
    return LF_OK;
}

static void
memory_close(struct lf_log *base)
{
    struct mem_log *log = (struct mem_log *)base;
    LF_ASSERT(log->readers == NULL);
    size_t at = 0;
    for (const struct lf_map_entry *entry; (entry = lf_map_next(&log->topics, &at)) != NULL;)
        free_topic(entry->value);
    lf_map_release(&log->topics);
    pthread_cond_destroy(&log->news);
    pthread_mutex_destroy(&log->lock);
    lf_free(log);
}

/* ---- writing ---- */

static void
add_item(struct mem_items *items, struct mem_item *item)
{
    item->next = NULL;
    *items->end = item;
    items->end = &item->next;
}

static enum lf_status
memory_writer_open(struct lf_log *base, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx, struct lf_log_writer **ret,
                   struct lf_err *err)
{
    if (((struct mem_log *)base)->read_only)
        return lf_fail(err, LF_DENIED, "the log was opened for reading only");
    struct mem_writer *writer = lf_calloc(1, sizeof(*writer));
    if (writer == NULL)
        return lf_no_memory(err);
    lf_log_writer_init(&writer->base, base, wake, ack, ctx);
    writer->taken.end = &writer->taken.first;
    writer->flushed.end = &writer->flushed.first;
    *ret = (struct lf_log_writer *)writer;
    return LF_OK;
}

static struct lf_bytes
copy_to(char **at, struct lf_bytes from)
{
    if (from.ptr == NULL)
        return LF_BYTES_NONE;
    struct lf_bytes copy = lf_bytes(*at, from.len);
    if (from.len != 0)
        memcpy(*at, from.ptr, from.len);
    *at += from.len;
    return copy;
}

/* A copy of everything but the topic, in one block. */
static struct lf_record *
copy_record(const struct lf_record *record)
{
    size_t headers = record->header_count * sizeof(struct lf_log_header);
    /* One byte more, so that an empty view never points past the block. */
    struct lf_record *copy = lf_malloc(sizeof(*copy) + headers + lf_log_record_bytes(record) + 1);
    if (copy == NULL)
        return NULL;
    struct lf_log_header *to = (struct lf_log_header *)(copy + 1);
    char *at = (char *)to + headers;
    *copy = *record;
    copy->key = copy_to(&at, record->key);
    copy->value = copy_to(&at, record->value);
    copy->headers = record->header_count != 0 ? to : NULL;
    for (size_t i = 0; i < record->header_count; i++) {
        to[i].name = copy_to(&at, record->headers[i].name);
        to[i].value = copy_to(&at, record->headers[i].value);
    }
    if (copy->timestamp_ms == 0)
        copy->timestamp_ms = lf_clock_real_us() / 1000;
    return copy;
}

/* The log is locked. */
static int32_t
choose_partition(struct mem_log *log, const struct mem_topic *topic, const struct lf_record *record)
{
    if (record->partition >= 0)
        return record->partition;
    if (record->key.ptr != NULL)
        return lf_log_partition_of(record->key, topic->partition_count);
    log->next_partition = (log->next_partition + 1) % topic->partition_count;
    return log->next_partition;
}

static enum lf_status
place_record(struct mem_log *log, const struct lf_record *record, struct mem_topic **ret_topic, int32_t *ret_partition,
             struct lf_err *err)
{
    struct mem_topic *topic = NULL;
    pthread_mutex_lock(&log->lock);
    enum lf_status st = find_topic(log, record->topic, &topic, err);
    if (st == LF_OK)
        *ret_partition = choose_partition(log, topic, record);
    pthread_mutex_unlock(&log->lock);
    if (st != LF_OK)
        return st;
    if (*ret_partition >= topic->partition_count)
        return lf_fail(err, LF_NOT_FOUND, "topic '%.*s' has no partition %d", LF_FMT(topic->name), *ret_partition);
    *ret_topic = topic;
    return LF_OK;
}

static enum lf_status
memory_append(struct lf_log_writer *base, const struct lf_record *record, void *token, struct lf_err *err)
{
    struct mem_writer *writer = (struct mem_writer *)base;
    struct mem_topic *topic = NULL;
    int32_t partition = -1;
    enum lf_status st = place_record((struct mem_log *)base->log, record, &topic, &partition, err);
    if (st != LF_OK)
        return st;
    struct mem_item *item = lf_malloc(sizeof(*item));
    struct lf_record *copy = copy_record(record);
    if (item == NULL || copy == NULL) {
        lf_free(item);
        lf_free(copy);
        return lf_no_memory(err);
    }
    copy->topic = topic->name;
    copy->partition = partition;
    *item = (struct mem_item){.topic = topic, .record = copy, .token = token, .bytes = lf_log_record_bytes(record)};
    add_item(&writer->taken, item);
    return LF_OK;
}

/* The log is locked. */
static enum lf_status
store_record(struct mem_partition *partition, struct lf_record *record)
{
    if (partition->count == partition->cap) {
        size_t cap = partition->cap != 0 ? partition->cap * 2 : 64;
        struct lf_record **grown = lf_realloc(partition->records, cap * sizeof(struct lf_record *));
        if (grown == NULL)
            return LF_NO_MEMORY;
        partition->records = grown;
        partition->cap = cap;
    }
    record->offset = (int64_t)partition->count;
    partition->records[partition->count++] = record;
    return LF_OK;
}

/* The log is locked. */
static void
announce(struct mem_log *log)
{
    log->version++;
    pthread_cond_broadcast(&log->news);
    for (struct mem_reader *reader = log->readers; reader != NULL; reader = reader->next)
        lf_wake_call(&reader->options.wake);
}

static void
memory_flush(struct lf_log_writer *base)
{
    struct mem_writer *writer = (struct mem_writer *)base;
    struct mem_log *log = (struct mem_log *)base->log;
    if (writer->taken.first == NULL)
        return;
    pthread_mutex_lock(&log->lock);
    for (struct mem_item *item = writer->taken.first; item != NULL; item = item->next)
        item->status = store_record(&item->topic->partitions[item->record->partition], item->record);
    announce(log);
    pthread_mutex_unlock(&log->lock);
    *writer->flushed.end = writer->taken.first;
    writer->flushed.end = writer->taken.end;
    writer->taken = (struct mem_items){.end = &writer->taken.first};
    lf_wake_call(&base->wake);
}

static void
deliver_item(struct mem_writer *writer, struct mem_item *item)
{
    struct lf_err err;
    struct lf_log_ack ack = {.token = item->token, .status = item->status, .partition = item->record->partition};
    if (item->status == LF_OK) {
        ack.offset = item->record->offset;
        ack.timestamp_ms = item->record->timestamp_ms;
    } else {
        lf_fail(&err, item->status, "the record was not appended: %s", lf_status_text(item->status));
        ack.err = &err;
        ack.offset = LF_OFFSET_NONE;
        lf_free(item->record);
    }
    size_t bytes = item->bytes;
    lf_free(item);
    lf_log_deliver(&writer->base, &ack, bytes);
}

static size_t
memory_poll(struct lf_log_writer *base)
{
    struct mem_writer *writer = (struct mem_writer *)base;
    struct mem_item *item = writer->flushed.first;
    writer->flushed = (struct mem_items){.end = &writer->flushed.first};
    size_t count = 0;
    while (item != NULL) { /* the callback may append and flush: those come with the next poll */
        struct mem_item *next = item->next;
        deliver_item(writer, item);
        item = next;
        count++;
    }
    return count;
}

static void
memory_wait(struct lf_log_writer *writer, int64_t timeout_ms)
{
    (void)writer; /* what is flushed is ready at once */
    (void)timeout_ms;
}

static void
memory_writer_close(struct lf_log_writer *base)
{
    struct mem_writer *writer = (struct mem_writer *)base;
    memory_poll(base);
    while (writer->taken.first != NULL) {
        struct mem_item *item = writer->taken.first;
        writer->taken.first = item->next;
        item->status = LF_UNAVAILABLE;
        deliver_item(writer, item);
    }
    lf_free(writer);
}

/* ---- reading ---- */

static void
free_reader(struct mem_reader *reader)
{
    lf_free(reader->topics);
    lf_free(reader->feeds);
    lf_free(reader->batch);
    lf_free(reader);
}

/* The array of names and the names themselves, in one block. */
static struct lf_bytes *
copy_names(const struct lf_bytes *names, size_t count)
{
    size_t size = count * sizeof(struct lf_bytes);
    for (size_t i = 0; i < count; i++)
        size += names[i].len;
    struct lf_bytes *copy = lf_malloc(size);
    if (copy == NULL)
        return NULL;
    char *at = (char *)(copy + count);
    for (size_t i = 0; i < count; i++)
        copy[i] = copy_to(&at, names[i]);
    return copy;
}

static enum lf_status
memory_reader_open(struct lf_log *base, const struct lf_log_reader_options *options, struct lf_log_reader **ret,
                   struct lf_err *err)
{
    struct mem_log *log = (struct mem_log *)base;
    struct mem_reader *reader = lf_calloc(1, sizeof(*reader));
    if (reader == NULL)
        return lf_no_memory(err);
    reader->topics = copy_names(options->topics, options->topic_count);
    if (reader->topics == NULL) {
        free_reader(reader);
        return lf_no_memory(err);
    }
    reader->base.log = base;
    reader->options = *options;
    reader->options.topics = reader->topics;
    pthread_mutex_lock(&log->lock);
    reader->next = log->readers;
    log->readers = reader;
    pthread_mutex_unlock(&log->lock);
    *ret = (struct lf_log_reader *)reader;
    return LF_OK;
}

static bool
has_feed(const struct mem_reader *reader, const struct mem_topic *topic)
{
    for (size_t i = 0; i < reader->feed_count; i++) {
        if (reader->feeds[i].topic == topic)
            return true;
    }
    return false;
}

static enum lf_status
add_feeds(struct mem_reader *reader, struct mem_topic *topic, struct lf_err *err)
{
    size_t cap = reader->feed_count + (size_t)topic->partition_count;
    struct mem_feed *grown = lf_realloc(reader->feeds, cap * sizeof(*grown));
    if (grown == NULL)
        return lf_no_memory(err);
    reader->feeds = grown;
    for (int32_t i = 0; i < topic->partition_count; i++)
        reader->feeds[reader->feed_count++] = (struct mem_feed){.topic = topic, .partition = i};
    return LF_OK;
}

/* Takes in topics that have appeared. */
static enum lf_status
find_feeds(struct mem_log *log, struct mem_reader *reader, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; st == LF_OK && i < reader->options.topic_count; i++) {
        struct mem_topic *topic = lf_map_get(&log->topics, reader->topics[i]);
        if (topic != NULL && !has_feed(reader, topic))
            st = add_feeds(reader, topic, err);
    }
    pthread_mutex_unlock(&log->lock);
    return st;
}

static int64_t
end_of(struct mem_log *log, const struct mem_feed *feed)
{
    pthread_mutex_lock(&log->lock);
    int64_t end = (int64_t)feed->topic->partitions[feed->partition].count;
    pthread_mutex_unlock(&log->lock);
    return end;
}

/* Asks the caller where to begin, for those feeds that do not know yet. A caller that cannot say is asked again
 * later. */
static void
assign_feeds(struct mem_log *log, struct mem_reader *reader)
{
    const struct lf_log_reader_options *options = &reader->options;
    for (size_t i = 0; i < reader->feed_count; i++) {
        struct mem_feed *feed = &reader->feeds[i];
        if (feed->assigned)
            continue;
        int64_t next = LF_OFFSET_NONE;
        struct lf_err err;
        if (options->assigned != NULL &&
            options->assigned(options->ctx, feed->topic->name, feed->partition, &next, &err) != LF_OK)
            continue;
        if (next == LF_OFFSET_NONE)
            next = options->start == LF_RESET_LATEST ? end_of(log, feed) : 0;
        feed->next = next;
        feed->assigned = true;
    }
}

static bool
room_for(struct mem_reader *reader, size_t count)
{
    if (count < reader->batch_cap)
        return true;
    size_t cap = reader->batch_cap != 0 ? reader->batch_cap * 2 : 64;
    struct lf_record *grown = lf_realloc(reader->batch, cap * sizeof(*grown));
    if (grown == NULL)
        return false;
    reader->batch = grown;
    reader->batch_cap = cap;
    return true;
}

/* Adds what there is of one partition. The log is locked. */
static enum lf_status
read_feed(struct mem_reader *reader, struct mem_feed *feed, size_t records_max, size_t bytes_max, size_t *bytes,
          struct lf_log_batch *batch, struct lf_err *err)
{
    const struct mem_partition *partition = &feed->topic->partitions[feed->partition];
    if (feed->next > (int64_t)partition->count)
        return lf_fail(err, LF_CORRUPT, "%.*s/%d: position %lld is beyond the end of the log at %zu",
                       LF_FMT(feed->topic->name), feed->partition, (long long)feed->next, partition->count);
    while (feed->next < (int64_t)partition->count && batch->count < records_max) {
        const struct lf_record *record = partition->records[feed->next];
        size_t size = lf_log_record_bytes(record);
        if (batch->count != 0 && *bytes + size > bytes_max)
            break;
        if (!room_for(reader, batch->count))
            return batch->count != 0 ? LF_OK : lf_no_memory(err);
        reader->batch[batch->count++] = *record;
        *bytes += size;
        feed->next++;
    }
    return LF_OK;
}

/* One pass over all partitions. The log is locked. */
static enum lf_status
read_feeds(struct mem_reader *reader, size_t records_max, size_t bytes_max, struct lf_log_batch *batch,
           struct lf_err *err)
{
    size_t bytes = 0;
    reader->turn++;
    for (size_t i = 0; i < reader->feed_count; i++) {
        struct mem_feed *feed = &reader->feeds[(reader->turn + i) % reader->feed_count];
        if (!feed->assigned)
            continue;
        enum lf_status st = read_feed(reader, feed, records_max, bytes_max, &bytes, batch, err);
        if (st != LF_OK && batch->count == 0)
            return st;
        if (st != LF_OK) /* told with the next call; what was read before comes first */
            break;
    }
    batch->records = reader->batch;
    return LF_OK;
}

static bool
all_assigned(const struct mem_reader *reader)
{
    for (size_t i = 0; i < reader->feed_count; i++) {
        if (!reader->feeds[i].assigned)
            return false;
    }
    return true;
}

enum { ASK_AGAIN_NS = 50 * 1000000 }; /* a caller that could not say where a partition begins */

static enum lf_status
memory_read(struct lf_log_reader *base, size_t records_max, size_t bytes_max, int64_t timeout_ms,
            struct lf_log_batch *ret, struct lf_err *err)
{
    struct mem_reader *reader = (struct mem_reader *)base;
    struct mem_log *log = (struct mem_log *)base->log;
    int64_t deadline = lf_clock_mono_ns() + timeout_ms * 1000000;
    enum lf_status st;
    for (bool last = false;; last = lf_clock_mono_ns() >= deadline) {
        st = find_feeds(log, reader, err);
        if (st != LF_OK)
            return st;
        assign_feeds(log, reader);
        pthread_mutex_lock(&log->lock);
        uint64_t seen = log->version;
        if (!reader->paused)
            st = read_feeds(reader, records_max, bytes_max, ret, err);
        bool stop = st != LF_OK || ret->count != 0 || last || reader->interrupted;
        if (!stop) {
            int64_t left = deadline - lf_clock_mono_ns();
            if (!all_assigned(reader) && left > ASK_AGAIN_NS)
                left = ASK_AGAIN_NS;
            while (left > 0 && log->version == seen && !reader->interrupted &&
                   lf_cond_wait_ns(&log->news, &log->lock, left))
                left = deadline - lf_clock_mono_ns();
        } else {
            reader->interrupted = false;
        }
        pthread_mutex_unlock(&log->lock);
        if (stop)
            return st;
    }
}

static void
memory_pause(struct lf_log_reader *reader, bool paused)
{
    ((struct mem_reader *)reader)->paused = paused;
}

static enum lf_status
memory_seek(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, int64_t offset, struct lf_err *err)
{
    struct mem_reader *reader = (struct mem_reader *)base;
    for (size_t i = 0; i < reader->feed_count; i++) {
        struct mem_feed *feed = &reader->feeds[i];
        if (feed->assigned && feed->partition == partition && lf_bytes_equal(feed->topic->name, topic)) {
            feed->next = offset;
            return LF_OK;
        }
    }
    return lf_fail(err, LF_NOT_FOUND, "%.*s/%d is not assigned to this reader", LF_FMT(topic), partition);
}

static void
memory_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next)
{
    (void)reader; /* no tool looks into this process */
    (void)topic;
    (void)partition;
    (void)next;
}

static void
memory_interrupt(struct lf_log_reader *base)
{
    struct mem_reader *reader = (struct mem_reader *)base;
    struct mem_log *log = (struct mem_log *)base->log;
    pthread_mutex_lock(&log->lock);
    reader->interrupted = true;
    pthread_cond_broadcast(&log->news);
    pthread_mutex_unlock(&log->lock);
}

static void
memory_reader_close(struct lf_log_reader *base)
{
    struct mem_reader *reader = (struct mem_reader *)base;
    struct mem_log *log = (struct mem_log *)base->log;
    pthread_mutex_lock(&log->lock);
    struct mem_reader **link = &log->readers;
    while (*link != reader)
        link = &(*link)->next;
    *link = reader->next;
    pthread_mutex_unlock(&log->lock);
    free_reader(reader);
}

const struct lf_log_ops lf_log_memory = {
    .name = "memory",
    .scheme = "memory:",
    .open = memory_open,
    .close = memory_close,
    .ensure_topic = memory_ensure_topic,
    .ranges = memory_ranges,
    .health = memory_health,
    .writer_open = memory_writer_open,
    .append = memory_append,
    .flush = memory_flush,
    .poll = memory_poll,
    .wait = memory_wait,
    .writer_close = memory_writer_close,
    .reader_open = memory_reader_open,
    .read = memory_read,
    .pause = memory_pause,
    .seek = memory_seek,
    .committed = memory_committed,
    .interrupt = memory_interrupt,
    .reader_close = memory_reader_close,
};
