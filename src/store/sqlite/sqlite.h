/*
 * Inside the SQLite back end: one file, WAL, a connection a session. connect.c opens, identity.c knows our files,
 * plan.c and schema.c make and change tables, statement.c prepares and binds, append.c, state.c and read.c do the work
 * of store.h, anew.c what a rebuild needs, sql.c and list.c build lists, checkpoint.c keeps the write-ahead log short.
 */
#ifndef LF_STORE_SQLITE_SQLITE_H
#define LF_STORE_SQLITE_SQLITE_H

#include "base/buf.h"
#include "store/sql.h"
#include "store/store_backend.h"

#include <pthread.h>
#include <sqlite3.h>

enum {
    LF_SQLITE_APPLICATION_ID = 0x4c467374, /* "LFst" */
    LF_SQLITE_FORMAT = 1,                  /* user_version */
    LF_SQLITE_BUSY_MS = 1000,              /* waiting for another process's transaction */
    LF_SQLITE_LISTS_MAX = 16,              /* cached list statements a session */
    LF_SQLITE_SCRATCH_KEEP = 1024 * 1024,
};

struct lf_sqlite_checkpointer;

struct lf_sqlite_store {
    struct lf_store base;
    char *path;
    sqlite3 *health; /* guarded by lock */
    pthread_mutex_t lock;
    pthread_mutex_t writing; /* a transaction of this process is open: SQLite's own wait is a poll, and not fair */
    struct lf_sqlite_checkpointer *checkpointer; /* from the first writer session on; guarded by lock */
};

/* Statements that do not depend on the model; statement.c has their text. */
enum lf_sqlite_fixed {
    LF_SQL_BEGIN,
    LF_SQL_COMMIT,
    LF_SQL_ROLLBACK,
    LF_SQL_APPEND,
    LF_SQL_SAME_ID,
    LF_SQL_SAME_PLACE,
    LF_SQL_BURY,
    LF_SQL_POSITION,
    LF_SQL_FIRST_POSITION,
    LF_SQL_NEXT_POSITION,
    LF_SQL_SET_EVENTS_ASIDE,
    LF_SQL_SET_LETTERS_ASIDE,
    LF_SQL_EVENT,
    LF_SQL_LETTER_OF_EVENT,
    LF_SQL_LAST,
    LF_SQL_WALK,
    LF_SQL_FIXED_COUNT,
};
enum lf_sqlite_entity_sql { LF_SQL_LOAD, LF_SQL_SAVE, LF_SQL_DELETE, LF_SQL_ENTITY_COUNT };

struct lf_sqlite_cached {
    char *sql;
    size_t len;
    sqlite3_stmt *stmt;
    uint64_t used; /* larger: later */
};

struct lf_sqlite_session {
    struct lf_store_session base;
    struct lf_sqlite_store *store;
    sqlite3 *db;
    bool writes; /* holds the store's writing lock */
    sqlite3_stmt *fixed[LF_SQL_FIXED_COUNT];
    sqlite3_stmt **entity; /* LF_SQL_ENTITY_COUNT for each entity of the model */
    struct lf_sqlite_cached lists[LF_SQLITE_LISTS_MAX];
    uint64_t list_clock;
    struct lf_buf scratch; /* JSON of the row being written */
    struct lf_arena arena; /* reset by whoever uses it */
    int64_t time_second;   /* the second that time_text holds */
    char time_text[32];
    int wal_frames;   /* after the last commit */
    int wal_reported; /* of them, those that the checkpointer has been woken for */
};

/* ---- error.c ---- */

/* Status for a result code of db, with the database's own words; err says what was being done. */
enum lf_status lf_sqlite_fail(sqlite3 *db, int rc, const char *doing, struct lf_err *err);

/* ---- statement.c ---- */

/* Prepared statements, from the session's cache; reset by whoever stepped them. The entity's belong to its index. */
LF_NODISCARD enum lf_status lf_sqlite_fixed(struct lf_sqlite_session *session, enum lf_sqlite_fixed which,
                                            sqlite3_stmt **ret, struct lf_err *err);
LF_NODISCARD enum lf_status lf_sqlite_entity(struct lf_sqlite_session *session, const struct lf_entity *entity,
                                             enum lf_sqlite_entity_sql which, sqlite3_stmt **ret, struct lf_err *err);
LF_NODISCARD enum lf_status lf_sqlite_list_stmt(struct lf_sqlite_session *session, struct lf_bytes sql,
                                                sqlite3_stmt **ret, struct lf_err *err);
void lf_sqlite_statements_release(struct lf_sqlite_session *session);

/* Binds values one after the other; the bytes must stay until the statement is reset. Failures are kept in rc. */
struct lf_sqlite_binder {
    sqlite3_stmt *stmt;
    int at; /* last parameter bound */
    int rc;
};
void lf_sqlite_bind_text(struct lf_sqlite_binder *binder, struct lf_bytes text); /* ptr NULL: null */
/* The same for any bytes: text where they are UTF-8, so that people can read them, else a blob. */
void lf_sqlite_bind_bytes(struct lf_sqlite_binder *binder, struct lf_bytes bytes);
void lf_sqlite_bind_int(struct lf_sqlite_binder *binder, int64_t integer);
void lf_sqlite_bind_null(struct lf_sqlite_binder *binder);
/* A normalized value that is no list or object. */
void lf_sqlite_bind_value(struct lf_sqlite_binder *binder, const struct lf_value *value);

/* Steps once: *ret_row says whether there is a row. On failure and at the end the statement is reset. */
LF_NODISCARD enum lf_status lf_sqlite_step(struct lf_sqlite_session *session, const struct lf_sqlite_binder *binder,
                                           const char *doing, bool *ret_row, struct lf_err *err);
/* For statements without rows. */
LF_NODISCARD enum lf_status lf_sqlite_run(struct lf_sqlite_session *session, const struct lf_sqlite_binder *binder,
                                          const char *doing, struct lf_err *err);

/* A column's bytes, copied into arena; ptr NULL where it is null. LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_sqlite_column_bytes(sqlite3_stmt *stmt, int column, struct lf_arena *arena,
                                                   struct lf_bytes *ret, struct lf_err *err);
/* A column written by lf_store_time_text(). LF_CORRUPT. */
LF_NODISCARD enum lf_status lf_sqlite_column_time(sqlite3_stmt *stmt, int column, int64_t *ret_us, struct lf_err *err);

/* ---- sql.c ---- */

const char *lf_sqlite_type(const struct lf_field *field); /* of a column: "TEXT" … */
extern const struct lf_sql_list_dialect lf_sqlite_lists;

/* ---- function.c ---- */

/* Registers collations lf_decimal, lf_datetime, lf_time, lf_uuid and functions lf_contains, lf_starts, lf_ends. */
LF_NODISCARD int lf_sqlite_register(sqlite3 *db);

/* ---- identity.c, plan.c, schema.c ---- */

/* Is the file new, or one of ours in this format? Within a transaction. LF_UNSUPPORTED with the reason, LF_CORRUPT. */
LF_NODISCARD enum lf_status lf_sqlite_identify(sqlite3 *db, const char *path, bool *ret_new, struct lf_err *err);
/* Appends what must be done to the tables so that they fit the model: nothing, or statements to run in one transaction.
 * must_only: leaves out what makes reading faster. LF_CONFLICT: people must decide; err has the statement. */
LF_NODISCARD enum lf_status lf_sqlite_plan(sqlite3 *db, const struct lf_model *model, bool must_only,
                                           struct lf_buf *ret_sql, struct lf_err *err);
/* Identifies the file and brings its tables up to the model. Safe when several processes do it at once. */
LF_NODISCARD enum lf_status lf_sqlite_prepare_file(sqlite3 *db, const char *path, const struct lf_model *model,
                                                   bool read_only, struct lf_err *err);

/* ---- read.c ---- */

/* A column of JSON; LF_V_NULL where it is null. LF_CORRUPT, LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_sqlite_column_json(sqlite3_stmt *stmt, int column, struct lf_arena *arena,
                                                  struct lf_value *ret, struct lf_err *err);
/* A row of lf_sql_columns() as a state. */
LF_NODISCARD enum lf_status lf_sqlite_read_state(sqlite3_stmt *stmt, const struct lf_entity *entity,
                                                 struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);
/* A row of LF_SQLITE_EVENT_COLUMNS; the sequence (rowid) through ret_sequence, which may be NULL. */
#define LF_SQLITE_EVENT_COLUMNS                                                                                        \
    "event_id, event_type, entity_type, entity_key, payload, headers, topic, log_partition, log_offset, occurred_at, " \
    "stored_at, message_key, extra, rowid"
LF_NODISCARD enum lf_status lf_sqlite_read_event(sqlite3_stmt *stmt, const struct lf_model *model,
                                                 struct lf_arena *arena, struct lf_stored_event *ret,
                                                 int64_t *ret_sequence, struct lf_err *err);

/* ---- checkpoint.c ---- */

/* Copies the write-ahead log into the database on a thread of its own, on a connection of its own. */
LF_NODISCARD enum lf_status lf_sqlite_checkpointer_start(const char *path, struct lf_sqlite_checkpointer **ret,
                                                         struct lf_err *err);
void lf_sqlite_checkpointer_stop(struct lf_sqlite_checkpointer *checkpointer); /* NULL is fine */
/* The writer's connection reports its commits from now on. */
void lf_sqlite_checkpoint_watch(struct lf_sqlite_session *session);
/* After a commit: wakes the checkpointer, or helps it when the log has grown long. */
void lf_sqlite_checkpoint_after_commit(struct lf_sqlite_session *session);

/* ---- connect.c ---- */

/* A connection with our settings, functions and collations. */
LF_NODISCARD enum lf_status lf_sqlite_connect(const char *path, bool read_only, sqlite3 **ret, struct lf_err *err);

/* ---- the slots of store_backend.h ---- */

enum lf_status lf_sqlite_begin(struct lf_store_session *session, struct lf_err *err);
enum lf_status lf_sqlite_commit(struct lf_store_session *session, struct lf_err *err);
void lf_sqlite_abort(struct lf_store_session *session);
enum lf_status lf_sqlite_begin_alone(struct lf_store_session *session, int64_t *ret_last, struct lf_err *err);
enum lf_status lf_sqlite_swap(struct lf_store_session *session, const struct lf_entity *entity,
                              struct lf_bytes collection, struct lf_err *err);
enum lf_status lf_sqlite_drop(struct lf_store_session *session, struct lf_bytes collection, struct lf_err *err);
enum lf_status lf_sqlite_walk(struct lf_store_session *session, const struct lf_walk *walk, struct lf_arena *arena,
                              struct lf_walked **ret, size_t *ret_count, struct lf_err *err);
enum lf_status lf_sqlite_append(struct lf_store_session *session, const struct lf_event *const *events, size_t count,
                                enum lf_append_outcome *ret_outcomes, struct lf_err *err);
enum lf_status lf_sqlite_bury(struct lf_store_session *session, const struct lf_dead_letter *letters, size_t count,
                              struct lf_err *err);
enum lf_status lf_sqlite_set_aside(struct lf_store_session *session, struct lf_bytes topic, int32_t partition,
                                   int64_t from, struct lf_bytes name, struct lf_err *err);
enum lf_status lf_sqlite_load(struct lf_store_session *session, const struct lf_entity *entity,
                              const struct lf_bytes *keys, size_t count, struct lf_arena *arena,
                              struct lf_value *ret_states, struct lf_err *err);
enum lf_status lf_sqlite_save(struct lf_store_session *session, const struct lf_entity *entity,
                              const struct lf_state_change *changes, size_t count, struct lf_err *err);
enum lf_status lf_sqlite_advance(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic,
                                 int32_t partition, int64_t expected, int64_t next, struct lf_err *err);
enum lf_status lf_sqlite_position(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic,
                                  int32_t partition, int64_t *ret_next, struct lf_err *err);
enum lf_status lf_sqlite_get(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes key,
                             struct lf_arena *arena, struct lf_value *ret, struct lf_err *err);
enum lf_status lf_sqlite_event(struct lf_store_session *session, struct lf_bytes id, struct lf_arena *arena,
                               struct lf_stored_event *ret, struct lf_err *err);
enum lf_status lf_sqlite_list(struct lf_store_session *session, const struct lf_list_query *query,
                              struct lf_arena *arena, struct lf_list_result *ret, struct lf_err *err);
enum lf_status lf_sqlite_dead_letters(struct lf_store_session *session, const struct lf_letter_query *query,
                                      struct lf_arena *arena, struct lf_dead_letter **ret, size_t *ret_count,
                                      struct lf_err *err);

#endif
