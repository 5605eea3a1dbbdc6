/* Dead letters: to the log's topic, and as rows. */
#include "consumer/deadletter.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/defect.h"
#include "base/mem.h"

#include <inttypes.h>
#include <string.h>

enum {
    ENSURE_TIMEOUT_MS = 10000,
    DRAIN_SLICE_MS = 100, /* a stop is heard within this */
    DRAIN_SLICES_MAX = 600,
    OWN_HEADERS = 9,
};

struct lf_dlq_topic {
    struct lf_dlq_topic *next;
    struct lf_bytes source; /* "orders" */
    struct lf_bytes name;   /* "orders.dlq" */
    bool ensured;
};

void
lf_dlq_init(struct lf_dlq *dlq, struct lf_log *log, struct lf_gate *gate)
{
    *dlq = (struct lf_dlq){.log = log, .gate = gate};
}

static void
close_writer(struct lf_dlq *dlq)
{
    if (dlq->writer == NULL)
        return;
    lf_log_writer_close(dlq->writer); /* acknowledges what is still in flight: outcome unknown */
    dlq->writer = NULL;
}

void
lf_dlq_release(struct lf_dlq *dlq)
{
    close_writer(dlq);
    while (dlq->topics != NULL) {
        struct lf_dlq_topic *topic = dlq->topics;
        dlq->topics = topic->next;
        lf_free(topic);
    }
}

static struct lf_dlq_topic *
find_topic(struct lf_dlq *dlq, struct lf_bytes source)
{
    struct lf_dlq_topic *topic = dlq->topics;
    while (topic != NULL && !lf_bytes_equal(topic->source, source))
        topic = topic->next;
    return topic;
}

static struct lf_dlq_topic *
add_topic(struct lf_dlq *dlq, struct lf_bytes source)
{
    static const char suffix[] = ".dlq";
    struct lf_dlq_topic *topic = lf_calloc(1, sizeof(*topic) + source.len + sizeof(suffix));
    if (topic == NULL)
        return NULL;
    char *name = (char *)(topic + 1);
    memcpy(name, source.ptr, source.len);
    memcpy(name + source.len, suffix, sizeof(suffix));
    topic->source = lf_bytes(name, source.len);
    topic->name = lf_bytes(name, source.len + sizeof(suffix) - 1);
    topic->next = dlq->topics;
    return dlq->topics = topic;
}

/* The dead letter topic of source, which exists by now. */
static enum lf_status
open_topic(struct lf_dlq *dlq, struct lf_bytes source, struct lf_dlq_topic **ret, struct lf_err *err)
{
    struct lf_dlq_topic *topic = find_topic(dlq, source);
    if (topic == NULL)
        topic = add_topic(dlq, source);
    if (topic == NULL)
        return lf_no_memory(err);
    if (!topic->ensured) {
        enum lf_status st = lf_log_ensure_topic_like(dlq->log, topic->name, source, ENSURE_TIMEOUT_MS, err);
        if (st != LF_OK)
            return st;
        topic->ensured = true;
    }
    *ret = topic;
    return LF_OK;
}

/* Of this record, whenever it is tried: others may go on. */
static bool
is_refusal(enum lf_status status)
{
    return status == LF_LIMIT || status == LF_INVALID;
}

static void
acknowledged(void *ctx, const struct lf_log_ack *ack)
{
    struct lf_dlq *dlq = ctx;
    struct lf_dead *dead = ack->token;
    if (ack->status == LF_OK) {
        dead->durable = true;
        return;
    }
    dead->refused = is_refusal(ack->status);
    if (dlq->refused.status != LF_OK)
        return;
    if (ack->err != NULL)
        dlq->refused = *ack->err;
    else
        (void)lf_fail(&dlq->refused, ack->status, "the log did not take it: %s", lf_status_text(ack->status));
}

static enum lf_status
open_writer(struct lf_dlq *dlq, struct lf_err *err)
{
    if (dlq->writer != NULL)
        return LF_OK;
    return lf_log_writer_open(dlq->log, (struct lf_wake){0}, acknowledged, dlq, &dlq->writer, err);
}

static struct lf_header
number_header(struct lf_arena *arena, struct lf_bytes name, int64_t value)
{
    return (struct lf_header){name, lf_bytes_of(lf_arena_printf(arena, "%" PRId64, value))};
}

/* The record's own headers and the nine of the cause, under the names of Kafka Connect's DeadLetterQueueReporter. NULL:
 * out of memory. */
static struct lf_header *
make_headers(const struct lf_dead *dead, struct lf_arena *arena, size_t *ret_count)
{
    const struct lf_record *record = dead->record;
    struct lf_header *headers = LF_ARENA_ARRAY(arena, struct lf_header, record->header_count + OWN_HEADERS);
    if (headers == NULL)
        return NULL;
    if (record->header_count != 0)
        memcpy(headers, record->headers, record->header_count * sizeof(*headers));
    struct lf_header *own = headers + record->header_count;
    own[0] = (struct lf_header){LF_LIT("__connect.errors.topic"), record->topic};
    own[1] = number_header(arena, LF_LIT("__connect.errors.partition"), record->partition);
    own[2] = number_header(arena, LF_LIT("__connect.errors.offset"), record->offset);
    own[3] = (struct lf_header){LF_LIT("__connect.errors.connector.name"), LF_LIT("logfirst")};
    own[4] = (struct lf_header){LF_LIT("__connect.errors.task.id"), LF_LIT("0")};
    own[5] = (struct lf_header){LF_LIT("__connect.errors.stage"), lf_bytes_of(dead->cause.stage)};
    own[6] = (struct lf_header){LF_LIT("__connect.errors.class.name"), LF_LIT("logfirst.consumer")};
    own[7] = (struct lf_header){LF_LIT("__connect.errors.exception.class.name"), lf_bytes_of(dead->cause.code)};
    own[8] = (struct lf_header){LF_LIT("__connect.errors.exception.message"), dead->cause.reason};
    *ret_count = record->header_count + OWN_HEADERS;
    return own[1].value.ptr != NULL && own[2].value.ptr != NULL ? headers : NULL;
}

/* Delivers acknowledgements until none is missing. False: the time is over, or a stop wants the thread. */
static bool
drain(struct lf_dlq *dlq)
{
    for (int i = 0; i < DRAIN_SLICES_MAX; i++) {
        if (lf_log_drain(dlq->writer, DRAIN_SLICE_MS))
            return true;
        if (lf_gate_is_open(dlq->gate))
            return false;
    }
    return false;
}

static enum lf_status
append(struct lf_dlq *dlq, struct lf_dead *dead, struct lf_arena *arena, struct lf_err *err)
{
    struct lf_dlq_topic *topic = NULL;
    struct lf_record copy = *dead->record;
    enum lf_status st = open_topic(dlq, dead->record->topic, &topic, err);
    if (st != LF_OK)
        return st;
    LF_ASSERT(topic != NULL);
    copy.headers = make_headers(dead, arena, &copy.header_count);
    if (copy.headers == NULL)
        return lf_no_memory(err);
    copy.topic = topic->name;
    copy.value.len -= LF_DEFECT(cut_dead_letters) && copy.value.len != 0;
    copy.partition = -1; /* by key, so that dead letters of one key keep their order */
    copy.timestamp_ms = 0;
    st = lf_log_append(dlq->writer, &copy, dead, err);
    if (st == LF_AGAIN && drain(dlq))
        st = lf_log_append(dlq->writer, &copy, dead, err);
    if (st == LF_NOT_FOUND)
        topic->ensured = false; /* deleted meanwhile: make it anew next time */
    if (st != LF_OK)
        lf_err_context(err, "topic %.*s", LF_FMT(topic->name));
    return st;
}

static enum lf_status
append_all(struct lf_dlq *dlq, struct lf_dead *const *dead, size_t count, struct lf_arena *arena, struct lf_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (dead[i]->durable)
            continue;
        struct lf_err local = {0};
        enum lf_status st = append(dlq, dead[i], arena, &local);
        dead[i]->refused = is_refusal(st);
        if (dead[i]->refused && dlq->refused.status == LF_OK)
            dlq->refused = local;
        if (st != LF_OK && !dead[i]->refused) {
            *err = local;
            return st;
        }
    }
    return LF_OK;
}

/* Nothing of the log's refusals may look like a fault of the record: it would be dead-lettered for being dead. */
static enum lf_status
unavailable(struct lf_err *err)
{
    enum lf_status st = err->status;
    if (st == LF_LIMIT)
        lf_err_context(err, "a dead letter is too large for its topic, raise the topic's max.message.bytes");
    else
        lf_err_context(err, "dead letters cannot be written");
    if (lf_status_fate(st) == LF_FATE_RETRY || lf_status_fate(st) == LF_FATE_STOP)
        return st;
    return lf_fail(err, LF_UNAVAILABLE, "%s", err->text);
}

static bool
all_durable(struct lf_dead *const *dead, size_t count)
{
    while (count > 0 && dead[count - 1]->durable)
        count--;
    return count == 0;
}

enum lf_status
lf_dlq_send(struct lf_dlq *dlq, struct lf_dead *const *dead, size_t count, struct lf_arena *arena, struct lf_err *err)
{
    if (all_durable(dead, count))
        return LF_OK;
    struct lf_err local = {0};
    dlq->refused = (struct lf_err){0};
    enum lf_status st = open_writer(dlq, &local);
    if (st == LF_OK) {
        st = append_all(dlq, dead, count, arena, &local);
        LF_CRASH_POINT("consumer.dead_produced");
        if (!drain(dlq))
            close_writer(dlq);
    }
    if (st == LF_OK && dlq->refused.status != LF_OK) {
        local = dlq->refused;
        st = local.status;
    }
    if (st == LF_OK && !all_durable(dead, count))
        st = lf_fail(&local, LF_UNAVAILABLE, "the log has not acknowledged all");
    if (st == LF_OK)
        return LF_OK;
    st = unavailable(&local);
    if (err != NULL)
        *err = local;
    return st;
}

struct lf_dead_letter
lf_dead_row(const struct lf_dead *dead, const struct lf_event *event)
{
    const struct lf_record *record = dead->record;
    return (struct lf_dead_letter){
        .place = {record->topic, record->partition, record->offset},
        .event_id = event->id,
        .event_type = event->type_name,
        .key = record->key,
        .value = record->value,
        .headers = event->headers,
        .header_count = event->header_count,
        .stage = lf_bytes_of(dead->cause.stage),
        .code = lf_bytes_of(dead->cause.code),
        .reason = dead->cause.reason,
        .record_time_ms = record->timestamp_ms,
        .dead_at_us = lf_clock_real_us(),
    };
}
