/*
 * Do log, event store, entity state and dead letters agree? Checks guarantees 2 to 4, reading only, while gateways and
 * consumers may run: positions are taken first, and what lies below them must not change any more.
 *
 * 1. Places: the records of each partition below the group's position, beside the events and dead letters of that
 *    place, merged by offset. Each record is stored, or a dead letter, or repeats an event that is stored already.
 * 2. Fold: all events of the store, in its order, folded into a scratch store of the same model.
 * 3. States: each entity of the store beside the scratch store's. Where they differ the events that came meanwhile are
 *    folded as well: what was read must be the state after one of the events stored before and after the reading.
 *
 * Memory does not grow with the number of events: one page of each, 24 bytes a dead letter, 64 bytes a partition. The
 * scratch store needs disk space for the states.
 */
#ifndef LF_SERVER_VERIFY_H
#define LF_SERVER_VERIFY_H

#include "codec/codec.h"
#include "log/log.h"
#include "server/progress.h"
#include "store/store.h"

/*
 * One violation. kind is one of
 *   missing               a record below the position is neither stored nor a dead letter
 *   both                  a record is stored and is a dead letter as well
 *   differs               the stored event is not the one in the log
 *   misplaced             the event has the place of a later repetition, not of its first record
 *   not_in_log            an event or a dead letter of a place where the log has no record
 *   letter_differs        a dead letter is not the record byte for byte
 *   position              the group's position is outside the log
 *   order                 events of a partition were not stored in the log's order
 *   unfoldable            a stored event cannot be applied to its entity
 *   state_differs         an entity is not the fold of its events
 *   state_missing         events say that an entity exists, but it has no row
 *   state_without_events  an entity has a row, but no events say that it exists
 */
struct lf_finding {
    const char *kind;
    struct lf_place place;       /* partition -1: no place */
    struct lf_bytes event_id;    /* ptr NULL: none, or unknown */
    struct lf_bytes entity_type; /* ptr NULL: none */
    struct lf_bytes entity_key;
    struct lf_bytes expected; /* for people; values as JSON, cut at some length */
    struct lf_bytes seen;
};

struct lf_verify_options {
    const struct lf_model *model;
    struct lf_log *log;     /* read only is enough */
    struct lf_store *store; /* read only is enough */
    struct lf_codec_options codec;
    const struct lf_bytes *topics;
    size_t topic_count;
    const char *group;
    bool unknown_skipped;    /* consumers skip events of types that the schema lacks */
    const char *scratch_url; /* of an empty store for the folded states; the caller removes it */
    /* Each violation; texts are valid during the call. */
    void (*found)(void *ctx, const struct lf_finding *finding);
    void *ctx;
    struct lf_progress progress;
};

struct lf_verify_result {
    int64_t violations;
    int64_t partitions; /* with a position */
    int64_t unread;     /* partitions that have records and no position: nothing of them is checked */
    int64_t records;    /* of the log, below the positions */
    int64_t stored;     /* of them: in event_store */
    int64_t repeated;   /* of them: repeat an event that is stored */
    int64_t dead;       /* of them: dead letters */
    int64_t skipped;    /* of them: of unknown types, skipped by policy */
    int64_t gone;       /* events and dead letters older than what the log has kept: checked by their fold only */
    int64_t beyond;     /* events and dead letters at or above the position: checked by their fold only */
    int64_t elsewhere;  /* events and dead letters of topics or partitions that were not read */
    int64_t events;     /* of the store, all */
    int64_t unbound;    /* of them: of types or entities that the schema, or the store at that time, did not know */
    int64_t entities;   /* states that were compared */
    int64_t unsettled;  /* of them: changed faster than they could be looked at; neither right nor wrong */
};

/* Runs the whole check. LF_OK whether or not something was found. Failures: of log or store (a log that is away
 * for a minute, a store that is away), LF_CLOSED (progress said stop), LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_verify(const struct lf_verify_options *options, struct lf_verify_result *ret,
                                      struct lf_err *err);

#endif
