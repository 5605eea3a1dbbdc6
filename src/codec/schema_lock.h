/*
 * The lock file of a schema: numbers of Protobuf fields and enum values, never given twice, and the schemas as they
 * were locked, by version of the event. JSON, in a fixed order, made to be reviewed; changed by `logfirst
 * schema lock` only.
 */
#ifndef LF_CODEC_SCHEMA_LOCK_H
#define LF_CODEC_SCHEMA_LOCK_H

#include "base/buf.h"
#include "model/model.h"

enum {
    LF_SCHEMA_TEXT_MAX = 4 * 1024 * 1024,        /* bytes of one schema */
    LF_SCHEMA_LOCK_BYTES_MAX = 64 * 1024 * 1024, /* and of a lock file */
};

struct lf_schema_options;
struct lf_schema_lock; /* immutable: share it between threads */

enum lf_lock_kind { LF_LOCK_EVENTS, LF_LOCK_OBJECTS, LF_LOCK_ENUMS };

/* Reads the text of a lock file. LF_INVALID, LF_LIMIT, LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_schema_lock_parse(struct lf_bytes text, struct lf_schema_lock **ret, struct lf_err *err);
void lf_schema_lock_free(struct lf_schema_lock *lock); /* NULL is fine */

/* The number of a field of an event (by its eventType) or object, or of an enum's value; 0: none yet. lock may be
 * NULL. */
int32_t lf_schema_lock_number(const struct lf_schema_lock *lock, enum lf_lock_kind kind, struct lf_bytes type,
                              struct lf_bytes name);

/* Numbers of what is gone, in the order of the file: start with *at = 0; false at the end. */
bool lf_schema_lock_reserved(const struct lf_schema_lock *lock, enum lf_lock_kind kind, struct lf_bytes type,
                             size_t *at, int32_t *ret_number, struct lf_bytes *ret_name);

/* A version of an event as it was locked. */
struct lf_locked_schema {
    int32_t version;
    enum lf_event_format format;
    struct lf_bytes text; /* in the arena of the call */
};

/* The locked versions of an event, oldest first. LF_INVALID, LF_NO_MEMORY; none: *ret_count is 0. */
LF_NODISCARD enum lf_status lf_schema_lock_versions(const struct lf_schema_lock *lock, struct lf_bytes event,
                                                    struct lf_arena *arena, struct lf_locked_schema **ret,
                                                    size_t *ret_count, struct lf_err *err);

/*
 * Appends the text of the lock as it should be: numbers for what has none, reserved ones of what is gone, and the
 * present schema of each event (fallback: the format of events that do not say) in place of the one locked under its
 * version. options->lock is the lock so far, or NULL. LF_INVALID: a declared number is taken or reserved, or a schema
 * cannot be written.
 */
LF_NODISCARD enum lf_status lf_schema_lock_update(const struct lf_schema_options *options,
                                                  enum lf_event_format fallback, struct lf_buf *out,
                                                  struct lf_err *err);

#endif
