/* Codecs for tests in other languages: a JSON object a line in, one out. */
#ifndef LF_TEST_CODEC_TOOL_H
#define LF_TEST_CODEC_TOOL_H

#include "base/buf.h"
#include "json/value.h"

enum { TOOL_BYTES_MAX = 64 * 1024 * 1024 };

/* One command. The answer's members are appended to out, each followed by a comma. */
typedef enum lf_status tool_fn(const struct lf_value *command, struct lf_arena *arena, struct lf_buf *out,
                               struct lf_err *err);

struct tool_command {
    const char *name; /* member "op" */
    tool_fn *run;
};

/* Ends in a row without a name. */
extern const struct tool_command tool_avro[];
extern const struct tool_command tool_protobuf[];

/* The text of a member, ptr NULL: it is not there. */
struct lf_bytes tool_text(const struct lf_value *command, const char *name);
/* The bytes of a member in hexadecimal digits; each in memory of exactly their size, so that reading beyond is seen.
 * Free ptr. */
struct lf_bytes tool_bytes(const struct lf_value *command, const char *name);
void tool_add_hex(struct lf_buf *out, const char *name, struct lf_bytes bytes);
void tool_add_value(struct lf_buf *out, const char *name, const struct lf_value *value);
void tool_add_text(struct lf_buf *out, const char *name, struct lf_bytes text);

#endif
