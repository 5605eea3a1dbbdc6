/*
 * Syntax trees as text, in the layout of graphql-js's print(): values, type references, operations, fragments.
 * Recursive: depth is what the parser let through.
 */
#include "graphql/print.h"

#include <string.h>

enum { LINE_MAX_CHARS = 80 }; /* a field with longer arguments has one a line */

void
lf_gql_print_newline(struct lf_gql_printer *p)
{
    lf_buf_add_char(p->out, '\n');
    for (unsigned i = 0; i < p->indent; i++)
        lf_buf_add_text(p->out, "  ");
}

static void
print_pair(struct lf_gql_printer *p, const struct lf_gql_argument *pair)
{
    lf_buf_add(p->out, pair->name.text);
    lf_buf_add_text(p->out, ": ");
    lf_gql_print_node(p, pair->value);
}

static void
print_list(struct lf_gql_printer *p, const struct lf_gql_value_node *list)
{
    lf_buf_add_char(p->out, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i != 0)
            lf_buf_add_text(p->out, ", ");
        lf_gql_print_node(p, list->items[i]);
    }
    lf_buf_add_char(p->out, ']');
}

static void
print_object(struct lf_gql_printer *p, const struct lf_gql_value_node *object)
{
    lf_buf_add_char(p->out, '{');
    for (size_t i = 0; i < object->count; i++) {
        lf_buf_add_text(p->out, i != 0 ? ", " : " ");
        print_pair(p, &object->fields[i]);
    }
    lf_buf_add_text(p->out, object->count != 0 ? " }" : "}");
}

void
lf_gql_print_node(struct lf_gql_printer *p, const struct lf_gql_value_node *value)
{
    switch (value->kind) {
    case LF_GQL_VARIABLE:
        lf_buf_add_char(p->out, '$');
        lf_buf_add(p->out, value->text);
        break;
    case LF_GQL_STRING:
        if (value->block)
            lf_gql_print_block_string(p, value->text);
        else
            lf_gql_print_string(p->out, value->text);
        break;
    case LF_GQL_INT:
    case LF_GQL_FLOAT:
    case LF_GQL_ENUM: lf_buf_add(p->out, value->text); break;
    case LF_GQL_BOOLEAN: lf_buf_add_text(p->out, value->boolean ? "true" : "false"); break;
    case LF_GQL_NULL: lf_buf_add_text(p->out, "null"); break;
    case LF_GQL_LIST: print_list(p, value); break;
    case LF_GQL_OBJECT: print_object(p, value); break;
    }
}

void
lf_gql_print_value(struct lf_buf *out, const struct lf_gql_value_node *value)
{
    struct lf_gql_printer p = {.out = out};
    lf_gql_print_node(&p, value);
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

/* Forgets what was printed behind before. */
static void
take_back(struct lf_buf *out, size_t before)
{
    if (out->failed == LF_OK)
        out->len = before;
}

static bool
has_line_end(const struct lf_buf *out, size_t from)
{
    return out->len > from && memchr(out->ptr + from, '\n', out->len - from) != NULL;
}

void
lf_gql_print_parenthesized(struct lf_gql_printer *p, lf_gql_print_items_fn *print, const void *items, size_t count,
                           unsigned indent)
{
    size_t before = p->out->len;
    if (count == 0)
        return;
    lf_buf_add_char(p->out, '(');
    print(p, items, count, false);
    if (has_line_end(p->out, before)) {
        take_back(p->out, before + 1);
        p->indent += indent;
        print(p, items, count, true);
        p->indent -= indent;
        lf_gql_print_newline(p);
    }
    lf_buf_add_char(p->out, ')');
}

/* ---- executable definitions ---- */

static void
print_args(struct lf_gql_printer *p, const struct lf_gql_argument *args, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lf_buf_add_text(p->out, i == 0 ? "(" : ", ");
        print_pair(p, &args[i]);
    }
    if (count != 0)
        lf_buf_add_char(p->out, ')');
}

static void
print_arg_lines(struct lf_gql_printer *p, const struct lf_gql_argument *args, size_t count)
{
    lf_buf_add_char(p->out, '(');
    p->indent++;
    for (size_t i = 0; i < count; i++) {
        lf_gql_print_newline(p);
        print_pair(p, &args[i]);
    }
    p->indent--;
    lf_gql_print_newline(p);
    lf_buf_add_char(p->out, ')');
}

/* from: where the field begins in out. How long its line would be is measured without indentation. */
static void
print_field_args(struct lf_gql_printer *p, const struct lf_gql_argument *args, size_t count, size_t from)
{
    struct lf_buf *out = p->out;
    struct lf_gql_printer flat = {.out = out};
    size_t before = out->len;
    print_args(&flat, args, count);
    if (count == 0 || out->failed != LF_OK)
        return;
    bool long_line = lf_utf8_count(lf_bytes(out->ptr + from, out->len - from)) > LINE_MAX_CHARS;
    if (!long_line && !has_line_end(out, before))
        return;
    take_back(out, before);
    if (long_line)
        print_arg_lines(p, args, count);
    else
        print_args(p, args, count);
}

void
lf_gql_print_directives(struct lf_gql_printer *p, struct lf_gql_directives directives)
{
    for (size_t i = 0; i < directives.count; i++) {
        lf_buf_add_text(p->out, " @");
        lf_buf_add(p->out, directives.items[i].name.text);
        print_args(p, directives.items[i].args, directives.items[i].arg_count);
    }
}

static void print_set(struct lf_gql_printer *p, const struct lf_gql_selection_set *set);

static void
print_field(struct lf_gql_printer *p, const struct lf_gql_selection *field)
{
    size_t from = p->out->len;
    if (field->alias.text.ptr != NULL) {
        lf_buf_add(p->out, field->alias.text);
        lf_buf_add_text(p->out, ": ");
    }
    lf_buf_add(p->out, field->name.text);
    print_field_args(p, field->args, field->arg_count, from);
}

static void
print_selection(struct lf_gql_printer *p, const struct lf_gql_selection *selection)
{
    switch (selection->kind) {
    case LF_GQL_FIELD: print_field(p, selection); break;
    case LF_GQL_SPREAD:
        lf_buf_add_text(p->out, "...");
        lf_buf_add(p->out, selection->name.text);
        break;
    case LF_GQL_INLINE:
        lf_buf_add_text(p->out, selection->on.text.ptr != NULL ? "... on " : "...");
        lf_buf_add(p->out, selection->on.text);
        break;
    }
    lf_gql_print_directives(p, selection->directives);
    if (selection->set.count != 0) {
        lf_buf_add_char(p->out, ' ');
        print_set(p, &selection->set);
    }
}

static void
print_set(struct lf_gql_printer *p, const struct lf_gql_selection_set *set)
{
    lf_buf_add_char(p->out, '{');
    p->indent++;
    for (size_t i = 0; i < set->count; i++) {
        lf_gql_print_newline(p);
        print_selection(p, &set->items[i]);
    }
    p->indent--;
    lf_gql_print_newline(p);
    lf_buf_add_char(p->out, '}');
}

static void
print_variable(struct lf_gql_printer *p, const struct lf_gql_variable_def *variable)
{
    lf_gql_print_description(p->out, variable->description, p->indent);
    lf_buf_add_char(p->out, '$');
    lf_buf_add(p->out, variable->name.text);
    lf_buf_add_text(p->out, ": ");
    lf_gql_print_type_ref(p->out, variable->type);
    if (variable->default_value != NULL) {
        lf_buf_add_text(p->out, " = ");
        lf_gql_print_node(p, variable->default_value);
    }
    lf_gql_print_directives(p, variable->directives);
}

static void
print_variables(struct lf_gql_printer *p, const void *items, size_t count, bool lines)
{
    const struct lf_gql_variable_def *variables = items;
    for (size_t i = 0; i < count; i++) {
        if (lines)
            lf_gql_print_newline(p);
        else if (i != 0)
            lf_buf_add_text(p->out, ", ");
        print_variable(p, &variables[i]);
    }
}

/* A reader would take braces behind this definition for its own. */
static bool
is_open_ended(const struct lf_gql_definition *def)
{
    switch (def->kind) {
    case LF_GQL_DEF_SCHEMA: return def->root_count == 0;
    case LF_GQL_DEF_OBJECT:
    case LF_GQL_DEF_INTERFACE: return def->field_count == 0;
    case LF_GQL_DEF_ENUM: return def->value_count == 0;
    case LF_GQL_DEF_INPUT: return def->input_count == 0;
    default: return false;
    }
}

static void
print_operation(struct lf_gql_printer *p, const struct lf_gql_definition *def, const struct lf_gql_definition *before)
{
    static const char *const words[] = {"query", "mutation", "subscription"};
    bool named = def->name.text.ptr != NULL || def->variable_count != 0;
    bool bare = def->operation == LF_GQL_QUERY && !named && def->directives.count == 0 && def->description.ptr == NULL;
    if (!bare || (before != NULL && is_open_ended(before))) {
        lf_buf_add_text(p->out, words[def->operation]);
        if (named)
            lf_buf_add_char(p->out, ' ');
        lf_buf_add(p->out, def->name.text);
        lf_gql_print_parenthesized(p, print_variables, def->variables, def->variable_count, 0);
        lf_gql_print_directives(p, def->directives);
        lf_buf_add_char(p->out, ' ');
    }
    print_set(p, &def->set);
}

static void
print_fragment(struct lf_gql_printer *p, const struct lf_gql_definition *def)
{
    lf_buf_add_text(p->out, "fragment ");
    lf_buf_add(p->out, def->name.text);
    lf_buf_add_text(p->out, " on ");
    lf_buf_add(p->out, def->on.text);
    lf_gql_print_directives(p, def->directives);
    lf_buf_add_char(p->out, ' ');
    print_set(p, &def->set);
}

void
lf_gql_print(struct lf_buf *out, const struct lf_gql_document *document)
{
    struct lf_gql_printer p = {.out = out};
    for (size_t i = 0; i < document->count; i++) {
        const struct lf_gql_definition *def = document->definitions[i];
        if (i != 0)
            lf_buf_add_text(out, "\n\n");
        lf_gql_print_description(out, def->description, 0);
        if (def->kind == LF_GQL_DEF_OPERATION)
            print_operation(&p, def, i != 0 ? document->definitions[i - 1] : NULL);
        else if (def->kind == LF_GQL_DEF_FRAGMENT)
            print_fragment(&p, def);
        else
            lf_gql_print_type_system(&p, def);
    }
}
