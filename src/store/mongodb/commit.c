/*
 * The one place that writes: dead letters, events in the order of their appending, entities on condition that they are
 * as they were loaded, positions on condition that they are what was expected. The order matters where there is no
 * transaction around it: whatever stops it, what is written is a beginning that comes out the same when the batch is
 * read again. See docs/store-mongodb.md before changing it.
 */
#include "store/mongodb/mongodb.h"

#include "base/clock.h"
#include "base/crash.h"

/* ---- commands of many parts ---- */

struct command {
    struct lf_mongo_session *session;
    const char *verb, *list, *collection, *doing; /* "insert", "documents", … */
    bool ordered;
    size_t start, list_start, parts; /* of the command in work */
    int64_t expected, done;          /* parts of all commands, and what came of them */
};

static void
begin_command(struct command *command)
{
    struct lf_buf *out = &command->session->command;
    lf_buf_clear(out);
    command->parts = 0;
    command->start = lf_bson_begin(out);
    lf_bson_text(out, lf_bytes_of(command->verb), lf_bytes_of(command->collection));
    lf_bson_bool(out, LF_LIT("ordered"), command->ordered);
    command->list_start = lf_bson_open(out, LF_BSON_ARRAY, lf_bytes_of(command->list));
}

/* Somebody else has been there: nothing that was decided holds any more. */
static enum lf_status
overtaken(struct lf_mongo_session *session, const char *doing, struct lf_err *err)
{
    session->smooth = 0;
    return lf_fail(err, LF_AGAIN, "%s: another has written there meanwhile, or a commit was cut short", doing);
}

static enum lf_status
send_command(struct command *command, struct lf_err *err)
{
    struct lf_buf *out = &command->session->command;
    struct lf_mongo_done done = {0};
    if (command->parts == 0)
        return LF_OK;
    lf_bson_end(out, command->list_start);
    lf_bson_end(out, command->start);
    enum lf_status st = lf_buf_status(out, err);
    if (st == LF_OK)
        st = lf_mongo_write(&command->session->link, lf_buf_view(out), command->doing, &done, err);
    command->done += done.n;
    command->parts = 0;
    return st == LF_OK && done.duplicate ? overtaken(command->session, command->doing, err) : st;
}

/* Makes room for one more part of so many bytes: its key is to be written next. */
static enum lf_status
next_part(struct command *command, size_t len, char index[24], struct lf_bytes *ret_key, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    bool two_steps = command->session->store->two_steps;
    size_t most = two_steps ? LF_MONGO_TWO_STEPS_MAX : LF_MONGO_COMMAND_DOCUMENTS;
    if (command->parts != 0 && (command->parts == most || command->session->command.len + len > LF_MONGO_COMMAND_BYTES))
        st = send_command(command, err);
    if (command->parts == 0)
        begin_command(command);
    *ret_key = lf_bson_index(command->parts++, index);
    command->expected++;
    return st;
}

static enum lf_status
add_document(struct command *command, struct lf_bytes document, struct lf_err *err)
{
    char index[24];
    struct lf_bytes key;
    enum lf_status st = next_part(command, document.len, index, &key, err);
    if (st == LF_OK)
        lf_bson_embed(&command->session->command, LF_BSON_DOCUMENT, key, document);
    return st;
}

static struct command
insertion(struct lf_mongo_session *session, const char *collection, const char *doing, bool ordered)
{
    return (struct command){.session = session,
                            .verb = "insert",
                            .list = "documents",
                            .collection = collection,
                            .doing = doing,
                            .ordered = ordered};
}

/* ---- the steps ---- */

static enum lf_status
write_letters(struct lf_mongo_session *session, struct lf_err *err)
{
    const struct lf_mongo_tx *tx = &session->tx;
    struct command command = insertion(session, LF_MONGO_LETTERS, "storing dead letters", true);
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < tx->grave_count; i++)
        st = add_document(&command, lf_bytes(tx->letters.ptr + tx->graves[i].at, tx->graves[i].len), err);
    return st == LF_OK ? send_command(&command, err) : st;
}

/* Ordered: what is there after a crash is the beginning of the batch, so that within a partition events are stored, and
 * numbered, in the order of the log. */
static enum lf_status
write_events(struct lf_mongo_session *session, struct lf_err *err)
{
    const struct lf_mongo_tx *tx = &session->tx;
    struct command command = insertion(session, LF_MONGO_EVENTS, "storing events", true);
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < tx->row_count; i++) {
        if (tx->rows[i]->len != 0)
            st = add_document(&command, lf_bytes(tx->events.ptr + tx->rows[i]->at, tx->rows[i]->len), err);
    }
    return st == LF_OK ? send_command(&command, err) : st;
}

/* {"q": {"_id": id}, "u": {"$set": {"sequence": number}}} */
static enum lf_status
add_number(struct command *command, const struct lf_mongo_row *row, struct lf_err *err)
{
    struct lf_buf *out = &command->session->command;
    char index[24];
    struct lf_bytes key;
    enum lf_status st = next_part(command, row->id.len + 128, index, &key, err);
    if (st != LF_OK)
        return st;
    size_t part = lf_bson_open(out, LF_BSON_DOCUMENT, key);
    size_t condition = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("q"));
    lf_bson_text(out, LF_LIT("_id"), row->id);
    lf_bson_end(out, condition);
    size_t update = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("u"));
    size_t set = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("$set"));
    lf_bson_int64(out, LF_LIT("sequence"), row->sequence);
    lf_bson_end(out, set);
    lf_bson_end(out, update);
    lf_bson_end(out, part);
    return LF_OK;
}

/* Those that were there already, with a number that is too low. */
static enum lf_status
write_numbers(struct lf_mongo_session *session, struct lf_err *err)
{
    const struct lf_mongo_tx *tx = &session->tx;
    struct command command = insertion(session, LF_MONGO_EVENTS, "numbering events", true);
    enum lf_status st = LF_OK;
    command.verb = "update";
    command.list = "updates";
    for (size_t i = 0; st == LF_OK && i < tx->row_count; i++) {
        if (tx->rows[i]->renumbered)
            st = add_number(&command, tx->rows[i], err);
    }
    return st == LF_OK ? send_command(&command, err) : st;
}

enum what { INSERT, REPLACE, DELETE, NOTHING };

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
    const struct lf_mongo_state *state =
        lf_map_get(&versions->session->tx.states[versions->entity->index], lf_bson_get_text(document, "_id"));
    versions->same += state != NULL && state->version == lf_bson_get_int(document, "_lf.v", 0);
    return LF_OK;
}

static enum lf_status
confirm_versions(struct lf_mongo_session *session, const struct lf_entity *entity, const char *collection,
                 struct lf_err *err)
{
    struct versions versions = {.session = session, .entity = entity};
    const struct lf_map *states = &session->tx.states[entity->index];
    struct lf_bytes *keys = LF_ARENA_ARRAY(&session->tx.arena, struct lf_bytes, states->count);
    size_t count = 0, at = 0;
    if (keys == NULL)
        return lf_no_memory(err);
    for (const struct lf_map_entry *entry; (entry = lf_map_next(states, &at)) != NULL;) {
        if (what_to_do(session, entry->value) == REPLACE)
            keys[count++] = entry->key;
    }
    if (count == 0)
        return LF_OK;
    lf_mongo_filter_texts(session, LF_LIT("_id"), keys, count);
    lf_buf_clear(&session->opts);
    size_t start = lf_bson_begin(&session->opts);
    size_t projection = lf_bson_open(&session->opts, LF_BSON_DOCUMENT, LF_LIT("projection"));
    lf_bson_int32(&session->opts, LF_LIT("_lf"), 1);
    lf_bson_end(&session->opts, projection);
    lf_bson_end(&session->opts, start);
    enum lf_status st = lf_mongo_ask(session, collection, "reading versions", note_version, &versions, err);
    return st == LF_OK && versions.same != count ? overtaken(session, "storing states", err) : st;
}

/* {"q": {"_id": key, "_lf.v": version}, …: as it was loaded, or not at all. */
static enum lf_status
add_condition(struct command *command, const struct lf_mongo_state *state, enum what what, struct lf_err *err)
{
    struct lf_buf *out = &command->session->command;
    char index[24];
    struct lf_bytes key;
    enum lf_status st = next_part(command, state->document.len + state->key.len + 128, index, &key, err);
    if (st != LF_OK)
        return st;
    size_t part = lf_bson_open(out, LF_BSON_DOCUMENT, key);
    size_t condition = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("q"));
    lf_bson_text(out, LF_LIT("_id"), state->key);
    if (!command->session->store->two_steps)
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
    struct command command = insertion(session, collection, "storing states", false);
    enum lf_status st = LF_OK;
    size_t at = 0;
    if (what != INSERT) {
        command.verb = what == REPLACE ? "update" : "delete";
        command.list = what == REPLACE ? "updates" : "deletes";
    }
    const struct lf_map *states = &session->tx.states[entity->index];
    for (const struct lf_map_entry *entry; st == LF_OK && (entry = lf_map_next(states, &at)) != NULL;) {
        const struct lf_mongo_state *state = entry->value;
        if (what_to_do(session, state) != what)
            continue;
        st = what == INSERT ? add_document(&command, state->document, err) : add_condition(&command, state, what, err);
    }
    if (st == LF_OK)
        st = send_command(&command, err);
    return st == LF_OK && command.done != command.expected ? overtaken(session, command.doing, err) : st;
}

static enum lf_status
write_states(struct lf_mongo_session *session, struct lf_err *err)
{
    const struct lf_model *model = session->store->base.model;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < model->entity_count; i++) {
        if (session->tx.states[i].count == 0)
            continue;
        const char *collection = lf_arena_text(&session->tx.arena, model->entities[i].collection);
        st = collection != NULL ? LF_OK : lf_no_memory(err);
        if (st == LF_OK && session->store->two_steps)
            st = confirm_versions(session, &model->entities[i], collection, err);
        for (int what = INSERT; st == LF_OK && what <= DELETE; what++)
            st = write_states_so(session, &model->entities[i], collection, (enum what)what, err);
    }
    return st;
}

static void
put_position(struct lf_buf *out, const struct lf_mongo_position *position)
{
    lf_bson_text(out, LF_LIT("_id"), position->id);
    lf_bson_text(out, LF_LIT("consumerGroup"), position->group);
    lf_bson_text(out, LF_LIT("topic"), position->topic);
    lf_bson_int32(out, LF_LIT("partition"), position->partition);
    lf_bson_int64(out, LF_LIT("nextOffset"), position->next);
}

static enum lf_status
add_position(struct command *command, const struct lf_mongo_position *position, struct lf_err *err)
{
    struct lf_buf *out = &command->session->command;
    char index[24];
    struct lf_bytes key;
    enum lf_status st = next_part(command, 512, index, &key, err);
    if (st != LF_OK)
        return st;
    size_t part = lf_bson_open(out, LF_BSON_DOCUMENT, key);
    if (position->expected < 0) {
        put_position(out, position);
    } else {
        size_t condition = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("q"));
        lf_bson_text(out, LF_LIT("_id"), position->id);
        lf_bson_int64(out, LF_LIT("nextOffset"), position->expected);
        lf_bson_end(out, condition);
        size_t update = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("u"));
        size_t set = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("$set"));
        lf_bson_int64(out, LF_LIT("nextOffset"), position->next);
        lf_bson_end(out, set);
        lf_bson_end(out, update);
    }
    lf_bson_end(out, part);
    return LF_OK;
}

static enum lf_status
write_positions_so(struct lf_mongo_session *session, bool first, struct lf_err *err)
{
    const struct lf_mongo_tx *tx = &session->tx;
    struct command command = insertion(session, LF_MONGO_POSITIONS, "moving positions", true);
    const struct lf_mongo_position *one = NULL;
    enum lf_status st = LF_OK;
    if (!first) {
        command.verb = "update";
        command.list = "updates";
    }
    for (size_t i = 0; st == LF_OK && i < tx->position_count; i++) {
        if ((tx->positions[i].expected < 0) != first)
            continue;
        one = &tx->positions[i];
        st = add_position(&command, one, err);
    }
    if (st == LF_OK)
        st = send_command(&command, err);
    if (one != NULL && (st == LF_AGAIN || (st == LF_OK && command.done != command.expected)))
        return lf_store_fenced(one->topic, one->partition, one->expected, err);
    return st;
}

static enum lf_status
write_all(struct lf_mongo_session *session, struct lf_err *err)
{
    enum lf_status st = write_letters(session, err);
    LF_CRASH_POINT("store.buried");
    if (st == LF_OK)
        st = write_events(session, err);
    LF_CRASH_POINT("store.appended");
    if (st == LF_OK)
        st = write_numbers(session, err);
    if (st == LF_OK)
        st = write_states(session, err);
    LF_CRASH_POINT("store.saved");
    if (st == LF_OK)
        st = write_positions_so(session, true, err);
    return st == LF_OK ? write_positions_so(session, false, err) : st;
}

/* ---- around them ---- */

static enum lf_status
start_transaction(struct lf_mongo_link *link, struct lf_err *err)
{
    bson_error_t error = {0};
    enum lf_status st = lf_mongo_link_up(link, err);
    if (st != LF_OK)
        return st;
    link->tx = mongoc_client_start_session(link->client, NULL, &error);
    if (link->tx == NULL || !mongoc_client_session_start_transaction(link->tx, NULL, &error))
        return lf_mongo_fail(link, &error, NULL, "beginning a transaction", err);
    return LF_OK;
}

static enum lf_status
end_transaction(struct lf_mongo_link *link, enum lf_status st, struct lf_err *err)
{
    bson_error_t error = {0};
    bson_t reply;
    if (link->tx == NULL)
        return st;
    if (st == LF_OK) {
        if (!mongoc_client_session_commit_transaction(link->tx, &reply, &error))
            st = lf_mongo_fail(link, &error, &reply, "committing a transaction", err);
        bson_destroy(&reply);
    }
    if (link->tx != NULL)
        mongoc_client_session_destroy(link->tx); /* aborts it, if it has not been committed */
    link->tx = NULL;
    return st;
}

/* Whoever was stopped for long may have been replaced, and what protects from him does not stay for ever. */
static enum lf_status
check_age(const struct lf_mongo_tx *tx, struct lf_err *err)
{
    int64_t age_ms = lf_clock_mono_ms() - tx->since_ms;
    if (age_ms <= (int64_t)LF_MONGO_OPEN_S * 1000)
        return LF_OK;
    return lf_fail(err, LF_TIMEOUT, "the transaction began %lld s ago: too old to be committed",
                   (long long)(age_ms / 1000));
}

enum lf_status
lf_mongo_commit(struct lf_store_session *base, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    enum lf_status st = check_age(&session->tx, err);
    if (st == LF_OK)
        st = lf_mongo_number(session, err);
    if (st == LF_OK && session->store->transactions)
        st = start_transaction(&session->link, err);
    if (st == LF_OK)
        st = write_all(session, err);
    st = end_transaction(&session->link, st, err);
    if (st != LF_OK)
        return st;
    session->smooth += session->tx.new_rows != 0 && session->smooth < LF_MONGO_SMOOTH_MIN;
    lf_mongo_tx_clear(session);
    return LF_OK;
}
