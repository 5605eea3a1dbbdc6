/* The configuration file: YAML mappings of scalars, flattened to dotted paths; ${NAME} is the environment's NAME,
 * ${NAME:-text} with a fallback. */
#ifndef LF_SERVER_CONFIG_FILE_H
#define LF_SERVER_CONFIG_FILE_H

#include "base/arena.h"

struct lf_config_item {
    struct lf_bytes path;  /* "listen", "kafka.security.protocol" */
    struct lf_bytes value; /* after interpolation */
    const char *where;     /* "logfirst.yaml:3" */
};
typedef enum lf_status lf_config_item_fn(void *user, const struct lf_config_item *item, struct lf_err *err);

/* Calls take for each scalar. LF_NOT_FOUND, LF_DENIED, LF_INVALID with file and line, or what take returns. */
LF_NODISCARD enum lf_status lf_config_file_read(const char *path, struct lf_arena *arena, char *const *env,
                                                lf_config_item_fn *take, void *user, struct lf_err *err);

#endif
