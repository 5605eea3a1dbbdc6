/* A decoded descriptor's members, and the words of the .proto file that declares the same. For descriptor.c. */
#ifndef LF_CODEC_PROTOBUF_DESCRIPTOR_WORDS_H
#define LF_CODEC_PROTOBUF_DESCRIPTOR_WORDS_H

#include "base/buf.h"
#include "json/value.h"

struct lf_proto_printer {
    struct lf_buf out;
    struct lf_arena *arena;
    size_t options; /* of the field in work */
    enum lf_status failed;
    struct lf_err *err;
};

/* Members of a decoded message; what is absent is "", 0, false or an empty list. */
struct lf_bytes lf_proto_text_of(const struct lf_value *value, const char *name);
int64_t lf_proto_number_of(const struct lf_value *value, const char *name);
bool lf_proto_is_set(const struct lf_value *value, const char *name);
struct lf_value lf_proto_list_of(const struct lf_value *value, const char *name);

/* Fails with "the descriptor has WHAT "TEXT"", unless something has failed already. */
void lf_proto_wrong_descriptor(struct lf_proto_printer *p, const char *what, struct lf_bytes text);
void lf_proto_add(struct lf_proto_printer *p, const char *text);
/* A name; "a.b.C", or ".a.b.C" if rooted. Anything else is wrong. */
void lf_proto_add_name(struct lf_proto_printer *p, struct lf_bytes name);
void lf_proto_add_path(struct lf_proto_printer *p, struct lf_bytes path, bool rooted);
/* A string in quotes; escaped: backslashes begin escapes already, which are those of .proto files. */
void lf_proto_add_string(struct lf_proto_printer *p, struct lf_bytes text, bool escaped);
/* A number, or a name: true, inf, the value of an enum. */
void lf_proto_add_word(struct lf_proto_printer *p, struct lf_bytes word);
/* A feature as an option: one of those in brackets behind a field, or a statement. All that a message's options say. */
void lf_proto_add_feature(struct lf_proto_printer *p, bool of_field, const char *name, struct lf_bytes value);
void lf_proto_add_features(struct lf_proto_printer *p, bool of_field, const struct lf_value *message);

#endif
