/*
 * One world from one seed: a log and a store in memory that fail, producers that send events, duplicates, conflicts
 * and garbage, three consumers of one group that take partitions from each other, do not hear of it for a while, and
 * die between any two calls, a clock that moves only here. The oracle compares the store with the fold of the log again
 * and again. The same seed gives the same world.
 */
#ifndef LF_TEST_SIM_H
#define LF_TEST_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_WHY_SIZE = 1024 };

struct sim_tally { /* over all worlds, to see that they are worth it */
    uint64_t worlds, records, steps, faults, crashes, stored, dead, duplicates;
    uint64_t rebalances;
    uint64_t overlaps; /* a step between another's reading and writing */
    uint64_t hash;     /* of everything that happened: the same seed gives the same */
};

/* False: why says what went wrong. trace: tells each move on stderr. */
bool sim_run(uint64_t seed, bool trace, struct sim_tally *tally, char why[SIM_WHY_SIZE]);

#endif
