/*
 * The shared reader. Inside this folder only.
 *
 *   share.c   the log around the log; opening and closing     lane.c   a lane's side, on its thread
 *   feed.c    the thread that reads and hands over             part.c   whose partitions, and what waits for them
 *
 * One lock for everything that both sides see. Neither the inner log nor a caller is called with it held, but for the
 * calls that never wait (committed, hold, interrupt).
 */
#ifndef LF_LOG_SHARE_SHARE_H
#define LF_LOG_SHARE_SHARE_H

#include "log/log_backend.h"
#include "log/share.h"

#include <pthread.h>

struct lf_share_lane;

/* A partition that is, or is to be, a lane's. Made by the feeding thread, which also revokes and frees it; one whose
 * lane did not come back in time is left to the lane. */
struct lf_share_part {
    struct lf_share_part *next;
    struct lf_share_lane *lane;
    struct lf_bytes topic; /* in the same block */
    int32_t number;
    bool taken;    /* the lane's caller was told that it is its own */
    bool answered; /* and has said where to go on */
    bool flowing;  /* the inner reader knows */
    bool revoked;
    bool lost;
    bool heard;        /* the lane's caller knows that it is revoked */
    bool left;         /* the feeding thread has given up waiting for that */
    bool held;         /* the lane is full: the inner reader leaves it alone */
    bool parked;       /* held as the lane wishes, until it seeks */
    int64_t start;     /* the answer */
    int64_t back;      /* when held: the first offset not handed over */
    int64_t seek;      /* to be done by the feeding thread; LF_OFFSET_NONE: nothing */
    int64_t committed; /* to be told to the inner reader; LF_OFFSET_NONE: nothing */
    int64_t ask_ns;    /* the lane's caller could not answer: not before this time */
};

/* Records handed over to a lane at once, with their bytes in one block. */
struct lf_share_chunk {
    struct lf_share_chunk *next;
    size_t at; /* the first not given out */
    size_t count;
    struct lf_share_part **parts; /* whose each is */
    struct lf_record records[];
};

struct lf_share_lane {
    struct lf_log_reader base;
    struct lf_share *share;
    bool open;
    struct lf_log_reader_options options; /* the callbacks */
    /* under the lock */
    pthread_cond_t news;
    struct lf_share_chunk *first, **end;
    size_t waiting; /* records in the queue */
    size_t waiting_bytes;
    bool interrupted;
    struct lf_err failure; /* of the inner reader, to be told; status LF_OK: none */
    /* of the lane's thread */
    bool paused;
    struct lf_share_chunk *given; /* whose records the caller has */
    struct lf_record *batch;
    size_t batch_cap;
};

struct lf_share {
    struct lf_log base;
    struct lf_log *inner;
    struct lf_log_share_options options;
    pthread_mutex_t lock;
    pthread_cond_t room; /* for the feeding thread: a lane has room, or a stop */
    struct lf_share_lane *lanes;
    size_t open_lanes;
    struct lf_share_part *parts;
    bool stop;
    /* of the feeding thread, and of whoever opens and closes when there is none */
    struct lf_log_reader *reader;
    pthread_t thread;
    struct lf_log_batch rest; /* read, not handed over yet */
    struct lf_share_part **rest_parts;
    size_t rest_cap;
    int64_t rest_ns;   /* since when a lane is full */
    int64_t revoke_ns; /* until when lanes may finish in the rebalance in work; 0: none is */
};

/* ---- part.c, all under the lock ---- */

/* The partition that is not revoked, NULL if there is none. */
struct lf_share_part *lf_share_find(struct lf_share *share, struct lf_bytes topic, int32_t number);
/* A new one, of the lane that has the fewest. NULL: out of memory. */
struct lf_share_part *lf_share_add(struct lf_share *share, struct lf_bytes topic, int32_t number);
/* Takes it off the list and frees it. */
void lf_share_remove(struct lf_share *share, struct lf_share_part *part);
/* Drops what waits for the part's lane of this part. */
void lf_share_purge(struct lf_share_part *part);
bool lf_share_has_room(const struct lf_share_lane *lane, size_t bytes);
/* Copies as many of the rest's records into a chunk for the lane as it has room for, and takes them out of the rest.
 * LF_NO_MEMORY: none. */
LF_NODISCARD enum lf_status lf_share_place(struct lf_share *share, struct lf_share_lane *lane);
void lf_share_free_chunks(struct lf_share_chunk *chunk);

/* ---- feed.c ---- */

/* Opens the inner reader and starts the thread. */
LF_NODISCARD enum lf_status lf_share_start(struct lf_share *share, const struct lf_log_reader_options *options,
                                           struct lf_err *err);
void lf_share_stop(struct lf_share *share);

/* ---- lane.c ---- */

enum lf_status lf_share_reader_open(struct lf_log *log, const struct lf_log_reader_options *options,
                                    struct lf_log_reader **ret, struct lf_err *err);
enum lf_status lf_share_read(struct lf_log_reader *reader, size_t records_max, size_t bytes_max, int64_t timeout_ms,
                             struct lf_log_batch *ret, struct lf_err *err);
void lf_share_pause(struct lf_log_reader *reader, bool paused);
void lf_share_hold(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, bool held);
enum lf_status lf_share_seek(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t offset,
                             struct lf_err *err);
void lf_share_committed(struct lf_log_reader *reader, struct lf_bytes topic, int32_t partition, int64_t next);
void lf_share_interrupt(struct lf_log_reader *reader);
void lf_share_reader_close(struct lf_log_reader *reader);

#endif
