/* All events of the store, in its order, folded into the scratch store: a page a transaction. */
#include "base/limits.h"
#include "event/replay.h"
#include "server/verify_inner.h"

#include <stdio.h>

struct fold {
    struct lf_verify *verify;
    struct lf_verify_pages events;
    struct lf_states states;
    struct lf_arena arena; /* of the states of a page */
};

static void
found(struct fold *fold, const struct lf_stored_event *stored, const char *kind, const char *expected, const char *seen)
{
    const struct lf_finding finding = {.kind = kind,
                                       .place = stored->event.place,
                                       .event_id = stored->event.id,
                                       .entity_type = stored->entity_type,
                                       .entity_key = stored->event.entity_key,
                                       .expected = lf_bytes_of(expected),
                                       .seen = lf_bytes_of(seen)};
    lf_verify_found(fold->verify, &finding);
}

/* Where the event stands: in which partition, in order, above or below what the log phase has looked at? */
static void
judge_place(struct fold *fold, const struct lf_stored_event *stored)
{
    struct lf_verify_result *result = fold->verify->result;
    int64_t offset = stored->event.place.offset;
    struct lf_verify_partition *partition =
        lf_verify_partition(fold->verify, stored->event.place.topic, stored->event.place.partition);
    char expected[64], seen[64];
    result->events++;
    if (partition == NULL) {
        result->elsewhere++;
        return;
    }
    if (offset <= partition->latest) {
        snprintf(expected, sizeof(expected), "an offset above %lld", (long long)partition->latest);
        snprintf(seen, sizeof(seen), "offset %lld stored after it", (long long)offset);
        found(fold, stored, "order", expected, seen);
    }
    partition->latest = offset;
    if (offset > partition->highest)
        partition->highest = offset;
    if (offset < partition->first)
        result->gone++;
    else if (offset >= lf_verify_limit(partition))
        result->beyond++;
}

static enum lf_status
load_page(struct fold *fold, struct lf_err *err)
{
    for (size_t i = 0; i < fold->events.page.count; i++) {
        const struct lf_stored_event *stored = &fold->events.page.events[i];
        const struct lf_entity *entity = lf_replay_entity(&stored->event, stored->entity_type);
        if (entity != NULL && lf_states_want(&fold->states, entity, stored->event.entity_key, &fold->arena) == NULL)
            return lf_no_memory(err);
    }
    return lf_states_load(&fold->states, fold->verify->folded, &fold->arena, err);
}

static enum lf_status
fold_event(struct fold *fold, const struct lf_stored_event *stored, struct lf_err *err)
{
    const struct lf_entity *entity = lf_replay_entity(&stored->event, stored->entity_type);
    if (entity == NULL) {
        /* bound to nothing when it was stored, or by today's schema; an event without any entity is neither */
        const struct lf_event_type *type = stored->event.type;
        fold->verify->result->unbound += stored->entity_type.ptr != NULL || (type != NULL && type->entity != NULL);
        return LF_OK;
    }
    struct lf_state *state = lf_states_want(&fold->states, entity, stored->event.entity_key, &fold->arena);
    struct lf_value value;
    struct lf_err why = {0};
    if (state == NULL)
        return lf_no_memory(err);
    enum lf_status st = lf_replay(&stored->event, &state->value, &fold->arena, &value, &why);
    if (st == LF_OK) {
        state->value = value;
        state->place = stored->event.place;
        state->changed = true;
    } else if (lf_status_fate(st) == LF_FATE_REJECT) {
        found(fold, stored, "unfoldable", "an event that its entity can take", why.text);
    } else {
        return lf_fail(err, st, "%s", why.text);
    }
    return LF_OK;
}

static enum lf_status
fold_page(struct fold *fold, struct lf_err *err)
{
    lf_states_clear(&fold->states);
    lf_arena_reset(&fold->arena);
    enum lf_status st = lf_store_begin(fold->verify->folded, err);
    if (st == LF_OK)
        st = load_page(fold, err);
    for (size_t i = 0; st == LF_OK && i < fold->events.page.count; i++) {
        judge_place(fold, &fold->events.page.events[i]);
        st = fold_event(fold, &fold->events.page.events[i], err);
    }
    if (st == LF_OK)
        st = lf_states_save(&fold->states, fold->verify->folded, &fold->arena, err);
    if (st == LF_OK)
        st = lf_store_commit(fold->verify->folded, err);
    lf_store_abort(fold->verify->folded);
    return st;
}

static enum lf_status
keep_tail(struct fold *fold, struct lf_err *err)
{
    const struct lf_list_result *page = &fold->events.page;
    lf_buf_clear(&fold->verify->tail);
    lf_buf_add(&fold->verify->tail, page->cursors[page->count - 1]);
    return lf_buf_status(&fold->verify->tail, err);
}

static enum lf_status
run(struct fold *fold, const char *what, struct lf_err *err)
{
    const struct lf_verify *verify = fold->verify;
    enum lf_status st;
    while ((st = lf_verify_pages_next(&fold->events, verify->session, err)) == LF_OK && fold->events.page.count != 0) {
        st = fold_page(fold, err);
        if (st == LF_OK)
            st = keep_tail(fold, err);
        /* what the store holds beyond the positions is not known before: so many at least */
        int64_t total =
            verify->result->stored > verify->result->events ? verify->result->stored : verify->result->events;
        if (st == LF_OK)
            st = lf_progress_tell(&verify->options->progress, what, verify->result->events, total, err);
        if (st != LF_OK)
            return st;
    }
    return st;
}

enum lf_status
lf_verify_fold(struct lf_verify *verify, const char *what, struct lf_err *err)
{
    struct fold fold = {.verify = verify};
    lf_verify_pages_init(&fold.events);
    lf_arena_init(&fold.arena, 64 * 1024, 0);
    struct lf_buf from; /* the tail moves while pages are read */
    lf_buf_init(&from, verify->tail.max);
    lf_buf_add(&from, lf_buf_view(&verify->tail));
    if (from.len != 0)
        fold.events.query.after = lf_buf_view(&from);
    enum lf_status st = lf_buf_status(&from, err);
    if (st == LF_OK)
        st = lf_states_init(&fold.states, verify->options->model, err);
    if (st == LF_OK)
        st = run(&fold, what, err);
    lf_states_release(&fold.states);
    lf_buf_release(&from);
    lf_arena_release(&fold.arena);
    lf_verify_pages_release(&fold.events);
    return st;
}
