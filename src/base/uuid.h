/* UUIDs (RFC 9562): version 7 for new events, version 5 for derived ones. Thread-safe. */
#ifndef LF_BASE_UUID_H
#define LF_BASE_UUID_H

#include "base/bytes.h"

enum { LF_UUID_TEXT_LEN = 36 };

struct lf_uuid {
    uint8_t bytes[16];
};

/* Version 7; strictly increasing within the process (RFC 9562 section 6.2, method 1 with a 12-bit counter). */
struct lf_uuid lf_uuid_v7(void);
/* Version 5: SHA-1 of the name space and the name. */
struct lf_uuid lf_uuid_v5(const struct lf_uuid *name_space, struct lf_bytes name);
/* Lower-case text with hyphens, and a NUL. */
void lf_uuid_format(const struct lf_uuid *uuid, char out[LF_UUID_TEXT_LEN + 1]);
/* Reads the 8-4-4-4-12 form in either case, any version; false if it is not one. */
bool lf_uuid_parse(struct lf_bytes text, struct lf_uuid *ret);

#endif
