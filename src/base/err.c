/* Statuses, fates and error texts. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
    enum lf_fate fate;
} statuses[LF_STATUS_COUNT] = {
#define LF_STATUS(name, fate, text) [LF_##name] = {#name, text, LF_FATE_##fate},
#include "base/status.def"
#undef LF_STATUS
};

void
lf_assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "logfirst: %s:%d: assertion failed: %s\n", file, line, cond);
    abort();
}

/* A text that was cut off must not end in half a character: it may go into JSON. */
static void
drop_half_character(char *text, size_t len)
{
    size_t start = len;
    while (start > 0 && len - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)text[start - 1] < 0xc0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t need = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (len - start < need)
        text[start - 1] = '\0';
}

enum lf_status
lf_err_set(struct lf_err *err, enum lf_status status, const char *where, const char *fmt, ...)
{
    if (err == NULL)
        return status;
    va_list ap;
    va_start(ap, fmt);
    /* Through a copy: an argument may be err->text itself. */
    char text[LF_ERR_TEXT_MAX];
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof(text))
        drop_half_character(text, sizeof(text) - 1);
    memcpy(err->text, text, sizeof(text));
    err->status = status;
    err->fate = lf_status_fate(status);
    err->where = where;
    return status;
}

enum lf_status
lf_err_no_memory(struct lf_err *err, const char *where)
{
    return lf_err_set(err, LF_NO_MEMORY, where, "out of memory");
}

void
lf_err_context(struct lf_err *err, const char *fmt, ...)
{
    if (err == NULL)
        return;
    char text[LF_ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n + 2 >= sizeof(text))
        return;
    text[n] = ':';
    text[n + 1] = ' ';
    size_t at = (size_t)n + 2;
    size_t rest = strnlen(err->text, sizeof(text) - 1 - at); /* what does not fit is cut off */
    memcpy(text + at, err->text, rest);
    memcpy(err->text, text, at + rest);
    err->text[at + rest] = '\0';
    drop_half_character(err->text, at + rest);
}

const char *
lf_status_text(enum lf_status status)
{
    return (size_t)status < LF_STATUS_COUNT ? statuses[status].text : "unknown status";
}

const char *
lf_status_name(enum lf_status status)
{
    return (size_t)status < LF_STATUS_COUNT ? statuses[status].name : "UNKNOWN";
}

enum lf_fate
lf_status_fate(enum lf_status status)
{
    return (size_t)status < LF_STATUS_COUNT ? statuses[status].fate : LF_FATE_STOP;
}
