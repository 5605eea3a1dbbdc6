/*
 * Inside the PostgreSQL back end: libpq, a connection a session, generated SQL with binary array parameters. url.c
 * reads the URL, link.c connects, sends and waits, error.c knows SQLSTATEs, param.c and result.c turn values into bytes
 * and back, text.c holds what PostgreSQL's types cannot; plan.c and schema.c make and change tables, sql.c writes the
 * statements, append.c, state.c, list.c, read.c and anew.c do the work of store.h, connect.c opens and closes.
 *
 * Transactions are REPEATABLE READ: whatever two consumers do to one row at once, the later one fails as a whole
 * (40001) and begins anew from what the first has left. Each takes ROW EXCLUSIVE on event_store before its snapshot, so
 * that who wants to be alone (anew.c) can wait for all of them, and they see whatever he did. No statement needs a
 * session's state, so that a pooler may stand between.
 */
#ifndef LF_STORE_POSTGRES_POSTGRES_H
#define LF_STORE_POSTGRES_POSTGRES_H

#include "base/buf.h"
#include "store/sql.h"
#include "store/store_backend.h"

#include <libpq-fe.h>
#include <pthread.h>

#define LF_PG_MARK "logfirst"                       /* our tables' comments begin with it */
#define LF_PG_MARK_FORMAT "logfirst store, format " /* event_store's comment: this and the number */

enum {
    LF_PG_FORMAT = 1,
    LF_PG_VERSION_MIN = 120000, /* PQserverVersion() */
    LF_PG_NAME_MAX = 63,        /* bytes of an identifier */
    LF_PG_STATEMENT_MS = 30000, /* one statement of a session */
    LF_PG_HEALTH_MS = 3000,
    LF_PG_CHANGE_MS = 600000, /* changing tables may wait for others */
    LF_PG_SCRATCH_KEEP = 4 * 1024 * 1024,
};

/* ---- connections: url.c, link.c, error.c ---- */

struct lf_pg_url {
    char *conninfo; /* the URL without what is ours; lf_free() */
    char *schema;   /* NULL: none was named; lf_free() */
};
/* Takes "schema" out of a postgresql:// URL. LF_INVALID; errors never quote the URL. */
LF_NODISCARD enum lf_status lf_pg_url_read(const char *url, struct lf_pg_url *ret, struct lf_err *err);
void lf_pg_url_release(struct lf_pg_url *url);

/* A connection that is made when needed and made again when it is gone. One thread at a time. */
struct lf_pg_link {
    const char *conninfo;
    bool writes; /* prefers a server that can be written, where the URL says nothing else */
    int timeout_ms;
    PGconn *conn; /* NULL: none */
};
struct lf_pg_params;

/* Makes sure that there is a connection: LF_OK says no more than that it was there when last used. */
LF_NODISCARD enum lf_status lf_pg_link_up(struct lf_pg_link *link, struct lf_err *err);
void lf_pg_link_drop(struct lf_pg_link *link);
/* Is it known to be gone? */
bool lf_pg_link_lost(const struct lf_pg_link *link);
/* The same at the start: LF_DENIED where the server is there, but refuses us. */
LF_NODISCARD enum lf_status lf_pg_link_first(struct lf_pg_link *link, struct lf_err *err);
/* Runs statements without parameters, the link being up. */
LF_NODISCARD enum lf_status lf_pg_run(struct lf_pg_link *link, const char *sql, const char *doing, struct lf_err *err);
/* One statement with parameters (NULL: none), the link being up; columns come back in binary. PQclear() the result,
 * which is NULL on failure. */
LF_NODISCARD enum lf_status lf_pg_query(struct lf_pg_link *link, const char *sql, const struct lf_pg_params *params,
                                        const char *doing, PGresult **ret, struct lf_err *err);

/* COPY … FROM STDIN (FORMAT binary), the link being up. */
LF_NODISCARD enum lf_status lf_pg_copy(struct lf_pg_link *link, const char *sql, struct lf_bytes rows,
                                       const char *doing, struct lf_err *err);

/* A failure's status and words. result may be NULL: then the connection's. Drops a connection that is of no more
 * use. */
enum lf_status lf_pg_fail(struct lf_pg_link *link, const PGresult *result, const char *doing, struct lf_err *err);

/* ---- types: text.c, param.c, result.c, sql.c ---- */

/*
 * Text may hold U+0000, PostgreSQL's may not: it is stored as U+0001 U+0001, and U+0001 as U+0001 U+0002. Order is
 * kept, and so is what is found by searching, but for texts that begin with one of these three characters.
 */
void lf_pg_text_write(struct lf_buf *out, struct lf_bytes text);
bool lf_pg_text_is_plain(struct lf_bytes text); /* as it is in the database */
/* Undoes it in place; the new length. */
size_t lf_pg_text_read(char *text, size_t len);

/*
 * jsonb holds neither U+0000 nor very large exponents. Such a value is stored as a JSON string that holds its text; and
 * so is every string, so that it can be told apart.
 */
void lf_pg_jsonb_write(struct lf_buf *out, const struct lf_value *value);
LF_NODISCARD enum lf_status lf_pg_jsonb_read(struct lf_bytes text, struct lf_arena *arena, struct lf_value *ret,
                                             struct lf_err *err);

/* Types of parameters, from PostgreSQL's catalog pg_type.dat, where they never change. */
enum lf_pg_type {
    LF_PG_BOOL = 16,
    LF_PG_BYTEA = 17,
    LF_PG_INT8 = 20,
    LF_PG_INT4 = 23,
    LF_PG_TEXT = 25,
    LF_PG_JSON = 114,
    LF_PG_FLOAT8 = 701,
    LF_PG_DATE = 1082,
    LF_PG_TIMESTAMPTZ = 1184,
    LF_PG_UUID = 2950,
    LF_PG_JSONB = 3802,
};

/* Parameters of one statement, one after the other; failures are kept until lf_pg_params_status(). */
struct lf_pg_params {
    struct lf_buf bytes;
    Oid *types;
    size_t *starts;
    int *lengths; /* -1: null */
    int *formats; /* 0 text, 1 binary */
    const char **values;
    size_t count, cap;
    bool failed; /* out of memory */
    /* of the array, or item, being written */
    size_t array_at, item_at;
    uint32_t items;
    bool nulls;
};
void lf_pg_params_init(struct lf_pg_params *params);
void lf_pg_params_release(struct lf_pg_params *params);
void lf_pg_params_clear(struct lf_pg_params *params); /* for the next statement */
/* All are there: sets values. */
LF_NODISCARD enum lf_status lf_pg_params_status(struct lf_pg_params *params, struct lf_err *err);

void lf_pg_param_text(struct lf_pg_params *params, struct lf_bytes text); /* ptr NULL: null */
void lf_pg_param_int(struct lf_pg_params *params, int32_t integer);
void lf_pg_param_bigint(struct lf_pg_params *params, int64_t integer);
void lf_pg_param_time(struct lf_pg_params *params, int64_t us);
/* A normalized value as text of whatever type the statement says. */
void lf_pg_param_value(struct lf_pg_params *params, const struct lf_value *value);

/* A 16-bit integer, as COPY has them. */
void lf_pg_put_16(struct lf_buf *out, int16_t integer);
void lf_pg_array_begin(struct lf_pg_params *params, enum lf_pg_type type);
void lf_pg_array_end(struct lf_pg_params *params);
void lf_pg_item_null(struct lf_pg_params *params);
void lf_pg_item_text(struct lf_pg_params *params, struct lf_bytes text);   /* ptr NULL: null */
void lf_pg_item_bytes(struct lf_pg_params *params, struct lf_bytes bytes); /* as they are; ptr NULL: null */
void lf_pg_item_int(struct lf_pg_params *params, int32_t integer);
void lf_pg_item_bigint(struct lf_pg_params *params, int64_t integer);
void lf_pg_item_time(struct lf_pg_params *params, int64_t us); /* moved into the years 1 to 9999 */
/* An item that is written to the buffer it returns, before the next call. */
struct lf_buf *lf_pg_item_begin(struct lf_pg_params *params);
void lf_pg_item_end(struct lf_pg_params *params);
/* A value of a field, normalized: LF_INVALID where its type cannot hold it. */
LF_NODISCARD enum lf_status lf_pg_item_field(struct lf_pg_params *params, const struct lf_field *field,
                                             const struct lf_value *value, struct lf_err *err);

/* Columns of a row, one after the other; the first failure stays. */
struct lf_pg_reader {
    const PGresult *result;
    int row, column;
    struct lf_arena *arena;
    enum lf_status st;
    struct lf_err *err;
};
struct lf_bytes lf_pg_next_text(struct lf_pg_reader *reader); /* ptr NULL: null, or failed */
struct lf_bytes lf_pg_next_bytes(struct lf_pg_reader *reader);
int64_t lf_pg_next_int(struct lf_pg_reader *reader);  /* int4 or int8; 0 where it is null */
int64_t lf_pg_next_time(struct lf_pg_reader *reader); /* 0 where it is null */
struct lf_value lf_pg_next_json(struct lf_pg_reader *reader);
struct lf_value lf_pg_next_jsonb(struct lf_pg_reader *reader);
struct lf_value lf_pg_next_field(struct lf_pg_reader *reader, const struct lf_field *field);
bool lf_pg_is_null(const struct lf_pg_reader *reader); /* the next column */

/* How the values of a field travel, and rest. */
struct lf_pg_kind {
    const char *column;   /* type of the column, as in DDL */
    const char *compared; /* the same without collation, for casts */
    enum lf_pg_type sent; /* item type of arrays of it */
    const char *cast;     /* from sent to column: "" or "::…" */
    const char *read;     /* cast of what is selected */
};
const struct lf_pg_kind *lf_pg_kind(const struct lf_field *field);

/* ---- statements: sql.c ---- */

enum lf_pg_fixed {
    LF_PG_BEGIN,
    LF_PG_BEGIN_AGAIN,
    LF_PG_BEGIN_ALONE,
    LF_PG_COPY,
    LF_PG_APPEND,
    LF_PG_MET, /* which rows an insert has met */
    LF_PG_BURY,
    LF_PG_POSITION,
    LF_PG_FIRST_POSITION,
    LF_PG_NEXT_POSITION,
    LF_PG_SET_EVENTS_ASIDE,
    LF_PG_SET_LETTERS_ASIDE,
    LF_PG_EVENT,
    LF_PG_LETTER_OF_EVENT,
    LF_PG_LAST,
    LF_PG_WALK,
    LF_PG_WALK_ENTITY,
    LF_PG_FIXED_COUNT,
};
enum lf_pg_of_entity { LF_PG_LOAD, LF_PG_SAVE, LF_PG_CHANGE, LF_PG_DELETE, LF_PG_OF_ENTITY_COUNT };

#define LF_PG_EVENT_COLUMNS                                                                                            \
    "event_id, event_type, entity_type, entity_key, payload, headers, topic, log_partition, log_offset, occurred_at, " \
    "stored_at, message_key, extra, sequence"

struct lf_pg_store {
    struct lf_store base;
    struct lf_pg_url url;
    char *schema;          /* in force */
    struct lf_arena arena; /* of the statements */
    const char *prefix;    /* "\"schema\"." */
    const char *fixed[LF_PG_FIXED_COUNT];
    const char **of_entity; /* LF_PG_OF_ENTITY_COUNT for each entity of the model */
    pthread_mutex_t lock;
    struct lf_pg_link health; /* guarded by lock */
};
/* Writes all statements, the schema being known. */
LF_NODISCARD enum lf_status lf_pg_write_statements(struct lf_pg_store *store, const struct lf_model *model,
                                                   struct lf_err *err);
void lf_pg_table(struct lf_buf *out, const struct lf_entity *entity, const char *prefix);
extern const struct lf_sql_list_dialect lf_pg_lists; /* ctx: the prefix */

/* ---- tables: plan.c, schema.c ---- */

/* As lf_sql_plan_write(); must_only leaves out what makes reading faster. */
LF_NODISCARD enum lf_status lf_pg_plan(struct lf_pg_store *store, const struct lf_model *model, bool must_only,
                                       struct lf_buf *ret_sql, struct lf_err *err);
/* Finds the schema in force and brings its tables up to the model, over store->health. Safe when several processes do
 * it at once. */
LF_NODISCARD enum lf_status lf_pg_find_schema(struct lf_pg_store *store, struct lf_err *err);
LF_NODISCARD enum lf_status lf_pg_prepare(struct lf_pg_store *store, const struct lf_model *model, bool read_only,
                                          struct lf_err *err);

/* ---- sessions: connect.c, read.c ---- */

struct lf_pg_session {
    struct lf_store_session base;
    struct lf_pg_store *store;
    struct lf_pg_link link;
    struct lf_pg_params params;
    struct lf_arena arena; /* reset by whoever uses it */
    bool untouched;        /* the transaction has only begun */
    unsigned copy_pause;   /* so many batches are inserted before one is copied again */
};
/* One of the session's statements with session->params. Outside of a transaction a connection that turns out to be gone
 * is made anew, once. */
LF_NODISCARD enum lf_status lf_pg_ask(struct lf_pg_session *session, const char *sql, const char *doing, PGresult **ret,
                                      struct lf_err *err);
/* Begins with one of the statements that do; makes the connection where there is none. */
LF_NODISCARD enum lf_status lf_pg_begin_with(struct lf_pg_session *session, enum lf_pg_fixed which, struct lf_err *err);
/* Rolls back the transaction that is open, and begins again. */
LF_NODISCARD enum lf_status lf_pg_begin_again(struct lf_pg_session *session, struct lf_err *err);
/* For statements without rows; how many rows they changed through ret_changed (NULL: not asked). */
LF_NODISCARD enum lf_status lf_pg_do(struct lf_pg_session *session, const char *sql, const char *doing,
                                     int64_t *ret_changed, struct lf_err *err);
const char *lf_pg_entity_sql(const struct lf_pg_session *session, const struct lf_entity *entity,
                             enum lf_pg_of_entity which);

/* A state: the reader stands at the first of the entity's columns. */
LF_NODISCARD enum lf_status lf_pg_read_state(struct lf_pg_reader *reader, const struct lf_entity *entity,
                                             struct lf_value *ret);
/* A row of LF_PG_EVENT_COLUMNS. */
LF_NODISCARD enum lf_status lf_pg_read_event(struct lf_pg_reader *reader, const struct lf_model *model,
                                             struct lf_stored_event *ret, int64_t *ret_sequence);

/* ---- the slots of store_backend.h ---- */

enum lf_status lf_pg_begin(struct lf_store_session *session, struct lf_err *err);
enum lf_status lf_pg_commit(struct lf_store_session *session, struct lf_err *err);
void lf_pg_abort(struct lf_store_session *session);
enum lf_status lf_pg_begin_alone(struct lf_store_session *session, int64_t *ret_last, struct lf_err *err);
enum lf_status lf_pg_swap(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes collection,
                          struct lf_err *err);
enum lf_status lf_pg_drop(struct lf_store_session *session, struct lf_bytes collection, struct lf_err *err);
enum lf_status lf_pg_walk(struct lf_store_session *session, const struct lf_walk *walk, struct lf_arena *arena,
                          struct lf_walked **ret, size_t *ret_count, struct lf_err *err);
enum lf_status lf_pg_append(struct lf_store_session *session, const struct lf_event *const *events, size_t count,
                            enum lf_append_outcome *ret_outcomes, struct lf_err *err);
enum lf_status lf_pg_bury(struct lf_store_session *session, const struct lf_dead_letter *letters, size_t count,
                          struct lf_err *err);
enum lf_status lf_pg_set_aside(struct lf_store_session *session, struct lf_bytes topic, int32_t partition, int64_t from,
                               struct lf_bytes name, struct lf_err *err);
enum lf_status lf_pg_load(struct lf_store_session *session, const struct lf_entity *entity, const struct lf_bytes *keys,
                          size_t count, struct lf_arena *arena, struct lf_value *ret_states, struct lf_err *err);
enum lf_status lf_pg_save(struct lf_store_session *session, const struct lf_entity *entity,
                          const struct lf_state_change *changes, size_t count, struct lf_err *err);
enum lf_status lf_pg_advance(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic,
                             int32_t partition, int64_t expected, int64_t next, struct lf_err *err);
enum lf_status lf_pg_position(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic,
                              int32_t partition, int64_t *ret_next, struct lf_err *err);
enum lf_status lf_pg_get(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes key,
                         struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);
enum lf_status lf_pg_event(struct lf_store_session *session, struct lf_bytes id, struct lf_arena *arena,
                           struct lf_stored_event *ret, struct lf_err *err);
enum lf_status lf_pg_list(struct lf_store_session *session, const struct lf_list_query *query, struct lf_arena *arena,
                          struct lf_list_result *ret, struct lf_err *err);
enum lf_status lf_pg_dead_letters(struct lf_store_session *session, const struct lf_letter_query *query,
                                  struct lf_arena *arena, struct lf_dead_letter **ret, size_t *ret_count,
                                  struct lf_err *err);

#endif
