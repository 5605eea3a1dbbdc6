/* What outsiders put into the log of the simulation. */
#ifndef LF_TEST_PRODUCER_H
#define LF_TEST_PRODUCER_H

#include "base/arena.h"
#include "log/log.h"

struct sim_rand {
    uint64_t state;
};
uint64_t sim_next(struct sim_rand *rand);
/* Uniform in [0, below). */
uint64_t sim_below(struct sim_rand *rand, uint64_t below);
bool sim_chance(struct sim_rand *rand, unsigned percent);

enum { PRODUCER_SENT_MAX = 4096 };

struct producer {
    struct sim_rand *rand;
    struct lf_arena *arena;
    struct lf_bytes topic;
    struct lf_log_writer *writer;
    struct lf_record sent[PRODUCER_SENT_MAX]; /* events that can be sent again */
    unsigned sent_ids[PRODUCER_SENT_MAX];
    size_t sent_count;
    unsigned ids;
};

/* Appends one record of whatever kind. */
void producer_send(struct producer *producer);

#endif
