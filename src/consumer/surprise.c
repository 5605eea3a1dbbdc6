/*
 * When the log is not what the position says: records were deleted before they were read, the log ends before the
 * position, or it holds other records than those that were stored. Each is found, explained, and dealt with as the
 * configuration says; nothing is skipped or begun anew in silence.
 *
 * Kafka's offsets alone do not tell a log that was cut from one made anew. A witness does: an event of the store from
 * shortly before the position, whose record is read again first. It must be the same event.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/report.h"
#include "consumer/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    ASK_MS = 5000,
    WITNESS_BACK_MAX = 1000,  /* records that are read again for it at most */
    FOREIGN_CORRUPT_MAX = 20, /* times that the log says LF_CORRUPT of what may be another worker's */
};

/* ---- the witness ---- */

static const struct lf_field *
event_field(const char *name)
{
    size_t count;
    const struct lf_field *fields = lf_event_fields(&count);
    while (count > 0 && !lf_bytes_equal_text(fields[count - 1].name, name))
        count--;
    LF_ASSERT(count > 0);
    return &fields[count - 1];
}

static struct lf_filter
compare(const char *field, enum lf_compare_op op, struct lf_value value)
{
    return (struct lf_filter){.kind = LF_FILTER_COMPARE, .field = event_field(field), .op = op, .value = value};
}

/* The last event stored from below an offset, not too far back. *ret has no events if there is none. */
static enum lf_status
find_event(struct lf_consumer *consumer, const struct lf_partition *partition, int64_t below, struct lf_arena *arena,
           struct lf_list_result *ret, struct lf_err *err)
{
    const struct lf_filter parts[] = {
        compare("topic", LF_CMP_EQ, lf_value_string(partition->topic)),
        compare("partition", LF_CMP_EQ, lf_value_int(partition->number)),
        compare("offset", LF_CMP_GTE, lf_value_int(below - WITNESS_BACK_MAX)),
        compare("offset", LF_CMP_LT, lf_value_int(below)),
    };
    const struct lf_filter *const pointers[] = {&parts[0], &parts[1], &parts[2], &parts[3]};
    const struct lf_filter all = {.kind = LF_FILTER_AND, .parts = pointers, .part_count = 4};
    const struct lf_list_query query = {
        .filter = &all, .order = {{event_field("offset"), true}}, .order_count = 1, .first = 1};
    return lf_store_list(consumer->session, &query, arena, ret, err);
}

/* Looks for a witness below an offset. None: partition->witness stays -1. */
static enum lf_status
call_witness(struct lf_consumer *consumer, struct lf_partition *partition, int64_t below, struct lf_err *err)
{
    struct lf_list_result found = {0};
    struct lf_arena arena;
    lf_arena_init(&arena, 0, 0);
    lf_partition_forget_witness(partition);
    enum lf_status st = find_event(consumer, partition, below, &arena, &found, err);
    if (st == LF_OK && found.count != 0) {
        const struct lf_event *event = &found.events[0].event;
        partition->witness_id = lf_strndup(event->id.ptr, event->id.len);
        partition->witness = event->place.offset;
        if (partition->witness_id == NULL)
            st = lf_no_memory(err);
    }
    if (st != LF_OK)
        lf_partition_forget_witness(partition);
    lf_arena_release(&arena);
    return st;
}

enum lf_status
lf_surprise_watch(struct lf_consumer *consumer, struct lf_bytes topic, int32_t number, int64_t *next,
                  struct lf_err *err)
{
    struct lf_partition *partition = lf_positions_find(&consumer->positions, topic, number);
    LF_ASSERT(partition != NULL);
    if (partition->stored <= 0)
        return LF_OK;
    enum lf_status st = call_witness(consumer, partition, partition->stored, err);
    if (st != LF_OK)
        partition->assigned = false; /* to be asked for again */
    else if (partition->witness >= 0)
        *next = partition->witness;
    return st;
}

/* ---- telling ---- */

static void
tell(const struct lf_partition *partition, const char *kind, const char *what, int64_t from, int64_t to)
{
    char labels[32], place[320], range[64];
    snprintf(labels, sizeof(labels), "kind=\"%s\"", kind);
    snprintf(place, sizeof(place), "%.*s[%" PRId32 "]", LF_FMT(partition->topic), partition->number);
    snprintf(range, sizeof(range), "%" PRId64 "..%" PRId64, from, to - 1);
    lf_metric_add(
        lf_metrics_counter("logfirst_consumer_surprises_total", labels,
                           "Partitions whose log was not what the position said, gone on with as configured."),
        1);
    lf_report(LF_WARN, what, "partition", place, "offsets", range, NULL);
}

/* ---- new positions ---- */

/* Moves the position and commits: the last part of a transaction. */
static enum lf_status
move(struct lf_consumer *consumer, struct lf_partition *partition, int64_t next, struct lf_err *err)
{
    struct lf_store_session *session = consumer->session;
    enum lf_status st = lf_store_advance(session, consumer->positions.group, partition->topic, partition->number,
                                         partition->stored, next, err);
    return st == LF_OK ? lf_store_commit(session, err) : st;
}

/* What came of a transaction for the partition. LF_FENCED: another consumer was faster; its position is read. */
static enum lf_status
finish(struct lf_consumer *consumer, struct lf_partition *partition, enum lf_status st, int64_t next,
       struct lf_err *err)
{
    lf_store_abort(consumer->session);
    partition->must_seek = true;
    consumer->away = LF_PARTNER_STORE;
    if (st == LF_FENCED) {
        lf_partition_forget_witness(partition);
        return LF_OK;
    }
    if (st != LF_OK) {
        lf_err_context(err, "going on after a surprise in %.*s[%d]", LF_FMT(partition->topic), partition->number);
        return st;
    }
    partition->stored = next;
    partition->first = -1;
    partition->sent_count = 0;
    partition->waits_for = LF_PARTNER_NONE;
    lf_partition_forget_witness(partition);
    return LF_OK;
}

/* ---- deleted before they were read ---- */

static enum lf_status
bury_range(struct lf_consumer *consumer, const struct lf_partition *partition, int64_t from, int64_t to,
           struct lf_err *err)
{
    char reason[128];
    int len =
        snprintf(reason, sizeof(reason),
                 "offsets %" PRId64 " to %" PRId64 " were deleted from the log before they were read", from, to - 1);
    const struct lf_dead_letter letter = {
        .place = {partition->topic, partition->number, from},
        .stage = LF_LIT("read"),
        .code = LF_LIT("RECORDS_LOST"),
        .reason = lf_bytes(reason, (size_t)len),
        .dead_at_us = lf_clock_real_us(),
    };
    return lf_store_bury(consumer->session, &letter, 1, err);
}

static enum lf_status
meet_deleted(struct lf_consumer *consumer, struct lf_partition *partition, int64_t from, struct lf_err *err)
{
    int64_t to = partition->oldest;
    if (consumer->options.on_deleted == LF_SURPRISE_STOP)
        return lf_fail(err, LF_CORRUPT,
                       "%.*s[%d]: the position is outside the log: it is %lld, and the log begins at %lld: %lld records"
                       " were deleted before they were read (retention?) and are lost to this store. --on-deleted skip"
                       " goes on with what is left, and records the gap",
                       LF_FMT(partition->topic), partition->number, (long long)from, (long long)to,
                       (long long)(to - from));
    enum lf_status st = lf_store_begin(consumer->session, err);
    if (st == LF_OK)
        st = bury_range(consumer, partition, from, to, err);
    if (st == LF_OK)
        st = move(consumer, partition, to, err);
    if (st == LF_OK) {
        tell(partition, "deleted", "records were deleted before they were read; going on behind them", from, to);
        lf_metric_add(lf_metrics_counter("logfirst_consumer_lost_records_total", "",
                                         "Offsets that were deleted from the log before they were read."),
                      to - from);
    }
    return finish(consumer, partition, st, to, err);
}

/* ---- cut, or made anew ---- */

/* What is stored from places that the log will give out again keeps everything but its topic. */
static enum lf_status
set_aside(struct lf_consumer *consumer, const struct lf_partition *partition, int64_t from, struct lf_err *err)
{
    char name[320];
    char when[32];
    time_t now = (time_t)(lf_clock_real_us() / 1000000);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &parts);
    snprintf(name, sizeof(name), "%.*s~%s", LF_FMT(partition->topic), when);
    return lf_store_set_aside(consumer->session, partition->topic, partition->number, from, lf_bytes_of(name), err);
}

static enum lf_status
go_on_at(struct lf_consumer *consumer, struct lf_partition *partition, const char *kind, const char *what,
         int64_t aside_from, int64_t next, struct lf_err *err)
{
    int64_t stored = partition->stored;
    enum lf_status st = lf_store_begin(consumer->session, err);
    if (st == LF_OK)
        st = set_aside(consumer, partition, aside_from, err);
    if (st == LF_OK)
        st = move(consumer, partition, next, err);
    if (st == LF_OK)
        tell(partition, kind, what, aside_from, stored);
    return finish(consumer, partition, st, next, err);
}

static enum lf_status
meet_truncated(struct lf_consumer *consumer, struct lf_partition *partition, struct lf_err *err)
{
    if (consumer->options.on_truncated == LF_SURPRISE_STOP)
        return lf_fail(
            err, LF_CORRUPT,
            "%.*s[%d]: the position is outside the log: it is %lld, and the log ends at %lld: it was cut, and"
            " the store has events that the log has lost. --on-truncated end keeps them and goes on with what"
            " comes after that end",
            LF_FMT(partition->topic), partition->number, (long long)partition->stored, (long long)partition->end);
    return go_on_at(consumer, partition, "truncated", "the log was cut; going on at its end", partition->end,
                    partition->end, err);
}

static enum lf_status
meet_recreated(struct lf_consumer *consumer, struct lf_partition *partition, int64_t offset, struct lf_err *err)
{
    if (consumer->options.on_recreated == LF_SURPRISE_STOP)
        return lf_fail(
            err, LF_CORRUPT,
            "%.*s[%d]: the record at %lld is not the event %.60s that was stored from there: the topic was made"
            " anew, or this is another log. Put the right one back, or use another topic or store;"
            " --on-recreated start reads it from its first record on and keeps what is stored",
            LF_FMT(partition->topic), partition->number, (long long)offset, partition->witness_id);
    enum lf_status st = lf_lag_ask(consumer, ASK_MS, err); /* where it begins */
    consumer->away = LF_PARTNER_LOG;
    if (st != LF_OK)
        return st;
    return go_on_at(consumer, partition, "recreated", "the topic was made anew; going on at its start", 0,
                    partition->oldest, err);
}

/* The log ends before the position. What tells which of the two it is, is read next; an empty log is both. */
static enum lf_status
meet_beyond(struct lf_consumer *consumer, struct lf_partition *partition, struct lf_err *err)
{
    const struct lf_consumer_options *options = &consumer->options;
    bool empty = partition->end == partition->oldest;
    if (options->on_truncated == LF_SURPRISE_STOP && options->on_recreated == LF_SURPRISE_STOP)
        return lf_fail(
            err, LF_CORRUPT,
            "%.*s[%d]: the position is outside the log: it is %lld, and the log ends at %lld: it was cut, or the"
            " topic was made anew. Put the right log back, or use another topic or store; --on-truncated end"
            " and --on-recreated start keep what is stored and go on",
            LF_FMT(partition->topic), partition->number, (long long)partition->stored, (long long)partition->end);
    if (empty)
        return go_on_at(consumer, partition, "truncated", "the log is empty; going on at its end", 0, partition->end,
                        err);
    consumer->away = LF_PARTNER_STORE;
    enum lf_status st = call_witness(consumer, partition, partition->end, err);
    if (st != LF_OK)
        return st;
    partition->cut = true;
    partition->must_seek = true;
    if (partition->witness >= partition->oldest)
        return LF_OK;
    return lf_fail(
        err, LF_CORRUPT,
        "%.*s[%d]: the position is outside the log: it is %lld, and the log ends at %lld; whether it was cut or"
        " made anew cannot be told from what is left: use another topic or store",
        LF_FMT(partition->topic), partition->number, (long long)partition->stored, (long long)partition->end);
}

/* ---- what the log says ---- */

/* *ret_met: something was wrong with it, and has been dealt with unless the result is a failure. */
static enum lf_status
look_at(struct lf_consumer *consumer, struct lf_partition *partition, bool *ret_met, struct lf_err *err)
{
    int64_t at = partition->stored >= 0 ? partition->stored : partition->first;
    *ret_met = true;
    if (at >= 0 && partition->end >= 0 && at < partition->oldest)
        return meet_deleted(consumer, partition, at, err);
    if (at >= 0 && partition->end >= 0 && at > partition->end)
        return meet_beyond(consumer, partition, err);
    *ret_met = partition->witness >= 0;
    if (*ret_met) { /* deleted, though the position stands: nothing left to compare */
        lf_partition_forget_witness(partition);
        partition->must_seek = true;
    }
    return LF_OK;
}

/* Nothing of this consumer's is outside the log, or no longer. */
static enum lf_status
not_ours(struct lf_consumer *consumer, struct lf_err *err)
{
    bool alone = consumer->options.workers == 1;
    char words[LF_ERR_TEXT_MAX];
    if (err == NULL || alone || ++consumer->corrupt_reads >= FOREIGN_CORRUPT_MAX)
        return LF_CORRUPT;
    memcpy(words, err->text, sizeof(words)); /* another worker's, perhaps, which deals with it or stops */
    return lf_fail(err, LF_UNAVAILABLE, "%s", words);
}

static enum lf_status
look_at_all(struct lf_consumer *consumer, bool *ret_met, struct lf_err *err)
{
    *ret_met = false;
    enum lf_status st = lf_lag_ask(consumer, ASK_MS, err);
    for (size_t i = 0; st == LF_OK && i < consumer->positions.count; i++) {
        bool met = false;
        if (consumer->positions.items[i]->assigned)
            st = look_at(consumer, consumer->positions.items[i], &met, err);
        *ret_met = *ret_met || met;
    }
    return st;
}

enum lf_status
lf_surprise_meet(struct lf_consumer *consumer, struct lf_err *err)
{
    bool met;
    struct lf_err local = {0};
    enum lf_status st = look_at_all(consumer, &met, &local);
    if (st != LF_OK && err != NULL)
        *err = local;
    if (st == LF_OK && !met)
        return not_ours(consumer, err);
    consumer->corrupt_reads = 0;
    return st;
}

/* Nothing has come of the partition yet that could be compared, and by its end, as last asked for, nothing will. */
static bool
ends_before(const struct lf_partition *partition)
{
    return partition->assigned && partition->witness >= 0 && partition->end >= 0 && partition->stored > partition->end;
}

enum lf_status
lf_surprise_silence(struct lf_consumer *consumer, struct lf_err *err)
{
    const struct lf_positions *positions = &consumer->positions;
    bool silent = false;
    for (size_t i = 0; i < positions->count; i++)
        silent = silent || ends_before(positions->items[i]);
    if (!silent)
        return LF_OK;
    consumer->away = LF_PARTNER_LOG;
    enum lf_status st = lf_lag_ask(consumer, ASK_MS, err); /* the end that is known may be from another time */
    for (size_t i = 0; st == LF_OK && i < positions->count; i++) {
        bool met;
        if (ends_before(positions->items[i]))
            st = look_at(consumer, positions->items[i], &met, err);
    }
    return st;
}

/* ---- what comes ---- */

static enum lf_status
is_witness(struct lf_consumer *consumer, const struct lf_partition *partition, const struct lf_record *record,
           bool *ret, struct lf_err *err)
{
    const struct lf_encoded encoded = {record->key, record->value, record->headers, record->header_count};
    const struct lf_place place = {partition->topic, record->partition, record->offset};
    struct lf_event event = {0};
    struct lf_arena arena;
    struct lf_err local = {0};
    lf_arena_init(&arena, 0, 0);
    enum lf_status st =
        lf_codec_decode(&consumer->batch.codec, &encoded, record->timestamp_ms, place, &arena, &event, &local);
    bool named = event.id.ptr != NULL && st != LF_NO_MEMORY; /* by headers, where the value cannot be read (yet) */
    *ret = named && lf_bytes_equal_text(event.id, partition->witness_id);
    bool told = named || st == LF_OK || lf_status_fate(st) == LF_FATE_REJECT;
    if (!told && err != NULL)
        *err = local;
    lf_arena_release(&arena);
    return told ? LF_OK : st;
}

/* The first record that comes of a partition with a witness. */
static enum lf_status
judge(struct lf_consumer *consumer, struct lf_partition *partition, const struct lf_record *record, struct lf_err *err)
{
    bool same = false;
    if (record->offset < partition->witness)
        return LF_OK; /* from before a seek */
    enum lf_status st = LF_OK;
    if (record->offset == partition->witness)
        st = is_witness(consumer, partition, record, &same, err);
    if (st != LF_OK)
        return st;
    if (record->offset == partition->witness && !same)
        return meet_recreated(consumer, partition, record->offset, err);
    if (partition->cut && same)
        return meet_truncated(consumer, partition, err);
    if (partition->cut) /* its record was compacted away in the meantime */
        return lf_fail(err, LF_CORRUPT, "%.*s[%d]: whether the log was cut or made anew cannot be told: start again",
                       LF_FMT(partition->topic), partition->number);
    /* What is between it and the position need not be read; and a log that ends there must not go unnoticed. */
    partition->must_seek = partition->witness + 1 < partition->stored;
    lf_partition_forget_witness(partition);
    return LF_OK;
}

enum lf_status
lf_surprise_check(struct lf_consumer *consumer, const struct lf_log_batch *read, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    consumer->corrupt_reads = 0;
    lf_positions_begin(&consumer->positions, read->records, read->count); /* so that a way back is known */
    for (size_t i = 0; st == LF_OK && i < read->count; i++) {
        const struct lf_record *record = &read->records[i];
        struct lf_partition *partition = lf_positions_find(&consumer->positions, record->topic, record->partition);
        if (partition != NULL && partition->assigned && partition->witness >= 0 && !partition->must_seek)
            st = judge(consumer, partition, record, err);
    }
    if (st != LF_OK)
        lf_positions_doubt(&consumer->positions); /* nothing of what was read is worked off */
    return st;
}
