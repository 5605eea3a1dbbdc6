/* Rows of the memory store: copied in, copied out, freed. */
#include "base/mem.h"
#include "store/memory.h"

void
lf_memory_free_event(struct memory_event *event)
{
    if (event != NULL)
        lf_arena_release(&event->arena);
    lf_free(event);
}

void
lf_memory_free_letter(struct memory_letter *letter)
{
    if (letter != NULL)
        lf_arena_release(&letter->arena);
    lf_free(letter);
}

void
lf_memory_free_state(struct memory_state *state)
{
    if (state != NULL)
        lf_arena_release(&state->arena);
    lf_free(state);
}

void
lf_memory_free_entity(struct memory_entity *row)
{
    lf_memory_free_state(row->committed);
    lf_memory_free_state(row->pending);
    lf_free(row->key);
    lf_free(row);
}

/* Copies bytes; false out of memory. A NULL pointer stays one. */
static bool
copy_bytes(struct lf_arena *arena, struct lf_bytes *bytes)
{
    if (bytes->ptr == NULL)
        return true;
    *bytes = lf_arena_copy(arena, *bytes);
    return bytes->ptr != NULL;
}

static bool
copy_headers(struct lf_arena *arena, const struct lf_header **headers, size_t count)
{
    if (count == 0) {
        *headers = NULL;
        return true;
    }
    struct lf_header *copies = LF_ARENA_ARRAY(arena, struct lf_header, count);
    bool ok = copies != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        copies[i] = (*headers)[i];
        ok = copy_bytes(arena, &copies[i].name) && copy_bytes(arena, &copies[i].value);
    }
    *headers = copies;
    return ok;
}

enum lf_status
lf_memory_copy_event(const struct lf_stored_event *from, const struct lf_model *model, struct lf_arena *arena,
                     struct lf_stored_event *ret, struct lf_err *err)
{
    struct lf_stored_event copy = *from;
    struct lf_event *event = &copy.event;
    if (!copy_bytes(arena, &event->id) || !copy_bytes(arena, &event->type_name) || !copy_bytes(arena, &event->key) ||
        !copy_bytes(arena, &event->entity_key) || !copy_bytes(arena, &event->place.topic) ||
        !lf_value_copy(arena, &from->event.payload, &event->payload) ||
        !lf_value_copy(arena, &from->event.extra, &event->extra) ||
        !lf_value_copy(arena, &from->headers, &copy.headers) || !copy_bytes(arena, &copy.entity_type))
        return lf_no_memory(err);
    event->type = lf_model_event(model, event->type_name);
    event->headers = NULL;
    event->header_count = 0;
    *ret = copy;
    return LF_OK;
}

bool
lf_memory_copy_letter(const struct lf_dead_letter *from, struct lf_arena *arena, struct lf_dead_letter *ret)
{
    *ret = *from;
    return copy_bytes(arena, &ret->place.topic) && copy_bytes(arena, &ret->event_id) &&
           copy_bytes(arena, &ret->event_type) && copy_bytes(arena, &ret->key) && copy_bytes(arena, &ret->value) &&
           copy_headers(arena, &ret->headers, ret->header_count) && copy_bytes(arena, &ret->stage) &&
           copy_bytes(arena, &ret->code) && copy_bytes(arena, &ret->reason);
}

struct lf_bytes
lf_memory_position_key(struct lf_arena *arena, struct lf_bytes group, struct lf_bytes topic, int32_t partition)
{
    return lf_bytes_of(
        lf_arena_printf(arena, "%d %zu %.*s %.*s", (int)partition, group.len, LF_FMT(group), LF_FMT(topic)));
}
