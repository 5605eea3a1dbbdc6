/*
 * Regular expressions of "pattern" and "patternProperties": ECMA-262 with the u flag, on PCRE2. A pattern is rewritten
 * where the two languages differ, and a match has a limit on its work. For the files of this folder.
 */
#ifndef LF_CODEC_JSONSCHEMA_REGEX_H
#define LF_CODEC_JSONSCHEMA_REGEX_H

#include "base/arena.h"

struct lf_js_regex;

/* Compiles into arena, which owns it all. LF_INVALID with the reason; LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_js_regex_compile(struct lf_bytes pattern, struct lf_arena *arena,
                                                const struct lf_js_regex **ret, struct lf_err *err);

enum {
    LF_JS_REGEX_CHEAP = 2000, /* backtracking points that a match may visit without being charged for */
    LF_JS_REGEX_MAX = 200000, /* and in all */
};

/* What matches of one validation share; zero-initialised. One thread at a time. */
struct lf_js_matcher {
    void *memory, *data, *limits;
};
void lf_js_matcher_release(struct lf_js_matcher *matcher);

/*
 * Does the regex match somewhere in text (well-formed UTF-8)? LF_OK: yes; LF_NOT_FOUND: no; LF_LIMIT: that took more
 * than limit; LF_NO_MEMORY.
 */
LF_NODISCARD enum lf_status lf_js_regex_match(const struct lf_js_regex *regex, struct lf_bytes text, uint32_t limit,
                                              struct lf_js_matcher *matcher);

/* Whether text is a regular expression of ECMA-262. LF_OK, LF_NOT_FOUND, LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_js_regex_valid(struct lf_bytes text);

#endif
