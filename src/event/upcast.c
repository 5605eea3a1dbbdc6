/* The steps of @upcast. Objects on the way to a change are copied, everything else is shared. */
#include "event/upcast.h"

#include <string.h>

/* One run over a payload. */
struct upcasting {
    const struct lf_event *event;
    struct lf_arena *arena;
    struct lf_err *err;
};

static const struct lf_value *
at_path(const struct lf_value *payload, struct lf_member_path path)
{
    const struct lf_value *value = payload;
    for (size_t i = 0; i < path.count && value != NULL; i++)
        value = lf_value_get(value, path.names[i]);
    return value;
}

/* A copy of an object with room for one member more. */
static struct lf_member *
copy_members(const struct upcasting *u, const struct lf_value *object)
{
    struct lf_member *members = LF_ARENA_ARRAY(u->arena, struct lf_member, (size_t)object->count + 1);
    if (members != NULL && object->count != 0)
        memcpy(members, object->u.members, object->count * sizeof(*members));
    return members;
}

static uint32_t
find_member(const struct lf_value *object, struct lf_bytes name)
{
    uint32_t i = 0;
    while (i < object->count && !lf_bytes_equal(object->u.members[i].name, name))
        i++;
    return i;
}

/* object without what is at path, which is there. */
static enum lf_status
without(const struct upcasting *u, const struct lf_value *object, struct lf_member_path path, struct lf_value *ret)
{
    struct lf_member *members = copy_members(u, object);
    uint32_t at = find_member(object, path.names[0]);
    if (members == NULL)
        return lf_no_memory(u->err);
    LF_ASSERT(at < object->count);
    if (path.count > 1) {
        const struct lf_member_path rest = {path.names + 1, path.count - 1};
        *ret = lf_value_object(members, object->count);
        return without(u, &object->u.members[at].value, rest, &members[at].value);
    }
    memmove(members + at, members + at + 1, (object->count - at - 1) * sizeof(*members));
    *ret = lf_value_object(members, object->count - 1);
    return LF_OK;
}

static enum lf_status
no_object(const struct upcasting *u, struct lf_bytes name)
{
    return lf_fail(u->err, LF_INVALID, "version %d of %.*s cannot become version %d: \"%.*s\" stands in no object",
                   u->event->version != 0 ? u->event->version : 1, LF_FMT(u->event->type->name),
                   u->event->type->version, LF_FMT(name));
}

/* object with value at path; objects on the way that are missing (or null) are made. */
static enum lf_status
with(const struct upcasting *u, const struct lf_value *object, struct lf_member_path path, const struct lf_value *value,
     struct lf_value *ret)
{
    static const struct lf_value none = {.type = LF_V_OBJECT};
    if (object->type != LF_V_OBJECT && object->type != LF_V_NULL)
        return no_object(u, path.names[0]);
    const struct lf_value *old = object->type == LF_V_OBJECT ? object : &none;
    struct lf_member *members = copy_members(u, old);
    if (members == NULL)
        return lf_no_memory(u->err);
    uint32_t at = find_member(old, path.names[0]);
    if (at == old->count)
        members[at] = (struct lf_member){path.names[0], LF_VALUE_NULL};
    *ret = lf_value_object(members, old->count + (at == old->count));
    if (path.count > 1) {
        const struct lf_value inner = members[at].value;
        return with(u, &inner, (struct lf_member_path){path.names + 1, path.count - 1}, value, &members[at].value);
    }
    members[at].value = *value;
    return LF_OK;
}

static enum lf_status
move(const struct upcasting *u, const struct lf_upcast_step *step, struct lf_value *payload)
{
    const struct lf_value *found = at_path(payload, step->path);
    if (found == NULL)
        return LF_OK;
    const struct lf_value value = *found;
    struct lf_value rest;
    enum lf_status st = without(u, payload, step->path, &rest);
    if (st != LF_OK)
        return st;
    *payload = rest;
    if (at_path(payload, step->to) != NULL)
        return LF_OK; /* it is in the new form already */
    return with(u, &rest, step->to, &value, payload);
}

static enum lf_status
apply(const struct upcasting *u, const struct lf_upcast_step *step, struct lf_value *payload)
{
    const struct lf_value before = *payload;
    const struct lf_value *found;
    switch (step->op) {
    case LF_UPCAST_MOVE: return move(u, step, payload);
    case LF_UPCAST_DROP: return at_path(&before, step->path) != NULL ? without(u, &before, step->path, payload) : LF_OK;
    case LF_UPCAST_DEFAULT:
        found = at_path(&before, step->path);
        if (found != NULL && (found->type != LF_V_NULL || !step->over_null))
            return LF_OK;
        return with(u, &before, step->path, &step->value, payload);
    }
    return LF_OK;
}

enum lf_status
lf_event_upcast(const struct lf_event *event, struct lf_arena *arena, struct lf_value *ret, struct lf_err *err)
{
    const struct upcasting u = {event, arena, err};
    const int32_t version = event->version != 0 ? event->version : 1;
    struct lf_value payload = event->payload;
    bool old = event->type != NULL && version < event->type->version && payload.type == LF_V_OBJECT;
    for (size_t i = 0; old && i < event->type->upcast_count; i++) {
        if (event->type->upcasts[i].from < version)
            continue;
        enum lf_status st = apply(&u, &event->type->upcasts[i], &payload);
        if (st != LF_OK)
            return st;
    }
    *ret = payload;
    return LF_OK;
}

int32_t
lf_event_version_read(struct lf_bytes text)
{
    int64_t version;
    return lf_bytes_to_i64(text, &version) && version >= 1 && version <= INT32_MAX ? (int32_t)version : 0;
}
