/* The log in memory as a whole: topics, opening, closing, and the table of its operations. */
#include "log/memory/memory.h"

#include "base/mem.h"
#include "base/sync.h"

/* ---- topics ---- */

static struct lf_mem_topic *
new_topic(struct lf_bytes name, int32_t partition_count)
{
    size_t partitions = (size_t)partition_count * sizeof(struct lf_mem_partition);
    struct lf_mem_topic *topic = lf_calloc(1, sizeof(*topic) + partitions + name.len);
    if (topic == NULL)
        return NULL;
    char *text = (char *)topic + sizeof(*topic) + partitions;
    memcpy(text, name.ptr, name.len);
    topic->name = lf_bytes(text, name.len);
    topic->partition_count = partition_count;
    return topic;
}

static void
free_topic(struct lf_mem_topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++) {
        for (size_t k = 0; k < topic->partitions[i].count; k++)
            lf_free(topic->partitions[i].records[k]);
        lf_free(topic->partitions[i].records);
    }
    lf_free(topic);
}

enum lf_status
lf_mem_log_topic(struct lf_mem_log *log, struct lf_bytes name, struct lf_mem_topic **ret, struct lf_err *err)
{
    struct lf_mem_topic *topic = lf_map_get(&log->topics, name);
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
memory_ensure_topic(struct lf_log *base, struct lf_bytes name, struct lf_bytes like, int64_t timeout_ms,
                    struct lf_err *err)
{
    (void)like;
    (void)timeout_ms;
    struct lf_mem_log *log = (struct lf_mem_log *)base;
    struct lf_mem_topic *topic;
    pthread_mutex_lock(&log->lock);
    enum lf_status st = lf_mem_log_topic(log, name, &topic, err);
    pthread_mutex_unlock(&log->lock);
    return st;
}

static enum lf_status
memory_ranges(struct lf_log *base, struct lf_bytes name, struct lf_log_range *ret, size_t max, size_t *ret_count,
              int64_t timeout_ms, struct lf_err *err)
{
    (void)timeout_ms;
    struct lf_mem_log *log = (struct lf_mem_log *)base;
    pthread_mutex_lock(&log->lock);
    const struct lf_mem_topic *topic = lf_map_get(&log->topics, name);
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
    struct lf_mem_log *log = lf_calloc(1, sizeof(*log));
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
    struct lf_mem_log *log = (struct lf_mem_log *)base;
    LF_ASSERT(log->readers == NULL);
    size_t at = 0;
    for (const struct lf_map_entry *entry; (entry = lf_map_next(&log->topics, &at)) != NULL;)
        free_topic(entry->value);
    lf_map_release(&log->topics);
    pthread_cond_destroy(&log->news);
    pthread_mutex_destroy(&log->lock);
    lf_free(log);
}

const struct lf_log_ops lf_log_memory = {
    .name = "memory",
    .scheme = "memory:",
    .open = memory_open,
    .close = memory_close,
    .ensure_topic = memory_ensure_topic,
    .ranges = memory_ranges,
    .health = memory_health,
    .writer_open = lf_mem_log_writer_open,
    .append = lf_mem_log_append,
    .flush = lf_mem_log_flush,
    .poll = lf_mem_log_poll,
    .wait = lf_mem_log_wait,
    .writer_close = lf_mem_log_writer_close,
    .reader_open = lf_mem_log_reader_open,
    .read = lf_mem_log_read,
    .pause = lf_mem_log_pause,
    .hold = lf_mem_log_hold,
    .seek = lf_mem_log_seek,
    .committed = lf_mem_log_committed,
    .interrupt = lf_mem_log_interrupt,
    .reader_close = lf_mem_log_reader_close,
};
