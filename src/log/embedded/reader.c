/*
 * Reading the embedded log: each reader has a connection of its own, reads a batch of rows in one short transaction,
 * and copies them into one arena. Readers never block the committer. News of this process arrive by a condition; those
 * of other processes are looked for every few milliseconds while a reader waits.
 */
#include "log/embedded/embedded.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/sync.h"

#include <string.h>

enum {
    POLL_NS_MIN = 1000000,
    ASK_AGAIN_NS = 50000000, /* a caller that could not say where a partition begins */
    ARENA_CHUNK = 64 * 1024,
};

struct lf_emb_feed { /* one topic of a reader */
    struct lf_bytes name;
    const struct lf_emb_topic *topic; /* NULL: does not exist yet */
    sqlite3_stmt *stmt;
    int64_t next;
    bool assigned;
    bool held;
    bool checked; /* next is known to lie inside the log */
};

/* ---- where a feed begins ---- */

static enum lf_status
find_topic(struct lf_emb_log *log, struct lf_emb_reader *reader, struct lf_emb_feed *feed, struct lf_err *err)
{
    static const char sql[] = "SELECT \"offset\", \"timestamp\", crc, \"key\", value, headers FROM records_%lld"
                              " WHERE \"offset\" >= ? ORDER BY \"offset\"";
    if (feed->topic == NULL) {
        struct lf_err why;
        enum lf_status st = lf_emb_topic(log, feed->name, false, &feed->topic, &why);
        if (st != LF_OK)
            return st == LF_NOT_FOUND ? LF_OK : lf_fail(err, st, "%s", why.text);
    }
    return feed->stmt != NULL ? LF_OK : lf_emb_prepare(reader->db, sql, feed->topic, &feed->stmt, err);
}

/* Asks the caller. One that cannot say is asked again with a later read. */
static enum lf_status
assign(struct lf_emb_log *log, struct lf_emb_reader *reader, struct lf_emb_feed *feed, struct lf_err *err)
{
    const struct lf_log_reader_options *options = &reader->options;
    int64_t next = LF_OFFSET_NONE;
    struct lf_err why;
    if (options->assigned != NULL && options->assigned(options->ctx, feed->name, 0, &next, &why) != LF_OK)
        return LF_OK;
    feed->checked = next == LF_OFFSET_NONE;
    if (next == LF_OFFSET_NONE) {
        struct lf_log_range range;
        enum lf_status st = lf_emb_range(log, feed->topic, &range, err);
        if (st != LF_OK)
            return st;
        next = options->start == LF_RESET_LATEST ? range.next : range.first;
    }
    feed->next = next;
    feed->assigned = true;
    return LF_OK;
}

static enum lf_status
check_position(struct lf_emb_log *log, struct lf_emb_feed *feed, struct lf_err *err)
{
    struct lf_log_range range;
    enum lf_status st = lf_emb_range(log, feed->topic, &range, err);
    if (st != LF_OK)
        return st;
    if (feed->next >= range.first && feed->next <= range.next) {
        feed->checked = true;
        return LF_OK;
    }
    return lf_fail(
        err, LF_CORRUPT,
        "%.*s/0: position %lld is outside the log, which holds %lld to %lld: the log was replaced or cut; put"
        " the right one back, or set the position anew",
        LF_FMT(feed->name), (long long)feed->next, (long long)range.first, (long long)range.next);
}

/* Makes the feed ready to be read, as far as that is possible now. */
static enum lf_status
ready_feed(struct lf_emb_log *log, struct lf_emb_reader *reader, struct lf_emb_feed *feed, struct lf_err *err)
{
    enum lf_status st = find_topic(log, reader, feed, err);
    if (st == LF_OK && feed->topic != NULL && !feed->assigned)
        st = assign(log, reader, feed, err);
    if (st == LF_OK && feed->assigned && !feed->checked)
        st = check_position(log, feed, err);
    return st;
}

/* ---- rows to records ---- */

static bool
room_for(struct lf_emb_reader *reader, size_t count)
{
    if (count < reader->record_cap)
        return true;
    size_t cap = reader->record_cap != 0 ? reader->record_cap * 2 : 64;
    struct lf_record *grown = lf_realloc(reader->records, cap * sizeof(*grown));
    if (grown == NULL)
        return false;
    reader->records = grown;
    reader->record_cap = cap;
    return true;
}

struct row { /* the bytes belong to SQLite, until the next step */
    struct lf_bytes key;
    struct lf_bytes value;
    struct lf_bytes headers;
};

static bool
view_column(sqlite3_stmt *stmt, int column, struct lf_bytes *ret)
{
    const void *blob = sqlite3_column_blob(stmt, column);
    if (blob != NULL) {
        *ret = lf_bytes(blob, (size_t)sqlite3_column_bytes(stmt, column));
        return true;
    }
    *ret = sqlite3_column_type(stmt, column) == SQLITE_NULL ? LF_BYTES_NONE : LF_LIT("");
    return sqlite3_column_bytes(stmt, column) == 0; /* else SQLite had no memory for it */
}

static bool
view_row(sqlite3_stmt *stmt, struct row *ret)
{
    return view_column(stmt, 3, &ret->key) && view_column(stmt, 4, &ret->value) && view_column(stmt, 5, &ret->headers);
}

static enum lf_status
check_row(const struct lf_emb_feed *feed, const struct lf_record *record, const struct row *row, struct lf_err *err)
{
    uint32_t crc =
        lf_emb_checksum(feed->name, record->offset, record->timestamp_ms, row->key, row->value, row->headers);
    if (record->offset != feed->next)
        return lf_fail(err, LF_CORRUPT, "%.*s/0@%lld: the record is missing, the next one is at %lld: restore the log",
                       LF_FMT(feed->name), (long long)feed->next, (long long)record->offset);
    if (sqlite3_column_int64(feed->stmt, 2) != (int64_t)crc)
        return lf_fail(err, LF_CORRUPT, "%.*s/0@%lld: the record is damaged (its checksum differs): restore the log",
                       LF_FMT(feed->name), (long long)record->offset);
    return LF_OK;
}

static struct lf_bytes
copy_bytes(char **at, struct lf_bytes from)
{
    if (from.ptr == NULL)
        return LF_BYTES_NONE;
    struct lf_bytes copy = lf_bytes(*at, from.len);
    memcpy(*at, from.ptr, from.len);
    *at += from.len;
    return copy;
}

static enum lf_status
copy_row(struct lf_emb_reader *reader, const struct lf_emb_feed *feed, const struct row *row, struct lf_record *record,
         struct lf_err *err)
{
    *record = (struct lf_record){
        .topic = feed->name,
        .offset = sqlite3_column_int64(feed->stmt, 0),
        .timestamp_ms = sqlite3_column_int64(feed->stmt, 1),
    };
    enum lf_status st = check_row(feed, record, row, err);
    if (st != LF_OK)
        return st;
    /* One byte more, so that an empty view never points past the block. */
    char *at = lf_arena_alloc(&reader->arena, row->key.len + row->value.len + row->headers.len + 1);
    if (at == NULL)
        return lf_no_memory(err);
    record->key = copy_bytes(&at, row->key);
    record->value = copy_bytes(&at, row->value);
    st = lf_emb_headers_read(copy_bytes(&at, row->headers), &reader->arena, record, err);
    if (st != LF_OK)
        lf_err_context(err, "%.*s/0@%lld", LF_FMT(feed->name), (long long)record->offset);
    return st;
}

/* Adds rows until the batch is full or there are no more. */
static enum lf_status
read_rows(struct lf_emb_reader *reader, struct lf_emb_feed *feed, size_t records_max, size_t bytes_max, size_t *bytes,
          struct lf_log_batch *batch, struct lf_err *err)
{
    while (batch->count < records_max) {
        int rc = sqlite3_step(feed->stmt);
        if (rc == SQLITE_DONE)
            break;
        if (rc != SQLITE_ROW) {
            enum lf_status st = lf_emb_fail(err, reader->db, rc, "log", ((struct lf_emb_log *)reader->base.log)->file);
            lf_err_context(err, "%.*s/0@%lld", LF_FMT(feed->name), (long long)feed->next);
            return st;
        }
        struct row row;
        if (!view_row(feed->stmt, &row) || !room_for(reader, batch->count))
            return lf_no_memory(err);
        size_t size = row.key.len + row.value.len + row.headers.len;
        if (batch->count != 0 && *bytes + size > bytes_max)
            break;
        enum lf_status st = copy_row(reader, feed, &row, &reader->records[batch->count], err);
        if (st != LF_OK)
            return st;
        batch->count++;
        *bytes += size;
        feed->next++;
    }
    return LF_OK;
}

static enum lf_status
read_feed(struct lf_emb_reader *reader, struct lf_emb_feed *feed, size_t records_max, size_t bytes_max, size_t *bytes,
          struct lf_log_batch *batch, struct lf_err *err)
{
    struct lf_emb_log *log = (struct lf_emb_log *)reader->base.log;
    enum lf_status st = ready_feed(log, reader, feed, err);
    if (st != LF_OK || !feed->assigned || feed->held)
        return st;
    int rc = sqlite3_bind_int64(feed->stmt, 1, feed->next);
    if (rc != SQLITE_OK)
        return lf_emb_fail(err, reader->db, rc, "log", log->file);
    st = read_rows(reader, feed, records_max, bytes_max, bytes, batch, err);
    sqlite3_reset(feed->stmt); /* ends the transaction: checkpoints need not wait for the caller */
    return st;
}

/* One pass over the topics. A failure after some records is told with the next pass, which meets it first. */
static enum lf_status
read_pass(struct lf_emb_reader *reader, size_t records_max, size_t bytes_max, struct lf_log_batch *batch,
          struct lf_err *err)
{
    size_t count = reader->options.topic_count;
    size_t bytes = 0;
    size_t first = reader->turn;
    for (size_t i = 0; i < count && batch->count < records_max; i++) {
        size_t at = (first + i) % count;
        enum lf_status st = read_feed(reader, &reader->feeds[at], records_max, bytes_max, &bytes, batch, err);
        if (st != LF_OK && batch->count == 0)
            return st;
        reader->turn = st != LF_OK ? at : (at + 1) % count;
        if (st != LF_OK)
            break;
    }
    batch->records = reader->records;
    return LF_OK;
}

/* ---- waiting ---- */

static bool
all_assigned(const struct lf_emb_reader *reader)
{
    for (size_t i = 0; i < reader->options.topic_count; i++) {
        if (reader->feeds[i].topic != NULL && !reader->feeds[i].assigned)
            return false;
    }
    return true;
}

/* How long to sleep before looking again without having been told of anything. */
static int64_t
next_poll_ns(struct lf_emb_reader *reader)
{
    const struct lf_emb_log *log = (const struct lf_emb_log *)reader->base.log;
    int64_t poll = reader->poll_ns;
    if (log->exclusive)
        return all_assigned(reader) ? LF_EMB_OWNER_POLL_NS : ASK_AGAIN_NS;
    reader->poll_ns = poll * 2 < LF_EMB_FOREIGN_POLL_NS ? poll * 2 : LF_EMB_FOREIGN_POLL_NS;
    return all_assigned(reader) ? poll : ASK_AGAIN_NS;
}

/* seen: the count of commits before the last look. */
static void
wait_for_news(struct lf_emb_reader *reader, uint64_t seen, int64_t deadline_ns)
{
    struct lf_emb_log *log = (struct lf_emb_log *)reader->base.log;
    int64_t left = deadline_ns - lf_clock_mono_ns();
    int64_t poll = reader->paused ? left : next_poll_ns(reader);
    if (left > poll)
        left = poll;
    pthread_mutex_lock(&log->lock);
    bool news = !reader->paused && atomic_load(&log->commits) != seen;
    if (left > 0 && !news && !atomic_load(&reader->interrupted)) {
        log->readers_waiting++;
        lf_cond_wait_ns(&log->news, &log->lock, left);
        log->readers_waiting--;
    }
    pthread_mutex_unlock(&log->lock);
}

enum lf_status
lf_emb_read(struct lf_log_reader *base, size_t records_max, size_t bytes_max, int64_t timeout_ms,
            struct lf_log_batch *ret, struct lf_err *err)
{
    struct lf_emb_reader *reader = (struct lf_emb_reader *)base;
    struct lf_emb_log *log = (struct lf_emb_log *)base->log;
    int64_t deadline = lf_clock_mono_ns() + timeout_ms * 1000000;
    for (;;) {
        uint64_t seen = atomic_load(&log->commits);
        lf_arena_reset(&reader->arena);
        enum lf_status st = reader->paused ? LF_OK : read_pass(reader, records_max, bytes_max, ret, err);
        if (ret->count != 0)
            reader->poll_ns = POLL_NS_MIN;
        bool interrupted = atomic_exchange(&reader->interrupted, false);
        if (st != LF_OK || ret->count != 0 || interrupted || lf_clock_mono_ns() >= deadline)
            return st;
        wait_for_news(reader, seen, deadline);
    }
}

/* ---- the rest ---- */

void
lf_emb_pause(struct lf_log_reader *reader, bool paused)
{
    ((struct lf_emb_reader *)reader)->paused = paused;
}

/* NULL: not assigned. */
static struct lf_emb_feed *
find_feed(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition)
{
    struct lf_emb_reader *reader = (struct lf_emb_reader *)base;
    for (size_t i = 0; i < reader->options.topic_count; i++) {
        struct lf_emb_feed *feed = &reader->feeds[i];
        if (partition == 0 && feed->assigned && lf_bytes_equal(feed->name, topic))
            return feed;
    }
    return NULL;
}

void
lf_emb_hold(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, bool held)
{
    struct lf_emb_feed *feed = find_feed(base, topic, partition);
    if (feed != NULL)
        feed->held = held;
}

enum lf_status
lf_emb_seek(struct lf_log_reader *base, struct lf_bytes topic, int32_t partition, int64_t offset, struct lf_err *err)
{
    struct lf_emb_feed *feed = find_feed(base, topic, partition);
    if (feed == NULL)
        return lf_fail(err, LF_NOT_FOUND, "%.*s/%d is not assigned to this reader", LF_FMT(topic), partition);
    feed->next = offset;
    feed->checked = false;
    return LF_OK;
}

void
lf_emb_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next)
{
    (void)reader; /* there are no group positions beside the store's, and no tools that would look for them */
    (void)topic;
    (void)partition;
    (void)next;
}

void
lf_emb_interrupt(struct lf_log_reader *base)
{
    struct lf_emb_reader *reader = (struct lf_emb_reader *)base;
    struct lf_emb_log *log = (struct lf_emb_log *)base->log;
    pthread_mutex_lock(&log->lock);
    atomic_store(&reader->interrupted, true);
    pthread_cond_broadcast(&log->news);
    pthread_mutex_unlock(&log->lock);
}

/* ---- open and close ---- */

static void
free_reader(struct lf_emb_reader *reader)
{
    for (size_t i = 0; reader->feeds != NULL && i < reader->options.topic_count; i++)
        sqlite3_finalize(reader->feeds[i].stmt);
    sqlite3_close(reader->db);
    lf_arena_release(&reader->arena);
    lf_free(reader->records);
    lf_free(reader->feeds);
    lf_free(reader);
}

/* One block: the feeds, then their names. */
static bool
make_feeds(struct lf_emb_reader *reader, const struct lf_bytes *topics, size_t count)
{
    size_t size = count * sizeof(struct lf_emb_feed);
    for (size_t i = 0; i < count; i++)
        size += topics[i].len;
    reader->feeds = lf_calloc(1, size);
    if (reader->feeds == NULL)
        return false;
    char *at = (char *)(reader->feeds + count);
    for (size_t i = 0; i < count; i++) {
        memcpy(at, topics[i].ptr, topics[i].len);
        reader->feeds[i].name = lf_bytes(at, topics[i].len);
        at += topics[i].len;
    }
    return true;
}

static enum lf_status
enlist(struct lf_emb_log *log, struct lf_emb_reader *reader, struct lf_err *err)
{
    if (reader->options.wake.fn == NULL)
        return LF_OK;
    enum lf_status st = lf_emb_keeper_start(log, err);
    if (st != LF_OK)
        return st;
    pthread_mutex_lock(&log->lock);
    lf_emb_settle(log);
    reader->next = log->readers;
    log->readers = reader;
    lf_emb_keeper_wake(log);
    pthread_mutex_unlock(&log->lock);
    return LF_OK;
}

enum lf_status
lf_emb_reader_open(struct lf_log *base, const struct lf_log_reader_options *options, struct lf_log_reader **ret,
                   struct lf_err *err)
{
    struct lf_emb_log *log = (struct lf_emb_log *)base;
    struct lf_emb_reader *reader = lf_calloc(1, sizeof(*reader));
    if (reader == NULL)
        return lf_no_memory(err);
    reader->base.log = base;
    reader->options = *options;
    reader->options.topics = NULL; /* the feeds have the names */
    reader->poll_ns = POLL_NS_MIN;
    lf_arena_init(&reader->arena, ARENA_CHUNK, 0);
    enum lf_status st = make_feeds(reader, options->topics, options->topic_count) ? LF_OK : lf_no_memory(err);
    if (st == LF_OK)
        st = lf_emb_connect(log, false, &reader->db, err);
    if (st == LF_OK)
        st = enlist(log, reader, err);
    if (st != LF_OK) {
        free_reader(reader);
        return st;
    }
    *ret = (struct lf_log_reader *)reader;
    return LF_OK;
}

void
lf_emb_reader_close(struct lf_log_reader *base)
{
    struct lf_emb_reader *reader = (struct lf_emb_reader *)base;
    struct lf_emb_log *log = (struct lf_emb_log *)base->log;
    if (reader->options.wake.fn != NULL) {
        pthread_mutex_lock(&log->lock);
        lf_emb_settle(log);
        struct lf_emb_reader **link = &log->readers;
        while (*link != reader)
            link = &(*link)->next;
        *link = reader->next;
        pthread_mutex_unlock(&log->lock);
    }
    free_reader(reader);
}
