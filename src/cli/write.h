/* What rows, pages and JSON Lines of events and dead letters are made of. Failures stay in the buffer. */
#ifndef LF_CLI_WRITE_H
#define LF_CLI_WRITE_H

#include "base/buf.h"
#include "event/event.h"

/* ---- for people ---- */

/* "2026-11-24T08:46:34.123456Z" */
void lf_cli_add_time(struct lf_buf *out, int64_t us);
/* Bytes for a terminal: what is no printable text becomes an escape, U+0080 to U+009F (terminals obey them) too. */
void lf_cli_add_safe(struct lf_buf *out, struct lf_bytes bytes);
/* JSON for a terminal; the newlines of the pretty form stay. */
void lf_cli_add_safe_json(struct lf_buf *out, const struct lf_value *value, bool pretty);
/* "business-events/0@17" */
void lf_cli_add_place(struct lf_buf *out, const struct lf_place *place);
/* "name         value", a line; nothing where value.ptr is NULL. */
void lf_cli_add_line(struct lf_buf *out, const char *name, struct lf_bytes value);

/* "header       name: value", a line each of an object's members. */
void lf_cli_add_header_lines(struct lf_buf *out, const struct lf_value *headers);

/* ---- for programs ---- */

/* "text", or null where it is absent or no UTF-8 */
void lf_cli_add_text_or_null(struct lf_buf *out, struct lf_bytes value);
/* ,"name":"text" */
void lf_cli_add_member(struct lf_buf *out, const char *name, struct lf_bytes value);
/* ,"name":"2026-11-24T…" or null for 0 */
void lf_cli_add_member_time(struct lf_buf *out, const char *name, int64_t us);
/* ,"topic":"business-events","partition":0,"offset":17 */
void lf_cli_add_place_members(struct lf_buf *out, struct lf_bytes topic, int32_t partition, int64_t offset);

#endif
