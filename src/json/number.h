/* Numbers by their exact decimal value. For the files of this room. */
#ifndef LF_JSON_NUMBER_H
#define LF_JSON_NUMBER_H

#include "base/buf.h"
#include "json/value.h"

enum { LF_NUMBER_TEXT_SIZE = 40 };

/*
 * 0.DDDD * 10^point. The digits are those of [first, end) without the decimal point; the first and the last are not
 * zero. Zero has no digits, no sign and point 0.
 */
struct lf_decimal {
    const char *first;
    const char *end;
    size_t count; /* of digits */
    int64_t point;
    bool negative;
};

enum { LF_DECIMAL_PLAIN_MAX = 21 }; /* digits before the point without an exponent, as ECMAScript prints them */

/* Reads a well-formed JSON number; exponents beyond about 10^17 are taken for that. Borrows text. */
struct lf_decimal lf_decimal_of_text(struct lf_bytes text);
/* Whether the exponent was one of those (equal decimals may then stand for different numbers). */
bool lf_decimal_is_saturated(const struct lf_decimal *decimal);
/* The decimal of a finite number value. Borrows the value's text or writes into space. */
struct lf_decimal lf_decimal_of(const struct lf_value *number, char space[LF_NUMBER_TEXT_SIZE]);
bool lf_decimal_equal(const struct lf_decimal *a, const struct lf_decimal *b);
/* Appends it in ECMAScript's layout (Number::toString), with all digits. */
void lf_decimal_write(struct lf_buf *out, const struct lf_decimal *decimal);

/* The value of a well-formed JSON number: LF_V_INT where it is written as an integer that fits (but not -0). False out
 * of memory. Borrows text. */
bool lf_number_read(struct lf_bytes text, struct lf_value *ret);
/* Whether the value is a number that JSON can write. */
bool lf_number_is_finite(const struct lf_value *number);

#endif
