/* logfirst schema lock: the lock file brought up to date, by an act of its own. */
#include "cli/schema_open.h"

int
lf_cmd_schema_lock(const struct lf_cli *cli)
{
    struct lf_cli_schemas s;
    struct lf_err err = {0};
    struct lf_buf text;
    bool changed = false;
    lf_buf_init(&text, LF_SCHEMA_LOCK_BYTES_MAX);
    enum lf_status st = lf_cli_schemas_open(cli, &s, &err);
    if (st == LF_OK)
        st = lf_schema_lock_update(&s.schemas.options, lf_schemas_fallback(cli->config), &text, &err);
    if (st == LF_OK)
        st = lf_cli_file_update(cli->config, s.schemas.lock_path, lf_buf_view(&text), &changed, &err);
    lf_buf_release(&text);
    return lf_cli_schemas_close(cli, &s, st, &err, changed && cli->config->check ? LF_EXIT_FAILED : LF_EXIT_DONE);
}
