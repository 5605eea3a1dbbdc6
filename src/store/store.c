/* The front of every store: checks the contract of store.h once, keeps the list of back ends, dispatches. */
#include "store/store.h"

#include "base/limits.h"
#include "store/store_backend.h"

#include <string.h>

static const struct lf_store_ops *const backends[] = {
    &lf_store_sqlite,
    &lf_store_postgres,
    &lf_store_mongodb,
    &lf_store_memory,
};

static const struct lf_store_ops *
find_backend(struct lf_bytes url)
{
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
        if (lf_bytes_starts_with(url, lf_bytes_of(backends[i]->scheme)))
            return backends[i];
    }
    return NULL;
}

enum lf_status
lf_store_open(const struct lf_store_options *options, struct lf_store **ret, struct lf_err *err)
{
    struct lf_bytes url = lf_bytes_of(options->url);
    const struct lf_store_ops *ops = find_backend(url);
    /* what stands before :// is a scheme; the rest may hold a password */
    size_t scheme_len = lf_bytes_index(url, ':');
    if (ops == NULL)
        return lf_fail(err, LF_USAGE,
                       "no store is known for the URL scheme \"%.*s\": use sqlite:FILE, postgresql://…, "
                       "mongodb://… or memory:",
                       LF_FMT(lf_bytes(url.ptr, scheme_len == SIZE_MAX ? 0 : scheme_len)));
    struct lf_store *store = NULL;
    enum lf_status st = ops->open(options, options->url + lf_bytes_of(ops->scheme).len, &store, err);
    if (st != LF_OK)
        return st;
    store->ops = ops;
    store->model = options->model;
    store->read_only = options->read_only;
    *ret = store;
    return LF_OK;
}

/* Where in a URL the password of its userinfo is; an empty view: nowhere. */
static struct lf_bytes
password_of(const char *url)
{
    const char *from = strstr(url, "://");
    if (from == NULL)
        return LF_BYTES_NONE;
    from += 3;
    size_t authority = strcspn(from, "/?#");
    const char *at = memrchr(from, '@', authority);
    const char *colon = at != NULL ? memchr(from, ':', (size_t)(at - from)) : NULL;
    return colon != NULL ? lf_bytes(colon + 1, (size_t)(at - colon - 1)) : LF_BYTES_NONE;
}

void
lf_store_url_show(struct lf_buf *out, const char *url)
{
    static const char parameter[] = "password="; /* of libpq; others end in it */
    static const char hidden[] = "***";
    struct lf_bytes password = password_of(url);
    if (password.len != 0) {
        lf_buf_add(out, lf_bytes(url, (size_t)(password.ptr - url)));
        lf_buf_add_text(out, hidden);
        url = password.ptr + password.len;
    }
    for (const char *found; (found = strcasestr(url, parameter)) != NULL; url = found + strcspn(found, "&")) {
        found += sizeof(parameter) - 1;
        lf_buf_add(out, lf_bytes(url, (size_t)(found - url)));
        lf_buf_add_text(out, hidden);
    }
    lf_buf_add_text(out, url);
}

void
lf_store_close(struct lf_store *store)
{
    if (store != NULL)
        store->ops->close(store);
}

const char *
lf_store_backend_name(const struct lf_store *store)
{
    return store->ops->name;
}

bool
lf_store_has_transactions(const struct lf_store *store)
{
    return !store->stepwise;
}

enum lf_status
lf_store_health(struct lf_store *store, struct lf_err *err)
{
    return store->ops->health(store, err);
}

enum lf_status
lf_store_session_open(struct lf_store *store, bool writer, struct lf_store_session **ret, struct lf_err *err)
{
    if (writer && store->read_only)
        return lf_fail(err, LF_USAGE, "the store was opened for reading only");
    struct lf_store_session *session = NULL;
    enum lf_status st = store->ops->session_open(store, writer, &session, err);
    if (st != LF_OK)
        return st;
    session->store = store;
    session->writer = writer;
    session->in_tx = session->failed = false;
    *ret = session;
    return LF_OK;
}

void
lf_store_session_close(struct lf_store_session *session)
{
    if (session == NULL)
        return;
    lf_store_abort(session);
    session->store->ops->session_close(session);
}

static enum lf_status
may_begin(const struct lf_store_session *session, struct lf_err *err)
{
    if (!session->writer)
        return lf_fail(err, LF_USAGE, "this session of the store is for reading only");
    if (session->in_tx)
        return lf_fail(err, LF_USAGE, "a transaction is open already");
    return LF_OK;
}

/* Remembers what became of a beginning. */
static enum lf_status
begun(struct lf_store_session *session, enum lf_status st)
{
    session->in_tx = st == LF_OK;
    session->failed = false;
    return st;
}

enum lf_status
lf_store_begin(struct lf_store_session *session, struct lf_err *err)
{
    enum lf_status st = may_begin(session, err);
    return st == LF_OK ? begun(session, session->store->ops->begin(session, err)) : st;
}

/* The store's own entity for one of a model of the same make. NULL stays NULL. */
static const struct lf_entity *
own_entity(const struct lf_store_session *session, const struct lf_entity *entity)
{
    const struct lf_model *model = session->store->model;
    if (entity == NULL)
        return NULL;
    LF_ASSERT(entity->index < model->entity_count);
    return &model->entities[entity->index];
}

/* May this session write now? */
static enum lf_status
may_write(const struct lf_store_session *session, struct lf_err *err)
{
    if (!session->in_tx)
        return lf_fail(err, LF_USAGE, "writing to the store needs a transaction");
    if (session->failed)
        return lf_fail(err, LF_USAGE, "the transaction has failed: only abort is left");
    return LF_OK;
}

/* Reading is allowed anywhere but in a transaction that has failed. */
static enum lf_status
may_read(const struct lf_store_session *session, struct lf_err *err)
{
    if (session->in_tx && session->failed)
        return lf_fail(err, LF_USAGE, "the transaction has failed: only abort is left");
    return LF_OK;
}

/* Remembers that a transaction is spoiled. */
static enum lf_status
spoil(struct lf_store_session *session, enum lf_status st)
{
    if (st != LF_OK && session->in_tx)
        session->failed = true;
    return st;
}

enum lf_status
lf_store_append(struct lf_store_session *session, const struct lf_event *const *events, size_t count,
                enum lf_append_outcome *ret_outcomes, struct lf_err *err)
{
    enum lf_status st = may_write(session, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        const struct lf_event *event = events[i];
        LF_ASSERT(event->id.ptr != NULL && event->type_name.ptr != NULL);
        LF_ASSERT(event->place.topic.ptr != NULL && event->place.partition >= 0 && event->place.offset >= 0);
    }
    return st == LF_OK ? spoil(session, session->store->ops->append(session, events, count, ret_outcomes, err)) : st;
}

enum lf_status
lf_store_load(struct lf_store_session *session, const struct lf_entity *entity, const struct lf_bytes *keys,
              size_t count, struct lf_arena *arena, struct lf_value *ret_states, struct lf_err *err)
{
    enum lf_status st = may_read(session, err);
    if (st != LF_OK)
        return st;
    entity = own_entity(session, entity);
    return spoil(session, session->store->ops->load(session, entity, keys, count, arena, ret_states, err));
}

enum lf_status
lf_store_save(struct lf_store_session *session, const struct lf_entity *entity, const struct lf_state_change *changes,
              size_t count, struct lf_err *err)
{
    enum lf_status st = may_write(session, err);
    for (size_t i = 0; st == LF_OK && i < count; i++)
        LF_ASSERT(changes[i].state.type == LF_V_OBJECT || changes[i].state.type == LF_V_NULL);
    entity = own_entity(session, entity);
    return st == LF_OK ? spoil(session, session->store->ops->save(session, entity, changes, count, err)) : st;
}

enum lf_status
lf_store_bury(struct lf_store_session *session, const struct lf_dead_letter *letters, size_t count, struct lf_err *err)
{
    enum lf_status st = may_write(session, err);
    for (size_t i = 0; st == LF_OK && i < count; i++)
        LF_ASSERT(letters[i].place.topic.ptr != NULL && letters[i].place.partition >= 0);
    return st == LF_OK ? spoil(session, session->store->ops->bury(session, letters, count, err)) : st;
}

enum lf_status
lf_store_advance(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
                 int64_t expected, int64_t next, struct lf_err *err)
{
    enum lf_status st = may_write(session, err);
    if (st != LF_OK)
        return st;
    LF_ASSERT(expected >= -1 && next >= 0);
    st = session->store->ops->advance(session, group, topic, partition, expected, next, err);
    return spoil(session, st);
}

enum lf_status
lf_store_set_aside(struct lf_store_session *session, struct lf_bytes topic, int32_t partition, int64_t from,
                   struct lf_bytes name, struct lf_err *err)
{
    const struct lf_store_ops *ops = session->store->ops;
    enum lf_status st = may_write(session, err);
    if (st == LF_OK && ops->set_aside == NULL)
        st = lf_fail(err, LF_UNSUPPORTED, "the %s store cannot free places of the log", ops->name);
    return st == LF_OK ? spoil(session, ops->set_aside(session, topic, partition, from, name, err)) : st;
}

enum lf_status
lf_store_commit(struct lf_store_session *session, struct lf_err *err)
{
    enum lf_status st = may_write(session, err);
    if (st != LF_OK)
        return st;
    st = spoil(session, session->store->ops->commit(session, err));
    if (st == LF_OK)
        session->in_tx = false;
    return st;
}

void
lf_store_abort(struct lf_store_session *session)
{
    if (session->in_tx)
        session->store->ops->abort(session);
    session->in_tx = session->failed = false;
}

/* ---- states computed anew ---- */

static enum lf_status
cannot_rebuild(const struct lf_store *store, struct lf_err *err)
{
    return lf_fail(err, LF_UNSUPPORTED, "a store of the kind %s cannot compute its states anew", store->ops->name);
}

enum lf_status
lf_store_begin_alone(struct lf_store_session *session, int64_t *ret_last, struct lf_err *err)
{
    const struct lf_store *store = session->store;
    enum lf_status st = may_begin(session, err);
    if (st == LF_OK && store->ops->begin_alone == NULL)
        return cannot_rebuild(store, err);
    return st == LF_OK ? begun(session, store->ops->begin_alone(session, ret_last, err)) : st;
}

enum lf_status
lf_store_swap(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes collection,
              struct lf_err *err)
{
    const struct lf_store *store = session->store;
    enum lf_status st = may_write(session, err);
    if (st == LF_OK && store->ops->swap == NULL)
        st = cannot_rebuild(store, err);
    if (st != LF_OK)
        return st;
    return spoil(session, store->ops->swap(session, own_entity(session, entity), collection, err));
}

enum lf_status
lf_store_drop(struct lf_store_session *session, struct lf_bytes collection, struct lf_err *err)
{
    const struct lf_store *store = session->store;
    enum lf_status st = may_write(session, err);
    if (st == LF_OK && store->ops->drop == NULL)
        st = cannot_rebuild(store, err);
    return st == LF_OK ? spoil(session, store->ops->drop(session, collection, err)) : st;
}

enum lf_status
lf_store_walk(struct lf_store_session *session, const struct lf_walk *walk, struct lf_arena *arena,
              struct lf_walked **ret, size_t *ret_count, struct lf_err *err)
{
    const struct lf_store *store = session->store;
    struct lf_walk own = *walk;
    enum lf_status st = may_read(session, err);
    if (st == LF_OK && store->ops->walk == NULL)
        st = cannot_rebuild(store, err);
    if (st != LF_OK)
        return st;
    own.entity = own_entity(session, walk->entity);
    if (own.max > LF_WALK_MAX)
        own.max = LF_WALK_MAX;
    return spoil(session, store->ops->walk(session, &own, arena, ret, ret_count, err));
}

/* ---- one by one ---- */

bool
lf_store_reviews(const struct lf_store *store)
{
    return store->ops->review != NULL;
}

enum lf_status
lf_store_review(struct lf_store_session *session, const struct lf_review *review, struct lf_reviewed *ret,
                struct lf_err *err)
{
    struct lf_review own = *review;
    enum lf_status st = may_write(session, err);
    if (st == LF_OK && !lf_store_reviews(session->store))
        st = cannot_rebuild(session->store, err);
    if (st != LF_OK)
        return st;
    own.entity = own_entity(session, review->entity);
    own.max = review->max != 0 ? review->max : 1;
    return spoil(session, session->store->ops->review(session, &own, ret, err));
}

enum lf_status
lf_store_review_settle(struct lf_store_session *session, struct lf_err *err)
{
    enum lf_status st = may_begin(session, err);
    if (st == LF_OK && !lf_store_reviews(session->store))
        st = cannot_rebuild(session->store, err);
    return st == LF_OK ? session->store->ops->review_settle(session, err) : st;
}

enum lf_status
lf_store_review_read(struct lf_store_session *session, const struct lf_entity *entity, struct lf_arena *arena,
                     struct lf_review_note *ret, struct lf_err *err)
{
    enum lf_status st = may_read(session, err);
    if (st == LF_OK && !lf_store_reviews(session->store))
        st = cannot_rebuild(session->store, err);
    return st == LF_OK ? session->store->ops->review_read(session, own_entity(session, entity), arena, ret, err) : st;
}

enum lf_status
lf_store_review_note(struct lf_store_session *session, const struct lf_entity *entity,
                     const struct lf_review_note *note, struct lf_err *err)
{
    enum lf_status st = may_begin(session, err);
    if (st == LF_OK && !lf_store_reviews(session->store))
        st = cannot_rebuild(session->store, err);
    return st == LF_OK ? session->store->ops->review_note(session, own_entity(session, entity), note, err) : st;
}

/* ---- reading ---- */

enum lf_status
lf_store_position(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
                  int64_t *ret_next, struct lf_err *err)
{
    enum lf_status st = may_read(session, err);
    if (st != LF_OK)
        return st;
    return spoil(session, session->store->ops->position(session, group, topic, partition, ret_next, err));
}

/* Nothing found is an answer, not a failure of the transaction. */
static enum lf_status
spoil_unless_missing(struct lf_store_session *session, enum lf_status st)
{
    return st == LF_NOT_FOUND ? st : spoil(session, st);
}

enum lf_status
lf_store_get(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes key,
             struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    enum lf_status st = may_read(session, err);
    if (st != LF_OK)
        return st;
    entity = own_entity(session, entity);
    return spoil_unless_missing(session, session->store->ops->get(session, entity, key, arena, ret, err));
}

enum lf_status
lf_store_event(struct lf_store_session *session, struct lf_bytes id, struct lf_arena *arena,
               struct lf_stored_event *ret, struct lf_err *err)
{
    enum lf_status st = may_read(session, err);
    if (st != LF_OK)
        return st;
    return spoil_unless_missing(session, session->store->ops->event(session, id, arena, ret, err));
}

enum lf_status
lf_store_list(struct lf_store_session *session, const struct lf_list_query *query, struct lf_arena *arena,
              struct lf_list_result *ret, struct lf_err *err)
{
    enum lf_status st = may_read(session, err);
    if (st == LF_OK)
        st = lf_list_check(query, err); /* wrong questions spoil nothing */
    if (st != LF_OK)
        return st;
    struct lf_list_query own = *query;
    own.entity = own_entity(session, query->entity);
    return spoil(session, session->store->ops->list(session, &own, arena, ret, err));
}

enum lf_status
lf_store_dead_letters(struct lf_store_session *session, const struct lf_letter_query *query, struct lf_arena *arena,
                      struct lf_dead_letter **ret, size_t *ret_count, struct lf_err *err)
{
    struct lf_letter_query own = *query;
    enum lf_status st = may_read(session, err);
    if (st != LF_OK)
        return st;
    if (own.max > LF_PAGE_MAX)
        own.max = LF_PAGE_MAX;
    return spoil(session, session->store->ops->dead_letters(session, &own, arena, ret, ret_count, err));
}
