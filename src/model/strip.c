/*
 * The user's documents for the building of the schema: without the directives of the schema language (which have been
 * checked and mean nothing to clients), and without definitions that only repeat what is provided.
 */
#include "model/compile.h"

static struct lf_gql_directives
strip_directives(struct lf_compiler *c, struct lf_gql_directives all)
{
    struct lf_gql_directive *kept = LF_COMPILE_ARRAY(c, struct lf_gql_directive, all.count);
    size_t count = 0;
    for (size_t i = 0; kept != NULL && i < all.count; i++) {
        bool known = lf_compile_is_directive(all.items[i].name.text) ||
                     lf_map_get(&c->directive_names, all.items[i].name.text) != NULL;
        if (known && !lf_compile_is_our_directive(all.items[i].name.text))
            kept[count++] = all.items[i];
    }
    return (struct lf_gql_directives){kept, count};
}

static const struct lf_gql_input_def *
strip_inputs(struct lf_compiler *c, const struct lf_gql_input_def *inputs, size_t count)
{
    struct lf_gql_input_def *stripped = LF_COMPILE_ARRAY(c, struct lf_gql_input_def, count);
    for (size_t i = 0; stripped != NULL && i < count; i++) {
        stripped[i] = inputs[i];
        stripped[i].directives = strip_directives(c, inputs[i].directives);
    }
    return stripped;
}

static const struct lf_gql_field_def *
strip_fields(struct lf_compiler *c, const struct lf_gql_field_def *fields, size_t count)
{
    struct lf_gql_field_def *stripped = LF_COMPILE_ARRAY(c, struct lf_gql_field_def, count);
    for (size_t i = 0; stripped != NULL && i < count; i++) {
        stripped[i] = fields[i];
        stripped[i].directives = strip_directives(c, fields[i].directives);
        stripped[i].args = strip_inputs(c, fields[i].args, fields[i].arg_count);
    }
    return stripped;
}

static struct lf_gql_definition *
strip_definition(struct lf_compiler *c, const struct lf_gql_definition *definition)
{
    struct lf_gql_definition *stripped = LF_COMPILE_ARRAY(c, struct lf_gql_definition, 1);
    if (stripped == NULL)
        return NULL;
    *stripped = *definition;
    stripped->directives = strip_directives(c, definition->directives);
    stripped->fields = strip_fields(c, definition->fields, definition->field_count);
    stripped->inputs = strip_inputs(c, definition->inputs, definition->input_count);
    return stripped;
}

static bool
is_root(const struct lf_compiler *c, struct lf_bytes name)
{
    const struct lf_decl *decl = lf_compile_decl(c, name);
    return decl != NULL && (decl->role == LF_ROLE_QUERY || decl->role == LF_ROLE_SUBSCRIPTION);
}

/* Whether nothing is left of it: reported already, provided anyway, or an extension that only carried directives. */
static bool
is_dropped(const struct lf_compiler *c, const struct lf_gql_definition *d)
{
    switch (d->kind) {
    case LF_GQL_DEF_OPERATION:
    case LF_GQL_DEF_FRAGMENT:
    case LF_GQL_DEF_SCHEMA: return true;
    case LF_GQL_DEF_DIRECTIVE: return lf_compile_is_directive(d->name.text);
    case LF_GQL_DEF_SCALAR: return lf_gql_scalar_find(d->name.text) != NULL;
    case LF_GQL_DEF_OBJECT:
        return is_root(c, d->name.text) || (d->extend && d->field_count == 0 && d->interface_count == 0);
    default: return false;
    }
}

const struct lf_gql_document *
lf_compile_strip(struct lf_compiler *c, const struct lf_gql_document *document)
{
    struct lf_gql_definition **kept = LF_COMPILE_ARRAY(c, struct lf_gql_definition *, document->count);
    struct lf_gql_document *stripped = LF_COMPILE_ARRAY(c, struct lf_gql_document, 1);
    if (kept == NULL || stripped == NULL)
        return NULL;
    for (size_t i = 0; i < document->count; i++) {
        if (is_dropped(c, document->definitions[i]))
            continue;
        kept[stripped->count] = strip_definition(c, document->definitions[i]);
        if (kept[stripped->count++] == NULL)
            return NULL;
    }
    stripped->definitions = kept;
    return c->errors->no_memory ? NULL : stripped; /* some part of it may be missing */
}
