/* Patterns: regular expressions with a limit of their own. */
#include "model/pattern.h"

#include "base/regex.h"

enum lf_status
lf_pattern_compile(struct lf_bytes pattern, struct lf_arena *arena, void **ret_code, struct lf_err *err)
{
    struct lf_regex *regex;
    struct lf_err why = {0};
    size_t offset = 0;
    enum lf_status st = lf_regex_compile(pattern, true, arena, &regex, &offset, &why);
    if (st == LF_INVALID)
        return lf_fail(err, LF_INVALID, "%s, at offset %zu", why.text, offset);
    if (st != LF_OK)
        return lf_no_memory(err);
    *ret_code = regex;
    return LF_OK;
}

enum lf_status
lf_pattern_match(const void *code, struct lf_bytes text)
{
    struct lf_regex_matcher matcher = {0};
    enum lf_status st = lf_regex_match(code, text, LF_PATTERN_STEPS_MAX, &matcher);
    lf_regex_matcher_release(&matcher);
    return st;
}
