/* An event's way into the log, and the log's answer's way back: acknowledgement -> receipt, failure -> code. */
#include "base/crash.h"
#include "base/defect.h"
#include "gateway/pending.h"

/* The request may be gone after this, as after each function here that ends a slot. */
static void
answer(struct lf_pending *p, enum lf_event_status status)
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
    lf_gql_slot_value(p->slot, lf_value_object(members, LF_RECEIPT_MEMBERS));
}

static void
awaited(struct lf_request *request, struct lf_query_job *job, void *user)
{
    (void)request;
    struct lf_pending *p = user;
    /* A store that cannot say is no failure of the mutation: the event is safe in the log. */
    answer(p, job->status == LF_OK ? job->event_status : LF_EVENT_LOGGED);
}

/* Asks to be told when the event is stored; false when that cannot be. */
static bool
await_stored(struct lf_pending *p)
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
void
lf_pending_logged(struct lf_pending *p, const struct lf_receipt *receipt)
{
    p->receipt = *receipt;
    bool wait = p->await && receipt->status == LF_EVENT_LOGGED && p->request->gateway->options.query != NULL;
    if (!wait || !await_stored(p))
        answer(p, receipt->status);
}

void
lf_pending_fail(struct lf_pending *p, const char *code, const char *text)
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
fail_append(struct lf_pending *p, enum lf_status status, const struct lf_err *err)
{
    switch (status) {
    case LF_TIMEOUT:
        lf_pending_fail(p, "LOG_OUTCOME_UNKNOWN",
                        p->request->idempotency_key.ptr != NULL
                            ? "Whether the event was logged is not known; a retry with the same Idempotency-Key is safe"
                            : "Whether the event was logged is not known; a retry may log it twice, as there is no "
                              "Idempotency-Key");
        break;
    case LF_AGAIN:
    case LF_NO_MEMORY:
        p->request->overloaded = true;
        lf_pending_fail(p, "OVERLOADED",
                        "The event was not logged: too much is waiting for the log; try again in a moment");
        break;
    case LF_LIMIT: lf_pending_fail(p, "PAYLOAD_TOO_LARGE", err->text); break;
    case LF_INVALID: lf_pending_fail(p, "EVENT_INVALID", err->text); break; /* its schema in the registry says so */
    case LF_CLOSED: lf_pending_fail(p, "LOG_UNAVAILABLE", "The event was not logged: the server is stopping"); break;
    default:
        lf_pending_fail(p, "LOG_UNAVAILABLE", "The event was not logged: the log cannot take it now; try again later");
        break;
    }
}

/* ---- the log's answer ---- */

struct lf_pending *
lf_pending_take_waiters(struct lf_keyed_entry *entry)
{
    struct lf_pending *waiters = entry->waiters;
    entry->waiters = NULL;
    return waiters;
}

void
lf_pending_settle(struct lf_pending *p, enum lf_status status, const struct lf_err *err)
{
    struct lf_keyed *keyed = p->request->gateway->keyed;
    struct lf_keyed_entry *entry = p->entry;
    struct lf_pending *waiters = entry != NULL ? lf_pending_take_waiters(entry) : NULL;
    const struct lf_receipt receipt = p->receipt;
    if (entry != NULL && status == LF_OK)
        lf_keyed_done(keyed, entry, &receipt);
    else if (entry != NULL)
        lf_keyed_drop(keyed, entry);
    p->entry = NULL;
    if (status == LF_OK)
        lf_pending_logged(p, &receipt);
    else
        fail_append(p, status, err);
    while (waiters != NULL) {
        struct lf_pending *waiter = waiters;
        waiters = waiter->next_waiter;
        if (status == LF_OK) {
            waiter->request->replayed++;
            lf_pending_logged(waiter, &receipt);
        } else {
            fail_append(waiter, status, err);
        }
    }
}

void
lf_pending_settle_failure(struct lf_pending *p, enum lf_status status, const struct lf_err *err)
{
    const struct lf_gateway *gateway = p->request->gateway;
    lf_metric_add(status == LF_TIMEOUT ? gateway->metrics.events_unknown : gateway->metrics.events_failed, 1);
    if (status != LF_LIMIT && status != LF_INVALID && status != LF_CLOSED)
        lf_gateway_trouble(gateway, "an event was not logged", err);
    lf_pending_settle(p, status, err);
}

/* The event has been checked: what the log calls invalid is the log's own matter. */
static enum lf_status
of_log(enum lf_status status)
{
    return status == LF_INVALID ? LF_UNAVAILABLE : status;
}

void
lf_gateway_acked(void *ctx, const struct lf_log_ack *ack)
{
    struct lf_gateway *gateway = ctx;
    struct lf_pending *p = ack->token;
    LF_CRASH_POINT("gateway.acknowledged");
    if (ack->status != LF_OK && !LF_DEFECT(ack_failures)) {
        lf_pending_settle_failure(p, of_log(ack->status), ack->err);
        return;
    }
    lf_metric_add(gateway->metrics.events_logged, 1);
    p->receipt.partition = ack->partition;
    p->receipt.offset = ack->offset + LF_DEFECT(wrong_offset);
    lf_pending_settle(p, LF_OK, NULL);
    LF_CRASH_POINT("gateway.answered");
}

void
lf_pending_append(struct lf_pending *p)
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
        st = of_log(lf_log_append(gateway->writer, &record, p, &err));
        LF_CRASH_POINT("gateway.appended");
    }
    if (st != LF_OK)
        lf_pending_settle_failure(p, st, &err);
}
