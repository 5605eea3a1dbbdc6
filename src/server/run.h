/* The long-lived commands: start the parts a role needs, serve, drain, stop. */
#ifndef LF_SERVER_RUN_H
#define LF_SERVER_RUN_H

#include "server/parts.h"

/*
 * Runs until SIGTERM or SIGINT (drains within the grace time; a second signal stops at once) and returns LF_OK, or
 * fails with words for a person. roles: LF_ROLE_ bits. problems gets the schema's errors, one a line.
 */
LF_NODISCARD enum lf_status lf_server_run(const struct lf_config *config, unsigned roles, const char *const *files,
                                          size_t file_count, struct lf_buf *problems, struct lf_err *err);

#endif
