/* What an event's schema is compared with: versions from the lock file, from files, from a registry. */
#ifndef LF_SERVER_COMPAT_H
#define LF_SERVER_COMPAT_H

#include "codec/schema_compat.h"
#include "server/schemas.h"

/* Versions in an arena, oldest first. */
struct lf_versions {
    struct lf_schema_version *items;
    size_t count, cap;
    size_t others; /* versions in another format, which say nothing about this one */
};

/* Those of an event in the lock file, in the format. None: LF_OK. */
LF_NODISCARD enum lf_status lf_versions_locked(const struct lf_schema_lock *lock, const struct lf_event_type *event,
                                               enum lf_event_format format, struct lf_arena *arena,
                                               struct lf_versions *ret, struct lf_err *err);
/* The one in a file; LF_NOT_FOUND is one that has none. */
LF_NODISCARD enum lf_status lf_versions_file(const char *path, struct lf_arena *arena, struct lf_versions *ret,
                                             struct lf_err *err);
/* Those of a subject, with what they refer to. A subject that is not there has none: LF_OK. Otherwise as the registry's
 * own calls; may block. */
LF_NODISCARD enum lf_status lf_versions_registered(struct lf_registry *registry, struct lf_bytes subject,
                                                   enum lf_event_format format, struct lf_arena *arena,
                                                   struct lf_versions *ret, struct lf_err *err);

/* The subject of an event's schema, by the configured strategy. ptr NULL: out of memory. */
struct lf_bytes lf_subject_of(const struct lf_config *config, const struct lf_event_type *event,
                              struct lf_bytes full_name, struct lf_arena *arena);
/* "new readers cannot read events of VERSION: …" */
void lf_compat_write(struct lf_buf *out, const struct lf_schema_break *found);

/*
 * Holds the schemas of the model's events against those in the registry, by the level of each subject: LF_CONFLICT with
 * the first break. A schema that is registered already is fine. Otherwise as the registry's calls; may block.
 */
LF_NODISCARD enum lf_status lf_compat_check(const struct lf_parts *parts, struct lf_err *err);

/* What registries call a format; false: it has no schema (LF_FORMAT_DEFAULT). */
bool lf_schema_type_of(enum lf_event_format format, enum lf_schema_type *ret);

#endif
