/* Fields, arguments, members and values of the declared types; directives; root types. References become types here. */
#include "graphql/builtin.h"
#include "graphql/schema_build.h"

static void
out_of_memory(struct lf_gql_builder *b)
{
    b->no_memory = true;
    b->errors->no_memory = true;
}

/* The type of that name, which is in use now; NULL after an error. */
static const struct lf_gql_type *
named_type(struct lf_gql_builder *b, const struct lf_gql_name *name)
{
    const struct lf_gql_type *type = lf_gql_schema_type(b->schema, name->text);
    if (type == NULL)
        lf_gql_build_error(b, &name->loc, "Unknown type \"%.*s\".%s", LF_FMT(name->text),
                           lf_gql_suggest_types(b, name->text));
    else
        lf_gql_origin_of(type)->used = true;
    return type;
}

/* The type of a reference; NULL after an error. */
static const struct lf_gql_type *
type_of(struct lf_gql_builder *b, const struct lf_gql_type_ref *ref)
{
    const struct lf_gql_type_ref *named = ref;
    while (named->kind != LF_GQL_REF_NAMED)
        named = named->of;
    if (named_type(b, &named->name) == NULL)
        return NULL;
    const struct lf_gql_type *type = lf_gql_type_of_ref(b->schema, b->arena, ref);
    if (type == NULL)
        out_of_memory(b);
    return type;
}

/* The reason of @deprecated; ptr NULL without it. A reason that is no string is reported with the directives. */
static struct lf_bytes
deprecation(struct lf_gql_directives directives)
{
    const struct lf_gql_directive *directive = lf_gql_find_directive(directives, "deprecated");
    if (directive == NULL)
        return LF_BYTES_NONE;
    const struct lf_gql_value_node *reason = lf_gql_directive_arg(directive, "reason");
    if (reason == NULL || reason->kind != LF_GQL_STRING)
        return LF_LIT("No longer supported");
    return reason->text.ptr != NULL ? reason->text : LF_LIT("");
}

/* ---- inputs: arguments and input fields ---- */

static bool
fill_input(struct lf_gql_builder *b, const struct lf_gql_input_def *def, struct lf_gql_input *input)
{
    input->type = type_of(b, def->type);
    if (input->type == NULL)
        return false;
    input->name = def->name.text;
    input->description = def->description;
    input->has_default = def->default_value != NULL;
    input->default_literal = def->default_value;
    input->deprecated = deprecation(def->directives);
    input->directives = def->directives;
    input->loc = def->name.loc;
    return true;
}

/* Arguments of a field ("Query.quote") or a directive ("@constraint"). */
static void
fill_args(struct lf_gql_builder *b, struct lf_bytes owner, struct lf_bytes field, const struct lf_gql_input_def *defs,
          size_t count, struct lf_gql_input **ret, size_t *ret_count)
{
    struct lf_gql_input *args = LF_ARENA_ARRAY(b->arena, struct lf_gql_input, count);
    if (args == NULL) {
        out_of_memory(b);
        return;
    }
    size_t filled = 0;
    for (size_t i = 0; i < count; i++) {
        if (lf_gql_find_input(args, filled, defs[i].name.text) != NULL)
            lf_gql_build_error(b, &defs[i].name.loc, "Argument \"%.*s%s%.*s(%.*s:)\" can only be defined once.",
                               LF_FMT(owner), field.len != 0 ? "." : "", LF_FMT(field), LF_FMT(defs[i].name.text));
        else if (fill_input(b, &defs[i], &args[filled]))
            filled++;
    }
    *ret = args;
    *ret_count = filled;
}

/* ---- the kinds of types ---- */

/* Adds a member to one of a type's maps; false with an error if its name is there already. */
static bool
add_named(struct lf_gql_builder *b, struct lf_map *map, const struct lf_gql_name *name, void *member, const char *what,
          const struct lf_gql_type *type)
{
    enum lf_status st = lf_map_add(map, name->text, member);
    if (st == LF_NO_MEMORY)
        out_of_memory(b);
    else if (st == LF_DUPLICATE)
        lf_gql_build_error(b, &name->loc, "%s \"%.*s.%.*s\" can only be defined once.", what, LF_FMT(type->name),
                           LF_FMT(name->text));
    return st == LF_OK;
}

static void
fill_fields(struct lf_gql_builder *b, struct lf_gql_type *type, const struct lf_gql_definition *def)
{
    for (size_t i = 0; i < def->field_count && !b->no_memory; i++) {
        const struct lf_gql_field_def *from = &def->fields[i];
        struct lf_gql_field *field = &type->fields[type->field_count];
        if (!add_named(b, &type->field_map, &from->name, field, "Field", type))
            continue;
        type->field_count++;
        field->name = from->name.text;
        field->description = from->description;
        field->deprecated = deprecation(from->directives);
        field->directives = from->directives;
        field->loc = from->name.loc;
        field->type = type_of(b, from->type);
        fill_args(b, type->name, field->name, from->args, from->arg_count, &field->args, &field->arg_count);
    }
}

static void
fill_interfaces(struct lf_gql_builder *b, struct lf_gql_type *type, const struct lf_gql_definition *def)
{
    for (size_t i = 0; i < def->interface_count; i++) {
        const struct lf_gql_type *interface = named_type(b, &def->interfaces[i]);
        if (interface == NULL)
            continue;
        if (interface->kind != LF_GQL_INTERFACE_TYPE) {
            lf_gql_build_error(b, &def->interfaces[i].loc,
                               "Type %.*s must only implement Interface types, it cannot implement %.*s.",
                               LF_FMT(type->name), LF_FMT(interface->name));
            continue;
        }
        bool again = false;
        for (size_t k = 0; k < type->interface_count; k++)
            again = again || type->interfaces[k] == interface;
        if (interface == type)
            lf_gql_build_error(b, &def->interfaces[i].loc,
                               "Type %.*s cannot implement itself because it would create a circular reference.",
                               LF_FMT(type->name));
        else if (again)
            lf_gql_build_error(b, &def->interfaces[i].loc, "Type %.*s can only implement %.*s once.",
                               LF_FMT(type->name), LF_FMT(interface->name));
        else
            type->interfaces[type->interface_count++] = interface;
    }
}

static void
fill_members(struct lf_gql_builder *b, struct lf_gql_type *type, const struct lf_gql_definition *def)
{
    for (size_t i = 0; i < def->name_count; i++) {
        const struct lf_gql_type *member = named_type(b, &def->names[i]);
        if (member == NULL)
            continue;
        bool again = false;
        for (size_t k = 0; k < type->possible_count; k++)
            again = again || type->possible[k] == member;
        if (again)
            lf_gql_build_error(b, &def->names[i].loc, "Union type %.*s can only include type %.*s once.",
                               LF_FMT(type->name), LF_FMT(member->name));
        else if (member->kind != LF_GQL_OBJECT_TYPE)
            lf_gql_build_error(b, &def->names[i].loc,
                               "Union type %.*s can only include Object types, it cannot include %.*s.",
                               LF_FMT(type->name), LF_FMT(member->name));
        else
            type->possible[type->possible_count++] = member;
    }
}

static void
fill_values(struct lf_gql_builder *b, struct lf_gql_type *type, const struct lf_gql_definition *def)
{
    for (size_t i = 0; i < def->value_count; i++) {
        const struct lf_gql_enum_value_def *from = &def->values[i];
        struct lf_gql_enum_value *value = &type->values[type->value_count];
        if (!add_named(b, &type->value_map, &from->name, value, "Enum value", type))
            continue;
        type->value_count++;
        *value = (struct lf_gql_enum_value){.name = from->name.text,
                                            .description = from->description,
                                            .deprecated = deprecation(from->directives),
                                            .directives = from->directives,
                                            .loc = from->name.loc};
    }
}

static void
fill_inputs(struct lf_gql_builder *b, struct lf_gql_type *type, const struct lf_gql_definition *def)
{
    for (size_t i = 0; i < def->input_count; i++) {
        struct lf_gql_input *input = &type->inputs[type->input_count];
        if (add_named(b, &type->input_map, &def->inputs[i].name, input, "Field", type) &&
            fill_input(b, &def->inputs[i], input))
            type->input_count++;
        else /* the map must not point at what the next one will overwrite */
            (void)(lf_map_get(&type->input_map, def->inputs[i].name.text) == input &&
                   lf_map_remove(&type->input_map, def->inputs[i].name.text));
    }
}

/* Room for what a definition and its extensions bring together. */
static bool
reserve(struct lf_gql_builder *b, struct lf_gql_type *type, const struct lf_gql_origin *origin)
{
    size_t fields = 0, interfaces = 0, names = 0, values = 0, inputs = 0;
    for (size_t i = 0; i < origin->count; i++) {
        fields += origin->defs[i]->field_count;
        interfaces += origin->defs[i]->interface_count;
        names += origin->defs[i]->name_count;
        values += origin->defs[i]->value_count;
        inputs += origin->defs[i]->input_count;
    }
    type->fields = LF_ARENA_ARRAY(b->arena, struct lf_gql_field, fields);
    type->interfaces = LF_ARENA_ARRAY(b->arena, const struct lf_gql_type *, interfaces);
    type->possible = LF_ARENA_ARRAY(b->arena, const struct lf_gql_type *, names);
    type->values = LF_ARENA_ARRAY(b->arena, struct lf_gql_enum_value, values);
    type->inputs = LF_ARENA_ARRAY(b->arena, struct lf_gql_input, inputs);
    return type->fields != NULL && type->interfaces != NULL && type->possible != NULL && type->values != NULL &&
           type->inputs != NULL;
}

/* What @specifiedBy and @oneOf of any of the definitions say. */
static void
apply_type_directives(struct lf_gql_type *type, const struct lf_gql_definition *def)
{
    const struct lf_gql_directive *specified = lf_gql_find_directive(def->directives, "specifiedBy");
    const struct lf_gql_value_node *url = specified != NULL ? lf_gql_directive_arg(specified, "url") : NULL;
    if (url != NULL && url->kind == LF_GQL_STRING)
        type->specified_by = url->text;
    if (type->kind == LF_GQL_INPUT_TYPE && lf_gql_find_directive(def->directives, "oneOf") != NULL)
        type->one_of = true;
}

/* The directives of a definition and its extensions, in one list. */
static struct lf_gql_directives
merge_directives(struct lf_gql_builder *b, const struct lf_gql_definition *const *defs, size_t count)
{
    size_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += defs[i]->directives.count;
    if (count == 0 || all == defs[0]->directives.count)
        return count != 0 ? defs[0]->directives : (struct lf_gql_directives){0}; /* extensions add none */
    struct lf_gql_directive *items = LF_ARENA_ARRAY(b->arena, struct lf_gql_directive, all);
    if (items == NULL) {
        out_of_memory(b);
        return (struct lf_gql_directives){0};
    }
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < defs[i]->directives.count; k++)
            items[at++] = defs[i]->directives.items[k];
    }
    return (struct lf_gql_directives){.items = items, .count = all};
}

static void
fill_type(struct lf_gql_builder *b, const struct lf_gql_origin *origin)
{
    struct lf_gql_type *type = origin->type;
    if (!reserve(b, type, origin)) {
        out_of_memory(b);
        return;
    }
    type->directives = merge_directives(b, origin->defs, origin->count);
    if (type->scalar != NULL && type->scalar->specified_by != NULL)
        type->specified_by = lf_bytes_of(type->scalar->specified_by);
    for (size_t i = 0; i < origin->count; i++) {
        const struct lf_gql_definition *def = origin->defs[i];
        apply_type_directives(type, def);
        fill_fields(b, type, def);
        fill_interfaces(b, type, def);
        if (type->kind == LF_GQL_UNION_TYPE)
            fill_members(b, type, def);
        fill_values(b, type, def);
        fill_inputs(b, type, def);
    }
}

/* Objects that implement an interface are its possible types. */
static void
fill_implementers(struct lf_gql_builder *b)
{
    for (size_t i = 0; i < b->origin_count; i++) {
        struct lf_gql_type *interface = b->origins[i]->type;
        if (interface->kind != LF_GQL_INTERFACE_TYPE)
            continue;
        size_t cap = 0;
        for (size_t k = 0; k < b->origin_count; k++) {
            const struct lf_gql_type *object = b->origins[k]->type;
            if (object->kind != LF_GQL_OBJECT_TYPE || !lf_gql_type_includes(interface, object))
                continue;
            const struct lf_gql_type **list =
                lf_arena_grow(b->arena, interface->possible, interface->possible_count, &cap, sizeof(*list));
            if (list == NULL) {
                out_of_memory(b);
                return;
            }
            interface->possible = list;
            list[interface->possible_count++] = object;
        }
    }
}

/* ---- directives and root types ---- */

static void
fill_directive(struct lf_gql_builder *b, const struct lf_gql_definition *def)
{
    struct lf_gql_directive_def *directive = LF_ARENA_NEW(b->arena, struct lf_gql_directive_def);
    const char **locations = LF_ARENA_ARRAY(b->arena, const char *, def->name_count);
    if (directive == NULL || locations == NULL) {
        out_of_memory(b);
        return;
    }
    directive->name = def->name.text;
    directive->description = def->description;
    directive->repeatable = def->repeatable;
    directive->loc = def->loc;
    directive->locations = locations;
    for (size_t i = 0; i < def->name_count; i++) {
        locations[i] = lf_arena_text(b->arena, def->names[i].text);
        if (locations[i] == NULL)
            out_of_memory(b);
    }
    directive->location_count = def->name_count;
    struct lf_bytes owner = lf_bytes_of(lf_arena_printf(b->arena, "@%.*s", LF_FMT(directive->name)));
    fill_args(b, owner, LF_LIT(""), def->inputs, def->input_count, &directive->args, &directive->arg_count);
    enum lf_status st = lf_map_add(&b->schema->directives, directive->name, directive);
    if (st == LF_NO_MEMORY)
        out_of_memory(b);
    else if (st == LF_DUPLICATE && !lf_gql_is_builtin_directive(directive->name))
        lf_gql_build_error(b, &def->name.loc, "There can be only one directive named \"@%.*s\".",
                           LF_FMT(directive->name));
}

static void
fill_directives(struct lf_gql_builder *b)
{
    for (size_t d = 0; d < b->document_count; d++) {
        for (size_t i = 0; i < b->documents[d]->count; i++) {
            if (b->documents[d]->definitions[i]->kind == LF_GQL_DEF_DIRECTIVE && !b->no_memory)
                fill_directive(b, b->documents[d]->definitions[i]);
        }
    }
}

static void
set_root(struct lf_gql_builder *b, const struct lf_gql_root_def *root)
{
    static const char *const words[] = {"query", "mutation", "subscription"};
    struct lf_gql_type **places[] = {&b->schema->query, &b->schema->mutation, &b->schema->subscription};
    if (*places[root->operation] != NULL) {
        lf_gql_build_error(b, &root->type.loc, "There can be only one %s type in schema.", words[root->operation]);
        return;
    }
    if (named_type(b, &root->type) != NULL)
        *places[root->operation] = lf_gql_schema_type(b->schema, root->type.text);
}

static void
fill_roots(struct lf_gql_builder *b)
{
    bool defined = false;
    for (size_t i = 0; i < b->schema_def_count; i++) {
        defined = defined || !b->schema_defs[i]->extend;
        for (size_t k = 0; k < b->schema_defs[i]->root_count; k++)
            set_root(b, &b->schema_defs[i]->roots[k]);
    }
    if (defined)
        return;
    struct lf_gql_schema *schema = b->schema;
    if (schema->query == NULL)
        schema->query = lf_gql_schema_type(schema, LF_LIT("Query"));
    if (schema->mutation == NULL)
        schema->mutation = lf_gql_schema_type(schema, LF_LIT("Mutation"));
    if (schema->subscription == NULL)
        schema->subscription = lf_gql_schema_type(schema, LF_LIT("Subscription"));
}

void
lf_gql_fill(struct lf_gql_builder *b)
{
    for (size_t i = 0; i < b->origin_count && !b->no_memory; i++)
        fill_type(b, b->origins[i]);
    b->schema->applied = merge_directives(b, b->schema_defs, b->schema_def_count);
    fill_implementers(b);
    fill_directives(b);
    fill_roots(b);
}
