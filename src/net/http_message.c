/* A request's memory, and what handlers ask about its header fields. */
#include "net/http_parse.h"
#include "base/mem.h"

#include <string.h>

enum { KEEP_BYTES_MAX = 8 * 1024, KEEP_FIELDS_MAX = 64 }; /* of a message that waits to be used again */

void
lf_http_message_init(struct lf_http_message *message)
{
    *message = (struct lf_http_message){0};
    lf_buf_init(&message->head, UINT32_MAX); /* the parser has the real limits */
    lf_buf_init(&message->body, SIZE_MAX);
}

void
lf_http_message_release(struct lf_http_message *message)
{
    lf_buf_release(&message->head);
    lf_buf_release(&message->body);
    lf_free(message->fields);
    *message = (struct lf_http_message){0};
}

static void
empty(struct lf_buf *buf)
{
    if (buf->cap > KEEP_BYTES_MAX)
        lf_buf_release(buf);
    else
        lf_buf_clear(buf);
}

void
lf_http_message_clear(struct lf_http_message *message)
{
    empty(&message->head);
    empty(&message->body);
    if (message->field_cap > KEEP_FIELDS_MAX) {
        lf_free(message->fields);
        message->fields = NULL;
        message->field_cap = 0;
    }
    message->request = (struct lf_http_request){0};
    message->field_count = 0;
    message->target_len = 0;
    message->in_field = false;
    message->headers_complete = false;
    message->wants_continue = false;
    message->is_head = false;
    message->keep_alive = false;
}

static const struct lf_http_message *
message_of(const struct lf_http_request *request)
{
    return (const struct lf_http_message *)request;
}

size_t
lf_http_header_count(const struct lf_http_request *request)
{
    return message_of(request)->field_count;
}

struct lf_http_header
lf_http_header_at(const struct lf_http_request *request, size_t i)
{
    const struct lf_http_message *message = message_of(request);
    LF_ASSERT(i < message->field_count);
    const struct lf_http_field *field = &message->fields[i];
    return (struct lf_http_header){lf_bytes(message->head.ptr + field->name_at, field->name_len),
                                   lf_bytes(message->head.ptr + field->value_at, field->value_len)};
}

static bool
is_called(const struct lf_http_message *message, size_t i, struct lf_bytes name)
{
    const struct lf_http_field *field = &message->fields[i];
    return field->name_len == name.len &&
           lf_bytes_equal_nocase(lf_bytes(message->head.ptr + field->name_at, field->name_len), name);
}

struct lf_bytes
lf_http_header(const struct lf_http_request *request, const char *name)
{
    const struct lf_http_message *message = message_of(request);
    struct lf_bytes wanted = lf_bytes_of(name);
    for (size_t i = 0; i < message->field_count; i++) {
        if (is_called(message, i, wanted))
            return lf_http_header_at(request, i).value;
    }
    return LF_BYTES_NONE;
}

size_t
lf_http_header_repeats(const struct lf_http_request *request, const char *name)
{
    const struct lf_http_message *message = message_of(request);
    struct lf_bytes wanted = lf_bytes_of(name);
    size_t count = 0;
    for (size_t i = 0; i < message->field_count; i++)
        count += is_called(message, i, wanted) ? 1 : 0;
    return count;
}
