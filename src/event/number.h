/* Numbers in payloads as exact texts. For the files of this room. */
#ifndef LF_EVENT_NUMBER_H
#define LF_EVENT_NUMBER_H

#include "json/value.h"

enum { LF_INTEGER_TEXT_SIZE = 24 };

/* The text of an LF_V_INT in space. */
struct lf_bytes lf_integer_text(int64_t integer, char space[LF_INTEGER_TEXT_SIZE]);
/* The exact text of a number, or of a string (for Decimals): borrowed, in space, or in arena. ptr NULL: neither number
 * nor string, not finite, or out of memory. */
struct lf_bytes lf_number_text(const struct lf_value *value, char space[LF_INTEGER_TEXT_SIZE], struct lf_arena *arena);

#endif
