/* Replay: what the consumer does with an event, without the log and the store. */
#include "event/replay.h"

#include "event/check.h"
#include "event/fold.h"
#include "event/upcast.h"

const struct lf_entity *
lf_replay_entity(const struct lf_event *event, struct lf_bytes entity_type)
{
    const struct lf_entity *entity = event->type != NULL ? event->type->entity : NULL;
    bool bound = entity != NULL && event->entity_key.ptr != NULL && entity_type.ptr != NULL &&
                 lf_bytes_equal(entity->name, entity_type);
    return bound ? entity : NULL;
}

enum lf_status
lf_replay(const struct lf_event *stored, const struct lf_value *state, struct lf_arena *arena, struct lf_value *ret,
          struct lf_err *err)
{
    struct lf_violation violations[LF_VIOLATIONS_MAX];
    size_t count = 0;
    struct lf_event event = *stored;
    enum lf_status st = lf_event_upcast(stored, arena, &event.payload, err);
    if (st == LF_OK)
        st = lf_event_check(event.type, &event.payload, arena, violations, &count, err);
    if (st == LF_OK)
        st = lf_event_bind_entity(&event, arena, err);
    if (st == LF_OK && !lf_bytes_equal(event.entity_key, stored->entity_key))
        st = lf_fail(err, LF_INVALID, "the row's entity_key is \"%.*s\", the payload's \"%.*s\"",
                     LF_FMT(stored->entity_key), LF_FMT(event.entity_key));
    return st == LF_OK ? lf_fold(&event, state, arena, ret, err) : st;
}
