/* Keywords that apply other schemas to the same value. */
#include "codec/jsonschema/check.h"

bool
lf_js_check_ref(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    return lf_js_apply(run, keyword->u.nodes.list[0], frame->value, frame->place, frame->scope, frame->marks);
}

/* The node that a resource has under a $dynamicAnchor, or NULL. */
static const struct lf_js_node *
dynamic_node(struct lf_js_run *run, const struct lf_js_resource *resource, struct lf_bytes name)
{
    for (const struct lf_js_anchor *anchor = resource->dynamic; anchor != NULL; anchor = anchor->next) {
        if (!lf_js_charge(run, 1))
            return NULL;
        if (lf_bytes_equal(anchor->name, name))
            return anchor->node;
    }
    return NULL;
}

/* The outermost resource on the way here that has the anchor decides. */
bool
lf_js_check_dynamic_ref(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    struct lf_bytes name = lf_bytes(keyword->u.dynamic.anchor, keyword->u.dynamic.anchor_len);
    const struct lf_js_node *node = keyword->u.dynamic.node;
    for (const struct lf_js_scope *scope = frame->scope; scope != NULL; scope = scope->outer) {
        const struct lf_js_node *outer = dynamic_node(run, scope->resource, name);
        if (outer != NULL)
            node = outer;
    }
    return lf_js_charge(run, 1) && lf_js_apply(run, node, frame->value, frame->place, frame->scope, frame->marks);
}

bool
lf_js_check_all_of(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    bool valid = true;
    for (uint32_t i = 0; i < keyword->u.nodes.count; i++) {
        if (!lf_js_apply(run, keyword->u.nodes.list[i], frame->value, frame->place, frame->scope, frame->marks)) {
            valid = false;
            if (lf_js_enough(run))
                return false;
        }
    }
    return valid;
}

/* Says what each of the alternatives has against the value. */
static bool
report_alternatives(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    lf_js_report(run, keyword->name, frame, "matches none of %u schemas", keyword->u.nodes.count);
    for (uint32_t i = 0; i < keyword->u.nodes.count && !lf_js_enough(run); i++)
        (void)lf_js_apply(run, keyword->u.nodes.list[i], frame->value, frame->place, frame->scope, NULL);
    return false;
}

bool
lf_js_check_any_of(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    bool valid = false;
    for (uint32_t i = 0; i < keyword->u.nodes.count && (!valid || frame->marks != NULL); i++)
        valid = lf_js_apply_quietly(run, keyword->u.nodes.list[i], frame) || valid;
    return valid || report_alternatives(run, keyword, frame);
}

bool
lf_js_check_one_of(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    uint32_t first = UINT32_MAX;
    for (uint32_t i = 0; i < keyword->u.nodes.count; i++) {
        if (!lf_js_apply_quietly(run, keyword->u.nodes.list[i], frame))
            continue;
        if (first != UINT32_MAX)
            return lf_js_report(run, keyword->name, frame, "matches the schemas %u and %u, only one is allowed", first,
                                i);
        first = i;
    }
    return first != UINT32_MAX || report_alternatives(run, keyword, frame);
}

bool
lf_js_check_not(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    run->quiet++;
    bool matches = lf_js_apply(run, keyword->u.nodes.list[0], frame->value, frame->place, frame->scope, NULL);
    run->quiet--;
    if (run->failed != LF_OK)
        return false;
    return !matches || lf_js_report(run, keyword->name, frame, "matches the schema that it must not match");
}

bool
lf_js_check_if(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    bool holds = lf_js_apply_quietly(run, keyword->u.nodes.list[0], frame);
    const struct lf_js_node *node = keyword->u.nodes.list[holds ? 1 : 2];
    if (run->failed != LF_OK)
        return false;
    return node == NULL || lf_js_apply(run, node, frame->value, frame->place, frame->scope, frame->marks);
}
