/* Is this payload right for this event type? The same answer in the gateway and in the consumer. Pure. */
#ifndef LF_EVENT_CHECK_H
#define LF_EVENT_CHECK_H

#include "event/event.h"

/* A violation: the place in the payload as a JSON Pointer ("/amount", "/tags/2"; "" is the payload) and the reason. */
struct lf_violation {
    struct lf_bytes path;
    struct lf_bytes reason; /* a sentence without the path: "must be at least 0, is -5" */
};

enum { LF_VIOLATIONS_MAX = 20 };

/*
 * Checks types, nullability and constraints of every field of the type; unknown members are allowed (other producers
 * may know more) and kept. Scalars are read leniently as JSON producers write them: an ID may be a string or an
 * integer, a Float may be written as an integer, a Decimal as string or number, a BigInt as string or integer. Fills at
 * most LF_VIOLATIONS_MAX violations; returns LF_INVALID (err: the first, with its path), LF_OK, LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_event_check(const struct lf_event_type *type, const struct lf_value *payload,
                                           struct lf_arena *arena, struct lf_violation ret[LF_VIOLATIONS_MAX],
                                           size_t *ret_count, struct lf_err *err);

/*
 * The same for the coerced value of a mutation's argument (an argument whose user pointer the model has set; without it
 * anything passes): @constraint of the argument and of the input fields within. Paths start with the argument's name.
 */
LF_NODISCARD enum lf_status lf_event_check_argument(const struct lf_gql_input *argument, const struct lf_value *value,
                                                    struct lf_arena *arena, struct lf_violation ret[LF_VIOLATIONS_MAX],
                                                    size_t *ret_count, struct lf_err *err);

#endif
