/*
 * Regular expressions of "pattern" and "patternProperties": ECMA-262 with the u flag, on PCRE2 (base/regex.h). A
 * pattern is rewritten where the two languages differ. For the files of this folder.
 */
#ifndef LF_CODEC_JSONSCHEMA_REGEX_H
#define LF_CODEC_JSONSCHEMA_REGEX_H

#include "base/regex.h"

/* Compiles into arena, which owns it all. LF_INVALID with the reason; LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_js_regex_compile(struct lf_bytes pattern, struct lf_arena *arena,
                                                const struct lf_regex **ret, struct lf_err *err);

/* Limits of matches. */
enum {
    LF_JS_REGEX_CHEAP = 2000, /* backtracking points that a match may visit without being charged for */
    LF_JS_REGEX_MAX = 200000, /* and in all */
};

/* Whether text is a regular expression of ECMA-262. LF_OK, LF_NOT_FOUND, LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_js_regex_valid(struct lf_bytes text);

#endif
