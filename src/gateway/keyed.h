/*
 * Idempotency keys in memory: what has been answered, and what is in work, by derived eventId. Saves a second append
 * for a retry that comes soon; the store remembers the rest, and the consumer's deduplication is the guarantee.
 * One thread.
 */
#ifndef LF_GATEWAY_KEYED_H
#define LF_GATEWAY_KEYED_H

#include "base/uuid.h"
#include "query/query.h"

struct lf_keyed;

/* What a mutation answers with. topic and event type point into the model or the configuration. */
struct lf_receipt {
    char event_id[LF_UUID_TEXT_LEN + 1];
    const struct lf_event_type *type;
    struct lf_bytes topic;
    int32_t partition;
    int64_t offset;
    int64_t time_us;
    enum lf_event_status status; /* as known when it was made; the event may have come further */
};

struct lf_keyed_entry {
    char event_id[LF_UUID_TEXT_LEN + 1];
    uint8_t digest[32]; /* of what the caller asked for */
    bool done;
    struct lf_receipt receipt; /* done */
    void *waiters;             /* in work: the owner's list of those that asked meanwhile */
    /* private */
    struct lf_keyed_entry *older, *newer;
};

/* Remembers at most max answered entries (those in work beside them are bounded by the requests in work). */
struct lf_keyed *lf_keyed_new(size_t max);
void lf_keyed_free(struct lf_keyed *keyed);
/* The entry of an eventId, or NULL. */
struct lf_keyed_entry *lf_keyed_find(struct lf_keyed *keyed, const char *event_id);
/* A new entry in work. NULL: out of memory. */
struct lf_keyed_entry *lf_keyed_add(struct lf_keyed *keyed, const char *event_id, const uint8_t digest[32]);
/* The entry is answered: it may be forgotten once max newer ones are. */
void lf_keyed_done(struct lf_keyed *keyed, struct lf_keyed_entry *entry, const struct lf_receipt *receipt);
/* The entry failed: forget it, so that a retry starts anew. */
void lf_keyed_drop(struct lf_keyed *keyed, struct lf_keyed_entry *entry);

#endif
