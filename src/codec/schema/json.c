/*
 * JSON Schema of a payload, draft 2020-12. Objects and enums are $defs. What may be null may be absent as well.
 * Payloads are open: readers pass over members that they do not know, unless the schema is asked to be closed.
 */
#include "codec/schema/write.h"
#include "json/json.h"

#define DECIMAL_PATTERN "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?$"
#define INTEGER_PATTERN "^(0|-?[1-9][0-9]*)$"

static void
add_number(struct lf_schema_writer *w, struct lf_schema_object *to, const char *name, const struct lf_value *value)
{
    if (value->type != LF_V_NULL)
        lf_schema_add(w, to, name, *value);
}

static void
add_count(struct lf_schema_writer *w, struct lf_schema_object *to, const char *name, int64_t count)
{
    if (count >= 0)
        lf_schema_add(w, to, name, lf_value_int(count));
}

/* --- values that are no list -------------------------------------------------------------------------------------- */

/* "type": name, or with null beside it. */
static void
add_type(struct lf_schema_writer *w, struct lf_schema_object *to, const char *name, bool nullable)
{
    if (!nullable) {
        lf_schema_add(w, to, "type", lf_schema_string(name));
        return;
    }
    struct lf_value both = lf_schema_list(w, 2);
    if (both.count == 2) {
        both.u.items[0] = lf_schema_string(name);
        both.u.items[1] = lf_schema_string("null");
    }
    lf_schema_add(w, to, "type", both);
}

static void
add_bounds(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_constraint *constraint)
{
    if (constraint == NULL)
        return;
    add_number(w, to, "minimum", &constraint->min);
    add_number(w, to, "exclusiveMinimum", &constraint->exclusive_min);
    add_number(w, to, "maximum", &constraint->max);
    add_number(w, to, "exclusiveMaximum", &constraint->exclusive_max);
    add_number(w, to, "multipleOf", &constraint->multiple_of);
}

static bool
has_bound(const struct lf_value *inclusive, const struct lf_value *exclusive)
{
    return inclusive->type != LF_V_NULL || exclusive->type != LF_V_NULL;
}

/* An Int has 32 bits; its bounds stand where the constraint has none of that side. */
static void
add_int(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_field *field, bool nullable)
{
    const struct lf_constraint *k = field->constraint;
    add_type(w, to, "integer", nullable);
    if (k == NULL || !has_bound(&k->min, &k->exclusive_min))
        lf_schema_add(w, to, "minimum", lf_value_int(INT32_MIN));
    if (k == NULL || !has_bound(&k->max, &k->exclusive_max))
        lf_schema_add(w, to, "maximum", lf_value_int(INT32_MAX));
    add_bounds(w, to, k);
}

static void
add_text(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_field *field, bool nullable)
{
    const struct lf_constraint *k = field->constraint;
    add_type(w, to, "string", nullable);
    if (k == NULL)
        return;
    add_count(w, to, "minLength", k->min_length);
    add_count(w, to, "maxLength", k->max_length);
    if (k->pattern.ptr != NULL)
        lf_schema_add(w, to, "pattern", lf_value_string(k->pattern));
    if (k->format.ptr != NULL)
        lf_schema_add(w, to, "format", lf_value_string(k->format));
}

static void
add_format(struct lf_schema_writer *w, struct lf_schema_object *to, const char *format, bool nullable)
{
    add_type(w, to, "string", nullable);
    lf_schema_add(w, to, "format", lf_schema_string(format));
}

/* Bounds of a Decimal cannot be said of a string: they are there to be read. */
static void
add_decimal(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_field *field, bool nullable)
{
    struct lf_buf words;
    add_type(w, to, "string", nullable);
    lf_schema_add(w, to, "pattern", lf_schema_string(DECIMAL_PATTERN));
    lf_buf_init(&words, LF_SCHEMA_TEXT_MAX);
    lf_schema_constraint_words(&words, field->constraint);
    w->no_memory = w->no_memory || words.failed != LF_OK;
    if (words.len != 0) {
        const char *text = lf_arena_printf(w->arena, "as a decimal number: %.*s", LF_FMT(lf_buf_view(&words)));
        w->no_memory = w->no_memory || text == NULL;
        lf_schema_add(w, to, "$comment", lf_schema_string(text != NULL ? text : ""));
    }
    lf_buf_release(&words);
}

/* A number, or a string where readers would lose digits. */
static void
add_bigint(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_field *field, bool nullable)
{
    const struct lf_constraint *k = field->constraint;
    struct lf_value either = lf_schema_list(w, nullable ? 3 : 2);
    struct lf_schema_object number = {0}, text = {0}, null = {0};
    lf_schema_add(w, &number, "type", lf_schema_string("integer"));
    if (k == NULL || !has_bound(&k->min, &k->exclusive_min))
        lf_schema_add(w, &number, "minimum", lf_value_int(INT64_MIN));
    if (k == NULL || !has_bound(&k->max, &k->exclusive_max))
        lf_schema_add(w, &number, "maximum", lf_value_int(INT64_MAX));
    add_bounds(w, &number, k);
    lf_schema_add(w, &text, "type", lf_schema_string("string"));
    lf_schema_add(w, &text, "pattern", lf_schema_string(INTEGER_PATTERN));
    lf_schema_add(w, &text, "maxLength", lf_value_int(20));
    lf_schema_add(w, &null, "type", lf_schema_string("null"));
    if (either.count != 0) {
        either.u.items[0] = lf_schema_value(&number);
        either.u.items[1] = lf_schema_value(&text);
        if (nullable)
            either.u.items[2] = lf_schema_value(&null);
    }
    lf_schema_add(w, to, "anyOf", either);
}

static void
add_named(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_field *field, bool nullable)
{
    const char *ref = lf_arena_printf(w->arena, "#/$defs/%.*s", LF_FMT(field->type_name));
    w->no_memory = w->no_memory || ref == NULL;
    if (!nullable) {
        lf_schema_add(w, to, "$ref", lf_schema_string(ref));
        return;
    }
    struct lf_value either = lf_schema_list(w, 2);
    struct lf_schema_object named = {0}, null = {0};
    lf_schema_add(w, &named, "$ref", lf_schema_string(ref));
    lf_schema_add(w, &null, "type", lf_schema_string("null"));
    if (either.count == 2) {
        either.u.items[0] = lf_schema_value(&named);
        either.u.items[1] = lf_schema_value(&null);
    }
    lf_schema_add(w, to, "anyOf", either);
}

static void
add_item(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_field *field, bool nullable)
{
    switch (field->type) {
    case LF_T_ID:
    case LF_T_STRING: add_text(w, to, field, nullable); break;
    case LF_T_INT: add_int(w, to, field, nullable); break;
    case LF_T_FLOAT:
        add_type(w, to, "number", nullable);
        add_bounds(w, to, field->constraint);
        break;
    case LF_T_BOOLEAN: add_type(w, to, "boolean", nullable); break;
    case LF_T_DATETIME: add_format(w, to, "date-time", nullable); break;
    case LF_T_DATE: add_format(w, to, "date", nullable); break;
    case LF_T_TIME: add_format(w, to, "time", nullable); break;
    case LF_T_UUID: add_format(w, to, "uuid", nullable); break;
    case LF_T_DECIMAL: add_decimal(w, to, field, nullable); break;
    case LF_T_BIGINT: add_bigint(w, to, field, nullable); break;
    case LF_T_JSON: break; /* anything */
    case LF_T_ENUM:
    case LF_T_OBJECT: add_named(w, to, field, nullable); break;
    }
}

/* --- fields and types --------------------------------------------------------------------------------------------- */

static void
add_list(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_field *field)
{
    const struct lf_constraint *k = field->constraint;
    struct lf_schema_object item = {0};
    add_type(w, to, "array", !field->non_null);
    if (k != NULL) {
        add_count(w, to, "minItems", k->min_items);
        add_count(w, to, "maxItems", k->max_items);
    }
    if (k != NULL && k->unique_items)
        lf_schema_add(w, to, "uniqueItems", lf_value_bool(true));
    add_item(w, &item, field, !field->item_non_null);
    lf_schema_add(w, to, "items", field->type == LF_T_JSON ? lf_value_bool(true) : lf_schema_value(&item));
}

static struct lf_value
field_schema(struct lf_schema_writer *w, const struct lf_gql_type *owner, const struct lf_field *field)
{
    struct lf_schema_object schema = {0};
    struct lf_bytes words = lf_schema_field_words(owner, field);
    if (words.len != 0)
        lf_schema_add(w, &schema, "description", lf_value_string(words));
    if (lf_schema_field_deprecated(owner, field))
        lf_schema_add(w, &schema, "deprecated", lf_value_bool(true));
    if (field->is_list)
        add_list(w, &schema, field);
    else
        add_item(w, &schema, field, !field->non_null);
    if (field->has_fallback)
        lf_schema_add(w, &schema, "default", field->fallback);
    else if (!field->non_null)
        lf_schema_add(w, &schema, "default", LF_VALUE_NULL);
    return lf_schema_value(&schema);
}

static struct lf_value
required(struct lf_schema_writer *w, const struct lf_field *fields, size_t count)
{
    struct lf_value list = lf_schema_list(w, count);
    uint32_t used = 0;
    for (size_t i = 0; i < list.count; i++) {
        if (fields[i].non_null)
            list.u.items[used++] = lf_value_string(fields[i].name);
    }
    list.count = used;
    return list;
}

static void
add_object(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_gql_type *gql,
           const struct lf_field *fields, size_t count)
{
    struct lf_schema_object properties = {0};
    if (gql->description.ptr != NULL)
        lf_schema_add(w, to, "description", lf_value_string(gql->description));
    lf_schema_add(w, to, "type", lf_schema_string("object"));
    for (size_t i = 0; i < count; i++)
        lf_schema_add_named(w, &properties, fields[i].name, field_schema(w, gql, &fields[i]));
    lf_schema_add(w, to, "properties", lf_schema_value(&properties));
    struct lf_value needed = required(w, fields, count);
    if (needed.count != 0)
        lf_schema_add(w, to, "required", needed);
    if (w->options->closed)
        lf_schema_add(w, to, "additionalProperties", lf_value_bool(false));
}

static void
add_enum(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_gql_type *gql)
{
    if (gql->description.ptr != NULL)
        lf_schema_add(w, to, "description", lf_value_string(gql->description));
    lf_schema_add(w, to, "type", lf_schema_string("string"));
    struct lf_value names = lf_schema_list(w, gql->value_count);
    for (size_t i = 0; i < names.count; i++)
        names.u.items[i] = lf_value_string(gql->values[i].name);
    lf_schema_add(w, to, "enum", names);
}

static void
add_definitions(struct lf_schema_writer *w, struct lf_schema_object *to)
{
    struct lf_schema_object definitions = {0};
    for (size_t i = 0; i < w->type_count; i++) {
        const struct lf_schema_named *type = &w->types[i];
        struct lf_schema_object schema = {0};
        if (type->object != NULL)
            add_object(w, &schema, type->gql, type->object->fields, type->object->field_count);
        else
            add_enum(w, &schema, type->gql);
        lf_schema_add_named(w, &definitions, type->name, lf_schema_value(&schema));
    }
    if (definitions.count != 0)
        lf_schema_add(w, to, "$defs", lf_schema_value(&definitions));
}

void
lf_schema_write_json(struct lf_schema_writer *w, struct lf_buf *out)
{
    struct lf_schema_object schema = {0};
    lf_schema_add(w, &schema, "$schema", lf_schema_string("https://json-schema.org/draft/2020-12/schema"));
    lf_schema_add(w, &schema, "title", lf_value_string(w->event->name));
    add_object(w, &schema, w->event->gql, w->event->fields, w->event->field_count);
    add_definitions(w, &schema);
    if (w->no_memory || w->failed != LF_OK)
        return;
    struct lf_value value = lf_schema_value(&schema);
    lf_json_write_pretty(out, &value);
    lf_buf_add_char(out, '\n');
}
