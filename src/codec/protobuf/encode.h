/* A value on its way into bytes. For the files of this folder. */
#ifndef LF_CODEC_PROTOBUF_ENCODE_H
#define LF_CODEC_PROTOBUF_ENCODE_H

#include "codec/protobuf/scalar.h"

struct lf_proto_encoding {
    const struct lf_proto_schema *schema; /* where the types of Any are looked for */
    struct lf_buf *out;
    struct lf_arena arena; /* of what is needed meanwhile */
    struct lf_err *err;
};

/* A whole message, without what frames it. */
LF_NODISCARD enum lf_status lf_proto_encode_message(struct lf_proto_encoding *run,
                                                    const struct lf_proto_message *message,
                                                    const struct lf_value *value, const struct lf_json_step *step,
                                                    unsigned depth);
/* The same for the members of a plain message; skip is the name of one more that it may have, ptr NULL: none. */
LF_NODISCARD enum lf_status lf_proto_encode_members(struct lf_proto_encoding *run,
                                                    const struct lf_proto_message *message,
                                                    const struct lf_value *value, struct lf_bytes skip,
                                                    const struct lf_json_step *step, unsigned depth);
/* A field with its tag: a scalar, a message, a list or a map; the value is not an absent one. */
LF_NODISCARD enum lf_status lf_proto_encode_field(struct lf_proto_encoding *run, const struct lf_proto_field *field,
                                                  const struct lf_value *value, const struct lf_json_step *step,
                                                  unsigned depth);
/* A message of a kind that has a JSON form of its own. */
LF_NODISCARD enum lf_status lf_proto_encode_special(struct lf_proto_encoding *run,
                                                    const struct lf_proto_message *message,
                                                    const struct lf_value *value, const struct lf_json_step *step,
                                                    unsigned depth);

#endif
