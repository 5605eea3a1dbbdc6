/* A header of a record in the log, and of the event that it carries: two views. */
#ifndef LF_BASE_HEADER_H
#define LF_BASE_HEADER_H

#include "base/bytes.h"

struct lf_header {
    struct lf_bytes name;
    struct lf_bytes value; /* ptr NULL: null */
};

#endif
