/*
 * One consumer a reader. Records are taken off the consumer's queue one by one: rd_kafka_consume_batch_queue() waits
 * for a full batch until its time is over, and loses or repeats records when a rebalance, a seek or a pause falls into
 * it (known issues of librdkafka 2.0.x); one by one they can be dropped exactly when their partition is taken away.
 * That costs a fifth of two million records a second.
 *
 * Nothing is committed or stored by librdkafka itself. Positions come from the caller, and a position outside the log
 * is an error (auto.offset.reset=error), never a silent jump.
 */
#include "log/kafka/kafka.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

enum {
    COMMIT_EVERY_MS = 1000,
    REFRESH_EVERY_MS = 10000, /* new partitions, without a group */
    REFRESH_AGAIN_MS = 200,   /* while a topic is missing */
    REFRESH_WAIT_MS = 1000,
    ARENA_CHUNK = 32 * 1024,
};

/* ---- the batch ---- */

static void
release_batch(struct lf_kafka_reader *reader)
{
    for (size_t i = 0; i < reader->count; i++)
        rd_kafka_message_destroy(reader->messages[i]);
    reader->count = reader->bytes = 0;
    lf_arena_reset(&reader->arena);
}

static bool
room_for_one(struct lf_kafka_reader *reader)
{
    if (reader->count < reader->cap)
        return true;
    size_t cap = reader->cap != 0 ? reader->cap * 2 : 64;
    struct lf_record *records = lf_realloc(reader->records, cap * sizeof(*records));
    if (records == NULL)
        return false;
    reader->records = records;
    rd_kafka_message_t **messages = lf_realloc(reader->messages, cap * sizeof(rd_kafka_message_t *));
    if (messages == NULL)
        return false;
    reader->messages = messages;
    reader->cap = cap;
    return true;
}

void
lf_kafka_drop_records(struct lf_kafka_reader *reader, const struct lf_kafka_part *part)
{
    size_t kept = 0;
    for (size_t i = 0; i < reader->count; i++) {
        if (reader->records[i].topic.ptr == part->topic && reader->records[i].partition == part->partition) {
            rd_kafka_message_destroy(reader->messages[i]);
            continue;
        }
        reader->records[kept] = reader->records[i];
        reader->messages[kept++] = reader->messages[i];
    }
    reader->count = kept;
}

/* Names and values stay in the message. */
static bool
read_headers(struct lf_kafka_reader *reader, rd_kafka_message_t *message, struct lf_record *record)
{
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    size_t count = rd_kafka_header_cnt(headers);
    struct lf_header *out = LF_ARENA_ARRAY(&reader->arena, struct lf_header, count);
    if (out == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *name;
        const void *value;
        size_t size;
        if (rd_kafka_header_get_all(headers, i, &name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
            break;
        out[i] = (struct lf_header){.name = lf_bytes_of(name), .value = lf_bytes(value, size)};
    }
    record->headers = out;
    record->header_count = count;
    return true;
}

static struct lf_bytes
bytes_or_null(const void *ptr, size_t len)
{
    return ptr != NULL ? lf_bytes(ptr, len) : LF_BYTES_NONE;
}

static bool
add_record(struct lf_kafka_reader *reader, struct lf_kafka_part *part, rd_kafka_message_t *message)
{
    if (!room_for_one(reader))
        return false;
    rd_kafka_timestamp_type_t type;
    struct lf_record *record = &reader->records[reader->count];
    *record = (struct lf_record){
        .topic = part->name,
        .partition = part->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, &type),
        .key = bytes_or_null(message->key, message->key_len),
        .value = bytes_or_null(message->payload, message->len),
    };
    if (!read_headers(reader, message, record))
        return false;
    reader->messages[reader->count++] = message;
    reader->bytes += lf_log_record_bytes(record);
    part->next = message->offset + 1;
    return true;
}

/* ---- what comes off the queue ---- */

/* A position outside the log. It is asked for again with the next read: the failure stays until somebody acts. */
static void
note_lost_position(struct lf_kafka_reader *reader, const rd_kafka_message_t *message, const char *words)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    struct lf_kafka_part *part = lf_kafka_find_part(reader, topic, message->partition);
    int64_t offset = message->offset;
    if (part != NULL && part->added) {
        part->next = part->next != LF_OFFSET_NONE ? part->next : offset;
        part->rewind = part->next >= 0;
        offset = part->next;
    }
    lf_fail(&reader->failure, LF_CORRUPT,
            "%s/%d: position %lld is outside the log (%s): records were deleted before they were read, or the topic was"
            " made anew; set the position on purpose, nothing is skipped by itself",
            topic, message->partition, (long long)offset, words);
}

/* Remembers the first failure of a read; the caller gets it once the records before it are worked off. */
static void
note_failure(struct lf_kafka_reader *reader, const rd_kafka_message_t *message)
{
    char fatal[256] = "";
    const char *words = rd_kafka_message_errstr(message);
    rd_kafka_resp_err_t code = message->err;
    if (code == RD_KAFKA_RESP_ERR__FATAL) { /* the consumer is of no more use: the cause says what to do */
        code = rd_kafka_fatal_error(reader->consumer, fatal, sizeof(fatal));
        words = fatal;
    }
    if (words == NULL)
        words = rd_kafka_err2str(code);
    lf_kafka_note_error(reader->opaque.log, code, words);
    enum lf_status status = lf_kafka_status(code);
    if (reader->failure.status != LF_OK)
        return;
    if (!reader->in_group && code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        return; /* the group is a name only */
    if (status == LF_CORRUPT && code != RD_KAFKA_RESP_ERR__BAD_MSG && message->rkt != NULL)
        note_lost_position(reader, message, words);
    else if (status == LF_NOT_FOUND) /* a topic may come yet */
        lf_fail(&reader->failure, LF_UNAVAILABLE, "Kafka: %s", words);
    else if (fatal[0] != '\0' && status == LF_UNAVAILABLE) /* trying again would not help this consumer */
        lf_fail(&reader->failure, LF_INTERNAL, "Kafka: %s: start again", words);
    else
        lf_fail(&reader->failure, status, "Kafka: %s", words);
}

/* librdkafka's own recovery goes on; these are not the caller's business. */
static bool
is_passing(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__PARTITION_EOF || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
           code == RD_KAFKA_RESP_ERR__RESOLVE || code == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

/* Takes a message in, or drops it. */
static void
take(struct lf_kafka_reader *reader, rd_kafka_message_t *message)
{
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (!is_passing(message->err))
            note_failure(reader, message);
        rd_kafka_message_destroy(message);
        return;
    }
    struct lf_kafka_part *part = lf_kafka_find_part(reader, rd_kafka_topic_name(message->rkt), message->partition);
    /* Of a partition that is no longer ours, or fetched twice (librdkafka #4261): nobody misses it. */
    bool stale =
        part == NULL || !part->added || part->held || (part->next != LF_OFFSET_NONE && message->offset < part->next);
    if (!stale && !reader->paused && !part->rewind && add_record(reader, part, message))
        return;
    if (!stale && !part->rewind) { /* paused, or out of memory: fetched again from here */
        part->rewind = true;
        part->next = message->offset;
    }
    rd_kafka_message_destroy(message);
}

/* ---- reading ---- */

/* Goes back to where records were dropped. */
static enum lf_status
rewind_parts(struct lf_kafka_reader *reader, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < reader->part_count; i++) {
        struct lf_kafka_part *part = reader->parts[i];
        if (part->rewind && !reader->paused)
            st = lf_kafka_restart_part(reader, part, part->next, err);
    }
    return st;
}

static bool
lacks_positions(const struct lf_kafka_reader *reader)
{
    for (size_t i = 0; i < reader->part_count; i++) {
        if (!reader->parts[i]->added)
            return true;
    }
    return false;
}

static bool
lacks_topics(const struct lf_kafka_reader *reader)
{
    for (size_t t = 0; t < reader->options.topic_count; t++) {
        bool found = false;
        for (size_t i = 0; i < reader->part_count && !found; i++)
            found = strcmp(reader->parts[i]->topic, reader->topics[t]) == 0;
        if (!found)
            return true;
    }
    return false;
}

static enum lf_status
subscribe(struct lf_kafka_reader *reader, struct lf_err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)reader->options.topic_count);
    for (size_t i = 0; i < reader->options.topic_count; i++)
        rd_kafka_topic_partition_list_add(list, reader->topics[i], RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(reader->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? LF_OK : lf_kafka_fail(reader->opaque.log, err, code, "subscribing");
}

/* What is due from time to time. Not while a batch is being collected. */
static enum lf_status
do_chores(struct lf_kafka_reader *reader, int64_t now, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    if (reader->rejoin && reader->in_group) {
        rd_kafka_unsubscribe(reader->consumer);
        st = subscribe(reader, err);
        reader->rejoin = st != LF_OK;
    }
    if (st == LF_OK && now >= reader->commit_at_ms) {
        lf_kafka_commit_parts(reader, NULL);
        reader->commit_at_ms = now + COMMIT_EVERY_MS;
    }
    if (st == LF_OK && !reader->in_group && now >= reader->refresh_at_ms) {
        /* Not cut to the caller's time: an answer that is always given up on too early would never come. */
        st = lf_kafka_refresh_parts(reader, REFRESH_WAIT_MS, err);
        reader->refresh_at_ms = now + (st != LF_OK || lacks_topics(reader) ? REFRESH_AGAIN_MS : REFRESH_EVERY_MS);
    }
    if (st == LF_OK && now >= reader->ask_at_ms && lacks_positions(reader))
        st = lf_kafka_add_parts(reader, err);
    return st == LF_OK ? rewind_parts(reader, err) : st;
}

/* Until when to sleep if nothing comes: the deadline or the next chore. */
static int64_t
wait_ms(const struct lf_kafka_reader *reader, int64_t now, int64_t deadline)
{
    int64_t until = deadline;
    if (until > now + COMMIT_EVERY_MS)
        until = now + COMMIT_EVERY_MS;
    if (!reader->in_group && reader->refresh_at_ms < until)
        until = reader->refresh_at_ms;
    if (reader->ask_at_ms < until && lacks_positions(reader))
        until = reader->ask_at_ms;
    return until > now ? until - now : 0;
}

static bool
is_full(const struct lf_kafka_reader *reader, size_t records_max, size_t bytes_max)
{
    return reader->count >= records_max || reader->bytes >= bytes_max;
}

/* Waits for one message, then takes what is there already. */
static void
collect(struct lf_kafka_reader *reader, size_t records_max, size_t bytes_max, int64_t wait)
{
    reader->changed = false;
    while (!is_full(reader, records_max, bytes_max)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader->consumer, reader->count == 0 ? (int)wait : 0);
        wait = 0;
        if (message == NULL)
            break;
        take(reader, message);
        if (reader->failure.status != LF_OK || reader->changed)
            break;
    }
}

static enum lf_status
take_failure(struct lf_kafka_reader *reader, struct lf_err *err)
{
    enum lf_status st = reader->failure.status;
    if (err != NULL && st != LF_OK)
        *err = reader->failure;
    reader->failure = (struct lf_err){0};
    return st;
}

enum lf_status
lf_kafka_read(struct lf_log_reader *base, size_t records_max, size_t bytes_max, int64_t timeout_ms,
              struct lf_log_batch *ret, struct lf_err *err)
{
    struct lf_kafka_reader *reader = (struct lf_kafka_reader *)base;
    int64_t deadline = lf_clock_mono_ms() + timeout_ms;
    release_batch(reader);
    for (;;) {
        int64_t now = lf_clock_mono_ms();
        if (reader->failure.status != LF_OK)
            return take_failure(reader, err);
        enum lf_status st = do_chores(reader, now, err);
        if (st != LF_OK)
            return st;
        bool interrupted = atomic_exchange(&reader->interrupted, false);
        collect(reader, records_max, bytes_max, interrupted ? 0 : wait_ms(reader, now, deadline));
        interrupted = atomic_exchange(&reader->interrupted, false) || interrupted;
        if (reader->count != 0) {
            *ret = (struct lf_log_batch){.records = reader->records, .count = reader->count};
            return LF_OK;
        }
        if (interrupted || (reader->failure.status == LF_OK && lf_clock_mono_ms() >= deadline))
            return LF_OK;
    }
}

void
lf_kafka_pause(struct lf_log_reader *base, bool paused)
{
    struct lf_kafka_reader *reader = (struct lf_kafka_reader *)base;
    if (reader->paused == paused)
        return;
    reader->paused = paused;
    lf_kafka_pause_parts(reader, paused);
}

static struct lf_kafka_part *
part_of(struct lf_kafka_reader *reader, struct lf_bytes topic, int32_t partition)
{
    for (size_t i = 0; i < reader->part_count; i++) {
        struct lf_kafka_part *part = reader->parts[i];
        if (part->added && part->partition == partition && lf_bytes_equal(part->name, topic))
            return part;
    }
    return NULL;
}

void
lf_kafka_hold(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, bool held)
{
    struct lf_kafka_reader *reader = (struct lf_kafka_reader *)base;
    struct lf_kafka_part *part = part_of(reader, topic, partition);
    if (part == NULL || part->held == held)
        return;
    part->held = held;
    if (!reader->paused)
        lf_kafka_pause_part(reader, part, held);
}

enum lf_status
lf_kafka_seek(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, int64_t offset, struct lf_err *err)
{
    struct lf_kafka_reader *reader = (struct lf_kafka_reader *)base;
    struct lf_kafka_part *part = part_of(reader, topic, partition);
    if (part == NULL)
        return lf_fail(err, LF_NOT_FOUND, "%.*s/%d is not assigned to this reader", LF_FMT(topic), partition);
    return lf_kafka_restart_part(reader, part, offset, err);
}

void
lf_kafka_committed(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, int64_t next)
{
    struct lf_kafka_part *part = part_of((struct lf_kafka_reader *)base, topic, partition);
    if (part != NULL)
        part->committed = next;
}

void
lf_kafka_interrupt(struct lf_log_reader *base)
{
    struct lf_kafka_reader *reader = (struct lf_kafka_reader *)base;
    atomic_store(&reader->interrupted, true);
    rd_kafka_queue_yield(reader->queue);
}

/* ---- open and close ---- */

static void
on_queue(rd_kafka_t *rk, void *opaque)
{
    (void)rk;
    lf_wake_call(&((struct lf_kafka_reader *)opaque)->options.wake);
}

static void
free_reader(struct lf_kafka_reader *reader)
{
    if (reader->queue != NULL) {
        rd_kafka_queue_cb_event_enable(reader->queue, NULL, NULL);
        rd_kafka_queue_destroy(reader->queue);
    }
    reader->opaque.log = NULL; /* for what is said from now on, perhaps when the log is closed */
    bool ended = reader->consumer == NULL || lf_kafka_end(reader->consumer);
    lf_kafka_free_parts(reader);
    for (size_t i = 0; reader->topics != NULL && i < reader->options.topic_count; i++)
        lf_free(reader->topics[i]);
    lf_free(reader->topics);
    lf_free(reader->messages);
    lf_free(reader->records);
    lf_arena_release(&reader->arena);
    if (ended) /* else the consumer still points at it */
        lf_free(reader);
}

static enum lf_status
copy_topics(struct lf_kafka_reader *reader, const struct lf_log_reader_options *options, struct lf_err *err)
{
    reader->topics = lf_calloc(options->topic_count, sizeof(char *));
    if (reader->topics == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < options->topic_count; i++) {
        reader->topics[i] = lf_strndup(options->topics[i].ptr, options->topics[i].len);
        if (reader->topics[i] == NULL)
            return lf_no_memory(err);
    }
    return LF_OK;
}

static enum lf_status
set_group(const struct lf_kafka_reader *reader, rd_kafka_conf_t *conf, struct lf_err *err)
{
    const struct lf_log_reader_options *options = &reader->options;
    /* librdkafka assigns by hand only where there is a group; this one never gets a member or an offset. */
    char name[LF_UUID_TEXT_LEN + 16] = "logfirst-";
    struct lf_uuid uuid = lf_uuid_v7();
    lf_uuid_format(&uuid, name + strlen(name));
    enum lf_status st = lf_kafka_set(conf, "group.id", reader->in_group ? options->group : name, err);
    const char *instance = options->instance_id != NULL ? options->instance_id : reader->opaque.log->instance_id;
    if (st == LF_OK && reader->in_group && instance != NULL)
        st = lf_kafka_set(conf, "group.instance.id", instance, err);
    return st;
}

static enum lf_status
start_consumer(struct lf_kafka_reader *reader, struct lf_err *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(reader->opaque.log->confs[LF_KAFKA_CONSUMER]);
    rd_kafka_conf_set_opaque(conf, &reader->opaque);
    rd_kafka_conf_set_rebalance_cb(conf, lf_kafka_on_rebalance);
    rd_kafka_conf_set_offset_commit_cb(conf, lf_kafka_on_commit);
    enum lf_status st = set_group(reader, conf, err);
    if (st != LF_OK) {
        rd_kafka_conf_destroy(conf);
        return st;
    }
    st = lf_kafka_start(RD_KAFKA_CONSUMER, conf, &reader->consumer, err);
    if (st != LF_OK)
        return st;
    rd_kafka_poll_set_consumer(reader->consumer);
    reader->queue = rd_kafka_queue_get_consumer(reader->consumer);
    if (reader->options.wake.fn != NULL)
        rd_kafka_queue_cb_event_enable(reader->queue, on_queue, reader);
    return reader->in_group ? subscribe(reader, err) : LF_OK;
}

enum lf_status
lf_kafka_reader_open(struct lf_log *base, const struct lf_log_reader_options *options, struct lf_log_reader **ret,
                     struct lf_err *err)
{
    struct lf_kafka_reader *reader = lf_calloc(1, sizeof(*reader));
    if (reader == NULL)
        return lf_no_memory(err);
    reader->base.log = base;
    reader->opaque = (struct lf_kafka_opaque){.log = (struct lf_kafka_log *)base, .owner = reader};
    reader->options = *options;
    reader->options.topics = NULL; /* the reader has copies */
    reader->in_group = options->group != NULL;
    lf_arena_init(&reader->arena, ARENA_CHUNK, 0);
    enum lf_status st = copy_topics(reader, options, err);
    if (st == LF_OK)
        st = start_consumer(reader, err);
    if (st != LF_OK) {
        free_reader(reader);
        return st;
    }
    *ret = (struct lf_log_reader *)reader;
    return LF_OK;
}

void
lf_kafka_reader_close(struct lf_log_reader *base)
{
    struct lf_kafka_reader *reader = (struct lf_kafka_reader *)base;
    reader->closing = true;
    release_batch(reader);
    lf_kafka_commit_parts(reader, NULL);
    rd_kafka_consumer_close(reader->consumer); /* leaves the group; revokes what is left */
    free_reader(reader);
}
