/*
 * JSON text <-> values: a thin layer over yyjson with limits, exact numbers, paths in errors and a canonical form.
 * RFC 8259, strictly: well-formed UTF-8, no lone surrogates in escapes, no duplicate member names (a reader that keeps
 * the first and one that keeps the last must not disagree about an event), no trailing text.
 */
#ifndef LF_JSON_JSON_H
#define LF_JSON_JSON_H

#include "base/buf.h"
#include "json/value.h"

/* Parses one JSON value; everything lives in arena (strings may point into text, which must outlive the value).
 * Limits: LF_JSON_DEPTH_MAX, LF_JSON_NUMBER_CHARS_MAX. LF_INVALID with byte offset, LF_LIMIT, LF_NO_MEMORY. */
LF_NODISCARD enum lf_status lf_json_parse(struct lf_arena *arena, struct lf_bytes text, struct lf_value *ret,
                                          struct lf_err *err);

/* Appends compact JSON: members in their order, numbers as written or, where computed, in the shortest form that reads
 * back the same (integers without fraction). Non-finite numbers and opaque values become null. Iterative in depth. */
void lf_json_write(struct lf_buf *out, const struct lf_value *value);
/* The same with newlines and two-space indentation. */
void lf_json_write_pretty(struct lf_buf *out, const struct lf_value *value);
/* Appends text as a JSON string with quotes. */
void lf_json_write_string(struct lf_buf *out, struct lf_bytes text);
/* Appends bytes as text if they are UTF-8, else as {"base64": text}; ptr NULL: null. */
void lf_json_write_bytes(struct lf_buf *out, struct lf_bytes bytes);
/* Appends a double in the shortest form that reads back the same; 1e400 and NaN become null. */
void lf_json_write_double(struct lf_buf *out, double number);

/* Canonical form: members sorted by name (bytewise), no spaces, numbers normalised by exact decimal value. Two values
 * are lf_value_equal if and only if their canonical forms are the same bytes. */
LF_NODISCARD enum lf_status lf_json_write_canonical(struct lf_buf *out, const struct lf_value *value,
                                                    struct lf_err *err);
/* SHA-256 of the canonical form. */
LF_NODISCARD enum lf_status lf_json_digest(const struct lf_value *value, uint8_t ret[32], struct lf_err *err);

#endif
