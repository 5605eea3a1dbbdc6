/* Exact decimals as texts in JSON's number syntax ("-12.50", "1e3"): what Decimal fields and bounds are made of. */
#ifndef LF_MODEL_DECIMAL_H
#define LF_MODEL_DECIMAL_H

#include "base/arena.h"

enum {
    LF_DECIMAL_DIGITS_MAX = 1000,   /* written out without an exponent; more is refused */
    LF_DECIMAL_DIVISOR_DIGITS = 18, /* significant digits of a divisor */
};

/* A JSON number of at most LF_DECIMAL_DIGITS_MAX digits when written without an exponent. */
bool lf_decimal_valid(struct lf_bytes text);
/* Without an exponent and without "-0"; zeros after the point are kept ("1.50"). ptr NULL: not valid, out of memory. */
struct lf_bytes lf_decimal_plain(struct lf_bytes text, struct lf_arena *arena);

/* a + b or a - b with as many digits after the point as the longer one. LF_INVALID: not decimals; LF_LIMIT: an operand
 * or the sum has too many digits; LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_decimal_sum(struct lf_bytes a, struct lf_bytes b, bool subtract, struct lf_arena *arena,
                                           struct lf_bytes *ret);
/* The same for callers who need not know why: ptr NULL for any of these. */
struct lf_bytes lf_decimal_add(struct lf_bytes a, struct lf_bytes b, bool subtract, struct lf_arena *arena);
/* Exact order of two decimal texts: -1, 0, 1. Any exponent; a text that is no JSON number counts as 0. */
int lf_decimal_compare(struct lf_bytes a, struct lf_bytes b);

/* Positive, valid, of at most LF_DECIMAL_DIVISOR_DIGITS significant digits: fit for lf_decimal_is_multiple(). */
bool lf_decimal_is_divisor(struct lf_bytes text);
/* Whether text is a whole multiple of divisor. */
bool lf_decimal_is_multiple(struct lf_bytes text, struct lf_bytes divisor);

#endif
