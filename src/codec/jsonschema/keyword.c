/* The keywords as a table, and what their values look like. */
#include "codec/jsonschema/compiler.h"

#include <string.h>

const struct lf_js_rule lf_js_rules[LF_JS_K_COUNT] = {
#define LF_JS_RULE(id, name, drafts, vocabulary, shape) {LF_LIT_INIT(name), drafts, vocabulary, shape},
#include "codec/jsonschema/keywords.def"
#undef LF_JS_RULE
};

enum lf_js_keyword_id
lf_js_rule_find(const struct lf_js_dialect *dialect, struct lf_bytes name)
{
    for (int id = 0; id < LF_JS_K_COUNT; id++) {
        const struct lf_js_rule *rule = &lf_js_rules[id];
        if (rule->name.len == name.len && name.len != 0 && memcmp(rule->name.ptr, name.ptr, name.len) == 0 &&
            (rule->drafts & 1U << dialect->draft) != 0 && (rule->vocabulary & dialect->vocabularies) != 0)
            return (enum lf_js_keyword_id)id;
    }
    return LF_JS_K_COUNT;
}

bool
lf_js_is_bare_ref(const struct lf_js_dialect *dialect, const struct lf_value *value)
{
    if (dialect->draft != LF_JSONSCHEMA_07)
        return false;
    const struct lf_value *ref = lf_value_get_text(value, "$ref");
    return ref != NULL && ref->type == LF_V_STRING;
}

static bool
is_number(const struct lf_value *value)
{
    return ((1U << value->type) & LF_JS_NUMBERS) != 0 && lf_number_is_finite(value);
}

static bool
is_count(const struct lf_value *value)
{
    if (!is_number(value))
        return false;
    char space[LF_NUMBER_TEXT_SIZE];
    struct lf_decimal decimal = lf_decimal_of(value, space);
    return !decimal.negative && decimal.point >= (int64_t)decimal.count;
}

uint64_t
lf_js_count_of(const struct lf_value *value)
{
    char space[LF_NUMBER_TEXT_SIZE];
    struct lf_decimal decimal = lf_decimal_of(value, space);
    uint64_t count = 0;
    const char *at = decimal.first;
    if (decimal.point > 19)
        return UINT64_MAX;
    for (int64_t i = 0; i < decimal.point; i++) {
        if (i < (int64_t)decimal.count && *at == '.')
            at++;
        count = count * 10 + (i < (int64_t)decimal.count ? (uint64_t)(*at++ - '0') : 0);
    }
    return count;
}

static bool
is_positive(const struct lf_value *value)
{
    if (!is_number(value))
        return false;
    char space[LF_NUMBER_TEXT_SIZE];
    struct lf_decimal decimal = lf_decimal_of(value, space);
    return decimal.count != 0 && !decimal.negative;
}

unsigned
lf_js_type_of(struct lf_bytes name)
{
    static const struct {
        const char *name;
        unsigned bit;
    } types[] = {
        {"null", LF_JS_TYPE_NULL},     {"boolean", LF_JS_TYPE_BOOLEAN}, {"integer", LF_JS_TYPE_INTEGER},
        {"number", LF_JS_TYPE_NUMBER}, {"string", LF_JS_TYPE_STRING},   {"array", LF_JS_TYPE_ARRAY},
        {"object", LF_JS_TYPE_OBJECT},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (lf_bytes_equal_text(name, types[i].name))
            return types[i].bit;
    }
    return 0;
}

static bool
are_types(const struct lf_value *value)
{
    if (value->type == LF_V_STRING)
        return lf_js_type_of(lf_value_text(value)) != 0;
    if (value->type != LF_V_LIST || value->count == 0)
        return false;
    unsigned seen = 0;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct lf_value *item = &value->u.items[i];
        unsigned bit = item->type == LF_V_STRING ? lf_js_type_of(lf_value_text(item)) : 0;
        if (bit == 0 || (seen & bit) != 0)
            return false;
        seen |= bit;
    }
    return true;
}

static bool
are_strings(const struct lf_value *value)
{
    if (value->type != LF_V_LIST)
        return false;
    for (uint32_t i = 0; i < value->count; i++) {
        if (value->u.items[i].type != LF_V_STRING)
            return false;
    }
    return true;
}

static bool
is_schema(const struct lf_value *value)
{
    return value->type == LF_V_OBJECT || value->type == LF_V_BOOL;
}

static bool
are_schemas(const struct lf_value *value)
{
    if (value->type != LF_V_LIST || value->count == 0)
        return false;
    for (uint32_t i = 0; i < value->count; i++) {
        if (!is_schema(&value->u.items[i]))
            return false;
    }
    return true;
}

/* "^[A-Za-z_][-A-Za-z0-9._]*$" */
static bool
is_anchor(const struct lf_value *value)
{
    if (value->type != LF_V_STRING || value->count == 0)
        return false;
    for (uint32_t i = 0; i < value->count; i++) {
        char c = value->u.text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool inner = i > 0 && ((c >= '0' && c <= '9') || c == '-' || c == '.');
        if (!letter && !inner)
            return false;
    }
    return true;
}

/* An object all of whose members are one of two things (b may be NULL). */
static bool
is_map(const struct lf_value *value, bool (*a)(const struct lf_value *), bool (*b)(const struct lf_value *))
{
    if (value->type != LF_V_OBJECT)
        return false;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct lf_value *member = &value->u.members[i].value;
        if (!a(member) && (b == NULL || !b(member)))
            return false;
    }
    return true;
}

static bool
is_boolean(const struct lf_value *value)
{
    return value->type == LF_V_BOOL;
}

bool
lf_js_shape_fits(const struct lf_value *value, enum lf_js_shape shape, enum lf_jsonschema_draft draft,
                 const char **ret_why)
{
    switch (shape) {
    case LF_JS_ANY: return true;
    case LF_JS_STRING: *ret_why = "a string"; return value->type == LF_V_STRING;
    case LF_JS_BOOLEAN: *ret_why = "true or false"; return value->type == LF_V_BOOL;
    case LF_JS_COUNT: *ret_why = "an integer that is not negative"; return is_count(value);
    case LF_JS_NUMBER: *ret_why = "a number"; return is_number(value);
    case LF_JS_POSITIVE: *ret_why = "a number greater than 0"; return is_positive(value);
    case LF_JS_LIST: *ret_why = "an array"; return value->type == LF_V_LIST;
    case LF_JS_NAMES: *ret_why = "an array of strings"; return are_strings(value);
    case LF_JS_NAMES_MAP: *ret_why = "an object of arrays of strings"; return is_map(value, are_strings, NULL);
    case LF_JS_ANCHOR: *ret_why = "a name: letters, digits, '_', '-' and '.'"; return is_anchor(value);
    case LF_JS_TYPES:
        *ret_why = "the name of a type (null, boolean, integer, number, string, array, object) or an array of "
                   "different ones";
        return are_types(value);
    case LF_JS_BOOLEANS: *ret_why = "an object of true and false"; return is_map(value, is_boolean, NULL);
    case LF_JS_SCHEMA: *ret_why = "a schema: an object or true or false"; return is_schema(value);
    case LF_JS_SCHEMAS: *ret_why = "an array of schemas that is not empty"; return are_schemas(value);
    case LF_JS_SCHEMA_MAP: *ret_why = "an object of schemas"; return is_map(value, is_schema, NULL);
    case LF_JS_ITEMS:
        *ret_why = draft == LF_JSONSCHEMA_07 ? "a schema or an array of schemas"
                                             : "a schema (an array of schemas is prefixItems in draft 2020-12)";
        return is_schema(value) || (draft == LF_JSONSCHEMA_07 && are_schemas(value));
    case LF_JS_DEPENDENCIES:
        *ret_why = "an object of schemas and arrays of strings";
        return is_map(value, is_schema, are_strings);
    }
    return false;
}
