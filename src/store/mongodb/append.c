/*
 * What is new? Events are looked for by id and by place, and what is there already is judged. An event that is there
 * in its own place, but not in its entity's state, is one of a commit that was cut short: it counts as appended, so
 * that it is applied now. Only events that no group's position has passed can be such.
 *
 * After a number of commits without any surprise nothing is looked for: the unique indexes and the states' own places
 * find out all the same, at commit, which then fails with LF_AGAIN and is looked into when it comes again.
 */
#include "store/mongodb/mongodb.h"

/* One event in question. */
struct question {
    const struct lf_event *event;
    enum lf_append_outcome *outcome;
    struct lf_mongo_state *state; /* NULL: no entity */
    bool same_place;              /* it is there, in its place */
    int64_t sequence;             /* … with this number */
    bool met;                     /* its id is there in another place, and has been judged */
    bool after;                   /* … later in the same partition, which no whole commit can have left */
};
struct lookup {
    struct lf_mongo_session *session;
    struct question *questions;
    size_t count;
    struct lf_map ids; /* id -> question */
};

static const struct lf_entity *
entity_of(const struct lf_event *event)
{
    const struct lf_entity *entity = event->type != NULL ? event->type->entity : NULL;
    return event->entity_key.ptr != NULL ? entity : NULL;
}

/* ---- what the transaction itself has appended before ---- */

/* The type and payload of one of the transaction's own events. */
static enum lf_status
judge_own(struct lf_mongo_session *session, const struct lf_mongo_row *row, const struct lf_event *event,
          enum lf_append_outcome *ret, struct lf_err *err)
{
    struct lf_value payload;
    bson_t document;
    *ret = LF_APPEND_DUPLICATE;
    if (lf_mongo_same_place(&row->place, &event->place) || row->len == 0)
        return LF_OK;
    if (!bson_init_static(&document, (const uint8_t *)session->tx.events.ptr + row->at, row->len))
        return lf_fail(err, LF_INTERNAL, "a document cannot be read again");
    enum lf_status st = lf_mongo_get_json(&document, "payload", &session->tx.arena, &payload, err);
    if (st == LF_OK)
        *ret = lf_store_judge(event, lf_bson_get_text(&document, "eventType"), &payload);
    return st;
}

/* LF_APPENDED: it is none of them. */
static enum lf_status
among_own(struct lf_mongo_session *session, size_t own_count, const struct lf_event *event, enum lf_append_outcome *ret,
          struct lf_err *err)
{
    const struct lf_mongo_row *same_id = NULL;
    *ret = LF_APPENDED;
    for (size_t i = 0; i < own_count; i++) {
        const struct lf_mongo_row *row = session->tx.rows[i];
        if (lf_mongo_same_place(&row->place, &event->place)) {
            *ret = LF_APPEND_DUPLICATE;
            return LF_OK;
        }
        if (lf_bytes_equal(row->id, event->id))
            same_id = row;
    }
    return same_id != NULL ? judge_own(session, same_id, event, ret, err) : LF_OK;
}

/* ---- what the store has ---- */

static enum lf_status
note_row(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct lookup *lookup = ctx;
    const struct lf_place place = {.topic = lf_bson_get_text(document, "topic"),
                                   .partition = (int32_t)lf_bson_get_int(document, "partition", -1),
                                   .offset = lf_bson_get_int(document, "offset", -1)};
    struct question *same_id = lf_map_get(&lookup->ids, lf_bson_get_text(document, "_id"));
    for (size_t i = 0; i < lookup->count; i++) {
        struct question *question = &lookup->questions[i];
        if (!lf_mongo_same_place(&question->event->place, &place))
            continue;
        question->same_place = true;
        question->sequence = lf_bson_get_int(document, "sequence", 0);
        if (question != same_id)
            question->state = NULL; /* another event's place: whatever that is, this one is not to be applied */
    }
    if (same_id == NULL || same_id->same_place)
        return LF_OK;
    struct lf_value payload;
    enum lf_status st = lf_mongo_get_json(document, "payload", &lookup->session->tx.arena, &payload, err);
    if (st != LF_OK)
        return st;
    const struct lf_place *own = &same_id->event->place;
    *same_id->outcome = lf_store_judge(same_id->event, lf_bson_get_text(document, "eventType"), &payload);
    same_id->met = true;
    same_id->after =
        place.partition == own->partition && place.offset > own->offset && lf_bytes_equal(place.topic, own->topic);
    return LF_OK;
}

/* {"$or": [{"_id": {"$in": …}}, ranges of places …]} */
static enum lf_status
write_query(struct lookup *lookup, struct lf_err *err)
{
    struct lf_mongo_session *session = lookup->session;
    struct lf_buf *filter = &session->filter, *opts = &session->opts;
    struct lf_place *places = LF_ARENA_ARRAY(&session->tx.arena, struct lf_place, lookup->count);
    static const char *const wanted[] = {"eventType", "payload", "topic", "partition", "offset", "sequence"};
    char index[24];
    if (places == NULL)
        return lf_no_memory(err);
    lf_buf_clear(filter);
    size_t start = lf_bson_begin(filter), any = lf_bson_open(filter, LF_BSON_ARRAY, LF_LIT("$or"));
    size_t by_id = lf_bson_open(filter, LF_BSON_DOCUMENT, LF_LIT("0"));
    size_t ids = lf_bson_open(filter, LF_BSON_DOCUMENT, LF_LIT("_id"));
    size_t in = lf_bson_open(filter, LF_BSON_ARRAY, LF_LIT("$in"));
    for (size_t i = 0; i < lookup->count; i++) {
        places[i] = lookup->questions[i].event->place;
        lf_bson_text(filter, lf_bson_index(i, index), lookup->questions[i].event->id);
    }
    lf_bson_end(filter, in);
    lf_bson_end(filter, ids);
    lf_bson_end(filter, by_id);
    lf_mongo_filter_places(filter, places, lookup->count, 1, &session->tx.arena);
    lf_bson_end(filter, any);
    lf_bson_end(filter, start);
    lf_buf_clear(opts);
    start = lf_bson_begin(opts);
    size_t projection = lf_bson_open(opts, LF_BSON_DOCUMENT, LF_LIT("projection"));
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        lf_bson_int32(opts, lf_bytes_of(wanted[i]), 1);
    lf_bson_end(opts, projection);
    lf_bson_end(opts, start);
    return LF_OK;
}

static enum lf_status
load_states(struct lookup *lookup, struct lf_err *err)
{
    const struct lf_model *model = lookup->session->store->base.model;
    for (size_t i = 0; i < model->entity_count; i++) {
        if (lookup->session->tx.states[i].count == 0)
            continue;
        enum lf_status st = lf_mongo_load_states(lookup->session, &model->entities[i], err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

static bool
is_covered(const struct question *question)
{
    return question->state != NULL && lf_mongo_covers(question->state, &question->event->place);
}

/* Could a commit that was cut short have to do with it? */
static bool
is_doubtful(const struct question *question)
{
    if (question->same_place)
        return question->state != NULL && !is_covered(question);
    return question->after || (!question->met && is_covered(question));
}

/* Has no group's position passed it? */
static enum lf_status
is_open(struct lookup *lookup, const struct question *question, bool *ret, struct lf_err *err)
{
    int64_t highest = -1;
    const struct lf_place *place = &question->event->place;
    enum lf_status st = lf_mongo_highest(lookup->session, place->topic, place->partition, &highest, err);
    *ret = place->offset >= highest;
    return st;
}

/* Doubtful ones are rare: one by one. */
static enum lf_status
settle_doubt(struct lookup *lookup, struct question *question, struct lf_err *err)
{
    bool open = false, buried = false;
    enum lf_status st = is_open(lookup, question, &open, err);
    if (st != LF_OK || !open)
        return st;
    if (question->same_place) {
        *question->outcome = LF_APPENDED;
        return LF_OK;
    }
    st = lf_mongo_buried(lookup->session, &question->event->place, 1, &buried, err);
    if (st == LF_OK && buried)
        *question->outcome = LF_APPEND_BURIED;
    return st;
}

static enum lf_status
settle(struct lookup *lookup, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < lookup->count; i++) {
        struct question *question = &lookup->questions[i];
        if (question->same_place)
            *question->outcome = LF_APPEND_DUPLICATE;
        if (question->same_place || question->met)
            lookup->session->smooth = 0;
        if (is_doubtful(question))
            st = settle_doubt(lookup, question, err);
    }
    return st;
}

static enum lf_status
look_up(struct lookup *lookup, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    lf_map_init(&lookup->ids);
    for (size_t i = 0; st == LF_OK && i < lookup->count; i++) {
        if (lf_map_set(&lookup->ids, lookup->questions[i].event->id, &lookup->questions[i]) != LF_OK)
            st = lf_no_memory(err);
    }
    if (st == LF_OK)
        st = write_query(lookup, err);
    if (st == LF_OK)
        st = lf_mongo_ask(lookup->session, LF_MONGO_EVENTS, "looking for events", note_row, lookup, err);
    if (st == LF_OK)
        st = load_states(lookup, err);
    if (st == LF_OK)
        st = settle(lookup, err);
    lf_map_release(&lookup->ids);
    return st;
}

/* ---- gathering ---- */

static enum lf_status
gather(struct lf_mongo_session *session, const struct question *question, struct lf_err *err)
{
    struct lf_mongo_tx *tx = &session->tx;
    const struct lf_event *event = question->event;
    struct lf_mongo_row **rows = lf_arena_grow(&tx->arena, tx->rows, tx->row_count, &tx->row_cap, sizeof(*rows));
    struct lf_mongo_row *row = LF_ARENA_NEW(&tx->arena, struct lf_mongo_row);
    if (rows == NULL || row == NULL)
        return lf_no_memory(err);
    tx->rows = rows;
    row->id = lf_arena_copy(&tx->arena, event->id);
    row->place = event->place;
    row->place.topic = lf_arena_copy(&tx->arena, event->place.topic);
    if (row->id.ptr == NULL || row->place.topic.ptr == NULL)
        return lf_no_memory(err);
    row->at = tx->events.len;
    row->sequence = question->sequence;
    enum lf_status st = LF_OK;
    if (!question->same_place)
        st = lf_mongo_write_event(&tx->events, event, &row->sequence_at, err);
    if (st != LF_OK)
        return st;
    row->len = tx->events.len - row->at;
    tx->new_rows += row->len != 0;
    if (question->state != NULL) {
        row->next = question->state->rows;
        question->state->rows = row;
    }
    tx->rows[tx->row_count++] = row;
    return LF_OK;
}

/* Questions are asked of those that the transaction has not answered itself. */
static enum lf_status
ask_questions(struct lf_mongo_session *session, const struct lf_event *const *events, size_t count,
              enum lf_append_outcome *outcomes, struct lookup *lookup, struct lf_err *err)
{
    size_t own_count = session->tx.row_count;
    for (size_t i = 0; i < count; i++) {
        enum lf_status st = among_own(session, own_count, events[i], &outcomes[i], err);
        if (st != LF_OK)
            return st;
        if (outcomes[i] != LF_APPENDED)
            continue;
        const struct lf_entity *entity = entity_of(events[i]);
        struct question *question = &lookup->questions[lookup->count++];
        *question = (struct question){.event = events[i], .outcome = &outcomes[i]};
        if (entity != NULL)
            question->state = lf_mongo_state_of(session, entity, events[i]->entity_key);
        if (entity != NULL && question->state == NULL)
            return lf_no_memory(err);
    }
    return LF_OK;
}

enum lf_status
lf_mongo_append(struct lf_store_session *base, const struct lf_event *const *events, size_t count,
                enum lf_append_outcome *ret_outcomes, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    struct lookup lookup = {.session = session};
    if (count == 0)
        return LF_OK;
    lookup.questions = LF_ARENA_ARRAY(&session->tx.arena, struct question, count);
    if (lookup.questions == NULL)
        return lf_no_memory(err);
    enum lf_status st = ask_questions(session, events, count, ret_outcomes, &lookup, err);
    if (st == LF_OK && session->tx.looked_up && lookup.count != 0)
        st = look_up(&lookup, err);
    for (size_t i = 0; st == LF_OK && i < lookup.count; i++) {
        if (*lookup.questions[i].outcome == LF_APPENDED)
            st = gather(session, &lookup.questions[i], err);
    }
    return st;
}
