/* Folding events again that were stored before, maybe under another schema than today's. Pure. */
#ifndef LF_EVENT_REPLAY_H
#define LF_EVENT_REPLAY_H

#include "event/event.h"

/* The entity that a stored event changes; entity_type is what it was stored as (ptr NULL: as nothing). NULL: none, or
 * today's schema says otherwise than the one under which it was stored. */
const struct lf_entity *lf_replay_entity(const struct lf_event *event, struct lf_bytes entity_type);

/*
 * Applies a stored event, which has such an entity, to a state as lf_fold() does. It is checked again, as its schema
 * may have changed. LF_INVALID: it cannot be applied, err says why.
 */
LF_NODISCARD enum lf_status lf_replay(const struct lf_event *stored, const struct lf_value *state,
                                      struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);

#endif
