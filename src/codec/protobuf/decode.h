/*
 * Bytes on their way into a value: first all fields are collected, for they may come in any order and more than once,
 * then a value is made of them. For the files of this folder.
 */
#ifndef LF_CODEC_PROTOBUF_DECODE_H
#define LF_CODEC_PROTOBUF_DECODE_H

#include "codec/protobuf/scalar.h"

struct lf_proto_decoding {
    const struct lf_proto_schema *schema;
    struct lf_arena *arena;
    struct lf_err *err;
    const char *start; /* of all bytes, for offsets in errors */
    size_t values;     /* that may still be made */
    bool fill;
};

struct lf_proto_entry {
    struct lf_proto_scalar key;
    uint32_t order; /* among the entries as they came */
    struct lf_value value;
};

/* What has been read of one field. */
struct lf_proto_slot {
    bool set;
    uint32_t count; /* of items or entries */
    size_t cap;
    union {
        struct lf_proto_scalar scalar;
        struct lf_proto_instance *message;
        struct lf_value *items;
        struct lf_proto_entry *entries;
    } u;
};

/* Bytes of unknown fields, one after the other. */
struct lf_proto_unknown {
    struct lf_bytes bytes;
    struct lf_proto_unknown *next;
};

/* What has been read of one message. */
struct lf_proto_instance {
    const struct lf_proto_message *message;
    unsigned depth;
    struct lf_proto_slot *slots;          /* by index of the fields */
    const struct lf_proto_field **oneofs; /* of each oneof the field that is set */
    struct lf_proto_unknown *unknown, *last_unknown;
    size_t unknown_len;
};

/* Takes count values off what is left; LF_LIMIT. */
LF_NODISCARD enum lf_status lf_proto_charge(struct lf_proto_decoding *run, size_t count);

/* Reads a whole message. */
LF_NODISCARD enum lf_status lf_proto_decode_bytes(struct lf_proto_decoding *run, const struct lf_proto_message *message,
                                                  struct lf_bytes bytes, const struct lf_json_step *step,
                                                  unsigned depth, struct lf_value *ret);
/* The value of what has been collected. */
LF_NODISCARD enum lf_status lf_proto_finish(struct lf_proto_decoding *run, const struct lf_proto_instance *instance,
                                            const struct lf_json_step *step, struct lf_value *ret);
/* The same for a kind of message that has a JSON form of its own. */
LF_NODISCARD enum lf_status lf_proto_finish_special(struct lf_proto_decoding *run,
                                                    const struct lf_proto_instance *instance,
                                                    const struct lf_json_step *step, struct lf_value *ret);
/* The value of one field; *ret_there false: it is absent, and stays so. */
LF_NODISCARD enum lf_status lf_proto_finish_field(struct lf_proto_decoding *run,
                                                  const struct lf_proto_instance *instance,
                                                  const struct lf_proto_field *field, const struct lf_json_step *outer,
                                                  struct lf_value *ret, bool *ret_there);

#endif
