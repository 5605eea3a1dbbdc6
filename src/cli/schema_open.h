/* What the commands about schemas of payloads begin with: a model, and the lock file beside it. */
#ifndef LF_CLI_SCHEMA_OPEN_H
#define LF_CLI_SCHEMA_OPEN_H

#include "cli/cli.h"
#include "server/schemas.h"

struct lf_cli_schemas {
    struct lf_parts parts;
    struct lf_schemas schemas;
    struct lf_buf problems;
};

/* Reads the schema files of the operands. Close in any case. */
LF_NODISCARD enum lf_status lf_cli_schemas_open(const struct lf_cli *cli, struct lf_cli_schemas *ret,
                                                struct lf_err *err);
/* Tells of a failure (st, err), releases everything; status is the exit status where there is none. */
int lf_cli_schemas_close(const struct lf_cli *cli, struct lf_cli_schemas *schemas, enum lf_status st,
                         const struct lf_err *err, int status);

/* Whether the event is one of those that --event names, or it names none. */
bool lf_cli_event_chosen(const struct lf_config *config, const struct lf_event_type *event);
/* LF_USAGE: the schema lacks one of them. *ret_count: how many there are. */
LF_NODISCARD enum lf_status lf_cli_events_check(const struct lf_config *config, const struct lf_model *model,
                                                size_t *ret_count, struct lf_err *err);

/*
 * Brings a file to the content it should have, or with check only looks. Prints its path where it is not as it should
 * be (an object {"file":…,"changed":…} a file with --output json). *ret_changed: it was not.
 */
LF_NODISCARD enum lf_status lf_cli_file_update(const struct lf_config *config, const char *path,
                                               struct lf_bytes content, bool *ret_changed, struct lf_err *err);

#endif
