/*
 * The entity states that a batch touches: each loaded once, folded in memory as often as need be, saved once. One
 * transaction long.
 */
#ifndef LF_CONSUMER_STATES_H
#define LF_CONSUMER_STATES_H

#include "base/map.h"
#include "store/store.h"

struct lf_state {
    struct lf_bytes key;
    struct lf_value value; /* LF_V_NULL: there is no such entity */
    struct lf_place place; /* of the last event applied */
    bool existed;          /* in the store, when it was loaded */
    bool changed;
};

struct lf_states_of { /* one entity */
    const struct lf_entity *entity;
    struct lf_map map; /* key -> struct lf_state, in order of first use */
};

struct lf_states {
    struct lf_states_of *of; /* one an entity of the model */
    size_t count;
};

LF_NODISCARD enum lf_status lf_states_init(struct lf_states *states, const struct lf_model *model, struct lf_err *err);
void lf_states_release(struct lf_states *states);
/* Forgets everything: before the arena of the keys and values is reset, and before each transaction. */
void lf_states_clear(struct lf_states *states);

/* The state of an entity, to be loaded. The key is borrowed, the state lives in arena. NULL: out of memory. */
struct lf_state *lf_states_want(struct lf_states *states, const struct lf_entity *entity, struct lf_bytes key,
                                struct lf_arena *arena);
/* Loads what is wanted, inside the session's transaction. */
LF_NODISCARD enum lf_status lf_states_load(struct lf_states *states, struct lf_store_session *session,
                                           struct lf_arena *arena, struct lf_err *err);
/* Saves what has changed. */
LF_NODISCARD enum lf_status lf_states_save(struct lf_states *states, struct lf_store_session *session,
                                           struct lf_arena *arena, struct lf_err *err);

#endif
