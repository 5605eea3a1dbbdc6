/* Percent-encoding (RFC 3986) and query strings (application/x-www-form-urlencoded). Pure. */
#ifndef LF_NET_URL_H
#define LF_NET_URL_H

#include "base/arena.h"

/* Decodes %XX, and + as a space if plus. The text lives in arena, or is the given one where nothing is encoded.
 * LF_INVALID for a % without two hexadecimal digits. Any byte may come out, NUL and ill-formed UTF-8 too. */
LF_NODISCARD enum lf_status lf_url_decode(struct lf_arena *arena, struct lf_bytes text, bool plus, struct lf_bytes *ret,
                                          struct lf_err *err);

/* Takes the first name=value pair, still encoded, off the query; false when there is none left. */
bool lf_url_query_next(struct lf_bytes *query, struct lf_bytes *ret_name, struct lf_bytes *ret_value);

/* The decoded value of the parameter called name. LF_NOT_FOUND; LF_INVALID if it stands twice, is badly encoded or no
 * UTF-8. */
LF_NODISCARD enum lf_status lf_url_query_get(struct lf_arena *arena, struct lf_bytes query, const char *name,
                                             struct lf_bytes *ret, struct lf_err *err);

#endif
