/* A schema as SDL, in the layout of graphql-js's printSchema(): what clients' tools are given. */
#include "graphql/builtin.h"
#include "graphql/parse.h"
#include "graphql/print.h"
#include "graphql/schema.h"

static void
print_deprecated(struct lf_buf *out, struct lf_bytes reason)
{
    if (reason.ptr == NULL)
        return;
    lf_buf_add_text(out, " @deprecated");
    if (lf_bytes_equal_text(reason, "No longer supported"))
        return;
    lf_buf_add_text(out, "(reason: ");
    lf_gql_print_string(out, reason);
    lf_buf_add_char(out, ')');
}

static void
print_input(struct lf_buf *out, const struct lf_gql_input *input)
{
    lf_buf_add(out, input->name);
    lf_buf_add_text(out, ": ");
    lf_gql_type_write(out, input->type);
    if (input->has_default) {
        lf_buf_add_text(out, " = ");
        lf_gql_print_value(out, input->default_literal);
    }
    print_deprecated(out, input->deprecated);
}

static void
print_args(struct lf_buf *out, const struct lf_gql_input *args, size_t count, unsigned indent)
{
    bool described = false;
    for (size_t i = 0; i < count; i++)
        described = described || args[i].description.ptr != NULL;
    if (count == 0)
        return;
    lf_buf_add_char(out, '(');
    for (size_t i = 0; i < count; i++) {
        if (described) {
            if (i != 0 && args[i].description.ptr != NULL)
                lf_buf_add_char(out, '\n');
            lf_buf_printf(out, "\n%*s", (int)(indent + 1) * 2, "");
            lf_gql_print_description(out, args[i].description, indent + 1);
        } else if (i != 0) {
            lf_buf_add_text(out, ", ");
        }
        print_input(out, &args[i]);
    }
    if (described)
        lf_buf_printf(out, "\n%*s", (int)indent * 2, "");
    lf_buf_add_char(out, ')');
}

/* The start of a member's line: an empty line in front of described ones, but for the first. */
static void
begin_member(struct lf_buf *out, struct lf_bytes description, bool first)
{
    if (description.ptr != NULL && !first)
        lf_buf_add_char(out, '\n');
    lf_buf_add_text(out, "  ");
    lf_gql_print_description(out, description, 1);
}

static void
print_fields(struct lf_buf *out, const struct lf_gql_type *type)
{
    for (size_t i = 0; i < type->interface_count; i++) {
        lf_buf_add_text(out, i == 0 ? " implements " : " & ");
        lf_buf_add(out, type->interfaces[i]->name);
    }
    lf_buf_add_text(out, " {\n");
    for (size_t i = 0; i < type->field_count; i++) {
        const struct lf_gql_field *field = &type->fields[i];
        begin_member(out, field->description, i == 0);
        lf_buf_add(out, field->name);
        print_args(out, field->args, field->arg_count, 1);
        lf_buf_add_text(out, ": ");
        lf_gql_type_write(out, field->type);
        print_deprecated(out, field->deprecated);
        lf_buf_add_char(out, '\n');
    }
    lf_buf_add_char(out, '}');
}

static void
print_values(struct lf_buf *out, const struct lf_gql_type *type)
{
    lf_buf_add_text(out, " {\n");
    for (size_t i = 0; i < type->value_count; i++) {
        begin_member(out, type->values[i].description, i == 0);
        lf_buf_add(out, type->values[i].name);
        print_deprecated(out, type->values[i].deprecated);
        lf_buf_add_char(out, '\n');
    }
    lf_buf_add_char(out, '}');
}

static void
print_inputs(struct lf_buf *out, const struct lf_gql_type *type)
{
    lf_buf_add_text(out, type->one_of ? " @oneOf {\n" : " {\n");
    for (size_t i = 0; i < type->input_count; i++) {
        begin_member(out, type->inputs[i].description, i == 0);
        print_input(out, &type->inputs[i]);
        lf_buf_add_char(out, '\n');
    }
    lf_buf_add_char(out, '}');
}

static void
print_type(struct lf_buf *out, const struct lf_gql_type *type)
{
    static const char *const words[] = {
        [LF_GQL_SCALAR_TYPE] = "scalar", [LF_GQL_OBJECT_TYPE] = "type", [LF_GQL_INTERFACE_TYPE] = "interface",
        [LF_GQL_UNION_TYPE] = "union",   [LF_GQL_ENUM_TYPE] = "enum",   [LF_GQL_INPUT_TYPE] = "input",
    };
    lf_gql_print_description(out, type->description, 0);
    lf_buf_printf(out, "%s %.*s", words[type->kind], LF_FMT(type->name));
    switch (type->kind) {
    case LF_GQL_SCALAR_TYPE:
        if (type->specified_by.ptr != NULL) {
            lf_buf_add_text(out, " @specifiedBy(url: ");
            lf_gql_print_string(out, type->specified_by);
            lf_buf_add_char(out, ')');
        }
        break;
    case LF_GQL_OBJECT_TYPE:
    case LF_GQL_INTERFACE_TYPE: print_fields(out, type); break;
    case LF_GQL_UNION_TYPE:
        for (size_t i = 0; i < type->possible_count; i++) {
            lf_buf_add_text(out, i == 0 ? " = " : " | ");
            lf_buf_add(out, type->possible[i]->name);
        }
        break;
    case LF_GQL_ENUM_TYPE: print_values(out, type); break;
    case LF_GQL_INPUT_TYPE: print_inputs(out, type); break;
    default: break;
    }
}

static void
print_directive(struct lf_buf *out, const struct lf_gql_directive_def *directive)
{
    lf_gql_print_description(out, directive->description, 0);
    lf_buf_printf(out, "directive @%.*s", LF_FMT(directive->name));
    print_args(out, directive->args, directive->arg_count, 0);
    if (directive->repeatable)
        lf_buf_add_text(out, " repeatable");
    for (size_t i = 0; i < directive->location_count; i++)
        lf_buf_printf(out, "%s%s", i == 0 ? " on " : " | ", directive->locations[i]);
}

/* schema { … } is needed only where names are not the usual ones, or to hold a description. */
static void
print_roots(struct lf_buf *out, const struct lf_gql_schema *schema)
{
    const struct lf_gql_type *roots[] = {schema->query, schema->mutation, schema->subscription};
    static const char *const usual[] = {"Query", "Mutation", "Subscription"};
    static const char *const words[] = {"query", "mutation", "subscription"};
    bool needed = schema->description.ptr != NULL;
    for (int i = 0; i < 3; i++)
        needed = needed || (roots[i] != NULL && !lf_bytes_equal_text(roots[i]->name, usual[i]));
    if (!needed)
        return;
    lf_gql_print_description(out, schema->description, 0);
    lf_buf_add_text(out, "schema {\n");
    for (int i = 0; i < 3; i++) {
        if (roots[i] != NULL)
            lf_buf_printf(out, "  %s: %.*s\n", words[i], LF_FMT(roots[i]->name));
    }
    lf_buf_add_text(out, "}\n\n");
}

void
lf_gql_schema_print(struct lf_buf *out, const struct lf_gql_schema *schema)
{
    size_t at = 0;
    bool first = true;
    print_roots(out, schema);
    for (const struct lf_map_entry *e; (e = lf_map_next(&schema->directives, &at)) != NULL;) {
        const struct lf_gql_directive_def *directive = e->value;
        if (directive->hidden || lf_gql_is_builtin_directive(directive->name))
            continue;
        lf_buf_add_text(out, first ? "" : "\n\n");
        print_directive(out, directive);
        first = false;
    }
    at = 0;
    for (const struct lf_map_entry *e; (e = lf_map_next(&schema->types, &at)) != NULL;) {
        const struct lf_gql_type *type = e->value;
        if (lf_gql_is_builtin_type(type->name))
            continue;
        lf_buf_add_text(out, first ? "" : "\n\n");
        print_type(out, type);
        first = false;
    }
    lf_buf_add_char(out, '\n');
}
