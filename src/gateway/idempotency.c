/*
 * Idempotency keys: the eventId is derived from the key, so that a retry finds the earlier answer in memory (keyed.h),
 * or in the store, or sends a second record of the same eventId, which the consumer recognises.
 */
#include "gateway/pending.h"
#include "json/json.h"

#include <string.h>

/* Name space of eventIds derived from idempotency keys (version 5). */
static const struct lf_uuid key_space = {
    {0x6c, 0x6f, 0x67, 0x66, 0x69, 0x72, 0x57, 0x74, 0x8b, 0x65, 0x79, 0x2d, 0x73, 0x70, 0x61, 0x63}};

static void
key_reused(struct lf_pending *p)
{
    lf_pending_fail(p, "IDEMPOTENCY_KEY_REUSED",
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
compare_stored(const struct lf_pending *p, const struct lf_event *event, bool *ret_same, struct lf_err *err)
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
refuse_reuse(struct lf_pending *p)
{
    struct lf_pending *waiters = lf_pending_take_waiters(p->entry);
    lf_keyed_drop(p->request->gateway->keyed, p->entry);
    p->entry = NULL;
    key_reused(p);
    while (waiters != NULL) { /* they asked for the same as p */
        struct lf_pending *waiter = waiters;
        waiters = waiter->next_waiter;
        key_reused(waiter);
    }
}

/* What the store knows of the key, after this process has forgotten or never known it. */
static void
looked_up(struct lf_request *request, struct lf_query_job *job, void *user)
{
    struct lf_pending *p = user;
    const struct lf_stored_event *stored = &job->stored;
    if (job->status != LF_OK) { /* not there, or the store is away: the consumer deduplicates */
        lf_pending_append(p);
        return;
    }
    bool same = true; /* a dead letter's payload may be unreadable: its id was derived from the key, that must do */
    struct lf_err err = {0};
    if (stored->status == LF_EVENT_STORED && compare_stored(p, &stored->event, &same, &err) != LF_OK) {
        lf_pending_settle_failure(p, err.status, &err);
        return;
    }
    if (!same) {
        refuse_reuse(p);
        return;
    }
    if (!lf_bytes_equal(stored->event.place.topic, p->receipt.topic))
        p->receipt.topic = lf_gateway_keep_topic(request->gateway, stored->event.place.topic);
    if (p->receipt.topic.ptr == NULL) {
        lf_pending_settle_failure(p, lf_no_memory(&err), &err);
        return;
    }
    p->receipt.partition = stored->event.place.partition;
    p->receipt.offset = stored->event.place.offset;
    p->receipt.time_us = stored->event.time_us;
    p->receipt.status = stored->status;
    request->replayed++;
    lf_pending_settle(p, LF_OK, NULL);
}

void
lf_pending_append_keyed(struct lf_pending *p)
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
        lf_pending_logged(p, &receipt);
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
        lf_pending_append(p);
        return;
    }
    job->event_id = lf_bytes_of(p->receipt.event_id);
    struct lf_err err = {0};
    if (lf_request_job_submit(p->request, job, looked_up, p, &err) != LF_OK)
        lf_pending_append(p);
}

/* The eventId of a key: UUIDv5 over caller, mutation, key and response path, with lengths so that none run together. */
bool
lf_pending_derive_id(const struct lf_pending *p, const struct lf_gql_path *path, struct lf_uuid *ret)
{
    struct lf_buf name;
    lf_buf_init(&name, 64 * 1024);
    const struct lf_bytes parts[] = {p->request->caller, p->mutation->name, p->request->idempotency_key};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        lf_buf_printf(&name, "%zu:", parts[i].len);
        lf_buf_add(&name, parts[i]);
    }
    for (const struct lf_gql_path *at = path; at != NULL; at = at->parent) {
        lf_buf_add_char(&name, '/');
        lf_buf_add(&name, at->key);
    }
    bool good = name.failed == LF_OK;
    if (good)
        *ret = lf_uuid_v5(&key_space, lf_buf_view(&name));
    lf_buf_release(&name);
    return good;
}
