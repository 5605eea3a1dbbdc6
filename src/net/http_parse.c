/* llhttp's callbacks: they gather spans into the message and keep count of what a client makes us keep. */
#include "net/http_parse.h"
#include "base/mem.h"

#include <string.h>

enum { REFUSE = -1, BODY_RESERVE_MAX = 64 * 1024 };

static struct lf_http_parser *
parser_of(llhttp_t *llhttp)
{
    return (struct lf_http_parser *)llhttp->data;
}

static int
refuse(struct lf_http_parser *parser, int status)
{
    parser->refusal = status;
    return REFUSE;
}

/* Counts bytes of the head; too_large is the refusal when there are too many. */
static int
count_head(struct lf_http_parser *parser, size_t len, int too_large)
{
    if (len > parser->limits.header_bytes_max - parser->head_bytes)
        return refuse(parser, too_large);
    parser->head_bytes += len;
    return 0;
}

static int
keep_head(struct lf_http_parser *parser, const char *at, size_t len, int too_large)
{
    if (count_head(parser, len, too_large) != 0)
        return REFUSE;
    lf_buf_add(&parser->message->head, lf_bytes(at, len));
    return parser->message->head.failed == LF_OK ? 0 : refuse(parser, 503);
}

static int
on_message_begin(llhttp_t *llhttp)
{
    struct lf_http_parser *parser = parser_of(llhttp);
    parser->head_bytes = 0;
    parser->field_count = 0;
    llhttp->http_major = 0; /* of the previous request */
    return 0;
}

static int
on_url(llhttp_t *llhttp, const char *at, size_t len)
{
    struct lf_http_parser *parser = parser_of(llhttp);
    if (keep_head(parser, at, len, 414) != 0)
        return REFUSE;
    parser->message->target_len += len;
    return 0;
}

static int
on_version_complete(llhttp_t *llhttp)
{
    struct lf_http_parser *parser = parser_of(llhttp);
    if (llhttp->http_major != 1)
        return refuse(parser, 505);
    parser->message->request.minor_version = llhttp->http_minor;
    return 0;
}

/* Begins the next field, whose name starts at the end of the head; it counts once it is complete. */
static bool
begin_field(struct lf_http_message *message)
{
    if (message->field_count == message->field_cap) {
        size_t cap = message->field_cap != 0 ? message->field_cap * 2 : 16;
        struct lf_http_field *fields = lf_realloc(message->fields, cap * sizeof(*fields));
        if (fields == NULL)
            return false;
        message->fields = fields;
        message->field_cap = cap;
    }
    message->fields[message->field_count] = (struct lf_http_field){.name_at = (uint32_t)message->head.len};
    message->in_field = true;
    return true;
}

static int
on_header_field(llhttp_t *llhttp, const char *at, size_t len)
{
    struct lf_http_parser *parser = parser_of(llhttp);
    struct lf_http_message *message = parser->message;
    if (message->headers_complete) /* trailers are counted and dropped */
        return count_head(parser, len, 431);
    if (!message->in_field && !begin_field(message))
        return refuse(parser, 503);
    if (keep_head(parser, at, len, 431) != 0)
        return REFUSE;
    message->fields[message->field_count].name_len += (uint32_t)len;
    return 0;
}

static int
on_header_field_complete(llhttp_t *llhttp)
{
    struct lf_http_parser *parser = parser_of(llhttp);
    struct lf_http_message *message = parser->message;
    if (++parser->field_count > parser->limits.headers_max || count_head(parser, 4, 431) != 0) /* ": " and CRLF */
        return refuse(parser, 431);
    if (!message->headers_complete)
        message->fields[message->field_count].value_at = (uint32_t)message->head.len;
    return 0;
}

static int
on_header_value(llhttp_t *llhttp, const char *at, size_t len)
{
    struct lf_http_parser *parser = parser_of(llhttp);
    struct lf_http_message *message = parser->message;
    if (message->headers_complete)
        return count_head(parser, len, 431);
    if (keep_head(parser, at, len, 431) != 0)
        return REFUSE;
    message->fields[message->field_count].value_len += (uint32_t)len;
    return 0;
}

static int
on_header_value_complete(llhttp_t *llhttp)
{
    struct lf_http_message *message = parser_of(llhttp)->message;
    if (message->headers_complete)
        return 0;
    struct lf_http_field *field = &message->fields[message->field_count];
    const char *value = message->head.ptr + field->value_at;
    while (field->value_len != 0 && (value[field->value_len - 1] == ' ' || value[field->value_len - 1] == '\t'))
        field->value_len--;
    message->field_count++;
    message->in_field = false;
    return 0;
}

static int
on_headers_complete(llhttp_t *llhttp)
{
    struct lf_http_parser *parser = parser_of(llhttp);
    struct lf_http_message *message = parser->message;
    const unsigned method = llhttp_get_method(llhttp);
    const bool chunked = (llhttp->flags & F_CHUNKED) != 0;
    const bool has_length = (llhttp->flags & F_CONTENT_LENGTH) != 0;
    const uint64_t length = has_length ? llhttp->content_length : 0;
    message->request.method = lf_bytes_of(llhttp_method_name((llhttp_method_t)method));
    message->request.upgrade = llhttp->upgrade != 0;
    message->is_head = method == HTTP_HEAD;
    if (llhttp->http_major != 1)
        return refuse(parser, 400); /* a request line without a version: on_version_complete() never ran */
    llhttp->upgrade = 0;            /* to llhttp it stays HTTP: the handler decides, and may decline */
    int refusal = lf_http_check(message, method, chunked, parser->limits.body_bytes_max, length);
    if (refusal != 0)
        return refuse(parser, refusal);
    if (length != 0) { /* not all of it at once: it has only been announced */
        size_t reserve = length < BODY_RESERVE_MAX ? (size_t)length : BODY_RESERVE_MAX;
        if (lf_buf_reserve(&message->body, reserve) == NULL)
            return refuse(parser, 503);
    }
    message->headers_complete = true;
    return 0;
}

static int
on_body(llhttp_t *llhttp, const char *at, size_t len)
{
    struct lf_http_parser *parser = parser_of(llhttp);
    struct lf_buf *body = &parser->message->body;
    if (len > parser->limits.body_bytes_max - body->len)
        return refuse(parser, 413);
    lf_buf_add(body, lf_bytes(at, len));
    return body->failed == LF_OK ? 0 : refuse(parser, 503);
}

static int
on_chunk_extension(llhttp_t *llhttp, const char *at, size_t len)
{
    (void)at;
    return count_head(parser_of(llhttp), len, 413);
}

static int
on_chunk_extension_name_complete(llhttp_t *llhttp)
{
    return count_head(parser_of(llhttp), 2, 413); /* ";" and "=" */
}

static int
on_message_complete(llhttp_t *llhttp)
{
    struct lf_http_message *message = parser_of(llhttp)->message;
    message->keep_alive = llhttp_should_keep_alive(llhttp) != 0;
    message->request.body = lf_buf_view(&message->body);
    return HPE_PAUSED; /* the bytes behind it belong to the next message */
}

static const llhttp_settings_t settings = {
    .on_message_begin = on_message_begin,
    .on_url = on_url,
    .on_version_complete = on_version_complete,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_extension_name = on_chunk_extension,
    .on_chunk_extension_name_complete = on_chunk_extension_name_complete,
    .on_chunk_extension_value = on_chunk_extension,
    .on_message_complete = on_message_complete,
};

void
lf_http_parser_init(struct lf_http_parser *parser, const struct lf_http_parse_limits *limits)
{
    *parser = (struct lf_http_parser){.limits = *limits};
    llhttp_init(&parser->llhttp, HTTP_REQUEST, &settings);
    parser->llhttp.data = parser;
}

static int
refusal_of(const llhttp_t *llhttp, llhttp_errno_t code)
{
    if (code == HPE_PAUSED_H2_UPGRADE) /* the preface of HTTP/2 */
        return 505;
    bool ours = llhttp->http_major == 1 && llhttp->http_minor <= 1; /* then what follows the version was wrong */
    return code == HPE_INVALID_VERSION && !ours ? 505 : 400;
}

enum lf_http_parsed
lf_http_parse(struct lf_http_parser *parser, struct lf_http_message *message, struct lf_bytes bytes, size_t *ret_used)
{
    LF_ASSERT(parser->refusal == 0);
    parser->message = message;
    llhttp_errno_t code = llhttp_execute(&parser->llhttp, bytes.ptr, bytes.len);
    parser->message = NULL;
    *ret_used = bytes.len;
    if (code == HPE_OK)
        return LF_HTTP_MORE;
    if (code == HPE_PAUSED) {
        *ret_used = (size_t)(llhttp_get_error_pos(&parser->llhttp) - bytes.ptr);
        llhttp_resume(&parser->llhttp);
        return LF_HTTP_DONE;
    }
    if (parser->refusal == 0)
        parser->refusal = refusal_of(&parser->llhttp, code);
    return LF_HTTP_REFUSED;
}
