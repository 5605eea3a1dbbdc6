/* A mutation's event on its way from its arguments to its receipt: what mutate.c, append.c and idempotency.c share. */
#ifndef LF_GATEWAY_PENDING_H
#define LF_GATEWAY_PENDING_H

#include "base/clock.h"
#include "gateway/gateway_internal.h"

enum { LF_RECEIPT_MEMBERS = 8 };

/* One event on its way. Lives in its request's arena. */
struct lf_pending {
    struct lf_request *request;
    struct lf_gql_slot *slot;
    const struct lf_mutation *mutation;
    const struct lf_event_type *type;
    struct lf_event event;
    struct lf_receipt receipt;
    struct lf_keyed_entry *entry; /* this event leads the entry; NULL without a key */
    struct lf_pending *next_waiter;
    uint8_t digest[32]; /* of what was asked for: the payload without what the gateway generates */
    bool await;         /* until it is stored */
    int64_t await_ms;
    /* the answer: here, so that an event that is logged can be answered without memory */
    struct lf_member members[LF_RECEIPT_MEMBERS];
    char time[LF_TIME_TEXT_SIZE];
};

/* append.c. The request may be gone after each of these, but for the last. */

/* Encodes the event and hands it to the log; settles it when that fails. */
void lf_pending_append(struct lf_pending *p);
/* The event is in the log: answers now, or once it is stored. */
void lf_pending_logged(struct lf_pending *p, const struct lf_receipt *receipt);
/* Ends the field with an error; code is static. */
void lf_pending_fail(struct lf_pending *p, const char *code, const char *text);
/* Everyone who asked under the key gets the outcome; success is remembered. err: what went wrong, if not LF_OK. */
void lf_pending_settle(struct lf_pending *p, enum lf_status status, const struct lf_err *err);
/* The same for a failure, which is counted and told. */
void lf_pending_settle_failure(struct lf_pending *p, enum lf_status status, const struct lf_err *err);
struct lf_pending *lf_pending_take_waiters(struct lf_keyed_entry *entry);

/* idempotency.c */

/* The eventId of the request's key: the same for each retry. False out of memory. */
LF_NODISCARD bool lf_pending_derive_id(const struct lf_pending *p, const struct lf_gql_path *path, struct lf_uuid *ret);
/* Under a key: joins what is in work, repeats what is known, else asks the store and appends. digest is set. */
void lf_pending_append_keyed(struct lf_pending *p);

#endif
