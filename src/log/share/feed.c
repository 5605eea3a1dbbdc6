/*
 * The thread that reads the inner log for all lanes and serves its group. It waits for a full lane only so long as the
 * group does not miss it; then it holds that lane's partitions, and comes back to them once there is room.
 */
#include "log/share/share.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/sync.h"

#include <string.h>

enum {
    READ_MS = 1000,
    AGAIN_MS = 100, /* after a failure */
};

static int64_t
ns_of(int64_t ms)
{
    return ms * 1000000;
}

/* ---- what the inner reader asks and says, inside its lf_log_read() ---- */

static enum lf_status
on_assigned(void *ctx, struct lf_bytes topic, int32_t number, int64_t *next, struct lf_err *err)
{
    struct lf_share *share = ctx;
    pthread_mutex_lock(&share->lock);
    struct lf_share_part *part = lf_share_find(share, topic, number);
    if (part == NULL)
        part = lf_share_add(share, topic, number);
    enum lf_status st = LF_OK;
    if (part == NULL) {
        st = lf_no_memory(err);
    } else if (!part->answered) {
        pthread_cond_signal(&part->lane->news);
        st = lf_fail(err, LF_AGAIN, "%.*s/%d: nobody has said yet where to go on", LF_FMT(topic), number);
    } else {
        *next = part->start;
        part->flowing = true;
    }
    pthread_mutex_unlock(&share->lock);
    return st;
}

/* Waits until the lane has come back from its batch and heard of it; false: the time is over. The lock is held. */
static bool
await_lane(struct lf_share *share, const struct lf_share_part *part)
{
    if (share->revoke_ns == 0)
        share->revoke_ns = lf_clock_mono_ns() + ns_of(share->options.revoke_ms);
    while (!part->heard && !share->stop) {
        int64_t left = share->revoke_ns - lf_clock_mono_ns();
        if (left <= 0)
            return false;
        lf_cond_wait_ns(&share->room, &share->lock, left);
    }
    return part->heard;
}

/* Takes the part from its lane. The lock is held. */
static void
revoke(struct lf_share *share, struct lf_share_part *part)
{
    lf_share_purge(part);
    part->revoked = true;
    pthread_cond_signal(&part->lane->news);
    if (part->lane->open && !await_lane(share, part)) {
        part->left = true; /* to its lane, which frees it */
        return;
    }
    if (part->committed != LF_OFFSET_NONE)
        lf_log_committed(share->reader, part->topic, part->number, part->committed);
    lf_share_remove(share, part);
}

static void
on_revoked(void *ctx, struct lf_bytes topic, int32_t number, bool lost)
{
    struct lf_share *share = ctx;
    pthread_mutex_lock(&share->lock);
    struct lf_share_part *part = lf_share_find(share, topic, number);
    if (part != NULL) {
        part->lost = lost;
        revoke(share, part);
    }
    pthread_mutex_unlock(&share->lock);
}

/* ---- what lanes want done ---- */

/* What the inner reader is told without waiting. The lock is held. */
static void
tell_committed(struct lf_share *share)
{
    for (struct lf_share_part *part = share->parts; part != NULL; part = part->next) {
        if (part->committed == LF_OFFSET_NONE || part->revoked)
            continue;
        lf_log_committed(share->reader, part->topic, part->number, part->committed);
        part->committed = LF_OFFSET_NONE;
    }
}

/* What lanes want held. The lock is held. */
static void
hold_parked(struct lf_share *share)
{
    for (struct lf_share_part *part = share->parts; part != NULL; part = part->next) {
        if (!part->parked || part->held || part->revoked || !part->flowing)
            continue;
        part->held = true;
        lf_log_hold(share->reader, part->topic, part->number, true);
    }
}

static bool
may_flow_again(const struct lf_share_part *part)
{
    return part->held && part->lane->waiting <= part->lane->share->options.records_max / 2 &&
           part->lane->waiting_bytes <= part->lane->share->options.bytes_max / 2;
}

/* The next partition to go elsewhere in, and where to. A seek of its lane goes before the way back. */
static struct lf_share_part *
next_seek(struct lf_share *share, int64_t *ret_offset)
{
    for (struct lf_share_part *part = share->parts; part != NULL; part = part->next) {
        if (part->revoked || !part->flowing || part->parked)
            continue;
        if (part->seek != LF_OFFSET_NONE) {
            *ret_offset = part->seek;
            return part;
        }
        if (may_flow_again(part)) {
            *ret_offset = part->back;
            return part;
        }
    }
    return NULL;
}

/* Does what next_seek() says. The lock is held, but not while the inner reader seeks; the part stays meanwhile, for
 * only this thread revokes. */
static enum lf_status
seek(struct lf_share *share, struct lf_share_part *part, int64_t offset, struct lf_err *err)
{
    bool held = part->held;
    bool asked = part->seek != LF_OFFSET_NONE;
    pthread_mutex_unlock(&share->lock);
    if (held)
        lf_log_hold(share->reader, part->topic, part->number, false);
    enum lf_status st = lf_log_seek(share->reader, part->topic, part->number, offset, err);
    pthread_mutex_lock(&share->lock);
    if (st == LF_NOT_FOUND) /* about to be taken away, it seems */
        return lf_fail(err, LF_UNAVAILABLE, "%.*s/%d is not there now", LF_FMT(part->topic), part->number);
    if (st != LF_OK)
        return st;
    part->held = false;
    if (asked && part->seek == offset)
        part->seek = LF_OFFSET_NONE;
    return LF_OK;
}

static enum lf_status
serve_lanes(struct lf_share *share, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&share->lock);
    tell_committed(share);
    hold_parked(share);
    while (st == LF_OK && share->rest.count == 0) {
        int64_t offset = 0;
        struct lf_share_part *part = next_seek(share, &offset);
        if (part == NULL)
            break;
        st = seek(share, part, offset, err);
    }
    pthread_mutex_unlock(&share->lock);
    return st;
}

/* ---- handing over ---- */

/* Finds whose each record is; those that nobody wants now are dropped: they come again if they are wanted. */
static void
sort_out(struct lf_share *share)
{
    struct lf_share_part *part = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < share->rest.count; i++) {
        struct lf_record *record = &share->rest.records[i];
        if (part == NULL || part->number != record->partition || !lf_bytes_equal(part->topic, record->topic))
            part = lf_share_find(share, record->topic, record->partition);
        if (part == NULL || !part->lane->open || !part->flowing || part->held || part->parked ||
            part->seek != LF_OFFSET_NONE)
            continue;
        share->rest.records[kept] = *record;
        share->rest_parts[kept++] = part;
    }
    share->rest.count = kept;
}

/* Drops what has become unwanted, hands over what there is room for. The lock is held. */
static void
place(struct lf_share *share)
{
    sort_out(share);
    for (size_t i = 0; i < share->options.lanes && share->rest.count != 0; i++) {
        struct lf_share_lane *lane = &share->lanes[i];
        size_t before = lane->waiting;
        if (lf_share_place(share, lane) == LF_OK && lane->waiting != before) {
            pthread_cond_signal(&lane->news);
            lf_wake_call(&lane->options.wake);
        }
    }
}

/* The lanes that the rest is for stay full. The lock is held. */
static void
hold_rest(struct lf_share *share)
{
    for (size_t i = 0; i < share->rest.count; i++) {
        struct lf_share_part *part = share->rest_parts[i];
        if (part->held)
            continue;
        part->held = true;
        part->back = share->rest.records[i].offset;
        lf_log_hold(share->reader, part->topic, part->number, true);
    }
    share->rest.count = 0;
}

static void
hand_over(struct lf_share *share)
{
    int64_t until = share->rest_ns + ns_of(share->options.hold_ms);
    pthread_mutex_lock(&share->lock);
    place(share);
    while (share->rest.count != 0 && !share->stop) {
        int64_t left = until - lf_clock_mono_ns();
        if (left <= 0)
            break;
        lf_cond_wait_ns(&share->room, &share->lock, left);
        place(share);
    }
    hold_rest(share);
    pthread_mutex_unlock(&share->lock);
}

/* ---- reading ---- */

/* One of the lane's parts is to go elsewhere: what the inner reader says is of where it was. The lock is held. */
static bool
is_seeking(const struct lf_share_lane *lane)
{
    const struct lf_share_part *part = lane->share->parts;
    while (part != NULL && !(part->lane == lane && part->seek != LF_OFFSET_NONE))
        part = part->next;
    return part != NULL;
}

static void
tell_failure(struct lf_share *share, const struct lf_err *err)
{
    pthread_mutex_lock(&share->lock);
    for (size_t i = 0; i < share->options.lanes; i++) {
        struct lf_share_lane *lane = &share->lanes[i];
        bool told = lane->failure.status != LF_OK && lane->failure.fate != LF_FATE_RETRY;
        if (!lane->open || told || is_seeking(lane))
            continue;
        lane->failure = *err;
        pthread_cond_signal(&lane->news);
        lf_wake_call(&lane->options.wake);
    }
    pthread_mutex_unlock(&share->lock);
}

/* It works again: nobody need hear that it did not. */
static void
forget_failure(struct lf_share *share)
{
    pthread_mutex_lock(&share->lock);
    for (size_t i = 0; i < share->options.lanes; i++) {
        if (share->lanes[i].failure.fate == LF_FATE_RETRY)
            share->lanes[i].failure = (struct lf_err){0};
    }
    pthread_mutex_unlock(&share->lock);
}

static bool
room_for_rest(struct lf_share *share, size_t count, struct lf_err *err)
{
    if (count <= share->rest_cap)
        return true;
    struct lf_share_part **grown = lf_realloc(share->rest_parts, count * sizeof(*grown));
    if (grown == NULL) {
        (void)lf_no_memory(err);
        return false;
    }
    share->rest_parts = grown;
    share->rest_cap = count;
    return true;
}

static enum lf_status
read_some(struct lf_share *share, struct lf_err *err)
{
    if (!room_for_rest(share, LF_BATCH_RECORDS_MAX, err)) /* before reading: what is read must not be dropped */
        return LF_NO_MEMORY;
    share->revoke_ns = 0;
    return lf_log_read(share->reader, LF_BATCH_RECORDS_MAX, LF_BATCH_BYTES_MAX, READ_MS, &share->rest, err);
}

static bool
stopped(struct lf_share *share)
{
    pthread_mutex_lock(&share->lock);
    bool stop = share->stop;
    pthread_mutex_unlock(&share->lock);
    return stop;
}

static void
wait_a_little(struct lf_share *share)
{
    pthread_mutex_lock(&share->lock);
    if (!share->stop)
        lf_cond_wait_ns(&share->room, &share->lock, ns_of(AGAIN_MS));
    pthread_mutex_unlock(&share->lock);
}

static void
turn(struct lf_share *share)
{
    struct lf_err err = {0};
    enum lf_status st = serve_lanes(share, &err);
    share->rest = (struct lf_log_batch){0};
    if (st == LF_OK)
        st = read_some(share, &err);
    if (st != LF_OK) {
        tell_failure(share, &err);
        wait_a_little(share);
        return;
    }
    forget_failure(share);
    share->rest_ns = lf_clock_mono_ns();
    if (share->rest.count != 0)
        hand_over(share);
}

static void *
feed_main(void *arg)
{
    struct lf_share *share = arg;
    while (!stopped(share))
        turn(share);
    return NULL;
}

/* ---- start and stop ---- */

enum lf_status
lf_share_start(struct lf_share *share, const struct lf_log_reader_options *options, struct lf_err *err)
{
    struct lf_log_reader_options own = *options;
    own.assigned = on_assigned;
    own.revoked = on_revoked;
    own.ctx = share;
    own.wake = (struct lf_wake){0};
    enum lf_status st = lf_log_reader_open(share->inner, &own, &share->reader, err);
    if (st != LF_OK)
        return st;
    share->stop = false;
    int rc = pthread_create(&share->thread, NULL, feed_main, share);
    if (rc == 0)
        return LF_OK;
    lf_log_reader_close(share->reader);
    share->reader = NULL;
    return lf_fail(err, LF_UNAVAILABLE, "cannot start a thread: %s", strerror(rc));
}

void
lf_share_stop(struct lf_share *share)
{
    pthread_mutex_lock(&share->lock);
    share->stop = true;
    pthread_cond_signal(&share->room);
    pthread_mutex_unlock(&share->lock);
    lf_log_interrupt(share->reader);
    pthread_join(share->thread, NULL);
    tell_committed(share);
    lf_log_reader_close(share->reader);
    share->reader = NULL;
    share->rest = (struct lf_log_batch){0};
    while (share->parts != NULL)
        lf_share_remove(share, share->parts);
}
