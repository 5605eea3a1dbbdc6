/* The service: a request's way from text to response. */
#include "gateway/gateway_internal.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

enum {
    IDLE_REQUESTS_MAX = 256,
    REQUESTS_MAX_DEFAULT = 20000,
    KEYED_MAX = 100000,
    CACHE_BYTES_MAX = 64 * 1024 * 1024,
    REQUEST_ARENA_MAX = 256 * 1024 * 1024,
    OUT_BYTES_KEPT = 1024 * 1024,
};

#define OUT_OF_MEMORY                                                                                                  \
    "{\"errors\":[{\"message\":\"The server is short of memory; try again in a moment.\","                             \
    "\"extensions\":{\"code\":\"OVERLOADED\"}}]}"

static void
register_metrics(struct lf_gateway_metrics *m)
{
    const char *requests = "GraphQL requests by kind";
    m->queries = lf_metrics_counter("logfirst_gateway_requests_total", "kind=\"query\"", requests);
    m->mutations = lf_metrics_counter("logfirst_gateway_requests_total", "kind=\"mutation\"", requests);
    m->rejected = lf_metrics_counter("logfirst_gateway_requests_total", "kind=\"rejected\"", requests);
    const char *events = "Events of mutations by outcome at the log";
    m->events_logged = lf_metrics_counter("logfirst_gateway_events_total", "outcome=\"logged\"", events);
    m->events_failed = lf_metrics_counter("logfirst_gateway_events_total", "outcome=\"not_logged\"", events);
    m->events_unknown = lf_metrics_counter("logfirst_gateway_events_total", "outcome=\"unknown\"", events);
    m->in_work = lf_metrics_gauge("logfirst_gateway_requests_in_work", "", "GraphQL requests in work");
    m->mutation_seconds =
        lf_metrics_histogram("logfirst_gateway_request_seconds", "kind=\"mutation\"", "Time from request to response");
    m->query_seconds =
        lf_metrics_histogram("logfirst_gateway_request_seconds", "kind=\"query\"", "Time from request to response");
}

static struct lf_gql_field *
query_field(const struct lf_model *model, struct lf_bytes name)
{
    return lf_gql_type_field(model->schema->query, name);
}

/* Gives the schema's root fields their resolvers. */
static void
set_resolvers(struct lf_model *model)
{
    for (size_t i = 0; i < model->mutation_count; i++) {
        model->mutations[i].gql->resolve = lf_gateway_resolve_mutation;
        model->mutations[i].gql->user = &model->mutations[i];
    }
    for (size_t i = 0; i < model->entity_count; i++) {
        struct lf_entity *entity = &model->entities[i];
        struct lf_gql_field *one = query_field(model, entity->single);
        struct lf_gql_field *many = query_field(model, entity->collection);
        LF_ASSERT(one != NULL && many != NULL);
        one->resolve = lf_gateway_resolve_entity;
        many->resolve = lf_gateway_resolve_list;
        one->user = many->user = entity;
        if (lf_entity_declares_history(entity))
            continue;
        struct lf_gql_field *history = lf_gql_type_field(entity->gql, LF_LIT("history"));
        LF_ASSERT(history != NULL);
        history->resolve = lf_gateway_resolve_history;
        history->user = entity;
    }
    struct lf_gql_field *event = query_field(model, LF_LIT("event"));
    struct lf_gql_field *events = query_field(model, LF_LIT("events"));
    LF_ASSERT(event != NULL && events != NULL);
    event->resolve = lf_gateway_resolve_event;
    events->resolve = lf_gateway_resolve_list; /* user NULL: events */
    events->user = NULL;
}

enum lf_status
lf_gateway_new(const struct lf_gateway_options *options, struct lf_gateway **ret, struct lf_err *err)
{
    struct lf_gateway *gateway = lf_calloc(1, sizeof(*gateway));
    if (gateway == NULL)
        return lf_no_memory(err);
    gateway->options = *options;
    if (gateway->options.requests_max == 0)
        gateway->options.requests_max = REQUESTS_MAX_DEFAULT;
    gateway->schema = options->model->schema;
    lf_buf_init(&gateway->out, LF_GQL_RESPONSE_BYTES_MAX);
    lf_map_init(&gateway->old_topics);
    register_metrics(&gateway->metrics);
    set_resolvers(options->model);
    enum lf_status st = LF_OK;
    gateway->cache = lf_gql_cache_new(gateway->schema, LF_GQL_CACHE_DOCUMENTS, CACHE_BYTES_MAX);
    gateway->keyed = lf_keyed_new(KEYED_MAX);
    if (gateway->cache == NULL || gateway->keyed == NULL)
        st = lf_no_memory(err);
    if (st == LF_OK)
        st = lf_log_writer_open(options->log, options->wake, lf_gateway_acked, gateway, &gateway->writer, err);
    if (st != LF_OK) {
        lf_gateway_free(gateway);
        return st;
    }
    *ret = gateway;
    return LF_OK;
}

void
lf_gateway_stop(struct lf_gateway *gateway)
{
    struct lf_log_writer *writer = gateway->writer;
    gateway->stopped = true;
    if (writer != NULL)
        lf_log_writer_close(writer); /* answers what is in flight */
    gateway->writer = NULL;
}

struct lf_bytes
lf_gateway_keep_topic(struct lf_gateway *gateway, struct lf_bytes topic)
{
    char *kept = lf_map_get(&gateway->old_topics, topic);
    if (kept == NULL) {
        kept = lf_strndup(topic.ptr, topic.len);
        if (kept != NULL && lf_map_add(&gateway->old_topics, lf_bytes(kept, topic.len), kept) != LF_OK) {
            lf_free(kept);
            kept = NULL;
        }
    }
    return lf_bytes(kept, kept != NULL ? topic.len : 0);
}

static void
free_topics(struct lf_map *topics)
{
    size_t at = 0;
    for (const struct lf_map_entry *e = lf_map_next(topics, &at); e != NULL; e = lf_map_next(topics, &at))
        lf_free(e->value);
    lf_map_release(topics);
}

void
lf_gateway_free(struct lf_gateway *gateway)
{
    if (gateway == NULL)
        return;
    lf_gateway_stop(gateway);
    LF_ASSERT(gateway->in_work == 0);
    while (gateway->idle != NULL) {
        struct lf_request *request = gateway->idle;
        gateway->idle = request->next;
        lf_arena_release(&request->arena);
        lf_free(request);
    }
    lf_gql_cache_free(gateway->cache);
    lf_keyed_free(gateway->keyed);
    lf_buf_release(&gateway->out);
    free_topics(&gateway->old_topics);
    lf_free(gateway);
}

void
lf_gateway_turn(struct lf_gateway *gateway)
{
    if (gateway->stopped)
        return;
    lf_log_poll(gateway->writer);
    if (gateway->options.query != NULL)
        lf_query_poll(gateway->options.query);
}

int64_t
lf_gateway_flush(struct lf_gateway *gateway)
{
    return gateway->stopped ? -1 : lf_log_flush(gateway->writer);
}

size_t
lf_gateway_in_work(const struct lf_gateway *gateway)
{
    return gateway->in_work;
}

static struct lf_request *
take_request(struct lf_gateway *gateway)
{
    struct lf_request *request = gateway->idle;
    if (request != NULL) {
        struct lf_arena arena = request->arena;
        gateway->idle = request->next;
        gateway->idle_count--;
        *request = (struct lf_request){.gateway = gateway, .arena = arena};
    } else {
        request = lf_calloc(1, sizeof(*request));
        if (request == NULL)
            return NULL;
        request->gateway = gateway;
        lf_arena_init(&request->arena, 4096, REQUEST_ARENA_MAX);
    }
    request->started_ns = lf_clock_mono_ns();
    lf_metric_set(gateway->metrics.in_work, (int64_t)++gateway->in_work);
    return request;
}

static void
give_back(struct lf_request *request)
{
    struct lf_gateway *gateway = request->gateway;
    while (request->jobs != NULL) {
        struct lf_query_job *job = request->jobs;
        request->jobs = job->next;
        lf_query_job_free(job);
    }
    if (request->cached != NULL)
        lf_gql_cached_unref(gateway->cache, request->cached);
    lf_metric_set(gateway->metrics.in_work, (int64_t)--gateway->in_work);
    if (gateway->idle_count >= IDLE_REQUESTS_MAX) {
        lf_arena_release(&request->arena);
        lf_free(request);
        return;
    }
    lf_arena_reset(&request->arena);
    request->next = gateway->idle;
    gateway->idle = request;
    gateway->idle_count++;
}

void
lf_gateway_trouble(const struct lf_gateway *gateway, const char *what, const struct lf_err *err)
{
    if (gateway->options.trouble != NULL)
        gateway->options.trouble(gateway->options.trouble_ctx, what, err);
}

static void
measure(const struct lf_request *request, enum lf_reply_kind kind)
{
    const struct lf_gateway_metrics *m = &request->gateway->metrics;
    if (kind != LF_REPLY_DATA) {
        lf_metric_add(m->rejected, 1);
        return;
    }
    int64_t us = (lf_clock_mono_ns() - request->started_ns) / 1000;
    lf_metric_add(request->is_mutation ? m->mutations : m->queries, 1);
    lf_histogram_observe_us(request->is_mutation ? m->mutation_seconds : m->query_seconds, us);
}

/* Sends the reply and ends the request. */
static void
finish(struct lf_request *request, enum lf_reply_kind kind)
{
    struct lf_gateway *gateway = request->gateway;
    struct lf_gateway_reply reply = {.kind = kind, .partial = request->partial, .overloaded = request->overloaded};
    reply.replayed = request->mutations != 0 && request->replayed == request->mutations;
    if (gateway->out.failed != LF_OK) {
        reply.kind = LF_REPLY_FAILED;
        reply.body = LF_LIT("{\"errors\":[{\"message\":\"The response is too large or memory is short; ask for less.\","
                            "\"extensions\":{\"code\":\"INTERNAL\"}}]}");
    } else {
        reply.body = lf_buf_view(&gateway->out);
    }
    measure(request, reply.kind);
    request->reply(request->user, &reply);
    if (gateway->out.cap > OUT_BYTES_KEPT) /* an outlier must not stay for ever */
        lf_buf_release(&gateway->out);
    lf_buf_clear(&gateway->out);
    give_back(request);
}

static void
finish_out_of_memory(struct lf_request *request)
{
    request->overloaded = true;
    lf_buf_clear(&request->gateway->out);
    lf_buf_add_text(&request->gateway->out, OUT_OF_MEMORY);
    finish(request, LF_REPLY_OVERLOADED);
}

/* An error without a code is the parser's or the validator's lack of memory; so is none at all. */
static bool
lacks_memory(const struct lf_gql_errors *errors)
{
    return errors->no_memory || errors->first == NULL || errors->first->code == NULL;
}

static void
finish_with_errors(struct lf_request *request, enum lf_reply_kind kind, const struct lf_gql_errors *errors)
{
    struct lf_buf *out = &request->gateway->out;
    if (lacks_memory(errors)) {
        finish_out_of_memory(request);
        return;
    }
    lf_buf_add_text(out, "{\"errors\":");
    lf_gql_errors_write(out, errors);
    lf_buf_add_char(out, '}');
    finish(request, kind);
}

static void
executed(struct lf_gql_exec *exec, void *user)
{
    struct lf_request *request = user;
    const struct lf_gql_errors *errors = lf_gql_exec_errors(exec);
    if (!lf_gql_exec_has_data(exec) && errors->no_memory) {
        finish_out_of_memory(request);
        return;
    }
    lf_gql_exec_write(exec, &request->gateway->out);
    request->partial = lf_gql_exec_has_data(exec) && errors->count != 0;
    finish(request, lf_gql_exec_has_data(exec) ? LF_REPLY_DATA : LF_REPLY_INVALID);
}

static enum lf_reply_kind
kind_of_errors(const struct lf_gql_errors *errors)
{
    const struct lf_gql_error *first = errors->first;
    if (first != NULL && first->code != NULL && strcmp(first->code, "GRAPHQL_PARSE_FAILED") == 0)
        return LF_REPLY_PARSE_FAILED;
    return LF_REPLY_INVALID;
}

/* Views of the call that must outlive it. */
static bool
keep_call(struct lf_request *request, const struct lf_gateway_call *call, struct lf_bytes *ret_operation)
{
    *ret_operation = LF_BYTES_NONE;
    if (call->operation_name.ptr != NULL) {
        *ret_operation = lf_arena_copy(&request->arena, call->operation_name);
        if (ret_operation->ptr == NULL)
            return false;
    }
    request->caller = lf_arena_copy(&request->arena, call->caller);
    if (request->caller.ptr == NULL)
        return false;
    if (call->idempotency_key.ptr != NULL) {
        request->idempotency_key = lf_arena_copy(&request->arena, call->idempotency_key);
        if (request->idempotency_key.ptr == NULL)
            return false;
    }
    const struct lf_header trace[2] = {{LF_LIT("traceparent"), call->traceparent},
                                       {LF_LIT("tracestate"), call->tracestate}};
    for (size_t i = 0; i < 2; i++) {
        if (trace[i].value.ptr == NULL)
            continue;
        struct lf_header *kept = &request->trace[request->trace_count++];
        *kept = trace[i];
        kept->value = lf_arena_copy(&request->arena, trace[i].value);
        if (kept->value.ptr == NULL)
            return false;
    }
    return true;
}

static bool
read_variables(struct lf_request *request, const struct lf_gateway_call *call, struct lf_value *ret,
               struct lf_gql_errors *errors)
{
    *ret = LF_VALUE_NULL;
    if (call->variables == NULL || lf_value_copy(&request->arena, call->variables, ret))
        return true;
    errors->no_memory = true;
    return false;
}

static void
overloaded(struct lf_request *request, struct lf_gql_errors *errors)
{
    request->overloaded = true;
    lf_gql_errors_add(errors, "OVERLOADED", NULL,
                      "The server has as much in work as it can hold; try again in a moment.");
    finish_with_errors(request, LF_REPLY_OVERLOADED, errors);
}

/* Whether __schema or __type is selected anywhere. Documents are of limited depth. */
static bool
asks_for_schema(const struct lf_gql_selection_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct lf_gql_selection *selection = &set->items[i];
        if (selection->kind == LF_GQL_FIELD && (lf_bytes_equal_text(selection->name.text, "__schema") ||
                                                lf_bytes_equal_text(selection->name.text, "__type")))
            return true;
        if (asks_for_schema(&selection->set))
            return true;
    }
    return false;
}

static bool
introspection_refused(const struct lf_gateway *gateway, const struct lf_gql_document *document,
                      struct lf_gql_errors *errors)
{
    bool asks = false;
    for (size_t i = 0; !gateway->options.introspection && !asks && i < document->count; i++)
        asks = asks_for_schema(&document->definitions[i]->set);
    if (asks)
        lf_gql_errors_add(errors, "GRAPHQL_VALIDATION_FAILED", NULL, "Introspection is switched off on this server.");
    return asks;
}

static void
run(struct lf_request *request, const struct lf_gateway_call *call, struct lf_gql_errors *errors)
{
    struct lf_gateway *gateway = request->gateway;
    struct lf_bytes operation_name;
    struct lf_value variables;
    if (gateway->in_work > gateway->options.requests_max) {
        overloaded(request, errors);
        return;
    }
    request->cached = lf_gql_cache_get(gateway->cache, call->query, errors);
    if (request->cached == NULL) {
        finish_with_errors(request, kind_of_errors(errors), errors);
        return;
    }
    const struct lf_gql_definition *operation =
        lf_gql_find_operation(request->cached->document, call->operation_name, errors);
    if (operation == NULL || introspection_refused(gateway, request->cached->document, errors) ||
        lf_gateway_as_of_misplaced(gateway->schema, request->cached->document, call->query, errors) ||
        !read_variables(request, call, &variables, errors)) {
        finish_with_errors(request, LF_REPLY_INVALID, errors);
        return;
    }
    request->is_mutation = operation->operation == LF_GQL_MUTATION;
    if (request->is_mutation && call->read_only) {
        lf_gql_errors_add(errors, "GRAPHQL_VALIDATION_FAILED", &operation->loc, "Mutations must be sent with POST.");
        finish_with_errors(request, LF_REPLY_READ_ONLY, errors);
        return;
    }
    if (gateway->stopped || (request->is_mutation && lf_log_in_flight(gateway->writer) >= LF_LOG_IN_FLIGHT_MAX)) {
        overloaded(request, errors);
        return;
    }
    struct lf_gql_request gql = {.schema = gateway->schema, .document = request->cached->document};
    if (!keep_call(request, call, &operation_name)) {
        finish_out_of_memory(request);
        return;
    }
    gql.operation_name = operation_name;
    gql.plans = request->cached->plans;
    gql.variables = variables;
    gql.arena = &request->arena;
    gql.ctx = request;
    if (!lf_gql_execute(&gql, operation, executed, request))
        finish_out_of_memory(request);
}

void
lf_gateway_call(struct lf_gateway *gateway, const struct lf_gateway_call *call, lf_gateway_reply_fn *reply, void *user)
{
    struct lf_request *request = take_request(gateway);
    if (request == NULL) {
        const struct lf_gateway_reply failed = {
            .kind = LF_REPLY_OVERLOADED, .overloaded = true, .body = LF_LIT(OUT_OF_MEMORY)};
        reply(user, &failed);
        return;
    }
    request->reply = reply;
    request->user = user;
    struct lf_gql_errors errors;
    lf_gql_errors_init(&errors, &request->arena, LF_GQL_ERRORS_MAX);
    run(request, call, &errors);
}
