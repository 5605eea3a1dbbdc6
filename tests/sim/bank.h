/*
 * A small model for the tests of consumer/ and query/, made by hand so that they need no schema compiler:
 *
 *   type Account @entity(key: "id") { id: ID!  owner: String!  balance: Int! @initial(value: 0)  last: Int
 *                                     deposits: Int! @initial(value: 0) }
 *   type Opened @event(entity: "Account") { id: ID!  owner: String! }
 *   type Deposited @event(entity: "Account") { id: ID!  amount: Int! @constraint(min: 0) }
 *       applied: add to balance, set last, increment deposits
 *   type Closed @event(entity: "Account", deletes: true) { id: ID! }
 *   type Noted @event { text: String! }
 *
 * A deposit to an account that is not open cannot be folded (owner would be null); last makes the order matter.
 */
#ifndef LF_TEST_BANK_H
#define LF_TEST_BANK_H

#include "model/model.h"

/* Ready after bank_init(); static. */
extern struct lf_model bank;
void bank_init(void);
void bank_release(void); /* gives back what the map holds */

#endif
