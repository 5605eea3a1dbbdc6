/* ECMA-262 patterns rewritten for PCRE2. For regex.c. */
#ifndef LF_CODEC_JSONSCHEMA_ECMA_H
#define LF_CODEC_JSONSCHEMA_ECMA_H

#include "base/buf.h"

/* Appends the pattern in PCRE2's language; LF_INVALID for escapes that ECMA-262 does not have. */
LF_NODISCARD enum lf_status lf_js_ecma_rewrite(struct lf_buf *out, struct lf_bytes pattern, struct lf_err *err);

#endif
