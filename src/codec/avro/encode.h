/* A value on its way into bytes. For the files of this folder that encode. */
#ifndef LF_CODEC_AVRO_ENCODE_H
#define LF_CODEC_AVRO_ENCODE_H

#include "codec/avro/decimal.h"
#include "codec/avro/schema.h"

struct lf_avro_encoding;
/* Makes the default of a field ready, or fails. */
typedef enum lf_status lf_avro_prepare_fn(struct lf_avro_encoding *run, struct lf_avro_field *field,
                                          const struct lf_json_step *step);

struct lf_avro_encoding {
    struct lf_buf *out;
    int64_t steps; /* left */
    unsigned depth;
    bool raw;                    /* values are defaults as schemas have them: logical types mean nothing */
    lf_avro_prepare_fn *prepare; /* for defaults that are not ready; NULL: all are */
    void *user;                  /* for prepare */
    struct lf_err *err;
};

/* Appends the encoding of a value. */
LF_NODISCARD enum lf_status lf_avro_encode_value(struct lf_avro_encoding *run, const struct lf_avro_type *type,
                                                 const struct lf_value *value, const struct lf_json_step *step);
/* LF_INVALID, with the place of step. */
#define lf_avro_encode_fail(run, step, ...) (lf_avro_encode_error((run), (step), __VA_ARGS__), LF_INVALID)
void lf_avro_encode_error(struct lf_avro_encoding *run, const struct lf_json_step *step, const char *fmt, ...)
    LF_PRINTF(3, 4);
/* Takes steps off the budget; LF_LIMIT when it is used up. */
LF_NODISCARD enum lf_status lf_avro_encode_charge(struct lf_avro_encoding *run, uint64_t steps);

/* The branch of a union that a value goes to. LF_INVALID: none fits. */
LF_NODISCARD enum lf_status lf_avro_choose(struct lf_avro_encoding *run, const struct lf_avro_type *type,
                                           const struct lf_value *value, const struct lf_json_step *step,
                                           uint32_t *ret);

/* What a value without parts becomes. */
struct lf_avro_leaf {
    int64_t integer;       /* of booleans, integers and enums */
    double number;         /* of floating-point numbers */
    struct lf_bytes bytes; /* of strings, bytes and fixed; ptr NULL: the value's JSON text */
    size_t latin;          /* > 0: bytes are UTF-8 of so many code points, each standing for a byte */
    char space[LF_AVRO_DECIMAL_BYTES_MAX];
};

/* How well a type holds a value, best last. */
enum lf_avro_fit {
    LF_AVRO_FITS_NOT,
    LF_AVRO_FITS_BY_CONVERSION, /* an integer as a string, digits as an integer, anything as JSON */
    LF_AVRO_FITS_COARSELY,      /* a number in single precision */
    LF_AVRO_FITS_BY_FORM, /* an integer as a double, a number as a decimal, a string as bytes, an object as a map */
    LF_AVRO_FITS,
};

/* Converts; the leaf may borrow from value. type is no record, array, map or union. */
enum lf_avro_fit lf_avro_leaf_of(const struct lf_avro_type *type, const struct lf_value *value, bool raw,
                                 struct lf_avro_leaf *ret);
/* What lf_avro_leaf_of() accepts, in words after "must be". */
const char *lf_avro_leaf_words(const struct lf_avro_type *type, bool raw);
/* The index of a symbol; -1: it is none. */
int64_t lf_avro_symbol(const struct lf_avro_type *type, struct lf_bytes text);
/* Whether lists and objects nest at most levels deep in a value. */
bool lf_avro_is_flat(const struct lf_value *value, unsigned levels);

#endif
