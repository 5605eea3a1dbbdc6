/*
 * Copying a topic from one log to another: key, value, headers and time of each record, order per key kept. Each copy
 * carries one more header, logfirst_copied_from: "topic/partition/offset", by which a copy that was broken off goes on
 * where it was, and a later one brings what is new.
 *
 * Where both topics have as many partitions, each record keeps its partition. Otherwise the key decides as everywhere
 * (murmur2), and records without a key follow their partition.
 *
 * Records go out in batches, each acknowledged whole before the next, so that a record which is missing in the middle
 * (the log refused it and took later ones) can only be among the last batch. Going on looks at that much of the target,
 * and refuses to fill a hole behind later records: order would not survive.
 */
#ifndef LF_SERVER_COPY_H
#define LF_SERVER_COPY_H

#include "log/log.h"
#include "server/progress.h"

#define LF_COPY_HEADER "logfirst_copied_from"

enum { LF_COPY_BATCH_RECORDS = 10000 };

struct lf_copy_options {
    struct lf_log *from; /* read only is enough */
    struct lf_log *to;   /* makes topics that are missing, where it may */
    struct lf_bytes topic;
    size_t batch_records; /* 0: LF_COPY_BATCH_RECORDS; always the same for a target */
    struct lf_progress progress;
};

struct lf_copy_result {
    int64_t copied;
    int64_t present; /* met again in the source and found to be in the target */
    int64_t before;  /* in the source before that, and taken to be in the target */
};

/*
 * Copies what the source has when this begins. LF_NOT_FOUND: the source has no such topic. LF_CONFLICT: the target has
 * copies of another log's topic, or a hole; delete its topic. LF_CLOSED: progress said stop. LF_UNAVAILABLE, LF_TIMEOUT
 * and others of the logs: call again to go on. *ret is filled in after a failure too.
 */
LF_NODISCARD enum lf_status lf_copy(const struct lf_copy_options *options, struct lf_copy_result *ret,
                                    struct lf_err *err);

#endif
