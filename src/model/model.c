/* Look-ups in a compiled model, and its end. */
#include "model/model.h"
#include "base/mem.h"

void
lf_model_free(struct lf_model *model)
{
    if (model == NULL)
        return;
    lf_gql_schema_free(model->schema);
    lf_map_release(&model->entity_map);
    lf_map_release(&model->event_map);
    lf_map_release(&model->mutation_map);
    struct lf_arena arena = model->arena; /* the model itself may not live in what it releases */
    lf_free(model);
    lf_arena_release(&arena);
}

const struct lf_entity *
lf_model_entity(const struct lf_model *model, struct lf_bytes name)
{
    return lf_map_get(&model->entity_map, name);
}

const struct lf_event_type *
lf_model_event(const struct lf_model *model, struct lf_bytes wire_name)
{
    return lf_map_get(&model->event_map, wire_name);
}

bool
lf_model_enum_has(const struct lf_field *field, struct lf_bytes name)
{
    const struct lf_gql_type *type = field->gql != NULL ? lf_gql_type_named(field->gql) : NULL;
    return type != NULL && type->kind == LF_GQL_ENUM_TYPE && lf_map_get(&type->value_map, name) != NULL;
}

static bool
holds(const struct lf_bytes *texts, size_t count, struct lf_bytes text)
{
    for (size_t i = 0; i < count; i++) {
        if (lf_bytes_equal(texts[i], text))
            return true;
    }
    return false;
}

const struct lf_bytes *
lf_model_topics(const struct lf_model *model, struct lf_bytes default_topic, struct lf_arena *arena, size_t *ret_count)
{
    struct lf_bytes *topics = LF_ARENA_ARRAY(arena, struct lf_bytes, model->event_count + 1);
    if (topics == NULL)
        return NULL;
    size_t count = 0;
    topics[count++] = lf_arena_copy(arena, default_topic);
    for (size_t i = 0; i < model->event_count; i++) {
        struct lf_bytes topic = model->events[i].topic;
        if (topic.ptr != NULL && !holds(topics, count, topic))
            topics[count++] = lf_arena_copy(arena, topic);
    }
    for (size_t i = 0; i < count; i++) {
        if (topics[i].ptr == NULL)
            return NULL;
    }
    *ret_count = count;
    return topics;
}

bool
lf_entity_declares_history(const struct lf_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        if (lf_bytes_equal_text(entity->fields[i].name, "history"))
            return true;
    }
    return false;
}
