/* States of a batch: one map an entity. */
#include "consumer/states.h"
#include "base/defect.h"
#include "base/mem.h"

enum lf_status
lf_states_init(struct lf_states *states, const struct lf_model *model, struct lf_err *err)
{
    *states = (struct lf_states){0};
    states->of = lf_calloc(model->entity_count, sizeof(*states->of));
    if (states->of == NULL)
        return lf_no_memory(err);
    states->count = model->entity_count;
    for (size_t i = 0; i < states->count; i++)
        states->of[i].entity = &model->entities[i];
    return LF_OK;
}

void
lf_states_release(struct lf_states *states)
{
    for (size_t i = 0; i < states->count; i++)
        lf_map_release(&states->of[i].map);
    lf_free(states->of);
    *states = (struct lf_states){0};
}

void
lf_states_clear(struct lf_states *states)
{
    for (size_t i = 0; i < states->count; i++)
        lf_map_clear(&states->of[i].map);
}

struct lf_state *
lf_states_want(struct lf_states *states, const struct lf_entity *entity, struct lf_bytes key, struct lf_arena *arena)
{
    LF_ASSERT(entity->index < states->count);
    struct lf_map *map = &states->of[entity->index].map;
    struct lf_state *state = lf_map_get(map, key);
    if (state != NULL)
        return state;
    state = LF_ARENA_NEW(arena, struct lf_state);
    if (state == NULL)
        return NULL;
    state->key = key;
    return lf_map_add(map, key, state) == LF_OK ? state : NULL;
}

static enum lf_status
load(struct lf_states_of *of, struct lf_store_session *session, struct lf_arena *arena, struct lf_err *err)
{
    size_t count = of->map.count, at = 0, i = 0;
    struct lf_bytes *keys = LF_ARENA_ARRAY(arena, struct lf_bytes, count);
    struct lf_value *values = LF_ARENA_ARRAY(arena, struct lf_value, count);
    if (keys == NULL || values == NULL)
        return lf_no_memory(err);
    for (const struct lf_map_entry *entry; (entry = lf_map_next(&of->map, &at)) != NULL; i++)
        keys[i] = entry->key;
    enum lf_status st = lf_store_load(session, of->entity, keys, count, arena, values, err);
    if (st != LF_OK)
        return st;
    at = i = 0;
    for (const struct lf_map_entry *entry; (entry = lf_map_next(&of->map, &at)) != NULL; i++) {
        struct lf_state *state = entry->value;
        state->value = values[i];
        state->existed = values[i].type != LF_V_NULL;
    }
    return LF_OK;
}

enum lf_status
lf_states_load(struct lf_states *states, struct lf_store_session *session, struct lf_arena *arena, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    if (LF_DEFECT(forget_states))
        return LF_OK;
    for (size_t i = 0; st == LF_OK && i < states->count; i++) {
        if (states->of[i].map.count != 0)
            st = load(&states->of[i], session, arena, err);
    }
    return st;
}

static enum lf_status
save(struct lf_states_of *of, struct lf_store_session *session, struct lf_arena *arena, struct lf_err *err)
{
    size_t count = 0, at = 0;
    struct lf_state_change *changes = LF_ARENA_ARRAY(arena, struct lf_state_change, of->map.count);
    if (changes == NULL)
        return lf_no_memory(err);
    for (const struct lf_map_entry *entry; (entry = lf_map_next(&of->map, &at)) != NULL;) {
        const struct lf_state *state = entry->value;
        if (state->changed)
            changes[count++] = (struct lf_state_change){state->key, state->value, state->place, state->existed};
    }
    return count != 0 ? lf_store_save(session, of->entity, changes, count, err) : LF_OK;
}

enum lf_status
lf_states_save(struct lf_states *states, struct lf_store_session *session, struct lf_arena *arena, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    if (LF_DEFECT(drop_states))
        return LF_OK;
    for (size_t i = 0; st == LF_OK && i < states->count; i++) {
        if (states->of[i].map.count != 0)
            st = save(&states->of[i], session, arena, err);
    }
    return st;
}
