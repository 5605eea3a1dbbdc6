/*
 * States one by one beside what their events make of them. Three reads, in this order: the positions, a page of
 * documents, the events of the same range of keys. What is below a position was in the states before they were read,
 * and what a state says it has in it was stored before it was; so all that a state must have in it is among the events
 * read, and a document that differs is wrong, whatever consumers do meanwhile. Those are written with the commit,
 * which a consumer that was faster makes fail.
 */
#include "store/mongodb/mongodb.h"

enum { BYTES_MAX = 48 * 1024 * 1024 /* of documents in memory */ };

struct reviewing {
    struct lf_mongo_session *session;
    const struct lf_review *review;
    struct lf_reviewed *reviewed;
    struct lf_arena *arena;        /* the transaction's */
    struct lf_mongo_place *passed; /* the last place that any group's position has passed, by partition */
    size_t passed_count;
    struct lf_mongo_state **states; /* of the documents, by key */
    size_t state_count, state_cap;
    size_t at;                     /* of them are done */
    bool cut;                      /* there are more documents */
    struct lf_mongo_state *state;  /* whose events are being read; NULL: none so far */
    struct lf_mongo_place *folded; /* its places, with those of the events that were folded */
    size_t folded_count;
    size_t done; /* entities */
    bool full;   /* no more entities in this page */
};

/* ---- documents ---- */

/* Keys behind the page before, up to until (ptr NULL: all). */
static void
put_range(struct lf_buf *out, const char *field, const struct lf_review *review, struct lf_bytes until)
{
    size_t range = lf_bson_open(out, LF_BSON_DOCUMENT, lf_bytes_of(field));
    if (review->after.ptr != NULL)
        lf_bson_text(out, LF_LIT("$gt"), review->after);
    else
        lf_bson_text(out, LF_LIT("$gte"), LF_LIT(""));
    if (until.ptr != NULL)
        lf_bson_text(out, LF_LIT("$lte"), until);
    lf_bson_end(out, range);
}

static enum lf_status
note_document(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct reviewing *r = ctx;
    struct lf_bytes key = lf_bson_get_text(document, "_id");
    r->cut = r->cut || r->state_count == r->review->max || r->arena->used > BYTES_MAX;
    if (key.ptr == NULL || r->cut)
        return LF_OK;
    struct lf_mongo_state **grown =
        lf_arena_grow(r->arena, r->states, r->state_count, &r->state_cap, sizeof(struct lf_mongo_state *));
    struct lf_mongo_state *state = lf_mongo_state_of(r->session, r->review->entity, key);
    if (grown == NULL || state == NULL)
        return lf_no_memory(err);
    r->states = grown;
    grown[r->state_count++] = state;
    state->loaded = true;
    return lf_mongo_take_state(r->session, state, document, err);
}

static enum lf_status
read_documents(struct reviewing *r, struct lf_err *err)
{
    struct lf_mongo_session *session = r->session;
    const char *collection = lf_arena_text(r->arena, r->review->entity->collection);
    if (collection == NULL)
        return lf_no_memory(err);
    lf_buf_clear(&session->filter);
    size_t start = lf_bson_begin(&session->filter);
    put_range(&session->filter, "_id", r->review, LF_BYTES_NONE);
    lf_bson_end(&session->filter, start);
    lf_mongo_put_order(&session->opts, "_id", NULL, r->review->max + 1);
    return lf_mongo_ask(session, collection, "reading states", note_document, r, err);
}

/* ---- beside their events ---- */

/* A state that people have made unreadable is one all the same. */
static struct lf_value
seen_state(const struct reviewing *r, const struct lf_mongo_state *state)
{
    struct lf_value value;
    bson_t document;
    if (!state->exists)
        return LF_VALUE_NULL;
    if (!bson_init_static(&document, (const uint8_t *)state->document.ptr, state->document.len) ||
        lf_mongo_read_state(&document, r->review->entity, r->review->arena, &value, NULL) != LF_OK)
        value = lf_value_string(LF_LIT("a document that cannot be read"));
    return value;
}

/* Makes the state's document, and says whether it differs from the one that is there. */
static enum lf_status
compare(const struct reviewing *r, const struct lf_value *folded, struct lf_err *err)
{
    struct lf_mongo_state *state = r->state;
    const struct lf_state_change change = {.key = state->key, .state = *folded};
    struct lf_value seen = seen_state(r, state), expected = LF_VALUE_NULL;
    bson_t document;
    if (folded->type == LF_V_NULL && seen.type == LF_V_NULL)
        return LF_OK;
    state->places = r->folded;
    state->place_count = r->folded_count;
    enum lf_status st = lf_mongo_make_state(r->session, r->review->entity, &change, state, err);
    if (st == LF_OK && state->exists) {
        if (!bson_init_static(&document, (const uint8_t *)state->document.ptr, state->document.len))
            return lf_fail(err, LF_INTERNAL, "a document cannot be read again");
        st = lf_mongo_read_state(&document, r->review->entity, r->review->arena, &expected, err);
    }
    if (st != LF_OK)
        return st;
    state->saved = !lf_value_equal(&seen, &expected);
    if (!state->saved)
        return LF_OK;
    r->reviewed->differences++;
    return r->review->differs(r->review->ctx, state->key, &expected, &seen, err);
}

/* All events of the entity in work have been folded. */
static enum lf_status
finish(struct reviewing *r, struct lf_err *err)
{
    struct lf_value folded = LF_VALUE_NULL;
    bool known = true;
    if (r->state == NULL)
        return LF_OK;
    r->reviewed->entities += r->state->exists;
    r->reviewed->last = r->state->key;
    enum lf_status st = r->review->state(r->review->ctx, &folded, &known, err);
    if (st == LF_OK && known)
        st = compare(r, &folded, err);
    r->state = NULL;
    r->done++;
    r->full = st == LF_OK && (r->done >= r->review->max || r->arena->used > BYTES_MAX);
    return st;
}

static enum lf_status
begin(struct reviewing *r, struct lf_mongo_state *state, struct lf_err *err)
{
    r->state = state;
    r->folded_count = state->place_count;
    r->folded = LF_ARENA_ARRAY(r->arena, struct lf_mongo_place, state->place_count + 1);
    if (r->folded == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < state->place_count; i++)
        r->folded[i] = state->places[i];
    return LF_OK;
}

/* Those documents that come before a key (ptr NULL: all) have no event. */
static enum lf_status
finish_before(struct reviewing *r, struct lf_bytes key, struct lf_err *err)
{
    enum lf_status st = finish(r, err);
    while (st == LF_OK && !r->full && r->at < r->state_count &&
           (key.ptr == NULL || lf_bytes_compare(r->states[r->at]->key, key) < 0)) {
        st = begin(r, r->states[r->at++], err);
        if (st == LF_OK)
            st = finish(r, err);
    }
    return st;
}

/* The next entity is the one of that key, which may have no document. */
static enum lf_status
begin_key(struct reviewing *r, struct lf_bytes key, struct lf_err *err)
{
    struct lf_mongo_state *state = NULL;
    if (r->at < r->state_count && lf_bytes_equal(r->states[r->at]->key, key))
        state = r->states[r->at++];
    else
        state = lf_mongo_state_of(r->session, r->review->entity, key);
    if (state == NULL)
        return lf_no_memory(err);
    state->loaded = true;
    return begin(r, state, err);
}

/* ---- events ---- */

/* Must the state have it in it? Others are of commits in work, or cut short: the consumers' business. */
static bool
is_due(const struct reviewing *r, const struct lf_place *place)
{
    const struct lf_mongo_place *passed = lf_mongo_place_of(r->passed, r->passed_count, place->topic, place->partition);
    return (passed != NULL && place->offset <= passed->offset) || lf_mongo_covers(r->state, place);
}

static enum lf_status
add_place(struct reviewing *r, const struct lf_place *place, struct lf_err *err)
{
    struct lf_mongo_place *last = lf_mongo_place_of(r->folded, r->folded_count, place->topic, place->partition);
    if (last != NULL) {
        last->offset = last->offset > place->offset ? last->offset : place->offset;
        return LF_OK;
    }
    size_t cap = r->folded_count;
    struct lf_mongo_place *grown = lf_arena_grow(r->arena, r->folded, r->folded_count, &cap, sizeof(*r->folded));
    struct lf_bytes topic = lf_arena_copy(r->arena, place->topic);
    if (grown == NULL || topic.ptr == NULL)
        return lf_no_memory(err);
    r->folded = grown;
    grown[r->folded_count++] =
        (struct lf_mongo_place){.topic = topic, .partition = place->partition, .offset = place->offset};
    return LF_OK;
}

static enum lf_status
note_event(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct reviewing *r = ctx;
    struct lf_stored_event stored;
    struct lf_bytes key = lf_bson_get_text(document, "entityKey");
    enum lf_status st = LF_OK;
    if (r->state == NULL || !lf_bytes_equal(r->state->key, key)) {
        st = finish_before(r, key, err);
        if (st == LF_OK && r->full)
            return LF_CLOSED; /* enough; told by r->full */
        if (st == LF_OK)
            st = begin_key(r, key, err);
    }
    if (st == LF_OK)
        st = lf_mongo_read_event(document, r->session->store->base.model, r->review->arena, &stored, err);
    if (st != LF_OK || !is_due(r, &stored.event.place))
        return st;
    st = add_place(r, &stored.event.place, err);
    return st == LF_OK ? r->review->fold(r->review->ctx, &stored, err) : st;
}

static enum lf_status
read_events(struct reviewing *r, struct lf_err *err)
{
    struct lf_mongo_session *session = r->session;
    struct lf_bytes until = r->cut ? r->states[r->state_count - 1]->key : LF_BYTES_NONE;
    lf_buf_clear(&session->filter);
    size_t start = lf_bson_begin(&session->filter);
    put_range(&session->filter, "entityKey", r->review, until);
    lf_bson_text(&session->filter, LF_LIT("entityType"), r->review->entity->name);
    lf_bson_end(&session->filter, start);
    lf_mongo_put_order(&session->opts, "entityKey", "sequence", 0);
    enum lf_status st = lf_mongo_ask(session, LF_MONGO_EVENTS, "reading events", note_event, r, err);
    if (st == LF_CLOSED && r->full)
        return LF_OK;
    return st == LF_OK ? finish_before(r, LF_BYTES_NONE, err) : st;
}

/* Where a position has gone back places were freed meanwhile, and events that were read are of others. */
static enum lf_status
confirm_positions(struct reviewing *r, struct lf_err *err)
{
    struct lf_mongo_place *now = NULL;
    size_t count = 0;
    enum lf_status st = lf_mongo_passed(r->session, r->arena, &now, &count, err);
    for (size_t i = 0; st == LF_OK && i < r->passed_count; i++) {
        const struct lf_mongo_place *before = &r->passed[i];
        const struct lf_mongo_place *place = lf_mongo_place_of(now, count, before->topic, before->partition);
        if (place == NULL || place->offset < before->offset)
            st = lf_fail(err, LF_AGAIN, "places of the log are being freed");
    }
    return st;
}

enum lf_status
lf_mongo_review(struct lf_store_session *base, const struct lf_review *review, struct lf_reviewed *ret,
                struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    struct reviewing r = {.session = session, .review = review, .reviewed = ret, .arena = &session->tx.arena};
    *ret = (struct lf_reviewed){0};
    enum lf_status st = lf_mongo_finish_asides(session, err);
    session->tx.reviewed = true;
    if (st == LF_OK)
        st = lf_mongo_passed(session, r.arena, &r.passed, &r.passed_count, err);
    if (st == LF_OK)
        st = read_documents(&r, err);
    if (st == LF_OK)
        st = read_events(&r, err);
    if (st == LF_OK)
        st = confirm_positions(&r, err);
    ret->more = r.cut || r.full;
    ret->two_steps = session->store->two_steps;
    return st;
}
