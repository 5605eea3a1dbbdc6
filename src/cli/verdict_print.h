/* What a comparison of schemas has found, for people and programs. */
#ifndef LF_CLI_VERDICT_PRINT_H
#define LF_CLI_VERDICT_PRINT_H

#include "cli/cli.h"
#include "codec/schema_compat.h"

/* A line a break: "EVENT: /path: …"; with --output json one object for the event, whether it has breaks or not. LF_IO:
 * standard output is closed or full; LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_cli_verdict_print(const struct lf_config *config, const struct lf_event_type *event,
                                                 enum lf_event_format format, size_t versions,
                                                 const struct lf_schema_verdict *verdict, struct lf_err *err);

#endif
