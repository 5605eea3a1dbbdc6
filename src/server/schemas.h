/* Schemas of payloads as the configuration wants them: their package, and the lock file beside the schema. */
#ifndef LF_SERVER_SCHEMAS_H
#define LF_SERVER_SCHEMAS_H

#include "codec/schema.h"
#include "server/parts.h"

struct lf_schemas {
    struct lf_schema_options options; /* points into the rest, and to the model of parts */
    struct lf_schema_lock *lock;      /* NULL: there is no such file */
    const char *lock_path;            /* --lock, or SCHEMA.lock.json beside the first schema file */
    struct lf_buf lock_text;          /* as it is in the file */
};

/* Reads the lock file, if there is one; the model of parts has been loaded from files. LF_INVALID: the file or the
 * package is none; LF_DENIED, LF_IO, LF_NO_MEMORY. Release in any case. */
LF_NODISCARD enum lf_status lf_schemas_load(struct lf_schemas *schemas, struct lf_parts *parts,
                                            const char *const *files, struct lf_err *err);
void lf_schemas_release(struct lf_schemas *schemas);

/* The configured format of events that name none. */
static inline enum lf_event_format
lf_schemas_fallback(const struct lf_config *config)
{
    return (enum lf_event_format)(config->format + LF_FORMAT_JSON);
}

#endif
