/*
 * For tests: a store that wraps another and makes chosen calls fail. Wrappers stack. Thread-safe.
 */
#ifndef LF_STORE_FAULT_H
#define LF_STORE_FAULT_H

#include "store/store.h"

enum lf_store_fault_op {
    LF_FAULT_SESSION_OPEN = 1 << 0,
    LF_FAULT_BEGIN = 1 << 1,
    LF_FAULT_APPEND = 1 << 2,
    LF_FAULT_LOAD = 1 << 3,
    LF_FAULT_SAVE = 1 << 4,
    LF_FAULT_BURY = 1 << 5,
    LF_FAULT_ADVANCE = 1 << 6,
    LF_FAULT_COMMIT = 1 << 7,
    LF_FAULT_READ = 1 << 8, /* position, get, event, list, walk, dead_letters */
    LF_FAULT_HEALTH = 1 << 9,
    LF_FAULT_ANY = (1 << 10) - 1,
};

struct lf_store_fault {
    unsigned ops;          /* mask of the calls that are counted */
    uint64_t nth;          /* the call that fails: 1 is the next; 0: none */
    uint64_t times;        /* how many calls in a row fail from there on; 0: one */
    enum lf_status status; /* what it fails with */
    bool after;            /* a commit happens all the same: its outcome is unknown to the caller */
};

/* Wraps inner, which is closed with it. NULL out of memory (inner stays the caller's). No call fails until armed. */
struct lf_store *lf_store_fault_new(struct lf_store *inner);
/* Calls are counted anew from now on; a zeroed fault disarms. */
void lf_store_fault_arm(struct lf_store *store, struct lf_store_fault fault);
/* How many calls have failed since it was armed. */
uint64_t lf_store_fault_hits(struct lf_store *store);
struct lf_store *lf_store_fault_inner(struct lf_store *store);

#endif
