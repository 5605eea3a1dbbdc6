/*
 * Stage 1: a GraphQL request in; a mutation becomes an event in the log, a query asks the store; a response out.
 *
 * The service (this file's lf_gateway_*) knows no sockets; gateway/http.h brings requests to it. Everything runs on one
 * thread, the loop's: the log's acknowledgements and the queries' answers come back through wakes and are taken in
 * lf_gateway_turn().
 */
#ifndef LF_GATEWAY_GATEWAY_H
#define LF_GATEWAY_GATEWAY_H

#include "codec/codec.h"
#include "log/log.h"
#include "query/query.h"

struct lf_gateway;

struct lf_gateway_options {
    struct lf_model *model; /* resolvers are set in its schema: one gateway a model */
    struct lf_log *log;
    struct lf_query *query; /* NULL: no store in reach; queries answer STORE_UNAVAILABLE */
    struct lf_codec_options codec;
    struct lf_bytes topic; /* of events that name none; outlives the gateway */
    struct lf_wake wake;   /* something waits for lf_gateway_turn() */
    bool introspection;
    size_t requests_max; /* in work at once; more: OVERLOADED; 0: 20,000 */
    /* Told the words of a failure of log, store or program, which clients only see as a code: they may name files and
     * hosts. On the loop's thread, as often as it happens. NULL: nobody. */
    void (*trouble)(void *ctx, const char *what, const struct lf_err *err);
    void *trouble_ctx;
};

LF_NODISCARD enum lf_status lf_gateway_new(const struct lf_gateway_options *options, struct lf_gateway **ret,
                                           struct lf_err *err);
/* Answers what waits for the log and takes no more mutations. Then the owner closes the query room, which answers what
 * waits for the store; then the gateway may be freed. */
void lf_gateway_stop(struct lf_gateway *gateway);
void lf_gateway_free(struct lf_gateway *gateway); /* stopped, nothing in work; NULL is fine */

/* Takes acknowledgements and answers that have arrived. Call when woken. */
void lf_gateway_turn(struct lf_gateway *gateway);
/* Hands the appends of this turn to the log as one batch. Call at the end of each loop turn; if it returns 0 or more, a
 * turn must come within so many milliseconds. */
int64_t lf_gateway_flush(struct lf_gateway *gateway);
size_t lf_gateway_in_work(const struct lf_gateway *gateway);

/* What a transport has read. Views must stay valid until lf_gateway_call() returns. */
struct lf_gateway_call {
    struct lf_bytes query;
    struct lf_bytes operation_name;   /* ptr NULL: none */
    const struct lf_value *variables; /* LF_V_OBJECT or LF_V_NULL; NULL: none */
    bool read_only;                   /* GET: mutations are refused */
    struct lf_bytes idempotency_key;  /* ptr NULL: none */
    struct lf_bytes caller;           /* who; part of what an idempotency key belongs to; "" for anonymous */
    struct lf_bytes traceparent;      /* ptr NULL: none */
    struct lf_bytes tracestate;       /* ptr NULL: none */
};

/* Why there is no data; decides the HTTP status. */
enum lf_reply_kind {
    LF_REPLY_DATA, /* executed; errors may stand beside the data */
    LF_REPLY_PARSE_FAILED,
    LF_REPLY_INVALID,   /* validation, operation, variables */
    LF_REPLY_READ_ONLY, /* a mutation by GET */
    LF_REPLY_OVERLOADED,
    LF_REPLY_FAILED, /* ours: the response is too large to write */
};
struct lf_gateway_reply {
    enum lf_reply_kind kind;
    struct lf_bytes body; /* the GraphQL response as JSON; valid during the call */
    bool partial;         /* data and errors */
    bool replayed;        /* every mutation answered from an earlier one of the same idempotency key */
    bool overloaded;      /* some field answered OVERLOADED: add Retry-After */
};
typedef void lf_gateway_reply_fn(void *user, const struct lf_gateway_reply *reply);

/* Runs one GraphQL request; reply is called exactly once, now or in a later turn. */
void lf_gateway_call(struct lf_gateway *gateway, const struct lf_gateway_call *call, lf_gateway_reply_fn *reply,
                     void *user);

#endif
