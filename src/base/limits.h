/* All maxima that bound what outsiders can make the program do. Defaults; configuration may lower or raise some. */
#ifndef LF_BASE_LIMITS_H
#define LF_BASE_LIMITS_H

enum {
    /* HTTP */
    LF_HTTP_HEADER_BYTES_MAX = 16 * 1024, /* request line and headers: 431 beyond */
    LF_HTTP_HEADERS_MAX = 100,            /* number of header fields: 431 beyond */
    LF_HTTP_BODY_BYTES_MAX = 1024 * 1024, /* 413 beyond */
    LF_HTTP_CONNECTIONS_MAX = 10000,      /* accepted at once; more are closed */
    LF_HTTP_PIPELINE_MAX = 64,            /* requests of one connection in work; reading pauses beyond */
    LF_HTTP_HEADER_TIMEOUT_MS = 10000,    /* first byte to last header byte: 408 */
    LF_HTTP_BODY_TIMEOUT_MS = 30000,      /* last header byte to last body byte: 408 */
    LF_HTTP_IDLE_TIMEOUT_MS = 75000,      /* between requests */
    LF_HTTP_WRITE_TIMEOUT_MS = 30000,     /* a client that does not read its answer */
    /* GraphQL */
    LF_GQL_DOCUMENT_BYTES_MAX = 1024 * 1024, /* the body's limit as well */
    LF_GQL_TOKENS_MAX = 15000,
    LF_GQL_DEPTH_MAX = 64,   /* nesting of selections, lists and objects in a document */
    LF_GQL_ERRORS_MAX = 100, /* reported for one document */
    LF_GQL_CACHE_DOCUMENTS = 1000,
    LF_GQL_RESPONSE_BYTES_MAX = 64 * 1024 * 1024,
    LF_GQL_SDL_TOKENS_MAX = 2000000, /* a schema file is the operator's own */
    /* JSON */
    LF_JSON_DEPTH_MAX = 128,
    LF_JSON_NUMBER_CHARS_MAX = 1024,
    /* Events and the log */
    LF_EVENT_BYTES_MAX = 1000 * 1000,       /* value of one record; below Kafka's default message.max.bytes */
    LF_RECORD_BYTES_MAX = 64 * 1024 * 1024, /* what a consumer is ready to read */
    LF_LOG_IN_FLIGHT_MAX = 100000,          /* appends not yet acknowledged; more: OVERLOADED */
    LF_LOG_IN_FLIGHT_BYTES_MAX = 64 * 1024 * 1024,
    LF_BATCH_RECORDS_MAX = 1000,
    LF_BATCH_BYTES_MAX = 8 * 1024 * 1024,
    /* Queries */
    LF_PAGE_MAX = 1000,             /* first: at most */
    LF_HISTORY_EVENTS_MAX = 100000, /* of one entity, folded for one answer */
};

#endif
