/* Writing: an append is taken, stored at the flush, and acknowledged at the next poll. */
#include "log/memory/memory.h"

#include "base/clock.h"
#include "base/mem.h"

struct lf_mem_item { /* an append on its way: taken, then flushed, then delivered */
    struct lf_mem_item *next;
    struct lf_mem_topic *topic;
    struct lf_record *record; /* the log's once flushed */
    void *token;
    size_t bytes;
    enum lf_status status;
};

struct lf_mem_items {
    struct lf_mem_item *first;
    struct lf_mem_item **end;
};

struct lf_mem_writer {
    struct lf_log_writer base;
    struct lf_mem_items taken;
    struct lf_mem_items flushed;
};

static void
add_item(struct lf_mem_items *items, struct lf_mem_item *item)
{
    item->next = NULL;
    *items->end = item;
    items->end = &item->next;
}

enum lf_status
lf_mem_log_writer_open(struct lf_log *base, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx,
                       struct lf_log_writer **ret, struct lf_err *err)
{
    if (((struct lf_mem_log *)base)->read_only)
        return lf_fail(err, LF_DENIED, "the log was opened for reading only");
    struct lf_mem_writer *writer = lf_calloc(1, sizeof(*writer));
    if (writer == NULL)
        return lf_no_memory(err);
    lf_log_writer_init(&writer->base, base, wake, ack, ctx);
    writer->taken.end = &writer->taken.first;
    writer->flushed.end = &writer->flushed.first;
    *ret = (struct lf_log_writer *)writer;
    return LF_OK;
}

/* A copy of everything but the topic, in one block. */
static struct lf_record *
copy_record(const struct lf_record *record)
{
    size_t headers = record->header_count * sizeof(struct lf_header);
    /* One byte more, so that an empty view never points past the block. */
    struct lf_record *copy = lf_malloc(sizeof(*copy) + headers + lf_log_record_bytes(record) + 1);
    if (copy == NULL)
        return NULL;
    struct lf_header *to = (struct lf_header *)(copy + 1);
    char *at = (char *)to + headers;
    *copy = *record;
    copy->key = lf_mem_log_copy(&at, record->key);
    copy->value = lf_mem_log_copy(&at, record->value);
    copy->headers = record->header_count != 0 ? to : NULL;
    for (size_t i = 0; i < record->header_count; i++) {
        to[i].name = lf_mem_log_copy(&at, record->headers[i].name);
        to[i].value = lf_mem_log_copy(&at, record->headers[i].value);
    }
    if (copy->timestamp_ms == 0)
        copy->timestamp_ms = lf_clock_real_us() / 1000;
    return copy;
}

/* The log is locked. */
static int32_t
choose_partition(struct lf_mem_log *log, const struct lf_mem_topic *topic, const struct lf_record *record)
{
    if (record->partition >= 0)
        return record->partition;
    if (record->key.ptr != NULL)
        return lf_log_partition_of(record->key, topic->partition_count);
    log->next_partition = (log->next_partition + 1) % topic->partition_count;
    return log->next_partition;
}

static enum lf_status
place_record(struct lf_mem_log *log, const struct lf_record *record, struct lf_mem_topic **ret_topic,
             int32_t *ret_partition, struct lf_err *err)
{
    struct lf_mem_topic *topic = NULL;
    pthread_mutex_lock(&log->lock);
    enum lf_status st = lf_mem_log_topic(log, record->topic, &topic, err);
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

enum lf_status
lf_mem_log_append(struct lf_log_writer *base, const struct lf_record *record, void *token, struct lf_err *err)
{
    struct lf_mem_writer *writer = (struct lf_mem_writer *)base;
    struct lf_mem_topic *topic = NULL;
    int32_t partition = -1;
    enum lf_status st = place_record((struct lf_mem_log *)base->log, record, &topic, &partition, err);
    if (st != LF_OK)
        return st;
    struct lf_mem_item *item = lf_malloc(sizeof(*item));
    struct lf_record *copy = copy_record(record);
    if (item == NULL || copy == NULL) {
        lf_free(item);
        lf_free(copy);
        return lf_no_memory(err);
    }
    copy->topic = topic->name;
    copy->partition = partition;
    *item = (struct lf_mem_item){.topic = topic, .record = copy, .token = token, .bytes = lf_log_record_bytes(record)};
    add_item(&writer->taken, item);
    return LF_OK;
}

/* The log is locked. */
static enum lf_status
store_record(struct lf_mem_partition *partition, struct lf_record *record)
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
announce(struct lf_mem_log *log)
{
    log->version++;
    pthread_cond_broadcast(&log->news);
    for (struct lf_mem_reader *reader = log->readers; reader != NULL; reader = reader->next)
        lf_wake_call(&reader->options.wake);
}

int64_t
lf_mem_log_flush(struct lf_log_writer *base)
{
    struct lf_mem_writer *writer = (struct lf_mem_writer *)base;
    struct lf_mem_log *log = (struct lf_mem_log *)base->log;
    if (writer->taken.first == NULL)
        return -1;
    pthread_mutex_lock(&log->lock);
    for (struct lf_mem_item *item = writer->taken.first; item != NULL; item = item->next)
        item->status = store_record(&item->topic->partitions[item->record->partition], item->record);
    announce(log);
    pthread_mutex_unlock(&log->lock);
    *writer->flushed.end = writer->taken.first;
    writer->flushed.end = writer->taken.end;
    writer->taken = (struct lf_mem_items){.end = &writer->taken.first};
    lf_wake_call(&base->wake);
    return -1;
}

static void
deliver_item(struct lf_mem_writer *writer, struct lf_mem_item *item)
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

size_t
lf_mem_log_poll(struct lf_log_writer *base)
{
    struct lf_mem_writer *writer = (struct lf_mem_writer *)base;
    struct lf_mem_item *item = writer->flushed.first;
    writer->flushed = (struct lf_mem_items){.end = &writer->flushed.first};
    size_t count = 0;
    while (item != NULL) { /* the callback may append and flush: those come with the next poll */
        struct lf_mem_item *next = item->next;
        deliver_item(writer, item);
        item = next;
        count++;
    }
    return count;
}

void
lf_mem_log_wait(struct lf_log_writer *writer, int64_t timeout_ms)
{
    (void)writer; /* what is flushed is ready at once */
    (void)timeout_ms;
}

void
lf_mem_log_writer_close(struct lf_log_writer *base)
{
    struct lf_mem_writer *writer = (struct lf_mem_writer *)base;
    lf_mem_log_poll(base);
    while (writer->taken.first != NULL) {
        struct lf_mem_item *item = writer->taken.first;
        writer->taken.first = item->next;
        item->status = LF_UNAVAILABLE;
        deliver_item(writer, item);
    }
    lf_free(writer);
}
