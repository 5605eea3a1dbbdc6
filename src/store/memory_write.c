/* Writing to the memory store, within its one transaction. */
#include "store/memory.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

/* Room for one more pointer in an array on the heap. */
static bool
grow(void *array, size_t count, size_t *cap)
{
    if (count < *cap)
        return true;
    size_t more = *cap != 0 ? *cap * 2 : 16;
    void *moved, *old;
    memcpy(&old, array, sizeof(old)); /* a pointer to any kind of pointer array */
    moved = lf_realloc(old, more * sizeof(void *));
    if (moved == NULL)
        return false;
    memcpy(array, &moved, sizeof(moved));
    *cap = more;
    return true;
}

/* A place as a map key, in arena. ptr NULL: out of memory. */
static struct lf_bytes
place_key(struct lf_arena *arena, const struct lf_place *place)
{
    return lf_bytes_of(
        lf_arena_printf(arena, "%d %lld %.*s", (int)place->partition, (long long)place->offset, LF_FMT(place->topic)));
}

static enum lf_status
make_event(const struct memory_store *store, const struct lf_event *event, struct memory_event *row, struct lf_err *err)
{
    struct lf_stored_event stored = {.status = LF_EVENT_STORED, .event = *event, .stored_at_us = lf_clock_real_us()};
    if (event->type != NULL && event->type->entity != NULL)
        stored.entity_type = event->type->entity->name;
    enum lf_status st = lf_store_headers_value(event->headers, event->header_count, &row->arena, &stored.headers, err);
    if (st == LF_OK)
        st = lf_memory_copy_event(&stored, store->base.model, &row->arena, &row->stored, err);
    if (st != LF_OK)
        return st;
    row->place = place_key(&row->arena, &event->place);
    return row->place.ptr != NULL ? LF_OK : lf_no_memory(err);
}

/* All or nothing, so that abort finds whole rows only. */
static enum lf_status
add_event(struct memory_store *store, struct memory_event *row, struct lf_err *err)
{
    if (!grow(&store->events, store->event_count, &store->event_cap))
        return lf_no_memory(err);
    if (lf_map_add(&store->by_id, row->stored.event.id, row) != LF_OK)
        return lf_no_memory(err);
    if (lf_map_add(&store->by_place, row->place, row) != LF_OK) {
        lf_map_remove(&store->by_id, row->stored.event.id);
        return lf_no_memory(err);
    }
    store->events[store->event_count++] = row;
    return LF_OK;
}

static enum lf_status
append_one(struct memory_store *store, const struct lf_event *event, enum lf_append_outcome *ret, struct lf_err *err)
{
    struct memory_event *row = lf_calloc(1, sizeof(*row));
    if (row == NULL)
        return lf_no_memory(err);
    lf_arena_init(&row->arena, 512, 0);
    enum lf_status st = make_event(store, event, row, err);
    if (st != LF_OK) {
        lf_memory_free_event(row);
        return st;
    }
    const struct memory_event *same = lf_map_get(&store->by_id, event->id);
    if (lf_map_get(&store->by_place, row->place) != NULL)
        *ret = LF_APPEND_DUPLICATE;
    else if (same != NULL)
        *ret = lf_store_judge(event, same->stored.event.type_name, &same->stored.event.payload);
    else if ((st = add_event(store, row, err)) == LF_OK) {
        *ret = LF_APPENDED;
        return LF_OK;
    }
    lf_memory_free_event(row);
    return st;
}

enum lf_status
lf_memory_append(struct lf_store_session *session, const struct lf_event *const *events, size_t count,
                 enum lf_append_outcome *ret_outcomes, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = append_one(store, events[i], &ret_outcomes[i], err);
    pthread_mutex_unlock(&store->lock);
    return st;
}

/* The row of a key, made where there is none. */
static enum lf_status
entity_row(struct memory_store *store, size_t table, struct lf_bytes key, struct memory_entity **ret,
           struct lf_err *err)
{
    *ret = lf_map_get(&store->tables[table], key);
    if (*ret != NULL)
        return LF_OK;
    struct memory_entity *row = lf_calloc(1, sizeof(*row));
    if (row == NULL)
        return lf_no_memory(err);
    row->key = lf_strndup(key.ptr, key.len);
    row->key_len = key.len;
    row->table = table;
    if (row->key == NULL || lf_map_add(&store->tables[table], lf_bytes(row->key, key.len), row) != LF_OK) {
        lf_memory_free_entity(row);
        return lf_no_memory(err);
    }
    *ret = row;
    return LF_OK;
}

/* A state in the form that the store gives back. */
static enum lf_status
make_state(const struct lf_entity *entity, const struct lf_state_change *change, struct memory_state *state,
           struct lf_err *err)
{
    struct lf_value key;
    struct lf_member *members = LF_ARENA_ARRAY(&state->arena, struct lf_member, entity->field_count);
    enum lf_status st = members != NULL ? lf_store_key_value(entity, change->key, &key, err) : lf_no_memory(err);
    for (size_t i = 0; st == LF_OK && i < entity->field_count; i++) {
        struct lf_value value;
        members[i].name = entity->fields[i].name;
        st = lf_store_field_value(entity, &change->state, &key, i, &state->arena, &value, err);
        if (st == LF_OK && !lf_value_copy(&state->arena, &value, &members[i].value))
            st = lf_no_memory(err);
    }
    if (st == LF_OK)
        state->value = lf_value_object(members, entity->field_count);
    return st;
}

/* The row's state is to be pending (NULL: none) from now on. Takes it, also on failure. */
static enum lf_status
touch(struct memory_store *store, struct memory_entity *row, struct memory_state *pending, struct lf_err *err)
{
    if (!row->touched && !grow(&store->touched, store->touched_count, &store->touched_cap)) {
        lf_memory_free_state(pending);
        return lf_no_memory(err);
    }
    if (!row->touched)
        store->touched[store->touched_count++] = row;
    lf_memory_free_state(row->pending);
    row->touched = true;
    row->pending = pending;
    return LF_OK;
}

enum lf_status
lf_memory_delete(struct memory_store *store, struct memory_entity *row, struct lf_err *err)
{
    return touch(store, row, NULL, err);
}

static enum lf_status
save_one(struct memory_store *store, const struct lf_entity *entity, const struct lf_state_change *change,
         struct lf_err *err)
{
    struct memory_state *state = NULL;
    struct memory_entity *row;
    enum lf_status st = LF_OK;
    if (change->state.type != LF_V_NULL) {
        state = lf_calloc(1, sizeof(*state));
        if (state == NULL)
            return lf_no_memory(err);
        lf_arena_init(&state->arena, 256, 0);
        st = make_state(entity, change, state, err);
    }
    if (st == LF_OK && !grow(&store->touched, store->touched_count, &store->touched_cap))
        st = lf_no_memory(err);
    if (st == LF_OK)
        st = entity_row(store, entity->index, change->key, &row, err);
    if (st != LF_OK) {
        lf_memory_free_state(state);
        return st;
    }
    return touch(store, row, state, err);
}

enum lf_status
lf_memory_save(struct lf_store_session *session, const struct lf_entity *entity, const struct lf_state_change *changes,
               size_t count, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = save_one(store, entity, &changes[i], err);
    pthread_mutex_unlock(&store->lock);
    return st;
}

static enum lf_status
bury_one(struct memory_store *store, const struct lf_dead_letter *letter, struct lf_err *err)
{
    struct memory_letter *row = lf_calloc(1, sizeof(*row));
    if (row == NULL)
        return lf_no_memory(err);
    lf_arena_init(&row->arena, 512, 0);
    row->place = place_key(&row->arena, &letter->place);
    bool ok = row->place.ptr != NULL && lf_memory_copy_letter(letter, &row->arena, &row->letter);
    if (ok && lf_map_get(&store->letter_by_place, row->place) != NULL) {
        lf_memory_free_letter(row);
        return LF_OK;
    }
    ok = ok && grow(&store->letters, store->letter_count, &store->letter_cap) &&
         lf_map_add(&store->letter_by_place, row->place, row) == LF_OK;
    if (!ok) {
        lf_memory_free_letter(row);
        return lf_no_memory(err);
    }
    row->letter.id = ++store->last_letter_id;
    store->letters[store->letter_count++] = row;
    return LF_OK;
}

enum lf_status
lf_memory_bury(struct lf_store_session *session, const struct lf_dead_letter *letters, size_t count, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = bury_one(store, &letters[i], err);
    pthread_mutex_unlock(&store->lock);
    return st;
}

static enum lf_status
position_row(struct memory_store *store, struct lf_bytes key, struct memory_position **ret, struct lf_err *err)
{
    *ret = lf_map_get(&store->positions, key);
    if (*ret != NULL)
        return LF_OK;
    struct memory_position *row = lf_calloc(1, sizeof(*row));
    if (row == NULL)
        return lf_no_memory(err);
    row->committed = -1;
    row->name = lf_strndup(key.ptr, key.len);
    row->name_len = key.len;
    if (row->name == NULL || lf_map_add(&store->positions, lf_bytes(row->name, key.len), row) != LF_OK) {
        lf_free(row->name);
        lf_free(row);
        return lf_no_memory(err);
    }
    *ret = row;
    return LF_OK;
}

enum lf_status
lf_memory_advance(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
                  int64_t expected, int64_t next, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    struct memory_position *row = NULL;
    struct lf_arena arena;
    lf_arena_init(&arena, 256, 0);
    pthread_mutex_lock(&store->lock);
    struct lf_bytes key = lf_memory_position_key(&arena, group, topic, partition);
    enum lf_status st = key.ptr != NULL ? position_row(store, key, &row, err) : lf_no_memory(err);
    if (st == LF_OK && (row->touched ? row->pending : row->committed) != expected)
        st = lf_store_fenced(topic, partition, expected, err);
    if (st == LF_OK) {
        row->touched = true;
        row->pending = next;
    }
    pthread_mutex_unlock(&store->lock);
    lf_arena_release(&arena);
    return st;
}
