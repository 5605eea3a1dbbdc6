/* The simulation itself is tested: with each deliberate defect of the consumer it must find something wrong. */
#include "bank.h"
#include "base/defect.h"
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS_MAX = 300 };

static const struct {
    const char *room;
    const char *name;
    bool *on;
} defects[] = {
#define LF_DEFECT_ROW(room, name) {#room, #name, &lf_defects.name},
#include "base/defect.def"
#undef LF_DEFECT_ROW
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
        if (strcmp(defects[i].room, "consumer") != 0)
            continue;
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
