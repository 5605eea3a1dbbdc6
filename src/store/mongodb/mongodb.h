/*
 * Inside the MongoDB back end: libmongoc, a client a session, commands and documents written by bson.c. url.c reads the
 * URL, link.c connects and asks, error.c knows MongoDB's codes; value.c and key.c turn values into BSON and back;
 * schema.c makes collections and indexes and finds out whether there are transactions; event.c, letter.c and state.c
 * are documents and back, append.c decides what is new, number.c gives numbers, which counter.c counts, commit.c writes
 * with command.c and replace.c, aside.c frees places, filter.c and list.c are lists, review.c, settle.c and note.c
 * compute states anew, connect.c opens and closes.
 *
 * A transaction of store.h gathers what it will write, and writes all of it at commit: inside a transaction of MongoDB
 * where there are any, else document by document in an order that reading again completes. docs/store-mongodb.md has
 * the argument.
 */
#ifndef LF_STORE_MONGODB_MONGODB_H
#define LF_STORE_MONGODB_MONGODB_H

#include "base/buf.h"
#include "base/map.h"
#include "store/row.h"
#include "store/store_backend.h"

#include <mongoc/mongoc.h>
#include <pthread.h>

enum {
    LF_MONGO_FORMAT = 1,
    LF_MONGO_DOCUMENT_MAX = 16 * 1024 * 1024 - 64 * 1024, /* the server's limit, less what a command adds */
    LF_MONGO_COMMAND_BYTES = 8 * 1024 * 1024,             /* of documents in one command, or a single one */
    LF_MONGO_COMMAND_DOCUMENTS = 10000,
    /* in one command: FerretDB 1 never answers one with more than 100 updates, and an ordered insert that fails goes on
     * with the next hundred */
    LF_MONGO_TWO_STEPS_MAX = 64,
    LF_MONGO_BUFFER_MAX = 256 * 1024 * 1024, /* of one transaction's documents */
    LF_MONGO_SCRATCH_KEEP = 4 * 1024 * 1024,
    LF_MONGO_ANSWER_MS = 30000, /* socketTimeoutMS, unless the URL says otherwise */
    LF_MONGO_HEALTH_MS = 3000,
    LF_MONGO_NAME_MAX = 63,         /* bytes of a database's name */
    LF_MONGO_OPEN_S = 600,          /* a transaction that is older does not commit any more */
    LF_MONGO_SMOOTH_MIN = 8,        /* commits without a surprise, before events are no longer looked for */
    LF_MONGO_GONE_S = 24 * 60 * 60, /* for so long a deleted entity leaves its place behind, without transactions */
};

#define LF_MONGO_META "logfirst"
#define LF_MONGO_EVENTS "event_store"
#define LF_MONGO_LETTERS "dead_letters"
#define LF_MONGO_POSITIONS "log_positions"

/* ---- connections: url.c, link.c, error.c ---- */

/* Reads a mongodb:// or mongodb+srv:// URL with timeout_ms where it names none. The database is its path, or
 * "logfirst". LF_INVALID; errors never quote the URL. Free with mongoc_uri_destroy(). */
LF_NODISCARD enum lf_status lf_mongo_url_read(const char *url, int timeout_ms, mongoc_uri_t **ret, struct lf_err *err);
const char *lf_mongo_url_database(const mongoc_uri_t *uri);

/* A client that is made when needed, and made again when its server is gone. One thread at a time. */
struct lf_mongo_link {
    const mongoc_uri_t *uri;
    bool primary;                /* reads where it is written, whatever the URL says */
    mongoc_client_t *client;     /* NULL: none */
    mongoc_client_session_t *tx; /* the transaction in work; NULL: none */
};
LF_NODISCARD enum lf_status lf_mongo_link_up(struct lf_mongo_link *link, struct lf_err *err);
void lf_mongo_link_drop(struct lf_mongo_link *link);
static inline const char *
lf_mongo_database(const struct lf_mongo_link *link)
{
    return lf_mongo_url_database(link->uri);
}

/* What a write command has done. */
struct lf_mongo_done {
    int64_t n;      /* documents inserted, matched or deleted */
    bool duplicate; /* one was there already (11000): an ordered insert has stopped at it */
    int64_t next;   /* of a counter, after findAndModify */
};
/* Runs a command that writes (a whole BSON document) within the link's transaction, if there is one. A duplicate is no
 * failure. */
LF_NODISCARD enum lf_status lf_mongo_write(struct lf_mongo_link *link, struct lf_bytes command, const char *doing,
                                           struct lf_mongo_done *ret, struct lf_err *err);
/* Runs any other command; reply (NULL: not asked for) is to be destroyed after LF_OK only. */
LF_NODISCARD enum lf_status lf_mongo_command(struct lf_mongo_link *link, struct lf_bytes command, const char *doing,
                                             bson_t *reply, struct lf_err *err);

/* Documents of a find, each handed to row; the first failure ends it. opts: sort, limit, projection. */
typedef enum lf_status lf_mongo_row_fn(void *ctx, const bson_t *document, struct lf_err *err);
LF_NODISCARD enum lf_status lf_mongo_find(struct lf_mongo_link *link, const char *collection, struct lf_bytes filter,
                                          struct lf_bytes opts, const char *doing, lf_mongo_row_fn *row, void *ctx,
                                          struct lf_err *err);

enum lf_status lf_mongo_status_of_code(int32_t code);
/* A failure's status and words; the link is dropped where its connection is of no more use. */
enum lf_status lf_mongo_fail(struct lf_mongo_link *link, const bson_error_t *error, const bson_t *reply,
                             const char *doing, struct lf_err *err);

/* ---- BSON (bsonspec.org), written to a buffer whose failures are kept: bson.c ---- */

enum lf_bson_type {
    LF_BSON_DOUBLE = 0x01,
    LF_BSON_TEXT = 0x02,
    LF_BSON_DOCUMENT = 0x03,
    LF_BSON_ARRAY = 0x04,
    LF_BSON_BINARY = 0x05,
    LF_BSON_BOOL = 0x08,
    LF_BSON_DATE = 0x09,
    LF_BSON_NULL = 0x0a,
    LF_BSON_INT32 = 0x10,
    LF_BSON_INT64 = 0x12,
};
/* A document, or an array, begins: hand the result to lf_bson_end(). */
size_t lf_bson_begin(struct lf_buf *out);
size_t lf_bson_open(struct lf_buf *out, enum lf_bson_type type, struct lf_bytes key);
void lf_bson_end(struct lf_buf *out, size_t start);
/* A document that is written already. */
void lf_bson_embed(struct lf_buf *out, enum lf_bson_type type, struct lf_bytes key, struct lf_bytes document);
/* The key of an array's item. */
struct lf_bytes lf_bson_index(size_t index, char out[24]);
void lf_bson_text(struct lf_buf *out, struct lf_bytes key, struct lf_bytes text);   /* ptr NULL: null */
void lf_bson_bytes(struct lf_buf *out, struct lf_bytes key, struct lf_bytes bytes); /* as text where it is UTF-8 */
void lf_bson_int32(struct lf_buf *out, struct lf_bytes key, int32_t integer);
void lf_bson_int64(struct lf_buf *out, struct lf_bytes key, int64_t integer);
void lf_bson_double(struct lf_buf *out, struct lf_bytes key, double number);
void lf_bson_bool(struct lf_buf *out, struct lf_bytes key, bool yes);
void lf_bson_null(struct lf_buf *out, struct lf_bytes key);
void lf_bson_date(struct lf_buf *out, struct lf_bytes key, int64_t ms);
/* Where the eight bytes of the integer just written are, and writing others there. */
size_t lf_bson_last_int64(const struct lf_buf *out);
void lf_bson_patch_int64(struct lf_buf *out, size_t at, int64_t integer);

/* Reading, by path ("_lf.v"); absent and null alike give what stands for none. */
struct lf_bytes lf_bson_get_text(const bson_t *document, const char *path); /* text or bytes; ptr NULL */
int64_t lf_bson_get_int(const bson_t *document, const char *path, int64_t none);

/* ---- values: value.c, key.c ---- */

/* A member's name that every server takes as it is. */
bool lf_mongo_plain_name(struct lf_bytes name);
/* A value as BSON where that says the same, else as a string that holds its JSON text; as every string then is, so that
 * it can be told apart. to_the_digit: numbers must read back as they were written, not only as the same number. */
void lf_mongo_put_json(struct lf_buf *out, struct lf_bytes key, const struct lf_value *value, bool to_the_digit);
LF_NODISCARD enum lf_status lf_mongo_get_json(const bson_t *document, const char *key, struct lf_arena *arena,
                                              struct lf_value *ret, struct lf_err *err);

/* A normalized value of a field in the form that it has in documents. May share memory with value. */
LF_NODISCARD enum lf_status lf_mongo_field_form(const struct lf_field *field, const struct lf_value *value,
                                                struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);
void lf_mongo_put_field(struct lf_buf *out, struct lf_bytes key, const struct lf_field *field,
                        const struct lf_value *value);
/* Is the field compared by something else than itself, under _lf.key? */
bool lf_mongo_has_key(const struct lf_field *field);
/* What it is compared by, as text that is in order bytewise. ptr NULL: out of memory. */
struct lf_bytes lf_mongo_key_text(const struct lf_field *field, struct lf_bytes text, struct lf_arena *arena);

/* ---- the store ---- */

struct lf_mongo_store {
    struct lf_store base;
    mongoc_uri_t *uri;
    mongoc_uri_t *health_uri;
    bool transactions; /* of several documents */
    bool two_steps;    /* FerretDB 1: an update reads first and writes then, and finds documents quickly by _id alone */
    pthread_mutex_t lock;
    struct lf_mongo_link health; /* guarded by lock */
};

/* Whose database is it, and what does it lack? Makes collections and indexes; safe when several processes do it at
 * once. Sets transactions. */
LF_NODISCARD enum lf_status lf_mongo_prepare(struct lf_mongo_store *store, struct lf_mongo_link *link,
                                             const struct lf_model *model, bool read_only, struct lf_err *err);

/* ---- a session and what its transaction will write ---- */

struct lf_mongo_row { /* an event of the transaction that is stored, now or by a commit that was cut short */
    const struct lf_event *event; /* valid during append only */
    struct lf_bytes id;
    struct lf_place place;
    size_t at, len; /* its document in events; len 0: it is in the store */
    size_t sequence_at;
    int64_t sequence;          /* of one that is in the store */
    bool renumbered;           /* … its new one */
    struct lf_mongo_row *next; /* of the same entity; earlier */
};
struct lf_mongo_place { /* the last event of that partition which is in a state */
    struct lf_bytes topic;
    int32_t partition;
    int64_t offset;
};
struct lf_mongo_state { /* an entity that the transaction has looked at */
    struct lf_bytes key;
    bool loaded;
    bool saved;
    int64_t version;          /* of the document in the store; 0: there is none; negative: it has none */
    bool exists;              /* the entity, as this transaction has it */
    struct lf_bytes document; /* if it exists, or was saved */
    size_t version_at;        /* within document, if saved */
    bool confirmed;           /* version has been read again, just before writing */
    struct lf_mongo_place *places;
    size_t place_count;
    struct lf_mongo_row *rows; /* events of this transaction, latest first */
};
struct lf_mongo_position {
    struct lf_bytes id, group, topic;
    int32_t partition;
    int64_t expected, next;
};
struct lf_mongo_letter {
    struct lf_place place;
    struct lf_bytes event_id;
    size_t at, len, id_at; /* its document in letters */
};

struct lf_mongo_tx {
    struct lf_arena arena;
    int64_t since_ms;
    bool looked_up;                /* what append said is certain */
    bool reviewed;                 /* states that others may be writing at the same time: confirmed part by part */
    struct lf_buf events, letters; /* documents, one after the other */
    struct lf_mongo_row **rows;
    size_t row_count, row_cap, new_rows;
    struct lf_map *states; /* one an entity of the model: key -> struct lf_mongo_state */
    struct lf_mongo_letter *graves;
    size_t grave_count, grave_cap;
    struct lf_mongo_position *positions;
    size_t position_count, position_cap;
    struct lf_mongo_aside *aside; /* places to be freed; NULL: none */
};
struct lf_mongo_session {
    struct lf_store_session base;
    struct lf_mongo_store *store;
    struct lf_mongo_link link;
    struct lf_mongo_tx tx;
    struct lf_buf filter, opts, command; /* scratch of whoever asks */
    unsigned smooth;                     /* commits in a row in which nothing was there already */
    int64_t swept_ms;                    /* when deleted entities were last swept away; 0: not yet */
    int64_t turn;                        /* what tells its turns at counters from others'; 0: none so far */
    bool unfinished;                     /* places are to be freed before anything else is done */
};
static inline struct lf_mongo_session *
lf_mongo_session(struct lf_store_session *base)
{
    return (struct lf_mongo_session *)base;
}

/* Forgets all that was gathered. */
void lf_mongo_tx_clear(struct lf_mongo_session *session);
/* Finds documents by session->filter and session->opts. A connection that turns out to be gone is made anew, once. */
LF_NODISCARD enum lf_status lf_mongo_ask(struct lf_mongo_session *session, const char *collection, const char *doing,
                                         lf_mongo_row_fn *row, void *ctx, struct lf_err *err);
/* session->filter and session->opts: all there is. */
void lf_mongo_filter_all(struct lf_mongo_session *session);
/* Options: sorted by one field or two (second NULL), so many at most (0: all). */
void lf_mongo_put_order(struct lf_buf *out, const char *first, const char *second, size_t limit);
/* session->filter: {"field": {"$in": [texts]}} */
void lf_mongo_filter_texts(struct lf_mongo_session *session, struct lf_bytes field, const struct lf_bytes *texts,
                           size_t count);
/* Appends the places that lie in the ranges of these, as alternatives of $or from index on; the next index. */
size_t lf_mongo_filter_places(struct lf_buf *out, const struct lf_place *places, size_t count, size_t index,
                              struct lf_arena *arena);

/* ---- documents: event.c, letter.c, state.c ---- */

LF_NODISCARD enum lf_status lf_mongo_write_event(struct lf_buf *out, const struct lf_event *event,
                                                 size_t *ret_sequence_at, struct lf_err *err);
LF_NODISCARD enum lf_status lf_mongo_read_event(const bson_t *document, const struct lf_model *model,
                                                struct lf_arena *arena, struct lf_stored_event *ret,
                                                struct lf_err *err);
LF_NODISCARD enum lf_status lf_mongo_read_letter(const bson_t *document, struct lf_arena *arena,
                                                 struct lf_dead_letter *ret, struct lf_err *err);
/* One of the dead letters that the transaction will write. NULL: none. */
const struct lf_mongo_letter *lf_mongo_own_letter(const struct lf_mongo_tx *tx, struct lf_bytes event_id);
/* Which of these places are in the dead letters? */
LF_NODISCARD enum lf_status lf_mongo_buried(struct lf_mongo_session *session, const struct lf_place *places,
                                            size_t count, bool *ret_buried, struct lf_err *err);
bool lf_mongo_same_place(const struct lf_place *a, const struct lf_place *b);

LF_NODISCARD enum lf_status lf_mongo_read_state(const bson_t *document, const struct lf_entity *entity,
                                                struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);
/* The transaction's own idea of an entity, not loaded yet where it is new. NULL: out of memory. */
struct lf_mongo_state *lf_mongo_state_of(struct lf_mongo_session *session, const struct lf_entity *entity,
                                         struct lf_bytes key);
/* Loads all that the transaction has heard of and not loaded. */
LF_NODISCARD enum lf_status lf_mongo_load_states(struct lf_mongo_session *session, const struct lf_entity *entity,
                                                 struct lf_err *err);
/* Takes what the store has of an entity into the transaction's idea of it. */
LF_NODISCARD enum lf_status lf_mongo_take_state(struct lf_mongo_session *session, struct lf_mongo_state *state,
                                                const bson_t *document, struct lf_err *err);
/* Makes the document that the transaction will write. */
LF_NODISCARD enum lf_status lf_mongo_make_state(struct lf_mongo_session *session, const struct lf_entity *entity,
                                                const struct lf_state_change *change, struct lf_mongo_state *state,
                                                struct lf_err *err);
void lf_mongo_put_place(struct lf_buf *out, struct lf_bytes key, const struct lf_mongo_place *place);
/* Writes those that were saved, on condition that they are as they were loaded. LF_AGAIN: one is not. A review's others
 * are written all the same. */
LF_NODISCARD enum lf_status lf_mongo_write_states(struct lf_mongo_session *session, struct lf_err *err);
/* Has this state the event of that place in it? */
bool lf_mongo_covers(const struct lf_mongo_state *state, const struct lf_place *place);

/* From time to time: what deleted entities have left behind, if nobody can need it any more. */
LF_NODISCARD enum lf_status lf_mongo_sweep(struct lf_mongo_session *session, struct lf_err *err);

/* Takes count numbers from a counter, "sequence" or "letters"; the last of them. Not part of a transaction. */
LF_NODISCARD enum lf_status lf_mongo_reserve(struct lf_mongo_session *session, const char *counter, size_t count,
                                             int64_t *ret_last, struct lf_err *err);
/* Gives what the transaction will write its numbers: dead letters, states one that no other write has, and events
 * ascending ones within a partition. What a commit that was cut short has stored keeps its number unless that would be
 * too low: its inserts may have come in between another's. */
LF_NODISCARD enum lf_status lf_mongo_number(struct lf_mongo_session *session, struct lf_err *err);

/* The transaction's commit if it frees places. After a failure, some of it may have been done, and the rest will be. */
LF_NODISCARD enum lf_status lf_mongo_commit_aside(struct lf_mongo_session *session, struct lf_err *err);
/* Frees what a commit that was cut short was to free. Outside of a transaction, or within one that has done nothing. */
LF_NODISCARD enum lf_status lf_mongo_finish_asides(struct lf_mongo_session *session, struct lf_err *err);
/* Is this a position before which places are still to be freed? */
bool lf_mongo_has_aside(const bson_t *document);
void lf_mongo_put_position(struct lf_buf *out, const struct lf_mongo_position *position);

/* ---- the slots of store_backend.h ---- */

enum lf_status lf_mongo_begin(struct lf_store_session *session, struct lf_err *err);
enum lf_status lf_mongo_commit(struct lf_store_session *session, struct lf_err *err);
void lf_mongo_abort(struct lf_store_session *session);
enum lf_status lf_mongo_append(struct lf_store_session *session, const struct lf_event *const *events, size_t count,
                               enum lf_append_outcome *ret_outcomes, struct lf_err *err);
enum lf_status lf_mongo_bury(struct lf_store_session *session, const struct lf_dead_letter *letters, size_t count,
                             struct lf_err *err);
enum lf_status lf_mongo_load(struct lf_store_session *session, const struct lf_entity *entity,
                             const struct lf_bytes *keys, size_t count, struct lf_arena *arena,
                             struct lf_value *ret_states, struct lf_err *err);
enum lf_status lf_mongo_save(struct lf_store_session *session, const struct lf_entity *entity,
                             const struct lf_state_change *changes, size_t count, struct lf_err *err);
enum lf_status lf_mongo_advance(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic,
                                int32_t partition, int64_t expected, int64_t next, struct lf_err *err);
enum lf_status lf_mongo_set_aside(struct lf_store_session *session, struct lf_bytes topic, int32_t partition,
                                  int64_t from, struct lf_bytes name, struct lf_err *err);
enum lf_status lf_mongo_position(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic,
                                 int32_t partition, int64_t *ret_next, struct lf_err *err);
enum lf_status lf_mongo_get(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes key,
                            struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);
enum lf_status lf_mongo_event(struct lf_store_session *session, struct lf_bytes id, struct lf_arena *arena,
                              struct lf_stored_event *ret, struct lf_err *err);
enum lf_status lf_mongo_list(struct lf_store_session *session, const struct lf_list_query *query,
                             struct lf_arena *arena, struct lf_list_result *ret, struct lf_err *err);
enum lf_status lf_mongo_dead_letters(struct lf_store_session *session, const struct lf_letter_query *query,
                                     struct lf_arena *arena, struct lf_dead_letter **ret, size_t *ret_count,
                                     struct lf_err *err);
enum lf_status lf_mongo_review(struct lf_store_session *session, const struct lf_review *review,
                               struct lf_reviewed *ret, struct lf_err *err);
enum lf_status lf_mongo_review_settle(struct lf_store_session *session, struct lf_err *err);
enum lf_status lf_mongo_review_read(struct lf_store_session *session, const struct lf_entity *entity,
                                    struct lf_arena *arena, struct lf_review_note *ret, struct lf_err *err);
enum lf_status lf_mongo_review_note(struct lf_store_session *session, const struct lf_entity *entity,
                                    const struct lf_review_note *note, struct lf_err *err);

/* For lists: writes a filter (NULL: all) and the place after a cursor (NULL: none) as one document. */
LF_NODISCARD enum lf_status lf_mongo_filter_write(struct lf_buf *out, const struct lf_list_query *query,
                                                  const struct lf_value *after, struct lf_arena *arena,
                                                  struct lf_err *err);
void lf_mongo_order_write(struct lf_buf *out, const struct lf_list_query *query);
/* For each partition, in arena: the last place that any group's position has passed. LF_AGAIN: places are being
 * freed. */
LF_NODISCARD enum lf_status lf_mongo_passed(struct lf_mongo_session *session, struct lf_arena *arena,
                                            struct lf_mongo_place **ret, size_t *ret_count, struct lf_err *err);
/* The one of the same partition; NULL: none. */
struct lf_mongo_place *lf_mongo_place_of(struct lf_mongo_place *places, size_t count, struct lf_bytes topic,
                                         int32_t partition);
/* The highest position that any group has in a partition. */
LF_NODISCARD enum lf_status lf_mongo_highest(struct lf_mongo_session *session, struct lf_bytes topic, int32_t partition,
                                             int64_t *ret_next, struct lf_err *err);

#endif
