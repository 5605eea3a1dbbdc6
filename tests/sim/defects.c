/* The simulation itself is tested: with each deliberate defect of the consumer it must find something wrong. */
#include "bank.h"
#include "consumer/defect.h"
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEEDS_MAX = 300 };

struct lf_consumer_defects lf_consumer_defects;

static const struct {
    const char *name;
    bool *on;
} defects[] = {
#define DEFECT(name) {#name, &lf_consumer_defects.name}
    DEFECT(skip_record),    DEFECT(no_check),       DEFECT(apply_duplicates), DEFECT(conflict_is_nothing),
    DEFECT(first_wins),     DEFECT(store_unfolded), DEFECT(forget_states),    DEFECT(drop_states),
    DEFECT(fold_backwards), DEFECT(no_dead_topic),  DEFECT(no_dead_table),    DEFECT(advance_first),
    DEFECT(no_advance),     DEFECT(position_ahead), DEFECT(no_fence),
#undef DEFECT
};

/* The seed that finds the defect; 0: none does. */
static uint64_t
find(char why[SIM_WHY_SIZE])
{
    struct sim_tally tally = {0};
    for (uint64_t seed = 1; seed <= SEEDS_MAX; seed++) {
        if (!sim_run(seed, false, &tally, why))
            return seed;
    }
    return 0;
}

int
main(void)
{
    char why[SIM_WHY_SIZE] = "";
    bool good = true;
    bank_init();
    if (find(why) != 0) {
        printf("no defect at all is taken for one: %s\n", why);
        good = false;
    }
    for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
        *defects[i].on = true;
        uint64_t seed = find(why);
        *defects[i].on = false;
        printf("%-20s %s %" PRIu64 ": %s\n", defects[i].name, seed != 0 ? "caught by seed" : "NOT CAUGHT", seed,
               seed != 0 ? why : "");
        good = good && seed != 0;
    }
    bank_release();
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
