/* From a reference to a node: the document (built in, or fetched), the resource in it, its anchor or a pointer. */
#include "codec/jsonschema/compiler.h"
#include "codec/jsonschema/uri.h"
#include "json/json.h"
#include "json/pointer.h"

static enum lf_status
fetch(struct lf_js_compiler *c, struct lf_bytes uri, struct lf_bytes *ret_text)
{
    struct lf_bytes text = lf_js_metaschema(uri);
    if (text.ptr != NULL) {
        *ret_text = text;
        return LF_OK;
    }
    if (c->documents == LF_JSONSCHEMA_DOCUMENTS_MAX)
        return lf_fail(c->err, LF_LIMIT, "more than %d documents are referred to", LF_JSONSCHEMA_DOCUMENTS_MAX);
    c->documents++;
    if (c->options->resolve == NULL)
        return lf_fail(c->err, LF_NOT_FOUND, "there is no schema %.*s", LF_FMT(uri));
    return c->options->resolve(c->options->user, uri, c->arena, ret_text, c->err);
}

enum lf_status
lf_js_load(struct lf_js_compiler *c, struct lf_bytes uri, const struct lf_js_dialect *dialect,
           struct lf_js_resource **ret)
{
    struct lf_js_resource *known = lf_map_get(&c->resources, uri);
    if (known != NULL) {
        *ret = known;
        return LF_OK;
    }
    struct lf_bytes text = LF_BYTES_NONE;
    struct lf_js_node *root = NULL;
    struct lf_value *value = LF_ARENA_NEW(c->arena, struct lf_value);
    struct lf_bytes kept = lf_arena_copy(c->arena, uri);
    if (value == NULL || kept.ptr == NULL)
        return lf_no_memory(c->err);
    enum lf_status st = fetch(c, uri, &text);
    if (st != LF_OK)
        return st;
    st = lf_json_parse(c->arena, text, value, c->err);
    if (st == LF_OK)
        st = lf_js_index_document(c, value, kept, dialect, &root);
    if (st != LF_OK) {
        lf_err_context(c->err, "%.*s", LF_FMT(uri));
        return st;
    }
    *ret = root->resource;
    return LF_OK;
}

/* --- JSON Pointer ------------------------------------------------------------------------------------------------- */

/* Follows a pointer (decoded, with its '/' in front) from the root of a resource; NULL: it leads nowhere. Resources
 * on the way change what a schema found there belongs to. */
static const struct lf_value *
follow(struct lf_js_compiler *c, struct lf_bytes pointer, char *space, struct lf_js_resource **resource)
{
    const struct lf_value *value = (*resource)->root->value;
    while (value != NULL && pointer.len != 0) {
        c->work += value->count;
        value = lf_json_pointer_follow(value, &pointer, space);
        const struct lf_js_node *node = value != NULL ? lf_js_node_of(c, value) : NULL;
        if (node != NULL)
            *resource = node->resource;
    }
    return value;
}

static enum lf_status
find_pointer(struct lf_js_compiler *c, struct lf_js_resource *resource, struct lf_bytes pointer,
             struct lf_js_node **ret)
{
    char *space = lf_arena_alloc(c->arena, pointer.len);
    if (space == NULL)
        return lf_no_memory(c->err);
    const struct lf_value *value = follow(c, pointer, space, &resource);
    if (c->work > LF_JS_WORK_MAX)
        return lf_fail(c->err, LF_LIMIT, "too many references into too large objects");
    if (value == NULL)
        return lf_fail(c->err, LF_INVALID, "there is nothing at #%.*s", LF_FMT(pointer));
    return lf_js_index_value(c, value, resource, pointer, ret);
}

/* --- references --------------------------------------------------------------------------------------------------- */

static enum lf_status
find_fragment(struct lf_js_compiler *c, struct lf_js_resource *resource, struct lf_bytes fragment,
              struct lf_js_node **ret, bool *ret_dynamic)
{
    char *decoded = lf_arena_alloc(c->arena, fragment.len);
    size_t len = 0;
    if (decoded == NULL)
        return lf_no_memory(c->err);
    if (!lf_js_uri_decode(fragment, decoded, &len))
        return lf_fail(c->err, LF_INVALID, "the fragment has a broken %%-escape");
    struct lf_bytes name = lf_bytes(decoded, len);
    if (len == 0) {
        *ret = resource->root;
        return LF_OK;
    }
    if (decoded[0] == '/')
        return find_pointer(c, resource, name, ret);
    struct lf_js_node *node = lf_js_anchor_find(c, resource, name, ret_dynamic);
    if (node == NULL)
        return lf_fail(c->err, LF_INVALID, "there is no anchor \"%.*s\"", LF_FMT(name));
    *ret = node;
    return LF_OK;
}

enum lf_status
lf_js_resolve(struct lf_js_compiler *c, const struct lf_js_node *from, struct lf_bytes reference,
              struct lf_js_node **ret, bool *ret_dynamic)
{
    struct lf_bytes fragment;
    struct lf_bytes document = lf_js_uri_split(reference, &fragment);
    struct lf_js_resource *resource = from->resource;
    *ret_dynamic = false;
    if (document.len != 0) {
        struct lf_bytes uri;
        enum lf_status st = lf_js_uri_resolve(from->resource->uri, document, c->arena, &uri, c->err);
        if (st == LF_OK)
            st = lf_js_load(c, uri, &from->resource->dialect, &resource);
        if (st != LF_OK)
            return st;
    }
    return find_fragment(c, resource, fragment, ret, ret_dynamic);
}
