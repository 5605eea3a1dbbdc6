/* A compiled schema: a graph of nodes, one a subschema, each with the keywords that have something to check. */
#ifndef LF_CODEC_JSONSCHEMA_SCHEMA_H
#define LF_CODEC_JSONSCHEMA_SCHEMA_H

#include "codec/jsonschema.h"
#include "codec/jsonschema/regex.h"
#include "json/number.h"

struct lf_js_node;
struct lf_js_run;
struct lf_js_frame;

/* Which rules a schema is written by. */
struct lf_js_dialect {
    enum lf_jsonschema_draft draft;
    unsigned vocabularies; /* LF_JS_CORE | … */
};

enum {
    LF_JS_CORE = 1,
    LF_JS_APPLICATOR = 2,
    LF_JS_UNEVALUATED = 4,
    LF_JS_VALIDATION = 8,
    LF_JS_META_DATA = 16,
    LF_JS_FORMAT_ANNOTATION = 32,
    LF_JS_FORMAT_ASSERTION = 64,
    LF_JS_CONTENT = 128,
    LF_JS_STANDARD = 255 - LF_JS_FORMAT_ASSERTION,
};

/* A $dynamicAnchor of a resource. */
struct lf_js_anchor {
    struct lf_bytes name;
    struct lf_js_node *node;
    const struct lf_js_anchor *next;
};

/* A schema with a URI of its own: the root of a document, or a subschema with $id. */
struct lf_js_resource {
    struct lf_bytes uri; /* absolute, without fragment */
    struct lf_js_dialect dialect;
    struct lf_js_node *root;
    const struct lf_js_anchor *dynamic;
};

/* Bits of enum lf_value_type: which values a keyword is about. */
enum {
    LF_JS_NUMBERS = 1 << LF_V_INT | 1 << LF_V_FLOAT,
    LF_JS_STRINGS = 1 << LF_V_STRING | 1 << LF_V_ENUM,
    LF_JS_LISTS = 1 << LF_V_LIST,
    LF_JS_OBJECTS = 1 << LF_V_OBJECT,
    LF_JS_ALL = 0xffff,
};

struct lf_js_keyword;
/* Checks one keyword; false if the value fails it (reported unless the run is quiet), or if the run has failed. */
typedef bool lf_js_check_fn(struct lf_js_run *run, const struct lf_js_keyword *keyword,
                            const struct lf_js_frame *frame);

struct lf_js_property {
    struct lf_bytes name;
    const struct lf_js_node *node; /* NULL: only required */
    bool required;
};

struct lf_js_pattern {
    const struct lf_regex *regex;
    struct lf_bytes text;
    const struct lf_js_node *node;
};

/* properties, patternProperties, additionalProperties and required, in one pass over an object. */
struct lf_js_object {
    struct lf_js_property *properties; /* in the order of the schema */
    const uint32_t *sorted;            /* their indexes in the order of lf_js_name_order(); NULL: few */
    uint32_t property_count;
    uint32_t required_count;
    const struct lf_js_pattern *patterns;
    uint32_t pattern_count;
    const struct lf_js_node *additional; /* NULL: none */
};

/* enum and const */
struct lf_js_options {
    const struct lf_value *values;
    uint32_t count;
    uint32_t weight;              /* values in all of them */
    const struct lf_bytes *texts; /* sorted, if all are strings and many; else NULL */
};

struct lf_js_dependency {
    struct lf_bytes name;
    const struct lf_js_node *node; /* NULL: names */
    const struct lf_bytes *names;
    uint32_t count;
};

struct lf_js_format {
    const char *name;
    bool (*valid)(struct lf_bytes text);
};

struct lf_js_keyword {
    lf_js_check_fn *check;
    const char *name;
    unsigned types;
    bool needs_marks; /* has a meaning only where all before it succeeded */
    bool in_place;    /* nodes apply to the same value whatever it is */
    union {
        struct {
            const struct lf_js_node *const *list;
            uint32_t count;
        } nodes; /* $ref and not: one; if: three, with NULLs */
        struct {
            const struct lf_js_node *node;
            const char *anchor;
            size_t anchor_len;
        } dynamic;
        struct {
            const struct lf_js_node *node;
            uint64_t min, max;
        } contains;
        struct {
            const struct lf_js_node *node;
            uint32_t from;
        } rest; /* items behind prefixItems */
        struct {
            const struct lf_js_dependency *list;
            uint32_t count;
        } dependencies;
        struct {
            struct lf_decimal decimal;
            const struct lf_value *value;
        } number;
        struct {
            const struct lf_regex *regex;
            const char *text;
            size_t len;
        } pattern;
        const struct lf_js_object *object;
        const struct lf_js_options *options;
        const struct lf_js_format *format;
        uint64_t bound;
        unsigned types; /* LF_JS_TYPE_… */
    } u;
};

/* "type" */
enum {
    LF_JS_TYPE_NULL = 1,
    LF_JS_TYPE_BOOLEAN = 2,
    LF_JS_TYPE_INTEGER = 4,
    LF_JS_TYPE_NUMBER = 8,
    LF_JS_TYPE_STRING = 16,
    LF_JS_TYPE_ARRAY = 32,
    LF_JS_TYPE_OBJECT = 64,
};

enum lf_js_node_kind { LF_JS_KEYWORDS, LF_JS_TRUE, LF_JS_FALSE };

struct lf_js_node {
    const struct lf_value *value;
    struct lf_js_resource *resource;
    /* the way here, for messages: parent, its keyword, and name or index in that */
    const struct lf_js_node *parent; /* NULL: the root of a document, or found by a JSON Pointer */
    struct lf_bytes keyword;         /* without a parent: the pointer, after '#' */
    struct lf_bytes name;            /* ptr NULL: none */
    int64_t index;                   /* -1: none */
    enum lf_js_node_kind kind;
    bool queued;          /* compiled, or about to be */
    bool on_path, done;   /* while circles are looked for */
    unsigned unevaluated; /* types of values for which it needs to know what was evaluated */
    const struct lf_js_keyword *keywords;
    uint32_t keyword_count;
    struct lf_js_node *next;    /* of all */
    struct lf_js_node *pending; /* next one to compile */
};

struct lf_jsonschema {
    struct lf_arena arena; /* owns all */
    struct lf_js_node *root;
    struct lf_js_node *nodes;
    bool assert_formats;
    int64_t steps_max;
};

/* Appends where a node is: "#/properties/a", with the URI in front if it is not of the root's resource. */
void lf_js_location(struct lf_buf *out, const struct lf_jsonschema *schema, const struct lf_js_node *node);
/* Appends a segment of a JSON Pointer: '/' and the name with "~" and "/" escaped. */
void lf_js_pointer_add(struct lf_buf *out, struct lf_bytes name);
/* The order of properties that are searched by halves: by length, then bytewise. */
int lf_js_name_order(struct lf_bytes a, struct lf_bytes b);
/* Formats that can be asserted; NULL: not known. */
const struct lf_js_format *lf_js_format_find(struct lf_bytes name);
/* The text of a built-in document at a URI without fragment; ptr NULL: none. */
struct lf_bytes lf_js_metaschema(struct lf_bytes uri);

#endif
