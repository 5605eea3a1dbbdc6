/* The first half of the pipeline, record by record and without the store: decode, check, bind to an entity. */
#include "base/defect.h"
#include "base/limits.h"
#include "consumer/batch.h"
#include "event/upcast.h"

#include <stdio.h>
#include <string.h>

enum {
    /* Values of a decoded payload take at most so many bytes of memory for each byte of text. */
    DECODED_BYTES_A_BYTE = 32,
};

/* Errors quote what they complain of, and are cut at a length: what is no UTF-8 for that becomes question marks. */
static void
make_utf8(char *text, size_t len)
{
    size_t at = 0;
    while (!lf_utf8_valid(lf_bytes(text, len), &at))
        text[at] = '?';
}

enum lf_status
lf_work_kill(struct lf_batch *batch, struct lf_work *work, const char *stage, const char *code, const char *reason,
             struct lf_err *err)
{
    size_t len = strlen(reason);
    char *text = lf_arena_text(&batch->arena, lf_bytes(reason, len));
    if (text == NULL)
        return lf_no_memory(err);
    make_utf8(text, len);
    work->verdict = LF_WORK_DEAD;
    work->dead.cause = (struct lf_cause){stage, code, lf_bytes(text, len)};
    work->dead.durable = lf_partition_was_sent(work->partition, work->dead.record->offset);
    batch->dead[batch->dead_count++] = &work->dead;
    return LF_OK;
}

/* A record alone in its batch that no arena can hold would be tried for ever. */
static bool
never_fits(const struct lf_batch *batch, const struct lf_record *record)
{
    return batch->count == 1 && record->value.len > batch->arena.max / DECODED_BYTES_A_BYTE;
}

static enum lf_status
decode(struct lf_batch *batch, struct lf_work *work, struct lf_err *err)
{
    const struct lf_record *record = work->dead.record;
    const struct lf_place place = {work->partition->topic, record->partition, record->offset};
    const struct lf_encoded encoded = {record->key, record->value, record->headers, record->header_count};
    struct lf_err local;
    local.text[0] = '\0';
    enum lf_status st =
        lf_codec_decode(&batch->codec, &encoded, record->timestamp_ms, place, &batch->arena, &work->event, &local);
    if (st == LF_OK)
        return LF_OK;
    if (st == LF_UNAVAILABLE) { /* the schema is not here yet */
        work->verdict = LF_WORK_PASSED;
        batch->held_why = local;
        lf_partition_hold(work->partition, LF_PARTNER_SCHEMA);
        return LF_OK;
    }
    work->event.headers = encoded.headers; /* for the row of the dead letter */
    work->event.header_count = encoded.header_count;
    if (st == LF_NO_MEMORY && never_fits(batch, record))
        snprintf(local.text, sizeof(local.text), "a value of %zu bytes is too large to be decoded", record->value.len);
    else if (lf_status_fate(st) != LF_FATE_REJECT)
        return lf_fail(err, st, "%s", local.text);
    const char *code = st == LF_NOT_FOUND ? "UNKNOWN_SCHEMA" : "NOT_AN_EVENT";
    return lf_work_kill(batch, work, "decode", code, local.text, err);
}

/* The schema does not know this type: what the operator wants done. */
static enum lf_status
treat_unknown(struct lf_batch *batch, struct lf_work *work, struct lf_err *err)
{
    char reason[400];
    if (batch->unknown_events == LF_UNKNOWN_STORE)
        return LF_OK;
    if (batch->unknown_events == LF_UNKNOWN_SKIP) {
        work->verdict = LF_WORK_PASSED;
        batch->skipped++;
        return LF_OK;
    }
    snprintf(reason, sizeof(reason), "the schema has no event type \"%.*s\"", LF_FMT(work->event.type_name));
    return lf_work_kill(batch, work, "validate", "UNKNOWN_EVENT", reason, err);
}

/* Today's form of the payload, what the schema says to it, and whose it is. */
static enum lf_status
check_payload(struct lf_batch *batch, struct lf_work *work, struct lf_err *err)
{
    struct lf_violation violations[LF_VIOLATIONS_MAX];
    size_t count = 0;
    enum lf_status st = lf_event_upcast(&work->event, &batch->arena, &work->payload, err);
    if (st == LF_OK && !LF_DEFECT(no_check))
        st = lf_rules_check(batch->codec.rules, work->event.type, &work->payload, &batch->arena, violations, &count,
                            err);
    if (st != LF_OK || work->event.type->entity == NULL)
        return st;
    struct lf_event event = work->event;
    event.payload = work->payload;
    st = lf_event_bind_entity(&event, &batch->arena, err);
    work->event.entity_key = event.entity_key;
    return st;
}

static enum lf_status
check(struct lf_batch *batch, struct lf_work *work, struct lf_err *err)
{
    struct lf_err local;
    if (work->event.type == NULL)
        return treat_unknown(batch, work, err);
    local.text[0] = '\0';
    enum lf_status st = check_payload(batch, work, &local);
    if (st == LF_OK)
        return LF_OK;
    if (lf_status_fate(st) != LF_FATE_REJECT)
        return lf_fail(err, st, "%s", local.text);
    return lf_work_kill(batch, work, "validate", "EVENT_INVALID", local.text, err);
}

static enum lf_status
prepare(struct lf_batch *batch, struct lf_work *work, const struct lf_record *record, struct lf_err *err)
{
    work->dead.record = record;
    work->partition = lf_positions_find(batch->positions, record->topic, record->partition);
    if (!lf_positions_take(work->partition, record->offset))
        return LF_OK; /* passed: that is what zero says */
    work->verdict = LF_WORK_EVENT;
    enum lf_status st = decode(batch, work, err);
    if (st == LF_OK && work->verdict == LF_WORK_EVENT)
        st = check(batch, work, err);
    return st;
}

static bool
make_arrays(struct lf_batch *batch, size_t count)
{
    batch->works = LF_ARENA_ARRAY(&batch->arena, struct lf_work, count);
    batch->events = lf_arena_alloc(&batch->arena, count * sizeof(*batch->events));
    batch->heads = lf_arena_alloc(&batch->arena, count * sizeof(*batch->heads));
    batch->outcomes = lf_arena_alloc(&batch->arena, count * sizeof(*batch->outcomes));
    batch->dead = lf_arena_alloc(&batch->arena, count * sizeof(*batch->dead));
    return batch->works != NULL && batch->events != NULL && batch->heads != NULL && batch->outcomes != NULL &&
           batch->dead != NULL;
}

enum lf_status
lf_batch_prepare(struct lf_batch *batch, const struct lf_record *records, size_t count, struct lf_err *err)
{
    lf_positions_begin(batch->positions, records, count);
    batch->count = count;
    batch->dead_count = batch->buried = batch->skipped = 0;
    if (!make_arrays(batch, count))
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        enum lf_status st = prepare(batch, &batch->works[i], &records[i], err);
        if (st != LF_OK)
            return st;
    }
    if (LF_DEFECT(skip_record) && count > 1 && batch->works[count - 1].verdict == LF_WORK_EVENT)
        batch->works[count - 1].verdict = LF_WORK_PASSED;
    return LF_OK;
}
