/* Syntax trees as text, in the layout of graphql-js's print(). Depth is what the parser let through. */
#include "graphql/parse.h"
#include "graphql/print.h"

enum { LINE_ARGS_MAX = 80 }; /* longer argument lists go one a line */

struct printer {
    struct lf_buf *out;
    int indent;
};

static void
newline(struct printer *p)
{
    lf_buf_add_char(p->out, '\n');
    for (int i = 0; i < p->indent; i++)
        lf_buf_add_text(p->out, "  ");
}

/* ---- values and types ---- */

void
lf_gql_print_string(struct lf_buf *out, struct lf_bytes text)
{
    lf_buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        switch (c) {
        case '"': lf_buf_add_text(out, "\\\""); break;
        case '\\': lf_buf_add_text(out, "\\\\"); break;
        case '\b': lf_buf_add_text(out, "\\b"); break;
        case '\f': lf_buf_add_text(out, "\\f"); break;
        case '\n': lf_buf_add_text(out, "\\n"); break;
        case '\r': lf_buf_add_text(out, "\\r"); break;
        case '\t': lf_buf_add_text(out, "\\t"); break;
        default:
            if (c < ' ' || c == 0x7f)
                lf_buf_printf(out, "\\u%04X", c);
            else
                lf_buf_add_char(out, (char)c);
        }
    }
    lf_buf_add_char(out, '"');
}

static bool
is_blank_line(struct lf_bytes text)
{
    for (size_t i = 0; i < text.len && text.ptr[i] != '\n'; i++) {
        if (text.ptr[i] != ' ' && text.ptr[i] != '\t')
            return false;
    }
    return true;
}

/* A block string gives back only what its algorithm keeps: no indentation common to all lines but the first, no blank
 * first or last line, no control characters. */
static bool
fits_block_string(struct lf_bytes text)
{
    if (text.len == 0 || is_blank_line(text))
        return false;
    bool common = true, lines = false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < ' ' && c != '\t' && c != '\n') || c == 0x7f)
            return false;
        if (c != '\n')
            continue;
        struct lf_bytes rest = lf_bytes(text.ptr + i + 1, text.len - i - 1);
        bool last = rest.len == 0 || lf_bytes_index(rest, '\n') == SIZE_MAX;
        if (last && is_blank_line(rest))
            return false;
        if (!is_blank_line(rest)) {
            lines = true;
            common = common && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t');
        }
    }
    return !(lines && common);
}

static void
print_block_string(struct printer *p, struct lf_bytes text)
{
    bool last_quote = text.ptr[text.len - 1] == '"' || text.ptr[text.len - 1] == '\\';
    bool one_line = lf_bytes_index(text, '\n') == SIZE_MAX;
    bool own_lines = !one_line || last_quote || text.len > 70;
    bool indented_start = text.ptr[0] == ' ' || text.ptr[0] == '\t';
    lf_buf_add_text(p->out, "\"\"\"");
    if (own_lines && !(indented_start && one_line))
        newline(p);
    for (size_t i = 0; i < text.len; i++) {
        struct lf_bytes rest = lf_bytes(text.ptr + i, text.len - i);
        if (rest.ptr[0] == '\n' && rest.len > 1 && rest.ptr[1] != '\n') {
            newline(p);
        } else if (lf_bytes_starts_with(rest, LF_LIT("\"\"\""))) {
            lf_buf_add_text(p->out, "\\\"\"\"");
            i += 2;
        } else {
            lf_buf_add_char(p->out, rest.ptr[0]);
        }
    }
    if (own_lines)
        newline(p);
    lf_buf_add_text(p->out, "\"\"\"");
}

void
lf_gql_print_description(struct lf_buf *out, struct lf_bytes text, int indent)
{
    struct printer p = {.out = out, .indent = indent};
    if (text.ptr == NULL)
        return;
    if (fits_block_string(text))
        print_block_string(&p, text);
    else
        lf_gql_print_string(out, text);
    newline(&p);
}

static void
print_value(struct printer *p, const struct lf_gql_value_node *value)
{
    switch (value->kind) {
    case LF_GQL_VARIABLE:
        lf_buf_add_char(p->out, '$');
        lf_buf_add(p->out, value->text);
        break;
    case LF_GQL_INT:
    case LF_GQL_FLOAT:
    case LF_GQL_ENUM: lf_buf_add(p->out, value->text); break;
    case LF_GQL_BOOLEAN: lf_buf_add_text(p->out, value->boolean ? "true" : "false"); break;
    case LF_GQL_NULL: lf_buf_add_text(p->out, "null"); break;
    case LF_GQL_STRING:
        if (value->block && fits_block_string(value->text))
            print_block_string(p, value->text);
        else
            lf_gql_print_string(p->out, value->text);
        break;
    case LF_GQL_LIST:
        lf_buf_add_char(p->out, '[');
        for (size_t i = 0; i < value->count; i++) {
            lf_buf_add_text(p->out, i != 0 ? ", " : "");
            print_value(p, value->items[i]);
        }
        lf_buf_add_char(p->out, ']');
        break;
    case LF_GQL_OBJECT:
        lf_buf_add_char(p->out, '{');
        for (size_t i = 0; i < value->count; i++) {
            lf_buf_add_text(p->out, i != 0 ? ", " : " ");
            lf_buf_add(p->out, value->fields[i].name.text);
            lf_buf_add_text(p->out, ": ");
            print_value(p, value->fields[i].value);
        }
        lf_buf_add_text(p->out, value->count != 0 ? " }" : "}");
        break;
    }
}

void
lf_gql_print_value(struct lf_buf *out, const struct lf_gql_value_node *value)
{
    struct printer p = {.out = out};
    print_value(&p, value);
}

void
lf_gql_print_type_ref(struct lf_buf *out, const struct lf_gql_type_ref *ref)
{
    switch (ref->kind) {
    case LF_GQL_REF_NAMED: lf_buf_add(out, ref->name.text); break;
    case LF_GQL_REF_LIST:
        lf_buf_add_char(out, '[');
        lf_gql_print_type_ref(out, ref->of);
        lf_buf_add_char(out, ']');
        break;
    case LF_GQL_REF_NON_NULL:
        lf_gql_print_type_ref(out, ref->of);
        lf_buf_add_char(out, '!');
        break;
    }
}

/* ---- executable definitions ---- */

static void
print_args(struct printer *p, const struct lf_gql_argument *args, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lf_buf_add_text(p->out, i == 0 ? "(" : ", ");
        lf_buf_add(p->out, args[i].name.text);
        lf_buf_add_text(p->out, ": ");
        print_value(p, args[i].value);
    }
    if (count != 0)
        lf_buf_add_char(p->out, ')');
}

/* The same, one a line when the line would be long. from: where the line's text begins in out. */
static void
print_field_args(struct printer *p, const struct lf_gql_argument *args, size_t count, size_t from)
{
    struct lf_buf *out = p->out;
    size_t before = out->len;
    print_args(p, args, count);
    if (count == 0 || out->failed != LF_OK || out->len - from <= LINE_ARGS_MAX)
        return;
    out->len = before;
    lf_buf_add_char(out, '(');
    p->indent++;
    for (size_t i = 0; i < count; i++) {
        newline(p);
        lf_buf_add(out, args[i].name.text);
        lf_buf_add_text(out, ": ");
        print_value(p, args[i].value);
    }
    p->indent--;
    newline(p);
    lf_buf_add_char(out, ')');
}

static void
print_directives(struct printer *p, struct lf_gql_directives directives)
{
    for (size_t i = 0; i < directives.count; i++) {
        lf_buf_add_text(p->out, " @");
        lf_buf_add(p->out, directives.items[i].name.text);
        print_args(p, directives.items[i].args, directives.items[i].arg_count);
    }
}

static void print_set(struct printer *p, const struct lf_gql_selection_set *set);

static void
print_selection(struct printer *p, const struct lf_gql_selection *selection)
{
    size_t from = p->out->len;
    switch (selection->kind) {
    case LF_GQL_FIELD:
        if (selection->alias.text.ptr != NULL) {
            lf_buf_add(p->out, selection->alias.text);
            lf_buf_add_text(p->out, ": ");
        }
        lf_buf_add(p->out, selection->name.text);
        print_field_args(p, selection->args, selection->arg_count, from);
        break;
    case LF_GQL_SPREAD:
        lf_buf_add_text(p->out, "...");
        lf_buf_add(p->out, selection->name.text);
        break;
    case LF_GQL_INLINE:
        lf_buf_add_text(p->out, "...");
        if (selection->on.text.ptr != NULL) {
            lf_buf_add_text(p->out, " on ");
            lf_buf_add(p->out, selection->on.text);
        }
        break;
    }
    print_directives(p, selection->directives);
    if (selection->set.count != 0) {
        lf_buf_add_char(p->out, ' ');
        print_set(p, &selection->set);
    }
}

static void
print_set(struct printer *p, const struct lf_gql_selection_set *set)
{
    lf_buf_add_char(p->out, '{');
    p->indent++;
    for (size_t i = 0; i < set->count; i++) {
        newline(p);
        print_selection(p, &set->items[i]);
    }
    p->indent--;
    newline(p);
    lf_buf_add_char(p->out, '}');
}

static void
print_variables(struct printer *p, const struct lf_gql_definition *def)
{
    for (size_t i = 0; i < def->variable_count; i++) {
        const struct lf_gql_variable_def *variable = &def->variables[i];
        lf_buf_add_text(p->out, i == 0 ? "(" : ", ");
        lf_gql_print_description(p->out, variable->description, 0);
        lf_buf_add_char(p->out, '$');
        lf_buf_add(p->out, variable->name.text);
        lf_buf_add_text(p->out, ": ");
        lf_gql_print_type_ref(p->out, variable->type);
        if (variable->default_value != NULL) {
            lf_buf_add_text(p->out, " = ");
            print_value(p, variable->default_value);
        }
        print_directives(p, variable->directives);
    }
    if (def->variable_count != 0)
        lf_buf_add_char(p->out, ')');
}

static void
print_operation(struct printer *p, const struct lf_gql_definition *def)
{
    static const char *const words[] = {"query", "mutation", "subscription"};
    bool bare = def->operation == LF_GQL_QUERY && def->name.text.ptr == NULL && def->variable_count == 0 &&
                def->directives.count == 0 && def->description.ptr == NULL;
    if (!bare) {
        lf_buf_add_text(p->out, words[def->operation]);
        if (def->name.text.ptr != NULL || def->variable_count != 0)
            lf_buf_add_char(p->out, ' ');
        lf_buf_add(p->out, def->name.text);
        print_variables(p, def);
        print_directives(p, def->directives);
        lf_buf_add_char(p->out, ' ');
    }
    print_set(p, &def->set);
}

static void
print_fragment(struct printer *p, const struct lf_gql_definition *def)
{
    lf_buf_add_text(p->out, "fragment ");
    lf_buf_add(p->out, def->name.text);
    print_variables(p, def);
    lf_buf_add_text(p->out, " on ");
    lf_buf_add(p->out, def->on.text);
    print_directives(p, def->directives);
    lf_buf_add_char(p->out, ' ');
    print_set(p, &def->set);
}

/* ---- type system definitions ---- */

static void
print_input(struct printer *p, const struct lf_gql_input_def *input)
{
    lf_gql_print_description(p->out, input->description, p->indent);
    lf_buf_add(p->out, input->name.text);
    lf_buf_add_text(p->out, ": ");
    lf_gql_print_type_ref(p->out, input->type);
    if (input->default_value != NULL) {
        lf_buf_add_text(p->out, " = ");
        print_value(p, input->default_value);
    }
    print_directives(p, input->directives);
}

static void
print_input_lines(struct printer *p, const struct lf_gql_input_def *inputs, size_t count, char open, char close)
{
    lf_buf_add_char(p->out, open);
    p->indent++;
    for (size_t i = 0; i < count; i++) {
        newline(p);
        print_input(p, &inputs[i]);
    }
    p->indent--;
    newline(p);
    lf_buf_add_char(p->out, close);
}

/* Arguments on one line, unless one has a description. */
static void
print_input_args(struct printer *p, const struct lf_gql_input_def *inputs, size_t count)
{
    bool described = false;
    for (size_t i = 0; i < count; i++)
        described = described || inputs[i].description.ptr != NULL;
    if (described) {
        print_input_lines(p, inputs, count, '(', ')');
        return;
    }
    for (size_t i = 0; i < count; i++) {
        lf_buf_add_text(p->out, i == 0 ? "(" : ", ");
        print_input(p, &inputs[i]);
    }
    if (count != 0)
        lf_buf_add_char(p->out, ')');
}

static void
print_names(struct printer *p, const char *start, const char *between, const struct lf_gql_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lf_buf_add_text(p->out, i == 0 ? start : between);
        lf_buf_add(p->out, names[i].text);
    }
}

static void
print_fields(struct printer *p, const struct lf_gql_definition *def)
{
    if (def->field_count == 0)
        return;
    lf_buf_add_text(p->out, " {");
    p->indent++;
    for (size_t i = 0; i < def->field_count; i++) {
        const struct lf_gql_field_def *field = &def->fields[i];
        newline(p);
        lf_gql_print_description(p->out, field->description, p->indent);
        lf_buf_add(p->out, field->name.text);
        print_input_args(p, field->args, field->arg_count);
        lf_buf_add_text(p->out, ": ");
        lf_gql_print_type_ref(p->out, field->type);
        print_directives(p, field->directives);
    }
    p->indent--;
    newline(p);
    lf_buf_add_char(p->out, '}');
}

static void
print_enum_values(struct printer *p, const struct lf_gql_definition *def)
{
    if (def->value_count == 0)
        return;
    lf_buf_add_text(p->out, " {");
    p->indent++;
    for (size_t i = 0; i < def->value_count; i++) {
        newline(p);
        lf_gql_print_description(p->out, def->values[i].description, p->indent);
        lf_buf_add(p->out, def->values[i].name.text);
        print_directives(p, def->values[i].directives);
    }
    p->indent--;
    newline(p);
    lf_buf_add_char(p->out, '}');
}

static void
print_schema_definition(struct printer *p, const struct lf_gql_definition *def)
{
    static const char *const words[] = {"query", "mutation", "subscription"};
    print_directives(p, def->directives);
    if (def->root_count == 0)
        return;
    lf_buf_add_text(p->out, " {");
    p->indent++;
    for (size_t i = 0; i < def->root_count; i++) {
        newline(p);
        lf_buf_printf(p->out, "%s: ", words[def->roots[i].operation]);
        lf_buf_add(p->out, def->roots[i].type.text);
    }
    p->indent--;
    newline(p);
    lf_buf_add_char(p->out, '}');
}

static void
print_directive_definition(struct printer *p, const struct lf_gql_definition *def)
{
    lf_buf_add_text(p->out, "directive @");
    lf_buf_add(p->out, def->name.text);
    print_input_args(p, def->inputs, def->input_count);
    if (def->repeatable)
        lf_buf_add_text(p->out, " repeatable");
    print_names(p, " on ", " | ", def->names, def->name_count);
}

static void
print_type_system(struct printer *p, const struct lf_gql_definition *def)
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
    if (def->kind == LF_GQL_DEF_SCHEMA) {
        print_schema_definition(p, def);
        return;
    }
    lf_buf_add(p->out, def->name.text);
    print_names(p, " implements ", " & ", def->interfaces, def->interface_count);
    print_directives(p, def->directives);
    print_fields(p, def);
    if (def->kind == LF_GQL_DEF_UNION)
        print_names(p, " = ", " | ", def->names, def->name_count);
    print_enum_values(p, def);
    if (def->input_count != 0) {
        lf_buf_add_char(p->out, ' ');
        print_input_lines(p, def->inputs, def->input_count, '{', '}');
    }
}

void
lf_gql_print(struct lf_buf *out, const struct lf_gql_document *document)
{
    struct printer p = {.out = out};
    for (size_t i = 0; i < document->count; i++) {
        const struct lf_gql_definition *def = document->definitions[i];
        if (i != 0)
            lf_buf_add_text(out, "\n\n");
        lf_gql_print_description(out, def->description, 0);
        if (def->kind == LF_GQL_DEF_OPERATION)
            print_operation(&p, def);
        else if (def->kind == LF_GQL_DEF_FRAGMENT)
            print_fragment(&p, def);
        else
            print_type_system(&p, def);
    }
    if (document->count != 0)
        lf_buf_add_char(out, '\n');
}
