/* Violations: their places as JSON Pointers (RFC 6901), their reasons as sentences. */
#include "event/checker.h"
#include "event/number.h"

#include <stdarg.h>
#include <stdio.h>

enum { REASON_MAX = 400, QUOTE_MAX = 60 };

void
lf_checker_add(struct lf_checker *checker, const struct lf_json_step *step, const char *fmt, ...)
{
    if (checker->count == LF_VIOLATIONS_MAX)
        return;
    char reason[REASON_MAX];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    size_t used = len < 0 ? 0 : (size_t)len < sizeof(reason) ? (size_t)len : sizeof(reason) - 1;
    size_t valid;
    if (!lf_utf8_valid(lf_bytes(reason, used), &valid)) /* cut within a character */
        used = valid;
    char space[LF_JSON_POINTER_MAX];
    struct lf_violation violation = {lf_arena_copy(checker->arena, lf_json_pointer(step, space)),
                                     lf_arena_copy(checker->arena, lf_bytes(reason, used))};
    if (violation.path.ptr == NULL || violation.reason.ptr == NULL) {
        checker->no_memory = true;
        return;
    }
    checker->violations[checker->count++] = violation;
}

/* At most QUOTE_MAX bytes of text, cut between characters. */
static int
quote_length(struct lf_bytes text)
{
    size_t len = text.len < QUOTE_MAX ? text.len : QUOTE_MAX;
    size_t valid;
    if (len < text.len && !lf_utf8_valid(lf_bytes(text.ptr, len), &valid))
        len = valid;
    return (int)len;
}

const char *
lf_checker_words(struct lf_checker *checker, const struct lf_value *value)
{
    char space[LF_INTEGER_TEXT_SIZE];
    struct lf_bytes text;
    const char *words = NULL;
    switch (value->type) {
    case LF_V_NULL: return "null";
    case LF_V_BOOL: return value->u.boolean ? "true" : "false";
    case LF_V_LIST: return "a list";
    case LF_V_OBJECT: return "an object";
    case LF_V_OPAQUE: return "no JSON value";
    case LF_V_STRING:
    case LF_V_ENUM:
        text = lf_value_text(value);
        words = lf_arena_printf(checker->arena, "\"%.*s%s\"", quote_length(text), text.ptr != NULL ? text.ptr : "",
                                text.len > QUOTE_MAX ? "..." : "");
        break;
    case LF_V_INT:
    case LF_V_FLOAT:
        text = lf_number_text(value, space, checker->arena);
        words = lf_arena_printf(checker->arena, "%.*s%s", quote_length(text), text.ptr != NULL ? text.ptr : "",
                                text.len > QUOTE_MAX ? "..." : "");
        break;
    }
    if (words == NULL)
        checker->no_memory = true;
    return words != NULL ? words : "";
}
