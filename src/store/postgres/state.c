/* Entity states and positions, and the transaction around them. */
#include "store/postgres/postgres.h"

#include "json/json.h"

#include <stdlib.h>
#include <string.h>

static enum lf_status
begin(struct lf_pg_session *session, enum lf_pg_fixed which, struct lf_err *err)
{
    enum lf_status st = lf_pg_link_up(&session->link, err);
    if (st == LF_OK)
        st = lf_pg_run(&session->link, session->store->fixed[which], "beginning a transaction", err);
    session->untouched = st == LF_OK;
    return st;
}

enum lf_status
lf_pg_begin_with(struct lf_pg_session *session, enum lf_pg_fixed which, struct lf_err *err)
{
    bool fresh = lf_pg_link_lost(&session->link);
    enum lf_status st = begin(session, which, err);
    if (st == LF_UNAVAILABLE && !fresh && lf_pg_link_lost(&session->link))
        st = begin(session, which, err); /* it had gone unnoticed */
    if (st != LF_OK)
        lf_pg_abort(&session->base); /* it may have begun all the same, and waits for a lock no more */
    return st;
}

enum lf_status
lf_pg_begin(struct lf_store_session *base, struct lf_err *err)
{
    return lf_pg_begin_with((struct lf_pg_session *)base, LF_PG_BEGIN, err);
}

enum lf_status
lf_pg_begin_again(struct lf_pg_session *session, struct lf_err *err)
{
    if (lf_pg_link_lost(&session->link))
        return lf_fail(err, LF_UNAVAILABLE, "the connection to PostgreSQL is lost");
    return begin(session, LF_PG_BEGIN_AGAIN, err);
}

enum lf_status
lf_pg_commit(struct lf_store_session *base, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    PGresult *result = NULL;
    lf_pg_params_clear(&session->params);
    enum lf_status st = lf_pg_ask(session, "COMMIT", "committing a transaction", &result, err);
    if (st == LF_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        st = lf_fail(err, LF_AGAIN, "PostgreSQL has rolled the transaction back");
    PQclear(result);
    return st;
}

void
lf_pg_abort(struct lf_store_session *base)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    lf_pg_params_clear(&session->params);
    if (lf_pg_link_lost(&session->link))
        return;
    PGTransactionStatusType status = PQtransactionStatus(session->link.conn);
    if (status == PQTRANS_IDLE)
        return;
    if ((status != PQTRANS_INTRANS && status != PQTRANS_INERROR) ||
        lf_pg_run(&session->link, "ROLLBACK", "rolling back", NULL) != LF_OK)
        lf_pg_link_drop(&session->link); /* which rolls back as well */
}

/* ---- states ---- */

/* Keys as an array; one that no entity can have is null, which is equal to nothing. */
static void
add_keys(struct lf_pg_params *params, const struct lf_entity *entity, const struct lf_bytes *keys, size_t count)
{
    const struct lf_field *field = &entity->fields[entity->key];
    struct lf_value value;
    lf_pg_array_begin(params, lf_pg_kind(field)->sent);
    for (size_t i = 0; i < count; i++) {
        if (lf_store_key_value(entity, keys[i], &value, NULL) != LF_OK ||
            lf_pg_item_field(params, field, &value, NULL) != LF_OK)
            lf_pg_item_null(params);
    }
    lf_pg_array_end(params);
}

enum lf_status
lf_pg_load(struct lf_store_session *base, const struct lf_entity *entity, const struct lf_bytes *keys, size_t count,
           struct lf_arena *arena, struct lf_value *ret_states, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    PGresult *result = NULL;
    for (size_t i = 0; i < count; i++)
        ret_states[i] = LF_VALUE_NULL;
    if (count == 0)
        return LF_OK;
    lf_pg_params_clear(&session->params);
    add_keys(&session->params, entity, keys, count);
    enum lf_status st =
        lf_pg_ask(session, lf_pg_entity_sql(session, entity, LF_PG_LOAD), "reading states", &result, err);
    if (st != LF_OK)
        return st;
    struct lf_pg_reader reader = {.result = result, .arena = arena, .st = LF_OK, .err = err};
    for (reader.row = 0; st == LF_OK && reader.row < PQntuples(result); reader.row++) {
        reader.column = 0;
        size_t i = (size_t)lf_pg_next_int(&reader) - 1;
        LF_ASSERT(i < count);
        st = lf_pg_read_state(&reader, entity, &ret_states[i]);
    }
    PQclear(result);
    return st;
}

enum lf_status
lf_pg_get(struct lf_store_session *base, const struct lf_entity *entity, struct lf_bytes key, struct lf_arena *arena,
          struct lf_value *ret, struct lf_err *err)
{
    struct lf_value state = LF_VALUE_NULL;
    enum lf_status st = lf_pg_load(base, entity, &key, 1, arena, &state, err);
    if (st != LF_OK)
        return st;
    if (state.type == LF_V_NULL)
        return lf_fail(err, LF_NOT_FOUND, "there is no %.*s with key \"%.*s\"", LF_FMT(entity->name), LF_FMT(key));
    *ret = state;
    return LF_OK;
}

/* The statement that brings a change about. */
static enum lf_pg_of_entity
statement_of(const struct lf_state_change *change)
{
    if (change->state.type == LF_V_NULL)
        return LF_PG_DELETE;
    return change->existed ? LF_PG_CHANGE : LF_PG_SAVE;
}

/* By statement, then in the order of their keys, so that consumers who write the same rows wait for each other and do
 * not deadlock. */
static int
compare_changes(const void *a, const void *b)
{
    const struct lf_state_change *x = *(const struct lf_state_change *const *)a;
    const struct lf_state_change *y = *(const struct lf_state_change *const *)b;
    int order = (int)statement_of(x) - (int)statement_of(y);
    return order != 0 ? order : lf_bytes_compare(x->key, y->key);
}

static enum lf_status
add_field(struct lf_pg_session *session, const struct lf_entity *entity, const struct lf_state_change *const *changes,
          size_t count, size_t index, struct lf_err *err)
{
    const struct lf_field *field = &entity->fields[index];
    struct lf_value key, value;
    enum lf_status st = LF_OK;
    lf_pg_array_begin(&session->params, lf_pg_kind(field)->sent);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        st = lf_store_key_value(entity, changes[i]->key, &key, err);
        if (st == LF_OK)
            st = lf_store_field_value(entity, &changes[i]->state, &key, index, &session->arena, &value, err);
        if (st == LF_OK)
            st = lf_pg_item_field(&session->params, field, &value, err);
    }
    lf_pg_array_end(&session->params);
    return st;
}

static enum lf_status
write_states(struct lf_pg_session *session, const struct lf_entity *entity,
             const struct lf_state_change *const *changes, size_t count, enum lf_pg_of_entity which, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    lf_pg_params_clear(&session->params);
    for (size_t i = 0; st == LF_OK && i < entity->field_count; i++)
        st = add_field(session, entity, changes, count, i, err);
    if (st != LF_OK)
        return st;
    int64_t written = 0;
    st = lf_pg_do(session, lf_pg_entity_sql(session, entity, which), "storing states", &written, err);
    if (st == LF_OK && which == LF_PG_CHANGE && written != (int64_t)count)
        return lf_fail(err, LF_AGAIN, "storing states: rows of %.*s that were read are not there",
                       LF_FMT(entity->name));
    return st;
}

static enum lf_status
delete_states(struct lf_pg_session *session, const struct lf_entity *entity,
              const struct lf_state_change *const *changes, size_t count, struct lf_err *err)
{
    struct lf_bytes *keys = LF_ARENA_ARRAY(&session->arena, struct lf_bytes, count);
    if (keys == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++)
        keys[i] = changes[i]->key;
    lf_pg_params_clear(&session->params);
    add_keys(&session->params, entity, keys, count);
    return lf_pg_do(session, lf_pg_entity_sql(session, entity, LF_PG_DELETE), "deleting states", NULL, err);
}

static enum lf_status
save(struct lf_pg_session *session, const struct lf_entity *entity, const struct lf_state_change *changes, size_t count,
     struct lf_err *err)
{
    const struct lf_state_change **sorted = lf_arena_calloc(&session->arena, count, sizeof(*sorted));
    enum lf_status st = LF_OK;
    if (sorted == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &changes[i];
    qsort(sorted, count, sizeof(*sorted), compare_changes);
    for (size_t from = 0, to; st == LF_OK && from < count; from = to) {
        enum lf_pg_of_entity which = statement_of(sorted[from]);
        for (to = from + 1; to < count && statement_of(sorted[to]) == which; to++)
            ;
        st = which == LF_PG_DELETE ? delete_states(session, entity, sorted + from, to - from, err)
                                   : write_states(session, entity, sorted + from, to - from, which, err);
    }
    return st;
}

enum lf_status
lf_pg_save(struct lf_store_session *base, const struct lf_entity *entity, const struct lf_state_change *changes,
           size_t count, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    enum lf_status st = count != 0 ? save(session, entity, changes, count, err) : LF_OK;
    lf_arena_reset(&session->arena);
    return st;
}

/* ---- positions ---- */

static void
add_place(struct lf_pg_params *params, struct lf_bytes group, struct lf_bytes topic, int32_t partition)
{
    lf_pg_params_clear(params);
    lf_pg_param_text(params, group);
    lf_pg_param_text(params, topic);
    lf_pg_param_int(params, partition);
}

enum lf_status
lf_pg_position(struct lf_store_session *base, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
               int64_t *ret_next, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    PGresult *result = NULL;
    add_place(&session->params, group, topic, partition);
    enum lf_status st = lf_pg_ask(session, session->store->fixed[LF_PG_POSITION], "reading a position", &result, err);
    if (st != LF_OK)
        return st;
    struct lf_pg_reader reader = {.result = result, .st = LF_OK, .err = err};
    int64_t next = PQntuples(result) != 0 ? lf_pg_next_int(&reader) : -1;
    if (reader.st == LF_OK)
        *ret_next = next;
    PQclear(result);
    return reader.st;
}

enum lf_status
lf_pg_advance(struct lf_store_session *base, struct lf_bytes group, struct lf_bytes topic, int32_t partition,
              int64_t expected, int64_t next, struct lf_err *err)
{
    struct lf_pg_session *session = (struct lf_pg_session *)base;
    int64_t changed = 0;
    add_place(&session->params, group, topic, partition);
    lf_pg_param_bigint(&session->params, next);
    if (expected >= 0)
        lf_pg_param_bigint(&session->params, expected);
    enum lf_pg_fixed which = expected < 0 ? LF_PG_FIRST_POSITION : LF_PG_NEXT_POSITION;
    enum lf_status st = lf_pg_do(session, session->store->fixed[which], "moving a position", &changed, err);
    /* a row that has changed since the transaction began is another consumer's */
    if (st == LF_AGAIN || (st == LF_OK && changed != 1))
        return lf_store_fenced(topic, partition, expected, err);
    return st;
}
