/*
 * The committer: one thread a log that puts everything flushed since its last commit, by all writers, into one
 * transaction. COMMIT returns after fsync (WAL, synchronous=FULL), and only then is anything acknowledged. While it is
 * in the disk's hands the next group gathers by itself: the busier the log, the larger the groups.
 */
#include "log/embedded/embedded.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/defect.h"
#include "base/mem.h"
#include "base/sync.h"

#include <time.h>

enum {
    PROBE_NS = 1000000000,       /* between two looks whether a log in trouble can be written again */
    RESTART_BUSY_NS = 20000000,  /* how long making room waits for readers */
    RESTART_AGAIN_FRAMES = 5000, /* later, if they did not let it */
};

/* ---- the connection ---- */

/* Another process appends dead letters at most: short waits, for it will be done in a fraction of a millisecond. */
static int
wait_for_lock(void *ctx, int count)
{
    const struct lf_emb_committer *committer = ctx;
    if (lf_clock_mono_ns() >= committer->busy_until_ns)
        return 0;
    long ns = count < 5 ? 50000L << count : 1000000L;
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
    return 1;
}

static int
note_frames(void *ctx, sqlite3 *db, const char *name, int frames)
{
    (void)db;
    (void)name;
    ((struct lf_emb_committer *)ctx)->frames = frames;
    return SQLITE_OK;
}

enum lf_status
lf_emb_committer_connect(struct lf_emb_log *log, struct lf_err *err)
{
    struct lf_emb_committer *committer = &log->committer;
    enum lf_status st = lf_emb_connect(log, true, &committer->db, err);
    if (st != LF_OK)
        return st;
    int rc =
        sqlite3_prepare_v3(committer->db, "BEGIN IMMEDIATE", -1, SQLITE_PREPARE_PERSISTENT, &committer->begin, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v3(committer->db, "COMMIT", -1, SQLITE_PREPARE_PERSISTENT, &committer->commit, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_handler(committer->db, wait_for_lock, committer);
    if (rc != SQLITE_OK) {
        st = lf_emb_fail(err, committer->db, rc, "log", log->file);
        lf_emb_committer_disconnect(committer);
        return st;
    }
    sqlite3_wal_hook(committer->db, note_frames, committer);
    committer->frames = committer->checkpointed_at = 0;
    committer->restart_at = LF_EMB_RESTART_FRAMES;
    return LF_OK;
}

void
lf_emb_committer_disconnect(struct lf_emb_committer *committer)
{
    for (size_t i = 0; i < committer->slot_count; i++) {
        sqlite3_finalize(committer->slots[i].insert);
        sqlite3_finalize(committer->slots[i].last);
        committer->slots[i].insert = committer->slots[i].last = NULL;
    }
    sqlite3_finalize(committer->begin);
    sqlite3_finalize(committer->commit);
    sqlite3_close(committer->db);
    committer->begin = committer->commit = NULL;
    committer->db = NULL;
}

/* ---- one transaction ---- */

static int
run(sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static enum lf_status
grow_slots(struct lf_emb_committer *committer, size_t count, struct lf_err *err)
{
    struct lf_emb_slot *slots = lf_realloc(committer->slots, count * sizeof(*slots));
    if (slots == NULL)
        return lf_no_memory(err);
    for (size_t i = committer->slot_count; i < count; i++)
        slots[i] = (struct lf_emb_slot){0};
    committer->slots = slots;
    committer->slot_count = count;
    return LF_OK;
}

static enum lf_status
prepare_slot(struct lf_emb_committer *committer, struct lf_emb_slot *slot, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    if (slot->last == NULL)
        st = lf_emb_prepare(committer->db, "SELECT max(\"offset\") FROM records_%lld", slot->topic, &slot->last, err);
    if (st == LF_OK && slot->insert == NULL)
        st = lf_emb_prepare(committer->db, "INSERT INTO records_%lld VALUES(?, ?, ?, ?, ?, ?)", slot->topic,
                            &slot->insert, err);
    return st;
}

/* The topic's slot, its next offset known: read in the transaction, for other processes append too. */
static enum lf_status
touch_slot(struct lf_emb_log *log, const struct lf_emb_topic *topic, struct lf_emb_slot **ret, struct lf_err *err)
{
    struct lf_emb_committer *committer = &log->committer;
    enum lf_status st = LF_OK;
    if (topic->index >= committer->slot_count)
        st = grow_slots(committer, topic->index + 1, err);
    if (st != LF_OK)
        return st;
    struct lf_emb_slot *slot = &committer->slots[topic->index];
    *ret = slot;
    if (slot->touched)
        return LF_OK;
    slot->topic = topic;
    st = prepare_slot(committer, slot, err);
    if (st != LF_OK)
        return st;
    bool some;
    int64_t last = -1;
    int rc = lf_emb_one_integer(slot->last, &some, &last);
    if (rc != SQLITE_OK)
        return lf_emb_fail(err, committer->db, rc, "log", log->file);
    slot->next = last + 1;
    slot->first = LF_OFFSET_NONE;
    slot->touched = true;
    return LF_OK;
}

static int
bind_bytes(sqlite3_stmt *stmt, int at, struct lf_bytes bytes)
{
    return bytes.ptr != NULL ? sqlite3_bind_blob64(stmt, at, bytes.ptr, bytes.len, SQLITE_STATIC)
                             : sqlite3_bind_null(stmt, at);
}

static enum lf_status
insert_item(struct lf_emb_log *log, const struct lf_emb_batch *batch, struct lf_emb_item *item, struct lf_err *err)
{
    struct lf_emb_slot *slot = NULL;
    enum lf_status st = touch_slot(log, item->topic, &slot, err);
    if (st != LF_OK)
        return st;
    const char *at = batch->data + item->at;
    struct lf_bytes key = item->key_null ? LF_BYTES_NONE : lf_bytes(at, item->key_len);
    struct lf_bytes value = item->value_null ? LF_BYTES_NONE : lf_bytes(at + item->key_len, item->value_len);
    struct lf_bytes headers =
        item->headers_len == 0 ? LF_BYTES_NONE : lf_bytes(at + item->key_len + item->value_len, item->headers_len);
    uint32_t crc = lf_emb_checksum(item->topic->name, slot->next, item->timestamp_ms, key, value, headers);
    sqlite3_stmt *stmt = slot->insert;
    int rc = sqlite3_bind_int64(stmt, 1, slot->next);
    rc |= sqlite3_bind_int64(stmt, 2, item->timestamp_ms);
    rc |= sqlite3_bind_int64(stmt, 3, crc);
    rc |= bind_bytes(stmt, 4, key);
    rc |= bind_bytes(stmt, 5, value);
    rc |= bind_bytes(stmt, 6, headers);
    rc = rc != SQLITE_OK ? SQLITE_NOMEM : run(stmt); /* pointers are bound, not copied: nothing else can fail */
    if (rc != SQLITE_OK)
        return lf_emb_fail(err, log->committer.db, rc, "log", log->file);
    if (slot->first == LF_OFFSET_NONE) {
        slot->first = slot->next;
        slot->first_crc = crc;
    }
    item->offset = slot->next++;
    return LF_OK;
}

static enum lf_status
insert_group(struct lf_emb_log *log, struct lf_emb_batch *group, struct lf_err *err)
{
    for (struct lf_emb_batch *batch = group; batch != NULL; batch = batch->queue_next) {
        for (size_t i = 0; i < batch->count; i++) {
            enum lf_status st = insert_item(log, batch, &batch->items[i], err);
            if (st != LF_OK)
                return st;
        }
    }
    return LF_OK;
}

/*
 * COMMIT. When it fails for a full disk the commit frame was not written whole, and the transaction certainly is not in
 * the log. After an error of the disk or of fsync it may be: found out before anything else is done.
 */
static enum lf_status
commit(struct lf_emb_log *log, struct lf_err *err)
{
    struct lf_emb_committer *committer = &log->committer;
    LF_CRASH_POINT("log.inserted");
    int rc = LF_DEFECT(ack_before_commit) ? SQLITE_OK : run(committer->commit);
    LF_CRASH_POINT("log.committed");
    if (rc == SQLITE_OK)
        return LF_OK;
    enum lf_status st = lf_emb_fail(err, committer->db, rc, "log", log->file);
    if ((rc & 0xff) == SQLITE_FULL || (rc & 0xff) == SQLITE_BUSY)
        return st;
    committer->must_resolve = true;
    bool present = true;
    struct lf_err why = {0};
    if (lf_emb_resolve(log, &present, &why) != LF_OK || present) {
        lf_err_context(err, "whether the record is in the log is unknown");
        err->status = LF_TIMEOUT;
        err->fate = lf_status_fate(LF_TIMEOUT);
        return LF_TIMEOUT;
    }
    return st;
}

static enum lf_status
transact(struct lf_emb_log *log, struct lf_emb_batch *group, struct lf_err *err)
{
    struct lf_emb_committer *committer = &log->committer;
    committer->busy_until_ns = lf_clock_mono_ns() + log->delivery_timeout_ns;
    if (LF_DEFECT(ack_before_commit) && !sqlite3_get_autocommit(committer->db))
        (void)run(committer->commit);
    int rc = run(committer->begin);
    LF_CRASH_POINT("log.begun");
    if (rc != SQLITE_OK)
        return lf_emb_fail(err, committer->db, rc, "log", log->file);
    for (size_t i = 0; i < committer->slot_count; i++)
        committer->slots[i].touched = false;
    enum lf_status st = insert_group(log, group, err);
    if (st == LF_OK)
        st = commit(log, err);
    if (committer->db != NULL && !sqlite3_get_autocommit(committer->db) && !LF_DEFECT(ack_before_commit))
        sqlite3_exec(committer->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

/* All of the group or none of it. LF_TIMEOUT: unknown; any other failure: certainly not in the log. */
static enum lf_status
commit_group(struct lf_emb_log *log, struct lf_emb_batch *group, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    if (log->committer.must_resolve || log->committer.db == NULL) {
        bool present;
        st = lf_emb_resolve(log, &present, err);
        if (st == LF_TIMEOUT)
            st = LF_UNAVAILABLE; /* of an earlier group; this one was not tried */
    }
    if (st == LF_OK)
        st = transact(log, group, err);
    if (st == LF_OK || st == LF_TIMEOUT || st == LF_CORRUPT || st == LF_LIMIT || st == LF_DENIED)
        return st;
    if (err->status != LF_UNAVAILABLE) { /* what a full disk or a broken one means to those who append */
        err->status = LF_UNAVAILABLE;
        err->fate = lf_status_fate(LF_UNAVAILABLE);
    }
    return LF_UNAVAILABLE;
}

/* ---- groups ---- */

/* Takes batches off the queue, of about LF_EMB_GROUP_BYTES. The lock is held. */
static struct lf_emb_batch *
take_group(struct lf_emb_log *log)
{
    struct lf_emb_batch *group = log->queue;
    struct lf_emb_batch **link = &log->queue;
    size_t bytes = 0;
    do {
        (*link)->state = LF_EMB_COMMITTING;
        bytes += (*link)->len;
        link = &(*link)->queue_next;
    } while (*link != NULL && bytes < LF_EMB_GROUP_BYTES);
    log->queue = *link;
    if (log->queue == NULL)
        log->queue_end = &log->queue;
    *link = NULL;
    return group;
}

/* Hands the group back to its writers. The lock is held. */
static void
finish_group(struct lf_emb_log *log, struct lf_emb_batch *group, enum lf_status status, const struct lf_err *err)
{
    while (group != NULL) {
        struct lf_emb_batch *batch = group;
        group = batch->queue_next;
        if (batch->state == LF_EMB_ABANDONED) { /* its writer has gone on */
            lf_emb_batch_free(batch);
            continue;
        }
        batch->state = LF_EMB_DONE;
        batch->status = status;
        if (status != LF_OK)
            batch->err = *err;
        lf_emb_make_ready(batch->writer);
        lf_emb_wake_later(log, batch->writer);
    }
    log->trouble.status = LF_OK;
    if (status != LF_OK)
        log->trouble = *err;
    if (status == LF_OK || status == LF_TIMEOUT) {
        log->commits++;
        if (log->readers_waiting != 0)
            pthread_cond_broadcast(&log->news);
    }
}

/* Cuts the write-ahead log back when the keeper's checkpoints alone do not get it there. */
static void
make_room(struct lf_emb_committer *committer)
{
    if (committer->db == NULL || committer->frames < committer->restart_at)
        return;
    int mode = committer->frames < LF_EMB_TRUNCATE_FRAMES ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_TRUNCATE;
    committer->busy_until_ns = lf_clock_mono_ns() + RESTART_BUSY_NS;
    int rc = sqlite3_wal_checkpoint_v2(committer->db, NULL, mode, NULL, NULL);
    committer->restart_at =
        rc == SQLITE_OK ? LF_EMB_RESTART_FRAMES : committer->frames + RESTART_AGAIN_FRAMES; /* readers in the way */
    if (rc == SQLITE_OK)
        committer->frames = committer->checkpointed_at = 0;
}

/* Asks the keeper for a checkpoint now and then. The lock is held. */
static void
ask_checkpoint(struct lf_emb_log *log)
{
    struct lf_emb_committer *committer = &log->committer;
    if (committer->frames < committer->checkpointed_at) /* the write-ahead log began anew */
        committer->checkpointed_at = 0;
    if (committer->frames - committer->checkpointed_at < LF_EMB_CHECKPOINT_FRAMES)
        return;
    committer->checkpointed_at = committer->frames;
    log->checkpoint_due = true;
    lf_emb_keeper_wake(log);
}

/* ---- the thread ---- */

/* Nothing to do: waits for work, and in trouble looks whether it is over. The lock is held. */
static void
idle(struct lf_emb_log *log)
{
    log->committer_idle = true;
    bool timed = log->trouble.status != LF_OK;
    bool woken = lf_cond_wait_ns(&log->work, &log->lock, timed ? PROBE_NS : -1);
    log->committer_idle = false;
    if (woken || log->queue != NULL || log->stopping)
        return;
    struct lf_err err = {0};
    pthread_mutex_unlock(&log->lock);
    bool present;
    enum lf_status st = log->committer.must_resolve || log->committer.db == NULL ? lf_emb_resolve(log, &present, &err)
                                                                                 : lf_emb_probe(log, &err);
    pthread_mutex_lock(&log->lock);
    log->trouble.status = LF_OK;
    if (st != LF_OK)
        log->trouble = err;
}

static void
work_once(struct lf_emb_log *log)
{
    struct lf_err err = {0};
    struct lf_emb_batch *group = take_group(log);
    pthread_mutex_unlock(&log->lock);
    enum lf_status st = commit_group(log, group, &err);
    pthread_mutex_lock(&log->lock);
    finish_group(log, group, st, &err);
    lf_emb_call_wakes(log, st == LF_OK || st == LF_TIMEOUT);
    LF_CRASH_POINT("log.acknowledged");
    ask_checkpoint(log);
    if (log->committer.frames >= log->committer.restart_at) {
        pthread_mutex_unlock(&log->lock);
        make_room(&log->committer);
        pthread_mutex_lock(&log->lock);
    }
}

static void *
committer_main(void *arg)
{
    struct lf_emb_log *log = arg;
    pthread_setname_np(pthread_self(), "log-commit");
    pthread_mutex_lock(&log->lock);
    while (log->queue != NULL || !log->stopping) {
        if (log->queue == NULL)
            idle(log);
        else
            work_once(log);
    }
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

enum lf_status
lf_emb_committer_start(struct lf_emb_log *log, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&log->lock);
    if (!log->committer_started) {
        st = lf_emb_committer_connect(log, err);
        if (st == LF_OK && pthread_create(&log->committer_thread, NULL, committer_main, log) != 0) {
            lf_emb_committer_disconnect(&log->committer);
            st = lf_fail(err, LF_NO_MEMORY, "no thread to write the log with can be had");
        }
        log->committer_started = st == LF_OK;
    }
    pthread_mutex_unlock(&log->lock);
    return st;
}

void
lf_emb_committer_stop(struct lf_emb_log *log)
{
    pthread_mutex_lock(&log->lock);
    log->stopping = true;
    pthread_cond_broadcast(&log->work);
    pthread_mutex_unlock(&log->lock);
    if (log->committer_started)
        pthread_join(log->committer_thread, NULL);
    log->committer_started = false;
    lf_emb_committer_disconnect(&log->committer);
    lf_free(log->committer.slots);
    log->committer.slots = NULL;
    log->committer.slot_count = 0;
}
