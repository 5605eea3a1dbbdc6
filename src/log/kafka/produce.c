/*
 * Appends gather until the flush at the end of a loop turn, then go to librdkafka in one burst, which forms its batches
 * of them; delivery reports come back through an event queue whose callback is the writer's wake.
 * rd_kafka_produce_batch() would be one call, but knows no headers.
 *
 * Group commit, as in the embedded log: while a burst is on its way, what comes in the meantime gathers and follows in
 * one burst when the reports are there. Sent turn by turn it would become as many small requests, each of which costs
 * this machine and the broker more than its records do. Few records on their way hold nothing up, and nothing waits
 * longer than HOLD_MS.
 *
 * A record's bytes are copied once, here; librdkafka points into them until the delivery report.
 */
#include "log/kafka/kafka.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum {
    CLOSE_MS = 5000, /* how long librdkafka has to give records back */
    HOLD_FROM = 8,   /* records on their way that make later ones wait */
    HOLD_MS = 5,     /* at most so long */
};

/* ---- lists ---- */

static void
push(struct lf_kafka_items *items, struct lf_kafka_item *item)
{
    item->next = NULL;
    item->previous = items->last;
    if (items->last != NULL)
        items->last->next = item;
    else
        items->first = item;
    items->last = item;
}

static void
take_out(struct lf_kafka_items *items, struct lf_kafka_item *item)
{
    if (item->previous != NULL)
        item->previous->next = item->next;
    else
        items->first = item->next;
    if (item->next != NULL)
        item->next->previous = item->previous;
    else
        items->last = item->previous;
}

static void
free_item(struct lf_kafka_item *item)
{
    if (item->headers != NULL)
        rd_kafka_headers_destroy(item->headers);
    lf_free(item);
}

/* ---- topics ---- */

static enum lf_status
find_topic(struct lf_kafka_writer *writer, struct lf_bytes name, struct lf_kafka_topic **ret, struct lf_err *err)
{
    for (struct lf_kafka_topic *topic = writer->topics; topic != NULL; topic = topic->next) {
        if (lf_bytes_equal_text(name, topic->name)) {
            *ret = topic;
            return LF_OK;
        }
    }
    struct lf_kafka_topic *topic = lf_calloc(1, sizeof(*topic));
    char *copy = lf_strndup(name.ptr, name.len);
    if (topic == NULL || copy == NULL) {
        lf_free(topic);
        lf_free(copy);
        return lf_no_memory(err);
    }
    topic->name = copy;
    topic->next = writer->topics;
    writer->topics = topic;
    *ret = topic;
    return LF_OK;
}

enum lf_status
lf_kafka_writer_open(struct lf_log *base, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx,
                     struct lf_log_writer **ret, struct lf_err *err)
{
    struct lf_kafka_log *log = (struct lf_kafka_log *)base;
    if (log->read_only)
        return lf_fail(err, LF_DENIED, "the log was opened for reading only");
    struct lf_kafka_writer *writer = lf_calloc(1, sizeof(*writer));
    if (writer == NULL)
        return lf_no_memory(err);
    lf_log_writer_init(&writer->base, base, wake, ack, ctx);
    writer->opaque = (struct lf_kafka_opaque){.log = log, .owner = writer};
    enum lf_status st = lf_kafka_producer_start(writer, err);
    if (st != LF_OK) {
        lf_free(writer);
        return st;
    }
    *ret = (struct lf_log_writer *)writer;
    return LF_OK;
}

/* ---- appending ---- */

static rd_kafka_headers_t *
copy_headers(const struct lf_record *record)
{
    if (record->header_count == 0)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        const struct lf_header *header = &record->headers[i];
        (void)rd_kafka_header_add(headers, header->name.ptr != NULL ? header->name.ptr : "", (ssize_t)header->name.len,
                                  header->value.ptr, (ssize_t)header->value.len);
    }
    return headers;
}

static void
copy_bytes(char *to, struct lf_bytes from)
{
    if (from.ptr != NULL)
        memcpy(to, from.ptr, from.len);
}

enum lf_status
lf_kafka_append(struct lf_log_writer *base, const struct lf_record *record, void *token, struct lf_err *err)
{
    struct lf_kafka_writer *writer = (struct lf_kafka_writer *)base;
    struct lf_kafka_topic *topic = NULL;
    enum lf_status st = find_topic(writer, record->topic, &topic, err);
    if (st != LF_OK)
        return st;
    struct lf_kafka_item *item = lf_malloc(sizeof(*item) + record->key.len + record->value.len + 1);
    if (item == NULL)
        return lf_no_memory(err);
    *item = (struct lf_kafka_item){
        .topic = topic,
        .token = token,
        .bytes = lf_log_record_bytes(record),
        .headers = copy_headers(record),
        .timestamp_ms = record->timestamp_ms,
        .partition = record->partition,
        .key_null = record->key.ptr == NULL,
        .value_null = record->value.ptr == NULL,
        .key_len = record->key.len,
        .value_len = record->value.len,
    };
    copy_bytes(item->data, record->key);
    copy_bytes(item->data + record->key.len, record->value);
    push(&writer->taken, item);
    writer->taken_count++;
    return LF_OK;
}

static rd_kafka_resp_err_t
produce(struct lf_kafka_writer *writer, struct lf_kafka_item *item)
{
    if (item->topic->handle == NULL) {
        item->topic->handle = rd_kafka_topic_new(writer->producer, item->topic->name, NULL);
        if (item->topic->handle == NULL)
            return rd_kafka_last_error();
    }
    rd_kafka_vu_t fields[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = item->topic->handle},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = item->partition >= 0 ? item->partition : RD_KAFKA_PARTITION_UA},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {item->key_null ? NULL : item->data, item->key_len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {item->value_null ? NULL : item->data + item->key_len, item->value_len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = item->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = item},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = item->headers}, /* last: left out if there are none */
    };
    size_t count = sizeof(fields) / sizeof(fields[0]) - (item->headers == NULL);
    rd_kafka_error_t *error = rd_kafka_produceva(writer->producer, fields, count);
    if (error == NULL) {
        item->headers = NULL;
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return code;
}

static void
send_taken(struct lf_kafka_writer *writer)
{
    struct lf_kafka_item *item;
    while ((item = writer->taken.first) != NULL) {
        take_out(&writer->taken, item);
        /* In the list first: the report may come before produce() returns, though only poll() takes it in. */
        push(&writer->sent, item);
        item->refused = writer->fatal ? RD_KAFKA_RESP_ERR__FATAL : produce(writer, item);
        if (item->refused == RD_KAFKA_RESP_ERR_NO_ERROR) {
            writer->sent_count++;
            continue;
        }
        take_out(&writer->sent, item);
        push(&writer->refused, item);
    }
    writer->taken_count = 0;
    writer->sent_ms = lf_clock_mono_ms();
    if (writer->refused.first != NULL)
        lf_wake_call(&writer->base.wake);
}

/* For how many milliseconds more what is taken shall wait for what is on its way; 0: not at all. */
static int64_t
hold_ms(const struct lf_kafka_writer *writer)
{
    if (writer->sent_count < HOLD_FROM || writer->taken_count == 0)
        return 0;
    int64_t passed = lf_clock_mono_ms() - writer->sent_ms;
    return passed < HOLD_MS ? HOLD_MS - passed : 0;
}

int64_t
lf_kafka_flush(struct lf_log_writer *base)
{
    struct lf_kafka_writer *writer = (struct lf_kafka_writer *)base;
    if (writer->fatal && writer->sent.first == NULL)
        lf_kafka_producer_renew(writer);
    int64_t wait_ms = hold_ms(writer);
    if (wait_ms > 0)
        return wait_ms;
    if (writer->taken_count != 0)
        send_taken(writer);
    return -1;
}

/* ---- acknowledgements ---- */

static void
deliver(struct lf_kafka_writer *writer, struct lf_kafka_item *item, struct lf_log_ack *ack)
{
    size_t bytes = item->bytes;
    ack->token = item->token;
    free_item(item);
    lf_log_deliver(&writer->base, ack, bytes);
}

/* A record that certainly is not in the log. */
static void
deliver_failed(struct lf_kafka_writer *writer, struct lf_kafka_item *item, rd_kafka_resp_err_t code)
{
    struct lf_err err = {0};
    char what[300];
    snprintf(what, sizeof(what), "topic '%s': the record was not logged", item->topic->name);
    struct lf_log_ack ack = {.partition = item->partition, .offset = LF_OFFSET_NONE, .err = &err};
    ack.status = lf_kafka_fail((struct lf_kafka_log *)writer->base.log, &err, code, what);
    deliver(writer, item, &ack);
}

/*
 * Nobody knows whether the record is in the log. So it is as well with what librdkafka takes for logged without knowing
 * where, since a batch behind it is ("implicitly acked"): brokers take sequence numbers in order, but one that knows
 * nothing of the producer yet takes any as the first. If it was no leader when the first batch came, and was when the
 * second came, the first is lost.
 */
static void
deliver_unknown(struct lf_kafka_writer *writer, struct lf_kafka_item *item, const char *why)
{
    struct lf_err err = {0};
    struct lf_log_ack ack = {.partition = item->partition, .offset = LF_OFFSET_NONE, .err = &err};
    ack.status = lf_fail(&err, LF_TIMEOUT, "topic '%s': whether the record is in the log is unknown: %s",
                         item->topic->name, why);
    deliver(writer, item, &ack);
}

static void
deliver_logged(struct lf_kafka_writer *writer, struct lf_kafka_item *item, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    struct lf_log_ack ack = {.status = LF_OK,
                             .partition = message->partition,
                             .offset = message->offset,
                             .timestamp_ms = rd_kafka_message_timestamp(message, &type)};
    deliver(writer, item, &ack);
}

/* One record's report. False if it tells of a cluster in trouble. */
static bool
take_report(struct lf_kafka_writer *writer, const rd_kafka_message_t *message)
{
    struct lf_kafka_item *item = message->_private;
    rd_kafka_msg_status_t status = rd_kafka_message_status(message);
    take_out(&writer->sent, item);
    writer->sent_count--;
    item->partition = message->partition;
    rd_kafka_resp_err_t code = message->err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || status == RD_KAFKA_MSG_STATUS_PERSISTED) {
        if (message->offset >= 0)
            deliver_logged(writer, item, message);
        else
            deliver_unknown(writer, item, "a later one is");
        return true;
    }
    if (status == RD_KAFKA_MSG_STATUS_NOT_PERSISTED)
        deliver_failed(writer, item, code);
    else
        deliver_unknown(writer, item, rd_kafka_err2str(code));
    enum lf_status meaning = lf_kafka_status(code);
    return meaning == LF_LIMIT || meaning == LF_INVALID;
}

static size_t
take_reports(struct lf_kafka_writer *writer, rd_kafka_event_t *event)
{
    size_t count = 0;
    bool good = true;
    const rd_kafka_message_t *message;
    while ((message = rd_kafka_event_message_next(event)) != NULL) {
        good = take_report(writer, message) && good;
        count++;
    }
    if (count != 0)
        lf_kafka_note_delivery((struct lf_kafka_log *)writer->base.log, good);
    return count;
}

static void
take_error(struct lf_kafka_writer *writer, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    lf_kafka_note_error((struct lf_kafka_log *)writer->base.log, code, rd_kafka_event_error_string(event));
    if (!rd_kafka_event_error_is_fatal(event) || writer->fatal)
        return;
    writer->fatal = true;
    rd_kafka_purge(writer->producer,
                   RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

static rd_kafka_event_t *
next_event(struct lf_kafka_writer *writer)
{
    rd_kafka_event_t *event = writer->stash;
    writer->stash = NULL;
    return event != NULL ? event : rd_kafka_queue_poll(writer->queue, 0);
}

static size_t
deliver_refused(struct lf_kafka_writer *writer)
{
    size_t count = 0;
    struct lf_kafka_items refused = writer->refused;
    writer->refused = (struct lf_kafka_items){0};
    for (struct lf_kafka_item *item = refused.first, *next; item != NULL; item = next, count++) {
        next = item->next;
        deliver_failed(writer, item, item->refused);
    }
    return count;
}

size_t
lf_kafka_poll(struct lf_log_writer *base)
{
    struct lf_kafka_writer *writer = (struct lf_kafka_writer *)base;
    size_t count = deliver_refused(writer);
    if (writer->queue == NULL)
        return count;
    rd_kafka_event_t *event;
    /* To the end: the queue's callback comes only when it was empty. */
    while ((event = next_event(writer)) != NULL) {
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
            count += take_reports(writer, event);
        else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
            take_error(writer, event);
        rd_kafka_event_destroy(event);
    }
    return count;
}

void
lf_kafka_wait(struct lf_log_writer *base, int64_t timeout_ms)
{
    struct lf_kafka_writer *writer = (struct lf_kafka_writer *)base;
    if (writer->refused.first != NULL || writer->stash != NULL || writer->queue == NULL)
        return;
    writer->stash = rd_kafka_queue_poll(writer->queue, timeout_ms < INT32_MAX ? (int)timeout_ms : INT32_MAX);
}

/* ---- closing ---- */

/* Takes every record back from librdkafka. */
static void
purge(struct lf_kafka_writer *writer)
{
    if (writer->producer == NULL)
        return;
    rd_kafka_purge(writer->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    int64_t deadline = lf_clock_mono_ms() + CLOSE_MS;
    while (writer->sent.first != NULL && lf_clock_mono_ms() < deadline) {
        lf_kafka_wait(&writer->base, 100);
        lf_kafka_poll(&writer->base);
    }
}

void
lf_kafka_writer_close(struct lf_log_writer *base)
{
    struct lf_kafka_writer *writer = (struct lf_kafka_writer *)base;
    lf_kafka_poll(base);
    purge(writer);
    lf_kafka_producer_stop(writer);
    struct lf_kafka_item *item;
    while ((item = writer->sent.first) != NULL) { /* librdkafka kept it to the last */
        take_out(&writer->sent, item);
        deliver_unknown(writer, item, rd_kafka_err2str(RD_KAFKA_RESP_ERR__DESTROY));
    }
    while ((item = writer->taken.first) != NULL) {
        take_out(&writer->taken, item);
        deliver_failed(writer, item, RD_KAFKA_RESP_ERR__DESTROY);
    }
    while (writer->topics != NULL) {
        struct lf_kafka_topic *topic = writer->topics;
        writer->topics = topic->next;
        lf_free(topic->name);
        lf_free(topic);
    }
    lf_free(writer);
}
