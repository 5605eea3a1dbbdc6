/*
 * The durable log of opaque records: topics of partitions of records, in order, each with an offset. One interface,
 * several back ends (log_backend.h), chosen by URL:
 *
 *   embedded:DIR            one directory on this machine; durable by fsync, group commit
 *   kafka://host:port,…     Kafka through librdkafka; acks=all, idempotent
 *   memory:                 for tests; gone with the process
 *
 * A log is safe to share between threads. A writer or a reader belongs to one thread at a time.
 */
#ifndef LF_LOG_LOG_H
#define LF_LOG_LOG_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/header.h"
#include "base/wake.h"

struct lf_log;
struct lf_log_writer;
struct lf_log_reader;

struct lf_record {
    struct lf_bytes topic;
    int32_t partition; /* on append: -1 lets the log choose by key (murmur2 of the key, as Java clients do) */
    int64_t offset;
    int64_t timestamp_ms;  /* on append: 0 is now */
    struct lf_bytes key;   /* ptr NULL: null */
    struct lf_bytes value; /* ptr NULL: null (a tombstone) */
    const struct lf_header *headers;
    size_t header_count;
};

struct lf_log_property { /* a librdkafka property, verbatim */
    const char *name;
    const char *value;
};

struct lf_log_options {
    const char *url;
    const struct lf_log_property *properties; /* kafka: */
    size_t property_count;
    bool read_only;              /* embedded: no lock, no creation */
    bool exclusive;              /* embedded: this process owns the writing; a second owner is refused with LF_BUSY */
    bool create_topics;          /* create topics that are missing */
    int32_t partitions;          /* of created topics; 0: 1 for embedded, the broker's default for Kafka */
    int16_t replication_factor;  /* of created topics; 0: the broker's default */
    int64_t delivery_timeout_ms; /* an append is answered within this; 0: 30,000 */
    int64_t linger_us;           /* Kafka's linger.ms; 0 by default */
    const char *client_id;       /* NULL: "logfirst" */
};

/* Opens a log. LF_INVALID (URL), LF_BUSY, LF_DENIED, LF_IO, LF_CORRUPT, LF_UNSUPPORTED (version); Kafka need not be
 * reachable yet. The text says what to do. */
LF_NODISCARD enum lf_status lf_log_open(const struct lf_log_options *options, struct lf_log **ret, struct lf_err *err);
void lf_log_close(struct lf_log *log); /* NULL is fine; writers and readers must be closed */
const char *lf_log_backend_name(const struct lf_log *log);
/* Whether readers are members of a group that others may belong to, and must be read from to stay so. */
bool lf_log_has_groups(const struct lf_log *log);

/* Makes sure that the topic exists, creating it if allowed. LF_NOT_FOUND says that it is missing and may not be
 * created. LF_UNAVAILABLE or LF_TIMEOUT when the log cannot be asked now. May block up to timeout_ms. */
LF_NODISCARD enum lf_status lf_log_ensure_topic(struct lf_log *log, struct lf_bytes topic, int64_t timeout_ms,
                                                struct lf_err *err);
/* The same; where it is created, it takes whatever fits into topic like, and more headers with it. For dead letters. */
LF_NODISCARD enum lf_status lf_log_ensure_topic_like(struct lf_log *log, struct lf_bytes topic, struct lf_bytes like,
                                                     int64_t timeout_ms, struct lf_err *err);

struct lf_log_range {
    int32_t partition;
    int64_t first; /* of the oldest record kept */
    int64_t next;  /* one past the newest durable (read committed) record */
};
/* The ranges of a topic's partitions (at most max; *ret_count is the real number). LF_NOT_FOUND: no such topic. */
LF_NODISCARD enum lf_status lf_log_ranges(struct lf_log *log, struct lf_bytes topic, struct lf_log_range *ret,
                                          size_t max, size_t *ret_count, int64_t timeout_ms, struct lf_err *err);
/* The partition that Java clients, and so an append with partition -1, choose for a key: murmur2(key) & 0x7fffffff mod
 * count. */
int32_t lf_log_partition_of(struct lf_bytes key, int32_t count);
/* Is the log reachable and writable at this moment, as far as is known without waiting? For health. */
LF_NODISCARD enum lf_status lf_log_health(struct lf_log *log, struct lf_err *err);

/* ---- writing ---- */

struct lf_log_ack {
    void *token;
    enum lf_status status; /* LF_OK: durable at partition, offset. LF_UNAVAILABLE: certainly not logged. LF_TIMEOUT: the
                              outcome is unknown. LF_LIMIT: too large. Others: certainly not logged, see err */
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    const struct lf_err *err; /* NULL on success; valid during the call */
};
typedef void lf_log_ack_fn(void *ctx, const struct lf_log_ack *ack);

/* A writer whose acknowledgements are announced through wake (called from any thread) and delivered by
 * lf_log_poll(). */
LF_NODISCARD enum lf_status lf_log_writer_open(struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx,
                                               struct lf_log_writer **ret, struct lf_err *err);
/* Takes a copy of the record for appending; its acknowledgement comes later through lf_log_poll(), exactly once, unless
 * this fails: LF_AGAIN (too much in flight, LF_LOG_IN_FLIGHT_MAX), LF_LIMIT (record too large), LF_NO_MEMORY,
 * LF_NOT_FOUND. Records of one partition are appended in call order. */
LF_NODISCARD enum lf_status lf_log_append(struct lf_log_writer *writer, const struct lf_record *record, void *token,
                                          struct lf_err *err);
/*
 * Hands what has been appended since the last flush to the log as one batch. Call at the end of a loop turn. A log that
 * works in groups may keep it while an earlier group is on its way: then it returns in how many milliseconds, above 0,
 * it must be called again at the latest; -1: nothing is kept.
 */
int64_t lf_log_flush(struct lf_log_writer *writer);
/* Delivers waiting acknowledgements on this thread; returns how many. */
size_t lf_log_poll(struct lf_log_writer *writer);
/* Appends not yet acknowledged. */
size_t lf_log_in_flight(const struct lf_log_writer *writer);
/* Flushes and polls until nothing is in flight or the time is over; true if nothing is left. Blocks. */
bool lf_log_drain(struct lf_log_writer *writer, int64_t timeout_ms);
/* One record, waiting for its acknowledgement (at most the delivery time-out). For dead letters and tools. Not to be
 * mixed with tokens in flight on the same writer. */
LF_NODISCARD enum lf_status lf_log_append_wait(struct lf_log_writer *writer, const struct lf_record *record,
                                               struct lf_log_ack *ret, struct lf_err *err);
/* Unacknowledged appends get an LF_TIMEOUT acknowledgement before this returns, or LF_UNAVAILABLE where it is certain
 * that they are not in the log (those not flushed, say). From the callback lf_log_append() gives LF_CLOSED. */
void lf_log_writer_close(struct lf_log_writer *writer);

/* ---- reading ---- */

enum { LF_OFFSET_NONE = -1 };
enum lf_log_reset { LF_RESET_EARLIEST, LF_RESET_LATEST };

struct lf_log_reader_options {
    const struct lf_bytes *topics;
    size_t topic_count;
    const char *group;       /* NULL: no group: all partitions of the topics */
    const char *instance_id; /* static membership; NULL: none */
    enum lf_log_reset start; /* where a partition without a position begins */
    struct lf_wake wake; /* announces new records to those that wait elsewhere; fn NULL: lf_log_read() blocks only */
    /*
     * A partition is this reader's now: the caller fills in the offset to go on from (LF_OFFSET_NONE: see start). Not
     * LF_OK: the partition is asked for again later (a store that is away). On the reader's thread, in lf_log_read().
     */
    enum lf_status (*assigned)(void *ctx, struct lf_bytes topic, int32_t partition, int64_t *next, struct lf_err *err);
    /* The partition is no longer this reader's; its records of earlier batches must not be committed any more (lost),
     * or have been already (not lost: the caller works each batch off before the next lf_log_read()). */
    void (*revoked)(void *ctx, struct lf_bytes topic, int32_t partition, bool lost);
    void *ctx;
};

struct lf_log_batch {
    struct lf_record *records; /* in offset order within each partition */
    size_t count;
};

LF_NODISCARD enum lf_status lf_log_reader_open(struct lf_log *log, const struct lf_log_reader_options *options,
                                               struct lf_log_reader **ret, struct lf_err *err);
/* Waits at most timeout_ms for records; *ret may be empty. Records stay valid until the next lf_log_read() or close.
 * LF_UNAVAILABLE and LF_TIMEOUT: try again. LF_CORRUPT: a position is outside the log (offset out of range); the text
 * says which. Keeps group membership alive: call it at least every few seconds, even when paused. */
LF_NODISCARD enum lf_status lf_log_read(struct lf_log_reader *reader, size_t records_max, size_t bytes_max,
                                        int64_t timeout_ms, struct lf_log_batch *ret, struct lf_err *err);
/* While paused, lf_log_read() serves the group and returns no records. */
void lf_log_pause(struct lf_log_reader *reader, bool paused);
/* Whether to spare the work of reading a partition that is assigned. After that lf_log_seek() says where to go on: what
 * comes of it while it is held, and after that until the seek, is to be dropped. */
void lf_log_hold(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, bool held);
/* Goes on from offset in a partition that is assigned. */
LF_NODISCARD enum lf_status lf_log_seek(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition,
                                        int64_t offset, struct lf_err *err);
/* Tells the log how far the group has come, for the tools' sake (Kafka's committed offsets); the truth is the
 * store's. */
void lf_log_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next);
/* Makes a blocked lf_log_read() return soon. Thread-safe. */
void lf_log_interrupt(struct lf_log_reader *reader);
void lf_log_reader_close(struct lf_log_reader *reader); /* leaves the group */

#endif
