/* Verdicts as lines or objects. */
#include "cli/verdict_print.h"
#include "codec/schema.h"
#include "json/json.h"
#include "server/compat.h"

enum { OUTPUT_BYTES_MAX = 64 * 1024 * 1024 };

static void
add_text(struct lf_buf *out, const char *name, struct lf_bytes text)
{
    lf_buf_printf(out, "\"%s\":", name);
    lf_json_write_string(out, text);
}

static void
add_json(struct lf_buf *out, const struct lf_event_type *event, enum lf_event_format format, size_t versions,
         const struct lf_schema_verdict *verdict)
{
    lf_buf_add_char(out, '{');
    add_text(out, "event", event->name);
    lf_buf_printf(out, ",\"format\":\"%s\",\"versions\":%zu,\"compatible\":%s,\"breaks\":[",
                  lf_schema_format_name(format), versions, verdict->count == 0 ? "true" : "false");
    for (size_t i = 0; i < verdict->count; i++) {
        const struct lf_schema_break *found = &verdict->breaks[i];
        lf_buf_add_text(out, i > 0 ? ",{" : "{");
        add_text(out, "against", found->version);
        lf_buf_printf(out, ",\"direction\":\"%s\",", found->forward ? "forward" : "backward");
        add_text(out, "path", found->path);
        lf_buf_add_char(out, ',');
        add_text(out, "message", found->text);
        lf_buf_add_char(out, '}');
    }
    lf_buf_add_text(out, "]}\n");
}

enum lf_status
lf_cli_verdict_print(const struct lf_config *config, const struct lf_event_type *event, enum lf_event_format format,
                     size_t versions, const struct lf_schema_verdict *verdict, struct lf_err *err)
{
    struct lf_buf out;
    lf_buf_init(&out, OUTPUT_BYTES_MAX);
    if (config->output == 1)
        add_json(&out, event, format, versions, verdict);
    for (size_t i = 0; config->output != 1 && i < verdict->count; i++) {
        lf_buf_printf(&out, "%.*s: ", LF_FMT(event->name));
        lf_compat_write(&out, &verdict->breaks[i]);
        lf_buf_add_char(&out, '\n');
    }
    enum lf_status st = lf_buf_status(&out, err);
    if (st == LF_OK && !lf_cli_print(lf_buf_view(&out)))
        st = lf_fail(err, LF_IO, "standard output is closed or full");
    lf_buf_release(&out);
    return st;
}
