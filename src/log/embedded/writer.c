/*
 * One writer of the embedded log. Its thread copies records into a batch; a flush hands the batch to the committer; a
 * poll delivers what has been decided. An append costs one copy and no allocation once the buffers have grown.
 */
#include "log/embedded/embedded.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/sync.h"

#include <string.h>

enum {
    SPARE_BATCHES_MAX = 4,
    SPARE_BYTES_MAX = 1024 * 1024, /* a larger buffer is given back, not kept */
};

/* ---- batches ---- */

void
lf_emb_batch_free(struct lf_emb_batch *batch)
{
    if (batch == NULL)
        return;
    lf_free(batch->items);
    lf_free(batch->data);
    lf_free(batch);
}

static void
recycle(struct lf_emb_writer *writer, struct lf_emb_batch *batch)
{
    size_t count = 0;
    for (const struct lf_emb_batch *spare = writer->spare; spare != NULL; spare = spare->next)
        count++;
    if (count >= SPARE_BATCHES_MAX || batch->data_cap > SPARE_BYTES_MAX) {
        lf_emb_batch_free(batch);
        return;
    }
    batch->state = LF_EMB_OPEN;
    batch->count = batch->len = 0;
    batch->next = writer->spare;
    writer->spare = batch;
}

static struct lf_emb_batch *
open_batch(struct lf_emb_writer *writer)
{
    if (writer->open != NULL)
        return writer->open;
    struct lf_emb_batch *batch = writer->spare;
    if (batch != NULL)
        writer->spare = batch->next;
    else
        batch = lf_calloc(1, sizeof(*batch));
    if (batch != NULL) {
        batch->next = NULL;
        batch->writer = writer;
        writer->open = batch;
    }
    return batch;
}

/* Room for one more item and len more bytes. */
static bool
make_room(struct lf_emb_batch *batch, size_t len)
{
    if (batch->count == batch->cap) {
        size_t cap = batch->cap != 0 ? batch->cap * 2 : 64;
        struct lf_emb_item *items = lf_realloc(batch->items, cap * sizeof(*items));
        if (items == NULL)
            return false;
        batch->items = items;
        batch->cap = cap;
    }
    if (len <= batch->data_cap - batch->len)
        return true;
    size_t cap = batch->data_cap != 0 ? batch->data_cap : 16 * 1024;
    while (cap - batch->len < len)
        cap *= 2;
    char *data = lf_realloc(batch->data, cap);
    if (data == NULL)
        return false;
    batch->data = data;
    batch->data_cap = cap;
    return true;
}

/* ---- appending ---- */

static enum lf_status
topic_of(struct lf_emb_writer *writer, struct lf_bytes name, const struct lf_emb_topic **ret, struct lf_err *err)
{
    if (writer->last_topic == NULL || !lf_bytes_equal(writer->last_topic->name, name)) {
        struct lf_emb_log *log = (struct lf_emb_log *)writer->base.log;
        enum lf_status st = lf_emb_topic(log, name, log->create_topics, &writer->last_topic, err);
        if (st != LF_OK)
            return st;
    }
    *ret = writer->last_topic;
    return LF_OK;
}

static char *
put(char *at, struct lf_bytes bytes)
{
    if (bytes.ptr != NULL)
        memcpy(at, bytes.ptr, bytes.len);
    return at + bytes.len;
}

static enum lf_status
put_record(struct lf_emb_batch *batch, const struct lf_record *record, const struct lf_emb_topic *topic, void *token,
           struct lf_err *err)
{
    size_t headers;
    if (!lf_emb_headers_size(record, &headers))
        return lf_fail(err, LF_LIMIT, "the record's headers are too large");
    if (!make_room(batch, record->key.len + record->value.len + headers))
        return lf_no_memory(err);
    struct lf_emb_item *item = &batch->items[batch->count];
    *item = (struct lf_emb_item){
        .topic = topic,
        .token = token,
        .at = batch->len,
        .key_len = (uint32_t)record->key.len, /* the front checked: far below 4 GiB */
        .value_len = (uint32_t)record->value.len,
        .headers_len = (uint32_t)headers,
        .key_null = record->key.ptr == NULL,
        .value_null = record->value.ptr == NULL,
        .bytes = lf_log_record_bytes(record),
        .timestamp_ms = record->timestamp_ms != 0 ? record->timestamp_ms : lf_clock_real_us() / 1000,
        .offset = LF_OFFSET_NONE,
    };
    char *at = put(batch->data + batch->len, record->key);
    at = put(at, record->value);
    lf_emb_headers_write(record, at);
    batch->len += record->key.len + record->value.len + headers;
    batch->count++;
    return LF_OK;
}

enum lf_status
lf_emb_append(struct lf_log_writer *base, const struct lf_record *record, void *token, struct lf_err *err)
{
    struct lf_emb_writer *writer = (struct lf_emb_writer *)base;
    if (record->partition > 0)
        return lf_fail(err, LF_NOT_FOUND, "topic '%.*s' has no partition %d: the embedded log has partition 0 only",
                       LF_FMT(record->topic), record->partition);
    const struct lf_emb_topic *topic;
    enum lf_status st = topic_of(writer, record->topic, &topic, err);
    if (st != LF_OK)
        return st;
    struct lf_emb_batch *batch = open_batch(writer);
    if (batch == NULL)
        return lf_no_memory(err);
    return put_record(batch, record, topic, token, err);
}

int64_t
lf_emb_flush(struct lf_log_writer *base)
{
    struct lf_emb_writer *writer = (struct lf_emb_writer *)base;
    struct lf_emb_log *log = (struct lf_emb_log *)base->log;
    struct lf_emb_batch *batch = writer->open;
    if (batch == NULL || batch->count == 0)
        return -1;
    writer->open = NULL;
    batch->state = LF_EMB_QUEUED;
    batch->deadline_ns = lf_clock_mono_ns() + log->delivery_timeout_ns;
    batch->next = batch->queue_next = NULL;
    pthread_mutex_lock(&log->lock);
    *writer->sent_end = batch;
    writer->sent_end = &batch->next;
    *log->queue_end = batch;
    log->queue_end = &batch->queue_next;
    bool wake = log->committer_idle;
    log->committer_idle = false;
    if (log->keeper_sleeps_deep)
        lf_emb_keeper_wake(log);
    pthread_mutex_unlock(&log->lock);
    if (wake)
        pthread_cond_signal(&log->work);
    return -1;
}

/* ---- acknowledgements ---- */

static void
remove_from_queue(struct lf_emb_log *log, struct lf_emb_batch *batch)
{
    struct lf_emb_batch **link = &log->queue;
    while (*link != batch)
        link = &(*link)->queue_next;
    *link = batch->queue_next;
    if (*link == NULL)
        log->queue_end = link;
}

/* Takes the decided and overdue batches off the front of those sent, in order. The lock is held. */
static struct lf_emb_batch *
take_decided(struct lf_emb_log *log, struct lf_emb_writer *writer)
{
    struct lf_emb_batch *first = writer->sent;
    struct lf_emb_batch **link = &writer->sent;
    int64_t now = lf_clock_mono_ns();
    while (*link != NULL && ((*link)->state == LF_EMB_DONE || now >= (*link)->deadline_ns)) {
        struct lf_emb_batch *batch = *link;
        batch->overdue = batch->state == LF_EMB_COMMITTING;
        if (batch->state == LF_EMB_QUEUED) {
            remove_from_queue(log, batch);
            batch->state = LF_EMB_DONE;
            batch->status =
                lf_fail(&batch->err, LF_UNAVAILABLE, "the log did not come to the record in time; it was not appended");
        }
        link = &batch->next;
    }
    if (link == &writer->sent)
        return NULL;
    writer->sent = *link;
    if (writer->sent == NULL)
        writer->sent_end = &writer->sent;
    *link = NULL;
    return first;
}

/* Delivers a batch that the committer has decided about. */
static size_t
deliver(struct lf_emb_writer *writer, struct lf_emb_batch *batch)
{
    size_t count = batch->count;
    for (size_t i = 0; i < count; i++) {
        const struct lf_emb_item *item = &batch->items[i];
        struct lf_log_ack ack = {.token = item->token, .status = batch->status, .offset = LF_OFFSET_NONE};
        if (batch->status == LF_OK) {
            ack.offset = item->offset;
            ack.timestamp_ms = item->timestamp_ms;
        } else {
            ack.err = &batch->err;
        }
        lf_log_deliver(&writer->base, &ack, item->bytes);
    }
    return count;
}

/* Delivers a batch that the committer still works on: it may be in the log or not. It stays the committer's. */
static size_t
deliver_unknown(struct lf_emb_log *log, struct lf_emb_writer *writer, struct lf_emb_batch *batch, bool *ret_ours)
{
    struct lf_err err = {0};
    lf_fail(&err, LF_TIMEOUT, "the log did not answer in time; whether the record is in it is unknown");
    size_t count = batch->count;
    for (size_t i = 0; i < count; i++) { /* the committer does not change token and size */
        struct lf_log_ack ack = {
            .token = batch->items[i].token, .status = LF_TIMEOUT, .offset = LF_OFFSET_NONE, .err = &err};
        lf_log_deliver(&writer->base, &ack, batch->items[i].bytes);
    }
    pthread_mutex_lock(&log->lock);
    *ret_ours = batch->state == LF_EMB_DONE;
    if (!*ret_ours)
        batch->state = LF_EMB_ABANDONED;
    pthread_mutex_unlock(&log->lock);
    return count;
}

static size_t
deliver_all(struct lf_emb_log *log, struct lf_emb_writer *writer)
{
    pthread_mutex_lock(&log->lock);
    struct lf_emb_batch *batch = take_decided(log, writer);
    pthread_mutex_unlock(&log->lock);
    size_t count = 0;
    while (batch != NULL) {
        struct lf_emb_batch *next = batch->next;
        bool ours = true;
        count += batch->overdue ? deliver_unknown(log, writer, batch, &ours) : deliver(writer, batch);
        if (ours)
            recycle(writer, batch);
        batch = next;
    }
    return count;
}

size_t
lf_emb_poll(struct lf_log_writer *base)
{
    struct lf_emb_writer *writer = (struct lf_emb_writer *)base;
    if (!atomic_exchange_explicit(&writer->ready, false, memory_order_acquire))
        return 0;
    return deliver_all((struct lf_emb_log *)base->log, writer);
}

void
lf_emb_wait(struct lf_log_writer *base, int64_t timeout_ms)
{
    struct lf_emb_writer *writer = (struct lf_emb_writer *)base;
    struct lf_emb_log *log = (struct lf_emb_log *)base->log;
    int64_t deadline = lf_clock_mono_ns() + timeout_ms * 1000000;
    pthread_mutex_lock(&log->lock);
    writer->waiting = true;
    while (!atomic_load(&writer->ready)) {
        int64_t left = deadline - lf_clock_mono_ns();
        if (left <= 0 || !lf_cond_wait_ns(&writer->news, &log->lock, left))
            break;
    }
    writer->waiting = false;
    pthread_mutex_unlock(&log->lock);
}

/* ---- open and close ---- */

static enum lf_status
start_threads(struct lf_emb_log *log, struct lf_err *err)
{
    enum lf_status st = lf_emb_committer_start(log, err);
    return st == LF_OK ? lf_emb_keeper_start(log, err) : st;
}

enum lf_status
lf_emb_writer_open(struct lf_log *base, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx, struct lf_log_writer **ret,
                   struct lf_err *err)
{
    struct lf_emb_log *log = (struct lf_emb_log *)base;
    if (log->read_only)
        return lf_fail(err, LF_DENIED, "log '%.200s' was opened for reading only", log->dir);
    enum lf_status st = start_threads(log, err);
    if (st != LF_OK)
        return st;
    struct lf_emb_writer *writer = lf_calloc(1, sizeof(*writer));
    if (writer == NULL || !lf_cond_init(&writer->news)) {
        lf_free(writer);
        return lf_no_memory(err);
    }
    lf_log_writer_init(&writer->base, base, wake, ack, ctx);
    writer->sent_end = &writer->sent;
    pthread_mutex_lock(&log->lock);
    writer->next = log->writers;
    log->writers = writer;
    pthread_mutex_unlock(&log->lock);
    *ret = (struct lf_log_writer *)writer;
    return LF_OK;
}

/* From now on nobody else knows the writer. The lock is held. */
static void
take_out(struct lf_emb_log *log, struct lf_emb_writer *writer)
{
    lf_emb_settle(log);
    writer->closed = true;
    struct lf_emb_writer **link = &log->writers;
    while (*link != writer)
        link = &(*link)->next;
    *link = writer->next;
    for (struct lf_emb_batch *batch = writer->sent; batch != NULL; batch = batch->next) {
        if (batch->state != LF_EMB_DONE)
            batch->deadline_ns = 0; /* overdue now */
    }
}

/* What was appended and not flushed never reaches the log. */
static void
drop_open(struct lf_emb_writer *writer)
{
    struct lf_emb_batch *batch = writer->open;
    writer->open = NULL;
    if (batch == NULL)
        return;
    batch->status = lf_fail(&batch->err, LF_UNAVAILABLE, "the writer was closed; the record was not appended");
    deliver(writer, batch);
    lf_emb_batch_free(batch);
}

void
lf_emb_writer_close(struct lf_log_writer *base)
{
    struct lf_emb_writer *writer = (struct lf_emb_writer *)base;
    struct lf_emb_log *log = (struct lf_emb_log *)base->log;
    pthread_mutex_lock(&log->lock);
    take_out(log, writer);
    pthread_mutex_unlock(&log->lock);
    deliver_all(log, writer);
    drop_open(writer);
    while (writer->spare != NULL) {
        struct lf_emb_batch *batch = writer->spare;
        writer->spare = batch->next;
        lf_emb_batch_free(batch);
    }
    pthread_cond_destroy(&writer->news);
    lf_free(writer);
}
