/* Asking, and what is read by itself: events, dead letters. */
#include "store/mongodb/mongodb.h"

#include "base/limits.h"

/* Rows pass through, and are counted. */
struct counted {
    lf_mongo_row_fn *row;
    void *ctx;
    size_t seen;
};

static enum lf_status
count_row(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct counted *counted = ctx;
    counted->seen++;
    return counted->row(counted->ctx, document, err);
}

enum lf_status
lf_mongo_ask(struct lf_mongo_session *session, const char *collection, const char *doing, lf_mongo_row_fn *row,
             void *ctx, struct lf_err *err)
{
    struct lf_mongo_link *link = &session->link;
    struct counted counted = {.row = row, .ctx = ctx};
    bool fresh = link->client == NULL;
    enum lf_status st = lf_buf_status(&session->filter, err);
    if (st == LF_OK)
        st = lf_buf_status(&session->opts, err);
    if (st != LF_OK)
        return st;
    struct lf_bytes filter = lf_buf_view(&session->filter), opts = lf_buf_view(&session->opts);
    st = lf_mongo_find(link, collection, filter, opts, doing, count_row, &counted, err);
    /* it had gone unnoticed; nothing that was gathered depends on the connection */
    if (st == LF_UNAVAILABLE && !fresh && link->client == NULL && counted.seen == 0)
        st = lf_mongo_find(link, collection, filter, opts, doing, count_row, &counted, err);
    return st;
}

void
lf_mongo_put_order(struct lf_buf *out, const char *first, const char *second, size_t limit)
{
    lf_buf_clear(out);
    size_t start = lf_bson_begin(out), sort = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("sort"));
    lf_bson_int32(out, lf_bytes_of(first), 1);
    if (second != NULL)
        lf_bson_int32(out, lf_bytes_of(second), 1);
    lf_bson_end(out, sort);
    if (limit != 0)
        lf_bson_int64(out, LF_LIT("limit"), (int64_t)limit);
    lf_bson_end(out, start);
}

void
lf_mongo_filter_all(struct lf_mongo_session *session)
{
    lf_buf_clear(&session->filter);
    lf_bson_end(&session->filter, lf_bson_begin(&session->filter));
    lf_buf_clear(&session->opts);
    lf_bson_end(&session->opts, lf_bson_begin(&session->opts));
}

void
lf_mongo_filter_texts(struct lf_mongo_session *session, struct lf_bytes field, const struct lf_bytes *texts,
                      size_t count)
{
    char index[24];
    struct lf_buf *out = &session->filter;
    lf_buf_clear(out);
    size_t start = lf_bson_begin(out), one = lf_bson_open(out, LF_BSON_DOCUMENT, field);
    size_t in = lf_bson_open(out, LF_BSON_ARRAY, LF_LIT("$in"));
    for (size_t i = 0; i < count; i++)
        lf_bson_text(out, lf_bson_index(i, index), texts[i]);
    lf_bson_end(out, in);
    lf_bson_end(out, one);
    lf_bson_end(out, start);
    lf_buf_clear(&session->opts);
    lf_bson_end(&session->opts, lf_bson_begin(&session->opts));
}

static void
put_range(struct lf_buf *out, struct lf_bytes key, const struct lf_place *place, int64_t low, int64_t high)
{
    size_t part = lf_bson_open(out, LF_BSON_DOCUMENT, key);
    lf_bson_text(out, LF_LIT("topic"), place->topic);
    lf_bson_int32(out, LF_LIT("partition"), place->partition);
    size_t range = lf_bson_open(out, LF_BSON_DOCUMENT, LF_LIT("offset"));
    lf_bson_int64(out, LF_LIT("$gte"), low);
    lf_bson_int64(out, LF_LIT("$lte"), high);
    lf_bson_end(out, range);
    lf_bson_end(out, part);
}

static bool
same_partition(const struct lf_place *a, const struct lf_place *b)
{
    return a->partition == b->partition && lf_bytes_equal(a->topic, b->topic);
}

size_t
lf_mongo_filter_places(struct lf_buf *out, const struct lf_place *places, size_t count, size_t index,
                       struct lf_arena *arena)
{
    char key[24];
    bool *seen = LF_ARENA_ARRAY(arena, bool, count);
    if (seen == NULL) {
        out->failed = LF_NO_MEMORY;
        return index;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t low = places[i].offset, high = low;
        if (seen[i])
            continue;
        for (size_t k = i; k < count; k++) {
            if (seen[k] || !same_partition(&places[i], &places[k]))
                continue;
            seen[k] = true;
            low = places[k].offset < low ? places[k].offset : low;
            high = places[k].offset > high ? places[k].offset : high;
        }
        put_range(out, lf_bson_index(index++, key), &places[i], low, high);
    }
    return index;
}

/* ---- one event ---- */

struct finding {
    const struct lf_model *model;
    struct lf_arena *arena;
    struct lf_stored_event event;
    struct lf_dead_letter letter;
    bool found;
};

static enum lf_status
note_event(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct finding *finding = ctx;
    finding->found = true;
    return lf_mongo_read_event(document, finding->model, finding->arena, &finding->event, err);
}

static enum lf_status
note_letter(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct finding *finding = ctx;
    finding->found = true;
    return lf_mongo_read_letter(document, finding->arena, &finding->letter, err);
}

/* What the session's own transaction has gathered. */
static enum lf_status
find_own(struct lf_mongo_session *session, struct lf_bytes id, struct finding *finding, bool letters,
         struct lf_err *err)
{
    const struct lf_mongo_tx *tx = &session->tx;
    bson_t document;
    struct lf_bytes bytes = LF_BYTES_NONE;
    if (letters) {
        const struct lf_mongo_letter *letter = lf_mongo_own_letter(tx, id);
        if (letter != NULL)
            bytes = lf_bytes(tx->letters.ptr + letter->at, letter->len);
    }
    for (size_t i = 0; !letters && i < tx->row_count; i++) {
        const struct lf_mongo_row *row = tx->rows[i];
        if (row->len != 0 && lf_bytes_equal(row->id, id))
            bytes = lf_bytes(tx->events.ptr + row->at, row->len);
    }
    if (bytes.ptr == NULL)
        return LF_OK;
    if (!bson_init_static(&document, (const uint8_t *)bytes.ptr, bytes.len))
        return lf_fail(err, LF_INTERNAL, "a document cannot be read again");
    return letters ? note_letter(finding, &document, err) : note_event(finding, &document, err);
}

static enum lf_status
find_in(struct lf_mongo_session *session, struct lf_bytes id, struct finding *finding, bool letters, struct lf_err *err)
{
    enum lf_status st = find_own(session, id, finding, letters, err);
    if (st != LF_OK || finding->found)
        return st;
    lf_buf_clear(&session->filter);
    size_t start = lf_bson_begin(&session->filter);
    lf_bson_text(&session->filter, letters ? LF_LIT("eventId") : LF_LIT("_id"), id);
    lf_bson_end(&session->filter, start);
    lf_buf_clear(&session->opts);
    start = lf_bson_begin(&session->opts);
    if (letters) { /* the latest */
        size_t sort = lf_bson_open(&session->opts, LF_BSON_DOCUMENT, LF_LIT("sort"));
        lf_bson_int32(&session->opts, LF_LIT("_id"), -1);
        lf_bson_end(&session->opts, sort);
        lf_bson_int64(&session->opts, LF_LIT("limit"), 1);
    }
    lf_bson_end(&session->opts, start);
    return letters ? lf_mongo_ask(session, LF_MONGO_LETTERS, "reading a dead letter", note_letter, finding, err)
                   : lf_mongo_ask(session, LF_MONGO_EVENTS, "reading an event", note_event, finding, err);
}

enum lf_status
lf_mongo_event(struct lf_store_session *base, struct lf_bytes id, struct lf_arena *arena, struct lf_stored_event *ret,
               struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    const struct lf_model *model = session->store->base.model;
    struct finding finding = {.model = model, .arena = arena};
    if (id.ptr == NULL)
        id = LF_LIT("");
    enum lf_status st = find_in(session, id, &finding, false, err);
    if (st == LF_OK && finding.found) {
        *ret = finding.event;
        return LF_OK;
    }
    if (st == LF_OK)
        st = find_in(session, id, &finding, true, err);
    if (st != LF_OK)
        return st;
    if (!finding.found)
        return lf_fail(err, LF_NOT_FOUND, "there is no event with id \"%.*s\"", LF_FMT(id));
    return lf_store_letter_as_event(&finding.letter, model, arena, ret, err);
}

/* ---- dead letters ---- */

struct letters {
    struct lf_arena *arena;
    struct lf_dead_letter *items;
    size_t count, max;
};

static enum lf_status
note_letters(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct letters *letters = ctx;
    if (letters->count == letters->max)
        return LF_OK;
    return lf_mongo_read_letter(document, letters->arena, &letters->items[letters->count++], err);
}

static void
add_text(struct lf_buf *filter, struct lf_bytes name, struct lf_bytes text)
{
    if (text.ptr != NULL)
        lf_bson_text(filter, name, text);
}

static void
write_letters_query(struct lf_mongo_session *session, const struct lf_letter_query *query)
{
    struct lf_buf *filter = &session->filter, *opts = &session->opts;
    lf_buf_clear(filter);
    size_t start = lf_bson_begin(filter);
    size_t id = lf_bson_open(filter, LF_BSON_DOCUMENT, LF_LIT("_id"));
    lf_bson_int64(filter, query->newest ? LF_LIT("$lt") : LF_LIT("$gt"),
                  query->newest && query->after == 0 ? INT64_MAX : query->after);
    lf_bson_end(filter, id);
    add_text(filter, LF_LIT("eventId"), query->event_id);
    add_text(filter, LF_LIT("eventType"), query->event_type);
    add_text(filter, LF_LIT("code"), query->code);
    add_text(filter, LF_LIT("topic"), query->place.topic);
    if (query->place.topic.ptr != NULL) {
        lf_bson_int32(filter, LF_LIT("partition"), query->place.partition);
        lf_bson_int64(filter, LF_LIT("offset"), query->place.offset);
    }
    lf_bson_end(filter, start);
    lf_buf_clear(opts);
    start = lf_bson_begin(opts);
    size_t sort = lf_bson_open(opts, LF_BSON_DOCUMENT, LF_LIT("sort"));
    lf_bson_int32(opts, LF_LIT("_id"), query->newest ? -1 : 1);
    lf_bson_end(opts, sort);
    lf_bson_int64(opts, LF_LIT("limit"), (int64_t)query->max);
    lf_bson_end(opts, start);
}

enum lf_status
lf_mongo_dead_letters(struct lf_store_session *base, const struct lf_letter_query *query, struct lf_arena *arena,
                      struct lf_dead_letter **ret, size_t *ret_count, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    size_t max = query->max;
    struct letters letters = {.arena = arena, .max = max, .items = LF_ARENA_ARRAY(arena, struct lf_dead_letter, max)};
    if (letters.items == NULL)
        return lf_no_memory(err);
    write_letters_query(session, query);
    enum lf_status st =
        max != 0 ? lf_mongo_ask(session, LF_MONGO_LETTERS, "reading dead letters", note_letters, &letters, err) : LF_OK;
    if (st == LF_OK) {
        *ret = letters.items;
        *ret_count = letters.count;
    }
    return st;
}
