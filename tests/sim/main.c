/*
 * The simulation, seed after seed. LF_SEED=n: that seed alone, with its moves on stderr. LF_SEEDS=n: so many seeds
 * (default 10,000), from LF_SEED_FIRST (default 1). A seed that fails is printed.
 */
#include "bank.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static bool
run(uint64_t seed, bool trace, struct sim_tally *tally)
{
    char why[SIM_WHY_SIZE] = "";
    int64_t live = lf_mem_live();
    bool good = sim_run(seed, trace, tally, why);
    if (!good)
        fprintf(stderr, "seed %" PRIu64 ": %s\nrepeat with LF_SEED=%" PRIu64 "\n", seed, why, seed);
    if (tally->worlds > 1 && lf_mem_live() > live + 16) { /* metrics live on */
        fprintf(stderr, "seed %" PRIu64 ": %" PRId64 " blocks more than before\n", seed, lf_mem_live() - live);
        return false;
    }
    return good;
}

/* The first worlds make what lives on, the metrics. Then a seed must give the same world whenever it is run. */
static bool
warm_up(void)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct sim_tally first = {0}, second = {0};
        if (!run(seed, false, &first) || (seed > 10 && !run(seed, false, &second)))
            return false;
        if (seed > 10 && first.hash != second.hash) {
            fprintf(stderr, "seed %" PRIu64 " gives different worlds\n", seed);
            return false;
        }
    }
    return true;
}

int
main(void)
{
    struct sim_tally tally = {0};
    bank_init();
    uint64_t one = number_of("LF_SEED", 0);
    uint64_t first = number_of("LF_SEED_FIRST", 1), count = number_of("LF_SEEDS", 10000);
    int64_t before = lf_clock_mono_ms();
    bool good = warm_up();
    if (one != 0)
        good = run(one, true, &tally);
    for (uint64_t i = 0; one == 0 && good && i < count; i++)
        good = run(first + i, false, &tally);
    bank_release();
    printf("%" PRIu64 " worlds in %" PRId64 " ms: %" PRIu64 " records (%" PRIu64 " stored, %" PRIu64 " dead, %" PRIu64
           " duplicates), %" PRIu64 " steps, %" PRIu64 " faults, %" PRIu64 " crashes, %" PRIu64 " rebalances, %" PRIu64
           " overlaps\n",
           tally.worlds, lf_clock_mono_ms() - before, tally.records, tally.stored, tally.dead, tally.duplicates,
           tally.steps, tally.faults, tally.crashes, tally.rebalances, tally.overlaps);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
