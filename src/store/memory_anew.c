/* States computed anew in the memory store: alone by nature, since it has one transaction at a time. */
#include "store/memory.h"

#include "base/map.h"

/* The table of a collection; entity_count: there is none. */
static size_t
find_table(const struct memory_store *store, struct lf_bytes collection)
{
    const struct lf_model *model = store->base.model;
    size_t i = 0;
    while (i < model->entity_count && !lf_bytes_equal(model->entities[i].collection, collection))
        i++;
    return i;
}

enum lf_status
lf_memory_swap(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes collection,
               struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    size_t other = find_table(store, collection);
    if (other == store->base.model->entity_count)
        return lf_fail(err, LF_NOT_FOUND, "the store has no collection \"%.*s\"", LF_FMT(collection));
    pthread_mutex_lock(&store->lock);
    store->swap_a = entity->index;
    store->swap_b = other;
    pthread_mutex_unlock(&store->lock);
    return LF_OK;
}

static void
set_table(const struct lf_map *table, size_t index)
{
    size_t at = 0;
    for (const struct lf_map_entry *entry; (entry = lf_map_next(table, &at)) != NULL;)
        ((struct memory_entity *)entry->value)->table = index;
}

void
lf_memory_settle_swap(struct memory_store *store, bool commit)
{
    size_t a = store->swap_a, b = store->swap_b;
    store->swap_a = store->swap_b = 0;
    if (!commit || a == b)
        return;
    struct lf_map table = store->tables[a];
    store->tables[a] = store->tables[b];
    store->tables[b] = table;
    set_table(&store->tables[a], a);
    set_table(&store->tables[b], b);
}

enum lf_status
lf_memory_drop(struct lf_store_session *session, struct lf_bytes collection, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    size_t index = find_table(store, collection);
    enum lf_status st = LF_OK;
    if (index == store->base.model->entity_count)
        return LF_OK;
    pthread_mutex_lock(&store->lock);
    size_t at = 0;
    for (const struct lf_map_entry *entry; st == LF_OK && (entry = lf_map_next(&store->tables[index], &at)) != NULL;)
        st = lf_memory_delete(store, entry->value, err);
    pthread_mutex_unlock(&store->lock);
    return st;
}

static bool
is_wanted(const struct lf_walk *walk, const struct lf_stored_event *stored)
{
    if (stored->event.entity_key.ptr == NULL || stored->entity_type.ptr == NULL)
        return false;
    return walk->entity == NULL || lf_bytes_equal(walk->entity->name, stored->entity_type);
}

static enum lf_status
add(struct lf_walk_page *page, const struct lf_stored_event *stored, int64_t sequence, struct lf_err *err)
{
    const struct lf_event *event = &stored->event;
    struct lf_walked row = {.sequence = sequence, .entity_type = stored->entity_type};
    row.event.id = lf_arena_copy(page->arena, event->id);
    row.event.type_name = event->type_name;
    row.event.entity_key = lf_arena_copy(page->arena, event->entity_key);
    row.event.place = event->place;
    row.event.version = event->version;
    if (row.event.id.ptr == NULL || row.event.entity_key.ptr == NULL ||
        !lf_value_copy(page->arena, &event->payload, &row.event.payload))
        return lf_no_memory(err);
    return lf_walk_page_add(page, &row, err);
}

enum lf_status
lf_memory_walk(struct lf_store_session *session, const struct lf_walk *walk, struct lf_arena *arena,
               struct lf_walked **ret, size_t *ret_count, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    struct lf_walk_page page;
    enum lf_status st = lf_walk_page_init(&page, walk, store->base.model, arena, err);
    pthread_mutex_lock(&store->lock);
    size_t end = lf_memory_sees_pending(store, session) ? store->event_count : store->event_committed;
    size_t i = walk->after > 0 ? (size_t)walk->after : 0;
    for (; st == LF_OK && i < end && (int64_t)i < walk->until && page.count < walk->max; i++) {
        if (is_wanted(walk, &store->events[i]->stored))
            st = add(&page, &store->events[i]->stored, (int64_t)i + 1, err);
    }
    pthread_mutex_unlock(&store->lock);
    if (st == LF_OK) {
        *ret = page.items;
        *ret_count = page.count;
    }
    return st;
}
