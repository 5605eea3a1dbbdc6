/*
 * One HTTP request and its whole answer, through libcurl: bounded in time, size and redirects, ended by a gate. Knows
 * nothing of schemas. Credentials go to the host that they were given for alone. One thread at a time.
 */
#ifndef LF_CODEC_REGISTRY_HTTP_H
#define LF_CODEC_REGISTRY_HTTP_H

#include "base/buf.h"
#include "base/retry.h"
#include "codec/registry.h"

struct lf_asker;

struct lf_reply {
    int status;         /* 200, 404 … */
    struct lf_buf body; /* initialised by the caller with its maximum */
};

/* LF_INVALID: the URL; LF_DENIED: a certificate or key cannot be used; LF_NO_MEMORY. Texts are copied. */
LF_NODISCARD enum lf_status lf_asker_new(const struct lf_registry_options *options, struct lf_asker **ret,
                                         struct lf_err *err);
void lf_asker_free(struct lf_asker *asker); /* NULL is fine */

/*
 * Asks base URL + path. body.ptr NULL: none. LF_OK: an answer of any status has come whole. LF_UNAVAILABLE: none has,
 * or it is larger than reply->body may be; LF_CLOSED: the gate opened meanwhile.
 */
LF_NODISCARD enum lf_status lf_asker_ask(struct lf_asker *asker, struct lf_gate *gate, const char *method,
                                         const char *path, struct lf_bytes body, struct lf_reply *reply,
                                         struct lf_err *err);

#endif
