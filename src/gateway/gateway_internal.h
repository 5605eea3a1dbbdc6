/* What the gateway's own files share: the service and the request in work. */
#ifndef LF_GATEWAY_INTERNAL_H
#define LF_GATEWAY_INTERNAL_H

#include "base/map.h"
#include "base/metrics.h"
#include "gateway/gateway.h"
#include "gateway/keyed.h"
#include "graphql/cache.h"
#include "graphql/execute.h"

/* A GraphQL request from lf_gateway_call() to its reply. Reused through the gateway's free list. */
struct lf_request {
    struct lf_gateway *gateway;
    struct lf_request *next; /* in the free list */
    struct lf_arena arena;
    struct lf_gql_cached *cached;
    lf_gateway_reply_fn *reply;
    void *user;
    struct lf_query_job *jobs; /* done, their answers still in use */
    struct lf_bytes idempotency_key;
    struct lf_bytes caller;
    struct lf_header trace[2]; /* traceparent, tracestate, as far as given */
    size_t trace_count;
    size_t mutations; /* mutation fields begun */
    size_t replayed;  /* of these from an earlier request */
    bool overloaded;
    bool partial; /* data beside errors */
    bool is_mutation;
    int64_t started_ns;
};

struct lf_gateway_metrics {
    struct lf_metric *queries;
    struct lf_metric *mutations;
    struct lf_metric *rejected; /* parse, validation, overload */
    struct lf_metric *events_logged;
    struct lf_metric *events_failed;
    struct lf_metric *events_unknown; /* outcome unknown */
    struct lf_metric *in_work;
    struct lf_histogram *mutation_seconds;
    struct lf_histogram *query_seconds;
};

struct lf_gateway {
    struct lf_gateway_options options;
    const struct lf_gql_schema *schema;
    struct lf_gql_cache *cache;
    struct lf_log_writer *writer;
    bool stopped; /* the writer is closed */
    struct lf_keyed *keyed;
    struct lf_request *idle;
    size_t idle_count;
    size_t in_work;
    struct lf_buf out;        /* of the response being written */
    struct lf_map old_topics; /* of stored events; by name, which is the value too */
    struct lf_gateway_metrics metrics;
};

/* The gateway's own copy of a topic's name: a stored event may be in one that the schema no longer has. ptr NULL: out
 * of memory. */
struct lf_bytes lf_gateway_keep_topic(struct lf_gateway *gateway, struct lf_bytes topic);

/* A mutation field becomes an event (mutate.c); its acknowledgement becomes the receipt (append.c). */
lf_gql_resolve_fn lf_gateway_resolve_mutation;
lf_log_ack_fn lf_gateway_acked;

/* read.c: fields that ask the store. */
lf_gql_resolve_fn lf_gateway_resolve_entity;
lf_gql_resolve_fn lf_gateway_resolve_list;
lf_gql_resolve_fn lf_gateway_resolve_event;
/* history.c: the past of an entity. */
lf_gql_resolve_fn lf_gateway_resolve_history;
struct lf_gateway_as_of {
    bool given;
    struct lf_bytes event_id; /* in the request's arena; ptr NULL: until_us counts */
    int64_t until_us;
};
/* The directive on a field. False: the slot has been finished with an error. */
bool lf_gateway_read_as_of(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info,
                           struct lf_gateway_as_of *ret);
/* Is @asOf used where it says nothing? Then errors say where. text: the document's. */
bool lf_gateway_as_of_misplaced(const struct lf_gql_schema *schema, const struct lf_gql_document *document,
                                struct lf_bytes text, struct lf_gql_errors *errors);

/* read.c: answers as values, in arena; false out of memory. A Relay connection has edges, nodes and pageInfo; nodes:
 * one an item of the result. */
LF_NODISCARD bool lf_gateway_event_value(const struct lf_stored_event *stored, struct lf_arena *arena,
                                         struct lf_value *ret);
LF_NODISCARD bool lf_gateway_connection(const struct lf_list_result *result, struct lf_value *nodes, bool after_given,
                                        struct lf_arena *arena, struct lf_value *ret);
/* Sets a job's entity, and its key from a value of the key's field. False out of memory. */
LF_NODISCARD bool lf_gateway_set_key(struct lf_query_job *job, const struct lf_entity *entity,
                                     const struct lf_value *key);
/* EventStatus as an enum value. */
struct lf_value lf_gateway_status_value(enum lf_event_status status);

/*
 * Asks the query room on behalf of a field: done is called later with the answered job, which then belongs to the
 * request; user is the caller's. When the job cannot be submitted the slot gets the error, and false is returned.
 */
typedef void lf_request_job_fn(struct lf_request *request, struct lf_query_job *job, void *user);
struct lf_query_job *lf_request_job_new(struct lf_gql_slot *slot, struct lf_request *request, enum lf_query_kind kind);
LF_NODISCARD enum lf_status lf_request_job_submit(struct lf_request *request, struct lf_query_job *job,
                                                  lf_request_job_fn *done, void *user, struct lf_err *err);
/* The same for a job whose user is the slot, which is finished where the job cannot be lent. */
void lf_gateway_submit(struct lf_gql_slot *slot, struct lf_request *request, struct lf_query_job *job,
                       lf_request_job_fn *done);
/* Finishes the slot for a failure of the store or the query room. */
void lf_gateway_store_error(struct lf_request *request, struct lf_gql_slot *slot, const struct lf_err *err);
void lf_gateway_out_of_memory(struct lf_request *request, struct lf_gql_slot *slot);
void lf_gateway_trouble(const struct lf_gateway *gateway, const char *what, const struct lf_err *err);

#endif
