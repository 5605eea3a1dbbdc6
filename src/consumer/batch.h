/*
 * One batch through the pipeline: decode, check, deduplicate within the batch, append, load states, fold, save, bury,
 * advance, commit; one transaction, over several partitions.
 *
 * What happens to a record may only come out inside the transaction: the store has its id with other content, or its
 * fold is refused. Such an event must not stay in event_store, and its dead letter must be durable in the log before
 * the position moves. So the pass that finds out marks the record as dead and is rolled back; its dead letters are
 * sent with no transaction open; the next pass works the batch off without them. This is rare, and each pass marks at
 * least one record more. The outcome is the same as if each record had been a batch of its own.
 */
#ifndef LF_CONSUMER_BATCH_H
#define LF_CONSUMER_BATCH_H

#include "consumer/deadletter.h"
#include "consumer/meter.h"
#include "consumer/position.h"
#include "consumer/states.h"

enum lf_verdict {
    LF_WORK_PASSED, /* nothing to do: below the position, not ours, or skipped by policy */
    LF_WORK_EVENT,
    LF_WORK_DEAD,
};

/* One record of the batch in work. */
struct lf_work {
    struct lf_dead dead; /* the record, and the cause if it is dead */
    struct lf_partition *partition;
    struct lf_event event;
    struct lf_value payload; /* the event's in the form of today's schema */
    enum lf_verdict verdict;
    /* of the pass */
    struct lf_work *head;           /* the first event of the batch with this id: perhaps itself */
    bool twin;                      /* not the head, but the same event */
    bool disputed;                  /* a head whose id comes again with other content */
    bool stands;                    /* a head that is in event_store when this pass commits, itself or as a twin */
    enum lf_append_outcome outcome; /* of a head */
    struct lf_state *state;         /* of an appended head with an entity */
};

struct lf_batch {
    /* given */
    const struct lf_model *model;
    struct lf_codec_options codec;
    enum lf_unknown_events unknown_events;
    struct lf_positions *positions;
    struct lf_dlq *dlq;
    struct lf_meter *meter;
    struct lf_store_session *session;
    /* own */
    struct lf_arena arena; /* everything of the batch in work */
    struct lf_map ids;     /* event id -> head */
    struct lf_states states;
    struct lf_work *works;
    size_t count;
    const struct lf_event **events; /* to append, and whose they are */
    struct lf_work **heads;
    enum lf_append_outcome *outcomes;
    struct lf_dead **dead;
    size_t dead_count;
    size_t buried; /* dead letters of the store already */
    size_t skipped;
    struct lf_payload_pins pins; /* schemas that the batch's events were read with */
    struct lf_err held_why;      /* why the latest partition was held */
    enum lf_partner asking;      /* whom the step in work asks: who is away when it fails with fate RETRY */
    struct lf_tally tally;       /* of the latest run */
};

/* The fields that are given must be set before; session before each run. */
LF_NODISCARD enum lf_status lf_batch_init(struct lf_batch *batch, const struct lf_model *model, struct lf_err *err);
void lf_batch_release(struct lf_batch *batch);

/*
 * Works records off. LF_OK: committed, positions moved. Fate RETRY: nothing has been written, or, after the commit,
 * perhaps everything: read the positions again. LF_FENCED: another consumer has moved a position, nothing was written.
 * LF_NO_MEMORY may be cured by a smaller batch.
 */
LF_NODISCARD enum lf_status lf_batch_run(struct lf_batch *batch, const struct lf_record *records, size_t count,
                                         struct lf_err *err);

/* ---- between prepare.c and batch.c ---- */

/* Makes works of records: decoded, checked, bound to their entities, or dead. Touches their partitions. */
LF_NODISCARD enum lf_status lf_batch_prepare(struct lf_batch *batch, const struct lf_record *records, size_t count,
                                             struct lf_err *err);
/* The record cannot be processed. reason is copied. */
LF_NODISCARD enum lf_status lf_work_kill(struct lf_batch *batch, struct lf_work *work, const char *stage,
                                         const char *code, const char *reason, struct lf_err *err);

#endif
