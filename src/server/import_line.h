/* One line of an import as a record: for import.c. */
#ifndef LF_SERVER_IMPORT_LINE_H
#define LF_SERVER_IMPORT_LINE_H

#include "base/arena.h"
#include "log/log.h"

/* The record (partition -1) and the eventId of a line; everything in arena. LF_INVALID: it is no event; err says why.
 * topic: where the line names none. */
LF_NODISCARD enum lf_status lf_import_line(struct lf_bytes line, struct lf_bytes topic, struct lf_arena *arena,
                                           struct lf_record *ret, struct lf_bytes *ret_id, struct lf_err *err);

#endif
