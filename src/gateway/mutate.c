/* A mutation field: arguments -> payload -> event. append.c and idempotency.c take it from there. */
#include "base/defect.h"
#include "event/check.h"
#include "gateway/pending.h"
#include "json/json.h"

enum { AWAIT_MS_DEFAULT = 5000, AWAIT_MS_MAX = 60000 };

static struct lf_value
generate(struct lf_pending *p, const struct lf_field *field, bool *ok)
{
    char text[64]; /* a time or a UUID */
    struct lf_bytes made = lf_bytes_of(p->receipt.event_id);
    if (field->generated == LF_GENERATED_EVENT_TIME) {
        made = lf_bytes(text, lf_time_format(p->event.time_us, 6, text));
    } else if (field->generated == LF_GENERATED_UUID) {
        struct lf_uuid uuid = lf_uuid_v7();
        struct lf_uuid base;
        /* Under a key a retry must make the same value, or it would be another event of the same id. */
        if (p->request->idempotency_key.ptr != NULL && lf_uuid_parse(lf_bytes_of(p->receipt.event_id), &base))
            uuid = lf_uuid_v5(&base, field->name);
        lf_uuid_format(&uuid, text);
        made = lf_bytes(text, LF_UUID_TEXT_LEN);
    }
    struct lf_bytes kept = lf_arena_copy(&p->request->arena, made);
    *ok = kept.ptr != NULL;
    return lf_value_string(kept);
}

/* The payload in schema order: asked holds what arguments fill, the event's payload the generated fields as well. */
static bool
build_payload(struct lf_pending *p, const struct lf_value *args, struct lf_value *ret_asked)
{
    const struct lf_mutation *mutation = p->mutation;
    struct lf_arena *arena = &p->request->arena;
    struct lf_member *payload = LF_ARENA_ARRAY(arena, struct lf_member, mutation->fill_count);
    struct lf_member *asked = LF_ARENA_ARRAY(arena, struct lf_member, mutation->fill_count);
    size_t payload_count = 0, asked_count = 0;
    if (payload == NULL || asked == NULL)
        return false;
    for (size_t i = 0; i < mutation->fill_count; i++) {
        const struct lf_fill *fill = &mutation->fills[i];
        const struct lf_field *field = &mutation->event->fields[fill->target];
        if (field->generated != LF_GENERATED_NOT) {
            bool ok;
            payload[payload_count++] = (struct lf_member){field->name, generate(p, field, &ok)};
            if (!ok)
                return false;
            continue;
        }
        const struct lf_value *value = fill->arg != NULL ? lf_value_get(args, fill->arg->name) : NULL;
        if (value != NULL && fill->inner != NULL)
            value = lf_value_get(value, fill->inner->name);
        if (value == NULL)
            continue;
        payload[payload_count++] = asked[asked_count++] = (struct lf_member){field->name, *value};
    }
    p->event.payload = lf_value_object(payload, payload_count);
    *ret_asked = lf_value_object(asked, asked_count);
    return true;
}

/* EVENT_INVALID with the first violation in the message and all of them, with their paths, in extensions. */
static void
refuse_invalid(struct lf_pending *p, const struct lf_violation *violations, size_t count, const struct lf_err *err)
{
    struct lf_arena *arena = &p->request->arena;
    struct lf_value *items = LF_ARENA_ARRAY(arena, struct lf_value, count);
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, 2 * count + 2);
    if (err->status == LF_NO_MEMORY) {
        lf_gateway_out_of_memory(p->request, p->slot);
        return;
    }
    if (items == NULL || members == NULL || count == 0) {
        lf_pending_fail(p, "EVENT_INVALID", err->text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct lf_member *pair = members + 2 + 2 * i;
        pair[0] = (struct lf_member){LF_LIT("path"), lf_value_string(violations[i].path)};
        pair[1] = (struct lf_member){LF_LIT("reason"), lf_value_string(violations[i].reason)};
        items[i] = lf_value_object(pair, 2);
    }
    members[0] = (struct lf_member){LF_LIT("path"), lf_value_string(violations[0].path)};
    members[1] = (struct lf_member){LF_LIT("violations"), lf_value_list(items, count)};
    lf_gql_slot_error(p->slot, "EVENT_INVALID", lf_value_object(members, 2), "%s", err->text);
}

/* @constraint of arguments, then the payload against the event type: all violations of the first kind that has any. */
static enum lf_status
check(struct lf_pending *p, const struct lf_gql_resolve_info *info, struct lf_violation *violations, size_t *ret_count,
      struct lf_err *err)
{
    for (size_t i = 0; i < info->field->arg_count; i++) {
        const struct lf_gql_input *argument = &info->field->args[i];
        const struct lf_value *value = lf_value_get(info->args, argument->name);
        if (value == NULL)
            continue;
        enum lf_status st = lf_event_check_argument(argument, value, info->arena, violations, ret_count, err);
        if (st != LF_OK)
            return st;
    }
    enum lf_status st = lf_rules_check(p->request->gateway->options.codec.rules, p->type, &p->event.payload,
                                       info->arena, violations, ret_count, err);
    return st == LF_OK ? lf_event_bind_entity(&p->event, info->arena, err) : st;
}

static bool
read_await(struct lf_pending *p, const struct lf_gql_resolve_info *info)
{
    struct lf_value args;
    const char *why = NULL;
    if (!lf_gql_resolve_directive(info, "await", &args, &why)) {
        if (why != NULL)
            lf_gql_slot_error(p->slot, "BAD_USER_INPUT", LF_VALUE_NULL, "@await: %s", why);
        return why == NULL;
    }
    const struct lf_value *stage = lf_value_get_text(&args, "stage");
    const struct lf_value *timeout = lf_value_get_text(&args, "timeoutMs");
    struct lf_bytes stage_name = stage != NULL && stage->type != LF_V_NULL ? lf_value_text(stage) : LF_LIT("STORED");
    if (lf_bytes_equal_text(stage_name, "UNKNOWN")) {
        lf_gql_slot_error(p->slot, "BAD_USER_INPUT", LF_VALUE_NULL, "@await: stage UNKNOWN is nothing to wait for");
        return false;
    }
    /* STORED and DEAD_LETTERED are the two ends: whichever comes is the answer. */
    p->await = !lf_bytes_equal_text(stage_name, "LOGGED");
    p->await_ms = timeout != NULL && timeout->type == LF_V_INT ? timeout->u.integer : AWAIT_MS_DEFAULT;
    if (p->await_ms < 0 || p->await_ms > AWAIT_MS_MAX) {
        lf_gql_slot_error(p->slot, "BAD_USER_INPUT", LF_VALUE_NULL, "@await: timeoutMs must be from 0 to %d",
                          AWAIT_MS_MAX);
        return false;
    }
    return true;
}

static bool
name_event(struct lf_pending *p, const struct lf_gql_resolve_info *info)
{
    struct lf_uuid id;
    if (p->request->idempotency_key.ptr == NULL || LF_DEFECT(fresh_ids))
        id = lf_uuid_v7();
    else if (!lf_pending_derive_id(p, info->path, &id))
        return false;
    lf_uuid_format(&id, p->receipt.event_id);
    p->receipt.type = p->type;
    p->receipt.topic = p->type->topic.ptr != NULL ? p->type->topic : p->request->gateway->options.topic;
    p->receipt.time_us = lf_clock_real_us();
    p->receipt.status = LF_EVENT_LOGGED;
    p->event.id = lf_bytes_of(p->receipt.event_id);
    p->event.type = p->type;
    p->event.version = p->type->version;
    p->event.type_name = p->type->name;
    p->event.time_us = p->receipt.time_us;
    p->event.place.partition = -1;
    return true;
}

void
lf_gateway_resolve_mutation(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    struct lf_request *request = info->ctx;
    struct lf_arena *arena = &request->arena;
    struct lf_pending *p = LF_ARENA_NEW(arena, struct lf_pending);
    request->mutations++;
    if (p == NULL) {
        lf_gateway_out_of_memory(request, slot);
        return;
    }
    p->request = request;
    p->slot = slot;
    p->mutation = info->field->user;
    p->type = p->mutation->event;
    struct lf_value asked;
    struct lf_err err = {0};
    if (!read_await(p, info))
        return;
    if (!name_event(p, info) || !build_payload(p, info->args, &asked)) {
        lf_gateway_out_of_memory(request, slot);
        return;
    }
    struct lf_violation violations[LF_VIOLATIONS_MAX];
    size_t violation_count = 0;
    if (check(p, info, violations, &violation_count, &err) != LF_OK) {
        refuse_invalid(p, violations, violation_count, &err);
        return;
    }
    p->event.key = lf_event_message_key(&p->event, arena);
    if (p->event.key.ptr == NULL) {
        lf_gateway_out_of_memory(request, slot);
    } else if (request->idempotency_key.ptr == NULL) {
        lf_pending_append(p);
    } else if (lf_json_digest(&asked, p->digest, &err) != LF_OK) {
        lf_gateway_out_of_memory(request, slot);
    } else {
        lf_pending_append_keyed(p);
    }
}
