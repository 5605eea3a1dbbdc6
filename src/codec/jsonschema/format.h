/* Formats with grammars of their own. For the files of this folder. */
#ifndef LF_CODEC_JSONSCHEMA_FORMAT_H
#define LF_CODEC_JSONSCHEMA_FORMAT_H

#include "codec/jsonschema/schema.h"

/* RFC 5321 with quoted local parts; RFC 6531 with any characters beyond ASCII */
bool lf_js_format_email(struct lf_bytes text);
bool lf_js_format_idn_email(struct lf_bytes text);
/* RFC 1123, A-labels are checked; RFC 5890 with U-labels */
bool lf_js_format_hostname(struct lf_bytes text);
bool lf_js_format_idn_hostname(struct lf_bytes text);
/* RFC 3986 and 3987, RFC 6570 */
bool lf_js_format_uri(struct lf_bytes text);
bool lf_js_format_uri_reference(struct lf_bytes text);
bool lf_js_format_iri(struct lf_bytes text);
bool lf_js_format_iri_reference(struct lf_bytes text);
bool lf_js_format_uri_template(struct lf_bytes text);

#endif
