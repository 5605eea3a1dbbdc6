/* One finding of verify or rebuild as a line. */
#ifndef LF_CLI_FINDING_PRINT_H
#define LF_CLI_FINDING_PRINT_H

#include "base/buf.h"
#include "server/verify.h"

/* Appends the finding and a newline: in words, or as a JSON object whose first member, what, is the kind. Bytes that
 * are no text become question marks. */
void lf_finding_write(struct lf_buf *out, const char *what, const struct lf_finding *finding, bool json);

#endif
