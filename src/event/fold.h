/* State + event -> state: the one place where entities change. Pure and deterministic. */
#ifndef LF_EVENT_FOLD_H
#define LF_EVENT_FOLD_H

#include "event/event.h"
#include "model/decimal.h" /* lf_decimal_add() and lf_decimal_compare(): exact arithmetic of Decimal fields */

/*
 * A value of the field (or argument) in the one form that states have: ID as a string, Int and BigInt as LF_V_INT,
 * Float as a computed LF_V_FLOAT, Decimal as a string without an exponent (zeros after the point are kept), UUID in
 * lower case, DateTime in UTC with six digits, enum values as strings; lists item by item; the rest as written. For
 * states, entity keys and the values of filters. Null stays null. False out of memory; a value that the field cannot
 * have is left as it is.
 */
LF_NODISCARD bool lf_fold_normal(const struct lf_field *field, const struct lf_value *value, struct lf_arena *arena,
                                 struct lf_value *ret);

/*
 * Applies event (which has passed lf_event_check and has an entity) to *state: LF_V_NULL when the entity does not exist
 * yet or was deleted, else an LF_V_OBJECT with a member for every field of the entity in schema order. A first event
 * starts from @initial values, the key, and nulls. deletes gives LF_V_NULL. The new state is made in arena and may
 * share parts with the old one and the payload.
 *
 * Steps, in the order of the model. In the payload a member that is absent leaves the target as it was, whatever the
 * step. An explicit null makes a nullable target of COPY or SET null; a non-null target, and the other steps, are left
 * as they were. A target that is null counts as 0 for ADD, SUBTRACT and INCREMENT and as an empty list for APPEND.
 * REMOVE takes every equal item out of the list. CLEAR makes a list empty and any other field null. The key never
 * changes.
 *
 * LF_INVALID (reject) when the outcome cannot be: a non-null field left null, a number out of its type's range. Decimal
 * arithmetic is exact; Int and BigInt overflow is refused, never wrapped; Float is IEEE double arithmetic and refuses
 * to leave the finite numbers.
 */
LF_NODISCARD enum lf_status lf_fold(const struct lf_event *event, const struct lf_value *state, struct lf_arena *arena,
                                    struct lf_value *ret, struct lf_err *err);

#endif
