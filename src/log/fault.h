/*
 * A log that fails on purpose, around a real one; for tests. A plan says which call fails and how; after that the log
 * works again. Thread-safe as any log; the plan may be changed at any time.
 */
#ifndef LF_LOG_FAULT_H
#define LF_LOG_FAULT_H

#include "log/log.h"

/* The calls that a plan counts; a mask. */
enum lf_log_fault_op {
    LF_LOG_FAULT_ENSURE_TOPIC = 1 << 0,
    LF_LOG_FAULT_RANGES = 1 << 1,
    LF_LOG_FAULT_HEALTH = 1 << 2,
    LF_LOG_FAULT_WRITER_OPEN = 1 << 3,
    LF_LOG_FAULT_APPEND = 1 << 4, /* the call to lf_log_append() itself */
    LF_LOG_FAULT_ACK = 1 << 5,    /* what becomes of an append that was taken; counted at the append */
    LF_LOG_FAULT_READER_OPEN = 1 << 6,
    LF_LOG_FAULT_READ = 1 << 7,
    LF_LOG_FAULT_SEEK = 1 << 8,
};

enum lf_log_fault_kind {
    /* the call gives status; ACK: the record is not logged and acknowledged with status */
    LF_LOG_FAULT_FAIL,
    /* READ: nothing, though there is; ACK: comes some polls later; others: as if there were no fault */
    LF_LOG_FAULT_DELAY,
    /* ACK: the record is logged, the acknowledgement says LF_TIMEOUT */
    LF_LOG_FAULT_LOSE_ACK,
    /* ACK: the record is logged twice and acknowledged once; READ: the next read gives the same again */
    LF_LOG_FAULT_DUPLICATE,
};

struct lf_log_fault_plan {
    unsigned ops; /* which calls count */
    enum lf_log_fault_kind kind;
    uint64_t at;           /* the n-th of them from now, 1 is the next; 0: none */
    uint64_t count;        /* and so many from there; 0: one */
    enum lf_status status; /* LF_OK: LF_UNAVAILABLE */
    unsigned delay;        /* polls; 0: one */
};

/* Wraps inner, which belongs to the new log from then on (failure: stays the caller's). plan may be NULL: no faults. */
LF_NODISCARD enum lf_status lf_log_fault_open(struct lf_log *inner, const struct lf_log_fault_plan *plan,
                                              struct lf_log **ret, struct lf_err *err);
/* A new plan; counting begins anew. NULL: no faults. */
void lf_log_fault_plan(struct lf_log *log, const struct lf_log_fault_plan *plan);
/* Whether a fault was delivered under the current plan. */
bool lf_log_fault_hit(struct lf_log *log);
/* Calls under the current plan that counted. */
uint64_t lf_log_fault_calls(struct lf_log *log);

#endif
