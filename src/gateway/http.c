/* GraphQL over HTTP. */
#include "gateway/http.h"
#include "base/mem.h"
#include "gateway/accept.h"
#include "json/json.h"
#include "net/url.h"

#include <string.h>

#define GRAPHQL_TYPE "application/graphql-response+json; charset=utf-8"
#define JSON_TYPE "application/json; charset=utf-8"

enum { KEY_BYTES_MAX = 255, TRACESTATE_BYTES_MAX = 512 };

struct lf_gateway_http {
    struct lf_gateway *gateway;
    struct lf_arena scratch; /* of the request being read; reset after each */
};

struct lf_gateway_http *
lf_gateway_http_new(struct lf_gateway *gateway)
{
    struct lf_gateway_http *http = lf_calloc(1, sizeof(*http));
    if (http == NULL)
        return NULL;
    http->gateway = gateway;
    lf_arena_init(&http->scratch, 16 * 1024, 0);
    return http;
}

void
lf_gateway_http_free(struct lf_gateway_http *http)
{
    if (http == NULL)
        return;
    lf_arena_release(&http->scratch);
    lf_free(http);
}

/* ---- answers ---- */

static void
write_refusal(struct lf_buf *body, const char *code, const char *message)
{
    lf_buf_add_text(body, "{\"errors\":[{\"message\":");
    lf_json_write_string(body, lf_bytes_of(message));
    lf_buf_printf(body, ",\"extensions\":{\"code\":\"%s\"}}]}", code);
}

const char *
lf_gateway_http_refusal(int status, struct lf_buf *body)
{
    static const struct {
        int status;
        const char *code;
        const char *message;
    } refusals[] = {
        {400, "BAD_REQUEST", "This is no acceptable HTTP request"},
        {408, "BAD_REQUEST", "The request came too slowly"},
        {413, "PAYLOAD_TOO_LARGE", "The request's body is larger than this server accepts"},
        {414, "PAYLOAD_TOO_LARGE", "The request's target is longer than this server accepts; send it with POST"},
        {431, "PAYLOAD_TOO_LARGE", "The request's header fields are more or larger than this server accepts"},
        {503, "OVERLOADED", "The server is short of memory; try again in a moment"},
    };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (refusals[i].status == status) {
            write_refusal(body, refusals[i].code, refusals[i].message);
            return GRAPHQL_TYPE;
        }
    }
    return NULL;
}

static void
refuse(struct lf_http_request *request, int status, const char *code, const char *message, const char *allow)
{
    struct lf_buf body;
    struct lf_http_header headers[2];
    size_t count = 0;
    lf_buf_init(&body, 4096);
    write_refusal(&body, code, message);
    if (body.failed != LF_OK) { /* no memory for the words: the status says enough */
        lf_buf_release(&body);
        status = 503;
    }
    if (allow != NULL)
        headers[count++] = (struct lf_http_header){LF_LIT("Allow"), lf_bytes_of(allow)};
    if (status == 503)
        headers[count++] = (struct lf_http_header){LF_LIT("Retry-After"), LF_LIT("1")};
    const struct lf_http_response response = {
        .status = status, .content_type = GRAPHQL_TYPE, .headers = headers, .header_count = count};
    lf_http_respond_with(request, &response, &body);
}

static int
status_of(const struct lf_gateway_reply *reply, bool graphql_type)
{
    switch (reply->kind) {
    case LF_REPLY_DATA: return reply->partial && graphql_type ? 294 : 200;
    case LF_REPLY_PARSE_FAILED: return 400;
    case LF_REPLY_INVALID: return 422;
    case LF_REPLY_READ_ONLY: return 405;
    case LF_REPLY_OVERLOADED: return 503;
    case LF_REPLY_FAILED: break;
    }
    return 500;
}

static void
replied(void *user, const struct lf_gateway_reply *reply)
{
    struct lf_http_request *request = user;
    bool graphql_type = request->user != NULL;
    struct lf_http_header headers[3];
    size_t count = 0;
    int status = status_of(reply, graphql_type);
    if (status == 405)
        headers[count++] = (struct lf_http_header){LF_LIT("Allow"), LF_LIT("POST")};
    if (reply->overloaded)
        headers[count++] = (struct lf_http_header){LF_LIT("Retry-After"), LF_LIT("1")};
    if (reply->replayed)
        headers[count++] = (struct lf_http_header){LF_LIT("Idempotent-Replayed"), LF_LIT("true")};
    /* A status that is no success must declare itself: it may as well come from something in between. */
    const struct lf_http_response response = {.status = status,
                                              .content_type = status < 300 && !graphql_type ? JSON_TYPE : GRAPHQL_TYPE,
                                              .headers = headers,
                                              .header_count = count,
                                              .body = reply->body};
    lf_http_respond(request, &response);
}

/* ---- requests ---- */

/* A refusal on the way from request to call: status 0 means none. */
struct refusal {
    int status;
    const char *code;
    const char *message;
};

static struct refusal
ill_formed(const char *message)
{
    return (struct refusal){422, "BAD_REQUEST", message};
}

static const struct refusal no_refusal = {0, NULL, NULL};
static const struct refusal no_memory = {503, "OVERLOADED", "The server is short of memory; try again in a moment"};

/* For something that the client sent and that cannot be read: "what: why". */
static struct refusal
unreadable(struct lf_gateway_http *http, int status, const char *what, const struct lf_err *err)
{
    const char *text = lf_arena_printf(&http->scratch, "%s: %s", what, err->text);
    return err->status == LF_NO_MEMORY || text == NULL ? no_memory : (struct refusal){status, "BAD_REQUEST", text};
}

/* The value of a header field; of several of one name the list that they make together (RFC 9110 section 5.3). */
static struct lf_bytes
header_list(struct lf_gateway_http *http, const struct lf_http_request *request, const char *name)
{
    if (lf_http_header_repeats(request, name) < 2)
        return lf_http_header(request, name);
    struct lf_bytes all = LF_LIT("");
    for (size_t i = 0; i < lf_http_header_count(request); i++) {
        struct lf_http_header header = lf_http_header_at(request, i);
        if (!lf_bytes_equal_nocase(header.name, lf_bytes_of(name)))
            continue;
        const char *more =
            lf_arena_printf(&http->scratch, "%.*s%s%.*s", LF_FMT(all), all.len != 0 ? "," : "", LF_FMT(header.value));
        if (more == NULL)
            return lf_http_header(request, name);
        all = lf_bytes_of(more);
    }
    return all;
}

/* Members of the JSON body; others are left alone, as the specification asks. */
static struct refusal
read_members(const struct lf_value *body, struct lf_gateway_call *call)
{
    const struct lf_value *query = lf_value_get_text(body, "query");
    const struct lf_value *name = lf_value_get_text(body, "operationName");
    const struct lf_value *variables = lf_value_get_text(body, "variables");
    const struct lf_value *extensions = lf_value_get_text(body, "extensions");
    if (body->type == LF_V_LIST)
        return ill_formed("Batches of operations are not served; send one operation a request");
    if (body->type != LF_V_OBJECT)
        return ill_formed("The body must be a JSON object with \"query\"");
    if (query == NULL || query->type != LF_V_STRING)
        return ill_formed("\"query\" must be a string: the GraphQL document");
    if (name != NULL && name->type != LF_V_STRING && name->type != LF_V_NULL)
        return ill_formed("\"operationName\" must be a string or null");
    if (variables != NULL && variables->type != LF_V_OBJECT && variables->type != LF_V_NULL)
        return ill_formed("\"variables\" must be an object or null");
    if (extensions != NULL && extensions->type != LF_V_OBJECT && extensions->type != LF_V_NULL)
        return ill_formed("\"extensions\" must be an object or null");
    call->query = lf_value_text(query);
    if (name != NULL && name->type == LF_V_STRING)
        call->operation_name = lf_value_text(name);
    call->variables = variables;
    return no_refusal;
}

static struct refusal
read_post(struct lf_gateway_http *http, const struct lf_http_request *request, struct lf_gateway_call *call)
{
    if (!lf_content_type_is_json(lf_http_header(request, "content-type")))
        return (struct refusal){415, "BAD_REQUEST", "Content-Type must be application/json, in UTF-8"};
    struct lf_value *body = LF_ARENA_NEW(&http->scratch, struct lf_value);
    struct lf_err err = {0};
    if (body == NULL)
        return no_memory;
    if (lf_json_parse(&http->scratch, request->body, body, &err) != LF_OK)
        return unreadable(http, 400, "The body is not acceptable JSON", &err);
    return read_members(body, call);
}

/* One parameter of the query string; false with a refusal when it is there and cannot be read. */
static bool
read_parameter(struct lf_gateway_http *http, const struct lf_http_request *request, const char *name,
               struct lf_bytes *ret, struct refusal *refusal)
{
    struct lf_err err = {0};
    *ret = LF_BYTES_NONE;
    enum lf_status st = lf_url_query_get(&http->scratch, request->query, name, ret, &err);
    if (st == LF_OK || st == LF_NOT_FOUND)
        return true;
    *refusal = unreadable(http, 422, "The query string cannot be read", &err);
    return false;
}

static struct refusal
read_json_parameter(struct lf_gateway_http *http, struct lf_bytes text, const char *what, struct lf_value *ret)
{
    struct lf_err err = {0};
    if (lf_json_parse(&http->scratch, text, ret, &err) != LF_OK)
        return unreadable(http, 400, what, &err);
    if (ret->type != LF_V_OBJECT && ret->type != LF_V_NULL)
        return ill_formed("variables and extensions must be JSON objects");
    return no_refusal;
}

static struct refusal
read_get(struct lf_gateway_http *http, const struct lf_http_request *request, struct lf_gateway_call *call)
{
    struct lf_bytes query, name, variables, extensions;
    struct refusal refusal = no_refusal;
    if (!read_parameter(http, request, "query", &query, &refusal) ||
        !read_parameter(http, request, "operationName", &name, &refusal) ||
        !read_parameter(http, request, "variables", &variables, &refusal) ||
        !read_parameter(http, request, "extensions", &extensions, &refusal))
        return refusal;
    if (query.ptr == NULL)
        return ill_formed("Parameter query is missing: the GraphQL document");
    struct lf_value *values = LF_ARENA_ARRAY(&http->scratch, struct lf_value, 2);
    if (values == NULL)
        return no_memory;
    if (variables.len != 0)
        refusal = read_json_parameter(http, variables, "Parameter variables is not acceptable JSON", &values[0]);
    if (refusal.status == 0 && extensions.len != 0)
        refusal = read_json_parameter(http, extensions, "Parameter extensions is not acceptable JSON", &values[1]);
    call->query = query;
    call->operation_name = name.len != 0 ? name : LF_BYTES_NONE;
    call->variables = &values[0];
    call->read_only = true;
    return refusal;
}

/* Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a structured string, or, as many send it, bare. */
static struct refusal
read_key(const struct lf_http_request *request, struct lf_gateway_call *call)
{
    struct lf_bytes key = lf_http_header(request, "idempotency-key");
    if (key.ptr == NULL)
        return no_refusal;
    if (lf_http_header_repeats(request, "idempotency-key") != 1)
        return (struct refusal){400, "BAD_REQUEST", "Idempotency-Key stands more than once"};
    if (key.len >= 2 && key.ptr[0] == '"' && key.ptr[key.len - 1] == '"')
        key = lf_bytes(key.ptr + 1, key.len - 2);
    if (key.len == 0 || key.len > KEY_BYTES_MAX || !lf_utf8_valid(key, NULL))
        return (struct refusal){400, "BAD_REQUEST", "Idempotency-Key must have 1 to 255 bytes of UTF-8"};
    call->idempotency_key = key;
    return no_refusal;
}

/* "00-<32 hex>-<16 hex>-<2 hex>" (W3C Trace Context section 3.2); later versions may be longer, "ff" is none. */
static bool
is_traceparent(struct lf_bytes text)
{
    if (text.len < 55 || text.len > 255 || text.ptr[2] != '-' || text.ptr[35] != '-' || text.ptr[52] != '-')
        return false;
    for (size_t i = 0; i < 55; i++) {
        char c = text.ptr[i];
        if (i != 2 && i != 35 && i != 52 && !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    struct lf_bytes version = lf_bytes(text.ptr, 2);
    if (lf_bytes_equal_text(version, "ff"))
        return false;
    return text.len == 55 || (text.ptr[55] == '-' && !lf_bytes_equal_text(version, "00"));
}

static void
read_trace(struct lf_gateway_http *http, const struct lf_http_request *request, struct lf_gateway_call *call)
{
    struct lf_bytes parent = lf_http_header(request, "traceparent");
    if (parent.ptr == NULL || !is_traceparent(parent) || lf_http_header_repeats(request, "traceparent") != 1)
        return;
    struct lf_bytes trace = header_list(http, request, "tracestate");
    call->traceparent = parent;
    if (trace.ptr != NULL && trace.len <= TRACESTATE_BYTES_MAX && lf_utf8_valid(trace, NULL))
        call->tracestate = trace;
}

static void
serve_graphql(struct lf_gateway_http *http, struct lf_http_request *request, bool post)
{
    enum lf_media media = lf_accept_choose(header_list(http, request, "accept"));
    struct lf_gateway_call call = {.caller = LF_LIT("")};
    struct refusal refusal = no_refusal;
    if (media == LF_MEDIA_NONE)
        refusal =
            (struct refusal){406, "BAD_REQUEST", "Answers are application/graphql-response+json or application/json"};
    if (refusal.status == 0)
        refusal = post ? read_post(http, request, &call) : read_get(http, request, &call);
    if (refusal.status == 0)
        refusal = read_key(request, &call);
    if (refusal.status != 0) {
        refuse(request, refusal.status, refusal.code, refusal.message, NULL);
        return;
    }
    read_trace(http, request, &call);
    request->user = media == LF_MEDIA_GRAPHQL ? http : NULL; /* replied() looks whether it is set */
    lf_gateway_call(http->gateway, &call, replied, request);
}

void
lf_gateway_http_handle(void *ctx, struct lf_http_request *request)
{
    struct lf_gateway_http *http = ctx;
    bool post = lf_bytes_equal_text(request->method, "POST");
    if (!lf_bytes_equal_text(request->path, "/graphql")) {
        refuse(request, 404, "NOT_FOUND", "The GraphQL API is at /graphql", NULL);
    } else if (post || lf_bytes_equal_text(request->method, "GET") || lf_bytes_equal_text(request->method, "HEAD")) {
        serve_graphql(http, request, post);
    } else if (lf_bytes_equal_text(request->method, "OPTIONS")) {
        const struct lf_http_header allow = {LF_LIT("Allow"), LF_LIT("GET, HEAD, OPTIONS, POST")};
        const struct lf_http_response response = {.status = 204, .headers = &allow, .header_count = 1};
        lf_http_respond(request, &response);
    } else {
        refuse(request, 405, "BAD_REQUEST", "Use POST, or GET for queries", "GET, HEAD, OPTIONS, POST");
    }
    lf_arena_reset(&http->scratch);
}
