/* A node's keywords: from JSON to what the checks work with. Adjacent keywords that belong together become one. */
#include "codec/jsonschema/check.h"
#include "codec/jsonschema/compiler.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_PROPERTIES = 8, FEW_TEXTS = 8 };

struct building {
    struct lf_js_compiler *c;
    struct lf_js_node *node;
    const struct lf_value *present[LF_JS_K_COUNT]; /* values of the keywords that the node has */
    struct lf_js_keyword keywords[LF_JS_K_COUNT];
    uint32_t count;
};

static const char *
name_of(enum lf_js_keyword_id id)
{
    return lf_js_rules[id].name.ptr;
}

static struct lf_js_keyword *
add(struct building *b, enum lf_js_keyword_id id, lf_js_check_fn *check, unsigned types)
{
    struct lf_js_keyword *keyword = &b->keywords[b->count++];
    *keyword = (struct lf_js_keyword){.check = check, .name = name_of(id), .types = types};
    return keyword;
}

void
lf_js_queue(struct lf_js_compiler *c, struct lf_js_node *node)
{
    if (node->queued)
        return;
    node->queued = true;
    node->pending = c->pending;
    c->pending = node;
}

/* The node of a subschema, which the first walk has found. */
static const struct lf_js_node *
child(struct building *b, const struct lf_value *value)
{
    struct lf_js_node *node = value != NULL ? lf_js_node_of(b->c, value) : NULL;
    if (node != NULL)
        lf_js_queue(b->c, node);
    return node;
}

static enum lf_status
no_memory(struct building *b)
{
    return lf_no_memory(b->c->err);
}

/* The nodes of a list of schemas, or of count values. */
static enum lf_status
add_nodes(struct building *b, struct lf_js_keyword *keyword, const struct lf_value *values, uint32_t count)
{
    const struct lf_js_node **list = LF_ARENA_ARRAY(b->c->arena, const struct lf_js_node *, count);
    if (list == NULL)
        return no_memory(b);
    for (uint32_t i = 0; i < count; i++)
        list[i] = child(b, &values[i]);
    keyword->u.nodes.list = list;
    keyword->u.nodes.count = count;
    return LF_OK;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static void
build_type(struct building *b)
{
    const struct lf_value *value = b->present[LF_JS_K_TYPE];
    if (value == NULL)
        return;
    struct lf_js_keyword *keyword = add(b, LF_JS_K_TYPE, lf_js_check_type, LF_JS_ALL);
    if (value->type == LF_V_STRING)
        keyword->u.types = lf_js_type_of(lf_value_text(value));
    for (uint32_t i = 0; value->type == LF_V_LIST && i < value->count; i++)
        keyword->u.types |= lf_js_type_of(lf_value_text(&value->u.items[i]));
}

static uint32_t
weight_of(const struct lf_value *value)
{
    uint32_t weight = 1;
    for (uint32_t i = 0; value->type == LF_V_LIST && i < value->count; i++)
        weight += weight_of(&value->u.items[i]);
    for (uint32_t i = 0; value->type == LF_V_OBJECT && i < value->count; i++)
        weight += weight_of(&value->u.members[i].value);
    return weight;
}

static int
order_texts(const void *a, const void *b)
{
    return lf_js_name_order(*(const struct lf_bytes *)a, *(const struct lf_bytes *)b);
}

/* Many strings are searched by halves. */
static enum lf_status
sort_texts(struct building *b, struct lf_js_options *options)
{
    for (uint32_t i = 0; i < options->count; i++) {
        if (options->values[i].type != LF_V_STRING)
            return LF_OK;
    }
    struct lf_bytes *texts = LF_ARENA_ARRAY(b->c->arena, struct lf_bytes, options->count);
    if (texts == NULL)
        return no_memory(b);
    for (uint32_t i = 0; i < options->count; i++)
        texts[i] = lf_value_text(&options->values[i]);
    qsort(texts, options->count, sizeof(*texts), order_texts);
    options->texts = texts;
    return LF_OK;
}

static enum lf_status
build_options(struct building *b, enum lf_js_keyword_id id, const struct lf_value *values, uint32_t count)
{
    struct lf_js_options *options = LF_ARENA_NEW(b->c->arena, struct lf_js_options);
    if (options == NULL)
        return no_memory(b);
    options->values = values;
    options->count = count;
    for (uint32_t i = 0; i < count; i++)
        options->weight += weight_of(&values[i]);
    add(b, id, lf_js_check_options, LF_JS_ALL)->u.options = options;
    return count > FEW_TEXTS ? sort_texts(b, options) : LF_OK;
}

static enum lf_status
build_number(struct building *b, enum lf_js_keyword_id id, lf_js_check_fn *check)
{
    const struct lf_value *value = b->present[id];
    if (value == NULL)
        return LF_OK;
    char *space = lf_arena_alloc(b->c->arena, LF_NUMBER_TEXT_SIZE);
    if (space == NULL)
        return no_memory(b);
    struct lf_js_keyword *keyword = add(b, id, check, LF_JS_NUMBERS);
    keyword->u.number.value = value;
    keyword->u.number.decimal = lf_decimal_of(value, space);
    if (id == LF_JS_K_MULTIPLE_OF && keyword->u.number.decimal.count > LF_JS_DIVISOR_DIGITS_MAX)
        return lf_js_wrong(b->c, b->node, "multipleOf", LF_LIMIT, "a number of %zu digits: %d are allowed",
                           keyword->u.number.decimal.count, LF_JS_DIVISOR_DIGITS_MAX);
    return LF_OK;
}

static void
build_bound(struct building *b, enum lf_js_keyword_id id, lf_js_check_fn *check, unsigned types)
{
    if (b->present[id] != NULL)
        add(b, id, check, types)->u.bound = lf_js_count_of(b->present[id]);
}

static enum lf_status
build_pattern(struct building *b)
{
    const struct lf_value *value = b->present[LF_JS_K_PATTERN];
    if (value == NULL)
        return LF_OK;
    struct lf_bytes text = lf_value_text(value);
    struct lf_js_keyword *keyword = add(b, LF_JS_K_PATTERN, lf_js_check_pattern, LF_JS_STRINGS);
    keyword->u.pattern.text = text.ptr;
    keyword->u.pattern.len = text.len;
    enum lf_status st = lf_js_regex_compile(text, b->c->arena, &keyword->u.pattern.regex, b->c->err);
    return st == LF_OK ? LF_OK : lf_js_place_error(b->c, b->node, "pattern", st);
}

/* A format that is not known is an annotation whatever is asked for. */
static void
build_format(struct building *b)
{
    const struct lf_value *value = b->present[LF_JS_K_FORMAT];
    bool asserted =
        b->c->options->assert_formats || (b->node->resource->dialect.vocabularies & LF_JS_FORMAT_ASSERTION) != 0;
    const struct lf_js_format *format = value != NULL && asserted ? lf_js_format_find(lf_value_text(value)) : NULL;
    if (format != NULL)
        add(b, LF_JS_K_FORMAT, lf_js_check_format, LF_JS_STRINGS)->u.format = format;
}

static enum lf_status
build_values(struct building *b)
{
    const struct lf_value *options = b->present[LF_JS_K_ENUM];
    enum lf_status st = LF_OK;
    build_type(b);
    if (b->present[LF_JS_K_CONST] != NULL)
        st = build_options(b, LF_JS_K_CONST, b->present[LF_JS_K_CONST], 1);
    if (st == LF_OK && options != NULL)
        st = build_options(b, LF_JS_K_ENUM, options->u.items, options->count);
    if (st == LF_OK)
        st = build_number(b, LF_JS_K_MULTIPLE_OF, lf_js_check_multiple);
    if (st == LF_OK)
        st = build_number(b, LF_JS_K_MAXIMUM, lf_js_check_maximum);
    if (st == LF_OK)
        st = build_number(b, LF_JS_K_EXCLUSIVE_MAXIMUM, lf_js_check_exclusive_maximum);
    if (st == LF_OK)
        st = build_number(b, LF_JS_K_MINIMUM, lf_js_check_minimum);
    if (st == LF_OK)
        st = build_number(b, LF_JS_K_EXCLUSIVE_MINIMUM, lf_js_check_exclusive_minimum);
    build_bound(b, LF_JS_K_MAX_LENGTH, lf_js_check_max_length, LF_JS_STRINGS);
    build_bound(b, LF_JS_K_MIN_LENGTH, lf_js_check_min_length, LF_JS_STRINGS);
    if (st == LF_OK)
        st = build_pattern(b);
    build_format(b);
    return st;
}

/* --- objects ------------------------------------------------------------------------------------------------------ */

int
lf_js_name_order(struct lf_bytes a, struct lf_bytes b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len != 0 ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

static int
order_properties(const void *a, const void *b, void *properties)
{
    const struct lf_js_property *all = properties;
    return lf_js_name_order(all[*(const uint32_t *)a].name, all[*(const uint32_t *)b].name);
}

static enum lf_status
sort_properties(struct building *b, struct lf_js_object *object)
{
    if (object->property_count <= FEW_PROPERTIES)
        return LF_OK;
    uint32_t *sorted = LF_ARENA_ARRAY(b->c->arena, uint32_t, object->property_count);
    if (sorted == NULL)
        return no_memory(b);
    for (uint32_t i = 0; i < object->property_count; i++)
        sorted[i] = i;
    qsort_r(sorted, object->property_count, sizeof(*sorted), order_properties, object->properties);
    object->sorted = sorted;
    return LF_OK;
}

/* Adds the names of "required" to the properties. */
static enum lf_status
add_required(struct building *b, struct lf_js_object *object, const struct lf_value *names)
{
    struct lf_map known;
    enum lf_status st = LF_OK;
    lf_map_init(&known);
    for (uint32_t i = 0; i < object->property_count && st == LF_OK; i++)
        st = lf_map_set(&known, object->properties[i].name, &object->properties[i]);
    for (uint32_t i = 0; names != NULL && i < names->count && st == LF_OK; i++) {
        struct lf_bytes name = lf_value_text(&names->u.items[i]);
        struct lf_js_property *property = lf_map_get(&known, name);
        if (property == NULL) {
            property = &object->properties[object->property_count++];
            property->name = name;
            st = lf_map_add(&known, name, property);
        }
        object->required_count += property->required ? 0 : 1;
        property->required = true;
    }
    lf_map_release(&known);
    return st == LF_OK ? LF_OK : no_memory(b);
}

static enum lf_status
add_properties(struct building *b, struct lf_js_object *object)
{
    const struct lf_value *properties = b->present[LF_JS_K_PROPERTIES];
    const struct lf_value *required = b->present[LF_JS_K_REQUIRED];
    size_t most = (properties != NULL ? properties->count : 0) + (size_t)(required != NULL ? required->count : 0);
    object->properties = LF_ARENA_ARRAY(b->c->arena, struct lf_js_property, most);
    if (object->properties == NULL)
        return no_memory(b);
    for (uint32_t i = 0; properties != NULL && i < properties->count; i++) {
        const struct lf_member *member = &properties->u.members[i];
        object->properties[object->property_count++] =
            (struct lf_js_property){.name = member->name, .node = child(b, &member->value)};
    }
    enum lf_status st = add_required(b, object, required);
    return st == LF_OK ? sort_properties(b, object) : st;
}

static enum lf_status
add_patterns(struct building *b, struct lf_js_object *object)
{
    const struct lf_value *value = b->present[LF_JS_K_PATTERN_PROPERTIES];
    if (value == NULL)
        return LF_OK;
    struct lf_js_pattern *patterns = LF_ARENA_ARRAY(b->c->arena, struct lf_js_pattern, value->count);
    if (patterns == NULL)
        return no_memory(b);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct lf_member *member = &value->u.members[i];
        patterns[i] = (struct lf_js_pattern){.text = member->name, .node = child(b, &member->value)};
        enum lf_status st = lf_js_regex_compile(member->name, b->c->arena, &patterns[i].regex, b->c->err);
        if (st != LF_OK)
            return lf_js_place_error(b->c, b->node, "patternProperties", st);
    }
    object->patterns = patterns;
    object->pattern_count = value->count;
    return LF_OK;
}

static enum lf_status
build_object(struct building *b)
{
    if (b->present[LF_JS_K_PROPERTIES] == NULL && b->present[LF_JS_K_REQUIRED] == NULL &&
        b->present[LF_JS_K_PATTERN_PROPERTIES] == NULL && b->present[LF_JS_K_ADDITIONAL_PROPERTIES] == NULL)
        return LF_OK;
    struct lf_js_object *object = LF_ARENA_NEW(b->c->arena, struct lf_js_object);
    if (object == NULL)
        return no_memory(b);
    enum lf_status st = add_properties(b, object);
    if (st == LF_OK)
        st = add_patterns(b, object);
    object->additional = child(b, b->present[LF_JS_K_ADDITIONAL_PROPERTIES]);
    add(b, LF_JS_K_REQUIRED, lf_js_check_object, LF_JS_OBJECTS)->u.object = object;
    return st;
}

static enum lf_status
set_names(struct building *b, struct lf_js_dependency *dependency, const struct lf_value *names)
{
    struct lf_bytes *list = LF_ARENA_ARRAY(b->c->arena, struct lf_bytes, names->count);
    if (list == NULL)
        return no_memory(b);
    for (uint32_t i = 0; i < names->count; i++)
        list[i] = lf_value_text(&names->u.items[i]);
    dependency->names = list;
    dependency->count = names->count;
    return LF_OK;
}

static enum lf_status
build_dependencies(struct building *b, enum lf_js_keyword_id id)
{
    const struct lf_value *value = b->present[id];
    if (value == NULL)
        return LF_OK;
    struct lf_js_dependency *list = LF_ARENA_ARRAY(b->c->arena, struct lf_js_dependency, value->count);
    enum lf_status st = list != NULL ? LF_OK : no_memory(b);
    for (uint32_t i = 0; i < value->count && st == LF_OK; i++) {
        const struct lf_member *member = &value->u.members[i];
        list[i].name = member->name;
        if (member->value.type == LF_V_LIST)
            st = set_names(b, &list[i], &member->value);
        else
            list[i].node = child(b, &member->value);
    }
    struct lf_js_keyword *keyword = add(b, id, lf_js_check_dependent, LF_JS_OBJECTS);
    keyword->u.dependencies.list = list;
    keyword->u.dependencies.count = value->count;
    return st;
}

static enum lf_status
build_objects(struct building *b)
{
    build_bound(b, LF_JS_K_MAX_PROPERTIES, lf_js_check_max_properties, LF_JS_OBJECTS);
    build_bound(b, LF_JS_K_MIN_PROPERTIES, lf_js_check_min_properties, LF_JS_OBJECTS);
    enum lf_status st = build_object(b);
    if (st == LF_OK && b->present[LF_JS_K_PROPERTY_NAMES] != NULL)
        st = add_nodes(b, add(b, LF_JS_K_PROPERTY_NAMES, lf_js_check_property_names, LF_JS_OBJECTS),
                       b->present[LF_JS_K_PROPERTY_NAMES], 1);
    if (st == LF_OK)
        st = build_dependencies(b, LF_JS_K_DEPENDENT_REQUIRED);
    if (st == LF_OK)
        st = build_dependencies(b, LF_JS_K_DEPENDENT_SCHEMAS);
    return st == LF_OK ? build_dependencies(b, LF_JS_K_DEPENDENCIES) : st;
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

/* prefixItems and items; in draft 07 items as a list, and additionalItems, which means something only then. */
static enum lf_status
build_items(struct building *b)
{
    const struct lf_value *items = b->present[LF_JS_K_ITEMS];
    bool tuple = items != NULL && items->type == LF_V_LIST;
    enum lf_js_keyword_id prefix_id = tuple ? LF_JS_K_ITEMS : LF_JS_K_PREFIX_ITEMS;
    enum lf_js_keyword_id rest_id = tuple ? LF_JS_K_ADDITIONAL_ITEMS : LF_JS_K_ITEMS;
    const struct lf_value *prefix = b->present[prefix_id];
    if (prefix != NULL) {
        enum lf_status st =
            add_nodes(b, add(b, prefix_id, lf_js_check_prefix_items, LF_JS_LISTS), prefix->u.items, prefix->count);
        if (st != LF_OK)
            return st;
    }
    if (b->present[rest_id] != NULL) {
        struct lf_js_keyword *keyword = add(b, rest_id, lf_js_check_items, LF_JS_LISTS);
        keyword->u.rest.node = child(b, b->present[rest_id]);
        keyword->u.rest.from = prefix != NULL ? prefix->count : 0;
    }
    return LF_OK;
}

static enum lf_status
build_lists(struct building *b)
{
    build_bound(b, LF_JS_K_MAX_ITEMS, lf_js_check_max_items, LF_JS_LISTS);
    build_bound(b, LF_JS_K_MIN_ITEMS, lf_js_check_min_items, LF_JS_LISTS);
    if (b->present[LF_JS_K_UNIQUE_ITEMS] != NULL && b->present[LF_JS_K_UNIQUE_ITEMS]->u.boolean)
        add(b, LF_JS_K_UNIQUE_ITEMS, lf_js_check_unique, LF_JS_LISTS);
    enum lf_status st = build_items(b);
    if (b->present[LF_JS_K_CONTAINS] != NULL) {
        const struct lf_value *min = b->present[LF_JS_K_MIN_CONTAINS];
        const struct lf_value *max = b->present[LF_JS_K_MAX_CONTAINS];
        struct lf_js_keyword *keyword = add(b, LF_JS_K_CONTAINS, lf_js_check_contains, LF_JS_LISTS);
        keyword->u.contains.node = child(b, b->present[LF_JS_K_CONTAINS]);
        keyword->u.contains.min = min != NULL ? lf_js_count_of(min) : 1;
        keyword->u.contains.max = max != NULL ? lf_js_count_of(max) : UINT64_MAX;
    }
    return st;
}

/* --- schemas on the same value ------------------------------------------------------------------------------------ */

static enum lf_status
build_reference(struct building *b, enum lf_js_keyword_id id)
{
    const struct lf_value *value = b->present[id];
    struct lf_js_node *target;
    bool dynamic;
    if (value == NULL)
        return LF_OK;
    enum lf_status st = lf_js_resolve(b->c, b->node, lf_value_text(value), &target, &dynamic);
    if (st != LF_OK) {
        lf_err_context(b->c->err, "\"%.*s\"", LF_FMT(lf_value_text(value)));
        return lf_js_place_error(b->c, b->node, name_of(id), st);
    }
    lf_js_queue(b->c, target);
    if (id == LF_JS_K_DYNAMIC_REF && dynamic) {
        struct lf_bytes reference = lf_value_text(value);
        size_t at = lf_bytes_index(reference, '#') + 1;
        struct lf_js_keyword *keyword = add(b, id, lf_js_check_dynamic_ref, LF_JS_ALL);
        keyword->u.dynamic.node = target;
        keyword->u.dynamic.anchor = reference.ptr + at;
        keyword->u.dynamic.anchor_len = reference.len - at;
        return LF_OK;
    }
    const struct lf_js_node **list = LF_ARENA_ARRAY(b->c->arena, const struct lf_js_node *, 1);
    if (list == NULL)
        return no_memory(b);
    *list = target;
    struct lf_js_keyword *keyword = add(b, id, lf_js_check_ref, LF_JS_ALL);
    keyword->in_place = true;
    keyword->u.nodes.list = list;
    keyword->u.nodes.count = 1;
    return LF_OK;
}

static enum lf_status
build_combination(struct building *b, enum lf_js_keyword_id id, lf_js_check_fn *check)
{
    const struct lf_value *value = b->present[id];
    if (value == NULL)
        return LF_OK;
    struct lf_js_keyword *keyword = add(b, id, check, LF_JS_ALL);
    keyword->in_place = true;
    return value->type == LF_V_LIST ? add_nodes(b, keyword, value->u.items, value->count)
                                    : add_nodes(b, keyword, value, 1);
}

static enum lf_status
build_condition(struct building *b)
{
    if (b->present[LF_JS_K_IF] == NULL)
        return LF_OK;
    const struct lf_js_node **list = LF_ARENA_ARRAY(b->c->arena, const struct lf_js_node *, 3);
    if (list == NULL)
        return no_memory(b);
    list[0] = child(b, b->present[LF_JS_K_IF]);
    list[1] = child(b, b->present[LF_JS_K_THEN]);
    list[2] = child(b, b->present[LF_JS_K_ELSE]);
    struct lf_js_keyword *keyword = add(b, LF_JS_K_IF, lf_js_check_if, LF_JS_ALL);
    keyword->u.nodes.list = list;
    keyword->u.nodes.count = 3;
    return LF_OK;
}

static enum lf_status
build_unevaluated(struct building *b, enum lf_js_keyword_id id, lf_js_check_fn *check, unsigned types)
{
    if (b->present[id] == NULL)
        return LF_OK;
    b->node->unevaluated |= types;
    struct lf_js_keyword *keyword = add(b, id, check, types);
    keyword->needs_marks = true;
    return add_nodes(b, keyword, b->present[id], 1);
}

static enum lf_status
build_applicators(struct building *b)
{
    enum lf_status st = build_reference(b, LF_JS_K_REF);
    if (st == LF_OK)
        st = build_reference(b, LF_JS_K_DYNAMIC_REF);
    if (st == LF_OK)
        st = build_combination(b, LF_JS_K_ALL_OF, lf_js_check_all_of);
    if (st == LF_OK)
        st = build_combination(b, LF_JS_K_ANY_OF, lf_js_check_any_of);
    if (st == LF_OK)
        st = build_combination(b, LF_JS_K_ONE_OF, lf_js_check_one_of);
    if (st == LF_OK)
        st = build_combination(b, LF_JS_K_NOT, lf_js_check_not);
    if (st == LF_OK)
        st = build_condition(b);
    if (st == LF_OK)
        st = build_unevaluated(b, LF_JS_K_UNEVALUATED_ITEMS, lf_js_check_unevaluated_items, LF_JS_LISTS);
    if (st == LF_OK)
        st = build_unevaluated(b, LF_JS_K_UNEVALUATED_PROPERTIES, lf_js_check_unevaluated_properties, LF_JS_OBJECTS);
    return st;
}

/* --- a node ------------------------------------------------------------------------------------------------------- */

/* Collects the keywords that are known, and looks at what they hold. */
static enum lf_status
collect(struct building *b)
{
    const struct lf_js_dialect *dialect = &b->node->resource->dialect;
    const struct lf_value *value = b->node->value;
    bool bare = lf_js_is_bare_ref(dialect, value);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct lf_member *member = &value->u.members[i];
        enum lf_js_keyword_id id = lf_js_rule_find(dialect, member->name);
        const char *why = "";
        if (id == LF_JS_K_COUNT || (bare && id != LF_JS_K_REF))
            continue;
        if (!lf_js_shape_fits(&member->value, lf_js_rules[id].shape, dialect->draft, &why))
            return lf_js_wrong(b->c, b->node, name_of(id), LF_INVALID, "%s is expected", why);
        b->present[id] = &member->value;
    }
    return LF_OK;
}

static enum lf_status
build_keywords(struct building *b)
{
    enum lf_status st = collect(b);
    if (st == LF_OK)
        st = build_values(b);
    if (st == LF_OK)
        st = build_lists(b);
    if (st == LF_OK)
        st = build_objects(b);
    if (st == LF_OK)
        st = build_applicators(b);
    if (st != LF_OK || b->count == 0)
        return st;
    struct lf_js_keyword *keywords = LF_ARENA_ARRAY(b->c->arena, struct lf_js_keyword, b->count);
    if (keywords == NULL)
        return no_memory(b);
    memcpy(keywords, b->keywords, b->count * sizeof(*keywords));
    b->node->keywords = keywords;
    b->node->keyword_count = b->count;
    return LF_OK;
}

enum lf_status
lf_js_build(struct lf_js_compiler *c, struct lf_js_node *node)
{
    if (node->value->type == LF_V_BOOL) {
        node->kind = node->value->u.boolean ? LF_JS_TRUE : LF_JS_FALSE;
        return LF_OK;
    }
    if (node->value->type != LF_V_OBJECT)
        return lf_js_wrong(c, node, NULL, LF_INVALID, "a schema is an object, true or false");
    struct building b = {.c = c, .node = node};
    enum lf_status st = build_keywords(&b);
    if (st == LF_OK && node->keyword_count == 0)
        node->kind = LF_JS_TRUE;
    return st;
}
