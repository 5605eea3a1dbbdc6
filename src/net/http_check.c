/*
 * What a strict server checks on complete headers beyond the grammar: exactly one Host, unambiguous framing, a target
 * it can route, an expectation it can meet. Where two readers could differ about a message's end or its addressee, it
 * is refused (RFC 9112 section 11.2).
 */
#include "net/http_parse.h"

struct seen {
    size_t hosts;
    size_t lengths;
    size_t encodings;
    struct lf_bytes host;
    struct lf_bytes encoding;
    struct lf_bytes expect;
    bool bad_expect; /* two of them */
};

static bool
is(struct lf_bytes name, struct lf_bytes wanted)
{
    return lf_bytes_equal_nocase(name, wanted);
}

static void
note(struct seen *seen, const struct lf_http_header *header)
{
    switch (header->name.len) { /* most fields are none of these, and their length says so */
    case 4:
        if (is(header->name, LF_LIT("host"))) {
            seen->hosts++;
            seen->host = header->value;
        }
        break;
    case 6:
        if (is(header->name, LF_LIT("expect"))) {
            seen->bad_expect = seen->expect.ptr != NULL;
            seen->expect = header->value;
        }
        break;
    case 14: seen->lengths += is(header->name, LF_LIT("content-length")) ? 1 : 0; break;
    case 17:
        if (is(header->name, LF_LIT("transfer-encoding"))) {
            seen->encodings++;
            seen->encoding = header->value;
        }
        break;
    default: break;
    }
}

/* uri-host [ ":" port ] by its characters: enough to keep lists, spaces, paths and user names out. */
static bool
is_host(struct lf_bytes host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && lf_bytes_index(LF_LIT("-._~:[]%!$&'()*+;="), c) == SIZE_MAX)
            return false;
    }
    return true;
}

/* Leaves the scheme and authority of an absolute-form target out (RFC 9112 section 3.2.2). */
static bool
strip_authority(struct lf_bytes *target)
{
    size_t skip = lf_bytes_starts_with(*target, LF_LIT("http://"))    ? 7
                  : lf_bytes_starts_with(*target, LF_LIT("https://")) ? 8
                                                                      : 0;
    if (skip == 0)
        return false;
    struct lf_bytes rest = lf_bytes(target->ptr + skip, target->len - skip);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
        end++;
    if (end == 0 || !is_host(lf_bytes(rest.ptr, end)))
        return false;
    *target = lf_bytes(rest.ptr + end, rest.len - end);
    return true;
}

static bool
split_target(struct lf_http_message *message, unsigned method)
{
    struct lf_http_request *request = &message->request;
    struct lf_bytes target = lf_bytes(message->head.ptr, message->target_len);
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return false;
    }
    request->query = LF_BYTES_NONE;
    if (lf_bytes_equal(target, LF_LIT("*"))) {
        request->path = target;
        return method == HTTP_OPTIONS;
    }
    if (target.len == 0 || (target.ptr[0] != '/' && !strip_authority(&target)))
        return false;
    size_t mark = lf_bytes_index(target, '?');
    request->path = mark == SIZE_MAX ? target : lf_bytes(target.ptr, mark);
    if (mark != SIZE_MAX)
        request->query = lf_bytes(target.ptr + mark + 1, target.len - mark - 1);
    if (request->path.len == 0)
        request->path = LF_LIT("/"); /* "http://host?query" */
    return true;
}

static int
check_framing(const struct seen *seen, const struct lf_http_request *request, bool chunked)
{
    if (seen->hosts > 1 || (seen->hosts == 0 && request->minor_version != 0) || !is_host(seen->host))
        return 400;
    if (seen->lengths > 1 || (seen->lengths != 0 && seen->encodings != 0))
        return 400;
    if (seen->encodings != 0) { /* "chunked", once and alone: other codings could be read differently by a proxy */
        if (seen->encodings > 1 || !chunked || !is(seen->encoding, LF_LIT("chunked")))
            return 400;
        if (request->minor_version == 0)
            return 400;
    }
    return 0;
}

static int
check_expectation(const struct seen *seen, struct lf_http_message *message)
{
    if (seen->expect.ptr == NULL || message->request.minor_version == 0)
        return 0; /* HTTP/1.0 has none: ignored (RFC 9110 section 10.1.1) */
    if (seen->bad_expect || !is(seen->expect, LF_LIT("100-continue")))
        return 417;
    message->wants_continue = true;
    return 0;
}

int
lf_http_check(struct lf_http_message *message, unsigned method, bool chunked, size_t body_bytes_max,
              uint64_t content_length)
{
    struct seen seen = {0};
    for (size_t i = 0; i < message->field_count; i++) {
        struct lf_http_header header = lf_http_header_at(&message->request, i);
        note(&seen, &header);
    }
    if (method == HTTP_CONNECT)
        return 501;
    if (!split_target(message, method))
        return 400;
    int refusal = check_framing(&seen, &message->request, chunked);
    if (refusal != 0)
        return refusal;
    if (content_length > body_bytes_max)
        return 413;
    return check_expectation(&seen, message);
}
