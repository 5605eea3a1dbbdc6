/*
 * The fold of a rebuild: pages of events into states in memory, which are written when they have become many. A state
 * is loaded when first needed, folded as often as there are events of it, and written once.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "event/replay.h"
#include "server/rebuild_inner.h"

#include <stdlib.h>

enum { SAVE_MAX = 5000 /* states of one call */, FLUSH_MS = 10000, KEPT_CHUNK = 1024 * 1024 };

/* ---- states in memory ---- */

static void
forget_states(struct lf_rebuild *rebuild)
{
    for (size_t i = 0; i < rebuild->options->entity_count; i++)
        lf_map_clear(&rebuild->parts[i].states);
    lf_arena_reset(&rebuild->kept);
    rebuild->kept_topic = LF_BYTES_NONE;
}

/* The state of an event's entity, in memory from now on. NULL: out of memory. */
static struct lf_rebuild_state *
want(struct lf_rebuild *rebuild, struct lf_rebuild_part *part, struct lf_bytes key)
{
    struct lf_rebuild_state *state = lf_map_get(&part->states, key);
    if (state == NULL) {
        state = LF_ARENA_NEW(&rebuild->kept, struct lf_rebuild_state);
        struct lf_bytes copy = lf_arena_copy(&rebuild->kept, key);
        if (state == NULL || copy.ptr == NULL || lf_map_add(&part->states, copy, state) != LF_OK)
            return NULL;
        state->part = part;
        state->key = copy;
        state->loaded = part->empty; /* and is null */
    }
    if (state->touched)
        return state;
    struct lf_rebuild_state **touched = lf_arena_grow(&rebuild->page_arena, rebuild->touched, rebuild->touched_count,
                                                      &rebuild->touched_cap, sizeof(struct lf_rebuild_state *));
    if (touched == NULL)
        return NULL;
    rebuild->touched = touched;
    touched[rebuild->touched_count++] = state;
    state->touched = true;
    return state;
}

/* Asks the store; again where it does not answer, unless that has ended the transaction in which this is alone. */
static enum lf_status
ask(struct lf_rebuild *rebuild, enum lf_status (*fn)(struct lf_rebuild *rebuild, struct lf_err *err),
    struct lf_err *err)
{
    return rebuild->alone ? fn(rebuild, err) : lf_rebuild_try(rebuild, fn, err);
}

/* Loads what the page needs of one part and has not been loaded. */
static enum lf_status
load_part(struct lf_rebuild *rebuild, const struct lf_rebuild_part *part, struct lf_err *err)
{
    struct lf_arena *arena = &rebuild->page_arena;
    size_t count = 0;
    struct lf_bytes *keys = LF_ARENA_ARRAY(arena, struct lf_bytes, rebuild->touched_count);
    struct lf_rebuild_state **states = lf_arena_calloc(arena, rebuild->touched_count, sizeof(*states));
    struct lf_value *values = LF_ARENA_ARRAY(arena, struct lf_value, rebuild->touched_count);
    if (keys == NULL || states == NULL || values == NULL)
        return lf_no_memory(err);
    for (size_t i = 0; i < rebuild->touched_count; i++) {
        struct lf_rebuild_state *state = rebuild->touched[i];
        if (state->part != part || state->loaded)
            continue;
        states[count] = state;
        keys[count++] = state->key;
    }
    if (count == 0)
        return LF_OK;
    enum lf_status st = lf_store_load(rebuild->writer, part->entity, keys, count, &rebuild->kept, values, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        states[i]->value = values[i];
        states[i]->loaded = true;
    }
    return st;
}

static enum lf_status
load(struct lf_rebuild *rebuild, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < rebuild->options->entity_count; i++)
        st = load_part(rebuild, &rebuild->parts[i], err);
    return st;
}

/* What the page has made of its states is kept. */
static enum lf_status
keep_touched(struct lf_rebuild *rebuild, struct lf_err *err)
{
    for (size_t i = 0; i < rebuild->touched_count; i++) {
        struct lf_rebuild_state *state = rebuild->touched[i];
        struct lf_value kept;
        state->touched = false;
        if (!state->changed)
            continue;
        if (!lf_value_copy(&rebuild->kept, &state->value, &kept))
            return lf_no_memory(err);
        if (!lf_bytes_equal(rebuild->kept_topic, state->place.topic))
            rebuild->kept_topic = lf_arena_copy(&rebuild->kept, state->place.topic);
        if (rebuild->kept_topic.ptr == NULL)
            return lf_no_memory(err);
        state->place.topic = rebuild->kept_topic;
        state->value = kept;
    }
    return LF_OK;
}

/* ---- room ---- */

/* The part's states and their keys as they are now, copied; what earlier folds have left behind is not. */
static enum lf_status
move_part(struct lf_rebuild_part *part, struct lf_arena *into, struct lf_bytes *topic, struct lf_err *err)
{
    struct lf_map moved;
    enum lf_status st = LF_OK;
    size_t at = 0;
    lf_map_init(&moved);
    for (const struct lf_map_entry *entry; st == LF_OK && (entry = lf_map_next(&part->states, &at)) != NULL;) {
        const struct lf_rebuild_state *old = entry->value;
        struct lf_rebuild_state *state = LF_ARENA_NEW(into, struct lf_rebuild_state);
        struct lf_bytes key = lf_arena_copy(into, old->key);
        if (old->place.topic.len != 0 && !lf_bytes_equal(*topic, old->place.topic))
            *topic = lf_arena_copy(into, old->place.topic);
        if (state == NULL || key.ptr == NULL || (old->place.topic.len != 0 && topic->ptr == NULL)) {
            st = lf_no_memory(err);
            break;
        }
        *state = *old;
        state->key = key;
        if (old->place.topic.len != 0)
            state->place.topic = *topic;
        st = lf_value_copy(into, &old->value, &state->value) ? lf_map_add(&moved, key, state) : LF_NO_MEMORY;
        if (st != LF_OK)
            st = lf_no_memory(err);
    }
    struct lf_map gone = st == LF_OK ? part->states : moved;
    if (st == LF_OK)
        part->states = moved;
    lf_map_release(&gone);
    return st;
}

/* Each fold of a state leaves the one before behind. Between pages: no state is touched. */
static enum lf_status
make_room(struct lf_rebuild *rebuild, struct lf_err *err)
{
    struct lf_arena into;
    struct lf_bytes topic = LF_BYTES_NONE;
    enum lf_status st = LF_OK;
    lf_arena_init(&into, KEPT_CHUNK, 0);
    for (size_t i = 0; st == LF_OK && i < rebuild->options->entity_count; i++)
        st = move_part(&rebuild->parts[i], &into, &topic, err);
    if (st != LF_OK) {
        for (size_t i = 0; i < rebuild->options->entity_count; i++)
            lf_map_clear(&rebuild->parts[i].states); /* some are in the one, some in the other */
        lf_arena_release(&into);
        return st;
    }
    lf_arena_release(&rebuild->kept);
    rebuild->kept = into;
    rebuild->kept_topic = topic;
    return LF_OK;
}

/* ---- writing ---- */

/* In the order of their keys, which spares the store from jumping to and fro. */
static int
compare_changes(const void *a, const void *b)
{
    return lf_bytes_compare(((const struct lf_state_change *)a)->key, ((const struct lf_state_change *)b)->key);
}

static enum lf_status
save_part(struct lf_rebuild *rebuild, const struct lf_rebuild_part *part, struct lf_err *err)
{
    size_t count = 0, at = 0;
    struct lf_state_change *changes = LF_ARENA_ARRAY(&rebuild->page_arena, struct lf_state_change, part->states.count);
    if (changes == NULL)
        return lf_no_memory(err);
    for (const struct lf_map_entry *entry; (entry = lf_map_next(&part->states, &at)) != NULL;) {
        const struct lf_rebuild_state *state = entry->value;
        bool nothing = part->empty && state->value.type == LF_V_NULL; /* came and went */
        if (state->changed && !nothing)
            changes[count++] =
                (struct lf_state_change){.key = state->key, .state = state->value, .place = state->place};
    }
    qsort(changes, count, sizeof(*changes), compare_changes);
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < count; i += SAVE_MAX)
        st =
            lf_store_save(rebuild->writer, part->entity, &changes[i], count - i < SAVE_MAX ? count - i : SAVE_MAX, err);
    return st;
}

static enum lf_status
save(struct lf_rebuild *rebuild, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    for (size_t i = 0; st == LF_OK && i < rebuild->options->entity_count; i++) {
        const struct lf_rebuild_part *part = &rebuild->parts[i];
        lf_arena_reset(&rebuild->page_arena);
        st = save_part(rebuild, part, err);
        if (st == LF_OK && part->mark < rebuild->until)
            st = lf_rebuild_mark_move(rebuild, rebuild->writer, part, err);
    }
    return st;
}

/* Was it committed by an earlier try whose answer was lost? */
static enum lf_status
is_saved(struct lf_rebuild *rebuild, bool *ret, struct lf_err *err)
{
    size_t i = 0;
    while (rebuild->parts[i].mark >= rebuild->until) /* one is behind, or there would be nothing to save */
        i++;
    struct lf_rebuild_part now = rebuild->parts[i];
    enum lf_status st = lf_rebuild_mark_read(rebuild, rebuild->writer, &now, err);
    *ret = st == LF_OK && now.mark == rebuild->until;
    return st;
}

static enum lf_status
save_in_transaction(struct lf_rebuild *rebuild, struct lf_err *err)
{
    bool saved = false;
    enum lf_status st = lf_store_begin(rebuild->writer, err);
    if (st == LF_OK)
        st = is_saved(rebuild, &saved, err);
    if (st == LF_OK && saved) {
        lf_store_abort(rebuild->writer);
        return LF_OK;
    }
    if (st == LF_OK)
        st = save(rebuild, err);
    return st == LF_OK ? lf_store_commit(rebuild->writer, err) : st;
}

/* Everything in memory goes to the store, and is forgotten. */
static enum lf_status
flush(struct lf_rebuild *rebuild, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    bool behind = false;
    for (size_t i = 0; i < rebuild->options->entity_count; i++)
        behind = behind || rebuild->parts[i].mark < rebuild->until;
    if (behind)
        st = rebuild->alone ? save(rebuild, err) : lf_rebuild_try(rebuild, save_in_transaction, err);
    for (size_t i = 0; st == LF_OK && i < rebuild->options->entity_count; i++) {
        struct lf_rebuild_part *part = &rebuild->parts[i];
        part->empty = part->empty && part->states.count == 0;
        if (part->mark < rebuild->until)
            part->mark = rebuild->until;
    }
    forget_states(rebuild);
    rebuild->flushed_ms = lf_clock_mono_ms();
    return st;
}

/* ---- events ---- */

static void
found_unfoldable(struct lf_rebuild *rebuild, const struct lf_walked *walked, const char *why)
{
    const struct lf_finding finding = {.kind = "unfoldable",
                                       .place = walked->event.place,
                                       .event_id = walked->event.id,
                                       .entity_type = walked->entity_type,
                                       .entity_key = walked->event.entity_key,
                                       .expected = LF_LIT("an event that its entity can take"),
                                       .seen = lf_bytes_of(why)};
    rebuild->result->unfoldable++;
    if (rebuild->options->found != NULL)
        rebuild->options->found(rebuild->options->ctx, &finding);
}

/* The part that an event belongs to and that has not seen it yet, or NULL. */
static struct lf_rebuild_part *
part_of(struct lf_rebuild *rebuild, const struct lf_walked *walked)
{
    const struct lf_entity *entity = lf_replay_entity(&walked->event, walked->entity_type);
    bool bound = entity != NULL;
    if (!bound)
        entity = lf_model_entity(rebuild->options->model, walked->entity_type);
    struct lf_rebuild_part *part = entity != NULL ? rebuild->part_of[entity->index] : NULL;
    if (part == NULL || walked->sequence <= part->mark)
        return NULL;
    rebuild->result->unbound += !bound;
    return bound ? part : NULL;
}

static enum lf_status
fold_event(struct lf_rebuild *rebuild, struct lf_rebuild_state *state, const struct lf_walked *walked,
           struct lf_err *err)
{
    struct lf_value value;
    struct lf_err why = {0};
    LF_ASSERT(state->loaded);
    rebuild->result->events++;
    enum lf_status st = lf_replay(&walked->event, &state->value, &rebuild->page_arena, &value, &why);
    if (st == LF_OK) {
        state->value = value;
        state->place = walked->event.place;
        state->changed = true;
    } else if (lf_status_fate(st) == LF_FATE_REJECT) {
        found_unfoldable(rebuild, walked, why.text);
        st = LF_OK;
    } else {
        st = lf_fail(err, st, "%s", why.text);
    }
    return st;
}

static enum lf_status
fold_page(struct lf_rebuild *rebuild, struct lf_err *err)
{
    const struct lf_walked *walked = rebuild->walked;
    size_t count = rebuild->walked_count;
    struct lf_rebuild_state **states = lf_arena_calloc(&rebuild->page_arena, count, sizeof(*states));
    if (states == NULL && count != 0)
        return lf_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        struct lf_rebuild_part *part = part_of(rebuild, &walked[i]);
        if (part == NULL)
            continue;
        states[i] = want(rebuild, part, walked[i].event.entity_key);
        if (states[i] == NULL)
            return lf_no_memory(err);
    }
    enum lf_status st = ask(rebuild, load, err);
    for (size_t i = 0; st == LF_OK && i < count; i++) {
        if (states[i] != NULL)
            st = fold_event(rebuild, states[i], &walked[i], err);
    }
    return st == LF_OK ? keep_touched(rebuild, err) : st;
}

static struct lf_walk
page_after(const struct lf_rebuild *rebuild, int64_t sequence)
{
    return (struct lf_walk){.entity = rebuild->options->entity_count == 1 ? rebuild->parts[0].entity : NULL,
                            .after = sequence,
                            .until = rebuild->target,
                            .max = rebuild->page};
}

static enum lf_status
walk(struct lf_rebuild *rebuild, struct lf_err *err)
{
    const struct lf_walk walk = page_after(rebuild, rebuild->until);
    lf_arena_reset(&rebuild->page_arena);
    return lf_store_walk(rebuild->writer, &walk, &rebuild->page_arena, &rebuild->walked, &rebuild->walked_count, err);
}

/* The page in work: as it was read ahead, or else read now. */
static enum lf_status
read_page(struct lf_rebuild *rebuild, size_t *ret_bytes, struct lf_err *err)
{
    lf_arena_reset(&rebuild->page_arena);
    if (lf_rebuild_ahead_take(rebuild, ret_bytes))
        return LF_OK;
    enum lf_status st = ask(rebuild, walk, err);
    *ret_bytes = rebuild->page_arena.used;
    return st;
}

/* Pages of about so many bytes: fewer events where they are large. */
static void
adapt_page(struct lf_rebuild *rebuild, size_t bytes)
{
    if (bytes > LF_REBUILD_PAGE_BYTES && rebuild->page > 1)
        rebuild->page /= 2;
    else if (bytes < LF_REBUILD_PAGE_BYTES / 4 && rebuild->page * 2 <= LF_WALK_MAX)
        rebuild->page *= 2;
}

/* Reads and folds one page from until on. */
static enum lf_status
next_page(struct lf_rebuild *rebuild, struct lf_err *err)
{
    rebuild->touched = NULL;
    rebuild->touched_count = rebuild->touched_cap = 0;
    size_t bytes = 0;
    enum lf_status st = read_page(rebuild, &bytes, err);
    if (st != LF_OK)
        return st;
    size_t count = rebuild->walked_count;
    int64_t until = count == rebuild->page ? rebuild->walked[count - 1].sequence : rebuild->target;
    adapt_page(rebuild, bytes);
    if (until < rebuild->target && !rebuild->alone) { /* alone, only the writer sees what it has locked */
        const struct lf_walk next = page_after(rebuild, until);
        lf_rebuild_ahead_ask(rebuild, &next);
    }
    if (rebuild->options->log != NULL)
        st = lf_rebuild_log_page(rebuild, err);
    if (st == LF_OK)
        st = fold_page(rebuild, err);
    if (st == LF_OK)
        rebuild->until = until;
    return st;
}

/* After a page: at the end, where states are many, and now and then also where they are few, so that little is done
 * again after a crash. */
static enum lf_status
write_some(struct lf_rebuild *rebuild, int64_t last, struct lf_err *err)
{
    bool due = rebuild->until == last || (!rebuild->alone && lf_clock_mono_ms() - rebuild->flushed_ms > FLUSH_MS);
    if (!due && rebuild->kept.used > rebuild->state_bytes) {
        enum lf_status st = make_room(rebuild, err);
        if (st != LF_OK)
            return st;
        due = rebuild->kept.used > rebuild->state_bytes / 2;
    }
    return due ? flush(rebuild, err) : LF_OK;
}

enum lf_status
lf_rebuild_fold(struct lf_rebuild *rebuild, int64_t last, struct lf_err *err)
{
    enum lf_status st = LF_OK;
    rebuild->target = last;
    rebuild->flushed_ms = lf_clock_mono_ms();
    while (st == LF_OK && rebuild->until < last) {
        st = next_page(rebuild, err);
        if (st == LF_OK && rebuild->result->unfoldable != 0) /* not written: whoever goes on meets them again */
            st = lf_fail(err, LF_INVALID,
                         "%lld stored event%s cannot be applied to what came before: nothing is switched",
                         (long long)rebuild->result->unfoldable, rebuild->result->unfoldable == 1 ? "" : "s");
        if (st == LF_OK)
            st = write_some(rebuild, last, err);
        if (st == LF_OK)
            st = lf_progress_tell(&rebuild->options->progress, rebuild->alone ? "switch" : "fold", rebuild->until, last,
                                  err);
    }
    if (st != LF_OK) {
        lf_rebuild_ahead_end(rebuild);
        forget_states(rebuild);
    }
    return st;
}
