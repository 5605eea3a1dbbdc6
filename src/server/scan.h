/* Reading ranges of a topic's partitions from the log once, from here to there, without a group. */
#ifndef LF_SERVER_SCAN_H
#define LF_SERVER_SCAN_H

#include "log/log.h"

struct lf_scan_range {
    int32_t partition;
    int64_t next; /* where to begin; moves behind the records that were handed over */
    int64_t end;  /* before which to stop */
};

struct lf_scan {
    struct lf_log *log;
    struct lf_bytes topic;
    struct lf_scan_range *ranges; /* partitions that are not named are not read */
    size_t range_count;
    size_t records_max; /* of a batch */
    size_t bytes_max;
    /* Records of the ranges, each partition's in order; called for empty batches too, so that a stop is heard. Not
     * LF_OK ends the scan with it. */
    enum lf_status (*take)(void *ctx, const struct lf_record *records, size_t count, struct lf_err *err);
    void *ctx;
};

/*
 * Reads until all ranges are at their ends. LF_OK also when the log answers and has no more records for five seconds:
 * what is left below the ends was compacted away, or is none of ours (markers of transactions). A log that does not
 * answer is waited for, a minute at most.
 */
LF_NODISCARD enum lf_status lf_scan(const struct lf_scan *scan, struct lf_err *err);

/* The ranges that a topic has in the log, in memory to lf_free(). LF_NOT_FOUND: no such topic. Waits for a log that
 * does not answer, as above. */
LF_NODISCARD enum lf_status lf_scan_ranges(struct lf_log *log, struct lf_bytes topic, struct lf_log_range **ret,
                                           size_t *ret_count, struct lf_err *err);

#endif
