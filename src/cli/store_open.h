/* What the commands that look into a store begin with: the store, without a schema. */
#ifndef LF_CLI_STORE_OPEN_H
#define LF_CLI_STORE_OPEN_H

#include "cli/cli.h"
#include "server/parts.h"

struct lf_cli_store {
    struct lf_parts parts;
    struct lf_store_session *session;
    struct lf_arena arena;
};

/* A model of nothing: every event is of an unknown type, and what it is, whatever a schema says. For lf_parts.model,
 * which the caller takes out before the parts are released. */
struct lf_model *lf_cli_no_model(void);

/* Opens the store for reading. Close in any case. */
LF_NODISCARD enum lf_status lf_cli_store_open(struct lf_cli_store *store, const struct lf_cli *cli, struct lf_err *err);
void lf_cli_store_close(struct lf_cli_store *store);

#endif
