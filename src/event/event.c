/* Keys of events: which entity an event is about, and which partition it goes to. */
#include "event/event.h"
#include "event/fold.h"
#include "event/number.h"

struct lf_bytes
lf_event_key_text(const struct lf_value *value, struct lf_arena *arena)
{
    char space[LF_INTEGER_TEXT_SIZE];
    switch (value->type) {
    case LF_V_STRING:
    case LF_V_ENUM: return value->count != 0 ? lf_value_text(value) : LF_LIT("");
    case LF_V_BOOL: return value->u.boolean ? LF_LIT("true") : LF_LIT("false");
    case LF_V_INT: return lf_arena_copy(arena, lf_integer_text(value->u.integer, space));
    case LF_V_FLOAT: return lf_number_text(value, space, arena);
    default: return LF_BYTES_NONE;
    }
}

/* The key text of one of the event's fields: keys of equal value have equal text, whoever wrote them. */
static struct lf_bytes
field_text(const struct lf_event *event, size_t index, struct lf_arena *arena)
{
    const struct lf_field *field = &event->type->fields[index];
    const struct lf_value *value = lf_value_get(&event->payload, field->name);
    struct lf_value normal;
    if (value == NULL || !lf_fold_normal(field, value, arena, &normal))
        return LF_BYTES_NONE;
    return lf_event_key_text(&normal, arena);
}

/* Why there is no text: the field is absent, or memory is. */
static bool
has_key(const struct lf_event *event, size_t index)
{
    const struct lf_value *value = lf_value_get(&event->payload, event->type->fields[index].name);
    return value != NULL && value->type != LF_V_NULL && value->type != LF_V_LIST && value->type != LF_V_OBJECT;
}

enum lf_status
lf_event_bind_entity(struct lf_event *event, struct lf_arena *arena, struct lf_err *err)
{
    const struct lf_event_type *type = event->type;
    if (type == NULL || type->entity == NULL)
        return LF_OK;
    if (!has_key(event, type->entity_key)) {
        struct lf_bytes name = type->fields[type->entity_key].name;
        return lf_fail(err, LF_INVALID, "payload of %.*s lacks \"%.*s\", the key of its entity %.*s",
                       LF_FMT(type->name), LF_FMT(name), LF_FMT(type->entity->name));
    }
    struct lf_bytes text = field_text(event, type->entity_key, arena);
    if (text.ptr == NULL)
        return lf_no_memory(err);
    event->entity_key = text;
    return LF_OK;
}

struct lf_bytes
lf_event_message_key(const struct lf_event *event, struct lf_arena *arena)
{
    if (event->type == NULL || event->type->message_key == SIZE_MAX)
        return event->id;
    return field_text(event, event->type->message_key, arena);
}
