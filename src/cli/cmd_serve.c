/* logfirst up, gateway, consumer: the long-lived commands. */
#include "cli/cli.h"
#include "server/run.h"

enum { PROBLEMS_BYTES_MAX = 4 * 1024 * 1024 };

static int
serve(const struct lf_cli *cli, unsigned roles)
{
    struct lf_err err = {0};
    struct lf_buf problems;
    lf_buf_init(&problems, PROBLEMS_BYTES_MAX);
    int status = LF_EXIT_DONE;
    if (lf_server_run(cli->config, roles, cli->operands, cli->operand_count, &problems, &err) != LF_OK)
        status = lf_cli_fail_with(cli->config->output == 1, &problems, &err);
    lf_buf_release(&problems);
    return status;
}

int
lf_cmd_serve_up(const struct lf_cli *cli)
{
    return serve(cli, LF_ROLE_GATEWAY | LF_ROLE_CONSUMER);
}

int
lf_cmd_serve_gateway(const struct lf_cli *cli)
{
    return serve(cli, LF_ROLE_GATEWAY);
}

int
lf_cmd_serve_consumer(const struct lf_cli *cli)
{
    return serve(cli, LF_ROLE_CONSUMER);
}
