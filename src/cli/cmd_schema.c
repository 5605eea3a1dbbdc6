/* logfirst schema print: the schema that is served. */
#include "cli/cli.h"
#include "json/json.h"
#include "server/parts.h"

enum { SCHEMA_TEXT_MAX = 64 * 1024 * 1024, PROBLEMS_BYTES_MAX = 4 * 1024 * 1024 };

static bool
print_schema(const struct lf_model *model, bool json)
{
    struct lf_buf text, out;
    lf_buf_init(&text, SCHEMA_TEXT_MAX);
    lf_buf_init(&out, SCHEMA_TEXT_MAX);
    lf_gql_schema_print(&text, model->schema);
    if (json) {
        lf_buf_add_text(&out, "{\"sdl\":");
        lf_json_write_string(&out, lf_buf_view(&text));
        lf_buf_add_text(&out, "}\n");
    } else {
        lf_buf_add(&out, lf_buf_view(&text));
    }
    bool good = text.failed == LF_OK && out.failed == LF_OK && lf_cli_print(lf_buf_view(&out));
    lf_buf_release(&text);
    lf_buf_release(&out);
    return good;
}

int
lf_cmd_schema(const struct lf_cli *cli)
{
    struct lf_parts parts;
    struct lf_err err = {0};
    struct lf_buf problems;
    int status = LF_EXIT_DONE;
    lf_buf_init(&problems, PROBLEMS_BYTES_MAX);
    lf_parts_init(&parts, cli->config);
    if (lf_parts_load_model(&parts, cli->operands, cli->operand_count, &problems, &err) != LF_OK)
        status = lf_cli_fail_with(cli->config->output == 1, &problems, &err);
    else if (!print_schema(parts.model, cli->config->output == 1))
        status = LF_EXIT_FAILED;
    lf_parts_release(&parts);
    lf_buf_release(&problems);
    return status;
}
