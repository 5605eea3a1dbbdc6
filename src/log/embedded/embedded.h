/*
 * The embedded log: one SQLite database in a directory of its own. Inside this folder only.
 *
 *   embedded.c  open, close, the table of operations        database.c  connections, version, SQLite's errors
 *   lock.c      the directory and its owner                 topic.c     names, ids, ranges
 *   record.c    a record in a row, its checksum             writer.c    batches of one writer, acknowledgements
 *   commit.c    the thread that commits all writers' batches; one transaction, one fsync for all
 *   resolve.c   what became of a COMMIT that failed         keeper.c    checkpoints, overdue appends, other processes
 *   reader.c    reading by offset                           wal.c       is the write-ahead log whole?
 *   wake.c      who is told of a commit, and how             disk.c      a disk that fails, for tests
 *
 * Threads: callers' own, one committer and one keeper a log. `lock` guards what they share; each connection belongs to
 * one thread at a time (meta: whoever holds meta_lock).
 */
#ifndef LF_LOG_EMBEDDED_EMBEDDED_H
#define LF_LOG_EMBEDDED_EMBEDDED_H

#include "base/arena.h"
#include "base/map.h"
#include "log/log_backend.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

enum {
    LF_EMB_APPLICATION_ID = 0x4c464c47, /* "LFLG" */
    LF_EMB_VERSION = 1,
    LF_EMB_BUSY_MS = 5000,                 /* how long short transactions wait for another process */
    LF_EMB_CHECKPOINT_FRAMES = 1000,       /* of write-ahead log between two checkpoints */
    LF_EMB_RESTART_FRAMES = 20000,         /* beyond this the committer itself makes room */
    LF_EMB_TRUNCATE_FRAMES = 100000,       /* beyond this the file is cut as well */
    LF_EMB_GROUP_BYTES = 16 * 1024 * 1024, /* of one transaction, at about */
    LF_EMB_FOREIGN_POLL_NS = 5000000,      /* at most between two looks for other processes' records */
    LF_EMB_OWNER_POLL_NS = 100000000,      /* the same in the owner: others write dead letters at most */
};

struct lf_emb_topic { /* lives as long as the log; unchanging */
    int64_t id;
    size_t index; /* 0, 1, … in order of discovery */
    struct lf_bytes name;
};

struct lf_emb_item { /* one append */
    const struct lf_emb_topic *topic;
    void *token;
    size_t at; /* of key, value and headers in the batch's bytes, one behind the other */
    uint32_t key_len;
    uint32_t value_len;
    uint32_t headers_len;
    bool key_null;
    bool value_null;
    size_t bytes; /* as counted against limits */
    int64_t timestamp_ms;
    int64_t offset; /* set by the committer */
};

enum lf_emb_batch_state { LF_EMB_OPEN, LF_EMB_QUEUED, LF_EMB_COMMITTING, LF_EMB_DONE, LF_EMB_ABANDONED };

struct lf_emb_batch {          /* what one writer flushed at once */
    struct lf_emb_batch *next; /* in the writer's list of those sent, or its spare ones */
    struct lf_emb_batch *queue_next;
    struct lf_emb_writer *writer;
    enum lf_emb_batch_state state;
    int64_t deadline_ns;
    bool overdue; /* taken for delivery while the committer was at it */
    struct lf_emb_item *items;
    size_t count;
    size_t cap;
    char *data;
    size_t len;
    size_t data_cap;
    enum lf_status status; /* of all its items, once done */
    struct lf_err err;
};

struct lf_emb_writer {
    struct lf_log_writer base;
    struct lf_emb_writer *next;      /* of the log's writers */
    struct lf_emb_writer *wake_next; /* of the log's wake_list */
    bool wake_due;
    bool closed;                /* nobody is to be woken any more */
    struct lf_emb_batch *open;  /* being filled; the writer's thread only */
    struct lf_emb_batch *spare; /* empty ones; the writer's thread only */
    const struct lf_emb_topic *last_topic;
    struct lf_emb_batch *sent; /* under lock: flushed and not delivered, oldest first */
    struct lf_emb_batch **sent_end;
    atomic_bool ready; /* something to deliver */
    pthread_cond_t news;
    bool waiting;
};

struct lf_emb_slot { /* what the committer knows of a topic */
    const struct lf_emb_topic *topic;
    sqlite3_stmt *insert;
    sqlite3_stmt *last;
    int64_t next;
    int64_t first; /* offset given first in this transaction, and that record's checksum */
    uint32_t first_crc;
    bool touched; /* the three above belong to this transaction */
};

struct lf_emb_committer { /* its thread's own */
    sqlite3 *db;
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
    struct lf_emb_slot *slots; /* by the topics' index */
    size_t slot_count;
    int frames;          /* of write-ahead log after the last commit */
    int checkpointed_at; /* frames at the last request for a checkpoint */
    int restart_at;      /* frames at which to make room */
    int64_t busy_until_ns;
    bool must_resolve; /* a COMMIT failed; see resolve.c */
};

struct lf_emb_log {
    struct lf_log base;
    char *dir;
    char *file;
    bool read_only;
    bool exclusive;
    bool create_topics;
    int64_t delivery_timeout_ns;
    int lock_fd; /* -1: not the owner */

    pthread_mutex_t meta_lock; /* meta, topics, names */
    sqlite3 *meta;
    struct lf_map topics; /* struct lf_emb_topic, by name */
    struct lf_arena names;

    pthread_mutex_t lock; /* all that follows */
    struct lf_emb_batch *queue;
    struct lf_emb_batch **queue_end;
    struct lf_emb_writer *writers;
    struct lf_emb_reader *readers; /* those with a wake */
    _Atomic(uint64_t) commits;     /* counts what readers should look at; changed under lock */
    size_t readers_waiting;
    bool stopping;
    bool committer_idle;
    struct lf_emb_writer *wake_list; /* writers that the committer is to wake */
    bool waking;                     /* it does so now, without the lock */
    size_t settling;                 /* threads that wait for it to be done */
    struct lf_err trouble;           /* status LF_OK: the last commit went well */
    bool checkpoint_due;
    bool keeper_sleeps_deep; /* no deadline set */
    pthread_cond_t work;     /* for the committer */
    pthread_cond_t keep;     /* for the keeper */
    pthread_cond_t news;     /* for readers */
    pthread_cond_t settled;  /* for closers */

    pthread_t committer_thread;
    pthread_t keeper_thread;
    bool committer_started;
    bool keeper_started;
    struct lf_emb_committer committer;
    sqlite3 *keeper_db;
};

/* ---- database.c ---- */

/* Fills err from SQLite's result code; db may be NULL. what: words for the attempt. */
enum lf_status lf_emb_fail(struct lf_err *err, sqlite3 *db, int rc, const char *what, const char *file);
/* A connection for one thread: WAL, synchronous FULL, no checkpoints of its own. */
LF_NODISCARD enum lf_status lf_emb_connect(const struct lf_emb_log *log, bool write, sqlite3 **ret, struct lf_err *err);
/* Checks that the database is ours and of our version; makes it if it is empty and may be written. */
LF_NODISCARD enum lf_status lf_emb_prepare_database(struct lf_emb_log *log, struct lf_err *err);
/* Steps a statement that gives one integer; false if it gave none. */
int lf_emb_one_integer(sqlite3_stmt *stmt, bool *ret_some, int64_t *ret);

/* ---- lock.c ---- */

LF_NODISCARD enum lf_status lf_emb_make_directory(const char *dir, struct lf_err *err);
/* Makes this process the owner of the directory. LF_BUSY names the process that is. */
LF_NODISCARD enum lf_status lf_emb_lock(struct lf_emb_log *log, struct lf_err *err);
void lf_emb_unlock(struct lf_emb_log *log);

/* ---- topic.c ---- */

/* Finds a topic, another process's new ones too; creates it if create. LF_NOT_FOUND. Thread-safe. */
LF_NODISCARD enum lf_status lf_emb_topic(struct lf_emb_log *log, struct lf_bytes name, bool create,
                                         const struct lf_emb_topic **ret, struct lf_err *err);
LF_NODISCARD enum lf_status lf_emb_range(struct lf_emb_log *log, const struct lf_emb_topic *topic,
                                         struct lf_log_range *ret, struct lf_err *err);
/* Prepares sql with %lld replaced by the topic's id. */
LF_NODISCARD enum lf_status lf_emb_prepare(sqlite3 *db, const char *sql, const struct lf_emb_topic *topic,
                                           sqlite3_stmt **ret, struct lf_err *err);

/* ---- record.c ---- */

/* Bytes of the headers as they stand in a row; 0 for none. False when they do not fit 32 bits. */
bool lf_emb_headers_size(const struct lf_record *record, size_t *ret);
void lf_emb_headers_write(const struct lf_record *record, char *out);
/* Reads them back into the arena, names and values pointing into bytes. LF_CORRUPT, LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_emb_headers_read(struct lf_bytes bytes, struct lf_arena *arena, struct lf_record *record,
                                                struct lf_err *err);
/* The checksum of a row: topic, offset, time, key, value and headers, null told from empty. */
uint32_t lf_emb_checksum(struct lf_bytes topic, int64_t offset, int64_t timestamp_ms, struct lf_bytes key,
                         struct lf_bytes value, struct lf_bytes headers);

/* ---- writer.c ---- */

enum lf_status lf_emb_writer_open(struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx,
                                  struct lf_log_writer **ret, struct lf_err *err);
enum lf_status lf_emb_append(struct lf_log_writer *writer, const struct lf_record *record, void *token,
                             struct lf_err *err);
int64_t lf_emb_flush(struct lf_log_writer *writer);
size_t lf_emb_poll(struct lf_log_writer *writer);
void lf_emb_wait(struct lf_log_writer *writer, int64_t timeout_ms);
void lf_emb_writer_close(struct lf_log_writer *writer);
void lf_emb_batch_free(struct lf_emb_batch *batch);

/* ---- commit.c ---- */

/* Starts the committer, once. */
LF_NODISCARD enum lf_status lf_emb_committer_start(struct lf_emb_log *log, struct lf_err *err);
void lf_emb_committer_stop(struct lf_emb_log *log); /* what is queued is committed first */
/* Opens the committer's connection; its statements are prepared as topics come. */
LF_NODISCARD enum lf_status lf_emb_committer_connect(struct lf_emb_log *log, struct lf_err *err);
void lf_emb_committer_disconnect(struct lf_emb_committer *committer);

/* ---- wake.c ---- */

/* The writer has something to poll; waiting ones go on. Its wake is still to be called. The lock is held. */
void lf_emb_make_ready(struct lf_emb_writer *writer);
/* For the committer: the writer's wake is due with the next lf_emb_call_wakes(). The lock is held. */
void lf_emb_wake_later(struct lf_emb_log *log, struct lf_emb_writer *writer);
/* For the committer: calls the wakes that are due, and those of readers. The lock is held, and let go meanwhile. */
void lf_emb_call_wakes(struct lf_emb_log *log, bool readers);
/* For others: there may be something to read. The lock is held, and kept. */
void lf_emb_wake_readers(struct lf_emb_log *log);
/* Waits until no wake is being called, so that the lists of those to wake may change. The lock is held. */
void lf_emb_settle(struct lf_emb_log *log);

/* ---- resolve.c ---- */

/*
 * After a COMMIT that failed: reconnects, brings the file to a state that is certain, and says whether the group's
 * records are in it. *ret_present is meaningful on LF_OK only.
 */
LF_NODISCARD enum lf_status lf_emb_resolve(struct lf_emb_log *log, bool *ret_present, struct lf_err *err);
/* A durable transaction that changes nothing that matters: can this log be written? */
LF_NODISCARD enum lf_status lf_emb_probe(struct lf_emb_log *log, struct lf_err *err);

/* ---- keeper.c ---- */

LF_NODISCARD enum lf_status lf_emb_keeper_start(struct lf_emb_log *log, struct lf_err *err);
void lf_emb_keeper_stop(struct lf_emb_log *log);
/* The keeper has something new to look at. The lock is held. */
void lf_emb_keeper_wake(struct lf_emb_log *log);

/* ---- wal.c ---- */

/* Looks for damage in the middle of the write-ahead log, which SQLite would take for its end. LF_CORRUPT. */
LF_NODISCARD enum lf_status lf_emb_check_wal(const struct lf_emb_log *log, struct lf_err *err);

#ifdef LF_CRASH_POINTS
/* ---- disk.c ---- */

/* From now on the process's SQLite files lie on a disk that a test can fill, break and cut the power of. */
void lf_emb_test_disk(void);
#endif

/* ---- reader.c ---- */

struct lf_emb_reader {
    struct lf_log_reader base;
    struct lf_emb_reader *next; /* of those with a wake */
    struct lf_log_reader_options options;
    struct lf_emb_feed *feeds; /* one a topic, in the order of options.topics */
    sqlite3 *db;
    struct lf_arena arena; /* the batch */
    struct lf_record *records;
    size_t record_cap;
    size_t turn; /* which feed comes first next time, so that none starves */
    int64_t poll_ns;
    bool paused;
    atomic_bool interrupted;
};

enum lf_status lf_emb_reader_open(struct lf_log *log, const struct lf_log_reader_options *options,
                                  struct lf_log_reader **ret, struct lf_err *err);
enum lf_status lf_emb_read(struct lf_log_reader *reader, size_t records_max, size_t bytes_max, int64_t timeout_ms,
                           struct lf_log_batch *ret, struct lf_err *err);
void lf_emb_pause(struct lf_log_reader *reader, bool paused);
void lf_emb_hold(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, bool held);
enum lf_status lf_emb_seek(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t offset,
                           struct lf_err *err);
void lf_emb_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next);
void lf_emb_interrupt(struct lf_log_reader *reader);
void lf_emb_reader_close(struct lf_log_reader *reader);

#endif
