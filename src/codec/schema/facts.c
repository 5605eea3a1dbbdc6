/* Facts about values, gathered from the schemas that hold for them. */
#include "codec/schema/facts.h"
#include "codec/jsonschema/uri.h"
#include "json/pointer.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned types;
} names[] = {
    {"null", LF_FACT_NULL},     {"boolean", LF_FACT_BOOLEAN}, {"integer", LF_FACT_INTEGER}, {"number", LF_FACT_NUMBERS},
    {"string", LF_FACT_STRING}, {"array", LF_FACT_ARRAY},     {"object", LF_FACT_OBJECT},
};
enum { NAME_COUNT = sizeof(names) / sizeof(names[0]), POINTER_BYTES_MAX = 1000 };

/* --- types -------------------------------------------------------------------------------------------------------- */

static unsigned
named_type(const struct lf_value *name)
{
    for (size_t i = 0; name->type == LF_V_STRING && i < NAME_COUNT; i++) {
        if (lf_bytes_equal_text(lf_value_text(name), names[i].name))
            return names[i].types;
    }
    return 0;
}

static unsigned
type_of(const struct lf_value *value)
{
    switch (value->type) {
    case LF_V_NULL: return LF_FACT_NULL;
    case LF_V_BOOL: return LF_FACT_BOOLEAN;
    case LF_V_INT: return LF_FACT_INTEGER;
    case LF_V_FLOAT: return LF_FACT_NUMBERS; /* 1.0 is an integer */
    case LF_V_STRING:
    case LF_V_ENUM: return LF_FACT_STRING;
    case LF_V_LIST: return LF_FACT_ARRAY;
    case LF_V_OBJECT: return LF_FACT_OBJECT;
    case LF_V_OPAQUE: break;
    }
    return 0;
}

unsigned
lf_facts_types(const struct lf_value *schema)
{
    unsigned types = LF_FACT_ALL, listed = 0;
    const struct lf_value *type = lf_value_get_text(schema, "type");
    const struct lf_value *options = lf_value_get_text(schema, "enum");
    const struct lf_value *constant = lf_value_get_text(schema, "const");
    if (type != NULL && type->type == LF_V_STRING)
        types = named_type(type);
    if (type != NULL && type->type == LF_V_LIST) {
        for (uint32_t i = 0; i < type->count; i++)
            listed |= named_type(&type->u.items[i]);
        types = listed;
    }
    if (options != NULL && options->type == LF_V_LIST) {
        listed = 0;
        for (uint32_t i = 0; i < options->count; i++)
            listed |= type_of(&options->u.items[i]);
        types &= listed;
    }
    return constant != NULL ? types & type_of(constant) : types;
}

const char *
lf_facts_type_words(unsigned types, char space[80])
{
    size_t len = 0;
    space[0] = '\0';
    for (size_t i = 0; i < NAME_COUNT; i++) {
        unsigned set = names[i].types;
        bool whole = (types & set) == set && !(set == LF_FACT_INTEGER && (types & LF_FACT_FRACTION) != 0);
        bool part = set == LF_FACT_NUMBERS && (types & LF_FACT_NUMBERS) == LF_FACT_FRACTION;
        if (whole || part)
            len += (size_t)snprintf(space + len, 80 - len, "%s%s", len > 0 ? ", " : "",
                                    part ? "number with a fraction" : names[i].name);
        if (len >= 80)
            break;
    }
    return len > 0 ? space : "nothing";
}

/* --- references --------------------------------------------------------------------------------------------------- */

const struct lf_value *
lf_facts_resolve(const struct lf_value *root, struct lf_bytes reference)
{
    char decoded[POINTER_BYTES_MAX], space[POINTER_BYTES_MAX];
    const struct lf_value *value = root;
    size_t len;
    if (reference.len == 0 || reference.ptr[0] != '#' || reference.len > sizeof(decoded) ||
        !lf_js_uri_decode(lf_bytes(reference.ptr + 1, reference.len - 1), decoded, &len))
        return NULL;
    struct lf_bytes pointer = lf_bytes(decoded, len);
    if (len != 0 && decoded[0] != '/')
        return NULL;
    while (pointer.len != 0 && value != NULL)
        value = lf_json_pointer_follow(value, &pointer, space);
    return value;
}

/* --- facts -------------------------------------------------------------------------------------------------------- */

void
lf_facts_init(struct lf_facts *facts, const struct lf_value *root)
{
    *facts = (struct lf_facts){.root = root, .types = LF_FACT_ALL};
}

static bool
is_known(const struct lf_facts *facts, const struct lf_value *schema)
{
    for (size_t i = 0; i < facts->count; i++) {
        if (facts->items[i] == schema)
            return true;
    }
    return false;
}

/* References and allOf go in behind: the list is its own queue. */
static void
add_one(struct lf_facts *facts, const struct lf_value *schema)
{
    if (schema->type == LF_V_BOOL && !schema->u.boolean)
        facts->types = 0;
    if (schema->type != LF_V_OBJECT || is_known(facts, schema))
        return;
    if (facts->count == LF_FACTS_MAX) {
        facts->full = true;
        return;
    }
    facts->split[facts->count] = false;
    facts->items[facts->count++] = schema;
    facts->types &= lf_facts_types(schema);
}

void
lf_facts_add(struct lf_facts *facts, const struct lf_value *schema)
{
    size_t at = facts->count;
    add_one(facts, schema);
    for (; at < facts->count; at++) {
        const struct lf_value *reference = lf_value_get_text(facts->items[at], "$ref");
        const struct lf_value *all = lf_value_get_text(facts->items[at], "allOf");
        const struct lf_value *found = NULL;
        if (reference != NULL && reference->type == LF_V_STRING)
            found = lf_facts_resolve(facts->root, lf_value_text(reference));
        if (found != NULL)
            add_one(facts, found);
        for (uint32_t i = 0; all != NULL && all->type == LF_V_LIST && i < all->count; i++)
            add_one(facts, &all->u.items[i]);
    }
}

const struct lf_value *
lf_facts_next(const struct lf_facts *facts, const char *keyword, size_t *at)
{
    while (*at < facts->count) {
        const struct lf_value *value = lf_value_get_text(facts->items[(*at)++], keyword);
        if (value != NULL)
            return value;
    }
    return NULL;
}
