/*
 * Fields whose type is one that is provided, or follows from an entity: those are for answers and filters, and no model
 * of them exists. What they are is known only when the served schema has been generated.
 */
#include "model/compile.h"

static const struct lf_gql_definition *
find_generated(const struct lf_gql_document *generated, struct lf_bytes name)
{
    for (size_t i = 0; i < generated->count; i++) {
        const struct lf_gql_definition *definition = generated->definitions[i];
        if (definition->kind != LF_GQL_DEF_DIRECTIVE && lf_bytes_equal(definition->name.text, name))
            return definition;
    }
    return NULL;
}

static void
check_fields(struct lf_compiler *c, const struct lf_gql_document *generated, const struct lf_field *fields,
             size_t count, bool input)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].type != LF_T_BROKEN || fields[i].type_name.ptr == NULL)
            continue;
        const struct lf_gql_definition *definition = find_generated(generated, fields[i].type_name);
        bool input_type =
            definition != NULL && (definition->kind == LF_GQL_DEF_INPUT || definition->kind == LF_GQL_DEF_ENUM);
        bool wrong_kind = input ? !input_type : definition != NULL && definition->kind == LF_GQL_DEF_INPUT;
        if (definition == NULL || wrong_kind || lf_compile_decl(c, fields[i].type_name) != NULL)
            continue; /* unknown, of the wrong kind, or with a clashing name: reported elsewhere */
        lf_compile_error(
            c, &fields[i].loc,
            "the type of \"%.*s\" is %.*s, which is provided for answers and filters and cannot be part of "
            "an event or entity: use a type of your own",
            LF_FMT(fields[i].name), LF_FMT(fields[i].type_name));
    }
}

void
lf_compile_check_provided(struct lf_compiler *c, const struct lf_gql_document *generated)
{
    size_t at = 0;
    for (const struct lf_decl *decl; (decl = lf_compile_next(c, &at)) != NULL;) {
        if (decl->entity != NULL)
            check_fields(c, generated, decl->entity->fields, decl->entity->field_count, false);
        if (decl->event != NULL)
            check_fields(c, generated, decl->event->fields, decl->event->field_count, false);
        if (decl->object != NULL)
            check_fields(c, generated, decl->object->fields, decl->object->field_count, decl->kind == LF_GQL_DEF_INPUT);
    }
    for (size_t i = 0; i < c->model->mutation_count; i++)
        check_fields(c, generated, c->drafts[i].args, c->drafts[i].arg_count, true);
}
