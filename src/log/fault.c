/* The log that fails on purpose. It goes through the front of the log it wraps, as any caller does. */
#include "log/fault.h"

#include "base/mem.h"
#include "log/log_backend.h"

#include <pthread.h>

struct fault_log {
    struct lf_log base;
    struct lf_log *inner;
    pthread_mutex_t lock; /* for all below */
    struct lf_log_fault_plan plan;
    uint64_t calls;
    bool hit;
};

enum fate { FATE_NONE, FATE_FAIL, FATE_LOSE, FATE_DELAY };

struct fault_append {          /* the token of an append at the wrapped log */
    struct fault_append *next; /* of the writer's held back */
    struct fault_writer *writer;
    void *token;
    size_t bytes;
    enum fate fate;
    unsigned delay;
    bool extra; /* the second of a duplicate: its acknowledgement is nobody's */
    struct lf_log_ack ack;
    struct lf_err err;
};

struct fault_writer {
    struct lf_log_writer base;
    struct lf_log_writer *inner;
    struct fault_append *held; /* acknowledged, not delivered yet; in order */
    struct fault_append **held_end;
    size_t delivered; /* in this poll */
};

struct fault_reader {
    struct lf_log_reader base;
    struct lf_log_reader *inner;
    struct lf_log_batch last;
    bool again; /* give last once more */
};

/* ---- the plan ---- */

void
lf_log_fault_plan(struct lf_log *base, const struct lf_log_fault_plan *plan)
{
    struct fault_log *log = (struct fault_log *)base;
    pthread_mutex_lock(&log->lock);
    log->plan = plan != NULL ? *plan : (struct lf_log_fault_plan){0};
    log->calls = 0;
    log->hit = false;
    pthread_mutex_unlock(&log->lock);
}

bool
lf_log_fault_hit(struct lf_log *base)
{
    struct fault_log *log = (struct fault_log *)base;
    pthread_mutex_lock(&log->lock);
    bool hit = log->hit;
    pthread_mutex_unlock(&log->lock);
    return hit;
}

uint64_t
lf_log_fault_calls(struct lf_log *base)
{
    struct fault_log *log = (struct fault_log *)base;
    pthread_mutex_lock(&log->lock);
    uint64_t calls = log->calls;
    pthread_mutex_unlock(&log->lock);
    return calls;
}

/* Counts a call; true if it is to fail, as *ret_plan says. */
static bool
is_due(struct lf_log *base, enum lf_log_fault_op op, struct lf_log_fault_plan *ret_plan)
{
    struct fault_log *log = (struct fault_log *)base;
    pthread_mutex_lock(&log->lock);
    bool due = false;
    if ((log->plan.ops & (unsigned)op) != 0) {
        uint64_t count = log->plan.count != 0 ? log->plan.count : 1;
        log->calls++;
        due = log->plan.at != 0 && log->calls >= log->plan.at && log->calls - log->plan.at < count;
        log->hit = log->hit || due;
        *ret_plan = log->plan;
    }
    pthread_mutex_unlock(&log->lock);
    return due;
}

static enum lf_status
fail(const struct lf_log_fault_plan *plan, struct lf_err *err)
{
    return lf_fail(err, plan->status != LF_OK ? plan->status : LF_UNAVAILABLE, "a fault on purpose");
}

/* LF_OK: the call is to be made. */
static enum lf_status
may_fail(struct lf_log *log, enum lf_log_fault_op op, struct lf_err *err)
{
    struct lf_log_fault_plan plan;
    return is_due(log, op, &plan) && plan.kind == LF_LOG_FAULT_FAIL ? fail(&plan, err) : LF_OK;
}

/* ---- the log ---- */

static struct lf_log *
inner_of(struct lf_log *log)
{
    return ((struct fault_log *)log)->inner;
}

static void
fault_close(struct lf_log *base)
{
    struct fault_log *log = (struct fault_log *)base;
    lf_log_close(log->inner);
    pthread_mutex_destroy(&log->lock);
    lf_free(log);
}

static enum lf_status
fault_ensure_topic(struct lf_log *log, struct lf_bytes topic, struct lf_bytes like, int64_t timeout_ms,
                   struct lf_err *err)
{
    enum lf_status st = may_fail(log, LF_LOG_FAULT_ENSURE_TOPIC, err);
    return st == LF_OK ? lf_log_ensure_topic_like(inner_of(log), topic, like, timeout_ms, err) : st;
}

static enum lf_status
fault_ranges(struct lf_log *log, struct lf_bytes topic, struct lf_log_range *ret, size_t max, size_t *ret_count,
             int64_t timeout_ms, struct lf_err *err)
{
    enum lf_status st = may_fail(log, LF_LOG_FAULT_RANGES, err);
    return st == LF_OK ? lf_log_ranges(inner_of(log), topic, ret, max, ret_count, timeout_ms, err) : st;
}

static enum lf_status
fault_health(struct lf_log *log, struct lf_err *err)
{
    enum lf_status st = may_fail(log, LF_LOG_FAULT_HEALTH, err);
    return st == LF_OK ? lf_log_health(inner_of(log), err) : st;
}

/* ---- writing ---- */

static void
deliver(struct fault_append *append)
{
    struct fault_writer *writer = append->writer;
    size_t bytes = append->bytes;
    struct lf_log_ack ack = append->ack;
    struct lf_err err = append->err;
    ack.token = append->token;
    ack.err = ack.status != LF_OK ? &err : NULL;
    lf_free(append);
    writer->delivered++;
    lf_log_deliver(&writer->base, &ack, bytes);
}

static void
hold(struct fault_writer *writer, struct fault_append *append)
{
    append->next = NULL;
    *writer->held_end = append;
    writer->held_end = &append->next;
}

static void
on_ack(void *ctx, const struct lf_log_ack *ack)
{
    struct fault_writer *writer = ctx;
    struct fault_append *append = ack->token;
    if (append->extra) {
        lf_free(append);
        return;
    }
    append->ack = *ack;
    if (ack->err != NULL)
        append->err = *ack->err;
    if (append->fate == FATE_LOSE) {
        append->ack.offset = LF_OFFSET_NONE;
        append->ack.status = lf_fail(&append->err, LF_TIMEOUT, "a fault on purpose: the acknowledgement was lost");
    }
    if (append->fate == FATE_DELAY)
        hold(writer, append);
    else
        deliver(append);
}

static enum lf_status
fault_writer_open(struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx, struct lf_log_writer **ret,
                  struct lf_err *err)
{
    enum lf_status st = may_fail(log, LF_LOG_FAULT_WRITER_OPEN, err);
    if (st != LF_OK)
        return st;
    struct fault_writer *writer = lf_calloc(1, sizeof(*writer));
    if (writer == NULL)
        return lf_no_memory(err);
    lf_log_writer_init(&writer->base, log, wake, ack, ctx);
    writer->held_end = &writer->held;
    st = lf_log_writer_open(inner_of(log), wake, on_ack, writer, &writer->inner, err);
    if (st != LF_OK) {
        lf_free(writer);
        return st;
    }
    *ret = (struct lf_log_writer *)writer;
    return LF_OK;
}

static struct fault_append *
new_append(struct fault_writer *writer, const struct lf_record *record, void *token)
{
    struct fault_append *append = lf_calloc(1, sizeof(*append));
    if (append != NULL) {
        append->writer = writer;
        append->token = token;
        append->bytes = lf_log_record_bytes(record);
    }
    return append;
}

static enum lf_status
append_inner(struct fault_writer *writer, const struct lf_record *record, struct fault_append *append,
             struct lf_err *err)
{
    enum lf_status st = lf_log_append(writer->inner, record, append, err);
    if (st != LF_OK)
        lf_free(append);
    return st;
}

/* A record that is taken and then acknowledged as not logged. */
static void
refuse_later(struct fault_writer *writer, struct fault_append *append, const struct lf_log_fault_plan *plan)
{
    append->fate = FATE_FAIL;
    append->ack = (struct lf_log_ack){.offset = LF_OFFSET_NONE};
    append->ack.status = fail(plan, &append->err);
    hold(writer, append);
}

static enum lf_status
append_twice(struct fault_writer *writer, const struct lf_record *record, struct fault_append *append,
             struct lf_err *err)
{
    enum lf_status st = append_inner(writer, record, append, err);
    struct fault_append *extra = st == LF_OK ? new_append(writer, record, NULL) : NULL;
    if (extra == NULL)
        return st;
    extra->extra = true;
    struct lf_err ignored;
    (void)append_inner(writer, record, extra, &ignored);
    return LF_OK;
}

static enum lf_status
fault_append(struct lf_log_writer *base, const struct lf_record *record, void *token, struct lf_err *err)
{
    struct fault_writer *writer = (struct fault_writer *)base;
    enum lf_status st = may_fail(base->log, LF_LOG_FAULT_APPEND, err);
    if (st != LF_OK)
        return st;
    struct fault_append *append = new_append(writer, record, token);
    if (append == NULL)
        return lf_no_memory(err);
    struct lf_log_fault_plan plan;
    if (!is_due(base->log, LF_LOG_FAULT_ACK, &plan))
        return append_inner(writer, record, append, err);
    switch (plan.kind) {
    case LF_LOG_FAULT_FAIL: refuse_later(writer, append, &plan); return LF_OK;
    case LF_LOG_FAULT_DUPLICATE: return append_twice(writer, record, append, err);
    case LF_LOG_FAULT_LOSE_ACK: append->fate = FATE_LOSE; break;
    case LF_LOG_FAULT_DELAY:
        append->fate = FATE_DELAY;
        append->delay = plan.delay != 0 ? plan.delay : 1;
        break;
    }
    return append_inner(writer, record, append, err);
}

static int64_t
fault_flush(struct lf_log_writer *base)
{
    struct fault_writer *writer = (struct fault_writer *)base;
    int64_t kept_ms = lf_log_flush(writer->inner);
    if (writer->held != NULL)
        lf_wake_call(&base->wake);
    return kept_ms;
}

/* Delivers what was held back long enough; all: everything. */
static void
deliver_held(struct fault_writer *writer, bool all)
{
    struct fault_append *append = writer->held;
    writer->held = NULL;
    writer->held_end = &writer->held;
    for (struct fault_append *next; append != NULL; append = next) {
        next = append->next;
        if (all || append->delay == 0) {
            deliver(append);
        } else {
            append->delay--;
            hold(writer, append);
        }
    }
}

static size_t
fault_poll(struct lf_log_writer *base)
{
    struct fault_writer *writer = (struct fault_writer *)base;
    writer->delivered = 0;
    deliver_held(writer, false);
    lf_log_poll(writer->inner);
    if (writer->held != NULL)
        lf_wake_call(&base->wake);
    return writer->delivered;
}

static void
fault_wait(struct lf_log_writer *base, int64_t timeout_ms)
{
    struct fault_writer *writer = (struct fault_writer *)base;
    if (writer->held == NULL)
        writer->inner->log->ops->wait(writer->inner, timeout_ms);
}

static void
fault_writer_close(struct lf_log_writer *base)
{
    struct fault_writer *writer = (struct fault_writer *)base;
    lf_log_writer_close(writer->inner);
    deliver_held(writer, true);
    lf_free(writer);
}

/* ---- reading ---- */

static enum lf_status
fault_reader_open(struct lf_log *log, const struct lf_log_reader_options *options, struct lf_log_reader **ret,
                  struct lf_err *err)
{
    enum lf_status st = may_fail(log, LF_LOG_FAULT_READER_OPEN, err);
    if (st != LF_OK)
        return st;
    struct fault_reader *reader = lf_calloc(1, sizeof(*reader));
    if (reader == NULL)
        return lf_no_memory(err);
    reader->base.log = log;
    st = lf_log_reader_open(inner_of(log), options, &reader->inner, err);
    if (st != LF_OK) {
        lf_free(reader);
        return st;
    }
    *ret = (struct lf_log_reader *)reader;
    return LF_OK;
}

static enum lf_status
fault_read(struct lf_log_reader *base, size_t records_max, size_t bytes_max, int64_t timeout_ms,
           struct lf_log_batch *ret, struct lf_err *err)
{
    struct fault_reader *reader = (struct fault_reader *)base;
    if (reader->again && reader->last.count <= records_max) {
        reader->again = false;
        *ret = reader->last;
        return LF_OK;
    }
    struct lf_log_fault_plan plan;
    bool due = is_due(base->log, LF_LOG_FAULT_READ, &plan);
    if (due && plan.kind == LF_LOG_FAULT_FAIL)
        return fail(&plan, err);
    if (due && plan.kind == LF_LOG_FAULT_DELAY)
        return LF_OK;
    reader->last = (struct lf_log_batch){0};
    enum lf_status st = lf_log_read(reader->inner, records_max, bytes_max, timeout_ms, &reader->last, err);
    if (st != LF_OK)
        return st;
    *ret = reader->last;
    reader->again = due && plan.kind == LF_LOG_FAULT_DUPLICATE && reader->last.count != 0;
    return LF_OK;
}

static void
fault_pause(struct lf_log_reader *reader, bool paused)
{
    lf_log_pause(((struct fault_reader *)reader)->inner, paused);
}

static enum lf_status
fault_seek(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, int64_t offset, struct lf_err *err)
{
    struct fault_reader *reader = (struct fault_reader *)base;
    enum lf_status st = may_fail(base->log, LF_LOG_FAULT_SEEK, err);
    if (st != LF_OK)
        return st;
    reader->again = false;
    return lf_log_seek(reader->inner, topic, partition, offset, err);
}

static void
fault_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next)
{
    lf_log_committed(((struct fault_reader *)reader)->inner, topic, partition, next);
}

static void
fault_interrupt(struct lf_log_reader *reader)
{
    lf_log_interrupt(((struct fault_reader *)reader)->inner);
}

static void
fault_reader_close(struct lf_log_reader *base)
{
    struct fault_reader *reader = (struct fault_reader *)base;
    lf_log_reader_close(reader->inner);
    lf_free(reader);
}

static const struct lf_log_ops fault_ops = {
    .name = "fault",
    .close = fault_close,
    .ensure_topic = fault_ensure_topic,
    .ranges = fault_ranges,
    .health = fault_health,
    .writer_open = fault_writer_open,
    .append = fault_append,
    .flush = fault_flush,
    .poll = fault_poll,
    .wait = fault_wait,
    .writer_close = fault_writer_close,
    .reader_open = fault_reader_open,
    .read = fault_read,
    .pause = fault_pause,
    .seek = fault_seek,
    .committed = fault_committed,
    .interrupt = fault_interrupt,
    .reader_close = fault_reader_close,
};

enum lf_status
lf_log_fault_open(struct lf_log *inner, const struct lf_log_fault_plan *plan, struct lf_log **ret, struct lf_err *err)
{
    struct fault_log *log = lf_calloc(1, sizeof(*log));
    if (log == NULL)
        return lf_no_memory(err);
    log->base.ops = &fault_ops;
    log->inner = inner;
    pthread_mutex_init(&log->lock, NULL);
    lf_log_fault_plan((struct lf_log *)log, plan);
    *ret = (struct lf_log *)log;
    return LF_OK;
}
