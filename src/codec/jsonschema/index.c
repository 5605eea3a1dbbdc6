/*
 * The first walk over a document: every place where a subschema stands gets a node, every $id a resource, every anchor
 * an entry. Only then can references be followed.
 */
#include "codec/jsonschema/compiler.h"
#include "base/limits.h"
#include "codec/jsonschema/uri.h"

#include <string.h>

struct anchor_entry {
    const struct lf_js_resource *resource; /* with the name behind it: the key */
    struct lf_js_node *node;
    bool dynamic;
};

/* The way to a schema. */
struct step {
    const struct lf_js_node *parent;
    struct lf_js_resource *resource;
    struct lf_bytes keyword;
    struct lf_bytes name;
    int64_t index;
    int depth;
};

static enum lf_status index_schema(struct lf_js_compiler *c, const struct lf_value *value, const struct step *step,
                                   struct lf_js_node **ret);

struct lf_js_node *
lf_js_node_of(const struct lf_js_compiler *c, const struct lf_value *value)
{
    return lf_map_get(&c->nodes, lf_bytes((const char *)&value, sizeof(value)));
}

static enum lf_status
add_node(struct lf_js_compiler *c, const struct lf_value *value, const struct step *step, struct lf_js_node **ret)
{
    struct lf_js_node *node = LF_ARENA_NEW(c->arena, struct lf_js_node);
    if (node == NULL)
        return lf_no_memory(c->err);
    *node = (struct lf_js_node){
        .value = value,
        .resource = step->resource,
        .parent = step->parent,
        .keyword = step->keyword,
        .name = step->name,
        .index = step->index,
        .next = c->schema->nodes,
    };
    if (lf_map_add(&c->nodes, lf_bytes((const char *)&node->value, sizeof(node->value)), node) != LF_OK)
        return lf_no_memory(c->err);
    c->schema->nodes = node;
    *ret = node;
    return LF_OK;
}

/* --- anchors ------------------------------------------------------------------------------------------------------ */

static char *
anchor_key(struct lf_js_compiler *c, const struct lf_js_resource *resource, struct lf_bytes name)
{
    char *key = lf_arena_alloc(c->arena, sizeof(resource) + name.len);
    if (key != NULL) {
        memcpy(key, &resource, sizeof(resource));
        memcpy(key + sizeof(resource), name.ptr, name.len);
    }
    return key;
}

static enum lf_status
add_anchor(struct lf_js_compiler *c, struct lf_js_node *node, struct lf_bytes name, bool dynamic)
{
    if (name.len == 0)
        return LF_OK;
    struct anchor_entry *entry = LF_ARENA_NEW(c->arena, struct anchor_entry);
    char *key = anchor_key(c, node->resource, name);
    if (entry == NULL || key == NULL)
        return lf_no_memory(c->err);
    *entry = (struct anchor_entry){node->resource, node, dynamic};
    enum lf_status st = lf_map_add(&c->anchors, lf_bytes(key, sizeof(node->resource) + name.len), entry);
    if (st == LF_DUPLICATE)
        return lf_js_wrong(c, node, dynamic ? "$dynamicAnchor" : "$anchor", LF_INVALID,
                           "another schema has the anchor \"%.*s\"", LF_FMT(name));
    if (st != LF_OK)
        return lf_no_memory(c->err);
    if (dynamic) {
        struct lf_js_anchor *anchor = LF_ARENA_NEW(c->arena, struct lf_js_anchor);
        if (anchor == NULL)
            return lf_no_memory(c->err);
        *anchor = (struct lf_js_anchor){name, node, node->resource->dynamic};
        node->resource->dynamic = anchor;
        lf_js_queue(c, node);
    }
    return LF_OK;
}

struct lf_js_node *
lf_js_anchor_find(const struct lf_js_compiler *c, const struct lf_js_resource *resource, struct lf_bytes name,
                  bool *ret_dynamic)
{
    char key[sizeof(resource) + LF_JS_URI_BYTES_MAX];
    if (name.len > LF_JS_URI_BYTES_MAX)
        return NULL;
    memcpy(key, &resource, sizeof(resource));
    memcpy(key + sizeof(resource), name.ptr, name.len);
    const struct anchor_entry *entry = lf_map_get(&c->anchors, lf_bytes(key, sizeof(resource) + name.len));
    if (entry == NULL)
        return NULL;
    *ret_dynamic = entry->dynamic;
    return entry->node;
}

static enum lf_status
index_anchors(struct lf_js_compiler *c, struct lf_js_node *node)
{
    static const char *const names[] = {"$anchor", "$dynamicAnchor"};
    for (int i = 0; i < 2; i++) {
        const struct lf_value *anchor = lf_value_get_text(node->value, names[i]);
        if (anchor == NULL || anchor->type != LF_V_STRING)
            continue;
        enum lf_status st = add_anchor(c, node, lf_value_text(anchor), i == 1);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

/* --- dialects and resources --------------------------------------------------------------------------------------- */

static const struct {
    const char *uri;
    unsigned bit;
} vocabularies[] = {
    {"https://json-schema.org/draft/2020-12/vocab/core", LF_JS_CORE},
    {"https://json-schema.org/draft/2020-12/vocab/applicator", LF_JS_APPLICATOR},
    {"https://json-schema.org/draft/2020-12/vocab/unevaluated", LF_JS_UNEVALUATED},
    {"https://json-schema.org/draft/2020-12/vocab/validation", LF_JS_VALIDATION},
    {"https://json-schema.org/draft/2020-12/vocab/meta-data", LF_JS_META_DATA},
    {"https://json-schema.org/draft/2020-12/vocab/format-annotation", LF_JS_FORMAT_ANNOTATION},
    {"https://json-schema.org/draft/2020-12/vocab/format-assertion", LF_JS_FORMAT_ASSERTION},
    {"https://json-schema.org/draft/2020-12/vocab/content", LF_JS_CONTENT},
};

static unsigned
vocabulary_bit(struct lf_bytes uri)
{
    for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]); i++) {
        if (lf_bytes_equal_text(uri, vocabularies[i].uri))
            return vocabularies[i].bit;
    }
    return 0;
}

/* What a metaschema of the user's own says about the schemas that name it. */
static enum lf_status
read_metaschema(struct lf_js_compiler *c, const struct lf_js_resource *resource, struct lf_js_dialect *ret)
{
    struct lf_js_dialect dialect = {resource->dialect.draft, LF_JS_STANDARD};
    const struct lf_value *listed = lf_value_get_text(resource->root->value, "$vocabulary");
    if (listed != NULL && listed->type == LF_V_OBJECT && dialect.draft == LF_JSONSCHEMA_2020_12) {
        dialect.vocabularies = LF_JS_CORE;
        for (uint32_t i = 0; i < listed->count; i++) {
            const struct lf_member *member = &listed->u.members[i];
            unsigned bit = vocabulary_bit(member->name);
            if (bit == 0 && member->value.type == LF_V_BOOL && member->value.u.boolean)
                return lf_fail(c->err, LF_UNSUPPORTED,
                               "the metaschema %.*s requires the vocabulary %.*s, which is not "
                               "known",
                               LF_FMT(resource->uri), LF_FMT(member->name));
            dialect.vocabularies |= bit;
        }
    }
    *ret = dialect;
    return LF_OK;
}

/* The dialect that a $schema names. */
static enum lf_status
find_dialect(struct lf_js_compiler *c, struct lf_bytes uri, const struct lf_js_dialect *outer,
             struct lf_js_dialect *ret)
{
    struct lf_bytes fragment;
    uri = lf_js_uri_split(uri, &fragment);
    if (lf_bytes_equal_text(uri, "https://json-schema.org/draft/2020-12/schema")) {
        *ret = (struct lf_js_dialect){LF_JSONSCHEMA_2020_12, LF_JS_STANDARD};
        return LF_OK;
    }
    if (lf_bytes_equal_text(uri, "http://json-schema.org/draft-07/schema") ||
        lf_bytes_equal_text(uri, "https://json-schema.org/draft-07/schema")) {
        *ret = (struct lf_js_dialect){LF_JSONSCHEMA_07, LF_JS_STANDARD};
        return LF_OK;
    }
    struct lf_bytes host = lf_bytes_starts_with(uri, LF_LIT("https:")) ? LF_LIT("https://json-schema.org/draft")
                                                                       : LF_LIT("http://json-schema.org/draft");
    if (lf_bytes_starts_with(uri, host))
        return lf_fail(c->err, LF_UNSUPPORTED, "draft %.*s: drafts 2020-12 and 07 are supported", LF_FMT(uri));
    if (c->dialect_depth == 8)
        return lf_fail(c->err, LF_INVALID, "metaschemas name one another as their metaschema");
    struct lf_js_resource *resource = NULL;
    c->dialect_depth++;
    enum lf_status st = lf_js_load(c, uri, outer, &resource);
    c->dialect_depth--;
    if (st != LF_OK) {
        lf_err_context(c->err, "the metaschema that $schema names");
        return st;
    }
    return read_metaschema(c, resource, ret);
}

static enum lf_status
new_resource(struct lf_js_compiler *c, struct lf_bytes uri, const struct lf_js_dialect *dialect,
             struct lf_js_resource **ret)
{
    struct lf_js_resource *resource = LF_ARENA_NEW(c->arena, struct lf_js_resource);
    if (resource == NULL)
        return lf_no_memory(c->err);
    *resource = (struct lf_js_resource){.uri = uri, .dialect = *dialect};
    *ret = resource;
    return LF_OK;
}

static enum lf_status
register_resource(struct lf_js_compiler *c, struct lf_bytes uri, struct lf_js_resource *resource)
{
    enum lf_status st = lf_map_add(&c->resources, uri, resource);
    if (st == LF_DUPLICATE && lf_map_get(&c->resources, uri) != resource)
        return lf_fail(c->err, LF_INVALID, "another schema has the URI %.*s", LF_FMT(uri));
    return st == LF_NO_MEMORY ? lf_no_memory(c->err) : LF_OK;
}

/* Sets what $schema says at the root of a resource. */
static enum lf_status
read_dialect(struct lf_js_compiler *c, struct lf_js_node *node, struct lf_js_resource *resource)
{
    const struct lf_value *named = lf_value_get_text(node->value, "$schema");
    if (named == NULL)
        return LF_OK;
    if (named->type != LF_V_STRING)
        return lf_js_wrong(c, node, "$schema", LF_INVALID, "a string is expected");
    enum lf_status st = find_dialect(c, lf_value_text(named), &resource->dialect, &resource->dialect);
    return st == LF_OK ? LF_OK : lf_js_place_error(c, node, "$schema", st);
}

static enum lf_status
start_resource(struct lf_js_compiler *c, struct lf_js_node *node, struct lf_bytes uri)
{
    struct lf_js_resource *resource = NULL;
    enum lf_status st = new_resource(c, uri, &node->resource->dialect, &resource);
    if (st != LF_OK)
        return st;
    resource->root = node;
    node->resource = resource;
    return read_dialect(c, node, resource);
}

/* The $id of a schema makes it a resource; in draft 07 one that is only a fragment names an anchor. */
static enum lf_status
read_id(struct lf_js_compiler *c, struct lf_js_node *node)
{
    const struct lf_value *id = lf_value_get_text(node->value, "$id");
    if (id == NULL || lf_js_is_bare_ref(&node->resource->dialect, node->value))
        return LF_OK;
    if (id->type != LF_V_STRING)
        return lf_js_wrong(c, node, "$id", LF_INVALID, "a string is expected");
    struct lf_bytes fragment;
    struct lf_bytes reference = lf_js_uri_split(lf_value_text(id), &fragment);
    if (fragment.len != 0 && node->resource->dialect.draft != LF_JSONSCHEMA_07)
        return lf_js_wrong(c, node, "$id", LF_INVALID, "\"%.*s\" has a fragment: use $anchor",
                           LF_FMT(lf_value_text(id)));
    if (reference.len != 0) {
        struct lf_bytes uri;
        enum lf_status st = lf_js_uri_resolve(node->resource->uri, reference, c->arena, &uri, c->err);
        if (st == LF_OK && node->resource->root == node)
            node->resource->uri = uri; /* a document's own name replaces the one it came by */
        else if (st == LF_OK)
            st = start_resource(c, node, uri);
        if (st == LF_OK)
            st = register_resource(c, uri, node->resource);
        if (st != LF_OK)
            return lf_js_place_error(c, node, "$id", st);
    }
    return fragment.len != 0 ? add_anchor(c, node, fragment, false) : LF_OK;
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

static enum lf_status
index_list(struct lf_js_compiler *c, const struct lf_value *list, struct step *step)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct lf_js_node *node;
        step->index = i;
        enum lf_status st = index_schema(c, &list->u.items[i], step, &node);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

static enum lf_status
index_map(struct lf_js_compiler *c, const struct lf_value *map, struct step *step)
{
    for (uint32_t i = 0; i < map->count; i++) {
        struct lf_js_node *node;
        if (map->u.members[i].value.type == LF_V_LIST) /* names, under "dependencies" */
            continue;
        step->name = map->u.members[i].name;
        enum lf_status st = index_schema(c, &map->u.members[i].value, step, &node);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

/* The subschemas under one keyword. */
static enum lf_status
index_keyword(struct lf_js_compiler *c, struct lf_js_node *node, const struct lf_member *member, int depth)
{
    struct lf_js_node *child;
    struct step step = {node, node->resource, member->name, LF_BYTES_NONE, -1, depth};
    enum lf_js_keyword_id id = lf_js_rule_find(&node->resource->dialect, member->name);
    if (id == LF_JS_K_COUNT)
        return LF_OK;
    const struct lf_value *value = &member->value;
    switch (lf_js_rules[id].shape) {
    case LF_JS_SCHEMA: return index_schema(c, value, &step, &child);
    case LF_JS_SCHEMAS: return value->type == LF_V_LIST ? index_list(c, value, &step) : LF_OK;
    case LF_JS_ITEMS:
        return value->type == LF_V_LIST ? index_list(c, value, &step) : index_schema(c, value, &step, &child);
    case LF_JS_SCHEMA_MAP:
    case LF_JS_DEPENDENCIES: return value->type == LF_V_OBJECT ? index_map(c, value, &step) : LF_OK;
    default: return LF_OK;
    }
}

static enum lf_status
index_keywords(struct lf_js_compiler *c, struct lf_js_node *node, int depth)
{
    bool bare = lf_js_is_bare_ref(&node->resource->dialect, node->value);
    for (uint32_t i = 0; !bare && i < node->value->count; i++) {
        enum lf_status st = index_keyword(c, node, &node->value->u.members[i], depth + 1);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

/* What is no schema after all is left alone here; compiling it says what is wrong. */
static enum lf_status
index_schema(struct lf_js_compiler *c, const struct lf_value *value, const struct step *step, struct lf_js_node **ret)
{
    if (step->depth > LF_JSON_DEPTH_MAX)
        return lf_fail(c->err, LF_LIMIT, "schemas nest more than the allowed %d levels", LF_JSON_DEPTH_MAX);
    struct lf_js_node *node = lf_js_node_of(c, value);
    enum lf_status st = LF_OK;
    if (node == NULL) {
        st = add_node(c, value, step, &node);
        if (st == LF_OK && value->type == LF_V_OBJECT) {
            st = read_id(c, node);
            if (st == LF_OK)
                st = index_anchors(c, node);
            if (st == LF_OK)
                st = index_keywords(c, node, step->depth);
        }
    }
    if (st == LF_OK)
        *ret = node;
    return st;
}

enum lf_status
lf_js_index_document(struct lf_js_compiler *c, const struct lf_value *value, struct lf_bytes uri,
                     const struct lf_js_dialect *dialect, struct lf_js_node **ret)
{
    struct lf_js_resource *resource = NULL;
    struct lf_js_node *node = NULL;
    enum lf_status st = new_resource(c, uri, dialect, &resource);
    if (st == LF_OK)
        st = register_resource(c, uri, resource);
    struct step step = {.resource = resource, .keyword = LF_LIT(""), .index = -1};
    if (st == LF_OK)
        st = add_node(c, value, &step, &node);
    if (st != LF_OK)
        return st;
    resource->root = node;
    if (value->type == LF_V_OBJECT) {
        st = read_dialect(c, node, resource);
        if (st == LF_OK)
            st = read_id(c, node);
        if (st == LF_OK)
            st = index_anchors(c, node);
        if (st == LF_OK)
            st = index_keywords(c, node, 0);
    }
    if (st == LF_OK)
        *ret = node;
    return st;
}

enum lf_status
lf_js_index_value(struct lf_js_compiler *c, const struct lf_value *value, struct lf_js_resource *resource,
                  struct lf_bytes pointer, struct lf_js_node **ret)
{
    struct step step = {.resource = resource, .keyword = pointer, .index = -1};
    return index_schema(c, value, &step, ret);
}
