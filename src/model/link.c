/* From the model to the schema that has been built: types of fields, arguments that fill, descriptions for checks. */
#include "model/compile.h"

static void
link_fields(struct lf_field *fields, size_t count, const struct lf_gql_type *type)
{
    for (size_t i = 0; i < count; i++)
        fields[i].gql = lf_gql_type_field(type, fields[i].name)->type;
}

static void
link_object(struct lf_object *object, const struct lf_gql_type *type)
{
    if (type->kind != LF_GQL_INPUT_TYPE) {
        link_fields(object->fields, object->field_count, type);
        return;
    }
    for (size_t i = 0; i < object->field_count; i++) {
        struct lf_gql_input *input = lf_gql_find_input(type->inputs, type->input_count, object->fields[i].name);
        object->fields[i].gql = input->type;
        input->user = &object->fields[i];
    }
}

static void
link_decl(const struct lf_decl *decl, const struct lf_gql_type *type)
{
    if (decl->entity != NULL) {
        decl->entity->gql = type;
        link_fields(decl->entity->fields, decl->entity->field_count, type);
    }
    if (decl->event != NULL) {
        decl->event->gql = type;
        link_fields(decl->event->fields, decl->event->field_count, type);
    }
    if (decl->object != NULL)
        link_object(decl->object, type);
}

static void
link_mutation(struct lf_mutation *mutation, const struct lf_draft *draft)
{
    struct lf_gql_field *gql = mutation->gql;
    for (size_t i = 0; i < draft->arg_count; i++) {
        struct lf_gql_input *arg = lf_gql_find_input(gql->args, gql->arg_count, draft->args[i].name);
        draft->args[i].gql = arg->type;
        arg->user = &draft->args[i];
    }
    for (size_t i = 0; i < mutation->fill_count; i++) {
        const struct lf_fill_source *source = &draft->sources[i];
        if (source->arg == SIZE_MAX)
            continue;
        const struct lf_field *arg = &draft->args[source->arg];
        mutation->fills[i].arg = lf_gql_find_input(gql->args, gql->arg_count, arg->name);
        if (source->inner == SIZE_MAX)
            continue;
        const struct lf_gql_type *input = lf_gql_type_named(mutation->fills[i].arg->type);
        mutation->fills[i].inner =
            lf_gql_find_input(input->inputs, input->input_count, arg->object->fields[source->inner].name);
    }
}

void
lf_compile_link(struct lf_compiler *c)
{
    struct lf_model *model = c->model;
    size_t at = 0;
    for (const struct lf_decl *decl; (decl = lf_compile_next(c, &at)) != NULL;) {
        if (decl->entity != NULL || decl->event != NULL || decl->object != NULL)
            link_decl(decl, lf_gql_schema_type(model->schema, decl->name.text));
    }
    for (size_t i = 0; i < model->mutation_count; i++) {
        model->mutations[i].gql = lf_gql_type_field(model->schema->mutation, model->mutations[i].name);
        link_mutation(&model->mutations[i], &c->drafts[i]);
    }
}
