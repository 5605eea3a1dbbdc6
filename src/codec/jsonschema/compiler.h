/* Work in progress on a schema. For the files of this folder that compile. */
#ifndef LF_CODEC_JSONSCHEMA_COMPILER_H
#define LF_CODEC_JSONSCHEMA_COMPILER_H

#include "base/map.h"
#include "codec/jsonschema/schema.h"

#define LF_JS_WORK_MAX UINT64_C(250000000)

struct lf_js_compiler {
    const struct lf_jsonschema_options *options;
    struct lf_jsonschema *schema;
    struct lf_arena *arena;     /* the schema's */
    struct lf_map resources;    /* URI -> struct lf_js_resource */
    struct lf_map nodes;        /* address of a value -> struct lf_js_node */
    struct lf_map anchors;      /* address of a resource and name -> struct anchor_entry */
    struct lf_js_node *pending; /* to be compiled */
    size_t documents;
    uint64_t work;          /* members looked at by pointers */
    unsigned dialect_depth; /* metaschemas within one another */
    struct lf_err *err;
};

/* What the value of a keyword looks like, and with it where subschemas are. */
enum lf_js_shape {
    LF_JS_ANY,
    LF_JS_STRING,
    LF_JS_BOOLEAN,
    LF_JS_COUNT,
    LF_JS_NUMBER,
    LF_JS_POSITIVE,
    LF_JS_LIST,
    LF_JS_NAMES,     /* unique strings */
    LF_JS_NAMES_MAP, /* name -> NAMES */
    LF_JS_ANCHOR,    /* a plain name */
    LF_JS_TYPES,     /* a type's name, or several */
    LF_JS_BOOLEANS,  /* name -> true or false */
    LF_JS_SCHEMA,
    LF_JS_SCHEMAS,      /* a list, not empty */
    LF_JS_SCHEMA_MAP,   /* name -> SCHEMA */
    LF_JS_ITEMS,        /* SCHEMA, or in draft 07 SCHEMAS */
    LF_JS_DEPENDENCIES, /* name -> SCHEMA or NAMES */
};

/* Every keyword that is known; LF_JS_K_… is its index. */
enum lf_js_keyword_id {
#define LF_JS_RULE(id, name, drafts, vocabulary, shape) LF_JS_K_##id,
#include "codec/jsonschema/keywords.def"
#undef LF_JS_RULE
    LF_JS_K_COUNT
};

struct lf_js_rule {
    struct lf_bytes name;
    unsigned drafts;     /* bits of enum lf_jsonschema_draft */
    unsigned vocabulary; /* LF_JS_CORE … */
    enum lf_js_shape shape;
};

extern const struct lf_js_rule lf_js_rules[LF_JS_K_COUNT];
/* The keyword of that name where dialect has it; LF_JS_K_COUNT: none. */
enum lf_js_keyword_id lf_js_rule_find(const struct lf_js_dialect *dialect, struct lf_bytes name);
/* Whether the value of a keyword has the shape that it should; if not, words on what it should be go to *ret_why. */
bool lf_js_shape_fits(const struct lf_value *value, enum lf_js_shape shape, enum lf_jsonschema_draft draft,
                      const char **ret_why);
/* A count as a number, saturating; only of a value that fits LF_JS_COUNT. */
uint64_t lf_js_count_of(const struct lf_value *value);
/* The bit of a type's name, 0: no type. */
unsigned lf_js_type_of(struct lf_bytes name);

/* Whether draft 07's $ref makes the rest of this schema void. */
bool lf_js_is_bare_ref(const struct lf_js_dialect *dialect, const struct lf_value *value);

/* index.c: the root of a document at uri (LF_JS_K_…: all of its subschemas become nodes, $id resources, anchors). The
 * dialect is that of schemas without $schema. */
LF_NODISCARD enum lf_status lf_js_index_document(struct lf_js_compiler *c, const struct lf_value *value,
                                                 struct lf_bytes uri, const struct lf_js_dialect *dialect,
                                                 struct lf_js_node **ret);
/* The same for a value inside a document, found by a pointer, that is not known as a schema. */
LF_NODISCARD enum lf_status lf_js_index_value(struct lf_js_compiler *c, const struct lf_value *value,
                                              struct lf_js_resource *resource, struct lf_bytes pointer,
                                              struct lf_js_node **ret);
/* The node of a value, or NULL. */
struct lf_js_node *lf_js_node_of(const struct lf_js_compiler *c, const struct lf_value *value);
/* The node of an anchor of a resource, or NULL. */
struct lf_js_node *lf_js_anchor_find(const struct lf_js_compiler *c, const struct lf_js_resource *resource,
                                     struct lf_bytes name, bool *ret_dynamic);

/* resolve.c: the resource at a URI, loaded if need be; a failure's words begin without a place. */
LF_NODISCARD enum lf_status lf_js_load(struct lf_js_compiler *c, struct lf_bytes uri,
                                       const struct lf_js_dialect *dialect, struct lf_js_resource **ret);
/* The node that a reference in a schema means; *ret_dynamic: it is by the name of a $dynamicAnchor. */
LF_NODISCARD enum lf_status lf_js_resolve(struct lf_js_compiler *c, const struct lf_js_node *from,
                                          struct lf_bytes reference, struct lf_js_node **ret, bool *ret_dynamic);

/* build.c: fills the keywords of a node; the nodes that they need are queued. */
LF_NODISCARD enum lf_status lf_js_build(struct lf_js_compiler *c, struct lf_js_node *node);
void lf_js_queue(struct lf_js_compiler *c, struct lf_js_node *node);

/* Fails with the place of a node's keyword (ptr NULL: of the node) in front of the text. */
enum lf_status lf_js_wrong(struct lf_js_compiler *c, const struct lf_js_node *node, const char *keyword,
                           enum lf_status status, const char *fmt, ...) LF_PRINTF(5, 6);
/* Puts that place in front of the text of a failure. */
enum lf_status lf_js_place_error(struct lf_js_compiler *c, const struct lf_js_node *node, const char *keyword,
                                 enum lf_status status);

#endif
