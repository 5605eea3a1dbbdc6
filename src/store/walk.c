/* Walks: rows as a fold wants them. Most names repeat from event to event, and are not copied each time. */
#include "store/row.h"

enum lf_status
lf_walk_page_init(struct lf_walk_page *page, const struct lf_walk *walk, const struct lf_model *model,
                  struct lf_arena *arena, struct lf_err *err)
{
    *page = (struct lf_walk_page){.model = model, .arena = arena};
    page->items = lf_arena_alloc(arena, walk->max * sizeof(*page->items));
    return page->items != NULL || walk->max == 0 ? LF_OK : lf_no_memory(err);
}

/* A name that lasts: one of the two where it is the same. */
static struct lf_bytes
keep(const struct lf_walk_page *page, struct lf_bytes name, struct lf_bytes likely, struct lf_bytes before)
{
    if (likely.ptr != NULL && lf_bytes_equal(name, likely))
        return likely;
    if (before.ptr != NULL && lf_bytes_equal(name, before))
        return before;
    return lf_arena_copy(page->arena, name);
}

enum lf_status
lf_walk_page_add(struct lf_walk_page *page, const struct lf_walked *row, struct lf_err *err)
{
    static const struct lf_walked nothing;
    const struct lf_walked *before = page->count != 0 ? &page->items[page->count - 1] : &nothing;
    struct lf_walked *item = &page->items[page->count];
    const struct lf_event_type *type = lf_model_event(page->model, row->event.type_name);
    *item = *row;
    item->event.type = type;
    item->event.type_name = keep(page, row->event.type_name, type != NULL ? type->name : LF_BYTES_NONE, LF_BYTES_NONE);
    item->entity_type =
        keep(page, row->entity_type, type != NULL && type->entity != NULL ? type->entity->name : LF_BYTES_NONE,
             before->entity_type);
    item->event.place.topic = keep(page, row->event.place.topic, before->event.place.topic, LF_BYTES_NONE);
    if (item->event.type_name.ptr == NULL || item->entity_type.ptr == NULL || item->event.place.topic.ptr == NULL)
        return lf_no_memory(err);
    page->count++;
    return LF_OK;
}
