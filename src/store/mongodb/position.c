/* Positions: a document for each group and partition. */
#include "store/mongodb/mongodb.h"

/* Topics have no slash, groups may have. */
static struct lf_bytes
id_of(struct lf_arena *arena, struct lf_bytes group, struct lf_bytes topic, int32_t partition)
{
    return lf_bytes_of(lf_arena_printf(arena, "%.*s/%d/%.*s", LF_FMT(topic), (int)partition, LF_FMT(group)));
}

static struct lf_mongo_position *
own_position(struct lf_mongo_tx *tx, struct lf_bytes id)
{
    for (size_t i = 0; i < tx->position_count; i++) {
        if (lf_bytes_equal(tx->positions[i].id, id))
            return &tx->positions[i];
    }
    return NULL;
}

static enum lf_status
note_highest(void *ctx, const bson_t *document, struct lf_err *err)
{
    int64_t *highest = ctx, next = lf_bson_get_int(document, "nextOffset", -1);
    (void)err;
    *highest = next > *highest ? next : *highest;
    return LF_OK;
}

bool
lf_mongo_has_aside(const bson_t *document)
{
    return lf_bson_get_text(document, "aside.name").ptr != NULL;
}

struct stored {
    int64_t next;
    bool has_aside;
};

static enum lf_status
note_stored(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct stored *stored = ctx;
    stored->has_aside = lf_mongo_has_aside(document);
    return note_highest(&stored->next, document, err);
}

/* A session that writes finds it with no places still to be freed before it. */
static enum lf_status
stored_position(struct lf_mongo_session *session, struct lf_bytes id, int64_t *ret_next, struct lf_err *err)
{
    struct stored stored = {.next = -1};
    lf_buf_clear(&session->filter);
    size_t start = lf_bson_begin(&session->filter);
    lf_bson_text(&session->filter, LF_LIT("_id"), id);
    lf_bson_end(&session->filter, start);
    lf_buf_clear(&session->opts);
    lf_bson_end(&session->opts, lf_bson_begin(&session->opts));
    enum lf_status st = lf_mongo_ask(session, LF_MONGO_POSITIONS, "reading a position", note_stored, &stored, err);
    if (st != LF_OK)
        return st;
    *ret_next = stored.next;
    if (!stored.has_aside || !session->base.writer)
        return LF_OK;
    if (!session->base.in_tx)
        return lf_mongo_finish_asides(session, err);
    session->unfinished = true; /* the next transaction begins with it */
    return lf_fail(err, LF_AGAIN, "places of the log are being freed");
}

enum lf_status
lf_mongo_highest(struct lf_mongo_session *session, struct lf_bytes topic, int32_t partition, int64_t *ret_next,
                 struct lf_err *err)
{
    *ret_next = -1;
    lf_buf_clear(&session->filter);
    size_t start = lf_bson_begin(&session->filter);
    lf_bson_text(&session->filter, LF_LIT("topic"), topic);
    lf_bson_int32(&session->filter, LF_LIT("partition"), partition);
    lf_bson_end(&session->filter, start);
    lf_buf_clear(&session->opts);
    lf_bson_end(&session->opts, lf_bson_begin(&session->opts));
    return lf_mongo_ask(session, LF_MONGO_POSITIONS, "reading positions", note_highest, ret_next, err);
}

/* ---- of all groups ---- */

struct lf_mongo_place *
lf_mongo_place_of(struct lf_mongo_place *places, size_t count, struct lf_bytes topic, int32_t partition)
{
    for (size_t i = 0; i < count; i++) {
        if (places[i].partition == partition && lf_bytes_equal(places[i].topic, topic))
            return &places[i];
    }
    return NULL;
}

struct passing {
    struct lf_arena *arena;
    struct lf_mongo_place *places;
    size_t count, cap;
};

static enum lf_status
note_passed(void *ctx, const bson_t *document, struct lf_err *err)
{
    struct passing *passing = ctx;
    if (lf_mongo_has_aside(document))
        return lf_fail(err, LF_AGAIN, "places of the log are being freed");
    struct lf_bytes topic = lf_bson_get_text(document, "topic");
    int32_t partition = (int32_t)lf_bson_get_int(document, "partition", -1);
    int64_t last = lf_bson_get_int(document, "nextOffset", 0) - 1;
    struct lf_mongo_place *one = lf_mongo_place_of(passing->places, passing->count, topic, partition);
    if (one != NULL) {
        one->offset = one->offset > last ? one->offset : last;
        return LF_OK;
    }
    struct lf_mongo_place *grown =
        lf_arena_grow(passing->arena, passing->places, passing->count, &passing->cap, sizeof(*grown));
    topic = lf_arena_copy(passing->arena, topic);
    if (grown == NULL || topic.ptr == NULL)
        return lf_no_memory(err);
    passing->places = grown;
    grown[passing->count++] = (struct lf_mongo_place){.topic = topic, .partition = partition, .offset = last};
    return LF_OK;
}

enum lf_status
lf_mongo_passed(struct lf_mongo_session *session, struct lf_arena *arena, struct lf_mongo_place **ret,
                size_t *ret_count, struct lf_err *err)
{
    struct passing passing = {.arena = arena};
    lf_mongo_filter_all(session);
    enum lf_status st = lf_mongo_ask(session, LF_MONGO_POSITIONS, "reading positions", note_passed, &passing, err);
    *ret = passing.places;
    *ret_count = passing.count;
    return st;
}

/* ---- one ---- */

enum lf_status
lf_mongo_position(struct lf_store_session *base, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
                  int64_t *ret_next, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    struct lf_arena arena;
    lf_arena_init(&arena, 512, 0);
    struct lf_bytes id = id_of(&arena, group, topic, partition);
    enum lf_status st = id.ptr != NULL ? LF_OK : lf_no_memory(err);
    const struct lf_mongo_position *own = st == LF_OK && base->in_tx ? own_position(&session->tx, id) : NULL;
    if (own != NULL)
        *ret_next = own->next;
    else if (st == LF_OK)
        st = stored_position(session, id, ret_next, err);
    lf_arena_release(&arena);
    return st;
}

static bool
copy(struct lf_arena *arena, struct lf_bytes *bytes)
{
    *bytes = lf_arena_copy(arena, *bytes);
    return bytes->ptr != NULL;
}

enum lf_status
lf_mongo_advance(struct lf_store_session *base, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
                 int64_t expected, int64_t next, struct lf_err *err)
{
    struct lf_mongo_session *session = lf_mongo_session(base);
    struct lf_mongo_tx *tx = &session->tx;
    int64_t stored = -1;
    struct lf_bytes id = id_of(&tx->arena, group, topic, partition);
    if (id.ptr == NULL)
        return lf_no_memory(err);
    struct lf_mongo_position *own = own_position(tx, id);
    if (own != NULL) {
        if (own->next != expected)
            return lf_store_fenced(topic, partition, expected, err);
        own->next = next;
        return LF_OK;
    }
    enum lf_status st = stored_position(session, id, &stored, err);
    if (st == LF_OK && stored != expected) /* seen now, before anything is written */
        st = lf_store_fenced(topic, partition, expected, err);
    if (st != LF_OK)
        return st;
    struct lf_mongo_position *grown =
        lf_arena_grow(&tx->arena, tx->positions, tx->position_count, &tx->position_cap, sizeof(*grown));
    if (grown == NULL || !copy(&tx->arena, &group) || !copy(&tx->arena, &topic))
        return lf_no_memory(err);
    tx->positions = grown;
    grown[tx->position_count++] = (struct lf_mongo_position){
        .id = id, .group = group, .topic = topic, .partition = partition, .expected = expected, .next = next};
    return LF_OK;
}
