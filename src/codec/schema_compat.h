/*
 * Compatibility of schemas, as registries name its levels: BACKWARD (readers with the new schema read what was written
 * with the old one), FORWARD (readers with the old one read what is written with the new one), FULL (both), and the
 * same against all versions before (TRANSITIVE).
 */
#ifndef LF_CODEC_SCHEMA_COMPAT_H
#define LF_CODEC_SCHEMA_COMPAT_H

#include "codec/compat.h"
#include "codec/registry.h"
#include "model/model.h"

/* A version to compare with. */
struct lf_schema_version {
    struct lf_bytes name; /* for people: "version 3", a path */
    struct lf_bytes text;
    const struct lf_schema_part *parts; /* what it refers to */
    size_t part_count;
};

struct lf_schema_break {
    struct lf_bytes version; /* the name of the one that was compared with */
    bool forward;            /* old readers cannot read what is new; else new ones what is old */
    struct lf_bytes path;    /* of the value: JSON Pointer; empty: the whole */
    struct lf_bytes text;    /* a sentence without full stop */
};

struct lf_schema_verdict {
    struct lf_schema_break *breaks; /* the first LF_COMPAT_BREAKS_MAX of each comparison, each once */
    size_t count;
};

/*
 * Compares a schema with versions before it, oldest first, in a format (LF_FORMAT_JSON is JSON Schema). *ret is in
 * arena; compatible if it has no breaks. LF_INVALID: a schema does not parse, with its version's name; LF_LIMIT: too
 * large to be compared; LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_schema_compare(enum lf_event_format format, enum lf_compat_level level,
                                              const struct lf_schema_version *before, size_t count,
                                              const struct lf_schema_version *now, struct lf_arena *arena,
                                              struct lf_schema_verdict *ret, struct lf_err *err);

#endif
