/* Inside the memory back end: memory.c opens and commits; memory_write.c, memory_read.c, memory_list.c and
 * memory_anew.c do the rest. */
#ifndef LF_STORE_MEMORY_H
#define LF_STORE_MEMORY_H

#include "base/map.h"
#include "store/row.h"
#include "store/store_backend.h"

#include <pthread.h>

/* Everything of one row lives in its arena; rows never change once made. */
struct memory_event {
    struct lf_arena arena;
    struct lf_bytes place; /* as a key of by_place */
    struct lf_stored_event stored;
};
struct memory_letter {
    struct lf_arena arena;
    struct lf_bytes place;
    struct lf_dead_letter letter;
};
struct memory_state {
    struct lf_arena arena;
    struct lf_value value;
};

/* What is written in a transaction stands beside what is committed until commit or abort decides. */
struct memory_entity { /* one key */
    char *key;
    size_t key_len;
    size_t table;                   /* index of the entity */
    struct memory_state *committed; /* NULL: none */
    struct memory_state *pending;   /* NULL: deleted */
    bool touched;                   /* in the open transaction */
};
struct memory_position {
    char *name; /* group, topic and partition */
    size_t name_len;
    int64_t committed; /* -1: none */
    int64_t pending;
    bool touched;
};

struct memory_store {
    struct lf_store base;
    pthread_mutex_t lock;        /* around every call */
    struct lf_store_session *tx; /* whose transaction is open */

    struct memory_event **events; /* in order of storing */
    size_t event_count, event_cap;
    size_t event_committed; /* the first so many are */
    struct lf_map by_id;    /* struct memory_event */
    struct lf_map by_place;

    struct memory_letter **letters;
    size_t letter_count, letter_cap;
    size_t letter_committed;
    int64_t last_letter_id;
    struct lf_map letter_by_place;

    struct lf_map *tables;          /* one an entity of the model: key -> struct memory_entity */
    struct lf_map positions;        /* struct memory_position */
    struct memory_entity **touched; /* by the open transaction */
    size_t touched_count, touched_cap;
    size_t swap_a, swap_b; /* tables to change places with the commit; the same: none */
};

/* Does this session see what the open transaction has written? */
static inline bool
lf_memory_sees_pending(const struct memory_store *store, const struct lf_store_session *session)
{
    return store->tx == session;
}
/* The state that a session sees for a key; NULL: none. */
static inline const struct memory_state *
lf_memory_state(const struct memory_store *store, const struct lf_store_session *session,
                const struct memory_entity *row)
{
    return row->touched && lf_memory_sees_pending(store, session) ? row->pending : row->committed;
}

static inline struct memory_store *
lf_memory_store(const struct lf_store_session *session)
{
    return (struct memory_store *)session->store;
}

/* ---- memory_row.c ---- */

void lf_memory_free_event(struct memory_event *event);
void lf_memory_free_letter(struct memory_letter *letter);
void lf_memory_free_state(struct memory_state *state);
void lf_memory_free_entity(struct memory_entity *row);
/* Deep copies into arena. The event's headers are those of stored->headers only. */
LF_NODISCARD enum lf_status lf_memory_copy_event(const struct lf_stored_event *from, const struct lf_model *model,
                                                 struct lf_arena *arena, struct lf_stored_event *ret,
                                                 struct lf_err *err);
LF_NODISCARD bool lf_memory_copy_letter(const struct lf_dead_letter *from, struct lf_arena *arena,
                                        struct lf_dead_letter *ret);
/* A position's key in the map, in arena. ptr NULL: out of memory. */
struct lf_bytes lf_memory_position_key(struct lf_arena *arena, struct lf_bytes group, struct lf_bytes topic,
                                       int32_t partition);

/* ---- memory_write.c, memory_anew.c; under lock ---- */

/* Deletes a state with the commit. LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_memory_delete(struct memory_store *store, struct memory_entity *row, struct lf_err *err);
/* The end of a transaction. Needs no memory. */
void lf_memory_settle_swap(struct memory_store *store, bool commit);

/* ---- slots of store_backend.h; each takes the lock ---- */

enum lf_status lf_memory_append(struct lf_store_session *session, const struct lf_event *const *events, size_t count,
                                enum lf_append_outcome *ret_outcomes, struct lf_err *err);
enum lf_status lf_memory_save(struct lf_store_session *session, const struct lf_entity *entity,
                              const struct lf_state_change *changes, size_t count, struct lf_err *err);
enum lf_status lf_memory_bury(struct lf_store_session *session, const struct lf_dead_letter *letters, size_t count,
                              struct lf_err *err);
enum lf_status lf_memory_advance(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic,
                                 int32_t partition, int64_t expected, int64_t next, struct lf_err *err);
enum lf_status lf_memory_swap(struct lf_store_session *session, const struct lf_entity *entity,
                              struct lf_bytes collection, struct lf_err *err);
enum lf_status lf_memory_drop(struct lf_store_session *session, struct lf_bytes collection, struct lf_err *err);
enum lf_status lf_memory_walk(struct lf_store_session *session, const struct lf_walk *walk, struct lf_arena *arena,
                              struct lf_walked **ret, size_t *ret_count, struct lf_err *err);
enum lf_status lf_memory_load(struct lf_store_session *session, const struct lf_entity *entity,
                              const struct lf_bytes *keys, size_t count, struct lf_arena *arena,
                              struct lf_value *ret_states, struct lf_err *err);
enum lf_status lf_memory_get(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes key,
                             struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);
enum lf_status lf_memory_event(struct lf_store_session *session, struct lf_bytes id, struct lf_arena *arena,
                               struct lf_stored_event *ret, struct lf_err *err);
enum lf_status lf_memory_dead_letters(struct lf_store_session *session, const struct lf_letter_query *query,
                                      struct lf_arena *arena, struct lf_dead_letter **ret, size_t *ret_count,
                                      struct lf_err *err);
enum lf_status lf_memory_position(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic,
                                  int32_t partition, int64_t *ret_next, struct lf_err *err);
enum lf_status lf_memory_list(struct lf_store_session *session, const struct lf_list_query *query,
                              struct lf_arena *arena, struct lf_list_result *ret, struct lf_err *err);

#endif
