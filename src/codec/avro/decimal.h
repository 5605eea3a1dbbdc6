/* Decimals: texts <-> the unscaled integer in two's complement, big-endian. Pure. For the files of this folder. */
#ifndef LF_CODEC_AVRO_DECIMAL_H
#define LF_CODEC_AVRO_DECIMAL_H

#include "json/value.h"

enum {
    LF_AVRO_DECIMAL_DIGITS_MAX = 1000,
    LF_AVRO_DECIMAL_BYTES_MAX = 416,                           /* 10^1000 - 1 in two's complement */
    LF_AVRO_DECIMAL_TEXT_MAX = LF_AVRO_DECIMAL_DIGITS_MAX + 4, /* sign, "0.", NUL */
};

/* Digits of the largest number whose two's complement takes size bytes, however small the rest of them is. */
size_t lf_avro_decimal_digits(size_t size);

/* The bytes of a number, or of a string that is one, in as few bytes as it takes; in space, at its end. ptr NULL: not a
 * number, more than scale digits after the point, or more than precision digits with those of the scale. */
struct lf_bytes lf_avro_decimal_encode(const struct lf_value *value, uint32_t precision, uint32_t scale,
                                       char space[LF_AVRO_DECIMAL_BYTES_MAX]);
/* The text: no exponent, no zeros at the end of a fraction. 0: more than precision digits, or no bytes. */
size_t lf_avro_decimal_decode(struct lf_bytes bytes, uint32_t precision, uint32_t scale,
                              char out[LF_AVRO_DECIMAL_TEXT_MAX]);

#endif
