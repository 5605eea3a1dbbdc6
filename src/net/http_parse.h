/*
 * Bytes -> requests: llhttp, strict, and the checks that it leaves to us. Pure: no sockets, no clock. For the files of
 * this room and their tests.
 */
#ifndef LF_NET_HTTP_PARSE_H
#define LF_NET_HTTP_PARSE_H

#include "net/http.h"

#include <llhttp.h>

/* Where a header field's name and value are in the head. */
struct lf_http_field {
    uint32_t name_at;
    uint32_t name_len;
    uint32_t value_at;
    uint32_t value_len;
};

/* One request with its memory, which is kept when the message is used again. */
struct lf_http_message {
    struct lf_http_request request; /* first: the public view is cast back; complete with the message */
    struct lf_buf head;             /* target, names and values one after the other */
    struct lf_buf body;
    struct lf_http_field *fields;
    size_t field_count;
    size_t field_cap;
    size_t target_len;
    bool in_field; /* fields[field_count] is being read */
    bool headers_complete;
    bool wants_continue; /* "Expect: 100-continue", not yet told to */
    bool is_head;
    bool keep_alive;
};

void lf_http_message_init(struct lf_http_message *message);
void lf_http_message_release(struct lf_http_message *message);
/* Empty for the next request; gives back what an unusually large one took. */
void lf_http_message_clear(struct lf_http_message *message);

struct lf_http_parse_limits {
    size_t header_bytes_max;
    size_t headers_max;
    size_t body_bytes_max;
};

struct lf_http_parser {
    llhttp_t llhttp;
    struct lf_http_parse_limits limits;
    struct lf_http_message *message; /* during a call */
    size_t head_bytes;               /* of this request's line, headers, chunk extensions and trailers */
    size_t field_count;              /* trailers included */
    int refusal;
};

enum lf_http_parsed {
    LF_HTTP_MORE,    /* all bytes were used, the request is not complete */
    LF_HTTP_DONE,    /* a request is complete; bytes may be left for the next one */
    LF_HTTP_REFUSED, /* parser.refusal is the status to answer; do not feed it any more */
};

void lf_http_parser_init(struct lf_http_parser *parser, const struct lf_http_parse_limits *limits);
/* Feeds bytes into message: the same one until a request is complete, then another (cleared) one. *ret_used of the
 * bytes were used. */
enum lf_http_parsed lf_http_parse(struct lf_http_parser *parser, struct lf_http_message *message, struct lf_bytes bytes,
                                  size_t *ret_used);

/* The checks on complete headers (http_check.c): 0, or the status to refuse with. Splits the target into the request's
 * path and query. */
int lf_http_check(struct lf_http_message *message, unsigned method, bool chunked, size_t body_bytes_max,
                  uint64_t content_length);

#endif
