/* The breaks that a comparison of two schemas found. */
#include "codec/compat.h"

#include <stdarg.h>
#include <stdio.h>

enum { TEXT_MAX = 600 };

void
lf_compat_init(struct lf_compat_report *report, struct lf_arena *arena)
{
    *report = (struct lf_compat_report){.arena = arena};
}

/* The text of one break; ptr NULL out of memory. */
static struct lf_bytes
make_text(struct lf_arena *arena, const char *fmt, va_list ap)
{
    char text[TEXT_MAX];
    const int len = vsnprintf(text, sizeof(text), fmt, ap);
    size_t used = len < 0 ? 0 : (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    size_t valid;
    if (!lf_utf8_valid(lf_bytes(text, used), &valid)) /* cut within a character */
        used = valid;
    return lf_arena_copy(arena, lf_bytes(text, used));
}

void
lf_compat_add(struct lf_compat_report *report, const struct lf_json_step *step, const char *fmt, ...)
{
    report->total++;
    if (report->count == LF_COMPAT_BREAKS_MAX || report->no_memory)
        return;
    char space[LF_JSON_POINTER_MAX];
    va_list ap;
    va_start(ap, fmt);
    const struct lf_compat_break found = {
        .path = lf_arena_copy(report->arena, lf_json_pointer(step, space)),
        .text = make_text(report->arena, fmt, ap),
    };
    va_end(ap);
    struct lf_compat_break *breaks =
        lf_arena_grow(report->arena, report->breaks, report->count, &report->cap, sizeof(*breaks));
    if (breaks == NULL || found.path.ptr == NULL || found.text.ptr == NULL) {
        report->no_memory = true;
        return;
    }
    breaks[report->count++] = found;
    report->breaks = breaks;
}

enum lf_status
lf_compat_status(const struct lf_compat_report *report, struct lf_err *err)
{
    return report->no_memory ? lf_no_memory(err) : LF_OK;
}
