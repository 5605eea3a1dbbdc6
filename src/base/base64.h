/* Base64 (RFC 4648). Thread-safe. */
#ifndef LF_BASE_BASE64_H
#define LF_BASE_BASE64_H

#include "base/arena.h"
#include "base/buf.h"

/* Appends bytes as base64: url without padding (section 5), else with padding (section 4). */
void lf_base64_write(struct lf_buf *out, struct lf_bytes bytes, bool url);
/* Reads either form, padded or not, into arena. LF_INVALID: it is not base64; LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_base64_read(struct lf_bytes text, struct lf_arena *arena, struct lf_bytes *ret,
                                           struct lf_err *err);

#endif
