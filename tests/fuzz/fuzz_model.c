/*
 * Fuzz target: any schema file is refused with errors that can be printed, or becomes a model whose pointers are all
 * set and whose served schema can be printed.
 */
#include "model/model.h"

static void
check_fields(const struct lf_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        LF_ASSERT(fields[i].gql != NULL && fields[i].column.ptr != NULL && fields[i].type <= LF_T_OBJECT);
        LF_ASSERT(fields[i].type != LF_T_OBJECT || fields[i].object != NULL);
    }
}

static void
check_event(const struct lf_event_type *event)
{
    check_fields(event->fields, event->field_count);
    LF_ASSERT(event->message_key == SIZE_MAX || event->message_key < event->field_count);
    LF_ASSERT(event->entity == NULL || event->entity_key < event->field_count);
    for (size_t i = 0; i < event->step_count; i++)
        LF_ASSERT(event->steps[i].target < event->entity->field_count && event->steps[i].target != event->entity->key);
}

static void
check_model(const struct lf_model *model, struct lf_buf *out)
{
    for (size_t i = 0; i < model->entity_count; i++) {
        check_fields(model->entities[i].fields, model->entities[i].field_count);
        LF_ASSERT(model->entities[i].key < model->entities[i].field_count);
    }
    for (size_t i = 0; i < model->event_count; i++)
        check_event(&model->events[i]);
    for (size_t i = 0; i < model->mutation_count; i++) {
        const struct lf_mutation *mutation = &model->mutations[i];
        LF_ASSERT(mutation->gql != NULL && mutation->fill_count == mutation->event->field_count);
    }
    lf_gql_schema_print(out, model->schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lf_arena arena;
    struct lf_gql_errors errors;
    struct lf_buf out;
    const struct lf_model_file file = {"schema.graphql", lf_bytes((const char *)data, size)};
    lf_arena_init(&arena, 0, 0);
    lf_gql_errors_init(&errors, &arena, 100);
    lf_buf_init(&out, SIZE_MAX);
    struct lf_model *model = lf_model_compile(&file, 1, &errors);
    LF_ASSERT((model == NULL) == (errors.count != 0));
    if (model != NULL)
        check_model(model, &out);
    lf_model_free(model);
    lf_gql_errors_print(&out, &errors);
    LF_ASSERT(lf_buf_status(&out, NULL) == LF_OK && out.len != 0);
    lf_buf_release(&out);
    lf_arena_release(&arena);
    return 0;
}
