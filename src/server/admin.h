/* The operators' listener: GET /health/live, /health/ready, /metrics. */
#ifndef LF_SERVER_ADMIN_H
#define LF_SERVER_ADMIN_H

#include "net/http.h"

/* One thing that readiness depends on. */
struct lf_admin_check {
    const char *name; /* "log"; NULL ends a list */
    bool ok;
    char text[LF_ERR_TEXT_MAX]; /* why not */
};
enum { LF_ADMIN_CHECKS_MAX = 8 };

struct lf_admin {
    /* Fills at most LF_ADMIN_CHECKS_MAX checks; must not block. */
    size_t (*checks)(void *ctx, struct lf_admin_check ret[LF_ADMIN_CHECKS_MAX]);
    void *ctx;
};

/* The handler for lf_http_server_open(); ctx is a struct lf_admin. */
lf_http_handler_fn lf_admin_handle;

#endif
