/*
 * Several consumers in one process, the workers: each has a thread, a session of the store and a transaction of its
 * own, and whole partitions of the log, so that order per key is kept. They are one member of the group. On a log with
 * groups that member is served by a thread of its own: however long the store takes, the group does not miss it.
 */
#ifndef LF_CONSUMER_CREW_H
#define LF_CONSUMER_CREW_H

#include "consumer/consumer.h"

struct lf_crew;

/* options.committed is called on any worker's thread. More workers than partitions: some have nothing to do. */
LF_NODISCARD enum lf_status lf_crew_new(const struct lf_consumer_options *options, size_t workers, struct lf_crew **ret,
                                        struct lf_err *err);
/* As lf_consumer_start(). ready: the first worker is. failed: the first that fails, once; a person is needed. */
LF_NODISCARD enum lf_status lf_crew_start(struct lf_crew *crew, void (*ready)(void *ctx),
                                          void (*failed)(void *ctx, const struct lf_err *err), void *ctx,
                                          struct lf_err *err);
/* Finishes the batches in work, joins the threads. */
void lf_crew_stop(struct lf_crew *crew);
void lf_crew_free(struct lf_crew *crew); /* NULL is fine */
/* Of all workers together: running if all are, away if one waits. Thread-safe. */
void lf_crew_state(struct lf_crew *crew, struct lf_consumer_state *ret);

#endif
