/*
 * Which partitions are this consumer's, and how far the store says that its group has come in each. The store's
 * position is the only truth: it is read when a partition is assigned and again after everything that leaves doubt.
 * The consumer's thread only.
 */
#ifndef LF_CONSUMER_POSITION_H
#define LF_CONSUMER_POSITION_H

#include "base/metrics.h"
#include "log/log.h"
#include "store/store.h"

/* Whom the consumer may have to wait for. NONE: no other, memory perhaps. */
enum lf_partner { LF_PARTNER_NONE, LF_PARTNER_LOG, LF_PARTNER_STORE, LF_PARTNER_SCHEMA, LF_PARTNERS };

struct lf_partition {
    struct lf_bytes topic; /* own copy, ends in NUL */
    int32_t number;
    bool assigned;
    bool must_seek;            /* what the reader would deliver next is not what comes next */
    bool held;                 /* nothing of it is taken for a while (held.h) */
    int64_t held_until_ms;     /* for how long, once the log knows of it; 0: it does not yet */
    enum lf_partner waits_for; /* what held it, until a record is taken again: NONE, LOG or SCHEMA */
    int64_t stored;            /* the group's position in the store; -1: there is no row yet */
    int64_t first;             /* offset of the first record delivered since the assignment; -1: none yet */
    int64_t next;              /* where the batch in work leaves off; -1: the batch has nothing of it */
    int64_t before;            /* next, before the record taken last */
    int64_t oldest;            /* the log's range, as last heard; end -1: unknown */
    int64_t end;
    /* An event that is stored from here, whose record must come first: is the log still the one that was read? -1:
     * none, or seen. */
    int64_t witness;
    char *witness_id;
    bool cut; /* the log ends before stored: the witness tells whether it is the same log */
    /* Offsets from stored on whose dead letters are durable in the log already, ascending: not to be sent again when
     * the batch has to be read anew. */
    int64_t *sent;
    size_t sent_count;
    size_t sent_cap;
    struct lf_metric *lag; /* NULL: not asked for yet */
};

struct lf_positions {
    struct lf_bytes group;
    struct lf_partition **items; /* stable addresses: batches point at them */
    size_t count;
    size_t cap;
    struct lf_partition *latest; /* the last one found: records come in runs */
};

/* group is borrowed. */
void lf_positions_init(struct lf_positions *positions, struct lf_bytes group);
void lf_positions_release(struct lf_positions *positions);

/* NULL: not known. */
struct lf_partition *lf_positions_find(struct lf_positions *positions, struct lf_bytes topic, int32_t number);
/* The partition is ours: reads its position from the store. *ret_next: where to go on, LF_OFFSET_NONE without one. */
LF_NODISCARD enum lf_status lf_positions_assign(struct lf_positions *positions, struct lf_store_session *session,
                                                struct lf_bytes topic, int32_t number, int64_t *ret_next,
                                                struct lf_err *err);
void lf_positions_revoke(struct lf_positions *positions, struct lf_bytes topic, int32_t number);
size_t lf_positions_assigned(const struct lf_positions *positions);

/* A batch was not worked off: each assigned partition is to be read from the store's position again. Also those that
 * the batch had no record of: it may have failed before it came to them. */
void lf_positions_doubt(struct lf_positions *positions);
/* Removes the doubt: reads the positions in doubt, but for those held, from the store and seeks there. */
LF_NODISCARD enum lf_status lf_positions_restore(struct lf_positions *positions, struct lf_store_session *session,
                                                 struct lf_log_reader *reader, struct lf_err *err);

/* A batch begins: nothing is touched. Remembers where partitions without a position began, whatever becomes of it. */
void lf_positions_begin(struct lf_positions *positions, const struct lf_record *records, size_t count);
/* The record at offset comes into the batch; false: it is below the position, or the partition is in doubt or not
 * ours. */
bool lf_positions_take(struct lf_partition *partition, int64_t offset);
/* Where to read from: the witness, or what the store says. -1: where the reader stands. */
int64_t lf_partition_from(const struct lf_partition *partition);
/* An event's id is not needed, or no longer. */
void lf_partition_forget_witness(struct lf_partition *partition);
/* The record taken last is not worked off after all, and nothing behind it is taken until held is false again. */
void lf_partition_hold(struct lf_partition *partition, enum lf_partner waits_for);
/* How many partitions, held or tried again, wait for the partner. */
size_t lf_positions_waiting(const struct lf_positions *positions, enum lf_partner waits_for);
bool lf_positions_touched(const struct lf_positions *positions);
/* LF_FENCED if the store's position of a touched partition is no longer what it was: before anything is done that no
 * transaction can take back. */
LF_NODISCARD enum lf_status lf_positions_confirm(struct lf_positions *positions, struct lf_store_session *session,
                                                 struct lf_err *err);
/* Moves every touched partition in the store's open transaction. */
LF_NODISCARD enum lf_status lf_positions_advance(struct lf_positions *positions, struct lf_store_session *session,
                                                 struct lf_err *err);
/* The transaction is through: touched partitions stand at their next. */
void lf_positions_committed(struct lf_positions *positions);

/* Dead letters of this partition that the log has: remembered until the position has passed them. Forgetting one for
 * lack of memory costs a second record with the same headers, no more. */
void lf_partition_note_sent(struct lf_partition *partition, int64_t offset);
bool lf_partition_was_sent(const struct lf_partition *partition, int64_t offset);

#endif
