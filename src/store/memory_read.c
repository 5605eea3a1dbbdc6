/* Reading from the memory store, what a session may see. */
#include "store/memory.h"

enum lf_status
lf_memory_load(struct lf_store_session *session, const struct lf_entity *entity, const struct lf_bytes *keys,
               size_t count, struct lf_arena *arena, struct lf_value *ret_states, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        const struct memory_entity *row = lf_map_get(&store->tables[entity->index], keys[i]);
        const struct memory_state *state = row != NULL ? lf_memory_state(store, session, row) : NULL;
        if (state == NULL)
            ret_states[i] = LF_VALUE_NULL;
        else if (!lf_value_copy(arena, &state->value, &ret_states[i]))
            st = lf_no_memory(err);
    }
    pthread_mutex_unlock(&store->lock);
    return st;
}

enum lf_status
lf_memory_get(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes key,
              struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    struct lf_value state;
    enum lf_status st = lf_memory_load(session, entity, &key, 1, arena, &state, err);
    if (st != LF_OK)
        return st;
    if (state.type == LF_V_NULL)
        return lf_fail(err, LF_NOT_FOUND, "there is no %.*s with key \"%.*s\"", LF_FMT(entity->name), LF_FMT(key));
    *ret = state;
    return LF_OK;
}

/* How many events, and dead letters, this session sees. */
static size_t
visible(const struct memory_store *store, const struct lf_store_session *session, size_t committed, size_t all)
{
    return lf_memory_sees_pending(store, session) ? all : committed;
}

static const struct memory_event *
find_event(const struct memory_store *store, const struct lf_store_session *session, struct lf_bytes id)
{
    const struct memory_event *row = lf_map_get(&store->by_id, id);
    if (row == NULL || lf_memory_sees_pending(store, session))
        return row;
    for (size_t i = store->event_committed; i < store->event_count; i++) {
        if (store->events[i] == row)
            return NULL; /* not yet */
    }
    return row;
}

static const struct memory_letter *
find_letter(const struct memory_store *store, const struct lf_store_session *session, struct lf_bytes id)
{
    for (size_t i = visible(store, session, store->letter_committed, store->letter_count); i > 0; i--) {
        const struct memory_letter *row = store->letters[i - 1];
        if (row->letter.event_id.ptr != NULL && lf_bytes_equal(row->letter.event_id, id))
            return row;
    }
    return NULL;
}

enum lf_status
lf_memory_event(struct lf_store_session *session, struct lf_bytes id, struct lf_arena *arena,
                struct lf_stored_event *ret, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    enum lf_status st;
    pthread_mutex_lock(&store->lock);
    const struct memory_event *event = find_event(store, session, id);
    const struct memory_letter *row = event == NULL ? find_letter(store, session, id) : NULL;
    struct lf_dead_letter letter;
    if (event != NULL)
        st = lf_memory_copy_event(&event->stored, store->base.model, arena, ret, err);
    else if (row == NULL)
        st = lf_fail(err, LF_NOT_FOUND, "there is no event with id \"%.*s\"", LF_FMT(id));
    else if (!lf_memory_copy_letter(&row->letter, arena, &letter))
        st = lf_no_memory(err);
    else
        st = lf_store_letter_as_event(&letter, store->base.model, arena, ret, err);
    pthread_mutex_unlock(&store->lock);
    return st;
}

static bool
is_text(struct lf_bytes wanted, struct lf_bytes text)
{
    return wanted.ptr == NULL || (text.ptr != NULL && lf_bytes_equal(wanted, text));
}

static bool
is_wanted(const struct lf_letter_query *query, const struct lf_dead_letter *letter)
{
    const struct lf_place *place = &query->place;
    bool behind = query->newest ? query->after == 0 || letter->id < query->after : letter->id > query->after;
    bool there = place->topic.ptr == NULL ||
                 (lf_bytes_equal(place->topic, letter->place.topic) && place->partition == letter->place.partition &&
                  place->offset == letter->place.offset);
    return behind && there && is_text(query->event_id, letter->event_id) &&
           is_text(query->event_type, letter->event_type) && is_text(query->code, letter->code);
}

enum lf_status
lf_memory_dead_letters(struct lf_store_session *session, const struct lf_letter_query *query, struct lf_arena *arena,
                       struct lf_dead_letter **ret, size_t *ret_count, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    struct lf_dead_letter *letters = LF_ARENA_ARRAY(arena, struct lf_dead_letter, query->max);
    enum lf_status st = letters != NULL ? LF_OK : lf_no_memory(err);
    size_t count = 0;
    pthread_mutex_lock(&store->lock);
    size_t all = visible(store, session, store->letter_committed, store->letter_count);
    for (size_t i = 0; st == LF_OK && i < all && count < query->max; i++) {
        const struct lf_dead_letter *letter = &store->letters[query->newest ? all - 1 - i : i]->letter;
        if (is_wanted(query, letter) && !lf_memory_copy_letter(letter, arena, &letters[count++]))
            st = lf_no_memory(err);
    }
    pthread_mutex_unlock(&store->lock);
    if (st == LF_OK) {
        *ret = letters;
        *ret_count = count;
    }
    return st;
}

enum lf_status
lf_memory_position(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
                   int64_t *ret_next, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    struct lf_arena arena;
    lf_arena_init(&arena, 256, 0);
    struct lf_bytes key = lf_memory_position_key(&arena, group, topic, partition);
    if (key.ptr == NULL)
        return lf_no_memory(err);
    pthread_mutex_lock(&store->lock);
    const struct memory_position *row = lf_map_get(&store->positions, key);
    if (row == NULL)
        *ret_next = -1;
    else
        *ret_next = row->touched && lf_memory_sees_pending(store, session) ? row->pending : row->committed;
    pthread_mutex_unlock(&store->lock);
    lf_arena_release(&arena);
    return LF_OK;
}
