/*
 * State computed again from the stored events, while gateways serve the old one and consumers go on.
 *
 * 1. Fold: the events, in the order of storing, into a second set of tables. How far that is stands in the store
 *    itself, in the same transaction as the states: a rebuild that was broken off goes on where it was.
 * 2. Compare: each entity of the old tables beside the new ones, as verify.h does it. Differences are told and counted.
 * 3. Switch: in one transaction that no consumer's overlaps (store.h: lf_store_begin_alone()) the events stored
 *    meanwhile are folded and the tables change places. At its commit each state is the fold of all stored events.
 *    Consumers wait for that transaction only; it is begun when few events are left to fold.
 *
 * A store whose states say which events are in them (MongoDB) has no second tables: each entity is computed again,
 * compared and, where it differs, replaced by itself, and nobody waits.
 *
 * Memory does not grow with the number of events or entities: a page of events, and states up to a limit, which are
 * written when it is reached.
 */
#ifndef LF_SERVER_REBUILD_H
#define LF_SERVER_REBUILD_H

#include "log/log.h"
#include "server/progress.h"
#include "server/verify.h"

struct lf_rebuild_options {
    const struct lf_model *model;
    const char *store_url;
    int64_t schema_digest;                   /* not negative; of another schema: what was broken off begins anew */
    const struct lf_entity *const *entities; /* of the model; distinct */
    size_t entity_count;
    struct lf_log *log;            /* payloads are read from it, where it still has them; NULL: from the store */
    struct lf_codec_options codec; /* with a log */
    bool dry_run;                  /* compares, and switches nothing */
    size_t state_bytes;            /* of states in memory; 0: 48 MiB */
    int64_t few;                   /* so many events may be left for the switch; 0: 5,000 */
    /* Each difference, as a finding of verify.h: state_differs, state_missing, state_without_events, where expected is
     * the new state; and unfoldable. Texts are valid during the call. */
    void (*found)(void *ctx, const struct lf_finding *finding);
    void *ctx;
    struct lf_progress progress; /* what: "fold", "states", "switch" … */
};

struct lf_rebuild_result {
    bool resumed;         /* the fold went on where an earlier one was broken off */
    bool switched;        /* the new states are in force */
    int64_t events;       /* folded, in this run */
    int64_t unbound;      /* of an entity or type that the schema knows only now, or no more: not folded */
    int64_t unfoldable;   /* cannot be applied: then nothing is switched */
    int64_t entities;     /* states of the old tables that were compared */
    int64_t differences;  /* entities whose old state was not the new one */
    int64_t unsettled;    /* changed faster than they could be looked at: neither same nor different */
    int64_t from_log;     /* events whose payload the log had */
    int64_t alone_events; /* folded in the switch's transaction */
    int64_t alone_us;     /* how long that took: consumers waited as long at most */
};

/*
 * Runs a whole rebuild. Failures: LF_FENCED (another rebuild of one of the entities is at work), LF_CONFLICT (people
 * have made something on a table, which would be lost; err names it), LF_UNSUPPORTED (the store cannot, or not from the
 * log), LF_INVALID (an event cannot be applied: *ret says how many; nothing was switched, or one by one not their
 * entities), LF_CLOSED (progress said stop), LF_UNAVAILABLE (the store is away, or did not let this be alone, for a
 * minute), LF_TIMEOUT (one by one: consumers change states faster than they can be read, or write over what was put
 * right, where the server lets them: they are to be stopped). After LF_CLOSED, LF_UNAVAILABLE or a crash: call again to
 * go on. *ret is filled in after a failure too.
 */
LF_NODISCARD enum lf_status lf_rebuild(const struct lf_rebuild_options *options, struct lf_rebuild_result *ret,
                                       struct lf_err *err);

#endif
