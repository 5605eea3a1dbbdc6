/* Inside the rebuild: rebuild.c has the order of things, rebuild_mark.c how far it has come, rebuild_fold.c the fold,
 * rebuild_ahead.c what is read meanwhile, rebuild_log.c payloads from the log; rebuild_each.c is the way of stores that
 * switch states one by one. */
#ifndef LF_SERVER_REBUILD_INNER_H
#define LF_SERVER_REBUILD_INNER_H

#include "server/rebuild.h"
#include "server/verify_inner.h"

enum { LF_REBUILD_PAGE_BYTES = 4 * 1024 * 1024, LF_REBUILD_STATE_BYTES = 48 * 1024 * 1024 };

/* One entity being rebuilt. */
struct lf_rebuild_part {
    const struct lf_entity *entity;
    struct lf_bytes collection; /* of the second table */
    int64_t mark;               /* the new states cover the events up to this sequence */
    bool empty;                 /* the new table has no state yet: nothing to load */
    struct lf_map states;       /* key -> struct lf_rebuild_state, in memory */
};

struct lf_rebuild_state {
    struct lf_rebuild_part *part;
    struct lf_bytes key;
    struct lf_value value; /* LF_V_NULL: there is no such entity */
    struct lf_place place; /* of the last event applied */
    bool loaded, changed;
    bool touched; /* by the page in work: value lives in its arena */
};

struct lf_rebuild {
    struct lf_verify verify; /* first: for the comparison; its fold is this one's */
    struct lf_verify_options verify_options;
    struct lf_verify_result verified;
    const struct lf_rebuild_options *options;
    struct lf_rebuild_result *result;
    struct lf_arena arena; /* as long as this */
    struct lf_rebuild_part *parts;
    struct lf_rebuild_part **part_of; /* by the entity's index; NULL: not rebuilt */
    struct lf_store *store;           /* as everybody sees it */
    struct lf_model *shadow_model;    /* the model, with second tables for the parts */
    struct lf_store *shadow;          /* the same store with them */
    struct lf_store_session *writer;  /* of shadow */
    int64_t until;                    /* all parts cover the events up to this sequence at least */
    int64_t target;                   /* of the fold in work, for the progress */
    size_t state_bytes;               /* of states in memory */
    size_t page;                      /* events of the next page */
    struct lf_arena kept;             /* of the parts' states */
    int64_t flushed_ms;               /* when they were written last */
    struct lf_bytes kept_topic;       /* copied last */
    struct lf_arena page_arena;
    struct lf_walked *walked; /* the page in work */
    size_t walked_count;
    struct lf_rebuild_state **touched; /* of the page in work, in page_arena */
    size_t touched_count, touched_cap;
    bool alone;                     /* the writer's transaction is open, and stays so */
    struct lf_rebuild_ahead *ahead; /* NULL: nothing has been asked */
    struct lf_rebuild_each *each;   /* where states are switched one by one */
};

/* ---- rebuild.c ---- */

/* Something that may fail because the store is away or others are at it, tried again for a minute. Each failure is
 * followed by an abort of the writer's transaction. */
LF_NODISCARD enum lf_status lf_rebuild_try(struct lf_rebuild *rebuild,
                                           enum lf_status (*fn)(struct lf_rebuild *rebuild, struct lf_err *err),
                                           struct lf_err *err);

/* ---- rebuild_each.c ---- */

/* The whole rebuild, on a store that reviews its states one by one; store and writer are open. */
LF_NODISCARD enum lf_status lf_rebuild_each(struct lf_rebuild *rebuild, struct lf_err *err);

/* ---- rebuild_mark.c: within a transaction of session, but for read ---- */

enum lf_rebuild_stage { LF_REBUILD_NONE, LF_REBUILD_BEGUN };

/* How far the part has come: its mark; -1 where there is no rebuild, or one of another schema. */
LF_NODISCARD enum lf_status lf_rebuild_mark_read(const struct lf_rebuild *rebuild, struct lf_store_session *session,
                                                 struct lf_rebuild_part *part, struct lf_err *err);
/* Moves it to until. LF_FENCED: another rebuild did so meanwhile. */
LF_NODISCARD enum lf_status lf_rebuild_mark_move(const struct lf_rebuild *rebuild, struct lf_store_session *session,
                                                 const struct lf_rebuild_part *part, struct lf_err *err);
/* There is no rebuild, or one of this schema at its beginning. */
LF_NODISCARD enum lf_status lf_rebuild_mark_set(const struct lf_rebuild *rebuild, struct lf_store_session *session,
                                                const struct lf_rebuild_part *part, enum lf_rebuild_stage stage,
                                                struct lf_err *err);

/* ---- rebuild_fold.c ---- */

/*
 * Folds all events up to a sequence, below which none will come any more, and writes their states and marks: a
 * transaction now and then; or, where the writer is alone, within its transaction, which the caller commits. Updates
 * until. After a failure no states are in memory, and the marks may have to be read again.
 */
LF_NODISCARD enum lf_status lf_rebuild_fold(struct lf_rebuild *rebuild, int64_t last, struct lf_err *err);

/* ---- rebuild_ahead.c ---- */

/* Begins to read a page; it is taken before the next is asked for. No error: a page that was not read is not given. */
void lf_rebuild_ahead_ask(struct lf_rebuild *rebuild, const struct lf_walk *walk);
/* Puts the page that was asked for in walked, until the next is taken, and its size in memory in *ret_bytes. False:
 * none was asked for, or it could not be read. */
bool lf_rebuild_ahead_take(struct lf_rebuild *rebuild, size_t *ret_bytes);
/* Waits for what is being read, and forgets it. */
void lf_rebuild_ahead_end(struct lf_rebuild *rebuild);

/* ---- rebuild_log.c ---- */

/* Puts the log's payloads in the place of the store's in the page in work, where the log still has the records.
 * LF_CORRUPT: a record is not the event that the store has from its place. Others: of the log. */
LF_NODISCARD enum lf_status lf_rebuild_log_page(struct lf_rebuild *rebuild, struct lf_err *err);

#endif
