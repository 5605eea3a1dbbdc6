/*
 * One turn of the consumer: open what is not open, go back to the store's positions where there is doubt, read a
 * batch, work it off. What is away is waited for here, with the log's group served and no record held meanwhile:
 * after the wait the batch is read anew from the store's position, so that memory stays bounded however long it
 * takes.
 */
#include "consumer/held.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/defect.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ENSURE_TIMEOUT_MS = 10000,
    TELL_EVERY_MS = 60000,
    TELL_DEAD_EVERY_MS = 1000,
    IDLE_SLICE_MS = 20,
};

/* ---- making and freeing ---- */

/* Replaces a view by its copy; a null stays null. False: out of memory. */
static bool
own_view(struct lf_arena *arena, struct lf_bytes *view)
{
    if (view->ptr == NULL)
        return true;
    *view = lf_arena_copy(arena, *view);
    return view->ptr != NULL;
}

static bool
own_text(struct lf_arena *arena, const char **text)
{
    if (*text == NULL)
        return true;
    *text = lf_arena_text(arena, lf_bytes_of(*text));
    return *text != NULL;
}

static bool
own_texts(struct lf_arena *arena, struct lf_consumer_options *options)
{
    struct lf_bytes *topics = LF_ARENA_ARRAY(arena, struct lf_bytes, options->topic_count);
    if (topics == NULL || !own_text(arena, &options->group) || !own_text(arena, &options->instance_id) ||
        !own_view(arena, &options->codec.source))
        return false;
    for (size_t i = 0; i < options->topic_count; i++) {
        topics[i] = options->topics[i];
        if (!own_view(arena, &topics[i]))
            return false;
    }
    options->topics = topics;
    return true;
}

size_t
lf_consumer_batch_records(const struct lf_consumer_options *options)
{
    return options->batch_records != 0 ? options->batch_records : LF_BATCH_RECORDS_MAX;
}

static enum lf_status
init(struct lf_consumer *consumer, const struct lf_consumer_options *options, struct lf_err *err)
{
    lf_meter_init(&consumer->meter);
    lf_arena_init(&consumer->texts, 1024, 0);
    consumer->options = *options;
    if (!own_texts(&consumer->texts, &consumer->options))
        return lf_no_memory(err);
    struct lf_consumer_options *own = &consumer->options;
    own->batch_records = lf_consumer_batch_records(own);
    if (own->batch_bytes == 0)
        own->batch_bytes = LF_BATCH_BYTES_MAX;
    own->codec.model = own->model;
    if (own->workers == 0)
        own->workers = 1;
    consumer->partitions_seen = LF_ARENA_ARRAY(&consumer->texts, size_t, own->topic_count);
    if (consumer->partitions_seen == NULL)
        return lf_no_memory(err);
    consumer->records_max = own->batch_records;
    lf_positions_init(&consumer->positions, lf_bytes_of(own->group));
    lf_backoff_init(&consumer->backoff, own->retry_min_ms, own->retry_max_ms);
    lf_dlq_init(&consumer->dlq, own->log, &consumer->gate);
    struct lf_batch *batch = &consumer->batch;
    batch->codec = own->codec;
    batch->unknown_events = own->unknown_events;
    batch->positions = &consumer->positions;
    batch->dlq = &consumer->dlq;
    batch->meter = &consumer->meter;
    return lf_batch_init(batch, own->model, err);
}

static enum lf_status
init_locks(struct lf_consumer *consumer, struct lf_err *err)
{
    enum lf_status st = lf_gate_init(&consumer->gate, err);
    if (st != LF_OK)
        return st;
    st = lf_gate_init(&consumer->finished, err);
    if (st == LF_OK && pthread_mutex_init(&consumer->lock, NULL) != 0) {
        lf_gate_release(&consumer->finished);
        st = lf_fail(err, LF_INTERNAL, "cannot make a mutex");
    }
    if (st != LF_OK)
        lf_gate_release(&consumer->gate);
    return st;
}

enum lf_status
lf_consumer_new(const struct lf_consumer_options *options, struct lf_consumer **ret, struct lf_err *err)
{
    LF_ASSERT(options->model != NULL && options->log != NULL && options->store != NULL && options->group != NULL);
    struct lf_consumer *consumer = lf_calloc(1, sizeof(*consumer));
    if (consumer == NULL)
        return lf_no_memory(err);
    enum lf_status st = init_locks(consumer, err);
    if (st != LF_OK) {
        lf_free(consumer);
        return st;
    }
    st = init(consumer, options, err);
    if (st != LF_OK) {
        lf_consumer_free(consumer);
        return st;
    }
    *ret = consumer;
    return LF_OK;
}

void
lf_consumer_free(struct lf_consumer *consumer)
{
    if (consumer == NULL)
        return;
    lf_consumer_stop(consumer);
    if (consumer->reader != NULL)
        lf_log_reader_close(consumer->reader);
    lf_dlq_release(&consumer->dlq);
    if (consumer->session != NULL)
        lf_store_session_close(consumer->session);
    lf_batch_release(&consumer->batch);
    lf_positions_release(&consumer->positions);
    lf_meter_release(&consumer->meter);
    lf_arena_release(&consumer->texts);
    pthread_mutex_destroy(&consumer->lock);
    lf_gate_release(&consumer->finished);
    lf_gate_release(&consumer->gate);
    lf_free(consumer);
}

/* ---- opening ---- */

static enum lf_status
assigned(void *ctx, struct lf_bytes topic, int32_t partition, int64_t *next, struct lf_err *err)
{
    struct lf_consumer *consumer = ctx;
    enum lf_status st = lf_positions_assign(&consumer->positions, consumer->session, topic, partition, next, err);
    if (st == LF_OK)
        st = lf_surprise_watch(consumer, topic, partition, next, err);
    consumer->cannot_assign = st != LF_OK;
    lf_metric_add(consumer->meter.assigned, st == LF_OK);
    return st;
}

static void
revoked(void *ctx, struct lf_bytes topic, int32_t partition, bool lost)
{
    struct lf_consumer *consumer = ctx;
    (void)lost; /* no batch is in work while the log is read */
    consumer->cannot_assign = false;
    lf_metric_add(consumer->meter.revoked, 1);
    lf_positions_revoke(&consumer->positions, topic, partition);
}

/* Topics that are missing may still come: whoever makes them may start later than we. */
static enum lf_status
ensure_topics(struct lf_consumer *consumer, struct lf_err *err)
{
    const struct lf_consumer_options *options = &consumer->options;
    for (; consumer->topics_ensured < options->topic_count; consumer->topics_ensured++) {
        struct lf_bytes topic = options->topics[consumer->topics_ensured];
        struct lf_err local;
        enum lf_status st = lf_log_ensure_topic(options->log, topic, ENSURE_TIMEOUT_MS, &local);
        if (st == LF_NOT_FOUND)
            return lf_fail(err, LF_UNAVAILABLE, "%s", local.text);
        if (st != LF_OK && err != NULL)
            *err = local;
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

static enum lf_status
open_reader(struct lf_consumer *consumer, struct lf_err *err)
{
    struct lf_log_reader *reader = NULL;
    const struct lf_log_reader_options options = {
        .topics = consumer->options.topics,
        .topic_count = consumer->options.topic_count,
        .group = consumer->options.group,
        .instance_id = consumer->options.instance_id,
        .start = LF_RESET_EARLIEST,
        .assigned = assigned,
        .revoked = revoked,
        .ctx = consumer,
    };
    enum lf_status st = ensure_topics(consumer, err);
    if (st == LF_OK)
        st = lf_log_reader_open(consumer->options.log, &options, &reader, err);
    if (st != LF_OK)
        return st;
    pthread_mutex_lock(&consumer->lock);
    consumer->reader = reader;
    pthread_mutex_unlock(&consumer->lock);
    return LF_OK;
}

static enum lf_status
open_all(struct lf_consumer *consumer, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    if (consumer->session == NULL) {
        consumer->away = LF_PARTNER_STORE;
        st = lf_store_session_open(consumer->options.store, true, &consumer->session, err);
        consumer->batch.session = consumer->session;
    }
    if (st == LF_OK && consumer->reader == NULL) {
        consumer->away = LF_PARTNER_LOG;
        st = open_reader(consumer, err);
    }
    return st;
}

/* ---- one turn ---- */

static void
announce(struct lf_consumer *consumer)
{
    for (size_t i = 0; i < consumer->positions.count; i++) {
        const struct lf_partition *partition = consumer->positions.items[i];
        if (partition->next < 0)
            continue;
        lf_log_committed(consumer->reader, partition->topic, partition->number, partition->next);
        if (consumer->options.committed != NULL)
            consumer->options.committed(consumer->options.ctx, partition->topic, partition->number, partition->next);
    }
    LF_CRASH_POINT("consumer.announced");
    lf_lag_publish(consumer);
}

/* At most a line a second, however much garbage comes. */
static void
tell_dead(struct lf_consumer *consumer)
{
    const struct lf_tally *tally = &consumer->batch.tally;
    int64_t now = lf_clock_mono_ns();
    char count[24], place[320];
    consumer->dead_untold += tally->dead;
    if (tally->dead == 0 ||
        (consumer->dead_told_ns != 0 && now - consumer->dead_told_ns < (int64_t)TELL_DEAD_EVERY_MS * 1000000))
        return;
    snprintf(count, sizeof(count), "%zu", consumer->dead_untold);
    snprintf(place, sizeof(place), "%.*s[%" PRId32 "]@%" PRId64, LF_FMT(tally->dead_place.topic),
             tally->dead_place.partition, tally->dead_place.offset);
    lf_report(LF_WARN, "records dead-lettered", "count", count, "last", place, "code", tally->dead_code, NULL);
    consumer->dead_told_ns = now;
    consumer->dead_untold = 0;
}

static enum lf_status
fenced(struct lf_consumer *consumer, const struct lf_err *err)
{
    lf_metric_add(consumer->meter.fenced, 1);
    lf_report_err(LF_WARN, "batch given up: another consumer has moved the position", err, NULL);
    lf_positions_doubt(&consumer->positions);
    return LF_OK;
}

/* A batch too large for the memory there is comes again in halves. */
static void
shrink(struct lf_consumer *consumer)
{
    if (consumer->records_max > 1)
        consumer->records_max /= 2;
}

/* The store refuses the batch for one of its events; alone in a batch that one will be dead-lettered. */
static enum lf_status
single_out(struct lf_consumer *consumer)
{
    consumer->records_max = 1;
    lf_positions_doubt(&consumer->positions);
    return LF_OK;
}

static void
grow(struct lf_consumer *consumer)
{
    size_t most = consumer->options.batch_records;
    consumer->records_max = consumer->records_max > most / 2 ? most : consumer->records_max * 2;
}

static enum lf_status
work(struct lf_consumer *consumer, const struct lf_log_batch *read, struct lf_err *err)
{
    struct lf_err local = {0};
    for (size_t i = 0; LF_DEFECT(commit_first) && i < read->count; i++)
        lf_log_committed(consumer->reader, read->records[i].topic, read->records[i].partition,
                         read->records[i].offset + 1);
    enum lf_status st = lf_batch_run(&consumer->batch, read->records, read->count, &local);
    consumer->away = consumer->batch.asking;
    lf_held_note(consumer);
    if (st == LF_OK) {
        grow(consumer);
        announce(consumer);
        tell_dead(consumer);
        return LF_OK;
    }
    if (st == LF_FENCED)
        return fenced(consumer, &local);
    if (lf_status_fate(st) == LF_FATE_REJECT && read->count > 1)
        return single_out(consumer);
    if (st == LF_NO_MEMORY)
        shrink(consumer);
    lf_positions_doubt(&consumer->positions);
    if (err != NULL)
        *err = local;
    return st;
}

static enum lf_status
turn(struct lf_consumer *consumer, int64_t timeout_ms, struct lf_err *err)
{
    struct lf_log_batch read = {0};
    enum lf_status st = open_all(consumer, err);
    if (st != LF_OK)
        return st;
    timeout_ms = lf_held_release(consumer, timeout_ms);
    consumer->away = LF_PARTNER_STORE;
    st = lf_positions_restore(&consumer->positions, consumer->session, consumer->reader, err);
    if (st != LF_OK)
        return st;
    st = lf_log_read(consumer->reader, consumer->records_max, consumer->options.batch_bytes, timeout_ms, &read, err);
    consumer->log_answers = st == LF_OK;
    if (st != LF_OK) {
        consumer->away = LF_PARTNER_LOG;
        return st == LF_CORRUPT ? lf_surprise_meet(consumer, err) : st;
    }
    if (read.count != 0)
        st = lf_surprise_check(consumer, &read, err);
    if (st == LF_OK && read.count != 0)
        st = work(consumer, &read, err);
    if (st != LF_OK)
        return st;
    lf_lag_measure(consumer);
    return lf_surprise_silence(consumer, err);
}

/* ---- waiting ---- */

static const char *const partner_names[LF_PARTNERS] = {"memory", "log", "store", "schema"};

void
lf_consumer_tell_wait(struct lf_consumer *consumer, enum lf_partner partner, const char *place,
                      const struct lf_err *err)
{
    int64_t *told_ns = &consumer->told_ns[partner];
    int64_t now = lf_clock_mono_ns();
    if (*told_ns != 0 && now - *told_ns < (int64_t)TELL_EVERY_MS * 1000000)
        return;
    *told_ns = now;
    lf_report_err(LF_WARN, "consumer waits", err, "for", partner_names[partner], place != NULL ? "partition" : NULL,
                  place, NULL);
}

/* Tells the meter and, from time to time, the operator. */
static void
tell_away(struct lf_consumer *consumer, enum lf_status st, const struct lf_err *err)
{
    enum lf_partner partner = st == LF_NO_MEMORY ? LF_PARTNER_NONE : consumer->away;
    lf_metric_add(consumer->meter.retries, 1);
    lf_meter_away(&consumer->meter, partner == LF_PARTNER_LOG, partner == LF_PARTNER_STORE);
    lf_consumer_tell_wait(consumer, partner, NULL, err);
}

static void
tell_back(struct lf_consumer *consumer)
{
    bool log_held = lf_positions_waiting(&consumer->positions, LF_PARTNER_LOG) != 0;
    lf_meter_away(&consumer->meter, log_held, consumer->cannot_assign);
    for (int i = 0; i < LF_PARTNERS; i++) {
        bool held = i != LF_PARTNER_NONE && lf_positions_waiting(&consumer->positions, (enum lf_partner)i) != 0;
        if (consumer->told_ns[i] == 0 || held)
            continue;
        consumer->told_ns[i] = 0;
        lf_report(LF_INFO, "consumer goes on", "waited_for", partner_names[i], NULL);
    }
}

/* The pause's part for the log: its group is served. Records cannot come; should one come all the same it is read
 * anew. */
static enum lf_status
serve_group(struct lf_consumer *consumer, int64_t ms, struct lf_err *err)
{
    struct lf_log_batch none = {0};
    if (consumer->reader == NULL)
        return LF_OK;
    lf_log_pause(consumer->reader, true);
    enum lf_status st = lf_log_read(consumer->reader, 1, 1, ms, &none, err);
    lf_log_pause(consumer->reader, false);
    if (none.count != 0)
        lf_positions_doubt(&consumer->positions);
    return st != LF_OK && lf_status_fate(st) != LF_FATE_RETRY ? st : LF_OK;
}

/* Waits, serving the group, until the time is over or a stop comes. */
static enum lf_status
wait(struct lf_consumer *consumer, int64_t ms, struct lf_err *err)
{
    int64_t until = lf_clock_mono_ms() + ms;
    for (int64_t left = ms; left > 0 && !lf_gate_is_open(&consumer->gate); left = until - lf_clock_mono_ms()) {
        enum lf_status st = serve_group(consumer, left, err);
        if (st != LF_OK)
            return st;
        left = until - lf_clock_mono_ms();
        if (left > 0) /* the log did not wait: it is away itself, or was interrupted */
            lf_gate_wait(&consumer->gate, left < IDLE_SLICE_MS ? left : IDLE_SLICE_MS);
    }
    return LF_OK;
}

enum lf_status
lf_consumer_step(struct lf_consumer *consumer, int64_t timeout_ms, bool single, struct lf_err *err)
{
    for (;;) {
        struct lf_err local = {0};
        enum lf_status st = turn(consumer, timeout_ms, &local);
        if (st == LF_OK) {
            lf_backoff_reset(&consumer->backoff);
            tell_back(consumer);
            return LF_OK;
        }
        bool again = lf_status_fate(st) == LF_FATE_RETRY;
        if (again)
            tell_away(consumer, st, &local);
        if (again && !single && !lf_gate_is_open(&consumer->gate)) {
            enum lf_status waited = wait(consumer, lf_backoff_next(&consumer->backoff), &local);
            if (waited == LF_OK && !lf_gate_is_open(&consumer->gate))
                continue;
            st = waited != LF_OK ? waited : st;
        }
        if (err != NULL)
            *err = local;
        return st;
    }
}

void
lf_consumer_state(struct lf_consumer *consumer, struct lf_consumer_state *ret)
{
    lf_meter_state(&consumer->meter, ret);
}
