/* A message being decoded. For the files of this folder that decode. */
#ifndef LF_CODEC_AVRO_DECODE_H
#define LF_CODEC_AVRO_DECODE_H

#include "codec/avro/plan.h"

struct lf_avro_decoding {
    const char *start, *at, *end;
    struct lf_arena *arena;
    int64_t values; /* that may still be made */
    unsigned depth;
    struct lf_err *err;
};

/* LF_INVALID, with the place of step and the offset. */
#define lf_avro_decode_fail(run, step, ...) (lf_avro_decode_error((run), (step), __VA_ARGS__), LF_INVALID)
void lf_avro_decode_error(struct lf_avro_decoding *run, const struct lf_json_step *step, const char *fmt, ...)
    LF_PRINTF(3, 4);

/* Readers of what stands at the front; LF_INVALID if it is no such thing. */
LF_NODISCARD enum lf_status lf_avro_take_long(struct lf_avro_decoding *run, const struct lf_json_step *step,
                                              int64_t *ret);
/* count bytes. */
LF_NODISCARD enum lf_status lf_avro_take(struct lf_avro_decoding *run, uint64_t count, const struct lf_json_step *step,
                                         struct lf_bytes *ret);
/* A length and so many bytes. */
LF_NODISCARD enum lf_status lf_avro_take_bytes(struct lf_avro_decoding *run, const struct lf_json_step *step,
                                               struct lf_bytes *ret);
/* A length and so many bytes of UTF-8. */
LF_NODISCARD enum lf_status lf_avro_take_text(struct lf_avro_decoding *run, const struct lf_json_step *step,
                                              struct lf_bytes *ret);

/* Reads a value without parts and makes of it what op says. */
LF_NODISCARD enum lf_status lf_avro_decode_leaf(struct lf_avro_decoding *run, const struct lf_avro_op *op,
                                                const struct lf_json_step *step, struct lf_value *ret);

#endif
