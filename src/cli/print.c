/* What commands say: results to stdout, failures to stderr; and which options they do not have. */
#include "base/redact.h"
#include "cli/cli.h"
#include "json/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool
lf_cli_print(struct lf_bytes text)
{
    if ((text.len == 0 || fwrite(text.ptr, 1, text.len, stdout) == text.len) && fflush(stdout) == 0)
        return true;
    if (errno != EPIPE)
        fprintf(stderr, "logfirst: cannot write: %s\n", strerror(errno));
    return false;
}

/* {"error":{"code":…,"message":…,"problems":[…]}} */
static void
write_json(struct lf_buf *out, const char *text, const struct lf_buf *problems, const struct lf_err *err)
{
    lf_buf_printf(out, "{\"error\":{\"code\":\"%s\",\"message\":", lf_status_name(err->status));
    lf_json_write_string(out, lf_bytes_of(text));
    if (problems != NULL && problems->len != 0) {
        lf_buf_add_text(out, ",\"problems\":");
        lf_buf_add(out, lf_bytes(problems->ptr, problems->len - 1)); /* without its newline */
    }
    lf_buf_add_text(out, "}}\n");
}

int
lf_cli_fail_with(bool json, const struct lf_buf *problems, const struct lf_err *err)
{
    struct lf_buf out;
    char text[LF_ERR_TEXT_MAX];
    memcpy(text, err->text, sizeof(text));
    lf_redact(text);
    lf_buf_init(&out, 16 * 1024 + (problems != NULL ? problems->len : 0));
    if (json) {
        write_json(&out, text, problems, err);
    } else {
        if (problems != NULL)
            lf_buf_add(&out, lf_buf_view(problems));
        lf_buf_printf(&out, "logfirst: %s\n", text);
    }
    if (out.failed == LF_OK)
        fwrite(out.ptr, 1, out.len, stderr);
    else
        fprintf(stderr, "logfirst: %s\n", text); /* no memory to say it better */
    lf_buf_release(&out);
    return err->status == LF_USAGE ? LF_EXIT_USAGE : LF_EXIT_FAILED;
}

int
lf_cli_fail(const struct lf_config *config, const struct lf_err *err)
{
    return lf_cli_fail_with(config->output == 1, NULL, err);
}

enum lf_status
lf_cli_check_uses(const struct lf_cli *cli, const char *command, const struct lf_cli_use *uses, size_t count,
                  struct lf_err *err)
{
    for (size_t i = 0; i < cli->arg_count; i++) {
        for (size_t u = 0; u < count; u++) {
            if (strcmp(cli->args[i].name, uses[u].option) == 0 && strstr(uses[u].verbs, cli->verb) == NULL)
                return lf_fail(err, LF_USAGE, "--%s is an option of %s %s", uses[u].option, command, uses[u].verbs);
        }
    }
    return LF_OK;
}
