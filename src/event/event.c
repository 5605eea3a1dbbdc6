/* Keys of events: which entity an event is about, and which partition it goes to. */
#include "event/event.h"
#include "event/fold.h"
#include "event/number.h"

enum { COVERED_MAX = 256 }; /* members; a payload with more was not made by a mutation, and is compared as a whole */

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

static bool
is_event_time(const struct lf_event_type *type, struct lf_bytes name)
{
    for (size_t i = 0; type != NULL && i < type->field_count; i++) {
        if (type->fields[i].generated == LF_GENERATED_EVENT_TIME && lf_bytes_equal(type->fields[i].name, name))
            return true;
    }
    return false;
}

static bool
has_event_time(const struct lf_event_type *type)
{
    for (size_t i = 0; type != NULL && i < type->field_count; i++) {
        if (type->fields[i].generated == LF_GENERATED_EVENT_TIME)
            return true;
    }
    return false;
}

/* Every member of a that counts is in b, with an equal value. */
static bool
covers(const struct lf_event_type *type, const struct lf_value *a, const struct lf_value *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct lf_member *member = &a->u.members[i];
        const struct lf_value *other = lf_value_get(b, member->name);
        if (!is_event_time(type, member->name) && (other == NULL || !lf_value_equal(&member->value, other)))
            return false;
    }
    return true;
}

bool
lf_event_same(const struct lf_event *event, struct lf_bytes type_name, const struct lf_value *payload)
{
    if (!lf_bytes_equal(event->type_name, type_name))
        return false;
    if (event->payload.type != LF_V_OBJECT || payload->type != LF_V_OBJECT || !has_event_time(event->type) ||
        event->payload.count > COVERED_MAX || payload->count > COVERED_MAX)
        return lf_value_equal(&event->payload, payload);
    return covers(event->type, &event->payload, payload) && covers(event->type, payload, &event->payload);
}
