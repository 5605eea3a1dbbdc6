/*
 * Writing entities on condition that they are as they were loaded: inserted where there was none, replaced where the
 * version is the one that was read.
 */
#include "store/mongodb/command.h"

enum what { INSERT, REPLACE, DELETE, NOTHING };

static struct lf_mongo_parts
state_command(struct lf_mongo_session *session, const char *collection, enum what what)
{
    struct lf_mongo_parts command = lf_mongo_insertion(session, collection, "storing states", false);
    if (what != INSERT) {
        command.verb = what == REPLACE ? "update" : "delete";
        command.list = what == REPLACE ? "updates" : "deletes";
    }
    return command;
}

/* A deleted entity leaves its place behind, unless a transaction protects it from those who have not heard of it. */
static enum what
what_to_do(const struct lf_mongo_session *session, const struct lf_mongo_state *state)
{
    bool remains = state->exists || !session->store->transactions;
    if (!state->saved)
        return NOTHING;
    if (state->version == 0)
        return remains ? INSERT : NOTHING;
    return remains ? REPLACE : DELETE;
}

/*
 * A server whose updates are two steps is asked for the versions just before, and then for documents by _id alone. What
 * is between the two is no longer than between its own, and it need not look at the whole collection for each.
 */
struct versions {
    struct lf_mongo_session *session;
    const struct lf_entity *entity;
    size_t same;
};

static enum lf_status
note_version(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct versions *versions = ctx;
    (void)err;
    struct lf_mongo_state *state =
        lf_map_get(&versions->session->tx.states[versions->entity->index], lf_bson_get_text(document, "_id"));
    if (state == NULL || state->version != lf_bson_get_int(document, "_lf.v", -1))
        return LF_OK;
    state->confirmed = true;
    versions->same++;
    return LF_OK;
}

/* Which of these are as they were loaded? *ret_all: all of them. */
static enum lf_status
confirm_versions(struct lf_mongo_session *session, const struct lf_entity *entity, const char *collection,
                 const struct lf_bytes *keys, size_t count, bool *ret_all, struct lf_err *err)
{
    struct versions versions = {.session = session, .entity = entity};
    lf_mongo_filter_texts(session, LF_LIT("_id"), keys, count);
    lf_buf_clear(&session->opts);
    size_t start = lf_bson_begin(&session->opts);
    size_t projection = lf_bson_open(&session->opts, LF_BSON_DOCUMENT, LF_LIT("projection"));
    lf_bson_int32(&session->opts, LF_LIT("_lf"), 1);
    lf_bson_end(&session->opts, projection);
    lf_bson_end(&session->opts, start);
    enum lf_status st = lf_mongo_ask(session, collection, "reading versions", note_version, &versions, err);
    *ret_all = versions.same == count;
    return st;
}

/* {"q": {"_id": key, "_lf.v": version}, …: as it was loaded, or not at all. */
static enum lf_status
add_condition(struct lf_mongo_parts *command, const struct lf_mongo_state *state, enum what what, struct lf_err *err)
{
    struct lf_buf *out = &command->session->command;
    char index[24];
    struct lf_bytes key;
    enum lf_status st = lf_mongo_parts_next(command, state->document.len + state->key.len + 128, index, &key, err);
    if (st != LF_OK)
        return st;
    size_t part = lf_bson_open(out, LF_BSON_DOCUMENT, key);
    size_t condition = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("q"));
    lf_bson_text(out, LF_LIT("_id"), state->key);
    if (!command->session->store->two_steps && state->version < 0)
        lf_bson_null(out, LF_LIT("_lf.v")); /* absent */
    else if (!command->session->store->two_steps)
        lf_bson_int64(out, LF_LIT("_lf.v"), state->version);
    lf_bson_end(out, condition);
    if (what == REPLACE)
        lf_bson_embed(out, LF_BSON_DOCUMENT, LF_LIT("u"), state->document);
    else
        lf_bson_int32(out, LF_LIT("limit"), 1);
    lf_bson_end(out, part);
    return LF_OK;
}

static enum lf_status
write_states_so(struct lf_mongo_session *session, const struct lf_entity *entity, const char *collection,
                enum what what, struct lf_err *err)
{
    struct lf_mongo_parts command = state_command(session, collection, what);
    enum lf_status st = LF_OK;
    size_t at = 0;
    const struct lf_map *states = &session->tx.states[entity->index];
    for (const struct lf_map_entry *entry; st == LF_OK && (entry = lf_map_next(states, &at)) != NULL;) {
        const struct lf_mongo_state *state = entry->value;
        if (what_to_do(session, state) != what)
            continue;
        st = what == INSERT ? lf_mongo_parts_add(&command, state->document, err)
                            : add_condition(&command, state, what, err);
    }
    if (st == LF_OK)
        st = lf_mongo_parts_send(&command, err);
    return st == LF_OK && command.done != command.expected ? lf_mongo_overtaken(session, command.doing, err) : st;
}

/* Those that are as they were loaded. A review goes on without the others; a batch has them all, or begins anew. */
static enum lf_status
replace_part(struct lf_mongo_parts *command, const struct lf_entity *entity, const struct lf_bytes *keys, size_t count,
             bool *ret_all, struct lf_err *err)
{
    struct lf_mongo_session *session = command->session;
    const struct lf_map *states = &session->tx.states[entity->index];
    enum lf_status st = confirm_versions(session, entity, command->collection, keys, count, ret_all, err);
    if (st == LF_OK && !*ret_all && !session->tx.reviewed)
        return lf_mongo_overtaken(session, command->doing, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        const struct lf_mongo_state *state = lf_map_get(states, keys[i]);
        if (state->confirmed)
            st = add_condition(command, state, REPLACE, err);
    }
    return st == LF_OK ? lf_mongo_parts_send(command, err) : st;
}

/* Replaces documents by _id, each part just after its versions were read. Consumers do not write the same states at the
 * same time, so that all of a batch is one part; a review does, so that its parts are small. */
static enum lf_status
replace_confirmed(struct lf_mongo_session *session, const struct lf_entity *entity, const char *collection,
                  struct lf_err *err)
{
    struct lf_mongo_parts command = state_command(session, collection, REPLACE);
    const struct lf_map *states = &session->tx.states[entity->index];
    struct lf_bytes *keys = LF_ARENA_ARRAY(&session->tx.arena, struct lf_bytes, states->count);
    size_t count = 0, at = 0;
    bool all = true, part_all;
    enum lf_status st = LF_OK;
    if (keys == NULL)
        return lf_no_memory(err);
    for (const struct lf_map_entry *entry; (entry = lf_map_next(states, &at)) != NULL;) {
        if (what_to_do(session, entry->value) == REPLACE)
            keys[count++] = entry->key;
    }
    size_t most = session->tx.reviewed ? LF_MONGO_TWO_STEPS_MAX : count;
    for (size_t i = 0; st == LF_OK && i < count; i += most) {
        st = replace_part(&command, entity, &keys[i], count - i < most ? count - i : most, &part_all, err);
        all = all && part_all;
    }
    return st == LF_OK && (!all || command.done != command.expected) ? lf_mongo_overtaken(session, command.doing, err)
                                                                     : st;
}

static enum lf_status
write_states_of(struct lf_mongo_session *session, const struct lf_entity *entity, struct lf_err *err)
{
    const char *collection = lf_arena_text(&session->tx.arena, entity->collection);
    enum lf_status st = collection != NULL ? LF_OK : lf_no_memory(err);
    for (int what = INSERT; st == LF_OK && what <= DELETE; what++)
        st = what == REPLACE && session->store->two_steps
                 ? replace_confirmed(session, entity, collection, err)
                 : write_states_so(session, entity, collection, (enum what)what, err);
    return st;
}

enum lf_status
lf_mongo_write_states(struct lf_mongo_session *session, struct lf_err *err)
{
    const struct lf_model *model = session->store->base.model;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < model->entity_count; i++) {
        if (session->tx.states[i].count != 0)
            st = write_states_of(session, &model->entities[i], err);
    }
    return st;
}
