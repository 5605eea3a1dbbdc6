/*
 * Entities: one document each, with the entity's fields and, under _lf, what the store needs: v, a number that every
 * write changes; at, for each partition the last event that is in the state; null, the fields that are null, since
 * nulls would come first in orders; key, what fields are compared by; gone, since when it is deleted.
 */
#include "store/mongodb/mongodb.h"

#include "base/clock.h"

#include <string.h>

/* ---- documents to states ---- */

static enum lf_status
read_field(const bson_t *document, const struct lf_field *field, struct lf_arena *arena, struct lf_value *ret,
           struct lf_err *err)
{
    char name[256];
    struct lf_value value;
    if (field->name.len >= sizeof(name))
        return lf_fail(err, LF_INVALID, "a field's name is longer than %zu bytes", sizeof(name) - 1);
    memcpy(name, field->name.ptr, field->name.len);
    name[field->name.len] = '\0';
    if (lf_column_of(field) == LF_COLUMN_JSON)
        return lf_mongo_get_json(document, name, arena, ret, err);
    struct lf_bytes text = lf_bson_get_text(document, name);
    if (text.ptr != NULL) {
        text = lf_arena_copy(arena, text);
        *ret = lf_value_string(text);
        return text.ptr != NULL ? LF_OK : lf_no_memory(err);
    }
    enum lf_status st = lf_mongo_get_json(document, name, arena, &value, err);
    return st == LF_OK ? lf_store_normalize(field, &value, arena, ret, err) : st;
}

enum lf_status
lf_mongo_read_state(const bson_t *document, const struct lf_entity *entity, struct lf_arena *arena,
                    struct lf_value *ret, struct lf_err *err)
{
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, entity->field_count);
    if (members == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < entity->field_count; i++) {
        members[i].name = entity->fields[i].name;
        enum lf_status st = read_field(document, &entity->fields[i], arena, &members[i].value, err);
        if (st != LF_OK)
            return st;
    }
    *ret = lf_value_object(members, entity->field_count);
    return LF_OK;
}

static enum lf_status
read_places(const bson_t *document, struct lf_arena *arena, struct lf_mongo_state *state, struct lf_err *err)
{
    bson_iter_t top, at, items;
    size_t cap = 0;
    if (!bson_iter_init(&top, document) || !bson_iter_find_descendant(&top, "_lf.at", &at) ||
        !bson_iter_recurse(&at, &items))
        return LF_OK;
    while (bson_iter_next(&items)) {
        uint32_t len = 0;
        const uint8_t *bytes = NULL;
        bson_t place;
        if (!BSON_ITER_HOLDS_DOCUMENT(&items))
            continue;
        bson_iter_document(&items, &len, &bytes);
        struct lf_mongo_place *grown =
            lf_arena_grow(arena, state->places, state->place_count, &cap, sizeof(*state->places));
        if (grown == NULL || !bson_init_static(&place, bytes, len))
            return lf_no_memory(err);
        state->places = grown;
        grown[state->place_count] =
            (struct lf_mongo_place){.topic = lf_bson_get_text(&place, "topic"),
                                    .partition = (int32_t)lf_bson_get_int(&place, "partition", -1),
                                    .offset = lf_bson_get_int(&place, "offset", -1)};
        state->place_count++;
    }
    return LF_OK;
}

/* ---- what a transaction knows of an entity ---- */

static struct lf_mongo_state *
known(const struct lf_mongo_session *session, const struct lf_entity *entity, struct lf_bytes key)
{
    return lf_map_get(&session->tx.states[entity->index], key);
}

struct lf_mongo_state *
lf_mongo_state_of(struct lf_mongo_session *session, const struct lf_entity *entity, struct lf_bytes key)
{
    struct lf_mongo_state *state = known(session, entity, key);
    if (state != NULL)
        return state;
    state = LF_ARENA_NEW(&session->tx.arena, struct lf_mongo_state);
    if (state == NULL)
        return NULL;
    state->key = lf_arena_copy(&session->tx.arena, key.ptr != NULL ? key : LF_LIT(""));
    if (state->key.ptr == NULL || lf_map_add(&session->tx.states[entity->index], state->key, state) != LF_OK)
        return NULL;
    return state;
}

enum lf_status
lf_mongo_take_state(struct lf_mongo_session *session, struct lf_mongo_state *state, const bson_t *document,
                    struct lf_err *err)
{
    struct lf_arena *arena = &session->tx.arena;
    bson_t copy;
    bson_iter_t iter;
    int64_t version = lf_bson_get_int(document, "_lf.v", 0);
    state->version = version > 0 ? version : -1;
    state->document = lf_arena_copy(arena, lf_bytes((const char *)bson_get_data(document), document->len));
    if (state->document.ptr == NULL)
        return lf_no_memory(err);
    if (!bson_init_static(&copy, (const uint8_t *)state->document.ptr, state->document.len))
        return lf_fail(err, LF_INTERNAL, "a document cannot be read again");
    state->exists = !(bson_iter_init(&iter, &copy) && bson_iter_find_descendant(&iter, "_lf.gone", &(bson_iter_t){0}));
    state->places = NULL;
    state->place_count = 0;
    return read_places(&copy, arena, state, err);
}

struct loading {
    struct lf_mongo_session *session;
    const struct lf_entity *entity;
};

static enum lf_status
note_state(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct loading *loading = ctx;
    struct lf_mongo_state *state = known(loading->session, loading->entity, lf_bson_get_text(document, "_id"));
    if (state == NULL)
        return LF_OK;
    enum lf_status st = lf_mongo_take_state(loading->session, state, document, err);
    if (st == LF_OK && state->version < 0)
        st = lf_fail(err, LF_CORRUPT,
                     "%.*s \"%.*s\" is a document that the store has not written: logfirst rebuild %.*s",
                     LF_FMT(loading->entity->name), LF_FMT(state->key), LF_FMT(loading->entity->name));
    return st;
}

/* Those of the entity that are not loaded, as keys in the transaction's arena. */
static struct lf_bytes *
unloaded(struct lf_mongo_session *session, const struct lf_entity *entity, size_t *ret_count)
{
    const struct lf_map *map = &session->tx.states[entity->index];
    struct lf_bytes *keys = LF_ARENA_ARRAY(&session->tx.arena, struct lf_bytes, map->count);
    size_t at = 0;
    *ret_count = 0;
    if (keys == NULL)
        return NULL;
    for (const struct lf_map_entry *entry; (entry = lf_map_next(map, &at)) != NULL;) {
        if (!((const struct lf_mongo_state *)entry->value)->loaded)
            keys[(*ret_count)++] = entry->key;
    }
    return keys;
}

static enum lf_status
collection_of(const struct lf_entity *entity, struct lf_arena *arena, const char **ret, struct lf_err *err)
{
    *ret = lf_arena_text(arena, entity->collection);
    return *ret != NULL ? LF_OK : lf_no_memory(err);
}

enum lf_status
lf_mongo_load_states(struct lf_mongo_session *session, const struct lf_entity *entity, struct lf_err *err)
{
    struct loading loading = {.session = session, .entity = entity};
    const char *collection;
    size_t count = 0, at = 0;
    struct lf_bytes *keys = unloaded(session, entity, &count);
    if (keys == NULL)
        return lf_no_memory(err);
    if (count == 0)
        return LF_OK;
    enum lf_status st = collection_of(entity, &session->tx.arena, &collection, err);
    if (st != LF_OK)
        return st;
    lf_mongo_filter_texts(session, LF_LIT("_id"), keys, count);
    st = lf_mongo_ask(session, collection, "reading states", note_state, &loading, err);
    if (st != LF_OK)
        return st;
    for (const struct lf_map_entry *entry; (entry = lf_map_next(&session->tx.states[entity->index], &at)) != NULL;)
        ((struct lf_mongo_state *)entry->value)->loaded = true;
    return LF_OK;
}

bool
lf_mongo_covers(const struct lf_mongo_state *state, const struct lf_place *place)
{
    for (size_t i = 0; i < state->place_count; i++) {
        const struct lf_mongo_place *last = &state->places[i];
        if (last->partition == place->partition && lf_bytes_equal(last->topic, place->topic))
            return last->offset >= place->offset;
    }
    return false;
}

/*
 * What append took for new may be in the state already: of a commit that was cut short, when nobody had reason to look
 * for its events. Then all of it is looked at again.
 */
static enum lf_status
suspect(struct lf_mongo_session *session, const struct lf_mongo_state *state, struct lf_err *err)
{
    for (const struct lf_mongo_row *row = state->rows; row != NULL && !session->tx.looked_up; row = row->next) {
        if (!lf_mongo_covers(state, &row->place))
            continue;
        session->smooth = 0;
        return lf_fail(err, LF_AGAIN, "event \"%.*s\" is in its entity's state already", LF_FMT(row->id));
    }
    return LF_OK;
}

static enum lf_status
give_state(const struct lf_mongo_state *state, const struct lf_entity *entity, struct lf_arena *arena,
           struct lf_value *ret, struct lf_err *err)
{
    bson_t document;
    *ret = LF_VALUE_NULL;
    if (!state->exists)
        return LF_OK;
    if (!bson_init_static(&document, (const uint8_t *)state->document.ptr, state->document.len))
        return lf_fail(err, LF_INTERNAL, "a document cannot be read again");
    return lf_mongo_read_state(&document, entity, arena, ret, err);
}

static enum lf_status
load(struct lf_mongo_session *session, const struct lf_entity *entity, const struct lf_bytes *keys, size_t count,
     struct lf_arena *arena, struct lf_value *ret_states, struct lf_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (lf_mongo_state_of(session, entity, keys[i]) == NULL)
            return lf_no_memory(err);
    }
    enum lf_status st = lf_mongo_load_states(session, entity, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        const struct lf_mongo_state *state = known(session, entity, keys[i].ptr != NULL ? keys[i] : LF_LIT(""));
        LF_ASSERT(state != NULL);
        st = suspect(session, state, err);
        if (st == LF_OK)
            st = give_state(state, entity, arena, &ret_states[i], err);
    }
    return st;
}

enum lf_status
lf_mongo_load(struct lf_store_session *base, const struct lf_entity *entity, const struct lf_bytes *keys, size_t count,
              struct lf_arena *arena, struct lf_value *ret_states, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    if (!base->in_tx)
        lf_mongo_tx_clear(session);
    enum lf_status st = load(session, entity, keys, count, arena, ret_states, err);
    if (!base->in_tx)
        lf_mongo_tx_clear(session); /* it was only to be read */
    return st;
}

/* Outside of a transaction: one document, as it is. */
struct one {
    const struct lf_entity *entity;
    struct lf_arena *arena;
    struct lf_value state;
};

static enum lf_status
note_one(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct one *one = ctx;
    bson_iter_t iter, gone;
    if (bson_iter_init(&iter, document) && bson_iter_find_descendant(&iter, "_lf.gone", &gone))
        return LF_OK;
    return lf_mongo_read_state(document, one->entity, one->arena, &one->state, err);
}

static enum lf_status
find_one(struct lf_mongo_session *session, struct one *one, struct lf_bytes key, struct lf_err *err)
{
    const char *collection;
    enum lf_status st = collection_of(one->entity, one->arena, &collection, err);
    if (st != LF_OK)
        return st;
    lf_buf_clear(&session->filter);
    size_t start = lf_bson_begin(&session->filter);
    lf_bson_text(&session->filter, LF_LIT("_id"), key.ptr != NULL ? key : LF_LIT(""));
    lf_bson_end(&session->filter, start);
    lf_buf_clear(&session->opts);
    lf_bson_end(&session->opts, lf_bson_begin(&session->opts));
    return lf_mongo_ask(session, collection, "reading a state", note_one, one, err);
}

enum lf_status
lf_mongo_get(struct lf_store_session *base, const struct lf_entity *entity, struct lf_bytes key, struct lf_arena *arena,
             struct lf_value *ret, struct lf_err *err)
{
    struct one one = {.entity = entity, .arena = arena, .state = LF_VALUE_NULL};
    enum lf_status st = base->in_tx ? lf_mongo_load(base, entity, &key, 1, arena, &one.state, err)
                                    : find_one(lf_mongo_session(base), &one, key, err);
    if (st != LF_OK)
        return st;
    if (one.state.type == LF_V_NULL)
        return lf_fail(err, LF_NOT_FOUND, "there is no %.*s with key \"%.*s\"", LF_FMT(entity->name), LF_FMT(key));
    *ret = one.state;
    return LF_OK;
}
