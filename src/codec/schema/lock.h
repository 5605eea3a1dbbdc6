/* The lock file as a value. For the files of this folder. */
#ifndef LF_CODEC_SCHEMA_LOCK_INNER_H
#define LF_CODEC_SCHEMA_LOCK_INNER_H

#include "codec/schema.h"

/*
 * {"events": {"QuoteCreated": {"numbers": {"amount": 1}, "reserved": [{"number": 2, "name": "gone"}],
 *                              "versions": [{"version": 1, "format": "avro", "schema": {...}}]}},
 *  "objects": {"Address": {"numbers": {...}, "reserved": [...]}}, "enums": {...}}
 */
struct lf_schema_lock {
    struct lf_arena arena;
    struct lf_value root; /* has been checked */
};

/* "events", "objects", "enums" */
struct lf_bytes lf_lock_section(enum lf_lock_kind kind);
/* A member of an entry ("numbers"); NULL: there is none. lock may be NULL. */
const struct lf_value *lf_lock_member(const struct lf_schema_lock *lock, enum lf_lock_kind kind, struct lf_bytes type,
                                      const char *name);

#endif
