/*
 * Introspection (section 4): resolvers for the built-in types. Sources are pointers to the schema's own structures, so
 * that nothing is copied. Finished schemas are only read.
 */
#include "graphql/builtin.h"
#include "graphql/execute.h"
#include "graphql/parse.h"

#include <stdio.h>

enum { DEFAULT_TEXT_MAX = 1024 * 1024 };

/* Schema structures as sources; the executor never writes through them. */
static struct lf_value
source_of(const void *pointer)
{
    union {
        const void *read;
        void *opaque;
    } cast = {.read = pointer};
    return lf_value_opaque(cast.opaque);
}

static struct lf_value
text_or_null(struct lf_bytes text)
{
    return text.ptr != NULL ? lf_value_string(text) : LF_VALUE_NULL;
}

static void
no_memory(struct lf_gql_slot *slot)
{
    lf_gql_slot_error(slot, "INTERNAL", LF_VALUE_NULL, "out of memory");
}

static bool
includes_deprecated(const struct lf_gql_resolve_info *info)
{
    const struct lf_value *include = lf_value_get_text(info->args, "includeDeprecated");
    return include != NULL && include->type == LF_V_BOOL && include->u.boolean;
}

/* A list that a resolver fills. */
struct list {
    struct lf_value *items;
    size_t count;
};

static bool
list_init(struct list *list, const struct lf_gql_resolve_info *info, size_t max)
{
    *list = (struct list){.items = LF_ARENA_ARRAY(info->arena, struct lf_value, max)};
    return list->items != NULL;
}

static void
list_finish(struct lf_gql_slot *slot, const struct list *list)
{
    lf_gql_slot_value(slot, lf_value_list(list->items, list->count));
}

static void
finish_inputs(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info, const struct lf_gql_input *inputs,
              size_t count)
{
    struct list list;
    if (!list_init(&list, info, count)) {
        no_memory(slot);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (inputs[i].deprecated.ptr == NULL || includes_deprecated(info))
            list.items[list.count++] = source_of(&inputs[i]);
    }
    list_finish(slot, &list);
}

static void
finish_types(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info, const struct lf_gql_type *const *types,
             size_t count)
{
    struct list list;
    if (!list_init(&list, info, count)) {
        no_memory(slot);
        return;
    }
    for (size_t i = 0; i < count; i++)
        list.items[list.count++] = source_of(types[i]);
    list_finish(slot, &list);
}

static void
finish_source_or_null(struct lf_gql_slot *slot, const void *pointer)
{
    lf_gql_slot_value(slot, pointer != NULL ? source_of(pointer) : LF_VALUE_NULL);
}

/* The field of __Schema, __Type … that is asked for: each type has one resolver, which switches on the name. */
static bool
asks(const struct lf_gql_resolve_info *info, const char *name)
{
    return lf_bytes_equal_text(info->field->name, name);
}

/* ---- __Schema ---- */

static void
resolve_schema_types(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info,
                     const struct lf_gql_schema *schema)
{
    struct list list;
    size_t at = 0;
    if (!list_init(&list, info, schema->types.count)) {
        no_memory(slot);
        return;
    }
    for (const struct lf_map_entry *e; (e = lf_map_next(&schema->types, &at)) != NULL;) {
        const struct lf_gql_type *type = e->value;
        if (!type->unlisted)
            list.items[list.count++] = source_of(type);
    }
    list_finish(slot, &list);
}

static void
resolve_schema_directives(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info,
                          const struct lf_gql_schema *schema)
{
    struct list list;
    size_t at = 0;
    if (!list_init(&list, info, schema->directives.count)) {
        no_memory(slot);
        return;
    }
    for (const struct lf_map_entry *e; (e = lf_map_next(&schema->directives, &at)) != NULL;) {
        const struct lf_gql_directive_def *directive = e->value;
        if (!directive->hidden)
            list.items[list.count++] = source_of(directive);
    }
    list_finish(slot, &list);
}

static void
resolve_schema(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    const struct lf_gql_schema *schema = info->source->u.opaque;
    if (asks(info, "types"))
        resolve_schema_types(slot, info, schema);
    else if (asks(info, "queryType"))
        finish_source_or_null(slot, schema->query);
    else if (asks(info, "mutationType"))
        finish_source_or_null(slot, schema->mutation);
    else if (asks(info, "subscriptionType"))
        finish_source_or_null(slot, schema->subscription);
    else if (asks(info, "directives"))
        resolve_schema_directives(slot, info, schema);
    else
        lf_gql_slot_value(slot, text_or_null(schema->description));
}

/* ---- __Type ---- */

static struct lf_value
kind_value(enum lf_gql_kind kind)
{
    static const struct lf_bytes names[] = {
        [LF_GQL_SCALAR_TYPE] = LF_LIT_INIT("SCALAR"),       [LF_GQL_OBJECT_TYPE] = LF_LIT_INIT("OBJECT"),
        [LF_GQL_INTERFACE_TYPE] = LF_LIT_INIT("INTERFACE"), [LF_GQL_UNION_TYPE] = LF_LIT_INIT("UNION"),
        [LF_GQL_ENUM_TYPE] = LF_LIT_INIT("ENUM"),           [LF_GQL_INPUT_TYPE] = LF_LIT_INIT("INPUT_OBJECT"),
        [LF_GQL_LIST_TYPE] = LF_LIT_INIT("LIST"),           [LF_GQL_NON_NULL_TYPE] = LF_LIT_INIT("NON_NULL"),
    };
    return lf_value_enum(names[kind]);
}

static void
resolve_fields(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info, const struct lf_gql_type *type)
{
    struct list list;
    if (!list_init(&list, info, type->field_count)) {
        no_memory(slot);
        return;
    }
    for (size_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].deprecated.ptr == NULL || includes_deprecated(info))
            list.items[list.count++] = source_of(&type->fields[i]);
    }
    list_finish(slot, &list);
}

static void
resolve_enum_values(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info, const struct lf_gql_type *type)
{
    struct list list;
    if (!list_init(&list, info, type->value_count)) {
        no_memory(slot);
        return;
    }
    for (size_t i = 0; i < type->value_count; i++) {
        if (type->values[i].deprecated.ptr == NULL || includes_deprecated(info))
            list.items[list.count++] = source_of(&type->values[i]);
    }
    list_finish(slot, &list);
}

/* Members that only some kinds have; null for the others. */
static void
resolve_members(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info, const struct lf_gql_type *type)
{
    bool has_fields = type->kind == LF_GQL_OBJECT_TYPE || type->kind == LF_GQL_INTERFACE_TYPE;
    bool is_abstract = type->kind == LF_GQL_UNION_TYPE || type->kind == LF_GQL_INTERFACE_TYPE;
    if (asks(info, "fields") && has_fields)
        resolve_fields(slot, info, type);
    else if (asks(info, "interfaces") && has_fields)
        finish_types(slot, info, type->interfaces, type->interface_count);
    else if (asks(info, "possibleTypes") && is_abstract)
        finish_types(slot, info, type->possible, type->possible_count);
    else if (asks(info, "enumValues") && type->kind == LF_GQL_ENUM_TYPE)
        resolve_enum_values(slot, info, type);
    else if (asks(info, "inputFields") && type->kind == LF_GQL_INPUT_TYPE)
        finish_inputs(slot, info, type->inputs, type->input_count);
    else if (asks(info, "isOneOf") && type->kind == LF_GQL_INPUT_TYPE)
        lf_gql_slot_value(slot, lf_value_bool(type->one_of));
    else
        lf_gql_slot_value(slot, LF_VALUE_NULL);
}

static void
resolve_type(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    const struct lf_gql_type *type = info->source->u.opaque;
    if (asks(info, "kind"))
        lf_gql_slot_value(slot, kind_value(type->kind));
    else if (asks(info, "name"))
        lf_gql_slot_value(slot, text_or_null(type->name));
    else if (asks(info, "description"))
        lf_gql_slot_value(slot, text_or_null(type->description));
    else if (asks(info, "specifiedByURL"))
        lf_gql_slot_value(slot, text_or_null(type->specified_by));
    else if (asks(info, "ofType"))
        finish_source_or_null(slot, type->of);
    else
        resolve_members(slot, info, type);
}

/* ---- __Field, __InputValue, __EnumValue, __Directive ---- */

static void
resolve_field(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    const struct lf_gql_field *field = info->source->u.opaque;
    if (asks(info, "name"))
        lf_gql_slot_value(slot, lf_value_string(field->name));
    else if (asks(info, "description"))
        lf_gql_slot_value(slot, text_or_null(field->description));
    else if (asks(info, "args"))
        finish_inputs(slot, info, field->args, field->arg_count);
    else if (asks(info, "type"))
        finish_source_or_null(slot, field->type);
    else if (asks(info, "isDeprecated"))
        lf_gql_slot_value(slot, lf_value_bool(field->deprecated.ptr != NULL));
    else
        lf_gql_slot_value(slot, text_or_null(field->deprecated));
}

static void
resolve_default(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info, const struct lf_gql_input *input)
{
    struct lf_buf text;
    if (!input->has_default) {
        lf_gql_slot_value(slot, LF_VALUE_NULL);
        return;
    }
    lf_buf_init(&text, DEFAULT_TEXT_MAX);
    lf_gql_print_value(&text, input->default_literal);
    struct lf_bytes kept = LF_BYTES_NONE;
    if (text.failed == LF_OK)
        kept = lf_arena_copy(info->arena, lf_buf_view(&text));
    lf_buf_release(&text);
    if (kept.ptr == NULL)
        no_memory(slot);
    else
        lf_gql_slot_value(slot, lf_value_string(kept));
}

static void
resolve_input(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    const struct lf_gql_input *input = info->source->u.opaque;
    if (asks(info, "name"))
        lf_gql_slot_value(slot, lf_value_string(input->name));
    else if (asks(info, "description"))
        lf_gql_slot_value(slot, text_or_null(input->description));
    else if (asks(info, "type"))
        finish_source_or_null(slot, input->type);
    else if (asks(info, "defaultValue"))
        resolve_default(slot, info, input);
    else if (asks(info, "isDeprecated"))
        lf_gql_slot_value(slot, lf_value_bool(input->deprecated.ptr != NULL));
    else
        lf_gql_slot_value(slot, text_or_null(input->deprecated));
}

static void
resolve_enum_value(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    const struct lf_gql_enum_value *value = info->source->u.opaque;
    if (asks(info, "name"))
        lf_gql_slot_value(slot, lf_value_string(value->name));
    else if (asks(info, "description"))
        lf_gql_slot_value(slot, text_or_null(value->description));
    else if (asks(info, "isDeprecated"))
        lf_gql_slot_value(slot, lf_value_bool(value->deprecated.ptr != NULL));
    else
        lf_gql_slot_value(slot, text_or_null(value->deprecated));
}

static void
resolve_locations(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info,
                  const struct lf_gql_directive_def *directive)
{
    struct list list;
    if (!list_init(&list, info, directive->location_count)) {
        no_memory(slot);
        return;
    }
    for (size_t i = 0; i < directive->location_count; i++)
        list.items[list.count++] = lf_value_enum(lf_bytes_of(directive->locations[i]));
    list_finish(slot, &list);
}

static void
resolve_directive(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    const struct lf_gql_directive_def *directive = info->source->u.opaque;
    if (asks(info, "name"))
        lf_gql_slot_value(slot, lf_value_string(directive->name));
    else if (asks(info, "description"))
        lf_gql_slot_value(slot, text_or_null(directive->description));
    else if (asks(info, "isRepeatable"))
        lf_gql_slot_value(slot, lf_value_bool(directive->repeatable));
    else if (asks(info, "locations"))
        resolve_locations(slot, info, directive);
    else
        finish_inputs(slot, info, directive->args, directive->arg_count);
}

/* ---- the meta fields ---- */

static const struct lf_gql_schema *
schema_of(const struct lf_gql_resolve_info *info)
{
    return info->field->user;
}

static void
resolve_meta(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    if (asks(info, "__typename")) {
        lf_gql_slot_value(slot, lf_value_string(info->parent->name));
    } else if (asks(info, "__schema")) {
        lf_gql_slot_value(slot, source_of(schema_of(info)));
    } else {
        const struct lf_value *name = lf_value_get_text(info->args, "name");
        LF_ASSERT(name != NULL);
        const struct lf_gql_type *type = lf_gql_schema_type(schema_of(info), lf_value_text(name));
        finish_source_or_null(slot, type != NULL && !type->unlisted ? type : NULL);
    }
}

static void
set_resolver(struct lf_gql_type *type, lf_gql_resolve_fn *resolve, void *user)
{
    for (size_t i = 0; type != NULL && i < type->field_count; i++) {
        type->fields[i].resolve = resolve;
        type->fields[i].user = user;
    }
}

enum lf_status
lf_gql_introspection_install(struct lf_gql_schema *schema, struct lf_err *err)
{
    static const struct {
        const char *type;
        lf_gql_resolve_fn *resolve;
    } rows[] = {
        {"__Schema", resolve_schema},        {"__Type", resolve_type},
        {"__Field", resolve_field},          {"__InputValue", resolve_input},
        {"__EnumValue", resolve_enum_value}, {"__Directive", resolve_directive},
    };
    if (schema->meta == NULL)
        return lf_fail(err, LF_INTERNAL, "the built-in types are missing");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        set_resolver(lf_gql_schema_type(schema, lf_bytes_of(rows[i].type)), rows[i].resolve, NULL);
    set_resolver(schema->meta, resolve_meta, schema);
    return LF_OK;
}

const struct lf_gql_field *
lf_gql_meta_field(const struct lf_gql_schema *schema, const struct lf_gql_type *parent, struct lf_bytes name)
{
    if (!lf_bytes_starts_with(name, LF_LIT("__")))
        return NULL;
    if (!lf_bytes_equal_text(name, "__typename") && parent != schema->query)
        return NULL;
    return lf_gql_type_is_composite(parent) ? lf_gql_type_field(schema->meta, name) : NULL;
}
