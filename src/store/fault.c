/* The store that fails on demand. Everything else goes to the store inside, through its front. */
#include "store/fault.h"

#include "base/mem.h"
#include "store/store_backend.h"

#include <pthread.h>

struct fault_store {
    struct lf_store base;
    struct lf_store *inner;
    pthread_mutex_t lock;
    struct lf_store_fault fault;
    uint64_t calls;
    uint64_t hits;
};

struct fault_session {
    struct lf_store_session base;
    struct lf_store_session *inner;
};

static struct lf_store_session *
inner_of(struct lf_store_session *session)
{
    return ((struct fault_session *)session)->inner;
}

/* Does this call fail? */
static bool
fails(struct lf_store *base, enum lf_store_fault_op op, enum lf_status *ret_status, bool *ret_after)
{
    struct fault_store *store = (struct fault_store *)base;
    bool hit = false;
    pthread_mutex_lock(&store->lock);
    const struct lf_store_fault *fault = &store->fault;
    if (fault->nth != 0 && (fault->ops & (unsigned)op) != 0) {
        uint64_t call = ++store->calls;
        hit = call >= fault->nth && call - fault->nth < (fault->times != 0 ? fault->times : 1);
        store->hits += hit;
        *ret_status = fault->status;
        *ret_after = fault->after;
    }
    pthread_mutex_unlock(&store->lock);
    return hit;
}

static enum lf_status
injected(struct lf_store *base, enum lf_store_fault_op op, struct lf_err *err)
{
    enum lf_status status = LF_OK;
    bool after;
    if (!fails(base, op, &status, &after))
        return LF_OK;
    return lf_fail(err, status, "a fault made for a test: %s", lf_status_text(status));
}

/* Fails, or goes on with the call to the store inside. */
#define PASS(SESSION, OP, CALL)                                                                                        \
    do {                                                                                                               \
        enum lf_status fault_st = injected((SESSION)->store, (OP), err);                                               \
        return fault_st == LF_OK ? (CALL) : fault_st;                                                                  \
    } while (0)

static void
fault_close(struct lf_store *base)
{
    struct fault_store *store = (struct fault_store *)base;
    lf_store_close(store->inner);
    pthread_mutex_destroy(&store->lock);
    lf_free(store);
}

static enum lf_status
fault_health(struct lf_store *base, struct lf_err *err)
{
    enum lf_status st = injected(base, LF_FAULT_HEALTH, err);
    return st == LF_OK ? lf_store_health(((struct fault_store *)base)->inner, err) : st;
}

static enum lf_status
fault_session_open(struct lf_store *base, bool writer, struct lf_store_session **ret, struct lf_err *err)
{
    enum lf_status st = injected(base, LF_FAULT_SESSION_OPEN, err);
    if (st != LF_OK)
        return st;
    struct fault_session *session = lf_calloc(1, sizeof(*session));
    if (session == NULL)
        return lf_no_memory(err);
    st = lf_store_session_open(((struct fault_store *)base)->inner, writer, &session->inner, err);
    if (st != LF_OK) {
        lf_free(session);
        return st;
    }
    *ret = &session->base;
    return LF_OK;
}

static void
fault_session_close(struct lf_store_session *session)
{
    lf_store_session_close(inner_of(session));
    lf_free(session);
}

static enum lf_status
fault_begin(struct lf_store_session *session, struct lf_err *err)
{
    PASS(session, LF_FAULT_BEGIN, lf_store_begin(inner_of(session), err));
}

static enum lf_status
fault_append(struct lf_store_session *session, const struct lf_event *const *events, size_t count,
             enum lf_append_outcome *ret_outcomes, struct lf_err *err)
{
    PASS(session, LF_FAULT_APPEND, lf_store_append(inner_of(session), events, count, ret_outcomes, err));
}

static enum lf_status
fault_load(struct lf_store_session *session, const struct lf_entity *entity, const struct lf_bytes *keys, size_t count,
           struct lf_arena *arena, struct lf_value *ret_states, struct lf_err *err)
{
    PASS(session, LF_FAULT_LOAD, lf_store_load(inner_of(session), entity, keys, count, arena, ret_states, err));
}

static enum lf_status
fault_save(struct lf_store_session *session, const struct lf_entity *entity, const struct lf_state_change *changes,
           size_t count, struct lf_err *err)
{
    PASS(session, LF_FAULT_SAVE, lf_store_save(inner_of(session), entity, changes, count, err));
}

static enum lf_status
fault_bury(struct lf_store_session *session, const struct lf_dead_letter *letters, size_t count, struct lf_err *err)
{
    PASS(session, LF_FAULT_BURY, lf_store_bury(inner_of(session), letters, count, err));
}

static enum lf_status
fault_advance(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
              int64_t expected, int64_t next, struct lf_err *err)
{
    PASS(session, LF_FAULT_ADVANCE, lf_store_advance(inner_of(session), group, topic, partition, expected, next, err));
}

static enum lf_status
fault_set_aside(struct lf_store_session *session, struct lf_bytes topic, int32_t partition, int64_t from,
                struct lf_bytes name, struct lf_err *err)
{
    PASS(session, LF_FAULT_BURY, lf_store_set_aside(inner_of(session), topic, partition, from, name, err));
}

/* A commit can fail before it has happened, or after: then only the answer is lost. */
static enum lf_status
fault_commit(struct lf_store_session *session, struct lf_err *err)
{
    enum lf_status status = LF_OK;
    bool after = false;
    if (!fails(session->store, LF_FAULT_COMMIT, &status, &after))
        return lf_store_commit(inner_of(session), err);
    if (after) {
        enum lf_status st = lf_store_commit(inner_of(session), err);
        if (st != LF_OK)
            return st;
    }
    return lf_fail(err, status, "a fault made for a test: the commit %s", after ? "happened" : "did not happen");
}

static void
fault_abort(struct lf_store_session *session)
{
    lf_store_abort(inner_of(session));
}

static enum lf_status
fault_begin_alone(struct lf_store_session *session, int64_t *ret_last, struct lf_err *err)
{
    PASS(session, LF_FAULT_BEGIN, lf_store_begin_alone(inner_of(session), ret_last, err));
}

static enum lf_status
fault_swap(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes collection,
           struct lf_err *err)
{
    PASS(session, LF_FAULT_SAVE, lf_store_swap(inner_of(session), entity, collection, err));
}

static enum lf_status
fault_drop(struct lf_store_session *session, struct lf_bytes collection, struct lf_err *err)
{
    PASS(session, LF_FAULT_SAVE, lf_store_drop(inner_of(session), collection, err));
}

static enum lf_status
fault_walk(struct lf_store_session *session, const struct lf_walk *walk, struct lf_arena *arena, struct lf_walked **ret,
           size_t *ret_count, struct lf_err *err)
{
    PASS(session, LF_FAULT_READ, lf_store_walk(inner_of(session), walk, arena, ret, ret_count, err));
}

static enum lf_status
fault_position(struct lf_store_session *session, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
               int64_t *ret_next, struct lf_err *err)
{
    PASS(session, LF_FAULT_READ, lf_store_position(inner_of(session), group, topic, partition, ret_next, err));
}

static enum lf_status
fault_get(struct lf_store_session *session, const struct lf_entity *entity, struct lf_bytes key, struct lf_arena *arena,
          struct lf_value *ret, struct lf_err *err)
{
    PASS(session, LF_FAULT_READ, lf_store_get(inner_of(session), entity, key, arena, ret, err));
}

static enum lf_status
fault_event(struct lf_store_session *session, struct lf_bytes id, struct lf_arena *arena, struct lf_stored_event *ret,
            struct lf_err *err)
{
    PASS(session, LF_FAULT_READ, lf_store_event(inner_of(session), id, arena, ret, err));
}

static enum lf_status
fault_list(struct lf_store_session *session, const struct lf_list_query *query, struct lf_arena *arena,
           struct lf_list_result *ret, struct lf_err *err)
{
    PASS(session, LF_FAULT_READ, lf_store_list(inner_of(session), query, arena, ret, err));
}

static enum lf_status
fault_dead_letters(struct lf_store_session *session, const struct lf_letter_query *query, struct lf_arena *arena,
                   struct lf_dead_letter **ret, size_t *ret_count, struct lf_err *err)
{
    PASS(session, LF_FAULT_READ, lf_store_dead_letters(inner_of(session), query, arena, ret, ret_count, err));
}

static const struct lf_store_ops fault_ops = {
    .name = "fault",
    .scheme = "fault:", /* not in the list of back ends: made by lf_store_fault_new() only */
    .close = fault_close,
    .health = fault_health,
    .session_open = fault_session_open,
    .session_close = fault_session_close,
    .begin = fault_begin,
    .append = fault_append,
    .load = fault_load,
    .save = fault_save,
    .bury = fault_bury,
    .advance = fault_advance,
    .commit = fault_commit,
    .abort = fault_abort,
    .begin_alone = fault_begin_alone,
    .set_aside = fault_set_aside,
    .swap = fault_swap,
    .drop = fault_drop,
    .walk = fault_walk,
    .position = fault_position,
    .get = fault_get,
    .event = fault_event,
    .list = fault_list,
    .dead_letters = fault_dead_letters,
};

struct lf_store *
lf_store_fault_new(struct lf_store *inner)
{
    struct fault_store *store = lf_calloc(1, sizeof(*store));
    if (store == NULL)
        return NULL;
    store->base = (struct lf_store){
        .ops = &fault_ops, .model = inner->model, .read_only = inner->read_only, .stepwise = inner->stepwise};
    store->inner = inner;
    pthread_mutex_init(&store->lock, NULL);
    return &store->base;
}

void
lf_store_fault_arm(struct lf_store *base, struct lf_store_fault fault)
{
    struct fault_store *store = (struct fault_store *)base;
    LF_ASSERT(base->ops == &fault_ops);
    pthread_mutex_lock(&store->lock);
    store->fault = fault;
    store->calls = store->hits = 0;
    pthread_mutex_unlock(&store->lock);
}

uint64_t
lf_store_fault_hits(struct lf_store *base)
{
    struct fault_store *store = (struct fault_store *)base;
    LF_ASSERT(base->ops == &fault_ops);
    pthread_mutex_lock(&store->lock);
    uint64_t hits = store->hits;
    pthread_mutex_unlock(&store->lock);
    return hits;
}

struct lf_store *
lf_store_fault_inner(struct lf_store *base)
{
    LF_ASSERT(base->ops == &fault_ops);
    return ((struct fault_store *)base)->inner;
}
