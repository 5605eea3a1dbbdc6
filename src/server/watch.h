/*
 * A thread that asks what may block: are the topics there (created if allowed), do log and store answer? Health and
 * start-up read its findings without waiting.
 */
#ifndef LF_SERVER_WATCH_H
#define LF_SERVER_WATCH_H

#include "base/wake.h"
#include "server/parts.h"

struct lf_watch;

struct lf_watch_state {
    bool topics_ready; /* every topic of the schema exists, and so does the schema of each event that is written */
    bool failed;       /* a person is needed: see err */
    struct lf_err err; /* failed */
    bool log_ok, store_ok;
    struct lf_err log_err, store_err; /* when not ok */
};

/* Starts it; parts must outlive it. changed is called after each finding that differs from the one before. */
LF_NODISCARD enum lf_status lf_watch_start(const struct lf_parts *parts, struct lf_wake changed, struct lf_watch **ret,
                                           struct lf_err *err);
/* A copy of the latest findings. Thread-safe. */
void lf_watch_state(struct lf_watch *watch, struct lf_watch_state *ret);
/* Joins the thread, which may take as long as a question that is being asked. NULL is fine. */
void lf_watch_stop(struct lf_watch *watch);

#endif
