/* Memory that runs out in a store: the workload with each allocation failing. */
#ifndef LF_TESTS_STORE_SHORTAGE_H
#define LF_TESTS_STORE_SHORTAGE_H

#include "workload.h"

struct shortage {
    const char *url;     /* all of the workload's stores are opened by it */
    bool gone_at_once;   /* what was stored goes with the store's end: nothing can be gone on from */
    bool stepwise;       /* a commit that was cut short leaves a part, which going on completes */
    uint64_t each_until; /* allocations before this one fail one by one, later ones in steps */
    uint64_t step;
    uint64_t look_each;  /* after each so many tries it is gone on from what they left */
    uint64_t least;      /* so many allocations there are */
    void (*empty)(void); /* removes what is stored */
    /* more of the session's work; NULL: none */
    enum lf_status (*more)(const struct lf_model *model, struct lf_store_session *session, struct lf_err *error);
};

/*
 * Opens, writes, reads and closes, and the n-th allocation fails (and all after it, if sticky) for n = 1, 2, … until
 * none is met: the call says so, nothing leaks, no half is written, and going on from the position gives what would
 * have been without.
 */
void shortage_run(const struct shortage *shortage, bool sticky);

#endif
