/* The rules of section 3 for types ("Type Validation" of each kind) and for the roots. */
#include "graphql/builtin.h"
#include "graphql/schema_build.h"
#include "graphql/text.h"

static const char *
text_of(struct lf_gql_builder *b, const struct lf_gql_type *type)
{
    return lf_gql_text_type(b->arena, type);
}

static void
check_name(struct lf_gql_builder *b, struct lf_bytes name, const struct lf_gql_loc *loc)
{
    if (lf_bytes_starts_with(name, LF_LIT("__")))
        lf_gql_build_error(b, loc,
                           "Name \"%.*s\" must not begin with \"__\", which is reserved by GraphQL introspection.",
                           LF_FMT(name));
}

static bool
is_required(const struct lf_gql_input *input)
{
    return input->type->kind == LF_GQL_NON_NULL_TYPE && !input->has_default;
}

static void
check_args(struct lf_gql_builder *b, const char *owner, const struct lf_gql_input *args, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct lf_gql_input *arg = &args[i];
        check_name(b, arg->name, &arg->loc);
        if (!lf_gql_type_is_input(arg->type))
            lf_gql_build_error(b, &arg->loc, "The type of %s(%.*s:) must be Input Type but got: %s.", owner,
                               LF_FMT(arg->name), text_of(b, arg->type));
        if (arg->deprecated.ptr != NULL && is_required(arg))
            lf_gql_build_error(b, &arg->loc, "Required argument %s(%.*s:) cannot be deprecated.", owner,
                               LF_FMT(arg->name));
    }
}

static void
check_fields(struct lf_gql_builder *b, const struct lf_gql_type *type)
{
    if (type->field_count == 0)
        lf_gql_build_error(b, &type->loc, "Type %.*s must define one or more fields.", LF_FMT(type->name));
    for (size_t i = 0; i < type->field_count; i++) {
        const struct lf_gql_field *field = &type->fields[i];
        const char *owner = lf_arena_printf(b->arena, "%.*s.%.*s", LF_FMT(type->name), LF_FMT(field->name));
        check_name(b, field->name, &field->loc);
        if (field->type != NULL && !lf_gql_type_is_output(field->type))
            lf_gql_build_error(b, &field->loc, "The type of %s must be Output Type but got: %s.", owner,
                               text_of(b, field->type));
        check_args(b, owner != NULL ? owner : "", field->args, field->arg_count);
    }
}

/* ---- implementations (IsValidImplementation) ---- */

static void
check_implemented_args(struct lf_gql_builder *b, const struct lf_gql_type *type, const struct lf_gql_field *own,
                       const struct lf_gql_type *interface, const struct lf_gql_field *field)
{
    for (size_t i = 0; i < field->arg_count; i++) {
        const struct lf_gql_input *arg = &field->args[i];
        const struct lf_gql_input *mine = lf_gql_find_input(own->args, own->arg_count, arg->name);
        if (mine == NULL)
            lf_gql_build_error(
                b, &own->loc, "Interface field argument %.*s.%.*s(%.*s:) expected but %.*s.%.*s does not provide it.",
                LF_FMT(interface->name), LF_FMT(field->name), LF_FMT(arg->name), LF_FMT(type->name), LF_FMT(own->name));
        else if (!lf_gql_type_equal(arg->type, mine->type))
            lf_gql_build_error(
                b, &mine->loc,
                "Interface field argument %.*s.%.*s(%.*s:) expects type %s but %.*s.%.*s(%.*s:) is type %s.",
                LF_FMT(interface->name), LF_FMT(field->name), LF_FMT(arg->name), text_of(b, arg->type),
                LF_FMT(type->name), LF_FMT(own->name), LF_FMT(arg->name), text_of(b, mine->type));
    }
    for (size_t i = 0; i < own->arg_count; i++) {
        const struct lf_gql_input *mine = &own->args[i];
        if (is_required(mine) && lf_gql_find_input(field->args, field->arg_count, mine->name) == NULL)
            lf_gql_build_error(b, &mine->loc,
                               "Argument \"%.*s.%.*s(%.*s:)\" must not be required type \"%s\" if not provided by the "
                               "Interface field \"%.*s.%.*s\".",
                               LF_FMT(type->name), LF_FMT(own->name), LF_FMT(mine->name), text_of(b, mine->type),
                               LF_FMT(interface->name), LF_FMT(field->name));
    }
}

static void
check_implements(struct lf_gql_builder *b, const struct lf_gql_type *type, const struct lf_gql_type *interface)
{
    for (size_t i = 0; i < interface->field_count; i++) {
        const struct lf_gql_field *field = &interface->fields[i];
        const struct lf_gql_field *own = lf_gql_type_field(type, field->name);
        if (own == NULL) {
            lf_gql_build_error(b, &type->loc, "Interface field %.*s.%.*s expected but %.*s does not provide it.",
                               LF_FMT(interface->name), LF_FMT(field->name), LF_FMT(type->name));
            continue;
        }
        if (field->type != NULL && own->type != NULL && !lf_gql_type_is_subtype(own->type, field->type))
            lf_gql_build_error(b, &own->loc, "Interface field %.*s.%.*s expects type %s but %.*s.%.*s is type %s.",
                               LF_FMT(interface->name), LF_FMT(field->name), text_of(b, field->type),
                               LF_FMT(type->name), LF_FMT(own->name), text_of(b, own->type));
        check_implemented_args(b, type, own, interface, field);
        if (own->deprecated.ptr != NULL && field->deprecated.ptr == NULL)
            lf_gql_build_error(
                b, &own->loc,
                "Interface field %.*s.%.*s is not deprecated, so implementation field %.*s.%.*s must not "
                "be deprecated.",
                LF_FMT(interface->name), LF_FMT(field->name), LF_FMT(type->name), LF_FMT(own->name));
    }
}

static bool
declares(const struct lf_gql_type *type, const struct lf_gql_type *interface)
{
    for (size_t i = 0; i < type->interface_count; i++) {
        if (type->interfaces[i] == interface)
            return true;
    }
    return false;
}

static void
check_interfaces(struct lf_gql_builder *b, const struct lf_gql_type *type)
{
    for (size_t i = 0; i < type->interface_count; i++) {
        const struct lf_gql_type *interface = type->interfaces[i];
        for (size_t k = 0; k < interface->interface_count; k++) {
            const struct lf_gql_type *above = interface->interfaces[k];
            if (above == type)
                lf_gql_build_error(b, &type->loc,
                                   "Type %.*s cannot implement %.*s because it would create a circular reference.",
                                   LF_FMT(type->name), LF_FMT(interface->name));
            else if (!declares(type, above))
                lf_gql_build_error(b, &type->loc, "Type %.*s must implement %.*s because it is implemented by %.*s.",
                                   LF_FMT(type->name), LF_FMT(above->name), LF_FMT(interface->name));
        }
        check_implements(b, type, interface);
    }
}

/* ---- the other kinds ---- */

static void
check_inputs(struct lf_gql_builder *b, const struct lf_gql_type *type)
{
    if (type->input_count == 0)
        lf_gql_build_error(b, &type->loc, "Input Object type %.*s must define one or more fields.", LF_FMT(type->name));
    for (size_t i = 0; i < type->input_count; i++) {
        const struct lf_gql_input *input = &type->inputs[i];
        check_name(b, input->name, &input->loc);
        if (!lf_gql_type_is_input(input->type))
            lf_gql_build_error(b, &input->loc, "The type of %.*s.%.*s must be Input Type but got: %s.",
                               LF_FMT(type->name), LF_FMT(input->name), text_of(b, input->type));
        if (input->deprecated.ptr != NULL && is_required(input))
            lf_gql_build_error(b, &input->loc, "Required input field %.*s.%.*s cannot be deprecated.",
                               LF_FMT(type->name), LF_FMT(input->name));
        if (type->one_of && input->type->kind == LF_GQL_NON_NULL_TYPE)
            lf_gql_build_error(b, &input->loc, "OneOf input field %.*s.%.*s must be nullable.", LF_FMT(type->name),
                               LF_FMT(input->name));
        if (type->one_of && input->has_default)
            lf_gql_build_error(b, &input->loc, "OneOf input field %.*s.%.*s cannot have a default value.",
                               LF_FMT(type->name), LF_FMT(input->name));
    }
}

static void
check_type(struct lf_gql_builder *b, const struct lf_gql_type *type)
{
    check_name(b, type->name, &type->loc);
    switch (type->kind) {
    case LF_GQL_OBJECT_TYPE:
    case LF_GQL_INTERFACE_TYPE:
        check_fields(b, type);
        check_interfaces(b, type);
        break;
    case LF_GQL_UNION_TYPE:
        if (type->possible_count == 0)
            lf_gql_build_error(b, &type->loc, "Union type %.*s must define one or more member types.",
                               LF_FMT(type->name));
        break;
    case LF_GQL_ENUM_TYPE:
        if (type->value_count == 0)
            lf_gql_build_error(b, &type->loc, "Enum type %.*s must define one or more values.", LF_FMT(type->name));
        for (size_t i = 0; i < type->value_count; i++)
            check_name(b, type->values[i].name, &type->values[i].loc);
        break;
    case LF_GQL_INPUT_TYPE: check_inputs(b, type); break;
    default: break;
    }
}

static void
check_roots(struct lf_gql_builder *b)
{
    const struct lf_gql_type *roots[] = {b->schema->query, b->schema->mutation, b->schema->subscription};
    static const char *const words[] = {"Query", "Mutation", "Subscription"};
    if (roots[0] == NULL)
        lf_gql_build_error(b, b->schema_def_count != 0 ? &b->schema_defs[0]->loc : NULL,
                           "Query root type must be provided.");
    for (int i = 0; i < 3; i++) {
        if (roots[i] != NULL && roots[i]->kind != LF_GQL_OBJECT_TYPE)
            lf_gql_build_error(b, &roots[i]->loc, "%s root type must be Object type%s, it cannot be %.*s.", words[i],
                               i == 0 ? "" : " if provided", LF_FMT(roots[i]->name));
        for (int k = 0; k < i; k++) {
            if (roots[i] != NULL && roots[i] == roots[k])
                lf_gql_build_error(b, &roots[i]->loc,
                                   "All root types must be different, \"%.*s\" type is used as %s and %s root types.",
                                   LF_FMT(roots[i]->name), k == 0 ? "query" : "mutation",
                                   i == 1 ? "mutation" : "subscription");
        }
    }
}

static void
check_directive_definitions(struct lf_gql_builder *b)
{
    size_t at = 0;
    const struct lf_map *map = &b->schema->directives;
    for (const struct lf_map_entry *e = lf_map_next(map, &at); e != NULL; e = lf_map_next(map, &at)) {
        const struct lf_gql_directive_def *directive = e->value;
        const char *owner = lf_arena_printf(b->arena, "@%.*s", LF_FMT(directive->name));
        check_name(b, directive->name, &directive->loc);
        check_args(b, owner != NULL ? owner : "", directive->args, directive->arg_count);
    }
}

void
lf_gql_check(struct lf_gql_builder *b)
{
    check_roots(b);
    check_directive_definitions(b);
    for (size_t i = 0; i < b->origin_count; i++) {
        if (!lf_gql_is_builtin_type(b->origins[i]->type->name) ||
            b->origins[i]->type->loc.source != &lf_gql_builtin_source)
            check_type(b, b->origins[i]->type);
    }
}
