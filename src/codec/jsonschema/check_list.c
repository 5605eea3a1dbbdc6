/* Keywords about arrays. */
#include "codec/jsonschema/check.h"

bool
lf_js_check_max_items(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    return frame->value->count <= keyword->u.bound ||
           lf_js_report(run, keyword->name, frame, "has %u items, at most %llu are allowed", frame->value->count,
                        (unsigned long long)keyword->u.bound);
}

bool
lf_js_check_min_items(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    return frame->value->count >= keyword->u.bound ||
           lf_js_report(run, keyword->name, frame, "has %u items, at least %llu are required", frame->value->count,
                        (unsigned long long)keyword->u.bound);
}

bool
lf_js_check_unique(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    uint32_t first, second;
    if (!lf_js_charge(run, frame->value->count))
        return false;
    switch (lf_js_unique(frame->value, &first, &second)) {
    case LF_OK: return true;
    case LF_DUPLICATE: return lf_js_report(run, keyword->name, frame, "has equal items at %u and %u", first, second);
    default: return lf_js_stop(run, LF_NO_MEMORY, "out of memory");
    }
}

/* Applies a schema to one item. */
static bool
apply_to_item(struct lf_js_run *run, const struct lf_js_node *node, const struct lf_js_frame *frame, uint32_t index)
{
    const struct lf_js_place place = {frame->place, NULL, index};
    return lf_js_apply(run, node, &frame->value->u.items[index], &place, frame->scope, NULL);
}

bool
lf_js_check_prefix_items(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    bool valid = true;
    for (uint32_t i = 0; i < keyword->u.nodes.count && i < frame->value->count; i++) {
        lf_js_mark(frame->marks, i);
        if (!apply_to_item(run, keyword->u.nodes.list[i], frame, i)) {
            valid = false;
            if (lf_js_enough(run))
                return false;
        }
    }
    return valid;
}

bool
lf_js_check_items(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    bool valid = true;
    lf_js_marks_set_all(frame->marks);
    for (uint32_t i = keyword->u.rest.from; i < frame->value->count; i++) {
        if (!apply_to_item(run, keyword->u.rest.node, frame, i)) {
            valid = false;
            if (lf_js_enough(run))
                return false;
        }
    }
    return valid;
}

bool
lf_js_check_contains(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    uint64_t found = 0;
    run->quiet++;
    for (uint32_t i = 0; i < frame->value->count; i++) {
        if (apply_to_item(run, keyword->u.contains.node, frame, i)) {
            found++;
            lf_js_mark(frame->marks, i);
        }
    }
    run->quiet--;
    if (run->failed != LF_OK)
        return false;
    if (found < keyword->u.contains.min)
        return lf_js_report(run, keyword->u.contains.min == 1 ? "contains" : "minContains", frame,
                            "has %llu items that match \"contains\", at least %llu are required",
                            (unsigned long long)found, (unsigned long long)keyword->u.contains.min);
    if (found > keyword->u.contains.max)
        return lf_js_report(run, "maxContains", frame,
                            "has %llu items that match \"contains\", at most %llu are allowed",
                            (unsigned long long)found, (unsigned long long)keyword->u.contains.max);
    return true;
}

bool
lf_js_check_unevaluated_items(struct lf_js_run *run, const struct lf_js_keyword *keyword,
                              const struct lf_js_frame *frame)
{
    bool valid = true;
    for (uint32_t i = 0; i < frame->value->count; i++) {
        if (lf_js_marked(frame->marks, i))
            continue;
        if (!apply_to_item(run, keyword->u.nodes.list[0], frame, i)) {
            valid = false;
            if (lf_js_enough(run))
                return false;
        }
    }
    lf_js_marks_set_all(frame->marks);
    return valid;
}
