/* logfirst check: every problem of a schema. */
#include "cli/cli.h"
#include "server/parts.h"

#include <stdio.h>

enum { PROBLEMS_BYTES_MAX = 4 * 1024 * 1024 };

int
lf_cmd_check(const struct lf_cli *cli)
{
    struct lf_err err = {0};
    struct lf_buf problems;
    size_t count = 0;
    bool json = cli->config->output == 1;
    lf_buf_init(&problems, PROBLEMS_BYTES_MAX);
    enum lf_status st = lf_parts_check(cli->operands, cli->operand_count, json, &problems, &count, &err);
    int status = st == LF_OK ? LF_EXIT_DONE : LF_EXIT_FAILED;
    if (st != LF_OK && st != LF_INVALID)
        status = lf_cli_fail(cli->config, &err);
    else if (!lf_cli_print(lf_buf_view(&problems)))
        status = LF_EXIT_FAILED;
    else if (!json && st == LF_OK)
        fprintf(stderr, "%zu schema file%s: no problems\n", cli->operand_count, cli->operand_count == 1 ? "" : "s");
    else if (!json)
        fprintf(stderr, "logfirst: %s\n", err.text);
    lf_buf_release(&problems);
    return status;
}
