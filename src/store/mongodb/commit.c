/*
 * The one place that writes: dead letters, events in the order of their appending, entities on condition that they are
 * as they were loaded, positions on condition that they are what was expected. The order matters where there is no
 * transaction around it: whatever stops it, what is written is a beginning that comes out the same when the batch is
 * read again. See docs/store-mongodb.md before changing it.
 */
#include "base/clock.h"
#include "base/crash.h"
#include "store/mongodb/command.h"

/* ---- the steps ---- */

static enum lf_status
write_letters(struct lf_mongo_session *session, struct lf_err *err)
{
    const struct lf_mongo_tx *tx = &session->tx;
    struct lf_mongo_parts command = lf_mongo_insertion(session, LF_MONGO_LETTERS, "storing dead letters", true);
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < tx->grave_count; i++)
        st = lf_mongo_parts_add(&command, lf_bytes(tx->letters.ptr + tx->graves[i].at, tx->graves[i].len), err);
    return st == LF_OK ? lf_mongo_parts_send(&command, err) : st;
}

/* Ordered: what is there after a crash is the beginning of the batch, so that within a partition events are stored, and
 * numbered, in the order of the log. */
static enum lf_status
write_events(struct lf_mongo_session *session, struct lf_err *err)
{
    const struct lf_mongo_tx *tx = &session->tx;
    struct lf_mongo_parts command = lf_mongo_insertion(session, LF_MONGO_EVENTS, "storing events", true);
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < tx->row_count; i++) {
        if (tx->rows[i]->len != 0)
            st = lf_mongo_parts_add(&command, lf_bytes(tx->events.ptr + tx->rows[i]->at, tx->rows[i]->len), err);
    }
    return st == LF_OK ? lf_mongo_parts_send(&command, err) : st;
}

/* {"q": {"_id": id}, "u": {"$set": {"sequence": number}}} */
static enum lf_status
add_number(struct lf_mongo_parts *command, const struct lf_mongo_row *row, struct lf_err *err)
{
    struct lf_buf *out = &command->session->command;
    char index[24];
    struct lf_bytes key;
    enum lf_status st = lf_mongo_parts_next(command, row->id.len + 128, index, &key, err);
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
    struct lf_mongo_parts command = lf_mongo_insertion(session, LF_MONGO_EVENTS, "numbering events", true);
    enum lf_status st = LF_OK;
    command.verb = "update";
    command.list = "updates";
    for (size_t i = 0; st == LF_OK && i < tx->row_count; i++) {
        if (tx->rows[i]->renumbered)
            st = add_number(&command, tx->rows[i], err);
    }
    return st == LF_OK ? lf_mongo_parts_send(&command, err) : st;
}

void
lf_mongo_put_position(struct lf_buf *out, const struct lf_mongo_position *position)
{
    lf_bson_text(out, LF_LIT("_id"), position->id);
    lf_bson_text(out, LF_LIT("consumerGroup"), position->group);
    lf_bson_text(out, LF_LIT("topic"), position->topic);
    lf_bson_int32(out, LF_LIT("partition"), position->partition);
    lf_bson_int64(out, LF_LIT("nextOffset"), position->next);
}

static enum lf_status
add_position(struct lf_mongo_parts *command, const struct lf_mongo_position *position, struct lf_err *err)
{
    struct lf_buf *out = &command->session->command;
    char index[24];
    struct lf_bytes key;
    enum lf_status st = lf_mongo_parts_next(command, 512, index, &key, err);
    if (st != LF_OK)
        return st;
    size_t part = lf_bson_open(out, LF_BSON_DOCUMENT, key);
    if (position->expected < 0) {
        lf_mongo_put_position(out, position);
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
    struct lf_mongo_parts command = lf_mongo_insertion(session, LF_MONGO_POSITIONS, "moving positions", true);
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
        st = lf_mongo_parts_send(&command, err);
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
        st = lf_mongo_write_states(session, err);
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
    if (st == LF_OK && session->tx.aside != NULL)
        return lf_mongo_commit_aside(session, err);
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
