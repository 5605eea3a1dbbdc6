/* What a format of payloads has to offer: a table of functions each, listed in payload.c. */
#ifndef LF_CODEC_PAYLOAD_FORMAT_H
#define LF_CODEC_PAYLOAD_FORMAT_H

#include "base/buf.h"
#include "codec/registry.h"
#include "json/value.h"

/* Schemas and views are immutable: shared between threads. */
struct lf_payload_ops {
    const char *content_type;
    /* Parses a schema; parts: what it refers to. LF_INVALID, LF_LIMIT, LF_NO_MEMORY. */
    enum lf_status (*parse)(struct lf_bytes text, const struct lf_schema_part *parts, size_t count, void **ret,
                            struct lf_err *err);
    void (*schema_free)(void *schema);
    /* Appends what follows the schema's id. LF_INVALID with the place in the payload, LF_LIMIT, LF_NO_MEMORY. */
    enum lf_status (*encode)(const void *schema, const struct lf_value *payload, struct lf_buf *out,
                             struct lf_arena *arena, struct lf_err *err);
    /* How what was written with one schema is read as another (NULL: the same) says. Both outlive it. LF_INVALID: not
     * at all. */
    enum lf_status (*view_new)(const void *writer, const void *reader, void **ret, struct lf_err *err);
    void (*view_free)(void *view);
    /* Reads what follows the schema's id: in header (ptr NULL: the id was in the value), in bytes. */
    enum lf_status (*decode)(const void *view, struct lf_bytes header, struct lf_bytes bytes, struct lf_arena *arena,
                             struct lf_value *ret, struct lf_err *err);
};

extern const struct lf_payload_ops lf_payload_avro;
extern const struct lf_payload_ops lf_payload_json;
extern const struct lf_payload_ops lf_payload_protobuf;

const struct lf_payload_ops *lf_payload_ops_of(enum lf_schema_type type);

#endif
