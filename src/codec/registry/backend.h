/*
 * For implementers of a registry back end. registry.c checks arguments once for both and dispatches. Contracts as in
 * codec/registry.h; struct lf_registry is the first member of the back end's own struct.
 */
#ifndef LF_CODEC_REGISTRY_BACKEND_H
#define LF_CODEC_REGISTRY_BACKEND_H

#include "base/retry.h"
#include "codec/registry.h"

struct lf_registry_ops {
    enum lf_status (*open)(const struct lf_registry_options *options, struct lf_registry **ret, struct lf_err *err);
    void (*close)(struct lf_registry *registry); /* not the base's name and gate */
    enum lf_status (*by_id)(struct lf_registry *registry, uint32_t id, struct lf_arena *arena,
                            struct lf_schema_text *ret, struct lf_err *err);
    enum lf_status (*by_guid)(struct lf_registry *registry, const char *guid, struct lf_arena *arena,
                              struct lf_schema_text *ret, struct lf_err *err); /* lower-case, with hyphens */
    enum lf_status (*version)(struct lf_registry *registry, struct lf_bytes subject, int32_t version,
                              struct lf_arena *arena, struct lf_registered *ret, struct lf_err *err);
    enum lf_status (*versions)(struct lf_registry *registry, struct lf_bytes subject, struct lf_arena *arena,
                               int32_t **ret_versions, size_t *ret_count, struct lf_err *err);
    enum lf_status (*lookup)(struct lf_registry *registry, struct lf_bytes subject, const struct lf_schema_text *schema,
                             uint32_t *ret_id, int32_t *ret_version, struct lf_err *err);
    enum lf_status (*level)(struct lf_registry *registry, struct lf_bytes subject, enum lf_compat_level *ret,
                            struct lf_err *err);
    enum lf_status (*compatible)(struct lf_registry *registry, struct lf_bytes subject, int32_t version,
                                 const struct lf_schema_text *schema, struct lf_arena *arena, bool *ret_compatible,
                                 struct lf_bytes *ret_why, struct lf_err *err);
    enum lf_status (*enroll)(struct lf_registry *registry, struct lf_bytes subject, const struct lf_schema_text *schema,
                             uint32_t *ret_id, struct lf_err *err);
    enum lf_status (*set_level)(struct lf_registry *registry, struct lf_bytes subject, enum lf_compat_level level,
                                struct lf_err *err);
};

struct lf_registry {
    const struct lf_registry_ops *ops;
    char *name;          /* the URL without secrets */
    struct lf_gate gate; /* opened by stop */
};

extern const struct lf_registry_ops lf_registry_rest;
extern const struct lf_registry_ops lf_registry_files;

#endif
