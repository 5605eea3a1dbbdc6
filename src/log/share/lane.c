/* A lane: what a thread that works partitions off sees of the shared reader. */
#include "log/share/share.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/sync.h"

#include <string.h>

enum { ASK_AGAIN_MS = 50 }; /* a caller that could not say where a partition begins */

/* ---- what is taken and given ---- */

/* The lane's next part that it has not been told of; NULL: none. The lock is held. */
static struct lf_share_part *
next_revoked(struct lf_share_lane *lane)
{
    struct lf_share_part *part = lane->share->parts;
    while (part != NULL && !(part->lane == lane && part->revoked && !part->heard))
        part = part->next;
    return part;
}

/* Tells the caller of what it has lost. It works on none of it: its batch is over. The lock is held, but not while the
 * caller is told; a revoked part stays until the lane has heard. */
static void
hear_revoked(struct lf_share_lane *lane)
{
    struct lf_share *share = lane->share;
    for (struct lf_share_part *part; (part = next_revoked(lane)) != NULL;) {
        if (part->taken && lane->options.revoked != NULL) {
            pthread_mutex_unlock(&share->lock);
            lane->options.revoked(lane->options.ctx, part->topic, part->number, part->lost);
            pthread_mutex_lock(&share->lock);
        }
        part->heard = true;
        if (part->left)
            lf_share_remove(share, part);
        else
            pthread_cond_signal(&share->room);
    }
}

/* A part that waits for its caller's answer; NULL: none now. *ret_ns: when to ask again at the latest. */
static struct lf_share_part *
next_unanswered(struct lf_share_lane *lane, int64_t now, int64_t *ret_ns)
{
    for (struct lf_share_part *part = lane->share->parts; part != NULL; part = part->next) {
        if (part->lane != lane || part->answered || part->revoked)
            continue;
        if (part->ask_ns <= now)
            return part;
        if (part->ask_ns < *ret_ns)
            *ret_ns = part->ask_ns;
    }
    return NULL;
}

/* Asks the caller where to go on. The lock is held, but not while the caller thinks. */
static void
ask(struct lf_share_lane *lane, struct lf_share_part *part)
{
    struct lf_share *share = lane->share;
    int64_t next = LF_OFFSET_NONE;
    enum lf_status st = LF_OK;
    struct lf_err ignored;
    if (lane->options.assigned != NULL) {
        pthread_mutex_unlock(&share->lock);
        st = lane->options.assigned(lane->options.ctx, part->topic, part->number, &next, &ignored);
        pthread_mutex_lock(&share->lock);
    }
    part->taken |= st == LF_OK;
    part->answered = st == LF_OK;
    part->start = next;
    part->ask_ns = lf_clock_mono_ns() + (int64_t)ASK_AGAIN_MS * 1000000;
    if (part->answered)
        lf_log_interrupt(share->reader); /* so that it asks soon */
}

/* Both, until there is nothing more of either. *ret_ns as above. */
static void
hear(struct lf_share_lane *lane, int64_t *ret_ns)
{
    for (;;) {
        hear_revoked(lane);
        struct lf_share_part *part = next_unanswered(lane, lf_clock_mono_ns(), ret_ns);
        if (part == NULL)
            return;
        ask(lane, part);
    }
}

/* ---- reading ---- */

static bool
room_for(struct lf_share_lane *lane, size_t count)
{
    if (count <= lane->batch_cap)
        return true;
    struct lf_record *grown = lf_realloc(lane->batch, count * sizeof(*grown));
    if (grown == NULL)
        return false;
    lane->batch = grown;
    lane->batch_cap = count;
    return true;
}

/* Takes records off the first chunk. False: the batch is full. */
static bool
give_chunk(struct lf_share_lane *lane, size_t records_max, size_t bytes_max, size_t *bytes, struct lf_log_batch *batch)
{
    struct lf_share_chunk *chunk = lane->first;
    while (chunk->at < chunk->count) {
        const struct lf_record *record = &chunk->records[chunk->at];
        size_t size = lf_log_record_bytes(record);
        if (batch->count == records_max || (batch->count != 0 && *bytes + size > bytes_max))
            return false;
        lane->batch[batch->count++] = *record;
        *bytes += size;
        lane->waiting_bytes -= size;
        lane->waiting--;
        chunk->at++;
    }
    return true;
}

/* The lock is held. */
static enum lf_status
give(struct lf_share_lane *lane, size_t records_max, size_t bytes_max, struct lf_log_batch *batch, struct lf_err *err)
{
    size_t bytes = 0;
    if (records_max > lane->waiting)
        records_max = lane->waiting;
    if (!room_for(lane, records_max))
        return lf_no_memory(err);
    while (lane->first != NULL && give_chunk(lane, records_max, bytes_max, &bytes, batch)) {
        struct lf_share_chunk *chunk = lane->first;
        lane->first = chunk->next;
        if (lane->first == NULL)
            lane->end = &lane->first;
        chunk->next = lane->given;
        lane->given = chunk;
    }
    batch->records = lane->batch;
    return LF_OK;
}

static bool
has_held_parts(const struct lf_share_lane *lane)
{
    const struct lf_share_part *part = lane->share->parts;
    while (part != NULL && !(part->lane == lane && part->held))
        part = part->next;
    return part != NULL;
}

/* The feeding thread may wait for the room, or for something to read. The lock is held. */
static void
tell_room(struct lf_share_lane *lane)
{
    pthread_cond_signal(&lane->share->room);
    if (has_held_parts(lane))
        lf_log_interrupt(lane->share->reader);
}

static enum lf_status
take_failure(struct lf_share_lane *lane, struct lf_err *err)
{
    enum lf_status st = lane->failure.status;
    if (err != NULL)
        *err = lane->failure;
    lane->failure = (struct lf_err){0};
    return st;
}

/* One look at what there is. *ret_over: it is an answer. The lock is held. */
static enum lf_status
look(struct lf_share_lane *lane, size_t records_max, size_t bytes_max, bool last, struct lf_log_batch *batch,
     bool *ret_over, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    *ret_over = true;
    if (lane->waiting != 0 && !lane->paused) {
        st = give(lane, records_max, bytes_max, batch, err);
        tell_room(lane);
        return st;
    }
    if (lane->failure.status != LF_OK)
        return take_failure(lane, err);
    *ret_over = last || lane->interrupted;
    return LF_OK;
}

enum lf_status
lf_share_read(struct lf_log_reader *base, size_t records_max, size_t bytes_max, int64_t timeout_ms,
              struct lf_log_batch *ret, struct lf_err *err)
{
    struct lf_share_lane *lane = (struct lf_share_lane *)base;
    struct lf_share *share = lane->share;
    int64_t deadline = lf_clock_mono_ns() + timeout_ms * 1000000;
    enum lf_status st = LF_OK;
    lf_share_free_chunks(lane->given);
    lane->given = NULL;
    pthread_mutex_lock(&share->lock);
    for (bool over = false; !over;) {
        int64_t until = deadline;
        hear(lane, &until);
        bool last = lf_clock_mono_ns() >= deadline;
        st = look(lane, records_max, bytes_max, last, ret, &over, err);
        int64_t left = until - lf_clock_mono_ns();
        if (!over && left > 0)
            lf_cond_wait_ns(&lane->news, &share->lock, left);
    }
    lane->interrupted = false;
    pthread_mutex_unlock(&share->lock);
    return st;
}

void
lf_share_pause(struct lf_log_reader *base, bool paused)
{
    ((struct lf_share_lane *)base)->paused = paused;
}

/* ---- the rest ---- */

/* What the lane's caller takes for its own; the lock is held. */
static struct lf_share_part *
part_of(struct lf_share_lane *lane, struct lf_bytes topic, int32_t number)
{
    for (struct lf_share_part *part = lane->share->parts; part != NULL; part = part->next) {
        if (part->lane == lane && part->taken && !part->heard && part->number == number &&
            lf_bytes_equal(part->topic, topic))
            return part;
    }
    return NULL;
}

void
lf_share_hold(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, bool held)
{
    struct lf_share_lane *lane = (struct lf_share_lane *)base;
    struct lf_share *share = lane->share;
    if (!held)
        return; /* the seek that follows ends it, and not before */
    pthread_mutex_lock(&share->lock);
    struct lf_share_part *part = part_of(lane, topic, partition);
    if (part != NULL) {
        part->parked = true;
        part->seek = LF_OFFSET_NONE;
        lf_share_purge(part);
        pthread_cond_signal(&share->room);
        lf_log_interrupt(share->reader);
    }
    pthread_mutex_unlock(&share->lock);
}

enum lf_status
lf_share_seek(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, int64_t offset, struct lf_err *err)
{
    struct lf_share_lane *lane = (struct lf_share_lane *)base;
    struct lf_share *share = lane->share;
    pthread_mutex_lock(&share->lock);
    struct lf_share_part *part = part_of(lane, topic, partition);
    enum lf_status st = LF_OK;
    if (part == NULL) {
        st = lf_fail(err, LF_NOT_FOUND, "%.*s/%d is not assigned to this reader", LF_FMT(topic), partition);
    } else if (part->flowing) { /* if it is revoked by now: the caller hears of it with the next read */
        lf_share_purge(part);
        part->parked = false;
        part->seek = offset;
        if (lane->failure.status == LF_CORRUPT) /* of where it stood, perhaps: it shows again if not */
            lane->failure = (struct lf_err){0};
        pthread_cond_signal(&share->room);
        lf_log_interrupt(share->reader);
    } else {
        part->start = offset;
        part->parked = false;
    }
    pthread_mutex_unlock(&share->lock);
    return st;
}

void
lf_share_committed(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, int64_t next)
{
    struct lf_share_lane *lane = (struct lf_share_lane *)base;
    pthread_mutex_lock(&lane->share->lock);
    struct lf_share_part *part = part_of(lane, topic, partition);
    if (part != NULL)
        part->committed = next;
    pthread_mutex_unlock(&lane->share->lock);
}

void
lf_share_interrupt(struct lf_log_reader *base)
{
    struct lf_share_lane *lane = (struct lf_share_lane *)base;
    pthread_mutex_lock(&lane->share->lock);
    lane->interrupted = true;
    pthread_cond_signal(&lane->news);
    pthread_mutex_unlock(&lane->share->lock);
}

/* ---- open and close ---- */

static struct lf_share_lane *
unopened(struct lf_share *share)
{
    for (size_t i = 0; i < share->options.lanes; i++) {
        if (!share->lanes[i].open)
            return &share->lanes[i];
    }
    return NULL;
}

enum lf_status
lf_share_reader_open(struct lf_log *base, const struct lf_log_reader_options *options, struct lf_log_reader **ret,
                     struct lf_err *err)
{
    struct lf_share *share = (struct lf_share *)base;
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&share->lock);
    struct lf_share_lane *lane = unopened(share);
    if (lane == NULL)
        st = lf_fail(err, LF_USAGE, "the log is shared among %zu readers already", share->options.lanes);
    if (st == LF_OK && share->open_lanes == 0)
        st = lf_share_start(share, options, err);
    if (st == LF_OK) {
        LF_ASSERT(lane != NULL);
        lane->options = *options;
        lane->options.topics = NULL; /* the inner reader has copies */
        lane->open = true;
        lane->paused = lane->interrupted = false;
        lane->failure = (struct lf_err){0};
        share->open_lanes++;
        *ret = &lane->base;
    }
    pthread_mutex_unlock(&share->lock);
    return st;
}

/* What the lane has is nobody's now. The lock is held. */
static void
shut(struct lf_share_lane *lane)
{
    struct lf_share *share = lane->share;
    lane->open = false;
    share->open_lanes--;
    lf_share_free_chunks(lane->first);
    lane->first = NULL;
    lane->end = &lane->first;
    lane->waiting = lane->waiting_bytes = 0;
    for (struct lf_share_part *part = share->parts, *next; part != NULL; part = next) {
        next = part->next;
        if (part->lane != lane || !part->revoked)
            continue;
        part->heard = true;
        if (part->left)
            lf_share_remove(share, part);
    }
    pthread_cond_signal(&share->room);
}

void
lf_share_reader_close(struct lf_log_reader *base)
{
    struct lf_share_lane *lane = (struct lf_share_lane *)base;
    struct lf_share *share = lane->share;
    pthread_mutex_lock(&share->lock);
    shut(lane);
    bool last = share->open_lanes == 0;
    pthread_mutex_unlock(&share->lock);
    if (last)
        lf_share_stop(share);
    lf_share_free_chunks(lane->given);
    lf_free(lane->batch);
    lane->given = NULL;
    lane->batch = NULL;
    lane->batch_cap = 0;
}
