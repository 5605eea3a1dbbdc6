/*
 * The log in memory, for tests: same contract, several partitions, nothing survives lf_log_close(). Records are never
 * freed or moved before that, so readers borrow them. Groups mean nothing here: each reader gets every partition.
 * Inside this folder only.
 */
#ifndef LF_LOG_MEMORY_MEMORY_H
#define LF_LOG_MEMORY_MEMORY_H

#include "base/map.h"
#include "log/log_backend.h"

#include <pthread.h>
#include <string.h>

struct lf_mem_partition {
    struct lf_record **records;
    size_t count;
    size_t cap;
};

struct lf_mem_topic {
    struct lf_bytes name; /* in the same block, behind the partitions */
    int32_t partition_count;
    struct lf_mem_partition partitions[];
};

struct lf_mem_reader;

struct lf_mem_log {
    struct lf_log base;
    bool create_topics;
    bool read_only;
    int32_t partition_count; /* of new topics */
    pthread_mutex_t lock;    /* for all below */
    pthread_cond_t news;
    struct lf_map topics; /* struct lf_mem_topic */
    struct lf_mem_reader *readers;
    uint64_t version; /* counts flushes */
    int32_t next_partition;
};

struct lf_mem_reader {
    struct lf_log_reader base;
    struct lf_mem_reader *next;
    struct lf_log_reader_options options; /* topics point into names */
    struct lf_bytes *topics;
    struct lf_mem_feed *feeds; /* of read.c */
    size_t feed_count;
    size_t turn; /* which feed comes first next time, so that none starves */
    struct lf_record *batch;
    size_t batch_cap;
    bool paused;
    bool interrupted; /* under the log's lock */
};

/* Copies bytes to *at and moves it on; null stays null. */
static inline struct lf_bytes
lf_mem_log_copy(char **at, struct lf_bytes from)
{
    if (from.ptr == NULL)
        return LF_BYTES_NONE;
    struct lf_bytes copy = lf_bytes(*at, from.len);
    if (from.len != 0)
        memcpy(*at, from.ptr, from.len);
    *at += from.len;
    return copy;
}

/* ---- memory.c ---- */

/* The topic, made if it may be. The log is locked. */
LF_NODISCARD enum lf_status lf_mem_log_topic(struct lf_mem_log *log, struct lf_bytes name, struct lf_mem_topic **ret,
                                             struct lf_err *err);

/* ---- write.c ---- */

enum lf_status lf_mem_log_writer_open(struct lf_log *log, struct lf_wake wake, lf_log_ack_fn *ack, void *ctx,
                                      struct lf_log_writer **ret, struct lf_err *err);
enum lf_status lf_mem_log_append(struct lf_log_writer *writer, const struct lf_record *record, void *token,
                                 struct lf_err *err);
int64_t lf_mem_log_flush(struct lf_log_writer *writer);
size_t lf_mem_log_poll(struct lf_log_writer *writer);
void lf_mem_log_wait(struct lf_log_writer *writer, int64_t timeout_ms);
void lf_mem_log_writer_close(struct lf_log_writer *writer);

/* ---- read.c ---- */

enum lf_status lf_mem_log_reader_open(struct lf_log *log, const struct lf_log_reader_options *options,
                                      struct lf_log_reader **ret, struct lf_err *err);
enum lf_status lf_mem_log_read(struct lf_log_reader *reader, size_t records_max, size_t bytes_max, int64_t timeout_ms,
                               struct lf_log_batch *ret, struct lf_err *err);
void lf_mem_log_pause(struct lf_log_reader *reader, bool paused);
void lf_mem_log_hold(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, bool held);
enum lf_status lf_mem_log_seek(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t offset,
                               struct lf_err *err);
void lf_mem_log_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next);
void lf_mem_log_interrupt(struct lf_log_reader *reader);
void lf_mem_log_reader_close(struct lf_log_reader *reader);

#endif
