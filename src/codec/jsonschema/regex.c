/* Regular expressions of JSON Schema: rewritten for PCRE2. */
#include "codec/jsonschema/regex.h"

#include "codec/jsonschema/ecma.h"

enum { PATTERN_BYTES_MAX = 64 * 1024, REWRITTEN_BYTES_MAX = 1024 * 1024 };

enum lf_status
lf_js_regex_compile(struct lf_bytes pattern, struct lf_arena *arena, const struct lf_regex **ret, struct lf_err *err)
{
    if (pattern.len > PATTERN_BYTES_MAX)
        return lf_fail(err, LF_INVALID, "a pattern of %zu bytes: %d are allowed", pattern.len, PATTERN_BYTES_MAX);
    struct lf_buf rewritten;
    struct lf_regex *regex = NULL;
    lf_buf_init(&rewritten, REWRITTEN_BYTES_MAX);
    enum lf_status st = lf_js_ecma_rewrite(&rewritten, pattern, err);
    if (st == LF_OK)
        st = lf_regex_compile(lf_buf_view(&rewritten), false, arena, &regex, NULL, err);
    lf_buf_release(&rewritten);
    if (st == LF_OK)
        *ret = regex;
    return st;
}

enum lf_status
lf_js_regex_valid(struct lf_bytes text)
{
    struct lf_arena arena;
    const struct lf_regex *regex;
    lf_arena_init(&arena, 0, REWRITTEN_BYTES_MAX * 4);
    enum lf_status st = lf_js_regex_compile(text, &arena, &regex, NULL);
    lf_arena_release(&arena);
    return st == LF_INVALID ? LF_NOT_FOUND : st;
}
