/* Fuzz target: a client's bytes give the same requests and the same refusal whole and one byte at a time, and limits
 * hold. */
#include "net/http_parse.h"

#include <stdlib.h>
#include <string.h>

static const struct lf_http_parse_limits limits = {.header_bytes_max = 500, .headers_max = 10, .body_bytes_max = 200};

/* What a parser found: all requests' fields one after the other, and the refusal. */
struct finding {
    struct lf_buf text;
    int refusal;
};

static void
note_request(struct lf_buf *out, const struct lf_http_message *message)
{
    const struct lf_http_request *request = &message->request;
    LF_ASSERT(request->body.len <= limits.body_bytes_max);
    LF_ASSERT(lf_http_header_count(request) <= limits.headers_max);
    LF_ASSERT(message->head.len <= limits.header_bytes_max);
    LF_ASSERT(request->minor_version == 0 || lf_http_header_repeats(request, "host") == 1);
    lf_buf_add(out, request->method);
    lf_buf_add(out, request->path);
    lf_buf_add_char(out, '?');
    lf_buf_add(out, request->query);
    for (size_t i = 0; i < lf_http_header_count(request); i++) {
        struct lf_http_header header = lf_http_header_at(request, i);
        lf_buf_add(out, header.name);
        lf_buf_add_char(out, ':');
        lf_buf_add(out, header.value);
    }
    lf_buf_add(out, request->body);
    lf_buf_printf(out, "%d%d%d|", message->keep_alive, message->wants_continue, request->upgrade);
}

/* Feeds data in pieces of at most step bytes, each a copy of its own so that reading beyond it is seen. */
static void
parse_in_steps(const uint8_t *data, size_t size, size_t step, struct finding *ret)
{
    struct lf_http_parser parser;
    struct lf_http_message message;
    lf_http_parser_init(&parser, &limits);
    lf_http_message_init(&message);
    *ret = (struct finding){0};
    lf_buf_init(&ret->text, SIZE_MAX);
    for (size_t at = 0; at < size && ret->refusal == 0;) {
        size_t len = size - at < step ? size - at : step;
        size_t used = 0;
        char *piece = malloc(len);
        if (piece == NULL)
            abort();
        memcpy(piece, data + at, len);
        enum lf_http_parsed parsed = lf_http_parse(&parser, &message, lf_bytes(piece, len), &used);
        free(piece);
        LF_ASSERT(used <= len && (used > 0 || parsed == LF_HTTP_REFUSED));
        at += used;
        if (parsed == LF_HTTP_REFUSED)
            ret->refusal = parser.refusal;
        if (parsed == LF_HTTP_DONE) {
            note_request(&ret->text, &message);
            lf_http_message_clear(&message);
        }
    }
    lf_http_message_release(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct finding whole;
    struct finding single;
    struct finding pieces;
    parse_in_steps(data, size, SIZE_MAX, &whole);
    parse_in_steps(data, size, 1, &single);
    parse_in_steps(data, size, 7, &pieces);
    /* which of two faults is met first may depend on the pieces, whether there is one may not */
    LF_ASSERT((whole.refusal == 0) == (single.refusal == 0) && (whole.refusal == 0) == (pieces.refusal == 0));
    LF_ASSERT(lf_bytes_equal(lf_buf_view(&whole.text), lf_buf_view(&single.text)));
    LF_ASSERT(lf_bytes_equal(lf_buf_view(&whole.text), lf_buf_view(&pieces.text)));
    lf_buf_release(&whole.text);
    lf_buf_release(&single.text);
    lf_buf_release(&pieces.text);
    return 0;
}
