/* From text to a compiled schema: index the document, build every node that can be reached, refuse circles. */
#include "base/limits.h"
#include "base/mem.h"
#include "codec/jsonschema/compiler.h"
#include "json/json.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOCATION_BYTES_MAX = 2048 };

/* --- places ------------------------------------------------------------------------------------------------------- */

void
lf_js_pointer_add(struct lf_buf *out, struct lf_bytes name)
{
    lf_buf_add_char(out, '/');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '~' || name.ptr[i] == '/')
            lf_buf_add_text(out, name.ptr[i] == '~' ? "~0" : "~1");
        else
            lf_buf_add_char(out, name.ptr[i]);
    }
}

void
lf_js_location(struct lf_buf *out, const struct lf_jsonschema *schema, const struct lf_js_node *node)
{
    const struct lf_js_node *way[LF_JSON_DEPTH_MAX + 1];
    size_t steps = 0;
    const struct lf_js_resource *resource = node->resource;
    for (; node->parent != NULL && node != resource->root && steps <= LF_JSON_DEPTH_MAX; node = node->parent)
        way[steps++] = node;
    if (schema->root == NULL || resource != schema->root->resource)
        lf_buf_add(out, resource->uri);
    lf_buf_add_char(out, '#');
    if (node != resource->root)
        lf_buf_add(out, node->keyword); /* found by a pointer */
    while (steps > 0) {
        node = way[--steps];
        lf_js_pointer_add(out, node->keyword);
        if (node->name.ptr != NULL)
            lf_js_pointer_add(out, node->name);
        else if (node->index >= 0)
            lf_buf_printf(out, "/%lld", (long long)node->index);
    }
}

enum lf_status
lf_js_place_error(struct lf_js_compiler *c, const struct lf_js_node *node, const char *keyword, enum lf_status status)
{
    struct lf_buf place;
    lf_buf_init(&place, LOCATION_BYTES_MAX);
    lf_js_location(&place, c->schema, node);
    if (keyword != NULL)
        lf_js_pointer_add(&place, lf_bytes_of(keyword));
    if (status != LF_NO_MEMORY)
        lf_err_context(c->err, "%.*s", (int)(place.len < 300 ? place.len : 300), place.ptr != NULL ? place.ptr : "");
    lf_buf_release(&place);
    return status;
}

enum lf_status
lf_js_wrong(struct lf_js_compiler *c, const struct lf_js_node *node, const char *keyword, enum lf_status status,
            const char *fmt, ...)
{
    char text[LF_ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    lf_fail(c->err, status, "%s", text);
    return lf_js_place_error(c, node, keyword, status);
}

/* --- circles ------------------------------------------------------------------------------------------------------ */

/* A node on the way, and which of the schemas it applies to the same value is next. */
struct turn {
    struct lf_js_node *node;
    uint32_t keyword, item;
};

/* The next schema that is applied to the same value whatever it is, or NULL. */
static struct lf_js_node *
next_in_place(struct lf_js_compiler *c, struct turn *turn)
{
    while (turn->keyword < turn->node->keyword_count) {
        const struct lf_js_keyword *keyword = &turn->node->keywords[turn->keyword];
        if (keyword->in_place && turn->item < keyword->u.nodes.count)
            return lf_js_node_of(c, keyword->u.nodes.list[turn->item++]->value);
        turn->keyword++;
        turn->item = 0;
    }
    return NULL;
}

/* Depth first, without recursion: hostile schemas make long chains. */
static enum lf_status
find_circle(struct lf_js_compiler *c, struct lf_js_node *start, struct turn *way)
{
    size_t depth = 0;
    way[depth++] = (struct turn){.node = start};
    start->on_path = true;
    while (depth > 0) {
        struct lf_js_node *node = next_in_place(c, &way[depth - 1]);
        if (node == NULL) {
            depth--;
            way[depth].node->on_path = false;
            way[depth].node->done = true;
        } else if (node->on_path) {
            return lf_js_wrong(c, node, NULL, LF_INVALID, "the schema applies itself to the same value, without end");
        } else if (!node->done) {
            node->on_path = true;
            way[depth++] = (struct turn){.node = node};
        }
    }
    return LF_OK;
}

static enum lf_status
refuse_circles(struct lf_js_compiler *c)
{
    size_t count = 0;
    for (struct lf_js_node *node = c->schema->nodes; node != NULL; node = node->next)
        count++;
    struct turn *way = lf_calloc(count + 1, sizeof(*way));
    enum lf_status st = way != NULL ? LF_OK : lf_no_memory(c->err);
    for (struct lf_js_node *node = c->schema->nodes; node != NULL && st == LF_OK; node = node->next) {
        if (!node->done)
            st = find_circle(c, node, way);
    }
    lf_free(way);
    return st;
}

/* --- compile ------------------------------------------------------------------------------------------------------ */

static enum lf_status
build_pending(struct lf_js_compiler *c)
{
    while (c->pending != NULL) {
        struct lf_js_node *node = c->pending;
        c->pending = node->pending;
        enum lf_status st = lf_js_build(c, node);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

/* All of the schema's own document, and of the others what is referred to. */
static enum lf_status
compile_document(struct lf_js_compiler *c, const struct lf_value *value)
{
    const struct lf_js_dialect dialect = {c->options->draft, LF_JS_STANDARD};
    struct lf_js_node *root = NULL;
    struct lf_bytes uri = lf_arena_copy(c->arena, c->options->base_uri);
    if (uri.ptr == NULL)
        return lf_no_memory(c->err);
    enum lf_status st = lf_js_index_document(c, value, uri, &dialect, &root);
    if (st != LF_OK)
        return st;
    c->schema->root = root;
    for (struct lf_js_node *node = c->schema->nodes; node != NULL; node = node->next)
        lf_js_queue(c, node);
    st = build_pending(c);
    return st == LF_OK ? refuse_circles(c) : st;
}

static enum lf_status
compile(struct lf_js_compiler *c, struct lf_bytes text, const struct lf_value *value)
{
    struct lf_value *copy = LF_ARENA_NEW(c->arena, struct lf_value);
    enum lf_status st = copy != NULL ? LF_OK : lf_no_memory(c->err);
    if (st == LF_OK && value != NULL)
        st = lf_value_copy(c->arena, value, copy) ? LF_OK : lf_no_memory(c->err);
    else if (st == LF_OK)
        st = lf_json_parse(c->arena, text, copy, c->err);
    return st == LF_OK ? compile_document(c, copy) : st;
}

static enum lf_status
compile_either(const struct lf_jsonschema_options *options, struct lf_bytes text, const struct lf_value *value,
               struct lf_jsonschema **ret, struct lf_err *err)
{
    struct lf_err own = {0}; /* places are put in front of its text */
    struct lf_jsonschema *schema = lf_calloc(1, sizeof(*schema));
    if (schema == NULL)
        return lf_no_memory(err);
    size_t memory_max = options->memory_max != 0 ? options->memory_max : LF_JSONSCHEMA_MEMORY_MAX;
    lf_arena_init(&schema->arena, 0, memory_max);
    schema->assert_formats = options->assert_formats;
    schema->steps_max = options->steps_max != 0 ? options->steps_max : LF_JSONSCHEMA_STEPS_MAX;
    struct lf_js_compiler c = {.options = options, .schema = schema, .arena = &schema->arena, .err = &own};
    lf_map_init(&c.resources);
    lf_map_init(&c.nodes);
    lf_map_init(&c.anchors);
    enum lf_status st = compile(&c, text, value);
    lf_map_release(&c.resources);
    lf_map_release(&c.nodes);
    lf_map_release(&c.anchors);
    if (st == LF_NO_MEMORY && schema->arena.used > memory_max / 2)
        st = lf_fail(&own, LF_LIMIT, "the schema takes more than the allowed %zu bytes", memory_max);
    if (st == LF_OK) {
        *ret = schema;
        return LF_OK;
    }
    lf_jsonschema_free(schema);
    if (err != NULL)
        *err = own;
    return st;
}

enum lf_status
lf_jsonschema_compile(const struct lf_jsonschema_options *options, struct lf_bytes text, struct lf_jsonschema **ret,
                      struct lf_err *err)
{
    return compile_either(options, text, NULL, ret, err);
}

enum lf_status
lf_jsonschema_compile_value(const struct lf_jsonschema_options *options, const struct lf_value *value,
                            struct lf_jsonschema **ret, struct lf_err *err)
{
    return compile_either(options, LF_BYTES_NONE, value, ret, err);
}

void
lf_jsonschema_free(struct lf_jsonschema *schema)
{
    if (schema == NULL)
        return;
    lf_arena_release(&schema->arena);
    lf_free(schema);
}
