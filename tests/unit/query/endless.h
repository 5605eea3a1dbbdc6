/*
 * A store for tests that holds one account of the bank (sim/bank.h) with as many events as one likes, and answers lists
 * of events only, by making them up: "a" is opened by event "e0" at the time 0, and "e<n>" deposits 1 at the time n.
 * The cursor of an event is the number of events up to it.
 */
#ifndef TEST_QUERY_ENDLESS_H
#define TEST_QUERY_ENDLESS_H

#include "store/store_backend.h"

struct endless {
    struct lf_store store;
    struct lf_store_session session;
    size_t count; /* events */
};

/* Ready at once; all of it is the caller's, closing frees nothing. */
struct lf_store_session *endless_open(struct endless *endless, size_t count);

#endif
