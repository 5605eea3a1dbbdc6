/* Fields that ask the store: an entity, a list, an event, events. */
#include "gateway/gateway_internal.h"
#include "base/clock.h"
#include "event/fold.h"
#include "gateway/filter.h"

#include <string.h>

struct asked {
    lf_request_job_fn *done;
    void *user;
    struct lf_request *request;
};

static void
job_done(struct lf_query_job *job, void *user)
{
    struct asked *asked = user;
    struct lf_request *request = asked->request;
    job->next = request->jobs; /* its answer lives as long as the request */
    request->jobs = job;
    asked->done(request, job, asked->user);
}

enum lf_status
lf_request_job_submit(struct lf_request *request, struct lf_query_job *job, lf_request_job_fn *done, void *user,
                      struct lf_err *err)
{
    struct asked *asked = LF_ARENA_NEW(&request->arena, struct asked);
    enum lf_status st = LF_NO_MEMORY;
    if (asked == NULL) {
        lf_no_memory(err);
    } else {
        *asked = (struct asked){.done = done, .user = user, .request = request};
        job->done = job_done;
        job->user = asked;
        st = lf_query_submit(request->gateway->options.query, job, err);
    }
    if (st != LF_OK)
        lf_query_job_free(job);
    return st;
}

void
lf_gateway_out_of_memory(struct lf_request *request, struct lf_gql_slot *slot)
{
    request->overloaded = true;
    lf_gql_slot_error(slot, "OVERLOADED", LF_VALUE_NULL, "The server is short of memory; try again in a moment");
}

void
lf_gateway_store_error(struct lf_request *request, struct lf_gql_slot *slot, const struct lf_err *err)
{
    if (err->status == LF_INVALID) {
        lf_gql_slot_error(slot, "BAD_USER_INPUT", LF_VALUE_NULL, "%s", err->text);
    } else if (err->status == LF_LIMIT) {
        lf_gql_slot_error(slot, "TOO_COMPLEX", LF_VALUE_NULL, "%s", err->text);
    } else if (err->status == LF_NO_MEMORY) {
        lf_gateway_out_of_memory(request, slot);
    } else if (err->status == LF_AGAIN) {
        request->overloaded = true;
        lf_gql_slot_error(slot, "OVERLOADED", LF_VALUE_NULL, "Too many queries are waiting; try again in a moment");
    } else if (err->fate == LF_FATE_RETRY || err->status == LF_CLOSED) {
        lf_gateway_trouble(request->gateway, "the store cannot answer a query", err);
        lf_gql_slot_error(slot, "STORE_UNAVAILABLE", LF_VALUE_NULL, "The store cannot answer now; try again later");
    } else {
        lf_gateway_trouble(request->gateway, "a query failed", err);
        lf_gql_slot_error(slot, "INTERNAL", LF_VALUE_NULL, "The query failed; the server's log lines say why");
    }
}

struct lf_query_job *
lf_request_job_new(struct lf_gql_slot *slot, struct lf_request *request, enum lf_query_kind kind)
{
    if (request->gateway->options.query == NULL) {
        lf_gql_slot_error(slot, "STORE_UNAVAILABLE", LF_VALUE_NULL, "This gateway has no store in reach");
        return NULL;
    }
    struct lf_query_job *job = lf_query_job_new(kind);
    if (job == NULL)
        lf_gateway_out_of_memory(request, slot);
    return job;
}

void
lf_gateway_submit(struct lf_gql_slot *slot, struct lf_request *request, struct lf_query_job *job,
                  lf_request_job_fn *done)
{
    struct lf_err err = {0};
    if (lf_request_job_submit(request, job, done, slot, &err) != LF_OK)
        lf_gateway_store_error(request, slot, &err);
}

/* ---- one entity ---- */

static void
entity_done(struct lf_request *request, struct lf_query_job *job, void *user)
{
    if (job->status != LF_OK)
        lf_gateway_store_error(request, user, &job->err);
    else
        lf_gql_slot_value(user, job->value);
}

bool
lf_gateway_set_key(struct lf_query_job *job, const struct lf_entity *entity, const struct lf_value *key)
{
    struct lf_value normal;
    job->entity = entity;
    if (lf_fold_normal(&entity->fields[entity->key], key, &job->arena, &normal))
        job->key = lf_event_key_text(&normal, &job->arena);
    return job->key.ptr != NULL;
}

void
lf_gateway_resolve_entity(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    struct lf_request *request = info->ctx;
    const struct lf_entity *entity = info->field->user;
    struct lf_gateway_as_of as_of;
    if (!lf_gateway_read_as_of(slot, info, &as_of))
        return;
    struct lf_query_job *job = lf_request_job_new(slot, request, as_of.given ? LF_QUERY_AS_OF : LF_QUERY_ENTITY);
    if (job == NULL)
        return;
    const struct lf_value *key = lf_value_get(info->args, entity->fields[entity->key].name);
    LF_ASSERT(key != NULL);
    job->event_id = as_of.event_id;
    job->until_us = as_of.until_us;
    if (!lf_gateway_set_key(job, entity, key)) {
        lf_query_job_free(job);
        lf_gateway_out_of_memory(request, slot);
        return;
    }
    lf_gateway_submit(slot, request, job, entity_done);
}

/* ---- events as values ---- */

struct lf_value
lf_gateway_status_value(enum lf_event_status status)
{
    static const struct lf_bytes names[] = {LF_LIT_INIT("UNKNOWN"), LF_LIT_INIT("LOGGED"), LF_LIT_INIT("STORED"),
                                            LF_LIT_INIT("DEAD_LETTERED")};
    return lf_value_enum(names[status]);
}

static struct lf_value
text_or_null(struct lf_bytes text)
{
    return text.ptr != NULL ? lf_value_string(text) : LF_VALUE_NULL;
}

static struct lf_value
time_value(int64_t us, struct lf_arena *arena)
{
    char text[LF_TIME_TEXT_SIZE];
    size_t len = lf_time_format(us, us % 1000 == 0 ? 3 : 6, text);
    return text_or_null(lf_arena_copy(arena, lf_bytes(text, len)));
}

/* Keys and header values may be any bytes; what is no text is shown as null. */
static struct lf_value
printable_or_null(struct lf_bytes bytes)
{
    return bytes.ptr != NULL && lf_utf8_valid(bytes, NULL) ? lf_value_string(bytes) : LF_VALUE_NULL;
}

struct writer {
    struct lf_member *members;
    size_t count;
};

static void
put(struct writer *w, struct lf_bytes name, struct lf_value value)
{
    w->members[w->count++] = (struct lf_member){name, value};
}

bool
lf_gateway_event_value(const struct lf_stored_event *stored, struct lf_arena *arena, struct lf_value *ret)
{
    enum { MEMBERS = 17 };
    const struct lf_event *event = &stored->event;
    struct writer w = {.members = LF_ARENA_ARRAY(arena, struct lf_member, MEMBERS)};
    if (w.members == NULL)
        return false;
    const struct lf_value *source = lf_value_get_text(&stored->headers, "ce_source");
    put(&w, LF_LIT("eventId"), text_or_null(event->id));
    put(&w, LF_LIT("eventType"), lf_value_string(event->type_name.ptr != NULL ? event->type_name : LF_LIT("")));
    put(&w, LF_LIT("payload"), event->payload);
    put(&w, LF_LIT("time"), time_value(event->time_us, arena));
    /* a header that repeats is a list in the store, one that is no text an object: no source to show */
    put(&w, LF_LIT("source"), source != NULL && source->type == LF_V_STRING ? *source : LF_VALUE_NULL);
    put(&w, LF_LIT("key"), printable_or_null(event->key));
    put(&w, LF_LIT("entityType"), text_or_null(stored->entity_type));
    put(&w, LF_LIT("entityKey"), text_or_null(event->entity_key));
    put(&w, LF_LIT("topic"), lf_value_string(event->place.topic));
    put(&w, LF_LIT("partition"), lf_value_int(event->place.partition));
    put(&w, LF_LIT("offset"), lf_value_int(event->place.offset));
    put(&w, LF_LIT("headers"), stored->headers);
    put(&w, LF_LIT("storedAt"), time_value(stored->stored_at_us, arena));
    put(&w, LF_LIT("status"), lf_gateway_status_value(stored->status));
    bool dead = stored->status == LF_EVENT_DEAD_LETTERED;
    put(&w, LF_LIT("reason"), dead ? text_or_null(stored->letter.reason) : LF_VALUE_NULL);
    put(&w, LF_LIT("code"), dead ? text_or_null(stored->letter.code) : LF_VALUE_NULL);
    put(&w, LF_LIT("stage"), dead ? text_or_null(stored->letter.stage) : LF_VALUE_NULL);
    *ret = lf_value_object(w.members, w.count);
    return true;
}

static void
event_done(struct lf_request *request, struct lf_query_job *job, void *user)
{
    struct lf_value value = LF_VALUE_NULL;
    if (job->status == LF_OK && !lf_gateway_event_value(&job->stored, &job->arena, &value))
        lf_gateway_out_of_memory(request, user);
    else if (job->status == LF_OK || job->status == LF_NOT_FOUND)
        lf_gql_slot_value(user, value);
    else
        lf_gateway_store_error(request, user, &job->err);
}

void
lf_gateway_resolve_event(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    struct lf_request *request = info->ctx;
    struct lf_query_job *job = lf_request_job_new(slot, request, LF_QUERY_EVENT);
    if (job == NULL)
        return;
    const struct lf_value *id = lf_value_get_text(info->args, "eventId");
    LF_ASSERT(id != NULL);
    job->event_id = lf_value_text(id); /* in the request's arena, which outlives the job */
    lf_gateway_submit(slot, request, job, event_done);
}

/* ---- lists ---- */

bool
lf_gateway_connection(const struct lf_list_result *result, struct lf_value *nodes, bool after_given,
                      struct lf_arena *arena, struct lf_value *ret)
{
    size_t n = result->count;
    struct lf_value *edges = LF_ARENA_ARRAY(arena, struct lf_value, n);
    struct lf_member *members = LF_ARENA_ARRAY(arena, struct lf_member, 2 * n + 7);
    if (edges == NULL || members == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct lf_member *edge = members + 2 * i;
        edge[0] = (struct lf_member){LF_LIT("cursor"), lf_value_string(result->cursors[i])};
        edge[1] = (struct lf_member){LF_LIT("node"), nodes[i]};
        edges[i] = lf_value_object(edge, 2);
    }
    struct lf_member *page = members + 2 * n;
    page[0] = (struct lf_member){LF_LIT("hasNextPage"), lf_value_bool(result->has_next)};
    page[1] = (struct lf_member){LF_LIT("hasPreviousPage"), lf_value_bool(after_given)};
    page[2] = (struct lf_member){LF_LIT("startCursor"), n != 0 ? lf_value_string(result->cursors[0]) : LF_VALUE_NULL};
    page[3] = (struct lf_member){LF_LIT("endCursor"), n != 0 ? lf_value_string(result->cursors[n - 1]) : LF_VALUE_NULL};
    struct lf_member *top = page + 4;
    top[0] = (struct lf_member){LF_LIT("edges"), lf_value_list(edges, n)};
    top[1] = (struct lf_member){LF_LIT("nodes"), lf_value_list(nodes, n)};
    top[2] = (struct lf_member){LF_LIT("pageInfo"), lf_value_object(page, 4)};
    *ret = lf_value_object(top, 3);
    return true;
}

/* The nodes of a list's connection. NULL: out of memory. */
static struct lf_value *
make_nodes(const struct lf_list_result *result, struct lf_arena *arena)
{
    if (result->events == NULL)
        return result->items;
    struct lf_value *nodes = LF_ARENA_ARRAY(arena, struct lf_value, result->count);
    for (size_t i = 0; nodes != NULL && i < result->count; i++) {
        if (!lf_gateway_event_value(&result->events[i], arena, &nodes[i]))
            return NULL;
    }
    return nodes;
}

static void
list_done(struct lf_request *request, struct lf_query_job *job, void *user)
{
    struct lf_value value;
    if (job->status != LF_OK) {
        lf_gateway_store_error(request, user, &job->err);
        return;
    }
    struct lf_value *nodes = make_nodes(&job->result, &job->arena);
    if ((nodes == NULL && job->result.count != 0) ||
        !lf_gateway_connection(&job->result, nodes, job->list.after.ptr != NULL, &job->arena, &value))
        lf_gateway_out_of_memory(request, user);
    else
        lf_gql_slot_value(user, value);
}

void
lf_gateway_resolve_list(struct lf_gql_slot *slot, const struct lf_gql_resolve_info *info)
{
    struct lf_request *request = info->ctx;
    struct lf_query_job *job = lf_request_job_new(slot, request, LF_QUERY_LIST);
    if (job == NULL)
        return;
    struct lf_err err = {0};
    if (lf_gateway_list_query(info->field->user, info->args, &job->arena, &job->list, &err) != LF_OK) {
        lf_query_job_free(job);
        lf_gateway_store_error(request, slot, &err);
        return;
    }
    lf_gateway_submit(slot, request, job, list_done);
}
