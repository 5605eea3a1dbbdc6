/* Folds of one entity's events: up to a time, an event, a cursor. */
#include "query/history.h"

#include "base/limits.h"
#include "event/replay.h"

enum { PAGE = 500 };

/* The fold in work. A state lives in the arena that no page is read into. */
struct fold {
    struct lf_store_session *session;
    struct lf_query_job *job;
    struct lf_filter type, key, both;
    const struct lf_filter *parts[2];
    struct lf_arena page_arena, state_arena, spare_arena;
    struct lf_value state;
    size_t folded;
};

enum outcome { GO_ON, STOP };
/* Looks at an event before and after it has been folded. */
typedef enum outcome judge_fn(struct fold *fold, const struct lf_stored_event *stored, struct lf_bytes cursor);

static const struct lf_field *
event_field(const char *name)
{
    size_t count, i = 0;
    const struct lf_field *fields = lf_event_fields(&count);
    while (i < count && !lf_bytes_equal_text(fields[i].name, name))
        i++;
    LF_ASSERT(i < count);
    return &fields[i];
}

static struct lf_filter
equals(const char *field, struct lf_bytes text)
{
    return (struct lf_filter){
        .kind = LF_FILTER_COMPARE, .field = event_field(field), .op = LF_CMP_EQ, .value = lf_value_string(text)};
}

static void
init(struct fold *fold, struct lf_store_session *session, struct lf_query_job *job)
{
    *fold = (struct fold){.session = session, .job = job, .state = LF_VALUE_NULL};
    fold->type = equals("entityType", job->entity->name);
    fold->key = equals("entityKey", job->key);
    fold->parts[0] = &fold->type;
    fold->parts[1] = &fold->key;
    fold->both = (struct lf_filter){.kind = LF_FILTER_AND, .parts = fold->parts, .part_count = 2};
    lf_arena_init(&fold->page_arena, 64 * 1024, 0);
    lf_arena_init(&fold->state_arena, 0, 0);
    lf_arena_init(&fold->spare_arena, 0, 0);
}

static void
release(struct fold *fold)
{
    lf_arena_release(&fold->page_arena);
    lf_arena_release(&fold->state_arena);
    lf_arena_release(&fold->spare_arena);
}

/* The state after an event. One that today's schema does not apply to the entity leaves it as it is. */
static enum lf_status
apply(struct fold *fold, const struct lf_stored_event *stored, struct lf_arena *arena, struct lf_value *state)
{
    struct lf_err why = {0};
    if (lf_replay_entity(&stored->event, stored->entity_type) != fold->job->entity)
        return LF_OK;
    if (++fold->folded > LF_HISTORY_EVENTS_MAX)
        return lf_fail(&fold->job->err, LF_LIMIT,
                       "%.*s \"%.*s\" has more than %d events up to there: that is too much to fold for one answer",
                       LF_FMT(fold->job->entity->name), LF_FMT(fold->job->key), (int)LF_HISTORY_EVENTS_MAX);
    enum lf_status st = lf_replay(&stored->event, state, arena, state, &why);
    if (st == LF_OK || st == LF_NO_MEMORY)
        return st == LF_OK ? st : lf_no_memory(&fold->job->err);
    return lf_fail(&fold->job->err, LF_UNSUPPORTED, "event \"%.*s\" cannot be applied by the schema in force: %s",
                   LF_FMT(stored->event.id), why.text);
}

/* What the page has made of the state outlives it. */
static enum lf_status
keep_state(struct fold *fold)
{
    struct lf_value kept;
    if (!lf_value_copy(&fold->spare_arena, &fold->state, &kept))
        return lf_no_memory(&fold->job->err);
    struct lf_arena spare = fold->spare_arena;
    fold->spare_arena = fold->state_arena;
    fold->state_arena = spare;
    lf_arena_reset(&fold->spare_arena);
    fold->state = kept;
    return LF_OK;
}

/* Reads a page of the events after a cursor (ptr NULL: the first) into arena. */
static enum lf_status
read_page(struct fold *fold, struct lf_bytes after, size_t first, struct lf_arena *arena, struct lf_list_result *ret)
{
    const struct lf_list_query query = {.filter = &fold->both, .first = first, .after = after};
    return lf_store_list(fold->session, &query, arena, ret, &fold->job->err);
}

/* Folds a page until before, or after, an event the judge says stop. */
static enum lf_status
fold_page(struct fold *fold, const struct lf_list_result *page, judge_fn *before, judge_fn *after, bool *ret_stopped)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct lf_stored_event *stored = &page->events[i];
        *ret_stopped = before != NULL && before(fold, stored, page->cursors[i]) == STOP;
        if (*ret_stopped)
            return LF_OK;
        enum lf_status st = apply(fold, stored, &fold->page_arena, &fold->state);
        if (st != LF_OK)
            return st;
        *ret_stopped = after != NULL && after(fold, stored, page->cursors[i]) == STOP;
        if (*ret_stopped)
            return LF_OK;
    }
    return LF_OK;
}

/* Folds from the first event on. */
static enum lf_status
run(struct fold *fold, judge_fn *before, judge_fn *after, bool *ret_stopped)
{
    struct lf_bytes cursor = LF_BYTES_NONE;
    struct lf_arena cursor_arena;
    enum lf_status st = LF_OK;
    *ret_stopped = false;
    lf_arena_init(&cursor_arena, 0, 0);
    for (bool more = true; st == LF_OK && more && !*ret_stopped;) {
        struct lf_list_result page = {0};
        lf_arena_reset(&fold->page_arena);
        st = read_page(fold, cursor, PAGE, &fold->page_arena, &page);
        if (st == LF_OK)
            st = fold_page(fold, &page, before, after, ret_stopped);
        if (st == LF_OK)
            st = keep_state(fold);
        more = page.has_next;
        if (st != LF_OK || !more)
            continue;
        lf_arena_reset(&cursor_arena); /* the page goes, its last cursor is needed */
        cursor = lf_arena_copy(&cursor_arena, page.cursors[page.count - 1]);
        if (cursor.ptr == NULL)
            st = lf_no_memory(&fold->job->err);
    }
    lf_arena_release(&cursor_arena);
    return st;
}

/* ---- as of ---- */

static enum outcome
is_later(struct fold *fold, const struct lf_stored_event *stored, struct lf_bytes cursor)
{
    (void)cursor;
    return stored->event.time_us > fold->job->until_us ? STOP : GO_ON;
}

static enum outcome
is_the_event(struct fold *fold, const struct lf_stored_event *stored, struct lf_bytes cursor)
{
    (void)cursor;
    return lf_bytes_equal(stored->event.id, fold->job->event_id) ? STOP : GO_ON;
}

enum lf_status
lf_query_as_of(struct lf_store_session *session, struct lf_query_job *job)
{
    struct fold fold;
    bool stopped;
    bool by_event = job->event_id.ptr != NULL;
    init(&fold, session, job);
    enum lf_status st = by_event ? run(&fold, NULL, is_the_event, &stopped) : run(&fold, is_later, NULL, &stopped);
    if (st == LF_OK && by_event && !stopped)
        st = lf_fail(&job->err, LF_INVALID, "@asOf: \"%.*s\" is no stored event of %.*s \"%.*s\"",
                     LF_FMT(job->event_id), LF_FMT(job->entity->name), LF_FMT(job->key));
    if (st == LF_OK && !lf_value_copy(&job->arena, &fold.state, &job->value))
        st = lf_no_memory(&job->err);
    release(&fold);
    return st;
}

/* ---- history ---- */

static enum outcome
is_at_cursor(struct fold *fold, const struct lf_stored_event *stored, struct lf_bytes cursor)
{
    (void)stored;
    return lf_bytes_equal(cursor, fold->job->list.after) ? STOP : GO_ON;
}

/* The state before the page that is asked for. */
static enum lf_status
fold_before(struct fold *fold)
{
    struct lf_query_job *job = fold->job;
    bool stopped = false;
    if (job->list.after.ptr == NULL)
        return LF_OK;
    enum lf_status st = run(fold, NULL, is_at_cursor, &stopped);
    if (st == LF_OK && !stopped)
        st = lf_fail(&job->err, LF_INVALID, "after: \"%.*s\" is no cursor of this history", LF_FMT(job->list.after));
    return st;
}

enum lf_status
lf_query_history(struct lf_store_session *session, struct lf_query_job *job)
{
    struct fold fold;
    init(&fold, session, job);
    enum lf_status st = fold_before(&fold);
    if (st == LF_OK)
        st = read_page(&fold, job->list.after, job->list.first, &job->arena, &job->result);
    if (st == LF_OK) {
        job->states = LF_ARENA_ARRAY(&job->arena, struct lf_value, job->result.count);
        if (job->states == NULL || !lf_value_copy(&job->arena, &fold.state, &fold.state))
            st = lf_no_memory(&job->err);
    }
    for (size_t i = 0; st == LF_OK && i < job->result.count; i++) {
        st = apply(&fold, &job->result.events[i], &job->arena, &fold.state);
        job->states[i] = fold.state;
    }
    release(&fold);
    return st;
}
