/* The formats of @constraint(format:), named as in JSON Schema 2020-12. Pure. */
#ifndef LF_MODEL_FORMAT_H
#define LF_MODEL_FORMAT_H

#include "base/bytes.h"

/* "email", "uri", "uuid", "date-time", "date", "time", "ipv4", "ipv6", "hostname" */
bool lf_format_known(struct lf_bytes name);
/* For messages: `"email", "uri", …`. */
const char *lf_format_names(void);
/* Whether text has the format; true for a format that is not known. */
bool lf_format_valid(struct lf_bytes name, struct lf_bytes text);

#endif
