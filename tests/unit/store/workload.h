/* A consumer in small: batches of events, a count of them as state, a dead letter and the position, each in one
 * transaction; and the check that a store holds whole batches only. */
#ifndef LF_TESTS_STORE_WORKLOAD_H
#define LF_TESTS_STORE_WORKLOAD_H

#include "fixture.h"

enum { WORKLOAD_BATCH = 3 }; /* events a batch */

/* An event of the workload, made without allocating: for tests in which memory runs out. */
struct workload_event {
    struct lf_event event;
    struct lf_member members[1];
    char id[40];
};
void workload_event(const struct lf_model *model, int64_t n, struct workload_event *ret);

/* Writes batch number n (0, 1, …) through a writer session, whatever is there; leaves no transaction open. */
LF_NODISCARD enum lf_status workload_write(const struct lf_model *model, struct lf_store_session *session, int64_t n,
                                           struct lf_arena *arena, struct lf_err *error);
/* Goes on from the position until count batches are there; the first failure. */
LF_NODISCARD enum lf_status workload_run(const struct lf_model *model, struct lf_store_session *session, int64_t count,
                                         struct lf_arena *arena, struct lf_err *error);
/* Whole batches only, everywhere the same number of them; how many. Fails the test otherwise. */
int64_t workload_check(const struct lf_model *model, struct lf_store_session *session, struct lf_arena *arena);
/* Everything that reads, once, where two batches are. */
LF_NODISCARD enum lf_status workload_read_all(const struct lf_model *model, struct lf_store_session *session,
                                              struct lf_arena *arena, struct lf_err *error);
/* An event that is there already, with its payload spelled otherwise: the slow path of append. */
LF_NODISCARD enum lf_status workload_append_duplicate(const struct lf_model *model, struct lf_store_session *session,
                                                      struct lf_err *error);

#endif
