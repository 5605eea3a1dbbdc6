/*
 * A mutation field: arguments -> payload -> event -> record -> log; the acknowledgement -> receipt.
 *
 * With an idempotency key the eventId is derived from it. A retry finds the earlier answer in memory (keyed.h), or in
 * the store, or sends a second record of the same eventId, which the consumer recognises.
 */
#include "gateway/gateway_internal.h"
#include "base/clock.h"
#include "base/mem.h"
#include "event/check.h"
#include "json/json.h"

#include <string.h>

enum { RECEIPT_MEMBERS = 8, AWAIT_MS_DEFAULT = 5000, AWAIT_MS_MAX = 60000 };

/* One event on its way. Lives in its request's arena. */
struct pending {
    struct lf_request *request;
    struct lf_gql_slot *slot;
    const struct lf_mutation *mutation;
    const struct lf_event_type *type;
    struct lf_event event;
    struct lf_receipt receipt;
    struct lf_keyed_entry *entry; /* this event leads the entry; NULL without a key */
    struct pending *next_waiter;
    uint8_t digest[32]; /* of what was asked for: the payload without what the gateway generates */
    bool await;         /* until it is stored */
    int64_t await_ms;
    /* the answer: here, so that an event that is logged can be answered without memory */
    struct lf_member members[RECEIPT_MEMBERS];
    char time[LF_TIME_TEXT_SIZE];
};

/* Name space of eventIds derived from idempotency keys (version 5). */
static const struct lf_uuid key_space = {
    {0x6c, 0x6f, 0x67, 0x66, 0x69, 0x72, 0x57, 0x74, 0x8b, 0x65, 0x79, 0x2d, 0x73, 0x70, 0x61, 0x63}};

/* ---- answers ---- */

/* The request may be gone after this, as after each function here that ends a slot. */
static void
answer(struct pending *p, enum lf_event_status status)
{
    const struct lf_receipt *receipt = &p->receipt;
    struct lf_member *members = p->members;
    struct lf_bytes time = lf_bytes(p->time, lf_time_format(receipt->time_us, 6, p->time));
    members[0] = (struct lf_member){LF_LIT("success"), lf_value_bool(true)};
    members[1] = (struct lf_member){LF_LIT("eventId"), lf_value_string(lf_bytes(receipt->event_id, LF_UUID_TEXT_LEN))};
    members[2] = (struct lf_member){LF_LIT("eventType"), lf_value_string(receipt->type->name)};
    members[3] = (struct lf_member){LF_LIT("topic"), lf_value_string(receipt->topic)};
    members[4] = (struct lf_member){LF_LIT("partition"), lf_value_int(receipt->partition)};
    members[5] = (struct lf_member){LF_LIT("offset"), lf_value_int(receipt->offset)};
    members[6] = (struct lf_member){LF_LIT("time"), lf_value_string(time)};
    members[7] = (struct lf_member){LF_LIT("status"), lf_gateway_status_value(status)};
    lf_gql_slot_value(p->slot, lf_value_object(members, RECEIPT_MEMBERS));
}

static void
awaited(struct lf_request *request, struct lf_query_job *job, void *user)
{
    (void)request;
    struct pending *p = user;
    /* A store that cannot say is no failure of the mutation: the event is safe in the log. */
    answer(p, job->status == LF_OK ? job->event_status : LF_EVENT_LOGGED);
}

/* Asks to be told when the event is stored; false when that cannot be. */
static bool
await_stored(struct pending *p)
{
    struct lf_err ignored;
    struct lf_query_job *job = lf_query_job_new(LF_QUERY_AWAIT);
    if (job == NULL)
        return false;
    job->event_id = lf_bytes_of(p->receipt.event_id);
    job->place = (struct lf_place){p->receipt.topic, p->receipt.partition, p->receipt.offset};
    job->timeout_ms = p->await_ms;
    return lf_request_job_submit(p->request, job, awaited, p, &ignored) == LF_OK;
}

/* The event is in the log: answer now, or once it is stored (a retry may find that it is already). */
static void
logged(struct pending *p, const struct lf_receipt *receipt)
{
    p->receipt = *receipt;
    bool wait = p->await && receipt->status == LF_EVENT_LOGGED && p->request->gateway->options.query != NULL;
    if (!wait || !await_stored(p))
        answer(p, receipt->status);
}

static void
fail(struct pending *p, const char *code, const char *text)
{
    struct lf_member *member = LF_ARENA_NEW(&p->request->arena, struct lf_member);
    struct lf_value extensions = LF_VALUE_NULL;
    if (member != NULL) {
        *member = (struct lf_member){LF_LIT("eventId"), lf_value_string(lf_bytes_of(p->receipt.event_id))};
        extensions = lf_value_object(member, 1);
    }
    lf_gql_slot_error(p->slot, code, extensions, "%s", text);
}

/* Code and words for an append that was not acknowledged. What the log says may name files and hosts: not for
 * clients. */
static void
fail_append(struct pending *p, enum lf_status status, const struct lf_err *err)
{
    switch (status) {
    case LF_TIMEOUT:
        fail(p, "LOG_OUTCOME_UNKNOWN",
             p->request->idempotency_key.ptr != NULL
                 ? "Whether the event was logged is not known; a retry with the same Idempotency-Key is safe"
                 : "Whether the event was logged is not known; a retry may log it twice, as there is no "
                   "Idempotency-Key");
        break;
    case LF_AGAIN:
    case LF_NO_MEMORY:
        p->request->overloaded = true;
        fail(p, "OVERLOADED", "The event was not logged: too much is waiting for the log; try again in a moment");
        break;
    case LF_LIMIT: fail(p, "PAYLOAD_TOO_LARGE", err->text); break;
    case LF_CLOSED: fail(p, "LOG_UNAVAILABLE", "The event was not logged: the server is stopping"); break;
    default: fail(p, "LOG_UNAVAILABLE", "The event was not logged: the log cannot take it now; try again later"); break;
    }
}

/* ---- the log's answer ---- */

static struct pending *
take_waiters(struct lf_keyed_entry *entry)
{
    struct pending *waiters = entry->waiters;
    entry->waiters = NULL;
    return waiters;
}

/* Everyone who asked under the key gets the outcome; success is remembered. err: what went wrong, if not LF_OK. */
static void
settle(struct pending *p, enum lf_status status, const struct lf_err *err)
{
    struct lf_keyed *keyed = p->request->gateway->keyed;
    struct lf_keyed_entry *entry = p->entry;
    struct pending *waiters = entry != NULL ? take_waiters(entry) : NULL;
    const struct lf_receipt receipt = p->receipt;
    if (entry != NULL && status == LF_OK)
        lf_keyed_done(keyed, entry, &receipt);
    else if (entry != NULL)
        lf_keyed_drop(keyed, entry);
    p->entry = NULL;
    if (status == LF_OK)
        logged(p, &receipt);
    else
        fail_append(p, status, err);
    while (waiters != NULL) {
        struct pending *waiter = waiters;
        waiters = waiter->next_waiter;
        if (status == LF_OK) {
            waiter->request->replayed++;
            logged(waiter, &receipt);
        } else {
            fail_append(waiter, status, err);
        }
    }
}

static void
settle_failure(struct pending *p, enum lf_status status, const struct lf_err *err)
{
    const struct lf_gateway *gateway = p->request->gateway;
    lf_metric_add(status == LF_TIMEOUT ? gateway->metrics.events_unknown : gateway->metrics.events_failed, 1);
    if (status != LF_LIMIT && status != LF_CLOSED)
        lf_gateway_trouble(gateway, "an event was not logged", err);
    settle(p, status, err);
}

void
lf_gateway_acked(void *ctx, const struct lf_log_ack *ack)
{
    struct lf_gateway *gateway = ctx;
    struct pending *p = ack->token;
    if (ack->status != LF_OK) {
        settle_failure(p, ack->status, ack->err);
        return;
    }
    lf_metric_add(gateway->metrics.events_logged, 1);
    p->receipt.partition = ack->partition;
    p->receipt.offset = ack->offset;
    settle(p, LF_OK, NULL);
}

static void
append(struct pending *p)
{
    struct lf_gateway *gateway = p->request->gateway;
    struct lf_encoded encoded;
    struct lf_err err = {0};
    p->event.headers = p->request->trace;
    p->event.header_count = p->request->trace_count;
    enum lf_status st = lf_codec_encode(&gateway->options.codec, &p->event, &p->request->arena, &encoded, &err);
    if (st == LF_OK && gateway->stopped)
        st = lf_fail(&err, LF_CLOSED, "the gateway has stopped");
    if (st == LF_OK) {
        const struct lf_record record = {.topic = p->receipt.topic,
                                         .partition = -1,
                                         .timestamp_ms = p->event.time_us / 1000,
                                         .key = encoded.key,
                                         .value = encoded.value,
                                         .headers = encoded.headers,
                                         .header_count = encoded.header_count};
        st = lf_log_append(gateway->writer, &record, p, &err);
    }
    if (st != LF_OK)
        settle_failure(p, st, &err);
}

/* ---- idempotency ---- */

static void
key_reused(struct pending *p)
{
    fail(p, "IDEMPOTENCY_KEY_REUSED",
         "This Idempotency-Key was used before with other arguments; use a new key for a new request");
}

static bool
is_generated(const struct lf_event_type *type, struct lf_bytes name)
{
    for (size_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].generated != LF_GENERATED_NOT && lf_bytes_equal(type->fields[i].name, name))
            return true;
    }
    return false;
}

/* Whether a stored event is what p asks for: its type, and its payload without the generated fields. */
static enum lf_status
compare_stored(const struct pending *p, const struct lf_event *event, bool *ret_same, struct lf_err *err)
{
    uint8_t digest[32];
    *ret_same = false;
    if (event->payload.type != LF_V_OBJECT || !lf_bytes_equal(event->type_name, p->type->name))
        return LF_OK;
    struct lf_member *members = LF_ARENA_ARRAY(&p->request->arena, struct lf_member, event->payload.count);
    size_t count = 0;
    if (members == NULL)
        return lf_no_memory(err);
    for (uint32_t i = 0; i < event->payload.count; i++) {
        if (!is_generated(p->type, event->payload.u.members[i].name))
            members[count++] = event->payload.u.members[i];
    }
    const struct lf_value asked = lf_value_object(members, count);
    enum lf_status st = lf_json_digest(&asked, digest, err);
    *ret_same = st == LF_OK && memcmp(digest, p->digest, sizeof(digest)) == 0;
    return st;
}

/* The stored event under the key is another one. */
static void
refuse_reuse(struct pending *p)
{
    struct pending *waiters = take_waiters(p->entry);
    lf_keyed_drop(p->request->gateway->keyed, p->entry);
    p->entry = NULL;
    key_reused(p);
    while (waiters != NULL) { /* they asked for the same as p */
        struct pending *waiter = waiters;
        waiters = waiter->next_waiter;
        key_reused(waiter);
    }
}

/* What the store knows of the key, after this process has forgotten or never known it. */
static void
looked_up(struct lf_request *request, struct lf_query_job *job, void *user)
{
    struct pending *p = user;
    const struct lf_stored_event *stored = &job->stored;
    if (job->status != LF_OK) { /* not there, or the store is away: the consumer deduplicates */
        append(p);
        return;
    }
    bool same = true; /* a dead letter's payload may be unreadable: its id was derived from the key, that must do */
    struct lf_err err = {0};
    if (stored->status == LF_EVENT_STORED && compare_stored(p, &stored->event, &same, &err) != LF_OK) {
        settle_failure(p, err.status, &err);
        return;
    }
    if (!same) {
        refuse_reuse(p);
        return;
    }
    if (!lf_bytes_equal(stored->event.place.topic, p->receipt.topic))
        p->receipt.topic = lf_gateway_keep_topic(request->gateway, stored->event.place.topic);
    if (p->receipt.topic.ptr == NULL) {
        settle_failure(p, lf_no_memory(&err), &err);
        return;
    }
    p->receipt.partition = stored->event.place.partition;
    p->receipt.offset = stored->event.place.offset;
    p->receipt.time_us = stored->event.time_us;
    p->receipt.status = stored->status;
    request->replayed++;
    settle(p, LF_OK, NULL);
}

/* Under a key: join what is in work, repeat what is known, else ask the store and append. */
static void
append_keyed(struct pending *p)
{
    struct lf_gateway *gateway = p->request->gateway;
    struct lf_keyed_entry *entry = lf_keyed_find(gateway->keyed, p->receipt.event_id);
    if (entry != NULL && memcmp(entry->digest, p->digest, sizeof(p->digest)) != 0) {
        key_reused(p);
        return;
    }
    if (entry != NULL && entry->done) {
        struct lf_receipt receipt = entry->receipt;
        p->request->replayed++;
        logged(p, &receipt);
        return;
    }
    if (entry != NULL) {
        p->next_waiter = entry->waiters;
        entry->waiters = p;
        return;
    }
    p->entry = lf_keyed_add(gateway->keyed, p->receipt.event_id, p->digest);
    if (p->entry == NULL) {
        lf_gateway_out_of_memory(p->request, p->slot);
        return;
    }
    struct lf_query_job *job = gateway->options.query != NULL ? lf_query_job_new(LF_QUERY_EVENT) : NULL;
    if (job == NULL) {
        append(p);
        return;
    }
    job->event_id = lf_bytes_of(p->receipt.event_id);
    struct lf_err err = {0};
    if (lf_request_job_submit(p->request, job, looked_up, p, &err) != LF_OK)
        append(p);
}

/* The eventId of a key: UUIDv5 over caller, mutation, key and response path, with lengths so that none run together. */
static bool
derive_event_id(struct pending *p, const struct lf_gql_resolve_info *info, struct lf_uuid *ret)
{
    struct lf_buf name;
    lf_buf_init(&name, 64 * 1024);
    const struct lf_bytes parts[] = {p->request->caller, p->mutation->name, p->request->idempotency_key};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        lf_buf_printf(&name, "%zu:", parts[i].len);
        lf_buf_add(&name, parts[i]);
    }
    for (const struct lf_gql_path *at = info->path; at != NULL; at = at->parent) {
        lf_buf_add_char(&name, '/');
        lf_buf_add(&name, at->key);
    }
    bool good = name.failed == LF_OK;
    if (good)
        *ret = lf_uuid_v5(&key_space, lf_buf_view(&name));
    lf_buf_release(&name);
    return good;
}

/* ---- from arguments to the event ---- */

static struct lf_value
generate(struct pending *p, const struct lf_field *field, bool *ok)
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
build_payload(struct pending *p, const struct lf_value *args, struct lf_value *ret_asked)
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
refuse_invalid(struct pending *p, const struct lf_violation *violations, size_t count, const struct lf_err *err)
{
    struct lf_arena *arena = &p->request->arena;
    struct lf_value *items = LF_ARENA_ARRAY(arena, struct lf_value, count);
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, 2 * count + 2);
    if (err->status == LF_NO_MEMORY) {
        lf_gateway_out_of_memory(p->request, p->slot);
        return;
    }
    if (items == NULL || members == NULL || count == 0) {
        fail(p, "EVENT_INVALID", err->text);
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
check(struct pending *p, const struct lf_gql_resolve_info *info, struct lf_violation *violations, size_t *ret_count,
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
    enum lf_status st = lf_event_check(p->type, &p->event.payload, info->arena, violations, ret_count, err);
    return st == LF_OK ? lf_event_bind_entity(&p->event, info->arena, err) : st;
}

static bool
read_await(struct pending *p, const struct lf_gql_resolve_info *info)
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
name_event(struct pending *p, const struct lf_gql_resolve_info *info)
{
    struct lf_uuid id;
    if (p->request->idempotency_key.ptr == NULL)
        id = lf_uuid_v7();
    else if (!derive_event_id(p, info, &id))
        return false;
    lf_uuid_format(&id, p->receipt.event_id);
    p->receipt.type = p->type;
    p->receipt.topic = p->type->topic.ptr != NULL ? p->type->topic : p->request->gateway->options.topic;
    p->receipt.time_us = lf_clock_real_us();
    p->receipt.status = LF_EVENT_LOGGED;
    p->event.id = lf_bytes_of(p->receipt.event_id);
    p->event.type = p->type;
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
    struct pending *p = LF_ARENA_NEW(arena, struct pending);
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
        append(p);
    } else if (lf_json_digest(&asked, p->digest, &err) != LF_OK) {
        lf_gateway_out_of_memory(request, slot);
    } else {
        append_keyed(p);
    }
}
