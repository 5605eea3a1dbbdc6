/*
 * Each entity's row beside the fold of its events, in pages by key, in two walks: over the rows, then over the folded
 * states for those that have no row.
 *
 * The fold ended at some event; rows may have changed since. A row that differs is suspect. Suspects are looked at
 * again together: go on with the fold, count their events behind its end, read their rows, apply those events. Events
 * and state move in one transaction, so a row must be the state after one of them, and not before those that were
 * counted.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "event/replay.h"
#include "server/verify_inner.h"

enum { SUSPECTS_MAX = 1000, TRIES_MAX = 5, RETRY_MS = 50 };

struct suspect {
    struct lf_bytes key;
    struct lf_value row;   /* as read last; LF_V_NULL: none */
    struct lf_value state; /* the fold so far */
    size_t counted;        /* events before the row was read */
    size_t folded;         /* events, in the last look */
    bool cleared;
};

struct check {
    struct lf_verify *verify;
    const struct lf_entity *entity;
    struct lf_verify_pages rows;
    struct lf_arena arena; /* of the suspects */
    struct lf_map by_key;  /* key -> suspect */
    struct suspect *suspects;
    size_t suspect_count;
};

/* ---- the folded states ---- */

/* The folded states of keys; LF_V_NULL where there is none. */
static enum lf_status
load_folded(struct check *check, const struct lf_bytes *keys, size_t count, struct lf_arena *arena,
            struct lf_value *ret, struct lf_err *err)
{
    return lf_store_load(check->verify->folded, check->entity, keys, count, arena, ret, err);
}

/* ---- another look at the suspects ---- */

typedef enum lf_status tail_fn(struct check *check, struct suspect *suspect, const struct lf_stored_event *stored,
                               struct lf_err *err);

static enum lf_status
walk_pages(struct check *check, struct lf_verify_pages *pages, tail_fn *fn, struct lf_err *err)
{
    enum lf_status st;
    while ((st = lf_verify_pages_next(pages, check->verify->session, err)) == LF_OK && pages->page.count != 0) {
        for (size_t i = 0; st == LF_OK && i < pages->page.count; i++) {
            const struct lf_stored_event *stored = &pages->page.events[i];
            struct suspect *suspect = lf_map_get(&check->by_key, stored->event.entity_key);
            if (suspect != NULL && lf_replay_entity(&stored->event, stored->entity_type) == check->entity)
                st = fn(check, suspect, stored, err);
        }
        if (st != LF_OK)
            return st;
    }
    return st;
}

/* Calls fn for the suspects' events behind the fold's end, in the store's order. */
static enum lf_status
walk_tail(struct check *check, tail_fn *fn, struct lf_err *err)
{
    struct lf_value *keys = LF_ARENA_ARRAY(&check->arena, struct lf_value, check->suspect_count);
    if (keys == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < check->suspect_count; i++)
        keys[i] = lf_value_string(check->suspects[i].key);
    const struct lf_filter type = lf_verify_where("entityType", LF_CMP_EQ, lf_value_string(check->entity->name));
    const struct lf_filter key = lf_verify_where("entityKey", LF_CMP_IN, lf_value_list(keys, check->suspect_count));
    const struct lf_filter *parts[] = {&type, &key};
    const struct lf_filter all = {.kind = LF_FILTER_AND, .parts = parts, .part_count = 2};
    struct lf_verify_pages pages;
    lf_verify_pages_init(&pages);
    pages.query = (struct lf_list_query){.filter = &all};
    if (check->verify->tail.len != 0)
        pages.query.after = lf_buf_view(&check->verify->tail);
    enum lf_status st = walk_pages(check, &pages, fn, err);
    lf_verify_pages_release(&pages);
    return st;
}

static enum lf_status
count_event(struct check *check, struct suspect *suspect, const struct lf_stored_event *stored, struct lf_err *err)
{
    (void)check;
    (void)stored;
    (void)err;
    suspect->counted++;
    return LF_OK;
}

static void
compare_folded(struct suspect *suspect)
{
    if (suspect->folded >= suspect->counted)
        suspect->cleared |= lf_value_equal(&suspect->row, &suspect->state);
}

static enum lf_status
fold_event(struct check *check, struct suspect *suspect, const struct lf_stored_event *stored, struct lf_err *err)
{
    struct lf_err why = {0};
    struct lf_value state;
    suspect->folded++;
    enum lf_status st = lf_replay(&stored->event, &suspect->state, &check->arena, &state, &why);
    if (st == LF_NO_MEMORY)
        return lf_no_memory(err);
    /* the events live in a page, what the state has of them must not; a state is one entity's: small */
    if (st == LF_OK && !lf_value_copy(&check->arena, &state, &suspect->state))
        return lf_no_memory(err);
    compare_folded(suspect);
    return LF_OK;
}

/* Rows and folded states of all suspects; the rows first, which no event before the counting can be missing in. */
static enum lf_status
load_suspects(struct check *check, struct lf_err *err)
{
    size_t count = check->suspect_count;
    struct lf_bytes *keys = LF_ARENA_ARRAY(&check->arena, struct lf_bytes, count);
    struct lf_value *values = LF_ARENA_ARRAY(&check->arena, struct lf_value, count);
    if (keys == NULL || values == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++)
        keys[i] = check->suspects[i].key;
    enum lf_status st = lf_store_load(check->verify->session, check->entity, keys, count, &check->arena, values, err);
    for (size_t i = 0; st == LF_OK && i < count; i++)
        check->suspects[i].row = values[i];
    if (st == LF_OK)
        st = load_folded(check, keys, count, &check->arena, values, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        check->suspects[i].state = values[i];
        compare_folded(&check->suspects[i]);
    }
    return st;
}

static enum lf_status
look_again(struct check *check, struct lf_err *err)
{
    for (size_t i = 0; i < check->suspect_count; i++)
        check->suspects[i].counted = check->suspects[i].folded = 0;
    enum lf_status st = walk_tail(check, count_event, err);
    if (st == LF_OK)
        st = load_suspects(check, err);
    return st == LF_OK ? walk_tail(check, fold_event, err) : st;
}

static void
found(struct check *check, const struct suspect *suspect)
{
    bool has_row = suspect->row.type != LF_V_NULL, has_state = suspect->state.type != LF_V_NULL;
    const struct lf_finding finding = {
        .kind = !has_row    ? "state_missing"
                : has_state ? "state_differs"
                            : "state_without_events",
        .place = {.partition = -1},
        .entity_type = check->entity->name,
        .entity_key = suspect->key,
        .expected = has_state ? lf_verify_text(&suspect->state, &check->arena) : LF_LIT("no row"),
        .seen = has_row ? lf_verify_text(&suspect->row, &check->arena) : LF_LIT("no row"),
    };
    lf_verify_found(check->verify, &finding);
}

/* A suspect whose events moved while it was looked at may be right all the same. */
static bool
moved(const struct suspect *suspect)
{
    return suspect->folded != suspect->counted;
}

/* Keeps those that are still in question, and says whether there are any. */
static bool
sift(struct check *check, bool last)
{
    size_t kept = 0;
    lf_map_clear(&check->by_key);
    for (size_t i = 0; i < check->suspect_count; i++) {
        struct suspect *suspect = &check->suspects[i];
        if (suspect->cleared)
            continue;
        if (!moved(suspect)) {
            found(check, suspect);
        } else if (last) {
            check->verify->result->unsettled++;
        } else {
            check->suspects[kept] = *suspect;
            kept++;
        }
    }
    check->suspect_count = kept;
    return kept != 0;
}

static enum lf_status
index_suspects(struct check *check, struct lf_err *err)
{
    lf_map_clear(&check->by_key);
    for (size_t i = 0; i < check->suspect_count; i++) {
        if (lf_map_add(&check->by_key, check->suspects[i].key, &check->suspects[i]) != LF_OK)
            return lf_no_memory(err);
    }
    return LF_OK;
}

/* Judges all suspects and forgets them. */
static enum lf_status
settle(struct check *check, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (int tries = 1; st == LF_OK && check->suspect_count != 0; tries++) {
        if (tries > 1)
            lf_clock_sleep_ms(RETRY_MS);
        st = check->verify->fold(check->verify, "later events", err); /* so that few are left behind its end */
        if (st == LF_OK)
            st = index_suspects(check, err);
        if (st == LF_OK)
            st = look_again(check, err);
        if (st == LF_OK && !sift(check, tries == TRIES_MAX))
            break;
    }
    lf_map_clear(&check->by_key);
    check->suspect_count = 0;
    lf_arena_reset(&check->arena);
    return st;
}

static enum lf_status
suspect_key(struct check *check, struct lf_bytes key, struct lf_err *err)
{
    enum lf_status st = check->suspect_count == SUSPECTS_MAX ? settle(check, err) : LF_OK;
    if (st != LF_OK)
        return st;
    if (check->suspect_count == 0) { /* the arena was reset */
        check->suspects = LF_ARENA_ARRAY(&check->arena, struct suspect, SUSPECTS_MAX);
        if (check->suspects == NULL)
            return lf_no_memory(err);
    }
    struct lf_bytes copy = lf_arena_copy(&check->arena, key);
    if (copy.ptr == NULL)
        return lf_no_memory(err);
    check->suspects[check->suspect_count++] = (struct suspect){.key = copy};
    return LF_OK;
}

/* ---- the two walks ---- */

typedef enum lf_status page_fn(struct check *check, const struct lf_bytes *keys, struct lf_err *err);

/* A page of rows beside their folded states. */
static enum lf_status
compare_rows(struct check *check, const struct lf_bytes *keys, struct lf_err *err)
{
    size_t count = check->rows.page.count;
    struct lf_value *states = LF_ARENA_ARRAY(&check->rows.arena, struct lf_value, count);
    if (states == NULL)
        return lf_no_memory(err);
    enum lf_status st = load_folded(check, keys, count, &check->rows.arena, states, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        if (!lf_value_equal(&states[i], &check->rows.page.items[i]))
            st = suspect_key(check, keys[i], err);
    }
    check->verify->result->entities += (int64_t)count;
    return st;
}

/* A page of folded states: has each a row? What it holds was compared before. */
static enum lf_status
find_rows(struct check *check, const struct lf_bytes *keys, struct lf_err *err)
{
    size_t count = check->rows.page.count;
    struct lf_value *rows = LF_ARENA_ARRAY(&check->rows.arena, struct lf_value, count);
    if (rows == NULL)
        return lf_no_memory(err);
    enum lf_status st =
        lf_store_load(check->verify->session, check->entity, keys, count, &check->rows.arena, rows, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        if (rows[i].type == LF_V_NULL)
            st = suspect_key(check, keys[i], err);
    }
    return st;
}

static enum lf_status
walk_page(struct check *check, page_fn *fn, struct lf_err *err)
{
    const struct lf_list_result *page = &check->rows.page;
    struct lf_bytes *keys = LF_ARENA_ARRAY(&check->rows.arena, struct lf_bytes, page->count);
    if (keys == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < page->count; i++) {
        const struct lf_field *field = &check->entity->fields[check->entity->key];
        const struct lf_value *key = lf_value_get(&page->items[i], field->name);
        LF_ASSERT(key != NULL);
        keys[i] = lf_event_key_text(key, &check->rows.arena);
        if (keys[i].ptr == NULL)
            return lf_no_memory(err);
    }
    return fn(check, keys, err);
}

static enum lf_status
walk(struct check *check, struct lf_store_session *session, const char *what, page_fn *fn, struct lf_err *err)
{
    int64_t done = 0;
    lf_verify_pages_init(&check->rows);
    check->rows.query = (struct lf_list_query){.entity = check->entity};
    enum lf_status st;
    while ((st = lf_verify_pages_next(&check->rows, session, err)) == LF_OK && check->rows.page.count != 0) {
        st = walk_page(check, fn, err);
        done += (int64_t)check->rows.page.count;
        if (st == LF_OK)
            st = lf_progress_tell(&check->verify->options->progress, what, done, -1, err);
        if (st != LF_OK)
            break;
    }
    if (st == LF_OK)
        st = settle(check, err);
    lf_verify_pages_release(&check->rows);
    return st;
}

enum lf_status
lf_verify_states_of(struct lf_verify *verify, const struct lf_entity *entity, struct lf_err *err)
{
    struct check check = {.verify = verify, .entity = entity};
    lf_arena_init(&check.arena, 64 * 1024, 0);
    lf_map_init(&check.by_key);
    enum lf_status st = walk(&check, verify->session, "states", compare_rows, err);
    if (st == LF_OK)
        st = walk(&check, verify->folded, "missing states", find_rows, err);
    lf_map_release(&check.by_key);
    lf_arena_release(&check.arena);
    return st;
}

enum lf_status
lf_verify_states(struct lf_verify *verify, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < verify->options->model->entity_count; i++)
        st = lf_verify_states_of(verify, &verify->options->model->entities[i], err);
    return st;
}
