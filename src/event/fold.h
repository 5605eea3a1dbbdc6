/* State + event -> state: the one place where entities change. Pure and deterministic. */
#ifndef LF_EVENT_FOLD_H
#define LF_EVENT_FOLD_H

#include "event/event.h"

/*
 * Applies event (which has passed lf_event_check and has an entity) to *state: LF_V_NULL when the entity does not exist
 * yet or was deleted, else an LF_V_OBJECT with a member for every field of the entity in schema order. A first event
 * starts from @initial values, the key, and nulls. deletes gives LF_V_NULL. The new state is made in arena and may share
 * parts with the old one and the payload.
 *
 * LF_INVALID (reject) when the outcome cannot be: a non-null field left null, a number out of its type's range.
 * Decimal arithmetic is exact; Int and BigInt overflow is refused, never wrapped.
 */
LF_NODISCARD enum lf_status lf_fold(const struct lf_event *event, const struct lf_value *state, struct lf_arena *arena,
                                    struct lf_value *ret, struct lf_err *err);

/* a + b or a - b of exact decimal texts (fold, bench and tests). ptr NULL: not decimals, beyond limits, out of memory. */
struct lf_bytes lf_decimal_add(struct lf_bytes a, struct lf_bytes b, bool subtract, struct lf_arena *arena);
/* Exact order of two decimal texts (JSON number syntax): -1, 0, 1. */
int lf_decimal_compare(struct lf_bytes a, struct lf_bytes b);

#endif
