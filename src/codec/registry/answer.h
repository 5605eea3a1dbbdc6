/*
 * What a registry answers, as JSON, and what is sent to it. Answers are hostile until read: whatever is not what the
 * Confluent REST API promises is LF_UNAVAILABLE, for it says nothing about what was asked. Pure.
 */
#ifndef LF_CODEC_REGISTRY_ANSWER_H
#define LF_CODEC_REGISTRY_ANSWER_H

#include "base/buf.h"
#include "codec/registry.h"
#include "json/value.h"

/* Results point into body or live in arena; body must live as long as they. */

/* {"error_code": 40403, "message": "…"}: the code, 0 where there is none; the message may be empty. */
int64_t lf_answer_error(struct lf_bytes body, struct lf_arena *arena, struct lf_bytes *ret_message);
/* {"schema": "…", "schemaType": "AVRO", "references": […], "id": 1, "version": 2}: all but schema may be absent.
 * LF_INVALID: a type that is not known. */
LF_NODISCARD enum lf_status lf_answer_schema(struct lf_bytes body, struct lf_arena *arena, struct lf_registered *ret,
                                             struct lf_err *err);
/* {"id": 1}; "version" where ret_version is not NULL (0: absent). */
LF_NODISCARD enum lf_status lf_answer_id(struct lf_bytes body, struct lf_arena *arena, uint32_t *ret_id,
                                         int32_t *ret_version, struct lf_err *err);
/* [1, 2, 5], ascending. */
LF_NODISCARD enum lf_status lf_answer_versions(struct lf_bytes body, struct lf_arena *arena, int32_t **ret,
                                               size_t *ret_count, struct lf_err *err);
/* {"compatibilityLevel": "BACKWARD"}, "compatibility" in some servers. */
LF_NODISCARD enum lf_status lf_answer_level(struct lf_bytes body, struct lf_arena *arena, enum lf_compat_level *ret,
                                            struct lf_err *err);
/* {"is_compatible": false, "messages": ["…"]}; the messages, one a line. */
LF_NODISCARD enum lf_status lf_answer_compatible(struct lf_bytes body, struct lf_arena *arena, bool *ret,
                                                 struct lf_bytes *ret_why, struct lf_err *err);

/* {"schema": "…", "schemaType": "…", "references": […]}, the last two as far as there is need. */
void lf_answer_write_schema(struct lf_buf *out, const struct lf_schema_text *schema);
/* [{"name": …, "subject": …, "version": …}, …] */
void lf_answer_write_references(struct lf_buf *out, const struct lf_schema_text *schema);
/* Reads the latter; NULL and LF_V_NULL give none. LF_INVALID: it is none of these; LF_LIMIT. */
LF_NODISCARD enum lf_status lf_answer_read_references(const struct lf_value *value, struct lf_arena *arena,
                                                      struct lf_schema_text *ret, struct lf_err *err);

#endif
