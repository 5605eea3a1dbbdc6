/*
 * Regular expressions on PCRE2, in UTF-8, with a limit on the work of a match. Interpreted, not compiled to machine
 * code: a match takes the same steps wherever it runs, so that all agree about every text.
 */
#ifndef LF_BASE_REGEX_H
#define LF_BASE_REGEX_H

#include "base/arena.h"

struct lf_regex;

/*
 * Compiles into arena, which owns it all (nothing is to be freed). As in JavaScript $ is the very end, [] matches
 * nothing and a group that is unset matches the empty text; with js_escapes, \uhhhh, \u{h} and \xhh are characters as
 * there too, and not PCRE2's. LF_INVALID with PCRE2's words, *ret_offset (may be NULL) says where; LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_regex_compile(struct lf_bytes pattern, bool js_escapes, struct lf_arena *arena,
                                             struct lf_regex **ret, size_t *ret_offset, struct lf_err *err);

/* What matches may share; zero-initialised. One thread at a time. */
struct lf_regex_matcher {
    void *memory, *data, *limits;
};
void lf_regex_matcher_release(struct lf_regex_matcher *matcher);

/*
 * Does the regex match somewhere in text? LF_OK: yes; LF_NOT_FOUND: no; LF_LIMIT: that took more than limit steps of
 * backtracking, or 2 MiB, or text is no UTF-8; LF_NO_MEMORY. The regex may be in use by other threads.
 */
LF_NODISCARD enum lf_status lf_regex_match(const struct lf_regex *regex, struct lf_bytes text, uint32_t limit,
                                           struct lf_regex_matcher *matcher);

#endif
