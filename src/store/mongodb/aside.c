/*
 * Freeing places of a log that gives them out again. Many documents change, so it is no transaction, with or without
 * those of the server: the position moves first, and in the same write says what is to be set aside; then follow the
 * entities, which have to forget the places, the events, the dead letters; and last the position says no more of it.
 * Each step may be repeated. Whoever reads the position of a partition where it is not done does it, before anything
 * new from there is stored.
 *
 * What is written later has higher numbers, and is left alone: whoever was stopped in the middle of this and goes on
 * when others have done it for him changes nothing that has come meanwhile.
 */
#include "base/clock.h"
#include "base/crash.h"
#include "store/mongodb/command.h"

enum { PAGE = 1000, TRIES = 100, PAUSE_MS = 20 };

struct lf_mongo_aside {
    struct lf_bytes position; /* its _id */
    struct lf_bytes topic, name;
    int32_t partition;
    int64_t from;
    int64_t last, last_letter; /* numbers that were given before */
};

static const char doing[] = "freeing places of the log";

/* ---- within the transaction ---- */

static bool
has_written(const struct lf_mongo_session *session)
{
    const struct lf_mongo_tx *tx = &session->tx;
    bool any = tx->row_count != 0 || tx->grave_count != 0;
    for (size_t i = 0; i < session->store->base.model->entity_count; i++)
        any = any || tx->states[i].count != 0;
    return any;
}

enum lf_status
lf_mongo_set_aside(struct lf_store_session *base, struct lf_bytes topic, int32_t partition, int64_t from,
                   struct lf_bytes name, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    struct lf_mongo_tx *tx = &session->tx;
    struct lf_mongo_aside *aside = LF_ARENA_NEW(&tx->arena, struct lf_mongo_aside);
    if (aside == NULL)
        return lf_no_memory(err);
    *aside = (struct lf_mongo_aside){.topic = lf_arena_copy(&tx->arena, topic),
                                     .name = lf_arena_copy(&tx->arena, name),
                                     .partition = partition,
                                     .from = from};
    if (aside->topic.ptr == NULL || aside->name.ptr == NULL)
        return lf_no_memory(err);
    tx->aside = aside;
    return LF_OK;
}

/* ---- the position ---- */

static void
put_aside(struct lf_buf *out, struct lf_bytes key, const struct lf_mongo_aside *aside)
{
    size_t start = lf_bson_open(out, LF_BSON_DOCUMENT, key);
    lf_bson_text(out, LF_LIT("name"), aside->name);
    lf_bson_int64(out, LF_LIT("from"), aside->from);
    lf_bson_int64(out, LF_LIT("sequence"), aside->last);
    lf_bson_int64(out, LF_LIT("letter"), aside->last_letter);
    lf_bson_end(out, start);
}

static enum lf_status
move_position(struct lf_mongo_session *session, const struct lf_mongo_aside *aside, struct lf_err *err)
{
    const struct lf_mongo_position *position = &session->tx.positions[0];
    struct lf_buf *out = &session->command;
    struct lf_mongo_done done = {0};
    bool first = position->expected < 0;
    lf_buf_clear(out);
    size_t start = lf_bson_begin(out);
    lf_bson_text(out, first ? LF_LIT("insert") : LF_LIT("update"), LF_LIT(LF_MONGO_POSITIONS));
    size_t list = lf_bson_open(out, LF_BSON_ARRAY, first ? LF_LIT("documents") : LF_LIT("updates"));
    size_t one = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("0"));
    if (first) {
        lf_mongo_put_position(out, position);
        put_aside(out, LF_LIT("aside"), aside);
    } else {
        size_t condition = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("q"));
        lf_bson_text(out, LF_LIT("_id"), position->id);
        lf_bson_int64(out, LF_LIT("nextOffset"), position->expected);
        lf_bson_end(out, condition);
        size_t update = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("u"));
        size_t set = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("$set"));
        lf_bson_int64(out, LF_LIT("nextOffset"), position->next);
        put_aside(out, LF_LIT("aside"), aside);
        lf_bson_end(out, set);
        lf_bson_end(out, update);
    }
    lf_bson_end(out, one);
    lf_bson_end(out, list);
    lf_bson_end(out, start);
    enum lf_status st = lf_buf_status(out, err);
    if (st == LF_OK)
        st = lf_mongo_write(&session->link, lf_buf_view(out), doing, &done, err);
    if (st == LF_OK && (done.duplicate || done.n != 1))
        st = lf_store_fenced(position->topic, position->partition, position->expected, err);
    return st;
}

/* ---- entities forget the places ---- */

struct page {
    struct lf_mongo_session *session;
    const struct lf_mongo_aside *aside;
    const struct lf_entity *entity;
    struct lf_bytes last; /* key of the last document that was looked at */
    size_t seen;
};

/* Is this the place of an event that goes? */
static bool
goes(const struct lf_mongo_aside *aside, const struct lf_mongo_place *place)
{
    return place->partition == aside->partition && place->offset >= aside->from &&
           lf_bytes_equal(place->topic, aside->topic);
}

/* The state has all events up to the place in it: those that stay, and those that go. */
static void
put_places(struct lf_buf *out, const struct lf_mongo_aside *aside, const struct lf_mongo_state *state)
{
    char index[24];
    size_t count = 0, list = lf_bson_open(out, LF_BSON_ARRAY, LF_LIT("_lf.at"));
    for (size_t i = 0; i < state->place_count; i++) {
        struct lf_mongo_place place = state->places[i];
        if (goes(aside, &place)) {
            struct lf_mongo_place stays = place;
            stays.offset = aside->from - 1;
            if (stays.offset >= 0)
                lf_mongo_put_place(out, lf_bson_index(count++, index), &stays);
            place.topic = aside->name;
        }
        lf_mongo_put_place(out, lf_bson_index(count++, index), &place);
    }
    lf_bson_end(out, list);
}

/* The update that the state is replaced by: {"$set": {"_lf.at": …, "_lf.v": number}} */
static enum lf_status
plan_update(const struct page *page, struct lf_mongo_state *state, struct lf_err *err)
{
    struct lf_mongo_session *session = page->session;
    struct lf_buf *out = &session->command;
    lf_buf_clear(out);
    size_t start = lf_bson_begin(out), set = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("$set"));
    put_places(out, page->aside, state);
    lf_bson_int64(out, LF_LIT("_lf.v"), 0);
    state->version_at = lf_bson_last_int64(out);
    lf_bson_end(out, set);
    lf_bson_end(out, start);
    enum lf_status st = lf_buf_status(out, err);
    if (st != LF_OK)
        return st;
    state->document = lf_arena_copy(&session->tx.arena, lf_buf_view(out));
    state->saved = true;
    return state->document.ptr != NULL ? LF_OK : lf_no_memory(err);
}

static enum lf_status
note_state(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct page *page = ctx;
    struct lf_bytes key = lf_bson_get_text(document, "_id");
    bool any = false;
    if (key.ptr == NULL)
        return LF_OK;
    struct lf_mongo_state *state = lf_mongo_state_of(page->session, page->entity, key);
    if (state == NULL)
        return lf_no_memory(err);
    page->last = state->key;
    page->seen++;
    state->loaded = true;
    enum lf_status st = lf_mongo_take_state(page->session, state, document, err);
    for (size_t i = 0; st == LF_OK && i < state->place_count; i++)
        any = any || goes(page->aside, &state->places[i]);
    return st == LF_OK && any && state->version <= page->aside->last ? plan_update(page, state, err) : st;
}

/* Those behind the last page, with a place of the topic. */
static enum lf_status
read_page(struct page *page, const struct lf_buf *after, struct lf_err *err)
{
    struct lf_mongo_session *session = page->session;
    const char *collection = lf_arena_text(&session->tx.arena, page->entity->collection);
    if (collection == NULL)
        return lf_no_memory(err);
    lf_buf_clear(&session->filter);
    size_t start = lf_bson_begin(&session->filter);
    size_t range = lf_bson_open(&session->filter, LF_BSON_DOCUMENT, LF_LIT("_id"));
    if (after->len != 0)
        lf_bson_text(&session->filter, LF_LIT("$gt"), lf_buf_view(after));
    else
        lf_bson_text(&session->filter, LF_LIT("$gte"), LF_LIT(""));
    lf_bson_end(&session->filter, range);
    lf_bson_text(&session->filter, LF_LIT("_lf.at.topic"), page->aside->topic);
    lf_bson_end(&session->filter, start);
    lf_mongo_put_order(&session->opts, "_id", NULL, PAGE);
    return lf_mongo_ask(session, collection, doing, note_state, page, err);
}

/* One page. LF_AGAIN: others have written some of its states meanwhile. *ret_more: there may be further pages. */
static enum lf_status
change_page(struct lf_mongo_session *session, const struct lf_mongo_aside *aside, const struct lf_entity *entity,
            struct lf_buf *after, bool *ret_more, struct lf_err *err)
{
    struct page page = {.session = session, .aside = aside, .entity = entity};
    lf_mongo_tx_clear(session);
    session->tx.reviewed = true;
    enum lf_status st = read_page(&page, after, err);
    if (st == LF_OK)
        st = lf_mongo_number(session, err);
    if (st == LF_OK)
        st = lf_mongo_write_states(session, err);
    *ret_more = page.seen == PAGE;
    if (st != LF_OK || page.seen == 0)
        return st;
    lf_buf_clear(after);
    lf_buf_add(after, page.last);
    return lf_buf_status(after, err);
}

static enum lf_status
change_states(struct lf_mongo_session *session, const struct lf_mongo_aside *aside, const struct lf_entity *entity,
              struct lf_err *err)
{
    struct lf_buf after;
    bool more = true;
    enum lf_status st = LF_OK;
    lf_buf_init(&after, LF_MONGO_DOCUMENT_MAX);
    for (int tries = 0; st == LF_OK && more;) {
        st = change_page(session, aside, entity, &after, &more, err);
        if (st != LF_AGAIN) {
            tries = 0;
        } else if (++tries < TRIES) {
            st = LF_OK;
            more = true;
            lf_clock_sleep_ms(PAUSE_MS);
        }
    }
    lf_buf_release(&after);
    return st;
}

/* ---- events and dead letters ---- */

/* All of a collection from these places on whose number is not above last. */
static enum lf_status
rename_all(struct lf_mongo_session *session, const struct lf_mongo_aside *aside, const char *collection,
           const char *number, int64_t last, struct lf_err *err)
{
    struct lf_buf *out = &session->command;
    struct lf_mongo_done done;
    lf_buf_clear(out);
    size_t start = lf_bson_begin(out);
    lf_bson_text(out, LF_LIT("update"), lf_bytes_of(collection));
    size_t list = lf_bson_open(out, LF_BSON_ARRAY, LF_LIT("updates"));
    size_t one = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("0"));
    size_t query = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("q"));
    lf_bson_text(out, LF_LIT("topic"), aside->topic);
    lf_bson_int32(out, LF_LIT("partition"), aside->partition);
    size_t range = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("offset"));
    lf_bson_int64(out, LF_LIT("$gte"), aside->from);
    lf_bson_end(out, range);
    range = lf_bson_open(out, LF_BSON_DOCUMENT, lf_bytes_of(number));
    lf_bson_int64(out, LF_LIT("$lte"), last);
    lf_bson_end(out, range);
    lf_bson_end(out, query);
    size_t update = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("u"));
    size_t set = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("$set"));
    lf_bson_text(out, LF_LIT("topic"), aside->name);
    lf_bson_end(out, set);
    lf_bson_end(out, update);
    lf_bson_bool(out, LF_LIT("multi"), true);
    lf_bson_end(out, one);
    lf_bson_end(out, list);
    lf_bson_end(out, start);
    enum lf_status st = lf_buf_status(out, err);
    return st == LF_OK ? lf_mongo_write(&session->link, lf_buf_view(out), doing, &done, err) : st;
}

/* The position says no more of it, unless it already says something else. */
static enum lf_status
close_aside(struct lf_mongo_session *session, const struct lf_mongo_aside *aside, struct lf_err *err)
{
    struct lf_buf *out = &session->command;
    struct lf_mongo_done done;
    lf_buf_clear(out);
    size_t start = lf_bson_begin(out);
    lf_bson_text(out, LF_LIT("update"), LF_LIT(LF_MONGO_POSITIONS));
    size_t list = lf_bson_open(out, LF_BSON_ARRAY, LF_LIT("updates"));
    size_t one = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("0"));
    size_t query = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("q"));
    lf_bson_text(out, LF_LIT("_id"), aside->position);
    lf_bson_int64(out, LF_LIT("aside.sequence"), aside->last);
    lf_bson_end(out, query);
    size_t update = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("u"));
    size_t unset = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("$unset"));
    lf_bson_text(out, LF_LIT("aside"), LF_LIT(""));
    lf_bson_end(out, unset);
    lf_bson_end(out, update);
    lf_bson_end(out, one);
    lf_bson_end(out, list);
    lf_bson_end(out, start);
    enum lf_status st = lf_buf_status(out, err);
    return st == LF_OK ? lf_mongo_write(&session->link, lf_buf_view(out), doing, &done, err) : st;
}

/* ---- the whole ---- */

static enum lf_status
carry_out(struct lf_mongo_session *session, const struct lf_mongo_aside *aside, struct lf_err *err)
{
    const struct lf_model *model = session->store->base.model;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < model->entity_count; i++)
        st = change_states(session, aside, &model->entities[i], err);
    LF_CRASH_POINT("store.forgotten");
    if (st == LF_OK)
        st = rename_all(session, aside, LF_MONGO_EVENTS, "sequence", aside->last, err);
    LF_CRASH_POINT("store.renamed");
    if (st == LF_OK)
        st = rename_all(session, aside, LF_MONGO_LETTERS, "_id", aside->last_letter, err);
    return st == LF_OK ? close_aside(session, aside, err) : st;
}

struct finding {
    struct lf_arena arena;
    struct lf_mongo_aside *asides;
    size_t count, cap;
};

static enum lf_status
note_aside(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct finding *finding = ctx;
    if (!lf_mongo_has_aside(document))
        return LF_OK;
    struct lf_mongo_aside *grown =
        lf_arena_grow(&finding->arena, finding->asides, finding->count, &finding->cap, sizeof(*grown));
    if (grown == NULL)
        return lf_no_memory(err);
    finding->asides = grown;
    struct lf_mongo_aside *aside = &grown[finding->count++];
    *aside = (struct lf_mongo_aside){
        .position = lf_arena_copy(&finding->arena, lf_bson_get_text(document, "_id")),
        .topic = lf_arena_copy(&finding->arena, lf_bson_get_text(document, "topic")),
        .name = lf_arena_copy(&finding->arena, lf_bson_get_text(document, "aside.name")),
        .partition = (int32_t)lf_bson_get_int(document, "partition", -1),
        .from = lf_bson_get_int(document, "aside.from", 0),
        .last = lf_bson_get_int(document, "aside.sequence", 0),
        .last_letter = lf_bson_get_int(document, "aside.letter", 0),
    };
    bool whole = aside->position.ptr != NULL && aside->topic.ptr != NULL && aside->name.ptr != NULL;
    return whole ? LF_OK : lf_no_memory(err);
}

enum lf_status
lf_mongo_finish_asides(struct lf_mongo_session *session, struct lf_err *err)
{
    struct finding finding = {.count = 0};
    lf_arena_init(&finding.arena, 0, 0);
    lf_mongo_filter_all(session);
    enum lf_status st = lf_mongo_ask(session, LF_MONGO_POSITIONS, "reading positions", note_aside, &finding, err);
    for (size_t i = 0; st == LF_OK && i < finding.count; i++)
        st = carry_out(session, &finding.asides[i], err);
    if (finding.count != 0)
        lf_mongo_tx_clear(session);
    session->unfinished = st != LF_OK;
    lf_arena_release(&finding.arena);
    return st;
}

enum lf_status
lf_mongo_commit_aside(struct lf_mongo_session *session, struct lf_err *err)
{
    struct lf_mongo_aside *aside = session->tx.aside;
    const struct lf_mongo_position *position = session->tx.positions;
    if (has_written(session) || session->tx.position_count != 1 || position->partition != aside->partition ||
        !lf_bytes_equal(position->topic, aside->topic))
        return lf_fail(err, LF_USAGE, "whoever frees places of the log moves the position of their partition, no more");
    enum lf_status st = lf_mongo_reserve(session, "sequence", 1, &aside->last, err);
    if (st == LF_OK)
        st = lf_mongo_reserve(session, "letters", 1, &aside->last_letter, err);
    if (st == LF_OK)
        st = move_position(session, aside, err);
    if (st != LF_OK)
        return st;
    LF_CRASH_POINT("store.aside");
    return lf_mongo_finish_asides(session, err);
}
