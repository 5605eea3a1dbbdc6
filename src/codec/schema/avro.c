/*
 * Avro schema of a payload: a record, named types defined where they are used first. What may be null is a union with
 * null and has a default, so that readers get along with writers that do not have the field.
 */
#include "codec/schema/write.h"
#include "json/json.h"

static struct lf_value item_schema(struct lf_schema_writer *w, const struct lf_field *field);

static struct lf_value
logical(struct lf_schema_writer *w, const char *type, const char *logical_type)
{
    struct lf_schema_object schema = {0};
    lf_schema_add(w, &schema, "type", lf_schema_string(type));
    lf_schema_add(w, &schema, "logicalType", lf_schema_string(logical_type));
    return lf_schema_value(&schema);
}

static struct lf_value
decimal(struct lf_schema_writer *w, const struct lf_field *field)
{
    struct lf_schema_object schema = {0};
    lf_schema_add(w, &schema, "type", lf_schema_string("bytes"));
    lf_schema_add(w, &schema, "logicalType", lf_schema_string("decimal"));
    lf_schema_add(w, &schema, "precision", lf_value_int(field->precision));
    lf_schema_add(w, &schema, "scale", lf_value_int(field->scale));
    return lf_schema_value(&schema);
}

static struct lf_value
json(struct lf_schema_writer *w)
{
    struct lf_schema_object schema = {0};
    lf_schema_add(w, &schema, "type", lf_schema_string("string"));
    lf_schema_add(w, &schema, "logfirst.type", lf_schema_string("json"));
    return lf_schema_value(&schema);
}

/* The type, or with null beside it: null first, so that null can be the default. */
static struct lf_value
nullable(struct lf_schema_writer *w, struct lf_value schema, bool is_nullable, bool null_last)
{
    if (!is_nullable)
        return schema;
    struct lf_value both = lf_schema_list(w, 2);
    if (both.count != 2)
        return schema;
    both.u.items[null_last ? 0 : 1] = schema;
    both.u.items[null_last ? 1 : 0] = lf_schema_string("null");
    return both;
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

/* The description, and the constraints that Avro has no words for. */
static void
add_doc(struct lf_schema_writer *w, struct lf_schema_object *to, struct lf_bytes words,
        const struct lf_constraint *constraint)
{
    struct lf_buf text;
    lf_buf_init(&text, LF_SCHEMA_TEXT_MAX);
    lf_buf_add(&text, words);
    if (constraint != NULL) {
        size_t before = text.len;
        lf_buf_add_text(&text, before != 0 ? " (" : "");
        lf_schema_constraint_words(&text, constraint);
        lf_buf_add_text(&text, before != 0 ? ")" : "");
    }
    struct lf_bytes doc = lf_arena_copy(w->arena, lf_buf_view(&text));
    if (text.failed != LF_OK || doc.ptr == NULL)
        w->no_memory = true;
    else if (doc.len != 0)
        lf_schema_add(w, to, "doc", lf_value_string(doc));
    lf_buf_release(&text);
}

static struct lf_value
field_type(struct lf_schema_writer *w, const struct lf_field *field, bool null_last)
{
    struct lf_value item = item_schema(w, field);
    if (!field->is_list)
        return nullable(w, item, !field->non_null, null_last);
    struct lf_schema_object list = {0};
    lf_schema_add(w, &list, "type", lf_schema_string("array"));
    lf_schema_add(w, &list, "items", nullable(w, item, !field->item_non_null, false));
    return nullable(w, lf_schema_value(&list), !field->non_null, null_last);
}

static struct lf_value
field_schema(struct lf_schema_writer *w, const struct lf_gql_type *owner, const struct lf_field *field)
{
    struct lf_schema_object schema = {0};
    struct lf_value value = LF_VALUE_NULL;
    bool given = field->has_fallback && lf_schema_avro_default(w, field, &field->fallback, &value);
    lf_schema_add(w, &schema, "name", lf_value_string(field->name));
    add_doc(w, &schema, lf_schema_field_words(owner, field), field->constraint);
    lf_schema_add(w, &schema, "type", field_type(w, field, given && value.type != LF_V_NULL));
    if (given || !field->non_null)
        lf_schema_add(w, &schema, "default", value);
    return lf_schema_value(&schema);
}

/* --- named types -------------------------------------------------------------------------------------------------- */

static void
add_fields(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_gql_type *gql,
           const struct lf_field *fields, size_t count)
{
    struct lf_value list = lf_schema_list(w, count);
    for (size_t i = 0; i < list.count; i++)
        list.u.items[i] = field_schema(w, gql, &fields[i]);
    lf_schema_add(w, to, "fields", list);
}

static void
add_symbols(struct lf_schema_writer *w, struct lf_schema_object *to, const struct lf_gql_type *gql)
{
    struct lf_value list = lf_schema_list(w, gql->value_count);
    for (size_t i = 0; i < list.count; i++)
        list.u.items[i] = lf_value_string(gql->values[i].name);
    lf_schema_add(w, to, "symbols", list);
}

/* The definition at the first use, the name at others: also within the definition itself. */
static struct lf_value
named(struct lf_schema_writer *w, const struct lf_field *field)
{
    struct lf_schema_object schema = {0};
    struct lf_schema_named *type = lf_schema_find_type(w, field);
    if (type == NULL || type->written)
        return lf_value_string(field->type_name);
    type->written = true;
    if (lf_bytes_equal(type->name, w->record))
        lf_schema_refuse(w, "avro: the type \"%.*s\" within it has its own name; rename one, or use @event(name:)",
                         LF_FMT(type->name));
    lf_schema_add(w, &schema, "type", lf_schema_string(type->object != NULL ? "record" : "enum"));
    lf_schema_add(w, &schema, "name", lf_value_string(type->name));
    add_doc(w, &schema, type->gql->description, NULL);
    if (type->object != NULL)
        add_fields(w, &schema, type->gql, type->object->fields, type->object->field_count);
    else
        add_symbols(w, &schema, type->gql);
    return lf_schema_value(&schema);
}

static struct lf_value
item_schema(struct lf_schema_writer *w, const struct lf_field *field)
{
    switch (field->type) {
    case LF_T_ID:
    case LF_T_STRING: return lf_schema_string("string");
    case LF_T_INT: return lf_schema_string("int");
    case LF_T_FLOAT: return lf_schema_string("double");
    case LF_T_BOOLEAN: return lf_schema_string("boolean");
    case LF_T_BIGINT: return lf_schema_string("long");
    case LF_T_DATETIME: return logical(w, "long", "timestamp-micros");
    case LF_T_DATE: return logical(w, "int", "date");
    case LF_T_TIME: return logical(w, "long", "time-micros");
    case LF_T_UUID: return logical(w, "string", "uuid");
    case LF_T_DECIMAL: return decimal(w, field);
    case LF_T_JSON: return json(w);
    case LF_T_ENUM:
    case LF_T_OBJECT: return named(w, field);
    }
    return LF_VALUE_NULL;
}

void
lf_schema_write_avro(struct lf_schema_writer *w, struct lf_buf *out)
{
    struct lf_schema_object schema = {0};
    lf_schema_add(w, &schema, "type", lf_schema_string("record"));
    lf_schema_add(w, &schema, "name", lf_value_string(w->record));
    lf_schema_add(w, &schema, "namespace", lf_value_string(w->options->package));
    add_doc(w, &schema, w->event->gql->description, NULL);
    add_fields(w, &schema, w->event->gql, w->event->fields, w->event->field_count);
    if (w->no_memory || w->failed != LF_OK)
        return;
    struct lf_value value = lf_schema_value(&schema);
    lf_json_write_pretty(out, &value);
    lf_buf_add_char(out, '\n');
}
