/* JSON Pointers (RFC 6901) to places that are known as steps, each on the stack of who made it. Pure. */
#ifndef LF_JSON_POINTER_H
#define LF_JSON_POINTER_H

#include "json/value.h"

enum { LF_JSON_POINTER_MAX = 400 };

/* The way to a value, innermost step first; name.ptr NULL means an index. NULL is the whole document. */
struct lf_json_step {
    const struct lf_json_step *outer;
    struct lf_bytes name;
    size_t index;
};

/* The pointer to a step ("/lines/3/sku"; empty for NULL), in space. Its first parts are left out if it is too long. */
struct lf_bytes lf_json_pointer(const struct lf_json_step *step, char space[LF_JSON_POINTER_MAX]);

/* One step along a pointer ("/a/b", not empty): takes its first segment off; the value there, or NULL. space has room
 * for the pointer's bytes. */
const struct lf_value *lf_json_pointer_follow(const struct lf_value *value, struct lf_bytes *pointer, char *space);

#endif
