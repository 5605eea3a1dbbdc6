/*
 * The store in memory: gone with the process, for tests and for trying things out. Complete in what store.h promises:
 * others see a transaction only once it has committed.
 */
#include "store/memory.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>

/* ---- rows ---- */

static void
free_event(struct memory_event *event)
{
    if (event != NULL)
        lf_arena_release(&event->arena);
    lf_free(event);
}

static void
free_letter(struct memory_letter *letter)
{
    if (letter != NULL)
        lf_arena_release(&letter->arena);
    lf_free(letter);
}

static void
free_state(struct memory_state *state)
{
    if (state != NULL)
        lf_arena_release(&state->arena);
    lf_free(state);
}

static void
free_entity(struct memory_entity *row)
{
    free_state(row->committed);
    free_state(row->pending);
    lf_free(row->key);
    lf_free(row);
}

/* Copies bytes; false out of memory. A NULL pointer stays one. */
static bool
copy_bytes(struct lf_arena *arena, struct lf_bytes *bytes)
{
    if (bytes->ptr == NULL)
        return true;
    *bytes = lf_arena_copy(arena, *bytes);
    return bytes->ptr != NULL;
}

static bool
copy_headers(struct lf_arena *arena, const struct lf_header **headers, size_t count)
{
    if (count == 0) {
        *headers = NULL;
        return true;
    }
    struct lf_header *copies = LF_ARENA_ARRAY(arena, struct lf_header, count);
    bool ok = copies != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        copies[i] = (*headers)[i];
        ok = copy_bytes(arena, &copies[i].name) && copy_bytes(arena, &copies[i].value);
    }
    *headers = copies;
    return ok;
}

enum lf_status
lf_memory_copy_event(const struct lf_stored_event *from, const struct lf_model *model, struct lf_arena *arena,
                     struct lf_stored_event *ret, struct lf_err *err)
{
    struct lf_stored_event copy = *from;
    struct lf_event *event = &copy.event;
    if (!copy_bytes(arena, &event->id) || !copy_bytes(arena, &event->type_name) || !copy_bytes(arena, &event->key) ||
        !copy_bytes(arena, &event->entity_key) || !copy_bytes(arena, &event->place.topic) ||
        !lf_value_copy(arena, &from->event.payload, &event->payload) ||
        !lf_value_copy(arena, &from->event.extra, &event->extra) ||
        !lf_value_copy(arena, &from->headers, &copy.headers) || !copy_bytes(arena, &copy.entity_type))
        return lf_no_memory(err);
    event->type = lf_model_event(model, event->type_name);
    event->headers = NULL;
    event->header_count = 0;
    *ret = copy;
    return LF_OK;
}

static bool
copy_letter(const struct lf_dead_letter *from, struct lf_arena *arena, struct lf_dead_letter *ret)
{
    *ret = *from;
    return copy_bytes(arena, &ret->place.topic) && copy_bytes(arena, &ret->event_id) &&
           copy_bytes(arena, &ret->event_type) && copy_bytes(arena, &ret->key) && copy_bytes(arena, &ret->value) &&
           copy_headers(arena, &ret->headers, ret->header_count) && copy_bytes(arena, &ret->stage) &&
           copy_bytes(arena, &ret->code) && copy_bytes(arena, &ret->reason);
}

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

/* ---- opening ---- */

static struct memory_store *
store_of(const struct lf_store_session *session)
{
    return (struct memory_store *)session->store;
}

static void
memory_close(struct lf_store *base)
{
    struct memory_store *store = (struct memory_store *)base;
    size_t at = 0;
    const struct lf_map_entry *entry;
    for (size_t i = 0; i < store->event_count; i++)
        free_event(store->events[i]);
    for (size_t i = 0; i < store->letter_count; i++)
        free_letter(store->letters[i]);
    for (size_t i = 0; store->tables != NULL && i < base->model->entity_count; i++) {
        for (at = 0; (entry = lf_map_next(&store->tables[i], &at)) != NULL;)
            free_entity(entry->value);
        lf_map_release(&store->tables[i]);
    }
    for (at = 0; (entry = lf_map_next(&store->positions, &at)) != NULL;) {
        struct memory_position *position = entry->value;
        lf_free(position->name);
        lf_free(position);
    }
    lf_map_release(&store->positions);
    lf_map_release(&store->by_id);
    lf_map_release(&store->by_place);
    lf_map_release(&store->letter_by_place);
    lf_free(store->events);
    lf_free(store->letters);
    lf_free(store->tables);
    lf_free(store->touched);
    pthread_mutex_destroy(&store->lock);
    lf_free(store);
}

static enum lf_status
memory_open(const struct lf_store_options *options, const char *rest, struct lf_store **ret, struct lf_err *err)
{
    if (rest[0] != '\0')
        return lf_fail(err, LF_INVALID, "a store in memory has no name: use memory:");
    if (options->read_only)
        return lf_fail(err, LF_NOT_FOUND, "a store in memory begins empty: there is nothing to read in it");
    struct memory_store *store = lf_calloc(1, sizeof(*store));
    if (store == NULL)
        return lf_no_memory(err);
    store->tables = lf_calloc(options->model->entity_count, sizeof(*store->tables));
    if (store->tables == NULL) {
        lf_free(store);
        return lf_no_memory(err);
    }
    pthread_mutex_init(&store->lock, NULL);
    *ret = &store->base;
    return LF_OK;
}

static enum lf_status
memory_health(struct lf_store *store, struct lf_err *err)
{
    (void)store;
    (void)err;
    return LF_OK;
}

static enum lf_status
memory_session_open(struct lf_store *store, bool writer, struct lf_store_session **ret, struct lf_err *err)
{
    (void)store;
    (void)writer;
    struct lf_store_session *session = lf_calloc(1, sizeof(*session));
    if (session == NULL)
        return lf_no_memory(err);
    *ret = session;
    return LF_OK;
}

static void
memory_session_close(struct lf_store_session *session)
{
    lf_free(session);
}

/* ---- transactions ---- */

static enum lf_status
memory_begin(struct lf_store_session *session, struct lf_err *err)
{
    struct memory_store *store = store_of(session);
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&store->lock);
    if (store->tx != NULL)
        st = lf_fail(err, LF_UNAVAILABLE, "another session's transaction is open");
    else
        store->tx = session;
    pthread_mutex_unlock(&store->lock);
    return st;
}

/* Every touched row takes its new state, or goes back; rows without any are dropped. Needs no memory. */
static void
settle_entities(struct memory_store *store, bool commit)
{
    for (size_t i = 0; i < store->touched_count; i++) {
        struct memory_entity *row = store->touched[i];
        struct memory_state *gone = commit ? row->committed : row->pending;
        if (commit)
            row->committed = row->pending;
        free_state(gone);
        row->pending = NULL;
        row->touched = false;
        if (row->committed == NULL) {
            lf_map_remove(&store->tables[row->table], lf_bytes(row->key, row->key_len));
            free_entity(row);
        }
    }
    store->touched_count = 0;
}

static void
settle_positions(struct memory_store *store, bool commit)
{
    size_t at = 0;
    const struct lf_map_entry *entry;
    while ((entry = lf_map_next(&store->positions, &at)) != NULL) {
        struct memory_position *position = entry->value;
        if (position->touched && commit)
            position->committed = position->pending;
        position->touched = false;
    }
}

static enum lf_status
memory_commit(struct lf_store_session *session, struct lf_err *err)
{
    struct memory_store *store = store_of(session);
    (void)err;
    pthread_mutex_lock(&store->lock);
    settle_entities(store, true);
    settle_positions(store, true);
    store->event_committed = store->event_count;
    store->letter_committed = store->letter_count;
    store->tx = NULL;
    pthread_mutex_unlock(&store->lock);
    return LF_OK;
}

static void
drop_pending(struct memory_store *store)
{
    while (store->event_count > store->event_committed) {
        struct memory_event *event = store->events[--store->event_count];
        lf_map_remove(&store->by_id, event->stored.event.id);
        lf_map_remove(&store->by_place, event->place);
        free_event(event);
    }
    while (store->letter_count > store->letter_committed) {
        struct memory_letter *letter = store->letters[--store->letter_count];
        lf_map_remove(&store->letter_by_place, letter->place);
        free_letter(letter);
    }
}

static void
memory_abort(struct lf_store_session *session)
{
    struct memory_store *store = store_of(session);
    pthread_mutex_lock(&store->lock);
    settle_entities(store, false);
    settle_positions(store, false);
    drop_pending(store);
    store->tx = NULL;
    pthread_mutex_unlock(&store->lock);
}

/* ---- writing ---- */

/* Headers as they will be read: an object. */
static enum lf_status
headers_value(const struct lf_event *event, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    struct lf_buf json;
    lf_buf_init(&json, LF_RECORD_BYTES_MAX * 2u);
    enum lf_status st = lf_store_write_headers(&json, event->headers, event->header_count, err);
    if (st == LF_OK)
        st = lf_buf_status(&json, err);
    if (st == LF_OK) {
        struct lf_bytes copy = lf_arena_copy(arena, lf_buf_view(&json));
        st = copy.ptr != NULL ? lf_json_parse(arena, copy, ret, err) : lf_no_memory(err);
    }
    lf_buf_release(&json);
    return st;
}

static enum lf_status
make_event(const struct memory_store *store, const struct lf_event *event, struct memory_event *row, struct lf_err *err)
{
    struct lf_stored_event stored = {.status = LF_EVENT_STORED, .event = *event, .stored_at_us = lf_clock_real_us()};
    if (event->type != NULL && event->type->entity != NULL)
        stored.entity_type = event->type->entity->name;
    enum lf_status st = headers_value(event, &row->arena, &stored.headers, err);
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
        free_event(row);
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
    free_event(row);
    return st;
}

static enum lf_status
memory_append(struct lf_store_session *session, const struct lf_event *const *events, size_t count,
              enum lf_append_outcome *ret_outcomes, struct lf_err *err)
{
    struct memory_store *store = store_of(session);
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
        free_entity(row);
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
        free_state(state);
        return st;
    }
    if (!row->touched)
        store->touched[store->touched_count++] = row;
    free_state(row->pending);
    row->touched = true;
    row->pending = state;
    return LF_OK;
}

static enum lf_status
memory_save(struct lf_store_session *session, const struct lf_entity *entity, const struct lf_state_change *changes,
            size_t count, struct lf_err *err)
{
    struct memory_store *store = store_of(session);
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
    bool ok = row->place.ptr != NULL && copy_letter(letter, &row->arena, &row->letter);
    if (ok && lf_map_get(&store->letter_by_place, row->place) != NULL) {
        free_letter(row);
        return LF_OK;
    }
    ok = ok && grow(&store->letters, store->letter_count, &store->letter_cap) &&
         lf_map_add(&store->letter_by_place, row->place, row) == LF_OK;
    if (!ok) {
        free_letter(row);
        return lf_no_memory(err);
    }
    row->letter.id = ++store->last_letter_id;
    store->letters[store->letter_count++] = row;
    return LF_OK;
}

static enum lf_status
memory_bury(struct lf_store_session *session, const struct lf_dead_letter *letters, size_t count, struct lf_err *err)
{
    struct memory_store *store = store_of(session);
    enum lf_status st = LF_OK;
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; st == LF_OK && i < count; i++)
        st = bury_one(store, &letters[i], err);
    pthread_mutex_unlock(&store->lock);
    return st;
}

/* ---- positions ---- */

static struct lf_bytes
position_key(struct lf_arena *arena, struct lf_bytes group, struct lf_bytes topic, int32_t partition)
{
    return lf_bytes_of(
        lf_arena_printf(arena, "%d %zu %.*s %.*s", (int)partition, group.len, LF_FMT(group), LF_FMT(topic)));
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

static enum lf_status
memory_advance(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
               int64_t expected, int64_t next, struct lf_err *err)
{
    struct memory_store *store = store_of(session);
    struct memory_position *row;
    struct lf_arena arena;
    lf_arena_init(&arena, 256, 0);
    pthread_mutex_lock(&store->lock);
    struct lf_bytes key = position_key(&arena, group, topic, partition);
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

static enum lf_status
memory_position(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
                int64_t *ret_next, struct lf_err *err)
{
    struct memory_store *store = store_of(session);
    struct lf_arena arena;
    lf_arena_init(&arena, 256, 0);
    struct lf_bytes key = position_key(&arena, group, topic, partition);
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

/* ---- reading ---- */

static enum lf_status
memory_load(struct lf_store_session *session, const struct lf_entity *entity, const struct lf_bytes *keys, size_t count,
            struct lf_arena *arena, struct lf_value *ret_states, struct lf_err *err)
{
    struct memory_store *store = store_of(session);
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

static enum lf_status
memory_get(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes key,
           struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    struct lf_value state;
    enum lf_status st = memory_load(session, entity, &key, 1, arena, &state, err);
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

static enum lf_status
memory_event(struct lf_store_session *session, struct lf_bytes id, struct lf_arena *arena, struct lf_stored_event *ret,
             struct lf_err *err)
{
    struct memory_store *store = store_of(session);
    enum lf_status st;
    pthread_mutex_lock(&store->lock);
    const struct memory_event *event = find_event(store, session, id);
    const struct memory_letter *row = event == NULL ? find_letter(store, session, id) : NULL;
    struct lf_dead_letter letter;
    if (event != NULL)
        st = lf_memory_copy_event(&event->stored, store->base.model, arena, ret, err);
    else if (row == NULL)
        st = lf_fail(err, LF_NOT_FOUND, "there is no event with id \"%.*s\"", LF_FMT(id));
    else if (!copy_letter(&row->letter, arena, &letter))
        st = lf_no_memory(err);
    else
        st = lf_store_letter_as_event(&letter, store->base.model, arena, ret, err);
    pthread_mutex_unlock(&store->lock);
    return st;
}

static enum lf_status
memory_dead_letters(struct lf_store_session *session, int64_t after, size_t max, struct lf_arena *arena,
                    struct lf_dead_letter **ret, size_t *ret_count, struct lf_err *err)
{
    struct memory_store *store = store_of(session);
    struct lf_dead_letter *letters = LF_ARENA_ARRAY(arena, struct lf_dead_letter, max);
    enum lf_status st = letters != NULL ? LF_OK : lf_no_memory(err);
    size_t count = 0;
    pthread_mutex_lock(&store->lock);
    size_t all = visible(store, session, store->letter_committed, store->letter_count);
    for (size_t i = 0; st == LF_OK && i < all && count < max; i++) {
        const struct lf_dead_letter *letter = &store->letters[i]->letter;
        if (letter->id > after && !copy_letter(letter, arena, &letters[count++]))
            st = lf_no_memory(err);
    }
    pthread_mutex_unlock(&store->lock);
    if (st == LF_OK) {
        *ret = letters;
        *ret_count = count;
    }
    return st;
}

const struct lf_store_ops lf_store_memory = {
    .name = "memory",
    .scheme = "memory:",
    .open = memory_open,
    .close = memory_close,
    .health = memory_health,
    .session_open = memory_session_open,
    .session_close = memory_session_close,
    .begin = memory_begin,
    .append = memory_append,
    .load = memory_load,
    .save = memory_save,
    .bury = memory_bury,
    .advance = memory_advance,
    .commit = memory_commit,
    .abort = memory_abort,
    .position = memory_position,
    .get = memory_get,
    .event = memory_event,
    .list = lf_memory_list,
    .dead_letters = memory_dead_letters,
};
