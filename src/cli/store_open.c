/* A store, without a schema. */
#include "cli/store_open.h"

struct lf_model *
lf_cli_no_model(void)
{
    static struct lf_model none;
    return &none;
}

enum lf_status
lf_cli_store_open(struct lf_cli_store *store, const struct lf_cli *cli, struct lf_err *err)
{
    lf_parts_init(&store->parts, cli->config);
    lf_arena_init(&store->arena, 64 * 1024, 0);
    store->session = NULL;
    store->parts.model = lf_cli_no_model();
    enum lf_status st = lf_parts_open_store(&store->parts, LF_ROLE_READ, err);
    return st == LF_OK ? lf_store_session_open(store->parts.store, false, &store->session, err) : st;
}

void
lf_cli_store_close(struct lf_cli_store *store)
{
    lf_store_session_close(store->session);
    store->parts.model = NULL; /* not ours to free */
    lf_parts_release(&store->parts);
    lf_arena_release(&store->arena);
}
