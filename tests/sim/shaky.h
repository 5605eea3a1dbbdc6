/*
 * The log's faults for the tests here, in a file of their own: log/fault.h and store/fault.h name some of their
 * constants alike.
 */
#ifndef LF_TEST_SHAKY_H
#define LF_TEST_SHAKY_H

#include "log/log.h"

enum shaky_call {
    SHAKY_ENSURE_TOPIC,
    SHAKY_RANGES,
    SHAKY_WRITER_OPEN,
    SHAKY_APPEND,
    SHAKY_ACK,
    SHAKY_ACK_LOST, /* the record is logged, the acknowledgement says LF_TIMEOUT */
    SHAKY_ACK_LATE,
    SHAKY_ACK_TWICE, /* the record is logged twice */
    SHAKY_READER_OPEN,
    SHAKY_READ,
    SHAKY_READ_AGAIN, /* the next read gives the same once more */
    SHAKY_SEEK,
    SHAKY_CALLS
};

/* Wraps inner, which is closed with it. */
struct lf_log *shaky_open(struct lf_log *inner);
/* The at-th call of that kind from now, and count - 1 after it, fail with status. */
void shaky_arm(struct lf_log *log, enum shaky_call call, uint64_t at, uint64_t count, enum lf_status status);
/* Acknowledgements do not come for a long time. */
void shaky_arm_slow(struct lf_log *log);
void shaky_disarm(struct lf_log *log);
bool shaky_hit(struct lf_log *log);

#endif
