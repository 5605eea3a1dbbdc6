/* Whether texts are addresses as their RFCs write them. Pure. */
#ifndef LF_BASE_URI_H
#define LF_BASE_URI_H

#include "base/bytes.h"

/* RFC 2673 (four decimal numbers without leading zeros), RFC 4291 (without a zone). */
bool lf_ipv4_valid(struct lf_bytes text);
bool lf_ipv6_valid(struct lf_bytes text);
/* The domain of a mailbox as an address: "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321, section 4.1.3). */
bool lf_address_literal_valid(struct lf_bytes text);

/* A URI with its scheme (RFC 3986, section 3), or an IRI (RFC 3987): any characters beyond ASCII are allowed. */
bool lf_uri_valid(struct lf_bytes text, bool international);
/* The same, or a relative reference (RFC 3986, section 4.1). */
bool lf_uri_reference_valid(struct lf_bytes text, bool international);

#endif
