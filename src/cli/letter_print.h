/* Dead letters for people (a row, a page) and for programs (JSON Lines). */
#ifndef LF_CLI_LETTER_PRINT_H
#define LF_CLI_LETTER_PRINT_H

#include "base/buf.h"
#include "store/store.h"

/* "2026-11-24T08:46:34.123456Z  EVENT_INVALID  business-events/0@17  QuoteCreated  <eventId>  healed=no  reason\n",
 * with the time since when it is dead. */
void lf_letter_print_row(struct lf_buf *out, const struct lf_dead_letter *letter, bool healed);
/* All there is, a line a member. headers: as lf_letter_headers() gives them. */
void lf_letter_print_full(struct lf_buf *out, const struct lf_dead_letter *letter, bool healed,
                          const struct lf_value *headers);
/* One line of JSON. headers NULL: without key, value and headers, as a list has it, and with the cursor behind it. */
void lf_letter_print_json(struct lf_buf *out, const struct lf_dead_letter *letter, bool healed,
                          const struct lf_value *headers);

#endif
