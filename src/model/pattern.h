/*
 * Patterns of @constraint: regular expressions as JavaScript and JSON Schema users write them (base/regex.h), with a
 * limit on the work of a match: gateway and consumer agree about every value.
 */
#ifndef LF_MODEL_PATTERN_H
#define LF_MODEL_PATTERN_H

#include "base/arena.h"

enum { LF_PATTERN_STEPS_MAX = 100000 };

/* Compiles into arena (which owns the code; nothing is to be freed). LF_INVALID with the offset and PCRE2's words,
 * LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_pattern_compile(struct lf_bytes pattern, struct lf_arena *arena, void **ret_code,
                                               struct lf_err *err);

/* Does the pattern match somewhere in text (well-formed UTF-8)? LF_OK: yes; LF_NOT_FOUND: no; LF_LIMIT: the match took
 * too much work; LF_NO_MEMORY. Thread-safe. */
LF_NODISCARD enum lf_status lf_pattern_match(const void *code, struct lf_bytes text);

#endif
