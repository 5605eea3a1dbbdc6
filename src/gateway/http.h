/* GraphQL over HTTP (draft of 2026-08-06): requests of the HTTP server to the gateway's service, and replies back. */
#ifndef LF_GATEWAY_HTTP_H
#define LF_GATEWAY_HTTP_H

#include "gateway/gateway.h"
#include "net/http.h"

struct lf_gateway_http;

/* gateway outlives it. NULL: out of memory. */
struct lf_gateway_http *lf_gateway_http_new(struct lf_gateway *gateway);
void lf_gateway_http_free(struct lf_gateway_http *http); /* NULL is fine; all requests must be answered */
/* The handler for lf_http_server_open(); ctx is the struct lf_gateway_http. Serves /graphql, 404 for the rest. */
lf_http_handler_fn lf_gateway_http_handle;
/* What the HTTP server refuses by itself, in GraphQL's form: errors with a code. For struct lf_http_options. */
lf_http_refusal_fn lf_gateway_http_refusal;

#endif
