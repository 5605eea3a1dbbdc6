/* A rebuild from beginning to end: prepare, fold, compare, switch, tidy up. */
#include "server/rebuild.h"

#include "base/clock.h"
#include "base/mem.h"
#include "server/rebuild_inner.h"

#include <string.h>

enum {
    PATIENCE_MS = 60000,
    PAUSE_MS = 50, /* between two tries; grows to half a second */
    PAUSE_MAX_MS = 500,
    FEW = 5000,
    ROUNDS_MAX = 20, /* of catching up, before the switch folds what is left, however much */
    CURSOR_MAX = 4096,
};

/* ---- trying again ---- */

static bool
may_pass(enum lf_status st)
{
    return st == LF_UNAVAILABLE || st == LF_TIMEOUT || st == LF_AGAIN;
}

enum lf_status
lf_rebuild_try(struct lf_rebuild *rebuild, enum lf_status (*fn)(struct lf_rebuild *rebuild, struct lf_err *err),
               struct lf_err *err)
{
    int64_t deadline_ms = lf_clock_mono_ms() + PATIENCE_MS;
    for (int64_t pause_ms = PAUSE_MS;; pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS) {
        struct lf_err why = {0};
        enum lf_status st = fn(rebuild, &why);
        if (st == LF_OK)
            return LF_OK;
        if (rebuild->writer != NULL)
            lf_store_abort(rebuild->writer);
        if (!may_pass(st) || lf_clock_mono_ms() >= deadline_ms) {
            if (err != NULL)
                *err = why;
            return st;
        }
        st = lf_progress_tell(&rebuild->options->progress, "waiting for the store", 0, -1, err);
        if (st != LF_OK)
            return st;
        lf_clock_sleep_ms(pause_ms);
    }
}

/* ---- the second tables ---- */

static enum lf_status
make_parts(struct lf_rebuild *rebuild, struct lf_err *err)
{
    const struct lf_rebuild_options *options = rebuild->options;
    struct lf_arena *arena = &rebuild->arena;
    rebuild->parts = LF_ARENA_ARRAY(arena, struct lf_rebuild_part, options->entity_count);
    rebuild->part_of = lf_arena_calloc(arena, options->model->entity_count, sizeof(*rebuild->part_of));
    if (rebuild->parts == NULL || rebuild->part_of == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < options->entity_count; i++) {
        struct lf_rebuild_part *part = &rebuild->parts[i];
        part->entity = options->entities[i];
        part->collection = lf_bytes_of(lf_arena_printf(arena, "rebuild_%.*s", LF_FMT(part->entity->collection)));
        if (part->collection.ptr == NULL)
            return lf_no_memory(err);
        rebuild->part_of[part->entity->index] = part;
    }
    return LF_OK;
}

/* The model with other collections for the parts: everything else of it is shared. */
static enum lf_status
make_shadow_model(struct lf_rebuild *rebuild, struct lf_err *err)
{
    const struct lf_model *model = rebuild->options->model;
    struct lf_model *shadow = LF_ARENA_NEW(&rebuild->arena, struct lf_model);
    struct lf_entity *entities = LF_ARENA_ARRAY(&rebuild->arena, struct lf_entity, model->entity_count);
    if (shadow == NULL || entities == NULL)
        return lf_no_memory(err);
    memcpy(entities, model->entities, model->entity_count * sizeof(*entities));
    for (size_t i = 0; i < rebuild->options->entity_count; i++)
        entities[rebuild->parts[i].entity->index].collection = rebuild->parts[i].collection;
    *shadow = *model;
    shadow->entities = entities;
    rebuild->shadow_model = shadow;
    return LF_OK;
}

static enum lf_status
open_store(struct lf_rebuild *rebuild, const struct lf_model *model, struct lf_store **ret, struct lf_err *err)
{
    const struct lf_store_options options = {.url = rebuild->options->store_url, .model = model};
    enum lf_status st = lf_store_open(&options, ret, err);
    if (st != LF_OK)
        return st;
    st = lf_store_session_open(*ret, true, &rebuild->writer, err);
    if (st != LF_OK) {
        lf_store_close(*ret);
        *ret = NULL;
    }
    return st;
}

static enum lf_status
open_main(struct lf_rebuild *rebuild, struct lf_err *err)
{
    return open_store(rebuild, rebuild->options->model, &rebuild->store, err);
}

/* Makes the second tables where they are missing. */
static enum lf_status
open_shadow(struct lf_rebuild *rebuild, struct lf_err *err)
{
    return open_store(rebuild, rebuild->shadow_model, &rebuild->shadow, err);
}

static void
close_writer(struct lf_rebuild *rebuild)
{
    lf_store_session_close(rebuild->writer);
    rebuild->writer = NULL;
}

/* Removes the second tables; their rebuild has not begun. */
static enum lf_status
remove_parts(struct lf_rebuild *rebuild, enum lf_rebuild_stage stage, struct lf_err *err)
{
    enum lf_status st = lf_store_begin(rebuild->writer, err);
    for (size_t i = 0; st == LF_OK && i < rebuild->options->entity_count; i++) {
        struct lf_rebuild_part *part = &rebuild->parts[i];
        st = lf_store_drop(rebuild->writer, part->collection, err);
        if (st == LF_OK)
            st = lf_rebuild_mark_set(rebuild, rebuild->writer, part, stage, err);
    }
    return st == LF_OK ? lf_store_commit(rebuild->writer, err) : st;
}

static enum lf_status
begin_anew(struct lf_rebuild *rebuild, struct lf_err *err)
{
    return remove_parts(rebuild, LF_REBUILD_BEGUN, err);
}

static enum lf_status
tidy_up(struct lf_rebuild *rebuild, struct lf_err *err)
{
    return remove_parts(rebuild, LF_REBUILD_NONE, err);
}

static enum lf_status
read_marks(struct lf_rebuild *rebuild, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    rebuild->until = INT64_MAX;
    for (size_t i = 0; st == LF_OK && i < rebuild->options->entity_count; i++) {
        st = lf_rebuild_mark_read(rebuild, rebuild->writer, &rebuild->parts[i], err);
        if (st == LF_OK && rebuild->parts[i].mark < rebuild->until)
            rebuild->until = rebuild->parts[i].mark;
    }
    return st;
}

/* Which of the new tables have no state? */
static enum lf_status
look_at_shadow(struct lf_rebuild *rebuild, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < rebuild->options->entity_count; i++) {
        struct lf_rebuild_part *part = &rebuild->parts[i];
        const struct lf_list_query query = {.entity = part->entity, .first = 1};
        struct lf_list_result page = {0};
        lf_arena_reset(&rebuild->page_arena);
        st = lf_store_list(rebuild->writer, &query, &rebuild->page_arena, &page, err);
        part->empty = page.count == 0;
    }
    return st;
}

/* Somebody has removed a table; or there are no states so far, and beginning anew takes no time. */
static bool
lacks_states(const struct lf_rebuild *rebuild)
{
    for (size_t i = 0; i < rebuild->options->entity_count; i++) {
        if (rebuild->parts[i].empty && rebuild->parts[i].mark > 0)
            return true;
    }
    return false;
}

/* Would the switch be possible? Better known now than in the end. */
static enum lf_status
rehearse(struct lf_rebuild *rebuild, struct lf_err *err)
{
    int64_t last;
    enum lf_status st = lf_store_begin_alone(rebuild->writer, &last, err);
    for (size_t i = 0; st == LF_OK && i < rebuild->options->entity_count; i++) {
        const struct lf_rebuild_part *part = &rebuild->parts[i];
        st = lf_store_swap(rebuild->writer, part->entity, part->entity->collection, err);
    }
    lf_store_abort(rebuild->writer);
    return st;
}

/* Finds what an earlier rebuild has left, or begins anew: in the end the writer is the shadow's. */
static enum lf_status
prepare(struct lf_rebuild *rebuild, struct lf_err *err)
{
    enum lf_status st = lf_rebuild_try(rebuild, read_marks, err);
    bool anew = rebuild->until < 0;
    for (int tries = 0; st == LF_OK; tries++) {
        if (anew)
            st = lf_rebuild_try(rebuild, begin_anew, err);
        if (st == LF_OK && anew)
            st = lf_rebuild_try(rebuild, read_marks, err);
        close_writer(rebuild);
        if (st == LF_OK)
            st = lf_rebuild_try(rebuild, open_shadow, err);
        if (st == LF_OK)
            st = lf_rebuild_try(rebuild, look_at_shadow, err);
        if (st != LF_OK || tries != 0 || !lacks_states(rebuild))
            break;
        anew = true;
        close_writer(rebuild);
        lf_store_close(rebuild->shadow);
        rebuild->shadow = NULL;
        st = lf_store_session_open(rebuild->store, true, &rebuild->writer, err);
    }
    rebuild->result->resumed = st == LF_OK && !anew;
    return st == LF_OK ? lf_rebuild_try(rebuild, rehearse, err) : st;
}

/* ---- fold and compare ---- */

/* Up to where all events are there. */
static enum lf_status
seal(struct lf_rebuild *rebuild, struct lf_err *err)
{
    enum lf_status st = lf_store_begin_alone(rebuild->writer, &rebuild->target, err);
    if (st == LF_OK)
        lf_store_abort(rebuild->writer);
    return st;
}

static enum lf_status
catch_up(struct lf_rebuild *rebuild, struct lf_err *err)
{
    enum lf_status st = lf_rebuild_try(rebuild, seal, err);
    return st == LF_OK ? lf_rebuild_fold(rebuild, rebuild->target, err) : st;
}

/* The fold of the comparison: goes on, and says where it is in the words of lists. */
static enum lf_status
fold_on(struct lf_verify *verify, const char *what, struct lf_err *err)
{
    struct lf_rebuild *rebuild = (struct lf_rebuild *)verify;
    const struct lf_list_query events = {.first = 1};
    struct lf_bytes cursor;
    (void)what;
    enum lf_status st = catch_up(rebuild, err);
    struct lf_value until = lf_value_int(rebuild->until);
    const struct lf_value place = lf_value_list(&until, 1);
    lf_arena_reset(&rebuild->page_arena);
    if (st == LF_OK)
        st = lf_cursor_encode(&events, &place, &rebuild->page_arena, &cursor, err);
    if (st != LF_OK)
        return st;
    lf_buf_clear(&verify->tail);
    lf_buf_add(&verify->tail, cursor);
    return lf_buf_status(&verify->tail, err);
}

static void
found(void *ctx, const struct lf_finding *finding)
{
    const struct lf_rebuild *rebuild = ctx;
    if (rebuild->options->found != NULL)
        rebuild->options->found(rebuild->options->ctx, finding);
}

static enum lf_status
compare(struct lf_rebuild *rebuild, struct lf_err *err)
{
    struct lf_verify *verify = &rebuild->verify;
    rebuild->verify_options =
        (struct lf_verify_options){.found = found, .ctx = rebuild, .progress = rebuild->options->progress};
    verify->options = &rebuild->verify_options;
    verify->result = &rebuild->verified;
    verify->fold = fold_on;
    enum lf_status st = lf_store_session_open(rebuild->store, false, &verify->session, err);
    if (st == LF_OK)
        st = lf_store_session_open(rebuild->shadow, false, &verify->folded, err);
    for (size_t i = 0; st == LF_OK && i < rebuild->options->entity_count; i++)
        st = lf_verify_states_of(verify, rebuild->parts[i].entity, err);
    rebuild->result->differences = rebuild->verified.violations;
    rebuild->result->entities = rebuild->verified.entities;
    rebuild->result->unsettled = rebuild->verified.unsettled;
    return st;
}

/* ---- the switch ---- */

/* Within the transaction: what has come meanwhile, and the tables change places. */
static enum lf_status
switch_alone(struct lf_rebuild *rebuild, int64_t last, struct lf_err *err)
{
    int64_t before = rebuild->result->events;
    enum lf_status st = lf_rebuild_fold(rebuild, last, err);
    for (size_t i = 0; st == LF_OK && i < rebuild->options->entity_count; i++) {
        struct lf_rebuild_part *part = &rebuild->parts[i];
        st = lf_store_swap(rebuild->writer, part->entity, part->entity->collection, err);
        if (st == LF_OK)
            st = lf_rebuild_mark_set(rebuild, rebuild->writer, part, LF_REBUILD_NONE, err);
    }
    rebuild->result->alone_events = rebuild->result->events - before;
    return st == LF_OK ? lf_store_commit(rebuild->writer, err) : st;
}

/* One try. *ret_switched false with LF_OK: too much has come meanwhile. */
static enum lf_status
try_switch(struct lf_rebuild *rebuild, bool patient, bool *ret_switched, struct lf_err *err)
{
    int64_t last = 0, few = rebuild->options->few != 0 ? rebuild->options->few : FEW;
    enum lf_status st = lf_store_begin_alone(rebuild->writer, &last, err);
    int64_t begun_us = lf_clock_mono_ns() / 1000;
    *ret_switched = st == LF_OK && (last - rebuild->until <= few || !patient);
    if (*ret_switched) {
        rebuild->alone = true;
        st = switch_alone(rebuild, last, err);
        rebuild->alone = false;
    }
    lf_store_abort(rebuild->writer);
    if (*ret_switched)
        rebuild->result->alone_us = lf_clock_mono_ns() / 1000 - begun_us;
    return st;
}

/* The answer to a commit may have been lost: then there is no rebuild any more, since it was switched. */
static enum lf_status
look_whether_switched(struct lf_rebuild *rebuild, bool *ret_switched, struct lf_err *err)
{
    enum lf_status st = lf_rebuild_try(rebuild, read_marks, err);
    *ret_switched = st == LF_OK && rebuild->until < 0;
    return st;
}

static enum lf_status
switch_over(struct lf_rebuild *rebuild, struct lf_err *err)
{
    int64_t deadline_ms = lf_clock_mono_ms() + PATIENCE_MS;
    for (int round = 0;; round++) {
        struct lf_err why = {0};
        bool done = false;
        enum lf_status st = catch_up(rebuild, err);
        if (st != LF_OK)
            return st;
        st = try_switch(rebuild, round < ROUNDS_MAX, &done, &why);
        if (st == LF_OK && done)
            return LF_OK;
        if (st == LF_OK)
            continue;
        enum lf_status looked = look_whether_switched(rebuild, &done, err);
        if (looked != LF_OK || done)
            return looked;
        if (!may_pass(st) || lf_clock_mono_ms() >= deadline_ms) {
            if (err != NULL)
                *err = why;
            return st;
        }
        lf_clock_sleep_ms(PAUSE_MAX_MS); /* whoever waited for us goes first */
    }
}

/* ---- the whole ---- */

/* With second tables, which are switched. */
static enum lf_status
rebuild_tables(struct lf_rebuild *rebuild, struct lf_err *err)
{
    enum lf_status st = make_parts(rebuild, err);
    if (st == LF_OK)
        st = make_shadow_model(rebuild, err);
    if (st == LF_OK)
        st = prepare(rebuild, err);
    if (st == LF_OK)
        st = fold_on(&rebuild->verify, "", err);
    if (st == LF_OK)
        st = compare(rebuild, err);
    if (st == LF_OK && !rebuild->options->dry_run) {
        st = switch_over(rebuild, err);
        rebuild->result->switched = st == LF_OK;
    }
    if (st != LF_OK)
        return st;
    st = lf_rebuild_try(rebuild, tidy_up, err);
    if (st != LF_OK && rebuild->result->switched)
        lf_err_context(err, "the new states are in force, but the old ones could not be removed");
    return st;
}

static enum lf_status
run(struct lf_rebuild *rebuild, struct lf_err *err)
{
    enum lf_status st = lf_rebuild_try(rebuild, open_main, err);
    if (st != LF_OK)
        return st;
    return lf_store_reviews(rebuild->store) ? lf_rebuild_each(rebuild, err) : rebuild_tables(rebuild, err);
}

enum lf_status
lf_rebuild(const struct lf_rebuild_options *options, struct lf_rebuild_result *ret, struct lf_err *err)
{
    struct lf_rebuild_result result = {0};
    struct lf_rebuild rebuild = {.options = options,
                                 .result = &result,
                                 .page = LF_VERIFY_PAGE_FIRST,
                                 .state_bytes =
                                     options->state_bytes != 0 ? options->state_bytes : LF_REBUILD_STATE_BYTES};
    lf_arena_init(&rebuild.arena, 0, 0);
    lf_arena_init(&rebuild.kept, 1024 * 1024, 0);
    lf_arena_init(&rebuild.page_arena, 1024 * 1024, 0);
    lf_buf_init(&rebuild.verify.tail, CURSOR_MAX);
    enum lf_status st = run(&rebuild, err);
    lf_rebuild_ahead_end(&rebuild);
    lf_store_session_close(rebuild.verify.session);
    lf_store_session_close(rebuild.verify.folded);
    close_writer(&rebuild);
    lf_store_close(rebuild.shadow);
    lf_store_close(rebuild.store);
    for (size_t i = 0; rebuild.parts != NULL && i < options->entity_count; i++)
        lf_map_release(&rebuild.parts[i].states);
    lf_buf_release(&rebuild.verify.tail);
    lf_arena_release(&rebuild.page_arena);
    lf_arena_release(&rebuild.kept);
    lf_arena_release(&rebuild.arena);
    *ret = result; /* after a failure too: so much was done */
    return st;
}
