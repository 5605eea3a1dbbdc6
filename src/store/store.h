/*
 * Where events and states rest: event store, entity state, positions, dead letters. One interface, several back ends
 * (store_backend.h), chosen by URL: sqlite:FILE, postgresql://, mongodb://, memory:.
 *
 * A store may be shared between threads; a session belongs to one thread at a time. Only consumers write.
 */
#ifndef LF_STORE_STORE_H
#define LF_STORE_STORE_H

#include "base/buf.h"
#include "event/event.h"
#include "store/list.h"

struct lf_store;
struct lf_store_session;

struct lf_store_options {
    const char *url;
    const struct lf_model *model; /* outlives the store */
    bool read_only;               /* creates and changes no table; LF_NOT_FOUND when they are missing */
};

/*
 * Opens a store; creates missing tables and adds missing columns from the model. LF_CONFLICT when a change would lose
 * data (a column's type differs, a non-null column without a default must be added to a table that has rows …): the
 * text gives the statement to run. LF_INVALID (URL, names that cannot be tables), LF_BUSY, LF_DENIED, LF_IO,
 * LF_CORRUPT, LF_UNAVAILABLE, LF_NOT_FOUND (the folder), LF_UNSUPPORTED (made by another version, or by another
 * application).
 */
LF_NODISCARD enum lf_status lf_store_open(const struct lf_store_options *options, struct lf_store **ret,
                                          struct lf_err *err);
/* Appends a URL as messages may show it: passwords are replaced. */
void lf_store_url_show(struct lf_buf *out, const char *url);
void lf_store_close(struct lf_store *store); /* NULL is fine; sessions must be closed */
const char *lf_store_backend_name(const struct lf_store *store);
/* Is a commit one step? If not, a crash may come between its writes, which are completed when the batch is read again;
 * readers may see the first of them. Known once it was opened for writing. */
bool lf_store_has_transactions(const struct lf_store *store);
/* Can it be reached and written? A cheap round trip on a connection of its own; for health. May block shortly. */
LF_NODISCARD enum lf_status lf_store_health(struct lf_store *store, struct lf_err *err);

/* A session for writing (the consumer's thread) or for reading only. Wherever a session is given an entity, its own
 * model's entity of the same index is meant: it may be one of a copy of the model whose entities differ in their
 * collections only. */
LF_NODISCARD enum lf_status lf_store_session_open(struct lf_store *store, bool writer, struct lf_store_session **ret,
                                                  struct lf_err *err);
void lf_store_session_close(struct lf_store_session *session); /* aborts an open transaction */

/* ---- writing: begin, any of the following in this order of use, commit or abort ---- */
/*
 * Where a store gathers what is written until commit, lists and dead letters show it from then on only.
 *
 * After any failure the transaction can only be aborted (LF_NOT_FOUND, LF_USAGE, a call out of order, and a list's
 * wrong question are none). LF_FENCED is one: a batch that has lost its partition is rolled back whole. LF_UNAVAILABLE
 * and LF_TIMEOUT: nothing has been written, or (after commit) perhaps everything, or a part of it where commits are not
 * one step: begin anew from the positions read again. LF_AGAIN: something that was read does not hold any more; the
 * same once more, at once, finds it as it is now.
 */
LF_NODISCARD enum lf_status lf_store_begin(struct lf_store_session *session, struct lf_err *err);

enum lf_append_outcome {
    LF_APPENDED,
    LF_APPEND_DUPLICATE, /* the same event is there already: same id, type and payload (as data), or the same place */
    LF_APPEND_CONFLICT,  /* the id is there with another type or payload */
    LF_APPEND_BURIED, /* its place is in the dead letters, by a commit that was cut short: nothing is left to be done.
                          * Only of stores whose commits can be */
};
/* Adds events (ids distinct within one transaction; entity_key set where they have an entity) to event_store.
 * ret_outcomes has one entry an event. The transaction goes on after duplicates and conflicts. */
LF_NODISCARD enum lf_status lf_store_append(struct lf_store_session *session, const struct lf_event *const *events,
                                            size_t count, enum lf_append_outcome *ret_outcomes, struct lf_err *err);

/* States of entities by key text, as of this transaction (or of now, without one); LF_V_NULL where there is none.
 * Values in arena. Keys distinct. A state comes back as an object with a member for every field, in the field's own
 * form: text as LF_V_STRING, Int and BigInt as LF_V_INT, Float as LF_V_FLOAT. */
LF_NODISCARD enum lf_status lf_store_load(struct lf_store_session *session, const struct lf_entity *entity,
                                          const struct lf_bytes *keys, size_t count, struct lf_arena *arena,
                                          struct lf_value *ret_states, struct lf_err *err);

struct lf_state_change {
    struct lf_bytes key;
    struct lf_value state; /* LF_V_OBJECT with a member a field; LF_V_NULL deletes */
    struct lf_place place; /* of the last event applied; for stores whose transactions do not span rows */
    bool existed;          /* loaded in this transaction, and was there */
};
/* Keys distinct. LF_AGAIN: another transaction has changed or deleted what this one has loaded. LF_INVALID, LF_LIMIT,
 * LF_CONFLICT: the store refuses one of the states for good. */
LF_NODISCARD enum lf_status lf_store_save(struct lf_store_session *session, const struct lf_entity *entity,
                                          const struct lf_state_change *changes, size_t count, struct lf_err *err);

struct lf_dead_letter {
    int64_t id; /* given by the store, ascending */
    struct lf_place place;
    struct lf_bytes event_id;   /* ptr NULL: could not be read */
    struct lf_bytes event_type; /* ptr NULL: could not be read */
    struct lf_bytes key;        /* as in the record; ptr NULL: null */
    struct lf_bytes value;      /* byte for byte; ptr NULL: null */
    const struct lf_header *headers;
    size_t header_count;
    struct lf_bytes stage;  /* "decode", "validate", "deduplicate", "apply" */
    struct lf_bytes code;   /* "EVENT_INVALID", "NOT_AN_EVENT", "UNKNOWN_SCHEMA", "EVENT_CONFLICT" … */
    struct lf_bytes reason; /* a sentence for people */
    int64_t record_time_ms;
    int64_t dead_at_us;
};
/* Adds dead letters; one that is there already (same place) is left alone. */
LF_NODISCARD enum lf_status lf_store_bury(struct lf_store_session *session, const struct lf_dead_letter *letters,
                                          size_t count, struct lf_err *err);

/* Moves the group's position in a partition from expected (LF_OFFSET_NONE's value -1: no row yet) to next.
 * LF_FENCED when it is not what was expected: another consumer has it; abort. */
LF_NODISCARD enum lf_status lf_store_advance(struct lf_store_session *session, struct lf_bytes group,
                                             struct lf_bytes topic, int32_t partition, int64_t expected, int64_t next,
                                             struct lf_err *err);
/* Frees the places of a partition from an offset on, for a log that gives them out again: events and dead letters
 * stored from there keep everything but their topic, which becomes another name. In a transaction that moves the
 * position of that partition, by lf_store_advance(), and does nothing else. Where that is not one step, the
 * position moves first, and whoever reads it for writing finishes what was cut short. A back end that cannot:
 * LF_UNSUPPORTED. */
LF_NODISCARD enum lf_status lf_store_set_aside(struct lf_store_session *session, struct lf_bytes topic,
                                               int32_t partition, int64_t from, struct lf_bytes name,
                                               struct lf_err *err);
LF_NODISCARD enum lf_status lf_store_commit(struct lf_store_session *session, struct lf_err *err);
void lf_store_abort(struct lf_store_session *session); /* without a transaction: nothing */

/* ---- states computed anew, beside the consumers (a back end that cannot: LF_UNSUPPORTED) ---- */

/*
 * Begins a transaction that no other session's overlaps: those that were open have ended, others wait (or fail with
 * LF_UNAVAILABLE, as this one does after a short time) until it ends; readers go on. *ret_last is the sequence of the
 * event that was stored last, 0 where there is none: of the events up to it all are there, and no other will come among
 * them. Where several consumers write, nothing but this can tell: sequences are given before the commit.
 */
LF_NODISCARD enum lf_status lf_store_begin_alone(struct lf_store_session *session, int64_t *ret_last,
                                                 struct lf_err *err);

/* Within a transaction, before positions are moved: the entity's states become those of the collection, and the
 * collection's (of the same fields) the entity's. Takes effect with the commit; until then neither may be touched.
 * LF_NOT_FOUND: there is no such collection. LF_CONFLICT: people have made something that hangs on a table; err names
 * it. */
LF_NODISCARD enum lf_status lf_store_swap(struct lf_store_session *session, const struct lf_entity *entity,
                                          struct lf_bytes collection, struct lf_err *err);
/* Within a transaction: removes a collection's states, with the commit; there may be none. */
LF_NODISCARD enum lf_status lf_store_drop(struct lf_store_session *session, struct lf_bytes collection,
                                          struct lf_err *err);

/* ---- states computed anew one by one, where each state says which events are in it: lf_store_reviews() ---- */

/* Does the store do this, in place of the calls above? */
bool lf_store_reviews(const struct lf_store *store);

struct lf_review {
    const struct lf_entity *entity;
    struct lf_bytes after;  /* entities with keys behind this one; ptr NULL: from the first */
    size_t max;             /* about so many entities; at least 1 */
    struct lf_arena *arena; /* what is handed over is read into it; it may be reset within a call that has used it up */
    void *ctx;
    /* One of the events that an entity's state must have in it, in the order of application, up to the next call of
     * state. */
    enum lf_status (*fold)(void *ctx, const struct lf_stored_event *stored, struct lf_err *err);
    /* The entity's state after them, which may be LF_V_NULL; *ret_known, true before, false: nothing is known of it. */
    enum lf_status (*state)(void *ctx, struct lf_value *ret, bool *ret_known, struct lf_err *err);
    /* The state that is there is another one (LF_V_NULL: none), and will be replaced by the commit. */
    enum lf_status (*differs)(void *ctx, struct lf_bytes key, const struct lf_value *expected,
                              const struct lf_value *seen, struct lf_err *err);
};
struct lf_reviewed {
    int64_t entities;     /* that are there */
    int64_t differences;  /* to be written */
    struct lf_bytes last; /* key of the last entity, valid until the transaction ends; ptr NULL: there was none */
    bool more;            /* there may be others behind it */
    bool two_steps; /* the server's updates are: a consumer may write over what is written, or the other way round; once
                     * consumers have settled, all is to be reviewed again, until nothing differs */
};
/*
 * Within a transaction that has written nothing: goes through entities in the order of their keys, with and without
 * states. Events that consumers have not passed yet are left to them, so that a difference is one whatever they do
 * meanwhile. Commit writes those that differ; LF_AGAIN: a consumer was faster with one of them. Failures of the
 * callbacks are handed on.
 */
LF_NODISCARD enum lf_status lf_store_review(struct lf_store_session *session, const struct lf_review *review,
                                            struct lf_reviewed *ret, struct lf_err *err);

/* Waits until no commit is at work any more that was so when this was called; for some seconds at most, as a consumer
 * may have been killed there. Outside of transactions. */
LF_NODISCARD enum lf_status lf_store_review_settle(struct lf_store_session *session, struct lf_err *err);

/* How far somebody has come with it. */
struct lf_review_note {
    struct lf_bytes after; /* ptr NULL: nobody has begun */
    int64_t digest;        /* of what it was begun with */
    int64_t events, differences;
    int64_t total; /* events in the store, about; -1: not known. Read only */
};
/* The text is in arena. */
LF_NODISCARD enum lf_status lf_store_review_read(struct lf_store_session *session, const struct lf_entity *entity,
                                                 struct lf_arena *arena, struct lf_review_note *ret,
                                                 struct lf_err *err);
/* Outside of transactions, at once. note NULL: removes it. */
LF_NODISCARD enum lf_status lf_store_review_note(struct lf_store_session *session, const struct lf_entity *entity,
                                                 const struct lf_review_note *note, struct lf_err *err);

/* ---- reading (inside a transaction or not) ---- */

/* The group's position in one partition: -1 if there is none. */
LF_NODISCARD enum lf_status lf_store_position(struct lf_store_session *session, struct lf_bytes group,
                                              struct lf_bytes topic, int32_t partition, int64_t *ret_next,
                                              struct lf_err *err);

/* One entity as it is; LF_NOT_FOUND. */
LF_NODISCARD enum lf_status lf_store_get(struct lf_store_session *session, const struct lf_entity *entity,
                                         struct lf_bytes key, struct lf_arena *arena, struct lf_value *ret,
                                         struct lf_err *err);

enum lf_event_status { LF_EVENT_UNKNOWN, LF_EVENT_LOGGED, LF_EVENT_STORED, LF_EVENT_DEAD_LETTERED };
struct lf_stored_event {
    enum lf_event_status status;  /* STORED or DEAD_LETTERED */
    struct lf_event event;        /* of a dead letter: what could be read; payload LF_V_NULL */
    struct lf_bytes entity_type;  /* ptr NULL: none */
    struct lf_value headers;      /* LF_V_OBJECT: name -> text or null; a list where the name repeats; {"base64": text}
                                   * where the value is not UTF-8 */
    int64_t stored_at_us;         /* or dead since */
    struct lf_dead_letter letter; /* DEAD_LETTERED */
};
/* By id, first in event_store, then in dead_letters; LF_NOT_FOUND. */
LF_NODISCARD enum lf_status lf_store_event(struct lf_store_session *session, struct lf_bytes id, struct lf_arena *arena,
                                           struct lf_stored_event *ret, struct lf_err *err);

/* Lists (list.h). Entities: ret->items are LF_V_OBJECT states. Events: ret->events, in log order of storing (the
 * store's own sequence) unless ordered otherwise. */
LF_NODISCARD enum lf_status lf_store_list(struct lf_store_session *session, const struct lf_list_query *query,
                                          struct lf_arena *arena, struct lf_list_result *ret, struct lf_err *err);

/* What a fold needs of the events that were stored as an entity's, in the order of storing. */
struct lf_walk {
    const struct lf_entity *entity; /* NULL: of any entity */
    int64_t after;                  /* sequence; 0: from the first */
    int64_t until;                  /* the last sequence that is wanted */
    size_t max;                     /* events; at most LF_WALK_MAX */
};
enum { LF_WALK_MAX = 10000 };
struct lf_walked {
    int64_t sequence;
    struct lf_bytes entity_type;
    struct lf_event event; /* id, type_name, type, payload, version, entity_key, place; the rest is empty */
};
LF_NODISCARD enum lf_status lf_store_walk(struct lf_store_session *session, const struct lf_walk *walk,
                                          struct lf_arena *arena, struct lf_walked **ret, size_t *ret_count,
                                          struct lf_err *err);

/* Which dead letters; what is set must hold together. */
struct lf_letter_query {
    int64_t after; /* those behind this id, in the order that is asked for; 0: from the first */
    bool newest;   /* descending ids */
    size_t max;    /* at most LF_PAGE_MAX */
    struct lf_bytes event_id, event_type, code; /* ptr NULL: any */
    struct lf_place place;                      /* topic.ptr NULL: any */
};
/* Dead letters, by ascending id unless asked otherwise. By place and by event_id they are found by an index. */
LF_NODISCARD enum lf_status lf_store_dead_letters(struct lf_store_session *session, const struct lf_letter_query *query,
                                                  struct lf_arena *arena, struct lf_dead_letter **ret,
                                                  size_t *ret_count, struct lf_err *err);

#endif
