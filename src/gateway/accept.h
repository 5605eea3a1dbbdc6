/* Content negotiation of GraphQL responses. Pure. */
#ifndef LF_GATEWAY_ACCEPT_H
#define LF_GATEWAY_ACCEPT_H

#include "base/bytes.h"

enum lf_media { LF_MEDIA_NONE, LF_MEDIA_JSON, LF_MEDIA_GRAPHQL };

/*
 * The best of application/graphql-response+json and application/json for an Accept value (ptr NULL: there is none), by
 * quality, then by which is named: a client that names neither (no Accept, or only wildcards) gets application/json, as
 * clients older than the first type expect. LF_MEDIA_NONE: neither is acceptable.
 */
enum lf_media lf_accept_choose(struct lf_bytes accept);
/* A Content-Type value names application/json, with no charset but utf-8. */
bool lf_content_type_is_json(struct lf_bytes content_type);

#endif
