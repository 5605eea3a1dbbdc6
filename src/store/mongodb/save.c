/* States to documents, gathered until commit. */
#include "store/mongodb/mongodb.h"

#include "base/clock.h"

/* A document in work. */
struct making {
    struct lf_mongo_session *session;
    const struct lf_entity *entity;
    const struct lf_state_change *change;
    struct lf_mongo_state *state;
    struct lf_buf *out;
    struct lf_value *values; /* of the fields, in their documents' form; NULL: deleted */
    struct lf_err *err;
};

/* ---- which events are in the state ---- */

static bool
add_place(struct making *making, const struct lf_place *place)
{
    struct lf_mongo_state *state = making->state;
    struct lf_arena *arena = &making->session->tx.arena;
    for (size_t i = 0; i < state->place_count; i++) {
        struct lf_mongo_place *last = &state->places[i];
        if (last->partition != place->partition || !lf_bytes_equal(last->topic, place->topic))
            continue;
        last->offset = last->offset > place->offset ? last->offset : place->offset;
        return true;
    }
    struct lf_mongo_place *grown = LF_ARENA_ARRAY(arena, struct lf_mongo_place, state->place_count + 1);
    struct lf_bytes topic = lf_arena_copy(arena, place->topic);
    if (grown == NULL || topic.ptr == NULL)
        return false;
    for (size_t i = 0; i < state->place_count; i++)
        grown[i] = state->places[i];
    grown[state->place_count++] =
        (struct lf_mongo_place){.topic = topic, .partition = place->partition, .offset = place->offset};
    state->places = grown;
    return true;
}

static bool
add_places(struct making *making)
{
    bool ok = making->change->place.topic.ptr == NULL || add_place(making, &making->change->place);
    for (const struct lf_mongo_row *row = making->state->rows; ok && row != NULL; row = row->next)
        ok = add_place(making, &row->place);
    return ok;
}

/* ---- the document ---- */

void
lf_mongo_put_place(struct lf_buf *out, struct lf_bytes key, const struct lf_mongo_place *place)
{
    size_t one = lf_bson_open(out, LF_BSON_DOCUMENT, key);
    lf_bson_text(out, LF_LIT("topic"), place->topic);
    lf_bson_int32(out, LF_LIT("partition"), place->partition);
    lf_bson_int64(out, LF_LIT("offset"), place->offset);
    lf_bson_end(out, one);
}

static void
put_places(const struct making *making)
{
    char index[24];
    size_t list = lf_bson_open(making->out, LF_BSON_ARRAY, LF_LIT("at"));
    for (size_t i = 0; i < making->state->place_count; i++)
        lf_mongo_put_place(making->out, lf_bson_index(i, index), &making->state->places[i]);
    lf_bson_end(making->out, list);
}

static void
put_nulls(const struct making *making)
{
    const struct lf_entity *entity = making->entity;
    size_t start = 0;
    bool any = false;
    for (size_t i = 0; i < entity->field_count; i++) {
        if (making->values[i].type != LF_V_NULL)
            continue;
        if (!any)
            start = lf_bson_open(making->out, LF_BSON_DOCUMENT, LF_LIT("null"));
        any = true;
        lf_bson_bool(making->out, entity->fields[i].name, true);
    }
    if (any)
        lf_bson_end(making->out, start);
}

static enum lf_status
put_keys(const struct making *making)
{
    const struct lf_entity *entity = making->entity;
    size_t start = 0;
    bool any = false;
    for (size_t i = 0; i < entity->field_count; i++) {
        if (!lf_mongo_has_key(&entity->fields[i]) || making->values[i].type == LF_V_NULL)
            continue;
        if (!any)
            start = lf_bson_open(making->out, LF_BSON_DOCUMENT, LF_LIT("key"));
        any = true;
        struct lf_bytes key =
            lf_mongo_key_text(&entity->fields[i], lf_value_text(&making->values[i]), &making->session->tx.arena);
        if (key.ptr == NULL)
            return lf_no_memory(making->err);
        lf_bson_text(making->out, entity->fields[i].name, key);
    }
    if (any)
        lf_bson_end(making->out, start);
    return LF_OK;
}

static enum lf_status
put_document(const struct making *making, size_t *ret_version_at)
{
    const struct lf_entity *entity = making->entity;
    enum lf_status st = LF_OK;
    size_t start = lf_bson_begin(making->out);
    lf_bson_text(making->out, LF_LIT("_id"), making->state->key);
    for (size_t i = 0; making->values != NULL && i < entity->field_count; i++)
        lf_mongo_put_field(making->out, entity->fields[i].name, &entity->fields[i], &making->values[i]);
    size_t own = lf_bson_open(making->out, LF_BSON_DOCUMENT, LF_LIT("_lf"));
    lf_bson_int64(making->out, LF_LIT("v"), 0);
    *ret_version_at = lf_bson_last_int64(making->out);
    put_places(making);
    if (making->values != NULL) {
        put_nulls(making);
        st = put_keys(making);
    } else {
        lf_bson_date(making->out, LF_LIT("gone"), lf_clock_real_us() / 1000);
    }
    lf_bson_end(making->out, own);
    lf_bson_end(making->out, start);
    return st;
}

/* The fields in the form that documents have them in. */
static enum lf_status
make_values(struct making *making)
{
    const struct lf_entity *entity = making->entity;
    struct lf_arena *arena = &making->session->tx.arena;
    struct lf_value key, value;
    if (making->change->state.type == LF_V_NULL)
        return LF_OK;
    making->values = LF_ARENA_ARRAY(arena, struct lf_value, entity->field_count);
    if (making->values == NULL)
        return lf_no_memory(making->err);
    enum lf_status st = lf_store_key_value(entity, making->change->key, &key, making->err);
    for (size_t i = 0; st == LF_OK && i < entity->field_count; i++) {
        st = lf_store_field_value(entity, &making->change->state, &key, i, arena, &value, making->err);
        if (st == LF_OK)
            st = lf_mongo_field_form(&entity->fields[i], &value, arena, &making->values[i], making->err);
    }
    return st;
}

static enum lf_status
make_document(struct making *making)
{
    struct lf_mongo_state *state = making->state;
    if (!add_places(making))
        return lf_no_memory(making->err);
    lf_buf_clear(making->out);
    enum lf_status st = put_document(making, &state->version_at);
    if (st == LF_OK)
        st = lf_buf_status(making->out, making->err);
    if (st == LF_OK && making->out->len > LF_MONGO_DOCUMENT_MAX)
        st = lf_fail(making->err, LF_LIMIT, "%.*s \"%.*s\" is a document of %zu bytes, MongoDB takes at most %d",
                     LF_FMT(making->entity->name), LF_FMT(state->key), making->out->len, LF_MONGO_DOCUMENT_MAX);
    if (st != LF_OK)
        return st;
    state->document = lf_arena_copy(&making->session->tx.arena, lf_buf_view(making->out));
    if (state->document.ptr == NULL)
        return lf_no_memory(making->err);
    state->exists = making->values != NULL;
    state->saved = true;
    return LF_OK;
}

enum lf_status
lf_mongo_make_state(struct lf_mongo_session *session, const struct lf_entity *entity,
                    const struct lf_state_change *change, struct lf_mongo_state *state, struct lf_err *err)
{
    struct making making = {
        .session = session, .entity = entity, .change = change, .state = state, .out = &session->command, .err = err};
    enum lf_status st = make_values(&making);
    return st == LF_OK ? make_document(&making) : st;
}

enum lf_status
lf_mongo_save(struct lf_store_session *base, const struct lf_entity *entity, const struct lf_state_change *changes,
              size_t count, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    enum lf_status st = LF_OK;
    for (size_t i = 0; i < count; i++) {
        if (lf_mongo_state_of(session, entity, changes[i].key) == NULL)
            return lf_no_memory(err);
    }
    st = lf_mongo_load_states(session, entity, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        struct lf_mongo_state *state = lf_mongo_state_of(session, entity, changes[i].key);
        st = state != NULL ? lf_mongo_make_state(session, entity, &changes[i], state, err) : lf_no_memory(err);
    }
    return st;
}
