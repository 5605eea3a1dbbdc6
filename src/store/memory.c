/*
 * The store in memory: gone with the process, for tests and for trying things out. Complete in what store.h promises:
 * others see a transaction only once it has committed.
 */
#include "store/memory.h"

#include "base/mem.h"

static void
memory_close(struct lf_store *base)
{
    struct memory_store *store = (struct memory_store *)base;
    size_t at = 0;
    const struct lf_map_entry *entry;
    for (size_t i = 0; i < store->event_count; i++)
        lf_memory_free_event(store->events[i]);
    for (size_t i = 0; i < store->letter_count; i++)
        lf_memory_free_letter(store->letters[i]);
    for (size_t i = 0; store->tables != NULL && i < base->model->entity_count; i++) {
        for (at = 0; (entry = lf_map_next(&store->tables[i], &at)) != NULL;)
            lf_memory_free_entity(entry->value);
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
    struct memory_store *store = lf_memory_store(session);
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
        lf_memory_free_state(gone);
        row->pending = NULL;
        row->touched = false;
        if (row->committed == NULL) {
            lf_map_remove(&store->tables[row->table], lf_bytes(row->key, row->key_len));
            lf_memory_free_entity(row);
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
memory_begin_alone(struct lf_store_session *session, int64_t *ret_last, struct lf_err *err)
{
    const struct memory_store *store = lf_memory_store(session);
    enum lf_status st = memory_begin(session, err);
    if (st == LF_OK) /* nobody else changes it from now on */
        *ret_last = (int64_t)store->event_committed;
    return st;
}

static enum lf_status
memory_commit(struct lf_store_session *session, struct lf_err *err)
{
    struct memory_store *store = lf_memory_store(session);
    (void)err;
    pthread_mutex_lock(&store->lock);
    settle_entities(store, true);
    lf_memory_settle_swap(store, true);
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
        lf_memory_free_event(event);
    }
    while (store->letter_count > store->letter_committed) {
        struct memory_letter *letter = store->letters[--store->letter_count];
        lf_map_remove(&store->letter_by_place, letter->place);
        lf_memory_free_letter(letter);
    }
}

static void
memory_abort(struct lf_store_session *session)
{
    struct memory_store *store = lf_memory_store(session);
    pthread_mutex_lock(&store->lock);
    settle_entities(store, false);
    lf_memory_settle_swap(store, false);
    settle_positions(store, false);
    drop_pending(store);
    store->tx = NULL;
    pthread_mutex_unlock(&store->lock);
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
    .append = lf_memory_append,
    .load = lf_memory_load,
    .save = lf_memory_save,
    .bury = lf_memory_bury,
    .advance = lf_memory_advance,
    .commit = memory_commit,
    .abort = memory_abort,
    .begin_alone = memory_begin_alone,
    .swap = lf_memory_swap,
    .drop = lf_memory_drop,
    .walk = lf_memory_walk,
    .position = lf_memory_position,
    .get = lf_memory_get,
    .event = lf_memory_event,
    .list = lf_memory_list,
    .dead_letters = lf_memory_dead_letters,
};
