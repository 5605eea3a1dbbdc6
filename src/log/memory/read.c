/* Reading: every partition of the reader's topics, in turn; waits on the log's condition. */
#include "log/memory/memory.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/sync.h"

struct lf_mem_feed { /* one partition of a reader */
    struct lf_mem_topic *topic;
    int32_t partition;
    bool assigned;
    bool held;
    int64_t next;
};

static void
free_reader(struct lf_mem_reader *reader)
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
        copy[i] = lf_mem_log_copy(&at, names[i]);
    return copy;
}

enum lf_status
lf_mem_log_reader_open(struct lf_log *base, const struct lf_log_reader_options *options, struct lf_log_reader **ret,
                       struct lf_err *err)
{
    struct lf_mem_log *log = (struct lf_mem_log *)base;
    struct lf_mem_reader *reader = lf_calloc(1, sizeof(*reader));
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
has_feed(const struct lf_mem_reader *reader, const struct lf_mem_topic *topic)
{
    for (size_t i = 0; i < reader->feed_count; i++) {
        if (reader->feeds[i].topic == topic)
            return true;
    }
    return false;
}

static enum lf_status
add_feeds(struct lf_mem_reader *reader, struct lf_mem_topic *topic, struct lf_err *err)
{
    size_t cap = reader->feed_count + (size_t)topic->partition_count;
    struct lf_mem_feed *grown = lf_realloc(reader->feeds, cap * sizeof(*grown));
    if (grown == NULL)
        return lf_no_memory(err);
    reader->feeds = grown;
    for (int32_t i = 0; i < topic->partition_count; i++)
        reader->feeds[reader->feed_count++] = (struct lf_mem_feed){.topic = topic, .partition = i};
    return LF_OK;
}

/* Takes in topics that have appeared. */
static enum lf_status
find_feeds(struct lf_mem_log *log, struct lf_mem_reader *reader, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; st == LF_OK && i < reader->options.topic_count; i++) {
        struct lf_mem_topic *topic = lf_map_get(&log->topics, reader->topics[i]);
        if (topic != NULL && !has_feed(reader, topic))
            st = add_feeds(reader, topic, err);
    }
    pthread_mutex_unlock(&log->lock);
    return st;
}

static int64_t
end_of(struct lf_mem_log *log, const struct lf_mem_feed *feed)
{
    pthread_mutex_lock(&log->lock);
    int64_t end = (int64_t)feed->topic->partitions[feed->partition].count;
    pthread_mutex_unlock(&log->lock);
    return end;
}

/* Asks the caller where to begin, for those feeds that do not know yet. A caller that cannot say is asked again
 * later. */
static void
assign_feeds(struct lf_mem_log *log, struct lf_mem_reader *reader)
{
    const struct lf_log_reader_options *options = &reader->options;
    for (size_t i = 0; i < reader->feed_count; i++) {
        struct lf_mem_feed *feed = &reader->feeds[i];
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
room_for(struct lf_mem_reader *reader, size_t count)
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
read_feed(struct lf_mem_reader *reader, struct lf_mem_feed *feed, size_t records_max, size_t bytes_max, size_t *bytes,
          struct lf_log_batch *batch, struct lf_err *err)
{
    const struct lf_mem_partition *partition = &feed->topic->partitions[feed->partition];
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
read_feeds(struct lf_mem_reader *reader, size_t records_max, size_t bytes_max, struct lf_log_batch *batch,
           struct lf_err *err)
{
    size_t bytes = 0;
    reader->turn++;
    for (size_t i = 0; i < reader->feed_count; i++) {
        struct lf_mem_feed *feed = &reader->feeds[(reader->turn + i) % reader->feed_count];
        if (!feed->assigned || feed->held)
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
all_assigned(const struct lf_mem_reader *reader)
{
    for (size_t i = 0; i < reader->feed_count; i++) {
        if (!reader->feeds[i].assigned)
            return false;
    }
    return true;
}

enum { ASK_AGAIN_NS = 50 * 1000000 }; /* a caller that could not say where a partition begins */

enum lf_status
lf_mem_log_read(struct lf_log_reader *base, size_t records_max, size_t bytes_max, int64_t timeout_ms,
                struct lf_log_batch *ret, struct lf_err *err)
{
    struct lf_mem_reader *reader = (struct lf_mem_reader *)base;
    struct lf_mem_log *log = (struct lf_mem_log *)base->log;
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

void
lf_mem_log_pause(struct lf_log_reader *reader, bool paused)
{
    ((struct lf_mem_reader *)reader)->paused = paused;
}

/* NULL: not assigned. */
static struct lf_mem_feed *
find_feed(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition)
{
    struct lf_mem_reader *reader = (struct lf_mem_reader *)base;
    for (size_t i = 0; i < reader->feed_count; i++) {
        struct lf_mem_feed *feed = &reader->feeds[i];
        if (feed->assigned && feed->partition == partition && lf_bytes_equal(feed->topic->name, topic))
            return feed;
    }
    return NULL;
}

void
lf_mem_log_hold(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, bool held)
{
    struct lf_mem_feed *feed = find_feed(base, topic, partition);
    if (feed != NULL)
        feed->held = held;
}

enum lf_status
lf_mem_log_seek(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, int64_t offset,
                struct lf_err *err)
{
    struct lf_mem_feed *feed = find_feed(base, topic, partition);
    if (feed == NULL)
        return lf_fail(err, LF_NOT_FOUND, "%.*s/%d is not assigned to this reader", LF_FMT(topic), partition);
    feed->next = offset;
    return LF_OK;
}

void
lf_mem_log_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next)
{
    (void)reader; /* no tool looks into this process */
    (void)topic;
    (void)partition;
    (void)next;
}

void
lf_mem_log_interrupt(struct lf_log_reader *base)
{
    struct lf_mem_reader *reader = (struct lf_mem_reader *)base;
    struct lf_mem_log *log = (struct lf_mem_log *)base->log;
    pthread_mutex_lock(&log->lock);
    reader->interrupted = true;
    pthread_cond_broadcast(&log->news);
    pthread_mutex_unlock(&log->lock);
}

void
lf_mem_log_reader_close(struct lf_log_reader *base)
{
    struct lf_mem_reader *reader = (struct lf_mem_reader *)base;
    struct lf_mem_log *log = (struct lf_mem_log *)base->log;
    pthread_mutex_lock(&log->lock);
    struct lf_mem_reader **link = &log->readers;
    while (*link != reader)
        link = &(*link)->next;
    *link = reader->next;
    pthread_mutex_unlock(&log->lock);
    free_reader(reader);
}
