/* Names made of names. Texts in the arena; ptr NULL: out of memory. */
#ifndef LF_MODEL_NAMES_H
#define LF_MODEL_NAMES_H

#include "base/arena.h"

/* "URLEntry" -> "urlEntry" */
struct lf_bytes lf_name_lower_camel(struct lf_bytes name, struct lf_arena *arena);
/* "entry" -> "entries" */
struct lf_bytes lf_name_plural(struct lf_bytes name, struct lf_arena *arena);
/* "customerId" -> "customer_id", "pageURL" -> "page_url", "URLPath" -> "url_path", "line2Text" -> "line2_text" */
struct lf_bytes lf_name_snake(struct lf_bytes name, struct lf_arena *arena);

#endif
