/* URI references (RFC 3986 section 5): enough to find schemas by name. Pure. For the files of this folder. */
#ifndef LF_CODEC_JSONSCHEMA_URI_H
#define LF_CODEC_JSONSCHEMA_URI_H

#include "base/arena.h"

enum { LF_JS_URI_BYTES_MAX = 4096 };

/* The part before '#', and the part after it (ptr NULL: there is no '#'). */
struct lf_bytes lf_js_uri_split(struct lf_bytes uri, struct lf_bytes *ret_fragment);

/* Resolves a reference (its fragment is dropped) against a base without fragment; the result is in arena. LF_INVALID:
 * longer than LF_JS_URI_BYTES_MAX; LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_js_uri_resolve(struct lf_bytes base, struct lf_bytes reference, struct lf_arena *arena,
                                              struct lf_bytes *ret, struct lf_err *err);

/* Decodes %XX into out, which has room for text.len bytes; false for a broken escape. */
bool lf_js_uri_decode(struct lf_bytes text, char *out, size_t *ret_len);

#endif
