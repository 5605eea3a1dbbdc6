/* Type system definitions and extensions as text. */
#include "graphql/print.h"

static void
print_input(struct lf_gql_printer *p, const struct lf_gql_input_def *input)
{
    lf_gql_print_description(p->out, input->description, p->indent);
    lf_buf_add(p->out, input->name.text);
    lf_buf_add_text(p->out, ": ");
    lf_gql_print_type_ref(p->out, input->type);
    if (input->default_value != NULL) {
        lf_buf_add_text(p->out, " = ");
        lf_gql_print_node(p, input->default_value);
    }
    lf_gql_print_directives(p, input->directives);
}

static void
print_inputs(struct lf_gql_printer *p, const void *items, size_t count, bool lines)
{
    const struct lf_gql_input_def *inputs = items;
    for (size_t i = 0; i < count; i++) {
        if (lines)
            lf_gql_print_newline(p);
        else if (i != 0)
            lf_buf_add_text(p->out, ", ");
        print_input(p, &inputs[i]);
    }
}

static void
print_field(struct lf_gql_printer *p, const struct lf_gql_field_def *field)
{
    lf_gql_print_description(p->out, field->description, p->indent);
    lf_buf_add(p->out, field->name.text);
    lf_gql_print_parenthesized(p, print_inputs, field->args, field->arg_count, 1);
    lf_buf_add_text(p->out, ": ");
    lf_gql_print_type_ref(p->out, field->type);
    lf_gql_print_directives(p, field->directives);
}

static void
print_enum_value(struct lf_gql_printer *p, const struct lf_gql_enum_value_def *value)
{
    lf_gql_print_description(p->out, value->description, p->indent);
    lf_buf_add(p->out, value->name.text);
    lf_gql_print_directives(p, value->directives);
}

static void
print_root(struct lf_gql_printer *p, const struct lf_gql_root_def *root)
{
    static const char *const words[] = {"query: ", "mutation: ", "subscription: "};
    lf_buf_add_text(p->out, words[root->operation]);
    lf_buf_add(p->out, root->type.text);
}

/* The members in braces, whichever kind they are; a definition has one kind of them. */
static void
print_block(struct lf_gql_printer *p, const struct lf_gql_definition *def)
{
    size_t inputs = def->kind == LF_GQL_DEF_INPUT ? def->input_count : 0;
    size_t count = def->field_count + def->value_count + def->root_count + inputs;
    if (count == 0)
        return;
    lf_buf_add_text(p->out, " {");
    p->indent++;
    for (size_t i = 0; i < count; i++) {
        lf_gql_print_newline(p);
        if (def->field_count != 0)
            print_field(p, &def->fields[i]);
        else if (def->value_count != 0)
            print_enum_value(p, &def->values[i]);
        else if (def->root_count != 0)
            print_root(p, &def->roots[i]);
        else
            print_input(p, &def->inputs[i]);
    }
    p->indent--;
    lf_gql_print_newline(p);
    lf_buf_add_char(p->out, '}');
}

static void
print_names(struct lf_gql_printer *p, const char *start, const char *between, const struct lf_gql_name *names,
            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lf_buf_add_text(p->out, i == 0 ? start : between);
        lf_buf_add(p->out, names[i].text);
    }
}

static void
print_directive_definition(struct lf_gql_printer *p, const struct lf_gql_definition *def)
{
    lf_buf_add_text(p->out, "directive @");
    lf_buf_add(p->out, def->name.text);
    lf_gql_print_parenthesized(p, print_inputs, def->inputs, def->input_count, 1);
    lf_buf_add_text(p->out, def->repeatable ? " repeatable" : "");
    print_names(p, " on ", " | ", def->names, def->name_count);
}

void
lf_gql_print_type_system(struct lf_gql_printer *p, const struct lf_gql_definition *def)
{
    static const char *const words[] = {
        [LF_GQL_DEF_SCHEMA] = "schema",        [LF_GQL_DEF_SCALAR] = "scalar ", [LF_GQL_DEF_OBJECT] = "type ",
        [LF_GQL_DEF_INTERFACE] = "interface ", [LF_GQL_DEF_UNION] = "union ",   [LF_GQL_DEF_ENUM] = "enum ",
        [LF_GQL_DEF_INPUT] = "input ",
    };
    if (def->kind == LF_GQL_DEF_DIRECTIVE) {
        print_directive_definition(p, def);
        return;
    }
    lf_buf_add_text(p->out, def->extend ? "extend " : "");
    lf_buf_add_text(p->out, words[def->kind]);
    lf_buf_add(p->out, def->name.text);
    print_names(p, " implements ", " & ", def->interfaces, def->interface_count);
    lf_gql_print_directives(p, def->directives);
    print_names(p, " = ", " | ", def->names, def->name_count);
    print_block(p, def);
}
