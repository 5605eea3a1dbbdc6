/* The commands: one file each, listed in main.c. */
#ifndef LF_CLI_CLI_H
#define LF_CLI_CLI_H

#include "server/config.h"

enum { LF_EXIT_DONE = 0, LF_EXIT_FAILED = 1, LF_EXIT_USAGE = 2 };

struct lf_cli {
    const struct lf_config *config;
    const char *verb; /* "list" of "events list"; NULL for commands without one */
    const char *const *operands;
    size_t operand_count;
    const struct lf_config_arg *args; /* options as given on the command line */
    size_t arg_count;
};

typedef int lf_cli_fn(const struct lf_cli *cli);

lf_cli_fn lf_cmd_serve_up;
lf_cli_fn lf_cmd_serve_gateway;
lf_cli_fn lf_cmd_serve_consumer;
lf_cli_fn lf_cmd_check;
lf_cli_fn lf_cmd_schema;
lf_cli_fn lf_cmd_schema_generate;
lf_cli_fn lf_cmd_schema_lock;
lf_cli_fn lf_cmd_schema_compat;
lf_cli_fn lf_cmd_schema_register;
lf_cli_fn lf_cmd_schema_validate;
lf_cli_fn lf_cmd_events;
lf_cli_fn lf_cmd_events_export;
lf_cli_fn lf_cmd_events_import;
lf_cli_fn lf_cmd_dlq;
lf_cli_fn lf_cmd_dlq_replay;
lf_cli_fn lf_cmd_verify;
lf_cli_fn lf_cmd_copy;
lf_cli_fn lf_cmd_rebuild;

/* Prints "logfirst: <text>" to stderr (or {"error":{…}} with --output json); returns the exit status of the error. */
int lf_cli_fail(const struct lf_config *config, const struct lf_err *err);
/* The same with the problems of a schema, which are lines of text, or a JSON array and a newline if json. NULL:
 * none. */
int lf_cli_fail_with(bool json, const struct lf_buf *problems, const struct lf_err *err);
/* Options that not every verb of a command has. */
struct lf_cli_use {
    const char *option; /* without -- */
    const char *verbs;  /* "list|tail" */
};
/* LF_USAGE: an option was given that would do nothing. command: its name. */
LF_NODISCARD enum lf_status lf_cli_check_uses(const struct lf_cli *cli, const char *command,
                                              const struct lf_cli_use *uses, size_t count, struct lf_err *err);
/* Writes to stdout; false when it is closed or full, after saying so. */
bool lf_cli_print(struct lf_bytes text);

#endif
