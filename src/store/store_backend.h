/*
 * For implementers of a store back end. store.c checks the contract of store.h once for all of them (order of calls,
 * limits, arguments), keeps the list, and dispatches. `struct lf_store` and `struct lf_store_session` are first members
 * of the back end's own structs.
 */
#ifndef LF_STORE_STORE_BACKEND_H
#define LF_STORE_STORE_BACKEND_H

#include "store/store.h"

struct lf_store_ops {
    const char *name;   /* "sqlite" */
    const char *scheme; /* the URL starts with it: "sqlite:" */
    enum lf_status (*open)(const struct lf_store_options *options, const char *rest, struct lf_store **ret,
                           struct lf_err *err);
    void (*close)(struct lf_store *store);
    enum lf_status (*health)(struct lf_store *store, struct lf_err *err);
    enum lf_status (*session_open)(struct lf_store *store, bool writer, struct lf_store_session **ret,
                                   struct lf_err *err);
    void (*session_close)(struct lf_store_session *session);

    enum lf_status (*begin)(struct lf_store_session *session, struct lf_err *err);
    enum lf_status (*append)(struct lf_store_session *session, const struct lf_event *const *events, size_t count,
                             enum lf_append_outcome *ret_outcomes, struct lf_err *err);
    enum lf_status (*load)(struct lf_store_session *session, const struct lf_entity *entity,
                           const struct lf_bytes *keys, size_t count, struct lf_arena *arena,
                           struct lf_value *ret_states, struct lf_err *err);
    enum lf_status (*save)(struct lf_store_session *session, const struct lf_entity *entity,
                           const struct lf_state_change *changes, size_t count, struct lf_err *err);
    enum lf_status (*bury)(struct lf_store_session *session, const struct lf_dead_letter *letters, size_t count,
                           struct lf_err *err);
    enum lf_status (*advance)(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic,
                              int32_t partition, int64_t expected, int64_t next, struct lf_err *err);
    enum lf_status (*set_aside)(struct lf_store_session *session, struct lf_bytes topic, int32_t partition,
                                int64_t from, struct lf_bytes name, struct lf_err *err); /* NULL: cannot */
    enum lf_status (*commit)(struct lf_store_session *session, struct lf_err *err);
    void (*abort)(struct lf_store_session *session);

    /* states computed anew: all four or none; NULL is answered with LF_UNSUPPORTED */
    enum lf_status (*begin_alone)(struct lf_store_session *session, int64_t *ret_last, struct lf_err *err);
    enum lf_status (*swap)(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes collection,
                           struct lf_err *err);
    enum lf_status (*drop)(struct lf_store_session *session, struct lf_bytes collection, struct lf_err *err);
    enum lf_status (*walk)(struct lf_store_session *session, const struct lf_walk *walk, struct lf_arena *arena,
                           struct lf_walked **ret, size_t *ret_count, struct lf_err *err);

    /* … or these, one by one; all or none */
    enum lf_status (*review)(struct lf_store_session *session, const struct lf_review *review, struct lf_reviewed *ret,
                             struct lf_err *err);
    enum lf_status (*review_settle)(struct lf_store_session *session, struct lf_err *err);
    enum lf_status (*review_read)(struct lf_store_session *session, const struct lf_entity *entity,
                                  struct lf_arena *arena, struct lf_review_note *ret, struct lf_err *err);
    enum lf_status (*review_note)(struct lf_store_session *session, const struct lf_entity *entity,
                                  const struct lf_review_note *note, struct lf_err *err);

    enum lf_status (*position)(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic,
                               int32_t partition, int64_t *ret_next, struct lf_err *err);
    enum lf_status (*get)(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes key,
                          struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);
    enum lf_status (*event)(struct lf_store_session *session, struct lf_bytes id, struct lf_arena *arena,
                            struct lf_stored_event *ret, struct lf_err *err);
    enum lf_status (*list)(struct lf_store_session *session, const struct lf_list_query *query, struct lf_arena *arena,
                           struct lf_list_result *ret, struct lf_err *err);
    enum lf_status (*dead_letters)(struct lf_store_session *session, const struct lf_letter_query *query,
                                   struct lf_arena *arena, struct lf_dead_letter **ret, size_t *ret_count,
                                   struct lf_err *err);
};

struct lf_store {
    const struct lf_store_ops *ops;
    const struct lf_model *model;
    bool read_only;
    bool stepwise; /* set by the back end: a commit is several writes, which a crash may come between */
};
struct lf_store_session {
    struct lf_store *store;
    bool writer;
    bool in_tx;  /* kept by store.c */
    bool failed; /* kept by store.c: only abort is left */
};

extern const struct lf_store_ops lf_store_memory;
extern const struct lf_store_ops lf_store_mongodb;
extern const struct lf_store_ops lf_store_postgres;
extern const struct lf_store_ops lf_store_sqlite;

#endif
