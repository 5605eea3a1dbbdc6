/* The front of the log: checks arguments and limits once for all back ends, keeps their list, and dispatches. */
#include "log/log.h"
#include "base/clock.h"
#include "base/limits.h"
#include "log/log_backend.h"

#include <string.h>

static const struct lf_log_ops *const backends[] = {&lf_log_embedded, &lf_log_kafka, &lf_log_memory};

enum { TOPIC_NAME_MAX = 249 }; /* Kafka's own limit (org.apache.kafka.common.internals.Topic) */

/* ---- the log itself ---- */

static const struct lf_log_ops *
backend_of(const char *url)
{
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
        if (strncmp(url, backends[i]->scheme, strlen(backends[i]->scheme)) == 0)
            return backends[i];
    }
    return NULL;
}

enum lf_status
lf_log_open(const struct lf_log_options *options, struct lf_log **ret, struct lf_err *err)
{
    if (options->url == NULL || options->url[0] == '\0')
        return lf_fail(err, LF_USAGE, "the log's URL is empty: use embedded:DIR or kafka://HOST:PORT");
    const struct lf_log_ops *ops = backend_of(options->url);
    if (ops == NULL)
        return lf_fail(err, LF_USAGE, "log '%.200s' is of no known kind: use embedded:DIR or kafka://HOST:PORT",
                       options->url);
    if (options->partitions < 0 || options->replication_factor < 0 || options->delivery_timeout_ms < 0 ||
        options->linger_us < 0)
        return lf_fail(err, LF_INVALID, "log '%.200s': numbers must not be negative", options->url);
    if (options->read_only && options->exclusive)
        return lf_fail(err, LF_INVALID, "log '%.200s' cannot be both read only and owned for writing", options->url);
    struct lf_log *log = NULL;
    enum lf_status st = ops->open(options, options->url + strlen(ops->scheme), &log, err);
    if (st != LF_OK)
        return st;
    LF_ASSERT(log->ops != NULL);
    *ret = log;
    return LF_OK;
}

void
lf_log_close(struct lf_log *log)
{
    if (log != NULL)
        log->ops->close(log);
}

const char *
lf_log_backend_name(const struct lf_log *log)
{
    return log->ops->name;
}

/* Kafka's rule, held by every back end so that a topic can move between them. */
static enum lf_status
check_topic(struct lf_bytes topic, struct lf_err *err)
{
    bool good = topic.len != 0 && topic.len <= TOPIC_NAME_MAX && !lf_bytes_equal_text(topic, ".") &&
                !lf_bytes_equal_text(topic, "..");
    for (size_t i = 0; good && i < topic.len; i++) {
        char c = topic.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    }
    if (good)
        return LF_OK;
    return lf_fail(err, LF_INVALID, "'%.*s' is not a topic name: use 1 to %d of A-Z a-z 0-9 . _ -", LF_FMT(topic),
                   TOPIC_NAME_MAX);
}

enum lf_status
lf_log_ensure_topic(struct lf_log *log, struct lf_bytes topic, int64_t timeout_ms, struct lf_err *err)
{
    return lf_log_ensure_topic_like(log, topic, LF_BYTES_NONE, timeout_ms, err);
}

enum lf_status
lf_log_ensure_topic_like(struct lf_log *log, struct lf_bytes topic, struct lf_bytes like, int64_t timeout_ms,
                         struct lf_err *err)
{
    enum lf_status st = check_topic(topic, err);
    if (st == LF_OK && like.ptr != NULL)
        st = check_topic(like, err);
    return st != LF_OK ? st : log->ops->ensure_topic(log, topic, like, timeout_ms, err);
}

enum lf_status
lf_log_ranges(struct lf_log *log, struct lf_bytes topic, struct lf_log_range *ret, size_t max, size_t *ret_count,
              int64_t timeout_ms, struct lf_err *err)
{
    enum lf_status st = check_topic(topic, err);
    return st != LF_OK ? st : log->ops->ranges(log, topic, ret, max, ret_count, timeout_ms, err);
}

enum lf_status
lf_log_health(struct lf_log *log, struct lf_err *err)
{
    return log->ops->health(log, err);
}

/* ---- writing ---- */

enum lf_status
lf_log_writer_open(struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx, struct lf_log_writer **ret,
                   struct lf_err *err)
{
    LF_ASSERT(ack != NULL);
    struct lf_log_writer *writer = NULL;
    enum lf_status st = log->ops->writer_open(log, wake, ack, ctx, &writer, err);
    if (st != LF_OK)
        return st;
    LF_ASSERT(writer->log != NULL && writer->in_flight == 0);
    *ret = writer;
    return LF_OK;
}

void
lf_log_writer_init(struct lf_log_writer *writer, struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx)
{
    *writer = (struct lf_log_writer){.log = log, .ack = ack, .ctx = ctx, .wake = wake};
}

size_t
lf_log_record_bytes(const struct lf_record *record)
{
    size_t bytes = record->key.len + record->value.len;
    for (size_t i = 0; i < record->header_count; i++)
        bytes += record->headers[i].name.len + record->headers[i].value.len;
    return bytes;
}

static enum lf_status
check_record(const struct lf_record *record, size_t bytes, struct lf_err *err)
{
    if (record->partition < -1)
        return lf_fail(err, LF_INVALID, "partition %d does not exist", record->partition);
    if (record->timestamp_ms < 0)
        return lf_fail(err, LF_INVALID, "the record's time lies before 1970");
    if (bytes > LF_RECORD_BYTES_MAX)
        return lf_fail(err, LF_LIMIT, "the record has %zu bytes, the log takes %d at most", bytes, LF_RECORD_BYTES_MAX);
    return check_topic(record->topic, err);
}

enum lf_status
lf_log_append(struct lf_log_writer *writer, const struct lf_record *record, void *token, struct lf_err *err)
{
    if (writer->closed)
        return lf_fail(err, LF_CLOSED, "the log's writer is being closed");
    size_t bytes = lf_log_record_bytes(record);
    enum lf_status st = check_record(record, bytes, err);
    if (st != LF_OK)
        return st;
    /* One record is always let in, however large: else it could never be logged. */
    bool full = writer->in_flight >= LF_LOG_IN_FLIGHT_MAX ||
                (writer->in_flight != 0 && bytes > LF_LOG_IN_FLIGHT_BYTES_MAX - writer->in_flight_bytes);
    if (full)
        return lf_fail(err, LF_AGAIN, "%zu appends (%zu bytes) wait for the log already", writer->in_flight,
                       writer->in_flight_bytes);
    st = writer->log->ops->append(writer, record, token, err);
    if (st != LF_OK)
        return st;
    writer->in_flight++;
    writer->in_flight_bytes += bytes;
    return LF_OK;
}

void
lf_log_deliver(struct lf_log_writer *writer, const struct lf_log_ack *ack, size_t bytes)
{
    LF_ASSERT(writer->in_flight != 0 && writer->in_flight_bytes >= bytes);
    writer->in_flight--;
    writer->in_flight_bytes -= bytes;
    writer->ack(writer->ctx, ack);
}

int64_t
lf_log_flush(struct lf_log_writer *writer)
{
    return writer->in_flight != 0 ? writer->log->ops->flush(writer) : -1;
}

size_t
lf_log_poll(struct lf_log_writer *writer)
{
    /* With nothing in flight as well: what a back end has to say besides would else hide later acknowledgements. */
    return writer->log->ops->poll(writer);
}

size_t
lf_log_in_flight(const struct lf_log_writer *writer)
{
    return writer->in_flight;
}

bool
lf_log_drain(struct lf_log_writer *writer, int64_t timeout_ms)
{
    int64_t deadline = lf_clock_mono_ms() + timeout_ms;
    for (;;) {
        lf_log_poll(writer);
        int64_t kept_ms = lf_log_flush(writer); /* last: acknowledgements may have appended */
        if (writer->in_flight == 0)
            return true;
        int64_t left = deadline - lf_clock_mono_ms();
        if (left <= 0)
            return false;
        writer->log->ops->wait(writer, kept_ms >= 0 && kept_ms < left ? kept_ms : left);
    }
}

struct one_ack {
    bool done;
    struct lf_log_ack ack;
    struct lf_err *err;
};

static void
take_one_ack(void *ctx, const struct lf_log_ack *ack)
{
    struct one_ack *one = ctx;
    one->done = true;
    one->ack = *ack;
    if (ack->status != LF_OK && one->err != NULL && ack->err != NULL)
        *one->err = *ack->err;
    one->ack.err = NULL;
}

enum lf_status
lf_log_append_wait(struct lf_log_writer *writer, const struct lf_record *record, struct lf_log_ack *ret,
                   struct lf_err *err)
{
    LF_ASSERT(writer->in_flight == 0);
    struct one_ack one = {.err = err};
    lf_log_ack_fn *ack = writer->ack;
    void *ctx = writer->ctx;
    writer->ack = take_one_ack;
    writer->ctx = &one;
    enum lf_status st = lf_log_append(writer, record, NULL, err);
    while (st == LF_OK && !one.done) { /* the back end answers within the delivery time-out */
        (void)lf_log_drain(writer, 1000);
    }
    writer->ack = ack;
    writer->ctx = ctx;
    if (st == LF_OK)
        st = one.ack.status;
    if (st == LF_OK)
        *ret = one.ack;
    return st;
}

void
lf_log_writer_close(struct lf_log_writer *writer)
{
    if (writer == NULL)
        return;
    writer->closed = true;
    writer->log->ops->writer_close(writer);
}

/* ---- reading ---- */

enum lf_status
lf_log_reader_open(struct lf_log *log, const struct lf_log_reader_options *options, struct lf_log_reader **ret,
                   struct lf_err *err)
{
    if (options->topic_count == 0)
        return lf_fail(err, LF_INVALID, "a reader needs a topic");
    for (size_t i = 0; i < options->topic_count; i++) {
        enum lf_status st = check_topic(options->topics[i], err);
        if (st != LF_OK)
            return st;
        for (size_t j = 0; j < i; j++) {
            if (lf_bytes_equal(options->topics[i], options->topics[j]))
                return lf_fail(err, LF_INVALID, "topic '%.*s' is named twice", LF_FMT(options->topics[i]));
        }
    }
    struct lf_log_reader *reader = NULL;
    enum lf_status st = log->ops->reader_open(log, options, &reader, err);
    if (st != LF_OK)
        return st;
    LF_ASSERT(reader->log == log);
    *ret = reader;
    return LF_OK;
}

enum lf_status
lf_log_read(struct lf_log_reader *reader, size_t records_max, size_t bytes_max, int64_t timeout_ms,
            struct lf_log_batch *ret, struct lf_err *err)
{
    LF_ASSERT(records_max != 0 && bytes_max != 0);
    struct lf_log_batch batch = {0};
    enum lf_status st =
        reader->log->ops->read(reader, records_max, bytes_max, timeout_ms > 0 ? timeout_ms : 0, &batch, err);
    if (st != LF_OK)
        return st;
    LF_ASSERT(batch.count <= records_max);
    *ret = batch;
    return LF_OK;
}

void
lf_log_pause(struct lf_log_reader *reader, bool paused)
{
    reader->log->ops->pause(reader, paused);
}

void
lf_log_hold(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, bool held)
{
    if (reader->log->ops->hold != NULL)
        reader->log->ops->hold(reader, topic, partition, held);
}

bool
lf_log_has_groups(const struct lf_log *log)
{
    return log->ops->groups;
}

enum lf_status
lf_log_seek(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t offset, struct lf_err *err)
{
    if (offset < 0)
        return lf_fail(err, LF_INVALID, "%.*s/%d: offset %lld is negative", LF_FMT(topic), partition,
                       (long long)offset);
    return reader->log->ops->seek(reader, topic, partition, offset, err);
}

void
lf_log_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next)
{
    LF_ASSERT(next >= 0);
    reader->log->ops->committed(reader, topic, partition, next);
}

void
lf_log_interrupt(struct lf_log_reader *reader)
{
    reader->log->ops->interrupt(reader);
}

void
lf_log_reader_close(struct lf_log_reader *reader)
{
    if (reader != NULL)
        reader->log->ops->reader_close(reader);
}
