/* A file's descriptor in base64, where a .proto file may stand as well. For the files of this folder. */
#ifndef LF_CODEC_PROTOBUF_DESCRIPTOR_H
#define LF_CODEC_PROTOBUF_DESCRIPTOR_H

#include "base/arena.h"
#include "base/err.h"

/* Whether text can only be base64: no .proto file that declares anything has only such characters. */
bool lf_proto_is_descriptor(struct lf_bytes text);
/*
 * The .proto file that declares what a FileDescriptorProto in base64 declares, in arena. LF_INVALID: it is none, or has
 * a name or a type that there cannot be; LF_LIMIT: too large; LF_NO_MEMORY. What the text may not say is refused when
 * it is parsed.
 */
LF_NODISCARD enum lf_status lf_proto_descriptor_text(struct lf_bytes base64, struct lf_arena *arena,
                                                     struct lf_bytes *ret, struct lf_err *err);

#endif
