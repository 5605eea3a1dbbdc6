/* Keywords about objects. */
#include "codec/jsonschema/check.h"

#include <string.h>

bool
lf_js_check_max_properties(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    return frame->value->count <= keyword->u.bound ||
           lf_js_report(run, keyword->name, frame, "has %u properties, at most %llu are allowed", frame->value->count,
                        (unsigned long long)keyword->u.bound);
}

bool
lf_js_check_min_properties(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    return frame->value->count >= keyword->u.bound ||
           lf_js_report(run, keyword->name, frame, "has %u properties, at least %llu are required", frame->value->count,
                        (unsigned long long)keyword->u.bound);
}

/* --- properties, patternProperties, additionalProperties, required ------------------------------------------------ */

static bool
is_named(const struct lf_js_property *property, struct lf_bytes name)
{
    return property->name.len == name.len && (name.len == 0 || memcmp(property->name.ptr, name.ptr, name.len) == 0);
}

static const struct lf_js_property *
search(const struct lf_js_object *object, struct lf_bytes name)
{
    uint32_t low = 0;
    uint32_t high = object->property_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct lf_js_property *property = &object->properties[object->sorted[middle]];
        int order = lf_js_name_order(name, property->name);
        if (order == 0)
            return property;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The property of that name, or NULL; guess is where it probably is, for events keep the order of their schema. */
static const struct lf_js_property *
find_property(const struct lf_js_object *object, struct lf_bytes name, uint32_t guess)
{
    if (guess < object->property_count && is_named(&object->properties[guess], name))
        return &object->properties[guess];
    if (object->sorted != NULL)
        return search(object, name);
    for (uint32_t i = 0; i < object->property_count; i++) {
        if (is_named(&object->properties[i], name))
            return &object->properties[i];
    }
    return NULL;
}

/* Applies a schema to one member. */
static bool
apply_to_member(struct lf_js_run *run, const struct lf_js_node *node, const struct lf_js_frame *frame, uint32_t index)
{
    const struct lf_member *member = &frame->value->u.members[index];
    const struct lf_js_place place = {frame->place, &member->name, 0};
    lf_js_mark(frame->marks, index);
    return lf_js_apply(run, node, &member->value, &place, frame->scope, NULL);
}

/* All schemas that one member has to match. */
static bool
check_member(struct lf_js_run *run, const struct lf_js_object *object, const struct lf_js_property *property,
             const struct lf_js_frame *frame, uint32_t index)
{
    bool known = property != NULL && property->node != NULL;
    bool valid = !known || apply_to_member(run, property->node, frame, index);
    for (uint32_t i = 0; i < object->pattern_count; i++) {
        const struct lf_js_pattern *pattern = &object->patterns[i];
        if (!lf_js_matches(run, pattern->regex, frame->value->u.members[index].name))
            continue;
        known = true;
        valid = apply_to_member(run, pattern->node, frame, index) && valid;
    }
    if (!known && object->additional != NULL)
        valid = apply_to_member(run, object->additional, frame, index);
    return valid && run->failed == LF_OK;
}

static bool
report_missing(struct lf_js_run *run, const struct lf_js_object *object, const struct lf_js_frame *frame)
{
    if (!lf_js_charge(run, (uint64_t)object->required_count * frame->value->count))
        return false;
    for (uint32_t i = 0; i < object->property_count && !lf_js_enough(run); i++) {
        const struct lf_js_property *property = &object->properties[i];
        if (property->required && lf_value_get(frame->value, property->name) == NULL)
            lf_js_report(run, "required", frame, "lacks the property \"%.*s\"",
                         property->name.len < 200 ? (int)property->name.len : 200, property->name.ptr);
    }
    return false;
}

bool
lf_js_check_object(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    const struct lf_js_object *object = keyword->u.object;
    const struct lf_value *value = frame->value;
    uint32_t required = 0;
    uint32_t guess = 0;
    bool valid = true;
    if (!lf_js_charge(run, value->count))
        return false;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct lf_js_property *property = find_property(object, value->u.members[i].name, guess);
        if (property != NULL) {
            required += property->required ? 1 : 0;
            guess = (uint32_t)(property - object->properties) + 1;
        }
        if (!check_member(run, object, property, frame, i)) {
            valid = false;
            if (lf_js_enough(run))
                return false;
        }
    }
    return required >= object->required_count ? valid : report_missing(run, object, frame);
}

/* --- the others --------------------------------------------------------------------------------------------------- */

bool
lf_js_check_property_names(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    bool valid = true;
    for (uint32_t i = 0; i < frame->value->count; i++) {
        const struct lf_bytes *name = &frame->value->u.members[i].name;
        const struct lf_js_place place = {frame->place, name, 0};
        const struct lf_value text = lf_value_string(*name);
        if (!lf_js_apply(run, keyword->u.nodes.list[0], &text, &place, frame->scope, NULL)) {
            valid = false;
            if (lf_js_enough(run))
                return false;
        }
    }
    return valid;
}

static bool
check_dependency(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_dependency *dependency,
                 const struct lf_js_frame *frame)
{
    if (dependency->node != NULL)
        return lf_js_apply(run, dependency->node, frame->value, frame->place, frame->scope, frame->marks);
    bool valid = lf_js_charge(run, (uint64_t)dependency->count * frame->value->count);
    for (uint32_t i = 0; i < dependency->count && (valid || !lf_js_enough(run)); i++) {
        const struct lf_bytes name = dependency->names[i];
        if (lf_value_get(frame->value, name) == NULL)
            valid = lf_js_report(run, keyword->name, frame, "lacks the property \"%.*s\", which \"%.*s\" requires",
                                 name.len < 100 ? (int)name.len : 100, name.ptr,
                                 dependency->name.len < 100 ? (int)dependency->name.len : 100, dependency->name.ptr);
    }
    return valid;
}

bool
lf_js_check_dependent(struct lf_js_run *run, const struct lf_js_keyword *keyword, const struct lf_js_frame *frame)
{
    bool valid = lf_js_charge(run, (uint64_t)keyword->u.dependencies.count * frame->value->count);
    for (uint32_t i = 0; i < keyword->u.dependencies.count && (valid || !lf_js_enough(run)); i++) {
        const struct lf_js_dependency *dependency = &keyword->u.dependencies.list[i];
        if (lf_value_get(frame->value, dependency->name) != NULL && !check_dependency(run, keyword, dependency, frame))
            valid = false;
    }
    return valid;
}

bool
lf_js_check_unevaluated_properties(struct lf_js_run *run, const struct lf_js_keyword *keyword,
                                   const struct lf_js_frame *frame)
{
    bool valid = true;
    for (uint32_t i = 0; i < frame->value->count; i++) {
        if (lf_js_marked(frame->marks, i))
            continue;
        if (!apply_to_member(run, keyword->u.nodes.list[0], frame, i)) {
            valid = false;
            if (lf_js_enough(run))
                return false;
        }
    }
    return valid;
}
