/* The second half of the pipeline: the batch's transaction, in passes until nothing new is found dead. */
#include "consumer/batch.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/defect.h"
#include "event/fold.h"

#include <stdio.h>

enum { ARENA_CHUNK = 256 * 1024, ARENA_BYTES_MAX = 256 * 1024 * 1024 };

enum lf_status
lf_batch_init(struct lf_batch *batch, const struct lf_model *model, struct lf_err *err)
{
    batch->model = model;
    batch->codec.pins = &batch->pins;
    lf_arena_init(&batch->arena, ARENA_CHUNK, ARENA_BYTES_MAX);
    lf_map_init(&batch->ids);
    return lf_states_init(&batch->states, model, err);
}

static void
forget(struct lf_batch *batch)
{
    lf_map_clear(&batch->ids);
    lf_states_clear(&batch->states);
    lf_arena_reset(&batch->arena);
    lf_payload_unpin(batch->codec.payloads, &batch->pins);
    batch->works = NULL;
    batch->count = batch->dead_count = 0;
}

void
lf_batch_release(struct lf_batch *batch)
{
    lf_payload_pins_release(batch->codec.payloads, &batch->pins);
    lf_states_release(&batch->states);
    lf_map_release(&batch->ids);
    lf_arena_release(&batch->arena);
}

/* ---- deduplicate within the batch ---- */

static bool
same_event(const struct lf_event *a, const struct lf_event *b)
{
    return lf_event_same(a, b->type_name, &b->payload);
}

static enum lf_status
group_one(struct lf_batch *batch, struct lf_work *work, struct lf_err *err)
{
    work->head = work;
    work->twin = work->disputed = work->stands = false;
    work->state = NULL;
    enum lf_status st = lf_map_add(&batch->ids, work->event.id, work);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    if (st != LF_DUPLICATE)
        return LF_OK;
    work->head = lf_map_get(&batch->ids, work->event.id);
    work->twin = same_event(&work->event, &work->head->event);
    work->head->disputed |= !work->twin;
    return LF_OK;
}

/* Finds each event's head: the first of the batch with its id, dead ones aside. */
static enum lf_status
group(struct lf_batch *batch, struct lf_err *err)
{
    lf_map_clear(&batch->ids);
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->works[i].verdict != LF_WORK_EVENT)
            continue;
        enum lf_status st = group_one(batch, &batch->works[i], err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

static bool
is_head(const struct lf_work *work)
{
    return work->verdict == LF_WORK_EVENT && work->head == work;
}

/* ---- append, and what it says ---- */

static enum lf_status
append(struct lf_batch *batch, struct lf_err *err)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct lf_work *work = &batch->works[i];
        if (!is_head(work))
            continue;
        batch->heads[count] = work;
        batch->events[count++] = &work->event;
    }
    if (count == 0)
        return LF_OK;
    enum lf_status st = lf_store_append(batch->session, batch->events, count, batch->outcomes, err);
    if (st != LF_OK)
        return st;
    LF_CRASH_POINT("consumer.appended");
    for (size_t i = 0; i < count; i++) {
        batch->heads[i]->outcome = batch->outcomes[i];
        batch->heads[i]->stands = true;
    }
    return LF_OK;
}

static enum lf_status
kill_conflict(struct lf_batch *batch, struct lf_work *work, const char *where, struct lf_err *err)
{
    char reason[400];
    snprintf(reason, sizeof(reason), "eventId \"%.*s\" %s with another eventType or payload", LF_FMT(work->event.id),
             where);
    return lf_work_kill(batch, work, "deduplicate", "EVENT_CONFLICT", reason, err);
}

/* How many works this run has found out about that are not to be stored. */
static size_t
settled(const struct lf_batch *batch)
{
    return batch->dead_count + batch->buried;
}

/* The store has the id with other content: the head is dead, and so are its twins. What is among its dead letters
 * already is done with, its dead letter being in the log as well: that comes first. */
static enum lf_status
judge_conflicts(struct lf_batch *batch, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < batch->count; i++) {
        struct lf_work *work = &batch->works[i];
        if (is_head(work) && work->outcome == LF_APPEND_BURIED) {
            work->verdict = LF_WORK_PASSED; /* its twins find another head in the next pass */
            batch->buried++;
        }
        if (work->verdict != LF_WORK_EVENT || work->head->outcome != LF_APPEND_CONFLICT)
            continue;
        if ((work->head == work || work->twin) && !LF_DEFECT(conflict_is_nothing))
            st = kill_conflict(batch, work, "is stored already", err);
    }
    return st;
}

/* ---- fold ---- */

static bool
is_folded(const struct lf_work *head)
{
    const struct lf_event_type *type = head->event.type;
    return type != NULL && type->entity != NULL &&
           (head->outcome == LF_APPENDED || (LF_DEFECT(apply_duplicates) && head->outcome == LF_APPEND_DUPLICATE));
}

static enum lf_status
load(struct lf_batch *batch, struct lf_err *err)
{
    lf_states_clear(&batch->states);
    for (size_t i = 0; i < batch->count; i++) {
        struct lf_work *work = &batch->works[i];
        if (!is_head(work) || !is_folded(work))
            continue;
        work->state = lf_states_want(&batch->states, work->event.type->entity, work->event.entity_key, &batch->arena);
        if (work->state == NULL)
            return lf_no_memory(err);
    }
    return lf_states_load(&batch->states, batch->session, &batch->arena, err);
}

/* Applies the event to its state; a refusal kills it. */
static enum lf_status
fold_one(struct lf_batch *batch, struct lf_work *work, struct lf_err *err)
{
    struct lf_state *state = work->head->state;
    struct lf_err local;
    struct lf_value value;
    struct lf_event event = work->event;
    event.payload = work->payload;
    local.text[0] = '\0';
    enum lf_status st = lf_fold(&event, &state->value, &batch->arena, &value, &local);
    if (st == LF_OK) {
        state->value = value;
        state->place = work->event.place;
        state->changed = true;
        work->head->stands = true;
        return LF_OK;
    }
    if (lf_status_fate(st) != LF_FATE_REJECT)
        return lf_fail(err, st, "%s", local.text);
    work->head->stands = false;
    return lf_work_kill(batch, work, "apply", "APPLY_FAILED", local.text, err);
}

/*
 * Folds the events in log order. After a refused head its twins are tried, each at its own place. A refused head
 * whose id comes again with other content ends the pass: which event has that id, and so all further states, shows in
 * the next.
 */
static enum lf_status
fold(struct lf_batch *batch, struct lf_err *err)
{
    for (size_t n = 0; n < batch->count; n++) {
        struct lf_work *work = &batch->works[LF_DEFECT(fold_backwards) ? batch->count - 1 - n : n];
        if (work->verdict != LF_WORK_EVENT || work->head->state == NULL)
            continue;
        if (work->head != work && (!work->twin || (work->head->stands && !LF_DEFECT(apply_twins))))
            continue;
        enum lf_status st = fold_one(batch, work, err);
        if (st != LF_OK)
            return st;
        if (!work->head->stands && work->head->disputed)
            return LF_OK;
    }
    return LF_OK;
}

/* An id that comes twice in this batch with different content: the first that stands has it. */
static enum lf_status
judge_disputes(struct lf_batch *batch, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < batch->count; i++) {
        struct lf_work *work = &batch->works[i];
        if (work->verdict == LF_WORK_EVENT && work->head != work && !work->twin && work->head->stands &&
            !LF_DEFECT(first_wins))
            st = kill_conflict(batch, work, "came shortly before", err);
    }
    return st;
}

/* ---- finish ---- */

static enum lf_status
bury(struct lf_batch *batch, struct lf_err *err)
{
    size_t count = 0;
    if (batch->dead_count == 0 || LF_DEFECT(no_dead_table))
        return LF_OK;
    struct lf_dead_letter *letters = LF_ARENA_ARRAY(&batch->arena, struct lf_dead_letter, batch->dead_count);
    if (letters == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < batch->count; i++) {
        const struct lf_work *work = &batch->works[i];
        if (work->verdict == LF_WORK_DEAD)
            letters[count++] = lf_dead_row(&work->dead, &work->event);
    }
    LF_ASSERT(count == batch->dead_count);
    return lf_store_bury(batch->session, letters, count, err);
}

static enum lf_status
finish(struct lf_batch *batch, struct lf_err *err)
{
    enum lf_status st = bury(batch, err);
    LF_CRASH_POINT("consumer.buried");
    if (st == LF_OK && !LF_DEFECT(no_advance))
        st = LF_DEFECT(advance_first) ? LF_OK : lf_positions_advance(batch->positions, batch->session, err);
    if (st != LF_OK)
        return st;
    LF_CRASH_POINT("consumer.advanced");
    int64_t before = lf_clock_mono_ns();
    st = lf_store_commit(batch->session, err);
    LF_CRASH_POINT("consumer.committed");
    lf_histogram_observe_us(batch->meter->commit, (lf_clock_mono_ns() - before) / 1000);
    return st;
}

/* Everything up to the point where it is certain that no further record is dead. */
static enum lf_status
work_off(struct lf_batch *batch, struct lf_err *err)
{
    size_t known = settled(batch);
    enum lf_status st = group(batch, err);
    if (st == LF_OK)
        st = append(batch, err);
    if (st == LF_OK)
        st = judge_conflicts(batch, err);
    if (st != LF_OK || settled(batch) != known)
        return st;
    st = load(batch, err);
    LF_CRASH_POINT("consumer.loaded");
    if (st == LF_OK)
        st = fold(batch, err);
    if (st == LF_OK && settled(batch) == known)
        st = judge_disputes(batch, err); /* only now is it certain who stands */
    return st;
}

static enum lf_status
advance_first(struct lf_batch *batch, struct lf_err *err)
{
    enum lf_status st = lf_store_begin(batch->session, err);
    if (st == LF_OK)
        st = lf_positions_advance(batch->positions, batch->session, err);
    if (st == LF_OK)
        st = lf_store_commit(batch->session, err);
    lf_store_abort(batch->session);
    return st;
}

/* The only event left in the batch; NULL if there are more, or none. */
static struct lf_work *
only_event(struct lf_batch *batch)
{
    struct lf_work *only = NULL;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->works[i].verdict != LF_WORK_EVENT)
            continue;
        if (only != NULL)
            return NULL;
        only = &batch->works[i];
    }
    return only;
}

/*
 * The events' part of a pass. What the store refuses for good, a value beyond its limits perhaps, is dead where only
 * one event can be meant.
 */
static enum lf_status
store_events(struct lf_batch *batch, struct lf_err *err)
{
    struct lf_err local = {0};
    size_t known = settled(batch);
    enum lf_status st = work_off(batch, &local);
    if (st == LF_OK && settled(batch) == known)
        st = lf_states_save(&batch->states, batch->session, &batch->arena, &local);
    LF_CRASH_POINT("consumer.saved");
    struct lf_work *only = lf_status_fate(st) == LF_FATE_REJECT ? only_event(batch) : NULL;
    if (only != NULL)
        return lf_work_kill(batch, only, "apply", "APPLY_FAILED", local.text, err);
    if (st != LF_OK && err != NULL)
        *err = local;
    return st;
}

/* One pass. *ret_again: it has found more dead records and was rolled back. */
static enum lf_status
pass(struct lf_batch *batch, bool *ret_again, struct lf_err *err)
{
    size_t known = settled(batch);
    enum lf_status st = LF_OK;
    if (LF_DEFECT(advance_first))
        st = advance_first(batch, err);
    if (st == LF_OK)
        st = lf_store_begin(batch->session, err);
    LF_CRASH_POINT("consumer.begun");
    if (st == LF_OK)
        st = store_events(batch, err);
    *ret_again = st == LF_OK && settled(batch) != known && !LF_DEFECT(store_unfolded);
    if (st == LF_OK && !*ret_again)
        st = finish(batch, err);
    if (st != LF_OK || *ret_again)
        lf_store_abort(batch->session);
    return st;
}

/* A store that says "not now" has been overtaken in something it had read: at once again, but not for ever. */
static enum lf_status
pass_at_once(struct lf_batch *batch, bool *ret_again, struct lf_err *err)
{
    enum { TRIES = 5 };
    struct lf_err local = {0};
    enum lf_status st = LF_AGAIN;
    for (int i = 0; i < TRIES && st == LF_AGAIN; i++)
        st = pass(batch, ret_again, &local);
    if (st != LF_OK && err != NULL)
        *err = local;
    return st;
}

static bool
all_sent(const struct lf_batch *batch)
{
    for (size_t i = 0; i < batch->dead_count; i++) {
        if (!batch->dead[i]->durable)
            return false;
    }
    return true;
}

/* Sends what is dead and not in the log yet; nothing if another consumer has taken over, who will send it. */
static enum lf_status
send_dead(struct lf_batch *batch, struct lf_err *err)
{
    if (all_sent(batch) || LF_DEFECT(no_dead_topic))
        return LF_OK;
    batch->asking = LF_PARTNER_STORE;
    enum lf_status st = LF_DEFECT(no_fence) ? LF_OK : lf_positions_confirm(batch->positions, batch->session, err);
    if (st != LF_OK)
        return st;
    batch->asking = LF_PARTNER_LOG;
    st = lf_dlq_send(batch->dlq, batch->dead, batch->dead_count, &batch->arena, err);
    LF_CRASH_POINT("consumer.dead_sent");
    for (size_t i = 0; i < batch->count; i++) {
        struct lf_work *work = &batch->works[i];
        if (work->verdict == LF_WORK_DEAD && work->dead.durable)
            lf_partition_note_sent(work->partition, work->dead.record->offset);
        if (st != LF_OK && work->verdict == LF_WORK_DEAD && work->dead.refused)
            lf_partition_hold(work->partition, LF_PARTNER_LOG); /* the others need not wait for it */
    }
    return st;
}

/* From the log to the store; producers' clocks may say anything. */
static void
observe_age(struct lf_batch *batch, int64_t timestamp_ms, int64_t now_us)
{
    int64_t logged_us;
    if (timestamp_ms > 0 && !__builtin_mul_overflow(timestamp_ms, 1000, &logged_us))
        lf_histogram_observe_us(batch->meter->visible, now_us - logged_us);
}

static void
count_work(struct lf_batch *batch, const struct lf_work *work, int64_t now_us)
{
    struct lf_tally *tally = &batch->tally;
    if (work->verdict == LF_WORK_DEAD) {
        tally->dead++;
        tally->dead_code = work->dead.cause.code;
        tally->dead_place =
            (struct lf_place){work->partition->topic, work->partition->number, work->dead.record->offset};
        lf_meter_dead(work->dead.cause.code);
    } else if (work->verdict == LF_WORK_EVENT && work->head == work && work->outcome == LF_APPENDED) {
        tally->stored++;
        observe_age(batch, work->dead.record->timestamp_ms, now_us);
    } else if (work->verdict == LF_WORK_EVENT) {
        tally->duplicates++;
    }
}

static void
count(struct lf_batch *batch)
{
    batch->tally = (struct lf_tally){.records = batch->count, .skipped = batch->skipped};
    int64_t now_us = lf_clock_real_us();
    for (size_t i = 0; i < batch->count; i++)
        count_work(batch, &batch->works[i], now_us);
    lf_meter_batch(batch->meter, &batch->tally);
}

static enum lf_status
run(struct lf_batch *batch, const struct lf_record *records, size_t count, struct lf_err *err)
{
    bool again = true;
    batch->asking = LF_PARTNER_NONE;
    enum lf_status st = lf_batch_prepare(batch, records, count, err);
    LF_CRASH_POINT("consumer.decoded");
    if (st == LF_OK && !lf_positions_touched(batch->positions))
        again = false; /* all of it had been worked off before */
    while (st == LF_OK && again) {
        st = send_dead(batch, err);
        if (st != LF_OK)
            break;
        batch->asking = LF_PARTNER_STORE;
        st = pass_at_once(batch, &again, err);
    }
    return st;
}

enum lf_status
lf_batch_run(struct lf_batch *batch, const struct lf_record *records, size_t record_count, struct lf_err *err)
{
    int64_t before = lf_clock_mono_ns();
    enum lf_status st = run(batch, records, record_count, err);
    batch->tally = (struct lf_tally){0};
    if (st == LF_OK && lf_positions_touched(batch->positions)) {
        lf_positions_committed(batch->positions);
        count(batch);
        lf_histogram_observe_us(batch->meter->batch, (lf_clock_mono_ns() - before) / 1000);
    }
    forget(batch);
    return st;
}
