/* Numbers of events, states and dead letters, from the counters. */
#include "store/mongodb/mongodb.h"

/* ---- versions ---- */

static bool
any_saved(const struct lf_mongo_session *session)
{
    for (size_t i = 0; i < session->store->base.model->entity_count; i++) {
        size_t at = 0;
        for (const struct lf_map_entry *entry; (entry = lf_map_next(&session->tx.states[i], &at)) != NULL;) {
            if (((const struct lf_mongo_state *)entry->value)->saved)
                return true;
        }
    }
    return false;
}

static void
set_versions(struct lf_mongo_session *session, int64_t version)
{
    for (size_t i = 0; i < session->store->base.model->entity_count; i++) {
        size_t at = 0;
        for (const struct lf_map_entry *entry; (entry = lf_map_next(&session->tx.states[i], &at)) != NULL;) {
            const struct lf_mongo_state *state = entry->value;
            if (!state->saved)
                continue;
            /* a buffer over the document's own memory, which is the arena's */
            struct lf_buf view = {.ptr = (char *)(uintptr_t)state->document.ptr,
                                  .len = state->document.len,
                                  .cap = state->document.len,
                                  .max = state->document.len};
            lf_bson_patch_int64(&view, state->version_at, version);
        }
    }
}

/* ---- events ---- */

/* The number of a partition's event that came last, in the order of the transaction. */
struct run {
    struct lf_bytes topic;
    int32_t partition;
    int64_t latest; /* INT64_MAX: one that is still to be given */
    struct run *next;
};

static enum lf_status
note_sequence(void *ctx, const bson_t *document, struct lf_err *err)
{
    (void)err;
    *(int64_t *)ctx = lf_bson_get_int(document, "sequence", 0);
    return LF_OK;
}

/* The number of the event before a place; 0: there is none. */
static enum lf_status
number_before(struct lf_mongo_session *session, const struct lf_place *place, int64_t *ret, struct lf_err *err)
{
    lf_buf_clear(&session->filter);
    size_t start = lf_bson_begin(&session->filter);
    lf_bson_text(&session->filter, LF_LIT("topic"), place->topic);
    lf_bson_int32(&session->filter, LF_LIT("partition"), place->partition);
    size_t range = lf_bson_open(&session->filter, LF_BSON_DOCUMENT, LF_LIT("offset"));
    lf_bson_int64(&session->filter, LF_LIT("$lt"), place->offset);
    lf_bson_end(&session->filter, range);
    lf_bson_end(&session->filter, start);
    lf_buf_clear(&session->opts);
    start = lf_bson_begin(&session->opts);
    size_t sort = lf_bson_open(&session->opts, LF_BSON_DOCUMENT, LF_LIT("sort"));
    lf_bson_int32(&session->opts, LF_LIT("offset"), -1);
    lf_bson_end(&session->opts, sort);
    lf_bson_int64(&session->opts, LF_LIT("limit"), 1);
    lf_bson_end(&session->opts, start);
    *ret = 0;
    return lf_mongo_ask(session, LF_MONGO_EVENTS, "numbering events", note_sequence, ret, err);
}

static enum lf_status
run_of(struct lf_mongo_session *session, struct run **runs, const struct lf_mongo_row *row, struct run **ret,
       struct lf_err *err)
{
    const struct lf_place *place = &row->place;
    struct run *run = *runs;
    while (run != NULL && (run->partition != place->partition || !lf_bytes_equal(run->topic, place->topic)))
        run = run->next;
    *ret = run;
    if (run != NULL)
        return LF_OK;
    run = LF_ARENA_NEW(&session->tx.arena, struct run);
    if (run == NULL)
        return lf_no_memory(err);
    *run = (struct run){.topic = place->topic, .partition = place->partition, .next = *runs};
    *runs = *ret = run;
    return row->len == 0 ? number_before(session, place, &run->latest, err) : LF_OK;
}

/* Which events need a number? */
static enum lf_status
plan_numbers(struct lf_mongo_session *session, size_t *ret_count, struct lf_err *err)
{
    const struct lf_mongo_tx *tx = &session->tx;
    struct run *runs = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < tx->row_count; i++) {
        struct lf_mongo_row *row = tx->rows[i];
        struct run *run = NULL;
        enum lf_status st = run_of(session, &runs, row, &run, err);
        if (st != LF_OK)
            return st;
        row->renumbered = row->len == 0 && row->sequence <= run->latest;
        bool given = row->len != 0 || row->renumbered;
        run->latest = given ? INT64_MAX : row->sequence;
        *ret_count += given;
    }
    return LF_OK;
}

static enum lf_status
number_events(struct lf_mongo_session *session, struct lf_err *err)
{
    struct lf_mongo_tx *tx = &session->tx;
    size_t count = 0;
    int64_t last = 0;
    enum lf_status st = plan_numbers(session, &count, err);
    if (st != LF_OK || (count == 0 && !any_saved(session)))
        return st;
    st = lf_mongo_reserve(session, "sequence", count + 1, &last, err);
    if (st != LF_OK)
        return st;
    set_versions(session, last);
    last -= (int64_t)count;
    for (size_t i = 0; i < tx->row_count; i++) {
        struct lf_mongo_row *row = tx->rows[i];
        if (row->len != 0)
            lf_bson_patch_int64(&tx->events, row->sequence_at, last++);
        else if (row->renumbered)
            row->sequence = last++;
    }
    return LF_OK;
}

enum lf_status
lf_mongo_number(struct lf_mongo_session *session, struct lf_err *err)
{
    struct lf_mongo_tx *tx = &session->tx;
    int64_t last = 0;
    enum lf_status st = number_events(session, err);
    if (st == LF_OK && tx->grave_count != 0)
        st = lf_mongo_reserve(session, "letters", tx->grave_count, &last, err);
    last -= (int64_t)tx->grave_count;
    for (size_t i = 0; st == LF_OK && i < tx->grave_count; i++)
        lf_bson_patch_int64(&tx->letters, tx->graves[i].id_at, ++last);
    return st;
}
