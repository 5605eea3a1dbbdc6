/* Events for people (a row, a page) and for programs (JSON Lines). */
#ifndef LF_CLI_EVENT_PRINT_H
#define LF_CLI_EVENT_PRINT_H

#include "base/buf.h"
#include "log/log.h"
#include "store/store.h"

/* "2026-11-24T08:46:34.123Z STORED        business-events/0@17  QuoteCreated  <eventId>  {payload}\n" */
void lf_event_print_row(struct lf_buf *out, const struct lf_stored_event *event);
/* All there is, a line a member. */
void lf_event_print_full(struct lf_buf *out, const struct lf_stored_event *event);
/* One line of JSON; cursor.ptr NULL: none. */
void lf_event_print_json(struct lf_buf *out, const struct lf_stored_event *event, struct lf_bytes cursor);
/* A record that is no event: where and why. */
void lf_event_print_garbage(struct lf_buf *out, const struct lf_record *record, const char *why, bool json);

/* Headers as an object, names to texts; a name that repeats has the list of its values; what is no UTF-8 is null, and
 * escaped in names. LF_V_NULL out of memory. Borrows. */
struct lf_value lf_event_headers_value(const struct lf_header *headers, size_t count, struct lf_arena *arena);

#endif
