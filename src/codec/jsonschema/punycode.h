/* Punycode (RFC 3492), and the code points of UTF-8. For the files of this folder. */
#ifndef LF_CODEC_JSONSCHEMA_PUNYCODE_H
#define LF_CODEC_JSONSCHEMA_PUNYCODE_H

#include "base/bytes.h"

enum { LF_JS_LABEL_MAX = 63 };

/* The code points of well-formed UTF-8; false: more than max. */
bool lf_js_code_points(struct lf_bytes text, uint32_t *codes, size_t max, size_t *ret_count);
/* Writes what stands behind "xn--"; false: it takes more than LF_JS_LABEL_MAX characters. */
bool lf_js_punycode_encode(const uint32_t *codes, size_t count, char out[LF_JS_LABEL_MAX], size_t *ret_len);
/* Reads it; false: it is malformed or has more than LF_JS_LABEL_MAX code points. */
bool lf_js_punycode_decode(struct lf_bytes text, uint32_t codes[LF_JS_LABEL_MAX], size_t *ret_count);

#endif
