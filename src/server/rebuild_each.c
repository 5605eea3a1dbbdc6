/*
 * A rebuild where each state says which events are in it, so that states are switched one by one: pages of entities, in
 * the order of their keys, each state beside the fold of its events. What differs is written on condition that it is as
 * it was read; where a consumer was faster, the page is looked at again. Consumers never wait.
 *
 * Where the server's updates are two steps, a consumer may write over a state just put right, or the other way round.
 * So such a store is gone through again, once consumers are out of the commits that they were in, until nothing
 * differs.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "event/replay.h"
#include "server/rebuild_inner.h"

enum {
    PAGE_FIRST = 250, /* entities */
    PAGE_MAX = 2000,
    PAGE_LESS = 4,         /* times fewer where a consumer was faster */
    AGAIN_MS = 120 * 1000, /* rounds after the first take so long at most; the one in work is finished */
    KEEP_BYTES = 1024 * 1024,
    TELL_EVENTS = 1024,
    NOWHERE = -1, /* offset of a finding that is about a state */
};

/* What counts once the page has been committed. */
struct page {
    int64_t events, unbound;
    struct lf_reviewed reviewed; /* last: in the page's arena */
    int looks;
};
/* In the page's arena. What was found stays when a page is looked at again, or a part of it, since some may have been
 * written. */
struct findings {
    struct lf_finding *items;
    size_t count, cap;
    bool earlier; /* some are of an earlier look */
};

struct lf_rebuild_each {
    struct lf_rebuild *rebuild;
    const struct lf_entity *entity;
    struct lf_buf after; /* key of the last entity that is done */
    bool begun;          /* there is one */
    size_t max;          /* entities of the next page */
    int round;
    int64_t deadline_ms; /* no further round is begun then */
    bool again;          /* … a further one is needed */
    bool resumed;        /* this round goes on where another process was */
    int64_t differences; /* of all rounds */
    int64_t unsettled;   /* of this round */
    int64_t done, total; /* events, for the progress */
    struct lf_arena arena, spare;
    struct lf_value state; /* of the entity in work; in arena */
    bool known;            /* all its events could be applied */
    struct page page;
    struct findings findings;
};

/* ---- the fold of one entity ---- */

/* Events and what came of them make way; the state stays. */
static enum lf_status
make_way(struct lf_rebuild_each *each, struct lf_err *err)
{
    struct lf_value kept;
    if (each->arena.used < KEEP_BYTES)
        return LF_OK;
    lf_arena_reset(&each->spare);
    if (!lf_value_copy(&each->spare, &each->state, &kept))
        return lf_no_memory(err);
    struct lf_arena full = each->arena;
    each->arena = each->spare;
    each->spare = full;
    each->state = kept;
    return LF_OK;
}

static bool
is_known(const struct lf_rebuild_each *each, struct lf_bytes key, int64_t offset)
{
    const struct findings *findings = &each->findings;
    for (size_t i = 0; findings->earlier && i < findings->count; i++) {
        const struct lf_finding *finding = &findings->items[i];
        if (finding->place.offset == offset && lf_bytes_equal(finding->entity_key, key))
            return true;
    }
    return false;
}

static enum lf_status
add_finding(struct lf_rebuild_each *each, const struct lf_finding *finding, struct lf_err *err)
{
    struct lf_arena *arena = &each->rebuild->page_arena;
    struct findings *findings = &each->findings;
    struct lf_finding *grown = lf_arena_grow(arena, findings->items, findings->count, &findings->cap, sizeof(*grown));
    if (grown == NULL)
        return lf_no_memory(err);
    findings->items = grown;
    grown[findings->count++] = *finding;
    return LF_OK;
}

static enum lf_status
found_unfoldable(struct lf_rebuild_each *each, const struct lf_event *event, const char *why, struct lf_err *err)
{
    struct lf_arena *arena = &each->rebuild->page_arena;
    each->known = false;
    if (is_known(each, event->entity_key, event->place.offset))
        return LF_OK;
    struct lf_finding finding = {.kind = "unfoldable",
                                 .place = event->place,
                                 .event_id = lf_arena_copy(arena, event->id),
                                 .entity_type = each->entity->name,
                                 .entity_key = lf_arena_copy(arena, event->entity_key),
                                 .expected = LF_LIT("an event that its entity can take"),
                                 .seen = lf_arena_copy(arena, lf_bytes_of(why))};
    finding.place.topic = lf_arena_copy(arena, event->place.topic);
    if (finding.event_id.ptr == NULL || finding.entity_key.ptr == NULL || finding.seen.ptr == NULL ||
        finding.place.topic.ptr == NULL)
        return lf_no_memory(err);
    return add_finding(each, &finding, err);
}

static enum lf_status
tell(const struct lf_rebuild_each *each, struct lf_err *err)
{
    bool again = each->round != 0;
    return lf_progress_tell(&each->rebuild->options->progress, again ? "again" : "events",
                            each->done + each->page.events, again ? -1 : each->total, err);
}

static enum lf_status
fold(void *ctx, const struct lf_stored_event *stored, struct lf_err *err)
{
    struct lf_rebuild_each *each = ctx;
    struct lf_value value;
    struct lf_err why = {0};
    if (lf_replay_entity(&stored->event, stored->entity_type) != each->entity) {
        each->page.unbound++;
        return make_way(each, err);
    }
    enum lf_status st = lf_replay(&stored->event, &each->state, &each->arena, &value, &why);
    if (st == LF_OK)
        each->state = value;
    else if (lf_status_fate(st) == LF_FATE_REJECT)
        st = found_unfoldable(each, &stored->event, why.text, err);
    else
        st = lf_fail(err, st, "%s", why.text);
    if (st == LF_OK)
        st = make_way(each, err);
    if (st == LF_OK && ++each->page.events % TELL_EVENTS == 0)
        st = tell(each, err);
    return st;
}

static enum lf_status
give_state(void *ctx, struct lf_value *ret, bool *ret_known, struct lf_err *err)
{
    struct lf_rebuild_each *each = ctx;
    (void)err;
    *ret = each->state;
    *ret_known = each->known;
    each->state = LF_VALUE_NULL;
    each->known = true;
    return LF_OK;
}

static enum lf_status
differs(void *ctx, struct lf_bytes key, const struct lf_value *expected, const struct lf_value *seen,
        struct lf_err *err)
{
    struct lf_rebuild_each *each = ctx;
    struct lf_arena *arena = &each->rebuild->page_arena;
    bool is_there = seen->type != LF_V_NULL, has_events = expected->type != LF_V_NULL;
    if (is_known(each, key, NOWHERE))
        return LF_OK;
    const struct lf_finding finding = {
        .kind = !is_there    ? "state_missing"
                : has_events ? "state_differs"
                             : "state_without_events",
        .place = {.partition = -1, .offset = NOWHERE},
        .entity_type = each->entity->name,
        .entity_key = lf_arena_copy(arena, key),
        .expected = has_events ? lf_verify_text(expected, arena) : LF_LIT("no row"),
        .seen = is_there ? lf_verify_text(seen, arena) : LF_LIT("no row"),
    };
    return finding.entity_key.ptr != NULL ? add_finding(each, &finding, err) : lf_no_memory(err);
}

/* ---- pages ---- */

static enum lf_status
review(struct lf_rebuild_each *each, struct lf_err *err)
{
    struct lf_rebuild *rebuild = each->rebuild;
    struct lf_reviewed *reviewed = &each->page.reviewed;
    const struct lf_review review = {.entity = each->entity,
                                     .after = each->begun ? lf_buf_view(&each->after) : LF_BYTES_NONE,
                                     .max = each->max,
                                     .arena = &each->arena,
                                     .ctx = each,
                                     .fold = fold,
                                     .state = give_state,
                                     .differs = differs};
    enum lf_status st = lf_store_review(rebuild->writer, &review, reviewed, err);
    if (st != LF_OK || reviewed->last.ptr == NULL)
        return st;
    reviewed->last = lf_arena_copy(&rebuild->page_arena, reviewed->last);
    return reviewed->last.ptr != NULL ? LF_OK : lf_no_memory(err);
}

static void
begin_page(struct lf_rebuild_each *each)
{
    each->page = (struct page){0};
    each->findings.earlier = each->findings.count != 0;
    if (each->findings.count != 0)
        return;
    each->findings = (struct findings){0};
    lf_arena_reset(&each->rebuild->page_arena);
}

/* One look at the page, which is written. */
static enum lf_status
switch_page(struct lf_rebuild *rebuild, struct lf_err *err)
{
    struct lf_rebuild_each *each = rebuild->each;
    each->findings.earlier |= each->page.looks++ != 0;
    each->page.events = each->page.unbound = 0;
    each->state = LF_VALUE_NULL;
    each->known = true;
    lf_arena_reset(&each->arena);
    enum lf_status st = lf_store_begin(rebuild->writer, err);
    if (st == LF_OK)
        st = review(each, err);
    if (st == LF_OK && (rebuild->options->dry_run || each->page.reviewed.differences == 0)) {
        lf_store_abort(rebuild->writer);
        return LF_OK;
    }
    if (st == LF_OK)
        st = lf_store_commit(rebuild->writer, err);
    if (st == LF_AGAIN)
        each->max = each->max / PAGE_LESS + 1;
    return st;
}

/* Tells of the page's entities, and counts them. Others, from when the page was larger, are kept. */
static void
count_findings(struct lf_rebuild_each *each)
{
    struct lf_rebuild_result *result = each->rebuild->result;
    const struct lf_rebuild_options *options = each->rebuild->options;
    const struct lf_reviewed *reviewed = &each->page.reviewed;
    struct findings *findings = &each->findings;
    size_t kept = 0;
    for (size_t i = 0; i < findings->count; i++) {
        const struct lf_finding *finding = &findings->items[i];
        bool is_difference = finding->place.offset == NOWHERE;
        if (reviewed->more && reviewed->last.ptr != NULL && lf_bytes_compare(finding->entity_key, reviewed->last) > 0) {
            findings->items[kept++] = *finding;
            continue;
        }
        if (options->found != NULL && (is_difference || each->round == 0))
            options->found(options->ctx, finding);
        each->differences += is_difference;
        each->unsettled += is_difference;
        result->differences += is_difference;
        result->unfoldable += !is_difference && each->round == 0;
    }
    findings->count = kept;
}

/* The page is done. */
static enum lf_status
count_page(struct lf_rebuild_each *each, struct lf_err *err)
{
    struct lf_rebuild_result *result = each->rebuild->result;
    const struct page *page = &each->page;
    count_findings(each);
    each->again |= page->reviewed.two_steps && (each->unsettled != 0 || each->resumed);
    if (each->round == 0) {
        result->events += page->events;
        result->unbound += page->unbound;
        result->entities += page->reviewed.entities;
    }
    each->done += page->events;
    each->page.events = 0;
    each->max = each->max * 2 < PAGE_MAX ? each->max * 2 : PAGE_MAX;
    if (page->reviewed.last.ptr == NULL)
        return LF_OK;
    lf_buf_clear(&each->after);
    lf_buf_add(&each->after, page->reviewed.last);
    each->begun = true;
    return lf_buf_status(&each->after, err);
}

static enum lf_status
write_note(struct lf_rebuild *rebuild, struct lf_err *err)
{
    const struct lf_rebuild_each *each = rebuild->each;
    const struct lf_review_note note = {.after = lf_buf_view(&each->after),
                                        .digest = rebuild->options->schema_digest,
                                        .events = each->done,
                                        .differences = each->differences};
    return lf_store_review_note(rebuild->writer, each->entity, &note, err);
}

static enum lf_status
remove_note(struct lf_rebuild *rebuild, struct lf_err *err)
{
    return lf_store_review_note(rebuild->writer, rebuild->each->entity, NULL, err);
}

/* From the key that is reached to the last. */
static enum lf_status
go_through(struct lf_rebuild_each *each, struct lf_err *err)
{
    struct lf_rebuild *rebuild = each->rebuild;
    bool more = true;
    while (more) {
        begin_page(each);
        enum lf_status st = lf_rebuild_try(rebuild, switch_page, err);
        if (st == LF_AGAIN)
            st = lf_fail(err, LF_TIMEOUT,
                         "states of %.*s change faster than they can be read: stop the consumers and call again",
                         LF_FMT(each->entity->name));
        if (st == LF_OK)
            st = count_page(each, err);
        more = each->page.reviewed.more && each->page.reviewed.last.ptr != NULL;
        if (st == LF_OK && each->begun && !rebuild->options->dry_run)
            st = lf_rebuild_try(rebuild, write_note, err);
        if (st == LF_OK)
            st = tell(each, err);
        if (st != LF_OK)
            return st;
    }
    return LF_OK;
}

/* ---- entities ---- */

static enum lf_status
read_note(struct lf_rebuild *rebuild, struct lf_err *err)
{
    struct lf_rebuild_each *each = rebuild->each;
    const struct lf_rebuild_options *options = rebuild->options;
    struct lf_review_note note = {0};
    lf_arena_reset(&rebuild->page_arena);
    enum lf_status st = lf_store_review_read(rebuild->writer, each->entity, &rebuild->page_arena, &note, err);
    if (st != LF_OK)
        return st;
    each->total = options->entity_count == options->model->entity_count ? note.total : -1;
    if (note.after.ptr == NULL || note.digest != options->schema_digest || options->dry_run)
        return LF_OK;
    lf_buf_clear(&each->after);
    lf_buf_add(&each->after, note.after);
    each->begun = true;
    each->done += note.events;
    each->differences = note.differences;
    return lf_buf_status(&each->after, err);
}

static enum lf_status
settle(struct lf_rebuild *rebuild, struct lf_err *err)
{
    return lf_store_review_settle(rebuild->writer, err);
}

/* From the first entity again. */
static enum lf_status
begin_round(struct lf_rebuild_each *each, struct lf_err *err)
{
    int64_t now_ms = lf_clock_mono_ms();
    if (each->round++ == 0)
        each->deadline_ms = now_ms + AGAIN_MS;
    if (now_ms >= each->deadline_ms)
        return lf_fail(
            err, LF_TIMEOUT,
            "%lld states of %.*s still differ after %d rounds: consumers write over what has been put right, "
            "which this server lets them; stop them and call again",
            (long long)each->unsettled, LF_FMT(each->entity->name), each->round);
    each->begun = each->again = each->resumed = false;
    each->unsettled = 0;
    return lf_rebuild_try(each->rebuild, settle, err);
}

static enum lf_status
rebuild_entity(struct lf_rebuild_each *each, struct lf_err *err)
{
    struct lf_rebuild *rebuild = each->rebuild;
    each->findings = (struct findings){0};
    each->begun = each->again = each->resumed = false;
    each->differences = each->unsettled = each->round = 0;
    each->max = PAGE_FIRST;
    enum lf_status st = lf_rebuild_try(rebuild, read_note, err);
    if (st == LF_OK && each->begun) {
        rebuild->result->resumed = each->resumed = true;
        rebuild->result->differences += each->differences;
    }
    if (st == LF_OK)
        st = go_through(each, err);
    while (st == LF_OK && each->again && !rebuild->options->dry_run) {
        st = begin_round(each, err);
        if (st == LF_OK)
            st = go_through(each, err);
    }
    return st == LF_OK && !rebuild->options->dry_run ? lf_rebuild_try(rebuild, remove_note, err) : st;
}

static enum lf_status
rebuild_all(struct lf_rebuild_each *each, struct lf_err *err)
{
    struct lf_rebuild *rebuild = each->rebuild;
    const struct lf_rebuild_options *options = rebuild->options;
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < options->entity_count; i++) {
        each->entity = options->entities[i];
        st = rebuild_entity(each, err);
    }
    int64_t bad = rebuild->result->unfoldable;
    if (st == LF_OK && bad != 0)
        st = lf_fail(err, LF_INVALID,
                     "%lld stored event%s cannot be applied to what came before: the states of their entities are "
                     "left as they were",
                     (long long)bad, bad == 1 ? "" : "s");
    rebuild->result->switched = st == LF_OK && !options->dry_run;
    return st;
}

enum lf_status
lf_rebuild_each(struct lf_rebuild *rebuild, struct lf_err *err)
{
    struct lf_rebuild_each each = {.rebuild = rebuild};
    if (rebuild->options->log != NULL)
        return lf_fail(err, LF_UNSUPPORTED,
                       "a store of the kind %s gives events by entity, not in the order of the log: it cannot be "
                       "rebuilt with payloads from the log (logfirst verify compares the two)",
                       lf_store_backend_name(rebuild->store));
    lf_buf_init(&each.after, LF_RECORD_BYTES_MAX);
    lf_arena_init(&each.arena, 64 * 1024, 0);
    lf_arena_init(&each.spare, 64 * 1024, 0);
    rebuild->each = &each;
    enum lf_status st = rebuild_all(&each, err);
    rebuild->each = NULL;
    lf_buf_release(&each.after);
    lf_arena_release(&each.arena);
    lf_arena_release(&each.spare);
    return st;
}
