/*
 * A consumer group for the log in memory, which knows none: who has which partition is decided here. Members hear of it
 * when they read, or, deaf for a while, go on with what they had: zombies. Records of different partitions come in any
 * order, and others may do their work between a member's reading and its writing.
 */
#ifndef LF_TEST_HERD_H
#define LF_TEST_HERD_H

#include "log/log.h"
#include "producer.h"

enum { HERD_MEMBERS = 3, HERD_PARTITIONS = 3 };

struct herd {
    struct sim_rand *rand;
    size_t owner[HERD_PARTITIONS];
    bool deaf[HERD_MEMBERS];
    /* This member has read records and has not begun with them yet. */
    void (*meanwhile)(void *ctx, size_t member);
    void *ctx;
};

/* The log as the member sees it; inner stays the caller's and outlives it. One topic. */
struct lf_log *herd_join(struct herd *herd, size_t member, struct lf_log *inner);
/* Gives each partition to somebody. */
void herd_rebalance(struct herd *herd);

#endif
