/* An entity's states of old, folded from its stored events. On a worker's thread; for this room. */
#ifndef LF_QUERY_HISTORY_H
#define LF_QUERY_HISTORY_H

#include "query/query.h"

/*
 * Answers LF_QUERY_AS_OF: value is the state after the entity's events up to the job's time, or its event, in the order
 * of storing; LF_V_NULL where there was none. LF_INVALID: the event is not one of the entity's.
 */
LF_NODISCARD enum lf_status lf_query_as_of(struct lf_store_session *session, struct lf_query_job *job);
/* Answers LF_QUERY_HISTORY: result has a page of the entity's events, states the state after each. LF_INVALID: the
 * cursor is of no event of the entity's. */
LF_NODISCARD enum lf_status lf_query_history(struct lf_store_session *session, struct lf_query_job *job);

/*
 * Both fold from the entity's first event, a page at a time: one page and one state are in memory, and LF_LIMIT is the
 * answer where more than LF_HISTORY_EVENTS_MAX events would have to be folded. LF_UNSUPPORTED: an event cannot be
 * applied by today's schema. Others: of the store.
 */

#endif
