/* What the commands about schemas of payloads begin with: a model, and the lock file beside it. */
#ifndef LF_CLI_SCHEMA_OPEN_H
#define LF_CLI_SCHEMA_OPEN_H

#include "cli/cli.h"
#include "codec/registry.h"
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

/* The event's own format, or the configured one. */
enum lf_event_format lf_cli_format(const struct lf_config *config, const struct lf_event_type *event);
/* The schema of an event, in arena. As lf_schema_write(). */
LF_NODISCARD enum lf_status lf_cli_schema_text(const struct lf_schema_options *options,
                                               const struct lf_event_type *event, enum lf_event_format format,
                                               struct lf_arena *arena, struct lf_bytes *ret, struct lf_err *err);
/* Opens the registry of the options. LF_USAGE: there is none. */
LF_NODISCARD enum lf_status lf_cli_registry_open(struct lf_cli_schemas *schemas, unsigned roles, struct lf_err *err);
/* The event's subject. ptr NULL: out of memory. */
struct lf_bytes lf_cli_subject(const struct lf_cli_schemas *schemas, const struct lf_event_type *event,
                               enum lf_event_format format, struct lf_arena *arena);
/* --compatibility, or the level of the event's subject where the registry is open, or BACKWARD. */
LF_NODISCARD enum lf_status lf_cli_level(const struct lf_cli_schemas *schemas, const struct lf_event_type *event,
                                         enum lf_event_format format, struct lf_arena *arena, enum lf_compat_level *ret,
                                         struct lf_err *err);

/*
 * Brings a file to the content it should have, or with check only looks. Prints its path where it is not as it should
 * be (an object {"file":…,"changed":…} a file with --output json). *ret_changed: it was not.
 */
LF_NODISCARD enum lf_status lf_cli_file_update(const struct lf_config *config, const char *path,
                                               struct lf_bytes content, bool *ret_changed, struct lf_err *err);

#endif
