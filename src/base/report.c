/* Log lines of the program. */
#include "base/report.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/redact.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { REPORT_LINE_MAX = 8192 };

static enum lf_level lowest_level = LF_INFO;
static bool as_json;
static void (*redirect)(void *ctx, const char *line, size_t len);
static void *redirect_ctx;

void
lf_report_configure(enum lf_level lowest, bool json)
{
    lowest_level = lowest;
    as_json = json;
}

void
lf_report_redirect(void (*fn)(void *ctx, const char *line, size_t len), void *ctx)
{
    redirect = fn;
    redirect_ctx = ctx;
}

static bool
needs_quotes(const char *text)
{
    if (*text == '\0')
        return true;
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == '"' || *at == '=' || *at == '\\' || *at == 0x7f)
            return true;
    }
    return false;
}

static void
add_quoted(struct lf_buf *out, const char *text)
{
    lf_buf_add_char(out, '"');
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\')
            lf_buf_printf(out, "\\%c", c);
        else if (c == '\n')
            lf_buf_add_text(out, "\\n");
        else if (c < ' ' || c == 0x7f)
            lf_buf_printf(out, "\\u%04x", c);
        else
            lf_buf_add_char(out, *at);
    }
    lf_buf_add_char(out, '"');
}

static void
add_pair(struct lf_buf *out, const char *key, const char *value)
{
    if (out->len != (as_json ? 1u : 0u))
        lf_buf_add_char(out, as_json ? ',' : ' ');
    if (as_json) {
        add_quoted(out, key);
        lf_buf_add_char(out, ':');
        add_quoted(out, value);
        return;
    }
    lf_buf_add_text(out, key);
    lf_buf_add_char(out, '=');
    if (needs_quotes(value))
        add_quoted(out, value);
    else
        lf_buf_add_text(out, value);
}

static void
report(enum lf_level level, const char *msg, const struct lf_err *err, va_list ap)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < lowest_level)
        return;
    struct lf_buf out;
    lf_buf_init(&out, REPORT_LINE_MAX);
    if (as_json)
        lf_buf_add_char(&out, '{');
    char when[LF_TIME_TEXT_SIZE];
    lf_time_format(lf_clock_real_us(), 3, when);
    add_pair(&out, "time", when);
    add_pair(&out, "level", names[level]);
    add_pair(&out, "msg", msg);
    for (const char *key = va_arg(ap, const char *); key != NULL; key = va_arg(ap, const char *)) {
        const char *value = va_arg(ap, const char *);
        if (value != NULL)
            add_pair(&out, key, value);
    }
    if (err != NULL) {
        add_pair(&out, "status", lf_status_name(err->status));
        add_pair(&out, "error", err->text);
    }
    lf_buf_add_text(&out, as_json ? "}\n" : "\n");
    lf_buf_add_char(&out, '\0');
    if (out.failed != LF_OK && out.len >= 2) /* cut off, but a line all the same */
        memcpy(out.ptr + out.len - 2, "\n", 2);
    if (out.len >= 2) {
        lf_redact(out.ptr);
        out.len = strlen(out.ptr);
    }
    if (redirect != NULL) {
        redirect(redirect_ctx, out.ptr, out.len);
    } else if (out.ptr != NULL) {
        /* One write a line, so that lines of several threads do not mix. */
        ssize_t n = write(STDERR_FILENO, out.ptr, out.len);
        (void)n; /* nobody is left to tell */
    }
    lf_buf_release(&out);
}

void
lf_report(enum lf_level level, const char *msg, ...)
{
    va_list ap;
    va_start(ap, msg);
    report(level, msg, NULL, ap);
    va_end(ap);
}

void
lf_report_err(enum lf_level level, const char *msg, const struct lf_err *err, ...)
{
    va_list ap;
    va_start(ap, err);
    report(level, msg, err, ap);
    va_end(ap);
}
